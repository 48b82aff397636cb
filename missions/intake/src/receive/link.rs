//! Linking one report against what is held: people by probability, values exactly.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use record::ids::{NetworkId, ObservableId, PersonId, ReportId};
use record::report::CrimeClass;
use record::time::Timestamp;
use store::Tx;

use super::held::{Held, HeldNetwork, HeldValue};
use super::persons::{LinkedMention, link_mention};
use super::ready::{OFFENDER, SUSPECT};
use super::{Desk, Ready};
use crate::triage::{Facts, Links, Proposal, propose};

/// What linking and triage made of one report.
pub(super) struct Linked {
    pub mentions: Vec<LinkedMention>,
    /// Observable and index into the report's own list; none for the suspect's nominal.
    pub sightings: Vec<(ObservableId, Option<usize>)>,
    pub class: CrimeClass,
    pub proposal: Proposal,
}

pub(super) fn link(
    tx: &Tx<'_>,
    desk: &Desk,
    held: &mut Held,
    id: ReportId,
    ready: &Ready,
) -> Linked {
    let at = ready.report.received_at;
    held.total += 1;
    held.report_networks.insert(id, None);
    let mentions: Vec<LinkedMention> = ready
        .mentions
        .iter()
        .map(|mention| link_mention(tx, desk, held, mention, at))
        .collect();
    let victim = mentions.first().map(|m| m.person);
    let family = ready
        .report
        .nfib_code
        .as_deref()
        .and_then(|c| desk.codes.get(c))
        .map(|c| c.family.clone())
        .unwrap_or_default();
    let (earlier, same_family) = earlier_reports(desk, held, victim, at, &family);
    let mut sightings = Vec::with_capacity(ready.observables.len() + 1);
    let mut pivots: BTreeMap<ObservableId, (String, String)> = BTreeMap::new();
    for (i, seen) in ready.observables.iter().enumerate() {
        let key = (seen.value.clone(), seen.kind.to_owned());
        let value = sight(tx, held, &key, at);
        sightings.push((value, Some(i)));
        if seen.role == OFFENDER {
            pivots.insert(value, key);
        }
    }
    for (mention, ready) in mentions.iter().zip(&ready.mentions) {
        if ready.role == SUSPECT {
            let key = (mention.person.to_string(), "nominal".to_owned());
            let value = sight(tx, held, &key, at);
            sightings.push((value, None));
            pivots.insert(value, key);
        }
    }
    join(tx, desk, held, id, at, &pivots);
    if let Some(person) = victim.and_then(|p| held.persons.get_mut(&p)) {
        person.earlier.push((at, family));
    }
    let links = Links {
        network_reports: network_size(held, id),
        earlier_reports: earlier,
        earlier_same_family: same_family,
        kinds: ready
            .observables
            .iter()
            .filter(|o| o.role == OFFENDER)
            .map(|o| o.kind)
            .collect::<BTreeSet<_>>(),
        uk_account: ready.observables.iter().any(|o| {
            o.role == OFFENDER
                && (o.kind == "uk_bank_account" || (o.kind == "iban" && o.value.starts_with("GB")))
        }),
    };
    let code = ready
        .report
        .nfib_code
        .as_deref()
        .and_then(|c| desk.codes.get(c));
    let facts = Facts::of(&ready.report, code, &links);
    let class = code.map_or(CrimeClass::Unknown, |c| c.default_class);
    let proposal = propose(&desk.triage.policy, &desk.triage.digest, &facts, class);
    Linked {
        mentions,
        sightings,
        class: proposal.class,
        proposal,
    }
}

fn earlier_reports(
    desk: &Desk,
    held: &Held,
    victim: Option<PersonId>,
    at: Timestamp,
    family: &str,
) -> (u32, u32) {
    let Some(person) = victim.and_then(|p| held.persons.get(&p)) else {
        return (0, 0);
    };
    let from = at.plus_days(-desk.triage.policy.repeat_victim.window_days);
    let within = person
        .earlier
        .iter()
        .filter(|(when, _)| *when >= from && *when <= at);
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    (
        count(within.clone().count()),
        count(
            within
                .filter(|(_, f)| !family.is_empty() && f == family)
                .count(),
        ),
    )
}

/// Finds or makes the row of a value.
fn sight(tx: &Tx<'_>, held: &mut Held, key: &(String, String), at: Timestamp) -> ObservableId {
    let value = held.values.entry(key.clone()).or_insert_with(|| HeldValue {
        id: ObservableId(tx.id()),
        reports: 0,
        joins: true,
        first_report: None,
        first_at: at,
        last_at: at,
        new: true,
        changed: true,
    });
    value.first_at = value.first_at.min(at);
    value.last_at = value.last_at.max(at);
    value.changed = true;
    value.id
}

/// Draws the report into the network its telling values belong to, merging networks it connects.
fn join(
    tx: &Tx<'_>,
    desk: &Desk,
    held: &mut Held,
    id: ReportId,
    at: Timestamp,
    pivots: &BTreeMap<ObservableId, (String, String)>,
) {
    let mut others: Vec<ReportId> = Vec::new();
    let (mut common, mut due) = (Vec::new(), Vec::new());
    for (value_id, key) in pivots {
        let total = held.total;
        let Some(value) = held.values.get_mut(key) else {
            continue;
        };
        value.reports += 1;
        let joins = desk.worth(&key.1, total, value.reports) >= desk.linking.policy.join_at;
        if value.joins && !joins && value.reports > 1 {
            common.push(*value_id);
        }
        // Once common, always common: a value never turns back into evidence by waiting.
        value.joins = joins && (value.new || value.joins);
        if value.joins && crate::common::is_due(desk.linking.policy.common.from, value.reports) {
            due.push((*value_id, value.reports));
        }
        match value.first_report {
            Some(first) if value.joins => others.push(first),
            Some(_) => {}
            None => value.first_report = Some(id),
        }
    }
    for value in common {
        held.note_common(value);
    }
    for (value, reports) in due {
        held.note_due(value, reports);
    }
    others.retain(|o| *o != id);
    if others.is_empty() {
        return;
    }
    let network = gather(tx, held, &others, at);
    held.report_networks.insert(id, Some(network));
    if let Some(known) = held.networks.get_mut(&network) {
        known.reports += 1;
        known.first_at = known.first_at.min(at);
        known.last_at = known.last_at.max(at);
        known.changed = true;
    }
}

/// One network for all these reports: the one they have, the largest of several, or a new one.
fn gather(tx: &Tx<'_>, held: &mut Held, others: &[ReportId], at: Timestamp) -> NetworkId {
    let mut found: HashMap<NetworkId, i64> = HashMap::new();
    let mut loose = BTreeSet::new();
    for other in others {
        match held.report_networks.get(other).copied().flatten() {
            Some(network) => {
                let live = held.live(network);
                let size = held.networks.get(&live).map_or(0, |n| n.reports);
                found.insert(live, size);
            }
            None => {
                loose.insert(*other);
            }
        }
    }
    let kept = found
        .iter()
        .max_by_key(|(id, size)| (**size, std::cmp::Reverse(**id)))
        .map(|(id, _)| *id);
    let network = kept.unwrap_or_else(|| {
        let new = NetworkId(tx.id());
        let empty = HeldNetwork {
            reports: 0,
            first_at: at,
            last_at: at,
            new: true,
            changed: true,
            merged_into: None,
        };
        held.networks.insert(new, empty);
        new
    });
    for (merged, size) in found.into_iter().filter(|(id, _)| *id != network) {
        let (first_at, last_at) = held
            .networks
            .get(&merged)
            .map_or((at, at), |n| (n.first_at, n.last_at));
        if let Some(gone) = held.networks.get_mut(&merged) {
            gone.merged_into = Some(network);
            gone.reports = 0;
            gone.changed = true;
        }
        if let Some(kept) = held.networks.get_mut(&network) {
            kept.reports += size;
            kept.first_at = kept.first_at.min(first_at);
            kept.last_at = kept.last_at.max(last_at);
            kept.changed = true;
        }
        held.merges.push((merged, network));
    }
    for report in loose {
        held.report_networks.insert(report, Some(network));
        held.joined.push((report, network));
        if let Some(kept) = held.networks.get_mut(&network) {
            kept.reports += 1;
            kept.changed = true;
        }
    }
    network
}

fn network_size(held: &Held, id: ReportId) -> u32 {
    held.report_networks
        .get(&id)
        .copied()
        .flatten()
        .and_then(|n| held.networks.get(&held.live(n)))
        .map_or(0, |n| u32::try_from(n.reports).unwrap_or(u32::MAX))
}
