//! What is known to have happened to victims, as events of the Victims' Code.

use std::collections::HashMap;

use record::ids::ReportId;
use record::time::Timestamp;
use record::work::Priority;
use store::{Conn, Sql};

use super::code::{Happened, Kind, is_victims};
use crate::victim_care::Care;

/// A victim as far as the Code asks.
#[derive(Debug, Clone, Copy)]
pub struct Of {
    pub report: ReportId,
    pub received_at: Timestamp,
    pub band: Priority,
}

/// Whether a victim has enhanced rights, and what is known to have happened.
pub type Known = HashMap<ReportId, (bool, Vec<Happened>)>;

/// What contacts, assessments, referrals, decisions and events entered by hand say of each victim.
pub async fn gather(conn: &mut Conn<'_>, care: &Care, of: &[Of]) -> store::Result<Known> {
    let mut known = Known::new();
    for part in of.chunks(512) {
        for one in part {
            let mut events = Vec::new();
            note(care, "report_received", one.received_at, &mut events);
            note(care, "report_recorded", one.received_at, &mut events);
            known.insert(one.report, (care.is_enhanced(one.band), events));
        }
        let ids: Vec<ReportId> = part.iter().map(|o| o.report).collect();
        assessed(conn, care, &ids, &mut known).await?;
        supported(conn, care, &ids, &mut known).await?;
        spoken(conn, care, &ids, &mut known).await?;
        entered(conn, &ids, &mut known).await?;
    }
    Ok(known)
}

fn within(text: &'static str, ids: &[ReportId]) -> Sql {
    Sql::new(text).within(" report in", ids.iter().map(|id| (*id).into()))
}

async fn assessed(
    conn: &mut Conn<'_>,
    care: &Care,
    ids: &[ReportId],
    known: &mut Known,
) -> store::Result<()> {
    let text = "select report, enhanced, assessed_at from protect_standing where";
    for row in conn.rows(within(text, ids)).await? {
        let report: ReportId = row.get("report")?;
        let Some((enhanced, events)) = known.get_mut(&report) else {
            continue;
        };
        if let Some(said) = row.get::<Option<i64>>("enhanced")? {
            *enhanced = said == 1;
        }
        if let Some(at) = row.get::<Option<Timestamp>>("assessed_at")? {
            note(care, "needs_assessment_completed", at, events);
        }
    }
    Ok(())
}

/// Questions whose rows are events: where they are kept, and the event's name in the table of clocks.
const EVENTS: [(&str, &str); 5] = [
    (
        "select report, at from protect_referral where",
        "support_referral_made_or_declined",
    ),
    (
        "select report, at from protect_support_refusal where",
        "support_referral_made_or_declined",
    ),
    (
        "select report, at from protect_support_offer where answer = 'refused' and",
        "support_referral_made_or_declined",
    ),
    (
        "select report, at from protect_victim_decision \
         where question = 'statement' and answer = 'taken' and",
        "statement_taken",
    ),
    (
        "select report, at from protect_victim_decision where question = 'statement_offered' and",
        "victim_personal_statement_offered",
    ),
];

async fn supported(
    conn: &mut Conn<'_>,
    care: &Care,
    ids: &[ReportId],
    known: &mut Known,
) -> store::Result<()> {
    for (text, event) in EVENTS {
        for row in conn.rows(within(text, ids)).await? {
            let report: ReportId = row.get("report")?;
            if let Some((_, events)) = known.get_mut(&report) {
                note(care, event, row.get("at")?, events);
            }
        }
    }
    Ok(())
}

async fn entered(conn: &mut Conn<'_>, ids: &[ReportId], known: &mut Known) -> store::Result<()> {
    let text = "select report, clock, kind, happened_at from protect_code_event where";
    for row in conn.rows(within(text, ids)).await? {
        let report: ReportId = row.get("report")?;
        let kind: String = row.get("kind")?;
        if let (Some((_, events)), Some(kind)) = (known.get_mut(&report), Kind::parse(&kind)) {
            let (clock, at) = (row.get("clock")?, row.get("happened_at")?);
            events.push(Happened { clock, kind, at });
        }
    }
    Ok(())
}

/// The first and the second time each victim was spoken to.
async fn spoken(
    conn: &mut Conn<'_>,
    care: &Care,
    ids: &[ReportId],
    known: &mut Known,
) -> store::Result<()> {
    let sql = Sql::new(
        "select r.report, c.at, c.outcome from protect_contact_report r \
         join protect_contact c on c.id = r.contact where",
    )
    .within(" r.report in", ids.iter().map(|id| (*id).into()))
    .then(" order by c.at");
    let mut times: HashMap<ReportId, u32> = HashMap::new();
    for row in conn.rows(sql).await? {
        let (report, outcome): (ReportId, String) = (row.get("report")?, row.get("outcome")?);
        if !care.outcome(&outcome).is_some_and(|o| o.reached) {
            continue;
        }
        let so_far = times.entry(report).or_default();
        *so_far += 1;
        let event = match *so_far {
            1 => "first_contact",
            2 => "second_contact",
            _ => continue,
        };
        if let Some((_, events)) = known.get_mut(&report) {
            note(care, event, row.get("at")?, events);
        }
    }
    Ok(())
}

/// An event by its name in the table of clocks: it starts some, and satisfies others.
fn note(care: &Care, event: &str, at: Timestamp, events: &mut Vec<Happened>) {
    for clock in care.clocks.iter().filter(|c| is_victims(c)) {
        let kind = if clock.trigger == event {
            Kind::Started
        } else if clock.event_that_satisfies == event {
            Kind::Met
        } else {
            continue;
        };
        events.push(Happened {
            clock: clock.clock_id.clone(),
            kind,
            at,
        });
    }
}
