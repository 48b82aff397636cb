//! Pursue: the riskiest and most complex crimes reach the specialist unit.
//!
//! Start reading at [`CAPABILITIES`].

pub mod allocation;

use web::Capability;

/// What this mission does, one file each.
pub const CAPABILITIES: &[&Capability] = &[&allocation::ALLOCATION];
