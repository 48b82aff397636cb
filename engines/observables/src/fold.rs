//! Folding of characters that hide or dress up what was written.
//!
//! Zero-width characters, no-break spaces, typographic hyphens, full-width and mathematical
//! letters, digits of other scripts, keycaps and soft line breaks are common in pasted text and are
//! used to defeat filters. Matching runs on a folded copy; [`Folded::start`] takes a position in the
//! copy back to the text as it was written. Text without such characters is not copied.
//!
//! Letters of other scripts that look like Latin ones (Unicode UTS 39) are folded only in a word
//! that mixes them with Latin letters or digits: no registry gives out such a name, so it was
//! written to be seen and not to be typed. A word wholly in another script is left as it is.

use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;
use wide::u8x16;

/// Folds texts one after another, in the same memory.
#[derive(Default)]
pub(crate) struct Folder {
    text: String,
    runs: Vec<(usize, usize)>,
}

/// The text to match, and how far positions in it lie from positions in the original.
pub(crate) struct Folded<'t> {
    written: &'t str,
    pub(crate) text: &'t str,
    /// (position in the folded text, position in the original) where a run of equal offsets starts.
    runs: &'t [(usize, usize)],
}

enum Fold {
    Keep,
    Drop,
    To(char),
    /// Looks like this ASCII letter or digit and belongs to another script.
    Looks(char),
}

fn fold(c: char) -> Fold {
    match c {
        // Latin-1 but for its space and soft hyphen, and Latin letters beyond it.
        '\u{00A0}' => Fold::To(' '),
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{180E}' => Fold::Drop,
        ..'\u{0300}' | '\u{1E00}'..='\u{1EFF}' => Fold::Keep,
        // Zero-width characters, marks of direction, word joiner, byte order mark.
        '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' => Fold::Drop,
        // Variation selectors, the keycap, tags.
        '\u{FEFF}' | '\u{FE00}'..='\u{FE0F}' | '\u{20E3}' | '\u{E0000}'..='\u{E01EF}' => Fold::Drop,
        // Quotation marks and the euro are looked at as they are.
        '\u{2018}'..='\u{201F}' | '\u{20AC}' | '\u{2026}' => Fold::Keep,
        '\u{2010}'..='\u{2015}' | '\u{2212}' => Fold::To('-'),
        '\u{2028}' | '\u{2029}' => Fold::To('\n'),
        '\u{3002}' | '\u{FF61}' => Fold::To('.'),
        '\u{2044}' | '\u{2215}' | '\u{29F8}' => Fold::To('/'),
        '\u{2236}' | '\u{A789}' => Fold::To(':'),
        '\u{FFE1}' => Fold::To('£'),
        // Superscripts and subscripts mark notes and powers, not digits of a number.
        '\u{2070}'..='\u{209F}' => Fold::Keep,
        _ => digit(c).map_or_else(|| compatible(c), Fold::To),
    }
}

/// The ASCII digit of a decimal digit in the scripts in use around here.
fn digit(c: char) -> Option<char> {
    const ZEROS: [u32; 9] = [
        0x0660, 0x06F0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0BE6, 0x0C66, 0x0E50,
    ];
    ZEROS.iter().find_map(|zero| {
        let value = u32::from(c).checked_sub(*zero)?;
        char::from_digit(value, 10)
    })
}

/// A single ASCII character that is compatible with `c` (full-width, circled, mathematical), or
/// that `c` looks like.
fn compatible(c: char) -> Fold {
    let mut plain = std::iter::once(c).nfkc();
    if let (Some(ascii @ ' '..='~'), None) = (plain.next(), plain.next()) {
        return Fold::To(ascii);
    }
    if !c.is_alphabetic() {
        return Fold::Keep;
    }
    let mut bytes = [0; 4];
    let mut looks = skeleton(c.encode_utf8(&mut bytes));
    match (looks.next(), looks.next()) {
        (Some(ascii), None) if ascii.is_ascii_alphanumeric() => Fold::Looks(ascii),
        _ => Fold::Keep,
    }
}

/// How the look-alikes of a word are to be read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    /// A word of its own script.
    Foreign,
    /// Latin letters, some of them dressed up.
    Latin,
    /// A number in which letters stand for digits.
    Number,
}

/// Judges the word around the look-alike at `at`, not looking before `from`; and where it ends.
fn judge(text: &str, from: usize, at: usize) -> (Word, usize) {
    let of_word = |c: &char| c.is_alphanumeric() || matches!(fold(*c), Fold::Drop);
    let before: usize = text[from..at]
        .chars()
        .rev()
        .take_while(of_word)
        .map(char::len_utf8)
        .sum();
    let behind: usize = text[at..]
        .chars()
        .take_while(of_word)
        .map(char::len_utf8)
        .sum();
    let (mut letters, mut digits, mut strange) = (false, false, false);
    for c in text[at - before..at + behind].chars() {
        let plain = match fold(c) {
            Fold::To(plain) => plain,
            Fold::Looks(_) | Fold::Drop => continue,
            Fold::Keep => c,
        };
        letters |= plain.is_ascii_alphabetic();
        digits |= plain.is_ascii_digit();
        strange |= u32::from(plain) >= 0x0300;
    }
    let word = match (letters, digits) {
        _ if strange => Word::Foreign,
        (true, _) => Word::Latin,
        (false, true) => Word::Number,
        (false, false) => Word::Foreign,
    };
    (word, at + behind)
}

fn as_digit(looks: char) -> char {
    match looks {
        'O' | 'o' => '0',
        'l' | 'I' | 'i' => '1',
        other => other,
    }
}

/// Positions of bytes that may begin something to fold: of most texts there are none.
struct Suspects<'t> {
    bytes: &'t [u8],
    base: usize,
    mask: u32,
}

impl Suspects<'_> {
    fn mask(sixteen: [u8; 16]) -> u32 {
        let bytes = u8x16::new(sixteen);
        // Bytes that lead a character of UTF-8 are 0xC2 and more; 0xC3 leads Latin-1 letters.
        let lead = bytes.max(u8x16::splat(0xC2)).simd_eq(bytes);
        let accented = bytes.simd_eq(u8x16::splat(0xC3));
        let equals = bytes.simd_eq(u8x16::splat(b'='));
        (lead.to_bitmask() & !accented.to_bitmask()) | equals.to_bitmask()
    }
}

impl Iterator for Suspects<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        while self.mask == 0 {
            let rest = self
                .bytes
                .get(self.base..)
                .filter(|rest| !rest.is_empty())?;
            self.mask = match rest.first_chunk() {
                Some(sixteen) => Self::mask(*sixteen),
                None => {
                    let mut last = [b' '; 16];
                    last[..rest.len()].copy_from_slice(rest);
                    Self::mask(last)
                }
            };
            self.base += 16;
        }
        let at = self.base - 16 + self.mask.trailing_zeros() as usize;
        self.mask &= self.mask - 1;
        Some(at)
    }
}

/// What the character at `at` is folded to, if to anything, and its width. `word` is the last word
/// judged and where it ends.
fn folded_at(written: &str, at: usize, word: &mut (Word, usize)) -> Option<(Option<char>, usize)> {
    let c = written[at..].chars().next()?;
    let plain = match fold(c) {
        Fold::Keep => return None,
        Fold::Drop => None,
        Fold::To(plain) => Some(plain),
        Fold::Looks(looks) => {
            if at >= word.1 {
                *word = judge(written, word.1, at);
            }
            match word.0 {
                Word::Foreign => return None,
                Word::Latin => Some(looks),
                Word::Number => Some(as_digit(looks)),
            }
        }
    };
    Some((plain, c.len_utf8()))
}

impl Folder {
    /// The text to match for `written`.
    pub(crate) fn fold<'t>(&'t mut self, written: &'t str) -> Folded<'t> {
        self.text.clear();
        self.runs.clear();
        let bytes = written.as_bytes();
        let suspects = Suspects {
            bytes,
            base: 0,
            mask: 0,
        };
        let mut copied = 0;
        let mut word = (Word::Foreign, 0);
        for at in suspects {
            let (plain, width) = match &bytes[at..] {
                // A soft line break of quoted-printable text (RFC 2045 §6.7).
                [b'=', b'\n', ..] => (None, 2),
                [b'=', b'\r', b'\n', ..] => (None, 3),
                [b'=', ..] | [0xC2, 0xA3, ..] => continue,
                _ => match folded_at(written, at, &mut word) {
                    Some(folded) => folded,
                    None => continue,
                },
            };
            self.text.push_str(&written[copied..at]);
            copied = at + width;
            if let Some(plain) = plain {
                self.runs.push((self.text.len(), at));
                self.text.push(plain);
            }
            self.runs.push((self.text.len(), copied));
        }
        if self.runs.is_empty() {
            return Folded {
                written,
                text: written,
                runs: &[],
            };
        }
        self.text.push_str(&written[copied..]);
        Folded {
            written,
            text: &self.text,
            runs: &self.runs,
        }
    }
}

impl Folded<'_> {
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
        if self.runs.is_empty() {
            return at;
        }
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
        let mut folder = Folder::default();
        let folded = folder.fold(text);
        let at = folded.text.find(found).expect("the folded text holds it");
        assert_eq!(&text[folded.start(at)..folded.end(at + found.len())], raw);
    }

    #[track_caller]
    fn same(text: &str) {
        assert_eq!(Folder::default().fold(text).text, text);
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
        check("evil.co=\r\nm now", "evil.com", "evil.co=\r\nm");
    }

    #[test]
    fn look_alikes_in_a_mixed_word() {
        check(
            "p\u{430}yp\u{430}l.com",
            "paypal.com",
            "p\u{430}yp\u{430}l.com",
        );
        check("\u{430}b\u{200B}\u{441}", "abc", "\u{430}b\u{200B}\u{441}");
        // Digits: letters that look like them, another script's, keycaps, mathematical ones.
        check(
            "\u{41E}77\u{41E}\u{41E}",
            "07700",
            "\u{41E}77\u{41E}\u{41E}",
        );
        check("\u{660}\u{667}\u{667}", "077", "\u{660}\u{667}\u{667}");
        check(
            "0\u{FE0F}\u{20E3}7\u{FE0F}\u{20E3}",
            "07",
            "0\u{FE0F}\u{20E3}7",
        );
        check("\u{1D7F6}\u{1D7F7}", "01", "\u{1D7F6}\u{1D7F7}");
    }

    #[test]
    fn words_of_their_own_script_stay() {
        same("\u{430}\u{440}\u{440}\u{4CF}\u{435}.com");
        same(
            "\u{43F}\u{43E}\u{447}\u{442}\u{430} caf\u{E9} \u{6F22}\u{5B57} kap\u{131} a\u{2019}s",
        );
        same("10\u{B2} x\u{2074} = y");
    }
}
