//! The single pass over the text. It finds the places where an observable may start (anchors) and
//! the words that decide between readings (cues); everything else is skipped a byte at a time.

use crate::cue::{Cue, CueSet, cues_of};

/// What stands at an anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Mark {
    /// A run of digits.
    Digits,
    /// A run of letters and digits with at least one of each.
    Mixed,
    /// A run of letters too long for a word of any language.
    Long,
    /// `@`.
    At,
    /// `.` between characters of a host name.
    Dot,
    /// `://`, also where brackets defang it.
    Scheme,
    /// A colon that may belong to an IPv6 address.
    Colon,
    /// A currency sign.
    Money,
    /// An opening bracket that may defang a dot or an at sign.
    Bracket,
    /// A word that can start or end an observable by itself.
    Word,
}

/// How many kinds of mark there are.
pub(crate) const MARKS: usize = 10;

/// A place where an observable may start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Anchor {
    pub(crate) mark: Mark,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// The cues of the word, at [`Mark::Word`].
    pub(crate) cues: CueSet,
}

/// A cue word and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CueAt {
    pub(crate) cues: CueSet,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// A text with its anchors and cues, both in order.
pub(crate) struct Scan<'t> {
    pub(crate) text: &'t str,
    pub(crate) bytes: &'t [u8],
    pub(crate) anchors: Vec<Anchor>,
    pub(crate) cues: Vec<CueAt>,
}

/// Letters without a digit from this length on are looked at as tokens.
const LONG: usize = 25;

const LETTER: u8 = 1;
const DIGIT: u8 = 2;
const SIGN: u8 = 4;

static CLASS: [u8; 256] = {
    let mut class = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        if b.is_ascii_alphabetic() {
            class[byte] = LETTER;
        } else if b.is_ascii_digit() {
            class[byte] = DIGIT;
        } else if matches!(
            b,
            b'@' | b'.' | b':' | b'$' | b'[' | b'(' | b'{' | 0xC2 | 0xE2
        ) {
            class[byte] = SIGN;
        }
        byte += 1;
    }
    class
};

/// Cues whose word is an anchor too.
const SPEAKING: CueSet = CueSet::of(&[Cue::Money, Cue::Month, Cue::Platform, Cue::Dot, Cue::Cve]);

impl<'t> Scan<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        let mut scan = Scan {
            text,
            bytes: text.as_bytes(),
            anchors: Vec::new(),
            cues: Vec::new(),
        };
        let bytes = scan.bytes;
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            match CLASS[usize::from(*byte)] {
                0 => at += 1,
                SIGN => {
                    scan.sign(at, *byte);
                    at += 1;
                }
                mut classes => {
                    let start = at;
                    at += 1;
                    while let Some(byte) = bytes.get(at) {
                        let class = CLASS[usize::from(*byte)];
                        if class & (LETTER | DIGIT) == 0 {
                            break;
                        }
                        classes |= class;
                        at += 1;
                    }
                    scan.word(start, at, classes);
                }
            }
        }
        scan
    }

    fn push(&mut self, mark: Mark, start: usize, end: usize) {
        self.anchors.push(Anchor {
            mark,
            start,
            end,
            cues: CueSet::of(&[]),
        });
    }

    #[inline]
    fn word(&mut self, start: usize, end: usize, classes: u8) {
        match classes {
            LETTER if end - start >= LONG => self.push(Mark::Long, start, end),
            LETTER => {
                let Some(cues) = self
                    .slashed(start, end)
                    .or_else(|| cues_of(&self.bytes[start..end]))
                else {
                    return;
                };
                self.cues.push(CueAt { cues, start, end });
                if cues.any(SPEAKING) {
                    self.anchors.push(Anchor {
                        mark: Mark::Word,
                        start,
                        end,
                        cues,
                    });
                }
            }
            DIGIT => self.push(Mark::Digits, start, end),
            _ => self.push(Mark::Mixed, start, end),
        }
    }

    /// The abbreviations `a/c` and `s/c`, read at their last letter.
    #[inline]
    fn slashed(&self, start: usize, end: usize) -> Option<CueSet> {
        if end - start != 1 || start < 2 || self.bytes[start - 1] != b'/' || !self.opens(start - 2)
        {
            return None;
        }
        match (self.bytes[start - 2] | 0x20, self.bytes[start] | 0x20) {
            (b'a', b'c') => Some(Cue::Account.set()),
            (b's', b'c') => Some(Cue::Sort.set()),
            _ => None,
        }
    }

    fn sign(&mut self, at: usize, byte: u8) {
        let next = |ahead: usize| self.bytes.get(at + ahead).copied().unwrap_or(b' ');
        let mark = match byte {
            b'@' => Mark::At,
            b'.' if at > 0 && host_byte(self.bytes[at - 1]) && host_byte(next(1)) => Mark::Dot,
            b'.' if next(1) == b']' => Mark::Dot,
            b':' if next(1) == b'/' && next(2) == b'/' => Mark::Scheme,
            b':' if next(1) == b']' && next(2) == b'/' => Mark::Scheme,
            b':' if next(1) == b':' || next(1).is_ascii_hexdigit() || next(1) == b']' => {
                Mark::Colon
            }
            b'$' => Mark::Money,
            0xC2 if next(1) == 0xA3 => Mark::Money,
            0xE2 if next(1) == 0x82 && next(2) == 0xAC => Mark::Money,
            b'[' | b'(' | b'{' => Mark::Bracket,
            _ => return,
        };
        self.push(mark, at, at + 1);
    }

    /// The byte at `at`, or a space outside the text.
    #[inline]
    pub(crate) fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(b' ')
    }

    /// The byte before `at`, or a space at the start of the text.
    #[inline]
    pub(crate) fn before(&self, at: usize) -> u8 {
        at.checked_sub(1).map_or(b' ', |at| self.byte(at))
    }

    /// Whether a token may start at `at`: nothing that could belong to it stands before.
    pub(crate) fn opens(&self, at: usize) -> bool {
        !word_byte(self.before(at))
    }

    /// Whether a token may end at `at`.
    pub(crate) fn closes(&self, at: usize) -> bool {
        !word_byte(self.byte(at))
    }

    /// Cues that lie wholly in `from..to`, in order.
    pub(crate) fn cues_in(
        &self,
        from: usize,
        to: usize,
    ) -> impl DoubleEndedIterator<Item = &CueAt> {
        let first = self.cues.partition_point(|cue| cue.start < from);
        let last = self.cues.partition_point(|cue| cue.end <= to);
        self.cues[first.min(last)..last].iter()
    }

    /// Whether one of `wanted` stands in the `window` bytes before `at`.
    pub(crate) fn led_by(&self, at: usize, window: usize, wanted: CueSet) -> bool {
        self.distance_before(at, window, wanted).is_some()
    }

    /// Bytes between `at` and the nearest of `wanted` in the `window` bytes before.
    pub(crate) fn distance_before(
        &self,
        at: usize,
        window: usize,
        wanted: CueSet,
    ) -> Option<usize> {
        self.cues_in(at.saturating_sub(window), at)
            .rev()
            .find(|cue| cue.cues.any(wanted))
            .map(|cue| at - cue.end)
    }

    /// Bytes between `at` and the nearest of `wanted` in the `window` bytes after.
    pub(crate) fn distance_after(&self, at: usize, window: usize, wanted: CueSet) -> Option<usize> {
        self.cues_in(at, at.saturating_add(window))
            .find(|cue| cue.cues.any(wanted))
            .map(|cue| cue.start - at)
    }

    /// Whether one of `wanted` stands within `window` bytes on either side of `start..end`.
    pub(crate) fn near(&self, start: usize, end: usize, window: usize, wanted: CueSet) -> bool {
        self.led_by(start, window, wanted) || self.distance_after(end, window, wanted).is_some()
    }
}

/// Whether the byte continues a token of letters, digits and underscores.
pub(crate) fn word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Whether the byte may stand in a label of a host name; non-ASCII ones may be letters.
pub(crate) fn host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_stand_where_observables_may_start() {
        let scan = Scan::new("I paid £50 to a@b.co, ref AB12. Bye. hxxp://x");
        let marks: Vec<Mark> = scan.anchors.iter().map(|anchor| anchor.mark).collect();
        use Mark::*;
        assert_eq!(marks, [Money, Digits, At, Dot, Mixed, Scheme]);
        assert!(scan.led_by(26, 10, Cue::Reference.set()));
        assert!(!scan.led_by(21, 10, Cue::Reference.set()));
    }
}
