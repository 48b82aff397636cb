//! The bare limit: the rows of one store inserted into another by the database driver alone.
//!
//! For `fourfold bench`: nothing is parsed, linked, scored or entered; the same rows go into the
//! same tables with the same indexes, so many to a transaction.

use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::{Column, Connection, Executor, Row as _, SqliteConnection, TypeInfo, ValueRef};

use crate::Result;
use crate::migrate::{self, Migration};
use crate::open::lite_options;
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
    let mut old = SqliteConnection::connect_with(&lite_options(from)).await?;
    let mut new = SqliteConnection::connect_with(&lite_options(to)).await?;
    migrate::migrator(steps, false)
        .run_direct(None, &mut new, false)
        .await
        .map_err(|e| migrate::explain(&e))?;
    let mut bare = Bare {
        rows: 0,
        took: Duration::ZERO,
    };
    for table in tables {
        let text = format!("select * from {table}");
        let rows = old
            .fetch_all(sqlx::query(sqlx::AssertSqlSafe(text)))
            .await?;
        let Some(first) = rows.first() else { continue };
        let columns: Vec<&'static str> = first
            .columns()
            .iter()
            .map(|c| &*c.name().to_owned().leak())
            .collect();
        let columns: &'static [&'static str] = columns.leak();
        let mut values = Vec::with_capacity(rows.len());
        for row in &rows {
            let mut one = Vec::with_capacity(columns.len());
            for i in 0..columns.len() {
                let raw = row.try_get_raw(i)?;
                one.push(match raw.type_info().name() {
                    _ if raw.is_null() => Value::Int(None),
                    "INTEGER" => Value::Int(row.try_get(i)?),
                    "REAL" => Value::Real(row.try_get(i)?),
                    "BLOB" => Value::Bytes(row.try_get(i)?),
                    _ => Value::Text(row.try_get(i)?),
                });
            }
            values.push(one);
        }
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
    new.close().await?;
    old.close().await?;
    Ok(bare)
}
