//! What is held already of the people, values and networks a batch touches, looked up at once.

use std::collections::{BTreeSet, HashMap};

use linkage::{Edge, Prepared};
use record::ids::{MentionId, NetworkId, ObservableId, PersonId, ReportId};
use record::report::{PartyKind, Report};
use record::time::Timestamp;
use store::{Result, Row, Sql, Tx, Value};

use super::names::Names;
use super::persons::MentionLink;
use super::{Desk, Ready};

/// Values looked up in one statement.
const PART: usize = 1_024;

pub(super) struct HeldReport {
    pub id: ReportId,
    pub source: String,
    pub national: bool,
    pub digest: String,
}

/// A value as known: counts change while the batch is linked.
pub(super) struct HeldValue {
    pub id: ObservableId,
    pub reports: u64,
    pub joins: bool,
    pub first_report: Option<ReportId>,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
    pub new: bool,
    pub changed: bool,
}

pub(super) struct HeldMention {
    pub id: MentionId,
    pub person: PersonId,
    pub role: String,
    pub kind: PartyKind,
    pub prepared: Prepared,
}

pub(super) struct HeldPerson {
    pub reports: i64,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
    pub label: String,
    pub kind: PartyKind,
    /// Reports as victim: when received, and crime family.
    pub earlier: Vec<(Timestamp, String)>,
    pub changed: bool,
}

pub(super) struct HeldNetwork {
    pub reports: i64,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
    pub new: bool,
    pub changed: bool,
    pub merged_into: Option<NetworkId>,
}

/// Everything of the database the batch may touch, and what the batch makes of it.
pub(super) struct Held {
    /// Reports held before this batch, and in it.
    pub total: u64,
    pub next_seq: i64,
    pub references: HashMap<String, Vec<HeldReport>>,
    pub values: HashMap<(String, String), HeldValue>,
    pub keys: HashMap<i64, Vec<MentionId>>,
    pub mentions: HashMap<MentionId, HeldMention>,
    /// The descriptions that speak for a person, the oldest first; see [`super::sample`].
    pub samples: HashMap<PersonId, Vec<MentionId>>,
    /// Descriptions that speak no more.
    pub silenced: Vec<MentionId>,
    /// People whose coherence was looked at, and their links that somebody should look at, each
    /// beside its lower end.
    pub weak: HashMap<PersonId, Vec<(MentionId, MentionLink)>>,
    /// People whom a description links to each other, the one it was drawn to first.
    pub touching: BTreeSet<(PersonId, PersonId)>,
    pub persons: HashMap<PersonId, HeldPerson>,
    /// Network of reports that values were first seen in, and of the batch's own.
    pub report_networks: HashMap<ReportId, Option<NetworkId>>,
    pub networks: HashMap<NetworkId, HeldNetwork>,
    /// Reports of networks merged away, to be moved when the batch is written.
    pub merges: Vec<(NetworkId, NetworkId)>,
    /// Existing reports that this batch gave their first network.
    pub joined: Vec<(ReportId, NetworkId)>,
    pub names: Names,
    /// New rows of the key table.
    pub new_keys: Vec<(i64, MentionId)>,
    common: BTreeSet<ObservableId>,
    due: Vec<(ObservableId, u64)>,
}

impl Held {
    pub async fn look_up(tx: &mut Tx<'_>, desk: &Desk, batch: &[Ready]) -> Result<Held> {
        let total = tx
            .count("select n from intake_total where name = 'reports'")
            .await?
            .max(0);
        let mut held = Held {
            total: total.unsigned_abs(),
            next_seq: total + 1,
            references: HashMap::new(),
            values: HashMap::new(),
            keys: HashMap::new(),
            mentions: HashMap::new(),
            samples: HashMap::new(),
            silenced: Vec::new(),
            weak: HashMap::new(),
            touching: BTreeSet::new(),
            persons: HashMap::new(),
            report_networks: HashMap::new(),
            networks: HashMap::new(),
            merges: Vec::new(),
            joined: Vec::new(),
            names: Names::default(),
            new_keys: Vec::new(),
            common: BTreeSet::new(),
            due: Vec::new(),
        };
        held.references(tx, batch).await?;
        held.values(tx, batch).await?;
        held.mentions(tx, desk, batch).await?;
        held.samples(tx, desk).await?;
        held.nominals(tx).await?;
        held.persons(tx, desk, batch).await?;
        held.networks(tx).await?;
        held.names(tx, batch).await?;
        Ok(held)
    }

    /// The report held under the same reference of the same source.
    pub fn reference(&self, report: &Report) -> Option<&HeldReport> {
        self.references
            .get(&report.reference)?
            .iter()
            .find(|r| r.source == report.source)
    }

    /// A report of this batch: a later row with its reference is a duplicate.
    pub fn note_reference(&mut self, id: ReportId, ready: &Ready) {
        let report = &ready.report;
        self.references
            .entry(report.reference.clone())
            .or_default()
            .push(HeldReport {
                id,
                source: report.source.clone(),
                national: report.feed.is_national(),
                digest: ready.digest.clone(),
            });
    }

    /// Whether another national feed brought the same report, and so its victim has a duty.
    pub fn has_national(&self, report: &Report) -> bool {
        report.feed.is_national()
            && self
                .references
                .get(&report.reference)
                .is_some_and(|all| all.iter().any(|r| r.national))
    }

    /// Values that crossed from telling to common in this batch.
    pub fn became_common(&self) -> Vec<ObservableId> {
        self.common.iter().copied().collect()
    }

    pub fn note_common(&mut self, value: ObservableId) {
        self.common.insert(value);
    }

    /// Values whose company is to be looked at, and in how many reports; see [`crate::common`].
    pub fn due(&self) -> &[(ObservableId, u64)] {
        &self.due
    }

    pub fn note_due(&mut self, value: ObservableId, reports: u64) {
        self.due.push((value, reports));
    }

    /// Follows merges made in this batch.
    pub fn live(&self, mut network: NetworkId) -> NetworkId {
        while let Some(into) = self.networks.get(&network).and_then(|n| n.merged_into) {
            network = into;
        }
        network
    }

    async fn references(&mut self, tx: &mut Tx<'_>, batch: &[Ready]) -> Result<()> {
        let wanted: BTreeSet<&str> = batch.iter().map(|r| r.report.reference.as_str()).collect();
        for part in chunks(wanted.into_iter().map(Value::from)) {
            let sql =
                Sql::new("select id, reference, source, national, digest from intake_report where")
                    .within(" reference in", part);
            for row in tx.rows(sql).await? {
                self.references
                    .entry(row.get("reference")?)
                    .or_default()
                    .push(HeldReport {
                        id: row.get("id")?,
                        source: row.get("source")?,
                        national: row.get("national")?,
                        digest: row.get("digest")?,
                    });
            }
        }
        Ok(())
    }

    async fn values(&mut self, tx: &mut Tx<'_>, batch: &[Ready]) -> Result<()> {
        let wanted: BTreeSet<&str> = batch
            .iter()
            .flat_map(|r| &r.observables)
            .map(|o| o.value.as_str())
            .collect();
        for part in chunks(wanted.into_iter().map(Value::from)) {
            self.values_of(tx, part).await?;
        }
        Ok(())
    }

    /// Values that stand for named suspects on record.
    async fn nominals(&mut self, tx: &mut Tx<'_>) -> Result<()> {
        let suspects: BTreeSet<String> = self
            .mentions
            .values()
            .filter(|m| m.role == super::ready::SUSPECT)
            .map(|m| m.person.to_string())
            .collect();
        for part in chunks(suspects.into_iter().map(Value::from)) {
            self.values_of(tx, part).await?;
        }
        Ok(())
    }

    async fn values_of(&mut self, tx: &mut Tx<'_>, wanted: Vec<Value>) -> Result<()> {
        let sql = Sql::new(
            "select id, kind, value, reports, joins, first_report, first_at, last_at \
             from intake_observable where",
        )
        .within(" value in", wanted);
        for row in tx.rows(sql).await? {
            let value = HeldValue {
                id: row.get("id")?,
                reports: row.get::<i64>("reports")?.max(0).unsigned_abs(),
                joins: row.get("joins")?,
                first_report: row.get("first_report")?,
                first_at: row.get("first_at")?,
                last_at: row.get("last_at")?,
                new: false,
                changed: false,
            };
            self.values
                .insert((row.get("value")?, row.get("kind")?), value);
        }
        Ok(())
    }

    async fn mentions(&mut self, tx: &mut Tx<'_>, desk: &Desk, batch: &[Ready]) -> Result<()> {
        let wanted: BTreeSet<i64> = batch
            .iter()
            .flat_map(|r| &r.mentions)
            .flat_map(|m| &m.keys)
            .copied()
            .collect();
        let mut ids = BTreeSet::new();
        for part in chunks(wanted.into_iter().map(Value::from)) {
            let sql = Sql::new("select key, mention from intake_mention_key where")
                .within(" key in", part);
            for row in tx.rows(sql).await? {
                let mention: MentionId = row.get("mention")?;
                self.keys.entry(row.get("key")?).or_default().push(mention);
                ids.insert(mention);
            }
        }
        for part in chunks(ids.into_iter().map(Value::from)) {
            let sql = Sql::new("select id, person, role, kind, prepared from intake_mention where")
                .within(" id in", part);
            self.mentions_of(tx, desk, sql).await?;
        }
        Ok(())
    }

    /// The descriptions that speak for the people found.
    async fn samples(&mut self, tx: &mut Tx<'_>, desk: &Desk) -> Result<()> {
        let persons: BTreeSet<PersonId> = self.mentions.values().map(|m| m.person).collect();
        for part in chunks(persons.into_iter().map(Value::from)) {
            let sql = Sql::new(
                "select id, person, role, kind, prepared from intake_mention where sampled = 1 and",
            )
            .within(" person in", part);
            for (person, id) in self.mentions_of(tx, desk, sql).await? {
                self.samples.entry(person).or_default().push(id);
            }
        }
        self.samples
            .values_mut()
            .for_each(|all| all.sort_unstable());
        Ok(())
    }

    /// Takes descriptions in, and tells whose they are.
    async fn mentions_of(
        &mut self,
        tx: &mut Tx<'_>,
        desk: &Desk,
        sql: Sql,
    ) -> Result<Vec<(PersonId, MentionId)>> {
        let mut taken = Vec::new();
        for row in tx.rows(sql).await? {
            let (id, person): (MentionId, PersonId) = (row.get("id")?, row.get("person")?);
            if self.mentions.contains_key(&id) {
                taken.push((person, id));
                continue;
            }
            let kind = kind_of(&row)?;
            // A record prepared by an earlier form of the model is not compared; the batch
            // command prepares all anew.
            let Ok(prepared) = desk.model(kind).restore(&row.get::<String>("prepared")?) else {
                continue;
            };
            let mention = HeldMention {
                id,
                person,
                role: row.get("role")?,
                kind,
                prepared,
            };
            self.mentions.insert(id, mention);
            taken.push((person, id));
        }
        Ok(taken)
    }

    /// Descriptions that speak for a person, the oldest first.
    pub fn speaking(&self, person: PersonId) -> impl Iterator<Item = &HeldMention> {
        let sample = self.samples.get(&person).into_iter().flatten();
        sample.filter_map(|id| self.mentions.get(id))
    }

    /// Whether a description speaks for its person.
    pub fn is_sampled(&self, person: PersonId, id: MentionId) -> bool {
        self.samples
            .get(&person)
            .is_some_and(|all| all.contains(&id))
    }

    /// Groups of people to be put together anew once everything is written.
    pub fn touching(&self) -> Vec<Vec<PersonId>> {
        let edges: Vec<Edge<PersonId>> = self
            .touching
            .iter()
            .map(|(left, right)| Edge {
                left: *left,
                right: *right,
                weight: 0.0,
            })
            .collect();
        linkage::components(&[], &edges, &[]).groups
    }

    async fn persons(&mut self, tx: &mut Tx<'_>, desk: &Desk, batch: &[Ready]) -> Result<()> {
        let persons: BTreeSet<PersonId> = self.mentions.values().map(|m| m.person).collect();
        let window = desk.triage.policy.repeat_victim.window_days;
        let from = batch
            .iter()
            .map(|r| r.report.received_at)
            .min()
            .unwrap_or_default();
        for part in chunks(persons.into_iter().map(Value::from)) {
            let sql = Sql::new(
                "select id, kind, label, reports, first_at, last_at from intake_person where",
            )
            .within(" id in", part.iter().cloned());
            for row in tx.rows(sql).await? {
                let person = HeldPerson {
                    reports: row.get("reports")?,
                    first_at: row.get("first_at")?,
                    last_at: row.get("last_at")?,
                    label: row.get("label")?,
                    kind: kind_of(&row)?,
                    earlier: Vec::new(),
                    changed: false,
                };
                self.persons.insert(row.get("id")?, person);
            }
            let sql = Sql::new("select person, received_at, code from intake_report where ")
                .with("received_at >= ? and", [from.plus_days(-window).into()])
                .within(" person in", part);
            for row in tx.rows(sql).await? {
                if let Some(person) = self.persons.get_mut(&row.get::<PersonId>("person")?) {
                    let code: String = row.get("code")?;
                    let family = desk.codes.get(&code).map(|c| c.family.clone());
                    person
                        .earlier
                        .push((row.get("received_at")?, family.unwrap_or_default()));
                }
            }
        }
        Ok(())
    }

    async fn networks(&mut self, tx: &mut Tx<'_>) -> Result<()> {
        let firsts: BTreeSet<ReportId> = self
            .values
            .values()
            .filter_map(|v| v.first_report)
            .collect();
        let mut ids = BTreeSet::new();
        for part in chunks(firsts.into_iter().map(Value::from)) {
            let sql =
                Sql::new("select id, network from intake_report where").within(" id in", part);
            for row in tx.rows(sql).await? {
                let network: Option<NetworkId> = row.get("network")?;
                ids.extend(network);
                self.report_networks.insert(row.get("id")?, network);
            }
        }
        for part in chunks(ids.into_iter().map(Value::from)) {
            let sql = Sql::new("select id, reports, first_at, last_at from intake_network where")
                .within(" id in", part);
            for row in tx.rows(sql).await? {
                let network = HeldNetwork {
                    reports: row.get("reports")?,
                    first_at: row.get("first_at")?,
                    last_at: row.get("last_at")?,
                    new: false,
                    changed: false,
                    merged_into: None,
                };
                self.networks.insert(row.get("id")?, network);
            }
        }
        Ok(())
    }

    async fn names(&mut self, tx: &mut Tx<'_>, batch: &[Ready]) -> Result<()> {
        let wanted: BTreeSet<&str> = batch
            .iter()
            .flat_map(|r| &r.mentions)
            .flat_map(|m| &m.names)
            .map(|(_, v)| v.as_str())
            .collect();
        self.names = Names::of(tx, self.total, wanted).await?;
        Ok(())
    }
}

/// Whether a row's `kind` is a person or an organisation.
pub(crate) fn kind_of(row: &Row) -> Result<PartyKind> {
    Ok(match row.get::<String>("kind")?.as_str() {
        "organisation" => PartyKind::Organisation,
        _ => PartyKind::Person,
    })
}

pub(super) fn chunks(values: impl Iterator<Item = Value>) -> Vec<Vec<Value>> {
    let all: Vec<Value> = values.collect();
    all.chunks(PART).map(<[Value]>::to_vec).collect()
}
