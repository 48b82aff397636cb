//! What wakes a finder. Most anchors are for most finders plainly nothing: the kind of mark, how long
//! the run of letters and digits is, its first byte and two bytes on either side tell. All of that is
//! looked up, without a branch, in tables that the conditions below are turned into once.

use crate::cue::CueSet;
use crate::family::{Family, Finder};
use crate::scan::{Anchor, MARKS, Mark, Scan};

/// A set of bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Bytes([u64; 4]);

impl Bytes {
    pub(crate) const ANY: Bytes = Bytes([u64::MAX; 4]);
    pub(crate) const DIGIT: Bytes = Bytes::of(b"0123456789");
    /// ASCII letters.
    pub(crate) const LETTER: Bytes = Bytes::either_case(b"abcdefghijklmnopqrstuvwxyz");
    /// ASCII letters and digits.
    pub(crate) const WORD: Bytes = Bytes::LETTER.or(Bytes::DIGIT);
    /// Bytes of characters that are not ASCII.
    pub(crate) const HIGH: Bytes = Bytes([0, 0, u64::MAX, u64::MAX]);

    pub(crate) const fn of(these: &[u8]) -> Self {
        let mut set = [0; 4];
        let mut at = 0;
        while at < these.len() {
            set[(these[at] >> 6) as usize] |= 1 << (these[at] & 63);
            at += 1;
        }
        Bytes(set)
    }

    /// The letters given in lower case, and their capitals.
    pub(crate) const fn either_case(letters: &[u8]) -> Self {
        let mut set = Bytes::of(letters);
        let mut at = 0;
        while at < letters.len() {
            set = set.or(Bytes::of(&[letters[at].to_ascii_uppercase()]));
            at += 1;
        }
        set
    }

    pub(crate) const fn or(self, other: Bytes) -> Self {
        let (Bytes([a, b, c, d]), Bytes([e, f, g, h])) = (self, other);
        Bytes([a | e, b | f, c | g, d | h])
    }

    pub(crate) const fn not(self) -> Self {
        let Bytes([a, b, c, d]) = self;
        Bytes([!a, !b, !c, !d])
    }

    const fn has(self, byte: u8) -> bool {
        self.0[(byte >> 6) as usize] >> (byte & 63) & 1 == 1
    }
}

/// What a byte next to an anchor may be, together with the byte beyond it.
pub(crate) type Pair = (Bytes, Bytes);

const ANYTHING: &[Pair] = &[(Bytes::ANY, Bytes::ANY)];

/// A condition under which a finder is to look at an anchor. It leaves out only what the finder would
/// find nothing at.
#[derive(Clone, Copy)]
pub(crate) struct Wake {
    mark: Mark,
    shortest: usize,
    longest: usize,
    first: Bytes,
    before: &'static [Pair],
    behind: &'static [Pair],
    cues: Option<CueSet>,
}

impl Wake {
    pub(crate) const fn on(mark: Mark) -> Self {
        Wake {
            mark,
            shortest: 0,
            longest: usize::MAX,
            first: Bytes::ANY,
            before: ANYTHING,
            behind: ANYTHING,
            cues: None,
        }
    }

    /// At words that have one of these cues.
    pub(crate) const fn at(cues: CueSet) -> Self {
        Wake {
            cues: Some(cues),
            ..Wake::on(Mark::Word)
        }
    }

    /// Only where the run is `shortest` to `longest` bytes long.
    pub(crate) const fn long(self, shortest: usize, longest: usize) -> Self {
        Wake {
            shortest,
            longest,
            ..self
        }
    }

    /// Only where the run begins with one of these.
    pub(crate) const fn first(self, first: Bytes) -> Self {
        Wake { first, ..self }
    }

    /// Only where one of the pairs holds of the byte before the anchor and the one before that. Outside
    /// the text are spaces.
    pub(crate) const fn before(self, before: &'static [Pair]) -> Self {
        Wake { before, ..self }
    }

    /// Only where one of the pairs holds of the byte behind the anchor and the next one.
    pub(crate) const fn behind(self, behind: &'static [Pair]) -> Self {
        Wake { behind, ..self }
    }
}

/// Lengths told apart; all longer runs are of this class.
const LENGTHS: usize = 64;

/// One bit for each [`Wake`] of all families.
type Wakes = u64;

/// The wakes that hold of two bytes. Bytes that no wake tells apart are of one class.
struct Pairs {
    near: [u8; 256],
    far: [u8; 256],
    /// How many classes the farther bytes have.
    width: usize,
    wakes: Vec<Wakes>,
}

impl Pairs {
    fn of(conditions: &[&[Pair]]) -> Self {
        let (near, nearer) = classes(conditions, |pair| pair.0);
        let (far, farther) = classes(conditions, |pair| pair.1);
        let mut wakes = Vec::new();
        for near in &nearer {
            for far in &farther {
                let holds = |pairs: &&[Pair]| {
                    pairs
                        .iter()
                        .any(|(of_near, of_far)| of_near.has(*near) && of_far.has(*far))
                };
                wakes.push(bits(conditions.iter().map(holds)));
            }
        }
        Pairs {
            near,
            far,
            width: farther.len(),
            wakes,
        }
    }

    #[inline(always)]
    fn wakes(&self, near: u8, far: u8) -> Wakes {
        let (near, far) = (self.near[usize::from(near)], self.far[usize::from(far)]);
        self.wakes[usize::from(near) * self.width + usize::from(far)]
    }
}

/// The class of each byte, and a byte of each class.
fn classes(conditions: &[&[Pair]], side: fn(&Pair) -> Bytes) -> ([u8; 256], Vec<u8>) {
    let mut sets: Vec<Bytes> = conditions.iter().copied().flatten().map(side).collect();
    sets.sort_unstable();
    sets.dedup();
    assert!(
        sets.len() <= Wakes::BITS as usize,
        "one bit for each set of bytes"
    );
    let mut told = Vec::new();
    let mut examples = Vec::new();
    let mut class = [0; 256];
    for byte in 0..=u8::MAX {
        let of_byte = bits(sets.iter().map(|set| set.has(byte)));
        let at = told.iter().position(|other| *other == of_byte);
        let at = at.unwrap_or_else(|| {
            told.push(of_byte);
            examples.push(byte);
            told.len() - 1
        });
        class[usize::from(byte)] = at as u8;
    }
    (class, examples)
}

fn bits(holds: impl Iterator<Item = bool>) -> Wakes {
    holds
        .enumerate()
        .fold(0, |bits, (at, holds)| bits | Wakes::from(holds) << at)
}

/// A finder, the room it stands in, and the wakes that are no other's.
struct Woken {
    room: usize,
    find: Finder,
    own: Wakes,
}

/// The conditions of all families as tables.
pub(crate) struct Glance {
    lengths: Vec<Wakes>,
    first: [Wakes; 256],
    before: Pairs,
    behind: Pairs,
    /// The wakes at words, each with its cues.
    words: Vec<(CueSet, Wakes)>,
    /// The finder of each wake.
    woken: Vec<Woken>,
}

impl Glance {
    /// The tables of the families in their rooms.
    pub(crate) fn of(rooms: &[&[&Family]]) -> Self {
        Glance::with(rooms, |family| family.wakes_on.to_vec())
    }

    fn with(rooms: &[&[&Family]], wakes_of: fn(&Family) -> Vec<Wake>) -> Self {
        let mut wakes: Vec<Wake> = Vec::new();
        let mut woken = Vec::new();
        for (room, families) in rooms.iter().enumerate() {
            for family in *families {
                let from = wakes.len();
                wakes.extend(wakes_of(family));
                assert!(wakes.len() <= Wakes::BITS as usize, "one bit for each wake");
                let own = bits((0..wakes.len()).map(|at| at >= from));
                woken.resize_with(wakes.len(), || Woken {
                    room,
                    find: family.find,
                    own,
                });
            }
        }
        let mut lengths = vec![0; MARKS * LENGTHS];
        for (at, wake) in wakes.iter().enumerate() {
            // Wakes at words hold by their cues alone.
            let longest = wake.longest.min(LENGTHS - 1);
            for length in wake.shortest.min(LENGTHS - 1)..=longest {
                if wake.cues.is_none() {
                    lengths[wake.mark as usize * LENGTHS + length] |= 1 << at;
                }
            }
        }
        let word = |(at, wake): (usize, &Wake)| Some((wake.cues?, 1 << at));
        let first = |byte: usize| bits(wakes.iter().map(|wake| wake.first.has(byte as u8)));
        let before: Vec<&[Pair]> = wakes.iter().map(|wake| wake.before).collect();
        let behind: Vec<&[Pair]> = wakes.iter().map(|wake| wake.behind).collect();
        Glance {
            lengths,
            first: std::array::from_fn(first),
            before: Pairs::of(&before),
            behind: Pairs::of(&behind),
            words: wakes.iter().enumerate().filter_map(word).collect(),
            woken,
        }
    }

    /// Calls `wake` with the room and the finder of every family that is to look at the anchor.
    #[inline(always)]
    pub(crate) fn wake(
        &self,
        scan: &Scan<'_>,
        anchor: &Anchor,
        mut wake: impl FnMut(usize, Finder),
    ) {
        let mut holding = self.holding(scan, anchor);
        while holding != 0 {
            let woken = &self.woken[holding.trailing_zeros() as usize];
            wake(woken.room, woken.find);
            holding &= !woken.own;
        }
    }

    #[inline(always)]
    fn holding(&self, scan: &Scan<'_>, anchor: &Anchor) -> Wakes {
        if anchor.mark == Mark::Word {
            let held = |(cues, wake): &(CueSet, Wakes)| match anchor.cues.any(*cues) {
                true => *wake,
                false => 0,
            };
            return self.words.iter().map(held).fold(0, |all, wake| all | wake);
        }
        let (start, end) = (anchor.start, anchor.end);
        let length = (end - start).min(LENGTHS - 1);
        let before = match start.checked_sub(2) {
            Some(far) => self.before.wakes(scan.bytes[start - 1], scan.bytes[far]),
            None => self.before.wakes(scan.before(start), b' '),
        };
        self.lengths[anchor.mark as usize * LENGTHS + length]
            & self.first[usize::from(scan.byte(start))]
            & before
            & self.behind.wakes(scan.byte(end), scan.byte(end + 1))
    }
}

#[cfg(test)]
impl Glance {
    /// Wakes every finder at every anchor of its marks, for runs of any length between its shortest and
    /// its longest.
    pub(crate) fn blind(rooms: &[&[&Family]]) -> Self {
        Glance::with(rooms, |family| {
            let wakes = family.wakes_on;
            let widest = |wake: &Wake| {
                let same = || wakes.iter().filter(|other| other.mark == wake.mark);
                Wake {
                    shortest: same().map(|wake| wake.shortest).min().unwrap_or(0),
                    longest: same().map(|wake| wake.longest).max().unwrap_or(0),
                    cues: wake.cues.map(|_| CueSet::ALL),
                    ..Wake::on(wake.mark)
                }
            };
            wakes.iter().map(widest).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::extractor::Extractor;

    /// Pieces of which finders think something, and what stands around them.
    const PIECES: &[&str] = &[
        "07700 900123",
        "07700900123",
        "+44 (0)7700 900123",
        "(020) 7946 0123",
        "7700900123",
        "447700900123",
        "+1 212 555 0123",
        "£50",
        "£1,250.00",
        "50",
        "20 quid",
        "5k",
        "300 pounds",
        "GBP300",
        "500£",
        "1.5m dollars",
        "150p",
        "20-00-00",
        "200000",
        "12345678",
        "1234 5678",
        "20 00 00",
        "sort code",
        "account",
        "AB12 CDE",
        "AB 123456 C",
        "AB123456C",
        "AB 12 34 56 C",
        "M 123 ABC",
        "K123ABC",
        "ABC 123D",
        "reg",
        "SW1A 1AA",
        "sg1 2ab",
        "N1",
        "3 April 2026",
        "03/04/2026",
        "2026-04-03",
        "3rd April, 2026",
        "03APR26",
        "April 3, 2026",
        "03 / 04 / 1962",
        "4111 1111 1111 1111",
        "4111111111111111",
        "5500-0000-0000-0004",
        "GB29 NWBK 6016 1331 9268 19",
        "@lucy_x",
        "on Instagram",
        "Telegram: jo_99",
        "a.b@c.example",
        "shop.example",
        "shop[.]example",
        "shop dot example",
        "hxxp://a.example/b",
        "192.0.2.7",
        "2001:db8::7:1",
        "CVE-2026-1234",
        "T1566.002",
        "technique",
        "01234567",
        "company number",
        "SC123456",
        "0o7700",
        "oh seven seven",
        "double",
        "\n",
        "\r\n",
        " ",
        "  ",
        ".",
        ",",
        "-",
        "/",
        "(",
        ")",
        ":",
        "+",
        "'",
        "_",
        "é",
        "\u{a3}",
        "\u{e3}",
        "\u{20ac}",
        "$",
        "\u{2019}",
        "the",
        "in",
        "a",
        "x",
        "1AjSzdYFi34x7kbNVvWQ65",
        "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
        "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
    ];

    fn pieces() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            6 => prop::sample::select(PIECES).prop_map(str::to_owned),
            2 => "[0-9]{1,12}",
            1 => "[ -~\u{a0}-\u{ff}]{1,6}",
        ];
        let gap = prop_oneof![4 => Just(" "), 2 => Just(""), 1 => Just(", ")];
        prop::collection::vec((piece, gap), 1..14).prop_map(|parts| {
            let parts = parts.into_iter().map(|(piece, gap)| piece + gap);
            parts.collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// What the conditions leave out, no finder would have found.
        #[test]
        fn nothing_is_left_out(text in pieces()) {
            let seen = Extractor::new().extract(&text);
            prop_assert_eq!(seen, Extractor::blind().extract(&text), "{:?}", text);
        }
    }
}
