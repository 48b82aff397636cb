//! Sums spelled out: the number words before `pounds`, `quid` or `grand`.

use super::number::{ONE, total, written};
use crate::scan::{Anchor, Scan};
use crate::words::Lower;

/// At most so many words are read backwards.
const MOST_WORDS: usize = 14;

/// Reads the number words before a word of money.
pub(super) fn before(scan: &Scan<'_>, money: &Anchor) -> Option<super::Sum> {
    let word = Lower::of(&scan.bytes[money.start..money.end]);
    let (currency, unit) = match word.as_bytes() {
        b"pounds" | b"pound" | b"quid" => ("GBP", 1),
        b"euros" => ("EUR", 1),
        b"dollars" => ("USD", 1),
        b"fiver" | b"fivers" => ("GBP", 5),
        b"tenner" | b"tenners" => ("GBP", 10),
        b"grand" => ("GBP", 1_000),
        _ => return None,
    };
    let mut words = Vec::new();
    let mut start = money.start;
    while words.len() < MOST_WORDS {
        let Some((word_start, word)) = previous_word(scan, start) else {
            break;
        };
        if numeral(&word).is_none() && !matches!(word.as_str(), "and" | "a" | "half") {
            break;
        }
        start = word_start;
        words.push((word_start, word));
    }
    while words.last().is_some_and(|(_, word)| word == "and") {
        words.pop();
    }
    let (start, _) = *words.last()?;
    let spoken: Vec<&str> = words.iter().rev().map(|(_, word)| word.as_str()).collect();
    let number = value(&spoken, unit > 1)?;
    Some((
        start,
        money.end,
        written(currency, total(u128::from(number) * ONE / 2, unit)?),
    ))
}

/// The word that ends one space or hyphen before `at`, in lower case.
fn previous_word(scan: &Scan<'_>, at: usize) -> Option<(usize, String)> {
    if !matches!(scan.before(at), b' ' | b'-') || at < 2 {
        return None;
    }
    let end = at - 1;
    let length = scan.bytes[..end]
        .iter()
        .rev()
        .take(12)
        .take_while(|b| b.is_ascii_alphabetic())
        .count();
    let start = end - length;
    (length > 0 && scan.opens(start)).then(|| (start, scan.text[start..end].to_ascii_lowercase()))
}

fn numeral(word: &str) -> Option<u64> {
    const ONES: [&str; 20] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    const TENS: [&str; 8] = [
        "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
    ];
    if let Some(at) = ONES.iter().position(|name| *name == word) {
        return Some(at as u64);
    }
    if let Some(at) = TENS.iter().position(|name| *name == word) {
        return Some(20 + 10 * at as u64);
    }
    match word {
        "hundred" => Some(100),
        "thousand" => Some(1_000),
        "million" => Some(1_000_000),
        _ => None,
    }
}

/// Twice the number that the words say: hundreds multiply what precedes them, thousands and
/// millions close a group. `a` and `half a` stand only before such a multiplier.
fn value(words: &[&str], unit_multiplies: bool) -> Option<u64> {
    match words {
        ["half", "a", "million"] => return Some(1_000_000),
        ["half", "a"] if unit_multiplies => return Some(1),
        ["a"] => return unit_multiplies.then_some(2),
        [number @ .., "and", "a", "half"] => return Some(whole(number)? * 2 + 1),
        [
            number @ ..,
            "and",
            "a",
            "half",
            unit @ ("thousand" | "million"),
        ] => {
            return (whole(number)? * 2 + 1).checked_mul(numeral(unit)?);
        }
        _ => {}
    }
    whole(words)?.checked_mul(2)
}

fn whole(words: &[&str]) -> Option<u64> {
    let (mut total, mut group) = (0u64, None::<u64>);
    for (at, word) in words.iter().enumerate() {
        match *word {
            "half" => return None,
            "and" => {}
            "a" => {
                let multiplier = matches!(
                    words.get(at + 1),
                    Some(&("hundred" | "thousand" | "million"))
                );
                if !multiplier || at != 0 {
                    return None;
                }
                group = Some(1);
            }
            "hundred" => group = Some(group?.checked_mul(100)?),
            "thousand" | "million" => {
                total = total.checked_add(group.take()?.checked_mul(numeral(word)?)?)?;
            }
            _ => {
                let next = numeral(word)?;
                // "three five pounds" says no number.
                let fits = group.is_none_or(|group| {
                    group % 100 == 0 || group % 10 == 0 && next < 10 && group % 100 > 10
                });
                if !fits {
                    return None;
                }
                group = Some(group.unwrap_or(0) + next);
            }
        }
    }
    Some(total + group.unwrap_or(0)).filter(|number| *number > 0)
}
