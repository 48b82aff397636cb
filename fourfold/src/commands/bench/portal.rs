//! The public side under load: advice pages at a steady rate, then a burst of submissions. It runs as
//! a process of its own, as it does for real; this one makes the load.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Result;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, StatusCode, header};
use sealing::PrivateKey;

use super::senders::{Burst, connect};
use super::started::{Running, Scratch};
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
const MINUTE: Duration = Duration::from_secs(60);

impl Portal {
    pub async fn run(self) -> Result<()> {
        let scratch = Scratch::new("portal")?;
        let key = PrivateKey::generate();
        let portal = Running::portal(scratch.path(), &key.public(), self.one_core)?;
        let address = portal.address;
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
        let burst = Burst {
            submissions: self.burst,
            within: MINUTE,
            connections: self.connections,
        };
        let began = Instant::now();
        let sent = burst.send(address, || ()).await?;
        let mut kept = 0;
        for entry in std::fs::read_dir(scratch.path())? {
            let sealed = std::fs::read(entry?.path())?;
            let own = [key.text().parse::<PrivateKey>()?];
            sealing::open(&sealed, &own)?;
            kept += 1;
        }
        println!();
        println!(
            "burst of {}: {} thanked for, {kept} in the box and opened; p50 {:.1} ms, p99 {:.1} ms; {:.0} s in all",
            self.burst,
            sent.thanked,
            sent.took.percentile(0.50),
            sent.took.percentile(0.99),
            began.elapsed().as_secs_f64()
        );
        anyhow::ensure!(
            kept == self.burst,
            "{kept} submissions are in the box, and {} were sent",
            self.burst
        );
        Ok(())
    }
}
