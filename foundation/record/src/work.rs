//! Work items: how one mission hands work to another.
//!
//! A mission leaves a [`NewWorkItem`] on a queue; the capability that declares the queue shows and
//! closes it. An item never disappears: it is open, taken or closed with an outcome.

use serde::{Deserialize, Serialize};

use crate::ids::{ActorId, NetworkId, PersonId, ReportId, WorkItemId};
use crate::marking::Marking;
use crate::report::Feed;
use crate::time::Timestamp;

/// A queue, declared by exactly one capability.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queue {
    /// `mission.name`, for example `protect.victim_care`.
    pub name: &'static str,
    pub title: &'static str,
}

/// How bad it is, worst first; also the sort order of queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    High,
    Medium,
    Standard,
}

impl Priority {
    pub const ALL: [Priority; 3] = [Priority::High, Priority::Medium, Priority::Standard];

    /// Stored number: lower is more pressing.
    pub const fn rank(self) -> i64 {
        match self {
            Priority::High => 0,
            Priority::Medium => 1,
            Priority::Standard => 2,
        }
    }

    pub const fn of_rank(rank: i64) -> Priority {
        match rank {
            0 => Priority::High,
            1 => Priority::Medium,
            _ => Priority::Standard,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Priority::High => "high",
            Priority::Medium => "medium",
            Priority::Standard => "standard",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Priority::High => "High",
            Priority::Medium => "Medium",
            Priority::Standard => "Standard",
        }
    }

    pub fn parse(name: &str) -> Option<Priority> {
        Priority::ALL.into_iter().find(|p| p.name() == name)
    }
}

/// One reason behind a proposal: the factor, the points it gave, and where the value came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Factor or rule of the policy, for example `vulnerability.age_band`.
    pub factor: String,
    /// The value found.
    pub value: String,
    pub points: i64,
    /// Where the value came from: an answer, a field, a marker, the network.
    pub source: String,
}

/// Where an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkState {
    Open,
    Taken,
    Closed,
}

impl WorkState {
    pub const fn name(self) -> &'static str {
        match self {
            WorkState::Open => "open",
            WorkState::Taken => "taken",
            WorkState::Closed => "closed",
        }
    }

    pub fn parse(name: &str) -> Option<WorkState> {
        match name {
            "open" => Some(WorkState::Open),
            "taken" => Some(WorkState::Taken),
            "closed" => Some(WorkState::Closed),
            _ => None,
        }
    }
}

/// What a list of work shows without asking the mission that left it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Summary {
    /// The report's reference.
    pub reference: String,
    /// What happened, in a few words.
    pub title: String,
    /// Whom it is about, as a list may show it: "Adult, 71" or an organisation's name.
    pub about: String,
    pub loss_pence: Option<i64>,
    pub district: Option<String>,
    pub crime_code: Option<String>,
    /// Words for tags beside the person, for example "Repeat victim".
    pub tags: Vec<String>,
    /// The strongest reasons, in words.
    pub reasons: Vec<String>,
}

/// Work to be left on a queue, in the transaction that gave rise to it.
#[derive(Debug, Clone)]
pub struct NewWorkItem {
    pub id: WorkItemId,
    pub queue: &'static str,
    pub subject: ReportId,
    /// Whom it is about. Open items of one queue about one person are worked together.
    pub about: Option<PersonId>,
    /// The item that gave rise to this one, if any.
    pub origin: Option<WorkItemId>,
    pub priority: Priority,
    /// Band of the policy that matters on this queue, for example acceptance band `A`.
    pub band: String,
    pub feed: Feed,
    pub source: String,
    /// Whether the victim's vulnerability band is above standard.
    pub vulnerable: bool,
    pub network: Option<NetworkId>,
    pub received_at: Timestamp,
    pub due_at: Timestamp,
    /// When the measure this item serves expects a decision, if it differs from `due_at`.
    pub decide_by: Option<Timestamp>,
    pub unit: String,
    pub marking: Marking,
    /// Sealed compartment, or none.
    pub compartment: Option<String>,
    pub summary: Summary,
}

/// A work item as it stands.
#[derive(Debug, Clone)]
pub struct WorkItem {
    pub id: WorkItemId,
    pub queue: String,
    pub subject: ReportId,
    pub about: Option<PersonId>,
    pub origin: Option<WorkItemId>,
    /// The item this one is worked together with; none for the one that leads.
    pub lead: Option<WorkItemId>,
    pub priority: Priority,
    pub band: String,
    pub feed: String,
    pub source: String,
    /// Whether the victim's vulnerability band is above standard.
    pub vulnerable: bool,
    pub network: Option<NetworkId>,
    pub received_at: Timestamp,
    pub due_at: Timestamp,
    pub decide_by: Option<Timestamp>,
    pub state: WorkState,
    pub assignee: Option<ActorId>,
    pub assignee_name: Option<String>,
    pub unit: String,
    pub marking: Marking,
    pub compartment: Option<String>,
    pub taken_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
    pub outcome: Option<String>,
    /// Changes with every write: a form that carries an older number met a conflict.
    pub version: i64,
    pub summary: Summary,
}
