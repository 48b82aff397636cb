//! Rows and megabytes a second from a canonical CSV of 20 columns into reports, on one core:
//! `cargo run --release -p intake --example read_reports -- [ROWS | FILE]`. A file is read only, row
//! by row, to see that memory does not grow with it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Cursor;
use std::time::Instant;

use intake::files::{FileError, Format, Limits, Mapping, Reading, Row, SHIPPED, Source};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let argument = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "300000".to_owned());
    let Ok(rows) = argument.parse() else {
        let started = Instant::now();
        let source = Source::open(argument.as_ref(), &Limits::default(), &Format::default())?;
        let megabytes = std::fs::metadata(&argument)?.len() as f64 / 1e6;
        report("read", drain(source, |_| true)?, megabytes, started);
        return Ok(());
    };
    let text = table(rows)?;
    let megabytes = text.len() as f64 / 1e6;
    let (name, mapping) = SHIPPED[2];
    let mapping = Mapping::from_toml(name, mapping)?;

    let started = Instant::now();
    let kept = read(&text, |_| true)?;
    report("read", kept, megabytes, started);

    let codes = BTreeSet::from(["NFIB3A".to_owned()]);
    let mut mapper = mapping.mapper(
        &codes,
        record::Timestamp::from_micros(1_795_000_000_000_000),
    );
    let started = Instant::now();
    let accepted = read(&text, |row| mapper.apply(row).0.is_some())?;
    report("read and mapped", accepted, megabytes, started);
    Ok(())
}

fn read(text: &str, keep: impl FnMut(&Row) -> bool) -> Result<usize, FileError> {
    let input = Cursor::new(text.to_owned());
    let source = Source::from_reader(input, &Limits::default(), &Format::default())?;
    drain(source, keep)
}

fn drain(mut source: Source, mut keep: impl FnMut(&Row) -> bool) -> Result<usize, FileError> {
    let mut kept = 0;
    while let Some(reading) = source.next_row()? {
        match reading {
            Reading::Row(row) => kept += usize::from(keep(&row)),
            Reading::Rejected(rejection) => println!("{}", rejection.finding),
        }
    }
    println!("sha256 {}", source.finish()?.sha256);
    Ok(kept)
}

fn report(what: &str, rows: usize, megabytes: f64, started: Instant) {
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{what}: {rows} rows in {seconds:.2} s, {:.0} rows/s, {:.0} MB/s",
        rows as f64 / seconds,
        megabytes / seconds
    );
}

/// Twenty columns with the kinds of text that reports hold.
fn table(rows: usize) -> Result<String, std::fmt::Error> {
    let mut text = String::from(
        "reference,received_at,reported_at,event_from,event_to,nfib_code,title,narrative,loss,\
         district,victim_title,victim_forename,victim_surname,victim_date_of_birth,victim_phone,\
         victim_email,victim_address,victim_postcode,suspect_phone,lives_alone\n",
    );
    for i in 0..rows {
        writeln!(
            text,
            "R{i:08},2026-11-{:02} 09:{:02},21/11/2026,20/11/2026,20/11/2026,NFIB3A,Online shopping,\
             \"The victim saw an advert for a \"\"new\"\" phone, paid by transfer and heard nothing \
             more. The seller used the number below and sent a link.\",\"£1,{:03}.50\",North,Mrs,\
             Joan,Smith{i},{:02}/03/1951,07700 900{:03},joan.smith{i}@example.test,\
             \"{} High Street, Newtown\",AB1 2CD,+44 7700 900{:03},yes",
            1 + i % 22,
            i % 60,
            i % 1_000,
            1 + i % 28,
            i % 1_000,
            i % 200,
            (i * 7) % 1_000,
        )?;
    }
    Ok(text)
}
