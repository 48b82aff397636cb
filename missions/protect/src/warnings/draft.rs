//! What a writer typed, and the draft it becomes when it can be read by the public as it stands.

use record::ids::{NetworkId, RecordId};
use record::time::{Date, Timestamp};
use serde::Deserialize;
use url::Url;
use web::parts::FieldErrors;

use super::policy::{Template, WarningPolicy};
use super::state::Channel;
use super::text;

/// What gave rise to a warning.
pub const TRIGGERS: [(&str, &str); 3] = [
    ("trend", "A trend in reports"),
    ("incident", "An incident"),
    ("intelligence", "Intelligence"),
];

const LONGEST_SOURCE: usize = 300;
const LONGEST_CAUSE: usize = 1_000;

/// The form as it was typed.
#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Typed {
    /// The version the writer saw; nought for a new one.
    pub seen: i64,
    pub template: String,
    pub replaces: String,
    pub kind: String,
    pub immediate: String,
    pub title: String,
    pub what: String,
    /// One to a line.
    pub steps: String,
    pub link: String,
    pub source: String,
    pub places: Vec<String>,
    pub sectors: Vec<String>,
    pub interests: Vec<String>,
    pub channels: Vec<String>,
    pub trigger: String,
    pub network: String,
    pub cause: String,
    #[serde(rename = "decided-day")]
    pub decided_day: String,
    #[serde(rename = "decided-month")]
    pub decided_month: String,
    #[serde(rename = "decided-year")]
    pub decided_year: String,
    pub decided_time: String,
    #[serde(rename = "expires-day")]
    pub expires_day: String,
    #[serde(rename = "expires-month")]
    pub expires_month: String,
    #[serde(rename = "expires-year")]
    pub expires_year: String,
}

/// A warning as somebody wrote it, with nothing left to put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub template: String,
    pub template_version: i64,
    /// Page of advice, by key; empty without one.
    pub topic: String,
    /// What it is about, in words.
    pub event: String,
    pub kind: String,
    pub immediate: bool,
    pub title: String,
    pub what: String,
    pub steps: Vec<String>,
    pub link: String,
    /// Where its figures can be checked.
    pub source: String,
    pub places: Vec<String>,
    pub sectors: Vec<String>,
    pub interests: Vec<String>,
    pub channels: Vec<Channel>,
    pub trigger: String,
    /// The network that caused it.
    pub network: Option<NetworkId>,
    pub cause: String,
    /// When it was decided to warn.
    pub decided_at: Timestamp,
    pub expires_at: Timestamp,
    /// The warning in force that it takes the place of.
    pub replaces: Option<RecordId>,
}

/// Day, month and year as they are typed.
fn parts(day: Date) -> [String; 3] {
    [
        day.day().to_string(),
        day.month().to_string(),
        day.year().to_string(),
    ]
}

fn words(lines: &[String]) -> String {
    lines.join("\n")
}

impl Typed {
    /// An empty form begun from a template.
    pub fn from_template(policy: &WarningPolicy, template: &Template, now: Timestamp) -> Typed {
        let mut typed = Typed {
            template: template.id.clone(),
            kind: policy
                .kinds
                .first()
                .map(|k| k.id.clone())
                .unwrap_or_default(),
            title: template.headline.clone(),
            what: template.what.trim().to_owned(),
            steps: words(&template.steps),
            interests: template.interests.clone(),
            channels: Channel::ALL.map(|c| c.name().to_owned()).into(),
            ..Typed::default()
        };
        typed.set_times(now, now.plus_days(policy.usual_days));
        typed
    }

    /// The form of a draft, to be changed.
    pub fn of(draft: &Draft, seen: i64) -> Typed {
        let mut typed = Typed {
            seen,
            template: draft.template.clone(),
            replaces: draft.replaces.map(|id| id.to_string()).unwrap_or_default(),
            kind: draft.kind.clone(),
            immediate: if draft.immediate { "yes" } else { "no" }.to_owned(),
            title: draft.title.clone(),
            what: draft.what.clone(),
            steps: words(&draft.steps),
            link: draft.link.clone(),
            source: draft.source.clone(),
            places: draft.places.clone(),
            sectors: draft.sectors.clone(),
            interests: draft.interests.clone(),
            channels: draft.channels.iter().map(|c| c.name().to_owned()).collect(),
            trigger: draft.trigger.clone(),
            network: draft.network.map(|id| id.to_string()).unwrap_or_default(),
            cause: draft.cause.clone(),
            ..Typed::default()
        };
        // It ends with its last day.
        typed.set_times(draft.decided_at, draft.expires_at.plus_minutes(-1));
        typed
    }

    pub fn set_times(&mut self, decided: Timestamp, expires: Timestamp) {
        [self.decided_day, self.decided_month, self.decided_year] = parts(decided.day());
        self.decided_time = decided.show_time();
        [self.expires_day, self.expires_month, self.expires_year] = parts(expires.day());
    }

    /// The draft, or everything that has to be put right first.
    pub fn check(&self, policy: &WarningPolicy, now: Timestamp) -> Result<Draft, FieldErrors> {
        let mut errors = FieldErrors::new();
        let template = policy.template(&self.template);
        let (title, what, steps) = self.texts(policy, &mut errors);
        let draft = Draft {
            template: self.template.clone(),
            template_version: template.map_or(0, |t| t.version),
            topic: template.map(|t| t.topic.clone()).unwrap_or_default(),
            event: template.map_or_else(String::new, |t| match t.topic.as_str() {
                "" => title.clone(),
                _ => t.title.clone(),
            }),
            kind: self.kind.clone(),
            immediate: self.immediate == "yes",
            link: self.link(policy, &mut errors),
            source: self.source(policy, (&title, &what, &steps), &mut errors),
            title,
            what,
            steps,
            places: known(&self.places, policy.audiences.places.iter().map(|p| &p.id)),
            sectors: known(
                &self.sectors,
                policy.audiences.sectors.iter().map(|s| &s.id),
            ),
            interests: known(
                &self.interests,
                policy.audiences.interests.iter().map(|s| &s.id),
            ),
            channels: Channel::ALL
                .into_iter()
                .filter(|c| self.channels.iter().any(|name| name == c.name()))
                .collect(),
            trigger: self.trigger.clone(),
            network: self.network(&mut errors),
            cause: self.cause.trim().to_owned(),
            decided_at: self.decided_at(now, &mut errors),
            expires_at: self.expires_at(policy, now, &mut errors),
            replaces: self.replaces.parse().ok(),
        };
        self.choices(policy, &draft, &mut errors);
        if errors.is_empty() {
            Ok(draft)
        } else {
            Err(errors)
        }
    }

    fn choices(&self, policy: &WarningPolicy, draft: &Draft, errors: &mut FieldErrors) {
        if policy.template(&self.template).is_none() {
            errors.add("title", "Begin again from one of the templates");
        }
        if policy.kind(&draft.kind).is_none() {
            errors.add("kind", "Choose what kind it is");
        }
        if !["yes", "no"].contains(&self.immediate.as_str()) {
            errors.add("immediate", "Choose whether the threat is immediate");
        }
        if draft.channels.is_empty() {
            errors.add("channels", "Choose at least one channel");
        }
        if !TRIGGERS.iter().any(|(id, _)| *id == draft.trigger) {
            errors.add("trigger", "Choose what gave rise to it");
        }
        if draft.cause.is_empty() {
            errors.add("cause", "Say what happened, and how we know");
        }
        too_long("cause", &draft.cause, LONGEST_CAUSE, errors);
    }

    fn texts(
        &self,
        policy: &WarningPolicy,
        errors: &mut FieldErrors,
    ) -> (String, String, Vec<String>) {
        let limits = policy.limits;
        let title = self.title.split_whitespace().collect::<Vec<_>>().join(" ");
        let what = self.what.replace("\r\n", "\n").trim().to_owned();
        let steps = self.steps.replace("\r\n", "\n");
        let steps: Vec<String> = steps
            .lines()
            .map(|s| s.trim().trim_start_matches("- ").to_owned())
            .filter(|s| !s.is_empty())
            .collect();
        if title.is_empty() {
            errors.add("title", "Enter a title");
        }
        if what.is_empty() {
            errors.add("what", "Say what is happening");
        }
        if steps.is_empty() {
            errors.add("steps", "Say what people should do");
        }
        if steps.len() > limits.steps {
            errors.add("steps", format!("Use {} steps or fewer", limits.steps));
        }
        too_long("title", &title, limits.title, errors);
        too_long("what", &what, limits.what, errors);
        if let Some(step) = steps.iter().find(|s| s.chars().count() > limits.step) {
            too_long("steps", step, limits.step, errors);
        }
        let together = words(&steps);
        for (field, text) in [("title", &title), ("what", &what), ("steps", &together)] {
            if let Some(fault) = text::faults(policy, text).into_iter().next() {
                errors.add(field, fault);
            }
        }
        (title, what, steps)
    }

    fn link(&self, policy: &WarningPolicy, errors: &mut FieldErrors) -> String {
        let link = self.link.trim();
        if link.is_empty() {
            return String::new();
        }
        let fault = match Url::parse(link) {
            Ok(url)
                if url.scheme() != "https"
                    || !url.username().is_empty()
                    || url.password().is_some() =>
            {
                "Enter an address that begins with https://, without a name or password in it"
            }
            Ok(url) if url.host_str().is_some_and(|host| policy.is_official(host)) => {
                return url.to_string();
            }
            Ok(_) => {
                "This is not an official site. Choose another, or have it added to official_domains in policy"
            }
            Err(_) => "Enter a whole address like https://www.ncsc.gov.uk/guidance",
        };
        errors.add("link", fault);
        String::new()
    }

    fn source(
        &self,
        policy: &WarningPolicy,
        (title, what, steps): (&str, &str, &[String]),
        errors: &mut FieldErrors,
    ) -> String {
        let source = self.source.trim().to_owned();
        too_long("source", &source, LONGEST_SOURCE, errors);
        let text = format!("{title}\n{what}\n{}", words(steps));
        if let Some(figure) = text::figure(policy, &text).filter(|_| source.is_empty()) {
            errors.add(
                "source",
                format!("Say where {figure} comes from, so that it can be checked"),
            );
        }
        source
    }

    /// An identifier, or an address of the network's page that ends in one.
    fn network(&self, errors: &mut FieldErrors) -> Option<NetworkId> {
        let typed = self.network.trim().trim_end_matches('/');
        if typed.is_empty() {
            return None;
        }
        let id = typed.rsplit('/').next().unwrap_or_default().parse().ok();
        if id.is_none() {
            errors.add(
                "network",
                "Copy the address of the network's page, or leave this empty",
            );
        }
        id
    }

    fn decided_at(&self, now: Timestamp, errors: &mut FieldErrors) -> Timestamp {
        let day = day(&self.decided_day, &self.decided_month, &self.decided_year);
        let time = clock(&self.decided_time);
        let (Some(day), Some((hour, minute))) = (day, time) else {
            let told = match day {
                None => ("decided", "Enter the day of the decision, like 23 11 2026"),
                Some(_) => (
                    "decided_time",
                    "Enter the time of the decision, like 2:30pm or 14:30",
                ),
            };
            errors.add(told.0, told.1);
            return now;
        };
        let at = Timestamp::at(day, hour, minute);
        // The minute that is running began before now.
        if at > now {
            errors.add("decided", "The decision cannot be in the future");
        }
        at
    }

    /// The end of the day that was typed.
    fn expires_at(
        &self,
        policy: &WarningPolicy,
        now: Timestamp,
        errors: &mut FieldErrors,
    ) -> Timestamp {
        let Some(day) = day(&self.expires_day, &self.expires_month, &self.expires_year) else {
            errors.add(
                "expires",
                "Enter the last day it is in force, like 7 12 2026",
            );
            return now;
        };
        let at = Timestamp::start_of(day.plus_days(1));
        if at <= now {
            errors.add("expires", "The last day cannot be in the past");
        }
        if day.days_since(now.day()) > policy.longest_days {
            let told = format!(
                "A warning is in force for {} days at most",
                policy.longest_days
            );
            errors.add("expires", told);
        }
        at
    }
}

fn too_long(field: &str, text: &str, most: usize, errors: &mut FieldErrors) {
    let length = text.chars().count();
    if length > most {
        errors.add(
            field,
            format!("Use {most} characters or fewer. There are {length}"),
        );
    }
}

fn known<'a>(chosen: &[String], all: impl Iterator<Item = &'a String>) -> Vec<String> {
    all.filter(|id| chosen.contains(id)).cloned().collect()
}

fn day(day: &str, month: &str, year: &str) -> Option<Date> {
    let (day, month, year) = (
        day.trim().parse().ok()?,
        month.trim().parse().ok()?,
        year.trim().parse().ok()?,
    );
    Date::new(year, month, day)
}

/// `2:30pm`, `2pm` or `14:30`.
fn clock(text: &str) -> Option<(i8, i8)> {
    let text = text.trim().to_lowercase().replace(' ', "");
    let (digits, half) = match (text.strip_suffix("am"), text.strip_suffix("pm")) {
        (Some(digits), _) => (digits, Some(0)),
        (_, Some(digits)) => (digits, Some(12)),
        _ => (text.as_str(), None),
    };
    let (hour, minute) = match (digits.split_once(':'), half) {
        (Some((hour, minute)), _) => (hour, minute),
        (None, Some(_)) => (digits, "0"),
        (None, None) => return None,
    };
    let (hour, minute): (i8, i8) = (hour.parse().ok()?, minute.parse().ok()?);
    let hour = match half {
        Some(later) if (1..=12).contains(&hour) => hour % 12 + later,
        Some(_) => return None,
        None => hour,
    };
    ((0..24).contains(&hour) && (0..60).contains(&minute)).then_some((hour, minute))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::warnings::tests::policy;

    fn now() -> Timestamp {
        Timestamp::parse("2026-11-23T12:00:00Z").unwrap()
    }

    fn typed(policy: &WarningPolicy) -> Typed {
        let template = policy.template("courier_fraud").unwrap();
        let mut typed = Typed::from_template(policy, template, now());
        typed.immediate = "yes".to_owned();
        typed.trigger = "trend".to_owned();
        typed.cause = "Many calls since Friday".to_owned();
        typed
    }

    #[test]
    fn every_template_that_is_filled_in_can_be_written_down() {
        let policy = policy();
        for template in policy.templates.iter().filter(|t| !t.topic.is_empty()) {
            let mut typed = typed(&policy);
            let begun = Typed::from_template(&policy, template, now());
            (typed.template, typed.title, typed.what, typed.steps) =
                (begun.template, begun.title, begun.what, begun.steps);
            let checked = typed.check(&policy, now());
            assert!(
                checked.is_ok(),
                "{}: {:?}",
                template.id,
                checked.unwrap_err()
            );
        }
    }

    #[test]
    fn a_draft_comes_back_as_it_was_typed() {
        let policy = policy();
        let draft = typed(&policy).check(&policy, now()).unwrap();
        assert_eq!(draft.decided_at, now());
        assert_eq!(draft.expires_at.rfc3339(), "2026-12-08T00:00:00Z");
        let again = Typed::of(&draft, 3).check(&policy, now()).unwrap();
        assert_eq!(again, draft);
    }

    #[test]
    fn each_fault_is_told_at_its_field() {
        let policy = policy();
        type Change = fn(&mut Typed);
        let changes: [(&str, Change); 16] = [
            ("title", |t| t.title = " ".to_owned()),
            ("title", |t| t.title = "x".repeat(91)),
            ("what", |t| t.what = "See evil.com".to_owned()),
            ("what", |t| t.what = "x".repeat(1_501)),
            ("steps", |t| t.steps = "a\n".repeat(9)),
            ("steps", |t| t.steps = "\n \n".to_owned()),
            ("link", |t| t.link = "http://www.police.uk".to_owned()),
            ("link", |t| {
                t.link = "https://user@www.police.uk/".to_owned()
            }),
            ("link", |t| {
                t.link = "https://police.uk.evil.com/".to_owned()
            }),
            ("source", |t| t.what = "There were 40 reports.".to_owned()),
            ("channels", |t| t.channels = vec!["radio".to_owned()]),
            ("network", |t| t.network = "/networks/x".to_owned()),
            ("decided", |t| t.decided_day = "24".to_owned()),
            ("decided_time", |t| t.decided_time = "noonish".to_owned()),
            ("expires", |t| {
                t.expires_day = "22".to_owned() + &t.expires_day
            }),
            ("expires", |t| t.expires_year = "2027".to_owned()),
        ];
        for (field, change) in changes {
            let mut typed = typed(&policy);
            change(&mut typed);
            let errors = typed.check(&policy, now()).unwrap_err();
            assert!(
                errors.get(field).is_some(),
                "{field}: {}",
                errors.in_words()
            );
        }
    }

    #[test]
    fn times_of_day() {
        for (text, time) in [
            ("2:30pm", Some((14, 30))),
            ("12am", Some((0, 0))),
            ("12.00 pm", None),
            ("12 pm", Some((12, 0))),
            ("14:30", Some((14, 30))),
            ("24:00", None),
            ("13pm", None),
            ("14", None),
        ] {
            assert_eq!(clock(text), time, "{text}");
        }
    }
}
