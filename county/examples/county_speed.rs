//! Prints how fast a county is generated: `cargo run --release --example county_speed -- [reports]`.

use std::time::Instant;

use county::{County, Settings};

fn main() {
    let reports = std::env::args()
        .nth(1)
        .and_then(|n| n.parse().ok())
        .unwrap_or(20_000);
    let settings = Settings::new(reports, 1, jiff::civil::date(2026, 6, 30));
    let began = Instant::now();
    let county = County::new(settings);
    let planned = began.elapsed();
    let mut bytes = 0;
    let count = county
        .reports()
        .inspect(|r| bytes += r.fields.iter().map(|(_, text)| text.len()).sum::<usize>())
        .count();
    let took = began.elapsed();
    println!(
        "{count} reports, {:.1} MB of text, in {:.2} s (plan {:.3} s): {:.0} a second",
        bytes as f64 / 1e6,
        took.as_secs_f64(),
        planned.as_secs_f64(),
        count as f64 / took.as_secs_f64(),
    );
}
