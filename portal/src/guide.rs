//! `protect/guide.toml`: questions that lead to the right page.

use std::collections::{BTreeMap, BTreeSet};

use record::policy::{Files, PolicyError};
use serde::Deserialize;

use crate::content::Content;

const FILE: &str = "protect/guide.toml";

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    pub id: String,
    pub text: String,
    #[serde(rename = "answer")]
    pub answers: Vec<Answer>,
}

/// An answer leads to one thing.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    pub text: String,
    #[serde(default)]
    question: String,
    #[serde(default)]
    advice: String,
    #[serde(default)]
    page: String,
}

impl Answer {
    pub fn href(&self) -> String {
        if !self.question.is_empty() {
            return format!("/what-happened/{}", self.question);
        }
        if !self.advice.is_empty() {
            return format!("/advice/{}", self.advice);
        }
        self.page.clone()
    }
}

/// The questions; the first is where a visitor begins.
#[derive(Debug, Clone)]
pub struct Guide {
    pub questions: Vec<Question>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GuideFile {
    question: Vec<Question>,
}

impl Guide {
    pub fn load(files: &Files, content: &Content) -> Result<Guide, PolicyError> {
        let questions = files.read::<GuideFile>(FILE)?.policy.question;
        let guide = Guide { questions };
        guide
            .check(content)
            .map_err(|p| PolicyError::new(FILE, p))?;
        Ok(guide)
    }

    pub fn path(question: &Question, first: bool) -> String {
        if first {
            return "/what-happened".to_owned();
        }
        format!("/what-happened/{}", question.id)
    }

    /// Every answer leads somewhere, every question is reached, and so is every advice.
    fn check(&self, content: &Content) -> Result<(), String> {
        let Some(first) = self.questions.first() else {
            return Err("has no question".to_owned());
        };
        let by_id: BTreeMap<&str, &Question> =
            self.questions.iter().map(|q| (q.id.as_str(), q)).collect();
        if by_id.len() < self.questions.len() {
            return Err("two questions have the same id".to_owned());
        }
        let mut reached = BTreeSet::new();
        let mut advice = BTreeSet::new();
        let mut waiting = vec![first.id.as_str()];
        while let Some(id) = waiting.pop() {
            let Some(question) = by_id.get(id) else {
                return Err(format!(
                    "an answer leads to the question {id:?}, which is not there"
                ));
            };
            if !reached.insert(id) {
                continue;
            }
            for answer in &question.answers {
                let ends = [&answer.question, &answer.advice, &answer.page];
                if ends.iter().filter(|e| !e.is_empty()).count() != 1 {
                    let text = &answer.text;
                    return Err(format!(
                        "{id}: {text:?} needs one of question, advice or page"
                    ));
                }
                if !answer.question.is_empty() {
                    waiting.push(&answer.question);
                } else if !answer.advice.is_empty() {
                    advice.insert(answer.advice.as_str());
                }
            }
        }
        if let Some(lost) = by_id.keys().find(|id| !reached.contains(*id)) {
            return Err(format!("no answer leads to the question {lost:?}"));
        }
        if let Some(none) = advice.iter().find(|key| content.find(true, key).is_none()) {
            return Err(format!("there is no advice {none:?}"));
        }
        match content.advice().find(|a| !advice.contains(a.key.as_str())) {
            Some(lost) => Err(format!("no answer leads to the advice {:?}", lost.key)),
            None => Ok(()),
        }
    }
}
