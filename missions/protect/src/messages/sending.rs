//! Messages are handed over, each once: to a mail server, or to GOV.UK Notify.
//!
//! Three writes frame a sending: the message is claimed and marked as handed over; the channel is spoken to; what
//! came of it is recorded. If the process ends in between, the message stays handed over, and after a time is put
//! before a person as `unsure`.
//!
//! A mail server cannot be asked what became of a message. Notify can: it is asked before each message, whether it has
//! it already, and again about those that are unsure, until it knows or has forgotten.

mod notify;
mod plain;
mod smtp;

use std::sync::{Arc, Mutex, PoisonError};

use lettre::Address;
use record::access::{Grant, Resource};
use record::ids::RecordId;
use record::time::Timestamp;
use store::{Entry, Error, Result, Sql};
use web::App;

use self::notify::{Known, Notify};
use self::smtp::Smtp;
use super::DISPATCH;
use super::policy::MessagePolicy;
use super::state::State;

/// Messages handed over in one run.
const MOST: usize = 200;
/// Unsure messages that are asked about in one run.
const MOST_ASKED: usize = 50;

/// What a run came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dispatched {
    /// Handed over, or found to have been.
    pub sent: usize,
    /// Put back, to be tried again.
    pub waiting: usize,
    pub refused: usize,
    /// Put before a person.
    pub unsure: usize,
}

/// The way out for messages.
#[derive(Debug, Clone)]
pub struct Post {
    channel: Arc<Channel>,
    /// Until when the channel has asked to be left alone.
    rests: Arc<Mutex<Option<Timestamp>>>,
}

#[derive(Debug)]
enum Channel {
    Smtp(Smtp),
    Notify(Notify),
}

/// A message that is this process's to hand over.
struct Claimed {
    id: RecordId,
    name: String,
    reference: String,
    address: String,
    subject: String,
    body: String,
    /// Where the reader ends the messages; empty for a message to one person.
    leave: String,
    failed: u32,
    /// Whether a person has decided that it is to go out, after something went wrong.
    decided: bool,
}

impl Claimed {
    /// Whom it is to.
    fn address(&self) -> std::result::Result<Address, String> {
        self.address
            .parse()
            .map_err(|e| format!("{:?} is no e-mail address: {e}", self.address))
    }
}

/// What came of handing one over.
struct Outcome {
    fate: Fate,
    /// What went wrong, in words.
    problem: String,
    after: After,
}

/// What became of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Sent,
    /// Certainly not sent; worth another try.
    Waiting,
    /// Certainly not sent, and it never will be.
    Refused,
    Unsure,
}

/// What it means for the next message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    GoOn,
    /// The channel is not to be had: so it is for the next one. The run ends.
    Stop,
    /// Nothing is to be tried before then.
    Rest(Timestamp),
}

impl Outcome {
    fn new(fate: Fate, problem: impl Into<String>, after: After) -> Outcome {
        let problem = problem.into();
        Outcome {
            fate,
            problem,
            after,
        }
    }

    fn sent() -> Outcome {
        Outcome::new(Fate::Sent, "", After::GoOn)
    }

    fn later(problem: impl Into<String>) -> Outcome {
        Outcome::new(Fate::Waiting, problem, After::GoOn)
    }

    fn away(problem: impl Into<String>) -> Outcome {
        Outcome::new(Fate::Waiting, problem, After::Stop)
    }

    fn refused(problem: impl Into<String>) -> Outcome {
        Outcome::new(Fate::Refused, problem, After::GoOn)
    }

    fn unsure(problem: impl Into<String>) -> Outcome {
        Outcome::new(Fate::Unsure, problem, After::GoOn)
    }

    fn then(self, after: After) -> Outcome {
        Outcome { after, ..self }
    }
}

/// What somebody out there said, in one line of sensible length.
fn words(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(300).collect()
}

impl Post {
    fn by(channel: Channel) -> Post {
        Post {
            channel: Arc::new(channel),
            rests: Arc::default(),
        }
    }

    /// A mail server by its address: `smtps://name:password@host`, or
    /// `smtp://name:password@host?tls=required`. Without encryption only one on this machine.
    ///
    /// # Errors
    /// When the address is of no such form. It holds a password, so it is not repeated.
    pub fn open(address: &str) -> Result<Post> {
        Ok(Post::by(Channel::Smtp(Smtp::open(address)?)))
    }

    /// GOV.UK Notify by the address of its API and a key of the service there.
    ///
    /// # Errors
    /// When the address is neither encrypted nor on this machine, the key is of no form Notify gives out, or this build
    /// leaves out what goes out over HTTPS. The key is not repeated.
    pub fn notify(address: &str, key: &str) -> Result<Post> {
        Ok(Post::by(Channel::Notify(Notify::open(address, key)?)))
    }

    /// Whether policy has what the channel needs.
    ///
    /// # Errors
    /// Says what is missing.
    pub fn check(&self, app: &App) -> Result<()> {
        let policy = app.policy::<MessagePolicy>()?;
        match &*self.channel {
            Channel::Notify(_) if policy.notify.is_none() => Err(Error::Invalid(
                "policy/protect/messages.toml names no template of GOV.UK Notify. Give the id of one as `template` in \
                 the table [notify]; see docs/operations.md for what it must contain"
                    .to_owned(),
            )),
            _ => Ok(()),
        }
    }

    /// Whether the channel has asked to be left alone.
    fn rests(&self, now: Timestamp) -> bool {
        let until = *self.rests.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| now < until)
    }

    /// Hands over what is due.
    ///
    /// # Errors
    /// When the records cannot be read or written; what a channel says is an outcome of its message.
    pub async fn dispatch(&self, app: &App) -> Result<Dispatched> {
        let mut done = Dispatched {
            unsure: put_before_a_person(app).await?,
            ..Dispatched::default()
        };
        if self.rests(app.now()) {
            return Ok(done);
        }
        self.find_out(app, &mut done).await?;
        let mut is_ready = false;
        for _ in 0..MOST {
            let Some(message) = claim(app).await? else {
                break;
            };
            let policy = app.policy::<MessagePolicy>()?;
            let outcome = match &*self.channel {
                Channel::Smtp(smtp) => smtp.hand_over(&policy, &message).await,
                Channel::Notify(notify) => {
                    notify
                        .hand_over(&policy, &message, app.now(), &mut is_ready)
                        .await
                }
            };
            match outcome.fate {
                Fate::Sent => done.sent += 1,
                Fate::Waiting => done.waiting += 1,
                Fate::Refused => done.refused += 1,
                Fate::Unsure => done.unsure += 1,
            }
            let after = outcome.after;
            settle(app, message.id, State::HandedOver, message.failed, outcome).await?;
            if let After::Rest(until) = after {
                *self.rests.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
            }
            if after != After::GoOn {
                break;
            }
        }
        Ok(done)
    }

    /// Asks about unsure messages, where the channel can be asked.
    async fn find_out(&self, app: &App, done: &mut Dispatched) -> Result<()> {
        let Channel::Notify(notify) = &*self.channel else {
            return Ok(());
        };
        for (id, handed_at, failed) in unsure(app).await? {
            let outcome = match notify.find(id, app.now()).await {
                Ok(Known::Accepted) => {
                    done.sent += 1;
                    Outcome::sent()
                }
                Ok(Known::NotDelivered(problem)) => {
                    done.refused += 1;
                    Outcome::refused(problem)
                }
                Ok(Known::Unknown) => {
                    ask_again(app, id, handed_at).await?;
                    continue;
                }
                // So it is for the next one.
                Err(_) => break,
            };
            settle(app, id, State::Unsure, failed, outcome).await?;
        }
        Ok(())
    }
}

fn grant(app: &App) -> Result<Grant> {
    let system = app.system();
    let outbox = Resource::of("outbox", "victims").of_unit(system.unit.clone());
    Ok(system.permit(&DISPATCH, &outbox, "")?)
}

/// What was handed over long ago, with no end seen: a process ended in between.
async fn put_before_a_person(app: &App) -> Result<usize> {
    let policy = app.policy::<MessagePolicy>()?;
    let long_ago = app
        .now()
        .plus_minutes(-i64::from(policy.unsure_after_minutes));
    let looked = Sql::new("select id from protect_message where ").with(
        "state = ? and handed_at < ? limit 1",
        [State::HandedOver.name().into(), long_ago.into()],
    );
    let grant = grant(app)?;
    let mut reader = app.store().read(&grant).await?;
    let any = reader.first(looked).await?.is_some();
    drop(reader);
    if !any {
        return Ok(0);
    }
    let changed = app
        .store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                let sql = Sql::new("update protect_message set ").with(
                    "state = ?, problem = ? where state = ? and handed_at < ?",
                    [
                        State::Unsure.name().into(),
                        "The program ended while the message was being handed over".into(),
                        State::HandedOver.name().into(),
                        long_ago.into(),
                    ],
                );
                tx.run(sql).await
            })
        })
        .await?;
    Ok(usize::try_from(changed).unwrap_or(0))
}

/// Makes the next message that is due this process's own. Two processes never get the same one: the
/// write changes it only while it is still queued.
async fn claim(app: &App) -> Result<Option<Claimed>> {
    let grant = grant(app)?;
    let due = Sql::new("select id from protect_message where ").with(
        "state = ? and next_at <= ? order by turn, next_at, id limit 1",
        [State::Queued.name().into(), app.now().into()],
    );
    let mut reader = app.store().read(&grant).await?;
    let next = reader.first(due).await?;
    drop(reader);
    let Some(next) = next else { return Ok(None) };
    let id: RecordId = next.get("id")?;
    app.store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                let claimed = Sql::new("update protect_message set ").with(
                    "state = ?, handed_at = ? where id = ? and state = ?",
                    [
                        State::HandedOver.name().into(),
                        tx.now().into(),
                        id.into(),
                        State::Queued.name().into(),
                    ],
                );
                if tx.run(claimed).await? == 0 {
                    return Ok(None);
                }
                let sql = Sql::new(
                    "select name, reference, address, subject, body, leave, failed, settled_by_name \
                     from protect_message where ",
                )
                .with("id = ?", [id.into()]);
                let Some(row) = tx.first(sql).await? else {
                    return Ok(None);
                };
                Ok(Some(Claimed {
                    id,
                    name: row.get("name")?,
                    reference: row.get("reference")?,
                    address: row.get("address")?,
                    subject: row.get("subject")?,
                    body: row.get("body")?,
                    leave: row.get("leave")?,
                    failed: u32::try_from(row.get::<i64>("failed")?).unwrap_or(0),
                    decided: row.get::<Option<String>>("settled_by_name")?.is_some(),
                }))
            })
        })
        .await
}

/// Records what came of a message that stood like this. Nothing, when somebody has decided about it meanwhile.
async fn settle(app: &App, id: RecordId, from: State, failed: u32, outcome: Outcome) -> Result<()> {
    let policy = app.policy::<MessagePolicy>()?;
    let Outcome {
        fate,
        problem,
        after,
    } = outcome;
    let state = match fate {
        Fate::Sent => State::Sent,
        Fate::Waiting => State::Queued,
        Fate::Refused => State::Failed,
        Fate::Unsure => State::Unsure,
    };
    let failed = failed + u32::from(fate != Fate::Sent);
    if fate != Fate::Sent {
        tracing::warn!(message = %id, state = state.name(), %problem, "a message did not go out");
    }
    let wait = i64::from(policy.wait(failed));
    app.store()
        .write(&grant(app)?, move |tx| {
            Box::pin(async move {
                let now = tx.now();
                let ended = matches!(state, State::Sent).then_some(now);
                let next = now.plus_minutes(wait);
                let next = match after {
                    After::Rest(until) => next.max(until),
                    After::GoOn | After::Stop => next,
                };
                let sql = Sql::new("update protect_message set ").with(
                    "state = ?, problem = ?, failed = ?, next_at = ?, ended_at = ? \
                     where id = ? and state = ?",
                    [
                        state.name().into(),
                        problem.as_str().into(),
                        i64::from(failed).into(),
                        next.into(),
                        ended.into(),
                        id.into(),
                        from.name().into(),
                    ],
                );
                if tx.run(sql).await? == 0 {
                    return Ok(());
                }
                tx.enter(Entry {
                    kind: "message",
                    id: id.to_string(),
                    content: String::new(),
                    detail: serde_json::json!({ "state": state.name() }).to_string(),
                });
                Ok(())
            })
        })
        .await
}

/// Unsure messages whose time to be asked about has come, each with when it was handed over and how often it failed.
async fn unsure(app: &App) -> Result<Vec<(RecordId, Timestamp, u32)>> {
    let now = app.now();
    let most = i64::try_from(MOST_ASKED).unwrap_or(i64::MAX);
    let sql = Sql::new("select id, handed_at, failed from protect_message where ").with(
        "state = ? and next_at <= ? and handed_at >= ? order by next_at, id limit ?",
        [
            State::Unsure.name().into(),
            now.into(),
            now.plus_days(-notify::KEPT_DAYS).into(),
            most.into(),
        ],
    );
    let mut reader = app.store().read(&grant(app)?).await?;
    let rows = reader.rows(sql).await?;
    let read = |row: &store::Row| {
        let failed = u32::try_from(row.get::<i64>("failed")?).unwrap_or(0);
        Ok((row.get("id")?, row.get("handed_at")?, failed))
    };
    rows.iter().map(read).collect()
}

/// Puts the next question about an unsure message off until its age has doubled.
async fn ask_again(app: &App, id: RecordId, handed_at: Timestamp) -> Result<()> {
    app.store()
        .write(&grant(app)?, move |tx| {
            Box::pin(async move {
                let now = tx.now();
                let age = now.minutes_since(handed_at).max(1);
                let sql = Sql::new("update protect_message set ").with(
                    "next_at = ? where id = ? and state = ?",
                    [
                        now.plus_minutes(age).into(),
                        id.into(),
                        State::Unsure.name().into(),
                    ],
                );
                tx.run(sql).await.map(drop)
            })
        })
        .await
}
