//! Blocks: units that have a blocking key in common, rule by rule, and the walk over their pairs.
//!
//! A pair that several rules find is visited once, under the first of them. No table of pairs is
//! ever made: whether an earlier rule found it follows from the block numbers of the two.

use rayon::prelude::*;

use super::Population;
use super::keys::RuleKeys;
use crate::Model;

/// The most units of one block that are compared all with all; see [`HotBlock`].
pub(crate) const LARGEST: usize = 600;

/// A block too large to compare all with all. Its units are compared where they agree on a further
/// column as well; those that agree on everything are compared in runs of [`LARGEST`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HotBlock {
    /// The rule, as the model writes it.
    pub rule: String,
    /// Distinct records in the block.
    pub units: u64,
    /// One of its records, by row.
    pub example: u32,
}

/// The blocks of all rules.
pub(crate) struct Blocks {
    rules: Vec<RuleBlocks>,
    /// Unit by unit, for each rule the number of its block; 0 for none.
    block_of: Vec<u32>,
    /// The rules that give some unit several keys; `block_of` does not know them.
    with_several: Vec<usize>,
    pub(crate) hot: Vec<HotBlock>,
}

struct RuleBlocks {
    /// Block by block, its units, ascending.
    units: Vec<u32>,
    /// Where each block ends.
    ends: Vec<u32>,
    /// From this block on they are parts of hot blocks, whose pairs may come up again.
    parts_from: usize,
    /// For a rule that gives a record several keys: unit by unit, its blocks, ascending.
    several: Option<(Vec<u32>, Vec<u32>)>,
}

/// Blocks of one rule that are walked together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stretch {
    pub(crate) rule: usize,
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) pairs: u64,
}

/// Two units of a block and their cells.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair<'n> {
    /// The lower unit.
    pub(crate) one: u32,
    /// The higher unit.
    pub(crate) other: u32,
    pub(crate) a: &'n [u32],
    pub(crate) b: &'n [u32],
}

/// Units whose rows are gathered at a time.
const GATHERED: usize = 256;

/// The rows of some units, side by side.
#[derive(Default)]
struct Near {
    units: Vec<u32>,
    cells: Vec<u32>,
    /// Block numbers of the rules before the one that is walked.
    numbers: Vec<u32>,
}

impl Near {
    fn clear(&mut self) {
        self.units.clear();
        self.cells.clear();
        self.numbers.clear();
    }

    fn pair(&self, one: usize, other: usize, width: usize) -> Pair<'_> {
        Pair {
            one: self.units[one],
            other: self.units[other],
            a: &self.cells[one * width..][..width],
            b: &self.cells[other * width..][..width],
        }
    }

    /// Whether two of the units share a block number. Without a branch for each rule: most pairs
    /// share none.
    fn meets(&self, one: usize, other: usize, width: usize) -> bool {
        let of = |at: usize| &self.numbers[at * width..][..width];
        let pairs = of(one).iter().zip(of(other));
        pairs.fold(false, |seen, (a, b)| seen | (*a != 0) & (a == b))
    }
}

/// Which pairs of a block are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Between {
    /// All.
    Everybody,
    /// Only records of different sources: both tables are known to hold nobody twice.
    Sources,
}

impl Blocks {
    pub(crate) fn new(model: &Model, people: &Population) -> Self {
        let width = model.rules.len();
        let built: Vec<(RuleBlocks, Vec<HotBlock>)> = model
            .rules
            .iter()
            .map(|rule| {
                let keys = RuleKeys::new(rule, &people.pools);
                let read: Vec<usize> = rule.columns().collect();
                RuleBlocks::new(&keyed(&keys, people), people, rule.written(), &read)
            })
            .collect();
        let mut block_of = vec![0; people.units() * width];
        let mut hot = Vec::new();
        let mut rules = Vec::with_capacity(width);
        for (at, (mut rule, found)) in built.into_iter().enumerate() {
            hot.extend(found);
            rule.number(at, width, &mut block_of);
            rules.push(rule);
        }
        let with_several = (0..width).filter(|at| rules[*at].several.is_some()).collect();
        Self {
            rules,
            block_of,
            with_several,
            hot,
        }
    }

    /// Pairs that each rule looks at, whether or not an earlier one does too.
    pub(crate) fn pairs(&self) -> Vec<u64> {
        self.rules
            .iter()
            .map(|rule| (0..rule.ends.len()).map(|block| rule.pairs(block)).sum())
            .collect()
    }

    /// All blocks in stretches of about `pairs` pairs.
    pub(crate) fn stretches(&self, pairs: u64) -> Vec<Stretch> {
        let mut stretches = Vec::new();
        for (rule, blocks) in self.rules.iter().enumerate() {
            let mut open = Stretch { rule, from: 0, to: 0, pairs: 0 };
            for block in 0..blocks.ends.len() {
                open.pairs += blocks.pairs(block);
                open.to = block as u32 + 1;
                if open.pairs >= pairs {
                    stretches.push(open);
                    open = Stretch { rule, from: open.to, to: open.to, pairs: 0 };
                }
            }
            if open.pairs > 0 {
                stretches.push(open);
            }
        }
        stretches
    }

    pub(crate) fn count(&self, rule: usize) -> usize {
        self.rules[rule].ends.len()
    }

    pub(crate) fn pairs_of(&self, rule: usize, block: usize) -> u64 {
        self.rules[rule].pairs(block)
    }

    /// The units of a block, ascending.
    pub(crate) fn units(&self, rule: usize, block: usize) -> &[u32] {
        self.rules[rule].block(block)
    }

    /// Calls `with` for every pair of a stretch that no earlier rule looks at, with the cells of
    /// both.
    ///
    /// Rows are gathered for some hundred units at a time: reads that do not wait for each other,
    /// after which every pair finds its rows near.
    pub(crate) fn walk(
        &self,
        people: &Population,
        stretch: Stretch,
        mut with: impl FnMut(Pair<'_>),
    ) {
        let (cells, numbers) = (people.pools.len(), stretch.rule);
        let mut near = Near::default();
        let mut block = stretch.from;
        while block < stretch.to {
            let first = block;
            near.clear();
            while block < stretch.to && near.units.len() < GATHERED {
                near.units.extend_from_slice(self.units(stretch.rule, block as usize));
                block += 1;
            }
            for unit in &near.units {
                near.cells.extend_from_slice(people.cells(*unit));
                let start = *unit as usize * self.rules.len();
                near.numbers.extend_from_slice(&self.block_of[start..start + numbers]);
            }
            let mut begin = 0;
            for block in first..block {
                let end = begin + self.units(stretch.rule, block as usize).len();
                for one in begin..end {
                    for other in one + 1..end {
                        let pair = near.pair(one, other, cells);
                        if !near.meets(one, other, numbers) && !self.several_meet(stretch.rule, pair.one, pair.other) {
                            with(pair);
                        }
                    }
                }
                begin = end;
            }
        }
    }

    /// Whether a rule before this one looks at the pair.
    pub(crate) fn seen_before(&self, rule: usize, one: u32, other: u32) -> bool {
        let width = self.rules.len();
        let of = |unit: u32| &self.block_of[unit as usize * width..][..rule];
        let pairs = of(one).iter().zip(of(other));
        // Without a branch for each rule: most pairs share none.
        pairs.fold(false, |seen, (a, b)| seen | (*a != 0) & (a == b))
            || self.several_meet(rule, one, other)
    }

    /// Whether a rule before this one that gives several keys looks at the pair.
    fn several_meet(&self, rule: usize, one: u32, other: u32) -> bool {
        self.with_several
            .iter()
            .take_while(|several| **several < rule)
            .any(|several| self.rules[*several].share_one(one, other))
    }

    /// How many rules look at the pair.
    pub(crate) fn found_by(&self, one: u32, other: u32) -> usize {
        self.finders(self.rules.len(), one, other).count()
    }

    /// The rules before `rule` that look at the pair.
    pub(crate) fn finders(&self, rule: usize, one: u32, other: u32) -> impl Iterator<Item = usize> {
        let width = self.rules.len();
        let of = |unit: u32| &self.block_of[unit as usize * width..][..rule];
        let pairs = of(one).iter().zip(of(other)).zip(&self.rules);
        pairs.enumerate().filter_map(move |(at, ((a, b), rule))| {
            let found = match &rule.several {
                None => *a != 0 && a == b,
                Some(_) => rule.share_one(one, other),
            };
            found.then_some(at)
        })
    }
}

/// The upper half of every key with its unit below it, ascending. Keys whose halves clash share a
/// block, which costs a few needless comparisons and loses nothing.
fn keyed(keys: &RuleKeys<'_>, people: &Population) -> Vec<u64> {
    const UNITS: usize = 1 << 14;
    let units = people.units();
    let mut all: Vec<u64> = (0..units.div_ceil(UNITS))
        .into_par_iter()
        .flat_map_iter(|chunk| {
            let range = chunk * UNITS..units.min((chunk + 1) * UNITS);
            let mut found = Vec::with_capacity(range.len());
            for unit in range {
                keys.each(people, unit as u32, |key| {
                    // The multiplier of Knuth's hash spreads every bit into the upper half.
                    let half = key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
                    found.push(half << 32 | unit as u64);
                });
            }
            found
        })
        .collect();
    all.par_sort_unstable();
    all
}

impl RuleBlocks {
    fn new(
        keyed: &[u64],
        people: &Population,
        rule: &str,
        read: &[usize],
    ) -> (Self, Vec<HotBlock>) {
        let mut blocks = Self {
            units: Vec::new(),
            ends: Vec::new(),
            parts_from: 0,
            several: None,
        };
        let mut hot: Vec<Vec<u32>> = Vec::new();
        for run in keyed.chunk_by(|a, b| a >> 32 == b >> 32) {
            if run.len() < 2 {
                continue;
            }
            let units = run.iter().map(|entry| *entry as u32);
            if run.len() > LARGEST {
                hot.push(units.collect());
            } else {
                blocks.add(units);
            }
        }
        blocks.parts_from = blocks.ends.len();
        let others: Vec<usize> = (0..people.pools.len()).filter(|at| !read.contains(at)).collect();
        let mut notes = Vec::with_capacity(hot.len());
        for units in hot {
            notes.push(HotBlock {
                rule: rule.to_owned(),
                units: units.len() as u64,
                example: units[0],
            });
            blocks.part(people, units, &others);
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

    /// Enters the block numbers of this rule, and notes where a unit stands in several blocks.
    fn number(&mut self, at: usize, width: usize, block_of: &mut [u32]) {
        let mut twice = false;
        for block in 0..self.parts_from {
            for unit in self.block(block) {
                let entry = &mut block_of[*unit as usize * width + at];
                twice |= *entry != 0;
                *entry = block as u32 + 1;
            }
        }
        if !twice {
            return;
        }
        let units = block_of.len() / width;
        let mut ends = vec![0_u32; units];
        for unit in &self.units[..self.end(self.parts_from)] {
            ends[*unit as usize] += 1;
            block_of[*unit as usize * width + at] = 0;
        }
        let mut so_far = 0;
        for end in &mut ends {
            so_far += *end;
            *end = so_far;
        }
        // Filled from the back, so that each unit's blocks ascend and `ends` becomes starts.
        let mut blocks = vec![0; so_far as usize];
        for block in (0..self.parts_from).rev() {
            for unit in self.block(block) {
                let end = &mut ends[*unit as usize];
                *end -= 1;
                blocks[*end as usize] = block as u32 + 1;
            }
        }
        let starts = ends;
        let ends = starts.iter().skip(1).copied().chain([so_far]).collect();
        self.several = Some((ends, blocks));
    }

    /// Whether two units have a block in common, by a rule that gives several keys.
    fn share_one(&self, one: u32, other: u32) -> bool {
        let Some((ends, blocks)) = &self.several else {
            return false;
        };
        let of = |unit: u32| {
            let start = unit.checked_sub(1).map_or(0, |before| ends[before as usize]);
            &blocks[start as usize..ends[unit as usize] as usize]
        };
        let others = of(other);
        of(one).iter().any(|block| others.binary_search(block).is_ok())
    }

    fn end(&self, blocks: usize) -> usize {
        blocks.checked_sub(1).map_or(0, |last| self.ends[last] as usize)
    }

    fn block(&self, block: usize) -> &[u32] {
        &self.units[self.end(block)..self.end(block + 1)]
    }

    fn pairs(&self, block: usize) -> u64 {
        let units = (self.end(block + 1) - self.end(block)) as u64;
        units * (units - 1) / 2
    }
}
