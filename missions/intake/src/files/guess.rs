//! A first mapping from a file's headings and a few of its rows, for a person to confirm.

use std::collections::BTreeSet;

use record::report::{FIELDS, Feed, Field, FieldKind};

use super::dates::{self, DateOrder};
use super::mapping::{Mapping, Origin};
use super::rejected;
use super::row::Row;
use super::source::Source;
use super::values;

/// A guessed mapping and how sure each heading's part of it is.
#[derive(Debug, Clone)]
pub struct Guess {
    pub mapping: Mapping,
    /// One for each heading, in order.
    pub columns: Vec<Guessed>,
}

/// What a heading was taken for.
#[derive(Debug, Clone, PartialEq)]
pub struct Guessed {
    pub heading: String,
    pub field: Option<&'static str>,
    /// From 0 to 1; 1 is the field's own name with fitting contents.
    pub confidence: f32,
}

/// Below this, a heading is left for the person to place.
const ENOUGH: f32 = 0.5;

impl Mapping {
    /// Guesses from headings and sample rows. A heading by its name or an alias of the contract
    /// first, then by its words; contents that do not fit the field's kind count against it.
    pub fn guess(name: &str, title: &str, headings: &[String], sample: &[Row]) -> Guess {
        let mut candidates = Vec::new();
        for (column, heading) in headings.iter().enumerate() {
            if rejected::is_added(heading) {
                continue;
            }
            let cells: Vec<&str> = sample
                .iter()
                .map(|row| row.cell(column).trim())
                .filter(|c| !c.is_empty())
                .collect();
            for field in FIELDS {
                let score = likeness(heading, field) * fit(field, &cells);
                if score >= ENOUGH {
                    candidates.push((score, column, field));
                }
            }
            if let Some(score) = looks_like_narrative(&cells) {
                candidates.push((score, column, &FIELDS[NARRATIVE]));
            }
        }
        // Surest first; equals in the file's order, so that the guess is the same each time.
        candidates.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut mapping = Mapping::blank(name, title, Feed::List);
        let mut columns: Vec<Guessed> = headings
            .iter()
            .map(|heading| Guessed {
                heading: heading.clone(),
                field: None,
                confidence: 0.0,
            })
            .collect();
        let mut taken = BTreeSet::new();
        for (score, column, field) in candidates {
            if columns[column].field.is_some() || !taken.insert(field.name) {
                continue;
            }
            columns[column].field = Some(field.name);
            columns[column].confidence = score;
            let named = headings.iter().filter(|h| **h == headings[column]).count() == 1;
            let origin = if named {
                headings[column].clone()
            } else {
                format!("#{}", column + 1)
            };
            mapping
                .fields
                .insert(field.name.to_owned(), Origin::Column(origin));
        }
        Guess { mapping, columns }
    }
}

impl Source {
    /// [`Mapping::guess`] from this file's own first rows.
    pub fn guess(&mut self, name: &str, title: &str) -> Result<Guess, super::FileError> {
        let sample = self.sample(50)?;
        Ok(Mapping::guess(
            name,
            title,
            self.headings().names(),
            &sample,
        ))
    }
}

/// Place of the narrative in the contract; a test holds it there.
const NARRATIVE: usize = 8;

/// How alike a heading and a field's names are, from 0 to 1.
fn likeness(heading: &str, field: &Field) -> f32 {
    let words = words_of(heading);
    let name = words_of(field.name);
    if words.is_empty() {
        return 0.0;
    }
    if words == name {
        return 1.0;
    }
    if field.aliases.iter().any(|a| words_of(a) == words) {
        return 0.95;
    }
    std::iter::once(name)
        .chain(field.aliases.iter().map(|a| words_of(a)))
        .map(|known| shared(&words, &known))
        .fold(0.0, f32::max)
}

/// Lower-case words, split at punctuation and where capitals begin, numbers apart.
fn words_of(text: &str) -> Vec<String> {
    let text = text.replace("'s ", " ").replace("\u{2019}s ", " ");
    let mut words: Vec<String> = Vec::new();
    let mut fresh = true;
    let mut lower = false;
    for c in text.chars() {
        if !c.is_alphanumeric() {
            fresh = true;
            lower = false;
            continue;
        }
        if fresh || (c.is_uppercase() && lower) {
            words.push(String::new());
        }
        fresh = false;
        lower = c.is_lowercase();
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
    }
    words
}

/// Shared words against all words, held under any exact match. Who is meant must agree: the
/// victim's telephone is not the suspect's.
fn shared(words: &[String], known: &[String]) -> f32 {
    let suspect = |w: &[String]| {
        w.iter()
            .any(|w| matches!(w.as_str(), "suspect" | "offender" | "beneficiary" | "payee"))
    };
    if suspect(words) != suspect(known) {
        return 0.0;
    }
    let a: BTreeSet<&String> = words.iter().collect();
    let b: BTreeSet<&String> = known.iter().collect();
    let both = a.intersection(&b).count() as f32;
    let all = a.union(&b).count() as f32;
    both / all * 0.9
}

/// How well contents fit a field: 1 when they do or nothing is known, less when they do not.
fn fit(field: &Field, cells: &[&str]) -> f32 {
    if cells.is_empty() {
        return 1.0;
    }
    let fits = |cell: &&&str| match field.kind {
        FieldKind::Date | FieldKind::DateTime => {
            dates::read_when(cell, DateOrder::DayFirst, 2099).is_ok()
                || dates::read_when(cell, DateOrder::MonthFirst, 2099).is_ok()
                || values::is_absent(cell)
        }
        FieldKind::Money => values::read_money(cell).is_ok() || values::is_absent(cell),
        FieldKind::Number => values::read_count(cell).is_some() || values::is_absent(cell),
        FieldKind::Text if field.name.ends_with("email") => cell.contains('@'),
        FieldKind::Text if field.name.ends_with("phone") => {
            cell.bytes().filter(u8::is_ascii_digit).count() >= 6
        }
        FieldKind::Text if field.name.ends_with("postcode") => {
            cell.len() <= 10 && cell.bytes().any(|b| b.is_ascii_digit())
        }
        _ => true,
    };
    let share = cells.iter().filter(fits).count() as f32 / cells.len() as f32;
    let repeated = field.name == "reference" && {
        let distinct: BTreeSet<&&str> = cells.iter().collect();
        distinct.len() < cells.len()
    };
    if repeated {
        return 0.4;
    }
    if share >= 0.5 { 1.0 } else { 0.4 }
}

/// Long texts with many words are most likely what happened, whatever the heading says.
fn looks_like_narrative(cells: &[&str]) -> Option<f32> {
    if cells.len() < 3 {
        return None;
    }
    let long = cells
        .iter()
        .filter(|c| c.split_whitespace().count() >= 6)
        .count();
    (long * 2 >= cells.len()).then_some(ENOUGH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(headings: &[&str]) -> Vec<(Option<&'static str>, f32)> {
        let headings: Vec<String> = headings.iter().map(|h| (*h).to_owned()).collect();
        Mapping::guess("g", "G", &headings, &[])
            .columns
            .iter()
            .map(|c| (c.field, c.confidence))
            .collect()
    }

    #[test]
    fn narrative_is_where_it_is_thought_to_be() {
        assert_eq!(FIELDS[NARRATIVE].name, "narrative");
    }

    #[test]
    fn every_name_and_alias_leads_to_its_field() {
        for field in FIELDS {
            let got = guess(&[field.name]);
            assert_eq!(got, [(Some(field.name), 1.0)]);
            for alias in field.aliases {
                assert_eq!(guess(&[alias])[0].0, Some(field.name), "{alias}");
            }
        }
    }

    #[test]
    fn headings_as_people_write_them() {
        let got = guess(&[
            "Crime Reference",
            "VictimSurname",
            "Victim's E-mail",
            "Suspect Phone No",
            "Colour",
            "First Name",
        ]);
        let fields: Vec<_> = got.iter().map(|g| g.0).collect();
        assert_eq!(
            fields,
            [
                Some("reference"),
                Some("victim_surname"),
                Some("victim_email"),
                Some("suspect_phone"),
                None,
                Some("victim_forename"),
            ]
        );
    }

    #[test]
    fn words_are_split_at_capitals_and_signs() {
        assert_eq!(words_of("VictimDOB_1"), ["victim", "dob", "1"]);
        assert_eq!(words_of("e-mail"), ["e", "mail"]);
    }
}
