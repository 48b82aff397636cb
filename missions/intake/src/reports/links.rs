//! Why a report is linked: the values it shares with others, what each is worth now, and who else
//! has it.

use record::access::Scope;
use record::ids::{ObservableId, ReportId};
use record::time::Timestamp;
use store::{Conn, Result, Sql};
use web::parts::words::{plural, signed_weight};

use super::open::Sighting;
use super::visible::{hidden_of_values, visible};
use crate::receive::Desk;

/// Most shared values looked into for one report, most telling first.
const MOST_VALUES: usize = 25;
/// Most other reports named for one value.
const MOST_OTHERS: usize = 10;

/// Another report with the same value.
#[derive(Debug, Clone)]
pub struct OtherReport {
    pub id: ReportId,
    pub reference: String,
    pub title: String,
    pub received_at: Timestamp,
}

/// A value this report shares, or would share had nobody rejected it.
#[derive(Debug, Clone)]
pub struct SharedValue {
    pub observable: ObservableId,
    pub kind: String,
    pub value: String,
    /// Reports with the value that the actor may see.
    pub reports: i64,
    /// Bits that sharing it is worth today.
    pub bits: f64,
    pub joins: bool,
    /// A person said that this report does not belong with the others.
    pub rejected: bool,
    pub others: Vec<OtherReport>,
}

impl SharedValue {
    /// How common it is, what it is worth and what follows.
    pub(super) fn in_words(&self) -> String {
        let reports = plural(self.reports.max(0).unsigned_abs(), "report", "reports");
        if self.rejected {
            return format!(
                "In {reports}. A person said that it does not join this report to the others."
            );
        }
        let bits = signed_weight(self.bits);
        if self.joins {
            format!("In {reports}. Worth {bits} bits now: it joins them in one network.")
        } else {
            format!(
                "In {reports}. Worth {bits} bits now: too common, or of a kind that does not join."
            )
        }
    }
}

pub(super) async fn shared(
    conn: &mut Conn<'_>,
    desk: &Desk,
    scope: &Scope,
    id: ReportId,
    sightings: &[Sighting],
) -> Result<Vec<SharedValue>> {
    let total = reports_held(conn).await?;
    let candidates: Vec<&Sighting> = sightings
        .iter()
        .filter(|s| s.role == crate::receive::OFFENDER && (s.reports > 1 || s.rejected))
        .collect();
    let ids: Vec<ObservableId> = candidates.iter().map(|s| s.observable).collect();
    let hidden = hidden_of_values(conn, scope, &ids).await?;
    let mut all: Vec<SharedValue> = candidates
        .into_iter()
        .map(|s| SharedValue {
            observable: s.observable,
            kind: s.kind.clone(),
            value: s.value.clone(),
            reports: s.reports - hidden.get(&s.observable).copied().unwrap_or(0),
            bits: desk.worth(&s.kind, total, s.reports.max(0).unsigned_abs()),
            joins: s.joins,
            rejected: s.rejected,
            others: Vec::new(),
        })
        .collect();
    all.sort_by(|a, b| b.bits.total_cmp(&a.bits));
    all.truncate(MOST_VALUES);
    for value in &mut all {
        value.others = others(conn, scope, id, value.observable).await?;
    }
    all.retain(|v| v.rejected || !v.others.is_empty());
    Ok(all)
}

/// Reports held in all, for what a shared value is worth.
pub(crate) async fn reports_held(conn: &mut Conn<'_>) -> Result<u64> {
    let n = conn
        .count("select n from intake_total where name = 'reports'")
        .await?;
    Ok(n.max(0).unsigned_abs())
}

async fn others(
    conn: &mut Conn<'_>,
    scope: &Scope,
    id: ReportId,
    value: ObservableId,
) -> Result<Vec<OtherReport>> {
    let sql = Sql::new(
        "select r.id, r.reference, r.title, r.received_at from intake_sighting s \
         join intake_report r on r.id = s.report where ",
    )
    .with(
        "s.observable = ? and s.report <> ? and s.role = 'offender' and s.rejected = 0",
        [value.into(), id.into()],
    );
    let most = i64::try_from(MOST_OTHERS).unwrap_or(10);
    let sql = visible(sql, scope).with(" order by s.report desc limit ?", [most.into()]);
    conn.rows(sql)
        .await?
        .iter()
        .map(|row| {
            Ok(OtherReport {
                id: row.get("id")?,
                reference: row.get("reference")?,
                title: row.get("title")?,
                received_at: row.get("received_at")?,
            })
        })
        .collect()
}
