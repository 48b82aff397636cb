//! A victim rings 101 to ask whether a caller is ours: the reference leads to who has been calling.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use record::access::{Act, ActKind, Scope};
use record::ids::ReportId;
use record::time::Timestamp;
use serde::Deserialize;
use store::{Conn, Shown, Sql, work};
use web::parts::{Button, Input, Page, TimeStamp};
use web::{App, SignedIn, html};

use super::policy::Care;
use super::{QUEUE, permit, queue_of};

pub const VERIFY: Act = Act::new(
    "victim_care.verify",
    ActKind::Consultation,
    "Check for a victim whether a caller is ours",
);

/// Contacts of so many days are told: a victim rings back soon, or next week.
const DAYS: i64 = 14;

/// Somebody who may have called.
struct CallerLine {
    name: String,
    body: String,
    what: &'static str,
    at: Timestamp,
}

#[derive(Template)]
#[template(path = "victim_care/verify.html")]
struct VerifyPage {
    page: Page,
    reference: String,
    asked: bool,
    known: bool,
    callers: Vec<CallerLine>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    reference: String,
}

/// Who has been calling about a reference; none when no victim to call has it. And the reports.
async fn callers(
    conn: &mut Conn<'_>,
    care: &Care,
    scope: &Scope,
    reference: &str,
    since: Timestamp,
) -> store::Result<(Option<Vec<CallerLine>>, Vec<String>)> {
    let sql = Sql::new(
        "select w.subject, w.assignee_name, w.taken_at, w.unit from work_item w \
         join shared_report r on r.id = w.subject where ",
    )
    .with(
        "w.queue = ? and r.reference = ?",
        [QUEUE.into(), reference.into()],
    );
    let sql = work::visible(sql, scope).then(" order by w.received_at limit 20");
    let (mut found, mut reports) = (None, Vec::new());
    for row in conn.rows(sql).await? {
        let lines = found.get_or_insert_with(Vec::new);
        let report: ReportId = row.get("subject")?;
        reports.push(report.to_string());
        let taken: Option<Timestamp> = row.get("taken_at")?;
        let name: Option<String> = row.get("assignee_name")?;
        if let (Some(name), Some(at)) = (name, taken) {
            lines.push(CallerLine {
                name,
                body: body(care, &row.get::<String>("unit")?),
                what: "has this victim to call since",
                at,
            });
        }
        let sql = Sql::new(
            "select c.actor_name, c.unit, c.at from protect_contact c \
             join protect_contact_report p on p.contact = c.id where ",
        )
        .with(
            "p.report = ? and c.at >= ? and c.direction = 'out' order by c.at desc limit 20",
            [report.into(), since.into()],
        );
        for row in conn.rows(sql).await? {
            lines.push(CallerLine {
                name: row.get("actor_name")?,
                body: body(care, &row.get::<String>("unit")?),
                what: "made contact",
                at: row.get("at")?,
            });
        }
    }
    Ok((found, reports))
}

/// `GET /caller-check?reference=…`. Tells names of callers, and nothing of the victim.
pub(super) async fn page(
    State(app): State<App>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, web::Error> {
    let reference: String = asked.reference.trim().chars().take(80).collect();
    let grant = permit(&app, &who.actor, &VERIFY, &queue_of(&who.actor), "").await?;
    let care = app.policy::<Care>()?;
    let mut reader = app.store().read_to_show(&grant).await?;
    let since = app.now().plus_days(-DAYS);
    let scope = who.actor.scope();
    let (found, ids) = match reference.as_str() {
        "" => (None, Vec::new()),
        named => callers(&mut reader.conn(), &care, &scope, named, since).await?,
    };
    let shown = Shown {
        kind: "report",
        query: reference.clone(),
        ids,
    };
    reader.shown(shown).await?;
    html(&VerifyPage {
        page: who.page(&app, "Check a caller", "/victim-care").narrow(),
        asked: !reference.is_empty(),
        reference,
        known: found.is_some(),
        callers: found.unwrap_or_default(),
    })
}

fn body(care: &Care, unit: &str) -> String {
    care.partner(unit)
        .map_or_else(|| care.force.clone(), |p| p.title.clone())
}
