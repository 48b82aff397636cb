//! Pages as typed templates, and the frame around each.

use std::sync::Arc;

use askama::Template;
use parts::{AssessedTag, FieldErrors, Html, Radios};
use record::assessment::{Outcome, QuestionSet};
use record::publication::Publication;

use crate::assets::Addresses;
use crate::content::Article;
use crate::forms::FormOf;
use crate::guide::Question;
use crate::setting::Setting;

/// The menu.
pub const MENU: [(&str, &str); 5] = [
    ("/report", "Where to report"),
    ("/advice", "Advice"),
    ("/alerts", "Alerts"),
    ("/business", "Organisations"),
    ("/schools", "Young people"),
];

pub const FOOTER: [(&str, &str); 5] = [
    ("/accessibility", "Accessibility statement"),
    ("/cookies", "Cookies"),
    ("/privacy", "Privacy"),
    ("/private-browsing", "Keep your browsing private"),
    ("/about", "About this service"),
];

/// What the first page leads to.
pub const TILES: [(&str, &str, &str); 6] = [
    (
        "/report",
        "Where to report",
        "The right place, with its number.",
    ),
    (
        "/help/call-back",
        "Ask for a call",
        "You have reported, and would like to talk.",
    ),
    (
        "/business",
        "Help for organisations",
        "Checks, tools, and a protect officer.",
    ),
    (
        "/help/young-person",
        "Worried about a young person",
        "Who may be breaking the law online.",
    ),
    (
        "/schools",
        "Schools and young people",
        "Help, and ways to use your skills.",
    ),
    (
        "/alerts",
        "Alerts",
        "What is going round in the county now.",
    ),
];

/// What every page shares.
#[derive(Debug, Clone)]
pub struct Look {
    pub setting: Setting,
    pub assets: Addresses,
}

/// The frame of one page.
#[derive(Debug, Clone)]
pub struct Frame {
    pub look: Arc<Look>,
    pub title: String,
    pub lang: String,
    /// The page's own address, to come back to after the cookie question.
    pub path: String,
    /// Entry of the menu it belongs under.
    pub current: &'static str,
    pub back: Option<(String, String)>,
    /// Whether the cookie question is still to be asked.
    pub ask_cookies: bool,
    pub error_title: bool,
}

impl Frame {
    pub fn new(look: &Arc<Look>, title: &str, path: &str, ask_cookies: bool) -> Frame {
        let under = |href: &&str| path == *href || path.starts_with(&format!("{href}/"));
        let current = MENU.iter().map(|(href, _)| *href).find(under);
        Frame {
            look: Arc::clone(look),
            title: title.to_owned(),
            lang: "en-GB".to_owned(),
            path: path.to_owned(),
            current: current.unwrap_or_default(),
            back: None,
            ask_cookies,
            error_title: false,
        }
    }

    /// Whether the page belongs under an entry of the menu.
    pub fn is_under(&self, href: &str) -> bool {
        self.current == href
    }

    #[must_use]
    pub fn back(mut self, href: &str, text: &str) -> Frame {
        self.back = Some((href.to_owned(), text.to_owned()));
        self
    }
}

/// A link: address and words.
pub type Link = (String, String);

#[derive(Template)]
#[template(path = "article.html")]
pub struct ArticlePage<'a> {
    pub frame: Frame,
    pub article: &'a Article,
    pub others: Vec<Link>,
    pub related: Vec<Link>,
    /// The request this page leads to.
    pub ask: (&'static str, &'static str),
    pub reviewed: String,
}

#[derive(Template)]
#[template(path = "home.html")]
pub struct Home {
    pub frame: Frame,
    pub groups: Vec<(String, Vec<Link>)>,
}

#[derive(Template)]
#[template(path = "index.html")]
pub struct Index {
    pub frame: Frame,
    pub groups: Vec<(String, Vec<Link>)>,
}

#[derive(Template)]
#[template(path = "question.html")]
pub struct QuestionPage<'a> {
    pub frame: Frame,
    pub question: &'a Question,
}

/// A warning as the page shows it.
pub struct Alert {
    pub id: String,
    pub sort: String,
    pub event: String,
    pub title: String,
    pub places: String,
    pub issued: String,
    /// Paragraphs.
    pub what: Vec<String>,
    pub steps: Vec<String>,
    /// A page of advice that is there; empty without one.
    pub advice: String,
    pub link: String,
}

impl Alert {
    pub fn of(publication: &Publication, is_page: impl Fn(&str) -> bool) -> Alert {
        let places: Vec<&str> = publication.areas.iter().map(|a| a.name.as_str()).collect();
        let paragraphs = publication.what.split("\n\n").map(str::trim);
        Alert {
            id: publication.id.clone(),
            sort: publication.sort.clone(),
            event: publication.event.clone(),
            title: publication.title.clone(),
            places: places.join(", "),
            issued: publication.issued_at().show(),
            what: paragraphs
                .filter(|p| !p.is_empty())
                .map(str::to_owned)
                .collect(),
            steps: publication.steps.clone(),
            advice: Some(publication.advice.clone())
                .filter(|path| is_page(path))
                .unwrap_or_default(),
            link: publication.link.clone(),
        }
    }
}

#[derive(Template)]
#[template(path = "alerts.html")]
pub struct AlertsPage<'a> {
    pub frame: Frame,
    pub article: &'a Article,
    pub alerts: &'a [Alert],
}

#[derive(Template)]
#[template(path = "form.html")]
pub struct FormPage<'a> {
    pub frame: Frame,
    pub form: &'a FormOf,
    pub fields: Vec<Html>,
    pub errors: &'a FieldErrors,
    pub token: String,
    pub notice: Option<String>,
    /// The check whose answers go with the request; empty without one.
    pub check: String,
    /// Whether it can be saved and sent later.
    pub can_save: bool,
    /// Code of the draft it was saved as; empty when it was not.
    pub draft: String,
}

/// A form was saved: its code, shown once.
#[derive(Template)]
#[template(path = "saved.html")]
pub struct SavedPage {
    pub frame: Frame,
    /// The code in two halves, each of which stays on one line.
    pub halves: (String, String),
    pub days: u32,
}

/// Where the code of a saved form is typed.
#[derive(Template)]
#[template(path = "return.html")]
pub struct ReturnPage<'a> {
    pub frame: Frame,
    pub field: Html,
    pub errors: &'a FieldErrors,
}

#[derive(Template)]
#[template(path = "done.html")]
pub struct Done {
    pub frame: Frame,
    pub reference: String,
    pub next: &'static [&'static str],
}

/// The form for warnings by e-mail.
#[derive(Template)]
#[template(path = "subscribe.html")]
pub struct SubscribePage<'a> {
    pub frame: Frame,
    pub fields: Vec<Html>,
    pub errors: &'a FieldErrors,
    pub token: String,
    pub notice: Option<String>,
}

/// A page with one button and nothing to fill in.
#[derive(Template)]
#[template(path = "button.html")]
pub struct ButtonPage<'a> {
    pub frame: Frame,
    pub text: &'a str,
    pub button: &'a str,
    pub action: String,
    pub token: String,
    pub notice: Option<String>,
}

/// What follows, after a button was pressed.
#[derive(Template)]
#[template(path = "noted.html")]
pub struct NotedPage<'a> {
    pub frame: Frame,
    pub text: &'a str,
}

#[derive(Template)]
#[template(path = "check.html")]
pub struct CheckPage<'a> {
    pub frame: Frame,
    pub check: &'a QuestionSet,
    pub fields: Vec<Html>,
    pub errors: &'a FieldErrors,
}

#[derive(Template)]
#[template(path = "result.html")]
pub struct ResultPage<'a> {
    pub frame: Frame,
    pub check: &'a QuestionSet,
    pub outcome: &'a Outcome,
    pub verdict: &'static str,
    pub explained: &'static str,
    pub line: String,
    /// Where the result is to be had as PDF, in a build that can make one.
    pub pdf: Option<String>,
}

#[derive(Template)]
#[template(path = "cookies.html")]
pub struct CookiesPage<'a> {
    pub frame: Frame,
    pub article: &'a Article,
    pub radios: Radios<'a>,
    /// Whether it is good news, and the news.
    pub notice: Option<(bool, &'static str)>,
    pub back: String,
}

#[derive(Template)]
#[template(path = "problem.html")]
pub struct ProblemPage {
    pub frame: Frame,
    pub lines: Vec<String>,
}
