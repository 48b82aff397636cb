//! What was wrong with the input: named by file, row and column, with a remedy.

use serde::{Deserialize, Serialize};

/// Whether the row could still be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The row was kept; this part of it was not understood.
    Warning,
    /// The row was not accepted.
    Rejected,
}

/// One thing wrong with one place of an input. Never contains more of the input than the cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub severity: Severity,
    /// Row number as a person counts it: the heading is row 1. Zero when the whole file is meant.
    pub row: u64,
    /// The heading, or the field's name; empty when the whole row is meant.
    pub column: String,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub remedy: String,
}

impl Finding {
    pub fn warning(row: u64, column: &str, problem: impl Into<String>, remedy: &str) -> Finding {
        Finding {
            severity: Severity::Warning,
            row,
            column: column.to_owned(),
            problem: problem.into(),
            remedy: remedy.to_owned(),
        }
    }

    pub fn rejected(row: u64, column: &str, problem: impl Into<String>, remedy: &str) -> Finding {
        Finding {
            severity: Severity::Rejected,
            ..Finding::warning(row, column, problem, remedy)
        }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.row, self.column.as_str()) {
            (0, _) => write!(f, "{}. {}", self.problem, self.remedy),
            (row, "") => write!(f, "row {row}: {}. {}", self.problem, self.remedy),
            (row, column) => {
                write!(
                    f,
                    "row {row}, column {column}: {}. {}",
                    self.problem, self.remedy
                )
            }
        }
    }
}
