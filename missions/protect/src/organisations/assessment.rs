//! An assessment as it came out: by theme, with reasons, and what was agreed to be done about it.

use askama::Template;
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use record::assessment::{Colour, INSIDER, Outcome, Verdict};
use record::ids::RecordId;
use record::time::Timestamp;
use store::{Conn, Error as StoreError, Result as Stored, Row, Sql};
use web::parts::{
    AssessedTag, Button, Checkboxes, Choice, DateInput, FieldErrors, Hidden, Input, Page, Tag,
    TimeStamp,
};
use web::{App, Error, Form, SignedIn};

use super::actions::{self, Action, NewAction};
use super::fields::{Checks, Fields};
use super::policy::OrganisationPolicy;
use super::rows::{Organisation, conflict, opened, record_id};
use super::{AGREE, ASSESS, FOLLOW_UP, VIEW};

const LONGEST: usize = 300;

/// A section with its questions as they were asked.
pub struct Section {
    pub set_id: String,
    pub version: String,
    pub title: String,
    pub at: Timestamp,
    pub verdict: Verdict,
    pub outcome: Outcome,
}

impl Section {
    fn of(row: &Row) -> Stored<Section> {
        let verdict: String = row.get("verdict")?;
        Ok(Section {
            set_id: row.get("set_id")?,
            version: row.get("version")?,
            title: row.get("title")?,
            at: row.get("at")?,
            verdict: Verdict::parse(&verdict)
                .ok_or_else(|| StoreError::Invalid(format!("{verdict:?} is no verdict")))?,
            outcome: row.json("outcome")?,
        })
    }

    pub fn verdict_tag(&self) -> Tag<'static> {
        match self.verdict {
            Verdict::WellPrepared => Tag::green("All in place"),
            Verdict::ToPutRight => Tag::yellow("To put right"),
            Verdict::NotReady => Tag::red("Not ready"),
        }
    }
}

/// One assessment of an organisation.
pub struct Assessment {
    pub id: RecordId,
    pub at: Timestamp,
    pub by: String,
    /// Sent from the public side, and not made here by an officer.
    pub is_sent: bool,
    pub sections: Vec<Section>,
}

/// Assessments of an organisation, latest first, with their sections.
pub async fn of(conn: &mut Conn<'_>, organisation: RecordId) -> Stored<Vec<Assessment>> {
    let sql = Sql::new("select id, at, origin, by_name from protect_org_assessment where ").with(
        "organisation = ? order by at desc, id desc limit 50",
        [organisation.into()],
    );
    let mut all = Vec::new();
    for row in conn.rows(sql).await? {
        let id: RecordId = row.get("id")?;
        let sections = Sql::new("select * from protect_org_section where ")
            .with("assessment = ? order by at, set_id", [id.into()]);
        let rows = conn.rows(sections).await?;
        all.push(Assessment {
            id,
            at: row.get("at")?,
            by: row.get("by_name")?,
            is_sent: row.get::<String>("origin")? == "public",
            sections: rows.iter().map(Section::of).collect::<Stored<_>>()?,
        });
    }
    Ok(all)
}

/// A section on its page.
struct Shown {
    section: Section,
    themes: Vec<(String, Colour)>,
    /// Titles of kinds, as policy has them now.
    kinds: Vec<(String, Colour)>,
}

#[derive(Template)]
#[template(path = "organisations/assessment.html")]
struct OnePage {
    page: Page,
    href: String,
    at: Timestamp,
    by: String,
    is_sent: bool,
    shown: Vec<Shown>,
    actions: Vec<Action>,
    /// What is not agreed yet: one for each answer that asks for something.
    proposed: Vec<Choice>,
    more: Option<String>,
    may_agree: bool,
    may_follow_up: bool,
    typed: Fields,
    due: [String; 3],
    /// Where the form goes. Not `id`: a block around it has one of its own.
    action: String,
    errors: FieldErrors,
}

impl OnePage {
    fn is_proposing(&self) -> bool {
        self.may_agree && !self.proposed.is_empty()
    }
}

/// A proposed action: section and question, with the advice.
struct Proposal {
    value: String,
    set_id: String,
    question: String,
    advice: String,
    hint: String,
}

fn proposals(assessment: &Assessment, agreed: &[Action]) -> Vec<Proposal> {
    let mut list = Vec::new();
    for section in &assessment.sections {
        for judged in section.outcome.to_do() {
            let id = &judged.question.id;
            let is_agreed = |a: &&Action| a.assessment == assessment.id && a.question == *id;
            if agreed.iter().any(|a| is_agreed(&a)) {
                continue;
            }
            let fails = if judged.fails {
                " Alone, this fails the scheme."
            } else {
                ""
            };
            list.push(Proposal {
                value: format!("{}:{id}", section.set_id),
                set_id: section.set_id.clone(),
                question: id.clone(),
                advice: judged.question.advice.clone(),
                hint: format!(
                    "{} They said: {}.{fails}",
                    judged.question.text,
                    judged.answer_title().to_lowercase()
                ),
            });
        }
    }
    list
}

/// An organisation with one of its assessments and everything that was agreed.
struct Found {
    organisation: Organisation,
    assessment: Assessment,
    agreed: Vec<Action>,
}

async fn read(app: &App, who: &SignedIn, id: &str, assessment: &str) -> Result<Found, Error> {
    let (organisation, grant) = opened(app, &who.actor, id, &VIEW).await?;
    let wanted = record_id(assessment)?;
    let mut reader = app.store().read(&grant).await?;
    let all = of(&mut reader.conn(), organisation.id).await?;
    let agreed = actions::of(&mut reader.conn(), organisation.id).await?;
    drop(reader);
    let assessment = all.into_iter().find(|a| a.id == wanted);
    Ok(Found {
        organisation,
        assessment: assessment.ok_or(Error::NotFound)?,
        agreed,
    })
}

fn shown(policy: &OrganisationPolicy, section: Section) -> Shown {
    let set = policy.sets.find(&section.set_id, &section.version);
    let kind = |id: String| {
        let known = set.and_then(|s| s.kinds.iter().find(|k| k.id == id));
        known.map_or(id, |k| k.title.clone())
    };
    let kinds = section.outcome.kinds().into_iter();
    Shown {
        themes: section.outcome.themes(),
        kinds: kinds.map(|(id, colour)| (kind(id), colour)).collect(),
        section,
    }
}

fn draw(
    app: &App,
    who: &SignedIn,
    found: Found,
    typed: Fields,
    errors: FieldErrors,
) -> Result<Response, Error> {
    let policy = app.policy::<OrganisationPolicy>()?;
    let (organisation, assessment) = (found.organisation, found.assessment);
    let resource = organisation.resource();
    let ticked = typed.all("action");
    let proposed = proposals(&assessment, &found.agreed)
        .into_iter()
        .map(|p| {
            let chosen = ticked.contains(&p.value);
            Choice::new(p.value, p.advice).hint(p.hint).chosen(chosen)
        })
        .collect();
    let more = policy
        .sets
        .asked()
        .any(|set| !assessment.sections.iter().any(|s| s.set_id == set.id));
    let more = (more && who.actor.may(&ASSESS, &resource))
        .then(|| format!("{}/assess?to={}", organisation.href(), assessment.id));
    let shown = assessment.sections.into_iter().map(|s| shown(&policy, s));
    let agreed = found.agreed.into_iter();
    let title = format!("Assessment of {}", organisation.name);
    let page = OnePage {
        page: who
            .page(app, &title, "/organisations")
            .back(organisation.name.clone(), organisation.href())
            .with_errors(&errors),
        href: organisation.href(),
        at: assessment.at,
        by: assessment.by,
        is_sent: assessment.is_sent,
        shown: shown.collect(),
        actions: agreed.filter(|a| a.assessment == assessment.id).collect(),
        proposed,
        more,
        may_agree: who.actor.may(&AGREE, &resource),
        may_follow_up: who.actor.may(&FOLLOW_UP, &resource),
        action: format!(
            "{}/assessments/{}/actions",
            organisation.href(),
            assessment.id
        ),
        due: ["due-day", "due-month", "due-year"].map(|n| typed.owned(n)),
        typed,
        errors,
    };
    let status = if page.errors.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    web::html_with(status, &page)
}

/// `GET /organisations/{id}/assessments/{assessment}`.
pub async fn page(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path((id, assessment)): Path<(String, String)>,
) -> Result<Response, Error> {
    let found = read(&app, &who, &id, &assessment).await?;
    let policy = app.policy::<OrganisationPolicy>()?;
    let mut typed = Fields::default();
    let due = app.now().plus_days(i64::from(policy.follow_up_days));
    typed.set_day("due", due.day());
    draw(&app, &who, found, typed, FieldErrors::new())
}

/// What was agreed on the form, or what is wrong with it.
fn chosen(found: &Found, typed: &Fields, now: Timestamp) -> Result<Vec<NewAction>, FieldErrors> {
    let ticked = typed.all("action");
    let mut checks = Checks::at(now);
    let (other, owner) = (typed.text("other"), typed.text("owner"));
    let mut chosen = proposals(&found.assessment, &found.agreed);
    chosen.retain(|p| ticked.contains(&p.value));
    if chosen.is_empty() && other.is_empty() {
        let message = "Choose what they will do, or write it";
        checks.errors.add("action", message);
    }
    checks.longest("other", other, LONGEST);
    checks.needed(
        "owner",
        owner,
        "who at the organisation sees to it, as a role",
    );
    checks.longest("owner", owner, LONGEST);
    let due = checks.coming_day("due", &typed.day("due"));
    if due.is_none() {
        checks.errors.add("due", "Enter by when it is to be done");
    }
    let Some(due) = due.filter(|_| checks.errors.is_empty()) else {
        return Err(checks.errors);
    };
    let new = |what: String, question: String, insider: bool| NewAction {
        what,
        question,
        insider,
        owner: owner.to_owned(),
        due_at: Timestamp::start_of(due),
    };
    let mut list: Vec<NewAction> = chosen
        .into_iter()
        .map(|p| new(p.advice, p.question, p.set_id == INSIDER))
        .collect();
    if !other.is_empty() {
        // Of an assessment about insiders alone, whatever is agreed is about them.
        let sections = &found.assessment.sections;
        let insider = sections.iter().all(|s| s.set_id == INSIDER);
        list.push(new(other.to_owned(), String::new(), insider));
    }
    Ok(list)
}

/// `POST /organisations/{id}/assessments/{assessment}/actions`: what they will do, by when, and who.
pub async fn agree(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path((id, assessment)): Path<(String, String)>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let (organisation, grant) = opened(&app, &who.actor, &id, &AGREE).await?;
    let found = read(&app, &who, &id, &assessment).await?;
    let typed = Fields(pairs);
    let list = match chosen(&found, &typed, app.now()) {
        Ok(list) => list,
        Err(errors) => return draw(&app, &who, found, typed, errors),
    };
    let of = found.assessment.id;
    let to = format!("/organisations/{id}/assessments/{assessment}");
    let written = app
        .store()
        .write(&grant, move |tx| {
            Box::pin(async move { actions::agree(tx, &organisation, of, list).await })
        })
        .await;
    conflict(
        written,
        "Somebody else moved this organisation on first",
        &to,
    )?;
    Ok(Redirect::to(&to).into_response())
}
