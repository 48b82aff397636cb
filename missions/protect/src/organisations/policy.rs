//! `protect/organisations.toml`, with the question sets of assessments.

use std::any::Any;
use std::collections::BTreeSet;
use std::sync::Arc;

use record::assessment::{INSIDER, Sets};
use record::policy::{Files, PolicyError, Versioned};
use serde::Deserialize;
use web::parts::Choice;

const FILE: &str = "protect/organisations.toml";

/// Schemes and bodies the measures name.
pub const CYBER_ESSENTIALS: &str = "cyber_essentials";
pub const CISP: &str = "cisp";
pub const ECRC: &str = "ecrc";
pub const TOLD: &str = "told";
/// Our own body.
pub const FORCE: &str = "force";
/// Stops the clock of an incident call.
pub const ADVICE: &str = "advice";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OrganisationsFile {
    deconfliction_days: u32,
    follow_up_days: u32,
    longest_note: usize,
    kind: Vec<Named>,
    size: Vec<Size>,
    sector: Vec<Named>,
    reason: Vec<Named>,
    body: Vec<Body>,
    format: Vec<Named>,
    topic: Vec<Named>,
    scheme: Vec<Scheme>,
    referral: Referral,
    incident: Incident,
}

/// A value that can be chosen, with its words.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    pub id: String,
    pub title: String,
}

/// A band of sizes by number of staff.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    pub id: String,
    pub title: String,
    /// Most staff of the band; none for the last.
    pub most: Option<u32>,
}

/// Somebody who engages with organisations, or has an interest in them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    pub id: String,
    pub title: String,
    /// Beginning of the names of its queues: open work there about a report whose victim the
    /// organisation is, is an interest.
    pub queues: Option<String>,
    /// Outcomes of closed work there that leave the interest standing.
    #[serde(default)]
    pub kept_by: Vec<String>,
}

/// A scheme an organisation can take up.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scheme {
    pub id: String,
    pub title: String,
    /// In order.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
}

/// A step of a scheme.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub id: String,
    pub title: String,
    /// Counts as taken up (PREVENT-07).
    #[serde(default)]
    pub taken_up: bool,
    /// Lasts so many months; for ever when none.
    pub months: Option<u32>,
}

/// The referral to the Eastern Cyber Resilience Centre.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Referral {
    pub version: u32,
    /// What is read out before they say yes or no.
    pub consent: String,
    #[serde(rename = "service")]
    pub services: Vec<Named>,
}

/// Incident support calls.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    /// Minutes from the call to the first advice, while an attack goes on.
    pub live_minutes: u32,
    /// The same, when one is near.
    pub imminent_minutes: u32,
    #[serde(rename = "act")]
    pub acts: Vec<Named>,
    pub hand_over: Vec<Named>,
    #[serde(rename = "error")]
    pub errors: Vec<Named>,
}

/// What the unit decided about organisations.
#[derive(Debug)]
pub struct OrganisationPolicy {
    pub digest: String,
    pub deconfliction_days: u32,
    pub follow_up_days: u32,
    pub longest_note: usize,
    pub kinds: Vec<Named>,
    pub sizes: Vec<Size>,
    pub sectors: Vec<Named>,
    pub reasons: Vec<Named>,
    pub bodies: Vec<Body>,
    pub formats: Vec<Named>,
    pub topics: Vec<Named>,
    pub schemes: Vec<Scheme>,
    pub referral: Referral,
    pub incident: Incident,
    pub sets: Sets,
}

impl OrganisationPolicy {
    pub fn load(files: &Files) -> Result<Arc<dyn Any + Send + Sync>, PolicyError> {
        OrganisationPolicy::read(files).map(|p| Arc::new(p) as Arc<dyn Any + Send + Sync>)
    }

    /// Reads and checks the file and the question sets.
    pub fn read(files: &Files) -> Result<OrganisationPolicy, PolicyError> {
        let Versioned { policy, digest } = files.read::<OrganisationsFile>(FILE)?;
        check(&policy).map_err(|problem| PolicyError::new(FILE, problem))?;
        let sets = Sets::load(files)?;
        if sets.newest(INSIDER).is_none() {
            let problem = format!("no set has the id {INSIDER:?}, which INSIDER-01 counts");
            return Err(PolicyError::new("protect/assessments", problem));
        }
        Ok(OrganisationPolicy {
            digest,
            deconfliction_days: policy.deconfliction_days,
            follow_up_days: policy.follow_up_days,
            longest_note: policy.longest_note,
            kinds: policy.kind,
            sizes: policy.size,
            sectors: policy.sector,
            reasons: policy.reason,
            bodies: policy.body,
            formats: policy.format,
            topics: policy.topic,
            schemes: policy.scheme,
            referral: policy.referral,
            incident: policy.incident,
            sets,
        })
    }

    pub fn scheme(&self, id: &str) -> Option<&Scheme> {
        self.schemes.iter().find(|s| s.id == id)
    }

    pub fn body_title<'p>(&'p self, id: &'p str) -> &'p str {
        let found = self.bodies.iter().find(|b| b.id == id);
        found.map_or(id, |b| b.title.as_str())
    }

    /// The size band of so many staff.
    pub fn size_of(&self, staff: u32) -> Option<&Size> {
        self.sizes
            .iter()
            .find(|s| s.most.is_none_or(|m| staff <= m))
    }

    pub fn size_title<'p>(&'p self, id: &'p str) -> &'p str {
        let found = self.sizes.iter().find(|s| s.id == id);
        found.map_or(id, |s| s.title.as_str())
    }
}

impl Scheme {
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.steps.iter().find(|s| s.id == id)
    }

    /// The place of a step in the order of the scheme.
    pub fn place(&self, id: &str) -> Option<usize> {
        self.steps.iter().position(|s| s.id == id)
    }
}

/// The words of a stored id; the id itself when policy no longer knows it.
pub fn title_of<'p>(all: &'p [Named], id: &'p str) -> &'p str {
    let found = all.iter().find(|n| n.id == id);
    found.map_or(id, |n| n.title.as_str())
}

/// Ids as choices of a form.
pub fn choices(all: &[Named]) -> Vec<Choice> {
    all.iter().map(|n| Choice::new(&n.id, &n.title)).collect()
}

/// The same with an empty choice first, for a list that opens.
pub fn optional(all: &[Named]) -> Vec<Choice> {
    let mut choices = choices(all);
    choices.insert(0, Choice::new("", "Not known"));
    choices
}

pub fn ids(all: &[Named]) -> impl Iterator<Item = &str> {
    all.iter().map(|n| n.id.as_str())
}

fn check(file: &OrganisationsFile) -> Result<(), String> {
    let bodies: Vec<Named> = file.body.iter().map(|b| named(&b.id, &b.title)).collect();
    let sizes: Vec<Named> = file.size.iter().map(|s| named(&s.id, &s.title)).collect();
    let schemes: Vec<Named> = file.scheme.iter().map(|s| named(&s.id, &s.title)).collect();
    let incident = &file.incident;
    for (what, list) in [
        ("kind", &file.kind),
        ("size", &sizes),
        ("sector", &file.sector),
        ("reason", &file.reason),
        ("body", &bodies),
        ("format", &file.format),
        ("topic", &file.topic),
        ("scheme", &schemes),
        ("referral.service", &file.referral.services),
        ("incident.act", &incident.acts),
        ("incident.hand_over", &incident.hand_over),
        ("incident.error", &incident.errors),
    ] {
        unique(what, list)?;
    }
    // Ids the measures and the pages name.
    for (what, list, wanted) in [
        ("kind", &file.kind, "business"),
        ("reason", &file.reason, "request"),
        ("reason", &file.reason, "victim"),
        ("body", &bodies, FORCE),
        ("body", &bodies, ECRC),
        ("scheme", &schemes, CYBER_ESSENTIALS),
        ("scheme", &schemes, CISP),
        ("scheme", &schemes, ECRC),
        ("incident.act", &incident.acts, ADVICE),
    ] {
        if !list.iter().any(|n| n.id == wanted) {
            return Err(format!("{what}: {wanted:?} must be there"));
        }
    }
    check_schemes(&file.scheme)?;
    if incident.live_minutes == 0 || incident.imminent_minutes == 0 {
        return Err("incident: minutes must be above nought".to_owned());
    }
    if file.deconfliction_days == 0 || file.follow_up_days == 0 || file.longest_note == 0 {
        return Err("days and lengths must be above nought".to_owned());
    }
    if file.referral.consent.trim().len() < 40 {
        return Err("referral.consent: write the text that is read out".to_owned());
    }
    Ok(())
}

/// Steps the pages and the measures name.
fn check_schemes(schemes: &[Scheme]) -> Result<(), String> {
    for scheme in schemes {
        let steps: Vec<Named> = scheme
            .steps
            .iter()
            .map(|s| named(&s.id, &s.title))
            .collect();
        unique(&format!("scheme {}: step", scheme.id), &steps)?;
        if scheme.steps.first().is_none_or(|s| s.id != TOLD) {
            return Err(format!(
                "scheme {}: the first step must be {TOLD:?}",
                scheme.id
            ));
        }
    }
    let ecrc = schemes.iter().find(|s| s.id == ECRC);
    for wanted in ["referred", "member", "service_used"] {
        if ecrc.is_none_or(|s| s.step(wanted).is_none()) {
            return Err(format!("scheme {ECRC}: the step {wanted:?} must be there"));
        }
    }
    Ok(())
}

fn named(id: &str, title: &str) -> Named {
    Named {
        id: id.to_owned(),
        title: title.to_owned(),
    }
}

fn unique(what: &str, list: &[Named]) -> Result<(), String> {
    if list.is_empty() {
        return Err(format!("{what}: name at least one"));
    }
    let mut seen = BTreeSet::new();
    for one in list {
        if one.id.trim().is_empty() || one.title.trim().is_empty() {
            return Err(format!("{what}: every one needs an id and a title"));
        }
        if !seen.insert(one.id.as_str()) {
            return Err(format!("{what}: {:?} is there twice", one.id));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = include_str!("../../../../policy/protect/organisations.toml");

    fn read(text: &str) -> Result<OrganisationPolicy, String> {
        let mut files = Files::default();
        for (name, text) in [
            (FILE, text),
            (
                "protect/five-minute-check.toml",
                include_str!("../../../../policy/protect/five-minute-check.toml"),
            ),
            (
                "protect/cyber-essentials.csv",
                include_str!("../../../../policy/protect/cyber-essentials.csv"),
            ),
            (
                "protect/assessments/insider-threat.toml",
                include_str!("../../../../policy/protect/assessments/insider-threat.toml"),
            ),
        ] {
            files.0.insert(name.to_owned(), text.to_owned());
        }
        OrganisationPolicy::read(&files).map_err(|e| e.to_string())
    }

    #[test]
    fn the_shipped_policy_holds_what_is_asked() {
        let policy = read(SHIPPED).unwrap();
        let insider = policy.sets.newest(INSIDER).unwrap();
        assert_eq!(insider.questions.len(), 20);
        let themes: BTreeSet<&str> = insider.questions.iter().map(|q| q.theme.as_str()).collect();
        assert_eq!(themes.len(), 7, "{themes:?}");
        for kind in &insider.kinds {
            let asked = insider.questions.iter().any(|q| q.kinds.contains(&kind.id));
            assert!(asked, "no question bears on {}", kind.id);
            assert!(!kind.controls.is_empty() && !kind.indicators.is_empty());
        }
        assert_eq!(policy.incident.live_minutes, 60);
        assert_eq!(policy.incident.imminent_minutes, 240);
        assert_eq!(policy.size_of(9).unwrap().id, "2-9");
        assert_eq!(policy.size_of(10_000).unwrap().id, "250+");
    }

    #[test]
    fn a_policy_that_does_not_fit_is_refused_with_its_place() {
        for (from, to, told) in [
            ("live_minutes = 60", "live_minutes = 0", "above nought"),
            ("id = \"charity\"", "id = \"business\"", "there twice"),
            (
                "id = \"cisp\"",
                "id = \"sharing\"",
                "\"cisp\" must be there",
            ),
            (
                "follow_up_days = 60",
                "follow_up_months = 2",
                "unknown field",
            ),
            (
                "id = \"member\"",
                "id = \"members\"",
                "\"member\" must be there",
            ),
        ] {
            assert!(SHIPPED.contains(from), "{from}");
            let problem = read(&SHIPPED.replacen(from, to, 1)).unwrap_err();
            assert!(problem.contains(told), "{problem}");
        }
    }
}
