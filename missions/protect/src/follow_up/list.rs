//! The list of follow-ups: those due, and those to come.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use record::access::{Resource, Scope};
use record::ids::WorkItemId;
use record::time::Timestamp;
use record::work::Priority;
use serde::Deserialize;
use store::{Row, Shown, Sql, work};
use web::parts::{DueCell, Empty, Notice, Page, Pagination, PriorityTag, SubNav};
use web::{App, Error, SignedIn};

use super::policy::FollowUpPolicy;
use super::{LIST, QUEUE};
use crate::victim_care::permit;

const ROWS: usize = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    view: String,
    after: String,
    done: String,
}

struct Listed {
    id: WorkItemId,
    name: String,
    reference: String,
    step: String,
    band: Priority,
    with: Option<String>,
    due_at: Timestamp,
    from: Timestamp,
}

#[derive(Template)]
#[template(path = "follow_up/list.html")]
struct ListPage {
    page: Page,
    views: SubNav,
    rows: Vec<Listed>,
    now: Timestamp,
    pages: Pagination,
}

fn listed(row: &Row, policy: &FollowUpPolicy) -> store::Result<Listed> {
    let step: String = row.get("band")?;
    Ok(Listed {
        id: row.get("id")?,
        name: row.get("victim_label")?,
        reference: row.get("reference")?,
        step: policy.title(&step),
        band: Priority::of_rank(row.get("priority")?),
        with: row.get("assignee_name")?,
        due_at: row.get("due_at")?,
        from: row.get("left_at")?,
    })
}

/// The question behind the list: one row more than a page shows.
fn question(later: bool, after: &str, tomorrow: Timestamp, scope: &Scope) -> Sql {
    let after: i64 = after.parse().unwrap_or(i64::MIN);
    let sql = Sql::new(
        "select w.id, w.band, w.priority, w.assignee_name, w.due_at, f.left_at, r.victim_label, \
         r.reference from work_item w join shared_report r on r.id = w.subject \
         join protect_follow_up f on f.item = w.id where ",
    )
    .with(
        "w.queue = ? and w.state <> 'closed' and w.lead is null and w.due_at > ?",
        [QUEUE.into(), after.into()],
    );
    let sql = match later {
        true => sql.with(" and w.due_at > ?", [tomorrow.into()]),
        false => sql.with(" and w.due_at <= ?", [tomorrow.into()]),
    };
    let most = i64::try_from(ROWS + 1).unwrap_or(i64::MAX);
    work::visible(sql, scope).with(" order by w.due_at, w.id limit ?", [most.into()])
}

fn notice(done: &str) -> Option<Notice> {
    Some(Notice::success(match done {
        "recorded" => "Follow-up recorded.",
        "again" => "Recorded. It is tried again on another day.",
        "ended" => "Recorded. The follow-up has ended without an answer.",
        _ => return None,
    }))
}

/// `GET /follow-ups`: those due within a day, or later ones, soonest first.
pub(super) async fn list(
    State(app): State<App>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let policy = app.policy::<FollowUpPolicy>()?;
    let later = asked.view == "later";
    let queue = Resource::of("queue", QUEUE).of_unit(who.actor.unit.clone());
    let grant = permit(&app, &who.actor, &LIST, &queue, "").await?;
    let mut reader = app.store().read_to_show(&grant).await?;
    let tomorrow = app.now().plus_days(1);
    let sql = question(later, &asked.after, tomorrow, &who.actor.scope());
    let found = reader.rows(sql).await?;
    let rows = found.iter().map(|row| listed(row, &policy));
    let mut rows = rows.collect::<Result<Vec<_>, _>>()?;
    let more = rows.len() > ROWS;
    rows.truncate(ROWS);
    let shown = Shown {
        kind: "work_item",
        query: asked.view.clone(),
        ids: rows.iter().map(|r| r.id.to_string()).collect(),
    };
    reader.shown(shown).await?;
    let view = if later { "later" } else { "due" };
    let next = rows.last().filter(|_| more);
    let next = next.map(|l| format!("/follow-ups?view={view}&after={}", l.due_at.micros()));
    let mut page = who.page(&app, "Follow-ups", "/follow-ups");
    page.notice = notice(&asked.done);
    let views = SubNav::new("Follow-up views")
        .view("Due", "/follow-ups", !later, None)
        .view("Later", "/follow-ups?view=later", later, None);
    web::html(&ListPage {
        page,
        views,
        rows,
        now: app.now(),
        pages: Pagination::new("Pages of follow-ups").next(next),
    })
}
