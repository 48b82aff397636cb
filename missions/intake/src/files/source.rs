//! A file as rows: recognised by its content, read in bounded memory, each row whole or rejected
//! with its reason.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use record::Finding;
use serde::{Deserialize, Serialize};

use super::delimited::Broken;
use super::encoding::Encoding;
use super::error::FileError;
use super::json::{Decoded, Elements};
use super::limits::Limits;
use super::raw::{Fault, Input, Raw, Rows, excerpt, not_utf8};
use super::recognise;
use super::rejected;
use super::row::{CellText, Headings, Reading, Rejection, Row};
use super::sheet::Sheet;
use super::unpack::{self, Tally, Unpacked};

/// What a mapping knows of its file's form. All of it is optional: the file is looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Format {
    /// One ASCII character between cells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// `false` when quotation marks mean nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quoting: Option<bool>,
    /// Names of the columns of a file without headings. Empty when its first row has them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// Key of the array of objects, in a JSON file that is one object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<String>,
    /// Sheet of a workbook; the first visible one when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
}

/// A file being read as rows.
pub struct Source {
    rows: Rows,
    headings: Arc<Headings>,
    limits: Limits,
    tally: Tally,
    /// Read ahead, to know headings and to show samples.
    waiting: VecDeque<Reading>,
    findings: Vec<Finding>,
    /// The file is one of rejected rows, mended: apostrophes that neutralised cells come off.
    mended: bool,
    /// The number of a row that broke its quotation, until a row with all its columns is read.
    adrift: Option<u64>,
    /// Fewest cells of a row that was kept: some programs leave empty last cells out.
    fewest: usize,
    number: u64,
}

/// A file's fingerprint, once all of it has been read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Digest {
    /// SHA-256 of the raw bytes, lower-case hex.
    pub sha256: String,
    pub bytes: u64,
}

impl Source {
    /// Opens a file: gzip, zip with one file inside, XLSX, JSON, or delimited text.
    pub fn open(path: &Path, limits: &Limits, format: &Format) -> Result<Source, FileError> {
        let file = File::open(path)?;
        Source::from_unpacked(unpack::open(file, limits)?, limits, format)
    }

    /// Reads a stream: gzip, JSON or delimited text. Zip files and workbooks need a file.
    pub fn from_reader(
        input: impl Read + Send + 'static,
        limits: &Limits,
        format: &Format,
    ) -> Result<Source, FileError> {
        let unpacked = unpack::open_stream(Box::new(input), limits)?;
        Source::from_unpacked(unpacked, limits, format)
    }

    fn from_unpacked(
        unpacked: Unpacked,
        limits: &Limits,
        format: &Format,
    ) -> Result<Source, FileError> {
        match unpacked {
            Unpacked::Workbook { file, tally } => {
                let sheet = Sheet::open(file, format.sheet.as_deref(), limits)?;
                let mut findings = Vec::new();
                if !sheet.others.is_empty() {
                    findings.push(Finding::warning(
                        0,
                        "",
                        format!(
                            "only sheet {:?} was read; the workbook also has {}",
                            sheet.name,
                            sheet.others.join(", ")
                        ),
                        "Name the sheet in the mapping if another one is meant",
                    ));
                }
                let rows = Rows::Sheet(Box::new(sheet));
                Source::with_headings(rows, tally, findings, limits, format)
            }
            Unpacked::Stream { head, rest, tally } => {
                recognise::open_text(head, rest, tally, limits, format)
            }
        }
    }

    fn new(rows: Rows, tally: Tally, findings: Vec<Finding>, limits: &Limits) -> Source {
        Source {
            rows,
            headings: Arc::default(),
            limits: limits.clone(),
            tally,
            waiting: VecDeque::new(),
            findings,
            mended: false,
            adrift: None,
            fewest: usize::MAX,
            number: 0,
        }
    }

    /// Takes the headings from the mapping, or from the first row that is not blank.
    pub(super) fn with_headings(
        rows: Rows,
        tally: Tally,
        findings: Vec<Finding>,
        limits: &Limits,
        format: &Format,
    ) -> Result<Source, FileError> {
        let mut source = Source::new(rows, tally, findings, limits);
        let first = loop {
            match source.rows.next(&mut source.number, limits)? {
                None => return Err(FileError::NoHeadings("nothing but blank rows was found")),
                Some(Raw::Blank) => {}
                Some(first) => break first,
            }
        };
        let cells = match &first {
            Raw::Cells { cells, .. } => cells.iter().map(str::to_owned).collect::<Vec<_>>(),
            Raw::Broken { broken, .. } if format.columns.is_empty() => {
                return Err(refuse_heading(broken, limits));
            }
            _ => Vec::new(),
        };
        source.mended = rejected::is_rejected_file(&cells);
        let has_headings = format.columns.is_empty() || source.mended;
        let names = if has_headings {
            cells
        } else {
            format.columns.clone()
        };
        source.headings = Arc::new(Headings::new(names));
        if !has_headings {
            let reading = source.fit(first);
            source.waiting.extend(reading);
        }
        Ok(source)
    }

    /// JSON has no heading row: the first objects are read ahead for their keys.
    pub(super) fn with_keys(
        elements: Elements<Input>,
        tally: Tally,
        findings: Vec<Finding>,
        limits: &Limits,
    ) -> Result<Source, FileError> {
        let mut source = Source::new(Rows::Json(elements), tally, findings, limits);
        let ahead = source.read_ahead(KEYS_FROM)?;
        if source.waiting.is_empty() {
            return Err(FileError::NoHeadings("the JSON holds no objects"));
        }
        if ahead == 0
            && let Some(Reading::Rejected(first)) = source.waiting.front()
            && source.waiting.len() == 1
        {
            return Err(FileError::Json(first.finding.problem.clone()));
        }
        Ok(source)
    }

    pub fn headings(&self) -> &Arc<Headings> {
        &self.headings
    }

    /// What is to be said of the file as a whole, such as an encoding that was assumed.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Raw bytes read so far, for progress against the file's length.
    pub fn bytes_read(&self) -> u64 {
        self.tally.so_far()
    }

    /// The first rows, up to `n`, without consuming them.
    pub fn sample(&mut self, n: usize) -> Result<Vec<Row>, FileError> {
        self.read_ahead(n)?;
        Ok(self
            .waiting
            .iter()
            .filter_map(|r| match r {
                Reading::Row(row) => Some(row.clone()),
                Reading::Rejected(_) => None,
            })
            .take(n)
            .collect())
    }

    fn read_ahead(&mut self, n: usize) -> Result<usize, FileError> {
        let kept =
            |w: &VecDeque<Reading>| w.iter().filter(|r| matches!(r, Reading::Row(_))).count();
        let mut rows = kept(&self.waiting);
        // Rejected rows wait too; ten for each row wanted are enough to look past.
        while rows < n && self.waiting.len() < n * 10 {
            let Some(reading) = self.read()? else { break };
            rows += usize::from(matches!(reading, Reading::Row(_)));
            self.waiting.push_back(reading);
        }
        Ok(rows)
    }

    /// The next row, kept or rejected; none at the end. An error ends the file: it was damaged, or
    /// unpacked to more than the limits.
    pub fn next_row(&mut self) -> Result<Option<Reading>, FileError> {
        match self.waiting.pop_front() {
            Some(reading) => Ok(Some(reading)),
            None => self.read(),
        }
    }

    /// Reads whatever is left of the raw file, then says its digest.
    pub fn finish(mut self) -> Result<Digest, FileError> {
        let (sha256, bytes) = self.tally.finish()?;
        Ok(Digest { sha256, bytes })
    }

    fn read(&mut self) -> Result<Option<Reading>, FileError> {
        loop {
            let Some(raw) = self.rows.next(&mut self.number, &self.limits)? else {
                return Ok(None);
            };
            if let Some(reading) = self.fit(raw) {
                return Ok(Some(reading));
            }
        }
    }

    /// Fits a row to the headings; none for a blank row.
    fn fit(&mut self, raw: Raw) -> Option<Reading> {
        match raw {
            Raw::Blank => None,
            Raw::Broken {
                number,
                line,
                broken,
                cells,
            } => {
                if matches!(broken, Fault::Quote(_)) {
                    self.adrift = Some(number);
                }
                let finding = broken.finding(number, line, &self.limits);
                Some(Reading::Rejected(self.rejection(finding, cells)))
            }
            Raw::Named {
                number,
                pairs,
                decoded,
            } => Some(self.fit_named(number, pairs, decoded)),
            Raw::Cells {
                number,
                cells,
                warnings,
            } => Some(self.fit_cells(number, cells, warnings)),
        }
    }

    fn fit_cells(
        &mut self,
        number: u64,
        mut cells: CellText,
        mut warnings: Vec<Finding>,
    ) -> Reading {
        let (columns, read) = (self.headings.len(), cells.len());
        if cells.text.contains('\0') {
            let at = cells.iter().position(|c| c.contains('\0')).unwrap_or(0);
            let finding = nul_finding(number, &self.heading(at));
            return self.reject(finding, &cells);
        }
        if cells.len() < columns {
            if let Some(broken) = self.debris_of(number, cells.len()) {
                let finding = Finding::rejected(
                    number,
                    "",
                    format!("this looks like the rest of row {broken}, which could not be read"),
                    "Mend the quotation marks of that row, or complete this one",
                );
                return self.reject(finding, &cells);
            }
            warnings.push(Finding::warning(
                number,
                "",
                format!(
                    "the row ends early: {} of {columns} columns, from {:?} on empty",
                    cells.len(),
                    self.heading(cells.len())
                ),
                "Check that the row is complete",
            ));
        }
        if cells.len() > columns {
            let extra = cells.iter().skip(columns).filter(|c| !c.trim().is_empty());
            if let Some(first) = extra.map(excerpt).next() {
                let finding = Finding::rejected(
                    number,
                    "",
                    format!(
                        "the row has {} columns where the heading has {columns}; the first extra \
                         one holds {first:?}",
                        cells.len()
                    ),
                    "Put a cell that holds the delimiter in quotation marks",
                );
                return self.reject(finding, &cells);
            }
            cells.truncate(columns);
        }
        self.adrift = None;
        self.fewest = self.fewest.min(read);
        if self.mended {
            cells = rejected::without_guards(&cells);
        }
        let mut row = Row::new(number, Arc::clone(&self.headings), cells);
        row.warnings = warnings;
        Reading::Row(row)
    }

    /// The broken row whose later lines this short row may be. Rejecting it loses nothing, for it can
    /// be mended; keeping it would make a report out of a piece of a narrative.
    fn debris_of(&self, number: u64, cells: usize) -> Option<u64> {
        self.adrift.filter(|&broken| {
            cells < self.fewest && number - broken <= self.limits.max_lines_in_record
        })
    }

    fn fit_named(
        &mut self,
        number: u64,
        pairs: Vec<(String, String)>,
        decoded: Decoded,
    ) -> Reading {
        for (key, _) in &pairs {
            if self.headings.names().iter().any(|n| n == key) {
                continue;
            }
            if self.headings.len() == self.limits.max_columns {
                let finding = Fault::TooManyColumns.finding(number, None, &self.limits);
                let values = pairs.into_iter().map(|(_, v)| v).collect();
                return Reading::Rejected(self.rejection(finding, values));
            }
            Arc::make_mut(&mut self.headings).push(key);
        }
        let mut cells = CellText::default();
        for name in self.headings.names() {
            let value = pairs.iter().find(|(k, _)| k == name);
            cells.push(value.map_or("", |(_, v)| v));
        }
        let mut warnings = Vec::new();
        if decoded == Decoded::AsWindows1252 {
            warnings.push(not_utf8(number));
        }
        self.fit_cells(number, cells, warnings)
    }

    fn reject(&self, finding: Finding, cells: &CellText) -> Reading {
        let cells = cells.iter().map(str::to_owned).collect();
        Reading::Rejected(self.rejection(finding, cells))
    }

    /// Keeps at most one cell for each heading; what overflows joins the last one.
    fn rejection(&self, finding: Finding, mut cells: Vec<String>) -> Rejection {
        let columns = self.headings.len();
        if columns > 0 && cells.len() > columns {
            let delimiter = match &self.rows {
                Rows::Delimited { frames, .. } => frames.dialect().delimiter as char,
                _ => ',',
            };
            let overflow = cells.split_off(columns - 1);
            cells.push(overflow.join(&delimiter.to_string()));
        }
        Rejection { finding, cells }
    }

    fn heading(&self, column: usize) -> String {
        match self.headings.names().get(column) {
            Some(name) => name.clone(),
            None => format!("column {}", column + 1),
        }
    }
}

/// Objects of a JSON file whose keys are the headings to begin with.
const KEYS_FROM: usize = 20;

fn nul_finding(number: u64, heading: &str) -> Finding {
    Finding::rejected(
        number,
        heading,
        "the cell holds a NUL byte, which no text has",
        "Export the table again; the file may be damaged or not be text",
    )
}

fn refuse_heading(broken: &Fault, limits: &Limits) -> FileError {
    match broken {
        Fault::TooManyColumns => FileError::TooManyColumns {
            limit: limits.max_columns,
        },
        Fault::TooLong | Fault::Quote(Broken::TooLong) => {
            FileError::NoHeadings("the first row is too long to be headings")
        }
        Fault::Quote(_) => FileError::NoHeadings("the heading row has a broken quotation mark"),
        Fault::Json(why) => FileError::Json(why.clone()),
    }
}
