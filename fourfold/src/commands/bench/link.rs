//! Linking one record at a time with very many held already: in memory, or with the database.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result};
use county::{PeopleRecord, PeopleRecords, PeopleSettings};
use linkage::held::Held;
use linkage::{Model, Prepared};

use super::memory_mb;
use super::stored;
use super::times::Times;
use crate::assemble;

#[derive(Debug, clap::Args)]
pub struct Link {
    /// People's records held before the measured ones come: 1,000,000 unless said otherwise, with
    /// the database 100,000
    #[arg(long)]
    held: Option<u64>,
    /// Records whose linking is measured
    #[arg(long, default_value_t = 5_000)]
    more: u64,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Linkage model; the one intake links people by when it is not given
    #[arg(long, conflicts_with = "work")]
    model: Option<PathBuf>,
    /// Measure with the database, kept in this folder: every record is the victim of a report, which
    /// is received as any other. What an earlier run imported is used again
    #[arg(long)]
    work: Option<PathBuf>,
}

impl Link {
    pub async fn run(&self) -> Result<()> {
        anyhow::ensure!(self.more > 0, "--more is at least 1");
        match &self.work {
            Some(work) => {
                let held = self.held.unwrap_or(100_000);
                stored::run(work, held, self.more, self.seed).await
            }
            None => self.in_memory(self.held.unwrap_or(1_000_000)),
        }
    }

    fn in_memory(&self, count: u64) -> Result<()> {
        let text = match &self.model {
            Some(path) => std::fs::read_to_string(path)
                .with_context(|| format!("{} cannot be read", path.display()))?,
            None => assemble::policy(None)?
                .text("intake/linkage.toml")?
                .to_owned(),
        };
        let model = Model::from_toml(&text)?;
        // One table, so that the measured records are of the people held and of others.
        let settings = PeopleSettings::new(count + self.more, self.seed);
        let mut records = PeopleRecords::new(settings);
        let mut held = Held::new(&model);
        let filling = Instant::now();
        for _ in 0..count {
            let record = records.next().context("the county has too few people")?;
            held.add(&prepared(&model, &record))?;
        }
        let filled = filling.elapsed().as_secs_f64();
        let (now, _) = memory_mb();

        let (mut bare, mut times) = (Vec::new(), Vec::new());
        let mut links = 0;
        for record in records {
            let began = Instant::now();
            let record = prepared(&model, &record);
            bare.push(began.elapsed().as_secs_f64() * 1e3);
            let linked = held.add(&record)?;
            times.push(began.elapsed().as_secs_f64() * 1e3);
            links += linked.links.len();
        }
        let (bare, times) = (Times::of(bare), Times::of(times));
        println!("held              {count} records in {filled:.1} s");
        println!("memory            {now} MB");
        println!("linked            {} more, {links} links", self.more);
        println!("each              {times}");
        println!("normal form alone {bare}");
        Ok(())
    }
}

/// A record as the model reads it.
fn prepared(model: &Model, record: &PeopleRecord) -> Prepared {
    model.prepare(&[
        ("forename", &record.forename),
        ("surname", &record.surname),
        ("date_of_birth", &record.date_of_birth),
        ("address", &record.address),
        ("postcode", &record.postcode),
        ("phone", &record.phone),
        ("email", &record.email),
    ])
}
