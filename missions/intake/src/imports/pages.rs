//! Imports in the browser: receipts newest first, the upload, progress, one receipt.

use askama::Template;
use axum::extract::{DefaultBodyLimit, Multipart, Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use record::Severity;
use record::ids::ImportId;
use serde::Deserialize;
use store::Migration;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::parts::*;
use web::{ApiRoute, App, Capability, Job, Nav, Route, SignedIn};

use super::receipt::{Receipt, State as Standing};
use super::{
    CLOSE, DELETE, DOWNLOAD, IMPORT, VIEW, allow, api, placing, receipts, resource, upload, watch,
};
use crate::receive::Desk;
use crate::sources::{self, ImportPolicy, SourceClock};

/// Files of reports.
pub const IMPORTS: Capability = Capability {
    name: "intake.imports",
    title: "Imports",
    nav: Some(Nav { title: "Imports", href: "/imports", act: &VIEW, order: 50 }),
    commitments: &["PROTECT-06", "PURSUE-04", "GEN-07"],
    acts: &[IMPORT, VIEW, DOWNLOAD, CLOSE, DELETE],
    migrations: &[Migration {
        version: 1080,
        name: "uploaded files, and signs of life of imports",
        sql: "
alter table intake_import add column beat_at {int};
alter table intake_import add column raw {text};
create index intake_import_state on intake_import (state, started_at) where state in ('waiting', 'running');
create index intake_import_raw on intake_import (started_at) where raw is not null;
",
    }],
    routes: &[
        Route::get("/imports", &VIEW, || get(list)),
        Route::get("/imports/new", &IMPORT, || get(ask)),
        Route::post("/imports/new", &IMPORT, || {
            // The policy's own bound holds instead, counted while the file is written.
            post(taken).layer(DefaultBodyLimit::disable())
        }),
        Route::get("/imports/{id}", &VIEW, || get(receipt)),
        Route::get("/imports/{id}/progress", &VIEW, || get(progress)),
        Route::get("/imports/{id}/mapping", &IMPORT, || get(placing::page)),
        Route::post("/imports/{id}/mapping", &IMPORT, || post(placing::answered)),
        Route::get("/imports/{id}/rejected", &DOWNLOAD, || get(rejected)),
    ],
    api: &[
        ApiRoute {
            path: "/imports",
            methods: "GET",
            act: &VIEW,
            make: || OpenApiRouter::new().routes(routes!(api::list)),
        },
        ApiRoute {
            path: "/imports",
            methods: "POST",
            act: &IMPORT,
            make: || {
                OpenApiRouter::new().routes(routes!(api::import)).layer(DefaultBodyLimit::disable())
            },
        },
        ApiRoute {
            path: "/imports/{id}",
            methods: "GET",
            act: &VIEW,
            make: || OpenApiRouter::new().routes(routes!(api::one)),
        },
        ApiRoute {
            path: "/imports/{id}/rejected",
            methods: "GET",
            act: &DOWNLOAD,
            make: || OpenApiRouter::new().routes(routes!(api::rejected)),
        },
    ],
    jobs: &[
        Job { name: "intake.imports.close", every_seconds: 60, run: watch::closing },
        Job { name: "intake.imports.delete", every_seconds: 3_600, run: watch::deleting },
    ],
    ..Capability::NONE
};

/// An identifier from an address; what is none names nothing.
pub(super) fn id_of(text: &str) -> web::Result<ImportId> {
    text.parse().map_err(|_| web::Error::NotFound)
}

/// The tag of a state.
fn tag(receipt: &Receipt) -> Tag<'static> {
    let title = receipt.state.title();
    match receipt.state {
        Standing::Waiting => Tag::grey(title),
        Standing::Running => Tag::blue(title),
        Standing::Done if receipt.rejected > 0 => Tag::yellow("Rows rejected"),
        Standing::Done => Tag::green(title),
        Standing::Failed => Tag::red(title),
    }
}

/// A count with its commas.
pub(super) fn counted(count: &u64) -> String {
    words::count_in_words(*count)
}

/// The table of findings, on the receipt and after a dry run.
#[derive(Template)]
#[template(path = "import_findings.html")]
pub(super) struct Findings<'a> {
    title: &'a str,
    findings: &'a [record::Finding],
    more: u64,
    /// Straight under the page's title, and not within a section.
    top: bool,
}

impl askama::filters::HtmlSafe for Findings<'_> {}

pub(super) fn findings<'a>(
    title: &'a str,
    findings: &'a [record::Finding],
    more: impl std::borrow::Borrow<u64>,
    top: bool,
) -> Findings<'a> {
    Findings {
        title,
        findings,
        more: *more.borrow(),
        top,
    }
}

#[derive(Deserialize)]
struct Ask {
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "imports.html")]
struct ListPage {
    page: Page,
    receipts: Vec<Receipt>,
    silent: Vec<SourceClock>,
    next: Option<String>,
    may_import: bool,
    may_see_sources: bool,
}

async fn list(
    State(app): State<App>,
    who: SignedIn,
    Query(ask): Query<Ask>,
) -> web::Result<Response> {
    let listed = receipts::list(&app, &who.actor, ask.after.as_deref(), receipts::A_PAGE).await?;
    let may_see_sources = who.may(&sources::VIEW);
    web::html(&ListPage {
        page: who.page(&app, "Imports", "/imports"),
        silent: if may_see_sources {
            sources::silent(&app, &who.actor).await?
        } else {
            Vec::new()
        },
        receipts: listed.receipts,
        next: listed.next.map(|after| format!("/imports?after={after}")),
        may_import: who.may(&IMPORT),
        may_see_sources,
    })
}

#[derive(Template)]
#[template(path = "import_new.html")]
struct NewPage {
    page: Page,
    errors: FieldErrors,
    hint: String,
}

fn new_page(app: &App, who: &SignedIn, errors: FieldErrors) -> web::Result<Response> {
    let most = app.policy::<ImportPolicy>()?.max_upload_bytes / 1_048_576;
    let status = match errors.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let page = who
        .page(app, "Import a file", "/imports")
        .narrow()
        .breadcrumb("Imports", "/imports")
        .with_errors(&errors);
    let hint = format!("CSV, Excel (.xlsx) or JSON, also packed with zip or gzip, up to {most} MB");
    web::html_with(status, &NewPage { page, errors, hint })
}

async fn ask(State(app): State<App>, who: SignedIn) -> web::Result<Response> {
    new_page(&app, &who, FieldErrors::new())
}

async fn taken(
    State(app): State<App>,
    who: SignedIn,
    mut parts: Multipart,
) -> web::Result<Response> {
    let broken = |e: axum::extract::multipart::MultipartError| {
        web::Error::BadRequest(format!(
            "the upload could not be read: {e}. Send the file again"
        ))
    };
    // The token stands first in the form, so nothing of the file is read before it is checked.
    let token = match parts.next_field().await.map_err(broken)? {
        Some(field) if field.name() == Some("csrf") => field.text().await.map_err(broken)?,
        _ => String::new(),
    };
    web::check_csrf(&who, &token)?;
    while let Some(field) = parts.next_field().await.map_err(broken)? {
        let name = field.file_name().unwrap_or_default().to_owned();
        if field.name() == Some("file") && !name.is_empty() {
            let receipt = upload::take(&app, &who.actor, &name, field).await?;
            let to = format!("/imports/{}/mapping", receipt.id);
            return Ok(Redirect::to(&to).into_response());
        }
    }
    let mut errors = FieldErrors::new();
    errors.add("file", "Choose a file to import");
    new_page(&app, &who, errors)
}

#[derive(Template)]
#[template(path = "import.html")]
struct ReceiptPage {
    page: Page,
    receipt: Receipt,
    fragment: Fragment,
    may_import: bool,
    mapping_href: String,
}

/// What changes while an import runs; also the answer to a page that polls.
#[derive(Template)]
#[template(path = "import_standing.html")]
struct Fragment {
    receipt: Receipt,
    rejected_rows: Vec<record::Finding>,
    warnings: Vec<record::Finding>,
    may_download: bool,
    rejected_href: String,
}

impl Fragment {
    fn facts(&self) -> SummaryList {
        let r = &self.receipt;
        SummaryList::new()
            .compact()
            .row_if("Source", Some(r.source.as_str()).filter(|s| !s.is_empty()))
            .row_if(
                "Mapping",
                Some(r.mapping.as_str()).filter(|m| !m.is_empty()),
            )
            .row("Imported by", r.by_name.as_str())
            .row("Started", r.started_at.show())
            .row_if("Ended", r.ended_at.map(|t| t.show()))
            .row("Size", format!("{} bytes", counted(&r.bytes_total)))
            .row_if("SHA-256", Some(r.digest.as_str()).filter(|d| !d.is_empty()))
    }
}

impl askama::filters::HtmlSafe for Fragment {}

async fn standing(app: &App, who: &SignedIn, id: ImportId) -> web::Result<Fragment> {
    let held = receipts::open(app, &who.actor, id).await?;
    let is_rejected = |f: &record::Finding| f.severity == Severity::Rejected;
    let (rejected_rows, warnings) = held
        .receipt
        .findings
        .iter()
        .cloned()
        .partition(|f| is_rejected(f));
    let file = watch::rejected_file(app.store(), id);
    Ok(Fragment {
        may_download: held.receipt.rejected > 0 && who.may(&DOWNLOAD) && file.is_file(),
        rejected_href: format!("/imports/{id}/rejected"),
        receipt: held.receipt,
        rejected_rows,
        warnings,
    })
}

async fn receipt(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> web::Result<Response> {
    let fragment = standing(&app, &who, id_of(&id)?).await?;
    let receipt = fragment.receipt.clone();
    let may_import = who.may(&IMPORT);
    let title = match receipt.state {
        Standing::Done | Standing::Failed => format!("Receipt for {}", receipt.file_name),
        _ => format!("Import of {}", receipt.file_name),
    };
    web::html(&ReceiptPage {
        page: who
            .page(&app, &title, "/imports")
            .breadcrumb("Imports", "/imports"),
        mapping_href: format!("/imports/{}/mapping", receipt.id),
        receipt,
        fragment,
        may_import,
    })
}

async fn progress(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> web::Result<Response> {
    let fragment = standing(&app, &who, id_of(&id)?).await?;
    let mut response = web::html(&fragment)?;
    if fragment.receipt.state != Standing::Running {
        response
            .headers_mut()
            .insert("x-done", HeaderValue::from_static("1"));
    }
    Ok(response)
}

pub(super) async fn rejected(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> web::Result<Response> {
    let (desk, id) = (app.policy::<Desk>()?, id_of(&id)?);
    let receipt = receipts::open(&app, &who.actor, id).await?.receipt;
    let grant = allow(
        &app,
        &who.actor,
        &DOWNLOAD,
        &resource(&desk, id),
        "rejected rows",
    )
    .await?;
    // Opening the reader enters the disclosure before the first byte is sent.
    drop(app.store().read(&grant).await?);
    let file = watch::rejected_file(app.store(), id);
    let file = tokio::fs::File::open(&file)
        .await
        .map_err(|_| web::Error::NotFound)?;
    let length = file
        .metadata()
        .await
        .map_err(|e| web::Error::internal(&e))?
        .len();
    let body = axum::body::Body::from_stream(upload::chunks_of(file));
    let mut headers = HeaderMap::new();
    headers.insert(
        "content-type",
        HeaderValue::from_static("text/csv; charset=utf-8"),
    );
    headers.insert("content-length", HeaderValue::from(length));
    let stem: String = receipt
        .file_name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || ".-_".contains(c) {
                c
            } else {
                '-'
            }
        })
        .collect();
    let disposition = format!("attachment; filename=\"{stem}.rejected.csv\"");
    if let Ok(value) = HeaderValue::from_str(&disposition) {
        headers.insert("content-disposition", value);
    }
    Ok((headers, body).into_response())
}
