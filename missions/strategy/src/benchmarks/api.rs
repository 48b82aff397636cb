//! Recorded crime for programs.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use record::access::Resource;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Error, Problem, SignedIn};

use super::pages::{enter, month_total, who_was_first};
use super::{Benchmark, LIMIT, VIEW, rows};
use crate::ask::ask;

pub(super) fn list() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(api_list))
}

pub(super) fn entry() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(api_enter))
}

/// The total of a month.
#[derive(Debug, Serialize, ToSchema)]
struct RecordedCrime {
    /// `2026-10`.
    month: String,
    value: i64,
    source: String,
    entered_by: String,
    /// RFC 3339.
    entered_at: String,
    /// How often it was replaced.
    revision: i64,
}

impl From<&Benchmark> for RecordedCrime {
    fn from(b: &Benchmark) -> RecordedCrime {
        RecordedCrime {
            month: format!("{:04}-{:02}", b.month.year(), b.month.month()),
            value: b.value,
            source: b.source.clone(),
            entered_by: b.entered_by_name.clone(),
            entered_at: b.at.rfc3339(),
            revision: b.revision,
        }
    }
}

/// Totals, the newest month first.
#[derive(Debug, Serialize, ToSchema)]
struct RecordedCrimeList {
    months: Vec<RecordedCrime>,
}

#[utoipa::path(
    get,
    path = "/benchmarks",
    summary = "Recorded crime by month",
    description = "The totals in force, newest month first: at most 50 years.",
    responses(
        (status = 200, description = "The totals", body = RecordedCrimeList),
        (status = 403, description = "Not permitted", body = Problem),
    )
)]
async fn api_list(State(app): State<App>, who: SignedIn) -> Result<Response, Error> {
    let grant = ask(&app, &who.actor, &VIEW, &Resource::of("page", "benchmarks")).await?;
    let mut db = app.store().read(&grant).await?;
    let held = rows(&mut db.conn(), LIMIT, None).await?;
    let list = RecordedCrimeList {
        months: held.iter().map(RecordedCrime::from).collect(),
    };
    Ok(web::json(StatusCode::OK, &list))
}

/// A month's total.
#[derive(Debug, Deserialize, ToSchema)]
struct TotalToEnter {
    /// `2026-10`; a month that is over.
    month: String,
    /// All crime recorded in the county except the reports this product counts itself.
    value: i64,
    /// Where the number is from.
    source: String,
    /// Whether a total that is there already is replaced; the earlier one is kept in the history.
    #[serde(default)]
    replace: bool,
}

#[utoipa::path(
    post,
    path = "/benchmarks/entries",
    summary = "Enter a month's recorded crime",
    request_body = TotalToEnter,
    responses(
        (status = 200, description = "Kept, or there already with the same number", body = RecordedCrimeList),
        (status = 400, description = "A value is missing or unknown; the detail says which", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 409, description = "The month has another total, and `replace` was not said", body = Problem),
    )
)]
async fn api_enter(
    state: State<App>,
    who: SignedIn,
    Json(sent): Json<TotalToEnter>,
) -> Result<Response, Error> {
    let State(app) = &state;
    let total = month_total(
        &sent.month,
        &sent.value.to_string(),
        &sent.source,
        app.now().day(),
    )
    .map_err(|errors| Error::BadRequest(errors.in_words()))?;
    let entered = enter(app, &who, vec![total], sent.replace).await?;
    if let Some(first) = entered.standing.first() {
        return Err(Error::Conflict {
            what: who_was_first(first),
            href: "/strategy/benchmarks".to_owned(),
        });
    }
    api_list(state, who).await
}
