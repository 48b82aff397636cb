//! What the public sends: sealed where it arrives, opened inside.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::SubmissionId;
use crate::time::Timestamp;

/// What somebody asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubmissionKind {
    /// "I reported and want a call."
    CallBack,
    /// "My organisation is under attack or needs help."
    OrganisationHelp,
    /// A young person somebody is worried about, for the force's cyber choices work.
    YoungPerson,
    Feedback,
    /// Wants warnings by e-mail; nothing is sent before the address is confirmed.
    Subscribe,
    /// Holds the token of a message that asked for it.
    ConfirmSubscription,
    LeaveSubscription,
    /// How often each page was read. Sent by the portal itself; holds nothing of anybody.
    PageViews,
}

impl SubmissionKind {
    pub const ALL: [SubmissionKind; 8] = [
        SubmissionKind::CallBack,
        SubmissionKind::OrganisationHelp,
        SubmissionKind::YoungPerson,
        SubmissionKind::Feedback,
        SubmissionKind::Subscribe,
        SubmissionKind::ConfirmSubscription,
        SubmissionKind::LeaveSubscription,
        SubmissionKind::PageViews,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            SubmissionKind::CallBack => "call_back",
            SubmissionKind::OrganisationHelp => "organisation_help",
            SubmissionKind::YoungPerson => "young_person",
            SubmissionKind::Feedback => "feedback",
            SubmissionKind::Subscribe => "subscribe",
            SubmissionKind::ConfirmSubscription => "confirm_subscription",
            SubmissionKind::LeaveSubscription => "leave_subscription",
            SubmissionKind::PageViews => "page_views",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            SubmissionKind::CallBack => "Wants a call",
            SubmissionKind::OrganisationHelp => "Organisation asks for help",
            SubmissionKind::YoungPerson => "Worried about a young person",
            SubmissionKind::Feedback => "Feedback",
            SubmissionKind::Subscribe => "Wants warnings by email",
            SubmissionKind::ConfirmSubscription => "Confirms an email address",
            SubmissionKind::LeaveSubscription => "Wants no more warnings by email",
            SubmissionKind::PageViews => "Page views",
        }
    }

    pub fn parse(name: &str) -> Option<SubmissionKind> {
        SubmissionKind::ALL.into_iter().find(|k| k.name() == name)
    }
}

/// One submission, as it is before it is sealed and after it is opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    /// Form of this noun; 1.
    pub version: u8,
    /// The same for the same form sent twice.
    pub id: SubmissionId,
    pub kind: SubmissionKind,
    /// When it arrived, by the portal's clock, in microseconds since 1970.
    pub at: i64,
    /// What the sender was given to quote, for example `K7FM-3PQX`.
    pub reference: String,
    /// Fields by name, each as the sender wrote it. Untrusted text.
    pub fields: BTreeMap<String, String>,
}

impl Submission {
    pub const VERSION: u8 = 1;

    pub fn received_at(&self) -> Timestamp {
        Timestamp::from_micros(self.at)
    }

    /// A field, or nothing.
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}
