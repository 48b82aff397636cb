//! `fourfold link explain A B`: how a match weight comes about.

use std::path::PathBuf;

use anyhow::{Context, Result};
use linkage::Scored;
use linkage::batch::{Between, Linkage};

use super::{Done, names, population, read_model};

#[derive(Debug, clap::Args)]
pub struct Explain {
    /// Id of one record
    one: String,
    /// Id of the other
    other: String,
    /// The tables they are in
    #[arg(long = "in", required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The linkage model
    #[arg(long)]
    model: PathBuf,
    /// Heading of the id column; else what the model names, else the row number
    #[arg(long)]
    id: Option<String>,
    /// Estimate the model's figures on the tables first
    #[arg(long)]
    train: bool,
}

impl Explain {
    pub fn run(self, json: bool) -> Result<Done> {
        let (_, model) = read_model(&self.model)?;
        let (people, _) = population(&self.files, &model, self.id.as_deref(), 1)?;
        let find = |id: &str| {
            people
                .find(id.as_bytes())
                .with_context(|| format!("{}: no record has the id {id:?}", names(&self.files)))
        };
        let (one, other) = (find(&self.one)?, find(&self.other)?);
        let linkage = Linkage::new(&model, &people, Between::Everybody);
        let model = if self.train {
            model.with(&linkage.train())
        } else {
            model.clone()
        };
        let scored = linkage.explain(&model, one, other);
        if json {
            println!("{}", serde_json::to_string_pretty(&scored)?);
            return Ok(Done::Clean);
        }
        for (column, left, right) in people.side_by_side(&model, one, other) {
            println!("{column:<20} {left:<40} {right}");
        }
        println!();
        show(&scored, model.prior_weight());
        if !linkage.is_candidate(one, other) {
            println!("No blocking rule looks at this pair.");
        }
        Ok(Done::Clean)
    }
}

/// A waterfall: what each comparison adds, and what it comes to so far.
fn show(scored: &Scored<'_>, prior: f64) {
    let mut so_far = prior;
    let line = |name: &str, level: &str, bits: f64, so_far: f64| {
        let wide = (bits.abs().round() as usize).min(24);
        let bar = if bits < 0.0 { "-" } else { "+" }.repeat(wide);
        println!("{name:<20} {level:<36} {bits:>+8.2}  {so_far:>+8.2}  {bar}");
    };
    line("two records at random", "", prior, so_far);
    for part in &scored.parts {
        so_far += part.weight;
        line(part.comparison, part.level, part.weight, so_far);
        if part.frequency_adjustment != 0.0 {
            let commonness = if part.frequency_adjustment > 0.0 {
                "rare"
            } else {
                "common"
            };
            println!(
                "{:<20}   of it {:+.2} because the value is {commonness}",
                "", part.frequency_adjustment
            );
        }
    }
    if scored.related != 0.0 {
        so_far += scored.related;
        line(
            "they may be related",
            "of one household or family",
            scored.related,
            so_far,
        );
    }
    if let Some(ceiling) = &scored.ceiling {
        so_far += ceiling.taken;
        line("held down", ceiling.name, ceiling.taken, so_far);
    }
    println!(
        "match weight {:+.2} bits, probability {:.6}",
        scored.weight, scored.probability
    );
}
