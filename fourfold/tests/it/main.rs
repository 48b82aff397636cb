//! The product as assembled: routes, acts, pages, on both databases.

mod allocation;
mod harness;
mod imports;
mod inbox;
mod judging;
mod killed;
mod reports;
mod search;
mod signing_in;
mod strategy;
mod victim_care;
