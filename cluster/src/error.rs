//! What can go wrong, each with its remedy.

use std::net::SocketAddr;
use std::time::Duration;

/// Why a role or a run ended without its result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("this build has no cluster support; build with --features cluster")]
    NotBuilt,
    #[error("{0} is not the address of a scheduler. Write HOST:PORT, for example 10.0.0.1:50050")]
    Address(String),
    #[error(
        "{0} asks for TLS, which the cluster's ports do not speak. Put the tunnel in front and give its address"
    )]
    Tls(String),
    #[error("{address} is in use or not ours ({why}). Choose another with --listen")]
    Listen { address: SocketAddr, why: String },
    #[error("{folder} cannot be used to work in ({why}). Choose another with --work-dir")]
    WorkDir { folder: String, why: String },
    #[error(
        "{listen} can be reached from this machine only, but the scheduler at {scheduler} is on another. \
         Choose an address of the private network with --listen"
    )]
    OutOfReach {
        listen: SocketAddr,
        scheduler: String,
    },
    #[error(
        "no scheduler answers at {address} ({why}). Start one with `fourfold cluster scheduler --listen {address}`, \
         or correct the address"
    )]
    NoScheduler { address: String, why: String },
    #[error(
        "the scheduler at {address} answers, but no executor does ({why}). \
         Start one with `fourfold cluster executor --scheduler {address}`"
    )]
    NoExecutor { address: String, why: String },
    #[error(
        "the scheduler at {address} refused the work ({why}). \
         Run the same version of this program as scheduler, executor and here"
    )]
    Refused { address: String, why: String },
    #[error(
        "an executor runs version {theirs} and this is {ours}. Run the same version of this program everywhere"
    )]
    Version { ours: String, theirs: String },
    /// The kernel said no, or stopped. Tasks are counted from 0.
    #[error(
        "task {task} failed on an executor: {why}. It was not repeated, because it would fail again"
    )]
    Task { task: u64, why: String },
    #[error(
        "task {task} is of {bytes} bytes, and a task may have {most}. Make smaller groups of blocks"
    )]
    TooLarge {
        task: u64,
        bytes: usize,
        most: usize,
    },
    #[error(
        "tasks {first} to {last} were given up after {attempts} attempts; the last: {why}. See that executors are \
         running and can be reached from the scheduler, then run again"
    )]
    GivenUp {
        first: u64,
        last: u64,
        attempts: u32,
        why: String,
    },
    #[error(
        "the run was stopped at its deadline of {} s with {answered} tasks answered. Add executors, or allow more time",
        within.as_secs()
    )]
    Deadline { within: Duration, answered: usize },
    #[error("the {role} stopped: {why}. Its log says more")]
    Stopped { role: &'static str, why: String },
}
