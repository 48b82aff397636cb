//! Import end to end: parse, find, link, triage, store, enter; beside the bare driver.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use intake::files::{Mapping, SHIPPED};
use intake::imports::{self, Import as Job, Receipt};
use intake::receive::Desk;

use super::memory_mb;
use crate::assemble::{self, Place};
use crate::commands::simulate;

#[derive(Debug, clap::Args)]
pub struct Import {
    /// Reports to import
    #[arg(long, default_value_t = 50_000)]
    reports: u64,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder to work in; it may hold a store already, which is added to
    #[arg(long)]
    work: PathBuf,
    /// Leave out the bare driver's run
    #[arg(long)]
    no_bare: bool,
}

impl Import {
    pub async fn run(self) -> Result<()> {
        let place = Place {
            data: self.work.join("store"),
            policy: None,
        };
        std::fs::create_dir_all(&self.work)?;
        let file = self.work.join(format!("reports-{}.csv", self.seed));
        self.generate(&file)?;
        let app = place.app(false, false).await?;
        let held = count(&app).await?;
        let began = Instant::now();
        let receipt = bring_in(&app, &file).await?;
        let took = began.elapsed().as_secs_f64();
        let folding = Instant::now();
        let key = app.store().ledger_key()?;
        app.store().sequence(&key).await?;
        let folded = folding.elapsed().as_secs_f64();
        let (_, peak) = memory_mb();
        #[expect(clippy::cast_precision_loss, reason = "counts of a benchmark")]
        let rate = receipt.accepted as f64 / took;
        println!("held before       {held}");
        println!(
            "accepted          {} of {} rows",
            receipt.accepted, receipt.read_rows
        );
        println!("import            {took:.2} s, {rate:.0} reports a second");
        println!("ledger folding    {folded:.2} s");
        println!("peak memory       {peak} MB");
        app.store().close().await;
        if held == 0 && !self.no_bare {
            self.bare(took).await?;
        }
        Ok(())
    }

    fn generate(&self, file: &Path) -> Result<()> {
        if file.exists() {
            return Ok(());
        }
        let settings = simulate::settings(self.reports, self.seed, Some("2026-11-22"), 365, 0.0)?;
        let mut out = csv::Writer::from_path(file)?;
        let names: Vec<&str> = record::report::FIELDS.iter().map(|f| f.name).collect();
        out.write_record(&names)?;
        for report in county::County::new(settings).reports() {
            // References of another seed's county are others, as they would be in life.
            let reference = report.field("reference").unwrap_or_default();
            let reference = format!("{reference}-{}", self.seed);
            out.write_record(names.iter().map(|name| match *name {
                "reference" => reference.as_str(),
                _ => report.field(name).unwrap_or_default(),
            }))?;
        }
        out.flush()?;
        Ok(())
    }

    async fn bare(&self, took: f64) -> Result<()> {
        let from = self.work.join("store").join("fourfold.db");
        let to = self.work.join("bare.db");
        for end in ["", "-wal", "-shm"] {
            let mut name = to.clone().into_os_string();
            name.push(end);
            // Not there on the first run.
            let _ = std::fs::remove_file(name);
        }
        let capabilities = assemble::capabilities();
        let steps: Vec<store::Migration> = web::migrations(&capabilities).into_iter().collect();
        // The search index is filled by a table of its own kind, which cannot be read back.
        let tables: Vec<&'static str> = intake::schema::TABLES
            .iter()
            .copied()
            .filter(|t| *t != "intake_report_fts")
            .chain(["work_item", "ledger_entry"])
            .collect();
        let batches = usize::try_from(self.reports / 500).unwrap_or(1).max(1);
        let bare = store::bare::copy(&from, &to, &steps, &tables, batches).await?;
        let bare_took = bare.took.as_secs_f64();
        println!(
            "bare driver       {bare_took:.2} s for the same {} rows",
            bare.rows
        );
        println!(
            "ratio             {:.2} (import to bare driver)",
            took / bare_took
        );
        Ok(())
    }
}

async fn bring_in(app: &web::App, file: &Path) -> Result<Receipt> {
    let desk = app.policy::<Desk>()?;
    let (name, text) = SHIPPED
        .iter()
        .find(|(n, _)| *n == "report-list")
        .context("no report-list mapping")?;
    let job = Job {
        path: file.to_owned(),
        file_name: "reports.csv".to_owned(),
        mapping: Mapping::from_toml(name, text)?,
        dry_run: false,
        rejected_file: None,
        batch: imports::BATCH,
        id: None,
    };
    Ok(imports::run(app.store(), &desk, &app.command_line(), job, &|_| ()).await?)
}

/// Imports generated reports into a store that another bench measures, and says so.
pub(super) async fn fill(app: &web::App, work: &Path, reports: u64, seed: u64) -> Result<()> {
    let own = Import {
        reports,
        seed,
        work: work.to_owned(),
        no_bare: true,
    };
    let file = work.join(format!("reports-{reports}-{seed}.csv"));
    own.generate(&file)?;
    let began = Instant::now();
    let receipt = bring_in(app, &file).await?;
    let key = app.store().ledger_key()?;
    app.store().sequence(&key).await?;
    println!(
        "imported              {} reports in {:.1} s",
        receipt.accepted,
        began.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Reports held.
pub(super) async fn count(app: &web::App) -> Result<i64> {
    let held = "select n from intake_total where name = 'reports'";
    Ok(super::reader(app).await?.count(held).await?)
}
