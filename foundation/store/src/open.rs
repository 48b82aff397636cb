//! Opening a store, and reading from it.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use record::access::{Grant, Resource};
use record::ids::{Ids, RandomIds};
use record::time::{Clock, SystemClock, Timestamp};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, PgPool};

use crate::door::{self, Lead, LiteDoor, SharedClock, SharedIds, Tx, Unit, Written};
use crate::entries::{self, Shown};
use crate::error::Error;
use crate::lite::{self, Use};
use crate::migrate::{self, Migration};
#[cfg(debug_assertions)]
use crate::readers::one_each;
use crate::readers::{LiteReader, LiteReaders, MOST_READERS, PATIENCE};
use crate::sql::Conn;
use crate::{Result, Row, Sql};

/// Where the records are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A folder: `fourfold.db` and what stands beside it.
    Folder(PathBuf),
    /// A PostgreSQL database, with a folder for keys and files.
    Postgres { url: String, folder: PathBuf },
}

impl Location {
    /// The folder for keys, files and (embedded) the database.
    pub fn folder(&self) -> &Path {
        match self {
            Location::Folder(folder) | Location::Postgres { folder, .. } => folder,
        }
    }
}

/// What is passed in from outside: time and identity.
#[derive(Clone)]
pub struct Setting {
    pub clock: SharedClock,
    pub ids: SharedIds,
}

impl Default for Setting {
    fn default() -> Setting {
        Setting {
            clock: Arc::new(SystemClock),
            ids: Arc::new(RandomIds::default()),
        }
    }
}

/// The database, behind its doors. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) doors: Doors,
    pub(crate) clock: SharedClock,
    ids: SharedIds,
    pub(crate) folder: PathBuf,
}

pub(crate) enum Doors {
    Lite {
        writer: LiteDoor,
        readers: Arc<LiteReaders>,
    },
    /// Apart, so that a write never waits for a reader whose holder waits for the write.
    Pg { writers: PgPool, readers: PgPool },
}

impl Store {
    /// Opens the store, making it if it is not there, and brings it up to date.
    pub async fn open(location: &Location, steps: &[Migration], setting: Setting) -> Result<Store> {
        let folder = location.folder().to_owned();
        std::fs::create_dir_all(&folder).map_err(|source| Error::File {
            path: folder.display().to_string(),
            source,
        })?;
        let doors = match location {
            Location::Folder(folder) => open_lite(&folder.join("fourfold.db"), steps).await?,
            Location::Postgres { url, .. } => open_pg(url, steps).await?,
        };
        let inner = Inner {
            doors,
            clock: setting.clock,
            ids: setting.ids,
            folder,
        };
        Ok(Store {
            inner: Arc::new(inner),
        })
    }

    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    pub fn clock(&self) -> &dyn Clock {
        self.inner.clock.as_ref()
    }

    pub fn ids(&self) -> &dyn Ids {
        self.inner.ids.as_ref()
    }

    /// The folder for keys and files beside the database.
    pub fn folder(&self) -> &Path {
        &self.inner.folder
    }

    pub fn is_postgres(&self) -> bool {
        matches!(self.inner.doors, Doors::Pg { .. })
    }

    /// The one unit of work: the change and its ledger entries, in one transaction. It goes on to
    /// its end even when the caller stops waiting.
    pub async fn write<T, F>(&self, grant: &Grant, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx<'_>) -> Written<'t, T> + Send + 'static,
    {
        if grant.is_refusal() {
            return Err(Error::invalid("a refused attempt cannot write"));
        }
        self.through_door(grant, Lead::Grant, work).await
    }

    async fn through_door<T, F>(&self, grant: &Grant, lead: Lead, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx<'_>) -> Written<'t, T> + Send + 'static,
    {
        let (inner, grant) = (Arc::clone(&self.inner), grant.clone());
        door::detached(async move {
            let (clock, ids) = (inner.clock.as_ref(), inner.ids.as_ref());
            let unit = Unit {
                grant: &grant,
                clock,
                ids,
                lead,
            };
            match &inner.doors {
                Doors::Lite { writer, .. } => writer.write(unit, work).await,
                Doors::Pg { writers, .. } => door::write_pg(writers, unit, work).await,
            }
        })
        .await
    }

    /// Opens a reader. The consultation is in the ledger before the first row is read; an act of
    /// kind `Open` (no personal data) leaves none.
    pub async fn read(&self, grant: &Grant) -> Result<Reader> {
        if grant.is_refusal() {
            return Err(Error::invalid("a refused attempt cannot read"));
        }
        if entries::is_logged(grant.act().kind) {
            self.write(grant, |_| Box::pin(async { Ok(()) })).await?;
        }
        self.reader(grant, false).await
    }

    /// Opens a reader for something that ends with [`Reader::shown`]: the consultation and what it
    /// showed are entered together then, before anything is sent. If the reading ends before (not
    /// found, an error), the consultation alone is entered.
    pub async fn read_to_show(&self, grant: &Grant) -> Result<Reader> {
        if grant.is_refusal() {
            return Err(Error::invalid("a refused attempt cannot read"));
        }
        self.reader(grant, entries::is_logged(grant.act().kind))
            .await
    }

    async fn reader(&self, grant: &Grant, owed: bool) -> Result<Reader> {
        #[cfg(debug_assertions)]
        let one = one_each::hold();
        let conn = match &self.inner.doors {
            Doors::Lite { readers, .. } => Held::Lite(readers.acquire().await?),
            Doors::Pg { readers, .. } => Held::Pg(
                readers
                    .begin_with("begin isolation level repeatable read read only")
                    .await?,
            ),
        };
        Ok(Reader {
            loan: Loan {
                conn,
                #[cfg(debug_assertions)]
                _one: one,
            },
            entry: Consultation {
                store: self.clone(),
                grant: grant.clone(),
                owed,
            },
        })
    }

    /// Enters an attempt that was refused. The DPA's log holds denials too.
    pub async fn note_refusal(&self, attempt: &Grant) -> Result<()> {
        self.through_door(attempt, Lead::Grant, |_| Box::pin(async { Ok(()) }))
            .await
    }

    /// The crate's own work: no entry. Never handed to missions.
    pub(crate) async fn own<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Conn<'_>) -> Written<'t, T> + Send + 'static,
    {
        let inner = Arc::clone(&self.inner);
        door::detached(async move {
            match &inner.doors {
                Doors::Lite { writer, .. } => writer.own(work).await,
                Doors::Pg { writers, .. } => {
                    let mut tx = writers.begin().await?;
                    let value = work(&mut Conn::Pg(&mut tx)).await?;
                    tx.commit().await?;
                    Ok(value)
                }
            }
        })
        .await
    }

    /// Ends cleanly: everything acknowledged is in the database file itself.
    pub async fn close(&self) {
        match &self.inner.doors {
            Doors::Lite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Doors::Pg { writers, readers } => {
                readers.close().await;
                writers.close().await;
            }
        }
    }

    /// Copies an embedded database to a new file while it is in use.
    pub async fn copy_to(&self, file: &Path) -> Result<()> {
        if self.is_postgres() {
            return Err(Error::invalid(
                "this store is on PostgreSQL: back it up with pg_dump, and copy the keys folder",
            ));
        }
        if file.exists() {
            return Err(Error::invalid(format!(
                "{} is there already. Name a new file",
                file.display()
            )));
        }
        // A connection of its own: readers refuse every statement that writes, even to a new file.
        let (from, to) = (self.inner.folder.join("fourfold.db"), file.to_owned());
        door::apart(move || {
            let conn = lite::connect(&from, Use::Alone)?;
            let to = to.display().to_string();
            lite::run(&conn, "vacuum into ?", &[to.into()]).map(drop)
        })
        .await
    }
}

async fn open_lite(file: &Path, steps: &[Migration]) -> Result<Doors> {
    migrate::lite(file, steps).await?;
    let writer = lite::connect(file, Use::Writing)?;
    Ok(Doors::Lite {
        writer: LiteDoor::new(writer),
        readers: LiteReaders::new(file),
    })
}

async fn open_pg(url: &str, steps: &[Migration]) -> Result<Doors> {
    let options = PgConnectOptions::from_str(url)
        .map_err(|e| Error::invalid(format!("DATABASE_URL cannot be read: {e}")))?
        .application_name("fourfold")
        .statement_cache_capacity(512)
        .disable_statement_logging();
    let pool = PgPoolOptions::new()
        .max_connections(MOST_READERS)
        .acquire_timeout(PATIENCE);
    let writers = pool.clone().connect_with(options.clone()).await?;
    let mut conn = writers.acquire().await?;
    let migrator = migrate::migrator(steps, true);
    migrator
        .run_direct(None, &mut *conn, false)
        .await
        .map_err(|e| migrate::explain(&e))?;
    drop(conn);
    Ok(Doors::Pg {
        writers,
        readers: pool.connect_lazy_with(options),
    })
}

enum Held {
    Lite(LiteReader),
    Pg(sqlx::Transaction<'static, sqlx::Postgres>),
}

struct Loan {
    conn: Held,
    #[cfg(debug_assertions)]
    _one: one_each::Held,
}

/// A connection that only reads, opened with a grant.
pub struct Reader {
    loan: Loan,
    entry: Consultation,
}

/// The consultation a reader is for.
struct Consultation {
    store: Store,
    grant: Grant,
    /// Whether it has yet to be entered.
    owed: bool,
}

impl Reader {
    /// The connection, for statements.
    pub fn conn(&mut self) -> Conn<'_> {
        match &mut self.loan.conn {
            Held::Lite(c) => Conn::Lite(&mut c.conn),
            Held::Pg(c) => Conn::Pg(c),
        }
    }

    pub async fn rows(&mut self, sql: impl Into<Sql>) -> Result<Vec<Row>> {
        self.conn().rows(sql).await
    }

    pub async fn first(&mut self, sql: impl Into<Sql>) -> Result<Option<Row>> {
        self.conn().first(sql).await
    }

    pub async fn count(&mut self, sql: impl Into<Sql>) -> Result<i64> {
        self.conn().count(sql).await
    }

    /// Enters what a list or a search displayed, before it is sent.
    pub async fn shown(self, shown: Shown) -> Result<()> {
        let Reader { loan, entry } = self;
        // Given back before the wait for the writer.
        drop(loan);
        entry.close(Some(shown)).await
    }

    /// Ends a reader of [`Store::read_to_show`] that named no other record.
    pub async fn opened(self) -> Result<()> {
        let Reader { loan, entry } = self;
        drop(loan);
        entry.close(None).await
    }

    pub fn resource(&self) -> &Resource {
        self.entry.grant.resource()
    }
}

impl Consultation {
    async fn close(mut self, shown: Option<Shown>) -> Result<()> {
        let lead = if std::mem::take(&mut self.owed) {
            Lead::Grant
        } else {
            Lead::OnlyNoted
        };
        let entry = shown.map(|shown| {
            let Shown { kind, query, ids } = shown;
            let count = ids.len();
            entries::Entry {
                kind,
                id: self.grant.resource().id.clone(),
                content: String::new(),
                detail: serde_json::json!({ "query": query, "shown": ids, "count": count })
                    .to_string(),
            }
        });
        if lead == Lead::OnlyNoted && entry.is_none() {
            return Ok(());
        }
        self.store
            .through_door(&self.grant, lead, move |tx| {
                Box::pin(async move {
                    entry.into_iter().for_each(|e| tx.enter(e));
                    Ok(())
                })
            })
            .await
    }
}

impl Drop for Consultation {
    fn drop(&mut self) {
        if !self.owed {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            tracing::error!("a consultation ended after its runtime and could not be entered");
            return;
        };
        let (store, grant) = (self.store.clone(), self.grant.clone());
        runtime.spawn(async move {
            let entered = store
                .through_door(&grant, Lead::Grant, |_| Box::pin(async { Ok(()) }))
                .await;
            if let Err(error) = entered {
                tracing::error!(%error, "a consultation could not be entered");
            }
        });
    }
}
