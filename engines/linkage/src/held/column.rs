//! One column of what is held: every distinct cell once, and how many records say it.

use hashbrown::HashTable;
use rustc_hash::FxHashMap;

use crate::batch::population::said_in;
use crate::sheet::{Distinct, Sheet, Values};

/// The distinct cells of a column, numbered as they come. Cell 0 is the empty one.
pub(super) struct Column {
    sheet: Sheet,
    /// Of each cell, a hash of what it says.
    contents: Vec<u64>,
    numbers: HashTable<u32>,
    /// Of each cell, the records that have it.
    counts: Vec<u32>,
    /// Records that bear a value, by its hash; only once some cell has several values, since
    /// `counts` says it until then.
    by_value: Option<FxHashMap<u64, u32>>,
}

impl Column {
    pub(super) fn new() -> Self {
        let mut sheet = Sheet::default();
        sheet.end_slot();
        Self {
            sheet,
            contents: vec![said_in(Sheet::default().slot(0))],
            numbers: HashTable::new(),
            counts: vec![0],
            by_value: None,
        }
    }

    /// Whether the values of one more cell fit.
    pub(super) fn fits(&self, values: Values<'_>) -> bool {
        self.sheet
            .fits(values.map(|value| value.text().len()).sum())
    }

    /// Counts a record with these values; the number of the cell they make.
    pub(super) fn take(&mut self, values: Values<'_>) -> u32 {
        if values.len() == 0 {
            self.counts[0] += 1;
            return 0;
        }
        let contents = said_in(values.clone());
        let texts = |values: Values<'_>, others: Values<'_>| {
            values
                .map(|value| value.text())
                .eq(others.map(|value| value.text()))
        };
        let found = self.numbers.find(contents, |cell| {
            self.contents[*cell as usize] == contents
                && texts(self.sheet.slot(*cell as usize), values.clone())
        });
        let cell = match found {
            Some(cell) => *cell,
            None => self.lay(contents, values),
        };
        self.counts[cell as usize] += 1;
        if let Some(by_value) = &mut self.by_value {
            for value in self.sheet.slot(cell as usize) {
                *by_value.entry(value.hash()).or_insert(0) += 1;
            }
        }
        cell
    }

    fn lay(&mut self, contents: u64, values: Values<'_>) -> u32 {
        if values.len() > 1 && self.by_value.is_none() {
            self.by_value = Some(self.sheet.count_values(&self.counts));
        }
        for value in values {
            let (words, formal) = (value.words().iter(), value.formal().iter());
            self.sheet.add(
                value.text(),
                value.packed(),
                words.copied(),
                formal.copied(),
            );
        }
        self.sheet.end_slot();
        let cell = self.contents.len() as u32;
        self.contents.push(contents);
        self.counts.push(0);
        let of = &self.contents;
        self.numbers
            .insert_unique(contents, cell, |cell| of[*cell as usize]);
        cell
    }

    /// A hash of what a cell says, the same in every run.
    pub(super) fn contents(&self, cell: u32) -> u64 {
        self.contents[cell as usize]
    }

    /// How many records bear the rarest value that two cells share; nothing where they share none.
    pub(super) fn rarest_shared(&self, a: u32, b: u32) -> Option<u32> {
        let Some(by_value) = &self.by_value else {
            return (a == b && a != 0).then(|| self.counts[a as usize]);
        };
        let others = self.sheet.slot(b as usize);
        self.sheet
            .slot(a as usize)
            .filter(|value| others.clone().any(|other| other.equals(*value)))
            .filter_map(|value| by_value.get(&value.hash()).copied())
            .min()
    }
}

impl Distinct for Column {
    fn sheet(&self) -> &Sheet {
        &self.sheet
    }

    fn is_single(&self) -> bool {
        self.by_value.is_none()
    }
}
