//! `policy/protect/money-back.toml`: ways to get money back with their limits, as a caller tells them.

use std::any::Any;
use std::collections::BTreeSet;
use std::sync::Arc;

use record::policy::{Files, PolicyError};
use record::time::{Date, Timestamp};
use serde::Deserialize;

use super::clocks::same_day_after;

const FILE: &str = "protect/money-back.toml";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MoneyFile {
    route: Vec<RouteFile>,
    #[serde(default)]
    warning: Vec<Warning>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Warning {
    text: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RouteFile {
    id: String,
    title: String,
    applies: String,
    least_pounds: Option<i64>,
    most_pounds: Option<i64>,
    claim_within_months: Option<u32>,
    claim_within_days: Option<u32>,
    facts: Vec<String>,
    status: Status,
}

/// How far the facts of a route were checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Checked,
    Unverified,
}

/// The ways to get money back, checked.
#[derive(Debug)]
pub struct MoneyBack {
    routes: Vec<RouteFile>,
    pub warnings: Vec<String>,
}

/// A way to get money back for one loss.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    pub title: String,
    pub applies: String,
    pub facts: Vec<String>,
    /// Last day to claim, where the day of the loss is known.
    pub claim_by: Option<Date>,
    pub too_late: bool,
    pub unverified: bool,
}

impl MoneyBack {
    pub fn load(files: &Files) -> Result<Arc<dyn Any + Send + Sync>, PolicyError> {
        MoneyBack::read(files).map(|m| Arc::new(m) as Arc<dyn Any + Send + Sync>)
    }

    fn read(files: &Files) -> Result<MoneyBack, PolicyError> {
        let file = files.read::<MoneyFile>(FILE)?.policy;
        let mut seen = BTreeSet::new();
        for route in &file.route {
            let wrong = |problem: &str| PolicyError::new(FILE, format!("{}: {problem}", route.id));
            if !seen.insert(route.id.clone()) {
                return Err(wrong("is there twice"));
            }
            if route.claim_within_days.is_some() && route.claim_within_months.is_some() {
                return Err(wrong("give days or months to claim, not both"));
            }
            if let (Some(least), Some(most)) = (route.least_pounds, route.most_pounds)
                && least >= most
            {
                return Err(wrong("least_pounds must be below most_pounds"));
            }
        }
        let warnings = file.warning.into_iter().map(|w| w.text).collect();
        Ok(MoneyBack {
            routes: file.route,
            warnings,
        })
    }

    /// The ways that fit a loss. One whose limit the loss is below is left out; one whose time has
    /// passed stays and says so, because a bank may still agree.
    pub fn ways(
        &self,
        loss_pence: Option<i64>,
        last_day: Option<Date>,
        now: Timestamp,
    ) -> Vec<Way> {
        let pounds = loss_pence.map(|p| p / 100);
        let fits = |r: &&RouteFile| {
            pounds.is_none_or(|loss| r.least_pounds.is_none_or(|least| loss >= least))
        };
        self.routes
            .iter()
            .filter(fits)
            .map(|route| way(route, pounds, last_day, now))
            .collect()
    }
}

fn way(route: &RouteFile, pounds: Option<i64>, last_day: Option<Date>, now: Timestamp) -> Way {
    let mut facts = route.facts.clone();
    if let Some(most) = route.most_pounds {
        let over = pounds.is_some_and(|loss| loss > most);
        let most = web::parts::words::pounds(most * 100);
        let text = if over {
            format!("Up to {most}: this loss is higher")
        } else {
            format!("Up to {most}")
        };
        facts.insert(0, text);
    }
    let claim_by =
        last_day.and_then(
            |day| match (route.claim_within_months, route.claim_within_days) {
                (Some(months), _) => Some(same_day_after(day, months)),
                (None, Some(days)) => Some(day.plus_days(i64::from(days))),
                (None, None) => None,
            },
        );
    Way {
        title: route.title.clone(),
        applies: route.applies.clone(),
        facts,
        claim_by,
        too_late: claim_by.is_some_and(|day| day < now.day()),
        unverified: route.status == Status::Unverified,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> MoneyBack {
        let text = include_str!("../../../../policy/protect/money-back.toml");
        let files = Files([(FILE.to_owned(), text.to_owned())].into());
        MoneyBack::read(&files).unwrap()
    }

    #[test]
    fn limits_and_last_days_are_told() {
        let now = Timestamp::parse("2026-11-23T12:00:00Z").unwrap();
        let ways = shipped().ways(Some(9_000_000), Date::new(2025, 10, 31), now);
        let push = &ways[0];
        assert!(
            push.facts[0].contains("£85,000: this loss is higher"),
            "{push:?}"
        );
        // 13 months after 31 October is the last day of a shorter month.
        assert_eq!(push.claim_by, Date::new(2026, 11, 30));
        assert!(!push.too_late && !push.unverified);
        let card = ways
            .iter()
            .find(|w| w.title.contains("chargeback"))
            .unwrap();
        assert!(card.too_late && card.unverified);
        let small = shipped().ways(Some(5_000), None, now);
        assert!(small.iter().all(|w| !w.title.contains("75")));
        assert!(small.iter().all(|w| w.claim_by.is_none()));
    }

    #[test]
    fn a_faulty_file_is_refused() {
        let refused = |from: &str, to: &str| {
            let text =
                include_str!("../../../../policy/protect/money-back.toml").replacen(from, to, 1);
            let files = Files([(FILE.to_owned(), text)].into());
            MoneyBack::read(&files).unwrap_err().to_string()
        };
        assert!(refused("id = \"unauthorised\"", "id = \"chargeback\"").contains("twice"));
        assert!(refused("least_pounds = 100", "least_pounds = 40000").contains("below"));
        assert!(refused("\nstatus = ", "\nstate = ").contains("state"));
    }
}
