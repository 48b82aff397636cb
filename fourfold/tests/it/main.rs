//! The product as assembled: routes, acts, pages, on both databases.

mod harness;
mod imports;
mod killed;
mod judging;
mod reports;
mod search;
mod signing_in;
mod victim_care;
mod strategy;
