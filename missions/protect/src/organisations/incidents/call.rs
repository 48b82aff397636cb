//! An incident support call: taken by phone, or made of a request from the public.

use axum::extract::{Path, State as Shared};
use axum::response::{IntoResponse, Redirect, Response};
use record::access::{Act, Actor, Grant, Resource};
use record::ids::{RecordId, SubmissionId};
use record::marking::Marking;
use record::submission::SubmissionKind;
use record::time::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Error as StoreError, OnConflict, Result as Stored, Row, Sql, Tx};
use utoipa::ToSchema;
use web::parts::{Choice, FieldErrors, Html, Radios};
use web::{App, Error, Form, SignedIn};

use super::moments::{moment, past_moment};
use super::{LOOK, RECORD, VIEW};
use crate::organisations::fields::{Checks, Drawn, Fields};
use crate::organisations::form::{FormPage, Written, paragraph};
use crate::organisations::identity::{self, Identity};
use crate::organisations::new::candidates;
use crate::organisations::policy::OrganisationPolicy;
use crate::organisations::rows::{Organisation, conflict, record_id, visible};
use crate::requests;
use crate::victim_care::permit;

const LONGEST_LINE: usize = 200;

/// What made them call, or us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// An attack goes on.
    Attack,
    /// Intelligence says that one is near.
    Imminent,
}

impl Trigger {
    pub const ALL: [Trigger; 2] = [Trigger::Attack, Trigger::Imminent];

    pub const fn name(self) -> &'static str {
        match self {
            Trigger::Attack => "attack",
            Trigger::Imminent => "imminent",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Trigger::Attack => "Under attack",
            Trigger::Imminent => "An attack is near",
        }
    }

    pub fn parse(name: &str) -> Option<Trigger> {
        Trigger::ALL.into_iter().find(|t| t.name() == name)
    }
}

/// By when first advice is to be given.
pub fn due(policy: &OrganisationPolicy, trigger: Trigger, called_at: Timestamp) -> Timestamp {
    let minutes = match trigger {
        Trigger::Attack => policy.incident.live_minutes,
        Trigger::Imminent => policy.incident.imminent_minutes,
    };
    called_at.plus_minutes(i64::from(minutes))
}

/// A call as it stands.
#[derive(Debug, Clone)]
pub struct Call {
    pub id: RecordId,
    /// The organisation, as it was told.
    pub name: String,
    pub caller: String,
    pub role: String,
    pub phone: String,
    pub trigger: Trigger,
    pub about: String,
    /// How the source of the intelligence is protected; never what the source is.
    pub source_protected: String,
    pub called_at: Timestamp,
    pub due_at: Timestamp,
    pub first_advice_at: Option<Timestamp>,
    pub breached_at: Option<Timestamp>,
    pub organisation: Option<RecordId>,
    pub request: Option<SubmissionId>,
    pub handed_to: Option<String>,
    pub error: Option<String>,
    pub closed_at: Option<Timestamp>,
    pub by: String,
    pub unit: String,
    pub marking: Marking,
    pub compartment: Option<String>,
    pub version: i64,
}

impl Call {
    pub fn of(row: &Row) -> Stored<Call> {
        let trigger: String = row.get("trigger_kind")?;
        Ok(Call {
            id: row.get("id")?,
            name: row.get("name")?,
            caller: row.get("caller")?,
            role: row.get("role")?,
            phone: row.get("phone")?,
            trigger: Trigger::parse(&trigger)
                .ok_or_else(|| StoreError::Invalid(format!("{trigger:?} is no trigger")))?,
            about: row.get("about")?,
            source_protected: row.get("source_protected")?,
            called_at: row.get("called_at")?,
            due_at: row.get("due_at")?,
            first_advice_at: row.get("first_advice_at")?,
            breached_at: row.get("breached_at")?,
            organisation: row.get("organisation")?,
            request: row.get("request")?,
            handed_to: row.get("handed_to")?,
            error: row.get("error")?,
            closed_at: row.get("closed_at")?,
            by: row.get("by_name")?,
            unit: row.get("unit")?,
            marking: Marking::of_level(row.get("marking")?),
            compartment: row.get("compartment")?,
            version: row.get("version")?,
        })
    }

    pub fn resource(&self) -> Resource {
        Resource::of("incident_call", self.id.to_string())
            .marked(self.marking, self.compartment.clone())
            .of_unit(self.unit.clone())
    }

    pub fn href(&self) -> String {
        format!("/incident-calls/{}", self.id)
    }

    pub fn is_open(&self) -> bool {
        self.closed_at.is_none()
    }

    /// Whether advice came too late, or has not come and its time is over.
    pub fn is_breached(&self, now: Timestamp) -> bool {
        self.first_advice_at.unwrap_or(now) > self.due_at
    }
}

/// A call the actor may see, with permission for an act on it.
pub async fn opened(app: &App, actor: &Actor, id: &str, act: &Act) -> Result<(Call, Grant), Error> {
    let id = record_id(id)?;
    let all = Resource::of("incident_call", "all");
    let look = app
        .system()
        .permit(&LOOK, &all, "")
        .map_err(StoreError::from)?;
    let mut reader = app.store().read(&look).await?;
    let sql =
        Sql::new("select * from protect_incident_call o where ").with("o.id = ?", [id.into()]);
    let row = reader.first(visible(sql, &actor.scope())).await?;
    let call = Call::of(&row.ok_or(Error::NotFound)?)?;
    drop(reader);
    if !actor.may(&VIEW, &call.resource()) {
        permit(app, actor, &VIEW, &call.resource(), "").await?;
    }
    let grant = permit(app, actor, act, &call.resource(), "").await?;
    Ok((call, grant))
}

/// A call as a form or the API sends it.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CallInput {
    /// The organisation.
    pub name: String,
    pub caller: String,
    pub role: String,
    /// Works when the organisation's computers do not.
    pub phone: String,
    /// `attack` or `imminent`.
    pub trigger: String,
    pub about: String,
    /// For an attack that is near: how the source is protected. Never what the source is.
    pub source_protected: String,
    /// When they called (RFC 3339); now when empty.
    pub called_at: String,
}

impl CallInput {
    fn of_fields(fields: &Fields) -> CallInput {
        CallInput {
            name: fields.owned("name"),
            caller: fields.owned("caller"),
            role: fields.owned("role"),
            phone: fields.owned("phone"),
            trigger: fields.owned("trigger"),
            about: fields.owned("about"),
            source_protected: fields.owned("source_protected"),
            called_at: moment(fields, "called_at"),
        }
    }

    fn check(
        &self,
        policy: &OrganisationPolicy,
        now: Timestamp,
    ) -> Result<(Trigger, Timestamp), FieldErrors> {
        let mut checks = Checks::at(now);
        checks.needed("name", &self.name, "the organisation's name");
        checks.needed("caller", &self.caller, "who called");
        checks.needed("phone", &self.phone, "a phone number that works");
        checks.needed("about", &self.about, "what happens there");
        for (field, value) in [
            ("name", &self.name),
            ("caller", &self.caller),
            ("role", &self.role),
            ("phone", &self.phone),
        ] {
            checks.longest(field, value, LONGEST_LINE);
        }
        checks.longest("about", &self.about, policy.longest_note);
        checks.longest(
            "source_protected",
            &self.source_protected,
            policy.longest_note,
        );
        let trigger = Trigger::parse(&self.trigger);
        if trigger.is_none() {
            checks
                .errors
                .add("trigger", "Choose whether an attack goes on or is near");
        }
        if trigger == Some(Trigger::Imminent) {
            let what = "how the source is protected";
            checks.needed("source_protected", &self.source_protected, what);
        }
        let called_at = past_moment(&mut checks, "called_at", &self.called_at);
        match (trigger, called_at) {
            (Some(trigger), Some(at)) if checks.errors.is_empty() => Ok((trigger, at)),
            _ => Err(checks.errors),
        }
    }
}

/// What new calls are asked for with.
fn new_call(app: &App) -> Resource {
    Resource::of("incident_call", "new")
        .marked(Marking::OfficialSensitive, None)
        .of_unit(app.force().unit.clone())
}

/// Records a call.
pub async fn make(app: &App, actor: &Actor, input: &CallInput) -> Result<Written<RecordId>, Error> {
    let grant = permit(app, actor, &RECORD, &new_call(app), "").await?;
    let policy = app.policy::<OrganisationPolicy>()?;
    let (trigger, called_at) = match input.check(&policy, app.now()) {
        Ok(checked) => checked,
        Err(errors) => return Ok(Written::Wrong(errors)),
    };
    let (input, unit) = (input.clone(), app.force().unit.clone());
    let made = app
        .store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                let when = (trigger, called_at);
                insert(tx, &policy, (&input, when, None), &unit).await
            })
        })
        .await?;
    Ok(Written::Done(made))
}

const COLUMNS: &[&str] = &[
    "id",
    "name",
    "caller",
    "role",
    "phone",
    "trigger_kind",
    "about",
    "source_protected",
    "called_at",
    "due_at",
    "organisation",
    "request",
    "created_at",
    "by_name",
    "unit",
    "marking",
    "version",
    "policy",
];

/// What a call is made of: what was told, why and when they called, and the request it came by.
type Told<'t> = (&'t CallInput, (Trigger, Timestamp), Option<SubmissionId>);

async fn insert(
    tx: &mut Tx<'_>,
    policy: &OrganisationPolicy,
    (input, (trigger, called_at), request): Told<'_>,
    unit: &str,
) -> Stored<RecordId> {
    let id = RecordId(tx.id());
    let organisation = organisation_called(tx, &input.name).await?;
    let row = vec![
        id.into(),
        input.name.as_str().into(),
        input.caller.as_str().into(),
        input.role.as_str().into(),
        input.phone.as_str().into(),
        trigger.name().into(),
        input.about.as_str().into(),
        input.source_protected.as_str().into(),
        called_at.into(),
        due(policy, trigger, called_at).into(),
        organisation.into(),
        request.into(),
        tx.now().into(),
        tx.grant().actor_name().into(),
        unit.into(),
        Marking::OfficialSensitive.level().into(),
        1i64.into(),
        policy.digest.as_str().into(),
    ];
    let added = tx
        .insert(
            "protect_incident_call",
            COLUMNS,
            vec![row],
            OnConflict::Keep,
        )
        .await?;
    if added == 0 {
        return Err(StoreError::Conflict);
    }
    tx.enter(store::Entry {
        kind: "incident_call",
        id: id.to_string(),
        detail: serde_json::json!({ "trigger": trigger.name() }).to_string(),
        ..store::Entry::default()
    });
    Ok(id)
}

/// The record of an organisation of that name, when there is exactly one that is not sealed.
async fn organisation_called(tx: &mut Tx<'_>, name: &str) -> Stored<Option<RecordId>> {
    let identity = Identity {
        name_key: identity::name_key(name),
        ..Identity::default()
    };
    if identity.name_key.is_empty() {
        return Ok(None);
    }
    let sql = candidates(&identity).then(" and o.compartment is null limit 2");
    let rows = tx.rows(sql).await?;
    match rows.as_slice() {
        [one] => Ok(Some(Organisation::of(one)?.id)),
        _ => Ok(None),
    }
}

fn draw(
    app: &App,
    who: &SignedIn,
    fields: &Fields,
    errors: FieldErrors,
) -> Result<Response, Error> {
    let drawn = Drawn {
        fields,
        errors: &errors,
    };
    let triggers = Trigger::ALL.map(|t| Choice::new(t.name(), t.title()));
    let radios = Radios::new("trigger", "What is happening", &triggers);
    let radios = radios.chosen(fields.text("trigger")).errors(&errors);
    let asked = vec![
        Html::of(&radios),
        drawn.line("name", "Organisation", ""),
        drawn.line("caller", "Who called, or was called", ""),
        drawn.line("role", "Their role (optional)", ""),
        drawn.tel(
            "phone",
            "Phone",
            "One that works when their computers do not",
        ),
        drawn.text("about", "What happens there", ""),
        drawn.text(
            "source_protected",
            "How the source is protected",
            "Only when an attack is near. Never write what the source is",
        ),
        drawn.day("called_at", "Day of the call", ""),
        drawn.short(
            "called_at-time",
            "Time of the call",
            "For example, 6:30pm",
            10,
        ),
    ];
    FormPage {
        title: "Record an incident call".to_owned(),
        menu: "/incident-calls",
        back: ("Incident calls".to_owned(), "/incident-calls".to_owned()),
        action: "/incident-calls/new".to_owned(),
        lead: paragraph("Call back on a known number. Never use email that an attacker may read."),
        fields: asked,
        button: "Save call",
    }
    .draw(app, who, errors)
}

/// `GET /incident-calls/new`.
pub async fn page(Shared(app): Shared<App>, who: SignedIn) -> Result<Response, Error> {
    let mut fields = Fields::default();
    let now = app.now();
    fields.set_day("called_at", now.day());
    fields.set("called_at-time", now.show_time());
    draw(&app, &who, &fields, FieldErrors::new())
}

/// `POST /incident-calls/new`.
pub async fn submit(
    Shared(app): Shared<App>,
    who: SignedIn,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let fields = Fields(pairs);
    let input = CallInput::of_fields(&fields);
    match make(&app, &who.actor, &input).await? {
        Written::Done(id) => Ok(Redirect::to(&format!("/incident-calls/{id}")).into_response()),
        Written::Wrong(errors) => draw(&app, &who, &fields, errors),
    }
}

/// `POST /public-requests/{id}/incident-call`: one step. The clock runs from when it was sent.
pub async fn from_request(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(_): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let request = requests::open(&app, &who.actor, &id).await?;
    if request.kind != SubmissionKind::OrganisationHelp {
        return Err(Error::NotFound);
    }
    let grant = permit(&app, &who.actor, &RECORD, &new_call(&app), "").await?;
    let policy = app.policy::<OrganisationPolicy>()?;
    let input = CallInput {
        name: request.field("organisation").to_owned(),
        caller: request.field("name").to_owned(),
        phone: request.field("phone").to_owned(),
        about: request.field("about").to_owned(),
        ..CallInput::default()
    };
    let (unit, back) = (app.force().unit.clone(), request.href());
    let made = app
        .store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                let when = (Trigger::Attack, request.received_at);
                let id = insert(tx, &policy, (&input, when, Some(request.id)), &unit).await?;
                requests::close_in(tx, request.id, "Became an incident support call").await?;
                Ok(id)
            })
        })
        .await;
    let what = "This request was dealt with already";
    let id = conflict(made, what, &back)?;
    Ok(Redirect::to(&format!("/incident-calls/{id}")).into_response())
}
