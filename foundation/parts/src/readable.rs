//! Names and rules of policy as an officer reads them.
//!
//! Policy speaks in ids (`still_in_contact`, `18_24`) and conditions (`acceptance:C &
//! solvability:some`), and a proposal keeps them as they are, so that it can be replayed. What a page
//! says of them is made here, and nowhere else.

use record::report::{CrimeClass, Feed};

use super::words::{capital, count_in_words, pounds};

/// Words of ids that are not written as other words are.
const ABBREVIATIONS: [(&str, &str); 13] = [
    ("ai", "AI"),
    ("bec", "BEC"),
    ("btc", "BTC"),
    ("cctv", "CCTV"),
    ("eth", "ETH"),
    ("iban", "IBAN"),
    ("ip", "IP"),
    ("ocg", "OCG"),
    ("sms", "SMS"),
    ("uk", "UK"),
    ("url", "URL"),
    ("xmr", "XMR"),
    ("pc", "PC"),
];

/// Numbers conditions compare.
const NUMBERS: [(&str, &str); 9] = [
    ("age", "age"),
    ("loss_pounds", "loss"),
    ("network_reports", "reports in the network"),
    ("earlier_reports", "earlier reports"),
    ("report_age_days", "age of the report in days"),
    ("staff_count", "staff"),
    ("service_outage_hours", "hours of outage"),
    ("data_subjects", "people whose data is affected"),
    ("hours_since_event", "hours since the event"),
];

/// Longest first, so that `>=` is not read as `>`.
const SIGNS: [(&str, &str); 5] = [
    (">=", "at least"),
    ("<=", "at most"),
    (">", "over"),
    ("<", "under"),
    ("=", "exactly"),
];

/// Numbers below this stand in ids as they are: they may be a year or a count.
const GROUPED_FROM: u64 = 10_000;

/// An id as words: `still_in_contact` as "Still in contact", `18_24` as "18 to 24", `repeat_365d` as
/// "Repeat in 365 days", `suspect_url` as "Suspect URL".
pub fn readable(id: &str) -> String {
    capital(&spoken(id))
}

/// The same within a sentence: "still in contact", "suspect URL".
pub fn spoken(id: &str) -> String {
    if id.chars().all(|c| c.is_ascii_digit() || c == '_') {
        return id.replace('_', " to ");
    }
    let is_money = id.contains("loss") || id.contains("money");
    let words: Vec<String> = id
        .split(['_', '.', ' '])
        .filter(|word| !word.is_empty())
        .map(|word| one_word(word, is_money))
        .collect();
    words.join(" ")
}

fn one_word(word: &str, is_money: bool) -> String {
    if let Some((_, written)) = ABBREVIATIONS.iter().find(|(id, _)| *id == word) {
        return (*written).to_owned();
    }
    let days = word.strip_suffix('d').map(str::parse::<u64>);
    if let Some(Ok(days)) = days {
        return format!("in {days} days");
    }
    match word.parse::<u64>() {
        Ok(number) if number >= GROUPED_FROM && is_money => format!("£{}", count_in_words(number)),
        Ok(number) if number >= GROUPED_FROM => count_in_words(number),
        _ => word.to_owned(),
    }
}

/// What was found for a factor: `312000` of `harm.loss` as "£312,000", `65_74` as "65 to 74".
pub fn found(factor: &str, value: &str) -> String {
    let Ok(number) = value.parse::<f64>() else {
        return readable(value);
    };
    if factor.rsplit('.').next() == Some("loss") {
        return money(number);
    }
    count(number, value)
}

/// A condition of policy in words: `victim:person & loss_pounds > 0` as "the victim is a person and
/// there is a loss". Text that is no condition stays as it is.
pub fn because(condition: &str) -> String {
    let parts: Vec<String> = condition.split('&').map(|p| part(p.trim())).collect();
    parts.join(" and ")
}

fn part(text: &str) -> String {
    let (wanted, name) = match text.strip_prefix("not ") {
        Some(name) => (false, name.trim()),
        None => (true, text),
    };
    if let Some((kind, value)) = name.split_once(':')
        && kind.chars().all(|c| c.is_ascii_lowercase() || c == '_')
        && !value.starts_with(' ')
    {
        return fact(kind, value, wanted);
    }
    for (sign, says) in SIGNS {
        if let Some((name, value)) = text.split_once(sign) {
            return comparison(name.trim(), says, value.trim());
        }
    }
    let number = NUMBERS.iter().find(|(id, _)| *id == text);
    number.map_or(text, |(_, words)| words).to_owned()
}

fn comparison(name: &str, says: &str, value: &str) -> String {
    let known = NUMBERS.iter().find(|(id, _)| *id == name);
    let named = known.map_or_else(|| spoken(name), |(_, words)| (*words).to_owned());
    let Ok(number) = value.parse::<f64>() else {
        return format!("{named} {says} {value}");
    };
    match (name, says, value) {
        ("loss_pounds", "exactly", "0") => "there is no loss".to_owned(),
        ("loss_pounds", "over", "0") => "there is a loss".to_owned(),
        ("loss_pounds", ..) => format!("{named} {says} {}", money(number)),
        _ => format!("{named} {says} {}", count(number, value)),
    }
}

fn fact(kind: &str, value: &str, wanted: bool) -> String {
    if !wanted && matches!(kind, "solvability" | "vulnerability" | "severity") {
        return format!("{kind} other than {}", spoken(value));
    }
    let says = match (kind, value) {
        ("victim", "person") => "the victim is a person".to_owned(),
        ("victim", "organisation") => "the victim is an organisation".to_owned(),
        ("victim", "repeat") => "the victim was a victim before".to_owned(),
        ("payment", "none") => "nothing was paid".to_owned(),
        ("must_refer", "any") => "it must be referred".to_owned(),
        ("must_refer", rule) => format!("it must be referred ({})", spoken(rule)),
        ("must_accept", rule) => format!("it must be accepted ({})", spoken(rule)),
        (_, "given") => format!("the {} is given", spoken(kind)),
        ("suspect", _) => format!("the suspect is {}", spoken(value)),
        ("acceptance", band) => format!("acceptance band {band}"),
        ("answer", _) => match value.split_once('=') {
            Some((asked, answer)) => format!("{}: {}", spoken(asked), spoken(answer)),
            None => spoken(value),
        },
        ("class", name) => {
            let class = CrimeClass::parse(name).map(|c| c.title().to_lowercase());
            format!("the crime is {}", class.unwrap_or_else(|| spoken(name)))
        }
        ("code", code) => format!("the crime code is {code}"),
        ("feed", name) => {
            let feed = Feed::parse(name).map(|f| f.title().to_owned());
            format!("the source is {}", feed.unwrap_or_else(|| spoken(name)))
        }
        ("family", name) => format!("the kind of crime is {}", spoken(name)),
        ("marker", name) => format!("marked as {}", spoken(name)),
        ("observable", name) => format!("found in the report: {}", spoken(name)),
        ("contact" | "payment" | "platform", _) => format!("{kind} by {}", spoken(value)),
        _ => format!("{} is {}", spoken(kind), spoken(value)),
    };
    if wanted { says } else { format!("not: {says}") }
}

/// Pounds with thousands set apart; a float too large for pence saturates.
fn money(number: f64) -> String {
    pounds((number * 100.0).round() as i64)
}

/// A whole number with its thousands set apart; any other as it was written.
fn count(number: f64, written: &str) -> String {
    if number >= 0.0 && number.fract() == 0.0 {
        count_in_words(number as u64)
    } else {
        written.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_become_words() {
        for (id, words) in [
            ("date_of_birth", "Date of birth"),
            ("harm.loss", "Harm loss"),
            ("18_24", "18 to 24"),
            ("85_plus", "85 plus"),
            ("repeat_365d", "Repeat in 365 days"),
            ("suspect_url", "Suspect URL"),
            ("uk_account", "UK account"),
            (
                "person_loss_250000_or_more_and_solvable",
                "Person loss £250,000 or more and solvable",
            ),
            ("year_2026", "Year 2026"),
            ("", ""),
        ] {
            assert_eq!(readable(id), words);
        }
        assert_eq!(spoken("suspect_url"), "suspect URL");
    }

    #[test]
    fn findings_become_words() {
        for (factor, value, words) in [
            ("harm.loss", "312000", "£312,000"),
            ("harm.loss", "900.5", "£900.50"),
            ("harm.victim_count", "1200", "1,200"),
            ("harm.victim_count", "2.5", "2.5"),
            ("age_band", "65_74", "65 to 74"),
            ("harm.ongoing", "yes", "Yes"),
        ] {
            assert_eq!(found(factor, value), words);
        }
    }

    #[test]
    fn conditions_become_sentences() {
        for (condition, words) in [
            (
                "acceptance:C & solvability:some",
                "acceptance band C and solvability is some",
            ),
            (
                "acceptance:B & not solvability:none",
                "acceptance band B and solvability other than none",
            ),
            (
                "victim:person & loss_pounds > 0",
                "the victim is a person and there is a loss",
            ),
            ("loss_pounds >= 50000", "loss at least £50,000"),
            ("age < 75", "age under 75"),
            (
                "class:cyber_dependent & hours_since_event <= 48",
                "the crime is cyber-dependent and hours since the event at most 48",
            ),
            ("answer:still_in_contact=yes", "still in contact: yes"),
            ("not marker:courier", "not: marked as courier"),
            ("loss_pounds", "loss"),
            ("no other route holds", "no other route holds"),
            ("answered", "answered"),
            ("", ""),
        ] {
            assert_eq!(because(condition), words);
        }
    }
}
