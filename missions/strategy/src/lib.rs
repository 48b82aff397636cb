//! Strategy: every commitment as a live measure, down to the names behind the number; recorded
//! crime to compare with; and the audit of what everybody did.
//!
//! Reads values; calls no mission.
//!
//! Invariants
//! - A figure is never made up: a commitment without a measure says that nothing is recorded, a
//!   window without a case says "no cases", a window without its comparison says what is missing.
//! - A window that has been frozen keeps its figure; a later change stands beside it as a
//!   restatement with its reason.
//! - The board counts everything; a list of names shows only what its reader may see.
//!
//! Start reading at [`policy`], then [`compute`], then [`board`].

mod ask;
pub mod audit;
pub mod benchmarks;
pub mod board;
pub mod commitment;
pub mod compute;
pub mod figures;
pub mod names;
pub mod policy;
pub mod standing;
pub mod windows;

pub use benchmarks::{Entered, MonthTotal, enter_benchmark, read_totals};
pub use compute::compute;

use web::Capability;

/// What this mission does, one file each.
pub const CAPABILITIES: &[&Capability] = &[
    &board::BOARD,
    &compute::MEASURING,
    &commitment::COMMITMENT,
    &names::NAMES,
    &benchmarks::BENCHMARKS,
    &audit::AUDIT,
];
