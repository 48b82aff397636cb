//! The mappings a file can be read by, and the one it is read by at first.

use std::path::Path;

use web::parts::Choice;

use super::choose::{suggest, tells_of_reports};
use super::trial::Columns;
use crate::files::{FileError, Format, Limits, Mapping, SHIPPED, Source};

/// Key of the mapping, the mapping, how it was come by, and the file's columns.
pub(super) type Looked = (String, Mapping, String, Columns);

/// The mapping a file is read by at first, why, and the file's columns. Blocks.
pub(super) fn look(
    path: &Path,
    limits: &Limits,
    saved: Vec<Mapping>,
    named: Option<(String, Mapping)>,
    guess: bool,
) -> Result<Looked, FileError> {
    if let Some((key, mapping)) = named {
        let columns = Columns::read(path, limits, &mapping.format)?;
        let how = format!("Started from the mapping {}.", mapping.title);
        return Ok((key, mapping, how, columns));
    }
    let saved_names: Vec<String> = saved.iter().map(|m| m.name.clone()).collect();
    let mut chosen = suggest(path, limits, saved)?;
    if guess && chosen.guessed.is_empty() {
        let format = Format::default();
        let guess =
            Source::open(path, limits, &format)?.guess("guessed", "Guessed from the headings")?;
        chosen.mapping = guess.mapping;
        chosen.guessed = guess.columns;
    }
    let columns = Columns::read(path, limits, &chosen.mapping.format)?;
    let name = chosen.mapping.name.clone();
    let (key, how) = if !chosen.guessed.is_empty() {
        let how = if tells_of_reports(&chosen.mapping) {
            "No known mapping fits this file. The columns below are a guess from the headings \
             and what stands under them."
        } else {
            "No known mapping fits this file, and none of its headings is a reference, a \
             narrative or anything of a victim's. If its rows are reports, say which column is which."
        };
        ("guessed".to_owned(), how.to_owned())
    } else if saved_names.contains(&name) {
        let how = format!(
            "The mapping confirmed before for {} fits this file.",
            chosen.mapping.title
        );
        (format!("saved:{name}"), how)
    } else {
        let how = format!(
            "The shipped mapping {} fits this file.",
            chosen.mapping.title
        );
        (format!("shipped:{name}"), how)
    };
    Ok((key, chosen.mapping, how, columns))
}

/// Mappings a person may start from: confirmed ones, then shipped ones, each with its key.
pub(super) fn every_mapping(saved: &[Mapping]) -> Vec<(String, Mapping)> {
    let saved = saved
        .iter()
        .map(|m| (format!("saved:{}", m.name), m.clone()));
    let shipped = SHIPPED.iter().filter_map(|(name, text)| {
        Some((
            format!("shipped:{name}"),
            Mapping::from_toml(name, text).ok()?,
        ))
    });
    saved.chain(shipped).collect()
}

/// The same as choices.
pub(super) fn starts(all: &[(String, Mapping)], now: &str) -> Vec<Choice> {
    let named = all.iter().map(|(key, mapping)| {
        let kind = if key.starts_with("saved:") {
            "confirmed before"
        } else {
            "shipped"
        };
        Choice::new(key.clone(), format!("{} ({kind})", mapping.title)).chosen(key == now)
    });
    std::iter::once(Choice::new("guessed", "Guess from the headings").chosen(now == "guessed"))
        .chain(named)
        .collect()
}
