//! Connections that only read.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use crate::Result;
use crate::error::Error;
use crate::lite::{self, Use};

/// Connections open at once, made as they are needed. Each request and each job holds one at most,
/// so requests can wait for a reader but never for each other.
pub(crate) const MOST_READERS: u32 = 16;

/// How long to wait for a free one.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A connection's place, kept while it is on loan.
type Place = Arc<tokio::sync::Mutex<Connection>>;

/// Readers of an embedded database. The one used last is used next: its statements are prepared
/// and its pages are at hand.
pub(crate) struct LiteReaders {
    file: PathBuf,
    idle: Mutex<Vec<Place>>,
    free: Arc<Semaphore>,
}

impl LiteReaders {
    pub fn new(file: &Path) -> Arc<LiteReaders> {
        Arc::new(LiteReaders {
            file: file.to_owned(),
            idle: Mutex::default(),
            free: Arc::new(Semaphore::new(MOST_READERS as usize)),
        })
    }

    pub async fn acquire(self: &Arc<Self>) -> Result<LiteReader> {
        let waited = tokio::time::timeout(PATIENCE, Arc::clone(&self.free).acquire_owned()).await;
        let permit = match waited {
            Ok(Ok(permit)) => permit,
            Ok(Err(_)) => return Err(Error::Stopped("the store is closing".to_owned())),
            Err(_) => return Err(Error::Stopped("every reader is busy".to_owned())),
        };
        let idle = self.idle().pop();
        let place = match idle {
            Some(place) => place,
            None => {
                let conn = lite::connect(&self.file, Use::Reading)?;
                Arc::new(tokio::sync::Mutex::new(conn))
            }
        };
        let conn = Arc::clone(&place).lock_owned().await;
        conn.execute_batch("begin")?;
        Ok(LiteReader {
            conn,
            place,
            home: Arc::clone(self),
            _permit: permit,
        })
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Place>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for readers under way and closes them all.
    pub async fn close(&self) {
        // All of them: nobody reads any more. Closing follows even if one never comes back.
        let _ = tokio::time::timeout(PATIENCE, self.free.acquire_many(MOST_READERS)).await;
        self.free.close();
        let idle = std::mem::take(&mut *self.idle());
        for conn in idle.into_iter().filter_map(Arc::into_inner) {
            // A reader that cannot be closed cleanly leaves nothing behind.
            let _ = conn.into_inner().close();
        }
    }
}

/// A connection on loan, in one transaction from its first statement to the end of the loan: a page
/// shows one state of the records, and what it read once stays in memory until it is done.
pub(crate) struct LiteReader {
    pub conn: OwnedMutexGuard<Connection>,
    place: Place,
    home: Arc<LiteReaders>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for LiteReader {
    fn drop(&mut self) {
        // A connection that cannot even end its reading is not lent again.
        let ended = self.conn.execute_batch("rollback").is_ok();
        if ended && !self.home.free.is_closed() {
            self.home.idle().push(Arc::clone(&self.place));
        }
    }
}

/// In development and tests: stops a task that opens a second reader while it holds one. Many such
/// tasks at once would wait for each other.
#[cfg(debug_assertions)]
pub(crate) mod one_each {
    use std::collections::HashSet;
    use std::sync::{LazyLock, Mutex, PoisonError};

    use tokio::task::Id;

    static HOLDING: LazyLock<Mutex<HashSet<Id>>> = LazyLock::new(Mutex::default);

    /// Stands for the reader a task holds.
    pub struct Held(Option<Id>);

    /// Notes that this task holds a reader.
    ///
    /// # Panics
    /// When it holds one already.
    pub fn hold() -> Held {
        let task = tokio::task::try_id();
        if let Some(task) = task {
            let mut holding = HOLDING.lock().unwrap_or_else(PoisonError::into_inner);
            let first = holding.insert(task);
            drop(holding);
            assert!(first, "a task opens a second reader while it holds one");
        }
        Held(task)
    }

    impl Drop for Held {
        fn drop(&mut self) {
            if let Some(task) = &self.0 {
                let mut holding = HOLDING.lock().unwrap_or_else(PoisonError::into_inner);
                holding.remove(task);
            }
        }
    }
}
