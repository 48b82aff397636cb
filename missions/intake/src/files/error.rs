//! Why a whole file was refused. A bad row is a finding; these end the reading of the file.

use std::io;

/// A file that cannot be read, or not any further. Each message ends with its remedy.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("the file cannot be read: {0}. Check that it exists, is complete and may be opened")]
    Read(#[source] io::Error),
    #[error("the file is empty. Ask the sender for it again")]
    Empty,
    #[error(
        "no table can be read from the file: {0}. \
         Ask the sender for the table with its headings in the first row"
    )]
    NoHeadings(&'static str),
    #[error("this is {0}, not a table. Send CSV, XLSX or JSON")]
    NotATable(&'static str),
    #[error("this is an Excel workbook of the old kind (.xls). Save it as .xlsx or CSV")]
    OldWorkbook,
    #[error("the archive is protected by a password. Unpack it first")]
    Encrypted,
    #[error(
        "the archive must hold exactly one file; it holds {count}: {names}. \
         Unpack it and import each table by itself"
    )]
    ManyFiles { count: usize, names: String },
    #[error("the archive holds {0}. Unpack it and import the inner file")]
    ArchiveInside(&'static str),
    #[error("the archive is damaged: {0}. Ask the sender for it again")]
    Damaged(String),
    #[error(
        "a zip file or workbook can be read from a file only, not from a stream. Save it first"
    )]
    NeedsFile,
    #[error(
        "the file unpacks to more than {limit} bytes. \
         Split it, or raise {setting} in policy/intake/files.toml"
    )]
    TooLarge { limit: u64, setting: &'static str },
    #[error(
        "the file unpacks to more than {ratio} times its size, as a decompression bomb does. \
         Unpack it by hand and check what it holds; max_unpack_ratio in policy/intake/files.toml \
         sets the bound"
    )]
    Bomb { ratio: u64 },
    #[error("the workbook cannot be read: {0}. Open it and save it again as .xlsx, or as CSV")]
    Workbook(String),
    #[error(
        "the workbook has no sheet {wanted:?}; it has {present}. Correct `sheet` in the mapping"
    )]
    NoSheet { wanted: String, present: String },
    #[error(
        "the table has more than {limit} columns. \
         Remove unused columns, or check the delimiter in the mapping"
    )]
    TooManyColumns { limit: usize },
    #[error("the JSON cannot be read: {0}. Send an array of objects, or one object a line")]
    Json(String),
}

impl FileError {
    /// Carried through a reader by [`io::Error::other`], so that unpacking can refuse midway.
    pub(super) fn into_io(self) -> io::Error {
        io::Error::other(self)
    }
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> FileError {
        let kind = error.kind();
        if error.get_ref().is_some_and(|inner| inner.is::<FileError>()) {
            if let Some(Ok(own)) = error.into_inner().map(|e| e.downcast::<FileError>()) {
                return *own;
            }
            return FileError::Damaged(kind.to_string());
        }
        FileError::Read(error)
    }
}
