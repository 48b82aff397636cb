//! A form is taken once: its token says whether, and what is kept is safe before anybody is thanked.

use record::submission::SubmissionKind;

use crate::forms::Filled;
use crate::router::Portal;
use crate::submit;
use crate::token::Presented;

/// A form that was sent.
pub struct Sent<'a> {
    pub form: &'static str,
    pub kind: SubmissionKind,
    pub body: &'a [u8],
    pub token: &'a str,
    pub filled: &'a Filled,
    /// Whether something in it has to be put right first.
    pub faulty: bool,
}

/// What came of it.
pub enum Taken {
    /// It is in the box; the nonce is what its reference is made of.
    Kept([u8; 16]),
    /// It is to be sent again, with this token or a new one, and this is why.
    Again {
        token: Option<String>,
        notice: Option<String>,
    },
    NotKept,
}

/// Takes a form whose token is good, once.
pub async fn take(portal: &Portal, sent: Sent<'_>) -> Taken {
    let again = |token: Option<String>, notice: String| Taken::Again {
        token,
        notice: Some(notice),
    };
    let now = (portal.run.elapsed)();
    let least = portal.flood.least(now);
    let token = sent.token.to_owned();
    let presented = portal
        .tokens
        .present(sent.form, &token, sent.body, now, least);
    let nonce = match presented {
        Presented::Again(nonce) => return Taken::Kept(nonce),
        Presented::Used => return again(None, USED.to_owned()),
        // Typed values stay; the same token goes on ageing, or a new one begins.
        _ if sent.faulty => {
            return Taken::Again {
                token: Some(token).filter(|t| portal.knows(sent.form, t)),
                notice: None,
            };
        }
        Presented::Early(seconds) => return again(Some(token), early(seconds)),
        Presented::Old => return again(None, OLD.to_owned()),
        Presented::Good(nonce) => nonce,
    };
    match keep(portal, sent.kind, nonce, sent.filled.clone()).await {
        Ok(()) => {
            portal.tokens.spent(nonce, sent.body, now);
            Taken::Kept(nonce)
        }
        Err(error) => {
            // The error names files and the disk, never what was sent.
            tracing::error!(%error, "a submission could not be kept");
            Taken::NotKept
        }
    }
}

const USED: &str =
    "You have sent this form already. If you changed it, press the button to send it once more.";
const OLD: &str = "It is not sent yet, because the page was open for a long time. Wait a few seconds, \
    then press the button again.";

fn early(seconds: u64) -> String {
    let unit = if seconds == 1 { "second" } else { "seconds" };
    format!("It is not sent yet. Wait {seconds} {unit}, then press the button again.")
}

/// Seals what was sent. The same form sent twice has the same id.
async fn keep(
    portal: &Portal,
    kind: SubmissionKind,
    nonce: [u8; 16],
    filled: Filled,
) -> std::io::Result<()> {
    let id = submit::id(&portal.tokens.derive(b"id", nonce));
    let reference = submit::reference(&portal.tokens.derive(b"reference", nonce));
    let at = (portal.run.now)();
    let sealer = &portal.sealer;
    sealer.seal(id, kind, at, reference, filled).await
}
