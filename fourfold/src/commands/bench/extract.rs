//! Observables in JSON lines, beside a bare scan of the same bytes.

use std::hint::black_box;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result};
use observables::Extractor;
use serde::Deserialize;

use crate::commands::{extract, simulate};

#[derive(Debug, clap::Args)]
pub struct Extract {
    /// JSON lines of {"id","text"} to search; the narratives of a generated county when not given
    file: Option<PathBuf>,
    /// Reports of the generated county
    #[arg(long, default_value_t = 30_000)]
    reports: u64,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Runs of each measurement, of which the fastest counts
    #[arg(long, default_value_t = 5)]
    runs: u32,
}

#[derive(Deserialize)]
struct Line {
    text: String,
}

/// Counts what is written.
#[derive(Default)]
struct Count(usize);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What was measured; times in seconds.
struct Figures {
    lines: usize,
    line_bytes: usize,
    text_bytes: usize,
    written: usize,
    found: u64,
    engine: f64,
    one: f64,
    more: f64,
    threads: usize,
    bare: f64,
}

impl Figures {
    #[expect(clippy::cast_precision_loss, reason = "counts of a benchmark")]
    fn print(&self) {
        let mb = self.line_bytes as f64 / 1e6;
        let text_mb = self.text_bytes as f64 / 1e6;
        let (found, written) = (self.found as f64, self.written as f64 / 1e6);
        println!(
            "lines             {} of {mb:.1} MB, {found:.0} observables ({:.0} a MB of text)",
            self.lines,
            found / text_mb
        );
        println!(
            "engine alone      {:8.1} MB/s of text, one core",
            text_mb / self.engine
        );
        println!(
            "lines to lines    {:8.1} MB/s, one core, {written:.1} MB written",
            mb / self.one
        );
        println!(
            "lines to lines    {:8.1} MB/s, {} threads",
            mb / self.more,
            self.threads
        );
        println!(
            "bare scan         {:8.1} MB/s (memchr over the same bytes)",
            mb / self.bare
        );
        println!(
            "ratio             {:8.1} (lines to lines on one core, to the bare scan)",
            self.one / self.bare
        );
    }
}

impl Extract {
    pub fn run(self) -> Result<()> {
        let lines = self.lines()?;
        let texts = lines
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| Ok(serde_json::from_slice::<Line>(line)?.text))
            .collect::<Result<Vec<String>>>()
            .context("the lines cannot be read")?;
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let mut extractor = Extractor::new();
        let mut found = 0u64;
        let engine = self.best(|| {
            found = 0;
            extractor.all(&texts, |answers| {
                for observable in answers {
                    black_box(observable);
                    found += 1;
                }
            });
            Ok(())
        })?;
        let bare = self.best(|| {
            black_box(memchr::memchr_iter(0, black_box(&lines)).count());
            Ok(())
        })?;
        let mut written = Count::default();
        let one = self.best(|| {
            written = Count::default();
            extract::lines::run(lines.as_slice(), &mut written, 1, None).map(|_| ())
        })?;
        let threads = extract::usual_threads();
        let more = self.best(|| {
            extract::lines::run(lines.as_slice(), Count::default(), threads, None).map(|_| ())
        })?;
        Figures {
            lines: texts.len(),
            line_bytes: lines.len(),
            text_bytes: texts.iter().map(|text| text.len()).sum(),
            written: written.0,
            found,
            engine,
            one,
            more,
            threads,
            bare,
        }
        .print();
        Ok(())
    }

    /// Seconds of the fastest run.
    fn best(&self, mut run: impl FnMut() -> Result<()>) -> Result<f64> {
        let mut best = f64::INFINITY;
        for _ in 0..self.runs {
            let start = Instant::now();
            run()?;
            best = best.min(start.elapsed().as_secs_f64());
        }
        Ok(best)
    }

    fn lines(&self) -> Result<Vec<u8>> {
        let mut lines = Vec::new();
        if let Some(file) = &self.file {
            std::fs::File::open(file)
                .and_then(|mut file| file.read_to_end(&mut lines))
                .with_context(|| format!("{} cannot be read", file.display()))?;
            return Ok(lines);
        }
        let settings = simulate::settings(self.reports, self.seed, Some("2026-11-22"), 365, 0.0)?;
        for report in county::County::new(settings).reports() {
            let line = serde_json::json!({
                "id": report.field("reference"),
                "text": report.field("narrative"),
            });
            serde_json::to_writer(&mut lines, &line)?;
            lines.push(b'\n');
        }
        Ok(lines)
    }
}
