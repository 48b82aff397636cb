//! Assessments of an organisation: question sets as data, and the one scoring both sites use.
//!
//! The public side judges answers and keeps nothing; inside, the same judgement is kept with its
//! questions, so that an old result stays readable whatever becomes of the set it came from.
//!
//! Scoring (protect reference, section 2): by theme green, amber or red with its reasons; "I do not
//! know" is amber, never green; an answer the scheme fails by itself makes the whole result "not
//! ready". The questions are our own: no result promises a certificate.

mod sets;

use serde::{Deserialize, Serialize};

pub use sets::{FIVE_MINUTES, INSIDER, READINESS, Sets};

/// A set of questions with the version they belong to. Immutable: a changed question is a new version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionSet {
    /// For example `readiness-check`; the last part of its address on the public side.
    pub id: String,
    pub title: String,
    pub version: String,
    /// What the questions ask about besides their theme, for example types of insider.
    pub kinds: Vec<Kind>,
    pub questions: Vec<Question>,
}

/// Something the questions of several themes bear on, with what an organisation can look out for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    pub id: String,
    pub title: String,
    /// Prompts for a manager; never an automatic flag on a named person.
    #[serde(default)]
    pub indicators: Vec<String>,
    /// What helps against it.
    #[serde(default)]
    pub controls: Vec<String>,
}

/// One question, answered with yes, no or unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    pub id: String,
    pub theme: String,
    pub text: String,
    /// What to do when the answer is not the good one.
    pub advice: String,
    /// Ids of [`Kind`]s it bears on.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// Answer that fails the whole scheme, if one does.
    #[serde(default)]
    fails: String,
    /// Answer that is amber besides unknown, if one is.
    #[serde(default)]
    amber: String,
}

/// How something stands. Worse is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Colour {
    Green,
    Amber,
    Red,
}

impl Colour {
    pub const fn name(self) -> &'static str {
        match self {
            Colour::Green => "green",
            Colour::Amber => "amber",
            Colour::Red => "red",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Colour::Green => "In place",
            Colour::Amber => "To check",
            Colour::Red => "To put right",
        }
    }
}

/// What a whole result says. None of them promises that a scheme's assessment is passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Everything asked about is in place.
    WellPrepared,
    ToPutRight,
    /// At least one answer fails the scheme by itself.
    NotReady,
}

impl Verdict {
    pub const ALL: [Verdict; 3] = [
        Verdict::WellPrepared,
        Verdict::ToPutRight,
        Verdict::NotReady,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Verdict::WellPrepared => "well_prepared",
            Verdict::ToPutRight => "to_put_right",
            Verdict::NotReady => "not_ready",
        }
    }

    pub fn parse(name: &str) -> Option<Verdict> {
        Verdict::ALL.into_iter().find(|v| v.name() == name)
    }

    /// As the visitor of the public side is told.
    pub const fn title(self) -> &'static str {
        match self {
            Verdict::WellPrepared => "You look well prepared",
            Verdict::ToPutRight => "Some things to put right",
            Verdict::NotReady => "Not ready yet",
        }
    }
}

/// An answer, judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    pub question: Question,
    pub answer: String,
    pub colour: Colour,
    /// Whether this answer alone fails the scheme.
    pub fails: bool,
}

impl Judged {
    pub fn answer_title(&self) -> &'static str {
        ANSWERS
            .iter()
            .find(|(value, _)| *value == self.answer)
            .map_or("", |(_, title)| title)
    }
}

/// What a set came to. Kept as it is: it holds the questions it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    pub answers: Vec<Judged>,
}

/// What each question can be answered with.
pub const ANSWERS: [(&str, &str); 3] = [("yes", "Yes"), ("no", "No"), ("unknown", "I do not know")];

impl Outcome {
    /// Whether an answer fails the whole scheme.
    pub fn fails(&self) -> bool {
        self.answers.iter().any(|a| a.fails)
    }

    /// The worst colour of all answers.
    pub fn worst(&self) -> Colour {
        let all = self.answers.iter().map(|a| a.colour);
        all.max().unwrap_or(Colour::Green)
    }

    pub fn verdict(&self) -> Verdict {
        match (self.fails(), self.worst()) {
            (true, _) => Verdict::NotReady,
            (false, Colour::Green) => Verdict::WellPrepared,
            (false, _) => Verdict::ToPutRight,
        }
    }

    /// Themes in the order of the questions, with the worst colour of each.
    pub fn themes(&self) -> Vec<(String, Colour)> {
        self.worst_by(|judged| std::slice::from_ref(&judged.question.theme))
    }

    /// Kinds that questions bear on, with the worst colour of each.
    pub fn kinds(&self) -> Vec<(String, Colour)> {
        self.worst_by(|judged| &judged.question.kinds)
    }

    fn worst_by<'o>(&'o self, of: impl Fn(&'o Judged) -> &'o [String]) -> Vec<(String, Colour)> {
        let mut found: Vec<(String, Colour)> = Vec::new();
        for judged in &self.answers {
            for name in of(judged) {
                match found.iter_mut().find(|(n, _)| n == name) {
                    Some((_, colour)) => *colour = (*colour).max(judged.colour),
                    None => found.push((name.clone(), judged.colour)),
                }
            }
        }
        found
    }

    /// Answers that ask for something to be done, worst first.
    pub fn to_do(&self) -> Vec<&Judged> {
        let mut list: Vec<&Judged> = self
            .answers
            .iter()
            .filter(|a| a.colour > Colour::Green)
            .collect();
        list.sort_by_key(|a| (!a.fails, std::cmp::Reverse(a.colour)));
        list
    }

    /// The answers as one line, for a request for help: `CE-FW-1=yes CE-FW-2=no`.
    pub fn line(&self) -> String {
        let pairs = self
            .answers
            .iter()
            .map(|a| format!("{}={}", a.question.id, a.answer));
        pairs.collect::<Vec<_>>().join(" ")
    }
}

impl QuestionSet {
    /// The set and its version in words, as a request for help names it.
    pub fn name(&self) -> String {
        format!("{}, version {}", self.title, self.version)
    }

    pub fn question(&self, id: &str) -> Option<&Question> {
        self.questions.iter().find(|q| q.id == id)
    }

    /// Judges answers by question id; the ids left without an answer are the error.
    pub fn judge(&self, answer: impl Fn(&str) -> Option<String>) -> Result<Outcome, Vec<String>> {
        let mut answers = Vec::new();
        let mut missing = Vec::new();
        for question in &self.questions {
            let given = answer(&question.id).filter(|a| ANSWERS.iter().any(|(v, _)| v == a));
            match given {
                Some(given) => answers.push(question.judge(given)),
                None => missing.push(question.id.clone()),
            }
        }
        if missing.is_empty() {
            Ok(Outcome { answers })
        } else {
            Err(missing)
        }
    }

    /// Judges the answers of [`Outcome::line`]. What is missing or strange counts as unknown: the
    /// line has been through a browser.
    pub fn judge_line(&self, line: &str) -> Outcome {
        let given = |id: &str| {
            let pairs = line.split_whitespace().filter_map(|p| p.split_once('='));
            pairs.filter(|(i, _)| *i == id).map(|(_, a)| a).next()
        };
        let known = |id: &str| {
            given(id)
                .filter(|a| ANSWERS.iter().any(|(v, _)| v == a))
                .unwrap_or("unknown")
                .to_owned()
        };
        let answers = self.questions.iter().map(|q| q.judge(known(&q.id)));
        Outcome {
            answers: answers.collect(),
        }
    }
}

impl Question {
    /// The answer that asks for nothing to be done: where "yes" is what troubles, "no".
    fn good(&self) -> &'static str {
        if self.amber == "yes" || self.fails == "yes" {
            "no"
        } else {
            "yes"
        }
    }

    fn judge(&self, answer: String) -> Judged {
        let fails = !self.fails.is_empty() && answer == self.fails;
        let colour = if fails {
            Colour::Red
        } else if answer == "unknown" || answer == self.amber {
            Colour::Amber
        } else if answer == self.good() {
            Colour::Green
        } else {
            Colour::Red
        };
        Judged {
            question: self.clone(),
            answer,
            colour,
            fails,
        }
    }
}

#[cfg(test)]
mod tests;
