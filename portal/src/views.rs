//! How often pages are read: counted without any cookie, and handed on once an hour.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// Views of one page.
#[derive(Debug, Default)]
pub struct Counter {
    all: AtomicU64,
    /// Of those, by visitors who let us remember them and were here before.
    returning: AtomicU64,
}

impl Counter {
    pub fn count(&self, returning: bool) {
        self.all.fetch_add(1, Ordering::Relaxed);
        if returning {
            self.returning.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn take(&self) -> (u64, u64) {
        (
            self.all.swap(0, Ordering::Relaxed),
            self.returning.swap(0, Ordering::Relaxed),
        )
    }
}

/// Takes what was counted: page to `all returning`. Pages nobody read are left out.
pub fn take<'a>(
    counters: impl Iterator<Item = (&'a str, &'a Counter)>,
) -> BTreeMap<String, String> {
    counters
        .map(|(path, counter)| (path, counter.take()))
        .filter(|(_, (all, _))| *all > 0)
        .map(|(path, (all, returning))| (path.to_owned(), format!("{all} {returning}")))
        .collect()
}
