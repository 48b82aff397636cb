//! The first draft of a model: a comparison for each column by what it holds, and every blocking
//! rule worth trying. Its figures are where estimation begins, not where it ends.

use super::kinds::Role;
use crate::model::Kind;

/// A column of the draft.
#[derive(Debug, Clone)]
pub(crate) struct DraftColumn {
    /// Its name in the model.
    pub(crate) name: String,
    /// Its heading in the table; of a position, perhaps those of its latitude and its longitude.
    pub(crate) headings: Vec<String>,
    pub(crate) kind: Kind,
    pub(crate) role: Role,
    /// What parts several values in one cell.
    pub(crate) separator: Option<char>,
    /// Whether dates are written month first.
    pub(crate) month_first: bool,
    /// Values for each record that has one: near 1 for what nobody shares.
    pub(crate) distinct_share: f64,
}

/// One level: condition, label, m, u, r.
type DraftLevel = (String, &'static str, f64, f64, f64);

/// A comparison of the draft.
#[derive(Debug, Clone)]
pub(crate) struct DraftComparison {
    pub(crate) name: String,
    pub(crate) columns: Vec<String>,
    pub(crate) frequency: bool,
    pub(crate) levels: Vec<DraftLevel>,
}

fn level(when: impl Into<String>, label: &'static str, rates: (f64, f64, f64)) -> DraftLevel {
    (when.into(), label, rates.0, rates.1, rates.2)
}

/// The comparisons of all columns.
pub(crate) fn comparisons(columns: &[DraftColumn]) -> Vec<DraftComparison> {
    let by_role = |role: Role| columns.iter().find(|column| column.role == role);
    let forename = by_role(Role::Forename).map(|column| column.name.as_str());
    let surname = by_role(Role::Surname).map(|column| column.name.as_str());
    let home = home(columns);
    let mut drafted = Vec::new();
    for column in columns {
        if let Some((address, postcode)) = home {
            if column.name == postcode {
                continue;
            }
            if column.name == address {
                let mut home = home_of(address, postcode);
                while columns.iter().any(|column| column.name == home.name) {
                    home.name.push('_');
                }
                drafted.push(home);
                continue;
            }
        }
        let swaps = |other: &&str| {
            column.role == Role::Forename
                && forename == Some(&column.name)
                && **other != column.name
        };
        drafted.push(of_column(column, surname.filter(swaps)));
    }
    drafted
}

/// The only address and the only postcode, which say one thing together.
pub(crate) fn home(columns: &[DraftColumn]) -> Option<(&str, &str)> {
    let only = |holds: &dyn Fn(&DraftColumn) -> bool| {
        let mut found = columns.iter().filter(|column| holds(column));
        found
            .next()
            .filter(|_| found.next().is_none())
            .map(|column| column.name.as_str())
    };
    let address = only(&|column| column.role == Role::Address)?;
    let postcode = only(&|column| column.kind == Kind::Postcode)?;
    Some((address, postcode))
}

fn home_of(address: &str, postcode: &str) -> DraftComparison {
    DraftComparison {
        name: "home".to_owned(),
        columns: vec![address.to_owned(), postcode.to_owned()],
        frequency: false,
        levels: vec![
            level(
                format!("words({address}) >= 0.6 & exact({postcode})"),
                "same address",
                (0.50, 1e-6, 0.55),
            ),
            level(
                format!("words({address}) >= 0.6"),
                "same address, other postcode",
                (0.10, 1e-5, 0.10),
            ),
            level(
                format!("exact({postcode}) & shares_word({address})"),
                "same postcode, address in parts",
                (0.04, 1e-5, 0.05),
            ),
            level(
                format!("exact({postcode})"),
                "same postcode",
                (0.10, 5e-5, 0.10),
            ),
            level(
                format!("words({address}) >= 0.3 & one_character_off({postcode})"),
                "address and postcode alike",
                (0.02, 1e-5, 0.02),
            ),
            level("else", "elsewhere", (0.24, 1.0 - 8.1e-5, 0.18)),
        ],
    }
}

fn of_column(column: &DraftColumn, other: Option<&str>) -> DraftComparison {
    let (frequency, levels) = match (column.kind, column.role) {
        (Kind::Forename, Role::Middle) => (true, middle()),
        (Kind::Forename, _) => (true, forename(other)),
        (Kind::Name, Role::Surname) => (true, surname()),
        (Kind::Name, Role::FullName) => (true, full_name()),
        (Kind::Name, _) => (true, place()),
        (Kind::Text, _) => (true, address()),
        (Kind::Date, _) => (false, date()),
        (Kind::Postcode, _) => (true, postcode()),
        (Kind::Phone, _) => (true, phone()),
        (Kind::Email, _) => (true, email()),
        (Kind::Position, _) => (true, position()),
        (Kind::Number, Role::Degrees) => (false, degrees()),
        (Kind::Identifier | Kind::Number, Role::Category) => (true, category()),
        (Kind::Identifier | Kind::Number, _) => (true, code(column.distinct_share)),
    };
    DraftComparison {
        name: column.name.clone(),
        columns: vec![column.name.clone()],
        frequency,
        levels,
    }
}

/// Names exchanged are told by the forename alone: counted here too, they would count twice.
fn surname() -> Vec<DraftLevel> {
    vec![
        level("exact", "same surname", (0.80, 0.002, 0.72)),
        level(
            "jaro_winkler >= 0.93",
            "surname misspelt",
            (0.07, 0.001, 0.05),
        ),
        level(
            "shares_word",
            "one part of a double surname",
            (0.02, 0.0005, 0.02),
        ),
        level("jaro_winkler >= 0.85", "surname alike", (0.03, 0.004, 0.03)),
        level("else", "different surname", (0.08, 0.9925, 0.18)),
    ]
}

fn forename(surname: Option<&str>) -> Vec<DraftLevel> {
    let mut levels = vec![
        level("exact", "same forename", (0.75, 0.005, 0.02)),
        level(
            "jaro_winkler >= 0.93",
            "forename misspelt",
            (0.06, 0.001, 0.002),
        ),
        level(
            "shares_word",
            "one of several forenames",
            (0.04, 0.001, 0.004),
        ),
        level(
            "nickname",
            "short form of the same forename",
            (0.03, 0.001, 0.002),
        ),
        level("initial", "initial only", (0.02, 0.003, 0.003)),
        level(
            "jaro_winkler >= 0.85",
            "forename alike",
            (0.03, 0.005, 0.006),
        ),
        level("else", "different forename", (0.07, 0.984, 0.963)),
    ];
    if let Some(surname) = surname {
        levels.insert(
            1,
            level(
                format!("swapped({surname})"),
                "names exchanged",
                (0.02, 0.0001, 0.001),
            ),
        );
        let last = levels.len() - 1;
        levels[last].2 -= 0.02;
        levels[last].3 -= 0.0001;
        levels[last].4 -= 0.001;
    }
    levels
}

/// Often one letter, which relatives share no more often than strangers.
fn middle() -> Vec<DraftLevel> {
    vec![
        level("exact", "same middle name", (0.90, 0.05, 0.05)),
        level("initial", "initial only", (0.03, 0.005, 0.005)),
        level(
            "jaro_winkler >= 0.85",
            "middle name alike",
            (0.03, 0.005, 0.005),
        ),
        level("else", "different middle name", (0.04, 0.94, 0.94)),
    ]
}

fn full_name() -> Vec<DraftLevel> {
    vec![
        level("exact", "same name", (0.65, 1e-4, 0.01)),
        level(
            "words >= 0.99",
            "same words in another order",
            (0.03, 1e-5, 0.001),
        ),
        level("jaro_winkler >= 0.94", "name misspelt", (0.10, 2e-4, 0.02)),
        level(
            "words >= 0.5",
            "half of the words or more",
            (0.08, 0.001, 0.20),
        ),
        level("jaro_winkler >= 0.85", "name alike", (0.05, 0.003, 0.05)),
        level("shares_word", "a word in common", (0.04, 0.006, 0.50)),
        level("else", "different name", (0.05, 1.0 - 0.01031, 0.219)),
    ]
}

fn place() -> Vec<DraftLevel> {
    vec![
        level("exact", "same", (0.72, 0.01, 0.72)),
        level("jaro_winkler >= 0.92", "misspelt", (0.08, 0.002, 0.07)),
        level("shares_word", "a word in common", (0.04, 0.01, 0.04)),
        level("else", "different", (0.16, 0.978, 0.17)),
    ]
}

fn address() -> Vec<DraftLevel> {
    vec![
        level("exact", "same", (0.60, 2e-4, 0.60)),
        level("jaro_winkler >= 0.93", "misspelt", (0.08, 2e-4, 0.08)),
        level("words >= 0.6", "most words in common", (0.06, 5e-4, 0.06)),
        level(
            "shares_word & jaro_winkler >= 0.8",
            "partly the same",
            (0.05, 0.01, 0.05),
        ),
        level("else", "different", (0.21, 1.0 - 0.0109, 0.21)),
    ]
}

fn date() -> Vec<DraftLevel> {
    vec![
        level("exact", "same date", (0.86, 6e-5, 0.02)),
        level(
            "day_month_swapped",
            "day and month exchanged",
            (0.02, 2e-5, 1e-4),
        ),
        level(
            "one_character_off",
            "one slip in the date",
            (0.06, 0.001, 0.002),
        ),
        level(
            "year_only",
            "the same year, and no more is known",
            (0.01, 2e-4, 4e-4),
        ),
        level("within_days <= 31", "within a month", (0.01, 0.002, 0.004)),
        level("same_year", "the same year", (0.01, 0.015, 0.02)),
        level("else", "different date", (0.03, 1.0 - 0.01828, 0.9535)),
    ]
}

fn postcode() -> Vec<DraftLevel> {
    vec![
        level("exact", "same postcode", (0.72, 5e-4, 0.72)),
        level(
            "one_character_off",
            "one slip in the postcode",
            (0.08, 0.002, 0.07),
        ),
        level("same_district", "same district", (0.03, 0.01, 0.03)),
        level("else", "different postcode", (0.17, 0.9875, 0.18)),
    ]
}

fn phone() -> Vec<DraftLevel> {
    vec![
        level("exact", "same telephone", (0.66, 2e-5, 0.40)),
        level(
            "one_character_off",
            "one slip in the telephone",
            (0.04, 1e-5, 0.01),
        ),
        level("else", "different telephone", (0.30, 1.0 - 3e-5, 0.59)),
    ]
}

fn email() -> Vec<DraftLevel> {
    vec![
        level("exact", "same e-mail address", (0.74, 2e-5, 0.25)),
        level(
            "one_character_off",
            "one slip in the e-mail address",
            (0.04, 1e-5, 0.01),
        ),
        level(
            "same_local_part",
            "same name at another provider",
            (0.02, 1e-4, 0.001),
        ),
        level(
            "else",
            "different e-mail address",
            (0.20, 1.0 - 1.3e-4, 0.739),
        ),
    ]
}

/// As common as the position is: many records may have the middle of one town.
fn position() -> Vec<DraftLevel> {
    vec![
        level("exact", "the same spot", (0.60, 2e-4, 0.60)),
        level(
            "within_km <= 0.5",
            "within half a kilometre",
            (0.12, 0.002, 0.12),
        ),
        level("within_km <= 5", "within 5 kilometres", (0.08, 0.05, 0.08)),
        level("within_km <= 50", "within 50 kilometres", (0.08, 0.4, 0.08)),
        level("else", "elsewhere", (0.12, 0.5478, 0.12)),
    ]
}

/// One of latitude and longitude without the other.
/// A ten-thousandth of a degree is some ten metres; a hundredth, about a kilometre.
fn degrees() -> Vec<DraftLevel> {
    vec![
        level("within <= 0.0005", "the same spot", (0.70, 0.002, 0.70)),
        level(
            "within <= 0.01",
            "within about a kilometre",
            (0.10, 0.03, 0.10),
        ),
        level(
            "within <= 0.1",
            "within about ten kilometres",
            (0.05, 0.2, 0.05),
        ),
        level("else", "elsewhere", (0.15, 0.768, 0.15)),
    ]
}

fn category() -> Vec<DraftLevel> {
    vec![
        level("exact", "same", (0.90, 0.2, 0.5)),
        level("else", "different", (0.10, 0.8, 0.5)),
    ]
}

/// A code. One that few share is one person's; one that many share is more like a house number.
fn code(distinct_share: f64) -> Vec<DraftLevel> {
    let shared = if distinct_share < 0.3 { 0.6 } else { 0.01 };
    vec![
        level("exact", "same", (0.80, 0.001, shared)),
        level("one_character_off", "one slip", (0.08, 0.005, 0.01)),
        level("else", "different", (0.12, 0.994, 0.99 - shared)),
    ]
}

/// The parts that a rule may take of a column, the finest first.
fn parts(column: &DraftColumn) -> Vec<String> {
    let name = &column.name;
    let all = |parts: &[&str]| parts.iter().map(|part| format!("{part}({name})")).collect();
    match (column.kind, column.role) {
        (Kind::Forename, Role::Middle) => all(&["exact", "initial"]),
        (Kind::Forename, _) => all(&["exact", "nickname", "soundex", "initial"]),
        (Kind::Name, Role::Surname) => all(&["exact", "soundex"]),
        (Kind::Name, Role::FullName) => all(&["exact", "word"]),
        (Kind::Name, _) => all(&["exact", "soundex"]),
        (Kind::Text, _) => all(&["exact", "word"]),
        (Kind::Date, _) => all(&["exact", "month_day", "year"]),
        (Kind::Postcode, _) => all(&["exact", "sector", "district"]),
        (Kind::Email, _) => all(&["exact", "local_part"]),
        (Kind::Phone, _) => all(&["exact"]),
        (Kind::Position, _) => vec![
            format!("exact({name})"),
            format!("near({name}, 0.5)"),
            format!("near({name}, 5)"),
        ],
        (Kind::Identifier | Kind::Number, _) => all(&["exact"]),
    }
}

/// A blocking rule for every part that a rule may have. Which of them, put together how, are worth
/// keeping is measured.
pub(crate) fn rules(columns: &[DraftColumn]) -> Vec<String> {
    let mut rules: Vec<String> = columns.iter().flat_map(parts).collect();
    let named = |role: Role| columns.iter().find(|column| column.role == role);
    if let (Some(forename), Some(surname)) = (named(Role::Forename), named(Role::Surname)) {
        rules.push(format!("unordered({}, {})", forename.name, surname.name));
    }
    rules
}
