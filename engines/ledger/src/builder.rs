//! The right edge of a growing tree: enough to add entries and give the root, in O(log n) memory.

use crate::hash::{EMPTY_ROOT, Hash, node_hash};
use crate::tree::{HashStore, MAXIMUM_SIZE, read, root_reads};
use crate::{Error, stored_count};

/// Recomputes a root from a stream of leaf hashes.
///
/// Holds one hash for each complete subtree at the right edge (at most 62), so millions of entries
/// are verified in constant memory. Ask [`Builder::root`] whenever a checkpoint's size is reached.
///
/// ```
/// let mut builder = ledger::Builder::new();
/// assert_eq!(builder.root(), ledger::EMPTY_ROOT);
/// builder.append(ledger::leaf_hash(b"first"))?;
/// assert_eq!(builder.root(), ledger::leaf_hash(b"first"));
/// # Ok::<(), ledger::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Builder {
    size: u64,
    /// Roots of the complete subtrees, largest (leftmost) first: one for each 1 bit of `size`.
    edge: Vec<Hash>,
}

impl Builder {
    /// A tree without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// The tree of the first `size` entries, its right edge read from `store` in one call.
    ///
    /// # Errors
    /// [`Error::TreeTooLarge`], or what the store reports.
    pub fn resume(size: u64, store: &impl HashStore) -> Result<Self, Error> {
        let edge = read(store, &root_reads(size)?)?;
        Ok(Self { size, edge })
    }

    /// Entries so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Root of the tree of the entries so far.
    pub fn root(&self) -> Hash {
        let mut subtrees = self.edge.iter().rev().copied();
        let Some(last) = subtrees.next() else {
            return EMPTY_ROOT;
        };
        subtrees.fold(last, |right, left| node_hash(left, right))
    }

    /// Adds one leaf hash (see [`crate::leaf_hash`]).
    ///
    /// # Errors
    /// [`Error::TreeTooLarge`] at [`MAXIMUM_SIZE`].
    pub fn append(&mut self, leaf: Hash) -> Result<(), Error> {
        self.grow(leaf, |_| ())
    }

    /// Adds one leaf hash and pushes the hashes to store: the leaf, then each subtree it completes,
    /// under consecutive stored indexes.
    pub(crate) fn append_storing(
        &mut self,
        leaf: Hash,
        stored: &mut Vec<(u64, Hash)>,
    ) -> Result<(), Error> {
        let mut index = match stored.last() {
            Some((last, _)) => last + 1,
            None => stored_count(self.size)?,
        };
        self.grow(leaf, |hash| {
            stored.push((index, hash));
            index += 1;
        })
    }

    fn grow(&mut self, leaf: Hash, mut completed: impl FnMut(Hash)) -> Result<(), Error> {
        if self.size >= MAXIMUM_SIZE {
            return Err(Error::TreeTooLarge { size: self.size });
        }
        completed(leaf);
        let mut right = leaf;
        // Each trailing 1 bit of the old size is a complete subtree that now finds its sibling.
        for _ in 0..self.size.trailing_ones() {
            let Some(left) = self.edge.pop() else { break };
            right = node_hash(left, right);
            completed(right);
        }
        self.edge.push(right);
        self.size += 1;
        Ok(())
    }
}
