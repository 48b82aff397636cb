//! Question sets as the policy folder holds them: `protect/cyber-essentials.csv`,
//! `protect/five-minute-check.toml` and every file of `protect/assessments/`.

use std::cmp::Ordering;

use serde::Deserialize;

use super::{ANSWERS, Kind, Question, QuestionSet};
use crate::policy::{Files, PolicyError};

/// The readiness check for Cyber Essentials.
pub const READINESS: &str = "readiness-check";
/// The five-minute check.
pub const FIVE_MINUTES: &str = "five-minute-check";
/// Insider threat.
pub const INSIDER: &str = "insider-threat";

const READINESS_FILE: &str = "protect/cyber-essentials.csv";
const FIVE_MINUTES_FILE: &str = "protect/five-minute-check.toml";
const FOLDER: &str = "protect/assessments/";

/// Every version of every set.
#[derive(Debug, Clone, Default)]
pub struct Sets(Vec<QuestionSet>);

impl Sets {
    /// Reads and checks every set. The newest version of each is the one that is asked.
    pub fn load(files: &Files) -> Result<Sets, PolicyError> {
        let mut all = vec![five_minutes(files)?];
        all.extend(readiness(files)?);
        for (file, text) in files.below(FOLDER).filter(|(f, _)| f.ends_with(".toml")) {
            all.push(own(file, text)?);
        }
        for (n, set) in all.iter().enumerate() {
            let twice = |o: &QuestionSet| o.id == set.id && o.version == set.version;
            if all.iter().take(n).any(twice) {
                let problem = format!("{} version {} is there twice", set.id, set.version);
                return Err(PolicyError::new(FOLDER, problem));
            }
            check(set).map_err(|problem| {
                PolicyError::new(&format!("protect ({} {})", set.id, set.version), problem)
            })?;
        }
        Ok(Sets(all))
    }

    /// The newest version of a set.
    pub fn newest(&self, id: &str) -> Option<&QuestionSet> {
        let of = self.0.iter().filter(|s| s.id == id);
        of.max_by(|a, b| by_version(&a.version, &b.version))
    }

    /// The newest version of every set, in the order of the files.
    pub fn asked(&self) -> impl Iterator<Item = &QuestionSet> {
        let newest = |s: &&QuestionSet| self.newest(&s.id).is_some_and(|n| n.version == s.version);
        self.0.iter().filter(newest)
    }

    pub fn find(&self, id: &str, version: &str) -> Option<&QuestionSet> {
        self.0.iter().find(|s| s.id == id && s.version == version)
    }

    /// The set a request for help names, in whatever version it was asked.
    pub fn named(&self, name: &str) -> Option<&QuestionSet> {
        self.0.iter().find(|s| s.name() == name)
    }
}

/// Versions as people number them: 3.10 is after 3.9.
fn by_version(a: &str, b: &str) -> Ordering {
    let numbers = |text: &str| -> Vec<u64> {
        let parts = text.split('.').map(|p| p.parse().unwrap_or(0));
        parts.collect()
    };
    numbers(a).cmp(&numbers(b)).then_with(|| a.cmp(b))
}

/// What a set must hold so that a result can be trusted.
fn check(set: &QuestionSet) -> Result<(), String> {
    if set.questions.is_empty() {
        return Err("has no question".to_owned());
    }
    for (n, question) in set.questions.iter().enumerate() {
        let id = &question.id;
        if id.is_empty() || id.contains(|c: char| c.is_whitespace() || c == '=') {
            return Err(format!("{id:?} is no id: use letters, figures and hyphens"));
        }
        if set.questions.iter().take(n).any(|q| q.id == *id) {
            return Err(format!("{id} is there twice"));
        }
        for answer in [&question.fails, &question.amber] {
            if !answer.is_empty() && !ANSWERS.iter().any(|(v, _)| v == answer) {
                return Err(format!("{id}: {answer:?} is not yes, no or unknown"));
            }
        }
        let good = question.good();
        if question.fails == good || question.amber == good {
            return Err(format!(
                "{id}: both yes and no trouble, so no answer is good"
            ));
        }
        let known = |k: &String| set.kinds.iter().any(|kind| kind.id == *k);
        if let Some(kind) = question.kinds.iter().find(|k| !known(k)) {
            return Err(format!("{id}: there is no kind {kind:?}"));
        }
    }
    Ok(())
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
    question: Vec<OwnQuestion>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    id: String,
    version: String,
    title: String,
    #[serde(default, rename = "kind")]
    kinds: Vec<Kind>,
    question: Vec<OwnQuestion>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnQuestion {
    id: String,
    theme: String,
    text: String,
    advice: String,
    #[serde(default)]
    kinds: Vec<String>,
    #[serde(default)]
    fails_if: String,
    #[serde(default)]
    amber_if: String,
}

impl From<OwnQuestion> for Question {
    fn from(own: OwnQuestion) -> Question {
        Question {
            id: own.id,
            theme: own.theme,
            text: own.text,
            advice: own.advice,
            kinds: own.kinds,
            fails: own.fails_if,
            amber: own.amber_if,
        }
    }
}

fn five_minutes(files: &Files) -> Result<QuestionSet, PolicyError> {
    let file = files.read::<FiveMinutes>(FIVE_MINUTES_FILE)?.policy;
    Ok(QuestionSet {
        id: FIVE_MINUTES.to_owned(),
        title: file.title,
        version: file.version,
        kinds: Vec::new(),
        questions: file.question.into_iter().map(Question::from).collect(),
    })
}

fn own(file: &str, text: &str) -> Result<QuestionSet, PolicyError> {
    let own = crate::policy::read::<Own>(file, text)?.policy;
    Ok(QuestionSet {
        id: own.id,
        title: own.title,
        version: own.version,
        kinds: own.kinds,
        questions: own.question.into_iter().map(Question::from).collect(),
    })
}

/// One set for each version of the scheme the table has rows of.
fn readiness(files: &Files) -> Result<Vec<QuestionSet>, PolicyError> {
    let wrong = |problem: String| PolicyError::new(READINESS_FILE, problem);
    let mut reader = csv::Reader::from_reader(files.text(READINESS_FILE)?.as_bytes());
    let mut sets: Vec<QuestionSet> = Vec::new();
    for row in reader.deserialize::<Row>() {
        let row = row.map_err(|e| wrong(e.to_string()))?;
        let theme = row.control.replace('_', " ");
        let mut letters = theme.chars();
        let first = letters.next().map(|c| c.to_ascii_uppercase());
        let question = Question {
            id: row.id,
            theme: first.into_iter().chain(letters).collect(),
            text: row.question,
            advice: row.advice,
            kinds: Vec::new(),
            fails: row.auto_fail_if,
            amber: row.amber_if,
        };
        match sets.iter_mut().find(|s| s.version == row.scheme_version) {
            Some(set) => set.questions.push(question),
            None => sets.push(QuestionSet {
                id: READINESS.to_owned(),
                title: "Readiness check for Cyber Essentials".to_owned(),
                version: row.scheme_version,
                kinds: Vec::new(),
                questions: vec![question],
            }),
        }
    }
    if sets.is_empty() {
        return Err(wrong("has no question".to_owned()));
    }
    Ok(sets)
}
