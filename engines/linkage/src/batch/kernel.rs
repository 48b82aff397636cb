//! The kernel: how alike two units are, worked out as seldom and as cheaply as possible.
//!
//! Equal cells have equal numbers, so agreement is one comparison of integers. What a comparison
//! says about a pair of cells is remembered in a small table, since values repeat far more often
//! than pairs. Comparisons that cost least come first, and a pair is given up when what is left to
//! compare cannot lift it over the cut.

use rayon::prelude::*;

use super::Population;
use super::table::Row;
use crate::Model;
use crate::model::Comparison;
use crate::score::taken_by_related;
use crate::sheet::Record as _;

/// The level of a comparison in which no column has values on both sides.
pub(crate) const MISSING: u8 = u8::MAX;
/// Pairs of cells remembered for each comparison: a power of two that stays in the processor's
/// nearer memory.
const REMEMBERED: usize = 1 << 13;

/// What scoring needs to know about a population under a model. Shared by all threads.
pub(crate) struct Kernel<'a> {
    pub(crate) model: &'a Model,
    pub(crate) people: &'a Population,
    lanes: Vec<Lane>,
    /// By place in `lanes`: the most bits that this lane and all after it can add.
    most_left: Vec<f64>,
    /// The same, against related people.
    most_left_related: Vec<f64>,
}

/// One comparison, as the kernel goes about it.
struct Lane {
    /// Its place in the model.
    comparison: usize,
    /// The columns its outcome depends on.
    reads: Vec<usize>,
    /// Whether equal cells of its only column always reach the first level.
    first_is_exact: bool,
    /// Where the memory of this lane begins; lanes that read more than two columns have none.
    remembered: Option<usize>,
    weights: Vec<f64>,
    against_related: Vec<f64>,
    /// By cell, what frequency adds to an exact agreement.
    adjustment: Option<Vec<f32>>,
}

/// Pairs of cells already judged, per thread.
pub(crate) struct Memory {
    entries: Vec<Entry>,
}

#[derive(Clone, Copy)]
struct Entry {
    cells: [u32; 4],
    level: u8,
}

/// No cell has this number.
const NO_CELL: u32 = u32::MAX;

/// The level of every comparison, in the order of the model.
pub(crate) type Levels = Vec<u8>;

impl<'a> Kernel<'a> {
    pub(crate) fn new(model: &'a Model, people: &'a Population) -> Self {
        let mut lanes: Vec<Lane> = model
            .comparisons
            .par_iter()
            .enumerate()
            .map(|(at, comparison)| Lane::new(at, comparison, people))
            .collect();
        // First what is likeliest to end the matter for the least work.
        let ends = |lane: &Lane| lane.reach(model) / lane.cost(model);
        lanes.sort_by(|a, b| ends(b).total_cmp(&ends(a)));
        let mut next = 0;
        for lane in &mut lanes {
            if lane.reads.len() <= 2 && lane.is_dear(model) {
                lane.remembered = Some(next);
                next += REMEMBERED;
            }
        }
        let mut most_left = vec![0.0; lanes.len() + 1];
        let mut most_left_related = vec![0.0; lanes.len() + 1];
        for (at, lane) in lanes.iter().enumerate().rev() {
            most_left[at] = most_left[at + 1] + lane.most();
            let most = lane.against_related.iter().copied().fold(0.0, f64::max);
            most_left_related[at] = most_left_related[at + 1] + most;
        }
        Self {
            model,
            people,
            lanes,
            most_left,
            most_left_related,
        }
    }

    pub(crate) fn memory(&self) -> Memory {
        let none = Entry {
            cells: [NO_CELL; 4],
            level: 0,
        };
        let lanes = self.lanes.iter().filter(|lane| lane.remembered.is_some()).count();
        Memory {
            entries: vec![none; lanes * REMEMBERED],
        }
    }

    /// The match weight of two units in bits, or nothing when it lies below `cut`. Symmetric; the
    /// same as [`Model::compare`] gives up to rounding.
    pub(crate) fn weight(&self, memory: &mut Memory, one: u32, other: u32, cut: f64) -> Option<f64> {
        self.weight_of(memory, self.people.cells(one), self.people.cells(other), cut)
    }

    /// The same by the cells of the two.
    pub(crate) fn weight_of(
        &self,
        memory: &mut Memory,
        a: &[u32],
        b: &[u32],
        cut: f64,
    ) -> Option<f64> {
        let mut weight = self.model.prior_weight;
        // Far above any sum where the model knows no related people.
        let mut against_related = self.model.related_weight.unwrap_or(1e6);
        let mut differing = 0_u64;
        for (at, lane) in self.lanes.iter().enumerate() {
            if weight + self.most_left[at] < cut
                || against_related + self.most_left_related[at] < cut
            {
                return None;
            }
            let level = self.level(lane, memory, a, b);
            if level == MISSING {
                continue;
            }
            weight += lane.weights[usize::from(level)];
            against_related += lane.against_related[usize::from(level)];
            let comparison = &self.model.comparisons[lane.comparison];
            let reached = &comparison.levels[usize::from(level)];
            if reached.tests.is_empty() {
                differing |= 1 << (lane.comparison & 63);
            }
            if let Some(adjustment) = &lane.adjustment
                && reached.exact
            {
                weight += self.adjustment(lane, adjustment, a, b);
            }
        }
        weight += taken_by_related(weight, against_related);
        if weight < cut {
            return None;
        }
        for ceiling in &self.model.ceilings {
            if ceiling.at_most < weight
                && ceiling.applies(self.row(a), self.row(b), |at| differing >> (at & 63) & 1 == 1)
            {
                weight = ceiling.at_most;
            }
        }
        (weight >= cut).then_some(weight)
    }

    /// Which level each comparison reaches.
    pub(crate) fn levels(&self, memory: &mut Memory, one: u32, other: u32, levels: &mut Levels) {
        let (a, b) = (self.people.cells(one), self.people.cells(other));
        levels.clear();
        levels.resize(self.lanes.len(), MISSING);
        for lane in &self.lanes {
            levels[lane.comparison] = self.level(lane, memory, a, b);
        }
    }

    /// Whether a ceiling below the review threshold holds the pair down.
    pub(crate) fn held_down(&self, levels: &Levels, one: u32, other: u32) -> bool {
        let differs = |at: usize| {
            let reached = self.model.comparisons[at].levels.get(usize::from(levels[at]));
            reached.is_some_and(|level| level.tests.is_empty())
        };
        let (a, b) = (self.people.row(one), self.people.row(other));
        self.model.ceilings.iter().any(|ceiling| {
            ceiling.at_most < self.model.review_threshold() && ceiling.applies(a, b, differs)
        })
    }

    /// The level that one comparison of the model reaches.
    pub(crate) fn level_of(&self, memory: &mut Memory, comparison: usize, one: u32, other: u32) -> u8 {
        let (a, b) = (self.people.cells(one), self.people.cells(other));
        let lane = self.lanes.iter().find(|lane| lane.comparison == comparison);
        lane.map_or(MISSING, |lane| self.level(lane, memory, a, b))
    }

    fn row<'r>(&'r self, cells: &'r [u32]) -> Row<'r> {
        Row {
            pools: &self.people.pools,
            cells,
        }
    }

    fn level(&self, lane: &Lane, memory: &mut Memory, a: &[u32], b: &[u32]) -> u8 {
        let cells = match *lane.reads.as_slice() {
            [only] => {
                let (a, b) = (a[only], b[only]);
                if a == 0 || b == 0 {
                    return MISSING;
                }
                if a == b && lane.first_is_exact {
                    return 0;
                }
                [a.min(b), a.max(b), 0, 0]
            }
            [first, second] => {
                let column = self.model.comparisons[lane.comparison].columns[0];
                if lane.first_is_exact && a[column] != 0 && a[column] == b[column] {
                    return 0;
                }
                let (a, b) = ((a[first], a[second]), (b[first], b[second]));
                let (a, b) = (a.min(b), a.max(b));
                [a.0, a.1, b.0, b.1]
            }
            _ => return self.reached(lane, a, b),
        };
        let Some(begin) = lane.remembered else {
            return self.reached(lane, a, b);
        };
        let place = begin + spread(cells);
        let entry = memory.entries[place];
        if entry.cells == cells {
            return entry.level;
        }
        let level = self.reached(lane, a, b);
        memory.entries[place] = Entry { cells, level };
        level
    }

    fn reached(&self, lane: &Lane, a: &[u32], b: &[u32]) -> u8 {
        let comparison = &self.model.comparisons[lane.comparison];
        let reached = comparison.reached(self.row(a), self.row(b));
        reached.map_or(MISSING, |level| level as u8)
    }

    /// What frequency adds to an exact agreement: by the cell where both have the same, else by the
    /// rarest value both have.
    fn adjustment(&self, lane: &Lane, by_cell: &[f32], a: &[u32], b: &[u32]) -> f64 {
        let comparison = &self.model.comparisons[lane.comparison];
        let column = comparison.columns[0];
        if a[column] == b[column] {
            return f64::from(by_cell[a[column] as usize]);
        }
        let (a, b) = (self.row(a), self.row(b));
        let pool = &self.people.pools[column];
        let seen = a
            .values(column)
            .filter(|value| b.values(column).any(|other| other.equals(*value)))
            .map(|value| pool.seen(a.cells[column], value.hash()))
            .min();
        seen.map_or(0.0, |seen| adjusted(comparison, self.people.rows(), seen))
    }
}

/// log2(u / share) of a value that `seen` of `records` bear, at most what the model allows.
fn adjusted(comparison: &Comparison, records: usize, seen: u32) -> f64 {
    let exact = comparison.levels.iter().find(|level| level.exact);
    let (Some(level), Some(most)) = (exact, comparison.frequency_most) else {
        return 0.0;
    };
    let share = f64::from(seen.max(1)) / records as f64;
    (level.u / share).log2().min(most)
}

/// Where in its lane's memory a pair of cells belongs.
fn spread(cells: [u32; 4]) -> usize {
    let low = u64::from(cells[0]) | u64::from(cells[1]) << 32;
    let high = u64::from(cells[2]) | u64::from(cells[3]) << 32;
    let mixed = low
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(high.wrapping_mul(0xc2b2_ae3d_27d4_eb4f));
    (mixed >> 40) as usize & (REMEMBERED - 1)
}

impl Lane {
    fn new(at: usize, comparison: &Comparison, people: &Population) -> Self {
        let mut reads: Vec<usize> = comparison.columns.clone();
        for test in comparison.levels.iter().flat_map(|level| &level.tests) {
            reads.extend([test.column, test.other]);
        }
        reads.sort_unstable();
        reads.dedup();
        let first_is_exact = comparison.levels[0].exact;
        let adjustment = comparison.frequency_most.map(|_| {
            let pool = &people.pools[comparison.columns[0]];
            let of = |(cell, count): (usize, &u32)| {
                let values = pool.sheet.slot(cell);
                let seen = values.map(|value| pool.seen(cell as u32, value.hash())).min();
                adjusted(comparison, people.rows(), seen.unwrap_or(*count)) as f32
            };
            pool.counts.par_iter().enumerate().map(of).collect()
        });
        Self {
            comparison: at,
            // A first level of several columns, or one that reads another column, is not decided
            // by one pair of cells.
            first_is_exact,
            reads,
            remembered: None,
            weights: comparison.levels.iter().map(|level| level.weight).collect(),
            against_related: comparison
                .levels
                .iter()
                .map(|level| level.against_related)
                .collect(),
            adjustment,
        }
    }

    /// Whether its tests cost more than looking them up.
    fn is_dear(&self, model: &Model) -> bool {
        let levels = &model.comparisons[self.comparison].levels;
        levels.iter().flat_map(|level| &level.tests).any(|test| {
            use crate::condition::TestKind as Kind;
            matches!(
                test.kind,
                Kind::JaroWinkler | Kind::Words | Kind::SharesWord | Kind::Nickname | Kind::Soundex
            )
        })
    }

    /// The most bits this comparison can add; nothing when a missing value adds more.
    fn most(&self) -> f64 {
        let rare = self.adjustment.as_ref().map_or(0.0, |bits| {
            bits.iter().copied().fold(0.0, f32::max).into()
        });
        self.weights.iter().copied().fold(0.0, f64::max) + rare
    }

    /// How far apart its best and worst outcomes lie, in bits, where it matters most.
    fn reach(&self, model: &Model) -> f64 {
        let bits = if model.related_weight.is_some() {
            &self.against_related
        } else {
            &self.weights
        };
        let most = bits.iter().copied().fold(0.0, f64::max);
        most - bits.iter().copied().fold(0.0, f64::min)
    }

    /// What working it out costs, roughly, a comparison of integers being 1.
    fn cost(&self, model: &Model) -> f64 {
        let dear = if self.is_dear(model) { 4.0 } else { 1.0 };
        dear * self.reads.len() as f64
    }
}
