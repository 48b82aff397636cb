//! A request for help with a check's answers becomes an assessment, of a record that is found or made.

use axum::extract::{Path, State as Shared};
use axum::response::{IntoResponse, Redirect, Response};
use record::ids::RecordId;
use record::marking::Marking;
use record::submission::SubmissionKind;
use store::{Error as StoreError, Result as Stored, Tx};
use web::parts::{Choice, FieldErrors, Html, Radios, SummaryList};
use web::{App, Error, Form, SignedIn};

use super::assess::{Belongs, Section, keep, said};
use super::facts::{OrganisationInput, facts};
use super::fields::{Checks, Fields};
use super::form::{FormPage, heading};
use super::identity::Likeness;
use super::new::{Alike, alike, insert};
use super::people;
use super::policy::OrganisationPolicy;
use super::rows::{Organisation, conflict};
use super::{ASSESS, RECORD};
use crate::requests::{self, Request};
use crate::victim_care::permit;

/// The choice of a record that is to be made.
const NEW: &str = "new";

/// A request of an organisation that holds answers to a check.
struct Sent {
    request: Request,
    alike: Vec<Alike>,
}

async fn read(app: &App, who: &SignedIn, id: &str) -> Result<Sent, Error> {
    let request = requests::open(app, &who.actor, id).await?;
    let sent =
        request.kind == SubmissionKind::OrganisationHelp && !request.field("answers").is_empty();
    if !sent {
        return Err(Error::NotFound);
    }
    if request.closed {
        return Err(Error::Conflict {
            what: "This request is closed already".to_owned(),
            href: request.href(),
        });
    }
    let identity = input(&request).identity();
    let alike = alike(app, &who.actor, &identity).await?;
    Ok(Sent { request, alike })
}

/// What the request tells of the organisation.
fn input(request: &Request) -> OrganisationInput {
    OrganisationInput {
        name: request.field("organisation").to_owned(),
        kind: "business".to_owned(),
        reason: "request".to_owned(),
        ..OrganisationInput::default()
    }
}

fn section<'p>(policy: &'p OrganisationPolicy, request: &Request) -> Result<Section<'p>, Error> {
    let name = request.field("check");
    let set = policy.sets.named(name).ok_or_else(|| {
        Error::BadRequest(format!(
            "{name:?} is no check this policy knows. Bring back its question set in \
             policy/protect, or go through the check with them again"
        ))
    })?;
    Ok(Section {
        set,
        outcome: set.judge_line(request.field("answers")),
    })
}

fn draw(
    app: &App,
    who: &SignedIn,
    sent: &Sent,
    fields: &Fields,
    errors: FieldErrors,
) -> Result<Response, Error> {
    let policy = app.policy::<OrganisationPolicy>()?;
    let request = &sent.request;
    let judged = section(&policy, request)?;
    let themes = judged.outcome.themes();
    let list = themes
        .into_iter()
        .fold(SummaryList::new(), |list, (theme, colour)| {
            list.row(theme, colour.title())
        });
    let list = list.row("The whole", said(judged.outcome.verdict()));
    let mut records: Vec<Choice> = sent
        .alike
        .iter()
        .map(|a| {
            let place = a.organisation.postcode.as_deref().unwrap_or("no postcode");
            let hint = format!("{place}, {}", a.organisation.district);
            Choice::new(a.organisation.id.to_string(), &a.organisation.name).hint(hint)
        })
        .collect();
    records.push(Choice::new(NEW, "A new record"));
    let radios = Radios::new("record", "Which record is it of?", &records);
    let radios = radios.chosen(fields.text("record")).errors(&errors);
    let mut asked = vec![Html::of(&radios), heading("For a new record")];
    asked.extend(facts(&policy, fields, &errors));
    FormPage {
        title: format!("Assessment from {}", request.field("organisation")),
        menu: "/public-requests",
        back: ("The request".to_owned(), request.href()),
        action: format!("{}/assessment", request.href()),
        lead: heading(&judged.set.name()).and(&list),
        fields: asked,
        button: "Make it an assessment",
    }
    .draw(app, who, errors)
}

/// `GET /public-requests/{id}/assessment`.
pub async fn page(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let sent = read(&app, &who, &id).await?;
    let input = input(&sent.request);
    let mut fields = Fields::default();
    let chosen = match sent.alike.first() {
        Some(a) if a.likeness == Likeness::Same => a.organisation.id.to_string(),
        // Nothing is chosen for the person where a choice is to be made.
        Some(_) => String::new(),
        None => NEW.to_owned(),
    };
    fields.set("record", chosen);
    fields.set("name", input.name);
    fields.set("kind", input.kind);
    fields.set("reason", input.reason);
    draw(&app, &who, &sent, &fields, FieldErrors::new())
}

/// `POST /public-requests/{id}/assessment`: the record, its contact, the assessment and the end of the
/// request are one write.
pub async fn submit(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let sent = read(&app, &who, &id).await?;
    let policy = app.policy::<OrganisationPolicy>()?;
    section(&policy, &sent.request)?;
    let fields = Fields(pairs);
    let mut checks = Checks::at(app.now());
    let chosen = fields.text("record");
    let is_chosen = |a: &&Alike| a.organisation.id.to_string() == chosen;
    let known = sent.alike.iter().find(is_chosen);
    let known = known.map(|a| a.organisation.clone());
    let input = OrganisationInput::of_fields(&fields);
    if chosen == NEW {
        input.check(&policy, &mut checks);
        let others = alike(&app, &who.actor, &input.identity()).await?;
        if let Some(same) = others.iter().find(|a| a.likeness == Likeness::Same) {
            let message = format!("This is on record already as {}", same.organisation.name);
            checks.errors.add("name", message);
        }
    } else if known.is_none() {
        checks
            .errors
            .add("record", "Choose the record the assessment is of");
    }
    if !checks.errors.is_empty() {
        return draw(&app, &who, &sent, &fields, checks.errors);
    }
    let resource = match &known {
        Some(known) => known.resource(),
        None => record::access::Resource::of("organisation", "new")
            .marked(Marking::OfficialSensitive, None)
            .of_unit(app.force().unit.clone()),
    };
    if known.is_none() {
        permit(&app, &who.actor, &RECORD, &resource, "").await?;
    }
    let grant = permit(&app, &who.actor, &ASSESS, &resource, "").await?;
    let unit = app.force().unit.clone();
    let back = sent.request.href();
    let request = sent.request;
    let written = app
        .store()
        .write(&grant, move |tx| {
            Box::pin(async move { take_in(tx, &policy, &request, (known, &input), &unit).await })
        })
        .await;
    let what = "This request was dealt with already, or the organisation was changed meanwhile";
    let (organisation, assessment) = conflict(written, what, &back)?;
    let to = format!("/organisations/{organisation}/assessments/{assessment}");
    Ok(Redirect::to(&to).into_response())
}

async fn take_in(
    tx: &mut Tx<'_>,
    policy: &OrganisationPolicy,
    request: &Request,
    (known, input): (Option<Organisation>, &OrganisationInput),
    unit: &str,
) -> Stored<(RecordId, RecordId)> {
    let organisation = match known {
        Some(known) => known,
        None => {
            let made = insert(tx, input, unit, Marking::OfficialSensitive).await?;
            super::new::enter(tx, made.id);
            made
        }
    };
    let told = ["name", "role", "phone", "email"].map(|name| request.field(name).to_owned());
    people::add(tx, organisation.id, told).await?;
    let section = section(policy, request).map_err(|e| StoreError::Invalid(e.to_string()))?;
    let sent = Belongs::Sent(request.id);
    let assessment = keep(tx, policy, &organisation, &section, sent).await?;
    let note = format!("Became an assessment of {}", organisation.name);
    requests::close_in(tx, request.id, &note).await?;
    Ok((organisation.id, assessment))
}
