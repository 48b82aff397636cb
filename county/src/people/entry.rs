//! One record of a person, as somebody typed it one day: from memory, a form, an old file or a
//! scan. Shares of faults are per field and moderate; a poor record has several at once.

use jiff::civil::Date;

use super::PeopleRecord;
use super::history::History;
use super::slips::{digit_slip, mistyped, other_spelling, slip};
use crate::Identity;
use crate::chance::Chance;
use crate::identifiers::{Hand, Identifier};
use crate::words::WORDS;

/// Share of records made in a hurry or read from paper, and how much more often they are wrong.
const POOR: f64 = 0.15;
const POOR_FACTOR: f64 = 5.0;
/// Share of records that hold a name and little else, as a passing mention leaves.
const SPARSE: f64 = 0.03;
/// Share of records that were made before the person's present circumstances.
const OLD: f64 = 0.33;

const NO_PHONE: [&str; 4] = ["00000000000", "07000000000", "unknown", "01234567890"];
const NO_ADDRESS: [&str; 3] = ["No fixed abode", "NFA", "Not known"];

/// A record being typed.
pub(super) struct Entry<'a> {
    history: &'a History,
    chance: Chance,
    /// How many times likelier than usual a slip is.
    haste: f64,
    old: bool,
    sparse: bool,
    faults: u8,
}

impl<'a> Entry<'a> {
    /// The `nth` record of somebody. The first is made with care more often than those that
    /// follow, when the person is thought to be known.
    pub fn new(history: &'a History, nth: u64, mut chance: Chance) -> Entry<'a> {
        let poor = chance.yes(if nth == 0 { POOR * 0.8 } else { POOR });
        Entry {
            haste: if poor { POOR_FACTOR } else { 1.0 },
            old: chance.yes(OLD),
            sparse: chance.yes(SPARSE),
            faults: 0,
            history,
            chance,
        }
    }

    pub fn typed(mut self, id: String) -> PeopleRecord {
        let (mut forename, mut surname) = self.names();
        let date_of_birth = self.born();
        let (mut address, postcode) = self.home();
        let phone = self.phone();
        let email = self.email();
        // Custody and command systems of a certain age know capitals only.
        match self.chance.below(100) {
            0..12 => {
                for text in [&mut forename, &mut surname, &mut address] {
                    *text = text.to_uppercase();
                }
            }
            12 => {
                forename = forename.to_lowercase();
                surname = surname.to_lowercase();
            }
            _ => {}
        }
        PeopleRecord {
            id,
            forename,
            surname,
            date_of_birth,
            address,
            postcode,
            phone,
            email,
            person: Identity::Person(self.history.person.id),
            faults: self.faults,
        }
    }

    fn happens(&mut self, share: f64) -> bool {
        let happens = self.chance.yes(share);
        self.faults += u8::from(happens);
        happens
    }

    /// A slip, likelier in a poor record.
    fn slips(&mut self, share: f64) -> bool {
        self.happens(share * self.haste)
    }

    /// The present one of a list that has the newest first, or a former one in an old record.
    fn of_time<'t, T>(&mut self, all: &'t [T]) -> Option<&'t T> {
        let former = self.chance.yes(if self.old { 0.8 } else { 0.06 });
        if former && all.len() > 1 {
            self.faults += 1;
            return all.get(1 + self.chance.index(all.len() - 1));
        }
        all.first()
    }

    fn names(&mut self) -> (String, String) {
        let person = &self.history.person;
        let mut forename = self.forename();
        let mut surname = self.surname();
        if self.chance.yes(0.6) {
            forename = plain(&forename);
            surname = plain(&surname);
        }
        // Which of two names is the family's is guessed more often than asked.
        let confusing = matches!(
            person.origin,
            "chinese" | "muslim" | "south_indian" | "west_african" | "east_african"
        );
        if self.happens(if confusing { 0.025 } else { 0.006 }) {
            std::mem::swap(&mut forename, &mut surname);
        }
        match self.chance.below(1_000) {
            0..12 => forename.clear(),
            12..14 => "Unknown".clone_into(&mut forename),
            14..16 => surname.clear(),
            _ => {}
        }
        (forename, surname)
    }

    fn forename(&mut self) -> String {
        let given = self.history.person.forename;
        let mut forename = given.to_owned();
        match self.chance.below(1_000) {
            0..70 => {
                let nickname = WORDS.nickname(given, &mut self.chance);
                forename = nickname.map_or(forename, str::to_owned);
            }
            70..82 => forename.truncate(given.chars().next().map_or(0, char::len_utf8)),
            82..110 => forename = format!("{given} {}", self.history.middle),
            110..150 => {
                let other = other_spelling(given, &mut self.chance);
                forename = other.map_or(forename, str::to_owned);
            }
            _ => {}
        }
        self.faults += u8::from(forename != given);
        if self.slips(0.028) {
            forename = slip(&forename, &mut self.chance);
        }
        forename
    }

    fn surname(&mut self) -> String {
        let history = self.history;
        let married = &history.person.surname;
        let mut surname = match (&history.maiden, &history.second_surname) {
            (Some(maiden), _) => {
                let names = [married, maiden];
                self.of_time(&names).map_or(married, |n| *n).clone()
            }
            (None, Some(second)) => self.half(married, second),
            (None, None) => married.clone(),
        };
        if self.chance.yes(0.02)
            && let Some(other) = other_spelling(&surname, &mut self.chance)
        {
            other.clone_into(&mut surname);
            self.faults += 1;
        }
        if self.slips(0.03) {
            surname = slip(&surname, &mut self.chance);
        }
        surname
    }

    /// A double name, whole or in part.
    fn half(&mut self, first: &str, second: &str) -> String {
        match self.chance.below(20) {
            0..11 => return format!("{first}-{second}"),
            11..14 => return format!("{first} {second}"),
            _ => self.faults += 1,
        }
        match self.chance.below(4) {
            0 => second.to_owned(),
            1 => format!("{second}-{first}"),
            _ => first.to_owned(),
        }
    }

    fn born(&mut self) -> String {
        let born = self.history.person.born;
        if self.chance.yes(if self.sparse { 0.5 } else { 0.045 }) {
            return String::new();
        }
        if self.happens(0.004) {
            return "1900-01-01".to_owned();
        }
        if self.happens(0.008) {
            return format!("{:04}-01-01", born.year());
        }
        let (month, day) = (born.month(), born.day());
        if day <= 12 && day != month && self.slips(0.02) {
            return format!("{:04}-{day:02}-{month:02}", born.year());
        }
        if self.slips(0.008) {
            let year = born.year() + if self.chance.yes(0.5) { 1 } else { -1 };
            // A leap day out of its year would be refused on entry.
            return format!("{year:04}-{month:02}-{:02}", day.min(28));
        }
        if self.slips(0.012) {
            for _ in 0..8 {
                let wrong = digit_slip(&born.to_string(), &mut self.chance);
                let year = wrong.parse::<Date>().map(|d| d.year());
                // The field refuses what is no date, and nobody enters the wrong century.
                if year.is_ok_and(|y| (1905..=2026).contains(&y)) {
                    return wrong;
                }
            }
        }
        born.to_string()
    }

    fn home(&mut self) -> (String, String) {
        if self.chance.yes(if self.sparse { 0.8 } else { 0.07 }) {
            return (String::new(), String::new());
        }
        if self.happens(0.012) {
            return (self.chance.pick(&NO_ADDRESS).to_owned(), String::new());
        }
        let Some(home) = self.of_time(&self.history.homes) else {
            return (String::new(), String::new());
        };
        let mut address = home.written(&mut self.chance);
        if self.slips(0.035) {
            address = if self.chance.yes(0.25) {
                digit_slip(&address, &mut self.chance)
            } else {
                slip(&address, &mut self.chance)
            };
        }
        let mut postcode = home.postcode.clone();
        if self.slips(0.012) {
            postcode = mistyped(&postcode, &mut self.chance).to_uppercase();
        }
        match self.chance.below(100) {
            0..6 => postcode.clear(),
            6..12 => postcode.retain(|c| c != ' '),
            12 => postcode = postcode.to_lowercase(),
            13..15 => address.clear(),
            _ => {}
        }
        (address, postcode)
    }

    fn phone(&mut self) -> String {
        if self.chance.yes(if self.sparse { 0.9 } else { 0.36 }) {
            return String::new();
        }
        if self.happens(0.008) {
            return self.chance.pick(&NO_PHONE).to_owned();
        }
        let Some(phone) = self.of_time(&self.history.phones) else {
            return String::new();
        };
        let written =
            Identifier::new("phone", phone.clone()).written(Hand::Field, &mut self.chance);
        if self.slips(0.012) {
            return digit_slip(&written, &mut self.chance);
        }
        written
    }

    fn email(&mut self) -> String {
        if self.chance.yes(if self.sparse { 0.9 } else { 0.45 }) {
            return String::new();
        }
        if self.happens(0.004) {
            return "none@none.example".to_owned();
        }
        let Some(email) = self.of_time(&self.history.emails) else {
            return String::new();
        };
        let mut email = email.clone();
        if self.slips(0.014) {
            email = mistyped(&email, &mut self.chance);
        }
        match self.chance.below(100) {
            0..3 => email.to_uppercase(),
            _ => email,
        }
    }
}

/// Without accents, as most keyboards here type them.
fn plain(name: &str) -> String {
    name.chars()
        .map(|letter| match letter {
            'ł' => 'l',
            'Ł' => 'L',
            'ś' => 's',
            'Ś' => 'S',
            'ń' => 'n',
            'ó' | 'ö' => 'o',
            'Ö' => 'O',
            'ą' | 'ã' => 'a',
            'ź' | 'ż' => 'z',
            'ç' => 'c',
            other => other,
        })
        .collect()
}
