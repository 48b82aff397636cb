//! Save and return: what a visitor has written so far, sealed under a code that only they have.
//!
//! A draft's key and its file's name both come from the code (HMAC-SHA256), which is shown once and
//! kept nowhere. Whoever reads the folder learns how many drafts there are, and when each was saved.
//! A draft goes when its form is sent, and by itself after the days that policy says.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use hmac::{Hmac, KeyInit as _, Mac as _};
use record::time::Timestamp;
use sealing::PrivateKey;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::dropbox::Folder;
use crate::forms::Filled;
use crate::setting::Kept;
use crate::submit::{LETTERS, grouped};

/// Ending of a draft's name.
const EXTENSION: &str = "draft";
/// Signs of a code: 80 bits.
const SIGNS: usize = 16;

/// What opens a draft. Overwritten in memory when it is let go.
pub struct Code(Zeroizing<String>);

impl Code {
    /// A code of bytes nobody can guess.
    pub fn new(bytes: &[u8; SIGNS]) -> Code {
        let signs = bytes.iter().map(|b| LETTERS[usize::from(b % 32)]);
        Code(Zeroizing::new(signs.map(char::from).collect()))
    }

    /// A code as somebody types it: in any case, with or without its hyphens.
    pub fn read(typed: &str) -> Option<Code> {
        let signs = typed.chars().filter(|c| !c.is_whitespace() && *c != '-');
        let signs: Zeroizing<String> =
            Zeroizing::new(signs.map(|c| c.to_ascii_uppercase()).collect());
        let known = signs.bytes().all(|b| LETTERS.contains(&b));
        (known && signs.len() == SIGNS).then_some(Code(signs))
    }

    /// `ABCD-EFGH-JKLM-NPQR`.
    pub fn show(&self) -> String {
        grouped(self.0.bytes().map(char::from))
    }

    fn derive(&self, what: &[u8]) -> Zeroizing<[u8; 32]> {
        // HMAC takes a key of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()) else {
            return Zeroizing::new([0; 32]);
        };
        mac.update(what);
        Zeroizing::new(mac.finalize().into_bytes().into())
    }

    fn key(&self) -> Result<PrivateKey, sealing::Error> {
        PrivateKey::of_secret(&self.derive(b"fourfold draft: key"))
    }

    /// Name of its file.
    fn name(&self) -> String {
        let name = self.derive(b"fourfold draft: name");
        format!("{}.{EXTENSION}", hex::encode(&name[..16]))
    }
}

/// A form that is not sent yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    pub form: String,
    pub fields: Filled,
}

/// Why a draft is not kept.
#[derive(Debug, thiserror::Error)]
pub enum NotKept {
    #[error("there are {0} drafts already, as many as policy lets be kept")]
    Full(usize),
    #[error(transparent)]
    Disk(#[from] io::Error),
}

/// Where drafts are kept.
#[derive(Debug, Clone)]
pub struct Drafts {
    folder: PathBuf,
    files: Folder,
    kept: Kept,
    /// As of the last sweep, and those put since.
    held: Arc<AtomicUsize>,
}

impl Drafts {
    /// Tries that drafts can be kept there, and lets those go that are too old.
    pub fn open(folder: &Path, kept: Kept, now: Timestamp) -> io::Result<Drafts> {
        let drafts = Drafts {
            folder: folder.to_owned(),
            files: Folder::open(folder)?,
            kept,
            held: Arc::default(),
        };
        drafts.sweep(now)?;
        Ok(drafts)
    }

    /// Days a draft is kept.
    pub fn days(&self) -> u32 {
        self.kept.days
    }

    /// Seals a draft under the code. The same code takes the place of its own draft.
    pub fn put(&self, code: &Code, draft: &Draft) -> Result<(), NotKept> {
        let held = self.held.load(Ordering::Relaxed);
        if held >= self.kept.most {
            return Err(NotKept::Full(held));
        }
        let open = Zeroizing::new(serde_json::to_vec(draft).map_err(io::Error::other)?);
        let key = code.key().map_err(io::Error::other)?;
        let sealed = sealing::seal(&open, &key.public()).map_err(io::Error::other)?;
        self.files.put(&code.name(), &sealed)?;
        self.held.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// The draft a code opens; none where there is none, or it is too old.
    pub fn get(&self, code: &Code, now: Timestamp) -> io::Result<Option<Draft>> {
        let file = self.folder.join(code.name());
        let sealed = match fs::read(&file) {
            Ok(sealed) => sealed,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if self.is_old(&file, now)? {
            self.remove(code)?;
            return Ok(None);
        }
        let key = code.key().map_err(io::Error::other)?;
        let open = sealing::open(&sealed, &[key]).map_err(io::Error::other)?;
        serde_json::from_slice(&open)
            .map(Some)
            .map_err(io::Error::other)
    }

    /// Lets a draft go; nothing when it is gone already.
    pub fn remove(&self, code: &Code) -> io::Result<()> {
        remove(&self.folder.join(code.name()))
    }

    /// Lets go of what is too old, and counts what stays.
    pub fn sweep(&self, now: Timestamp) -> io::Result<()> {
        let mut held = 0;
        for entry in fs::read_dir(&self.folder)? {
            let file = entry?.path();
            // Half-written ones of a process that died are too old one day as well.
            let ours = file
                .extension()
                .is_some_and(|e| e == EXTENSION || e == "part");
            if !ours {
                continue;
            }
            if self.is_old(&file, now)? {
                remove(&file)?;
            } else {
                held += 1;
            }
        }
        self.held.store(held, Ordering::Relaxed);
        Ok(())
    }

    fn is_old(&self, file: &Path, now: Timestamp) -> io::Result<bool> {
        let saved = match fs::metadata(file) {
            Ok(about) => about.modified()?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
            Err(error) => return Err(error),
        };
        let now = SystemTime::UNIX_EPOCH
            + Duration::from_micros(u64::try_from(now.micros()).unwrap_or_default());
        let longest = Duration::from_secs(u64::from(self.kept.days) * 86_400);
        // Saved after now: the clock was put back. It stays.
        Ok(now.duration_since(saved).is_ok_and(|age| age > longest))
    }
}

/// Removes a file; nothing when it is gone already.
fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: Kept = Kept { days: 14, most: 3 };

    fn now() -> Timestamp {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Timestamp::from_micros(i64::try_from(since.unwrap().as_micros()).unwrap())
    }

    fn code(n: u8) -> Code {
        Code::new(&[n; SIGNS])
    }

    fn draft(about: &str) -> Draft {
        Draft {
            form: "call-back".to_owned(),
            fields: Filled::from([("about".to_owned(), about.to_owned())]),
        }
    }

    #[test]
    fn codes_are_read_as_people_type_them() {
        let code = Code::new(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 31]);
        assert_eq!(code.show(), "ABCD-EFGH-JKLM-NPQ9");
        for typed in ["abcd efgh jklm npq9", " ABCD-EFGH-JKLMNPQ9\n"] {
            assert_eq!(Code::read(typed).unwrap().show(), code.show());
        }
        for wrong in [
            "",
            "ABCD-EFGH-JKLM-NPQ",
            "ABCD-EFGH-JKLM-NPQ0",
            "é".repeat(16).as_str(),
        ] {
            assert!(Code::read(wrong).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn a_draft_opens_with_its_code_and_with_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let drafts = Drafts::open(folder.path(), KEPT, now()).unwrap();
        let about = "she comes home at five";
        drafts.put(&code(1), &draft("first")).unwrap();
        drafts.put(&code(1), &draft(about)).unwrap();
        assert_eq!(drafts.get(&code(1), now()).unwrap(), Some(draft(about)));
        assert_eq!(drafts.get(&code(2), now()).unwrap(), None);
        let files: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(files.len(), 1);
        let bytes = fs::read(files[0].as_ref().unwrap().path()).unwrap();
        assert!(!bytes.windows(4).any(|w| w == b"home"));
        drafts.remove(&code(1)).unwrap();
        drafts.remove(&code(1)).unwrap();
        assert_eq!(drafts.get(&code(1), now()).unwrap(), None);
    }

    #[test]
    fn drafts_grow_old_and_there_is_an_end_to_them() {
        let folder = tempfile::tempdir().unwrap();
        let drafts = Drafts::open(folder.path(), KEPT, now()).unwrap();
        for n in 0..3 {
            drafts.put(&code(n), &draft("x")).unwrap();
        }
        assert!(matches!(
            drafts.put(&code(9), &draft("x")),
            Err(NotKept::Full(3))
        ));
        let later = now().plus_days(15);
        assert_eq!(drafts.get(&code(0), later).unwrap(), None);
        assert_eq!(
            drafts.get(&code(1), now().plus_days(13)).unwrap(),
            Some(draft("x"))
        );
        // A clock that was put back takes nothing away.
        drafts.sweep(now().plus_days(-400)).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        drafts.sweep(later).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        drafts.put(&code(9), &draft("x")).unwrap();
        // A damaged one is an error, and no panic.
        let file = fs::read_dir(folder.path())
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .path();
        fs::write(&file, b"age-encryption.org/v1\n").unwrap();
        assert!(drafts.get(&code(9), now()).is_err());
    }
}
