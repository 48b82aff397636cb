//! Values in normal form, laid flat: slot after slot, each with no value, one, or several.
//!
//! A slot is a column of one record (see [`crate::Prepared`]) or a distinct cell of one column of a
//! whole table (see [`crate::batch`]). Comparisons read both through [`Record`], so that a level
//! means the same at intake and over a population.

use std::ops::Range;
use std::slice;

use rustc_hash::FxHashMap;

use crate::packed::Packed;
use crate::phonetics::Sounds;
use crate::stable;

/// Slots of values in few and flat pieces, since linkage walks over many.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Sheet {
    /// The texts of all values, one behind the other.
    text: String,
    /// The words and formal names of all values, one behind the other.
    hashes: Vec<u64>,
    /// The values, slot by slot, ascending by text within a slot.
    places: Vec<Place>,
    /// For each slot the end of its values in `places`; they begin where the last one's end.
    ends: Vec<u32>,
}

/// Where the pieces of one value lie.
#[derive(Debug, Clone, PartialEq)]
struct Place {
    /// Hash of the text: unequal hashes tell values apart without looking further.
    hash: u64,
    /// See [`crate::packed`]; of a name, see [`crate::phonetics`].
    packed: u64,
    text: Range<u32>,
    words: Range<u32>,
    formal: Range<u32>,
}

/// One value in normal form, with what comparisons would else work out again for every pair.
#[derive(Clone, Copy)]
pub(crate) struct Value<'a> {
    sheet: &'a Sheet,
    place: &'a Place,
}

impl<'a> Value<'a> {
    pub(crate) fn text(self) -> &'a str {
        &self.sheet.text[wide(&self.place.text)]
    }

    /// Stable hash of the text.
    pub(crate) fn hash(self) -> u64 {
        self.place.hash
    }

    /// The text in one number, where it is short and plain; see [`crate::packed`].
    pub(crate) fn packed(self) -> Packed {
        Packed(self.place.packed)
    }

    /// How a name sounds, where the model asks it of its column.
    pub(crate) fn sounds(self) -> Sounds {
        Sounds(self.place.packed)
    }

    /// Hashes of the words, ascending. Empty where the column has no words.
    pub(crate) fn words(self) -> &'a [u64] {
        &self.sheet.hashes[wide(&self.place.words)]
    }

    /// Hashes of the words and of the formal names they may stand for, ascending.
    pub(crate) fn formal(self) -> &'a [u64] {
        &self.sheet.hashes[wide(&self.place.formal)]
    }

    pub(crate) fn equals(self, other: Value<'_>) -> bool {
        self.place.hash == other.place.hash && self.text() == other.text()
    }
}

/// The values of one slot, ascending.
#[derive(Clone)]
pub(crate) struct Values<'a> {
    sheet: &'a Sheet,
    places: slice::Iter<'a, Place>,
}

impl<'a> Iterator for Values<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        self.places.next().map(|place| Value {
            sheet: self.sheet,
            place,
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.places.size_hint()
    }
}

impl ExactSizeIterator for Values<'_> {}

/// What comparisons and blocking rules read: the values of a record by the column's place in the
/// model.
pub(crate) trait Record: Copy {
    fn values(&self, column: usize) -> Values<'_>;

    fn has(&self, column: usize) -> bool {
        self.values(column).len() > 0
    }

    /// Whether two records agree on a column, where that can be told without looking at values.
    fn agrees(&self, _other: &Self, _column: usize) -> Option<bool> {
        None
    }
}

/// The distinct cells of one column: a slot of the sheet each, slot 0 the empty one.
pub(crate) trait Distinct {
    fn sheet(&self) -> &Sheet;

    /// Whether every cell has one value at most.
    fn is_single(&self) -> bool;
}

/// A record as the cells it has in columns of distinct cells.
pub(crate) struct Row<'c, C> {
    pub(crate) columns: &'c [C],
    /// The number of its cell in each column.
    pub(crate) cells: &'c [u32],
}

impl<C> Clone for Row<'_, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Row<'_, C> {}

impl<C: Distinct> Record for Row<'_, C> {
    fn values(&self, column: usize) -> Values<'_> {
        self.columns[column]
            .sheet()
            .slot(self.cells[column] as usize)
    }

    fn has(&self, column: usize) -> bool {
        self.cells[column] != 0
    }

    fn agrees(&self, other: &Self, column: usize) -> Option<bool> {
        let (a, b) = (self.cells[column], other.cells[column]);
        if a == 0 || b == 0 {
            return Some(false);
        }
        // Cells of several values may share some.
        (a == b || self.columns[column].is_single()).then_some(a == b)
    }
}

fn wide(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}

impl Sheet {
    pub(crate) fn with_capacity(slots: usize, text: usize) -> Self {
        Self {
            text: String::with_capacity(text),
            hashes: Vec::new(),
            places: Vec::with_capacity(slots),
            ends: Vec::with_capacity(slots),
        }
    }

    /// The values of a slot, ascending; none for a slot that does not exist.
    pub(crate) fn slot(&self, slot: usize) -> Values<'_> {
        let end = |slot: usize| {
            self.ends
                .get(slot)
                .map_or(self.places.len(), |end| *end as usize)
        };
        let start = slot.checked_sub(1).map_or(0, end);
        Values {
            sheet: self,
            places: self.places[start..end(slot)].iter(),
        }
    }

    /// How many records bear each value, by its hash, of how many have each slot.
    pub(crate) fn count_values(&self, counts: &[u32]) -> FxHashMap<u64, u32> {
        let mut by_value = FxHashMap::default();
        for (slot, count) in counts.iter().enumerate() {
            for value in self.slot(slot) {
                *by_value.entry(value.hash()).or_insert(0) += count;
            }
        }
        by_value
    }

    pub(crate) fn slots(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Whether another value of this many bytes still fits: offsets have 32 bits.
    pub(crate) fn fits(&self, bytes: usize) -> bool {
        u32::try_from(self.text.len() + bytes).is_ok()
            && u32::try_from(self.hashes.len() + bytes).is_ok()
    }

    /// Adds a value to the slot that is being filled. `words` and `formal` give hashes in any order.
    pub(crate) fn add(
        &mut self,
        text: &str,
        packed: Packed,
        words: impl Iterator<Item = u64>,
        formal: impl Iterator<Item = u64>,
    ) {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        let words = ascending(&mut self.hashes, words);
        let formal = ascending(&mut self.hashes, formal);
        self.places.push(Place {
            hash: stable::hash(text),
            packed: packed.0,
            text: start..self.text.len() as u32,
            words,
            formal,
        });
    }

    /// Ends the slot that is being filled.
    pub(crate) fn end_slot(&mut self) {
        self.ends.push(self.places.len() as u32);
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
