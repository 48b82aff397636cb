//! Which mapping a file is read by: the one named, the shipped or saved one that fits its
//! headings, or a guess for a person to confirm.

use std::path::Path;

use record::Finding;
use record::finding::Severity;

use crate::files::{
    FileError, Format, Guessed, Headings, Limits, Mapping, Origin, SHIPPED, Source,
};

/// A mapping and how it was come by.
pub struct Chosen {
    pub mapping: Mapping,
    /// In words, for the receipt.
    pub how: String,
    /// What each heading was taken for, when the mapping was guessed.
    pub guessed: Vec<Guessed>,
}

/// Why no mapping could be chosen.
#[derive(Debug, thiserror::Error)]
pub enum ChooseError {
    #[error(transparent)]
    File(#[from] FileError),
    /// A table of totals, say, must not become reports.
    #[error(
        "this does not look like a table of reports: none of its headings ({headings}) is a \
         reference, a narrative or anything of a victim's. Name its mapping with --mapping, or \
         place its columns on the mapping page"
    )]
    NotReports { headings: String },
}

/// Least share of a mapping's columns that a file must have for the mapping to be taken unasked.
const FITS: f32 = 0.6;

/// Most headings named in a message.
const MOST_NAMED: usize = 12;

/// Chooses by the file's headings among `known` mappings (saved ones first, then the shipped
/// ones), else guesses. A guess that found nothing of a report is refused.
pub fn choose(path: &Path, limits: &Limits, known: Vec<Mapping>) -> Result<Chosen, ChooseError> {
    let chosen = suggest(path, limits, known)?;
    if tells_of_reports(&chosen.mapping) {
        return Ok(chosen);
    }
    let names: Vec<&str> = chosen
        .guessed
        .iter()
        .take(MOST_NAMED)
        .map(|g| g.heading.as_str())
        .collect();
    Err(ChooseError::NotReports {
        headings: names.join(", "),
    })
}

/// The same for a person to look at: a poor guess is a place to start from.
pub fn suggest(path: &Path, limits: &Limits, known: Vec<Mapping>) -> Result<Chosen, FileError> {
    let mut source = Source::open(path, limits, &Format::default())?;
    if let Some(mapping) = fitting(source.headings(), known) {
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

/// Whether a mapping reads what makes a row a report: a reference, a narrative, or something of the
/// victim's.
pub fn tells_of_reports(mapping: &Mapping) -> bool {
    mapping.fields.iter().any(|(field, origin)| {
        let read = !matches!(origin, Origin::Digest(_) | Origin::Constant(_));
        read && (field == "reference" || field == "narrative" || field.starts_with("victim_"))
    })
}

fn fitting(headings: &Headings, known: Vec<Mapping>) -> Option<Mapping> {
    let shipped = SHIPPED
        .iter()
        .filter_map(|(name, text)| Mapping::from_toml(name, text).ok());
    let mut best: Option<(f32, Mapping)> = None;
    for mapping in known.into_iter().chain(shipped) {
        // A mapping that brings its own headings fits anything: it must be named.
        if !mapping.format.columns.is_empty() {
            continue;
        }
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
    best.map(|(_, mapping)| mapping)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(text: &str) -> Result<Chosen, ChooseError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        std::fs::write(&path, text).unwrap();
        choose(&path, &Limits::default(), Vec::new())
    }

    #[test]
    fn a_table_of_totals_is_refused_with_a_remedy() {
        let error = chosen("month,recorded_crime\n2026-01,9\n2026-02,8\n")
            .err()
            .unwrap();
        let said = error.to_string();
        assert!(
            said.contains("month, recorded_crime") && said.contains("--mapping"),
            "{said}"
        );
    }

    #[test]
    fn one_likely_heading_is_enough_for_a_guess() {
        for heading in ["Crime Reference", "Circumstances", "Victim surname"] {
            assert!(
                chosen(&format!("colour,{heading}\nred,A1\n")).is_ok(),
                "{heading}"
            );
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_says_so() {
        assert!(matches!(
            chosen(""),
            Err(ChooseError::File(FileError::Empty))
        ));
    }
}
