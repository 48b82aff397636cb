//! A file on its way in: streamed to the uploads folder, counted and hashed while it is written,
//! synced, and only then given its name and its receipt.

use std::path::PathBuf;

use axum::body::Bytes;
use futures_util::{Stream, StreamExt as _};
use record::access::{Actor, Grant};
use record::ids::ImportId;
use sha2::{Digest as _, Sha256};
use store::{Entry, Sql};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use web::App;

use super::receipt::{Receipt, State};
use super::{IMPORT, allow, resource, watch};
use crate::receive::Desk;
use crate::sources::ImportPolicy;

/// Longest file name kept, in characters.
const LONGEST_NAME: usize = 200;

/// Takes a file in. Nothing of it is kept unless all of it arrived.
pub(super) async fn take<E: std::fmt::Display>(
    app: &App,
    actor: &Actor,
    file_name: &str,
    chunks: impl Stream<Item = Result<Bytes, E>> + Send,
) -> web::Result<Receipt> {
    let (desk, policy) = (app.policy::<Desk>()?, app.policy::<ImportPolicy>()?);
    let id = ImportId(app.store().ids().next(app.now()));
    let name = shown_name(file_name);
    let grant = allow(app, actor, &IMPORT, &resource(&desk, id), &name).await?;
    let folder = watch::folder(app.store());
    std::fs::create_dir_all(&folder).map_err(|e| web::Error::internal(&e))?;
    let part = Part {
        path: folder.join(format!("{id}.part")),
    };
    let (bytes, digest) = write(&part, policy.max_upload_bytes, chunks).await?;
    let raw = watch::raw_file(app.store(), id);
    std::fs::rename(&part.path, &raw).map_err(|e| web::Error::internal(&e))?;
    let receipt = enter(app, &grant, waiting(app, actor, id, name, bytes, digest)).await;
    if receipt.is_err() {
        // Without its receipt nobody could find the file again.
        let _ = std::fs::remove_file(&raw);
    }
    Ok(receipt?)
}

/// The name without folders and control characters, as the receipt shows it.
fn shown_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last
        .chars()
        .filter(|c| !c.is_control())
        .take(LONGEST_NAME)
        .collect();
    match name.trim() {
        "" => "file without a name".to_owned(),
        name => name.to_owned(),
    }
}

/// A file being written; gone when it was not finished.
struct Part {
    path: PathBuf,
}

impl Drop for Part {
    fn drop(&mut self) {
        // After the rename it is not there any more, which is as it should be.
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn write<E: std::fmt::Display>(
    part: &Part,
    most: u64,
    chunks: impl Stream<Item = Result<Bytes, E>> + Send,
) -> web::Result<(u64, String)> {
    let fault = |e: std::io::Error| web::Error::internal(&e);
    let mut file = tokio::fs::File::create(&part.path).await.map_err(fault)?;
    let (mut bytes, mut hash) = (0u64, Sha256::new());
    let mut chunks = std::pin::pin!(chunks);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|e| {
            web::Error::BadRequest(format!("the upload broke off: {e}. Send the file again"))
        })?;
        bytes += u64::try_from(chunk.len()).unwrap_or(0);
        if bytes > most {
            return Err(web::Error::TooLarge(format!(
                "a file may hold {most} bytes. Split it, or import it at the command line"
            )));
        }
        hash.update(&chunk);
        file.write_all(&chunk).await.map_err(fault)?;
    }
    file.sync_all().await.map_err(fault)?;
    Ok((bytes, hex::encode(hash.finalize())))
}

fn waiting(
    app: &App,
    actor: &Actor,
    id: ImportId,
    file_name: String,
    bytes: u64,
    digest: String,
) -> Receipt {
    Receipt {
        id,
        source: String::new(),
        file_name,
        mapping: String::new(),
        digest,
        state: State::Waiting,
        started_at: app.now(),
        ended_at: None,
        by_name: actor.name.clone(),
        read_rows: 0,
        accepted: 0,
        duplicate: 0,
        rejected: 0,
        bytes_read: 0,
        bytes_total: bytes,
        findings: Vec::new(),
        more_findings: 0,
        problem: None,
        same_file_as: None,
    }
}

async fn enter(app: &App, grant: &Grant, receipt: Receipt) -> store::Result<Receipt> {
    app.store()
        .write(grant, move |tx| {
            Box::pin(async move {
                receipt.save(tx).await?;
                let sql = Sql::new("update intake_import set ").with(
                    "raw = ? where id = ?",
                    [receipt.id.to_string().into(), receipt.id.into()],
                );
                tx.run(sql).await?;
                tx.enter(Entry {
                    kind: "import_file",
                    id: receipt.id.to_string(),
                    content: receipt.digest.clone(),
                    detail: serde_json::json!({ "bytes": receipt.bytes_total }).to_string(),
                });
                Ok(receipt)
            })
        })
        .await
}

/// A file on its way out, a piece at a time.
pub(super) fn chunks_of(
    file: tokio::fs::File,
) -> impl Stream<Item = Result<Bytes, std::io::Error>> + Send {
    futures_util::stream::try_unfold(file, |mut file| async move {
        let mut piece = vec![0; 64 * 1024];
        let read = file.read(&mut piece).await?;
        piece.truncate(read);
        Ok((read > 0).then(|| (Bytes::from(piece), file)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_folders_and_control_characters() {
        assert_eq!(shown_name("C:\\lists\\week 46.csv"), "week 46.csv");
        assert_eq!(shown_name("../../etc/passwd"), "passwd");
        assert_eq!(shown_name("a\u{0}b\n.csv"), "ab.csv");
        assert_eq!(shown_name(" "), "file without a name");
    }
}
