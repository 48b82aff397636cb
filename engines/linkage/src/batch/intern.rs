//! Distinct texts and their numbers.

use std::hash::Hasher as _;

use hashbrown::HashTable;
use rustc_hash::FxHasher;

/// Gives each distinct text a number, in order of first sight. Number 0 is the empty text.
pub(crate) struct Interner {
    bytes: Vec<u8>,
    /// For each number where its text ends; it begins where the last one's ends.
    ends: Vec<u32>,
    /// Number and half a hash of each: unequal halves tell texts apart without reading them.
    numbers: HashTable<(u32, u32)>,
}

fn hash(text: &[u8]) -> u32 {
    let mut hasher = FxHasher::default();
    hasher.write(text);
    let hashed = hasher.finish();
    (hashed ^ hashed >> 32) as u32
}

/// Half a hash spread over all bits, since the table reads both ends (the multiplier of Knuth's
/// hash).
fn placed(half: u32) -> u64 {
    u64::from(half).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn stretch<'b>(bytes: &'b [u8], ends: &[u32], number: u32) -> &'b [u8] {
    let number = number as usize;
    let start = number.checked_sub(1).map_or(0, |before| ends[before]);
    &bytes[start as usize..ends[number] as usize]
}

impl Interner {
    pub(crate) fn new() -> Self {
        Self {
            bytes: Vec::new(),
            ends: vec![0],
            numbers: HashTable::new(),
        }
    }

    /// How many distinct texts there are, the empty one included.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The number of a text; `None` when the texts together outgrow 4 GiB.
    pub(crate) fn number(&mut self, text: &[u8]) -> Option<u32> {
        if text.is_empty() {
            return Some(0);
        }
        let (bytes, ends) = (&self.bytes, &self.ends);
        let half = hash(text);
        let same =
            |(number, other): &(u32, u32)| *other == half && stretch(bytes, ends, *number) == text;
        if let Some((number, _)) = self.numbers.find(placed(half), same) {
            return Some(*number);
        }
        let number = u32::try_from(self.ends.len()).ok()?;
        let end = u32::try_from(self.bytes.len() + text.len()).ok()?;
        self.bytes.extend_from_slice(text);
        self.ends.push(end);
        self.numbers
            .insert_unique(placed(half), (number, half), |(_, half)| placed(*half));
        Some(number)
    }

    /// The text of a number.
    pub(crate) fn text(&self, number: u32) -> &[u8] {
        stretch(&self.bytes, &self.ends, number)
    }

    /// Gives up the way back from a text to its number, which takes as much room as the texts.
    pub(crate) fn close(&mut self) {
        self.numbers = HashTable::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_one_number_and_it_leads_back() {
        let mut texts = Interner::new();
        let numbers: Vec<u32> = ["b", "a", "", "b", "ab", "a"]
            .map(|text| texts.number(text.as_bytes()).unwrap())
            .to_vec();
        assert_eq!(numbers, [1, 2, 0, 1, 3, 2]);
        assert_eq!(texts.len(), 4);
        assert_eq!(texts.text(3), b"ab");
        for n in 0..10_000_u32 {
            texts.number(n.to_string().as_bytes()).unwrap();
        }
        let again = texts.number(b"777").unwrap();
        assert_eq!(texts.text(again), b"777");
    }
}
