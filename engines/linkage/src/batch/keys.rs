//! The blocking keys of a whole population: each part of a rule worked out once for each distinct
//! cell.

use rayon::prelude::*;

use super::Population;
use super::table::Pool;
use crate::blocking::{MOST_KEYS, Part, Rule};
use crate::sheet::Record;

/// What one part of a rule sees in each cell of its column.
enum PartKeys<'m> {
    /// One key at most.
    One(Vec<Option<u64>>),
    /// Several: where those of a cell end, and the keys.
    Several(Vec<u32>, Vec<u64>),
    /// It looks at more than one column.
    Record(&'m Part),
}

/// The keys of one rule.
pub(crate) struct RuleKeys<'m> {
    rule: &'m Rule,
    parts: Vec<(usize, PartKeys<'m>)>,
}

impl<'m> RuleKeys<'m> {
    pub(crate) fn new(rule: &'m Rule, pools: &[Pool]) -> Self {
        let parts = rule
            .parts()
            .iter()
            .map(|part| (part.column(), PartKeys::new(part, &pools[part.column()])))
            .collect();
        Self { rule, parts }
    }

    /// Calls `with` for every key of a unit: those that [`crate::Model::keys`] gives the record.
    pub(crate) fn each(&self, people: &Population, unit: u32, mut with: impl FnMut(u64)) {
        let cells = people.cells(unit);
        // The usual case: every part sees one thing.
        let mut key = self.rule.seed();
        for (column, part) in &self.parts {
            match part {
                PartKeys::One(keys) => match keys[cells[*column] as usize] {
                    Some(hash) => key = key.add_number(hash),
                    None => return,
                },
                _ => return self.several(people, unit, &mut with),
            }
        }
        with(key.finish());
    }

    fn several(&self, people: &Population, unit: u32, with: &mut impl FnMut(u64)) {
        let mut begun = vec![self.rule.seed()];
        let mut next = Vec::new();
        for (column, part) in &self.parts {
            next.clear();
            let cell = people.cells(unit)[*column] as usize;
            // In the order, and with the limit, of a record taken by itself.
            for so_far in &begun {
                let mut add = |hash: u64| next.push(so_far.add_number(hash));
                match part {
                    PartKeys::One(keys) => keys[cell].into_iter().for_each(&mut add),
                    PartKeys::Several(ends, keys) => {
                        let start = cell.checked_sub(1).map_or(0, |before| ends[before]);
                        let keys = &keys[start as usize..ends[cell] as usize];
                        keys.iter().copied().for_each(&mut add);
                    }
                    PartKeys::Record(part) => part.each(people.row(unit), &mut add),
                }
            }
            std::mem::swap(&mut begun, &mut next);
        }
        begun.truncate(MOST_KEYS);
        let mut keys: Vec<u64> = begun.into_iter().map(|key| key.finish()).collect();
        keys.sort_unstable();
        keys.dedup();
        keys.into_iter().for_each(with);
    }
}

impl<'m> PartKeys<'m> {
    fn new(part: &'m Part, pool: &Pool) -> Self {
        if part.reads_two() {
            return Self::Record(part);
        }
        let slots = pool.sheet.slots();
        let of = |slot: usize| {
            let mut keys = Vec::new();
            part.each(Cell { pool, slot, column: part.column() }, |key| keys.push(key));
            keys
        };
        if part.is_single() && pool.is_single() {
            let keys = (0..slots).into_par_iter().map(|slot| of(slot).first().copied());
            return Self::One(keys.collect());
        }
        let mut ends = Vec::with_capacity(slots);
        let mut keys = Vec::new();
        for slot in 0..slots {
            keys.extend(of(slot));
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
        debug_assert_eq!(column, self.column, "a part of one column reads that column");
        self.pool.sheet.slot(self.slot)
    }
}
