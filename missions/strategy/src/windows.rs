//! Windows: the months and years a measure is counted over, in London's calendar.

use record::measure::Window;
use record::time::{Date, Timestamp};

/// How many windows are kept up to date and shown.
pub const SHOWN: usize = 12;
/// How many quarters.
pub const QUARTERS: usize = 5;

/// One window: from the first day to before the day after the last. Both are firsts of months.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    pub from: Date,
    pub until: Date,
}

impl Span {
    /// The window whose last month is `month`, or the quarter that `month` is in.
    pub fn ending_with(window: Window, month: Date) -> Span {
        let rest = match window {
            Window::Quarter => 2 - (i32::from(month.month()) - 1) % 3,
            Window::Month | Window::RollingYear => 0,
        };
        let until = month.month_after(1 + rest);
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

    /// For a page: "Oct 2026", "Quarter to Dec 2026" or "Year to Oct 2026".
    pub fn title(self) -> String {
        let last = self.until.month_after(-1);
        if last == self.from {
            return last.show_month();
        }
        let what = if self.from == self.until.month_after(-3) {
            "Quarter"
        } else {
            "Year"
        };
        format!("{what} to {}", last.show_month())
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
        Window::Quarter => 3,
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

/// Months from one window to the next.
fn step_of(window: Window) -> i32 {
    match window {
        Window::Month | Window::RollingYear => 1,
        Window::Quarter => 3,
    }
}

/// The windows shown today, oldest first; the last one is running.
pub fn shown(window: Window, today: Date) -> Vec<Span> {
    let back = match window {
        // Three years of quarters would be counted for a board that shows one.
        Window::Quarter => QUARTERS,
        Window::Month | Window::RollingYear => SHOWN,
    };
    let back = i32::try_from(back).unwrap_or(0);
    (0..back)
        .rev()
        .map(|n| Span::ending_with(window, today.month_after(-n * step_of(window))))
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
    fn quarters_are_those_of_the_calendar() {
        let quarters = shown(Window::Quarter, day("2026-11-23"));
        let keys: Vec<String> = quarters.iter().map(|q| q.key()).collect();
        assert_eq!(
            keys,
            ["2025-12", "2026-03", "2026-06", "2026-09", "2026-12"]
        );
        assert_eq!(quarters[4].from, day("2026-10-01"));
        assert_eq!(quarters[4].title(), "Quarter to Dec 2026");
        assert!(!quarters[4].has_ended(Timestamp::start_of(day("2026-12-31"))));
        for month in ["2026-10-01", "2026-11-01", "2026-12-01"] {
            let span = Span::ending_with(Window::Quarter, day(month));
            assert_eq!(span, quarters[4], "{month}");
        }
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
