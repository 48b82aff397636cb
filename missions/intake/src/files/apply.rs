//! Rows into reports: the mapping bound to a file's headings, each cell read for its field.

use std::collections::BTreeSet;
use std::sync::Arc;

use record::Finding;
use record::report::{FIELDS, Field, FieldKind, Report};
use record::time::{Date, Timestamp};
use sha2::{Digest as _, Sha256};

use super::draft::Draft;
use super::mapping::{Mapping, Origin};
use super::rejected;
use super::row::{Headings, Row};

/// A mapping at work on one file.
pub struct Mapper<'a> {
    pub(super) mapping: &'a Mapping,
    pub(super) codes: &'a BTreeSet<String>,
    pub(super) received_default: Timestamp,
    pub(super) today: Date,
    /// The headings the plan was made for; JSON files add to theirs.
    headings: Option<Arc<Headings>>,
    plan: Vec<Step>,
}

/// One field and the columns it is read from.
pub(super) struct Step {
    pub field: &'static Field,
    pub from: From,
}

pub(super) enum From {
    Column(usize),
    Joined(Vec<usize>, String),
    Constant(String),
    Digest(Vec<usize>),
}

impl Mapping {
    /// Puts the mapping to work. `codes` are the crime codes known; when empty, none is questioned.
    /// `received_default` is the time of import: the time of receipt where a row has none.
    pub fn mapper<'a>(
        &'a self,
        codes: &'a BTreeSet<String>,
        received_default: Timestamp,
    ) -> Mapper<'a> {
        Mapper {
            mapping: self,
            codes,
            received_default,
            today: received_default.day(),
            headings: None,
            plan: Vec::new(),
        }
    }
}

impl Mapper<'_> {
    /// The report a row makes, unless a finding rejects it, and everything that was wrong with the
    /// row, what was found while reading it first.
    pub fn apply(&mut self, row: &Row) -> (Option<Report>, Vec<Finding>) {
        let bound = self
            .headings
            .as_ref()
            .is_some_and(|h| Arc::ptr_eq(h, &row.headings));
        if !bound {
            self.plan = plan(self.mapping, &row.headings);
            self.headings = Some(Arc::clone(&row.headings));
        }
        let mut draft = Draft::new(self, row);
        for step in &self.plan {
            draft.step(step);
        }
        draft.finish()
    }
}

fn plan(mapping: &Mapping, headings: &Headings) -> Vec<Step> {
    let places = |columns: &[String]| -> Vec<usize> {
        columns
            .iter()
            .filter_map(|c| headings.position(c))
            .collect()
    };
    // In the contract's order: the time of receipt comes before the dates that are held against it.
    FIELDS
        .iter()
        .filter_map(|field| {
            let from = match mapping.fields.get(field.name)? {
                Origin::Column(column) => From::Column(headings.position(column)?),
                Origin::Columns(columns) => From::Joined(places(columns), joint(field).to_owned()),
                Origin::Joined(joined) => From::Joined(places(&joined.join), joined.with.clone()),
                Origin::Constant(constant) => From::Constant(constant.value.clone()),
                Origin::Digest(digest) if digest.digest.is_empty() => {
                    From::Digest(whole_row(headings))
                }
                Origin::Digest(digest) => From::Digest(places(&digest.digest)),
            };
            Some(Step { field, from })
        })
        .collect()
}

/// All columns but those a file of rejected rows adds, in the order of their names: the keys of a
/// JSON object have no order of their own.
fn whole_row(headings: &Headings) -> Vec<usize> {
    let names = headings.names();
    let mut columns: Vec<usize> = (0..names.len())
        .filter(|&i| !rejected::is_added(&names[i]))
        .collect();
    columns.sort_by(|&a, &b| names[a].cmp(&names[b]).then(a.cmp(&b)));
    columns
}

/// What joins several cells when the mapping does not say.
fn joint(field: &Field) -> &'static str {
    match (field.name, field.kind) {
        ("reference", _) => "/",
        ("narrative", _) => "\n",
        (_, FieldKind::Date | FieldKind::DateTime) => " ",
        (_, FieldKind::List) => ";",
        (_, FieldKind::Identifier) => "\n",
        (name, _) if name.ends_with("name") => " ",
        _ => ", ",
    }
}

/// The first 20 hex digits of SHA-256 over heading and cell of every cell that is not empty. The
/// separator is a byte no cell holds, so that two different rows cannot run into one text.
pub(super) fn row_digest(row: &Row, columns: &[usize]) -> String {
    let mut hash = Sha256::new();
    for &column in columns {
        let cell = row.cell(column).trim();
        if !cell.is_empty() {
            hash.update(row.headings.names()[column].as_bytes());
            hash.update([0]);
            hash.update(cell.as_bytes());
            hash.update([0]);
        }
    }
    hex::encode(&hash.finalize()[..10])
}
