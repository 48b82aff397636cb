//! The scoring itself. Same inputs and table give the same proposal, always.

use record::report::CrimeClass;
use record::work::{Priority, Reason};
use serde::{Deserialize, Serialize};

use super::condition::first;
use super::facts::Facts;
use super::policy::{AcceptanceGroup, Band, FactorTable, TriagePolicy};

/// A sum of points with its band and every reason behind it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Score {
    pub points: i64,
    pub band: String,
    pub reasons: Vec<Reason>,
    /// Factors nobody has answered: they score nothing and lower the confidence shown.
    pub unknown: Vec<String>,
    /// Share of factors answered, 0 to 100.
    pub confidence: i64,
    /// What made the band high whatever the sum.
    pub overridden_by: Option<String>,
    /// Processes the answers start, such as `threat_to_life_process`.
    pub actions: Vec<String>,
}

/// One of the five groups of acceptance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    pub id: String,
    /// After the cap.
    pub points: i64,
    pub reasons: Vec<Reason>,
}

/// What triage proposes. A person decides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// Digest of the policy file used.
    pub policy: String,
    pub class: CrimeClass,
    /// `default` from the code, or `proposed` from how contact and payment were made.
    pub class_source: String,
    pub vulnerability: Score,
    pub solvability: Score,
    pub acceptance_points: i64,
    pub acceptance_band: String,
    pub acceptance: Vec<Group>,
    pub must_accept: Vec<String>,
    pub must_refer: Vec<String>,
    pub severity: Priority,
    pub severity_reason: String,
    pub route: String,
    pub route_reason: String,
    pub repeat_victim: bool,
}

/// Proposes for one report. Pure: facts and policy in, proposal out.
pub fn propose(policy: &TriagePolicy, digest: &str, facts: &Facts, class: CrimeClass) -> Proposal {
    let vulnerability = table(&policy.vulnerability, facts);
    let solvability = table(&policy.solvability, facts);
    let mut facts = facts.clone();
    facts.add(format!("vulnerability:{}", vulnerability.band));
    facts.add(format!("solvability:{}", solvability.band));
    let (proposed_class, class_source) = if class == CrimeClass::CaseByCase {
        (policy.class.propose(&facts), "proposed")
    } else {
        (class, "default")
    };
    facts.add(format!("class:{}", proposed_class.name()));
    let repeat_victim = facts.number("earlier_reports").unwrap_or(0.0) + 1.0
        >= f64::from(policy.repeat_victim.repeat_min)
        || policy
            .repeat_victim
            .always_flag_codes
            .iter()
            .any(|c| facts.has(&format!("code:{c}")));
    if repeat_victim {
        facts.add("victim:repeat");
    }
    let groups: Vec<Group> = policy
        .acceptance
        .groups
        .iter()
        .map(|g| {
            group(
                g,
                policy.acceptance.group_max,
                &facts,
                &vulnerability,
                &solvability,
            )
        })
        .collect();
    let points = groups.iter().map(|g| g.points).sum();
    let rules = |rules: &[super::policy::Rule], facts: &Facts| -> Vec<String> {
        rules
            .iter()
            .filter(|r| first(&r.when, facts).is_some())
            .map(|r| r.id.clone())
            .collect()
    };
    let must_accept = rules(&policy.acceptance.must_accept, &facts);
    let must_refer = rules(&policy.acceptance.must_refer, &facts);
    let top = policy
        .acceptance
        .bands
        .first()
        .map(|b| b.name.clone())
        .unwrap_or_default();
    let acceptance_band = if must_accept.is_empty() {
        band(&policy.acceptance.bands, points)
    } else {
        top
    };
    facts.add(format!("acceptance:{acceptance_band}"));
    for rule in &must_accept {
        facts.add(format!("must_accept:{rule}"));
    }
    for rule in &must_refer {
        facts.add(format!("must_refer:{rule}"));
        facts.add("must_refer:any");
    }
    let (severity, severity_reason) = severity(policy, &facts);
    facts.add(format!("severity:{}", severity.name()));
    let (route, route_reason) = route(policy, &facts);
    Proposal {
        policy: digest.to_owned(),
        class: proposed_class,
        class_source: class_source.to_owned(),
        vulnerability,
        solvability,
        acceptance_points: points,
        acceptance_band,
        acceptance: groups,
        must_accept,
        must_refer,
        severity,
        severity_reason,
        route,
        route_reason,
        repeat_victim,
    }
}

fn band(bands: &[Band], points: i64) -> String {
    bands
        .iter()
        .find(|b| points >= b.min)
        .or(bands.last())
        .map(|b| b.name.clone())
        .unwrap_or_default()
}

fn table(table: &FactorTable, facts: &Facts) -> Score {
    let mut score = Score::default();
    for factor in &table.factor {
        let asked = facts
            .answer(&factor.id)
            .filter(|a| factor.points.contains_key(*a));
        let derived = || {
            factor
                .derive
                .iter()
                .find(|d| d.when.holds(facts))
                .map(|d| (d.answer.as_str(), d.when.text().to_owned()))
        };
        let Some((answer, source)) = asked.map(|a| (a, "answered".to_owned())).or_else(derived)
        else {
            score.unknown.push(factor.id.clone());
            continue;
        };
        let points = factor.points.get(answer).copied().unwrap_or(0);
        if factor.override_high.iter().any(|a| a == answer) {
            score.overridden_by.get_or_insert_with(|| factor.id.clone());
        }
        if points > 0
            && let Some(action) = &factor.action
        {
            score.actions.push(action.clone());
        }
        score.points += points;
        if points != 0 {
            score.reasons.push(Reason {
                factor: factor.id.clone(),
                value: answer.to_owned(),
                points,
                source,
            });
        }
    }
    let asked = table.factor.len().max(1);
    let known = asked - score.unknown.len().min(asked);
    score.confidence = i64::try_from(known * 100 / asked).unwrap_or(0);
    score.band = match (&score.overridden_by, table.bands.first()) {
        (Some(_), Some(highest)) => highest.name.clone(),
        _ => band(&table.bands, score.points),
    };
    score
}

fn group(
    group: &AcceptanceGroup,
    most: i64,
    facts: &Facts,
    vulnerability: &Score,
    solvability: &Score,
) -> Group {
    let mut reasons = Vec::new();
    let mut reason = |factor: &str, value: String, points: i64, source: &str| {
        if points != 0 {
            reasons.push(Reason {
                factor: format!("{}.{factor}", group.id),
                value,
                points,
                source: source.to_owned(),
            });
        }
    };
    for steps in &group.steps {
        if let Some(n) = facts.number(&steps.number) {
            let points = steps
                .points
                .iter()
                .filter(|s| n >= s.min)
                .map(|s| s.points)
                .max();
            reason(
                &steps.id,
                format!("{n}"),
                points.unwrap_or(0),
                &steps.number,
            );
        }
    }
    for scored in &group.score {
        if let Some(condition) = first(&scored.when, facts) {
            reason(
                &scored.id,
                "yes".to_owned(),
                scored.points,
                condition.text(),
            );
        }
    }
    if let Some(points) = group.from_band.get(&solvability.band) {
        reason(
            "from_band",
            solvability.band.clone(),
            *points,
            "solvability",
        );
    }
    if vulnerability.band == "high" {
        reason(
            "any_high_vulnerability",
            "high".to_owned(),
            group.any_high_vulnerability,
            "vulnerability",
        );
    }
    let points = reasons.iter().map(|r| r.points).sum::<i64>().min(most);
    Group {
        id: group.id.clone(),
        points,
        reasons,
    }
}

fn severity(policy: &TriagePolicy, facts: &Facts) -> (Priority, String) {
    if let Some(condition) = first(&policy.severity.high, facts) {
        return (Priority::High, condition.text().to_owned());
    }
    if let Some(condition) = first(&policy.severity.medium, facts) {
        return (Priority::Medium, condition.text().to_owned());
    }
    (
        Priority::Standard,
        "no rule for high or medium holds".to_owned(),
    )
}

fn route(policy: &TriagePolicy, facts: &Facts) -> (String, String) {
    for route in &policy.routes {
        if route.when.is_empty() {
            return (route.id.clone(), "no other route holds".to_owned());
        }
        if let Some(condition) = first(&route.when, facts) {
            return (route.id.clone(), condition.text().to_owned());
        }
    }
    // The policy's check makes sure that the last route has no condition.
    (String::new(), String::new())
}
