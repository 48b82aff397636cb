//! Cells as values: money, counts, and words for yes and no. Dates are next door.

use record::report::{Feed, PartyKind};

/// Why a text is not a sum in pounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MoneyFault {
    Negative,
    OtherCurrency,
    NotMoney,
}

/// A sum in pence, and whether parts of a penny were rounded away.
pub(super) fn read_money(text: &str) -> Result<(i64, bool), MoneyFault> {
    let lower = text.trim().to_lowercase();
    let mut rest = lower.as_str();
    let bracketed = rest.starts_with('(') && rest.ends_with(')');
    if bracketed {
        rest = &rest[1..rest.len() - 1];
    }
    let mut negative = bracketed;
    loop {
        let before = rest;
        rest = rest.trim_start_matches(['£', ' ', '\u{A0}']);
        rest = rest.strip_prefix("gbp").unwrap_or(rest);
        if let Some(after) = rest.strip_prefix(['-', '\u{2212}']) {
            negative = true;
            rest = after;
        }
        if rest == before {
            break;
        }
    }
    rest = rest.strip_prefix('+').unwrap_or(rest).trim();
    for word in ["gbp", "pounds", "pound", "£"] {
        rest = rest.strip_suffix(word).unwrap_or(rest).trim_end();
    }
    if let Some(after) = rest.strip_suffix('-') {
        negative = true;
        rest = after;
    }
    if rest.contains(['$', '€', '¥'])
        || ["usd", "eur", "btc", "eth"]
            .iter()
            .any(|c| rest.contains(c))
    {
        return Err(MoneyFault::OtherCurrency);
    }
    let (digits, scale) = match (rest.strip_suffix('k'), rest.strip_suffix('m')) {
        (Some(digits), _) => (digits.trim_end(), 1_000),
        (_, Some(digits)) => (digits.trim_end(), 1_000_000),
        _ => (rest, 1),
    };
    let (pence, rounded) = pence(digits, scale).ok_or(MoneyFault::NotMoney)?;
    if negative && pence != 0 {
        return Err(MoneyFault::Negative);
    }
    Ok((pence, rounded))
}

fn pence(digits: &str, scale: i64) -> Option<(i64, bool)> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    // Commas set thousands apart; anything else is another way of writing, and not guessed at.
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let mut plain = first.to_owned();
    for group in groups {
        if group.len() != 3 || first.is_empty() || first.len() > 3 {
            return None;
        }
        plain.push_str(group);
    }
    let all_digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(&plain) || !all_digits(fraction) || plain.len() > 15 {
        return None;
    }
    let whole: i64 = if plain.is_empty() {
        0
    } else {
        plain.parse().ok()?
    };
    let mut total = whole.checked_mul(scale)?.checked_mul(100)?;
    // Nine places are more than any sum has; a spreadsheet's float noise lies beyond.
    let mut places: i64 = 0;
    for i in 0..9 {
        let digit = fraction
            .as_bytes()
            .get(i)
            .map_or(0, |d| i64::from(d - b'0'));
        places = places * 10 + digit;
    }
    let scaled = places.checked_mul(scale)?.checked_mul(100)?;
    let unit = 1_000_000_000;
    total = total.checked_add((scaled + unit / 2) / unit)?;
    let lost = (scaled % unit).min(unit - scaled % unit);
    Some((total, lost > unit / 10_000))
}

/// A whole number, with or without commas.
pub(super) fn read_count(text: &str) -> Option<u32> {
    let plain = text.trim().replace(',', "");
    let plain = plain.strip_suffix(".0").unwrap_or(&plain);
    plain.parse().ok()
}

/// Words for a value that is not there. Never applied to names: Null is a surname.
pub(super) fn is_absent(text: &str) -> bool {
    const WORDS: [&str; 13] = [
        "-",
        "--",
        "n/a",
        "#n/a",
        "na",
        "nil",
        "null",
        "nan",
        "unknown",
        "not known",
        "not applicable",
        "not asked",
        "not given",
    ];
    text.len() <= 14 && WORDS.iter().any(|w| text.eq_ignore_ascii_case(w))
}

pub(super) fn read_feed(text: &str) -> Option<Feed> {
    let word = plain_word(text);
    Feed::parse(&word).or_else(|| {
        Feed::ALL
            .into_iter()
            .find(|f| plain_word(f.title()) == word)
    })
}

pub(super) fn read_party_kind(text: &str) -> Option<PartyKind> {
    match plain_word(text).as_str() {
        "person" | "individual" | "p" | "member_of_public" | "member_of_the_public" | "victim" => {
            Some(PartyKind::Person)
        }
        "organisation" | "organization" | "o" | "org" | "business" | "company" | "charity"
        | "b" | "enterprise" | "corporate" => Some(PartyKind::Organisation),
        _ => None,
    }
}

/// Lower case, with one underscore between words: how answers and markers are written.
pub(super) fn plain_word(text: &str) -> String {
    let mut word = String::with_capacity(text.len());
    for part in text
        .split(|c: char| c.is_whitespace() || matches!(c, '-' | '_' | '/'))
        .filter(|p| !p.is_empty())
    {
        if !word.is_empty() {
            word.push('_');
        }
        word.extend(part.chars().flat_map(char::to_lowercase));
    }
    word
}

/// How an answer was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    Known(String),
    /// Says that nobody knows: the same as no answer.
    Unknown,
    /// "Yes" where degrees are asked for: the lesser degree, so that it is not lost.
    Degree(&'static str),
    Other,
}

const YES_NO: &[&str] = &["yes", "no"];
const DEGREE: &[&str] = &["none", "some", "marked"];

/// The answers a triage factor takes (triage reference, sections 6 and 7); empty for a number.
pub(super) fn answers_of(field: &str) -> &'static [&'static str] {
    match field {
        "cognitive_or_mental_health" | "physical_or_sensory" | "language_or_digital_barrier" => {
            DEGREE
        }
        "financial_impact" => &["none", "low", "serious", "life_changing"],
        "still_believes" => &["yes", "partly", "no"],
        "refund_refused" => &["yes", "no", "pending"],
        "physical_scene" => &[
            "cctv_available",
            "vehicle_or_courier_detail",
            "delivery_address",
            "none",
        ],
        "device_or_logs" => &["preserved", "available_now", "at_risk", "gone"],
        "victim_supports" => &["yes", "unsure", "no"],
        "service_outage_hours" | "data_subjects" => &[],
        _ => YES_NO,
    }
}

pub(super) fn read_answer(field: &str, text: &str) -> Answer {
    let allowed = answers_of(field);
    if allowed.is_empty() {
        return match read_count(text) {
            Some(n) => Answer::Known(n.to_string()),
            None => Answer::Other,
        };
    }
    let word = plain_word(text);
    if allowed.contains(&word.as_str()) {
        return Answer::Known(word);
    }
    let yes = matches!(word.as_str(), "y" | "yes" | "true" | "t" | "1" | "1.0");
    let no = matches!(word.as_str(), "n" | "no" | "false" | "f" | "0" | "0.0");
    if yes && allowed.contains(&"yes") {
        return Answer::Known("yes".to_owned());
    }
    if no && allowed.contains(&"no") {
        return Answer::Known("no".to_owned());
    }
    if no && allowed.contains(&"none") {
        return Answer::Known("none".to_owned());
    }
    if yes && allowed == DEGREE {
        return Answer::Degree("some");
    }
    if matches!(
        word.as_str(),
        "?" | "don't_know" | "dont_know" | "not_sure" | "unsure"
    ) {
        return Answer::Unknown;
    }
    Answer::Other
}

#[cfg(test)]
mod tests {
    use super::*;
    use record::report::{FIELDS, FieldKind};

    #[test]
    fn money_in_pence() {
        for (text, pence) in [
            ("£1,234.50", 123_450),
            ("1234.5", 123_450),
            ("1.2k", 120_000),
            ("£2m", 200_000_000),
            ("GBP 12", 1_200),
            ("12 pounds", 1_200),
            ("0", 0),
            (".99", 99),
            ("0.30000000000000004", 30),
        ] {
            assert_eq!(read_money(text), Ok((pence, false)), "{text}");
        }
        assert_eq!(read_money("1.239"), Ok((124, true)));
        assert_eq!(read_money("-5"), Err(MoneyFault::Negative));
        assert_eq!(read_money("£-5"), Err(MoneyFault::Negative));
        assert_eq!(read_money("(5.00)"), Err(MoneyFault::Negative));
        assert_eq!(read_money("$5"), Err(MoneyFault::OtherCurrency));
        for text in [
            "1.234,50",
            "12,34",
            "5-10",
            "about 20",
            "",
            "£",
            "9999999999999999",
        ] {
            assert_eq!(read_money(text), Err(MoneyFault::NotMoney), "{text}");
        }
    }

    #[test]
    fn words_are_normalised() {
        assert_eq!(read_answer("lives_alone", "Y"), Answer::Known("yes".into()));
        assert_eq!(
            read_answer("lives_alone", "FALSE"),
            Answer::Known("no".into())
        );
        assert_eq!(
            read_answer("financial_impact", "Life-changing"),
            Answer::Known("life_changing".into())
        );
        assert_eq!(read_answer("isolation", "maybe"), Answer::Other);
        assert_eq!(
            read_answer("physical_or_sensory", "yes"),
            Answer::Degree("some")
        );
        assert_eq!(
            read_answer("data_subjects", "1,200"),
            Answer::Known("1200".into())
        );
        assert_eq!(read_feed("Call for service"), Some(Feed::CallForService));
        assert_eq!(read_feed("National Pursue package"), Some(Feed::Pursue));
        assert_eq!(read_party_kind("Business"), Some(PartyKind::Organisation));
    }

    /// The contract's own words list every answer that is accepted here.
    #[test]
    fn answers_are_those_the_contract_names() {
        for field in FIELDS.iter().filter(|f| f.kind == FieldKind::Answer) {
            for answer in answers_of(field.name) {
                assert!(
                    field.about.contains(answer),
                    "{} lacks {answer}",
                    field.name
                );
            }
            let named = field.about.contains("yes") || field.about.contains("none");
            assert_eq!(
                named || field.name == "device_or_logs",
                !answers_of(field.name).is_empty()
            );
        }
    }
}
