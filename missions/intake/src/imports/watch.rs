//! Imports that died, and files whose time is over.
//!
//! A running import holds a lock on a small file beside the uploads. The operating system lets go
//! of it when the process ends, in whatever way, so another process can tell the dead from the
//! slow. Where that file is on another machine, the time of the last batch must do.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use record::access::{Actor, Grant};
use record::ids::ImportId;
use record::time::Timestamp;
use store::{Sql, Store};
use web::{App, Tick};

use super::{CLOSE, DELETE, IMPORT, resource};
use crate::receive::Desk;
use crate::sources::ImportPolicy;

/// Imports closed and files deleted in one run of a job; what is left waits for the next.
const AT_ONCE: i64 = 200;

const DIED: &str = "the program ended before the import did. What was accepted is kept. Import \
    the file again: what is held already is not doubled";
const UNUSED: &str = "the file was uploaded but never imported, and was deleted. Upload it again \
    if it is wanted";

/// The folder of uploaded files and what belongs to them.
pub(super) fn folder(store: &Store) -> PathBuf {
    store.folder().join("uploads")
}

/// The uploaded file as it came.
pub(super) fn raw_file(store: &Store, id: ImportId) -> PathBuf {
    folder(store).join(id.to_string())
}

/// The rejected rows of an uploaded file.
pub(super) fn rejected_file(store: &Store, id: ImportId) -> PathBuf {
    folder(store).join(format!("{id}.rejected.csv"))
}

fn file_fault(path: &Path) -> impl Fn(std::io::Error) -> store::Error + '_ {
    move |source| store::Error::File {
        path: path.display().to_string(),
        source,
    }
}

/// The sign that an import runs.
pub(super) struct Mark {
    path: PathBuf,
    _lock: File,
}

impl Mark {
    pub fn take(data: &Path, id: ImportId) -> store::Result<Mark> {
        let folder = data.join("uploads");
        std::fs::create_dir_all(&folder).map_err(file_fault(&folder))?;
        let path = folder.join(format!("{id}.running"));
        let lock = File::create(&path).map_err(file_fault(&path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Mark { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                Err(store::Error::invalid("this import is running already"))
            }
            Err(TryLockError::Error(source)) => Err(file_fault(&path)(source)),
        }
    }

    /// Whether the process that took the mark has ended; none when there is no mark here.
    fn is_dead(data: &Path, id: ImportId) -> Option<bool> {
        let file = File::open(data.join("uploads").join(format!("{id}.running"))).ok()?;
        Some(file.try_lock().is_ok())
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        // A mark that stays behind is harmless: nobody holds its lock.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// The job that closes imports whose process has died.
pub(super) fn closing(app: App) -> Tick {
    Box::pin(async move { close_abandoned(&app).await.map(drop) })
}

/// Marks imports of dead processes as stopped; says how many.
pub async fn close_abandoned(app: &App) -> store::Result<usize> {
    let (desk, policy) = (app.policy::<Desk>()?, app.policy::<ImportPolicy>()?);
    let stale = app.now().plus_minutes(-policy.stalled_minutes);
    let mut closed = 0;
    for (id, beat) in running(app).await? {
        let dead = Mark::is_dead(app.store().folder(), id).unwrap_or(beat < stale);
        if dead && fail(app, &desk, id, DIED.to_owned()).await? {
            let _ = std::fs::remove_file(folder(app.store()).join(format!("{id}.running")));
            closed += 1;
        }
    }
    Ok(closed)
}

async fn running(app: &App) -> store::Result<Vec<(ImportId, Timestamp)>> {
    let mut db = app.store().read(&reading(app)?).await?;
    let sql = Sql::new(
        "select id, coalesce(beat_at, started_at) as beat from intake_import \
         where state = 'running' order by started_at ",
    )
    .with("limit ?", [AT_ONCE.into()]);
    db.rows(sql)
        .await?
        .iter()
        .map(|row| Ok((row.get("id")?, row.get("beat")?)))
        .collect()
}

/// A look at states and times, which are no personal data.
fn reading(app: &App) -> store::Result<Grant> {
    let any = record::access::Resource::of("import", "");
    Ok(app.system().permit(&crate::sources::VIEW, &any, "")?)
}

/// Ends a running import with a problem; false when it was not running any more.
pub(super) async fn fail(
    app: &App,
    desk: &Desk,
    id: ImportId,
    problem: String,
) -> store::Result<bool> {
    let grant = app.system().permit(&CLOSE, &resource(desk, id), "")?;
    let closed = app
        .store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                let sql = Sql::new("update intake_import set state = 'failed', ").with(
                    "problem = ?, ended_at = ? where id = ? and state = 'running'",
                    [problem.into(), tx.now().into(), id.into()],
                );
                // Somebody else was first: nothing to enter.
                if tx.run(sql).await? == 0 {
                    Err(store::Error::Conflict)
                } else {
                    Ok(())
                }
            })
        })
        .await;
    match closed {
        Ok(()) => Ok(true),
        Err(store::Error::Conflict) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Ends a file that waits because it cannot be imported as asked, and deletes it.
pub(super) async fn refuse(
    app: &App,
    who: &Actor,
    id: ImportId,
    problem: String,
) -> store::Result<()> {
    let desk = app.policy::<Desk>()?;
    let grant = who.permit(&IMPORT, &resource(&desk, id), "refused")?;
    app.store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                let sql = Sql::new("update intake_import set state = 'failed', raw = null, ").with(
                    "problem = ?, ended_at = ? where id = ? and state = 'waiting'",
                    [problem.into(), tx.now().into(), id.into()],
                );
                tx.run(sql).await.map(drop)
            })
        })
        .await?;
    // Left behind, it would be found by nobody: an upload has no other name than its receipt's.
    let raw = raw_file(app.store(), id);
    std::fs::remove_file(&raw).map_err(file_fault(&raw))
}

/// The job that deletes files at the end of their time.
pub(super) fn deleting(app: App) -> Tick {
    Box::pin(async move { delete_old_files(&app).await.map(drop) })
}

/// Deletes raw files and rejected rows that were kept long enough, uploads nobody imported, and
/// pieces of uploads that broke off; says how many imports lost their file.
pub async fn delete_old_files(app: &App) -> store::Result<usize> {
    let (desk, policy) = (app.policy::<Desk>()?, app.policy::<ImportPolicy>()?);
    let (kept, unused) = (
        app.now().plus_days(-policy.keep_raw_days),
        app.now().plus_minutes(-policy.keep_unused_hours * 60),
    );
    let mut db = app.store().read(&reading(app)?).await?;
    let sql = Sql::new("select id from intake_import where raw is not null and ").with(
        "((state in ('done', 'failed') and started_at < ?) or (state = 'waiting' and started_at < ?)) \
         order by started_at limit ?",
        [kept.into(), unused.into(), AT_ONCE.into()],
    );
    let ids: Vec<ImportId> = db
        .rows(sql)
        .await?
        .iter()
        .map(|row| row.get("id"))
        .collect::<store::Result<_>>()?;
    drop(db);
    for id in &ids {
        delete(app, &desk, *id).await?;
    }
    delete_pieces(&folder(app.store()), unused);
    Ok(ids.len())
}

/// The files first: if the power goes between, the next run finds the row and no file, and ends it.
async fn delete(app: &App, desk: &Desk, id: ImportId) -> store::Result<()> {
    for path in [raw_file(app.store(), id), rejected_file(app.store(), id)] {
        match std::fs::remove_file(&path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(file_fault(&path)(e)),
            _ => {}
        }
    }
    let grant = app
        .system()
        .permit(&DELETE, &resource(desk, id), "end of its time")?;
    app.store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                let sql = Sql::new("update intake_import set raw = null where ")
                    .with("id = ?", [id.into()]);
                tx.run(sql).await?;
                let sql = Sql::new("update intake_import set state = 'failed', ").with(
                    "problem = ?, ended_at = ? where id = ? and state = 'waiting'",
                    [UNUSED.into(), tx.now().into(), id.into()],
                );
                tx.run(sql).await.map(drop)
            })
        })
        .await
}

fn delete_pieces(folder: &Path, before: Timestamp) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for path in entries.flatten().map(|e| e.path()) {
        let is_piece = path.extension().is_some_and(|e| e == "part");
        let changed = std::fs::metadata(&path).and_then(|m| m.modified()).ok();
        let at = changed
            .and_then(|t| t.duration_since(std::time::UNIX_EPOCH).ok())
            .and_then(|d| i64::try_from(d.as_micros()).ok());
        if is_piece && at.is_some_and(|at| Timestamp::from_micros(at) < before) {
            // Somebody else's run may have taken it already.
            let _ = std::fs::remove_file(&path);
        }
    }
}
