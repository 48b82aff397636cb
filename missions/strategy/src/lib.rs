//! Strategy: every commitment as a live measure, down to the names behind the number.
//!
//! Reads values; calls no mission.
//!
//! Start reading at [`CAPABILITIES`].

use web::Capability;

/// What this mission does, one file each.
pub const CAPABILITIES: &[&Capability] = &[];
