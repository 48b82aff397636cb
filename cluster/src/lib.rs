//! Work carried to a cluster of machines: opaque bytes in, opaque bytes out.
//!
//! A population that outgrows one machine is cut into tasks, each a group of blocks as bytes. A *kernel* turns the
//! bytes of one task into the bytes of its answer, and is known by name to every machine. [`run`] hands the tasks to
//! a scheduler, which hands them to executors; the three are roles of one program. The engine below is Ballista.
//!
//! What a run promises: every task answered exactly once, answers in the order of the tasks, each checked by number
//! and digest; a lost executor costs the tasks it held, a lost job one *slice* (a few tasks); and whatever happens an
//! answer or an error within the deadline. A task whose kernel refuses it fails the run at once, by number.
//!
//! What it does not do: know what the bytes mean, keep anything after the run, or authenticate anybody. **Ballista
//! asks no one who they are**: whoever reaches its ports can run work and read results. Ports listen on loopback
//! unless told otherwise and belong on a private network, behind mutual TLS or a tunnel between the machines.
//!
//! Without the feature `ballista` this crate is only these types, and every call answers [`Error::NotBuilt`].

mod error;
mod settings;

#[cfg(not(feature = "ballista"))]
mod absent;
#[cfg(feature = "ballista")]
mod address;
#[cfg(feature = "ballista")]
mod connection;
#[cfg(feature = "ballista")]
mod executor;
#[cfg(feature = "ballista")]
mod frame;
#[cfg(feature = "ballista")]
mod function;
#[cfg(feature = "ballista")]
mod job;
#[cfg(feature = "ballista")]
mod run;
#[cfg(feature = "ballista")]
mod scheduler;

#[cfg(not(feature = "ballista"))]
pub use absent::{executor, run, scheduler};
#[cfg(feature = "ballista")]
pub use {executor::executor, run::run, scheduler::scheduler};

pub use error::Error;
pub use settings::{Done, ExecutorRole, SchedulerRole, Settings};

/// Turns the bytes of a task into the bytes of its answer, or says why it cannot.
///
/// Must be a function of its input alone: a task may run twice, on two machines, and either answer is used. An error
/// is taken as final, since the same bytes would fail again.
pub type Kernel = fn(&[u8]) -> Result<Vec<u8>, String>;

/// A kernel with the name under which scheduler, executors and client know it.
#[derive(Debug, Clone, Copy)]
pub struct NamedKernel {
    /// Lower-case letters, digits and underscores; the same on every machine.
    pub name: &'static str,
    pub kernel: Kernel,
}
