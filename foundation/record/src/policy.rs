//! Policy files: what the unit decided, as data. Read once at start, refused when a key is unknown
//! or a number is out of range, and named by digest in every decision that used them.

use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

/// Why a policy file was refused: which file, what is wrong, what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {problem}")]
pub struct PolicyError {
    pub file: String,
    pub problem: String,
}

impl PolicyError {
    pub fn new(file: &str, problem: impl Into<String>) -> PolicyError {
        PolicyError {
            file: file.to_owned(),
            problem: problem.into(),
        }
    }
}

/// The policy folder as text, by path below it: `intake/triage.toml`. Read by whoever starts the
/// product; nothing here opens a file.
#[derive(Debug, Clone, Default)]
pub struct Files(pub std::collections::BTreeMap<String, String>);

impl Files {
    /// The text of one file.
    pub fn text(&self, file: &str) -> Result<&str, PolicyError> {
        self.0.get(file).map(String::as_str).ok_or_else(|| {
            PolicyError::new(
                file,
                "the file is missing. Restore it, or export the shipped policy again",
            )
        })
    }

    /// One TOML file as its type.
    pub fn read<T: DeserializeOwned>(&self, file: &str) -> Result<Versioned<T>, PolicyError> {
        read(file, self.text(file)?)
    }

    /// Files of a folder, in order of name.
    pub fn below(&self, folder: &str) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .filter(move |(path, _)| path.starts_with(folder))
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }
}

/// A policy with the digest of the text it came from.
#[derive(Debug, Clone)]
pub struct Versioned<T> {
    pub policy: T,
    /// First 16 hex digits of the SHA-256 of the file.
    pub digest: String,
}

/// The digest a decision records: first 16 hex digits of SHA-256.
pub fn digest(text: &str) -> String {
    hex::encode(&Sha256::digest(text.as_bytes())[..8])
}

/// Reads one TOML policy into its type. The type should deny unknown fields.
pub fn read<T: DeserializeOwned>(file: &str, text: &str) -> Result<Versioned<T>, PolicyError> {
    let policy = toml::from_str(text).map_err(|e| PolicyError::new(file, e.to_string()))?;
    Ok(Versioned {
        policy,
        digest: digest(text),
    })
}
