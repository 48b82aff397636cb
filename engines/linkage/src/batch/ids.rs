//! The ids of records, as their table has them.

use rayon::prelude::*;

use super::Refused;

/// The ids of the records, one behind the other.
#[derive(Default)]
pub(crate) struct Ids {
    text: Vec<u8>,
    ends: Vec<u64>,
}

impl Ids {
    pub(crate) fn push(&mut self, id: &[u8]) {
        self.text.extend_from_slice(id);
        self.ends.push(self.text.len() as u64);
    }

    pub(crate) fn get(&self, row: usize) -> &[u8] {
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start as usize..self.ends[row] as usize]
    }

    /// Refuses an id that is empty or stands in two rows of one source.
    pub(crate) fn check(&self, sources: &[u16]) -> Result<(), Refused> {
        // Tables often come in order of id, and then no two are the same.
        let ascends = |row: &usize| {
            self.get(*row)
                > row
                    .checked_sub(1)
                    .map_or(&[][..], |before| self.get(before))
        };
        if (0..self.ends.len()).all(|row| ascends(&row)) {
            return Ok(());
        }
        let mut hashed: Vec<(u64, u32)> = (0..self.ends.len())
            .into_par_iter()
            .map(|row| {
                let hash = super::hash_bytes(self.get(row));
                (hash.wrapping_add(u64::from(sources[row])), row as u32)
            })
            .collect();
        hashed.par_sort_unstable();
        let text = |row: u32| String::from_utf8_lossy(self.get(row as usize)).into_owned();
        if let Some(row) = (0..self.ends.len()).find(|row| self.get(*row).is_empty()) {
            return Err(Refused::EmptyId {
                row: row as u64 + 1,
            });
        }
        for pair in hashed.windows(2) {
            let [(one, first), (other, second)] = pair else {
                continue;
            };
            let same_source = sources[*first as usize] == sources[*second as usize];
            if one == other
                && same_source
                && self.get(*first as usize) == self.get(*second as usize)
            {
                return Err(Refused::DuplicateId {
                    id: text(*first),
                    first: u64::from(*first) + 1,
                    second: u64::from(*second) + 1,
                });
            }
        }
        Ok(())
    }
}
