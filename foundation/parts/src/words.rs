//! Numbers and times as words, for pages, mail and documents.

use std::borrow::Borrow;

use record::time::Timestamp;

pub use super::readable::{because, found, readable, spoken};

/// Minutes in an hour and in a day.
const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

/// A length of time in words, its sign left out: "42 minutes", "1 hour 10 minutes",
/// "1 day 3 hours", and from two days on whole days, rounded down: "2 days".
pub fn minutes_in_words(minutes: i64) -> String {
    let minutes = minutes.checked_abs().unwrap_or(i64::MAX);
    if minutes < HOUR {
        return counted(minutes, "minute");
    }
    if minutes < DAY {
        return two_units((minutes / HOUR, "hour"), (minutes % HOUR, "minute"));
    }
    if minutes < 2 * DAY {
        return two_units((1, "day"), (minutes % DAY / HOUR, "hour"));
    }
    counted(minutes / DAY, "day")
}

/// Time left until `due`, or how long ago it was: "42 minutes", "due now",
/// "1 hour 10 minutes overdue".
pub fn due_in_words(due: Timestamp, now: Timestamp) -> String {
    if due == now {
        return "due now".to_owned();
    }
    let minutes = due.minutes_since(now);
    let length = if minutes == 0 {
        "less than a minute".to_owned()
    } else {
        minutes_in_words(minutes)
    };
    if due < now {
        return format!("{length} overdue");
    }
    length
}

/// Pence as pounds: "£48,200" for whole pounds, "£9,350.50" otherwise, with a minus sign when less
/// than nothing.
pub fn pounds(pence: i64) -> String {
    let sign = if pence < 0 { "−" } else { "" };
    let pence = pence.unsigned_abs();
    let whole = grouped(pence / 100);
    match pence % 100 {
        0 => format!("{sign}£{whole}"),
        part => format!("{sign}£{whole}.{part:02}"),
    }
}

/// A loss in a list: "Loss not known", "No loss", "£9,350 lost".
pub fn loss(pence: impl Borrow<Option<i64>>) -> String {
    match *pence.borrow() {
        None => "Loss not known".to_owned(),
        Some(0) => "No loss".to_owned(),
        Some(pence) => format!("{} lost", pounds(pence)),
    }
}

/// How often something is due: "every 7 days", "every day", "every 6 hours".
pub fn every(hours: impl Borrow<i64>) -> String {
    let hours = *hours.borrow();
    let (count, unit) = if hours % 24 == 0 {
        (hours / 24, "day")
    } else {
        (hours, "hour")
    };
    match count {
        1 => format!("every {unit}"),
        _ => format!("every {}", counted(count, unit)),
    }
}

/// Points of a score: "1 point", "12 points".
pub fn points(points: impl Borrow<i64>) -> String {
    match *points.borrow() {
        1 => "1 point".to_owned(),
        points => format!("{points} points"),
    }
}

/// The text with its first letter as a capital.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

/// A count with thousands set apart: "1,240".
pub fn count_in_words(count: u64) -> String {
    grouped(count)
}

/// A count with its noun: "1 report", "1,240 reports".
pub fn plural(count: u64, one: &str, many: &str) -> String {
    let noun = if count == 1 { one } else { many };
    format!("{} {noun}", grouped(count))
}

/// A match weight in bits, always with its sign and one decimal: "+12.4", "−3.1".
pub fn signed_weight(weight: f64) -> String {
    let sign = if weight < 0.0 { "−" } else { "+" };
    format!("{sign}{:.1}", weight.abs())
}

/// A measured value as a chart's text says it: at most one decimal, thousands set apart.
pub(super) fn measured(value: f64) -> String {
    let tenths = (value.abs() * 10.0).round();
    let sign = if value < 0.0 && tenths > 0.0 {
        "−"
    } else {
        ""
    };
    // A float too large for the integer saturates, which is as good as a chart's text can be.
    let whole = grouped((tenths / 10.0) as u64);
    match (tenths % 10.0) as u64 {
        0 => format!("{sign}{whole}"),
        tenth => format!("{sign}{whole}.{tenth}"),
    }
}

fn counted(count: i64, unit: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{} {unit}{s}", grouped(count.unsigned_abs()))
}

fn two_units(large: (i64, &str), small: (i64, &str)) -> String {
    let first = counted(large.0, large.1);
    if small.0 == 0 {
        return first;
    }
    format!("{first} {}", counted(small.0, small.1))
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time() {
        let cases = [
            (0, "0 minutes"),
            (1, "1 minute"),
            (42, "42 minutes"),
            (60, "1 hour"),
            (70, "1 hour 10 minutes"),
            (121, "2 hours 1 minute"),
            (1_439, "23 hours 59 minutes"),
            (1_440, "1 day"),
            (1_630, "1 day 3 hours"),
            (2_879, "1 day 23 hours"),
            (2_880, "2 days"),
            (14_400_000, "10,000 days"),
            (-70, "1 hour 10 minutes"),
        ];
        for (minutes, words) in cases {
            assert_eq!(minutes_in_words(minutes), words);
        }
        // The least number has no positive twin; it must not overflow.
        assert!(minutes_in_words(i64::MIN).ends_with(" days"));
    }

    #[test]
    fn scores() {
        assert_eq!(points(1), "1 point");
        assert_eq!(points(0), "0 points");
        assert_eq!(points(-2), "-2 points");
    }

    #[test]
    fn how_often() {
        assert_eq!(every(168), "every 7 days");
        assert_eq!(every(24), "every day");
        assert_eq!(every(6), "every 6 hours");
        assert_eq!(every(1), "every hour");
    }

    #[test]
    fn due_times() {
        let now = Timestamp::parse("2026-11-23T18:52:00Z").unwrap();
        assert_eq!(due_in_words(now.plus_minutes(42), now), "42 minutes");
        assert_eq!(
            due_in_words(now.plus_minutes(-70), now),
            "1 hour 10 minutes overdue"
        );
        assert_eq!(due_in_words(now.plus_days(2), now), "2 days");
        assert_eq!(due_in_words(now, now), "due now");
        let second = |s: i64| Timestamp::from_micros(now.micros() + s * 1_000_000);
        assert_eq!(due_in_words(second(30), now), "less than a minute");
        assert_eq!(due_in_words(second(-30), now), "less than a minute overdue");
    }

    #[test]
    fn money() {
        assert_eq!(pounds(4_820_000), "£48,200");
        assert_eq!(pounds(935_050), "£9,350.50");
        assert_eq!(pounds(5), "£0.05");
        assert_eq!(loss(None), "Loss not known");
        assert_eq!(loss(Some(0)), "No loss");
        assert_eq!(loss(Some(935_050)), "£9,350.50 lost");
        assert_eq!(pounds(0), "£0");
        assert_eq!(pounds(-123_400), "−£1,234");
        assert_eq!(pounds(i64::MIN), "−£92,233,720,368,547,758.08");
    }

    #[test]
    fn counts() {
        assert_eq!(count_in_words(0), "0");
        assert_eq!(count_in_words(999), "999");
        assert_eq!(count_in_words(1_240), "1,240");
        assert_eq!(count_in_words(1_000_000), "1,000,000");
        assert_eq!(plural(1, "report", "reports"), "1 report");
        assert_eq!(plural(0, "report", "reports"), "0 reports");
        assert_eq!(plural(1_240, "report", "reports"), "1,240 reports");
    }

    #[test]
    fn weights_and_measured_values() {
        assert_eq!(signed_weight(12.41), "+12.4");
        assert_eq!(signed_weight(-3.06), "−3.1");
        assert_eq!(measured(93.0), "93");
        assert_eq!(measured(7.1), "7.1");
        assert_eq!(measured(1_088.04), "1,088");
        assert_eq!(measured(-0.04), "0");
        assert_eq!(measured(-12.5), "−12.5");
    }
}
