//! Rejected rows as a file that can be mended and imported again, and text that is safe in a
//! spreadsheet.
//!
//! A spreadsheet runs a cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return as a
//! formula (OWASP, CSV injection). Such a cell gets an apostrophe in front, which spreadsheets do
//! not show; a cell that begins with apostrophes and then such a character gets one more, so that
//! taking one off gives back exactly what was there.

use std::borrow::Cow;
use std::io::{self, Write};

use record::{Finding, Severity};

use super::row::{CellText, Headings, Rejection, Row, plain};

const PROBLEM: &str = "problem";
const REMEDY: &str = "remedy";

/// A cell that no spreadsheet runs. For every table that leaves the product.
pub fn csv_safe(cell: &str) -> Cow<'_, str> {
    if is_guarded(cell) {
        return Cow::Owned(format!("'{cell}"));
    }
    Cow::Borrowed(cell)
}

/// Whether a cell is a formula behind any number of apostrophes.
fn is_guarded(cell: &str) -> bool {
    cell.trim_start_matches('\'')
        .starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// Takes off the apostrophe that [`csv_safe`] put on.
fn without_guard(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_guarded(rest) => rest,
        _ => cell,
    }
}

pub(super) fn without_guards(cells: &CellText) -> CellText {
    let mut out = CellText::default();
    for cell in cells.iter() {
        out.push(without_guard(cell));
    }
    out
}

/// Whether the headings are those of a file written by [`RejectedWriter`].
pub(super) fn is_rejected_file(headings: &[String]) -> bool {
    matches!(headings, [.., problem, remedy] if problem == PROBLEM && remedy == REMEDY)
}

/// The delimiter of such a file, from its first line: a spreadsheet may have saved it with another.
pub(super) fn rejected_delimiter(line: &str) -> Option<u8> {
    let line = line.trim_end().strip_suffix(REMEDY)?;
    [b',', b';', b'\t'].into_iter().find(|&d| {
        let before = line
            .strip_suffix(d as char)
            .and_then(|l| l.strip_suffix(PROBLEM));
        before.is_some_and(|l| l.ends_with(d as char))
    })
}

/// Whether a heading is one that this writer adds; a mapping never misses it.
pub(super) fn is_added(heading: &str) -> bool {
    matches!(plain(heading).as_str(), PROBLEM | REMEDY)
}

/// Writes `FILE.rejected.csv`: the file's own headings, then what is wrong and what to do. UTF-8
/// with a byte order mark, so that spreadsheets read it right.
pub struct RejectedWriter<W: Write> {
    output: csv::Writer<W>,
    columns: Option<usize>,
}

impl<W: Write> RejectedWriter<W> {
    /// Nothing is written until the first row is.
    pub fn new(output: W) -> RejectedWriter<W> {
        RejectedWriter {
            output: csv::WriterBuilder::new().flexible(true).from_writer(output),
            columns: None,
        }
    }

    /// A row that could be read, with the findings that kept it out.
    pub fn row(&mut self, row: &Row, findings: &[Finding]) -> io::Result<()> {
        self.write(&row.headings, row.cells(), findings)
    }

    /// A row that could not be read.
    pub fn rejection(&mut self, headings: &Headings, rejection: &Rejection) -> io::Result<()> {
        let cells = rejection.cells.iter().map(String::as_str);
        self.write(headings, cells, std::slice::from_ref(&rejection.finding))
    }

    /// Flushes, and gives back what was written to.
    pub fn finish(self) -> io::Result<W> {
        self.output.into_inner().map_err(|e| e.into_error())
    }

    fn write<'a>(
        &mut self,
        headings: &Headings,
        cells: impl Iterator<Item = &'a str>,
        findings: &[Finding],
    ) -> io::Result<()> {
        // A mended file has these two already; they are written anew, not twice.
        let own = match is_rejected_file(headings.names()) {
            true => headings.len() - 2,
            false => headings.len(),
        };
        let columns = match self.columns {
            Some(columns) => columns,
            None => self.heading(&headings.names()[..own])?,
        };
        let mut record: Vec<Cow<'_, str>> = cells.take(columns).map(csv_safe).collect();
        record.resize(columns, Cow::Borrowed(""));
        let wrong = || findings.iter().filter(|f| f.severity == Severity::Rejected);
        record.push(Cow::Owned(joined(wrong().map(|f| {
            if f.column.is_empty() {
                f.problem.clone()
            } else {
                format!("{}: {}", f.column, f.problem)
            }
        }))));
        record.push(Cow::Owned(joined(wrong().map(|f| f.remedy.clone()))));
        self.output
            .write_record(record.iter().map(|c| c.as_bytes()))?;
        Ok(())
    }

    fn heading(&mut self, names: &[String]) -> io::Result<usize> {
        let mut record: Vec<Cow<'_, str>> = names.iter().map(|n| csv_safe(n)).collect();
        if let Some(first) = record.first_mut() {
            *first = Cow::Owned(format!("\u{FEFF}{first}"));
        }
        record.extend([Cow::Borrowed(PROBLEM), Cow::Borrowed(REMEDY)]);
        self.output
            .write_record(record.iter().map(|c| c.as_bytes()))?;
        self.columns = Some(names.len());
        Ok(names.len())
    }
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    csv_safe(&parts.collect::<Vec<_>>().join("; ")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn formulas_are_neutralised() {
        for cell in ["=1+1", "+44", "-2", "@SUM(A1)", "\tx", "\rx"] {
            assert_eq!(csv_safe(cell), format!("'{cell}"));
        }
        assert_eq!(csv_safe("O'Neill"), "O'Neill");
        assert_eq!(csv_safe("'quoted'"), "'quoted'");
        assert_eq!(csv_safe("'=1"), "''=1");
    }

    proptest! {
        #[test]
        fn a_guard_comes_off_exactly(cell in "['=+@\t\ra-]{0,6}") {
            let safe = csv_safe(&cell);
            prop_assert!(!safe.starts_with(['=', '+', '-', '@', '\t', '\r']));
            prop_assert_eq!(without_guard(&safe), cell.as_str());
        }
    }
}
