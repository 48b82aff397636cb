//! Signing in: password, then a code from the person's authenticator app; and signing out.
//!
//! *Who uses it*: everybody. *What it decides*: who somebody is, never what they may do.
//! Repeated failures lock an account for a time that doubles; the page says the same whether the
//! user name exists or not.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{MethodRouter, get, post};
use record::access::{Act, ActKind, Resource};
use record::ids::ActorId;
use record::time::Timestamp;
use serde::Deserialize;
use store::Sql;
use totp_rs::{Builder, Secret, Totp};

use crate::app::App;
use crate::error::Error;
use crate::form::Form;
use crate::identify::{self, SignedIn};
use crate::parts;
use crate::register::{new_secret, verify_password};
use crate::render::{html, html_with};

pub const SIGN_IN: Act = Act::new("session.start", ActKind::Access, "Sign in");
pub const SIGN_OUT: Act = Act::new("session.end", ActKind::Access, "Sign out");
pub const ENROL: Act = Act::new("session.enrol", ActKind::Access, "Set up a second factor");

pub(crate) const ACTS: &[Act] = &[identify::IDENTIFY, SIGN_IN, SIGN_OUT, ENROL];

/// `policy/access/sign-in.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInPolicy {
    /// Whether everybody must use an authenticator app.
    pub second_factor: SecondFactor,
    /// A session ends when nothing was asked for this long.
    pub idle_minutes: i64,
    /// And in any case after this long.
    pub longest_hours: i64,
    /// Failures in a row that lock an account for the first time.
    pub failures_before_lock: i64,
    /// The first lock; each further failure doubles it.
    pub first_lock_minutes: i64,
    pub longest_lock_minutes: i64,
    /// Purposes a person chooses from, once for the session (Data Protection Act 2018, s.36).
    pub purposes: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondFactor {
    Required,
    Optional,
}

/// Cookie between the password and the code: who, for a few minutes, sealed.
pub(crate) const PENDING: &str = "fourfold-pending";
pub(crate) const PENDING_MINUTES: i64 = 5;

/// Said at the purpose; every other problem is said at the user name.
const NO_PURPOSE: &str = "Choose what you are signing in for";

pub(crate) fn routes() -> Vec<(&'static str, MethodRouter<App>)> {
    vec![
        ("/sign-in", get(page).post(submit)),
        ("/sign-in/code", get(code_page).post(code_submit)),
        ("/sign-in/set-up", get(enrol_page).post(enrol_submit)),
        ("/sign-out", post(sign_out)),
    ]
}

#[derive(Template)]
#[template(path = "sign_in/password.html")]
struct PasswordPage {
    page: parts::Page,
    username: String,
    next: String,
    purpose: String,
    purposes: Vec<String>,
    demonstration: bool,
    problem: String,
    /// The field the problem is said at.
    field: &'static str,
}

impl PasswordPage {
    /// Whether the problem is said at this field.
    fn at(&self, field: &str) -> bool {
        !self.problem.is_empty() && self.field == field
    }
}

#[derive(Template)]
#[template(path = "sign_in/code.html")]
struct CodePage {
    page: parts::Page,
    problem: String,
}

#[derive(Template)]
#[template(path = "sign_in/set_up.html")]
struct SetUpPage {
    page: parts::Page,
    secret: String,
    address: String,
    problem: String,
}

#[derive(Debug, Default, Deserialize)]
struct NextQuery {
    #[serde(default)]
    next: String,
}

/// Only a path of this site may follow a sign-in.
pub(crate) fn safe_next(next: &str) -> &str {
    let path = next.starts_with('/') && !next.starts_with("//") && !next.starts_with("/\\");
    if path && !next.starts_with("/sign-") {
        next
    } else {
        "/"
    }
}

async fn page(
    State(app): State<App>,
    who: Option<axum::Extension<SignedIn>>,
    Query(query): Query<NextQuery>,
) -> Result<Response, Error> {
    if who.is_some() {
        return Ok(Redirect::to(safe_next(&query.next)).into_response());
    }
    html(&password_page(&app, "", safe_next(&query.next), "", ""))
}

fn password_page(app: &App, user: &str, next: &str, purpose: &str, problem: &str) -> PasswordPage {
    let mut page = identify::plain_page(app, "Sign in").narrow();
    page.error_title = !problem.is_empty();
    PasswordPage {
        page,
        username: user.to_owned(),
        next: next.to_owned(),
        purpose: purpose.to_owned(),
        purposes: app.sign_in().purposes.clone(),
        demonstration: app.is_demonstration(),
        problem: problem.to_owned(),
        field: if problem == NO_PURPOSE {
            "purpose"
        } else {
            "user"
        },
    }
}

#[derive(Deserialize)]
struct PasswordForm {
    #[serde(default)]
    user: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    purpose: String,
    #[serde(default)]
    next: String,
}

/// A person as far as signing in needs.
struct Person {
    id: ActorId,
    name: String,
    password: String,
    totp_secret: Option<String>,
    totp_step: i64,
    failures: i64,
    locked_until: Option<Timestamp>,
}

async fn find(app: &App, column: &'static str, key: store::Value) -> Result<Option<Person>, Error> {
    let grant = app
        .system()
        .permit(&identify::IDENTIFY, &Resource::of("session", ""), "")?;
    let mut db = app.store().read(&grant).await?;
    let now = app.now();
    let sql = Sql::new(
        "select id, name, password, totp_secret, totp_step, failures, locked_until \
         from access_person where ",
    )
    .then(column)
    .with(
        " = ? and active_from <= ? and (active_until is null or active_until > ?)",
        [key, now.into(), now.into()],
    );
    let Some(row) = db.first(sql).await? else {
        return Ok(None);
    };
    Ok(Some(Person {
        id: row.get("id")?,
        name: row.get("name")?,
        password: row.get("password")?,
        totp_secret: row.get("totp_secret")?,
        totp_step: row.get("totp_step")?,
        failures: row.get("failures")?,
        locked_until: row.get("locked_until")?,
    }))
}

async fn submit(State(app): State<App>, Form(form): Form<PasswordForm>) -> Result<Response, Error> {
    let user = form.user.trim().to_lowercase();
    let again = "Enter your username and password again";
    let refuse = |problem: &str| {
        let page = password_page(
            &app,
            &form.user,
            safe_next(&form.next),
            &form.purpose,
            problem,
        );
        html_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
    };
    if user.is_empty() || form.password.is_empty() {
        return refuse("Enter your username and password");
    }
    if !app.sign_in().purposes.contains(&form.purpose) {
        return refuse(NO_PURPOSE);
    }
    let person = find(&app, "username", user.as_str().into()).await?;
    // The same work whether the name exists or not, so that time tells nothing.
    let hash = person
        .as_ref()
        .map_or_else(|| ABSENT.to_owned(), |p| p.password.clone());
    let password = form.password.clone();
    let matches = tokio::task::spawn_blocking(move || verify_password(&password, &hash))
        .await
        .map_err(|e| Error::internal(&e))?;
    let Some(person) = person else {
        note_failure(&app, None, &user).await?;
        return refuse(again);
    };
    if let Some(until) = person.locked_until
        && until > app.now()
    {
        return refuse("This account is locked for a while after failed attempts. Try again later");
    }
    if !matches {
        note_failure(&app, Some(&person), &user).await?;
        return refuse(again);
    }
    let required = app.sign_in().second_factor == SecondFactor::Required;
    if person.totp_secret.is_none() && (!required || app.is_demonstration()) {
        return start(&app, &person, &form.purpose, safe_next(&form.next), None).await;
    }
    let pending = format!("{}|{}|{}", person.id, form.purpose, safe_next(&form.next));
    let to = if person.totp_secret.is_some() {
        "/sign-in/code"
    } else {
        "/sign-in/set-up"
    };
    let mut response = Redirect::to(to).into_response();
    let cookie = identify::seal(&app, PENDING, &pending, app.now());
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

/// A hash no password matches, of the same cost as a real one.
const ABSENT: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$\
    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Counts a failure, locks when there were too many, and enters the attempt in the ledger.
async fn note_failure(app: &App, person: Option<&Person>, user: &str) -> Result<(), Error> {
    let system = app.system();
    let grant = system.permit(&SIGN_IN, &Resource::of("person", user), "failed")?;
    let policy = app.sign_in();
    let change = person.map(|p| {
        let failures = p.failures + 1;
        let beyond = failures - policy.failures_before_lock;
        let lock = (beyond >= 0).then(|| {
            let doubled = policy
                .first_lock_minutes
                .saturating_mul(1 << beyond.clamp(0, 20));
            app.now()
                .plus_minutes(doubled.min(policy.longest_lock_minutes))
        });
        (p.id, failures, lock)
    });
    app.store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                if let Some((id, failures, lock)) = change {
                    let sql = Sql::new("update access_person set ").with(
                        "failures = ?, locked_until = ? where id = ?",
                        [failures.into(), lock.into(), id.into()],
                    );
                    tx.run(sql).await?;
                }
                Ok(())
            })
        })
        .await?;
    Ok(())
}

/// Starts a session: a new secret each time, so that no earlier cookie is ever worth anything.
async fn start(
    app: &App,
    person: &Person,
    purpose: &str,
    next: &str,
    totp: Option<(i64, Option<String>)>,
) -> Result<Response, Error> {
    // Setting up a second factor also signs in; the entry says which it was.
    let act = match &totp {
        Some((_, Some(_))) => &ENROL,
        _ => &SIGN_IN,
    };
    let grant = app.system().permit(
        act,
        &Resource::of("person", person.id.to_string()),
        &format!("signed in: {}", person.name),
    )?;
    let (secret, digest) = new_secret()?;
    let (csrf, _) = new_secret()?;
    let (id, purpose) = (person.id, purpose.to_owned());
    let longest = app.sign_in().longest_hours * 60;
    app.store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                let now = tx.now();
                let row = vec![
                    digest.into(),
                    id.into(),
                    csrf.into(),
                    purpose.into(),
                    now.into(),
                    now.plus_minutes(longest).into(),
                ];
                let columns = &[
                    "token",
                    "person",
                    "csrf",
                    "purpose",
                    "started_at",
                    "expires_at",
                ];
                tx.insert(
                    "access_session",
                    columns,
                    vec![row],
                    store::OnConflict::Fail,
                )
                .await?;
                let sql = Sql::new("update access_person set failures = 0, locked_until = null ")
                    .with("where id = ?", [id.into()]);
                tx.run(sql).await?;
                let Some((step, enrolled)) = totp else {
                    return Ok(());
                };
                // The step is kept only if it is later than the last one used: a code works once.
                let sql = Sql::new("update access_person set ").with(
                    "totp_step = ? where id = ? and totp_step < ?",
                    [step.into(), id.into(), step.into()],
                );
                if tx.run(sql).await? == 0 {
                    return Err(store::Error::Conflict);
                }
                if let Some(secret) = enrolled {
                    let sql = Sql::new("update access_person set ")
                        .with("totp_secret = ? where id = ?", [secret.into(), id.into()]);
                    tx.run(sql).await?;
                }
                Ok(())
            })
        })
        .await?;
    let mut response = Redirect::to(next).into_response();
    response
        .headers_mut()
        .append(header::SET_COOKIE, identify::session_cookie(app, &secret));
    response
        .headers_mut()
        .append(header::SET_COOKIE, identify::forget(app, PENDING));
    Ok(response)
}

/// Who gave a right password a moment ago.
async fn pending(app: &App, headers: &HeaderMap) -> Result<(Person, String, String), Error> {
    let again = || Error::SignIn {
        next: "/".to_owned(),
    };
    let (at, value) = identify::unseal(app, headers, PENDING).ok_or_else(again)?;
    if app.now().minutes_since(at) >= PENDING_MINUTES {
        return Err(again());
    }
    let mut fields = value.splitn(3, '|');
    let id: ActorId = fields
        .next()
        .and_then(|f| f.parse().ok())
        .ok_or_else(again)?;
    let purpose = fields.next().unwrap_or_default().to_owned();
    let next = fields.next().unwrap_or("/").to_owned();
    let person = find(app, "id", id.into()).await?.ok_or_else(again)?;
    Ok((person, purpose, next))
}

async fn code_page(State(app): State<App>, headers: HeaderMap) -> Result<Response, Error> {
    pending(&app, &headers).await?;
    html(&CodePage {
        page: identify::plain_page(&app, "Enter your code").narrow(),
        problem: String::new(),
    })
}

#[derive(Deserialize)]
struct CodeForm {
    #[serde(default)]
    code: String,
    #[serde(default)]
    secret: String,
}

async fn code_submit(
    State(app): State<App>,
    headers: HeaderMap,
    Form(form): Form<CodeForm>,
) -> Result<Response, Error> {
    let (person, purpose, next) = pending(&app, &headers).await?;
    let locked = person.locked_until.is_some_and(|until| until > app.now());
    let step = person
        .totp_secret
        .as_deref()
        .and_then(|secret| check_code(secret, &form.code, app.now()))
        .filter(|step| *step > person.totp_step && !locked);
    let Some(step) = step else {
        note_failure(&app, Some(&person), &person.id.to_string()).await?;
        let mut page = identify::plain_page(&app, "Enter your code").narrow();
        page.error_title = true;
        let problem = "Enter the newest code from your authenticator app".to_owned();
        return html_with(
            StatusCode::UNPROCESSABLE_ENTITY,
            &CodePage { page, problem },
        );
    };
    start(&app, &person, &purpose, &next, Some((step, None))).await
}

fn totp(secret: &str, account: &str) -> Option<Totp> {
    let secret = Secret::try_from_base32(secret).ok()?;
    Builder::new()
        .with_secret(secret)
        .with_account_name(account)
        .with_issuer(Some("Fourfold"))
        .build()
        .ok()
}

/// The time step a code belongs to, if it is right now.
fn check_code(secret: &str, code: &str, now: Timestamp) -> Option<i64> {
    let code: String = code.chars().filter(char::is_ascii_digit).collect();
    let seconds = u64::try_from(now.micros() / 1_000_000).ok()?;
    let step = totp(secret, "person")?.check(&code, seconds)?;
    i64::try_from(step).ok()
}

async fn enrol_page(State(app): State<App>, headers: HeaderMap) -> Result<Response, Error> {
    let (person, ..) = pending(&app, &headers).await?;
    if person.totp_secret.is_some() {
        return Ok(Redirect::to("/sign-in/code").into_response());
    }
    html(&set_up_page(
        &app,
        &person,
        &Secret::generate().to_base32(),
        "",
    ))
}

fn set_up_page(app: &App, person: &Person, secret: &str, problem: &str) -> SetUpPage {
    let mut page = identify::plain_page(app, "Set up your authenticator app").narrow();
    page.error_title = !problem.is_empty();
    let address = totp(secret, &person.name)
        .and_then(|t| t.to_url().ok())
        .unwrap_or_default();
    SetUpPage {
        page,
        secret: secret.to_owned(),
        address,
        problem: problem.to_owned(),
    }
}

async fn enrol_submit(
    State(app): State<App>,
    headers: HeaderMap,
    Form(form): Form<CodeForm>,
) -> Result<Response, Error> {
    let (person, purpose, next) = pending(&app, &headers).await?;
    if person.totp_secret.is_some() {
        return Ok(Redirect::to("/sign-in/code").into_response());
    }
    match check_code(&form.secret, &form.code, app.now()) {
        Some(step) => {
            start(
                &app,
                &person,
                &purpose,
                &next,
                Some((step, Some(form.secret))),
            )
            .await
        }
        None => {
            let problem = "Enter the newest code the app shows for Fourfold";
            let page = set_up_page(&app, &person, &form.secret, problem);
            html_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}

#[derive(Deserialize)]
struct Nothing {}

async fn sign_out(
    State(app): State<App>,
    who: SignedIn,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Error> {
    let resource = Resource::of("person", who.actor.id.to_string());
    let grant = app.system().permit(&SIGN_OUT, &resource, &who.actor.name)?;
    app.store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                let sql = Sql::new("update access_session set ").with(
                    "ended_at = ? where token = ?",
                    [tx.now().into(), who.session.into()],
                );
                tx.run(sql).await.map(drop)
            })
        })
        .await?;
    let mut response = Redirect::to("/sign-in").into_response();
    response
        .headers_mut()
        .append(header::SET_COOKIE, identify::end_cookie(&app));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_site_follow_a_sign_in() {
        for (next, goes) in [
            ("/inbox?x=1", "/inbox?x=1"),
            ("//elsewhere.example", "/"),
            ("https://elsewhere.example", "/"),
            ("/\\elsewhere.example", "/"),
            ("/sign-out", "/"),
            ("", "/"),
        ] {
            assert_eq!(safe_next(next), goes, "{next}");
        }
    }

    #[test]
    fn codes_are_checked_and_carry_their_step() {
        let secret = Secret::generate().to_base32();
        let now = Timestamp::parse("2026-11-23T12:00:00Z").unwrap();
        let seconds = u64::try_from(now.micros() / 1_000_000).unwrap();
        let code = totp(&secret, "person")
            .unwrap()
            .generate(seconds)
            .to_string();
        assert_eq!(
            check_code(&secret, &code, now),
            Some(now.micros() / 30_000_000)
        );
        assert_eq!(check_code(&secret, "000000x", now.plus_minutes(60)), None);
    }

    #[test]
    fn the_absent_hash_is_readable_and_matches_nothing() {
        assert!(argon2::password_hash::phc::PasswordHash::new(ABSENT).is_ok());
        assert!(!verify_password("", ABSENT));
    }
}
