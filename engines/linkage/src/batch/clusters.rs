//! Clusters that do not chain.
//!
//! Connected components join everybody whom any path of links connects: one wrong link between two
//! families makes them one person. Here links are taken strongest first, and a link joins two
//! groups only if the groups as wholes speak for it: the mean match weight over pairs from either
//! side, links or not, must reach the model's bar. It is greedy additive contraction for correlation clustering
//! (Keuper and others, "Efficient Decomposition of Image and Mesh Graphs by Lifted Multicuts",
//! 2015) with the scores of missing pairs worked out when they are asked for.
//!
//! No link leads from one connected component to another, so each is put together by itself.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

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
pub(crate) const LOUDEST: f64 = 12.0;
/// Links that one task looks at.
const TASK: usize = 1 << 12;

/// Gives the match weight of two units, the lower first; minus infinity forbids them to be together.
pub(crate) type Weigh<'w> = dyn FnMut(u32, u32) -> f64 + 'w;

/// Joins units along links, strongest first. `weighing` calls what it is given, once for each task,
/// with a function that tells the match weight of any two units; beyond [`LOUDEST`] that need not be
/// exact.
pub(crate) fn clusters(
    units: usize,
    links: &[Link],
    cohesion: f64,
    weighing: impl Fn(&mut dyn FnMut(&mut Weigh<'_>)) + Sync,
) -> Clusters {
    let mut components = Components::new(units, links);
    let mut of: Vec<u32> = (0..units as u32).collect();
    let done: Vec<Done> = components
        .tasks()
        .into_par_iter()
        .map_init(Group::default, |group, links| {
            let mut done = Done::default();
            weighing(&mut |weigh| {
                for links in links.chunk_by_mut(|a, b| a.0 == b.0) {
                    group.put_together(links, cohesion, weigh, &mut done);
                }
            });
            done
        })
        .collect();
    let mut refused = Vec::new();
    for done in done {
        for (unit, lowest) in done.lowest {
            of[unit as usize] = lowest;
        }
        refused.extend(done.refused);
    }
    refused.par_sort_unstable_by(strongest_first);
    Clusters { of, refused }
}

fn strongest_first(a: &Link, b: &Link) -> std::cmp::Ordering {
    let by_weight = b.weight.total_cmp(&a.weight);
    by_weight.then_with(|| (a.one, a.other).cmp(&(b.one, b.other)))
}

/// The links of each connected component, named by its lowest unit, side by side.
struct Components {
    links: Vec<(u32, Link)>,
}

impl Components {
    fn new(units: usize, links: &[Link]) -> Self {
        let mut parent: Vec<u32> = (0..units as u32).collect();
        for link in links {
            let (one, other) = (root(&mut parent, link.one), root(&mut parent, link.other));
            parent[one.max(other) as usize] = one.min(other);
        }
        let mut links: Vec<(u32, Link)> = links
            .iter()
            .map(|link| (root(&mut parent, link.one), *link))
            .collect();
        links.par_sort_unstable_by_key(|(component, _)| *component);
        Self { links }
    }

    /// Whole components, about [`TASK`] links at a time.
    fn tasks(&mut self) -> Vec<&mut [(u32, Link)]> {
        let mut tasks = Vec::new();
        let mut rest = self.links.as_mut_slice();
        while rest.len() > TASK {
            let last = rest[TASK - 1].0;
            let end = TASK + rest[TASK..].partition_point(|(component, _)| *component == last);
            let (task, after) = rest.split_at_mut(end);
            tasks.push(task);
            rest = after;
        }
        tasks.push(rest);
        tasks
    }
}

fn root(parent: &mut [u32], unit: u32) -> u32 {
    let mut at = unit as usize;
    while parent[at] as usize != at {
        parent[at] = parent[parent[at] as usize];
        at = parent[at] as usize;
    }
    at as u32
}

/// What came of some components.
#[derive(Default)]
struct Done {
    /// Units and the lowest unit of their cluster, where it is another.
    lowest: Vec<(u32, u32)>,
    refused: Vec<Link>,
}

/// One component: its units, numbered from 0, in groups. Union-find whose groups know their
/// members, as rings.
#[derive(Default)]
struct Group {
    /// Ascending, so that the lowest number is the lowest unit.
    units: Vec<u32>,
    parent: Vec<u32>,
    /// The next member of the same group, round and round.
    next: Vec<u32>,
    /// Weights already known, held within [`LOUDEST`].
    known: FxHashMap<(u32, u32), f64>,
    /// Members of two groups that are looked at together.
    ones: Vec<u32>,
    others: Vec<u32>,
}

impl Group {
    fn put_together(
        &mut self,
        links: &mut [(u32, Link)],
        cohesion: f64,
        weigh: &mut Weigh<'_>,
        done: &mut Done,
    ) {
        if let [(_, only)] = links {
            done.lowest.push((only.other, only.one));
            return;
        }
        links.sort_unstable_by(|a, b| strongest_first(&a.1, &b.1));
        self.begin(links);
        for (_, link) in links {
            let place = |unit| self.units.binary_search(&unit).unwrap_or(0) as u32;
            let (one, other) = (place(link.one), place(link.other));
            let (one, other) = (root(&mut self.parent, one), root(&mut self.parent, other));
            if one == other {
                continue;
            }
            let alone = self.is_single(one) && self.is_single(other);
            if alone || self.cohere(one, other, cohesion, weigh) {
                self.join(one, other);
            } else if done.refused.last() != Some(link) {
                done.refused.push(*link);
            }
        }
        for place in 0..self.units.len() as u32 {
            let lowest = root(&mut self.parent, place);
            if lowest != place {
                done.lowest
                    .push((self.units[place as usize], self.units[lowest as usize]));
            }
        }
    }

    fn begin(&mut self, links: &[(u32, Link)]) {
        self.units.clear();
        self.units
            .extend(links.iter().flat_map(|(_, link)| [link.one, link.other]));
        self.units.sort_unstable();
        self.units.dedup();
        self.parent.clear();
        self.parent.extend(0..self.units.len() as u32);
        self.next.clone_from(&self.parent);
        self.known.clear();
    }

    fn is_single(&self, place: u32) -> bool {
        self.next[place as usize] == place
    }

    /// Whether the mean weight of pairs from either side reaches the bar; of large groups, some
    /// members spread evenly.
    fn cohere(&mut self, one: u32, other: u32, cohesion: f64, weigh: &mut Weigh<'_>) -> bool {
        members(&self.next, one, &mut self.ones);
        members(&self.next, other, &mut self.others);
        while self.ones.len() * self.others.len() > ASKED {
            let larger = if self.ones.len() >= self.others.len() {
                &mut self.ones
            } else {
                &mut self.others
            };
            halve(larger);
        }
        let mut left = self.ones.len() * self.others.len();
        let bar = cohesion * left as f64;
        let mut sum = 0.0;
        for one in &self.ones {
            for other in &self.others {
                let (low, high) = (*one.min(other), *one.max(other));
                sum += *self.known.entry((low, high)).or_insert_with(|| {
                    let (low, high) = (self.units[low as usize], self.units[high as usize]);
                    let weight = weigh(low, high);
                    // What is forbidden stays forbidden, whatever the others say.
                    if weight == f64::NEG_INFINITY {
                        weight
                    } else {
                        weight.clamp(-LOUDEST, LOUDEST)
                    }
                });
                left -= 1;
                if sum + LOUDEST * (left as f64) < bar {
                    return false;
                }
            }
        }
        sum >= bar
    }

    /// Joins two groups, given by their roots; the lower root stays, so the root is the lowest.
    fn join(&mut self, one: u32, other: u32) {
        let (stays, goes) = (one.min(other), one.max(other));
        self.parent[goes as usize] = stays;
        self.next.swap(one as usize, other as usize);
    }
}

/// The members of a group, ascending.
fn members(next: &[u32], first: u32, members: &mut Vec<u32>) {
    members.clear();
    members.push(first);
    let mut at = next[first as usize];
    while at != first {
        members.push(at);
        at = next[at as usize];
    }
    members.sort_unstable();
}

/// Keeps every other one.
pub(crate) fn halve<M>(members: &mut Vec<M>) {
    let mut at = 0_usize;
    members.retain(|_| {
        at += 1;
        at % 2 == 1
    });
}
