//! Figures as they are kept: one for each measure, window and revision.

use std::collections::BTreeMap;

use record::measure::Measure;
use record::time::Timestamp;
use store::{Error, Reader, Result, Row, Sql, Tx};

use crate::windows::Span;

/// What was counted in one window.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Counted {
    pub numerator: i64,
    pub denominator: i64,
    /// In the denominator, but it is not known whether they count.
    pub unknown: i64,
    /// Left out of the denominator as errors, by reason.
    pub excluded: BTreeMap<String, i64>,
    /// What became of those in the denominator.
    pub lines: BTreeMap<String, i64>,
    /// Why there is no figure, where something is missing.
    pub missing: Option<String>,
}

impl Counted {
    /// In per cent; none when there are no cases or something is missing.
    pub fn percent(&self) -> Option<f64> {
        if self.missing.is_some() || self.denominator == 0 {
            return None;
        }
        Some(self.numerator as f64 * 100.0 / self.denominator as f64)
    }
}

/// A figure of one window.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    pub commitment: String,
    pub measure: String,
    pub version: i64,
    pub span: Span,
    /// Zero for what was frozen, or is still provisional; then one more for each restatement.
    pub revision: i64,
    pub counted: Counted,
    pub frozen: bool,
    pub computed_at: Timestamp,
    /// Why a frozen figure was restated.
    pub reason: Option<String>,
}

impl Figure {
    /// Whether this is a figure of a measure as it is defined now.
    pub fn is_of(&self, measure: &Measure) -> bool {
        self.commitment == measure.commitment
            && self.measure == measure.name
            && self.version == measure.version
    }

    fn of_row(row: &Row) -> Result<Figure> {
        let from: Timestamp = row.get("window_start")?;
        let until: Timestamp = row.get("window_end")?;
        Ok(Figure {
            commitment: row.get("commitment")?,
            measure: row.get("measure")?,
            version: row.get("version")?,
            span: Span {
                from: from.day(),
                until: until.day(),
            },
            revision: row.get("revision")?,
            counted: Counted {
                numerator: row.get("numerator")?,
                denominator: row.get("denominator")?,
                unknown: row.get("unknown")?,
                excluded: row.json("excluded")?,
                lines: row.json("lines")?,
                missing: row.get("missing")?,
            },
            frozen: row.get("frozen")?,
            computed_at: row.get("computed_at")?,
            reason: row.get("reason")?,
        })
    }
}

/// The columns of `strategy_value`, for inserting.
pub(crate) const COLUMNS: &[&str] = &[
    "commitment",
    "measure",
    "version",
    "window_start",
    "window_end",
    "revision",
    "computed_at",
    "numerator",
    "denominator",
    "unknown",
    "excluded",
    "lines",
    "missing",
    "frozen",
    "reason",
];

/// The stored form of a figure.
pub(crate) fn values(figure: &Figure) -> Result<Vec<store::Value>> {
    let json = |map: &BTreeMap<String, i64>| {
        serde_json::to_string(map).map_err(|e| Error::invalid(e.to_string()))
    };
    let counted = &figure.counted;
    Ok(vec![
        figure.commitment.as_str().into(),
        figure.measure.as_str().into(),
        figure.version.into(),
        figure.span.start().into(),
        figure.span.end().into(),
        figure.revision.into(),
        figure.computed_at.into(),
        counted.numerator.into(),
        counted.denominator.into(),
        counted.unknown.into(),
        json(&counted.excluded)?.into(),
        json(&counted.lines)?.into(),
        counted.missing.clone().into(),
        figure.frozen.into(),
        figure.reason.clone().into(),
    ])
}

const SELECT: &str = "select commitment, measure, version, window_start, window_end, revision, \
    computed_at, numerator, denominator, unknown, excluded, lines, missing, frozen, reason \
    from strategy_value where ";

/// Every revision of the windows that end after `since`, of one commitment or of all; windows in
/// order, revisions in order within each.
pub async fn revisions(
    db: &mut Reader,
    commitment: Option<&str>,
    since: Timestamp,
) -> Result<Vec<Figure>> {
    let mut sql = Sql::new(SELECT).with("window_end > ?", [since.into()]);
    if let Some(id) = commitment {
        sql = sql.with(" and commitment = ?", [id.into()]);
    }
    let sql = sql.then(" order by commitment, measure, version, window_end, revision limit 20000");
    db.rows(sql).await?.iter().map(Figure::of_row).collect()
}

/// The same inside a write, of all commitments.
pub(crate) async fn revisions_in(tx: &mut Tx<'_>, since: Timestamp) -> Result<Vec<Figure>> {
    let sql = Sql::new(SELECT)
        .with("window_end > ?", [since.into()])
        .then(" order by commitment, measure, version, window_end, revision limit 20000");
    tx.rows(sql).await?.iter().map(Figure::of_row).collect()
}

/// The same, with only the last revision of each window.
pub async fn latest(
    db: &mut Reader,
    commitment: Option<&str>,
    since: Timestamp,
) -> Result<Vec<Figure>> {
    Ok(last_revisions(revisions(db, commitment, since).await?))
}

/// Keeps the last of each run of revisions of one window.
pub fn last_revisions(all: Vec<Figure>) -> Vec<Figure> {
    let mut kept: Vec<Figure> = Vec::with_capacity(all.len());
    for figure in all {
        let same = kept.last().is_some_and(|last| {
            last.commitment == figure.commitment
                && last.measure == figure.measure
                && last.version == figure.version
                && last.span == figure.span
        });
        if same {
            kept.pop();
        }
        kept.push(figure);
    }
    kept
}

/// The figure the board shows for a measure: of the last window that is over and has a figure; of
/// the running one where none is over. A month that has hardly begun says little.
pub fn current<'f>(of_measure: &[&'f Figure], now: Timestamp) -> Option<&'f Figure> {
    let with_figure = |f: &&&Figure| f.counted.percent().is_some();
    of_measure
        .iter()
        .rev()
        .find(|f| f.span.has_ended(now) && with_figure(f))
        .or_else(|| of_measure.iter().rev().find(with_figure))
        .or_else(|| {
            of_measure
                .iter()
                .rev()
                .find(|f| f.counted.missing.is_some())
        })
        .or(of_measure.last())
        .copied()
}
