//! A whole table is linked as its records would be one by one.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;

use linkage::batch::{Batch, Between, Builder, Layout, Linkage, Population, links_of, run_task};
use linkage::{Frequencies, Model, Prepared};
use proptest::prelude::*;

use crate::shipped;

const HEADINGS: [&str; 9] = [
    "forename",
    "surname",
    "date_of_birth",
    "postcode",
    "address",
    "phone",
    "phone",
    "email",
    "spot",
];

type Row = [String; 9];

/// Has every kind of test there is for the shipped model's columns, and related people.
static EVERYTHING: LazyLock<Model> = LazyLock::new(|| {
    let levels = |tests: &[&str]| {
        let each = 0.4 / tests.len() as f64;
        let mut lines: String = tests
            .iter()
            .enumerate()
            .map(|(at, when)| {
                let u = each / f64::from(3 + at as u32);
                format!("{{ when = '{when}', m = {each}, u = {u}, r = {each} }},")
            })
            .collect();
        let rest = |of: f64| format!("{}", 1.0 - of);
        let u: f64 = (0..tests.len()).map(|at| each / (3 + at) as f64).sum();
        lines += &format!(
            "{{ when = 'else', m = {}, u = {}, r = {} }}",
            rest(0.4),
            rest(u),
            rest(0.4)
        );
        lines
    };
    let text = format!(
        r#"
        version = 1
        prior = 0.01
        link = 5.0
        review = 1.0
        blocking = [
            "exact(phone)", "local_part(email)", "word(address)", "unordered(forename, surname)",
            "nickname(forename) + sector(postcode)", "soundex(surname) + year(date_of_birth)",
            "initial(forename) + month_day(date_of_birth)", "district(postcode)",
            "metaphone(forename) + metaphone(surname)", "near(spot, 2) + year(date_of_birth)",
        ]
        [related]
        prior = 0.02
        [columns]
        forename = "forename"
        surname = "name"
        date_of_birth = "date"
        postcode = "postcode"
        address = "text"
        phone = "phone"
        email = "email"
        spot = {{ kind = "position", separator = "|" }}
        [[comparison]]
        column = "forename"
        frequency = true
        levels = [{}]
        [[comparison]]
        column = "surname"
        frequency = true
        levels = [{}]
        [[comparison]]
        column = "date_of_birth"
        levels = [{}]
        [[comparison]]
        name = "home"
        columns = ["address", "postcode"]
        levels = [{}]
        [[comparison]]
        column = "phone"
        frequency = true
        levels = [{}]
        [[comparison]]
        column = "email"
        levels = [{}]
        [[comparison]]
        column = "spot"
        frequency = true
        levels = [{}]
        [[ceiling]]
        name = "another date"
        when = "differs(date_of_birth) & not exact(email)"
        at_most = 0.5
        [nicknames]
        robert = ["bob", "rob"]
        "#,
        levels(&[
            "exact",
            "swapped(surname)",
            "jaro_winkler >= 0.93",
            "shares_word",
            "nickname",
            "initial",
            "jaro_winkler >= 0.7",
        ]),
        levels(&[
            "exact",
            "soundex",
            "metaphone",
            "swapped(forename)",
            "words >= 0.4",
            "jaro_winkler >= 0.8"
        ]),
        levels(&[
            "exact",
            "day_month_swapped",
            "one_character_off",
            "year_only",
            "within_days <= 31",
            "same_year",
            "within_days <= 500",
        ]),
        levels(&[
            "words(address) >= 0.6 & exact(postcode)",
            "words(address) >= 0.6",
            "exact(postcode) & shares_word(address)",
            "exact(postcode)",
            "words(address) >= 0.3 & one_character_off(postcode)",
            "same_sector(postcode) & not shares_word(address)",
            "same_district(postcode)",
        ]),
        levels(&["exact", "one_character_off"]),
        levels(&[
            "exact",
            "jaro_winkler >= 0.96",
            "same_local_part",
            "jaro_winkler >= 0.8"
        ]),
        levels(&[
            "exact",
            "within_km <= 0.5",
            "not within_km <= 400 & within_km <= 600",
            "within_km <= 5",
        ]),
    );
    Model::from_toml(&text).unwrap()
});

fn row() -> impl Strategy<Value = Row> {
    fn of(values: &[&'static str]) -> BoxedStrategy<String> {
        prop::sample::select(values.to_vec())
            .prop_map(str::to_owned)
            .boxed()
    }
    let name = || {
        of(&[
            "Smith",
            "Smyth",
            "Smithson",
            "O'Brien",
            "Smith-Jones",
            "Jones",
            "Bob",
            "Robert",
            "Rob",
            "R",
            "José",
            "Jose Maria",
            "Wei",
            "王",
            "",
        ])
    };
    let date = prop_oneof![
        of(&[
            "1980-03-12",
            "1980-12-03",
            "1980-03-13",
            "1980-01-01",
            "1979-12-20",
            "1981-01-05",
            "1981-03-12",
            "1908-03-12",
            "",
        ]),
        (1979..1982_u32, 1..=12_u32, 1..=28_u32).prop_map(|(y, m, d)| format!("{y}-{m}-{d}")),
    ];
    let postcode = || of(&["SG1 1AA", "SG1 1AB", "SG1 2AA", "SG12 1AA", "90210", ""]);
    let address = || {
        of(&[
            "1 High St",
            "1 High Street",
            "2 High Street Old Town",
            "Wren Cottage",
            "",
        ])
    };
    let phone = || {
        of(&[
            "07700 900123",
            "07700900124",
            "07700 900132",
            "020 7946 0000",
            "",
            "",
            "",
        ])
    };
    let email = of(&[
        "jo.smith@x.example",
        "jo.smith@y.example",
        "jo.smyth@x.example",
        "j@x.example",
        "jo.smith12@x.example",
        "",
    ]);
    let spot = of(&[
        "51.75,-0.34",
        "51.7501,-0.3401",
        "51.76,-0.36",
        "51.79,-0.34",
        "51.75,-0.34|55.95,-3.19",
        "55.9501,-3.19|57.15,-2.09",
        "0.1,179.99",
        "0.1,-179.99",
        "somewhere",
        "",
    ]);
    (
        name(),
        name(),
        date,
        postcode(),
        address(),
        phone(),
        phone(),
        email,
        spot,
    )
        .prop_map(|(a, b, c, d, e, f, g, h, i)| [a, b, c, d, e, f, g, h, i])
}

fn population(model: &Model, rows: &[Row]) -> Population {
    let places = |names: Vec<&str>| {
        let at = |heading: &&str| names.contains(heading);
        let headings = HEADINGS.iter().enumerate();
        headings
            .filter(|(_, heading)| at(heading))
            .map(|(at, _)| at)
            .collect()
    };
    let layout = Layout {
        columns: model.headings().map(places).collect(),
        id: None,
        source: 0,
    };
    let mut builder = Builder::new(model);
    let mut batch = Batch::new(HEADINGS.len());
    for rows in rows.chunks(7) {
        batch.clear();
        rows.iter()
            .for_each(|row| batch.push(row.iter().map(String::as_bytes)));
        builder.add(&batch, &layout).unwrap();
    }
    Population::new(builder.finish().unwrap())
}

fn prepared(model: &Model, row: &Row) -> Prepared {
    let record: Vec<(&str, &str)> = HEADINGS
        .iter()
        .copied()
        .zip(row)
        .flat_map(|(heading, values)| values.split('|').map(move |value| (heading, value)))
        .collect();
    model.prepare(&record)
}

/// The share of the table's records that bear a value.
struct Shares(HashMap<(String, String), f64>);

impl Shares {
    fn of(model: &Model, records: &[Prepared]) -> Self {
        let mut shares = HashMap::new();
        for record in records {
            for (column, value) in model.normal_values(record) {
                *shares
                    .entry((column.to_owned(), value.to_owned()))
                    .or_insert(0.0) += 1.0 / records.len() as f64;
            }
        }
        Self(shares)
    }
}

impl Frequencies for Shares {
    fn share(&self, column: &str, value: &str) -> Option<f64> {
        self.0.get(&(column.to_owned(), value.to_owned())).copied()
    }
}

/// Pairs of units that are linked, with their weights.
fn linked(model: &Model, people: &Population, cut: f64) -> BTreeMap<(u32, u32), f64> {
    let linkage = Linkage::new(model, people, Between::Everybody);
    let links = linkage.links(model, cut);
    let count = links.len();
    let linked: BTreeMap<(u32, u32), f64> = links
        .into_iter()
        .map(|link| ((link.one, link.other), f64::from(link.weight)))
        .collect();
    assert_eq!(linked.len(), count, "no pair comes twice");
    linked
}

/// Records that were put together, named by what they say.
fn together(model: &Model, rows: &[Row]) -> BTreeSet<BTreeSet<Row>> {
    let people = population(model, rows);
    let linkage = Linkage::new(model, &people, Between::Everybody);
    let clusters = linkage.clusters(model, &linkage.links(model, 0.0), 0.5);
    let mut by: BTreeMap<u32, BTreeSet<Row>> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        let cluster = clusters.of[people.unit(at) as usize];
        by.entry(cluster).or_default().insert(row.clone());
    }
    by.into_values().collect()
}

#[test]
fn latitudes_and_longitudes_under_two_headings_are_read_or_told() {
    let model = Model::from_toml(
        r#"
        version = 1
        prior = 0.01
        link = 1.0
        review = 0.0
        blocking = ["near(spot, 1)"]
        [columns]
        spot = { kind = "position", from = ["lat", "lon"], separator = ";" }
        [[comparison]]
        column = "spot"
        levels = [
            { when = "exact", m = 0.5, u = 0.001 },
            { when = "within_km <= 1", m = 0.4, u = 0.01 },
            { when = "else", m = 0.1, u = 0.989 },
        ]
        [unknown]
        spot = ["0,0"]
        "#,
    )
    .unwrap();
    let rows = [
        ["51.75", "-0.34"],
        ["52.1;51.751", "1.2;-0.341"],
        // Too far, missing, one half missing, beyond the pole, more of one, not known.
        ["51.78", "-0.34"],
        ["", ""],
        ["51.75", ""],
        ["95", "-0.34"],
        ["51.75;52", "-0.34"],
        ["0", "0.0"],
    ];
    let mut batch = Batch::new(2);
    rows.iter()
        .for_each(|row| batch.push(row.iter().map(|field| field.as_bytes())));
    let layout = Layout {
        columns: vec![vec![0, 1]],
        id: None,
        source: 0,
    };
    let mut builder = Builder::new(&model);
    builder.add(&batch, &layout).unwrap();
    let table = builder.finish().unwrap();
    let note = &table.notes()[0];
    assert_eq!((note.filled, note.distinct, note.unusable), (3, 3, 4));
    let example = note.unusable_example.as_deref().unwrap();
    assert!(!example.contains('\u{1e}'), "{example:?}");
    let people = Population::new(table);
    let pairs: Vec<(u32, u32)> = linked(&model, &people, -5.0).into_keys().collect();
    let (one, other) = (people.unit(0), people.unit(1));
    assert_eq!(pairs, [(one.min(other), one.max(other))]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_table_finds_the_pairs_and_weights_of_its_records(
        rows in prop::collection::vec(row(), 2..40),
        cut in -12.0..6.0,
        shipped_one in any::<bool>(),
    ) {
        let shipped = shipped("linkage.toml");
        let model = if shipped_one { &shipped } else { &*EVERYTHING };
        let people = population(model, &rows);
        let records: Vec<Prepared> = rows.iter().map(|row| prepared(model, row)).collect();
        let shares = Shares::of(model, &records);
        let all = linked(model, &people, f64::NEG_INFINITY);
        let some = linked(model, &people, cut);
        let mut candidates = 0;
        let mut seen = BTreeSet::new();
        for (at, a) in records.iter().enumerate() {
            for (other, b) in records.iter().enumerate().skip(at + 1) {
                let (one, other) = (people.unit(at), people.unit(other));
                let pair = (one.min(other), one.max(other));
                if one == other || !seen.insert(pair) {
                    continue;
                }
                let found = all.get(&pair);
                prop_assert_eq!(found.is_some(), model.are_candidates(a, b), "{:?}", pair);
                let Some(found) = found else { continue };
                candidates += 1;
                let expected = model.compare(a, b, &shares).weight;
                prop_assert!((found - expected).abs() < 1e-4, "{} {}", found, expected);
                if (expected - cut).abs() > 1e-4 {
                    prop_assert_eq!(some.contains_key(&pair), expected > cut, "{} {}", expected, cut);
                }
            }
        }
        prop_assert_eq!(candidates, all.len());
    }

    #[test]
    fn tasks_done_elsewhere_find_the_same_links(
        rows in prop::collection::vec(row(), 2..40),
        cut in -12.0..6.0,
    ) {
        let text = std::fs::read_to_string(crate::shipped_path("linkage.toml")).unwrap();
        let model = shipped("linkage.toml");
        let people = population(&model, &rows);
        let linkage = Linkage::new(&model, &people, Between::Everybody);
        let parameters = linkage.train();
        let here = linkage.links(&model.with(&parameters), cut);
        let answers: Vec<Vec<u8>> = linkage
            .tasks(&text, Some(&parameters), cut)
            .map(|task| run_task(&task).unwrap())
            .collect();
        prop_assert_eq!(links_of(&answers).unwrap(), here);
    }

    #[test]
    fn bytes_that_are_no_task_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = run_task(&bytes);
        let _ = links_of(&[bytes]);
    }

    #[test]
    fn the_order_of_rows_does_not_matter(
        rows in prop::collection::vec(row(), 2..40),
        by in any::<prop::sample::Index>(),
    ) {
        let mut other = rows.clone();
        other.reverse();
        other.rotate_left(by.index(rows.len()));
        prop_assert_eq!(together(&EVERYTHING, &rows), together(&EVERYTHING, &other));
    }
}

/// Everybody is called the same, and a hundred at a time share a postcode and an e-mail address:
/// the parts of the hot block and the second rule find the same pairs.
#[test]
fn a_pair_of_a_parted_block_comes_once() {
    let model = Model::from_toml(
        r#"
        version = 1
        prior = 0.001
        link = 5.0
        review = 1.0
        blocking = ["exact(surname)", "exact(email)"]
        [columns]
        surname = "name"
        postcode = "postcode"
        address = "text"
        email = "email"
        [[comparison]]
        column = "email"
        levels = [
            { when = "exact", m = 0.9, u = 0.00001 },
            { when = "else", m = 0.1, u = 0.99999 },
        ]
        "#,
    )
    .unwrap();
    let rows: Vec<Row> = (0..1_000)
        .map(|at| {
            let mut row = Row::default();
            row[1] = "Smith".to_owned();
            row[3] = format!("SG1 {}AA", at / 100);
            row[4] = format!("{at} High Street");
            row[7] = format!("office{}@x.example", at / 100);
            row
        })
        .collect();
    let people = population(&model, &rows);
    assert_eq!(
        Linkage::new(&model, &people, Between::Everybody)
            .hot_blocks()
            .len(),
        1
    );
    let pairs = linked(&model, &people, 5.0);
    assert_eq!(pairs.len(), 10 * 100 * 99 / 2);
}
