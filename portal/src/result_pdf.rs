//! `POST /business/{check}/pdf`: the result of a check as a document to keep. Nothing of it is kept here.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use record::assessment::{Outcome, QuestionSet};
use record::time::Timestamp;
use std::net::SocketAddr;

use crate::answer;
use crate::requests::{explained, read, value};
use crate::router::Portal;
use crate::setting::Setting;

/// Layout of the document. Data reach it as JSON alone, never as source.
const LAYOUT: &str = include_str!("../templates/result.typ");

pub async fn save(
    State(portal): State<Arc<Portal>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(check) = portal.site.checks.iter().find(|c| c.id == id) else {
        return answer::not_found(&portal.site);
    };
    if !documents::BUILT {
        return answer::not_found(&portal.site);
    }
    let pairs = match read(&portal, peer, &headers, &body) {
        Ok(pairs) => pairs,
        Err(response) => return *response,
    };
    let outcome = check.judge_line(value(&pairs, "answers"));
    let now = (portal.run.now)();
    let data = data(&portal.site.look.setting, check, &outcome, now);
    // Closed never: the permit is given when the layout before is done.
    let _turn = portal.layout.acquire().await;
    let made = tokio::task::spawn_blocking(move || {
        let document = documents::Document {
            source: LAYOUT,
            data: &data,
            ident: "result of a check",
            made_at: now.micros() / 1_000_000,
        };
        let made = document.pdf();
        documents::forget();
        made
    })
    .await;
    match made {
        Ok(Ok(pdf)) => {
            let head = [
                (header::CONTENT_TYPE, "application/pdf".to_owned()),
                (
                    header::CONTENT_DISPOSITION,
                    format!("attachment; filename=\"{}.pdf\"", check.id),
                ),
            ];
            (head, pdf).into_response()
        }
        Ok(Err(error)) => not_made(&portal, &error),
        Err(error) => not_made(&portal, &error),
    }
}

fn not_made(portal: &Portal, error: &dyn std::fmt::Display) -> Response {
    tracing::error!(%error, "the result of a check could not be laid out");
    let lines = ["The document could not be made. Go back and print the page in its place."];
    answer::problem(
        &portal.site,
        axum::http::StatusCode::INTERNAL_SERVER_ERROR,
        "Sorry, there is a problem with the service",
        &lines,
    )
}

fn data(
    setting: &Setting,
    check: &QuestionSet,
    outcome: &Outcome,
    now: Timestamp,
) -> serde_json::Value {
    let themes: Vec<(String, &str)> = outcome
        .themes()
        .into_iter()
        .map(|(theme, colour)| (theme, colour.title()))
        .collect();
    let to_do: Vec<serde_json::Value> = outcome
        .to_do()
        .into_iter()
        .map(|judged| {
            serde_json::json!({
                "advice": judged.question.advice,
                "question": judged.question.text,
                "answer": judged.answer_title(),
                "fails": judged.fails,
            })
        })
        .collect();
    serde_json::json!({
        "title": format!("{}: {}", check.title, outcome.verdict().title()),
        "check": check.name(),
        "day": now.day().show(),
        "explained": explained(outcome),
        "themes": themes,
        "to_do": to_do,
        "service": setting.service,
        "force": setting.force,
        "phone": setting.phone,
        "phone_words": setting.phone_words,
        "address": setting.address,
    })
}
