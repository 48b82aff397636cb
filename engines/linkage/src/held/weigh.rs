//! The match weight of two records that are held, given up as soon as it cannot reach a cut.

use super::column::Column;
use crate::damping::value_share;
use crate::model::{Comparison, Model};
use crate::score::taken_by_related;
use crate::sheet::Row;

/// The comparisons of a model in the order they are made.
pub(super) struct Scale {
    /// Places in the model.
    order: Vec<usize>,
    /// By place in `order`: the most bits that this comparison and all after it can add.
    most_left: Vec<f64>,
    /// The same, against related people.
    most_left_related: Vec<f64>,
}

/// How many records there are to reckon frequencies by.
#[derive(Clone, Copy)]
pub(super) struct Crowd {
    pub(super) held: u64,
    pub(super) assumed: u64,
}

impl Scale {
    pub(super) fn new(model: &Model) -> Self {
        let mut order: Vec<usize> = (0..model.comparisons.len()).collect();
        // First what is likeliest to end the matter for the least work.
        let ends = |at: &usize| {
            let comparison = &model.comparisons[*at];
            reach(model, comparison) / cost(comparison)
        };
        order.sort_by(|a, b| ends(b).total_cmp(&ends(a)));
        let mut most_left = vec![0.0; order.len() + 1];
        let mut most_left_related = vec![0.0; order.len() + 1];
        for (at, place) in order.iter().enumerate().rev() {
            let comparison = &model.comparisons[*place];
            let levels = &comparison.levels;
            let most = levels.iter().map(|level| level.weight).fold(0.0, f64::max);
            let rare = comparison.frequency_most.unwrap_or(0.0).max(0.0);
            most_left[at] = most_left[at + 1] + most + rare;
            let most = levels
                .iter()
                .map(|level| level.against_related)
                .fold(0.0, f64::max);
            most_left_related[at] = most_left_related[at + 1] + most;
        }
        Self {
            order,
            most_left,
            most_left_related,
        }
    }

    /// The match weight in bits, or nothing when it lies below `cut`. Symmetric; the same as
    /// [`Model::compare`] gives, up to rounding.
    pub(super) fn weight(
        &self,
        model: &Model,
        crowd: Crowd,
        a: Row<'_, Column>,
        b: Row<'_, Column>,
        cut: f64,
    ) -> Option<f64> {
        let mut weight = model.prior_weight;
        // Far above any sum where the model knows no related people.
        let mut against_related = model.related_weight.unwrap_or(1e6);
        let mut differing = 0_u64;
        for (at, place) in self.order.iter().enumerate() {
            if weight + self.most_left[at] < cut
                || against_related + self.most_left_related[at] < cut
            {
                return None;
            }
            let comparison = &model.comparisons[*place];
            let Some(reached) = comparison.reached(a, b) else {
                continue;
            };
            let level = &comparison.levels[reached];
            weight += level.weight;
            against_related += level.against_related;
            if level.tests.is_empty() {
                differing |= 1 << (place & 63);
            }
            if level.exact
                && let Some(most) = comparison.frequency_most
            {
                let column = comparison.columns[0];
                let seen = a.columns[column].rarest_shared(a.cells[column], b.cells[column]);
                weight += seen.map_or(0.0, |seen| {
                    let share = value_share(crowd.held, crowd.assumed, u64::from(seen));
                    (level.u / share).log2().min(most)
                });
            }
        }
        weight += taken_by_related(weight, against_related);
        if weight < cut {
            return None;
        }
        for ceiling in &model.ceilings {
            if ceiling.at_most < weight
                && ceiling.applies(a, b, |at| differing >> (at & 63) & 1 == 1)
            {
                weight = ceiling.at_most;
            }
        }
        (weight >= cut).then_some(weight)
    }
}

/// How far apart the best and worst outcomes lie, in bits, where it matters most.
fn reach(model: &Model, comparison: &Comparison) -> f64 {
    let bits = comparison
        .levels
        .iter()
        .map(|level| match model.related_weight {
            Some(_) => level.against_related,
            None => level.weight,
        });
    bits.clone().fold(0.0, f64::max) - bits.fold(0.0, f64::min)
}

/// What a comparison costs, roughly, one of plain values being 1.
fn cost(comparison: &Comparison) -> f64 {
    use crate::condition::TestKind as Kind;
    let tests = comparison.levels.iter().flat_map(|level| &level.tests);
    tests
        .map(|test| match test.kind {
            Kind::JaroWinkler | Kind::Soundex => 8.0,
            Kind::Words | Kind::SharesWord | Kind::Nickname | Kind::Swapped => 2.0,
            _ => 1.0,
        })
        .fold(1.0, f64::max)
}
