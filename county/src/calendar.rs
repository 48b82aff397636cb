//! The days of the window and how busy each is.

use jiff::civil::{Date, Weekday};
use jiff::{Span, tz::TimeZone};

/// Days in order with their weights. Campaigns and background alike run on [`Calendar::clock`],
/// which moves fast on busy days, so that every series shows the same weeks and seasons.
pub(crate) struct Calendar {
    pub first: Date,
    /// Share of all reports received before each day; one more entry than days, from 0 to 1.
    before: Vec<f64>,
    zone: TimeZone,
}

/// Growth of reporting over a year.
const GROWTH: f64 = 0.07;

impl Calendar {
    pub fn new(ends: Date, days: u32) -> Calendar {
        let days = days.max(1);
        let back = Span::new().days(i64::from(days) - 1);
        let first = ends.checked_sub(back).unwrap_or(Date::MIN);
        let weights: Vec<f64> = (0..days)
            .map(|at| weight(day_after(first, i64::from(at)), at))
            .collect();
        let total: f64 = weights.iter().sum();
        let mut before = Vec::with_capacity(weights.len() + 1);
        let mut sum = 0.0;
        before.push(0.0);
        for weight in weights {
            sum += weight;
            before.push(sum / total);
        }
        // Exactly one, so that the last day takes whatever rounding left over.
        if let Some(last) = before.last_mut() {
            *last = 1.0;
        }
        // Without a zone table the county keeps UTC; the bundled table makes that impossible.
        let zone = TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC);
        Calendar {
            first,
            before,
            zone,
        }
    }

    pub fn days(&self) -> usize {
        self.before.len() - 1
    }

    pub fn day(&self, at: usize) -> Date {
        day_after(self.first, at as i64)
    }

    /// Share of the window's reports received before the start of a day.
    pub fn before(&self, day: usize) -> f64 {
        self.before[day.min(self.days())]
    }

    /// The clock at a moment in days from the start; may lie outside the window.
    pub fn clock(&self, moment: f64) -> f64 {
        let days = self.days() as f64;
        if moment < 0.0 || moment >= days {
            return moment / days;
        }
        let day = moment as usize;
        let part = moment - day as f64;
        self.before[day] + part * (self.before[day + 1] - self.before[day])
    }

    /// A local time of day in the county as RFC 3339 in UTC; `seconds` counts from midnight.
    pub fn instant(&self, day: Date, seconds: i64) -> String {
        let at = day
            .at(0, 0, 0, 0)
            .checked_add(Span::new().seconds(seconds))
            .unwrap_or_default();
        match self.zone.to_ambiguous_timestamp(at).compatible() {
            Ok(instant) => instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            Err(_) => format!("{at}Z"),
        }
    }
}

pub(crate) fn day_after(day: Date, days: i64) -> Date {
    day.checked_add(Span::new().days(days)).unwrap_or(day)
}

/// National lists come on working days and are fullest on Mondays; at weekends only the force's
/// own telephones and pages take reports.
fn weight(day: Date, at: u32) -> f64 {
    let weekly = match day.weekday() {
        Weekday::Monday => 1.28,
        Weekday::Tuesday => 1.06,
        Weekday::Wednesday => 1.0,
        Weekday::Thursday => 0.96,
        Weekday::Friday => 0.88,
        Weekday::Saturday => 0.14,
        Weekday::Sunday => 0.12,
    };
    const MONTHS: [f64; 12] = [
        1.06, 1.0, 1.0, 0.98, 0.98, 0.98, 0.98, 0.94, 1.0, 1.02, 1.08, 0.98,
    ];
    let yearly = MONTHS[(day.month() - 1) as usize];
    weekly * yearly * (1.0 + GROWTH * f64::from(at) / 365.0)
}

pub(crate) fn is_weekend(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_runs_from_nought_to_one() {
        let calendar = Calendar::new(Date::constant(2026, 6, 30), 365);
        assert_eq!(calendar.day(0), Date::constant(2025, 7, 1));
        assert_eq!(calendar.day(364), Date::constant(2026, 6, 30));
        assert_eq!(calendar.before(0), 0.0);
        assert_eq!(calendar.before(365), 1.0);
        assert!(calendar.clock(-10.0) < 0.0 && calendar.clock(400.0) > 1.0);
        assert!((calendar.clock(7.0) - calendar.before(7)).abs() < 1e-12);
    }

    #[test]
    fn summer_time_is_taken_off() {
        let calendar = Calendar::new(Date::constant(2026, 6, 30), 365);
        assert_eq!(
            calendar.instant(Date::constant(2026, 6, 1), 23_400),
            "2026-06-01T05:30:00Z"
        );
        assert_eq!(
            calendar.instant(Date::constant(2026, 1, 5), 23_400),
            "2026-01-05T06:30:00Z"
        );
    }
}
