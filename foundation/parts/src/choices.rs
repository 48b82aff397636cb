//! Fields that offer choices.

use askama::Template;
use askama::filters::HtmlSafe;

use super::fields::field_parts;
use super::words::count_in_words;
use super::{FieldErrors, LabelSize};

/// One choice of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    pub value: String,
    pub label: String,
    pub hint: Option<String>,
    /// How many things the choice would show, in a filter.
    pub count: Option<u64>,
    pub chosen: bool,
}

impl Choice {
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Choice {
        Choice {
            value: value.into(),
            label: label.into(),
            ..Choice::default()
        }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Choice {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub fn count(mut self, count: u64) -> Choice {
        self.count = Some(count);
        self
    }

    #[must_use]
    pub fn chosen(mut self, chosen: bool) -> Choice {
        self.chosen = chosen;
        self
    }

    fn count_text(&self) -> Option<String> {
        self.count.map(count_in_words)
    }
}

/// Id of the nth choice: the field's own for the first, as GOV.UK numbers them, so that an error
/// links to it.
fn choice_id(id: &str, at: usize) -> String {
    if at == 0 {
        return id.to_owned();
    }
    format!("{id}-{}", at + 1)
}

/// A drop-down list. For few choices radios are easier to use.
#[derive(Debug, Template)]
#[template(path = "parts/select.html")]
pub struct Select<'a> {
    id: &'a str,
    name: &'a str,
    label: &'a str,
    label_size: LabelSize,
    hint: Option<&'a str>,
    error: Option<&'a str>,
    choices: &'a [Choice],
    chosen: Option<&'a str>,
}

impl<'a> Select<'a> {
    pub fn new(
        name: &'a (impl AsRef<str> + ?Sized),
        label: &'a (impl AsRef<str> + ?Sized),
        choices: &'a [Choice],
    ) -> Select<'a> {
        Select {
            id: name.as_ref(),
            name: name.as_ref(),
            label: label.as_ref(),
            label_size: LabelSize::default(),
            hint: None,
            error: None,
            choices,
            chosen: None,
        }
    }

    /// Chooses by value, whatever the choices say of themselves.
    #[must_use]
    pub fn chosen(mut self, value: &'a (impl AsRef<str> + ?Sized)) -> Self {
        self.chosen = Some(value.as_ref());
        self
    }

    fn is_chosen(&self, choice: &Choice) -> bool {
        self.chosen
            .map_or(choice.chosen, |value| value == choice.value)
    }
}

field_parts!(Select);

/// One of several choices.
#[derive(Debug, Template)]
#[template(path = "parts/radios.html")]
pub struct Radios<'a> {
    id: &'a str,
    name: &'a str,
    label: &'a str,
    label_size: LabelSize,
    is_heading: bool,
    hint: Option<&'a str>,
    error: Option<&'a str>,
    choices: &'a [Choice],
    chosen: Option<&'a str>,
    inline: bool,
    small: bool,
}

impl<'a> Radios<'a> {
    pub fn new(
        name: &'a (impl AsRef<str> + ?Sized),
        legend: &'a (impl AsRef<str> + ?Sized),
        choices: &'a [Choice],
    ) -> Radios<'a> {
        Radios {
            id: name.as_ref(),
            name: name.as_ref(),
            label: legend.as_ref(),
            label_size: LabelSize::default(),
            is_heading: false,
            hint: None,
            error: None,
            choices,
            chosen: None,
            inline: false,
            small: false,
        }
    }

    /// Chooses by value, whatever the choices say of themselves.
    #[must_use]
    pub fn chosen(mut self, value: &'a (impl AsRef<str> + ?Sized)) -> Self {
        self.chosen = Some(value.as_ref());
        self
    }

    /// Side by side: for two short choices only.
    #[must_use]
    pub fn inline(mut self) -> Self {
        self.inline = true;
        self
    }

    #[must_use]
    pub fn small(mut self) -> Self {
        self.small = true;
        self
    }

    /// The legend is the page's `h1`: for a page that asks one question.
    #[must_use]
    pub fn as_heading(mut self) -> Self {
        self.is_heading = true;
        self.label_size = LabelSize::L;
        self
    }

    fn is_chosen(&self, choice: &Choice) -> bool {
        self.chosen
            .map_or(choice.chosen, |value| value == choice.value)
    }
}

field_parts!(Radios);

/// Any number of choices.
#[derive(Debug, Template)]
#[template(path = "parts/checkboxes.html")]
pub struct Checkboxes<'a> {
    id: &'a str,
    name: &'a str,
    label: &'a str,
    label_size: LabelSize,
    is_heading: bool,
    hint: Option<&'a str>,
    error: Option<&'a str>,
    choices: &'a [Choice],
    small: bool,
}

impl<'a> Checkboxes<'a> {
    /// Those already ticked are marked `chosen`.
    pub fn new(
        name: &'a (impl AsRef<str> + ?Sized),
        legend: &'a (impl AsRef<str> + ?Sized),
        choices: &'a [Choice],
    ) -> Checkboxes<'a> {
        Checkboxes {
            id: name.as_ref(),
            name: name.as_ref(),
            label: legend.as_ref(),
            label_size: LabelSize::default(),
            is_heading: false,
            hint: None,
            error: None,
            choices,
            small: false,
        }
    }

    /// For filters and dense internal pages.
    #[must_use]
    pub fn small(mut self) -> Self {
        self.small = true;
        self
    }

    /// The legend is the page's `h1`: for a page that asks one question.
    #[must_use]
    pub fn as_heading(mut self) -> Self {
        self.is_heading = true;
        self.label_size = LabelSize::L;
        self
    }
}

field_parts!(Checkboxes);
