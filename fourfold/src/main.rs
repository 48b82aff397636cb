//! The binary.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    fourfold::commands::run(fourfold::commands::Cli::parse())
}
