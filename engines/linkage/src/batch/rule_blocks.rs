//! The blocks of one rule.

use super::Population;
use super::blocks::{HotBlock, LARGEST};
use super::keys::{RuleKeys, Scratch};
use crate::blocking::Rule;

use rayon::prelude::*;

/// Blocks of two units and more.
#[derive(Default)]
pub(crate) struct RuleBlocks {
    /// Block by block, its units, ascending.
    units: Vec<u32>,
    /// Where each block ends.
    ends: Vec<u32>,
    /// From this block on they are parts of hot blocks, whose pairs may come up again.
    parts_from: usize,
    /// For a rule that gives a record several keys: the blocks of each unit.
    several: Option<Several>,
}

/// Unit by unit, its blocks, ascending.
struct Several {
    ends: Vec<u32>,
    blocks: Vec<u32>,
}

/// Units whose keys are worked out at a time.
const UNITS: usize = 1 << 13;
/// Keyed units that are sorted together: few enough to lie in the processor's nearest memory.
const SORTED: usize = 1 << 10;

/// The keys of all units by one rule.
pub(crate) enum Keyed {
    /// Unit by unit its key; 0 for none.
    One(Vec<u32>),
    /// The key above, the unit below, some units at a time. Emptied when blocks are made.
    Several(Vec<Vec<u64>>),
}

impl Keyed {
    pub(crate) fn new(keys: &RuleKeys<'_>, people: &Population) -> Self {
        if keys.is_single() {
            let mut of = vec![0; people.units()];
            of.par_chunks_mut(UNITS)
                .enumerate()
                .for_each(|(chunk, of)| {
                    for (at, key) in of.iter_mut().enumerate() {
                        *key = keys.only(people, (chunk * UNITS + at) as u32);
                    }
                });
            return Self::One(of);
        }
        let units = people.units();
        let chunk = |chunk: usize| {
            let range = chunk * UNITS..units.min((chunk + 1) * UNITS);
            let mut found = Vec::with_capacity(range.len());
            let mut scratch = Scratch::default();
            for unit in range {
                let with = |key| found.push(u64::from(key) << 32 | unit as u64);
                keys.each(people, unit as u32, &mut scratch, with);
            }
            found.shrink_to_fit();
            found
        };
        Self::Several(
            (0..units.div_ceil(UNITS))
                .into_par_iter()
                .map(chunk)
                .collect(),
        )
    }

    /// All keys with their units, ascending, each once. Keys that clash share a block, which costs
    /// a few needless comparisons and loses nothing.
    fn sorted(&mut self) -> Vec<u64> {
        match self {
            Self::One(of) => {
                let keyed = of.iter().zip(0_u64..).filter(|(key, _)| **key != 0);
                sorted(
                    keyed.map(|(key, unit)| u64::from(*key) << 32 | unit),
                    u32::BITS,
                )
            }
            Self::Several(keyed) => {
                let chunks = std::mem::take(keyed);
                let mut keyed = sorted(chunks.iter().flatten().copied(), u32::BITS);
                keyed.dedup();
                keyed
            }
        }
    }
}

/// Sorts entries whose upper halves are spread evenly over numbers of so many bits: dealt out by
/// their first bits, then each lot by itself.
fn sorted(entries: impl Iterator<Item = u64> + Clone, upper: u32) -> Vec<u64> {
    let keyed = entries;
    let count = keyed.clone().count();
    let bits = (count / SORTED).max(2).ilog2().min(14).min(upper);
    let lot = |entry: u64| (entry >> (32 + upper - bits)) as usize;
    let mut ends = vec![0_u32; 1 << bits];
    for entry in keyed.clone() {
        ends[lot(entry)] += 1;
    }
    let mut so_far = 0;
    for end in &mut ends {
        let count = *end;
        *end = so_far;
        so_far += count;
    }
    let mut all = vec![0; count];
    for entry in keyed {
        let place = &mut ends[lot(entry)];
        all[*place as usize] = entry;
        *place += 1;
    }
    let mut begin = 0;
    for end in ends {
        all[begin..end as usize].sort_unstable();
        begin = end as usize;
    }
    all
}

/// The runs of one key and two units or more, in order of their first units.
fn runs(keyed: &[u64], units: usize) -> impl Iterator<Item = &[u64]> {
    let same = |a: &u64, b: &u64| a >> 32 == b >> 32;
    let mut begins = Vec::new();
    let mut begin = 0_u64;
    for run in keyed.chunk_by(same) {
        if run.len() > 1 {
            begins.push(u64::from(run[0] as u32) << 32 | begin);
        }
        begin += run.len() as u64;
    }
    let upper = units.max(2).next_power_of_two().ilog2();
    let begins = sorted(begins.into_iter(), upper);
    begins.into_iter().filter_map(move |begin| {
        let begin = begin & u64::from(u32::MAX);
        keyed[begin as usize..].chunk_by(same).next()
    })
}

impl RuleBlocks {
    /// The blocks of a rule, and those that are hot. Of a rule that gives one key, units of hot
    /// blocks lose theirs.
    pub(crate) fn new(
        keyed: &mut Keyed,
        people: &Population,
        rule: &Rule,
    ) -> (Self, Vec<HotBlock>) {
        let mut blocks = Self::default();
        let mut hot: Vec<Vec<u32>> = Vec::new();
        let keyed_units = keyed.sorted();
        // In order of their first units, so that a walk over them reads units near each other.
        for run in runs(&keyed_units, people.units()) {
            let units = run.iter().map(|entry| *entry as u32);
            if run.len() > LARGEST {
                hot.push(units.collect());
            } else {
                blocks.add(units);
            }
        }
        drop(keyed_units);
        blocks.parts_from = blocks.ends.len();
        let others = rule.unread(people.pools.len());
        let mut notes = Vec::with_capacity(hot.len());
        for units in hot {
            notes.push(HotBlock {
                rule: rule.written().to_owned(),
                units: units.len() as u64,
                example: units[0],
            });
            if let Keyed::One(of) = keyed {
                units.iter().for_each(|unit| of[*unit as usize] = 0);
            }
            blocks.part(people, units, &others);
        }
        blocks.units.shrink_to_fit();
        blocks.ends.shrink_to_fit();
        if let Keyed::Several(_) = keyed {
            blocks.several = Some(Several::new(&blocks, people.units()));
        }
        (blocks, notes)
    }

    fn add(&mut self, units: impl Iterator<Item = u32>) {
        self.units.extend(units);
        self.ends.push(self.units.len() as u32);
    }

    /// Parts a hot block by each further column in turn.
    fn part(&mut self, people: &Population, units: Vec<u32>, others: &[usize]) {
        if others.is_empty() {
            for run in units.chunks(LARGEST) {
                self.add(run.iter().copied());
            }
            return;
        }
        for (at, column) in others.iter().enumerate() {
            let mut celled: Vec<(u32, u32)> = units
                .iter()
                .map(|unit| (people.cells(*unit)[*column], *unit))
                .filter(|(cell, _)| *cell != 0)
                .collect();
            celled.sort_unstable();
            for run in celled.chunk_by(|a, b| a.0 == b.0) {
                let units = run.iter().map(|(_, unit)| *unit);
                match run.len() {
                    0 | 1 => {}
                    2..=LARGEST => self.add(units),
                    _ => self.part(people, units.collect(), &others[at + 1..]),
                }
            }
        }
    }

    /// Whether it gives some unit several keys.
    pub(crate) fn has_several(&self) -> bool {
        self.several.is_some()
    }

    /// The blocks of a unit as a set of some bits: two units without a bit in common have no block
    /// in common. For a rule that gives several keys.
    pub(crate) fn bits(&self, unit: u32) -> u32 {
        let blocks = self.several.iter().flat_map(|several| several.of(unit));
        blocks.fold(0, |bits, block| {
            bits | 1 << (block.wrapping_mul(0x9e37_79b1) >> 27)
        })
    }

    /// Whether two units have a block in common, by a rule that gives several keys.
    pub(crate) fn share_one(&self, one: u32, other: u32) -> bool {
        self.first_shared(one, other).is_some()
    }

    /// Whether a pair that stands in this block stands in an earlier one of the same rule, too.
    pub(crate) fn shared_before(&self, block: u32, one: u32, other: u32) -> bool {
        self.first_shared(one, other)
            .is_some_and(|first| first < block)
    }

    fn first_shared(&self, one: u32, other: u32) -> Option<u32> {
        let several = self.several.as_ref()?;
        let (one, other) = (several.of(one), several.of(other));
        // Few to a unit, so a plain look at all pairs is quickest.
        one.iter().copied().find(|block| other.contains(block))
    }

    /// How many blocks there are.
    pub(crate) fn count(&self) -> usize {
        self.ends.len()
    }

    /// The units of a block, ascending.
    pub(crate) fn block(&self, block: usize) -> &[u32] {
        let end = |block: usize| self.ends[block] as usize;
        &self.units[block.checked_sub(1).map_or(0, end)..end(block)]
    }

    pub(crate) fn pairs(&self, block: usize) -> u64 {
        let units = self.block(block).len() as u64;
        units * (units - 1) / 2
    }
}

impl Several {
    fn new(rule: &RuleBlocks, units: usize) -> Self {
        let mut ends = vec![0_u32; units];
        for block in 0..rule.parts_from {
            rule.block(block)
                .iter()
                .for_each(|unit| ends[*unit as usize] += 1);
        }
        let mut so_far = 0;
        for end in &mut ends {
            let count = *end;
            *end = so_far;
            so_far += count;
        }
        let mut blocks = vec![0; so_far as usize];
        for block in 0..rule.parts_from {
            for unit in rule.block(block) {
                let end = &mut ends[*unit as usize];
                blocks[*end as usize] = block as u32;
                *end += 1;
            }
        }
        Self { ends, blocks }
    }

    fn of(&self, unit: u32) -> &[u32] {
        let start = unit
            .checked_sub(1)
            .map_or(0, |before| self.ends[before as usize]);
        &self.blocks[start as usize..self.ends[unit as usize] as usize]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::sorted;

    proptest! {
        #[test]
        fn dealing_out_first_sorts(keyed in prop::collection::vec(any::<u64>(), 0..5_000)) {
            let mut expected = keyed.clone();
            expected.sort_unstable();
            prop_assert_eq!(sorted(keyed.into_iter(), 32), expected);
        }
    }
}
