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

/// A list of words in lower case, parted by spaces.
pub(crate) struct Words {
    text: &'static str,
    sorted: OnceLock<Vec<&'static [u8]>>,
}

impl Words {
    pub(crate) const fn new(text: &'static str) -> Self {
        Words {
            text,
            sorted: OnceLock::new(),
        }
    }

    /// Whether `word` is listed, in whatever case.
    pub(crate) fn has(&self, word: impl AsRef<[u8]>) -> bool {
        let sorted = self.sorted.get_or_init(|| {
            let words = self.text.split_ascii_whitespace().map(str::as_bytes);
            let mut sorted: Vec<&[u8]> = words.collect();
            sorted.sort_unstable();
            sorted
        });
        let word = Lower::of(word.as_ref());
        sorted.binary_search(&word.as_bytes()).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listed_in_any_case() {
        static LIST: Words = Words::new("one two three");
        assert!(LIST.has("Two") && LIST.has(b"one"));
        assert!(!LIST.has("tw") && !LIST.has("") && !LIST.has("one two"));
        assert!(!LIST.has("a".repeat(40)));
    }
}
