//! `fourfold cluster`: the machines that batch linkage may be spread over, and the way a command reaches them.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result};
use cluster::{ExecutorRole, NamedKernel, SchedulerRole, Settings};

use super::{Done, serve};

/// What executors can run. A command that spreads its work adds its kernel here.
const KERNELS: &[NamedKernel] = &[LINKAGE];

/// The comparison of a group of blocks; see `fourfold link --cluster`.
pub const LINKAGE: NamedKernel = NamedKernel {
    name: "linkage",
    kernel: linkage::batch::run_task,
};

/// An executor without a scheduler would say so twenty times a second; `cluster` says it once.
const LOG: &str = "info,datafusion=warn,ballista_core=warn,ballista_scheduler=warn,\
                   ballista_executor=warn,ballista_executor::execution_loop=error";

/// The roles of a cluster. Neither asks who is calling: keep their ports on a private network, behind mutual TLS.
#[derive(Debug, clap::Subcommand)]
pub enum Cluster {
    /// Hand tasks to executors; one process a cluster. Its port asks nobody who they are
    Scheduler(Scheduler),
    /// Run tasks; any number of processes a cluster. Its port asks nobody who they are
    Executor(Executor),
}

#[derive(Debug, clap::Args)]
pub struct Scheduler {
    /// Address to listen on. Any other than loopback belongs on a private network, behind mutual TLS
    #[arg(long, default_value = "127.0.0.1:50050")]
    listen: SocketAddr,
}

#[derive(Debug, clap::Args)]
pub struct Executor {
    /// Address of the scheduler, HOST:PORT
    #[arg(long)]
    scheduler: String,
    /// Address from which the scheduler fetches answers; port 0 takes a free one. Any other than loopback belongs on a
    /// private network, behind mutual TLS
    #[arg(long, default_value = "127.0.0.1:50051")]
    listen: SocketAddr,
    /// Tasks at once [default: one a processor]
    #[arg(long)]
    slots: Option<usize>,
    /// Folder for answers until they are fetched, in a folder of its own that is removed at the end [default: the
    /// system's for temporary files]
    #[arg(long)]
    work_dir: Option<PathBuf>,
}

impl Cluster {
    /// Runs the role until interrupted.
    pub async fn run(self) -> Result<Done> {
        serve::log(LOG);
        let role = move || match self {
            Cluster::Scheduler(command) => cluster::scheduler(
                &SchedulerRole::new(command.listen),
                KERNELS,
                |address| println!("The scheduler is at {address}"),
                serve::interrupted(),
            ),
            Cluster::Executor(command) => {
                let role = ExecutorRole {
                    slots: command.slots,
                    work_dir: command.work_dir,
                    ..ExecutorRole::new(&command.scheduler, command.listen)
                };
                let scheduler = command.scheduler;
                let ready = move |address| {
                    println!("The executor is at {address} and works for {scheduler}");
                };
                cluster::executor(&role, KERNELS, ready, serve::interrupted())
            }
        };
        // The roles bring threads of their own and block the one they are called on.
        tokio::task::spawn_blocking(role)
            .await
            .context("the role met a fault of the program")??;
        Ok(Done::Clean)
    }
}

/// Runs tasks through a kernel on the cluster at `address` (`HOST:PORT` of its scheduler): answers in the order of the
/// tasks. `progress` hears after each slice. Interrupted, it takes its work back from the cluster and refuses.
///
/// The kernel must be one of `KERNELS`, or executors will not know it.
pub async fn kernel_over(
    address: &str,
    kernel: NamedKernel,
    tasks: impl Iterator<Item = Vec<u8>>,
    settings: &Settings,
    progress: impl Fn(cluster::Done),
) -> Result<Vec<Vec<u8>>> {
    let answers = {
        let run = cluster::run(address, kernel, tasks, settings, progress);
        tokio::select! {
            answers = run => Some(answers?),
            () = serve::interrupted() => None,
        }
    };
    match answers {
        Some(answers) => Ok(answers),
        None => {
            // The jobs are cancelled in the background when the run is dropped; this lets them be.
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
            anyhow::bail!("interrupted; the work was taken back from the cluster")
        }
    }
}
