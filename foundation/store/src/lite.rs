//! The embedded database: one connection, called on the thread that asks.
//!
//! SQLite answers in microseconds; handing a statement to another thread and waiting for it costs
//! more than the statement. What may take long (a whole job) runs on a thread of its own instead.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Statement, ToSql};

use crate::Result;
use crate::value::Value;

/// Statements kept prepared for each connection.
const PREPARED: usize = 512;

/// How a connection is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// The one that writes. It never waits inside SQLite: the door waits for other processes.
    Writing,
    Reading,
    /// A run beside the service: copying, measuring.
    Alone,
}

/// One row, its values by the columns' names.
#[derive(Debug)]
pub struct LiteRow {
    columns: Arc<[String]>,
    values: Box<[rusqlite::types::Value]>,
}

impl LiteRow {
    /// The value of a named column, or none when the answer has no such column.
    pub(crate) fn value(&self, column: &str) -> Option<&rusqlite::types::Value> {
        let at = self.columns.iter().position(|c| c == column)?;
        self.values.get(at)
    }

    pub(crate) fn columns(&self) -> &[String] {
        &self.columns
    }

    pub(crate) fn into_values(self) -> Box<[rusqlite::types::Value]> {
        self.values
    }
}

/// Opens a connection with everything that makes writes durable and references kept.
pub(crate) fn connect(file: &Path, purpose: Use) -> Result<Connection> {
    let conn = Connection::open(file)?;
    conn.set_prepared_statement_cache_capacity(PREPARED);
    // Without the guarantee a statement is planned anew whenever its values change.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.busy_timeout(match purpose {
        Use::Writing => Duration::ZERO,
        Use::Reading | Use::Alone => Duration::from_secs(10),
    })?;
    conn.pragma_update(None, "journal_mode", "wal")?;
    // Full: what was acknowledged survives a power cut. Writes that arrive together share one sync.
    conn.pragma_update(None, "synchronous", "full")?;
    conn.pragma_update(None, "foreign_keys", "on")?;
    conn.pragma_update(None, "temp_store", "memory")?;
    match purpose {
        Use::Writing => {
            conn.pragma_update(None, "cache_size", -131_072)?;
            conn.pragma_update(None, "wal_autocheckpoint", 32_768)?;
        }
        Use::Reading => {
            conn.pragma_update(None, "query_only", "on")?;
            conn.pragma_update(None, "cache_size", -8_192)?;
        }
        Use::Alone => {}
    }
    Ok(conn)
}

/// Runs a statement to its end and tells how many rows it changed.
pub(crate) fn run(conn: &Connection, text: &str, values: &[Value]) -> Result<u64> {
    let mut statement = conn.prepare_cached(text)?;
    bind(&mut statement, values)?;
    let mut rows = statement.raw_query();
    while rows.next()?.is_some() {}
    drop(rows);
    Ok(conn.changes())
}

/// The rows of an answer, at most `most`.
pub(crate) fn rows(
    conn: &Connection,
    text: &str,
    values: &[Value],
    most: usize,
) -> Result<Vec<LiteRow>> {
    let mut statement = conn.prepare_cached(text)?;
    bind(&mut statement, values)?;
    let columns: Arc<[String]> = statement
        .column_names()
        .into_iter()
        .map(str::to_owned)
        .collect();
    let width = columns.len();
    let mut out = Vec::new();
    let mut rows = statement.raw_query();
    while out.len() < most
        && let Some(row) = rows.next()?
    {
        let values = (0..width)
            .map(|i| row.get_ref(i).map(rusqlite::types::Value::try_from))
            .collect::<std::result::Result<std::result::Result<Box<[_]>, _>, _>>()?
            .map_err(rusqlite::Error::from)?;
        out.push(LiteRow {
            columns: Arc::clone(&columns),
            values,
        });
    }
    Ok(out)
}

fn bind(statement: &mut Statement<'_>, values: &[Value]) -> Result<()> {
    for (i, value) in values.iter().enumerate() {
        statement.raw_bind_parameter(i + 1, value)?;
    }
    Ok(())
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = match self {
            Value::Int(Some(v)) => ValueRef::Integer(*v),
            Value::Real(Some(v)) => ValueRef::Real(*v),
            Value::Text(Some(v)) => ValueRef::Text(v.as_bytes()),
            Value::Bytes(Some(v)) => ValueRef::Blob(v),
            Value::Int(None) | Value::Real(None) | Value::Text(None) | Value::Bytes(None) => {
                ValueRef::Null
            }
        };
        Ok(ToSqlOutput::Borrowed(value))
    }
}
