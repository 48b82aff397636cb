//! Which mapping a file is read by: the one named, the shipped or saved one that fits its
//! headings, or a guess for a person to confirm.

use std::path::Path;

use record::Finding;
use record::finding::Severity;

use crate::files::{FileError, Format, Guessed, Limits, Mapping, SHIPPED, Source};

/// A mapping and how it was come by.
pub struct Chosen {
    pub mapping: Mapping,
    /// In words, for the receipt.
    pub how: String,
    /// What each heading was taken for, when the mapping was guessed.
    pub guessed: Vec<Guessed>,
}

/// Least share of a mapping's columns that a file must have for the mapping to be taken unasked.
const FITS: f32 = 0.6;

/// Chooses by the file's headings among `known` mappings (saved ones first, then the shipped
/// ones), else guesses.
pub fn choose(path: &Path, limits: &Limits, known: Vec<Mapping>) -> Result<Chosen, FileError> {
    let mut source = Source::open(path, limits, &Format::default())?;
    let shipped = SHIPPED
        .iter()
        .filter_map(|(name, text)| Mapping::from_toml(name, text).ok());
    let mut best: Option<(f32, Mapping)> = None;
    for mapping in known.into_iter().chain(shipped) {
        // A mapping that brings its own headings fits anything: it must be named.
        if !mapping.format.columns.is_empty() {
            continue;
        }
        let headings = source.headings();
        let refused = mapping
            .validate(headings)
            .iter()
            .any(|f: &Finding| f.severity == Severity::Rejected);
        let columns: Vec<&String> = mapping
            .fields
            .values()
            .flat_map(|origin| origin.columns())
            .collect();
        let there = columns
            .iter()
            .filter(|c| headings.position(c).is_some())
            .count();
        // As a share of the file's columns: a mapping that leaves most of a file unread is no fit.
        #[expect(clippy::cast_precision_loss, reason = "a table has few columns")]
        let share = there as f32 / headings.len().max(1) as f32;
        if !refused && share >= FITS && best.as_ref().is_none_or(|(s, _)| share > *s) {
            best = Some((share, mapping));
        }
    }
    if let Some((_, mapping)) = best {
        let how = format!("mapping {:?}, by the file's headings", mapping.name);
        return Ok(Chosen {
            mapping,
            how,
            guessed: Vec::new(),
        });
    }
    let guess = source.guess("guessed", "Guessed from the headings")?;
    Ok(Chosen {
        mapping: guess.mapping,
        how: "a mapping guessed from the headings".to_owned(),
        guessed: guess.columns,
    })
}
