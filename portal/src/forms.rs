//! What the public may send, field by field, and what makes it a request that can be answered.

use std::collections::BTreeMap;

use parts::FieldErrors;
use record::submission::SubmissionKind;

/// How a field is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    Line,
    Phone,
    Email,
    /// Several lines.
    Text,
    /// One of these values, each with its words.
    Choice(&'static [(&'static str, &'static str)]),
    /// Handed on from another page.
    Hidden,
}

/// One field of a form.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    pub name: &'static str,
    pub label: &'static str,
    pub hint: &'static str,
    pub ask: Ask,
    /// Most characters.
    pub longest: u32,
    /// Purpose for the browser's own filling in (WCAG 2.2, 1.3.5).
    pub autocomplete: &'static str,
    /// What is said when it is left empty; empty when it may be.
    pub needed: &'static str,
}

impl Field {
    const fn new(name: &'static str, label: &'static str, ask: Ask) -> Field {
        Field {
            name,
            label,
            hint: "",
            ask,
            longest: match ask {
                Ask::Text => 2_000,
                Ask::Hidden => 1_000,
                _ => 100,
            },
            autocomplete: "",
            needed: "",
        }
    }

    const fn hint(mut self, hint: &'static str) -> Field {
        self.hint = hint;
        self
    }

    const fn needed(mut self, message: &'static str) -> Field {
        self.needed = message;
        self
    }

    const fn autocomplete(mut self, purpose: &'static str) -> Field {
        self.autocomplete = purpose;
        self
    }
}

/// A form of the site.
#[derive(Debug, Clone, Copy)]
pub struct FormOf {
    /// Last part of its address.
    pub id: &'static str,
    pub kind: SubmissionKind,
    pub title: &'static str,
    /// Paragraphs above the fields.
    pub lead: &'static [&'static str],
    pub fields: &'static [Field],
    pub button: &'static str,
    /// What happens next, on the page that says thanks.
    pub next: &'static [&'static str],
}

const SAFE_TIMES: Ask = Ask::Choice(&[
    ("any", "Any time"),
    ("morning", "Morning, 8am to 12pm"),
    ("afternoon", "Afternoon, 12pm to 5pm"),
    ("evening", "Evening, 5pm to 8pm"),
]);
const YES_NO: Ask = Ask::Choice(&[("yes", "Yes"), ("no", "No")]);

const NAME: Field = Field::new("name", "Your name", Ask::Line)
    .autocomplete("name")
    .needed("Enter your name");
const PHONE: Field = Field::new("phone", "Phone number", Ask::Phone)
    .hint("A number that is safe for us to call")
    .autocomplete("tel")
    .needed("Enter a phone number");
const EMAIL: Field =
    Field::new("email", "Email address (optional)", Ask::Email).autocomplete("email");

/// Every form.
pub const FORMS: [FormOf; 4] = [
    FormOf {
        id: "call-back",
        kind: SubmissionKind::CallBack,
        title: "Ask us to call you",
        lead: &[
            "Use this if you have already reported, and would like to talk to our cyber victim care team.",
            "We will never ask for a password, a code or money. To check that it is us, ask for our name, hang up, and call 101.",
        ],
        fields: &[
            NAME,
            PHONE,
            Field::new("report", "Your report's reference (optional)", Ask::Line)
                .hint("On the message you got when you reported, for example RF26112312345"),
            Field::new("times", "When is it safe to call?", SAFE_TIMES).needed("Choose when it is safe to call"),
            Field::new("message", "May we leave a message?", YES_NO)
                .hint("We would leave only a name and a number")
                .needed("Choose whether we may leave a message"),
            Field::new("needs", "Do you need another language, or help to talk? (optional)", Ask::Line),
            Field::new("about", "Anything else we should know (optional)", Ask::Text)
                .hint("Do not write passwords, PINs or card numbers"),
        ],
        button: "Ask for a call",
        next: &[
            "We read requests on working days and call as soon as we can, the most urgent first.",
            "If something changes, or you feel unsafe, call 101. In an emergency, call 999.",
        ],
    },
    FormOf {
        id: "organisation",
        kind: SubmissionKind::OrganisationHelp,
        title: "Ask for help for your organisation",
        lead: &[
            "If an attack is going on now, call 0300 123 2040 first. This form is not read at night.",
            "A police cyber protect officer answers. It is free.",
        ],
        fields: &[
            Field::new("organisation", "Organisation", Ask::Line)
                .autocomplete("organization")
                .needed("Enter the organisation's name"),
            NAME,
            Field::new("phone", "Phone number", Ask::Phone)
                .hint("One that works when your computers do not")
                .autocomplete("tel")
                .needed("Enter a phone number"),
            EMAIL,
            Field::new(
                "urgency",
                "What is it about?",
                Ask::Choice(&[
                    ("now", "We are under attack now"),
                    ("happened", "Something happened, and is over"),
                    ("advice", "Advice, a talk or a visit"),
                    ("check", "The result of a check"),
                ]),
            )
            .needed("Choose what it is about"),
            Field::new("about", "Tell us about it", Ask::Text)
                .hint("Do not write passwords. If your email may be read by others, do not use it to talk about this")
                .needed("Tell us what it is about"),
            Field::new("check", "Check", Ask::Hidden),
            Field::new("answers", "Answers", Ask::Hidden),
        ],
        button: "Ask for help",
        next: &[
            "An officer reads this on working days and calls you.",
            "Under attack now? Call 0300 123 2040 and say so. Leave machines switched on and take them off the network.",
        ],
    },
    FormOf {
        id: "young-person",
        kind: SubmissionKind::YoungPerson,
        title: "Tell us about a young person",
        lead: &[
            "Use this if a young person may be breaking the law with computers, or soon will. We help them use their skills well. It is not a punishment.",
            "If a child is being hurt or threatened, call 101, or 999 if it is urgent.",
        ],
        fields: &[
            NAME,
            Field::new(
                "role",
                "Who are you?",
                Ask::Choice(&[
                    ("parent", "Parent or carer"),
                    ("teacher", "Teacher or school staff"),
                    ("worker", "Youth or social worker"),
                    ("self", "I am the young person"),
                    ("other", "Somebody else"),
                ]),
            )
            .needed("Choose who you are"),
            PHONE,
            EMAIL,
            Field::new("young_person", "The young person's first name", Ask::Line)
                .hint("Or what we should call them. We ask for the rest when we talk")
                .needed("Enter a first name"),
            Field::new("age", "Their age", Ask::Line).needed("Enter their age in years"),
            Field::new("knows", "Do they know that you are telling us?", YES_NO)
                .needed("Choose whether they know"),
            Field::new("about", "What worries you?", Ask::Text).needed("Tell us what worries you"),
        ],
        button: "Send",
        next: &[
            "A specialist officer reads this on working days and calls you. Nothing is decided without talking to you.",
        ],
    },
    FormOf {
        id: "feedback",
        kind: SubmissionKind::Feedback,
        title: "Give feedback",
        lead: &["Tell us what works and what does not. Do not use this to report a crime."],
        fields: &[
            Field::new(
                "rating",
                "How easy was this service to use?",
                Ask::Choice(&[
                    ("easy", "Easy"),
                    ("neither", "Neither easy nor hard"),
                    ("hard", "Hard"),
                ]),
            )
            .needed("Choose how easy it was"),
            Field::new("page", "Which page? (optional)", Ask::Line),
            Field::new("about", "How could we make it better? (optional)", Ask::Text),
            Field::new("email", "Email address, if you would like an answer (optional)", Ask::Email)
                .autocomplete("email"),
        ],
        button: "Send feedback",
        next: &["We read every message, and answer within 20 working days if you left an address."],
    },
];

/// A form as it was filled in.
pub type Filled = BTreeMap<String, String>;

impl FormOf {
    pub fn path(&self) -> String {
        format!("/help/{}", self.id)
    }

    /// Whether it can be saved and sent later. Feedback is soon written.
    pub fn can_wait(&self) -> bool {
        self.kind != SubmissionKind::Feedback
    }

    /// Takes the fields it knows out of what was posted. Names it does not know are left out, and so
    /// is what is empty.
    pub fn fill(&self, pairs: Vec<(String, String)>) -> Filled {
        let mut filled = Filled::new();
        for (name, value) in pairs {
            let known = self.fields.iter().any(|f| f.name == name);
            let value = value.replace("\r\n", "\n");
            let value = value.trim();
            if known && !value.is_empty() {
                filled.entry(name).or_insert_with(|| value.to_owned());
            }
        }
        filled
    }

    /// What must be put right before it can be sent.
    pub fn check(&self, filled: &Filled) -> FieldErrors {
        let mut errors = FieldErrors::new();
        for field in self.fields {
            let value = filled.get(field.name).map_or("", String::as_str);
            if let Some(message) = field.fault(value) {
                errors.add(field.name, message);
            }
        }
        errors
    }
}

impl Field {
    fn fault(&self, value: &str) -> Option<String> {
        if value.is_empty() {
            return Some(self.needed.to_owned()).filter(|m| !m.is_empty());
        }
        let length = value.chars().count();
        if length > self.longest as usize {
            return Some(format!(
                "Use {} characters or fewer. You have used {length}",
                self.longest
            ));
        }
        let lines = matches!(self.ask, Ask::Text);
        if value
            .chars()
            .any(|c| c.is_control() && !(lines && (c == '\n' || c == '\t')))
        {
            return Some("Use letters, numbers and signs only, on one line".to_owned())
                .filter(|_| !lines)
                .or_else(|| Some("Use letters, numbers and signs only".to_owned()));
        }
        match self.ask {
            Ask::Phone if !is_phone(value) => {
                Some("Enter a phone number, like 01632 960 001 or +44 7700 900 982".to_owned())
            }
            Ask::Email if !is_email(value) => {
                Some("Enter an email address like name@example.com".to_owned())
            }
            Ask::Choice(choices) if !choices.iter().any(|(v, _)| *v == value) => {
                Some("Choose one of the answers".to_owned())
            }
            _ => None,
        }
    }
}

/// What is wrong with an e-mail address, if anything is.
pub fn email_fault(value: &str) -> Option<String> {
    EMAIL.fault(value)
}

fn is_phone(value: &str) -> bool {
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let fits = |c: char| c.is_ascii_digit() || " +()-.x".contains(c);
    (7..=20).contains(&digits) && value.chars().all(fits)
}

/// One address, without what could end a header or begin another (RFC 5322 allows more; nobody needs it).
fn is_email(value: &str) -> bool {
    let Some((name, host)) = value.rsplit_once('@') else {
        return false;
    };
    let bad = |c: char| c.is_whitespace() || c.is_control() || "<>(),;:\\\"[]@".contains(c);
    !name.is_empty()
        && host.contains('.')
        && !host.starts_with('.')
        && !host.ends_with('.')
        && !value.replacen('@', "", 1).contains(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call_back(changes: &[(&str, &str)]) -> FieldErrors {
        let mut pairs = vec![
            ("name", "Ann"),
            ("phone", "01632 960 001"),
            ("times", "any"),
            ("message", "no"),
        ];
        pairs.extend_from_slice(changes);
        // Later pairs win here, as a visitor would have typed them instead.
        let mut pairs: Vec<(String, String)> = pairs
            .into_iter()
            .map(|(n, v)| (n.to_owned(), v.to_owned()))
            .collect();
        pairs.reverse();
        FORMS[0].check(&FORMS[0].fill(pairs))
    }

    #[test]
    fn a_whole_form_passes_and_each_fault_is_named() {
        assert!(call_back(&[]).is_empty());
        assert!(call_back(&[("about", "Two\r\nlines")]).is_empty());
        for (field, value) in [
            ("name", "Ann\r\nBcc: all@example.com"),
            ("phone", "call me"),
            ("times", "midnight"),
            ("about", &"x".repeat(2_001)),
            ("name", "\u{0}"),
        ] {
            assert!(
                call_back(&[(field, value)]).get(field).is_some(),
                "{field} {value:?}"
            );
        }
        let empty = FORMS[0].check(&Filled::new());
        assert_eq!(empty.get("name"), Some("Enter your name"));
        assert_eq!(empty.len(), 4);
    }

    #[test]
    fn names_it_does_not_know_are_left_out() {
        let pairs = [("admin", "1"), ("name", " Ann "), ("name", "Bob")];
        let pairs = pairs.map(|(n, v)| (n.to_owned(), v.to_owned()));
        let filled = FORMS[0].fill(pairs.into());
        assert_eq!(filled.len(), 1);
        assert_eq!(filled["name"], "Ann");
    }

    #[test]
    fn addresses() {
        assert!(is_email("name@example.com"));
        for bad in [
            "name",
            "@example.com",
            "a b@example.com",
            "a@b@example.com",
            "a@example.com\nBcc: x@y.z",
            "a,b@example.com",
            "a@example",
            "a@.com",
        ] {
            assert!(!is_email(bad), "{bad:?}");
        }
    }
}
