//! The JSON API of the sum: the same counting and the same names as the pages.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;
use web::{App, Problem, SignedIn, json};

use super::asked::Series;
use super::companions::Companions;
use super::names_page::{Question, listed};
use super::page::answer;
use super::sheets::figure;
use super::standing::{Figures, Standing};

/// Victims in one figure.
#[derive(Debug, Serialize, ToSchema)]
struct FigureOfSum {
    /// `advised`, `declined`, `not_reached`, `barred`, `unsafe`, `awaiting`.
    figure: &'static str,
    victims: i64,
}

/// True errors of one reason.
#[derive(Debug, Serialize, ToSchema)]
struct LeftOutOfSum {
    reason: String,
    victims: i64,
}

/// One series of the sum.
#[derive(Debug, Serialize, ToSchema)]
struct SeriesOfSum {
    /// `national` or `direct`.
    series: &'static str,
    /// The sum of the figures.
    received: i64,
    figures: Vec<FigureOfSum>,
    left_out: Vec<LeftOutOfSum>,
    /// None where the period holds too many duties to look at one by one.
    beside: Option<Companions>,
}

/// The sum of a period and area.
#[derive(Debug, Serialize, ToSchema)]
struct VictimSum {
    from: String,
    to: String,
    /// Empty for all districts.
    area: String,
    counted_at: String,
    series: Vec<SeriesOfSum>,
}

/// A victim behind a figure.
#[derive(Debug, Serialize, ToSchema)]
struct VictimOfSum {
    report: String,
    /// Item of the call list; none when there is none.
    item: Option<String>,
    name: String,
    reference: String,
    district: String,
    received_at: String,
    /// One of the six figures, or `left_out`.
    figure: &'static str,
    /// Outcome that ended the duty; empty while it waits.
    reason: String,
    ended_at: Option<String>,
    /// Reports the contact that ended the duty was about.
    together: i64,
}

/// A page of victims.
#[derive(Debug, Serialize, ToSchema)]
struct VictimsOfSum {
    /// Victims in the figure.
    counted: i64,
    /// Of these, held back from the caller.
    held_back: i64,
    victims: Vec<VictimOfSum>,
    /// Send as `after` for the next page; none at the end.
    next: Option<String>,
}

fn series_of(series: Series, figures: &Figures, beside: Option<Companions>) -> SeriesOfSum {
    let left_out = figures.left_out.iter().map(|(reason, n)| LeftOutOfSum {
        reason: reason.clone(),
        victims: *n,
    });
    SeriesOfSum {
        series: series.name(),
        received: figures.received(),
        figures: Standing::ALL
            .into_iter()
            .map(|s| FigureOfSum {
                figure: s.name(),
                victims: figures.of(s),
            })
            .collect(),
        left_out: left_out.collect(),
        beside,
    }
}

#[utoipa::path(get, path = "/victim-ledger", summary = "The sum of victims received",
    description = "Received = advised + declined + not_reached + barred + unsafe + awaiting, for \
        reports of the national service and for those direct to the force. Counts every record.",
    params(
        ("from" = Option<String>, Query, description = "First day, for example 2026-11-01; the running month when left out"),
        ("to" = Option<String>, Query, description = "Last day"),
        ("area" = Option<String>, Query, description = "District; `not_recorded` for reports without one; all when left out"),
    ),
    responses(
        (status = 200, description = "The sum", body = VictimSum),
        (status = 400, description = "No period", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
    ))]
pub(super) async fn figures(
    State(app): State<App>,
    who: SignedIn,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, web::Error> {
    let asked = Question::of_pairs(&app, &pairs)?.asked;
    let answer = answer(&app, &who.actor, asked).await?;
    let series = Series::ALL.into_iter().zip(answer.companions);
    let body = VictimSum {
        from: answer.asked.from.to_string(),
        to: answer.asked.to.to_string(),
        area: answer.asked.area.name().to_owned(),
        counted_at: answer.at.rfc3339(),
        series: series
            .map(|(s, beside)| series_of(s, answer.sum.of(s), beside))
            .collect(),
    };
    Ok(json(StatusCode::OK, &body))
}

#[utoipa::path(get, path = "/victim-ledger/names", summary = "The victims behind a figure",
    description = "Only those the caller may see, and how many are held back. The consultation is \
        entered in the ledger.",
    params(
        ("from" = Option<String>, Query, description = "First day"),
        ("to" = Option<String>, Query, description = "Last day"),
        ("area" = Option<String>, Query, description = "District"),
        ("series" = Option<String>, Query, description = "`national` (default) or `direct`"),
        ("part" = Option<String>, Query, description = "One of the six figures, `received` (default), `left_out`, or `left_out.` and a reason"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of victims, latest received first", body = VictimsOfSum),
        (status = 400, description = "No period, series, part or place", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
    ))]
pub(super) async fn names(
    State(app): State<App>,
    who: SignedIn,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, web::Error> {
    let question = Question::of_pairs(&app, &pairs)?;
    let names = listed(&app, &who.actor, &question).await?;
    let victims = names.names.into_iter().map(|n| VictimOfSum {
        report: n.report.to_string(),
        item: n.item.map(|i| i.to_string()),
        name: n.label,
        reference: n.reference,
        district: n.district,
        received_at: n.received_at.rfc3339(),
        figure: figure(n.place),
        reason: n.reason,
        ended_at: n.ended_at.map(|t| t.rfc3339()),
        together: n.together,
    });
    let body = VictimsOfSum {
        counted: names.counted,
        held_back: names.held_back,
        victims: victims.collect(),
        next: names.next,
    };
    Ok(json(StatusCode::OK, &body))
}
