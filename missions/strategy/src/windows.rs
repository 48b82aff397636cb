//! Windows: the months and years a measure is counted over, in London's calendar.

use record::measure::Window;
use record::time::{Date, Timestamp};

/// How many windows are kept up to date and shown.
pub const SHOWN: usize = 12;

/// One window: from the first day to before the day after the last. Both are firsts of months.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    pub from: Date,
    pub until: Date,
}

impl Span {
    /// The window whose last month is `month`.
    pub fn ending_with(window: Window, month: Date) -> Span {
        let until = month.month_after(1);
        let months = months_of(window);
        Span {
            from: until.month_after(-months),
            until,
        }
    }

    pub fn start(self) -> Timestamp {
        Timestamp::start_of(self.from)
    }

    pub fn end(self) -> Timestamp {
        Timestamp::start_of(self.until)
    }

    /// The window's last month: what names it in an address, `2026-10`.
    pub fn key(self) -> String {
        let month = self.until.month_after(-1);
        format!("{:04}-{:02}", month.year(), month.month())
    }

    /// For a page: "Oct 2026", or "Year to Oct 2026".
    pub fn title(self) -> String {
        let last = self.until.month_after(-1);
        if last == self.from {
            return last.show_month();
        }
        format!("Year to {}", last.show_month())
    }

    /// The first days of its months.
    pub fn months(self) -> impl Iterator<Item = Date> {
        (0..)
            .map(move |n| self.from.month_after(n))
            .take_while(move |month| *month < self.until)
    }

    /// Whether the window is over.
    pub fn has_ended(self, now: Timestamp) -> bool {
        self.end() <= now
    }
}

fn months_of(window: Window) -> i32 {
    match window {
        Window::Month => 1,
        Window::RollingYear => 12,
    }
}

/// A month as it stands in an address or a file: `2026-10`, or a day of it.
pub fn parse_month(text: &str) -> Option<Date> {
    let text = text.trim();
    let day = if text.len() == 7 {
        Date::parse(&format!("{text}-01"))
    } else {
        Date::parse(text)
    };
    day.map(Date::first_of_month)
}

/// The windows shown today, oldest first; the last one is running.
pub fn shown(window: Window, today: Date) -> Vec<Span> {
    let back = i32::try_from(SHOWN).unwrap_or(0);
    (0..back)
        .rev()
        .map(|n| Span::ending_with(window, today.month_after(-n)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    #[test]
    fn months_and_years_end_with_the_running_month() {
        let months = shown(Window::Month, day("2026-11-23"));
        assert_eq!(months.len(), 12);
        assert_eq!(months[0].from, day("2025-12-01"));
        assert_eq!(months[11].title(), "Nov 2026");
        assert_eq!(months[11].key(), "2026-11");
        let years = shown(Window::RollingYear, day("2026-11-23"));
        assert_eq!(years[11].from, day("2025-12-01"));
        assert_eq!(years[11].until, day("2026-12-01"));
        assert_eq!(years[0].title(), "Year to Dec 2025");
        assert_eq!(years[0].months().count(), 12);
    }

    #[test]
    fn a_month_turns_at_midnight_in_london() {
        let october = Span::ending_with(Window::Month, day("2026-10-01"));
        // Summer time at its start, none at its end.
        assert_eq!(october.start().rfc3339(), "2026-09-30T23:00:00Z");
        assert_eq!(october.end().rfc3339(), "2026-11-01T00:00:00Z");
        assert!(october.has_ended(october.end()));
    }

    #[test]
    fn months_are_read_from_addresses_and_files() {
        assert_eq!(parse_month("2026-10"), Some(day("2026-10-01")));
        assert_eq!(parse_month(" 2026-10-17 "), Some(day("2026-10-01")));
        assert_eq!(parse_month("October"), None);
        assert_eq!(parse_month("2026-13"), None);
    }
}
