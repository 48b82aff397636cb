//! Pairs of records and the band each belongs in, under the shipped models. A change to a model
//! that moves one of these is a change in who is shown together with whom.

use linkage::{Band, Band::*, Model};

use crate::{County, shipped};

/// Columns of a person, in the order of the tables below: forename, surname, date of birth,
/// postcode, address, telephone, e-mail. `-` is missing.
const PERSON: [&str; 7] = [
    "forename",
    "surname",
    "date_of_birth",
    "postcode",
    "address",
    "phone",
    "email",
];

type Row = (&'static str, Band, &'static str, &'static str);

const PEOPLE: &[Row] = &[
    // The same person, written in many ways.
    (
        "all the same",
        Link,
        "Amira|Haddad|1988-07-14|SG1 3QX|12 Fern Close|07700 900101|amira@example.com",
        "Amira|Haddad|1988-07-14|SG1 3QX|12 Fern Close|07700 900101|amira@example.com",
    ),
    (
        "case, accents, apostrophe, spacing",
        Link,
        "Zoë|O'Brien|1990-01-02|al1 1aa|-|-|-",
        "ZOE|OBRIEN|02/01/1990|AL11AA|-|-|-",
    ),
    (
        "surname misspelt, same date and postcode",
        Link,
        "Karen|Thompson|1975-05-20|AL3 4DH|-|-|-",
        "Karen|Thomson|1975-05-20|AL3 4DH|-|-|-",
    ),
    (
        "forename misspelt, same date and postcode",
        Link,
        "Jonathan|Marsh|1975-05-20|AL3 4DH|-|-|-",
        "Jonathon|Marsh|1975-05-20|AL3 4DH|-|-|-",
    ),
    (
        "short form of the forename",
        Link,
        "Bob|Marsh|1962-11-30|WD17 1AB|-|-|-",
        "Robert|Marsh|1962-11-30|WD17 1AB|-|-|-",
    ),
    (
        "two short forms of one name",
        Link,
        "Liz|Okafor|1962-11-30|WD17 1AB|-|-|-",
        "Beth|Okafor|1962-11-30|WD17 1AB|-|-|-",
    ),
    (
        "forename and surname exchanged",
        Link,
        "Wei|Chen|1994-03-08|SG14 1AA|-|-|-",
        "Chen|Wei|1994-03-08|SG14 1AA|-|-|-",
    ),
    (
        "day and month exchanged",
        Link,
        "Priya|Nair|1983-04-07|HP1 1AA|-|-|-",
        "Priya|Nair|1983-07-04|HP1 1AA|-|-|-",
    ),
    (
        "one digit of the date wrong, same address",
        Link,
        "Priya|Nair|1983-04-07|HP1 1AA|9 Mill Lane|-|-",
        "Priya|Nair|1983-04-17|HP1 1AA|9 Mill Ln|-|-",
    ),
    (
        "same telephone and date of birth",
        Link,
        "-|-|1971-09-09|-|-|07700 900111|-",
        "-|-|1971-09-09|-|-|+447700900111|-",
    ),
    (
        "same telephone, date of birth and name",
        Link,
        "Grace|Adeyemi|1971-09-09|-|-|07700 900111|-",
        "Grace|Adeyemi|1971-09-09|-|-|0044 7700 900111|-",
    ),
    (
        "same e-mail address and name",
        Link,
        "Grace|Adeyemi|-|-|-|-|grace.a@example.com",
        "Grace|Adeyemi|-|-|-|-|Grace.A@Example.com",
    ),
    (
        "same telephone and name",
        Link,
        "Grace|Adeyemi|-|-|-|07700 900111|-",
        "Grace|Adeyemi|-|-|-|07700900111|-",
    ),
    (
        "same name and address",
        Link,
        "Grace|Adeyemi|-|SG5 1AA|Flat 2, 14 High St|-|-",
        "Grace|Adeyemi|-|SG5 1AA|2 14 High Street|-|-",
    ),
    (
        "moved house, same date of birth",
        Link,
        "Grace|Adeyemi|1971-09-09|SG5 1AA|14 High St|-|-",
        "Grace|Adeyemi|1971-09-09|CB1 2AB|3 Park Road|-|-",
    ),
    (
        "surname changed by marriage, same forename, date and address",
        Link,
        "Holly|Barker|1991-02-17|EN8 7AA|4 Oak Avenue|-|-",
        "Holly|Mistry|1991-02-17|EN8 7AA|4 Oak Ave|-|-",
    ),
    (
        "double surname",
        Link,
        "Holly|Barker-Mistry|1991-02-17|EN8 7AA|-|-|-",
        "Holly|Mistry|1991-02-17|EN8 7AA|-|-|-",
    ),
    (
        "initial only, same date and address",
        Link,
        "J|Kowalczyk|1959-12-01|SG8 5AA|22 The Green|-|-",
        "Jerzy|Kowalczyk|1959-12-01|SG8 5AA|22 The Green|-|-",
    ),
    (
        "two forenames and one",
        Link,
        "Mary Jane|Watts|1948-06-15|SG8 5AA|-|-|-",
        "Mary|Watts|1948-06-15|SG8 5AA|-|-|-",
    ),
    (
        "title in the forename",
        Link,
        "Mrs Mary|Watts|1948-06-15|-|-|-|-",
        "Mary|Watts|1948-06-15|-|-|-|-",
    ),
    (
        "uncommon name and date of birth, nothing else",
        Link,
        "Grace|Adeyemi|1971-09-09|-|-|-|-",
        "Grace|Adeyemi|1971-09-09|-|-|-|-",
    ),
    (
        "slip in the telephone, same name and date",
        Link,
        "Ola|Nowak|1986-10-10|-|-|07700900222|-",
        "Ola|Nowak|1986-10-10|-|-|07700900223|-",
    ),
    // Not sure: a person looks.
    (
        "common name and date of birth",
        Review,
        "John|Smith|1980-03-12|-|-|-|-",
        "John|Smith|1980-03-12|-|-|-|-",
    ),
    (
        "common name and postcode",
        Review,
        "John|Smith|-|SG1 1AA|-|-|-",
        "John|Smith|-|SG1 1AA|-|-|-",
    ),
    (
        "names exchanged, same date, nothing else",
        Review,
        "Wei|Chen|1994-03-08|-|-|-|-",
        "Chen|Wei|1994-03-08|-|-|-|-",
    ),
    (
        "two forenames, one e-mail address",
        Review,
        "Tom|Reid|-|SG1 1AA|1 Elm Road|07700900333|reids@example.com",
        "Sue|Reid|-|SG1 1AA|1 Elm Road|07700900333|reids@example.com",
    ),
    (
        "another date of birth, one e-mail address",
        Review,
        "Tom|Reid|1980-01-15|SG1 1AA|1 Elm Road|-|tom@example.com",
        "Tom|Reid|1956-09-03|SG1 1AA|1 Elm Road|-|tom@example.com",
    ),
    (
        "a help desk's number and an ordinary name: a number of one's own would link",
        Review,
        "Karen|Thompson|-|-|-|03457 000000|-",
        "Karen|Thompson|-|-|-|03457 000000|-",
    ),
    // Hard negatives.
    (
        "parent and child of one name at one address",
        Apart,
        "David|Evans|1951-02-03|SG2 8AA|7 Birch Road|-|-",
        "David|Evans|1979-10-21|SG2 8AA|7 Birch Road|-|-",
    ),
    (
        "parent and child of one name, one telephone",
        Apart,
        "David|Evans|1951-02-03|SG2 8AA|7 Birch Road|01438 555111|-",
        "David|Evans|1979-10-21|SG2 8AA|7 Birch Road|01438 555111|-",
    ),
    (
        "twins",
        Apart,
        "Ella|Khan|2001-08-08|LU1 2AA|30 Station Road|-|-",
        "Omar|Khan|2001-08-08|LU1 2AA|30 Station Road|-|-",
    ),
    (
        "twins who share a telephone",
        Apart,
        "Ella|Khan|2001-08-08|LU1 2AA|30 Station Road|01582 555222|-",
        "Omar|Khan|2001-08-08|LU1 2AA|30 Station Road|01582 555222|-",
    ),
    (
        "family telephone, other forename and date",
        Apart,
        "Rosa|Silva|1970-01-09|SG4 7AA|5 Hill View|01462 555333|-",
        "Luca|Silva|1999-04-30|SG4 7AA|5 Hill View|01462 555333|-",
    ),
    (
        "husband and wife, no dates",
        Apart,
        "Rosa|Silva|-|SG4 7AA|5 Hill View|01462 555333|-",
        "Marco|Silva|-|SG4 7AA|5 Hill View|01462 555333|-",
    ),
    (
        "a common name alone",
        Apart,
        "John|Smith|-|-|-|-|-",
        "John|Smith|-|-|-|-|-",
    ),
    (
        "an ordinary name alone",
        Apart,
        "Karen|Thompson|-|-|-|-|-",
        "Karen|Thompson|-|-|-|-|-",
    ),
    (
        "one name, other dates",
        Apart,
        "Karen|Thompson|1975-05-20|-|-|-|-",
        "Karen|Thompson|1991-11-02|-|-|-|-",
    ),
    (
        "one telephone, nothing else",
        Apart,
        "-|-|-|-|-|07700900444|-",
        "-|-|-|-|-|07700900444|-",
    ),
    (
        "a help desk's number and a common name",
        Apart,
        "John|Smith|-|-|-|03457 000000|-",
        "John|Smith|-|-|-|03457 000000|-",
    ),
    (
        "one date of birth, nothing else",
        Apart,
        "-|-|1980-03-12|-|-|-|-",
        "-|-|1980-03-12|-|-|-|-",
    ),
    (
        "neighbours",
        Apart,
        "Ian|Holt|-|SG1 3QX|12 Fern Close|-|-",
        "Mia|Ford|-|SG1 3QX|14 Fern Close|-|-",
    ),
    (
        "a placeholder date and a common name",
        Apart,
        "John|Smith|1900-01-01|-|-|-|-",
        "John|Smith|1900-01-01|-|-|-|-",
    ),
    (
        "nothing known",
        Apart,
        "Unknown|Unknown|-|-|-|-|-",
        "Unknown|Unknown|-|-|-|-|-",
    ),
];

const ORGANISATION: [&str; 5] = ["name", "company_number", "postcode", "phone", "email"];

const ORGANISATIONS: &[Row] = &[
    (
        "one company number",
        Link,
        "Harlow Tiles Ltd|01234567|-|-|-",
        "Harlow Tiles Limited|01234567|-|-|-",
    ),
    (
        "name and postcode",
        Link,
        "The Harlow Tile Co.|-|CM20 1AA|-|-",
        "Harlow Tile Company Ltd|-|CM20 1AA|-|-",
    ),
    (
        "name and telephone",
        Link,
        "Harlow Tile Co|-|-|01279 555444|-",
        "Harlow Tile Company|-|-|01279555444|-",
    ),
    (
        "name misspelt, same postcode and telephone",
        Link,
        "Harlow Tile Co|-|CM20 1AA|01279 555444|-",
        "Harlow Tyle Co|-|CM20 1AA|01279 555444|-",
    ),
    (
        "sister companies in one building",
        Apart,
        "Harlow Tile North Ltd|01234567|CM20 1AA|01279 555444|-",
        "Harlow Tile South Ltd|09876543|CM20 1AA|01279 555444|-",
    ),
    (
        "one accountant, two companies",
        Apart,
        "Harlow Tile Ltd|-|CM20 1AA|01279 555444|-",
        "Brightwell Dental Ltd|-|CM20 1AA|01279 555444|-",
    ),
    (
        "a name alone",
        Apart,
        "Harlow Tile Ltd|-|-|-|-",
        "Harlow Tile Ltd|-|-|-|-",
    ),
    (
        "a word of the name in one town",
        Apart,
        "Harlow Tile Ltd|-|CM20 1AA|-|-",
        "Harlow Dental|-|CM20 2BB|-|-",
    ),
];

fn record<'a>(columns: &'a [&str], row: &'a str) -> Vec<(&'a str, &'a str)> {
    let values: Vec<&str> = row.split('|').collect();
    assert_eq!(values.len(), columns.len(), "{row}");
    columns
        .iter()
        .copied()
        .zip(values)
        .filter(|(_, value)| *value != "-")
        .collect()
}

fn check(model: &Model, columns: &[&str], rows: &[Row]) {
    let mut wrong = Vec::new();
    for (case, expected, left, right) in rows {
        let (a, b) = (
            model.prepare(&record(columns, left)),
            model.prepare(&record(columns, right)),
        );
        let scored = model.compare(&a, &b, &County);
        let band = model.band(scored.weight);
        // What should be linked or reviewed must be found, not only scored well.
        let found = model.are_candidates(&a, &b);
        if band != *expected || (*expected != Apart && !found) {
            let parts: Vec<String> = scored
                .parts
                .iter()
                .map(|part| format!("{} ({}) {:+.1}", part.comparison, part.level, part.weight))
                .collect();
            wrong.push(format!(
                "{case}: expected {expected:?}, got {band:?} at {:.1} bits, candidates: {found}\n    {}\n    {:?}",
                scored.weight,
                parts.join(", "),
                scored.ceiling,
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        rows.len(),
        wrong.join("\n")
    );
}

#[test]
fn people() {
    assert!(PEOPLE.len() >= 40);
    check(&shipped("linkage.toml"), &PERSON, PEOPLE);
}

#[test]
fn organisations() {
    check(
        &shipped("linkage-organisation.toml"),
        &ORGANISATION,
        ORGANISATIONS,
    );
}

#[test]
fn a_second_telephone_is_enough_to_agree() {
    let model = shipped("linkage.toml");
    let person = [("forename", "Grace"), ("surname", "Adeyemi")];
    let held = [
        &person[..],
        &[("phone", "07700 900111"), ("phone", "01438 555000")],
    ]
    .concat();
    let new = [
        &person[..],
        &[("phone", "01438 555000"), ("phone", "07700 900999")],
    ]
    .concat();
    let (held, new) = (model.prepare(&held), model.prepare(&new));
    assert!(model.are_candidates(&held, &new));
    assert_eq!(model.band(model.compare(&held, &new, &()).weight), Link);
}

#[test]
fn frequency_raises_rare_names_within_bounds_and_lowers_common_ones() {
    let model = shipped("linkage.toml");
    let surname = |name: &str| {
        let record = model.prepare(&[("surname", name)]);
        let scored = model.compare(&record, &record, &County);
        scored
            .parts
            .iter()
            .find(|part| part.comparison == "surname")
            .unwrap()
            .frequency_adjustment
    };
    assert_eq!(surname("Featherstonehaugh"), 3.0);
    assert!((surname("Smith") - (0.0015_f64 / 0.012).log2()).abs() < 1e-9);
    assert_eq!(surname("Adeyemi"), 0.0);
}

/// A limit of the blocking rules, known and chosen: a rule on the bare name would compare every
/// John Smith with every other.
#[test]
fn a_rare_name_alone_would_be_worth_a_look_but_is_not_found() {
    let model = shipped("linkage.toml");
    let record = model.prepare(&[("forename", "Peregrine"), ("surname", "Featherstonehaugh")]);
    assert_eq!(
        model.band(model.compare(&record, &record, &County).weight),
        Review
    );
    assert!(!model.are_candidates(&record, &record));
}

#[test]
fn an_explanation_can_be_kept_as_json() {
    let model = shipped("linkage.toml");
    let record = |forename| model.prepare(&[("forename", forename), ("phone", "07700 900111")]);
    let scored = model.compare(&record("Rosa"), &record("Luca"), &());
    let json = serde_json::to_value(&scored).unwrap();
    assert_eq!(json["parts"][1]["level"], "different forename");
    assert_eq!(json["parts"][1]["differs"], true);
    assert_eq!(json["ceiling"], serde_json::Value::Null);
    assert_eq!(json["weight"], scored.weight);
    assert_eq!(
        serde_json::to_value(model.band(scored.weight)).unwrap(),
        "apart"
    );
}
