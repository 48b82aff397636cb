//! One way of writing each value, so that equal means equal. Every form is its own normal form.

use std::fmt::Write as _;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Raise this when any rule in this file changes: stored records are then prepared anew.
pub(crate) const RULES: u64 = 3;

/// Words in lower case without accents, apostrophes or punctuation, one space between. Empty when
/// nothing is left.
pub(crate) fn words(text: &str) -> String {
    if text.is_ascii() {
        return plain_words(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut parted = false;
    let mut push = |c: char| match c {
        // Within a word: O'Brien, J.P.
        '\'' | '\u{2019}' | '\u{2018}' | '\u{02bc}' | '`' | '.' => {}
        c if c.is_alphanumeric() => {
            if parted && !out.is_empty() {
                out.push(' ');
            }
            parted = false;
            out.push(c);
        }
        _ => parted = true,
    };
    // Lower case before and after: some capitals decompose only once lowered, and some
    // decompositions are capitals.
    let lowered = text.chars().flat_map(char::to_lowercase);
    let plain = lowered
        .nfkd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase);
    for c in plain {
        match latin(c) {
            Some(letters) => letters.chars().for_each(&mut push),
            None => push(c),
        }
    }
    out
}

/// The same of ASCII, which nearly all records are.
fn plain_words(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut parted = false;
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            if parted && !out.is_empty() {
                out.push(b' ');
            }
            parted = false;
            out.push(byte.to_ascii_lowercase());
        } else {
            parted |= !matches!(byte, b'\'' | b'`' | b'.');
        }
    }
    String::from_utf8(out).unwrap_or_default()
}

/// Latin letters that Unicode does not decompose, as they are written in English records.
fn latin(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ı' => "i",
        'ħ' => "h",
        _ => return None,
    })
}

/// A date as `YYYY-MM-DD`. Reads ISO 8601 (with or without hyphens, with or without a time behind
/// it), day first as Britons write it, with `/`, `.` or `-`, and months by their English names.
/// `None` for what is no date of the calendar.
pub(crate) fn date(text: &str) -> Option<String> {
    date_in(text, false)
}

/// The same, where `month_first` reads 03/12/1980 and 03121980 as 12 March, as Americans write it.
pub(crate) fn date_in(text: &str, month_first: bool) -> Option<String> {
    let text = text.trim();
    let day_part = text.split(['T', ' ']).next()?;
    if day_part.len() == 8 && day_part.bytes().all(|b| b.is_ascii_digit()) {
        let number = |range: std::ops::Range<usize>| day_part[range].parse().ok();
        // 19800312, the basic form of ISO 8601.
        let basic = civil_date(number(0..4)?, number(4..6)?, number(6..8)?);
        return match basic {
            None if month_first => civil_date(number(4..8)?, number(0..2)?, number(2..4)?),
            basic => basic,
        };
    }
    let mut numbers = [0_u32; 3];
    let mut lengths = [0_usize; 3];
    let mut parts = day_part.split(['-', '/', '.']);
    for at in 0..3 {
        let part = parts.next().unwrap_or_default();
        if part.is_empty() || part.len() > 4 || !part.bytes().all(|b| b.is_ascii_digit()) {
            return date_of_words(text);
        }
        numbers[at] = part.parse().ok()?;
        lengths[at] = part.len();
    }
    match (lengths, parts.next()) {
        ([4, 1..=2, 1..=2], None) => civil_date(numbers[0], numbers[1], numbers[2]),
        ([1..=2, 1..=2, 4], None) if month_first => civil_date(numbers[2], numbers[0], numbers[1]),
        ([1..=2, 1..=2, 4], None) => civil_date(numbers[2], numbers[1], numbers[0]),
        _ => None,
    }
}

/// `12 March 1980`, `12-Mar-1980`, `March 12th, 1980`.
fn date_of_words(text: &str) -> Option<String> {
    const MONTHS: &[u8] = b"janfebmaraprmayjunjulaugsepoctnovdec";
    let (mut day, mut month, mut year) = (None, None, None);
    let words = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    for word in words.take(3) {
        let lower = word.to_ascii_lowercase();
        if lower.len() >= 3 && lower.bytes().all(|b| b.is_ascii_lowercase()) {
            let at = MONTHS
                .chunks(3)
                .position(|name| lower.as_bytes().starts_with(name))?;
            month = Some(at as u32 + 1);
        } else if lower.len() == 4 && lower.bytes().all(|b| b.is_ascii_digit()) {
            year = lower.parse().ok();
        } else {
            let number = lower.trim_end_matches(|c: char| c.is_ascii_lowercase());
            let behind = &lower[number.len()..];
            if number.len() > 2 || !matches!(behind, "" | "st" | "nd" | "rd" | "th") {
                return None;
            }
            day = number.parse().ok();
        }
    }
    civil_date(year?, month?, day?)
}

/// A date in normal form, if the calendar has it.
fn civil_date(year: u32, month: u32, day: u32) -> Option<String> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let longest = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if year == 0 || year > 9999 || !(1..=longest).contains(&day) {
        return None;
    }
    let mut out = String::with_capacity(10);
    write!(out, "{year:04}-{month:02}-{day:02}").ok()?;
    Some(out)
}

#[cfg(test)]
/// Day number of a normal date, for differences (Howard Hinnant's days_from_civil, from 1 March).
pub(crate) fn day_number(date: &str) -> Option<i64> {
    let (year, month, day) = civil(date)?;
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year)
}

#[cfg(test)]
/// Year, month and day of a normal date.
pub(crate) fn civil(date: &str) -> Option<(i64, i64, i64)> {
    let number = |range: std::ops::Range<usize>| date.get(range)?.parse::<i64>().ok();
    Some((number(0..4)?, number(5..7)?, number(8..10)?))
}

/// A postcode in capitals without a space. What is not a United Kingdom postcode is kept too, for
/// exact comparison only (see [`sector`]). Of a text too long to be one, such as a whole address,
/// the last United Kingdom postcode in it.
pub(crate) fn postcode(text: &str) -> Option<String> {
    let code = capitals(text);
    match code.len() {
        0..3 => None,
        3..=10 => Some(code),
        _ => last_postcode(text),
    }
}

fn last_postcode(text: &str) -> Option<String> {
    let words = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    let words: Vec<String> = words.map(str::to_ascii_uppercase).collect();
    let british = |code: &String| {
        // A letter, at most one more, a digit: "NO12AB" is one, "FLAT12AB" is not.
        let area = code.bytes().take_while(u8::is_ascii_uppercase).count();
        (5..=7).contains(&code.len()) && (1..=2).contains(&area) && sector(code).is_some()
    };
    let ending_at = |at: usize| {
        let whole = Some(words[at].clone()).filter(british);
        whole
            .or_else(|| Some(format!("{}{}", words[at.checked_sub(1)?], words[at])).filter(british))
    };
    (0..words.len()).rev().find_map(ending_at)
}

/// The ASCII letters and digits of a text, in capitals.
fn capitals(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let symbols = text.bytes().filter(u8::is_ascii_alphanumeric);
    out.extend(symbols.map(|byte| byte.to_ascii_uppercase()));
    String::from_utf8(out).unwrap_or_default()
}

/// District and first digit of the inward part: some 3,000 addresses. `None` unless the postcode
/// has the British form.
pub(crate) fn sector(postcode: &str) -> Option<&str> {
    district(postcode).map(|outward| &postcode[..outward.len() + 1])
}

/// The outward part: a town or part of one.
pub(crate) fn district(postcode: &str) -> Option<&str> {
    let split = postcode.len().checked_sub(3)?;
    let (outward, inward) = (postcode.get(..split)?, postcode.as_bytes().get(split..)?);
    let inward_form = inward[0].is_ascii_digit() && inward[1..].iter().all(u8::is_ascii_uppercase);
    let outward_form = (2..=4).contains(&split) && outward.as_bytes()[0].is_ascii_uppercase();
    (inward_form && outward_form).then_some(outward)
}

/// A telephone number as `+` and digits where the country is known, else its digits. A leading
/// `0` stands for `country_code`. `None` for fewer than 7 or more than 15 digits (ITU-T E.164).
pub(crate) fn phone(text: &str, country_code: &str) -> Option<String> {
    let main = text
        .split(['x', 'X', '#', 'e', 'E'])
        .find(|part| part.contains(char::is_numeric))?;
    let international = main
        .split(|c: char| c.is_ascii_digit())
        .next()?
        .contains('+');
    // One more for the sign, and some for the country code.
    let mut number = String::with_capacity(main.len() + country_code.len() + 1);
    number.extend(main.chars().filter(char::is_ascii_digit));
    let trunk = number.starts_with("00");
    let international = international || trunk;
    let digits = if trunk { &number[2..] } else { &number };
    let national = if let Some(rest) = digits.strip_prefix(country_code)
        && (international || rest.len() >= 9)
    {
        // "+44 (0)1438 …": the trunk zero is not dialled after the country code.
        Some(rest.trim_start_matches('0'))
    } else if international {
        None
    } else {
        digits.strip_prefix('0')
    };
    match national {
        Some(rest) => {
            let before = number.len() - rest.len();
            number.replace_range(..before, country_code);
            number.insert(0, '+');
        }
        None if trunk => number.replace_range(..2, "+"),
        None if international => number.insert(0, '+'),
        None => {}
    }
    let count = number.trim_start_matches('+').len();
    (7..=15).contains(&count).then_some(number)
}

/// An e-mail address in lower case. `None` unless it has one `@` with something on both sides and
/// at most 254 bytes (RFC 5321 §4.5.3.1.3 as corrected by erratum 1690).
pub(crate) fn email(text: &str) -> Option<String> {
    let text = text
        .trim()
        .trim_end_matches(['.', ',', ';', '>'])
        .trim_start_matches('<');
    let mut address = if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        text.to_lowercase()
    };
    if address.starts_with("mailto:") {
        address.drain(.."mailto:".len());
    }
    let (local, domain) = address.split_once('@')?;
    let plain = |part: &str| {
        !part.is_empty()
            && !part.contains(|c: char| c == '@' || c.is_whitespace() || c.is_control())
    };
    (plain(local) && plain(domain) && address.len() <= 254).then_some(address)
}

/// What stands before the `@`.
pub(crate) fn local_part(email: &str) -> Option<&str> {
    // Addresses are short: a plain walk beats a search made for long texts.
    email.bytes().position(|b| b == b'@').map(|at| &email[..at])
}

/// A number without grouping, sign of currency or needless zeros. `None` if it is not one.
pub(crate) fn number(text: &str) -> Option<String> {
    let bare: String = text
        .chars()
        .filter(|c| !matches!(c, ',' | ' ' | '£' | '$' | '€' | '_'))
        .collect();
    let value: f64 = bare.parse().ok()?;
    // Adding zero turns -0 into 0.
    value.is_finite().then(|| (value + 0.0).to_string())
}

/// A reference such as a company number: ASCII letters and digits in capitals.
pub(crate) fn identifier(text: &str) -> Option<String> {
    let code = capitals(text);
    (!code.is_empty()).then_some(code)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_lose_case_accents_apostrophes_and_hyphens() {
        for (text, expected) in [
            ("O'Brien", "obrien"),
            ("O\u{2019}BRIEN", "obrien"),
            ("Smith-Jones", "smith jones"),
            ("  Smith   \u{2013} Jones ", "smith jones"),
            ("José Núñez", "jose nunez"),
            ("Łukasz Đorđević", "lukasz dordevic"),
            ("Straße", "strasse"),
            ("STRAẞE", "strasse"),
            ("İstanbul", "istanbul"),
            ("J.P.", "jp"),
            ("王小明", "王小明"),
            ("---", ""),
            ("", ""),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn dates_are_iso_or_day_first_and_of_the_calendar() {
        for (text, expected) in [
            ("1980-03-12", Some("1980-03-12")),
            ("1980-3-2", Some("1980-03-02")),
            ("19800312", Some("1980-03-12")),
            ("12031980", None),
            ("12/03/1980", Some("1980-03-12")),
            ("12.3.1980", Some("1980-03-12")),
            ("1980-03-12T00:00:00Z", Some("1980-03-12")),
            (" 1980-03-12 00:00", Some("1980-03-12")),
            ("2000-02-29", Some("2000-02-29")),
            ("1900-02-29", None),
            ("1980-13-01", None),
            ("1980-00-01", None),
            ("12/03/80", None),
            ("1980", None),
            ("soon", None),
            ("12 March 1980", Some("1980-03-12")),
            ("12-MAR-1980", Some("1980-03-12")),
            ("March 12th, 1980", Some("1980-03-12")),
            ("12 Month 1980", None),
            ("31 Feb 1980", None),
        ] {
            assert_eq!(date(text).as_deref(), expected, "{text}");
        }
        for (text, expected) in [
            ("03/12/1980", Some("1980-03-12")),
            ("03121980", Some("1980-03-12")),
            ("19800312", Some("1980-03-12")),
            ("1980-03-12", Some("1980-03-12")),
            ("13/12/1980", None),
        ] {
            assert_eq!(date_in(text, true).as_deref(), expected, "{text}");
        }
        let days = |a, b| day_number(b).unwrap() - day_number(a).unwrap();
        assert_eq!(days("1980-02-28", "1980-03-01"), 2);
        assert_eq!(days("1999-12-31", "2000-01-01"), 1);
        assert_eq!(days("1970-01-01", "2000-01-01"), 10_957);
    }

    #[test]
    fn postcodes_have_sectors_when_british() {
        assert_eq!(postcode("sg1 1aa").as_deref(), Some("SG11AA"));
        assert_eq!(sector("SG11AA"), Some("SG11"));
        assert_eq!(district("EC1A1BB"), Some("EC1A"));
        assert_eq!(sector("M11AE"), Some("M11"));
        assert_eq!(sector("90210"), None);
        assert_eq!(sector("SG1"), None);
        assert_eq!(postcode("??"), None);
        for (text, expected) in [
            ("95, Gladstone Hill, Upper Sele, HW2 8AJ", Some("HW28AJ")),
            ("12 High St EC1A1BB London", Some("EC1A1BB")),
            ("120 Balfour Avenue, Hartwell", None),
        ] {
            assert_eq!(postcode(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn telephone_numbers_meet_whatever_way_they_are_written() {
        for text in [
            "07700 900123",
            "+44 7700 900123",
            "+44 (0)7700 900 123",
            "0044 7700-900123",
            "447700900123",
            "07700900123 ext 4",
        ] {
            assert_eq!(
                phone(text, "44").as_deref(),
                Some("+447700900123"),
                "{text}"
            );
        }
        assert_eq!(
            phone("+1 202 555 0143", "44").as_deref(),
            Some("+12025550143")
        );
        assert_eq!(phone("900123", "44"), None);
        assert_eq!(phone("none", "44"), None);
    }

    #[test]
    fn addresses_numbers_and_references() {
        assert_eq!(
            email(" <Jo.Bloggs@Example.COM>").as_deref(),
            Some("jo.bloggs@example.com")
        );
        assert_eq!(email("jo at example.com"), None);
        assert_eq!(email("a@b@c"), None);
        assert_eq!(number("£1,234.50").as_deref(), Some("1234.5"));
        assert_eq!(number("-0").as_deref(), Some("0"));
        assert_eq!(number("NaN"), None);
        assert_eq!(identifier("oc 301-234").as_deref(), Some("OC301234"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn every_normal_form_is_its_own(text in "\\PC{0,24}|[-+0-9 /().x@a-zA-Z£,'_]{0,24}") {
            let once = words(&text);
            prop_assert_eq!(words(&once), once.clone());
            let forms: [fn(&str) -> Option<String>; 6] =
                [date, postcode, |text| phone(text, "44"), email, number, identifier];
            for form in forms {
                if let Some(once) = form(&text) {
                    prop_assert_eq!(form(&once), Some(once.clone()));
                }
            }
        }

        #[test]
        fn every_date_counts_on_from_the_day_before(year in 1800_i64..2200, month in 1..=12, day in 1..=31) {
            if let Some(today) = date(&format!("{year}-{month}-{day}")) {
                let number = day_number(&today).unwrap();
                let before = date(&format!("{year}-{month}-{}", day - 1));
                if let Some(before) = before {
                    prop_assert_eq!(number, day_number(&before).unwrap() + 1);
                }
            }
        }
    }
}
