//! The four kinds of stored value, and what is read back as what.

use record::time::{Date, Timestamp};
use rusqlite::types::Value as Lite;
use sqlx::Row as _;
use uuid::Uuid;

use crate::error::Error;
use crate::lite::LiteRow;

/// A value bound to a statement. Typed even when absent, because PostgreSQL wants to know.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Int(Option<i64>),
    Real(Option<f64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

macro_rules! values {
    ($($kind:ident: $($from:ty => $with:expr),+;)+) => {$($(
        impl From<$from> for Value {
            fn from(v: $from) -> Value { #[allow(clippy::redundant_closure_call)] Value::$kind(Some(($with)(v))) }
        }
        impl From<Option<$from>> for Value {
            fn from(v: Option<$from>) -> Value { #[allow(clippy::redundant_closure_call)] Value::$kind(v.map($with)) }
        }
    )+)+};
}

values! {
    Int: i64 => |v| v, i32 => i64::from, u32 => i64::from, bool => i64::from,
         Timestamp => |v: Timestamp| v.micros();
    Real: f64 => |v| v;
    Text: String => |v| v, &str => |v: &str| v.to_owned(), Date => |v: Date| v.to_string();
    Bytes: Vec<u8> => |v| v, Uuid => |v: Uuid| v.as_bytes().to_vec();
}

macro_rules! ids {
    ($($id:ident),*) => {$(
        impl From<record::ids::$id> for Value {
            fn from(v: record::ids::$id) -> Value { v.uuid().into() }
        }
        impl From<Option<record::ids::$id>> for Value {
            fn from(v: Option<record::ids::$id>) -> Value {
                v.map(record::ids::$id::uuid).into()
            }
        }
        impl FromValue for record::ids::$id {
            fn from_value(row: &Row, column: &str) -> Result<Self, Error> {
                row.get::<Uuid>(column).map(Self::from)
            }
        }
        impl FromValue for Option<record::ids::$id> {
            fn from_value(row: &Row, column: &str) -> Result<Self, Error> {
                Ok(row.get::<Option<Uuid>>(column)?.map(record::ids::$id::from))
            }
        }
    )*};
}

ids!(
    ReportId,
    PersonId,
    MentionId,
    ObservableId,
    NetworkId,
    WorkItemId,
    ActorId,
    ImportId,
    SubmissionId,
    EntryId,
    RecordId
);

/// One row of an answer.
pub enum Row {
    Lite(LiteRow),
    Pg(sqlx::postgres::PgRow),
}

impl Row {
    /// The value of a named column.
    pub fn get<T: FromValue>(&self, column: &str) -> Result<T, Error> {
        T::from_value(self, column)
    }
}

/// A Rust value a column can be read as.
pub trait FromValue: Sized {
    fn from_value(row: &Row, column: &str) -> Result<Self, Error>;
}

/// A column of the embedded database: `read` takes a value of the kind that is wanted.
fn lite<T>(
    row: &LiteRow,
    column: &str,
    read: impl Fn(&Lite) -> Option<T>,
) -> Result<Option<T>, Error> {
    match row.value(column) {
        None => Err(odd(column, "the answer has no such column")),
        Some(Lite::Null) => Ok(None),
        Some(value) => match read(value) {
            Some(read) => Ok(Some(read)),
            None => Err(odd(
                column,
                format!("{} was not expected", value.data_type()),
            )),
        },
    }
}

macro_rules! native {
    ($($t:ty: $kind:ident),+) => {$(
        impl FromValue for Option<$t> {
            fn from_value(row: &Row, column: &str) -> Result<Self, Error> {
                match row {
                    Row::Lite(row) => lite(row, column, |value| match value {
                        Lite::$kind(v) => Some(v.clone()),
                        _ => None,
                    }),
                    Row::Pg(row) => Ok(row.try_get(column)?),
                }
            }
        }
        impl FromValue for $t {
            fn from_value(row: &Row, column: &str) -> Result<Self, Error> {
                row.get::<Option<$t>>(column)?
                    .ok_or_else(|| odd(column, "there is no value"))
            }
        }
    )+};
}

native!(f64: Real, String: Text, Vec<u8>: Blob);

impl FromValue for Option<i64> {
    fn from_value(row: &Row, column: &str) -> Result<Self, Error> {
        match row {
            Row::Lite(row) => lite(row, column, |value| match value {
                Lite::Integer(v) => Some(*v),
                _ => None,
            }),
            // PostgreSQL answers a literal or a small expression with 32 bits.
            Row::Pg(row) => match row.try_get::<Option<i64>, _>(column) {
                Err(sqlx::Error::ColumnDecode { .. }) => {
                    Ok(row.try_get::<Option<i32>, _>(column)?.map(i64::from))
                }
                other => Ok(other?),
            },
        }
    }
}

impl FromValue for i64 {
    fn from_value(row: &Row, column: &str) -> Result<Self, Error> {
        row.get::<Option<i64>>(column)?
            .ok_or_else(|| odd(column, "there is no value"))
    }
}

fn odd(column: &str, problem: impl std::fmt::Display) -> Error {
    Error::Value {
        column: column.to_owned(),
        problem: problem.to_string(),
    }
}

impl FromValue for bool {
    fn from_value(row: &Row, column: &str) -> Result<Self, Error> {
        row.get::<i64>(column).map(|v| v != 0)
    }
}

impl FromValue for Timestamp {
    fn from_value(row: &Row, column: &str) -> Result<Self, Error> {
        row.get::<i64>(column).map(Timestamp::from_micros)
    }
}

impl FromValue for Option<Timestamp> {
    fn from_value(row: &Row, column: &str) -> Result<Self, Error> {
        Ok(row.get::<Option<i64>>(column)?.map(Timestamp::from_micros))
    }
}

impl FromValue for Uuid {
    fn from_value(row: &Row, column: &str) -> Result<Self, Error> {
        let bytes: Vec<u8> = row.get(column)?;
        Uuid::from_slice(&bytes).map_err(|e| odd(column, e))
    }
}

impl FromValue for Option<Uuid> {
    fn from_value(row: &Row, column: &str) -> Result<Self, Error> {
        row.get::<Option<Vec<u8>>>(column)?
            .map(|bytes| Uuid::from_slice(&bytes).map_err(|e| odd(column, e)))
            .transpose()
    }
}

/// Reads a column that holds JSON this program wrote.
impl Row {
    pub fn json<T: serde::de::DeserializeOwned>(&self, column: &str) -> Result<T, Error> {
        let text: String = self.get(column)?;
        serde_json::from_str(&text).map_err(|e| odd(column, e))
    }
}
