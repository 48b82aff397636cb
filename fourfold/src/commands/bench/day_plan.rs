//! Planning a day of victim care: the planner alone beside the bare sorting of the same duties, or with the
//! database.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, ensure};
use protect::day_plan::plan::{Caller, Duty, plan};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use record::ids::{ActorId, WorkItemId};
use record::time::{Date, Timestamp};
use record::work::Priority;

use super::planned::{self, Size};
use super::times::Times;

#[derive(Debug, clap::Args)]
pub struct DayPlan {
    /// Callers on duty
    #[arg(long, default_value_t = 40)]
    callers: u32,
    /// Open duties
    #[arg(long, default_value_t = 5_000)]
    duties: u32,
    /// Days planned; the first is not counted
    #[arg(long, default_value_t = 20)]
    days: u32,
    #[arg(long, default_value_t = 4)]
    seed: u64,
    /// Measure with the database, kept in this folder: the plan is asked for and confirmed over HTTP.
    /// What an earlier run imported is used again
    #[arg(long)]
    work: Option<PathBuf>,
}

pub(super) const LANGUAGES: [&str; 6] = ["pl", "ro", "ur", "pa", "bn", "it"];
pub(super) const SKILLS: [&str; 3] = ["child", "home_visit", "domestic_abuse"];

impl DayPlan {
    pub async fn run(&self) -> Result<()> {
        match &self.work {
            Some(work) => {
                let size = Size {
                    callers: self.callers,
                    duties: self.duties,
                    days: self.days,
                    seed: self.seed,
                };
                planned::run(work, &size).await
            }
            None => self.alone(),
        }
    }

    fn alone(&self) -> Result<()> {
        let mut chance = ChaCha8Rng::seed_from_u64(self.seed);
        let day = Date::new(2026, 11, 23).unwrap_or(Timestamp::default().day());
        let (start, end) = (Timestamp::at(day, 9, 0), Timestamp::at(day, 20, 0));
        let (mut bare, mut whole) = (Vec::new(), Vec::new());
        let mut told = String::new();
        for run in 0..=self.days {
            let callers: Vec<Caller> = (0..self.callers)
                .map(|n| caller(&mut chance, n, day))
                .collect();
            let duties: Vec<Duty> = (0..self.duties)
                .map(|n| duty(&mut chance, n, start))
                .collect();
            let began = Instant::now();
            let mut order: Vec<&Duty> = duties.iter().collect();
            order.sort_by_key(|d| (d.due > end, d.band.rank(), d.due, d.id));
            black_box(&order);
            let sorted = began.elapsed();
            let began = Instant::now();
            let made = black_box(plan(&callers, &duties, start, end));
            let planned = began.elapsed();
            ensure!(
                made.slots.len() + made.left.len() == duties.len(),
                "a duty was lost or doubled"
            );
            if run > 0 {
                bare.push(sorted.as_secs_f64() * 1_000.0);
                whole.push(planned.as_secs_f64() * 1_000.0);
            }
            told = format!(
                "{} planned, {} left, {} run out of time",
                made.slots.len(),
                made.left.len(),
                made.breaches.len()
            );
        }
        let (bare, whole) = (Times::of(bare), Times::of(whole));
        println!(
            "{} callers, {} duties, {} days",
            self.callers, self.duties, self.days
        );
        println!("sorting alone   {bare}");
        println!("planning        {whole}");
        let ratio = whole.percentile(0.5) / bare.percentile(0.5).max(0.001);
        println!("ratio at p50    {ratio:.0}");
        println!("last day        {told}");
        Ok(())
    }
}

fn some(chance: &mut ChaCha8Rng, of: &[&str], share: f64) -> BTreeSet<String> {
    of.iter()
        .filter(|_| chance.random_bool(share))
        .map(|s| (*s).to_owned())
        .collect()
}

fn caller(chance: &mut ChaCha8Rng, n: u32, day: Date) -> Caller {
    let early = chance.random_bool(0.7);
    Caller {
        id: ActorId(uuid::Uuid::from_u128(u128::from(n))),
        name: format!("Caller {n}"),
        unit: "sfcu".to_owned(),
        from: Timestamp::at(day, if early { 9 } else { 12 }, 0),
        until: Timestamp::at(day, if early { 17 } else { 20 }, 0),
        languages: some(chance, &LANGUAGES, 0.15),
        skills: some(chance, &SKILLS, 0.3),
    }
}

fn duty(chance: &mut ChaCha8Rng, n: u32, start: Timestamp) -> Duty {
    let band = match chance.random_range(0..10) {
        0..=1 => Priority::High,
        2..=4 => Priority::Medium,
        _ => Priority::Standard,
    };
    let earliest = chance
        .random_bool(0.1)
        .then(|| start.plus_minutes(chance.random_range(0..480)));
    let language = chance.random_range(0..LANGUAGES.len());
    Duty {
        id: WorkItemId(uuid::Uuid::from_u128(u128::from(n))),
        version: 1,
        unit: "sfcu".to_owned(),
        band,
        due: start.plus_minutes(chance.random_range(-600..4_000)),
        earliest,
        latest: earliest.map(|at| at.plus_minutes(150)),
        minutes: match band {
            Priority::High => 40,
            Priority::Medium => 30,
            Priority::Standard => 20,
        },
        language: chance
            .random_bool(0.08)
            .then(|| LANGUAGES[language].to_owned()),
        skills: some(chance, &SKILLS, 0.03),
        with: None,
    }
}
