//! The signed head of a log: whose it is, how many entries it has, and their root
//! (C2SP tlog-checkpoint).

use std::fmt;
use std::str::FromStr;

use crate::{Error, Hash, MAXIMUM_SIZE, Note, SigningKey, VerifierKey};

/// The head of a log at one size. Whoever keeps one can later demand proof that nothing before it
/// was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checkpoint {
    /// Unique name of the log, which is also the name of the key that signs for it.
    pub origin: String,
    /// Entries in the log.
    pub size: u64,
    /// Root of the tree of those entries.
    pub root: Hash,
    /// Further lines, opaque here, none of them empty.
    pub extensions: Vec<String>,
}

impl Checkpoint {
    /// A head without extension lines.
    ///
    /// # Errors
    /// [`Error::KeyName`] for an origin that no key could bear; [`Error::TreeTooLarge`].
    pub fn new(origin: &str, size: u64, root: Hash) -> Result<Self, Error> {
        let checkpoint = Self {
            origin: origin.to_owned(),
            size,
            root,
            extensions: Vec::new(),
        };
        // One rule for both: an origin is what a key may be named.
        SigningKey::from_seed(origin, &[0; 32])?;
        if size > MAXIMUM_SIZE {
            return Err(Error::TreeTooLarge { size });
        }
        Ok(checkpoint)
    }

    /// The signed note that anyone can check with the log's public key.
    ///
    /// # Errors
    /// [`Error::Origin`] when the key is another log's; [`Error::NoteText`] or
    /// [`Error::CheckpointLine`] for an extension line that is empty or holds control characters.
    pub fn sign(&self, key: &SigningKey) -> Result<String, Error> {
        self.is_of(key.name())?;
        let text = self.to_string();
        // What cannot be read back must not be signed.
        if text.parse::<Self>()? != *self {
            return Err(Error::NoteText);
        }
        let mut note = Note::new(&text)?;
        note.sign(key);
        Ok(note.to_string())
    }

    /// Reads a signed checkpoint and believes it only if `key` signed it and it is of the log that
    /// the key is named for.
    ///
    /// # Errors
    /// Every way a key, note or checkpoint can be wrong; see [`Error`].
    pub fn open(note: &str, key: &VerifierKey) -> Result<Self, Error> {
        let note: Note = note.parse()?;
        let checkpoint: Self = note.verify(key)?.parse()?;
        checkpoint.is_of(key.name())?;
        Ok(checkpoint)
    }

    fn is_of(&self, key: &str) -> Result<(), Error> {
        if self.origin == key {
            return Ok(());
        }
        Err(Error::Origin {
            origin: self.origin.clone(),
            key: key.to_owned(),
        })
    }
}

/// The unsigned text: origin, size and root on a line each, then the extension lines.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, self.root)?;
        self.extensions
            .iter()
            .try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl FromStr for Checkpoint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = |line, expected| Error::CheckpointLine { line, expected };
        let body = text
            .strip_suffix('\n')
            .ok_or(wrong(1, "a line that ends with a newline"))?;
        let mut lines = body.split('\n');
        let origin = lines.next().filter(|line| !line.is_empty());
        let origin = origin.ok_or(wrong(1, "the name of a log"))?;
        let size = lines.next().unwrap_or_default();
        // Only digits, no leading zero: one number has one text, or two checkpoints could differ
        // and say the same.
        let plain =
            size.bytes().all(|b| b.is_ascii_digit()) && (size == "0" || !size.starts_with('0'));
        let size = size
            .parse()
            .ok()
            .filter(|_| plain)
            .ok_or(wrong(2, "a decimal size"))?;
        let root = lines.next().unwrap_or_default().parse();
        let root = root.map_err(|_| wrong(3, "a root hash in base64"))?;
        let extensions: Vec<String> = lines.map(str::to_owned).collect();
        if let Some(at) = extensions.iter().position(String::is_empty) {
            return Err(wrong(4 + at, "a line with something in it"));
        }
        Ok(Self {
            extensions,
            ..Self::new(origin, size, root)?
        })
    }
}
