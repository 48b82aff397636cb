//! Reports for programs.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use record::access::{Actor, Resource};
use record::ids::ReportId;
use record::report::Feed;
use record::{Finding, Severity};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, SignedIn};

use super::accept::{Outcome, accept, json_fields, read_fields};
use super::open::{Opened, Wanted, permit_thing};
use super::{RECORD, VIEW};
use crate::receive::Desk;

/// Most reports of one batch.
const MOST_REPORTS: usize = 1_000;

pub(super) fn one() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(post_one))
}

pub(super) fn batch() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(post_batch))
}

pub(super) fn show() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_one))
}

/// One thing that was wrong with a report that was sent.
#[derive(Debug, Serialize, ToSchema)]
struct FindingAnswer {
    /// `warning`: kept without this part. `rejected`: not accepted.
    severity: &'static str,
    /// Place in the batch, counted from 1.
    row: u64,
    field: String,
    problem: String,
    remedy: String,
}

/// What became of one report.
#[derive(Debug, Serialize, ToSchema)]
struct Received {
    /// `accepted`, `duplicate` or `rejected`.
    outcome: &'static str,
    /// The report as held, accepted now or before.
    id: Option<String>,
    /// For a duplicate: whether the content is the same as what is held.
    same: Option<bool>,
    findings: Vec<FindingAnswer>,
}

/// Reports to receive together.
#[derive(Debug, Deserialize, ToSchema)]
struct Batch {
    /// Up to 1,000 objects of report fields.
    #[schema(value_type = Vec<Object>)]
    reports: Vec<serde_json::Value>,
}

/// What became of a batch.
#[derive(Debug, Serialize, ToSchema)]
struct Receipt {
    accepted: usize,
    duplicate: usize,
    rejected: usize,
    /// One for each report, in the order sent.
    reports: Vec<Received>,
}

impl From<Finding> for FindingAnswer {
    fn from(finding: Finding) -> FindingAnswer {
        FindingAnswer {
            severity: match finding.severity {
                Severity::Warning => "warning",
                Severity::Rejected => "rejected",
            },
            row: finding.row,
            field: finding.column,
            problem: finding.problem,
            remedy: finding.remedy,
        }
    }
}

impl From<Outcome> for Received {
    fn from(outcome: Outcome) -> Received {
        let answer = |findings: Vec<Finding>| findings.into_iter().map(Into::into).collect();
        match outcome {
            Outcome::Accepted { id, findings } => Received {
                outcome: "accepted",
                id: Some(id.to_string()),
                same: None,
                findings: answer(findings),
            },
            Outcome::Duplicate { held, same } => Received {
                outcome: "duplicate",
                id: Some(held.to_string()),
                same: Some(same),
                findings: Vec::new(),
            },
            Outcome::Rejected { findings } => Received {
                outcome: "rejected",
                id: None,
                same: None,
                findings: answer(findings),
            },
        }
    }
}

/// Key of the source that reports of this actor come from: the token's name.
fn source_of(actor: &Actor) -> String {
    match actor.purpose.strip_prefix("api: ") {
        Some(name) if !name.trim().is_empty() => format!("api {}", name.trim()),
        _ => "api".to_owned(),
    }
}

fn read_json<T: serde::de::DeserializeOwned>(body: &[u8]) -> web::Result<T> {
    serde_json::from_slice(body)
        .map_err(|e| web::Error::BadRequest(format!("the body cannot be read as JSON: {e}")))
}

async fn receive_all(
    app: &App,
    who: &SignedIn,
    bodies: &[serde_json::Value],
) -> web::Result<Vec<Received>> {
    let desk = app.policy::<Desk>()?;
    let resource = Resource::of("report", "").of_unit(desk.unit.clone());
    let wanted = Wanted {
        act: &RECORD,
        reason: "",
    };
    let grant = permit_thing(app, &who.actor, wanted, &resource).await?;
    let (now, source) = (app.now(), source_of(&who.actor));
    let read = bodies
        .iter()
        .zip(1u64..)
        .map(|(body, number)| {
            let (values, mut findings) = json_fields(number, body);
            if findings.iter().any(|f| f.severity == Severity::Rejected) {
                return (None, findings);
            }
            let (report, more) = read_fields(&desk, &source, Feed::Partner, now, number, &values);
            findings.extend(more);
            (report, findings)
        })
        .collect();
    let outcomes = accept(app.store(), &grant, desk, read).await?;
    Ok(outcomes.into_iter().map(Into::into).collect())
}

#[utoipa::path(
    post,
    path = "/reports",
    summary = "Send a report",
    description = "An object of report fields. Only `reference` is required, and it is unique \
        within the token. Dates are day first or ISO 8601, `loss` is in pounds, `feed` is \
        `partner` unless given. A report whose reference is held changes nothing. The fields are \
        listed in docs/formats.md.",
    request_body(content = Object, description = "The report's fields"),
    responses(
        (status = 201, description = "Accepted", body = Received),
        (status = 200, description = "A duplicate: nothing was changed", body = Received),
        (status = 422, description = "Rejected: the findings say why", body = Received),
    )
)]
async fn post_one(State(app): State<App>, who: SignedIn, body: Bytes) -> web::Result<Response> {
    let body: serde_json::Value = read_json(&body)?;
    let received = receive_all(&app, &who, std::slice::from_ref(&body)).await?;
    let Some(one) = received.into_iter().next() else {
        return Err(web::Error::BadRequest("no report was sent".to_owned()));
    };
    let status = match one.outcome {
        "accepted" => StatusCode::CREATED,
        "duplicate" => StatusCode::OK,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Ok(web::json(status, &one))
}

#[utoipa::path(
    post,
    path = "/reports/batch",
    summary = "Send up to 1,000 reports",
    description = "Each is accepted whole, found to be a duplicate, or rejected with findings. \
        What was accepted is kept together, in one transaction.",
    request_body = Batch,
    responses((status = 200, description = "What became of each", body = Receipt))
)]
async fn post_batch(State(app): State<App>, who: SignedIn, body: Bytes) -> web::Result<Response> {
    let batch: Batch = read_json(&body)?;
    if batch.reports.is_empty() || batch.reports.len() > MOST_REPORTS {
        return Err(web::Error::BadRequest(format!(
            "a batch holds 1 to {MOST_REPORTS} reports; this one has {}",
            batch.reports.len()
        )));
    }
    let reports = receive_all(&app, &who, &batch.reports).await?;
    let count = |what: &str| reports.iter().filter(|r| r.outcome == what).count();
    let receipt = Receipt {
        accepted: count("accepted"),
        duplicate: count("duplicate"),
        rejected: count("rejected"),
        reports,
    };
    Ok(web::json(StatusCode::OK, &receipt))
}

/// A value found in a report.
#[derive(Debug, Serialize, ToSchema)]
struct Found {
    id: String,
    kind: String,
    value: String,
    /// `offender` or `victim`: whose it is, as far as the report tells.
    role: String,
    /// `narrative`, or the field it came from.
    field: String,
    /// Byte offsets in the narrative; both zero for a field.
    start: usize,
    end: usize,
    /// Whether a person said that it does not join this report to others.
    rejected: bool,
}

/// A value shared with other reports.
#[derive(Debug, Serialize, ToSchema)]
struct Shared {
    observable: String,
    kind: String,
    value: String,
    reports: i64,
    /// What sharing it is worth today.
    bits: f64,
    joins: bool,
    rejected: bool,
    /// Up to ten other reports.
    others: Vec<String>,
}

/// A person or organisation described in the report.
#[derive(Debug, Serialize, ToSchema)]
struct Described {
    mention: String,
    role: String,
    person: String,
    label: String,
}

/// A report with what is known of it.
#[derive(Debug, Serialize, ToSchema)]
struct ReportAnswer {
    id: String,
    /// The report as received, less what the caller's role may not see.
    #[schema(value_type = Object)]
    report: record::report::Report,
    class: String,
    vulnerability: String,
    acceptance: String,
    unit: String,
    marking: String,
    /// SHA-256 of the report as received.
    digest: String,
    network: Option<String>,
    /// What triage proposed, with every point and its reason.
    #[schema(value_type = Option<Object>)]
    proposal: Option<crate::triage::Proposal>,
    found: Vec<Found>,
    shared: Vec<Shared>,
    people: Vec<Described>,
    /// Whether answers were left out because the caller's role may not see them.
    withheld: bool,
}

impl ReportAnswer {
    fn of(opened: Opened, withheld: bool) -> ReportAnswer {
        let row = opened.row;
        ReportAnswer {
            id: row.id.to_string(),
            class: row.class,
            vulnerability: row.vulnerability,
            acceptance: row.acceptance,
            unit: row.unit,
            marking: row.marking.title().to_owned(),
            digest: row.digest,
            network: opened.network.map(|n| n.id.to_string()),
            report: opened.report,
            proposal: opened.proposal.map(|(_, p)| p),
            found: opened
                .sightings
                .into_iter()
                .map(|s| Found {
                    id: s.observable.to_string(),
                    kind: s.kind,
                    value: s.value,
                    role: s.role,
                    field: s.field,
                    start: s.start,
                    end: s.end,
                    rejected: s.rejected,
                })
                .collect(),
            shared: opened
                .shared
                .into_iter()
                .map(|s| Shared {
                    observable: s.observable.to_string(),
                    kind: s.kind,
                    value: s.value,
                    reports: s.reports,
                    bits: s.bits,
                    joins: s.joins,
                    rejected: s.rejected,
                    others: s.others.iter().map(|o| o.id.to_string()).collect(),
                })
                .collect(),
            people: opened
                .mentions
                .into_iter()
                .map(|m| Described {
                    mention: m.id.to_string(),
                    role: m.role,
                    person: m.person.to_string(),
                    label: m.label,
                })
                .collect(),
            withheld,
        }
    }
}

#[utoipa::path(
    get,
    path = "/reports/{id}",
    summary = "One report",
    params(("id" = String, Path, description = "Identifier of the report")),
    responses(
        (status = 200, description = "The report", body = ReportAnswer),
        (status = 404, description = "No such report, or not open to the caller"),
    )
)]
async fn get_one(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> web::Result<Response> {
    let id: ReportId = id.parse().map_err(|_| web::Error::NotFound)?;
    let wanted = Wanted {
        act: &VIEW,
        reason: "",
    };
    let (opened, withheld) = super::page::open(&app, &who, wanted, id).await?;
    Ok(web::json(
        StatusCode::OK,
        &ReportAnswer::of(opened, withheld),
    ))
}
