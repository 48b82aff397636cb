//! Pages of text below `protect/advice/` and `protect/pages/`, checked when loaded.

use std::collections::{BTreeMap, BTreeSet};

use record::policy::{Files, PolicyError};
use record::time::Date;
use serde::Deserialize;

use crate::markdown::{self, Section, Words};
use crate::setting::{self, Place, Setting};

const ADVICE: &str = "protect/advice/";
const PAGES: &str = "protect/pages/";
const TOPICS: &str = "protect/advice-topics.csv";
/// Pages the site itself leads to.
const NEEDED: [&str; 9] = [
    "about",
    "accessibility",
    "alerts",
    "business",
    "cookies",
    "private-browsing",
    "privacy",
    "report",
    "schools",
];

/// Whom a page speaks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    Person,
    Organisation,
    Child,
    Carer,
}

/// The head of a file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    pub title: String,
    /// Heading under which advice is listed.
    #[serde(default)]
    pub group: String,
    pub summary: String,
    #[serde(default)]
    pub audience: Vec<Audience>,
    /// Who keeps the page true.
    pub owner: String,
    /// Day it was last read against the facts, ISO 8601.
    pub reviewed: String,
    /// Day by which it is to be read again.
    pub review_by: String,
    pub language: String,
    /// Places, by id.
    #[serde(default)]
    pub report: Vec<String>,
    #[serde(default)]
    pub support: Vec<String>,
    /// Other advice, by key.
    #[serde(default)]
    pub related: Vec<String>,
}

/// One page of text.
#[derive(Debug, Clone)]
pub struct Article {
    /// `account_hacked`: the file's name.
    pub key: String,
    /// The version's id; empty for the first.
    pub version: String,
    pub head: Head,
    pub sections: Vec<Section>,
    pub report: Vec<Place>,
    pub support: Vec<Place>,
    pub is_advice: bool,
}

impl Article {
    pub fn path(&self) -> String {
        let base = if self.is_advice { "/advice/" } else { "/" };
        match self.version.as_str() {
            "" => format!("{base}{}", self.key),
            version => format!("{base}{}/{version}", self.key),
        }
    }

    /// Whether it is past its day of review.
    pub fn is_overdue(&self, today: Date) -> bool {
        Date::parse(&self.head.review_by).is_none_or(|day| day < today)
    }
}

/// Every page of text.
#[derive(Debug, Clone)]
pub struct Content {
    pub articles: Vec<Article>,
}

impl Content {
    pub fn load(files: &Files, setting: &Setting) -> Result<Content, PolicyError> {
        let places = setting::places(files)?;
        let days = setting.drafts.days.to_string();
        let words: Words<'_> = &[
            ("force", &setting.force),
            ("draft_days", &days),
            ("phone", &setting.phone),
            ("phone_words", &setting.phone_words),
            ("hours", &setting.hours),
            ("contact", &setting.contact),
        ];
        let mut articles = Vec::new();
        let mut links = Vec::new();
        for (folder, is_advice) in [(ADVICE, true), (PAGES, false)] {
            for (file, text) in files.below(folder) {
                let Some(name) = file
                    .strip_prefix(folder)
                    .and_then(|n| n.strip_suffix(".md"))
                else {
                    return Err(PolicyError::new(
                        file,
                        "only files that end in .md belong here",
                    ));
                };
                let document = markdown::read(file, text, words)?;
                links.extend(document.links.iter().map(|l| (file.to_owned(), l.clone())));
                let article = article(file, name, is_advice, document, &places, setting)?;
                articles.push(article);
            }
        }
        let content = Content { articles };
        content.check(files, &links)?;
        Ok(content)
    }

    /// The first version of a page.
    pub fn find(&self, is_advice: bool, key: &str) -> Option<&Article> {
        self.articles
            .iter()
            .find(|a| a.is_advice == is_advice && a.key == key && a.version.is_empty())
    }

    pub fn advice(&self) -> impl Iterator<Item = &Article> {
        self.articles
            .iter()
            .filter(|a| a.is_advice && a.version.is_empty())
    }

    /// Every topic has its page, every page its topic, every link an end.
    fn check(&self, files: &Files, links: &[(String, String)]) -> Result<(), PolicyError> {
        let keys: BTreeSet<&str> = self.advice().map(|a| a.key.as_str()).collect();
        let topics = topics(files)?;
        if let Some(topic) = topics.iter().find(|t| !keys.contains(t.as_str())) {
            let file = format!("{ADVICE}{topic}.md");
            let problem = format!("{TOPICS} has the topic {topic}. Write its page");
            return Err(PolicyError::new(&file, problem));
        }
        for article in &self.articles {
            let file = article.file();
            let wrong = |problem: String| Err(PolicyError::new(&file, problem));
            if article.is_advice && !topics.contains(&article.key) {
                return wrong(format!(
                    "{TOPICS} has no such topic. Add it, or rename the file"
                ));
            }
            if let Some(other) = article
                .head
                .related
                .iter()
                .find(|k| !keys.contains(k.as_str()))
            {
                return wrong(format!("related: there is no advice {other:?}"));
            }
            if !article.version.is_empty() && self.find(article.is_advice, &article.key).is_none() {
                return wrong("is another version of a page that is not there".to_owned());
            }
        }
        if let Some(page) = NEEDED.iter().find(|p| self.find(false, p).is_none()) {
            let file = format!("{PAGES}{page}.md");
            return Err(PolicyError::new(
                &file,
                "the file is missing, and the site leads to it",
            ));
        }
        let known: BTreeSet<String> = self.articles.iter().map(Article::path).collect();
        for (file, link) in links {
            let page = link.split('#').next().unwrap_or_default();
            let fixed = page == "/"
                || ["/help/", "/business/", "/advice", "/what-happened"]
                    .iter()
                    .any(|p| page.starts_with(p) && !page.starts_with("/advice/"));
            if !fixed && !known.contains(page) {
                return Err(PolicyError::new(file, format!("there is no page {link}")));
            }
        }
        Ok(())
    }
}

impl Article {
    fn file(&self) -> String {
        let folder = if self.is_advice { ADVICE } else { PAGES };
        match self.version.as_str() {
            "" => format!("{folder}{}.md", self.key),
            version => format!("{folder}{}.{version}.md", self.key),
        }
    }
}

fn article(
    file: &str,
    name: &str,
    is_advice: bool,
    document: markdown::Document,
    places: &BTreeMap<String, Place>,
    setting: &Setting,
) -> Result<Article, PolicyError> {
    let wrong = |problem: String| PolicyError::new(file, problem);
    let head: Head = toml::from_str(&document.head).map_err(|e| wrong(e.to_string()))?;
    let (key, version) = name.split_once('.').unwrap_or((name, ""));
    if !version.is_empty() && !setting.versions.iter().any(|v| v.id == version) {
        return Err(wrong(format!("portal.toml names no version {version:?}")));
    }
    let (reviewed, by) = (Date::parse(&head.reviewed), Date::parse(&head.review_by));
    match (reviewed, by) {
        (Some(reviewed), Some(by)) if reviewed <= by => {}
        _ => {
            return Err(wrong(
                "reviewed and review_by are days like 2026-11-02, in this order".to_owned(),
            ));
        }
    }
    for (name, text) in [
        ("title", &head.title),
        ("summary", &head.summary),
        ("owner", &head.owner),
    ] {
        if text.trim().is_empty() {
            return Err(wrong(format!("{name} is empty")));
        }
    }
    if is_advice && (head.group.is_empty() || head.audience.is_empty()) {
        return Err(wrong("advice needs a group and an audience".to_owned()));
    }
    let named = |ids: &[String]| -> Result<Vec<Place>, PolicyError> {
        ids.iter()
            .map(|id| {
                let found = places.get(id).cloned();
                found.ok_or_else(|| wrong(format!("places.toml has no place {id:?}")))
            })
            .collect()
    };
    Ok(Article {
        key: key.to_owned(),
        version: version.to_owned(),
        report: named(&head.report)?,
        support: named(&head.support)?,
        head,
        sections: document.sections,
        is_advice,
    })
}

/// Keys of every topic victim care speaks about.
fn topics(files: &Files) -> Result<BTreeSet<String>, PolicyError> {
    let mut reader = csv::Reader::from_reader(files.text(TOPICS)?.as_bytes());
    let mut keys = BTreeSet::new();
    for row in reader.records() {
        let row = row.map_err(|e| PolicyError::new(TOPICS, e.to_string()))?;
        keys.insert(row.get(0).unwrap_or_default().to_owned());
    }
    Ok(keys)
}
