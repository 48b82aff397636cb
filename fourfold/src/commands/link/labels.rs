//! Labels: a table that tells for some records who they are of.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Result, ensure};
use linkage::batch::{Population, Rows as _};

use super::tables::Table;

/// By row of the population, the number of who the record is of.
pub fn read(path: &Path, people: &Population) -> Result<Vec<Option<u32>>> {
    let mut table = Table::open(path)?;
    ensure!(
        table.headings.len() >= 2,
        "{}: labels are two columns, the id of a record and who it is of",
        path.display()
    );
    let mut numbers: HashMap<Vec<u8>, u32> = HashMap::new();
    let mut entities: HashMap<Vec<u8>, u32> = HashMap::new();
    let mut batch = table.batch();
    while table.next(&mut batch)? {
        for row in 0..batch.len() {
            let next = numbers.len() as u32;
            let entity = *numbers.entry(batch.field(row, 1).to_vec()).or_insert(next);
            entities.insert(batch.field(row, 0).to_vec(), entity);
        }
    }
    let found: Vec<Option<u32>> = (0..people.rows())
        .map(|row| entities.get(people.id(row)).copied())
        .collect();
    ensure!(
        found.iter().any(Option::is_some),
        "{}: none of its ids is the id of a record. The first column holds ids, the second who they are of",
        path.display()
    );
    Ok(found)
}
