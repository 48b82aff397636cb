//! The product put together, and its command line. No logic of its own.

pub mod assemble;
pub mod commands;
