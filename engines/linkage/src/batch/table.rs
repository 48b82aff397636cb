//! A table by columns: every distinct cell normalised once, every record a row of cell numbers.

use std::ops::Range;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::ids::Ids;
use super::intern::Interner;
use crate::Model;
use crate::batch::Refused;
use crate::model::Column;
use crate::prepared::beginning;
use crate::sheet::{Distinct, Sheet};

/// Parts the values of one cell while it is brought to normal form (ASCII record separator).
const VALUE: char = '\u{1e}';
/// Distinct raw cells brought to normal form at a time.
const CHUNK: usize = 8_192;

/// Some rows of a source, by place of row and column.
pub trait Rows: Sync {
    /// How many rows there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What stands there; empty where nothing does. Bytes that are not UTF-8 are read as Latin-1.
    fn field(&self, row: usize, column: usize) -> &[u8];
}

/// What was met while a table was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnNote {
    /// Name in the model.
    pub column: String,
    /// Records with a usable value.
    pub filled: u64,
    /// Distinct usable values.
    pub distinct: u64,
    /// Distinct values that say nothing: unreadable as their kind, or listed under `[unknown]`.
    pub unusable: u64,
    /// One of those, as it was written.
    pub unusable_example: Option<String>,
    /// Distinct values that were not UTF-8 and were read as Latin-1.
    pub not_utf8: u64,
}

/// Takes in the rows of one or several sources.
pub struct Builder<'m> {
    model: &'m Model,
    raws: Vec<RawColumn>,
    /// Of each row, which source it came from.
    sources: Vec<u16>,
    ids: Ids,
}

struct RawColumn {
    texts: Interner,
    cells: Vec<u32>,
    scratch: Joined,
    full: bool,
}

/// Cells made of several columns of the source, one behind the other.
#[derive(Default)]
struct Joined {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Joined {
    fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    fn join(&mut self, rows: &impl Rows, row: usize, places: &[usize]) {
        let begin = self.text.len();
        for place in places {
            let text = rows.field(row, *place);
            if !text.is_empty() && self.text.len() > begin {
                self.text.push(VALUE as u8);
            }
            self.text.extend_from_slice(text);
        }
        self.ends.push(self.text.len());
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        stretches(&self.ends).map(|stretch| &self.text[stretch])
    }
}

/// From where each ends to where the next does.
fn stretches(ends: &[usize]) -> impl Iterator<Item = Range<usize>> {
    let mut begin = 0;
    ends.iter()
        .map(move |end| std::mem::replace(&mut begin, *end)..*end)
}

/// Where the model's columns and the id stand in a source.
#[derive(Debug, Clone)]
pub struct Layout {
    /// For each column of the model, in order of name, the places of the source columns it reads.
    pub columns: Vec<Vec<usize>>,
    /// Place of the id; `None` numbers the rows from 1.
    pub id: Option<usize>,
    /// Number of the source.
    pub source: u16,
}

impl<'m> Builder<'m> {
    /// Begins an empty table.
    pub fn new(model: &'m Model) -> Self {
        let column = |_| RawColumn {
            texts: Interner::new(),
            cells: Vec::new(),
            scratch: Joined::default(),
            full: false,
        };
        Self {
            model,
            raws: (0..model.columns.len()).map(column).collect(),
            sources: Vec::new(),
            ids: Ids::default(),
        }
    }

    /// How many rows were taken in.
    pub fn rows(&self) -> usize {
        self.sources.len()
    }

    /// Takes in some rows, column by column on all cores.
    ///
    /// # Errors
    /// [`Refused::TooLarge`] when the distinct texts of one column outgrow 4 GiB, or the rows 2^32.
    pub fn add(&mut self, rows: &impl Rows, layout: &Layout) -> Result<(), Refused> {
        let count = rows.len();
        let first = self.sources.len();
        if u32::try_from(first + count).is_err() {
            return Err(Refused::TooLarge {
                what: "the table has more than 4,294,967,295 rows".to_owned(),
            });
        }
        for row in 0..count {
            match layout.id {
                Some(at) => self.ids.push(rows.field(row, at)),
                None => self.ids.push((first + row + 1).to_string().as_bytes()),
            }
        }
        self.sources.resize(first + count, layout.source);
        self.raws
            .par_iter_mut()
            .zip(&layout.columns)
            .for_each(|(raw, places)| raw.take(rows, places));
        match self.raws.iter().position(|raw| raw.full) {
            None => Ok(()),
            Some(at) => Err(Refused::TooLarge {
                what: format!(
                    "the distinct values of `{}` are more than 4 GiB",
                    self.model.columns[at].name
                ),
            }),
        }
    }

    /// Brings every distinct cell to normal form.
    ///
    /// # Errors
    /// [`Refused::TooLarge`]; [`Refused::DuplicateId`] when two rows have one id;
    /// [`Refused::EmptyId`].
    pub fn finish(self) -> Result<Table, Refused> {
        self.ids.check(&self.sources)?;
        let model = self.model;
        let columns: Vec<(Filled, ColumnNote)> = self
            .raws
            .into_par_iter()
            .enumerate()
            .map(|(at, raw)| raw.finish(model, at))
            .collect::<Result<_, _>>()?;
        let (columns, notes) = columns.into_iter().unzip();
        Ok(Table {
            columns,
            notes,
            sources: self.sources,
            ids: self.ids,
        })
    }
}

impl RawColumn {
    fn take(&mut self, rows: &impl Rows, places: &[usize]) {
        let Self {
            texts,
            cells,
            scratch,
            full,
        } = self;
        let taken = |number: Option<u32>| {
            *full |= number.is_none();
            cells.push(number.unwrap_or(0));
        };
        let count = rows.len();
        if let [only] = places {
            texts.numbers((0..count).map(|row| rows.field(row, *only)), taken);
        } else {
            scratch.clear();
            (0..count).for_each(|row| scratch.join(rows, row, places));
            texts.numbers(scratch.iter(), taken);
        }
    }

    fn finish(mut self, model: &Model, at: usize) -> Result<(Filled, ColumnNote), Refused> {
        self.texts.close();
        let numbers: Vec<u32> = (0..self.texts.len() as u32).collect();
        let chunks: Vec<Normal> = numbers
            .par_chunks(CHUNK)
            .map(|numbers| Normal::of(model, at, &self.texts, numbers))
            .collect();
        let mut note = ColumnNote {
            column: model.columns[at].name.clone(),
            ..ColumnNote::default()
        };
        let mut cells = Interner::new();
        let mut sheet = Sheet::with_capacity(self.texts.len(), 0);
        sheet.end_slot();
        let mut cell_of = Vec::with_capacity(self.texts.len());
        for chunk in chunks {
            note.not_utf8 += chunk.not_utf8;
            note.unusable += chunk.unusable;
            if note.unusable_example.is_none() {
                note.unusable_example.clone_from(&chunk.unusable_example);
            }
            let mut laid = chunk.texts();
            let mut fits = true;
            cells.numbers(chunk.texts().map(str::as_bytes), |cell| {
                let text = laid.next().unwrap_or_default();
                fits &= cell.is_some() && sheet.fits(2 * text.len());
                let cell = cell.unwrap_or_default();
                // A text that was not there before.
                if fits && cell as usize == sheet.slots() {
                    for value in text.split(VALUE) {
                        model.lay(at, value, &mut sheet);
                    }
                    sheet.end_slot();
                }
                cell_of.push(cell);
            });
            if !fits {
                return Err(Refused::TooLarge {
                    what: format!(
                        "the distinct values of `{}` are more than 4 GiB",
                        note.column
                    ),
                });
            }
        }
        drop(self.texts);
        let mut counts = vec![0_u32; cells.len()];
        for cell in &mut self.cells {
            *cell = cell_of[*cell as usize];
            counts[*cell as usize] += 1;
        }
        note.distinct = cells.len() as u64 - 1;
        note.filled = self.cells.len() as u64 - u64::from(counts[0]);
        let column = Filled {
            pool: Pool::new(sheet, counts),
            cells: self.cells,
        };
        Ok((column, note))
    }
}

/// Normal forms of some raw cells, one behind the other.
#[derive(Default)]
struct Normal {
    text: String,
    ends: Vec<usize>,
    unusable: u64,
    unusable_example: Option<String>,
    not_utf8: u64,
}

impl Normal {
    fn texts(&self) -> impl Iterator<Item = &str> {
        stretches(&self.ends).map(|stretch| &self.text[stretch])
    }

    fn of(model: &Model, at: usize, texts: &Interner, numbers: &[u32]) -> Self {
        let column = &model.columns[at];
        let mut found = Self::default();
        for number in numbers {
            let raw = texts.text(*number);
            let latin;
            let raw = match std::str::from_utf8(raw) {
                Ok(raw) => raw,
                Err(_) => {
                    found.not_utf8 += 1;
                    latin = raw.iter().map(|byte| char::from(*byte)).collect::<String>();
                    &latin
                }
            };
            let parted =
                column.is_pair() || raw.contains(|c| c == VALUE || Some(c) == column.separator);
            let before = found.text.len();
            if parted {
                found.several(model, column, raw);
            } else if let Some(value) = model.normal_form(column, beginning(raw)) {
                found.text.push_str(&value);
            }
            if found.text.len() == before && !raw.trim().is_empty() {
                found.unusable += 1;
                found
                    .unusable_example
                    .get_or_insert_with(|| raw.replace(VALUE, ", ").chars().take(60).collect());
            }
            found.ends.push(found.text.len());
        }
        found
    }
}

impl Normal {
    /// Adds the normal forms of several values, ascending and each once.
    fn several(&mut self, model: &Model, column: &Column, raw: &str) {
        let fields = raw.split(VALUE);
        let parts = column.parts(fields);
        let parts = parts.iter().filter(|part| !part.trim().is_empty());
        let mut values: Vec<String> = parts
            .filter_map(|part| model.normal_form(column, beginning(part)))
            .collect();
        values.sort_unstable();
        values.dedup();
        for (n, value) in values.iter().enumerate() {
            if n > 0 {
                self.text.push(VALUE);
            }
            self.text.push_str(value);
        }
    }
}

/// The distinct cells of one column, and how many records bear each.
pub(crate) struct Pool {
    /// Slot 0 is the empty cell.
    pub(crate) sheet: Sheet,
    /// Records that have this cell.
    pub(crate) counts: Vec<u32>,
    /// Records that bear a value, by its hash: only where some cell has several values, since
    /// `counts` says it otherwise.
    by_value: Option<FxHashMap<u64, u32>>,
}

impl Pool {
    fn new(sheet: Sheet, counts: Vec<u32>) -> Self {
        let several = (0..sheet.slots()).any(|slot| sheet.slot(slot).len() > 1);
        let by_value = several.then(|| sheet.count_values(&counts));
        Self {
            sheet,
            counts,
            by_value,
        }
    }

    /// Some cells of a pool, with what the whole of it counts.
    pub(crate) fn part(
        sheet: Sheet,
        counts: Vec<u32>,
        by_value: Option<FxHashMap<u64, u32>>,
    ) -> Self {
        Self {
            sheet,
            counts,
            by_value,
        }
    }

    /// How many records bear a value that stands in this cell.
    pub(crate) fn seen(&self, cell: u32, value: u64) -> u32 {
        match &self.by_value {
            None => self.counts[cell as usize],
            Some(by_value) => by_value.get(&value).copied().unwrap_or(1),
        }
    }
}

impl Distinct for Pool {
    fn sheet(&self) -> &Sheet {
        &self.sheet
    }

    fn is_single(&self) -> bool {
        self.by_value.is_none()
    }
}

struct Filled {
    pool: Pool,
    cells: Vec<u32>,
}

/// A whole table, ready to be linked.
pub struct Table {
    columns: Vec<Filled>,
    notes: Vec<ColumnNote>,
    sources: Vec<u16>,
    ids: Ids,
}

impl Table {
    /// How many records there are.
    pub fn rows(&self) -> usize {
        self.sources.len()
    }

    /// What was met in each column, in the model's order.
    pub fn notes(&self) -> &[ColumnNote] {
        &self.notes
    }

    /// Lays the distinct records out row by row.
    pub(crate) fn into_people(self) -> (Vec<Pool>, Vec<Vec<u32>>, Vec<u16>, Ids) {
        let (pools, cells) = self
            .columns
            .into_iter()
            .map(|column| (column.pool, column.cells))
            .unzip();
        (pools, cells, self.sources, self.ids)
    }
}
