//! Conformance of the ledger with RFC 6962, C2SP signed-note and C2SP tlog-checkpoint.

#![allow(clippy::unwrap_used, reason = "a test that cannot unwrap has failed")]

mod checkpoints;
mod notes;
mod properties;
mod vectors;
