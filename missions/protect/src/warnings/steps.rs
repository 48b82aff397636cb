//! How a warning moves on: what has been done about its edition, and the steps that need no page of their own.

use axum::extract::{Path, State as Shared};
use axum::response::{IntoResponse, Redirect, Response};
use record::access::{Act, Actor};
use record::ids::ActorId;
use serde::Deserialize;
use store::{Error as StoreError, OnConflict, Sql, Tx, Value, Written};
use web::{App, Error, Form, SignedIn};

use super::kept::{self, Done, Step, Warning, What};
use super::policy::WarningPolicy;
use super::publish::{self, REPLACED, mark_issued};
use super::state::{Channel, State};
use super::{Opened, SEND, WRITE, compose, open, subscribers};
use crate::messages::{About, Purpose, queue_notices};
use crate::victim_care::permit;

const LONGEST_NOTE: usize = 300;

/// What was done since the warning was last given to be checked.
pub struct Standing<'a> {
    done: &'a [Done],
}

impl<'a> Standing<'a> {
    pub fn of(done: &'a [Done]) -> Standing<'a> {
        let since = done
            .iter()
            .rposition(|d| matches!(d.what, What::Submitted | What::SentBack));
        Standing {
            done: since.map_or(&[][..], |at| &done[at..]),
        }
    }

    pub fn has_checked(&self, check: &str) -> bool {
        self.done
            .iter()
            .any(|d| d.what == What::Checked(check.to_owned()))
    }

    pub fn has_approved(&self, approval: &str) -> bool {
        self.done
            .iter()
            .any(|d| d.what == What::Approved(approval.to_owned()))
    }

    pub fn approved_by(&self, actor: ActorId) -> bool {
        self.done
            .iter()
            .any(|d| matches!(d.what, What::Approved(_)) && d.actor == actor)
    }
}

/// Whether somebody wrote any edition of it.
pub fn has_written(done: &[Done], actor: ActorId) -> bool {
    done.iter()
        .any(|d| d.what == What::Written && d.actor == actor)
}

/// Somebody else was first: what happened, and where to look.
pub fn moved_on(warning: &Warning) -> Error {
    Error::Conflict {
        what: format!(
            "This warning has moved on. It is now: {}",
            warning.state.title().to_lowercase()
        ),
        href: format!("/warnings/{}", warning.id),
    }
}

/// Does a step, or says who was first.
pub async fn do_step<F>(
    app: &App,
    actor: &Actor,
    act: &Act,
    warning: &Warning,
    work: F,
) -> Result<(), Error>
where
    F: for<'t> FnOnce(&'t mut Tx<'_>) -> Written<'t, ()> + Send + 'static,
{
    let resource = kept::resource(warning.id, &warning.unit);
    let grant = permit(app, actor, act, &resource, "").await?;
    match app.store().write(&grant, work).await {
        Err(StoreError::Conflict) => {
            let Opened { warning, .. } = open(app, actor, &warning.id.to_string()).await?;
            Err(moved_on(&warning))
        }
        other => Ok(other?),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Seen {
    seen: i64,
}

/// `POST /warnings/{id}/submit`: given to be checked.
pub async fn submit(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(typed): Form<Seen>,
) -> Result<Response, Error> {
    let Opened { warning, .. } = open(&app, &who.actor, &id).await?;
    if warning.state != State::Draft || warning.version != typed.seen {
        return Err(moved_on(&warning));
    }
    let href = format!("/warnings/{}?done=submitted", warning.id);
    let moved = warning.clone();
    do_step(&app, &who.actor, &WRITE, &warning, move |tx| {
        Box::pin(async move {
            kept::advance(tx, &moved, State::Checking, Step::new(What::Submitted, "")).await
        })
    })
    .await?;
    Ok(Redirect::to(&href).into_response())
}

/// `POST /warnings/{id}/send`: every channel, in one write. What is queued or waits for the public side goes out by
/// jobs, once.
pub async fn send(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(typed): Form<Seen>,
) -> Result<Response, Error> {
    let Opened { warning, .. } = open(&app, &who.actor, &id).await?;
    if warning.state != State::Approved || warning.version != typed.seen {
        return Err(moved_on(&warning));
    }
    if warning.draft.expires_at <= app.now() {
        return Err(Error::BadRequest(
            "its last day is over. Withdraw it, and write a new warning with a later day"
                .to_owned(),
        ));
    }
    let policy = app.policy::<WarningPolicy>()?;
    let href = format!("/warnings/{}?done=sent", warning.id);
    let moved = warning.clone();
    do_step(&app, &who.actor, &SEND, &warning, move |tx| {
        Box::pin(async move { carry(tx, &policy, &moved).await })
    })
    .await?;
    Ok(Redirect::to(&href).into_response())
}

/// Hands a warning to its channels.
async fn carry(
    tx: &mut Tx<'_>,
    policy: &WarningPolicy,
    warning: &Warning,
) -> Result<(), StoreError> {
    kept::advance(tx, warning, State::Sent, Step::new(What::Sent, "")).await?;
    let sql = Sql::new("update protect_warning set ").with(
        "sent_at = ? where id = ?",
        [tx.now().into(), warning.id.into()],
    );
    tx.run(sql).await?;
    if let Some(replaced) = warning.draft.replaces {
        let before = kept::find(tx, replaced).await?;
        if before.state == State::Sent {
            let reason = format!("Replaced by {}", warning.id);
            publish::clear(tx, &before, REPLACED, &reason).await?;
        }
    }
    let row = |channel: &Channel| -> Vec<Value> {
        vec![
            warning.id.into(),
            channel.name().into(),
            "".into(),
            "".into(),
        ]
    };
    let rows = warning.draft.channels.iter().map(row).collect();
    let columns = &["warning", "channel", "by_name", "note"];
    tx.insert("protect_warning_channel", columns, rows, OnConflict::Fail)
        .await?;
    if !warning.draft.channels.contains(&Channel::Email) {
        return Ok(());
    }
    let text = compose::email(policy, warning);
    let readers = subscribers::confirmed(tx).await?;
    let readers = readers.iter().filter(|r| r.wants(&warning.draft));
    let notices = readers
        .map(|r| r.notice(policy, &text))
        .collect::<Result<Vec<_>, _>>()?;
    let about = About {
        purpose: Purpose::Warning,
        record: warning.id,
        template: &warning.draft.template,
        template_version: warning.draft.template_version,
        unit: &warning.unit,
        policy: &policy.digest,
    };
    queue_notices(tx, &about, notices).await.map(drop)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Posted {
    channel: String,
    reach: String,
    note: String,
}

/// `POST /warnings/{id}/posted`: a channel a person carries out is done; how many it reached may be put right later.
pub async fn posted(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(typed): Form<Posted>,
) -> Result<Response, Error> {
    let Opened { warning, .. } = open(&app, &who.actor, &id).await?;
    let channel = Channel::parse(&typed.channel).filter(|c| c.is_by_hand());
    let Some(channel) = channel.filter(|c| warning.draft.channels.contains(c)) else {
        return Err(Error::BadRequest(
            "this warning has no such channel".to_owned(),
        ));
    };
    if !matches!(warning.state, State::Sent | State::Cleared) {
        return Err(moved_on(&warning));
    }
    let reach: Option<i64> = match typed.reach.replace([',', ' '], "").as_str() {
        "" => None,
        digits => Some(
            digits
                .parse()
                .ok()
                .filter(|n| (0..1_000_000_000).contains(n))
                .ok_or_else(|| {
                    Error::BadRequest(
                        "how many people it reached is a number. Go back and write it in digits"
                            .to_owned(),
                    )
                })?,
        ),
    };
    let note: String = typed.note.trim().chars().take(LONGEST_NOTE).collect();
    let href = format!("/warnings/{}?done=posted", warning.id);
    let moved = warning.clone();
    do_step(&app, &who.actor, &SEND, &warning, move |tx| {
        Box::pin(async move {
            let now = tx.now();
            mark_issued(tx, moved.id, &[channel], now).await?;
            let by = tx.grant().actor_name().to_owned();
            let sql = Sql::new("update protect_warning_channel set ").with(
                "by_name = ?, reach = ?, note = ? where warning = ? and channel = ?",
                [
                    by.into(),
                    reach.into(),
                    note.as_str().into(),
                    moved.id.into(),
                    channel.name().into(),
                ],
            );
            tx.run(sql).await?;
            kept::note_only(tx, &moved, Step::new(What::Posted(channel), &note)).await
        })
    })
    .await?;
    Ok(Redirect::to(&href).into_response())
}
