//! `fourfold portal`: the public site, a process that holds no records and no key to what it is sent.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use portal::{DropBox, Portal, Run, Site};
use record::policy::Files;
use record::time::{Clock as _, SystemClock};
use remote::Objects;
use sealing::{PrivateKey, PublicKey};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::{Done, serve};
use crate::assemble::{self, Place};

/// Between looks at the folder of issued warnings; between two hand-overs of page counts and sweeps of drafts.
const ALERTS_EVERY: Duration = Duration::from_secs(5);
const VIEWS_EVERY: Duration = Duration::from_secs(3_600);

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct PortalCommand {
    #[command(subcommand)]
    command: Option<KeyCommand>,
    #[command(flatten)]
    args: PortalArgs,
}

#[derive(Debug, clap::Subcommand)]
enum KeyCommand {
    /// Make a key pair: the private key into a file of its own for `serve`, the public key printed
    Key {
        /// Folder for the private key; the keys folder of --data unless told otherwise
        #[arg(long)]
        folder: Option<PathBuf>,
    },
}

#[derive(Debug, clap::Args)]
struct PortalArgs {
    /// Where what the public sends is left: a folder, or s3://bucket/prefix with the usual AWS_ variables. This process
    /// needs to write there, not to read
    #[arg(long = "box", env = "FOURFOLD_BOX")]
    drop_box: Option<PathBuf>,
    /// The force's public key, from `fourfold portal key`
    #[arg(long, env = "FOURFOLD_PORTAL_KEY")]
    key: Option<String>,
    /// Address to listen on. Put TLS in front of any other than loopback
    #[arg(long, default_value = "127.0.0.1:8081")]
    listen: SocketAddr,
    /// Folder of issued warnings, shown as alerts
    #[arg(long)]
    alerts: Option<PathBuf>,
    /// Folder for forms that visitors save to send later, sealed under codes of theirs. Without it they cannot
    #[arg(long)]
    drafts: Option<PathBuf>,
    /// Believe the last address in X-Forwarded-For: only behind your own proxy
    #[arg(long)]
    behind_proxy: bool,
}

impl PortalCommand {
    pub async fn run(self, place: &Place) -> Result<Done> {
        if let Some(KeyCommand::Key { folder }) = self.command {
            return make_key(&folder.unwrap_or_else(|| place.data.join("keys")));
        }
        let args = self.args;
        let missing = |what: &str| format!("{what} is missing. See `fourfold portal --help`");
        let drop_box = args
            .drop_box
            .with_context(|| missing("--box FOLDER or --box s3://BUCKET/PREFIX"))?;
        let key = args.key.with_context(|| missing("--key PUBLIC"))?;
        serve::log("info");
        let setting = Setting {
            drop_box,
            // Not said again: it may be the private key, given by mistake.
            key: key.parse().context("--key cannot be used")?,
            alerts: args.alerts,
            drafts: args.drafts,
            behind_proxy: args.behind_proxy,
            secure_cookies: !args.listen.ip().is_loopback(),
        };
        let portal = open(&assemble::policy(place.policy.as_deref())?, setting).await?;
        say_what_is_due(portal.site());
        let listener = serve::bind(args.listen).await?;
        println!("The public side is at http://{}", listener.local_addr()?);
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(async move {
            serve::interrupted().await;
            // A server that has ended already needs no telling.
            let _ = stop.send(true);
        });
        answer(portal, listener, stopped).await?;
        Ok(Done::Clean)
    }
}

/// How a portal is run, apart from policy.
pub struct Setting {
    /// A folder, or the address of an object store.
    pub drop_box: PathBuf,
    pub key: PublicKey,
    pub alerts: Option<PathBuf>,
    pub drafts: Option<PathBuf>,
    pub behind_proxy: bool,
    pub secure_cookies: bool,
}

/// Tries the box.
async fn open_box(place: &Path) -> Result<DropBox> {
    if let Some(address) = store_address(place) {
        let objects = Objects::open(address, environment)?;
        return DropBox::of(objects).await.with_context(|| {
            format!("nothing can be put into the box {address}. Let these credentials put objects there (s3:PutObject)")
        });
    }
    DropBox::open(place).with_context(|| {
        format!(
            "nothing can be put into the box {}. Make the folder, and let this user write to it",
            place.display()
        )
    })
}

/// The address of an object store, where a box is no folder.
pub fn store_address(place: &Path) -> Option<&str> {
    place.to_str().filter(|text| remote::is_store(text))
}

/// A variable of this process's environment.
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Reads the content and tries the box.
pub async fn open(policy: &Files, setting: Setting) -> Result<Arc<Portal>> {
    let site = Site::load(policy).map_err(|e| anyhow::anyhow!("policy/{e}"))?;
    let drop_box = open_box(&setting.drop_box).await?;
    let began = Instant::now();
    let run = Run {
        now: Arc::new(|| SystemClock.now()),
        elapsed: Arc::new(move || began.elapsed()),
        behind_proxy: setting.behind_proxy,
        patience: portal::PATIENCE,
        secure_cookies: setting.secure_cookies,
        alerts: setting.alerts,
        drafts: setting.drafts,
    };
    let portal = Portal::new(site, run, setting.key, drop_box).context(
        "the portal cannot start. Make the folders it was given, and let this user write to them",
    )?;
    Ok(Arc::new(portal))
}

/// Serves until told to stop, then hands on what was counted.
pub async fn answer(
    portal: Arc<Portal>,
    listener: TcpListener,
    stopped: watch::Receiver<bool>,
) -> Result<()> {
    let router = portal::router(&portal).into_make_service_with_connect_info::<SocketAddr>();
    let look_after = tokio::spawn(look_after(Arc::clone(&portal), stopped.clone()));
    let mut stopped = stopped;
    axum::serve(listener, router)
        .with_graceful_shutdown(async move {
            // A sender that went away means stop, too.
            let _ = stopped.wait_for(|s| *s).await;
        })
        .await?;
    look_after.await?;
    portal.hand_on_views().await?;
    Ok(())
}

async fn look_after(portal: Arc<Portal>, mut stopped: watch::Receiver<bool>) {
    let mut handed_on = Instant::now();
    loop {
        tokio::select! {
            () = tokio::time::sleep(ALERTS_EVERY) => {}
            _ = stopped.wait_for(|s| *s) => return,
        }
        portal.read_alerts();
        if handed_on.elapsed() >= VIEWS_EVERY {
            handed_on = Instant::now();
            if let Err(error) = portal.sweep_drafts() {
                tracing::error!(%error, "old drafts could not be removed");
            }
            if let Err(error) = portal.hand_on_views().await {
                tracing::error!(%error, "page counts could not be put into the box");
            }
        }
    }
}

/// What somebody should look at, in the log of the start.
fn say_what_is_due(site: &Site) {
    for page in site.overdue(SystemClock.now().day()) {
        tracing::warn!(page = %page.path(), review_by = %page.head.review_by, "past its day of review");
    }
    if !site.unchecked.is_empty() {
        let places = site.unchecked.join(", ");
        tracing::warn!(%places, "numbers and addresses nobody has checked: see policy/protect/places.toml");
    }
}

/// Writes a new private key where only its owner can read it, and prints the public one.
fn make_key(folder: &Path) -> Result<Done> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("{} cannot be made", folder.display()))?;
    let (public, file) = write_key(folder)?;
    println!("{public}");
    eprintln!(
        "The private key is in {}. Keep a copy offline: without it nothing the public sends can be opened. \
         Give the line above to `fourfold portal --key`.",
        file.display()
    );
    Ok(Done::Clean)
}

/// A new private key's file, and its public key.
pub fn write_key(folder: &Path) -> Result<(PublicKey, PathBuf)> {
    use std::io::Write as _;
    let key = PrivateKey::generate();
    let public = key.public();
    let name: String = public.to_string().chars().skip(4).take(8).collect();
    let file = folder.join(format!("{}{name}.key", protect::requests::KEY_PREFIX));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(&file)
        .and_then(|mut f| {
            writeln!(f, "# public key: {public}\n{}", key.text().as_str())?;
            f.sync_all()
        })
        .with_context(|| format!("{} cannot be written", file.display()))?;
    Ok((public, file))
}
