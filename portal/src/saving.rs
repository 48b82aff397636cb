//! Pages of save and return: `POST /help/{form}/save`, and `/help/return` where the code is typed.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use parts::{FieldErrors, Html, Input};

use crate::answer;
use crate::drafts::{Code, Draft, Drafts, NotKept};
use crate::forms::FormOf;
use crate::pages::{ReturnPage, SavedPage};
use crate::requests::{form_of, frame, opened_form, read, shown_again, value};
use crate::router::{Portal, random};
use crate::token::Presented;

/// Address of the page that takes a code.
pub const PATH: &str = "/help/return";

/// What a hidden field of a form that was saved holds: its code, so that sending lets the draft go.
pub const FIELD: &str = "draft";

/// Runs what waits for the disk where nobody else waits for it.
async fn aside<T: Send + 'static>(
    drafts: &Drafts,
    work: impl FnOnce(Drafts) -> T + Send + 'static,
) -> std::io::Result<T> {
    let drafts = drafts.clone();
    tokio::task::spawn_blocking(move || work(drafts))
        .await
        .map_err(std::io::Error::other)
}

/// Why a form is to be saved once more: with this token or a new one, and in words.
type Refusal = (Option<String>, String);

/// Whether a form may be saved now. It takes what sending takes: a form that was opened here and has
/// been open for a few seconds. A draft that is saved again is none more; each token begins a few, and
/// is named where it has begun one.
fn admit(
    portal: &Portal,
    form: &FormOf,
    token: &str,
    is_kept: bool,
) -> Result<Option<[u8; 16]>, Refusal> {
    let now = (portal.run.elapsed)();
    let least = portal.flood.least(now);
    match portal.tokens.present(form.id, token, b"", now, least) {
        Presented::Good(_) if is_kept => Ok(None),
        Presented::Good(nonce) if portal.tokens.may_save(nonce, now) => Ok(Some(nonce)),
        Presented::Early(seconds) => {
            let unit = if seconds == 1 { "second" } else { "seconds" };
            let told =
                format!("It is not saved yet. Wait {seconds} {unit}, then press the button again.");
            Err((Some(token.to_owned()), told))
        }
        Presented::Good(_) | Presented::Again(_) | Presented::Used => Err((None, USED.to_owned())),
        Presented::Old => Err((None, OLD.to_owned())),
    }
}

const USED: &str = "You have saved or sent this form already. To save it under one more code, wait a \
    few seconds, then press the button again.";
const OLD: &str = "It is not saved yet, because the page was open for a long time. Wait a few \
    seconds, then press the button again.";

/// `POST /help/{form}/save`: sealed under a new code, or under the one it was saved under before.
pub async fn save(
    State(portal): State<Arc<Portal>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = form_of(&id).filter(|f| f.can_wait());
    let (Some(form), Some(drafts)) = (form, &portal.drafts) else {
        return answer::not_found(&portal.site);
    };
    let pairs = match read(&portal, peer, &headers, &body) {
        Ok(pairs) => pairs,
        Err(response) => return *response,
    };
    let typed = value(&pairs, FIELD).to_owned();
    let is_kept = match kept(drafts, &typed).await {
        Ok(kept) => kept,
        Err(error) => return not_saved(&portal, &NotKept::Disk(error)),
    };
    let begun = match admit(&portal, form, value(&pairs, "token"), is_kept) {
        Ok(begun) => begun,
        Err(refusal) => {
            return shown_again(&portal, &headers, form, &form.fill(pairs), &typed, refusal);
        }
    };
    let code = match (Code::read(&typed), random()) {
        (Some(code), _) => code,
        (None, Ok(bytes)) => Code::new(&bytes),
        (None, Err(error)) => return not_saved(&portal, &NotKept::Disk(error)),
    };
    let draft = Draft {
        form: form.id.to_owned(),
        fields: form.fill(pairs),
    };
    let halves = code.halves();
    let put = aside(drafts, move |drafts| drafts.put(&code, &draft)).await;
    match put.map_err(NotKept::Disk).flatten() {
        Ok(()) => {
            let page = SavedPage {
                frame: frame(&portal, &headers, "Your form is saved", &form.path()),
                halves,
                days: drafts.days(),
            };
            answer::html(StatusCode::OK, &page)
        }
        Err(error) => {
            begun
                .into_iter()
                .for_each(|nonce| portal.tokens.not_saved(nonce));
            not_saved(&portal, &error)
        }
    }
}

/// Whether what was typed is the code of a draft that is kept.
async fn kept(drafts: &Drafts, typed: &str) -> std::io::Result<bool> {
    match Code::read(typed) {
        Some(code) => aside(drafts, move |drafts| drafts.holds(&code))
            .await
            .flatten(),
        None => Ok(false),
    }
}

fn not_saved(portal: &Portal, error: &NotKept) -> Response {
    // The error names files and the disk, never what was written.
    tracing::error!(%error, "a draft could not be kept");
    let lines = [
        "We could not save the form. This website has no copy of it.",
        "Go back: what you typed may still be there. Send it now, or write it down.",
    ];
    answer::problem(
        &portal.site,
        StatusCode::SERVICE_UNAVAILABLE,
        "Sorry, there is a problem with the service",
        &lines,
    )
}

/// `GET /help/return`.
pub async fn ask(State(portal): State<Arc<Portal>>, headers: HeaderMap) -> Response {
    if portal.drafts.is_none() {
        return answer::not_found(&portal.site);
    }
    asked(&portal, &headers, "", &FieldErrors::new())
}

fn asked(portal: &Portal, headers: &HeaderMap, typed: &str, errors: &FieldErrors) -> Response {
    let mut frame = frame(portal, headers, "Go back to a form you saved", PATH);
    frame.error_title = !errors.is_empty();
    let input = Input::new("code", "Your code")
        .hint("For example ABCD-EFGH-JKLM-NPQR")
        .value(typed);
    let page = ReturnPage {
        frame,
        field: Html::of(&input.errors(errors)),
        errors,
    };
    let status = if errors.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    answer::html(status, &page)
}

/// `POST /help/return`: the form as it was saved. It stays saved until it is sent, or too old.
pub async fn open(
    State(portal): State<Arc<Portal>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(drafts) = &portal.drafts else {
        return answer::not_found(&portal.site);
    };
    let pairs = match read(&portal, peer, &headers, &body) {
        Ok(pairs) => pairs,
        Err(response) => return *response,
    };
    let typed = value(&pairs, "code");
    let mut errors = FieldErrors::new();
    let Some(code) = Code::read(typed) else {
        errors.add("code", "Enter the code of 16 letters and numbers");
        return asked(&portal, &headers, typed, &errors);
    };
    let now = (portal.run.now)();
    let shown = code.show();
    let found = aside(drafts, move |drafts| drafts.get(&code, now)).await;
    match found.flatten() {
        Ok(Some(draft)) => match form_of(&draft.form) {
            Some(form) => opened_form(&portal, &headers, form, &draft.fields, &shown),
            None => answer::not_found(&portal.site),
        },
        Ok(None) => {
            let days = drafts.days();
            errors.add(
                "code",
                format!(
                    "We have no form with this code. Check the code. A form goes when it is sent, and after {days} days"
                ),
            );
            asked(&portal, &headers, typed, &errors)
        }
        Err(error) => {
            tracing::error!(%error, "a draft could not be opened");
            let lines = ["We could not open the form you saved. Start again, or call us."];
            answer::problem(
                &portal.site,
                StatusCode::SERVICE_UNAVAILABLE,
                "Sorry, there is a problem with the service",
                &lines,
            )
        }
    }
}

/// Lets the draft of a form go that was just sent. A draft that stays goes by itself.
pub async fn sent(portal: &Portal, code: &str) {
    let (Some(drafts), Some(code)) = (&portal.drafts, Code::read(code)) else {
        return;
    };
    let removed = aside(drafts, move |drafts| drafts.remove(&code)).await;
    if let Err(error) = removed.flatten() {
        tracing::warn!(%error, "a draft could not be removed after its form was sent");
    }
}
