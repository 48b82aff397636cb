//! The JSON API of incident support calls: the same reading and writing as the pages.

use axum::Json;
use axum::extract::{Path, Query, State as Shared};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;
use web::{App, Error, Problem, SignedIn, json};

use super::call::{Call, CallInput, make};
use super::page::{self, Asked, Step};
use super::steps::{self, HandOverInput, StepInput};
use crate::organisations::form::Written;

/// An incident support call.
#[derive(Debug, Serialize, ToSchema)]
struct IncidentCall {
    id: String,
    /// Send it back with a change.
    version: i64,
    name: String,
    caller: String,
    role: String,
    phone: String,
    /// `attack` or `imminent`.
    trigger: &'static str,
    about: String,
    called_at: String,
    /// By when first advice is to be given.
    due_at: String,
    first_advice_at: Option<String>,
    /// When its time was over without advice.
    breached_at: Option<String>,
    organisation: Option<String>,
    handed_to: Option<String>,
    /// Why it is not counted.
    error: Option<String>,
    closed_at: Option<String>,
}

/// A page of the queue.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct IncidentCalls {
    items: Vec<IncidentCall>,
    /// Send it as `after` for the next page; none at the end.
    next: Option<String>,
}

/// A call with what was done.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct IncidentCallWhole {
    #[serde(flatten)]
    call: IncidentCall,
    /// Latest first.
    steps: Vec<IncidentStep>,
}

/// Something that was done.
#[derive(Debug, Serialize, ToSchema)]
struct IncidentStep {
    at: String,
    act: String,
    how: String,
    note: String,
    by: String,
}

impl From<Call> for IncidentCall {
    fn from(call: Call) -> IncidentCall {
        IncidentCall {
            id: call.id.to_string(),
            version: call.version,
            name: call.name,
            caller: call.caller,
            role: call.role,
            phone: call.phone,
            trigger: call.trigger.name(),
            about: call.about,
            called_at: call.called_at.rfc3339(),
            due_at: call.due_at.rfc3339(),
            first_advice_at: call.first_advice_at.map(|t| t.rfc3339()),
            breached_at: call.breached_at.map(|t| t.rfc3339()),
            organisation: call.organisation.map(|id| id.to_string()),
            handed_to: call.handed_to,
            error: call.error,
            closed_at: call.closed_at.map(|t| t.rfc3339()),
        }
    }
}

impl From<Step> for IncidentStep {
    fn from(step: Step) -> IncidentStep {
        IncidentStep {
            at: step.at.rfc3339(),
            act: step.act,
            how: step.how,
            note: step.note,
            by: step.by,
        }
    }
}

async fn whole(app: &App, who: &SignedIn, id: &str) -> Result<IncidentCallWhole, Error> {
    let (call, steps) = page::open(app, &who.actor, id).await?;
    Ok(IncidentCallWhole {
        call: call.into(),
        steps: steps.into_iter().map(Into::into).collect(),
    })
}

#[utoipa::path(get, path = "/incident-calls", summary = "Incident support calls",
    params(
        ("view" = Option<String>, Query, description = "`open` (default) or `closed`"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of the queue", body = IncidentCalls),
        (status = 403, description = "Not permitted", body = Problem),
    ))]
pub(super) async fn list(
    Shared(app): Shared<App>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let listing = page::read(&app, &who.actor, &asked).await?;
    let body = IncidentCalls {
        items: listing.rows.into_iter().map(Into::into).collect(),
        next: listing.next,
    };
    Ok(json(StatusCode::OK, &body))
}

#[utoipa::path(post, path = "/incident-calls", summary = "Record an incident support call",
    request_body = CallInput,
    responses(
        (status = 201, description = "Recorded", body = IncidentCallWhole),
        (status = 400, description = "What is wrong, field by field", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
    ))]
pub(super) async fn create(
    Shared(app): Shared<App>,
    who: SignedIn,
    Json(input): Json<CallInput>,
) -> Result<Response, Error> {
    let made = make(&app, &who.actor, &input).await?.or_bad_request()?;
    let body = whole(&app, &who, &made.to_string()).await?;
    Ok(json(StatusCode::CREATED, &body))
}

#[utoipa::path(get, path = "/incident-calls/{id}", summary = "Open an incident support call",
    params(("id" = String, Path, description = "Id of the call")),
    responses(
        (status = 200, description = "The call with what was done", body = IncidentCallWhole),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "No such call, or not open to you", body = Problem),
    ))]
pub(super) async fn open(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    Ok(json(StatusCode::OK, &whole(&app, &who, &id).await?))
}

async fn answered(
    app: &App,
    who: &SignedIn,
    id: &str,
    recorded: Written,
) -> Result<Response, Error> {
    recorded.or_bad_request()?;
    Ok(json(StatusCode::CREATED, &whole(app, who, id).await?))
}

#[utoipa::path(post, path = "/incident-calls/{id}/steps", summary = "Record what was done in a call",
    description = "The act `advice` stops the clock.",
    params(("id" = String, Path, description = "Id of the call")),
    request_body = StepInput,
    responses(
        (status = 201, description = "Recorded; the call as it stands now", body = IncidentCallWhole),
        (status = 400, description = "What is wrong, field by field", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "No such call, or not open to you", body = Problem),
        (status = 409, description = "Somebody else was first", body = Problem),
    ))]
pub(super) async fn step(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Json(input): Json<StepInput>,
) -> Result<Response, Error> {
    let recorded = steps::record(&app, &who.actor, &id, &input).await?;
    answered(&app, &who, &id, recorded).await
}

#[utoipa::path(post, path = "/incident-calls/{id}/hand-over", summary = "Hand over a call",
    params(("id" = String, Path, description = "Id of the call")),
    request_body = HandOverInput,
    responses(
        (status = 201, description = "Handed over; the call as it stands now", body = IncidentCallWhole),
        (status = 400, description = "What is wrong, field by field", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "No such call, or not open to you", body = Problem),
        (status = 409, description = "Somebody else was first", body = Problem),
    ))]
pub(super) async fn hand_over(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Json(input): Json<HandOverInput>,
) -> Result<Response, Error> {
    let recorded = steps::hand(&app, &who.actor, &id, &input).await?;
    answered(&app, &who, &id, recorded).await
}
