//! What goes out over HTTPS: one client, one rule about who may read it on the way, one object store.
//!
//! Invariants
//! - Plain HTTP is spoken to this machine alone ([`address`]); everything else is TLS by rustls, held to the
//!   machine's own certificate authorities. No redirect is followed.
//! - Every request ends: connecting, answering and the whole of an operation have their limits, and so has the
//!   number of tries.
//! - A failure says whether anything can have arrived ([`Lost`]), which is what a sender who must not send twice
//!   has to know.
//! - No error repeats a key, a token or what was sent.
//! - Without the feature `https` nothing goes out: [`BUILT`] says so beforehand, and every call with
//!   [`Error::LeftOut`].

mod address;
#[cfg(feature = "https")]
mod client;
#[cfg(not(feature = "https"))]
mod lean;
#[cfg(feature = "https")]
mod objects;
#[cfg(feature = "https")]
mod token;

pub use address::{encrypted, is_store};
#[cfg(feature = "https")]
pub use client::Client;
#[cfg(not(feature = "https"))]
pub use lean::{Client, Objects, token};
#[cfg(feature = "https")]
pub use objects::Objects;
#[cfg(feature = "https")]
pub use token::token;

/// Whether this build can send anything.
pub const BUILT: bool = cfg!(feature = "https");

/// Name of the object that shows that a place takes objects. Who empties the place removes it.
pub const TRIAL: &str = "trial";

/// Why something out there is not to be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// How it is set up is wrong; the text says what, and the remedy.
    #[error("{0}")]
    Setting(String),
    /// It is away, or refuses.
    #[error("{0}")]
    Away(String),
    #[error(
        "this build leaves out what goes out over HTTPS. Use a build with the feature `remote`, which is on by default"
    )]
    LeftOut,
}

/// A request without an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// Nobody was reached: nothing can have arrived.
    #[error("{0}")]
    NotSent(String),
    /// It may have arrived, and been acted on.
    #[error("{0}")]
    Unknown(String),
}

/// An answer, whatever it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Seconds after which to come back, where it says so (RFC 9110, section 10.2.3).
    pub retry_after: Option<u32>,
    pub body: Vec<u8>,
}

/// An object of a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub name: String,
    /// In bytes.
    pub size: u64,
}

/// What came of asking for an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    Whole(Vec<u8>),
    /// It is longer than was asked for; in bytes.
    TooLong(u64),
    /// There is none of that name.
    Gone,
}
