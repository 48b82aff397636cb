//! The list of warnings: those in hand, in force, and over.

use askama::Template;
use axum::extract::{Query, State as Shared};
use axum::response::Response;
use record::access::Resource;
use record::ids::RecordId;
use record::time::Timestamp;
use serde::Deserialize;
use store::{Error as StoreError, Row, Shown, Sql};
use web::parts::{Button, DueCell, Empty, Page, Pagination, SubNav, TimeStamp, words};
use web::{App, Error, SignedIn};

use super::policy::WarningPolicy;
use super::state::State;
use super::{LIST, WRITE};
use crate::victim_care::permit;

const ROWS: usize = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    view: String,
    after: String,
}

struct Listed {
    id: RecordId,
    title: String,
    kind: String,
    immediate: bool,
    state: State,
    decided_at: Timestamp,
    issue_by: Timestamp,
    issued_at: Option<Timestamp>,
    expires_at: Timestamp,
    changed_at: Timestamp,
    by: String,
}

impl Listed {
    fn of(row: &Row, policy: &WarningPolicy) -> Result<Listed, StoreError> {
        let (state, kind): (String, String) = (row.get("state")?, row.get("kind")?);
        Ok(Listed {
            id: row.get("id")?,
            title: row.get("title")?,
            kind: policy.kind(&kind).map_or(kind, |k| k.title.clone()),
            immediate: row.get("immediate")?,
            state: State::parse(&state)
                .ok_or_else(|| StoreError::Invalid(format!("{state:?} is no state")))?,
            decided_at: row.get("decided_at")?,
            issue_by: row.get("issue_by")?,
            issued_at: row.get("issued_at")?,
            expires_at: row.get("expires_at")?,
            changed_at: row.get("changed_at")?,
            by: row.get("changed_by_name")?,
        })
    }

    /// Whether its time until the public is warned still runs.
    fn is_running(&self) -> bool {
        self.immediate
            && self.issued_at.is_none()
            && !matches!(self.state, State::Withdrawn | State::Cleared)
    }
}

/// The views: name, title, states, what an empty one says.
const VIEWS: [(&str, &str, &[State], &str); 3] = [
    (
        "",
        "In hand",
        &[
            State::Draft,
            State::Checking,
            State::Approving,
            State::Approved,
        ],
        "No warning is in hand.",
    ),
    (
        "force",
        "In force",
        &[State::Sent],
        "No warning is in force.",
    ),
    (
        "over",
        "Over",
        &[State::Cleared, State::Withdrawn],
        "No warning is over yet.",
    ),
];

#[derive(Template)]
#[template(path = "warnings/list.html")]
struct ListPage {
    page: Page,
    views: SubNav,
    rows: Vec<Listed>,
    empty: &'static str,
    now: Timestamp,
    may_write: bool,
    subscribers: String,
    pages: Pagination,
}

/// `GET /warnings`.
pub async fn page(
    Shared(app): Shared<App>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let (view, _, states, empty) = VIEWS
        .iter()
        .find(|(v, ..)| *v == asked.view)
        .unwrap_or(&VIEWS[0]);
    let of = Resource::of("page", "warnings").of_unit(who.actor.unit.clone());
    let grant = permit(&app, &who.actor, &LIST, &of, "").await?;
    let policy = app.policy::<WarningPolicy>()?;
    let after: i64 = asked.after.parse().unwrap_or(i64::MAX);
    let limit = i64::try_from(ROWS + 1).unwrap_or(i64::MAX);
    let sql = Sql::new(
        "select id, title, kind, immediate, state, decided_at, issue_by, issued_at, expires_at, changed_at, \
         changed_by_name from protect_warning where ",
    )
    .with("marking <= ? and changed_at < ?", [who.actor.ceiling.level().into(), after.into()])
    .within(" and state in", states.iter().map(|s| s.name().into()))
    .with(" order by changed_at desc, id limit ?", [limit.into()]);
    let mut reader = app.store().read_to_show(&grant).await?;
    let found = reader.rows(sql).await?;
    let confirmed = "select count(*) as n from protect_subscription where confirmed_at is not null";
    let subscribers = reader.count(confirmed).await?.max(0).unsigned_abs();
    let mut rows = found
        .iter()
        .map(|row| Listed::of(row, &policy))
        .collect::<Result<Vec<_>, _>>()?;
    let more = rows.len() > ROWS;
    rows.truncate(ROWS);
    let shown = Shown {
        kind: "warning",
        query: (*view).to_owned(),
        ids: rows.iter().map(|r| r.id.to_string()).collect(),
    };
    reader.shown(shown).await?;
    let next = rows.last().filter(|_| more);
    let next = next.map(|last| format!("/warnings?view={view}&after={}", last.changed_at.micros()));
    let views = VIEWS
        .iter()
        .fold(SubNav::new("Views"), |nav, (name, title, ..)| {
            let href = match *name {
                "" => "/warnings".to_owned(),
                name => format!("/warnings?view={name}"),
            };
            nav.view(*title, href, name == view, None)
        });
    web::html(&ListPage {
        page: who.page(&app, "Warnings to the public", "/warnings"),
        views,
        rows,
        empty,
        now: app.now(),
        may_write: who.may(&WRITE),
        subscribers: words::plural(subscribers, "person gets", "people get"),
        pages: Pagination::new("Pages of warnings").next(next),
    })
}
