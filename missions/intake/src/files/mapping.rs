//! Mappings: which heading of a file is which field of a report. One TOML file for each sender.

use std::collections::{BTreeMap, BTreeSet};

use record::Finding;
use record::policy::PolicyError;
use record::report::{FIELDS, Feed, Field, field_named};
use serde::{Deserialize, Serialize};

use super::dates::DateOrder;
use super::rejected;
use super::row::Headings;
use super::source::Format;

/// How the tables of one sender become reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// Lower-case letters, digits and hyphens; the file's name without `.toml`.
    pub name: String,
    pub title: String,
    /// Key of the source its reports belong to. References are unique within a source.
    pub source: String,
    /// The feed of a row that does not name its own.
    pub feed: Feed,
    #[serde(default)]
    pub date_order: DateOrder,
    #[serde(default)]
    pub format: Format,
    /// Field of the contract to the place its text comes from.
    pub fields: BTreeMap<String, Origin>,
    /// For a field: the file's word (any case) to ours. An empty word of ours leaves the field empty.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, BTreeMap<String, String>>,
}

/// Where the text of a field comes from. A column is named by its heading, or by `#3` for the third.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "expected a heading, a list of headings, { join = [...], with = \"...\" }, \
                 { value = \"...\" } or { digest = [...] }"
)]
pub enum Origin {
    Column(String),
    /// The cells that are not empty, joined as suits the field.
    Columns(Vec<String>),
    Joined(Joined),
    Constant(Constant),
    Digest(RowDigest),
}

/// Cells joined with a text of the mapping's choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Joined {
    pub join: Vec<String>,
    pub with: String,
}

/// The same text for every row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constant {
    pub value: String,
}

/// For files without a reference: the first 20 hex digits of SHA-256 over headings and cells of
/// these columns, or of the whole row when none are named. Two equal rows are then one report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowDigest {
    pub digest: Vec<String>,
}

impl Origin {
    /// The columns it reads.
    pub fn columns(&self) -> &[String] {
        match self {
            Origin::Column(column) => std::slice::from_ref(column),
            Origin::Columns(columns) => columns,
            Origin::Joined(joined) => &joined.join,
            Origin::Digest(digest) => &digest.digest,
            Origin::Constant(_) => &[],
        }
    }
}

/// The mappings that come with the product: name and text of `policy/intake/mappings/`.
pub const SHIPPED: [(&str, &str); 6] = [
    (
        "national-victim-list",
        include_str!("../../../../policy/intake/mappings/national-victim-list.toml"),
    ),
    (
        "national-pursue",
        include_str!("../../../../policy/intake/mappings/national-pursue.toml"),
    ),
    (
        "report-list",
        include_str!("../../../../policy/intake/mappings/report-list.toml"),
    ),
    (
        "sms-spam",
        include_str!("../../../../policy/intake/mappings/sms-spam.toml"),
    ),
    (
        "vcdb",
        include_str!("../../../../policy/intake/mappings/vcdb.toml"),
    ),
    (
        "misp-attributes",
        include_str!("../../../../policy/intake/mappings/misp-attributes.toml"),
    ),
];

impl Mapping {
    /// Reads and checks a mapping. `file` names it in errors. Refuses unknown keys, unknown fields
    /// and a mapping without a reference.
    pub fn from_toml(file: &str, text: &str) -> Result<Mapping, PolicyError> {
        let mapping: Mapping = record::policy::read(file, text)?.policy;
        mapping.sound().map_err(|p| PolicyError::new(file, p))?;
        Ok(mapping)
    }

    /// The text of its file. Errors only on what TOML cannot write, which a sound mapping has not.
    pub fn to_toml(&self) -> Result<String, PolicyError> {
        toml::to_string_pretty(self).map_err(|e| PolicyError::new(&self.name, e.to_string()))
    }

    fn sound(&self) -> Result<(), String> {
        let key = |k: &str| {
            !k.is_empty()
                && k.bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        if !key(&self.name) || !key(&self.source) {
            return Err("name and source must be lower-case letters, digits and hyphens".into());
        }
        if !self.fields.contains_key("reference") {
            return Err("no field gives the reference; name its heading, or write \
                 reference = { digest = [] } when the file has none"
                .into());
        }
        for name in self.fields.keys().chain(self.values.keys()) {
            if field_named(name).is_none() {
                return Err(format!(
                    "{name:?} is not a field of a report; docs/formats.md lists them"
                ));
            }
        }
        for (name, origin) in &self.fields {
            let digest = matches!(origin, Origin::Digest(_));
            if digest && name != "reference" {
                return Err(format!("{name} cannot be a digest; only reference can"));
            }
            let constant = matches!(origin, Origin::Constant(_));
            if constant && name == "reference" {
                return Err("reference cannot be a constant: it must tell rows apart".into());
            }
            if !digest && !constant && origin.columns().is_empty() {
                return Err(format!("{name} names no heading"));
            }
        }
        match self.format.delimiter {
            Some(c) if !c.is_ascii() || matches!(c, '"' | '\n' | '\r' | '\0') => {
                Err("delimiter must be one ASCII character, not a quotation mark".into())
            }
            _ => Ok(()),
        }
    }

    /// Holds the mapping against a file's headings. A rejected finding means that the file cannot be
    /// imported with it; the others say what will be missing or left over.
    pub fn validate(&self, headings: &Headings) -> Vec<Finding> {
        let mut findings = self.check_duplicates(headings);
        let mut used = BTreeSet::new();
        let mut absent: Vec<&str> = Vec::new();
        for (field, origin) in &self.fields {
            for column in origin.columns() {
                match headings.position(column) {
                    Some(position) => {
                        used.insert(position);
                    }
                    None if field == "reference" => findings.push(no_reference(column)),
                    None => absent.push(column),
                }
            }
        }
        if !absent.is_empty() {
            findings.push(Finding::warning(
                0,
                "",
                format!(
                    "the file does not have these columns of the mapping: {}",
                    absent.join(", ")
                ),
                "Their fields stay empty; correct the mapping if they should not",
            ));
        }
        let whole_row = |o: &Origin| matches!(o, Origin::Digest(d) if d.digest.is_empty());
        let left: Vec<&str> = headings
            .names()
            .iter()
            .enumerate()
            .filter(|(i, name)| !used.contains(i) && !rejected::is_added(name))
            .map(|(_, name)| name.as_str())
            .collect();
        if !left.is_empty() {
            let kept = if self.fields.values().any(whole_row) {
                "these columns only count towards the row's digest"
            } else {
                "these columns are not imported"
            };
            findings.push(Finding::warning(
                0,
                "",
                format!("{kept}: {}", left.join(", ")),
                "Add them to the mapping if they are wanted",
            ));
        }
        findings
    }

    /// Two columns of one name cannot be told apart, unless the mapping reads one by position.
    fn check_duplicates(&self, headings: &Headings) -> Vec<Finding> {
        let by_position: BTreeSet<usize> = self
            .fields
            .values()
            .flat_map(Origin::columns)
            .filter(|c| c.starts_with('#'))
            .filter_map(|c| headings.position(c))
            .map(|at| at + 1)
            .collect();
        headings
            .duplicates()
            .into_iter()
            .filter(|(_, first, later)| {
                !by_position.contains(first) && !by_position.contains(later)
            })
            .map(|(name, first, later)| {
                Finding::rejected(
                    0,
                    name,
                    format!("columns {first} and {later} are both headed {name:?}"),
                    "Rename one of them, or name it in the mapping by its position, such as \"#3\"",
                )
            })
            .collect()
    }

    /// An empty mapping to start from: the whole row's digest as reference, every field unmapped.
    pub fn blank(name: &str, title: &str, feed: Feed) -> Mapping {
        let digest = Origin::Digest(RowDigest { digest: Vec::new() });
        Mapping {
            name: name.to_owned(),
            title: title.to_owned(),
            source: name.to_owned(),
            feed,
            date_order: DateOrder::default(),
            format: Format::default(),
            fields: BTreeMap::from([("reference".to_owned(), digest)]),
            values: BTreeMap::new(),
        }
    }

    /// The mapping of forms and of the API: every field under its own name.
    pub fn of_fields(source: &str, feed: Feed) -> Mapping {
        let own = |field: &Field| (field.name.to_owned(), Origin::Column(field.name.to_owned()));
        Mapping {
            fields: FIELDS.iter().map(own).collect(),
            ..Mapping::blank(source, source, feed)
        }
    }
}

fn no_reference(column: &str) -> Finding {
    Finding::rejected(
        0,
        column,
        format!("the file has no column {column:?}, which gives the reference"),
        "Choose the mapping made for this file, or correct the heading in it",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r##"
name = "small"
title = "Small"
source = "small"
feed = "list"
[fields]
reference = "Ref"
narrative = ["A", "#3"]
title = { join = ["A"], with = " / " }
district = { value = "North" }
"##;

    fn headings(names: &[&str]) -> Headings {
        Headings::new(names.iter().map(|n| (*n).to_owned()))
    }

    #[test]
    fn shipped_mappings_are_sound_and_named_by_their_file() {
        for (name, text) in SHIPPED {
            let mapping = Mapping::from_toml(name, text).unwrap();
            assert_eq!(mapping.name, name);
            let again = Mapping::from_toml(name, &mapping.to_toml().unwrap()).unwrap();
            assert_eq!(again, mapping);
        }
    }

    #[test]
    fn mistakes_are_refused_by_name() {
        for (from, to, says) in [
            ("title = \"Small\"", "titel = \"Small\"", "titel"),
            ("district =", "distrikt =", "distrikt"),
            ("reference = \"Ref\"", "", "reference"),
            ("\"Ref\"", "{ value = \"x\" }", "constant"),
            ("with = \" / \"", "by = \" / \"", "expected a heading"),
            ("name = \"small\"", "name = \"Small one\"", "lower-case"),
        ] {
            let error = Mapping::from_toml("m.toml", &SMALL.replacen(from, to, 1)).unwrap_err();
            assert!(error.to_string().contains(says), "{error}");
        }
    }

    #[test]
    fn headings_missing_and_left_over_are_named() {
        let mapping = Mapping::from_toml("m.toml", SMALL).unwrap();
        let findings = mapping.validate(&headings(&["Ref", "B", "C", "problem"]));
        let text: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert!(
            text.iter()
                .any(|t| t.contains("columns of the mapping: A, A."))
        );
        assert!(
            text.iter().any(|t| t.contains("not imported: B.")),
            "{text:?}"
        );
        let findings = mapping.validate(&headings(&["A", "B", "C"]));
        assert!(
            findings
                .iter()
                .any(|f| f.severity == record::Severity::Rejected)
        );
    }

    #[test]
    fn duplicate_headings_are_refused_unless_read_by_position() {
        let mapping = Mapping::from_toml("m.toml", SMALL).unwrap();
        let refused = mapping.validate(&headings(&["Ref", "A", "C", "a"]));
        assert!(
            refused[0].problem.contains("columns 2 and 4"),
            "{refused:?}"
        );
        assert_eq!(refused[0].severity, record::Severity::Rejected);
        let read = mapping.validate(&headings(&["Ref", "A", "A"]));
        assert!(read.iter().all(|f| f.severity == record::Severity::Warning));
    }
}
