//! Clocks that ran out: a breach is recorded once, and stays.

use record::access::{Act, ActKind, Resource};
use record::ids::ReportId;
use record::time::Timestamp;
use record::work::Priority;
use store::{Sql, Value};
use web::{App, Tick};

use super::QUEUE;
use super::clocks::{FIRST_ATTEMPT, FIRST_CONTACT};
use super::contact_rows::{breach_row, write_breaches};
use super::policy::Care;

/// Reads times only, of nobody in particular.
pub const LOOK: Act = Act::new(
    "victim_clock.look",
    ActKind::Open,
    "Look at the clocks of victims to call",
);
pub const NOTE: Act = Act::new(
    "victim_clock.breach",
    ActKind::Alteration,
    "Record that a victim's clock ran out",
);

/// Breaches recorded in one run; the next run goes on.
const MOST: usize = 1_000;

/// The job's run.
pub fn run(app: App) -> Tick {
    Box::pin(async move { note(&app).await.map(drop) })
}

/// Records the breaches that are new, and tells how many.
pub(super) async fn note(app: &App) -> store::Result<usize> {
    let care = app.policy::<Care>()?;
    let system = app.system();
    let queue = Resource::of("queue", QUEUE);
    let mut reader = app.store().read(&system.permit(&LOOK, &queue, "")?).await?;
    let now = app.now();
    let mut rows = Vec::new();
    for band in Priority::ALL {
        for clock in [FIRST_ATTEMPT, FIRST_CONTACT] {
            for thread in ["w.lead is null", "w.lead is not null"] {
                for row in reader.rows(waiting(clock, band, thread)).await? {
                    let received: Timestamp = row.get("received_at")?;
                    let limit = match clock {
                        FIRST_ATTEMPT => Some(care.plan.first_attempt_limit(received, band)),
                        _ => care.first_contact_limit(received, band),
                    };
                    if let Some(limit) = limit.filter(|l| *l < now) {
                        let report: ReportId = row.get("subject")?;
                        let unit: String = row.get("unit")?;
                        rows.push(breach_row(report, clock, limit, now, &unit, &care.digest));
                    }
                }
            }
        }
    }
    drop(reader);
    let count = rows.len();
    if count > 0 {
        let grant = system.permit(&NOTE, &queue, "")?;
        let write = |rows: Vec<Vec<Value>>| {
            app.store().write(&grant, move |tx| {
                Box::pin(async move { write_breaches(tx, rows).await })
            })
        };
        write(rows).await?;
    }
    Ok(count)
}

/// Open items of a band whose clock is neither satisfied nor recorded as run out, oldest first: of
/// one band the oldest runs out first, so those that matter are among the first. The plus signs
/// keep the planner on the index of open items, which are few beside all that were ever received.
fn waiting(clock: &'static str, band: Priority, thread: &'static str) -> Sql {
    let most = i64::try_from(MOST).unwrap_or(i64::MAX);
    let satisfied = match clock {
        FIRST_ATTEMPT => "d.first_attempt_at is null and ",
        _ => "d.first_contact_at is null and ",
    };
    Sql::new(
        "select w.subject, w.received_at, w.unit from work_item w \
         left join protect_duty d on d.report = w.subject \
         left join protect_breach b on b.report = w.subject and ",
    )
    .with("b.clock = ? where ", [clock.into()])
    .then(satisfied)
    .then(thread)
    .with(
        " and w.queue = ? and w.state in ('open', 'taken') and b.report is null and w.band = ?",
        [QUEUE.into(), band.name().into()],
    )
    .with(" order by +w.received_at, w.id limit ?", [most.into()])
}
