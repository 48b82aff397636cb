//! One comparison of the model, as the kernel goes about it.

use super::Population;
use super::sketch::{Glance, Side};
use crate::Model;
use crate::condition::TestKind;
use crate::model::Comparison;
use crate::sheet::Distinct as _;
use rayon::prelude::*;

/// Pairs of cells remembered for each comparison: a power of two that stays in the processor's
/// nearer memory.
const REMEMBERED: usize = 1 << 12;
/// Units for each cell of a column from which values come up again often enough to remember them.
const OFTEN: usize = 4;

/// One comparison with its weights.
pub(crate) struct Lane {
    /// Its place in the model.
    pub(crate) comparison: usize,
    /// The columns of which one must have values on both sides.
    columns: Vec<usize>,
    /// The columns its outcome depends on.
    pub(crate) reads: Vec<usize>,
    /// Whether equal cells of its only column always reach the first level.
    first_is_exact: bool,
    /// Where the memory of this lane begins; see [`super::kernel::Memory`].
    pub(crate) remembered: Option<usize>,
    pub(crate) levels: Vec<LaneLevel>,
    /// By cell, what frequency adds to an exact agreement.
    pub(crate) adjustment: Option<Vec<f32>>,
    /// What working it out costs, roughly: tests, more of them where several columns are compared,
    /// whose sketches seldom decide at once.
    pub(crate) cost: usize,
    /// Whether some test reads values letter by letter or word by word.
    is_dear: bool,
}

/// One level of a comparison.
pub(crate) struct LaneLevel {
    glances: Vec<Glance>,
    pub(crate) weight: f64,
    pub(crate) against_related: f64,
    /// The most bits it can add, frequency included.
    most: f64,
    /// Whether frequency adjusts it.
    pub(crate) adjusted: bool,
    /// Whether nothing agrees.
    pub(crate) is_else: bool,
}

/// What a pair's sketches say of a comparison.
pub(crate) enum Told {
    Missing,
    /// The level is this.
    Level(u8),
    Open(Open),
}

/// A comparison that sketches do not decide.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Open {
    /// No level before this one is reached.
    pub(crate) from: u8,
    /// The most bits that a level which may be reached adds.
    pub(crate) most: f64,
    /// The same, against related people.
    pub(crate) most_against_related: f64,
}

impl Lane {
    pub(crate) fn new(model: &Model, at: usize, people: &Population) -> Self {
        let comparison = &model.comparisons[at];
        let mut reads: Vec<usize> = comparison.columns.clone();
        for test in comparison.levels.iter().flat_map(|level| &level.tests) {
            reads.extend([test.column, test.other]);
        }
        reads.sort_unstable();
        reads.dedup();
        let adjustment = comparison
            .frequency_most
            .map(|_| adjustments(comparison, people));
        let rarest = adjustment.iter().flatten().copied().fold(0.0, f32::max);
        let of = |level: &crate::model::Level| LaneLevel {
            glances: level
                .tests
                .iter()
                .map(|test| Glance::new(test, model))
                .collect(),
            weight: level.weight,
            against_related: level.against_related,
            most: level.weight + if level.exact { f64::from(rarest) } else { 0.0 },
            adjusted: level.exact && adjustment.is_some(),
            is_else: level.tests.is_empty(),
        };
        let levels = comparison.levels.iter().map(of).collect();
        Self {
            comparison: at,
            columns: comparison.columns.clone(),
            first_is_exact: comparison.levels[0].exact,
            remembered: None,
            cost: comparison.columns.len() * 100 + comparison.levels.len(),
            is_dear: is_dear(comparison),
            levels,
            reads,
            adjustment,
        }
    }

    /// Gives it a memory from `next` on, where one is worth it; how many pairs it remembers.
    pub(crate) fn remember(&mut self, next: usize, people: &Population) -> usize {
        let repeats = |column: &usize| people.pools[*column].counts.len() * OFTEN <= people.units();
        if self.reads.len() > 2 || !self.is_dear || !self.reads.iter().all(repeats) {
            return 0;
        }
        self.remembered = Some(next);
        REMEMBERED
    }

    /// The most bits it can add, and the most against related people; none where a value is
    /// missing.
    pub(crate) fn most(&self) -> (f64, f64) {
        let levels = self.levels.iter();
        levels.fold((0.0, 0.0), |(most, related), level| {
            (level.most.max(most), level.against_related.max(related))
        })
    }

    /// What is seen without looking at values.
    pub(crate) fn told(&self, a: Side<'_>, b: Side<'_>) -> Told {
        if let [only] = *self.columns.as_slice() {
            let (one, other) = (a.cells[only], b.cells[only]);
            if one == 0 || other == 0 {
                return Told::Missing;
            }
            if one == other && self.first_is_exact {
                return Told::Level(0);
            }
        } else if !self
            .columns
            .iter()
            .any(|at| a.cells[*at] != 0 && b.cells[*at] != 0)
        {
            return Told::Missing;
        }
        let mut open: Option<Open> = None;
        for (at, level) in self.levels.iter().enumerate() {
            let holds = level.told(a, b);
            if holds == Some(false) {
                continue;
            }
            let Some(open) = &mut open else {
                if holds == Some(true) {
                    return Told::Level(at as u8);
                }
                open = Some(Open {
                    from: at as u8,
                    most: level.most,
                    most_against_related: level.against_related,
                });
                continue;
            };
            open.most = open.most.max(level.most);
            open.most_against_related = open.most_against_related.max(level.against_related);
            if holds == Some(true) {
                break;
            }
        }
        // The last level always holds, so one was found.
        open.map_or(Told::Missing, Told::Open)
    }

    /// The pair of cells that decides it, whichever way round they come; `None` where there are
    /// more.
    pub(crate) fn deciding(&self, a: &[u32], b: &[u32]) -> Option<[u32; 4]> {
        match *self.reads.as_slice() {
            [only] => Some([a[only].min(b[only]), a[only].max(b[only]), 0, 0]),
            [first, second] => {
                let (a, b) = ((a[first], a[second]), (b[first], b[second]));
                let (a, b) = (a.min(b), a.max(b));
                Some([a.0, a.1, b.0, b.1])
            }
            _ => None,
        }
    }

    /// Where in the memory a pair of cells belongs.
    pub(crate) fn place(begin: usize, cells: [u32; 4]) -> usize {
        let low = u64::from(cells[0]) | u64::from(cells[1]) << 32;
        let high = u64::from(cells[2]) | u64::from(cells[3]) << 32;
        let mixed = low
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .wrapping_add(high.wrapping_mul(0xc2b2_ae3d_27d4_eb4f));
        begin + ((mixed >> 40) as usize & (REMEMBERED - 1))
    }
}

impl LaneLevel {
    /// Whether all its tests hold; `None` where one must be worked out and none is known to fail.
    fn told(&self, a: Side<'_>, b: Side<'_>) -> Option<bool> {
        let mut all = Some(true);
        for glance in &self.glances {
            match glance.told(a, b) {
                Some(true) => {}
                Some(false) => return Some(false),
                None => all = None,
            }
        }
        all
    }
}

fn is_dear(comparison: &Comparison) -> bool {
    comparison
        .levels
        .iter()
        .flat_map(|level| &level.tests)
        .any(|test| {
            matches!(
                test.kind,
                TestKind::JaroWinkler
                    | TestKind::Words
                    | TestKind::SharesWord
                    | TestKind::Nickname
                    | TestKind::Soundex
            )
        })
}

/// By cell, what frequency adds where two records both have it.
fn adjustments(comparison: &Comparison, people: &Population) -> Vec<f32> {
    let pool = &people.pools[comparison.columns[0]];
    let of = |(cell, count): (usize, &u32)| {
        let seen = if pool.is_single() {
            *count
        } else {
            let values = pool.sheet.slot(cell);
            let seen = values
                .map(|value| pool.seen(cell as u32, value.hash()))
                .min();
            seen.unwrap_or(*count)
        };
        adjusted(comparison, people.counted, seen) as f32
    };
    pool.counts
        .par_iter()
        .enumerate()
        .with_min_len(1 << 12)
        .map(of)
        .collect()
}

/// log2(u / share) of a value that `seen` of `records` bear, at most what the model allows.
pub(crate) fn adjusted(comparison: &Comparison, records: u64, seen: u32) -> f64 {
    let exact = comparison.levels.iter().find(|level| level.exact);
    let (Some(level), Some(most)) = (exact, comparison.frequency_most) else {
        return 0.0;
    };
    let share = f64::from(seen.max(1)) / records as f64;
    (level.u / share).log2().min(most)
}
