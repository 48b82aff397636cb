//! Any field, read as every kind: no panic, and a canonical value is its own canonical value.

#![no_main]

use libfuzzer_sys::fuzz_target;
use observables::{Kind, normalise};

fuzz_target!(|field: &str| {
    for kind in Kind::ALL {
        if let Some(value) = normalise(kind, field) {
            assert_eq!(normalise(kind, &value), Some(value), "{kind}");
        }
    }
});
