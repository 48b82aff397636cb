//! Which blocking rules to keep: those that find the most true pairs for the fewest comparisons.
//!
//! No labels are needed. A model estimated on all candidate rules says of each sampled pair how
//! likely it matches; how many rules could have brought the pair up says how many like it there are
//! (Horvitz and Thompson, "A Generalization of Sampling Without Replacement From a Finite
//! Universe", 1952).

use rayon::prelude::*;

use crate::batch::sample::scatter;
use crate::batch::{Between, Linkage};
use crate::model::Model;

/// Pairs looked at for each candidate rule.
const PAIRS: u64 = 20_000;
/// A further rule must find at least this share of all matches anew.
const WORTHWHILE: f64 = 0.000_3;
/// Bits from which a pair is looked at as a possible match.
const POSSIBLE: f64 = -6.0;

/// A sampled pair.
struct Seen {
    /// The candidate rules that find it, one bit each.
    by: u128,
    /// How many pairs it stands for.
    stands_for: f64,
    matches: f64,
}

/// The rules to keep, in the order they were chosen, with the share of matches found so far and the
/// pairs looked at so far.
pub(crate) struct Chosen {
    pub(crate) rules: Vec<(usize, f64, f64)>,
}

/// Chooses among the candidate rules that `linkage` was blocked with; at most `budget` pairs.
pub(crate) fn choose(linkage: &Linkage<'_>, model: &Model, budget: f64, between: Between) -> Chosen {
    let seen = look(linkage, model, between);
    let pairs: Vec<f64> = linkage.pairs().iter().map(|pairs| *pairs as f64).collect();
    let all: f64 = seen.iter().map(|seen| seen.matches * seen.stands_for).sum();
    let mut kept: u128 = 0;
    let mut spent = 0.0;
    let mut found = 0.0;
    let mut rules = Vec::new();
    loop {
        let mut gains = vec![0.0; pairs.len()];
        let mut costs = vec![0.0; pairs.len()];
        for seen in seen.iter().filter(|seen| seen.by & kept == 0) {
            let mut by = seen.by;
            while by != 0 {
                let rule = by.trailing_zeros() as usize;
                by &= by - 1;
                gains[rule] += seen.matches * seen.stands_for;
                costs[rule] += seen.stands_for;
            }
        }
        let best = (0..pairs.len())
            .filter(|rule| kept >> rule & 1 == 0)
            .filter(|rule| gains[*rule] >= WORTHWHILE * all && spent + costs[*rule] <= budget)
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
    Chosen { rules }
}

/// Looks at some pairs of every candidate rule.
fn look(linkage: &Linkage<'_>, model: &Model, between: Between) -> Vec<Seen> {
    let rules = linkage.pairs().len();
    let one_in: Vec<u64> = linkage.pairs().iter().map(|pairs| (pairs / PAIRS).max(1)).collect();
    let of_rule = |rule: usize| {
        let kernel = linkage.kernel(model);
        let mut memory = kernel.memory();
        let mut seen = Vec::new();
        let blocks = linkage.blocks();
        for block in 0..blocks.count(rule) {
            if !scatter((rule as u64) << 40 ^ block as u64 ^ 0x5eed).is_multiple_of(one_in[rule]) {
                continue;
            }
            let units = blocks.units(rule, block);
            for (at, one) in units.iter().enumerate() {
                for other in &units[at + 1..] {
                    if !linkage.may_pair(between, *one, *other) {
                        continue;
                    }
                    let by = blocks.finders(rules, *one, *other).fold(0, |by: u128, rule| by | 1 << rule);
                    let by = by | 1 << rule;
                    let chances: f64 = (0..rules)
                        .filter(|rule| by >> rule & 1 == 1)
                        .map(|rule| 1.0 / one_in[rule] as f64)
                        .sum();
                    let weight = kernel.weight(&mut memory, *one, *other, POSSIBLE);
                    let matches = weight.map_or(0.0, |weight| 1.0 / (1.0 + (-weight).exp2()));
                    seen.push(Seen { by, stands_for: 1.0 / chances, matches });
                }
            }
        }
        seen
    };
    (0..rules).into_par_iter().flat_map_iter(of_rule).collect()
}
