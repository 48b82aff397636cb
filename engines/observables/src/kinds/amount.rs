//! Sums of money, as people write them: with signs, codes, words, thousands and shorthand.

use crate::cue::Cue;
use crate::family::{Family, Finds, Wake};
use crate::kind::Kind;
use crate::scan::{Anchor, Mark, Scan};

mod words;

pub(crate) static FAMILY: Family = Family {
    kinds: &[Kind::Amount],
    wakes_on: &[
        Wake::on(Mark::Money),
        Wake::on(Mark::Digits).long(1, 15),
        Wake::on(Mark::Mixed),
        Wake::on(Mark::Word),
    ],
    find,
    normalise,
};

/// A number in hundred-millionths, the smallest unit of the currencies known here.
type Scaled = u128;
const ONE: Scaled = 100_000_000;

fn find(scan: &Scan<'_>, anchor: &Anchor, finds: &mut Finds) {
    let found = match anchor.mark {
        Mark::Money => after_sign(scan, anchor.start),
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

/// `£1,234.50`, `US$ 500`, `€2m`.
fn after_sign(scan: &Scan<'_>, at: usize) -> Option<(usize, usize, String)> {
    let (currency, width) = sign_at(scan.bytes, at)?;
    // Shells and password files are full of dollar signs that are not money.
    let strange = |byte: u8| matches!(byte, b'$' | b'{' | b'}' | b'\'' | b'\\') || byte == b'"';
    if currency == "USD" && strange(scan.before(at)) {
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
    let end = match currency_after(scan.bytes, end) {
        // A sign behind the number belongs to the next one: "£500-£1,000".
        Some((named, end)) if named == currency && scan.bytes[end - 1].is_ascii_alphabetic() => end,
        _ => end,
    };
    if currency == "USD" && (!scan.closes(end) || strange(scan.byte(end))) {
        return None;
    }
    unit_ends(scan, end).then(|| Some((start, end, written(currency, total(amount, times)?))))?
}

/// The currency of a sign and the bytes it takes.
fn sign_at(bytes: &[u8], at: usize) -> Option<(&'static str, usize)> {
    match bytes.get(at..)? {
        [b'$', ..] => Some(("USD", 1)),
        [0xC2, 0xA3, ..] => Some(("GBP", 2)),
        [0xE2, 0x82, 0xAC, ..] => Some(("EUR", 3)),
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
        ("A", "AUD"),
        ("C", "CAD"),
    ];
    for (prefix, currency) in prefixes {
        let start = at.saturating_sub(prefix.len());
        if &scan.bytes[start..at] == prefix.as_bytes() && scan.opens(start) {
            return (currency, start);
        }
    }
    ("USD", at)
}

/// `300 pounds`, `2 million quid`, `50p`, `GBP300`, `500£`, and `1.2k` behind a word of paying.
fn from_digits(scan: &Scan<'_>, anchor: &Anchor) -> Option<(usize, usize, String)> {
    let start = anchor.start;
    let before = scan.before(start);
    if !scan.bytes[start].is_ascii_digit() {
        return joined_code(scan, anchor);
    }
    let inside = matches!(before, b'.' | b',' | b'-' | b'/' | b':')
        && start >= 2
        && scan.bytes[start - 2].is_ascii_alphanumeric();
    if inside && before != b'-' || !scan.opens(start) || matches!(before, b'$' | 0xA3 | 0xAC) {
        return None;
    }
    let (amount, number_end) = number_at(scan.bytes, start, false)?;
    let (times, end) = magnitude_at(scan.bytes, number_end).unwrap_or((1, number_end));
    let total = total(amount, times)?;
    if let Some((currency, end)) = currency_after(scan.bytes, end)
        && unit_ends(scan, end)
    {
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
    let grand = scan.text[number_end..end]
        .trim_start()
        .eq_ignore_ascii_case("grand");
    let thousands = times == 1_000 && end == number_end + 1;
    let said = grand || thousands && paying(scan, start, end);
    (said && unit_ends(scan, end)).then(|| (start, end, written("GBP", total)))
}

/// Whether words around a bare `5k` make it money: something was paid, and it is not a run.
fn paying(scan: &Scan<'_>, start: usize, end: usize) -> bool {
    const NOT_MONEY: [&str; 16] = [
        "run",
        "race",
        "followers",
        "subscribers",
        "steps",
        "views",
        "people",
        "members",
        "users",
        "miles",
        "tv",
        "screen",
        "resolution",
        "likes",
        "video",
        "customers",
    ];
    let next = word_at(scan.bytes, end + 1);
    scan.led_by(start, 30, Cue::Paying.set())
        && !NOT_MONEY.iter().any(|word| word.eq_ignore_ascii_case(next))
}

/// `GBP300` in one token.
fn joined_code(scan: &Scan<'_>, anchor: &Anchor) -> Option<(usize, usize, String)> {
    let code = scan.text.get(anchor.start..anchor.start + 3)?;
    let currency = ["GBP", "USD", "EUR"]
        .into_iter()
        .find(|known| code.eq_ignore_ascii_case(known))?;
    if !scan.opens(anchor.start) {
        return None;
    }
    let (amount, end) = number_at(scan.bytes, anchor.start + 3, false)?;
    let (times, end) = magnitude_at(scan.bytes, end).unwrap_or((1, end));
    unit_ends(scan, end)
        .then(|| Some((anchor.start, end, written(currency, total(amount, times)?))))?
}

/// `GBP 300`.
fn after_code(scan: &Scan<'_>, anchor: &Anchor) -> Option<(usize, usize, String)> {
    let code = &scan.text[anchor.start..anchor.end];
    let currency = ["GBP", "USD", "EUR"]
        .into_iter()
        .find(|known| code.eq_ignore_ascii_case(known))?;
    if scan.byte(anchor.end) != b' ' || !scan.opens(anchor.start) {
        return None;
    }
    let (amount, end) = number_at(scan.bytes, anchor.end + 1, true)?;
    let (times, end) = magnitude_at(scan.bytes, end).unwrap_or((1, end));
    unit_ends(scan, end)
        .then(|| Some((anchor.start, end, written(currency, total(amount, times)?))))?
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

/// An amount times its magnitude; ten thousand billion is more than anyone has ever lost.
fn total(amount: Scaled, times: Scaled) -> Option<Scaled> {
    amount
        .checked_mul(times)
        .filter(|total| *total <= 10_000_000_000_000 * ONE)
}

/// Reads a number with thousands commas and decimals: `1,234.50`, and behind a sign also
/// `1 234` and `1.234,50`.
fn number_at(bytes: &[u8], start: usize, signed: bool) -> Option<(Scaled, usize)> {
    let run = |at: usize| {
        bytes[at.min(bytes.len())..]
            .iter()
            .take(16)
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    };
    let mut end = start + run(start);
    // Numbers with a leading nought are codes and telephone numbers.
    let padded = bytes.get(start) == Some(&b'0') && end > start + 1;
    if end == start || end - start > 15 || padded {
        return None;
    }
    let digits = |from: usize, to: usize| {
        let part = bytes.get(from..to).unwrap_or_default();
        part.iter()
            .fold(0, |n: u64, b| n * 10 + u64::from(b - b'0'))
    };
    let mut whole = digits(start, end);
    let continental = bytes.get(end) == Some(&b'.')
        && run(end + 1) == 3
        && bytes.get(end + 4) == Some(&b',')
        && run(end + 5) == 2;
    let group = |at: usize| match bytes.get(at) {
        Some(b',') if !continental => run(at + 1) == 3,
        Some(b'.') if continental => run(at + 1) == 3,
        Some(b' ') if signed => run(at + 1) == 3 && bytes.get(at + 4) != Some(&b' '),
        _ => false,
    };
    while end - start <= 15 && bytes[start] != b'0' && run(start) <= 3 && group(end) {
        whole = whole * 1_000 + digits(end + 1, end + 4);
        end += 4;
    }
    let point = if continental { b',' } else { b'.' };
    let decimals = if bytes.get(end) == Some(&point) {
        run(end + 1).min(8)
    } else {
        0
    };
    let fraction = digits(end + 1, end + 1 + decimals);
    if decimals > 0 {
        end += 1 + decimals;
    }
    // A further group shows a version, a date or a telephone number.
    if matches!(bytes.get(end), Some(b'.' | b','))
        && bytes.get(end + 1).is_some_and(u8::is_ascii_digit)
    {
        return None;
    }
    let scale = 10u128.pow(8 - decimals as u32);
    let amount = Scaled::from(whole) * ONE + Scaled::from(fraction) * scale;
    Some((total(amount, 1)?, end))
}

/// Thousands and millions in letters or words, directly behind a number.
fn magnitude_at(bytes: &[u8], at: usize) -> Option<(Scaled, usize)> {
    let spaced = usize::from(matches!(bytes.get(at), Some(b' ' | b'-')));
    let word = word_at(bytes, at + spaced);
    let times = match word.to_ascii_lowercase().as_str() {
        "k" | "thousand" | "grand" | "thousands" => 1_000,
        "m" | "mn" | "mil" if spaced == 0 => 1_000_000,
        "million" | "millions" => 1_000_000,
        "bn" | "b" if spaced == 0 => 1_000_000_000,
        "billion" => 1_000_000_000,
        "hundred" => 100,
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
    let word = word_at(bytes, spaced);
    let end = spaced + word.len();
    let currency = match word.to_ascii_lowercase().as_str() {
        "pounds" | "pound" | "quid" | "gbp" | "sterling" => "GBP",
        "euros" | "euro" | "eur" => "EUR",
        "dollars" | "dollar" | "usd" => "USD",
        "pence" => "GBX",
        // A capital stands in codes and picture sizes, not in prices.
        "p" if word == "p" && spaced == at && pence_before(bytes, at) => "GBX",
        "btc" | "bitcoin" | "bitcoins" => "BTC",
        "eth" => "ETH",
        "ltc" => "LTC",
        "xmr" => "XMR",
        "usdt" => "USDT",
        "usdc" => "USDC",
        "us" => {
            let next = word_at(bytes, end + 1);
            let dollars = next.to_ascii_lowercase().starts_with("dollar");
            return (bytes.get(end) == Some(&b' ') && dollars)
                .then_some(("USD", end + 1 + next.len()));
        }
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

/// The run of letters at `at`, at most 12 of them.
fn word_at(bytes: &[u8], at: usize) -> &str {
    let rest = &bytes[at.min(bytes.len())..];
    let length = rest
        .iter()
        .take(13)
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    std::str::from_utf8(&rest[..length.min(12)]).unwrap_or_default()
}

/// Code and decimal number with at least two places.
fn written(currency: &str, amount: Scaled) -> String {
    let fraction = format!("{:08}", amount % ONE);
    let places = fraction.trim_end_matches('0').len().max(2);
    format!("{currency} {}.{}", amount / ONE, &fraction[..places])
}

fn normalise(_: Kind, field: &str) -> Option<String> {
    if let Some((code, number)) = field.split_once(' ')
        && (3..=4).contains(&code.len())
        && code.bytes().all(|byte| byte.is_ascii_uppercase())
        && let Some((amount, end)) = number_at(number.as_bytes(), 0, false)
        && end == number.len()
    {
        return Some(written(code, amount));
    }
    // A field labelled as an amount needs no currency: it is pounds.
    if let Some((amount, end)) = number_at(field.as_bytes(), 0, true) {
        let (times, end) = magnitude_at(field.as_bytes(), end).unwrap_or((1, end));
        if end == field.len() {
            return Some(written("GBP", total(amount, times)?));
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
