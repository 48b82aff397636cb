//! Linkage of whole tables, from files to files.

use std::path::Path;
use std::time::Duration;

use ::cluster::{Done as Progress, Settings};
use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use linkage::Model;
use linkage::batch::{
    Assigned, Clusters, Link, Linkage, Parameters, Population, Quality, links_of, quality,
};

use super::super::cluster;
use super::chart::Shown;
use super::receipt::{Judged, Receipt};
use super::tables::LeftOut;
use super::write::{Field, Sink};
use super::{Done, Find, Run, between, labels, names, population, read_model, suggest};

/// Records that say exactly the same are written as pairs all with all up to this many; of more,
/// each with the first.
const ALL_WITH_ALL: usize = 50;
/// The weakest bridge of a cluster that nobody need look at, in bits above the threshold.
const SURE: f64 = 6.0;

pub async fn run(run: &Run, json: bool) -> Result<Done> {
    let bar = bar(json);
    let mut receipt = Receipt::begin();
    let given = Given::new(run, &bar, &mut receipt)?;
    bar.set_message("reading");
    let (people, left_out) = population(&run.files, &given.model, given.id.as_deref(), 1)?;
    receipt.read(&people, &left_out);
    bar.set_message("blocking");
    let linkage = Linkage::new(&given.model, &people, between(run.find));
    receipt.blocked(&given.model, &linkage);
    let entities = run
        .labels
        .as_deref()
        .map(|path| labels::read(path, &people))
        .transpose()?;
    let mut parameters = None;
    if run.train {
        bar.set_message("training");
        parameters = Some(train(
            run,
            &linkage,
            &given.text,
            entities.as_deref(),
            &mut receipt,
        )?);
        receipt.lap("train");
    }
    let model = match &parameters {
        Some(parameters) => given.model.with(parameters),
        None => given.model.clone(),
    };
    let link = run.threshold.map_or(model.link_threshold(), linkage::bits);
    receipt.threshold = linkage::probability(link);
    let least = least(run, &model, link);
    bar.set_message("comparing");
    let links = match &run.cluster {
        None => linkage.links(&model, least),
        Some(address) => {
            let tasks = linkage.tasks(&given.text, parameters.as_ref(), least);
            over(address, run.deadline, tasks, &bar).await?
        }
    };
    receipt.lap("compare");
    bar.set_message("clustering");
    let taken: Vec<Link> = links
        .iter()
        .copied()
        .filter(|pair| f64::from(pair.weight) >= link)
        .collect();
    receipt.links = taken.len() as u64;
    let clusters = linkage.clusters(&model, &taken, link);
    let assigned = linkage.assign(&model, &clusters, link);
    receipt.clustered(&clusters, &assigned);
    bar.set_message("writing");
    let found = Found {
        run,
        people: &people,
        model: &model,
        linkage: &linkage,
        link,
        links: &links,
        qualities: quality(&clusters, &taken),
        clusters: &clusters,
    };
    found.write(&assigned, entities.as_deref(), &mut receipt)?;
    receipt.lap("write");
    bar.finish_and_clear();
    tell(&receipt, &left_out, json)
}

/// Bits from which pairs are kept: those below the threshold are shown and judged too.
fn least(run: &Run, model: &Model, link: f64) -> f64 {
    let shown = [&run.pairs, &run.review, &run.chart, &run.labels];
    if shown.iter().any(|file| file.is_some()) {
        model.review_threshold().min(link)
    } else {
        link
    }
}

/// The model to link by.
struct Given {
    /// Its file.
    text: String,
    model: Model,
    id: Option<String>,
}

impl Given {
    /// The one that was named, or one that is suggested.
    fn new(run: &Run, bar: &ProgressBar, receipt: &mut Receipt) -> Result<Self> {
        if let Some(path) = &run.model {
            let (text, model) = read_model(path)?;
            let id = run.id.clone();
            return Ok(Self { text, model, id });
        }
        bar.set_message("suggesting a model");
        let suggested = suggest::suggest(run)?;
        let text = suggested.refined.toml;
        let model = Model::from_toml(&text).context("the suggested model")?;
        receipt.lap("suggest");
        Ok(Self {
            text,
            model,
            id: suggested.draft.id,
        })
    }
}

/// Tells what it came to.
fn tell(receipt: &Receipt, left_out: &LeftOut, json: bool) -> Result<Done> {
    for told in &left_out.told {
        eprintln!("{told}");
    }
    if left_out.rows > left_out.told.len() as u64 {
        eprintln!(
            "and {} more rows",
            left_out.rows - left_out.told.len() as u64
        );
    }
    if json {
        println!("{}", serde_json::to_string_pretty(receipt)?);
    } else {
        receipt.show();
    }
    Ok(if receipt.has_findings() {
        Done::WithFindings
    } else {
        Done::Clean
    })
}

/// Lets a cluster do the comparing.
async fn over(
    address: &str,
    minutes: u64,
    tasks: impl Iterator<Item = Vec<u8>>,
    bar: &ProgressBar,
) -> Result<Vec<Link>> {
    let settings = Settings {
        deadline: Duration::from_secs(60 * minutes),
        ..Settings::default()
    };
    let progress = |done: Progress| {
        let repeated = match done.repeated {
            0 => String::new(),
            times => format!(", {times} attempts repeated"),
        };
        bar.set_message(format!("comparing: {} tasks done{repeated}", done.tasks));
    };
    let address = address.trim_start_matches("df://");
    let answers =
        cluster::kernel_over(address, cluster::LINKAGE, tasks, &settings, progress).await?;
    links_of(&answers).map_err(anyhow::Error::msg)
}

fn bar(json: bool) -> ProgressBar {
    if json {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// Estimates the model's figures and keeps them where they are wanted.
fn train(
    run: &Run,
    linkage: &Linkage<'_>,
    text: &str,
    entities: Option<&[Option<u32>]>,
    receipt: &mut Receipt,
) -> Result<Parameters> {
    let parameters = match entities {
        Some(entities) => linkage.train_on(entities),
        None => linkage.train(),
    };
    receipt.trained = Some((&parameters).into());
    if let Some(path) = &run.save_model {
        let text = linkage::suggest::retrained(text, &parameters).context("the model file")?;
        std::fs::write(path, text)
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(parameters)
}

/// What was found, on its way into the files that were asked for.
struct Found<'a> {
    run: &'a Run,
    people: &'a Population,
    model: &'a Model,
    linkage: &'a Linkage<'a>,
    /// Bits from which records were linked.
    link: f64,
    /// By their units, ascending.
    links: &'a [Link],
    clusters: &'a Clusters,
    qualities: Vec<Quality>,
}

impl Found<'_> {
    fn write(
        &self,
        assigned: &Assigned,
        entities: Option<&[Option<u32>]>,
        receipt: &mut Receipt,
    ) -> Result<()> {
        self.clusters(assigned)?;
        if self.run.pairs.is_some() || self.run.review.is_some() {
            let rows = self.rows_by_unit();
            if let Some(path) = &self.run.pairs {
                self.pairs(path, &rows)?;
            }
            if let Some(path) = &self.run.review {
                self.review(path, &rows)?;
            }
        }
        receipt.weak = self
            .qualities
            .iter()
            .filter(|quality| quality.is_weak(self.link + SURE))
            .count() as u64;
        let labelled = entities.map(|entities| {
            let curve = self.linkage.precision_and_recall(entities, self.links);
            (curve, self.linkage.quality_of_clusters(entities, assigned))
        });
        receipt.judged = labelled
            .as_ref()
            .map(|(_, clusters)| Judged::from(clusters));
        let Some(path) = &self.run.chart else {
            return Ok(());
        };
        let shown = Shown {
            tables: &names(&self.run.files),
            receipt,
            model: self.model,
            people: self.people,
            linkage: self.linkage,
            link: self.link,
            links: self.links,
            clusters: self.clusters,
            labelled,
        };
        shown.write(path)
    }

    fn clusters(&self, assigned: &Assigned) -> Result<()> {
        if let Some(path) = &self.run.out {
            let several = self.run.files.len() > 1;
            let headings: &[&str] = if several {
                &["id", "cluster_id", "table"]
            } else {
                &["id", "cluster_id"]
            };
            let mut sink = Sink::create(path, headings)?;
            for (row, lead) in assigned.lead.iter().enumerate() {
                let (id, lead) = (self.people.id(row), *lead as usize);
                if several {
                    let table = self.table(row);
                    let cluster =
                        [self.table(lead).as_bytes(), b"/", self.people.id(lead)].concat();
                    sink.row(&[
                        Field::Text(id),
                        Field::Text(&cluster),
                        Field::Text(table.as_bytes()),
                    ])?;
                } else {
                    sink.row(&[Field::Text(id), Field::Text(self.people.id(lead))])?;
                }
            }
            sink.finish()?;
        }
        Ok(())
    }

    fn table(&self, row: usize) -> String {
        let file = self.run.files.get(usize::from(self.people.source(row)));
        file.map(|file| {
            file.file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned()
        })
        .unwrap_or_else(|| names(&self.run.files))
    }

    /// The rows of every unit: where they end, and they.
    fn rows_by_unit(&self) -> (Vec<u32>, Vec<u32>) {
        let mut rows: Vec<u32> = (0..self.people.rows() as u32).collect();
        rows.sort_by_key(|row| self.people.unit(*row as usize));
        let mut ends = vec![0; self.people.units()];
        for (at, row) in rows.iter().enumerate() {
            ends[self.people.unit(*row as usize) as usize] = at as u32 + 1;
        }
        (ends, rows)
    }

    fn pairs(&self, path: &Path, (ends, rows): &(Vec<u32>, Vec<u32>)) -> Result<()> {
        let of = |unit: u32| {
            let start = unit
                .checked_sub(1)
                .map_or(0, |before| ends[before as usize]);
            &rows[start as usize..ends[unit as usize] as usize]
        };
        let mut sink = Sink::create(path, &["id_l", "id_r", "weight", "probability"])?;
        let mut pair = |one: u32, other: u32, weight: f64| {
            sink.row(&[
                Field::Text(self.people.id(one as usize)),
                Field::Text(self.people.id(other as usize)),
                Field::Number(weight),
                Field::Number(linkage::probability(weight)),
            ])
        };
        for link in self.links {
            for one in of(link.one) {
                for other in of(link.other) {
                    pair(*one, *other, f64::from(link.weight))?;
                }
            }
        }
        for unit in 0..ends.len() as u32 {
            let same = of(unit);
            // Records that say the same stand in one table.
            if same.len() < 2 || self.run.find == Find::Across {
                continue;
            }
            let weight = self.people.weight_of_equals(self.model, unit);
            let all = same.len() <= ALL_WITH_ALL;
            for (at, one) in same
                .iter()
                .enumerate()
                .take(if all { same.len() } else { 1 })
            {
                for other in &same[at + 1..] {
                    pair(*one, *other, weight)?;
                }
            }
        }
        sink.finish()
    }

    /// What a person should look at, the most doubtful first.
    fn review(&self, path: &Path, (ends, rows): &(Vec<u32>, Vec<u32>)) -> Result<()> {
        let first = |unit: u32| {
            let start = unit
                .checked_sub(1)
                .map_or(0, |before| ends[before as usize]);
            self.people.id(rows[start as usize] as usize)
        };
        let mut sink = Sink::create(path, &["id_l", "id_r", "why", "weight", "probability"])?;
        let mut row = |link: &Link, why: &str| {
            let weight = f64::from(link.weight);
            sink.row(&[
                Field::Text(first(link.one)),
                Field::Text(first(link.other)),
                Field::Text(why.as_bytes()),
                Field::Number(weight),
                Field::Number(linkage::probability(weight)),
            ])
        };
        for link in &self.clusters.refused {
            row(link, "alike, but their groups speak against it")?;
        }
        for quality in &self.qualities {
            if quality.is_weak(self.link + SURE) {
                for bridge in quality
                    .bridges
                    .iter()
                    .filter(|bridge| f64::from(bridge.weight) < self.link + SURE)
                {
                    row(bridge, "all that holds two parts of a cluster together")?;
                }
            }
        }
        for link in self
            .links
            .iter()
            .filter(|link| f64::from(link.weight) < self.link)
        {
            row(link, "near the threshold")?;
        }
        sink.finish()
    }
}
