//! Everything that can be refused, with what the reader of the message can do about it.

use thiserror::Error;

/// Why a tree, a proof, a key, a note or a checkpoint was refused.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A size beyond [`crate::MAXIMUM_SIZE`], which no honest log reaches.
    #[error("a tree of {size} entries is larger than this log can number")]
    TreeTooLarge {
        /// The size asked for, in entries.
        size: u64,
    },
    /// An entry number that the tree does not hold.
    #[error("entry {index} is not in a tree of {size} entries: entries are numbered from 0")]
    IndexBeyondTree {
        /// The entry asked for.
        index: u64,
        /// The size of the tree, in entries.
        size: u64,
    },
    /// A consistency proof from a larger tree to a smaller one.
    #[error("a log only grows: {new} entries cannot follow {old}")]
    SizesReversed {
        /// Size of the tree that should be the earlier one.
        old: u64,
        /// Size of the tree that should be the later one.
        new: u64,
    },
    /// The proof does not lead from the entry to the root: entry, root or proof was altered.
    #[error("the inclusion proof does not lead from the entry to the root")]
    InclusionRefused,
    /// The later tree does not begin with the earlier one: the log was rewritten, or the proof was
    /// altered.
    #[error("the consistency proof does not show that the later tree begins with the earlier one")]
    ConsistencyRefused,
    /// A hash store answered with the wrong number of hashes.
    #[error("the hash store was asked for {asked} hashes and returned {returned}")]
    StoreAnswer {
        /// How many hashes were asked for.
        asked: usize,
        /// How many came back.
        returned: usize,
    },
    /// A hash that the tree needs is not stored: rows were lost or deleted.
    #[error("stored hash {index} is missing")]
    HashMissing {
        /// The stored index of the missing hash.
        index: u64,
    },
    /// The hash store itself failed.
    #[error("the hash store failed")]
    Store(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Text that is not the base64 of 32 bytes.
    #[error("a hash is 32 bytes in base64 (44 characters)")]
    HashText,
    /// A key name that the signed-note standard forbids.
    #[error("a key name has at least one character and neither spaces, plus signs nor controls")]
    KeyName,
    /// Text that is not a key in the signed-note form.
    #[error("not a key: expected NAME+ID+KEY, or PRIVATE+KEY+NAME+ID+KEY for a signing key")]
    KeyText,
    /// A key of another kind than Ed25519.
    #[error("the key is not Ed25519 (signature type 1), the only kind used here")]
    KeyAlgorithm,
    /// The key's identifier does not belong to its name and bytes: mistyped, or put together from
    /// two keys.
    #[error("the key's identifier does not match its name and bytes: was it mistyped?")]
    KeyIdentifier,
    /// Text that cannot be a note: no blank line before the signatures, or forbidden characters.
    #[error("not a signed note: expected text, one blank line, then signature lines")]
    NoteText,
    /// A line among the signatures that is not a signature.
    #[error("signature line {line} of the note is malformed")]
    SignatureLine {
        /// Which of the signature lines, counted from 1.
        line: usize,
    },
    /// More signatures than anybody needs: refused before any is checked.
    #[error("the note bears more than {most} signatures")]
    TooManySignatures {
        /// The most that are accepted.
        most: usize,
    },
    /// No signature by the trusted key.
    #[error("the note is not signed by {name}")]
    NotSigned {
        /// Name of the trusted key.
        name: String,
    },
    /// A signature that claims to be by the trusted key and is not.
    #[error("the signature by {name} is wrong: the note was altered")]
    SignatureWrong {
        /// Name of the trusted key.
        name: String,
    },
    /// A note that is not a checkpoint.
    #[error("line {line} of the checkpoint is not {expected}")]
    CheckpointLine {
        /// The line, counted from 1.
        line: usize,
        /// What the standard asks for in this line.
        expected: &'static str,
    },
    /// A checkpoint of one log under the key of another.
    #[error("the checkpoint is of {origin} but the key belongs to {key}")]
    Origin {
        /// Origin named in the checkpoint.
        origin: String,
        /// Name of the key.
        key: String,
    },
}
