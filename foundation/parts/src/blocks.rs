//! Blocks of a page: what sets text or other parts apart.
//!
//! `templates/parts/blocks.html` has the wrapping ones as macros for use in a template, as
//! `{% call blocks::scroll("Reports") %}…{% endcall %}`; the types here are the same blocks for code.

use std::borrow::Borrow;

use askama::Template;
use askama::filters::HtmlSafe;

use super::{Html, Link};

/// More for those who want it, folded away.
#[derive(Debug, Template)]
#[template(path = "parts/details.html")]
pub struct Details<'a> {
    summary: &'a str,
    body: Html,
    open: bool,
}

impl<'a> Details<'a> {
    pub fn new(summary: &'a (impl AsRef<str> + ?Sized), body: impl Into<Html>) -> Details<'a> {
        Details {
            summary: summary.as_ref(),
            body: body.into(),
            open: false,
        }
    }

    #[must_use]
    pub fn open(mut self) -> Self {
        self.open = true;
        self
    }
}

impl HtmlSafe for Details<'_> {}

/// Fields that belong together, under one legend.
#[derive(Debug, Template)]
#[template(path = "parts/fieldset.html")]
pub struct Fieldset<'a> {
    legend: &'a str,
    body: Html,
}

impl<'a> Fieldset<'a> {
    pub fn new(legend: &'a (impl AsRef<str> + ?Sized), body: impl Into<Html>) -> Fieldset<'a> {
        Fieldset {
            legend: legend.as_ref(),
            body: body.into(),
        }
    }
}

impl HtmlSafe for Fieldset<'_> {}

/// A table (or code) that scrolls in its own box and not the page, reachable by keyboard.
#[derive(Debug, Template)]
#[template(path = "parts/table_scroll.html")]
pub struct TableScroll<'a> {
    label: &'a str,
    body: Html,
}

impl<'a> TableScroll<'a> {
    pub fn new(label: &'a (impl AsRef<str> + ?Sized), body: impl Into<Html>) -> TableScroll<'a> {
        TableScroll {
            label: label.as_ref(),
            body: body.into(),
        }
    }
}

impl HtmlSafe for TableScroll<'_> {}

/// A statement set apart: what the page says is wrong, or a caution.
#[derive(Debug, Template)]
#[template(path = "parts/inset.html")]
pub struct Inset {
    body: Html,
}

impl Inset {
    pub fn new(body: impl Into<Html>) -> Inset {
        Inset { body: body.into() }
    }
}

impl HtmlSafe for Inset {}

/// A warning about consequences.
#[derive(Debug, Template)]
#[template(path = "parts/warning_text.html")]
pub struct WarningText<'a> {
    text: &'a str,
}

impl<'a> WarningText<'a> {
    pub fn new(text: &'a (impl AsRef<str> + ?Sized)) -> WarningText<'a> {
        WarningText {
            text: text.as_ref(),
        }
    }
}

impl HtmlSafe for WarningText<'_> {}

/// Something the whole page should know, with a body of its own. For plain text use
/// [`super::Notice`], which the layout shows.
#[derive(Debug, Template)]
#[template(path = "parts/notification_banner.html")]
pub struct NotificationBanner<'a> {
    title: &'a str,
    /// Names the banner by its title; unique on the page.
    id: &'a str,
    body: Html,
    success: bool,
}

impl<'a> NotificationBanner<'a> {
    pub fn new(
        title: &'a (impl AsRef<str> + ?Sized),
        id: &'a (impl AsRef<str> + ?Sized),
        body: impl Into<Html>,
    ) -> NotificationBanner<'a> {
        NotificationBanner {
            title: title.as_ref(),
            id: id.as_ref(),
            body: body.into(),
            success: false,
        }
    }

    /// Green, and announced at once.
    #[must_use]
    pub fn success(mut self) -> Self {
        self.success = true;
        self
    }
}

impl HtmlSafe for NotificationBanner<'_> {}

/// The confirmation at the end of a transaction. Its title is the page's `h1`.
#[derive(Debug, Template)]
#[template(path = "parts/panel.html")]
pub struct Panel<'a> {
    title: &'a str,
    body: &'a str,
    reference: Option<&'a str>,
}

impl<'a> Panel<'a> {
    pub fn new(
        title: &'a (impl AsRef<str> + ?Sized),
        body: &'a (impl AsRef<str> + ?Sized),
    ) -> Panel<'a> {
        Panel {
            title: title.as_ref(),
            body: body.as_ref(),
            reference: None,
        }
    }

    /// The reference to quote, in bold under the body.
    #[must_use]
    pub fn reference(mut self, reference: &'a (impl AsRef<str> + ?Sized)) -> Self {
        self.reference = Some(reference.as_ref());
        self
    }
}

impl HtmlSafe for Panel<'_> {}

/// What stands where a list has nothing: why, and what next.
#[derive(Debug, Template)]
#[template(path = "parts/empty.html")]
pub struct Empty<'a> {
    why: &'a str,
    next: &'a str,
    link: Option<Link>,
}

impl<'a> Empty<'a> {
    /// "No reports to triage.", "New reports appear here."
    pub fn new(
        why: &'a (impl AsRef<str> + ?Sized),
        next: &'a (impl AsRef<str> + ?Sized),
    ) -> Empty<'a> {
        Empty {
            why: why.as_ref(),
            next: next.as_ref(),
            link: None,
        }
    }

    /// A way on: "Clear filters".
    #[must_use]
    pub fn link(mut self, link: impl Borrow<Link>) -> Self {
        self.link = Some(link.borrow().clone());
        self
    }
}

impl HtmlSafe for Empty<'_> {}
