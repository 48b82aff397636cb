//! Rows and headings, the same whatever kind of file they came from.

use std::collections::HashMap;
use std::sync::Arc;

use record::Finding;

/// The headings of a table, in order. A JSON file may add to them as it is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headings {
    names: Vec<String>,
}

impl Headings {
    /// Trims each name; a blank one is called by its position, `column 3`.
    pub(crate) fn new(names: impl IntoIterator<Item = String>) -> Headings {
        let names = names
            .into_iter()
            .enumerate()
            .map(|(i, name)| {
                let name = name.trim_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}');
                if name.is_empty() {
                    format!("column {}", i + 1)
                } else {
                    name.to_owned()
                }
            })
            .collect();
        Headings { names }
    }

    pub fn names(&self) -> &[String] {
        &self.names
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }

    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Where a mapping's word points: a heading, whatever its case and spacing, or `#3` for the
    /// third column. A heading that is itself written `#3` comes first.
    pub fn position(&self, word: &str) -> Option<usize> {
        let wanted = plain(word);
        self.names
            .iter()
            .position(|n| n == word)
            .or_else(|| self.names.iter().position(|n| plain(n) == wanted))
            .or_else(|| {
                let nth: usize = word.strip_prefix('#')?.parse().ok()?;
                (1..=self.names.len()).contains(&nth).then(|| nth - 1)
            })
    }

    /// Headings that occur more than once: name, first column, later column, counted from 1.
    pub fn duplicates(&self) -> Vec<(&str, usize, usize)> {
        let mut seen: HashMap<String, usize> = HashMap::new();
        let mut twice = Vec::new();
        for (i, name) in self.names.iter().enumerate() {
            match seen.get(&plain(name)) {
                Some(&first) => twice.push((name.as_str(), first + 1, i + 1)),
                None => {
                    seen.insert(plain(name), i);
                }
            }
        }
        twice
    }

    pub(super) fn push(&mut self, name: &str) {
        self.names.push(name.to_owned());
    }
}

/// A heading without case and repeated spaces, as people compare headings.
pub(super) fn plain(heading: &str) -> String {
    heading
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase()
}

/// One row that could be read. Its cells are text as the file has it, unquoted and decoded.
#[derive(Debug, Clone)]
pub struct Row {
    /// As a person counts: the heading is row 1, and blank rows count.
    pub number: u64,
    pub headings: Arc<Headings>,
    /// What was wrong but did not keep the row from being read.
    pub warnings: Vec<Finding>,
    text: String,
    ends: Vec<usize>,
}

impl Row {
    pub(super) fn new(number: u64, headings: Arc<Headings>, cells: CellText) -> Row {
        Row {
            number,
            headings,
            warnings: Vec::new(),
            text: cells.text,
            ends: cells.ends,
        }
    }

    /// A row of named values: a form that was filled in, or a report sent to the API.
    pub fn of<'v>(number: u64, values: impl IntoIterator<Item = (&'v str, &'v str)>) -> Row {
        let mut cells = CellText {
            text: String::new(),
            ends: Vec::new(),
        };
        let mut names = Vec::new();
        for (name, value) in values {
            names.push(name.to_owned());
            cells.push(value);
        }
        Row::new(number, Arc::new(Headings::new(names)), cells)
    }

    /// The cell of a column, from 0; empty where the row ended early.
    pub fn cell(&self, column: usize) -> &str {
        let Some(&end) = self.ends.get(column) else {
            return "";
        };
        let start = match column {
            0 => 0,
            _ => self.ends[column - 1],
        };
        &self.text[start..end]
    }

    /// All cells, one for each heading.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.headings.len()).map(|i| self.cell(i))
    }
}

/// A row that was not accepted: why, and what was found in it, so that it can be mended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    pub finding: Finding,
    /// The cells as far as they could be told apart, at most one for each heading; where they could
    /// not, or are too long, the beginning of the line.
    pub cells: Vec<String>,
}

/// What became of one row of the file.
#[derive(Debug, Clone)]
pub enum Reading {
    Row(Row),
    Rejected(Rejection),
}

/// Cells in one piece of text: one allocation for each row, not one for each cell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct CellText {
    pub text: String,
    pub ends: Vec<usize>,
}

impl CellText {
    pub(super) fn push(&mut self, cell: &str) {
        self.text.push_str(cell);
        self.ends.push(self.text.len());
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, column: usize) -> &str {
        let start = column.checked_sub(1).map_or(0, |i| self.ends[i]);
        &self.text[start..self.ends[column]]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|i| self.get(i))
    }

    pub(super) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    pub(super) fn truncate(&mut self, columns: usize) {
        self.ends.truncate(columns);
        self.text.truncate(self.ends.last().copied().unwrap_or(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_found_as_people_write_them() {
        let headings = Headings::new(["\u{FEFF}Report  Ref ".into(), " ".into(), "ref".into()]);
        assert_eq!(headings.position("report ref"), Some(0));
        assert_eq!(headings.position("#3"), Some(2));
        assert_eq!(headings.position("#4"), None);
        assert_eq!(headings.names()[1], "column 2");
    }

    #[test]
    fn duplicates_name_both_columns() {
        let headings = Headings::new(["Date".into(), "x".into(), "date".into()]);
        assert_eq!(headings.duplicates(), [("date", 1, 3)]);
    }
}
