//! Who is asking: a session cookie of a page, or a bearer token of the API.
//!
//! The cookie is sealed with a key of this installation and carries the session's secret and the
//! time it was last used, so that idle expiry costs no write. The register keeps only the secret's
//! digest, the absolute expiry and whether it was ended.

use std::path::Path;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use cookie::{Cookie, CookieJar, Key, SameSite};
use record::Marking;
use record::access::{Act, ActKind, Actor, Origin, Resource};
use record::time::Timestamp;
use store::{Row, Sql};

use crate::app::App;
use crate::error::Error;
use crate::parts;
use crate::register::{actor_of, new_secret, secret_digest};

/// Looks up a session or a token; no personal record is opened.
pub const IDENTIFY: Act = Act::new("session.identify", ActKind::Open, "Recognise a session");

/// The person at the page, or the program at the API.
#[derive(Clone)]
pub struct SignedIn {
    pub actor: Actor,
    /// Rank or job.
    pub title: String,
    /// Token every form of the session carries; empty for API tokens.
    pub csrf: String,
    /// Digest of the session's secret; empty for API tokens.
    pub(crate) session: String,
    pub shortcuts: bool,
    /// Whether a second factor is set up.
    pub second_factor: bool,
}

impl SignedIn {
    /// The frame of a page for this person. `path` marks the current menu entry.
    pub fn page(&self, app: &App, title: &str, path: &str) -> parts::Page {
        let mut page = plain_page(app, title);
        page.person = Some(parts::SignedIn {
            name: self.actor.name.clone(),
            role: self.title.clone(),
        });
        self.csrf.clone_into(&mut page.csrf);
        page.shortcuts_on = self.shortcuts;
        let mut nav: Vec<_> = app
            .capabilities()
            .iter()
            .filter_map(|c| c.nav)
            .filter(|nav| self.may(nav.act))
            .collect();
        nav.sort_by_key(|n| n.order);
        page.nav = nav
            .into_iter()
            .map(|n| parts::NavItem {
                title: n.title.to_owned(),
                href: n.href.to_owned(),
                current: path == n.href || path.starts_with(&format!("{}/", n.href)),
            })
            .collect();
        page.search = self.may_open(app, "/search");
        page
    }

    /// Whether to offer a page: somebody's route has that path, and this person may do its act.
    pub fn may_open(&self, app: &App, path: &str) -> bool {
        let mut routes = app.capabilities().iter().flat_map(|c| c.routes);
        routes.any(|r| r.path == path && self.may(r.act))
    }

    /// Whether to offer an act on things of the person's own unit.
    pub fn may(&self, act: &Act) -> bool {
        let any = Resource::of("page", act.name).of_unit(self.actor.unit.clone());
        self.actor.may(act, &any)
    }
}

/// The frame of a page for nobody in particular.
pub fn plain_page(app: &App, title: &str) -> parts::Page {
    let assets = app.assets();
    let mut page = parts::Page::new(title);
    page.force.clone_from(&app.force().name);
    page.marking = Marking::OfficialSensitive.title().to_owned();
    page.assets = parts::Assets {
        stylesheet: assets.href("app.css"),
        script: assets.href("app.js"),
        js_enabled: assets.href("js-enabled.js"),
        favicon: assets.href("favicon.svg"),
    };
    page
}

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        parts
            .extensions
            .get::<SignedIn>()
            .cloned()
            .ok_or_else(|| Error::SignIn {
                next: parts
                    .uri
                    .path_and_query()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            })
    }
}

/// The key that seals cookies: kept beside the database, made on first use.
pub(crate) struct SessionKey(Key);

impl SessionKey {
    pub fn load(folder: &Path) -> Result<SessionKey, store::Error> {
        let file = folder.join("keys").join("session.key");
        let fault = |source| store::Error::File {
            path: file.display().to_string(),
            source,
        };
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                let (one, _) = new_secret()?;
                let (two, _) = new_secret()?;
                let text = format!("{one}{two}");
                if let Some(parent) = file.parent() {
                    std::fs::create_dir_all(parent).map_err(fault)?;
                }
                std::fs::write(&file, &text).map_err(fault)?;
                #[cfg(unix)]
                {
                    use std::os::unix::fs::PermissionsExt as _;
                    let only_owner = std::fs::Permissions::from_mode(0o600);
                    std::fs::set_permissions(&file, only_owner).map_err(fault)?;
                }
                text
            }
            Err(e) => return Err(fault(e)),
        };
        if text.trim().len() < 64 {
            return Err(store::Error::Invalid(format!(
                "{} is damaged. Delete it to make a new one; everybody is then signed out",
                file.display()
            )));
        }
        Ok(SessionKey(Key::derive_from(text.trim().as_bytes())))
    }
}

pub(crate) fn cookie_name(app: &App) -> &'static str {
    if app.secure_cookies() {
        "__Host-fourfold"
    } else {
        "fourfold"
    }
}

/// A sealed cookie with a value and the time now.
pub(crate) fn seal(app: &App, name: &'static str, value: &str, at: Timestamp) -> HeaderValue {
    let mut jar = CookieJar::new();
    jar.private_mut(&app.session_key().0)
        .add(Cookie::new(name, format!("{}.{value}", at.micros())));
    let sealed = jar
        .get(name)
        .map(|c| c.value().to_owned())
        .unwrap_or_default();
    header_of(app, name, &sealed, None)
}

fn header_of(app: &App, name: &'static str, value: &str, age: Option<i64>) -> HeaderValue {
    let mut cookie = Cookie::build((name, value.to_owned()))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(app.secure_cookies())
        .build();
    if let Some(age) = age {
        cookie.set_max_age(cookie::time::Duration::seconds(age));
    }
    HeaderValue::from_str(&cookie.to_string()).unwrap_or(HeaderValue::from_static(""))
}

/// The header that makes a browser forget a cookie.
pub(crate) fn forget(app: &App, name: &'static str) -> HeaderValue {
    header_of(app, name, "", Some(0))
}

/// Opens a sealed cookie: when it was sealed, and its value.
pub(crate) fn unseal(app: &App, headers: &HeaderMap, name: &str) -> Option<(Timestamp, String)> {
    let mut jar = CookieJar::new();
    for line in headers.get_all(header::COOKIE) {
        for cookie in Cookie::split_parse(line.to_str().ok()?.to_owned()).flatten() {
            jar.add_original(cookie.into_owned());
        }
    }
    let opened = jar.private(&app.session_key().0).get(name)?;
    let (at, value) = opened.value().split_once('.')?;
    Some((Timestamp::from_micros(at.parse().ok()?), value.to_owned()))
}

pub(crate) fn session_cookie(app: &App, secret: &str) -> HeaderValue {
    seal(app, cookie_name(app), secret, app.now())
}

pub(crate) fn end_cookie(app: &App) -> HeaderValue {
    forget(app, cookie_name(app))
}

/// Recognises who asks and puts [`SignedIn`] into the request; refreshes the cookie's time.
pub(crate) async fn recognise(
    State(app): State<App>,
    mut request: Request,
    next: Next,
) -> Response {
    let bearer = bearer(request.headers());
    let found = match &bearer {
        Some(token) => by_token(&app, token).await,
        None => by_cookie(&app, request.headers()).await,
    };
    let (who, secret) = match found {
        Ok(Some((who, secret))) => (Some(who), secret),
        Ok(None) => (None, None),
        Err(error) => return Error::from(error).into_response(),
    };
    if secret.is_some() && !is_safe(request.method()) && !same_origin(request.headers()) {
        let message = "this form was not sent from this site. Open the page again and resend";
        return Error::BadRequest(message.to_owned()).into_response();
    }
    if let Some(who) = who {
        request.extensions_mut().insert(who);
    }
    let mut response = next.run(request).await;
    if let Some(secret) = secret
        && !response.headers().contains_key(header::SET_COOKIE)
    {
        response
            .headers_mut()
            .append(header::SET_COOKIE, session_cookie(&app, &secret));
    }
    response
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Browsers name where a request comes from; a request of another site is refused even with a
/// cookie. A client that says nothing is left to the form's token.
fn same_origin(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site").and_then(|v| v.to_str().ok()) {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = headers.get(header::ORIGIN).and_then(|v| v.to_str().ok()) else {
        return true;
    };
    let host = headers
        .get(header::HOST)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    origin
        .split_once("://")
        .is_some_and(|(_, rest)| rest == host)
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ").map(|t| t.trim().to_owned())
}

type Found = Option<(SignedIn, Option<String>)>;

const PERSON: &str = "p.id, p.name, p.title, p.unit, p.force, p.ceiling, p.shortcuts, \
    case when p.totp_secret is null then 0 else 1 end as second_factor";

async fn by_cookie(app: &App, headers: &HeaderMap) -> Result<Found, store::Error> {
    let Some((seen, secret)) = unseal(app, headers, cookie_name(app)) else {
        return Ok(None);
    };
    let now = app.now();
    if now.minutes_since(seen) >= app.sign_in().idle_minutes {
        return Ok(None);
    }
    let digest = secret_digest(&secret);
    let mut db = app.store().read(&open(app)?).await?;
    let sql = Sql::new("select s.csrf, s.purpose, ")
        .then(PERSON)
        .then(" from access_session s join access_person p on p.id = s.person where ")
        .with(
            "s.token = ? and s.ended_at is null and s.expires_at > ? \
             and p.active_from <= ? and (p.active_until is null or p.active_until > ?)",
            [digest.as_str().into(), now.into(), now.into(), now.into()],
        );
    let Some(row) = db.first(sql).await? else {
        return Ok(None);
    };
    let mut who = signed_in(app, &mut db, &row).await?;
    who.csrf = row.get("csrf")?;
    who.session = digest;
    who.actor.purpose = row.get("purpose")?;
    Ok(Some((who, Some(secret))))
}

async fn by_token(app: &App, token: &str) -> Result<Found, store::Error> {
    let now = app.now();
    let mut db = app.store().read(&open(app)?).await?;
    let sql = Sql::new("select t.name as token_name, t.scopes, ")
        .then(PERSON)
        .then(" from access_token t join access_person p on p.id = t.person where ")
        .with(
            "t.token = ? and t.revoked_at is null and t.expires_at > ? \
             and p.active_from <= ? and (p.active_until is null or p.active_until > ?)",
            [
                secret_digest(token).into(),
                now.into(),
                now.into(),
                now.into(),
            ],
        );
    let Some(row) = db.first(sql).await? else {
        return Ok(None);
    };
    let mut who = signed_in(app, &mut db, &row).await?;
    let scopes: String = row.get("scopes")?;
    let scopes = scopes.split_whitespace().map(str::to_owned).collect();
    who.actor.origin = Origin::Token { scopes };
    who.actor.purpose = format!("api: {}", row.get::<String>("token_name")?);
    Ok(Some((who, None)))
}

fn open(app: &App) -> Result<record::Grant, store::Error> {
    Ok(app
        .system()
        .permit(&IDENTIFY, &Resource::of("session", ""), "")?)
}

async fn signed_in(app: &App, db: &mut store::Reader, row: &Row) -> Result<SignedIn, store::Error> {
    let mut actor = actor_of(app.authority(), row)?;
    for (held, sealed) in held(db, &actor, app.now()).await? {
        let set = if sealed {
            &mut actor.compartments
        } else {
            &mut actor.roles
        };
        set.insert(held);
    }
    Ok(SignedIn {
        actor,
        title: row.get("title")?,
        csrf: String::new(),
        session: String::new(),
        shortcuts: row.get("shortcuts")?,
        second_factor: row.get("second_factor")?,
    })
}

/// Roles and compartments held now; the latter are marked.
async fn held(
    db: &mut store::Reader,
    actor: &Actor,
    now: Timestamp,
) -> Result<Vec<(String, bool)>, store::Error> {
    let (person, now): (store::Value, store::Value) = (actor.id.into(), now.into());
    let sql = Sql::new("select role as held, cast(0 as bigint) as sealed from access_role where ")
        .with(
            "person = ? and from_at <= ? and (until_at is null or until_at > ?)",
            [person.clone(), now.clone(), now.clone()],
        )
        .then(" union all select compartment as held, cast(1 as bigint) as sealed from access_compartment where ")
        .with(
            "person = ? and from_at <= ? and (until_at is null or until_at > ?)",
            [person, now.clone(), now],
        );
    let rows = db.rows(sql).await?;
    rows.iter()
        .map(|r| Ok((r.get("held")?, r.get("sealed")?)))
        .collect()
}
