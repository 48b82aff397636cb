//! What a run and the two roles may be told.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// How a run is cut up, and how long it may take.
///
/// The size of a task is the caller's: of some megabytes, and of work for seconds rather than minutes. Each costs a few
/// calls between machines; and a task that an executor has begun it ends, though the run was given up.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The whole run, from the first connection to the last answer.
    pub deadline: Duration,
    /// One attempt at one slice, waiting for a free executor included. It must be longer than the scheduler takes to
    /// notice a lost executor, or the slice is repeated where the scheduler would have mended it.
    pub slice_deadline: Duration,
    /// How long an attempt waits while no executor is connected to the scheduler at all. Executors that are only busy
    /// are waited for until the slice's deadline.
    pub without_executors: Duration,
    /// Attempts at one slice, the first included. Each is a job of its own in a session of its own.
    pub attempts: u32,
    /// Most tasks in a slice. A slice is one job: what is repeated when a job is lost.
    pub tasks_per_slice: usize,
    /// Most bytes in a slice; a larger task travels alone. The scheduler holds the bytes of every slice under way and
    /// of those finished in the last ten seconds.
    pub bytes_per_slice: usize,
    /// Slices under way at once, so that executors are not idle while one slice ends and the next begins.
    pub slices_at_once: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            deadline: Duration::from_secs(24 * 3600),
            slice_deadline: Duration::from_secs(30 * 60),
            without_executors: Duration::from_secs(60),
            attempts: 5,
            tasks_per_slice: 32,
            bytes_per_slice: 128 << 20,
            slices_at_once: 4,
        }
    }
}

/// How far a run is; said after each slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// Tasks answered so far.
    pub tasks: usize,
    /// Attempts that failed and were repeated so far.
    pub repeated: usize,
}

/// The one process that knows which executor has which task.
#[derive(Debug, Clone)]
pub struct SchedulerRole {
    /// Address to listen on. Loopback, unless the network is private.
    pub listen: SocketAddr,
    /// An executor silent for so long is taken as lost and its tasks are given to others. An executor at work speaks
    /// every five seconds. Whole seconds.
    pub executor_timeout: Duration,
}

impl SchedulerRole {
    pub fn new(listen: SocketAddr) -> SchedulerRole {
        SchedulerRole {
            listen,
            executor_timeout: Duration::from_secs(20),
        }
    }
}

/// A process that runs kernels.
#[derive(Debug, Clone)]
pub struct ExecutorRole {
    /// `HOST:PORT` of the scheduler.
    pub scheduler: String,
    /// Address from which the scheduler fetches answers. Loopback, unless the network is private.
    pub listen: SocketAddr,
    /// Tasks run at once; `None`: one a processor.
    pub slots: Option<usize>,
    /// Where answers wait to be fetched, in a folder of its own that is removed at the end; `None`: the system's
    /// folder for temporary files.
    pub work_dir: Option<PathBuf>,
    /// How long to wait for the scheduler to answer at the start.
    pub patience: Duration,
    /// How long tasks may take to end when told to stop.
    pub grace: Duration,
}

impl ExecutorRole {
    pub fn new(scheduler: &str, listen: SocketAddr) -> ExecutorRole {
        ExecutorRole {
            scheduler: scheduler.to_owned(),
            listen,
            slots: None,
            work_dir: None,
            patience: Duration::from_secs(30),
            grace: Duration::from_secs(10),
        }
    }
}
