//! Short plain values in one number, so that dates, telephone numbers, postcodes and references are
//! compared by arithmetic and not letter by letter.
//!
//! The first symbol stands in the lowest bits. Digits, `+` and `-` take four bits each, up to 13 of
//! them; with capitals every symbol takes six, up to nine.

/// A packed value; [`NONE`] where the text is too long or not plain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Packed(pub(crate) u64);

/// Nothing was packed.
pub(crate) const NONE: Packed = Packed(0);

const DIGITS: u64 = 1 << 62;
const LETTERS: u64 = 1 << 63;
const LENGTH: u32 = 56;
const BODY: u64 = (1 << LENGTH) - 1;

/// Packs a normal form.
pub(crate) fn pack(text: &str) -> Packed {
    let bytes = text.as_bytes();
    let digit = |byte: &u8| match byte {
        b'0'..=b'9' => Some(u64::from(byte - b'0')),
        b'+' => Some(10),
        b'-' => Some(11),
        _ => None,
    };
    let letter = |byte: &u8| match byte {
        b'0'..=b'9' => Some(u64::from(byte - b'0')),
        b'A'..=b'Z' => Some(u64::from(byte - b'A') + 10),
        _ => None,
    };
    let length = (bytes.len() as u64) << LENGTH;
    if bytes.len() <= 13
        && let Some(body) = symbols(bytes, 4, digit)
    {
        return Packed(DIGITS | length | body);
    }
    if bytes.len() <= 9
        && let Some(body) = symbols(bytes, 6, letter)
    {
        return Packed(LETTERS | length | body);
    }
    NONE
}

fn symbols(bytes: &[u8], width: usize, of: impl Fn(&u8) -> Option<u64>) -> Option<u64> {
    let mut body = 0;
    for (at, byte) in bytes.iter().enumerate() {
        body |= of(byte)? << (at * width);
    }
    (!bytes.is_empty()).then_some(body)
}

impl Packed {
    /// Whether one slip of the finger turns one into the other (one symbol replaced, or two
    /// neighbours exchanged); `None` where the numbers do not tell.
    pub(crate) fn one_off(self, other: Self) -> Option<bool> {
        if self == NONE || other == NONE {
            return None;
        }
        let (a, b) = (self.0, other.0);
        if (a ^ b) & LETTERS != 0 {
            // Of one length they may still differ by one symbol: a letter here, a digit there.
            return None;
        }
        if (a ^ b) >> LENGTH != 0 {
            return Some(false);
        }
        let width = if a & LETTERS != 0 { 6 } else { 4 };
        let mask = (1_u64 << width) - 1;
        let differing = (a ^ b) & BODY;
        if differing == 0 {
            return Some(false);
        }
        let first = differing.trailing_zeros() / width * width;
        let rest = differing & !(mask << first);
        if rest == 0 {
            return Some(true);
        }
        let next = first + width;
        let symbol = |packed: u64, at: u32| packed >> at & mask;
        Some(
            rest & !(mask << next) == 0
                && symbol(a, first) == symbol(b, next)
                && symbol(a, next) == symbol(b, first),
        )
    }

    /// Year, month and day digits of a normal date of four-digit year; `None` for anything else.
    pub(crate) fn date(self) -> Option<PackedDate> {
        let dashes = self.0 >> 16 & 15 == 11 && self.0 >> 28 & 15 == 11;
        let is_date = self.0 & DIGITS != 0 && self.0 >> LENGTH & 15 == 10 && dashes;
        is_date.then_some(PackedDate {
            year: (self.0 & 0xffff) as u16,
            month: (self.0 >> 20 & 0xff) as u8,
            day: (self.0 >> 32 & 0xff) as u8,
        })
    }
}

/// The digits of a date, four bits each, the first lowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PackedDate {
    pub(crate) year: u16,
    pub(crate) month: u8,
    pub(crate) day: u8,
}

impl PackedDate {
    /// Whether the two can be so few days apart: of few days in different years, one is in January
    /// and the other in December.
    pub(crate) fn may_be_within(self, other: Self, days: f64) -> bool {
        let turn = |month: u8| matches!(month, 0x10 | 0x21);
        days > 31.0 || self.year == other.year || turn(self.month) && turn(other.month)
    }

    /// The day's number, for differences (Howard Hinnant's days_from_civil, from 1 March).
    pub(crate) fn number(self) -> i64 {
        let two = |digits: u8| i64::from(digits & 15) * 10 + i64::from(digits >> 4);
        let year = two(self.year as u8) * 100 + two((self.year >> 8) as u8);
        let (month, day) = (two(self.month), two(self.day));
        let year = if month <= 2 { year - 1 } else { year };
        let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::similarity::one_character_off;

    fn slips(a: &str, b: &str) -> Result<(), TestCaseError> {
        if let Some(told) = pack(a).one_off(pack(b)) {
            prop_assert_eq!(told, one_character_off(a, b), "{} {}", a, b);
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn packed_slips_are_the_slips_of_the_texts(a in "[+]?[0-3]{1,6}", b in "[+]?[0-3]{1,6}") {
            slips(&a, &b)?;
        }

        #[test]
        fn packed_slips_of_codes(a in "[AB1]{1,4}", b in "[AB1]{1,4}") {
            slips(&a, &b)?;
        }

        #[test]
        fn packed_dates_number_their_days(year in 1_i64..9999, month in 1..=12_i64, day in 1..=28_i64) {
            let text = format!("{year:04}-{month:02}-{day:02}");
            let packed = pack(&text).date().unwrap();
            prop_assert_eq!(Some(packed.number()), crate::normal::day_number(&text));
        }
    }

    #[test]
    fn what_is_long_or_not_plain_is_not_packed() {
        assert_eq!(pack(""), NONE);
        assert_eq!(pack("12345678901234"), NONE);
        assert_eq!(pack("ABCDEFGHIJ"), NONE);
        assert_eq!(pack("o'brien"), NONE);
        assert_eq!(pack("A1").one_off(pack("11")), None);
        assert_eq!(pack("1980-03-12").one_off(pack("1980-03-21")), Some(true));
    }
}
