//! `fourfold backup` and `fourfold doctor`: looking after an installation.

use std::path::PathBuf;

use anyhow::{Context, Result};
use record::access::Resource;

use super::Done;
use crate::assemble::Place;

#[derive(Debug, clap::Args)]
pub struct Backup {
    /// New folder to write the copy to
    to: PathBuf,
}

impl Backup {
    /// Copies the database, while it is in use, and the keys.
    pub async fn run(self, place: &Place) -> Result<Done> {
        anyhow::ensure!(
            !self.to.exists(),
            "{} is there already. Name a new folder",
            self.to.display()
        );
        let app = place.app(true, false).await?;
        let keys = self.to.join("keys");
        std::fs::create_dir_all(&keys)
            .with_context(|| format!("{} cannot be made", keys.display()))?;
        // Made on first use, so that a copy always has it.
        app.store().ledger_key()?;
        app.store().copy_to(&self.to.join("fourfold.db")).await?;
        for entry in std::fs::read_dir(app.store().folder().join("keys"))? {
            let entry = entry?;
            std::fs::copy(entry.path(), keys.join(entry.file_name()))?;
        }
        app.store().close().await;
        println!(
            "{} holds the records and the keys. Keep it as safe as the original; \
             to restore, serve from it with --data.",
            self.to.display()
        );
        Ok(Done::Clean)
    }
}

/// Looks an installation over and says what to do.
pub async fn doctor(place: &Place) -> Result<Done> {
    let app = place.app(true, false).await?;
    let mut well = true;
    let mut say = |good: bool, text: String| {
        well &= good;
        println!("{} {text}", if good { "ok  " } else { "LOOK" });
    };
    let database = if app.store().is_postgres() {
        "PostgreSQL"
    } else {
        "SQLite"
    };
    say(true, format!("the database is {database} and up to date"));
    say(true, "every policy file was read and fits".to_owned());
    let grant = app.command_line().permit(
        &web::audit::VERIFY,
        &Resource::of("ledger", "all"),
        "doctor",
    )?;
    let found = app.store().verify_ledger(&grant).await?;
    match &found.fault {
        None => say(
            true,
            format!("{} ledger entries fit their signed tree", found.entries),
        ),
        Some(fault) => say(false, format!("the ledger does not fit: {}", fault.problem)),
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let keys = app.store().folder().join("keys");
        for entry in std::fs::read_dir(&keys).into_iter().flatten().flatten() {
            let mode = entry
                .metadata()
                .map_or(0, |m| m.permissions().mode() & 0o077);
            say(
                mode == 0,
                format!("{} is readable by its owner alone", entry.path().display()),
            );
        }
    }
    app.store().close().await;
    Ok(if well {
        Done::Clean
    } else {
        Done::WithFindings
    })
}
