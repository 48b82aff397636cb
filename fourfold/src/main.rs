//! The binary.

use std::process::ExitCode;

use clap::Parser;

/// Imports allocate many small texts on one thread and free them on another. What is freed is
/// overwritten: it may have been a victim's words or a password.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<mimalloc::MiMalloc> =
    zeroizing_alloc::ZeroAlloc(mimalloc::MiMalloc);

fn main() -> ExitCode {
    fourfold::commands::run(fourfold::commands::Cli::parse())
}
