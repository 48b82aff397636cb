//! The call list with very many open duties: every view, deep pages and every filter, over HTTP.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use protect::victim_care::duty::Channel;
use protect::victim_care::{
    Caller, Care, Direction, ListCursor, NewContact, QUEUE, RECORD, record_contacts,
};
use record::Resource;
use record::ids::{ActorId, WorkItemId};
use record::time::Timestamp;
use record::work::Priority;
use store::{Sql, work};
use tokio::net::TcpListener;
use tokio::sync::watch;
use web::App;

use super::readers::SignedIn;
use super::{import, memory_mb, rows};
use crate::assemble::Place;
use crate::commands::serve;

#[derive(Debug, clap::Args)]
pub struct Calls {
    /// Folder to work in; duties an earlier run made are used again
    #[arg(long)]
    work: PathBuf,
    /// Open duties
    #[arg(long, default_value_t = 100_000)]
    duties: u64,
    /// Readers at once
    #[arg(long, default_value_t = 8)]
    readers: usize,
    /// Requests of each reader to each list
    #[arg(long, default_value_t = 40)]
    requests: usize,
}

/// Aim for each list: milliseconds at the 95th percentile.
const AIM: f64 = 50.0;
/// Of every hundred duties: tried without an answer, with a caller, with the reader, ended today.
const TRIED: i64 = 4;
const TAKEN: i64 = 2;
const MINE: i64 = 1;
const ENDED: i64 = 1;
/// Contacts of one write.
const AT_ONCE: usize = 200;
/// Imports after which enough duties must be there.
const ROUNDS: u64 = 6;

/// A list: what it is called here, and its addresses.
type List = (String, Vec<String>);

impl Calls {
    pub async fn run(self) -> Result<()> {
        ensure!(
            self.readers > 0 && self.requests > 0,
            "nobody reads nothing"
        );
        std::fs::create_dir_all(&self.work)?;
        let place = Place {
            data: self.work.join("store"),
            policy: None,
        };
        let app = place.app(false, true).await?;
        self.fill(&app).await?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let serving = tokio::spawn(serve::answer(app.clone(), listener));
        let reader = SignedIn::with(&app, address, "bench.caller", &["victim_care"]).await?;
        live(&app, address).await?;
        caught_up(&app).await?;
        // From here on they run as often as in a service that has been up for a while.
        let (stop, stopped) = watch::channel(false);
        let jobs = serve::start_jobs(&app, &stopped);
        let missed = self.measure(&app, &reader).await?;
        let (now, peak) = memory_mb();
        println!("resident memory       {now} MB, {peak} MB at its highest");
        println!(
            "aim                   {AIM} ms at p95: {}",
            match missed {
                0 => "met by every list".to_owned(),
                n => format!("missed by {n}"),
            }
        );
        stop.send_replace(true);
        for job in jobs {
            job.await?;
        }
        serving.abort();
        app.store().close().await;
        Ok(())
    }

    /// Imports generated reports until so many duties are open.
    async fn fill(&self, app: &App) -> Result<()> {
        let wanted = i64::try_from(self.duties)?;
        for seed in 1..=ROUNDS {
            let missing = wanted - open(app).await?;
            if missing <= 0 {
                break;
            }
            // Some reports are about one person, and are one call.
            let reports = u64::try_from(missing + missing / 5 + 200)?;
            import::fill(app, &self.work, reports, seed).await?;
        }
        let open = open(app).await?;
        ensure!(
            open >= wanted,
            "{open} duties are open after {ROUNDS} imports. Begin again in an empty folder"
        );
        println!("open duties           {open}");
        Ok(())
    }

    async fn measure(&self, app: &App, reader: &SignedIn) -> Result<usize> {
        println!(
            "{:<44} {:>8} {:>8} {:>8} {:>6} {:>9}",
            format!("list, {} readers", self.readers),
            "p50 ms",
            "p95 ms",
            "p99 ms",
            "rows",
            "bytes"
        );
        let mut missed = 0;
        for (name, paths) in lists(app).await? {
            let seen = reader.load(self.readers, self.requests, &paths).await?;
            let took = seen.times();
            println!(
                "{name:<44} {:>8.1} {:>8.1} {:>8.1} {:>6} {:>9}",
                took.percentile(0.50),
                took.percentile(0.95),
                took.percentile(0.99),
                seen.rows,
                seen.bytes
            );
            missed += usize::from(took.percentile(0.95) >= AIM && name != BARE);
        }
        Ok(missed)
    }
}

const BARE: &str = "bare answer";

/// Victims waiting for a call, each person once.
async fn open(app: &App) -> Result<i64> {
    let sql = Sql::new("select count(*) as n from work_item where ").with(
        "queue = ? and state <> 'closed' and lead is null",
        [QUEUE.into()],
    );
    let found = rows(app, sql).await?.pop().context("a count has a row")?;
    Ok(found.get("n")?)
}

/// Spreads duties over the views, unless an earlier run did: tried, taken, ended today.
async fn live(app: &App, address: SocketAddr) -> Result<()> {
    let tried = Sql::new("select count(*) as n from protect_duty");
    let found = rows(app, tried).await?.pop().context("a count has a row")?;
    if found.get::<i64>("n")? > 0 {
        return Ok(());
    }
    // Somebody else, and the reader themselves, hold what they have taken.
    SignedIn::with(app, address, "bench.other", &["victim_care"]).await?;
    let (mine, other) = (
        person(app, "bench.caller").await?,
        person(app, "bench.other").await?,
    );
    let sql = Sql::new("select id, version, unit from work_item where ").with(
        "queue = ? and state = 'open' and lead is null order by received_at desc, id",
        [QUEUE.into()],
    );
    let (mut contacts, mut given) = (Vec::new(), Vec::new());
    for (n, row) in (0_i64..).zip(rows(app, sql).await?) {
        let (id, version): (WorkItemId, i64) = (row.get("id")?, row.get("version")?);
        let place = n % 100;
        if place < TRIED {
            contacts.push(contact(app, id, row.get("unit")?, "no_answer"));
        } else if place < TRIED + ENDED {
            contacts.push(contact(app, id, row.get("unit")?, "declined"));
        } else if place < TRIED + ENDED + TAKEN {
            given.push((id, version, other));
        } else if place < TRIED + ENDED + TAKEN + MINE {
            given.push((id, version, mine));
        }
    }
    println!("tried or ended, taken {}, {}", contacts.len(), given.len());
    let care = app.policy::<Care>()?;
    let by = app.command_line();
    let grant = by.permit(&RECORD, &Resource::of("bench", "call list"), "bench")?;
    for part in contacts.chunks(AT_ONCE) {
        let (care, part) = (Arc::clone(&care), part.to_vec());
        app.store()
            .write(&grant, move |tx| {
                Box::pin(async move { record_contacts(tx, &care, &part).await })
            })
            .await?;
    }
    for part in given.chunks(AT_ONCE) {
        let part = part.to_vec();
        app.store()
            .write(&grant, move |tx| {
                Box::pin(async move {
                    for (id, version, to) in part {
                        work::allocate(tx, id, version, to, "Bench Reader").await?;
                    }
                    Ok(())
                })
            })
            .await?;
    }
    Ok(())
}

async fn person(app: &App, username: &str) -> Result<ActorId> {
    let sql =
        Sql::new("select id from access_person where ").with("username = ?", [username.into()]);
    let row = rows(app, sql).await?.pop();
    Ok(row.context("the reader is not there")?.get("id")?)
}

fn contact(app: &App, item: WorkItemId, unit: String, outcome: &str) -> NewContact {
    NewContact {
        item,
        seen: None,
        reports: Vec::new(),
        at: app.now(),
        by: Caller {
            id: ActorId(uuid::Uuid::nil()),
            name: "Bench Caller".to_owned(),
            unit,
        },
        direction: Direction::Out,
        channel: Channel::Phone,
        outcome: outcome.to_owned(),
        minutes: None,
        next_at: None,
        topics: Vec::new(),
        support: Vec::new(),
        note: "Did not want to be called".to_owned(),
    }
}

/// Runs every background job once: what they find in a store that was just filled is no measure of
/// a service that has been up for a while.
async fn caught_up(app: &App) -> Result<()> {
    let began = Instant::now();
    for job in app.capabilities().iter().flat_map(|c| c.jobs) {
        (job.run)(app.clone()).await?;
    }
    let key = app.store().ledger_key()?;
    app.store().sequence(&key).await?;
    let took = began.elapsed().as_secs_f64();
    println!("background jobs       {took:.1} s, each once");
    Ok(())
}

/// Places in the list of those to call, so many rows from its beginning.
async fn behind(app: &App, rows_before: i64) -> Result<String> {
    let sql = Sql::new("select id, priority, due_at from work_item where ").with(
        "queue = ? and state = 'open' and lead is null order by priority, due_at, id limit 1 offset ?",
        [QUEUE.into(), rows_before.into()],
    );
    let row = rows(app, sql).await?.pop();
    let row = row.context("the list is shorter than that")?;
    let band = Priority::of_rank(row.get("priority")?);
    let (due, id): (Timestamp, WorkItemId) = (row.get("due_at")?, row.get("id")?);
    Ok(ListCursor::behind(band, due, id).text())
}

/// Values of a column of open duties, the most frequent first.
async fn values(app: &App, column: &'static str) -> Result<Vec<String>> {
    let sql = Sql::new("select ").then(column).with(
        " as found, count(*) as n from work_item where queue = ? and state = 'open' \
             and lead is null group by 1 order by 2 desc",
        [QUEUE.into()],
    );
    let found = rows(app, sql).await?;
    let found: Result<Vec<String>, store::Error> = found.iter().map(|r| r.get("found")).collect();
    Ok(found?.into_iter().filter(|v| !v.is_empty()).collect())
}

fn address(pairs: &[(&str, &str)]) -> Result<String> {
    let query = serde_html_form::to_string(pairs)?;
    Ok(format!("/victim-care?{query}"))
}

/// Every list that is measured, with what the store really holds.
async fn lists(app: &App) -> Result<Vec<List>> {
    let mut all = vec![(BARE.to_owned(), vec!["/health".to_owned()])];
    for view in ["to_call", "mine", "later", "taken", "closed_today"] {
        all.push((view.to_owned(), vec![address(&[("view", view)])?]));
    }
    let waiting = open(app).await? * (100 - TRIED - ENDED - TAKEN - MINE) / 100;
    for part in [1, 5, 9] {
        let rows = waiting * part / 10;
        let after = behind(app, rows).await?;
        let pairs = [("view", "to_call"), ("after", after.as_str())];
        all.push((format!("to_call, from row {rows}"), vec![address(&pairs)?]));
    }
    let middle = behind(app, waiting / 2).await?;
    let (districts, feeds) = (values(app, "district").await?, values(app, "feed").await?);
    for (name, filter) in filters(&districts, &feeds, &middle) {
        let mut pairs = vec![("view", "to_call")];
        pairs.extend(filter);
        all.push((format!("to_call, {name}"), vec![address(&pairs)?]));
    }
    let rare = districts.last().map_or("", String::as_str);
    for view in ["later", "taken"] {
        let pairs = [("view", view), ("district", rare)];
        all.push((format!("{view}, rare district"), vec![address(&pairs)?]));
    }
    Ok(all)
}

type Pairs<'a> = Vec<(&'static str, &'a str)>;

/// Filters of those to call, by values from the most frequent to the rarest.
fn filters<'a>(
    districts: &'a [String],
    feeds: &'a [String],
    middle: &'a str,
) -> Vec<(&'static str, Pairs<'a>)> {
    let first = |all: &'a [String]| all.first().map_or("", String::as_str);
    let last = |all: &'a [String]| all.last().map_or("", String::as_str);
    let (overdue, high, standard) = (("overdue", "1"), ("band", "high"), ("band", "standard"));
    vec![
        ("common district", vec![("district", first(districts))]),
        ("rare district", vec![("district", last(districts))]),
        ("district nobody lives in", vec![("district", "Nowhere")]),
        ("common feed", vec![("feed", first(feeds))]),
        ("rare feed", vec![("feed", last(feeds))]),
        ("overdue", vec![overdue]),
        ("high", vec![high]),
        ("high and standard, overdue", vec![high, standard, overdue]),
        (
            "rare district and feed, standard, overdue",
            vec![
                ("district", last(districts)),
                ("feed", last(feeds)),
                standard,
                overdue,
            ],
        ),
        (
            "common district, from the middle",
            vec![("district", first(districts)), ("after", middle)],
        ),
    ]
}
