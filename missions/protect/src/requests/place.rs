//! Where sealed requests lie until they are taken: a folder, or a place in an object store.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use futures_util::{StreamExt as _, TryStreamExt as _};
use remote::{Objects, TRIAL, Taken};
use store::{Error, Result};

/// Where files no key opens are set aside in a folder.
const UNOPENED: &str = "unopened";
const ENDING: &str = "age";
/// Objects read at the same time.
const TOGETHER: usize = 8;

/// Name of a file or an object, without where it lies.
pub(super) type Name = OsString;

/// What was found under a name.
pub(super) enum Sealed {
    Whole(Vec<u8>),
    /// Longer than anything that is sealed.
    TooLong,
    Gone,
}

/// A box.
#[derive(Debug)]
pub(super) enum Place {
    Folder(PathBuf),
    Objects {
        objects: Objects,
        /// Names of what no key opens. It stays where it is, and is left alone until the next start.
        aside: Mutex<BTreeSet<String>>,
    },
}

pub(super) fn fault(path: &Path) -> impl Fn(io::Error) -> Error {
    let path = path.display().to_string();
    move |source| Error::File {
        path: path.clone(),
        source,
    }
}

fn away(error: remote::Error) -> Error {
    Error::Invalid(format!("the box is not to be had: {error}"))
}

impl Place {
    /// A folder, where what no key opened before is brought back to be tried again.
    pub(super) fn folder(folder: PathBuf) -> Result<Place> {
        let aside = folder.join(UNOPENED);
        for name in sealed_files(&aside, usize::MAX).unwrap_or_default() {
            let to = folder.join(&name);
            fs::rename(aside.join(&name), &to).map_err(fault(&to))?;
        }
        Ok(Place::Folder(folder))
    }

    pub(super) fn objects(objects: Objects) -> Place {
        Place::Objects {
            objects,
            aside: Mutex::default(),
        }
    }

    /// Names of what is sealed and whole, at most so many.
    pub(super) async fn sealed(&self, most: usize) -> Result<Vec<Name>> {
        match self {
            Place::Folder(folder) => sealed_files(folder, most).map_err(fault(folder)),
            Place::Objects { objects, aside } => {
                let aside = lock(aside).clone();
                let sealed = |name: &str| {
                    let ending = Path::new(name).extension();
                    ending.is_some_and(|e| e == ENDING) && !aside.contains(name)
                };
                let wanted = |name: &str| name == TRIAL || sealed(name);
                let found = objects.list(most, wanted).await.map_err(away)?;
                let (trials, found): (Vec<_>, Vec<_>) =
                    found.into_iter().partition(|f| f.name == TRIAL);
                if !trials.is_empty() {
                    // The public side has no right to remove what it tried the box with.
                    objects.remove(vec![TRIAL.to_owned()]).await.map_err(away)?;
                }
                Ok(found.into_iter().map(|f| f.name.into()).collect())
            }
        }
    }

    /// Reads what is under these names.
    pub(super) async fn read(&self, names: Vec<Name>) -> Result<Vec<(Name, Sealed)>> {
        match self {
            Place::Folder(folder) => {
                let mut all = Vec::with_capacity(names.len());
                for name in names {
                    let sealed = read(&folder.join(&name))?;
                    all.push((name, sealed));
                }
                Ok(all)
            }
            Place::Objects { objects, .. } => {
                let read = |name: Name| async move {
                    let text = name.to_str().unwrap_or_default();
                    let most = sealing::MOST_SEALED as u64;
                    let sealed = match objects.take(text, most).await.map_err(away)? {
                        Taken::Whole(bytes) => Sealed::Whole(bytes),
                        Taken::TooLong(_) => Sealed::TooLong,
                        Taken::Gone => Sealed::Gone,
                    };
                    Ok((name, sealed))
                };
                let all = futures_util::stream::iter(names.into_iter().map(read));
                all.buffered(TOGETHER).try_collect().await
            }
        }
    }

    /// Removes what is on record; what is gone already is no error.
    pub(super) async fn remove(&self, names: Vec<Name>) -> Result<()> {
        match self {
            Place::Folder(folder) => {
                for name in names {
                    let file = folder.join(name);
                    match fs::remove_file(&file) {
                        Err(e) if e.kind() != io::ErrorKind::NotFound => {
                            return Err(fault(&file)(e));
                        }
                        _ => {}
                    }
                }
                Ok(())
            }
            Place::Objects { objects, .. } if !names.is_empty() => {
                let names = names.into_iter().filter_map(|n| n.into_string().ok());
                objects.remove(names.collect()).await.map_err(away)
            }
            Place::Objects { .. } => Ok(()),
        }
    }

    /// Sets aside what no key opens.
    pub(super) fn set_aside(&self, name: Name) -> Result<()> {
        match self {
            Place::Folder(folder) => {
                let aside = folder.join(UNOPENED);
                fs::create_dir_all(&aside).map_err(fault(&aside))?;
                let to = aside.join(&name);
                fs::rename(folder.join(&name), &to).map_err(fault(&to))
            }
            Place::Objects { aside, .. } => {
                lock(aside).extend(name.into_string().ok());
                Ok(())
            }
        }
    }
}

fn lock(aside: &Mutex<BTreeSet<String>>) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
    aside.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read(file: &Path) -> Result<Sealed> {
    let gone = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Ok(Sealed::Gone),
        _ => Err(fault(file)(error)),
    };
    match fs::symlink_metadata(file) {
        Ok(about) if about.len() > sealing::MOST_SEALED as u64 => return Ok(Sealed::TooLong),
        Ok(_) => {}
        Err(error) => return gone(error),
    }
    fs::read(file).map(Sealed::Whole).or_else(gone)
}

/// Names of whole files in a folder, at most so many. Parts still being written have another ending.
fn sealed_files(folder: &Path, most: usize) -> io::Result<Vec<Name>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if path.extension().is_some_and(|e| e == ENDING) && entry.file_type()?.is_file() {
            files.push(entry.file_name());
        }
        if files.len() >= most {
            break;
        }
    }
    Ok(files)
}
