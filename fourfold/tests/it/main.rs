//! The product as assembled: routes, acts, pages, on both databases.

mod harness;
mod signing_in;
mod strategy;
mod tidy;
