//! Who may do what: an [`Actor`] asks for an [`Act`] on a [`Resource`] and gets a [`Grant`], or a
//! [`Refused`].
//!
//! Permission, purpose and audit are one value. Nothing can be written, and no person's record
//! opened, without a grant; the store puts the grant into the ledger in the same transaction
//! (Data Protection Act 2018, s.62). Decisions come from Cedar policies ([`Authority`]).

mod authority;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use authority::{Authority, PolicyText, Role, RolesFile, Sees};

use crate::ids::ActorId;
use crate::marking::Marking;

/// The logged operations of the Data Protection Act 2018, s.62(1), and two of our own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActKind {
    Collection,
    Alteration,
    Consultation,
    Disclosure,
    Combination,
    Erasure,
    /// Sign-in, sign-out and administration of access.
    Access,
    /// Opens a page that holds no personal data; not logged.
    Open,
}

impl ActKind {
    pub const fn name(self) -> &'static str {
        match self {
            ActKind::Collection => "collection",
            ActKind::Alteration => "alteration",
            ActKind::Consultation => "consultation",
            ActKind::Disclosure => "disclosure",
            ActKind::Combination => "combination",
            ActKind::Erasure => "erasure",
            ActKind::Access => "access",
            ActKind::Open => "open",
        }
    }
}

/// Something a person or the system may do. Declared as a constant by the capability that does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Act {
    /// `noun.verb`, for example `report.view`. The name of the action in `policy/access/`.
    pub name: &'static str,
    pub kind: ActKind,
    /// In words, for the permission matrix: "Open a report".
    pub title: &'static str,
}

impl Act {
    pub const fn new(name: &'static str, kind: ActKind, title: &'static str) -> Act {
        Act { name, kind, title }
    }
}

/// What the act is done to, as far as access depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Noun, for example `report`.
    pub kind: &'static str,
    pub id: String,
    pub marking: Marking,
    /// Sealed compartment, or none.
    pub compartment: Option<String>,
    /// Unit that owns it; empty when it belongs to the force as a whole.
    pub unit: String,
}

impl Resource {
    /// A thing of the whole force with no seal, such as a page or a queue.
    pub fn of(kind: &'static str, id: impl Into<String>) -> Resource {
        Resource {
            kind,
            id: id.into(),
            marking: Marking::Official,
            compartment: None,
            unit: String::new(),
        }
    }

    #[must_use]
    pub fn marked(mut self, marking: Marking, compartment: Option<String>) -> Resource {
        self.marking = marking;
        self.compartment = compartment;
        self
    }

    #[must_use]
    pub fn of_unit(mut self, unit: impl Into<String>) -> Resource {
        self.unit = unit.into();
        self
    }
}

/// How the actor reached the system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Signed in on a page.
    Session,
    /// An API token, with the names of acts it is limited to.
    Token { scopes: BTreeSet<String> },
    /// The command line, on the machine that holds the data.
    CommandLine,
    /// The system's own work.
    System,
}

/// A person, partner or the system, with what access policy needs to know of them today.
#[derive(Clone)]
pub struct Actor {
    pub id: ActorId,
    pub name: String,
    /// Role ids of `policy/access/roles.toml` held today.
    pub roles: BTreeSet<String>,
    pub unit: String,
    pub force: String,
    pub ceiling: Marking,
    /// Compartments the actor is named in.
    pub compartments: BTreeSet<String>,
    pub origin: Origin,
    /// Purpose captured once for the working session.
    pub purpose: String,
    authority: Arc<Authority>,
}

impl Actor {
    /// An actor without roles; the caller adds what the register says.
    pub fn new(authority: Arc<Authority>, id: ActorId, name: impl Into<String>) -> Actor {
        Actor {
            id,
            name: name.into(),
            roles: BTreeSet::new(),
            unit: String::new(),
            force: String::new(),
            ceiling: Marking::Official,
            compartments: BTreeSet::new(),
            origin: Origin::Session,
            purpose: String::new(),
            authority,
        }
    }

    /// The system itself, in the role of that name (for example `role.sequencer` work).
    pub fn system(authority: Arc<Authority>, role: &str) -> Actor {
        // The role of the program's own work is called as it is; another says whose work it does.
        let name = match role {
            "system" => role.to_owned(),
            other => format!("system: {other}"),
        };
        let mut actor = Actor::new(authority, ActorId(uuid::Uuid::nil()), name);
        actor.roles.insert(role.to_owned());
        actor.ceiling = Marking::OfficialSensitive;
        actor.origin = Origin::System;
        role.clone_into(&mut actor.purpose);
        actor
    }

    /// Asks for an act. The grant it returns opens the store.
    pub fn permit(&self, act: &Act, resource: &Resource, reason: &str) -> Result<Grant, Refused> {
        let decided = self.authority.decide(self, act, resource);
        let grant = Grant {
            act: *act,
            actor: self.id,
            actor_name: self.name.clone(),
            resource: resource.clone(),
            purpose: self.purpose.clone(),
            reason: reason.to_owned(),
            decided_by: decided.policies,
            refused: !decided.allowed,
        };
        if decided.allowed {
            return Ok(grant);
        }
        Err(Refused {
            roles_that_may: self.authority.roles_that_may(act),
            attempt: Box::new(grant),
        })
    }

    /// Whether the act would be permitted, without leaving a trace: for menus and buttons only.
    pub fn may(&self, act: &Act, resource: &Resource) -> bool {
        self.authority.decide(self, act, resource).allowed
    }

    /// What lists, counts and searches may contain for this actor.
    pub fn scope(&self) -> Scope {
        Scope {
            ceiling: self.ceiling.level(),
            compartments: self.compartments.iter().cloned().collect(),
            unit: (!self.authority.sees_force(&self.roles)).then(|| self.unit.clone()),
        }
    }

    pub fn authority(&self) -> &Arc<Authority> {
        &self.authority
    }
}

/// The part of access that lists push into their query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Highest marking level shown.
    pub ceiling: i64,
    /// Compartments whose sealed records are shown.
    pub compartments: Vec<String>,
    /// The only unit whose records are shown; none when the whole force's are.
    pub unit: Option<String>,
}

/// Permission that was given: what the ledger records and the store demands.
#[derive(Debug, Clone)]
pub struct Grant {
    act: Act,
    actor: ActorId,
    actor_name: String,
    resource: Resource,
    purpose: String,
    reason: String,
    decided_by: Vec<String>,
    refused: bool,
}

impl Grant {
    pub fn act(&self) -> &Act {
        &self.act
    }
    pub fn actor(&self) -> ActorId {
        self.actor
    }
    pub fn actor_name(&self) -> &str {
        &self.actor_name
    }
    pub fn resource(&self) -> &Resource {
        &self.resource
    }
    pub fn purpose(&self) -> &str {
        &self.purpose
    }
    pub fn reason(&self) -> &str {
        &self.reason
    }
    /// Ids of the access policies that decided.
    pub fn decided_by(&self) -> &[String] {
        &self.decided_by
    }
    /// Whether this is the record of an attempt that was refused. Such a grant opens nothing.
    pub fn is_refusal(&self) -> bool {
        self.refused
    }
}

/// The act was not permitted. Attempts are kept in the ledger too: see [`Refused::attempt`].
#[derive(Debug, Clone, thiserror::Error)]
#[error("you cannot do this: {}", attempt.act.title)]
pub struct Refused {
    /// Titles of the roles that may, for the page that explains the refusal.
    pub roles_that_may: Vec<String>,
    attempt: Box<Grant>,
}

impl Refused {
    /// What is entered in the ledger about the attempt.
    pub fn attempt(&self) -> &Grant {
        &self.attempt
    }
}
