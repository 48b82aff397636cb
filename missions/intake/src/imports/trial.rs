//! A look at a file before it is imported: its headings with examples, and what a mapping would
//! make of its rows. Nothing is kept.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use record::Finding;
use record::finding::Severity;
use record::report::{PartyKind, Report};
use record::time::Timestamp;

use super::receipt::MOST_FINDINGS;
use crate::files::{FileError, Format, Limits, Mapping, Reading, Source};
use crate::receive::Desk;

/// Rows the examples are taken from.
const SAMPLE: usize = 50;
/// Examples of one heading.
const EXAMPLES: usize = 3;
/// Longest example, in characters.
const LONGEST_EXAMPLE: usize = 60;
/// Rows shown as they would be understood.
const SHOWN: usize = 10;
/// Most of a narrative shown, in characters.
const LONGEST_NARRATIVE: usize = 240;

/// A file's headings, each with a few of its values.
pub(super) struct Columns {
    pub headings: Vec<String>,
    pub examples: Vec<Vec<String>>,
}

impl Columns {
    pub fn read(path: &Path, limits: &Limits, format: &Format) -> Result<Columns, FileError> {
        let mut source = Source::open(path, limits, format)?;
        let rows = source.sample(SAMPLE)?;
        let headings = source.headings().names().to_vec();
        let examples = (0..headings.len())
            .map(|column| {
                let mut seen = BTreeSet::new();
                rows.iter()
                    .map(|row| row.cell(column).trim())
                    .filter(|cell| !cell.is_empty() && seen.insert(*cell))
                    .take(EXAMPLES)
                    .map(|cell| shortened(cell, LONGEST_EXAMPLE))
                    .collect()
            })
            .collect();
        Ok(Columns { headings, examples })
    }
}

fn shortened(text: &str, most: usize) -> String {
    let mut short: String = text.chars().take(most).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// One row as it would be understood.
pub(super) struct Understood {
    pub row: u64,
    pub reference: String,
    pub feed: &'static str,
    pub received: String,
    pub victim: String,
    pub code: String,
    pub loss: Option<i64>,
    pub narrative: String,
}

impl Understood {
    fn of(row: u64, report: &Report) -> Understood {
        let victim = match (report.victim.is_empty(), report.victim.kind) {
            (true, PartyKind::Person) => "Nobody named".to_owned(),
            _ => report.victim.display_name(),
        };
        Understood {
            row,
            reference: report.reference.clone(),
            feed: report.feed.title(),
            received: report.received_at.show(),
            victim,
            code: report.nfib_code.clone().unwrap_or_default(),
            loss: report.loss_pence,
            narrative: shortened(&report.narrative, LONGEST_NARRATIVE),
        }
    }
}

/// What a mapping would make of a file.
#[derive(Default)]
pub(super) struct Trial {
    pub read_rows: u64,
    pub accepted: u64,
    pub rejected: u64,
    /// Rows of the file that repeat a reference of the same file.
    pub repeated: u64,
    pub findings: Vec<Finding>,
    pub more_findings: u64,
    pub first: Vec<Understood>,
    /// Only this many rows were read: the file is longer.
    pub stopped_after: Option<u64>,
    pub problem: Option<String>,
    /// References that would be accepted, to be looked up among those held.
    pub references: HashSet<String>,
}

impl Trial {
    /// Reads up to `most_rows` rows. Blocks; call it where that is allowed.
    pub fn run(
        path: &Path,
        mapping: &Mapping,
        desk: &Desk,
        now: Timestamp,
        most_rows: u64,
    ) -> Trial {
        let mut trial = Trial::default();
        if let Err(problem) = trial.read(path, mapping, desk, now, most_rows) {
            trial.problem = Some(problem.to_string());
        }
        trial
    }

    fn read(
        &mut self,
        path: &Path,
        mapping: &Mapping,
        desk: &Desk,
        now: Timestamp,
        most_rows: u64,
    ) -> Result<(), FileError> {
        let mut source = Source::open(path, &desk.limits, &mapping.format)?;
        let fit = mapping.validate(source.headings());
        let unfit = fit.iter().any(|f| f.severity == Severity::Rejected);
        self.find(fit);
        if unfit {
            self.problem = Some("the mapping does not fit this file".to_owned());
            return Ok(());
        }
        let codes: BTreeSet<String> = desk.codes.iter().map(|c| c.code.clone()).collect();
        let mut mapper = mapping.mapper(&codes, now);
        while let Some(reading) = source.next_row()? {
            if self.read_rows == most_rows {
                self.stopped_after = Some(most_rows);
                break;
            }
            self.read_rows += 1;
            match reading {
                Reading::Row(row) => {
                    let (report, findings) = mapper.apply(&row);
                    self.find(findings);
                    self.note(row.number, report);
                }
                Reading::Rejected(rejection) => {
                    self.rejected += 1;
                    self.find([rejection.finding]);
                }
            }
        }
        self.find(source.findings().to_vec());
        Ok(())
    }

    fn note(&mut self, row: u64, report: Option<Report>) {
        let Some(report) = report else {
            self.rejected += 1;
            return;
        };
        if self.first.len() < SHOWN {
            self.first.push(Understood::of(row, &report));
        }
        if self.references.insert(report.reference) {
            self.accepted += 1;
        } else {
            self.repeated += 1;
        }
    }

    fn find(&mut self, findings: impl IntoIterator<Item = Finding>) {
        for finding in findings {
            if self.findings.len() < MOST_FINDINGS {
                self.findings.push(finding);
            } else {
                self.more_findings += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_distinct_and_short() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        std::fs::write(&path, format!("ref,text\n1,{}\n2,x\n3,x\n", "é".repeat(80))).unwrap();
        let columns = Columns::read(&path, &Limits::default(), &Format::default()).unwrap();
        assert_eq!(columns.examples[0], ["1", "2", "3"]);
        assert_eq!(columns.examples[1].len(), 2);
        assert_eq!(columns.examples[1][0].chars().count(), LONGEST_EXAMPLE + 1);
    }
}
