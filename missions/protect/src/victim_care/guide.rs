//! What is said to a victim: the advice guide for each kind of crime.

use std::collections::BTreeMap;

use record::policy::{Files, PolicyError};
use serde::Deserialize;
use web::parts::words::capital;

/// Parts of a guide, in the order of a call: heading in `advice-topics.csv`, words for the page.
const SECTIONS: [(&str, &str); 7] = [
    ("do_now", "Do now"),
    ("secure", "Make safe"),
    ("recover", "Get money or accounts back"),
    ("report_to", "Report to"),
    ("keep_evidence", "Keep as evidence"),
    ("support", "Support"),
    ("warn_next", "What may come next"),
];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    advice_key: String,
    audience: String,
    do_now: String,
    secure: String,
    recover: String,
    report_to: String,
    keep_evidence: String,
    support: String,
    warn_next: String,
    review_months: u32,
}

/// One point of advice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Unique over all guides: `tech_support.do_now.disconnect`.
    pub id: String,
    pub title: String,
}

/// A part of a guide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    pub title: &'static str,
    pub topics: Vec<Topic>,
}

/// The advice for one kind of crime.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guide {
    pub key: String,
    /// `person`, `organisation`, `child`.
    pub audience: Vec<String>,
    pub sections: Vec<Section>,
    pub review_months: u32,
}

impl Guide {
    /// In words: "Tech support".
    pub fn title(&self) -> String {
        sentence(&self.key)
    }

    pub fn topics(&self) -> impl Iterator<Item = &Topic> {
        self.sections.iter().flat_map(|s| &s.topics)
    }
}

/// Every guide, and which crime code has which.
#[derive(Debug, Clone, Default)]
pub struct Guides {
    guides: BTreeMap<String, Guide>,
    by_code: BTreeMap<String, String>,
    titles: BTreeMap<String, String>,
    fallback: String,
}

#[derive(Deserialize)]
struct CodeLine {
    code: String,
    title: String,
    advice_key: String,
}

impl Guides {
    pub const FILE: &'static str = "protect/advice-topics.csv";
    const CODES: &'static str = "intake/crime-codes.csv";

    /// Reads the guides and the crime codes' keys. A code whose guide is missing stops the start.
    pub fn read(
        files: &Files,
        words: &BTreeMap<String, String>,
        fallback: &str,
    ) -> Result<Guides, PolicyError> {
        let mut all = Guides {
            fallback: fallback.to_owned(),
            ..Guides::default()
        };
        let fault = |problem: String| PolicyError::new(Self::FILE, problem);
        let mut reader = csv::Reader::from_reader(files.text(Self::FILE)?.as_bytes());
        for row in reader.deserialize() {
            let line: Line = row.map_err(|e| fault(e.to_string()))?;
            let guide = guide(&line, words);
            if guide.topics().next().is_none() {
                return Err(fault(format!("{} has no topic", guide.key)));
            }
            if let Some(twice) = all.guides.insert(guide.key.clone(), guide) {
                return Err(fault(format!("{} is there twice", twice.key)));
            }
        }
        if !all.guides.contains_key(fallback) {
            return Err(fault(format!("{fallback} (fallback_advice) is missing")));
        }
        let mut codes = csv::Reader::from_reader(files.text(Self::CODES)?.as_bytes());
        for row in codes.deserialize() {
            let line: CodeLine = row.map_err(|e| PolicyError::new(Self::CODES, e.to_string()))?;
            if !all.guides.contains_key(&line.advice_key) {
                let problem = format!(
                    "code {} has the advice {:?}, which {} lacks",
                    line.code,
                    line.advice_key,
                    Self::FILE
                );
                return Err(PolicyError::new(Self::CODES, problem));
            }
            all.titles.insert(line.code.clone(), line.title);
            all.by_code.insert(line.code, line.advice_key);
        }
        Ok(all)
    }

    /// The guide for a crime code, which may be empty or unknown.
    pub fn for_code(&self, code: &str) -> Option<&Guide> {
        let key = self.by_code.get(code).unwrap_or(&self.fallback);
        self.guides.get(key)
    }

    /// The crime's name.
    pub fn crime(&self, code: &str) -> String {
        match self.titles.get(code) {
            Some(title) => title.clone(),
            None if code.is_empty() => "No crime code given".to_owned(),
            None => format!("Code {code}"),
        }
    }

    /// Whether a topic belongs to a crime code's own guide.
    pub fn is_of(&self, code: &str, topic: &str) -> bool {
        self.for_code(code)
            .is_some_and(|g| g.topics().any(|t| t.id == topic))
    }

    /// The words of a topic.
    pub fn title(&self, topic: &str) -> Option<&str> {
        let (key, _) = topic.split_once('.')?;
        let found = self.guides.get(key)?.topics().find(|t| t.id == topic)?;
        Some(&found.title)
    }
}

fn guide(line: &Line, words: &BTreeMap<String, String>) -> Guide {
    let texts = [
        &line.do_now,
        &line.secure,
        &line.recover,
        &line.report_to,
        &line.keep_evidence,
        &line.support,
        &line.warn_next,
    ];
    let sections = SECTIONS
        .into_iter()
        .zip(texts)
        .map(|((id, title), text)| Section {
            title,
            topics: keys(text)
                .map(|key| Topic {
                    id: format!("{}.{id}.{key}", line.advice_key),
                    title: words.get(key).cloned().unwrap_or_else(|| sentence(key)),
                })
                .collect(),
        })
        .filter(|s| !s.topics.is_empty())
        .collect();
    Guide {
        key: line.advice_key.clone(),
        audience: keys(&line.audience).map(str::to_owned).collect(),
        sections,
        review_months: line.review_months,
    }
}

fn keys(text: &str) -> impl Iterator<Item = &str> {
    text.split(';')
        .map(str::trim)
        .filter(|k| !k.is_empty() && *k != "none")
}

/// A key as a sentence: `check_forwarding_rules` is "Check forwarding rules".
pub fn sentence(key: &str) -> String {
    capital(&key.replace('_', " "))
}
