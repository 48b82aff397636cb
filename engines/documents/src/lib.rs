//! Documents: a Typst source and data in, the bytes of a tagged PDF out.
//!
//! Invariants
//! - A document is made of two things in memory, its source and its data, and of the fonts inside the
//!   program. Nothing else can be opened: no disk, no network, no package.
//! - Data reach the source as `json("/data.json")`, as values. No text of a person ever becomes source,
//!   so none can be read as markup.
//! - No text keeps a document from being made: a character no font has is shown as U+FFFD.
//! - What comes out is PDF/A-2a (ISO 19005-2) and PDF/UA-1 (ISO 14289-1) together, or an error that
//!   says what the source lacks for it. The same input gives the same bytes.
//!
//! ```
//! let data = serde_json::json!({ "name": "#strong[Ada]" });
//! let document = documents::Document {
//!     source: "#set document(title: \"Letter\")\n#title()\nDear #json(\"/data.json\").name,",
//!     data: &data,
//!     ident: "letter 1",
//!     made_at: 1_763_900_000,
//! };
//! assert!(document.pdf()?.starts_with(b"%PDF-"));
//! # Ok::<(), documents::Error>(())
//! ```

mod legible;
mod world;

use typst::diag::SourceDiagnostic;
use typst::foundations::{Datetime, Smart};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

use legible::legible;
use world::Pages;

/// Documents whose layout stays in memory for the next one of the same source; older ones go.
const REMEMBERED: usize = 10;

/// Why there is no document. Each is a fault of its source or of its data, never of its reader.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the data cannot be written as JSON: {0}")]
    Data(String),
    #[error("{0} seconds since 1970 are not a time")]
    Time(i64),
    /// The source is wrong, or does not fit its data.
    #[error("the document cannot be laid out: {0}")]
    Layout(String),
    /// The source lacks something the standards ask for, such as a title or a description of a picture.
    #[error("the document is not PDF/A-2a and PDF/UA-1: {0}")]
    Standard(String),
}

/// A document to be made.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    /// Typst source: fixed text of the product or of policy, never made of what somebody typed.
    pub source: &'a str,
    /// What it shows, read by the source as `json("/data.json")`.
    pub data: &'a serde_json::Value,
    /// Names the document: another version of the same one keeps it.
    pub ident: &'a str,
    /// Seconds since 1970, written into the document as its time. Passed in, so that bytes repeat.
    pub made_at: i64,
}

impl Document<'_> {
    /// Lays the document out and writes it. Takes tens of milliseconds of one core.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn pdf(&self) -> Result<Vec<u8>, Error> {
        let made = datetime(self.made_at).ok_or(Error::Time(self.made_at))?;
        let data =
            serde_json::to_vec(&legible(self.data)).map_err(|e| Error::Data(e.to_string()))?;
        let pages = Pages::new(self.source, data, made)?;
        let laid_out = typst::compile::<PagedDocument>(&pages).output;
        // What the layout remembers would otherwise grow with every document.
        typst::comemo::evict(REMEMBERED);
        let document = laid_out.map_err(|faults| Error::Layout(in_words(&faults)))?;
        let standards = PdfStandards::new(&[PdfStandard::A_2a, PdfStandard::Ua_1])
            .map_err(|e| Error::Standard(e.message().to_string()))?;
        let options = PdfOptions {
            ident: Smart::Custom(self.ident.to_owned()),
            creator: Smart::Custom(Some("Fourfold".to_owned())),
            timestamp: Some(Timestamp::new_utc(made)),
            standards,
            ..PdfOptions::default()
        };
        typst_pdf::pdf(&document, &options).map_err(|faults| Error::Standard(in_words(&faults)))
    }
}

fn datetime(seconds: i64) -> Option<Datetime> {
    let at = jiff::Timestamp::from_second(seconds).ok()?;
    let at = at.to_zoned(jiff::tz::TimeZone::UTC);
    let small = |n: i8| u8::try_from(n).ok();
    Datetime::from_ymd_hms(
        i32::from(at.year()),
        small(at.month())?,
        small(at.day())?,
        small(at.hour())?,
        small(at.minute())?,
        small(at.second())?,
    )
}

/// Messages of the compiler, with their remedies.
fn in_words<'a>(faults: impl IntoIterator<Item = &'a SourceDiagnostic>) -> String {
    let lines: Vec<String> = faults
        .into_iter()
        .map(|fault| {
            let hints = fault.hints.iter().map(|hint| format!(" ({})", hint.v));
            format!("{}{}", fault.message, hints.collect::<String>())
        })
        .collect();
    lines.join("; ")
}

#[cfg(test)]
mod tests;
