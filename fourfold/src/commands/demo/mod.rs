//! `fourfold demo`: a generated county, run through the whole pipeline day by day, and served.

mod county_days;
mod organisations;
mod people;
mod staff;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use intake::receive::Desk;
use protect::messages::Post;
use protect::requests::Collector;
use protect::warnings::Publisher;
use record::ids::RandomIds;
use record::time::{Clock, SystemClock, Timestamp};

use super::{Done, portal, serve};
use crate::assemble::Place;
use county_days::Days;

#[derive(Debug, clap::Args)]
pub struct Demo {
    /// Reports in the generated county
    #[arg(long, default_value_t = 20_000)]
    reports: u64,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Address of the internal site
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Address of the public side; the port after that of --listen unless told otherwise
    #[arg(long)]
    portal_listen: Option<SocketAddr>,
    /// Mail server on this machine that takes what the demonstration sends, such as smtp://127.0.0.1:2525
    #[arg(long, env = "FOURFOLD_SMTP", hide_env_values = true)]
    smtp: Option<String>,
    /// Make the county and stop, without serving it
    #[arg(long)]
    no_serve: bool,
}

/// A clock that runs through the county's history, then with the machine.
struct Replay {
    set: std::sync::atomic::AtomicI64,
}

impl Replay {
    fn set(&self, at: Timestamp) {
        self.set
            .store(at.micros(), std::sync::atomic::Ordering::SeqCst);
    }

    /// From now on, the machine's time.
    fn release(&self) {
        self.set
            .store(i64::MIN, std::sync::atomic::Ordering::SeqCst);
    }
}

impl Clock for Replay {
    fn now(&self) -> Timestamp {
        match self.set.load(std::sync::atomic::Ordering::SeqCst) {
            i64::MIN => SystemClock.now(),
            at => Timestamp::from_micros(at),
        }
    }
}

impl Demo {
    pub async fn run(self, place: &Place) -> Result<Done> {
        // A demonstration never mixes with real records: it has a folder of its own.
        let mut place = place.clone();
        if place.data.as_os_str() == "data" {
            place.data = PathBuf::from("data/demo");
        }
        let made = place.data.join("demonstration");
        let clock = Arc::new(Replay {
            set: std::sync::atomic::AtomicI64::new(i64::MIN),
        });
        let setting = store::Setting {
            clock: Arc::<Replay>::clone(&clock),
            ids: Arc::new(RandomIds::default()),
        };
        if place.data.join("fourfold.db").exists() && !made.exists() {
            anyhow::bail!(
                "{} holds records that are not a finished demonstration. \
                 Name another folder with --data, or delete that one",
                place.data.display()
            );
        }
        let app = place.app_with(false, true, setting).await?;
        if !made.exists() {
            self.make(&app, &clock).await?;
            std::fs::write(
                &made,
                format!("{} reports, seed {}\n", self.reports, self.seed),
            )
            .with_context(|| format!("{} cannot be written", made.display()))?;
        }
        clock.release();
        if self.no_serve {
            app.store().close().await;
            return Ok(Done::Clean);
        }
        let listener = serve::bind(self.listen).await?;
        println!();
        println!("Fourfold is at http://{}", listener.local_addr()?);
        let alerts = place.data.join("alerts");
        let beside = serve::Beside {
            publisher: Some(Publisher::open(alerts)?),
            collector: Some(self.public_side(&place, self.listen).await?),
            post: self.smtp.as_deref().map(Post::open).transpose()?,
        };
        people::print();
        serve::serve(app, listener, beside).await?;
        Ok(Done::Clean)
    }

    /// Serves the public side from this process, which for real is a process of its own, without this
    /// key and without these records. It ends with the process.
    async fn public_side(&self, place: &Place, beside: SocketAddr) -> Result<Collector> {
        let data = place.data.as_path();
        let (drop_box, keys) = (data.join("box"), data.join("keys"));
        let drafts = data.join("drafts");
        for folder in [&drop_box, &keys, &drafts] {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("{} cannot be made", folder.display()))?;
        }
        if Collector::keys_in(data)?.is_empty() {
            portal::write_key(&keys)?;
        }
        let collector = Collector::open(data, drop_box.clone())?;
        let key = collector
            .public_key()
            .context("no key of the public side")?;
        let setting = portal::Setting {
            drop_box,
            key,
            alerts: Some(data.join("alerts")),
            drafts: Some(drafts),
            behind_proxy: false,
            secure_cookies: false,
        };
        let policy = crate::assemble::policy(place.policy.as_deref())?;
        let portal = portal::open(&policy, setting).await?;
        let next = SocketAddr::new(beside.ip(), beside.port().checked_add(1).unwrap_or(0));
        let listener = match self.portal_listen {
            Some(address) => serve::bind(address).await?,
            None => match serve::bind(next).await {
                Ok(listener) => listener,
                Err(_) => serve::bind(SocketAddr::new(beside.ip(), 0)).await?,
            },
        };
        println!("The public side is at http://{}", listener.local_addr()?);
        tokio::spawn(async move {
            let (stop, stopped) = tokio::sync::watch::channel(false);
            let ended = portal::answer(portal, listener, stopped).await;
            if let Err(error) = ended {
                tracing::error!(%error, "the public side has ended");
            }
            drop(stop);
        });
        Ok(collector)
    }

    async fn make(&self, app: &web::App, clock: &Replay) -> Result<()> {
        let began = Instant::now();
        let desk = app.policy::<Desk>()?;
        let today = SystemClock.now();
        let days = Days::generate(&desk, self.reports, self.seed, today)?;
        clock.set(Timestamp::start_of(days.first()));
        people::add(app).await?;
        let bar = ProgressBar::new(self.reports);
        if let Ok(style) = ProgressStyle::with_template("{msg} {bar:40} {pos}/{len} reports {eta}")
        {
            bar.set_style(style);
        }
        days.run(app, &desk, clock, &bar, self.seed).await?;
        bar.finish_and_clear();
        let key = app.store().ledger_key()?;
        app.store().sequence(&key).await?;
        println!(
            "{} reports received, linked, triaged and worked in {:.0} s.",
            self.reports,
            began.elapsed().as_secs_f64()
        );
        Ok(())
    }
}
