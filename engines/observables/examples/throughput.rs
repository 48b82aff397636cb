//! How fast a text is searched for observables, against a bare scan of the same bytes.
//!
//! `cargo run --release -p observables --example throughput -- FILE [runs]`: the whole file as one
//! text, and line by line as an import reads it. Each figure is the best of the runs (five unless
//! said otherwise). With `0` for the runs the lines are searched once and nothing is timed, for
//! counting instructions.

use std::hint::black_box;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let path = words.next().ok_or("usage: throughput FILE [runs]")?;
    let runs: u32 = words.next().map_or(Ok(5), |runs| runs.parse())?;
    let text = String::from_utf8_lossy(&std::fs::read(&path)?).into_owned();
    let mut extractor = observables::Extractor::new();
    let mut found = 0;
    let mut lines = |text: &str| {
        found = 0;
        let lines: Vec<&str> = text.lines().collect();
        extractor.all(&lines, |answers| {
            for observable in answers {
                black_box(observable);
                found += 1;
            }
        });
        found
    };
    if runs == 0 {
        println!("{} observables", lines(&text));
        return Ok(());
    }
    // Short files are repeated, so that the clock has something to measure.
    let text = text.repeat((20_000_000 / text.len().max(1)).max(1));
    let megabytes = text.len() as f64 / 1e6;
    let by_lines = best(runs, || {
        black_box(lines(&text));
    });
    let count = lines(&text);
    let whole = best(runs, || {
        extractor.each(&text, |observable| {
            black_box(observable);
        });
    });
    let bare = best(runs, || {
        black_box(memchr::memchr_iter(0, black_box(text.as_bytes())).count());
    });

    println!(
        "{megabytes:.1} MB, {count} observables ({:.0} a MB)",
        f64::from(count) / megabytes
    );
    println!("extract, one text   {:8.1} MB/s", megabytes / whole);
    println!("extract, by lines   {:8.1} MB/s", megabytes / by_lines);
    println!("memchr, same bytes  {:8.1} MB/s", megabytes / bare);
    println!("ratio to memchr     {:8.1}", whole / bare);
    Ok(())
}

/// Seconds of the fastest run.
fn best(runs: u32, mut run: impl FnMut()) -> f64 {
    let times = (0..runs).map(|_| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    });
    times.fold(f64::INFINITY, f64::min)
}
