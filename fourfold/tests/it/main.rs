//! The product as assembled: routes, acts, pages, on both databases.

mod allocation;
mod harness;
mod inbox;
mod signing_in;
