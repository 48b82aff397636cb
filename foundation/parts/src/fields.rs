//! Fields of a form that take text, a date or a file.
//!
//! The id of a field is its name, so that [`FieldErrors`] can link to it; where two forms on one
//! page have a field of the same name, give one another id.

use askama::Template;
use askama::filters::HtmlSafe;

use super::FieldErrors;

/// Size of a label or legend, from GOV.UK's type scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LabelSize {
    #[default]
    Normal,
    S,
    M,
    L,
}

impl LabelSize {
    /// The class's ending, or none.
    pub(super) fn suffix(self) -> Option<&'static str> {
        match self {
            LabelSize::Normal => None,
            LabelSize::S => Some("s"),
            LabelSize::M => Some("m"),
            LabelSize::L => Some("l"),
        }
    }
}

/// What every field has: a name, a label, and perhaps a hint and an error.
macro_rules! field_parts {
    ($field:ident) => {
        impl<'a> $field<'a> {
            /// Another id than the name.
            #[must_use]
            pub fn id(mut self, id: &'a (impl AsRef<str> + ?Sized)) -> Self {
                self.id = id.as_ref();
                self
            }

            /// Help that stays in view while the field is filled in; an empty text is none.
            #[must_use]
            pub fn hint(mut self, hint: &'a (impl AsRef<str> + ?Sized)) -> Self {
                self.hint = Some(hint.as_ref()).filter(|hint| !hint.is_empty());
                self
            }

            /// What was wrong, if anything.
            #[must_use]
            pub fn error(mut self, error: Option<&'a str>) -> Self {
                self.error = error;
                self
            }

            /// Takes the error of this field's name.
            #[must_use]
            pub fn errors(mut self, errors: &'a FieldErrors) -> Self {
                self.error = errors.get(self.name);
                self
            }

            #[must_use]
            pub fn label_size(mut self, size: LabelSize) -> Self {
                self.label_size = size;
                self
            }
        }

        impl HtmlSafe for $field<'_> {}
    };
}
pub(super) use field_parts;

/// What a text field takes; decides the keyboard a phone offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputKind {
    Text,
    Search,
    Email,
    Tel,
    /// With a button that shows it.
    Password,
    /// Digits. A text field with a number keyboard: browsers' number fields lose what they cannot
    /// read and change under the mouse wheel (GOV.UK Design System, text input).
    Number,
}

/// A line of text.
#[derive(Debug, Template)]
#[template(path = "parts/input.html")]
pub struct Input<'a> {
    id: &'a str,
    name: &'a str,
    label: &'a str,
    label_size: LabelSize,
    value: &'a str,
    hint: Option<&'a str>,
    error: Option<&'a str>,
    kind: InputKind,
    characters: Option<u8>,
    autocomplete: Option<&'a str>,
    inputmode: Option<&'a str>,
    spellcheck: bool,
    prefix: Option<&'a str>,
}

impl<'a> Input<'a> {
    pub fn new(
        name: &'a (impl AsRef<str> + ?Sized),
        label: &'a (impl AsRef<str> + ?Sized),
    ) -> Input<'a> {
        Input {
            id: name.as_ref(),
            name: name.as_ref(),
            label: label.as_ref(),
            label_size: LabelSize::default(),
            value: "",
            hint: None,
            error: None,
            kind: InputKind::Text,
            characters: None,
            autocomplete: None,
            inputmode: None,
            spellcheck: true,
            prefix: None,
        }
    }

    /// What the field already holds. A password is never sent back to the page.
    #[must_use]
    pub fn value(mut self, value: &'a (impl AsRef<str> + ?Sized)) -> Self {
        self.value = value.as_ref();
        self
    }

    #[must_use]
    pub fn kind(mut self, kind: InputKind) -> Self {
        self.kind = kind;
        if kind == InputKind::Number {
            self.inputmode = Some("numeric");
        }
        if kind != InputKind::Text && kind != InputKind::Search {
            self.spellcheck = false;
        }
        self
    }

    #[must_use]
    pub fn search(self) -> Self {
        self.kind(InputKind::Search)
    }

    #[must_use]
    pub fn email(self) -> Self {
        self.kind(InputKind::Email)
    }

    #[must_use]
    pub fn tel(self) -> Self {
        self.kind(InputKind::Tel)
    }

    #[must_use]
    pub fn password(self) -> Self {
        self.kind(InputKind::Password)
    }

    #[must_use]
    pub fn number(self) -> Self {
        self.kind(InputKind::Number)
    }

    /// Room for about this many characters, raised to the next width GOV.UK has (2, 3, 4, 5, 10,
    /// 20 or 30). The width tells people how much to write.
    #[must_use]
    pub fn characters(mut self, characters: u8) -> Self {
        let widths = [2, 3, 4, 5, 10, 20, 30];
        self.characters = widths.into_iter().find(|width| *width >= characters);
        self
    }

    /// What a browser may fill in (WCAG 2.2, 1.3.5), for example "postal-code"; "off" for
    /// somebody else's details.
    #[must_use]
    pub fn autocomplete(mut self, purpose: &'a (impl AsRef<str> + ?Sized)) -> Self {
        self.autocomplete = Some(purpose.as_ref());
        self
    }

    /// The keyboard a phone offers, for example "decimal".
    #[must_use]
    pub fn inputmode(mut self, mode: &'a (impl AsRef<str> + ?Sized)) -> Self {
        self.inputmode = Some(mode.as_ref());
        self
    }

    /// A unit in front of the field, for example "£". Screen readers skip it: say it in the label.
    #[must_use]
    pub fn prefix(mut self, prefix: &'a (impl AsRef<str> + ?Sized)) -> Self {
        self.prefix = Some(prefix.as_ref());
        self
    }

    /// For references, names and codes, which a spelling check only disturbs.
    #[must_use]
    pub fn no_spellcheck(mut self) -> Self {
        self.spellcheck = false;
        self
    }

    fn kind_attribute(&self) -> &'static str {
        match self.kind {
            InputKind::Text | InputKind::Number => "text",
            InputKind::Search => "search",
            InputKind::Email => "email",
            InputKind::Tel => "tel",
            InputKind::Password => "password",
        }
    }
}

field_parts!(Input);

/// Several lines of text.
#[derive(Debug, Template)]
#[template(path = "parts/textarea.html")]
pub struct Textarea<'a> {
    id: &'a str,
    name: &'a str,
    label: &'a str,
    label_size: LabelSize,
    value: &'a str,
    hint: Option<&'a str>,
    error: Option<&'a str>,
    rows: u8,
}

impl<'a> Textarea<'a> {
    pub fn new(
        name: &'a (impl AsRef<str> + ?Sized),
        label: &'a (impl AsRef<str> + ?Sized),
    ) -> Textarea<'a> {
        Textarea {
            id: name.as_ref(),
            name: name.as_ref(),
            label: label.as_ref(),
            label_size: LabelSize::default(),
            value: "",
            hint: None,
            error: None,
            rows: 5,
        }
    }

    #[must_use]
    pub fn value(mut self, value: &'a (impl AsRef<str> + ?Sized)) -> Self {
        self.value = value.as_ref();
        self
    }

    #[must_use]
    pub fn rows(mut self, rows: u8) -> Self {
        self.rows = rows;
        self
    }
}

field_parts!(Textarea);

/// Several lines of text with a limit, counted while one types.
#[derive(Debug, Template)]
#[template(path = "parts/character_count.html")]
pub struct CharacterCount<'a> {
    id: &'a str,
    name: &'a str,
    label: &'a str,
    label_size: LabelSize,
    value: &'a str,
    hint: Option<&'a str>,
    error: Option<&'a str>,
    rows: u8,
    limit: u32,
}

impl<'a> CharacterCount<'a> {
    /// The limit is in characters. The server must hold it too: the count only informs.
    pub fn new(
        name: &'a (impl AsRef<str> + ?Sized),
        label: &'a (impl AsRef<str> + ?Sized),
        limit: u32,
    ) -> CharacterCount<'a> {
        CharacterCount {
            id: name.as_ref(),
            name: name.as_ref(),
            label: label.as_ref(),
            label_size: LabelSize::default(),
            value: "",
            hint: None,
            error: None,
            rows: 5,
            limit,
        }
    }

    #[must_use]
    pub fn value(mut self, value: &'a (impl AsRef<str> + ?Sized)) -> Self {
        self.value = value.as_ref();
        self
    }

    #[must_use]
    pub fn rows(mut self, rows: u8) -> Self {
        self.rows = rows;
        self
    }
}

field_parts!(CharacterCount);

/// A day in three boxes. They are sent as `NAME-day`, `NAME-month` and `NAME-year`; the first has
/// the field's id, so that an error links to it.
#[derive(Debug, Template)]
#[template(path = "parts/date_input.html")]
pub struct DateInput<'a> {
    id: &'a str,
    name: &'a str,
    label: &'a str,
    label_size: LabelSize,
    hint: Option<&'a str>,
    error: Option<&'a str>,
    day: &'a str,
    month: &'a str,
    year: &'a str,
}

impl<'a> DateInput<'a> {
    pub fn new(
        name: &'a (impl AsRef<str> + ?Sized),
        legend: &'a (impl AsRef<str> + ?Sized),
    ) -> DateInput<'a> {
        DateInput {
            id: name.as_ref(),
            name: name.as_ref(),
            label: legend.as_ref(),
            label_size: LabelSize::default(),
            hint: None,
            error: None,
            day: "",
            month: "",
            year: "",
        }
    }

    /// Day, month and year as they were typed.
    #[must_use]
    pub fn typed(
        mut self,
        day: &'a (impl AsRef<str> + ?Sized),
        month: &'a (impl AsRef<str> + ?Sized),
        year: &'a (impl AsRef<str> + ?Sized),
    ) -> Self {
        (self.day, self.month, self.year) = (day.as_ref(), month.as_ref(), year.as_ref());
        self
    }

    /// The boxes: part of the name, label, width in characters, what it holds, ending of the id.
    fn boxes(&self) -> [(&'static str, &'static str, u8, &'a str, &'static str); 3] {
        [
            ("day", "Day", 2, self.day, ""),
            ("month", "Month", 2, self.month, "-month"),
            ("year", "Year", 4, self.year, "-year"),
        ]
    }
}

field_parts!(DateInput);

/// A file, or several. The form needs `enctype="multipart/form-data"`.
#[derive(Debug, Template)]
#[template(path = "parts/file_upload.html")]
pub struct FileUpload<'a> {
    id: &'a str,
    name: &'a str,
    label: &'a str,
    label_size: LabelSize,
    hint: Option<&'a str>,
    error: Option<&'a str>,
    accept: Option<&'a str>,
    several: bool,
}

impl<'a> FileUpload<'a> {
    pub fn new(
        name: &'a (impl AsRef<str> + ?Sized),
        label: &'a (impl AsRef<str> + ?Sized),
    ) -> FileUpload<'a> {
        FileUpload {
            id: name.as_ref(),
            name: name.as_ref(),
            label: label.as_ref(),
            label_size: LabelSize::default(),
            hint: None,
            error: None,
            accept: None,
            several: false,
        }
    }

    /// Kinds the browser offers first, for example ".csv,.xlsx". The server must check for itself.
    #[must_use]
    pub fn accept(mut self, kinds: &'a (impl AsRef<str> + ?Sized)) -> Self {
        self.accept = Some(kinds.as_ref());
        self
    }

    #[must_use]
    pub fn several(mut self) -> Self {
        self.several = true;
        self
    }
}

field_parts!(FileUpload);
