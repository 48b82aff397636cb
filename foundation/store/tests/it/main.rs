//! The store on both databases.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod door;
mod ledger;
mod queues;
