//! Instants, days and working time. Stored in UTC, shown and counted in Europe/London.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use jiff::civil;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Where "now" comes from. Passed in, so that a run can be replayed.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp(jiff::Timestamp::now().as_microsecond())
    }
}

/// A clock that is set by hand, for tests and replays.
#[derive(Debug)]
pub struct SetClock(std::sync::atomic::AtomicI64);

impl SetClock {
    pub fn at(now: Timestamp) -> SetClock {
        SetClock(std::sync::atomic::AtomicI64::new(now.0))
    }

    pub fn set(&self, now: Timestamp) {
        self.0.store(now.0, std::sync::atomic::Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(std::sync::atomic::Ordering::SeqCst))
    }
}

/// The zone of the force: clocks run and days turn here.
pub fn london() -> TimeZone {
    // The zone data is compiled in, so a look-up by this name cannot fail; UTC is a safe answer.
    static LONDON: std::sync::LazyLock<TimeZone> =
        std::sync::LazyLock::new(|| TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC));
    LONDON.clone()
}

/// An instant: microseconds since 1970 in UTC. An integer in both databases, because SQLite
/// compares text timestamps of unequal length wrongly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    pub const fn from_micros(micros: i64) -> Timestamp {
        Timestamp(micros)
    }

    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Midnight at the start of a day in London.
    pub fn start_of(day: Date) -> Timestamp {
        Timestamp::at(day, 0, 0)
    }

    /// A wall-clock time of a day in London; in the gap of a clock change, the later reading.
    pub fn at(day: Date, hour: i8, minute: i8) -> Timestamp {
        let time = civil::Time::new(hour.clamp(0, 23), minute.clamp(0, 59), 0, 0)
            .unwrap_or(civil::Time::midnight());
        day.0
            .to_datetime(time)
            .to_zoned(london())
            .map_or(Timestamp(0), |z| Timestamp(z.timestamp().as_microsecond()))
    }

    fn jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }

    fn zoned(self) -> jiff::Zoned {
        self.jiff().to_zoned(london())
    }

    /// The day in London.
    pub fn day(self) -> Date {
        Date(self.zoned().date())
    }

    /// Hour of the day in London, 0 to 23.
    pub fn hour(self) -> i8 {
        self.zoned().hour()
    }

    #[must_use]
    pub const fn plus_minutes(self, minutes: i64) -> Timestamp {
        Timestamp(self.0.saturating_add(minutes.saturating_mul(60_000_000)))
    }

    #[must_use]
    pub const fn plus_days(self, days: i64) -> Timestamp {
        self.plus_minutes(days.saturating_mul(1_440))
    }

    /// Whole minutes from `earlier` to here; negative when it is later.
    pub const fn minutes_since(self, earlier: Timestamp) -> i64 {
        (self.0 - earlier.0) / 60_000_000
    }

    /// RFC 3339 in UTC, for files, the API and `datetime` attributes.
    pub fn rfc3339(self) -> String {
        self.jiff().to_string()
    }

    /// For a page: "6:52pm on 23 November 2026".
    pub fn show(self) -> String {
        format!("{} on {}", self.show_time(), self.day().show())
    }

    /// For a page: "6:52pm", 12-hour with no leading zero.
    pub fn show_time(self) -> String {
        let z = self.zoned();
        let (hour, half) = match z.hour() {
            0 => (12, "am"),
            h @ 1..=11 => (h, "am"),
            12 => (12, "pm"),
            h => (h - 12, "pm"),
        };
        format!("{hour}:{:02}{half}", z.minute())
    }

    /// RFC 3339 with an offset; a date and time without one is read as London time.
    pub fn parse(text: &str) -> Option<Timestamp> {
        if let Ok(t) = jiff::Timestamp::from_str(text) {
            return Some(Timestamp(t.as_microsecond()));
        }
        if let Ok(dt) = civil::DateTime::from_str(text) {
            return dt
                .to_zoned(london())
                .ok()
                .map(|z| Timestamp(z.timestamp().as_microsecond()));
        }
        None
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.rfc3339())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        Timestamp::parse(&text)
            .ok_or_else(|| serde::de::Error::custom(format!("{text:?} is not a date and time")))
    }
}

/// A calendar day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Date(civil::Date);

impl Date {
    pub fn new(year: i16, month: i8, day: i8) -> Option<Date> {
        civil::Date::new(year, month, day).ok().map(Date)
    }

    /// ISO 8601, `2026-11-23`.
    pub fn parse(text: &str) -> Option<Date> {
        civil::Date::from_str(text).ok().map(Date)
    }

    pub fn year(self) -> i16 {
        self.0.year()
    }

    pub fn month(self) -> i8 {
        self.0.month()
    }

    pub fn day(self) -> i8 {
        self.0.day()
    }

    pub fn first_of_month(self) -> Date {
        Date(self.0.first_of_month())
    }

    /// Adds months to the first of this day's month.
    #[must_use]
    pub fn month_after(self, months: i32) -> Date {
        let span = jiff::Span::new().months(months);
        Date(self.0.first_of_month().checked_add(span).unwrap_or(self.0))
    }

    #[must_use]
    pub fn plus_days(self, days: i64) -> Date {
        let span = jiff::Span::new().try_days(days);
        Date(
            span.ok()
                .and_then(|s| self.0.checked_add(s).ok())
                .unwrap_or(self.0),
        )
    }

    /// Whole days from `earlier` to here.
    pub fn days_since(self, earlier: Date) -> i64 {
        self.0
            .since(earlier.0)
            .map_or(0, |span| i64::from(span.get_days()))
    }

    /// Whole years from here to `later`, or none when `later` is before this day.
    pub fn years_until(self, later: Date) -> Option<u32> {
        let mut years = i32::from(later.year()) - i32::from(self.year());
        if (later.month(), later.day()) < (self.month(), self.day()) {
            years -= 1;
        }
        u32::try_from(years).ok()
    }

    pub fn is_weekend(self) -> bool {
        matches!(
            self.0.weekday(),
            civil::Weekday::Saturday | civil::Weekday::Sunday
        )
    }

    /// For a page: "23 November 2026".
    pub fn show(self) -> String {
        self.0.strftime("%-d %B %Y").to_string()
    }

    /// For a chart: "Nov 2026".
    pub fn show_month(self) -> String {
        self.0.strftime("%b %Y").to_string()
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Working days of England and Wales: Monday to Friday less bank holidays, which are policy.
#[derive(Debug, Clone, Default)]
pub struct WorkingCalendar {
    holidays: BTreeSet<Date>,
}

impl WorkingCalendar {
    pub fn new(holidays: impl IntoIterator<Item = Date>) -> WorkingCalendar {
        WorkingCalendar {
            holidays: holidays.into_iter().collect(),
        }
    }

    pub fn is_working(&self, day: Date) -> bool {
        !day.is_weekend() && !self.holidays.contains(&day)
    }

    /// The same time of day, `days` working days after `from`. Counting starts on the next
    /// working day, as service standards do; zero days from a day off is the next working day.
    pub fn after(&self, from: Timestamp, days: u32) -> Timestamp {
        let start = from.day();
        let mut day = start;
        let mut left = days;
        while left > 0 {
            day = day.plus_days(1);
            if self.is_working(day) {
                left -= 1;
            }
        }
        while !self.is_working(day) {
            day = day.plus_days(1);
        }
        let shift = day.days_since(start);
        from.plus_days(shift)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    #[test]
    fn london_time_follows_the_clocks() {
        assert_eq!(
            Timestamp::parse("2026-07-01T12:00:00Z").unwrap().show(),
            "1:00pm on 1 July 2026"
        );
        assert_eq!(
            Timestamp::parse("2026-11-23T18:52:00Z").unwrap().show(),
            "6:52pm on 23 November 2026"
        );
        assert_eq!(
            Timestamp::parse("2026-07-01T12:00").unwrap().rfc3339(),
            "2026-07-01T11:00:00Z"
        );
    }

    #[test]
    fn working_days_skip_weekends_and_holidays() {
        let calendar = WorkingCalendar::new([day("2026-12-25"), day("2026-12-28")]);
        let thursday = Timestamp::parse("2026-12-24T10:00:00Z").unwrap();
        assert_eq!(
            calendar.after(thursday, 1).rfc3339(),
            "2026-12-29T10:00:00Z"
        );
        let saturday = Timestamp::parse("2026-11-21T10:00:00Z").unwrap();
        assert_eq!(calendar.after(saturday, 0).day(), day("2026-11-23"));
        assert_eq!(calendar.after(saturday, 1).day(), day("2026-11-23"));
    }

    #[test]
    fn ages_and_months() {
        assert_eq!(day("1955-12-01").years_until(day("2026-11-23")), Some(70));
        assert_eq!(day("2027-01-01").years_until(day("2026-11-23")), None);
        assert_eq!(day("2026-01-31").month_after(-1), day("2025-12-01"));
    }
}
