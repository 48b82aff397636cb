//! `protect/messages.toml`: who messages are from, when they are tried again, and their texts.

use std::any::Any;
use std::collections::BTreeSet;
use std::sync::Arc;

use lettre::message::Mailbox;
use minijinja::value::Kwargs;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use record::policy::{Files, PolicyError, Versioned};
use serde::Deserialize;
use uuid::Uuid;

use super::helped_texts::{HelpedFile, HelpedPolicy};
use super::letter_head::LetterHead;

pub(super) const FILE: &str = "protect/messages.toml";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MessagesFile {
    from: String,
    reply_to: Option<String>,
    wait_minutes: Vec<u32>,
    unsure_after_minutes: u32,
    again_after_days: u32,
    need_legal_check: bool,
    helped: HelpedFile,
    letter: LetterHead,
    notify: Option<NotifyFile>,
    #[serde(rename = "template")]
    templates: Vec<TemplateFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NotifyFile {
    template: String,
    reply_to: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TemplateFile {
    id: String,
    title: String,
    owner: String,
    version: u32,
    language: String,
    helped: Option<String>,
    legal_checked: Option<toml::value::Datetime>,
    subject: String,
    body: String,
}

/// A text with its merge fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pub id: String,
    pub title: String,
    /// Who answers for the text.
    pub owner: String,
    pub version: u32,
    /// BCP 47.
    pub language: String,
    /// What happened, in a text that tells victims of a network that their report helped. Texts that say the
    /// same in other languages have the same word.
    pub helped: Option<String>,
    /// Day on which the text was checked for law and for risk to investigations.
    pub legal_checked: Option<String>,
    subject: String,
    body: String,
}

/// What of GOV.UK Notify messages are sent by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotifyTemplate {
    /// Id of the one template, which has a field for the subject and one for the text.
    pub id: String,
    /// Id of the address answers go to, one of those the service has there.
    pub reply_to: Option<String>,
}

/// What is merged into a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Merge {
    pub reference: String,
    pub name: String,
    pub caller: String,
    pub body: String,
    pub force: String,
}

/// What the unit decided about messages.
#[derive(Debug)]
pub struct MessagePolicy {
    pub digest: String,
    pub from: Mailbox,
    pub reply_to: Option<Mailbox>,
    wait_minutes: Vec<u32>,
    pub unsure_after_minutes: u32,
    pub again_after_days: u32,
    need_legal_check: bool,
    /// Who is not told that their report helped.
    pub helped: HelpedPolicy,
    /// Head and window of letters.
    pub letter: LetterHead,
    /// What is needed to send by GOV.UK Notify.
    pub notify: Option<NotifyTemplate>,
    pub templates: Vec<Template>,
}

impl MessagePolicy {
    pub fn load(files: &Files) -> Result<Arc<dyn Any + Send + Sync>, PolicyError> {
        MessagePolicy::read(files).map(|p| Arc::new(p) as Arc<dyn Any + Send + Sync>)
    }

    fn read(files: &Files) -> Result<MessagePolicy, PolicyError> {
        let Versioned { policy, digest } = files.read::<MessagesFile>(FILE)?;
        let wrong = |problem: String| PolicyError::new(FILE, problem);
        let mailbox = |name: &str, text: &str| {
            text.parse::<Mailbox>().map_err(|e| {
                wrong(format!(
                    "{name}: {text:?} is no address such as \"Name <a@b.example>\": {e}"
                ))
            })
        };
        if policy.wait_minutes.is_empty() || policy.wait_minutes.contains(&0) {
            return Err(wrong(
                "wait_minutes: give at least one number, each above nought".to_owned(),
            ));
        }
        Ok(MessagePolicy {
            digest,
            from: mailbox("from", &policy.from)?,
            reply_to: policy
                .reply_to
                .map(|text| mailbox("reply_to", &text))
                .transpose()?,
            wait_minutes: policy.wait_minutes,
            unsure_after_minutes: policy.unsure_after_minutes,
            again_after_days: policy.again_after_days,
            need_legal_check: policy.need_legal_check,
            helped: HelpedPolicy::read(policy.helped, files).map_err(wrong)?,
            letter: policy.letter.checked().map_err(wrong)?,
            templates: templates(policy.templates).map_err(wrong)?,
            notify: policy.notify.map(notify).transpose().map_err(wrong)?,
        })
    }

    pub fn template(&self, id: &str) -> Option<&Template> {
        self.templates.iter().find(|t| t.id == id)
    }

    /// Why a text may not be sent, and what to do about it.
    pub fn hindrance(&self, template: &Template) -> Option<String> {
        (self.need_legal_check && template.legal_checked.is_none()).then(|| {
            format!(
                "Nobody has recorded the legal check of \"{}\". Ask {} to check it and to write the \
                 date in the policy file {FILE}",
                template.title, template.owner
            )
        })
    }

    /// Minutes before the next try, after so many that failed.
    pub fn wait(&self, failed: u32) -> u32 {
        let at = usize::try_from(failed.saturating_sub(1)).unwrap_or(usize::MAX);
        let last = self.wait_minutes.len() - 1;
        self.wait_minutes.get(at.min(last)).copied().unwrap_or(1)
    }
}

/// Texts as written, checked.
fn templates(files: Vec<TemplateFile>) -> Result<Vec<Template>, String> {
    let mut templates: Vec<Template> = Vec::new();
    let mut said = BTreeSet::new();
    for one in files {
        let template = Template {
            legal_checked: one.legal_checked.map(|d| d.to_string()),
            id: one.id,
            title: one.title,
            owner: one.owner,
            version: one.version,
            language: one.language,
            helped: one.helped,
            subject: one.subject,
            body: one.body,
        };
        if templates.iter().any(|t| t.id == template.id) {
            return Err(format!("template {:?} is there twice", template.id));
        }
        if let Some(what) = &template.helped {
            if what.trim().is_empty() {
                return Err(format!(
                    "template {:?}: helped = {what:?} does not say what happened",
                    template.id
                ));
            }
            if !said.insert((what.clone(), template.language.clone())) {
                return Err(format!(
                    "template {:?}: there is a text already for helped = {what:?} in the language {:?}",
                    template.id, template.language
                ));
            }
        }
        // A text that cannot be merged is refused at the start, not in front of a victim.
        template
            .merged(&Merge::default())
            .map_err(|e| format!("template {:?}: {e}", template.id))?;
        templates.push(template);
    }
    Ok(templates)
}

/// Ids as Notify shows them.
fn notify(file: NotifyFile) -> Result<NotifyTemplate, String> {
    let id = |name: &str, text: &str| match Uuid::try_parse(text) {
        Ok(id) => Ok(id.hyphenated().to_string()),
        Err(_) => Err(format!(
            "notify.{name}: {text:?} is no id of GOV.UK Notify, such as 11111111-2222-3333-4444-555555555555. Copy it \
             from there"
        )),
    };
    Ok(NotifyTemplate {
        id: id("template", &file.template)?,
        reply_to: file.reply_to.map(|to| id("reply_to", &to)).transpose()?,
    })
}

impl Template {
    /// Subject and text with the fields merged in. Plain text: nothing is escaped, and whoever shows it
    /// does that. A field that is not known is an error; so is a subject that would be two lines.
    pub fn merged(&self, with: &Merge) -> Result<(String, String), String> {
        let fields = [
            ("reference", with.reference.as_str()),
            ("name", &with.name),
            ("caller", &with.caller),
            ("body", &with.body),
            ("force", &with.force),
        ];
        let subject = merged("subject", &self.subject, &fields)?;
        let body = merged("body", self.body.trim_start(), &fields)?;
        Ok((line(&subject), body))
    }
}

/// A text on one line.
pub(crate) fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text of policy with fields merged in, each on one line. Plain text: nothing is escaped. A field that is
/// not among these is an error that names those there are.
pub(crate) fn merged(what: &str, text: &str, fields: &[(&str, &str)]) -> Result<String, String> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    let known: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let values: Kwargs = fields
        .iter()
        .map(|(name, value)| (*name, Value::from(line(value))))
        .collect();
    environment
        .render_named_str(what, text, Value::from(values))
        .map_err(|e| format!("{e}. Merge fields are {}", known.join(", ")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn template(subject: &str, body: &str) -> Template {
        Template {
            id: "t".to_owned(),
            title: "T".to_owned(),
            owner: "O".to_owned(),
            version: 1,
            language: "en".to_owned(),
            helped: None,
            legal_checked: None,
            subject: subject.to_owned(),
            body: body.to_owned(),
        }
    }

    #[test]
    fn fields_are_data_and_stay_on_their_line() {
        let with = Merge {
            name: "Ann\r\nBcc: x@y.example {{ reference }} <b>".to_owned(),
            reference: "R\n1".to_owned(),
            ..Merge::default()
        };
        let (subject, body) = template("About {{ reference }}", "Dear {{ name }}\nbye\n")
            .merged(&with)
            .unwrap();
        assert_eq!(subject, "About R 1");
        assert_eq!(body, "Dear Ann Bcc: x@y.example {{ reference }} <b>\nbye");
    }

    #[test]
    fn an_unknown_field_is_told_with_those_there_are() {
        let told = template("S", "Dear {{ nmae }}").merged(&Merge::default());
        assert!(told.unwrap_err().contains("reference, name, caller"));
        let told = template("S {{", "x").merged(&Merge::default());
        assert!(told.unwrap_err().contains("syntax"));
    }
}
