//! The drop box: where sealed submissions are put, and what is never read here.
//!
//! A folder, or a prefix of an object store. What is put there is whole or not there, and nobody is thanked before it
//! is safe: a file is written under a temporary name, synced, renamed, and the rename made durable; of an object the
//! store has confirmed that it has it. The right to put is all that is needed, and all that is asked for.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use record::ids::SubmissionId;
use remote::Objects;

/// Ending of a sealed submission's name.
pub const EXTENSION: &str = "age";

/// Where sealed submissions are put.
#[derive(Debug, Clone)]
pub enum DropBox {
    Folder(Folder),
    Objects(Objects),
}

impl DropBox {
    /// A folder, once it was tried.
    ///
    /// # Errors
    /// When no file can be put there.
    pub fn open(folder: &Path) -> io::Result<DropBox> {
        Folder::open(folder).map(DropBox::Folder)
    }

    /// A place in an object store, once it was tried: one object is put there, which whoever empties the box removes.
    ///
    /// # Errors
    /// When the store does not take it.
    pub async fn of(objects: Objects) -> Result<DropBox, remote::Error> {
        objects.try_to_put().await?;
        Ok(DropBox::Objects(objects))
    }

    /// Puts a sealed submission there and returns when it is safe: when it would survive a power cut, or the store has
    /// confirmed it. The same id takes the place of itself.
    pub(crate) async fn put(&self, id: SubmissionId, sealed: Vec<u8>) -> io::Result<()> {
        let name = format!("{id}.{EXTENSION}");
        // Either goes on to its end when the visitor leaves while it lasts.
        match self.clone() {
            DropBox::Folder(folder) => {
                // The disk may take its time; other visitors must not wait for it.
                let put = move || folder.put(&name, &sealed);
                tokio::task::spawn_blocking(put).await
            }
            DropBox::Objects(objects) => {
                let put = async move {
                    let put = objects.put(&name, sealed).await;
                    put.map_err(io::Error::other)
                };
                tokio::spawn(put).await
            }
        }
        .map_err(io::Error::other)?
    }
}

/// A folder into which files are put whole.
#[derive(Debug, Clone)]
pub struct Folder {
    folder: PathBuf,
}

impl Folder {
    /// Tries that a file can be put there.
    ///
    /// # Errors
    /// When it cannot.
    pub(crate) fn open(folder: &Path) -> io::Result<Folder> {
        let trial = folder.join(format!(".trial-{}", std::process::id()));
        File::create(&trial)?.sync_all()?;
        fs::remove_file(&trial)?;
        Ok(Folder {
            folder: folder.to_owned(),
        })
    }

    /// Puts a file of this name there and returns when it would survive a power cut.
    pub(crate) fn put(&self, name: &str, sealed: &[u8]) -> io::Result<()> {
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
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.unwrap();
        let put = |text: &[u8]| runtime.block_on(drop_box.put(id, text.to_vec()));
        put(b"first").unwrap();
        put(b"second").unwrap();
        let names: Vec<String> = fs::read_dir(folder.path())
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(names, [format!("{id}.age")]);
        assert_eq!(fs::read(folder.path().join(&names[0])).unwrap(), b"second");
        fs::remove_dir_all(folder.path()).unwrap();
        assert!(put(b"third").is_err());
        assert!(DropBox::open(folder.path()).is_err());
    }
}
