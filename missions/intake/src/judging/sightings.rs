//! Rejecting and restoring what joins a report to others, and values that follow their person.

use std::collections::BTreeSet;

use record::ids::{NetworkId, ObservableId, PersonId, ReportId};
use record::time::Timestamp;
use store::{Entry, Error, OnConflict, Result, Sql, Tx, Value};

use super::{Judgement, keep};
use crate::networks;
use crate::receive::Desk;

/// Says that a value does not join this report to others (a bank's own number, a slip of the pen),
/// and recomputes the network. [`restore_link`] takes it back.
pub async fn reject_link(
    tx: &mut Tx<'_>,
    desk: &Desk,
    report: ReportId,
    value: ObservableId,
    reason: &str,
) -> Result<()> {
    tx.alone("intake").await?;
    mark(tx, report, value, true, reason).await?;
    recount_value(tx, value).await?;
    if let Some(network) = network_of(tx, report).await? {
        networks::recompute(tx, desk, network, reason).await?;
    }
    Ok(())
}

/// Takes a rejection back: the value joins this report to others again, if it still tells.
pub async fn restore_link(
    tx: &mut Tx<'_>,
    desk: &Desk,
    report: ReportId,
    value: ObservableId,
    reason: &str,
) -> Result<()> {
    tx.alone("intake").await?;
    mark(tx, report, value, false, reason).await?;
    recount_value(tx, value).await?;
    join_by(tx, desk, value, &[report], reason).await
}

/// Marks the sighting; a conflict when somebody did so already.
async fn mark(
    tx: &mut Tx<'_>,
    report: ReportId,
    value: ObservableId,
    rejected: bool,
    reason: &str,
) -> Result<()> {
    let sql = Sql::new("select rejected from intake_sighting where ").with(
        "report = ? and observable = ? and role = 'offender'",
        [report.into(), value.into()],
    );
    let row = tx.first(sql).await?.ok_or(Error::NotFound)?;
    if row.get::<bool>("rejected")? == rejected {
        return Err(Error::Conflict);
    }
    let sql = Sql::new("update intake_sighting set ").with(
        "rejected = ? where report = ? and observable = ? and role = 'offender'",
        [rejected.into(), report.into(), value.into()],
    );
    tx.run(sql).await?;
    let verdict = if rejected { "rejected" } else { "restored" };
    let judgement = Judgement {
        what: "link",
        left: report.into(),
        right: value.into(),
        verdict,
        reason,
    };
    keep(tx, judgement).await?;
    tx.enter(Entry {
        kind: "observable",
        id: value.to_string(),
        content: String::new(),
        detail: serde_json::json!({ "report": report.to_string(), "link": verdict }).to_string(),
    });
    Ok(())
}

/// Counts the reports a value stands in anew. Whether it joins is not changed: once common, a value
/// never turns back into evidence.
async fn recount_value(tx: &mut Tx<'_>, value: ObservableId) -> Result<()> {
    let sql = Sql::new("select count(*) as n from intake_sighting where ").with(
        "observable = ? and role = 'offender' and rejected = 0",
        [value.into()],
    );
    let n = tx.count(sql).await?;
    // New reports join the network of the first report that has the value, which must not be one
    // that was rejected.
    let sql = Sql::new(
        "select s.report from intake_sighting s join intake_report r on r.id = s.report where ",
    )
    .with(
        "s.observable = ? and s.role = 'offender' and s.rejected = 0",
        [value.into()],
    )
    .then(" order by r.received_at, r.id limit 1");
    let first: Option<ReportId> = match tx.first(sql).await? {
        Some(row) => row.get("report")?,
        None => None,
    };
    let sql = Sql::new("update intake_observable set ").with(
        "reports = ?, first_report = ? where id = ?",
        [n.into(), first.into(), value.into()],
    );
    tx.run(sql).await.map(drop)
}

async fn network_of(tx: &mut Tx<'_>, report: ReportId) -> Result<Option<NetworkId>> {
    let sql = Sql::new("select network from intake_report where ").with("id = ?", [report.into()]);
    match tx.first(sql).await? {
        Some(row) => row.get("network"),
        None => Ok(None),
    }
}

/// Joins reports with another that has the value, while it tells.
async fn join_by(
    tx: &mut Tx<'_>,
    desk: &Desk,
    value: ObservableId,
    reports: &[ReportId],
    reason: &str,
) -> Result<()> {
    let sql = Sql::new("select kind, reports, joins from intake_observable where ")
        .with("id = ?", [value.into()]);
    let Some(row) = tx.first(sql).await? else {
        return Ok(());
    };
    let total = tx
        .count("select n from intake_total where name = 'reports'")
        .await?;
    let with = row.get::<i64>("reports")?.max(0).unsigned_abs();
    let kind: String = row.get("kind")?;
    let bits = desk.worth(&kind, total.max(0).unsigned_abs(), with);
    if !row.get::<bool>("joins")? || bits < desk.linking.policy.join_at {
        return Ok(());
    }
    // One more than the reports themselves, so that another is among them if there is one. All
    // others that have the value are in one network with it.
    let most = i64::try_from(reports.len() + 1).unwrap_or(i64::MAX);
    let sql = Sql::new("select report from intake_sighting where ").with(
        "observable = ? and role = 'offender' and rejected = 0 limit ?",
        [value.into(), most.into()],
    );
    let mut all: BTreeSet<ReportId> = reports.iter().copied().collect();
    for row in tx.rows(sql).await? {
        all.insert(row.get("report")?);
    }
    let all: Vec<ReportId> = all.into_iter().collect();
    networks::join(tx, desk, &all, reason).await
}

/// Follows a suspect who was merged or split off: the value that stands for a named suspect is
/// seen where that person is now described.
pub(super) async fn move_nominal(
    tx: &mut Tx<'_>,
    desk: &Desk,
    from: PersonId,
    to: PersonId,
    reason: &str,
) -> Result<()> {
    let Some(old) = nominal(tx, from).await? else {
        return Ok(());
    };
    let reports = super::people::suspected_in(tx, to).await?;
    let mut moved = Vec::new();
    for part in reports.chunks(512) {
        let sql = Sql::new("select report from intake_sighting where ")
            .with("observable = ? and", [old.into()])
            .within(" report in", part.iter().map(|r| Value::from(*r)));
        for row in tx.rows(sql).await? {
            moved.push(row.get::<ReportId>("report")?);
        }
    }
    if moved.is_empty() {
        return Ok(());
    }
    let new = match nominal(tx, to).await? {
        Some(new) => new,
        None => new_nominal(tx, old, to).await?,
    };
    for part in moved.chunks(512) {
        // A report that names the person twice has the new value already.
        let sql = Sql::new("delete from intake_sighting where ")
            .with(
                "observable = ? and report in (select report from intake_sighting \
                 where observable = ?) and",
                [old.into(), new.into()],
            )
            .within(" report in", part.iter().map(|r| Value::from(*r)));
        tx.run(sql).await?;
        let sql = Sql::new("update intake_sighting set ")
            .with(
                "observable = ? where observable = ? and",
                [new.into(), old.into()],
            )
            .within(" report in", part.iter().map(|r| Value::from(*r)));
        tx.run(sql).await?;
    }
    recount_value(tx, old).await?;
    recount_value(tx, new).await?;
    let networks: BTreeSet<NetworkId> = networks_of(tx, &moved).await?;
    for network in networks {
        networks::recompute(tx, desk, network, reason).await?;
    }
    join_by(tx, desk, new, &moved, reason).await
}

async fn networks_of(tx: &mut Tx<'_>, reports: &[ReportId]) -> Result<BTreeSet<NetworkId>> {
    let mut all = BTreeSet::new();
    for part in reports.chunks(512) {
        let sql =
            Sql::new("select distinct network from intake_report where network is not null and")
                .within(" id in", part.iter().map(|r| Value::from(*r)));
        for row in tx.rows(sql).await? {
            all.insert(row.get("network")?);
        }
    }
    Ok(all)
}

async fn nominal(tx: &mut Tx<'_>, person: PersonId) -> Result<Option<ObservableId>> {
    let sql = Sql::new("select id from intake_observable where ").with(
        "value = ? and kind = 'nominal'",
        [person.to_string().into()],
    );
    tx.first(sql).await?.map(|row| row.get("id")).transpose()
}

async fn new_nominal(tx: &mut Tx<'_>, old: ObservableId, person: PersonId) -> Result<ObservableId> {
    let sql = Sql::new("select joins, first_at, last_at from intake_observable where ")
        .with("id = ?", [old.into()]);
    let row = tx.first(sql).await?.ok_or(Error::NotFound)?;
    let id = ObservableId(tx.id());
    let row = vec![
        id.into(),
        "nominal".into(),
        person.to_string().into(),
        0i64.into(),
        row.get::<bool>("joins")?.into(),
        row.get::<Timestamp>("first_at")?.into(),
        row.get::<Timestamp>("last_at")?.into(),
    ];
    let columns = &[
        "id", "kind", "value", "reports", "joins", "first_at", "last_at",
    ];
    tx.insert("intake_observable", columns, vec![row], OnConflict::Fail)
        .await?;
    Ok(id)
}
