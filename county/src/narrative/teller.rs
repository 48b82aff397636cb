//! One telling: chooses sentences, keeps the voice, makes the slips people make.

use super::grammar::{LOSS, Line, Needs, PERSON, Part, needs_of};
use super::wording::{shorter, slip};
use super::{LONGEST, Planted, Told, Voice, lines};
use crate::case::Case;
use crate::chance::Chance;
use crate::crime::Tool;
use crate::identifiers::Hand;
use crate::victims::Victim;

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
    pub(super) case: &'a Case,
    pub(super) voice: Voice,
    pub(super) hand: Hand,
    pub chance: &'a mut Chance,
    style: Style,
    pub(super) out: String,
    pub(super) planted: Vec<Planted>,
    pub(super) tools: u32,
    /// Words already chosen, so that a bank keeps its name through the tale.
    pub(super) chosen: Vec<(&'static str, String)>,
    said: Vec<*const Line>,
    pub(super) introduced: bool,
    pub(super) starts: bool,
    /// How the call taker calls the victim.
    pub(super) tag: &'static str,
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
        let tag = chance.pick(&["inft", "AP", "vic", "caller"]);
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
            let line = &lines[self.chance.index(lines.len())];
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
        let person = if self.case.age.is_some() { PERSON } else { 0 };
        self.case.knows | loss | person
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

    pub(super) fn word(&mut self, word: &str) {
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
}
