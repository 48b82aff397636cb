//! Clusters that do not chain.
//!
//! Connected components join everybody whom any path of links connects: one wrong link between two
//! families makes them one person. Here links are taken strongest first, and a link joins two
//! groups only if the groups as wholes speak for it: the mean match weight over pairs from either
//! side, links or not, must reach the model's bar. It is greedy additive contraction for correlation clustering
//! (Keuper and others, "Efficient Decomposition of Image and Mesh Graphs by Lifted Multicuts",
//! 2015) with the scores of missing pairs worked out when they are asked for.

use rayon::prelude::*;

/// A scored pair of units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// The lower unit.
    pub one: u32,
    /// The higher unit.
    pub other: u32,
    /// Match weight in bits.
    pub weight: f32,
}

/// How units were put together.
#[derive(Debug, Clone, PartialEq)]
pub struct Clusters {
    /// Of each unit, the lowest unit of its cluster.
    pub of: Vec<u32>,
    /// Links that were not taken because the groups as wholes spoke against it, strongest first.
    pub refused: Vec<Link>,
}

/// The most pairs looked at between two groups.
const ASKED: usize = 36;
/// No single pair may say more than this for or against, in bits: a wrong telephone number must not
/// outvote everybody else.
const LOUDEST: f64 = 12.0;

/// Joins units along links of at least `link` bits, strongest first. `weigh` gives the match weight
/// of any two units; `apart` forbids two units to be together.
pub(crate) fn clusters(
    units: usize,
    mut links: Vec<Link>,
    cohesion: f64,
    mut weigh: impl FnMut(u32, u32) -> f64,
) -> Clusters {
    links.par_sort_unstable_by(|a, b| {
        b.weight
            .total_cmp(&a.weight)
            .then_with(|| (a.one, a.other).cmp(&(b.one, b.other)))
    });
    links.dedup_by_key(|link| (link.one, link.other));
    let mut groups = Groups::new(units);
    let mut refused = Vec::new();
    for link in links {
        let (one, other) = (groups.root(link.one), groups.root(link.other));
        if one == other {
            continue;
        }
        let alone = groups.is_single(one) && groups.is_single(other);
        if alone || groups.mean(one, other, &mut weigh) >= cohesion {
            groups.join(one, other);
        } else {
            refused.push(link);
        }
    }
    Clusters {
        of: groups.lowest(),
        refused,
    }
}

/// Union-find whose groups know their members, as rings.
struct Groups {
    parent: Vec<u32>,
    /// The next member of the same group, round and round.
    next: Vec<u32>,
}

impl Groups {
    fn new(units: usize) -> Self {
        let all: Vec<u32> = (0..units as u32).collect();
        Self {
            parent: all.clone(),
            next: all,
        }
    }

    fn root(&mut self, unit: u32) -> u32 {
        let mut at = unit as usize;
        while self.parent[at] as usize != at {
            self.parent[at] = self.parent[self.parent[at] as usize];
            at = self.parent[at] as usize;
        }
        at as u32
    }

    fn is_single(&self, unit: u32) -> bool {
        self.next[unit as usize] == unit
    }

    fn members(&self, unit: u32) -> Vec<u32> {
        let mut members = vec![unit];
        let mut at = self.next[unit as usize];
        while at != unit {
            members.push(at);
            at = self.next[at as usize];
        }
        members.sort_unstable();
        members
    }

    /// The mean weight of pairs from either side; of large groups, some members spread evenly.
    fn mean(&self, one: u32, other: u32, weigh: &mut impl FnMut(u32, u32) -> f64) -> f64 {
        let (mut ones, mut others) = (self.members(one), self.members(other));
        while ones.len() * others.len() > ASKED {
            let larger = if ones.len() >= others.len() { &mut ones } else { &mut others };
            *larger = larger.iter().copied().step_by(2).collect();
        }
        let mut sum = 0.0;
        for one in &ones {
            for other in &others {
                let (low, high) = (one.min(other), one.max(other));
                sum += weigh(*low, *high).clamp(-LOUDEST, LOUDEST);
            }
        }
        sum / (ones.len() * others.len()) as f64
    }

    /// Joins two groups, given by their roots; the lower root stays, so the root is the lowest.
    fn join(&mut self, one: u32, other: u32) {
        let (stays, goes) = (one.min(other), one.max(other));
        self.parent[goes as usize] = stays;
        self.next.swap(one as usize, other as usize);
    }

    fn lowest(mut self) -> Vec<u32> {
        (0..self.parent.len() as u32).map(|unit| self.root(unit)).collect()
    }
}
