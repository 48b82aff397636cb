//! What can go wrong between a capability and the database.

use record::Refused;

/// Why the store did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refused or could not be reached.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The same, of the embedded database.
    #[error("database: {0}")]
    Embedded(#[from] rusqlite::Error),
    /// A migration could not be applied, or the database is of another shape than this program.
    #[error("{0}")]
    Schema(String),
    /// Another person changed the record first.
    #[error("somebody else changed this first")]
    Conflict,
    /// Nothing with that identifier, or nothing this actor may see.
    #[error("not found")]
    NotFound,
    /// The work could not go on; the message says what and the remedy.
    #[error("{0}")]
    Invalid(String),
    #[error(transparent)]
    Refused(#[from] Refused),
    /// A stored value was not of the shape this program wrote.
    #[error("column {column}: {problem}")]
    Value { column: String, problem: String },
    /// A file beside the database could not be read or written.
    #[error("{path}: {source}")]
    File {
        path: String,
        source: std::io::Error,
    },
    /// The ledger's tree or signature.
    #[error("ledger: {0}")]
    Ledger(String),
    /// Work inside the door stopped unexpectedly; nothing of it was kept.
    #[error("the work stopped before it was finished: {0}")]
    Stopped(String),
}

impl Error {
    pub fn invalid(message: impl Into<String>) -> Error {
        Error::Invalid(message.into())
    }
}
