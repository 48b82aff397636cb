//! `fourfold link`: which records of one or several tables are of the same person or thing.

mod chart;
mod drawing;
mod explain;
mod labels;
mod parquet;
mod receipt;
mod run;
mod suggest;
mod tables;
mod write;

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use linkage::Model;
use linkage::batch::{Batch, Between, Builder, Layout, Population, Refused};

use super::Done;
use tables::{LeftOut, Table};

/// The word lists of the shipped model, which a suggestion starts from.
const WORDS: &str = include_str!("../../../../policy/intake/linkage.toml");

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Link {
    #[command(subcommand)]
    explain: Option<Explaining>,
    #[command(flatten)]
    run: Run,
}

#[derive(Debug, clap::Subcommand)]
enum Explaining {
    /// Show how the match weight of two records comes about
    Explain(explain::Explain),
}

#[derive(Debug, clap::Args)]
pub struct Run {
    /// Tables to link: CSV or Parquet
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Look at the table and write a model to start from
    #[arg(long, value_name = "MODEL", conflicts_with_all = ["model", "out", "pairs"])]
    suggest: Option<PathBuf>,
    /// The linkage model; without it, one is suggested and used
    #[arg(long)]
    model: Option<PathBuf>,
    /// Heading of the column that tells records apart; else what the model names, else the row number
    #[arg(long)]
    id: Option<String>,
    /// Where to write `id,cluster_id`
    #[arg(long)]
    out: Option<PathBuf>,
    /// Where to write scored pairs: `id_l,id_r,weight,probability`
    #[arg(long)]
    pairs: Option<PathBuf>,
    /// Where to write what a person should look at: pairs near the threshold, weak clusters
    #[arg(long)]
    review: Option<PathBuf>,
    /// Probability from which records are linked, in place of the model's `link`
    #[arg(long, value_parser = probability)]
    threshold: Option<f64>,
    /// Estimate the model's figures on these tables first
    #[arg(long)]
    train: bool,
    /// A table of `id,entity` that tells for some records who they are of: training counts
    /// on them, and the result is judged by them
    #[arg(long)]
    labels: Option<PathBuf>,
    /// Where to write a page that shows the model and the links
    #[arg(long, value_name = "HTML")]
    chart: Option<PathBuf>,
    /// Where to write the trained model; may be the model itself
    #[arg(long, requires = "train")]
    save_model: Option<PathBuf>,
    /// What to look for
    #[arg(long, value_enum, default_value = "both")]
    find: Find,
    /// Address of a cluster's scheduler that shares the comparing: HOST:PORT
    #[arg(long, value_name = "ADDRESS")]
    cluster: Option<String>,
    /// Minutes that the cluster may take
    #[arg(long, requires = "cluster", default_value_t = 60)]
    deadline: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Find {
    /// The same in one table and across tables
    Both,
    /// The same across tables only: no table holds anybody twice
    Across,
}

fn probability(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|p: &f64| *p > 0.0 && *p < 1.0)
        .ok_or_else(|| "give a probability above 0 and below 1, such as 0.9".to_owned())
}

impl Link {
    pub async fn run(self, json: bool) -> Result<Done> {
        match self.explain {
            Some(Explaining::Explain(explain)) => explain.run(json),
            None if self.run.suggest.is_some() => suggest::run(&self.run, json),
            None => run::run(&self.run, json).await,
        }
    }
}

/// Reads a model file, or says what is wrong with it and where.
fn read_model(path: &std::path::Path) -> Result<(String, Model)> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    let model = Model::from_toml(&text).with_context(|| path.display().to_string())?;
    Ok((text, model))
}

/// Takes in all tables under a model. `one_in`: of how many rows one is taken, for a sample.
fn population(
    files: &[PathBuf],
    model: &Model,
    id: Option<&str>,
    one_in: u64,
) -> Result<(Population, LeftOut)> {
    let mut builder = Builder::new(model);
    let mut left_out = LeftOut::default();
    for (source, file) in files.iter().enumerate() {
        let mut table = Table::open(file)?;
        let layout = layout(&table, model, id, source)?;
        feed(&mut table, &mut builder, &layout, one_in)?;
        left_out.rows += table.left_out.rows;
        left_out.told.extend(table.left_out.told);
    }
    ensure!(
        builder.rows() > 0,
        "there is no row to link in {}",
        names(files)
    );
    let table = builder.finish().map_err(|refused| match refused {
        Refused::DuplicateId { .. } | Refused::EmptyId { .. } => {
            anyhow::anyhow!("{}: {refused}", names(files))
        }
        other => anyhow::anyhow!(other),
    })?;
    Ok((Population::new(table), left_out))
}

/// Reads on one thread while the rows before are taken in on the others.
fn feed(table: &mut Table, builder: &mut Builder<'_>, layout: &Layout, one_in: u64) -> Result<()> {
    std::thread::scope(|scope| {
        let (full, filled) = std::sync::mpsc::sync_channel::<Result<Batch>>(2);
        let (empty, emptied) = std::sync::mpsc::channel::<Batch>();
        scope.spawn(move || {
            loop {
                let mut batch = emptied.try_recv().unwrap_or_else(|_| table.batch());
                let more = table.next(&mut batch);
                let last = !matches!(more, Ok(true));
                // Whoever waited may have given up on an earlier error.
                if (!matches!(more, Ok(false)) && full.send(more.map(|_| batch)).is_err()) || last {
                    return;
                }
            }
        });
        let mut rows_before = 0;
        for batch in filled {
            let batch = batch?;
            if one_in > 1 {
                let sampled = suggest::Sampled::new(&batch, rows_before, one_in);
                builder.add(&sampled, layout)?;
            } else {
                builder.add(&batch, layout)?;
            }
            rows_before += linkage::batch::Rows::len(&batch) as u64;
            // The reader may have ended.
            let _ = empty.send(batch);
        }
        Ok(())
    })
}

fn names(files: &[PathBuf]) -> String {
    let names: Vec<String> = files
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    names.join(", ")
}

/// Where the model's columns stand in a table.
fn layout(table: &Table, model: &Model, id: Option<&str>, source: usize) -> Result<Layout> {
    let place = |wanted: &str, what: &str| -> Result<usize> {
        let exact = table.headings.iter().position(|heading| heading == wanted);
        exact
            .or_else(|| {
                let same = |heading: &String| heading.eq_ignore_ascii_case(wanted);
                table.headings.iter().position(same)
            })
            .with_context(|| {
                format!(
                    "{}: no column is called {wanted:?}, which {what} names. The columns are: {}",
                    table.path.display(),
                    table.headings.join(", ")
                )
            })
    };
    let columns = model
        .headings()
        .map(|headings| {
            headings
                .iter()
                .map(|heading| place(heading, "the model"))
                .collect()
        })
        .collect::<Result<Vec<Vec<usize>>>>()?;
    let id = match (id, model.id_heading()) {
        (Some(id), _) => Some(place(id, "--id")?),
        (None, Some(id)) => Some(place(id, "the model's `id`")?),
        (None, None) => None,
    };
    Ok(Layout {
        columns,
        id,
        source: u16::try_from(source).context("link at most 65,535 tables at once")?,
    })
}

/// Which pairs are looked at.
fn between(find: Find) -> Between {
    match find {
        Find::Both => Between::Everybody,
        Find::Across => Between::Sources,
    }
}
