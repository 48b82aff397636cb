//! `fourfold import`: files into reports, with a receipt each.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::builder::TypedValueParser as _;
use indicatif::{ProgressBar, ProgressStyle};
use intake::files::{Mapping, SHIPPED};
use intake::imports::{self, Import, Receipt};
use intake::receive::Desk;
use intake::sources;
use web::App;

use super::Done;
use crate::assemble::Place;

#[derive(Debug, clap::Args)]
pub struct ImportFiles {
    /// Files to import: CSV, XLSX or JSON, gzipped or zipped
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Mapping file, or the name of a shipped mapping; without it, the mapping that fits the
    /// headings, or a guess
    #[arg(long)]
    mapping: Option<PathBuf>,
    /// Key of the source, in place of the mapping's own
    #[arg(long)]
    source: Option<String>,
    /// Read and find, and keep nothing
    #[arg(long)]
    dry_run: bool,
    /// Reports kept together in one transaction
    #[arg(long, default_value_t = imports::BATCH, value_parser = clap::value_parser!(u16).range(1..=5_000).map(usize::from))]
    batch: usize,
}

impl ImportFiles {
    pub async fn run(self, place: &Place, json: bool) -> Result<Done> {
        let app = place.app(true, false).await?;
        let desk = app.policy::<Desk>()?;
        imports::close_abandoned(&app).await?;
        let mut done = Done::Clean;
        let mut receipts = Vec::new();
        for file in &self.files {
            let (mapping, how) = self.mapping_for(&app, file, &desk).await?;
            if !json {
                println!("{}: {how}", file.display());
            }
            let bar = bar(file, json);
            let import = Import {
                path: file.clone(),
                file_name: file
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned(),
                mapping,
                dry_run: self.dry_run,
                rejected_file: Some(beside(file)),
                id: None,
                batch: self.batch,
            };
            let progress = |receipt: &Receipt| {
                bar.set_position(receipt.bytes_read);
                bar.set_message(format!("{} rows", receipt.read_rows));
            };
            let receipt =
                imports::run(app.store(), &desk, &app.command_line(), import, &progress).await?;
            bar.finish_and_clear();
            if receipt.has_findings() {
                done = Done::WithFindings;
            }
            if !json {
                show(file, &receipt, self.dry_run);
            }
            receipts.push(receipt);
        }
        let key = app.store().ledger_key()?;
        app.store().sequence(&key).await?;
        app.store().close().await;
        if json {
            println!("{}", serde_json::to_string_pretty(&receipts)?);
        }
        Ok(done)
    }

    async fn mapping_for(&self, app: &App, file: &Path, desk: &Desk) -> Result<(Mapping, String)> {
        let (mut mapping, how) = match &self.mapping {
            Some(path) => named(path)?,
            None => {
                let saved = sources::saved(app, &app.command_line()).await?;
                let chosen = imports::choose(file, &desk.limits, saved)
                    .with_context(|| file.display().to_string())?;
                (chosen.mapping, chosen.how)
            }
        };
        if let Some(source) = &self.source {
            mapping.source.clone_from(source);
        }
        Ok((mapping, how))
    }
}

/// A mapping file, or a shipped mapping by its name.
fn named(path: &Path) -> Result<(Mapping, String)> {
    let name = path.display().to_string();
    let shipped = SHIPPED
        .iter()
        .find(|(shipped, _)| *shipped == name && !path.exists());
    let text = match shipped {
        Some((_, text)) => (*text).to_owned(),
        None => {
            let known: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
            std::fs::read_to_string(path).with_context(|| {
                format!(
                    "{name} cannot be read. Shipped mappings are: {}",
                    known.join(", ")
                )
            })?
        }
    };
    Ok((Mapping::from_toml(&name, &text)?, format!("mapping {name}")))
}

/// `FILE.rejected.csv`, beside the file.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".rejected.csv");
    PathBuf::from(name)
}

fn bar(file: &Path, quiet: bool) -> ProgressBar {
    let bytes = std::fs::metadata(file).map_or(0, |m| m.len());
    let bar = if quiet {
        ProgressBar::hidden()
    } else {
        ProgressBar::new(bytes)
    };
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {msg} {eta}") {
        bar.set_style(style);
    }
    bar
}

fn show(file: &Path, receipt: &Receipt, dry_run: bool) {
    for finding in &receipt.findings {
        eprintln!("{}: {finding}", file.display());
    }
    if receipt.more_findings > 0 {
        eprintln!(
            "{}: and {} more findings",
            file.display(),
            receipt.more_findings
        );
    }
    println!("  rows read  {}", receipt.read_rows);
    println!("  accepted   {}", receipt.accepted);
    println!("  duplicate  {}", receipt.duplicate);
    println!("  rejected   {}", receipt.rejected);
    println!("  sha-256    {}", receipt.digest);
    if dry_run {
        println!("  Nothing was kept: this was a dry run.");
    }
    if let Some(earlier) = receipt.same_file_as {
        println!("  The same file was imported at {}.", earlier.show());
    }
    if receipt.rejected > 0 && !dry_run {
        println!(
            "  Rejected rows: {}. Mend them and import that file.",
            beside(file).display()
        );
    }
    if let Some(problem) = &receipt.problem {
        println!("  Stopped: {problem}");
    }
}
