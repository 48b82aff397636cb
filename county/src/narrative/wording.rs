//! Words by voice, short forms, slips, and sums as people write them.

use crate::chance::Chance;

pub(super) fn first_person(name: &str) -> &'static str {
    match name {
        "i" => "I",
        "me" => "me",
        "my" => "my",
        "mine" => "mine",
        "was" => "was",
        "have" => "have",
        "do" => "do",
        "am" => "am",
        _ => "",
    }
}

pub(super) fn plural(name: &str, ours: bool) -> &'static str {
    match (name, ours) {
        ("i", true) => "we",
        ("i", false) => "they",
        ("me", true) => "us",
        ("me", false) => "them",
        ("my", true) => "our",
        ("my", false) => "their",
        ("mine", true) => "ours",
        ("mine", false) => "theirs",
        ("was", _) => "were",
        ("have", _) => "have",
        ("do", _) => "do",
        ("am", _) => "are",
        _ => "",
    }
}

pub(super) fn third_person(name: &str, sex: char) -> &'static str {
    match (name, sex) {
        ("i", 'm') => "he",
        ("i", _) => "she",
        ("me", 'm') => "him",
        ("me" | "my", _) if sex != 'm' => "her",
        ("my", _) => "his",
        ("mine", 'm') => "his",
        ("mine", _) => "hers",
        ("was", _) => "was",
        ("have", _) => "has",
        ("do", _) => "does",
        ("am", _) => "is",
        _ => "s",
    }
}

/// Short forms call takers use.
pub(super) fn shorter(word: &str) -> Option<&'static str> {
    Some(match word {
        "received" => "rcvd",
        "account" => "acc",
        "payment" => "pymt",
        "payments" => "pymts",
        "telephone" | "phone" => "tel",
        "because" => "as",
        "and" => "&",
        "with" => "w/",
        "address" => "addr",
        "message" => "msg",
        "messages" => "msgs",
        "transferred" => "trf'd",
        "about" => "re",
        "before" => "b4",
        "number" => "no",
        "months" => "mths",
        "weeks" => "wks",
        "minutes" => "mins",
        "hours" => "hrs",
        "police" => "pol",
        "person" => "pers",
        "unknown" => "unk",
        "information" => "info",
        "possible" => "poss",
        "someone" => "pers unk",
        "asked" => "req'd",
        "website" => "w/site",
        "details" => "dets",
        _ => return None,
    })
}

/// A slip of the fingers: two letters change places, one is lost, or one comes twice.
pub(super) fn slip(word: &str, chance: &mut Chance) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    if letters.len() < 4 || !letters.iter().all(|c| c.is_ascii_alphabetic()) {
        return word.to_owned();
    }
    let at = 1 + chance.index(letters.len() - 2);
    match chance.below(3) {
        0 => letters.swap(at, at + 1),
        1 => {
            letters.remove(at);
        }
        _ => letters.insert(at, letters[at]),
    }
    letters.into_iter().collect()
}

pub(super) fn ordinal(day: i8) -> &'static str {
    match day {
        1 | 21 | 31 => "st",
        2 | 22 => "nd",
        3 | 23 => "rd",
        _ => "th",
    }
}

/// Pence as pounds with two places, without commas.
pub(crate) fn money(pence: i64) -> String {
    format!("{}.{:02}", pence / 100, pence % 100)
}

/// Pounds with commas between thousands.
pub(crate) fn grouped(pounds: i64) -> String {
    let digits = pounds.to_string();
    let mut out = String::with_capacity(digits.len() + 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// To a sum people name: whole pounds, then tens, then fifties.
pub(crate) fn round(pence: i64) -> i64 {
    let unit = match pence {
        ..10_000 => 100,
        10_000..100_000 => 500,
        100_000..1_000_000 => 5_000,
        _ => 25_000,
    };
    (pence / unit).max(1) * unit
}
