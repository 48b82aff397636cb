//! People for programs.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use record::ids::PersonId;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, SignedIn};

use super::known::Known;
use super::page::{At, Found, open};

pub(super) fn show() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_one))
}

/// One description of the person, in one report.
#[derive(Debug, Serialize, ToSchema)]
struct Description {
    mention: String,
    /// `victim` or `suspect`.
    role: String,
    report: String,
    reference: String,
    received_at: String,
    label: String,
    /// Parts that differ from what most descriptions say.
    differs: Vec<String>,
}

/// A link between a description of this person and another.
#[derive(Debug, Serialize, ToSchema)]
struct Link {
    here: String,
    there: String,
    /// The person the other description belongs to.
    person: String,
    /// Match weight in bits.
    weight: f64,
    /// `link`; `weak` for one that somebody should look at; `review` where the score alone does not
    /// decide.
    band: String,
    /// Why somebody should look, in plain words; empty where nobody need.
    why: String,
    /// What a person said: `same` or `not_same`.
    decided: Option<String>,
}

/// A person or organisation on record.
#[derive(Debug, Serialize, ToSchema)]
struct PersonAnswer {
    id: String,
    kind: String,
    label: String,
    first_at: String,
    last_at: String,
    reports_as_victim: i64,
    reports_as_suspect: i64,
    repeat_victim: bool,
    chronic_victim: bool,
    /// Latest entered first, 25 at a time.
    descriptions: Vec<Description>,
    /// For the next page: send as `before`.
    next: Option<String>,
    links: Vec<Link>,
}

impl From<Known> for PersonAnswer {
    fn from(known: Known) -> PersonAnswer {
        PersonAnswer {
            id: known.id.to_string(),
            kind: known.kind,
            label: known.label,
            first_at: known.first_at.rfc3339(),
            last_at: known.last_at.rfc3339(),
            reports_as_victim: known.as_victim,
            reports_as_suspect: known.as_suspect,
            repeat_victim: known.repeat,
            chronic_victim: known.chronic,
            descriptions: known
                .descriptions
                .into_iter()
                .map(|d| Description {
                    mention: d.mention.to_string(),
                    role: d.role,
                    report: d.report.to_string(),
                    reference: d.reference,
                    received_at: d.received_at.rfc3339(),
                    label: d.party.display_name(),
                    differs: d.differs.iter().map(|f| (*f).to_owned()).collect(),
                })
                .collect(),
            next: known.next.map(|n| n.to_string()),
            links: known
                .pairs
                .into_iter()
                .map(|p| Link {
                    here: p.here.mention.to_string(),
                    there: p.there.mention.to_string(),
                    person: p.there.person.to_string(),
                    weight: p.weight,
                    band: p.band,
                    why: p.why,
                    decided: p.decided,
                })
                .collect(),
        }
    }
}

/// A record that went into another.
#[derive(Debug, Serialize, ToSchema)]
struct Moved {
    id: String,
    merged_into: String,
}

#[utoipa::path(
    get,
    path = "/people/{id}",
    summary = "One person or organisation",
    params(
        ("id" = String, Path, description = "Identifier of the person or organisation"),
        ("before" = Option<String>, Query, description = "The `next` of the page before"),
    ),
    responses(
        (status = 200, description = "The person", body = PersonAnswer),
        (status = 410, description = "Merged into another record", body = Moved),
        (status = 404, description = "Nobody, or nobody open to the caller"),
    )
)]
async fn get_one(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Query(at): Query<At>,
) -> web::Result<Response> {
    let id: PersonId = id.parse().map_err(|_| web::Error::NotFound)?;
    Ok(match open(&app, &who, id, at.before.parse().ok()).await? {
        Found::Here(known) => web::json(StatusCode::OK, &PersonAnswer::from(*known)),
        Found::MergedInto(into) => {
            let moved = Moved {
                id: id.to_string(),
                merged_into: into.to_string(),
            };
            web::json(StatusCode::GONE, &moved)
        }
    })
}
