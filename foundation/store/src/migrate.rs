//! Migrations: forward only, checked at start. A database newer than the program is refused.

use std::path::Path;
use std::time::Duration;

use sqlx::migrate::{MigrateError, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, SqlSafeStr};

use crate::dialect;
use crate::error::Error;

/// One step. Never edited once it has shipped; a mistake is mended by a later step.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Unique over the whole product and rising: hundreds for the foundation, then a thousand
    /// for each mission.
    pub version: i64,
    pub name: &'static str,
    /// Neutral SQL: see [`dialect::migration`].
    pub sql: &'static str,
}

/// Tables this crate itself writes.
pub const TABLES: &[&str] = &[
    "ledger_entry",
    "ledger_position",
    "ledger_hash",
    "ledger_checkpoint",
    "work_item",
];

pub(crate) const OWN: &[Migration] = &[FIRST, DISTRICTS];

const FIRST: Migration = Migration {
    version: 1,
    name: "ledger and work items",
    sql: "
create table ledger_entry (
  seq {serial},
  at {int} not null,
  actor {id} not null,
  actor_name {text} not null,
  act {text} not null,
  kind {text} not null,
  resource_kind {text} not null,
  resource_id {text} not null,
  purpose {text} not null,
  reason {text} not null,
  decided_by {text} not null,
  refused {int} not null,
  content {text} not null,
  detail {text} not null
) {strict};
create index ledger_entry_resource on ledger_entry (resource_kind, resource_id, seq);
create index ledger_entry_actor on ledger_entry (actor, seq);
create table ledger_position (
  position {int} not null primary key,
  entry {int} not null unique
) {strict};
create table ledger_hash (
  place {int} not null primary key,
  hash {blob} not null
) {strict};
create table ledger_checkpoint (
  size {int} not null primary key,
  at {int} not null,
  note {text} not null
) {strict};
--sqlite
create trigger ledger_entry_no_update before update on ledger_entry
begin select raise(abort, 'ledger entries are never changed'); end;
create trigger ledger_entry_no_delete before delete on ledger_entry
begin select raise(abort, 'ledger entries are never deleted'); end;
--end
--postgres
create function ledger_entry_stays() returns trigger language plpgsql as
$$ begin raise exception 'ledger entries are never changed'; end $$;
create trigger ledger_entry_stays before update or delete on ledger_entry
for each row execute function ledger_entry_stays();
--end
create table work_item (
  id {id} not null primary key,
  queue {text} not null,
  subject {id} not null,
  about {id},
  origin {id},
  lead {id},
  priority {int} not null,
  band {text} not null,
  feed {text} not null,
  national {int} not null,
  source {text} not null,
  vulnerable {int} not null,
  network {id},
  received_at {int} not null,
  due_at {int} not null,
  decide_by {int},
  state {text} not null,
  assignee {id},
  assignee_name {text},
  unit {text} not null,
  marking {int} not null,
  compartment {text},
  taken_at {int},
  closed_at {int},
  outcome {text},
  version {int} not null,
  summary {text} not null
) {strict};
create index work_item_due on work_item
  (queue, state, due_at, id, lead, marking, compartment, unit, assignee, priority, subject)
  where lead is null;
create index work_item_priority on work_item (queue, state, priority, due_at, id) where lead is null;
create index work_item_about on work_item (about, queue) where about is not null;
create index work_item_subject on work_item (subject, queue);
create index work_item_assignee on work_item (assignee, state, queue, due_at, id) where assignee is not null;
create index work_item_lead on work_item (lead) where lead is not null;
create index work_item_origin on work_item (origin) where origin is not null;
create index work_item_received on work_item (queue, received_at, id);
create index work_item_closed on work_item (queue, closed_at, id) where closed_at is not null;
",
};

/// The district of an item's summary as a column, so that an index can hold it: in lower case, empty
/// where none is known. The database keeps it; nobody writes it.
const DISTRICTS: Migration = Migration {
    version: 2,
    name: "districts of work items",
    sql: "
--sqlite
alter table work_item add column district text
  generated always as (lower(coalesce(summary ->> 'district', ''))) virtual;
--end
--postgres
alter table work_item add column district text collate \"C\"
  generated always as (lower(coalesce(summary::json ->> 'district', '') collate \"C\")) stored;
--end
",
};

/// All steps as the database's own migrator, lowest version first.
pub(crate) fn migrator(steps: &[Migration], postgres: bool) -> Migrator {
    let steps = OWN.iter().chain(steps).map(|step| {
        sqlx::migrate::Migration::new(
            step.version,
            step.name.into(),
            MigrationType::Simple,
            AssertSqlSafe(dialect::migration(step.sql, postgres)).into_sql_str(),
            false,
        )
    });
    Migrator::with_migrations(steps.collect())
}

/// Brings an embedded database up to date, making the file if it is not there.
pub(crate) async fn lite(file: &Path, steps: &[Migration]) -> Result<(), Error> {
    let mut conn = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(10))
        .disable_statement_logging()
        .connect()
        .await?;
    let moved = migrator(steps, false)
        .run_direct(None, &mut conn, false)
        .await;
    conn.close().await?;
    moved.map_err(|e| explain(&e))
}

/// A migration error in words an administrator can act on.
pub(crate) fn explain(error: &MigrateError) -> Error {
    Error::Schema(match error {
        MigrateError::VersionMissing(version) => format!(
            "the database is newer than this program (it has step {version}). \
             Use the newer program, or restore a backup made before the upgrade"
        ),
        MigrateError::VersionMismatch(version) => format!(
            "step {version} in the database is not the one in this program. \
             Use the program that made this database"
        ),
        MigrateError::Dirty(version) => format!(
            "step {version} was interrupted half-way. Restore the backup made before the upgrade"
        ),
        other => format!("the database could not be brought up to date: {other}"),
    })
}
