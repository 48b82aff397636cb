//! The scheduler role.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ballista_core::config::TaskSchedulingPolicy;
use ballista_core::utils::default_session_builder;
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::SchedulerConfig;
use ballista_scheduler::scheduler_process::{create_scheduler, start_grpc_service_with_listener};
use datafusion::execution::FunctionRegistry;
use datafusion::prelude::SessionConfig;
use datafusion_proto::protobuf::{LogicalPlanNode, PhysicalPlanNode};
use tokio::net::TcpListener;

use crate::function::function;
use crate::{Error, NamedKernel, SchedulerRole};

/// Plans are walked by recursion, and deep ones overflow the usual 2 MiB.
const STACK_BYTES: usize = 16 << 20;

/// Most bytes of one gRPC message. What bounds them really is [`crate::Settings::bytes_per_slice`] and
/// [`crate::frame::MOST_BYTES`]; at the engine's own 16 MiB, one large task would be lost on the way without a word.
pub const MESSAGE_BYTES: u32 = u32::MAX;

/// Seconds for which a finished job is remembered, with its bytes. A client asks several times a second.
const REMEMBERED: u64 = 10;

/// Runs the scheduler until `stop`, on threads of its own. `ready` hears the address it listens on. Blocks, so call it
/// from a thread that may.
pub fn scheduler(
    role: &SchedulerRole,
    kernels: &[NamedKernel],
    ready: impl FnOnce(SocketAddr) + Send + 'static,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Error> {
    let config = config(role, kernels);
    let listen = role.listen;
    on_deep_stacks("scheduler", async move {
        let listener = bind(listen).await?;
        let address = listener.local_addr().map_err(|e| stopped(&e))?;
        let cluster = BallistaCluster::new_from_config(&config)
            .await
            .map_err(|e| stopped(&e))?;
        let server =
            create_scheduler::<LogicalPlanNode, PhysicalPlanNode>(cluster, Arc::new(config))
                .await
                .map_err(|e| stopped(&e))?;
        tracing::info!(%address, "the scheduler listens; it authenticates nobody");
        ready(address);
        tokio::select! {
            ended = start_grpc_service_with_listener(listener, server) => {
                let why = ended.map_or_else(|e| e.to_string(), |()| "its port was closed".to_owned());
                Err(Error::Stopped { role: "scheduler", why })
            }
            () = stop => {
                tracing::info!("the scheduler stops; jobs under way are lost to it");
                Ok(())
            }
        }
    })
}

fn stopped(error: &impl ToString) -> Error {
    Error::Stopped {
        role: "scheduler",
        why: error.to_string(),
    }
}

/// The settings under which a lost executor was seen to be survived. With tasks pushed, or with the adaptive planner
/// (which the client turns off), a job hung after a loss.
fn config(role: &SchedulerRole, kernels: &[NamedKernel]) -> SchedulerConfig {
    let timeout = role.executor_timeout.as_secs().max(1);
    let kernels = kernels.to_vec();
    SchedulerConfig {
        scheduling_policy: TaskSchedulingPolicy::PullStaged,
        executor_timeout_seconds: timeout,
        expire_dead_executor_interval_seconds: (timeout / 4).clamp(1, 5),
        no_executors_grace_period_seconds: timeout,
        finished_job_state_clean_up_interval_seconds: REMEMBERED,
        // Clients fetch answers through the scheduler, so they need reach no executor.
        enable_embedded_flight_proxy: true,
        grpc_server_max_decoding_message_size: MESSAGE_BYTES,
        grpc_server_max_encoding_message_size: MESSAGE_BYTES,
        grpc_client_max_message_size: MESSAGE_BYTES,
        override_session_builder: Some(Arc::new(move |config: SessionConfig| {
            let mut state = default_session_builder(config)?;
            for kernel in &kernels {
                state.register_udf(function(*kernel))?;
            }
            Ok(state)
        })),
        ..SchedulerConfig::default()
    }
}

/// Takes an address, or says what to do when it is taken.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address).await.map_err(|e| Error::Listen {
        address,
        why: e.to_string(),
    })
}

/// Runs a role on a runtime of its own, with room for deep plans on every thread.
pub fn on_deep_stacks(
    role: &'static str,
    work: impl Future<Output = Result<(), Error>> + Send + 'static,
) -> Result<(), Error> {
    let stopped = move |why: String| Error::Stopped { role, why };
    let body = move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .thread_stack_size(STACK_BYTES)
            .build()
            .map_err(|e| stopped(format!("the machine gave no threads: {e}")))?;
        let ended = runtime.block_on(work);
        // A kernel at work cannot be interrupted, and need not be waited for.
        runtime.shutdown_timeout(Duration::from_secs(1));
        ended
    };
    let thread = std::thread::Builder::new()
        .name(role.to_owned())
        .stack_size(STACK_BYTES)
        .spawn(body)
        .map_err(|e| stopped(format!("the machine gave no thread: {e}")))?;
    thread
        .join()
        .unwrap_or_else(|_| Err(stopped("it met a fault of the program".to_owned())))
}
