//! Answers that are not a prepared page.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use crate::pages::{Frame, ProblemPage};
use crate::site::Site;

/// A page made for this request.
pub fn html(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(body) => {
            let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
            (status, kind, body).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a page could not be made");
            let text =
                "Sorry, there is a problem with the service. Call 101. In an emergency call 999.";
            (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
        }
    }
}

/// A page that says in plain words what is wrong, and whom to phone.
pub fn problem(site: &Site, status: StatusCode, title: &str, lines: &[&str]) -> Response {
    let page = ProblemPage {
        frame: Frame::new(&site.look, title, "/", false),
        lines: lines.iter().map(|l| (*l).to_owned()).collect(),
    };
    html(status, &page)
}

pub fn not_found(site: &Site) -> Response {
    let lines = ["If you typed the address, check that it is right."];
    problem(site, StatusCode::NOT_FOUND, "Page not found", &lines)
}

pub fn too_large(site: &Site) -> Response {
    let lines = ["What you sent is too long. Write less, and tell us the rest when we talk."];
    problem(
        site,
        StatusCode::PAYLOAD_TOO_LARGE,
        "This is too large",
        &lines,
    )
}

pub fn no_files(site: &Site) -> Response {
    let lines =
        ["This service takes no files. Keep them safe, and tell us about them when we talk."];
    problem(
        site,
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "We cannot take files here",
        &lines,
    )
}

pub fn too_many(site: &Site) -> Response {
    let lines = [
        "Too many forms came from your part of the internet in a short time. This one was not sent.",
        "Wait a minute. Then go back and send it again.",
    ];
    let mut response = problem(
        site,
        StatusCode::TOO_MANY_REQUESTS,
        "Wait a minute, then send again",
        &lines,
    );
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, header::HeaderValue::from_static("60"));
    response
}

/// The connection was too slow, or we were.
pub fn too_slow(site: &Site) -> Response {
    let lines = [
        "It took too long for what you sent to arrive. It was not received.",
        "Go back and try again, where the connection is better.",
    ];
    problem(
        site,
        StatusCode::REQUEST_TIMEOUT,
        "This took too long",
        &lines,
    )
}

/// The box cannot take it: a full disk, or a folder that went away.
pub fn not_kept(site: &Site) -> Response {
    let lines = [
        "We could not keep what you sent. It was not received, and this website has no copy.",
        "Go back and try again in a few minutes.",
    ];
    problem(
        site,
        StatusCode::SERVICE_UNAVAILABLE,
        "Sorry, there is a problem with the service",
        &lines,
    )
}
