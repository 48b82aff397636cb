//! Protect: every victim is reached and advised.
//!
//! Invariants
//! - Every report with a victim is one duty. A duty ends by advice given by phone or in person, or
//!   by a documented end that stays in the denominator; true errors leave it, each by its reason.
//! - A breach of a clock is recorded once and never deleted.
//!
//! Start reading at [`CAPABILITIES`], then [`victim_care`].

pub mod messages;
pub mod requests;
pub mod victim_care;

use web::Capability;

/// What this mission does, one file each.
pub const CAPABILITIES: &[&Capability] = &[
    &victim_care::VICTIM_CARE,
    &requests::REQUESTS,
    &messages::MESSAGES,
];
