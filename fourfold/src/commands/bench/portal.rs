//! The public side under load: advice pages at a steady rate, then a burst of submissions. It runs as
//! a process of its own, as it does for real; this one makes the load.

use std::io::BufRead as _;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::SendRequest;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use sealing::PrivateKey;
use tokio::net::TcpStream;

use super::times::Times;

#[derive(Debug, clap::Args)]
pub struct Portal {
    /// Requests a second for advice pages
    #[arg(long, default_value_t = 1_000)]
    rate: u32,
    /// Seconds of that
    #[arg(long, default_value_t = 20)]
    seconds: u32,
    /// Connections the load comes over
    #[arg(long, default_value_t = 40)]
    connections: usize,
    /// Submissions of the burst, spread over a minute
    #[arg(long, default_value_t = 10_000)]
    burst: usize,
    /// Measure a portal on one processor: it is bound to it with taskset
    #[arg(long)]
    one_core: bool,
}

/// Pages that are read, a few of every kind.
const PATHS: [&str; 6] = [
    "/advice/phishing",
    "/advice/sextortion",
    "/advice/account_hacked",
    "/advice/ransomware",
    "/advice",
    "/",
];
/// How long a form has been open when it is sent: more than policy asks for when it is busy.
const PATIENCE: Duration = Duration::from_secs(16);
const MINUTE: Duration = Duration::from_secs(60);

/// A folder that goes with its owner.
struct Scratch(std::path::PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays behind in the temporary folder harms nothing.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A process that ends with its owner.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Portal {
    pub async fn run(self) -> Result<()> {
        let scratch =
            std::env::temp_dir().join(format!("fourfold-bench-portal-{}", std::process::id()));
        std::fs::create_dir_all(&scratch)?;
        let scratch = Scratch(scratch);
        let key = PrivateKey::generate();
        let mut child = Ended(self.start(&scratch, &key)?);
        let address = heard(&mut child.0)?;
        println!(
            "{:<26} {:>9} {:>9} {:>9} {:>9}",
            "at a steady rate", "p50 ms", "p99 ms", "p99.9 ms", "most ms"
        );
        for (name, paths) in [
            ("bare answer (/health)", &["/health"][..]),
            ("advice pages", &PATHS[..]),
        ] {
            let took = self.steady(address, paths).await?;
            println!(
                "{name:<26} {:>9.2} {:>9.2} {:>9.2} {:>9.2}",
                took.percentile(0.50),
                took.percentile(0.99),
                took.percentile(0.999),
                took.percentile(1.0)
            );
        }
        self.burst(address, &scratch, &key).await
    }

    fn start(&self, scratch: &Scratch, key: &PrivateKey) -> Result<Child> {
        let program = std::env::current_exe()?;
        let mut command = if self.one_core {
            let mut bound = Command::new("taskset");
            bound.args(["-c", "0"]).arg(program);
            bound
        } else {
            Command::new(program)
        };
        command
            .args([
                "portal",
                "--behind-proxy",
                "--listen",
                "127.0.0.1:0",
                "--key",
            ])
            .arg(key.public().to_string())
            .arg("--box")
            .arg(&scratch.0)
            .env("RUST_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .context("the portal did not start")
    }

    /// Requests at their times, whether or not the one before was answered. A request's time runs
    /// from when it was due.
    async fn steady(&self, address: SocketAddr, paths: &'static [&'static str]) -> Result<Times> {
        let every = Duration::from_secs(1) / self.rate.max(1);
        let connections = self.connections.max(1);
        let all = usize::try_from(u64::from(self.rate) * u64::from(self.seconds))?;
        let began = Instant::now() + Duration::from_millis(200);
        let mut readers = Vec::new();
        for first in 0..connections {
            readers.push(tokio::spawn(async move {
                let mut sender = connect(address).await?;
                let mut took = Vec::new();
                for n in (first..all).step_by(connections) {
                    let due = began + every * u32::try_from(n)?;
                    tokio::time::sleep_until(due.into()).await;
                    let request = Request::get(paths[n % paths.len()])
                        .header(header::HOST, "bench")
                        .header(header::ACCEPT_ENCODING, "gzip")
                        .body(Full::default())?;
                    let answer = sender.send_request(request).await?;
                    anyhow::ensure!(answer.status() == StatusCode::OK, "{}", answer.status());
                    answer.into_body().collect().await?;
                    took.push(due.elapsed());
                }
                Ok::<_, anyhow::Error>(took)
            }));
        }
        let mut took = Vec::with_capacity(all);
        for reader in readers {
            took.extend(reader.await??);
        }
        Ok(Times::lasting(&took))
    }

    /// As many people as the burst counts open a form, and send it within the same minute.
    async fn burst(&self, address: SocketAddr, scratch: &Scratch, key: &PrivateKey) -> Result<()> {
        let thanked = Arc::new(AtomicUsize::new(0));
        let connections = self.connections.max(1);
        let every = MINUTE / u32::try_from(self.burst.max(1))?;
        let began = Instant::now();
        let mut senders = Vec::new();
        for first in 0..connections {
            let (burst, thanked) = (self.burst, Arc::clone(&thanked));
            senders.push(tokio::spawn(async move {
                let mut sender = connect(address).await?;
                let mut tokens = Vec::new();
                for n in (first..burst).step_by(connections) {
                    tokens.push((n, token(&mut sender).await?));
                }
                tokio::time::sleep(PATIENCE).await;
                let began = Instant::now();
                let mut took = Vec::new();
                for (n, token) in tokens {
                    let due = began + every * u32::try_from(n)?;
                    tokio::time::sleep_until(due.into()).await;
                    // The portal ends the connection a form came over.
                    let mut sender = connect(address).await?;
                    if send(&mut sender, n, &token).await? {
                        thanked.fetch_add(1, Ordering::Relaxed);
                    }
                    took.push(due.elapsed());
                }
                Ok::<_, anyhow::Error>(took)
            }));
        }
        let mut took = Vec::new();
        for sender in senders {
            took.extend(sender.await??);
        }
        let took = Times::lasting(&took);
        let mut kept = 0;
        for entry in std::fs::read_dir(&scratch.0)? {
            let sealed = std::fs::read(entry?.path())?;
            let own = [key.text().parse::<PrivateKey>()?];
            sealing::open(&sealed, &own)?;
            kept += 1;
        }
        println!();
        println!(
            "burst of {}: {} thanked for, {kept} in the box and opened; p50 {:.1} ms, p99 {:.1} ms; {:.0} s in all",
            self.burst,
            thanked.load(Ordering::Relaxed),
            took.percentile(0.50),
            took.percentile(0.99),
            began.elapsed().as_secs_f64()
        );
        anyhow::ensure!(
            kept == self.burst,
            "{} submissions were lost",
            self.burst - kept
        );
        Ok(())
    }
}

/// Waits for the line that says where the portal is.
fn heard(child: &mut Child) -> Result<SocketAddr> {
    let said = child.stdout.take().context("the portal says nothing")?;
    for line in std::io::BufReader::new(said).lines() {
        let line = line?;
        if let Some((_, address)) = line.split_once("http://") {
            return Ok(address.trim().parse()?);
        }
    }
    anyhow::bail!("the portal ended before it said where it is")
}

async fn connect(address: SocketAddr) -> Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

/// The token of a form that is opened now.
async fn token(sender: &mut SendRequest<Full<Bytes>>) -> Result<String> {
    let request = Request::get("/help/feedback")
        .header(header::HOST, "bench")
        .body(Full::default())?;
    let answer = sender.send_request(request).await?;
    let page = answer.into_body().collect().await?.to_bytes();
    let page = String::from_utf8_lossy(&page);
    let found = page
        .split("name=\"token\" value=\"")
        .nth(1)
        .and_then(|r| r.split('"').next());
    Ok(found.context("the form has no token")?.to_owned())
}

/// Sends one form from an address of its own, and tells whether it was thanked for.
async fn send(sender: &mut SendRequest<Full<Bytes>>, n: usize, token: &str) -> Result<bool> {
    let about = format!("Number {n}. The page was easy to read on my phone.");
    let fields = [
        ("token", token),
        ("rating", "easy"),
        ("about", about.as_str()),
    ];
    let from = format!("10.{}.{}.1", n / 256 % 256, n % 256);
    let request = Request::post("/help/feedback")
        .header(header::HOST, "bench")
        .header("x-forwarded-for", from)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::from(serde_html_form::to_string(fields)?))?;
    let answer = sender.send_request(request).await?;
    let status = answer.status();
    let page = answer.into_body().collect().await?.to_bytes();
    let words: &[u8] = b"We have received it";
    Ok(status == StatusCode::OK && page.windows(words.len()).any(|w| w == words))
}
