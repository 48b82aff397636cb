//! What is done in a call: advice and other steps, the hand-over, and taking out a true error.

use axum::extract::{Path, State as Shared};
use axum::response::{IntoResponse, Redirect, Response};
use record::access::Actor;
use record::time::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Error as StoreError, OnConflict, Result as Stored, Sql, Tx};
use utoipa::ToSchema;
use web::parts::{FieldErrors, Hidden, Html, Radios};
use web::{App, Error, Form, SignedIn};

use super::call::{Call, opened};
use super::moments::{moment, past_moment};
use super::{ERROR, HAND_OVER, RECORD, page};
use crate::organisations::fields::{Checks, Drawn, Fields};
use crate::organisations::form::{FormPage, Written, paragraph};
use crate::organisations::policy::{ADVICE, OrganisationPolicy, choices, ids};
use crate::organisations::rows::conflict;

/// How somebody was reached. Not by e-mail: an attacker may read it.
pub const WAYS: [(&str, &str); 3] = [
    ("phone", "By phone"),
    ("in_person", "In person"),
    ("message", "By message to a number they gave"),
];

/// Acts in the history that no form offers.
pub const HANDED_OVER: &str = "handed_over";
pub const TAKEN_OUT: &str = "error";

const FASTER: &str = "Somebody else changed this call first";

/// A step as a form or the API sends it.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StepInput {
    /// Act of the policy; `advice` stops the clock.
    pub act: String,
    /// `phone`, `in_person` or `message`.
    pub how: String,
    /// What was said and done.
    pub note: String,
    /// When (RFC 3339); now when empty.
    pub at: String,
    /// Version of the call as it was shown.
    pub version: i64,
}

/// Records a step of an open call.
pub async fn record(
    app: &App,
    actor: &Actor,
    id: &str,
    input: &StepInput,
) -> Result<Written, Error> {
    let (call, grant) = opened(app, actor, id, &RECORD).await?;
    let policy = app.policy::<OrganisationPolicy>()?;
    let mut checks = Checks::at(app.now());
    if !call.is_open() {
        checks.errors.add("act", "This call is handed over already");
    }
    checks.one_of(
        "act",
        &input.act,
        ids(&policy.incident.acts),
        "what was done",
    );
    let ways = WAYS.iter().map(|(id, _)| *id);
    checks.one_of("how", &input.how, ways, "how they were reached");
    checks.needed("note", &input.note, "what was said and done");
    checks.longest("note", &input.note, policy.longest_note);
    let at = past_moment(&mut checks, "at", &input.at);
    if at.is_some_and(|at| at < call.called_at) {
        checks
            .errors
            .add("at", "The time must not be before the call");
    }
    let Some(at) = at.filter(|_| checks.errors.is_empty()) else {
        return Ok(Written::Wrong(checks.errors));
    };
    let (back, input) = (call.href(), input.clone());
    let written = app
        .store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                let first = (input.act == ADVICE && call.first_advice_at.is_none()).then_some(at);
                touch(tx, &call, (first, input.version)).await?;
                let words = (input.act.as_str(), input.how.as_str(), input.note.as_str());
                step(tx, &call, at, words).await
            })
        })
        .await;
    conflict(written, FASTER, &back)?;
    Ok(Written::Done(()))
}

/// Raises the version, and stops the clock by first advice. Advice that came late is a breach, noted
/// once, with the time it began.
async fn touch(
    tx: &mut Tx<'_>,
    call: &Call,
    (first, seen): (Option<Timestamp>, i64),
) -> Stored<()> {
    let breached = first.filter(|at| *at > call.due_at).map(|_| call.due_at);
    let sql = Sql::new("update protect_incident_call set ").with(
        "first_advice_at = coalesce(first_advice_at, ?), \
         breached_at = coalesce(breached_at, ?), version = version + 1 \
         where id = ? and version = ? and closed_at is null",
        [first.into(), breached.into(), call.id.into(), seen.into()],
    );
    if tx.run(sql).await? == 0 {
        return Err(StoreError::Conflict);
    }
    Ok(())
}

/// One line of a call's history: act, way and note.
async fn step(
    tx: &mut Tx<'_>,
    call: &Call,
    at: Timestamp,
    (act, how, note): (&str, &str, &str),
) -> Stored<()> {
    let columns = &["id", "call", "at", "act", "how", "note", "by_name"];
    let row = vec![
        tx.id().into(),
        call.id.into(),
        at.into(),
        act.into(),
        how.into(),
        note.into(),
        tx.grant().actor_name().into(),
    ];
    tx.insert(
        "protect_incident_step",
        columns,
        vec![row],
        OnConflict::Fail,
    )
    .await?;
    tx.enter(store::Entry {
        kind: "incident_call",
        id: call.id.to_string(),
        detail: serde_json::json!({ "act": act }).to_string(),
        ..store::Entry::default()
    });
    Ok(())
}

/// `POST /incident-calls/{id}/steps`.
pub async fn submit(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let fields = Fields(pairs);
    let input = StepInput {
        act: fields.owned("act"),
        how: fields.owned("how"),
        note: fields.owned("note"),
        at: moment(&fields, "at"),
        version: fields.text("version").parse().unwrap_or_default(),
    };
    match record(&app, &who.actor, &id, &input).await? {
        Written::Done(()) => Ok(Redirect::to(&format!("/incident-calls/{id}")).into_response()),
        Written::Wrong(errors) => page::draw(&app, &who, &id, fields, errors).await,
    }
}

/// A hand-over as a form or the API sends it.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HandOverInput {
    /// Of the policy, for example `investigation`.
    pub to: String,
    /// What they were told, and what is left to do.
    pub note: String,
    /// Version of the call as it was shown.
    pub version: i64,
}

/// Hands a call over, which closes it. Without first advice the clock stays unmet, and the note says
/// why.
pub async fn hand(
    app: &App,
    actor: &Actor,
    id: &str,
    input: &HandOverInput,
) -> Result<Written, Error> {
    let (call, grant) = opened(app, actor, id, &HAND_OVER).await?;
    let policy = app.policy::<OrganisationPolicy>()?;
    let mut checks = Checks::at(app.now());
    let to = ids(&policy.incident.hand_over);
    checks.one_of("to", &input.to, to, "to whom it is handed over");
    checks.needed(
        "note",
        &input.note,
        "what they were told and what is left to do",
    );
    checks.longest("note", &input.note, policy.longest_note);
    if !checks.errors.is_empty() {
        return Ok(Written::Wrong(checks.errors));
    }
    let (back, input) = (call.href(), input.clone());
    let written = app
        .store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                let sql = Sql::new("update protect_incident_call set ").with(
                    "handed_to = ?, closed_at = ?, version = version + 1 \
                     where id = ? and version = ? and closed_at is null",
                    [
                        input.to.as_str().into(),
                        tx.now().into(),
                        call.id.into(),
                        input.version.into(),
                    ],
                );
                if tx.run(sql).await? == 0 {
                    return Err(StoreError::Conflict);
                }
                let now = tx.now();
                step(tx, &call, now, (HANDED_OVER, "", &input.note)).await
            })
        })
        .await;
    conflict(written, FASTER, &back)?;
    Ok(Written::Done(()))
}

/// A form about a call as a whole: which page, and the choice it asks for.
fn draw_end(
    app: &App,
    who: &SignedIn,
    call: &Call,
    (end, fields): (End, &Fields),
    errors: FieldErrors,
) -> Result<Response, Error> {
    let policy = app.policy::<OrganisationPolicy>()?;
    let drawn = Drawn {
        fields,
        errors: &errors,
    };
    let (title, name, label, choices, hint, button) = match end {
        End::HandOver => (
            "Hand over the call of",
            "to",
            "To whom",
            choices(&policy.incident.hand_over),
            "What they were told, and what is left to do",
            "Hand over",
        ),
        End::Error => (
            "Take out the call of",
            "error",
            "Why it is a true error",
            choices(&policy.incident.errors),
            "How it is known",
            "Take out of the count",
        ),
    };
    let lead = match (end, call.first_advice_at) {
        (End::HandOver, None) => {
            paragraph("No advice was given yet. Say why, if it is handed over without.")
        }
        (End::HandOver, Some(_)) => paragraph("This closes the call here. Its record stays."),
        (End::Error, _) => paragraph("The record stays, and the count says that it was taken out."),
    };
    let radios = Radios::new(name, label, &choices).chosen(fields.text(name));
    let version = match fields.text("version") {
        "" => call.version.to_string(),
        seen => seen.to_owned(),
    };
    FormPage {
        title: format!("{title} {}", call.name),
        menu: "/incident-calls",
        back: (call.name.clone(), call.href()),
        action: format!("{}/{}", call.href(), end.path()),
        lead,
        fields: vec![
            Html::of(&radios.errors(&errors)),
            drawn.text("note", "Note", hint),
            Html::of(&Hidden::new("version", &version)),
        ],
        button,
    }
    .draw(app, who, errors)
}

/// How a call ends.
#[derive(Debug, Clone, Copy)]
enum End {
    HandOver,
    Error,
}

impl End {
    const fn path(self) -> &'static str {
        match self {
            End::HandOver => "hand-over",
            End::Error => "error",
        }
    }
}

/// `GET /incident-calls/{id}/hand-over`.
pub async fn hand_over_page(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let (call, _) = opened(&app, &who.actor, &id, &HAND_OVER).await?;
    let form = (End::HandOver, &Fields::default());
    draw_end(&app, &who, &call, form, FieldErrors::new())
}

/// `POST /incident-calls/{id}/hand-over`.
pub async fn hand_over(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let fields = Fields(pairs);
    let input = HandOverInput {
        to: fields.owned("to"),
        note: fields.owned("note"),
        version: fields.text("version").parse().unwrap_or_default(),
    };
    match hand(&app, &who.actor, &id, &input).await? {
        Written::Done(()) => Ok(Redirect::to(&format!("/incident-calls/{id}")).into_response()),
        Written::Wrong(errors) => {
            let (call, _) = opened(&app, &who.actor, &id, &HAND_OVER).await?;
            draw_end(&app, &who, &call, (End::HandOver, &fields), errors)
        }
    }
}

/// `GET /incident-calls/{id}/error`.
pub async fn error_page(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let (call, _) = opened(&app, &who.actor, &id, &ERROR).await?;
    let form = (End::Error, &Fields::default());
    draw_end(&app, &who, &call, form, FieldErrors::new())
}

/// `POST /incident-calls/{id}/error`.
pub async fn error(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let (call, grant) = opened(&app, &who.actor, &id, &ERROR).await?;
    let policy = app.policy::<OrganisationPolicy>()?;
    let fields = Fields(pairs);
    let mut checks = Checks::at(app.now());
    let errors = ids(&policy.incident.errors);
    checks.one_of(
        "error",
        fields.text("error"),
        errors,
        "why it is a true error",
    );
    checks.needed("note", fields.text("note"), "how it is known");
    checks.longest("note", fields.text("note"), policy.longest_note);
    if !checks.errors.is_empty() {
        return draw_end(&app, &who, &call, (End::Error, &fields), checks.errors);
    }
    let back = call.href();
    let written = app
        .store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                let seen: i64 = fields.text("version").parse().unwrap_or_default();
                let sql = Sql::new("update protect_incident_call set ").with(
                    "error = ?, closed_at = coalesce(closed_at, ?), version = version + 1 \
                     where id = ? and version = ?",
                    [
                        fields.text("error").into(),
                        tx.now().into(),
                        call.id.into(),
                        seen.into(),
                    ],
                );
                if tx.run(sql).await? == 0 {
                    return Err(StoreError::Conflict);
                }
                let now = tx.now();
                step(tx, &call, now, (TAKEN_OUT, "", fields.text("note"))).await
            })
        })
        .await;
    conflict(written, FASTER, &back)?;
    Ok(Redirect::to(&back).into_response())
}
