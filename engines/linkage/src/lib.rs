//! Which records describe the same thing: probabilistic linkage with a model a person can read.
//!
//! The method is that of Fellegi and Sunter, "A Theory for Record Linkage" (Journal of the American
//! Statistical Association 64, 1969): each *comparison* of two records falls into one *level*; a
//! level has an *m* (how often records of the same thing fall there) and a *u* (how often records
//! of different things do); log2(m/u) is its *match weight* in bits; weights add up, beginning with
//! the prior. *Term-frequency adjustment* follows Winkler: agreement on a rare value says more.
//! *Blocking rules* decide which pairs are looked at.
//!
//! The method takes comparisons to be independent, which households break: relatives share
//! surname, home and telephone. *Ceilings* in the model answer that: named contradictions above
//! which no sum of weights may rise.
//!
//! Invariants:
//! - a comparison is symmetric, and a missing value speaks neither for nor against;
//! - blocking keys and stored normal forms are the same on every platform and in every run;
//! - no function reads a clock, a file or a source of chance.
//!
//! ```
//! use linkage::{Band, Model};
//!
//! let model = Model::from_toml(r#"
//!     version = 1
//!     prior = 0.00001
//!     link = 8.0
//!     review = 2.0
//!     blocking = ["exact(phone)"]
//!     [columns]
//!     surname = "name"
//!     phone = "phone"
//!     [[comparison]]
//!     column = "surname"
//!     levels = [
//!         { when = "exact", m = 0.9, u = 0.002 },
//!         { when = "jaro_winkler >= 0.92", m = 0.05, u = 0.003 },
//!         { when = "else", m = 0.05, u = 0.995 },
//!     ]
//!     [[comparison]]
//!     column = "phone"
//!     levels = [
//!         { when = "exact", m = 0.7, u = 0.000002 },
//!         { when = "else", m = 0.3, u = 0.999998 },
//!     ]
//! "#)?;
//! let held = model.prepare(&[("surname", "O'Brien"), ("phone", "07700 900123")]);
//! let new = model.prepare(&[("surname", "OBRIEN"), ("phone", "+44 7700 900 123")]);
//! assert_eq!(model.keys(&held), model.keys(&new));
//! let scored = model.compare(&held, &new, &());
//! assert_eq!(model.band(scored.weight), Band::Link);
//! # Ok::<(), linkage::Error>(())
//! ```
//!
//! Start reading at `model.rs`, then `score.rs`.

pub mod batch;
mod blocking;
mod columns;
mod comparisons;
mod components;
mod condition;
mod damping;
mod error;
pub mod held;
mod model;
mod normal;
mod packed;
mod phonetics;
mod position;
mod prepared;
mod score;
mod sheet;
mod similarity;
mod stable;
pub mod suggest;
mod together;
mod written;

pub use components::{Components, Edge, components};
pub use damping::{shared_value_weight, value_share};
pub use error::{Error, Fault};
pub use model::{Band, Kind, Model, Rates};
pub use prepared::Prepared;
pub use score::{Ceiled, Frequencies, Part, Scored, bits, probability};
pub use together::{Evidence, SPOKESMEN, Together, mean_weight, together};
