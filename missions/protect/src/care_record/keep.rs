//! One way to keep something in the care record: permission, the row, its ledger entry.

use record::access::Act;
use record::ids::{RecordId, ReportId};
use store::{Entry, OnConflict, Tx, Value, work};
use web::{App, Error, SignedIn};

use super::read::Victim;
use crate::victim_care::permit;

/// What every row of the record begins with.
pub const HEAD: usize = 5;

/// Rows of one table to be kept. The columns begin with `id`, `report`, `at`, `by_name`, `unit`; the
/// values are those after.
pub struct New {
    pub table: &'static str,
    /// Noun of the ledger entry.
    pub kind: &'static str,
    pub columns: &'static [&'static str],
    pub rows: Vec<Vec<Value>>,
    /// Whether it settles the offer of support: a plan, or a refusal (PROTECT-08).
    pub settles: bool,
}

/// Keeps rows about a victim.
pub async fn keep(
    app: &App,
    who: &SignedIn,
    victim: &Victim,
    act: &Act,
    new: New,
) -> Result<(), Error> {
    let resource = work::resource(&victim.sheet.item);
    let grant = permit(app, &who.actor, act, &resource, "").await?;
    let (report, of) = (victim.report(), victim.reports());
    let (name, unit) = (who.actor.name.clone(), who.actor.unit.clone());
    let written = app.store().write(&grant, move |tx| {
        Box::pin(async move {
            insert(tx, report, (&name, &unit), &new).await?;
            if new.settles {
                settle(tx, &of).await?;
            }
            Ok(())
        })
    });
    Ok(written.await?)
}

/// Inserts the rows with their heads; returns the id of the last.
pub async fn insert(
    tx: &mut Tx<'_>,
    report: ReportId,
    by: (&str, &str),
    new: &New,
) -> store::Result<RecordId> {
    let mut last = RecordId(tx.id());
    let mut rows = Vec::with_capacity(new.rows.len());
    for (n, values) in new.rows.iter().enumerate() {
        if n > 0 {
            last = RecordId(tx.id());
        }
        let mut row: Vec<Value> = Vec::with_capacity(HEAD + values.len());
        let head: [Value; HEAD] = [
            last.into(),
            report.into(),
            tx.now().into(),
            by.0.into(),
            by.1.into(),
        ];
        row.extend(head);
        row.extend(values.iter().cloned());
        rows.push(row);
        tx.enter(Entry {
            kind: new.kind,
            id: last.to_string(),
            ..Entry::default()
        });
    }
    tx.insert(new.table, new.columns, rows, OnConflict::Fail)
        .await?;
    Ok(last)
}

/// Says of each report that support is settled.
async fn settle(tx: &mut Tx<'_>, of: &[ReportId]) -> store::Result<()> {
    let rows = of.iter().map(|report| vec![(*report).into(), 1.into()]);
    let update = "on conflict (report) do update set settled = 1";
    let columns = &["report", "settled"];
    let rows = rows.collect();
    tx.insert(
        "protect_standing",
        columns,
        rows,
        OnConflict::Update(update),
    )
    .await?;
    Ok(())
}

/// Says so when somebody else was first.
pub fn first(changed: u64, victim: &Victim) -> Result<(), Error> {
    if changed == 1 {
        return Ok(());
    }
    Err(Error::Conflict {
        what: "Somebody else changed this first".to_owned(),
        href: victim.href("record"),
    })
}
