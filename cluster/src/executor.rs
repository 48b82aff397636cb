//! The executor role.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ballista_core::config::TaskSchedulingPolicy;
use ballista_core::registry::BallistaFunctionRegistry;
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use ballista_executor::health::ExecutorHealth;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use crate::address::Address;
use crate::function::function;
use crate::scheduler::{MESSAGE_BYTES, bind, on_deep_stacks};
use crate::{Error, ExecutorRole, NamedKernel};

/// Answers nobody fetched are removed after so long.
const LEFT_OVER: Duration = Duration::from_secs(3600);

/// Runs an executor until `stop`, on threads of its own. `ready` hears the address it listens on, once the scheduler
/// knows it. Told to stop it takes leave of the scheduler and waits [`ExecutorRole::grace`] for tasks under way.
/// Blocks, so call it from a thread that may.
pub fn executor(
    role: &ExecutorRole,
    kernels: &[NamedKernel],
    ready: impl FnOnce(SocketAddr) + Send + 'static,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Error> {
    let scheduler = Address::read(&role.scheduler)?;
    if role.listen.ip().is_loopback() && !scheduler.is_this_machine() {
        return Err(Error::OutOfReach {
            listen: role.listen,
            scheduler: scheduler.to_string(),
        });
    }
    let folder = folder(role.work_dir.as_deref())?;
    let work_dir = folder.path().to_string_lossy().into_owned();
    let (role, registry) = (role.clone(), registry(kernels));
    // The folder goes when everything in it has ended.
    let ended = on_deep_stacks("executor", async move {
        let address = free_port(role.listen).await?;
        reach(&scheduler, role.patience).await?;
        let health = ExecutorHealth::new();
        let config = config(&role, &scheduler, address, work_dir, registry, &health);
        let watch = tokio::spawn(watch(health, scheduler.to_string(), move || ready(address)));
        let ended = serve(config, stop, role.grace).await;
        watch.abort();
        ended
    });
    drop(folder);
    ended
}

/// A folder of its own, since the engine removes every folder it finds in the one it is given; only this user may look
/// into it.
fn folder(within: Option<&Path>) -> Result<TempDir, Error> {
    let within = within.map_or_else(std::env::temp_dir, Path::to_owned);
    let mut named = tempfile::Builder::new();
    named.prefix("fourfold-executor-");
    #[cfg(unix)]
    named.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    named.tempdir_in(&within).map_err(|e| Error::WorkDir {
        folder: within.display().to_string(),
        why: e.to_string(),
    })
}

fn registry(kernels: &[NamedKernel]) -> Arc<BallistaFunctionRegistry> {
    let mut registry = BallistaFunctionRegistry::default();
    for kernel in kernels {
        let named = kernel.name.to_owned();
        registry.scalar_functions.insert(named, function(*kernel));
    }
    Arc::new(registry)
}

/// The address itself, with a free port in place of none. The engine binds it a moment later and would not say that it
/// could not.
async fn free_port(listen: SocketAddr) -> Result<SocketAddr, Error> {
    let listener = bind(listen).await?;
    listener.local_addr().map_err(|e| Error::Listen {
        address: listen,
        why: e.to_string(),
    })
}

/// Waits until something answers at the scheduler's address.
async fn reach(scheduler: &Address, patience: Duration) -> Result<(), Error> {
    let until = Instant::now() + patience;
    let host = scheduler.host.trim_start_matches('[').trim_end_matches(']');
    loop {
        let why = match timeout(
            Duration::from_secs(5),
            TcpStream::connect((host, scheduler.port)),
        )
        .await
        {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer".to_owned(),
        };
        if Instant::now() >= until {
            let address = scheduler.to_string();
            return Err(Error::NoScheduler { address, why });
        }
        sleep(Duration::from_millis(500)).await;
    }
}

fn config(
    role: &ExecutorRole,
    scheduler: &Address,
    address: SocketAddr,
    work_dir: String,
    registry: Arc<BallistaFunctionRegistry>,
    health: &ExecutorHealth,
) -> ExecutorProcessConfig {
    let defaults = ExecutorProcessConfig::default();
    let everywhere = address.ip().is_unspecified();
    ExecutorProcessConfig {
        task_scheduling_policy: TaskSchedulingPolicy::PullStaged,
        executor_heartbeat_interval_seconds: 5,
        bind_host: host(address),
        // Listening everywhere, it is fetched from at the address from which it called.
        external_host: (!everywhere).then(|| host(address)),
        port: address.port(),
        grpc_port: address.port(),
        scheduler_host: scheduler.host.clone(),
        scheduler_port: scheduler.port,
        vcores: role.slots.unwrap_or(defaults.vcores).max(1),
        work_dir: Some(work_dir),
        job_data_ttl_seconds: LEFT_OVER.as_secs(),
        job_data_clean_up_interval_seconds: LEFT_OVER.as_secs() / 4,
        grpc_max_decoding_message_size: MESSAGE_BYTES,
        grpc_max_encoding_message_size: MESSAGE_BYTES,
        // Kernels take memory the engine knows nothing of; a pool would bound nothing.
        memory_pool_size: Some(0),
        override_function_registry: Some(registry),
        health: health.clone(),
        ..defaults
    }
}

/// The host of an address as it stands before a colon and a port.
fn host(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(four) => four.ip().to_string(),
        SocketAddr::V6(six) => format!("[{}]", six.ip()),
    }
}

/// Runs the engine's executor. It hears the same signals as `stop` and takes leave by itself; when tasks take longer
/// than the grace, it is left.
async fn serve(
    config: ExecutorProcessConfig,
    stop: impl Future<Output = ()>,
    grace: Duration,
) -> Result<(), Error> {
    let mut told = false;
    let process = start_executor_process(Arc::new(config));
    tokio::pin!(process, stop);
    let ended = tokio::select! {
        ended = &mut process => Some(ended),
        () = &mut stop => None,
    };
    let ended = match ended {
        Some(ended) => Some(ended),
        None => {
            told = true;
            timeout(grace, &mut process).await.ok()
        }
    };
    match ended {
        _ if told => Ok(()),
        // It hears a signal by itself and may be done before we hear it.
        Some(Ok(())) if timeout(Duration::from_millis(500), &mut stop).await.is_ok() => Ok(()),
        Some(Err(error)) => Err(stopped(error.to_string())),
        _ => Err(stopped("one of its services ended".to_owned())),
    }
}

fn stopped(why: String) -> Error {
    Error::Stopped {
        role: "executor",
        why,
    }
}

/// Says when the scheduler is found, lost and found again.
async fn watch(health: ExecutorHealth, scheduler: String, ready: impl FnOnce()) {
    let mut ready = Some(ready);
    let mut known = false;
    loop {
        let now = health.is_ready();
        match (known, now) {
            (false, true) => {
                tracing::info!(%scheduler, "the scheduler has this executor on its list");
                if let Some(ready) = ready.take() {
                    ready();
                }
            }
            (true, false) => {
                tracing::warn!(%scheduler, "the scheduler does not answer; this executor keeps asking");
            }
            _ => {}
        }
        known = now;
        sleep(Duration::from_millis(200)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn nobody_else_looks_into_the_folder_of_answers() {
        use std::os::unix::fs::PermissionsExt;
        let given = tempfile::tempdir().unwrap();
        let own = folder(Some(given.path())).unwrap();
        assert_eq!(own.path().parent(), Some(given.path()));
        let mode = own.path().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn a_folder_that_is_not_there_is_said() {
        let error = folder(Some(Path::new("/not/there"))).unwrap_err();
        assert!(
            error.to_string().starts_with("/not/there cannot be used"),
            "{error}"
        );
    }

    /// Nothing is started: these are refused before.
    #[test]
    fn an_executor_the_scheduler_cannot_reach_is_refused() {
        let asked = |scheduler: &str| {
            let role = ExecutorRole::new(scheduler, SocketAddr::from(([127, 0, 0, 1], 0)));
            executor(&role, &[], |_| {}, std::future::pending()).unwrap_err()
        };
        assert!(matches!(asked("10.1.2.3:50050"), Error::OutOfReach { .. }));
        assert!(matches!(asked("10.1.2.3"), Error::Address(_)));
    }

    #[test]
    fn hosts_are_written_as_the_engine_reads_them() {
        assert_eq!(host("[::1]:5".parse().unwrap()), "[::1]");
        assert_eq!(host("10.0.0.1:5".parse().unwrap()), "10.0.0.1");
    }
}
