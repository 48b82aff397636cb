//! What is done with the ticked reports. Each is a unit of work of its own, so that one report
//! somebody else was quicker with does not hold up the rest.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use futures_util::StreamExt as _;
use record::access::Actor;
use record::ids::{ActorId, WorkItemId};
use record::work::{WorkItem, WorkState};
use store::{Conn, work};
use web::parts::{Notice, words};
use web::{App, Form, SignedIn};

use super::act;
use super::query::Query;
use crate::deciding;
use crate::receive::Desk;

/// Most reports of one action: a page of the list.
const MOST: usize = super::list::PAGE;
/// Writes under way at once.
const AT_ONCE: usize = 8;

/// An action of the bulk bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Do {
    Take,
    PutBack,
    Allocate,
    Confirm,
    /// Not of the bar: a report was decided on its own page.
    Decide,
}

impl Do {
    const ALL: [Do; 5] = [Do::Take, Do::PutBack, Do::Allocate, Do::Confirm, Do::Decide];

    pub const fn name(self) -> &'static str {
        match self {
            Do::Take => "take",
            Do::PutBack => "put_back",
            Do::Allocate => "allocate",
            Do::Confirm => "confirm",
            Do::Decide => "decide",
        }
    }

    fn parse(name: &str) -> Option<Do> {
        Do::ALL.into_iter().find(|d| d.name() == name)
    }
}

/// What came of an action: kept in the address as counts and identifiers, never as text.
#[derive(Debug, Default)]
pub struct Outcome {
    did: Option<Do>,
    /// Nothing was ticked.
    nothing: bool,
    done: u64,
    first: Option<WorkItemId>,
    missed: Vec<WorkItemId>,
}

impl Outcome {
    /// Reads it back from the address.
    pub fn of(pairs: &[(String, String)]) -> Outcome {
        let mut outcome = Outcome::default();
        for (name, value) in pairs {
            match name.as_str() {
                "did" => {
                    outcome.did = Do::parse(value);
                    outcome.nothing = value == "nothing";
                }
                "done" => outcome.done = value.parse().unwrap_or(0),
                "first" => outcome.first = value.parse().ok(),
                "missed" => {
                    let ids = value.split('.').filter_map(|id| id.parse().ok());
                    outcome.missed = ids.take(MOST).collect();
                }
                _ => {}
            }
        }
        outcome
    }

    fn text(&self) -> String {
        let Some(did) = self.did else {
            return "did=nothing".to_owned();
        };
        let mut text = format!("did={}&done={}", did.name(), self.done);
        if let Some(first) = self.first {
            text.push_str(&format!("&first={first}"));
        }
        if !self.missed.is_empty() {
            let ids: Vec<String> = self.missed.iter().map(ToString::to_string).collect();
            text.push_str(&format!("&missed={}", ids.join(".")));
        }
        text
    }

    /// The notice above the list. What became of the others is read as it stands now.
    pub async fn notice(
        &self,
        conn: &mut Conn<'_>,
        desk: &Desk,
        actor: &Actor,
    ) -> store::Result<Option<Notice>> {
        if self.nothing {
            return Ok(Some(Notice::warning("Select at least one report.")));
        }
        let Some(did) = self.did else {
            return Ok(None);
        };
        let mut sentences = Vec::new();
        if self.done > 0 {
            let first = match self.first {
                Some(id) => work::find(conn, &actor.scope(), id).await.ok(),
                None => None,
            };
            sentences.push(done_in_words(did, self.done, first.as_ref()));
        }
        for id in &self.missed {
            match missed_in_words(conn, desk, actor, did, *id).await {
                Ok(sentence) => sentences.push(sentence),
                Err(store::Error::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        if sentences.is_empty() {
            return Ok(None);
        }
        let text = sentences.join(" ");
        Ok(Some(if self.missed.is_empty() {
            Notice::success(text)
        } else {
            Notice::warning(text)
        }))
    }
}

fn done_in_words(did: Do, done: u64, first: Option<&WorkItem>) -> String {
    let what = match first {
        Some(item) if done == 1 => item.summary.reference.clone(),
        _ => words::plural(done, "report", "reports"),
    };
    let to = first.and_then(|i| i.assignee_name.clone());
    match (did, to) {
        (Do::Take, _) => format!("You took {what}."),
        (Do::PutBack, _) => format!("You put {what} back in the inbox."),
        (Do::Allocate, Some(name)) => format!("You allocated {what} to {name}."),
        (Do::Allocate, None) => format!("You allocated {what}."),
        (Do::Confirm, _) => format!("You confirmed {what} as proposed."),
        (Do::Decide, _) => format!("You decided {what}."),
    }
}

async fn missed_in_words(
    conn: &mut Conn<'_>,
    desk: &Desk,
    actor: &Actor,
    did: Do,
    id: WorkItemId,
) -> store::Result<String> {
    let item = work::find(conn, &actor.scope(), id).await?;
    let mine = item.assignee.is_none_or(|a| a == actor.id);
    if did == Do::Confirm && item.state != WorkState::Closed && mine {
        let proposals = deciding::proposals(conn, &[item.subject]).await?;
        let why = proposals
            .get(&item.subject)
            .and_then(|p| deciding::needs_a_look(&desk.triage.policy, p));
        if let Some(why) = why {
            let reference = &item.summary.reference;
            return Ok(format!(
                "{reference} was not confirmed: {why}. Open it to decide."
            ));
        }
    }
    let stands = act::standing(conn, &actor.scope(), actor.id, id).await?;
    Ok(format!("{stands}."))
}

/// A posted form of the list.
struct Posted {
    did: Option<Do>,
    to: Option<ActorId>,
    back: Query,
    /// Identifier and version as shown, in the order of the list.
    ticked: Vec<(WorkItemId, i64)>,
}

impl Posted {
    fn of(pairs: &[(String, String)]) -> Posted {
        let value = |name: &str| {
            pairs
                .iter()
                .find(|(n, _)| n == name)
                .map_or("", |(_, v)| v.as_str())
        };
        let ticked = pairs
            .iter()
            .filter(|(name, _)| name == "item")
            .filter_map(|(_, value)| {
                let (id, version) = value.split_once('.')?;
                Some((id.parse().ok()?, version.parse().ok()?))
            })
            .take(MOST)
            .collect();
        Posted {
            did: Do::parse(value("do")),
            to: value("to").parse().ok(),
            back: Query::parse(value("back")),
            ticked,
        }
    }
}

/// Does one thing with the ticked reports and goes back to the list.
pub async fn run(
    State(app): State<App>,
    who: SignedIn,
    Form(pairs): Form<Vec<(String, String)>>,
) -> web::Result<Response> {
    let posted = Posted::of(&pairs);
    let Some(did) = posted.did.filter(|d| *d != Do::Decide) else {
        return Err(web::Error::BadRequest(
            "choose what to do with the reports".to_owned(),
        ));
    };
    if did == Do::Allocate && posted.to.is_none() {
        let remedy = "choose a colleague to allocate to, then select Allocate";
        return Err(web::Error::BadRequest(remedy.to_owned()));
    }
    let mut outcome = Outcome::default();
    if !posted.ticked.is_empty() {
        outcome = all(&app, &who.actor, did, &posted).await?;
    }
    let back = posted.back.text();
    let and = if back.is_empty() { "" } else { "&" };
    let href = format!("/inbox?{back}{and}{}", outcome.text());
    Ok(Redirect::to(&href).into_response())
}

async fn all(app: &App, actor: &Actor, did: Do, posted: &Posted) -> web::Result<Outcome> {
    let done: Vec<(WorkItemId, web::Result<()>)> = futures_util::stream::iter(
        posted.ticked.clone(),
    )
    .map(|(id, version)| async move { (id, one(app, actor, did, posted, id, version).await) })
    .buffered(AT_ONCE)
    .collect()
    .await;
    let mut outcome = Outcome {
        did: Some(did),
        ..Outcome::default()
    };
    for (id, result) in done {
        match result {
            Ok(()) => {
                outcome.done += 1;
                outcome.first.get_or_insert(id);
            }
            // Told with how the report stands when the list is shown.
            Err(web::Error::Conflict { .. } | web::Error::BadRequest(_) | web::Error::NotFound) => {
                outcome.missed.push(id);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(outcome)
}

async fn one(
    app: &App,
    actor: &Actor,
    did: Do,
    posted: &Posted,
    id: WorkItemId,
    version: i64,
) -> web::Result<()> {
    let item = act::item(app, actor, id).await?;
    match (did, posted.to) {
        (Do::Take, _) => act::take(app, actor, &item, version).await,
        (Do::PutBack, _) => act::put_back(app, actor, &item, version).await,
        (Do::Allocate, Some(to)) => act::allocate(app, actor, &item, version, to).await,
        (Do::Allocate, None) | (Do::Decide, _) => Ok(()),
        (Do::Confirm, _) => act::confirm(app, actor, &item, version).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_survives_the_address() {
        let ids: Vec<WorkItemId> = (1..3u128)
            .map(|n| WorkItemId(format!("{n:032x}").parse().unwrap()))
            .collect();
        let outcome = Outcome {
            did: Some(Do::Confirm),
            nothing: false,
            done: 3,
            first: Some(ids[0]),
            missed: ids.clone(),
        };
        let back = Outcome::of(&super::super::query::pairs(&outcome.text()));
        assert_eq!(
            (back.did, back.done, back.first, back.missed),
            (outcome.did, 3, Some(ids[0]), ids)
        );
        let odd = [
            ("did".to_owned(), "x".to_owned()),
            ("done".to_owned(), "-1".to_owned()),
        ];
        let odd = Outcome::of(&odd);
        assert!(odd.did.is_none() && odd.done == 0);
    }
}
