//! Blocks: units that have a blocking key in common, rule by rule.
//!
//! A pair that several rules find is visited once, under the first of them. No table of pairs is
//! ever made: whether an earlier rule found it follows from the keys of the two.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::Population;
use super::keys::{Parts, RuleKeys};
use super::rule_blocks::{Keyed, RuleBlocks};
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
    /// Unit by unit, for each rule what is told of its keys; 0 for none that counts. Of a rule that
    /// gives one: the key. Of one that gives several: a set of bits of its blocks.
    marks: Vec<u32>,
    /// For each rule, whether its marks are bits.
    several: Vec<bool>,
    pub(crate) hot: Vec<HotBlock>,
}

/// Blocks of one rule that are walked together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stretch {
    pub(crate) rule: usize,
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) pairs: u64,
}

/// Which pairs of a block are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Between {
    /// All.
    Everybody,
    /// Only records of different sources: both tables are known to hold nobody twice.
    Sources,
}

/// Rules whose blocks are made at a time.
const AT_ONCE: usize = 4;
/// Units whose marks are entered at a time.
const ENTERED: usize = 1 << 12;

impl Blocks {
    pub(crate) fn new(model: &Model, people: &Population) -> Self {
        let width = model.rules.len();
        let parts = Parts::new(model.rules.iter(), &people.pools);
        let mut blocks = Self {
            rules: Vec::with_capacity(width),
            marks: vec![0; people.units() * width],
            several: Vec::with_capacity(width),
            hot: Vec::new(),
        };
        for some in model
            .rules
            .chunks(AT_ONCE.max(rayon::current_num_threads()))
        {
            let built: Vec<(RuleBlocks, Keyed, Vec<HotBlock>)> = some
                .par_iter()
                .map(|rule| {
                    let mut keyed = Keyed::new(&RuleKeys::new(rule, &parts), people);
                    let (blocks, hot) = RuleBlocks::new(&mut keyed, people, rule);
                    (blocks, keyed, hot)
                })
                .collect();
            blocks.enter(&built, width);
            for (rule, _, hot) in built {
                blocks.several.push(rule.has_several());
                blocks.rules.push(rule);
                blocks.hot.extend(hot);
            }
        }
        blocks.find_rows(people);
        blocks
    }

    /// Enters the marks of some rules beside those of the rules before.
    fn enter(&mut self, built: &[(RuleBlocks, Keyed, Vec<HotBlock>)], width: usize) {
        let first = self.rules.len();
        let rows = self
            .marks
            .par_chunks_mut((ENTERED * width).max(1))
            .enumerate();
        rows.for_each(|(chunk, rows)| {
            for (at, row) in rows.chunks_mut(width).enumerate() {
                let unit = chunk * ENTERED + at;
                for (mark, (rule, keyed, _)) in row[first..].iter_mut().zip(built) {
                    *mark = match keyed {
                        Keyed::One(of) => of[unit],
                        Keyed::Several(_) => rule.bits(unit as u32),
                    };
                }
            }
        });
    }

    /// Names the examples of hot blocks, found as units, by row.
    fn find_rows(&mut self, people: &Population) {
        if self.hot.is_empty() {
            return;
        }
        let wanted = self.hot.iter().map(|hot| (hot.example, u32::MAX));
        let mut rows: FxHashMap<u32, u32> = wanted.collect();
        for (row, unit) in people.unit_of.iter().enumerate() {
            if let Some(first) = rows.get_mut(unit) {
                *first = (*first).min(row as u32);
            }
        }
        for hot in &mut self.hot {
            hot.example = rows.get(&hot.example).copied().unwrap_or_default();
        }
    }

    /// Pairs that each rule looks at, whether or not an earlier one does too.
    pub(crate) fn pairs(&self) -> Vec<u64> {
        let all = |rule: &RuleBlocks| (0..rule.count()).map(|block| rule.pairs(block)).sum();
        self.rules.iter().map(all).collect()
    }

    /// All blocks in stretches of about `pairs` pairs.
    pub(crate) fn stretches(&self, pairs: u64) -> Vec<Stretch> {
        let mut stretches = Vec::new();
        for (rule, blocks) in self.rules.iter().enumerate() {
            let begun = |from: u32| Stretch {
                rule,
                from,
                to: from,
                pairs: 0,
            };
            let mut open = begun(0);
            for block in 0..blocks.count() {
                open.pairs += blocks.pairs(block);
                open.to = block as u32 + 1;
                if open.pairs >= pairs {
                    stretches.push(open);
                    open = begun(open.to);
                }
            }
            if open.pairs > 0 {
                stretches.push(open);
            }
        }
        stretches
    }

    pub(crate) fn count(&self, rule: usize) -> usize {
        self.rules[rule].count()
    }

    pub(crate) fn pairs_of(&self, rule: usize, block: usize) -> u64 {
        self.rules[rule].pairs(block)
    }

    /// The units of a block, ascending.
    pub(crate) fn units(&self, rule: usize, block: usize) -> &[u32] {
        self.rules[rule].block(block)
    }

    /// What the rules before one mark a unit with; see [`Blocks::met`].
    pub(crate) fn marks(&self, unit: u32, rule: usize) -> &[u32] {
        &self.marks[unit as usize * self.rules.len()..][..rule]
    }

    /// For each rule, whether its marks are bits.
    pub(crate) fn several(&self) -> &[bool] {
        &self.several
    }

    /// Whether one of the rules that marked two units so looks at them together.
    pub(crate) fn met(&self, one: u32, other: u32, marks: &[u32], others: &[u32]) -> bool {
        // Without a branch for each rule: most pairs share none.
        let (mut met, mut may_meet) = (false, false);
        for ((a, b), several) in marks.iter().zip(others).zip(&self.several) {
            met |= (*a != 0) & (a == b) & !several;
            may_meet |= (a & b != 0) & several;
        }
        met || may_meet && self.several_meet(one, other, marks, others)
    }

    /// Whether a rule that gives several keys looks at the pair.
    #[cold]
    fn several_meet(&self, one: u32, other: u32, marks: &[u32], others: &[u32]) -> bool {
        let rules = marks
            .iter()
            .zip(others)
            .zip(self.several.iter().zip(&self.rules));
        let mut may_meet = rules.filter(|((a, b), (several, _))| **several && *a & *b != 0);
        may_meet.any(|(_, (_, rule))| rule.share_one(one, other))
    }

    /// Whether a pair of a block stands in an earlier block of the same rule, too.
    pub(crate) fn shared_before(&self, rule: usize, block: u32, one: u32, other: u32) -> bool {
        self.several[rule] && self.rules[rule].shared_before(block, one, other)
    }

    /// Whether a rule before this one looks at the pair.
    pub(crate) fn seen_before(&self, rule: usize, one: u32, other: u32) -> bool {
        self.met(one, other, self.marks(one, rule), self.marks(other, rule))
    }

    /// How many rules look at the pair.
    pub(crate) fn found_by(&self, one: u32, other: u32) -> usize {
        self.finders(self.rules.len(), one, other).count()
    }

    /// The rules before `rule` that look at the pair.
    pub(crate) fn finders(&self, rule: usize, one: u32, other: u32) -> impl Iterator<Item = usize> {
        let pairs = self.marks(one, rule).iter().zip(self.marks(other, rule));
        let rules = self.rules.iter().zip(&self.several);
        pairs
            .zip(rules)
            .enumerate()
            .filter_map(move |(at, ((a, b), (rule, several)))| {
                let found = if *several {
                    a & b != 0 && rule.share_one(one, other)
                } else {
                    *a != 0 && a == b
                };
                found.then_some(at)
            })
    }
}
