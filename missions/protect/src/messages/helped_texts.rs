//! Texts that tell the victims of a network that their report helped, and who is not told.

use std::collections::BTreeSet;

use record::policy::Files;
use serde::Deserialize;

use super::policy::{MessagePolicy, Template};
use crate::care_record::RecordPolicy;
use crate::care_record::policy::{Named, has};

const CARE: &str = "protect/victim-care.toml";

/// An answer of the care record by which a victim asks not to be told.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declined {
    /// Id of a question of `care-record.toml`.
    pub question: String,
    pub answer: String,
}

/// `[helped]` as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HelpedFile {
    declined: Vec<Declined>,
    never_after: BTreeSet<String>,
}

/// Who is not told that their report helped, checked.
#[derive(Debug)]
pub struct HelpedPolicy {
    pub declined: Vec<Declined>,
    /// Outcomes of a duty after which nobody is written to.
    pub never_after: BTreeSet<String>,
    /// Languages of the care record.
    languages: Vec<Named>,
}

/// The part of victim care's policy that is looked at.
#[derive(Deserialize)]
struct CareFile {
    outcome: Vec<OutcomeId>,
}

#[derive(Deserialize)]
struct OutcomeId {
    id: String,
}

impl HelpedPolicy {
    /// Holds `[helped]` against the files it names.
    ///
    /// # Errors
    /// In words, for a question, an answer or an outcome that is not there.
    pub(super) fn read(file: HelpedFile, files: &Files) -> Result<HelpedPolicy, String> {
        let records = RecordPolicy::read(files).map_err(|e| e.to_string())?;
        for Declined { question, answer } in &file.declined {
            let known = records.question(question);
            if !known.is_some_and(|q| has(&q.answers, answer)) {
                return Err(format!(
                    "helped.declined: care-record.toml has no question {question:?} with the answer {answer:?}"
                ));
            }
        }
        let text = files.text(CARE).map_err(|e| e.to_string())?;
        let care: CareFile = toml::from_str(text).map_err(|e| format!("{CARE}: {e}"))?;
        let known = |id: &String| care.outcome.iter().any(|o| o.id == *id);
        if let Some(odd) = file.never_after.iter().find(|id| !known(id)) {
            return Err(format!("helped.never_after: {CARE} has no outcome {odd:?}"));
        }
        Ok(HelpedPolicy {
            declined: file.declined,
            never_after: file.never_after,
            languages: records.languages,
        })
    }

    /// The id of a language as a report says it, by its id or its name; else the words as they are, for which there is
    /// no text.
    pub fn language(&self, said: &str) -> String {
        let said = said.trim();
        let is = |n: &&Named| n.id.eq_ignore_ascii_case(said) || n.title.eq_ignore_ascii_case(said);
        let found = self.languages.iter().find(is);
        found.map_or_else(|| said.to_owned(), |n| n.id.clone())
    }
}

/// The text for one victim, or why there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextFor<'p> {
    Text(&'p Template),
    /// There is one, and nobody has recorded its legal check.
    Unchecked(&'p Template),
    /// None in the victim's language.
    None,
}

impl MessagePolicy {
    /// What may have happened, each once in the order of the file, with the title of its first text.
    pub fn happenings(&self) -> Vec<(&str, &str)> {
        let mut all: Vec<(&str, &str)> = Vec::new();
        for template in &self.templates {
            if let Some(what) = template.helped.as_deref()
                && !all.iter().any(|(id, _)| *id == what)
            {
                all.push((what, &template.title));
            }
        }
        all
    }

    /// The title of what happened; the word itself where a later policy no longer has it.
    pub fn happening_title(&self, what: &str) -> String {
        let all = self.happenings();
        let found = all.iter().find(|(id, _)| *id == what);
        found.map_or_else(|| what.replace('_', " "), |(_, title)| (*title).to_owned())
    }

    /// Whether any text of it may be sent.
    pub fn may_be_told(&self, what: &str) -> bool {
        let mut texts = self.texts_of(what);
        texts.any(|t| self.hindrance(t).is_none())
    }

    fn texts_of<'p>(&'p self, what: &str) -> impl Iterator<Item = &'p Template> {
        let what = what.to_owned();
        self.templates
            .iter()
            .filter(move |t| t.helped.as_deref() == Some(what.as_str()))
    }

    /// The text of what happened in a language; in the first one's where nobody has asked for the language.
    pub fn text_for(&self, what: &str, language: &str) -> TextFor<'_> {
        let mut texts = self.texts_of(what);
        let found = match language {
            "" => texts.next(),
            language => texts.find(|t| t.language.eq_ignore_ascii_case(language)),
        };
        match found {
            None => TextFor::None,
            Some(text) if self.hindrance(text).is_some() => TextFor::Unchecked(text),
            Some(text) => TextFor::Text(text),
        }
    }
}
