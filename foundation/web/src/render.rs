//! A template becomes a response in one place.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::error::Error;

/// A page with status 200.
pub fn html(template: &impl Template) -> Result<Response, Error> {
    html_with(StatusCode::OK, template)
}

/// A page with another status: 422 for a form with mistakes, 409 for a conflict.
pub fn html_with(status: StatusCode, template: &impl Template) -> Result<Response, Error> {
    let body = template.render().map_err(|e| Error::internal(&e))?;
    let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    Ok((status, kind, body).into_response())
}

/// A table as a file to keep. The caller has neutralised its cells.
pub fn csv_download(name: &str, body: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ];
    (headers, body).into_response()
}
