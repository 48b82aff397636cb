//! UK vehicle registration marks, by the DVLA's grammars: current (2001), prefix (1983), suffix
//! (1963) and Northern Ireland.

use compact_str::CompactString;

use crate::cue::{Cue, CueSet};
use crate::family::{Bytes, Family, Finds, Pair, Wake};
use crate::kind::Kind;
use crate::scan::{Anchor, Mark, Scan};

/// Every mark begins with a letter: behind a space before the digits, if not with them.
const LETTERS: &[Pair] = &[(Bytes::of(b" "), Bytes::LETTER)];

pub(crate) static FAMILY: Family = Family {
    kinds: &[Kind::UkVrm],
    wakes_on: &[
        Wake::on(Mark::Mixed).long(2, 7).first(Bytes::LETTER),
        Wake::on(Mark::Mixed)
            .long(2, 7)
            .first(Bytes::DIGIT)
            .before(LETTERS),
        Wake::on(Mark::Digits).long(1, 4).before(LETTERS),
    ],
    find,
    normalise,
};

/// The grammar a mark follows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Series {
    Current,
    Older,
    NorthernIreland,
}

/// Words within this many bytes decide.
const NEAR: usize = 50;
const SAID: CueSet = CueSet::of(&[Cue::Plate, Cue::Vehicle]);

/// A mark is one token, or two with a space: letters and digits before or behind it.
fn find(scan: &Scan<'_>, anchor: &Anchor, finds: &mut Finds) {
    let whole = (anchor.start, anchor.end);
    let with_previous = (letters_before(scan, anchor.start), anchor.end);
    // Every mark begins with a letter, and most words before a number are too long.
    if !scan.bytes[with_previous.0].is_ascii_alphabetic() {
        return;
    }
    let with_next = (anchor.start, letters_after(scan, anchor.end));
    // "M 123 ABC".
    let with_both = (with_previous.0, with_next.1);
    for (start, end) in [with_both, with_next, with_previous, whole] {
        // Every mark begins with a letter.
        if !(5..=9).contains(&(end - start))
            || !scan.bytes[start].is_ascii_alphabetic()
            || !scan.opens(start)
            || !scan.closes(end)
        {
            continue;
        }
        let written = &scan.text[start..end];
        let Some((value, series)) = read(written) else {
            continue;
        };
        if accepted(scan, start, end, written, series) {
            finds.push(Kind::UkVrm, start, end, value);
            return;
        }
    }
}

fn accepted(scan: &Scan<'_>, start: usize, end: usize, written: &str, series: Series) -> bool {
    let capitals = !written.bytes().any(|byte| byte.is_ascii_lowercase());
    // Only the current series with its space cannot be anything else.
    if series == Series::Current && capitals && written.contains(' ') {
        return !scan.led_by(start, 16, Cue::Reference.set());
    }
    // "Win32": nobody writes half a plate in capitals.
    if !capitals && written.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return false;
    }
    let plate = scan.near(start, end, NEAR, Cue::Plate.set());
    match series {
        Series::NorthernIreland => plate,
        _ => plate || capitals && scan.near(start, end, NEAR, SAID),
    }
}

/// The end of the run of one to three letters behind a single space, or `at` itself.
fn letters_after(scan: &Scan<'_>, at: usize) -> usize {
    let run = |from: usize| {
        scan.bytes[from..]
            .iter()
            .take(4)
            .take_while(|byte| byte.is_ascii_alphabetic())
            .count()
    };
    if scan.byte(at) == b' ' && at + 1 < scan.bytes.len() && (1..=3).contains(&run(at + 1)) {
        return at + 1 + run(at + 1);
    }
    at
}

/// The start of the run of one to three letters or letter and digits before a single space.
fn letters_before(scan: &Scan<'_>, at: usize) -> usize {
    if at < 2 || scan.before(at) != b' ' {
        return at;
    }
    let run = scan.bytes[..at - 1]
        .iter()
        .rev()
        .take(4)
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    if (1..=3).contains(&run) {
        at - 1 - run
    } else {
        at
    }
}

fn read(written: &str) -> Option<(CompactString, Series)> {
    let mut mark = [0; 7];
    let mut length = 0;
    for byte in written.bytes().filter(|byte| *byte != b' ') {
        *mark.get_mut(length)? = byte.to_ascii_uppercase();
        length += 1;
    }
    let mark = &mark[..length];
    let series = series_of(mark)?;
    Some((std::str::from_utf8(mark).ok()?.into(), series))
}

fn series_of(mark: &[u8]) -> Option<Series> {
    let letter = |byte: &u8| byte.is_ascii_uppercase();
    let digit = |byte: &u8| byte.is_ascii_digit();
    let first_digit = mark.iter().position(digit)?;
    let first_letter = mark.iter().position(letter)?;
    let plain = |part: &[u8]| !part.iter().any(|byte| matches!(byte, b'I' | b'Q'));
    if first_letter != 0 {
        return None;
    }
    let (head, rest) = mark.split_at(first_digit);
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, tail) = rest.split_at(digits);
    if !tail.iter().all(letter) || number[0] == b'0' && head.len() != 2 {
        return None;
    }
    match (head.len(), digits, tail.len()) {
        // Age identifiers: 02 to 49 for spring, 51 to 99 for autumn; 01 and 50 stand between.
        (2, 2, 3) => {
            let sane = plain(head) && plain(tail) && !head.contains(&b'Z') && number != b"00";
            sane.then_some(Series::Current)
        }
        (1, 1..=3, 3) => (plain(tail) && !b"IOUZ".contains(&head[0])).then_some(Series::Older),
        (3, 1..=3, 1) => (plain(head) && !b"IOQUZ".contains(&tail[0])).then_some(Series::Older),
        (2 | 3, 1..=4, 0) => head
            .iter()
            .any(|byte| matches!(byte, b'I' | b'Z'))
            .then_some(Series::NorthernIreland),
        _ => None,
    }
}

fn normalise(_: Kind, field: &str) -> Option<String> {
    (field.len() <= 16)
        .then(|| read(field))?
        .map(|(value, _)| value.into())
}

#[cfg(test)]
mod tests {
    use crate::Kind::UkVrm;
    use crate::kinds::check;

    #[test]
    fn marks_in_their_series() {
        check("a white van, AB12 CDE, was outside", &[(UkVrm, "AB12CDE")]);
        check("reg no ab12cde", &[(UkVrm, "AB12CDE")]);
        check("he sold me the Corsa K123 ABC", &[(UkVrm, "K123ABC")]);
        check("number plate ABC 123D", &[(UkVrm, "ABC123D")]);
        check("registration AIZ 1234", &[(UkVrm, "AIZ1234")]);
        check("the other car, M 123 ABC", &[(UkVrm, "M123ABC")]);
    }

    #[test]
    fn not_without_a_vehicle() {
        check("my order AB12CDE and code K123ABC", &[]);
        check("the AIZ 1234 form", &[]);
        check("the II12 ABC", &[]);
    }
}
