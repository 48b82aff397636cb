//! Prints reports: `cargo run --example sample -- [reports] [seed]`.
use county::{County, Settings};
fn main() {
    let mut numbers = std::env::args()
        .skip(1)
        .filter_map(|n| n.parse::<u64>().ok());
    let reports = numbers.next().unwrap_or(5);
    let seed = numbers.next().unwrap_or(1);
    for report in
        County::new(Settings::new(reports, seed, jiff::civil::date(2026, 6, 30))).reports()
    {
        for (field, text) in &report.fields {
            println!("{field:>30}  {text}");
        }
        println!(
            "{:>30}  {} {:?}\n",
            "truth", report.truth.family, report.truth.campaign
        );
    }
}
