//! The walk over the pairs of blocks.

use super::blocks::{Blocks, Stretch};
use super::kernel::Kernel;
use super::sketch::Side;

/// Units that are gathered at a time.
const GATHERED: usize = 256;

/// What is read of some units, side by side. Gathering is reads that do not wait for each other,
/// after which every pair finds its rows near.
#[derive(Default)]
struct Near {
    units: Vec<u32>,
    /// What the rules before the one that is walked marked them with.
    marks: Vec<u32>,
    /// Pairs of places that no earlier rule looks at.
    pairs: Vec<(u32, u32)>,
    /// Whether a place stands in one of them.
    wanted: Vec<bool>,
    cells: Vec<u32>,
    sketches: Vec<u64>,
}

/// Calls `with` for every pair of a stretch that no earlier rule looks at: the lower unit, the
/// higher, and what is known of either.
pub(crate) fn walk(
    blocks: &Blocks,
    kernel: &Kernel<'_>,
    stretch: Stretch,
    mut with: impl FnMut(u32, u32, Side<'_>, Side<'_>),
) {
    let mut near = Near::default();
    let mut block = stretch.from;
    while block < stretch.to {
        let first = block;
        near.units.clear();
        while block < stretch.to && near.units.len() < GATHERED {
            near.units
                .extend_from_slice(blocks.units(stretch.rule, block as usize));
            block += 1;
        }
        near.find_pairs(blocks, stretch.rule, first..block);
        near.gather(kernel);
        for (one, other) in &near.pairs {
            let (one, other) = (*one as usize, *other as usize);
            with(
                near.units[one],
                near.units[other],
                near.side(one),
                near.side(other),
            );
        }
    }
}

impl Near {
    fn find_pairs(&mut self, blocks: &Blocks, rule: usize, range: std::ops::Range<u32>) {
        self.marks.clear();
        for unit in &self.units {
            self.marks.extend_from_slice(blocks.marks(*unit, rule));
        }
        self.pairs.clear();
        self.wanted.clear();
        self.wanted.resize(self.units.len(), false);
        let marks = |at: usize| &self.marks[at * rule..][..rule];
        let mut begin = 0;
        for block in range {
            let end = begin + blocks.units(rule, block as usize).len();
            for one in begin..end {
                for other in one + 1..end {
                    let (unit, with) = (self.units[one], self.units[other]);
                    if !blocks.met(unit, with, marks(one), marks(other))
                        && !blocks.shared_before(rule, block, unit, with)
                    {
                        self.pairs.push((one as u32, other as u32));
                        self.wanted[one] = true;
                        self.wanted[other] = true;
                    }
                }
            }
            begin = end;
        }
    }

    /// Reads the rows of the units that are wanted; the others' places stay as they are.
    fn gather(&mut self, kernel: &Kernel<'_>) {
        let width = kernel.people.pools.len();
        self.cells.resize(self.units.len().max(GATHERED) * width, 0);
        self.sketches
            .resize(self.units.len().max(GATHERED) * width, 0);
        let rows = self
            .cells
            .chunks_exact_mut(width)
            .zip(self.sketches.chunks_exact_mut(width));
        for ((unit, wanted), (cells, sketches)) in self.units.iter().zip(&self.wanted).zip(rows) {
            if *wanted {
                let side = kernel.side(*unit);
                cells.copy_from_slice(side.cells);
                sketches.copy_from_slice(side.sketches);
            }
        }
    }

    fn side(&self, place: usize) -> Side<'_> {
        let width = self.cells.len() / self.wanted.len().max(GATHERED);
        Side {
            cells: &self.cells[place * width..][..width],
            sketches: &self.sketches[place * width..][..width],
        }
    }
}
