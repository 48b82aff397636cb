//! The writing half of an import: batches are received one after the other, each with the receipt
//! as it then stands.

use std::path::PathBuf;
use std::sync::Arc;

use record::access::Actor;
use record::ids::ImportId;
use record::{Finding, Grant};
use store::Store;

use super::IMPORT;
use super::feed::{self, Chunk, End};
use super::receipt::{Receipt, State};
use super::watch;
use crate::files::Mapping;
use crate::receive::{Desk, Ready, Received, receive};
use crate::sources;

/// What to import, and how.
pub struct Import {
    pub path: PathBuf,
    /// The name shown on the receipt.
    pub file_name: String,
    pub mapping: Mapping,
    /// Reads and finds, and keeps nothing.
    pub dry_run: bool,
    /// Where rejected rows go.
    pub rejected_file: Option<PathBuf>,
    /// The receipt's identifier, when it was handed out beforehand.
    pub id: Option<ImportId>,
    /// Reports received in one transaction; [`super::BATCH`] unless there is a reason.
    pub batch: usize,
}

/// How far an import has come.
pub type Progress<'p> = &'p (dyn Fn(&Receipt) + Send + Sync);

/// Runs an import to its end. Good rows beside bad ones are kept; the receipt tells all.
pub async fn run(
    store: &Store,
    desk: &Arc<Desk>,
    who: &Actor,
    import: Import,
    progress: Progress<'_>,
) -> store::Result<Receipt> {
    let id = import
        .id
        .unwrap_or_else(|| ImportId(store.ids().next(store.now())));
    let grant = who.permit(&IMPORT, &super::resource(desk, id), &import.file_name)?;
    let title = import.mapping.title.clone();
    let bytes_total = std::fs::metadata(&import.path).map_or(0, |m| m.len());
    let mut receipt = Receipt {
        id,
        source: import.mapping.source.clone(),
        file_name: import.file_name,
        mapping: import.mapping.name.clone(),
        digest: String::new(),
        state: State::Running,
        started_at: store.now(),
        ended_at: None,
        by_name: who.name.clone(),
        read_rows: 0,
        accepted: 0,
        duplicate: 0,
        rejected: 0,
        bytes_read: 0,
        bytes_total,
        findings: Vec::new(),
        more_findings: 0,
        problem: None,
        same_file_as: None,
    };
    // Held until the import has ended, in whatever way: whoever can take it knows that it has.
    let _running = if import.dry_run {
        None
    } else {
        let mark = watch::Mark::take(store.folder(), id)?;
        receipt = begin(store, &grant, receipt).await?;
        Some(mark)
    };
    let mut running = feed::start(
        Arc::clone(desk),
        import.path,
        import.mapping,
        store.now(),
        import.rejected_file.filter(|_| !import.dry_run),
        import.batch,
    );
    while let Some(chunk) = running.chunks.recv().await {
        receipt = take(store, desk, &grant, receipt, chunk, import.dry_run).await?;
        progress(&receipt);
    }
    let end = match running.end.await {
        Ok(end) => end.map_err(|source| store::Error::File {
            path: "the file of rejected rows".to_owned(),
            source,
        })?,
        Err(error) => return Err(store::Error::Stopped(error.to_string())),
    };
    close(
        store,
        &grant,
        receipt,
        end,
        (!import.dry_run).then_some(title),
    )
    .await
}

/// The receipt is there from the first moment, so that an import that dies early is seen too.
async fn begin(store: &Store, grant: &Grant, receipt: Receipt) -> store::Result<Receipt> {
    store
        .write(grant, move |tx| {
            Box::pin(async move {
                receipt.save(tx).await?;
                Ok(receipt)
            })
        })
        .await
}

async fn take(
    store: &Store,
    desk: &Arc<Desk>,
    grant: &Grant,
    mut receipt: Receipt,
    chunk: Chunk,
    dry_run: bool,
) -> store::Result<Receipt> {
    receipt.read_rows += chunk.read_rows;
    receipt.rejected += chunk.rejected;
    receipt.bytes_read = chunk.bytes_read;
    for finding in chunk.findings {
        receipt.find(finding);
    }
    let ready = chunk
        .ready
        .await
        .map_err(|e| store::Error::Stopped(e.to_string()))?;
    if dry_run {
        receipt.accepted += u64::try_from(ready.len()).unwrap_or(0);
        return Ok(receipt);
    }
    let desk = Arc::clone(desk);
    store
        .write(grant, move |tx| {
            Box::pin(async move {
                let (rows, batch): (Vec<u64>, Vec<Ready>) = ready.into_iter().unzip();
                let outcomes = receive(tx, &desk, Some(receipt.id), &batch).await?;
                for (row, outcome) in rows.into_iter().zip(outcomes) {
                    match outcome {
                        Received::Accepted(_) => receipt.accepted += 1,
                        Received::Duplicate { same, .. } => {
                            receipt.duplicate += 1;
                            if !same {
                                receipt.find(Finding::warning(
                                    row,
                                    "reference",
                                    "a report with this reference is held with other content",
                                    "The held report was kept; record what changed on its page",
                                ));
                            }
                        }
                    }
                }
                receipt.save(tx).await?;
                Ok(receipt)
            })
        })
        .await
}

async fn close(
    store: &Store,
    grant: &Grant,
    mut receipt: Receipt,
    end: End,
    title: Option<String>,
) -> store::Result<Receipt> {
    receipt.state = if end.problem.is_some() {
        State::Failed
    } else {
        State::Done
    };
    if end.digest.is_none() && end.problem.is_none() {
        receipt.state = State::Failed;
        receipt.problem = Some("the mapping does not fit this file".to_owned());
    }
    receipt.problem = end.problem.map(|p| p.to_string()).or(receipt.problem);
    receipt.digest = end.digest.map(|d| d.sha256).unwrap_or_default();
    receipt.ended_at = Some(store.now());
    let Some(title) = title else {
        return Ok(receipt);
    };
    store
        .write(grant, move |tx| {
            Box::pin(async move {
                receipt.same_file_as = receipt.earlier(tx).await?;
                receipt.save(tx).await?;
                // The same file once more is nothing new from its sender; an empty list is.
                let news = receipt.same_file_as.is_none() || receipt.read_rows == 0;
                if receipt.state == State::Done && news {
                    sources::note_arrival(tx, &receipt.source, &title).await?;
                }
                Ok(receipt)
            })
        })
        .await
}
