//! Short words compared without their case and without memory of their own.

use std::sync::OnceLock;

/// Longest word that is ever compared.
const LONGEST: usize = 32;

/// A short word in lower case.
pub(crate) struct Lower {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Lower {
    /// `word` in lower case; a longer word than any that is asked for becomes the empty one.
    #[inline]
    pub(crate) fn of(word: &[u8]) -> Self {
        let mut lower = Lower {
            bytes: [0; LONGEST],
            length: 0,
        };
        if word.len() <= LONGEST {
            lower.length = word.len();
            for (to, from) in lower.bytes.iter_mut().zip(word) {
                *to = from.to_ascii_lowercase();
            }
        }
        lower
    }

    #[inline]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// The run of ASCII letters at `at`, cut off behind `most` of them.
#[inline]
pub(crate) fn letters_at(bytes: &[u8], at: usize, most: usize) -> &[u8] {
    let rest = bytes.get(at..).unwrap_or_default();
    let length = rest
        .iter()
        .take(most)
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    &rest[..length]
}

/// How many ASCII digits stand at `at`, counted up to `most`.
#[inline]
pub(crate) fn digits_at(bytes: &[u8], at: usize, most: usize) -> usize {
    bytes
        .get(at..)
        .unwrap_or_default()
        .iter()
        .take(most)
        .take_while(|byte| byte.is_ascii_digit())
        .count()
}

/// Longest word that a list can hold.
const LISTED: usize = 15;

/// A word of at most [`LISTED`] letters in lower case, and its length, as one number.
fn packed(word: &[u8]) -> u128 {
    let mut letters = [0; LISTED + 1];
    for (to, from) in letters.iter_mut().zip(word) {
        *to = from.to_ascii_lowercase();
    }
    letters[LISTED] = word.len() as u8;
    u128::from_le_bytes(letters)
}

/// A list of words in lower case, parted by spaces.
pub(crate) struct Words {
    text: &'static str,
    table: OnceLock<Table>,
}

/// Words by hash.
struct Table {
    /// Each word as [`packed`] has it; 0 where there is none.
    slots: Box<[u128]>,
    /// Bits of a hash that do not count.
    shift: u32,
}

impl Table {
    fn of(text: &str) -> Self {
        let words = text.split_ascii_whitespace().count();
        // A power of two, so large that a question meets hardly more than one word.
        let bits = (4 * words.max(1)).next_power_of_two().trailing_zeros();
        let mut table = Table {
            slots: vec![0; 1 << bits].into_boxed_slice(),
            shift: u64::BITS - bits,
        };
        for word in text.split_ascii_whitespace() {
            debug_assert!(word.len() <= LISTED, "{word} is too long for a list");
            let word = packed(word.as_bytes());
            let at = table.place(word);
            table.slots[at] = word;
        }
        table
    }

    /// Where the word stands, or the free slot where it would.
    fn place(&self, word: u128) -> usize {
        let folded = (word as u64) ^ ((word >> 64) as u64).rotate_left(29);
        let mut at = (folded.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> self.shift) as usize;
        while self.slots[at] != 0 && self.slots[at] != word {
            at = (at + 1) & (self.slots.len() - 1);
        }
        at
    }
}

impl Words {
    /// Words of at most [`LISTED`] letters.
    pub(crate) const fn new(text: &'static str) -> Self {
        Words {
            text,
            table: OnceLock::new(),
        }
    }

    /// Whether `word` is listed, in whatever case.
    pub(crate) fn has(&self, word: impl AsRef<[u8]>) -> bool {
        let word = word.as_ref();
        let table = self.table.get_or_init(|| Table::of(self.text));
        (1..=LISTED).contains(&word.len()) && table.slots[table.place(packed(word))] != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listed_in_any_case() {
        static LIST: Words = Words::new("one two three one.two.org fifteen-letters");
        assert!(LIST.has("Two") && LIST.has(b"one") && LIST.has("One.two.org"));
        assert!(LIST.has("fifteen-letters") && !LIST.has("fifteen-letters-"));
        assert!(!LIST.has("tw") && !LIST.has("") && !LIST.has("one two"));
        assert!(!LIST.has("a".repeat(40)) && !LIST.has("a".repeat(400)));
    }
}
