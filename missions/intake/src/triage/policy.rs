//! `policy/intake/triage.toml` as types: unknown keys and impossible values stop the start.

use std::collections::BTreeMap;

use record::policy::{Files, PolicyError, Versioned};
use record::report::{CrimeClass, Feed};
use serde::Deserialize;

use super::condition::Condition;

/// Scoring tables, routes and clocks. Every number is the force's to change.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TriagePolicy {
    pub schema: u32,
    pub version: String,
    pub vulnerability: FactorTable,
    pub solvability: FactorTable,
    pub acceptance: Acceptance,
    pub severity: Severity,
    pub class: ClassRules,
    #[serde(rename = "route")]
    pub routes: Vec<Route>,
    pub clocks: Clocks,
    pub repeat_victim: RepeatVictim,
    pub attempt_plan: AttemptPlan,
    /// Structure for comparing threats and groups, never a single victim's report.
    pub morile: toml::Table,
}

/// A band and the points it starts at, highest first.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    pub name: String,
    pub min: i64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactorTable {
    pub bands: Vec<Band>,
    pub factor: Vec<Factor>,
}

/// One question and the points of its answers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Factor {
    pub id: String,
    #[serde(default)]
    pub question: String,
    pub points: BTreeMap<String, i64>,
    /// Answers that make the band high whatever the sum.
    #[serde(default)]
    pub override_high: Vec<String>,
    /// Sensitive processing (DPA 2018, s.35): shown only where the case needs it.
    #[serde(default)]
    pub sensitive: bool,
    /// Process the answer starts, for the officer to begin.
    #[serde(default)]
    pub action: Option<String>,
    /// How the answer follows from other facts when nobody was asked; the first line that holds.
    #[serde(default)]
    pub derive: Vec<Derived>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Derived {
    pub when: Condition,
    pub answer: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    pub bands: Vec<Band>,
    pub group_max: i64,
    #[serde(rename = "group")]
    pub groups: Vec<AcceptanceGroup>,
    pub must_accept: Vec<Rule>,
    pub must_refer: Vec<Rule>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptanceGroup {
    pub id: String,
    #[serde(default)]
    pub steps: Vec<Steps>,
    #[serde(default)]
    pub score: Vec<Scored>,
    /// Points by solvability band.
    #[serde(default)]
    pub from_band: BTreeMap<String, i64>,
    /// Points when the vulnerability band is high.
    #[serde(default)]
    pub any_high_vulnerability: i64,
}

/// Points that rise with a number.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Steps {
    pub id: String,
    pub number: String,
    pub points: Vec<Step>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub min: f64,
    pub points: i64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scored {
    pub id: String,
    pub points: i64,
    pub when: Vec<Condition>,
}

/// A rule that holds when any of its lines does.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub id: String,
    pub when: Vec<Condition>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Severity {
    pub high: Vec<Condition>,
    pub medium: Vec<Condition>,
}

/// How a class that the code leaves open is proposed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassRules {
    pub cyber_enabled: Vec<Condition>,
    pub not_cyber: Vec<Condition>,
}

/// Where a report goes; the first that holds.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    pub id: String,
    pub title: String,
    pub when: Vec<Condition>,
    /// Queue the report is left on once a person confirms; none when nothing more is to do.
    #[serde(default)]
    pub queue: Option<String>,
    /// Unit that gets it.
    #[serde(default)]
    pub unit: Option<String>,
}

/// A limit in minutes or in working days.
#[derive(Debug, Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Limit {
    Minutes(i64),
    WorkingDays(u32),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clocks {
    /// Until a person has triaged, by feed. Feeds not named have `triage_other`.
    pub triage: BTreeMap<String, Limit>,
    pub triage_other: Limit,
    /// Until a high-severity report is triaged, whatever its feed.
    pub triage_high: Limit,
    /// Until the unit has decided on an in-remit crime (SFCU-01).
    pub allocation: Limit,
    /// Bank holidays of England and Wales.
    pub bank_holidays: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepeatVictim {
    pub window_days: i64,
    pub repeat_min: u32,
    pub chronic_min: u32,
    pub always_flag_codes: Vec<String>,
}

/// First attempts of victim care; the plan itself belongs to Protect.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttemptPlan {
    pub attempts: u32,
    pub different_days: bool,
    pub one_out_of_hours: bool,
    pub window_working_days: u32,
    pub then: Vec<String>,
    pub visit_if_band_at_least: String,
    pub first_attempt_working_days: BTreeMap<String, u32>,
}

impl TriagePolicy {
    pub const FILE: &'static str = "intake/triage.toml";

    pub fn read(files: &Files) -> Result<Versioned<TriagePolicy>, PolicyError> {
        let read = files.read::<TriagePolicy>(Self::FILE)?;
        read.policy
            .check()
            .map_err(|problem| PolicyError::new(Self::FILE, problem))?;
        Ok(read)
    }

    fn check(&self) -> Result<(), String> {
        for (name, bands) in [
            ("vulnerability", &self.vulnerability.bands),
            ("solvability", &self.solvability.bands),
            ("acceptance", &self.acceptance.bands),
        ] {
            if bands.is_empty() || !bands.is_sorted_by(|a, b| a.min > b.min) {
                return Err(format!(
                    "{name}: list the bands from the highest minimum down"
                ));
            }
            if bands.last().is_some_and(|b| b.min > 0) {
                return Err(format!(
                    "{name}: the last band must start at 0, so that all are banded"
                ));
            }
        }
        for table in [&self.vulnerability, &self.solvability] {
            for factor in &table.factor {
                for answer in factor
                    .override_high
                    .iter()
                    .chain(factor.derive.iter().map(|d| &d.answer))
                {
                    if !factor.points.contains_key(answer) {
                        return Err(format!("factor {}: {answer:?} has no points", factor.id));
                    }
                }
            }
        }
        for band in ["high", "medium", "standard"] {
            if !self
                .attempt_plan
                .first_attempt_working_days
                .contains_key(band)
            {
                return Err(format!(
                    "attempt_plan: first_attempt_working_days lacks {band}"
                ));
            }
        }
        for feed in self.clocks.triage.keys() {
            if Feed::parse(feed).is_none() {
                return Err(format!("clocks.triage: {feed:?} is not a feed"));
            }
        }
        if let Some(day) = self
            .clocks
            .bank_holidays
            .iter()
            .find(|d| record::time::Date::parse(d).is_none())
        {
            return Err(format!("clocks: {day:?} is not a day such as 2026-12-25"));
        }
        let last = self.routes.last().ok_or("no route is listed")?;
        if !last.when.is_empty() {
            return Err(format!(
                "the last route ({}) must have no condition, so that all go somewhere",
                last.id
            ));
        }
        if let Some(steps) = self
            .acceptance
            .groups
            .iter()
            .flat_map(|g| &g.steps)
            .find(|s| !super::facts::NUMBERS.contains(&s.number.as_str()))
        {
            return Err(format!(
                "acceptance: {:?} is not a number that is known",
                steps.number
            ));
        }
        Ok(())
    }

    /// The route with that id.
    pub fn route(&self, id: &str) -> Option<&Route> {
        self.routes.iter().find(|r| r.id == id)
    }
}

impl ClassRules {
    /// The class proposed when the code leaves it open.
    pub(super) fn propose(&self, facts: &super::Facts) -> CrimeClass {
        if super::condition::first(&self.cyber_enabled, facts).is_some() {
            return CrimeClass::CyberEnabled;
        }
        if super::condition::first(&self.not_cyber, facts).is_some() {
            return CrimeClass::NotCyber;
        }
        CrimeClass::CaseByCase
    }
}
