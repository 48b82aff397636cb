//! Turning single-key shortcuts off and on (WCAG 2.2, 2.1.4): a choice of the person's own, kept with
//! them in the register.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{MethodRouter, post};
use record::access::{Act, ActKind, Resource};
use serde::Deserialize;
use store::Sql;

use crate::app::App;
use crate::error::Error;
use crate::form::Form;
use crate::identify::SignedIn;
use crate::sign_in::safe_next;

/// Turns the single keys of one's own pages off or on.
pub const CHOOSE: Act = Act::new(
    "person.shortcuts",
    ActKind::Access,
    "Turn single-key shortcuts off or on",
);

pub(crate) const ACTS: &[Act] = &[CHOOSE];

pub(crate) fn routes() -> Vec<(&'static str, MethodRouter<App>)> {
    vec![("/shortcuts", post(choose))]
}

#[derive(Deserialize)]
struct Choice {
    /// "on" or "off".
    keys: String,
    #[serde(default)]
    back: String,
}

/// Keeps the choice of the session's own person; a token of the API has no session, and no keys.
async fn choose(
    State(app): State<App>,
    who: SignedIn,
    Form(form): Form<Choice>,
) -> Result<Response, Error> {
    let on = match form.keys.as_str() {
        "on" => 1i64,
        "off" => 0,
        _ => return Err(Error::BadRequest("choose on or off".to_owned())),
    };
    let resource = Resource::of("person", who.actor.id.to_string());
    let reason = format!("{}: {}", who.actor.name, form.keys);
    let grant = app.system().permit(&CHOOSE, &resource, &reason)?;
    app.store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                let sql = Sql::new("update access_person set ").with(
                    "shortcuts = ? where id = (select person from access_session where token = ?)",
                    [on.into(), who.session.into()],
                );
                tx.run(sql).await.map(drop)
            })
        })
        .await?;
    Ok(Redirect::to(safe_next(&form.back)).into_response())
}
