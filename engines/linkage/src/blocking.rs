//! Blocking rules: which pairs are worth comparing. Two records are candidates for each other when
//! they have a key in common.

use crate::condition::{Scope, call};
use crate::error::{Error, Fault};
use crate::model::{Kind, Model};
use crate::prepared::Prepared;
use crate::sheet::Record;
use crate::stable::{self, Stable};
use crate::{normal, position, similarity};

/// The most keys one rule gives one record. Reached only by a record with many values in each of
/// the rule's columns; the rest are left out.
pub(crate) const MOST_KEYS: usize = 64;

/// `soundex(surname) + exact(date_of_birth)`: a record's keys are all ways to take one value from
/// each part; without a value in every part it has none.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    /// From the rule's text in normal form, so that rules can be added, removed and reordered
    /// without changing the stored keys of the others.
    seed: Stable,
    /// As the model writes it.
    written: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Part {
    kind: PartKind,
    column: usize,
    /// Second column of `unordered`.
    other: usize,
    /// Reach of `near`; 0 for others.
    metres: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum PartKind {
    Exact,
    Soundex,
    Metaphone,
    Initial,
    Word,
    Nickname,
    Unordered,
    Year,
    MonthDay,
    Sector,
    District,
    LocalPart,
    Near,
}

const WORDED: &[Kind] = &[Kind::Name, Kind::Forename, Kind::Text];

/// Every part there is: its name, and the kinds of column it reads (empty for all).
const PARTS: &[(&str, PartKind, &[Kind])] = &[
    ("exact", PartKind::Exact, &[]),
    ("soundex", PartKind::Soundex, &[Kind::Name, Kind::Forename]),
    (
        "metaphone",
        PartKind::Metaphone,
        &[Kind::Name, Kind::Forename],
    ),
    ("initial", PartKind::Initial, &[Kind::Name, Kind::Forename]),
    ("word", PartKind::Word, WORDED),
    ("nickname", PartKind::Nickname, &[Kind::Forename]),
    (
        "unordered",
        PartKind::Unordered,
        &[Kind::Name, Kind::Forename],
    ),
    ("year", PartKind::Year, &[Kind::Date]),
    ("month_day", PartKind::MonthDay, &[Kind::Date]),
    ("sector", PartKind::Sector, &[Kind::Postcode]),
    ("district", PartKind::District, &[Kind::Postcode]),
    ("local_part", PartKind::LocalPart, &[Kind::Email]),
    ("near", PartKind::Near, &[Kind::Position]),
];

/// Reads one blocking rule.
pub(crate) fn parse(text: &str, scope: &Scope<'_>) -> Result<Rule, Error> {
    let parts = text
        .split('+')
        .map(|part| parse_part(part, scope))
        .collect::<Result<_, _>>()?;
    let normal: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    Ok(Rule {
        seed: Stable::NEW.add_text(&normal),
        written: text.trim().to_owned(),
        parts,
    })
}

fn parse_part(text: &str, scope: &Scope<'_>) -> Result<Part, Error> {
    let wrong = |fault| scope.fault(text.trim(), fault);
    let (name, columns) = call(text).map_err(wrong)?;
    let (_, kind, reads) = PARTS
        .iter()
        .find(|(known, ..)| *known == name)
        .ok_or_else(|| {
            let known: Vec<&str> = PARTS.iter().map(|(known, ..)| *known).collect();
            wrong(Fault::Unknown {
                found: name.to_owned(),
                known: known.join(", "),
            })
        })?;
    let (columns, metres) = match (kind, columns.as_slice()) {
        (PartKind::Near, [column, km]) => (&[*column][..], metres(km).map_err(wrong)?),
        (PartKind::Near, _) => return Err(wrong(unreachable_by_near())),
        (_, columns) => (columns, 0),
    };
    let columns = columns
        .iter()
        .map(|name| scope.column(name))
        .collect::<Result<Vec<_>, _>>()?;
    let (column, other) = match (kind, columns.as_slice()) {
        (PartKind::Unordered, [column, other]) if column != other => (*column, *other),
        (PartKind::Unordered, _) => {
            return Err(wrong(Fault::Columns {
                test: name.to_owned(),
                takes: "two columns",
            }));
        }
        (_, [column]) => (*column, *column),
        _ => {
            return Err(wrong(Fault::Columns {
                test: name.to_owned(),
                takes: "one column",
            }));
        }
    };
    for at in [column, other] {
        scope.suits(name, reads, at).map_err(wrong)?;
    }
    Ok(Part {
        kind: *kind,
        column,
        other,
        metres,
    })
}

/// The reach of `near` in whole metres, no less than was asked for.
fn metres(km: &str) -> Result<u32, Fault> {
    let metres = km.parse::<f64>().map(|km| (km * 1e3).ceil());
    metres
        .ok()
        .filter(|metres| (1.0..=f64::from(position::FARTHEST)).contains(metres))
        .map(|metres| metres as u32)
        .ok_or_else(unreachable_by_near)
}

fn unreachable_by_near() -> Fault {
    Fault::Bound {
        test: "near".to_owned(),
        form: "near(COLUMN, KM), more than 0 and at most 1000 kilometres",
    }
}

impl Model {
    /// The record's blocking keys, ascending, each once: the same in every run and on every
    /// platform, for storing. A rule that meets a missing value gives none.
    pub fn keys(&self, record: &Prepared) -> Vec<u64> {
        let mut keys = Vec::with_capacity(self.rules.len() + 4);
        for rule in &self.rules {
            rule.add_keys(record, &mut keys);
        }
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

impl Rule {
    /// The rule whose parts are those of several.
    pub(crate) fn joined(rules: &[&Rule]) -> Self {
        let written: Vec<&str> = rules.iter().map(|rule| rule.written()).collect();
        let written = written.join(" + ");
        let normal: String = written.chars().filter(|c| !c.is_whitespace()).collect();
        Self {
            seed: Stable::NEW.add_text(&normal),
            written,
            parts: rules
                .iter()
                .flat_map(|rule| rule.parts.iter().cloned())
                .collect(),
        }
    }

    pub(crate) fn written(&self) -> &str {
        &self.written
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The columns it reads.
    pub(crate) fn columns(&self) -> impl Iterator<Item = usize> {
        self.parts.iter().flat_map(|part| [part.column, part.other])
    }

    /// The columns of which it asks how names sound.
    pub(crate) fn hears(&self) -> impl Iterator<Item = usize> {
        let hears = |part: &&Part| part.kind == PartKind::Metaphone;
        self.parts.iter().filter(hears).map(|part| part.column)
    }

    /// The other columns of a model that has `width`.
    pub(crate) fn unread(&self, width: usize) -> Vec<usize> {
        let read: Vec<usize> = self.columns().collect();
        (0..width).filter(|at| !read.contains(at)).collect()
    }

    /// Adds the keys this rule gives a record: in no order, and some perhaps twice.
    pub(crate) fn add_keys(&self, record: impl Record, keys: &mut Vec<u64>) {
        self.keys(record, self.seed, &self.parts, keys, MOST_KEYS);
    }

    /// Adds the keys of the `rest` of the parts to those begun in `so_far`; how many more may come.
    fn keys(
        &self,
        record: impl Record,
        so_far: Stable,
        rest: &[Part],
        keys: &mut Vec<u64>,
        mut room: usize,
    ) -> usize {
        let Some((part, rest)) = rest.split_first() else {
            keys.push(so_far.finish());
            return room.saturating_sub(1);
        };
        part.each(record, |hash| {
            if room > 0 {
                room = self.keys(record, so_far.add_number(hash), rest, keys, room);
            }
        });
        room
    }
}

impl Part {
    pub(crate) fn column(&self) -> usize {
        self.column
    }

    /// The whole values of either column, of a part that looks at two of them together.
    pub(crate) fn both(&self) -> Option<(Part, Part)> {
        let exact = |column| Part {
            kind: PartKind::Exact,
            column,
            other: column,
            metres: 0,
        };
        (self.kind == PartKind::Unordered).then(|| (exact(self.column), exact(self.other)))
    }

    /// Whether it reads a column that the other reads too.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        [self.column, self.other]
            .iter()
            .any(|column| [other.column, other.other].contains(column))
    }

    /// Whether two records that share a key of this part always share one of the other.
    pub(crate) fn implies(&self, other: &Self) -> bool {
        let metres = other.metres;
        let finer = match (self.kind, other.kind) {
            (PartKind::Unordered, _) | (_, PartKind::Unordered) => {
                return self.kind == other.kind
                    && self.column == other.column
                    && self.other == other.other;
            }
            (PartKind::Exact, _) | (PartKind::Sector, PartKind::District) => true,
            (one, other) => one == other && self.metres == metres,
        };
        finer && self.column == other.column
    }

    /// Whether it sees one thing at most in a value.
    pub(crate) fn is_single(&self) -> bool {
        !matches!(
            self.kind,
            PartKind::Word | PartKind::Nickname | PartKind::Metaphone | PartKind::Near
        )
    }

    /// Calls `with` for the hash of each value this part sees in the record.
    pub(crate) fn each(&self, record: impl Record, mut with: impl FnMut(u64)) {
        if self.kind == PartKind::Unordered {
            for one in record.values(self.column) {
                for other in record.values(self.other) {
                    let (one, other) = (one.text(), other.text());
                    let hash = Stable::NEW
                        .add_text(one.min(other))
                        .add_text(one.max(other));
                    with(hash.finish());
                }
            }
            return;
        }
        for value in record.values(self.column) {
            match self.kind {
                PartKind::Word => value.words().iter().copied().for_each(&mut with),
                PartKind::Exact => with(value.hash()),
                PartKind::Nickname => value.formal().iter().copied().for_each(&mut with),
                // Names without a code are blocked as they are written, as with Soundex.
                PartKind::Metaphone if value.sounds().0 == 0 => with(value.hash()),
                PartKind::Metaphone => value.sounds().codes().for_each(|code| {
                    with(Stable::NEW.add_number(code).finish());
                }),
                PartKind::Near => position::cells(value.packed(), self.metres, |row, column| {
                    with(Stable::NEW.add_number(row).add_number(column).finish());
                }),
                _ => {
                    if let Some(hash) = self.single(value.text()) {
                        with(hash);
                    }
                }
            }
        }
    }

    fn single(&self, text: &str) -> Option<u64> {
        let part = match self.kind {
            PartKind::Soundex => {
                // Names in other scripts have no code and are blocked as they are written.
                return Some(similarity::soundex(text).map_or_else(
                    || stable::hash(text),
                    |code| Stable::NEW.add(&code).finish(),
                ));
            }
            PartKind::Initial => {
                let end = text.chars().next()?.len_utf8();
                Some(&text[..end])
            }
            PartKind::Year => text.get(..4),
            PartKind::MonthDay => text.get(5..10),
            PartKind::Sector => normal::sector(text),
            PartKind::District => normal::district(text),
            PartKind::LocalPart => normal::local_part(text),
            // Answered before: they do not look at the text alone.
            PartKind::Exact
            | PartKind::Word
            | PartKind::Nickname
            | PartKind::Unordered
            | PartKind::Metaphone
            | PartKind::Near => None,
        }?;
        Some(stable::hash(part))
    }
}
