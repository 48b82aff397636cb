//! A burst of submissions from the public: while the inside is away, and once more while it is killed and
//! started again. At the end every one that was thanked for is on record, once.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use store::{Row, Sql};
use web::App;

use super::rows;
use super::senders::{Burst as Sending, Sent, number};
use super::started::{Running, Scratch};
use crate::assemble::Place;
use crate::commands::portal::write_key;

#[derive(Debug, clap::Args)]
pub struct Burst {
    /// Submissions of each round
    #[arg(long, default_value_t = 10_000)]
    submissions: usize,
    /// Seconds they are spread over
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Senders at once
    #[arg(long, default_value_t = 40)]
    senders: usize,
    /// How often the inside is killed in the second round
    #[arg(long, default_value_t = 6)]
    kills: u32,
    /// Longest the inside may take to collect everything once the burst is over, in seconds
    #[arg(long, default_value_t = 600)]
    patience: u64,
}

/// The inside of a round.
enum Inside {
    /// Started when the burst is over.
    Away,
    /// Running, killed so often (SIGKILL) and started again.
    Killed(u32),
}

impl Burst {
    pub async fn run(self) -> Result<()> {
        ensure!(
            self.submissions > 0 && self.seconds > 0,
            "nobody sends nothing"
        );
        self.round("serve away", Inside::Away).await?;
        self.round("serve killed", Inside::Killed(self.kills)).await
    }

    async fn round(&self, name: &str, inside: Inside) -> Result<()> {
        let scratch = Scratch::new(&name.replace(' ', "-"))?;
        let data = scratch.path().join("data");
        let (keys, drop_box) = (data.join("keys"), data.join("box"));
        std::fs::create_dir_all(&keys)?;
        std::fs::create_dir_all(&drop_box)?;
        let (key, _) = write_key(&keys)?;
        // Made before, so that what is killed is the collecting.
        let app = open(&data).await?;
        ensure!(
            requests(&app).await?.is_empty(),
            "there are requests already. DATABASE_URL names a database that is in use"
        );
        app.store().close().await;
        let portal = Running::portal(&drop_box, &key, false)?;
        let sending = Sending {
            submissions: self.submissions,
            within: Duration::from_secs(self.seconds),
            connections: self.senders,
        };
        let (begin, begun) = tokio::sync::oneshot::channel();
        let address = portal.address;
        let senders = tokio::spawn(async move {
            // A round that is over already hears nothing.
            sending.send(address, || begin.send(()).unwrap_or(())).await
        });
        let kills = match inside {
            Inside::Away => 0,
            Inside::Killed(kills) => {
                let serve = Running::serve(&data)?;
                if begun.await.is_err() {
                    senders.await??;
                    anyhow::bail!("the senders ended before they sent");
                }
                self.kill(serve, &data, kills).await?
            }
        };
        let sent = senders.await??;
        let over = Instant::now();
        let serve = Running::serve(&data)?;
        self.collected(&drop_box).await?;
        let took = over.elapsed();
        drop(serve);
        self.count(&data, &sent).await?;
        println!(
            "{name:<14} {} sent in {} s, {} thanked for, all on record once; killed {kills} times, \
             empty {:.1} s after the last; answers p50 {:.1} ms, p99 {:.1} ms",
            self.submissions,
            self.seconds,
            sent.thanked,
            took.as_secs_f64(),
            sent.took.percentile(0.50),
            sent.took.percentile(0.99)
        );
        Ok(())
    }

    /// Kills the inside at equal times of the burst and starts it again at once, but for the last time.
    /// Tells how often it was killed.
    async fn kill(&self, mut serve: Running, data: &Path, kills: u32) -> Result<u32> {
        let every = Duration::from_secs(self.seconds) / (kills + 1);
        for _ in 0..kills {
            tokio::time::sleep(every).await;
            drop(serve);
            serve = Running::serve(data)?;
        }
        tokio::time::sleep(every / 2).await;
        drop(serve);
        Ok(kills + 1)
    }

    /// Waits until the box is empty.
    async fn collected(&self, drop_box: &Path) -> Result<()> {
        let until = Instant::now() + Duration::from_secs(self.patience);
        loop {
            let left = sealed(drop_box)?;
            if left == 0 {
                return Ok(());
            }
            ensure!(
                Instant::now() < until,
                "{left} submissions were not collected"
            );
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Each submission thanked for is recorded, and entered in the ledger, once.
    async fn count(&self, data: &Path, sent: &Sent) -> Result<()> {
        let app = open(data).await?;
        let mut times = vec![0_u32; self.submissions];
        for row in requests(&app).await? {
            let fields: std::collections::BTreeMap<String, String> = row.json("fields")?;
            let about = fields.get("about").map_or("", String::as_str);
            if let Some(count) = times.get_mut(number(about)?) {
                *count += 1;
            }
        }
        let lost = times.iter().filter(|n| **n == 0).count();
        let doubled = times.iter().filter(|n| **n > 1).count();
        let entries = Sql::new("select seq from ledger_entry where resource_kind = 'request'");
        let entries = rows(&app, entries).await.map(|all| all.len());
        app.store().close().await;
        ensure!(
            sent.thanked == self.submissions,
            "{} of {} were thanked for",
            sent.thanked,
            self.submissions
        );
        ensure!(
            lost == 0 && doubled == 0,
            "{lost} were lost and {doubled} recorded twice"
        );
        let entries = entries?;
        ensure!(
            entries == self.submissions,
            "{entries} entries of the ledger for {} requests",
            self.submissions
        );
        Ok(())
    }
}

async fn open(data: &Path) -> Result<App> {
    let place = Place {
        data: PathBuf::from(data),
        policy: None,
    };
    place.app(false, false).await
}

async fn requests(app: &App) -> Result<Vec<Row>> {
    rows(app, Sql::new("select fields from protect_request")).await
}

/// Whole files that wait in a box, also those no key opened.
fn sealed(folder: &Path) -> Result<usize> {
    let mut found = 0;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found += sealed(&path)?;
        } else if path.extension().is_some_and(|e| e == portal::EXTENSION) {
            found += 1;
        }
    }
    Ok(found)
}
