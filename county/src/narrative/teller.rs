//! One telling: fills slots, keeps the voice, makes the slips people make.

use super::grammar::{LOSS, Line, Needs, Part, needs_of};
use super::{LONGEST, Planted, Role, Told, Voice, lines};
use crate::case::Case;
use crate::chance::Chance;
use crate::crime::Tool;
use crate::identifiers::{Hand, Identifier};
use crate::victims::Victim;
use crate::words::WORDS;

/// Every slot but the tools.
#[cfg(test)]
pub(super) const SLOTS: &[&str] = &[
    "i", "me", "my", "mine", "was", "have", "do", "am", "s", "persona", "firm", "bank", "brand",
    "tech", "tool", "market", "dating", "item", "event", "job", "country", "device", "car", "gang",
    "relative", "shop", "platform", "town", "street", "age", "loss", "part", "small", "sum", "day",
    "date", "ago", "time", "n", "year", "org", "role", "staff", "payee", "helpline", "helpdesk",
    "bigsite", "sort",
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

/// How careful this writer is.
struct Style {
    /// Chance that a word is mistyped.
    slips: f64,
    /// Chance that a word with a short form is shortened.
    shortens: f64,
    lower: bool,
    /// Runs sentences together with commas.
    runs_on: bool,
}

pub(super) struct Teller<'a> {
    case: &'a Case,
    voice: Voice,
    hand: Hand,
    pub chance: &'a mut Chance,
    style: Style,
    out: String,
    planted: Vec<Planted>,
    tools: u32,
    /// Words already chosen, so that a bank keeps its name through the tale.
    chosen: Vec<(&'static str, String)>,
    said: Vec<*const Line>,
    introduced: bool,
    starts: bool,
    /// How the call taker calls the victim.
    tag: &'static str,
}

impl<'a> Teller<'a> {
    pub fn new(case: &'a Case, voice: Voice, hand: Hand, chance: &'a mut Chance) -> Self {
        let careless = chance.yes(0.25);
        let style = Style {
            slips: if careless { 0.03 } else { 0.002 },
            shortens: if voice == Voice::Shorthand { 0.6 } else { 0.0 },
            lower: voice == Voice::First && hand == Hand::Person && chance.yes(0.07),
            runs_on: voice == Voice::First && chance.yes(0.12),
        };
        let tag = *chance.pick(&["inft", "AP", "vic", "caller"]);
        Teller {
            case,
            voice,
            hand,
            chance,
            style,
            out: String::with_capacity(600),
            planted: Vec::new(),
            tools: 0,
            chosen: Vec::new(),
            said: Vec::new(),
            introduced: false,
            starts: true,
            tag,
        }
    }

    /// Without slips, for a title.
    pub fn plain(&mut self) {
        self.style = Style {
            slips: 0.0,
            shortens: 0.0,
            lower: false,
            runs_on: false,
        };
    }

    pub fn len(&self) -> usize {
        self.out.len()
    }

    pub fn has_told(&self, tool: Tool) -> bool {
        self.tools & needs_of(tool) != 0
    }

    pub fn finish(mut self) -> Told {
        self.out.truncate(self.out.trim_end().len());
        Told {
            text: self.out,
            planted: self.planted,
            tools: self.tools,
        }
    }

    /// Says one sentence of a section that this case can fill; false when none fits.
    pub fn say(&mut self, book: &str, section: &str) -> bool {
        let lines = lines(book, section);
        if lines.is_empty() {
            return false;
        }
        for _ in 0..6 {
            let line = self.chance.pick(lines);
            if line.needs & !self.has() == 0 && !self.said.contains(&std::ptr::from_ref(line)) {
                self.said.push(line);
                return self.sentence(line);
            }
        }
        false
    }

    pub fn say_some(&mut self, book: &str, section: &str, least: i64, most: i64) {
        for _ in 0..self.chance.between(least, most) {
            self.say(book, section);
        }
    }

    pub fn open(&mut self) {
        let section = match (self.voice, &self.case.victim) {
            (Voice::Shorthand, _) => "open_shorthand",
            (Voice::First, Victim::Organisation(_)) => "open_org",
            (Voice::First, Victim::Person(_)) => "open_first",
            (Voice::Third, _) => "open_third",
        };
        // The third person's openings speak of an age, which an organisation has not.
        if section == "open_third" && matches!(self.case.victim, Victim::Organisation(_)) {
            return;
        }
        self.say("shared", section);
    }

    pub fn money(&mut self, key: &str) {
        if self.case.loss_pence > 0 {
            self.say(key, "money");
        } else {
            self.say("shared", "nothing_lost");
        }
    }

    pub fn bank(&mut self) {
        if self.case.loss_pence > 0 {
            self.say("shared", "bank");
        }
    }

    pub fn impact(&mut self) {
        let section = match self.case.victim {
            Victim::Person(_) => "impact",
            Victim::Organisation(_) => "impact_org",
        };
        self.say("shared", section);
    }

    /// Tells up to so many of the victim's true circumstances.
    pub fn circumstances(&mut self, most: usize) {
        let told: Vec<&'static str> = self
            .case
            .truth
            .iter()
            .filter(|(_, answer)| matches!(answer.as_str(), "yes" | "some" | "marked" | "partly"))
            .map(|(factor, _)| {
                if *factor == "refund_refused" {
                    "refused"
                } else {
                    *factor
                }
            })
            .filter(|section| !lines("shared", section).is_empty())
            .collect();
        for section in told.into_iter().take(most + 2) {
            if self.chance.yes(0.3) {
                self.say("shared", section);
            }
        }
    }

    /// What this case can fill.
    fn has(&self) -> Needs {
        let loss = if self.case.loss_pence > 0 { LOSS } else { 0 };
        self.case.knows | loss
    }

    /// Adds a sentence, or nothing when it would make the tale too long.
    fn sentence(&mut self, line: &Line) -> bool {
        let (length, planted, tools) = (self.out.len(), self.planted.len(), self.tools);
        let introduced = self.introduced;
        if !self.out.is_empty() {
            if self.style.runs_on && self.out.ends_with('.') {
                self.out.pop();
                self.out.push(',');
            }
            self.out.push(' ');
        }
        self.starts = !self.out.ends_with(", ");
        self.parts(&line.parts);
        if self.out.len() <= LONGEST {
            return true;
        }
        self.out.truncate(length);
        self.planted.truncate(planted);
        self.tools = tools;
        self.introduced = introduced;
        false
    }

    fn parts(&mut self, parts: &[Part]) {
        for part in parts {
            match part {
                Part::Text(text) => self.text(text),
                Part::Slot(name) => self.slot(name),
                Part::Choice(lines) => {
                    let has = self.has();
                    let fits = lines.iter().filter(|l| l.needs & !has == 0).count();
                    if fits == 0 {
                        continue;
                    }
                    let nth = self.chance.index(fits);
                    if let Some(line) = lines.iter().filter(|l| l.needs & !has == 0).nth(nth) {
                        self.parts(&line.parts);
                    }
                }
            }
        }
    }

    /// The writer's own words: capitals, slips and short forms apply.
    fn text(&mut self, text: &str) {
        for word in text.split_inclusive(' ') {
            let bare = word.trim_end();
            if bare.is_empty() {
                self.space();
                continue;
            }
            let mut written = bare.to_owned();
            if self.style.shortens > 0.0
                && let Some(short) = shorter(bare)
                && self.chance.yes(self.style.shortens)
            {
                written = short.to_owned();
            }
            if self.chance.yes(self.style.slips) {
                written = slip(&written, self.chance);
            }
            self.word(&written);
            if word.len() > bare.len() {
                self.space();
            }
        }
    }

    fn word(&mut self, word: &str) {
        if word.starts_with([',', '.', ';']) && self.out.ends_with(' ') {
            self.out.pop();
        }
        if self.style.lower {
            self.out.push_str(&word.to_lowercase());
        } else if self.starts {
            let mut letters = word.chars();
            self.out
                .extend(letters.next().into_iter().flat_map(char::to_uppercase));
            self.out.push_str(letters.as_str());
        } else {
            self.out.push_str(word);
        }
        self.starts = false;
    }

    /// One space, never two, and none at the start.
    fn space(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with(' ') {
            self.out.push(' ');
        }
    }

    fn slot(&mut self, name: &'static str) {
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
            "small" => {
                let pence =
                    self.chance.between(0, 3) * 100 + *self.chance.pick(&[99, 145, 199, 250, 149]);
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
                let number = *self.chance.pick(&NUMBERS);
                self.word(number);
            }
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
                let name = format!("{} {}", kit.suspect.forename, kit.suspect.surname);
                self.tools |= needs_of(tool);
                self.word(&name);
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
                let written = (*self.chance.pick(&HELPLINES)).to_owned();
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
                let site = (*self.chance.pick(&BIG_SITES)).to_owned();
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
        let suspect = &self.case.kit.suspect;
        let initial: String = suspect.forename.chars().take(1).collect();
        format!("{initial} {}", suspect.surname)
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

fn first_person(name: &str) -> &'static str {
    match name {
        "i" => "I",
        "me" => "me",
        "my" => "my",
        "mine" => "mine",
        "was" => "was",
        "have" => "have",
        "do" => "do",
        "am" => "am",
        _ => "",
    }
}

fn plural(name: &str, ours: bool) -> &'static str {
    match (name, ours) {
        ("i", true) => "we",
        ("i", false) => "they",
        ("me", true) => "us",
        ("me", false) => "them",
        ("my", true) => "our",
        ("my", false) => "their",
        ("mine", true) => "ours",
        ("mine", false) => "theirs",
        ("was", _) => "were",
        ("have", _) => "have",
        ("do", _) => "do",
        ("am", _) => "are",
        _ => "",
    }
}

fn third_person(name: &str, sex: char) -> &'static str {
    match (name, sex) {
        ("i", 'm') => "he",
        ("i", _) => "she",
        ("me", 'm') => "him",
        ("me" | "my", _) if sex != 'm' => "her",
        ("my", _) => "his",
        ("mine", 'm') => "his",
        ("mine", _) => "hers",
        ("was", _) => "was",
        ("have", _) => "has",
        ("do", _) => "does",
        ("am", _) => "is",
        _ => "s",
    }
}

/// Short forms call takers use.
fn shorter(word: &str) -> Option<&'static str> {
    Some(match word {
        "received" => "rcvd",
        "account" => "acc",
        "payment" => "pymt",
        "payments" => "pymts",
        "telephone" | "phone" => "tel",
        "because" => "as",
        "and" => "&",
        "with" => "w/",
        "address" => "addr",
        "message" => "msg",
        "messages" => "msgs",
        "transferred" => "trf'd",
        "about" => "re",
        "before" => "b4",
        "number" => "no",
        "months" => "mths",
        "weeks" => "wks",
        "minutes" => "mins",
        "hours" => "hrs",
        "police" => "pol",
        "person" => "pers",
        "unknown" => "unk",
        "information" => "info",
        "possible" => "poss",
        "someone" => "pers unk",
        "asked" => "req'd",
        "website" => "w/site",
        "details" => "dets",
        _ => return None,
    })
}

/// A slip of the fingers: two letters change places, one is lost, or one comes twice.
fn slip(word: &str, chance: &mut Chance) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    if letters.len() < 4 || !letters.iter().all(|c| c.is_ascii_alphabetic()) {
        return word.to_owned();
    }
    let at = 1 + chance.index(letters.len() - 2);
    match chance.below(3) {
        0 => letters.swap(at, at + 1),
        1 => {
            letters.remove(at);
        }
        _ => letters.insert(at, letters[at]),
    }
    letters.into_iter().collect()
}

fn ordinal(day: i8) -> &'static str {
    match day {
        1 | 21 | 31 => "st",
        2 | 22 => "nd",
        3 | 23 => "rd",
        _ => "th",
    }
}

/// Pence as pounds with two places, without commas.
pub(crate) fn money(pence: i64) -> String {
    format!("{}.{:02}", pence / 100, pence % 100)
}

/// Pounds with commas between thousands.
pub(crate) fn grouped(pounds: i64) -> String {
    let digits = pounds.to_string();
    let mut out = String::with_capacity(digits.len() + 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// To a sum people name: whole pounds, then tens, then fifties.
pub(crate) fn round(pence: i64) -> i64 {
    let unit = match pence {
        ..10_000 => 100,
        10_000..100_000 => 500,
        100_000..1_000_000 => 5_000,
        _ => 25_000,
    };
    (pence / unit).max(1) * unit
}
