//! Distinct texts and their numbers.

use std::hash::Hasher as _;

use rustc_hash::FxHasher;

/// Gives each distinct text a number, in order of first sight. Number 0 is the empty text.
pub(crate) struct Interner {
    bytes: Vec<u8>,
    /// For each number where its text ends; it begins where the last one's ends.
    ends: Vec<u32>,
    /// An open table with linear probing, a power of two long.
    slots: Vec<Slot>,
}

/// Number and half a hash of a text: unequal halves tell texts apart without reading them. Number 0
/// is a free slot.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    number: u32,
    half: u32,
}

/// Texts looked up together. A table of millions lies in far memory; reads that do not depend on
/// each other are waited for together.
const TOGETHER: usize = 32;

fn hash(text: &[u8]) -> u32 {
    let mut hasher = FxHasher::default();
    hasher.write(text);
    let hashed = hasher.finish();
    (hashed ^ hashed >> 32) as u32
}

/// Where to look first for half a hash in a table of so many slots (the multiplier of Knuth's
/// hash).
fn place(half: u32, slots: usize) -> usize {
    let spread = u64::from(half).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (spread >> (64 - slots.trailing_zeros())) as usize
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
            slots: vec![Slot::default(); 2 * TOGETHER],
        }
    }

    /// How many distinct texts there are, the empty one included.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The number of a text; `None` when the texts together outgrow 4 GiB.
    #[cfg(test)]
    fn number(&mut self, text: &[u8]) -> Option<u32> {
        let mut only = None;
        self.numbers([text].into_iter(), |number| only = number);
        only
    }

    /// Calls `with` for the number of each text; `None` when the texts together outgrow 4 GiB.
    pub(crate) fn numbers<'t>(
        &mut self,
        mut texts: impl Iterator<Item = &'t [u8]>,
        mut with: impl FnMut(Option<u32>),
    ) {
        let mut some: [(&[u8], u32); TOGETHER] = [(&[], 0); TOGETHER];
        loop {
            let mut count = 0;
            for (entry, text) in some.iter_mut().zip(&mut texts) {
                *entry = (text, hash(text));
                count += 1;
            }
            let some = &some[..count];
            self.make_room(count);
            self.bring_near(some);
            some.iter()
                .for_each(|(text, half)| with(self.number_of(text, *half)));
            if count < TOGETHER {
                return;
            }
        }
    }

    /// Reads what looking the texts up will read first.
    fn bring_near(&self, some: &[(&[u8], u32)]) {
        let mut found = [0_u32; TOGETHER];
        for ((_, half), found) in some.iter().zip(&mut found) {
            *found = self.slots[place(*half, self.slots.len())].number;
        }
        let mut starts = [0_usize; TOGETHER];
        for (found, start) in found.iter().zip(&mut starts) {
            *start = (*found as usize)
                .checked_sub(1)
                .map_or(0, |before| self.ends[before] as usize);
        }
        let read = starts
            .iter()
            .map(|start| self.bytes.get(*start).copied().unwrap_or_default());
        std::hint::black_box(read.fold(0, |so_far, byte| so_far ^ byte));
    }

    fn number_of(&mut self, text: &[u8], half: u32) -> Option<u32> {
        if text.is_empty() {
            return Some(0);
        }
        let mask = self.slots.len() - 1;
        let mut at = place(half, self.slots.len());
        loop {
            let slot = self.slots[at];
            if slot.number == 0 {
                break;
            }
            if slot.half == half && stretch(&self.bytes, &self.ends, slot.number) == text {
                return Some(slot.number);
            }
            at = (at + 1) & mask;
        }
        let number = u32::try_from(self.ends.len()).ok()?;
        let end = u32::try_from(self.bytes.len() + text.len()).ok()?;
        self.bytes.extend_from_slice(text);
        self.ends.push(end);
        self.slots[at] = Slot { number, half };
        Some(number)
    }

    /// Lets so many more texts come; a table is filled to three quarters.
    fn make_room(&mut self, more: usize) {
        if (self.ends.len() + more) * 4 <= self.slots.len() * 3 {
            return;
        }
        let mut slots = vec![Slot::default(); self.slots.len() * 2];
        let mask = slots.len() - 1;
        for slot in self.slots.iter().filter(|slot| slot.number != 0) {
            let mut at = place(slot.half, slots.len());
            while slots[at].number != 0 {
                at = (at + 1) & mask;
            }
            slots[at] = *slot;
        }
        self.slots = slots;
    }

    /// The text of a number.
    pub(crate) fn text(&self, number: u32) -> &[u8] {
        stretch(&self.bytes, &self.ends, number)
    }

    /// Gives up the way back from a text to its number, which takes as much room as the texts.
    pub(crate) fn close(&mut self) {
        self.slots = Vec::new();
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
