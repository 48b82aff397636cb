//! Draws a description to the person it most probably is.
//!
//! Candidates are the people who share a blocking key with it. A pair of descriptions of at least
//! the link threshold proposes a person, the strongest first; but the person takes it only if all
//! the descriptions that speak for them do so together: the mean of the weights, each held within 12
//! bits. So two families at one telephone, or a chain of slips, do not become one person. Whatever
//! was alike and not taken is left for review with its reason.

use std::collections::{BTreeMap, BTreeSet};

use linkage::{Band, Model, Prepared, Scored, mean_weight};
use record::ids::{MentionId, PersonId};
use record::time::Timestamp;
use serde::{Deserialize, Serialize};
use store::Tx;

use super::held::{Held, HeldMention, HeldPerson};
use super::names::Names;
use super::ready::VICTIM;
use super::sample::{Sample, Weak, why};
use super::{Desk, ReadyMention};

/// Most links to other people kept for review, beside the one that was taken.
const MOST_REVIEWS: usize = 5;

/// A pair that links two descriptions.
pub(crate) const LINK: &str = "link";
/// A pair that links two descriptions, and that somebody should look at.
pub(crate) const WEAK: &str = "weak";
/// A pair that somebody should look at.
pub(crate) const REVIEW: &str = "review";

/// Why two descriptions of a person are held to be of one: a line of the waterfall.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WeightPart {
    pub comparison: String,
    pub level: String,
    /// Bits; negative speaks against.
    pub weight: f64,
}

/// A link between two mentions.
pub(crate) struct MentionLink {
    pub other: MentionId,
    pub weight: f64,
    pub band: &'static str,
    pub why: &'static str,
    pub parts: Vec<WeightPart>,
}

pub(super) struct LinkedMention {
    pub id: MentionId,
    pub person: PersonId,
    pub links: Vec<MentionLink>,
}

/// Somebody it may be.
struct Candidate {
    person: PersonId,
    /// The strongest pair with one of their descriptions.
    best: MentionLink,
    /// The strongest pair within one role that reaches the link threshold.
    linking: Option<f64>,
    /// Whether such a pair says exactly the same.
    equal: bool,
    /// Whether the strongest pair is of a victim and a suspect.
    across: bool,
}

/// Draws a mention to the person it most probably is, or makes a new one.
pub(super) fn link_mention(
    tx: &Tx<'_>,
    desk: &Desk,
    held: &mut Held,
    mention: &ReadyMention,
    at: Timestamp,
) -> LinkedMention {
    let id = MentionId(tx.id());
    let model = desk.model(mention.kind);
    let mut found = candidates(model, held, mention);
    let fitting: BTreeSet<PersonId> = found
        .iter()
        .filter(|c| c.linking.is_some() && (c.equal || fits(desk, held, mention, c.person)))
        .map(|c| c.person)
        .collect();
    let chosen = found.iter().position(|c| fitting.contains(&c.person));
    let person = chosen.map(|at| found[at].person);
    if let Some(chosen) = chosen {
        found[..=chosen].rotate_right(1);
    }
    for candidate in &mut found {
        let bests = fitting.contains(&candidate.person);
        (candidate.best.band, candidate.best.why) = match candidate.linking {
            _ if Some(candidate.person) == person => (LINK, ""),
            Some(_) if bests => (REVIEW, why::BETTER),
            Some(_) => (REVIEW, why::OTHERS_DIFFER),
            None if candidate.across => (REVIEW, why::ROLES),
            None => (REVIEW, why::ALIKE),
        };
    }
    if let Some(person) = person {
        let more = found.iter().skip(1).filter(|c| c.linking.is_some());
        let touching: Vec<(PersonId, PersonId)> = more
            .filter(|c| are_alike(desk, held, mention, [person, c.person]))
            .map(|c| (person, c.person))
            .collect();
        held.touching.extend(touching);
    }
    let person = person.unwrap_or_else(|| new_person(tx, held, mention, at));
    if let Some(known) = held.persons.get_mut(&person) {
        known.reports += i64::from(mention.role == VICTIM);
        known.first_at = known.first_at.min(at);
        known.last_at = known.last_at.max(at);
        known.changed = true;
    }
    remember(desk, held, id, person, mention);
    let links = found.into_iter().map(|c| c.best).take(MOST_REVIEWS + 1);
    LinkedMention {
        id,
        person,
        links: links.collect(),
    }
}

fn new_person(tx: &Tx<'_>, held: &mut Held, mention: &ReadyMention, at: Timestamp) -> PersonId {
    let new = PersonId(tx.id());
    let person = HeldPerson {
        reports: 0,
        first_at: at,
        last_at: at,
        label: mention.label.clone(),
        kind: mention.kind,
        earlier: Vec::new(),
        changed: true,
    };
    held.persons.insert(new, person);
    new
}

/// The people a mention is alike to, those it may be linked to first, the strongest pair first.
fn candidates(model: &Model, held: &Held, mention: &ReadyMention) -> Vec<Candidate> {
    let under = mention.keys.iter().filter_map(|key| held.keys.get(key));
    let mut others: BTreeSet<MentionId> = under.flatten().copied().collect();
    // A person is entered under a key by one description; others may be more alike.
    let people: BTreeSet<PersonId> = others
        .iter()
        .filter_map(|id| held.mentions.get(id))
        .map(|m| m.person)
        .collect();
    let samples = people.iter().filter_map(|person| held.samples.get(person));
    others.extend(samples.flatten());
    let mut found: BTreeMap<PersonId, Candidate> = BTreeMap::new();
    for other in others.iter().filter_map(|id| held.mentions.get(id)) {
        if other.kind != mention.kind {
            continue;
        }
        let compared = model.compare(&mention.prepared, &other.prepared, &held.names);
        if model.band(compared.weight) != Band::Apart {
            enter(&mut found, model, mention, other, &compared);
        }
    }
    let mut found: Vec<Candidate> = found.into_values().collect();
    let strength = |c: &Candidate| (c.linking.unwrap_or(f64::NEG_INFINITY), c.best.weight);
    found.sort_by(|a, b| {
        let ((a_link, a_best), (b_link, b_best)) = (strength(a), strength(b));
        let by_weight = b_link.total_cmp(&a_link).then(b_best.total_cmp(&a_best));
        by_weight.then(a.best.other.cmp(&b.best.other))
    });
    found
}

/// Notes a pair of at least the review threshold with its person.
fn enter(
    found: &mut BTreeMap<PersonId, Candidate>,
    model: &Model,
    mention: &ReadyMention,
    other: &HeldMention,
    compared: &Scored<'_>,
) {
    // Across roles a link is only ever proposed: a victim who may be a suspect is for a person.
    let across = other.role != mention.role;
    let links = model.band(compared.weight) == Band::Link && !across;
    let linking = links.then_some(compared.weight);
    let equal = links && other.prepared == mention.prepared;
    let link = || MentionLink {
        other: other.id,
        weight: compared.weight,
        band: REVIEW,
        why: "",
        parts: waterfall(model, compared),
    };
    let candidate = found.entry(other.person).or_insert_with(|| Candidate {
        person: other.person,
        best: link(),
        linking,
        equal,
        across,
    });
    let stronger = (compared.weight, std::cmp::Reverse(other.id))
        > (
            candidate.best.weight,
            std::cmp::Reverse(candidate.best.other),
        );
    if stronger {
        candidate.best = link();
        candidate.across = across;
    }
    candidate.equal |= equal;
    // None is less than any weight.
    if linking > candidate.linking {
        candidate.linking = linking;
    }
}

/// How a weight came about, line by line.
pub(crate) fn waterfall(model: &Model, compared: &Scored<'_>) -> Vec<WeightPart> {
    let part = |comparison: &str, level: &str, weight| WeightPart {
        comparison: comparison.to_owned(),
        level: level.to_owned(),
        weight,
    };
    let prior = part("prior", "two people picked at random", model.prior_weight());
    let given = compared.parts.iter().filter(|p| p.level != "missing");
    let ceiling = compared.ceiling.iter();
    std::iter::once(prior)
        .chain(given.map(|p| part(p.comparison, p.level, p.weight)))
        .chain(ceiling.map(|c| part("ceiling", c.name, c.taken)))
        .collect()
}

/// Whether those who speak for a person are on the whole alike to a mention.
fn fits(desk: &Desk, held: &Held, mention: &ReadyMention, person: PersonId) -> bool {
    let model = desk.model(mention.kind);
    let speaking = held.speaking(person);
    let weigh = |m: &HeldMention| {
        model
            .compare(&mention.prepared, &m.prepared, &held.names)
            .weight
    };
    mean_weight(speaking.map(weigh)).is_none_or(|mean| mean >= desk.linking.policy.cohere_at)
}

/// Whether two people whom a mention links may be one, the mention being of the first.
fn are_alike(
    desk: &Desk,
    held: &Held,
    mention: &ReadyMention,
    [person, other]: [PersonId; 2],
) -> bool {
    let model = desk.model(mention.kind);
    let ones = held.speaking(person).map(|m| &m.prepared);
    let weights = ones.chain([&mention.prepared]).flat_map(|one| {
        held.speaking(other)
            .map(move |m| model.compare(one, &m.prepared, &held.names).weight)
    });
    mean_weight(weights).is_some_and(|mean| mean >= desk.linking.policy.cohere_at)
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
        held.names.add(column, value);
    }
    let description = HeldMention {
        id,
        person,
        role: mention.role.to_owned(),
        kind: mention.kind,
        prepared: mention.prepared.clone(),
    };
    held.mentions.insert(id, description);
    speak(desk.model(mention.kind), held, id, person, mention);
}

/// Lets the mention speak for its person if it says something new, and looks how the person hangs
/// together now.
fn speak(model: &Model, held: &mut Held, id: MentionId, person: PersonId, mention: &ReadyMention) {
    let mut sample = Sample::new();
    for one in held.speaking(person) {
        sample.add(model, &held.names, one.id, &one.prepared);
    }
    let silenced = sample.add(model, &held.names, id, &mention.prepared);
    if silenced == Some(id) {
        return;
    }
    held.samples.insert(person, sample.ids().collect());
    held.silenced.extend(silenced);
    if sample.speaking().len() > 2 {
        let weak = sample.weak(model).into_iter();
        let weak = weak
            .filter_map(|weak| weak_link(model, held, weak))
            .collect();
        held.weak.insert(person, weak);
    }
}

/// The link that somebody should look at, with its weights; and the lower end.
fn weak_link(
    model: &Model,
    held: &Held,
    weak: Weak<MentionId>,
) -> Option<(MentionId, MentionLink)> {
    let prepared = |id| held.mentions.get(&id).map(|m| &m.prepared);
    let (low, high) = (prepared(weak.low)?, prepared(weak.high)?);
    Some((weak.low, weak.link(model, &held.names, low, high)))
}

impl Weak<MentionId> {
    /// As it is kept, beside the lower end.
    pub(crate) fn link(
        self,
        model: &Model,
        names: &Names,
        low: &Prepared,
        high: &Prepared,
    ) -> MentionLink {
        let compared = model.compare(low, high, names);
        MentionLink {
            other: self.high,
            weight: compared.weight,
            band: WEAK,
            why: self.why,
            parts: waterfall(model, &compared),
        }
    }
}
