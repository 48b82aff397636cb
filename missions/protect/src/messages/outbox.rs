//! The messages there are, one of them, and what a person decides about one that did not go out.

use askama::Template;
use axum::extract::{Path, Query, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use record::access::{Act, Actor, Grant, Resource};
use record::ids::{RecordId, WorkItemId};
use record::marking::Marking;
use record::time::Timestamp;
use serde::Deserialize;
use store::{Entry, Error as StoreError, Row, Shown, Sql};
use web::parts::{
    Button, Choice, Empty, FieldErrors, Hidden, Notice, Page, Pagination, Radios, SubNav,
    SummaryList, Tag, Textarea, TimeStamp,
};
use web::{App, Error, Form, SignedIn};

use super::state::State;
use super::{LIST, SETTLE, VIEW};
use crate::victim_care::permit;

const ROWS: usize = 50;
const LONGEST_NOTE: usize = 1_000;

/// What a person may decide about a message that failed or may have gone out.
const DECISIONS: [(&str, &str, State); 3] = [
    ("again", "Send it again", State::Queued),
    ("sent", "It did go out", State::Sent),
    ("withdraw", "Do not send it", State::Withdrawn),
];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    view: String,
    after: String,
    done: String,
}

struct Listed {
    id: RecordId,
    name: String,
    reference: String,
    subject: String,
    state: State,
    problem: String,
    by: String,
    at: Timestamp,
}

fn state_of(row: &Row) -> Result<State, StoreError> {
    let name: String = row.get("state")?;
    State::parse(&name).ok_or_else(|| StoreError::Invalid(format!("{name:?} is no state")))
}

impl Listed {
    fn of(row: &Row) -> Result<Listed, StoreError> {
        Ok(Listed {
            id: row.get("id")?,
            name: row.get("name")?,
            reference: row.get("reference")?,
            subject: row.get("subject")?,
            state: state_of(row)?,
            problem: row.get("problem")?,
            by: row.get("created_by_name")?,
            at: row.get("created_at")?,
        })
    }
}

fn tag(state: State) -> Tag<'static> {
    match state {
        State::Failed | State::Unsure => Tag::red(state.title()),
        State::Queued | State::HandedOver => Tag::blue(state.title()),
        State::Sent => Tag::green(state.title()),
        State::Withdrawn => Tag::grey(state.title()),
    }
}

#[derive(Template)]
#[template(path = "messages/list.html")]
struct ListPage {
    page: Page,
    views: SubNav,
    rows: Vec<Listed>,
    empty: &'static str,
    pages: Pagination,
}

/// The views of the list: name, title, states, what an empty one says.
const VIEWS: [(&str, &str, &[State], &str); 3] = [
    (
        "",
        "To decide",
        &[State::Failed, State::Unsure],
        "Nothing waits for a decision.",
    ),
    (
        "waiting",
        "Waiting",
        &[State::Queued, State::HandedOver],
        "No message waits to go out.",
    ),
    (
        "done",
        "Done",
        &[State::Sent, State::Withdrawn],
        "No message went out yet.",
    ),
];

/// Messages of sealed records are on their own victims' pages only, and absent here.
fn listed(actor: &Actor, states: &[State], after: &str) -> Sql {
    // Many are made in one write, at one moment: the id tells where the page before ended.
    let after = after
        .split_once('.')
        .and_then(|(at, id)| Some((at.parse::<i64>().ok()?, id.parse::<RecordId>().ok()?)));
    let limit = i64::try_from(ROWS + 1).unwrap_or(i64::MAX);
    let mut sql = Sql::new(
        "select id, name, reference, subject, state, problem, created_by_name, created_at \
         from protect_message where purpose = 'victim' and compartment is null and ",
    )
    .with("marking <= ? and", [actor.ceiling.level().into()])
    .within(" state in", states.iter().map(|s| s.name().into()));
    if let Some((at, id)) = after {
        sql = sql.with(" and (created_at, id) < (?, ?)", [at.into(), id.into()]);
    }
    sql.with(" order by created_at desc, id desc limit ?", [limit.into()])
}

/// `GET /messages`.
pub async fn list(
    Shared(app): Shared<App>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let (view, _, states, empty) = VIEWS
        .iter()
        .find(|(view, ..)| *view == asked.view)
        .unwrap_or(&VIEWS[0]);
    let of = Resource::of("page", "messages").of_unit(who.actor.unit.clone());
    let grant = permit(&app, &who.actor, &LIST, &of, "").await?;
    let mut reader = app.store().read_to_show(&grant).await?;
    let found = reader
        .rows(listed(&who.actor, states, &asked.after))
        .await?;
    let mut rows = found
        .iter()
        .map(Listed::of)
        .collect::<Result<Vec<_>, _>>()?;
    let more = rows.len() > ROWS;
    rows.truncate(ROWS);
    let shown = Shown {
        kind: "message",
        query: (*view).to_owned(),
        ids: rows.iter().map(|r| r.id.to_string()).collect(),
    };
    reader.shown(shown).await?;
    let next = rows.last().filter(|_| more).map(|last| {
        format!(
            "/messages?view={view}&after={}.{}",
            last.at.micros(),
            last.id
        )
    });
    let views = VIEWS
        .iter()
        .fold(SubNav::new("Views"), |nav, (name, title, ..)| {
            let href = match *name {
                "" => "/messages".to_owned(),
                name => format!("/messages?view={name}"),
            };
            nav.view(*title, href, name == view, None)
        });
    let views = match who.may_open(&app, "/letters") {
        true => views.view("Letters", "/letters", false, None),
        false => views,
    };
    web::html(&ListPage {
        page: who.page(&app, "Messages to victims", "/messages"),
        views,
        rows,
        empty,
        pages: Pagination::new("Pages of messages").next(next),
    })
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub struct Typed {
    decision: String,
    note: String,
}

#[derive(Template)]
#[template(path = "messages/one.html")]
struct OnePage {
    page: Page,
    id: RecordId,
    facts: SummaryList,
    subject: String,
    body: String,
    victim: String,
    may_settle: bool,
    is_unsure: bool,
    decisions: Vec<Choice>,
    typed: Typed,
    errors: FieldErrors,
}

/// `GET /messages/{id}`.
pub async fn one(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let (row, resource) = open(&app, &who.actor, &id, &VIEW).await?.0;
    let mut page = build(
        &app,
        &who,
        &row,
        &resource,
        Typed::default(),
        FieldErrors::new(),
    )?;
    page.page.notice = match asked.done.as_str() {
        "queued" => Some(Notice::success(
            "The message is waiting to go out. It leaves within a minute.",
        )),
        "settled" => Some(Notice::success("Your decision is recorded.")),
        _ => None,
    };
    web::html(&page)
}

/// Reads a message for an act on it. What the actor may not see is not found.
async fn open(
    app: &App,
    actor: &Actor,
    id: &str,
    act: &Act,
) -> Result<((Row, Resource), Grant), Error> {
    let id: RecordId = id.parse().map_err(|_| Error::NotFound)?;
    // Whose it is decides whether it may be seen, so that is looked up first.
    let find = Resource::of("message", id.to_string()).of_unit(actor.unit.clone());
    let grant = permit(app, actor, &VIEW, &find, "").await?;
    let mut reader = app.store().read(&grant).await?;
    let sql = Sql::new("select * from protect_message where purpose = 'victim' and ")
        .with("id = ?", [id.into()]);
    let row = reader.first(sql).await?.ok_or(Error::NotFound)?;
    drop(reader);
    let compartment: Option<String> = row.get("compartment")?;
    let marking = Marking::of_level(row.get("marking")?);
    let resource = Resource::of("message", id.to_string())
        .marked(marking, compartment)
        .of_unit(row.get::<String>("unit")?);
    if !actor.may(&VIEW, &resource) {
        return Err(Error::NotFound);
    }
    let grant = permit(app, actor, act, &resource, "").await?;
    Ok(((row, resource), grant))
}

fn build(
    app: &App,
    who: &SignedIn,
    row: &Row,
    resource: &Resource,
    typed: Typed,
    errors: FieldErrors,
) -> Result<OnePage, Error> {
    let state = state_of(row)?;
    let item: WorkItemId = row.get("item")?;
    let version: i64 = row.get("template_version")?;
    let made: Timestamp = row.get("created_at")?;
    let ended: Option<Timestamp> = row.get("ended_at")?;
    let next: Timestamp = row.get("next_at")?;
    let failed: i64 = row.get("failed")?;
    let problem: String = row.get("problem")?;
    let note: String = row.get("note")?;
    let template = format!("{}, version {version}", row.get::<String>("template")?);
    let waits = state == State::Queued && failed > 0;
    let facts = SummaryList::new()
        .row("State", state.title())
        .row("To", row.get::<String>("address")?)
        .row("Text", template)
        .row(
            "Made",
            format!(
                "{} by {}",
                made.show(),
                row.get::<String>("created_by_name")?
            ),
        )
        .row_if("What happened", Some(problem).filter(|p| !p.is_empty()))
        .row_if("Next try", waits.then(|| next.show()))
        .row_if("Ended", ended.map(Timestamp::show))
        .row_if("Decided by", row.get::<Option<String>>("settled_by_name")?)
        .row_if("Note", Some(note).filter(|n| !n.is_empty()));
    let name: String = row.get("name")?;
    let title = format!("Message to {name}");
    Ok(OnePage {
        page: who
            .page(app, &title, "/messages")
            .back("Messages to victims", "/messages")
            .with_errors(&errors),
        id: row.get("id")?,
        facts,
        subject: row.get("subject")?,
        body: row.get("body")?,
        victim: format!("/victim-care/{item}"),
        may_settle: state.needs_decision() && who.actor.may(&SETTLE, resource),
        is_unsure: state == State::Unsure,
        decisions: DECISIONS
            .iter()
            .map(|(id, title, _)| Choice::new(*id, *title))
            .collect(),
        typed,
        errors,
    })
}

/// `POST /messages/{id}/settle`.
pub async fn settle(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Error> {
    let ((row, resource), grant) = open(&app, &who.actor, &id, &SETTLE).await?;
    let mut errors = FieldErrors::new();
    let decision = DECISIONS.iter().find(|(id, ..)| *id == typed.decision);
    if decision.is_none() {
        errors.add("decision", "Choose what is to happen");
    }
    if typed.note.trim().is_empty() {
        errors.add("note", "Say how you know, or why");
    }
    if typed.note.chars().count() > LONGEST_NOTE {
        errors.add("note", format!("Use {LONGEST_NOTE} characters or fewer"));
    }
    let Some((.., to)) = decision.filter(|_| errors.is_empty()) else {
        let page = build(&app, &who, &row, &resource, typed, errors)?;
        return web::html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    let message: RecordId = row.get("id")?;
    let changed = decide(&app, &grant, &who.actor, message, *to, typed.note.trim()).await?;
    if changed == 0 {
        return Err(Error::Conflict {
            what: "somebody else decided about this message first".to_owned(),
            href: format!("/messages/{message}"),
        });
    }
    Ok(Redirect::to(&format!("/messages/{message}?done=settled")).into_response())
}

/// Records a decision, and tells whether the message still waited for one.
async fn decide(
    app: &App,
    grant: &Grant,
    actor: &Actor,
    message: RecordId,
    to: State,
    note: &str,
) -> Result<u64, StoreError> {
    let (by, note) = (actor.name.clone(), note.to_owned());
    app.store()
        .write(grant, move |tx| {
            Box::pin(async move {
                let now = tx.now();
                let ended = (to != State::Queued).then_some(now);
                let sql = Sql::new("update protect_message set ").with(
                    "state = ?, next_at = ?, ended_at = ?, settled_by_name = ?, note = ? \
                     where id = ? and state in (?, ?)",
                    [
                        to.name().into(),
                        now.into(),
                        ended.into(),
                        by.as_str().into(),
                        note.as_str().into(),
                        message.into(),
                        State::Failed.name().into(),
                        State::Unsure.name().into(),
                    ],
                );
                let changed = tx.run(sql).await?;
                tx.enter(Entry {
                    kind: "message",
                    id: message.to_string(),
                    content: String::new(),
                    detail: serde_json::json!({ "state": to.name() }).to_string(),
                });
                Ok(changed)
            })
        })
        .await
}
