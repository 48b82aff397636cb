//! Measures: a commitment's number, computed from records and open to the names behind it.
//!
//! The rules every measure obeys are in the commitments reference: people who refused or could not
//! be reached stay in the denominator as their own line; only true errors leave, each by reason; a
//! denominator of zero is "no cases"; a window is provisional until its lag has passed.

/// How a cohort is counted over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// By calendar month of the row's date.
    Month,
    /// By quarter of the calendar year.
    Quarter,
    /// The last twelve months, stepped by month.
    RollingYear,
}

/// How a measure is computed. The SQL gives one row for each subject that counts:
/// `subject` (id as bytes), `at` (micros), `met` (0 or 1), `line` (text: advised, declined, …),
/// `excluded` (0 or 1: a true error, kept out of the denominator, counted by its line),
/// `label` (text to show in the list of names), `marking` (integer), `compartment` (text or null).
/// It is a plain SELECT without ORDER BY, of tables its mission may read; `(select now from asked)` is
/// now in micros.
#[derive(Debug, Clone, Copy)]
pub struct Measure {
    /// Commitment it serves, for example `PROTECT-06`.
    pub commitment: &'static str,
    pub name: &'static str,
    /// Rises when the definition changes; old values keep theirs.
    pub version: i64,
    pub window: Window,
    /// Days after a window's end during which late records may still change it.
    pub lag_days: i64,
    /// In per cent; none when the strategy sets no target.
    pub target: Option<f64>,
    pub cohort: &'static str,
    /// What the number means, in one sentence.
    pub meaning: &'static str,
}
