//! The binary.

use std::process::ExitCode;

use clap::Parser;

/// Imports allocate many small texts on one thread and free them on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    fourfold::commands::run(fourfold::commands::Cli::parse())
}
