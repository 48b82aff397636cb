//! The JSON API of organisations: the same reading and writing as the pages.

use axum::Json;
use axum::extract::{Path, Query, State as Shared};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;
use web::{App, Error, Problem, SignedIn, json};

use super::actions::{Action, FollowUpInput, follow_up as follow};
use super::assess::{AssessmentInput, Recorded as Assessed, record as record_assessment};
use super::assessment::Section;
use super::engage::{EngagementInput, record as record_engagement};
use super::facts::OrganisationInput;
use super::list::{Asked, read};
use super::new::{Created, create as make};
use super::one::{Whole, open as open_whole};
use super::rows::Organisation as Held;

/// An organisation.
#[derive(Debug, Serialize, ToSchema)]
struct Organisation {
    id: String,
    version: i64,
    name: String,
    company_number: Option<String>,
    postcode: Option<String>,
    kind: String,
    size: String,
    sector: String,
    district: String,
    critical: bool,
    /// `identified`, `contacted`, `engaged`, `assessed`, `advised`, `follow_up` or `closed`.
    state: &'static str,
    reason: String,
}

/// A page of the list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Organisations {
    items: Vec<Organisation>,
    /// Send it as `after` for the next page; none at the end.
    next: Option<String>,
}

/// Somebody who speaks for an organisation.
#[derive(Debug, Serialize, ToSchema)]
struct OrganisationContact {
    name: String,
    role: String,
    phone: String,
    email: String,
}

/// Another body's interest: its existence and whom to ask.
#[derive(Debug, Serialize, ToSchema)]
struct OtherInterest {
    body: String,
    ask: String,
}

/// A section of an assessment.
#[derive(Debug, Serialize, ToSchema)]
struct AssessmentSection {
    assessment: String,
    set: String,
    version: String,
    /// `well_prepared`, `to_put_right` or `not_ready`. None promises a certificate.
    verdict: &'static str,
    /// By theme: `green`, `amber` or `red`.
    themes: Vec<ThemeStands>,
    answers: Vec<QuestionAnswered>,
}

/// How a theme stands.
#[derive(Debug, Serialize, ToSchema)]
struct ThemeStands {
    theme: String,
    colour: &'static str,
}

/// A question as it was asked, with its answer.
#[derive(Debug, Serialize, ToSchema)]
struct QuestionAnswered {
    id: String,
    question: String,
    answer: String,
    colour: &'static str,
    fails: bool,
}

/// Something an organisation agreed to do.
#[derive(Debug, Serialize, ToSchema)]
struct AgreedAction {
    id: String,
    /// Send it back with a follow-up.
    version: i64,
    what: String,
    owner: String,
    due_at: String,
    /// `done`, `part`, `not` or `declined`; none before the first follow-up.
    result: Option<&'static str>,
}

/// How an organisation stands in a scheme.
#[derive(Debug, Serialize, ToSchema)]
struct SchemeStands {
    scheme: String,
    step: String,
    since: String,
    expires_at: Option<String>,
}

/// An organisation with everything kept about it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OrganisationWhole {
    #[serde(flatten)]
    organisation: Organisation,
    contacts: Vec<OrganisationContact>,
    /// Absent for those who may not see whether others have an interest.
    #[serde(skip_serializing_if = "Option::is_none")]
    interests: Option<Vec<OtherInterest>>,
    assessments: Vec<AssessmentSection>,
    actions: Vec<AgreedAction>,
    schemes: Vec<SchemeStands>,
    /// References of reports it is the victim of.
    reports: Vec<String>,
}

impl From<Held> for Organisation {
    fn from(held: Held) -> Organisation {
        Organisation {
            id: held.id.to_string(),
            version: held.version,
            name: held.name,
            company_number: held.company_number,
            postcode: held.postcode,
            kind: held.kind,
            size: held.size,
            sector: held.sector,
            district: held.district,
            critical: held.critical,
            state: held.state.name(),
            reason: held.reason,
        }
    }
}

impl From<Action> for AgreedAction {
    fn from(action: Action) -> AgreedAction {
        AgreedAction {
            id: action.id.to_string(),
            version: action.version,
            what: action.what,
            owner: action.owner,
            due_at: action.due_at.rfc3339(),
            result: action.result.map(|r| r.name()),
        }
    }
}

fn section(assessment: &str, section: Section) -> AssessmentSection {
    let themes = section.outcome.themes().into_iter();
    AssessmentSection {
        assessment: assessment.to_owned(),
        verdict: section.verdict.name(),
        themes: themes
            .map(|(theme, colour)| ThemeStands {
                theme,
                colour: colour.name(),
            })
            .collect(),
        answers: section
            .outcome
            .answers
            .into_iter()
            .map(|a| QuestionAnswered {
                id: a.question.id,
                question: a.question.text,
                answer: a.answer,
                colour: a.colour.name(),
                fails: a.fails,
            })
            .collect(),
        set: section.set_id,
        version: section.version,
    }
}

impl From<Whole> for OrganisationWhole {
    fn from(whole: Whole) -> OrganisationWhole {
        let people = whole.people.into_iter().map(|p| OrganisationContact {
            name: p.name,
            role: p.role,
            phone: p.phone,
            email: p.email,
        });
        let interests = whole.interests.map(|all| {
            let each = all.into_iter().map(|i| OtherInterest {
                body: i.body,
                ask: i.ask,
            });
            each.collect()
        });
        let sections = whole.assessments.into_iter().flat_map(|a| {
            let id = a.id.to_string();
            a.sections.into_iter().map(move |s| section(&id, s))
        });
        let schemes = whole.schemes.into_iter().map(|s| SchemeStands {
            scheme: s.scheme,
            step: s.step,
            since: s.since.rfc3339(),
            expires_at: s.expires_at.map(|t| t.rfc3339()),
        });
        let reports = whole.reports.into_iter().filter(|r| !r.is_candidate);
        OrganisationWhole {
            organisation: whole.organisation.into(),
            contacts: people.collect(),
            interests,
            assessments: sections.collect(),
            actions: whole.actions.into_iter().map(Into::into).collect(),
            schemes: schemes.collect(),
            reports: reports.map(|r| r.reference).collect(),
        }
    }
}

async fn whole(app: &App, who: &SignedIn, id: &str) -> Result<OrganisationWhole, Error> {
    Ok(open_whole(app, &who.actor, id).await?.into())
}

#[utoipa::path(get, path = "/organisations", summary = "Organisations Protect works with",
    description = "Latest changed first. What the caller may not see is absent.",
    params(
        ("q" = Option<String>, Query, description = "Name, company number or postcode"),
        ("view" = Option<String>, Query, description = "`open` (default), `due` or `closed`"),
        ("state" = Option<String>, Query, description = "A state of engagement"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of the list", body = Organisations),
        (status = 403, description = "Not permitted", body = Problem),
    ))]
pub(super) async fn list(
    Shared(app): Shared<App>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let listing = read(&app, &who.actor, &asked).await?;
    let body = Organisations {
        items: listing
            .rows
            .into_iter()
            .map(|row| row.organisation.into())
            .collect(),
        next: listing.next,
    };
    Ok(json(StatusCode::OK, &body))
}

#[utoipa::path(post, path = "/organisations", summary = "Record an organisation",
    description = "Refused when it is on record, by company number or by name and postcode. When \
        others have its name, send `is_another` once a person has looked.",
    request_body = OrganisationInput,
    responses(
        (status = 201, description = "Recorded", body = OrganisationWhole),
        (status = 400, description = "What is wrong, field by field", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 409, description = "On record already, or perhaps", body = Problem),
    ))]
pub(super) async fn create(
    Shared(app): Shared<App>,
    who: SignedIn,
    Json(input): Json<OrganisationInput>,
) -> Result<Response, Error> {
    match make(&app, &who.actor, &input).await?.or_bad_request()? {
        Created::Made(id) => {
            let body = whole(&app, &who, &id.to_string()).await?;
            Ok(json(StatusCode::CREATED, &body))
        }
        Created::Alike(alike) => {
            let named = alike.iter().map(|a| {
                let of = &a.organisation;
                format!("{} ({})", of.name, of.id)
            });
            let named: Vec<String> = named.collect();
            Err(Error::Conflict {
                what: format!("It may be on record already: {}", named.join(", ")),
                href: "/organisations".to_owned(),
            })
        }
    }
}

#[utoipa::path(get, path = "/organisations/{id}", summary = "Open an organisation",
    params(("id" = String, Path, description = "Id of the organisation")),
    responses(
        (status = 200, description = "Everything kept about it", body = OrganisationWhole),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "No such organisation, or not open to you", body = Problem),
    ))]
pub(super) async fn open(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    Ok(json(StatusCode::OK, &whole(&app, &who, &id).await?))
}

#[utoipa::path(post, path = "/organisations/{id}/engagements", summary = "Record an engagement",
    description = "One of ours needs a look at other bodies' interests first.",
    params(("id" = String, Path, description = "Id of the organisation")),
    request_body = EngagementInput,
    responses(
        (status = 201, description = "Recorded; the organisation now", body = OrganisationWhole),
        (status = 400, description = "What is wrong, field by field", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "No such organisation, or not open to you", body = Problem),
    ))]
pub(super) async fn engage(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Json(input): Json<EngagementInput>,
) -> Result<Response, Error> {
    let recorded = record_engagement(&app, &who.actor, &id, &input).await?;
    recorded.or_bad_request()?;
    Ok(json(StatusCode::CREATED, &whole(&app, &who, &id).await?))
}

#[utoipa::path(post, path = "/organisations/{id}/assessments", summary = "Record answers to a question set",
    description = "Every question of the newest version needs `yes`, `no` or `unknown`.",
    params(("id" = String, Path, description = "Id of the organisation")),
    request_body = AssessmentInput,
    responses(
        (status = 201, description = "Recorded; the organisation now", body = OrganisationWhole),
        (status = 400, description = "Which questions are missing or not known", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "No such organisation, or not open to you", body = Problem),
        (status = 409, description = "This section was answered already", body = Problem),
    ))]
pub(super) async fn assess(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Json(input): Json<AssessmentInput>,
) -> Result<Response, Error> {
    match record_assessment(&app, &who.actor, &id, &input).await? {
        Assessed::Done(_) => Ok(json(StatusCode::CREATED, &whole(&app, &who, &id).await?)),
        Assessed::Missing(missing) => Err(Error::BadRequest(format!(
            "answers: yes, no or unknown is missing for {}",
            missing.join(", ")
        ))),
    }
}

#[utoipa::path(post, path = "/organisations/{id}/actions/{action}/follow-ups",
    summary = "Record what became of an agreed action",
    params(
        ("id" = String, Path, description = "Id of the organisation"),
        ("action" = String, Path, description = "Id of the action"),
    ),
    request_body = FollowUpInput,
    responses(
        (status = 201, description = "Recorded; the organisation now", body = OrganisationWhole),
        (status = 400, description = "What is wrong, field by field", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "No such action, or not open to you", body = Problem),
        (status = 409, description = "Somebody else was first", body = Problem),
    ))]
pub(super) async fn follow_up(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path((id, action)): Path<(String, String)>,
    Json(input): Json<FollowUpInput>,
) -> Result<Response, Error> {
    let followed = follow(&app, &who.actor, (&id, &action), &input).await?;
    followed.or_bad_request()?;
    Ok(json(StatusCode::CREATED, &whole(&app, &who, &id).await?))
}
