//! `policy/protect/follow-up.toml`: at which days victims are called again, and how often it is tried.

use std::any::Any;
use std::collections::BTreeSet;
use std::sync::Arc;

use record::policy::{Files, PolicyError, Versioned};
use serde::Deserialize;

const FILE: &str = "protect/follow-up.toml";
/// The step that offers refused support again.
pub const RE_OFFER: &str = "re_offer";

/// A step after advice.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub id: String,
    pub title: String,
    /// Days after the advice.
    pub days: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FollowUpFile {
    reoffer_days: u32,
    attempts: u32,
    together_days: u32,
    longest_note: usize,
    agreed: Vec<String>,
    done: Vec<String>,
    step: Vec<Step>,
}

/// What the unit decided about follow-up, checked.
#[derive(Debug, Clone)]
pub struct FollowUpPolicy {
    pub digest: String,
    pub reoffer_days: u32,
    pub attempts: u32,
    pub together_days: u32,
    pub longest_note: usize,
    /// Responses that are to be confirmed.
    pub agreed: Vec<String>,
    /// Responses that are a change already.
    pub done: Vec<String>,
    pub steps: Vec<Step>,
}

impl FollowUpPolicy {
    pub fn load(files: &Files) -> Result<Arc<dyn Any + Send + Sync>, PolicyError> {
        FollowUpPolicy::read(files).map(|p| Arc::new(p) as Arc<dyn Any + Send + Sync>)
    }

    /// Reads and checks the file: steps in order, each once, and responses that victim care has.
    pub fn read(files: &Files) -> Result<FollowUpPolicy, PolicyError> {
        let Versioned { policy, digest } = files.read::<FollowUpFile>(FILE)?;
        let wrong = |problem: String| PolicyError::new(FILE, problem);
        if policy.step.is_empty() || policy.attempts == 0 {
            return Err(wrong("give at least one step and one attempt".to_owned()));
        }
        let mut seen = BTreeSet::from([RE_OFFER]);
        let mut before = 0;
        for step in &policy.step {
            if !seen.insert(&step.id) {
                return Err(wrong(format!("step {:?} is there twice", step.id)));
            }
            if step.days <= before {
                return Err(wrong(format!(
                    "step {:?} does not come after the one before",
                    step.id
                )));
            }
            before = step.days;
        }
        let care = crate::victim_care::Care::read(files)?;
        let known = |id: &&String| care.responses.iter().any(|r| r.id == **id);
        let mut named = policy.agreed.iter().chain(&policy.done);
        if let Some(odd) = named.find(|id| !known(id)) {
            return Err(wrong(format!("{odd:?} is no response of victim-care.toml")));
        }
        Ok(FollowUpPolicy {
            digest,
            reoffer_days: policy.reoffer_days,
            attempts: policy.attempts,
            together_days: policy.together_days,
            longest_note: policy.longest_note,
            agreed: policy.agreed,
            done: policy.done,
            steps: policy.step,
        })
    }

    /// The words of a step.
    pub fn title(&self, step: &str) -> String {
        match self.steps.iter().find(|s| s.id == step) {
            Some(step) => step.title.clone(),
            None if step == RE_OFFER => "Offer support again".to_owned(),
            None => step.replace('_', " "),
        }
    }
}
