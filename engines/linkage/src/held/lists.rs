//! Who stands under a blocking key.
//!
//! A key that more than [`LARGEST`] records have no longer tells them apart. From then on a record
//! meets those that have the key and agree on a further column as well, column by column, and where
//! those are again too many on one more: as the hot blocks of a whole table are parted.

use rustc_hash::FxHashMap;

use crate::stable::Stable;

/// The most units of one list that are compared all with all; as in a whole table.
pub(super) const LARGEST: usize = 600;
/// No node.
const NONE: u32 = u32::MAX;
/// The count of a list that was parted.
const PARTED: u32 = u32::MAX;

/// Units by blocking key.
#[derive(Default)]
pub(super) struct Lists {
    lists: FxHashMap<u64, List>,
    nodes: Vec<Node>,
}

#[derive(Clone, Copy)]
struct List {
    /// The unit entered last.
    last: u32,
    count: u32,
}

#[derive(Clone, Copy)]
struct Node {
    unit: u32,
    /// The one entered before it.
    before: u32,
}

/// A key, or a part of one that is hot.
#[derive(Clone, Copy)]
struct Key<'k> {
    hash: u64,
    /// Columns by which it may be parted further.
    by: &'k [usize],
}

impl Lists {
    /// Enters a unit under a key of a rule that does not read the columns `by`, and calls `with`
    /// for the units it meets there. `cell` tells the cell of a unit in a column; 0 is the empty one.
    pub(super) fn enter(
        &mut self,
        key: u64,
        by: &[usize],
        unit: u32,
        cell: &dyn Fn(u32, usize) -> u32,
        with: &mut dyn FnMut(u32),
    ) {
        self.meet(Key { hash: key, by }, unit, cell, with);
    }

    fn meet(
        &mut self,
        key: Key<'_>,
        unit: u32,
        cell: &dyn Fn(u32, usize) -> u32,
        with: &mut dyn FnMut(u32),
    ) {
        let empty = List {
            last: NONE,
            count: 0,
        };
        let list = self.lists.entry(key.hash).or_insert(empty);
        if list.count == PARTED {
            return self.meet_in_parts(key, unit, cell, with);
        }
        let mut at = list.last;
        while at != NONE {
            let node = self.nodes[at as usize];
            with(node.unit);
            at = node.before;
        }
        let before = list.last;
        list.last = self.nodes.len() as u32;
        list.count += 1;
        self.nodes.push(Node { unit, before });
        if list.count as usize <= LARGEST {
            return;
        }
        if key.by.is_empty() {
            // They agree on everything: met in runs.
            *list = empty;
            return;
        }
        let mut at = list.last;
        *list = List {
            last: NONE,
            count: PARTED,
        };
        // The first entered goes first, so that parts are the same as if they had always been.
        let mut units = Vec::with_capacity(LARGEST + 1);
        while at != NONE {
            let node = self.nodes[at as usize];
            units.push(node.unit);
            at = node.before;
        }
        for unit in units.into_iter().rev() {
            self.meet_in_parts(key, unit, cell, &mut |_| ());
        }
    }

    fn meet_in_parts(
        &mut self,
        key: Key<'_>,
        unit: u32,
        cell: &dyn Fn(u32, usize) -> u32,
        with: &mut dyn FnMut(u32),
    ) {
        for (at, column) in key.by.iter().enumerate() {
            let cell_there = cell(unit, *column);
            if cell_there == 0 {
                continue;
            }
            let part = Stable::NEW
                .add_number(key.hash)
                .add_number(*column as u64)
                .add_number(u64::from(cell_there));
            let part = Key {
                hash: part.finish(),
                by: &key.by[at + 1..],
            };
            self.meet(part, unit, cell, with);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Units with two columns: the first parts them in tens, the second in two halves.
    fn cell(unit: u32, column: usize) -> u32 {
        if column == 0 {
            1 + unit / 10
        } else {
            1 + unit % 2
        }
    }

    fn met(lists: &mut Lists, by: &[usize], unit: u32) -> Vec<u32> {
        let mut met = Vec::new();
        lists.enter(7, by, unit, &cell, &mut |other| met.push(other));
        met.sort_unstable();
        met.dedup();
        met
    }

    #[test]
    fn all_meet_until_the_key_is_hot_and_then_those_who_agree_on_more() {
        let mut lists = Lists::default();
        for unit in 0..=LARGEST as u32 {
            assert_eq!(met(&mut lists, &[0], unit), (0..unit).collect::<Vec<_>>());
        }
        assert_eq!(met(&mut lists, &[0], 601), [600]);
        assert_eq!(met(&mut lists, &[0], 602), [600, 601]);
        assert_eq!(met(&mut lists, &[0], 609), [600, 601, 602]);
        assert_eq!(met(&mut lists, &[0], 610), Vec::<u32>::new());
    }

    #[test]
    fn parts_are_parted_again_and_what_agrees_on_everything_meets_in_runs() {
        let mut lists = Lists::default();
        let mut most = 0;
        for unit in 0..5_000 {
            most = most.max(met(&mut lists, &[1], unit).len());
        }
        assert!(
            (LARGEST / 2..=LARGEST).contains(&most),
            "{most} met at once"
        );
        // A cell that is missing is as one that is not there; the second meets the first as well.
        let first = met(&mut lists, &[1, 0], 5_000).len();
        assert_eq!(met(&mut lists, &[1], 5_002).len(), first + 1);
    }
}
