//! Imports over the API: the same receipts, the same way in.

use axum::extract::{FromRequest as _, Multipart, Path, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use record::ids::ImportId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{App, SignedIn};

use super::choose::choose;
use super::pages::id_of;
use super::receipt::Receipt;
use super::{begin, receipts, upload, watch};
use crate::files::{Mapping, SHIPPED};
use crate::receive::Desk;
use crate::sources::{self, ImportPolicy};

/// A receipt as the API writes it.
#[derive(Serialize, ToSchema)]
pub(super) struct ReceiptBody {
    /// Identifier of the import.
    #[schema(value_type = String)]
    id: ImportId,
    source: String,
    file_name: String,
    /// Name of the mapping its rows were read by.
    mapping: String,
    /// SHA-256 of the file's bytes.
    digest: String,
    state: super::State,
    started_at: String,
    ended_at: Option<String>,
    by_name: String,
    read_rows: u64,
    accepted: u64,
    duplicate: u64,
    rejected: u64,
    bytes_read: u64,
    bytes_total: u64,
    findings: Vec<FindingBody>,
    /// Findings beyond those listed.
    more_findings: u64,
    /// Why the import stopped before the end of the file.
    problem: Option<String>,
    /// When the very same file was imported before.
    same_file_as: Option<String>,
}

/// One thing that was wrong with one place of the file.
#[derive(Serialize, ToSchema)]
pub(super) struct FindingBody {
    /// `warning` (the row was kept) or `rejected`.
    severity: &'static str,
    /// The heading is row 1; 0 means the whole file.
    row: u64,
    column: String,
    problem: String,
    remedy: String,
}

impl From<Receipt> for ReceiptBody {
    fn from(r: Receipt) -> ReceiptBody {
        let finding = |f: record::Finding| FindingBody {
            severity: match f.severity {
                record::Severity::Warning => "warning",
                record::Severity::Rejected => "rejected",
            },
            row: f.row,
            column: f.column,
            problem: f.problem,
            remedy: f.remedy,
        };
        ReceiptBody {
            id: r.id,
            source: r.source,
            file_name: r.file_name,
            mapping: r.mapping,
            digest: r.digest,
            state: r.state,
            started_at: r.started_at.rfc3339(),
            ended_at: r.ended_at.map(|t| t.rfc3339()),
            by_name: r.by_name,
            read_rows: r.read_rows,
            accepted: r.accepted,
            duplicate: r.duplicate,
            rejected: r.rejected,
            bytes_read: r.bytes_read,
            bytes_total: r.bytes_total,
            findings: r.findings.into_iter().map(finding).collect(),
            more_findings: r.more_findings,
            problem: r.problem,
            same_file_as: r.same_file_as.map(|t| t.rfc3339()),
        }
    }
}

/// A page of receipts, newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct ReceiptList {
    imports: Vec<ReceiptBody>,
    /// Send as `after` for the next page; none at the end.
    next: Option<String>,
}

#[derive(Deserialize, IntoParams)]
pub(super) struct ListAsk {
    /// `next` of the page before.
    after: Option<String>,
    /// Receipts on the page: 50 unless said, at most 200.
    limit: Option<usize>,
}

/// Receipts of imports, newest first.
#[utoipa::path(
    get, path = "/imports", summary = "List receipts of imports", params(ListAsk),
    responses((status = 200, description = "A page of receipts", body = ReceiptList))
)]
pub(super) async fn list(
    State(app): State<App>,
    who: SignedIn,
    Query(ask): Query<ListAsk>,
) -> web::Result<Response> {
    let limit = ask.limit.unwrap_or(receipts::A_PAGE);
    let listed = receipts::list(&app, &who.actor, ask.after.as_deref(), limit).await?;
    let imports = listed.receipts.into_iter().map(ReceiptBody::from).collect();
    Ok(web::json(
        StatusCode::OK,
        &ReceiptList {
            imports,
            next: listed.next,
        },
    ))
}

/// One receipt, also while its import runs.
#[utoipa::path(
    get, path = "/imports/{id}", summary = "See one receipt",
    params(("id" = String, Path, description = "Identifier of the import")),
    responses((status = 200, description = "The receipt", body = ReceiptBody),
        (status = 404, description = "No such import"))
)]
pub(super) async fn one(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> web::Result<Response> {
    let held = receipts::open(&app, &who.actor, id_of(&id)?).await?;
    Ok(web::json(StatusCode::OK, &ReceiptBody::from(held.receipt)))
}

/// The rejected rows of an import with their reasons, to be mended and imported again.
#[utoipa::path(
    get, path = "/imports/{id}/rejected", summary = "Download the rejected rows",
    params(("id" = String, Path, description = "Identifier of the import")),
    responses((status = 200, description = "CSV", body = String, content_type = "text/csv"),
        (status = 404, description = "No such import, or no row was rejected"))
)]
pub(super) async fn rejected(
    app: State<App>,
    who: SignedIn,
    id: Path<String>,
) -> web::Result<Response> {
    super::pages::rejected(app, who, id).await
}

#[derive(Deserialize, IntoParams)]
pub(super) struct ImportAsk {
    /// Name of a shipped mapping or key of a source with a confirmed one; without it, the mapping
    /// that fits the headings, or a guess.
    mapping: Option<String>,
    /// The name shown on the receipt. Of an upload as a form, the part's own name is taken.
    file_name: Option<String>,
    /// Read the file and tell what an import would find; nothing is kept. Repeats of what is held
    /// are not told. Only for files small enough to be imported before the answer.
    #[serde(default)]
    dry_run: bool,
}

/// Imports a file: the bytes themselves as the body, or a form with a part named `file`. A small
/// file is imported before the answer; for a larger one, ask for its receipt until it is done.
#[utoipa::path(
    post, path = "/imports", summary = "Import a file", params(ImportAsk),
    request_body(content = Vec<u8>, content_type = "application/octet-stream",
        description = "CSV, XLSX or JSON, also gzipped or zipped; or multipart/form-data"),
    responses(
        (status = 200, description = "Imported: the receipt", body = ReceiptBody),
        (status = 202, description = "Begun: the receipt as it stands", body = ReceiptBody),
        (status = 400, description = "The file or the mapping cannot be used; the detail says why"),
        (status = 413, description = "The file is larger than policy allows"))
)]
pub(super) async fn import(
    State(app): State<App>,
    who: SignedIn,
    Query(ask): Query<ImportAsk>,
    request: Request,
) -> web::Result<Response> {
    let receipt = take(&app, &who, &ask, request).await?;
    let mapping = match mapping_for(&app, &who, &receipt, ask.mapping.as_deref()).await {
        Ok(mapping) => mapping,
        Err(error) => {
            // Nobody will place its columns on a page: the file is not kept waiting.
            watch::refuse(&app, &who.actor, receipt.id, error.to_string()).await?;
            return Err(error);
        }
    };
    let is_small = receipt.bytes_total <= app.policy::<ImportPolicy>()?.inline_bytes;
    if ask.dry_run {
        if !is_small {
            let remedy =
                "the file is too large for a dry run here: use the page, or the command line";
            watch::refuse(&app, &who.actor, receipt.id, remedy.to_owned()).await?;
            return Err(web::Error::BadRequest(remedy.to_owned()));
        }
        let tried = begin::try_and_drop(&app, &who.actor, &receipt, mapping).await?;
        return Ok(web::json(StatusCode::OK, &ReceiptBody::from(tried)));
    }
    if is_small {
        let done = begin::start_and_wait(&app, &who.actor, &receipt, mapping).await?;
        return Ok(web::json(StatusCode::OK, &ReceiptBody::from(done)));
    }
    begin::start(&app, &who.actor, &receipt, mapping, false).await?;
    let held = receipts::open(&app, &who.actor, receipt.id).await?;
    Ok(web::json(
        StatusCode::ACCEPTED,
        &ReceiptBody::from(held.receipt),
    ))
}

async fn take(
    app: &App,
    who: &SignedIn,
    ask: &ImportAsk,
    request: Request,
) -> web::Result<Receipt> {
    // A browser could send a form here with its cookie; only tokens are for programs.
    web::check_csrf(who, "")?;
    let kind = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok());
    if !kind.is_some_and(|k| k.starts_with("multipart/form-data")) {
        let name = ask.file_name.as_deref().unwrap_or_default();
        return upload::take(
            app,
            &who.actor,
            name,
            request.into_body().into_data_stream(),
        )
        .await;
    }
    let broken = |e: String| web::Error::BadRequest(format!("the form could not be read: {e}"));
    let mut parts = Multipart::from_request(request, &())
        .await
        .map_err(|e| broken(e.to_string()))?;
    while let Some(field) = parts
        .next_field()
        .await
        .map_err(|e| broken(e.to_string()))?
    {
        if field.name() == Some("file") {
            let own = field.file_name().map(ToOwned::to_owned);
            let name = own.or_else(|| ask.file_name.clone()).unwrap_or_default();
            return upload::take(app, &who.actor, &name, field).await;
        }
    }
    Err(web::Error::BadRequest(
        "the form has no part named \"file\"".to_owned(),
    ))
}

async fn mapping_for(
    app: &App,
    who: &SignedIn,
    receipt: &Receipt,
    name: Option<&str>,
) -> web::Result<Mapping> {
    let desk = app.policy::<Desk>()?;
    let saved = {
        let grant = who
            .actor
            .permit(&super::IMPORT, &super::resource(&desk, receipt.id), "")?;
        let mut db = app.store().read(&grant).await?;
        sources::saved_mappings(&mut db.conn()).await?
    };
    let Some(name) = name else {
        let (path, limits) = (
            watch::raw_file(app.store(), receipt.id),
            desk.limits.clone(),
        );
        let chosen = tokio::task::spawn_blocking(move || choose(&path, &limits, saved))
            .await
            .map_err(|e| web::Error::internal(&e))?;
        return chosen
            .map(|c| c.mapping)
            .map_err(|e| web::Error::BadRequest(e.to_string()));
    };
    let shipped = SHIPPED
        .iter()
        .filter_map(|(name, text)| Mapping::from_toml(name, text).ok());
    saved
        .into_iter()
        .chain(shipped)
        .find(|m| m.name == name)
        .ok_or_else(|| {
            let known: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
            web::Error::BadRequest(format!(
                "there is no mapping {name:?}. Shipped mappings: {}; or the key of a source whose \
             mapping was confirmed on the page",
                known.join(", ")
            ))
        })
}
