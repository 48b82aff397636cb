//! Opening a store, and reading from it.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use record::access::{Grant, Resource};
use record::ids::{Ids, RandomIds};
use record::time::{Clock, SystemClock, Timestamp};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, PgPool, Sqlite, SqlitePool};

use crate::door::{self, Lead, LiteDoor, SharedClock, SharedIds, Tx, Unit, Written};
use crate::entries::{self, Shown};
use crate::error::Error;
use crate::migrate::{self, Migration};
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
        readers: SqlitePool,
    },
    Pg(PgPool),
}

/// Connections open at once, made as they are needed. A page may hold one while it opens another,
/// so there must be far more than requests at once, or requests could wait for each other.
const MOST_READERS: u32 = 64;

pub(crate) fn lite_options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // Full: what was acknowledged survives a power cut. Writes that arrive together share
        // one sync.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(10))
        .statement_cache_capacity(512)
        .pragma("temp_store", "memory")
        .disable_statement_logging()
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
        matches!(self.inner.doors, Doors::Pg(_))
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
                Doors::Pg(pool) => door::write_pg(pool, unit, work).await,
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
        let conn = match &self.inner.doors {
            Doors::Lite { readers, .. } => Held::Lite(readers.acquire().await?),
            Doors::Pg(pool) => Held::Pg(pool.acquire().await?),
        };
        Ok(Reader {
            conn,
            store: self.clone(),
            grant: grant.clone(),
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
                Doors::Pg(pool) => {
                    let mut tx = pool.begin().await?;
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
            Doors::Pg(pool) => pool.close().await,
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
        let sql = Sql::new("vacuum into ").with("?", [file.display().to_string().into()]);
        // A connection of its own: readers refuse every statement that writes, even to a new file.
        let mut conn = lite_options(&self.inner.folder.join("fourfold.db"))
            .connect()
            .await?;
        Conn::Lite(&mut conn).run(sql).await?;
        conn.close().await?;
        Ok(())
    }
}

async fn open_lite(file: &Path, steps: &[Migration]) -> Result<Doors> {
    let mut writer = lite_options(file)
        .pragma("cache_size", "-131072")
        .pragma("wal_autocheckpoint", "32768")
        .connect()
        .await?;
    let migrator = migrate::migrator(steps, false);
    migrator
        .run_direct(None, &mut writer, false)
        .await
        .map_err(|e| migrate::explain(&e))?;
    let readers = SqlitePoolOptions::new()
        .max_connections(MOST_READERS)
        .min_connections(0)
        .acquire_timeout(Duration::from_secs(30))
        .connect_lazy_with(
            lite_options(file)
                .pragma("query_only", "on")
                .pragma("cache_size", "-2048"),
        );
    Ok(Doors::Lite {
        writer: LiteDoor::new(writer),
        readers,
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
        .acquire_timeout(Duration::from_secs(30))
        .connect_with(options)
        .await?;
    let mut conn = pool.acquire().await?;
    let migrator = migrate::migrator(steps, true);
    migrator
        .run_direct(None, &mut *conn, false)
        .await
        .map_err(|e| migrate::explain(&e))?;
    Ok(Doors::Pg(pool))
}

enum Held {
    Lite(sqlx::pool::PoolConnection<Sqlite>),
    Pg(sqlx::pool::PoolConnection<sqlx::Postgres>),
}

/// A connection that only reads, opened with a grant.
pub struct Reader {
    conn: Held,
    store: Store,
    grant: Grant,
}

impl Reader {
    /// The connection, for statements.
    pub fn conn(&mut self) -> Conn<'_> {
        match &mut self.conn {
            Held::Lite(c) => Conn::Lite(c),
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
        let Reader { conn, store, grant } = self;
        drop(conn);
        let count = shown.ids.len();
        let entry = entries::Entry {
            kind: shown.kind,
            id: grant.resource().id.clone(),
            content: String::new(),
            detail: serde_json::json!({ "query": shown.query, "shown": shown.ids, "count": count })
                .to_string(),
        };
        store
            .through_door(&grant, Lead::OnlyNoted, move |tx| {
                Box::pin(async move {
                    tx.enter(entry);
                    Ok(())
                })
            })
            .await
    }

    pub fn resource(&self) -> &Resource {
        self.grant.resource()
    }
}
