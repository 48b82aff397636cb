//! What kind of text a file is: its encoding, JSON or delimited, and by which character.

use std::io::{Cursor, Read};

use record::Finding;

use super::delimited::{self, Cells, Dialect, Frames};
use super::encoding::{self, Encoding, Transcoder};
use super::error::FileError;
use super::json::{self, Elements};
use super::limits::Limits;
use super::raw::{Input, Rows};
use super::rejected;
use super::source::{Format, Source};
use super::unpack::{self, Tally};

pub(super) fn open_text(
    head: Vec<u8>,
    rest: Input,
    tally: Tally,
    limits: &Limits,
    format: &Format,
) -> Result<Source, FileError> {
    refuse_other_kinds(&head)?;
    let found = encoding::detect(&head, format.encoding);
    if matches!(found.encoding, Encoding::Utf8 | Encoding::Windows1252) && is_binary(&head) {
        return Err(FileError::NotATable("a file of bytes, not of text"));
    }
    let mut findings = Vec::new();
    if found.assumed {
        findings.push(Finding::warning(
            0,
            "",
            format!(
                "the file does not say its encoding; {} was assumed",
                found.encoding.title()
            ),
            "Check names with accents and pound signs; set `encoding` in the mapping if they are wrong",
        ));
    }
    let whole = head.len() < unpack::HEAD;
    let bytes = Cursor::new(head[found.mark..].to_vec()).chain(rest);
    let (head, input): (Vec<u8>, Input) = match found.encoding {
        Encoding::Utf8 => (head[found.mark..].to_vec(), Box::new(bytes)),
        other => {
            let mut shown = Vec::new();
            let start = &head[found.mark..];
            // The head is only looked at; a decoder cannot fail on memory.
            std::io::copy(&mut Transcoder::new(start, other), &mut shown)?;
            (shown, Box::new(Transcoder::new(bytes, other)))
        }
    };
    if head.trim_ascii().is_empty() && whole {
        return Err(FileError::NoHeadings("nothing but blank lines was found"));
    }
    if let Some(layout) = json::recognise(&head, whole, format.records.as_deref()) {
        let elements = Elements::new(input, layout, limits.max_row_bytes);
        return Source::with_keys(elements, tally, findings, limits);
    }
    let dialect = find_dialect(&head, format);
    let rows = Rows::Delimited {
        frames: Frames::new(input, dialect, limits),
        cells: Box::new(Cells::new(dialect, limits.max_columns)),
        encoding: found.encoding,
    };
    Source::with_headings(rows, tally, findings, limits, format)
}

fn find_dialect(head: &[u8], format: &Format) -> Dialect {
    let text = String::from_utf8_lossy(head);
    let terminator = if !head.contains(&b'\n') && head.contains(&b'\r') {
        b'\r'
    } else {
        b'\n'
    };
    let first = text.lines().next().unwrap_or("");
    if let Some(delimiter) = rejected::rejected_delimiter(first) {
        return Dialect {
            delimiter,
            quoting: true,
            terminator,
        };
    }
    let wanted = format.delimiter.and_then(|c| u8::try_from(c).ok());
    Dialect {
        delimiter: wanted.unwrap_or_else(|| delimited::find_delimiter(&text)),
        quoting: format.quoting.unwrap_or(true),
        terminator,
    }
}

/// Files people send by mistake.
fn refuse_other_kinds(head: &[u8]) -> Result<(), FileError> {
    const KINDS: [(&[u8], &str); 7] = [
        (b"%PDF", "a PDF document"),
        (b"\x89PNG", "a picture"),
        (b"\xFF\xD8\xFF", "a picture"),
        (b"Rar!", "a RAR archive"),
        (b"7z\xBC\xAF\x27\x1C", "a 7-Zip archive"),
        (b"{\\rtf", "a Rich Text document"),
        (b"PAR1", "a Parquet file"),
    ];
    if head.starts_with(b"\xD0\xCF\x11\xE0") {
        return Err(FileError::OldWorkbook);
    }
    for (magic, name) in KINDS {
        if head.starts_with(magic) {
            return Err(FileError::NotATable(name));
        }
    }
    let start = head.trim_ascii_start();
    if start.len() > 5 && start[..5].eq_ignore_ascii_case(b"<?xml") {
        return Err(FileError::NotATable("an XML document"));
    }
    let start = &start[..start.len().min(14)].to_ascii_lowercase();
    if start.starts_with(b"<html") || start.starts_with(b"<!doctype html") {
        return Err(FileError::NotATable("a web page"));
    }
    Ok(())
}

/// Packed and compiled files hold control characters everywhere; text, even spoiled, does not.
fn is_binary(head: &[u8]) -> bool {
    let control = |b: &&u8| **b < b' ' && !b.is_ascii_whitespace();
    head.len() >= 64 && head.iter().filter(control).count() * 20 > head.len()
}
