//! The product as assembled: routes, acts, pages, on both databases.

mod harness;
mod imports;
mod killed;
mod signing_in;
mod victim_care;
