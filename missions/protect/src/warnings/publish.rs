//! Warnings are handed to the public side as files, and end by themselves.
//!
//! The folder holds one file for each warning in force, and for one cleared down by hand a while longer, so that
//! programs take it back. A file is whole or not there. Several processes may write the same folder: each writes
//! the same content.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use record::access::{Act, Grant, Resource};
use record::ids::RecordId;
use record::publication::Earlier;
use record::time::Timestamp;
use store::{Error, Result, Sql, Tx};
use web::{App, Tick};

use super::kept::{self, Step, Warning, What};
use super::policy::WarningPolicy;
use super::state::{Channel, State};
use super::{KEEP_UP, WATCH, compose, subscribers};
use crate::messages::{Which, withdraw_notices};

/// Beginning and ending of the names of files that are written and removed here; others are left alone.
const PREFIX: &str = "warning-";
const ENDING: &str = ".json";

/// Writes warnings into a folder of the public side.
#[derive(Debug, Clone)]
pub struct Publisher {
    folder: PathBuf,
}

/// What a run came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Published {
    pub written: usize,
    pub removed: usize,
}

fn fault(path: &Path) -> impl Fn(io::Error) -> Error {
    let path = path.display().to_string();
    move |source| Error::File {
        path: path.clone(),
        source,
    }
}

fn system(app: &App, act: &Act) -> Result<Grant> {
    let system = app.system();
    let all = Resource::of("warning", "all").of_unit(system.unit.clone());
    Ok(system.permit(act, &all, "")?)
}

impl Publisher {
    /// Makes the folder if it is not there.
    pub fn open(folder: PathBuf) -> Result<Publisher> {
        fs::create_dir_all(&folder).map_err(fault(&folder))?;
        Ok(Publisher { folder })
    }

    /// Brings the folder up to date, then records which warnings have reached the public by it.
    pub async fn publish(&self, app: &App) -> Result<Published> {
        let policy = app.policy::<WarningPolicy>()?;
        let mut reader = app.store().read(&system(app, &WATCH)?).await?;
        let files = self.wanted(&mut reader, &policy, app.now()).await?;
        let sql = "select distinct warning from protect_warning_channel \
            where issued_at is null and channel in ('page', 'atom', 'cap')";
        let waiting = reader.rows(sql).await?;
        drop(reader);
        let waiting = waiting
            .iter()
            .map(|row| row.get("warning"))
            .collect::<Result<Vec<RecordId>>>()?;
        let done = self.write(&files)?;
        let issued = waiting
            .into_iter()
            .filter(|id| files.contains_key(&name(*id)));
        let issued: Vec<RecordId> = issued.collect();
        if !issued.is_empty() {
            app.store()
                .write(&system(app, &KEEP_UP)?, move |tx| {
                    Box::pin(async move {
                        for id in issued {
                            let channels = [Channel::Page, Channel::Atom, Channel::Cap];
                            let now = tx.now();
                            mark_issued(tx, id, &channels, now).await?;
                        }
                        Ok(())
                    })
                })
                .await?;
        }
        Ok(done)
    }

    /// The files there should be, by name.
    async fn wanted(
        &self,
        reader: &mut store::Reader,
        policy: &WarningPolicy,
        now: Timestamp,
    ) -> Result<BTreeMap<String, String>> {
        let shown_since = now.plus_days(-policy.show_cleared_days);
        let sql = Sql::new("select * from protect_warning where sent_at is not null and ").with(
            "expires_at > ? and (state = 'sent' or (cleared_how = ? and cleared_at > ?))",
            [now.into(), BY_HAND.into(), shown_since.into()],
        );
        let mut files = BTreeMap::new();
        for row in reader.rows(sql).await? {
            let warning = kept::of_row(&row)?;
            if !warning.draft.channels.iter().any(|c| c.is_published()) {
                continue;
            }
            let Some(sent) = warning.sent_at else {
                continue;
            };
            let earlier = earlier(reader, &warning).await?;
            // A kind that policy no longer knows is said in the log, not shown wrongly.
            let Some(publication) = compose::publication(policy, &warning, sent, earlier) else {
                tracing::error!(warning = %warning.id, kind = %warning.draft.kind, "policy knows no such kind of warning");
                continue;
            };
            let text = serde_json::to_string(&publication)
                .map_err(|e| Error::Invalid(format!("a publication: {e}")))?;
            files.insert(name(warning.id), text);
        }
        Ok(files)
    }

    fn write(&self, files: &BTreeMap<String, String>) -> Result<Published> {
        let mut done = Published::default();
        for (name, text) in files {
            let path = self.folder.join(name);
            if fs::read_to_string(&path).is_ok_and(|held| held == *text) {
                continue;
            }
            whole(&self.folder, name, text).map_err(fault(&path))?;
            done.written += 1;
        }
        for entry in fs::read_dir(&self.folder).map_err(fault(&self.folder))? {
            let path = entry.map_err(fault(&self.folder))?.path();
            let held = path
                .file_name()
                .and_then(|n| n.to_str())
                .unwrap_or_default();
            let ours = held.starts_with(PREFIX) && held.ends_with(ENDING);
            if ours && !files.contains_key(held) {
                match fs::remove_file(&path) {
                    // Gone: another process keeps the folder too.
                    Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                    removed => removed.map_err(fault(&path))?,
                }
                done.removed += 1;
            }
        }
        Ok(done)
    }
}

fn name(id: RecordId) -> String {
    format!("{PREFIX}{id}{ENDING}")
}

/// Writes a file so that it is whole or not there, also after a power cut.
fn whole(folder: &Path, name: &str, text: &str) -> io::Result<()> {
    let part = folder.join(format!(".{name}-{}.part", std::process::id()));
    let written = File::create(&part).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&part, folder.join(name))?;
        File::open(folder)?.sync_all()
    });
    if written.is_err() {
        // A full disk: the part would stay in the way.
        let _ = fs::remove_file(&part);
    }
    written
}

/// The warning it takes the place of, if the public side carried that one.
async fn earlier(reader: &mut store::Reader, warning: &Warning) -> Result<Option<Earlier>> {
    let Some(replaced) = warning.draft.replaces else {
        return Ok(None);
    };
    let sql = Sql::new("select sent_at from protect_warning where ")
        .with("id = ? and sent_at is not null", [replaced.into()]);
    let row = reader.first(sql).await?;
    row.map(|row| {
        let sent: Timestamp = row.get("sent_at")?;
        Ok(Earlier {
            id: replaced.to_string(),
            issued: sent.micros(),
        })
    })
    .transpose()
}

/// How a warning ended: by a person, because its time was over, or because another took its place.
pub const BY_HAND: &str = "by_hand";
pub const EXPIRED: &str = "expired";
pub const REPLACED: &str = "replaced";

/// Records that channels carried a warning, and that it thereby reached the public.
pub async fn mark_issued(
    tx: &mut Tx<'_>,
    id: RecordId,
    channels: &[Channel],
    at: Timestamp,
) -> Result<u64> {
    let sql = Sql::new("update protect_warning_channel set ")
        .with(
            "issued_at = ? where warning = ? and issued_at is null",
            [at.into(), id.into()],
        )
        .within(" and channel in", channels.iter().map(|c| c.name().into()));
    let changed = tx.run(sql).await?;
    if changed > 0 {
        let sql = Sql::new("update protect_warning set ").with(
            "issued_at = ? where id = ? and issued_at is null",
            [at.into(), id.into()],
        );
        tx.run(sql).await?;
    }
    Ok(changed)
}

/// Ends a warning that is in force: nothing more goes out.
pub async fn clear(tx: &mut Tx<'_>, warning: &Warning, how: &str, reason: &str) -> Result<()> {
    kept::advance(
        tx,
        warning,
        State::Cleared,
        Step::new(What::Cleared, reason),
    )
    .await?;
    kept::end(tx, warning.id, how).await?;
    withdraw_notices(tx, &Which::About(warning.id))
        .await
        .map(drop)
}

/// What is due, found without changing anything.
struct Due {
    expired: Vec<Warning>,
    /// Warnings whose first e-mail has gone out, and when.
    mailed: Vec<(RecordId, Timestamp)>,
    unconfirmed: bool,
}

async fn due(app: &App, policy: &WarningPolicy) -> Result<Due> {
    let now = app.now();
    let mut reader = app.store().read(&system(app, &WATCH)?).await?;
    let sql = Sql::new("select * from protect_warning where state = 'sent' and ").with(
        "expires_at <= ? order by expires_at limit 100",
        [now.into()],
    );
    let expired = reader.rows(sql).await?;
    let mailed = reader
        .rows(
            "select c.warning as warning, min(m.ended_at) as at from protect_warning_channel c \
             join protect_message m on m.item = c.warning and m.purpose = 'warning' and m.state = 'sent' \
             where c.channel = 'email' and c.issued_at is null group by c.warning",
        )
        .await?;
    let sql = Sql::new("select count(*) as n from protect_subscription where ").with(
        "confirmed_at is null and asked_at <= ?",
        [forget_before(policy, now).into()],
    );
    let unconfirmed = reader.count(sql).await? > 0;
    Ok(Due {
        expired: expired.iter().map(kept::of_row).collect::<Result<_>>()?,
        mailed: mailed
            .iter()
            .map(|row| Ok((row.get("warning")?, row.get("at")?)))
            .collect::<Result<_>>()?,
        unconfirmed,
    })
}

fn forget_before(policy: &WarningPolicy, now: Timestamp) -> Timestamp {
    now.plus_minutes(-60 * policy.subscribing.confirm_within_hours)
}

/// Ends what is over, and records what has gone out. Changes nothing when nothing is due.
pub async fn keep_up(app: &App) -> Result<()> {
    let policy = app.policy::<WarningPolicy>()?;
    let due = due(app, &policy).await?;
    if due.expired.is_empty() && due.mailed.is_empty() && !due.unconfirmed {
        return Ok(());
    }
    app.store()
        .write(&system(app, &KEEP_UP)?, move |tx| {
            Box::pin(async move {
                for warning in &due.expired {
                    match clear(tx, warning, EXPIRED, "Its time is over").await {
                        // Somebody cleared it down in the same moment.
                        Err(Error::Conflict) => {}
                        other => other?,
                    }
                }
                for (id, at) in due.mailed {
                    mark_issued(tx, id, &[Channel::Email], at).await?;
                }
                let before = forget_before(&policy, tx.now());
                subscribers::forget_unconfirmed(tx, before).await
            })
        })
        .await
}

pub fn tick(app: App) -> Tick {
    Box::pin(async move { keep_up(&app).await })
}
