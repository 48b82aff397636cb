//! What the unit decided about victim care: `policy/protect/`.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use record::policy::{Files, PolicyError, Versioned};
use record::time::{Date, Timestamp, WorkingCalendar};
use record::work::Priority;
use serde::Deserialize;

use super::clocks::{Clocks, FIRST_CONTACT};
use super::duty::Effect;
use super::guide::Guides;
use super::plan::{AttemptPlan, Office, Plan};

const FILE: &str = "protect/victim-care.toml";
const TRIAGE: &str = "intake/triage.toml";

/// A value that can be chosen, with its words.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    pub id: String,
    pub title: String,
}

/// How a contact may end.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    pub id: String,
    pub title: String,
    pub effect: Effect,
    /// Whether the victim was spoken to.
    #[serde(default)]
    pub reached: bool,
}

/// A partner whose callers work on duties handed to its unit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partner {
    pub unit: String,
    pub title: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct CareFile {
    enhanced_bands: Vec<String>,
    video_counts: bool,
    support_offer_working_days: u32,
    fallback_advice: String,
    longest_note: usize,
    draft_days: u32,
    partner: Vec<Partner>,
    attempt_plan: AttemptPlan,
    office: Office,
    outcome: Vec<Outcome>,
    prevention: Vec<Named>,
    response: Vec<Named>,
    support: Vec<Named>,
    #[serde(default)]
    topic_words: BTreeMap<String, String>,
}

/// The part of intake's policy that must agree, or is kept there alone.
#[derive(Deserialize)]
struct TriageFile {
    clocks: TriageClocks,
    attempt_plan: AttemptPlan,
}

#[derive(Deserialize)]
struct TriageClocks {
    bank_holidays: Vec<String>,
}

#[derive(Deserialize)]
struct ForceFile {
    name: String,
    unit: String,
}

/// Everything decided about victim care, checked.
#[derive(Debug)]
pub struct Care {
    /// Digest of `victim-care.toml`, kept with each contact.
    pub digest: String,
    pub plan: Plan,
    pub clocks: Clocks,
    pub guides: Guides,
    pub outcomes: Vec<Outcome>,
    pub prevention: Vec<Named>,
    pub responses: Vec<Named>,
    pub support: Vec<Named>,
    pub partners: Vec<Partner>,
    pub longest_note: usize,
    /// Days a draft of a contact is kept.
    pub draft_days: u32,
    /// Name of the force, for the caller's words.
    pub force: String,
    /// The force's own unit.
    pub unit: String,
    enhanced: BTreeSet<String>,
    support_offer_working_days: u32,
}

impl Care {
    pub fn load(files: &Files) -> Result<Arc<dyn Any + Send + Sync>, PolicyError> {
        Care::read(files).map(|care| Arc::new(care) as Arc<dyn Any + Send + Sync>)
    }

    pub fn read(files: &Files) -> Result<Care, PolicyError> {
        let Versioned { policy, digest } = files.read::<CareFile>(FILE)?;
        check(&policy).map_err(|problem| PolicyError::new(FILE, problem))?;
        let triage: TriageFile = toml::from_str(files.text(TRIAGE)?)
            .map_err(|e| PolicyError::new(TRIAGE, e.to_string()))?;
        if triage.attempt_plan != policy.attempt_plan {
            let problem = format!(
                "attempt_plan differs from the one of {TRIAGE}. Both must say the same: that one \
                 sets when a duty is first due, this one what follows"
            );
            return Err(PolicyError::new(FILE, problem));
        }
        let force: ForceFile = toml::from_str(files.text("force.toml")?)
            .map_err(|e| PolicyError::new("force.toml", e.to_string()))?;
        let holidays = &triage.clocks.bank_holidays;
        let calendar = WorkingCalendar::new(holidays.iter().filter_map(|d| Date::parse(d)));
        let guides = Guides::read(files, &policy.topic_words, &policy.fallback_advice)?;
        Ok(Care {
            digest,
            plan: Plan {
                attempt: policy.attempt_plan,
                office: policy.office,
                calendar,
                video_counts: policy.video_counts,
            },
            clocks: Clocks::read(files)?,
            guides,
            outcomes: policy.outcome,
            prevention: policy.prevention,
            responses: policy.response,
            support: policy.support,
            partners: policy.partner,
            longest_note: policy.longest_note,
            draft_days: policy.draft_days,
            force: force.name,
            unit: force.unit,
            enhanced: policy.enhanced_bands.into_iter().collect(),
            support_offer_working_days: policy.support_offer_working_days,
        })
    }

    pub fn outcome(&self, id: &str) -> Option<&Outcome> {
        self.outcomes.iter().find(|o| o.id == id)
    }

    pub fn partner(&self, unit: &str) -> Option<&Partner> {
        self.partners.iter().find(|p| p.unit == unit)
    }

    /// Whether victims of this band have the enhanced limits.
    pub fn is_enhanced(&self, band: Priority) -> bool {
        self.enhanced.contains(band.name())
    }

    /// Until when a victim is to be spoken to (VC-FIRST-LOCAL).
    pub fn first_contact_limit(&self, received: Timestamp, band: Priority) -> Option<Timestamp> {
        let clock = self.clocks.get(FIRST_CONTACT)?;
        clock.due(received, self.is_enhanced(band), &self.plan.calendar)
    }

    /// Until when an offer of support is in time (PROTECT-08).
    pub fn support_limit(&self, received: Timestamp) -> Timestamp {
        let days = self.support_offer_working_days;
        self.plan.calendar.after(received, days)
    }

    /// The words of an outcome.
    pub fn outcome_words(&self, id: &str) -> String {
        match self.outcome(id) {
            Some(outcome) => outcome.title.clone(),
            None => super::guide::sentence(id),
        }
    }

    /// The words of a topic, a response or an offer.
    pub fn words(&self, id: &str) -> String {
        let named = [&self.prevention, &self.responses, &self.support];
        let named = named.into_iter().flatten().find(|n| n.id == id);
        match (named, self.guides.title(id)) {
            (Some(named), _) => named.title.clone(),
            (None, Some(topic)) => topic.to_owned(),
            (None, None) => super::guide::sentence(id),
        }
    }
}

fn check(file: &CareFile) -> Result<(), String> {
    for effect in Effect::ALL {
        if !file.outcome.iter().any(|o| o.effect == effect) {
            return Err(format!("no outcome has the effect {effect:?}"));
        }
    }
    let lists: [(&str, Vec<&str>); 4] = [
        (
            "outcome",
            file.outcome.iter().map(|o| o.id.as_str()).collect(),
        ),
        ("prevention", ids(&file.prevention)),
        ("response", ids(&file.response)),
        ("support", ids(&file.support)),
    ];
    for (list, ids) in lists {
        if ids.is_empty() {
            return Err(format!("{list}: the list is empty"));
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = ids.iter().find(|id| !seen.insert(**id)) {
            return Err(format!("{list}: {twice} is there twice"));
        }
    }
    let plan = &file.attempt_plan;
    let bands = file.enhanced_bands.iter();
    let bands = bands
        .chain(std::iter::once(&plan.visit_if_band_at_least))
        .chain(plan.first_attempt_working_days.keys());
    if let Some(band) = bands.into_iter().find(|b| Priority::parse(b).is_none()) {
        return Err(format!("{band:?} is not a band: high, medium or standard"));
    }
    if plan.attempts < 1 {
        return Err("attempt_plan: at least one attempt is needed".to_owned());
    }
    if let Some(step) = plan.then.iter().find(|s| *s != "letter" && *s != "text") {
        return Err(format!("attempt_plan: {step:?} is not letter or text"));
    }
    let office = file.office;
    if !(0 <= office.opens
        && office.opens < office.closes
        && office.closes < office.evening_until
        && office.evening_until <= 23)
    {
        return Err("office: opens, closes and evening_until must follow each other".to_owned());
    }
    Ok(())
}

fn ids(list: &[Named]) -> Vec<&str> {
    list.iter().map(|n| n.id.as_str()).collect()
}
