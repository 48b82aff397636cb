//! A page that shows a linkage: what the evidence weighs, who can be linked, how sure the links
//! are. One file, no script, nothing fetched.

use std::path::Path;

use anyhow::{Context, Result};
use askama::Template as _;
use linkage::batch::{Clusters, Link, Linkage, PairQuality, Population};
use linkage::{Model, Scored};

use super::drawing::{self, Step, Svg};
use super::receipt::{Receipt, Rule};

#[derive(askama::Template)]
#[template(path = "link.html")]
struct Page<'a> {
    tables: &'a str,
    records: u64,
    distinct: u64,
    clusters: u64,
    several: u64,
    largest: u64,
    link: String,
    threshold: String,
    prior: String,
    knows_related: bool,
    comparisons: Vec<Comparison>,
    unlinkable: Svg,
    histogram: Svg,
    curve: Option<Svg>,
    cluster_precision: String,
    cluster_recall: String,
    cluster_f1: String,
    rules: &'a [Rule],
    examples: Vec<Example>,
}

struct Comparison {
    name: String,
    levels: Vec<Level>,
}

struct Level {
    label: String,
    m: String,
    u: String,
    r: String,
    bits: String,
    /// Where the bar begins and how wide it is, of 320.
    x: String,
    width: String,
    colour: &'static str,
}

struct Example {
    title: &'static str,
    one: String,
    other: String,
    sides: Vec<(String, String, String)>,
    waterfall: Svg,
}

/// What is shown.
pub struct Shown<'a> {
    pub tables: &'a str,
    pub receipt: &'a Receipt,
    pub model: &'a Model,
    pub people: &'a Population,
    pub linkage: &'a Linkage<'a>,
    /// Bits from which records were linked.
    pub link: f64,
    pub links: &'a [Link],
    pub clusters: &'a Clusters,
    /// Quality on labelled records: pairs by threshold, and clusters.
    pub labelled: Option<(Vec<PairQuality>, PairQuality)>,
}

/// Units whose reachable weight is worked out.
const REACHABLE: usize = 20_000;
/// A bar reaches its end at this many bits.
const WIDEST: f64 = 20.0;

impl Shown<'_> {
    pub fn write(&self, path: &Path) -> Result<()> {
        let figure = |of: fn(&PairQuality) -> f64| {
            let labelled = self.labelled.as_ref();
            labelled.map_or_else(String::new, |(_, clusters)| format!("{:.4}", of(clusters)))
        };
        let page = Page {
            tables: self.tables,
            records: self.receipt.records,
            distinct: self.receipt.distinct,
            clusters: self.receipt.clusters,
            several: self.receipt.several,
            largest: self.receipt.largest,
            link: format!("{:.1}", self.link),
            threshold: format!("{:.4}", self.receipt.threshold),
            prior: format!("{:.1} bits", self.model.prior_weight()),
            knows_related: self.model.knows_related(),
            comparisons: comparisons(self.model),
            unlinkable: drawing::unlinkable(&self.linkage.reachable(self.model, REACHABLE)),
            histogram: drawing::histogram(self.links, self.link),
            curve: self
                .labelled
                .as_ref()
                .map(|(curve, _)| drawing::curve(curve)),
            cluster_precision: figure(|quality| quality.precision),
            cluster_recall: figure(|quality| quality.recall),
            cluster_f1: figure(PairQuality::f1),
            rules: &self.receipt.rules,
            examples: self.examples(),
        };
        let html = page.render().context("the chart")?;
        std::fs::write(path, html).with_context(|| format!("{} cannot be written", path.display()))
    }

    /// The strongest link, one in the middle, the one nearest the threshold, and one refused.
    fn examples(&self) -> Vec<Example> {
        let mut ranked: Vec<&Link> = self
            .links
            .iter()
            .filter(|link| f64::from(link.weight) >= self.link)
            .collect();
        ranked.sort_by(|a, b| b.weight.total_cmp(&a.weight));
        let picked = [
            ("The surest link", ranked.first().copied()),
            ("A middling link", ranked.get(ranked.len() / 2).copied()),
            ("The least sure link", ranked.last().copied()),
            ("Alike, and not linked", self.clusters.refused.first()),
        ];
        picked
            .into_iter()
            .filter_map(|(title, link)| Some(self.example(title, link?)))
            .collect()
    }

    fn example(&self, title: &'static str, link: &Link) -> Example {
        let (one, other) = (
            self.people.a_row_of(link.one),
            self.people.a_row_of(link.other),
        );
        let id = |row: usize| String::from_utf8_lossy(self.people.id(row)).into_owned();
        let scored = self.linkage.explain(self.model, one, other);
        Example {
            title,
            one: id(one),
            other: id(other),
            sides: self.people.side_by_side(self.model, one, other),
            waterfall: drawing::waterfall(&steps(&scored, self.model.prior_weight())),
        }
    }
}

fn comparisons(model: &Model) -> Vec<Comparison> {
    let level = |(label, rates): (&str, linkage::Rates)| {
        let bits = (rates.m / rates.u).log2();
        let width = 160.0 * bits.abs().min(WIDEST) / WIDEST;
        Level {
            label: label.to_owned(),
            m: share(rates.m),
            u: share(rates.u),
            r: share(rates.r),
            bits: format!("{bits:+.1}"),
            x: format!("{:.1}", if bits < 0.0 { 160.0 - width } else { 160.0 }),
            width: format!("{width:.1}"),
            colour: if bits < 0.0 {
                drawing::AGAINST
            } else {
                drawing::FOR
            },
        }
    };
    model
        .rates()
        .map(|(name, levels)| Comparison {
            name: name.to_owned(),
            levels: levels.map(level).collect(),
        })
        .collect()
}

fn share(share: f64) -> String {
    if share >= 0.001 {
        format!("{share:.4}")
    } else {
        format!("{share:.1e}")
    }
}

/// A weight as the steps that lead to it.
pub fn steps(scored: &Scored<'_>, prior: f64) -> Vec<Step> {
    let mut steps = vec![Step::new("two records at random", "", prior)];
    let parts = scored.parts.iter();
    steps.extend(parts.map(|part| Step::new(part.comparison, part.level, part.weight)));
    if scored.related != 0.0 {
        steps.push(Step::new("they may be related", "", scored.related));
    }
    if let Some(ceiling) = &scored.ceiling {
        steps.push(Step::new("held down", ceiling.name, ceiling.taken));
    }
    steps
}
