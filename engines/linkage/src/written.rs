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
    pub id: Option<String>,
    #[serde(default = "united_kingdom")]
    pub country_code: String,
    pub blocking: Vec<String>,
    pub columns: BTreeMap<String, WrittenColumn>,
    pub related: Option<WrittenRelated>,
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

/// A column: its kind, or its kind and where it comes from.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a kind such as \"name\", or { kind = …, from = […], separator = …, order = … }")]
pub(crate) enum WrittenColumn {
    Kind(Kind),
    From(WrittenFrom),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WrittenFrom {
    pub kind: Kind,
    #[serde(default)]
    pub from: Vec<String>,
    pub separator: Option<char>,
    pub order: Option<Order>,
}

/// How a date without words or a leading year is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Order {
    /// Day first, as Britons write it.
    Dmy,
    /// Month first, as Americans do.
    Mdy,
}

impl WrittenColumn {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Kind(kind) => *kind,
            Self::From(from) => from.kind,
        }
    }

    pub(crate) fn order(&self) -> Option<Order> {
        match self {
            Self::Kind(_) => None,
            Self::From(from) => from.order,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WrittenRelated {
    pub prior: f64,
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
    pub r: Option<f64>,
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
