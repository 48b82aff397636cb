//! Contacts with victims: recorded with their topics and offers, and what follows for each duty.

use std::collections::HashMap;

use record::ids::{ActorId, RecordId, ReportId, WorkItemId};
use record::time::Timestamp;
use record::work::Priority;
use store::{Conn, Entry, Error, OnConflict, Result, Row, Sql, Tx, Value, work};

use super::clocks::{FIRST_ATTEMPT, FIRST_CONTACT};
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
struct Held {
    id: WorkItemId,
    subject: ReportId,
    version: i64,
    is_taken: bool,
    received_at: Timestamp,
    due_at: Timestamp,
    /// The report's own band; a lead's priority may be that of a follower.
    band: Priority,
    code: String,
    unit: String,
}

/// What was said and offered about support on one report so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Offers {
    made: bool,
    in_time: bool,
    settled: bool,
}

/// Rows gathered over a batch, written at its end.
#[derive(Default)]
struct Rows {
    duties: HashMap<ReportId, (Duty, Offers)>,
    contacts: Vec<Vec<Value>>,
    reports: Vec<Vec<Value>>,
    topics: Vec<Vec<Value>>,
    offers: Vec<Vec<Value>>,
    breaches: Vec<Vec<Value>>,
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

async fn record_one(
    tx: &mut Tx<'_>,
    care: &Care,
    contact: &NewContact,
    rows: &mut Rows,
) -> Result<()> {
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
            "reports": moved.iter().map(|(i, _)| i.subject).collect::<Vec<_>>(),
        })
        .to_string(),
    });
    Ok(())
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
        "select w.id, w.subject, w.version, w.state, w.received_at, w.due_at, w.band, w.unit, \
         r.code \
         from work_item w join shared_report r on r.id = w.subject where ",
    )
    .with(
        "w.queue = ? and w.state <> 'closed' and (w.id = ? or w.lead = ?)",
        [QUEUE.into(), contact.item.into(), contact.item.into()],
    )
    .with(
        " order by case when w.id = ? then 1 else 0 end, w.id limit 200",
        [contact.item.into()],
    );
    let mut items = Vec::new();
    for row in tx.rows(sql).await? {
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

impl Rows {
    async fn look_up(&mut self, conn: &mut Conn<'_>, items: &[Held]) -> Result<()> {
        let unknown = items
            .iter()
            .filter(|i| !self.duties.contains_key(&i.subject));
        let unknown: Vec<ReportId> = unknown.map(|i| i.subject).collect();
        for (report, duty, offers) in held_duties(conn, &unknown).await? {
            self.duties.insert(report, (duty, offers));
        }
        Ok(())
    }

    fn of(&self, item: &Held) -> (Duty, Offers) {
        self.duties
            .get(&item.subject)
            .cloned()
            .unwrap_or_else(|| (Duty::new(item.received_at, item.band), Offers::default()))
    }

    /// A clock satisfied too late is a breach, whether or not the watch saw it run out.
    fn note_breaches(
        &mut self,
        now: Timestamp,
        care: &Care,
        item: &Held,
        before: &Duty,
        after: &Duty,
    ) {
        let attempt = care.plan.first_attempt_limit(item.received_at, item.band);
        let contact = care.first_contact_limit(item.received_at, item.band);
        let clocks = [
            (
                FIRST_ATTEMPT,
                Some(attempt),
                before.first_attempt_at,
                after.first_attempt_at,
            ),
            (
                FIRST_CONTACT,
                contact,
                before.first_contact_at,
                after.first_contact_at,
            ),
        ];
        for (clock, limit, was, is) in clocks {
            if let (Some(limit), None, Some(at)) = (limit, was, is)
                && at > limit
            {
                let (unit, digest) = (item.unit.as_str(), &care.digest);
                self.breaches
                    .push(breach_row(item.subject, clock, limit, now, unit, digest));
            }
        }
    }

    fn note_offers(
        &mut self,
        id: RecordId,
        care: &Care,
        contact: &NewContact,
        item: &Held,
        mut offers: Offers,
    ) -> Offers {
        let in_time = contact.at <= care.support_limit(item.received_at);
        for offer in &contact.support {
            offers.made = true;
            offers.in_time |= in_time;
            offers.settled |= offer.response == "refused" || offer.response == "plan_made";
            self.offers.push(vec![
                id.into(),
                item.subject.into(),
                offer.id.as_str().into(),
                offer.response.as_str().into(),
                contact.at.into(),
                in_time.into(),
                contact.by.name.as_str().into(),
            ]);
        }
        offers
    }

    fn note_contact(&mut self, now: Timestamp, id: RecordId, care: &Care, contact: &NewContact) {
        self.contacts.push(vec![
            id.into(),
            contact.item.into(),
            contact.at.into(),
            now.into(),
            contact.by.id.into(),
            contact.by.name.as_str().into(),
            contact.by.unit.as_str().into(),
            contact.direction.name().into(),
            contact.channel.name().into(),
            contact.outcome.as_str().into(),
            contact.minutes.into(),
            contact.next_at.into(),
            contact.note.as_str().into(),
            care.digest.as_str().into(),
        ]);
        for topic in &contact.topics {
            let is_prevention = care.prevention.iter().any(|p| p.id == topic.id);
            self.topics.push(vec![
                id.into(),
                topic.id.as_str().into(),
                if is_prevention { "prevention" } else { "crime" }.into(),
                topic.response.as_str().into(),
            ]);
        }
    }

    async fn write(self, tx: &mut Tx<'_>) -> Result<()> {
        let duties = self.duties.iter();
        let duties = duties
            .map(|(report, (duty, offers))| duty_row(*report, duty, *offers))
            .collect();
        tx.insert(
            "protect_duty",
            DUTY,
            duties,
            OnConflict::Update(DUTY_UPDATE),
        )
        .await?;
        tx.insert("protect_contact", CONTACT, self.contacts, OnConflict::Fail)
            .await?;
        let columns = &["report", "contact"];
        tx.insert(
            "protect_contact_report",
            columns,
            self.reports,
            OnConflict::Fail,
        )
        .await?;
        let columns = &["contact", "topic", "kind", "response"];
        tx.insert("protect_topic", columns, self.topics, OnConflict::Keep)
            .await?;
        let columns = &[
            "contact", "report", "offer", "answer", "at", "in_time", "by_name",
        ];
        tx.insert(
            "protect_support_offer",
            columns,
            self.offers,
            OnConflict::Keep,
        )
        .await?;
        write_breaches(tx, self.breaches).await
    }
}

/// Records breaches that are not recorded yet. What is recorded stays as it is.
pub(super) async fn write_breaches(tx: &mut Tx<'_>, rows: Vec<Vec<Value>>) -> Result<()> {
    let columns = &["report", "clock", "limit_at", "found_at", "unit", "policy"];
    tx.insert("protect_breach", columns, rows, OnConflict::Keep)
        .await
        .map(drop)
}

pub(super) fn breach_row(
    report: ReportId,
    clock: &'static str,
    limit: Timestamp,
    found: Timestamp,
    unit: &str,
    policy: &str,
) -> Vec<Value> {
    vec![
        report.into(),
        clock.into(),
        limit.into(),
        found.into(),
        unit.into(),
        policy.into(),
    ]
}

const CONTACT: &[&str] = &[
    "id",
    "item",
    "at",
    "entered_at",
    "actor",
    "actor_name",
    "unit",
    "direction",
    "channel",
    "outcome",
    "minutes",
    "next_at",
    "note",
    "policy",
];

const DUTY: &[&str] = &[
    "report",
    "received_at",
    "band",
    "line",
    "reason",
    "attempts",
    "days",
    "last_attempt_at",
    "out_of_hours",
    "letter",
    "text",
    "visit",
    "first_attempt_at",
    "first_contact_at",
    "ended_at",
    "offered",
    "offered_in_time",
    "offer_settled",
];

const DUTY_UPDATE: &str = "on conflict (report) do update set line = excluded.line, \
    reason = excluded.reason, attempts = excluded.attempts, days = excluded.days, \
    last_attempt_at = excluded.last_attempt_at, out_of_hours = excluded.out_of_hours, \
    letter = excluded.letter, text = excluded.text, visit = excluded.visit, \
    first_attempt_at = excluded.first_attempt_at, first_contact_at = excluded.first_contact_at, \
    ended_at = excluded.ended_at, offered = excluded.offered, \
    offered_in_time = excluded.offered_in_time, offer_settled = excluded.offer_settled";

fn duty_row(report: ReportId, duty: &Duty, offers: Offers) -> Vec<Value> {
    vec![
        report.into(),
        duty.received_at.into(),
        duty.band.rank().into(),
        duty.line.name().into(),
        duty.reason.as_str().into(),
        duty.attempts.into(),
        duty.days.into(),
        duty.last_attempt_at.into(),
        duty.out_of_hours.into(),
        duty.letter.into(),
        duty.text.into(),
        duty.visit.into(),
        duty.first_attempt_at.into(),
        duty.first_contact_at.into(),
        duty.ended_at.into(),
        offers.made.into(),
        offers.in_time.into(),
        offers.settled.into(),
    ]
}

fn duty_of(row: &Row) -> Result<Duty> {
    let line: String = row.get("line")?;
    Ok(Duty {
        received_at: row.get("received_at")?,
        band: Priority::of_rank(row.get("band")?),
        line: Line::parse(&line)
            .ok_or_else(|| Error::invalid(format!("{line:?} is not a line of PROTECT-06")))?,
        reason: row.get("reason")?,
        attempts: row.get("attempts")?,
        days: row.get("days")?,
        last_attempt_at: row.get("last_attempt_at")?,
        out_of_hours: row.get("out_of_hours")?,
        letter: row.get("letter")?,
        text: row.get("text")?,
        visit: row.get("visit")?,
        first_attempt_at: row.get("first_attempt_at")?,
        first_contact_at: row.get("first_contact_at")?,
        ended_at: row.get("ended_at")?,
    })
}

async fn held_duties(
    conn: &mut Conn<'_>,
    reports: &[ReportId],
) -> Result<Vec<(ReportId, Duty, Offers)>> {
    let mut duties = Vec::with_capacity(reports.len());
    for part in reports.chunks(512) {
        let sql = Sql::new("select * from protect_duty where")
            .within(" report in", part.iter().map(|r| (*r).into()));
        for row in conn.rows(sql).await? {
            let offers = Offers {
                made: row.get("offered")?,
                in_time: row.get("offered_in_time")?,
                settled: row.get("offer_settled")?,
            };
            duties.push((row.get("report")?, duty_of(&row)?, offers));
        }
    }
    Ok(duties)
}

/// The duties of these reports that somebody has worked on.
pub async fn duties(conn: &mut Conn<'_>, reports: &[ReportId]) -> Result<HashMap<ReportId, Duty>> {
    let held = held_duties(conn, reports).await?;
    Ok(held.into_iter().map(|(id, duty, _)| (id, duty)).collect())
}
