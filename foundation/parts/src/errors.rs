//! What was wrong with a form.

use askama::Template;
use askama::filters::HtmlSafe;

/// What was wrong with a form, field by field, in the order of the form.
///
/// A field has one message: the first that was added. The id of a field is its name, unless the
/// page gave it another; then add the error with [`FieldErrors::add_at`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldErrors(Vec<FieldError>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct FieldError {
    field: String,
    anchor: String,
    message: String,
}

impl FieldErrors {
    pub fn new() -> FieldErrors {
        FieldErrors::default()
    }

    /// Says how to put a field right: "Enter a full UK postcode".
    pub fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        let field = field.into();
        self.add_at(field.clone(), field, message);
    }

    /// As [`FieldErrors::add`], where the id to jump to differs from the field's name, as for the
    /// month of a date: `errors.add_at("born", "born-month", "Enter the month as a number")`.
    pub fn add_at(
        &mut self,
        field: impl Into<String>,
        anchor: impl Into<String>,
        message: impl Into<String>,
    ) {
        let field = field.into();
        if self.get(&field).is_some() {
            return;
        }
        self.0.push(FieldError {
            field,
            anchor: anchor.into(),
            message: message.into(),
        });
    }

    pub fn get(&self, field: &str) -> Option<&str> {
        let found = self.0.iter().find(|error| error.field == field);
        found.map(|error| error.message.as_str())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// For the API: each field with its message.
    pub fn in_words(&self) -> String {
        let lines: Vec<String> = self
            .0
            .iter()
            .map(|e| format!("{}: {}", e.field, e.message))
            .collect();
        lines.join("; ")
    }

    /// The box above the form; nothing when there are no errors.
    pub fn summary(&self) -> ErrorSummary<'_> {
        let pairs = self
            .0
            .iter()
            .map(|error| (error.anchor.as_str(), error.message.as_str()));
        ErrorSummary::new(pairs.collect())
    }
}

/// The box above a form that lists its errors, each a link to its field. Renders nothing when there
/// are none, so a template may always write it.
#[derive(Debug, Template)]
#[template(path = "parts/error_summary.html")]
pub struct ErrorSummary<'a> {
    title: &'a str,
    errors: Vec<(&'a str, &'a str)>,
}

impl<'a> ErrorSummary<'a> {
    /// Pairs of the id to jump to and the message.
    pub fn new(errors: Vec<(&'a str, &'a str)>) -> ErrorSummary<'a> {
        ErrorSummary {
            title: "There is a problem",
            errors,
        }
    }

    #[must_use]
    pub fn titled(mut self, title: &'a str) -> ErrorSummary<'a> {
        self.title = title;
        self
    }
}

impl HtmlSafe for ErrorSummary<'_> {}
