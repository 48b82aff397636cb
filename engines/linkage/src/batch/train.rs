//! Parameters without labels: u from pairs taken at random, m by expectation maximisation over the
//! blocks of each rule, the prior from the matches found and an estimate of those that were not.
//!
//! A rule says nothing about the comparisons of the columns it blocks on, so each m is learnt from
//! the rules that leave its columns free (as in Winkler, "Using the EM Algorithm for Weight
//! Computation in the Fellegi-Sunter Model of Record Linkage", 1988; one latent class over all
//! rules, with a share of matches for each).

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Population;
use super::blocks::{Between, Blocks};
use super::kernel::Kernel;
use super::sample::{self, RuleSample, unpack};
use crate::model::{Model, Rates};
use crate::sheet::Distinct as _;

/// Pairs taken at random.
pub(crate) const RANDOM_PAIRS: u64 = 200_000;
/// Pairs taken out of each rule's blocks.
const BLOCK_PAIRS: u64 = 40_000;
/// Pairs taken out of the blocks of all rules together, at most.
const ALL_BLOCK_PAIRS: u64 = 500_000;
/// Rounds of expectation maximisation at most.
const ROUNDS: usize = 60;
/// It has settled when no m moves by more.
const SETTLED: f64 = 0.000_1;
/// What the model's own m counts for, in matches: keeps a level that was never met possible.
pub(super) const BELIEF: f64 = 8.0;
/// What a level that was never met counts for beside that, in matches: not having met it says how
/// rare it is, and no more.
const UNSEEN: f64 = 0.5;
/// Relatives share what a comparison is about when they reach its first level at least this often,
/// by how often the same person does.
const SHARED: f64 = 0.3;
/// No m and no u is smaller: nothing is impossible in people's records.
const LEAST: f64 = 1e-9;

/// What training found. See [`Model::with`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parameters {
    /// The probability that two records taken at random match.
    pub prior: f64,
    /// The probability that two records taken at random are of two related people.
    pub related: f64,
    /// For each comparison of the model, for each level, how often it is reached.
    pub levels: Vec<Vec<Rates>>,
    /// For each rule, the share of its pairs that match, and that are of related people.
    pub shares: Vec<(f64, f64)>,
    /// Matching pairs that the rules find, and those they are thought to miss.
    pub found: f64,
    /// See `found`.
    pub missed: f64,
}

/// Estimates the parameters of a kernel's model on its population.
pub(crate) fn train(kernel: &Kernel<'_>, blocks: &Blocks, between: Between) -> Parameters {
    let model = kernel.model;
    let block_pairs = (ALL_BLOCK_PAIRS / model.rules.len() as u64).min(BLOCK_PAIRS);
    let samples: Vec<RuleSample> = (0..model.rules.len())
        .into_par_iter()
        .map(|rule| sample::of_rule(kernel, blocks, rule, block_pairs, between))
        .collect();
    estimate(kernel, &samples, RANDOM_PAIRS, between)
}

/// Estimates the parameters from pairs of each rule's blocks, and u from `random` pairs.
pub(crate) fn estimate(
    kernel: &Kernel<'_>,
    samples: &[RuleSample],
    random: u64,
    between: Between,
) -> Parameters {
    let (model, people) = (kernel.model, kernel.people);
    // A small table has no more to tell.
    let units = people.units() as u64;
    let u: Vec<Vec<f64>> = sample::at_random(kernel, random.min(4 * units * units), between)
        .iter()
        .enumerate()
        .map(|(comparison, counts)| u_of(kernel, comparison, counts))
        .collect();
    let mut em = Em {
        model,
        samples,
        free: free(model),
        rates: rates_of(model, &u),
        knows_related: model.related_weight.is_some(),
        shares: vec![(0.1, 0.05); samples.len()],
    };
    for _ in 0..ROUNDS {
        if em.round() < SETTLED {
            break;
        }
    }
    let (found, missed, related) = em.matches();
    let units = people.units() as f64;
    let pairs = (units * (units - 1.0) / 2.0).max(1.0);
    Parameters {
        prior: ((found + missed) / pairs).clamp(1e-12, 0.5),
        related: (related / pairs).clamp(1e-15, 0.5),
        levels: em.rates,
        shares: em.shares,
        found,
        missed,
    }
}

/// Where estimation begins: m and r of the model, u as counted. An r that the model gives as its u
/// follows the u that was counted, and no other lies below it: relatives do not agree less often
/// than strangers.
fn rates_of(model: &Model, u: &[Vec<f64>]) -> Vec<Vec<Rates>> {
    let of = |(comparison, u): (&crate::model::Comparison, &Vec<f64>)| {
        let follows = |(level, u): (&crate::model::Level, &f64)| {
            if level.r == level.u {
                *u
            } else {
                level.r.max(*u)
            }
        };
        let mut r: Vec<f64> = comparison.levels.iter().zip(u).map(follows).collect();
        // What was added is taken from `else`.
        let agreed: f64 = r[..r.len() - 1].iter().sum();
        if let Some(last) = r.last_mut() {
            *last = (1.0 - agreed).max(LEAST);
        }
        normalised(&mut r);
        let levels = comparison.levels.iter().zip(u).zip(r);
        levels
            .map(|((level, u), r)| Rates {
                m: level.m,
                u: *u,
                r,
            })
            .collect()
    };
    model.comparisons.iter().zip(u).map(of).collect()
}

/// For each rule, which comparisons it leaves free: those that read none of its columns.
fn free(model: &Model) -> Vec<Vec<bool>> {
    let of = |rule: &crate::blocking::Rule| {
        let blocked: Vec<usize> = rule.columns().collect();
        let is_free = |comparison: &crate::model::Comparison| {
            !comparison
                .columns
                .iter()
                .any(|column| blocked.contains(column))
        };
        model.comparisons.iter().map(is_free).collect()
    };
    model.rules.iter().map(of).collect()
}

/// u of each level of a comparison, of how often random pairs reached it.
fn u_of(kernel: &Kernel<'_>, comparison: usize, counts: &[u64]) -> Vec<f64> {
    let levels = &kernel.model.comparisons[comparison].levels;
    let all: u64 = counts.iter().sum();
    // A level that no random pair reached is rarer than one in as many pairs: half of one.
    let mut u: Vec<f64> = counts
        .iter()
        .map(|count| (*count as f64 + 0.5) / (all as f64 + 0.5 * levels.len() as f64))
        .collect();
    let column = kernel.model.comparisons[comparison].columns[0];
    if levels[0].exact
        && let Some(exact) = agreement(kernel.people, column)
    {
        u[0] = exact;
    }
    normalised(&mut u);
    u
}

/// How often two different records agree on a column, counted and not sampled. `None` for a column
/// with several values to a cell, or one that is empty.
fn agreement(people: &Population, column: usize) -> Option<f64> {
    let pool = &people.pools[column];
    if !pool.is_single() {
        return None;
    }
    let counts = pool.counts.iter().skip(1).map(|count| f64::from(*count));
    let (all, same) = counts.fold((0.0, 0.0), |(all, same), count| {
        (all + count, same + count * (count - 1.0))
    });
    (all > 1.0).then(|| same / (all * (all - 1.0)))
}

/// Makes shares add up to 1, none below [`LEAST`].
pub(super) fn normalised(shares: &mut [f64]) {
    let sum: f64 = shares.iter().map(|share| share.max(LEAST)).sum();
    for share in shares {
        *share = share.max(LEAST) / sum;
    }
}

struct Em<'a> {
    model: &'a Model,
    samples: &'a [RuleSample],
    free: Vec<Vec<bool>>,
    rates: Vec<Vec<Rates>>,
    knows_related: bool,
    /// For each rule, the share of its pairs that match, and that are of related people.
    shares: Vec<(f64, f64)>,
}

impl Em<'_> {
    /// One round; the largest change of any m.
    fn round(&mut self) -> f64 {
        let begun: Vec<Vec<f64>> = self
            .rates
            .iter()
            .map(|levels| vec![0.0; levels.len()])
            .collect();
        let (mut same, mut related) = (begun.clone(), begun);
        let mut shares = Vec::with_capacity(self.samples.len());
        for (rule, sample) in self.samples.iter().enumerate() {
            let mut sums = (0.0, 0.0, 0.0);
            for counted in &sample.patterns {
                let count = f64::from(counted.pairs);
                let (m, r) = self.posterior(rule, counted);
                sums = (sums.0 + count, sums.1 + count * m, sums.2 + count * r);
                for comparison in 0..same.len() {
                    if self.free[rule][comparison]
                        && let Some(level) = unpack(counted.pattern, comparison)
                    {
                        same[comparison][level] += count * m;
                        related[comparison][level] += count * r;
                    }
                }
            }
            // A little belief in either, so that a rule that found nothing stays possible.
            let share = |sum: f64| (sum + 0.05) / (sums.0 + 1.0);
            shares.push((share(sums.1), share(sums.2)));
        }
        self.shares = shares;
        self.settle(same, related)
    }

    /// Takes over what a round counted; the largest change of any m.
    fn settle(&mut self, same: Vec<Vec<f64>>, related: Vec<Vec<f64>>) -> f64 {
        let mut change: f64 = 0.0;
        let counted = same.into_iter().zip(related);
        let believed = self.model.comparisons.iter();
        for ((levels, (mut same, mut related)), believed) in
            self.rates.iter_mut().zip(counted).zip(believed)
        {
            for (at, level) in believed.levels.iter().enumerate() {
                same[at] += BELIEF * level.m + UNSEEN;
                related[at] += BELIEF * level.r + UNSEEN;
            }
            normalised(&mut same);
            normalised(&mut related);
            // What tells relatives apart is believed and not learnt: else where there are none,
            // "related" would come to mean one half of the matches.
            let first = &believed.levels[0];
            let shared = first.r >= SHARED * first.m;
            for (at, level) in levels.iter_mut().enumerate() {
                change = change.max((level.m - same[at]).abs());
                level.m = same[at];
                if shared {
                    level.r = related[at];
                }
            }
        }
        change
    }

    /// The probabilities that a pair of a rule's block with this pattern matches, and that it is of
    /// related people.
    fn posterior(&self, rule: usize, counted: &sample::Counted) -> (f64, f64) {
        let (mut m, mut r) = self.shares[rule];
        let mut u = (1.0 - m - r).max(1e-9);
        if counted.ceiled {
            m = 0.0;
        }
        if !self.knows_related {
            r = 0.0;
        }
        for (comparison, levels) in self.rates.iter().enumerate() {
            if self.free[rule][comparison]
                && let Some(level) = unpack(counted.pattern, comparison)
            {
                m *= levels[level].m;
                u *= levels[level].u;
                r *= levels[level].r;
            }
        }
        let all = m + u + r;
        (m / all, r / all)
    }

    /// Matching pairs that the rules find together, how many they are thought to miss, and pairs of
    /// related people that they find. Where `one` matches were found by one rule only and `two` by
    /// two, at least one²/(2 two) were found by none (Chao, "Nonparametric Estimation of the Number
    /// of Classes in a Population", 1984).
    fn matches(&self) -> (f64, f64, f64) {
        let mut by = [0.0; 3];
        let mut related = 0.0;
        for (rule, sample) in self.samples.iter().enumerate() {
            for counted in &sample.patterns {
                let (m, r) = self.posterior(rule, counted);
                for (by, first) in by.iter_mut().zip(counted.first) {
                    *by += m * sample.scale * f64::from(first);
                    related += r * sample.scale * f64::from(first);
                }
            }
        }
        let found: f64 = by.iter().sum();
        let missed = (by[0] * by[0] / (2.0 * by[1].max(1.0))).min(found);
        (found, missed, related)
    }
}
