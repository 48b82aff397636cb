//! A whole county's reports of fraud and cyber crime, generated from a seed, with the truth kept
//! beside them: the demonstration, the test data, the benchmark and the capacity model.
//!
//! Field names are those of the import contract, answers those of the triage policy, kinds and
//! canonical values those of the observables contract. Postcodes follow the shape of BS 7666 in
//! an area (HW) that does not exist; e-mail hosts are under `.example` (RFC 2606); sites are
//! invented; landlines start with a figure no exchange gives out; mobiles are made up.
//!
//! *Invariants.* The same settings give the same bytes on every machine. Nothing reads a clock,
//! a file or the network. Memory holds one day of reports, a plan of campaigns and bounded lists
//! of earlier victims, so a million reports stream. Every planted value stands in the field it is
//! said to stand in, exactly as written.
//!
//! ```
//! use county::{County, Settings};
//!
//! let settings = Settings::new(200, 7, jiff::civil::date(2026, 6, 30));
//! let county = County::new(settings);
//! let first = county.reports().next().expect("two hundred reports were asked for");
//! assert!(first.field("received_at").is_some());
//! assert_eq!(county.reports().count(), 200);
//! ```
//!
//! Start reading at [`County::reports`]; then `campaign` for who offends, `victims` for who is
//! harmed, `case` for what happened, `report` and `narrative` for how it is told. `people` makes the
//! same population into a table of nominal records, for linkage.

mod answers;
mod calendar;
mod campaign;
mod case;
mod chance;
mod channel;
mod crime;
mod dirt;
mod families;
mod files;
mod identifiers;
mod narrative;
mod organisation;
mod people;
mod person;
mod place;
mod report;
mod reports;
mod victims;
mod words;

use jiff::civil::Date;

pub use files::{Error, Written, write_files};
pub use narrative::{Planted, Role};
pub use people::{PeopleRecord, PeopleRecords, PeopleSettings, write_people};
pub use person::Identity;
pub use reports::Reports;

use calendar::Calendar;
use campaign::{Plan, Running};
use chance::{Chance, Stream};
use person::Population;

/// What county to generate.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// How many reports there are in the window, exactly.
    pub reports: u64,
    /// Everything follows from this number.
    pub seed: u64,
    /// The last day on which reports are received.
    pub ends: Date,
    /// Days in the window; 0 is read as 1.
    pub days: u32,
    /// Share of reports broken on purpose, from 0 to 1, to try an importer.
    pub dirt: f64,
}

impl Settings {
    /// A year of clean reports.
    pub fn new(reports: u64, seed: u64, ends: Date) -> Settings {
        Settings {
            reports,
            seed,
            ends,
            days: 365,
            dirt: 0.0,
        }
    }
}

/// One report as a channel hands it over, and the truth about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Generated {
    /// Fields of the import contract that hold something. `reference`, `feed` and `received_at`
    /// (RFC 3339) always do, except where `truth.broken` says what was done to them.
    pub fields: Vec<(&'static str, String)>,
    /// How it reached the force, by the names of the import contract.
    pub feed: &'static str,
    /// What is truly so.
    pub truth: Truth,
}

impl Generated {
    /// The text of a field, if it holds any.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(field, _)| *field == name)
            .map(|(_, text)| text.as_str())
    }
}

/// What is truly so about a report.
#[derive(Debug, Clone, PartialEq)]
pub struct Truth {
    /// The reference the report has, or should have had.
    pub reference: String,
    /// Who the victim is.
    pub victim: Identity,
    /// The person named as suspect, when one is.
    pub suspect: Option<Identity>,
    /// The group behind the offence; none for an offender nobody else met.
    pub offender_group: Option<u32>,
    /// The campaign it belongs to. Campaigns of one group may share accounts and phones.
    pub campaign: Option<u32>,
    /// Family of crime, finer than the crime code in places (`courier` within `NFIB5A`).
    pub family: &'static str,
    /// Every observable planted in the narrative and the fields.
    pub observables: Vec<Planted>,
    /// Every triage factor that applies, as it truly is; the fields hold only what was recorded.
    pub vulnerability: Vec<(&'static str, String)>,
    /// What was broken on purpose.
    pub broken: Option<&'static str>,
}

/// A county: settings and the plan that follows from them.
pub struct County {
    settings: Settings,
    calendar: Calendar,
    plan: Plan,
    population: Population,
}

impl County {
    /// Plans the county. Costs time and memory in proportion to the campaigns, not the reports.
    pub fn new(settings: Settings) -> County {
        let calendar = Calendar::new(settings.ends, settings.days);
        let plan = Plan::new(settings.seed, settings.reports, &calendar);
        let population = Population {
            seed: settings.seed,
            today: settings.ends,
        };
        County {
            settings,
            calendar,
            plan,
            population,
        }
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Every report in order of receipt. Call it again to start again.
    pub fn reports(&self) -> Reports<'_> {
        Reports::new(self)
    }

    /// All crime recorded in the county by month (`YYYY-MM`), fraud and cyber crime apart: the
    /// total a force would import to know the share of its demand. Generated like the rest, at
    /// about 1.13 for each report of the month.
    pub fn recorded_crime(&self) -> Vec<(String, u64)> {
        let mut months: Vec<(String, u64)> = Vec::new();
        let mut running = Running::new();
        for day in 0..self.calendar.days() {
            let (from, to) = (self.calendar.before(day), self.calendar.before(day + 1));
            let count =
                running.strikes(&self.plan, from, to).len() as u64 + self.background_on(day);
            let month = self.calendar.day(day).strftime("%Y-%m").to_string();
            match months.last_mut() {
                Some((last, total)) if *last == month => *total += count,
                _ => months.push((month, count)),
            }
        }
        let mut chance = Chance::new(self.settings.seed, Stream::Total, 0);
        for (_, total) in &mut months {
            let factor = 1.13 * (1.0 + 0.02 * chance.normal());
            *total = (*total as f64 * factor) as u64;
        }
        months
    }

    /// Reports outside campaigns on a day.
    fn background_on(&self, day: usize) -> u64 {
        let before = |day| (self.plan.background as f64 * self.calendar.before(day)) as u64;
        before(day + 1) - before(day)
    }
}
