//! What training looks at: pairs taken at random, and pairs out of blocks, folded into patterns.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::Population;
use super::blocks::{Between, Blocks};
use super::kernel::{Kernel, Levels, MISSING};

/// The levels that a pair reaches, four bits for each comparison, in the order of the model.
pub(crate) type Pattern = u128;

/// Pairs of one rule's blocks.
pub(crate) struct RuleSample {
    /// Patterns in ascending order.
    pub(crate) patterns: Vec<Counted>,
    /// Pairs of the rule for each pair that was taken.
    pub(crate) scale: f64,
}

/// How often a pattern was met.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Counted {
    pub(crate) pattern: Pattern,
    /// Whether a ceiling of the model holds such a pair down.
    pub(crate) ceiled: bool,
    pub(crate) pairs: u32,
    /// Of those, the pairs that no earlier rule finds, by how many rules find them: one, two, more.
    pub(crate) first: [u32; 3],
}

/// A number that follows from another as if by chance (Steele, Lea and Flood, SplitMix64, 2014).
pub(crate) fn scatter(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

pub(crate) fn pack(levels: &Levels) -> Pattern {
    levels.iter().rev().fold(0, |pattern, level| {
        pattern << 4 | Pattern::from((*level).min(15))
    })
}

/// The level of one comparison in a pattern.
pub(crate) fn unpack(pattern: Pattern, comparison: usize) -> Option<usize> {
    let level = (pattern >> (4 * comparison)) as usize & 15;
    (level != 15).then_some(level)
}

/// How often each level of each comparison is reached by pairs taken at random, missing values left
/// out. `counts[comparison][level]`.
pub(crate) fn at_random(kernel: &Kernel<'_>, pairs: u64, between: Between) -> Vec<Vec<u64>> {
    const AT_ONCE: u64 = 1 << 14;
    let units = kernel.people.units() as u64;
    let comparisons = &kernel.model.comparisons;
    let none = || -> Vec<Vec<u64>> {
        comparisons
            .iter()
            .map(|of| vec![0; of.levels.len()])
            .collect()
    };
    if units < 2 {
        return none();
    }
    let count = |chunk: u64| {
        let mut memory = kernel.memory();
        let mut levels = Levels::new();
        let mut counts = none();
        for at in chunk * AT_ONCE..pairs.min((chunk + 1) * AT_ONCE) {
            let seed = scatter(at.wrapping_mul(2));
            let (one, other) = ((seed % units) as u32, (scatter(seed) % units) as u32);
            if one == other || !may_pair(kernel.people, between, one, other) {
                continue;
            }
            kernel.levels(&mut memory, one, other, &mut levels);
            for (counts, level) in counts.iter_mut().zip(&levels) {
                if *level != MISSING {
                    counts[usize::from(*level)] += 1;
                }
            }
        }
        counts
    };
    (0..pairs.div_ceil(AT_ONCE))
        .into_par_iter()
        .map(count)
        .reduce(none, |mut all, some| {
            for (all, some) in all.iter_mut().flatten().zip(some.into_iter().flatten()) {
                *all += some;
            }
            all
        })
}

pub(crate) fn may_pair(people: &Population, between: Between, one: u32, other: u32) -> bool {
    between == Between::Everybody || people.sources[one as usize] != people.sources[other as usize]
}

/// About `pairs` pairs of a rule's blocks: whole blocks, taken as if by chance.
pub(crate) fn of_rule(
    kernel: &Kernel<'_>,
    blocks: &Blocks,
    rule: usize,
    pairs: u64,
    between: Between,
) -> RuleSample {
    let all: u64 = (0..blocks.count(rule))
        .map(|block| blocks.pairs_of(rule, block))
        .sum();
    let one_in = (all / pairs.max(1)).max(1);
    let taken: Vec<usize> = (0..blocks.count(rule))
        .filter(|block| scatter((rule as u64) << 40 ^ *block as u64).is_multiple_of(one_in))
        .collect();
    let looked_at: u64 = taken
        .iter()
        .map(|block| blocks.pairs_of(rule, *block))
        .sum();
    let found = taken
        .par_chunks(taken.len().div_ceil(16).max(1))
        .map(|taken| {
            let mut memory = kernel.memory();
            let mut levels = Levels::new();
            let mut counted: FxHashMap<(Pattern, bool), (u32, [u32; 3])> = FxHashMap::default();
            for block in taken {
                let units = blocks.units(rule, *block);
                for (at, one) in units.iter().enumerate() {
                    for other in &units[at + 1..] {
                        if !may_pair(kernel.people, between, *one, *other) {
                            continue;
                        }
                        kernel.levels(&mut memory, *one, *other, &mut levels);
                        let ceiled = kernel.held_down(&levels, *one, *other);
                        let entry = counted.entry((pack(&levels), ceiled)).or_default();
                        entry.0 += 1;
                        if !blocks.seen_before(rule, *one, *other) {
                            let by = blocks.found_by(*one, *other).clamp(1, 3);
                            entry.1[by - 1] += 1;
                        }
                    }
                }
            }
            counted
        })
        .reduce(FxHashMap::default, |mut all, some| {
            for (key, (pairs, first)) in some {
                let entry = all.entry(key).or_default();
                entry.0 += pairs;
                for (all, some) in entry.1.iter_mut().zip(first) {
                    *all += some;
                }
            }
            all
        });
    let mut patterns: Vec<Counted> = found
        .into_iter()
        .map(|((pattern, ceiled), (pairs, first))| Counted {
            pattern,
            ceiled,
            pairs,
            first,
        })
        .collect();
    patterns.sort_unstable_by_key(|counted| (counted.pattern, counted.ceiled));
    RuleSample {
        patterns,
        scale: all as f64 / looked_at.max(1) as f64,
    }
}
