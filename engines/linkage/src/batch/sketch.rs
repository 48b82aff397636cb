//! Sketches: each cell in one number, from which most tests of most pairs can be answered without
//! looking at the values.
//!
//! Two records that do not match differ in most columns, and a sketch shows it: dates, telephones
//! and codes are packed whole (see [`crate::packed`]), names and addresses leave the set of their
//! letters, texts the set of their words. The sketches of a unit lie side by side, so that a pair
//! costs no walk through memory.

use rayon::prelude::*;

use super::Population;
use super::table::Pool;
use crate::Model;
use crate::condition::{Test, TestKind, dates_agree};
use crate::model::Kind;
use crate::packed::Packed;
use crate::position;
use crate::sheet::Value;

/// The sketches of all units, unit by unit.
pub(crate) struct Sketches {
    words: Vec<u64>,
    width: usize,
}

/// One unit: the numbers of its cells, and their sketches.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Side<'a> {
    pub(crate) cells: &'a [u32],
    pub(crate) sketches: &'a [u64],
}

/// Marks a sketch: 0 is a cell of which nothing is told, since it has no value, several, or one
/// beyond what a sketch can hold.
const SKETCHED: u64 = 1 << 63;

/// Letters: which symbols occur, how many there are, the first, and some bits of a hash.
const SYMBOLS: u64 = (1 << 38) - 1;
const SPACE: u64 = 1 << 36;
const LENGTH: u32 = 38;
const LONGEST: usize = 127;
const FIRST: u32 = 45;
const HASH: u32 = 51;
const HASHED: u64 = (1 << 12) - 1;

/// Words: a set of [`PLACES`] places, of which each word takes one, and how many words there are.
const PLACES: u64 = 48;
const WORDS: u64 = (1 << PLACES) - 1;
const COUNT: u32 = 48;
const MOST_WORDS: usize = 63;

impl Sketches {
    pub(crate) fn new(model: &Model, people: &Population) -> Self {
        let width = people.pools.len();
        let kinds = model.columns.iter().map(|column| column.kind);
        let by_cell: Vec<Vec<u64>> = people
            .pools
            .iter()
            .zip(kinds)
            .map(|(pool, kind)| of_pool(pool, kind))
            .collect();
        let mut words = vec![0; people.units() * width];
        words
            .par_chunks_mut(width.max(1))
            .enumerate()
            .with_min_len(1 << 12)
            .for_each(|(unit, row)| {
                let cells = people.cells(unit as u32);
                for ((word, cell), of) in row.iter_mut().zip(cells).zip(&by_cell) {
                    *word = of[*cell as usize];
                }
            });
        Self { words, width }
    }

    pub(crate) fn of(&self, unit: u32) -> &[u64] {
        &self.words[unit as usize * self.width..][..self.width]
    }
}

fn of_pool(pool: &Pool, kind: Kind) -> Vec<u64> {
    let of = |slot| {
        let mut values = pool.sheet.slot(slot);
        match (values.next(), values.next()) {
            (Some(only), None) => sketch(only, kind),
            _ => 0,
        }
    };
    (0..pool.sheet.slots())
        .into_par_iter()
        .with_min_len(1 << 12)
        .map(of)
        .collect()
}

fn sketch(value: Value<'_>, kind: Kind) -> u64 {
    match kind {
        Kind::Date
        | Kind::Phone
        | Kind::Postcode
        | Kind::Identifier
        | Kind::Number
        | Kind::Position => value.packed().0,
        Kind::Name | Kind::Forename => letters(value.text(), value.hash()),
        Kind::Email => {
            let local = crate::normal::local_part(value.text()).unwrap_or_default();
            letters(value.text(), super::hash_bytes(local.as_bytes()))
        }
        Kind::Text => words(value.words()),
    }
}

fn letters(text: &str, hash: u64) -> u64 {
    if !text.is_ascii() || !(1..=LONGEST).contains(&text.len()) {
        return 0;
    }
    let symbol = |byte: u8| match byte {
        b'a'..=b'z' => u64::from(byte - b'a'),
        b'0'..=b'9' => u64::from(byte - b'0') + 26,
        b' ' => 36,
        _ => 37,
    };
    let bytes = text.as_bytes();
    let set = bytes.iter().fold(0, |set, byte| set | 1 << symbol(*byte));
    let first = symbol(bytes[0]);
    let hash = (hash ^ hash >> 32) & HASHED;
    SKETCHED | set | (bytes.len() as u64) << LENGTH | first << FIRST | hash << HASH
}

fn words(hashes: &[u64]) -> u64 {
    if hashes.is_empty() || hashes.len() > MOST_WORDS {
        return 0;
    }
    let place = |hash: &u64| ((hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) * PLACES) >> 32;
    let set = hashes.iter().fold(0, |set, hash| set | 1 << place(hash));
    SKETCHED | set | (hashes.len() as u64) << COUNT
}

/// A test of a comparison, as far as sketches answer it.
#[derive(Debug, Clone)]
pub(crate) struct Glance {
    look: Look,
    /// Whether it holds between equal cells, where that is sure.
    equal: Option<bool>,
    negated: bool,
    column: usize,
    other: usize,
}

/// What is looked at in the sketches of single, different values.
#[derive(Debug, Clone, Copy)]
enum Look {
    Exact,
    /// Letters: the Jaro similarity, times 3 less 1, that reaches the bound when the first letters
    /// are the same, and when they are not.
    Alike([f64; 2]),
    /// Whether either has several words.
    Spaces,
    /// Whether the sets of words meet.
    SharesWord,
    /// How many words are in both at most.
    Words(f64),
    Initial,
    LocalPart,
    OneOff,
    Dates(TestKind, f64),
    /// Positions, which are packed whole.
    Kilometres(f64),
    Swapped,
    /// Sketches do not tell.
    Nothing,
}

impl Glance {
    pub(crate) fn new(test: &Test, model: &Model) -> Self {
        use TestKind as Test;
        let kind = model.columns[test.column].kind;
        let named = matches!(kind, Kind::Name | Kind::Forename);
        let look = match test.kind {
            Test::Exact => Look::Exact,
            Test::JaroWinkler if named || kind == Kind::Email => {
                // With a prefix of four: 0.6 jaro + 0.4. The margin covers rounding.
                let least = |jaro: f64| 3.0 * jaro - 1.0 - 1e-9;
                Look::Alike([least((test.bound - 0.4) / 0.6), least(test.bound)])
            }
            Test::SharesWord if named => Look::Spaces,
            Test::SharesWord if kind == Kind::Text => Look::SharesWord,
            Test::Words if kind == Kind::Text => Look::Words(test.bound),
            Test::Initial => Look::Initial,
            Test::SameLocalPart => Look::LocalPart,
            Test::OneCharacterOff if kind != Kind::Email => Look::OneOff,
            Test::DayMonthSwapped | Test::WithinDays | Test::SameYear | Test::YearOnly => {
                Look::Dates(test.kind, test.bound)
            }
            Test::WithinKm => Look::Kilometres(test.bound),
            Test::Swapped => Look::Swapped,
            _ => Look::Nothing,
        };
        let holds = matches!(
            test.kind,
            Test::Exact
                | Test::JaroWinkler
                | Test::Words
                | Test::SharesWord
                | Test::Nickname
                | Test::SameYear
                | Test::WithinDays
                | Test::Within
                | Test::WithinKm
                | Test::SameLocalPart
        );
        Self {
            look,
            equal: holds.then_some(true),
            negated: test.negated,
            column: test.column,
            other: test.other,
        }
    }

    /// Whether the test holds between two units; `None` where their values must be looked at.
    pub(crate) fn told(&self, a: Side<'_>, b: Side<'_>) -> Option<bool> {
        let (one, other) = (a.cells[self.column], b.cells[self.column]);
        let found = if one == 0 || other == 0 {
            // A missing value passes nothing.
            Some(false)
        } else if let Look::Swapped = self.look {
            self.swapped(a, b)
        } else if one == other {
            self.equal
        } else {
            let (a, b) = (a.sketches[self.column], b.sketches[self.column]);
            if a == 0 || b == 0 {
                None
            } else {
                self.look.between(a, b)
            }
        };
        found.map(|found| found != self.negated)
    }

    /// Names are exchanged only if either's sketch stands on the other side.
    fn swapped(&self, a: Side<'_>, b: Side<'_>) -> Option<bool> {
        let (column, other) = (self.column, self.other);
        if a.cells[other] == 0 || b.cells[other] == 0 {
            return Some(false);
        }
        let meets = |a: u64, b: u64| a == 0 || b == 0 || a == b;
        let may = meets(a.sketches[column], b.sketches[other])
            && meets(a.sketches[other], b.sketches[column]);
        (!may).then_some(false)
    }
}

impl Look {
    /// What sketches of single, different values tell.
    fn between(self, a: u64, b: u64) -> Option<bool> {
        // Most looks can only refute.
        let may = match self {
            Self::Exact => false,
            Self::Alike(jaro) => may_be_alike(a, b, jaro),
            Self::Spaces => (a | b) & SPACE != 0,
            Self::SharesWord => a & b & WORDS != 0,
            Self::Words(bound) => most_shared(a, b) >= bound,
            Self::LocalPart => (a ^ b) >> HASH & HASHED == 0,
            Self::Initial => return initial(a, b),
            Self::OneOff => return Packed(a).one_off(Packed(b)),
            Self::Dates(kind, bound) => {
                let dates = Packed(a).date().zip(Packed(b).date());
                return Some(dates.is_some_and(|(a, b)| dates_agree(kind, bound, a, b)));
            }
            Self::Kilometres(bound) => return Some(position::within(Packed(a), Packed(b), bound)),
            Self::Swapped | Self::Nothing => true,
        };
        (!may).then_some(false)
    }
}

/// Whether texts with these letters can reach a Jaro-Winkler similarity; see [`Look::Alike`].
fn may_be_alike(a: u64, b: u64, jaro: [f64; 2]) -> bool {
    let length = |sketch: u64| sketch >> LENGTH & 127;
    let strange = |a: u64, b: u64| u64::from((a & !b & SYMBOLS).count_ones());
    let matching = (length(a) - strange(a, b)).min(length(b) - strange(b, a));
    let first = |sketch: u64| sketch >> FIRST & 63;
    let jaro = jaro[usize::from(first(a) != first(b))];
    let lengths = length(a) * length(b);
    (matching * (length(a) + length(b))) as f64 >= jaro * lengths as f64
}

/// A figure that the share of words in both cannot exceed.
fn most_shared(a: u64, b: u64) -> f64 {
    let count = |sketch: u64| sketch >> COUNT & 63;
    let strange = |a: u64, b: u64| u64::from((a & !b & WORDS).count_ones());
    let both = (count(a) - strange(a, b)).min(count(b) - strange(b, a));
    both as f64 / (count(a) + count(b) - both) as f64
}

/// Whether one name is only the first letter of the other.
fn initial(a: u64, b: u64) -> Option<bool> {
    let length = |sketch: u64| sketch >> LENGTH & 127;
    let first = |sketch: u64| sketch >> FIRST & 63;
    if length(a).min(length(b)) != 1 || first(a) != first(b) {
        return Some(false);
    }
    // Signs are not told apart.
    (first(a) < 36).then_some(true)
}
