//! Triage: a pure function of a report, its links and the policy.
//!
//! *What it does*: proposes vulnerability, solvability, acceptance, severity, class and route, each
//! point with its reason. *Who uses it*: triage officers, through the inbox. *What it decides, and
//! what a person decides*: it decides nothing; a person confirms or overrides, with a reason.
//! *References*: the triage reference, sections 6 to 8 and 10.

mod condition;
mod facts;
mod policy;
mod score;

pub use condition::Condition;
pub use facts::{Facts, Links};
pub use policy::{Band, Clocks, Factor, Limit, Route, TriagePolicy};
pub use score::{Group, Proposal, Score, propose};
