//! The risk of another crime against a victim, with its reasons. A pure function of what is known.

use std::collections::BTreeMap;

use record::report::Report;
use record::time::Timestamp;

use super::earlier::Earlier;
use super::policy::{RepeatPolicy, Rule};

/// How the risk stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Ordinary,
    Raised,
    High,
}

impl Level {
    pub const fn name(self) -> &'static str {
        match self {
            Level::Ordinary => "ordinary",
            Level::Raised => "raised",
            Level::High => "high",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Level::Ordinary => "As for any victim",
            Level::Raised => "Raised risk of repeat",
            Level::High => "High risk of repeat",
        }
    }
}

/// The risk of repeat, for a caller to weigh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Risk {
    pub level: Level,
    pub points: i64,
    /// Why, with the points each gives, strongest first.
    pub reasons: Vec<(String, i64)>,
}

/// A report of the call.
pub struct Current<'a> {
    pub code: &'a str,
    pub report: &'a Report,
}

/// Weighs what is known about a victim at a time.
pub fn risk(
    policy: &RepeatPolicy,
    current: &[Current<'_>],
    earlier: &[Earlier],
    now: Timestamp,
) -> Risk {
    let since = now.plus_days(-policy.window_days);
    let recent: Vec<&Earlier> = earlier.iter().filter(|e| e.received_at >= since).collect();
    let codes = current.iter().map(|c| c.code);
    let codes: Vec<&str> = codes
        .chain(recent.iter().map(|e| e.code.as_str()))
        .collect();
    let mut by_code: BTreeMap<&str, usize> = BTreeMap::new();
    for code in codes.iter().filter(|c| !c.is_empty()) {
        *by_code.entry(code).or_default() += 1;
    }
    let known = Known {
        others: codes.len().saturating_sub(1),
        same: by_code.values().max().map_or(0, |most| most - 1),
        current,
        earlier,
    };
    let mut reasons: Vec<(String, i64)> = policy
        .rules
        .iter()
        .filter(|rule| known.meets(rule))
        .map(|rule| (rule.because.clone(), rule.points))
        .collect();
    reasons.sort_by_key(|(_, points)| std::cmp::Reverse(*points));
    let points = reasons.iter().map(|(_, points)| points).sum();
    let level = if points >= policy.high_from {
        Level::High
    } else if points >= policy.raised_from {
        Level::Raised
    } else {
        Level::Ordinary
    };
    Risk {
        level,
        points,
        reasons,
    }
}

struct Known<'a> {
    others: usize,
    same: usize,
    current: &'a [Current<'a>],
    earlier: &'a [Earlier],
}

impl Known<'_> {
    fn meets(&self, rule: &Rule) -> bool {
        let reaches = |count: usize, least: Option<u32>| {
            least.is_some_and(|least| u32::try_from(count).is_ok_and(|n| n >= least))
        };
        let any = |test: &dyn Fn(&Current<'_>) -> bool| self.current.iter().any(test);
        let said_yes = |question: &String, c: &Current<'_>| {
            let answer = c.report.answers.get(question);
            answer.is_some_and(|a| a == "yes")
        };
        reaches(self.others, rule.other_reports)
            || reaches(self.same, rule.same_crime)
            || any(&|c| rule.codes.iter().any(|code| code == c.code))
            || any(&|c| rule.markers.iter().any(|m| c.report.markers.contains(m)))
            || any(&|c| rule.answers.iter().any(|q| said_yes(q, c)))
            || self
                .earlier
                .iter()
                .any(|e| rule.earlier_ended.iter().any(|line| line == e.line.name()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::victim_care::duty::Line;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn policy() -> RepeatPolicy {
        let text = include_str!("../../../../policy/protect/repeat-victims.toml");
        toml::from_str(text).unwrap()
    }

    fn earlier(code: &str, received: &str, line: Line) -> Earlier {
        Earlier {
            report: record::ids::ReportId(uuid::Uuid::nil()),
            item: None,
            reference: "R-0".to_owned(),
            title: String::new(),
            code: code.to_owned(),
            received_at: at(received),
            line,
            ended_at: None,
        }
    }

    #[test]
    fn the_shipped_rules_weigh_what_is_known() {
        let (policy, now) = (policy(), at("2026-11-23T12:00:00Z"));
        let mut report: Report = serde_json::from_value(serde_json::json!({
            "reference": "R-1", "source": "test", "feed": "victim_list",
            "received_at": "2026-11-23T09:00:00Z"
        }))
        .unwrap();
        let one = |report: &Report, code: &str, held: &[Earlier]| {
            risk(&policy, &[Current { code, report }], held, now)
        };
        let alone = one(&report, "NFIB3A", &[]);
        assert_eq!((alone.level, alone.points), (Level::Ordinary, 0));
        let before = [earlier("NFIB3A", "2026-06-01T09:00:00Z", Line::Declined)];
        let again = one(&report, "NFIB3A", &before);
        assert!(again.level >= Level::Raised, "{again:?}");
        let other = one(&report, "NFIB1A", &before);
        assert!(other.points < again.points, "another crime weighs less");
        let long_ago = [earlier("NFIB3A", "2024-06-01T09:00:00Z", Line::Advised)];
        assert_eq!(one(&report, "NFIB3A", &long_ago).points, 0);
        report
            .answers
            .insert("still_in_contact".to_owned(), "yes".to_owned());
        let high = one(&report, "NFIB1E", &before);
        assert_eq!(high.level, Level::High, "{high:?}");
        assert!(
            high.reasons
                .is_sorted_by_key(|(_, points)| std::cmp::Reverse(*points))
        );
    }
}
