//! Puts the product together: capabilities of every mission, policy, store.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use record::policy::Files;
use rust_embed::RustEmbed;
use store::Location;
use web::{App, AppSetting, Capability};

/// The policy the product is shipped with.
#[derive(RustEmbed)]
#[folder = "../policy/"]
struct Shipped;

/// Every capability of every mission, in the order of the strategy.
pub fn capabilities() -> Vec<&'static Capability> {
    [
        intake::CAPABILITIES,
        pursue::CAPABILITIES,
        protect::CAPABILITIES,
        strategy::CAPABILITIES,
    ]
    .concat()
}

/// The shipped policy, with a force's own files in place of those of the same name.
pub fn policy(own: Option<&Path>) -> Result<Files> {
    let mut files = Files::default();
    for path in Shipped::iter() {
        if let Some(file) = Shipped::get(&path) {
            let text = String::from_utf8(file.data.into_owned())
                .with_context(|| format!("policy/{path} is not UTF-8"))?;
            files.0.insert(path.into_owned(), text);
        }
    }
    if let Some(folder) = own {
        read_folder(folder, folder, &mut files)?;
    }
    Ok(files)
}

fn read_folder(root: &Path, folder: &Path, files: &mut Files) -> Result<()> {
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("the policy folder {} cannot be read", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            read_folder(root, &path, files)?;
            continue;
        }
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        let name = path
            .strip_prefix(root)
            .unwrap_or(&path)
            .to_string_lossy()
            .replace('\\', "/");
        files.0.insert(name, text);
    }
    Ok(())
}

/// Where the records are: PostgreSQL when `DATABASE_URL` says so, else the folder.
pub fn location(data: &Path) -> Location {
    match std::env::var("DATABASE_URL") {
        Ok(url) if !url.is_empty() => Location::Postgres {
            url,
            folder: data.to_owned(),
        },
        _ => Location::Folder(data.to_owned()),
    }
}

/// What every command that opens the records is told.
#[derive(Debug, Clone, clap::Args)]
pub struct Place {
    /// Folder of the records: database, keys, uploads
    #[arg(long, env = "FOURFOLD_DATA", default_value = "data", global = true)]
    pub data: PathBuf,
    /// Folder of the force's own policy files; those of the same name replace the shipped ones
    #[arg(long, env = "FOURFOLD_POLICY", global = true)]
    pub policy: Option<PathBuf>,
}

impl Place {
    /// Starts the product as assembled.
    pub async fn app(&self, secure_cookies: bool, demonstration: bool) -> Result<App> {
        self.app_with(secure_cookies, demonstration, store::Setting::default())
            .await
    }

    /// The same with time and identity passed in.
    pub async fn app_with(
        &self,
        secure_cookies: bool,
        demonstration: bool,
        setting: store::Setting,
    ) -> Result<App> {
        let setting = AppSetting {
            location: location(&self.data),
            store: setting,
            policy: policy(self.policy.as_deref())?,
            secure_cookies,
            demonstration,
        };
        Ok(App::start(setting, capabilities()).await?)
    }
}
