//! `fourfold simulate`: a generated county as files, with the truth apart; or a table of its people.

use std::path::PathBuf;

use anyhow::{Context, Result};

use super::Done;

#[derive(Debug, clap::Args)]
pub struct Simulate {
    /// Folder to write to
    #[arg(long)]
    out: PathBuf,
    #[arg(long, default_value_t = 20_000)]
    reports: u64,
    /// Write a table of nominal records with this many rows, for linkage, in place of reports
    #[arg(long, conflicts_with_all = ["reports", "ends", "days", "dirt"])]
    people: Option<u64>,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Last day of the county's history, for example 2026-11-22; yesterday when it is not given
    #[arg(long)]
    ends: Option<String>,
    /// Days of history
    #[arg(long, default_value_t = 365)]
    days: u32,
    /// Share of rows broken on purpose, 0 to 1
    #[arg(long, default_value_t = 0.0)]
    dirt: f64,
}

impl Simulate {
    pub fn run(self) -> Result<Done> {
        if let Some(records) = self.people {
            let settings = county::PeopleSettings::new(records, self.seed);
            let table = county::write_people(&self.out, settings)
                .with_context(|| format!("{} cannot be written", self.out.display()))?;
            println!("{}\t{records} rows", table.display());
            return Ok(Done::Clean);
        }
        let settings = settings(
            self.reports,
            self.seed,
            self.ends.as_deref(),
            self.days,
            self.dirt,
        )?;
        let written = county::write_files(&self.out, settings)
            .with_context(|| format!("{} cannot be written", self.out.display()))?;
        for (file, rows) in &written.files {
            println!("{}\t{rows} rows", file.display());
        }
        Ok(Done::Clean)
    }
}

/// The county's settings; the history ends yesterday unless said otherwise.
pub fn settings(
    reports: u64,
    seed: u64,
    ends: Option<&str>,
    days: u32,
    dirt: f64,
) -> Result<county::Settings> {
    let ends = match ends {
        Some(text) => text
            .parse()
            .with_context(|| format!("{text:?} is not a day such as 2026-11-22"))?,
        None => jiff::Zoned::now()
            .date()
            .yesterday()
            .context("the clock is before time began")?,
    };
    anyhow::ensure!((0.0..=1.0).contains(&dirt), "--dirt is a share from 0 to 1");
    let mut settings = county::Settings::new(reports, seed, ends);
    settings.days = days;
    settings.dirt = dirt;
    Ok(settings)
}
