//! A mapping as a form: one choice for each heading, and the mapping such choices make.

use record::report::{Feed, field_named};
use web::parts::words::capital;

use crate::files::{Headings, Mapping, Origin, RowDigest};

/// What each heading is shown to hold: the field that reads it, if one does. A column that two
/// fields read is shown with the first of the contract.
pub(super) fn shown(mapping: &Mapping, headings: &[String]) -> Vec<Option<&'static str>> {
    let known = positions(headings);
    let mut places = vec![None; headings.len()];
    for field in record::report::FIELDS {
        let Some(origin) = mapping.fields.get(field.name) else {
            continue;
        };
        if matches!(origin, Origin::Digest(_)) {
            continue;
        }
        for column in origin.columns() {
            if let Some(at) = known.position(column)
                && places[at].is_none()
            {
                places[at] = Some(field.name);
            }
        }
    }
    places
}

fn positions(headings: &[String]) -> Headings {
    Headings::new(headings.iter().cloned())
}

/// The mapping that follows from what was chosen for each heading. What a form cannot say (the
/// file's form, translations of values, constants, how several columns are joined) is kept from
/// `start`.
pub(super) fn placed(
    start: &Mapping,
    headings: &[String],
    chosen: &[Option<&'static str>],
) -> Mapping {
    let mut mapping = start.clone();
    if chosen == shown(start, headings) {
        return mapping;
    }
    let known = positions(headings);
    mapping
        .fields
        .retain(|field, origin| kept(field, origin, &known, chosen));
    for field in record::report::FIELDS {
        let columns: Vec<usize> = (0..headings.len())
            .filter(|at| chosen.get(*at).copied().flatten() == Some(field.name))
            .collect();
        if columns.is_empty() || reads_just(mapping.fields.get(field.name), &known, &columns) {
            continue;
        }
        let names: Vec<String> = columns.iter().map(|at| name_of(headings, *at)).collect();
        let origin = match <[String; 1]>::try_from(names) {
            Ok([one]) => Origin::Column(one),
            Err(several) => Origin::Columns(several),
        };
        mapping.fields.insert(field.name.to_owned(), origin);
    }
    mapping
        .fields
        .entry("reference".to_owned())
        .or_insert(Origin::Digest(RowDigest { digest: Vec::new() }));
    mapping
}

/// Whether a field's origin outlives the form: its columns were chosen, or it has none in this file.
fn kept(field: &str, origin: &Origin, known: &Headings, chosen: &[Option<&'static str>]) -> bool {
    let is_chosen = chosen.iter().flatten().any(|c| *c == field);
    let mut present = origin
        .columns()
        .iter()
        .filter_map(|c| known.position(c))
        .peekable();
    match origin {
        Origin::Constant(_) | Origin::Digest(_) => !is_chosen,
        // Absent this week, expected next week.
        _ => is_chosen || present.peek().is_none(),
    }
}

fn reads_just(origin: Option<&Origin>, known: &Headings, columns: &[usize]) -> bool {
    let Some(origin) = origin else { return false };
    let mut read: Vec<usize> = origin
        .columns()
        .iter()
        .filter_map(|c| known.position(c))
        .collect();
    read.sort_unstable();
    read == columns
}

/// A heading by its name, or by its place where two columns share one.
fn name_of(headings: &[String], at: usize) -> String {
    let same = |h: &&String| h.to_lowercase() == headings[at].to_lowercase();
    if headings.iter().filter(same).count() > 1 {
        return format!("#{}", at + 1);
    }
    headings[at].clone()
}

/// The field a form's word names; none for a column that is not used.
pub(super) fn field_of(word: &str) -> Option<&'static str> {
    field_named(word).map(|f| f.name)
}

/// A field's name as words: "Victim date of birth".
pub(super) fn title_of(field: &str) -> String {
    capital(&field.replace('_', " ").replace("nfib code", "crime code"))
}

/// A source's key from what a person types: "County list 2" becomes `county-list-2`.
pub(super) fn key_of(typed: &str) -> String {
    let words: Vec<String> = typed
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    words.join("-")
}

/// Feeds as a form names them.
pub(super) fn feed_of(word: &str) -> Option<Feed> {
    Feed::parse(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Mapping {
        Mapping::from_toml(
            "m",
            r#"
name = "m"
title = "M"
source = "m"
feed = "list"
[fields]
reference = "Ref"
victim_address = ["Street", "Town"]
district = { value = "North" }
language = "Language"
"#,
        )
        .unwrap()
    }

    fn headings(names: &[&str]) -> Vec<String> {
        names.iter().map(|n| (*n).to_owned()).collect()
    }

    #[test]
    fn choices_as_shown_change_nothing() {
        let all = headings(&["Ref", "Town", "Street", "Colour"]);
        let choices = shown(&start(), &all);
        assert_eq!(
            choices,
            [
                Some("reference"),
                Some("victim_address"),
                Some("victim_address"),
                None
            ]
        );
        assert_eq!(placed(&start(), &all, &choices), start());
    }

    #[test]
    fn a_changed_choice_keeps_what_it_does_not_touch() {
        let all = headings(&["Ref", "Town", "Street", "Colour"]);
        let choices = [
            Some("reference"),
            Some("victim_address"),
            Some("victim_address"),
            Some("title"),
        ];
        let mapping = placed(&start(), &all, &choices);
        assert_eq!(mapping.fields["title"], Origin::Column("Colour".to_owned()));
        assert_eq!(
            mapping.fields["victim_address"],
            start().fields["victim_address"]
        );
        assert!(mapping.fields.contains_key("district") && mapping.fields.contains_key("language"));
    }

    #[test]
    fn without_a_reference_the_row_is_its_own() {
        let all = headings(&["Ref", "Town"]);
        let mapping = placed(&start(), &all, &[None, Some("district")]);
        assert!(matches!(mapping.fields["reference"], Origin::Digest(_)));
        assert_eq!(
            mapping.fields["district"],
            Origin::Column("Town".to_owned())
        );
        assert!(!mapping.fields.contains_key("victim_address"));
    }

    #[test]
    fn columns_of_one_name_are_told_apart_by_place() {
        let all = headings(&["Ref", "Note", "note"]);
        let mapping = placed(
            &start(),
            &all,
            &[Some("reference"), None, Some("narrative")],
        );
        assert_eq!(mapping.fields["narrative"], Origin::Column("#3".to_owned()));
    }

    #[test]
    fn words_for_people_and_keys_for_files() {
        assert_eq!(title_of("victim_date_of_birth"), "Victim date of birth");
        assert_eq!(key_of(" County List, no. 2 "), "county-list-no-2");
    }
}
