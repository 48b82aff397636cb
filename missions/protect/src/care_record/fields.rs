//! The fields of a posted form, read by name.

use record::time::{Date, Timestamp};
use web::parts::FieldErrors;

/// Fields as sent, in order; a name may come more than once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(pub Vec<(String, String)>);

impl Fields {
    /// The first value of a name, trimmed; empty when it was not sent.
    pub fn text(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(n, _)| n == name);
        found.map_or("", |(_, v)| v.trim())
    }

    /// Every value of a name that says something.
    pub fn all(&self, name: &str) -> Vec<String> {
        let of_name = self
            .0
            .iter()
            .filter(|(n, v)| n == name && !v.trim().is_empty());
        of_name.map(|(_, v)| v.trim().to_owned()).collect()
    }

    pub fn is_yes(&self, name: &str) -> bool {
        self.text(name) == "yes"
    }

    /// Whether a choice was sent.
    pub fn holds(&self, name: &str, value: &str) -> bool {
        self.0.iter().any(|(n, v)| n == name && v == value)
    }

    /// Text of at most `most` characters; a longer one is an error at its field.
    pub fn long_text(&self, name: &str, most: usize, errors: &mut FieldErrors) -> String {
        let text = self.text(name);
        if text.chars().count() > most {
            errors.add(name, format!("Use {most} characters or fewer"));
        }
        text.to_owned()
    }

    /// A day in three boxes. Nothing in any of them is none; half a day, or no day of the calendar,
    /// is an error.
    pub fn day(&self, name: &str, errors: &mut FieldErrors) -> Option<Date> {
        let part = |which: &str| self.text(&format!("{name}-{which}")).to_owned();
        let (day, month, year) = (part("day"), part("month"), part("year"));
        if day.is_empty() && month.is_empty() && year.is_empty() {
            return None;
        }
        let read = || Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
        let date = read();
        if date.is_none() {
            errors.add(name, "Enter a day, such as 24 11 2026");
        }
        date
    }

    /// A day that has come; today when it is left empty.
    pub fn past_day(&self, name: &str, now: Timestamp, errors: &mut FieldErrors) -> Date {
        match self.day(name, errors) {
            Some(day) if day > now.day() => {
                errors.add(name, "The day cannot be in the future");
                day
            }
            Some(day) => day,
            None => now.day(),
        }
    }
}

/// Noon of a day in London: a day without an hour, as an instant, and never after `now`.
pub fn noon(day: Date, now: Timestamp) -> Timestamp {
    let noon = Timestamp::at(day, 12, 0);
    if day == now.day() {
        noon.min(now)
    } else {
        noon
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        let owned = |(n, v): &(&str, &str)| ((*n).to_owned(), (*v).to_owned());
        Fields(pairs.iter().map(owned).collect())
    }

    #[test]
    fn days_are_read_whole_or_refused() {
        let mut errors = FieldErrors::new();
        let form = fields(&[("due-day", "24"), ("due-month", "11"), ("due-year", "2026")]);
        assert_eq!(form.day("due", &mut errors), Date::new(2026, 11, 24));
        assert_eq!(form.day("other", &mut errors), None);
        assert!(errors.is_empty());
        let form = fields(&[("due-day", "31"), ("due-month", "2"), ("due-year", "2026")]);
        assert_eq!(form.day("due", &mut errors), None);
        assert!(errors.get("due").is_some());
    }

    #[test]
    fn a_past_day_is_today_or_before() {
        let now = Timestamp::parse("2026-11-23T09:00:00Z").unwrap();
        let mut errors = FieldErrors::new();
        assert_eq!(fields(&[]).past_day("on", now, &mut errors), now.day());
        let form = fields(&[("on-day", "24"), ("on-month", "11"), ("on-year", "2026")]);
        form.past_day("on", now, &mut errors);
        assert!(errors.get("on").is_some());
        assert_eq!(noon(now.day(), now), now);
    }
}
