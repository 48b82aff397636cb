//! A text with the places where an observable may start (anchors) and the words that decide between
//! readings (cues).

mod pass;

use std::cell::Cell;

use self::pass::pass;
use crate::cue::CueSet;

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

/// What the pass found, in order of position. Kept between texts for its memory.
#[derive(Default)]
pub(crate) struct Marks {
    pub(crate) anchors: Vec<Anchor>,
    pub(crate) cues: Vec<CueAt>,
}

/// A text with its anchors and cues.
pub(crate) struct Scan<'t> {
    pub(crate) text: &'t str,
    pub(crate) bytes: &'t [u8],
    pub(crate) anchors: &'t [Anchor],
    cues: &'t [CueAt],
    /// The cue from which the last question was answered: the next one is asked nearby.
    hint: Cell<usize>,
}

impl<'t> Scan<'t> {
    /// Scans `text`; what it finds goes into `marks`.
    pub(crate) fn new(text: &'t str, marks: &'t mut Marks) -> Self {
        marks.anchors.clear();
        marks.cues.clear();
        let bytes = text.as_bytes();
        pass(bytes, marks);
        Scan {
            text,
            bytes,
            anchors: &marks.anchors,
            cues: &marks.cues,
            hint: Cell::new(0),
        }
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
        let first = self.first_cue_from(from);
        let rest = &self.cues[first..];
        let count = rest.iter().take_while(|cue| cue.end <= to).count();
        rest[..count].iter()
    }

    /// The first cue that starts at or behind `from`. Questions come in the order of the anchors,
    /// each about a window of the text: from one answer to the next are a few steps.
    fn first_cue_from(&self, from: usize) -> usize {
        let mut at = self.hint.get().min(self.cues.len());
        while at > 0 && self.cues[at - 1].start >= from {
            at -= 1;
        }
        while self.cues.get(at).is_some_and(|cue| cue.start < from) {
            at += 1;
        }
        self.hint.set(at);
        at
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

    /// Whether a sentence ends within the bytes: a full stop or its like, and a capital behind it.
    pub(crate) fn sentence_ends(&self, from: usize, to: usize) -> bool {
        self.bytes[from..to].windows(3).any(|three| {
            matches!(three[0], b'.' | b'!' | b'?')
                && matches!(three[1], b' ' | b'\n')
                && three[2].is_ascii_uppercase()
        })
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
    use crate::cue::Cue;

    #[test]
    fn anchors_stand_where_observables_may_start() {
        let mut marks = Marks::default();
        let scan = Scan::new("I paid £50 to a@b.co, ref AB12. Bye. hxxp://x", &mut marks);
        let marks: Vec<Mark> = scan.anchors.iter().map(|anchor| anchor.mark).collect();
        use Mark::*;
        assert_eq!(marks, [Money, Digits, At, Dot, Mixed, Scheme]);
        assert!(scan.led_by(26, 10, Cue::Reference.set()));
        assert!(!scan.led_by(21, 10, Cue::Reference.set()));
    }
}
