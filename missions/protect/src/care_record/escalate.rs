//! A caller asks a supervisor; the supervisor answers.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use record::access::Resource;
use record::ids::{ActorId, RecordId, WorkItemId};
use record::time::Timestamp;
use record::work::WorkItem;
use serde::Deserialize;
use store::{Entry, OnConflict, Shown, Sql, Tx, work};
use web::parts::{Button, Empty, FieldErrors, Hidden, Page, Textarea, TimeStamp};
use web::{App, Error, Form, SignedIn};

use super::fields::Fields;
use super::form::{Drawn, FormPage, Made, frame};
use super::policy::RecordPolicy;
use super::read::{Victim, open};
use super::{ANSWER, ESCALATE, ESCALATIONS, saved};
use crate::victim_care::{QUEUE, permit};

fn build(
    app: &App,
    who: &SignedIn,
    victim: &Victim,
    form: &Fields,
    errors: FieldErrors,
) -> FormPage {
    let title = format!("Ask a supervisor about {}", victim.sheet.name);
    let hint = "What was tried, and what you propose";
    let fields = Drawn::new(form, &errors)
        .area("escalate_reason", "What you need decided", hint)
        .done();
    let made = Made {
        page: frame(app, who, victim, &title),
        action: victim.href("escalate"),
        fields,
        button: "Ask a supervisor",
        errors,
    };
    FormPage::of(made).intro("If somebody is in danger now, call 999 first.")
}

pub(super) async fn page(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let victim = open(&app, &who.actor, &id).await?;
    build(&app, &who, &victim, &Fields::default(), FieldErrors::new()).show()
}

pub(super) async fn submit(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let victim = open(&app, &who.actor, &id).await?;
    let policy = app.policy::<RecordPolicy>()?;
    let form = Fields(pairs);
    let mut errors = FieldErrors::new();
    let reason = form.long_text("escalate_reason", policy.longest_text, &mut errors);
    if reason.is_empty() {
        errors.add("escalate_reason", "Say what you need decided");
    }
    if !errors.is_empty() {
        return build(&app, &who, &victim, &form, errors).show();
    }
    let item = &victim.sheet.item;
    let grant = permit(&app, &who.actor, &ESCALATE, &work::resource(item), "").await?;
    let (item, by) = (item.clone(), who.actor.clone());
    app.store()
        .write(&grant, move |tx| {
            Box::pin(async move { ask_supervisor(tx, &item, (by.id, &by.name), &reason).await })
        })
        .await?;
    Ok(saved(&victim, "escalated"))
}

/// Puts a question before whoever supervises the item's unit.
pub async fn ask_supervisor(
    tx: &mut Tx<'_>,
    item: &WorkItem,
    by: (ActorId, &str),
    reason: &str,
) -> store::Result<()> {
    let id = RecordId(tx.id());
    let row = vec![
        id.into(),
        item.id.into(),
        item.subject.into(),
        tx.now().into(),
        by.0.into(),
        by.1.into(),
        item.unit.as_str().into(),
        reason.into(),
        "".into(),
    ];
    let columns = &[
        "id", "item", "report", "at", "by", "by_name", "unit", "reason", "answer",
    ];
    tx.insert("protect_escalation", columns, vec![row], OnConflict::Fail)
        .await?;
    tx.enter(Entry {
        kind: "escalation",
        id: id.to_string(),
        ..Entry::default()
    });
    Ok(())
}

/// A question that waits.
struct Waiting {
    id: RecordId,
    field: String,
    name: String,
    reference: String,
    href: String,
    by: String,
    at: Timestamp,
    reason: String,
}

#[derive(Template)]
#[template(path = "care_record/escalations.html")]
struct ListPage {
    page: Page,
    errors: FieldErrors,
    rows: Vec<Waiting>,
    may_answer: bool,
}

const ROWS: i64 = 100;

/// `GET /escalations`: what waits for an answer, oldest first.
pub(super) async fn list(State(app): State<App>, who: SignedIn) -> Result<Response, Error> {
    web::html(&build_list(&app, &who, FieldErrors::new()).await?)
}

async fn build_list(app: &App, who: &SignedIn, errors: FieldErrors) -> Result<ListPage, Error> {
    let queue = Resource::of("queue", QUEUE).of_unit(who.actor.unit.clone());
    let grant = permit(app, &who.actor, &ESCALATIONS, &queue, "").await?;
    let mut reader = app.store().read_to_show(&grant).await?;
    let sql = Sql::new(
        "select e.id, e.item, e.at, e.by_name, e.reason, r.victim_label, r.reference \
         from protect_escalation e join work_item w on w.id = e.item \
         join shared_report r on r.id = e.report where e.answered_at is null",
    );
    let sql =
        work::visible(sql, &who.actor.scope()).with(" order by e.at, e.id limit ?", [ROWS.into()]);
    let mut rows = Vec::new();
    for row in reader.rows(sql).await? {
        let (id, item): (RecordId, WorkItemId) = (row.get("id")?, row.get("item")?);
        rows.push(Waiting {
            id,
            field: format!("answer-{id}"),
            name: row.get("victim_label")?,
            reference: row.get("reference")?,
            href: format!("/victim-care/{item}/record"),
            by: row.get("by_name")?,
            at: row.get("at")?,
            reason: row.get("reason")?,
        });
    }
    let ids = rows.iter().map(|r| r.id.to_string()).collect();
    reader
        .shown(Shown {
            kind: "escalation",
            query: String::new(),
            ids,
        })
        .await?;
    Ok(ListPage {
        page: who
            .page(app, "Questions to a supervisor", "/victim-care")
            .back("Victim care", "/victim-care")
            .with_errors(&errors),
        errors,
        rows,
        may_answer: who.may(&ANSWER),
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Answered {
    answer: String,
}

/// `POST /escalations/{id}`.
pub(super) async fn answer(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(form): Form<Answered>,
) -> Result<Response, Error> {
    let id: RecordId = id.parse().map_err(|_| Error::NotFound)?;
    let policy = app.policy::<RecordPolicy>()?;
    let text = form.answer.trim().to_owned();
    if text.is_empty() || text.chars().count() > policy.longest_text {
        let mut errors = FieldErrors::new();
        errors.add(
            format!("answer-{id}"),
            "Write an answer the caller can act on",
        );
        let page = build_list(&app, &who, errors).await?;
        return web::html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    let item = item_of(&app, &who, id).await?;
    let grant = permit(&app, &who.actor, &ANSWER, &work::resource(&item), "").await?;
    let name = who.actor.name.clone();
    let changed = app.store().write(&grant, move |tx| {
        Box::pin(async move {
            let sql = Sql::new("update protect_escalation set ").with(
                "answered_at = ?, answered_by_name = ?, answer = ? where id = ? and answered_at is null",
                [tx.now().into(), name.into(), text.into(), id.into()],
            );
            tx.enter(Entry { kind: "escalation", id: id.to_string(), ..Entry::default() });
            tx.run(sql).await
        })
    });
    if changed.await? == 0 {
        return Err(Error::Conflict {
            what: "Somebody else answered this first".to_owned(),
            href: "/escalations".to_owned(),
        });
    }
    Ok(Redirect::to("/escalations").into_response())
}

/// The item a question is about, if the person may see it.
async fn item_of(app: &App, who: &SignedIn, id: RecordId) -> Result<WorkItem, Error> {
    let queue = Resource::of("queue", QUEUE).of_unit(who.actor.unit.clone());
    let grant = permit(app, &who.actor, &ESCALATIONS, &queue, "").await?;
    let mut reader = app.store().read(&grant).await?;
    let sql = Sql::new("select item from protect_escalation where ").with("id = ?", [id.into()]);
    let row = reader.first(sql).await?.ok_or(Error::NotFound)?;
    let item: WorkItemId = row.get("item")?;
    Ok(work::find(&mut reader.conn(), &who.actor.scope(), item).await?)
}
