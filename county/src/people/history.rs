//! Everything that was ever true of a person: names, homes, telephones and mail boxes, the newest
//! first. What a household shares or left behind together is drawn once for the household, so that
//! its members resemble one another in old records too.

use crate::chance::{Chance, Stream};
use crate::identifiers::Identifier;
use crate::person::{Home, Person, Population};
use crate::place::Place;
use crate::words::WORDS;

/// Homes in one county. A longer table goes on into the next one, whose places have other names.
const HOMES_A_COUNTY: u64 = 500_000;

/// Postcode area and what place names begin with, county by county. No real area is among them.
#[rustfmt::skip]
const COUNTIES: [(&str, &str); 16] = [
    ("HW", ""), ("BE", "Great "), ("BK", "North "), ("CE", "South "), ("CK", "East "),
    ("DK", "West "), ("EB", "Upper "), ("ED", "Lower "), ("FE", "Old "), ("GE", "New "),
    ("HB", "Kings "), ("HC", "Abbots "), ("HE", "Long "), ("KE", "High "), ("LB", "Market "),
    ("LC", "Church "),
];

/// Beginnings and endings of the many surnames that few people bear: half the people of a county
/// have a name that no list of the commonest holds.
#[rustfmt::skip]
const RARE: [&str; 68] = [
    "Ash", "Black", "Brad", "Brock", "Brom", "Burn", "Cald", "Charl", "Ches", "Cold", "Cran",
    "Crom", "Dal", "Den", "East", "Elder", "Fair", "Farn", "Green", "Hal", "Ham", "Har", "Hazel",
    "Hend", "Hol", "Hors", "Ken", "Kirk", "Lang", "Led", "Lin", "Long", "Lyn", "Mar", "Mel", "Mid",
    "Mor", "Nor", "Oak", "Pen", "Pick", "Rad", "Red", "Ring", "Row", "Sand", "Shel", "Ship",
    "Stan", "Staple", "Stock", "Strat", "Sut", "Thorn", "Tun", "Under", "Wake", "Wal", "War",
    "Wat", "West", "Whit", "Wick", "Win", "Wood", "Wool", "Wyn", "York",
];
#[rustfmt::skip]
const ENDINGS: [&str; 40] = [
    "bourne", "bridge", "brook", "burn", "bury", "by", "combe", "cott", "croft", "dale", "den",
    "don", "field", "ford", "gate", "grave", "ham", "hill", "hurst", "ington", "land", "ley",
    "man", "mere", "more", "ridge", "shaw", "side", "ston", "stead", "ton", "thwaite", "wall",
    "ward", "way", "well", "wick", "wood", "worth", "wright",
];

/// A person with their past.
pub(super) struct History {
    pub person: Person,
    /// Surname before a marriage, where there was one.
    pub maiden: Option<String>,
    /// The other half of a double name, where there is one.
    pub second_surname: Option<String>,
    pub middle: &'static str,
    pub homes: Vec<Address>,
    /// E.164.
    pub phones: Vec<String>,
    pub emails: Vec<String>,
}

/// A home in one of the counties.
pub(super) struct Address {
    place: Place,
    town: String,
    pub postcode: String,
}

impl Address {
    fn new(place: Place, county: u64) -> Address {
        let (area, prefix) = COUNTIES[(county % COUNTIES.len() as u64) as usize];
        Address {
            town: format!("{prefix}{}", place.town),
            postcode: place.postcode.replacen("HW", area, 1),
            place,
        }
    }

    fn draw(county: u64, chance: &mut Chance) -> Address {
        Address::new(Place::draw(chance), county)
    }

    /// On one line, as whoever keeps the record puts it.
    pub fn written(&self, chance: &mut Chance) -> String {
        let written = self.place.written(chance);
        match written.strip_suffix(self.place.town) {
            Some(before) => format!("{before}{}", self.town),
            None => written,
        }
    }
}

/// What the members of a household have in common.
struct Household {
    county: u64,
    /// Where the count of members starts, so that not only the eldest are met.
    start: usize,
    rare_surname: Option<String>,
    landline: Option<String>,
    /// They share the mail box of the first of them.
    one_mail_box: bool,
    left: Option<Address>,
}

impl Household {
    fn of(seed: u64, home: u64, people: &[Person]) -> Household {
        let mut chance = Chance::new(seed, Stream::HomeHistory, home);
        let county = home / HOMES_A_COUNTY;
        let first = &people[0];
        let start = chance.index(people.len());
        let rare_surname = rare(first, &mut chance);
        let landline = Identifier::landline(&mut chance).value;
        let shares_house = first.home == Home::Sharers;
        Household {
            county,
            start,
            rare_surname: rare_surname.filter(|_| !shares_house),
            landline: (!shares_house && chance.yes(0.4)).then_some(landline),
            one_mail_box: !shares_house && chance.yes(0.08),
            left: (!shares_house && chance.yes(0.25)).then(|| Address::draw(county, &mut chance)),
        }
    }
}

impl History {
    /// The person counted as `member` in a home of the population.
    pub fn of(population: &Population, home: u64, member: usize) -> History {
        let mut people = population.household(home);
        let household = Household::of(population.seed, home, &people);
        let at = (household.start + member) % people.len();
        let first_mail = people[0].email.clone();
        let parent = people
            .get(usize::from(member % 2 == 1))
            .unwrap_or(&people[0]);
        let parent_phone = parent.phone.clone();
        let person = people.swap_remove(at);
        let mut chance = Chance::new(population.seed, Stream::LifeHistory, person.id);
        let adult = person.age_on(population.today) >= 16;
        let mut history = History {
            maiden: person.former_surname.map(str::to_owned),
            second_surname: None,
            middle: WORDS.forename(person.origin, person.sex, person.born.year(), &mut chance),
            homes: vec![Address::new(person.place.clone(), household.county)],
            phones: vec![person.phone.clone()],
            emails: person.email.iter().cloned().collect(),
            person,
        };
        if at > 0 && (household.one_mail_box || (!adult && chance.yes(0.5))) {
            history.emails.splice(..0, first_mail);
        }
        history.name(&household, &mut chance);
        if !adult && chance.yes(0.6) {
            history.phones = vec![parent_phone];
        }
        history.past(household, adult, &mut chance);
        history
    }

    fn name(&mut self, household: &Household, chance: &mut Chance) {
        let own = rare(&self.person, chance).filter(|_| self.person.home == Home::Sharers);
        if let Some(rare) = household.rare_surname.clone().or(own) {
            let old = std::mem::replace(&mut self.person.surname, rare);
            let (old, new) = (mail_part(&old), mail_part(&self.person.surname));
            for email in &mut self.emails {
                *email = email.replacen(&old, &new, 1);
            }
        }
        if chance.yes(0.02) {
            let other = WORDS.surname(self.person.origin, chance);
            self.second_surname = Some(other.to_owned()).filter(|o| *o != self.person.surname);
        }
    }

    fn past(&mut self, household: Household, adult: bool, chance: &mut Chance) {
        self.homes.extend(household.left);
        if adult && chance.yes(0.2) {
            self.homes.push(Address::draw(household.county, chance));
        }
        if adult && chance.yes(0.35) {
            self.phones.push(Identifier::mobile(chance).value);
        }
        self.phones.extend(household.landline);
        if adult && chance.yes(0.2) {
            let host = WORDS.one("mail_hosts", chance);
            let local = mail_part(self.person.forename);
            let number = chance.digits(4);
            self.emails.push(format!("{local}{number}@{host}"));
        }
    }
}

/// A surname few people bear, for more than a third of those whose names come from these islands.
fn rare(person: &Person, chance: &mut Chance) -> Option<String> {
    let (beginning, ending) = (chance.pick(&RARE), chance.pick(&ENDINGS));
    let share = match person.origin {
        "british" => 0.4,
        "scottish" | "irish" => 0.2,
        _ => 0.0,
    };
    chance.yes(share).then(|| format!("{beginning}{ending}"))
}

/// A name as mail boxes spell it.
fn mail_part(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphabetic)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}
