//! `fourfold bench`: the product's own measurements, each beside a bare limit of the same run.

mod burst;
mod calls;
mod day_plan;
mod extract;
mod import;
mod link;
mod pages;
mod planned;
mod portal;
mod readers;
mod senders;
mod started;
mod stored;
mod times;

use anyhow::Result;
use record::Resource;
use store::{Reader, Row, Sql};
use web::App;

use super::Done;

#[derive(Debug, clap::Args)]
pub struct Bench {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Submissions of the public while the inside is away, and while it is killed and started again
    Burst(burst::Burst),
    /// The call list with very many open duties, over HTTP on loopback
    Calls(calls::Calls),
    /// The plan of a day of victim care, beside the bare sorting of its duties, or with the database
    DayPlan(day_plan::DayPlan),
    /// Observables in JSON lines, beside a bare scan of the same bytes
    Extract(extract::Extract),
    /// Import end to end into an embedded store, beside the bare driver
    Import(import::Import),
    /// Linking one record at a time with very many held, in memory or with the database
    Link(link::Link),
    /// Pages with many readers at once, over HTTP on loopback
    Pages(pages::Pages),
    /// The public side: pages at a steady rate, and a burst of submissions
    Portal(portal::Portal),
}

impl Bench {
    pub async fn run(self) -> Result<Done> {
        // A page that fails under load says why; RUST_LOG sets what else is told.
        tracing_subscriber::fmt()
            .with_env_filter(
                tracing_subscriber::EnvFilter::try_from_default_env()
                    .unwrap_or_else(|_| "error".into()),
            )
            .with_writer(std::io::stderr)
            .init();
        match self.what {
            What::Burst(bench) => bench.run().await?,
            What::Calls(bench) => bench.run().await?,
            What::DayPlan(bench) => bench.run().await?,
            What::Extract(bench) => bench.run()?,
            What::Import(bench) => bench.run().await?,
            What::Link(bench) => bench.run().await?,
            What::Pages(bench) => bench.run().await?,
            What::Portal(bench) => bench.run().await?,
        }
        Ok(Done::Clean)
    }
}

/// Reads what a measurement needs to know of the records.
async fn reader(app: &App) -> Result<Reader> {
    let nothing = Resource::of("page", "bench");
    let grant = app
        .system()
        .permit(&web::identify::IDENTIFY, &nothing, "")?;
    Ok(app.store().read(&grant).await?)
}

async fn rows(app: &App, sql: Sql) -> Result<Vec<Row>> {
    Ok(reader(app).await?.rows(sql).await?)
}

/// Resident memory of this process in megabytes, now and at its highest.
pub fn memory_mb() -> (u64, u64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        status
            .lines()
            .find_map(|l| l.strip_prefix(name))
            .and_then(|l| l.split_whitespace().next())
            .and_then(|n| n.parse::<u64>().ok())
            .map_or(0, |kb| kb / 1024)
    };
    (field("VmRSS:"), field("VmHWM:"))
}
