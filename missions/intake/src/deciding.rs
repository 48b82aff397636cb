//! Deciding: a person confirms what triage proposed, or overrides it and says why.
//!
//! *What it does*: keeps the decision beside the proposal, gives the report its class, closes the
//! triage item and leaves the report with the unit its route names. *Who uses it*: triage officers
//! and detective inspectors, from the inbox. *References*: the triage reference, sections 6 to 8 and
//! 10; commitment GEN-07; Data Protection Act 2018, s.49 (a person decides).
//!
//! Invariants
//! - A value other than the proposed one needs a reason of [`SHORTEST_REASON`] characters.
//! - No report leaves triage without a class.
//! - Nothing changes unless the item is as the person saw it.

use std::collections::{BTreeMap, HashMap};

use record::ids::{ReportId, WorkItemId};
use record::measure::{Measure, Window};
use record::policy::{Files, PolicyError};
use record::report::{CrimeClass, Feed};
use record::work::{NewWorkItem, WorkItem};
use store::{Conn, Entry, Error, OnConflict, Result, Sql, Tx, Value, work};
use web::Capability;

use crate::queues;
use crate::receive::Desk;
use crate::triage::{Band, Proposal, Route, TriagePolicy};

/// Fewest characters of a reason for an override.
pub const SHORTEST_REASON: usize = 10;
/// Most characters of a reason.
pub const LONGEST_REASON: usize = 2_000;
/// Reports looked up in one statement.
const PART: usize = 512;

const COLUMNS: &[&str] = &[
    "id",
    "report",
    "at",
    "author",
    "author_name",
    "class",
    "vulnerability",
    "acceptance",
    "route",
    "overridden",
    "reason",
];

/// GEN-07: every report has a class.
pub const CLASSIFIED: Measure = Measure {
    commitment: "GEN-07",
    name: "Classified crimes",
    version: 1,
    window: Window::Month,
    lag_days: 7,
    target: Some(100.0),
    cohort: "select r.id as subject, r.received_at as at, \
        case when r.class in ('cyber_dependent', 'cyber_enabled', 'not_cyber') then 1 else 0 end as met, \
        case r.class when 'cyber_dependent' then 'cyber-dependent' \
          when 'cyber_enabled' then 'cyber-enabled' when 'not_cyber' then 'not cyber' \
          when 'case_by_case' then 'case by case, not yet decided' else 'unknown' end as line, \
        0 as excluded, r.reference as label, r.marking as marking, r.compartment as compartment \
        from intake_report r",
    meaning: "Of the reports received in the month, those whose class is known: cyber-dependent, \
        cyber-enabled or not cyber.",
};

/// What a person decided about a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub class: CrimeClass,
    /// Band of the policy's vulnerability table.
    pub vulnerability: String,
    /// Band of the policy's acceptance table.
    pub acceptance: String,
    /// Id of one of the policy's routes.
    pub route: String,
    /// Why; needed when anything differs from the proposal.
    pub reason: String,
}

impl Decision {
    /// The proposal, confirmed. A class still open must be chosen by a person.
    pub fn as_proposed(proposal: &Proposal) -> Decision {
        Decision {
            class: proposal.class,
            vulnerability: proposal.vulnerability.band.clone(),
            acceptance: proposal.acceptance_band.clone(),
            route: proposal.route.clone(),
            reason: String::new(),
        }
    }

    /// Whether any value differs from what was proposed. A class left open proposes nothing, so that
    /// choosing one overrides nothing.
    pub fn overrides(&self, proposal: &Proposal) -> bool {
        let proposed = Decision::as_proposed(proposal);
        (proposed.class.is_decided() && self.class != proposed.class)
            || self.vulnerability != proposed.vulnerability
            || self.acceptance != proposed.acceptance
            || self.route != proposed.route
    }

    /// Whether a report proposed for the highest acceptance band is put below it, or is sent where
    /// no queue takes it up. That is a detective inspector's to decide (PURSUE-04).
    pub fn lowers(&self, policy: &TriagePolicy, proposal: &Proposal) -> bool {
        let Some(top) = policy.acceptance.bands.first() else {
            return false;
        };
        let away = self.route != proposal.route
            && policy.route(&self.route).is_none_or(|r| r.queue.is_none());
        proposal.acceptance_band == top.name && (self.acceptance != top.name || away)
    }

    /// What is wrong with it: field and remedy. Empty when it can be kept.
    pub fn faults(
        &self,
        policy: &TriagePolicy,
        proposal: &Proposal,
    ) -> Vec<(&'static str, String)> {
        let named = |bands: &[Band], name: &str| bands.iter().any(|b| b.name == name);
        let mut faults = Vec::new();
        if !self.class.is_decided() {
            let remedy = "Choose whether the crime is cyber-dependent, cyber-enabled or not cyber";
            faults.push(("class", remedy.to_owned()));
        }
        if !named(&policy.vulnerability.bands, &self.vulnerability) {
            faults.push(("vulnerability", "Choose a vulnerability band".to_owned()));
        }
        if !named(&policy.acceptance.bands, &self.acceptance) {
            faults.push(("acceptance", "Choose an acceptance band".to_owned()));
        }
        if policy.route(&self.route).is_none() {
            faults.push(("route", "Choose where the report goes".to_owned()));
        }
        let length = self.reason.trim().chars().count();
        if self.overrides(proposal) && length < SHORTEST_REASON {
            let remedy = format!(
                "Say why you decided otherwise than proposed, in at least {SHORTEST_REASON} characters"
            );
            faults.push(("reason", remedy));
        }
        if length > LONGEST_REASON {
            let remedy = format!("Shorten the reason to {LONGEST_REASON} characters");
            faults.push(("reason", remedy));
        }
        faults
    }
}

/// Why a proposal cannot be confirmed unread, together with others; none when it can.
///
/// A repeat victim's report is never filed without somebody having looked at it (triage reference,
/// section 10, test 6), and a class that is open needs a person's choice.
pub fn needs_a_look(policy: &TriagePolicy, proposal: &Proposal) -> Option<&'static str> {
    if !proposal.class.is_decided() {
        return Some("its class has to be chosen");
    }
    let filed = policy
        .route(&proposal.route)
        .is_none_or(|r| r.queue.is_none());
    if proposal.repeat_victim && filed {
        return Some("it is a repeat victim's report and would be filed");
    }
    None
}

/// The proposals for these reports.
pub async fn proposals(
    conn: &mut Conn<'_>,
    reports: &[ReportId],
) -> Result<HashMap<ReportId, Proposal>> {
    let mut found = HashMap::with_capacity(reports.len());
    for part in reports.chunks(PART) {
        let sql = Sql::new("select report, proposal from intake_triage where")
            .within(" report in", part.iter().map(|r| Value::from(*r)));
        for row in conn.rows(sql).await? {
            found.insert(row.get("report")?, row.json("proposal")?);
        }
    }
    Ok(found)
}

/// Keeps one decision. `version` is the item's as the person saw it.
pub async fn decide(
    tx: &mut Tx<'_>,
    desk: &Desk,
    item: &WorkItem,
    version: i64,
    decision: Decision,
) -> Result<()> {
    let seen = WorkItem {
        version,
        ..item.clone()
    };
    decide_many(tx, desk, &[(seen, decision)]).await
}

/// Keeps many decisions of one person. All are kept, or none.
pub async fn decide_many(
    tx: &mut Tx<'_>,
    desk: &Desk,
    decided: &[(WorkItem, Decision)],
) -> Result<()> {
    let policy = &desk.triage.policy;
    let reports: Vec<ReportId> = decided.iter().map(|(item, _)| item.subject).collect();
    let proposals = proposals(tx, &reports).await?;
    let (mut rows, mut left) = (Vec::with_capacity(decided.len()), Vec::new());
    let mut values: BTreeMap<(&str, &str, &str), Vec<ReportId>> = BTreeMap::new();
    for (item, decision) in decided {
        let proposal = proposals.get(&item.subject).ok_or(Error::NotFound)?;
        if item.queue != queues::TRIAGE {
            return Err(Error::invalid("only a report in triage can be decided"));
        }
        if let Some((_, remedy)) = decision.faults(policy, proposal).into_iter().next() {
            return Err(Error::Invalid(remedy));
        }
        let overridden = decision.overrides(proposal);
        rows.push(row(tx, item.subject, decision, overridden));
        values
            .entry((
                decision.class.name(),
                &decision.vulnerability,
                &decision.acceptance,
            ))
            .or_default()
            .push(item.subject);
        if let Some(route) = policy.route(&decision.route) {
            left.extend(handed_over(tx, desk, item, decision, route)?);
        }
        tx.enter(entry(item.subject, decision, overridden));
        work::close(tx, item.id, item.version, &decision.route).await?;
    }
    tx.insert("intake_decision", COLUMNS, rows, OnConflict::Fail)
        .await?;
    for ((class, vulnerability, acceptance), reports) in values {
        for part in reports.chunks(PART) {
            let sql = Sql::new("update intake_report set class_source = 'decided', ")
                .with(
                    "class = ?, vulnerability = ?, acceptance = ? where",
                    [class.into(), vulnerability.into(), acceptance.into()],
                )
                .within(" id in", part.iter().map(|r| Value::from(*r)));
            tx.run(sql).await?;
        }
    }
    work::leave(tx, left).await
}

fn row(tx: &Tx<'_>, report: ReportId, decision: &Decision, overridden: bool) -> Vec<Value> {
    vec![
        tx.id().into(),
        report.into(),
        tx.now().into(),
        tx.grant().actor().into(),
        tx.grant().actor_name().into(),
        decision.class.name().into(),
        decision.vulnerability.as_str().into(),
        decision.acceptance.as_str().into(),
        decision.route.as_str().into(),
        overridden.into(),
        decision.reason.trim().into(),
    ]
}

/// The decision in the ledger under the report itself, whichever act led to it.
fn entry(report: ReportId, decision: &Decision, overridden: bool) -> Entry {
    Entry {
        kind: "report",
        id: report.to_string(),
        content: String::new(),
        detail: serde_json::json!({
            "class": decision.class.name(),
            "vulnerability": decision.vulnerability,
            "acceptance": decision.acceptance,
            "route": decision.route,
            "overridden": overridden,
        })
        .to_string(),
    }
}

/// The item left on the route's queue, if it has one.
fn handed_over(
    tx: &Tx<'_>,
    desk: &Desk,
    item: &WorkItem,
    decision: &Decision,
    route: &Route,
) -> Result<Option<NewWorkItem>> {
    let Some(name) = &route.queue else {
        return Ok(None);
    };
    let queue = queues::HANDED_OVER
        .into_iter()
        .find(|q| q == name)
        .ok_or_else(|| Error::invalid(format!("route {} names no queue we know", route.id)))?;
    let due_at = desk.due(item.received_at, desk.clocks().allocation);
    Ok(Some(NewWorkItem {
        id: WorkItemId(tx.id()),
        queue,
        subject: item.subject,
        about: None,
        origin: Some(item.id),
        priority: item.priority,
        band: decision.acceptance.clone(),
        feed: Feed::parse(&item.feed).unwrap_or(Feed::List),
        source: item.source.clone(),
        vulnerable: decision.vulnerability != "standard",
        network: item.network,
        received_at: item.received_at,
        due_at,
        decide_by: Some(due_at),
        unit: route.unit.clone().unwrap_or_else(|| desk.unit.clone()),
        marking: item.marking,
        compartment: item.compartment.clone(),
        summary: item.summary.clone(),
    }))
}

/// Refuses to start with a route to a queue that nobody works, or that triage cannot leave work on.
pub fn check_routes(
    files: &Files,
    capabilities: &[&'static Capability],
) -> std::result::Result<(), PolicyError> {
    let declared: Vec<&str> = capabilities
        .iter()
        .flat_map(|c| c.queues)
        .map(|q| q.name)
        .collect();
    for route in &TriagePolicy::read(files)?.policy.routes {
        let Some(queue) = route.queue.as_deref() else {
            continue;
        };
        let problem = if !declared.contains(&queue) {
            "which no capability declares"
        } else if !queues::HANDED_OVER.contains(&queue) {
            "on which triage leaves no work"
        } else {
            continue;
        };
        return Err(PolicyError::new(
            TriagePolicy::FILE,
            format!(
                "route {} names the queue {queue:?}, {problem}. Name one of: {}",
                route.id,
                queues::HANDED_OVER.join(", ")
            ),
        ));
    }
    Ok(())
}
