//! Pages that take something: requests, checks and the cookie choice.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use parts::{CharacterCount, Choice, FieldErrors, Hidden, Html, Input, Radios};
use record::assessment::{ANSWERS, Outcome, QuestionSet, Verdict};
use std::net::SocketAddr;

use crate::answer;
use crate::cookies::{self, Chosen};
use crate::flood::{Block, visitor};
use crate::forms::{Ask, FORMS, Field, Filled, FormOf};
use crate::pages::{CheckPage, CookiesPage, Done, FormPage, Frame, ResultPage};
use crate::router::Portal;
use crate::saving;
use crate::submit;
use crate::taking::{Sent, Taken, take};

type Pairs = Vec<(String, String)>;

pub(crate) fn form_of(id: &str) -> Option<&'static FormOf> {
    FORMS.iter().find(|f| f.id == id)
}

/// Reads a form, or answers in plain words why it is not taken.
pub(crate) fn read(
    portal: &Portal,
    peer: SocketAddr,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Pairs, Box<Response>> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok());
    if !kind.is_some_and(|k| k.starts_with("application/x-www-form-urlencoded")) {
        return Err(Box::new(answer::no_files(&portal.site)));
    }
    let from = Block::of(visitor(peer, headers, portal.run.behind_proxy));
    if !portal.flood.admits(from) {
        return Err(Box::new(answer::too_many(&portal.site)));
    }
    serde_html_form::from_bytes(body).map_err(|_| {
        let lines = ["The form could not be read. Go back, reload the page and send it again."];
        Box::new(answer::problem(
            &portal.site,
            StatusCode::BAD_REQUEST,
            "This did not work",
            &lines,
        ))
    })
}

pub(crate) fn value<'a>(pairs: &'a Pairs, name: &str) -> &'a str {
    pairs
        .iter()
        .find(|(n, _)| n == name)
        .map_or("", |(_, v)| v.as_str())
}

/// The frame of a page that takes something; it asks about the cookie until there is a choice.
pub(crate) fn frame(portal: &Portal, headers: &HeaderMap, title: &str, path: &str) -> Frame {
    let ask = Chosen::read(headers).choice.is_none();
    Frame::new(&portal.site.look, title, path, ask)
}

/// A form with what was filled in so far.
struct Shown<'a> {
    form: &'static FormOf,
    filled: &'a Filled,
    errors: &'a FieldErrors,
    token: Option<String>,
    notice: Option<String>,
    /// Code of the draft it was saved as; empty when it was not.
    draft: &'a str,
    status: StatusCode,
}

fn show(portal: &Portal, headers: &HeaderMap, shown: Shown<'_>) -> Response {
    let mut frame = frame(portal, headers, shown.form.title, &shown.form.path());
    frame.error_title = !shown.errors.is_empty();
    let fields = shown.form.fields.iter();
    let page = FormPage {
        frame,
        form: shown.form,
        fields: fields
            .map(|f| field(f, shown.filled, shown.errors))
            .collect(),
        errors: shown.errors,
        token: shown.token.unwrap_or_else(|| portal.token(shown.form.id)),
        notice: shown.notice,
        check: shown.filled.get("check").cloned().unwrap_or_default(),
        can_save: portal.drafts.is_some() && shown.form.can_wait(),
        draft: shown.draft.to_owned(),
    };
    answer::html(shown.status, &page)
}

fn field(field: &Field, filled: &Filled, errors: &FieldErrors) -> Html {
    let value = filled.get(field.name).map_or("", String::as_str);
    let input = || {
        let input = Input::new(field.name, field.label)
            .value(value)
            .hint(field.hint)
            .errors(errors);
        match field.autocomplete {
            "" => input,
            purpose => input.autocomplete(purpose),
        }
    };
    match field.ask {
        Ask::Line => Html::of(&input()),
        Ask::Phone => Html::of(&input().tel()),
        Ask::Email => Html::of(&input().email()),
        Ask::Text => {
            let area = CharacterCount::new(field.name, field.label, field.longest);
            Html::of(&area.value(value).hint(field.hint).errors(errors))
        }
        Ask::Choice(choices) => {
            let choices: Vec<Choice> = choices.iter().map(|(v, t)| Choice::new(*v, *t)).collect();
            let radios = Radios::new(field.name, field.label, &choices).chosen(value);
            Html::of(&radios.hint(field.hint).errors(errors))
        }
        Ask::Hidden if value.is_empty() => Html::default(),
        Ask::Hidden => Html::of(&Hidden::new(field.name, value)),
    }
}

/// `GET /help/{form}`.
pub async fn form(
    State(portal): State<Arc<Portal>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Some(form) = form_of(&id) else {
        return answer::not_found(&portal.site);
    };
    opened_form(&portal, &headers, form, &Filled::new(), "")
}

/// A form as it is opened: empty, begun elsewhere, or saved under the code `draft`.
pub(crate) fn opened_form(
    portal: &Portal,
    headers: &HeaderMap,
    form: &'static FormOf,
    filled: &Filled,
    draft: &str,
) -> Response {
    let saved = (!draft.is_empty()).then_some("This is what you saved. It is not sent yet.");
    let shown = Shown {
        form,
        filled,
        errors: &FieldErrors::new(),
        token: None,
        notice: saved.map(str::to_owned),
        draft,
        status: StatusCode::OK,
    };
    show(portal, headers, shown)
}

/// A form that is to be sent or saved once more, with everything that was typed, and why.
pub(crate) fn shown_again(
    portal: &Portal,
    headers: &HeaderMap,
    form: &'static FormOf,
    filled: &Filled,
    draft: &str,
    (token, notice): (Option<String>, String),
) -> Response {
    let shown = Shown {
        form,
        filled,
        errors: &FieldErrors::new(),
        token,
        notice: Some(notice),
        draft,
        status: StatusCode::UNPROCESSABLE_ENTITY,
    };
    show(portal, headers, shown)
}

/// `POST /help/organisation/from-check`: the form for help, with a check's answers in it.
pub async fn from_check(
    State(portal): State<Arc<Portal>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let pairs = match read(&portal, peer, &headers, &body) {
        Ok(pairs) => pairs,
        Err(response) => return *response,
    };
    match form_of("organisation") {
        Some(form) => {
            let mut filled = form.fill(pairs);
            filled.retain(|name, _| name == "check" || name == "answers");
            filled.insert("urgency".to_owned(), "check".to_owned());
            opened_form(&portal, &headers, form, &filled, "")
        }
        None => answer::not_found(&portal.site),
    }
}

/// `POST /help/{form}`: checked, sealed, put into the box, and only then thanked for.
pub async fn send(
    State(portal): State<Arc<Portal>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(form) = form_of(&id) else {
        return answer::not_found(&portal.site);
    };
    let pairs = match read(&portal, peer, &headers, &body) {
        Ok(pairs) => pairs,
        Err(response) => return *response,
    };
    let token = value(&pairs, "token").to_owned();
    let draft = value(&pairs, saving::FIELD).to_owned();
    let filled = form.fill(pairs);
    let errors = form.check(&filled);
    let sent = Sent {
        form: form.id,
        kind: form.kind,
        body: &body,
        token: &token,
        filled: &filled,
        faulty: !errors.is_empty(),
    };
    match take(&portal, sent).await {
        Taken::Kept(nonce) => {
            saving::sent(&portal, &draft).await;
            done(&portal, &headers, form, nonce)
        }
        Taken::NotKept => answer::not_kept(&portal.site),
        Taken::Again { token, notice } => {
            let shown = Shown {
                form,
                filled: &filled,
                errors: &errors,
                token,
                notice,
                draft: &draft,
                status: StatusCode::UNPROCESSABLE_ENTITY,
            };
            show(&portal, &headers, shown)
        }
    }
}

fn done(portal: &Portal, headers: &HeaderMap, form: &FormOf, nonce: [u8; 16]) -> Response {
    let page = Done {
        frame: frame(portal, headers, "We have received it", "/"),
        reference: submit::reference(&portal.tokens.derive(b"reference", nonce)),
        next: form.next,
    };
    answer::html(StatusCode::OK, &page)
}

/// `GET /business/{check}`.
pub async fn check(
    State(portal): State<Arc<Portal>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    match portal.site.checks.iter().find(|c| c.id == id) {
        Some(check) => questions(&portal, &headers, check, &Vec::new(), &FieldErrors::new()),
        None => answer::not_found(&portal.site),
    }
}

fn questions(
    portal: &Portal,
    headers: &HeaderMap,
    check: &QuestionSet,
    pairs: &Pairs,
    errors: &FieldErrors,
) -> Response {
    let choices = ANSWERS.map(|(v, t)| Choice::new(v, t));
    let one = |q: &record::assessment::Question| {
        let chosen = value(pairs, &q.id);
        Html::of(
            &Radios::new(&q.id, &q.text, &choices)
                .chosen(chosen)
                .errors(errors)
                .inline(),
        )
    };
    let path = format!("/business/{}", check.id);
    let mut frame =
        frame(portal, headers, &check.title, &path).back("/business", "Help for organisations");
    frame.error_title = !errors.is_empty();
    let status = if errors.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let fields = check.questions.iter().map(one).collect();
    answer::html(
        status,
        &CheckPage {
            frame,
            check,
            fields,
            errors,
        },
    )
}

/// `POST /business/{check}`: the result on the screen. Nothing is kept.
pub async fn judge(
    State(portal): State<Arc<Portal>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(check) = portal.site.checks.iter().find(|c| c.id == id) else {
        return answer::not_found(&portal.site);
    };
    let pairs = match read(&portal, peer, &headers, &body) {
        Ok(pairs) => pairs,
        Err(response) => return *response,
    };
    let outcome = match check.judge(|id| Some(value(&pairs, id).to_owned())) {
        Ok(outcome) => outcome,
        Err(missing) => {
            let mut errors = FieldErrors::new();
            for id in missing {
                let text = check
                    .questions
                    .iter()
                    .find(|q| q.id == id)
                    .map_or("", |q| q.text.as_str());
                errors.add(id, format!("Choose an answer: {text}"));
            }
            return questions(&portal, &headers, check, &pairs, &errors);
        }
    };
    let verdict = outcome.verdict().title();
    let path = format!("/business/{}", check.id);
    let page = ResultPage {
        frame: frame(&portal, &headers, verdict, &path).back(&path, "Do the check again"),
        check,
        line: outcome.line(),
        outcome: &outcome,
        verdict,
        explained: explained(&outcome),
        pdf: documents::BUILT.then(|| format!("{path}/pdf")),
    };
    answer::html(StatusCode::OK, &page)
}

/// What the verdict means for whoever did the check.
pub(crate) fn explained(outcome: &Outcome) -> &'static str {
    match outcome.verdict() {
        Verdict::NotReady => {
            "At least one answer would fail an assessment by itself. Put that right first."
        }
        Verdict::WellPrepared => {
            "Everything you were asked about is in place. Do the check again in six months."
        }
        Verdict::ToPutRight => "You have made a start. Begin at the top of the list.",
    }
}

/// `GET /cookies`, and after a choice `GET /cookies?saved=yes&back=/advice`.
pub async fn cookies_page(
    State(portal): State<Arc<Portal>>,
    uri: axum::http::Uri,
    headers: HeaderMap,
) -> Response {
    let Some(article) = portal.site.content.find(false, "cookies") else {
        return answer::not_found(&portal.site);
    };
    let query: Pairs =
        serde_html_form::from_str(uri.query().unwrap_or_default()).unwrap_or_default();
    let chosen = Chosen::read(&headers).choice;
    let notice = match (value(&query, "saved"), chosen) {
        ("yes", Some(true)) => Some((
            true,
            "You have accepted the cookie. You can change this at any time.",
        )),
        ("no", Some(false)) => Some((
            true,
            "You have rejected the cookie. You can change this at any time.",
        )),
        ("yes" | "no", _) => Some((
            false,
            "We could not save your choice: your browser does not keep our cookie. No optional cookie is set, and everything works. You can try again.",
        )),
        _ => None,
    };
    let choices = [
        Choice::new("yes", "Yes, set the cookie"),
        Choice::new("no", "No, do not set it"),
    ];
    let now = match chosen {
        Some(true) => "yes",
        Some(false) => "no",
        None => "",
    };
    let legend = "May we set a cookie that tells us whether you have been here before?";
    let page = CookiesPage {
        // The page asks by itself.
        frame: Frame::new(&portal.site.look, &article.head.title, "/cookies", false),
        article,
        radios: Radios::new("cookies", legend, &choices).chosen(now),
        notice,
        back: own_path(&portal, value(&query, "back")),
    };
    answer::html(StatusCode::OK, &page)
}

/// An address of ours and no other: what a visitor is sent back to.
fn own_path(portal: &Portal, path: &str) -> String {
    let known = portal.site.pages.contains_key(path)
        || path == "/alerts"
        || path == crate::subscribe::PATH
        || path == saving::PATH
        || FORMS.iter().any(|f| f.path() == path)
        || portal
            .site
            .checks
            .iter()
            .any(|c| path == format!("/business/{}", c.id));
    if known {
        path.to_owned()
    } else {
        String::new()
    }
}

/// `POST /cookies`.
pub async fn choose(
    State(portal): State<Arc<Portal>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let pairs = match read(&portal, peer, &headers, &body) {
        Ok(pairs) => pairs,
        Err(response) => return *response,
    };
    let yes = match value(&pairs, "cookies") {
        "yes" => true,
        "no" => false,
        _ => return Redirect::to("/cookies").into_response(),
    };
    let saved = if yes { "yes" } else { "no" };
    let back = own_path(&portal, value(&pairs, "back"));
    let mut response = Redirect::to(&format!("/cookies?saved={saved}&back={back}")).into_response();
    cookies::keep(response.headers_mut(), yes, portal.run.secure_cookies);
    response
}
