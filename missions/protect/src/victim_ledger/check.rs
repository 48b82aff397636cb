//! Holds a proof pack against the ledger: digests, checkpoint, and every figure recomputed.

use std::collections::{BTreeMap, BTreeSet};

use ledger::Checkpoint;
use record::access::Actor;
use record::ids::ReportId;
use sha2::{Digest as _, Sha256};
use store::checkpoint_of;
use web::{App, Error};

use super::asked::Series;
use super::pack::{CHECKPOINT, FIGURES, FORMAT, MANIFEST, Manifest, NAMES, PDF, pdf};
use super::replay::{Replayed, replay};
use super::{CHECK, count, sheets};
use crate::victim_care::{Care, permit};

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    pub manifest: Manifest,
    /// What does not fit, in words. Empty when everything does.
    pub findings: Vec<String>,
}

/// Checks a pack, given as its files by name.
///
/// # Errors
/// When the manifest is missing or is no manifest of this format; what does not fit is a finding.
pub async fn check(
    app: &App,
    actor: &Actor,
    files: &BTreeMap<String, Vec<u8>>,
) -> Result<Checked, Error> {
    let manifest = read_manifest(files)?;
    let asked = manifest.asked().map_err(Error::BadRequest)?;
    let mut findings = digests(&manifest, files);
    let grant = permit(app, actor, &CHECK, &count::resource(&asked), "").await?;
    if let Some(fault) = app.store().verify_ledger(&grant).await?.fault {
        findings.push(format!("the ledger does not fit: {}", fault.problem));
    }
    let mut reader = app.store().read(&grant).await?;
    let mut conn = reader.conn();
    let note = text_of(files, CHECKPOINT);
    let held = checkpoint_of(&mut conn, manifest.position).await?;
    findings.extend(checkpoint(app, &manifest, &note, held.as_deref())?);
    let replayed = replay(&mut conn, &asked, manifest.position).await?;
    drop(reader);
    findings.extend(figures(&manifest, &replayed, &text_of(files, FIGURES))?);
    findings.extend(names(&manifest, &replayed, &text_of(files, NAMES)));
    if !replayed.odd.is_empty() {
        findings.push(format!(
            "the records of {} reports are not what the ledger says of them now",
            replayed.odd.len()
        ));
    }
    if !documents::BUILT {
        findings.push(format!(
            "{PDF} was not made again: this build leaves documents out"
        ));
    } else if manifest.version == env!("CARGO_PKG_VERSION") {
        let digest = app.policy::<Care>()?.digest.clone();
        // Words of the policy are on the page: after a change of it only the digest is checked.
        let same = manifest.policy != digest || Some(&pdf(app, &manifest).await?) == files.get(PDF);
        if !same {
            findings.push(format!("{PDF} does not say what the manifest says"));
        }
    }
    Ok(Checked { manifest, findings })
}

fn read_manifest(files: &BTreeMap<String, Vec<u8>>) -> Result<Manifest, Error> {
    let bytes = files.get(MANIFEST).ok_or_else(|| {
        Error::BadRequest(format!("there is no {MANIFEST}: this is not a proof pack"))
    })?;
    let wrong = |e| Error::BadRequest(format!("{MANIFEST} is not one of a proof pack: {e}"));
    let manifest: Manifest = serde_json::from_slice(bytes).map_err(wrong)?;
    if manifest.format != FORMAT {
        return Err(Error::BadRequest(format!(
            "{MANIFEST} is of format {:?}; this program reads {FORMAT:?}",
            manifest.format
        )));
    }
    Ok(manifest)
}

fn text_of(files: &BTreeMap<String, Vec<u8>>, name: &str) -> String {
    let bytes = files.get(name).map(Vec::as_slice).unwrap_or_default();
    String::from_utf8_lossy(bytes).into_owned()
}

/// Files that are missing, or are not those the manifest was made of.
fn digests(manifest: &Manifest, files: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let mut findings = Vec::new();
    for expected in [FIGURES, NAMES, CHECKPOINT, PDF] {
        if !manifest.files.iter().any(|f| f.name == expected) {
            findings.push(format!("the manifest does not name {expected}"));
        }
    }
    for file in &manifest.files {
        match files.get(&file.name) {
            None => findings.push(format!("{} is missing", file.name)),
            Some(bytes) if hex::encode(Sha256::digest(bytes)) != file.sha256 => {
                findings.push(format!("{} was changed after the pack was made", file.name));
            }
            Some(_) => {}
        }
    }
    findings
}

/// Whether the checkpoint is ours, is the manifest's, and is still part of the log.
fn checkpoint(
    app: &App,
    manifest: &Manifest,
    note: &str,
    held: Option<&str>,
) -> Result<Option<String>, Error> {
    let key = app.store().ledger_verifier()?;
    Ok(match Checkpoint::open(note, &key) {
        Err(error) => Some(format!(
            "{CHECKPOINT} is not signed by this ledger: {error}"
        )),
        Ok(signed)
            if signed.size != manifest.position || signed.root.to_string() != manifest.root =>
        {
            Some(format!("{CHECKPOINT} is not the one the manifest names"))
        }
        Ok(_) if held != Some(note) => Some(format!(
            "the ledger no longer holds the checkpoint of {} entries",
            manifest.position
        )),
        Ok(_) => None,
    })
}

/// Figures that are not what the ledger's entries add up to.
fn figures(manifest: &Manifest, replayed: &Replayed, csv: &str) -> Result<Vec<String>, Error> {
    let mut findings = Vec::new();
    for series in Series::ALL {
        let (said, is) = (manifest.figures(series), replayed.sum.of(series));
        if said != is {
            findings.push(format!(
                "{}: the pack says {} received, the ledger says {}. The pack: {}. The ledger: {}",
                series.title(),
                said.received(),
                is.received(),
                super::page::sentence(series, said),
                super::page::sentence(series, is),
            ));
        }
    }
    if csv != sheets::figures(&replayed.sum)? {
        findings.push(format!("{FIGURES} is not what the ledger adds up to"));
    }
    Ok(findings)
}

/// Names that do not stand where the file says, and names that are missing.
fn names(manifest: &Manifest, replayed: &Replayed, csv: &str) -> Vec<String> {
    let mut findings = Vec::new();
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let mut listed = BTreeSet::new();
    for row in reader.records() {
        let Ok(row) = row else {
            return vec![format!("{NAMES} cannot be read as a table")];
        };
        let (figure, report) = (row.get(1).unwrap_or(""), row.get(8).unwrap_or(""));
        let place = report.parse::<ReportId>().ok();
        let place = place.and_then(|id| replayed.places.get(&id).copied());
        match place.map(sheets::figure) {
            Some(stands) if stands == figure => {}
            Some(stands) => findings.push(format!(
                "report {report} is listed as {figure}; by the ledger it was {stands}"
            )),
            None => findings.push(format!(
                "report {report} is listed, but was not received in this period"
            )),
        }
        if !listed.insert(report.to_owned()) {
            findings.push(format!("report {report} is listed twice"));
        }
    }
    let counted: i64 = Series::ALL
        .into_iter()
        .map(|s| replayed.sum.of(s).entered())
        .sum();
    let accounted = i64::try_from(listed.len())
        .unwrap_or(i64::MAX)
        .saturating_add(manifest.held_back);
    if accounted != counted {
        findings.push(format!(
            "{NAMES} and those held back are {accounted} victims; the ledger has {counted}"
        ));
    }
    findings
}
