//! The single pass over the text. It finds the places where an observable may start (anchors) and
//! the words that decide between readings (cues). Sixty-four bytes are classified at once into
//! masks of bits; what is between words costs nothing.

use std::cell::Cell;

use wide::u8x16;

use crate::cue::{Cue, CueSet, Cues};

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

/// Letters without a digit from this length on are looked at as tokens.
const LONG: usize = 25;

/// How many bytes are classified at once.
const BLOCK: usize = 64;

/// One bit for each byte of a block.
#[derive(Clone, Copy)]
struct Classes {
    /// ASCII letters and digits.
    words: u64,
    digits: u64,
    /// What may be a sign of an observable, for [`Pass::sign`] to look at.
    signs: u64,
}

impl Classes {
    #[inline]
    fn of(block: &[u8; BLOCK]) -> Self {
        let mut classes = Classes {
            words: 0,
            digits: 0,
            signs: 0,
        };
        let (mut stop, mut spaces) = (0, 0);
        let mut at = 0;
        for sixteen in block.chunks_exact(16) {
            let bytes = u8x16::new(sixteen.try_into().unwrap_or_default());
            let lower = bytes | u8x16::splat(0x20);
            let zero = u8x16::splat(0);
            let letters = (lower - u8x16::splat(b'a')).saturating_sub(u8x16::splat(25));
            let digits = (bytes - u8x16::splat(b'0')).saturating_sub(u8x16::splat(9));
            let letters = letters.simd_eq(zero);
            let digits = digits.simd_eq(zero);
            let is = |byte: u8| bytes.simd_eq(u8x16::splat(byte));
            // Without the bit that parts the cases: `[` and `{`, `@` and the backtick, and the
            // first bytes of the pound and the euro sign.
            let folded = |byte: u8| lower.simd_eq(u8x16::splat(byte));
            let stops = is(b'.') | is(b':');
            let signs = is(b'$') | is(b'(') | folded(b'{') | folded(b'`') | folded(0xE2);
            let space = bytes.saturating_sub(u8x16::splat(b' ')).simd_eq(zero);
            classes.words |= u64::from((letters | digits).to_bitmask()) << at;
            classes.digits |= u64::from(digits.to_bitmask()) << at;
            classes.signs |= u64::from(signs.to_bitmask()) << at;
            stop |= u64::from(stops.to_bitmask()) << at;
            spaces |= u64::from(space.to_bitmask()) << at;
            at += 16;
        }
        // A full stop or a colon before a space is the sentence's.
        classes.signs |= stop & !(spaces >> 1);
        classes
    }
}

/// Cues whose word is an anchor too.
const SPEAKING: CueSet = CueSet::of(&[
    Cue::Money,
    Cue::Month,
    Cue::Platform,
    Cue::Dot,
    Cue::Cve,
    Cue::Nought,
]);

/// The pass under way.
struct Pass<'t, 'm> {
    bytes: &'t [u8],
    marks: &'m mut Marks,
    table: &'static Cues,
}

/// A run of letters and digits that is not yet at its end.
#[derive(Clone, Copy, Default)]
struct Run {
    start: usize,
    open: bool,
    letters: bool,
    digits: bool,
}

impl Run {
    /// Takes in the bytes of a block whose bits are in `part`, all of them of words.
    #[inline(always)]
    fn take(&mut self, digits: u64, part: u64) {
        self.digits |= digits & part != 0;
        self.letters |= !digits & part != 0;
    }
}

/// The lowest bits: `count` of them, one at least.
#[inline(always)]
fn ones(count: u32) -> u64 {
    !0 >> (64 - count)
}

/// The bits below bit `at`.
#[inline(always)]
fn below(at: u32) -> u64 {
    (1 << at) - 1
}

impl Pass<'_, '_> {
    fn run(&mut self) {
        let bytes = self.bytes;
        let mut run = Run::default();
        let (blocks, rest) = bytes.as_chunks::<BLOCK>();
        for (at, block) in blocks.iter().enumerate() {
            self.block(at * BLOCK, Classes::of(block), &mut run);
        }
        // Spaces behind the text close its last word.
        let mut last = [b' '; BLOCK];
        last[..rest.len()].copy_from_slice(rest);
        self.block(blocks.len() * BLOCK, Classes::of(&last), &mut run);
    }

    /// The words and signs of a block, in order of position.
    #[inline]
    fn block(&mut self, base: usize, classes: Classes, run: &mut Run) {
        let Classes {
            words,
            digits,
            mut signs,
        } = classes;
        let mut left = words;
        if run.open {
            let length = (!left).trailing_zeros();
            run.take(digits, left & !(left.wrapping_add(1)));
            if length == 64 {
                return;
            }
            self.word(*run, base + length as usize);
            run.open = false;
            left &= !0 << length;
        }
        while left != 0 {
            let from = left.trailing_zeros();
            let length = (!(left >> from)).trailing_zeros();
            if signs & below(from) != 0 {
                signs = self.signs(base, signs, below(from));
            }
            let part = ones(length) << from;
            let mut word = Run {
                start: base + from as usize,
                open: true,
                letters: false,
                digits: false,
            };
            word.take(digits, part);
            if from + length == 64 {
                *run = word;
                return;
            }
            self.word(word, base + (from + length) as usize);
            left &= !0 << (from + length);
        }
        if signs != 0 {
            self.signs(base, signs, !0);
        }
    }

    /// Looks at the signs of the block that are in `these`; the others are left.
    #[inline(never)]
    fn signs(&mut self, base: usize, signs: u64, these: u64) -> u64 {
        let mut now = signs & these;
        while now != 0 {
            let at = base + now.trailing_zeros() as usize;
            self.sign(at, self.bytes[at]);
            now &= now - 1;
        }
        signs & !these
    }

    fn push(&mut self, mark: Mark, start: usize, end: usize) {
        self.marks.anchors.push(Anchor {
            mark,
            start,
            end,
            cues: CueSet::of(&[]),
        });
    }

    #[inline(always)]
    fn word(&mut self, run: Run, end: usize) {
        if !run.digits {
            self.letters(run.start, end);
        } else if run.letters {
            self.push(Mark::Mixed, run.start, end);
        } else {
            self.push(Mark::Digits, run.start, end);
        }
    }

    /// A run of letters alone.
    #[inline(always)]
    fn letters(&mut self, start: usize, end: usize) {
        if !(2..LONG).contains(&(end - start)) {
            self.odd_letters(start, end);
        } else if self.table.may(self.bytes, start, end) {
            self.cue(self.table.of(self.bytes, start, end), start, end);
        }
    }

    /// A single letter, or too many of them.
    #[inline(never)]
    fn odd_letters(&mut self, start: usize, end: usize) {
        if end - start >= LONG {
            return self.push(Mark::Long, start, end);
        }
        let cues = self
            .slashed(start, end)
            .or_else(|| self.platform_x(start))
            .or_else(|| self.table.of(self.bytes, start, end));
        self.cue(cues, start, end);
    }

    #[inline(never)]
    fn cue(&mut self, cues: Option<CueSet>, start: usize, end: usize) {
        let Some(cues) = cues else { return };
        self.marks.cues.push(CueAt { cues, start, end });
        if cues.any(SPEAKING) {
            self.marks.anchors.push(Anchor {
                mark: Mark::Word,
                start,
                end,
                cues,
            });
        }
    }

    /// The abbreviations `a/c` and `s/c`, read at their last letter.
    #[inline]
    fn slashed(&self, start: usize, end: usize) -> Option<CueSet> {
        if end - start != 1
            || start < 2
            || self.bytes[start - 1] != b'/'
            || self.bytes[..start - 2]
                .last()
                .is_some_and(|byte| word_byte(*byte))
        {
            return None;
        }
        match (self.bytes[start - 2] | 0x20, self.bytes[start] | 0x20) {
            (b'a', b'c') => Some(Cue::Account.set()),
            (b's', b'c') => Some(Cue::Sort.set()),
            _ => None,
        }
    }

    /// The platform called X: a capital, with an account named right behind it or `on` before it.
    /// A small x is a kiss.
    fn platform_x(&self, start: usize) -> Option<CueSet> {
        if self.bytes[start] != b'X' {
            return None;
        }
        let behind = &self.bytes[start + 1..];
        let named = [
            b" @".as_slice(),
            b": @",
            b" (@",
            b" (formerly",
            b" account",
            b" handle",
        ]
        .into_iter()
        .chain([b" profile".as_slice(), b" user", b"/Twitter"])
        .any(|words| behind.starts_with(words));
        let on = self.bytes[..start].ends_with(b" on ");
        (named || on).then_some(Cue::Platform.set())
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
            // The naira, the euro, the rupee and the bitcoin.
            0xE2 if next(1) == 0x82 && matches!(next(2), 0xA6 | 0xAC | 0xB9 | 0xBF) => Mark::Money,
            b'[' | b'(' | b'{' => Mark::Bracket,
            _ => return,
        };
        self.push(mark, at, at + 1);
    }
}

impl<'t> Scan<'t> {
    /// Scans `text`; what it finds goes into `marks`.
    pub(crate) fn new(text: &'t str, marks: &'t mut Marks) -> Self {
        marks.anchors.clear();
        marks.cues.clear();
        let bytes = text.as_bytes();
        let table = Cues::table();
        Pass {
            bytes,
            marks,
            table,
        }
        .run();
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
