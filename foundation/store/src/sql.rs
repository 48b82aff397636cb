//! Statements: fixed text and bound values, one wording for both databases.

use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{Arguments, AssertSqlSafe, Executor, PgConnection, Postgres};

use crate::error::Error;
use crate::value::{Row, Value};
use crate::{Result, lite};

/// SQLite allows 32,766 bound values and PostgreSQL 65,535; beyond a few thousand nothing is won.
const MOST_VALUES: usize = 4_000;

/// A statement in the making. Text is `'static`, so that no input can become SQL; values are bound
/// where the text says `?`.
#[derive(Debug, Clone, Default)]
pub struct Sql {
    text: String,
    values: Vec<Value>,
}

impl Sql {
    pub fn new(text: &'static str) -> Sql {
        Sql::default().then(text)
    }

    /// Appends text that holds no `?`.
    #[must_use]
    pub fn then(mut self, text: &'static str) -> Sql {
        self.text.push_str(text);
        self
    }

    /// Appends text with one `?` for each value.
    #[must_use]
    pub fn with<const N: usize>(mut self, text: &'static str, values: [Value; N]) -> Sql {
        let mut parts = text.split('?');
        if let Some(first) = parts.next() {
            self.text.push_str(first);
        }
        for (part, value) in parts.zip(values) {
            self.bind(value);
            self.text.push_str(part);
        }
        self
    }

    /// Appends `text (v, v, …)`. An empty list matches nothing. The number of places is rounded up
    /// to a power of two by repeating the last value, so that statements are prepared once.
    #[must_use]
    pub fn within(mut self, text: &'static str, values: impl IntoIterator<Item = Value>) -> Sql {
        let mut values: Vec<Value> = values.into_iter().collect();
        let Some(last) = values.last().cloned() else {
            return self.then(" 1 = 0");
        };
        values.resize(values.len().next_power_of_two(), last);
        self.text.push_str(text);
        self.text.push_str(" (");
        for (i, value) in values.into_iter().enumerate() {
            if i > 0 {
                self.text.push(',');
            }
            self.bind(value);
        }
        self.text.push(')');
        self
    }

    fn bind(&mut self, value: Value) {
        self.values.push(value);
        self.text.push('?');
    }

    /// The text with numbered places, as PostgreSQL wants them. SQLite keeps plain `?`: it searches
    /// the names of numbered places one by one at every binding.
    fn numbered(text: &str) -> String {
        let mut out = String::with_capacity(text.len() + 64);
        let mut n = 0usize;
        for part in text.split_inclusive('?') {
            match part.strip_suffix('?') {
                Some(before) => {
                    n += 1;
                    out.push_str(before);
                    out.push('$');
                    out.push_str(&n.to_string());
                }
                None => out.push_str(part),
            }
        }
        out
    }
}

impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Sql {
        Sql::new(text)
    }
}

/// What an insert does when a row with the same key is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnConflict {
    Fail,
    /// Keeps the row that is there.
    Keep,
    /// Fixed text of an `on conflict … do update` clause.
    Update(&'static str),
}

/// A connection inside this crate's doors. Missions get it only behind a grant.
pub enum Conn<'c> {
    Lite(&'c mut rusqlite::Connection),
    Pg(&'c mut PgConnection),
}

/// The statement as PostgreSQL takes it.
fn query(text: &str, values: Vec<Value>) -> Result<Query<'static, Postgres, PgArguments>> {
    let mut arguments = PgArguments::default();
    arguments.reserve(values.len(), 16 * values.len());
    for value in values {
        match value {
            Value::Int(v) => arguments.add(v),
            Value::Real(v) => arguments.add(v),
            Value::Text(v) => arguments.add(v),
            Value::Bytes(v) => arguments.add(v),
        }
        .map_err(|e| Error::Database(sqlx::Error::Encode(e)))?;
    }
    Ok(sqlx::query_with(
        AssertSqlSafe(Sql::numbered(text)),
        arguments,
    ))
}

impl Conn<'_> {
    /// Runs a statement and tells how many rows it touched.
    pub async fn run(&mut self, sql: impl Into<Sql>) -> Result<u64> {
        let Sql { text, values } = sql.into();
        Ok(match self {
            Conn::Lite(c) => lite::run(c, &text, &values)?,
            Conn::Pg(c) => {
                let query = query(&text, values)?;
                c.execute(query).await?.rows_affected()
            }
        })
    }

    /// All rows of an answer. Callers bound it with `limit` or by the values they ask for.
    pub async fn rows(&mut self, sql: impl Into<Sql>) -> Result<Vec<Row>> {
        let Sql { text, values } = sql.into();
        Ok(match self {
            Conn::Lite(c) => {
                let rows = lite::rows(c, &text, &values, usize::MAX)?;
                rows.into_iter().map(Row::Lite).collect()
            }
            Conn::Pg(c) => {
                let query = query(&text, values)?;
                let rows = c.fetch_all(query).await?;
                rows.into_iter().map(Row::Pg).collect()
            }
        })
    }

    /// The first row, if there is one.
    pub async fn first(&mut self, sql: impl Into<Sql>) -> Result<Option<Row>> {
        let Sql { text, values } = sql.into();
        Ok(match self {
            Conn::Lite(c) => lite::rows(c, &text, &values, 1)?.pop().map(Row::Lite),
            Conn::Pg(c) => {
                let query = query(&text, values)?;
                c.fetch_optional(query).await?.map(Row::Pg)
            }
        })
    }

    /// A single number, column `n`; zero when there is no row.
    pub async fn count(&mut self, sql: impl Into<Sql>) -> Result<i64> {
        match self.first(sql).await? {
            Some(row) => Ok(row.get::<Option<i64>>("n")?.unwrap_or(0)),
            None => Ok(0),
        }
    }

    /// Inserts rows, many to a statement. Each row has one value for each column.
    pub async fn insert(
        &mut self,
        table: &'static str,
        columns: &'static [&'static str],
        rows: Vec<Vec<Value>>,
        conflict: OnConflict,
    ) -> Result<u64> {
        let mut touched = 0;
        let most = (MOST_VALUES / columns.len().max(1)).clamp(1, 256);
        let mut rows = rows.into_iter().peekable();
        let mut left = rows.len();
        while rows.peek().is_some() {
            // Powers of two, so that only ten statements per table are ever prepared.
            let take = if left >= most {
                most
            } else {
                1 << left.ilog2()
            };
            left -= take;
            let mut text = String::with_capacity(32 + take * columns.len() * 6);
            text.push_str("insert into ");
            text.push_str(table);
            text.push_str(" (");
            text.push_str(&columns.join(","));
            text.push_str(") values ");
            let mut sql = Sql {
                text,
                values: Vec::with_capacity(take * columns.len()),
            };
            for (i, row) in rows.by_ref().take(take).enumerate() {
                debug_assert_eq!(row.len(), columns.len(), "{table}");
                sql.text.push_str(if i == 0 { "(" } else { ",(" });
                for (j, value) in row.into_iter().enumerate() {
                    if j > 0 {
                        sql.text.push(',');
                    }
                    sql.bind(value);
                }
                sql.text.push(')');
            }
            match conflict {
                OnConflict::Fail => {}
                OnConflict::Keep => sql.text.push_str(" on conflict do nothing"),
                OnConflict::Update(clause) => {
                    sql.text.push(' ');
                    sql.text.push_str(clause);
                }
            }
            touched += self.run(sql).await?;
        }
        Ok(touched)
    }

    /// Whether this is PostgreSQL; only `dialect.rs` and the sequencer ask.
    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self, Conn::Pg(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_numbered_and_lists_padded() {
        let sql = Sql::new("select 1 from t where ")
            .with("a = ? and b = ?", [1i64.into(), "x".into()])
            .within(" and c in", (0..3i64).map(Value::from))
            .then(" limit 1");
        assert_eq!(
            Sql::numbered(&sql.text),
            "select 1 from t where a = $1 and b = $2 and c in ($3,$4,$5,$6) limit 1"
        );
        assert_eq!(sql.values.len(), 6);
        assert_eq!(
            Sql::new("x where").within(" c in", []).text,
            "x where 1 = 0"
        );
    }
}
