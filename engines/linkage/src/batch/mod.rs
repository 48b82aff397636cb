//! Linkage of whole tables: the same model as for one record, over all of them at once.
//!
//! A table becomes columns of interned cells ([`Builder`]), the columns a population of distinct
//! records in an order that depends on what they say alone ([`Population`]), and the population a
//! [`Linkage`]: blocks, trained parameters, links, clusters. All cores are used; the answer does
//! not depend on how many there are, nor on the order of rows.

mod assign;
mod blocks;
pub(crate) mod clusters;
mod flat;
mod ids;
pub(crate) mod intern;
pub(crate) mod kernel;
mod keys;
mod labelled;
mod lane;
pub(crate) mod population;
mod quality;
mod rule_blocks;
pub(crate) mod sample;
mod sketch;
mod table;
mod task;
pub(crate) mod train;
mod walk;

use std::borrow::Cow;
use std::sync::{Mutex, OnceLock};

use rayon::prelude::*;
use thiserror::Error;

pub use assign::Assigned;
pub use blocks::{Between, HotBlock};
pub use clusters::{Clusters, Link};
pub use flat::Batch;
pub use labelled::PairQuality;
pub use population::Population;
pub use quality::{Quality, quality};
pub use table::{Builder, ColumnNote, Layout, Rows, Table};
pub use task::{links_of, run_task};
pub use train::Parameters;

use blocks::Blocks;
pub(crate) use blocks::LARGEST as HOT;
use kernel::{Kernel, Memory};
pub(crate) use sketch::Sketches;

use crate::Model;

/// Why a table cannot be linked.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// Beyond what the engine numbers.
    #[error("{what}: link it in parts")]
    TooLarge {
        /// What is too large.
        what: String,
    },
    /// Two records of one id.
    #[error("records {first} and {second} both have the id {id:?}: give each an id of its own")]
    DuplicateId {
        /// The id.
        id: String,
        /// The record that has it first, from 1.
        first: u64,
        /// The record that has it again.
        second: u64,
    },
    /// A record without an id.
    #[error("record {row} has no id: fill it in, or name another id column")]
    EmptyId {
        /// The record, from 1.
        row: u64,
    },
}

/// A population with its blocks, ready to be trained on and linked.
pub struct Linkage<'a> {
    model: Cow<'a, Model>,
    people: &'a Population,
    between: Between,
    blocks: Blocks,
    /// Made when first asked for.
    sketches: OnceLock<Sketches>,
}

/// Pairs that one task looks at.
const TASK: u64 = 1 << 16;

impl<'a> Linkage<'a> {
    /// Blocks a population by the rules of a model.
    pub fn new(model: &'a Model, people: &'a Population, between: Between) -> Self {
        Self {
            model: Cow::Borrowed(model),
            people,
            between,
            blocks: Blocks::new(model, people),
            sketches: OnceLock::new(),
        }
    }

    pub(crate) fn kernel<'k>(&'k self, model: &'k Model) -> Kernel<'k> {
        let sketches = self
            .sketches
            .get_or_init(|| Sketches::new(&self.model, self.people));
        Kernel::new(model, self.people, sketches)
    }

    /// Pairs that each rule looks at; a pair of several rules counts in each.
    pub fn pairs(&self) -> Vec<u64> {
        self.blocks.pairs()
    }

    /// Blocks too large to compare all with all.
    pub fn hot_blocks(&self) -> &[HotBlock] {
        &self.blocks.hot
    }

    /// Estimates the model's parameters on this population, without labels.
    pub fn train(&self) -> Parameters {
        train::train(&self.kernel(&self.model), &self.blocks, self.between)
    }

    /// All pairs of units of at least `cut` bits under a model, which may be another one than the
    /// blocks were made with as long as it has the same columns and rules. Each pair once, ascending.
    pub fn links(&self, model: &Model, cut: f64) -> Vec<Link> {
        let kernel = self.kernel(model);
        let memories = Memories::of(&kernel);
        let stretches = self.blocks.stretches(TASK);
        let found: Vec<Vec<Link>> = stretches
            .into_par_iter()
            .map(|stretch| {
                let mut memory = memories.take();
                let mut links = Vec::new();
                walk::walk(&self.blocks, &kernel, stretch, |one, other, a, b| {
                    if !sample::may_pair(self.people, self.between, one, other) {
                        return;
                    }
                    if let Some(weight) = kernel.weight_of(&mut memory, a, b, cut) {
                        links.push(Link {
                            one,
                            other,
                            weight: weight as f32,
                        });
                    }
                });
                memories.give_back(memory);
                links
            })
            .collect();
        once(found.concat())
    }

    /// How a match weight of two records, by row, comes about.
    pub fn explain<'m>(&self, model: &'m Model, one: usize, other: usize) -> crate::Scored<'m> {
        let (a, b) = (self.people.unit(one), self.people.unit(other));
        let known = population::Known {
            model,
            people: self.people,
            unit: a,
        };
        model.scored(self.people.row(a), self.people.row(b), &known)
    }

    /// Whether some blocking rule looks at a pair of records, by row.
    pub fn is_candidate(&self, one: usize, other: usize) -> bool {
        let (a, b) = (self.people.unit(one), self.people.unit(other));
        self.blocks.found_by(a, b) > 0
    }

    /// Puts units together along links; see [`Clusters`].
    pub fn clusters(&self, model: &Model, links: &[Link], cohesion: f64) -> Clusters {
        let kernel = self.kernel(model);
        let memories = Memories::of(&kernel);
        clusters::clusters(self.people.units(), links, cohesion, |pairs| {
            let mut memory = memories.take();
            pairs(&mut |one, other| {
                if !sample::may_pair(self.people, self.between, one, other) {
                    return f64::NEG_INFINITY;
                }
                let weight = kernel.weight(&mut memory, one, other, -clusters::LOUDEST);
                weight.unwrap_or(-clusters::LOUDEST)
            });
            memories.give_back(memory);
        })
    }
}

/// Each pair once, ascending: the parts of a hot block may find a pair that a later rule finds too.
fn once(mut links: Vec<Link>) -> Vec<Link> {
    links.par_sort_unstable_by_key(|link| (link.one, link.other));
    links.dedup_by_key(|link| (link.one, link.other));
    links
}

/// Memories of a kernel, as many as threads were ever at work at once.
struct Memories<'k> {
    kernel: &'k Kernel<'k>,
    free: Mutex<Vec<Memory>>,
}

impl<'k> Memories<'k> {
    fn of(kernel: &'k Kernel<'k>) -> Self {
        Self {
            kernel,
            free: Mutex::new(Vec::new()),
        }
    }

    fn take(&self) -> Memory {
        let free = self.free.lock().ok().and_then(|mut free| free.pop());
        free.unwrap_or_else(|| self.kernel.memory())
    }

    fn give_back(&self, memory: Memory) {
        if let Ok(mut free) = self.free.lock() {
            free.push(memory);
        }
    }
}

/// A hash of bytes for grouping within one run.
fn hash_bytes(bytes: &[u8]) -> u64 {
    use std::hash::Hasher as _;
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(bytes);
    hasher.finish()
}
