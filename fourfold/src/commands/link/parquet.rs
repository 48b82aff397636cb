//! Tables in Parquet. Without the feature `parquet` every call says that this build has none.

use std::path::Path;

#[cfg(feature = "parquet")]
pub use built::{Reader, Writer};
#[cfg(not(feature = "parquet"))]
pub use left_out::{Reader, Writer};

/// Whether a file is Parquet, by what its name ends in.
pub fn is_named(path: &Path) -> bool {
    path.extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("parquet"))
}

#[cfg(feature = "parquet")]
mod built {
    use std::fs::File;
    use std::path::Path;
    use std::sync::Arc;

    use anyhow::{Context, Result};
    use arrow_array::{Array as _, ArrayRef, Float64Array, RecordBatch, StringArray};
    use arrow_cast::cast;
    use arrow_schema::DataType;
    use linkage::batch::Batch;
    use parquet::arrow::ArrowWriter;
    use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
    use parquet::basic::Compression;
    use parquet::file::properties::WriterProperties;

    use super::super::write::Field;

    /// A table that is being read.
    pub struct Reader(Box<ParquetRecordBatchReader>);

    impl Reader {
        /// Opens a table, to be read so many rows at a time, and tells its headings.
        pub fn open(path: &Path, at_once: usize) -> Result<(Vec<String>, Self)> {
            let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
            let headings = builder
                .schema()
                .fields()
                .iter()
                .map(|field| field.name().trim().to_owned())
                .collect();
            let reader = builder.with_batch_size(at_once).build()?;
            Ok((headings, Self(Box::new(reader))))
        }

        /// Adds the next rows to `batch`; none at the end.
        pub fn next(&mut self, batch: &mut Batch) -> Result<()> {
            match self.0.next() {
                Some(rows) => fill(batch, &rows?),
                None => Ok(()),
            }
        }
    }

    /// Every value as text; lists are not read.
    fn fill(batch: &mut Batch, rows: &RecordBatch) -> Result<()> {
        let columns = rows
            .columns()
            .iter()
            .zip(rows.schema().fields())
            .map(|(column, field)| {
                let text = cast(column, &DataType::Utf8)
                    .with_context(|| format!("column {:?} holds no plain values", field.name()))?;
                let text = text.as_any().downcast_ref::<StringArray>().cloned();
                text.context("a column did not become text")
            })
            .collect::<Result<Vec<StringArray>>>()?;
        for row in 0..rows.num_rows() {
            batch.push(columns.iter().map(|column| value(column, row)));
        }
        Ok(())
    }

    fn value(column: &StringArray, row: usize) -> &[u8] {
        if column.is_null(row) {
            &[]
        } else {
            column.value(row).as_bytes()
        }
    }

    /// Rows kept before they are written.
    const ROWS: usize = 1 << 17;

    /// A table that is being written.
    pub struct Writer {
        writer: Option<ArrowWriter<File>>,
        file: Option<File>,
        headings: Vec<String>,
        texts: Vec<Vec<String>>,
        numbers: Vec<Vec<f64>>,
    }

    impl Writer {
        pub fn new(file: File, headings: &[&str]) -> Result<Self> {
            Ok(Self {
                writer: None,
                file: Some(file),
                headings: headings
                    .iter()
                    .map(|heading| (*heading).to_owned())
                    .collect(),
                texts: vec![Vec::new(); headings.len()],
                numbers: vec![Vec::new(); headings.len()],
            })
        }

        pub fn row(&mut self, fields: &[Field<'_>]) -> Result<()> {
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

        /// Writes what is left.
        pub fn finish(mut self) -> Result<()> {
            self.flush()?;
            if let Some(writer) = self.writer {
                writer.close()?;
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
}

#[cfg(not(feature = "parquet"))]
mod left_out {
    use std::fs::File;
    use std::path::Path;

    use anyhow::{Result, bail};
    use linkage::batch::Batch;

    use super::super::write::Field;

    const LEFT_OUT: &str = "this build leaves Parquet out. Use CSV, or build with `make build`";

    /// Cannot be made.
    pub enum Reader {}

    impl Reader {
        pub fn open(_: &Path, _: usize) -> Result<(Vec<String>, Self)> {
            bail!(LEFT_OUT)
        }

        pub fn next(&mut self, _: &mut Batch) -> Result<()> {
            match *self {}
        }
    }

    /// Cannot be made.
    pub enum Writer {}

    impl Writer {
        pub fn new(_: File, _: &[&str]) -> Result<Self> {
            bail!(LEFT_OUT)
        }

        pub fn row(&mut self, _: &[Field<'_>]) -> Result<()> {
            match *self {}
        }

        pub fn finish(self) -> Result<()> {
            match self {}
        }
    }
}
