//! Writes a county's files: `cargo run --release --example files -- FOLDER [reports] [seed]`.

use std::path::PathBuf;

use county::{Settings, write_files};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let folder = PathBuf::from(words.next().ok_or("a folder is wanted")?);
    let mut numbers = words.filter_map(|n| n.parse::<u64>().ok());
    let (reports, seed) = (
        numbers.next().unwrap_or(20_000),
        numbers.next().unwrap_or(1),
    );
    let written = write_files(
        &folder,
        Settings::new(reports, seed, jiff::civil::date(2026, 6, 30)),
    )?;
    for (path, rows) in written.files {
        println!("{rows:>9}  {}", path.display());
    }
    Ok(())
}
