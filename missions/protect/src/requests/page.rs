//! The list of requests, one request, and what was done about it.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use record::access::{Actor, Grant, Resource};
use record::ids::SubmissionId;
use record::marking::Marking;
use record::submission::SubmissionKind;
use record::time::Timestamp;
use serde::Deserialize;
use std::collections::BTreeMap;
use store::{Error as StoreError, Row, Shown, Sql, Tx};
use web::parts::{
    Button, Choice, DueCell, Empty, FieldErrors, Hidden, Notice, Page, Pagination, Radios, SubNav,
    SummaryList, Tag, Textarea, TimeStamp,
};
use web::{App, Error, Form, SignedIn};

use super::policy::RequestPolicy;
use super::{CLOSE, LIST, VIEW, YOUNG};
use crate::organisations;

const ROWS: usize = 50;
const LONGEST_NOTE: usize = 2_000;

/// Asks for an act; a refusal is in the ledger before it is told.
pub(super) async fn ask(
    app: &App,
    actor: &Actor,
    act: &record::access::Act,
    of: &Resource,
) -> Result<Grant, Error> {
    match actor.permit(act, of, "") {
        Ok(grant) => Ok(grant),
        Err(refused) => {
            app.store().note_refusal(refused.attempt()).await?;
            Err(refused.into())
        }
    }
}

/// Whether the actor sees requests about young people. To others they are not there.
pub(super) fn sees_young(actor: &Actor) -> bool {
    let of = Resource::of("request", "young_person").of_unit(actor.unit.clone());
    actor.permit(&YOUNG, &of, "").is_ok()
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    view: String,
    after: String,
    done: String,
}

/// A request as the list shows it.
struct Listed {
    id: SubmissionId,
    kind: SubmissionKind,
    reference: String,
    from: String,
    about: String,
    received_at: Timestamp,
    due_at: Timestamp,
    closed_at: Option<Timestamp>,
}

impl Listed {
    fn of(row: &Row) -> Result<Listed, StoreError> {
        let fields: BTreeMap<String, String> = row.json("fields")?;
        let text = |name: &str| fields.get(name).cloned().unwrap_or_default();
        let from = match text("organisation") {
            organisation if organisation.is_empty() => text("name"),
            organisation => organisation,
        };
        let about: String = text("about").chars().take(100).collect();
        Ok(Listed {
            id: row.get("id")?,
            kind: kind_of(row)?,
            reference: row.get("reference")?,
            from: if from.is_empty() {
                "No name given".to_owned()
            } else {
                from
            },
            about,
            received_at: row.get("received_at")?,
            due_at: row.get("due_at")?,
            closed_at: row.get("closed_at")?,
        })
    }
}

pub(super) fn kind_of(row: &Row) -> Result<SubmissionKind, StoreError> {
    let name: String = row.get("kind")?;
    SubmissionKind::parse(&name)
        .ok_or_else(|| StoreError::Invalid(format!("{name:?} is no kind of request")))
}

#[derive(Template)]
#[template(path = "requests/list.html")]
struct ListPage {
    page: Page,
    views: SubNav,
    rows: Vec<Listed>,
    closed: bool,
    now: Timestamp,
    pages: Pagination,
}

/// The question behind the list: one row more than a page shows.
fn listed(actor: &Actor, closed: bool, after: &str) -> Sql {
    let first = if closed { i64::MAX } else { i64::MIN };
    let after: i64 = after.parse().unwrap_or(first);
    let sql = Sql::new(
        "select id, kind, reference, fields, received_at, due_at, closed_at \
         from protect_request where ",
    )
    .with("marking <= ? and ", [actor.ceiling.level().into()])
    .then(if sees_young(actor) {
        ""
    } else {
        "kind <> 'young_person' and "
    });
    let sql = if closed {
        let page = "closed_at is not null and closed_at < ? order by closed_at desc, id";
        sql.with(page, [after.into()])
    } else {
        sql.with(
            "closed_at is null and due_at > ? order by due_at, id",
            [after.into()],
        )
    };
    let limit = i64::try_from(ROWS + 1).unwrap_or(i64::MAX);
    sql.with(" limit ?", [limit.into()])
}

/// `GET /public-requests`.
pub async fn list(
    State(app): State<App>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let closed = asked.view == "closed";
    let of = Resource::of("page", "public_requests").of_unit(who.actor.unit.clone());
    let grant = ask(&app, &who.actor, &LIST, &of).await?;
    let mut reader = app.store().read_to_show(&grant).await?;
    let found = reader
        .rows(listed(&who.actor, closed, &asked.after))
        .await?;
    let mut rows = found
        .iter()
        .map(Listed::of)
        .collect::<Result<Vec<_>, _>>()?;
    let more = rows.len() > ROWS;
    rows.truncate(ROWS);
    let shown = Shown {
        kind: "request",
        query: asked.view.clone(),
        ids: rows.iter().map(|r| r.id.to_string()).collect(),
    };
    reader.shown(shown).await?;
    let view = if closed { "closed" } else { "open" };
    let next = rows.last().filter(|_| more).map(|last| {
        let at = if closed {
            last.closed_at.unwrap_or_default()
        } else {
            last.due_at
        };
        format!("/public-requests?view={view}&after={}", at.micros())
    });
    let mut page = who.page(&app, "Requests from the public", "/public-requests");
    if asked.done == "yes" {
        page = page.notice(Notice::success("Recorded. The request is closed."));
    }
    let views = SubNav::new("Views")
        .view("Open", "/public-requests", !closed, None)
        .view("Closed", "/public-requests?view=closed", closed, None);
    web::html(&ListPage {
        page,
        views,
        rows,
        closed,
        now: app.now(),
        pages: Pagination::new("Pages of requests").next(next),
    })
}

#[derive(Template)]
#[template(path = "requests/one.html")]
struct OnePage {
    page: Page,
    id: SubmissionId,
    facts: SummaryList,
    told: SummaryList,
    duty: Option<String>,
    report: Option<String>,
    may_close: bool,
    /// Where it can become another record.
    onward: Onward,
    closed: Option<String>,
    outcomes: Vec<Choice>,
    typed: Typed,
    errors: FieldErrors,
}

/// What a request of an organisation can become, for whoever may make it that.
#[derive(Default)]
struct Onward {
    incident: Option<String>,
    assessment: Option<String>,
}

impl Onward {
    fn of(who: &SignedIn, (id, kind): (SubmissionId, SubmissionKind), answers: bool) -> Onward {
        if kind != SubmissionKind::OrganisationHelp || !who.may(&CLOSE) {
            return Onward::default();
        }
        let href = |end: &str| format!("/public-requests/{id}/{end}");
        Onward {
            incident: who
                .may(&organisations::incidents::RECORD)
                .then(|| href("incident-call")),
            assessment: (answers && who.may(&organisations::ASSESS)).then(|| href("assessment")),
        }
    }
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub struct Typed {
    outcome: String,
    note: String,
}

/// `GET /public-requests/{id}`.
pub async fn one(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let page = build(&app, &who, &id, Typed::default(), FieldErrors::new()).await?;
    web::html(&page)
}

/// Names of fields in words, in the order of the page; others follow.
const FIELDS: [(&str, &str); 17] = [
    ("organisation", "Organisation"),
    ("name", "Name"),
    ("role", "Who they are"),
    ("phone", "Phone"),
    ("email", "Email"),
    ("times", "Safe to call"),
    ("message", "May we leave a message"),
    ("needs", "Language or help"),
    ("report", "Report they named"),
    ("young_person", "Young person"),
    ("age", "Age"),
    ("knows", "Young person knows"),
    ("urgency", "What it is about"),
    ("rating", "How easy it was"),
    ("page", "Page"),
    ("check", "Check"),
    ("answers", "Answers to the check"),
];

async fn build(
    app: &App,
    who: &SignedIn,
    id: &str,
    typed: Typed,
    errors: FieldErrors,
) -> Result<OnePage, Error> {
    let id: SubmissionId = id.parse().map_err(|_| Error::NotFound)?;
    let of = Resource::of("request", id.to_string())
        .marked(Marking::OfficialSensitive, None)
        .of_unit(who.actor.unit.clone());
    let grant = ask(app, &who.actor, &VIEW, &of).await?;
    let mut reader = app.store().read(&grant).await?;
    let sql = Sql::new("select * from protect_request where ").with("id = ?", [id.into()]);
    let row = reader.first(sql).await?.ok_or(Error::NotFound)?;
    drop(reader);
    let kind = kind_of(&row)?;
    if kind == SubmissionKind::YoungPerson && !sees_young(&who.actor) {
        return Err(Error::NotFound);
    }
    let policy = app.policy::<RequestPolicy>()?;
    let fields: BTreeMap<String, String> = row.json("fields")?;
    let answers = fields.get("answers").is_some_and(|a| !a.is_empty());
    let told = told(fields);
    let received: Timestamp = row.get("received_at")?;
    let due: Timestamp = row.get("due_at")?;
    let facts = SummaryList::new()
        .row("Reference", row.get::<String>("reference")?)
        .row("Sent", received.show())
        .row("To be looked at by", due.show());
    let closed = how_closed(&row, &policy)?;
    let item: Option<record::ids::WorkItemId> = row.get("item")?;
    let report: Option<record::ids::ReportId> = row.get("report")?;
    let page = who
        .page(app, kind.title(), "/public-requests")
        .back("Requests from the public", "/public-requests")
        .with_errors(&errors);
    Ok(OnePage {
        page,
        id,
        facts,
        told,
        duty: item.map(|i| format!("/victim-care/{i}")),
        report: report.map(|r| format!("/reports/{r}")),
        may_close: who.actor.permit(&CLOSE, &of, "").is_ok(),
        onward: Onward::of(who, (id, kind), answers),
        closed,
        outcomes: policy
            .outcomes
            .iter()
            .map(|o| Choice::new(&o.id, &o.title))
            .collect(),
        typed,
        errors,
    })
}

/// What the sender wrote, as a list of names and values.
fn told(mut fields: BTreeMap<String, String>) -> SummaryList {
    let mut told = SummaryList::new();
    for (name, words) in FIELDS {
        if let Some(value) = fields.remove(name) {
            told = told.row(words, value.as_str());
        }
    }
    for (name, value) in &fields {
        let name = match name.as_str() {
            "about" => "In their words".to_owned(),
            other => other.replace('_', " "),
        };
        told = told.row(name, value.as_str());
    }
    told
}

/// Outcome, who and when, as a sentence; none while it is open.
fn how_closed(row: &Row, policy: &RequestPolicy) -> Result<Option<String>, StoreError> {
    let Some(at) = row.get::<Option<Timestamp>>("closed_at")? else {
        return Ok(None);
    };
    let by: Option<String> = row.get("closed_by_name")?;
    let outcome: Option<String> = row.get("outcome")?;
    let title = outcome.and_then(|o| policy.outcome(&o).map(|o| o.title.clone()));
    let note: Option<String> = row.get("note")?;
    let parts = [title, by, Some(at.show()), note.filter(|n| !n.is_empty())];
    Ok(Some(
        parts.into_iter().flatten().collect::<Vec<_>>().join(". "),
    ))
}

/// `POST /public-requests/{id}/close`.
pub async fn close(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Error> {
    let policy = app.policy::<RequestPolicy>()?;
    let mut errors = FieldErrors::new();
    if policy.outcome(&typed.outcome).is_none() {
        errors.add("outcome", "Choose what was done");
    }
    if typed.note.chars().count() > LONGEST_NOTE {
        errors.add("note", format!("Use {LONGEST_NOTE} characters or fewer"));
    }
    if !errors.is_empty() {
        let page = build(&app, &who, &id, typed, errors).await?;
        return web::html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    // Refuses what the person may not see.
    let shown = build(&app, &who, &id, Typed::default(), FieldErrors::new()).await?;
    let of = Resource::of("request", shown.id.to_string())
        .marked(Marking::OfficialSensitive, None)
        .of_unit(who.actor.unit.clone());
    let grant = ask(&app, &who.actor, &CLOSE, &of).await?;
    let (actor, name, id) = (who.actor.id, who.actor.name.clone(), shown.id);
    let statement = move |tx: &Tx<'_>| {
        Sql::new("update protect_request set ").with(
            "closed_at = ?, closed_by = ?, closed_by_name = ?, outcome = ?, note = ? \
             where id = ? and closed_at is null",
            [
                tx.now().into(),
                actor.into(),
                name.as_str().into(),
                typed.outcome.as_str().into(),
                typed.note.trim().into(),
                id.into(),
            ],
        )
    };
    let changed = app
        .store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                let sql = statement(tx);
                tx.run(sql).await
            })
        })
        .await?;
    if changed == 0 {
        return Err(Error::Conflict {
            what: "somebody else closed this request first".to_owned(),
            href: format!("/public-requests/{id}"),
        });
    }
    Ok(Redirect::to("/public-requests?done=yes").into_response())
}
