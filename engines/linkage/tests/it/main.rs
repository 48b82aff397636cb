//! Conformance of the linkage engine, most of it under the shipped models.

#![allow(clippy::unwrap_used, reason = "a test that cannot unwrap has failed")]

mod batch;
mod blocking;
mod conditions;
mod held;
mod models;
mod pairs;
mod properties;
mod threads;

use linkage::{Frequencies, Model};

/// Where a model of `policy/intake/` is.
fn shipped_path(file: &str) -> String {
    format!("{}/../../policy/intake/{file}", env!("CARGO_MANIFEST_DIR"))
}

/// A model of `policy/intake/`.
fn shipped(file: &str) -> Model {
    let path = shipped_path(file);
    let text = std::fs::read_to_string(&path).unwrap();
    Model::from_toml(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The shipped model of persons, which asks as well where they were and how they sound, with or
/// without frequencies.
fn spotted(frequencies: bool) -> String {
    let mut text = std::fs::read_to_string(shipped_path("linkage.toml")).unwrap();
    if !frequencies {
        text = text.replace("frequency = true\n", "");
    }
    let rules = "\"near(spot, 3) + exact(forename)\", \"metaphone(surname) + exact(forename)\",";
    let comparisons = r#"[[comparison]]
        column = "spot"
        levels = [
            { when = "exact", m = 0.6, u = 0.01 },
            { when = "within_km <= 0.05", m = 0.2, u = 0.02 },
            { when = "within_km <= 5", m = 0.1, u = 0.17 },
            { when = "else", m = 0.1, u = 0.8 },
        ]
        [[comparison]]
        name = "sound"
        columns = ["surname", "forename"]
        levels = [
            { when = "metaphone(surname) & metaphone(forename)", m = 0.6, u = 0.3 },
            { when = "else", m = 0.4, u = 0.7 },
        ]
        "#;
    text.replacen("blocking = [", &format!("blocking = [{rules}"), 1)
        .replacen("[columns]\n", "[columns]\nspot = \"position\"\n", 1)
        .replacen("[[comparison]]", &format!("{comparisons}[[comparison]]"), 1)
}

/// Shares of some names and numbers in an imagined population.
struct County;

impl Frequencies for County {
    fn share(&self, column: &str, value: &str) -> Option<f64> {
        Some(match (column, value) {
            ("surname", "smith") => 0.012,
            ("surname", "jones") => 0.007,
            ("surname", "featherstonehaugh") => 0.000_001,
            ("forename", "john") => 0.02,
            ("forename", "peregrine") => 0.000_002,
            // The number of a bank's help desk, given by one record in a hundred.
            ("phone", "+443457000000") => 0.01,
            _ => return None,
        })
    }
}
