//! Moments as forms and programs send them.

use record::time::{Date, Timestamp};

use crate::organisations::fields::{Checks, Fields};
use crate::victim_care::clock_time;

/// A call this much in the future is a slow clock at the other end, not a slip.
const SLACK_MINUTES: i64 = 5;

/// A day and a time of a form as one text: RFC 3339 when it is a moment, else as it was typed.
pub fn moment(fields: &Fields, name: &str) -> String {
    let day = fields.day(name);
    let time = fields.text(&format!("{name}-time"));
    if day.is_empty() && time.is_empty() {
        return String::new();
    }
    let at = Date::parse(&day).zip(clock_time(time));
    at.map_or_else(
        || format!("{day} {time}"),
        |(day, (hour, minute))| Timestamp::at(day, hour, minute).rfc3339(),
    )
}

/// A moment that is not in the future; now when nothing was said.
pub fn past_moment(checks: &mut Checks, name: &str, value: &str) -> Option<Timestamp> {
    if value.is_empty() {
        return Some(checks.now);
    }
    match Timestamp::parse(value) {
        Some(at) if at <= checks.now.plus_minutes(SLACK_MINUTES) => Some(at.min(checks.now)),
        Some(_) => {
            checks
                .errors
                .add(name, "The time must not be in the future");
            None
        }
        None => {
            let message = "Enter a day and a time, for example 27 3 2026 and 6:30pm";
            checks.errors.add(name, message);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn a_moment_is_read_from_a_day_and_a_time() {
        let fields = |day: &str, time: &str| {
            let pairs = [
                ("at-day", day),
                ("at-month", "11"),
                ("at-year", "2026"),
                ("at-time", time),
            ];
            let owned = pairs.map(|(n, v)| (n.to_owned(), v.to_owned()));
            moment(&Fields(owned.to_vec()), "at")
        };
        assert_eq!(fields("23", "6:30pm"), "2026-11-23T18:30:00Z");
        assert_eq!(fields("31", "6:30pm"), "31 11 2026 6:30pm");
        assert_eq!(fields("23", "tea time"), "2026-11-23 tea time");
        assert_eq!(moment(&Fields::default(), "at"), "");
    }

    #[test]
    fn a_call_from_the_future_is_refused_and_a_slow_clock_is_not() {
        let mut checks = Checks::at(at("2026-11-23T12:00:00Z"));
        let now = checks.now;
        assert_eq!(past_moment(&mut checks, "at", ""), Some(now));
        let slow = past_moment(&mut checks, "at", "2026-11-23T12:04:00Z");
        assert_eq!(slow, Some(now), "never after now");
        assert!(checks.errors.is_empty());
        assert_eq!(
            past_moment(&mut checks, "later", "2026-11-23T12:06:00Z"),
            None
        );
        assert_eq!(past_moment(&mut checks, "odd", "noon"), None);
        assert_eq!(checks.errors.len(), 2);
    }
}
