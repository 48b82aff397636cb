//! What each part of a blocking rule sees in each unit, worked out once for all candidate rules.
//!
//! Two units share a key of a rule when they share one of each of its parts, so the parts that a
//! pair shares tell every rule that finds it.

use rayon::prelude::*;

use crate::batch::Population;
use crate::blocking::Part;

/// No more parts than bits of a [`Shared`].
pub(crate) const MOST_PARTS: usize = 64;

/// A set of parts, one bit each.
pub(crate) type Shared = u64;

/// The most keys that a rule gives one unit.
const MOST_KEYS: usize = 64;

/// What a part sees, unit by unit.
enum Keys {
    /// One thing at most; 0 for none.
    One(Vec<u32>),
    /// Several, ascending: where those of a unit end, and the things.
    Several(Vec<u32>, Vec<u32>),
}

/// The keys of all parts.
pub(crate) struct Parts {
    of: Vec<Keys>,
    units: usize,
}

impl Parts {
    pub(crate) fn new(parts: &[&Part], people: &Population) -> Self {
        Self {
            of: parts
                .par_iter()
                .map(|part| Keys::new(part, people))
                .collect(),
            units: people.units(),
        }
    }

    pub(crate) fn units(&self) -> usize {
        self.units
    }

    /// The parts of which two units share a key.
    pub(crate) fn shared(&self, one: u32, other: u32) -> Shared {
        let (one, other) = (one as usize, other as usize);
        let mut shared = 0;
        for (at, keys) in self.of.iter().enumerate() {
            let meets = match keys {
                Keys::One(keys) => keys[one] != 0 && keys[one] == keys[other],
                Keys::Several(ends, keys) => {
                    meet(several(ends, keys, one), several(ends, keys, other))
                }
            };
            shared |= Shared::from(meets) << at;
        }
        shared
    }

    /// Calls `with` for every key that the rule of these parts gives a unit.
    pub(crate) fn each(&self, rule: &[usize], unit: u32, mut with: impl FnMut(u64)) {
        let unit = unit as usize;
        let mut key = 0x5eed;
        for (done, part) in rule.iter().enumerate() {
            match &self.of[*part] {
                Keys::One(keys) if keys[unit] == 0 => return,
                Keys::One(keys) => key = mixed(key, keys[unit]),
                Keys::Several(..) => {
                    let mut room = MOST_KEYS;
                    return self.rest(key, &rule[done..], unit, &mut room, &mut with);
                }
            }
        }
        with(key);
    }

    fn rest(
        &self,
        key: u64,
        rest: &[usize],
        unit: usize,
        room: &mut usize,
        with: &mut impl FnMut(u64),
    ) {
        let Some((part, rest)) = rest.split_first() else {
            if *room > 0 {
                *room -= 1;
                with(key);
            }
            return;
        };
        match &self.of[*part] {
            Keys::One(keys) if keys[unit] == 0 => {}
            Keys::One(keys) => self.rest(mixed(key, keys[unit]), rest, unit, room, with),
            Keys::Several(ends, keys) => {
                for part in several(ends, keys, unit) {
                    self.rest(mixed(key, *part), rest, unit, room, with);
                }
            }
        }
    }
}

impl Keys {
    fn new(part: &Part, people: &Population) -> Self {
        let units = people.units();
        let (mut ends, mut keys) = (Vec::with_capacity(units), Vec::with_capacity(units));
        let mut seen = Vec::new();
        let mut single = true;
        for unit in 0..units {
            seen.clear();
            // The upper half, spread by the multiplier of Knuth's hash; 0 means none.
            part.each(people.row(unit as u32), |hash| {
                seen.push(((hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u32).max(1));
            });
            seen.sort_unstable();
            seen.dedup();
            single &= seen.len() <= 1;
            keys.extend_from_slice(&seen);
            ends.push(keys.len() as u32);
        }
        if !single {
            return Self::Several(ends, keys);
        }
        let one = |unit| several(&ends, &keys, unit).first().copied().unwrap_or(0);
        Self::One((0..units).map(one).collect())
    }
}

fn several<'k>(ends: &[u32], keys: &'k [u32], unit: usize) -> &'k [u32] {
    let start = unit.checked_sub(1).map_or(0, |before| ends[before]);
    &keys[start as usize..ends[unit] as usize]
}

/// Whether two ascending lists have something in common.
fn meet(mut a: &[u32], mut b: &[u32]) -> bool {
    while let ([x, a_rest @ ..], [y, b_rest @ ..]) = (a, b) {
        match x.cmp(y) {
            std::cmp::Ordering::Less => a = a_rest,
            std::cmp::Ordering::Greater => b = b_rest,
            std::cmp::Ordering::Equal => return true,
        }
    }
    false
}

/// A key with one more part: the same for no other sequence of parts, as far as 64 bits go.
fn mixed(key: u64, part: u32) -> u64 {
    let mixed = (key ^ u64::from(part)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^ mixed >> 32
}
