//! Companies, charities, schools, surgeries and councils, each following from its index.

use crate::chance::{Chance, Stream};
use crate::identifiers::Identifier;
use crate::person::Population;
use crate::place::Place;
use crate::words::WORDS;

/// An organisation as it truly is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Organisation {
    pub id: u64,
    pub kind: OrganisationKind,
    pub name: String,
    pub company_number: Option<String>,
    pub staff: u32,
    pub place: Place,
    pub phone: String,
    pub email: String,
    /// Who usually speaks for it: forename, surname, role.
    pub contact: (&'static str, &'static str, &'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OrganisationKind {
    Company,
    Charity,
    School,
    Surgery,
    Council,
}

impl Population {
    pub fn organisation(&self, index: u64) -> Organisation {
        let mut chance = Chance::new(self.seed, Stream::Organisation, index);
        let words = &*WORDS;
        let place = Place::draw(&mut chance);
        let stem = words.one("organisation_stems", &mut chance);
        let kind = match index % 50 {
            0..34 => OrganisationKind::Company,
            34..40 => OrganisationKind::Charity,
            40..45 => OrganisationKind::School,
            45..49 => OrganisationKind::Surgery,
            _ => OrganisationKind::Council,
        };
        let (name, median_staff) = match kind {
            OrganisationKind::Company => (company_name(stem, &mut chance), 7.0),
            OrganisationKind::Charity => (
                format!("{} {}", place.town, words.one("charity_names", &mut chance)),
                5.0,
            ),
            OrganisationKind::School => (
                format!("{stem} {}", words.one("school_names", &mut chance)),
                55.0,
            ),
            OrganisationKind::Surgery => (
                format!("{stem} {}", words.one("surgery_names", &mut chance)),
                24.0,
            ),
            OrganisationKind::Council => {
                let tier = chance.pick(&["Parish Council", "Town Council", "Borough Council"]);
                (format!("{} {tier}", place.town), 12.0)
            }
        };
        let slug = slug(&name);
        let desk = chance.pick(&["accounts", "office", "info", "admin", "finance"]);
        let sex = if chance.yes(0.5) { 'f' } else { 'm' };
        let year = self.today.year() - chance.between(24, 64) as i16;
        let role = chance.pick(&[
            "director",
            "office manager",
            "accounts clerk",
            "owner",
            "IT manager",
        ]);
        let forename = words.forename("british", sex, year, &mut chance);
        let company_number = (kind == OrganisationKind::Company)
            .then(|| format!("{:08}", chance.between(1_200_000, 15_900_000)));
        Organisation {
            id: index,
            kind,
            staff: chance.log_normal(median_staff, 1.0).clamp(1.0, 4_000.0) as u32,
            email: format!("{desk}@{slug}{index}.example"),
            phone: Identifier::landline(&mut chance).value,
            contact: (forename, words.surname("british", &mut chance), role),
            company_number,
            place,
            name,
        }
    }
}

/// The letters of a name, for a mail host.
fn slug(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .take(22)
        .collect()
}

fn company_name(stem: &str, chance: &mut Chance) -> String {
    let words = &*WORDS;
    let trade = words.one("company_trades", chance);
    let ending = words.one("company_endings", chance);
    if chance.yes(0.25) {
        let surname = words.surname("british", chance);
        return format!("{surname} {trade} {ending}");
    }
    format!("{stem} {trade} {ending}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::Date;

    fn population() -> Population {
        Population {
            seed: 11,
            today: Date::constant(2026, 3, 1),
        }
    }

    #[test]
    fn organisations_are_of_every_kind() {
        let county = population();
        let kinds: Vec<_> = (0..50).map(|i| county.organisation(i).kind).collect();
        for kind in [
            OrganisationKind::School,
            OrganisationKind::Council,
            OrganisationKind::Surgery,
        ] {
            assert!(kinds.contains(&kind));
        }
    }
}
