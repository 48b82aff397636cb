//! A record in normal form, ready to be compared, and its stored form.

use std::ops::Range;

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
/// Belongs to the model that made it. Kept in few and flat pieces, since linkage walks over many.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// The texts of all values, one behind the other.
    text: Box<str>,
    /// The words and formal names of all values, one behind the other.
    hashes: Box<[u64]>,
    /// The values in the order of the model's columns, ascending by text within a column.
    places: Box<[Place]>,
    /// For each column the end of its values in `places`; they begin where the last one's end.
    ends: Box<[u32]>,
}

/// Where the pieces of one value lie.
#[derive(Debug, Clone, PartialEq)]
struct Place {
    /// Hash of the text: unequal hashes tell values apart without looking further.
    hash: u64,
    text: Range<u32>,
    words: Range<u32>,
    formal: Range<u32>,
}

/// One value in normal form, with what comparisons would else work out again for every pair.
#[derive(Clone, Copy)]
pub(crate) struct Value<'a> {
    record: &'a Prepared,
    place: &'a Place,
}

impl<'a> Value<'a> {
    pub(crate) fn text(self) -> &'a str {
        &self.record.text[wide(&self.place.text)]
    }

    /// Hashes of the words, ascending. Empty where no test asks for words.
    pub(crate) fn words(self) -> &'a [u64] {
        &self.record.hashes[wide(&self.place.words)]
    }

    /// Hashes of the words and of the formal names they may stand for, ascending.
    pub(crate) fn formal(self) -> &'a [u64] {
        &self.record.hashes[wide(&self.place.formal)]
    }

    pub(crate) fn equals(self, other: Value<'_>) -> bool {
        self.place.hash == other.place.hash && self.text() == other.text()
    }
}

fn wide(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}

impl Prepared {
    /// Values of the column with this place in the model, ascending.
    pub(crate) fn values(&self, column: usize) -> impl Iterator<Item = Value<'_>> + Clone {
        let places = &self.places[self.reach(column)];
        places.iter().map(|place| Value {
            record: self,
            place,
        })
    }

    /// Whether the column has a value.
    pub(crate) fn has(&self, column: usize) -> bool {
        !self.reach(column).is_empty()
    }

    /// Whether no column has a value.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    fn reach(&self, column: usize) -> Range<usize> {
        let end = |column: usize| {
            self.ends
                .get(column)
                .map_or(self.places.len(), |end| *end as usize)
        };
        let start = column.checked_sub(1).map_or(0, end);
        start..end(column)
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
            record
                .values(at)
                .map(|value| (column.name.as_str(), value.text()))
        })
    }

    /// The stored form of a record: one line of text that [`Model::restore`] reads back.
    pub fn stored(&self, record: &Prepared) -> String {
        let mut out = format!("{STORED}:{:016x}", self.normal_digest);
        for at in 0..self.columns.len() {
            out.push(FIELD);
            for (n, value) in record.values(at).enumerate() {
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

    fn normal_form(&self, column: &Column, text: &str) -> Option<String> {
        let normal = match column.kind {
            Kind::Name | Kind::Forename | Kind::Text => {
                self.worded(column, normal::words(text)).map(shorten)
            }
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

    /// Puts a record together from normal forms, ascending by column and text.
    fn assemble<'t>(&self, values: impl Iterator<Item = (usize, &'t str)> + Clone) -> Prepared {
        let mut text = String::with_capacity(values.clone().map(|(_, text)| text.len()).sum());
        let mut hashes = Vec::with_capacity(24);
        let mut places = Vec::with_capacity(self.columns.len());
        let mut ends = vec![0; self.columns.len()];
        for (at, value) in values {
            let start = text.len() as u32;
            text.push_str(value);
            let kind = self.columns[at].kind;
            let words = if matches!(kind, Kind::Name | Kind::Forename | Kind::Text) {
                ascending(&mut hashes, value.split(' ').map(stable::hash))
            } else {
                0..0
            };
            let formal = if kind == Kind::Forename {
                let formal = |word| self.nicknames.get(word).into_iter().flatten().copied();
                let names = |word| std::iter::once(stable::hash(word)).chain(formal(word));
                ascending(&mut hashes, value.split(' ').flat_map(names))
            } else {
                0..0
            };
            let hash = stable::hash(value);
            places.push(Place {
                hash,
                text: start..text.len() as u32,
                words,
                formal,
            });
            ends[at] = places.len() as u32;
        }
        // A column without values ends where the one before it does.
        for at in 1..ends.len() {
            ends[at] = ends[at].max(ends[at - 1]);
        }
        Prepared {
            text: text.into_boxed_str(),
            hashes: hashes.into_boxed_slice(),
            places: places.into_boxed_slice(),
            ends: ends.into_boxed_slice(),
        }
    }
}

/// Adds hashes in ascending order, each once; where they lie.
fn ascending(hashes: &mut Vec<u64>, new: impl Iterator<Item = u64>) -> Range<u32> {
    let start = hashes.len();
    hashes.extend(new);
    hashes[start..].sort_unstable();
    let mut kept = start;
    for at in start..hashes.len() {
        if at == start || hashes[at] != hashes[kept - 1] {
            hashes[kept] = hashes[at];
            kept += 1;
        }
    }
    hashes.truncate(kept);
    start as u32..kept as u32
}

/// The most bytes of a value that count. No name or address is longer, and a whole narrative in a
/// name field must not make a comparison slow.
const LONGEST: usize = 1_024;

fn beginning(text: &str) -> &str {
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
