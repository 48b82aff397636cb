//! A person's own views of the inbox, for programs.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Problem, SignedIn};

use super::query::Query;
use super::views::{forget, keep, of};
use super::{VIEW, permit, queue};

pub(super) fn read() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(api_list))
}

pub(super) fn change() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(api_keep, api_forget))
}

/// A filter of the inbox kept under a name.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct InboxView {
    name: String,
    /// The filter as the inbox's address has it: `view=triage&severity=high`.
    query: String,
}

/// The filter, to be kept under the name in the address.
#[derive(Debug, Deserialize, ToSchema)]
struct InboxFilter {
    /// As the inbox's address has it: `view=triage&severity=high`.
    query: String,
}

/// One's own views, by name.
#[derive(Debug, Serialize, ToSchema)]
struct InboxViewList {
    views: Vec<InboxView>,
}

#[utoipa::path(
    get,
    path = "/inbox/views",
    summary = "Your own views of the inbox",
    responses(
        (status = 200, description = "By name; at most 12", body = InboxViewList),
        (status = 403, description = "Not permitted", body = Problem),
    )
)]
async fn api_list(State(app): State<App>, who: SignedIn) -> web::Result<Response> {
    let grant = permit(&app, &who.actor, &VIEW, &queue(), "").await?;
    let mut reader = app.store().read(&grant).await?;
    let own = of(&mut reader.conn(), who.actor.id).await?;
    let views = own.into_iter().map(|saved| InboxView {
        name: saved.name,
        query: saved.query.text(),
    });
    let list = InboxViewList {
        views: views.collect(),
    };
    Ok(web::json(StatusCode::OK, &list))
}

#[utoipa::path(
    put,
    path = "/inbox/views/{name}",
    summary = "Keep a filter of the inbox under a name",
    params(("name" = String, Path, description = "At most 40 characters; a name used before now means the new filter")),
    request_body = InboxFilter,
    responses(
        (status = 204, description = "Kept"),
        (status = 400, description = "The name cannot be used, or there are 12 views", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
    )
)]
async fn api_keep(
    State(app): State<App>,
    who: SignedIn,
    Path(name): Path<String>,
    Json(filter): Json<InboxFilter>,
) -> web::Result<Response> {
    let query = Query::parse(&filter.query).but(|_| {});
    keep(&app, &who, &name, query).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[utoipa::path(
    delete,
    path = "/inbox/views/{name}",
    summary = "Remove a view of your own",
    params(("name" = String, Path, description = "Its name")),
    responses(
        (status = 204, description = "Removed, or not there"),
        (status = 403, description = "Not permitted", body = Problem),
    )
)]
async fn api_forget(
    State(app): State<App>,
    who: SignedIn,
    Path(name): Path<String>,
) -> web::Result<Response> {
    forget(&app, &who, name).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
