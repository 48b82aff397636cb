//! A referral to the Eastern Cyber Resilience Centre: offered with a text that is kept, answered yes or
//! no, and what came of it. A contact and a need are passed; nothing of any crime is.

use axum::extract::{Path, State as Shared};
use axum::response::{IntoResponse, Redirect, Response};
use record::ids::RecordId;
use record::time::Timestamp;
use store::{Conn, Error as StoreError, OnConflict, Result as Stored, Row, Sql, Tx};
use web::parts::{Choice, FieldErrors, Hidden, Html, Inset, Radios, SummaryList};
use web::{App, Error, Form, SignedIn};

use super::REFER;
use super::fields::{Checks, Drawn, Fields};
use super::form::{FormPage, heading, paragraph};
use super::identity::quarter;
use super::people::{self, Person};
use super::policy::{ECRC, OrganisationPolicy, TOLD, ids, optional, title_of};
use super::rows::{Noted, Organisation, conflict, opened, record_id, step};
use super::schemes;

const LONGEST: usize = 500;
const YES: &str = "yes";
const NO: &str = "no";

/// A referral as it stands.
#[derive(Debug, Clone)]
pub struct Referral {
    pub id: RecordId,
    pub offered_at: Timestamp,
    pub consented: bool,
    pub given_by: String,
    pub consent_version: i64,
    pub consent_text: String,
    /// What was passed, word for word; empty when they said no.
    pub passed: String,
    pub accepted: Option<bool>,
    pub service: String,
    pub feedback: String,
    pub by: String,
    pub version: i64,
}

impl Referral {
    fn of(row: &Row) -> Stored<Referral> {
        Ok(Referral {
            id: row.get("id")?,
            offered_at: row.get("offered_at")?,
            consented: row.get("consented")?,
            given_by: row.get("given_by")?,
            consent_version: row.get("consent_version")?,
            consent_text: row.get("consent_text")?,
            passed: row.get("passed")?,
            accepted: row.get::<Option<i64>>("accepted")?.map(|a| a != 0),
            service: row.get("service")?,
            feedback: row.get("feedback")?,
            by: row.get("by_name")?,
            version: row.get("version")?,
        })
    }

    /// How it stands, in words.
    pub fn state(&self) -> &'static str {
        match (self.consented, self.accepted) {
            (false, _) => "Declined by them",
            (true, None) => "Passed on, no answer yet",
            (true, Some(true)) if !self.service.is_empty() => "Service used",
            (true, Some(true)) => "Taken on by the Centre",
            (true, Some(false)) => "Not taken on by the Centre",
        }
    }
}

/// Referrals of an organisation, latest first.
pub async fn of(conn: &mut Conn<'_>, organisation: RecordId) -> Stored<Vec<Referral>> {
    let sql = Sql::new("select * from protect_org_referral where ").with(
        "organisation = ? order by offered_at desc, id desc limit 50",
        [organisation.into()],
    );
    conn.rows(sql).await?.iter().map(Referral::of).collect()
}

async fn contacts(
    app: &App,
    who: &SignedIn,
    id: &str,
) -> Result<(Organisation, Vec<Person>), Error> {
    let (organisation, grant) = opened(app, &who.actor, id, &REFER).await?;
    let mut reader = app.store().read(&grant).await?;
    let people = people::of(&mut reader.conn(), organisation.id).await?;
    drop(reader);
    Ok((organisation, people))
}

async fn draw(
    app: &App,
    who: &SignedIn,
    id: &str,
    fields: &Fields,
    errors: FieldErrors,
) -> Result<Response, Error> {
    let (organisation, people) = contacts(app, who, id).await?;
    let policy = app.policy::<OrganisationPolicy>()?;
    let drawn = Drawn {
        fields,
        errors: &errors,
    };
    let answers = [
        Choice::new(YES, "Yes, they agree"),
        Choice::new(NO, "No, they do not want it"),
    ];
    let contacts: Vec<Choice> = people
        .iter()
        .map(|p| Choice::new(p.id.to_string(), p.in_words()))
        .collect();
    let answer = Radios::new("answer", "What they said", &answers);
    let contact = Radios::new(
        "contact",
        "Contact that is passed, if they agree",
        &contacts,
    );
    let none = "There is no contact on record: add one before they can be referred.";
    let asked = vec![
        Html::of(&answer.chosen(fields.text("answer")).errors(&errors)),
        drawn.line(
            "given_by",
            "Who said so",
            "A role: somebody who decides for the organisation",
        ),
        match contacts.is_empty() {
            true => paragraph(none),
            false => Html::of(&contact.chosen(fields.text("contact")).errors(&errors)),
        },
        drawn.text(
            "need",
            "What they need",
            "Passed word for word. Nothing about a crime, a report or an investigation",
        ),
    ];
    let text = policy.referral.consent.trim();
    FormPage {
        lead: heading("Read this to them").and(&Inset::new(paragraph(text))),
        fields: asked,
        button: "Save their answer",
        ..FormPage::of(
            &organisation,
            format!("Offer {} a referral", organisation.name),
            "referrals/new",
        )
    }
    .draw(app, who, errors)
}

/// `GET /organisations/{id}/referrals/new`.
pub async fn page(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    draw(&app, &who, &id, &Fields::default(), FieldErrors::new()).await
}

/// An offer that was checked.
struct Offer {
    consented: bool,
    given_by: String,
    passed: String,
}

fn check(fields: &Fields, people: &[Person], checks: &mut Checks) -> Option<Offer> {
    let answer = fields.text("answer");
    checks.one_of("answer", answer, [YES, NO], "what they said");
    checks.needed(
        "given_by",
        fields.text("given_by"),
        "who said so, as a role",
    );
    checks.longest("given_by", fields.text("given_by"), LONGEST);
    checks.longest("need", fields.text("need"), LONGEST);
    let consented = answer == YES;
    let mut passed = String::new();
    if consented {
        checks.needed("need", fields.text("need"), "what they need");
        let chosen = people
            .iter()
            .find(|p| p.id.to_string() == fields.text("contact"));
        match chosen {
            Some(person) => {
                passed = format!("{}. Need: {}", person.in_words(), fields.text("need"))
            }
            None if people.is_empty() => {
                checks
                    .errors
                    .add_at("contact", "answer", "Add a contact to the record first");
            }
            None => checks
                .errors
                .add("contact", "Choose the contact that is passed"),
        }
    }
    checks.errors.is_empty().then(|| Offer {
        consented,
        given_by: fields.owned("given_by"),
        passed,
    })
}

/// `POST /organisations/{id}/referrals/new`: yes or no, both are kept.
pub async fn submit(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let (organisation, people) = contacts(&app, &who, &id).await?;
    let (_, grant) = opened(&app, &who.actor, &id, &REFER).await?;
    let policy = app.policy::<OrganisationPolicy>()?;
    let fields = Fields(pairs);
    let mut checks = Checks::at(app.now());
    let Some(offer) = check(&fields, &people, &mut checks) else {
        return draw(&app, &who, &id, &fields, checks.errors).await;
    };
    let back = organisation.href();
    app.store()
        .write(&grant, move |tx| {
            Box::pin(async move { keep(tx, &policy, &organisation, &offer).await })
        })
        .await?;
    Ok(Redirect::to(&back).into_response())
}

const COLUMNS: &[&str] = &[
    "id",
    "organisation",
    "offered_at",
    "quarter",
    "consent_version",
    "consent_text",
    "consented",
    "given_by",
    "passed",
    "service",
    "feedback",
    "by_name",
    "version",
];

async fn keep(
    tx: &mut Tx<'_>,
    policy: &OrganisationPolicy,
    organisation: &Organisation,
    offer: &Offer,
) -> Stored<()> {
    let id = RecordId(tx.id());
    let now = tx.now();
    let row = vec![
        id.into(),
        organisation.id.into(),
        now.into(),
        quarter(now).into(),
        policy.referral.version.into(),
        policy.referral.consent.trim().into(),
        offer.consented.into(),
        offer.given_by.as_str().into(),
        offer.passed.as_str().into(),
        "".into(),
        "".into(),
        tx.grant().actor_name().into(),
        1i64.into(),
    ];
    tx.insert("protect_org_referral", COLUMNS, vec![row], OnConflict::Fail)
        .await?;
    tx.enter(store::Entry {
        kind: "referral",
        id: id.to_string(),
        detail:
            serde_json::json!({ "consented": offer.consented, "text": policy.referral.version })
                .to_string(),
        ..store::Entry::default()
    });
    let reached = if offer.consented { "referred" } else { TOLD };
    schemes::tell(tx, policy, organisation.id, (ECRC, reached), now).await?;
    let what = match offer.consented {
        true => "Referred to the Eastern Cyber Resilience Centre",
        false => "Declined a referral to the Eastern Cyber Resilience Centre",
    };
    let noted = Noted { what, note: "" };
    let same = (organisation.state, organisation.state);
    step(tx, organisation.id, same, noted).await
}

async fn one(
    app: &App,
    who: &SignedIn,
    (id, referral): (&str, &str),
) -> Result<(Organisation, Referral), Error> {
    let (organisation, grant) = opened(app, &who.actor, id, &REFER).await?;
    let wanted = record_id(referral)?;
    let mut reader = app.store().read(&grant).await?;
    let all = of(&mut reader.conn(), organisation.id).await?;
    drop(reader);
    let found = all.into_iter().find(|r| r.id == wanted);
    Ok((organisation, found.ok_or(Error::NotFound)?))
}

fn draw_answer(
    app: &App,
    who: &SignedIn,
    (organisation, referral): (&Organisation, &Referral),
    fields: &Fields,
    errors: FieldErrors,
) -> Result<Response, Error> {
    let policy = app.policy::<OrganisationPolicy>()?;
    let drawn = Drawn {
        fields,
        errors: &errors,
    };
    let passed = match referral.passed.as_str() {
        "" => "Nothing: they said no",
        passed => passed,
    };
    let facts = SummaryList::new()
        .row("Offered", referral.offered_at.show())
        .row("Said by", referral.given_by.as_str())
        .row("Passed", passed)
        .row("Text that was read", referral.consent_text.as_str())
        .row("Version of the text", referral.consent_version.to_string());
    let accepted = [Choice::new(YES, "Yes"), Choice::new(NO, "No")];
    let radios = Radios::new("accepted", "Did the Centre take them on?", &accepted);
    let mut services = optional(&policy.referral.services);
    services[0] = Choice::new("", "None yet");
    let mut asked = Vec::new();
    if referral.consented {
        asked.push(Html::of(
            &radios.chosen(fields.text("accepted")).errors(&errors),
        ));
        asked.push(drawn.select("service", "Service they used", &services));
    }
    asked.push(drawn.text("feedback", "What they said of it", ""));
    let version = referral.version.to_string();
    asked.push(Html::of(&Hidden::new("version", &version)));
    FormPage {
        lead: Html::of(&facts),
        fields: asked,
        button: "Save what came of it",
        ..FormPage::of(
            organisation,
            "Referral to the Centre".to_owned(),
            &format!("referrals/{}", referral.id),
        )
    }
    .draw(app, who, errors)
}

/// `GET /organisations/{id}/referrals/{referral}`.
pub async fn answer_page(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path((id, referral)): Path<(String, String)>,
) -> Result<Response, Error> {
    let (organisation, referral) = one(&app, &who, (&id, &referral)).await?;
    let mut fields = Fields::default();
    match referral.accepted {
        Some(true) => fields.set("accepted", YES),
        Some(false) => fields.set("accepted", NO),
        None => {}
    }
    fields.set("service", referral.service.as_str());
    fields.set("feedback", referral.feedback.as_str());
    draw_answer(
        &app,
        &who,
        (&organisation, &referral),
        &fields,
        FieldErrors::new(),
    )
}

/// `POST /organisations/{id}/referrals/{referral}`.
pub async fn answer(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path((id, referral)): Path<(String, String)>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let (organisation, referral) = one(&app, &who, (&id, &referral)).await?;
    let (_, grant) = opened(&app, &who.actor, &id, &REFER).await?;
    let policy = app.policy::<OrganisationPolicy>()?;
    let fields = Fields(pairs);
    let mut checks = Checks::at(app.now());
    let (accepted, service) = (fields.text("accepted"), fields.text("service"));
    if referral.consented {
        checks.one_of(
            "accepted",
            accepted,
            [YES, NO],
            "whether they were taken on",
        );
        let services = ids(&policy.referral.services).chain([""]);
        checks.one_of("service", service, services, "a service of the list");
        if !service.is_empty() && accepted == NO {
            checks
                .errors
                .add("service", "Who was not taken on has used no service");
        }
    } else if !accepted.is_empty() || !service.is_empty() {
        checks.errors.add(
            "feedback",
            "They said no, so nothing was passed to the Centre",
        );
    }
    checks.longest("feedback", fields.text("feedback"), policy.longest_note);
    if !checks.errors.is_empty() {
        return draw_answer(
            &app,
            &who,
            (&organisation, &referral),
            &fields,
            checks.errors,
        );
    }
    let back = organisation.href();
    let written = app
        .store()
        .write(&grant, move |tx| {
            Box::pin(
                async move { keep_answer(tx, &policy, (&organisation, &referral), &fields).await },
            )
        })
        .await;
    conflict(written, "Somebody else changed this referral first", &back)?;
    Ok(Redirect::to(&back).into_response())
}

async fn keep_answer(
    tx: &mut Tx<'_>,
    policy: &OrganisationPolicy,
    (organisation, referral): (&Organisation, &Referral),
    fields: &Fields,
) -> Stored<()> {
    let now = tx.now();
    let accepted = match fields.text("accepted") {
        YES => Some(1i64),
        NO => Some(0),
        _ => None,
    };
    let service = fields.text("service");
    let seen: i64 = fields.text("version").parse().unwrap_or_default();
    let sql = Sql::new("update protect_org_referral set ").with(
        "accepted = ?, answered_at = coalesce(answered_at, ?), service = ?, feedback = ?, \
         version = version + 1 where id = ? and version = ?",
        [
            accepted.into(),
            now.into(),
            service.into(),
            fields.text("feedback").into(),
            referral.id.into(),
            seen.into(),
        ],
    );
    if tx.run(sql).await? == 0 {
        return Err(StoreError::Conflict);
    }
    if accepted == Some(1) {
        let reached = if service.is_empty() {
            "member"
        } else {
            "service_used"
        };
        schemes::tell(tx, policy, organisation.id, (ECRC, reached), now).await?;
    }
    let what = match service {
        "" => "The Centre answered".to_owned(),
        service => format!("Used: {}", title_of(&policy.referral.services, service)),
    };
    let noted = Noted {
        what: &what,
        note: "",
    };
    let same = (organisation.state, organisation.state);
    step(tx, organisation.id, same, noted).await
}
