//! An engagement: who met an organisation, about what, and which schemes it was told of.

use axum::extract::{Path, State as Shared};
use axum::response::{IntoResponse, Redirect, Response};
use record::access::Actor;
use record::ids::RecordId;
use record::time::{Date, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Conn, OnConflict, Result as Stored, Row, Sql, Tx};
use utoipa::ToSchema;
use web::parts::{Choice, FieldErrors, Html};
use web::{App, Error, Form, SignedIn};

use super::ENGAGE;
use super::contact::{is_current, last_check};
use super::fields::{Checks, Drawn, Fields};
use super::form::{FormPage, Written, paragraph};
use super::identity::quarter;
use super::policy::{FORCE, OrganisationPolicy, TOLD, choices, ids};
use super::rows::{Noted, Organisation, advance, conflict, opened};
use super::schemes;
use super::state::Event;

const LONGEST_LINE: usize = 200;
/// More people than that are not at one engagement.
const MOST_ATTENDEES: i64 = 100_000;
/// Engagements shown and offered as a link.
const MOST: i64 = 100;

/// An engagement as a form or the API sends it.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EngagementInput {
    /// The day, for example `2026-11-23`.
    pub on: String,
    /// Who engaged: a body of the policy; `force` is this one.
    pub body: String,
    /// Officers and volunteers, by name or number.
    pub officers: String,
    pub format: String,
    pub topics: Vec<String>,
    /// How many people were there.
    pub attendees: Option<i64>,
    /// Schemes the organisation was told of.
    pub schemes: Vec<String>,
    /// Questions, material left, what was said.
    pub note: String,
    /// The day of the next contact; empty when none was agreed.
    pub follow_up: String,
    /// Id of another body's engagement this one was done together with, or agreed with.
    pub joint_with: String,
}

/// An engagement as it is kept.
#[derive(Debug, Clone)]
pub struct Engagement {
    pub id: RecordId,
    pub on: Timestamp,
    pub body: String,
    pub officers: String,
    pub format: String,
    pub topics: Vec<String>,
    pub attendees: i64,
    pub schemes: Vec<String>,
    pub note: String,
    pub follow_up_at: Option<Timestamp>,
    pub joint_with: Option<RecordId>,
}

impl Engagement {
    fn of(row: &Row) -> Stored<Engagement> {
        Ok(Engagement {
            id: row.get("id")?,
            on: row.get("on_day")?,
            body: row.get("body")?,
            officers: row.get("officers")?,
            format: row.get("format")?,
            topics: row.json("topics")?,
            attendees: row.get("attendees")?,
            schemes: row.json("schemes")?,
            note: row.get("note")?,
            follow_up_at: row.get("follow_up_at")?,
            joint_with: row.get("joint_with")?,
        })
    }
}

/// Engagements with an organisation, latest first.
pub async fn of(conn: &mut Conn<'_>, organisation: RecordId) -> Stored<Vec<Engagement>> {
    let sql = Sql::new("select * from protect_org_engagement where ").with(
        "organisation = ? order by on_day desc, id desc limit ?",
        [organisation.into(), MOST.into()],
    );
    conn.rows(sql).await?.iter().map(Engagement::of).collect()
}

impl EngagementInput {
    fn of_fields(fields: &Fields) -> EngagementInput {
        let attendees = fields.text("attendees");
        EngagementInput {
            on: fields.day("on"),
            body: fields.owned("body"),
            officers: fields.owned("officers"),
            format: fields.owned("format"),
            topics: fields.all("topic"),
            // What is no number is refused by the check, as minus one is.
            attendees: (!attendees.is_empty()).then(|| attendees.parse().unwrap_or(-1)),
            schemes: fields.all("scheme"),
            note: fields.owned("note"),
            follow_up: fields.day("follow_up"),
            joint_with: fields.owned("joint_with"),
        }
    }

    /// The days in it, or what is wrong.
    fn check(
        &self,
        policy: &OrganisationPolicy,
        others: &[Engagement],
        now: Timestamp,
    ) -> Result<Days, FieldErrors> {
        let mut checks = Checks::at(now);
        let on = checks.past_day("on", &self.on);
        if on.is_none() {
            checks.errors.add("on", "Enter the day of the engagement");
        }
        let bodies = policy.bodies.iter().map(|b| b.id.as_str());
        checks.one_of("body", &self.body, bodies, "who engaged");
        checks.needed(
            "officers",
            &self.officers,
            "who was there for us or for them",
        );
        checks.longest("officers", &self.officers, LONGEST_LINE);
        let formats = ids(&policy.formats);
        checks.one_of("format", &self.format, formats, "the format");
        if self.topics.is_empty() {
            checks.errors.add("topic", "Choose at least one topic");
        }
        for topic in &self.topics {
            checks.one_of("topic", topic, ids(&policy.topics), "a topic of the list");
        }
        for scheme in &self.schemes {
            let known = policy.schemes.iter().map(|s| s.id.as_str());
            checks.one_of("scheme", scheme, known, "a scheme of the list");
        }
        if !(0..=MOST_ATTENDEES).contains(&self.attendees.unwrap_or(0)) {
            let message = "Enter how many people were there, as a number";
            checks.errors.add("attendees", message);
        }
        checks.longest("note", &self.note, policy.longest_note);
        let follow_up = checks.coming_day("follow_up", &self.follow_up);
        let mut joint_with = None;
        if !self.joint_with.is_empty() {
            let other = others.iter().find(|e| e.id.to_string() == self.joint_with);
            joint_with = other.filter(|e| e.body != self.body).map(|e| e.id);
            if joint_with.is_none() {
                let message = "Choose an engagement of another body with this organisation";
                checks.errors.add("joint_with", message);
            }
        }
        match on {
            Some(on) if checks.errors.is_empty() => Ok(Days {
                on,
                follow_up,
                joint_with,
            }),
            _ => Err(checks.errors),
        }
    }
}

/// What a checked engagement refers to.
#[derive(Debug, Clone, Copy)]
struct Days {
    on: Date,
    follow_up: Option<Date>,
    joint_with: Option<RecordId>,
}

/// Records an engagement. One of ours needs a look at other interests that is not too old.
pub async fn record(
    app: &App,
    actor: &Actor,
    id: &str,
    input: &EngagementInput,
) -> Result<Written<RecordId>, Error> {
    let (organisation, grant) = opened(app, actor, id, &ENGAGE).await?;
    let policy = app.policy::<OrganisationPolicy>()?;
    let mut reader = app.store().read(&grant).await?;
    let others = of(&mut reader.conn(), organisation.id).await?;
    let checked = last_check(&mut reader.conn(), organisation.id).await?;
    drop(reader);
    let days = match input.check(&policy, &others, app.now()) {
        Ok(days) => days,
        Err(errors) => return Ok(Written::Wrong(errors)),
    };
    if input.body == FORCE && !is_current(&policy, checked, app.now()) {
        let mut errors = FieldErrors::new();
        let message = format!(
            "Look at other bodies' interests first: there was no look in the last {} days",
            policy.deconfliction_days
        );
        errors.add("body", message);
        return Ok(Written::Wrong(errors));
    }
    let (back, input) = (organisation.href(), input.clone());
    let written = app
        .store()
        .write(&grant, move |tx| {
            Box::pin(async move { insert(tx, &policy, (&organisation, &input), days).await })
        })
        .await;
    let what = "Somebody else moved this organisation on first";
    Ok(Written::Done(conflict(written, what, &back)?))
}

const COLUMNS: &[&str] = &[
    "id",
    "organisation",
    "on_day",
    "quarter",
    "body",
    "officers",
    "format",
    "topics",
    "attendees",
    "schemes",
    "note",
    "follow_up_at",
    "joint_with",
    "at",
    "by_name",
    "policy",
];

async fn insert(
    tx: &mut Tx<'_>,
    policy: &OrganisationPolicy,
    (organisation, input): (&Organisation, &EngagementInput),
    days: Days,
) -> Stored<RecordId> {
    let id = RecordId(tx.id());
    let on = Timestamp::start_of(days.on);
    let list = |ids: &[String]| serde_json::Value::from(ids.to_vec()).to_string();
    let row = vec![
        id.into(),
        organisation.id.into(),
        on.into(),
        quarter(on).into(),
        input.body.as_str().into(),
        input.officers.as_str().into(),
        input.format.as_str().into(),
        list(&input.topics).into(),
        input.attendees.unwrap_or(0).into(),
        list(&input.schemes).into(),
        input.note.as_str().into(),
        days.follow_up.map(Timestamp::start_of).into(),
        days.joint_with.into(),
        tx.now().into(),
        tx.grant().actor_name().into(),
        policy.digest.as_str().into(),
    ];
    tx.insert(
        "protect_org_engagement",
        COLUMNS,
        vec![row],
        OnConflict::Fail,
    )
    .await?;
    tx.enter(store::Entry {
        kind: "engagement",
        id: id.to_string(),
        ..store::Entry::default()
    });
    for scheme in &input.schemes {
        schemes::tell(tx, policy, organisation.id, (scheme, TOLD), on).await?;
    }
    let by = policy.body_title(&input.body);
    let what = format!("Engagement by {by}");
    let noted = Noted {
        what: &what,
        note: "",
    };
    if input.body == FORCE {
        advance(tx, organisation, Event::Engagement, noted).await?;
    } else {
        let same = (organisation.state, organisation.state);
        super::rows::step(tx, organisation.id, same, noted).await?;
    }
    Ok(id)
}

async fn draw(
    app: &App,
    who: &SignedIn,
    id: &str,
    fields: &Fields,
    errors: FieldErrors,
) -> Result<Response, Error> {
    let (organisation, grant) = opened(app, &who.actor, id, &ENGAGE).await?;
    let policy = app.policy::<OrganisationPolicy>()?;
    let mut reader = app.store().read(&grant).await?;
    let others = of(&mut reader.conn(), organisation.id).await?;
    let checked = last_check(&mut reader.conn(), organisation.id).await?;
    drop(reader);
    let lead = if is_current(&policy, checked, app.now()) {
        paragraph("What was done with the organisation, by us or by another body.")
    } else {
        let text = "Nobody looked at other bodies' interests lately. Do that before an engagement of \
            ours is recorded.";
        Html::of(&web::parts::Inset::new(paragraph(text)))
    };
    FormPage {
        lead,
        fields: asked(&policy, &others, fields, &errors),
        button: "Save engagement",
        ..FormPage::of(
            &organisation,
            format!("Engagement with {}", organisation.name),
            "engagements",
        )
    }
    .draw(app, who, errors)
}

fn asked(
    policy: &OrganisationPolicy,
    others: &[Engagement],
    fields: &Fields,
    errors: &FieldErrors,
) -> Vec<Html> {
    let drawn = Drawn { fields, errors };
    let bodies = policy.bodies.iter().map(|b| Choice::new(&b.id, &b.title));
    let bodies: Vec<Choice> = bodies.collect();
    let topics = policy.topics.iter().map(|t| (&*t.id, &*t.title));
    let schemes = policy.schemes.iter().map(|s| (&*s.id, &*s.title));
    let mut asked = vec![
        drawn.day("on", "Day", "For example, 27 3 2026"),
        drawn.radios("body", "Who engaged", &bodies),
        drawn.line("officers", "Officers and volunteers", ""),
        drawn.radios("format", "Format", &choices(&policy.formats)),
        drawn.boxes("topic", "Topics", topics),
        drawn.short("attendees", "How many people were there", "", 5),
        drawn.boxes("scheme", "Schemes they were told of", schemes),
        drawn.text(
            "note",
            "Note (optional)",
            "Questions, material left, what was said",
        ),
        drawn.day("follow_up", "Next contact (optional)", ""),
    ];
    let mut joint: Vec<Choice> = others
        .iter()
        .map(|e| {
            let by = policy.body_title(&e.body);
            Choice::new(e.id.to_string(), format!("{by}, {}", e.on.day().show()))
        })
        .collect();
    if !joint.is_empty() {
        joint.insert(0, Choice::new("", "By itself"));
        asked.push(drawn.select("joint_with", "Done or agreed together with", &joint));
    }
    asked
}

/// `GET /organisations/{id}/engagements`.
pub async fn page(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let mut fields = Fields::default();
    fields.set("body", FORCE);
    fields.set("officers", who.actor.name.as_str());
    fields.set_day("on", app.now().day());
    draw(&app, &who, &id, &fields, FieldErrors::new()).await
}

/// `POST /organisations/{id}/engagements`.
pub async fn submit(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let fields = Fields(pairs);
    let input = EngagementInput::of_fields(&fields);
    match record(&app, &who.actor, &id, &input).await? {
        Written::Done(_) => Ok(Redirect::to(&format!("/organisations/{id}")).into_response()),
        Written::Wrong(errors) => draw(&app, &who, &id, &fields, errors).await,
    }
}
