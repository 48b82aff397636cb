//! What may stand in a text for the public: links to official sites, numbers somebody has checked, and nothing
//! that points to a person.

use observables::{Kind, Observable, extract};

use super::policy::WarningPolicy;

/// Words after a figure that make it a length of time, which needs no source.
const TIMES: [&str; 10] = [
    "minute", "minutes", "hour", "hours", "day", "days", "week", "weeks", "working", "seconds",
];

/// What is wrong with a text, each with the remedy.
pub fn faults(policy: &WarningPolicy, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if text.chars().any(is_unseen) {
        faults.push(
            "Remove signs that cannot be seen or that turn the direction of the text".to_owned(),
        );
    }
    for found in extract(text) {
        faults.extend(fault(policy, &found));
    }
    faults
}

/// Controls other than line ends and tabs, and the overrides of Unicode's bidirectional algorithm.
fn is_unseen(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

fn fault(policy: &WarningPolicy, found: &Observable<'_>) -> Option<String> {
    let raw = found.raw;
    match found.kind {
        Kind::Domain if !policy.is_official(&found.value) => Some(format!(
            "{raw} is not an official site. Leave it out, or have it added to official_domains in policy"
        )),
        Kind::Email => {
            let host = found.value.rsplit('@').next().unwrap_or_default();
            (!policy.is_official(host)).then(|| {
                format!("{raw} is not an address of an official site. Leave it out, or name an official one")
            })
        }
        Kind::Ipv4 | Kind::Ipv6 => Some(format!("{raw} is an address of a machine. Leave it out")),
        Kind::Phone if !policy.is_checked(&found.value) => Some(format!(
            "Nobody has recorded that {raw} was checked. Call it, and have it added to numbers in policy"
        )),
        Kind::Card | Kind::Iban | Kind::UkBankAccount | Kind::UkNino => Some(format!(
            "{raw} may point to a person. A warning to the public holds no accounts, cards or national insurance numbers"
        )),
        _ => None,
    }
}

/// A figure in a text that somebody should be able to check: not part of a number to call, a date, a link or a
/// length of time.
pub fn figure(policy: &WarningPolicy, text: &str) -> Option<String> {
    let elsewhere: Vec<(usize, usize)> = extract(text)
        .iter()
        .filter(|o| {
            matches!(
                o.kind,
                Kind::Phone | Kind::Date | Kind::Url | Kind::Domain | Kind::Email
            )
        })
        .map(|o| (o.start, o.end))
        .collect();
    let mut at = 0;
    let mut words = Vec::new();
    for word in text.split_whitespace() {
        let start = at + text[at..].find(word).unwrap_or(0);
        at = start + word.len();
        words.push((start, word));
    }
    let bare = |word: &str| {
        word.trim_matches(|c: char| c.is_ascii_punctuation() && c != '%')
            .to_owned()
    };
    for (n, (start, word)) in words.iter().enumerate() {
        let figure = bare(word);
        let digits: String = figure.chars().filter(char::is_ascii_digit).collect();
        let all = figure
            .chars()
            .all(|c| c.is_ascii_digit() || ",.£%".contains(c));
        let inside = elsewhere
            .iter()
            .any(|(from, to)| (*from..*to).contains(start));
        let after = words
            .get(n + 1)
            .map(|(_, w)| bare(w).to_lowercase())
            .unwrap_or_default();
        let is_time = TIMES.contains(&after.as_str());
        if !digits.is_empty() && all && !inside && !is_time && !policy.is_checked(&digits) {
            return Some(figure);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::warnings::tests::policy;

    #[test]
    fn links_lead_to_official_sites_only() {
        let policy = policy();
        for fine in [
            "Read https://www.ncsc.gov.uk/guidance and www.police.uk.",
            "Forward it to report@phishing.gov.uk or to 7726.",
            "Call 0300 123 2040, 159 or 999 in the next 24 hours.",
        ] {
            assert_eq!(faults(&policy, fine), Vec::<String>::new(), "{fine}");
        }
        for (bad, told) in [
            (
                "Pay at https://secure-bank.com/login",
                "not an official site",
            ),
            (
                "Pay at hxxps://gov.uk.secure-bank[.]com",
                "not an official site",
            ),
            ("See notpolice.uk today", "not an official site"),
            ("Write to help@gov-uk.com", "not an address of an official"),
            ("Call 07700 900123 now", "Nobody has recorded"),
            ("The server is 203.0.113.9", "address of a machine"),
            ("Card 4929 1234 5678 9015 was used", "may point to a person"),
            ("Hello \u{202e}olleh", "cannot be seen"),
            ("A\u{0}B", "cannot be seen"),
        ] {
            let faults = faults(&policy, bad);
            assert!(faults.iter().any(|f| f.contains(told)), "{bad}: {faults:?}");
        }
    }

    #[test]
    fn figures_need_a_source_and_numbers_to_call_do_not() {
        let policy = policy();
        for (text, found) in [
            ("We had 40 reports.", Some("40")),
            ("People lost £12,500, we know.", Some("£12,500")),
            ("Reports rose by 45%.", Some("45%")),
            ("Call 159 or 0300 123 2040 within 24 hours.", None),
            ("Turn on 2-step verification by 8am.", None),
            ("Since 23 November 2026.", None),
        ] {
            assert_eq!(figure(&policy, text).as_deref(), found, "{text}");
        }
    }
}
