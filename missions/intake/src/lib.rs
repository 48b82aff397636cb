//! intake

pub mod files;
