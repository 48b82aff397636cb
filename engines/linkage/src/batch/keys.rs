//! The blocking keys of a whole population: each part of a rule worked out once for each distinct
//! cell, and shared by all rules.
//!
//! Keys of one run need not be those that are stored: two units have one in common exactly if
//! [`crate::Model::keys`] gives their records one in common.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::Population;
use super::table::Pool;
use crate::blocking::{MOST_KEYS, Part, Rule};
use crate::sheet::{Distinct as _, Record};

/// What one part of a rule sees in each cell of its column.
pub(crate) enum PartKeys {
    /// One key at most; 0 for none.
    One(Vec<u64>),
    /// Several: where those of a cell end, and the keys.
    Several(Vec<u32>, Vec<u64>),
}

/// What the parts of all rules see.
pub(crate) struct Parts {
    seen: FxHashMap<Part, PartKeys>,
}

impl Parts {
    pub(crate) fn new<'r>(rules: impl Iterator<Item = &'r Rule>, pools: &[Pool]) -> Self {
        let mut parts: FxHashSet<Part> = FxHashSet::default();
        for part in rules.flat_map(Rule::parts) {
            match part.both() {
                Some((one, other)) => parts.extend([one, other]),
                None => parts.extend([part.clone()]),
            }
        }
        let of = |part: Part| {
            let keys = PartKeys::new(&part, &pools[part.column()]);
            (part, keys)
        };
        Self {
            seen: parts.into_par_iter().map(of).collect(),
        }
    }
}

/// The keys of one rule.
pub(crate) struct RuleKeys<'p> {
    parts: Vec<(usize, Seen<'p>)>,
}

/// What one part sees.
enum Seen<'p> {
    One(&'p [u64]),
    Several(&'p [u32], &'p [u64]),
    /// Two values in either order, and the place of the second column.
    Unordered(&'p [u64], &'p [u64], usize),
    /// The same where a cell may have several values.
    Record(&'p Part),
}

/// What is kept from unit to unit.
#[derive(Default)]
pub(crate) struct Scratch {
    begun: Vec<u64>,
    next: Vec<u64>,
}

/// Takes a further part into a key (the multiplier of Knuth's hash; the shift brings high bits
/// back down).
fn mix(key: u64, part: u64) -> u64 {
    let mixed = (key ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ mixed >> 32
}

/// Never 0.
fn finish(key: u64) -> u32 {
    ((key.wrapping_mul(0xc2b2_ae3d_27d4_eb4f) >> 32) as u32).max(1)
}

impl<'p> RuleKeys<'p> {
    pub(crate) fn new(rule: &'p Rule, parts: &'p Parts) -> Self {
        let of = |part: &'p Part| {
            let seen = match part.both() {
                None => parts.seen.get(part).map(Seen::of),
                Some((one, other)) => match (parts.seen.get(&one), parts.seen.get(&other)) {
                    (Some(PartKeys::One(one)), Some(PartKeys::One(two))) => {
                        Some(Seen::Unordered(one, two, other.column()))
                    }
                    _ => None,
                },
            };
            (part.column(), seen.unwrap_or(Seen::Record(part)))
        };
        Self {
            parts: rule.parts().iter().map(of).collect(),
        }
    }

    /// Whether no unit has more than one.
    pub(crate) fn is_single(&self) -> bool {
        let one = |seen: &Seen<'_>| matches!(seen, Seen::One(_) | Seen::Unordered(..));
        self.parts.iter().all(|(_, seen)| one(seen))
    }

    /// The key of a unit by a rule that gives one at most; 0 for none.
    pub(crate) fn only(&self, people: &Population, unit: u32) -> u32 {
        let cells = people.cells(unit);
        let mut key = 0;
        for (column, seen) in &self.parts {
            let cell = cells[*column] as usize;
            let part = match seen {
                Seen::One(keys) => keys[cell],
                Seen::Unordered(one, two, other) => {
                    unordered(one[cell], two[cells[*other] as usize])
                }
                _ => 0,
            };
            if part == 0 {
                return 0;
            }
            key = mix(key, part);
        }
        finish(key)
    }

    /// Calls `with` for every key of a unit. In few cases one comes twice.
    pub(crate) fn each(
        &self,
        people: &Population,
        unit: u32,
        scratch: &mut Scratch,
        with: impl FnMut(u32),
    ) {
        let Scratch { begun, next } = scratch;
        let cells = people.cells(unit);
        begun.clear();
        begun.push(0);
        for (column, seen) in &self.parts {
            next.clear();
            let cell = cells[*column] as usize;
            // In the order, and with the limit, of a record taken by itself.
            for so_far in begun.iter() {
                let mut add = |part: u64| {
                    if part != 0 {
                        next.push(mix(*so_far, part));
                    }
                };
                match seen {
                    Seen::One(keys) => add(keys[cell]),
                    Seen::Several(ends, keys) => {
                        let start = cell.checked_sub(1).map_or(0, |before| ends[before]);
                        keys[start as usize..ends[cell] as usize]
                            .iter()
                            .copied()
                            .for_each(add);
                    }
                    Seen::Unordered(one, two, other) => {
                        add(unordered(one[cell], two[cells[*other] as usize]));
                    }
                    Seen::Record(part) => part.each(people.row(unit), add),
                }
            }
            std::mem::swap(begun, next);
        }
        begun.truncate(MOST_KEYS);
        begun.iter().map(|key| finish(*key)).for_each(with);
    }
}

/// Two values in either order; 0 where one is missing.
fn unordered(one: u64, other: u64) -> u64 {
    if one == 0 || other == 0 {
        return 0;
    }
    mix(mix(0, one.min(other)), one.max(other)) | 1
}

impl<'p> Seen<'p> {
    fn of(keys: &'p PartKeys) -> Self {
        match keys {
            PartKeys::One(keys) => Self::One(keys),
            PartKeys::Several(ends, keys) => Self::Several(ends, keys),
        }
    }
}

impl PartKeys {
    fn new(part: &Part, pool: &Pool) -> Self {
        let slots = pool.sheet.slots();
        let cell = |slot| Cell {
            pool,
            slot,
            column: part.column(),
        };
        if part.is_single() && pool.is_single() {
            let only = |slot| {
                let mut only = 0;
                part.each(cell(slot), |key| only = key.max(1));
                only
            };
            let slots = (0..slots).into_par_iter().with_min_len(1 << 12);
            return Self::One(slots.map(only).collect());
        }
        let mut ends = Vec::with_capacity(slots);
        let mut keys = Vec::new();
        for slot in 0..slots {
            part.each(cell(slot), |key| keys.push(key.max(1)));
            ends.push(keys.len() as u32);
        }
        Self::Several(ends, keys)
    }
}

/// One cell of one column, as a record that has nothing else.
#[derive(Clone, Copy)]
struct Cell<'p> {
    pool: &'p Pool,
    slot: usize,
    column: usize,
}

impl Record for Cell<'_> {
    fn values(&self, column: usize) -> crate::sheet::Values<'_> {
        debug_assert_eq!(
            column, self.column,
            "a part of one column reads that column"
        );
        self.pool.sheet.slot(self.slot)
    }
}
