//! Which pairs share a key.

use linkage::Model;

/// A model with these blocking rules.
fn model(rules: &str) -> Model {
    Model::from_toml(&format!(
        r#"
        version = 1
        prior = 0.001
        link = 5.0
        review = 1.0
        blocking = [{rules}]
        [columns]
        forename = "forename"
        surname = "name"
        born = "date"
        postcode = "postcode"
        email = "email"
        home = "position"
        [[comparison]]
        column = "surname"
        levels = [
            {{ when = "exact", m = 0.9, u = 0.1 }},
            {{ when = "else", m = 0.1, u = 0.9 }},
        ]
        [nicknames]
        robert = ["bob", "rob"]
        "#
    ))
    .unwrap()
}

fn meet(rule: &str, left: &[(&str, &str)], right: &[(&str, &str)]) -> bool {
    let model = model(rule);
    model.are_candidates(&model.prepare(left), &model.prepare(right))
}

#[test]
fn each_part_survives_its_own_kind_of_mistake() {
    let (forename, surname, born) = ("forename", "surname", "born");
    for (rule, left, right, expected) in [
        (
            "'exact(surname)'",
            (surname, "O'Brien"),
            (surname, "OBRIEN"),
            true,
        ),
        (
            "'exact(surname)'",
            (surname, "Brien"),
            (surname, "Bryen"),
            false,
        ),
        (
            "'soundex(surname)'",
            (surname, "Brien"),
            (surname, "Bryen"),
            true,
        ),
        ("'soundex(surname)'", (surname, "王"), (surname, "王"), true),
        (
            "'soundex(surname)'",
            (surname, "王"),
            (surname, "李"),
            false,
        ),
        (
            "'metaphone(surname)'",
            (surname, "Smith"),
            (surname, "Schmidt"),
            true,
        ),
        (
            "'metaphone(surname)'",
            (surname, "Philips"),
            (surname, "Fillips"),
            true,
        ),
        (
            "'metaphone(surname)'",
            (surname, "Marsh"),
            (surname, "Barker"),
            false,
        ),
        (
            "'metaphone(surname)'",
            (surname, "王"),
            (surname, "王"),
            true,
        ),
        (
            "'metaphone(surname)'",
            (surname, "王"),
            (surname, "李"),
            false,
        ),
        // Some 950 metres, over the meridian of Greenwich and the date line.
        (
            "'near(home, 1)'",
            ("home", "51.75,0.004"),
            ("home", "51.755,-0.007"),
            true,
        ),
        (
            "'near(home, 1)'",
            ("home", "0.004,179.996"),
            ("home", "0.004,-179.996"),
            true,
        ),
        (
            "'near(home, 1)'",
            ("home", "51.75,0"),
            ("home", "51.8,0"),
            false,
        ),
        (
            "'initial(forename)'",
            (forename, "Éloise"),
            (forename, "E"),
            true,
        ),
        (
            "'word(surname)'",
            (surname, "Barker-Mistry"),
            (surname, "Mistry"),
            true,
        ),
        (
            "'nickname(forename)'",
            (forename, "Bob"),
            (forename, "Rob"),
            true,
        ),
        (
            "'nickname(forename)'",
            (forename, "Bob"),
            (forename, "Jim"),
            false,
        ),
        (
            "'year(born)'",
            (born, "1980-03-12"),
            (born, "01/01/1980"),
            true,
        ),
        (
            "'sector(postcode)'",
            ("postcode", "SG1 1AA"),
            ("postcode", "SG1 1ZZ"),
            true,
        ),
        (
            "'sector(postcode)'",
            ("postcode", "SG1 1AA"),
            ("postcode", "SG1 2AA"),
            false,
        ),
        (
            "'district(postcode)'",
            ("postcode", "SG1 1AA"),
            ("postcode", "SG1 2AA"),
            true,
        ),
        (
            "'local_part(email)'",
            ("email", "jo@a.org"),
            ("email", "JO@b.org"),
            true,
        ),
    ] {
        assert_eq!(
            meet(rule, &[left], &[right]),
            expected,
            "{rule} {left:?} {right:?}"
        );
    }
}

#[test]
fn names_meet_in_either_order_and_only_in_whole() {
    let rule = "'unordered(forename, surname)'";
    let wei = [("forename", "Wei"), ("surname", "Chen")];
    assert!(meet(
        rule,
        &wei,
        &[("forename", "Chen"), ("surname", "Wei")]
    ));
    assert!(!meet(rule, &wei, &[("forename", "Chen")]));
    assert!(!meet(
        rule,
        &wei,
        &[("forename", "We"), ("surname", "iChen")]
    ));
}

#[test]
fn a_rule_needs_all_its_parts() {
    let rule = "'exact(surname) + year(born)'";
    let whole = [("surname", "Marsh"), ("born", "1980-03-12")];
    assert!(meet(
        rule,
        &whole,
        &[("surname", "Marsh"), ("born", "1980-12-31")]
    ));
    assert!(!meet(rule, &whole, &[("surname", "Marsh")]));
    assert!(!meet(
        rule,
        &whole,
        &[("surname", "Marsh"), ("born", "not given")]
    ));
}

#[test]
fn rules_keep_their_keys_when_others_come_go_or_move() {
    let record = [
        ("surname", "Marsh"),
        ("born", "1980-03-12"),
        ("postcode", "SG1 1AA"),
    ];
    let keys = |rules| {
        let model = model(rules);
        model.keys(&model.prepare(&record))
    };
    let surname = keys("'exact(surname)'");
    let district = keys("'district( postcode )'");
    assert_eq!((surname.len(), district.len()), (1, 1));
    let both = keys("'year(born)', 'district(postcode)', 'exact(surname)'");
    assert_eq!(both.len(), 3);
    assert!(both.contains(&surname[0]) && both.contains(&district[0]));
}

#[test]
fn a_record_with_very_many_values_has_not_very_many_keys() {
    let model = model("'exact(surname) + exact(born)', 'exact(postcode)'");
    let surnames: Vec<String> = (0..100).map(|n| format!("name{n}")).collect();
    let dates: Vec<String> = (0..100).map(|n| format!("{}-01-01", 1900 + n)).collect();
    let mut record = vec![("postcode", "SG1 1AA")];
    record.extend(surnames.iter().map(|name| ("surname", name.as_str())));
    record.extend(dates.iter().map(|date| ("born", date.as_str())));
    assert_eq!(model.keys(&model.prepare(&record)).len(), 64 + 1);
}
