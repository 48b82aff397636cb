//! The queues intake leaves work on. Intake declares the first; the others are named, and start-up
//! refuses a policy that names a queue nobody declares.

/// Reports waiting for a triage decision. Declared by intake.
pub const TRIAGE: &str = "intake.triage";
/// Victims to be reached. Declared by Protect.
pub const VICTIM_CARE: &str = "protect.victim_care";
/// Crimes for the specialist unit to accept or return. Declared by Pursue.
pub const ALLOCATION: &str = "pursue.allocation";

/// The queues a triage route may name.
pub const HANDED_OVER: [&str; 1] = [ALLOCATION];
