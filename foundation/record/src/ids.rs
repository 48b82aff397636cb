//! Identifiers: one type for each noun, all UUID version 7, so that they sort by creation.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::time::Timestamp;

/// Where new identifiers come from. Passed in, so that a run can be replayed exactly.
pub trait Ids: Send + Sync {
    /// A new version 7 identifier for a thing made at `now`.
    fn next(&self, now: Timestamp) -> Uuid;
}

/// Identifiers from the operating system's random source; monotonic within the process.
#[derive(Default)]
pub struct RandomIds {
    context: std::sync::Mutex<Option<uuid::ContextV7>>,
}

impl Ids for RandomIds {
    fn next(&self, now: Timestamp) -> Uuid {
        let mut context = self
            .context
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let context = context.get_or_insert_with(uuid::ContextV7::new);
        let micros = now.micros().max(0).unsigned_abs();
        let stamp = uuid::Timestamp::from_unix(
            &*context,
            micros / 1_000_000,
            u32::try_from(micros % 1_000_000).unwrap_or(0) * 1_000,
        );
        Uuid::new_v7(stamp)
    }
}

/// Identifiers counted from a seed: the same run gives the same identifiers.
pub struct SeededIds {
    seed: u64,
    next: AtomicU64,
}

impl SeededIds {
    pub fn new(seed: u64) -> SeededIds {
        SeededIds {
            seed,
            next: AtomicU64::new(1),
        }
    }
}

impl Ids for SeededIds {
    fn next(&self, now: Timestamp) -> Uuid {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let millis = now.micros().max(0).unsigned_abs() / 1_000;
        let mut random = [0u8; 10];
        // The counter first: identifiers of one millisecond keep their order.
        random[..5].copy_from_slice(&n.to_be_bytes()[3..]);
        random[5..].copy_from_slice(&self.seed.to_be_bytes()[3..]);
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}

/// Text that is not one of our identifiers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a record's identifier")]
pub struct NotAnId(pub String);

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            pub const fn uuid(self) -> Uuid { self.0 }
        }
        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self { Self(id) }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }
        impl FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                Uuid::parse_str(text).map(Self).map_err(|_| NotAnId(text.to_owned()))
            }
        }
    )*};
}

ids! {
    /// A report as received.
    ReportId,
    /// A person or organisation on record, drawn together from reports (a nominal).
    PersonId,
    /// One report's description of a person or organisation.
    MentionId,
    /// A value found in reports: a phone, an account, a domain.
    ObservableId,
    /// A network of linked reports; stable through merge and split.
    NetworkId,
    /// A piece of work on a queue.
    WorkItemId,
    /// A member of staff, a partner's caller or the system itself.
    ActorId,
    /// One import of one file.
    ImportId,
    /// An entry of the ledger.
    EntryId,
    /// Something the public sent.
    SubmissionId,
    /// Any other record.
    RecordId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeded_ids_repeat_and_sort() {
        let now = Timestamp::from_micros(1_790_000_000_000_000);
        let first: Vec<Uuid> = {
            let ids = SeededIds::new(7);
            (0..1000).map(|_| ids.next(now)).collect()
        };
        let second: Vec<Uuid> = {
            let ids = SeededIds::new(7);
            (0..1000).map(|_| ids.next(now)).collect()
        };
        assert_eq!(first, second);
        assert!(first.is_sorted());
        assert!(first.iter().all(|id| id.get_version_num() == 7));
    }

    #[test]
    fn random_ids_are_monotonic() {
        let ids = RandomIds::default();
        let now = Timestamp::from_micros(1_790_000_000_000_000);
        let made: Vec<Uuid> = (0..1000).map(|_| ids.next(now)).collect();
        assert!(made.is_sorted());
    }
}
