//! An assessment with an organisation: a question set is chosen, asked and judged.
//!
//! One assessment may have several sections, each a set: a readiness check sent from the public side
//! gets its insider section when an officer goes through it (INSIDER-01).

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, Query, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use record::access::Actor;
use record::assessment::{ANSWERS, Outcome, QuestionSet, Verdict};
use record::ids::{RecordId, SubmissionId};
use serde::{Deserialize, Serialize};
use store::{Error as StoreError, OnConflict, Result as Stored, Sql, Tx};
use utoipa::ToSchema;
use web::parts::{Button, Choice, FieldErrors, Hidden, Html, Page, Radios};
use web::{App, Error, Form, SignedIn};

use super::ASSESS;
use super::fields::Fields;
use super::form::heading;
use super::policy::OrganisationPolicy;
use super::rows::{Noted, Organisation, advance, conflict, opened, record_id};
use super::state::Event;

/// Answers to a question set as the API sends them.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AssessmentInput {
    /// For example `readiness-check` or `insider-threat`; its newest version is asked.
    pub set: String,
    /// By question: `yes`, `no` or `unknown`.
    pub answers: BTreeMap<String, String>,
    /// Id of the assessment the section is added to; empty for an assessment of its own.
    pub assessment: String,
}

/// A section, judged and about to be kept.
pub struct Section<'s> {
    pub set: &'s QuestionSet,
    pub outcome: Outcome,
}

/// Where a section belongs.
#[derive(Debug, Clone, Copy)]
pub enum Belongs {
    /// An assessment of its own, made here by an officer.
    New,
    /// One of its own, sent from the public side.
    Sent(SubmissionId),
    Assessment(RecordId),
}

/// Begins an assessment: where it came from, and the request it was sent with. A request begins one.
async fn begin(
    tx: &mut Tx<'_>,
    organisation: &Organisation,
    (origin, request): (&str, Option<SubmissionId>),
) -> Stored<RecordId> {
    let id = RecordId(tx.id());
    let columns = &["id", "organisation", "at", "origin", "request", "by_name"];
    let row = vec![
        id.into(),
        organisation.id.into(),
        tx.now().into(),
        origin.into(),
        request.into(),
        tx.grant().actor_name().into(),
    ];
    let table = "protect_org_assessment";
    match tx
        .insert(table, columns, vec![row], OnConflict::Keep)
        .await?
    {
        0 => Err(StoreError::Conflict),
        _ => Ok(id),
    }
}

/// Keeps a section in a write under way, and tells of which assessment it is.
pub async fn keep(
    tx: &mut Tx<'_>,
    policy: &OrganisationPolicy,
    organisation: &Organisation,
    section: &Section<'_>,
    into: Belongs,
) -> Stored<RecordId> {
    let id = match into {
        Belongs::Assessment(id) => id,
        Belongs::New => begin(tx, organisation, ("officer", None)).await?,
        Belongs::Sent(request) => begin(tx, organisation, ("public", Some(request))).await?,
    };
    let outcome = serde_json::to_string(&section.outcome)
        .map_err(|e| StoreError::Invalid(format!("the result: {e}")))?;
    let columns = &[
        "assessment",
        "set_id",
        "version",
        "title",
        "at",
        "by_name",
        "verdict",
        "outcome",
        "policy",
    ];
    let verdict = section.outcome.verdict();
    let row = vec![
        id.into(),
        section.set.id.as_str().into(),
        section.set.version.as_str().into(),
        section.set.title.as_str().into(),
        tx.now().into(),
        tx.grant().actor_name().into(),
        verdict.name().into(),
        outcome.into(),
        policy.digest.as_str().into(),
    ];
    // A section that was answered stays as it was answered.
    let added = tx
        .insert("protect_org_section", columns, vec![row], OnConflict::Keep)
        .await?;
    if added == 0 {
        return Err(StoreError::Conflict);
    }
    tx.enter(store::Entry {
        kind: "assessment",
        id: id.to_string(),
        detail: serde_json::json!({ "set": section.set.name(), "verdict": verdict.name() })
            .to_string(),
        ..store::Entry::default()
    });
    let what = format!("{}: {}", section.set.name(), said(verdict));
    let noted = Noted {
        what: &what,
        note: "",
    };
    advance(tx, organisation, Event::Assessment, noted).await?;
    Ok(id)
}

/// A verdict as officers say it of an organisation.
pub const fn said(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::WellPrepared => "all in place",
        Verdict::ToPutRight => "some things to put right",
        Verdict::NotReady => "not ready",
    }
}

/// What came of an attempt to record answers.
pub enum Recorded {
    Done(RecordId),
    /// Questions without an answer.
    Missing(Vec<String>),
}

/// Records the answers to a set.
pub async fn record(
    app: &App,
    actor: &Actor,
    id: &str,
    input: &AssessmentInput,
) -> Result<Recorded, Error> {
    let (organisation, grant) = opened(app, actor, id, &ASSESS).await?;
    let policy = app.policy::<OrganisationPolicy>()?;
    let set = policy.sets.newest(&input.set).ok_or_else(|| {
        let known: Vec<&str> = policy.sets.asked().map(|s| s.id.as_str()).collect();
        let known = known.join(", ");
        Error::BadRequest(format!("set: {:?} is none of {known}", input.set))
    })?;
    let strange = input.answers.keys().find(|q| set.question(q).is_none());
    if let Some(strange) = strange {
        let message = format!("answers: {strange:?} is no question of {}", set.name());
        return Err(Error::BadRequest(message));
    }
    let outcome = match set.judge(|q| input.answers.get(q).cloned()) {
        Ok(outcome) => outcome,
        Err(missing) => return Ok(Recorded::Missing(missing)),
    };
    let set_id = set.id.clone();
    let into = match input.assessment.as_str() {
        "" => Belongs::New,
        of => Belongs::Assessment(record_id(of)?),
    };
    let back = organisation.href();
    let policy = std::sync::Arc::clone(&policy);
    let written = app
        .store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                if let Belongs::Assessment(of) = into {
                    let sql = Sql::new("select id from protect_org_assessment where ").with(
                        "id = ? and organisation = ?",
                        [of.into(), organisation.id.into()],
                    );
                    tx.first(sql).await?.ok_or(StoreError::NotFound)?;
                }
                let set = policy.sets.newest(&set_id).ok_or(StoreError::NotFound)?;
                let section = Section { set, outcome };
                keep(tx, &policy, &organisation, &section, into).await
            })
        })
        .await;
    let what =
        "This section was answered already, or somebody else moved this organisation on first";
    Ok(Recorded::Done(conflict(written, what, &back)?))
}

/// Which assessment a page is about.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    to: String,
}

/// A set that can be asked.
struct Offered {
    href: String,
    title: String,
    version: String,
    questions: usize,
}

#[derive(Template)]
#[template(path = "organisations/choose.html")]
struct ChoosePage {
    page: Page,
    sets: Vec<Offered>,
}

/// `GET /organisations/{id}/assess`.
pub async fn choose(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let (organisation, _) = opened(&app, &who.actor, &id, &ASSESS).await?;
    let policy = app.policy::<OrganisationPolicy>()?;
    let to = asked.to.parse::<RecordId>().ok();
    let sets = policy.sets.asked().map(|set| {
        let tail = to.map(|id| format!("?to={id}")).unwrap_or_default();
        Offered {
            href: format!("{}/assess/{}{tail}", organisation.href(), set.id),
            title: set.title.clone(),
            version: set.version.clone(),
            questions: set.questions.len(),
        }
    });
    let title = format!("Assess {}", organisation.name);
    web::html(&ChoosePage {
        sets: sets.collect(),
        page: who
            .page(&app, &title, "/organisations")
            .back(organisation.name.clone(), organisation.href()),
    })
}

#[derive(Template)]
#[template(path = "organisations/assess.html")]
struct AskPage {
    page: Page,
    action: String,
    set: QuestionSet,
    is_about_insiders: bool,
    fields: Vec<Html>,
    errors: FieldErrors,
}

fn draw(
    app: &App,
    who: &SignedIn,
    organisation: &Organisation,
    (set, fields): (&QuestionSet, &Fields),
    errors: FieldErrors,
) -> Result<Response, Error> {
    let choices = ANSWERS.map(|(value, title)| Choice::new(value, title));
    let mut drawn = Vec::new();
    let mut theme = "";
    for question in &set.questions {
        if question.theme != theme {
            theme = &question.theme;
            drawn.push(heading(theme));
        }
        let radios = Radios::new(&question.id, &question.text, &choices)
            .chosen(fields.text(&question.id))
            .small()
            .inline()
            .errors(&errors);
        drawn.push(Html::of(&radios));
    }
    let to = fields.text("to");
    drawn.push(Html::of(&Hidden::new("to", to)));
    let page = who
        .page(app, &set.title, "/organisations")
        .back(organisation.name.clone(), organisation.href())
        .with_errors(&errors);
    let status = if errors.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let page = AskPage {
        page,
        action: format!("{}/assess/{}", organisation.href(), set.id),
        set: set.clone(),
        is_about_insiders: !set.kinds.is_empty(),
        fields: drawn,
        errors,
    };
    web::html_with(status, &page)
}

/// `GET /organisations/{id}/assess/{set}`.
pub async fn page(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path((id, set)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let (organisation, _) = opened(&app, &who.actor, &id, &ASSESS).await?;
    let policy = app.policy::<OrganisationPolicy>()?;
    let set = policy.sets.newest(&set).ok_or(Error::NotFound)?;
    let mut fields = Fields::default();
    fields.set("to", asked.to);
    draw(
        &app,
        &who,
        &organisation,
        (set, &fields),
        FieldErrors::new(),
    )
}

/// `POST /organisations/{id}/assess/{set}`.
pub async fn submit(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path((id, set)): Path<(String, String)>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let policy = app.policy::<OrganisationPolicy>()?;
    let set = policy.sets.newest(&set).ok_or(Error::NotFound)?;
    let fields = Fields(pairs);
    let answered = set
        .questions
        .iter()
        .map(|q| (q.id.clone(), fields.owned(&q.id)));
    let input = AssessmentInput {
        set: set.id.clone(),
        answers: answered.collect(),
        assessment: fields.owned("to"),
    };
    match record(&app, &who.actor, &id, &input).await? {
        Recorded::Done(assessment) => {
            let to = format!("/organisations/{id}/assessments/{assessment}");
            Ok(Redirect::to(&to).into_response())
        }
        Recorded::Missing(missing) => {
            let (organisation, _) = opened(&app, &who.actor, &id, &ASSESS).await?;
            let mut errors = FieldErrors::new();
            for id in missing {
                let text = set.question(&id).map_or("", |q| q.text.as_str());
                errors.add(id, format!("Choose an answer: {text}"));
            }
            draw(&app, &who, &organisation, (set, &fields), errors)
        }
    }
}
