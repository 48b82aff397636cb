//! `policy/protect/day-plan.toml`: lengths of calls, skills, and what asks for them.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use record::policy::{Files, PolicyError, Versioned};
use record::work::Priority;
use serde::Deserialize;

const FILE: &str = "protect/day-plan.toml";

/// A skill, and the needs that ask for it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skill {
    pub id: String,
    pub title: String,
    pub needed_for: Vec<String>,
}

/// Whole hours of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shift {
    pub from: i64,
    pub until: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanFile {
    minutes: BTreeMap<String, i64>,
    interpreter_minutes: i64,
    follow_up_minutes: i64,
    most_duties: u32,
    days_ahead: u32,
    shift: Shift,
    everybody_speaks: Vec<String>,
    skill: Vec<Skill>,
}

/// What the unit decided about planning a day, checked.
#[derive(Debug, Clone)]
pub struct PlanPolicy {
    pub digest: String,
    minutes: BTreeMap<String, i64>,
    pub interpreter_minutes: i64,
    pub follow_up_minutes: i64,
    pub most_duties: u32,
    pub days_ahead: u32,
    pub shift: Shift,
    everybody_speaks: BTreeSet<String>,
    pub skills: Vec<Skill>,
}

impl PlanPolicy {
    pub fn load(files: &Files) -> Result<Arc<dyn Any + Send + Sync>, PolicyError> {
        PlanPolicy::read(files).map(|p| Arc::new(p) as Arc<dyn Any + Send + Sync>)
    }

    /// Reads and checks the file.
    pub fn read(files: &Files) -> Result<PlanPolicy, PolicyError> {
        let Versioned { policy, digest } = files.read::<PlanFile>(FILE)?;
        let wrong = |problem: String| PolicyError::new(FILE, problem);
        for band in Priority::ALL {
            if !policy
                .minutes
                .get(band.name())
                .is_some_and(|m| (1..=480).contains(m))
            {
                return Err(wrong(format!(
                    "minutes: {} must be from 1 to 480",
                    band.name()
                )));
            }
        }
        if policy.minutes.len() != Priority::ALL.len() {
            return Err(wrong(
                "minutes: bands are high, medium and standard".to_owned(),
            ));
        }
        if !(1..=480).contains(&policy.follow_up_minutes)
            || !(0..=480).contains(&policy.interpreter_minutes)
        {
            return Err(wrong(
                "minutes of a follow-up or an interpreter are out of range".to_owned(),
            ));
        }
        let Shift { from, until } = policy.shift;
        if !(0 <= from && from < until && until <= 24) {
            return Err(wrong(
                "shift: from must come before until, within 0 and 24".to_owned(),
            ));
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = policy.skill.iter().find(|s| !seen.insert(&s.id)) {
            return Err(wrong(format!("skill {:?} is there twice", twice.id)));
        }
        Ok(PlanPolicy {
            digest,
            minutes: policy.minutes,
            interpreter_minutes: policy.interpreter_minutes,
            follow_up_minutes: policy.follow_up_minutes,
            most_duties: policy.most_duties,
            days_ahead: policy.days_ahead,
            shift: policy.shift,
            everybody_speaks: policy.everybody_speaks.into_iter().collect(),
            skills: policy.skill,
        })
    }

    /// Minutes of a call to a victim of this band.
    pub fn minutes(&self, band: Priority) -> i64 {
        self.minutes.get(band.name()).copied().unwrap_or(30)
    }

    /// The language a caller must speak, unless everybody does.
    pub fn language(&self, id: &str) -> Option<String> {
        let asks = !id.is_empty() && !self.everybody_speaks.contains(id);
        asks.then(|| id.to_owned())
    }

    /// The skills that these needs ask for.
    pub fn skills_for(&self, needs: &[&str]) -> BTreeSet<String> {
        let asked = |s: &&Skill| s.needed_for.iter().any(|n| needs.contains(&n.as_str()));
        self.skills
            .iter()
            .filter(asked)
            .map(|s| s.id.clone())
            .collect()
    }
}
