//! `fourfold policy …`: policy files are checked before they are used.

use std::path::PathBuf;

use anyhow::{Context, Result};

use super::Done;
use crate::assemble::{self, Place};

#[derive(Debug, clap::Subcommand)]
pub enum Policy {
    /// Read a policy folder as the product would, and say what does not fit
    Check {
        /// Folder with the force's own files; the shipped ones fill the gaps
        folder: PathBuf,
    },
    /// Write the shipped policy to a folder, to be edited
    Export { folder: PathBuf },
    /// List the acts that access policy can permit, with the roles that may do them
    Acts,
}

impl Policy {
    pub async fn run(self, place: &Place) -> Result<Done> {
        match self {
            Policy::Check { folder } => check(folder).await,
            Policy::Export { folder } => export(&folder),
            Policy::Acts => acts(place).await,
        }
    }
}

async fn check(folder: PathBuf) -> Result<Done> {
    // The product itself is the checker: it is started on an empty folder with this policy.
    let scratch = std::env::temp_dir().join(format!("fourfold-policy-{}", std::process::id()));
    let place = Place {
        data: scratch.clone(),
        policy: Some(folder.clone()),
    };
    let outcome = starts(&place, &folder).await;
    // A scratch folder that stays behind harms nothing.
    let _ = std::fs::remove_dir_all(&scratch);
    outcome
}

/// Starts both sides with a policy, and serves nobody.
async fn starts(place: &Place, folder: &std::path::Path) -> Result<Done> {
    place.app(true, false).await?.store().close().await;
    ::portal::Site::load(&assemble::policy(Some(folder))?)
        .map_err(|e| anyhow::anyhow!("policy/{e}"))?;
    println!("{}: the product starts with this policy.", folder.display());
    Ok(Done::Clean)
}

fn export(folder: &std::path::Path) -> Result<Done> {
    for (path, text) in assemble::policy(None)?.0 {
        let file = folder.join(&path);
        anyhow::ensure!(
            !file.exists(),
            "{} is there already. Name an empty folder",
            file.display()
        );
        if let Some(parent) = file.parent() {
            std::fs::create_dir_all(parent)
                .with_context(|| format!("{} cannot be made", parent.display()))?;
        }
        std::fs::write(&file, text)
            .with_context(|| format!("{} cannot be written", file.display()))?;
    }
    println!("The shipped policy is in {}.", folder.display());
    Ok(Done::Clean)
}

async fn acts(place: &Place) -> Result<Done> {
    let app = place.app(true, false).await?;
    for (act, roles) in app.authority().matrix() {
        let roles: Vec<&str> = roles
            .iter()
            .filter(|r| app.authority().role(r).is_some_and(|r| !r.system))
            .map(String::as_str)
            .collect();
        println!("{act}\t{}", roles.join(", "));
    }
    app.store().close().await;
    Ok(Done::Clean)
}
