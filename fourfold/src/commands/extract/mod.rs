//! `fourfold extract`: observables in text, or in JSON lines.

pub mod lines;

use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use observables::{Extractor, Modulus};
use serde::Serialize;

use super::Done;

/// Longest text or line read at once.
const MOST_BYTES: usize = 256 * 1024 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum TextFormat {
    Text,
    Jsonl,
}

#[derive(Debug, clap::Args)]
pub struct Extract {
    /// File to read; standard input when it is not given
    file: Option<PathBuf>,
    /// `text`: one text; `jsonl`: lines of {"id","text"}
    #[arg(long, value_enum, default_value = "text")]
    format: TextFormat,
    /// Threads for JSON lines; as many as there are cores, two at most, when not given
    #[arg(long)]
    threads: Option<std::num::NonZeroUsize>,
    /// Vocalink's weight table (valacdos.txt): refuses accounts that cannot belong to their sort code
    #[arg(long, value_name = "FILE")]
    modulus: Option<PathBuf>,
}

#[derive(Serialize)]
struct Found<'t> {
    kind: &'static str,
    value: String,
    raw: &'t str,
    start: usize,
    end: usize,
}

impl Extract {
    pub fn run(self, json: bool) -> Result<Done> {
        let modulus = self.modulus.as_deref().map(modulus).transpose()?;
        let input: Box<dyn Read + Send> = match &self.file {
            Some(file) => Box::new(
                std::fs::File::open(file)
                    .with_context(|| format!("{} cannot be read", file.display()))?,
            ),
            None => Box::new(std::io::stdin()),
        };
        match self.format {
            TextFormat::Text => {
                let out = BufWriter::new(std::io::stdout().lock());
                text(input, out, json, modulus)
            }
            TextFormat::Jsonl => {
                let threads = self.threads.map_or_else(usual_threads, usize::from);
                lines::run(input, std::io::stdout(), threads, modulus.as_ref())
            }
        }
    }
}

/// One thread for each core, but no more than two: the third waits for the disk.
pub fn usual_threads() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().min(2))
}

fn modulus(file: &Path) -> Result<Arc<Modulus>> {
    let table = std::fs::read_to_string(file)
        .with_context(|| format!("{} cannot be read", file.display()))?;
    let modulus = Modulus::read(&table).with_context(|| {
        format!(
            "{} is not in the format of Vocalink's valacdos.txt",
            file.display()
        )
    })?;
    Ok(Arc::new(modulus))
}

fn text(
    input: Box<dyn Read + Send>,
    mut out: impl Write,
    json: bool,
    modulus: Option<Arc<Modulus>>,
) -> Result<Done> {
    let mut bytes = Vec::new();
    input
        .take(MOST_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .context("the text cannot be read")?;
    anyhow::ensure!(
        bytes.len() <= MOST_BYTES,
        "the text is larger than 256 MB. Split it, or send it as JSON lines"
    );
    let text = String::from_utf8(bytes).map_err(|e| {
        anyhow::anyhow!(
            "the text is not UTF-8 from byte {}. Convert it to UTF-8",
            e.utf8_error().valid_up_to()
        )
    })?;
    let found: Vec<Found<'_>> = Extractor::with_modulus(modulus.as_ref())
        .extract(&text)
        .into_iter()
        .map(|o| Found {
            kind: o.kind.name(),
            value: o.value,
            raw: o.raw,
            start: o.start,
            end: o.end,
        })
        .collect();
    if json {
        serde_json::to_writer_pretty(&mut out, &found)?;
        writeln!(out)?;
    } else {
        for o in found {
            writeln!(out, "{}\t{}\t{}\t{}", o.kind, o.value, o.start, o.end)?;
        }
    }
    out.flush()?;
    Ok(Done::Clean)
}
