//! The shared nouns of the unit: what a report, a work item, a marking, an actor and a grant are.
//!
//! Missions never call each other. They meet in these nouns, in a [`work::WorkItem`] left on a
//! queue, and in a [`access::Grant`] that says who may do what, and why.
//!
//! Invariants
//! - Nothing here reads a clock, a random source or a file by itself: time and identity are
//!   passed in ([`time::Clock`], [`ids::Ids`]), policy text is handed in by the caller.
//! - A [`access::Grant`] is made only by [`access::Authority::permit`].
//!
//! Start reading at [`report`], then [`work`], then [`access`].

pub mod access;
pub mod assessment;
pub mod finding;
pub mod ids;
pub mod marking;
pub mod measure;
pub mod organisation;
pub mod policy;
pub mod publication;
pub mod report;
pub mod submission;
pub mod time;
pub mod work;

pub use access::{Act, ActKind, Actor, Authority, Grant, Refused, Resource};
pub use finding::{Finding, Severity};
pub use marking::Marking;
pub use time::{Clock, Timestamp};
