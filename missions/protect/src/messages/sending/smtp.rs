//! A mail server takes messages (RFC 5321).

use std::time::Duration;

use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::Error as SmtpError;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use store::{Error, Result};

use super::super::policy::MessagePolicy;
use super::super::unsubscribe::{Leave, LeaveByOneClick};
use super::{Claimed, Outcome, words};

/// How long the mail server may take for one message.
const PATIENCE: Duration = Duration::from_secs(60);

/// The way to a mail server.
#[derive(Debug)]
pub(super) struct Smtp {
    server: AsyncSmtpTransport<Tokio1Executor>,
}

impl Smtp {
    /// A mail server by its address. Without encryption only one on this machine.
    pub(super) fn open(address: &str) -> Result<Smtp> {
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
        Ok(Smtp { server })
    }

    pub(super) async fn hand_over(&self, policy: &MessagePolicy, message: &Claimed) -> Outcome {
        let mail = match compose(policy, message) {
            Ok(mail) => mail,
            Err(problem) => return Outcome::refused(problem),
        };
        // Before anything is sent, an error is certain to mean that nothing was.
        match self.server.test_connection().await {
            Ok(true) => {}
            Ok(false) => return Outcome::away("the mail server is not ready"),
            Err(error) => return Outcome::away(told(&error)),
        }
        match self.server.send(mail).await {
            Ok(_) => Outcome::sent(),
            Err(error) if error.is_permanent() => Outcome::refused(told(&error)),
            // 421: the server closes for everybody (RFC 5321, section 3.8); others are about this one.
            Err(error) if error.status().is_some_and(|code| u16::from(code) == 421) => {
                Outcome::away(told(&error))
            }
            Err(error) if error.is_transient() => Outcome::later(told(&error)),
            Err(error) => Outcome::unsure(told(&error)),
        }
    }
}

/// An error of the mail server in words.
fn told(error: &SmtpError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        text = format!("{text}: {source}");
        cause = source.source();
    }
    words(&text)
}

fn compose(policy: &MessagePolicy, message: &Claimed) -> std::result::Result<Message, String> {
    let address = message.address()?;
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
            let told = Smtp::open(address).map(drop).map_err(|e| e.to_string());
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
            assert!(Smtp::open(address).is_ok(), "{address:?}");
        }
    }
}
