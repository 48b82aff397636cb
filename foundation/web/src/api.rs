//! The JSON API: one shape of answer and one shape of problem.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::Error;

/// What went wrong, as RFC 9457 describes it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// In a few words.
    pub title: String,
    pub status: u16,
    /// What to do about it.
    pub detail: String,
}

impl Problem {
    pub(crate) fn of(error: &Error) -> Response {
        let status = error.status();
        let detail = match error {
            Error::Refused { roles, .. } if !roles.is_empty() => {
                format!("{error}. Roles that may: {}", roles.join(", "))
            }
            Error::Internal { reference } => format!("{error}. Reference {reference}"),
            Error::SignIn { .. } => {
                "Send an API token in the header `Authorization: Bearer …`".to_owned()
            }
            other => other.to_string(),
        };
        let problem = Problem {
            title: status.canonical_reason().unwrap_or("Problem").to_owned(),
            status: status.as_u16(),
            detail,
        };
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        (status, kind, Json(problem)).into_response()
    }
}

/// An answer.
pub fn json<T: Serialize>(status: StatusCode, body: &T) -> Response {
    (status, Json(body)).into_response()
}
