//! observables
