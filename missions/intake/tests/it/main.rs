//! Receiving reports on both databases: once each, linked, triaged, left as work.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod people;
mod receiving;
mod triage;
