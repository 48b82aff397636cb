//! The bare limit: the rows of one store inserted into another by the database driver alone.
//!
//! For `fourfold bench`: nothing is parsed, linked, scored or entered; the same rows go into the
//! same tables with the same indexes, so many to a transaction.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::types::Value as Lite;

use crate::Result;
use crate::error::Error;
use crate::lite::{self, Use};
use crate::migrate::{self, Migration};
use crate::sql::{Conn, OnConflict};
use crate::value::Value;

/// What the bare driver took.
#[derive(Debug, Clone, Copy)]
pub struct Bare {
    pub rows: u64,
    pub took: Duration,
}

/// Copies every row of `tables` from one embedded database to a new one. `share` is how many equal
/// transactions each table is spread over: as many as the measured import had batches.
pub async fn copy(
    from: &Path,
    to: &Path,
    steps: &[Migration],
    tables: &[&'static str],
    share: usize,
) -> Result<Bare> {
    migrate::lite(to, steps).await?;
    let old = lite::connect(from, Use::Alone)?;
    let mut new = lite::connect(to, Use::Alone)?;
    let mut bare = Bare {
        rows: 0,
        took: Duration::ZERO,
    };
    for table in tables {
        let text = format!("select {} from {table}", written(&old, table)?);
        let rows = lite::rows(&old, &text, &[], usize::MAX)?;
        let Some(first) = rows.first() else { continue };
        let columns: Vec<&'static str> =
            first.columns().iter().map(|c| &*c.clone().leak()).collect();
        let columns: &'static [&'static str] = columns.leak();
        let values: Vec<Vec<Value>> = rows
            .into_iter()
            .map(|row| row.into_values().into_iter().map(value).collect())
            .collect();
        let part = values.len().div_ceil(share.max(1)).max(1);
        bare.rows += u64::try_from(values.len()).unwrap_or(0);
        let mut values = values.into_iter();
        let began = Instant::now();
        loop {
            let batch: Vec<Vec<Value>> = values.by_ref().take(part).collect();
            if batch.is_empty() {
                break;
            }
            let mut conn = Conn::Lite(&mut new);
            conn.run("begin immediate").await?;
            conn.insert(table, columns, batch, OnConflict::Fail).await?;
            conn.run("commit").await?;
        }
        bare.took += began.elapsed();
    }
    Ok(bare)
}

/// The columns of a table that are written. Those the database works out itself are not.
fn written(conn: &rusqlite::Connection, table: &str) -> Result<String> {
    let text = "select group_concat(name, ', ') as n from pragma_table_info(?)";
    let row = lite::rows(conn, text, &[table.into()], 1)?.pop();
    match row.and_then(|row| row.into_values().into_iter().next()) {
        Some(Lite::Text(columns)) => Ok(columns),
        _ => Err(Error::invalid(format!("there is no table {table}"))),
    }
}

fn value(value: Lite) -> Value {
    match value {
        Lite::Null => Value::Int(None),
        Lite::Integer(v) => Value::Int(Some(v)),
        Lite::Real(v) => Value::Real(Some(v)),
        Lite::Text(v) => Value::Text(Some(v)),
        Lite::Blob(v) => Value::Bytes(Some(v)),
    }
}
