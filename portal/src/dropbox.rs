//! The drop box: a folder into which sealed submissions are put, and which is never read here.
//!
//! A file is whole or not there: written under a temporary name, synced, renamed, and the rename
//! made durable before anybody is thanked.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use record::ids::SubmissionId;

/// Ending of a sealed submission's name.
pub const EXTENSION: &str = "age";

/// Where sealed submissions are put.
#[derive(Debug, Clone)]
pub struct DropBox {
    folder: PathBuf,
}

impl DropBox {
    /// Tries that a file can be put there. Says what to do when not.
    pub fn open(folder: &Path) -> io::Result<DropBox> {
        let drop_box = DropBox {
            folder: folder.to_owned(),
        };
        let trial = folder.join(format!(".trial-{}", std::process::id()));
        File::create(&trial)?.sync_all()?;
        fs::remove_file(&trial)?;
        Ok(drop_box)
    }

    /// Puts a sealed submission there and returns when it would survive a power cut. The same id
    /// takes the place of itself.
    pub fn put(&self, id: SubmissionId, sealed: &[u8]) -> io::Result<()> {
        self.put_as(&format!("{id}.{EXTENSION}"), sealed)
    }

    /// Puts a file of this name there, in the same way.
    pub(crate) fn put_as(&self, name: &str, sealed: &[u8]) -> io::Result<()> {
        let part = self.folder.join(format!(".{name}.part"));
        let whole = self.folder.join(name);
        let written = self.write(&part, &whole, sealed);
        if written.is_err() {
            // A full disk: the part would stay in the way.
            let _ = fs::remove_file(&part);
        }
        written
    }

    fn write(&self, part: &Path, whole: &Path, sealed: &[u8]) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
        let mut file = options.open(part)?;
        file.write_all(sealed)?;
        file.sync_all()?;
        fs::rename(part, whole)?;
        match File::open(&self.folder) {
            Ok(folder) => folder.sync_all(),
            // Without read permission on the folder: syncing the renamed file commits its new name
            // on ext4 and XFS.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => file.sync_all(),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_submission_is_whole_or_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let drop_box = DropBox::open(folder.path()).unwrap();
        let id = SubmissionId(uuid::Uuid::from_u128(7));
        drop_box.put(id, b"first").unwrap();
        drop_box.put(id, b"second").unwrap();
        let names: Vec<String> = fs::read_dir(folder.path())
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(names, [format!("{id}.age")]);
        assert_eq!(fs::read(folder.path().join(&names[0])).unwrap(), b"second");
        fs::remove_dir_all(folder.path()).unwrap();
        assert!(drop_box.put(id, b"third").is_err());
        assert!(DropBox::open(folder.path()).is_err());
    }
}
