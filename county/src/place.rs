//! The fictional county of Hartwell: ten districts, their towns, outcodes and streets.
//!
//! Outcodes begin HW, which no real postcode area does; the shape is the real one (BS 7666).

use crate::chance::{Chance, mix};
use crate::words::WORDS;

/// A district with its share of the county's households, and its towns with their outcodes.
pub(crate) struct District {
    pub name: &'static str,
    pub weight: f64,
    pub towns: &'static [(&'static str, &'static str)],
}

const fn district(
    name: &'static str,
    weight: f64,
    towns: &'static [(&'static str, &'static str)],
) -> District {
    District {
        name,
        weight,
        towns,
    }
}

pub(crate) const DISTRICTS: [District; 10] = [
    district(
        "Aldermere",
        13.0,
        &[
            ("Aldermere", "HW1"),
            ("Upper Sele", "HW2"),
            ("Cotton End", "HW2"),
        ],
    ),
    district(
        "Brackenford",
        12.0,
        &[
            ("Brackenford", "HW3"),
            ("Tollgate", "HW4"),
            ("Hay Green", "HW4"),
        ],
    ),
    district(
        "Castle Hartwell",
        14.0,
        &[
            ("Hartwell", "HW5"),
            ("Castle Bailey", "HW6"),
            ("Priory Wood", "HW7"),
        ],
    ),
    district(
        "Dunsley",
        8.5,
        &[
            ("Dunsley", "HW8"),
            ("Marsh Gibbon", "HW9"),
            ("Little Dunsley", "HW9"),
        ],
    ),
    district(
        "Eastmarsh",
        9.5,
        &[
            ("Eastmarsh", "HW10"),
            ("Staithe", "HW11"),
            ("Fenny Cross", "HW12"),
        ],
    ),
    district(
        "Fernhurst",
        10.0,
        &[
            ("Fernhurst", "HW13"),
            ("Holt St Mary", "HW14"),
            ("Ridge Hill", "HW14"),
        ],
    ),
    district(
        "Kingsmead",
        11.0,
        &[
            ("Kingsmead", "HW15"),
            ("Kingsmead Quay", "HW16"),
            ("Old Ferry", "HW17"),
        ],
    ),
    district(
        "Northbrook",
        7.0,
        &[
            ("Northbrook", "HW18"),
            ("Sawbridge", "HW19"),
            ("Over Leigh", "HW20"),
        ],
    ),
    district(
        "Saxonbury",
        8.0,
        &[
            ("Saxonbury", "HW21"),
            ("Wheathill", "HW22"),
            ("Long Barrow", "HW23"),
        ],
    ),
    district(
        "Wrenfield",
        7.0,
        &[
            ("Wrenfield", "HW24"),
            ("Chalk Down", "HW25"),
            ("Wren's Nest", "HW26"),
        ],
    ),
];

/// Where somebody lives or trades.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub district: &'static str,
    pub town: &'static str,
    pub house: String,
    pub street: String,
    pub postcode: String,
}

/// Letters an inward code may hold.
const INWARD: &[u8] = b"ABDEFGHJLNPQRSTUWXYZ";

/// Streets in one town.
const STREETS: u64 = 220;

impl Place {
    /// A home or business somewhere in the county.
    pub fn draw(chance: &mut Chance) -> Place {
        let district = &DISTRICTS[chance.weighted(DISTRICTS.iter().map(|d| d.weight))];
        let at = chance.index(district.towns.len());
        let (town, outcode) = district.towns[at];
        let street_no = chance.below(STREETS);
        let number = chance.below(140) + 1;
        // The same town and street number always give the same name and postcodes.
        let town_key = mix(&town.bytes().map(u64::from).collect::<Vec<_>>());
        let named = mix(&[town_key, street_no]);
        let words = &*WORDS;
        let stem = words.street_stems[(named % words.street_stems.len() as u64) as usize];
        let ends = words.street_endings.len() as u64;
        let ending = words.street_endings[((named >> 20) % ends) as usize];
        let inward = mix(&[town_key, street_no, number / 35]);
        let letter = |shift: u32| char::from(INWARD[((inward >> shift) % 20) as usize]);
        let house = if chance.yes(0.13) {
            format!("Flat {}, {number}", chance.below(12) + 1)
        } else {
            number.to_string()
        };
        Place {
            district: district.name,
            town,
            house,
            street: format!("{stem} {ending}"),
            postcode: format!("{outcode} {}{}{}", inward % 10, letter(8), letter(24)),
        }
    }

    /// The address on one line, as this report's writer puts it.
    pub fn written(&self, chance: &mut Chance) -> String {
        let street = match chance.below(10) {
            0 | 1 => shorten(&self.street),
            2 => self.street.to_uppercase(),
            _ => self.street.clone(),
        };
        let house = self
            .house
            .replace("Flat", if chance.yes(0.2) { "Apt" } else { "Flat" });
        match chance.below(6) {
            0 => format!("{house} {street}"),
            1 => format!("{house}, {street}, {}", self.town),
            _ => format!("{house} {street}, {}", self.town),
        }
    }
}

fn shorten(street: &str) -> String {
    const SHORT: [(&str, &str); 7] = [
        (" Road", " Rd"),
        (" Street", " St"),
        (" Avenue", " Ave"),
        (" Close", " Cl"),
        (" Lane", " Ln"),
        (" Drive", " Dr"),
        (" Crescent", " Cres"),
    ];
    for (long, short) in SHORT {
        if let Some(stem) = street.strip_suffix(long) {
            return format!("{stem}{short}");
        }
    }
    street.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Stream;

    #[test]
    fn postcodes_have_the_real_shape() {
        let mut chance = Chance::new(3, Stream::Plan, 0);
        for _ in 0..500 {
            let place = Place::draw(&mut chance);
            let (out, inward) = place.postcode.split_once(' ').unwrap();
            assert!(
                out.starts_with("HW") && inward.len() == 3,
                "{}",
                place.postcode
            );
            assert!(inward.starts_with(|c: char| c.is_ascii_digit()));
        }
    }
}
