//! Everything a document can reach: its source, its data, and the fonts inside the program.

use std::sync::LazyLock;

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt as _, World};

use crate::Error;

const SOURCE: &str = "/main.typ";
const DATA: &str = "/data.json";

/// Fonts and library, read once and shared by all documents.
struct Shelf {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
}

static SHELF: LazyLock<Shelf> = LazyLock::new(|| {
    let fonts: Vec<Font> = typst_assets::fonts()
        .flat_map(|bytes| Font::iter(Bytes::new(bytes)))
        .collect();
    Shelf {
        library: LazyHash::new(Library::default()),
        book: LazyHash::new(FontBook::from_fonts(&fonts)),
        fonts,
    }
});

/// Whether any font of the program shows a character.
pub fn has_glyph(c: char) -> bool {
    let mut fonts = SHELF.fonts.iter();
    fonts.any(|font| font.info().coverage.contains(u32::from(c)))
}

/// The world of one document.
pub struct Pages {
    main: Source,
    data: (FileId, Bytes),
    made: Datetime,
}

impl Pages {
    pub fn new(source: &str, data: Vec<u8>, made: Datetime) -> Result<Pages, Error> {
        Ok(Pages {
            main: Source::new(id(SOURCE)?, source.to_owned()),
            data: (id(DATA)?, Bytes::new(data)),
            made,
        })
    }
}

fn id(path: &str) -> Result<FileId, Error> {
    let path = VirtualPath::new(path).map_err(|e| Error::Layout(e.to_string()))?;
    Ok(RootedPath::new(VirtualRoot::Project, path).intern())
}

impl World for Pages {
    fn library(&self) -> &LazyHash<Library> {
        &SHELF.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &SHELF.book
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.main.id() {
            return Ok(self.main.clone());
        }
        Err(FileError::AccessDenied)
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id == self.data.0 {
            return Ok(self.data.1.clone());
        }
        Err(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        SHELF.fonts.get(index).cloned()
    }

    /// The day the document was made, wherever its reader is.
    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        Some(self.made)
    }
}
