//! A table of people as a force's nominal records hold them: several records of one person, each
//! typed by somebody else on another day, and beside them the truth of who is who.
//!
//! Families of the county are in it together, so those whom a careless linkage would join are
//! there without being put there: couples and children at one address with one surname and one
//! telephone, twins, a son with his father's name, strangers with a common name and one year of
//! birth. `history` says what was ever true of a person; `entry` how one record of it was typed;
//! `slips` what goes wrong under a hand or a scanner.
//!
//! *Invariants.* The same settings give the same bytes on every machine. A record follows from its
//! number alone, so a table of any length streams. Neither the order of the rows nor an id says
//! anything about who is who.

mod entry;
mod history;
mod slips;

use std::fs;
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use crate::Identity;
use crate::chance::{Chance, Stream, mix};
use crate::files::{Error, Table, at};
use crate::person::{Home, Population, SLOTS};
use entry::Entry;
use history::History;

/// What table of people to generate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeopleSettings {
    /// How many records there are, exactly; of about 1.8 times fewer people.
    pub records: u64,
    /// Everything follows from this number.
    pub seed: u64,
    /// The day ages are reckoned on.
    pub today: Date,
}

impl PeopleSettings {
    /// Ages reckoned on a day that never changes, so that a seed means the same table for ever.
    pub fn new(records: u64, seed: u64) -> PeopleSettings {
        PeopleSettings {
            records,
            seed,
            today: Date::constant(2026, 1, 1),
        }
    }
}

/// One record of the table, and whose it truly is. A field that holds nothing is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeopleRecord {
    pub id: String,
    pub forename: String,
    pub surname: String,
    /// ISO 8601.
    pub date_of_birth: String,
    pub address: String,
    pub postcode: String,
    /// As it was written down: spaced or not, with or without the country code.
    pub phone: String,
    pub email: String,
    /// Who it is.
    pub person: Identity,
    /// Fields that hold something other than the person's present particulars: mistyped, given
    /// otherwise, or out of date. Missing values, capitals and ways of spacing are none.
    pub faults: u8,
}

/// How many people of every thousand have one record, two, three and so on: most have one, a few
/// are met again and again. They come to 1,800 records.
const PEOPLE_WITH: [u64; 12] = [621, 200, 82, 40, 22, 13, 8, 5, 4, 3, 1, 1];
const PEOPLE_A_BLOCK: u64 = 1_000;
const RECORDS_A_BLOCK: u64 = 1_800;

/// Places for people in every twenty homes, which [`seats`] lists; and how many of them are taken
/// by somebody the force knows.
const SEATS: u64 = 40;
const SEATS_TAKEN: u64 = 26;

/// The records of a table, in the order of its rows.
pub struct PeopleRecords {
    settings: PeopleSettings,
    population: Population,
    order: Shuffle,
    /// Running total of records over the people of a block, starting with 0.
    upto: Vec<u64>,
    seats: Vec<(usize, usize)>,
    next: u64,
}

impl PeopleRecords {
    pub fn new(settings: PeopleSettings) -> PeopleRecords {
        PeopleRecords {
            population: Population {
                seed: settings.seed,
                today: settings.today,
            },
            order: Shuffle::new(settings.records, mix(&[settings.seed, 1])),
            upto: running_total(settings.seed),
            seats: seats(),
            next: 0,
            settings,
        }
    }

    /// The person a record is of, by number, and which of their records it is.
    fn whose(&self, record: u64) -> (u64, u64) {
        let (block, within) = (record / RECORDS_A_BLOCK, record % RECORDS_A_BLOCK);
        let at = self.upto.partition_point(|upto| *upto <= within) as u64 - 1;
        let person = block * PEOPLE_A_BLOCK + at;
        (person, within - self.upto[at as usize])
    }

    /// The home of a person of the table, and which member of it they are.
    fn seat(&self, person: u64) -> (u64, usize) {
        let (street, nth) = (person / SEATS_TAKEN, person % SEATS_TAKEN);
        let taken = Shuffle::new(SEATS, mix(&[self.settings.seed, 2, street]));
        let (slot, member) = self.seats[taken.at(nth) as usize];
        (street * SLOTS.len() as u64 + slot as u64, member)
    }

    fn record(&self, row: u64) -> PeopleRecord {
        let record = self.order.at(row);
        let (person, nth) = self.whose(record);
        let (home, member) = self.seat(person);
        let history = History::of(&self.population, home, member);
        let chance = Chance::new(self.settings.seed, Stream::Entry, record);
        Entry::new(&history, nth, chance).typed(format!("N{:07}", row + 1))
    }
}

impl Iterator for PeopleRecords {
    type Item = PeopleRecord;

    fn next(&mut self) -> Option<PeopleRecord> {
        (self.next < self.settings.records).then(|| {
            self.next += 1;
            self.record(self.next - 1)
        })
    }
}

fn running_total(seed: u64) -> Vec<u64> {
    let mut counts: Vec<u64> = PEOPLE_WITH
        .iter()
        .zip(1..)
        .flat_map(|(people, records)| std::iter::repeat_n(records, *people as usize))
        .collect();
    // A table shorter than a block is to have its share of every count.
    let mut chance = Chance::new(seed, Stream::Records, 0);
    for at in (1..counts.len()).rev() {
        counts.swap(at, chance.index(at + 1));
    }
    std::iter::once(0)
        .chain(counts.iter().scan(0, |total, count| {
            *total += count;
            Some(*total)
        }))
        .collect()
}

/// Slot of the home and number of the person in it, for as many people as every home of a kind
/// is sure to have.
fn seats() -> Vec<(usize, usize)> {
    let sure = |home: Home| match home {
        Home::LoneElder | Home::LoneAdult | Home::YoungAdult => 1,
        Home::ElderCouple | Home::Couple | Home::Sharers => 2,
        Home::Family => 3,
        Home::ThreeGenerations => 4,
    };
    SLOTS
        .iter()
        .enumerate()
        .flat_map(|(slot, home)| (0..sure(*home)).map(move |member| (slot, member)))
        .collect()
}

/// The numbers `0..size` in an order that looks like chance, each computed alone: a Feistel
/// network over the next power of four, walked until it lands below the size.
struct Shuffle {
    size: u64,
    half_bits: u32,
    key: u64,
}

impl Shuffle {
    fn new(size: u64, key: u64) -> Shuffle {
        let bits = u64::BITS - size.saturating_sub(1).leading_zeros();
        Shuffle {
            size,
            half_bits: bits.div_ceil(2).max(1),
            key,
        }
    }

    fn at(&self, nth: u64) -> u64 {
        let mut at = nth;
        loop {
            at = self.once(at);
            if at < self.size {
                return at;
            }
        }
    }

    fn once(&self, number: u64) -> u64 {
        let mask = (1 << self.half_bits) - 1;
        let (mut left, mut right) = (number >> self.half_bits, number & mask);
        for round in 0..5 {
            (left, right) = (right, left ^ (mix(&[self.key, round, right]) & mask));
        }
        left << self.half_bits | right
    }
}

/// Writes `people.csv` into a folder, made when it is missing, and `truth/people.csv`
/// (`id,person`). Gives the path of the table.
///
/// # Errors
/// When the folder or a file cannot be written.
pub fn write_people(folder: &Path, settings: PeopleSettings) -> Result<PathBuf, Error> {
    let truth_folder = folder.join("truth");
    fs::create_dir_all(&truth_folder).map_err(at(&truth_folder))?;
    let path = folder.join("people.csv");
    let mut table = Table::open(
        path.clone(),
        &[
            "id",
            "forename",
            "surname",
            "date_of_birth",
            "address",
            "postcode",
            "phone",
            "email",
        ],
    )?;
    let mut truth = Table::open(truth_folder.join("people.csv"), &["id", "person"])?;
    for record in PeopleRecords::new(settings) {
        table.row(&[
            &record.id,
            &record.forename,
            &record.surname,
            &record.date_of_birth,
            &record.address,
            &record.postcode,
            &record.phone,
            &record.email,
        ])?;
        truth.row(&[&record.id, &record.person.to_string()])?;
    }
    table.close()?;
    truth.close()?;
    Ok(path)
}

#[cfg(test)]
mod tests;
