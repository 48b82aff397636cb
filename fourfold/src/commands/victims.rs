//! `fourfold victims`: the sum of victims received, its proof pack, and the check of one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use protect::victim_ledger::{Area, Asked, Figures, Series, VIEW, check, count, pack};
use record::Resource;
use record::time::Date;
use web::App;

use super::Done;
use crate::assemble::Place;

/// Largest file of a pack that is read.
const LARGEST: u64 = 256 << 20;

#[derive(Debug, clap::Args)]
pub struct Victims {
    /// First day of receipt, such as 2026-11-01; the first of the running month when not given
    #[arg(long, value_parser = day)]
    from: Option<Date>,
    /// Last day of receipt, included; today when not given
    #[arg(long, value_parser = day)]
    to: Option<Date>,
    /// District; `not_recorded` for reports that name none
    #[arg(long, default_value = "")]
    area: String,
    /// Write the dated proof pack to this new folder
    #[arg(long, conflicts_with = "check")]
    pack: Option<PathBuf>,
    /// Hold the proof pack in this folder against the ledger
    #[arg(long, conflicts_with_all = ["from", "to", "area"])]
    check: Option<PathBuf>,
}

fn day(text: &str) -> Result<Date, String> {
    let year = |d: &Date| (1900..=2200).contains(&d.year());
    Date::parse(text)
        .filter(year)
        .ok_or_else(|| "not a day. Write it as 2026-11-01".to_owned())
}

impl Victims {
    pub async fn run(self, place: &Place, json: bool) -> Result<Done> {
        let app = place.app(true, false).await?;
        let done = self.answer(&app, json).await;
        app.store().close().await;
        done
    }

    async fn answer(self, app: &App, json: bool) -> Result<Done> {
        if let Some(folder) = &self.check {
            return checked(app, folder, json).await;
        }
        let now = Asked::now(app.now().day());
        let to = self
            .to
            .unwrap_or_else(|| now.to.max(self.from.unwrap_or(now.to)));
        let from = self.from.unwrap_or_else(|| now.from.min(to));
        let asked = Asked::new(from, to, Area::parse(&self.area)).map_err(anyhow::Error::msg)?;
        match &self.pack {
            Some(folder) => packed(app, &asked, folder, json).await,
            None => summed(app, &asked, json).await,
        }
    }
}

async fn summed(app: &App, asked: &Asked, json: bool) -> Result<Done> {
    let resource = Resource::of("victim_ledger", asked.to_string());
    let grant = app.command_line().permit(&VIEW, &resource, "")?;
    let mut reader = app.store().read(&grant).await?;
    let sum = count::sum(&mut reader.conn(), asked).await?;
    if json {
        let series = |s| of_series(sum.of(s));
        let answer = serde_json::json!({
            "from": asked.from.to_string(),
            "to": asked.to.to_string(),
            "area": asked.area.name(),
            "national": series(Series::National),
            "direct": series(Series::Direct),
        });
        println!("{answer:#}");
    } else {
        println!("Victims received {asked}.");
        for series in Series::ALL {
            println!("{}", pack::in_words(series, sum.of(series)));
        }
    }
    Ok(Done::Clean)
}

fn of_series(figures: &Figures) -> serde_json::Value {
    let mut value = serde_json::json!(figures);
    value["received"] = figures.received().into();
    value
}

async fn packed(app: &App, asked: &Asked, folder: &Path, json: bool) -> Result<Done> {
    let to = folder.display();
    anyhow::ensure!(!folder.exists(), "{to} is there already. Name a new folder");
    let made = pack::make(app, &app.command_line(), asked).await?;
    std::fs::create_dir_all(folder).with_context(|| format!("{to} cannot be made"))?;
    for file in &made.files {
        let path = folder.join(file.name);
        std::fs::write(&path, &file.bytes)
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    let manifest = &made.manifest;
    if json {
        println!("{}", serde_json::to_string_pretty(manifest)?);
    } else {
        for series in Series::ALL {
            println!("{}", pack::in_words(series, manifest.figures(series)));
        }
        println!(
            "{to} holds the proof pack: {} files, bound to the first {} entries of the ledger. It \
             holds names: keep it as safe as the records.",
            made.files.len(),
            manifest.position
        );
    }
    Ok(Done::Clean)
}

async fn checked(app: &App, folder: &Path, json: bool) -> Result<Done> {
    let files = files_of(folder)?;
    let checked = check::check(app, &app.command_line(), &files).await?;
    let (manifest, findings) = (&checked.manifest, &checked.findings);
    if json {
        let answer = serde_json::json!({
            "from": manifest.from,
            "to": manifest.to,
            "area": manifest.area,
            "made_at": manifest.made_at,
            "position": manifest.position,
            "national": of_series(&manifest.national),
            "direct": of_series(&manifest.direct),
            "fits": findings.is_empty(),
            "findings": findings,
        });
        println!("{answer:#}");
    } else if findings.is_empty() {
        for series in Series::ALL {
            println!("{}", pack::in_words(series, manifest.figures(series)));
        }
        println!(
            "Every figure and name of {} follows from the first {} entries of the ledger.",
            folder.display(),
            manifest.position
        );
    }
    if findings.is_empty() {
        return Ok(Done::Clean);
    }
    for finding in findings {
        eprintln!("fourfold: {finding}");
    }
    Ok(Done::WithFindings)
}

/// The files of a folder, by name. Folders in it are no part of a pack.
fn files_of(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("{} cannot be read", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let (path, about) = (entry.path(), entry.metadata()?);
        if !about.is_file() {
            continue;
        }
        anyhow::ensure!(
            about.len() <= LARGEST,
            "{} is too large for a file of a proof pack",
            path.display()
        );
        let bytes =
            std::fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        files.insert(entry.file_name().to_string_lossy().into_owned(), bytes);
    }
    Ok(files)
}
