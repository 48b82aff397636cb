//! How fast a text is searched for observables, against a bare scan of the same bytes.
//!
//! `cargo run --release -p observables --example throughput -- FILE`: the whole file as
//! one text, and line by line as an import reads it. Each figure is the best of five runs.

use std::hint::black_box;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: throughput FILE")?;
    let text = String::from_utf8_lossy(&std::fs::read(&path)?).into_owned();
    // Short files are repeated, so that the clock has something to measure.
    let text = text.repeat((20_000_000 / text.len().max(1)).max(1));
    let megabytes = text.len() as f64 / 1e6;

    let mut found = 0;
    let whole = best(|| found = black_box(observables::extract(&text)).len());
    let lines = best(|| {
        for line in text.lines() {
            black_box(observables::extract(line));
        }
    });
    let bare = best(|| {
        black_box(memchr::memchr_iter(0, black_box(text.as_bytes())).count());
    });

    println!(
        "{megabytes:.1} MB, {found} observables ({:.0} a MB)",
        found as f64 / megabytes
    );
    println!("extract, one text   {:8.1} MB/s", megabytes / whole);
    println!("extract, by lines   {:8.1} MB/s", megabytes / lines);
    println!("memchr, same bytes  {:8.1} MB/s", megabytes / bare);
    println!("ratio to memchr     {:8.1}", whole / bare);
    Ok(())
}

/// Seconds of the fastest of five runs.
fn best(mut run: impl FnMut()) -> f64 {
    let times = (0..5).map(|_| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    });
    times.fold(f64::INFINITY, f64::min)
}
