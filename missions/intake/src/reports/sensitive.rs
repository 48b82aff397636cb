//! Answers that are sensitive processing (Data Protection Act 2018, s.35): taken out of whatever is
//! shown to somebody who may not see them.

use std::collections::BTreeSet;

use record::report::Report;

use crate::receive::Desk;
use crate::triage::{Proposal, Score};

/// Ids of the factors the policy calls sensitive.
pub fn factors(desk: &Desk) -> BTreeSet<&str> {
    let policy = &desk.triage.policy;
    policy
        .vulnerability
        .factor
        .iter()
        .chain(&policy.solvability.factor)
        .filter(|f| f.sensitive)
        .map(|f| f.id.as_str())
        .collect()
}

/// Whether the report or its proposal holds a sensitive answer at all.
pub fn held(desk: &Desk, report: &Report, proposal: Option<&Proposal>) -> bool {
    let sensitive = factors(desk);
    let answered = report
        .answers
        .keys()
        .any(|a| sensitive.contains(a.as_str()));
    answered
        || proposal.is_some_and(|p| {
            p.vulnerability
                .reasons
                .iter()
                .any(|r| sensitive.contains(r.factor.as_str()))
        })
}

/// Takes sensitive answers, and what would tell them, out of a report and its proposal.
pub fn withhold(desk: &Desk, report: &mut Report, proposal: Option<&mut Proposal>) {
    let sensitive = factors(desk);
    report
        .answers
        .retain(|a, _| !sensitive.contains(a.as_str()));
    let Some(proposal) = proposal else { return };
    for score in [&mut proposal.vulnerability, &mut proposal.solvability] {
        withhold_score(desk, &sensitive, score);
    }
    for text in [&mut proposal.severity_reason, &mut proposal.route_reason] {
        if sensitive.iter().any(|s| text.contains(s)) {
            "a reason not shown to your role".clone_into(text);
        }
    }
}

fn withhold_score(desk: &Desk, sensitive: &BTreeSet<&str>, score: &mut Score) {
    score
        .reasons
        .retain(|r| !sensitive.contains(r.factor.as_str()));
    score.unknown.retain(|u| !sensitive.contains(u.as_str()));
    if score
        .overridden_by
        .as_deref()
        .is_some_and(|o| sensitive.contains(o))
    {
        score.overridden_by = None;
    }
    let policy = &desk.triage.policy;
    let told: BTreeSet<&str> = policy
        .vulnerability
        .factor
        .iter()
        .filter(|f| f.sensitive)
        .filter_map(|f| f.action.as_deref())
        .collect();
    score.actions.retain(|a| !told.contains(a.as_str()));
    // The sum would tell what the lines no longer do.
    score.points = score.reasons.iter().map(|r| r.points).sum();
}
