//! Buttons and hidden fields.

use askama::Template;
use askama::filters::HtmlSafe;

/// How much a button stands out. One plain (green) button a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ButtonLook {
    #[default]
    Primary,
    Secondary,
    /// For what cannot be undone.
    Warning,
    /// Looks like a link, for small actions among text.
    Link,
}

/// A button that sends its form or, with [`Button::href`], a link that looks like one.
#[derive(Debug, Template)]
#[template(path = "parts/button.html")]
pub struct Button<'a> {
    text: &'a str,
    look: ButtonLook,
    name: Option<&'a str>,
    value: &'a str,
    href: Option<&'a str>,
    flush: bool,
    once: bool,
    script: Option<&'static str>,
}

impl<'a> Button<'a> {
    /// The words are a verb: "Save and continue".
    pub fn new(text: &'a (impl AsRef<str> + ?Sized)) -> Button<'a> {
        Button {
            text: text.as_ref(),
            look: ButtonLook::Primary,
            name: None,
            value: "",
            href: None,
            flush: false,
            once: false,
            script: None,
        }
    }

    /// Opens [`super::ShortcutDialog`]; hidden where there is no script or no dialog, but not where
    /// the keys are off: there they are turned on again.
    pub fn shortcuts() -> Button<'static> {
        Button {
            script: Some("data-shortcuts"),
            ..Button::secondary("Keyboard shortcuts").flush()
        }
    }

    /// Prints the page; hidden where there is no script.
    pub fn print() -> Button<'static> {
        Button {
            script: Some("data-print"),
            ..Button::secondary("Print this page").flush()
        }
    }

    pub fn secondary(text: &'a (impl AsRef<str> + ?Sized)) -> Button<'a> {
        Button::new(text).look(ButtonLook::Secondary)
    }

    pub fn warning(text: &'a (impl AsRef<str> + ?Sized)) -> Button<'a> {
        Button::new(text).look(ButtonLook::Warning)
    }

    pub fn link(text: &'a (impl AsRef<str> + ?Sized)) -> Button<'a> {
        Button::new(text).look(ButtonLook::Link)
    }

    #[must_use]
    pub fn look(mut self, look: ButtonLook) -> Self {
        self.look = look;
        self
    }

    /// What the form receives when this button sends it, among several.
    #[must_use]
    pub fn sends(
        mut self,
        name: &'a (impl AsRef<str> + ?Sized),
        value: &'a (impl AsRef<str> + ?Sized),
    ) -> Self {
        self.name = Some(name.as_ref());
        self.value = value.as_ref();
        self
    }

    /// Leads somewhere instead of sending a form.
    #[must_use]
    pub fn href(mut self, href: &'a (impl AsRef<str> + ?Sized)) -> Self {
        self.href = Some(href.as_ref());
        self
    }

    /// Without the space below, in a title row or a bar.
    #[must_use]
    pub fn flush(mut self) -> Self {
        self.flush = true;
        self
    }

    /// Ignores a second click within a second.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.once = true;
        self
    }

    fn classes(&self) -> &'static str {
        match self.look {
            ButtonLook::Primary => "govuk-button",
            ButtonLook::Secondary => "govuk-button govuk-button--secondary",
            ButtonLook::Warning => "govuk-button govuk-button--warning",
            ButtonLook::Link if self.href.is_some() => "govuk-link",
            ButtonLook::Link => "ff-link-button",
        }
    }
}

impl HtmlSafe for Button<'_> {}

/// A field nobody sees: the token against forged requests, or where to go on.
#[derive(Debug, Template)]
#[template(path = "parts/hidden.html")]
pub struct Hidden<'a> {
    name: &'a str,
    value: &'a str,
}

impl<'a> Hidden<'a> {
    pub fn new(
        name: &'a (impl AsRef<str> + ?Sized),
        value: &'a (impl AsRef<str> + ?Sized),
    ) -> Hidden<'a> {
        Hidden {
            name: name.as_ref(),
            value: value.as_ref(),
        }
    }

    /// The token of [`super::Page::csrf`], under the name the server looks for.
    pub fn csrf(token: &'a (impl AsRef<str> + ?Sized)) -> Hidden<'a> {
        Hidden::new("csrf", token)
    }
}

impl HtmlSafe for Hidden<'_> {}
