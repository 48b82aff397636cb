//! Networks for programs.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use record::ids::NetworkId;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, SignedIn};

use super::Line;
use super::one::{Found, Network, open_network};
use super::page::{At, open_list};

pub(super) fn list() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_list))
}

pub(super) fn show() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_one))
}

/// A page of networks.
#[derive(Debug, Serialize, ToSchema)]
struct Networks {
    networks: Vec<Line>,
    /// For the next page: send as `after`.
    next: Option<String>,
}

/// A network that went into another.
#[derive(Debug, Serialize, ToSchema)]
struct NetworkMoved {
    id: String,
    merged_into: String,
}

#[utoipa::path(
    get,
    path = "/networks",
    summary = "Networks, largest or latest first",
    params(
        ("order" = Option<String>, Query, description = "`largest` (unless given) or `latest`"),
        ("after" = Option<String>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "A page of networks", body = Networks))
)]
async fn get_list(
    State(app): State<App>,
    who: SignedIn,
    Query(at): Query<At>,
) -> web::Result<Response> {
    let (networks, next) = open_list(&app, &who, &at).await?;
    Ok(web::json(StatusCode::OK, &Networks { networks, next }))
}

#[utoipa::path(
    get,
    path = "/networks/{id}",
    summary = "One network",
    params(
        ("id" = String, Path, description = "Identifier of the network"),
        ("after" = Option<String>, Query, description = "The `next` of the page before"),
    ),
    responses(
        (status = 200, description = "The network", body = Network),
        (status = 410, description = "Merged into another network", body = NetworkMoved),
        (status = 404, description = "No such network, or none open to the caller"),
    )
)]
async fn get_one(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Query(at): Query<At>,
) -> web::Result<Response> {
    let id: NetworkId = id.parse().map_err(|_| web::Error::NotFound)?;
    Ok(match open_network(&app, &who, id, at.after()).await? {
        Found::Here(network) => web::json(StatusCode::OK, &*network),
        Found::MergedInto(into) => {
            let moved = NetworkMoved {
                id: id.to_string(),
                merged_into: into.to_string(),
            };
            web::json(StatusCode::GONE, &moved)
        }
    })
}
