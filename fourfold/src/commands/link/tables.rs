//! Tables of any kind, read in batches: CSV with whatever delimiter, or Parquet.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use linkage::batch::{Batch, Rows as _};

use super::parquet;

/// Rows read at a time.
const AT_ONCE: usize = 1 << 14;
/// Rows left out that are told one by one.
const TOLD: usize = 20;

/// A table that is being read.
pub struct Table {
    pub path: PathBuf,
    pub headings: Vec<String>,
    reader: Reader,
    /// Rows that could not be read, as told to the user.
    pub left_out: LeftOut,
}

/// Rows that were left out.
#[derive(Debug, Default, Clone)]
pub struct LeftOut {
    pub rows: u64,
    pub told: Vec<String>,
}

impl LeftOut {
    fn add(&mut self, what: impl FnOnce() -> String) {
        self.rows += 1;
        if self.told.len() < TOLD {
            self.told.push(what());
        }
    }
}

enum Reader {
    Csv(Box<csv::Reader<Box<dyn Read + Send>>>, csv::ByteRecord),
    Parquet(parquet::Reader),
}

impl Table {
    /// Opens a table by what its name ends in: `.parquet`, or else CSV.
    pub fn open(path: &Path) -> Result<Self> {
        let told = || format!("{} cannot be read", path.display());
        let (headings, reader) = if parquet::is_named(path) {
            let (headings, reader) = parquet::Reader::open(path, AT_ONCE).with_context(told)?;
            (headings, Reader::Parquet(reader))
        } else {
            open_csv(path).with_context(told)?
        };
        for (at, heading) in headings.iter().enumerate() {
            ensure!(
                !headings[..at].contains(heading),
                "{}: two columns are called {heading:?}. Give each a heading of its own",
                path.display()
            );
        }
        Ok(Self {
            path: path.to_owned(),
            headings,
            reader,
            left_out: LeftOut::default(),
        })
    }

    /// A batch of the right width to read into.
    pub fn batch(&self) -> Batch {
        Batch::new(self.headings.len())
    }

    /// Reads the next rows; false when there are none.
    pub fn next(&mut self, batch: &mut Batch) -> Result<bool> {
        batch.clear();
        match &mut self.reader {
            Reader::Csv(reader, record) => {
                let wanted = self.headings.len();
                while batch.len() < AT_ONCE {
                    match reader.read_byte_record(record) {
                        Ok(false) => break,
                        Ok(true) if record.len() == wanted => batch.push(record.iter()),
                        // A line of nothing but spaces.
                        Ok(true) if record.len() == 1 && record[0].trim_ascii().is_empty() => {}
                        Ok(true) => {
                            let line = record.position().map_or(0, csv::Position::line);
                            let (has, path) = (record.len(), self.path.display());
                            self.left_out.add(|| {
                                format!(
                                    "{path}, line {line}: {has} fields where the heading has \
                                     {wanted}; the row was left out. Put fields that hold the \
                                     delimiter in quotes"
                                )
                            });
                        }
                        Err(error) => bail!("{}: {error}", self.path.display()),
                    }
                }
            }
            Reader::Parquet(reader) => reader
                .next(batch)
                .with_context(|| self.path.display().to_string())?,
        }
        Ok(batch.len() > 0)
    }
}

fn open_csv(path: &Path) -> Result<(Vec<String>, Reader)> {
    let mut file = BufReader::with_capacity(1 << 18, File::open(path)?);
    let begun = file.fill_buf()?;
    ensure!(
        !begun.is_empty(),
        "it is empty; the first line must hold the headings"
    );
    ensure!(
        !begun.starts_with(&[0xff, 0xfe]) && !begun.starts_with(&[0xfe, 0xff]),
        "it is UTF-16. Save it as UTF-8"
    );
    let mark: &[u8] = b"\xef\xbb\xbf";
    if begun.starts_with(mark) {
        file.consume(mark.len());
    }
    let first = file.fill_buf()?;
    let line = first.split(|byte| *byte == b'\n').next().unwrap_or(first);
    let delimiter = [b',', b'\t', b';', b'|']
        .into_iter()
        .max_by_key(|sign| {
            (
                line.iter().filter(|byte| *byte == sign).count(),
                *sign == b',',
            )
        })
        .unwrap_or(b',');
    let read: Box<dyn Read + Send> = Box::new(file);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .buffer_capacity(1 << 18)
        .from_reader(read);
    let headings = reader.byte_headers()?;
    let headings = headings
        .iter()
        .map(|heading| String::from_utf8_lossy(heading).trim().to_owned())
        .collect();
    Ok((
        headings,
        Reader::Csv(Box::new(reader), csv::ByteRecord::new()),
    ))
}
