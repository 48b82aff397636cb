//! Parts of a record's page: its facts and its history.

use std::borrow::Borrow;

use askama::Template;
use askama::filters::HtmlSafe;
use record::time::Timestamp;

use super::{Html, TimeStamp};

/// Facts as keys and values.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "parts/summary_list.html")]
pub struct SummaryList {
    rows: Vec<SummaryRow>,
    compact: bool,
}

/// One fact.
#[derive(Debug, Clone)]
pub struct SummaryRow {
    pub key: String,
    pub value: Html,
    pub change: Option<Change>,
}

/// The link that changes a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub href: String,
    /// "Change", "Add".
    pub text: String,
    /// What is changed, for a screen reader: "postcode".
    pub what: String,
}

impl SummaryList {
    pub fn new() -> SummaryList {
        SummaryList::default()
    }

    /// Smaller, for the internal pages.
    #[must_use]
    pub fn compact(mut self) -> SummaryList {
        self.compact = true;
        self
    }

    #[must_use]
    pub fn row(mut self, key: impl Into<String>, value: impl Into<Html>) -> SummaryList {
        self.rows.push(SummaryRow {
            key: key.into(),
            value: value.into(),
            change: None,
        });
        self
    }

    /// A row when there is a value.
    #[must_use]
    pub fn row_if(self, key: impl Into<String>, value: Option<impl Into<Html>>) -> SummaryList {
        match value {
            Some(value) => self.row(key, value),
            None => self,
        }
    }

    /// A row with a "Change" link; the key in lower case says what is changed.
    #[must_use]
    pub fn row_to_change(
        mut self,
        key: impl Into<String>,
        value: impl Into<Html>,
        href: impl Into<String>,
    ) -> SummaryList {
        let key = key.into();
        let change = Change {
            href: href.into(),
            text: "Change".to_owned(),
            what: key.to_lowercase(),
        };
        self.rows.push(SummaryRow {
            key,
            value: value.into(),
            change: Some(change),
        });
        self
    }

    pub fn push(&mut self, row: SummaryRow) {
        self.rows.push(row);
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl HtmlSafe for SummaryList {}

/// What happened to a record, newest first as the caller orders it.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/timeline.html")]
pub struct Timeline {
    items: Vec<TimelineItem>,
    heading: u8,
}

/// One thing that happened.
#[derive(Debug, Clone)]
pub struct TimelineItem {
    pub title: String,
    /// Who did it; none for the system itself.
    pub by: Option<String>,
    pub at: Timestamp,
    pub text: Html,
}

impl TimelineItem {
    pub fn new(title: impl Into<String>, at: impl Borrow<Timestamp>) -> TimelineItem {
        TimelineItem {
            title: title.into(),
            by: None,
            at: *at.borrow(),
            text: Html::default(),
        }
    }

    #[must_use]
    pub fn by(mut self, who: impl Into<String>) -> TimelineItem {
        self.by = Some(who.into());
        self
    }

    #[must_use]
    pub fn text(mut self, text: impl Into<Html>) -> TimelineItem {
        self.text = text.into();
        self
    }
}

impl Timeline {
    /// Titles are `h3`, for a timeline under an `h2`.
    pub fn new(items: Vec<TimelineItem>) -> Timeline {
        Timeline { items, heading: 3 }
    }

    /// Another level, 2 to 6, so that headings do not skip one.
    #[must_use]
    pub fn heading_level(mut self, level: u8) -> Timeline {
        self.heading = level.clamp(2, 6);
        self
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

impl HtmlSafe for Timeline {}
