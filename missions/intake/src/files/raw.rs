//! Rows as each kind of file yields them, before they are held against the headings.

use std::io::Read;

use record::Finding;

use super::delimited::{Broken, Cells, Frame, Frames};
use super::encoding::{self, Encoding};
use super::error::FileError;
use super::json::{Decoded, Element, Elements};
use super::limits::Limits;
use super::row::CellText;
use super::sheet::{Sheet, SheetRow};
use super::unpack;

pub(super) type Input = Box<dyn Read + Send>;

pub(super) enum Rows {
    Delimited {
        frames: Frames<Input>,
        cells: Box<Cells>,
        /// Other encodings have been read as UTF-8 already; there, U+FFFD marks what had no character.
        encoding: Encoding,
    },
    Json(Elements<Input>),
    Sheet(Box<Sheet>),
}

/// A row before it is held against the headings.
pub(super) enum Raw {
    Blank,
    Cells {
        number: u64,
        cells: CellText,
        warnings: Vec<Finding>,
    },
    Named {
        number: u64,
        pairs: Vec<(String, String)>,
        decoded: Decoded,
    },
    Broken {
        number: u64,
        line: Option<u64>,
        broken: Fault,
        cells: Vec<String>,
    },
}

/// Why a row could not be taken apart.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    Quote(Broken),
    TooLong,
    TooManyColumns,
    Json(String),
}

impl Fault {
    pub(super) fn finding(&self, number: u64, line: Option<u64>, limits: &Limits) -> Finding {
        let (problem, remedy) = match self {
            Fault::Quote(Broken::StrayQuote) => (
                "a quotation mark is broken: text follows a closing one".to_owned(),
                "Write a quotation mark inside a quoted cell twice, and close every cell",
            ),
            Fault::Quote(Broken::Unclosed) => (
                "a quotation is opened and never closed".to_owned(),
                "Close the quotation mark",
            ),
            Fault::Quote(Broken::TooManyLines) => (
                format!(
                    "a quotation runs over more than {} lines",
                    limits.max_lines_in_record
                ),
                "Close the quotation mark",
            ),
            Fault::Quote(Broken::TooLong) | Fault::TooLong => (
                format!("the row is longer than {} bytes", limits.max_row_bytes),
                "Shorten the row, or raise max_row_bytes in policy/intake/files.toml",
            ),
            Fault::TooManyColumns => (
                format!("the row has more than {} columns", limits.max_columns),
                "Check the delimiter and the quotation marks of the row",
            ),
            Fault::Json(why) => (why.clone(), "Mend this object and import it again"),
        };
        let at = match line {
            Some(line) if line != number => format!(" (line {line} of the file)"),
            _ => String::new(),
        };
        Finding::rejected(number, "", problem + &at, remedy)
    }
}

impl Rows {
    /// The next raw row; counts it as a person would.
    pub(super) fn next(
        &mut self,
        number: &mut u64,
        limits: &Limits,
    ) -> Result<Option<Raw>, FileError> {
        match self {
            Rows::Delimited {
                frames,
                cells,
                encoding,
            } => {
                let Some(frame) = frames.next().map_err(unpack::unpack_error)? else {
                    return Ok(None);
                };
                *number += 1;
                Ok(Some(delimited_row(
                    frames, cells, *encoding, &frame, *number,
                )))
            }
            Rows::Json(elements) => {
                let Some(element) = elements.next().map_err(unpack::unpack_error)? else {
                    return Ok(None);
                };
                *number += 1;
                Ok(Some(json_row(element, *number)))
            }
            Rows::Sheet(sheet) => Ok(sheet.next()?.map(|row| {
                *number = row.number;
                sheet_row(row, limits)
            })),
        }
    }
}

fn delimited_row(
    frames: &Frames<Input>,
    splitter: &mut Cells,
    encoding: Encoding,
    frame: &Frame,
    number: u64,
) -> Raw {
    let bytes = frames.bytes(frame);
    let broken = |broken, cells| Raw::Broken {
        number,
        line: Some(frame.line),
        broken,
        cells,
    };
    if let Some(fault) = frame.broken {
        let cells = match fault {
            Broken::TooLong => vec![excerpt(&String::from_utf8_lossy(bytes))],
            _ => split_plainly(bytes, frames.dialect().delimiter),
        };
        return broken(Fault::Quote(fault), cells);
    }
    if bytes.trim_ascii().is_empty() {
        return Raw::Blank;
    }
    let mut warnings = Vec::new();
    // Checked before cells are joined: two halves of a character in two cells are not one.
    let decoded;
    let bytes = match std::str::from_utf8(bytes) {
        Ok(_) => bytes,
        Err(_) => {
            warnings.push(not_utf8(number));
            decoded = encoding::from_windows_1252(bytes);
            decoded.as_bytes()
        }
    };
    let Some((text, ends)) = splitter.split(bytes) else {
        return broken(
            Fault::TooManyColumns,
            vec![excerpt(&String::from_utf8_lossy(bytes))],
        );
    };
    let cells = CellText {
        text: String::from_utf8_lossy(text).into_owned(),
        ends: ends.to_vec(),
    };
    if encoding != Encoding::Utf8 && cells.text.contains('\u{FFFD}') {
        warnings.push(Finding::warning(
            number,
            "",
            format!("some bytes are not {} characters", encoding.title()),
            "Check the row against the sender's copy",
        ));
    }
    Raw::Cells {
        number,
        cells,
        warnings,
    }
}

fn json_row(element: Element, number: u64) -> Raw {
    let broken = |broken, begins: String| Raw::Broken {
        number,
        line: None,
        broken,
        cells: vec![begins],
    };
    match element {
        Element::Cells(pairs, decoded) => Raw::Named {
            number,
            pairs,
            decoded,
        },
        Element::TooLong(begins) => broken(Fault::TooLong, begins),
        Element::Broken(why, begins) => broken(Fault::Json(why), begins),
    }
}

fn sheet_row(row: SheetRow, limits: &Limits) -> Raw {
    let number = row.number;
    if row.too_long {
        let broken = if row.cells.len() >= limits.max_columns {
            Fault::TooManyColumns
        } else {
            Fault::TooLong
        };
        return Raw::Broken {
            number,
            line: None,
            broken,
            cells: row.cells.iter().map(excerpt).collect(),
        };
    }
    if row.cells.is_blank() {
        return Raw::Blank;
    }
    let mut warnings = Vec::new();
    if !row.formulas.is_empty() {
        warnings.push(Finding::warning(
            number,
            "",
            format!(
                "{} holds a formula; the value Excel last computed was used",
                row.formulas.join(", ")
            ),
            "Check the value, or paste values only and send the file again",
        ));
    }
    if !row.errors.is_empty() {
        warnings.push(Finding::warning(
            number,
            "",
            format!(
                "{} holds an Excel error and was read as empty",
                row.errors.join(", ")
            ),
            "Correct the formula in the workbook",
        ));
    }
    Raw::Cells {
        number,
        cells: row.cells,
        warnings,
    }
}

pub(super) fn not_utf8(number: u64) -> Finding {
    Finding::warning(
        number,
        "",
        "the row is not UTF-8 as the rest of the file; it was read as Windows-1252",
        "Check accents and pound signs in this row",
    )
}

/// The cells of a line whose quotation marks cannot be trusted.
fn split_plainly(line: &[u8], delimiter: u8) -> Vec<String> {
    let text = match std::str::from_utf8(line) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding::from_windows_1252(line),
    };
    text.split(delimiter as char).map(str::to_owned).collect()
}

/// The beginning of a text that is too long to show whole.
pub(super) fn excerpt(text: &str) -> String {
    match text.char_indices().nth(200) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
