//! What a linkage came to, for a person and for a program.

use std::time::Instant;

use linkage::Model;
use linkage::batch::{
    Assigned, Clusters, ColumnNote, HotBlock, Linkage, PairQuality, Parameters, Population,
};
use serde::Serialize;

use super::tables::LeftOut;

/// What was read, compared and found.
#[derive(Debug, Serialize)]
pub struct Receipt {
    pub records: u64,
    /// Rows that could not be read.
    pub left_out: u64,
    /// Records that differ from each other in something.
    pub distinct: u64,
    pub columns: Vec<Column>,
    pub rules: Vec<Rule>,
    /// Blocks too large to compare all with all.
    pub hot_blocks: Vec<Hot>,
    pub trained: Option<Trained>,
    /// Probability from which records were linked.
    pub threshold: f64,
    pub links: u64,
    pub clusters: u64,
    /// Clusters of more than one record.
    pub several: u64,
    pub largest: u64,
    /// Links not taken because the groups as wholes spoke against them.
    pub refused: u64,
    /// Clusters that hang together by one link.
    pub weak: u64,
    /// Records that say too little to be linked even to their equals.
    pub too_bare: u64,
    /// Quality of the clusters on labelled records.
    pub judged: Option<Judged>,
    pub seconds: Vec<(&'static str, f64)>,
    #[serde(skip)]
    clock: Option<Instant>,
}

#[derive(Debug, Serialize)]
pub struct Column {
    pub column: String,
    pub filled: u64,
    pub distinct: u64,
    pub unusable: u64,
    pub unusable_example: Option<String>,
    pub not_utf8: u64,
}

#[derive(Debug, Serialize)]
pub struct Rule {
    pub rule: String,
    pub pairs: u64,
}

#[derive(Debug, Serialize)]
pub struct Hot {
    pub rule: String,
    pub records: u64,
}

#[derive(Debug, Serialize)]
pub struct Trained {
    pub prior: f64,
    pub related: f64,
    pub matches_found: f64,
    pub matches_missed: f64,
}

/// Pairwise, on labelled records.
#[derive(Debug, Serialize)]
pub struct Judged {
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
}

impl From<&PairQuality> for Judged {
    fn from(quality: &PairQuality) -> Self {
        Self {
            precision: quality.precision,
            recall: quality.recall,
            f1: quality.f1(),
        }
    }
}

impl From<&ColumnNote> for Column {
    fn from(note: &ColumnNote) -> Self {
        Self {
            column: note.column.clone(),
            filled: note.filled,
            distinct: note.distinct,
            unusable: note.unusable,
            unusable_example: note.unusable_example.clone(),
            not_utf8: note.not_utf8,
        }
    }
}

impl From<&HotBlock> for Hot {
    fn from(hot: &HotBlock) -> Self {
        Self {
            rule: hot.rule.clone(),
            records: hot.units,
        }
    }
}

impl From<&Parameters> for Trained {
    fn from(parameters: &Parameters) -> Self {
        Self {
            prior: parameters.prior,
            related: parameters.related,
            matches_found: parameters.found,
            matches_missed: parameters.missed,
        }
    }
}

impl Receipt {
    pub fn begin() -> Self {
        Self {
            records: 0,
            left_out: 0,
            distinct: 0,
            columns: Vec::new(),
            rules: Vec::new(),
            hot_blocks: Vec::new(),
            trained: None,
            threshold: 0.0,
            links: 0,
            clusters: 0,
            several: 0,
            largest: 0,
            refused: 0,
            weak: 0,
            too_bare: 0,
            judged: None,
            seconds: Vec::new(),
            clock: Some(Instant::now()),
        }
    }

    /// Notes what was read.
    pub fn read(&mut self, people: &Population, left_out: &LeftOut) {
        self.records = people.rows() as u64;
        self.distinct = people.units() as u64;
        self.left_out = left_out.rows;
        self.columns = people.notes().iter().map(Into::into).collect();
        self.lap("read");
    }

    /// Notes which pairs will be looked at.
    pub fn blocked(&mut self, model: &Model, linkage: &Linkage<'_>) {
        let rules = model.written_rules().zip(linkage.pairs());
        let rule = |(rule, pairs): (&str, u64)| Rule {
            rule: rule.to_owned(),
            pairs,
        };
        self.rules = rules.map(rule).collect();
        self.hot_blocks = linkage.hot_blocks().iter().map(Into::into).collect();
        self.lap("block");
    }

    /// Notes who was put together.
    pub fn clustered(&mut self, clusters: &Clusters, assigned: &Assigned) {
        self.refused = clusters.refused.len() as u64;
        self.clusters = assigned.clusters;
        self.several = assigned.several;
        self.largest = assigned.largest;
        self.too_bare = assigned.too_bare;
        self.lap("cluster");
    }

    /// Notes that a stage has ended.
    pub fn lap(&mut self, stage: &'static str) {
        let now = Instant::now();
        if let Some(before) = self.clock.replace(now) {
            let took = now.duration_since(before).as_secs_f64();
            self.seconds
                .push((stage, (took * 1_000.0).round() / 1_000.0));
        }
    }

    /// Whether something was left out or done by halves.
    pub fn has_findings(&self) -> bool {
        let unread = self
            .columns
            .iter()
            .any(|column| column.not_utf8 > 0 || column.filled == 0);
        self.left_out > 0 || !self.hot_blocks.is_empty() || unread
    }

    /// Tells it to a person.
    pub fn show(&self) {
        println!(
            "{} records, {} of them distinct; {} clusters, {} of more than one record, the largest of {}",
            self.records, self.distinct, self.clusters, self.several, self.largest
        );
        println!(
            "{} links at probability {:.4} or above; {} refused because the groups spoke against it; \
             {} clusters hang together by one weak link",
            self.links, self.threshold, self.refused, self.weak
        );
        if let Some(trained) = &self.trained {
            println!(
                "trained: 1 pair in {:.0} matches; the rules find {:.0} matches and miss some {:.0}",
                1.0 / trained.prior,
                trained.matches_found,
                trained.matches_missed
            );
        }
        if let Some(judged) = &self.judged {
            println!(
                "on the labelled records: precision {:.4}, recall {:.4}, F1 {:.4}",
                judged.precision, judged.recall, judged.f1
            );
        }
        for rule in &self.rules {
            println!("{:>14} pairs  {}", rule.pairs, rule.rule);
        }
        self.show_findings();
        let stages: Vec<String> = self
            .seconds
            .iter()
            .map(|(stage, seconds)| format!("{stage} {seconds:.2}"))
            .collect();
        println!("seconds: {}", stages.join(", "));
    }

    fn show_findings(&self) {
        if self.too_bare > 0 {
            println!(
                "{} records say exactly what others say, and too little to be sure; each stands alone",
                self.too_bare
            );
        }
        for column in &self.columns {
            if column.filled == 0 {
                println!("column {}: no usable value; it says nothing", column.column);
            }
            if column.unusable > 0 {
                println!(
                    "column {}: {} distinct values cannot be read as its kind, or mean \"not known\", such as {:?}",
                    column.column,
                    column.unusable,
                    column.unusable_example.as_deref().unwrap_or_default()
                );
            }
            if column.not_utf8 > 0 {
                println!(
                    "column {}: {} distinct values are not UTF-8 and were read as Latin-1",
                    column.column, column.not_utf8
                );
            }
        }
        for hot in self.hot_blocks.iter().take(10) {
            println!(
                "{} distinct records agree on {}: too many to compare all with all. They were \
                 compared where they agree on one more column; add a part to the rule",
                hot.records, hot.rule
            );
        }
        if self.hot_blocks.len() > 10 {
            println!("and {} more such blocks", self.hot_blocks.len() - 10);
        }
    }
}
