//! What the frame of every page needs.

use askama::Template;
use askama::filters::HtmlSafe;

/// The frame of a page. A page's own struct has a field `page: Page`, and its template begins with
/// `{% extends "layout.html" %}`, or `"layout_plain.html"` where nobody is signed in.
///
/// Blocks to fill: `head_extra`, `errors` (the error summary, above the title), `title_row` (or within
/// it `lede` and `actions`), `main`, `scripts`. The plain layout has no title row: `main` holds the
/// `h1` too. Both import the macros of `parts/blocks.html` as `blocks`.
#[derive(Debug, Clone)]
pub struct Page {
    /// The one `h1`, and the first words of the window's title.
    pub title: String,
    /// Name of the service, shown in the header and after the title.
    pub service: String,
    /// Name of the police force, in the footer.
    pub force: String,
    /// Protective marking of what the page shows, for example `OFFICIAL-SENSITIVE`
    /// (`record::marking::Marking::title`).
    pub marking: String,
    /// Whoever is signed in; none on pages outside sign-in.
    pub person: Option<SignedIn>,
    pub nav: Vec<NavItem>,
    /// Whether the header offers the search: only to whoever may search.
    pub search: bool,
    /// Token that every form which changes something sends back in the field `csrf`.
    pub csrf: String,
    /// What came of the last action, shown once above the title.
    pub notice: Option<Notice>,
    pub assets: Assets,
    /// Whether single keys act as shortcuts; a person may turn them off (WCAG 2.2, 2.1.4).
    pub shortcuts_on: bool,
    /// Whether a form came back with errors: the title then begins with "Error: ", as GOV.UK asks.
    pub error_title: bool,
    /// Reference of this request, to quote when something goes wrong.
    pub reference: String,
    /// The way here, outermost first: title and address.
    pub breadcrumbs: Vec<(String, String)>,
    /// Where "back" leads, in place of breadcrumbs.
    pub back_link: Option<Link>,
    /// Full width (1,440 px) for queues, records and boards; otherwise GOV.UK's 960 px.
    pub wide: bool,
}

/// Whoever is signed in, as the header shows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// For example "PC Priya Okafor".
    pub name: String,
    /// For example "Triage officer".
    pub role: String,
}

/// One entry of the service navigation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NavItem {
    pub title: String,
    pub href: String,
    /// Whether this page belongs under it.
    pub current: bool,
}

/// A link with its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub text: String,
    pub href: String,
}

impl Link {
    pub fn new(text: impl Into<String>, href: impl Into<String>) -> Link {
        Link {
            text: text.into(),
            href: href.into(),
        }
    }
}

/// Addresses of the built assets. Their names carry a digest, so they come from the manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assets {
    pub stylesheet: String,
    /// The module that starts the components.
    pub script: String,
    /// The classic script that runs first and says there is JavaScript.
    pub js_enabled: String,
    pub favicon: String,
}

/// How a notice is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    Success,
    Info,
    Warning,
    Error,
}

/// What came of the last action, or what the whole page should know.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "parts/notice.html")]
pub struct Notice {
    pub kind: NoticeKind,
    pub text: String,
}

impl Notice {
    pub fn new(kind: NoticeKind, text: impl Into<String>) -> Notice {
        Notice {
            kind,
            text: text.into(),
        }
    }

    pub fn success(text: impl Into<String>) -> Notice {
        Notice::new(NoticeKind::Success, text)
    }

    pub fn info(text: impl Into<String>) -> Notice {
        Notice::new(NoticeKind::Info, text)
    }

    pub fn warning(text: impl Into<String>) -> Notice {
        Notice::new(NoticeKind::Warning, text)
    }

    pub fn error(text: impl Into<String>) -> Notice {
        Notice::new(NoticeKind::Error, text)
    }
}

impl HtmlSafe for Notice {}

impl Page {
    /// A wide page with nobody signed in, no navigation and shortcuts on.
    pub fn new(title: impl Into<String>) -> Page {
        Page {
            title: title.into(),
            service: "Fourfold".to_owned(),
            force: String::new(),
            marking: record::marking::Marking::default().title().to_owned(),
            person: None,
            nav: Vec::new(),
            search: false,
            csrf: String::new(),
            notice: None,
            assets: Assets::default(),
            shortcuts_on: true,
            error_title: false,
            reference: String::new(),
            breadcrumbs: Vec::new(),
            back_link: None,
            wide: true,
        }
    }

    /// At GOV.UK's reading width, for forms and questions.
    #[must_use]
    pub fn narrow(mut self) -> Page {
        self.wide = false;
        self
    }

    #[must_use]
    pub fn breadcrumb(mut self, title: impl Into<String>, href: impl Into<String>) -> Page {
        self.breadcrumbs.push((title.into(), href.into()));
        self
    }

    #[must_use]
    pub fn back(mut self, text: impl Into<String>, href: impl Into<String>) -> Page {
        self.back_link = Some(Link::new(text, href));
        self
    }

    #[must_use]
    pub fn notice(mut self, notice: Notice) -> Page {
        self.notice = Some(notice);
        self
    }

    /// Marks the page as a form that came back with errors.
    #[must_use]
    pub fn with_errors(mut self, errors: &super::FieldErrors) -> Page {
        self.error_title = !errors.is_empty();
        self
    }

    /// Text of the window's title: "Error: Sign in - Fourfold".
    pub fn window_title(&self) -> String {
        let prefix = if self.error_title { "Error: " } else { "" };
        format!("{prefix}{} - {}", self.title, self.service)
    }
}
