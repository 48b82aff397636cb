//! The command line is a contract: exit 0 done, 1 done with findings, 2 refused.

mod bench;
pub mod cluster;
mod demo;
mod extract;
mod import;
mod keep;
mod ledger;
mod link;
mod people;
mod policy;
pub mod portal;
mod serve;
mod simulate;
mod victims;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::assemble::Place;

/// Fourfold: the working system of a police force's cyber-crime strategy.
#[derive(Debug, Parser)]
#[command(name = "fourfold", version, about, propagate_version = true)]
pub struct Cli {
    #[command(flatten)]
    pub place: Place,
    /// Answer in JSON
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the internal site and the API
    Serve(serve::Serve),
    /// Serve the public site; `portal key` makes its keys
    Portal(Box<portal::PortalCommand>),
    /// Import files of reports
    Import(import::ImportFiles),
    /// Find observables in text
    Extract(extract::Extract),
    /// Find the records of one or several tables that are of the same person or thing
    Link(Box<link::Link>),
    /// Write a generated county as files
    Simulate(simulate::Simulate),
    /// The ledger: verify it, sign it, prove an entry
    #[command(subcommand)]
    Ledger(ledger::Ledger),
    /// Check a proof bundle; needs no database
    Verify(ledger::Verify),
    /// Policy files: check, export, list acts
    #[command(subcommand)]
    Policy(policy::Policy),
    /// Generate a county, run it through the whole pipeline, and serve it
    Demo(demo::Demo),
    /// Copy the records and keys to a new folder while they are in use
    Backup(keep::Backup),
    /// Look the installation over
    Doctor,
    /// The product's own measurements
    Bench(bench::Bench),
    /// The machines that batch linkage may be spread over
    #[command(subcommand)]
    Cluster(cluster::Cluster),
    /// The sum of victims received: figures, a proof pack, or the check of one
    Victims(victims::Victims),
    /// People who may sign in
    #[command(subcommand)]
    User(people::User),
}

/// What a command came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    Clean,
    WithFindings,
}

/// Runs one command and turns its outcome into an exit code.
pub fn run(cli: Cli) -> ExitCode {
    // A few more than processors: one may be waiting for the disk in the middle of a commit.
    let threads = std::thread::available_parallelism().map_or(4, usize::from) + 4;
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("fourfold: the machine gave no threads: {error}");
            return ExitCode::from(2);
        }
    };
    match runtime.block_on(dispatch(cli)) {
        Ok(Done::Clean) => ExitCode::SUCCESS,
        Ok(Done::WithFindings) => ExitCode::from(1),
        Err(error) => {
            eprintln!("fourfold: {error:#}");
            ExitCode::from(2)
        }
    }
}

async fn dispatch(cli: Cli) -> Result<Done> {
    match cli.command {
        Command::Serve(command) => command.run(&cli.place).await,
        Command::Portal(command) => command.run(&cli.place).await,
        Command::Import(command) => command.run(&cli.place, cli.json).await,
        Command::Extract(command) => command.run(cli.json),
        Command::Link(command) => command.run(cli.json).await,
        Command::Simulate(command) => command.run(),
        Command::Ledger(command) => command.run(&cli.place, cli.json).await,
        Command::Verify(command) => command.run(),
        Command::Policy(command) => command.run(&cli.place).await,
        Command::Demo(command) => command.run(&cli.place).await,
        Command::Backup(command) => command.run(&cli.place).await,
        Command::Doctor => keep::doctor(&cli.place).await,
        Command::Bench(command) => command.run().await,
        Command::Cluster(command) => command.run().await,
        Command::Victims(command) => command.run(&cli.place, cli.json).await,
        Command::User(command) => command.run(&cli.place).await,
    }
}
