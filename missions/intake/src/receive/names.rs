//! How common names are, for term frequencies.

use std::collections::{BTreeSet, HashMap};

use linkage::{Frequencies, Model, Prepared};
use store::{Result, Sql, Tx, Value};

use super::held::chunks;

/// Columns whose values are counted: agreeing on a rare name says more.
const NAMES: [&str; 3] = ["forename", "surname", "name"];

/// How common the names of some records are.
#[derive(Default)]
pub(crate) struct Names {
    pub(super) counts: HashMap<(String, String), i64>,
    pub(super) added: HashMap<(String, String), i64>,
    total: f64,
}

impl Frequencies for Names {
    fn share(&self, column: &str, value: &str) -> Option<f64> {
        // Too few records to speak of frequency: the model's own estimate stands.
        if self.total < 2_000.0 {
            return None;
        }
        let n = self.counts.get(&(value.to_owned(), column.to_owned()))?;
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
        Some((*n as f64 / self.total).max(1.0 / self.total))
    }
}

impl Names {
    /// Looks names up, of so many reports held.
    pub(crate) async fn of(tx: &mut Tx<'_>, total: u64, wanted: BTreeSet<&str>) -> Result<Names> {
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
        let mut names = Names {
            total: total as f64,
            ..Names::default()
        };
        for part in chunks(wanted.into_iter().map(Value::from)) {
            let sql = Sql::new("select name, field, n from intake_name_count where")
                .within(" name in", part);
            for row in tx.rows(sql).await? {
                names
                    .counts
                    .insert((row.get("name")?, row.get("field")?), row.get("n")?);
            }
        }
        Ok(names)
    }

    /// Counts a name once more.
    pub(super) fn add(&mut self, column: &str, value: &str) {
        let key = (value.to_owned(), column.to_owned());
        *self.counts.entry(key.clone()).or_default() += 1;
        *self.added.entry(key).or_default() += 1;
    }
}

/// Column and normal value of a record's names.
pub(crate) fn names_of(model: &Model, prepared: &Prepared) -> Vec<(&'static str, String)> {
    let named = |(column, value): (&str, &str)| {
        let named = NAMES.into_iter().find(|n| *n == column)?;
        Some((named, value.to_owned()))
    };
    model.normal_values(prepared).filter_map(named).collect()
}
