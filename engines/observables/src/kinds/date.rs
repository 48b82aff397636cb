//! Calendar dates, day first as Britons write them; the month first only where the day cannot be.
//! A date without its year is left alone: the engine has no clock to supply one.

use compact_str::CompactString;

use crate::cue::Cue;
use crate::family::{Bytes, Family, Finds, Pair, Wake};
use crate::kind::Kind;
use crate::scan::{Anchor, Mark, Scan};
use crate::words::{Lower, digits_at, letters_at};

/// A date is not inside a longer number, and no sum.
const STANDING: &[Pair] = &[
    (Bytes::of(b"/.-:$\xA3").not(), Bytes::ANY),
    (Bytes::of(b"/.-:"), Bytes::DIGIT.not()),
    (Bytes::of(b"\xA3"), Bytes::of(b"\xC2").not()),
];

/// First letters of months, and of "day" and "of".
const MONTHS: Bytes = Bytes::either_case(b"jfmasond");

/// What may stand behind a day in figures.
const DAY_LEADS_ON: &[Pair] = &[
    (Bytes::of(b" "), MONTHS.or(Bytes::DIGIT).or(Bytes::of(b"/"))),
    (Bytes::of(b"/-."), MONTHS.or(Bytes::DIGIT)),
    (Bytes::of(b".,"), Bytes::of(b" ")),
    (Bytes::of(b",\n"), MONTHS),
];

pub(crate) static FAMILY: Family = Family {
    kinds: &[Kind::Date],
    wakes_on: &[
        Wake::on(Mark::Digits)
            .long(1, 2)
            .before(STANDING)
            .behind(DAY_LEADS_ON),
        Wake::on(Mark::Digits)
            .long(4, 4)
            .before(STANDING)
            .behind(&[(Bytes::of(b"/-."), Bytes::DIGIT)]),
        Wake::on(Mark::Mixed)
            .long(3, 16)
            .first(Bytes::DIGIT)
            .before(STANDING),
        Wake::at(Cue::Month.set()),
    ],
    find,
    normalise,
};

/// Two-digit years from here on belong to the last century.
const PIVOT: i16 = 50;

/// A canonical date, and where it ends.
type Read = (CompactString, usize);

fn find(scan: &Scan<'_>, anchor: &Anchor, finds: &mut Finds) {
    let start = anchor.start;
    let found = match anchor.mark {
        Mark::Word if anchor.cues.has(Cue::Month) => month_first(scan.bytes, start),
        Mark::Digits | Mark::Mixed if scan.bytes[start].is_ascii_digit() => {
            from_digits(scan, anchor)
        }
        _ => None,
    };
    let Some((value, end)) = found else {
        return;
    };
    let before = scan.before(start);
    let inside = matches!(before, b'/' | b'.' | b'-' | b':')
        && start >= 2
        && scan.bytes[start - 2].is_ascii_digit();
    let time_follows = matches!(scan.byte(end), b'T' | b'_') && scan.byte(end + 1).is_ascii_digit();
    let continues =
        matches!(scan.byte(end), b'/' | b'-' | b'.') && scan.byte(end + 1).is_ascii_digit();
    // "Chapters 10-12-14": no date has such words before it.
    if scan.led_by(start, 12, Cue::Version.set()) {
        return;
    }
    let value = born(scan, start, end, value);
    let fits = scan.opens(start) && !inside && (scan.closes(end) || time_follows) && !continues;
    if fits && !super::amount::signed(scan, start) {
        finds.push(Kind::Date, start, end, value);
    }
}

/// A birth with a year of two digits lies in the last century, unless its child could not have
/// grown up.
fn born(scan: &Scan<'_>, start: usize, end: usize, value: CompactString) -> CompactString {
    let short = scan.bytes[end.saturating_sub(3)..end]
        .first()
        .is_some_and(|b| !b.is_ascii_digit());
    let said = || {
        scan.cues_in(start.saturating_sub(20), start).any(|cue| {
            matches!(
                Lower::of(&scan.bytes[cue.start..cue.end]).as_bytes(),
                b"born" | b"dob" | b"birth"
            )
        })
    };
    match value.strip_prefix("20") {
        Some(rest) if short && rest.as_bytes() >= b"20".as_slice() && said() => {
            ["19", rest].into_iter().collect()
        }
        _ => value,
    }
}

fn from_digits(scan: &Scan<'_>, anchor: &Anchor) -> Option<Read> {
    let start = anchor.start;
    match scan.byte(anchor.end) {
        b'/' | b'-' | b'.' if anchor.mark == Mark::Digits => numeric(scan.bytes, start, false)
            .or_else(|| said(scan, start))
            .or_else(|| day_then_month(scan.bytes, start)),
        // The boxes of a form: "03 04 1962", "03 / 04 / 1962".
        b' ' if anchor.end - start <= 2 => {
            day_then_month(scan.bytes, start).or_else(|| boxed(scan, start))
        }
        _ => day_then_month(scan.bytes, start),
    }
}

/// `12.4.41`, which is a version or a section unless words say that it is a date.
fn said(scan: &Scan<'_>, start: usize) -> Option<Read> {
    let announced = scan.led_by(start, 16, Cue::Dated.set());
    announced.then(|| numeric(scan.bytes, start, true))?
}

/// The number in at most `most` digits at `at`, and how many digits it has.
fn number_at(bytes: &[u8], at: usize, most: usize) -> Option<(i16, usize)> {
    let length = digits_at(bytes, at, most + 1);
    let number = bytes
        .get(at..at + length)?
        .iter()
        .fold(0i32, |n, b| n * 10 + i32::from(b - b'0'));
    (1..=most)
        .contains(&length)
        .then_some((number as i16, length))
}

/// `03/04/2026`, `3.4.2026`, `03-04-26`, `2026-04-03`, `2026/04/03`.
fn numeric(bytes: &[u8], start: usize, announced: bool) -> Option<Read> {
    let (first, first_length) = number_at(bytes, start, 4)?;
    let mut at = start + first_length;
    let separator = *bytes
        .get(at)
        .filter(|byte| matches!(byte, b'/' | b'-' | b'.'))?;
    let (second, second_length) = number_at(bytes, at + 1, 2)?;
    at += 1 + second_length;
    if bytes.get(at) != Some(&separator) {
        return None;
    }
    let (third, third_length) = number_at(bytes, at + 1, 4)?;
    at += 1 + third_length;
    let value = match (first_length, third_length) {
        (4, 1 | 2) => iso(first, second, third),
        (1 | 2, 4) => day_first(first, second, third),
        // With points and one digit this is a version or a section of a document.
        (1 | 2, 2) if announced || separator != b'.' || first_length == 2 && second_length == 2 => {
            day_first(first, second, full_year(third))
        }
        _ => None,
    };
    Some((value?, at))
}

/// Numbers apart, as in the boxes of a form, where words say that it is a date or strokes do.
fn boxed(scan: &Scan<'_>, start: usize) -> Option<Read> {
    let bytes = scan.bytes;
    let (day, length) = number_at(bytes, start, 2)?;
    let stroke = |at: usize| bytes.get(at..at + 3) == Some(b" / ");
    let first = start + length;
    let gap = if stroke(first) { 3 } else { 1 };
    let (month, length) = number_at(bytes, first + gap, 2)?;
    let second = first + gap + length;
    if stroke(second) != stroke(first) || bytes.get(second) != Some(&b' ') {
        return None;
    }
    let (year, length) = number_at(bytes, second + gap, 4)?;
    let said = gap == 3 || scan.led_by(start, 16, Cue::Dated.set());
    let year = match length {
        4 => year,
        2 if gap == 3 => full_year(year),
        _ => return None,
    };
    if !said {
        return None;
    }
    Some((day_first(day, month, year)?, second + gap + length))
}

fn full_year(short: i16) -> i16 {
    if short < PIVOT {
        2000 + short
    } else {
        1900 + short
    }
}

fn day_first(day: i16, month: i16, year: i16) -> Option<CompactString> {
    iso(year, month, day).or_else(|| iso(year, day, month))
}

fn iso(year: i16, month: i16, day: i16) -> Option<CompactString> {
    if !(1850..=2199).contains(&year) {
        return None;
    }
    jiff::civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    let digit = |number: i16| b'0' + (number % 10) as u8;
    let figures = [
        digit(year / 1000),
        digit(year / 100),
        digit(year / 10),
        digit(year),
        b'-',
        digit(month / 10),
        digit(month),
        b'-',
        digit(day / 10),
        digit(day),
    ];
    Some(std::str::from_utf8(&figures).ok()?.into())
}

/// Whether a month, an ordinal or a word before the month may begin with the byte. Most numbers
/// stand before other words, which is cheap to see.
fn may_lead_on(byte: u8) -> bool {
    matches!(
        byte | 0x20,
        b'j' | b'f' | b'm' | b'a' | b's' | b'o' | b'n' | b'd' | b't' | b'r'
    )
}

/// `3rd April 2026`, `3 Apr 26`, `03-Apr-2026`, `3rd of April, 2026`, `03APR26`.
fn day_then_month(bytes: &[u8], start: usize) -> Option<Read> {
    let (day, length) = number_at(bytes, start, 2)?;
    let next = match bytes.get(start + length..)? {
        [b' ', next, ..] | [next, ..] => *next,
        [] => return None,
    };
    if next.is_ascii_alphanumeric() && !may_lead_on(next) {
        return None;
    }
    if let Some(joined) = joined(bytes, start + length, day) {
        return Some(joined);
    }
    let mut at = after_ordinal(bytes, start + length);
    at = after_separator(bytes, at)?;
    for word in [b"day ".as_slice(), b"of "] {
        if bytes
            .get(at..at + word.len())
            .is_some_and(|written| written.eq_ignore_ascii_case(word))
        {
            at += word.len();
        }
    }
    let (month, at) = month_at(bytes, at)?;
    let (year, at) = year_at(bytes, at)?;
    Some((iso(year, month, day)?, at))
}

/// The rest of a date written in one token, as statements do: `03APR26`, `3rdApril2026`.
fn joined(bytes: &[u8], at: usize, day: i16) -> Option<Read> {
    let at = after_ordinal(bytes, at);
    if !bytes.get(at)?.is_ascii_alphabetic() {
        return None;
    }
    let (month, at) = month_at(bytes, at)?;
    let (year, length) = number_at(bytes, at, 4)?;
    let year = match length {
        2 => full_year(year),
        4 => year,
        _ => return None,
    };
    Some((iso(year, month, day)?, at + length))
}

/// `April 3rd, 2026`, `Apr 3 2026`.
fn month_first(bytes: &[u8], start: usize) -> Option<Read> {
    let (month, at) = month_at(bytes, start)?;
    let mut at = after_separator(bytes, at)?;
    if bytes
        .get(at..at + 4)
        .is_some_and(|word| word.eq_ignore_ascii_case(b"the "))
    {
        at += 4;
    }
    let (day, length) = number_at(bytes, at, 2)?;
    let (year, end) = year_at(bytes, after_ordinal(bytes, at + length))?;
    Some((iso(year, month, day)?, end))
}

fn after_ordinal(bytes: &[u8], at: usize) -> usize {
    let ordinal = match bytes.get(at..at + 2) {
        Some([a, b]) => matches!(
            (a | 0x20, b | 0x20),
            (b's', b't') | (b'n', b'd') | (b'r', b'd') | (b't', b'h')
        ),
        _ => false,
    };
    at + if ordinal { 2 } else { 0 }
}

/// One separator, or a point or comma and a space; none at all is none.
fn after_separator(bytes: &[u8], at: usize) -> Option<usize> {
    match (bytes.get(at)?, bytes.get(at + 1)) {
        (b',' | b'.', Some(b' ')) => Some(at + 2),
        (b' ' | b'-' | b'/' | b'.' | b',' | b'\n', _) => Some(at + 1),
        _ => None,
    }
}

fn month_at(bytes: &[u8], at: usize) -> Option<(i16, usize)> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let first = bytes.get(at)? | 0x20;
    if !b"jfmasond".contains(&first) {
        return None;
    }
    let written = letters_at(bytes, at, 10);
    let lower = Lower::of(written);
    let word = lower.as_bytes();
    let named = |month: &&str| {
        let month = month.as_bytes();
        word.len() >= 3 && (month == word || month[..3] == *word)
    };
    let month = match word {
        b"sept" => 8,
        b"febuary" | b"feburary" => 1,
        _ => MONTHS.iter().position(named)?,
    };
    Some((month as i16 + 1, at + written.len()))
}

/// The year behind the month: four digits, or two behind an apostrophe or at the end of the number.
fn year_at(bytes: &[u8], at: usize) -> Option<(i16, usize)> {
    let mut at = after_separator(bytes, at)?;
    at += usize::from(matches!(bytes.get(at), Some(b'\'')));
    at += if bytes.get(at..at + 3) == Some("\u{2019}".as_bytes()) {
        3
    } else {
        0
    };
    let (year, length) = number_at(bytes, at, 4)?;
    let end = at + length;
    // "3 April 10:30" and "3 April 10am" have a time, not a year.
    let clock = bytes.get(end) == Some(&b':')
        || bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
    match length {
        4 => Some((year, end)),
        2 if !clock && !bytes.get(end).is_some_and(u8::is_ascii_alphanumeric) => {
            Some((full_year(year), end))
        }
        _ => None,
    }
}

fn normalise(_: Kind, field: &str) -> Option<String> {
    let bytes = field.as_bytes();
    let read = numeric(bytes, 0, true)
        .or_else(|| day_then_month(bytes, 0))
        .or_else(|| month_first(bytes, 0))?;
    // A time behind the date does not belong to its value.
    let rest = &field[read.1..];
    let timed = rest.starts_with('T') && rest[1..].starts_with(|c: char| c.is_ascii_digit())
        || rest.starts_with(' ') && rest.contains(':');
    (rest.is_empty() || timed).then(|| read.0.into())
}

#[cfg(test)]
mod tests {
    use crate::Kind::Date;
    use crate::kinds::check;
    use crate::{Kind, normalise};

    #[test]
    fn dates_as_britons_write_them() {
        for text in [
            "03/04/2026",
            "3/4/26",
            "on 3rd April 2026 at noon",
            "Friday 3 April 2026",
            "3 Apr 26",
            "3rd of April, 2026",
            "03-Apr-2026",
            "April 3rd, 2026",
            "2026-04-03T10:15:00Z",
            "03.04.2026",
            "3 april '26",
        ] {
            check(text, &[(Date, "2026-04-03")]);
        }
        check(
            "born 12/05/1958, 04/23/2026",
            &[(Date, "1958-05-12"), (Date, "2026-04-23")],
        );
        check("DOB 12.4.41", &[(Date, "1941-04-12")]);
    }

    #[test]
    fn not_dates() {
        check("31/02/2026 24/7 1/2 3.4.26 10/10 v1.2.24", &[]);
        check("3 April at 10:30, 3 April 10:30, may 2 people, 12/05", &[]);
        check("1.10.12.2024", &[]);
    }

    #[test]
    fn fields() {
        assert_eq!(
            normalise(Kind::Date, "1/2/1960").as_deref(),
            Some("1960-02-01")
        );
        assert_eq!(
            normalise(Kind::Date, "2026-04-03 10:15").as_deref(),
            Some("2026-04-03")
        );
        assert_eq!(normalise(Kind::Date, "yesterday"), None);
    }
}
