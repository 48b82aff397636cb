//! Files of the sum: figures, names, and the proof pack as one ZIP.

use std::io::{Cursor, Write as _};

use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use record::access::Grant;
use sha2::{Digest as _, Sha256};
use store::Entry;
use web::{App, SignedIn};
use zip::write::SimpleFileOptions;

use super::count::{self, Name, Part};
use super::names_page::Question;
use super::{EXPORT, VIEW, pack as packing, sheets};
use crate::victim_care::permit;

/// Most names in one file. A longer list is taken in parts.
pub(super) const MOST: i64 = 50_000;
/// Identifiers in one entry of a disclosure.
const IN_ONE_ENTRY: usize = 1_000;

pub(super) async fn figures(
    State(app): State<App>,
    who: SignedIn,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, web::Error> {
    let asked = Question::of_pairs(&app, &pairs)?.asked;
    let grant = permit(&app, &who.actor, &VIEW, &count::resource(&asked), "").await?;
    let mut reader = app.store().read(&grant).await?;
    let sum = count::sum(&mut reader.conn(), &asked).await?;
    let name = format!("victims-{}-to-{}.csv", asked.from, asked.to);
    Ok(web::csv_download(&name, sheets::figures(&sum)?))
}

pub(super) async fn names(
    State(app): State<App>,
    who: SignedIn,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, web::Error> {
    let question = Question::of_pairs(&app, &pairs)?;
    let (asked, part) = (&question.asked, &question.part);
    let resource = count::resource(asked).of_unit(who.actor.unit.clone());
    let grant = permit(&app, &who.actor, &EXPORT, &resource, "").await?;
    let mut reader = app.store().read(&grant).await?;
    let scope = who.actor.scope();
    let found = count::names(&mut reader.conn(), &scope, asked, part, (None, MOST)).await?;
    drop(reader);
    if found.next.is_some() {
        return Err(too_many());
    }
    let parts = [(part.series, found.names)];
    let text = sheets::names(&parts)?;
    let digest = hex::encode(Sha256::digest(text.as_bytes()));
    let [(_, names)] = &parts;
    disclose(&app, &grant, question.in_words(), "csv", digest, names).await?;
    let name = format!("victims-{}-to-{}-names.csv", asked.from, asked.to);
    Ok(web::csv_download(&name, text))
}

pub(super) async fn pack(
    State(app): State<App>,
    who: SignedIn,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, web::Error> {
    let asked = Question::of_pairs(&app, &pairs)?.asked;
    let pack = packing::make(&app, &who.actor, &asked).await?;
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for file in &pack.files {
        zip.start_file(file.name, SimpleFileOptions::default())
            .map_err(|e| web::Error::internal(&e))?;
        zip.write_all(&file.bytes)
            .map_err(|e| web::Error::internal(&e))?;
    }
    let bytes = zip.finish().map_err(|e| web::Error::internal(&e))?;
    let name = format!("victims-{}-to-{}.zip", asked.from, asked.to);
    let headers = [
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ];
    Ok((headers, bytes.into_inner()).into_response())
}

pub(super) fn too_many() -> web::Error {
    web::Error::BadRequest(format!(
        "this is more than {MOST} names. Choose a shorter period or one district"
    ))
}

/// All parts of the sum, for a file of everybody.
pub(super) fn every_part() -> Vec<Part> {
    super::Series::ALL
        .into_iter()
        .flat_map(|series| {
            let part = |left_out| Part {
                series,
                standing: None,
                left_out,
            };
            [part(None), part(Some(String::new()))]
        })
        .collect()
}

/// Enters what a file holds and its digest, before it is sent.
pub(super) async fn disclose(
    app: &App,
    grant: &Grant,
    query: String,
    kind: &'static str,
    digest: String,
    names: &[Name],
) -> Result<(), web::Error> {
    let ids: Vec<String> = names.iter().map(|n| n.report.to_string()).collect();
    let id = grant.resource().id.clone();
    let entered = app.store().write(grant, move |tx| {
        Box::pin(async move {
            // One entry for a file without names too.
            let parts = ids.chunks(IN_ONE_ENTRY).map(<[String]>::to_vec);
            let parts: Vec<Vec<String>> = if ids.is_empty() {
                vec![Vec::new()]
            } else {
                parts.collect()
            };
            for shown in parts {
                tx.enter(Entry {
                    kind: "victim_ledger",
                    id: id.clone(),
                    content: digest.clone(),
                    detail: serde_json::json!({
                        "query": query, "file": kind, "shown": shown, "count": ids.len(),
                    })
                    .to_string(),
                });
            }
            Ok(())
        })
    });
    Ok(entered.await?)
}
