//! The press release of a warning, to be read and printed.

use askama::Template;
use axum::extract::{Path, State as Shared};
use axum::response::Response;
use web::parts::{Button, Page};
use web::{App, Error, SignedIn};

use super::kept::Warning;
use super::policy::WarningPolicy;
use super::state::Channel;
use super::{Opened, compose, open};

#[derive(Template)]
#[template(path = "warnings/press.html")]
struct PressPage {
    page: Page,
    warning: Warning,
    paragraphs: Vec<String>,
    kind: String,
    force: String,
    areas: String,
    day: String,
    contact: String,
    link: String,
    /// Whether it may be handed out.
    released: bool,
}

/// `GET /warnings/{id}/press`: the press release, to be read and printed.
pub async fn page(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let Opened { warning, .. } = open(&app, &who.actor, &id).await?;
    if !warning.draft.channels.contains(&Channel::Press) {
        return Err(Error::NotFound);
    }
    let policy = app.policy::<WarningPolicy>()?;
    let areas: Vec<String> = compose::areas(&policy, &warning.draft)
        .into_iter()
        .map(|a| a.name)
        .collect();
    web::html(&PressPage {
        page: who
            .page(&app, &warning.draft.title, "/warnings")
            .back("The warning", format!("/warnings/{}", warning.id)),
        paragraphs: warning
            .draft
            .what
            .split("\n\n")
            .map(str::to_owned)
            .collect(),
        kind: policy
            .kind(&warning.draft.kind)
            .map_or_else(String::new, |k| k.title.clone()),
        force: policy.force.clone(),
        areas: areas.join(", "),
        day: warning.sent_at.unwrap_or_else(|| app.now()).day().show(),
        contact: policy.press_contact.clone(),
        link: compose::link(&policy, &warning),
        released: warning.sent_at.is_some() && warning.cleared_at.is_none(),
        warning,
    })
}
