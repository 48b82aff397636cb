//! What the strategy shows beside PROTECT-06 and PROTECT-08: how soon, within which standard.
//!
//! What is not recorded is said to be so; it is never shown as nought.

use record::time::{Timestamp, WorkingCalendar};
use record::work::Priority;
use serde::Serialize;
use store::{Conn, Result, Sql};
use utoipa::ToSchema;

use super::asked::{Asked, Series};
use crate::victim_care::duty::Line;
use crate::victim_care::{Care, QUEUE};

/// Most duties looked at one by one. A longer period is asked about in parts.
pub const MOST: i64 = 200_000;

/// So many of so many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Share {
    pub met: i64,
    pub of: i64,
}

impl Share {
    fn count(&mut self, met: bool) {
        self.of += 1;
        self.met += i64::from(met);
    }

    /// In words: "45 of 60 (75.0%)", or "no cases".
    pub fn in_words(self) -> String {
        if self.of == 0 {
            return "No cases".to_owned();
        }
        let percent = self.met as f64 * 100.0 / self.of as f64;
        format!("{} of {} ({percent:.1}%)", self.met, self.of)
    }
}

/// Companion measures of one series.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct Companions {
    /// Working days from receipt to advice, the median; none when nobody was advised.
    pub median_working_days_to_advice: Option<f64>,
    /// First attempts within their limit, of those made or past it.
    pub first_attempt_in_time: Share,
    /// Victims first spoken to within the published standard, of those spoken to or past it.
    pub first_contact_in_time: Share,
    /// Victims with another report within 365 days of advice, of those first advised. A person counts
    /// once. Those advised less than 365 days ago may still report again.
    pub repeat: Share,
    /// Victims followed up who had done at least one protective action, of those followed up.
    pub behaviour_change: Share,
    /// Victims whose vulnerability a person has decided on, of those received (PROTECT-08, coverage).
    pub assessed: Share,
    /// Vulnerable victims offered support in time, with a plan or a recorded refusal (PROTECT-08).
    pub supported: Share,
}

/// One duty, as far as these measures look at it.
struct Row {
    received_at: Timestamp,
    band: Priority,
    line: Option<Line>,
    ended_at: Option<Timestamp>,
    first_attempt_at: Option<Timestamp>,
    first_contact_at: Option<Timestamp>,
    came_back: bool,
    /// Nobody advised this victim before, of the same series.
    first_advice: bool,
    followed_up: bool,
    changed: bool,
    assessed: bool,
    vulnerable: bool,
    supported: bool,
}

/// The companions of a period and series; none when there are more duties than are looked at.
pub async fn companions(
    conn: &mut Conn<'_>,
    care: &Care,
    asked: &Asked,
    series: Series,
    now: Timestamp,
) -> Result<Option<Companions>> {
    // A year of 365 days in microseconds, as instants are kept.
    let sql = Sql::new(
        "select w.received_at, w.band, w.vulnerable, r.district, d.line, d.ended_at, \
         d.first_attempt_at, d.first_contact_at, \
         case when d.offered_in_time = 1 and d.offer_settled = 1 then 1 else 0 end as supported, \
         case when d.line = 'advised' and exists (select 1 from shared_report o \
         where o.person = r.person and o.received_at > d.ended_at \
         and o.received_at <= d.ended_at + 31536000000000) then 1 else 0 end as came_back, \
         case when d.line = 'advised' and not exists (select 1 from shared_report e \
         join protect_duty f on f.report = e.id where e.person = r.person and f.line = 'advised' \
         and e.national = r.national and (f.ended_at < d.ended_at \
         or (f.ended_at = d.ended_at and f.report < d.report))) then 1 else 0 end as first_advice, \
         case when exists (select 1 from protect_follow_up_try t where t.report = r.id \
         and t.reached = 1 and t.step <> 're_offer') then 1 else 0 end as followed_up, \
         case when exists (select 1 from protect_follow_up_try t where t.report = r.id \
         and t.reached = 1 and t.changed = 1) then 1 else 0 end as changed, \
         case when exists (select 1 from shared_decision x where x.report = r.id) then 1 else 0 \
         end as assessed from work_item w join shared_report r on r.id = w.subject \
         left join protect_duty d on d.report = w.subject where ",
    )
    .with(
        "w.queue = ? and w.origin is null and w.received_at >= ? and w.received_at < ? \
         and r.national = ? and (d.line is null or d.line <> 'error') limit ?",
        [
            QUEUE.into(),
            asked.start().into(),
            asked.end().into(),
            i64::from(series.is_national()).into(),
            MOST.saturating_add(1).into(),
        ],
    );
    let rows = conn.rows(sql).await?;
    if i64::try_from(rows.len()).is_ok_and(|n| n > MOST) {
        return Ok(None);
    }
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        if !asked.area.holds(&row.get::<String>("district")?) {
            continue;
        }
        all.push(row_of(&row)?);
    }
    Ok(Some(of_rows(care, &all, now)))
}

fn row_of(row: &store::Row) -> Result<Row> {
    let line: Option<String> = row.get("line")?;
    Ok(Row {
        received_at: row.get("received_at")?,
        band: Priority::parse(&row.get::<String>("band")?).unwrap_or(Priority::High),
        line: line.as_deref().and_then(Line::parse),
        ended_at: row.get("ended_at")?,
        first_attempt_at: row.get("first_attempt_at")?,
        first_contact_at: row.get("first_contact_at")?,
        came_back: row.get("came_back")?,
        first_advice: row.get("first_advice")?,
        followed_up: row.get("followed_up")?,
        changed: row.get("changed")?,
        assessed: row.get("assessed")?,
        vulnerable: row.get("vulnerable")?,
        supported: row.get("supported")?,
    })
}

fn of_rows(care: &Care, rows: &[Row], now: Timestamp) -> Companions {
    let mut out = Companions::default();
    let mut days = Vec::new();
    for row in rows {
        let attempt = care.plan.first_attempt_limit(row.received_at, row.band);
        in_time(
            &mut out.first_attempt_in_time,
            attempt,
            row.first_attempt_at,
            now,
        );
        if let Some(contact) = care.first_contact_limit(row.received_at, row.band) {
            in_time(
                &mut out.first_contact_in_time,
                contact,
                row.first_contact_at,
                now,
            );
        }
        out.assessed.count(row.assessed);
        if row.followed_up {
            out.behaviour_change.count(row.changed);
        }
        if row.vulnerable {
            out.supported.count(row.supported);
        }
        if let (Some(Line::Advised), Some(at)) = (row.line, row.ended_at) {
            if row.first_advice {
                out.repeat.count(row.came_back);
            }
            days.push(working_days(&care.plan.calendar, row.received_at, at));
        }
    }
    out.median_working_days_to_advice = median(days);
    out
}

/// Counts a limit once it was met or has passed; before, nothing is known yet.
fn in_time(share: &mut Share, limit: Timestamp, done: Option<Timestamp>, now: Timestamp) {
    match done {
        Some(at) => share.count(at <= limit),
        None if limit < now => share.count(false),
        None => {}
    }
}

/// Working days after the day of `from`, until the day of `to`.
fn working_days(calendar: &WorkingCalendar, from: Timestamp, to: Timestamp) -> i64 {
    let (mut day, last, mut count) = (from.day(), to.day(), 0);
    while day < last {
        day = day.plus_days(1);
        count += i64::from(calendar.is_working(day));
    }
    count
}

fn median(mut days: Vec<i64>) -> Option<f64> {
    days.sort_unstable();
    let upper = *days.get(days.len() / 2)?;
    let lower = *days.get(days.len().saturating_sub(1) / 2)?;
    Some((upper + lower) as f64 / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn working_days_skip_the_weekend() {
        let calendar = WorkingCalendar::default();
        let friday = at("2026-11-20T16:00:00Z");
        assert_eq!(
            working_days(&calendar, friday, at("2026-11-23T09:00:00Z")),
            1
        );
        assert_eq!(
            working_days(&calendar, friday, at("2026-11-22T09:00:00Z")),
            0
        );
        assert_eq!(working_days(&calendar, friday, friday), 0);
    }

    #[test]
    fn medians_and_shares() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![5]), Some(5.0));
        assert_eq!(median(vec![9, 1, 2]), Some(2.0));
        assert_eq!(median(vec![4, 1, 2, 3]), Some(2.5));
        assert_eq!(Share::default().in_words(), "No cases");
        assert_eq!(Share { met: 3, of: 4 }.in_words(), "3 of 4 (75.0%)");
    }

    #[test]
    fn a_limit_that_has_not_passed_says_nothing_yet() {
        let mut share = Share::default();
        let (limit, now) = (at("2026-11-24T12:00:00Z"), at("2026-11-23T12:00:00Z"));
        in_time(&mut share, limit, None, now);
        assert_eq!(share.of, 0);
        in_time(&mut share, limit, Some(limit), now);
        in_time(&mut share, now, Some(limit), now);
        in_time(&mut share, now, None, limit);
        assert_eq!(share, Share { met: 1, of: 3 });
    }
}
