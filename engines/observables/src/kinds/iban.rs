//! International bank account numbers: ISO 13616 lengths by country, check digits by ISO 7064
//! MOD 97-10.

use crate::family::{Bytes, Family, Finds, Wake};
use crate::kind::Kind;
use crate::scan::{Anchor, Mark, Scan};

pub(crate) static FAMILY: Family = Family {
    kinds: &[Kind::Iban],
    wakes_on: &[Wake::on(Mark::Mixed).long(4, 34).first(Bytes::LETTER)],
    find,
    normalise,
};

/// Country and length, from the SWIFT IBAN registry.
const LENGTHS: &str = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 \
    CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 \
    HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 \
    ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 \
    SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30";

fn length_of(country: &str) -> Option<usize> {
    LENGTHS
        .split_ascii_whitespace()
        .find(|entry| entry[..2] == *country)
        .and_then(|entry| entry[2..].parse().ok())
}

fn find(scan: &Scan<'_>, anchor: &Anchor, finds: &mut Finds) {
    let token = &scan.bytes[anchor.start..anchor.end];
    let opening = token.len() >= 4
        && token[..2].iter().all(u8::is_ascii_alphabetic)
        && token[2..4].iter().all(u8::is_ascii_digit);
    if !opening || !scan.opens(anchor.start) {
        return;
    }
    if let Some((value, end)) = read(scan.bytes, anchor.start)
        && scan.closes(end)
    {
        finds.numbers_read_to = finds.numbers_read_to.max(end);
        finds.push(Kind::Iban, anchor.start, end, value);
    }
}

/// Reads an IBAN whose groups may be parted by single spaces or hyphens.
fn read(bytes: &[u8], start: usize) -> Option<(String, usize)> {
    let country = std::str::from_utf8(bytes.get(start..start + 2)?)
        .ok()?
        .to_ascii_uppercase();
    let length = length_of(&country)?;
    let mut value = String::with_capacity(length);
    let mut at = start;
    while value.len() < length {
        let byte = *bytes.get(at)?;
        if byte.is_ascii_alphanumeric() {
            value.push(char::from(byte.to_ascii_uppercase()));
        } else if !matches!(byte, b' ' | b'-' | b'\n' | b'\r')
            || !bytes[at - 1].is_ascii_alphanumeric() && bytes[at - 1] != b'\r'
        {
            return None;
        }
        at += 1;
    }
    let sane = match country.as_str() {
        "GB" | "IE" => {
            value[4..8].bytes().all(|b| b.is_ascii_uppercase())
                && value[8..].bytes().all(|b| b.is_ascii_digit())
        }
        "DE" | "ES" | "BE" | "DK" | "NO" | "SE" | "FI" | "PL" | "PT" => {
            value[4..].bytes().all(|b| b.is_ascii_digit())
        }
        _ => true,
    };
    (sane && checks(value.as_bytes())).then_some((value, at))
}

/// ISO 7064 MOD 97-10 over the number with its first four characters moved to the end.
fn checks(value: &[u8]) -> bool {
    let moved = value[4..].iter().chain(&value[..4]);
    let rest = moved.fold(0u32, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        _ => (rest * 100 + u32::from(byte.to_ascii_uppercase() - b'A') + 10) % 97,
    });
    rest == 1
}

fn normalise(_: Kind, field: &str) -> Option<String> {
    let start = if field
        .get(..4)
        .is_some_and(|word| word.eq_ignore_ascii_case("iban"))
    {
        4
    } else {
        0
    };
    let field = field[start..].trim_start_matches([' ', ':']);
    read(field.as_bytes(), 0)
        .filter(|(_, end)| *end == field.len())
        .map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use crate::Kind::Iban;
    use crate::kinds::check;

    #[test]
    fn numbers_with_valid_check_digits() {
        check(
            "IBAN GB29 NWBK 6016 1331 9268 19.",
            &[(Iban, "GB29NWBK60161331926819")],
        );
        check(
            "to DE89370400440532013000 today",
            &[(Iban, "DE89370400440532013000")],
        );
        check(
            "lt60 1010 0123 4567 8901",
            &[(Iban, "LT601010012345678901")],
        );
        check(
            "NL91 ABNA 0417 1643 00 account",
            &[(Iban, "NL91ABNA0417164300")],
        );
    }

    #[test]
    fn wrong_check_digits_or_lengths() {
        check("GB28 NWBK 6016 1331 9268 19", &[]);
        check("DE8937040044053201300", &[]);
    }
}
