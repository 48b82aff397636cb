//! Rows of contacts, duties, offers and breaches: gathered over a batch, written at its end.

use std::collections::HashMap;

use record::ids::{RecordId, ReportId};
use record::time::Timestamp;
use record::work::Priority;
use store::{Conn, Error, OnConflict, Result, Row, Sql, Tx, Value};

use super::clocks::{FIRST_ATTEMPT, FIRST_CONTACT};
use super::contact::{Held, NewContact};
use super::duty::{Duty, Line};
use super::policy::Care;

/// What was said and offered about support on one report so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Offers {
    made: bool,
    in_time: bool,
    settled: bool,
}

/// Rows gathered over a batch, written at its end.
#[derive(Default)]
pub struct Rows {
    pub duties: HashMap<ReportId, (Duty, Offers)>,
    contacts: Vec<Vec<Value>>,
    pub reports: Vec<Vec<Value>>,
    topics: Vec<Vec<Value>>,
    offers: Vec<Vec<Value>>,
    breaches: Vec<Vec<Value>>,
}

impl Rows {
    pub async fn look_up(&mut self, conn: &mut Conn<'_>, items: &[Held]) -> Result<()> {
        let unknown = items
            .iter()
            .filter(|i| !self.duties.contains_key(&i.subject));
        let unknown: Vec<ReportId> = unknown.map(|i| i.subject).collect();
        for (report, duty, offers) in held_duties(conn, &unknown).await? {
            self.duties.insert(report, (duty, offers));
        }
        Ok(())
    }

    pub fn of(&self, item: &Held) -> (Duty, Offers) {
        self.duties
            .get(&item.subject)
            .cloned()
            .unwrap_or_else(|| (Duty::new(item.received_at, item.band), Offers::default()))
    }

    /// A clock satisfied too late is a breach, whether or not the watch saw it run out.
    pub fn note_breaches(
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

    pub fn note_offers(
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

    pub fn note_contact(
        &mut self,
        now: Timestamp,
        id: RecordId,
        care: &Care,
        contact: &NewContact,
    ) {
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

    pub async fn write(self, tx: &mut Tx<'_>) -> Result<()> {
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
pub async fn write_breaches(tx: &mut Tx<'_>, rows: Vec<Vec<Value>>) -> Result<()> {
    let columns = &["report", "clock", "limit_at", "found_at", "unit", "policy"];
    tx.insert("protect_breach", columns, rows, OnConflict::Keep)
        .await
        .map(drop)
}

pub fn breach_row(
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
