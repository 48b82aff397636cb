//! How a name sounds: Double Metaphone.
//!
//! Lawrence Philips, "The Double Metaphone Search Algorithm" (C/C++ Users Journal 18, 2000). Where
//! Soundex keeps the first letter and counts consonants alike, this follows English spelling and
//! that of names from elsewhere (Slavonic, Germanic, French, Italian, Spanish, Chinese); a name that
//! may be said in two ways has two codes: Smith SM0 or XMT, Schmidt XMT or SMT.

use std::sync::LazyLock;

use rphonetic::DoubleMetaphone;

/// Four sounds, as Philips advises for names; the same in every stored key.
static METAPHONE: LazyLock<DoubleMetaphone> = LazyLock::new(|| DoubleMetaphone::new(Some(SOUNDS)));
const SOUNDS: usize = 4;
/// Bits of a packed sound and of a packed code.
const SOUND: u32 = 5;
const CODE: u32 = 20;

/// The codes of a name in one number; 0 for none. In the low bits the first, above it the second
/// where there is one; each has its first sound lowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sounds(pub(crate) u64);

/// The codes of a name in normal form, by its ASCII letters. None of a name without such a letter
/// and of one in which nothing is heard.
pub(crate) fn sounds(name: &str) -> Sounds {
    let letters: String = name
        .chars()
        .filter(|c| c.is_ascii_alphabetic() || *c == ' ')
        .collect();
    let found = METAPHONE.double_metaphone(&letters);
    let (first, second) = (packed(&found.primary()), packed(&found.alternate()));
    let second = if second == first { 0 } else { second };
    Sounds(if first == 0 {
        second
    } else {
        first | second << CODE
    })
}

fn packed(code: &str) -> u64 {
    let sounds = code.bytes().take(SOUNDS).enumerate();
    sounds.fold(0, |packed, (at, sound)| {
        let number = match sound {
            b'A'..=b'Z' => u64::from(sound - b'A') + 1,
            _ => 27,
        };
        packed | number << (at as u32 * SOUND)
    })
}

impl Sounds {
    /// The codes: none, one or two.
    pub(crate) fn codes(self) -> impl Iterator<Item = u64> {
        let codes = [self.0 & ((1 << CODE) - 1), self.0 >> CODE];
        codes.into_iter().filter(|code| *code != 0)
    }

    /// Whether two names may be said alike.
    pub(crate) fn meet(self, other: Self) -> bool {
        self.codes()
            .any(|code| other.codes().any(|other| other == code))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Codes that Philips and those who tested his algorithm give.
    #[test]
    fn known_codes() {
        for (name, first, second) in [
            ("smith", "SM0", "XMT"),
            ("schmidt", "XMT", "SMT"),
            ("thomas", "TMS", ""),
            ("knight", "NT", ""),
            ("catherine", "K0RN", "KTRN"),
            ("kathryn", "K0RN", "KTRN"),
            ("wright", "RT", ""),
            ("jose", "HS", ""),
            ("xavier", "SF", "SFR"),
        ] {
            let expected = packed(first) | packed(second) << CODE;
            let found = METAPHONE.double_metaphone(name);
            assert_eq!(sounds(name).0, expected, "{name}: {found}");
        }
        assert_eq!(sounds("王"), Sounds(0));
        assert_eq!(sounds(""), Sounds(0));
        assert_eq!(sounds("49"), Sounds(0));
    }

    #[test]
    fn names_that_are_said_alike_meet() {
        for (one, other, expected) in [
            ("stephen", "steven", true),
            ("philip", "filip", true),
            ("katherine", "catherine", true),
            ("knox", "nox", true),
            ("wojcik", "vojcik", true),
            ("smith", "schmidt", true),
            ("robert", "richard", false),
            ("王", "王", false),
        ] {
            assert_eq!(sounds(one).meet(sounds(other)), expected, "{one} {other}");
            assert_eq!(sounds(other).meet(sounds(one)), expected, "{other} {one}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn any_name_has_two_codes_at_most_and_meets_itself(
            name in "\\PC{0,12}|[a-z ]{0,16}|(sch|cz|witz|van |mc|gh|ough|th|io|c|k|w|x|j|z|[aeiouy]){0,7}",
        ) {
            let found = sounds(&crate::normal::words(&name));
            let codes: Vec<u64> = found.codes().collect();
            prop_assert!(codes.len() <= 2 && codes.iter().all(|code| *code < 1 << CODE));
            prop_assert_eq!(found.meet(found), found.0 != 0);
        }
    }
}
