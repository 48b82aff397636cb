//! Connected components under vetoes: who belongs together, when some pairs are known not to.

use rustc_hash::FxHashSet;

/// A link between two nodes. Which end is left says nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edge<N> {
    /// One end.
    pub left: N,
    /// The other end.
    pub right: N,
    /// Match weight in bits; `f64::INFINITY` for a person's judgement that they are the same.
    pub weight: f64,
}

/// The components, and what was given up to respect the vetoes.
#[derive(Debug, Clone, PartialEq)]
pub struct Components<N> {
    /// The nodes of each component in ascending order; the components by their first node.
    pub groups: Vec<Vec<N>>,
    /// Edges left out because they would have joined a vetoed pair, strongest first.
    pub dropped: Vec<Edge<N>>,
}

/// Connected components of `nodes` and every node that an edge names, such that no vetoed pair
/// ends in one component.
///
/// Where a path would join a vetoed pair, its weakest edge is dropped: edges are taken strongest
/// first, and one that would join a vetoed pair is left out, at which point everything else on the
/// path is at least as strong. A veto wins over an edge of any weight. Equal weights are taken in
/// order of their ends, so the answer depends on the set of edges and vetoes alone, never on their
/// order. Time is O(n log n) in nodes, edges and vetoes together.
///
/// ```
/// use linkage::{Edge, components};
/// let edge = |left, right, weight| Edge { left, right, weight };
/// let edges = [edge('a', 'b', 9.0), edge('b', 'c', 5.0), edge('c', 'd', 8.0)];
/// let found = components(&['e'], &edges, &[('a', 'd')]);
/// assert_eq!(found.groups, [vec!['a', 'b'], vec!['c', 'd'], vec!['e']]);
/// assert_eq!(found.dropped, [edge('b', 'c', 5.0)]);
/// ```
pub fn components<N: Copy + Ord>(
    nodes: &[N],
    edges: &[Edge<N>],
    vetoes: &[(N, N)],
) -> Components<N> {
    let mut names: Vec<N> = nodes.to_vec();
    names.extend(edges.iter().flat_map(|edge| [edge.left, edge.right]));
    names.sort_unstable();
    names.dedup();
    let place = |node: &N| names.binary_search(node).ok();

    let mut forest = Forest::new(names.len());
    for (left, right) in vetoes {
        // A veto on a node that nothing joins has nothing to prevent.
        if let (Some(left), Some(right)) = (place(left), place(right)) {
            forest.veto(left, right);
        }
    }

    let mut order: Vec<Edge<N>> = edges.iter().map(directed).collect();
    order.sort_by(strongest_first);
    let mut dropped = Vec::new();
    for edge in order {
        if let (Some(left), Some(right)) = (place(&edge.left), place(&edge.right))
            && !forest.join(left, right)
        {
            dropped.push(edge);
        }
    }
    Components {
        groups: groups(&names, &mut forest),
        dropped,
    }
}

pub(crate) fn directed<N: Copy + Ord>(edge: &Edge<N>) -> Edge<N> {
    Edge {
        left: edge.left.min(edge.right),
        right: edge.left.max(edge.right),
        weight: edge.weight,
    }
}

pub(crate) fn strongest_first<N: Copy + Ord>(a: &Edge<N>, b: &Edge<N>) -> std::cmp::Ordering {
    let by_weight = b.weight.total_cmp(&a.weight);
    by_weight.then_with(|| (a.left, a.right).cmp(&(b.left, b.right)))
}

pub(crate) fn groups<N: Copy>(names: &[N], forest: &mut Forest) -> Vec<Vec<N>> {
    const NONE: usize = usize::MAX;
    let mut group_of_root = vec![NONE; names.len()];
    let mut groups: Vec<Vec<N>> = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let root = forest.root(at);
        if group_of_root[root] == NONE {
            group_of_root[root] = groups.len();
            groups.push(Vec::new());
        }
        groups[group_of_root[root]].push(*name);
    }
    groups
}

/// Union-find in which each root knows the roots it must stay apart from.
pub(crate) struct Forest {
    parent: Vec<usize>,
    size: Vec<usize>,
    apart: Vec<FxHashSet<usize>>,
}

impl Forest {
    pub(crate) fn new(nodes: usize) -> Self {
        Self {
            parent: (0..nodes).collect(),
            size: vec![1; nodes],
            apart: vec![FxHashSet::default(); nodes],
        }
    }

    pub(crate) fn root(&mut self, mut node: usize) -> usize {
        while self.parent[node] != node {
            self.parent[node] = self.parent[self.parent[node]];
            node = self.parent[node];
        }
        node
    }

    pub(crate) fn veto(&mut self, left: usize, right: usize) {
        if left != right {
            self.apart[left].insert(right);
            self.apart[right].insert(left);
        }
    }

    /// Whether a veto stands between the components of two nodes.
    pub(crate) fn is_apart(&mut self, left: usize, right: usize) -> bool {
        let (left, right) = (self.root(left), self.root(right));
        self.apart[left].contains(&right)
    }

    /// Joins the two components unless a veto stands between them; whether they are now one.
    pub(crate) fn join(&mut self, left: usize, right: usize) -> bool {
        let (left, right) = (self.root(left), self.root(right));
        if left == right {
            return true;
        }
        if self.apart[left].contains(&right) {
            return false;
        }
        // The side with more nodes and vetoes stays, so that each node and veto moves at most
        // log2(n) times.
        let heft = |at: usize| self.size[at] + self.apart[at].len();
        let (stays, goes) = if heft(left) >= heft(right) {
            (left, right)
        } else {
            (right, left)
        };
        for other in std::mem::take(&mut self.apart[goes]) {
            self.apart[other].remove(&goes);
            self.apart[other].insert(stays);
            self.apart[stays].insert(other);
        }
        self.parent[goes] = stays;
        self.size[stays] += self.size[goes];
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn graph() -> impl Strategy<Value = (Vec<Edge<u8>>, Vec<(u8, u8)>)> {
        let edge = (0..14_u8, 0..14_u8, 0..6_u8).prop_map(|(left, right, weight)| Edge {
            left,
            right,
            weight: f64::from(weight),
        });
        let veto = (0..14_u8, 0..14_u8);
        (
            prop::collection::vec(edge, 0..40),
            prop::collection::vec(veto, 0..8),
        )
    }

    fn group_of(found: &Components<u8>, node: u8) -> Option<usize> {
        found.groups.iter().position(|group| group.contains(&node))
    }

    /// The nodes reached from `from` over `edges`, by plain search.
    fn reached(from: u8, edges: &[Edge<u8>]) -> Vec<u8> {
        let mut seen = vec![from];
        let mut next = 0;
        while let Some(node) = seen.get(next).copied() {
            next += 1;
            for edge in edges {
                for (a, b) in [(edge.left, edge.right), (edge.right, edge.left)] {
                    if a == node && !seen.contains(&b) {
                        seen.push(b);
                    }
                }
            }
        }
        seen.sort_unstable();
        seen
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn without_vetoes_they_are_what_a_search_reaches((edges, _) in graph()) {
            let found = components(&[], &edges, &[]);
            prop_assert!(found.dropped.is_empty());
            for group in &found.groups {
                prop_assert_eq!(group, &reached(group[0], &edges));
            }
        }

        #[test]
        fn no_vetoed_pair_ends_together_and_each_dropped_edge_is_the_weakest_of_its_path(
            (edges, vetoes) in graph(),
        ) {
            let found = components(&[], &edges, &vetoes);
            for (a, b) in &vetoes {
                let group = group_of(&found, *a);
                prop_assert!(a == b || group.is_none() || group != group_of(&found, *b));
            }
            for dropped in &found.dropped {
                let strong: Vec<Edge<u8>> = edges
                    .iter()
                    .copied()
                    .filter(|edge| edge.weight >= dropped.weight)
                    .collect();
                let side = reached(dropped.left, &strong);
                let vetoed = vetoes.iter().any(|(a, b)| side.contains(a) && side.contains(b));
                prop_assert!(vetoed, "{dropped:?} was dropped for no veto");
                prop_assert_ne!(
                    group_of(&found, dropped.left), group_of(&found, dropped.right)
                );
            }
            let kept: Vec<Edge<u8>> = edges
                .iter()
                .copied()
                .filter(|edge| !found.dropped.contains(&directed(edge)))
                .collect();
            for group in &found.groups {
                prop_assert_eq!(group, &reached(group[0], &kept));
            }
        }

        #[test]
        fn the_order_of_edges_vetoes_and_ends_does_not_matter(
            (edges, vetoes) in graph(),
            shuffled in any::<prop::sample::Index>(),
        ) {
            let expected = components(&[], &edges, &vetoes);
            let mut other: Vec<Edge<u8>> = edges
                .iter()
                .map(|e| Edge { left: e.right, right: e.left, weight: e.weight })
                .collect();
            other.reverse();
            if !other.is_empty() {
                let middle = shuffled.index(other.len());
                other.rotate_left(middle);
            }
            let mirrored: Vec<(u8, u8)> = vetoes.iter().rev().map(|(a, b)| (*b, *a)).collect();
            prop_assert_eq!(components(&[], &other, &mirrored), expected);
        }
    }

    #[test]
    fn a_veto_wins_over_judgements_that_contradict_it() {
        let same = |left, right| Edge {
            left,
            right,
            weight: f64::INFINITY,
        };
        let found = components(&[1, 2, 3], &[same(1, 2), same(2, 3)], &[(1, 3)]);
        assert_eq!(found.groups, [vec![1, 2], vec![3]]);
    }

    #[test]
    fn a_long_chain_with_many_vetoes_is_quick() {
        let nodes: u32 = 200_000;
        let edges: Vec<Edge<u32>> = (1..nodes)
            .map(|n| Edge {
                left: n - 1,
                right: n,
                weight: f64::from(n % 97),
            })
            .collect();
        let vetoes: Vec<(u32, u32)> = (0..nodes - 50).map(|n| (n, n + 50)).collect();
        let found = components(&[], &edges, &vetoes);
        assert!(found.groups.iter().all(|group| group.len() <= 50));
        assert_eq!(
            found.groups.iter().map(Vec::len).sum::<usize>(),
            nodes as usize
        );
    }
}
