//! The sum recomputed from the ledger's own entries, as of a signed checkpoint.
//!
//! Which victims were received is told by the entry each report left when it came in; where each
//! stands, by the entry of the contact that ended its duty. The report itself gives day, district and
//! series, which never change. Nothing is taken from the tables victim care keeps, so a changed row
//! there, or an entry added later, shows as a difference.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use record::ids::ReportId;
use serde::Deserialize;
use store::{Conn, Placed, Result, entries_of_content, entries_of_kind};

use super::asked::Asked;
use super::count::{self, Received, Sum};
use super::standing::Place;
use crate::victim_care::duty::Line;

/// Entries read at a time.
const PAGE: i64 = 5_000;

/// What the entry of a contact says, as [`crate::victim_care::contact`] writes it.
#[derive(Debug, Deserialize)]
struct Contact {
    outcome: String,
    /// State the contact left its duties in; entries of earlier versions do not say it.
    #[serde(default)]
    line: Option<String>,
    #[serde(default)]
    reports: Vec<ReportId>,
}

/// Where a duty stands by the ledger, and why.
type Stand = (Place, String);

/// The sum as the ledger tells it.
#[derive(Debug, Clone, Default)]
pub struct Replayed {
    /// As of the checkpoint.
    pub sum: Sum,
    pub places: BTreeMap<ReportId, Place>,
    /// Reports where the records say otherwise than all entries together. Empty when all is well.
    pub odd: BTreeSet<ReportId>,
}

/// Recomputes the sum as of the checkpoint over `size` entries, and holds the records against all
/// entries there are. Reads in one snapshot: nothing can come in between.
pub async fn replay(conn: &mut Conn<'_>, asked: &Asked, size: u64) -> Result<Replayed> {
    let received = count::received(conn, asked).await?;
    let ids: Vec<String> = received.iter().map(|r| r.report.to_string()).collect();
    let mut entered: HashMap<String, bool> = HashMap::new();
    for placed in entries_of_content(conn, "report", &ids).await? {
        let below = placed.is_below(size);
        *entered.entry(placed.entry.resource_id).or_default() |= below;
    }
    let ends = ends(conn, size).await?;
    let mut out = Replayed::default();
    for one in &received {
        let receipt = entered.get(&one.report.to_string());
        let (then, now) = ends.get(&one.report).cloned().unwrap_or_default();
        if receipt.is_none() || !agrees(one, now.as_ref()) {
            out.odd.insert(one.report);
        }
        if receipt != Some(&true) {
            continue;
        }
        let (place, reason) = then.unwrap_or((Place::of(None), String::new()));
        out.places.insert(one.report, place);
        if asked.area.holds(&one.district) {
            out.sum.of_mut(one.series).add(place, &reason, 1);
        }
    }
    Ok(out)
}

/// Whether a record is what all entries together make of it.
fn agrees(record: &Received, told: Option<&Stand>) -> bool {
    match told {
        Some((place, reason)) => record.place == *place && record.reason == *reason,
        None => record.place == Place::of(None),
    }
}

/// How each duty ended: by entries below the checkpoint, and by all entries.
type Ends = HashMap<ReportId, (Option<Stand>, Option<Stand>)>;

async fn ends(conn: &mut Conn<'_>, size: u64) -> Result<Ends> {
    let mut ends = Ends::new();
    let mut last: Option<(String, i64)> = None;
    loop {
        let after = last.as_ref().map(|(id, seq)| (id.as_str(), *seq));
        let page = entries_of_kind(conn, "victim_contact", after, PAGE).await?;
        for placed in &page {
            note(&mut ends, placed, size);
        }
        let full = i64::try_from(page.len()).is_ok_and(|n| n >= PAGE);
        match page.last().filter(|_| full) {
            Some(p) => last = Some((p.entry.resource_id.clone(), p.entry.seq)),
            None => return Ok(ends),
        }
    }
}

/// Adds what one entry says. An end is final, so the order of entries does not matter.
fn note(ends: &mut Ends, placed: &Placed, size: u64) {
    let Ok(contact) = serde_json::from_str::<Contact>(&placed.entry.detail) else {
        return;
    };
    let line = contact.line.as_deref().and_then(Line::parse);
    let Some(line) = line.filter(|l| *l != Line::Awaiting) else {
        return;
    };
    for report in contact.reports {
        let stand = (Place::of(Some(line)), contact.outcome.clone());
        let held = ends.entry(report).or_default();
        if placed.is_below(size) {
            held.0 = Some(stand.clone());
        }
        held.1 = Some(stand);
    }
}
