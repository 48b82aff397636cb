//! The work with an organisation ends, until there is contact again.

use axum::extract::{Path, State as Shared};
use axum::response::{IntoResponse, Redirect, Response};
use web::parts::FieldErrors;
use web::{App, Error, Form, SignedIn};

use super::CLOSE;
use super::fields::{Checks, Drawn, Fields};
use super::form::{FormPage, paragraph};
use super::rows::{Noted, Organisation, advance, conflict, opened};
use super::state::Event;

const LONGEST: usize = 2_000;

fn draw(
    app: &App,
    who: &SignedIn,
    organisation: &Organisation,
    fields: &Fields,
    errors: FieldErrors,
) -> Result<Response, Error> {
    let drawn = Drawn {
        fields,
        errors: &errors,
    };
    FormPage {
        lead: paragraph("The record stays. New contact opens it again."),
        fields: vec![drawn.text("note", "Why", "What came of it, and what is left open")],
        button: "Close",
        ..FormPage::of(
            organisation,
            format!("Close the work with {}", organisation.name),
            "close",
        )
    }
    .draw(app, who, errors)
}

/// `GET /organisations/{id}/close`.
pub async fn page(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let (organisation, _) = opened(&app, &who.actor, &id, &CLOSE).await?;
    draw(
        &app,
        &who,
        &organisation,
        &Fields::default(),
        FieldErrors::new(),
    )
}

/// `POST /organisations/{id}/close`.
pub async fn submit(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let (organisation, grant) = opened(&app, &who.actor, &id, &CLOSE).await?;
    let fields = Fields(pairs);
    let mut checks = Checks::at(app.now());
    checks.needed("note", fields.text("note"), "why it is closed");
    checks.longest("note", fields.text("note"), LONGEST);
    if !checks.errors.is_empty() {
        return draw(&app, &who, &organisation, &fields, checks.errors);
    }
    let (back, note) = (organisation.href(), fields.owned("note"));
    let written = app
        .store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                let noted = Noted {
                    what: "Closed",
                    note: &note,
                };
                advance(tx, &organisation, Event::Close, noted).await
            })
        })
        .await;
    conflict(
        written,
        "Somebody else moved this organisation on first",
        &back,
    )?;
    Ok(Redirect::to(&back).into_response())
}
