//! Any text: no panic, offsets into the text as given, in order, canonical values that are their own
//! canonical form, and the same answer twice.

#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use observables::{Extractor, extract, normalise};

thread_local! {
    /// One extractor for all texts: what an earlier text left behind must not matter.
    static KEPT: RefCell<Extractor> = RefCell::default();
}

fuzz_target!(|text: &str| {
    let found = extract(text);
    let again = KEPT.with_borrow_mut(|extractor| extractor.extract(text));
    assert_eq!(found, again);
    let mut last = 0;
    for observable in &found {
        assert_eq!(&text[observable.start..observable.end], observable.raw);
        assert!(observable.start < observable.end && observable.start >= last);
        last = observable.start;
        let value = normalise(observable.kind, &observable.value);
        assert_eq!(value.as_deref(), Some(observable.value.as_str()), "{}", observable.kind);
    }
});
