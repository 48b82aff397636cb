//! The people and organisations of the county. Nobody is stored: everything about a household or
//! an organisation follows from the seed and its index, so a county of millions needs no memory.

use jiff::civil::Date;

use crate::chance::{Chance, Stream};
use crate::identifiers::Identifier;
use crate::place::Place;
use crate::words::{ORIGINS, WORDS};

/// Who somebody truly is. Two reports with the same identity are about the same victim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Identity {
    /// A person of the county.
    Person(u64),
    /// An organisation of the county.
    Organisation(u64),
}

impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Identity::Person(id) => write!(f, "P{id}"),
            Identity::Organisation(id) => write!(f, "O{id}"),
        }
    }
}

/// How a household is made up; decides who lives in it and how old they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Home {
    LoneElder,
    ElderCouple,
    LoneAdult,
    Couple,
    Family,
    ThreeGenerations,
    Sharers,
    YoungAdult,
}

/// The make-up of the households whose index ends in this slot, so that a home of a wanted kind
/// can be found without a search.
pub(crate) const SLOTS: [Home; 20] = [
    Home::LoneElder,
    Home::LoneElder,
    Home::LoneElder,
    Home::ElderCouple,
    Home::ElderCouple,
    Home::ElderCouple,
    Home::LoneAdult,
    Home::LoneAdult,
    Home::Couple,
    Home::Couple,
    Home::Couple,
    Home::Family,
    Home::Family,
    Home::Family,
    Home::Family,
    Home::Family,
    Home::ThreeGenerations,
    Home::Sharers,
    Home::YoungAdult,
    Home::YoungAdult,
];

/// Members a household's ids leave room for.
pub(crate) const ROOM: u64 = 8;

/// A person as they truly are.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Person {
    pub id: u64,
    pub home: Home,
    pub origin: &'static str,
    pub sex: char,
    pub forename: &'static str,
    pub surname: String,
    /// Name before marriage, where an old record may still hold it.
    pub former_surname: Option<&'static str>,
    pub born: Date,
    pub place: Place,
    /// E.164.
    pub phone: String,
    pub email: Option<String>,
    /// Money the person could lose before it changes their life, in pounds.
    pub means: f64,
}

impl Person {
    pub fn age_on(&self, day: Date) -> i64 {
        let before_birthday = (day.month(), day.day()) < (self.born.month(), self.born.day());
        i64::from(day.year()) - i64::from(self.born.year()) - i64::from(before_birthday)
    }

    pub fn title(&self, age: i64, chance: &mut Chance) -> &'static str {
        match (self.sex, age) {
            (_, ..18) => "",
            _ if chance.yes(0.02) => "Dr",
            ('m', _) => "Mr",
            (_, 45..) => chance.pick(&["Mrs", "Mrs", "Ms", "Miss"]),
            _ => chance.pick(&["Ms", "Miss", "Mrs"]),
        }
    }
}

/// Looks up anybody in the county by index.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Population {
    pub seed: u64,
    /// The day ages are reckoned on.
    pub today: Date,
}

/// Age and sex of each member of a household, head first.
struct Member {
    age: i64,
    sex: char,
    child: bool,
}

impl Population {
    /// Everyone of a household, in a fixed order.
    pub fn household(&self, index: u64) -> Vec<Person> {
        let mut chance = Chance::new(self.seed, Stream::Household, index);
        let home = SLOTS[(index % SLOTS.len() as u64) as usize];
        let origin = ORIGINS[chance.weighted(ORIGINS.iter().map(|(_, w)| *w))].0;
        let family_name = WORDS.surname(origin, &mut chance);
        let place = Place::draw(&mut chance);
        let landline = Identifier::landline(&mut chance).value;
        let members = members(home, &mut chance);
        let mut people: Vec<Person> = Vec::with_capacity(members.len());
        for (at, member) in members.iter().enumerate() {
            let id = index * ROOM + at as u64;
            let mut person = self.person(id, home, origin, member, &place);
            if home != Home::Sharers {
                person.surname = family_name.to_owned();
                self.kin(&mut person, &people, member, &mut chance);
            }
            // Older couples answer one telephone, which links them whoever reports.
            if member.age >= 68 && chance.yes(0.6) {
                person.phone.clone_from(&landline);
            }
            people.push(person);
        }
        people
    }

    pub fn find(&self, id: u64) -> Person {
        let mut people = self.household(id / ROOM);
        let at = ((id % ROOM) as usize).min(people.len() - 1);
        people.swap_remove(at)
    }

    fn person(
        &self,
        id: u64,
        home: Home,
        origin: &'static str,
        member: &Member,
        place: &Place,
    ) -> Person {
        let mut chance = Chance::new(self.seed, Stream::Person, id);
        let year = self.today.year() - member.age as i16 - 1;
        // Born so that the age holds on `today`.
        let day_of_year = chance.between(1, 364);
        let born = Date::constant(year, 1, 1)
            .checked_add(jiff::Span::new().days(day_of_year + i64::from(self.today.day_of_year())))
            .unwrap_or(self.today);
        let origin_of_name = if home == Home::Sharers {
            ORIGINS[chance.weighted(ORIGINS.iter().map(|(_, w)| *w))].0
        } else {
            origin
        };
        let forename = WORDS.forename(origin_of_name, member.sex, born.year(), &mut chance);
        let surname = WORDS.surname(origin_of_name, &mut chance).to_owned();
        let email_share = match member.age {
            ..75 => 0.95,
            75..85 => 0.6,
            _ => 0.35,
        };
        let email = chance
            .yes(email_share)
            .then(|| mail_box(forename, &surname, born, &mut chance));
        let median = match member.age {
            ..18 => 150.0,
            18..30 => 2_500.0,
            30..60 => 14_000.0,
            _ => 45_000.0,
        };
        Person {
            id,
            home,
            origin: origin_of_name,
            sex: member.sex,
            forename,
            surname,
            former_surname: None,
            born,
            place: place.clone(),
            phone: Identifier::mobile(&mut chance).value,
            email,
            means: chance.log_normal(median, 1.2),
        }
    }

    /// Family habits that make two people look like one: a son named after his father, twins.
    fn kin(&self, person: &mut Person, earlier: &[Person], member: &Member, chance: &mut Chance) {
        if let Some(box_name) = &person.email
            && let Some((_, host)) = box_name.split_once('@')
        {
            let host = host.to_owned();
            let mut own = Chance::new(self.seed, Stream::Person, person.id ^ (1 << 62));
            let local = mail_local(person.forename, &person.surname, person.born, &mut own);
            person.email = Some(format!("{local}@{host}"));
        }
        let Some(head) = earlier.first() else { return };
        if !member.child && person.sex == 'f' && chance.yes(0.15) {
            person.former_surname = Some(WORDS.surname(person.origin, chance));
        }
        if member.child && member.sex == head.sex && chance.yes(0.05) {
            person.forename = head.forename;
        }
        if let Some(last) = earlier.last()
            && member.child
            && last.born.year() >= person.born.year() - 1
            && chance.yes(0.25)
        {
            person.born = last.born;
        }
    }
}

fn members(home: Home, chance: &mut Chance) -> Vec<Member> {
    let member = |age, sex| Member {
        age,
        sex,
        child: false,
    };
    let (mut one, mut other) = if chance.yes(0.5) {
        ('m', 'f')
    } else {
        ('f', 'm')
    };
    if home == Home::LoneElder {
        // More women than men live to be old and alone.
        (one, other) = if chance.yes(0.68) {
            ('f', 'm')
        } else {
            ('m', 'f')
        };
    }
    match home {
        Home::LoneElder => vec![member(chance.between(66, 95), one)],
        Home::ElderCouple => {
            let age = chance.between(64, 90);
            vec![
                member(age, 'm'),
                member((age - chance.between(-2, 6)).max(60), 'f'),
            ]
        }
        Home::LoneAdult => vec![member(chance.between(30, 65), one)],
        Home::Couple => {
            let age = chance.between(28, 64);
            vec![
                member(age, one),
                member((age + chance.between(-6, 6)).max(25), other),
            ]
        }
        Home::Family => {
            let age = chance.between(36, 57);
            let mut out = vec![member(age, 'm'), member(age - chance.between(-2, 5), 'f')];
            add_children(&mut out, age, chance);
            out
        }
        Home::ThreeGenerations => {
            let age = chance.between(38, 55);
            let mut out = vec![member(age, 'm'), member(age - chance.between(0, 4), 'f')];
            out.push(member(age + chance.between(22, 34), 'f'));
            add_children(&mut out, age, chance);
            out
        }
        Home::Sharers => sharers(one, other, chance),
        Home::YoungAdult => {
            let mut out = vec![member(chance.between(18, 30), one)];
            if chance.yes(0.4) {
                out.push(member(chance.between(18, 31), other));
            }
            out
        }
    }
}

fn sharers(one: char, other: char, chance: &mut Chance) -> Vec<Member> {
    (0..chance.between(2, 5))
        .map(|at| {
            let sex = if at % 2 == 0 { one } else { other };
            Member {
                age: chance.between(19, 32),
                sex,
                child: false,
            }
        })
        .collect()
}

/// One to four children; now and then twins.
fn add_children(out: &mut Vec<Member>, parent: i64, chance: &mut Chance) {
    let mut age = (parent - chance.between(23, 34)).clamp(3, 22);
    for _ in 0..chance.between(1, 4) {
        let sex = if chance.yes(0.5) { 'm' } else { 'f' };
        out.push(Member {
            age,
            sex,
            child: true,
        });
        let gap = if chance.yes(0.04) {
            0
        } else {
            chance.between(2, 4)
        };
        age = (age - gap).max(1);
    }
}

fn mail_local(forename: &str, surname: &str, born: Date, chance: &mut Chance) -> String {
    let plain = |name: &str| -> String {
        name.chars()
            .filter_map(unaccented)
            .map(|c| c.to_ascii_lowercase())
            .collect()
    };
    let (forename, surname) = (plain(forename), plain(surname));
    let initial: String = forename.chars().take(1).collect();
    let (year, number) = (born.year() % 100, chance.between(1, 9_999));
    match chance.below(5) {
        0 => format!("{forename}.{surname}{number}"),
        1 => format!("{initial}{surname}{year:02}{number}"),
        2 => format!("{forename}{surname}{number}"),
        3 => format!("{surname}.{forename}{year:02}.{}", number % 100),
        _ => format!("{forename}{number}{initial}"),
    }
}

fn mail_box(forename: &str, surname: &str, born: Date, chance: &mut Chance) -> String {
    let local = mail_local(forename, surname, born, chance);
    format!("{local}@{}", WORDS.one("mail_hosts", chance))
}

fn unaccented(letter: char) -> Option<char> {
    let plain = match letter {
        'ł' | 'Ł' => 'l',
        'ś' | 'Ś' => 's',
        'ń' => 'n',
        'ó' | 'ö' | 'Ö' => 'o',
        'ą' | 'ã' => 'a',
        'ź' | 'ż' => 'z',
        'ç' => 'c',
        other => other,
    };
    plain.is_ascii_alphabetic().then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn population() -> Population {
        Population {
            seed: 11,
            today: Date::constant(2026, 3, 1),
        }
    }

    #[test]
    fn a_person_is_the_same_however_found() {
        let county = population();
        for index in 0..200 {
            for person in county.household(index) {
                assert_eq!(county.find(person.id), person);
            }
        }
    }

    #[test]
    fn homes_hold_who_their_kind_says() {
        let county = population();
        let mut children = 0;
        let mut same_name = 0;
        let mut twins = 0;
        for index in 0..4_000 {
            let people = county.household(index);
            assert!(!people.is_empty() && people.len() as u64 <= ROOM);
            let ages: Vec<i64> = people.iter().map(|p| p.age_on(county.today)).collect();
            match people[0].home {
                Home::LoneElder => assert!(people.len() == 1 && ages[0] >= 65, "{ages:?}"),
                Home::Family => {
                    children += ages.iter().filter(|a| (13..18).contains(*a)).count();
                    assert!(people.iter().all(|p| p.surname == people[0].surname));
                }
                _ => assert!(ages[0] >= 17, "{ages:?}"),
            }
            for (at, person) in people.iter().enumerate() {
                let others = &people[at + 1..];
                same_name += others
                    .iter()
                    .filter(|o| o.forename == person.forename && o.surname == person.surname)
                    .count();
                twins += others.iter().filter(|o| o.born == person.born).count();
            }
        }
        assert!(
            children > 200 && same_name > 20 && twins > 20,
            "{children} {same_name} {twins}"
        );
    }
}
