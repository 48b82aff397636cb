//! Any file into rows, and rows into reports.
//!
//! [`Source`] recognises a file by its content (gzip, zip with one file, XLSX, JSON, delimited text
//! in UTF-8, UTF-16 or Windows-1252) and reads it row by row. [`Mapping`] says which heading is
//! which field; its [`Mapper`] turns rows into [`record::report::Report`]s. Delimited text follows
//! RFC 4180; the formats, every message and its remedy are in `docs/formats.md`.
//!
//! Invariants
//! - Memory is bounded by [`Limits`], never by the file.
//! - No row is lost: each is a report, a rejection with its reason, or blank.
//! - Nothing is cut, guessed or repaired in silence: a finding says so.
//!
//! ```no_run
//! # use std::collections::BTreeSet;
//! # use intake::files::{FileError, Limits, Mapping, Reading, Source, SHIPPED};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (name, text) = SHIPPED[0];
//! let mapping = Mapping::from_toml(name, text)?;
//! let mut source = Source::open("victims.csv".as_ref(), &Limits::default(), &mapping.format)?;
//! let codes = BTreeSet::new();
//! let mut mapper = mapping.mapper(&codes, record::Timestamp::from_micros(0));
//! while let Some(reading) = source.next_row()? {
//!     if let Reading::Row(row) = reading {
//!         let (report, findings) = mapper.apply(&row);
//!         println!("{} {report:?} {findings:?}", row.number);
//!     }
//! }
//! println!("{}", source.finish()?.sha256);
//! # Ok(())
//! # }
//! ```
//!
//! Start reading at [`Source`], then [`Mapping`].

mod apply;
mod dates;
mod delimited;
mod draft;
mod encoding;
mod error;
mod guess;
mod json;
mod limits;
mod mapping;
mod raw;
mod recognise;
mod rejected;
mod row;
mod sheet;
mod source;
#[cfg(test)]
mod tests;
mod unpack;
mod values;
mod words;

pub use apply::Mapper;
pub use dates::DateOrder;
pub use encoding::Encoding;
pub use error::FileError;
pub use guess::{Guess, Guessed};
pub use limits::Limits;
pub use mapping::{Constant, Joined, Mapping, Origin, RowDigest, SHIPPED};
pub use rejected::{RejectedWriter, csv_safe};
pub use row::{Headings, Reading, Rejection, Row};
pub use source::{Digest, Format, Source};
