//! The product as assembled: routes, acts, pages, on both databases.

mod harness;
mod judging;
mod reports;
mod search;
mod signing_in;
