//! Folding of characters that hide or dress up what was written.
//!
//! Zero-width characters, no-break spaces, typographic hyphens and full-width forms are common in
//! pasted text and are used to defeat filters. Matching runs on a folded copy; [`Folded::original`]
//! takes a position in the copy back to the text as it was written. Text without such characters
//! is not copied.

use std::borrow::Cow;

/// The text to match, and how far positions in it lie from positions in the original.
pub(crate) struct Folded<'t> {
    written: &'t str,
    pub(crate) text: Cow<'t, str>,
    /// (position in the folded text, position in the original) where a run of equal offsets starts.
    runs: Vec<(usize, usize)>,
}

enum Fold {
    Keep,
    Drop,
    To(char),
}

fn fold(c: char) -> Fold {
    match c {
        // Zero-width space, joiners, marks of direction, word joiner, byte order mark, soft hyphen.
        '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{2069}'
        | '\u{FEFF}'
        | '\u{00AD}' => Fold::Drop,
        '\u{00A0}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => {
            Fold::To(' ')
        }
        '\u{2010}'..='\u{2015}' | '\u{2212}' => Fold::To('-'),
        // Full-width ASCII keeps its distance from ASCII.
        '\u{FF01}'..='\u{FF5E}' => Fold::To(char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c)),
        '\u{FFE1}' => Fold::To('£'),
        '\u{3002}' | '\u{FF61}' | '\u{2024}' => Fold::To('.'),
        _ => Fold::Keep,
    }
}

impl<'t> Folded<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        let whole = Folded {
            written: text,
            text: Cow::Borrowed(text),
            runs: Vec::new(),
        };
        // Only these bytes begin a character that is folded: most texts have none of them.
        let bytes = text.as_bytes();
        let suspect = |at: usize| match bytes[at] {
            0xE2 | 0xE3 | 0xEF => true,
            0xC2 => matches!(bytes.get(at + 1), Some(0xA0 | 0xAD)),
            _ => false,
        };
        if !(0..bytes.len()).any(suspect) {
            return whole;
        }
        let changed = |(_, c): &(usize, char)| !c.is_ascii() && !matches!(fold(*c), Fold::Keep);
        let Some((first, _)) = text.char_indices().find(changed) else {
            return whole;
        };
        let mut out = String::with_capacity(text.len());
        out.push_str(&text[..first]);
        let mut runs = Vec::new();
        for (at, c) in text[first..].char_indices() {
            let at = first + at;
            match fold(c) {
                Fold::Keep => out.push(c),
                Fold::Drop => runs.push((out.len(), at + c.len_utf8())),
                Fold::To(plain) => {
                    runs.push((out.len(), at));
                    out.push(plain);
                    runs.push((out.len(), at + c.len_utf8()));
                }
            }
        }
        Folded {
            written: text,
            text: Cow::Owned(out),
            runs,
        }
    }

    /// Where the character at byte `at` of the folded text starts in the original.
    pub(crate) fn start(&self, at: usize) -> usize {
        let run = self.runs.partition_point(|(folded, _)| *folded <= at);
        match run.checked_sub(1).and_then(|run| self.runs.get(run)) {
            Some((folded, original)) => original + (at - folded),
            None => at,
        }
    }

    /// Where what precedes byte `at` of the folded text ends in the original. Characters dropped
    /// just there stay outside.
    pub(crate) fn end(&self, at: usize) -> usize {
        let Some(last) = self.text[..at].chars().next_back() else {
            return 0;
        };
        let last = self.start(at - last.len_utf8());
        last + self.written[last..]
            .chars()
            .next()
            .map_or(0, char::len_utf8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, found: &str, raw: &str) {
        let folded = Folded::new(text);
        let at = folded.text.find(found).expect("the folded text holds it");
        assert_eq!(&text[folded.start(at)..folded.end(at + found.len())], raw);
    }

    #[test]
    fn positions_lead_back_to_what_was_written() {
        check("plain text", "text", "text");
        check("ring 077\u{200B}00 now", "07700", "077\u{200B}00");
        check(
            "code 20\u{2013}00\u{2013}00.",
            "20-00-00",
            "20\u{2013}00\u{2013}00",
        );
        check("\u{FEFF}x\u{200B}abc\u{200B}", "abc", "abc");
        check(
            "at \u{FF41}\u{FF42}\u{FF43} é",
            "abc",
            "\u{FF41}\u{FF42}\u{FF43}",
        );
        check("£5\u{A0}000 é", "5 000 é", "5\u{A0}000 é");
    }
}
