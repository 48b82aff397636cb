//! A warning is written: from a template, from one in force that it takes the place of, or changed.

use askama::Template as Askama;
use axum::extract::{Path, Query, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use record::access::{Actor, Resource, Scope};
use record::ids::NetworkId;
use serde::Deserialize;
use store::{Conn, Error as StoreError, Sql};
use web::parts::{
    Button, Checkboxes, Choice, DateInput, FieldErrors, Hidden, Input, LabelSize, Notice, Page,
    Radios, SummaryList, Textarea,
};
use web::{App, Error, Form, SignedIn};

use super::draft::{Draft, TRIGGERS, Typed};
use super::kept::{self, Warning, Written};
use super::policy::{Template, WarningPolicy};
use super::state::{Channel, State};
use super::{Opened, WRITE, open};
use crate::victim_care::permit;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    template: String,
    replaces: String,
}

#[derive(Askama)]
#[template(path = "warnings/templates.html")]
struct TemplatesPage<'a> {
    page: Page,
    templates: &'a [Template],
}

/// What somebody else wrote in the meantime.
struct Theirs {
    who: String,
    text: SummaryList,
}

/// The lists of the form, each with what is chosen.
struct Lists {
    kinds: Vec<Choice>,
    immediate: Vec<Choice>,
    places: Vec<Choice>,
    sectors: Vec<Choice>,
    interests: Vec<Choice>,
    channels: Vec<Choice>,
    triggers: Vec<Choice>,
}

#[derive(Askama)]
#[template(path = "warnings/edit.html")]
struct EditPage {
    page: Page,
    action: String,
    typed: Typed,
    seen: String,
    lists: Lists,
    theirs: Option<Theirs>,
    hints: Hints,
    errors: FieldErrors,
}

/// Hints that name what policy says.
struct Hints {
    title: String,
    what: String,
    steps: String,
    link: String,
}

/// `GET /warnings/new`: the templates; with one chosen, the form.
pub async fn new(
    Shared(app): Shared<App>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let policy = app.policy::<WarningPolicy>()?;
    if !asked.replaces.is_empty() {
        let Opened { warning, .. } = open(&app, &who.actor, &asked.replaces).await?;
        let mut typed = Typed::of(&warning.draft, 0);
        typed.replaces = warning.id.to_string();
        typed.set_times(app.now(), warning.draft.expires_at.plus_minutes(-1));
        return web::html(&build(
            &app,
            &who,
            &policy,
            (None, typed),
            FieldErrors::new(),
            None,
        ));
    }
    match policy.template(&asked.template) {
        Some(template) => {
            let typed = Typed::from_template(&policy, template, app.now());
            web::html(&build(
                &app,
                &who,
                &policy,
                (None, typed),
                FieldErrors::new(),
                None,
            ))
        }
        None => web::html(&TemplatesPage {
            page: who
                .page(&app, "Write a warning", "/warnings")
                .back("Warnings", "/warnings"),
            templates: &policy.templates,
        }),
    }
}

fn ticked<'a>(all: impl Iterator<Item = (&'a str, &'a str)>, chosen: &[String]) -> Vec<Choice> {
    all.map(|(id, title)| Choice::new(id, title).chosen(chosen.iter().any(|c| c == id)))
        .collect()
}

fn lists(policy: &WarningPolicy, typed: &Typed) -> Lists {
    let audiences = &policy.audiences;
    let kind = |k: &super::policy::Kind| Choice::new(&k.id, &k.title).hint(k.text.as_str());
    let places = audiences
        .places
        .iter()
        .map(|p| (p.id.as_str(), p.title.as_str()));
    let sectors = audiences
        .sectors
        .iter()
        .map(|s| (s.id.as_str(), s.title.as_str()));
    let interests = audiences
        .interests
        .iter()
        .map(|s| (s.id.as_str(), s.title.as_str()));
    let channels = Channel::ALL.iter().map(|c| (c.name(), c.title()));
    Lists {
        kinds: policy.kinds.iter().map(kind).collect(),
        immediate: vec![
            Choice::new("yes", "Yes").hint(format!(
                "The public is warned within {} hours of the decision",
                policy.issue_within_hours
            )),
            Choice::new("no", "No"),
        ],
        places: ticked(places, &typed.places),
        sectors: ticked(sectors, &typed.sectors),
        interests: ticked(interests, &typed.interests),
        channels: ticked(channels, &typed.channels),
        triggers: TRIGGERS.map(|(id, title)| Choice::new(id, title)).into(),
    }
}

fn build(
    app: &App,
    who: &SignedIn,
    policy: &WarningPolicy,
    (warning, typed): (Option<&Warning>, Typed),
    errors: FieldErrors,
    theirs: Option<Theirs>,
) -> EditPage {
    let (title, back, action) = match warning {
        Some(w) => (
            "Change the warning",
            format!("/warnings/{}", w.id),
            format!("/warnings/{}/edit", w.id),
        ),
        None if !typed.replaces.is_empty() => (
            "Write an update",
            format!("/warnings/{}", typed.replaces),
            "/warnings/new".to_owned(),
        ),
        None => (
            "Write a warning",
            "/warnings/new".to_owned(),
            "/warnings/new".to_owned(),
        ),
    };
    let limits = policy.limits;
    let mut page = who
        .page(app, title, "/warnings")
        .back("Back", &back)
        .with_errors(&errors);
    if theirs.is_some() {
        page.notice = Some(Notice::warning(
            "Somebody else changed this warning while you wrote. Nothing of yours is saved yet.",
        ));
    }
    EditPage {
        page,
        action,
        seen: typed.seen.to_string(),
        lists: lists(policy, &typed),
        typed,
        theirs,
        hints: Hints {
            title: format!("What is going on, in {} characters or fewer", limits.title),
            what: format!(
                "{} characters or fewer. An empty line begins a new paragraph",
                limits.what
            ),
            steps: format!("One to a line, {} or fewer", limits.steps),
            link: format!(
                "On an official site: {}",
                policy.official_domains.join(", ")
            ),
        },
        errors,
    }
}

/// The network's name, if there is one with a report this actor may see.
pub async fn network_name(
    conn: &mut Conn<'_>,
    scope: &Scope,
    id: NetworkId,
) -> Result<Option<String>, StoreError> {
    let mut sql = Sql::new(
        "select n.name as name from shared_network n join shared_report r on r.network = n.id where ",
    )
    .with("n.id = ? and r.marking <= ? and (r.compartment is null or", [id.into(), scope.ceiling.into()])
    .within(" r.compartment in", scope.compartments.iter().map(|c| c.as_str().into()))
    .then(")");
    if let Some(unit) = &scope.unit {
        sql = sql.with(" and r.unit = ?", [unit.as_str().into()]);
    }
    let row = conn.first(sql.then(" limit 1")).await?;
    row.map(|row| row.get("name")).transpose()
}

/// What was typed as a draft: also the network it names, and the warning it replaces, have to be there.
async fn checked(
    app: &App,
    actor: &Actor,
    typed: &Typed,
) -> Result<Result<Draft, FieldErrors>, Error> {
    let policy = app.policy::<WarningPolicy>()?;
    let draft = match typed.check(&policy, app.now()) {
        Ok(draft) => draft,
        Err(errors) => return Ok(Err(errors)),
    };
    let mut errors = FieldErrors::new();
    if let Some(network) = draft.network {
        let grant = permit(
            app,
            actor,
            &super::VIEW,
            &Resource::of("network", "named"),
            "",
        )
        .await?;
        let mut reader = app.store().read(&grant).await?;
        let name = network_name(&mut reader.conn(), &actor.scope(), network).await?;
        drop(reader);
        if name.is_none() {
            errors.add(
                "network",
                "There is no such network. Copy the address of its page, or leave this empty",
            );
        }
    }
    if let Some(replaced) = draft.replaces {
        let Opened { warning, .. } = open(app, actor, &replaced.to_string()).await?;
        if warning.state != State::Sent {
            errors.add(
                "title",
                "The warning this one updates is no longer in force. Begin a new one",
            );
        }
    }
    Ok(if errors.is_empty() {
        Ok(draft)
    } else {
        Err(errors)
    })
}

fn written(policy: &WarningPolicy, draft: Draft, unit: &str) -> Written {
    Written {
        issue_by: draft
            .decided_at
            .plus_minutes(60 * policy.issue_within_hours),
        draft,
        unit: unit.to_owned(),
        policy: policy.digest.clone(),
    }
}

/// `POST /warnings/new`.
pub async fn create(
    Shared(app): Shared<App>,
    who: SignedIn,
    Form(typed): Form<Typed>,
) -> Result<Response, Error> {
    let policy = app.policy::<WarningPolicy>()?;
    let draft = match checked(&app, &who.actor, &typed).await? {
        Ok(draft) => draft,
        Err(errors) => {
            let page = build(&app, &who, &policy, (None, typed), errors, None);
            return web::html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    let of = Resource::of("warning", "new").of_unit(who.actor.unit.clone());
    let grant = permit(&app, &who.actor, &WRITE, &of, "").await?;
    let written = written(&policy, draft, &who.actor.unit);
    let id = app
        .store()
        .write(&grant, move |tx| {
            Box::pin(async move { kept::create(tx, written).await })
        })
        .await?;
    Ok(Redirect::to(&format!("/warnings/{id}?done=written")).into_response())
}

/// Only a warning that is being written is changed; another is sent back first.
fn still_written(warning: &Warning) -> Result<(), Error> {
    if warning.state == State::Draft {
        return Ok(());
    }
    Err(Error::Conflict {
        what: format!(
            "This warning is no longer being written: {}",
            warning.state.title().to_lowercase()
        ),
        href: format!("/warnings/{}", warning.id),
    })
}

/// `GET /warnings/{id}/edit`.
pub async fn edit(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let Opened { warning, .. } = open(&app, &who.actor, &id).await?;
    still_written(&warning)?;
    let policy = app.policy::<WarningPolicy>()?;
    let typed = Typed::of(&warning.draft, warning.version);
    web::html(&build(
        &app,
        &who,
        &policy,
        (Some(&warning), typed),
        FieldErrors::new(),
        None,
    ))
}

/// What stands there now, for somebody whose own text is not saved yet.
fn theirs(policy: &WarningPolicy, warning: &Warning) -> Theirs {
    let draft = &warning.draft;
    let text = SummaryList::new()
        .row("Title", draft.title.as_str())
        .row("What is happening", draft.what.as_str())
        .row("What to do", draft.steps.join(". "))
        .row_if("Link", Some(draft.link.as_str()).filter(|l| !l.is_empty()))
        .row("Audience", super::compose::audience(policy, draft))
        .row("In force until", draft.expires_at.show());
    Theirs {
        who: format!(
            "{} saved this at {}",
            warning.changed_by_name,
            warning.changed_at.show()
        ),
        text,
    }
}

/// `POST /warnings/{id}/edit`. When somebody else was first, both texts are shown, and saving again is a choice.
pub async fn save(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(mut typed): Form<Typed>,
) -> Result<Response, Error> {
    let Opened { warning, .. } = open(&app, &who.actor, &id).await?;
    still_written(&warning)?;
    let policy = app.policy::<WarningPolicy>()?;
    // Where it came from stays as it was.
    typed.template.clone_from(&warning.draft.template);
    typed.replaces = warning
        .draft
        .replaces
        .map(|r| r.to_string())
        .unwrap_or_default();
    let draft = match checked(&app, &who.actor, &typed).await? {
        Ok(draft) => draft,
        Err(errors) => {
            let page = build(&app, &who, &policy, (Some(&warning), typed), errors, None);
            return web::html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    let resource = kept::resource(warning.id, &warning.unit);
    let grant = permit(&app, &who.actor, &WRITE, &resource, "").await?;
    let (id, seen) = (warning.id, typed.seen);
    let written = written(&policy, draft, &warning.unit);
    let saved = app
        .store()
        .write(&grant, move |tx| {
            Box::pin(async move { kept::rewrite(tx, id, seen, written).await })
        })
        .await;
    match saved {
        Ok(()) => Ok(Redirect::to(&format!("/warnings/{id}?done=written")).into_response()),
        Err(StoreError::Conflict) => {
            let Opened { warning, .. } = open(&app, &who.actor, &id.to_string()).await?;
            still_written(&warning)?;
            typed.seen = warning.version;
            let theirs = Some(theirs(&policy, &warning));
            let page = build(
                &app,
                &who,
                &policy,
                (Some(&warning), typed),
                FieldErrors::new(),
                theirs,
            );
            web::html_with(StatusCode::CONFLICT, &page)
        }
        Err(other) => Err(other.into()),
    }
}
