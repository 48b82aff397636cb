//! Training and judging with labels: records of which it is known who they are of.

use rustc_hash::FxHashMap;

use super::kernel::{Levels, MISSING};
use super::train::{BELIEF, normalised};
use super::{Assigned, Link, Linkage, Parameters};

/// Pairs of one labelled person that are counted at most: one with a thousand records must not
/// outweigh all others.
const PAIRS: usize = 45;

/// Pairwise quality: of the pairs said to be the same, the share that are, and the reverse.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairQuality {
    /// Match weight, in bits, from which pairs were taken; not a number for clusters.
    pub weight: f64,
    /// Share of pairs taken that are of one person.
    pub precision: f64,
    /// Share of the pairs of one person that were taken.
    pub recall: f64,
}

impl PairQuality {
    /// The harmonic mean of precision and recall.
    pub fn f1(&self) -> f64 {
        let sum = self.precision + self.recall;
        if sum > 0.0 {
            2.0 * self.precision * self.recall / sum
        } else {
            0.0
        }
    }
}

impl Linkage<'_> {
    /// Estimates as [`Linkage::train`] does, with m counted on labelled pairs. `entities`: by row,
    /// the number of who the record is of; `None` where it is not known.
    pub fn train_on(&self, entities: &[Option<u32>]) -> Parameters {
        let mut parameters = self.train();
        let kernel = self.kernel(&self.model);
        let mut memory = kernel.memory();
        let mut levels = Levels::new();
        let mut counts: Vec<Vec<f64>> = self
            .model
            .comparisons
            .iter()
            .map(|comparison| {
                comparison
                    .levels
                    .iter()
                    .map(|level| BELIEF * level.m)
                    .collect()
            })
            .collect();
        let (mut pairs, mut labelled) = (0.0, 0.0);
        for units in self.units_by_entity(entities).values() {
            labelled += units.len() as f64;
            pairs += units.len() as f64 * (units.len() as f64 - 1.0) / 2.0;
            let all = units.iter().enumerate();
            let beside =
                all.flat_map(|(at, one)| units[at + 1..].iter().map(move |other| (one, other)));
            for (one, other) in beside.take(PAIRS) {
                kernel.levels(&mut memory, *one, *other, &mut levels);
                for (counts, level) in counts.iter_mut().zip(&levels) {
                    if *level != MISSING {
                        counts[usize::from(*level)] += 1.0;
                    }
                }
            }
        }
        for (rates, mut counts) in parameters.levels.iter_mut().zip(counts) {
            normalised(&mut counts);
            rates
                .iter_mut()
                .zip(counts)
                .for_each(|(rates, m)| rates.m = m);
        }
        if labelled == self.people.units() as f64 && pairs > 0.0 {
            parameters.prior = pairs / (labelled * (labelled - 1.0) / 2.0);
        }
        parameters
    }

    /// The distinct units of each labelled person, ascending.
    fn units_by_entity(&self, entities: &[Option<u32>]) -> FxHashMap<u32, Vec<u32>> {
        let mut by_entity: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for (row, entity) in entities.iter().enumerate() {
            if let Some(entity) = entity {
                by_entity
                    .entry(*entity)
                    .or_default()
                    .push(self.people.unit(row));
            }
        }
        for units in by_entity.values_mut() {
            units.sort_unstable();
            units.dedup();
        }
        by_entity
    }

    /// Precision and recall of links at falling thresholds, a tenth of a bit apart at least, over
    /// pairs of labelled records that differ.
    pub fn precision_and_recall(
        &self,
        entities: &[Option<u32>],
        links: &[Link],
    ) -> Vec<PairQuality> {
        let by_entity = self.units_by_entity(entities);
        let mut entity_of: FxHashMap<u32, u32> = FxHashMap::default();
        let mut all = 0_u64;
        for (entity, units) in &by_entity {
            all += units.len() as u64 * (units.len() as u64 - 1) / 2;
            entity_of.extend(units.iter().map(|unit| (*unit, *entity)));
        }
        let known =
            |link: &&Link| entity_of.contains_key(&link.one) && entity_of.contains_key(&link.other);
        let mut links: Vec<&Link> = links.iter().filter(known).collect();
        links.sort_by(|a, b| b.weight.total_cmp(&a.weight));
        let (mut said, mut right) = (0.0, 0.0);
        let mut curve: Vec<PairQuality> = Vec::new();
        for link in links {
            said += 1.0;
            if entity_of[&link.one] == entity_of[&link.other] {
                right += 1.0;
            }
            let point = PairQuality {
                weight: f64::from(link.weight),
                precision: right / said,
                recall: right / (all.max(1) as f64),
            };
            match curve.last_mut() {
                Some(last) if last.weight - point.weight < 0.1 => {
                    *last = PairQuality {
                        weight: last.weight,
                        ..point
                    }
                }
                _ => curve.push(point),
            }
        }
        curve
    }

    /// Precision and recall of clusters over all pairs of labelled records.
    pub fn quality_of_clusters(
        &self,
        entities: &[Option<u32>],
        assigned: &Assigned,
    ) -> PairQuality {
        let mut said: FxHashMap<u32, u64> = FxHashMap::default();
        let mut are: FxHashMap<u32, u64> = FxHashMap::default();
        let mut both: FxHashMap<(u32, u32), u64> = FxHashMap::default();
        for (lead, entity) in assigned.lead.iter().zip(entities) {
            if let Some(entity) = entity {
                *said.entry(*lead).or_insert(0) += 1;
                *are.entry(*entity).or_insert(0) += 1;
                *both.entry((*lead, *entity)).or_insert(0) += 1;
            }
        }
        let pairs = |counts: &mut dyn Iterator<Item = u64>| -> f64 {
            counts.map(|n| n * (n - 1) / 2).sum::<u64>() as f64
        };
        let right = pairs(&mut both.values().copied());
        PairQuality {
            weight: f64::NAN,
            precision: right / pairs(&mut said.values().copied()).max(1.0),
            recall: right / pairs(&mut are.values().copied()).max(1.0),
        }
    }

    /// For some units, spread evenly, the most bits that any record could reach with them: that of
    /// a record which says the same. Who says too little can be linked to nobody.
    pub fn reachable(&self, model: &crate::Model, most: usize) -> Vec<f64> {
        let step = self.people.units().div_ceil(most.max(1)).max(1);
        let kernel = self.kernel(model);
        let mut memory = kernel.memory();
        (0..self.people.units())
            .step_by(step)
            .map(|unit| {
                let unit = unit as u32;
                let weight = kernel.weight(&mut memory, unit, unit, f64::NEG_INFINITY);
                weight.unwrap_or(f64::NEG_INFINITY)
            })
            .collect()
    }
}
