//! Rows on their way from a file, laid flat: nothing is allocated for a row or a field.

use super::Rows;

/// Some rows of equal width. Filled and emptied again and again while a table is read.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    text: Vec<u8>,
    /// Row by row, where each field ends; it begins where the last one's ends.
    ends: Vec<usize>,
    width: usize,
}

impl Batch {
    /// No rows yet, of `width` fields each.
    pub fn new(width: usize) -> Self {
        Self {
            width,
            ..Self::default()
        }
    }

    /// Adds a row. Fields beyond the width are left out; those that are missing are empty.
    pub fn push<'f>(&mut self, fields: impl IntoIterator<Item = &'f [u8]>) {
        let end = self.ends.len() + self.width;
        for field in fields.into_iter().take(self.width) {
            self.text.extend_from_slice(field);
            self.ends.push(self.text.len());
        }
        self.ends.resize(end, self.text.len());
    }

    /// Removes all rows and keeps the room they took.
    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }
}

impl Rows for Batch {
    fn len(&self) -> usize {
        self.ends.len().checked_div(self.width).unwrap_or(0)
    }

    fn field(&self, row: usize, column: usize) -> &[u8] {
        if column >= self.width {
            return &[];
        }
        let at = row * self.width + column;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[at]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_as_wide_as_they_should_be() {
        let mut batch = Batch::new(3);
        for round in 0..2 {
            batch.push(["a", "", "bc"].map(str::as_bytes));
            batch.push(["d"].map(str::as_bytes));
            batch.push(["e", "f", "g", "h"].map(str::as_bytes));
            let field = |row, column| std::str::from_utf8(batch.field(row, column)).unwrap();
            let all: Vec<&str> = (0..batch.len())
                .flat_map(|row| [0, 1, 2, 3].map(|at| field(row, at)))
                .collect();
            assert_eq!(
                all,
                ["a", "", "bc", "", "d", "", "", "", "e", "f", "g", ""],
                "{round}"
            );
            batch.clear();
            assert!(batch.is_empty());
        }
    }
}
