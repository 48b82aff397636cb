//! The product as assembled: routes, acts, pages, on both databases.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod harness;
mod judging;
mod reports;
mod search;
mod signing_in;
