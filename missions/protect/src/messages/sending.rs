//! Messages are handed to the mail server, each once.
//!
//! Three writes frame a sending: the message is claimed and marked as handed over; the mail server is
//! spoken to; what came of it is recorded. If the process ends in between, the message stays handed
//! over, and after a time is put before a person as `unsure`.

use std::time::Duration;

use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::Error as SmtpError;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use record::access::{Grant, Resource};
use record::ids::RecordId;
use store::{Entry, Error, Result, Sql};
use web::App;

use super::DISPATCH;
use super::policy::MessagePolicy;
use super::state::State;
use super::unsubscribe::{Leave, LeaveByOneClick};

/// Messages handed over in one run.
const MOST: usize = 200;
/// How long the mail server may take for one message.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a run came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dispatched {
    pub sent: usize,
    /// Put back, to be tried again.
    pub waiting: usize,
    pub refused: usize,
    /// Put before a person.
    pub unsure: usize,
}

/// The way to a mail server.
#[derive(Debug, Clone)]
pub struct Post {
    server: AsyncSmtpTransport<Tokio1Executor>,
}

/// A message that is this process's to hand over.
struct Claimed {
    id: RecordId,
    name: String,
    address: String,
    subject: String,
    body: String,
    /// Where the reader ends the messages; empty for a message to one person.
    leave: String,
    failed: u32,
}

/// What came of handing one over.
enum Outcome {
    Sent,
    /// The mail server is not to be had: so it is for the next message.
    Away(String),
    /// Certainly not sent; worth another try.
    Later(String),
    /// Certainly not sent, and it never will be.
    Refused(String),
    Unsure(String),
}

impl Post {
    /// A mail server by its address: `smtps://name:password@host`, or
    /// `smtp://name:password@host?tls=required`. Without encryption only one on this machine.
    pub fn open(address: &str) -> Result<Post> {
        let wrong = |problem: &str| {
            // The address holds a password: it is not repeated.
            Error::Invalid(format!(
                "mail server: {problem}. Give smtps://name:password@host or \
                 smtp://name:password@host?tls=required"
            ))
        };
        let rest = address
            .strip_prefix("smtp://")
            .filter(|rest| !rest.contains("tls=required"));
        if let Some(rest) = rest {
            let host = rest.rsplit('@').next().unwrap_or_default();
            let here = ["127.0.0.1", "localhost", "[::1]"];
            let is_here = |h: &&str| {
                host.strip_prefix(*h)
                    .is_some_and(|r| r.is_empty() || r.starts_with([':', '/', '?']))
            };
            if !here.iter().any(is_here) {
                return Err(wrong(
                    "messages to victims leave this machine encrypted only",
                ));
            }
        }
        let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(address)
            .map_err(|_| wrong("the address cannot be read"))?
            .timeout(Some(PATIENCE))
            .build();
        Ok(Post { server })
    }

    /// Hands over what is due.
    pub async fn dispatch(&self, app: &App) -> Result<Dispatched> {
        let mut done = Dispatched {
            unsure: put_before_a_person(app).await?,
            ..Dispatched::default()
        };
        for _ in 0..MOST {
            let Some(message) = claim(app).await? else {
                break;
            };
            let outcome = self.hand_over(app, &message).await?;
            let stop = matches!(outcome, Outcome::Away(_));
            match &outcome {
                Outcome::Sent => done.sent += 1,
                Outcome::Away(_) | Outcome::Later(_) => done.waiting += 1,
                Outcome::Refused(_) => done.refused += 1,
                Outcome::Unsure(_) => done.unsure += 1,
            }
            record(app, &message, outcome).await?;
            // A server that is away now is away for the next one too.
            if stop {
                break;
            }
        }
        Ok(done)
    }

    async fn hand_over(&self, app: &App, message: &Claimed) -> Result<Outcome> {
        let policy = app.policy::<MessagePolicy>()?;
        let mail = match compose(&policy, message) {
            Ok(mail) => mail,
            Err(problem) => return Ok(Outcome::Refused(problem)),
        };
        // Before anything is sent, an error is certain to mean that nothing was.
        match self.server.test_connection().await {
            Ok(true) => {}
            Ok(false) => return Ok(Outcome::Away("the mail server is not ready".to_owned())),
            Err(error) => return Ok(Outcome::Away(told(&error))),
        }
        Ok(match self.server.send(mail).await {
            Ok(_) => Outcome::Sent,
            Err(error) if error.is_permanent() => Outcome::Refused(told(&error)),
            // 421: the server closes for everybody (RFC 5321, section 3.8); others are about this one.
            Err(error) if error.status().is_some_and(|code| u16::from(code) == 421) => {
                Outcome::Away(told(&error))
            }
            Err(error) if error.is_transient() => Outcome::Later(told(&error)),
            Err(error) => Outcome::Unsure(told(&error)),
        })
    }
}

/// An error of the mail server in words, in one line of sensible length.
fn told(error: &SmtpError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        text = format!("{text}: {source}");
        cause = source.source();
    }
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(300).collect()
}

fn compose(policy: &MessagePolicy, message: &Claimed) -> std::result::Result<Message, String> {
    let address: Address = message
        .address
        .parse()
        .map_err(|e| format!("{:?} is no e-mail address: {e}", message.address))?;
    let domain = policy.from.email.domain();
    // A name with a control character could not be written into a header at all.
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    let name: String = message.name.chars().map(printable).collect();
    let name = Some(name).filter(|n| !n.trim().is_empty());
    let mut mail = Message::builder()
        .from(policy.from.clone())
        .to(Mailbox::new(name, address))
        // The same for every try: a server or a reader that sees it twice can tell.
        .message_id(Some(format!("<{}@{domain}>", message.id)))
        .subject(message.subject.as_str())
        .header(ContentType::TEXT_PLAIN);
    if !message.leave.is_empty() {
        mail = mail
            .header(Leave(message.leave.clone()))
            .header(LeaveByOneClick);
    }
    if let Some(reply_to) = &policy.reply_to {
        mail = mail.reply_to(reply_to.clone());
    }
    mail.body(message.body.clone()).map_err(|e| e.to_string())
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
                        "The program ended while the message was with the mail server".into(),
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
                    "select name, address, subject, body, leave, failed from protect_message where ",
                )
                .with("id = ?", [id.into()]);
                let Some(row) = tx.first(sql).await? else {
                    return Ok(None);
                };
                Ok(Some(Claimed {
                    id,
                    name: row.get("name")?,
                    address: row.get("address")?,
                    subject: row.get("subject")?,
                    body: row.get("body")?,
                    leave: row.get("leave")?,
                    failed: u32::try_from(row.get::<i64>("failed")?).unwrap_or(0),
                }))
            })
        })
        .await
}

async fn record(app: &App, message: &Claimed, outcome: Outcome) -> Result<()> {
    let policy = app.policy::<MessagePolicy>()?;
    let failed = message.failed + u32::from(!matches!(outcome, Outcome::Sent));
    let (state, problem) = match outcome {
        Outcome::Sent => (State::Sent, String::new()),
        Outcome::Away(problem) | Outcome::Later(problem) => (State::Queued, problem),
        Outcome::Refused(problem) => (State::Failed, problem),
        Outcome::Unsure(problem) => (State::Unsure, problem),
    };
    if !problem.is_empty() {
        tracing::warn!(message = %message.id, state = state.name(), %problem, "a message did not go out");
    }
    let (id, wait) = (message.id, i64::from(policy.wait(failed)));
    app.store()
        .write(&grant(app)?, move |tx| {
            Box::pin(async move {
                let now = tx.now();
                let ended = matches!(state, State::Sent).then_some(now);
                let sql = Sql::new("update protect_message set ").with(
                    "state = ?, problem = ?, failed = ?, next_at = ?, ended_at = ? \
                     where id = ? and state = ?",
                    [
                        state.name().into(),
                        problem.as_str().into(),
                        i64::from(failed).into(),
                        now.plus_minutes(wait).into(),
                        ended.into(),
                        id.into(),
                        State::HandedOver.name().into(),
                    ],
                );
                tx.run(sql).await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_leave_the_machine_encrypted_only() {
        for address in [
            "smtp://mail.example",
            "smtp://127.0.0.1.evil.example:25",
            "smtp://u:p@mail.example?tls=opportunistic",
            "imap://mail.example",
            "",
        ] {
            let told = Post::open(address).map(drop).map_err(|e| e.to_string());
            assert!(
                told.is_err_and(|t| t.contains("Give smtps://")),
                "{address:?}"
            );
        }
        for address in [
            "smtp://127.0.0.1:2525",
            "smtp://u:p@localhost",
            "smtps://u:p@mail.example",
            "smtp://u:p@mail.example:587?tls=required",
        ] {
            assert!(Post::open(address).is_ok(), "{address:?}");
        }
    }
}
