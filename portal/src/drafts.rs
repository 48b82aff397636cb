//! Save and return: what a visitor has written so far, sealed under a code that only they have.
//!
//! A draft's key and its file's name both come from the code (HMAC-SHA256), which is shown once and
//! kept nowhere. Whoever reads the folder learns how many drafts there are, and when each was saved.
//! A draft goes when its form is sent, and by itself after the days that policy says: by a clock that has
//! not jumped for a while, so that a wrong one takes nothing from anybody.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
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
/// Ending of what a process that died was still writing.
const PART: &str = "part";
/// Signs of a code: 80 bits.
const SIGNS: usize = 16;
/// Age of a part nobody is writing any more.
const LEFT_BEHIND: Duration = Duration::from_secs(3_600);
/// A clock that moves by more than this beside the one that never jumps has jumped.
const JUMP: Duration = Duration::from_secs(60);
/// How long it must not have jumped before anything is let go by it: a little less than the hour
/// between two sweeps.
const TRUSTED: Duration = Duration::from_secs(3_000);

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

    /// The same in two halves, each of which stays on one line of a narrow screen.
    pub fn halves(&self) -> (String, String) {
        let half = |from| grouped(self.0.bytes().skip(from).take(SIGNS / 2).map(char::from));
        (format!("{}-", half(0)), half(SIGNS / 2))
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
    /// As of the last sweep, with those put and let go since.
    held: Arc<AtomicUsize>,
    clock: Arc<Mutex<Beside>>,
}

/// The clock beside the time since some fixed moment, which never jumps.
#[derive(Debug)]
struct Beside {
    /// Microseconds between the two.
    apart: i128,
    /// Since when they have gone together.
    since: Duration,
}

impl Beside {
    fn of(now: Timestamp, elapsed: Duration) -> Beside {
        let apart = i128::from(now.micros()) - i128::try_from(elapsed.as_micros()).unwrap_or(0);
        Beside {
            apart,
            since: elapsed,
        }
    }

    /// Whether the clock has not jumped for long enough.
    fn is_trusted(&mut self, now: Timestamp, elapsed: Duration) -> bool {
        let mut seen = Beside::of(now, elapsed);
        if seen.apart.abs_diff(self.apart) <= JUMP.as_micros() {
            seen.since = self.since;
        }
        *self = seen;
        elapsed.saturating_sub(self.since) >= TRUSTED
    }
}

impl Drafts {
    /// Tries that drafts can be kept there, and counts them. `elapsed` is the time since some fixed
    /// moment; the first to be let go by this process are those of a later [`Drafts::sweep`].
    pub fn open(
        folder: &Path,
        kept: Kept,
        now: Timestamp,
        elapsed: Duration,
    ) -> io::Result<Drafts> {
        let drafts = Drafts {
            folder: folder.to_owned(),
            files: Folder::open(folder)?,
            kept,
            held: Arc::default(),
            clock: Arc::new(Mutex::new(Beside::of(now, elapsed))),
        };
        drafts.sweep(now, elapsed)?;
        Ok(drafts)
    }

    /// Days a draft is kept.
    pub fn days(&self) -> u32 {
        self.kept.days
    }

    /// Whether a draft is kept under this code.
    pub fn holds(&self, code: &Code) -> io::Result<bool> {
        self.folder.join(code.name()).try_exists()
    }

    /// Seals a draft under the code. The same code takes the place of its own draft, also when there
    /// is no room for more.
    pub fn put(&self, code: &Code, draft: &Draft) -> Result<(), NotKept> {
        let is_new = !self.holds(code)?;
        if is_new {
            self.make_room()?;
        }
        let written = self.write(code, draft);
        if is_new && written.is_err() {
            self.one_less();
        }
        Ok(written?)
    }

    fn write(&self, code: &Code, draft: &Draft) -> io::Result<()> {
        let open = Zeroizing::new(serde_json::to_vec(draft).map_err(io::Error::other)?);
        let key = code.key().map_err(io::Error::other)?;
        let sealed = sealing::seal(&open, &key.public()).map_err(io::Error::other)?;
        self.files.put(&code.name(), &sealed)
    }

    /// Counts one more, unless there are as many as may be.
    fn make_room(&self) -> Result<(), NotKept> {
        let more = |held| (held < self.kept.most).then_some(held + 1);
        let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
        let counted = self.held.fetch_update(set, fetch, more);
        counted.map(drop).map_err(NotKept::Full)
    }

    fn one_less(&self) {
        let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
        // Nought already: a sweep has counted in between.
        let _ = self
            .held
            .fetch_update(set, fetch, |held| held.checked_sub(1));
    }

    /// The draft a code opens; none where there is none, or it is too old.
    pub fn get(&self, code: &Code, now: Timestamp) -> io::Result<Option<Draft>> {
        let file = self.folder.join(code.name());
        let sealed = match fs::read(&file) {
            Ok(sealed) => sealed,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        // It stays for the sweep, which knows whether this clock can be trusted.
        if age(&file, now)?.is_none_or(|age| age > self.longest()) {
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
        if remove(&self.folder.join(code.name()))? {
            self.one_less();
        }
        Ok(())
    }

    /// Lets go of what is too old, unless the clock has jumped a short while ago, and counts what stays.
    pub fn sweep(&self, now: Timestamp, elapsed: Duration) -> io::Result<()> {
        let mut clock = self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        let trusted = clock.is_trusted(now, elapsed);
        drop(clock);
        let mut held = 0;
        for entry in fs::read_dir(&self.folder)? {
            let file = entry?.path();
            let ending = file.extension().and_then(|e| e.to_str());
            let longest = match ending {
                Some(EXTENSION) => self.longest(),
                Some(PART) => LEFT_BEHIND,
                _ => continue,
            };
            if trusted && age(&file, now)?.is_none_or(|age| age > longest) {
                remove(&file)?;
            } else if ending == Some(EXTENSION) {
                held += 1;
            }
        }
        self.held.store(held, Ordering::Relaxed);
        Ok(())
    }

    fn longest(&self) -> Duration {
        Duration::from_secs(u64::from(self.kept.days) * 86_400)
    }
}

/// How long ago a file was written: none when it is gone, nothing when that lies ahead because the
/// clock was put back.
fn age(file: &Path, now: Timestamp) -> io::Result<Option<Duration>> {
    let saved = match fs::metadata(file) {
        Ok(about) => about.modified()?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let now = SystemTime::UNIX_EPOCH
        + Duration::from_micros(u64::try_from(now.micros()).unwrap_or_default());
    Ok(Some(now.duration_since(saved).unwrap_or_default()))
}

/// Removes a file and tells whether it was there.
fn remove(file: &Path) -> io::Result<bool> {
    match fs::remove_file(file) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
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
        let (first, second) = code.halves();
        assert_eq!(first + &second, code.show());
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

    fn opened(folder: &Path) -> Drafts {
        Drafts::open(folder, KEPT, now(), Duration::ZERO).unwrap()
    }

    fn hours(hours: u64) -> Duration {
        Duration::from_secs(hours * 3_600)
    }

    fn count(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn a_draft_opens_with_its_code_and_with_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let drafts = opened(folder.path());
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
    fn there_is_an_end_to_their_number_and_those_kept_can_still_be_saved() {
        let folder = tempfile::tempdir().unwrap();
        let drafts = opened(folder.path());
        for n in 0..3 {
            drafts.put(&code(n), &draft("x")).unwrap();
            // Saved again they are no more than they were.
            drafts.put(&code(n), &draft("y")).unwrap();
        }
        let full = |drafts: &Drafts| {
            let put = drafts.put(&code(9), &draft("x"));
            assert!(matches!(put, Err(NotKept::Full(3))), "{put:?}");
        };
        full(&drafts);
        drafts.put(&code(2), &draft("changed")).unwrap();
        full(&opened(folder.path()));
        // One that is sent makes room for one.
        drafts.remove(&code(0)).unwrap();
        drafts.remove(&code(0)).unwrap();
        drafts.put(&code(9), &draft("x")).unwrap();
        assert!(drafts.put(&code(10), &draft("x")).is_err());
        assert_eq!(drafts.get(&code(2), now()).unwrap(), Some(draft("changed")));
        // What cannot be written takes no room.
        drafts.remove(&code(9)).unwrap();
        let away = folder.path().with_extension("away");
        fs::rename(folder.path(), &away).unwrap();
        for _ in 0..5 {
            let put = drafts.put(&code(11), &draft("x"));
            assert!(matches!(put, Err(NotKept::Disk(_))), "{put:?}");
        }
        fs::rename(&away, folder.path()).unwrap();
        drafts.put(&code(11), &draft("x")).unwrap();
    }

    #[test]
    fn drafts_grow_old() {
        let folder = tempfile::tempdir().unwrap();
        let drafts = opened(folder.path());
        for n in 0..3 {
            drafts.put(&code(n), &draft("x")).unwrap();
        }
        let later = now().plus_days(15);
        assert_eq!(drafts.get(&code(0), later).unwrap(), None);
        let thirteen = now().plus_days(13);
        assert_eq!(drafts.get(&code(1), thirteen).unwrap(), Some(draft("x")));
        drafts.sweep(thirteen, hours(13 * 24)).unwrap();
        assert_eq!(count(folder.path()), 3);
        drafts.sweep(later, hours(15 * 24)).unwrap();
        assert_eq!(count(folder.path()), 0);
        drafts.put(&code(9), &draft("x")).unwrap();
        // A damaged one is an error, and no panic.
        let file = folder.path().join(code(9).name());
        fs::write(&file, b"age-encryption.org/v1\n").unwrap();
        assert!(drafts.get(&code(9), now()).is_err());
    }

    #[test]
    fn a_clock_that_jumps_takes_nothing_away() {
        let folder = tempfile::tempdir().unwrap();
        let drafts = opened(folder.path());
        drafts.put(&code(1), &draft("x")).unwrap();
        // Years ahead for an hour, and years back: both noticed, neither believed.
        drafts.sweep(now().plus_days(4_000), hours(2)).unwrap();
        drafts.sweep(now().plus_days(-4_000), hours(3)).unwrap();
        drafts.sweep(now(), hours(4)).unwrap();
        assert_eq!(drafts.get(&code(1), now()).unwrap(), Some(draft("x")));
        // A process that starts with a wrong clock believes it as little.
        let wrong = now().plus_days(4_000);
        let again = Drafts::open(folder.path(), KEPT, wrong, Duration::ZERO).unwrap();
        assert_eq!(again.get(&code(1), wrong).unwrap(), None);
        again.sweep(now(), hours(1)).unwrap();
        assert_eq!(again.get(&code(1), now()).unwrap(), Some(draft("x")));
        // One that stays where it is is believed after an hour.
        again.sweep(wrong, hours(2)).unwrap();
        let wrong = Timestamp::from_micros(wrong.micros() + 3_600_000_000);
        again.sweep(wrong, hours(3)).unwrap();
        assert_eq!(count(folder.path()), 0);
    }

    #[test]
    fn half_a_file_is_in_nobodys_way() {
        let folder = tempfile::tempdir().unwrap();
        let drafts = opened(folder.path());
        let part = folder.path().join(format!(".{}.part", code(1).name()));
        for n in 2..9 {
            let other = folder.path().join(format!(".{}.part", code(n).name()));
            fs::write(other, b"half").unwrap();
        }
        fs::write(&part, b"half").unwrap();
        // They are no drafts, and take no draft's room.
        let minutes = |minutes: u32| Duration::from_secs(60) * minutes;
        drafts.sweep(now().plus_minutes(30), minutes(30)).unwrap();
        assert_eq!(drafts.get(&code(1), now()).unwrap(), None);
        for n in 1..=3 {
            drafts.put(&code(n), &draft("x")).unwrap();
        }
        assert_eq!(drafts.get(&code(1), now()).unwrap(), Some(draft("x")));
        assert!(!part.exists(), "its own part became the draft");
        // The others go when nobody can be writing them.
        drafts.sweep(now().plus_minutes(121), minutes(121)).unwrap();
        assert_eq!(count(folder.path()), 3);
    }
}
