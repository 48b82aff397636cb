//! Follow-ups are left on their queue, each once for a report and a step.

use record::access::Resource;
use record::ids::{ReportId, WorkItemId};
use record::report::Feed;
use record::time::Timestamp;
use record::work::{NewWorkItem, WorkItem};
use store::{Error, OnConflict, Result, Sql, Tx, work};
use web::{App, Tick};

use super::policy::{FollowUpPolicy, RE_OFFER};
use super::{LEAVE, LOOK, QUEUE};

/// Follow-ups left in one run; the next run goes on.
const MOST: i64 = 500;

/// A follow-up to be left.
struct Due {
    report: ReportId,
    /// The duty it follows.
    item: WorkItemId,
    step: String,
    due_at: Timestamp,
}

/// The job's run.
pub fn tick(app: App) -> Tick {
    Box::pin(async move { run(&app).await.map(drop) })
}

/// Leaves what is to be left, and tells how many.
pub async fn run(app: &App) -> Result<usize> {
    let policy = app.policy::<FollowUpPolicy>()?;
    let queue = Resource::of("queue", QUEUE);
    let system = app.system();
    let mut due = Vec::new();
    let mut reader = app.store().read(&system.permit(&LOOK, &queue, "")?).await?;
    for (sql, step, days) in questions(&policy, app.now()) {
        for row in reader.rows(sql).await? {
            let from: Timestamp = row.get("at")?;
            due.push(Due {
                report: row.get("report")?,
                item: row.get("id")?,
                step: step.clone(),
                due_at: from.plus_days(i64::from(days)),
            });
        }
    }
    drop(reader);
    if due.is_empty() {
        return Ok(0);
    }
    let grant = system.permit(&LEAVE, &queue, "")?;
    let scope = system.scope();
    app.store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                let mut items = Vec::with_capacity(due.len());
                for one in &due {
                    items.push(work::find(tx, &scope, one.item).await?);
                }
                leave(tx, &due, &items).await
            })
        })
        .await
}

/// What is to be left: the first step after advice, each later step after the one before has ended,
/// and refused support. Looked for among what ended lately, so that a run stays short.
fn questions(policy: &FollowUpPolicy, now: Timestamp) -> Vec<(Sql, String, u32)> {
    let mut all = Vec::new();
    let longest = policy.steps.last().map_or(0, |s| s.days) + 366;
    let since: Timestamp = now.plus_days(-i64::from(longest));
    let item = "join work_item w on w.subject = d.report and w.queue = 'protect.victim_care' \
                and w.state = 'closed' and w.outcome <> 'handed_over' ";
    for (n, step) in policy.steps.iter().enumerate() {
        let mut sql =
            Sql::new("select d.report, w.id, d.ended_at as at from protect_duty d ").then(item);
        if let Some(before) = n.checked_sub(1).and_then(|b| policy.steps.get(b)) {
            sql = sql.with(
                "join protect_follow_up b on b.report = d.report and b.step = ? \
                 and b.ended_at is not null ",
                [before.id.as_str().into()],
            );
        }
        sql = sql.with(
            "where d.line = 'advised' and d.ended_at >= ? and not exists (select 1 from \
             protect_follow_up f where f.report = d.report and f.step = ?) limit ?",
            [since.into(), step.id.as_str().into(), MOST.into()],
        );
        all.push((sql, step.id.clone(), step.days));
    }
    for (table, later) in [
        (
            "select o.report, w.id, min(o.at) as at from protect_support_offer o \
             join work_item w on w.subject = o.report and w.queue = 'protect.victim_care' \
             and (w.outcome is null or w.outcome <> 'handed_over') where o.answer = 'refused' and ",
            // What was accepted in the same call settles it as well as what is accepted later.
            " and not exists (select 1 from protect_support_offer y where y.report = o.report \
             and y.answer <> 'refused' and y.at >= o.at)",
        ),
        (
            "select o.report, w.id, min(o.at) as at from protect_support_refusal o \
             join work_item w on w.subject = o.report and w.queue = 'protect.victim_care' \
             and (w.outcome is null or w.outcome <> 'handed_over') where ",
            " and not exists (select 1 from protect_support_offer y where y.report = o.report \
             and y.answer <> 'refused' and y.at > o.at)",
        ),
    ] {
        let sql = Sql::new(table)
            .with(
                "o.at >= ? and not exists (select 1 from protect_follow_up f \
                 where f.report = o.report and f.step = ?) and not exists (select 1 \
                 from protect_plan_action p where p.report = o.report)",
                [since.into(), RE_OFFER.into()],
            )
            .then(later)
            .with(" group by o.report, w.id limit ?", [MOST.into()]);
        all.push((sql, RE_OFFER.to_owned(), policy.reoffer_days));
    }
    all
}

async fn leave(tx: &mut Tx<'_>, due: &[Due], items: &[WorkItem]) -> Result<usize> {
    let mut rows = Vec::with_capacity(due.len());
    let mut left: Vec<NewWorkItem> = Vec::with_capacity(due.len());
    let mut seen: Vec<(ReportId, &str)> = Vec::new();
    for (one, item) in due.iter().zip(items) {
        // The same refusal may be in two tables.
        if seen.contains(&(one.report, one.step.as_str())) {
            continue;
        }
        seen.push((one.report, &one.step));
        let id = WorkItemId(tx.id());
        rows.push(vec![
            one.report.into(),
            one.step.as_str().into(),
            id.into(),
            tx.now().into(),
            one.due_at.into(),
        ]);
        left.push(NewWorkItem {
            id,
            queue: QUEUE,
            subject: item.subject,
            about: item.about,
            origin: Some(item.id),
            priority: item.priority,
            band: one.step.clone(),
            feed: Feed::parse(&item.feed)
                .ok_or_else(|| Error::invalid(format!("{:?} is not a feed", item.feed)))?,
            source: item.source.clone(),
            vulnerable: item.vulnerable,
            network: item.network,
            received_at: item.received_at,
            due_at: one.due_at,
            decide_by: None,
            unit: item.unit.clone(),
            marking: item.marking,
            compartment: item.compartment.clone(),
            summary: item.summary.clone(),
        });
    }
    let count = left.len();
    // Two processes may look at the same time: the key lets one of them through, and the other looks
    // again in its next run.
    let columns = &["report", "step", "item", "left_at", "due_at"];
    tx.insert("protect_follow_up", columns, rows, OnConflict::Fail)
        .await?;
    work::leave(tx, left).await?;
    Ok(count)
}
