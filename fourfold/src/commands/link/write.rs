//! Clusters and pairs as files, CSV or Parquet by what their names end in.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

/// One field of a row.
pub enum Field<'f> {
    Text(&'f [u8]),
    Number(f64),
}

/// A file that is being written. It appears under its name when it is whole: until then it has
/// another, so that nobody takes half a file for an answer.
pub struct Sink {
    to: Target,
    path: std::path::PathBuf,
    beside: std::path::PathBuf,
}

enum Target {
    Csv(Box<csv::Writer<BufWriter<File>>>),
    Parquet(Box<Columns>),
}

struct Columns {
    writer: Option<ArrowWriter<File>>,
    file: Option<File>,
    headings: Vec<String>,
    texts: Vec<Vec<String>>,
    numbers: Vec<Vec<f64>>,
}

/// Rows of Parquet kept before they are written.
const ROWS: usize = 1 << 17;

impl Sink {
    pub fn create(path: &Path, headings: &[&str]) -> Result<Self> {
        let told = || format!("{} cannot be written", path.display());
        let mut beside = path.as_os_str().to_owned();
        beside.push(".part");
        let beside = std::path::PathBuf::from(beside);
        let file = File::create(&beside).with_context(told)?;
        let parquet = path
            .extension()
            .is_some_and(|end| end.eq_ignore_ascii_case("parquet"));
        let to = if parquet {
            Target::Parquet(Box::new(Columns {
                writer: None,
                file: Some(file),
                headings: headings
                    .iter()
                    .map(|heading| (*heading).to_owned())
                    .collect(),
                texts: vec![Vec::new(); headings.len()],
                numbers: vec![Vec::new(); headings.len()],
            }))
        } else {
            let mut writer = csv::Writer::from_writer(BufWriter::with_capacity(1 << 18, file));
            writer.write_record(headings).with_context(told)?;
            Target::Csv(Box::new(writer))
        };
        Ok(Self {
            to,
            path: path.to_owned(),
            beside,
        })
    }

    pub fn row(&mut self, fields: &[Field<'_>]) -> Result<()> {
        match &mut self.to {
            Target::Csv(writer) => {
                for field in fields {
                    match field {
                        Field::Text(text) => writer.write_field(text)?,
                        Field::Number(number) => writer.write_field(format!("{number:.6}"))?,
                    }
                }
                writer.write_record(None::<&[u8]>)?;
            }
            Target::Parquet(columns) => columns.row(fields)?,
        }
        Ok(())
    }

    /// Writes what is left and gives the file its name.
    pub fn finish(self) -> Result<()> {
        let told = || format!("{} cannot be written", self.path.display());
        match self.to {
            Target::Csv(writer) => {
                let mut file = writer
                    .into_inner()
                    .map_err(|error| error.into_error())
                    .with_context(told)?;
                file.flush().with_context(told)?;
                file.get_ref().sync_all().with_context(told)?;
            }
            Target::Parquet(mut columns) => {
                columns.flush().with_context(told)?;
                if let Some(writer) = columns.writer {
                    writer.close().with_context(told)?;
                }
            }
        }
        std::fs::rename(&self.beside, &self.path).with_context(told)
    }
}

impl Columns {
    fn row(&mut self, fields: &[Field<'_>]) -> Result<()> {
        for (at, field) in fields.iter().enumerate() {
            match field {
                Field::Text(text) => {
                    self.texts[at].push(String::from_utf8_lossy(text).into_owned())
                }
                Field::Number(number) => self.numbers[at].push(*number),
            }
        }
        if self.texts[0].len() >= ROWS {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        let columns: Vec<(&str, ArrayRef)> = self
            .headings
            .iter()
            .zip(self.texts.iter_mut().zip(&mut self.numbers))
            .map(|(heading, (texts, numbers))| {
                let column: ArrayRef = if numbers.is_empty() {
                    Arc::new(StringArray::from(std::mem::take(texts)))
                } else {
                    Arc::new(Float64Array::from(std::mem::take(numbers)))
                };
                (heading.as_str(), column)
            })
            .collect();
        let batch = RecordBatch::try_from_iter(columns)?;
        if self.writer.is_none()
            && let Some(file) = self.file.take()
        {
            let properties = WriterProperties::builder()
                .set_compression(Compression::SNAPPY)
                .build();
            self.writer = Some(ArrowWriter::try_new(
                file,
                batch.schema(),
                Some(properties),
            )?);
        }
        if let Some(writer) = &mut self.writer {
            writer.write(&batch)?;
        }
        Ok(())
    }
}
