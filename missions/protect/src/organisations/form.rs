//! A page that is one form.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use web::parts::{Button, FieldErrors, Hidden, Html, Page};
use web::{App, Error, SignedIn};

use super::rows::Organisation;

/// What came of an attempt to write what a form or a program sent.
pub enum Written<T = ()> {
    Done(T),
    /// What is wrong, field by field.
    Wrong(FieldErrors),
}

impl<T> Written<T> {
    /// The answer to a program: what was made, or what is wrong in words.
    ///
    /// # Errors
    /// A bad request that names each field.
    pub fn or_bad_request(self) -> Result<T, Error> {
        match self {
            Written::Done(made) => Ok(made),
            Written::Wrong(errors) => Err(Error::BadRequest(errors.in_words())),
        }
    }
}

/// A page that asks for something about a record.
pub struct FormPage {
    pub title: String,
    /// Menu entry it belongs to.
    pub menu: &'static str,
    /// Text and address of the way back.
    pub back: (String, String),
    pub action: String,
    /// What stands above the fields: parts, or nothing.
    pub lead: Html,
    pub fields: Vec<Html>,
    pub button: &'static str,
}

#[derive(Template)]
#[template(path = "organisations/form.html")]
struct Drawn {
    page: Page,
    action: String,
    lead: Html,
    fields: Vec<Html>,
    button: &'static str,
    errors: FieldErrors,
}

impl FormPage {
    /// A form about an organisation, sent to `end` of its address; what it asks for is added.
    pub fn of(organisation: &Organisation, title: String, end: &str) -> FormPage {
        FormPage {
            title,
            menu: "/organisations",
            back: (organisation.name.clone(), organisation.href()),
            action: format!("{}/{end}", organisation.href()),
            lead: Html::default(),
            fields: Vec::new(),
            button: "Save",
        }
    }

    /// Draws it; with errors it is an answer of 422.
    pub fn draw(self, app: &App, who: &SignedIn, errors: FieldErrors) -> Result<Response, Error> {
        let status = if errors.is_empty() {
            StatusCode::OK
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        };
        let (text, href) = self.back;
        let page = who
            .page(app, &self.title, self.menu)
            .back(text, href)
            .with_errors(&errors);
        let drawn = Drawn {
            page,
            action: self.action,
            lead: self.lead,
            fields: self.fields,
            button: self.button,
            errors,
        };
        web::html_with(status, &drawn)
    }
}

#[derive(Template)]
#[template(
    source = r#"{% for text in texts %}<p class="govuk-body">{{ text }}</p>{% endfor %}"#,
    ext = "html"
)]
struct Paragraphs<'t> {
    texts: &'t [String],
}

impl askama::filters::HtmlSafe for Paragraphs<'_> {}

/// Paragraphs of text.
pub fn paragraphs(texts: &[String]) -> Html {
    Html::of(&Paragraphs { texts })
}

/// One paragraph of text.
pub fn paragraph(text: impl Into<String>) -> Html {
    paragraphs(&[text.into()])
}

/// A heading between fields.
#[derive(Template)]
#[template(
    source = r#"<h2 class="govuk-heading-m">{{ text }}</h2>"#,
    ext = "html"
)]
struct Heading<'t> {
    text: &'t str,
}

impl askama::filters::HtmlSafe for Heading<'_> {}

pub fn heading(text: &str) -> Html {
    Html::of(&Heading { text })
}
