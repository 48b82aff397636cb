//! Parts of a queue's page: filter, bulk bar, sorting, selection, keyboard shortcuts.

use std::borrow::Borrow;

use askama::Template;
use askama::filters::HtmlSafe;

use super::Html;

/// The filter beside a list. It sends a GET form, so that the address keeps what was chosen.
#[derive(Debug, Template)]
#[template(path = "parts/filter_panel.html")]
pub struct FilterPanel {
    action: String,
    fields: Html,
    selected: Vec<SelectedFilter>,
    clear_href: String,
}

/// A filter in force, with the address of the list without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectedFilter {
    pub title: String,
    pub remove_href: String,
}

impl FilterPanel {
    /// `action` is the list's own address; the fields are parts such as small checkboxes.
    pub fn new(action: impl Into<String>, fields: impl Into<Html>) -> FilterPanel {
        let action = action.into();
        FilterPanel {
            clear_href: action.clone(),
            action,
            fields: fields.into(),
            selected: Vec::new(),
        }
    }

    #[must_use]
    pub fn selected(
        mut self,
        title: impl Into<String>,
        remove_href: impl Into<String>,
    ) -> FilterPanel {
        self.selected.push(SelectedFilter {
            title: title.into(),
            remove_href: remove_href.into(),
        });
        self
    }

    /// Where "Clear all" leads, if not to the plain list (a view may be kept).
    #[must_use]
    pub fn clear_href(mut self, href: impl Into<String>) -> FilterPanel {
        self.clear_href = href.into();
        self
    }
}

impl HtmlSafe for FilterPanel {}

/// Which way a column is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sorted {
    Ascending,
    Descending,
}

/// The heading of a column; a link when the list can be sorted by it. Sorting is the server's work,
/// over the whole list and not only the page in view.
#[derive(Debug, Template)]
#[template(path = "parts/sort_header.html")]
pub struct SortHeader<'a> {
    title: &'a str,
    href: Option<&'a str>,
    sorted: Option<Sorted>,
    numeric: bool,
}

impl<'a> SortHeader<'a> {
    /// `href` is the list sorted by this column, or the other way when it already is.
    pub fn new(
        title: &'a (impl AsRef<str> + ?Sized),
        href: &'a (impl AsRef<str> + ?Sized),
    ) -> SortHeader<'a> {
        SortHeader {
            href: Some(href.as_ref()),
            ..SortHeader::plain(title)
        }
    }

    /// A column that cannot be sorted by.
    pub fn plain(title: &'a (impl AsRef<str> + ?Sized)) -> SortHeader<'a> {
        SortHeader {
            title: title.as_ref(),
            href: None,
            sorted: None,
            numeric: false,
        }
    }

    /// Says whether the list is now sorted by this column.
    #[must_use]
    pub fn sorted(mut self, sorted: impl Borrow<Option<Sorted>>) -> Self {
        self.sorted = *sorted.borrow();
        self
    }

    #[must_use]
    pub fn ascending(self) -> Self {
        self.sorted(Some(Sorted::Ascending))
    }

    #[must_use]
    pub fn descending(self) -> Self {
        self.sorted(Some(Sorted::Descending))
    }

    /// Aligned with the figures below it.
    #[must_use]
    pub fn numeric(mut self) -> Self {
        self.numeric = true;
        self
    }
}

impl HtmlSafe for SortHeader<'_> {}

/// What can be done with the ticked rows. Stands at the top of the form around the list; its button
/// comes back as the field `do`.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/bulk_bar.html")]
pub struct BulkBar {
    nouns: String,
    actions: Vec<BulkAction>,
    fields: Html,
}

/// One button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkAction {
    pub value: String,
    pub title: String,
}

impl BulkBar {
    /// The plural of what the rows are: "reports".
    pub fn new(nouns: impl Into<String>) -> BulkBar {
        BulkBar {
            nouns: nouns.into(),
            actions: Vec::new(),
            fields: Html::default(),
        }
    }

    /// A button, for example `take`, "Take". The key T presses the one whose value is `take`.
    #[must_use]
    pub fn action(mut self, value: impl Into<String>, title: impl Into<String>) -> BulkBar {
        self.actions.push(BulkAction {
            value: value.into(),
            title: title.into(),
        });
        self
    }

    /// Fields before the buttons, such as to whom the rows go.
    #[must_use]
    pub fn fields(mut self, fields: impl Into<Html>) -> BulkBar {
        self.fields = fields.into();
        self
    }
}

impl HtmlSafe for BulkBar {}

/// The box that ticks a row, for the row's first cell (`ff-cell-check`).
#[derive(Debug, Template)]
#[template(path = "parts/tick.html")]
pub struct Tick<'a> {
    name: &'a str,
    value: &'a str,
    title: &'a str,
    ticked: bool,
}

impl<'a> Tick<'a> {
    /// The field's name, the row's value, and what a screen reader calls the row.
    pub fn new(
        name: &'a (impl AsRef<str> + ?Sized),
        value: &'a (impl AsRef<str> + ?Sized),
        title: &'a (impl AsRef<str> + ?Sized),
    ) -> Tick<'a> {
        Tick {
            name: name.as_ref(),
            value: value.as_ref(),
            title: title.as_ref(),
            ticked: false,
        }
    }

    /// Whether the row is ticked to begin with.
    #[must_use]
    pub fn ticked(mut self, ticked: impl Borrow<bool>) -> Self {
        self.ticked = *ticked.borrow();
        self
    }
}

impl HtmlSafe for Tick<'_> {}

/// The list of a page's keys, shown by `?` or by a button with `data-shortcuts`.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/shortcut_dialog.html")]
pub struct ShortcutDialog {
    keys: Vec<(String, String)>,
    switch: Option<KeySwitch>,
}

/// The form that turns single keys off or on.
#[derive(Debug, Clone)]
struct KeySwitch {
    on: bool,
    csrf: String,
    back: String,
}

impl ShortcutDialog {
    /// The keys of a queue, with what its rows are: "report".
    pub fn for_queue(noun: &str) -> ShortcutDialog {
        let empty = ShortcutDialog {
            keys: Vec::new(),
            switch: None,
        };
        empty
            .key(format!("Next {noun}"), "J")
            .key(format!("Previous {noun}"), "K")
            .key(format!("Open {noun}"), "Enter")
            .key(format!("Select {noun}"), "X")
            .key(format!("Take {noun}"), "T")
            .key("Search", "/")
            .key("Show this list", "?")
    }

    /// Lets the person turn the keys off and on again (WCAG 2.2, 2.1.4); `back` is this page.
    #[must_use]
    pub fn switch(mut self, page: &super::Page, back: impl Into<String>) -> ShortcutDialog {
        self.switch = Some(KeySwitch {
            on: page.shortcuts_on,
            csrf: page.csrf.clone(),
            back: back.into(),
        });
        self
    }

    /// One more key.
    #[must_use]
    pub fn key(mut self, does: impl Into<String>, key: impl Into<String>) -> ShortcutDialog {
        self.keys.push((does.into(), key.into()));
        self
    }
}

impl HtmlSafe for ShortcutDialog {}
