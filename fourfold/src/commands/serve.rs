//! `fourfold serve`: the internal site, the API and the background jobs.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use protect::messages::Post;
use protect::requests::Collector;
use protect::warnings::Publisher;
use remote::Objects;
use tokio::net::TcpListener;
use tokio::sync::watch;
use web::App;

use super::Done;
use super::portal::{environment, store_address};
use crate::assemble::Place;

/// The variable that holds the key, and where the service is.
const NOTIFY_KEY: &str = "FOURFOLD_NOTIFY_KEY";
const NOTIFY: &str = "https://api.notifications.service.gov.uk";

#[derive(Debug, clap::Args)]
pub struct Serve {
    /// Address to listen on. Put TLS in front of any other than loopback
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where the public side leaves sealed requests: a folder, or s3://bucket/prefix with the usual AWS_ variables;
    /// `box` in the data folder, if there is one, unless told otherwise
    #[arg(long = "box", env = "FOURFOLD_BOX")]
    drop_box: Option<PathBuf>,
    /// Mail server for messages to victims: smtps://name:password@host, or
    /// smtp://name:password@host?tls=required. Without one, and without GOV.UK Notify, messages wait
    #[arg(long, env = "FOURFOLD_SMTP", hide_env_values = true)]
    smtp: Option<String>,
    /// Address of GOV.UK Notify's API, which sends messages in place of a mail server when FOURFOLD_NOTIFY_KEY holds a
    /// key; https://api.notifications.service.gov.uk unless told otherwise
    #[arg(long, value_name = "URL", env = "FOURFOLD_NOTIFY")]
    notify: Option<String>,
    /// Folder in which the public side finds the warnings in force; `alerts` in the data folder, if there is one,
    /// unless told otherwise
    #[arg(long, env = "FOURFOLD_ALERTS")]
    alerts: Option<PathBuf>,
}

/// What serves beside the pages.
#[derive(Default)]
pub struct Beside {
    pub collector: Option<Collector>,
    pub post: Option<Post>,
    pub publisher: Option<Publisher>,
}

impl Serve {
    pub async fn run(self, place: &Place) -> Result<Done> {
        log("info,sqlx=warn");
        let post = channel(
            self.smtp.as_deref(),
            self.notify.as_deref(),
            environment(NOTIFY_KEY).as_deref(),
        )?;
        let app = place.app(!self.listen.ip().is_loopback(), false).await?;
        if let Some(post) = &post {
            post.check(&app)?;
        }
        let listener = bind(self.listen).await?;
        println!("Fourfold is at http://{}", listener.local_addr()?);
        let collector = match self.drop_box {
            Some(at) => Some(match store_address(&at) {
                Some(address) => Collector::of(&place.data, Objects::open(address, environment)?)?,
                None => Collector::open(&place.data, at)?,
            }),
            None => {
                let usual = place.data.join("box");
                let there = usual.is_dir();
                there
                    .then(|| Collector::open(&place.data, usual))
                    .transpose()?
            }
        };
        let usual = place.data.join("alerts");
        let alerts = self.alerts.or_else(|| usual.is_dir().then_some(usual));
        let publisher = alerts.map(Publisher::open).transpose()?;
        let beside = Beside {
            collector,
            post,
            publisher,
        };
        serve(app, listener, beside).await?;
        Ok(Done::Clean)
    }
}

/// The one way out for messages: a mail server, or GOV.UK Notify, or none yet. `key` is Notify's, which is told in the
/// environment alone, where no list of processes shows it.
fn channel(smtp: Option<&str>, notify: Option<&str>, key: Option<&str>) -> Result<Option<Post>> {
    let key = key.filter(|k| !k.trim().is_empty());
    Ok(match (smtp, notify, key) {
        (None, None, None) => None,
        (Some(_), Some(_), _) | (Some(_), _, Some(_)) => anyhow::bail!(
            "messages go out one way: give a mail server (--smtp) or GOV.UK Notify (--notify, {NOTIFY_KEY}), not both"
        ),
        (Some(smtp), None, None) => Some(Post::open(smtp)?),
        (None, Some(_), None) => {
            anyhow::bail!("--notify needs an API key of GOV.UK Notify in the variable {NOTIFY_KEY}")
        }
        (None, address, Some(key)) => Some(Post::notify(address.unwrap_or(NOTIFY), key)?),
    })
}

/// Log lines to standard error, as `RUST_LOG` or else `usual` says.
pub fn log(usual: &str) {
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| usual.into()),
        )
        .with_writer(std::io::stderr)
        .init();
}

/// Takes the address, or says what to do when it is taken.
pub async fn bind(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("{address} is in use or not ours. Choose another with --listen"))
}

/// Serves until interrupted, then finishes what was begun and closes the store.
pub async fn serve(app: App, listener: TcpListener, beside: Beside) -> Result<()> {
    let (stop, stopped) = watch::channel(false);
    let mut jobs = start_jobs(&app, &stopped);
    let Beside {
        collector,
        post,
        publisher,
    } = beside;
    jobs.extend(collector.map(|c| start_collecting(&app, &stopped, c)));
    jobs.extend(post.map(|p| start_sending(&app, &stopped, p)));
    jobs.extend(publisher.map(|p| start_publishing(&app, &stopped, p)));
    let served = axum::serve(listener, web::router(&app)).with_graceful_shutdown(async move {
        interrupted().await;
        // Jobs that have ended already need no telling.
        let _ = stop.send(true);
    });
    served.await?;
    for job in jobs {
        job.await?;
    }
    app.store().close().await;
    Ok(())
}

/// Answers requests and nothing else, for measurements.
pub async fn answer(app: App, listener: TcpListener) -> std::io::Result<()> {
    axum::serve(listener, web::router(&app)).await
}

/// The sequencer of the ledger, and every capability's jobs.
pub fn start_jobs(app: &App, stopped: &watch::Receiver<bool>) -> Vec<tokio::task::JoinHandle<()>> {
    let mut running = Vec::new();
    let sequencer = {
        let (app, stopped) = (app.clone(), stopped.clone());
        on_its_own(repeat(
            Duration::from_secs(1),
            stopped,
            "ledger.sequence",
            move || {
                let app = app.clone();
                Box::pin(async move {
                    let key = app.store().ledger_key()?;
                    app.store().sequence(&key).await.map(drop)
                })
            },
        ))
    };
    running.push(sequencer);
    for job in app.capabilities().iter().flat_map(|c| c.jobs) {
        let (app, stopped) = (app.clone(), stopped.clone());
        let every = Duration::from_secs(job.every_seconds);
        let repeated = repeat(every, stopped, job.name, move || (job.run)(app.clone()));
        running.push(on_its_own(repeated));
    }
    running
}

/// Collects what the public sent, every few seconds. Several processes may: each submission is
/// recorded once.
fn start_collecting(
    app: &App,
    stopped: &watch::Receiver<bool>,
    collector: Collector,
) -> tokio::task::JoinHandle<()> {
    let (app, stopped) = (app.clone(), stopped.clone());
    let collector = Arc::new(collector);
    on_its_own(repeat(
        Duration::from_secs(5),
        stopped,
        "protect.collect_requests",
        move || {
            let (app, collector) = (app.clone(), Arc::clone(&collector));
            Box::pin(async move { collector.collect(&app).await.map(drop) })
        },
    ))
}

/// Hands messages over. Several processes may: each message is claimed by one.
fn start_sending(
    app: &App,
    stopped: &watch::Receiver<bool>,
    post: Post,
) -> tokio::task::JoinHandle<()> {
    let (app, stopped) = (app.clone(), stopped.clone());
    on_its_own(repeat(
        Duration::from_secs(20),
        stopped,
        "protect.send_messages",
        move || {
            let (app, post) = (app.clone(), post.clone());
            Box::pin(async move { post.dispatch(&app).await.map(drop) })
        },
    ))
}

/// Hands warnings to the public side. Several processes may: each writes the same files.
fn start_publishing(
    app: &App,
    stopped: &watch::Receiver<bool>,
    publisher: Publisher,
) -> tokio::task::JoinHandle<()> {
    let (app, stopped) = (app.clone(), stopped.clone());
    on_its_own(repeat(
        Duration::from_secs(5),
        stopped,
        "protect.publish_warnings",
        move || {
            let (app, publisher) = (app.clone(), publisher.clone());
            Box::pin(async move { publisher.publish(&app).await.map(drop) })
        },
    ))
}

/// Runs a job on a thread of its own: its long questions to the database hold no page up.
fn on_its_own(job: impl Future<Output = ()> + Send + 'static) -> tokio::task::JoinHandle<()> {
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || runtime.block_on(job))
}

async fn repeat(
    every: Duration,
    mut stopped: watch::Receiver<bool>,
    name: &'static str,
    run: impl Fn() -> web::Tick,
) {
    loop {
        if let Err(error) = run().await {
            tracing::error!(job = name, %error, "a background job failed; it will run again");
        }
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            _ = stopped.changed() => return,
        }
    }
}

/// Waits for an interrupt or a request to end.
pub async fn interrupted() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    _ = interrupt => {}
                    _ = terminate.recv() => {}
                }
            }
            Err(_) => drop(interrupt.await),
        }
    }
    #[cfg(not(unix))]
    drop(interrupt.await);
}
