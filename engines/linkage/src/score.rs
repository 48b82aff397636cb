//! The match weight of two records, and how it came about.

use serde::Serialize;

use crate::condition::{Measured, TestKind};
use crate::model::{Ceiling, Comparison, Level, Model};
use crate::prepared::Prepared;
use crate::sheet::Record;

/// How common values are, for term-frequency adjustment. `()` knows nothing and adjusts nothing.
pub trait Frequencies {
    /// The share of records (0 to 1) whose value in `column` is `value`, in normal form (see
    /// [`Model::normal_values`]); `None` where it is not known. [`crate::value_share`] makes one of
    /// counts.
    fn share(&self, column: &str, value: &str) -> Option<f64>;
}

impl Frequencies for () {
    fn share(&self, _column: &str, _value: &str) -> Option<f64> {
        None
    }
}

/// Two records compared.
///
/// `weight` is the prior's weight, plus the weight of every part, plus what related people and a
/// ceiling take.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scored<'m> {
    /// Match weight in bits: log2 of the odds that the records describe the same thing.
    pub weight: f64,
    /// The same as a probability.
    pub probability: f64,
    /// What each comparison contributed, in the order of the model.
    pub parts: Vec<Part<'m>>,
    /// Bits taken, below zero, because the records may be of two related people.
    pub related: f64,
    /// The ceiling that held the weight down, if one did.
    pub ceiling: Option<Ceiled<'m>>,
}

/// The contribution of one comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part<'m> {
    /// Name of the comparison.
    pub comparison: &'m str,
    /// Label of the level the pair fell into; `missing` where a value was missing.
    pub level: &'m str,
    /// How often records of the same thing fall into this level; 1 when missing.
    pub m: f64,
    /// How often records of different things do; 1 when missing.
    pub u: f64,
    /// How often records of related people do; 1 when missing.
    pub r: f64,
    /// Match weight in bits: log2(m/u) and the frequency adjustment.
    pub weight: f64,
    /// Bits added (rare value) or taken (common value) by term frequency; included in `weight`.
    pub frequency_adjustment: f64,
    /// Whether both records have values and nothing about them agrees.
    pub differs: bool,
}

/// A ceiling that applied.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ceiled<'m> {
    /// Its name in the model.
    pub name: &'m str,
    /// The bits it took off the weight: below zero.
    pub taken: f64,
}

/// The probability (0 to 1) that stands behind a match weight in bits, which are log2 of odds.
pub fn probability(bits: f64) -> f64 {
    1.0 / (1.0 + (-bits).exp2())
}

/// The match weight in bits of a probability between 0 and 1.
pub fn bits(probability: f64) -> f64 {
    (probability / (1.0 - probability)).log2()
}

impl Model {
    /// Scores two records. The order of the two does not matter.
    pub fn compare(
        &self,
        a: &Prepared,
        b: &Prepared,
        known: &(impl Frequencies + ?Sized),
    ) -> Scored<'_> {
        self.scored(a, b, known)
    }

    pub(crate) fn scored<R: Record>(
        &self,
        a: R,
        b: R,
        known: &(impl Frequencies + ?Sized),
    ) -> Scored<'_> {
        let parts: Vec<Part<'_>> = self
            .comparisons
            .iter()
            .map(|comparison| self.part(comparison, a, b, known))
            .collect();
        let sum = self.prior_weight + parts.iter().map(|part| part.weight).sum::<f64>();
        let related = self.related_weight.map_or(0.0, |prior| {
            let against = parts
                .iter()
                .map(|part| (part.m / part.r).log2())
                .sum::<f64>();
            taken_by_related(sum, prior + against)
        });
        let sum = sum + related;
        let ceiling = self
            .ceilings
            .iter()
            .filter(|ceiling| {
                ceiling.at_most < sum && ceiling.applies(a, b, |at| parts[at].differs)
            })
            .min_by(|a, b| a.at_most.total_cmp(&b.at_most))
            .map(|ceiling| Ceiled {
                name: &ceiling.name,
                taken: ceiling.at_most - sum,
            });
        let weight = sum + ceiling.map_or(0.0, |ceiling| ceiling.taken);
        Scored {
            weight,
            probability: probability(weight),
            parts,
            related,
            ceiling,
        }
    }

    fn part<'m, R: Record>(
        &'m self,
        comparison: &'m Comparison,
        a: R,
        b: R,
        known: &(impl Frequencies + ?Sized),
    ) -> Part<'m> {
        let missing = Part {
            comparison: &comparison.name,
            level: "missing",
            m: 1.0,
            u: 1.0,
            r: 1.0,
            weight: 0.0,
            frequency_adjustment: 0.0,
            differs: false,
        };
        let Some(level) = comparison.reached(a, b).map(|at| &comparison.levels[at]) else {
            return missing;
        };
        let frequency_adjustment = match comparison.frequency_most {
            Some(most) if level.exact => {
                self.adjustment(comparison.columns[0], level.u, most, a, b, known)
            }
            _ => 0.0,
        };
        Part {
            level: &level.label,
            m: level.m,
            u: level.u,
            r: level.r,
            weight: level.weight + frequency_adjustment,
            frequency_adjustment,
            differs: level.tests.is_empty(),
            ..missing
        }
    }

    /// log2(u / share) of the rarest value that both records have: u says how often any value is
    /// shared by chance, the share how often this one is. Rare values gain `most` bits at most,
    /// since a name seen once may be a misspelling; common ones lose what they must.
    fn adjustment<R: Record>(
        &self,
        column: usize,
        u: f64,
        most: f64,
        a: R,
        b: R,
        known: &(impl Frequencies + ?Sized),
    ) -> f64 {
        let name = &self.columns[column].name;
        a.values(column)
            .filter(|value| b.values(column).any(|other| other.equals(*value)))
            .filter_map(|value| known.share(name, value.text()))
            .filter(|share| *share > 0.0 && *share <= 1.0)
            .map(|share| (u / share).log2().min(most))
            .max_by(f64::total_cmp)
            .unwrap_or(0.0)
    }
}

/// What is taken from a weight of `against_others` bits when the same evidence speaks with only
/// `against_related` bits against two related people: odds against either reading add up.
pub(crate) fn taken_by_related(against_others: f64, against_related: f64) -> f64 {
    // -log2(2^-a + 2^-b) - a, written so that nothing overflows.
    -(against_others - against_related).exp2().ln_1p() * std::f64::consts::LOG2_E
}

impl Comparison {
    /// The first level that holds; `None` where no column has a value on both sides. Symmetric.
    pub(crate) fn reached<R: Record>(&self, a: R, b: R) -> Option<usize> {
        let both = |column: &usize| a.has(*column) && b.has(*column);
        if !self.columns.iter().any(both) {
            return None;
        }
        Some(self.reached_from(0, a, b))
    }

    /// The first level that holds from a certain one on.
    pub(crate) fn reached_from<R: Record>(&self, first: usize, a: R, b: R) -> usize {
        let mut measured = Measured::default();
        let holds = |level: &Level| {
            let mut tests = level.tests.iter();
            tests.all(|test| test.holds(a, b, &mut measured))
        };
        // The last level has no tests, so one is always reached.
        let reached = self.levels[first..].iter().position(holds);
        reached.map_or(self.levels.len() - 1, |at| first + at)
    }
}

impl Ceiling {
    /// Whether it applies; `differs` tells whether the comparison with this place reached `else`.
    pub(crate) fn applies<R: Record>(&self, a: R, b: R, differs: impl Fn(usize) -> bool) -> bool {
        let mut measured = Measured::default();
        self.tests.iter().all(|test| match test.kind {
            // `other` was set to the place of the comparison when the model was read.
            TestKind::Differs => differs(test.other) != test.negated,
            _ => test.holds(a, b, &mut measured),
        })
    }
}
