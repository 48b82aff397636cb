//! The inbox for programs: the same acts as the pages.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use record::ids::{ActorId, ReportId, WorkItemId};
use record::report::CrimeClass;
use record::work::WorkItem;
use serde::{Deserialize, Serialize};
use store::Shown;
use utoipa::ToSchema;
use web::{App, Problem, SignedIn};

use super::query::{Query, pairs};
use super::{VIEW, act, list, permit, queue};
use crate::deciding::Decision;

/// A report on the triage queue.
#[derive(Debug, Serialize, ToSchema)]
pub struct InboxItem {
    /// The work item, for take, release and allocate.
    pub id: String,
    /// The report, for its decision.
    pub report: String,
    /// Send it back with a change; it tells whether somebody else was first.
    pub version: i64,
    pub reference: String,
    pub title: String,
    pub feed: String,
    pub source: String,
    /// `high`, `medium` or `standard`.
    pub severity: &'static str,
    /// Acceptance band proposed.
    pub band: String,
    pub vulnerable: bool,
    pub victim: String,
    pub tags: Vec<String>,
    pub loss_pence: Option<i64>,
    pub network: Option<String>,
    /// `open`, `taken` or `closed`.
    pub state: &'static str,
    pub assignee: Option<String>,
    pub received_at: String,
    pub due_at: String,
    /// Route decided, once closed.
    pub outcome: Option<String>,
}

impl InboxItem {
    fn of(item: WorkItem) -> InboxItem {
        InboxItem {
            id: item.id.to_string(),
            report: item.subject.to_string(),
            version: item.version,
            reference: item.summary.reference,
            title: item.summary.title,
            feed: item.feed,
            source: item.source,
            severity: item.priority.name(),
            band: item.band,
            vulnerable: item.vulnerable,
            victim: item.summary.about,
            tags: item.summary.tags,
            loss_pence: item.summary.loss_pence,
            network: item.network.map(|n| n.to_string()),
            state: item.state.name(),
            assignee: item.assignee_name,
            received_at: item.received_at.rfc3339(),
            due_at: item.due_at.rfc3339(),
            outcome: item.outcome,
        }
    }
}

/// A page of the queue.
#[derive(Debug, Serialize, ToSchema)]
pub struct InboxList {
    pub items: Vec<InboxItem>,
    /// Send as `after` for the next page; absent at the end.
    pub next: Option<String>,
}

/// The version seen.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Seen {
    pub version: i64,
}

/// The version seen, and to whom the report goes.
#[derive(Debug, Deserialize, ToSchema)]
pub struct GiveTo {
    pub version: i64,
    /// Identifier of a person of the unit.
    pub to: String,
}

/// A triage decision.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TriageDecision {
    pub version: i64,
    /// `cyber_dependent`, `cyber_enabled` or `not_cyber`.
    pub class: String,
    pub vulnerability: String,
    pub acceptance: String,
    /// Id of a route of the triage policy.
    pub route: String,
    /// Needed when anything differs from the proposal.
    #[serde(default)]
    pub reason: String,
}

#[utoipa::path(
    get,
    path = "/inbox",
    summary = "Reports waiting for triage",
    params(
        ("view" = Option<String>, Query, description = "triage (default), mine, others or closed"),
        ("q" = Option<String>, Query, description = "Words the report holds"),
        ("severity" = Option<Vec<String>>, Query, description = "high, medium, standard; may be repeated"),
        ("feed" = Option<Vec<String>>, Query, description = "Feed the report came by; may be repeated"),
        ("only" = Option<Vec<String>>, Query, description = "vulnerable, networked, overdue; may be repeated"),
        ("sort" = Option<String>, Query, description = "due (default), severity or newest"),
        ("after" = Option<String>, Query, description = "The `next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of reports", body = InboxList),
        (status = 403, description = "Not permitted", body = Problem),
    )
)]
pub async fn inbox(
    State(app): State<App>,
    who: SignedIn,
    RawQuery(text): RawQuery,
) -> web::Result<Response> {
    let query = Query::of(&pairs(text.as_deref().unwrap_or_default()));
    let grant = permit(&app, &who.actor, &VIEW, &queue(), "").await?;
    let mut reader = app.store().read_to_show(&grant).await?;
    let now = app.now();
    let listed = list::read(&mut reader.conn(), &who.actor, now, &query, list::PAGE).await?;
    reader
        .shown(Shown {
            kind: "report",
            query: query.text(),
            ids: listed.items.iter().map(|i| i.subject.to_string()).collect(),
        })
        .await?;
    let list = InboxList {
        items: listed.items.into_iter().map(InboxItem::of).collect(),
        next: listed.next.map(|c| c.as_str().to_owned()),
    };
    Ok(web::json(StatusCode::OK, &list))
}

fn item_id(text: &str) -> web::Result<WorkItemId> {
    text.parse().map_err(|_| web::Error::NotFound)
}

async fn as_it_stands(app: &App, who: &SignedIn, id: WorkItemId) -> web::Result<Response> {
    let item = act::item(app, &who.actor, id).await?;
    Ok(web::json(StatusCode::OK, &InboxItem::of(item)))
}

#[utoipa::path(
    post,
    path = "/inbox/{id}/take",
    summary = "Take a report to triage",
    params(("id" = String, Path, description = "The work item")),
    request_body = Seen,
    responses(
        (status = 200, description = "Taken", body = InboxItem),
        (status = 404, description = "No such item, or not open to you", body = Problem),
        (status = 409, description = "Somebody else was first", body = Problem),
    )
)]
pub async fn take(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Json(seen): Json<Seen>,
) -> web::Result<Response> {
    let item = act::item(&app, &who.actor, item_id(&id)?).await?;
    act::take(&app, &who.actor, &item, seen.version).await?;
    as_it_stands(&app, &who, item.id).await
}

#[utoipa::path(
    post,
    path = "/inbox/{id}/release",
    summary = "Put a report back in the inbox",
    params(("id" = String, Path, description = "The work item")),
    request_body = Seen,
    responses(
        (status = 200, description = "Put back", body = InboxItem),
        (status = 404, description = "No such item, or not open to you", body = Problem),
        (status = 409, description = "Somebody else was first", body = Problem),
    )
)]
pub async fn release(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Json(seen): Json<Seen>,
) -> web::Result<Response> {
    let item = act::item(&app, &who.actor, item_id(&id)?).await?;
    act::put_back(&app, &who.actor, &item, seen.version).await?;
    as_it_stands(&app, &who, item.id).await
}

#[utoipa::path(
    post,
    path = "/inbox/{id}/allocate",
    summary = "Allocate a report to a colleague",
    params(("id" = String, Path, description = "The work item")),
    request_body = GiveTo,
    responses(
        (status = 200, description = "Allocated", body = InboxItem),
        (status = 400, description = "Not a colleague of the unit", body = Problem),
        (status = 404, description = "No such item, or not open to you", body = Problem),
        (status = 409, description = "Somebody else was first", body = Problem),
    )
)]
pub async fn allocate(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Json(give): Json<GiveTo>,
) -> web::Result<Response> {
    let item = act::item(&app, &who.actor, item_id(&id)?).await?;
    let to: ActorId = give
        .to
        .parse()
        .map_err(|e| web::Error::BadRequest(format!("to: {e}")))?;
    act::allocate(&app, &who.actor, &item, give.version, to).await?;
    as_it_stands(&app, &who, item.id).await
}

#[utoipa::path(
    post,
    path = "/reports/{id}/decision",
    summary = "Decide triage of a report",
    params(("id" = String, Path, description = "The report")),
    request_body = TriageDecision,
    responses(
        (status = 200, description = "Decided", body = InboxItem),
        (status = 400, description = "A value is missing or unknown; the detail says which", body = Problem),
        (status = 403, description = "Lowering the highest band takes another role", body = Problem),
        (status = 404, description = "No such report, or not open to you", body = Problem),
        (status = 409, description = "Somebody else was first", body = Problem),
    )
)]
pub async fn decide(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Json(sent): Json<TriageDecision>,
) -> web::Result<Response> {
    let report: ReportId = id.parse().map_err(|_| web::Error::NotFound)?;
    let item = act::item_of(&app, &who.actor, report).await?;
    let class = CrimeClass::parse(&sent.class)
        .ok_or_else(|| web::Error::BadRequest(format!("class: {:?} is not a class", sent.class)))?;
    let decision = Decision {
        class,
        vulnerability: sent.vulnerability,
        acceptance: sent.acceptance,
        route: sent.route,
        reason: sent.reason,
    };
    act::decide(&app, &who.actor, &item, sent.version, decision).await?;
    as_it_stands(&app, &who, item.id).await
}
