//! Tags, badges and counts.

use std::borrow::Borrow;

use askama::Template;
use askama::filters::HtmlSafe;
use record::assessment;
use record::work::Priority;

use super::words::count_in_words;

/// Colours of a tag in govuk-frontend 6. A colour adds to the tag's word and never replaces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colour {
    /// The plain tag.
    #[default]
    Blue,
    Grey,
    Green,
    Teal,
    Purple,
    Magenta,
    Red,
    Orange,
    Yellow,
}

impl Colour {
    pub const ALL: [Colour; 9] = [
        Colour::Blue,
        Colour::Grey,
        Colour::Green,
        Colour::Teal,
        Colour::Purple,
        Colour::Magenta,
        Colour::Red,
        Colour::Orange,
        Colour::Yellow,
    ];

    /// The class's ending; none for the plain tag, which is blue.
    fn suffix(self) -> Option<&'static str> {
        match self {
            Colour::Blue => None,
            Colour::Grey => Some("grey"),
            Colour::Green => Some("green"),
            Colour::Teal => Some("teal"),
            Colour::Purple => Some("purple"),
            Colour::Magenta => Some("magenta"),
            Colour::Red => Some("red"),
            Colour::Orange => Some("orange"),
            Colour::Yellow => Some("yellow"),
        }
    }
}

/// A status in a word or two.
#[derive(Debug, Template)]
#[template(path = "parts/tag.html")]
pub struct Tag<'a> {
    text: &'a str,
    colour: Colour,
}

impl<'a> Tag<'a> {
    pub fn new(text: &'a (impl AsRef<str> + ?Sized), colour: impl Borrow<Colour>) -> Tag<'a> {
        Tag {
            text: text.as_ref(),
            colour: *colour.borrow(),
        }
    }

    pub fn blue(text: &'a (impl AsRef<str> + ?Sized)) -> Tag<'a> {
        Tag::new(text, Colour::Blue)
    }

    pub fn grey(text: &'a (impl AsRef<str> + ?Sized)) -> Tag<'a> {
        Tag::new(text, Colour::Grey)
    }

    pub fn green(text: &'a (impl AsRef<str> + ?Sized)) -> Tag<'a> {
        Tag::new(text, Colour::Green)
    }

    pub fn teal(text: &'a (impl AsRef<str> + ?Sized)) -> Tag<'a> {
        Tag::new(text, Colour::Teal)
    }

    pub fn purple(text: &'a (impl AsRef<str> + ?Sized)) -> Tag<'a> {
        Tag::new(text, Colour::Purple)
    }

    pub fn magenta(text: &'a (impl AsRef<str> + ?Sized)) -> Tag<'a> {
        Tag::new(text, Colour::Magenta)
    }

    pub fn red(text: &'a (impl AsRef<str> + ?Sized)) -> Tag<'a> {
        Tag::new(text, Colour::Red)
    }

    pub fn orange(text: &'a (impl AsRef<str> + ?Sized)) -> Tag<'a> {
        Tag::new(text, Colour::Orange)
    }

    pub fn yellow(text: &'a (impl AsRef<str> + ?Sized)) -> Tag<'a> {
        Tag::new(text, Colour::Yellow)
    }
}

impl HtmlSafe for Tag<'_> {}

/// The tag of a priority: High red, Medium yellow, Standard grey.
pub struct PriorityTag;

impl PriorityTag {
    /// In a template: `{{ PriorityTag::of(row.priority) }}`.
    pub fn of(priority: impl Borrow<Priority>) -> Tag<'static> {
        let priority = *priority.borrow();
        let colour = match priority {
            Priority::High => Colour::Red,
            Priority::Medium => Colour::Yellow,
            Priority::Standard => Colour::Grey,
        };
        Tag {
            text: priority.title(),
            colour,
        }
    }
}

/// How a theme or an answer of an assessment stands.
pub struct AssessedTag;

impl AssessedTag {
    /// In a template: `{{ AssessedTag::of(colour) }}`.
    pub fn of(colour: impl Borrow<assessment::Colour>) -> Tag<'static> {
        let assessed = *colour.borrow();
        let colour = match assessed {
            assessment::Colour::Green => Colour::Green,
            assessment::Colour::Amber => Colour::Yellow,
            assessment::Colour::Red => Colour::Red,
        };
        Tag {
            text: assessed.title(),
            colour,
        }
    }
}

/// A network by its name, with how many reports it holds, leading to its page.
#[derive(Debug, Template)]
#[template(path = "parts/network_badge.html")]
pub struct NetworkBadge<'a> {
    name: &'a str,
    href: &'a str,
    count: String,
    noun: &'static str,
}

impl<'a> NetworkBadge<'a> {
    pub fn new(
        name: &'a (impl AsRef<str> + ?Sized),
        reports: impl Borrow<u64>,
        href: &'a (impl AsRef<str> + ?Sized),
    ) -> NetworkBadge<'a> {
        let reports = *reports.borrow();
        NetworkBadge {
            name: name.as_ref(),
            href: href.as_ref(),
            count: count_in_words(reports),
            noun: if reports == 1 { "report" } else { "reports" },
        }
    }
}

impl HtmlSafe for NetworkBadge<'_> {}

/// A count in a pill beside a title.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "parts/count_pill.html")]
pub struct CountPill {
    text: String,
}

impl CountPill {
    pub fn new(count: impl Borrow<u64>) -> CountPill {
        CountPill {
            text: count_in_words(*count.borrow()),
        }
    }

    /// A count that stopped at `cap`: "1,000+" when it got there.
    pub fn capped(count: impl Borrow<u64>, cap: impl Borrow<u64>) -> CountPill {
        let (count, cap) = (*count.borrow(), *cap.borrow());
        if count < cap {
            return CountPill::new(count);
        }
        CountPill {
            text: format!("{}+", count_in_words(cap)),
        }
    }

    pub fn text(&self) -> &str {
        &self.text
    }
}

impl HtmlSafe for CountPill {}
