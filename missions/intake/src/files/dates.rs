//! Dates as Britons write them, ISO 8601, and what spreadsheets and computers make of them.

use record::time::{Date, Timestamp};
use serde::{Deserialize, Serialize};

/// How a date of three numbers is read. ISO 8601 is always understood, and so are month names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// 4/11/2026 is 4 November.
    #[default]
    DayFirst,
    /// 4/11/2026 is 11 April.
    MonthFirst,
    /// Whole seconds since 1970 in UTC; day first where there are separators.
    UnixSeconds,
}

/// A date as read, with its time when there was one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct When {
    pub day: Date,
    pub time: Option<(i8, i8)>,
    /// Set when the text named an instant by itself, with an offset or in Unix seconds.
    pub instant: Option<Timestamp>,
    /// The year had two digits.
    pub short_year: bool,
}

impl When {
    pub(super) fn timestamp(self) -> Timestamp {
        let (hour, minute) = self.time.unwrap_or((0, 0));
        self.instant
            .unwrap_or_else(|| Timestamp::at(self.day, hour, minute))
    }

    fn of(day: Date) -> When {
        When {
            day,
            time: None,
            instant: None,
            short_year: false,
        }
    }
}

/// Why a text is not a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DateFault {
    /// It has a date's form, but there is no such day.
    NoSuchDay,
    /// It has a date's form, but there is no such time of day.
    NoSuchTime,
    NotADate,
}

/// Reads a date, with or without a time. `this_year` decides the century of a two-digit year: the
/// latest one that is not after next year.
pub(super) fn read_when(text: &str, order: DateOrder, this_year: i16) -> Result<When, DateFault> {
    let text = text.trim();
    if let Some(when) = plain_day(text, order) {
        return when;
    }
    if order == DateOrder::UnixSeconds
        && (1..=11).contains(&text.len())
        && let Ok(seconds) = text.parse::<u32>()
    {
        let at = Timestamp::from_micros(i64::from(seconds) * 1_000_000);
        return Ok(When {
            instant: Some(at),
            ..When::of(at.day())
        });
    }
    if let Some(when) = serial(text) {
        return when;
    }
    if let Some(when) = instant(text) {
        return Ok(when);
    }
    let (date, time) = split_time(text);
    let time = time.map(read_time).transpose()?;
    let (day, short_year) = read_day(date, order, this_year)?;
    Ok(When {
        day,
        time,
        instant: None,
        short_year,
    })
}

/// `2026-11-23`, or `23/11/2026` where the day comes first: the commonest, read without a detour.
fn plain_day(text: &str, order: DateOrder) -> Option<Result<When, DateFault>> {
    let b = text.as_bytes();
    if b.len() != 10 {
        return None;
    }
    let number = |range: std::ops::Range<usize>| -> Option<i16> {
        b[range].iter().try_fold(0i16, |n, d| {
            d.is_ascii_digit().then(|| n * 10 + i16::from(d - b'0'))
        })
    };
    let (year, month, day) = match (b[2], b[4], b[5], b[7]) {
        (_, b'-', _, b'-') => (number(0..4)?, number(5..7)?, number(8..10)?),
        (b'/', _, b'/', _) if order != DateOrder::MonthFirst => {
            (number(6..10)?, number(3..5)?, number(0..2)?)
        }
        _ => return None,
    };
    let day = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    Some(day.map(When::of).ok_or(DateFault::NoSuchDay))
}

/// A text with an offset or `Z`, which names an instant.
fn instant(text: &str) -> Option<When> {
    let tail = text.get(10..)?;
    if !(tail.ends_with(['Z', 'z']) || tail.contains(['+', '-'])) {
        return None;
    }
    let at = Timestamp::parse(&text.replacen(' ', "T", 1))?;
    Some(When {
        instant: Some(at),
        time: None,
        day: at.day(),
        short_year: false,
    })
}

/// Excel's day numbers in the 1900 system, from 1927 to 2119, with the time as a fraction; and
/// eight digits as `20261123`.
fn serial(text: &str) -> Option<Result<When, DateFault>> {
    if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
        let iso = format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]);
        return Some(Date::parse(&iso).map(When::of).ok_or(DateFault::NoSuchDay));
    }
    let whole = text.split('.').next()?;
    if whole.len() != 5 || !text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    let serial: f64 = text.parse().ok()?;
    if !(10_000.0..80_000.0).contains(&serial) {
        return None;
    }
    // Serial 25569 is 1 January 1970; the 1900 system's false leap day lies before 10000.
    let day = Date::new(1970, 1, 1)?.plus_days(serial.trunc() as i64 - 25_569);
    let minutes = (serial.fract() * 1_440.0).round() as i64;
    let time = (minutes > 0).then(|| {
        let minutes = minutes.min(1_439);
        ((minutes / 60) as i8, (minutes % 60) as i8)
    });
    Some(Ok(When {
        time,
        ..When::of(day)
    }))
}

/// Splits at the first `T`, `at`, comma or space that a time follows.
fn split_time(text: &str) -> (&str, Option<&str>) {
    let Some(colon) = text.find(':') else {
        return (text, None);
    };
    let digits = text[..colon]
        .bytes()
        .rev()
        .take_while(u8::is_ascii_digit)
        .count();
    let start = colon - digits;
    let date = text[..start].trim_end_matches(|c: char| c.is_whitespace() || c == ',');
    let date = date
        .strip_suffix(" at")
        .or_else(|| date.strip_suffix(['T', 't']))
        .unwrap_or(date);
    (date.trim_end(), Some(&text[start..]))
}

/// `18:52`, `18:52:07.5` or `6:52 pm`; seconds are read and let go.
fn read_time(text: &str) -> Result<(i8, i8), DateFault> {
    let lower = text.trim().to_ascii_lowercase();
    let (clock, half) = match (lower.strip_suffix("am"), lower.strip_suffix("pm")) {
        (Some(clock), _) => (clock.trim_end(), Some(false)),
        (_, Some(clock)) => (clock.trim_end(), Some(true)),
        _ => (lower.as_str(), None),
    };
    let mut parts = clock.split(':');
    let (Some(hour), Some(minute)) = (parts.next(), parts.next()) else {
        return Err(DateFault::NotADate);
    };
    let mut hour: i8 = hour.parse().map_err(|_| DateFault::NotADate)?;
    let minute: i8 = minute.parse().map_err(|_| DateFault::NotADate)?;
    if let Some(second) = parts.next() {
        let second: f32 = second.parse().map_err(|_| DateFault::NotADate)?;
        // A leap second is a second of its minute.
        if !(0.0..61.0).contains(&second) {
            return Err(DateFault::NoSuchTime);
        }
    }
    if parts.next().is_some() {
        return Err(DateFault::NotADate);
    }
    if let Some(afternoon) = half {
        if !(1..=12).contains(&hour) {
            return Err(DateFault::NoSuchTime);
        }
        hour = hour % 12 + if afternoon { 12 } else { 0 };
    }
    if !(0..24).contains(&hour) || !(0..60).contains(&minute) {
        return Err(DateFault::NoSuchTime);
    }
    Ok((hour, minute))
}

fn read_day(text: &str, order: DateOrder, this_year: i16) -> Result<(Date, bool), DateFault> {
    let mut parts: Vec<&str> = text
        .split(|c: char| matches!(c, '/' | '-' | '.' | ',') || c.is_whitespace())
        .filter(|p| !p.is_empty())
        .collect();
    if parts.first().is_some_and(|p| is_weekday(p)) {
        parts.remove(0);
    }
    let [a, b, c] = parts.as_slice() else {
        return Err(DateFault::NotADate);
    };
    let (day, month, year) = match (month_named(a), month_named(b)) {
        (_, Some(month)) => (ordinal(a)?, month, *c),
        (Some(month), _) => (ordinal(b)?, month, *c),
        _ if a.len() == 4 => (number(c)?, number(b)?, *a),
        _ if order == DateOrder::MonthFirst => (number(b)?, number(a)?, *c),
        _ => (number(a)?, number(b)?, *c),
    };
    let (year, short) = full_year(year, this_year)?;
    let date = i8::try_from(month)
        .ok()
        .zip(i8::try_from(day).ok())
        .and_then(|(month, day)| Date::new(year, month, day));
    date.map(|d| (d, short)).ok_or(DateFault::NoSuchDay)
}

fn number(text: &str) -> Result<i16, DateFault> {
    if text.len() > 4 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(DateFault::NotADate);
    }
    text.parse().map_err(|_| DateFault::NotADate)
}

/// `23` or `23rd`.
fn ordinal(text: &str) -> Result<i16, DateFault> {
    let lower = text.to_ascii_lowercase();
    let digits = ["st", "nd", "rd", "th"]
        .iter()
        .find_map(|ending| lower.strip_suffix(ending))
        .unwrap_or(&lower);
    number(digits)
}

fn full_year(text: &str, this_year: i16) -> Result<(i16, bool), DateFault> {
    let year = number(text)?;
    match text.len() {
        4 => Ok((year, false)),
        2 => {
            let recent = 2000 + year;
            let full = if recent <= this_year.saturating_add(1) {
                recent
            } else {
                1900 + year
            };
            Ok((full, true))
        }
        _ => Err(DateFault::NotADate),
    }
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// A month's name, or its first three letters, or `sept`.
fn month_named(text: &str) -> Option<i16> {
    if text.len() < 3 || !text.bytes().all(|b| b.is_ascii_alphabetic()) {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let at = MONTHS
        .iter()
        .position(|m| *m == lower || m[..3] == lower || (lower == "sept" && *m == "september"))?;
    i16::try_from(at + 1).ok()
}

fn is_weekday(text: &str) -> bool {
    const DAYS: [&str; 7] = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    let lower = text.to_ascii_lowercase();
    lower.len() >= 3 && DAYS.iter().any(|d| d.starts_with(&lower))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn when(text: &str) -> Result<String, DateFault> {
        read_when(text, DateOrder::DayFirst, 2026).map(|w| match (w.instant, w.time) {
            (Some(at), _) => at.rfc3339(),
            (None, Some((h, m))) => format!("{} {h:02}:{m:02}", w.day),
            (None, None) => w.day.to_string(),
        })
    }

    #[test]
    fn dates_as_they_are_written() {
        for text in [
            "23/11/2026",
            "23-11-26",
            "23.11.2026",
            "2026-11-23",
            "23 Nov 2026",
            "23-NOV-26",
            "Mon 23rd November 2026",
            "November 23, 2026",
            "2026/11/23",
            "20261123",
            "46349",
        ] {
            assert_eq!(when(text), Ok("2026-11-23".into()), "{text}");
        }
        for text in [
            "23/11/2026 18:52",
            "2026-11-23T18:52:07",
            "23 November 2026 at 6:52pm",
            "23/11/26, 6:52 PM",
            "46349.78611",
        ] {
            assert_eq!(when(text), Ok("2026-11-23 18:52".into()), "{text}");
        }
        assert_eq!(
            when("2026-07-01T12:00:00+01:00"),
            Ok("2026-07-01T11:00:00Z".into())
        );
        assert_eq!(when("23/11/55"), Ok("1955-11-23".into()));
    }

    #[test]
    fn impossible_dates_are_told_from_other_text() {
        assert_eq!(when("31/02/2026"), Err(DateFault::NoSuchDay));
        assert_eq!(when("11/23/2026"), Err(DateFault::NoSuchDay));
        assert_eq!(when("2026-13-01"), Err(DateFault::NoSuchDay));
        assert_eq!(when("23/11/2026 25:00"), Err(DateFault::NoSuchTime));
        assert_eq!(when("last week"), Err(DateFault::NotADate));
        assert_eq!(when("3"), Err(DateFault::NotADate));
    }

    #[test]
    fn month_first_and_unix_seconds_when_the_mapping_says() {
        let us = read_when("11/23/2026", DateOrder::MonthFirst, 2026).unwrap();
        assert_eq!(us.day.to_string(), "2026-11-23");
        let unix = read_when("1418217066", DateOrder::UnixSeconds, 2026).unwrap();
        assert_eq!(unix.day.to_string(), "2014-12-10");
        assert_eq!(unix.timestamp().micros(), 1_418_217_066_000_000);
    }
}
