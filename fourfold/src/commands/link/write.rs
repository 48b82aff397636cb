//! Clusters and pairs as files, CSV or Parquet by what their names end in.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::{Context, Result};

use super::parquet;

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
    Parquet(Box<parquet::Writer>),
}

impl Sink {
    pub fn create(path: &Path, headings: &[&str]) -> Result<Self> {
        let told = || format!("{} cannot be written", path.display());
        let mut beside = path.as_os_str().to_owned();
        beside.push(".part");
        let beside = std::path::PathBuf::from(beside);
        let file = File::create(&beside).with_context(told)?;
        let to = if parquet::is_named(path) {
            Target::Parquet(Box::new(
                parquet::Writer::new(file, headings).with_context(told)?,
            ))
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
            Target::Parquet(writer) => writer.row(fields)?,
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
            Target::Parquet(writer) => writer.finish().with_context(told)?,
        }
        std::fs::rename(&self.beside, &self.path).with_context(told)
    }
}
