//! Intake: every report that reaches the force is read, found in, linked, triaged, and left as work.
//!
//! Pages and API of this mission: the duty inbox, reports, imports and feeds, people, observables,
//! networks, search.
//!
//! Invariants
//! - A report is accepted with its observables, links, triage proposal, work items and ledger entry,
//!   or not at all.
//! - Software proposes; the decision beside the proposal is a person's.
//! - Networks and people are derived; judgements are kept for ever.
//!
//! Start reading at [`receive`], then [`triage`].

pub mod codes;
mod common;
pub mod deciding;
pub mod files;
pub mod imports;
pub mod inbox;
pub mod judging;
pub mod network_pages;
pub mod networks;
pub mod people;
pub mod queues;
pub mod receive;
pub mod reports;
pub mod schema;
pub mod search;
pub mod sightings;
pub mod sources;
pub mod triage;

use web::{Capability, PolicyFile};

/// What this mission does, one file each.
pub const CAPABILITIES: &[&Capability] = &[
    &RECEIVING,
    &inbox::INBOX,
    &imports::pages::IMPORTS,
    &sources::SOURCES,
    &reports::REPORTS,
    &people::PEOPLE,
    &sightings::SIGHTINGS,
    &network_pages::NETWORKS,
    &judging::JUDGING,
    &search::SEARCH,
];

/// Receiving itself: tables and policies the other capabilities of intake stand on.
const RECEIVING: Capability = Capability {
    name: "intake.receiving",
    title: "Receiving reports",
    tables: schema::TABLES,
    migrations: schema::MIGRATIONS,
    acts: &[imports::IMPORT],
    policies: &[PolicyFile {
        file: "intake",
        load: receive::Desk::load,
    }],
    ..Capability::NONE
};
