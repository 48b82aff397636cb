//! Linking one report against what is held: people by probability, values exactly.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use linkage::Band;
use record::ids::{MentionId, NetworkId, ObservableId, PersonId, ReportId};
use record::report::CrimeClass;
use record::time::Timestamp;
use serde::{Deserialize, Serialize};
use store::Tx;

use super::held::{Held, HeldMention, HeldNetwork, HeldPerson, HeldValue};
use super::ready::{OFFENDER, SUSPECT, VICTIM};
use super::{Desk, Ready, ReadyMention};
use crate::triage::{Facts, Links, Proposal, propose};

/// Most links to other people kept for review, beside the one that was taken.
const MOST_REVIEWS: usize = 5;

/// Why two descriptions of a person are held to be of one: a line of the waterfall.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WeightPart {
    pub comparison: String,
    pub level: String,
    /// Bits; negative speaks against.
    pub weight: f64,
}

/// A link between two mentions.
pub(super) struct MentionLink {
    pub other: MentionId,
    pub weight: f64,
    pub band: &'static str,
    pub parts: Vec<WeightPart>,
}

pub(super) struct LinkedMention {
    pub id: MentionId,
    pub person: PersonId,
    pub links: Vec<MentionLink>,
}

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

/// Draws a mention to the person it most probably is, or makes a new one.
fn link_mention(
    tx: &Tx<'_>,
    desk: &Desk,
    held: &mut Held,
    mention: &ReadyMention,
    at: Timestamp,
) -> LinkedMention {
    let id = MentionId(tx.id());
    let mut scored = candidates(desk, held, mention);
    scored.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.other.cmp(&b.other)));
    // Across roles a link is only ever proposed: a victim who may be a suspect is for a person.
    let person = scored.iter().find_map(|s| {
        let other = held.mentions.get(&s.other)?;
        (s.band == "link" && other.role == mention.role).then_some(other.person)
    });
    let mut seen = BTreeSet::new();
    let mut links = Vec::new();
    for mut link in scored {
        let Some(other) = held.mentions.get(&link.other) else {
            continue;
        };
        if !seen.insert(other.person) || links.len() > MOST_REVIEWS {
            continue;
        }
        if Some(other.person) != person {
            link.band = "review";
        }
        links.push(link);
    }
    let is_victim = mention.role == VICTIM;
    let person = match person {
        Some(person) => person,
        None => {
            let new = PersonId(tx.id());
            held.persons.insert(
                new,
                HeldPerson {
                    reports: 0,
                    first_at: at,
                    last_at: at,
                    label: mention.label.clone(),
                    kind: mention.kind,
                    earlier: Vec::new(),
                    changed: true,
                },
            );
            new
        }
    };
    if let Some(known) = held.persons.get_mut(&person) {
        if is_victim {
            known.reports += 1;
        }
        known.first_at = known.first_at.min(at);
        known.last_at = known.last_at.max(at);
        known.changed = true;
    }
    remember(desk, held, id, person, mention);
    LinkedMention { id, person, links }
}

fn candidates(desk: &Desk, held: &Held, mention: &ReadyMention) -> Vec<MentionLink> {
    let model = desk.model(mention.kind);
    let mut tried = BTreeSet::new();
    let mut scored = Vec::new();
    for key in &mention.keys {
        for other in held.keys.get(key).into_iter().flatten() {
            if !tried.insert(*other) {
                continue;
            }
            let Some(other) = held.mentions.get(other) else {
                continue;
            };
            if other.kind != mention.kind {
                continue;
            }
            let compared = model.compare(&mention.prepared, &other.prepared, &held.names);
            let band = match model.band(compared.weight) {
                Band::Apart => continue,
                Band::Review => "review",
                Band::Link => "link",
            };
            let mut parts = vec![WeightPart {
                comparison: "prior".to_owned(),
                level: "two people picked at random".to_owned(),
                weight: model.prior_weight(),
            }];
            parts.extend(
                compared
                    .parts
                    .iter()
                    .filter(|p| p.level != "missing")
                    .map(|p| WeightPart {
                        comparison: p.comparison.to_owned(),
                        level: p.level.to_owned(),
                        weight: p.weight,
                    }),
            );
            parts.extend(compared.ceiling.map(|c| WeightPart {
                comparison: "ceiling".to_owned(),
                level: c.name.to_owned(),
                weight: c.taken,
            }));
            scored.push(MentionLink {
                other: other.id,
                weight: compared.weight,
                band,
                parts,
            });
        }
    }
    scored
}

/// Makes the mention findable by later reports. A person is entered under a key once; a key that
/// many share is full and takes no more: it no longer tells people apart.
fn remember(desk: &Desk, held: &mut Held, id: MentionId, person: PersonId, mention: &ReadyMention) {
    let most = desk.linking.policy.most_under_key;
    for key in &mention.keys {
        let under = held.keys.entry(*key).or_default();
        let mentions = &held.mentions;
        let there = under
            .iter()
            .any(|m| mentions.get(m).is_some_and(|m| m.person == person));
        if under.len() < most && !there {
            under.push(id);
            held.new_keys.push((*key, id));
        }
    }
    for (column, value) in &mention.names {
        let key = (value.clone(), (*column).to_owned());
        *held.names.counts.entry(key.clone()).or_default() += 1;
        *held.names.added.entry(key).or_default() += 1;
    }
    held.mentions.insert(
        id,
        HeldMention {
            id,
            person,
            role: mention.role.to_owned(),
            kind: mention.kind,
            prepared: mention.prepared.clone(),
        },
    );
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
