//! The blocking rules worth looking at, put together from parts: one part where it is fine enough,
//! two where one is too coarse, three where two are.

use rayon::prelude::*;

use super::parts::{MOST_PARTS, Parts, Shared};
use crate::batch::HOT;
use crate::blocking::Part;

/// Units whose keys are counted to tell what a rule costs.
const COUNTED: usize = 30_000;
/// The most rules that are looked at.
const TRIED: usize = 120;
/// A rule that costs this share of the budget is as good as free: none finer is needed.
const FREE: f64 = 0.03;

/// A rule and the pairs that it is thought to look at.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    /// Its parts by place, ascending.
    pub(crate) parts: Vec<usize>,
    pub(crate) pairs: f64,
}

impl Candidate {
    /// Its parts, one bit each.
    pub(crate) fn mask(&self) -> Shared {
        self.parts.iter().fold(0, |mask, part| mask | 1 << part)
    }
}

/// Rules that look at some pairs and at no more than `budget`; none that a coarser one makes
/// needless. `sampled`: the share of all records that are at hand.
pub(crate) fn candidates(
    known: &[&Part],
    parts: &Parts,
    budget: f64,
    sampled: f64,
) -> Vec<Candidate> {
    let known = &known[..known.len().min(MOST_PARTS)];
    let costed = |rules: Vec<Vec<usize>>| -> Vec<Candidate> {
        let costed = rules.into_par_iter().map(|rule| Candidate {
            pairs: pairs_of(parts, &rule, sampled),
            parts: rule,
        });
        costed.collect()
    };
    let free = FREE * budget;
    let mut kept = Vec::new();
    // What is still worth a further part.
    let ones: Vec<Candidate> = costed((0..known.len()).map(|part| vec![part]).collect());
    let coarse: Vec<usize> = ones
        .iter()
        .filter(|rule| rule.pairs > free)
        .map(|rule| rule.parts[0])
        .collect();
    kept.extend(ones.into_iter().filter(|rule| rule.pairs <= budget));
    let apart = |one: usize, other: usize| !known[one].overlaps(known[other]);
    let mut of_two = Vec::new();
    for (at, one) in coarse.iter().enumerate() {
        let others = coarse[at + 1..].iter().filter(|other| apart(*one, **other));
        of_two.extend(others.map(|other| vec![*one, *other]));
    }
    let (affordable, dear): (Vec<Candidate>, Vec<Candidate>) = costed(of_two)
        .into_iter()
        .partition(|rule| rule.pairs <= budget);
    kept.extend(affordable);
    // Three parts only where every two of them are too coarse.
    let is_dear = |one: usize, other: usize| dear.iter().any(|rule| rule.parts == [one, other]);
    let mut of_three = Vec::new();
    for rule in &dear {
        let (one, other) = (rule.parts[0], rule.parts[1]);
        let thirds = coarse.iter().filter(|third| **third > other);
        let thirds = thirds.filter(|third| is_dear(one, **third) && is_dear(other, **third));
        of_three.extend(thirds.map(|third| vec![one, other, *third]));
    }
    kept.extend(
        costed(of_three)
            .into_iter()
            .filter(|rule| rule.pairs <= budget),
    );
    kept.retain(|rule| rule.pairs > 0.0);
    needed(kept, known, free)
}

/// Leaves out rules that find no more than another that costs little or hardly more. Of too many,
/// the coarser stay: they find what the finer ones find.
fn needed(mut rules: Vec<Candidate>, known: &[&Part], free: f64) -> Vec<Candidate> {
    rules.sort_by(|a, b| {
        b.pairs
            .total_cmp(&a.pairs)
            .then_with(|| a.parts.cmp(&b.parts))
    });
    let finds_all_of = |coarse: &Candidate, fine: &Candidate| {
        let implied = |part: &usize| {
            fine.parts
                .iter()
                .any(|finer| known[*finer].implies(known[*part]))
        };
        coarse.parts.iter().all(implied)
    };
    let mut kept: Vec<Candidate> = Vec::new();
    for rule in rules {
        let needless = kept.iter().any(|coarse| {
            (coarse.pairs <= free || coarse.pairs <= 1.5 * rule.pairs)
                && finds_all_of(coarse, &rule)
        });
        if !needless {
            kept.push(rule);
        }
    }
    kept.truncate(TRIED);
    kept.reverse();
    kept
}

/// The pairs that a rule would look at, estimated from some of the units.
fn pairs_of(parts: &Parts, rule: &[usize], sampled: f64) -> f64 {
    let step = parts.units().div_ceil(COUNTED).max(1);
    let mut keys = Vec::with_capacity(parts.units() / step + 1);
    for unit in (0..parts.units()).step_by(step) {
        parts.each(rule, unit as u32, |key| keys.push(key));
    }
    keys.sort_unstable();
    let step = step as f64;
    // Blocks grow with the table; what is compared of a hot one grows no faster than it does.
    let most = HOT as f64 * sampled / 2.0;
    let pairs = |run: &[u64]| {
        let units = run.len() as f64;
        (units * (units - 1.0) / 2.0 * step * step).min(units * step * most)
    };
    keys.chunk_by(|a, b| a == b).map(pairs).sum()
}
