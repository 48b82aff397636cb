//! The product as assembled: routes, acts, pages, on both databases.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod allocation;
mod care;
mod cluster_roles;
mod harness;
mod helped;
mod imports;
mod inbox;
mod incidents;
mod judging;
mod killed;
mod letters;
mod linking;
mod messages;
mod notify;
mod object_box;
mod organisations;
mod portal;
mod portal_abuse;
mod portal_box;
mod portal_killed;
mod programs;
mod reports;
mod search;
mod signing_in;
mod strategy;
mod tidy;
mod victim_care;
mod victim_ledger;
mod warnings;
