//! Planning a day with the database, as a supervisor does it over HTTP: the proposal is read, planned and
//! shown; confirming plans once more, compares, and assigns.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use hyper::StatusCode;
use protect::victim_care::{QUEUE, RECORD};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use record::ids::WorkItemId;
use record::time::{SetClock, Timestamp};
use record::{Marking, Resource};
use store::{Row, Setting, Sql, work};
use tokio::net::TcpListener;
use web::App;
use web::register::{self, NewPerson};

use super::readers::{SignedIn, field};
use super::times::Times;
use super::{import, memory_mb, rows};
use crate::assemble::Place;
use crate::commands::serve;

/// The morning that is planned: the first after the generated county's last day.
const MORNING: &str = "2026-11-23T09:00:00Z";
/// Aim for a plan, read and shown or compared and written.
const AIM: Duration = Duration::from_secs(2);
/// Of every hundred victims, those whose care record names needs, which bind a call to a language, a
/// skill or hours.
const WITH_NEEDS: u32 = 8;
/// Words of passwords nobody uses: the callers never sign in.
const PASSWORD: &str = "a bench of callers";

/// How much is planned.
pub struct Size {
    pub callers: u32,
    pub duties: u32,
    pub days: u32,
    pub seed: u64,
}

pub async fn run(work: &Path, size: &Size) -> Result<()> {
    ensure!(size.days > 0, "no day is planned");
    std::fs::create_dir_all(work)?;
    let place = Place {
        data: work.join("store"),
        policy: None,
    };
    let morning = Timestamp::parse(MORNING).context("a fixed time")?;
    let setting = Setting {
        clock: Arc::new(SetClock::at(morning)),
        ..Setting::default()
    };
    let app = place.app_with(false, true, setting).await?;
    let wanted = usize::try_from(size.duties)?;
    if waiting(&app).await?.len() < wanted {
        // Some reports are about one person, and are one call.
        let reports = u64::from(size.duties) * 13 / 10 + 200;
        import::fill(&app, work, reports, size.seed).await?;
    }
    let open = waiting(&app).await?.len();
    ensure!(
        open >= wanted,
        "{open} duties are open. Begin again in an empty folder"
    );
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let serving = tokio::spawn(serve::answer(app.clone(), listener));
    let roles = ["victim_care_supervisor", "victim_care"];
    let who = SignedIn::with(&app, address, "bench.supervisor", &roles).await?;
    on_duty(&app, &who, size).await?;
    needs(&app, &who, size).await?;
    measure(&app, &who, size).await?;
    serving.abort();
    app.store().close().await;
    Ok(())
}

async fn measure(app: &App, who: &SignedIn, size: &Size) -> Result<()> {
    let (mut proposing, mut confirming) = (Vec::new(), Vec::new());
    let mut told = String::new();
    for day in 0..=size.days {
        let began = Instant::now();
        let page = who.get("/day-plan").await?;
        let proposed = began.elapsed();
        ensure!(
            page.status() == StatusCode::OK,
            "the plan answered {}",
            page.status()
        );
        let body = page.into_body();
        let (csrf, digest) = (field(&body, "csrf")?, field(&body, "digest")?);
        let as_of = field(&body, "as_of")?;
        let plan = [
            ("csrf", csrf.as_str()),
            ("digest", digest.as_str()),
            ("as_of", as_of.as_str()),
        ];
        let began = Instant::now();
        let done = who.post("/day-plan", &plan).await?;
        let confirmed = began.elapsed();
        ensure!(
            done.status() == StatusCode::SEE_OTHER,
            "confirming answered {}",
            done.status()
        );
        let given = taken(app).await?;
        ensure!(!given.is_empty(), "a confirmed plan assigned nothing");
        told = format!(
            "{} duties assigned; the page has {} bytes",
            given.len(),
            body.len()
        );
        put_back(app, given).await?;
        // The first is not counted.
        if day > 0 {
            proposing.push(proposed);
            confirming.push(confirmed);
        }
    }
    let longest = proposing.iter().chain(&confirming).max().copied();
    println!(
        "{} callers, {} duties, {} days, with the database",
        size.callers, size.duties, size.days
    );
    println!("read, planned, shown  {}", Times::lasting(&proposing));
    println!("confirmed, assigned   {}", Times::lasting(&confirming));
    println!("last day              {told}");
    let (now, peak) = memory_mb();
    println!("resident memory       {now} MB, {peak} MB at its highest");
    println!(
        "aim                   {} s each: {}",
        AIM.as_secs(),
        if longest < Some(AIM) { "met" } else { "missed" }
    );
    Ok(())
}

/// Duties nobody has taken yet.
async fn waiting(app: &App) -> Result<Vec<WorkItemId>> {
    let sql = Sql::new("select id from work_item where ").with(
        "queue = ? and state = 'open' and lead is null order by due_at, id",
        [QUEUE.into()],
    );
    let found = rows(app, sql).await?;
    Ok(found
        .iter()
        .map(|row| row.get("id"))
        .collect::<Result<_, _>>()?)
}

async fn taken(app: &App) -> Result<Vec<(WorkItemId, i64)>> {
    let sql = Sql::new("select id, version from work_item where ")
        .with("queue = ? and state = 'taken'", [QUEUE.into()]);
    let found = rows(app, sql).await?;
    let item = |row: &Row| Ok((row.get("id")?, row.get("version")?));
    Ok(found.iter().map(item).collect::<store::Result<_>>()?)
}

/// Puts duties back on the list, so that the next day is as full as this one.
async fn put_back(app: &App, given: Vec<(WorkItemId, i64)>) -> Result<()> {
    let of = Resource::of("bench", "plan of the day");
    let grant = app.command_line().permit(&RECORD, &of, "bench")?;
    app.store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                for (id, version) in given {
                    work::release(tx, id, version).await?;
                }
                Ok(())
            })
        })
        .await?;
    Ok(())
}

/// Adds the callers unless an earlier run did, and enters their hours.
async fn on_duty(app: &App, who: &SignedIn, size: &Size) -> Result<()> {
    let mut chance = ChaCha8Rng::seed_from_u64(size.seed);
    let csrf = field(who.get("/day-plan/staff").await?.body(), "csrf")?;
    for n in 1..=size.callers {
        let username = format!("bench.caller.{n}");
        let person = NewPerson {
            username: username.clone(),
            name: format!("Caller {n}"),
            title: "Caller".to_owned(),
            unit: app.force().unit.clone(),
            force: app.force().name.clone(),
            ceiling: Marking::OfficialSensitive,
            password: PASSWORD.to_owned(),
            roles: vec!["victim_care".to_owned()],
        };
        // There already when the store was measured before.
        let _ = register::add_person(app.store(), &app.command_line(), person).await;
        let sql =
            Sql::new("select id from access_person where ").with("username = ?", [username.into()]);
        let row = rows(app, sql).await?.pop();
        let id: record::ids::ActorId = row.context("a caller is not there")?.get("id")?;
        let early = chance.random_bool(0.7);
        let (from, until) = if early {
            ("9am", "5pm")
        } else {
            ("12pm", "8pm")
        };
        let mut hours = vec![("csrf", csrf.as_str()), ("from", from), ("until", until)];
        for (name, ids, share) in [
            ("language", &super::day_plan::LANGUAGES[..], 0.15),
            ("skill", &super::day_plan::SKILLS[..], 0.3),
        ] {
            let some = ids.iter().filter(|_| chance.random_bool(share));
            hours.extend(some.map(|id| (name, *id)));
        }
        let entered = who.post(&format!("/day-plan/staff/{id}"), &hours).await?;
        ensure!(
            entered.status() == StatusCode::SEE_OTHER,
            "hours answered {}",
            entered.status()
        );
    }
    Ok(())
}

/// Records what some victims need, unless an earlier run did.
async fn needs(app: &App, who: &SignedIn, size: &Size) -> Result<()> {
    let held = Sql::new("select count(*) as n from protect_needs");
    let held = rows(app, held).await?.pop().context("a count has a row")?;
    if held.get::<i64>("n")? > 0 {
        return Ok(());
    }
    let mut chance = ChaCha8Rng::seed_from_u64(size.seed);
    let csrf = field(who.get("/day-plan/staff").await?.body(), "csrf")?;
    let planned = usize::try_from(size.duties)?;
    let all = waiting(app).await?;
    for id in all.iter().take(planned) {
        if !chance.random_ratio(WITH_NEEDS, 100) {
            continue;
        }
        let languages = super::day_plan::LANGUAGES;
        let language = languages[chance.random_range(0..languages.len())];
        let mut fields = vec![("csrf", csrf.as_str()), ("language", language)];
        if chance.random_bool(0.3) {
            fields.push(("child", "yes"));
        }
        if chance.random_bool(0.5) {
            fields.extend([("safe_from", "10am"), ("safe_until", "4pm")]);
        }
        let recorded = who
            .post(&format!("/victim-care/{id}/needs"), &fields)
            .await?;
        ensure!(
            recorded.status() == StatusCode::SEE_OTHER,
            "needs answered {}: {}",
            recorded.status(),
            String::from_utf8_lossy(recorded.body())
        );
    }
    Ok(())
}
