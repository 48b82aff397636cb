//! Judgements for programs.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use record::ids::{MentionId, ObservableId, ReportId};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Problem, SignedIn};

use super::page::{judged, link_judged, wants_rejection};
use super::{Verdict, reason};

pub(super) fn people() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(judge_pair))
}

pub(super) fn links() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(judge_link))
}

/// What a person says of two descriptions.
#[derive(Debug, Deserialize, ToSchema)]
struct PairJudgement {
    /// The `mention` of one description.
    left: String,
    /// The `mention` of the other.
    right: String,
    /// `same` or `not_same`.
    verdict: String,
    /// Why, in at least 10 characters.
    reason: String,
}

#[utoipa::path(
    post,
    path = "/people/judgements",
    summary = "Judge whether two descriptions are of one person",
    description = "A judgement wins over any score and is kept for ever; the latest about a pair \
        counts. People are derived anew at once.",
    request_body = PairJudgement,
    responses(
        (status = 204, description = "Kept"),
        (status = 400, description = "A value is missing or unknown, or the judgement contradicts another", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "No such description, or not open to you", body = Problem),
    )
)]
async fn judge_pair(
    State(app): State<App>,
    who: SignedIn,
    Json(sent): Json<PairJudgement>,
) -> web::Result<Response> {
    let id =
        |text: &str| -> web::Result<MentionId> { text.parse().map_err(|_| web::Error::NotFound) };
    let verdict = Verdict::parse(&sent.verdict).ok_or_else(|| {
        web::Error::BadRequest(format!("verdict: {:?} is not a verdict", sent.verdict))
    })?;
    because(&sent.reason)?;
    let pair = (id(&sent.left)?, id(&sent.right)?);
    judged(&app, &who, pair, verdict, &sent.reason).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// What a person says of a value that joins a report to others.
#[derive(Debug, Deserialize, ToSchema)]
struct LinkJudgement {
    /// Identifier of the observable.
    observable: String,
    /// `rejected` or `restored`.
    verdict: String,
    /// Why, in at least 10 characters.
    reason: String,
}

#[utoipa::path(
    post,
    path = "/reports/{id}/links",
    summary = "Reject or restore a link of a report by one value",
    params(("id" = String, Path, description = "The report")),
    request_body = LinkJudgement,
    responses(
        (status = 204, description = "Kept; networks are derived anew"),
        (status = 400, description = "A value is missing or unknown", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "No such report or value, or not open to you", body = Problem),
        (status = 409, description = "Somebody else was first", body = Problem),
    )
)]
async fn judge_link(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Json(sent): Json<LinkJudgement>,
) -> web::Result<Response> {
    let id: ReportId = id.parse().map_err(|_| web::Error::NotFound)?;
    let value: ObservableId = sent.observable.parse().map_err(|_| web::Error::NotFound)?;
    let reject = wants_rejection(&sent.verdict)?;
    because(&sent.reason)?;
    link_judged(&app, &who, (id, value), reject, &sent.reason).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn because(text: &str) -> web::Result<()> {
    let told = reason(text).map(drop);
    told.map_err(|problem| web::Error::BadRequest(format!("reason: {problem}")))
}
