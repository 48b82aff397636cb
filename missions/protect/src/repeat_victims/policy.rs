//! What raises the risk of another crime against the same victim: `policy/protect/repeat-victims.toml`.

use std::any::Any;
use std::collections::BTreeSet;
use std::sync::Arc;

use record::policy::{Files, PolicyError};
use serde::Deserialize;

use crate::victim_care::duty::Line;

const FILE: &str = "protect/repeat-victims.toml";

/// A reason that raises the risk. Exactly one of its conditions is given.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub id: String,
    /// Shown to the caller.
    pub because: String,
    pub points: i64,
    /// At least so many other reports within the window.
    pub other_reports: Option<u32>,
    /// At least so many other reports of the same crime within the window.
    pub same_crime: Option<u32>,
    /// A report of the call has one of these codes.
    #[serde(default)]
    pub codes: Vec<String>,
    /// A report of the call has one of these markers.
    #[serde(default)]
    pub markers: Vec<String>,
    /// One of these questions was answered with yes.
    #[serde(default)]
    pub answers: Vec<String>,
    /// An earlier duty ended so: `declined`, `not_reached`.
    #[serde(default)]
    pub earlier_ended: Vec<String>,
}

/// Everything decided about repeat victims, checked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepeatPolicy {
    /// How far back other reports count, in days.
    pub window_days: i64,
    /// Points from which the risk is raised, and from which it is high.
    pub raised_from: i64,
    pub high_from: i64,
    #[serde(rename = "rule")]
    pub rules: Vec<Rule>,
}

impl RepeatPolicy {
    pub fn load(files: &Files) -> Result<Arc<dyn Any + Send + Sync>, PolicyError> {
        let policy = files.read::<RepeatPolicy>(FILE)?.policy;
        policy
            .check()
            .map_err(|problem| PolicyError::new(FILE, problem))?;
        Ok(Arc::new(policy))
    }

    fn check(&self) -> Result<(), String> {
        if !(1..=3_650).contains(&self.window_days) {
            return Err("window_days must be from 1 to 3650".to_owned());
        }
        if self.raised_from < 1 || self.high_from < self.raised_from {
            return Err("raised_from must be at least 1, and high_from no less".to_owned());
        }
        let mut seen = BTreeSet::new();
        for rule in &self.rules {
            if !seen.insert(&rule.id) {
                return Err(format!("rule {} is there twice", rule.id));
            }
            rule.check().map_err(|e| format!("rule {}: {e}", rule.id))?;
        }
        Ok(())
    }
}

impl Rule {
    fn check(&self) -> Result<(), String> {
        let lists = [
            &self.codes,
            &self.markers,
            &self.answers,
            &self.earlier_ended,
        ];
        let given = lists.iter().filter(|l| !l.is_empty()).count()
            + usize::from(self.other_reports.is_some())
            + usize::from(self.same_crime.is_some());
        if given != 1 {
            return Err(
                "give one of other_reports, same_crime, codes, markers, answers, earlier_ended"
                    .to_owned(),
            );
        }
        if self.because.trim().is_empty() || self.points < 1 {
            return Err("say why in `because`, and give at least 1 point".to_owned());
        }
        if let Some(odd) = self.earlier_ended.iter().find(|l| Line::parse(l).is_none()) {
            return Err(format!("{odd:?} is no end of a duty"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rules: &str) -> Result<RepeatPolicy, String> {
        let text = format!("window_days = 365\nraised_from = 3\nhigh_from = 6\n{rules}");
        let policy: RepeatPolicy = toml::from_str(&text).map_err(|e| e.to_string())?;
        policy.check().map(|()| policy)
    }

    #[test]
    fn rules_are_checked() {
        let rule =
            |more: &str| format!("[[rule]]\nid = \"a\"\nbecause = \"b\"\npoints = 1\n{more}\n");
        assert!(read(&rule("same_crime = 1")).is_ok());
        for (more, why) in [
            ("", "give one of"),
            ("same_crime = 1\ncodes = [\"NFIB1E\"]", "give one of"),
            ("earlier_ended = [\"gone\"]", "is no end of a duty"),
            ("colour = 1", "unknown field"),
        ] {
            let problem = read(&rule(more)).unwrap_err();
            assert!(problem.contains(why), "{problem}");
        }
        let twice = rule("same_crime = 1").repeat(2);
        assert!(read(&twice).unwrap_err().contains("twice"));
        let silent = rule("same_crime = 1").replace("points = 1", "points = 0");
        assert!(read(&silent).unwrap_err().contains("at least 1 point"));
    }
}
