//! Fields of a form, as they were typed, and the checks most of them share.

use record::time::{Date, Timestamp};
use web::parts::{
    Checkboxes, Choice, DateInput, FieldErrors, Html, Input, Radios, Select, Textarea,
};

/// What a form sent, in order.
#[derive(Debug, Clone, Default)]
pub struct Fields(pub Vec<(String, String)>);

impl Fields {
    /// The first value of that name, without spaces around it; empty when there is none.
    pub fn text(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(n, _)| n == name);
        found.map_or("", |(_, value)| value.trim())
    }

    /// The same, for a structure that owns it.
    pub fn owned(&self, name: &str) -> String {
        self.text(name).to_owned()
    }

    /// Every value of that name that is not empty.
    pub fn all(&self, name: &str) -> Vec<String> {
        let of = self.0.iter().filter(|(n, v)| n == name && !v.is_empty());
        of.map(|(_, value)| value.clone()).collect()
    }

    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.push((name.to_owned(), value.into()));
    }

    /// A day of three boxes as one text: ISO when it is a day, else as it was typed, so that the
    /// check can name it; empty when nothing was typed.
    pub fn day(&self, name: &str) -> String {
        let part = |end: &str| self.text(&format!("{name}-{end}")).to_owned();
        let (day, month, year) = (part("day"), part("month"), part("year"));
        if [&day, &month, &year].iter().all(|p| p.is_empty()) {
            return String::new();
        }
        let date = (|| Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?))();
        date.map_or_else(|| format!("{day} {month} {year}"), |d| d.to_string())
    }

    /// Fills the three boxes of a day.
    pub fn set_day(&mut self, name: &str, day: Date) {
        self.set(&format!("{name}-day"), day.day().to_string());
        self.set(&format!("{name}-month"), day.month().to_string());
        self.set(&format!("{name}-year"), day.year().to_string());
    }
}

/// Draws fields with what was typed and what was wrong.
pub struct Drawn<'f> {
    pub fields: &'f Fields,
    pub errors: &'f FieldErrors,
}

impl Drawn<'_> {
    pub fn line(&self, name: &str, label: &str, hint: &str) -> Html {
        let input = Input::new(name, label).value(self.fields.text(name));
        Html::of(&input.hint(hint).errors(self.errors))
    }

    pub fn tel(&self, name: &str, label: &str, hint: &str) -> Html {
        let input = Input::new(name, label).value(self.fields.text(name)).tel();
        Html::of(&input.hint(hint).errors(self.errors))
    }

    /// A short line: so many characters wide.
    pub fn short(&self, name: &str, label: &str, hint: &str, wide: u8) -> Html {
        let input = Input::new(name, label).value(self.fields.text(name));
        Html::of(&input.characters(wide).hint(hint).errors(self.errors))
    }

    pub fn text(&self, name: &str, label: &str, hint: &str) -> Html {
        let area = Textarea::new(name, label).value(self.fields.text(name));
        Html::of(&area.rows(4).hint(hint).errors(self.errors))
    }

    pub fn select(&self, name: &str, label: &str, choices: &[Choice]) -> Html {
        let select = Select::new(name, label, choices).chosen(self.fields.text(name));
        Html::of(&select.errors(self.errors))
    }

    pub fn radios(&self, name: &str, legend: &str, choices: &[Choice]) -> Html {
        let radios = Radios::new(name, legend, choices).chosen(self.fields.text(name));
        Html::of(&radios.small().errors(self.errors))
    }

    /// Boxes by id and words; those that were ticked stay so.
    pub fn boxes<'i>(
        &self,
        name: &str,
        legend: &str,
        all: impl Iterator<Item = (&'i str, &'i str)>,
    ) -> Html {
        let ticked = self.fields.all(name);
        let choices: Vec<Choice> = all
            .map(|(id, title)| Choice::new(id, title).chosen(ticked.iter().any(|t| t == id)))
            .collect();
        let boxes = Checkboxes::new(name, legend, &choices).small();
        Html::of(&boxes.errors(self.errors))
    }

    pub fn day(&self, name: &str, label: &str, hint: &str) -> Html {
        let part = |end: &str| self.fields.text(&format!("{name}-{end}")).to_owned();
        let (day, month, year) = (part("day"), part("month"), part("year"));
        let input = DateInput::new(name, label).typed(&day, &month, &year);
        Html::of(&input.hint(hint).errors(self.errors))
    }
}

/// Checks of single fields. Each adds what is wrong under the field's name.
pub struct Checks {
    pub errors: FieldErrors,
    pub now: Timestamp,
}

impl Checks {
    pub fn at(now: Timestamp) -> Checks {
        Checks {
            errors: FieldErrors::new(),
            now,
        }
    }

    /// Text that must be there: `what` is "the organisation's name".
    pub fn needed(&mut self, name: &str, value: &str, what: &str) {
        if value.trim().is_empty() {
            self.errors.add(name, format!("Enter {what}"));
        }
    }

    pub fn longest(&mut self, name: &str, value: &str, most: usize) {
        if value.chars().count() > most {
            let message = format!("Use {most} characters or fewer");
            self.errors.add(name, message);
        }
    }

    /// One of the ids of policy.
    pub fn one_of<'i>(
        &mut self,
        name: &str,
        value: &str,
        ids: impl IntoIterator<Item = &'i str>,
        what: &str,
    ) {
        if !ids.into_iter().any(|id| id == value) {
            self.errors.add(name, format!("Choose {what}"));
        }
    }

    /// A day, or none when the field is empty.
    pub fn day(&mut self, name: &str, value: &str) -> Option<Date> {
        if value.is_empty() {
            return None;
        }
        let day = Date::parse(value).filter(|d| (1990..2200).contains(&d.year()));
        if day.is_none() {
            let message = "Enter a day that exists, for example 27 3 2026";
            self.errors.add(name, message);
        }
        day
    }

    /// A day that is not after today.
    pub fn past_day(&mut self, name: &str, value: &str) -> Option<Date> {
        let day = self.day(name, value)?;
        if day > self.now.day() {
            self.errors.add(name, "The day must not be in the future");
            return None;
        }
        Some(day)
    }

    /// A day after today.
    pub fn coming_day(&mut self, name: &str, value: &str) -> Option<Date> {
        let day = self.day(name, value)?;
        if day <= self.now.day() {
            self.errors.add(name, "The day must be in the future");
            return None;
        }
        Some(day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        let owned = pairs
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        Fields(owned.collect())
    }

    #[test]
    fn a_day_is_read_from_three_boxes() {
        let typed = |d: &str, m: &str, y: &str| {
            fields(&[("on-day", d), ("on-month", m), ("on-year", y)]).day("on")
        };
        assert_eq!(typed("7", "3", "2026"), "2026-03-07");
        assert_eq!(typed("", "", ""), "");
        assert_eq!(typed("31", "2", "2026"), "31 2 2026");
        assert_eq!(typed("7", "March", ""), "7 March ");
    }

    #[test]
    fn days_are_checked_against_today() {
        let now = Timestamp::parse("2026-11-23T12:00:00Z").unwrap();
        let mut checks = Checks::at(now);
        assert!(checks.past_day("a", "2026-11-23").is_some());
        assert!(checks.coming_day("a", "2026-11-24").is_some());
        assert!(checks.day("a", "").is_none());
        assert!(checks.errors.is_empty());
        checks.past_day("past", "2026-11-24");
        checks.coming_day("coming", "2026-11-23");
        checks.day("odd", "31 2 2026");
        checks.day("old", "0001-01-01");
        for name in ["past", "coming", "odd", "old"] {
            assert!(checks.errors.get(name).is_some(), "{name}");
        }
    }
}
