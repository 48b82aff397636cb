//! Linking one record at a time with the database: reports received one by one, each in a
//! transaction of its own.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use anyhow::{Context, Result};
use county::{PeopleRecord, PeopleRecords, PeopleSettings};
use intake::files::{Mapping, SHIPPED};
use intake::imports::{self, IMPORT, Import};
use intake::receive::{Desk, Ready, Stage, receive_watched};
use record::Resource;
use record::report::Feed;

use super::memory_mb;
use super::times::Times;
use crate::assemble::Place;

/// Where the records are from, as the store knows it.
const SOURCE: &str = "bench";

/// Milliseconds of each part of one report.
#[derive(Default)]
struct Parts {
    linking: Vec<f64>,
    writing: Vec<f64>,
    whole: Vec<f64>,
}

pub async fn run(work: &Path, held: u64, more: u64, seed: u64) -> Result<()> {
    std::fs::create_dir_all(work)?;
    let place = Place {
        data: work.join("store"),
        policy: None,
    };
    let app = place.app(false, false).await?;
    let desk = app.policy::<Desk>()?;
    // One table, so that the measured records are of the people held and of others.
    let mut records = PeopleRecords::new(PeopleSettings::new(held + more, seed));
    let there = super::import::count(&app).await?.max(0).unsigned_abs();
    let first: Vec<PeopleRecord> = records.by_ref().take(usize::try_from(held)?).collect();
    if there == 0 {
        fill(&app, &desk, work, &first).await?;
    } else {
        println!("held before       {there} reports, imported by an earlier run");
    }
    drop(first);
    let mut parts = Parts::default();
    for (number, record) in records.enumerate() {
        let ready = ready(&desk, &record, there, number)?;
        one(&app, &desk, ready, &mut parts).await?;
    }
    let key = app.store().ledger_key()?;
    app.store().sequence(&key).await?;
    let (_, peak) = memory_mb();
    println!(
        "received          {} more, one at a time",
        parts.whole.len()
    );
    println!("linking           {}", Times::of(parts.linking));
    println!("writing           {}", Times::of(parts.writing));
    println!("whole transaction {}", Times::of(parts.whole));
    println!("peak memory       {peak} MB");
    app.store().close().await;
    Ok(())
}

/// Imports the records to be held, as a file of reports.
async fn fill(app: &web::App, desk: &Arc<Desk>, work: &Path, first: &[PeopleRecord]) -> Result<()> {
    let file = work.join("held.csv");
    let mut out = csv::Writer::from_path(&file)?;
    let names: Vec<&str> = record::report::FIELDS.iter().map(|f| f.name).collect();
    out.write_record(&names)?;
    for record in first {
        let fields = fields(record, 0);
        let value = |name: &&str| {
            let field = fields.iter().find(|(field, _)| field == name);
            field.map_or("", |(_, value)| value.as_str()).to_owned()
        };
        out.write_record(names.iter().map(value))?;
    }
    out.flush()?;
    drop(out);
    let (name, text) = SHIPPED
        .iter()
        .find(|(n, _)| *n == "report-list")
        .context("no report-list mapping")?;
    let job = Import {
        path: file,
        file_name: "held.csv".to_owned(),
        mapping: Mapping::from_toml(name, text)?,
        dry_run: false,
        rejected_file: None,
        batch: imports::BATCH,
        id: None,
    };
    let began = Instant::now();
    let receipt = imports::run(app.store(), desk, &app.command_line(), job, &|_| ()).await?;
    println!(
        "held              {} reports, imported in {:.1} s",
        receipt.accepted,
        began.elapsed().as_secs_f64()
    );
    Ok(())
}

/// The fields of a report whose victim this is. Runs on one store have references of their own.
fn fields(record: &PeopleRecord, run: u64) -> Vec<(&'static str, String)> {
    let reference = match run {
        0 => record.id.clone(),
        run => format!("{}-{run}", record.id),
    };
    vec![
        ("reference", reference),
        ("feed", Feed::VictimList.name().to_owned()),
        ("received_at", "2026-01-02T09:00:00Z".to_owned()),
        ("crime_code", "NFIB3A".to_owned()),
        ("victim_forename", record.forename.clone()),
        ("victim_surname", record.surname.clone()),
        ("victim_date_of_birth", record.date_of_birth.clone()),
        ("victim_address", record.address.clone()),
        ("victim_postcode", record.postcode.clone()),
        ("victim_phone", record.phone.clone()),
        ("victim_email", record.email.clone()),
    ]
}

fn ready(desk: &Desk, record: &PeopleRecord, run: u64, number: usize) -> Result<Ready> {
    let values = fields(record, run).into_iter();
    let values = values
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    let now = record::time::Timestamp::parse("2026-01-02T09:00:00Z").context("a fixed time")?;
    let line = u64::try_from(number)? + 1;
    let (report, findings) =
        intake::reports::read_fields(desk, SOURCE, Feed::VictimList, now, line, &values);
    let report = report.with_context(|| format!("a generated record was refused: {findings:?}"))?;
    Ok(desk.ready(report))
}

/// Receives one report and notes how long it took.
async fn one(app: &web::App, desk: &Arc<Desk>, ready: Ready, parts: &mut Parts) -> Result<()> {
    let resource = Resource::of("import", SOURCE);
    let grant = app.command_line().permit(&IMPORT, &resource, "bench")?;
    let stages = Arc::new(Mutex::new(Vec::with_capacity(3)));
    let (noted, desk) = (Arc::clone(&stages), Arc::clone(desk));
    let began = Instant::now();
    app.store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                let mut reached = |stage: Stage| {
                    if let Ok(mut all) = noted.lock() {
                        all.push((stage, Instant::now()));
                    }
                };
                receive_watched(tx, &desk, None, &[ready], &mut reached).await
            })
        })
        .await?;
    let whole = began.elapsed().as_secs_f64() * 1e3;
    let stages = stages.lock().map(|all| all.clone()).unwrap_or_default();
    if let [(_, begun), (_, linked), (_, written)] = stages.as_slice() {
        let ms = |from: &Instant, to: &Instant| (*to - *from).as_secs_f64() * 1e3;
        parts.linking.push(ms(begun, linked));
        parts.writing.push(ms(linked, written));
        parts.whole.push(whole);
    }
    Ok(())
}
