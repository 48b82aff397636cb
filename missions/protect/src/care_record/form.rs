//! A form of the care record: its fields drawn one after the other, on one page for all of them.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use web::parts::{
    Button, Checkboxes, Choice, DateInput, FieldErrors, Fieldset, Hidden, Html, Input, LabelSize,
    Page, Radios, Select, Textarea, Timeline, TimelineItem,
};
use web::{App, SignedIn};

use super::fields::Fields;
use super::read::Victim;

/// Fields drawn with what was typed and what was wrong with it.
pub struct Drawn<'a> {
    form: &'a Fields,
    errors: &'a FieldErrors,
    html: Html,
}

impl<'a> Drawn<'a> {
    pub fn new(form: &'a Fields, errors: &'a FieldErrors) -> Drawn<'a> {
        Drawn {
            form,
            errors,
            html: Html::default(),
        }
    }

    /// A line of text.
    pub fn line(mut self, name: &str, label: &str, hint: &str) -> Self {
        let value = self.form.text(name).to_owned();
        let input = Input::new(name, label)
            .hint(hint)
            .value(&value)
            .errors(self.errors);
        self.html = self.html.and(&input);
        self
    }

    /// A short one: a time, a number.
    pub fn short(mut self, name: &str, label: &str, hint: &str) -> Self {
        let value = self.form.text(name).to_owned();
        let input = Input::new(name, label)
            .hint(hint)
            .value(&value)
            .characters(10);
        self.html = self.html.and(&input.errors(self.errors));
        self
    }

    /// Several lines.
    pub fn area(mut self, name: &str, label: &str, hint: &str) -> Self {
        let value = self.form.text(name).to_owned();
        let area = Textarea::new(name, label).hint(hint).value(&value).rows(3);
        self.html = self.html.and(&area.errors(self.errors));
        self
    }

    /// One of a few.
    pub fn radios(mut self, name: &str, legend: &str, hint: &str, choices: &[Choice]) -> Self {
        let chosen = self.form.text(name).to_owned();
        let radios = Radios::new(name, legend, choices)
            .hint(hint)
            .chosen(&chosen)
            .small();
        self.html = self
            .html
            .and(&radios.label_size(LabelSize::S).errors(self.errors));
        self
    }

    /// Any of them.
    pub fn ticks(mut self, name: &str, legend: &str, hint: &str, choices: &[Choice]) -> Self {
        let mut choices = choices.to_vec();
        for choice in &mut choices {
            let chosen = self.form.holds(name, &choice.value);
            *choice = choice.clone().chosen(chosen);
        }
        let ticks = Checkboxes::new(name, legend, &choices).hint(hint).small();
        self.html = self
            .html
            .and(&ticks.label_size(LabelSize::S).errors(self.errors));
        self
    }

    /// One box to tick: the value is `yes`.
    pub fn tick(self, name: &str, legend: &str, text: &str) -> Self {
        self.ticks(name, legend, "", &[Choice::new("yes", text)])
    }

    /// One of many.
    pub fn select(mut self, name: &str, label: &str, hint: &str, choices: &[Choice]) -> Self {
        let chosen = self.form.text(name).to_owned();
        let select = Select::new(name, label, choices).hint(hint).chosen(&chosen);
        self.html = self.html.and(&select.errors(self.errors));
        self
    }

    /// A day in three boxes.
    pub fn day(mut self, name: &str, legend: &str, hint: &str) -> Self {
        let part = |which: &str| self.form.text(&format!("{name}-{which}")).to_owned();
        let (day, month, year) = (part("day"), part("month"), part("year"));
        let input = DateInput::new(name, legend)
            .hint(hint)
            .typed(&day, &month, &year);
        self.html = self
            .html
            .and(&input.label_size(LabelSize::S).errors(self.errors));
        self
    }

    pub fn hidden(mut self, name: &str, value: &str) -> Self {
        self.html = self.html.and(&Hidden::new(name, value));
        self
    }

    /// A group of fields under a legend.
    pub fn group(mut self, legend: &str, draw: impl FnOnce(Drawn<'a>) -> Drawn<'a>) -> Self {
        let inner = draw(Drawn::new(self.form, self.errors)).done();
        self.html = self.html.and(&Fieldset::new(legend, inner));
        self
    }

    pub fn done(self) -> Html {
        self.html
    }
}

/// The page of a form.
#[derive(Template)]
#[template(path = "care_record/form.html")]
pub struct FormPage {
    page: Page,
    errors: FieldErrors,
    action: String,
    intro: &'static str,
    fields: Html,
    button: &'static str,
    aside_title: &'static str,
    aside: Html,
}

/// What a form's page is made of.
pub struct Made {
    pub page: Page,
    pub action: String,
    pub fields: Html,
    pub button: &'static str,
    pub errors: FieldErrors,
}

impl FormPage {
    pub fn of(made: Made) -> FormPage {
        FormPage {
            page: made.page.with_errors(&made.errors),
            errors: made.errors,
            action: made.action,
            intro: "",
            fields: made.fields,
            button: made.button,
            aside_title: "",
            aside: Html::default(),
        }
    }

    /// A sentence under the title.
    #[must_use]
    pub fn intro(mut self, intro: &'static str) -> FormPage {
        self.intro = intro;
        self
    }

    /// What stands beside the form.
    #[must_use]
    pub fn aside(mut self, title: &'static str, aside: Html) -> FormPage {
        (self.aside_title, self.aside) = (title, aside);
        self
    }

    /// Earlier versions beside the form; nothing when there are none.
    #[must_use]
    pub fn history(self, title: &'static str, items: Vec<TimelineItem>) -> FormPage {
        if items.is_empty() {
            return self;
        }
        self.aside(title, Html::of(&Timeline::new(items)))
    }

    /// The page as an answer, with 422 when there are errors.
    pub fn show(self) -> Result<Response, web::Error> {
        let wrong = !self.errors.is_empty();
        if wrong {
            return web::html_with(StatusCode::UNPROCESSABLE_ENTITY, &self);
        }
        web::html(&self)
    }
}

/// The frame of a page of the record, with the way back to it.
pub fn frame(app: &App, who: &SignedIn, victim: &Victim, title: &str) -> Page {
    who.page(app, title, "/victim-care")
        .back("Care record", victim.href("record"))
}
