//! `fourfold link FILE --suggest MODEL`: a model to start from.

use anyhow::{Context, Result};
use linkage::Model;
use linkage::batch::{Batch, Rows};
use linkage::suggest::{Draft, Profile, Refined, WordLists, refine};
use serde_json::json;

use super::tables::Table;
use super::{Done, Run, WORDS, between, names, population};

/// Rows from which a suggestion is made; of larger tables as many are taken, as if by chance.
const ROWS: u64 = 200_000;

/// Some of a batch's rows, taken as if by chance.
pub struct Sampled<'b> {
    batch: &'b Batch,
    rows: Vec<u32>,
}

impl<'b> Sampled<'b> {
    /// One row in `one_in`; `before`: rows of the table before this batch.
    pub fn new(batch: &'b Batch, before: u64, one_in: u64) -> Self {
        let taken = |row: &u32| {
            // The multiplier of Knuth's hash.
            let mixed = (before + u64::from(*row)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
            mixed.is_multiple_of(one_in)
        };
        Self {
            rows: (0..batch.len() as u32).filter(taken).collect(),
            batch,
        }
    }
}

impl Rows for Sampled<'_> {
    fn len(&self) -> usize {
        self.rows.len()
    }

    fn field(&self, row: usize, column: usize) -> &[u8] {
        self.batch.field(self.rows[row] as usize, column)
    }
}

/// A suggestion, and how it came about.
pub struct Suggested {
    pub draft: Draft,
    pub refined: Refined,
    pub rows: u64,
}

/// Looks at the tables and suggests a model.
pub fn suggest(run: &Run) -> Result<Suggested> {
    let mut rows = 0;
    let mut profile: Option<Profile> = None;
    for file in &run.files {
        let mut table = Table::open(file)?;
        let mut batch = table.batch();
        let profile = profile.get_or_insert_with(|| Profile::new(table.headings.clone()));
        anyhow::ensure!(
            profile.headings() == table.headings,
            "{} has other columns than {}. Write a model that names each with `from`",
            file.display(),
            run.files[0].display()
        );
        while table.next(&mut batch)? {
            if rows < ROWS {
                profile.add(&batch);
            }
            rows += batch.len() as u64;
        }
    }
    let profile = profile.context("no table was given")?;
    let lists = WordLists::from_toml(WORDS).context("the shipped word lists")?;
    let draft = profile
        .draft(run.id.as_deref(), &lists)
        .map_err(|why| anyhow::anyhow!("{}: {why}", names(&run.files)))?;
    let model = Model::from_toml(&draft.toml).context("the drafted model")?;
    let one_in = rows.div_ceil(ROWS).max(1);
    let (people, _) = population(&run.files, &model, draft.id.as_deref(), one_in)?;
    let refined = refine(&draft.toml, &model, &people, rows, between(run.find));
    Ok(Suggested {
        draft,
        refined,
        rows,
    })
}

/// Writes a suggestion and says what it rests on.
pub fn run(run: &Run, json: bool) -> Result<Done> {
    let path = run.suggest.as_deref().context("no model file was named")?;
    let suggested = suggest(run)?;
    let told = || format!("{} cannot be written", path.display());
    if path.exists() {
        let mut before = path.as_os_str().to_owned();
        before.push(".before");
        std::fs::rename(path, &before).with_context(told)?;
        if !json {
            println!("{} is kept as {}", path.display(), before.display());
        }
    }
    std::fs::write(path, &suggested.refined.toml).with_context(told)?;
    let left_out = &suggested.draft.left_out;
    if json {
        let rules: Vec<_> = suggested
            .refined
            .rules
            .iter()
            .map(|(rule, found, pairs)| json!({"rule": rule, "found": found, "pairs": pairs}))
            .collect();
        let answer = json!({
            "model": path,
            "rows": suggested.rows,
            "id": suggested.draft.id,
            "left_out": left_out.iter().map(|(column, why)| json!({"column": column, "why": why})).collect::<Vec<_>>(),
            "blocking": rules,
        });
        println!("{}", serde_json::to_string_pretty(&answer)?);
        return Ok(Done::Clean);
    }
    println!("{} rows; id column: {}", suggested.rows, suggested.draft.id.as_deref().unwrap_or("none, rows are numbered"));
    for (column, why) in left_out {
        println!("left out: {column}: {why}");
    }
    println!("matches found  pairs compared  blocking rule");
    for (rule, found, pairs) in &suggested.refined.rules {
        println!("{:>12.2} %  {pairs:>14.0}  {rule}", 100.0 * found);
    }
    println!("written: {}", path.display());
    Ok(Done::Clean)
}
