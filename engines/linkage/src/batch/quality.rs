//! How well a cluster hangs together.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::{Clusters, Link};

/// A cluster of more than one unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Quality {
    /// Its lowest unit.
    pub cluster: u32,
    /// Distinct records in it.
    pub units: u32,
    /// Links within it.
    pub links: u32,
    /// Share of all its pairs that are links, 0 to 1.
    pub density: f64,
    /// The links without which it would fall into two: each a single piece of evidence that
    /// everything on one side is the same as everything on the other.
    pub bridges: Vec<Link>,
}

impl Quality {
    /// Whether somebody should look: two groups of several records each hang together by one link,
    /// or the weakest bridge lies below `sure` bits.
    pub fn is_weak(&self, sure: f64) -> bool {
        self.units > 2
            && self
                .bridges
                .iter()
                .any(|bridge| f64::from(bridge.weight) < sure)
    }
}

/// The quality of every cluster of more than one unit, by its lowest unit. `links`: those that the
/// clusters were made of, each pair once.
pub fn quality(clusters: &Clusters, links: &[Link]) -> Vec<Quality> {
    let mut sizes = vec![0_u32; clusters.of.len()];
    for root in &clusters.of {
        sizes[*root as usize] += 1;
    }
    let root = |link: &Link| clusters.of[link.one as usize];
    let mut within: Vec<Link> = links
        .par_iter()
        .filter(|link| root(link) == clusters.of[link.other as usize])
        .copied()
        .collect();
    within.par_sort_unstable_by_key(|link| (root(link), link.one, link.other));
    let whole: Vec<&[Link]> = within.chunk_by(|a, b| root(a) == root(b)).collect();
    whole
        .into_par_iter()
        .with_min_len(1 << 10)
        .map(|links| {
            let cluster = root(&links[0]);
            let units = sizes[cluster as usize];
            let pairs = f64::from(units) * f64::from(units - 1) / 2.0;
            Quality {
                cluster,
                units,
                links: links.len() as u32,
                density: links.len() as f64 / pairs,
                bridges: bridges(links),
            }
        })
        .collect()
}

/// A node of the walk: when it was reached, the earliest it leads back to, the link it came by, and
/// how many of its links were followed.
struct Walked {
    node: u32,
    by: usize,
    followed: usize,
}

/// The bridges of a graph (Tarjan, "A Note on Finding the Bridges of a Graph", 1974), without
/// recursion, since clusters may be long.
fn bridges(links: &[Link]) -> Vec<Link> {
    if let [only] = links {
        return vec![*only];
    }
    let mut beside: FxHashMap<u32, Vec<(u32, usize)>> = FxHashMap::default();
    for (at, link) in links.iter().enumerate() {
        beside.entry(link.one).or_default().push((link.other, at));
        beside.entry(link.other).or_default().push((link.one, at));
    }
    let mut reached: FxHashMap<u32, usize> = FxHashMap::default();
    let mut earliest: FxHashMap<u32, usize> = FxHashMap::default();
    let mut found = Vec::new();
    let mut begin: Vec<u32> = beside.keys().copied().collect();
    begin.sort_unstable();
    for start in begin {
        if reached.contains_key(&start) {
            continue;
        }
        let time = reached.len();
        reached.insert(start, time);
        earliest.insert(start, time);
        let mut path = vec![Walked {
            node: start,
            by: usize::MAX,
            followed: 0,
        }];
        while let Some(last) = path.last_mut() {
            let node = last.node;
            if let Some((next, link)) = beside[&node].get(last.followed).copied() {
                last.followed += 1;
                if link == last.by {
                    continue;
                }
                if let Some(time) = reached.get(&next) {
                    let time = (*time).min(earliest[&node]);
                    earliest.insert(node, time);
                } else {
                    let time = reached.len();
                    reached.insert(next, time);
                    earliest.insert(next, time);
                    path.push(Walked {
                        node: next,
                        by: link,
                        followed: 0,
                    });
                }
                continue;
            }
            let (by, back) = (last.by, earliest[&node]);
            path.pop();
            if let Some(above) = path.last() {
                let time = back.min(earliest[&above.node]);
                earliest.insert(above.node, time);
                if back > reached[&above.node] {
                    found.push(links[by]);
                }
            }
        }
    }
    found.sort_by(|a, b| {
        a.weight
            .total_cmp(&b.weight)
            .then((a.one, a.other).cmp(&(b.one, b.other)))
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(one: u32, other: u32) -> Link {
        Link {
            one,
            other,
            weight: (one + other) as f32,
        }
    }

    #[test]
    fn a_bridge_is_what_holds_two_parts_together() {
        // Two triangles and the link between them, and a pair.
        let links = [
            link(0, 1),
            link(1, 2),
            link(0, 2),
            link(2, 3),
            link(3, 4),
            link(4, 5),
            link(3, 5),
            link(6, 7),
        ];
        let clusters = Clusters {
            of: vec![0, 0, 0, 0, 0, 0, 6, 6, 8],
            refused: Vec::new(),
        };
        let found = quality(&clusters, &links);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].bridges, [link(2, 3)]);
        assert_eq!((found[0].units, found[0].links), (6, 7));
        assert!((found[0].density - 7.0 / 15.0).abs() < 1e-9);
        assert!(found[0].is_weak(6.0) && !found[0].is_weak(5.0));
        assert_eq!(found[1].bridges, [link(6, 7)]);
        assert!(!found[1].is_weak(100.0));
    }
}
