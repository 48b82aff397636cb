//! The write door. One unit of work: a grant, the change, its ledger entries, one transaction.
//!
//! SQLite has one writer. Writes that arrive together share one transaction, each inside a
//! savepoint of its own, so that one disk sync serves them all; a write is acknowledged only after
//! that transaction is committed. PostgreSQL gives each write a transaction of its own.

use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use record::access::Grant;
use record::ids::Ids;
use record::time::{Clock, Timestamp};
use rusqlite::{Connection, ErrorCode};
use sqlx::PgPool;
use tokio::sync::{Mutex, oneshot};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::Result;
use crate::entries::{self, Entry};
use crate::error::Error;
use crate::lite;
use crate::sql::Conn;

/// The most writes one SQLite transaction serves.
const GROUP: usize = 64;
/// How long another process may hold the database before a write gives up, and how often to look.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(5);

/// What a unit of work returns: a future that borrows the transaction.
pub type Written<'t, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 't>>;

/// A write under way: the connection, the time it happens at, and the entries it will leave.
pub struct Tx<'c> {
    conn: Conn<'c>,
    grant: &'c Grant,
    now: Timestamp,
    ids: &'c dyn Ids,
    entries: Vec<Entry>,
}

impl Tx<'_> {
    /// The time of this write, one for all its rows.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// A new identifier.
    pub fn id(&self) -> Uuid {
        self.ids.next(self.now)
    }

    /// Who writes, and why.
    pub fn grant(&self) -> &Grant {
        self.grant
    }

    /// Adds an entry for something this write touches besides the grant's own resource.
    pub fn enter(&mut self, entry: Entry) {
        self.entries.push(entry);
    }
}

impl<'c> Deref for Tx<'c> {
    type Target = Conn<'c>;
    fn deref(&self) -> &Conn<'c> {
        &self.conn
    }
}

impl<'c> DerefMut for Tx<'c> {
    fn deref_mut(&mut self) -> &mut Conn<'c> {
        &mut self.conn
    }
}

/// Whether the grant itself is entered, or only what the work enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lead {
    Grant,
    OnlyNoted,
}

/// What one unit of work is given from outside.
#[derive(Clone, Copy)]
pub(crate) struct Unit<'c> {
    pub grant: &'c Grant,
    pub clock: &'c dyn Clock,
    pub ids: &'c dyn Ids,
    pub lead: Lead,
}

/// Runs the work and writes its entries; nothing is committed here.
async fn within<T, F>(conn: Conn<'_>, unit: &Unit<'_>, now: Timestamp, work: F) -> Result<T>
where
    F: for<'t> FnOnce(&'t mut Tx<'_>) -> Written<'t, T> + Send,
{
    let Unit {
        grant, ids, lead, ..
    } = *unit;
    let mut tx = Tx {
        conn,
        grant,
        now,
        ids,
        entries: Vec::new(),
    };
    let value = match AssertUnwindSafe(work(&mut tx)).catch_unwind().await {
        Ok(outcome) => outcome?,
        Err(_) => return Err(Error::Stopped("an internal error was met".to_owned())),
    };
    let mut rows = Vec::with_capacity(1 + tx.entries.len());
    if lead == Lead::Grant && entries::is_logged(grant.act().kind) {
        rows.push(entries::values(grant, now, None));
    }
    rows.extend(
        tx.entries
            .iter()
            .map(|e| entries::values(grant, now, Some(e))),
    );
    entries::insert(&mut tx.conn, rows).await?;
    Ok(value)
}

/// SQLite's single writer.
pub(crate) struct LiteDoor {
    session: Mutex<Session>,
    queued: AtomicUsize,
}

struct Session {
    conn: Connection,
    /// Whether a group transaction is open.
    open: bool,
    /// Writes done in the open transaction, waiting to be told it is safe.
    waiting: Vec<oneshot::Sender<std::result::Result<(), String>>>,
}

impl LiteDoor {
    pub fn new(conn: Connection) -> LiteDoor {
        let session = Session {
            conn,
            open: false,
            waiting: Vec::new(),
        };
        LiteDoor {
            session: Mutex::new(session),
            queued: AtomicUsize::new(0),
        }
    }

    /// Runs one write in the group transaction and waits until it is on disk.
    pub async fn write<T, F>(&self, unit: Unit<'_>, work: F) -> Result<T>
    where
        F: for<'t> FnOnce(&'t mut Tx<'_>) -> Written<'t, T> + Send,
    {
        self.queued.fetch_add(1, Ordering::SeqCst);
        let mut session = self.session.lock().await;
        self.queued.fetch_sub(1, Ordering::SeqCst);
        let outcome = session.one(unit, work).await;
        let (sender, receiver) = oneshot::channel();
        if outcome.is_ok() {
            session.waiting.push(sender);
        }
        // The last in the queue commits for all; so does the one that fills the group.
        if self.queued.load(Ordering::SeqCst) == 0 || session.waiting.len() >= GROUP {
            session.commit();
        }
        drop(session);
        let value = outcome?;
        match receiver.await {
            Ok(Ok(())) => Ok(value),
            Ok(Err(problem)) => Err(Error::Stopped(problem)),
            Err(_) => Err(Error::Stopped(
                "the writer ended before the commit".to_owned(),
            )),
        }
    }

    /// Runs the crate's own work (the sequencer) between groups, without an entry.
    pub async fn own<T, F>(&self, work: F) -> Result<T>
    where
        F: for<'t> FnOnce(&'t mut Conn<'_>) -> Written<'t, T> + Send,
    {
        self.queued.fetch_add(1, Ordering::SeqCst);
        let mut session = self.session.lock().await;
        self.queued.fetch_sub(1, Ordering::SeqCst);
        session.commit();
        session.begin().await?;
        let outcome = work(&mut Conn::Lite(&mut session.conn)).await;
        match outcome {
            Ok(value) => {
                session.run("commit")?;
                session.open = false;
                Ok(value)
            }
            Err(error) => {
                session.open = false;
                session.run("rollback")?;
                Err(error)
            }
        }
    }

    /// Commits what is open and closes the connection, so that the log is folded into the file.
    pub async fn close(&self) {
        let mut session = self.session.lock().await;
        session.commit();
        // A connection that cannot be closed cleanly is recovered at the next start.
        let _ = session.run("pragma wal_checkpoint(truncate)");
        if let Ok(memory) = Connection::open_in_memory() {
            let old = std::mem::replace(&mut session.conn, memory);
            let _ = old.close();
        }
    }
}

impl Session {
    fn run(&mut self, text: &'static str) -> Result<()> {
        lite::run(&self.conn, text, &[]).map(drop)
    }

    /// Opens the group's transaction. Immediate: a deferred one fails at its first write when
    /// another process (an import from the command line) is writing, without waiting.
    async fn begin(&mut self) -> Result<()> {
        let since = Instant::now();
        while !self.open {
            match self.run("begin immediate") {
                Ok(()) => self.open = true,
                Err(Error::Embedded(e))
                    if e.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                        && since.elapsed() < PATIENCE =>
                {
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn one<T, F>(&mut self, unit: Unit<'_>, work: F) -> Result<T>
    where
        F: for<'t> FnOnce(&'t mut Tx<'_>) -> Written<'t, T> + Send,
    {
        self.begin().await?;
        // The first of a group has the transaction to itself: undoing it is undoing the transaction.
        // Without a savepoint SQLite need not keep a copy of every page the write touches.
        let alone = self.waiting.is_empty();
        if !alone {
            self.run("savepoint unit")?;
        }
        let outcome = within(Conn::Lite(&mut self.conn), &unit, unit.clock.now(), work).await;
        match (outcome.is_ok(), alone) {
            (true, true) => {}
            (true, false) => self.run("release unit")?,
            (false, true) => {
                self.open = false;
                self.run("rollback")?;
            }
            (false, false) => {
                self.run("rollback to unit")?;
                self.run("release unit")?;
            }
        }
        outcome
    }

    fn commit(&mut self) {
        if !self.open {
            return;
        }
        let outcome = self.run("commit").map_err(|e| e.to_string());
        if outcome.is_err() {
            // Nothing of the group was kept; every waiter is told so.
            let _ = self.run("rollback");
        }
        self.open = false;
        for waiter in self.waiting.drain(..) {
            // A waiter that has gone away needs no answer.
            let _ = waiter.send(outcome.clone());
        }
    }
}

/// One write on PostgreSQL.
pub(crate) async fn write_pg<T, F>(pool: &PgPool, unit: Unit<'_>, work: F) -> Result<T>
where
    F: for<'t> FnOnce(&'t mut Tx<'_>) -> Written<'t, T> + Send,
{
    let mut tx = pool.begin().await?;
    let value = within(Conn::Pg(&mut tx), &unit, unit.clock.now(), work).await?;
    tx.commit().await?;
    Ok(value)
}

/// Keeps a write going when the caller goes away (a browser that closes its connection), so that a
/// group transaction is never left half-way.
pub(crate) async fn detached<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    ended(tokio::spawn(work)).await
}

/// Runs what holds a thread for long on one of its own.
pub(crate) async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    ended(tokio::task::spawn_blocking(work)).await
}

/// What came of work under way elsewhere.
async fn ended<T>(work: JoinHandle<Result<T>>) -> Result<T> {
    match work.await {
        Ok(outcome) => outcome,
        Err(error) => Err(Error::Stopped(error.to_string())),
    }
}

/// Shared by every clone of the store.
pub(crate) type SharedClock = Arc<dyn Clock>;
pub(crate) type SharedIds = Arc<dyn Ids>;
