//! A record in normal form, ready to be compared, and its stored form.

use crate::error::Error;
use crate::model::{Column, Kind, Model};
use crate::{normal, stable};

/// Marks the stored form, whose fields are then: columns by name, parted by [`FIELD`]; the values
/// of one column in ascending order, parted by [`VALUE`].
const STORED: &str = "linkage-1";
/// ASCII unit separator.
const FIELD: char = '\u{1f}';
/// ASCII record separator.
const VALUE: char = '\u{1e}';

/// A record in normal form: per column no value, one, or several (two telephones).
///
/// Belongs to the model that made it.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// One place for each column of the model, in its order.
    columns: Box<[Vec<Value>]>,
}

/// One value in normal form, with what comparisons would else work out again for every pair.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Value {
    pub text: Box<str>,
    /// Hashes of the words, ascending. Empty where no test asks for words.
    pub words: Box<[u64]>,
    /// Hashes of the words and of the formal names they may stand for, ascending.
    pub formal: Box<[u64]>,
}

impl Prepared {
    /// Values of the column with this place in the model, ascending.
    pub(crate) fn values(&self, column: usize) -> &[Value] {
        self.columns.get(column).map_or(&[], Vec::as_slice)
    }

    /// Whether no column has a value.
    pub fn is_empty(&self) -> bool {
        self.columns.iter().all(Vec::is_empty)
    }
}

impl Model {
    /// Brings a record, given as column and value pairs, to normal form. A column may come more
    /// than once; a value that is empty, unreadable (a date that is none) or listed under
    /// `[unknown]` counts as missing, and so does a column the model does not list.
    pub fn prepare(&self, record: &[(&str, &str)]) -> Prepared {
        let mut columns = vec![Vec::new(); self.columns.len()].into_boxed_slice();
        for (name, text) in record {
            // Columns are few and in order of name: a binary search beats a map.
            let Ok(at) = self
                .columns
                .binary_search_by(|column| column.name.as_str().cmp(name))
            else {
                continue;
            };
            let column = &self.columns[at];
            let Some(text) = self.normal_form(column, text) else {
                continue;
            };
            let values: &mut Vec<Value> = &mut columns[at];
            // Ascending and without doubles, so that the order given does not matter.
            if let Err(place) = values.binary_search_by(|value| value.text.as_ref().cmp(&text)) {
                values.insert(place, self.value(column.kind, text));
            }
        }
        Prepared { columns }
    }

    /// The normal values of a record by column, for showing and for counting frequencies: the
    /// texts that [`crate::Frequencies`] is asked about.
    pub fn normal_values<'a>(
        &'a self,
        record: &'a Prepared,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.columns.iter().enumerate().flat_map(|(at, column)| {
            record
                .values(at)
                .iter()
                .map(|value| (column.name.as_str(), value.text.as_ref()))
        })
    }

    /// The stored form of a record: one line of text that [`Model::restore`] reads back.
    pub fn stored(&self, record: &Prepared) -> String {
        let mut out = format!("{STORED}:{:016x}", self.normal_digest);
        for at in 0..self.columns.len() {
            out.push(FIELD);
            for (n, value) in record.values(at).iter().enumerate() {
                if n > 0 {
                    out.push(VALUE);
                }
                out.push_str(&value.text);
            }
        }
        out
    }

    /// Reads a stored form back without normalising again.
    ///
    /// # Errors
    /// [`Error::Stale`] when it was made with other columns or rules of normalisation: prepare the
    /// record anew from its source. [`Error::Damaged`] when it is no stored form.
    pub fn restore(&self, stored: &str) -> Result<Prepared, Error> {
        let mut fields = stored.split(FIELD);
        let (mark, digest) = fields
            .next()
            .and_then(|head| head.split_once(':'))
            .ok_or(Error::Damaged)?;
        if mark != STORED || u64::from_str_radix(digest, 16).ok() != Some(self.normal_digest) {
            return Err(Error::Stale);
        }
        let mut columns = Vec::with_capacity(self.columns.len());
        for column in &self.columns {
            let field = fields.next().ok_or(Error::Damaged)?;
            let texts = field.split(VALUE).filter(|text| !text.is_empty());
            let values: Vec<Value> = texts
                .map(|text| self.value(column.kind, text.to_owned()))
                .collect();
            if !values.is_sorted_by(|a, b| a.text < b.text) {
                return Err(Error::Damaged);
            }
            columns.push(values);
        }
        if fields.next().is_some() {
            return Err(Error::Damaged);
        }
        Ok(Prepared {
            columns: columns.into_boxed_slice(),
        })
    }

    fn normal_form(&self, column: &Column, text: &str) -> Option<String> {
        let normal = match column.kind {
            Kind::Name | Kind::Forename | Kind::Text => self.worded(column, normal::words(text)),
            Kind::Date => normal::date(text),
            Kind::Postcode => normal::postcode(text),
            Kind::Phone => normal::phone(text, &self.country_code),
            Kind::Email => normal::email(text),
            Kind::Number => normal::number(text),
            Kind::Identifier => normal::identifier(text),
        }?;
        (!column.unknown.contains(normal.as_str())).then_some(normal)
    }

    /// Drops the column's idle words (titles, "limited") and writes abbreviations in full.
    fn worded(&self, column: &Column, text: String) -> Option<String> {
        if text.is_empty() {
            return None;
        }
        let expands = column.kind == Kind::Text && !self.abbreviations.is_empty();
        if !expands && column.drop_words.is_empty() {
            return Some(text);
        }
        let mut out = String::with_capacity(text.len() + 16);
        for word in text.split(' ') {
            let long = self.abbreviations.get(word).filter(|_| expands);
            let word = long.map_or(word, String::as_str);
            if column.drop_words.contains(word) {
                continue;
            }
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(word);
        }
        // A name that is nothing but idle words ("The Limited") is the name.
        Some(if out.is_empty() { text } else { out })
    }

    fn value(&self, kind: Kind, text: String) -> Value {
        let mut words = Vec::new();
        let mut formal = Vec::new();
        if matches!(kind, Kind::Name | Kind::Forename | Kind::Text) {
            for word in text.split(' ') {
                let hash = stable::hash(word);
                words.push(hash);
                if kind == Kind::Forename {
                    formal.push(hash);
                    formal.extend(self.nicknames.get(word).into_iter().flatten());
                }
            }
            for hashes in [&mut words, &mut formal] {
                hashes.sort_unstable();
                hashes.dedup();
            }
        }
        Value {
            text: text.into_boxed_str(),
            words: words.into_boxed_slice(),
            formal: formal.into_boxed_slice(),
        }
    }
}
