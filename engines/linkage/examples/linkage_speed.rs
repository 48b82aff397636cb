//! Prints how fast records are prepared, keyed and compared on this machine.
//! Run with `cargo run --release -p linkage --example linkage_speed`.

use std::hint::black_box;
use std::time::Instant;

use linkage::{Model, Prepared};

const FORENAMES: [&str; 8] = [
    "Robert",
    "Amira",
    "Mary Jane",
    "José",
    "Bob",
    "Wei",
    "Katherine",
    "Oluwaseun",
];
const SURNAMES: [&str; 8] = [
    "Smith",
    "O'Brien",
    "Featherstone",
    "Smith-Jones",
    "Adeyemi",
    "Chen",
    "Thompson",
    "Kowalczyk",
];
const STREETS: [&str; 4] = ["High St", "Fern Close", "Upper Station Rd", "The Avenue"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = format!(
        "{}/../../policy/intake/linkage.toml",
        env!("CARGO_MANIFEST_DIR")
    );
    let model = Model::from_toml(&std::fs::read_to_string(path)?)?;
    let records: Vec<Vec<(&str, String)>> = (0..4_096).map(record).collect();
    let borrowed: Vec<Vec<(&str, &str)>> = records
        .iter()
        .map(|record| {
            record
                .iter()
                .map(|(column, value)| (*column, value.as_str()))
                .collect()
        })
        .collect();

    measure("prepare and keys", 200_000, |n| {
        let prepared = model.prepare(&borrowed[n % borrowed.len()]);
        black_box(model.keys(&prepared));
    });
    let prepared: Vec<Prepared> = borrowed
        .iter()
        .map(|record| model.prepare(record))
        .collect();
    measure("compare", 2_000_000, |n| {
        let a = &prepared[n % prepared.len()];
        let b = &prepared[(n * 7 + n / prepared.len()) % prepared.len()];
        black_box(model.compare(a, b, &()).weight);
    });
    let stored: Vec<String> = prepared.iter().map(|record| model.stored(record)).collect();
    println!(
        "stored form: {} bytes on average",
        stored.iter().map(String::len).sum::<usize>() / stored.len()
    );
    measure("restore", 200_000, |n| {
        black_box(model.restore(&stored[n % stored.len()]).ok());
    });
    Ok(())
}

/// A full record; neighbours in number agree in some columns.
fn record(n: usize) -> Vec<(&'static str, String)> {
    vec![
        ("forename", FORENAMES[n % 8].to_owned()),
        ("surname", SURNAMES[n / 3 % 8].to_owned()),
        (
            "date_of_birth",
            format!("{}-{:02}-{:02}", 1940 + n % 60, 1 + n % 12, 1 + n % 28),
        ),
        ("postcode", format!("SG{} {}AA", n % 9 + 1, n / 9 % 10)),
        ("address", format!("{} {}", n % 90, STREETS[n / 5 % 4])),
        ("phone", format!("07700 {:06}", n * 37 % 1_000_000)),
        (
            "email",
            format!(
                "{}{}@example.com",
                SURNAMES[n / 3 % 8].to_lowercase(),
                n % 500
            ),
        ),
    ]
}

fn measure(what: &str, times: usize, mut work: impl FnMut(usize)) {
    (0..times / 10).for_each(&mut work);
    let started = Instant::now();
    (0..times).for_each(&mut work);
    let each = started.elapsed().as_secs_f64() * 1e9 / times as f64;
    println!("{what:<20} {each:>8.0} ns each");
}
