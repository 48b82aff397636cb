//! A record in normal form, ready to be compared, and its stored form.

use crate::error::Error;
use crate::model::{Column, Kind, Model};
use crate::packed::{self, Packed};
use crate::sheet::{Record, Sheet, Values};
use crate::{normal, phonetics, position, stable};

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
    /// One slot for each column of the model.
    sheet: Sheet,
}

impl Prepared {
    /// Whether no column has a value.
    pub fn is_empty(&self) -> bool {
        self.sheet.is_empty()
    }
}

impl Record for &Prepared {
    fn values(&self, column: usize) -> Values<'_> {
        self.sheet.slot(column)
    }
}

impl Model {
    /// Brings a record, given as column and value pairs, to normal form. A column may come more
    /// than once. A value that is empty, unreadable (a date that is none) or listed under
    /// `[unknown]` counts as missing; a column the model does not list is passed over. Of a value
    /// longer than 1,024 bytes the beginning counts.
    pub fn prepare(&self, record: &[(&str, &str)]) -> Prepared {
        let mut values = Vec::with_capacity(record.len());
        for (name, text) in record {
            // Columns are few and in order of name: a binary search beats a map.
            let place = self
                .columns
                .binary_search_by(|column| column.name.as_str().cmp(name));
            if let Ok(at) = place
                && let Some(text) = self.normal_form(&self.columns[at], beginning(text))
            {
                values.push((at, text));
            }
        }
        // Ascending and without doubles, so that the order given does not matter.
        values.sort_unstable();
        values.dedup();
        self.assemble(values.iter().map(|(at, text)| (*at, text.as_str())))
    }

    /// The normal values of a record by column, for showing and for counting frequencies: the
    /// texts that [`crate::Frequencies`] is asked about.
    pub fn normal_values<'a>(
        &'a self,
        record: &'a Prepared,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.columns.iter().enumerate().flat_map(|(at, column)| {
            let values = record.sheet.slot(at);
            values.map(|value| (column.name.as_str(), value.text()))
        })
    }

    /// The stored form of a record: one line of text that [`Model::restore`] reads back.
    pub fn stored(&self, record: &Prepared) -> String {
        let mut out = format!("{STORED}:{:016x}", self.normal_digest);
        for at in 0..self.columns.len() {
            out.push(FIELD);
            for (n, value) in record.sheet.slot(at).enumerate() {
                if n > 0 {
                    out.push(VALUE);
                }
                out.push_str(value.text());
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
        let mut values = Vec::with_capacity(self.columns.len() + 2);
        for at in 0..self.columns.len() {
            let field = fields.next().ok_or(Error::Damaged)?;
            values.extend(
                field
                    .split(VALUE)
                    .filter(|text| !text.is_empty())
                    .map(|text| (at, text)),
            );
        }
        if fields.next().is_some() || !values.is_sorted_by(|a, b| a < b) {
            return Err(Error::Damaged);
        }
        Ok(self.assemble(values.into_iter()))
    }

    pub(crate) fn normal_form(&self, column: &Column, text: &str) -> Option<String> {
        let normal = match column.kind {
            Kind::Name | Kind::Forename | Kind::Text => {
                self.worded(column, normal::words(text)).map(shorten)
            }
            Kind::Date => normal::date_in(text, column.month_first),
            Kind::Postcode => normal::postcode(text),
            Kind::Phone => normal::phone(text, &self.country_code),
            Kind::Email => normal::email(text),
            Kind::Number => normal::number(text),
            Kind::Identifier => normal::identifier(text),
            Kind::Position => position::normal(text),
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

    /// Puts a record together from normal forms, ascending by column and text.
    fn assemble<'t>(&self, values: impl Iterator<Item = (usize, &'t str)> + Clone) -> Prepared {
        let bytes = values.clone().map(|(_, text)| text.len()).sum();
        let mut sheet = Sheet::with_capacity(self.columns.len(), bytes);
        let mut values = values.peekable();
        for at in 0..self.columns.len() {
            while let Some((_, value)) = values.next_if(|(column, _)| *column == at) {
                self.lay(at, value, &mut sheet);
            }
            sheet.end_slot();
        }
        Prepared { sheet }
    }

    /// Adds a normal form of a column to the slot that is being filled.
    pub(crate) fn lay(&self, column: usize, value: &str, sheet: &mut Sheet) {
        let kind = self.columns[column].kind;
        let worded = matches!(kind, Kind::Name | Kind::Forename | Kind::Text);
        let words = || value.split(' ').filter(move |_| worded);
        let formal = words().filter(|_| kind == Kind::Forename).flat_map(|word| {
            let formal = self.nicknames.get(word).into_iter().flatten().copied();
            std::iter::once(stable::hash(word)).chain(formal)
        });
        let packed = self.packed(column, value);
        sheet.add(value, packed, words().map(stable::hash), formal);
    }

    /// What tests of short values read in place of the text.
    fn packed(&self, column: usize, value: &str) -> Packed {
        let column = &self.columns[column];
        match column.kind {
            Kind::Position => position::pack(value),
            Kind::Name | Kind::Forename if column.heard => Packed(phonetics::sounds(value).0),
            Kind::Name | Kind::Forename | Kind::Text => packed::NONE,
            _ => packed::pack(value),
        }
    }
}

/// The most bytes of a value that count. No name or address is longer, and a whole narrative in a
/// name field must not make a comparison slow.
const LONGEST: usize = 1_024;

pub(crate) fn beginning(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST)]
}

/// Cuts a normal form that grew beyond the longest (one sign may stand for many letters) at the
/// end of a word, since half a word could be an idle one.
fn shorten(mut text: String) -> String {
    if text.len() > LONGEST {
        let end = text.floor_char_boundary(LONGEST);
        let at_word = text.as_bytes()[end] == b' ';
        let end = if at_word {
            end
        } else {
            text[..end].rfind(' ').unwrap_or(end)
        };
        text.truncate(end);
    }
    text
}
