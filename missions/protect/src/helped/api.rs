//! The JSON API of telling victims: the same reading and writing as the pages.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use record::ids::{NetworkId, ReportId};
use record::time::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::parts::FieldErrors;
use web::{App, Problem, SignedIn, json};

use super::decisions::{Became, Known, Outcome};
use super::form::Said;
use super::loaded::load;
use super::one::open;
use super::page::send;
use super::standing::{Standing, Victim, Why};
use super::told::Decided;
use crate::care_record::fields::Fields;
use crate::messages::MessagePolicy;

/// A victim of the network.
#[derive(Debug, Serialize, ToSchema)]
struct VictimToTell {
    /// The first of their reports in the network: names the victim in `leave_out`.
    report: String,
    name: String,
    reference: String,
    /// Their reports in the network.
    reports: usize,
    /// `email`, `letter`; none when they cannot be told.
    way: Option<&'static str>,
    address: Option<String>,
    /// Why they cannot be told, for example `domestic_abuse`, `declined`, `told`.
    why: Option<&'static str>,
    /// When they were told something like this before, latest first.
    told_at: Vec<String>,
}

/// A decision with its figures.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HelpedDecision {
    id: String,
    network: String,
    happened: String,
    title: String,
    happened_on: String,
    authorised_by: String,
    reason: String,
    decided_at: String,
    decided_by: String,
    figures: Vec<HelpedFigure>,
}

/// Victims in one figure of a decision.
#[derive(Debug, Serialize, ToSchema)]
struct HelpedFigure {
    /// `told`, `waiting`, `refused`, `unknown`, `withdrawn`, `left_out` or `cannot`.
    figure: &'static str,
    victims: usize,
}

/// A network's victims, 100 at a time.
#[derive(Debug, Serialize, ToSchema)]
struct NetworkHelped {
    network: String,
    name: String,
    victims: Vec<VictimToTell>,
    /// Victims in all.
    count: usize,
    /// Send as `page` for the next page; none at the end.
    next: Option<usize>,
    /// Send it back with a decision; empty without `happened`.
    seen: String,
    decisions: Vec<HelpedDecision>,
}

/// A victim of a decision.
#[derive(Debug, Serialize, ToSchema)]
struct VictimOfDecision {
    report: String,
    name: String,
    reference: String,
    figure: &'static str,
    way: String,
    why: Option<&'static str>,
    message: Option<String>,
    letter: Option<String>,
}

/// A decision with its victims, 100 at a time.
#[derive(Debug, Serialize, ToSchema)]
struct HelpedNames {
    decision: HelpedDecision,
    victims: Vec<VictimOfDecision>,
    /// Send as `page` for the next page; none at the end.
    next: Option<usize>,
}

/// A decision to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TellVictims {
    /// Word of a text, for example `charged`.
    happened: String,
    /// Day, for example 2026-11-20; today when left out.
    #[serde(default)]
    happened_on: String,
    authorised_by: String,
    reason: String,
    /// Victims who can be told and are not to be, each by its `report`.
    #[serde(default)]
    leave_out: Vec<String>,
    /// As it was read.
    seen: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    happened: String,
    part: String,
    page: usize,
}

fn victim(victim: &Victim, stands: &Standing<'_>) -> VictimToTell {
    let (way, address, why) = match stands {
        Standing::Can { way, address, .. } => (Some(way.name()), Some(address.clone()), None),
        Standing::Cannot(why) => (None, None, Some(why.name())),
    };
    VictimToTell {
        report: victim.key.to_string(),
        name: victim.whose.name.clone(),
        reference: victim.whose.reference.clone(),
        reports: victim.reports.len(),
        way,
        address,
        why,
        told_at: victim.told.iter().map(|t| t.at.rfc3339()).collect(),
    }
}

fn decision_of(known: &Known) -> HelpedDecision {
    let of = &known.decision;
    let figures = Became::ALL.into_iter().map(|became| HelpedFigure {
        figure: became.name(),
        victims: known.count(became),
    });
    HelpedDecision {
        id: of.id.to_string(),
        network: of.network.to_string(),
        happened: of.happened.clone(),
        title: of.title.clone(),
        happened_on: of.on.to_string(),
        authorised_by: of.authorised_by.clone(),
        reason: of.reason.clone(),
        decided_at: of.at.rfc3339(),
        decided_by: of.by.clone(),
        figures: figures.collect(),
    }
}

fn outcome(victim: Outcome) -> VictimOfDecision {
    VictimOfDecision {
        report: victim.report.to_string(),
        name: victim.name,
        reference: victim.reference,
        figure: victim.became.name(),
        way: victim.way,
        why: victim.why.map(Why::name),
        message: victim.message.map(|id| id.to_string()),
        letter: victim.letter.map(|id| id.to_string()),
    }
}

#[utoipa::path(get, path = "/helped/{id}", summary = "Victims of a network who can be told that their report helped",
    description = "Those who can be told first. The consultation is entered in the ledger.",
    params(
        ("id" = String, Path, description = "Identifier of the network"),
        ("happened" = Option<String>, Query, description = "Word of a text, for example `charged`: says who can be told this"),
        ("page" = Option<usize>, Query, description = "The `next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of victims", body = NetworkHelped),
        (status = 400, description = "No such text", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "No such network, or none open to you", body = Problem),
    ))]
pub(super) async fn network(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, web::Error> {
    let id: NetworkId = id.parse().map_err(|_| web::Error::NotFound)?;
    let policy = app.policy::<MessagePolicy>()?;
    let happened = Some(asked.happened.as_str()).filter(|h| !h.is_empty());
    let known: Vec<&str> = policy.happenings().into_iter().map(|(id, _)| id).collect();
    if let Some(odd) = happened.filter(|h| !known.contains(h)) {
        return Err(web::Error::BadRequest(format!(
            "{odd:?} is no text that victims are told. Use {}",
            known.join(", ")
        )));
    }
    let loaded = load(&app, &who.actor, &policy, (id, happened, asked.page)).await?;
    let body = NetworkHelped {
        network: id.to_string(),
        name: loaded.network.name.clone(),
        victims: loaded.on_page().map(|(v, s)| victim(v, s)).collect(),
        count: loaded.stands.len(),
        next: loaded.has_next().then_some(loaded.page + 1),
        seen: loaded.seen.clone(),
        decisions: loaded.known.iter().map(decision_of).collect(),
    };
    Ok(json(StatusCode::OK, &body))
}

#[utoipa::path(post, path = "/helped/{id}", summary = "Tell victims of a network that their report helped",
    description = "Records the decision and queues a message, or makes a letter, for every victim who can be told and is \
        not left out.",
    params(("id" = String, Path, description = "Identifier of the network")),
    request_body = TellVictims,
    responses(
        (status = 201, description = "Recorded; the decision", body = HelpedDecision),
        (status = 400, description = "What is wrong, field by field", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "No such network, or none open to you", body = Problem),
        (status = 409, description = "Something has changed since `seen`", body = Problem),
    ))]
pub(super) async fn tell(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Json(input): Json<TellVictims>,
) -> Result<Response, web::Error> {
    let id: NetworkId = id.parse().map_err(|_| web::Error::NotFound)?;
    let policy = app.policy::<MessagePolicy>()?;
    let decided = decided(&app, &policy, id, &input).map_err(web::Error::BadRequest)?;
    let happened = Some(decided.happened.as_str());
    let loaded = load(&app, &who.actor, &policy, (id, happened, 0)).await?;
    let can = loaded.can();
    if let Some(odd) = decided.left_out.iter().find(|k| !can.contains(k)) {
        return Err(web::Error::BadRequest(format!(
            "leave_out: {odd} is no victim of this network who can be told"
        )));
    }
    if decided.left_out == can {
        return Err(web::Error::BadRequest(
            "leave_out: nobody is left to be told".to_owned(),
        ));
    }
    if loaded.network.too_large {
        return Err(web::Error::BadRequest(
            "this network has too many reports to be told of at once".to_owned(),
        ));
    }
    let made = send(&app, &who, &policy, decided).await?;
    let of = (id.to_string(), made.to_string());
    let (known, ..) = open(&app, &who, (&of.0, &of.1), None, 0).await?;
    Ok(json(StatusCode::CREATED, &decision_of(&known)))
}

fn decided(
    app: &App,
    policy: &MessagePolicy,
    network: NetworkId,
    input: &TellVictims,
) -> Result<Decided, String> {
    let mut pairs = vec![
        ("happened".to_owned(), input.happened.clone()),
        ("authorised_by".to_owned(), input.authorised_by.clone()),
        ("reason".to_owned(), input.reason.clone()),
    ];
    if !input.happened_on.is_empty() {
        let day = Date::parse(&input.happened_on)
            .ok_or("happened_on: give a day such as 2026-11-20".to_owned())?;
        let parts = [
            ("on-day", day.day().to_string()),
            ("on-month", day.month().to_string()),
            ("on-year", day.year().to_string()),
        ];
        pairs.extend(parts.map(|(name, value)| (name.to_owned(), value)));
    }
    let mut errors = FieldErrors::new();
    let said = Said::of_form(&Fields(pairs), policy, app.now(), &mut errors);
    if !errors.is_empty() {
        return Err(errors.in_words());
    }
    let each = input.leave_out.iter().map(|text| {
        let id = text.parse::<ReportId>();
        id.map_err(|_| format!("leave_out: {text:?} is not a report's identifier"))
    });
    Ok(Decided {
        network,
        happened: said.happened,
        on: said.on,
        authorised_by: said.authorised_by,
        reason: said.reason,
        left_out: each.collect::<Result<_, _>>()?,
        seen: input.seen.clone(),
    })
}

#[utoipa::path(get, path = "/helped/{id}/{decision}", summary = "A decision to tell victims, with what became of each",
    params(
        ("id" = String, Path, description = "Identifier of the network"),
        ("decision" = String, Path, description = "Identifier of the decision"),
        ("part" = Option<String>, Query, description = "One figure: `told`, `waiting`, `refused`, `unknown`, `withdrawn`, `left_out`, `cannot`"),
        ("page" = Option<usize>, Query, description = "The `next` of the page before"),
    ),
    responses(
        (status = 200, description = "The decision and a page of its victims", body = HelpedNames),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "No such decision, or none open to you", body = Problem),
    ))]
pub(super) async fn decision(
    State(app): State<App>,
    who: SignedIn,
    Path((network, id)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, web::Error> {
    let part = Became::parse(&asked.part);
    let (known, victims, more) = open(&app, &who, (&network, &id), part, asked.page).await?;
    let body = HelpedNames {
        decision: decision_of(&known),
        victims: victims.into_iter().map(outcome).collect(),
        next: more.then(|| asked.page + 1),
    };
    Ok(json(StatusCode::OK, &body))
}
