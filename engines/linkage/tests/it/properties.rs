//! What must hold for every record and every pair.

use std::sync::LazyLock;

use linkage::{Error, Model};
use proptest::prelude::*;

use crate::{County, shipped, spotted};

static PERSON: LazyLock<Model> = LazyLock::new(|| shipped("linkage.toml"));

static SPOTS: LazyLock<Model> = LazyLock::new(|| Model::from_toml(&spotted(false)).unwrap());

pub(crate) type Record = Vec<(&'static str, String)>;

pub(crate) fn borrowed(record: &Record) -> Vec<(&str, &str)> {
    record
        .iter()
        .map(|(column, value)| (*column, value.as_str()))
        .collect()
}

/// Few enough values that records often agree, and some of any text at all.
pub(crate) fn record() -> impl Strategy<Value = Record> {
    let name = || {
        prop_oneof![
            4 => prop::sample::select(vec![
                "Smith", "Smyth", "O'Brien", "Smith-Jones", "Bob", "Robert", "Rob", "J", "José",
                "Wei", "Chen", "Mr John", "John Paul", "Łukasz", "王", "unknown", "",
            ])
            .prop_map(str::to_owned),
            1 => "\\PC{0,12}",
        ]
    };
    let date = prop_oneof![
        (1940..2010_u32, 1..=12_u32, 1..=31_u32).prop_map(|(y, m, d)| format!("{y}-{m}-{d}")),
        prop::sample::select(vec![
            "1980-03-12",
            "1980-12-03",
            "12/03/1980",
            "1980-03-13",
            "?"
        ])
        .prop_map(str::to_owned),
    ];
    let postcode = prop::sample::select(vec!["SG1 1AA", "SG1 1AB", "SG1 2AA", "sg11aa", "W1", ""]);
    let address = prop::sample::select(vec!["1 High St", "1 High Street", "Flat 2, 1 High Rd", ""]);
    let phone = prop::sample::select(vec!["07700 900123", "+447700900123", "07700900124", "1"]);
    let email = prop_oneof![
        prop::sample::select(vec!["a@x.org", "a@y.org", "b@x.org", "A@X.org"])
            .prop_map(str::to_owned),
        "\\PC{0,10}",
    ];
    let spot = prop_oneof![
        prop::sample::select(vec![
            "51.75,-0.34",
            "51.7501,-0.3401",
            "51.79 -0.34",
            "0,0",
            "?"
        ])
        .prop_map(str::to_owned),
        (-95..95_i32, -185..185_i32).prop_map(|(north, east)| format!("{north}.5;{east}.25")),
    ];
    let value = prop_oneof![
        3 => name().prop_map(|value| ("forename", value)),
        3 => name().prop_map(|value| ("surname", value)),
        3 => date.prop_map(|value| ("date_of_birth", value)),
        2 => postcode.prop_map(|value| ("postcode", value.to_owned())),
        2 => address.prop_map(|value| ("address", value.to_owned())),
        2 => phone.prop_map(|value| ("phone", value.to_owned())),
        2 => email.prop_map(|value| ("email", value)),
        2 => spot.prop_map(|value| ("spot", value)),
        1 => "[a-z]{1,5}".prop_map(|value| ("elsewhere", value)),
        // A narrative in a field for a name; some signs stand for many letters.
        1 => ("(the|st|\\PC|\u{fdfa}){1,6}", 1_usize..900)
            .prop_map(|(words, times)| ("address", format!("{words} ").repeat(times))),
    ];
    prop::collection::vec(value, 0..10)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn weights_are_symmetric_and_are_the_sum_of_their_parts(a in record(), b in record()) {
        let (spot, other) = (SPOTS.prepare(&borrowed(&a)), SPOTS.prepare(&borrowed(&b)));
        prop_assert_eq!(SPOTS.compare(&spot, &other, &()), SPOTS.compare(&other, &spot, &()));
        let (a, b) = (PERSON.prepare(&borrowed(&a)), PERSON.prepare(&borrowed(&b)));
        let there = PERSON.compare(&a, &b, &County);
        prop_assert_eq!(&there, &PERSON.compare(&b, &a, &County));
        let sum = PERSON.prior_weight()
            + there.parts.iter().map(|part| part.weight).sum::<f64>()
            + there.ceiling.map_or(0.0, |ceiling| ceiling.taken);
        prop_assert!((sum - there.weight).abs() < 1e-9);
        prop_assert!((0.0..=1.0).contains(&there.probability));
        prop_assert!(there.ceiling.is_none_or(|ceiling| ceiling.taken < 0.0));
        for part in &there.parts {
            let expected = (part.m / part.u).log2() + part.frequency_adjustment;
            prop_assert!((part.weight - expected).abs() < 1e-9);
        }
    }

    #[test]
    fn a_normal_form_is_its_own_normal_form_and_survives_storing(record in record()) {
        for model in [&*PERSON, &*SPOTS] {
            let once = model.prepare(&borrowed(&record));
            let values: Vec<(&str, &str)> = model.normal_values(&once).collect();
            prop_assert_eq!(&model.prepare(&values), &once);
            let stored = model.stored(&once);
            prop_assert_eq!(&model.restore(&stored).unwrap(), &once);
            prop_assert!(!stored.contains('\n'));
            prop_assert_eq!(model.keys(&model.restore(&stored).unwrap()), model.keys(&once));
        }
    }

    #[test]
    fn the_order_of_values_does_not_matter(record in record()) {
        let mut reversed = record.clone();
        reversed.reverse();
        prop_assert_eq!(PERSON.prepare(&borrowed(&record)), PERSON.prepare(&borrowed(&reversed)));
    }

    #[test]
    fn keys_ascend_without_doubles_and_missing_values_give_none(record in record()) {
        let prepared = PERSON.prepare(&borrowed(&record));
        let keys = PERSON.keys(&prepared);
        prop_assert!(keys.is_sorted_by(|a, b| a < b));
        let only_one = PERSON.prepare(&borrowed(&record)[..record.len().min(1)]);
        let alone = PERSON.normal_values(&only_one).all(|(column, _)| !["phone", "email"].contains(&column));
        prop_assert!(!alone || PERSON.keys(&only_one).is_empty());
    }

    #[test]
    fn a_missing_value_changes_nothing(a in record(), b in record(), column in 0_usize..7) {
        let (name, _) = PERSON.columns().nth(column).unwrap();
        let without: Record = a.iter().filter(|(column, _)| *column != name).cloned().collect();
        let (a, b) = (PERSON.prepare(&borrowed(&without)), PERSON.prepare(&borrowed(&b)));
        let scored = PERSON.compare(&a, &b, &());
        for part in scored.parts.iter().filter(|part| part.comparison == name) {
            prop_assert_eq!((part.level, part.weight), ("missing", 0.0));
        }
    }

    #[test]
    fn restoring_never_panics(text in "(linkage-1:)?[0-9a-f]{0,16}\\PC{0,20}[\u{1e}\u{1f}]{0,9}\\PC{0,9}") {
        let restored = PERSON.restore(&text);
        prop_assert!(matches!(restored, Err(Error::Stale | Error::Damaged)));
    }
}

/// Stored keys and forms outlive a release: a change here must be a decision, with a migration.
#[test]
fn keys_and_stored_forms_are_the_same_for_ever() {
    let model = Model::from_toml(
        r#"
        version = 1
        prior = 0.001
        link = 5.0
        review = 1.0
        blocking = ["exact(surname) + sector(postcode)", "soundex( surname )+year(born)"]
        [columns]
        surname = "name"
        born = "date"
        postcode = "postcode"
        [[comparison]]
        column = "surname"
        levels = [{ when = "exact", m = 0.9, u = 0.1 }, { when = "else", m = 0.1, u = 0.9 }]
        "#,
    )
    .unwrap();
    let record = [
        ("surname", "O'Brien"),
        ("born", "1980-03-12"),
        ("postcode", "SG1 1AA"),
    ];
    let prepared = model.prepare(&record);
    assert_eq!(model.keys(&prepared), KEYS);
    assert_eq!(model.stored(&prepared), STORED);
}

/// The same of keys that other libraries have a part in.
#[test]
fn keys_of_sounds_and_positions_are_the_same_for_ever() {
    let model = Model::from_toml(
        r#"
        version = 1
        prior = 0.001
        link = 5.0
        review = 1.0
        blocking = ["metaphone(surname)", "near(spot, 0.5)"]
        [columns]
        surname = "name"
        spot = "position"
        [[comparison]]
        column = "surname"
        levels = [{ when = "exact", m = 0.9, u = 0.1 }, { when = "else", m = 0.1, u = 0.9 }]
        "#,
    )
    .unwrap();
    let keys = |column, value| model.keys(&model.prepare(&[(column, value)]));
    assert_eq!(keys("surname", "Schmidt"), SOUNDS);
    assert_eq!(keys("spot", "51.7523,-0.3391"), CELLS);
}

const SOUNDS: [u64; 2] = [5_581_790_440_704_542_172, 15_250_391_125_779_692_151];
const CELLS: [u64; 2] = [16_144_571_375_292_831, 8_844_999_888_196_448_362];
const KEYS: [u64; 2] = [2_453_720_136_076_628_611, 13_223_581_910_671_669_588];
const STORED: &str = "linkage-1:786dee05f90fa01c\u{1f}1980-03-12\u{1f}SG11AA\u{1f}obrien";

#[test]
fn a_stored_form_of_another_model_is_stale_and_a_cut_one_damaged() {
    let organisation = shipped("linkage-organisation.toml");
    let stored = organisation.stored(&organisation.prepare(&[("name", "Harlow Tile Ltd")]));
    assert!(matches!(PERSON.restore(&stored), Err(Error::Stale)));
    let cut = stored.rsplit_once('\u{1f}').unwrap().0;
    assert!(matches!(organisation.restore(cut), Err(Error::Damaged)));
    assert!(organisation.prepare(&[("name", "n/a")]).is_empty());
}
