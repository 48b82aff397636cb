//! Linking one record at a time, in memory, with very many held already.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result};
use county::{PeopleRecord, PeopleRecords, PeopleSettings};
use linkage::held::Held;
use linkage::{Model, Prepared};

use super::memory_mb;
use crate::assemble;

#[derive(Debug, clap::Args)]
pub struct Link {
    /// People's records held before the measured ones come
    #[arg(long, default_value_t = 1_000_000)]
    held: u64,
    /// Records whose linking is measured
    #[arg(long, default_value_t = 5_000)]
    more: u64,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Linkage model; the one intake links people by when it is not given
    #[arg(long)]
    model: Option<PathBuf>,
}

impl Link {
    pub fn run(&self) -> Result<()> {
        anyhow::ensure!(self.more > 0, "--more is at least 1");
        let text = match &self.model {
            Some(path) => std::fs::read_to_string(path)
                .with_context(|| format!("{} cannot be read", path.display()))?,
            None => assemble::policy(None)?
                .text("intake/linkage.toml")?
                .to_owned(),
        };
        let model = Model::from_toml(&text)?;
        // One table, so that the measured records are of the people held and of others.
        let settings = PeopleSettings::new(self.held + self.more, self.seed);
        let mut records = PeopleRecords::new(settings);
        let mut held = Held::new(&model);
        let filling = Instant::now();
        for _ in 0..self.held {
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
        bare.sort_by(f64::total_cmp);
        times.sort_by(f64::total_cmp);
        println!("held              {} records in {filled:.1} s", self.held);
        println!("memory            {now} MB");
        println!("linked            {} more, {links} links", times.len());
        for (name, share) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("most", 1.0)] {
            let (whole, bare) = (percentile(&times, share), percentile(&bare, share));
            println!("{name:<17} {whole:.3} ms; {bare:.3} ms to bring it to normal form alone");
        }
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

/// The lowest of ascending times that this share of them does not exceed.
fn percentile(ascending: &[f64], share: f64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place among a few thousand times"
    )]
    let place = (ascending.len() as f64 * share).ceil() as usize;
    let place = place.clamp(1, ascending.len().max(1)) - 1;
    ascending.get(place).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::percentile;

    #[test]
    fn percentiles_are_measured_times() {
        let times: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(percentile(&times, 0.5), 50.0);
        assert_eq!(percentile(&times, 0.95), 95.0);
        assert_eq!(percentile(&times, 1.0), 100.0);
        assert_eq!(percentile(&[7.0], 0.0), 7.0);
        assert_eq!(percentile(&[], 0.5), 0.0);
    }
}
