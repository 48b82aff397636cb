//! Few descriptions, put together by the rule of whole tables, with people's judgements above it.

use crate::batch::clusters::{LOUDEST, halve};
use crate::components::{Edge, Forest, directed, groups, strongest_first};

/// The most members of a group that speak for it when it is compared with one newcomer; of two
/// groups, as many of either.
pub const SPOKESMEN: usize = 6;

/// What is known of some nodes.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'e, N> {
    /// Who is to be put together.
    pub nodes: &'e [N],
    /// Pairs that reach the link threshold. One that names somebody else than `nodes` is passed over.
    pub links: &'e [Edge<N>],
    /// Pairs that a person judged to be the same.
    pub same: &'e [(N, N)],
    /// Pairs that a person judged not to be the same.
    pub apart: &'e [(N, N)],
}

/// How nodes were put together.
#[derive(Debug, Clone, PartialEq)]
pub struct Together<N> {
    /// The nodes of each group in ascending order; the groups by their first node.
    pub groups: Vec<Vec<N>>,
    /// Links between two groups that were not taken, strongest first.
    pub refused: Vec<Edge<N>>,
}

/// The mean of match weights in bits, none of which may say more than 12 for or against: one wrong
/// telephone number must not outvote everybody else. `None` without any weight.
///
/// ```
/// assert_eq!(linkage::mean_weight([20.0, 0.0]), Some(6.0));
/// assert_eq!(linkage::mean_weight([]), None);
/// ```
pub fn mean_weight(weights: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0_u32);
    for weight in weights {
        sum += weight.clamp(-LOUDEST, LOUDEST);
        count += 1;
    }
    (count > 0).then(|| sum / f64::from(count))
}

/// Puts nodes into groups along links, as [`crate::batch::Clusters`] are made: strongest first, and
/// only where the mean weight over pairs from either side reaches `cohesion` bits. `weigh` gives
/// the match weight of any two nodes.
///
/// Judgements come first. A pair judged apart never ends in one group, whatever else is judged; a
/// pair judged the same does, unless that contradicts it. People judge the same what does not look
/// alike (a maiden name), so what a judgement joined is not expected to be alike: either side goes
/// on gathering those who are like itself.
///
/// The answer depends on the evidence alone, not on its order.
///
/// ```
/// use linkage::{Edge, Evidence, together};
/// let links = [
///     Edge { left: 'a', right: 'b', weight: 11.0 },
///     Edge { left: 'b', right: 'c', weight: 10.0 },
/// ];
/// let weigh = |a, b| links.iter().find(|e| (e.left, e.right) == (a, b)).map_or(-9.0, |e| e.weight);
/// let evidence = Evidence { nodes: &['a', 'b', 'c'], links: &links, same: &[], apart: &[] };
/// // Links lead from a to c, but a and c are not alike.
/// let found = together(&evidence, 8.0, weigh);
/// assert_eq!(found.groups, [vec!['a', 'b'], vec!['c']]);
/// // A person knows better.
/// let judged = Evidence { same: &[('a', 'c')], ..evidence };
/// assert_eq!(together(&judged, 8.0, weigh).groups, [vec!['a', 'b', 'c']]);
/// ```
pub fn together<N: Copy + Ord>(
    evidence: &Evidence<'_, N>,
    cohesion: f64,
    mut weigh: impl FnMut(N, N) -> f64,
) -> Together<N> {
    let mut names = evidence.nodes.to_vec();
    names.sort_unstable();
    names.dedup();
    let places = |(left, right): (N, N)| {
        let place = |node| names.binary_search(&node).ok();
        Some((place(left)?, place(right)?))
    };
    let mut forest = Forest::new(names.len());
    for (left, right) in evidence.apart.iter().filter_map(|pair| places(*pair)) {
        forest.veto(left, right);
    }
    let mut same: Vec<_> = evidence.same.iter().filter_map(|p| places(*p)).collect();
    same.sort_unstable_by_key(|(left, right)| (*left.min(right), *left.max(right)));
    for (left, right) in same {
        forest.join(left, right);
    }

    let mut links: Vec<Edge<N>> = evidence.links.iter().map(directed).collect();
    links.sort_by(strongest_first);
    links.dedup();
    let mut faces = Faces::new(names.len());
    let mut refused = Vec::new();
    for link in links {
        let Some((left, right)) = places((link.left, link.right)) else {
            continue;
        };
        let (one, other) = (faces.of[left], faces.of[right]);
        if one == other || forest.is_apart(left, right) {
            if one != other {
                refused.push(link);
            }
            continue;
        }
        let weigh = |a: usize, b: usize| weigh(names[a.min(b)], names[a.max(b)]);
        if faces.cohere(one, other, cohesion, weigh) {
            faces.join(one, other);
            forest.join(left, right);
        } else if forest.root(left) != forest.root(right) {
            refused.push(link);
        }
    }
    let mut is_one = |edge: &Edge<N>| {
        places((edge.left, edge.right)).is_some_and(|(a, b)| forest.root(a) == forest.root(b))
    };
    refused.retain(|edge| !is_one(edge));
    Together {
        groups: groups(&names, &mut forest),
        refused,
    }
}

/// Parts of groups that are alike within; judgements join groups of several.
struct Faces {
    of: Vec<usize>,
    members: Vec<Vec<usize>>,
}

impl Faces {
    fn new(nodes: usize) -> Self {
        Self {
            of: (0..nodes).collect(),
            members: (0..nodes).map(|node| vec![node]).collect(),
        }
    }

    /// Whether the mean weight over pairs of spokesmen from either side reaches the bar. Two nodes
    /// that are alone do: their link is that weight.
    fn cohere(
        &self,
        one: usize,
        other: usize,
        cohesion: f64,
        mut weigh: impl FnMut(usize, usize) -> f64,
    ) -> bool {
        let (mut ones, mut others) = (self.members[one].clone(), self.members[other].clone());
        if ones.len() == 1 && others.len() == 1 {
            return true;
        }
        while ones.len() * others.len() > SPOKESMEN * SPOKESMEN {
            let ones_are_more = ones.len() >= others.len();
            halve(if ones_are_more {
                &mut ones
            } else {
                &mut others
            });
        }
        let pairs = ones
            .iter()
            .flat_map(|a| others.iter().map(move |b| (*a, *b)));
        mean_weight(pairs.map(|(a, b)| weigh(a, b))).is_some_and(|mean| mean >= cohesion)
    }

    /// The larger takes the smaller in, so that a node moves at most log2(n) times.
    fn join(&mut self, one: usize, other: usize) {
        let (stays, goes) = if self.members[one].len() >= self.members[other].len() {
            (one, other)
        } else {
            (other, one)
        };
        let moved = std::mem::take(&mut self.members[goes]);
        for node in &moved {
            self.of[*node] = stays;
        }
        let members = &mut self.members[stays];
        members.extend(moved);
        members.sort_unstable();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BAR: f64 = 8.0;

    /// Weights of all pairs of nine nodes, and what was judged.
    type World = (Vec<i8>, Vec<(u8, u8)>, Vec<(u8, u8)>);

    fn world() -> impl Strategy<Value = World> {
        let pairs = || prop::collection::vec((0..9_u8, 0..9_u8), 0..4);
        (prop::collection::vec(-20..20_i8, 81), pairs(), pairs())
    }

    fn weight(weights: &[i8], a: u8, b: u8) -> f64 {
        f64::from(weights[usize::from(a.min(b)) * 9 + usize::from(a.max(b))])
    }

    fn found((weights, same, apart): &World, turned: bool) -> Together<u8> {
        let mut nodes: Vec<u8> = (0..9).collect();
        let mut links: Vec<Edge<u8>> = nodes
            .iter()
            .flat_map(|a| (a + 1..9).map(move |b| (*a, b)))
            .map(|(left, right)| Edge {
                left,
                right,
                weight: weight(weights, left, right),
            })
            .filter(|edge| edge.weight >= BAR)
            .collect();
        let (mut same, mut apart) = (same.clone(), apart.clone());
        if turned {
            nodes.reverse();
            links.reverse();
            for edge in &mut links {
                std::mem::swap(&mut edge.left, &mut edge.right);
            }
            for pairs in [&mut same, &mut apart] {
                pairs.reverse();
                for pair in pairs {
                    *pair = (pair.1, pair.0);
                }
            }
        }
        let evidence = Evidence {
            nodes: &nodes,
            links: &links,
            same: &same,
            apart: &apart,
        };
        together(&evidence, BAR, |a, b| weight(weights, a, b))
    }

    fn are_one(found: &Together<u8>, (a, b): (u8, u8)) -> bool {
        found
            .groups
            .iter()
            .any(|g| g.contains(&a) && g.contains(&b))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn judgements_win(world in world()) {
            let found = found(&world, false);
            let (_, same, apart) = &world;
            for pair in apart.iter().filter(|(a, b)| a != b) {
                prop_assert!(!are_one(&found, *pair), "{pair:?} were judged apart");
            }
            if apart.iter().all(|(a, b)| a == b) {
                for pair in same {
                    prop_assert!(are_one(&found, *pair), "{pair:?} were judged the same");
                }
            }
        }

        #[test]
        fn order_does_not_matter(world in world()) {
            prop_assert_eq!(found(&world, false), found(&world, true));
        }

        #[test]
        fn without_judgements_nobody_is_with_others_but_by_a_link(world in world()) {
            let (weights, ..) = &world;
            let found = found(&(weights.clone(), Vec::new(), Vec::new()), false);
            for group in found.groups.iter().filter(|g| g.len() > 1) {
                for one in group {
                    let linked = |other: &u8| other != one && weight(weights, *one, *other) >= BAR;
                    prop_assert!(group.iter().any(linked));
                }
            }
            for edge in &found.refused {
                prop_assert!(!are_one(&found, (edge.left, edge.right)));
            }
        }
    }

    #[test]
    fn who_was_judged_the_same_goes_on_gathering_on_either_side() {
        // 1 and 2 are alike, and 3 and 4; nothing is alike between the pairs, but 2 is judged 3.
        let edge = |left, right| Edge {
            left,
            right,
            weight: 20.0,
        };
        let links = [edge(1, 2), edge(3, 4)];
        let evidence = Evidence {
            nodes: &[1, 2, 3, 4, 5],
            links: &links,
            same: &[(2, 3)],
            apart: &[(1, 5)],
        };
        let found = together(&evidence, BAR, |_, _| -12.0);
        assert_eq!(found.groups, [vec![1, 2, 3, 4], vec![5]]);
        // Who says that 1 and 4 differ must be told apart all the same; the links hold.
        let torn = Evidence {
            apart: &[(1, 4)],
            ..evidence
        };
        let found = together(&torn, BAR, |_, _| -12.0);
        assert_eq!(found.groups, [vec![1, 2, 3], vec![4], vec![5]]);
        assert_eq!(found.refused, [edge(3, 4)]);
    }
}
