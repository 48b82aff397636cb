//! Every test that a level may ask, on values that pass and values that do not.

use linkage::{Model, Prepared};

/// A model with one comparison: of all columns, one level with this condition, then `else`.
fn model(when: &str) -> Model {
    Model::from_toml(&format!(
        r#"
        version = 1
        prior = 0.001
        link = 5.0
        review = 1.0
        blocking = ["exact(name)"]
        [columns]
        name = "name"
        forename = "forename"
        date = "date"
        postcode = "postcode"
        address = "text"
        phone = "phone"
        email = "email"
        amount = "number"
        reference = "identifier"
        spot = "position"
        [[comparison]]
        name = "all"
        columns = ["name", "forename", "date", "postcode", "address", "phone", "email", "amount",
                   "reference", "spot"]
        levels = [
            {{ when = "{when}", label = "passes", m = 0.9, u = 0.1 }},
            {{ when = "else", m = 0.1, u = 0.9 }},
        ]
        [nicknames]
        robert = ["bob", "rob"]
        alexander = ["alex"]
        alexandra = ["alex", "sandra"]
        [abbreviations]
        rd = "road"
        [drop_words]
        address = ["flat"]
        "#
    ))
    .unwrap()
}

fn passes(model: &Model, a: &Prepared, b: &Prepared) -> bool {
    let there = model.compare(a, b, &()).parts[0].level == "passes";
    assert_eq!(
        there,
        model.compare(b, a, &()).parts[0].level == "passes",
        "symmetry"
    );
    there
}

#[test]
fn each_test_passes_what_it_should_and_nothing_else() {
    for (when, column, left, right, expected) in [
        ("exact(name)", "name", "O'Brien", "obrien", true),
        ("exact(name)", "name", "O'Brien", "O'Bryan", false),
        (
            "jaro_winkler(name) >= 0.9",
            "name",
            "Martha",
            "Marhta",
            true,
        ),
        (
            "jaro_winkler(name) >= 0.97",
            "name",
            "Martha",
            "Marhta",
            false,
        ),
        ("shares_word(name)", "name", "Barker-Mistry", "Mistry", true),
        ("shares_word(name)", "name", "Barker", "Bark", false),
        (
            "words(address) >= 0.75",
            "address",
            "Flat 1, 9 Mill Rd",
            "9 1 Mill Road",
            true,
        ),
        (
            "words(address) >= 0.75",
            "address",
            "9 Mill Road",
            "11 Mill Road",
            false,
        ),
        ("nickname(forename)", "forename", "Bob", "Rob", true),
        ("nickname(forename)", "forename", "Robert", "Rob", true),
        ("nickname(forename)", "forename", "Alex", "Sandra", true),
        (
            "nickname(forename)",
            "forename",
            "Alexander",
            "Sandra",
            false,
        ),
        ("initial(forename)", "forename", "J.", "Jane", true),
        ("initial(forename)", "forename", "É", "Eve", true),
        ("initial(forename)", "forename", "Jo", "Jane", false),
        ("initial(forename)", "forename", "K", "Jane", false),
        ("soundex(name)", "name", "Robert", "Rupert", true),
        ("soundex(name)", "name", "Robert", "Rubin", false),
        ("soundex(name)", "name", "王", "李", false),
        (
            "one_character_off(phone)",
            "phone",
            "07700900123",
            "07700900132",
            true,
        ),
        (
            "one_character_off(phone)",
            "phone",
            "07700900123",
            "07700900123",
            false,
        ),
        (
            "one_character_off(reference)",
            "reference",
            "01234567",
            "O1234567",
            true,
        ),
        (
            "day_month_swapped(date)",
            "date",
            "1980-03-12",
            "1980-12-03",
            true,
        ),
        (
            "day_month_swapped(date)",
            "date",
            "1980-03-12",
            "1981-12-03",
            false,
        ),
        (
            "day_month_swapped(date)",
            "date",
            "1980-03-03",
            "1980-03-03",
            false,
        ),
        (
            "within_days(date) <= 30",
            "date",
            "1999-12-20",
            "2000-01-19",
            true,
        ),
        (
            "within_days(date) <= 29",
            "date",
            "1999-12-20",
            "2000-01-19",
            false,
        ),
        ("same_year(date)", "date", "1980-03-12", "1980-01-01", true),
        ("same_year(date)", "date", "1980-03-12", "1908-03-12", false),
        (
            "same_sector(postcode)",
            "postcode",
            "SG1 1AA",
            "SG1 1ZZ",
            true,
        ),
        (
            "same_sector(postcode)",
            "postcode",
            "SG1 1AA",
            "SG11 1AA",
            false,
        ),
        ("same_sector(postcode)", "postcode", "90210", "90211", false),
        (
            "same_district(postcode)",
            "postcode",
            "SG1 1AA",
            "SG1 9AA",
            true,
        ),
        (
            "same_district(postcode)",
            "postcode",
            "SG1 1AA",
            "SG2 1AA",
            false,
        ),
        (
            "same_local_part(email)",
            "email",
            "jo@a.org",
            "jo@b.org",
            true,
        ),
        (
            "same_local_part(email)",
            "email",
            "jo@a.org",
            "joe@a.org",
            false,
        ),
        (
            "within(amount) <= 0.5",
            "amount",
            "£1,000.25",
            "1000.75",
            true,
        ),
        ("within(amount) <= 0.5", "amount", "1000", "1001", false),
        ("metaphone(name)", "name", "Smith", "Schmidt", true),
        ("metaphone(name)", "name", "Philips", "Fillips", true),
        ("metaphone(name)", "name", "Wright", "Bright", false),
        ("metaphone(name)", "name", "王", "王", false),
        ("metaphone(forename)", "forename", "Stephen", "Steven", true),
        (
            "exact(spot)",
            "spot",
            "51.75,-0.34",
            "(51.7500 -0.3400)",
            true,
        ),
        (
            "exact(spot)",
            "spot",
            "51.75,-0.34",
            "51.75,-0.340001",
            false,
        ),
        // A hundredth of a degree of latitude is 1.112 km.
        (
            "within_km(spot) <= 1.2",
            "spot",
            "51.75,-0.34",
            "51.76,-0.34",
            true,
        ),
        (
            "within_km(spot) <= 1.1",
            "spot",
            "51.75,-0.34",
            "51.76,-0.34",
            false,
        ),
        // Of longitude, here, 0.688 km.
        (
            "within_km(spot) <= 0.7",
            "spot",
            "51.75,-0.34",
            "51.75,-0.35",
            true,
        ),
        (
            "within_km(spot) <= 0.6",
            "spot",
            "51.75,-0.34",
            "51.75,-0.35",
            false,
        ),
        (
            "within_km(spot) <= 3",
            "spot",
            "0,179.99",
            "0,-179.99",
            true,
        ),
        (
            "within_km(spot) <= 0",
            "spot",
            "51.75,-0.34",
            "51.75,-0.34",
            true,
        ),
        ("not exact(name)", "name", "Barker", "Mistry", true),
        ("not exact(name)", "name", "Barker", "BARKER", false),
    ] {
        let model = model(when);
        let (a, b) = (
            model.prepare(&[(column, left)]),
            model.prepare(&[(column, right)]),
        );
        assert_eq!(
            passes(&model, &a, &b),
            expected,
            "{when}: {left} and {right}"
        );
        let missing = model.prepare(&[]);
        assert_eq!(
            model.compare(&a, &missing, &()).parts[0].level,
            "missing",
            "{when}"
        );
    }
}

#[test]
fn names_are_swapped_only_if_both_are() {
    let model = model("swapped(forename, name)");
    let record = |forename, name| model.prepare(&[("forename", forename), ("name", name)]);
    let wei = record("Wei", "Chen");
    assert!(passes(&model, &wei, &record("Chen", "Wei")));
    assert!(!passes(&model, &wei, &record("Wei", "Chen")));
    assert!(!passes(&model, &wei, &record("Chen", "Li")));
    assert!(!passes(
        &model,
        &wei,
        &model.prepare(&[("forename", "Chen")])
    ));
}

#[test]
fn all_tests_of_a_condition_must_pass_and_the_best_of_several_values_counts() {
    let model = model("exact(postcode) & words(address) >= 0.6");
    let record = |pairs: &[(&str, &str)]| model.prepare(pairs);
    let held = record(&[
        ("postcode", "SG1 1AA"),
        ("postcode", "AL3 4DH"),
        ("address", "9 Mill Road"),
    ]);
    assert!(passes(
        &model,
        &held,
        &record(&[("postcode", "al34dh"), ("address", "9 Mill Rd")])
    ));
    assert!(!passes(
        &model,
        &held,
        &record(&[("postcode", "al34dh"), ("address", "3 Oak Way")])
    ));
    assert!(!passes(&model, &held, &record(&[("postcode", "al34dh")])));
}
