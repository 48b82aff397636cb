//! Appending, roots and proofs over a table of stored hashes.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::Error;
use crate::builder::Builder;
use crate::hash::{EMPTY_ROOT, Hash};

/// The most entries a tree may hold. Far beyond any log; a size read from outside is checked
/// against it so that no arithmetic on stored indexes overflows.
pub const MAXIMUM_SIZE: u64 = 1 << 61;

/// Where hashes are kept, by stored index.
pub trait HashStore {
    /// The hashes with these stored indexes, in the order asked. Indexes ascend.
    ///
    /// # Errors
    /// [`Error::HashMissing`] for an index that is not there; [`Error::Store`] for a failure of
    /// the store itself.
    fn read(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error>;
}

/// Hashes already fetched, for callers whose store cannot be read from inside a plain function:
/// ask [`root_reads`], [`inclusion_reads`] or [`consistency_reads`] what is needed, fetch those
/// rows, then call with this.
#[derive(Debug, Clone, Default)]
pub struct Fetched(BTreeMap<u64, Hash>);

impl FromIterator<(u64, Hash)> for Fetched {
    fn from_iter<I: IntoIterator<Item = (u64, Hash)>>(rows: I) -> Self {
        Self(rows.into_iter().collect())
    }
}

impl Extend<(u64, Hash)> for Fetched {
    fn extend<I: IntoIterator<Item = (u64, Hash)>>(&mut self, rows: I) {
        self.0.extend(rows);
    }
}

impl HashStore for Fetched {
    fn read(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
        indexes
            .iter()
            .map(|index| {
                self.0
                    .get(index)
                    .copied()
                    .ok_or(Error::HashMissing { index: *index })
            })
            .collect()
    }
}

/// The hashes to store when `leaves` follow the first `size` entries, ascending by stored index
/// and without gaps: `stored_count(size)` is the first.
///
/// Reads the right edge of the old tree once (at most 61 hashes, see [`root_reads`]), however many
/// leaves are added.
///
/// # Errors
/// [`Error::TreeTooLarge`], or what the store reports.
pub fn append(
    size: u64,
    leaves: &[Hash],
    store: &impl HashStore,
) -> Result<Vec<(u64, Hash)>, Error> {
    let mut builder = Builder::resume(size, store)?;
    let mut stored = Vec::with_capacity(leaves.len() * 2);
    for leaf in leaves {
        builder.append_storing(*leaf, &mut stored)?;
    }
    Ok(stored)
}

/// Root of the tree of the first `size` entries.
///
/// # Errors
/// [`Error::TreeTooLarge`], or what the store reports.
pub fn root(size: u64, store: &impl HashStore) -> Result<Hash, Error> {
    Ok(Builder::resume(size, store)?.root())
}

/// Audit path of entry `index` in the tree of the first `size` entries, from the leaf upwards
/// (RFC 6962 §2.1.1).
///
/// # Errors
/// [`Error::IndexBeyondTree`], [`Error::TreeTooLarge`], or what the store reports.
pub fn inclusion_proof(index: u64, size: u64, store: &impl HashStore) -> Result<Vec<Hash>, Error> {
    within(index, size)?;
    through(store, |reader| {
        tlog_tiles::prove_record(size, index, reader)
    })
}

/// Checks that the tree of `size` entries with this `root` holds `leaf` as entry `index`.
///
/// # Errors
/// [`Error::InclusionRefused`] when it is not shown; [`Error::IndexBeyondTree`] or
/// [`Error::TreeTooLarge`] when the question makes no sense.
pub fn verify_inclusion(
    index: u64,
    size: u64,
    leaf: Hash,
    root: Hash,
    proof: &[Hash],
) -> Result<(), Error> {
    within(index, size)?;
    let path = foreign(proof).ok_or(Error::InclusionRefused)?;
    tlog_tiles::check_record(&path, size, root.into(), index, leaf.into())
        .map_err(|_| Error::InclusionRefused)
}

/// Proof that the tree of `new` entries begins with the tree of `old` entries (RFC 6962 §2.1.2).
/// Empty when `old` is 0 or equals `new`.
///
/// # Errors
/// [`Error::SizesReversed`], [`Error::TreeTooLarge`], or what the store reports.
pub fn consistency_proof(old: u64, new: u64, store: &impl HashStore) -> Result<Vec<Hash>, Error> {
    grown(old, new)?;
    if old == 0 {
        return Ok(Vec::new());
    }
    through(store, |reader| tlog_tiles::prove_tree(new, old, reader))
}

/// Checks that the tree of `new` entries begins with the tree of `old` entries.
///
/// # Errors
/// [`Error::ConsistencyRefused`] when it is not shown; [`Error::SizesReversed`] or
/// [`Error::TreeTooLarge`] when the question makes no sense.
pub fn verify_consistency(
    old: u64,
    new: u64,
    old_root: Hash,
    new_root: Hash,
    proof: &[Hash],
) -> Result<(), Error> {
    grown(old, new)?;
    if old == 0 {
        // RFC 6962 leaves this open; everything begins with nothing, so only the root is checked.
        // Of two empty trees both roots are.
        let empty = old_root == EMPTY_ROOT && (new > 0 || new_root == EMPTY_ROOT);
        return (empty && proof.is_empty())
            .then_some(())
            .ok_or(Error::ConsistencyRefused);
    }
    let path = foreign(proof).ok_or(Error::ConsistencyRefused)?;
    tlog_tiles::check_tree(&path, new, new_root.into(), old, old_root.into())
        .map_err(|_| Error::ConsistencyRefused)
}

/// Stored indexes read by [`root`] and [`append`], ascending.
///
/// # Errors
/// [`Error::TreeTooLarge`].
pub fn root_reads(size: u64) -> Result<Vec<u64>, Error> {
    bounded(size)?;
    Ok(tlog_tiles::sub_tree_index(0, size, Vec::new()))
}

/// Stored indexes read by [`inclusion_proof`], ascending.
///
/// # Errors
/// [`Error::IndexBeyondTree`] or [`Error::TreeTooLarge`].
pub fn inclusion_reads(index: u64, size: u64) -> Result<Vec<u64>, Error> {
    let asked = Asked::default();
    inclusion_proof(index, size, &asked)?;
    Ok(asked.0.into_inner())
}

/// Stored indexes read by [`consistency_proof`], ascending.
///
/// # Errors
/// [`Error::SizesReversed`] or [`Error::TreeTooLarge`].
pub fn consistency_reads(old: u64, new: u64) -> Result<Vec<u64>, Error> {
    let asked = Asked::default();
    consistency_proof(old, new, &asked)?;
    Ok(asked.0.into_inner())
}

/// How many hashes a tree of `size` entries stores: just under two an entry.
///
/// # Errors
/// [`Error::TreeTooLarge`].
pub fn stored_count(size: u64) -> Result<u64, Error> {
    bounded(size)?;
    Ok(tlog_tiles::stored_hash_count(size))
}

/// The stored index of the leaf hash of entry `index`.
///
/// # Errors
/// [`Error::TreeTooLarge`].
pub fn stored_index(index: u64) -> Result<u64, Error> {
    bounded(index)?;
    Ok(tlog_tiles::stored_hash_index(0, index))
}

/// The entry whose leaf hash has this stored index, or `None` if it is the hash of an inner node.
///
/// # Errors
/// [`Error::TreeTooLarge`].
pub fn leaf_of_stored_index(stored: u64) -> Result<Option<u64>, Error> {
    bounded(stored)?;
    let (level, index) = tlog_tiles::split_stored_hash_index(stored);
    Ok((level == 0).then_some(index))
}

/// Reads from `store` and refuses an answer of the wrong length.
pub(crate) fn read(store: &impl HashStore, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
    if indexes.is_empty() {
        return Ok(Vec::new());
    }
    let hashes = store.read(indexes)?;
    if hashes.len() != indexes.len() {
        return Err(Error::StoreAnswer {
            asked: indexes.len(),
            returned: hashes.len(),
        });
    }
    Ok(hashes)
}

fn bounded(size: u64) -> Result<(), Error> {
    if size > MAXIMUM_SIZE {
        return Err(Error::TreeTooLarge { size });
    }
    Ok(())
}

fn within(index: u64, size: u64) -> Result<(), Error> {
    bounded(size)?;
    if index >= size {
        return Err(Error::IndexBeyondTree { index, size });
    }
    Ok(())
}

fn grown(old: u64, new: u64) -> Result<(), Error> {
    bounded(new)?;
    if old > new {
        return Err(Error::SizesReversed { old, new });
    }
    Ok(())
}

/// A proof from outside in the form the tree arithmetic wants. The longest honest proof has a hash
/// a level and one more; a longer one is refused before it is copied.
fn foreign(proof: &[Hash]) -> Option<Vec<tlog_tiles::Hash>> {
    const LONGEST: usize = 64;
    (proof.len() <= LONGEST).then(|| proof.iter().map(|hash| (*hash).into()).collect())
}

/// Runs a proof function of `tlog_tiles` over our store, and gives back the store's own error
/// where it failed.
fn through<S: HashStore>(
    store: &S,
    prove: impl FnOnce(&Bridge<'_, S>) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error>,
) -> Result<Vec<Hash>, Error> {
    let bridge = Bridge {
        store,
        failed: RefCell::new(None),
    };
    match prove(&bridge) {
        Ok(proof) => Ok(proof.into_iter().map(Hash::from).collect()),
        // Sizes were checked before, so the only failure left is the store's.
        Err(other) => Err(bridge
            .failed
            .into_inner()
            .unwrap_or_else(|| Error::Store(Box::new(other)))),
    }
}

struct Bridge<'a, S> {
    store: &'a S,
    failed: RefCell<Option<Error>>,
}

impl<S: HashStore> tlog_tiles::HashReader for Bridge<'_, S> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        match read(self.store, indexes) {
            Ok(hashes) => Ok(hashes.into_iter().map(Into::into).collect()),
            Err(error) => {
                *self.failed.borrow_mut() = Some(error);
                Err(tlog_tiles::Error::IndexesNotInTree)
            }
        }
    }
}

/// Notes what is asked and answers with nothing of worth: proofs choose what to read by sizes
/// alone, never by the hashes.
#[derive(Default)]
struct Asked(RefCell<Vec<u64>>);

impl HashStore for Asked {
    fn read(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
        self.0.borrow_mut().extend_from_slice(indexes);
        Ok(vec![EMPTY_ROOT; indexes.len()])
    }
}
