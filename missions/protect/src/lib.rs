//! Protect: every victim is reached and advised.
//!
//! Invariants
//! - Every report with a victim is one duty. A duty ends by advice given by phone or in person, or
//!   by a documented end that stays in the denominator; true errors leave it, each by its reason.
//! - A breach of a clock is recorded once and never deleted.
//!
//! Start reading at [`CAPABILITIES`], then [`victim_care`].

pub mod care_record;
pub mod day_plan;
pub mod follow_up;
pub mod guidance;
pub mod helped;
pub mod messages;
pub mod organisations;
pub mod repeat_victims;
pub mod requests;
pub mod victim_care;
pub mod victim_ledger;
pub mod warnings;

use web::Capability;

/// What this mission does, one file each.
pub const CAPABILITIES: &[&Capability] = &[
    &victim_care::VICTIM_CARE,
    &victim_ledger::VICTIM_LEDGER,
    &repeat_victims::REPEAT_VICTIMS,
    &care_record::CARE_RECORD,
    &follow_up::FOLLOW_UP,
    &day_plan::DAY_PLAN,
    &requests::REQUESTS,
    &messages::MESSAGES,
    &helped::HELPED,
    &warnings::WARNINGS,
    &guidance::GUIDANCE,
    &organisations::ORGANISATIONS,
    &organisations::incidents::INCIDENTS,
];
