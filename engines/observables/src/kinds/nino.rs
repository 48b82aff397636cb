//! National Insurance numbers: two letters, six digits, a letter A to D (HMRC manual NIM39110).

use compact_str::CompactString;

use crate::family::{Bytes, Family, Finds, Pair, Wake};
use crate::kind::Kind;
use crate::scan::{Anchor, Mark, Scan};

/// What parts the groups.
const GAP: Bytes = Bytes::of(b" -");

/// The second of the two letters, parted from the digits.
const LETTERS: &[Pair] = &[(GAP, Bytes::LETTER)];

pub(crate) static FAMILY: Family = Family {
    kinds: &[Kind::UkNino],
    wakes_on: &[
        Wake::on(Mark::Mixed).long(4, 9).first(Bytes::LETTER),
        Wake::on(Mark::Digits)
            .long(2, 2)
            .before(LETTERS)
            .behind(&[(GAP, Bytes::DIGIT.or(GAP))]),
        Wake::on(Mark::Digits)
            .long(6, 6)
            .before(LETTERS)
            .behind(&[(GAP, Bytes::LETTER.or(GAP))]),
    ],
    find,
    normalise,
};

/// Woken by the token that holds the first digits: `AB123456C`, `AB12` or the `12` of `AB 12`.
fn find(scan: &Scan<'_>, anchor: &Anchor, finds: &mut Finds) {
    let first = scan.byte(anchor.start);
    let start = match anchor.mark {
        Mark::Mixed if first.is_ascii_alphabetic() => anchor.start,
        Mark::Digits if matches!(anchor.end - anchor.start, 2 | 6) => {
            match anchor.start.checked_sub(3) {
                Some(start) if matches!(scan.before(anchor.start), b' ' | b'-') => start,
                _ => return,
            }
        }
        _ => return,
    };
    let Some((value, end)) = read(scan.bytes, start) else {
        return;
    };
    if scan.opens(start) && scan.closes(end) {
        finds.push(Kind::UkNino, start, end, value);
    }
}

fn read(bytes: &[u8], start: usize) -> Option<(CompactString, usize)> {
    let mut letters = [0; 9];
    let mut length = 0;
    let mut at = start;
    while length < 9 {
        let byte = *bytes.get(at)?;
        let letter_due = length < 2 || length == 8;
        if letter_due && byte.is_ascii_alphabetic() || !letter_due && byte.is_ascii_digit() {
            letters[length] = byte.to_ascii_uppercase();
            length += 1;
        } else if !matches!(byte, b' ' | b'-') || length == 0 || bytes[at - 1] == byte {
            return None;
        }
        at += 1;
    }
    let prefix = &letters[..2];
    let allowed = !b"DFIQUV".contains(&prefix[0])
        && !b"DFIOQUV".contains(&prefix[1])
        && ![b"BG", b"GB", b"KN", b"NK", b"NT", b"TN", b"ZZ"]
            .iter()
            .any(|no| *no == prefix);
    if !allowed || !(b'A'..=b'D').contains(&letters[8]) {
        return None;
    }
    Some((CompactString::from_utf8(letters).ok()?, at))
}

fn normalise(_: Kind, field: &str) -> Option<String> {
    read(field.as_bytes(), 0)
        .filter(|(_, end)| *end == field.len())
        .map(|(value, _)| value.into())
}

#[cfg(test)]
mod tests {
    use crate::Kind::UkNino;
    use crate::kinds::check;

    #[test]
    fn numbers_in_their_shapes() {
        check("NI number AB123456C", &[(UkNino, "AB123456C")]);
        check(
            "ni: jg 10 37 59 a and JG-10-37-59-B",
            &[(UkNino, "JG103759A"), (UkNino, "JG103759B")],
        );
        check("NINO AB 123456 C.", &[(UkNino, "AB123456C")]);
    }

    #[test]
    fn prefixes_never_issued_are_refused() {
        check(
            "BG123456C GB123456A QQ123456C AO123456A AB123456E AB123456",
            &[],
        );
    }
}
