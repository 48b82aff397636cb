//! Telephone numbers in E.164, for a reader in Great Britain.
//!
//! Validity is that of libphonenumber's metadata. The ranges Ofcom keeps for drama are accepted beside it: training
//! material and demonstrations use them, and no subscriber can hold them.

mod plan;
mod spoken;

use compact_str::{CompactString, format_compact};

use crate::cue::{Cue, CueSet};
use crate::family::{Bytes, Family, Finds, Pair, Wake};
use crate::kind::Kind;
use crate::scan::{Anchor, Mark, Scan};
use crate::words::digits_at;
use plan::Country;

/// The sign of a country code stands before the number, or a bracket.
const OPENED: &[Pair] = &[(Bytes::of(b"+("), Bytes::ANY)];

/// A number is not inside a word or a longer number, and is no price. Behind a stroke it may be a
/// second one.
const STANDING: &[Pair] = &[
    (Bytes::of(b"+($-.,#'\xA3\xAC").not(), Bytes::ANY),
    (Bytes::of(b"-.,#'"), Bytes::WORD.or(Bytes::of(b"_")).not()),
];

/// What parts the groups of a number, and the next group.
const GOING_ON: &[Pair] = &[(
    Bytes::of(b" -.()\n"),
    Bytes::DIGIT.or(Bytes::of(b" -.()\n")),
)];

pub(crate) static FAMILY: Family = Family {
    kinds: &[Kind::Phone],
    wakes_on: &[
        Wake::on(Mark::Digits).before(OPENED),
        Wake::on(Mark::Digits)
            .first(Bytes::of(b"0"))
            .before(STANDING),
        // Without its zero, or with the country's code: in one run or in groups.
        Wake::on(Mark::Digits)
            .long(8, usize::MAX)
            .first(Bytes::of(b"47"))
            .before(STANDING),
        Wake::on(Mark::Digits)
            .long(1, 7)
            .first(Bytes::of(b"47"))
            .before(STANDING)
            .behind(GOING_ON),
        Wake::on(Mark::Mixed).long(13, 40),
        Wake::on(Mark::Mixed).long(3, 12).first(Bytes::of(b"0oO")),
        Wake::at(Cue::Nought.set()),
    ],
    find,
    normalise,
};

/// E.164 allows fifteen digits; an international prefix and a bracketed zero come on top.
const MOST_DIGITS: usize = 18;

/// How a number begins, which says what its digits mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lead {
    /// `+`, then the country code.
    Plus,
    /// `00`, then the country code.
    Zeros,
    /// `0`, then an area or mobile code of Great Britain.
    National,
    /// `44` without a sign.
    Bare,
    /// A mobile number of Great Britain whose zero was lost, as spreadsheets do.
    Zeroless,
}

/// The digits of a possible number and, for each place where it could end, how many there are.
struct Run {
    digits: [u8; MOST_DIGITS],
    count: usize,
    /// (number of digits, end in the text) of every group.
    ends: [(usize, usize); MOST_DIGITS],
    groups: usize,
}

fn report(finds: &mut Finds, start: usize, end: usize, value: CompactString) {
    finds.phone_end = Some(end);
    finds.numbers_read_to = finds.numbers_read_to.max(end);
    finds.push(Kind::Phone, start, end, value);
}

fn find(scan: &Scan<'_>, anchor: &Anchor, finds: &mut Finds) {
    if finds.phone_end.is_some_and(|end| anchor.start < end) {
        return;
    }
    match anchor.mark {
        Mark::Digits => {}
        Mark::Mixed if anchor.end - anchor.start >= 13 => {
            return spoken::run_in(scan, anchor, finds);
        }
        Mark::Mixed if matches!(scan.bytes[anchor.start], b'0' | b'o' | b'O') => {
            return spoken::find(scan, anchor.start, finds);
        }
        Mark::Word if anchor.cues.has(Cue::Nought) => {
            return spoken::find(scan, anchor.start, finds);
        }
        _ => return,
    }
    let beside = finds.phone_end.is_some_and(|end| end + 1 == anchor.start);
    let Some((lead, start)) = lead(scan, anchor, beside) else {
        return;
    };
    let plus = lead == Lead::Plus;
    let singles = !plus && anchor.end - anchor.start == 1;
    // In a row of single digits only the first can begin a number spelled one by one.
    let row = anchor.start >= 2 && scan.bytes[anchor.start - 2].is_ascii_digit();
    if singles && row && scan.before(anchor.start) == b' ' {
        return;
    }
    let run = run(scan.bytes, anchor.start, plus, singles);
    // Longest first: a shorter number may be the beginning of a longer one.
    for (count, end) in run.ends[..run.groups].iter().rev() {
        if *count < 8 || !scan.closes(*end) || scan.byte(*end) == b'*' {
            continue;
        }
        if let Some(value) = e164(lead, &run.digits[..*count]) {
            if !refused(scan, start, *end, lead) {
                // A bracket that closes behind the number is the sentence's.
                let half = scan.bytes[start] == b'(' && !scan.bytes[start..*end].contains(&b')');
                report(finds, start + usize::from(half), *end, value);
            }
            return;
        }
    }
    // "07700 then 900 then 123", "07 double 7 …".
    let words_follow = matches!(scan.byte(anchor.end), b' ' | b',');
    if lead == Lead::National && anchor.end - anchor.start <= 6 && words_follow {
        spoken::find(scan, start, finds);
    }
}

/// Where a number may begin at this run of digits, and how it is to be read.
fn lead(scan: &Scan<'_>, anchor: &Anchor, beside: bool) -> Option<(Lead, usize)> {
    let start = anchor.start;
    let mut before = start;
    let opened = scan.before(before) == b'(';
    before -= usize::from(opened);
    if scan.before(before) == b'+' {
        before -= 1;
        before -= usize::from(!opened && scan.before(before) == b'(');
        return scan.opens(before).then_some((Lead::Plus, before));
    }
    let previous = scan.before(before);
    // "07700900123/07700900124": a whole number may follow a stroke.
    let whole = (beside || anchor.end - start >= 10) && previous == b'/';
    let joined = matches!(previous, b'-' | b'.' | b',' | b'/' | b'#' | b'\'')
        && before >= 2
        && word_like(scan.bytes[before - 2]);
    if joined && !whole || !scan.opens(before) || matches!(previous, b'$' | 0xA3 | 0xAC) {
        return None;
    }
    let lead = match &scan.bytes[start..anchor.end] {
        [b'0', b'0', ..] => Lead::Zeros,
        [b'0', ..] => Lead::National,
        [b'4', b'4', ..] => Lead::Bare,
        [b'7', ..] => Lead::Zeroless,
        _ => return None,
    };
    Some((lead, before))
}

fn word_like(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Collects the digits from `start` through the separators that people put into numbers.
fn run(bytes: &[u8], start: usize, plus: bool, singles: bool) -> Run {
    let mut run = Run {
        digits: [0; MOST_DIGITS],
        count: 0,
        ends: [(0, 0); MOST_DIGITS],
        groups: 0,
    };
    let mut at = start;
    loop {
        let length = digits_at(bytes, at, MOST_DIGITS + 1);
        let before = run.count;
        let Some(room) = run.digits.get_mut(before..before + length) else {
            return run;
        };
        room.copy_from_slice(&bytes[at..at + length]);
        run.count += length;
        at += length;
        let first = if run.groups == 0 {
            length
        } else {
            run.ends[0].0
        };
        // Numbers are spelled in single digits throughout or in groups; other mixtures are
        // tables and coordinates. A country code and the bracketed zero behind it may be short.
        let zero = bytes[at - 1] == b'0' && bytes.get(at) == Some(&b')');
        if before > 0 && (first == 1) != (length == 1) && !zero && !(plus && first == 1) {
            return run;
        }
        run.ends[run.groups] = (run.count, at);
        run.groups += 1;
        let gap = gap(&bytes[at..], singles);
        if gap == 0 || run.groups == MOST_DIGITS {
            return run;
        }
        at += gap;
    }
}

/// The length of the separator at the start of `rest`, if a digit follows it.
fn gap(rest: &[u8], singles: bool) -> usize {
    let width = rest
        .iter()
        .take(4)
        .take_while(|byte| b" -.()\n".contains(byte))
        .count();
    let digit = rest.get(width).is_some_and(u8::is_ascii_digit);
    let written = &rest[..width];
    let allowed = matches!(
        written,
        [_] | [b')' | b' ', b' ' | b'(' | b'-'] | [b' ', b'-', b' '] | [b' ', b'(', ..]
    );
    // Digits spelled one by one may stand further apart than groups do.
    let wide = singles && written.iter().all(|byte| *byte == b' ') && width <= 2;
    if digit && (allowed || wide) { width } else { 0 }
}

/// Words that make a number something else, or that a bare number needs.
fn refused(scan: &Scan<'_>, start: usize, end: usize, lead: Lead) -> bool {
    const PAPER: CueSet = CueSet::of(&[Cue::Reference, Cue::Account, Cue::Company, Cue::Sort]);
    let phone = scan.distance_before(start, 40, Cue::Phone.set());
    let called = phone.is_some() || scan.distance_after(end, 24, Cue::Phone.set()).is_some();
    match lead {
        Lead::Plus => return false,
        Lead::Zeroless if !called => return true,
        _ => {}
    }
    // "reference number 07123456789": the number word belongs to the reference.
    let paper = scan.distance_before(start, 22, PAPER);
    paper.is_some_and(|paper| {
        if scan.sentence_ends(start - paper, start) {
            return false;
        }
        phone.is_none_or(|phone| paper < phone || only_number_between(scan, start, paper))
    })
}

/// Whether the only phone word between the paper's word and the number is "number" itself.
fn only_number_between(scan: &Scan<'_>, start: usize, paper: usize) -> bool {
    let from = start - paper;
    let mut between = scan
        .cues_in(from, start)
        .filter(|cue| cue.cues.has(Cue::Phone));
    between.all(|cue| {
        scan.text[cue.start..cue.end]
            .to_ascii_lowercase()
            .starts_with("number")
    })
}

/// The E.164 form of the digits read under `lead`, when they are a valid number.
fn e164(lead: Lead, digits: &[u8]) -> Option<CompactString> {
    let text = std::str::from_utf8(digits).ok()?;
    let (code, rest) = match lead {
        Lead::Plus => ("", text.strip_prefix("00").unwrap_or(text)),
        Lead::Zeros => ("", &text[2..]),
        Lead::National => ("44", &text[1..]),
        Lead::Bare => ("44", &text[2..]),
        Lead::Zeroless => ("44", text),
    };
    if code.is_empty() && !rest.starts_with("44") {
        return abroad(rest);
    }
    let national = if code.is_empty() { &rest[2..] } else { rest };
    // "+44 (0)7700": the bracketed zero is for callers at home.
    let national = national.strip_prefix('0').unwrap_or(national);
    british(national).then(|| format_compact!("+44{national}"))
}

/// A number of another country.
fn abroad(digits: &str) -> Option<CompactString> {
    if !(8..=15).contains(&digits.len()) {
        return None;
    }
    let (country, national) = Country::leading(digits)?;
    let national = country.national(national)?;
    Some(format_compact!("+{}{national}", country.code()))
}

/// The country code of Great Britain.
const BRITAIN: u16 = 44;

/// Whether the national significant number is one of the British plan. Seven digits are left out:
/// only helplines have them, and any price or year pair would do.
fn british(national: &str) -> bool {
    let long = matches!(national.len(), 9 | 10);
    drama(national) || long && Country::of(BRITAIN).is_some_and(|plan| plan.holds(national))
}

/// The numbers Ofcom keeps for television and radio drama: a thousand in each range.
fn drama(national: &str) -> bool {
    const RANGES: [&str; 20] = [
        "1134960", "1144960", "1154960", "1164960", "1174960", "1184960", "1214960", "1314960",
        "1414960", "1514960", "1614960", "1914980", "2079460", "2896496", "2920180", "1632960",
        "7700900", "8081570", "9098790", "3069990",
    ];
    national.len() == 10 && RANGES.iter().any(|range| national.starts_with(range))
}

/// The digits that a WhatsApp link names as a number.
pub(crate) fn in_url(url: &url::Url) -> Option<String> {
    let digits = match url.host_str()? {
        "wa.me" => url
            .path_segments()?
            .next()?
            .trim_start_matches('+')
            .to_owned(),
        "api.whatsapp.com" | "web.whatsapp.com" => {
            let phone = url.query_pairs().find(|(key, _)| key == "phone")?.1;
            phone.trim_start_matches(['+', ' ']).to_owned()
        }
        _ => return None,
    };
    (digits.len() >= 8 && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

/// The E.164 form of digits that begin with a country code.
pub(crate) fn international(digits: &str) -> Option<CompactString> {
    e164(Lead::Plus, digits.as_bytes())
}

fn normalise(_: Kind, field: &str) -> Option<String> {
    let field = field
        .get(..4)
        .filter(|word| word.eq_ignore_ascii_case("tel:"))
        .map_or(field, |_| &field[4..]);
    let digits: Vec<u8> = field.bytes().filter(u8::is_ascii_digit).collect();
    let strange = field
        .bytes()
        .any(|byte| !byte.is_ascii_digit() && !b" +-.()/".contains(&byte));
    if strange || !(8..=MOST_DIGITS).contains(&digits.len()) {
        return None;
    }
    let lead = match digits.as_slice() {
        _ if field.trim_start_matches(['(', ' ']).starts_with('+') => Lead::Plus,
        [b'0', b'0', ..] => Lead::Zeros,
        [b'0', ..] => Lead::National,
        [b'4', b'4', ..] => Lead::Bare,
        // A field says it is a number: international without its sign, or national without zero.
        _ => {
            let either = e164(Lead::Zeroless, &digits).or_else(|| e164(Lead::Plus, &digits));
            return either.map(String::from);
        }
    };
    e164(lead, &digits).map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::check;
    use crate::normalise;

    #[track_caller]
    fn one(text: &str, value: &str) {
        check(text, &[(Kind::Phone, value)]);
    }

    #[test]
    fn numbers_as_people_write_them() {
        one("call 07700 900123 now", "+447700900123");
        one("07700-900-123", "+447700900123");
        one("+44 (0)7700 900 123", "+447700900123");
        one("+44 7700 900123", "+447700900123");
        one("0044 7700 900123", "+447700900123");
        one("whatsapp 447911123456", "+447911123456");
        one("0 7 7 0 0 9 0 0 1 2 3", "+447700900123");
        one("(020) 7946 0123", "+442079460123");
        one("0207 946 0123.", "+442079460123");
        one("ring 0300 123 2040", "+443001232040");
        one("his mobile was 7911 123456", "+447911123456");
        one("+1 (202) 456-1111", "+12024561111");
        one("from +2348031234567", "+2348031234567");
        one("tel:+33142685300", "+33142685300");
        let both = [
            (Kind::Phone, "+447700900123"),
            (Kind::Phone, "+447700900124"),
        ];
        check("07700900123/07700900124", &both);
    }

    #[test]
    fn numbers_that_are_no_phones() {
        check("reference 07123456789", &[]);
        check("your order number 07911123456", &[]);
        check("ref no. 0791 112 3456", &[]);
        check("078498****7 and 1234567890", &[]);
        check("id-07911123456 or 07911123456x or 079111234567", &[]);
        check("£07911123456", &[]);
        check("7802031294456jjjjjjjjjj", &[]);
    }

    #[test]
    fn fields() {
        let phone = |field| normalise(Kind::Phone, field);
        assert_eq!(phone("07700900123").as_deref(), Some("+447700900123"));
        assert_eq!(phone("+447700900123").as_deref(), Some("+447700900123"));
        assert_eq!(phone("7911123456").as_deref(), Some("+447911123456"));
        assert_eq!(phone("unknown"), None);
        assert_eq!(phone("0123"), None);
    }

    #[test]
    fn the_fast_answer_for_britain_is_libphonenumbers() {
        let mut compared = 0;
        let mut state = 1u64;
        for _ in 0..8_000 {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            let number = (state >> 33) % 9_000_000_000 + 1_000_000_000;
            for national in [number.to_string(), (number / 10).to_string()] {
                let slow = phonenumber::parse(None, format!("+44{national}"))
                    .is_ok_and(|number| number.is_valid());
                let fast = british(&national) && !drama(&national);
                if !drama(&national) {
                    assert_eq!(fast, slow, "{national}");
                    compared += 1;
                }
            }
        }
        assert!(compared > 12_000);
    }
}
