//! The one way to the database: embedded SQLite, or PostgreSQL when configured.
//!
//! Reading a person's record takes a [`record::Grant`] and leaves a ledger entry before the first
//! row is read; writing takes one too, and its entry is part of the same transaction. There is no
//! other door: connections never leave this crate.
//!
//! Invariants
//! - A change without its ledger entry is never committed, and an entry without its change neither.
//! - Instants are integers, identifiers are sixteen bytes, on both databases.
//! - SQL is made of fixed text and bound values ([`Sql`]); no value is ever pasted into it.
//! - Both databases behave the same; where they differ, it is in `dialect.rs` and nowhere else.
//!
//! Start reading at [`Store`], then [`Tx`], then [`work`].

pub mod bare;
mod dialect;
mod door;
mod entries;
mod error;
mod lite;
mod migrate;
mod open;
mod placed;
mod readers;
mod sequencer;
mod sql;
mod value;
mod verify;

#[cfg(feature = "testing")]
pub mod testing;
pub mod work;

pub use dialect::{MatchText, TextIndex};
pub use door::{Tx, Written};
pub use entries::{About, Entry, EntryFilter, EntryPage, EntryRow, Shown, entries_about};
pub use error::Error;
pub use migrate::{Migration, TABLES};
pub use open::{Location, Reader, Setting, Store};
pub use placed::{Placed, checkpoint_of, entries_of_content, entries_of_kind, latest_checkpoint};
pub use sequencer::{Proof, Sequenced};
pub use sql::{Conn, OnConflict, Sql};
pub use value::{FromValue, Row, Value};
pub use verify::{Fault, Verified};

pub type Result<T> = std::result::Result<T, Error>;
