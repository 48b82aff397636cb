//! What a model file may not say, and what it is told.

use linkage::{Error, Fault, Model};

use crate::shipped;

const MODEL: &str = r#"
version = 1
prior = 0.00001
link = 8.0
review = 2.0
blocking = ["exact(surname)", "soundex(surname) + year(born)"]
[columns]
surname = "name"
forename = "forename"
born = "date"
postcode = "postcode"
home = "position"
[[comparison]]
column = "surname"
frequency = true
levels = [
    { when = "exact", m = 0.9, u = 0.001 },
    { when = "jaro_winkler >= 0.92", m = 0.05, u = 0.004 },
    { when = "else", m = 0.05, u = 0.995 },
]
[[comparison]]
column = "born"
levels = [
    { when = "exact", m = 0.9, u = 0.00004 },
    { when = "within_days <= 30", m = 0.05, u = 0.002 },
    { when = "else", m = 0.05, u = 0.99796 },
]
[[ceiling]]
name = "other birth"
when = "differs(born)"
at_most = 0.0
[unknown]
surname = ["unknown"]
[abbreviations]
rd = "road"
"#;

/// The error of the model with one text replaced.
fn refused(old: &str, new: &str) -> Error {
    assert_eq!(MODEL.matches(old).count(), 1, "{old}");
    Model::from_toml(&MODEL.replace(old, new)).expect_err(new)
}

fn fault(old: &str, new: &str) -> Fault {
    match refused(old, new) {
        Error::Expression { fault, .. } => fault,
        other => panic!("{new}: {other}"),
    }
}

#[test]
fn the_model_itself_is_right() {
    Model::from_toml(MODEL).unwrap();
}

#[test]
fn more_than_the_engine_counts_is_refused() {
    let levels: String = (0..16)
        .map(|n| format!("{{ when = \"within_days <= {n}\", m = 0.01, u = 0.01 }},\n"))
        .collect();
    let error = refused(
        "{ when = \"within_days <= 30\", m = 0.05, u = 0.002 },",
        &levels,
    );
    assert!(
        matches!(
            error,
            Error::TooMany {
                found: 18,
                most: 15,
                ..
            }
        ),
        "{error}"
    );
    let comparison = "[[comparison]]\ncolumn = \"postcode\"\nlevels = []\n".repeat(40);
    let error = refused("[[ceiling]]", &format!("{comparison}[[ceiling]]"));
    assert!(
        matches!(
            error,
            Error::TooMany {
                found: 42,
                most: 32,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn unknown_keys_and_wrong_types_are_refused() {
    for (old, new) in [
        ("prior =", "proir ="),
        ("frequency = true", "frequencies = true"),
        (
            "{ when = \"exact\", m = 0.9, u = 0.001 }",
            "{ when = \"exact\", m = 0.9, u = 0.001, w = 3 }",
        ),
        ("surname = \"name\"", "surname = \"nmae\""),
        ("link = 8.0", "link = \"8\""),
        ("[unknown]", "[unkown]"),
    ] {
        assert!(matches!(refused(old, new), Error::Toml(_)), "{new}");
    }
    let message = refused("prior =", "proir =").to_string();
    assert!(message.contains("proir"), "{message}");
}

#[test]
fn probabilities_lie_between_0_and_1_and_add_up() {
    for wrong in ["0.0", "1.0", "-0.1", "1.5", "nan", "inf"] {
        let m = refused("m = 0.9, u = 0.001", &format!("m = {wrong}, u = 0.001"));
        assert!(
            matches!(m, Error::Probability { letter: 'm', .. }),
            "{wrong}: {m}"
        );
        assert!(m.to_string().contains("`surname`"), "{m}");
        let u = refused("m = 0.9, u = 0.001", &format!("m = 0.9, u = {wrong}"));
        assert!(
            matches!(u, Error::Probability { letter: 'u', .. }),
            "{wrong}: {u}"
        );
        let prior = refused("prior = 0.00001", &format!("prior = {wrong}"));
        assert!(matches!(prior, Error::Prior { .. }), "{wrong}");
    }
    let sum = refused("m = 0.9, u = 0.001", "m = 0.8, u = 0.001");
    assert!(matches!(sum, Error::Sum { letter: 'm', .. }), "{sum}");
    let sum = refused("m = 0.9, u = 0.001", "m = 0.9, u = 0.1");
    assert!(matches!(sum, Error::Sum { letter: 'u', .. }), "{sum}");
}

#[test]
fn levels_are_reachable_and_end_with_else() {
    assert!(matches!(
        refused("jaro_winkler >= 0.92", "exact"),
        Error::Unreachable { .. }
    ));
    assert!(matches!(
        refused(
            "{ when = \"else\", m = 0.05, u = 0.995 }",
            "{ when = \"soundex\", m = 0.05, u = 0.995 }"
        ),
        Error::ElseLast { .. }
    ));
    assert!(matches!(
        refused("jaro_winkler >= 0.92", "else"),
        Error::ElseLast { .. }
    ));
    let twice = refused(
        "{ when = \"within_days <= 30\", m = 0.05, u = 0.002 }",
        "{ when = \"within_days <= 30\", m = 0.04, u = 0.001 }, { when = \"within_days <= 7\", m = 0.01, u = 0.001 }",
    );
    assert!(matches!(twice, Error::Unreachable { .. }), "{twice}");
}

#[test]
fn expressions_say_what_is_wrong_with_them() {
    assert!(matches!(
        fault("jaro_winkler >= 0.92", "jaro >= 0.92"),
        Fault::Unknown { .. }
    ));
    assert!(matches!(
        fault("jaro_winkler >= 0.92", "jaro_winkler"),
        Fault::Bound { .. }
    ));
    assert!(matches!(
        fault("jaro_winkler >= 0.92", "jaro_winkler <= 0.9"),
        Fault::Bound { .. }
    ));
    assert!(matches!(
        fault("jaro_winkler >= 0.92", "jaro_winkler >= high"),
        Fault::Bound { .. }
    ));
    for wrong in ["-0.1", "1.1", "nan", "inf"] {
        let found = fault("jaro_winkler >= 0.92", &format!("jaro_winkler >= {wrong}"));
        assert!(matches!(found, Fault::Bound { .. }), "{wrong}");
        let found = fault("within_days <= 30", &format!("within_days <= -1{wrong}"));
        assert!(matches!(found, Fault::Bound { .. }), "{wrong}");
    }
    assert!(matches!(
        fault("jaro_winkler >= 0.92", "same_sector"),
        Fault::Unsuitable { .. }
    ));
    assert!(matches!(
        fault("jaro_winkler >= 0.92", "swapped"),
        Fault::Columns { .. }
    ));
    assert!(matches!(
        fault("jaro_winkler >= 0.92", "soundex(surname"),
        Fault::Malformed
    ));
    assert!(matches!(
        fault("jaro_winkler >= 0.92", "soundex & "),
        Fault::Malformed
    ));
    assert!(matches!(
        fault("jaro_winkler >= 0.92", "differs"),
        Fault::Unknown { .. }
    ));
    assert!(matches!(
        fault("year(born)", "year(surname)"),
        Fault::Unsuitable { .. }
    ));
    assert!(matches!(
        fault("year(born)", "yaer(born)"),
        Fault::Unknown { .. }
    ));
    assert!(matches!(
        fault("year(born)", "year(born, surname)"),
        Fault::Columns { .. }
    ));
    assert!(matches!(fault("year(born)", ""), Fault::Malformed));
    for wrong in ["0", "-1", "1001", "nan", "far", "surname"] {
        let found = fault("year(born)", &format!("near(home, {wrong})"));
        assert!(matches!(found, Fault::Bound { .. }), "{wrong}: {found}");
    }
    assert!(matches!(
        fault("year(born)", "near(home)"),
        Fault::Bound { .. }
    ));
    assert!(matches!(
        fault("year(born)", "near(surname, 1)"),
        Fault::Unsuitable { .. }
    ));
    assert!(matches!(
        fault("within_days <= 30", "within_km <= 30"),
        Fault::Unsuitable { .. }
    ));
    assert!(matches!(
        refused("year(born)", "year(bron)"),
        Error::UnknownColumn { .. }
    ));
}

#[test]
fn who_asks_what_is_not_known_is_told_what_is() {
    let test = fault("jaro_winkler >= 0.92", "sounds_like").to_string();
    let key = fault("year(born)", "nearby(home)").to_string();
    for (told, known) in [
        (&test, "metaphone"),
        (&test, "within_km"),
        (&key, "metaphone"),
        (&key, "near"),
    ] {
        assert!(told.contains(known), "{told}");
    }
    let kind = refused("home = \"position\"", "home = \"place\"").to_string();
    assert!(kind.contains("home"), "{kind}");
}

#[test]
fn all_that_a_model_may_say_is_in_the_guide() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/linkage.md");
    let guide = std::fs::read_to_string(path).unwrap();
    let known = |fault: Fault| match fault {
        Fault::Unknown { known, .. } => known,
        other => panic!("{other}"),
    };
    let tests = known(fault("differs(born)", "sounds_like(born)"));
    let keys = known(fault("year(born)", "nearby(home)"));
    for name in tests.split(", ") {
        let told = [
            format!("`{name}`"),
            format!("`{name} "),
            format!("`{name}("),
        ];
        assert!(told.iter().any(|told| guide.contains(told)), "{name}");
    }
    for name in keys.split(", ") {
        assert!(guide.contains(&format!("`{name}(column")), "{name}");
    }
    for kind in [
        "name",
        "forename",
        "date",
        "postcode",
        "phone",
        "email",
        "text",
        "number",
        "identifier",
        "position",
    ] {
        assert!(guide.contains(&format!("| `{kind}` | ")), "{kind}");
    }
}

#[test]
fn a_position_is_read_from_one_heading_or_two() {
    let read = |from: &str| {
        let column = format!("home = {{ kind = \"position\", {from} }}");
        Model::from_toml(&MODEL.replace("home = \"position\"", &column))
    };
    for right in [
        "from = [\"where\"]",
        "from = [\"lat\", \"lon\"]",
        "separator = \";\"",
    ] {
        assert!(read(right).is_ok(), "{right}");
    }
    let error = read("from = [\"lat\", \"lon\", \"height\"]").unwrap_err();
    assert!(matches!(error, Error::PositionFrom { found: 3, .. }));
    for wrong in [",", " ", ".", "-"] {
        let error = read(&format!("separator = \"{wrong}\"")).unwrap_err();
        assert!(matches!(error, Error::PositionSeparator { .. }), "{error}");
    }
}

#[test]
fn columns_lists_and_thresholds_are_checked() {
    assert!(matches!(
        refused("version = 1", "version = 2"),
        Error::Version { found: 2, .. }
    ));
    assert!(matches!(
        refused("review = 2.0", "review = 9.0"),
        Error::Thresholds { .. }
    ));
    assert!(matches!(
        refused("link = 8.0", "link = nan"),
        Error::Thresholds { .. }
    ));
    assert!(matches!(
        refused(
            "blocking = [\"exact(surname)\", \"soundex(surname) + year(born)\"]",
            "blocking = []"
        ),
        Error::Nothing {
            what: "blocking rules"
        }
    ));
    assert!(matches!(
        refused("column = \"born\"", "column = \"bron\""),
        Error::UnknownColumn { .. }
    ));
    assert!(matches!(
        refused("column = \"born\"", "columns = [\"born\"]"),
        Error::ComparisonColumns { number: 2 }
    ));
    assert!(matches!(
        refused("column = \"born\"", "column = \"surname\""),
        Error::TwiceNamed { .. } | Error::Expression { .. }
    ));
    assert!(matches!(
        refused("differs(born)", "differs(postcode)"),
        Error::UnknownColumn { .. }
    ));
    assert!(matches!(
        refused("at_most = 0.0", "at_most = nan"),
        Error::Ceiling { .. }
    ));
    assert!(matches!(
        refused("name = \"other birth\"", "name = \"born\""),
        Error::TwiceNamed { .. }
    ));
    assert!(matches!(
        refused("surname = [\"unknown\"]", "bron = [\"unknown\"]"),
        Error::UnknownColumn { .. }
    ));
    assert!(matches!(
        refused("rd = \"road\"", "rd = \"road\"\nroad = \"rd\""),
        Error::Abbreviation { .. }
    ));
    assert!(matches!(
        refused("rd = \"road\"", "rd = \"the road\""),
        Error::NotOneWord { .. }
    ));
    assert!(matches!(
        refused("prior = 0.00001", "prior = 0.00001\ncountry_code = \"+44\""),
        Error::CountryCode { .. }
    ));
    assert!(matches!(
        refused(
            "frequency = true\nlevels = [\n    { when = \"exact\"",
            "frequency = true\nlevels = [\n    { when = \"exact & soundex\""
        ),
        Error::FrequencyWithoutExact { .. }
    ));
}

#[test]
fn the_shipped_models_are_right_and_leave_room_between_their_thresholds() {
    for file in ["linkage.toml", "linkage-organisation.toml"] {
        let model = shipped(file);
        assert!(model.review_threshold() < model.link_threshold());
        assert!(model.prior_weight() < -15.0);
    }
}

#[test]
fn the_columns_to_count_are_those_the_model_adjusts() {
    let columns = |file| -> Vec<String> {
        shipped(file)
            .frequency_columns()
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(
        columns("linkage.toml"),
        ["surname", "forename", "phone", "email"]
    );
    assert_eq!(
        columns("linkage-organisation.toml"),
        ["name", "phone", "email"]
    );
}

/// Two bounds on one column in one condition: neither may answer for the other.
#[test]
fn each_bound_is_judged_by_itself() {
    let when = "not jaro_winkler(surname) >= 0.95 & jaro_winkler(surname) >= 0.8";
    let model = MODEL
        .replace("differs(born)", when)
        .replace("at_most = 0.0", "at_most = -50.0");
    let model = Model::from_toml(&model).unwrap();
    let ceiled = |left: &str, right: &str| {
        let born = ("born", "1980-03-12");
        let left = model.prepare(&[("surname", left), born]);
        let right = model.prepare(&[("surname", right), born]);
        model.compare(&left, &right, &()).ceiling.is_some()
    };
    assert!(ceiled("dwayne", "duane"));
    assert!(!ceiled("martha", "marhta"));
}
