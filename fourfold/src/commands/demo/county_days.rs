//! The county's reports by the day they came in, received with the clock at that day.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::sync::Arc;

use anyhow::{Context, Result};
use indicatif::ProgressBar;
use intake::files::{Format, Mapping, Reading, SHIPPED, Source};
use intake::receive::{Desk, receive};
use record::Resource;
use record::report::Report;
use record::time::{Date, Timestamp};
use web::App;

use super::Replay;
use super::staff::Staff;
use crate::commands::simulate;

/// Reports by the day they were received.
pub struct Days {
    by_day: BTreeMap<Date, Vec<Report>>,
    recorded_crime: Vec<(String, u64)>,
}

impl Days {
    /// Generates the county and reads its reports as an import would.
    pub fn generate(desk: &Desk, reports: u64, seed: u64, today: Timestamp) -> Result<Days> {
        let ends = today.day().to_string();
        let settings = simulate::settings(reports, seed, Some(&ends), 365, 0.0)?;
        let county = county::County::new(settings);
        let (name, text) = SHIPPED
            .iter()
            .find(|(n, _)| *n == "report-list")
            .context("no report-list mapping")?;
        let mapping = Mapping::from_toml(name, text)?;
        let codes: BTreeSet<String> = desk.codes.iter().map(|c| c.code.clone()).collect();
        let mut by_day: BTreeMap<Date, Vec<Report>> = BTreeMap::new();
        let mut lines = Vec::new();
        let mut flush = |lines: &mut Vec<u8>| -> Result<()> {
            let text = Cursor::new(std::mem::take(lines));
            let mut source = Source::from_reader(text, &desk.limits, &Format::default())?;
            let mut mapper = mapping.mapper(&codes, today);
            while let Some(reading) = source.next_row()? {
                if let Reading::Row(row) = reading
                    && let (Some(mut report), _) = mapper.apply(&row)
                    // The county's last day may run ahead of the machine's clock.
                    && report.received_at <= today
                {
                    report.source = format!("county-{}", report.feed.name());
                    by_day
                        .entry(report.received_at.day())
                        .or_default()
                        .push(report);
                }
            }
            Ok(())
        };
        for (n, generated) in county.reports().enumerate() {
            let fields: serde_json::Map<String, serde_json::Value> = generated
                .fields
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.as_str().into()))
                .collect();
            serde_json::to_writer(&mut lines, &fields)?;
            lines.push(b'\n');
            if n % 2_000 == 1_999 {
                flush(&mut lines)?;
            }
        }
        if !lines.is_empty() {
            flush(&mut lines)?;
        }
        Ok(Days {
            by_day,
            recorded_crime: county.recorded_crime(),
        })
    }

    /// The first day of the history.
    pub fn first(&self) -> Date {
        self.by_day
            .keys()
            .next()
            .copied()
            .unwrap_or_else(|| Timestamp::default().day())
    }

    /// Lives through the days: what came in is received in the evening, then staff do their work.
    pub async fn run(
        self,
        app: &App,
        desk: &Arc<Desk>,
        clock: &Replay,
        bar: &ProgressBar,
        seed: u64,
    ) -> Result<()> {
        let who = app.system();
        let mut staff = Staff::new(app, seed)?;
        let last = self.by_day.keys().next_back().copied();
        for (day, reports) in self.by_day {
            bar.set_message(day.show());
            clock.set(Timestamp::at(day, 17, 30));
            let n = u64::try_from(reports.len()).unwrap_or(0);
            let resource = Resource::of("import", day.to_string()).of_unit(desk.unit.clone());
            let grant = who.permit(&intake::imports::IMPORT, &resource, "demonstration")?;
            let desk = Arc::clone(desk);
            app.store()
                .write(&grant, move |tx| {
                    Box::pin(async move {
                        let ready: Vec<_> = reports.into_iter().map(|r| desk.ready(r)).collect();
                        receive(tx, &desk, None, &ready).await
                    })
                })
                .await?;
            advance(bar, n, day);
            // Today's work is left to whoever signs in.
            if Some(day) != last {
                let evening = Timestamp::at(day, 18, 0);
                clock.set(evening);
                staff.work(app, day, evening).await?;
            }
        }
        super::organisations::work(app).await?;
        enter_recorded_crime(app, &self.recorded_crime).await?;
        strategy::compute(app).await?;
        Ok(())
    }
}

/// Moves the bar; where there is no terminal to draw it on, a line for each tenth.
fn advance(bar: &ProgressBar, reports: u64, day: Date) {
    let all = bar.length().unwrap_or_default().max(1);
    let before = bar.position() * 10 / all;
    bar.inc(reports);
    if bar.is_hidden() && bar.position() * 10 / all > before {
        println!("{}: {} of {all} reports", day.show(), bar.position());
    }
}

/// The county's totals of recorded crime, for GEN-08. The month still running has none.
async fn enter_recorded_crime(app: &App, totals: &[(String, u64)]) -> Result<()> {
    let this_month = app.now().day().first_of_month();
    let totals: Vec<strategy::MonthTotal> = totals
        .iter()
        .filter_map(|(month, total)| {
            let month = Date::parse(&format!("{month}-01"))?;
            (month < this_month).then(|| strategy::MonthTotal {
                month,
                value: i64::try_from(*total).unwrap_or(i64::MAX),
                source: "Generated county".to_owned(),
            })
        })
        .collect();
    let resource = Resource::of("benchmark", "recorded_crime");
    let grant = app
        .system()
        .permit(&strategy::benchmarks::ENTER, &resource, "demonstration")?;
    app.store()
        .write(&grant, move |tx| {
            Box::pin(async move { strategy::enter_benchmark(tx, totals, false).await })
        })
        .await?;
    Ok(())
}
