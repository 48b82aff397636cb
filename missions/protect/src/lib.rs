//! Protect: every victim is reached and advised.
//!
//! Start reading at [`CAPABILITIES`].

use web::Capability;

/// What this mission does, one file each.
pub const CAPABILITIES: &[&Capability] = &[];
