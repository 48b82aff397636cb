//! Pages about the service itself, open to everybody, signed in or not: accessibility, cookies,
//! privacy. The only pages without an act: they hold nothing but their own text.

use askama::Template;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get};

use crate::app::App;
use crate::error::Error;
use crate::identify::{SignedIn, plain_page};
use crate::{parts, render};

/// The pages, to be merged into the router.
pub(crate) fn routes() -> Vec<(&'static str, MethodRouter<App>)> {
    vec![
        ("/accessibility", get(accessibility)),
        ("/cookies", get(cookies)),
        ("/privacy", get(privacy)),
    ]
}

/// The frame: with the menu for whoever is signed in, bare for everybody else.
fn frame(app: &App, request: &Request, title: &str) -> parts::Page {
    let page = request
        .extensions()
        .get::<SignedIn>()
        .map_or_else(|| plain_page(app, title), |who| who.page(app, title, ""));
    page.narrow()
}

#[derive(Template)]
#[template(path = "about/accessibility.html")]
struct Accessibility {
    page: parts::Page,
    force: String,
    help: String,
}

async fn accessibility(State(app): State<App>, request: Request) -> Result<Response, Error> {
    render::html(&Accessibility {
        page: frame(&app, &request, "Accessibility statement"),
        force: app.force().name.clone(),
        help: app.force().help.clone(),
    })
}

#[derive(Template)]
#[template(path = "about/cookies.html")]
struct Cookies {
    page: parts::Page,
    session: &'static str,
    pending: &'static str,
    idle_minutes: i64,
    longest_hours: i64,
    pending_minutes: i64,
}

async fn cookies(State(app): State<App>, request: Request) -> Result<Response, Error> {
    render::html(&Cookies {
        page: frame(&app, &request, "Cookies"),
        session: crate::identify::cookie_name(&app),
        pending: crate::sign_in::PENDING,
        idle_minutes: app.sign_in().idle_minutes,
        longest_hours: app.sign_in().longest_hours,
        pending_minutes: crate::sign_in::PENDING_MINUTES,
    })
}

#[derive(Template)]
#[template(path = "about/privacy.html")]
struct Privacy {
    page: parts::Page,
    force: String,
    help: String,
}

async fn privacy(State(app): State<App>, request: Request) -> Result<Response, Error> {
    render::html(&Privacy {
        page: frame(&app, &request, "Privacy"),
        force: app.force().name.clone(),
        help: app.force().help.clone(),
    })
}
