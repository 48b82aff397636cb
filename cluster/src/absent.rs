//! The calls of a build without a cluster: each says so.

use std::net::SocketAddr;

use crate::{Done, Error, ExecutorRole, NamedKernel, SchedulerRole, Settings};

/// Answers [`Error::NotBuilt`].
pub async fn run(
    _address: &str,
    _kernel: NamedKernel,
    _tasks: impl Iterator<Item = Vec<u8>>,
    _settings: &Settings,
    _progress: impl Fn(Done),
) -> Result<Vec<Vec<u8>>, Error> {
    Err(Error::NotBuilt)
}

/// Answers [`Error::NotBuilt`].
pub fn scheduler(
    _role: &SchedulerRole,
    _kernels: &[NamedKernel],
    _ready: impl FnOnce(SocketAddr) + Send + 'static,
    _stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Error> {
    Err(Error::NotBuilt)
}

/// Answers [`Error::NotBuilt`].
pub fn executor(
    _role: &ExecutorRole,
    _kernels: &[NamedKernel],
    _ready: impl FnOnce(SocketAddr) + Send + 'static,
    _stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Error> {
    Err(Error::NotBuilt)
}
