//! Laying out with Typst.

use typst::diag::SourceDiagnostic;
use typst::foundations::{Datetime, Smart};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

use crate::legible::legible;
use crate::world::Pages;
use crate::{Document, Error};

/// Documents whose layout stays in memory for the next one of the same source; older ones go.
const REMEMBERED: usize = 10;

pub(crate) fn pdf(document: &Document<'_>) -> Result<Vec<u8>, Error> {
    let made = datetime(document.made_at).ok_or(Error::Time(document.made_at))?;
    let data =
        serde_json::to_vec(&legible(document.data)).map_err(|e| Error::Data(e.to_string()))?;
    let pages = Pages::new(document.source, data, made)?;
    let laid_out = typst::compile::<PagedDocument>(&pages).output;
    // What the layout remembers would otherwise grow with every document.
    typst::comemo::evict(REMEMBERED);
    let pages = laid_out.map_err(|faults| Error::Layout(in_words(&faults)))?;
    let standards = PdfStandards::new(&[PdfStandard::A_2a, PdfStandard::Ua_1])
        .map_err(|e| Error::Standard(e.message().to_string()))?;
    let options = PdfOptions {
        ident: Smart::Custom(document.ident.to_owned()),
        creator: Smart::Custom(Some("Fourfold".to_owned())),
        timestamp: Some(Timestamp::new_utc(made)),
        standards,
        ..PdfOptions::default()
    };
    typst_pdf::pdf(&pages, &options).map_err(|faults| Error::Standard(in_words(&faults)))
}

pub(crate) fn forget() {
    typst::comemo::evict(0);
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
