//! `protect/requests.toml`: by when a request is looked at, and what it may end with.

use std::any::Any;
use std::sync::Arc;

use record::policy::{Files, PolicyError, Versioned};
use record::submission::{Submission, SubmissionKind};
use record::time::{Timestamp, WorkingCalendar};
use serde::Deserialize;

/// How a request ends that became another record.
pub const HANDED_OVER: &str = "handed_over";

const FILE: &str = "protect/requests.toml";

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestsFile {
    due_working_days: Due,
    #[serde(rename = "outcome")]
    outcomes: Vec<Outcome>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Due {
    call_back: u32,
    organisation_under_attack: u32,
    organisation_help: u32,
    young_person: u32,
    feedback: u32,
}

/// How a request may end.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    pub id: String,
    pub title: String,
}

/// What the unit decided about requests.
#[derive(Debug, Clone)]
pub struct RequestPolicy {
    pub digest: String,
    due: Due,
    pub outcomes: Vec<Outcome>,
}

impl RequestPolicy {
    pub fn load(files: &Files) -> Result<Arc<dyn Any + Send + Sync>, PolicyError> {
        let Versioned { policy, digest } = files.read::<RequestsFile>(FILE)?;
        if policy.outcomes.is_empty() {
            return Err(PolicyError::new(FILE, "outcome: name at least one"));
        }
        if !policy.outcomes.iter().any(|o| o.id == HANDED_OVER) {
            let problem = format!("outcome: {HANDED_OVER:?} must be there");
            return Err(PolicyError::new(FILE, problem));
        }
        Ok(Arc::new(RequestPolicy {
            digest,
            due: policy.due_working_days,
            outcomes: policy.outcomes,
        }))
    }

    /// When a request is to be looked at.
    pub fn due(&self, submission: &Submission, calendar: &WorkingCalendar) -> Timestamp {
        let days = match submission.kind {
            SubmissionKind::CallBack => self.due.call_back,
            SubmissionKind::OrganisationHelp if submission.field("urgency") == "now" => {
                self.due.organisation_under_attack
            }
            SubmissionKind::OrganisationHelp => self.due.organisation_help,
            SubmissionKind::YoungPerson => self.due.young_person,
            SubmissionKind::Feedback
            | SubmissionKind::Subscribe
            | SubmissionKind::ConfirmSubscription
            | SubmissionKind::LeaveSubscription
            | SubmissionKind::PageViews => self.due.feedback,
        };
        calendar.after(submission.received_at(), days)
    }

    pub fn outcome(&self, id: &str) -> Option<&Outcome> {
        self.outcomes.iter().find(|o| o.id == id)
    }
}
