//! Pages under load: many readers at once over HTTP, each page's latency at the 50th, 95th and 99th
//! percentile, beside a bare answer of the same server.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;
use http_body_util::Full;
use hyper::{Request, header};
use tokio::net::TcpListener;
use web::App;

use super::memory_mb;
use super::readers::{SignedIn, send};
use crate::assemble::Place;
use crate::commands::serve;

#[derive(Debug, clap::Args)]
pub struct Pages {
    /// Folder that `bench import` worked in
    #[arg(long)]
    work: PathBuf,
    /// Readers at once
    #[arg(long, default_value_t = 20)]
    readers: usize,
    /// Requests of each reader to each page
    #[arg(long, default_value_t = 25)]
    requests: usize,
    /// Measure only this page, for example `inbox`
    #[arg(long)]
    only: Option<String>,
}

/// Every role that opens the measured pages.
const ROLES: [&str; 4] = [
    "triage_officer",
    "victim_care",
    "detective_inspector",
    "analyst",
];

impl Pages {
    pub async fn run(self) -> Result<()> {
        let began = Instant::now();
        let place = Place {
            data: self.work.join("store"),
            policy: None,
        };
        let app = place.app(false, true).await?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let serving = tokio::spawn(serve::answer(app.clone(), listener));
        let first = Request::get("/sign-in").header(header::HOST, address.to_string());
        send(address, first.body(Full::default())?).await?;
        println!(
            "start to first page   {:.0} ms",
            began.elapsed().as_secs_f64() * 1000.0
        );
        let reader = SignedIn::with(&app, address, "bench.reader", &ROLES).await?;
        let paths = paths(&app).await?;
        println!(
            "{:<26} {:>9} {:>9} {:>9} {:>9}",
            "page", "p50 ms", "p95 ms", "p99 ms", "bytes"
        );
        let wanted = |name: &str| self.only.as_deref().is_none_or(|only| only == name);
        for (name, list) in paths.iter().filter(|(name, _)| wanted(name)) {
            let seen = reader.load(self.readers, self.requests, list).await?;
            let took = seen.times();
            println!(
                "{name:<26} {:>9.1} {:>9.1} {:>9.1} {:>9}",
                took.percentile(0.50),
                took.percentile(0.95),
                took.percentile(0.99),
                seen.bytes
            );
        }
        let (now, peak) = memory_mb();
        println!("resident memory       {now} MB, {peak} MB at its highest");
        serving.abort();
        app.store().close().await;
        Ok(())
    }
}

/// The measured pages, with real identifiers and words of the store.
async fn paths(app: &App) -> Result<Vec<(&'static str, Vec<String>)>> {
    let mut db = super::reader(app).await?;
    let mut reports = Vec::new();
    let mut words = Vec::new();
    let total = db
        .count("select n from intake_total where name = 'reports'")
        .await?
        .max(1);
    for n in 0..50i64 {
        let seq = 1 + n * total / 50;
        let sql = store::Sql::new("select id, victim_label, reference from intake_report where ")
            .with("seq = ?", [seq.into()]);
        if let Some(row) = db.first(sql).await? {
            let id: record::ids::ReportId = row.get("id")?;
            reports.push(format!("/reports/{id}"));
            let label: String = row.get("victim_label")?;
            let reference: String = row.get("reference")?;
            let word = label.split(' ').next_back().unwrap_or("smith").to_owned();
            for q in [word, reference] {
                let encoded = serde_html_form::to_string([("q", q)])?;
                words.push(format!("/search?{encoded}"));
            }
        }
    }
    Ok(vec![
        ("bare answer", vec!["/health".to_owned()]),
        ("inbox", vec!["/inbox".to_owned()]),
        ("report", reports),
        ("call list", vec!["/victim-care".to_owned()]),
        ("search", words),
        ("strategy", vec!["/strategy".to_owned()]),
    ])
}
