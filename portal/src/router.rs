//! Routes, and what a running portal holds.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use record::submission::SubmissionKind;
use sealing::PublicKey;
use tokio::sync::Semaphore;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::timeout::TimeoutLayer;

use crate::alerts::{self, Issued};
use crate::cookies::{self, Chosen};
use crate::drafts::Drafts;
use crate::dropbox::DropBox;
use crate::flood::Flood;
use crate::forms::Filled;
use crate::site::{Now, Page, Site};
use crate::submit::{self, Sealer};
use crate::token::{Presented, Tokens};
use crate::views::Counter;
use crate::{answer, headers, requests, result_pdf, saving, subscribe, views};

/// Most bytes of a form: the longest fields, escaped, and room.
const MOST_BYTES: usize = 32 * 1024;
/// Longest a visitor may take to send a form, or we to answer.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Address of the page of alerts.
const ALERTS: &str = "/alerts";

/// How a portal is run.
#[derive(Clone)]
pub struct Run {
    /// The clock, for what is kept.
    pub now: Now,
    /// Time since some fixed moment, which never goes back: for tokens and buckets.
    pub elapsed: Arc<dyn Fn() -> Duration + Send + Sync>,
    /// Whether the last address of `X-Forwarded-For` is our own proxy's word.
    pub behind_proxy: bool,
    /// Longest a visitor may take to send a form, or we to answer: [`PATIENCE`].
    pub patience: Duration,
    /// Whether cookies are for TLS only.
    pub secure_cookies: bool,
    /// Folder of issued warnings, if there is one.
    pub alerts: Option<PathBuf>,
    /// Folder of forms that are not sent yet; without it none can be saved.
    pub drafts: Option<PathBuf>,
}

/// A running portal.
pub struct Portal {
    pub(crate) site: Site,
    pub(crate) run: Run,
    pub(crate) flood: Flood,
    pub(crate) tokens: Tokens,
    pub(crate) sealer: Sealer,
    issued: RwLock<Arc<Issued>>,
    /// Views of the page of alerts, which is made anew when they change.
    alerts_views: Counter,
    /// Documents are laid out one at a time: they must not keep pages waiting.
    pub(crate) layout: Semaphore,
    pub(crate) drafts: Option<Drafts>,
}

/// Random bytes of the system.
pub(crate) fn random<const N: usize>() -> std::io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    Ok(bytes)
}

impl Portal {
    pub fn new(site: Site, run: Run, key: PublicKey, drop_box: DropBox) -> std::io::Result<Portal> {
        let sending = site.look.setting.sending;
        let issued = Issued::make(&site, &[], (run.now)())?;
        let kept = site.look.setting.drafts;
        let drafts = run.drafts.as_deref();
        let drafts = drafts.map(|folder| Drafts::open(folder, kept, (run.now)(), (run.elapsed)()));
        let portal = Portal {
            drafts: drafts.transpose()?,
            run,
            flood: Flood::new(sending),
            tokens: Tokens::new(random()?, sending.longest_hours),
            sealer: Sealer {
                key,
                drop_box: Arc::new(drop_box),
            },
            issued: RwLock::new(Arc::new(issued)),
            alerts_views: Counter::default(),
            layout: Semaphore::new(1),
            site,
        };
        portal.read_alerts();
        Ok(portal)
    }

    fn issued(&self) -> Arc<Issued> {
        Arc::clone(&self.issued.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn site(&self) -> &Site {
        &self.site
    }

    /// A token for a form begun now.
    pub(crate) fn token(&self, form: &str) -> String {
        // Without randomness tokens repeat: a second sender of the same minute is told to send again.
        let nonce = random().unwrap_or_default();
        self.tokens.issue(form, nonce, (self.run.elapsed)())
    }

    /// Whether a token is still good for a form, or will be.
    pub(crate) fn knows(&self, form: &str, token: &str) -> bool {
        let now = (self.run.elapsed)();
        let found = self.tokens.present(form, token, b"", now, Duration::ZERO);
        matches!(found, Presented::Good(_))
    }

    /// Reads the folder of issued warnings again.
    pub fn read_alerts(&self) {
        let Some(folder) = &self.run.alerts else {
            return;
        };
        match Issued::make(&self.site, &alerts::read(folder), (self.run.now)()) {
            Ok(issued) => {
                *self.issued.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(issued);
            }
            Err(error) => tracing::error!(%error, "the page of alerts could not be made"),
        }
    }

    /// Lets drafts go that are too old.
    pub fn sweep_drafts(&self) -> std::io::Result<()> {
        match &self.drafts {
            Some(drafts) => drafts.sweep((self.run.now)(), (self.run.elapsed)()),
            None => Ok(()),
        }
    }

    /// Seals how often pages were read since the last time.
    pub async fn hand_on_views(&self) -> std::io::Result<()> {
        let counters = self
            .site
            .pages
            .iter()
            .map(|(path, page)| (path.as_str(), &page.views))
            .chain([(ALERTS, &self.alerts_views)]);
        let counted: BTreeMap<String, String> = views::take(counters);
        if counted.is_empty() {
            return Ok(());
        }
        let id = submit::id(&random()?);
        let at = (self.run.now)();
        let kind = SubmissionKind::PageViews;
        self.sealer
            .seal(id, kind, at, String::new(), Filled::from_iter(counted))
            .await
    }
}

/// Everything the portal serves. Serve it with connect info: forms are limited by address.
pub fn router(portal: &Arc<Portal>) -> Router {
    Router::new()
        .route(
            "/cookies",
            get(requests::cookies_page).post(requests::choose),
        )
        .route("/help/organisation/from-check", post(requests::from_check))
        .route(saving::PATH, get(saving::ask).post(saving::open))
        .route("/help/{form}", get(requests::form).post(requests::send))
        .route("/help/{form}/save", post(saving::save))
        .route(
            "/business/{check}",
            get(requests::check).post(requests::judge),
        )
        .route("/business/{check}/pdf", post(result_pdf::save))
        .route(ALERTS, get(alerts_page))
        .route("/alerts/{*feed}", get(feed))
        .route(subscribe::PATH, get(subscribe::form).post(subscribe::send))
        .route(
            "/subscribe/{step}/{token}",
            get(subscribe::step).post(subscribe::take_step),
        )
        .route("/assets/{file}", get(asset))
        .route("/health", get(|| async { "ok" }))
        .fallback(get(page))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            portal.run.patience,
        ))
        .layer(middleware::from_fn_with_state(Arc::clone(portal), plainly))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(middleware::from_fn(headers::secure))
        .with_state(Arc::clone(portal))
}

/// A page of text: bytes that are there already.
async fn page(State(portal): State<Arc<Portal>>, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path();
    let path = if path.len() > 1 {
        path.trim_end_matches('/')
    } else {
        path
    };
    match portal.site.pages.get(path) {
        Some(page) => one(&portal, page, &page.views, &headers),
        None => answer::not_found(&portal.site),
    }
}

async fn alerts_page(State(portal): State<Arc<Portal>>, headers: HeaderMap) -> Response {
    let issued = portal.issued();
    one(&portal, &issued.page, &portal.alerts_views, &headers)
}

/// A feed, or a document one of them lists.
async fn feed(State(portal): State<Arc<Portal>>, uri: Uri, headers: HeaderMap) -> Response {
    match portal.issued().feeds.get(uri.path()) {
        Some(found) => found.answer(&headers),
        None => answer::not_found(&portal.site),
    }
}

fn one(portal: &Portal, page: &Page, views: &Counter, headers: &HeaderMap) -> Response {
    let chosen = Chosen::read(headers);
    views.count(chosen.choice == Some(true) && chosen.returning);
    let body = if chosen.choice.is_none() {
        &page.asking
    } else {
        &page.quiet
    };
    let mut response = body.answer(headers);
    if chosen.choice == Some(true) && !chosen.returning {
        cookies::remember(response.headers_mut(), portal.run.secure_cookies);
    }
    response
}

/// A file whose name changes with its content: a copy may be kept for ever.
async fn asset(
    State(portal): State<Arc<Portal>>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Some(found) = portal.site.assets.get(&file) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut response = found.answer(&headers);
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, forever);
    response
}

/// Puts plain words in place of what the framework says by itself.
async fn plainly(State(portal): State<Arc<Portal>>, request: Request, next: Next) -> Response {
    let posted = request.method() == Method::POST;
    let mut response = in_words(&portal, next.run(request).await);
    if posted {
        // The connection's buffer holds what was sent: it goes with the connection, and is wiped.
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    response
}

fn in_words(portal: &Portal, response: Response) -> Response {
    let written = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|v| v.as_bytes().starts_with(b"text/html"));
    match response.status() {
        StatusCode::PAYLOAD_TOO_LARGE if !written => answer::too_large(&portal.site),
        StatusCode::REQUEST_TIMEOUT if !written => answer::too_slow(&portal.site),
        StatusCode::METHOD_NOT_ALLOWED => {
            let lines = ["This address does not take what was sent to it."];
            answer::problem(
                &portal.site,
                StatusCode::METHOD_NOT_ALLOWED,
                "This did not work",
                &lines,
            )
        }
        StatusCode::BAD_REQUEST if !written => {
            let lines = ["The request could not be read. Go back and try again."];
            answer::problem(
                &portal.site,
                StatusCode::BAD_REQUEST,
                "This did not work",
                &lines,
            )
        }
        _ => response,
    }
}
