//! Receiving reports on both databases: once each, linked, triaged, left as work.

mod receiving;
mod triage;
