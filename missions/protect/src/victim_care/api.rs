//! The JSON API of victim care: the same reading and writing as the pages.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{App, Problem, SignedIn, json};

use super::call::{Recorded, record as record_contact};
use super::form::ContactInput;
use super::list::{Asked, Listed, read};
use super::policy::Care;
use super::sheet::{Made, Matter, Opened, Sheet, open as open_sheet};
use super::{Given, assign, item_id};
use crate::repeat_victims::RepeatVictim;

/// A victim to call.
#[derive(Debug, Serialize, ToSchema)]
struct VictimToCall {
    id: String,
    /// Send it back with a change.
    version: i64,
    name: String,
    /// Age or kind, in words.
    about: String,
    reference: String,
    title: String,
    district: String,
    /// `high`, `medium` or `standard`.
    vulnerability: &'static str,
    feed: String,
    received_at: String,
    due_at: String,
    /// Open reports worked in this call.
    reports: i64,
    /// Other reports of the same person, as far as the caller may see them.
    earlier_reports: i64,
    attempts: i64,
    assignee: Option<String>,
    unit: String,
    outcome: Option<String>,
}

/// A page of the call list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VictimsToCall {
    items: Vec<VictimToCall>,
    /// Send it as `after` for the next page; none at the end.
    next: Option<String>,
}

/// A report of the call.
#[derive(Debug, Serialize, ToSchema)]
struct ReportOfCall {
    id: String,
    reference: String,
    title: String,
    crime_code: String,
    event_from: Option<String>,
    event_to: Option<String>,
    loss_pence: Option<i64>,
    narrative: String,
    /// `awaiting`, `advised`, `declined`, `not_reached`, `barred`, `unsafe` or `error`.
    line: &'static str,
    attempts: i64,
    /// What the attempt plan asks for next, while it is awaiting.
    next_step: Option<String>,
}

/// A contact that was made.
#[derive(Debug, Serialize, ToSchema)]
struct ContactMade {
    id: String,
    at: String,
    by: String,
    unit: String,
    direction: String,
    channel: String,
    outcome: String,
    minutes: Option<i64>,
    next_at: Option<String>,
    note: String,
    topics: Vec<Given>,
    support: Vec<Given>,
}

/// A clock that ran out.
#[derive(Debug, Serialize, ToSchema)]
struct ClockBreach {
    report: String,
    clock: String,
    limit_at: String,
}

/// Everything about one call.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CallSheet {
    id: String,
    /// Send it back with a change.
    version: i64,
    /// `open`, `taken` or `closed`.
    state: &'static str,
    assignee: Option<String>,
    name: String,
    vulnerability: &'static str,
    /// How the victim asked to be contacted.
    safe_contact: Vec<String>,
    /// Contact only by the safe method.
    domestic_abuse: bool,
    phones: Vec<String>,
    languages: Vec<String>,
    due_at: String,
    reports: Vec<ReportOfCall>,
    contacts: Vec<ContactMade>,
    breaches: Vec<ClockBreach>,
    /// The item that goes on in another unit, if it was handed over.
    handed_to: Option<String>,
    /// Other reports of the same person and the risk of another crime.
    repeat: RepeatVictim,
}

/// The version a change was made against.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SeenVersion {
    version: i64,
}

/// The version seen, and to whom the victim goes.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct CareGivenTo {
    version: i64,
    /// `person:` and the identifier of a colleague, or `unit:` and the id of a unit.
    to: String,
}

impl From<Listed> for VictimToCall {
    fn from(row: Listed) -> VictimToCall {
        VictimToCall {
            id: row.id.to_string(),
            version: row.version,
            name: row.name,
            about: row.summary.about,
            reference: row.summary.reference,
            title: row.title,
            district: row.district,
            vulnerability: row.band.name(),
            feed: row.feed,
            received_at: row.received_at.rfc3339(),
            due_at: row.due_at.rfc3339(),
            reports: row.reports,
            earlier_reports: row.earlier,
            attempts: row.attempts,
            assignee: row.assignee_name,
            unit: row.unit,
            outcome: row.outcome,
        }
    }
}

fn report_of(care: &Care, matter: Matter) -> ReportOfCall {
    let duty = &matter.duty;
    ReportOfCall {
        id: matter.item.subject.to_string(),
        title: matter.title,
        crime_code: matter.code,
        event_from: matter.report.event_from.map(|d| d.to_string()),
        event_to: matter.report.event_to.map(|d| d.to_string()),
        loss_pence: matter.report.loss_pence,
        line: duty.line.name(),
        attempts: duty.attempts,
        next_step: duty.is_open().then(|| care.plan.next(duty).title()),
        reference: matter.report.reference,
        narrative: matter.report.narrative,
    }
}

fn contact_of(made: Made) -> ContactMade {
    ContactMade {
        id: made.id.to_string(),
        at: made.at.rfc3339(),
        by: made.by,
        unit: made.unit,
        direction: made.direction,
        channel: made.channel,
        outcome: made.outcome,
        minutes: made.minutes,
        next_at: made.next_at.map(|t| t.rfc3339()),
        note: made.note,
        topics: made.topics,
        support: made.support,
    }
}

fn sheet_of(care: &Care, sheet: Sheet, repeat: RepeatVictim) -> CallSheet {
    CallSheet {
        repeat,
        id: sheet.item.id.to_string(),
        version: sheet.item.version,
        state: sheet.item.state.name(),
        assignee: sheet.item.assignee_name.clone(),
        vulnerability: sheet.item.priority.name(),
        safe_contact: sheet.safe_contact(),
        domestic_abuse: sheet.domestic_abuse(),
        phones: sheet.phones(),
        languages: sheet.languages(),
        due_at: sheet.item.due_at.rfc3339(),
        name: sheet.name,
        reports: sheet
            .matters
            .into_iter()
            .map(|m| report_of(care, m))
            .collect(),
        contacts: sheet.made.into_iter().map(contact_of).collect(),
        breaches: sheet
            .breaches
            .into_iter()
            .map(|b| ClockBreach {
                report: b.report.to_string(),
                clock: b.clock,
                limit_at: b.limit_at.rfc3339(),
            })
            .collect(),
        handed_to: sheet.handed_to.map(|id| id.to_string()),
    }
}

#[utoipa::path(get, path = "/victim-care", summary = "Victims to call",
    description = "The most vulnerable first, then those due soonest. What the caller may not see \
        is absent.",
    params(
        ("view" = Option<String>, Query, description = "`to_call` (default), `mine`, `later`, `taken` or `closed_today`"),
        ("band" = Option<Vec<String>>, Query, description = "Vulnerability: `high`, `medium`, `standard`; may be repeated"),
        ("feed" = Option<Vec<String>>, Query, description = "How reports reached the force; may be repeated"),
        ("district" = Option<String>, Query, description = "District of the victim"),
        ("overdue" = Option<String>, Query, description = "`1` for overdue ones only"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of the list", body = VictimsToCall),
        (status = 403, description = "Not permitted", body = Problem),
    ))]
pub(super) async fn list(
    State(app): State<App>,
    who: SignedIn,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, web::Error> {
    let listing = read(&app, &who.actor, &Asked::of_pairs(&pairs)).await?;
    let body = VictimsToCall {
        items: listing.rows.into_iter().map(VictimToCall::from).collect(),
        next: listing.next.map(|cursor| cursor.text()),
    };
    Ok(json(StatusCode::OK, &body))
}

#[utoipa::path(get, path = "/victim-care/{id}", summary = "Open a victim's call sheet",
    description = "A consultation of the victim's record. An item that is worked together with \
        another one answers with the sheet of the one that leads.",
    params(("id" = String, Path, description = "Id of the item")),
    responses(
        (status = 200, description = "The call sheet", body = CallSheet),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "No such item, or not open to you", body = Problem),
    ))]
pub(super) async fn open(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, web::Error> {
    let body = sheet_now(&app, &who, item_id(&id)?).await?;
    Ok(json(StatusCode::OK, &body))
}

async fn sheet_now(
    app: &App,
    who: &SignedIn,
    mut id: record::ids::WorkItemId,
) -> Result<CallSheet, web::Error> {
    let care = app.policy::<Care>()?;
    // A lead follows nothing, so this ends at the second step.
    loop {
        match open_sheet(app, &who.actor, id).await? {
            Opened::Sheet(sheet) => {
                let repeat = RepeatVictim::of(app, &sheet)?;
                return Ok(sheet_of(&care, *sheet, repeat));
            }
            Opened::Follows(lead) => id = lead,
        }
    }
}

#[utoipa::path(post, path = "/victim-care/{id}/contacts", summary = "Record a contact",
    description = "Moves the duty of each report named. Advice by phone or in person ends it when \
        a topic of the crime's guide is given and every topic against repeat crime has a response.",
    params(("id" = String, Path, description = "Id of the item that leads the call")),
    request_body = ContactInput,
    responses(
        (status = 201, description = "Recorded; the call sheet as it stands now", body = CallSheet),
        (status = 400, description = "What is wrong, field by field", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "No such item, or not open to you", body = Problem),
        (status = 409, description = "Somebody else was first", body = Problem),
    ))]
pub(super) async fn record(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Json(input): Json<ContactInput>,
) -> Result<Response, web::Error> {
    let id = item_id(&id)?;
    match record_contact(&app, &who.actor, id, &input).await? {
        Recorded::Done { .. } => {
            let body = sheet_now(&app, &who, id).await?;
            Ok(json(StatusCode::CREATED, &body))
        }
        Recorded::Wrong(_, faults) => Err(web::Error::BadRequest(faults.in_words())),
    }
}

#[utoipa::path(post, path = "/victim-care/{id}/take", summary = "Take a victim to call",
    params(("id" = String, Path, description = "Id of the item")),
    request_body = SeenVersion,
    responses(
        (status = 200, description = "Taken; the item as it stands now", body = MovedItem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "No such item, or not open to you", body = Problem),
        (status = 409, description = "Somebody else was first", body = Problem),
    ))]
pub(super) async fn take(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Json(seen): Json<SeenVersion>,
) -> Result<Response, web::Error> {
    let id = item_id(&id)?;
    assign::take(&app, &who.actor, id, seen.version).await?;
    moved(&app, &who, id).await
}

#[utoipa::path(post, path = "/victim-care/{id}/release", summary = "Put a victim back on the list",
    params(("id" = String, Path, description = "Id of the item")),
    request_body = SeenVersion,
    responses(
        (status = 200, description = "Released; the item as it stands now", body = MovedItem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "No such item, or not open to you", body = Problem),
        (status = 409, description = "Somebody else was first", body = Problem),
    ))]
pub(super) async fn release(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Json(seen): Json<SeenVersion>,
) -> Result<Response, web::Error> {
    let id = item_id(&id)?;
    assign::release(&app, &who.actor, id, seen.version).await?;
    moved(&app, &who, id).await
}

#[utoipa::path(post, path = "/victim-care/{id}/allocate",
    summary = "Give a victim to a colleague, or hand them to a partner's unit",
    params(("id" = String, Path, description = "Id of the item that leads the call")),
    request_body = CareGivenTo,
    responses(
        (status = 200, description = "Given; the item as it stands now", body = MovedItem),
        (status = 400, description = "Nobody who may call", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "No such item, or not open to you", body = Problem),
        (status = 409, description = "Somebody else was first", body = Problem),
    ))]
pub(super) async fn allocate(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Json(give): Json<CareGivenTo>,
) -> Result<Response, web::Error> {
    let id = item_id(&id)?;
    let to = super::list_page::target(&app, &who, &give.to).await?;
    assign::allocate(&app, &who.actor, id, give.version, to).await?;
    moved(&app, &who, id).await
}

/// An item after a change, without the victim's record.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MovedItem {
    id: String,
    version: i64,
    state: &'static str,
    assignee: Option<String>,
}

async fn moved(
    app: &App,
    who: &SignedIn,
    id: record::ids::WorkItemId,
) -> Result<Response, web::Error> {
    let item = super::find(app, &who.actor, id).await?;
    let body = MovedItem {
        id: item.id.to_string(),
        version: item.version,
        state: item.state.name(),
        assignee: item.assignee_name,
    };
    Ok(json(StatusCode::OK, &body))
}
