//! The columns of a model and its word lists: read, checked, and brought to the form its values have.

use rustc_hash::FxHashMap;

use crate::error::Error;
use crate::model::{Column, Kind};
use crate::stable::{self, Stable};
use crate::written::{Order, Written, WrittenColumn};
use crate::{normal, position};

pub(crate) fn columns(written: &Written) -> Result<Vec<Column>, Error> {
    for (place, named) in [
        ("`[unknown]`", written.unknown.keys()),
        ("`[drop_words]`", written.drop_words.keys()),
    ] {
        for column in named {
            if !written.columns.contains_key(column) {
                return Err(Error::UnknownColumn {
                    place: place.to_owned(),
                    column: column.clone(),
                });
            }
        }
    }
    let column = |(name, written_column): (&String, &WrittenColumn)| {
        let kind = &written_column.kind();
        let (from, separator) = match written_column {
            WrittenColumn::Kind(_) => (Vec::new(), None),
            WrittenColumn::From(from) => (from.from.clone(), from.separator),
        };
        let order = written_column.order();
        if order.is_some() && *kind != Kind::Date {
            return Err(Error::Order {
                column: name.clone(),
            });
        }
        if *kind == Kind::Position {
            readable_position(name, &from, separator)?;
        }
        let month_first = order == Some(Order::Mdy);
        let unknown = written.unknown.get(name).into_iter().flatten();
        let dropped = written.drop_words.get(name).into_iter().flatten();
        Ok(Column {
            name: name.clone(),
            kind: *kind,
            from,
            separator,
            month_first,
            heard: false,
            unknown: unknown
                .filter_map(|text| normal_unknown(*kind, text, &written.country_code))
                .collect(),
            drop_words: dropped
                .map(|word| one_word(word, || format!("`[drop_words]` of `{name}`")))
                .collect::<Result<_, _>>()?,
        })
    };
    written.columns.iter().map(column).collect()
}

/// Refuses what would leave open which latitude belongs to which longitude.
fn readable_position(column: &str, from: &[String], separator: Option<char>) -> Result<(), Error> {
    if from.len() > 2 {
        return Err(Error::PositionFrom {
            column: column.to_owned(),
            found: from.len(),
        });
    }
    match separator {
        Some(sign) if sign.is_whitespace() || sign.is_ascii_digit() || ",.+-".contains(sign) => {
            Err(Error::PositionSeparator {
                column: column.to_owned(),
                separator: sign,
            })
        }
        _ => Ok(()),
    }
}

/// An entry of a word list in normal form.
fn one_word(text: &str, place: impl FnOnce() -> String) -> Result<String, Error> {
    let word = normal::words(text);
    if word.is_empty() || word.contains(' ') {
        return Err(Error::NotOneWord {
            place: place(),
            found: text.to_owned(),
        });
    }
    Ok(word)
}

/// A value of `[unknown]` as its column writes it.
fn normal_unknown(kind: Kind, text: &str, country_code: &str) -> Option<String> {
    match kind {
        Kind::Name | Kind::Forename | Kind::Text => Some(normal::words(text)),
        Kind::Date => normal::date(text),
        Kind::Postcode => normal::postcode(text),
        Kind::Phone => normal::phone(text, country_code),
        Kind::Email => normal::email(text),
        Kind::Number => normal::number(text),
        Kind::Identifier => normal::identifier(text),
        Kind::Position => position::normal(text),
    }
}

pub(crate) fn abbreviations(written: &Written) -> Result<FxHashMap<String, String>, Error> {
    let place = || "`[abbreviations]`".to_owned();
    let mut long_of = FxHashMap::default();
    for (word, full) in &written.abbreviations {
        long_of.insert(one_word(word, place)?, one_word(full, place)?);
    }
    // Else a normal form would change when it is brought to normal form again.
    match long_of.iter().find(|(_, full)| long_of.contains_key(*full)) {
        Some((word, full)) => Err(Error::Abbreviation {
            word: word.clone(),
            full: full.clone(),
        }),
        None => Ok(long_of),
    }
}

pub(crate) fn nicknames(written: &Written) -> Result<FxHashMap<String, Vec<u64>>, Error> {
    let mut formal_of: FxHashMap<String, Vec<u64>> = FxHashMap::default();
    for (formal, short_forms) in &written.nicknames {
        let hash = stable::hash(&one_word(formal, || "`[nicknames]`".to_owned())?);
        for short in short_forms {
            let short = one_word(short, || format!("`[nicknames]`, `{formal}`"))?;
            formal_of.entry(short).or_default().push(hash);
        }
    }
    Ok(formal_of)
}

/// A digest of all that shapes a normal form: this crate's rules, the columns and their kinds, and
/// the lists that drop or replace. Weights and thresholds may change without it.
pub(crate) fn normal_digest(written: &Written) -> u64 {
    let mut digest = Stable::NEW
        .add_number(normal::RULES)
        .add_text(&written.country_code);
    for (name, kind) in &written.columns {
        digest = digest.add_text(name).add_text(kind.kind().name());
        if kind.order() == Some(Order::Mdy) {
            digest = digest.add_text("mdy");
        }
    }
    for lists in [&written.unknown, &written.drop_words] {
        digest = digest.add(&[0]);
        for (column, list) in lists {
            digest = list.iter().fold(digest.add_text(column), |digest, text| {
                digest.add_text(text)
            });
        }
    }
    let abbreviations = written.abbreviations.iter();
    abbreviations
        .fold(digest, |digest, (word, full)| {
            digest.add_text(word).add_text(full)
        })
        .finish()
}
