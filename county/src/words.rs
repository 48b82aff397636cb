//! The word lists the county is made of, read once from the text files beside this module.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::chance::Chance;

/// Sections of a text file: a line `= name` opens one, a line starting with `#` is a remark.
pub(crate) fn sections(text: &'static str) -> BTreeMap<&'static str, Vec<&'static str>> {
    let mut out: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut name = "";
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(opened) = line.strip_prefix("= ") {
            name = opened.trim();
            out.entry(name).or_default();
            continue;
        }
        out.entry(name).or_default().push(line);
    }
    out
}

/// Names with weights, drawn by binary search over the running total.
pub(crate) struct Names {
    names: Vec<&'static str>,
    upto: Vec<u64>,
}

impl Names {
    fn read(lines: &[&'static str]) -> Names {
        let mut names = Vec::new();
        let mut upto = Vec::new();
        let mut total = 0;
        for line in lines {
            let mut parts = line.split_whitespace();
            let weight: u64 = parts.next().and_then(|w| w.parse().ok()).unwrap_or(1);
            for name in parts {
                total += weight;
                names.push(name);
                upto.push(total);
            }
        }
        Names { names, upto }
    }

    pub fn draw(&self, chance: &mut Chance) -> &'static str {
        let at = chance.below(self.upto.last().copied().unwrap_or(0));
        let found = self.upto.partition_point(|upto| *upto <= at);
        self.names.get(found).copied().unwrap_or("Smith")
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.names.len()
    }
}

/// Where a household's names come from, and its share of the county.
pub(crate) const ORIGINS: &[(&str, f64)] = &[
    ("british", 68.0),
    ("scottish", 4.0),
    ("irish", 4.5),
    ("gujarati", 2.6),
    ("punjabi", 1.8),
    ("south_indian", 1.4),
    ("muslim", 5.5),
    ("polish", 2.6),
    ("romanian", 1.6),
    ("west_african", 2.2),
    ("east_african", 0.8),
    ("chinese", 1.2),
    ("cypriot", 1.0),
    ("italian", 1.4),
    ("portuguese", 1.2),
];

/// Everything read from the word files.
pub(crate) struct Words {
    surnames: BTreeMap<&'static str, Names>,
    forenames: BTreeMap<&'static str, Names>,
    nicknames: BTreeMap<&'static str, Vec<&'static str>>,
    pub street_stems: Vec<&'static str>,
    pub street_endings: Vec<&'static str>,
    trade: BTreeMap<&'static str, Vec<&'static str>>,
}

pub(crate) static WORDS: LazyLock<Words> = LazyLock::new(Words::read);

impl Words {
    fn read() -> Words {
        let table = |text| {
            sections(text)
                .into_iter()
                .map(|(name, lines)| (name, Names::read(&lines)))
                .collect()
        };
        let places = sections(include_str!("words/places.txt"));
        let spaced = |name: &str| -> Vec<&'static str> {
            places
                .get(name)
                .into_iter()
                .flatten()
                .flat_map(|l| l.split_whitespace())
                .collect()
        };
        let nicknames = include_str!("words/nicknames.txt")
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| {
                let mut parts = line.split_whitespace();
                parts.next().map(|name| (name, parts.collect()))
            })
            .collect();
        let trade = sections(include_str!("words/trade.txt"))
            .into_iter()
            .map(|(name, lines)| (name, lines.iter().flat_map(|l| split_list(l)).collect()))
            .collect();
        Words {
            surnames: table(include_str!("words/surnames.txt")),
            forenames: table(include_str!("words/forenames.txt")),
            nicknames,
            street_stems: spaced("street_stems"),
            street_endings: spaced("street_endings"),
            trade,
        }
    }

    pub fn surname(&self, origin: &str, chance: &mut Chance) -> &'static str {
        self.surnames
            .get(origin)
            .map_or("Smith", |names| names.draw(chance))
    }

    /// A forename for somebody of this origin and sex (`f` or `m`) born in this year.
    pub fn forename(
        &self,
        origin: &str,
        sex: char,
        year: i16,
        chance: &mut Chance,
    ) -> &'static str {
        if let Some(names) = self.forenames.get(format!("{origin} {sex} any").as_str())
            && chance.yes(0.8)
        {
            return names.draw(chance);
        }
        let generation = match year {
            ..1955 => "old",
            1955..1985 => "mid",
            _ => "young",
        };
        let key = format!("british {sex} {generation}");
        self.forenames
            .get(key.as_str())
            .map_or("Alex", |names| names.draw(chance))
    }

    pub fn nickname(&self, forename: &str, chance: &mut Chance) -> Option<&'static str> {
        self.nicknames
            .get(forename)
            .filter(|n| !n.is_empty())
            .map(|names| chance.pick(names))
    }

    /// The words of a section of `trade.txt`.
    pub fn list(&self, name: &str) -> &[&'static str] {
        self.trade.get(name).map_or(&[], Vec::as_slice)
    }

    /// One word of a section of `trade.txt`.
    pub fn one(&self, name: &str, chance: &mut Chance) -> &'static str {
        let list = self.list(name);
        if list.is_empty() {
            ""
        } else {
            chance.pick(list)
        }
    }
}

/// A list line is parted by bars when it holds any, else by spaces.
fn split_list(line: &'static str) -> Vec<&'static str> {
    if line.contains('|') {
        line.split('|').collect()
    } else {
        line.split_whitespace().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_origin_has_surnames_and_there_are_hundreds() {
        let mut total = 0;
        for (origin, _) in ORIGINS {
            total += WORDS.surnames.get(origin).map_or(0, Names::len);
            assert!(WORDS.surnames.contains_key(origin), "{origin}");
        }
        assert!(total > 400, "{total}");
        let forenames: usize = WORDS.forenames.values().map(Names::len).sum();
        assert!(forenames > 450, "{forenames}");
    }

    #[test]
    fn lists_a_narrative_names_are_there() {
        for name in [
            "firms",
            "banks",
            "bank_sort_codes",
            "items",
            "cars",
            "site_first",
            "site_paths",
        ] {
            assert!(WORDS.list(name).len() > 5, "{name}");
        }
        assert_eq!(
            WORDS.list("banks").len(),
            WORDS.list("bank_sort_codes").len()
        );
    }
}
