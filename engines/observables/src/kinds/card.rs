//! Payment card numbers: issuer range, length and Luhn check (ISO/IEC 7812-1, annex B). The value
//! keeps the first six and last four digits only, as PCI DSS 3.4.1 allows to be shown.

use crate::cue::Cue;
use crate::family::{Bytes, Family, Finds, Pair, Wake};
use crate::kind::Kind;
use crate::scan::{Anchor, Mark, Scan};
use crate::words::digits_at;

/// What the numbers of cards that are issued begin with.
const ISSUERS: Bytes = Bytes::of(b"23456");

/// Not inside a longer number.
const STANDING: &[Pair] = &[
    (Bytes::of(b"-.+").not(), Bytes::ANY),
    (Bytes::of(b"-.+"), Bytes::of(b" ")),
];

pub(crate) static FAMILY: Family = Family {
    kinds: &[Kind::Card],
    wakes_on: &[
        Wake::on(Mark::Digits)
            .long(13, 19)
            .first(ISSUERS)
            .before(STANDING),
        // In groups.
        Wake::on(Mark::Digits)
            .long(4, 7)
            .first(ISSUERS)
            .before(STANDING)
            .behind(&[(Bytes::of(b" -.\n"), Bytes::DIGIT)]),
    ],
    find,
    normalise,
};

fn find(scan: &Scan<'_>, anchor: &Anchor, finds: &mut Finds) {
    let start = anchor.start;
    let before = scan.before(start);
    let joined =
        matches!(before, b'-' | b'.' | b'+') && start >= 2 && scan.bytes[start - 2] != b' ';
    if !matches!(scan.bytes[start], b'2'..=b'6') || !scan.opens(start) || joined {
        return;
    }
    let Some((digits, end)) = read(scan.bytes, start) else {
        return;
    };
    let digits = digits.as_slice();
    if !scan.closes(end) || !valid(digits) {
        return;
    }
    // One number in ten passes the check: a reference next to it needs the word card as well.
    let paper = scan.distance_before(start, 30, Cue::Reference.set());
    let card = scan.distance_before(start, 40, Cue::Card.set());
    if paper.is_some_and(|paper| card.is_none_or(|card| paper < card)) {
        return;
    }
    finds.push(Kind::Card, start, end, mask(digits));
}

/// The digits of a card, at most nineteen.
#[derive(Default)]
struct Digits {
    all: [u8; 19],
    len: usize,
}

impl Digits {
    /// Adds digits, if there is room for them.
    fn extend(&mut self, more: &[u8]) -> Option<()> {
        self.all
            .get_mut(self.len..self.len + more.len())?
            .copy_from_slice(more);
        self.len += more.len();
        Some(())
    }

    fn as_slice(&self) -> &[u8] {
        &self.all[..self.len]
    }
}

/// Reads 13 to 19 digits in one run or in groups of four to seven parted by one character.
fn read(bytes: &[u8], start: usize) -> Option<(Digits, usize)> {
    let mut digits = Digits::default();
    let mut at = start;
    loop {
        let run = digits_at(bytes, at, 20);
        digits.extend(&bytes[at..at + run])?;
        at += run;
        let next = bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
        let group = bytes[(at + 1).min(bytes.len())..]
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .take(8)
            .count();
        let more = matches!(bytes.get(at), Some(b' ' | b'-' | b'.' | b'\n')) && next;
        // A run of 16 is complete; what follows is another number.
        if !more || digits.len >= 16 || !(3..=7).contains(&group) || run > 7 {
            break;
        }
        if run < 4 {
            return None;
        }
        at += 1;
    }
    (digits.len >= 13).then_some((digits, at))
}

fn valid(digits: &[u8]) -> bool {
    let prefix = |length: usize| {
        digits[..length]
            .iter()
            .fold(0u32, |number, digit| number * 10 + u32::from(digit - b'0'))
    };
    let issued = match digits.len() {
        13 => prefix(1) == 4,
        14 => matches!(prefix(2), 36 | 38 | 39) || matches!(prefix(3), 300..=305),
        15 => matches!(prefix(2), 34 | 37),
        16 => {
            prefix(1) == 4
                || matches!(prefix(2), 51..=55 | 65 | 50 | 56..=58 | 60 | 62 | 67)
                || matches!(prefix(4), 2221..=2720 | 3528..=3589 | 6011 | 6304 | 6390)
        }
        18 | 19 => prefix(1) == 4 || matches!(prefix(2), 50 | 56..=58 | 62 | 67),
        _ => false,
    };
    let repeated = digits.iter().all(|digit| *digit == digits[0]);
    issued && !repeated && luhn(digits)
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(digit - b'0') << (place % 2);
            if digit > 9 { digit - 9 } else { digit }
        })
        .sum();
    sum.is_multiple_of(10)
}

fn mask(digits: &[u8]) -> String {
    let last = digits.len() - 4;
    digits
        .iter()
        .enumerate()
        .map(|(at, digit)| {
            if (6..last).contains(&at) {
                '*'
            } else {
                char::from(*digit)
            }
        })
        .collect()
}

fn normalise(_: Kind, field: &str) -> Option<String> {
    let plain: Vec<u8> = field
        .bytes()
        .filter(|byte| !matches!(byte, b' ' | b'-'))
        .collect();
    if !(13..=19).contains(&plain.len()) {
        return None;
    }
    if plain.iter().all(u8::is_ascii_digit) {
        return valid(&plain).then(|| mask(&plain));
    }
    // Already masked: the check digit can no longer be verified.
    let last = plain.len() - 4;
    let masked = plain.iter().enumerate().all(|(at, byte)| match byte {
        b'*' => (6..last).contains(&at),
        byte => byte.is_ascii_digit() && !(6..last).contains(&at),
    });
    masked.then(|| plain.iter().map(|byte| char::from(*byte)).collect())
}

#[cfg(test)]
mod tests {
    use crate::Kind::Card;
    use crate::kinds::check;
    use crate::{Kind, normalise};

    #[test]
    fn cards_are_masked() {
        check(
            "my card 4111 1111 1111 1111 was used",
            &[(Card, "411111******1111")],
        );
        check("5555-5555-5555-4444", &[(Card, "555555******4444")]);
        check("amex 378282246310005", &[(Card, "378282*****0005")]);
        check("amex 3782 822463 10005", &[(Card, "378282*****0005")]);
    }

    #[test]
    fn other_long_numbers() {
        check("4111 1111 1111 1112", &[]);
        check("tracking number 4111111111111111", &[]);
        check("IMEI 490154203237518", &[]);
        check("0000000000000000", &[]);
    }

    #[test]
    fn fields() {
        assert_eq!(
            normalise(Kind::Card, "4111111111111111").as_deref(),
            Some("411111******1111")
        );
        assert_eq!(
            normalise(Kind::Card, "411111******1111").as_deref(),
            Some("411111******1111")
        );
        assert_eq!(normalise(Kind::Card, "4111111111111112"), None);
    }
}
