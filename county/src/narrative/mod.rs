//! Writes what happened, in the words of a victim, a call taker or an analyst.
//!
//! Sentences come from `narratives/`: one file for each family of crime and one shared. A report
//! is a plan of sections; each section offers many sentences, each sentence many choices.

mod grammar;
mod slots;
mod teller;
mod wording;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::case::Case;
use crate::chance::Chance;
use crate::crime::Tool;
use crate::identifiers::Hand;
use crate::words::sections;
use grammar::Line;
pub(crate) use grammar::needs_of;
use teller::Teller;
pub(crate) use wording::{grouped, money, round};

/// Longest narrative, in bytes; longer tales stop before the sentence that would pass it.
pub(crate) const LONGEST: usize = 1_190;
/// Shortest narrative.
const SHORTEST: usize = 40;

/// Whose words they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Voice {
    First,
    Third,
    /// A call taker's short hand.
    Shorthand,
}

/// A piece of text with a known meaning, as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planted {
    /// Kind of observable, by the names of the observables contract.
    pub kind: &'static str,
    /// Canonical value.
    pub value: String,
    /// The text that stands for it.
    pub written: String,
    /// The field that text is in.
    pub field: &'static str,
    pub role: Role,
}

/// What a planted value is to the crime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The offender used it: sharing it links two reports.
    Offender,
    /// Anybody may mention it, such as a help line or a well-known site: sharing it means nothing.
    Common,
    /// A sum or a date of the event.
    Fact,
}

impl Role {
    /// The name in `truth/observables.csv`.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Offender => "offender",
            Role::Common => "common",
            Role::Fact => "fact",
        }
    }
}

/// A narrative and what is hidden in it.
pub(crate) struct Told {
    pub text: String,
    pub planted: Vec<Planted>,
    /// Tools the text names, as bits of [`needs_of`].
    pub tools: u32,
}

type Book = BTreeMap<&'static str, Vec<Line>>;

const FILES: &[(&str, &str)] = &[
    ("shared", include_str!("../narratives/shared.txt")),
    ("shopping", include_str!("../narratives/shopping.txt")),
    (
        "account_hacked",
        include_str!("../narratives/account_hacked.txt"),
    ),
    ("advance_fee", include_str!("../narratives/advance_fee.txt")),
    ("romance", include_str!("../narratives/romance.txt")),
    ("investment", include_str!("../narratives/investment.txt")),
    ("courier", include_str!("../narratives/courier.txt")),
    (
        "bank_impersonation",
        include_str!("../narratives/bank_impersonation.txt"),
    ),
    ("parcel", include_str!("../narratives/parcel.txt")),
    (
        "family_message",
        include_str!("../narratives/family_message.txt"),
    ),
    ("mandate", include_str!("../narratives/mandate.txt")),
    ("ransomware", include_str!("../narratives/ransomware.txt")),
    ("sextortion", include_str!("../narratives/sextortion.txt")),
    (
        "tech_support",
        include_str!("../narratives/tech_support.txt"),
    ),
    ("rental", include_str!("../narratives/rental.txt")),
    ("ticket", include_str!("../narratives/ticket.txt")),
    ("recovery", include_str!("../narratives/recovery.txt")),
    ("doorstep", include_str!("../narratives/doorstep.txt")),
    ("identity", include_str!("../narratives/identity.txt")),
    ("device", include_str!("../narratives/device.txt")),
    ("intrusion", include_str!("../narratives/intrusion.txt")),
    ("ddos", include_str!("../narratives/ddos.txt")),
    ("mule", include_str!("../narratives/mule.txt")),
    ("insider", include_str!("../narratives/insider.txt")),
    ("position", include_str!("../narratives/position.txt")),
    ("broking", include_str!("../narratives/broking.txt")),
    ("other", include_str!("../narratives/other.txt")),
];

static BOOKS: LazyLock<BTreeMap<&'static str, Book>> = LazyLock::new(|| {
    FILES
        .iter()
        .map(|(key, text)| (*key, book(text).unwrap_or_default()))
        .collect()
});

fn book(text: &'static str) -> Result<Book, String> {
    sections(text)
        .into_iter()
        .map(|(name, lines)| {
            let lines: Result<Vec<Line>, String> = lines.into_iter().map(grammar::line).collect();
            Ok((name, lines?))
        })
        .collect()
}

fn lines(book: &str, section: &str) -> &'static [Line] {
    BOOKS
        .get(book)
        .and_then(|b| b.get(section))
        .map_or(&[], Vec::as_slice)
}

/// A short title for the report.
pub(crate) fn title(case: &Case, chance: &mut Chance) -> String {
    let mut teller = Teller::new(case, Voice::Third, Hand::Field, chance);
    teller.plain();
    teller.say(case.family.key, "title");
    teller.finish().text
}

/// Tells the case in this voice, naming the tools in `tell` where there is room.
pub(crate) fn tell(case: &Case, voice: Voice, hand: Hand, tell: u32, chance: &mut Chance) -> Told {
    let length = chance.weighted([0.17, 0.48, 0.35].into_iter());
    let noisy = chance.yes(0.07);
    let key = case.family.key;
    let mut teller = Teller::new(case, voice, hand, chance);
    match length {
        0 => {
            teller.say(key, "summary");
            if teller.chance.yes(0.65) {
                let section = teller.chance.pick(&["story", "after", "contact"]);
                teller.say(key, section);
            }
        }
        1 => middling(&mut teller, key),
        _ => at_length(&mut teller, key),
    }
    for tool in Tool::ALL {
        if tell & needs_of(tool) != 0 && !teller.has_told(tool) {
            teller.say("shared", tool.name());
        }
    }
    if noisy {
        teller.say("shared", "noise");
    }
    if length == 2 {
        aftermath(&mut teller, key);
    }
    let mut tries = 0;
    while teller.len() < SHORTEST && tries < 6 {
        teller.say(key, if tries % 2 == 0 { "contact" } else { "story" });
        tries += 1;
    }
    teller.finish()
}

fn middling(teller: &mut Teller, key: &str) {
    if teller.chance.yes(0.35) {
        teller.open();
    }
    if teller.chance.yes(0.15) {
        teller.say(key, "summary");
    }
    let money_first = teller.chance.yes(0.15);
    teller.say(key, "contact");
    if money_first {
        teller.money(key);
    }
    teller.say_some(key, "story", 1, 2);
    if !money_first {
        teller.money(key);
    }
    if teller.chance.yes(0.4) {
        teller.say(key, "after");
    }
}

fn at_length(teller: &mut Teller, key: &str) {
    if teller.chance.yes(0.75) {
        teller.open();
    }
    if teller.chance.yes(0.25) {
        teller.circumstances(1);
    }
    teller.say(key, "contact");
    teller.say_some(key, "story", 2, 4);
    teller.money(key);
}

fn aftermath(teller: &mut Teller, key: &str) {
    teller.say_some(key, "after", 0, 2);
    if teller.chance.yes(0.5) {
        teller.bank();
    }
    teller.circumstances(3);
    if teller.chance.yes(0.45) {
        teller.impact();
    }
    if teller.chance.yes(0.4) {
        teller.say("shared", "close");
    }
}

#[cfg(test)]
mod tests {
    use super::grammar::Part;
    use super::*;
    use crate::families::FAMILIES;

    #[test]
    fn every_book_reads_and_has_its_sections() {
        for (key, text) in FILES {
            let read = book(text).unwrap_or_else(|e| panic!("{key}: {e}"));
            let wanted: &[&str] = if *key == "shared" {
                &[
                    "open_first",
                    "open_org",
                    "open_third",
                    "open_shorthand",
                    "nothing_lost",
                    "noise",
                ]
            } else {
                &["title", "summary", "contact", "story", "money", "after"]
            };
            for section in wanted {
                assert!(
                    read.get(section).is_some_and(|l| !l.is_empty()),
                    "{key} {section}"
                );
            }
        }
        for tool in Tool::ALL {
            assert!(!lines("shared", tool.name()).is_empty(), "{tool:?}");
        }
        for family in FAMILIES {
            assert!(BOOKS.contains_key(family.key), "{}", family.key);
        }
    }

    fn slots<'a>(parts: &'a [Part], out: &mut Vec<&'a str>) {
        for part in parts {
            match part {
                Part::Slot(name) => out.push(name),
                Part::Choice(lines) => lines.iter().for_each(|l| slots(&l.parts, out)),
                Part::Text(_) => {}
            }
        }
    }

    #[test]
    fn every_slot_is_known() {
        for (key, _) in FILES {
            for line in BOOKS[key].values().flatten() {
                let mut found = Vec::new();
                slots(&line.parts, &mut found);
                for slot in found {
                    assert!(
                        slots::SLOTS.contains(&slot) || Tool::named(slot).is_some(),
                        "{key}: {slot}"
                    );
                }
            }
        }
    }
}
