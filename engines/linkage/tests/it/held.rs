//! Records linked one at a time come to what a whole table comes to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use linkage::Model;
use linkage::batch::{Between, Builder, Layout, Linkage, Population, Rows};
use linkage::held::Held;
use proptest::prelude::*;

use crate::properties::{Record, borrowed, record};

/// The shipped model, with or without frequencies, and with related people.
fn model(frequencies: bool, related: bool) -> Model {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../policy/intake/linkage.toml"
    );
    let mut text = std::fs::read_to_string(path).unwrap();
    if !frequencies {
        text = text.replace("frequency = true\n", "");
    }
    if related {
        text.push_str("\n[related]\nprior = 0.00001\n");
    }
    Model::from_toml(&text).unwrap()
}

static SPOTS: LazyLock<Model> = LazyLock::new(|| Model::from_toml(&crate::spotted(false)).unwrap());
static PLAIN: LazyLock<Model> = LazyLock::new(|| model(false, false));
static RELATED: LazyLock<Model> = LazyLock::new(|| model(false, true));
static SHIPPED: LazyLock<Model> = LazyLock::new(|| model(true, false));

/// Source columns for each column of a model: as many as a record of these tests has values.
const VALUES: usize = 10;

struct Written(Vec<Vec<Vec<u8>>>);

impl Rows for Written {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn field(&self, row: usize, column: usize) -> &[u8] {
        self.0[row]
            .get(column)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }
}

/// Each record's cluster as the set of its records, by place.
type Clusters = Vec<BTreeSet<u32>>;

fn sets(names: impl Iterator<Item = u32>) -> Clusters {
    let names: Vec<u32> = names.collect();
    let mut sets: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for (record, name) in (0..).zip(&names) {
        sets.entry(*name).or_default().insert(record);
    }
    names.iter().map(|name| sets[name].clone()).collect()
}

/// A whole table.
pub(crate) fn population(model: &Model, records: &[Record]) -> Population {
    let columns: Vec<&str> = model.columns().map(|(name, _)| name).collect();
    let row = |record: &Record| {
        let mut fields = vec![Vec::new(); columns.len() * VALUES];
        for (at, column) in columns.iter().enumerate() {
            let values = record.iter().filter(|(name, _)| name == column);
            for (n, (_, value)) in values.enumerate() {
                fields[at * VALUES + n] = value.clone().into_bytes();
            }
        }
        fields
    };
    let layout = Layout {
        columns: (0..columns.len())
            .map(|at| (at * VALUES..(at + 1) * VALUES).collect())
            .collect(),
        id: None,
        source: 0,
    };
    let mut builder = Builder::new(model);
    builder
        .add(&Written(records.iter().map(row).collect()), &layout)
        .unwrap();
    Population::new(builder.finish().unwrap())
}

/// The clusters of a whole table.
fn at_once(model: &Model, records: &[Record]) -> Clusters {
    let people = population(model, records);
    let linkage = Linkage::new(model, &people, Between::Everybody);
    let link = model.link_threshold();
    let clusters = linkage.clusters(model, &linkage.links(model, link), link);
    sets(linkage.assign(model, &clusters, link).lead.into_iter())
}

/// The clusters after adding one by one, and what the changes told on the way come to.
fn one_by_one(model: &Model, records: &[Record]) -> (Held, Clusters) {
    let mut held = Held::new(model);
    let mut told = Vec::new();
    for (at, record) in (0_u32..).zip(records) {
        let linked = held.add(&model.prepare(&borrowed(record))).unwrap();
        assert_eq!(linked.record, at);
        told.push(linked.cluster);
        for moved in linked.moved {
            assert_ne!(moved.from, moved.to);
            let told = &mut told[moved.record as usize];
            assert_eq!(std::mem::replace(told, moved.to), moved.from);
        }
    }
    let now: Vec<u32> = (0..records.len() as u32)
        .map(|record| held.cluster(record).unwrap())
        .collect();
    assert_eq!(now, told, "what moved was told");
    (held, sets(now.into_iter()))
}

/// Several records of each of a few people, who are related.
fn families() -> impl Strategy<Value = Vec<Record>> {
    let slip = (0..4_u8, 0..8_usize);
    let one = (0..3_u8, 0..4_u8, prop::collection::vec(slip, 0..3));
    let written = one.prop_map(|(family, member, slips)| {
        let surname = ["Smith", "Featherstonehaugh", "Okafor"][usize::from(family)];
        let forename = ["Robert", "Mary", "John Paul", "Roberta"][usize::from(member)];
        let mut record: Record = vec![
            ("surname", surname.to_owned()),
            ("forename", forename.to_owned()),
            ("date_of_birth", format!("19{}0-03-1{member}", 6 + member)),
            ("address", format!("{family} High Street")),
            ("postcode", format!("SG1 {family}AA")),
            ("phone", format!("0770090012{family}")),
            ("email", format!("{forename}@{surname}.org")),
            ("spot", format!("51.7{family},-0.{member}4")),
        ];
        for (what, at) in slips {
            let at = at % record.len();
            let value = record[at].1.clone();
            match what {
                0 => record[at].1 = String::new(),
                1 => record[at].1 = value.chars().skip(1).collect(),
                2 => record[at].1 = value.replace('1', "2").replace("Robert", "Bob"),
                _ => record.push(("phone", format!("0770090045{at}"))),
            }
        }
        record
    });
    prop::collection::vec(written, 1..50)
}

fn some_records() -> impl Strategy<Value = Vec<Record>> {
    prop_oneof![prop::collection::vec(record(), 1..40), families()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn without_frequencies_the_clusters_are_those_of_the_whole_table(records in some_records()) {
        for model in [&*PLAIN, &*RELATED, &*SPOTS] {
            let (_, clusters) = one_by_one(model, &records);
            prop_assert_eq!(clusters, at_once(model, &records));
        }
    }

    #[test]
    fn the_order_in_which_records_come_does_not_matter(
        records in some_records(),
        seed in any::<u64>(),
    ) {
        let (_, clusters) = one_by_one(&PLAIN, &records);
        let mut order: Vec<usize> = (0..records.len()).collect();
        order.sort_by_key(|at| (*at as u64 + 1).wrapping_mul(seed | 1));
        let shuffled: Vec<Record> = order.iter().map(|at| records[*at].clone()).collect();
        let (held, _) = one_by_one(&PLAIN, &shuffled);
        let mut names = vec![0; records.len()];
        for (at, before) in order.into_iter().enumerate() {
            names[before] = held.cluster(at as u32).unwrap();
        }
        prop_assert_eq!(sets(names.into_iter()), clusters);
    }

    #[test]
    fn links_are_the_pairs_that_reach_review_with_their_weights(records in families()) {
        let mut held = Held::new(&PLAIN);
        for (at, record) in records.iter().enumerate() {
            let prepared = PLAIN.prepare(&borrowed(record));
            let linked = held.add(&prepared).unwrap();
            let keys = PLAIN.keys(&prepared);
            let mut expected = BTreeMap::new();
            let mut said = Vec::new();
            for (other, before) in (0_u32..).zip(&records[..at]) {
                let before = PLAIN.prepare(&borrowed(before));
                let again = said.contains(&before);
                let weight = PLAIN.compare(&prepared, &before, &()).weight;
                let meets = before == prepared || PLAIN.keys(&before).iter().any(|key| keys.contains(key));
                said.push(before);
                if meets && !again && weight >= PLAIN.review_threshold() {
                    expected.insert(other, weight);
                }
            }
            prop_assert!(linked.links.is_sorted_by(|a, b| a.1 >= b.1));
            let found: BTreeMap<u32, f64> = linked.links.into_iter().collect();
            prop_assert_eq!(
                found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>()
            );
            for (other, weight) in &found {
                prop_assert!((weight - expected[other]).abs() < 1e-9);
            }
        }
    }
}

/// A table of some thousand people, most with several records: names as common as they are,
/// families at one address, slips.
pub(crate) fn table(records: u32) -> Vec<Record> {
    let scatter = |number: u32, salt: u32| {
        let mixed = (u64::from(number) << 32 | u64::from(salt)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 33) as u32
    };
    // The n-th commonest of many names is borne by a share that falls as 1/n.
    let name = |number: u32, salt: u32| {
        let within = f64::from(scatter(number, salt) % 10_000) / 10_000.0;
        let rank = 800_f64.powf(within) as u32;
        let letters = [b"bdfghklmnp", b"aeiouyaeio", b"rstvwzlnmd", b"aeiouyaeio"];
        let digits = scatter(rank, 99);
        let mut at = digits;
        letters
            .iter()
            .map(|choice| {
                at = at.wrapping_mul(31).wrapping_add(digits);
                char::from(choice[(at >> 8) as usize % 10])
            })
            .collect::<String>()
    };
    (0..records)
        .map(|at| {
            let person = scatter(at, 1) % (records * 5 / 9);
            let home = person / 3;
            let slip = scatter(at, 2) % 10;
            let mut forename = name(person, 3);
            if slip == 0 {
                forename.pop();
            }
            let day = 1 + (scatter(person, 4) + u32::from(slip == 1)) % 28;
            let year = 1940 + scatter(person, 5) % 65;
            let value = |missing: u32, text: String| {
                if scatter(at, missing) % 3 == 0 {
                    String::new()
                } else {
                    text
                }
            };
            vec![
                ("forename", forename),
                ("surname", name(home, 6)),
                (
                    "date_of_birth",
                    value(7, format!("{year}-0{}-{day:02}", 1 + person % 9)),
                ),
                ("postcode", format!("SG{} {}AA", home % 19 + 1, home % 9)),
                (
                    "address",
                    value(8, format!("{} {} Street", home % 70, name(home, 9))),
                ),
                (
                    "phone",
                    value(10, format!("077{:08}", scatter(home, 11) % 100_000_000)),
                ),
                ("email", value(12, format!("p{person}@example.org"))),
            ]
        })
        .collect()
}

#[test]
fn with_frequencies_few_records_are_in_another_cluster_than_in_the_whole_table() {
    let records = table(6_000);
    let differing = |model: &Model| {
        let (_, clusters) = one_by_one(model, &records);
        let whole = at_once(model, &records);
        let together = whole.iter().filter(|set| set.len() > 1).count();
        assert!(
            together > 3_000,
            "the table should hold people with several records"
        );
        clusters
            .iter()
            .zip(&whole)
            .filter(|(one, other)| one != other)
            .count()
    };
    assert_eq!(differing(&PLAIN), 0);
    let differing = differing(&SHIPPED);
    assert!(
        differing <= records.len() / 100,
        "{differing} of {}",
        records.len()
    );
}

#[test]
fn records_that_say_the_same_and_little_stand_each_for_itself() {
    let mut held = Held::new(&PLAIN);
    let bare = PLAIN.prepare(&[("forename", "John"), ("surname", "Smith")]);
    assert_eq!(held.add(&bare).unwrap().cluster, 0);
    let second = held.add(&bare).unwrap();
    assert_eq!((second.cluster, second.moved), (1, Vec::new()));
    let empty = PLAIN.prepare(&[]);
    assert_eq!(held.add(&empty).unwrap().cluster, 2);
    assert_eq!(held.add(&empty).unwrap().cluster, 3);
    assert_eq!(held.len(), 4);
    assert_eq!(held.cluster(4), None);
}
