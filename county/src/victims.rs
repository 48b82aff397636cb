//! Who is harmed next: mostly somebody new, sometimes somebody harmed before or their family.
//!
//! New victims are taken from the county in an order fixed by the seed, so nobody is drawn twice
//! by accident; those who come again are remembered in lists of bounded length.

use jiff::civil::Date;

use crate::chance::{Chance, Stream};
use crate::crime::Family;
use crate::organisation::Organisation;
use crate::person::{Home, Identity, Person, Population, ROOM, SLOTS};

/// Share of reports from a victim with an earlier one, recovery fraud apart.
const AGAIN: f64 = 0.058;
/// Share of reports from somebody who lives with an earlier victim.
const HOUSEHOLD: f64 = 0.025;
/// Share of those who come again drawn from the few who keep coming.
const CHRONIC: f64 = 0.3;
/// How many of them there are at a time, at least and at most.
const CHRONIC_LEAST: usize = 8;
const CHRONIC_MOST: usize = 512;
/// Earlier victims remembered; beyond this the oldest are forgotten by chance.
const REMEMBERED: usize = 32_768;

/// The victim of a report.
pub(crate) enum Victim {
    Person(Box<Person>),
    Organisation(Box<Organisation>),
}

impl Victim {
    pub fn identity(&self) -> Identity {
        match self {
            Victim::Person(person) => Identity::Person(person.id),
            Victim::Organisation(organisation) => Identity::Organisation(organisation.id),
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Earlier {
    id: u64,
    day: Date,
}

/// A list that forgets at random once full.
#[derive(Default)]
struct Memory(Vec<Earlier>);

impl Memory {
    fn add(&mut self, earlier: Earlier, most: usize, chance: &mut Chance) {
        if self.0.len() < most {
            self.0.push(earlier);
            return;
        }
        let at = chance.index(most);
        self.0[at] = earlier;
    }

    fn any(&self, chance: &mut Chance) -> Option<Earlier> {
        (!self.0.is_empty()).then(|| chance.pick(&self.0))
    }
}

/// Draws victims, remembering who has been one.
pub(crate) struct Victims {
    population: Population,
    households: u64,
    order: [Order; SLOTS.len()],
    taken: [u64; SLOTS.len()],
    organisations: Order,
    organisations_taken: u64,
    people: Memory,
    /// Victims of the frauds that recovery fraudsters buy lists of.
    hurt: Memory,
    chronic: Memory,
    bodies: Memory,
}

/// A full-period walk over `0..size` that looks like chance.
#[derive(Debug, Clone, Copy)]
struct Order {
    size: u64,
    step: u64,
    start: u64,
}

impl Order {
    fn new(size: u64, chance: &mut Chance) -> Order {
        let mut step = chance.below(size) | 1;
        while gcd(step, size) != 1 {
            step += 2;
        }
        Order {
            size,
            step,
            start: chance.below(size),
        }
    }

    fn at(&self, nth: u64) -> u64 {
        let walked = u128::from(nth % self.size) * u128::from(self.step) + u128::from(self.start);
        (walked % u128::from(self.size)) as u64
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

impl Victims {
    pub fn new(population: Population, reports: u64) -> Victims {
        let mut chance = Chance::new(population.seed, Stream::Order, 0);
        // Half a million homes, as a real county has; more only when more reports are wanted
        // than such a county could make.
        let households = reports
            .saturating_mul(4)
            .max(500_000)
            .next_multiple_of(SLOTS.len() as u64);
        let each = households / SLOTS.len() as u64;
        Victims {
            population,
            households,
            order: std::array::from_fn(|_| Order::new(each, &mut chance)),
            taken: [0; SLOTS.len()],
            organisations: Order::new((households / 8).max(1), &mut chance),
            organisations_taken: 0,
            people: Memory::default(),
            hurt: Memory::default(),
            chronic: Memory::default(),
            bodies: Memory::default(),
        }
    }

    /// The victim of a report of this family received on this day.
    pub fn choose(&mut self, family: &Family, day: Date, chance: &mut Chance) -> Victim {
        if chance.yes(family.organisations) {
            return Victim::Organisation(Box::new(self.organisation(day, chance)));
        }
        let person = self
            .earlier(family, day, chance)
            .or_else(|| self.relative(family, chance))
            .unwrap_or_else(|| self.somebody_new(family, chance));
        let earlier = Earlier { id: person.id, day };
        self.people.add(earlier, REMEMBERED, chance);
        if matches!(
            family.key,
            "investment" | "romance" | "advance_fee" | "courier"
        ) {
            self.hurt.add(earlier, REMEMBERED / 4, chance);
        }
        Victim::Person(Box::new(person))
    }

    fn organisation(&mut self, day: Date, chance: &mut Chance) -> Organisation {
        let known = if chance.yes(AGAIN) {
            self.bodies.any(chance)
        } else {
            None
        };
        let id = known.map_or_else(
            || {
                self.organisations_taken += 1;
                self.organisations.at(self.organisations_taken)
            },
            |earlier| earlier.id,
        );
        self.bodies.add(Earlier { id, day }, REMEMBERED / 8, chance);
        self.population.organisation(id)
    }

    fn earlier(&mut self, family: &Family, day: Date, chance: &mut Chance) -> Option<Person> {
        if family.key == "recovery" {
            // A list of victims is sold on after some weeks.
            let mut tries = (0..5).filter_map(|_| self.hurt.any(chance));
            let earlier = tries.find(|e| e.day < crate::calendar::day_after(day, -14))?;
            return Some(self.population.find(earlier.id));
        }
        if !chance.yes(AGAIN) {
            return None;
        }
        let keeps_coming = self.chronic.0.len() >= CHRONIC_LEAST && chance.yes(CHRONIC);
        for _ in 0..4 {
            let from = if keeps_coming {
                &self.chronic
            } else {
                &self.people
            };
            let Some(earlier) = from.any(chance) else {
                break;
            };
            let person = self.population.find(earlier.id);
            if !fits(family, person.age_on(self.population.today)) {
                continue;
            }
            if keeps_coming && chance.yes(0.3) {
                // In time they are helped, or the offenders have had enough.
                self.chronic.0.retain(|e| e.id != earlier.id);
            } else if !keeps_coming && chance.yes(0.2) {
                self.chronic.add(earlier, CHRONIC_MOST, chance);
            }
            return Some(person);
        }
        None
    }

    fn relative(&self, family: &Family, chance: &mut Chance) -> Option<Person> {
        if !chance.yes(HOUSEHOLD) {
            return None;
        }
        let earlier = self.people.any(chance)?;
        let mut others: Vec<Person> = self
            .population
            .household(earlier.id / ROOM)
            .into_iter()
            .filter(|p| p.id != earlier.id && fits(family, p.age_on(self.population.today)))
            .collect();
        (!others.is_empty()).then(|| others.swap_remove(chance.index(others.len())))
    }

    fn somebody_new(&mut self, family: &Family, chance: &mut Chance) -> Person {
        let band = chance.weighted(family.ages.iter().copied());
        let mut best = None;
        for _ in 0..8 {
            let slot = slot_for(band, chance);
            let nth = self.taken[slot];
            self.taken[slot] += 1;
            let home = self.order[slot].at(nth) * SLOTS.len() as u64 + slot as u64;
            debug_assert!(home < self.households);
            let people = self.population.household(home);
            let today = self.population.today;
            if let Some(found) = people
                .iter()
                .find(|p| age_band(p.age_on(today)) == Some(band))
            {
                return found.clone();
            }
            best = best.or_else(|| people.into_iter().next());
        }
        best.unwrap_or_else(|| self.population.find(0))
    }
}

/// The age bands of [`Family::ages`]; none for a young child.
pub(crate) fn age_band(age: i64) -> Option<usize> {
    match age {
        ..13 => None,
        13..18 => Some(0),
        18..30 => Some(1),
        30..60 => Some(2),
        60..75 => Some(3),
        _ => Some(4),
    }
}

fn fits(family: &Family, age: i64) -> bool {
    age_band(age).is_some_and(|band| family.ages[band] >= 1.0)
}

/// A slot of [`SLOTS`] whose homes hold people of the band.
fn slot_for(band: usize, chance: &mut Chance) -> usize {
    let wanted: &[Home] = match band {
        0 => &[Home::Family],
        1 => &[Home::Sharers, Home::YoungAdult],
        2 => &[
            Home::LoneAdult,
            Home::Couple,
            Home::Family,
            Home::ThreeGenerations,
        ],
        3 => &[Home::LoneElder, Home::ElderCouple],
        _ => &[Home::LoneElder, Home::ElderCouple, Home::ThreeGenerations],
    };
    let count = SLOTS.iter().filter(|home| wanted.contains(home)).count();
    let nth = chance.index(count);
    SLOTS
        .iter()
        .enumerate()
        .filter(|(_, home)| wanted.contains(home))
        .nth(nth)
        .map_or(0, |(slot, _)| slot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_visits_everyone_once() {
        let mut chance = Chance::new(2, Stream::Order, 5);
        for size in [1, 2, 60, 25_000] {
            let order = Order::new(size, &mut chance);
            let seen: std::collections::BTreeSet<u64> = (0..size).map(|n| order.at(n)).collect();
            assert_eq!(seen.len() as u64, size);
        }
    }

    #[test]
    fn bands_are_met() {
        let population = Population {
            seed: 4,
            today: Date::constant(2026, 5, 1),
        };
        let mut victims = Victims::new(population, 1_000);
        let mut chance = Chance::new(4, Stream::Report, 0);
        let courier = &crate::families::FAMILIES[crate::families::family("courier")];
        let old = (0..500)
            .filter(|_| {
                victims
                    .somebody_new(courier, &mut chance)
                    .age_on(population.today)
                    >= 75
            })
            .count();
        assert!((300..400).contains(&old), "{old}");
    }
}
