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
//! - Without the feature `layout` nothing comes out: [`BUILT`] says so beforehand.
//!
//! ```
//! # if !documents::BUILT { return Ok(()) }
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

#[cfg(feature = "layout")]
mod layout;
#[cfg(feature = "layout")]
mod legible;
#[cfg(feature = "layout")]
mod world;

/// Whether this build can make documents.
pub const BUILT: bool = cfg!(feature = "layout");

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
    #[error("this build leaves documents out")]
    LeftOut,
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
        #[cfg(feature = "layout")]
        return layout::pdf(self);
        #[cfg(not(feature = "layout"))]
        Err(Error::LeftOut)
    }
}

/// Drops everything the layout remembers of documents made so far: for those whose content must not
/// stay in memory.
pub fn forget() {
    #[cfg(feature = "layout")]
    layout::forget();
}

/// The first character of a text that no font of the program has: a document would show U+FFFD in its place. None in a
/// build without documents.
pub fn unknown(text: &str) -> Option<char> {
    #[cfg(feature = "layout")]
    return legible::unknown(text);
    #[cfg(not(feature = "layout"))]
    {
        let _ = text;
        None
    }
}

#[cfg(all(test, feature = "layout"))]
mod tests;
