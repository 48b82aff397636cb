//! web

pub mod parts;
