//! The model file as a person writes it. Unknown keys are refused: a mistyped key would otherwise
//! be silence.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::Kind;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    pub version: u32,
    pub prior: f64,
    pub link: f64,
    pub review: f64,
    #[serde(default = "united_kingdom")]
    pub country_code: String,
    pub blocking: Vec<String>,
    pub columns: BTreeMap<String, Kind>,
    #[serde(default)]
    pub comparison: Vec<WrittenComparison>,
    #[serde(default)]
    pub ceiling: Vec<WrittenCeiling>,
    #[serde(default)]
    pub unknown: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub drop_words: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub abbreviations: BTreeMap<String, String>,
    #[serde(default)]
    pub nicknames: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WrittenComparison {
    pub name: Option<String>,
    pub column: Option<String>,
    pub columns: Option<Vec<String>>,
    #[serde(default)]
    pub frequency: bool,
    pub frequency_most: Option<f64>,
    pub levels: Vec<WrittenLevel>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WrittenLevel {
    pub when: String,
    pub label: Option<String>,
    pub m: f64,
    pub u: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WrittenCeiling {
    pub name: String,
    pub when: String,
    pub at_most: f64,
}

fn united_kingdom() -> String {
    "44".to_owned()
}
