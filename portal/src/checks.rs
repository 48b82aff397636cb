//! Checks an organisation does by itself. Nothing is kept.
//!
//! Scoring (`docs/decisions/0013-portal.md` names the data): by theme green, amber or red with its
//! reasons; "I do not know" is amber; an answer the scheme fails by itself makes the whole result
//! "not ready". The questions are our own: no result promises a certificate.

use record::policy::{Files, PolicyError};
use serde::Deserialize;

const READINESS: &str = "protect/cyber-essentials.csv";
const FIVE_MINUTES: &str = "protect/five-minute-check.toml";

/// A set of questions with the version they belong to.
#[derive(Debug, Clone)]
pub struct Check {
    /// Last part of its address.
    pub id: &'static str,
    pub title: String,
    pub version: String,
    pub questions: Vec<Question>,
}

#[derive(Debug, Clone)]
pub struct Question {
    pub id: String,
    pub theme: String,
    pub text: String,
    /// Answer that fails the whole scheme, if one does.
    fails: String,
    amber: String,
    pub advice: String,
}

/// How something stands. Worse is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Colour {
    Green,
    Amber,
    Red,
}

impl Colour {
    pub const fn name(self) -> &'static str {
        match self {
            Colour::Green => "green",
            Colour::Amber => "yellow",
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

/// An answer, judged.
#[derive(Debug, Clone)]
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

/// What a check came to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Themes in the order of the questions, with the worst colour of each.
    pub themes: Vec<(String, Colour)>,
    pub answers: Vec<Judged>,
}

/// What each question can be answered with.
pub const ANSWERS: [(&str, &str); 3] = [("yes", "Yes"), ("no", "No"), ("unknown", "I do not know")];

impl Outcome {
    pub fn fails(&self) -> bool {
        self.answers.iter().any(|a| a.fails)
    }

    pub fn worst(&self) -> Colour {
        let all = self.answers.iter().map(|a| a.colour);
        all.max().unwrap_or(Colour::Green)
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
}

impl Check {
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
        if !missing.is_empty() {
            return Err(missing);
        }
        let mut themes: Vec<(String, Colour)> = Vec::new();
        for judged in &answers {
            match themes.iter_mut().find(|(t, _)| *t == judged.question.theme) {
                Some((_, colour)) => *colour = (*colour).max(judged.colour),
                None => themes.push((judged.question.theme.clone(), judged.colour)),
            }
        }
        Ok(Outcome { themes, answers })
    }

    /// The answers as one line, for a request for help: `CE-FW-1=yes CE-FW-2=no`.
    pub fn line(&self, outcome: &Outcome) -> String {
        let pairs = outcome
            .answers
            .iter()
            .map(|a| format!("{}={}", a.question.id, a.answer));
        pairs.collect::<Vec<_>>().join(" ")
    }
}

impl Question {
    fn judge(&self, answer: String) -> Judged {
        // Where "yes" is what troubles, "no" is the good answer.
        let good = if self.amber == "yes" || self.fails == "yes" {
            "no"
        } else {
            "yes"
        };
        let fails = !self.fails.is_empty() && answer == self.fails;
        let colour = if fails {
            Colour::Red
        } else if answer == "unknown" || answer == self.amber {
            Colour::Amber
        } else if answer == good {
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    scheme_version: String,
    control: String,
    #[serde(rename = "theme")]
    _theme: String,
    question: String,
    auto_fail_if: String,
    amber_if: String,
    advice: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FiveMinutes {
    version: String,
    title: String,
    question: Vec<FiveMinutesQuestion>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FiveMinutesQuestion {
    id: String,
    theme: String,
    text: String,
    advice: String,
}

/// Both checks.
pub fn load(files: &Files) -> Result<Vec<Check>, PolicyError> {
    Ok(vec![five_minutes(files)?, readiness(files)?])
}

fn five_minutes(files: &Files) -> Result<Check, PolicyError> {
    let file = files.read::<FiveMinutes>(FIVE_MINUTES)?.policy;
    let questions = file.question.into_iter().map(|q| Question {
        id: q.id,
        theme: q.theme,
        text: q.text,
        fails: String::new(),
        amber: "unknown".to_owned(),
        advice: q.advice,
    });
    Ok(Check {
        id: "five-minute-check",
        title: file.title,
        version: file.version,
        questions: questions.collect(),
    })
}

fn readiness(files: &Files) -> Result<Check, PolicyError> {
    let wrong = |problem: String| PolicyError::new(READINESS, problem);
    let mut reader = csv::Reader::from_reader(files.text(READINESS)?.as_bytes());
    let rows: Vec<Row> = reader
        .deserialize()
        .collect::<Result<_, _>>()
        .map_err(|e| wrong(e.to_string()))?;
    let newest = rows.iter().map(|r| r.scheme_version.clone()).max();
    let version = newest.ok_or_else(|| wrong("has no question".to_owned()))?;
    let mut questions = Vec::new();
    for row in rows.into_iter().filter(|r| r.scheme_version == version) {
        for answer in [&row.auto_fail_if, &row.amber_if] {
            if !answer.is_empty() && !ANSWERS.iter().any(|(v, _)| v == answer) {
                return Err(wrong(format!(
                    "{}: {answer:?} is not yes, no or unknown",
                    row.id
                )));
            }
        }
        let theme = row.control.replace('_', " ");
        let mut letters = theme.chars();
        let first = letters.next().map(|c| c.to_ascii_uppercase());
        questions.push(Question {
            id: row.id,
            theme: first.into_iter().chain(letters).collect(),
            text: row.question,
            fails: row.auto_fail_if,
            amber: row.amber_if,
            advice: row.advice,
        });
    }
    let title = "Readiness check for Cyber Essentials".to_owned();
    Ok(Check {
        id: "readiness-check",
        title,
        version,
        questions,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check() -> Check {
        let csv = "id,scheme_version,control,theme,question,auto_fail_if,amber_if,advice\n\
            A,3.2,old,old,Old?,,,x\n\
            F,3.3,firewalls,x,Can it be reached?,,yes,Close it\n\
            U,3.3,update_management,x,In 14 days?,no,unknown,Turn it on\n\
            D,3.3,firewalls,x,Changed?,,unknown,Change it\n";
        let files = Files(
            [(READINESS.to_owned(), csv.to_owned())]
                .into_iter()
                .collect(),
        );
        readiness(&files).unwrap()
    }

    fn judged(answers: [&str; 3]) -> Outcome {
        let of = |id: &str| {
            ["F", "U", "D"]
                .iter()
                .position(|i| *i == id)
                .map(|i| answers[i].to_owned())
        };
        check().judge(of).unwrap()
    }

    #[test]
    fn the_newest_questions_are_asked() {
        assert_eq!(check().version, "3.3");
        assert_eq!(check().questions.len(), 3);
        assert_eq!(check().questions[1].theme, "Update management");
    }

    #[test]
    fn colours_follow_the_table() {
        let good = judged(["no", "yes", "yes"]);
        assert_eq!((good.worst(), good.fails()), (Colour::Green, false));
        assert!(good.to_do().is_empty());
        let amber = judged(["yes", "unknown", "unknown"]);
        assert_eq!((amber.worst(), amber.fails()), (Colour::Amber, false));
        let red = judged(["no", "yes", "no"]);
        assert_eq!((red.worst(), red.fails()), (Colour::Red, false));
        let failed = judged(["unknown", "no", "no"]);
        assert!(failed.fails());
        assert_eq!(failed.to_do()[0].question.id, "U");
        assert_eq!(failed.themes[0], ("Firewalls".to_owned(), Colour::Red));
        assert_eq!(check().line(&failed), "F=unknown U=no D=no");
    }

    #[test]
    fn what_is_not_answered_is_named() {
        let missing = check()
            .judge(|id| (id == "U").then(|| "perhaps".to_owned()))
            .unwrap_err();
        assert_eq!(missing, ["F", "U", "D"]);
    }
}
