//! `fourfold extract`: observables in text, or in JSON lines.

use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::Done;

/// Longest text or line read at once.
const MOST_BYTES: u64 = 256 * 1024 * 1024;

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
}

#[derive(Deserialize)]
struct Line {
    id: serde_json::Value,
    text: String,
}

#[derive(Serialize)]
struct Found<'t> {
    kind: &'static str,
    value: String,
    raw: &'t str,
    start: usize,
    end: usize,
}

#[derive(Serialize)]
struct Answer<'t> {
    id: &'t serde_json::Value,
    observables: Vec<Found<'t>>,
}

impl Extract {
    pub fn run(self, json: bool) -> Result<Done> {
        let input: Box<dyn Read> = match &self.file {
            Some(file) => Box::new(
                std::fs::File::open(file)
                    .with_context(|| format!("{} cannot be read", file.display()))?,
            ),
            None => Box::new(std::io::stdin()),
        };
        let out = BufWriter::new(std::io::stdout().lock());
        match self.format {
            TextFormat::Text => text(input, out, json),
            TextFormat::Jsonl => lines(input, out),
        }
    }
}

fn find(text: &str) -> Vec<Found<'_>> {
    observables::extract(text)
        .into_iter()
        .map(|o| Found {
            kind: o.kind.name(),
            value: o.value,
            raw: o.raw,
            start: o.start,
            end: o.end,
        })
        .collect()
}

fn text(input: Box<dyn Read>, mut out: impl Write, json: bool) -> Result<Done> {
    let mut bytes = Vec::new();
    input
        .take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .context("the text cannot be read")?;
    anyhow::ensure!(
        bytes.len() as u64 <= MOST_BYTES,
        "the text is larger than 256 MB. Split it, or send it as JSON lines"
    );
    let text = String::from_utf8(bytes).map_err(|e| {
        anyhow::anyhow!(
            "the text is not UTF-8 from byte {}. Convert it to UTF-8",
            e.utf8_error().valid_up_to()
        )
    })?;
    let found = find(&text);
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

fn lines(input: Box<dyn Read>, mut out: impl Write) -> Result<Done> {
    let mut reader = BufReader::with_capacity(1 << 20, input);
    let mut line = Vec::new();
    let mut done = Done::Clean;
    for number in 1u64.. {
        line.clear();
        let read = reader
            .by_ref()
            .take(MOST_BYTES)
            .read_until(b'\n', &mut line)?;
        if read == 0 {
            break;
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match serde_json::from_slice::<Line>(&line) {
            Ok(read) => {
                let answer = Answer {
                    id: &read.id,
                    observables: find(&read.text),
                };
                serde_json::to_writer(&mut out, &answer)?;
                out.write_all(b"\n")?;
            }
            Err(error) => {
                eprintln!(
                    "line {number}: {error}. Each line is {{\"id\": …, \"text\": \"…\"}}; \
                     the line was left out"
                );
                done = Done::WithFindings;
            }
        }
    }
    out.flush()?;
    Ok(done)
}
