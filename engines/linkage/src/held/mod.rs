//! A population that grows record by record, linked as it grows.

mod column;
mod lists;
mod regroup;
mod weigh;

use hashbrown::HashTable;

use crate::batch::Refused;
use crate::batch::population::said_by;
use crate::model::Model;
use crate::prepared::Prepared;
use crate::sheet::{Record as _, Row};
use column::Column;
use lists::Lists;
use weigh::{Crowd, Scale};

/// Records held in memory under one model, each linked when it is added.
///
/// Records are numbered from 0 as they come. A new one is compared with those it has a blocking key
/// in common with; a key that more than 600 distinct records have is parted by further columns, as
/// [`crate::batch`] parts its hot blocks. Then the connected component of links that it touches,
/// and nothing else, is put into clusters anew, by the same rule as a whole table: see
/// [`crate::batch::Clusters`]. Records that say exactly the same are compared once, and are one
/// cluster when what they say reaches the link threshold.
///
/// What comes out does not depend on the order in which records come, and equals what
/// [`crate::batch`] makes of the same records, exactly, as long as the model asks for no
/// frequencies and no key is hot.
///
/// With frequencies a pair is weighed by how common its values were when its component was last
/// touched, and the earliest pairs were met when little was known of that. From some thousand
/// records on, fewer than one record in a hundred is in another cluster than in the whole table:
/// of generated people under the shipped model 47 of 10,000 and 212 of 100,000, under a suggested
/// one 15 and 116.
///
/// ```
/// use linkage::{Model, held::Held};
/// # let model = Model::from_toml(r#"
/// #     version = 1
/// #     prior = 0.0001
/// #     link = 5.0
/// #     review = 0.0
/// #     blocking = ["exact(phone)"]
/// #     [columns]
/// #     surname = "name"
/// #     phone = "phone"
/// #     [[comparison]]
/// #     column = "surname"
/// #     levels = [{ when = "exact", m = 0.9, u = 0.01 }, { when = "else", m = 0.1, u = 0.99 }]
/// #     [[comparison]]
/// #     column = "phone"
/// #     levels = [{ when = "exact", m = 0.8, u = 0.0001 }, { when = "else", m = 0.2, u = 0.9999 }]
/// # "#)?;
/// let record = |surname| model.prepare(&[("surname", surname), ("phone", "07700 900123")]);
/// let mut held = Held::new(&model);
/// let first = held.add(&record("Haddad"))?;
/// let second = held.add(&record("Okafor"))?;
/// let third = held.add(&record("HADDAD"))?;
/// assert_eq!((first.cluster, second.cluster, third.cluster), (0, 1, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Held {
    model: Model,
    scale: Scale,
    /// Whether weights change as more records are held.
    shifts: bool,
    /// By rule, the columns it does not read.
    others: Vec<Vec<usize>>,
    columns: Vec<Column>,
    assumed: u64,
    lists: Lists,
    units: Units,
    /// Of each record, its unit.
    unit_of: Vec<u32>,
    /// Of each record, the one before it that says the same.
    twin: Vec<u32>,
}

/// No record.
const NONE: u32 = u32::MAX;

/// What was made of one record.
#[derive(Debug, Clone, PartialEq)]
pub struct Linked {
    /// Its number.
    pub record: u32,
    /// Records it may be the same as, with the match weight in bits, strongest first: all that
    /// reach the review or the link threshold, one for all that say the same.
    pub links: Vec<(u32, f64)>,
    /// Its cluster, named by the cluster's first record.
    pub cluster: u32,
    /// Records held before whose cluster has another name now.
    pub moved: Vec<Moved>,
}

/// A record that is in another cluster than before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moved {
    /// The record.
    pub record: u32,
    /// First record of the cluster it was in.
    pub from: u32,
    /// First record of the cluster it is in.
    pub to: u32,
}

/// The distinct records.
#[derive(Default)]
struct Units {
    width: usize,
    /// Unit by unit, the cells of its columns.
    cells: Vec<u32>,
    /// A hash of what each says: clusters are put together in this order, as in a whole table.
    contents: Vec<u64>,
    numbers: HashTable<u32>,
    /// The first and the last record that says so, and how many do.
    first: Vec<u32>,
    last: Vec<u32>,
    records: Vec<u32>,
    /// Pairs that reach the review or the link threshold.
    near: Vec<Vec<Near>>,
    /// The first record of the cluster.
    cluster: Vec<u32>,
    /// Whether the records of this unit stand each for itself: they say the same, but too little.
    bare: Vec<bool>,
    /// When it was last looked at, by a running number.
    looked: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Near {
    unit: u32,
    weight: f64,
}

impl Units {
    fn cells(&self, unit: u32) -> &[u32] {
        &self.cells[unit as usize * self.width..][..self.width]
    }

    fn find(&self, contents: u64, cells: &[u32]) -> Option<u32> {
        let same =
            |unit: &u32| self.contents[*unit as usize] == contents && self.cells(*unit) == cells;
        self.numbers.find(contents, same).copied()
    }

    fn add(&mut self, contents: u64, cells: &[u32], record: u32) -> u32 {
        let unit = self.first.len() as u32;
        self.cells.extend_from_slice(cells);
        self.contents.push(contents);
        let of = &self.contents;
        self.numbers
            .insert_unique(contents, unit, |unit| of[*unit as usize]);
        self.first.push(record);
        self.last.push(record);
        self.records.push(1);
        self.near.push(Vec::new());
        self.cluster.push(record);
        self.bare.push(false);
        self.looked.push(0);
        unit
    }
}

impl Held {
    /// Holds nobody yet.
    pub fn new(model: &Model) -> Self {
        let width = model.columns.len();
        Self {
            scale: Scale::new(model),
            shifts: model.frequency_columns().next().is_some(),
            others: model.rules.iter().map(|rule| rule.unread(width)).collect(),
            columns: model.columns.iter().map(|_| Column::new()).collect(),
            assumed: 0,
            lists: Lists::default(),
            units: Units {
                width,
                ..Units::default()
            },
            unit_of: Vec::new(),
            twin: Vec::new(),
            model: model.clone(),
        }
    }

    /// Takes values to be as rare as they will be once this many records are held; see
    /// [`crate::value_share`].
    #[must_use]
    pub fn assuming(mut self, population: u64) -> Self {
        self.assumed = population;
        self
    }

    /// How many records are held.
    pub fn len(&self) -> usize {
        self.unit_of.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.unit_of.is_empty()
    }

    /// The first record of the cluster that a record is in; `None` for one that is not held.
    pub fn cluster(&self, record: u32) -> Option<u32> {
        self.unit_of
            .get(record as usize)
            .map(|unit| self.cluster_of(record, *unit))
    }

    fn cluster_of(&self, record: u32, unit: u32) -> u32 {
        if self.units.bare[unit as usize] {
            record
        } else {
            self.units.cluster[unit as usize]
        }
    }

    /// Adds a record of the model this was made with, and links it to those held.
    ///
    /// # Errors
    /// [`Refused::TooLarge`] when the distinct values of a column outgrow 4 GiB, or the records
    /// 2^32. Nothing is changed then.
    pub fn add(&mut self, record: &Prepared) -> Result<Linked, Refused> {
        self.has_room(record)?;
        let number = self.unit_of.len() as u32;
        let cells: Vec<u32> = self
            .columns
            .iter_mut()
            .enumerate()
            .map(|(at, column)| column.take(record.values(at)))
            .collect();
        let said = cells.iter().zip(&self.columns);
        // As in a table of one source.
        let contents = said_by(0, said.map(|(cell, column)| column.contents(*cell)));
        let mut moved = Vec::new();
        let unit = match self.units.find(contents, &cells) {
            Some(unit) => {
                self.twin.push(self.units.last[unit as usize]);
                self.units.last[unit as usize] = number;
                self.units.records[unit as usize] += 1;
                unit
            }
            None => {
                self.twin.push(NONE);
                let unit = self.units.add(contents, &cells, number);
                self.meet(unit, record);
                unit
            }
        };
        self.unit_of.push(unit);
        self.regroup(unit, number, &mut moved);
        Ok(Linked {
            record: number,
            links: self.links(number, unit),
            cluster: self.cluster_of(number, unit),
            moved,
        })
    }

    fn has_room(&self, record: &Prepared) -> Result<(), Refused> {
        if self.unit_of.len() >= NONE as usize {
            return Err(Refused::TooLarge {
                what: "more than 4,294,967,295 records".to_owned(),
            });
        }
        let full = self
            .columns
            .iter()
            .enumerate()
            .find(|(at, column)| !column.fits(record.values(*at)));
        match full {
            None => Ok(()),
            Some((at, _)) => Err(Refused::TooLarge {
                what: format!(
                    "the distinct values of `{}` are more than 4 GiB",
                    self.model.columns[at].name
                ),
            }),
        }
    }

    /// Enters a new unit under its keys and weighs it against those it meets there.
    fn meet(&mut self, unit: u32, record: &Prepared) {
        let mut met = Vec::new();
        let mut keys = Vec::new();
        let Units {
            width,
            cells,
            looked,
            ..
        } = &mut self.units;
        let cell = |unit: u32, column: usize| cells[unit as usize * *width + column];
        for (rule, others) in self.model.rules.iter().zip(&self.others) {
            keys.clear();
            rule.add_keys(record, &mut keys);
            keys.sort_unstable();
            keys.dedup();
            for key in &keys {
                self.lists.enter(*key, others, unit, &cell, &mut |other| {
                    // Once for all keys: `unit` is a number that no look before this one had.
                    let looked = &mut looked[other as usize];
                    if *looked != unit && other != unit {
                        *looked = unit;
                        met.push(other);
                    }
                });
            }
        }
        let cut = self.least();
        for other in met {
            if let Some(weight) = self.weight(unit, other, cut) {
                self.units.near[unit as usize].push(Near {
                    unit: other,
                    weight,
                });
                self.units.near[other as usize].push(Near { unit, weight });
            }
        }
    }

    /// The weight from which a pair is remembered.
    fn least(&self) -> f64 {
        self.model
            .review_threshold()
            .min(self.model.link_threshold())
    }

    fn weight(&self, one: u32, other: u32, cut: f64) -> Option<f64> {
        let row = |unit| Row {
            columns: &self.columns,
            cells: self.units.cells(unit),
        };
        let crowd = Crowd {
            held: self.twin.len() as u64,
            assumed: self.assumed,
        };
        // Sums of floats in one order, so that a pair has one weight.
        let (low, high) = (one.min(other), one.max(other));
        self.scale
            .weight(&self.model, crowd, row(low), row(high), cut)
    }

    fn links(&self, record: u32, unit: u32) -> Vec<(u32, f64)> {
        let least = self.least();
        let near = self.units.near[unit as usize].iter();
        let mut links: Vec<(u32, f64)> = near
            .filter(|near| near.weight >= least)
            .map(|near| (self.units.first[near.unit as usize], near.weight))
            .collect();
        let first = self.units.first[unit as usize];
        if first != record
            && let Some(weight) = self.weight(unit, unit, least)
        {
            links.push((first, weight));
        }
        links.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        links
    }
}
