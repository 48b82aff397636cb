//! Which blocking rules to keep: those that find the most true pairs for the fewest comparisons.
//!
//! No labels are needed. A model estimated on all candidate rules says of each sampled pair how
//! likely it matches; how many rules could have brought the pair up says how many like it there are
//! (Hansen and Hurwitz, "On the Theory of Sampling from Finite Populations", 1943).

use std::collections::BTreeMap;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::candidates::Candidate;
use super::parts::{Parts, Shared};
use crate::batch::kernel::{Kernel, Levels};
use crate::batch::sample::{Counted, Pattern, RuleSample, may_pair, pack, scatter};
use crate::batch::{Between, HOT};

/// Pairs passed over in a block for each that is looked at, at most.
const PASSED: f64 = 8.0;
/// A further rule must find at least this share of all matches anew, in a table of [`LARGE`]; a tenth
/// of it in a small one, where a rule costs next to nothing.
const WORTHWHILE: f64 = 0.000_3;
/// Records from which a table is large.
const LARGE: f64 = 100_000.0;
/// Bits from which a pair counts as a possible match. What is unlikelier would not be linked,
/// whatever rule found it.
const POSSIBLE: f64 = -1.0;

/// A set of candidate rules, one bit each.
type By = u128;

/// A sampled pair.
struct Seen {
    one: u32,
    other: u32,
    /// The candidate rules that find it.
    by: By,
    /// How many pairs it stands for.
    stands_for: f64,
}

/// Some pairs of every candidate rule.
pub(crate) struct Look {
    seen: Vec<Seen>,
    /// The same by pattern, to estimate from.
    pub(crate) samples: Vec<RuleSample>,
    /// Pairs that each rule looks at.
    pub(crate) pairs: Vec<f64>,
}

/// One pair in how many is looked at: one block in so many, and one pair of it in so many.
#[derive(Clone, Copy)]
struct OneIn {
    blocks: u64,
    pairs: u64,
}

impl OneIn {
    fn of(pairs: f64, wanted: f64) -> Self {
        let all = (pairs / wanted).max(1.0);
        let blocks = (all / PASSED).max(1.0);
        Self {
            blocks: blocks as u64,
            pairs: (all / blocks.floor()).max(1.0) as u64,
        }
    }

    fn all(self) -> f64 {
        self.blocks as f64 * self.pairs as f64
    }
}

/// Looks at about `wanted` pairs of every candidate rule. `sampled`: the share of all records that
/// are at hand.
pub(crate) fn look(
    kernel: &Kernel<'_>,
    parts: &Parts,
    candidates: &[Candidate],
    wanted: f64,
    (between, sampled): (Between, f64),
) -> Look {
    let looking = Looking {
        kernel,
        parts,
        masks: candidates.iter().map(Candidate::mask).collect(),
        one_in: candidates
            .iter()
            .map(|rule| OneIn::of(rule.pairs, wanted))
            .collect(),
        between,
        hot: ((HOT as f64 * sampled) as usize).max(8),
    };
    let found: Vec<(Vec<Seen>, RuleSample)> = candidates
        .par_iter()
        .enumerate()
        .with_max_len(1)
        .map(|(at, rule)| looking.rule(at, rule))
        .collect();
    let mut look = Look {
        seen: Vec::new(),
        samples: Vec::new(),
        pairs: Vec::new(),
    };
    for (seen, sample) in found {
        look.pairs.push(seen.len() as f64 * sample.scale);
        look.seen.extend(seen);
        look.samples.push(sample);
    }
    look
}

struct Looking<'l> {
    kernel: &'l Kernel<'l>,
    parts: &'l Parts,
    masks: Vec<Shared>,
    one_in: Vec<OneIn>,
    between: Between,
    /// Units from which a block will be hot in the whole table.
    hot: usize,
}

impl Looking<'_> {
    fn rule(&self, at: usize, rule: &Candidate) -> (Vec<Seen>, RuleSample) {
        let one_in = self.one_in[at];
        let others = self.kernel.model.rules[at].unread(self.kernel.people.pools.len());
        let mut memory = self.kernel.memory();
        let mut levels = Levels::new();
        let mut by_shared: FxHashMap<Shared, (By, f64)> = FxHashMap::default();
        let mut counted: FxHashMap<Pattern, (u32, [u32; 3])> = FxHashMap::default();
        let mut seen = Vec::new();
        self.each_pair(&rule.parts, one_in, &others, |one, other| {
            let shared = self.parts.shared(one, other);
            let (by, chance) = *by_shared
                .entry(shared)
                .or_insert_with(|| self.finders(shared));
            let by = by | 1 << at;
            self.kernel.levels(&mut memory, one, other, &mut levels);
            let entry = counted.entry(pack(&levels)).or_default();
            entry.0 += 1;
            if by.trailing_zeros() as usize == at {
                entry.1[(by.count_ones() as usize).clamp(1, 3) - 1] += 1;
            }
            let stands_for = 1.0 / chance.max(1.0 / one_in.all());
            seen.push(Seen {
                one,
                other,
                by,
                stands_for,
            });
        });
        let mut patterns: Vec<Counted> = counted
            .into_iter()
            .map(|(pattern, (pairs, first))| Counted {
                pattern,
                ceiled: false,
                pairs,
                first,
            })
            .collect();
        patterns.sort_unstable_by_key(|counted| counted.pattern);
        (
            seen,
            RuleSample {
                patterns,
                scale: one_in.all(),
            },
        )
    }

    /// The rules that find a pair which shares these parts, and how many samples it is expected in.
    fn finders(&self, shared: Shared) -> (By, f64) {
        let masks = self.masks.iter().zip(&self.one_in).enumerate();
        masks
            .filter(|(_, (mask, _))| **mask & shared == **mask)
            .fold((0, 0.0), |(by, chance), (at, (_, one_in))| {
                (by | 1 << at, chance + 1.0 / one_in.all())
            })
    }

    /// Calls `with` for the sampled pairs of a rule. Of a hot block only those count that agree on a
    /// further column.
    fn each_pair(
        &self,
        rule: &[usize],
        one_in: OneIn,
        others: &[usize],
        mut with: impl FnMut(u32, u32),
    ) {
        let people = self.kernel.people;
        let mut keyed = Vec::new();
        for unit in 0..self.parts.units() as u32 {
            self.parts.each(rule, unit, |key| {
                let key = scatter(key);
                if key.is_multiple_of(one_in.blocks) {
                    keyed.push(key >> 32 << 32 | u64::from(unit));
                }
            });
        }
        keyed.sort_unstable();
        for run in keyed.chunk_by(|a, b| a >> 32 == b >> 32) {
            let hot = run.len() > self.hot;
            for (at, one) in run.iter().enumerate() {
                let one = *one as u32;
                for other in &run[at + 1..] {
                    let other = *other as u32;
                    let passed = !scatter(u64::from(one) << 32 | u64::from(other))
                        .is_multiple_of(one_in.pairs);
                    if passed || !may_pair(people, self.between, one, other) {
                        continue;
                    }
                    let (a, b) = (people.cells(one), people.cells(other));
                    if !hot
                        || others
                            .iter()
                            .any(|column| a[*column] != 0 && a[*column] == b[*column])
                    {
                        with(one, other);
                    }
                }
            }
        }
    }
}

/// Pairs of which the same candidate rules find each.
struct Alike {
    by: By,
    pairs: f64,
    matches: f64,
}

/// Chooses among the candidate rules, whose parameters `kernel` knows; at most `budget` pairs. The
/// rules by place in the order they were chosen, with the share of matches found so far and the
/// pairs looked at so far. `records`: how many there are in all.
pub(crate) fn choose(
    kernel: &Kernel<'_>,
    look: &Look,
    budget: f64,
    records: u64,
) -> Vec<(usize, f64, f64)> {
    let alike = alike(kernel, look);
    let worthwhile = WORTHWHILE * (records as f64 / LARGE).clamp(0.1, 1.0);
    let count = look.pairs.len();
    let all: f64 = alike.iter().map(|alike| alike.matches).sum();
    let mut kept: By = 0;
    let (mut spent, mut found) = (0.0, 0.0);
    let mut rules = Vec::new();
    loop {
        let mut gains = vec![0.0; count];
        let mut costs = vec![0.0; count];
        for alike in alike.iter().filter(|alike| alike.by & kept == 0) {
            let mut by = alike.by;
            while by != 0 {
                let rule = by.trailing_zeros() as usize;
                by &= by - 1;
                gains[rule] += alike.matches;
                costs[rule] += alike.pairs;
            }
        }
        let best = (0..count)
            .filter(|rule| kept >> rule & 1 == 0)
            .filter(|rule| {
                gains[*rule] > 0.0
                    && gains[*rule] >= worthwhile * all
                    && spent + costs[*rule] <= budget
            })
            // A comparison is cheap and a lost match is not: what is found counts for more than
            // what it costs.
            .max_by(|a, b| {
                let worth = |rule: usize| gains[rule] / (costs[rule] + 0.02 * budget);
                worth(*a).total_cmp(&worth(*b))
            });
        let Some(best) = best else { break };
        kept |= 1 << best;
        spent += costs[best];
        found += gains[best];
        rules.push((best, found / all.max(1e-9), spent));
    }
    rules
}

fn alike(kernel: &Kernel<'_>, look: &Look) -> Vec<Alike> {
    const AT_ONCE: usize = 1 << 13;
    let likely = |seen: &[Seen]| -> Vec<f64> {
        let mut memory = kernel.memory();
        let of = |seen: &Seen| {
            let weight = kernel.weight(&mut memory, seen.one, seen.other, POSSIBLE);
            weight.map_or(0.0, crate::probability)
        };
        seen.iter().map(of).collect()
    };
    let likely: Vec<f64> = look
        .seen
        .par_chunks(AT_ONCE)
        .flat_map_iter(likely)
        .collect();
    let mut by: BTreeMap<By, (f64, f64)> = BTreeMap::new();
    for (seen, likely) in look.seen.iter().zip(likely) {
        let entry = by.entry(seen.by).or_default();
        entry.0 += seen.stands_for;
        entry.1 += seen.stands_for * likely;
    }
    by.into_iter()
        .map(|(by, (pairs, matches))| Alike { by, pairs, matches })
        .collect()
}
