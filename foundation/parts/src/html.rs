//! Ready HTML, where a part holds other parts.

use std::fmt::{self, Write};

use askama::filters::{self, HtmlSafe};

/// HTML that is safe to write as it is: escaped text, parts, or several of them in a row.
///
/// There is no way to make one of a bare string without escaping it. `From<&str>` and
/// `From<String>` escape, so that a caller who has only text need not think about it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Html(String);

impl Html {
    /// A part, rendered.
    pub fn of(part: &(impl HtmlSafe + ?Sized)) -> Html {
        Html(part.to_string())
    }

    /// Text, escaped.
    pub fn text(text: impl fmt::Display) -> Html {
        let Ok(escaped) = filters::escape(text, filters::Html);
        Html(escaped.to_string())
    }

    /// This, then another part.
    #[must_use]
    pub fn and(mut self, part: &(impl HtmlSafe + ?Sized)) -> Html {
        // Writing into a string cannot fail.
        let _ = write!(self.0, "{part}");
        self
    }

    /// This, then escaped text.
    #[must_use]
    pub fn and_text(self, text: impl fmt::Display) -> Html {
        let more = Html::text(text);
        self.and(&more)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Html {}

impl From<&str> for Html {
    fn from(text: &str) -> Html {
        Html::text(text)
    }
}

impl From<String> for Html {
    fn from(text: String) -> Html {
        Html::text(text)
    }
}

impl From<&Html> for Html {
    fn from(html: &Html) -> Html {
        html.clone()
    }
}

// A template hands a field over by reference, whatever it holds.
impl From<&String> for Html {
    fn from(text: &String) -> Html {
        Html::text(text)
    }
}

impl From<&&str> for Html {
    fn from(text: &&str) -> Html {
        Html::text(text)
    }
}
