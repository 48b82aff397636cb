//! The victims of a network as records have them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use record::access::Scope;
use record::ids::{NetworkId, PersonId, ReportId, WorkItemId};
use record::report::Party;
use record::time::Timestamp;
use serde::Deserialize;
use store::{Conn, Error, Result, Row, Sql};

use super::standing::{Elsewhere, Reported, Victim};
use super::told::add_told;
use crate::care_record::Needs;
use crate::messages::{MessagePolicy, Whose};
use crate::victim_care::duty::Line;
use crate::victim_care::schema::HANDED_OVER;
use crate::victim_care::{Proposal, QUEUE, distinct, is_child, names_domestic_abuse, postal};
use crate::victim_ledger::open_to;

/// Reports of a network that are told about at once. A larger one is told of in the network's parts.
pub const MOST: i64 = 5_000;
/// Values in one question.
const PART: usize = 512;

/// A network with its victims.
pub struct Network {
    pub id: NetworkId,
    pub name: String,
    /// Reports with a victim that the reader may see.
    pub reports: usize,
    /// First reported first.
    pub victims: Vec<Victim>,
    /// Whether there are more reports than are read at once.
    pub too_large: bool,
}

/// A report of the network with the item of its victim.
struct Member {
    report: ReportId,
    reference: String,
    name: String,
    item: WorkItemId,
    lead: Option<WorkItemId>,
    about: Option<PersonId>,
    unit: String,
    marking: i64,
    compartment: Option<String>,
}

/// The parts of a report's content that are read.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Content {
    victim: Party,
    markers: BTreeSet<String>,
    answers: BTreeMap<String, String>,
}

/// A report of one of these victims, in this network or not.
struct Fact {
    report: ReportId,
    /// Each with whether the reader may see it.
    items: Vec<(WorkItemId, bool)>,
    received_at: Timestamp,
    content: Content,
    line: Line,
    reason: String,
    domestic_abuse: bool,
}

/// Everything known of one victim, before it is put together.
#[derive(Default)]
struct Gathered {
    members: Vec<Member>,
    facts: Vec<Fact>,
}

/// Who the victim is: a person as linkage knows them, or the report alone.
type Who = (Option<PersonId>, Option<ReportId>);

fn who(about: Option<PersonId>, report: ReportId) -> Who {
    match about {
        Some(person) => (Some(person), None),
        None => (None, Some(report)),
    }
}

/// Reads a network as far as somebody may see it.
///
/// # Errors
/// Not found when there is no such network, or none open to them.
pub async fn network(
    conn: &mut Conn<'_>,
    scope: &Scope,
    policy: &MessagePolicy,
    id: NetworkId,
) -> Result<Network> {
    let sql = Sql::new("select name from shared_network where ").with("id = ?", [id.into()]);
    let name = conn.first(sql).await?.ok_or(Error::NotFound)?.get("name")?;
    let mut members = members(conn, scope, id).await?;
    let most = usize::try_from(MOST).unwrap_or(usize::MAX);
    let too_large = members.len() > most;
    members.truncate(most);
    let reports = members.len();
    let mut gathered: BTreeMap<Who, Gathered> = BTreeMap::new();
    for member in members {
        let of = gathered
            .entry(who(member.about, member.report))
            .or_default();
        of.members.push(member);
    }
    if gathered.is_empty() && !any_visible(conn, scope, id).await? {
        return Err(Error::NotFound);
    }
    add_facts(conn, scope, &mut gathered).await?;
    let mut needs = needs(conn, &gathered).await?;
    let declined = declined(conn, policy, &gathered).await?;
    let mut victims: Vec<Victim> = gathered
        .into_iter()
        .filter_map(|(who, of)| {
            let (needs, declined) = (needs.remove(&who), declined.contains(&who));
            victim(policy, of, needs, declined)
        })
        .collect();
    add_told(conn, policy, id, &mut victims).await?;
    victims.sort_by_key(|v| v.key);
    Ok(Network {
        id,
        name,
        reports,
        victims,
        too_large,
    })
}

async fn members(conn: &mut Conn<'_>, scope: &Scope, id: NetworkId) -> Result<Vec<Member>> {
    let sql = Sql::new(
        "select r.id, r.reference, r.victim_label, w.id as item, w.lead, w.about, w.unit, w.marking, \
         w.compartment from shared_report r join work_item w on w.subject = r.id and ",
    )
    .with(
        "w.queue = ? and (w.outcome is null or w.outcome <> ?) where r.network = ?",
        [QUEUE.into(), HANDED_OVER.into(), id.into()],
    );
    let sql = open_to(sql, scope).with(" order by r.id limit ?", [(MOST + 1).into()]);
    let rows = conn.rows(sql).await?;
    let each = rows.iter().map(|row| {
        Ok(Member {
            report: row.get("id")?,
            reference: row.get("reference")?,
            name: row.get("victim_label")?,
            item: row.get("item")?,
            lead: row.get("lead")?,
            about: row.get("about")?,
            unit: row.get("unit")?,
            marking: row.get("marking")?,
            compartment: row.get("compartment")?,
        })
    });
    each.collect()
}

/// A network of reports without victims is there; one of sealed reports is not.
async fn any_visible(conn: &mut Conn<'_>, scope: &Scope, id: NetworkId) -> Result<bool> {
    let sql =
        Sql::new("select r.id from shared_report r where ").with("r.network = ?", [id.into()]);
    Ok(conn
        .first(open_to(sql, scope).then(" limit 1"))
        .await?
        .is_some())
}

/// Every report of these victims, also outside the network and whoever may see it: what is unsafe follows the victim.
async fn add_facts(
    conn: &mut Conn<'_>,
    scope: &Scope,
    gathered: &mut BTreeMap<Who, Gathered>,
) -> Result<()> {
    let people: Vec<PersonId> = gathered.keys().filter_map(|w| w.0).collect();
    let alone: Vec<ReportId> = gathered.keys().filter_map(|w| w.1).collect();
    let mut rows = Vec::new();
    for part in people.chunks(PART) {
        let sql = facts().within(" w.about in", part.iter().map(|p| (*p).into()));
        rows.extend(conn.rows(sql.then(" order by r.id, w.id")).await?);
    }
    for part in alone.chunks(PART) {
        let sql = facts().within(" w.subject in", part.iter().map(|r| (*r).into()));
        rows.extend(conn.rows(sql.then(" order by r.id, w.id")).await?);
    }
    for row in &rows {
        let report: ReportId = row.get("id")?;
        let Some(of) = gathered.get_mut(&who(row.get("about")?, report)) else {
            continue;
        };
        let item = (row.get("item")?, is_open_to(row, scope)?);
        // A duty that was handed over has an item for each unit that had it.
        match of.facts.last_mut().filter(|f| f.report == report) {
            Some(fact) => fact.items.push(item),
            None => of.facts.push(fact(row, report, item)?),
        }
    }
    Ok(())
}

fn facts() -> Sql {
    Sql::new(
        "select r.id, w.id as item, w.about, w.unit, w.marking, w.compartment, r.received_at, r.content, d.line, \
         coalesce(d.reason, '') as reason, coalesce(t.proposal, '{}') as proposal \
         from work_item w join shared_report r on r.id = w.subject \
         left join protect_duty d on d.report = r.id left join shared_triage t on t.report = r.id where ",
    )
    .with("w.queue = ? and", [QUEUE.into()])
}

/// Whether the item of a row is one the reader may see.
fn is_open_to(row: &Row, scope: &Scope) -> Result<bool> {
    let (marking, unit): (i64, String) = (row.get("marking")?, row.get("unit")?);
    let sealed: Option<String> = row.get("compartment")?;
    Ok(marking <= scope.ceiling
        && sealed.is_none_or(|s| scope.compartments.contains(&s))
        && scope.unit.as_ref().is_none_or(|own| *own == unit))
}

fn fact(row: &Row, report: ReportId, item: (WorkItemId, bool)) -> Result<Fact> {
    let content: Content = row.json("content")?;
    let proposal: Proposal = row.json("proposal")?;
    let line: Option<String> = row.get("line")?;
    let line = line.map_or(Ok(Line::Awaiting), |name| {
        Line::parse(&name).ok_or_else(|| Error::invalid(format!("{name:?} is no state of a duty")))
    })?;
    Ok(Fact {
        report,
        items: vec![item],
        received_at: row.get("received_at")?,
        line,
        reason: row.get("reason")?,
        domestic_abuse: names_domestic_abuse(
            &content.markers,
            &content.answers,
            &proposal.vulnerability.actions,
        ),
        content,
    })
}

/// The report of each fact, with the victim it is of.
fn by_report(gathered: &BTreeMap<Who, Gathered>) -> HashMap<ReportId, Who> {
    let each = gathered
        .iter()
        .flat_map(|(who, of)| of.facts.iter().map(|f| (f.report, *who)));
    each.collect()
}

/// Safe contact and needs as they stand, read over all reports of the victim.
async fn needs(
    conn: &mut Conn<'_>,
    gathered: &BTreeMap<Who, Gathered>,
) -> Result<HashMap<Who, Needs>> {
    let of = by_report(gathered);
    let reports: Vec<ReportId> = of.keys().copied().collect();
    let mut latest: HashMap<Who, (Timestamp, Needs)> = HashMap::new();
    for part in reports.chunks(PART) {
        let sql = Sql::new("select report, at, content from protect_needs where")
            .within(" report in", part.iter().map(|r| (*r).into()))
            .then(" order by at, id");
        for row in conn.rows(sql).await? {
            let Some(who) = of.get(&row.get::<ReportId>("report")?) else {
                continue;
            };
            let at: Timestamp = row.get("at")?;
            if latest.get(who).is_none_or(|(before, _)| at >= *before) {
                latest.insert(*who, (at, row.json("content")?));
            }
        }
    }
    Ok(latest.into_iter().map(|(who, (_, n))| (who, n)).collect())
}

/// Victims whose latest answer to one of policy's questions says that they do not want to be told.
async fn declined(
    conn: &mut Conn<'_>,
    policy: &MessagePolicy,
    gathered: &BTreeMap<Who, Gathered>,
) -> Result<BTreeSet<Who>> {
    let of = by_report(gathered);
    let reports: Vec<ReportId> = of.keys().copied().collect();
    let mut said: BTreeMap<(Who, String), (Timestamp, String)> = BTreeMap::new();
    let questions = &policy.helped.declined;
    if questions.is_empty() {
        return Ok(BTreeSet::new());
    }
    for part in reports.chunks(PART) {
        let sql =
            Sql::new("select report, question, answer, at from protect_victim_decision where")
                .within(" report in", part.iter().map(|r| (*r).into()))
                .within(
                    " and question in",
                    questions.iter().map(|q| q.question.as_str().into()),
                )
                .then(" order by at, id");
        for row in conn.rows(sql).await? {
            let Some(who) = of.get(&row.get::<ReportId>("report")?) else {
                continue;
            };
            let (at, key) = (row.get::<Timestamp>("at")?, (*who, row.get("question")?));
            if said.get(&key).is_none_or(|(before, _)| at >= *before) {
                said.insert(key, (at, row.get("answer")?));
            }
        }
    }
    let no = |question: &str, answer: &str| {
        let mut all = questions.iter();
        all.any(|q| q.question == question && q.answer == answer)
    };
    let refused = said.into_iter().filter(|((_, q), (_, a))| no(q, a));
    Ok(refused.map(|((who, _), _)| who).collect())
}

fn victim(
    policy: &MessagePolicy,
    of: Gathered,
    needs: Option<Needs>,
    declined: bool,
) -> Option<Victim> {
    let Gathered { members, facts } = of;
    let first = members.first()?;
    let seen = |f: &&Fact| members.iter().any(|m| m.report == f.report);
    let (mut own, others): (Vec<&Fact>, Vec<&Fact>) = facts.iter().partition(|f| seen(f));
    let reports: Vec<Reported> = own.iter().map(|f| reported(f, &members)).collect();
    let elsewhere = elsewhere(&others);
    let safe_contact = distinct(
        facts
            .iter()
            .filter_map(|f| f.content.victim.safe_contact.clone()),
    );
    own.sort_by_key(|f| std::cmp::Reverse((f.received_at, f.report)));
    let party = |read: fn(&Party) -> Option<String>| {
        distinct(own.iter().filter_map(|f| read(&f.content.victim)))
    };
    let asked = needs.as_ref().map(|n| n.language.clone());
    let said = || party(|v| v.language.clone()).into_iter().next();
    let language = asked.filter(|l| !l.is_empty()).or_else(said);
    let language = language.unwrap_or_default();
    Some(Victim {
        key: first.report,
        whose: whose(first, &facts),
        items: facts
            .iter()
            .flat_map(|f| f.items.iter().map(|(id, _)| *id))
            .collect(),
        emails: party(|v| v.email.clone()),
        addresses: party(postal),
        language: policy.helped.language(&language),
        reports,
        safe_contact,
        needs,
        declined,
        elsewhere,
        told: Vec::new(),
    })
}

fn reported(fact: &Fact, members: &[Member]) -> Reported {
    let found = members.iter().find(|m| m.report == fact.report);
    let victim = &fact.content.victim;
    Reported {
        report: fact.report,
        reference: found.map_or_else(String::new, |m| m.reference.clone()),
        received_at: fact.received_at,
        line: fact.line,
        reason: fact.reason.clone(),
        domestic_abuse: fact.domestic_abuse,
        child: is_child(
            victim.date_of_birth,
            fact.received_at,
            &fact.content.answers,
        ),
    }
}

fn elsewhere(others: &[&Fact]) -> Elsewhere {
    let is_unsafe = |f: &&Fact| matches!(f.line, Line::Unsafe | Line::Barred);
    Elsewhere {
        domestic_abuse: others.iter().any(|f| f.domestic_abuse),
        is_unsafe: others.iter().any(is_unsafe),
        reasons: others.iter().map(|f| f.reason.clone()).collect(),
    }
}

/// The conversation a message is part of: the item that leads, where the reader may see it.
fn whose(first: &Member, facts: &[Fact]) -> Whose {
    let known = |id: &WorkItemId| facts.iter().any(|f| f.items.contains(&(*id, true)));
    Whose {
        item: first.lead.filter(known).unwrap_or(first.item),
        reference: first.reference.clone(),
        name: first.name.clone(),
        unit: first.unit.clone(),
        marking: first.marking,
        compartment: first.compartment.clone(),
    }
}
