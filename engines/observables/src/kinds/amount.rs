//! Sums of money, as people write them: with signs, codes, words, thousands and shorthand.

use compact_str::CompactString;

use crate::cue::Cue;
use crate::family::{Bytes, Family, Finds, Pair, Wake};
use crate::kind::Kind;
use crate::scan::{Anchor, Mark, Scan};
use crate::words::{Lower, Words, digits_at, letters_at};
use number::{Scaled, number_at, total, written};

mod number;
mod words;

/// A number is not inside a longer one, and no sign stands before it: what follows that is read from
/// the sign.
const STANDING: &[Pair] = &[
    (Bytes::of(b".,/:$\xA3").not(), Bytes::ANY),
    (Bytes::of(b".,/:"), Bytes::WORD.not()),
    (Bytes::of(b"\xA3"), Bytes::of(b"\xC2").not()),
];

/// First letters of currencies and magnitudes behind a number.
const UNITS: Bytes = Bytes::either_case(b"ktgmbhpqsedulxn").or(Bytes::of(b"ACIZ"));

/// A unit or a sign follows, or more of the number.
const LEADING_ON: &[Pair] = &[
    (Bytes::of(b" -"), UNITS.or(Bytes::HIGH).or(Bytes::of(b"$"))),
    (Bytes::of(b".,"), Bytes::DIGIT),
    (Bytes::HIGH.or(Bytes::of(b"$")), Bytes::ANY),
];

/// First letters of the codes that stand before a number in one token: those of [`code`].
const CODES: Bytes = Bytes::either_case(b"gue").or(Bytes::of(b"ANCGIPZSDH"));

pub(crate) static FAMILY: Family = Family {
    kinds: &[Kind::Amount],
    wakes_on: &[
        Wake::on(Mark::Money),
        Wake::on(Mark::Digits)
            .long(1, 15)
            .before(STANDING)
            .behind(LEADING_ON),
        Wake::on(Mark::Mixed).first(Bytes::DIGIT).before(STANDING),
        Wake::on(Mark::Mixed).first(CODES),
        Wake::at(Cue::Money.set()),
    ],
    find,
    normalise,
};

/// Where a sum starts and ends, and its canonical form.
type Sum = (usize, usize, CompactString);

fn find(scan: &Scan<'_>, anchor: &Anchor, finds: &mut Finds) {
    let found = match anchor.mark {
        Mark::Money => after_sign(scan, anchor.start, finds),
        Mark::Digits | Mark::Mixed => from_digits(scan, anchor),
        _ if anchor.cues.has(Cue::Money) => {
            after_code(scan, anchor).or_else(|| words::before(scan, anchor))
        }
        _ => None,
    };
    if let Some((start, end, value)) = found {
        finds.push(Kind::Amount, start, end, value);
    }
}

/// `£1,234.50`, `US$ 500`, `€2m`; of `£500-600` both ends.
fn after_sign(scan: &Scan<'_>, at: usize, finds: &mut Finds) -> Option<Sum> {
    let (currency, width) = sign_at(scan.bytes, at)?;
    // Shells and password files are full of dollar signs that are not money.
    let strange = |byte: u8| matches!(byte, b'$' | b'{' | b'}' | b'\'' | b'\\') || byte == b'"';
    if currency == "USD" && (strange(scan.before(at)) || script(scan, at)) {
        return None;
    }
    let (currency, start) = if currency == "USD" {
        dollar(scan, at)
    } else {
        (currency, at)
    };
    let mut number = at + width;
    number += usize::from(scan.byte(number) == b' ');
    let (amount, end) = number_at(scan.bytes, number, true)?;
    let (times, end) = magnitude_at(scan.bytes, end).unwrap_or((1, end));
    if currency == "USD" && (!scan.closes(end) || strange(scan.byte(end))) {
        return None;
    }
    let value = written(currency, total(amount, times)?);
    if !unit_ends(scan, end) {
        return None;
    }
    let other = other_end(scan, end, currency, amount);
    // A code behind the number says again what the sign said.
    let end = match currency_after(scan.bytes, end) {
        Some((named, end)) if named == currency && scan.bytes[end - 1].is_ascii_alphabetic() => end,
        _ => end,
    };
    if let Some((from, to, value)) = other {
        finds.push(Kind::Amount, from, to, value);
    }
    Some((start, end, value))
}

/// Whether other dollar signs around this one are those of a script.
fn script(scan: &Scan<'_>, at: usize) -> bool {
    let around = &scan.bytes[at.saturating_sub(24)..(at + 24).min(scan.bytes.len())];
    around
        .windows(2)
        .any(|pair| pair[0] == b'$' && matches!(pair[1], b'{' | b'$' | b'(' | b'_'))
}

/// The second number of a range whose sign stands before the first only: `£500-600`.
fn other_end(scan: &Scan<'_>, at: usize, currency: &str, first: Scaled) -> Option<Sum> {
    let spaced = scan.bytes.get(at..at + 3) == Some(b" - ");
    let from = match scan.byte(at) {
        b'-' => at + 1,
        b' ' if spaced => at + 3,
        _ => return None,
    };
    let (second, end) = number_at(scan.bytes, from, true)?;
    let (times, end) = magnitude_at(scan.bytes, end).unwrap_or((1, end));
    // "£50-20" is no range, nor is a day or a further group of figures.
    let closed = scan.closes(end) && !matches!(scan.byte(end), b'-' | b'/');
    let total = total(second, times)?;
    (closed && total > first && digits_at(scan.bytes, from, 3) >= 2)
        .then(|| (from, end, written(currency, total)))
}

/// The currency of a sign and the bytes it takes.
fn sign_at(bytes: &[u8], at: usize) -> Option<(&'static str, usize)> {
    match bytes.get(at..)? {
        [b'$', ..] => Some(("USD", 1)),
        [0xC2, 0xA3, ..] => Some(("GBP", 2)),
        [0xE2, 0x82, 0xA6, ..] => Some(("NGN", 3)),
        [0xE2, 0x82, 0xAC, ..] => Some(("EUR", 3)),
        [0xE2, 0x82, 0xB9, ..] => Some(("INR", 3)),
        [0xE2, 0x82, 0xBF, ..] => Some(("BTC", 3)),
        _ => None,
    }
}

/// Which dollar, by the letters before the sign.
fn dollar(scan: &Scan<'_>, at: usize) -> (&'static str, usize) {
    let prefixes = [
        ("US", "USD"),
        ("AU", "AUD"),
        ("CA", "CAD"),
        ("NZ", "NZD"),
        ("HK", "HKD"),
        ("A", "AUD"),
        ("C", "CAD"),
    ];
    if !scan.before(at).is_ascii_uppercase() {
        return ("USD", at);
    }
    for (prefix, currency) in prefixes {
        let start = at.saturating_sub(prefix.len());
        if &scan.bytes[start..at] == prefix.as_bytes() && scan.opens(start) {
            return (currency, start);
        }
    }
    ("USD", at)
}

/// `300 pounds`, `2 million quid`, `50p`, `GBP300`, `500£`, and `1.2k` behind a word of paying.
fn from_digits(scan: &Scan<'_>, anchor: &Anchor) -> Option<Sum> {
    let start = anchor.start;
    let before = scan.before(start);
    if !scan.bytes[start].is_ascii_digit() {
        return joined_code(scan, anchor);
    }
    // Most numbers are: that is cheap to see before they are read.
    if anchor.mark == Mark::Digits && bare(scan, anchor.end) {
        return None;
    }
    let inside = matches!(before, b'.' | b',' | b'-' | b'/' | b':')
        && start >= 2
        && scan.bytes[start - 2].is_ascii_alphanumeric();
    if inside && before != b'-' || !scan.opens(start) || signed(scan, start) {
        return None;
    }
    let (amount, number_end) = number_at(scan.bytes, start, false)?;
    if bare(scan, number_end) {
        return None;
    }
    let (times, end) = magnitude_at(scan.bytes, number_end).unwrap_or((1, number_end));
    let total = total(amount, times)?;
    if let Some((currency, end)) = currency_after(scan.bytes, end)
        && unit_ends(scan, end)
    {
        // "Nine stone ten pounds" is what a person weighs.
        if matches!(scan.byte(end - 1), b's' | b'd') && scan.near(start, end, 40, Cue::Weight.set())
        {
            return None;
        }
        // A pound sign with a number behind it belongs to that number.
        let sign = scan.bytes[end - 1] >= 0x80 || scan.bytes[end - 1] == b'$';
        let taken = sign
            && (scan.byte(end).is_ascii_digit()
                || scan.byte(end) == b' ' && scan.byte(end + 1).is_ascii_digit());
        let pence = currency == "GBX";
        return match (taken, pence) {
            (true, _) => None,
            (false, true) if times == 1 => Some((start, end, written("GBP", total / 100))),
            (false, true) => None,
            (false, false) => Some((start, end, written(currency, total))),
        };
    }
    let word = scan.bytes.get(number_end..end).unwrap_or_default();
    let grand = word.trim_ascii_start().eq_ignore_ascii_case(b"grand");
    let thousands = times == 1_000 && end == number_end + 1;
    let said = grand || thousands && paying(scan, start, end);
    (said && unit_ends(scan, end)).then(|| (start, end, written("GBP", total)))
}

/// Whether the number that ends here is bare: no letter and no sign follows, nor a part of it.
fn bare(scan: &Scan<'_>, end: usize) -> bool {
    let next = match scan.byte(end) {
        b' ' | b'-' => scan.byte(end + 1),
        b'.' | b',' if scan.byte(end + 1).is_ascii_digit() => return false,
        next => next,
    };
    !(next.is_ascii_alphabetic() || next >= 0x80 || next == b'$')
}

/// Whether the sign of a currency stands right before the number.
pub(crate) fn signed(scan: &Scan<'_>, start: usize) -> bool {
    match scan.before(start) {
        b'$' => true,
        0x80.. => [2, 3].into_iter().any(|width| {
            start
                .checked_sub(width)
                .is_some_and(|at| sign_at(scan.bytes, at).is_some_and(|(_, w)| w == width))
        }),
        _ => false,
    }
}

/// Whether words around a bare `5k` make it money: something was paid, and it is not a run.
fn paying(scan: &Scan<'_>, start: usize, end: usize) -> bool {
    static NOT_MONEY: Words = Words::new(
        "run race followers subscribers steps views people members users miles tv screen \
         resolution likes video customers words monitor km file files rows records emails",
    );
    scan.led_by(start, 30, Cue::Paying.set()) && !NOT_MONEY.has(letters_at(scan.bytes, end + 1, 12))
}

/// `GBP300` in one token.
fn joined_code(scan: &Scan<'_>, anchor: &Anchor) -> Option<Sum> {
    let currency = code(scan.bytes.get(anchor.start..anchor.start + 3)?)?;
    if !scan.opens(anchor.start) {
        return None;
    }
    let (amount, end) = number_at(scan.bytes, anchor.start + 3, false)?;
    let (times, end) = magnitude_at(scan.bytes, end).unwrap_or((1, end));
    let value = written(currency, total(amount, times)?);
    unit_ends(scan, end).then_some((anchor.start, end, value))
}

/// `GBP 300`.
fn after_code(scan: &Scan<'_>, anchor: &Anchor) -> Option<Sum> {
    let currency = code(&scan.bytes[anchor.start..anchor.end])?;
    let gap = match scan.bytes.get(anchor.end..) {
        Some([b' ', 0xC2, 0xA3, ..]) if currency == "GBP" => 3,
        Some([b' ' | b':', ..]) => 1,
        _ => return None,
    };
    let gap = gap + usize::from(scan.byte(anchor.end + gap) == b' ');
    if !scan.opens(anchor.start) {
        return None;
    }
    let (amount, end) = number_at(scan.bytes, anchor.end + gap, true)?;
    let (times, end) = magnitude_at(scan.bytes, end).unwrap_or((1, end));
    let value = written(currency, total(amount, times)?);
    unit_ends(scan, end).then_some((anchor.start, end, value))
}

/// The currencies whose codes stand before or behind a sum (ISO 4217): the commonest in any case,
/// the others in capitals only.
fn code(word: &[u8]) -> Option<&'static str> {
    const COMMON: [&str; 3] = ["GBP", "USD", "EUR"];
    const OTHERS: [&str; 15] = [
        "AUD", "NZD", "CHF", "AED", "NGN", "GHS", "INR", "PKR", "ZAR", "PLN", "SEK", "NOK", "DKK",
        "HKD", "SGD",
    ];
    let common = COMMON
        .into_iter()
        .find(|code| word.eq_ignore_ascii_case(code.as_bytes()));
    common.or_else(|| OTHERS.into_iter().find(|code| code.as_bytes() == word))
}

/// Whether nothing behind the amount makes it part of something longer.
fn unit_ends(scan: &Scan<'_>, end: usize) -> bool {
    let joined =
        matches!(scan.byte(end), b'.' | b'@') && scan.byte(end + 1).is_ascii_alphanumeric();
    scan.closes(end) && !joined
        || scan.bytes[end - 1] >= 0x80
        // "£1.50perWK", "£500to": text messages drop the space behind a price in figures.
        || scan.bytes[end - 1].is_ascii_digit() && scan.byte(end).is_ascii_alphabetic()
}

/// Thousands and millions in letters or words, directly behind a number.
fn magnitude_at(bytes: &[u8], at: usize) -> Option<(Scaled, usize)> {
    let spaced = usize::from(matches!(bytes.get(at), Some(b' ' | b'-')));
    // The first letters of what follows: most words are seen to be none of these.
    if !matches!(
        bytes.get(at + spaced)? | 0x20,
        b'k' | b't' | b'g' | b'm' | b'b' | b'h'
    ) {
        return None;
    }
    let word = letters_at(bytes, at + spaced, 12);
    let times = match Lower::of(word).as_bytes() {
        b"k" | b"thousand" | b"grand" | b"thousands" => 1_000,
        b"m" | b"mn" | b"mil" if spaced == 0 => 1_000_000,
        b"million" | b"millions" => 1_000_000,
        b"bn" | b"b" if spaced == 0 => 1_000_000_000,
        b"billion" => 1_000_000_000,
        b"hundred" => 100,
        _ => return None,
    };
    let end = at + spaced + word.len();
    let more = (times == 100).then(|| magnitude_at(bytes, end)).flatten();
    Some(more.map_or((times, end), |(further, end)| (times * further, end)))
}

/// A currency by its word, code or sign directly behind a number.
fn currency_after(bytes: &[u8], at: usize) -> Option<(&'static str, usize)> {
    let spaced = at + usize::from(matches!(bytes.get(at), Some(b' ' | b'-')));
    if bytes.get(at) != Some(&b'-')
        && let Some((currency, width)) = sign_at(bytes, spaced)
    {
        return Some((currency, spaced + width));
    }
    let word = letters_at(bytes, spaced, 12);
    let end = spaced + word.len();
    let currency = match Lower::of(word).as_bytes() {
        [] => return None,
        b"pounds" | b"pound" | b"quid" | b"gbp" | b"sterling" | b"squid" => "GBP",
        b"euros" | b"euro" | b"eur" => "EUR",
        b"dollars" | b"dollar" | b"usd" | b"bucks" => "USD",
        b"pence" => "GBX",
        // A capital stands in codes and picture sizes, not in prices.
        b"p" if word == b"p" && spaced == at && pence_before(bytes, at) => "GBX",
        b"btc" | b"bitcoin" | b"bitcoins" => "BTC",
        b"eth" | b"ether" | b"ethereum" => "ETH",
        b"ltc" | b"litecoin" => "LTC",
        b"xmr" | b"monero" => "XMR",
        b"usdt" | b"tether" => "USDT",
        b"usdc" => "USDC",
        b"naira" => "NGN",
        b"us" => {
            let next = letters_at(bytes, end + 1, 12);
            let dollars = Lower::of(next).as_bytes().starts_with(b"dollar");
            return (bytes.get(end) == Some(&b' ') && dollars)
                .then_some(("USD", end + 1 + next.len()));
        }
        // Before a number these letters are a police log's.
        b"cad" if word == b"CAD" => "CAD",
        _ if word.len() == 3 => code(word)?,
        _ => return None,
    };
    Some((currency, end))
}

/// `50p` is pence; `1080p` and `720p` are pictures.
fn pence_before(bytes: &[u8], at: usize) -> bool {
    let digits = bytes[..at]
        .iter()
        .rev()
        .take(4)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let number = &bytes[at - digits..at];
    digits <= 3
        && ![b"720", b"480", b"360", b"240"]
            .iter()
            .any(|picture| *picture == number)
}

fn normalise(_: Kind, field: &str) -> Option<String> {
    if let Some((code, number)) = field.split_once(' ')
        && (3..=4).contains(&code.len())
        && code.bytes().all(|byte| byte.is_ascii_uppercase())
        && let Some((amount, end)) = number_at(number.as_bytes(), 0, false)
        && end == number.len()
    {
        return Some(written(code, amount).into());
    }
    // A field labelled as an amount needs no currency: it is pounds.
    if let Some((amount, end)) = number_at(field.as_bytes(), 0, true) {
        let (times, end) = magnitude_at(field.as_bytes(), end).unwrap_or((1, end));
        if end == field.len() {
            return Some(written("GBP", total(amount, times)?).into());
        }
    }
    crate::extract(field)
        .into_iter()
        .find(|found| found.kind == Kind::Amount && found.raw.len() == field.len())
        .map(|found| found.value)
}

#[cfg(test)]
mod tests {
    use crate::Kind::Amount;
    use crate::kinds::check;
    use crate::{Kind, normalise};

    #[track_caller]
    fn sum(text: &str, value: &str) {
        check(text, &[(Amount, value)]);
    }

    #[test]
    fn signs_codes_and_words() {
        sum("they took £1,234.50 from me", "GBP 1234.50");
        sum("worth £ 500", "GBP 500.00");
        sum("€99 fee", "EUR 99.00");
        sum("US$2,000", "USD 2000.00");
        sum("1.234,50 €", "EUR 1234.50");
        sum("GBP 300", "GBP 300.00");
        sum("300 gbp", "GBP 300.00");
        sum("GBP300", "GBP 300.00");
        sum("cost 20 quid.", "GBP 20.00");
        sum("500£", "GBP 500.00");
        sum("£5 000", "GBP 5000.00");
        sum("150p a minute", "GBP 1.50");
        sum("0.05 BTC", "BTC 0.05");
        sum("fifteen hundred pounds", "GBP 1500.00");
        sum("two thousand five hundred and fifty pounds", "GBP 2550.00");
    }

    #[test]
    fn shorthand() {
        sum("£1.2k", "GBP 1200.00");
        sum("2 million pounds", "GBP 2000000.00");
        sum("£2m", "GBP 2000000.00");
        sum("I lost 1.2k", "GBP 1200.00");
        sum("sent him 5K in all", "GBP 5000.00");
        sum("about 3 grand", "GBP 3000.00");
        sum("a grand", "GBP 1000.00");
        sum("12k euros", "EUR 12000.00");
        check(
            "between £500-£1,000",
            &[(Amount, "GBP 500.00"), (Amount, "GBP 1000.00")],
        );
    }

    #[test]
    fn numbers_that_are_not_money() {
        check("my 10k run, 4k tv, 1080p video, 720p, 5 kids, 3 cards", &[]);
        check("version 1.2.3 of 2024, pound lane", &[]);
    }

    #[test]
    fn fields() {
        assert_eq!(
            normalise(Kind::Amount, "1,250").as_deref(),
            Some("GBP 1250.00")
        );
        assert_eq!(
            normalise(Kind::Amount, "£2k").as_deref(),
            Some("GBP 2000.00")
        );
        assert_eq!(
            normalise(Kind::Amount, "GBP 1250.00").as_deref(),
            Some("GBP 1250.00")
        );
        assert_eq!(
            normalise(Kind::Amount, "USDT 12.50").as_deref(),
            Some("USDT 12.50")
        );
        assert_eq!(normalise(Kind::Amount, "none"), None);
    }
}
