//! From units back to records: who is in which cluster.

use rayon::prelude::*;

use super::{Clusters, Linkage};
use crate::Model;

/// The cluster of every record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assigned {
    /// By row, the row that stands for its cluster: the one with the lowest id of all, so that it
    /// does not depend on the order of rows.
    pub lead: Vec<u32>,
    /// How many clusters there are.
    pub clusters: u64,
    /// Records in the largest.
    pub largest: u64,
    /// Clusters of more than one record.
    pub several: u64,
    /// Records that say exactly what others say, and too little to be sure that they are the same:
    /// each stands alone.
    pub too_bare: u64,
}

impl Linkage<'_> {
    /// Puts every record into its cluster. Records that say exactly the same are one unit, but only
    /// one person when what they say reaches `link` bits; two records that say "John Smith" and no
    /// more stay two.
    pub fn assign(&self, model: &Model, clusters: &Clusters, link: f64) -> Assigned {
        let people = self.people;
        let kernel = self.kernel(model);
        let mut sizes = vec![0_u32; people.units()];
        for root in &clusters.of {
            sizes[*root as usize] += 1;
        }
        let bare: Vec<bool> = (0..people.units() as u32)
            .into_par_iter()
            .map_init(
                || kernel.memory(),
                |memory, unit| {
                    people.records[unit as usize] > 1
                        && sizes[clusters.of[unit as usize] as usize] == 1
                        && kernel.weight(memory, unit, unit, link).is_none()
                },
            )
            .collect();
        const NONE: u32 = u32::MAX;
        let mut lead_of_root = vec![NONE; people.units()];
        let id = |row: u32| (people.ids.get(row as usize), row);
        for (row, unit) in people.unit_of.iter().enumerate() {
            let lead = &mut lead_of_root[clusters.of[*unit as usize] as usize];
            if *lead == NONE || id(row as u32) < id(*lead) {
                *lead = row as u32;
            }
        }
        let mut members = vec![0_u32; people.rows()];
        let mut too_bare = 0;
        let lead: Vec<u32> = people
            .unit_of
            .iter()
            .enumerate()
            .map(|(row, unit)| {
                let lead = if bare[*unit as usize] {
                    too_bare += 1;
                    row as u32
                } else {
                    lead_of_root[clusters.of[*unit as usize] as usize]
                };
                members[lead as usize] += 1;
                lead
            })
            .collect();
        Assigned {
            lead,
            clusters: members.iter().filter(|members| **members > 0).count() as u64,
            largest: u64::from(members.iter().copied().max().unwrap_or(0)),
            several: members.iter().filter(|members| **members > 1).count() as u64,
            too_bare,
        }
    }
}
