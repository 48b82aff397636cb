//! What a column holds, told from its heading and its values.

use super::WordLists;
use crate::model::Kind;
use crate::{normal, position};

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
    /// Telephone numbers and e-mail addresses stand in it together: compare it as each.
    Contact,
    /// Leave it out, for this reason.
    LeftOut(&'static str),
}

/// What part a column plays beside its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// A given name, or several.
    Forename,
    /// A further given name, or its initial.
    Middle,
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
    /// Degrees of latitude or longitude.
    Degrees,
    /// Nothing more than its kind says.
    Plain,
}

/// Values that are looked at to tell what a column holds.
const LOOKED_AT: usize = 5_000;

/// Headings that say what a column is; see [`Sight::is_called`].
mod called {
    pub(super) const ID: &[&str] = &[
        "id",
        "uniqueid",
        "recid",
        "recordid",
        "rowid",
        "urn",
        "ref",
        "reference",
        "key",
        "uuid",
        "uid",
        "index",
    ];
    /// Numbers of a person, which identify and do not number records.
    pub(super) const PERSONAL: &[&str] = &[
        "socsec", "ssn", "national", "nino", "passport", "licence", "license", "tax", "nhs",
        "customer", "account",
    ];
    pub(super) const ANSWER: &[&str] = &[
        "cluster",
        "clusterid",
        "entityid",
        "truth",
        "trueid",
        "matchid",
        "groundtruth",
        "label",
        "ismatch",
    ];
    pub(super) const ORIGIN: &[&str] = &[
        "source",
        "dataset",
        "sourcesystem",
        "datasource",
        "filename",
    ];
    pub(super) const MADE: &[&str] = &[
        "created",
        "updated",
        "modified",
        "timestamp",
        "loaded",
        "reported",
        "received",
        "entered",
        "extracted",
        "registered",
    ];
    pub(super) const AMOUNT: &[&str] = &[
        "amount", "loss", "price", "total", "score", "balance", "cost", "quantity", "count",
    ];
    pub(super) const CATEGORY: &[&str] = &[
        "ethnic",
        "race",
        "gender",
        "sex",
        "nationality",
        "religion",
        "language",
        "marital",
        "occupation",
        "status",
        "category",
        "type",
    ];
    pub(super) const DEVICE: &[&str] = &[
        "ip",
        "ipaddress",
        "mac",
        "macaddress",
        "url",
        "website",
        "domain",
        "username",
        "login",
        "handle",
        "imei",
    ];
    pub(super) const PHONE: &[&str] = &[
        "phone",
        "telephone",
        "tel",
        "mobile",
        "mob",
        "cell",
        "landline",
        "msisdn",
    ];
    pub(super) const POSTCODE: &[&str] =
        &["postcode", "postalcode", "pcode", "zipcode", "zip", "plz"];
    pub(super) const MIDDLE: &[&str] = &["middle", "secondname", "othername"];
    pub(super) const FORENAME: &[&str] = &[
        "firstname",
        "givenname",
        "given",
        "forename",
        "christianname",
        "fname",
        "first",
        "fn",
    ];
    pub(super) const SURNAME: &[&str] = &[
        "surname",
        "lastname",
        "familyname",
        "lname",
        "sname",
        "last",
        "family",
        "ln",
    ];
    pub(super) const ADDRESS: &[&str] = &["address", "addr", "street", "road"];
    pub(super) const PLACE: &[&str] = &[
        "suburb",
        "town",
        "city",
        "place",
        "birthplace",
        "county",
        "district",
        "village",
        "locality",
        "country",
    ];
    pub(super) const NAME: &[&str] = &[
        "fullname",
        "name",
        "person",
        "company",
        "organisation",
        "organization",
        "business",
        "victim",
        "suspect",
    ];
    pub(super) const DEGREES: &[&str] = &["latitude", "longitude", "lat", "lon", "lng", "long"];
}

impl Sight<'_> {
    /// Some values, spread evenly.
    fn some(&self) -> impl Iterator<Item = (&str, u64)> {
        let step = self.values.len().div_ceil(LOOKED_AT).max(1);
        self.values
            .iter()
            .step_by(step)
            .map(|(value, count)| (*value, *count))
    }

    /// The share of records with a value whose value is such.
    pub(crate) fn share(&self, holds: impl Fn(&str) -> bool) -> f64 {
        let (of, all) = self.some().fold((0, 0), |(of, all), (value, count)| {
            (of + if holds(value) { count } else { 0 }, all + count)
        });
        of as f64 / all.max(1) as f64
    }

    fn is_called(&self, words: &[&str]) -> bool {
        let heading: String = self.heading.to_lowercase();
        let bare: String = heading.chars().filter(|c| c.is_alphanumeric()).collect();
        let parts: Vec<&str> = heading.split(|c: char| !c.is_alphanumeric()).collect();
        words.iter().any(|word| {
            // A short word must stand by itself: "dob", "tel", "sex"; "lname" is not in "full name".
            let short = word.len() <= 4 || (word.len() == 5 && word.ends_with("name"));
            if short && *word != "addr" {
                parts
                    .iter()
                    .any(|part| part.trim_end_matches(|c: char| c.is_ascii_digit()) == *word)
                    || bare == *word
            } else {
                bare.contains(word)
            }
        })
    }

    fn distinct_share(&self) -> f64 {
        self.values.len() as f64 / self.filled.max(1) as f64
    }

    fn is_few(&self, most: usize) -> bool {
        self.values.len() <= most && self.distinct_share() < 0.05
    }

    /// Words to a value.
    fn words(&self) -> f64 {
        let (words, all) = self.some().fold((0, 0), |(words, all), (value, _)| {
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
        self.is_called(called::ID) && !self.is_called(called::PERSONAL)
    }

    /// What parts several values in one cell, where some cells hold several.
    pub(crate) fn separator(&self, kind: Kind) -> Option<char> {
        let parts = |value: &str, sign: char| {
            // A semicolon may also part a latitude from its longitude.
            value.contains(sign) && (kind != Kind::Position || value.split(sign).all(is_position))
        };
        [';', '|']
            .into_iter()
            .find(|sign| self.share(|value| parts(value, *sign)) >= 0.002)
    }

    /// Whether dates are written month first: where a day is out of place, that order puts it right.
    pub(crate) fn month_first(&self) -> bool {
        let only = |month_first: bool| {
            self.share(|value| {
                normal::date_in(value, month_first).is_some()
                    && normal::date_in(value, !month_first).is_none()
            })
        };
        let (american, british) = (only(true), only(false));
        american >= 0.01 && american > 4.0 * british
    }

    /// The share of records whose value has a postcode in it, such as a whole address.
    pub(crate) fn with_postcode(&self) -> f64 {
        self.share(|value| value.len() > 10 && british(value))
    }

    /// Reads the column. `lists` knows forenames.
    pub(crate) fn reading(&self, lists: &WordLists) -> Reading {
        use Reading::{Compared, Contact, LeftOut};
        if self.filled == 0 {
            return LeftOut("it is empty");
        }
        if self.values.len() == 1 && self.records > 1 {
            return LeftOut("it never has but one value");
        }
        if self.is_called(called::ANSWER) {
            return LeftOut("it looks like the answer, not like evidence");
        }
        if self.is_called(called::ORIGIN) && self.is_few(1_000) {
            return LeftOut("it says where a record comes from, not who it is about");
        }
        let mails = self.share(|value| value.contains('@'));
        let parted = |value: &str, of: fn(&str) -> bool| value.split([';', '|', ',']).any(of);
        let calls = self.share(|value| {
            parted(value, |part| {
                !part.contains(|c: char| c == '@' || c.is_alphabetic())
                    && normal::phone(part, "44").is_some()
            })
        });
        if mails >= 0.1 && calls >= 0.1 && mails + calls >= 0.6 {
            return Contact;
        }
        if mails >= 0.7 {
            return Compared(Kind::Email, Role::Plain);
        }
        let dates =
            |month_first: bool| self.share(|value| normal::date_in(value, month_first).is_some());
        if dates(false) >= 0.7 || dates(true) >= 0.7 {
            if self.is_called(called::MADE) {
                return LeftOut("it says when a record was made, not who it is about");
            }
            return Compared(Kind::Date, Role::Plain);
        }
        if self.share(|value| value.len() <= 10 && british(value)) >= 0.7
            || self.is_called(called::POSTCODE)
        {
            return Compared(Kind::Postcode, Role::Plain);
        }
        if self.is_called(called::CATEGORY) && self.values.len() <= 100 {
            return Compared(Kind::Identifier, Role::Category);
        }
        let lies = |value: &str| is_position(value) || value.split([';', '|']).all(is_position);
        if self.share(lies) >= 0.7 {
            return Compared(Kind::Position, Role::Plain);
        }
        let digits = self.share(|value| {
            value
                .chars()
                .all(|c| c.is_ascii_digit() || " +-()./".contains(c))
                && value.chars().any(|c| c.is_ascii_digit())
        });
        if digits >= 0.8 {
            self.figures()
        } else {
            self.words_read(lists)
        }
    }

    /// A column of figures.
    fn figures(&self) -> Reading {
        use Reading::{Compared, LeftOut};
        if self.is_called(called::DEGREES) && self.share(|value| value.contains('.')) >= 0.5 {
            return Compared(Kind::Number, Role::Degrees);
        }
        let count = |value: &str| value.chars().filter(char::is_ascii_digit).count();
        let long = self.share(|value| (9..=15).contains(&count(value)));
        let dialled = self.share(|value| {
            let grouped = value
                .trim()
                .split(['-', ' ', '.', ')'])
                .filter(|group| !group.is_empty())
                .count()
                > 1;
            grouped || value.trim_start().starts_with(['0', '+', '('])
        });
        if self.is_called(called::PHONE) || (long >= 0.8 && dialled >= 0.8) {
            return Compared(Kind::Phone, Role::Plain);
        }
        if self.is_unique() && self.is_called_id() {
            return LeftOut("every record has a value of its own");
        }
        if (self.is_called(called::AMOUNT) && !self.is_called(called::PERSONAL))
            || self.is_called(called::MADE)
        {
            return LeftOut("a sum, a score or a time does not tell who somebody is");
        }
        if self.is_few(60) {
            return Compared(Kind::Identifier, Role::Category);
        }
        Compared(Kind::Identifier, Role::Code)
    }

    /// A column of words.
    fn words_read(&self, lists: &WordLists) -> Reading {
        use Reading::{Compared, LeftOut};
        let with_digits = self.share(|value| value.chars().any(|c| c.is_ascii_digit()));
        let words = self.words();
        if self.is_called(called::DEVICE) && words < 1.5 {
            return Compared(Kind::Identifier, Role::Code);
        }
        if self.is_called(called::MIDDLE) {
            return Compared(Kind::Forename, Role::Middle);
        }
        if self.is_called(called::FORENAME) {
            return Compared(Kind::Forename, Role::Forename);
        }
        if self.is_called(called::SURNAME) {
            return Compared(Kind::Name, Role::Surname);
        }
        if self.is_unique() && (self.is_called_id() || (words < 1.05 && with_digits >= 0.5)) {
            return LeftOut("every record has a value of its own");
        }
        if words >= 12.0 {
            return LeftOut("it is a narrative; find its observables with `extract` first");
        }
        if self.is_called(called::ADDRESS) {
            return Compared(Kind::Text, Role::Address);
        }
        if self.is_called(called::PLACE) {
            return Compared(Kind::Name, Role::Place);
        }
        if self.is_called(called::NAME) {
            return Compared(Kind::Name, Role::FullName);
        }
        if self.is_few(100) {
            return Compared(Kind::Identifier, Role::Category);
        }
        self.words_alone(lists, words, with_digits)
    }

    /// A column of words whose heading says nothing.
    fn words_alone(&self, lists: &WordLists, words: f64, with_digits: f64) -> Reading {
        use Reading::Compared;
        if with_digits >= 0.5 {
            return if words >= 2.5 {
                Compared(Kind::Text, Role::Address)
            } else {
                Compared(Kind::Identifier, Role::Code)
            };
        }
        if words >= 5.0 || (words >= 2.5 && with_digits >= 0.1) {
            return Compared(Kind::Text, Role::Address);
        }
        if words >= 1.6 {
            return Compared(Kind::Name, Role::FullName);
        }
        if self.share(|value| lists.is_forename(value)) >= 0.25 {
            return Compared(Kind::Forename, Role::Forename);
        }
        // One word, many values: most likely a name or a place.
        if self.distinct_share() < 0.02 {
            return Compared(Kind::Name, Role::Place);
        }
        Compared(Kind::Name, Role::Surname)
    }
}

/// Whether a value is, or ends in, a United Kingdom postcode.
fn british(value: &str) -> bool {
    normal::postcode(value).is_some_and(|code| normal::sector(&code).is_some())
}

/// Whether a value is a latitude and a longitude, with decimals: `1,5` may be anything.
fn is_position(value: &str) -> bool {
    value.matches('.').count() == 2 && position::normal(value).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(heading: &str, values: &[&str]) -> Reading {
        let lists = WordLists::from_toml("[nicknames]\nmargaret = [\"peggy\"]\nthomas = [\"tom\"]")
            .unwrap();
        let values: Vec<(&str, u64)> = values.iter().map(|value| (*value, 2)).collect();
        let filled = 2 * values.len() as u64;
        Sight {
            heading,
            records: filled + 3,
            filled,
            values,
        }
        .reading(&lists)
    }

    #[test]
    fn columns_are_told_by_what_they_hold_and_how_they_are_called() {
        use Reading::Compared;
        for (heading, values, expected) in [
            (
                "given_name",
                vec!["mitchell", "harley"],
                Compared(Kind::Forename, Role::Forename),
            ),
            (
                "SURNAME",
                vec!["green", "mccarthy"],
                Compared(Kind::Name, Role::Surname),
            ),
            (
                "dob",
                vec!["1956-04-09", "12/03/1980"],
                Compared(Kind::Date, Role::Plain),
            ),
            (
                "date_of_birth",
                vec!["19560409", "19080419"],
                Compared(Kind::Date, Role::Plain),
            ),
            (
                "c7",
                vec!["a@b.example", "c@d.example"],
                Compared(Kind::Email, Role::Plain),
            ),
            (
                "mobile",
                vec!["07700 900123", "07700900456"],
                Compared(Kind::Phone, Role::Plain),
            ),
            (
                "postcode",
                vec!["2119", "3165"],
                Compared(Kind::Postcode, Role::Plain),
            ),
            (
                "pc",
                vec!["SG1 1AA", "HW5 0RJ"],
                Compared(Kind::Postcode, Role::Plain),
            ),
            (
                "soc_sec_id",
                vec!["1804974", "6089216"],
                Compared(Kind::Identifier, Role::Code),
            ),
            (
                "address_1",
                vec!["wallaby place", "hoseason street"],
                Compared(Kind::Text, Role::Address),
            ),
            (
                "suburb",
                vec!["cleveland", "granville"],
                Compared(Kind::Name, Role::Place),
            ),
            (
                "full name",
                vec!["Ann Lee", "Bob Roe"],
                Compared(Kind::Name, Role::FullName),
            ),
            // Abbreviated headings.
            (
                "fname",
                vec!["mitchell", "harley"],
                Compared(Kind::Forename, Role::Forename),
            ),
            (
                "l_name",
                vec!["green", "mccarthy"],
                Compared(Kind::Name, Role::Surname),
            ),
            (
                "LastName",
                vec!["green", "mccarthy"],
                Compared(Kind::Name, Role::Surname),
            ),
            (
                "middle_initial",
                vec!["j", "p"],
                Compared(Kind::Forename, Role::Middle),
            ),
            (
                "DoB",
                vec!["01/02/1980", "31/12/1999"],
                Compared(Kind::Date, Role::Plain),
            ),
            (
                "tel_no",
                vec!["5550143", "5550144"],
                Compared(Kind::Phone, Role::Plain),
            ),
            (
                "addr1",
                vec!["wallaby place", "hoseason street"],
                Compared(Kind::Text, Role::Address),
            ),
            (
                "pcode",
                vec!["2119", "3165"],
                Compared(Kind::Postcode, Role::Plain),
            ),
            (
                "e_mail",
                vec!["a@b.example", "c@d.example"],
                Compared(Kind::Email, Role::Plain),
            ),
            (
                "NI number",
                vec!["AB123456C", "CD654321A"],
                Compared(Kind::Identifier, Role::Code),
            ),
            (
                "username",
                vec!["dark_fox", "tiger9"],
                Compared(Kind::Identifier, Role::Code),
            ),
            (
                "ethnicity",
                vec!["a1", "b2"],
                Compared(Kind::Identifier, Role::Category),
            ),
            // Headings that say nothing.
            (
                "col1",
                vec!["margaret", "tom", "zz"],
                Compared(Kind::Forename, Role::Forename),
            ),
            (
                "col2",
                vec!["green", "mccarthy"],
                Compared(Kind::Name, Role::Surname),
            ),
            (
                "col3",
                vec!["SMITH, John", "ROE, Ann"],
                Compared(Kind::Name, Role::FullName),
            ),
            (
                "col4",
                vec!["Acme Widgets Limited", "Foo Bar Ltd"],
                Compared(Kind::Name, Role::FullName),
            ),
            (
                "col5",
                vec!["12/25/2005", "03/23/1980", "11/30/1970"],
                Compared(Kind::Date, Role::Plain),
            ),
            (
                "col6",
                vec!["12 March 1980", "1 Jan 2001"],
                Compared(Kind::Date, Role::Plain),
            ),
            (
                "col7",
                vec!["12 High Street", "Flat 4, 3 Low Road"],
                Compared(Kind::Text, Role::Address),
            ),
            (
                "col8",
                vec!["202-555-0143", "202-555-0144"],
                Compared(Kind::Phone, Role::Plain),
            ),
            (
                "lat",
                vec!["51.9021", "51.8037"],
                Compared(Kind::Number, Role::Degrees),
            ),
            (
                "where",
                vec!["51.9021,-0.2", "(51.8037; 0.1)", "51.0,0.5|52.0,0.5"],
                Compared(Kind::Position, Role::Plain),
            ),
            (
                "contact",
                vec!["07700 900123;a@b.example", "c@d.example", "07700900456"],
                Reading::Contact,
            ),
        ] {
            assert_eq!(read(heading, &values), expected, "{heading}");
        }
        let story = "he rang and said that he was from the bank and that my account was at risk";
        for (heading, values) in [
            ("cluster", vec!["1", "2"]),
            ("label", vec!["yes", "no"]),
            ("amount_lost", vec!["100.00", "12"]),
            ("created_at", vec!["2024-01-02", "2024-01-03"]),
            ("what happened", vec![story, &story[3..]]),
            ("always", vec!["x"]),
        ] {
            assert!(
                matches!(read(heading, &values), Reading::LeftOut(_)),
                "{heading}"
            );
        }
        assert!(matches!(read("note", &[]), Reading::LeftOut(_)));
    }

    #[test]
    fn the_order_of_day_and_month_is_told_by_what_no_calendar_has() {
        let sight = |values: &[&'static str]| {
            let values: Vec<(&str, u64)> = values.iter().map(|value| (*value, 1)).collect();
            let records = values.len() as u64;
            Sight {
                heading: "d",
                records,
                filled: records,
                values,
            }
            .month_first()
        };
        assert!(sight(&["03/23/1980", "01/02/1990"]));
        assert!(sight(&["03231980", "19900102"]));
        assert!(!sight(&["23/03/1980", "01/02/1990"]));
        assert!(!sight(&["01/02/1990", "1980-03-23"]));
        assert!(!sight(&["23/03/1980", "03/23/1980"]));
    }
}
