//! Putting the component of links that a new record touches into clusters anew.

use rustc_hash::FxHashMap;

use super::{Held, Moved, NONE};
use crate::batch::Link;
use crate::batch::clusters;

/// The units of a component in the order of a whole table, and the pairs among them.
struct Component {
    units: Vec<u32>,
    links: Vec<Link>,
    /// Weights already worked out, by place of either, the lower first.
    known: FxHashMap<(u32, u32), f64>,
}

impl Held {
    /// Puts everybody whom links join to a unit into clusters; `moved` gets the records held before
    /// `new` whose cluster has another name now.
    pub(super) fn regroup(&mut self, unit: u32, new: u32, moved: &mut Vec<Moved>) {
        let component = self.component(unit);
        let cohesion = self.model.link_threshold();
        let Component {
            units,
            links,
            known,
        } = component;
        let weigh = |one: u32, other: u32| {
            let weight = known.get(&(one, other)).copied().or_else(|| {
                let (one, other) = (units[one as usize], units[other as usize]);
                self.weight(one, other, -clusters::LOUDEST)
            });
            weight.unwrap_or(-clusters::LOUDEST)
        };
        let found = clusters::clusters(units.len(), &links, cohesion, |pairs| {
            pairs(&mut |one, other| weigh(one, other));
        });
        let mut first = vec![NONE; units.len()];
        let mut sizes = vec![0_u32; units.len()];
        for (unit, of) in units.iter().zip(&found.of) {
            let first = &mut first[*of as usize];
            *first = (*first).min(self.units.first[*unit as usize]);
            sizes[*of as usize] += 1;
        }
        for (unit, of) in units.into_iter().zip(found.of) {
            let alone = sizes[of as usize] == 1;
            self.settle(unit, first[of as usize], alone, new, moved);
        }
        moved.sort_unstable();
    }

    /// Enters the cluster of a unit, and notes the records that move.
    fn settle(&mut self, unit: u32, cluster: u32, alone: bool, new: u32, moved: &mut Vec<Moved>) {
        let at = unit as usize;
        let link = self.model.link_threshold();
        let bare = alone && self.units.records[at] > 1 && self.weight(unit, unit, link).is_none();
        let (was, was_bare) = (self.units.cluster[at], self.units.bare[at]);
        self.units.cluster[at] = cluster;
        self.units.bare[at] = bare;
        if (was, was_bare) == (cluster, bare) {
            return;
        }
        let mut record = self.units.last[at];
        while record != NONE {
            let from = if was_bare { record } else { was };
            let to = if bare { record } else { cluster };
            if from != to && record != new {
                moved.push(Moved { record, from, to });
            }
            record = self.twin[record as usize];
        }
    }

    /// Everybody whom links join to a unit, and, since links fade as values become common, whoever
    /// was in one cluster with any of them.
    fn component(&mut self, unit: u32) -> Component {
        let link = self.model.link_threshold();
        let mut units = vec![unit];
        let mut place: FxHashMap<u32, u32> = FxHashMap::from_iter([(unit, 0)]);
        let mut at = 0;
        while at < units.len() {
            let one = units[at];
            for n in 0..self.units.near[one as usize].len() {
                let mut near = self.units.near[one as usize][n];
                if self.shifts {
                    let weight = self.weight(one, near.unit, f64::NEG_INFINITY);
                    near.weight = weight.unwrap_or(near.weight);
                    self.units.near[one as usize][n] = near;
                }
                let cluster = &self.units.cluster;
                let joined = cluster[one as usize] == cluster[near.unit as usize];
                if near.weight >= link || joined {
                    place.entry(near.unit).or_insert_with(|| {
                        units.push(near.unit);
                        0
                    });
                }
            }
            at += 1;
        }
        let contents = &self.units.contents;
        units.sort_unstable_by_key(|unit| (contents[*unit as usize], *unit));
        for (at, unit) in units.iter().enumerate() {
            place.insert(*unit, at as u32);
        }
        let mut links = Vec::new();
        let mut known = FxHashMap::default();
        for (at, unit) in (0..).zip(&units) {
            for near in &self.units.near[*unit as usize] {
                let Some(other) = place.get(&near.unit).copied().filter(|other| at < *other) else {
                    continue;
                };
                known.insert((at, other), near.weight);
                if near.weight >= link {
                    links.push(Link {
                        one: at,
                        other,
                        weight: near.weight as f32,
                    });
                }
            }
        }
        Component {
            units,
            links,
            known,
        }
    }
}
