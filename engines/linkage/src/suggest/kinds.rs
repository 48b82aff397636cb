//! What a column holds, told from its heading and its values.

use crate::model::Kind;
use crate::normal;

/// A column's heading and some of its distinct values, with how many records bear each.
#[derive(Debug, Clone)]
pub(crate) struct Sight<'s> {
    pub(crate) heading: &'s str,
    /// Records looked at.
    pub(crate) records: u64,
    /// Records with a value.
    pub(crate) filled: u64,
    /// Distinct values, the most frequent first.
    pub(crate) values: Vec<(&'s str, u64)>,
}

/// What to make of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Compare it.
    Compared(Kind, Role),
    /// Leave it out, for this reason.
    LeftOut(&'static str),
}

/// What part a column plays beside its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// A given name, or several.
    Forename,
    /// A family name.
    Surname,
    /// A whole name, or an organisation's.
    FullName,
    /// Where somebody lives, in words.
    Address,
    /// A place larger than an address: a suburb, a town.
    Place,
    /// One of few words or codes: a sex, a state.
    Category,
    /// A number or code that few share.
    Code,
    /// Nothing more than its kind says.
    Plain,
}

impl Sight<'_> {
    fn share(&self, holds: impl Fn(&str) -> bool) -> f64 {
        let of = |with: &dyn Fn(&str) -> bool| -> u64 {
            self.values.iter().filter(|(value, _)| with(value)).map(|(_, count)| count).sum()
        };
        let all = of(&|_| true);
        of(&holds) as f64 / all.max(1) as f64
    }

    fn is_called(&self, words: &[&str]) -> bool {
        let heading: String = self.heading.to_lowercase();
        let bare: String = heading.chars().filter(|c| c.is_alphanumeric()).collect();
        let parts: Vec<&str> = heading.split(|c: char| !c.is_alphanumeric()).collect();
        words.iter().any(|word| {
            // A short word must stand by itself: "dob", "tel", "sex".
            if word.len() <= 3 { parts.contains(word) || bare == *word } else { bare.contains(word) }
        })
    }

    fn distinct_share(&self) -> f64 {
        self.values.len() as f64 / self.filled.max(1) as f64
    }

    fn words(&self) -> f64 {
        let (words, all) = self.values.iter().fold((0, 0), |(words, all), (value, _)| {
            (words + value.split_whitespace().count(), all + 1)
        });
        words as f64 / f64::from(all.max(1))
    }

    /// Whether every record has a value of its own: an id.
    pub(crate) fn is_unique(&self) -> bool {
        self.filled == self.records && self.values.len() as u64 == self.filled && self.records > 1
    }

    /// Whether the heading says that it numbers the records.
    pub(crate) fn is_called_id(&self) -> bool {
        self.is_called(&["id", "uniqueid", "recid", "recordid", "rowid", "urn", "ref", "reference", "key", "uuid", "uid"])
            && !self.is_called(&["socsec", "national", "nino", "passport", "licence", "license", "tax"])
    }

    /// What parts several values in one cell, where some cells hold several.
    pub(crate) fn separator(&self) -> Option<char> {
        [';', '|'].into_iter().find(|sign| self.share(|value| value.contains(*sign)) >= 0.002)
    }

    /// Reads the column.
    pub(crate) fn reading(&self) -> Reading {
        use Reading::{Compared, LeftOut};
        if self.filled == 0 {
            return LeftOut("it is empty");
        }
        if self.values.len() == 1 && self.filled == self.records {
            return LeftOut("every record has the same value");
        }
        if self.is_called(&["cluster", "clusterid", "entityid", "truth", "trueid", "matchid", "groundtruth"]) {
            return LeftOut("it looks like the answer, not like evidence");
        }
        if self.share(|value| value.contains('@')) >= 0.7 {
            return Compared(Kind::Email, Role::Plain);
        }
        if self.share(|value| normal::date(value).is_some()) >= 0.7 {
            return Compared(Kind::Date, Role::Plain);
        }
        let british = |value: &str| normal::postcode(value).is_some_and(|code| normal::sector(&code).is_some());
        if self.share(british) >= 0.7 || self.is_called(&["postcode", "postalcode", "zipcode", "zip", "plz"]) {
            return Compared(Kind::Postcode, Role::Plain);
        }
        let digits = self.share(|value| {
            value.chars().all(|c| c.is_ascii_digit() || " +-()./".contains(c)) && value.chars().any(|c| c.is_ascii_digit())
        });
        if digits >= 0.8 {
            return self.figures();
        }
        self.words_read()
    }

    /// A column of figures.
    fn figures(&self) -> Reading {
        use Reading::{Compared, LeftOut};
        let long = self.share(|value| {
            (9..=15).contains(&value.chars().filter(char::is_ascii_digit).count())
        });
        let called = self.is_called(&["phone", "telephone", "tel", "mobile", "mob", "cell", "landline"]);
        let dialled = self.share(|value| value.trim_start().starts_with(['0', '+', '(']));
        if called || (long >= 0.8 && dialled >= 0.8) {
            return Compared(Kind::Phone, Role::Plain);
        }
        if self.is_unique() && self.is_called_id() {
            return LeftOut("every record has a value of its own");
        }
        if self.is_called(&["amount", "loss", "price", "total", "score", "timestamp"]) {
            return LeftOut("a sum or a score does not tell who somebody is");
        }
        if self.values.len() <= 60 && self.distinct_share() < 0.05 {
            return Compared(Kind::Identifier, Role::Category);
        }
        Compared(Kind::Identifier, Role::Code)
    }

    /// A column of words.
    fn words_read(&self) -> Reading {
        use Reading::{Compared, LeftOut};
        if self.is_called(&["firstname", "givenname", "given", "forename", "christianname", "fname", "first"]) {
            return Compared(Kind::Forename, Role::Forename);
        }
        if self.is_called(&["surname", "lastname", "familyname", "lname", "last", "family"]) {
            return Compared(Kind::Name, Role::Surname);
        }
        if self.is_unique() && (self.is_called_id() || self.words() < 1.05) {
            return LeftOut("every record has a value of its own");
        }
        if self.is_called(&["address", "addr", "street", "road"]) {
            return Compared(Kind::Text, Role::Address);
        }
        if self.is_called(&["suburb", "town", "city", "place", "birthplace", "county", "district", "village", "locality"]) {
            return Compared(Kind::Name, Role::Place);
        }
        if self.is_called(&["fullname", "name", "person", "company", "organisation", "organization", "business"]) {
            return Compared(Kind::Name, Role::FullName);
        }
        if self.values.len() <= 100 && self.distinct_share() < 0.05 {
            return Compared(Kind::Identifier, Role::Category);
        }
        let with_digits = self.share(|value| value.chars().any(|c| c.is_ascii_digit()));
        let long_words = self.words();
        if long_words >= 12.0 {
            return LeftOut("it is a narrative; find its observables with `extract` first");
        }
        if long_words >= 2.5 && with_digits >= 0.5 {
            return Compared(Kind::Text, Role::Address);
        }
        if with_digits >= 0.5 {
            return Compared(Kind::Identifier, Role::Code);
        }
        if long_words >= 2.5 {
            return Compared(Kind::Text, Role::Address);
        }
        if long_words >= 1.6 {
            return Compared(Kind::Name, Role::FullName);
        }
        // One word, many values: most likely a name or a place.
        if self.distinct_share() < 0.02 {
            return Compared(Kind::Name, Role::Place);
        }
        Compared(Kind::Name, Role::Surname)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(heading: &str, values: &[&str]) -> Reading {
        let values: Vec<(&str, u64)> = values.iter().map(|value| (*value, 2)).collect();
        let filled = 2 * values.len() as u64;
        Sight { heading, records: filled + 3, filled, values }.reading()
    }

    #[test]
    fn columns_are_told_by_what_they_hold_and_how_they_are_called() {
        use Reading::Compared;
        for (heading, values, expected) in [
            ("given_name", vec!["mitchell", "harley"], Compared(Kind::Forename, Role::Forename)),
            ("SURNAME", vec!["green", "mccarthy"], Compared(Kind::Name, Role::Surname)),
            ("dob", vec!["1956-04-09", "12/03/1980"], Compared(Kind::Date, Role::Plain)),
            ("date_of_birth", vec!["19560409", "19080419"], Compared(Kind::Date, Role::Plain)),
            ("c7", vec!["a@b.example", "c@d.example"], Compared(Kind::Email, Role::Plain)),
            ("mobile", vec!["07700 900123", "07700900456"], Compared(Kind::Phone, Role::Plain)),
            ("postcode", vec!["2119", "3165"], Compared(Kind::Postcode, Role::Plain)),
            ("pc", vec!["SG1 1AA", "HW5 0RJ"], Compared(Kind::Postcode, Role::Plain)),
            ("soc_sec_id", vec!["1804974", "6089216"], Compared(Kind::Identifier, Role::Code)),
            ("address_1", vec!["wallaby place", "hoseason street"], Compared(Kind::Text, Role::Address)),
            ("suburb", vec!["cleveland", "granville"], Compared(Kind::Name, Role::Place)),
            ("full name", vec!["Ann Lee", "Bob Roe"], Compared(Kind::Name, Role::FullName)),
        ] {
            assert_eq!(read(heading, &values), expected, "{heading}");
        }
        assert!(matches!(read("cluster", &["1", "2"]), Reading::LeftOut(_)));
        assert!(matches!(read("note", &[]), Reading::LeftOut(_)));
    }
}
