//! An extractor: what finding observables in many texts, one after another, keeps between them.

use std::sync::Arc;

use crate::family::{self, Find, Finds};
use crate::fold::Folder;
use crate::kind::Kind;
use crate::kinds::modulus::Modulus;
use crate::resolve::resolve;
use crate::scan::{Marks, Scan};
use crate::{Observable, fold};

/// Something found, borrowed from the text and from the extractor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found<'t, 'e> {
    /// What it is.
    pub kind: Kind,
    /// The canonical value.
    pub value: &'e str,
    /// The characters it was read from, as written.
    pub raw: &'t str,
    /// Byte offset of the first character in the text.
    pub start: usize,
    /// Byte offset behind the last character.
    pub end: usize,
}

/// Finds observables in one text after another and keeps its memory between them.
#[derive(Default)]
pub struct Extractor {
    folder: Folder,
    marks: Marks,
    finds: Finds,
}

impl Extractor {
    /// An extractor that holds sort codes and account numbers to their form alone.
    pub fn new() -> Self {
        Self::default()
    }

    /// An extractor that refuses sort codes with account numbers that cannot belong to them, where
    /// there is a table to tell by.
    pub fn with_modulus(modulus: Option<&Arc<Modulus>>) -> Self {
        let mut extractor = Self::default();
        extractor.finds.bank.modulus = modulus.map(Arc::clone);
        extractor
    }

    /// Every observable in `text`, in order of position; see [`crate::extract`].
    pub fn extract<'t>(&mut self, text: &'t str) -> Vec<Observable<'t>> {
        let mut all = Vec::new();
        self.each(text, |found| {
            all.push(Observable {
                kind: found.kind,
                value: found.value.to_owned(),
                raw: found.raw,
                start: found.start,
                end: found.end,
            });
        });
        all
    }

    /// Calls `each` with every observable in `text`, in order of position, without taking memory
    /// for them.
    pub fn each<'t>(&mut self, text: &'t str, mut each: impl FnMut(Found<'t, '_>)) {
        let folded = self.folder.fold(text);
        let scan = Scan::new(folded.text, &mut self.marks);
        family::find_all(&scan, &mut self.finds);
        resolve(&mut self.finds.list);
        for find in &mut self.finds.list {
            each(found(text, &folded, find));
            find.parts.sort_by_key(|part| (part.start, part.kind));
            for part in &find.parts {
                each(found(text, &folded, part));
            }
        }
    }
}

fn found<'t, 'e>(text: &'t str, folded: &fold::Folded<'_>, find: &'e Find) -> Found<'t, 'e> {
    let (start, end) = (folded.start(find.start), folded.end(find.end));
    Found {
        kind: find.kind,
        value: &find.value,
        raw: &text[start..end],
        start,
        end,
    }
}
