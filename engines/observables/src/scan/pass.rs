//! The single pass over the text. Sixty-four bytes are classified at once into masks of bits; what
//! is between words costs nothing, and a word of letters alone costs one look into a sieve.

use multiversion::multiversion;
use wide::u8x16;

use super::{Anchor, CueAt, Mark, Marks, host_byte, word_byte};
use crate::cue::{Cue, CueSet, Cues, LONGEST, eight_from};

/// Letters without a digit from this length on are looked at as tokens.
const LONG: usize = 25;

/// How many bytes are classified at once.
const BLOCK: usize = 64;

/// A block, and what is behind it: eight bytes can be read from each of its places.
const WINDOW: usize = BLOCK + 8;

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
    #[inline(always)]
    fn of(window: &[u8; WINDOW]) -> Self {
        let mut classes = Classes {
            words: 0,
            digits: 0,
            signs: 0,
        };
        let (mut stop, mut spaces) = (0, 0);
        let mut at = 0;
        for sixteen in window[..BLOCK].chunks_exact(16) {
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

/// Passes over a text, with the instructions of the processor at hand: those of 2013 count bits and
/// clear the lowest one in a single step.
#[multiversion(targets("x86_64+avx2+bmi1+bmi2+lzcnt+popcnt"))]
pub(super) fn pass(bytes: &[u8], marks: &mut Marks) {
    let table = Cues::table();
    Pass {
        bytes,
        marks,
        table,
    }
    .run();
}

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

/// The bits below bit `at`.
#[inline(always)]
fn below(at: u32) -> u64 {
    (1 << at) - 1
}

impl Pass<'_, '_> {
    #[inline(always)]
    fn run(&mut self) {
        let bytes = self.bytes;
        let mut run = Run::default();
        let mut base = 0;
        while let Some(window) = bytes[base..].first_chunk() {
            self.block(base, window, &mut run);
            base += BLOCK;
        }
        // Spaces behind the text close its last word.
        while base <= bytes.len() {
            let mut window = [b' '; WINDOW];
            for (to, from) in window.iter_mut().zip(&bytes[base..]) {
                *to = *from;
            }
            self.block(base, &window, &mut run);
            base += BLOCK;
        }
    }

    /// The words and signs of the block at the beginning of `window`, in order of position.
    #[inline(always)]
    fn block(&mut self, base: usize, window: &[u8; WINDOW], run: &mut Run) {
        let Classes {
            mut words,
            digits,
            signs,
        } = Classes::of(window);
        // What needs more than the sieve, and was not seen to yet.
        let mut others = digits | signs;
        if run.open {
            let length = (!words).trailing_zeros();
            run.take(digits, words & !(words.wrapping_add(1)));
            if length == 64 {
                return;
            }
            self.word(*run, base + length as usize);
            run.open = false;
            words &= !0 << length;
            others &= !0 << length;
        }
        let mut starts = words & !(words << 1);
        let mut ends = !words & (words << 1);
        while ends != 0 {
            let from = starts.trailing_zeros();
            let behind = ends & ends.wrapping_neg();
            let to = behind.trailing_zeros();
            starts &= starts - 1;
            ends ^= behind;
            let now = others & (behind - 1);
            if now != 0 {
                others ^= now;
                if self.other(base, from, to, now) {
                    continue;
                }
            }
            let place = from as usize % BLOCK;
            let eight = window[place..place + 8].try_into().unwrap_or_default();
            let (start, end) = (base + from as usize, base + to as usize);
            self.letters(u64::from_le_bytes(eight), start, end);
        }
        if starts != 0 {
            let from = starts.trailing_zeros();
            *run = Run {
                start: base + from as usize,
                open: true,
                ..Run::default()
            };
            run.take(digits, !below(from));
            others &= below(from);
        }
        if others != 0 {
            self.signs(base, others);
        }
    }

    /// What stands before a word or in it that is not a letter; whether the word is done with.
    #[inline(never)]
    fn other(&mut self, base: usize, from: u32, to: u32, others: u64) -> bool {
        self.signs(base, others & below(from));
        let digits = others & !below(from);
        let (start, end) = (base + from as usize, base + to as usize);
        if digits == 0 {
            return false;
        }
        let whole = digits.count_ones() == to - from;
        let mark = if whole { Mark::Digits } else { Mark::Mixed };
        self.push(mark, start, end);
        true
    }

    /// Looks at the signs of the block that are in `these`.
    fn signs(&mut self, base: usize, mut these: u64) {
        while these != 0 {
            let at = base + these.trailing_zeros() as usize;
            self.sign(at, self.bytes[at]);
            these &= these - 1;
        }
    }

    fn push(&mut self, mark: Mark, start: usize, end: usize) {
        self.marks.anchors.push(Anchor {
            mark,
            start,
            end,
            cues: CueSet::of(&[]),
        });
    }

    /// A run that began in an earlier block.
    fn word(&mut self, run: Run, end: usize) {
        let Run { start, .. } = run;
        match (run.letters, run.digits) {
            (true, true) => self.push(Mark::Mixed, start, end),
            (false, _) => self.push(Mark::Digits, start, end),
            _ => self.letters(eight_from(self.bytes, start), start, end),
        }
    }

    /// A run of letters alone; `eight` are the bytes from its start on.
    #[inline(always)]
    fn letters(&mut self, eight: u64, start: usize, end: usize) {
        let length = end - start;
        if length > LONGEST {
            self.long(start, end);
        } else if self.table.may(eight, length) {
            self.cue(eight, start, end);
        }
    }

    #[inline(never)]
    fn long(&mut self, start: usize, end: usize) {
        if end - start >= LONG {
            self.push(Mark::Long, start, end);
        }
    }

    #[inline(never)]
    fn cue(&mut self, eight: u64, start: usize, end: usize) {
        let neighbours = match end - start {
            1 => self.slashed(start).or_else(|| self.platform_x(start)),
            _ => None,
        };
        let listed = || self.table.listed(eight, self.bytes, start, end - start);
        let Some(cues) = neighbours.or_else(listed) else {
            return;
        };
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
    fn slashed(&self, start: usize) -> Option<CueSet> {
        if start < 2
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
