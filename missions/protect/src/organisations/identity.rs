//! When two descriptions are of one organisation. Pure.

use observables::Kind;
pub use record::organisation::name_key;
use record::time::{Date, Timestamp};

/// A company number as it is registered: eight characters, however it was spaced. None when it is not
/// one.
pub fn company_number(text: &str) -> Option<String> {
    let together: String = text.split_whitespace().collect();
    observables::normalise(Kind::UkCompanyNumber, &together)
}

/// A postcode with one space. None when it is not one.
pub fn postcode(text: &str) -> Option<String> {
    observables::normalise(Kind::UkPostcode, text)
}

/// What is told of an organisation, in normal form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    pub name_key: String,
    pub company_number: Option<String>,
    pub postcode: Option<String>,
}

impl Identity {
    pub fn of(name: &str, number: Option<&str>, place: Option<&str>) -> Identity {
        Identity {
            name_key: name_key(name),
            company_number: number.and_then(company_number),
            postcode: place.and_then(postcode),
        }
    }

    /// How surely this is the same organisation as another.
    pub fn likeness(&self, other: &Identity) -> Likeness {
        let differ =
            |a: &Option<String>, b: &Option<String>| matches!((a, b), (Some(a), Some(b)) if a != b);
        let agree = |a: &Option<String>, b: &Option<String>| a.is_some() && a == b;
        if agree(&self.company_number, &other.company_number) {
            return Likeness::Same;
        }
        if differ(&self.company_number, &other.company_number) {
            return Likeness::Other;
        }
        let named = !self.name_key.is_empty() && self.name_key == other.name_key;
        match (named, agree(&self.postcode, &other.postcode)) {
            (true, true) => Likeness::Same,
            // Branches have a postcode each: a person decides.
            (true, false) => Likeness::Perhaps,
            (false, _) => Likeness::Other,
        }
    }
}

/// How surely two descriptions are of one organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    Other,
    /// A person decides.
    Perhaps,
    /// The company number, or the name and the postcode.
    Same,
}

/// The quarter of the calendar year a moment is in, in London: `2026-Q4`. Sorts by time.
pub fn quarter(at: Timestamp) -> String {
    quarter_of(at.day())
}

fn quarter_of(day: Date) -> String {
    format!("{:04}-Q{}", day.year(), (day.month() - 1) / 3 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_postcodes_are_those_of_the_registers() {
        assert_eq!(company_number("1234567").as_deref(), Some("01234567"));
        assert_eq!(company_number(" sc 123456 ").as_deref(), Some("SC123456"));
        assert_eq!(company_number("12"), None);
        assert_eq!(postcode("al13je").as_deref(), Some("AL1 3JE"));
        assert_eq!(postcode("Watford"), None);
    }

    #[test]
    fn a_number_decides_before_a_name() {
        let of =
            |name: &str, number: &str, place: &str| Identity::of(name, Some(number), Some(place));
        let known = of("Oak Bakery Ltd", "01234567", "AL1 3JE");
        for (other, likeness) in [
            (of("Quite another", "1234567", ""), Likeness::Same),
            (of("Oak Bakery", "", "AL1 3JE"), Likeness::Same),
            (of("Oak Bakery", "", ""), Likeness::Perhaps),
            (of("Oak Bakery", "", "SG1 1XX"), Likeness::Perhaps),
            (of("Oak Bakery", "07654321", "AL1 3JE"), Likeness::Other),
            (of("Elm Bakery", "", "AL1 3JE"), Likeness::Other),
            (of("", "", "AL1 3JE"), Likeness::Other),
        ] {
            assert_eq!(known.likeness(&other), likeness, "{other:?}");
            assert_eq!(other.likeness(&known), likeness, "{other:?}");
        }
    }

    #[test]
    fn quarters_turn_at_midnight_in_london() {
        let at = |text: &str| quarter(Timestamp::parse(text).unwrap());
        assert_eq!(at("2026-09-30T22:59:59Z"), "2026-Q3");
        assert_eq!(at("2026-09-30T23:00:00Z"), "2026-Q4");
        assert_eq!(at("2026-01-01T00:00:00Z"), "2026-Q1");
        assert!(at("2026-12-31T12:00:00Z") < at("2027-01-01T12:00:00Z"));
    }
}
