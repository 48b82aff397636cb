//! The descriptions that speak for a person, and how well they hang together.
//!
//! A person with many descriptions is compared by [`SPOKESMEN`] of them: distinct in what they say,
//! and as different from each other as may be. When one too many comes, two that are most alike are
//! found and the older of them speaks no more. Which they are follows from the order in which the
//! descriptions came, and from nothing else.

use linkage::batch::{Clusters, Link, quality};
use linkage::{Frequencies, Model, Prepared, SPOKESMEN, mean_weight};

/// The weakest link alone between two parts of a person that nobody need look at, in bits above the
/// link threshold.
const SURE: f64 = 6.0;

/// Why a pair is for a person to look at: kept with the pair and shown as it is.
pub(crate) mod why {
    pub const ALIKE: &str = "Alike, but not enough to be linked without a person.";
    pub const ROLES: &str = "One is described as a victim, the other as a suspect.";
    pub const OTHERS_DIFFER: &str =
        "These two descriptions match, but the other descriptions of this person do not.";
    pub const BETTER: &str = "It matches two records, and was linked to the one it matches better.";
    pub const BRIDGE: &str = "Only this link holds two parts of the record together.";
    pub const LOOSE: &str =
        "The descriptions of this person agree too little as a whole. This is the weakest link.";
}

/// One description that speaks for a person.
pub(crate) struct Spokesman<I> {
    pub id: I,
    pub prepared: Prepared,
}

/// Descriptions that speak for one person, the oldest first, and their match weights.
pub(crate) struct Sample<I> {
    speaking: Vec<Spokesman<I>>,
    /// By place of either, the higher first: the weights of `speaking[n]` with all before it.
    weights: Vec<Vec<f64>>,
}

/// A pair within a person that a person should look at, and why.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Weak<I> {
    pub low: I,
    pub high: I,
    pub why: &'static str,
}

impl<I: Copy + Ord> Sample<I> {
    pub fn new() -> Sample<I> {
        Sample {
            speaking: Vec::new(),
            weights: Vec::new(),
        }
    }

    /// Adds a description. Gives back the one that does not speak any more: the new one itself when
    /// another says exactly the same.
    pub fn add(
        &mut self,
        model: &Model,
        names: &impl Frequencies,
        id: I,
        prepared: &Prepared,
    ) -> Option<I> {
        if self.speaking.iter().any(|s| s.prepared == *prepared) {
            return Some(id);
        }
        let with = |s: &Spokesman<I>| model.compare(prepared, &s.prepared, names).weight;
        self.weights.push(self.speaking.iter().map(with).collect());
        self.speaking.push(Spokesman {
            id,
            prepared: prepared.clone(),
        });
        (self.speaking.len() > SPOKESMEN).then(|| self.drop_one())
    }

    /// Takes the older of the two most alike away; of pairs equally alike, of the oldest.
    fn drop_one(&mut self) -> I {
        let mut place = 0;
        let mut most = f64::NEG_INFINITY;
        for row in &self.weights {
            for (older, weight) in row.iter().enumerate() {
                if *weight > most {
                    (place, most) = (older, *weight);
                }
            }
        }
        self.weights.remove(place);
        for row in self.weights.iter_mut().skip(place) {
            row.remove(place);
        }
        self.speaking.remove(place).id
    }

    pub fn ids(&self) -> impl Iterator<Item = I> + '_ {
        self.speaking.iter().map(|s| s.id)
    }

    pub fn speaking(&self) -> &[Spokesman<I>] {
        &self.speaking
    }

    /// The pairs to look at: links without which the descriptions fall into two, where that link is
    /// not very strong; and the weakest link of a person whose descriptions agree too little.
    pub fn weak(&self, model: &Model) -> Vec<Weak<I>> {
        let count = self.speaking.len();
        if count < 3 {
            return Vec::new();
        }
        let bar = model.link_threshold();
        let mut links = Vec::new();
        for (other, row) in (0_u32..).zip(&self.weights) {
            for (one, weight) in (0_u32..).zip(row) {
                if *weight >= bar {
                    #[expect(clippy::cast_possible_truncation, reason = "bits, not digits")]
                    let weight = *weight as f32;
                    links.push(Link { one, other, weight });
                }
            }
        }
        let whole = Clusters {
            of: vec![0; count],
            refused: Vec::new(),
        };
        let bridges = quality(&whole, &links).into_iter().flat_map(|q| q.bridges);
        let mut found: Vec<Weak<I>> = bridges
            .filter(|bridge| f64::from(bridge.weight) < bar + SURE)
            .filter_map(|bridge| self.pair(bridge, why::BRIDGE))
            .collect();
        let all = self.weights.iter().flatten().copied();
        if found.is_empty() && mean_weight(all).is_some_and(|mean| mean < bar) {
            let weakest = links
                .into_iter()
                .min_by(|a, b| a.weight.total_cmp(&b.weight));
            found.extend(weakest.and_then(|link| self.pair(link, why::LOOSE)));
        }
        found
    }

    fn pair(&self, link: Link, why: &'static str) -> Option<Weak<I>> {
        let id = |place: u32| Some(self.speaking.get(usize::try_from(place).ok()?)?.id);
        let (one, other) = (id(link.one)?, id(link.other)?);
        Some(Weak {
            low: one.min(other),
            high: one.max(other),
            why,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> Model {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../policy/intake/linkage.toml"
        );
        Model::from_toml(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    fn said(model: &Model, phone: &str) -> Prepared {
        model.prepare(&[
            ("forename", "Rowan"),
            ("surname", "Thistlewood"),
            ("date_of_birth", "1990-04-05"),
            ("phone", phone),
        ])
    }

    #[test]
    fn who_speaks_says_different_things_and_the_older_of_two_alike_gives_way() {
        let model = model();
        let mut sample = Sample::new();
        let add = |sample: &mut Sample<u32>, id: u32, phone: &str| {
            sample.add(&model, &(), id, &said(&model, phone))
        };
        let phones = ["10", "22", "34", "46", "58", "61"].map(|n| format!("07700 9001{n}"));
        for (id, phone) in (0..).zip(&phones) {
            assert_eq!(add(&mut sample, id, phone), None);
        }
        // Says what 3 said.
        assert_eq!(add(&mut sample, 6, &phones[3]), Some(6));
        // One slip from 2: these two are the most alike of all.
        assert_eq!(add(&mut sample, 7, "07700 900135"), Some(2));
        assert_eq!(sample.ids().collect::<Vec<_>>(), [0, 1, 3, 4, 5, 7]);
        assert_eq!(sample.speaking().len(), SPOKESMEN);
        // All are of one name and day of birth: nothing is weak.
        assert!(sample.weak(&model).is_empty());
    }

    #[test]
    fn a_person_who_agrees_too_little_as_a_whole_is_told_by_the_weakest_link() {
        let model = model();
        // Weights as they might have come about: every link stands in a ring.
        let spokesman = |id: u32| Spokesman {
            id,
            prepared: said(&model, ""),
        };
        let sample = Sample {
            speaking: (0..4).map(spokesman).collect(),
            weights: vec![vec![], vec![12.0], vec![-4.0, 11.0], vec![9.0, -4.0, 10.0]],
        };
        let weak = Weak {
            low: 0,
            high: 3,
            why: why::LOOSE,
        };
        assert_eq!(sample.weak(&model), [weak]);
    }
}
