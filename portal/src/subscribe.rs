//! Warnings by e-mail: asked for here, confirmed and ended through links in what is sent.
//!
//! This process keeps no list of subscribers and cannot tell whether an address is on one: each step is sealed
//! and left in the box like every other form, and every answer is the same for everybody.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use parts::{Checkboxes, Choice, FieldErrors, Html, Input};
use record::submission::SubmissionKind;

use crate::answer;
use crate::flood::{Block, visitor};
use crate::forms::{Filled, email_fault};
use crate::pages::{ButtonPage, NotedPage, SubscribePage};
use crate::requests::{frame, read, value};
use crate::router::Portal;
use crate::submit;
use crate::taking::{Sent, Taken, take};

/// Address of the form.
pub const PATH: &str = "/subscribe";
const FORM: &str = "subscribe";
/// Bytes of a token in a link.
const TOKEN: usize = 32;

type Pairs = Vec<(String, String)>;

/// What a link in a message leads to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Confirm,
    Leave,
}

impl Step {
    fn of(name: &str) -> Option<Step> {
        match name {
            "confirm" => Some(Step::Confirm),
            "leave" => Some(Step::Leave),
            _ => None,
        }
    }

    const fn form(self) -> &'static str {
        match self {
            Step::Confirm => "subscribe-confirm",
            Step::Leave => "subscribe-leave",
        }
    }

    const fn kind(self) -> SubmissionKind {
        match self {
            Step::Confirm => SubmissionKind::ConfirmSubscription,
            Step::Leave => SubmissionKind::LeaveSubscription,
        }
    }

    /// Heading, explanation and button.
    const fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Step::Confirm => (
                "Confirm your email address",
                "Press the button to get our warnings by email. You can stop them at any time.",
                "Confirm",
            ),
            Step::Leave => (
                "Stop emails from us",
                "Press the button and we delete your email address. You get no more warnings from us.",
                "Stop emails",
            ),
        }
    }

    const fn done(self) -> (&'static str, &'static str) {
        match self {
            Step::Confirm => (
                "Thank you",
                "If you asked within the last two days, your email address is confirmed in a few minutes. You then get each new warning.",
            ),
            Step::Leave => (
                "We have received it",
                "We delete your email address within a few minutes. A message that is on its way may still arrive.",
            ),
        }
    }
}

/// The choices of a list, each ticked as it was sent.
fn choices<'a>(all: impl Iterator<Item = (&'a str, &'a str)>, chosen: &str) -> Vec<Choice> {
    all.map(|(id, title)| Choice::new(id, title).chosen(chosen.split(' ').any(|c| c == id)))
        .collect()
}

/// The lists of the form: name, legend, hint.
const LISTS: [(&str, &str, &str); 3] = [
    (
        "places",
        "Which places? (optional)",
        "Choose none to get warnings for every place",
    ),
    (
        "interests",
        "What about? (optional)",
        "Choose none to get all",
    ),
    (
        "sectors",
        "Are you an organisation? (optional)",
        "Choose your kind to get warnings for it as well",
    ),
];

fn offered(portal: &Portal, list: &str, chosen: &str) -> Vec<Choice> {
    let audiences = &portal.site.audiences;
    let subjects = match list {
        "places" => {
            let places = audiences.places.iter();
            return choices(places.map(|p| (p.id.as_str(), p.title.as_str())), chosen);
        }
        "interests" => &audiences.interests,
        _ => &audiences.sectors,
    };
    choices(
        subjects.iter().map(|s| (s.id.as_str(), s.title.as_str())),
        chosen,
    )
}

/// What was sent, with lists as words between spaces, and nothing that is not offered.
fn filled(portal: &Portal, pairs: &Pairs) -> Filled {
    let mut filled = Filled::new();
    let email = value(pairs, "email").trim();
    if !email.is_empty() {
        filled.insert("email".to_owned(), email.to_owned());
    }
    for (list, ..) in LISTS {
        let sent = |id: &str| pairs.iter().any(|(n, v)| n == list && v == id);
        let ids: Vec<String> = offered(portal, list, "")
            .into_iter()
            .map(|c| c.value)
            .filter(|id| sent(id))
            .collect();
        if !ids.is_empty() {
            filled.insert(list.to_owned(), ids.join(" "));
        }
    }
    filled
}

/// A form with what was filled in so far.
struct Shown<'a> {
    filled: &'a Filled,
    errors: &'a FieldErrors,
    token: Option<String>,
    notice: Option<String>,
    status: StatusCode,
}

fn show(portal: &Portal, headers: &HeaderMap, shown: Shown<'_>) -> Response {
    let mut frame = frame(portal, headers, "Get warnings by email", PATH);
    frame.error_title = !shown.errors.is_empty();
    let held = |name: &str| shown.filled.get(name).map_or("", String::as_str);
    let email = Input::new("email", "Email address")
        .email()
        .value(held("email"))
        .autocomplete("email")
        .errors(shown.errors);
    let mut fields = vec![Html::of(&email)];
    for (list, legend, hint) in LISTS {
        let choices = offered(portal, list, held(list));
        fields.push(Html::of(
            &Checkboxes::new(list, legend, &choices).hint(hint).small(),
        ));
    }
    let page = SubscribePage {
        frame,
        fields,
        errors: shown.errors,
        token: shown.token.unwrap_or_else(|| portal.token(FORM)),
        notice: shown.notice,
    };
    answer::html(shown.status, &page)
}

/// `GET /subscribe`.
pub async fn form(State(portal): State<Arc<Portal>>, headers: HeaderMap) -> Response {
    let shown = Shown {
        filled: &Filled::new(),
        errors: &FieldErrors::new(),
        token: None,
        notice: None,
        status: StatusCode::OK,
    };
    show(&portal, &headers, shown)
}

/// `POST /subscribe`: sealed like every form. Nobody learns here whether an address is known.
pub async fn send(
    State(portal): State<Arc<Portal>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let pairs = match read(&portal, peer, &headers, &body) {
        Ok(pairs) => pairs,
        Err(response) => return *response,
    };
    let filled = filled(&portal, &pairs);
    let mut errors = FieldErrors::new();
    match filled.get("email") {
        None => errors.add("email", "Enter your email address"),
        Some(email) => {
            if let Some(fault) = email_fault(email) {
                errors.add("email", fault);
            }
        }
    }
    let sent = Sent {
        form: FORM,
        kind: SubmissionKind::Subscribe,
        body: &body,
        token: value(&pairs, "token"),
        filled: &filled,
        faulty: !errors.is_empty(),
    };
    match take(&portal, sent).await {
        Taken::Kept(_) => noted(
            &portal,
            &headers,
            (
                "Check your email",
                "If the address is right, a message from us arrives in a few minutes. Open it, follow the link and press the button. We send nothing before you do. You have two days.",
            ),
        ),
        Taken::NotKept => answer::not_kept(&portal.site),
        Taken::Again { token, notice } => {
            let shown = Shown {
                filled: &filled,
                errors: &errors,
                token,
                notice,
                status: StatusCode::UNPROCESSABLE_ENTITY,
            };
            show(&portal, &headers, shown)
        }
    }
}

fn noted(portal: &Portal, headers: &HeaderMap, (title, text): (&str, &str)) -> Response {
    let page = NotedPage {
        frame: frame(portal, headers, title, "/"),
        text,
    };
    answer::html(StatusCode::OK, &page)
}

/// Whether it can be a token of ours. Whether it is one, only the inside knows.
fn is_token(token: &str) -> bool {
    token.len() == 2 * TOKEN
        && token
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn button(
    portal: &Portal,
    headers: &HeaderMap,
    (step, token): (Step, &str),
    (form_token, notice): (Option<String>, Option<String>),
) -> Response {
    let (title, text, button) = step.words();
    let status = if notice.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let name = if step == Step::Confirm {
        "confirm"
    } else {
        "leave"
    };
    let page = ButtonPage {
        frame: frame(portal, headers, title, "/"),
        text,
        button,
        action: format!("{PATH}/{name}/{token}"),
        token: form_token.unwrap_or_else(|| portal.token(step.form())),
        notice,
    };
    answer::html(status, &page)
}

/// `GET /subscribe/{step}/{token}`: a page with one button. Programs that open every link in a message
/// confirm nothing and end nothing.
pub async fn step(
    State(portal): State<Arc<Portal>>,
    Path((step, token)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    match Step::of(&step).filter(|_| is_token(&token)) {
        Some(step) => button(&portal, &headers, (step, &token), (None, None)),
        None => answer::not_found(&portal.site),
    }
}

/// `POST /subscribe/{step}/{token}`.
pub async fn take_step(
    State(portal): State<Arc<Portal>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path((step, token)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(step) = Step::of(&step).filter(|_| is_token(&token)) else {
        return answer::not_found(&portal.site);
    };
    if step == Step::Leave && is_one_click(&headers, &body) {
        return one_click(&portal, peer, &headers, &token).await;
    }
    let pairs = match read(&portal, peer, &headers, &body) {
        Ok(pairs) => pairs,
        Err(response) => return *response,
    };
    let sent = Sent {
        form: step.form(),
        kind: step.kind(),
        body: &body,
        token: value(&pairs, "token"),
        filled: &Filled::from([("token".to_owned(), token.clone())]),
        faulty: false,
    };
    match take(&portal, sent).await {
        Taken::Kept(_) => noted(&portal, &headers, step.done()),
        Taken::NotKept => answer::not_kept(&portal.site),
        Taken::Again {
            token: form_token,
            notice,
        } => button(&portal, &headers, (step, &token), (form_token, notice)),
    }
}

/// What a mail program sends for its own "unsubscribe" button (RFC 8058, section 3.2): in either kind of form.
fn is_one_click(headers: &HeaderMap, body: &[u8]) -> bool {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok());
    let text = String::from_utf8_lossy(body);
    match kind {
        Some(kind) if kind.starts_with("application/x-www-form-urlencoded") => {
            text.trim() == "List-Unsubscribe=One-Click"
        }
        Some(kind) if kind.starts_with("multipart/form-data") => {
            text.len() < 2_000
                && text.contains("name=\"List-Unsubscribe\"")
                && text.contains("One-Click")
        }
        _ => false,
    }
}

/// Ends a subscription without a form of ours: the token in the address is what shows the right to.
async fn one_click(
    portal: &Portal,
    peer: SocketAddr,
    headers: &HeaderMap,
    token: &str,
) -> Response {
    let from = Block::of(visitor(peer, headers, portal.run.behind_proxy));
    if !portal.flood.admits(from) {
        return answer::too_many(&portal.site);
    }
    // The same for the same link, so that a program that tries again leaves one file.
    let mut nonce = [0; 16];
    nonce.copy_from_slice(&token.as_bytes()[..16]);
    let id = submit::id(&portal.tokens.derive(b"one-click", nonce));
    let filled = Filled::from([("token".to_owned(), token.to_owned())]);
    let at = (portal.run.now)();
    let kind = SubmissionKind::LeaveSubscription;
    match portal
        .sealer
        .seal(id, kind, at, String::new(), filled)
        .await
    {
        Ok(()) => (StatusCode::OK, "We delete the address.\n").into_response(),
        Err(error) => {
            tracing::error!(%error, "a submission could not be kept");
            answer::not_kept(&portal.site)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_one_click() {
        assert!(is_token(&"0af9".repeat(16)));
        for bad in [
            "",
            &"0AF9".repeat(16),
            &"0af9".repeat(15),
            &"../a".repeat(16),
        ] {
            assert!(!is_token(bad), "{bad}");
        }
        let of = |kind: &str| HeaderMap::from_iter([(header::CONTENT_TYPE, kind.parse().unwrap())]);
        let form = of("application/x-www-form-urlencoded");
        assert!(is_one_click(&form, b"List-Unsubscribe=One-Click"));
        assert!(!is_one_click(&form, b"List-Unsubscribe=One-Click&token=x"));
        let parts = of("multipart/form-data; boundary=b");
        let body = b"--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--";
        assert!(is_one_click(&parts, body));
        assert!(!is_one_click(
            &of("text/plain"),
            b"List-Unsubscribe=One-Click"
        ));
    }
}
