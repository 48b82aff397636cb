//! An extractor: what finding observables in many texts, one after another, keeps between them.

use std::sync::Arc;

use crate::Observable;
use crate::family::{Find, Finds, Rooms, Search};
use crate::fold::{Folded, Folder};
use crate::kind::Kind;
use crate::kinds::modulus::Modulus;
use crate::resolve::resolve;
use crate::scan::{Marks, Scan};

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

/// What was found in one text, in order of position.
pub struct Answers<'t, 'e> {
    text: &'t str,
    folded: &'e Folded<'e>,
    finds: std::slice::Iter<'e, Find>,
    parts: std::slice::Iter<'e, Find>,
}

impl<'t, 'e> Iterator for Answers<'t, 'e> {
    type Item = Found<'t, 'e>;

    fn next(&mut self) -> Option<Self::Item> {
        let find = match self.parts.next() {
            Some(part) => part,
            None => {
                let find = self.finds.next()?;
                self.parts = find.parts.iter();
                find
            }
        };
        let (start, end) = (self.folded.start(find.start), self.folded.end(find.end));
        Some(Found {
            kind: find.kind,
            value: &find.value,
            raw: &self.text[start..end],
            start,
            end,
        })
    }
}

/// How many texts are searched together, and how many bytes of text, if they are more than one.
const TOGETHER: usize = 256;
const BYTES_TOGETHER: usize = 1 << 17;

/// Finds observables in many texts and keeps its memory between them.
#[derive(Default)]
pub struct Extractor {
    desks: Vec<Desk>,
    rooms: Rooms,
    modulus: Option<Arc<Modulus>>,
}

/// The memory for one text of those that are searched together.
#[derive(Default)]
struct Desk {
    folder: Folder,
    marks: Marks,
    finds: Finds,
}

impl Extractor {
    /// An extractor that holds sort codes and account numbers to their form alone.
    pub fn new() -> Self {
        Self::default()
    }

    /// An extractor without the conditions that spare finders a look.
    #[cfg(test)]
    pub(crate) fn blind() -> Self {
        Extractor {
            rooms: Rooms::blind(),
            ..Self::default()
        }
    }

    /// An extractor that refuses sort codes with account numbers that cannot belong to them, where
    /// there is a table to tell by.
    pub fn with_modulus(modulus: Option<&Arc<Modulus>>) -> Self {
        Extractor {
            modulus: modulus.map(Arc::clone),
            ..Self::default()
        }
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
    pub fn each<'t>(&mut self, text: &'t str, each: impl FnMut(Found<'t, '_>)) {
        let mut each = each;
        self.together(&[text], |answers| answers.for_each(&mut each));
    }

    /// Calls `answer` once for each of `texts`, in their order. Each text is searched by itself and
    /// the answers are those of [`Extractor::each`]; many texts at once take less time.
    pub fn all<'t>(&mut self, texts: &[&'t str], mut answer: impl FnMut(Answers<'t, '_>)) {
        let mut rest = texts;
        while !rest.is_empty() {
            let mut bytes = 0;
            let many = rest.iter().take(TOGETHER).take_while(|text| {
                let before = bytes;
                bytes += text.len();
                before == 0 || bytes <= BYTES_TOGETHER
            });
            let (now, later) = rest.split_at(many.count());
            self.together(now, &mut answer);
            rest = later;
        }
    }

    fn together<'t>(&mut self, texts: &[&'t str], mut answer: impl FnMut(Answers<'t, '_>)) {
        while self.desks.len() < texts.len() {
            let mut desk = Desk::default();
            desk.finds.bank.modulus = self.modulus.clone();
            self.desks.push(desk);
        }
        let mut folds = Vec::with_capacity(texts.len());
        let mut searches = Vec::with_capacity(texts.len());
        for (text, desk) in texts.iter().zip(&mut self.desks) {
            let folded = desk.folder.fold(text);
            searches.push(Search {
                scan: Scan::new(folded.text, &mut desk.marks),
                finds: &mut desk.finds,
            });
            folds.push(folded);
        }
        self.rooms.search(&mut searches);
        for ((text, folded), search) in texts.iter().zip(&folds).zip(searches) {
            let finds = &mut search.finds.list;
            resolve(finds);
            for find in finds.iter_mut() {
                find.parts.sort_by_key(|part| (part.start, part.kind));
            }
            answer(Answers {
                text,
                folded,
                finds: finds.iter(),
                parts: [].iter(),
            });
        }
    }
}
