//! Puts people together anew: their descriptions, by the rule of whole tables, judgements above it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use linkage::{Edge, Evidence, Model, Prepared, together};
use record::ids::{MentionId, PersonId, ReportId};
use record::report::PartyKind;
use store::{OnConflict, Result, Sql, Tx, Value};

use super::moving::{event, move_mentions, new_person, recount};
use super::people::verdicts;
use crate::receive::{Desk, LINK, MentionLink, Names, Sample, WEAK, kind_of, names_of, write_weak};

/// Most descriptions that are put together at once.
const MOST_MENTIONS: usize = 20_000;
/// Up to so many distinct descriptions all pairs are weighed; of more, those that were linked when
/// they came.
const ALL_WITH_ALL: usize = 200;

/// A description, as far as it matters whose it is.
struct Described {
    person: PersonId,
    report: ReportId,
    role: String,
    /// None where it was prepared by an earlier form of the model: only judgements move it.
    prepared: Option<Prepared>,
}

/// The people to be put together anew.
struct Everybody<'d> {
    model: &'d Model,
    names: Names,
    all: BTreeMap<MentionId, Described>,
}

/// Puts the descriptions of these people together anew. Whether it was done: not where there are
/// too many.
///
/// A group keeps the identifier of the person most of it was (of equals, the one described first);
/// the largest group chooses first. Who loses all descriptions is merged into where most of them
/// went.
pub(crate) async fn regroup(
    tx: &mut Tx<'_>,
    desk: &Desk,
    people: &[PersonId],
    reason: &str,
) -> Result<bool> {
    let Some(everybody) = Everybody::read(tx, desk, people).await? else {
        return Ok(false);
    };
    let ids: Vec<MentionId> = everybody.all.keys().copied().collect();
    let said = verdicts(tx, &ids).await?;
    let judged = |same: bool| -> Vec<(MentionId, MentionId)> {
        let said = said.iter().filter(|(_, said)| **said == same);
        said.map(|(pair, _)| *pair).collect()
    };
    let (same, apart) = (judged(true), judged(false));
    let links = everybody.links(tx).await?;
    let evidence = Evidence {
        nodes: &ids,
        links: &links,
        same: &same,
        apart: &apart,
    };
    let bar = desk.linking.policy.cohere_at;
    let found = together(&evidence, bar, |a, b| everybody.weight(a, b));
    everybody.settle(tx, desk, found.groups, reason).await?;
    Ok(true)
}

impl<'d> Everybody<'d> {
    async fn read(
        tx: &mut Tx<'_>,
        desk: &'d Desk,
        people: &[PersonId],
    ) -> Result<Option<Everybody<'d>>> {
        let most = i64::try_from(MOST_MENTIONS + 1).unwrap_or(i64::MAX);
        let sql =
            Sql::new("select id, person, report, role, kind, prepared from intake_mention where")
                .within(" person in", people.iter().map(|p| Value::from(*p)))
                .with(" limit ?", [most.into()]);
        let mut model = desk.model(PartyKind::Person);
        let mut all = BTreeMap::new();
        for row in tx.rows(sql).await? {
            model = desk.model(kind_of(&row)?);
            let described = Described {
                person: row.get("person")?,
                report: row.get("report")?,
                role: row.get("role")?,
                prepared: model.restore(&row.get::<String>("prepared")?).ok(),
            };
            all.insert(row.get("id")?, described);
        }
        if all.len() > MOST_MENTIONS {
            return Ok(None);
        }
        let prepared = all.values().filter_map(|d: &Described| d.prepared.as_ref());
        let values: Vec<_> = prepared.flat_map(|p| names_of(model, p)).collect();
        let wanted: BTreeSet<&str> = values.iter().map(|(_, value)| value.as_str()).collect();
        let total = "select n from intake_total where name = 'reports'";
        let total = tx.count(total).await?.max(0).unsigned_abs();
        let names = Names::of(tx, total, wanted).await?;
        Ok(Some(Everybody { model, names, all }))
    }

    /// The match weight of two descriptions; nothing speaks for one that cannot be read.
    fn weight(&self, a: MentionId, b: MentionId) -> f64 {
        let prepared = |id| self.all.get(&id).and_then(|d| d.prepared.as_ref());
        match (prepared(a), prepared(b)) {
            (Some(a), Some(b)) => self.model.compare(a, b, &self.names).weight,
            _ => f64::NEG_INFINITY,
        }
    }

    /// Pairs within one role that reach the link threshold. Of descriptions that say exactly the
    /// same, one is compared with the others, and the rest with it.
    async fn links(&self, tx: &mut Tx<'_>) -> Result<Vec<Edge<MentionId>>> {
        let mut distinct: Vec<MentionId> = Vec::new();
        let mut first: HashMap<(&str, String), MentionId> = HashMap::new();
        let mut pairs: Vec<(MentionId, MentionId)> = Vec::new();
        for (id, described) in &self.all {
            let Some(prepared) = &described.prepared else {
                continue;
            };
            let says = (described.role.as_str(), self.model.stored(prepared));
            match first.get(&says) {
                Some(one) => pairs.push((*one, *id)),
                None => {
                    first.insert(says, *id);
                    distinct.push(*id);
                }
            }
        }
        if distinct.len() <= ALL_WITH_ALL {
            for (at, one) in distinct.iter().enumerate() {
                pairs.extend(distinct[at + 1..].iter().map(|other| (*one, *other)));
            }
        } else {
            pairs.extend(self.linked(tx, &distinct).await?);
        }
        let role = |id| self.all.get(&id).map(|d| d.role.as_str());
        let edges = pairs
            .into_iter()
            .filter(|(left, right)| role(*left) == role(*right))
            .map(|(left, right)| Edge {
                left,
                right,
                weight: self.weight(left, right),
            });
        let bar = self.model.link_threshold();
        Ok(edges.filter(|edge| edge.weight >= bar).collect())
    }

    /// Pairs that were linked when they came.
    async fn linked(
        &self,
        tx: &mut Tx<'_>,
        ids: &[MentionId],
    ) -> Result<Vec<(MentionId, MentionId)>> {
        let mut pairs = Vec::new();
        for part in ids.chunks(1_024) {
            let sql = Sql::new("select low, high from intake_mention_link where ")
                .with("band in (?, ?) and", [LINK.into(), WEAK.into()])
                .within(" low in", part.iter().map(|m| Value::from(*m)));
            for row in tx.rows(sql).await? {
                pairs.push((row.get("low")?, row.get("high")?));
            }
        }
        Ok(pairs)
    }

    /// Moves every description to the person of its group.
    async fn settle(
        &self,
        tx: &mut Tx<'_>,
        desk: &Desk,
        groups: Vec<Vec<MentionId>>,
        reason: &str,
    ) -> Result<()> {
        let mut left: BTreeMap<PersonId, BTreeMap<PersonId, usize>> = BTreeMap::new();
        let mut living = BTreeSet::new();
        for (group, kept) in self.named(groups) {
            let mut from: BTreeMap<PersonId, BTreeMap<MentionId, ReportId>> = BTreeMap::new();
            for (id, described) in group.iter().filter_map(|id| Some((id, self.all.get(id)?))) {
                from.entry(described.person)
                    .or_default()
                    .insert(*id, described.report);
            }
            let to = match kept {
                Some(kept) => kept,
                None => {
                    let (old, moved) = from
                        .iter()
                        .max_by_key(|(_, moved)| moved.len())
                        .into_iter()
                        .next()
                        .ok_or(store::Error::NotFound)?;
                    new_person(tx, *old, moved).await?
                }
            };
            living.insert(to);
            for (old, moved) in from.iter().filter(|(old, _)| **old != to) {
                move_mentions(tx, moved, *old, to).await?;
                *left.entry(*old).or_default().entry(to).or_default() += moved.len();
            }
            self.sample(tx, &group).await?;
            self.enter_keys(tx, &group).await?;
        }
        self.tell(tx, desk, &living, &left, reason).await?;
        for person in &living {
            recount(tx, *person).await?;
        }
        Ok(())
    }

    /// Each group with the person whose identifier it keeps; none where it needs a new one. The
    /// largest first; of equals, the one described first.
    fn named(&self, mut groups: Vec<Vec<MentionId>>) -> Vec<(Vec<MentionId>, Option<PersonId>)> {
        groups.sort_by_key(|g| (std::cmp::Reverse(g.len()), g.first().copied()));
        let mut taken = BTreeSet::new();
        let name = |group: Vec<MentionId>| {
            let mut sizes: BTreeMap<PersonId, usize> = BTreeMap::new();
            for described in group.iter().filter_map(|id| self.all.get(id)) {
                *sizes.entry(described.person).or_default() += 1;
            }
            let free = sizes
                .into_iter()
                .filter(|(person, _)| !taken.contains(person));
            let kept = free.max_by_key(|(person, n)| (*n, std::cmp::Reverse(*person)));
            let kept = kept.map(|(person, _)| person);
            taken.extend(kept);
            (group, kept)
        };
        groups.into_iter().map(name).collect()
    }

    /// Enters in the people's histories who went where.
    async fn tell(
        &self,
        tx: &mut Tx<'_>,
        desk: &Desk,
        living: &BTreeSet<PersonId>,
        left: &BTreeMap<PersonId, BTreeMap<PersonId, usize>>,
        reason: &str,
    ) -> Result<()> {
        let old: BTreeSet<PersonId> = self.all.values().map(|d| d.person).collect();
        for (from, parts) in left {
            let gone = !living.contains(from);
            let most = parts
                .iter()
                .max_by_key(|(to, n)| (**n, std::cmp::Reverse(**to)));
            for to in parts.keys() {
                let whole = gone && most.is_some_and(|(most, _)| most == to);
                let (was, is) = match (whole, old.contains(to)) {
                    (true, _) => ("merged_away", "merged"),
                    (false, true) => ("split", "part_joined"),
                    (false, false) => ("split", "split_from"),
                };
                if whole {
                    let sql = Sql::new("update intake_person set ").with(
                        "merged_into = ?, reports = 0 where id = ?",
                        [(*to).into(), (*from).into()],
                    );
                    tx.run(sql).await?;
                }
                event(tx, *from, was, *to, reason).await?;
                event(tx, *to, is, *from, reason).await?;
                super::sightings::move_nominal(tx, desk, *from, *to, reason).await?;
            }
        }
        Ok(())
    }

    /// Chooses anew who speaks for a person, and marks the links to look at.
    async fn sample(&self, tx: &mut Tx<'_>, group: &[MentionId]) -> Result<()> {
        let mut sample = Sample::new();
        for id in group {
            if let Some(prepared) = self.all.get(id).and_then(|d| d.prepared.as_ref()) {
                sample.add(self.model, &self.names, *id, prepared);
            }
        }
        for part in group.chunks(512) {
            let sql = Sql::new("update intake_mention set sampled = 0 where sampled = 1 and")
                .within(" id in", part.iter().map(|m| Value::from(*m)));
            tx.run(sql).await?;
        }
        let sql = Sql::new("update intake_mention set sampled = 1 where")
            .within(" id in", sample.ids().map(Value::from));
        tx.run(sql).await?;
        let mut weak: Vec<(MentionId, MentionLink)> = Vec::new();
        for one in sample.weak(self.model) {
            let prepared = |id| self.all.get(&id).and_then(|d| d.prepared.as_ref());
            if let (Some(low), Some(high)) = (prepared(one.low), prepared(one.high)) {
                weak.push((one.low, one.link(self.model, &self.names, low, high)));
            }
        }
        write_weak(tx, group, weak.iter()).await
    }

    /// Makes a group findable again: a person is entered under a key once, by one description, and
    /// that one may be another person's now.
    async fn enter_keys(&self, tx: &mut Tx<'_>, group: &[MentionId]) -> Result<()> {
        let mut entered = BTreeSet::new();
        let mut rows = Vec::new();
        for id in group {
            let prepared = self.all.get(id).and_then(|d| d.prepared.as_ref());
            for key in prepared.into_iter().flat_map(|p| self.model.keys(p)) {
                if entered.insert(key) {
                    rows.push(vec![key.cast_signed().into(), (*id).into()]);
                }
            }
        }
        let columns = &["key", "mention"];
        tx.insert("intake_mention_key", columns, rows, OnConflict::Keep)
            .await
            .map(drop)
    }
}
