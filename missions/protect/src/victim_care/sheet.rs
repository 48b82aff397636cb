//! The call sheet: everything a caller needs about one victim, opened with a grant.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use record::access::Actor;
use record::ids::{RecordId, ReportId, WorkItemId};
use record::report::{Party, PartyKind, Report};
use record::time::{Date, Timestamp};
use record::work::{Priority, Reason, WorkItem, WorkState};
use serde::Deserialize;
use store::{Conn, Reader, Sql, work};
use web::App;

use super::contact::NewContact;
use super::contact_rows::duties;
use super::drafts::{self, Draft};
use super::duty::{Channel, Duty};
use super::policy::Care;
use super::schema::HANDED_OVER;
use super::{Given, VIEW, find, permit};
use crate::care_record::{Kept, Needs, needs_of};
use crate::repeat_victims::{Earlier, earlier};

/// A report of the thread with its own item and duty.
#[derive(Debug, Clone)]
pub struct Matter {
    pub item: WorkItem,
    pub report: Report,
    pub title: String,
    pub code: String,
    pub duty: Duty,
    pub vulnerability: Vulnerability,
}

/// Why triage found the victim vulnerable.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Vulnerability {
    pub band: String,
    pub reasons: Vec<Reason>,
    /// Factors nobody has answered yet: for the caller to ask about.
    pub unknown: Vec<String>,
    /// Processes the answers start, such as `threat_to_life_process`.
    pub actions: Vec<String>,
}

/// What triage proposed, as far as it is read here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Proposal {
    pub vulnerability: Vulnerability,
}

/// Whether a report names a link to domestic abuse, by its markers, its answers or what triage made of it.
pub fn names_domestic_abuse(
    markers: &BTreeSet<String>,
    answers: &BTreeMap<String, String>,
    actions: &[String],
) -> bool {
    const LINK: &str = "domestic_abuse_link";
    markers.contains(LINK)
        || answers.get(LINK).is_some_and(|a| a == "yes")
        || actions.iter().any(|a| a.contains("domestic_abuse"))
}

/// Whether the victim of a report was under 18 when it came.
pub fn is_child(
    born: Option<Date>,
    received: Timestamp,
    answers: &BTreeMap<String, String>,
) -> bool {
    let age = born.and_then(|b| b.years_until(received.day()));
    age.is_some_and(|a| a < 18) || answers.get("child").is_some_and(|a| a == "yes")
}

/// An address for an envelope, the postcode on a line of its own; none when no address is held.
pub fn postal(victim: &Party) -> Option<String> {
    let address = victim.address.as_deref()?;
    let postcode = victim.postcode.as_deref().unwrap_or_default();
    Some(format!("{address}\n{postcode}").trim().to_owned())
}

/// A contact that was made.
#[derive(Debug, Clone)]
pub struct Made {
    pub id: RecordId,
    pub at: Timestamp,
    pub by: String,
    pub unit: String,
    pub direction: String,
    pub channel: String,
    pub outcome: String,
    pub minutes: Option<i64>,
    pub next_at: Option<Timestamp>,
    pub note: String,
    pub topics: Vec<Given>,
    pub support: Vec<Given>,
}

/// A clock that ran out.
#[derive(Debug, Clone)]
pub struct Breach {
    pub report: ReportId,
    pub clock: String,
    pub limit_at: Timestamp,
}

/// What the call page shows.
pub struct Sheet {
    /// The item that leads the thread.
    pub item: WorkItem,
    /// Name of the victim.
    pub name: String,
    /// Every report of the thread, the lead's first.
    pub matters: Vec<Matter>,
    /// Contacts about any of these reports, latest first.
    pub made: Vec<Made>,
    pub breaches: Vec<Breach>,
    /// The item left in its place, when it was handed to another unit.
    pub handed_to: Option<WorkItemId>,
    /// Other reports of the same person, found through linkage.
    pub earlier: Vec<Earlier>,
    /// How the victim is contacted safely, and what they need; none when nobody has asked.
    pub needs: Option<Kept<Needs>>,
    /// What whoever opened it had written before.
    pub draft: Option<Draft>,
}

/// What opening an item leads to.
pub enum Opened {
    Sheet(Box<Sheet>),
    /// The item follows another one, where its report is worked.
    Follows(WorkItemId),
}

/// Opens an item: a consultation of the victim's record.
pub async fn open(app: &App, actor: &Actor, id: WorkItemId) -> Result<Opened, web::Error> {
    let item = find(app, actor, id).await?;
    let grant = permit(app, actor, &VIEW, &work::resource(&item), "").await?;
    if let (Some(lead), true) = (item.lead, item.state != WorkState::Closed)
        && find(app, actor, lead).await.is_ok()
    {
        return Ok(Opened::Follows(lead));
    }
    let mut reader = app.store().read(&grant).await?;
    let thread = match item.state {
        WorkState::Closed => vec![item.clone()],
        _ => work::thread(&mut reader.conn(), &actor.scope(), id).await?,
    };
    let (person, reports) = (
        item.about,
        thread.iter().map(|i| i.subject).collect::<Vec<_>>(),
    );
    let mut sheet = read_sheet(&mut reader, item, thread, actor).await?;
    sheet.earlier = earlier(&mut reader.conn(), &actor.scope(), person, &reports).await?;
    Ok(Opened::Sheet(Box::new(sheet)))
}

async fn read_sheet(
    reader: &mut Reader,
    item: WorkItem,
    thread: Vec<WorkItem>,
    actor: &Actor,
) -> Result<Sheet, web::Error> {
    let reports: Vec<ReportId> = thread.iter().map(|i| i.subject).collect();
    let mut conn = reader.conn();
    let mut held = duties(&mut conn, &reports).await?;
    let mut proposals = vulnerabilities(&mut conn, &reports).await?;
    let sql = Sql::new("select id, title, code, victim_label, content from shared_report where")
        .within(" id in", reports.iter().map(|r| (*r).into()));
    let mut rows = HashMap::new();
    for row in conn.rows(sql).await? {
        rows.insert(row.get::<ReportId>("id")?, row);
    }
    let mut matters = Vec::with_capacity(thread.len());
    let mut name = String::new();
    for one in thread {
        let Some(row) = rows.get(&one.subject) else {
            continue;
        };
        if name.is_empty() {
            name = row.get("victim_label")?;
        }
        let band = Priority::parse(&one.band).unwrap_or(Priority::High);
        let fresh = Duty::new(one.received_at, band);
        matters.push(Matter {
            report: row.json("content")?,
            title: row.get("title")?,
            code: row.get("code")?,
            duty: held.remove(&one.subject).unwrap_or(fresh),
            vulnerability: proposals.remove(&one.subject).unwrap_or_default(),
            item: one,
        });
    }
    let made = contacts(&mut conn, &reports).await?;
    let breaches = breaches(&mut conn, &reports).await?;
    let handed_to = match item.outcome.as_deref() {
        Some(HANDED_OVER) => successor(&mut conn, item.id).await?,
        _ => None,
    };
    let needs = needs_of(&mut conn, &item).await?;
    let draft = drafts::read(&mut conn, item.id, actor.id).await?;
    Ok(Sheet {
        needs,
        draft,
        item,
        name,
        matters,
        made,
        breaches,
        handed_to,
        earlier: Vec::new(),
    })
}

async fn vulnerabilities(
    conn: &mut Conn<'_>,
    reports: &[ReportId],
) -> Result<HashMap<ReportId, Vulnerability>, web::Error> {
    let sql = Sql::new("select report, proposal from shared_triage where")
        .within(" report in", reports.iter().map(|r| (*r).into()));
    let mut found = HashMap::new();
    for row in conn.rows(sql).await? {
        let proposal: Proposal = row.json("proposal")?;
        found.insert(row.get("report")?, proposal.vulnerability);
    }
    Ok(found)
}

async fn contacts(conn: &mut Conn<'_>, reports: &[ReportId]) -> Result<Vec<Made>, web::Error> {
    let sql = Sql::new(
        "select id, at, actor_name, unit, direction, channel, outcome, minutes, next_at, note \
         from protect_contact where id in (select contact from protect_contact_report where",
    )
    .within(" report in", reports.iter().map(|r| (*r).into()))
    .then(") order by at desc, id desc limit 50");
    let mut made = Vec::new();
    for row in conn.rows(sql).await? {
        made.push(Made {
            id: row.get("id")?,
            at: row.get("at")?,
            by: row.get("actor_name")?,
            unit: row.get("unit")?,
            direction: row.get("direction")?,
            channel: row.get("channel")?,
            outcome: row.get("outcome")?,
            minutes: row.get("minutes")?,
            next_at: row.get("next_at")?,
            note: row.get("note")?,
            topics: Vec::new(),
            support: Vec::new(),
        });
    }
    let topics = Sql::new("select contact, topic as id, response from protect_topic where")
        .within(" contact in", made.iter().map(|m| m.id.into()))
        .then(" order by contact, topic");
    let offers = Sql::new(
        "select distinct contact, offer as id, answer as response from protect_support_offer where",
    )
    .within(" contact in", made.iter().map(|m| m.id.into()))
    .then(" order by contact, offer");
    let topics = conn.rows(topics).await?;
    let offers = conn.rows(offers).await?;
    for contact in &mut made {
        for (rows, list) in [
            (&topics, &mut contact.topics),
            (&offers, &mut contact.support),
        ] {
            for row in rows {
                if row.get::<RecordId>("contact")? == contact.id {
                    list.push(Given {
                        id: row.get("id")?,
                        response: row.get("response")?,
                    });
                }
            }
        }
    }
    Ok(made)
}

async fn breaches(conn: &mut Conn<'_>, reports: &[ReportId]) -> Result<Vec<Breach>, web::Error> {
    let sql = Sql::new("select report, clock, limit_at from protect_breach where")
        .within(" report in", reports.iter().map(|r| (*r).into()))
        .then(" order by limit_at, clock");
    let rows = conn.rows(sql).await?;
    let read = rows.iter().map(|row| {
        Ok(Breach {
            report: row.get("report")?,
            clock: row.get("clock")?,
            limit_at: row.get("limit_at")?,
        })
    });
    read.collect()
}

async fn successor(
    conn: &mut Conn<'_>,
    item: WorkItemId,
) -> Result<Option<WorkItemId>, web::Error> {
    let sql = Sql::new("select id from work_item where ").with(
        "origin = ? and queue = ?",
        [item.into(), super::QUEUE.into()],
    );
    let row = conn.first(sql).await?;
    Ok(row.map(|r| r.get("id")).transpose()?)
}

impl Sheet {
    pub fn is_open(&self) -> bool {
        self.item.state != WorkState::Closed
    }

    pub fn is_organisation(&self) -> bool {
        let first = self.matters.first();
        first.is_some_and(|m| m.report.victim.kind == PartyKind::Organisation)
    }

    /// How the victim is contacted safely: as the reports say it, and as the record does.
    pub fn safe_contact(&self) -> Vec<String> {
        let mut all = self.told_of_safe_contact();
        all.extend(
            self.needs
                .iter()
                .flat_map(|kept| kept.content.rule_in_words()),
        );
        all
    }

    /// Whether the victim was under 18 when a report came.
    pub fn is_child(&self) -> bool {
        self.matters.iter().any(|m| {
            let born = m.report.victim.date_of_birth;
            is_child(born, m.item.received_at, &m.report.answers)
        })
    }

    /// How the victim asked to be contacted, as each report says it.
    pub fn told_of_safe_contact(&self) -> Vec<String> {
        let given = self
            .matters
            .iter()
            .filter_map(|m| m.report.victim.safe_contact.clone());
        distinct(given)
    }

    /// Whether any report names a domestic abuse link: contact only by the safe method.
    pub fn domestic_abuse(&self) -> bool {
        self.matters.iter().any(|m| {
            let actions = &m.vulnerability.actions;
            names_domestic_abuse(&m.report.markers, &m.report.answers, actions)
        })
    }

    pub fn phones(&self) -> Vec<String> {
        distinct(
            self.matters
                .iter()
                .filter_map(|m| m.report.victim.phone.clone()),
        )
    }

    pub fn emails(&self) -> Vec<String> {
        distinct(
            self.matters
                .iter()
                .filter_map(|m| m.report.victim.email.clone()),
        )
    }

    /// Postal addresses, each with its postcode on a line of its own.
    pub fn addresses(&self) -> Vec<String> {
        distinct(self.matters.iter().filter_map(|m| postal(&m.report.victim)))
    }

    pub fn languages(&self) -> Vec<String> {
        distinct(
            self.matters
                .iter()
                .filter_map(|m| m.report.victim.language.clone()),
        )
    }

    /// A duty's refusal of a contact, for the first report that refuses it.
    pub fn refusal(&self, care: &Care, contact: &NewContact) -> Option<super::duty::Refusal> {
        let outcome = care.outcome(&contact.outcome)?;
        self.matters
            .iter()
            .filter(|m| contact.reports.contains(&m.item.subject))
            .find_map(|m| {
                let event = super::contact::event(care, contact, outcome, &m.code);
                m.duty.after(&event, &care.plan).err()
            })
    }
}

impl Made {
    /// "Phone", "Phone, from the victim".
    pub fn channel_words(&self) -> String {
        let channel = Channel::parse(&self.channel).map_or("Contact", Channel::title);
        if self.direction == "in" {
            return format!("{channel}, from the victim");
        }
        channel.to_owned()
    }
}

pub fn distinct(values: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    for value in values {
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    seen
}
