//! The distinct records of a table, in an order that depends on what they say and on nothing else.

use rayon::prelude::*;

use super::ids::Ids;
use super::table::{ColumnNote, Pool, Table};
use crate::Model;
use crate::score::Frequencies;
use crate::sheet::{Record as _, Row, Values};

/// Everybody to be linked. Records that say exactly the same are one *unit*: they are compared
/// with others once, and joined or not as one.
///
/// Units stand in order of a hash of their contents, so nothing that follows depends on the order
/// of rows.
pub struct Population {
    pub(crate) pools: Vec<Pool>,
    /// Records of the whole table, for frequencies.
    pub(crate) counted: u64,
    /// Unit by unit, the cell numbers of its columns.
    cells: Vec<u32>,
    /// Of each unit, how many records say this.
    pub(crate) records: Vec<u32>,
    /// Of each unit, which source it came from.
    pub(crate) sources: Vec<u16>,
    /// Of each record, its unit.
    pub(crate) unit_of: Vec<u32>,
    pub(crate) ids: Ids,
    notes: Vec<ColumnNote>,
}

impl Population {
    /// Lays a table out record by record and folds exact duplicates.
    pub fn new(table: Table) -> Self {
        let notes = table.notes().to_vec();
        let (pools, columns, sources, ids) = table.into_people();
        let width = pools.len();
        let mut order = order(&pools, &columns, &sources);
        order.par_sort_unstable();

        let mut cells = vec![0; order.len() * width];
        let rows = cells
            .par_chunks_mut(width.max(1))
            .zip(&order)
            .with_min_len(1 << 12);
        rows.for_each(|(cells, (_, row))| {
            for (cell, column) in cells.iter_mut().zip(&columns) {
                *cell = column[*row as usize];
            }
        });
        drop(columns);
        let mut people = Self {
            pools,
            counted: sources.len() as u64,
            cells,
            records: Vec::with_capacity(order.len()),
            sources: Vec::with_capacity(order.len()),
            unit_of: vec![0; order.len()],
            ids,
            notes,
        };
        people.fold(&order, &sources);
        people
    }

    /// Some units of a table of `counted` records: enough to compare them, and no more.
    pub(crate) fn part(pools: Vec<Pool>, cells: Vec<u32>, sources: Vec<u16>, counted: u64) -> Self {
        Self {
            pools,
            counted,
            cells,
            records: vec![1; sources.len()],
            sources,
            unit_of: Vec::new(),
            ids: Ids::default(),
            notes: Vec::new(),
        }
    }

    /// Makes one unit of rows that follow each other and say the same.
    fn fold(&mut self, order: &[(u64, u32)], sources: &[u16]) {
        let width = self.pools.len();
        for (at, (_, row)) in order.iter().enumerate() {
            let row = *row as usize;
            let (before, here) = self.cells.split_at_mut(at * width);
            let here = &here[..width];
            let last = self.records.len().wrapping_sub(1);
            let same = self.sources.last() == Some(&sources[row])
                && before[last * width..][..width] == *here;
            if !same {
                let next = self.records.len() * width;
                self.cells.copy_within(at * width..(at + 1) * width, next);
                self.records.push(0);
                self.sources.push(sources[row]);
            }
            let unit = self.records.len() - 1;
            self.records[unit] += 1;
            self.unit_of[row] = unit as u32;
        }
        self.cells.truncate(self.records.len() * width);
        self.cells.shrink_to_fit();
        self.records.shrink_to_fit();
        self.sources.shrink_to_fit();
    }

    /// How many distinct records there are.
    pub fn units(&self) -> usize {
        self.records.len()
    }

    /// How many records there are.
    pub fn rows(&self) -> usize {
        self.unit_of.len()
    }

    /// What was met in each column, in the model's order.
    pub fn notes(&self) -> &[ColumnNote] {
        &self.notes
    }

    /// The id of a record by its row.
    pub fn id(&self, row: usize) -> &[u8] {
        self.ids.get(row)
    }

    /// The unit of a record by its row.
    pub fn unit(&self, row: usize) -> u32 {
        self.unit_of[row]
    }

    /// Which source a record came from, by its row.
    pub fn source(&self, row: usize) -> u16 {
        self.sources[self.unit(row) as usize]
    }

    /// The first row that says what a unit says.
    pub fn a_row_of(&self, unit: u32) -> usize {
        self.unit_of.iter().position(|of| *of == unit).unwrap_or(0)
    }

    /// Two records side by side, by row: each column's name and the normal values of both.
    pub fn side_by_side(
        &self,
        model: &Model,
        one: usize,
        other: usize,
    ) -> Vec<(String, String, String)> {
        let values = |row: usize, column: usize| {
            let row = self.row(self.unit(row));
            let values: Vec<&str> = self.pools[column]
                .sheet
                .slot(row.cells[column] as usize)
                .map(|value| value.text())
                .collect();
            values.join("; ")
        };
        let columns = model.columns().enumerate();
        columns
            .map(|(at, (name, _))| (name.to_owned(), values(one, at), values(other, at)))
            .collect()
    }

    /// The match weight of two records that both say what a unit says.
    pub fn weight_of_equals(&self, model: &Model, unit: u32) -> f64 {
        let known = Known {
            model,
            people: self,
            unit,
        };
        model.scored(self.row(unit), self.row(unit), &known).weight
    }

    /// The row of an id, of the first source that has it.
    pub fn find(&self, id: &[u8]) -> Option<usize> {
        (0..self.rows()).find(|row| self.ids.get(*row) == id)
    }

    pub(crate) fn row(&self, unit: u32) -> Row<'_, Pool> {
        Row {
            columns: &self.pools,
            cells: self.cells(unit),
        }
    }

    pub(crate) fn cells(&self, unit: u32) -> &[u32] {
        let width = self.pools.len();
        let start = unit as usize * width;
        &self.cells[start..start + width]
    }
}

/// The rows with a hash of what they say.
fn order(pools: &[Pool], columns: &[Vec<u32>], sources: &[u16]) -> Vec<(u64, u32)> {
    let contents: Vec<Vec<u64>> = pools.par_iter().map(contents).collect();
    let of = |row: usize| {
        let said = columns.iter().zip(&contents);
        let said = said.map(|(cells, contents)| contents[cells[row] as usize]);
        (said_by(sources[row], said), row as u32)
    };
    (0..sources.len()).into_par_iter().map(of).collect()
}

/// Takes a further number into a hash (the multiplier of Knuth's hash).
fn mix(hash: u64, number: u64) -> u64 {
    let mixed = (hash ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ mixed >> 29
}

/// A hash of what a record of a source says, of what its cells say: units stand in this order.
pub(crate) fn said_by(source: u16, cells: impl Iterator<Item = u64>) -> u64 {
    cells.fold(mix(0, u64::from(source)), mix)
}

/// A hash of what a cell says: the same in every run, whatever the cell's number.
pub(crate) fn said_in(values: Values<'_>) -> u64 {
    values.fold(1, |so_far, value| mix(so_far, value.hash()))
}

/// The same for each cell of a column.
fn contents(pool: &Pool) -> Vec<u64> {
    (0..pool.sheet.slots())
        .map(|slot| said_in(pool.sheet.slot(slot)))
        .collect()
}

/// How common the values of one unit are.
pub(crate) struct Known<'p> {
    pub(crate) model: &'p Model,
    pub(crate) people: &'p Population,
    pub(crate) unit: u32,
}

impl Frequencies for Known<'_> {
    fn share(&self, column: &str, value: &str) -> Option<f64> {
        let at = self.model.columns().position(|(name, _)| name == column)?;
        let row = self.people.row(self.unit);
        let found = row.values(at).find(|held| held.text() == value)?;
        let seen = self.people.pools[at].seen(row.cells[at], found.hash());
        Some(f64::from(seen) / self.people.counted as f64)
    }
}
