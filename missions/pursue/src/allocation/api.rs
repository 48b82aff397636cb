//! Allocation for programs: the same acts as the pages.

use axum::Json;
use axum::extract::{Path, Query as FromQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use record::work::WorkItem;
use serde::{Deserialize, Serialize};
use store::Shown;
use utoipa::ToSchema;
use web::{App, Problem, SignedIn};

use super::read::{self, Query};
use super::{AllocationDecision, Decided, VIEW, Verdict, permit, queue};

/// A crime for the unit.
#[derive(Debug, Serialize, ToSchema)]
pub struct AllocationItem {
    /// The work item, for its decision.
    pub id: String,
    pub report: String,
    /// Send it back with a decision; it tells whether somebody else was first.
    pub version: i64,
    pub reference: String,
    pub title: String,
    /// Final acceptance band of triage.
    pub band: String,
    pub reasons: Vec<String>,
    pub victim: String,
    pub loss_pence: Option<i64>,
    /// `open`, `taken` or `closed`.
    pub state: &'static str,
    pub received_at: String,
    pub due_at: String,
    /// `accept`, `advise`, `return` or `refer`, once decided.
    pub verdict: Option<String>,
    pub unit: Option<String>,
    pub decided_by: Option<String>,
    pub reason: Option<String>,
    /// Whether a crime of the highest band was not accepted.
    pub exception: bool,
}

impl AllocationItem {
    fn of(item: WorkItem, decided: Option<Decided>) -> AllocationItem {
        AllocationItem {
            id: item.id.to_string(),
            report: item.subject.to_string(),
            version: item.version,
            reference: item.summary.reference,
            title: item.summary.title,
            band: item.band,
            reasons: item.summary.reasons,
            victim: item.summary.about,
            loss_pence: item.summary.loss_pence,
            state: item.state.name(),
            received_at: item.received_at.rfc3339(),
            due_at: item.due_at.rfc3339(),
            exception: decided.as_ref().is_some_and(|d| d.exception),
            verdict: decided.as_ref().map(|d| d.verdict.clone()),
            unit: decided.as_ref().map(|d| d.unit.clone()),
            decided_by: decided.as_ref().map(|d| d.by.clone()),
            reason: decided.map(|d| d.reason),
        }
    }
}

/// A page of the queue.
#[derive(Debug, Serialize, ToSchema)]
pub struct AllocationList {
    pub items: Vec<AllocationItem>,
    /// Send as `after` for the next page; absent at the end.
    pub next: Option<String>,
}

/// A decision on one crime.
#[derive(Debug, Deserialize, ToSchema)]
pub struct AllocationVerdict {
    pub version: i64,
    /// `accept`, `advise`, `return` or `refer`.
    pub verdict: String,
    /// Team or body, for a referral.
    #[serde(default)]
    pub unit: String,
    /// Needed unless it is accepted.
    #[serde(default)]
    pub reason: String,
}

#[utoipa::path(
    get,
    path = "/allocation",
    summary = "Crimes for the unit to accept or return",
    params(
        ("view" = Option<String>, Query, description = "waiting (default), decided or exceptions"),
        ("sort" = Option<String>, Query, description = "due (default) or severity"),
        ("after" = Option<String>, Query, description = "The `next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of crimes", body = AllocationList),
        (status = 403, description = "Not permitted", body = Problem),
    )
)]
pub async fn list(
    State(app): State<App>,
    who: SignedIn,
    FromQuery(query): FromQuery<Query>,
) -> web::Result<Response> {
    let grant = permit(&app, &who.actor, &VIEW, &queue(), "").await?;
    let mut reader = app.store().read_to_show(&grant).await?;
    let mut listed = read::list(&mut reader.conn(), &who.actor, &query).await?;
    reader
        .shown(Shown {
            kind: "report",
            query: query.href(None),
            ids: listed.items.iter().map(|i| i.subject.to_string()).collect(),
        })
        .await?;
    let mut items = Vec::with_capacity(listed.items.len());
    for item in listed.items {
        let decided = listed.decided.remove(&item.id);
        items.push(AllocationItem::of(item, decided));
    }
    let list = AllocationList {
        items,
        next: listed.next.map(|c| c.as_str().to_owned()),
    };
    Ok(web::json(StatusCode::OK, &list))
}

#[utoipa::path(
    post,
    path = "/allocation/{id}/decision",
    summary = "Decide on a crime",
    params(("id" = String, Path, description = "The work item")),
    request_body = AllocationVerdict,
    responses(
        (status = 200, description = "Decided", body = AllocationItem),
        (status = 400, description = "A value is missing or unknown; the detail says which", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "No such item, or not open to you", body = Problem),
        (status = 409, description = "Somebody else was first", body = Problem),
    )
)]
pub async fn decide(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Json(sent): Json<AllocationVerdict>,
) -> web::Result<Response> {
    let item = read::item(&app, &who.actor, &id).await?;
    let verdict = Verdict::parse(&sent.verdict).ok_or_else(|| {
        let problem = format!("verdict: {:?} is not a decision", sent.verdict);
        web::Error::BadRequest(problem)
    })?;
    let decision = AllocationDecision {
        verdict,
        unit: sent.unit,
        reason: sent.reason,
    };
    read::keep(&app, &who.actor, &item, sent.version, decision).await?;
    let case = read::case(&app, &who.actor, &id).await?;
    let body = AllocationItem::of(case.item, case.decided);
    Ok(web::json(StatusCode::OK, &body))
}
