//! Raw bytes: counted and hashed as they are read, then unpacked within limits.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flate2::Crc;
use flate2::read::{DeflateDecoder, MultiGzDecoder};
use sha2::{Digest, Sha256};
use zip::ZipArchive;

use super::error::FileError;
use super::limits::Limits;

/// How much of the start of a file is looked at to recognise it.
pub(super) const HEAD: usize = 64 << 10;

/// The raw file under all readers: hashes and counts every byte once. Clones share the state.
#[derive(Clone)]
pub(super) struct Tally(Arc<Mutex<Count>>);

struct Count {
    input: Box<dyn Read + Send>,
    digest: Sha256,
    bytes: u64,
}

impl Tally {
    pub(super) fn of(input: Box<dyn Read + Send>) -> Tally {
        Tally(Arc::new(Mutex::new(Count {
            input,
            digest: Sha256::new(),
            bytes: 0,
        })))
    }

    /// A panic elsewhere cannot leave the count half-written, so a poisoned lock is still good.
    fn lock(&self) -> MutexGuard<'_, Count> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Raw bytes read so far.
    pub(super) fn so_far(&self) -> u64 {
        self.lock().bytes
    }

    /// Reads what is left, then says the lower-case hex SHA-256 and the length of the whole file.
    pub(super) fn finish(&mut self) -> Result<(String, u64), FileError> {
        io::copy(self, &mut io::sink())?;
        let count = self.lock();
        Ok((hex::encode(count.digest.clone().finalize()), count.bytes))
    }
}

impl Read for Tally {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut count = self.lock();
        let n = count.input.read(buf)?;
        count.digest.update(&buf[..n]);
        count.bytes += n as u64;
        Ok(n)
    }
}

/// What the raw bytes turned out to be.
pub(super) enum Unpacked {
    /// Plain bytes of one table, with the first of them apart.
    Stream {
        head: Vec<u8>,
        rest: Box<dyn Read + Send>,
        tally: Tally,
    },
    /// An XLSX workbook whose unpacked size has been measured.
    Workbook { file: File, tally: Tally },
}

/// Opens a file by its content, never by its name.
pub(super) fn open(mut file: File, limits: &Limits) -> Result<Unpacked, FileError> {
    let mut magic = [0u8; 4];
    let n = fill(&mut file, &mut magic)?;
    file.seek(SeekFrom::Start(0))?;
    if is_zip(&magic[..n]) {
        return open_zip(file, limits);
    }
    open_stream(Box::new(file), limits)
}

/// Opens a stream: plain or gzip.
pub(super) fn open_stream(
    input: Box<dyn Read + Send>,
    limits: &Limits,
) -> Result<Unpacked, FileError> {
    let mut tally = Tally::of(input);
    let head = read_head(&mut tally)?;
    if head.is_empty() {
        return Err(FileError::Empty);
    }
    if is_zip(&head) {
        return Err(FileError::NeedsFile);
    }
    if !head.starts_with(&[0x1f, 0x8b]) {
        return Ok(Unpacked::Stream {
            head,
            rest: Box::new(tally.clone()),
            tally,
        });
    }
    let packed = Cursor::new(head).chain(tally.clone());
    let mut rest: Box<dyn Read + Send> = Box::new(Bounded {
        inner: MultiGzDecoder::new(packed),
        packed: Packed::Tally(tally.clone()),
        unpacked: 0,
        max_bytes: limits.max_unpacked_bytes,
        max_ratio: limits.max_unpack_ratio,
        ratio_from: limits.unpack_ratio_from_bytes,
        setting: "max_unpacked_bytes",
    });
    let head = read_head(&mut rest)?;
    refuse_archive(&head)?;
    Ok(Unpacked::Stream { head, rest, tally })
}

fn open_zip(mut file: File, limits: &Limits) -> Result<Unpacked, FileError> {
    // The directory of a zip is at its end, so the digest takes a pass of its own.
    let mut tally = Tally::of(Box::new(file.try_clone()?));
    tally.finish()?;
    file.seek(SeekFrom::Start(0))?;
    let mut archive = ZipArchive::new(BufReader::new(file.try_clone()?)).map_err(damaged)?;
    if is_workbook(&archive) {
        measure_workbook(&mut archive, limits)?;
        file.seek(SeekFrom::Start(0))?;
        return Ok(Unpacked::Workbook { file, tally });
    }
    let mut inside = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(damaged)?;
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        if !entry.is_dir() && !is_litter(&name) {
            inside.push((index, name));
        }
    }
    let [(index, _)] = inside.as_slice() else {
        return Err(many_files(&inside));
    };
    let mut rest = open_entry(&mut archive, *index, file, limits)?;
    let head = read_head(&mut rest)?;
    refuse_archive(&head)?;
    Ok(Unpacked::Stream { head, rest, tally })
}

/// Reads one entry from its place in the file, so that nothing borrows the archive.
fn open_entry(
    archive: &mut ZipArchive<BufReader<File>>,
    index: usize,
    mut file: File,
    limits: &Limits,
) -> Result<Box<dyn Read + Send>, FileError> {
    let entry = archive.by_index_raw(index).map_err(damaged)?;
    if entry.encrypted() {
        return Err(FileError::Encrypted);
    }
    let start = entry
        .data_start()
        .ok_or_else(|| FileError::Damaged("an entry has no place in the file".to_owned()))?;
    file.seek(SeekFrom::Start(start))?;
    let packed = entry.compressed_size();
    let stored = BufReader::with_capacity(HEAD, file).take(packed);
    let inner: Box<dyn Read + Send> = match entry.compression() {
        zip::CompressionMethod::Stored => Box::new(stored),
        zip::CompressionMethod::Deflated => Box::new(DeflateDecoder::new(stored)),
        other => {
            return Err(FileError::Damaged(format!(
                "its compression ({other}) is not read here; use ordinary zip"
            )));
        }
    };
    Ok(Box::new(Checked {
        inner: Bounded {
            inner,
            packed: Packed::Known(packed),
            unpacked: 0,
            max_bytes: limits.max_unpacked_bytes,
            max_ratio: limits.max_unpack_ratio,
            ratio_from: limits.unpack_ratio_from_bytes,
            setting: "max_unpacked_bytes",
        },
        crc: Crc::new(),
        expected: entry.crc32(),
    }))
}

/// Unpacks every part into nothing, because sizes written in a zip directory can lie.
fn measure_workbook(
    archive: &mut ZipArchive<BufReader<File>>,
    limits: &Limits,
) -> Result<(), FileError> {
    let mut left = limits.max_workbook_bytes;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(damaged)?;
        let packed = entry.compressed_size();
        let mut part = Bounded {
            inner: entry,
            packed: Packed::Known(packed),
            unpacked: 0,
            max_bytes: left,
            max_ratio: limits.max_unpack_ratio,
            ratio_from: limits.unpack_ratio_from_bytes,
            setting: "max_workbook_bytes",
        };
        let n = io::copy(&mut part, &mut io::sink()).map_err(|e| match FileError::from(e) {
            FileError::Read(e) => FileError::Damaged(e.to_string()),
            // The bound is on all parts together; name it, not what was left of it.
            FileError::TooLarge { setting, .. } => FileError::TooLarge {
                limit: limits.max_workbook_bytes,
                setting,
            },
            other => other,
        })?;
        left = left.saturating_sub(n);
    }
    Ok(())
}

fn is_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

fn is_workbook(archive: &ZipArchive<BufReader<File>>) -> bool {
    archive.index_for_name("[Content_Types].xml").is_some()
        && archive.file_names_raw().any(|n| n.starts_with(b"xl/"))
}

/// What archivers add by themselves and nobody sent.
fn is_litter(name: &str) -> bool {
    name.starts_with("__MACOSX/") || name.ends_with(".DS_Store") || name.ends_with("Thumbs.db")
}

fn many_files(inside: &[(usize, String)]) -> FileError {
    let mut names: Vec<&str> = inside.iter().take(5).map(|(_, n)| n.as_str()).collect();
    if inside.is_empty() {
        names.push("nothing");
    } else if inside.len() > names.len() {
        names.push("…");
    }
    FileError::ManyFiles {
        count: inside.len(),
        names: names.join(", "),
    }
}

fn refuse_archive(head: &[u8]) -> Result<(), FileError> {
    if head.is_empty() {
        return Err(FileError::Empty);
    }
    if is_zip(head) {
        return Err(FileError::ArchiveInside("another zip file or a workbook"));
    }
    if head.starts_with(&[0x1f, 0x8b]) {
        return Err(FileError::ArchiveInside("another gzip file"));
    }
    Ok(())
}

fn damaged(error: zip::result::ZipError) -> FileError {
    FileError::Damaged(error.to_string())
}

fn fill(input: &mut impl Read, buf: &mut [u8]) -> io::Result<usize> {
    let mut n = 0;
    while n < buf.len() {
        match input.read(&mut buf[n..])? {
            0 => break,
            more => n += more,
        }
    }
    Ok(n)
}

fn read_head(input: &mut impl Read) -> Result<Vec<u8>, FileError> {
    let mut head = vec![0; HEAD];
    let n = fill(input, &mut head).map_err(unpack_error)?;
    head.truncate(n);
    Ok(head)
}

/// A decoder reports damage as invalid input or an early end; that is the archive's fault.
pub(super) fn unpack_error(error: io::Error) -> FileError {
    match error.kind() {
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
            FileError::Damaged(error.to_string())
        }
        _ => FileError::from(error),
    }
}

enum Packed {
    Tally(Tally),
    Known(u64),
}

/// Refuses a stream that unpacks to too much.
struct Bounded<R> {
    inner: R,
    packed: Packed,
    unpacked: u64,
    max_bytes: u64,
    max_ratio: u64,
    ratio_from: u64,
    setting: &'static str,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.unpacked += n as u64;
        if self.unpacked > self.max_bytes {
            return Err(FileError::TooLarge {
                limit: self.max_bytes,
                setting: self.setting,
            }
            .into_io());
        }
        if self.unpacked > self.ratio_from {
            let packed = match &self.packed {
                Packed::Tally(tally) => tally.so_far(),
                Packed::Known(bytes) => *bytes,
            };
            if self.unpacked > packed.saturating_mul(self.max_ratio) {
                return Err(FileError::Bomb {
                    ratio: self.max_ratio,
                }
                .into_io());
            }
        }
        Ok(n)
    }
}

/// Compares the check sum of a zip entry at its end.
struct Checked<R> {
    inner: R,
    crc: Crc,
    expected: u32,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        if n > 0 {
            self.crc.update(&buf[..n]);
        } else if !buf.is_empty() && self.crc.sum() != self.expected {
            return Err(FileError::Damaged("its check sum is wrong".to_owned()).into_io());
        }
        Ok(n)
    }
}
