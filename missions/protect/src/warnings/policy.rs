//! `protect/warnings/`: who agrees to a warning, how long its text may be, where it may lead, and how each
//! channel carries it.

use std::any::Any;
use std::collections::BTreeSet;
use std::sync::Arc;

use observables::{Kind as Observed, normalise};
use record::access::{Actor, RolesFile};
use record::policy::{Files, PolicyError, Versioned};
use record::publication::{Audiences, Grade};
use serde::Deserialize;

use super::text;
use crate::messages::merged;

const FILE: &str = "protect/warnings/warnings.toml";
const TEMPLATES: &str = "protect/warnings/templates.toml";
const PLACES: &str = "protect/places.toml";

/// The words of the Common Alerting Protocol 1.2, section 3.2.2.
const URGENCY: [&str; 5] = ["Immediate", "Expected", "Future", "Past", "Unknown"];
const SEVERITY: [&str; 5] = ["Extreme", "Severe", "Moderate", "Minor", "Unknown"];
const CERTAINTY: [&str; 5] = ["Observed", "Likely", "Possible", "Unlikely", "Unknown"];

/// What somebody looks at before a warning may be approved.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    pub id: String,
    pub title: String,
    /// Whether the officer in the case is named.
    pub asks_officer: bool,
    /// Whether it is done by somebody who did not write the text.
    pub by_another: bool,
    /// Each is ticked.
    pub lines: Vec<String>,
    pub roles: Vec<String>,
}

/// An approval, given by a person of one of its roles.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    pub id: String,
    pub title: String,
    pub roles: Vec<String>,
}

/// Whether a person holds one of these roles today.
pub fn holds(actor: &Actor, roles: &[String]) -> bool {
    roles.iter().any(|r| actor.roles.contains(r))
}

/// A kind of warning.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    pub id: String,
    pub title: String,
    pub text: String,
    urgency: String,
    severity: String,
    certainty: String,
}

impl Kind {
    /// How it is graded for programs; an immediate threat is urgent whatever its kind.
    pub fn grade(&self, immediate: bool) -> Grade {
        let urgency = if immediate { URGENCY[0] } else { &self.urgency };
        Grade {
            urgency: urgency.to_owned(),
            severity: self.severity.clone(),
            certainty: self.certainty.clone(),
        }
    }
}

/// A post for social media of one length.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Post {
    pub id: String,
    pub title: String,
    /// In characters.
    pub longest: usize,
}

/// Longest texts, in characters, and most steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub title: usize,
    pub what: usize,
    pub step: usize,
    pub steps: usize,
}

/// A warning to start from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    pub id: String,
    pub title: String,
    /// Page of advice, by key; empty without one.
    pub topic: String,
    pub owner: String,
    pub version: i64,
    pub interests: Vec<String>,
    pub headline: String,
    pub what: String,
    pub steps: Vec<String>,
}

/// Warnings by e-mail.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscribing {
    pub confirm_within_hours: i64,
    pub most_confirmations_a_day: i64,
    confirm_subject: String,
    confirm_body: String,
    foot: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Needed {
    usual: Vec<String>,
    immediate: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WarningsFile {
    sender: String,
    press_contact: String,
    language: String,
    category: String,
    issue_within_hours: i64,
    usual_days: i64,
    longest_days: i64,
    show_cleared_days: i64,
    official_domains: Vec<String>,
    numbers: Vec<String>,
    limits: Limits,
    #[serde(rename = "check")]
    checks: Vec<Check>,
    #[serde(rename = "approval")]
    approvals: Vec<Approval>,
    #[serde(rename = "approvals")]
    needed: Needed,
    #[serde(rename = "post")]
    posts: Vec<Post>,
    #[serde(rename = "kind")]
    kinds: Vec<Kind>,
    subscription: Subscribing,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TemplatesFile {
    #[serde(rename = "template")]
    templates: Vec<Template>,
}

/// The part of other files that is read here; those files have owners who check the rest.
#[derive(Debug, Deserialize)]
struct Address {
    address: String,
}

#[derive(Debug, Deserialize)]
struct ForceName {
    name: String,
}

#[derive(Debug, Deserialize)]
struct PlaceFile {
    place: Vec<PlaceNumber>,
}

#[derive(Debug, Deserialize)]
struct PlaceNumber {
    #[serde(default)]
    phone: String,
    #[serde(default)]
    checked: String,
}

/// What the unit decided about warnings.
#[derive(Debug)]
pub struct WarningPolicy {
    pub digest: String,
    pub force: String,
    /// Where the public reaches the public side.
    pub address: String,
    pub sender: String,
    pub press_contact: String,
    pub language: String,
    pub category: String,
    pub issue_within_hours: i64,
    pub usual_days: i64,
    pub longest_days: i64,
    pub show_cleared_days: i64,
    pub official_domains: Vec<String>,
    /// Numbers somebody has checked, as digits and in the form of E.164.
    numbers: BTreeSet<String>,
    pub limits: Limits,
    pub checks: Vec<Check>,
    approvals: Vec<Approval>,
    needed: Needed,
    pub posts: Vec<Post>,
    pub kinds: Vec<Kind>,
    pub subscribing: Subscribing,
    pub audiences: Audiences,
    pub templates: Vec<Template>,
}

impl WarningPolicy {
    pub fn load(files: &Files) -> Result<Arc<dyn Any + Send + Sync>, PolicyError> {
        WarningPolicy::read(files).map(|p| Arc::new(p) as Arc<dyn Any + Send + Sync>)
    }

    pub fn read(files: &Files) -> Result<WarningPolicy, PolicyError> {
        let Versioned { policy, digest } = files.read::<WarningsFile>(FILE)?;
        let templates = files.read::<TemplatesFile>(TEMPLATES)?.policy.templates;
        let address = files.read::<Address>("protect/portal.toml")?.policy.address;
        let loaded = WarningPolicy {
            digest,
            force: files.read::<ForceName>("force.toml")?.policy.name,
            address: address.trim_end_matches('/').to_owned(),
            numbers: numbers(files, policy.numbers)?,
            sender: policy.sender,
            press_contact: policy.press_contact,
            language: policy.language,
            category: policy.category,
            issue_within_hours: policy.issue_within_hours,
            usual_days: policy.usual_days,
            longest_days: policy.longest_days,
            show_cleared_days: policy.show_cleared_days,
            official_domains: policy.official_domains,
            limits: policy.limits,
            checks: policy.checks,
            approvals: policy.approvals,
            needed: policy.needed,
            posts: policy.posts,
            kinds: policy.kinds,
            subscribing: policy.subscription,
            audiences: Audiences::load(files)?,
            templates,
        };
        loaded.check_times()?;
        loaded.check_people(files)?;
        loaded.check_channels()?;
        loaded.check_templates(files)?;
        Ok(loaded)
    }

    fn check_times(&self) -> Result<(), PolicyError> {
        let wrong = |problem: &str| Err(PolicyError::new(FILE, problem));
        let all = [
            self.issue_within_hours,
            self.usual_days,
            self.show_cleared_days,
            self.subscribing.confirm_within_hours,
            self.subscribing.most_confirmations_a_day,
        ];
        if all.iter().any(|n| *n < 1) {
            return wrong("hours, days and most_confirmations_a_day are at least 1");
        }
        if self.longest_days < self.usual_days {
            return wrong("longest_days is at least usual_days");
        }
        let limits = self.limits;
        if [limits.title, limits.what, limits.step, limits.steps].contains(&0) {
            return wrong("limits are at least 1");
        }
        Ok(())
    }

    fn check_people(&self, files: &Files) -> Result<(), PolicyError> {
        let wrong = |problem: String| Err(PolicyError::new(FILE, problem));
        let roles = files.read::<RolesFile>("access/roles.toml")?.policy.role;
        let known = |id: &String| roles.iter().any(|r| r.id == *id && !r.system);
        let asked = self.checks.iter().map(|c| (&c.id, &c.roles));
        let mut seen = BTreeSet::new();
        for (id, named) in asked.chain(self.approvals.iter().map(|a| (&a.id, &a.roles))) {
            if !seen.insert(id) {
                return wrong(format!("{id} is there twice"));
            }
            match named.iter().find(|r| !known(r)) {
                Some(role) => {
                    return wrong(format!("{id}: access/roles.toml has no role {role:?}"));
                }
                None if named.is_empty() => return wrong(format!("{id}: name at least one role")),
                None => {}
            }
        }
        if self.checks.is_empty() || self.checks.iter().any(|c| c.lines.is_empty()) {
            return wrong("check: there is at least one, and each has lines to tick".to_owned());
        }
        for (name, needed) in [
            ("usual", &self.needed.usual),
            ("immediate", &self.needed.immediate),
        ] {
            if needed.is_empty() {
                return wrong(format!(
                    "approvals: {name} names at least one, or nobody would approve"
                ));
            }
            if let Some(id) = needed
                .iter()
                .find(|id| !self.approvals.iter().any(|a| a.id == **id))
            {
                return wrong(format!(
                    "approvals: {name} names {id:?}, which is no approval"
                ));
            }
        }
        Ok(())
    }

    fn check_channels(&self) -> Result<(), PolicyError> {
        let wrong = |problem: String| Err(PolicyError::new(FILE, problem));
        // CAP 1.2, section 3.2.1: an identifier of the sender has none of these.
        if self.sender.is_empty() || self.sender.contains([' ', ',', '<', '&']) {
            return wrong("sender: use no space, comma, < or &".to_owned());
        }
        for domain in &self.official_domains {
            let plain =
                |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-';
            if !domain.contains('.') || !domain.chars().all(plain) || domain.starts_with('.') {
                return wrong(format!(
                    "official_domains: {domain:?} is no domain in small letters"
                ));
            }
        }
        let mut seen = BTreeSet::new();
        for kind in &self.kinds {
            if !seen.insert(&kind.id) {
                return wrong(format!("kind {} is there twice", kind.id));
            }
            for (name, value, known) in [
                ("urgency", &kind.urgency, URGENCY),
                ("severity", &kind.severity, SEVERITY),
                ("certainty", &kind.certainty, CERTAINTY),
            ] {
                if !known.contains(&value.as_str()) {
                    return wrong(format!(
                        "kind {}: {name} is one of {}",
                        kind.id,
                        known.join(", ")
                    ));
                }
            }
        }
        if self.kinds.is_empty() {
            return wrong("kind: name at least one".to_owned());
        }
        // A title, two signs between, and the longest link there can be.
        let least = self.limits.title + 2 + self.link("00000000-0000-0000-0000-000000000000").len();
        if let Some(post) = self.posts.iter().find(|p| p.longest < least) {
            return wrong(format!(
                "post {}: longest is at least {least}, for a title and a link",
                post.id
            ));
        }
        let merged = [
            self.confirmation("x"),
            self.foot("x").map(|foot| (String::new(), foot)),
        ];
        for one in merged {
            one.map_err(|e| PolicyError::new(FILE, format!("subscription: {e}")))?;
        }
        Ok(())
    }

    fn check_templates(&self, files: &Files) -> Result<(), PolicyError> {
        let mut seen = BTreeSet::new();
        for template in &self.templates {
            let wrong = |problem: String| {
                Err(PolicyError::new(
                    TEMPLATES,
                    format!("{}: {problem}", template.id),
                ))
            };
            if !seen.insert(&template.id) {
                return wrong("is there twice".to_owned());
            }
            let page = format!("protect/advice/{}.md", template.topic);
            if !template.topic.is_empty() && !files.0.contains_key(&page) {
                return wrong(format!("there is no page of advice {:?}", template.topic));
            }
            let known = |id: &String| self.audiences.interests.iter().any(|i| i.id == *id);
            if let Some(interest) = template.interests.iter().find(|i| !known(i)) {
                return wrong(format!("audiences.toml has no interest {interest:?}"));
            }
            let texts = [template.headline.as_str(), &template.what];
            for text in texts
                .into_iter()
                .chain(template.steps.iter().map(String::as_str))
            {
                if let Some(fault) = text::faults(self, text).into_iter().next() {
                    return wrong(fault);
                }
            }
        }
        Ok(())
    }

    /// The approvals a warning needs.
    pub fn approvals(&self, immediate: bool) -> impl Iterator<Item = &Approval> {
        let needed = if immediate {
            &self.needed.immediate
        } else {
            &self.needed.usual
        };
        needed
            .iter()
            .filter_map(|id| self.approvals.iter().find(|a| a.id == *id))
    }

    pub fn approval(&self, id: &str) -> Option<&Approval> {
        self.approvals.iter().find(|a| a.id == id)
    }

    pub fn check(&self, id: &str) -> Option<&Check> {
        self.checks.iter().find(|c| c.id == id)
    }

    pub fn kind(&self, id: &str) -> Option<&Kind> {
        self.kinds.iter().find(|k| k.id == id)
    }

    pub fn template(&self, id: &str) -> Option<&Template> {
        self.templates.iter().find(|t| t.id == id)
    }

    /// Whether a site is an official one.
    pub fn is_official(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let below = |d: &String| {
            host.strip_suffix(d.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        self.official_domains.iter().any(below)
    }

    /// Whether a number, as digits or in the form of E.164, is one somebody has checked.
    pub fn is_checked(&self, number: &str) -> bool {
        self.numbers.contains(number)
    }

    /// Where the public reads a warning.
    pub fn link(&self, id: &str) -> String {
        format!("{}/alerts#{id}", self.address)
    }

    /// Subject and text of the message that asks for a confirmation.
    pub fn confirmation(&self, link: &str) -> Result<(String, String), String> {
        let fields = [("force", self.force.as_str()), ("link", link)];
        let texts = &self.subscribing;
        Ok((
            merged("confirm_subject", &texts.confirm_subject, &fields)?,
            merged("confirm_body", &texts.confirm_body, &fields)?,
        ))
    }

    /// What every warning by e-mail ends with.
    pub fn foot(&self, leave: &str) -> Result<String, String> {
        let fields = [("force", self.force.as_str()), ("leave", leave)];
        merged("foot", &self.subscribing.foot, &fields)
    }
}

fn numbers(files: &Files, own: Vec<String>) -> Result<BTreeSet<String>, PolicyError> {
    let places = files.read::<PlaceFile>(PLACES)?.policy.place;
    let checked = places
        .into_iter()
        .filter(|p| !p.checked.is_empty())
        .map(|p| p.phone);
    let mut all = BTreeSet::new();
    for number in own.into_iter().chain(checked).filter(|n| !n.is_empty()) {
        if number.chars().any(|c| !c.is_ascii_digit() && c != ' ') {
            let problem = format!("numbers: {number:?} has digits and spaces only");
            return Err(PolicyError::new(FILE, problem));
        }
        all.insert(number.chars().filter(char::is_ascii_digit).collect());
        all.extend(normalise(Observed::Phone, &number));
    }
    Ok(all)
}
