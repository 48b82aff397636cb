//! The dated proof pack: figures as a tagged PDF and as CSV, names, and a manifest bound to the ledger.
//!
//! The figures are those of the ledger's own entries below a signed checkpoint, so that anybody who
//! holds the log can recompute them later, whatever was recorded since ([`super::check`]). The PDF and
//! the figures name nobody; the names are in a file of their own, for those who may see them.

use ledger::Checkpoint;
use record::access::Actor;
use record::ids::ReportId;
use record::time::{Date, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use store::latest_checkpoint;
use web::{App, Error};

use super::asked::{Area, Asked, Series};
use super::count::{self, Name};
use super::export::{MOST, disclose, every_part, too_many};
pub use super::page::sentence as in_words;
use super::replay::{Replayed, replay};
use super::standing::{Figures, Standing};
use super::{EXPORT, sheets};
use crate::victim_care::{Care, permit};

/// What a manifest calls itself.
pub const FORMAT: &str = "fourfold-victim-pack-v1";
pub const MANIFEST: &str = "manifest.json";
pub const FIGURES: &str = "figures.csv";
pub const NAMES: &str = "names.csv";
pub const CHECKPOINT: &str = "checkpoint.txt";
pub const PDF: &str = "victims.pdf";

/// Layout of the PDF. Data reach it as JSON alone, never as source.
const LAYOUT: &str = include_str!("../../templates/victim_ledger/pack.typ");

/// One file of a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackFile {
    pub name: &'static str,
    pub bytes: Vec<u8>,
}

/// A pack, manifest last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack {
    pub manifest: Manifest,
    pub files: Vec<PackFile>,
}

/// What a pack says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub format: String,
    /// Version of the program that made it.
    pub version: String,
    /// RFC 3339.
    pub made_at: String,
    pub made_by: String,
    pub force: String,
    /// First and last day of receipt.
    pub from: String,
    pub to: String,
    /// Empty for all districts.
    pub area: String,
    /// Entries the figures are computed from: the ledger's first so many.
    pub position: u64,
    /// Root of the tree of these entries, base64, as the checkpoint has it.
    pub root: String,
    /// Public key the checkpoint is signed with.
    pub key: String,
    pub national: Figures,
    pub direct: Figures,
    /// Victims counted whose names are not in this pack.
    pub held_back: i64,
    /// Digest of the victim care policy in force when it was made.
    pub policy: String,
    pub files: Vec<FileDigest>,
}

/// A file of a pack, as its manifest names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileDigest {
    pub name: String,
    pub bytes: usize,
    /// SHA-256, hex.
    pub sha256: String,
}

impl FileDigest {
    fn of(file: &PackFile) -> FileDigest {
        FileDigest {
            name: file.name.to_owned(),
            bytes: file.bytes.len(),
            sha256: hex::encode(Sha256::digest(&file.bytes)),
        }
    }
}

impl Manifest {
    /// The period and area, as asked for.
    ///
    /// # Errors
    /// In words, when the manifest holds no period.
    pub fn asked(&self) -> Result<Asked, String> {
        let day = |text: &str| {
            Date::parse(text).ok_or_else(|| format!("{text:?} in the manifest is not a day"))
        };
        Asked::new(day(&self.from)?, day(&self.to)?, Area::parse(&self.area))
    }

    pub fn figures(&self, series: Series) -> &Figures {
        match series {
            Series::National => &self.national,
            Series::Direct => &self.direct,
        }
    }
}

/// Makes a pack of the names this person may see. What they may not see is counted, and said to be
/// held back. The disclosure is entered with the manifest's digest before the pack is given out.
///
/// # Errors
/// When the records and the ledger do not agree: no proof is made of figures that cannot be proved. In
/// a build without documents.
pub async fn make(app: &App, actor: &Actor, asked: &Asked) -> Result<Pack, Error> {
    refuse_unbuilt()?;
    let resource = count::resource(asked).of_unit(actor.unit.clone());
    let grant = permit(app, actor, &EXPORT, &resource, "").await?;
    let key = app.store().ledger_key()?;
    app.store().sequence(&key).await?;
    let mut reader = app.store().read(&grant).await?;
    let mut conn = reader.conn();
    let note = latest_checkpoint(&mut conn).await?.ok_or_else(|| {
        Error::BadRequest("the ledger is empty: nothing can be proved yet".to_owned())
    })?;
    let verifier = app.store().ledger_verifier()?;
    let signed = Checkpoint::open(&note, &verifier).map_err(|e| Error::internal(&e))?;
    let replayed = replay(&mut conn, asked, signed.size).await?;
    refuse_odd(&replayed)?;
    let mut parts = Vec::new();
    for part in every_part() {
        let found = count::names(&mut conn, &actor.scope(), asked, &part, (None, MOST)).await?;
        if found.next.is_some() {
            return Err(too_many());
        }
        parts.push((part.series, as_of(&replayed, found.names)));
    }
    drop(reader);
    let names: Vec<Name> = parts.iter().flat_map(|(_, n)| n.iter().cloned()).collect();
    let counted = replayed.sum.national.entered() + replayed.sum.direct.entered();
    let mut manifest = Manifest {
        format: FORMAT.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: app.now().rfc3339(),
        made_by: actor.name.clone(),
        force: app.force().name.clone(),
        from: asked.from.to_string(),
        to: asked.to.to_string(),
        area: asked.area.name().to_owned(),
        position: signed.size,
        root: signed.root.to_string(),
        key: verifier.to_string(),
        national: replayed.sum.national.clone(),
        direct: replayed.sum.direct.clone(),
        held_back: counted - i64::try_from(names.len()).unwrap_or(i64::MAX),
        policy: app.policy::<Care>()?.digest.clone(),
        files: Vec::new(),
    };
    let mut files = vec![
        file(FIGURES, sheets::figures(&replayed.sum)?),
        file(NAMES, sheets::names(&parts)?),
        file(CHECKPOINT, note),
    ];
    manifest.files = files.iter().map(FileDigest::of).collect();
    let bytes = pdf(app, &manifest).await?;
    files.push(PackFile { name: PDF, bytes });
    manifest.files.extend(files.last().map(FileDigest::of));
    let mut text = serde_json::to_string_pretty(&manifest).map_err(|e| Error::internal(&e))?;
    text.push('\n');
    let digest = hex::encode(Sha256::digest(&text));
    files.push(file(MANIFEST, text));
    disclose(app, &grant, asked.to_string(), "pack", digest, &names).await?;
    Ok(Pack { manifest, files })
}

fn file(name: &'static str, text: String) -> PackFile {
    PackFile {
        name,
        bytes: text.into_bytes(),
    }
}

fn refuse_unbuilt() -> Result<(), Error> {
    if documents::BUILT {
        return Ok(());
    }
    Err(Error::BadRequest(
        "this build leaves documents out, so it makes no proof pack. Build with `make build`"
            .to_owned(),
    ))
}

fn refuse_odd(replayed: &Replayed) -> Result<(), Error> {
    let Some(first) = replayed.odd.first() else {
        return Ok(());
    };
    Err(Error::BadRequest(format!(
        "no pack was made: the records of {} reports are not what the ledger says of them, the first \
         of them {first}. Run `fourfold ledger verify`, and ask who changed the records",
        replayed.odd.len()
    )))
}

/// The names as they stood at the checkpoint: what was recorded while the pack was made is put aside.
fn as_of(replayed: &Replayed, names: Vec<Name>) -> Vec<Name> {
    let place = |report: &ReportId| replayed.places.get(report).copied();
    let then = names.into_iter().filter_map(|mut name| {
        let stood = place(&name.report)?;
        if stood != name.place {
            name.place = stood;
            name.reason.clear();
            name.ended_at = None;
        }
        Some(name)
    });
    then.collect()
}

/// The PDF of a manifest: the same bytes for the same manifest, of one version of the program.
pub(super) async fn pdf(app: &App, manifest: &Manifest) -> Result<Vec<u8>, Error> {
    let care = app.policy::<Care>()?;
    let manifest = manifest.clone();
    // Laying out takes a core for long enough that others would wait for this thread.
    let made = tokio::task::spawn_blocking(move || laid_out(&care, &manifest));
    made.await.map_err(|e| Error::internal(&e))?
}

fn laid_out(care: &Care, manifest: &Manifest) -> Result<Vec<u8>, Error> {
    let asked = manifest.asked().map_err(Error::BadRequest)?;
    let made = Timestamp::parse(&manifest.made_at).ok_or_else(|| {
        Error::BadRequest("the manifest does not say when it was made".to_owned())
    })?;
    let series: Vec<serde_json::Value> = Series::ALL
        .into_iter()
        .map(|s| series_of(care, s, manifest.figures(s)))
        .collect();
    // The PDF cannot hold its own digest.
    let others: Vec<&FileDigest> = manifest.files.iter().filter(|f| f.name != PDF).collect();
    let data = serde_json::json!({
        "title": format!("Every victim received, {asked}"),
        "force": manifest.force,
        "period": asked.to_string(),
        "made": made.show(),
        "by": manifest.made_by,
        "series": series,
        "held_back": manifest.held_back,
        "position": manifest.position,
        "root": manifest.root,
        "key": manifest.key,
        "policy": manifest.policy,
        "files": others,
    });
    let ident = format!("victims received, {asked}, {} entries", manifest.position);
    let document = documents::Document {
        source: LAYOUT,
        data: &data,
        ident: &ident,
        made_at: made.micros() / 1_000_000,
    };
    document.pdf().map_err(|e| Error::internal(&e))
}

fn series_of(care: &Care, series: Series, figures: &Figures) -> serde_json::Value {
    let rows = Standing::ALL.map(|s| (s.title(), figures.of(s)));
    let left_out: Vec<(String, i64)> = figures
        .left_out
        .iter()
        .map(|(reason, n)| (care.outcome_words(reason), *n))
        .collect();
    serde_json::json!({
        "title": series.title(),
        "rows": rows,
        "received": figures.received(),
        "left_out": left_out,
        "sentence": in_words(series, figures),
    })
}
