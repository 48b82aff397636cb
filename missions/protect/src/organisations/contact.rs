//! Before contact: do others have an interest? Shown is that there is one and whom to ask, never what
//! it is about, so that a Protect call exposes no investigation (ECRC-02).

use axum::extract::{Path, State as Shared};
use axum::response::{IntoResponse, Redirect, Response};
use record::access::Actor;
use record::ids::RecordId;
use record::time::Timestamp;
use store::{Conn, OnConflict, Result as Stored, Sql, Tx};
use web::parts::{Choice, FieldErrors, Html};
use web::{App, Error, Form, SignedIn};

use super::fields::{Checks, Drawn, Fields};
use super::form::{FormPage, paragraph, paragraphs};
use super::policy::{FORCE, OrganisationPolicy, choices, ids};
use super::rows::{Noted, Organisation, advance, conflict, opened};
use super::state::Event;
use super::{DECONFLICT, ENGAGE, INTEREST};
use crate::victim_care::permit;

/// Visits by other bodies this long ago are an interest still (ECRC-02).
const VISIT_DAYS: i64 = 90;
const LONGEST: usize = 500;

/// That a body has an interest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interest {
    /// Id of the policy.
    pub body: String,
    pub title: String,
    /// Whom to ask before contact.
    pub ask: String,
}

impl Interest {
    fn in_words(&self) -> String {
        format!("{} has an interest. {}", self.title, self.ask)
    }
}

/// Other bodies' interests in an organisation. The caller has asked for [`DECONFLICT`].
pub async fn interests(
    conn: &mut Conn<'_>,
    policy: &OrganisationPolicy,
    organisation: RecordId,
    now: Timestamp,
) -> Stored<Vec<Interest>> {
    let mut found: Vec<Interest> = Vec::new();
    let mut add = |body: &str, ask: String| {
        if !found.iter().any(|i| i.body == body && i.ask == ask) {
            found.push(Interest {
                body: body.to_owned(),
                title: policy.body_title(body).to_owned(),
                ask,
            });
        }
    };
    let recorded = Sql::new("select body, ask from protect_org_interest where ").with(
        "organisation = ? and (ended_at is null or ended_at > ?) order by since, id limit 50",
        [organisation.into(), now.into()],
    );
    for row in conn.rows(recorded).await? {
        let ask: String = row.get("ask")?;
        add(&row.get::<String>("body")?, format!("Ask {ask} first."));
    }
    let visits = Sql::new("select body, max(on_day) as on_day from protect_org_engagement where ")
        .with(
            "organisation = ? and body <> ? and on_day > ? group by body",
            [
                organisation.into(),
                FORCE.into(),
                now.plus_days(-VISIT_DAYS).into(),
            ],
        );
    for row in conn.rows(visits).await? {
        let day: Timestamp = row.get("on_day")?;
        let ask = format!(
            "It engaged with them on {}: speak to it first.",
            day.day().show()
        );
        add(&row.get::<String>("body")?, ask);
    }
    for body in &policy.bodies {
        let Some(queues) = &body.queues else { continue };
        if has_work(conn, organisation, queues, &body.kept_by).await? {
            add(&body.id, "Ask the duty inspector first.".to_owned());
        }
    }
    Ok(found)
}

/// Whether there is work on such queues about a report whose victim the organisation is. What is
/// sealed stays sealed: whoever keeps it records an interest by hand.
async fn has_work(
    conn: &mut Conn<'_>,
    organisation: RecordId,
    queues: &str,
    kept_by: &[String],
) -> Stored<bool> {
    let end = format!("{queues}\u{10FFFF}");
    let sql = Sql::new(
        "select w.id from protect_org_report r join work_item w on w.subject = r.report where ",
    )
    .with(
        "r.organisation = ? and w.queue >= ? and w.queue < ? and w.compartment is null \
         and (w.closed_at is null or",
        [organisation.into(), queues.into(), end.into()],
    )
    .within(
        " w.outcome in",
        kept_by.iter().map(|outcome| outcome.as_str().into()),
    )
    .then(") limit 1");
    Ok(conn.first(sql).await?.is_some())
}

/// When interests were last looked at.
pub async fn last_check(conn: &mut Conn<'_>, organisation: RecordId) -> Stored<Option<Timestamp>> {
    let sql = Sql::new("select at from protect_org_check where ").with(
        "organisation = ? order by at desc limit 1",
        [organisation.into()],
    );
    conn.first(sql).await?.map(|r| r.get("at")).transpose()
}

/// Whether a check counts on a day.
pub fn is_current(policy: &OrganisationPolicy, last: Option<Timestamp>, now: Timestamp) -> bool {
    let from = now.plus_days(-i64::from(policy.deconfliction_days));
    last.is_some_and(|at| at > from)
}

/// Whether the actor sees interests in this organisation.
pub fn may_see(actor: &Actor, organisation: &Organisation) -> bool {
    actor.may(&DECONFLICT, &organisation.resource())
}

async fn draw(
    app: &App,
    who: &SignedIn,
    organisation: &Organisation,
    fields: &Fields,
    errors: FieldErrors,
) -> Result<Response, Error> {
    let policy = app.policy::<OrganisationPolicy>()?;
    let resource = organisation.resource();
    let grant = permit(app, &who.actor, &DECONFLICT, &resource, "").await?;
    let mut reader = app.store().read(&grant).await?;
    let found = interests(&mut reader.conn(), &policy, organisation.id, app.now()).await?;
    drop(reader);
    let drawn = Drawn {
        fields,
        errors: &errors,
    };
    let mut asked = vec![drawn.select("reason", "Why there is contact", &choices(&policy.reasons))];
    let lead = if found.is_empty() {
        paragraph("No other body has an interest that is recorded here.")
    } else {
        let mut lines =
            vec!["Other bodies have an interest. What it is about is not shown.".to_owned()];
        lines.extend(found.iter().map(Interest::in_words));
        let hint = "Who agreed to the contact, or that there is to be none";
        asked.push(drawn.text("agreed", "What was agreed with them", hint));
        let go = [
            Choice::new("yes", "Contact is made, as agreed"),
            Choice::new("no", "No contact for now"),
        ];
        let radios = web::parts::Radios::new("go", "Contact", &go).chosen(fields.text("go"));
        asked.push(Html::of(&radios.errors(&errors)));
        Html::of(&web::parts::Inset::new(paragraphs(&lines)))
    };
    FormPage {
        lead,
        fields: asked,
        button: "Save and go on",
        ..FormPage::of(
            organisation,
            format!("Before contact with {}", organisation.name),
            "contact",
        )
    }
    .draw(app, who, errors)
}

/// `GET /organisations/{id}/contact`.
pub async fn page(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let (organisation, _) = opened(&app, &who.actor, &id, &DECONFLICT).await?;
    let mut fields = Fields::default();
    fields.set("reason", organisation.reason.as_str());
    draw(&app, &who, &organisation, &fields, FieldErrors::new()).await
}

/// `POST /organisations/{id}/contact`: interests are looked at again in the write that keeps the look.
pub async fn submit(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let (organisation, grant) = opened(&app, &who.actor, &id, &ENGAGE).await?;
    permit(&app, &who.actor, &DECONFLICT, &organisation.resource(), "").await?;
    let policy = app.policy::<OrganisationPolicy>()?;
    let fields = Fields(pairs);
    let mut checks = Checks::at(app.now());
    let reason = fields.text("reason");
    checks.one_of(
        "reason",
        reason,
        ids(&policy.reasons),
        "why there is contact",
    );
    checks.longest("agreed", fields.text("agreed"), LONGEST);
    if !checks.errors.is_empty() {
        return draw(&app, &who, &organisation, &fields, checks.errors).await;
    }
    let back = organisation.href();
    let (asked, of) = (fields.clone(), organisation.clone());
    let written = app
        .store()
        .write(&grant, move |tx| {
            Box::pin(async move { keep(tx, &policy, &of, &asked).await })
        })
        .await;
    let what = "Somebody else moved this organisation on first";
    if conflict(written, what, &back)? {
        return Ok(Redirect::to(&back).into_response());
    }
    // There is an interest the form did not answer for.
    let mut errors = FieldErrors::new();
    if fields.text("agreed").is_empty() {
        errors.add(
            "agreed",
            "Say what was agreed with those who have an interest",
        );
    }
    if !["yes", "no"].contains(&fields.text("go")) {
        errors.add("go", "Choose whether contact is made");
    }
    draw(&app, &who, &organisation, &fields, errors).await
}

/// Looks at other interests and makes contact when there is none; tells whether it did.
pub async fn make_contact(
    app: &App,
    actor: &Actor,
    id: RecordId,
    reason: &str,
) -> Result<bool, Error> {
    let (organisation, grant) = opened(app, actor, &id.to_string(), &ENGAGE).await?;
    permit(app, actor, &DECONFLICT, &organisation.resource(), "").await?;
    let policy = app.policy::<OrganisationPolicy>()?;
    let mut fields = Fields::default();
    fields.set("reason", reason);
    let made = app
        .store()
        .write(&grant, move |tx| {
            Box::pin(async move { keep(tx, &policy, &organisation, &fields).await })
        })
        .await?;
    Ok(made)
}

/// Keeps the look, and moves the organisation on unless there is to be no contact. False when an
/// interest is there that nothing was said about.
async fn keep(
    tx: &mut Tx<'_>,
    policy: &OrganisationPolicy,
    organisation: &Organisation,
    fields: &Fields,
) -> Stored<bool> {
    let now = tx.now();
    let found = interests(tx, policy, organisation.id, now).await?;
    let (agreed, go) = (fields.text("agreed"), fields.text("go"));
    if !found.is_empty() && (agreed.is_empty() || !["yes", "no"].contains(&go)) {
        return Ok(false);
    }
    let bodies: Vec<&str> = found.iter().map(|i| i.body.as_str()).collect();
    let bodies = serde_json::to_string(&bodies)
        .map_err(|e| store::Error::Invalid(format!("bodies: {e}")))?;
    let columns = &["id", "organisation", "at", "bodies", "agreed", "by_name"];
    let row = vec![
        tx.id().into(),
        organisation.id.into(),
        now.into(),
        bodies.into(),
        agreed.into(),
        tx.grant().actor_name().into(),
    ];
    tx.insert("protect_org_check", columns, vec![row], OnConflict::Fail)
        .await?;
    let sql = Sql::new("update protect_organisation set ").with(
        "reason = ? where id = ?",
        [fields.text("reason").into(), organisation.id.into()],
    );
    tx.run(sql).await?;
    if found.is_empty() || go == "yes" {
        // What was agreed stays with those who may see interests: the history says only that it was.
        let noted = Noted {
            what: "Contact, after a look at other interests",
            note: "",
        };
        advance(tx, organisation, Event::Contact, noted).await?;
    }
    Ok(true)
}

fn draw_interest(
    app: &App,
    who: &SignedIn,
    organisation: &Organisation,
    fields: &Fields,
    errors: FieldErrors,
) -> Result<Response, Error> {
    let policy = app.policy::<OrganisationPolicy>()?;
    let drawn = Drawn {
        fields,
        errors: &errors,
    };
    let bodies: Vec<Choice> = policy
        .bodies
        .iter()
        .filter(|b| b.id != FORCE)
        .map(|b| Choice::new(&b.id, &b.title))
        .collect();
    let radios = web::parts::Radios::new("body", "Who", &bodies).chosen(fields.text("body"));
    let asked = vec![
        Html::of(&radios.errors(&errors)),
        drawn.line(
            "ask",
            "Whom to ask before contact",
            "A post and a number, not what it is about",
        ),
        drawn.day("until", "Until (optional)", "For example, 27 3 2027"),
    ];
    FormPage {
        lead: paragraph(
            "Record that there is an interest, and whom to ask. Never write what it is about.",
        ),
        fields: asked,
        button: "Save interest",
        ..FormPage::of(
            organisation,
            format!("An interest in {}", organisation.name),
            "interests",
        )
    }
    .draw(app, who, errors)
}

/// `GET /organisations/{id}/interests`.
pub async fn interest_page(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let (organisation, _) = opened(&app, &who.actor, &id, &INTEREST).await?;
    let none = Fields::default();
    draw_interest(&app, &who, &organisation, &none, FieldErrors::new())
}

/// `POST /organisations/{id}/interests`.
pub async fn interest(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let (organisation, grant) = opened(&app, &who.actor, &id, &INTEREST).await?;
    let policy = app.policy::<OrganisationPolicy>()?;
    let fields = Fields(pairs);
    let mut checks = Checks::at(app.now());
    let others = policy.bodies.iter().map(|b| b.id.as_str());
    let others = others.filter(|id| *id != FORCE);
    checks.one_of("body", fields.text("body"), others, "who has the interest");
    checks.needed("ask", fields.text("ask"), "whom to ask");
    checks.longest("ask", fields.text("ask"), LONGEST);
    let until = checks.coming_day("until", &fields.day("until"));
    if !checks.errors.is_empty() {
        return draw_interest(&app, &who, &organisation, &fields, checks.errors);
    }
    let back = organisation.href();
    app.store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                let columns = &[
                    "id",
                    "organisation",
                    "body",
                    "ask",
                    "since",
                    "ended_at",
                    "by_name",
                ];
                let row = vec![
                    tx.id().into(),
                    organisation.id.into(),
                    fields.text("body").into(),
                    fields.text("ask").into(),
                    tx.now().into(),
                    until.map(Timestamp::start_of).into(),
                    tx.grant().actor_name().into(),
                ];
                tx.insert("protect_org_interest", columns, vec![row], OnConflict::Fail)
                    .await
                    .map(drop)
            })
        })
        .await?;
    Ok(Redirect::to(&back).into_response())
}
