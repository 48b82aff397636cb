//! Contacts with victims: recorded with their topics and offers, and what follows for each duty.

use record::ids::{ActorId, RecordId, ReportId, WorkItemId};
use record::time::Timestamp;
use record::work::Priority;
use store::{Entry, Error, Result, Sql, Tx, work};

use super::contact_rows::Rows;
use super::duty::{Channel, Duty, Event, Line};
use super::policy::{Care, Outcome};
use super::{Given, QUEUE};

/// Who made a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub id: ActorId,
    pub name: String,
    pub unit: String,
}

/// Who contacted whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The caller contacted the victim.
    Out,
    /// The victim contacted us.
    In,
}

impl Direction {
    pub const fn name(self) -> &'static str {
        match self {
            Direction::Out => "out",
            Direction::In => "in",
        }
    }

    pub fn parse(name: &str) -> Option<Direction> {
        match name {
            "out" => Some(Direction::Out),
            "in" => Some(Direction::In),
            _ => None,
        }
    }
}

/// A contact to be recorded.
#[derive(Debug, Clone)]
pub struct NewContact {
    /// The item that was worked on: the lead of its thread.
    pub item: WorkItemId,
    /// Its version as the caller saw it; none records over whatever it is now.
    pub seen: Option<i64>,
    /// Reports of the thread the contact was about; none means all that are open.
    pub reports: Vec<ReportId>,
    pub at: Timestamp,
    pub by: Caller,
    pub direction: Direction,
    pub channel: Channel,
    /// Id of the policy's outcome.
    pub outcome: String,
    pub minutes: Option<i64>,
    /// When to try again, agreed with the victim.
    pub next_at: Option<Timestamp>,
    /// Topics with the victim's response; those of the advice guides and those against repeat crime.
    pub topics: Vec<Given>,
    /// Support offered, with the answer: `accepted`, `refused`, `plan_made`.
    pub support: Vec<Given>,
    pub note: String,
}

/// Answers to an offer of support. A plan or a refusal settles it (PROTECT-08).
pub const ANSWERS: [(&str, &str); 3] = [
    ("accepted", "Accepted"),
    ("refused", "Refused"),
    ("plan_made", "Accepted and plan made"),
];

/// An open item of a thread, as far as a contact changes it.
pub(super) struct Held {
    pub id: WorkItemId,
    pub subject: ReportId,
    pub version: i64,
    pub is_taken: bool,
    pub received_at: Timestamp,
    pub due_at: Timestamp,
    /// The report's own band; a lead's priority may be that of a follower.
    pub band: Priority,
    pub code: String,
    pub unit: String,
}

/// Records contacts in the order given and moves their duties. Everything is kept, or nothing: a
/// contact the state machine refuses fails the whole write, with the reason in words.
pub async fn record_contacts(tx: &mut Tx<'_>, care: &Care, contacts: &[NewContact]) -> Result<()> {
    let mut rows = Rows::default();
    for contact in contacts {
        record_one(tx, care, contact, &mut rows).await?;
    }
    rows.write(tx).await
}

/// Records one contact and tells its id, for what is kept beside it in the same transaction.
pub async fn record_contact(
    tx: &mut Tx<'_>,
    care: &Care,
    contact: &NewContact,
) -> Result<RecordId> {
    let mut rows = Rows::default();
    let id = record_one(tx, care, contact, &mut rows).await?;
    rows.write(tx).await?;
    Ok(id)
}

async fn record_one(
    tx: &mut Tx<'_>,
    care: &Care,
    contact: &NewContact,
    rows: &mut Rows,
) -> Result<RecordId> {
    let outcome = care
        .outcome(&contact.outcome)
        .ok_or_else(|| Error::invalid(format!("{:?} is not an outcome", contact.outcome)))?;
    let (items, others_due) = open_items(tx, contact).await?;
    rows.look_up(tx, &items).await?;
    let id = RecordId(tx.id());
    let mut moved = Vec::with_capacity(items.len());
    for item in items {
        let (before, offers) = rows.of(&item);
        let event = event(care, contact, outcome, &item.code);
        let after = before
            .after(&event, &care.plan)
            .map_err(|refusal| Error::invalid(refusal.to_string()))?;
        rows.note_breaches(tx.now(), care, &item, &before, &after);
        let offers = rows.note_offers(id, care, contact, &item, offers);
        rows.reports.push(vec![item.subject.into(), id.into()]);
        rows.duties.insert(item.subject, (after.clone(), offers));
        moved.push((item, after));
    }
    rows.note_contact(tx.now(), id, care, contact);
    move_items(tx, care, contact, &moved, others_due).await?;
    tx.enter(Entry {
        kind: "victim_contact",
        id: id.to_string(),
        content: String::new(),
        detail: serde_json::json!({
            "item": contact.item,
            "outcome": contact.outcome,
            // One outcome leaves every duty it moves in the same state: the sum is recomputed from it.
            "line": moved.first().map(|(_, duty)| duty.line.name()),
            "reports": moved.iter().map(|(i, _)| i.subject).collect::<Vec<_>>(),
        })
        .to_string(),
    });
    Ok(id)
}

/// The contact as the state machine sees it, for a report of that crime.
pub fn event(care: &Care, contact: &NewContact, outcome: &Outcome, code: &str) -> Event {
    let answered = |topic: &str| contact.topics.iter().any(|t| t.id == topic);
    Event {
        at: contact.at,
        effect: outcome.effect,
        channel: contact.channel,
        reached: outcome.reached && contact.channel.is_live(),
        out_of_hours: care.plan.is_out_of_hours(contact.at),
        crime_topic: contact
            .topics
            .iter()
            .any(|t| care.guides.is_of(code, &t.id)),
        prevention: care.prevention.iter().all(|p| answered(&p.id)),
        outcome: outcome.id.clone(),
        explained: !contact.note.trim().is_empty(),
    }
}

/// The open items the contact is about, the lead last: followers that end with it must not be
/// made leads first. And when the soonest of the thread's other items is due.
async fn open_items(
    tx: &mut Tx<'_>,
    contact: &NewContact,
) -> Result<(Vec<Held>, Option<Timestamp>)> {
    let sql = Sql::new(
        "select w.id, w.queue, w.subject, w.version, w.state, w.received_at, w.due_at, w.band, \
         w.unit, r.code from work_item w join shared_report r on r.id = w.subject where ",
    )
    // The queue is looked at afterwards: as a condition it tempts SQLite to walk the whole queue.
    .with(
        "w.state <> 'closed' and (w.id = ? or w.lead = ?)",
        [contact.item.into(), contact.item.into()],
    )
    .with(
        " order by case when w.id = ? then 1 else 0 end, w.id limit 200",
        [contact.item.into()],
    );
    let mut items = Vec::new();
    for row in tx.rows(sql).await? {
        if row.get::<String>("queue")? != QUEUE {
            continue;
        }
        items.push(Held {
            id: row.get("id")?,
            subject: row.get("subject")?,
            version: row.get("version")?,
            is_taken: row.get::<String>("state")? == "taken",
            received_at: row.get("received_at")?,
            due_at: row.get("due_at")?,
            band: Priority::parse(&row.get::<String>("band")?).unwrap_or(Priority::High),
            code: row.get("code")?,
            unit: row.get("unit")?,
        });
    }
    let Some(lead) = items.iter().find(|i| i.id == contact.item) else {
        return Err(Error::Conflict);
    };
    if contact.seen.is_some_and(|seen| seen != lead.version) {
        return Err(Error::Conflict);
    }
    if contact.reports.is_empty() {
        return Ok((items, None));
    }
    // A report that is no longer open in this thread was ended by somebody else.
    let held = |report: &ReportId| items.iter().any(|i| i.subject == *report);
    if !contact.reports.iter().all(held) {
        return Err(Error::Conflict);
    }
    let (about, others): (Vec<Held>, Vec<Held>) = items
        .into_iter()
        .partition(|i| contact.reports.contains(&i.subject));
    let others = others.iter().filter(|i| i.id != contact.item);
    Ok((about, others.map(|i| i.due_at).min()))
}

/// Closes what ended, and gives the rest its next due time.
async fn move_items(
    tx: &mut Tx<'_>,
    care: &Care,
    contact: &NewContact,
    moved: &[(Held, Duty)],
    others_due: Option<Timestamp>,
) -> Result<()> {
    let agreed = contact.next_at.is_some();
    let soonest = moved
        .iter()
        .filter(|(_, duty)| duty.is_open())
        .map(|(_, duty)| care.plan.due(duty, contact.at, contact.next_at))
        .chain(others_due)
        .min();
    for (item, duty) in moved {
        if !duty.is_open() {
            let closed_as = if duty.line == Line::Error {
                &duty.reason
            } else {
                duty.line.name()
            };
            work::close(tx, item.id, item.version, closed_as).await?;
            continue;
        }
        let due = match soonest {
            // The lead stands for its thread in the list.
            Some(soonest) if item.id == contact.item => soonest,
            _ => care.plan.due(duty, contact.at, contact.next_at),
        };
        work::reschedule(tx, item.id, item.version, due).await?;
        // An agreed call-back stays with its caller; anybody may make the next attempt.
        if item.is_taken && !agreed {
            work::release(tx, item.id, item.version + 1).await?;
        }
    }
    Ok(())
}
