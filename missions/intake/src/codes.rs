//! Crime codes: data the Force Crime Registrar keeps, in `policy/intake/crime-codes.csv`.

use std::collections::BTreeMap;

use record::policy::{Files, PolicyError};
use record::report::CrimeClass;
use serde::Deserialize;

/// One code of the Home Office Counting Rules or the national bureau.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrimeCode {
    pub code: String,
    pub title: String,
    pub family: String,
    #[serde(deserialize_with = "class")]
    pub default_class: CrimeClass,
    /// `national` or `force`: who records the crime.
    pub recorded_by: String,
    /// Topic of the advice library.
    pub advice_key: String,
    #[serde(default)]
    pub notes: String,
    /// `checked` or `unverified`: whether the title was seen in a source.
    pub basis: String,
}

fn class<'de, D: serde::Deserializer<'de>>(d: D) -> Result<CrimeClass, D::Error> {
    let text = String::deserialize(d)?;
    CrimeClass::parse(&text)
        .ok_or_else(|| serde::de::Error::custom(format!("{text:?} is not a class")))
}

/// All codes, by code.
#[derive(Debug, Clone, Default)]
pub struct CrimeCodes(BTreeMap<String, CrimeCode>);

impl CrimeCodes {
    pub const FILE: &'static str = "intake/crime-codes.csv";

    /// Reads the table; a bad row or a code given twice stops the start and is named.
    pub fn read(files: &Files) -> Result<CrimeCodes, PolicyError> {
        let mut codes = BTreeMap::new();
        let mut reader = csv::Reader::from_reader(files.text(Self::FILE)?.as_bytes());
        for row in reader.deserialize() {
            let code: CrimeCode = row.map_err(|e| PolicyError::new(Self::FILE, e.to_string()))?;
            if let Some(twice) = codes.insert(code.code.clone(), code) {
                let problem = format!("code {} is there twice. Keep one", twice.code);
                return Err(PolicyError::new(Self::FILE, problem));
            }
        }
        Ok(CrimeCodes(codes))
    }

    pub fn get(&self, code: &str) -> Option<&CrimeCode> {
        self.0.get(code)
    }

    pub fn iter(&self) -> impl Iterator<Item = &CrimeCode> {
        self.0.values()
    }

    /// The title to show for a code that may be empty or unknown.
    pub fn title(&self, code: &str) -> String {
        match self.get(code) {
            Some(found) => found.title.clone(),
            None if code.is_empty() => "No crime code given".to_owned(),
            None => format!("Code {code}"),
        }
    }
}
