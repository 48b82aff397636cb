//! The kernel: how alike two units are, worked out as seldom and as cheaply as possible.
//!
//! First the sketches are looked at, which decide most comparisons of most pairs and bound the
//! rest; a pair is given up when what is left to compare cannot lift it over the cut. Only then are
//! values compared, and what a comparison says about values that repeat is remembered in a small
//! table.

use rayon::prelude::*;

use super::Population;
use super::lane::{Lane, Open, Told, adjusted};
use super::sketch::{Side, Sketches};
use super::table::Pool;
use crate::Model;
use crate::score::taken_by_related;
use crate::sheet::{Record as _, Row};

/// The level of a comparison in which no column has values on both sides.
pub(crate) const MISSING: u8 = u8::MAX;

/// What scoring needs to know about a population under a model. Shared by all threads.
pub(crate) struct Kernel<'a> {
    pub(crate) model: &'a Model,
    pub(crate) people: &'a Population,
    sketches: &'a Sketches,
    /// What costs least first.
    lanes: Vec<Lane>,
    /// By place in `lanes`: the most bits that this lane and all after it can add, and the most
    /// against related people.
    most_left: Vec<(f64, f64)>,
    /// How many pairs of cells a memory holds.
    remembered: usize,
}

/// Pairs of cells already judged, per thread.
pub(crate) struct Memory {
    entries: Vec<Entry>,
    /// Lanes of the pair at hand that its sketches do not decide.
    open: Vec<(u32, Open)>,
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

/// What is known of a pair so far.
struct Sum {
    weight: f64,
    against_related: f64,
    /// The most bits that comparisons left open add.
    open: f64,
    open_against_related: f64,
    /// Comparisons in which nothing agrees, one bit each.
    differing: u64,
}

impl Sum {
    /// Whether both readings can reach the cut with so many bits more.
    fn may_reach(&self, cut: f64, (left, left_related): (f64, f64)) -> bool {
        // Rounding must not lose a pair that just reaches it.
        let cut = cut - 1e-9;
        self.weight + self.open + left >= cut
            && self.against_related + self.open_against_related + left_related >= cut
    }
}

impl<'a> Kernel<'a> {
    pub(crate) fn new(model: &'a Model, people: &'a Population, sketches: &'a Sketches) -> Self {
        let mut lanes: Vec<Lane> = (0..model.comparisons.len())
            .into_par_iter()
            .map(|at| Lane::new(model, at, people))
            .collect();
        lanes.sort_by_key(|lane| lane.cost);
        let mut remembered = 0;
        for lane in &mut lanes {
            remembered += lane.remember(remembered, people);
        }
        let mut most_left = vec![(0.0, 0.0); lanes.len() + 1];
        for (at, lane) in lanes.iter().enumerate().rev() {
            let (most, related) = lane.most();
            most_left[at] = (most_left[at + 1].0 + most, most_left[at + 1].1 + related);
        }
        Self {
            model,
            people,
            sketches,
            lanes,
            most_left,
            remembered,
        }
    }

    pub(crate) fn memory(&self) -> Memory {
        let none = Entry {
            cells: [NO_CELL; 4],
            level: 0,
        };
        Memory {
            entries: vec![none; self.remembered],
            open: Vec::with_capacity(self.lanes.len()),
        }
    }

    pub(crate) fn side(&self, unit: u32) -> Side<'_> {
        Side {
            cells: self.people.cells(unit),
            sketches: self.sketches.of(unit),
        }
    }

    /// The match weight of two units in bits, or nothing when it lies below `cut`. Symmetric; the
    /// same as [`Model::compare`] gives up to rounding.
    pub(crate) fn weight(
        &self,
        memory: &mut Memory,
        one: u32,
        other: u32,
        cut: f64,
    ) -> Option<f64> {
        self.weight_of(memory, self.side(one), self.side(other), cut)
    }

    /// The same by the cells and sketches of the two.
    pub(crate) fn weight_of(
        &self,
        memory: &mut Memory,
        a: Side<'_>,
        b: Side<'_>,
        cut: f64,
    ) -> Option<f64> {
        let mut sum = Sum {
            weight: self.model.prior_weight,
            // Far above any sum where the model knows no related people.
            against_related: self.model.related_weight.unwrap_or(1e6),
            open: 0.0,
            open_against_related: 0.0,
            differing: 0,
        };
        let mut open = std::mem::take(&mut memory.open);
        open.clear();
        let possible = self.look(&mut sum, &mut open, a, b, cut)
            && self.close(&mut sum, &open, memory, a, b, cut);
        memory.open = open;
        if !possible {
            return None;
        }
        self.capped(&sum, a, b, cut)
    }

    /// Adds what sketches decide and lists what they leave open; false if the pair cannot reach the
    /// cut.
    fn look(
        &self,
        sum: &mut Sum,
        open: &mut Vec<(u32, Open)>,
        a: Side<'_>,
        b: Side<'_>,
        cut: f64,
    ) -> bool {
        for (at, lane) in self.lanes.iter().enumerate() {
            if !sum.may_reach(cut, self.most_left[at]) {
                return false;
            }
            match lane.told(a, b) {
                Told::Missing => {}
                Told::Level(level) => self.add(sum, lane, level, a, b),
                Told::Open(bounds) => {
                    sum.open += bounds.most;
                    sum.open_against_related += bounds.most_against_related;
                    open.push((at as u32, bounds));
                }
            }
        }
        sum.may_reach(cut, (0.0, 0.0))
    }

    /// Adds what was left open; false if the pair cannot reach the cut.
    fn close(
        &self,
        sum: &mut Sum,
        open: &[(u32, Open)],
        memory: &mut Memory,
        a: Side<'_>,
        b: Side<'_>,
        cut: f64,
    ) -> bool {
        open.iter().all(|(at, bounds)| {
            let lane = &self.lanes[*at as usize];
            let level = self.open_level(lane, *bounds, memory, a, b);
            self.add(sum, lane, level, a, b);
            sum.open -= bounds.most;
            sum.open_against_related -= bounds.most_against_related;
            sum.may_reach(cut, (0.0, 0.0))
        })
    }

    /// Adds what a level says.
    fn add(&self, sum: &mut Sum, lane: &Lane, level: u8, a: Side<'_>, b: Side<'_>) {
        let reached = &lane.levels[usize::from(level)];
        sum.weight += reached.weight;
        sum.against_related += reached.against_related;
        if reached.is_else {
            sum.differing |= 1 << (lane.comparison & 63);
        }
        if reached.adjusted
            && let Some(adjustment) = &lane.adjustment
        {
            sum.weight += self.adjustment(lane, adjustment, a.cells, b.cells);
        }
    }

    /// The weight, less what related people and ceilings take.
    fn capped(&self, sum: &Sum, a: Side<'_>, b: Side<'_>, cut: f64) -> Option<f64> {
        let mut weight = sum.weight + taken_by_related(sum.weight, sum.against_related);
        if weight < cut {
            return None;
        }
        for ceiling in &self.model.ceilings {
            let differs = |at: usize| sum.differing >> (at & 63) & 1 == 1;
            if ceiling.at_most < weight
                && ceiling.applies(self.row(a.cells), self.row(b.cells), differs)
            {
                weight = ceiling.at_most;
            }
        }
        (weight >= cut).then_some(weight)
    }

    /// Which level each comparison reaches.
    pub(crate) fn levels(&self, memory: &mut Memory, one: u32, other: u32, levels: &mut Levels) {
        let (a, b) = (self.side(one), self.side(other));
        levels.clear();
        levels.resize(self.lanes.len(), MISSING);
        for lane in &self.lanes {
            levels[lane.comparison] = self.level(lane, memory, a, b);
        }
    }

    /// Whether a ceiling below the review threshold holds the pair down.
    pub(crate) fn held_down(&self, levels: &Levels, one: u32, other: u32) -> bool {
        let differs = |at: usize| {
            let reached = self.model.comparisons[at]
                .levels
                .get(usize::from(levels[at]));
            reached.is_some_and(|level| level.tests.is_empty())
        };
        let (a, b) = (self.people.row(one), self.people.row(other));
        self.model.ceilings.iter().any(|ceiling| {
            ceiling.at_most < self.model.review_threshold() && ceiling.applies(a, b, differs)
        })
    }

    fn row<'r>(&'r self, cells: &'r [u32]) -> Row<'r, Pool> {
        Row {
            columns: &self.people.pools,
            cells,
        }
    }

    fn level(&self, lane: &Lane, memory: &mut Memory, a: Side<'_>, b: Side<'_>) -> u8 {
        match lane.told(a, b) {
            Told::Missing => MISSING,
            Told::Level(level) => level,
            Told::Open(open) => self.open_level(lane, open, memory, a, b),
        }
    }

    /// The level of a comparison that sketches do not decide.
    fn open_level(
        &self,
        lane: &Lane,
        open: Open,
        memory: &mut Memory,
        a: Side<'_>,
        b: Side<'_>,
    ) -> u8 {
        let comparison = &self.model.comparisons[lane.comparison];
        let reached = || {
            let (a, b) = (self.row(a.cells), self.row(b.cells));
            comparison.reached_from(usize::from(open.from), a, b) as u8
        };
        let Some((begin, cells)) = lane.remembered.zip(lane.deciding(a.cells, b.cells)) else {
            return reached();
        };
        let entry = &mut memory.entries[Lane::place(begin, cells)];
        if entry.cells != cells {
            let level = reached();
            *entry = Entry { cells, level };
        }
        entry.level
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
        seen.map_or(0.0, |seen| adjusted(comparison, self.people.counted, seen))
    }
}
