//! What fills the slots of a sentence: identifiers, sums, dates, names, pronouns.

use super::grammar::needs_of;
use super::teller::Teller;
use super::wording::{first_person, grouped, money, ordinal, plural, round, third_person};
use super::{Planted, Role, Voice};
use crate::crime::Tool;
use crate::identifiers::Identifier;
use crate::victims::Victim;
use crate::words::WORDS;

/// Every slot but the tools.
#[cfg(test)]
pub(super) const SLOTS: &[&str] = &[
    "i", "me", "my", "mine", "was", "have", "do", "am", "s", "persona", "firm", "bank", "brand",
    "tech", "tool", "market", "dating", "item", "event", "job", "country", "device", "car", "gang",
    "relative", "shop", "platform", "town", "street", "age", "loss", "part", "small", "sum", "day",
    "date", "ago", "time", "n", "year", "they", "gain", "org", "role", "staff", "payee",
    "helpline", "helpdesk", "bigsite", "sort",
];

const HELPLINES: [&str; 3] = ["0300 123 2040", "03001232040", "0300 123 20 40"];
const BIG_SITES: [&str; 12] = [
    "royalmail.com",
    "evri.com",
    "facebook.com",
    "instagram.com",
    "ebay.co.uk",
    "amazon.co.uk",
    "paypal.com",
    "netflix.com",
    "which.co.uk",
    "gov.uk",
    "police.uk",
    "microsoft.com",
];

impl Teller<'_> {
    pub(super) fn slot(&mut self, name: &'static str) {
        if let Some(tool) = Tool::named(name) {
            self.tool(tool);
            return;
        }
        match name {
            "i" | "me" | "my" | "mine" | "was" | "have" | "do" | "am" | "s" => self.pronoun(name),
            "loss" => self.amount(self.case.loss_pence),
            "part" => {
                let share = self.chance.between(8, 60);
                self.amount(round(self.case.loss_pence * share / 100).max(100));
            }
            "gain" => {
                let times = self.chance.between(12, 45);
                self.amount(round(self.case.loss_pence / 10 * times).max(1_000));
            }
            "small" => {
                let pence =
                    self.chance.between(0, 3) * 100 + self.chance.pick(&[99, 145, 199, 250, 149]);
                self.amount(pence);
            }
            "sum" => {
                let pounds = self.chance.log_normal(900.0, 1.3).clamp(40.0, 60_000.0);
                self.amount(round(pounds as i64 * 100));
            }
            "date" => self.date(),
            "ago" => {
                let ago = self.ago();
                self.word(&ago);
            }
            "day" => {
                let day = self.case.event_from.strftime("%A").to_string();
                self.word(&day);
            }
            "time" => {
                let time = self.time();
                self.word(&time);
            }
            "n" => {
                const NUMBERS: [&str; 9] = [
                    "two", "two", "three", "three", "four", "five", "six", "7", "8",
                ];
                let number = self.chance.pick(&NUMBERS);
                self.word(number);
            }
            "they" => self.word(if self.case.kit.persona_sex == 'm' {
                "he"
            } else {
                "she"
            }),
            "year" => {
                let year = self.chance.between(8, 11).to_string();
                self.word(&year);
            }
            "helpline" | "helpdesk" | "bigsite" | "sort" => self.noise(name),
            _ => {
                let word = self.chosen(name);
                self.word(&word);
            }
        }
    }

    fn tool(&mut self, tool: Tool) {
        let kit = &self.case.kit;
        let identifier = match tool {
            Tool::Suspect => {
                if let Some(suspect) = &kit.suspect {
                    let name = format!("{} {}", suspect.forename, suspect.surname);
                    self.tools |= needs_of(tool);
                    self.word(&name);
                }
                return;
            }
            Tool::Site if self.chance.yes(0.55) => &kit.page,
            _ => kit.identifier(tool),
        };
        self.tools |= needs_of(tool);
        self.plant(identifier, Role::Offender);
    }

    fn plant(&mut self, identifier: &Identifier, role: Role) {
        let written = identifier.written(self.hand, self.chance);
        self.plant_as(identifier.kind, identifier.value.clone(), written, role);
    }

    fn plant_as(&mut self, kind: &'static str, value: String, written: String, role: Role) {
        // Exactly as written: neither capitals nor slips may touch it.
        self.out.push_str(&written);
        self.starts = false;
        self.planted.push(Planted {
            kind,
            value,
            written,
            field: "narrative",
            role,
        });
    }

    fn amount(&mut self, pence: i64) {
        let (pounds, rest) = (pence / 100, pence % 100);
        let style = self.chance.below(8);
        let written = match (style, rest) {
            (0, 0) => format!("{pounds} pounds"),
            (1, 0) => format!("£{pounds}"),
            (2, _) => format!("£{}.{rest:02}", grouped(pounds)),
            (3, 0) => format!("GBP {}", grouped(pounds)),
            (_, 0) => format!("£{}", grouped(pounds)),
            (_, _) => format!("£{pounds}.{rest:02}"),
        };
        self.plant_as(
            "amount",
            format!("GBP {}", money(pence)),
            written,
            Role::Fact,
        );
    }

    fn date(&mut self) {
        let day = self.case.event_from;
        let written = match self.chance.below(5) {
            0 => day.strftime("%d/%m/%Y").to_string(),
            1 => day.strftime("%-d %B %Y").to_string(),
            2 => format!(
                "{}{} {}",
                day.day(),
                ordinal(day.day()),
                day.strftime("%B %Y")
            ),
            3 => day.strftime("%d.%m.%Y").to_string(),
            _ => day.strftime("%-d %b %Y").to_string(),
        };
        self.plant_as("date", day.to_string(), written, Role::Fact);
    }

    fn noise(&mut self, name: &str) {
        let (kind, value, written) = match name {
            "helpline" => {
                let written = (self.chance.pick(&HELPLINES)).to_owned();
                ("phone", "+443001232040".to_owned(), written)
            }
            "helpdesk" => {
                // One number for each bank, from the range Ofcom keeps for drama.
                let at = 100 + self.bank_at();
                (
                    "phone",
                    format!("+443069990{at}"),
                    format!("0306 999 0{at}"),
                )
            }
            "sort" => {
                let codes = WORDS.list("bank_sort_codes");
                let code = codes.get(self.bank_at()).copied().unwrap_or("20-00-00");
                ("sort_code", code.to_owned(), format!("sort code {code}"))
            }
            _ => {
                let site = (self.chance.pick(&BIG_SITES)).to_owned();
                ("domain", site.clone(), site)
            }
        };
        self.plant_as(kind, value, written, Role::Common);
    }

    fn bank_at(&mut self) -> usize {
        let bank = self.chosen("bank");
        WORDS
            .list("banks")
            .iter()
            .position(|b| *b == bank)
            .unwrap_or(0)
    }

    /// A word that stays the same through the tale.
    fn chosen(&mut self, name: &'static str) -> String {
        if let Some((_, word)) = self.chosen.iter().find(|(n, _)| *n == name) {
            return word.clone();
        }
        let word = self.choose(name);
        self.chosen.push((name, word.clone()));
        word
    }

    fn choose(&mut self, name: &str) -> String {
        let case = self.case;
        let platform = case.platform.unwrap_or("Facebook");
        let section = match name {
            "persona" => return case.kit.persona.clone(),
            "firm" => return case.kit.firm.clone(),
            "platform" => return platform.to_owned(),
            "market" | "dating" if case.platform.is_some() => return platform.to_owned(),
            "town" => return case.place().town.to_owned(),
            "street" => return case.place().street.clone(),
            "age" => {
                return case
                    .age
                    .map_or_else(|| "of full age".to_owned(), |age| age.to_string());
            }
            "org" | "role" | "staff" => return case.of_organisation(name),
            "payee" => return self.payee(),
            "bank" => "banks",
            "brand" => "parcel_brands",
            "tech" => "tech_brands",
            "tool" => "remote_tools",
            "market" => "markets",
            "dating" => "dating",
            "item" => "items",
            "event" => "events",
            "job" => "jobs",
            "country" => "countries",
            "device" => "devices",
            "car" => "cars",
            "gang" => "ransomware",
            "relative" => "relatives",
            _ => "shops",
        };
        WORDS.one(section, self.chance).to_owned()
    }

    fn payee(&mut self) -> String {
        let (forename, surname) = match &self.case.kit.suspect {
            Some(suspect) => (suspect.forename, suspect.surname.as_str()),
            None => {
                let forename = WORDS.forename("british", 'm', 1998, self.chance);
                (forename, WORDS.surname("british", self.chance))
            }
        };
        let initial: String = forename.chars().take(1).collect();
        format!("{initial} {surname}")
    }

    fn ago(&mut self) -> String {
        let days = crate::case::days_between(self.case.event_from, self.case.received);
        match days {
            ..1 => "today".to_owned(),
            1 => "yesterday".to_owned(),
            2..10 => format!("{days} days ago"),
            10..45 => format!("{} weeks ago", (days + 3) / 7),
            _ => format!("about {} months ago", (days + 15) / 30),
        }
    }

    fn time(&mut self) -> String {
        let (hour, minute) = (self.chance.between(8, 21), self.chance.between(0, 11) * 5);
        match self.chance.below(4) {
            0 => format!("{hour:02}:{minute:02}"),
            1 => format!("{hour:02}{minute:02} hrs"),
            _ => {
                let half = if hour < 12 { "am" } else { "pm" };
                let hour = if hour > 12 { hour - 12 } else { hour };
                if minute == 0 {
                    format!("{hour}{half}")
                } else {
                    format!("{hour}.{minute:02}{half}")
                }
            }
        }
    }

    fn pronoun(&mut self, name: &str) {
        let organisation = matches!(self.case.victim, Victim::Organisation(_));
        let sex = self.case.sex();
        let word = match (self.voice, organisation) {
            (Voice::First, false) => first_person(name),
            (Voice::First, true) => plural(name, true),
            (Voice::Shorthand, _) => self.tagged(name),
            (Voice::Third, _) if !self.introduced && matches!(name, "i" | "me" | "my") => {
                self.introduced = true;
                if name == "my" {
                    "the victim's"
                } else {
                    "the victim"
                }
            }
            (Voice::Third, true) => plural(name, false),
            (Voice::Third, false) => third_person(name, sex),
        };
        if name == "s" {
            // Joins the verb before it.
            self.out.push_str(word);
            return;
        }
        self.word(word);
    }

    fn tagged(&mut self, name: &str) -> &'static str {
        match name {
            "i" | "me" => self.tag,
            "my" => "their",
            "mine" => "theirs",
            other => third_person(other, 'f'),
        }
    }
}
