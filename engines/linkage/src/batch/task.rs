//! A part of a linkage as bytes, to be done elsewhere: a group of blocks and all that comparing
//! their units takes. What comes back are links, the same as [`Linkage::links`] finds.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::blocks::Stretch;
use super::kernel::Kernel;
use super::sketch::Sketches;
use super::table::Pool;
use super::{Between, Link, Linkage, Parameters, Population, sample};
use crate::Model;
use crate::sheet::{Distinct as _, Sheet};

/// Pairs of one task: seconds of work, and some megabytes.
const PAIRS: u64 = 300_000;

/// What a task says. Units and cells are numbered anew, from 0 and from 1.
#[derive(Serialize, Deserialize)]
struct Task<'t> {
    /// The model file.
    model: &'t str,
    /// What was estimated since; not through the file, which rounds.
    parameters: Option<Parameters>,
    /// Records of the whole table, for frequencies.
    records: u64,
    across: bool,
    cut: f64,
    /// Column by column, its distinct cells.
    columns: Vec<Vec<Cell>>,
    /// Unit by unit, its cells; 0 for none.
    cells: Vec<u32>,
    sources: Vec<u16>,
    /// The unit's number where the task came from.
    units: Vec<u32>,
    /// Block by block, its units, and where each block ends.
    blocks: Vec<u32>,
    ends: Vec<u32>,
    /// Unit by unit, the keys of the rules before this one that give one key each; 0 for none.
    marks: Vec<u32>,
}

#[derive(Serialize, Deserialize)]
struct Cell {
    /// Normal forms, ascending.
    values: Vec<String>,
    /// Records of the whole table that have this cell.
    count: u32,
    /// Where cells may have several values: records that bear each of these.
    seen: Vec<u32>,
}

/// A task that cannot be read or done.
fn refused(error: impl std::fmt::Display) -> String {
    format!("a linkage task cannot be done: {error}")
}

impl Linkage<'_> {
    /// The whole comparison as tasks for [`run_task`]. `text`: the file `model` was read from;
    /// `parameters`: what it was trained to since. Tasks are put together as they are asked for.
    pub fn tasks<'t>(
        &'t self,
        text: &'t str,
        parameters: Option<&'t Parameters>,
        cut: f64,
    ) -> impl Iterator<Item = Vec<u8>> + 't {
        let stretches = self.blocks.stretches(PAIRS);
        stretches.into_iter().map(move |stretch| {
            let task = self.task(text, parameters, cut, stretch);
            // Numbers and texts always have a form in bytes.
            postcard::to_stdvec(&task).unwrap_or_default()
        })
    }

    fn task<'t>(
        &self,
        model: &'t str,
        parameters: Option<&Parameters>,
        cut: f64,
        stretch: Stretch,
    ) -> Task<'t> {
        let rule = stretch.rule;
        let members = |block: u32| self.blocks.units(rule, block as usize);
        let mut units: Vec<u32> = (stretch.from..stretch.to)
            .flat_map(|block| members(block).iter().copied())
            .collect();
        units.sort_unstable();
        units.dedup();
        let place = |unit: &u32| units.binary_search(unit).unwrap_or(0) as u32;
        let (mut blocks, mut ends) = (Vec::new(), Vec::new());
        for block in stretch.from..stretch.to {
            blocks.extend(members(block).iter().map(place));
            ends.push(blocks.len() as u32);
        }
        let (columns, cells) = self.laid(&units);
        let marks = units.iter().flat_map(|unit| {
            let marks = self
                .blocks
                .marks(*unit, rule)
                .iter()
                .zip(self.blocks.several());
            marks.map(|(mark, several)| if *several { 0 } else { *mark })
        });
        Task {
            model,
            parameters: parameters.cloned(),
            records: self.people.counted,
            across: self.between == Between::Sources,
            cut,
            columns,
            cells,
            sources: units
                .iter()
                .map(|unit| self.people.sources[*unit as usize])
                .collect(),
            marks: marks.collect(),
            blocks,
            ends,
            units,
        }
    }
}

impl Linkage<'_> {
    /// The cells of some units: column by column the distinct ones, and unit by unit their numbers.
    fn laid(&self, units: &[u32]) -> (Vec<Vec<Cell>>, Vec<u32>) {
        let width = self.people.pools.len();
        let mut cells = vec![0; units.len() * width];
        let columns = (0..width)
            .map(|column| {
                let mut numbers: FxHashMap<u32, u32> = FxHashMap::default();
                let mut laid = Vec::new();
                for (at, unit) in units.iter().enumerate() {
                    let cell = self.people.cells(*unit)[column];
                    if cell != 0 {
                        let next = laid.len() as u32 + 1;
                        cells[at * width + column] = *numbers.entry(cell).or_insert_with(|| {
                            laid.push(Cell::of(&self.people.pools[column], cell));
                            next
                        });
                    }
                }
                laid
            })
            .collect();
        (columns, cells)
    }
}

impl Cell {
    fn of(pool: &Pool, cell: u32) -> Self {
        let values = pool.sheet.slot(cell as usize);
        let seen = |value: crate::sheet::Value<'_>| pool.seen(cell, value.hash());
        Self {
            seen: if pool.is_single() {
                Vec::new()
            } else {
                values.clone().map(seen).collect()
            },
            values: values.map(|value| value.text().to_owned()).collect(),
            count: pool.counts[cell as usize],
        }
    }
}

/// Does a task that [`Linkage::tasks`] put together; its links, for [`links_of`].
///
/// # Errors
/// When the bytes are no task, or one of another version of this program.
pub fn run_task(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let task: Task<'_> = postcard::from_bytes(bytes).map_err(refused)?;
    let mut model = Model::from_toml(task.model).map_err(refused)?;
    if let Some(parameters) = &task.parameters {
        model = model.with(parameters);
    }
    let links = task.links(&model)?;
    let links: Vec<(u32, u32, f32)> = links
        .into_iter()
        .map(|link| (link.one, link.other, link.weight))
        .collect();
    postcard::to_stdvec(&links).map_err(refused)
}

/// The links that came back from tasks, each pair once, ascending.
///
/// # Errors
/// When the bytes are not what [`run_task`] gave.
pub fn links_of(answers: &[Vec<u8>]) -> Result<Vec<Link>, String> {
    let mut all = Vec::new();
    for answer in answers {
        let links: Vec<(u32, u32, f32)> = postcard::from_bytes(answer).map_err(refused)?;
        all.extend(
            links
                .into_iter()
                .map(|(one, other, weight)| Link { one, other, weight }),
        );
    }
    Ok(super::once(all))
}

impl Task<'_> {
    fn links(mut self, model: &Model) -> Result<Vec<Link>, String> {
        let columns = std::mem::take(&mut self.columns);
        if columns.len() != model.columns.len() {
            return Err(refused("it has other columns than its model"));
        }
        let laid = columns.into_iter().enumerate();
        let pools: Vec<Pool> = laid
            .map(|(column, cells)| pool(model, column, cells))
            .collect();
        let whole = self.is_whole(&pools);
        let between = if self.across {
            Between::Sources
        } else {
            Between::Everybody
        };
        let cells = std::mem::take(&mut self.cells);
        let people = Population::part(
            pools,
            cells,
            std::mem::take(&mut self.sources),
            self.records,
        );
        if !whole {
            return Err(refused("its numbers do not fit together"));
        }
        let sketches = Sketches::new(model, &people);
        let kernel = Kernel::new(model, &people, &sketches);
        let mut memory = kernel.memory();
        let rules = self.marks.len() / self.units.len().max(1);
        let marks = |unit: u32| &self.marks[unit as usize * rules..][..rules];
        let mut links = Vec::new();
        let mut begin = 0;
        for end in &self.ends {
            let block = &self.blocks[begin..*end as usize];
            begin = *end as usize;
            for (at, one) in block.iter().enumerate() {
                for other in &block[at + 1..] {
                    let met = marks(*one)
                        .iter()
                        .zip(marks(*other))
                        .any(|(a, b)| *a != 0 && a == b);
                    if met || !sample::may_pair(&people, between, *one, *other) {
                        continue;
                    }
                    if let Some(weight) = kernel.weight(&mut memory, *one, *other, self.cut) {
                        let unit = |place: u32| self.units[place as usize];
                        links.push(Link {
                            one: unit(*one),
                            other: unit(*other),
                            weight: weight as f32,
                        });
                    }
                }
            }
        }
        Ok(links)
    }

    /// Whether every number names something: bytes come from elsewhere.
    fn is_whole(&self, pools: &[Pool]) -> bool {
        let (units, width) = (self.units.len(), pools.len());
        let rows = self.cells.chunks(width.max(1));
        self.cells.len() == units * width
            && self.sources.len() == units
            && self.marks.len().checked_rem(units.max(1)) == Some(0)
            && rows
                .flat_map(|row| row.iter().zip(pools))
                .all(|(cell, pool)| (*cell as usize) < pool.counts.len())
            && self.blocks.iter().all(|unit| (*unit as usize) < units)
            && self.ends.is_sorted()
            && self.ends.last().map_or(0, |end| *end as usize) == self.blocks.len()
    }
}

fn pool(model: &Model, column: usize, cells: Vec<Cell>) -> Pool {
    let mut sheet = Sheet::with_capacity(cells.len() + 1, 0);
    sheet.end_slot();
    let mut counts = vec![0];
    let mut by_value: FxHashMap<u64, u32> = FxHashMap::default();
    for cell in cells {
        for value in &cell.values {
            model.lay(column, value, &mut sheet);
        }
        sheet.end_slot();
        counts.push(cell.count);
        let laid = sheet.slot(counts.len() - 1);
        by_value.extend(
            laid.zip(&cell.seen)
                .map(|(value, seen)| (value.hash(), *seen)),
        );
    }
    Pool::part(sheet, counts, (!by_value.is_empty()).then_some(by_value))
}
