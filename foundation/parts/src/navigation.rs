//! Ways around within a page or a list.

use std::borrow::Borrow;

use askama::Template;
use askama::filters::HtmlSafe;

use super::CountPill;

/// Saved views of a list, or the parts of a record, with counts.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/sub_nav.html")]
pub struct SubNav {
    label: String,
    views: Vec<View>,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    pub title: String,
    pub href: String,
    pub current: bool,
    pub count: Option<CountPill>,
}

impl SubNav {
    /// The label names it to a screen reader: "Inbox views".
    pub fn new(label: impl Into<String>) -> SubNav {
        SubNav {
            label: label.into(),
            views: Vec::new(),
        }
    }

    #[must_use]
    pub fn view(
        self,
        title: impl Into<String>,
        href: impl Into<String>,
        current: bool,
        count: Option<CountPill>,
    ) -> SubNav {
        self.with(View {
            title: title.into(),
            href: href.into(),
            current,
            count,
        })
    }

    #[must_use]
    pub fn with(mut self, view: View) -> SubNav {
        self.views.push(view);
        self
    }
}

impl HtmlSafe for SubNav {}

/// Previous and next page of a list that is read by key, so that there are no page numbers.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "parts/pagination.html")]
pub struct Pagination {
    label: String,
    previous: Option<String>,
    next: Option<String>,
}

impl Pagination {
    /// The label names it to a screen reader: "Pages of reports". Renders nothing until it has
    /// somewhere to lead.
    pub fn new(label: impl Into<String>) -> Pagination {
        Pagination {
            label: label.into(),
            ..Pagination::default()
        }
    }

    #[must_use]
    pub fn previous(mut self, href: impl Borrow<Option<String>>) -> Pagination {
        self.previous.clone_from(href.borrow());
        self
    }

    #[must_use]
    pub fn next(mut self, href: impl Borrow<Option<String>>) -> Pagination {
        self.next.clone_from(href.borrow());
        self
    }
}

impl HtmlSafe for Pagination {}
