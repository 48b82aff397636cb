//! A Merkle tree over entries that somebody else keeps, and checkpoints that can be shown to anyone.
//!
//! The caller owns the entries and one table of hashes; this crate computes which hashes to add,
//! the root, and the proofs. A stranger with a checkpoint, an entry and a proof needs no database
//! to see that the entry was there and is unchanged.
//!
//! Standards:
//! - RFC 6962 §2.1 (and RFC 9162 §2.1): leaf and node hashes, audit paths, consistency proofs.
//! - Crosby and Wallach, "Efficient Data Structures for Tamper-Evident Logging", §3.3: the one
//!   running number under which each hash is stored ([`stored_index`]).
//! - C2SP signed-note and tlog-checkpoint: the text form of keys, signatures and tree heads.
//!
//! Invariants:
//! - a stored hash never changes: growing the tree only adds rows;
//! - no function reads a clock, a file, a network or a source of chance;
//! - a proof or note from outside can be wrong in any way and is refused with an [`Error`], never
//!   with a panic.
//!
//! ```
//! use ledger::{Checkpoint, Fetched, SigningKey};
//!
//! # fn main() -> Result<(), ledger::Error> {
//! let entries = ["opened", "read", "amended"].map(|entry| ledger::leaf_hash(entry.as_bytes()));
//! let table: Fetched = ledger::append(0, &entries, &Fetched::default())?.into_iter().collect();
//! let root = ledger::root(3, &table)?;
//!
//! let proof = ledger::inclusion_proof(1, 3, &table)?;
//! ledger::verify_inclusion(1, 3, entries[1], root, &proof)?;
//!
//! let key = SigningKey::from_seed("ledger.example.org", &[7; 32])?;
//! let note = Checkpoint::new("ledger.example.org", 3, root)?.sign(&key)?;
//! assert_eq!(Checkpoint::open(&note, &key.verifier_key())?.root, root);
//! # Ok(()) }
//! ```
//!
//! Start reading at `tree.rs`.

mod builder;
mod checkpoint;
mod error;
mod hash;
mod note;
mod tree;

pub use builder::Builder;
pub use checkpoint::Checkpoint;
pub use error::Error;
pub use hash::{EMPTY_ROOT, Hash, leaf_hash, node_hash};
pub use note::{Note, SigningKey, VerifierKey};
pub use tree::{
    Fetched, HashStore, MAXIMUM_SIZE, append, consistency_proof, consistency_reads,
    inclusion_proof, inclusion_reads, leaf_of_stored_index, root, root_reads, stored_count,
    stored_index, verify_consistency, verify_inclusion,
};
