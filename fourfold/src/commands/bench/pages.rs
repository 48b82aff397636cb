//! Pages under load: many readers at once over HTTP, each page's latency at the 50th, 95th and 99th
//! percentile, beside a bare answer of the same server.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use record::Marking;
use tokio::net::{TcpListener, TcpStream};
use web::App;
use web::register::{self, NewPerson};

use super::memory_mb;
use super::times::Times;
use crate::assemble::Place;
use crate::commands::serve;

#[derive(Debug, clap::Args)]
pub struct Pages {
    /// Folder that `bench import` worked in
    #[arg(long)]
    work: PathBuf,
    /// Readers at once
    #[arg(long, default_value_t = 20)]
    readers: usize,
    /// Requests of each reader to each page
    #[arg(long, default_value_t = 25)]
    requests: usize,
    /// Measure only this page, for example `inbox`
    #[arg(long)]
    only: Option<String>,
}

/// Requests of each reader that are not counted: statements are prepared, memory is taken.
const WARMING: usize = 5;
const READER: &str = "bench.reader";
const PASSWORD: &str = "a bench of readers";

impl Pages {
    pub async fn run(self) -> Result<()> {
        let began = Instant::now();
        let place = Place {
            data: self.work.join("store"),
            policy: None,
        };
        let app = place.app(false, true).await?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let serving = tokio::spawn(serve::answer(app.clone(), listener));
        get(address, "/sign-in", None).await?;
        println!(
            "start to first page   {:.0} ms",
            began.elapsed().as_secs_f64() * 1000.0
        );
        let cookie = sign_in(&app, address).await?;
        let paths = paths(&app).await?;
        println!(
            "{:<26} {:>9} {:>9} {:>9} {:>9}",
            "page", "p50 ms", "p95 ms", "p99 ms", "bytes"
        );
        let wanted = |name: &str| self.only.as_deref().is_none_or(|only| only == name);
        for (name, list) in paths.iter().filter(|(name, _)| wanted(name)) {
            let seen = self.load(address, &cookie, list).await?;
            let took = Times::lasting(&seen.took);
            println!(
                "{name:<26} {:>9.1} {:>9.1} {:>9.1} {:>9}",
                took.percentile(0.50),
                took.percentile(0.95),
                took.percentile(0.99),
                seen.bytes
            );
        }
        let (now, peak) = memory_mb();
        println!("resident memory       {now} MB, {peak} MB at its highest");
        serving.abort();
        app.store().close().await;
        Ok(())
    }

    async fn load(&self, address: SocketAddr, cookie: &str, paths: &[String]) -> Result<Seen> {
        let mut readers = Vec::new();
        for reader in 0..self.readers {
            let (cookie, paths, requests) = (cookie.to_owned(), paths.to_vec(), self.requests);
            readers.push(tokio::spawn(async move {
                let mut seen = Seen::default();
                for n in 0..WARMING + requests {
                    let path = &paths[(reader * 31 + n) % paths.len()];
                    let began = Instant::now();
                    let answer = get(address, path, Some(&cookie)).await?;
                    if n >= WARMING {
                        seen.took.push(began.elapsed());
                    }
                    seen.bytes = answer.1;
                    anyhow::ensure!(answer.0 == StatusCode::OK, "{path} answered {}", answer.0);
                }
                Ok::<_, anyhow::Error>(seen)
            }));
        }
        let mut all = Seen::default();
        for reader in readers {
            let seen = reader.await??;
            all.took.extend(seen.took);
            all.bytes = seen.bytes;
        }
        Ok(all)
    }
}

#[derive(Default)]
struct Seen {
    took: Vec<Duration>,
    bytes: usize,
}

async fn send(
    address: SocketAddr,
    request: Request<Full<Bytes>>,
) -> Result<hyper::Response<Bytes>> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let driving = tokio::spawn(connection);
    let answer = sender.send_request(request).await?;
    let (parts, body) = answer.into_parts();
    let bytes = body.collect().await?.to_bytes();
    driving.abort();
    Ok(hyper::Response::from_parts(parts, bytes))
}

async fn get(address: SocketAddr, path: &str, cookie: Option<&str>) -> Result<(StatusCode, usize)> {
    let mut request = Request::get(path).header(header::HOST, address.to_string());
    if let Some(cookie) = cookie {
        request = request.header(header::COOKIE, cookie);
    }
    let answer = send(address, request.body(Full::default())?).await?;
    Ok((answer.status(), answer.body().len()))
}

/// A person with every role that opens the measured pages.
async fn sign_in(app: &App, address: SocketAddr) -> Result<String> {
    let person = NewPerson {
        username: READER.to_owned(),
        name: "Bench Reader".to_owned(),
        title: "Reader".to_owned(),
        unit: app.force().unit.clone(),
        force: app.force().name.clone(),
        ceiling: Marking::OfficialSensitive,
        password: PASSWORD.to_owned(),
        roles: [
            "triage_officer",
            "victim_care",
            "detective_inspector",
            "analyst",
        ]
        .map(str::to_owned)
        .to_vec(),
    };
    // There already when the store was measured before.
    let _ = register::add_person(app.store(), &app.command_line(), person).await;
    let fields = [
        ("user", READER),
        ("password", PASSWORD),
        ("purpose", "Performance and strategy"),
        ("next", "/"),
    ];
    let request = Request::post("/sign-in")
        .header(header::HOST, address.to_string())
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::from(serde_html_form::to_string(fields)?))?;
    let answer = send(address, request).await?;
    let cookie = answer
        .headers()
        .get(header::SET_COOKIE)
        .context("the reader was not let in")?;
    let cookie = cookie.to_str()?.split(';').next().unwrap_or_default();
    Ok(cookie.to_owned())
}

/// The measured pages, with real identifiers and words of the store.
async fn paths(app: &App) -> Result<Vec<(&'static str, Vec<String>)>> {
    let nothing = record::Resource::of("page", "bench");
    let grant = app
        .system()
        .permit(&web::identify::IDENTIFY, &nothing, "")?;
    let mut db = app.store().read(&grant).await?;
    let mut reports = Vec::new();
    let mut words = Vec::new();
    let total = db
        .count("select n from intake_total where name = 'reports'")
        .await?
        .max(1);
    for n in 0..50i64 {
        let seq = 1 + n * total / 50;
        let sql = store::Sql::new("select id, victim_label, reference from intake_report where ")
            .with("seq = ?", [seq.into()]);
        if let Some(row) = db.first(sql).await? {
            let id: record::ids::ReportId = row.get("id")?;
            reports.push(format!("/reports/{id}"));
            let label: String = row.get("victim_label")?;
            let reference: String = row.get("reference")?;
            let word = label.split(' ').next_back().unwrap_or("smith").to_owned();
            for q in [word, reference] {
                let encoded = serde_html_form::to_string([("q", q)])?;
                words.push(format!("/search?{encoded}"));
            }
        }
    }
    Ok(vec![
        ("bare answer", vec!["/health".to_owned()]),
        ("inbox", vec!["/inbox".to_owned()]),
        ("report", reports),
        ("call list", vec!["/victim-care".to_owned()]),
        ("search", words),
        ("strategy", vec!["/strategy".to_owned()]),
    ])
}
