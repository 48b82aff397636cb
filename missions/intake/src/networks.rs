//! Networks: derived from telling values shared between reports, and recomputed when a value stops
//! telling or a person rejects a link. Identifiers stay with the largest part.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use linkage::{Edge, components};
use record::ids::{NetworkId, ObservableId, ReportId};
use record::time::Timestamp;
use store::{OnConflict, Result, Sql, Tx, Value, work};

use crate::receive::Desk;

/// One row of a network's history.
pub(crate) fn event_row(
    tx: &Tx<'_>,
    network: NetworkId,
    what: &str,
    other: Option<NetworkId>,
    reports: i64,
    reason: &str,
) -> Vec<Value> {
    vec![
        tx.id().into(),
        network.into(),
        tx.now().into(),
        what.into(),
        other.into(),
        reports.into(),
        tx.grant().actor_name().into(),
        reason.into(),
    ]
}

pub(crate) async fn write_events(tx: &mut Tx<'_>, rows: Vec<Vec<Value>>) -> Result<()> {
    let columns = &[
        "id", "network", "at", "what", "other", "reports", "by_name", "reason",
    ];
    tx.insert("intake_network_event", columns, rows, OnConflict::Fail)
        .await
        .map(drop)
}

/// Moves the reports of a network that was merged away, and the badges on their work.
pub(crate) async fn move_reports(tx: &mut Tx<'_>, from: NetworkId, into: NetworkId) -> Result<i64> {
    let sql = Sql::new("select id from intake_report where ").with("network = ?", [from.into()]);
    let reports = tx
        .rows(sql)
        .await?
        .iter()
        .map(|r| r.get("id"))
        .collect::<Result<Vec<ReportId>>>()?;
    let sql = Sql::new("update intake_report set ")
        .with("network = ? where network = ?", [into.into(), from.into()]);
    tx.run(sql).await?;
    work::set_network(tx, &reports, Some(into)).await?;
    Ok(i64::try_from(reports.len()).unwrap_or(i64::MAX))
}

/// Recomputes the network that holds a value, after the value stopped telling.
pub(crate) async fn recompute_around(
    tx: &mut Tx<'_>,
    desk: &Desk,
    value: ObservableId,
    reason: &str,
) -> Result<()> {
    let sql = Sql::new(
        "select distinct r.network from intake_sighting s join intake_report r on r.id = s.report where ",
    )
    .with("s.observable = ? and r.network is not null", [value.into()]);
    let networks = tx
        .rows(sql)
        .await?
        .iter()
        .map(|r| r.get("network"))
        .collect::<Result<Vec<NetworkId>>>()?;
    for network in networks {
        recompute(tx, desk, network, reason).await?;
    }
    Ok(())
}

/// Reports of a network and the values that may still join them.
struct Parts {
    received: BTreeMap<ReportId, Timestamp>,
    edges: Vec<Edge<ReportId>>,
}

/// Recomputes one network from its sightings. The largest part keeps the identifier; other parts
/// of two or more become networks of their own; the rest belong to none.
pub(crate) async fn recompute(
    tx: &mut Tx<'_>,
    desk: &Desk,
    network: NetworkId,
    reason: &str,
) -> Result<()> {
    let Some(parts) = load(tx, desk, network).await? else {
        return Ok(());
    };
    let nodes: Vec<ReportId> = parts.received.keys().copied().collect();
    let mut groups = components(&nodes, &parts.edges, &[]).groups;
    groups.sort_by_key(|g| (std::cmp::Reverse(g.len()), g.iter().min().copied()));
    if groups.first().is_some_and(|g| g.len() == nodes.len()) {
        return Ok(());
    }
    let mut events = Vec::new();
    for (i, group) in groups.iter().enumerate() {
        if i == 0 && group.len() > 1 {
            resize(tx, network, group, &parts.received).await?;
            let size = i64::try_from(group.len()).unwrap_or(i64::MAX);
            events.push(event_row(tx, network, "shrank", None, size, reason));
            continue;
        }
        if group.len() < 2 {
            set(tx, group, None).await?;
            continue;
        }
        let new = NetworkId(tx.id());
        let size = i64::try_from(group.len()).unwrap_or(i64::MAX);
        let when = group.iter().filter_map(|r| parts.received.get(r));
        let row = vec![
            new.into(),
            desk.network_name(new).into(),
            size.into(),
            when.clone().min().copied().unwrap_or_default().into(),
            when.max().copied().unwrap_or_default().into(),
        ];
        let columns = &["id", "name", "reports", "first_at", "last_at"];
        tx.insert("intake_network", columns, vec![row], OnConflict::Fail)
            .await?;
        set(tx, group, Some(new)).await?;
        events.push(event_row(tx, new, "split", Some(network), size, reason));
    }
    if groups.first().is_none_or(|g| g.len() < 2) {
        let sql = Sql::new("update intake_network set reports = 0 where ")
            .with("id = ?", [network.into()]);
        tx.run(sql).await?;
        events.push(event_row(tx, network, "dissolved", None, 0, reason));
    }
    write_events(tx, events).await
}

/// Draws reports into one network: the largest they have between them, or a new one. For a link a
/// person restored, and for people judged to be one.
pub(crate) async fn join(
    tx: &mut Tx<'_>,
    desk: &Desk,
    reports: &[ReportId],
    reason: &str,
) -> Result<()> {
    let sql = Sql::new("select id, network from intake_report where")
        .within(" id in", reports.iter().map(|r| Value::from(*r)));
    let mut networks = BTreeSet::new();
    let mut loose = BTreeSet::new();
    for row in tx.rows(sql).await? {
        match row.get::<Option<NetworkId>>("network")? {
            Some(network) => {
                networks.insert(network);
            }
            None => {
                loose.insert(row.get::<ReportId>("id")?);
            }
        }
    }
    if networks.len() + loose.len() < 2 {
        return Ok(());
    }
    let mut events = Vec::new();
    let kept = match largest(tx, &networks).await? {
        Some(kept) => kept,
        None => {
            let new = NetworkId(tx.id());
            let row = vec![
                new.into(),
                desk.network_name(new).into(),
                0i64.into(),
                tx.now().into(),
                tx.now().into(),
            ];
            let columns = &["id", "name", "reports", "first_at", "last_at"];
            tx.insert("intake_network", columns, vec![row], OnConflict::Fail)
                .await?;
            let size = i64::try_from(loose.len()).unwrap_or(i64::MAX);
            events.push(event_row(tx, new, "formed", None, size, reason));
            new
        }
    };
    for gone in networks.into_iter().filter(|n| *n != kept) {
        let moved = move_reports(tx, gone, kept).await?;
        let sql = Sql::new("update intake_network set ").with(
            "reports = 0, merged_into = ? where id = ?",
            [kept.into(), gone.into()],
        );
        tx.run(sql).await?;
        events.push(event_row(tx, kept, "merged", Some(gone), moved, reason));
    }
    let loose: Vec<ReportId> = loose.into_iter().collect();
    set(tx, &loose, Some(kept)).await?;
    recount(tx, kept).await?;
    write_events(tx, events).await
}

/// The network of most reports.
async fn largest(tx: &mut Tx<'_>, networks: &BTreeSet<NetworkId>) -> Result<Option<NetworkId>> {
    let sql = Sql::new("select id from intake_network where")
        .within(" id in", networks.iter().map(|n| Value::from(*n)))
        .then(" order by reports desc, id limit 1");
    tx.first(sql).await?.map(|row| row.get("id")).transpose()
}

async fn recount(tx: &mut Tx<'_>, network: NetworkId) -> Result<()> {
    let sql = Sql::new(
        "select count(*) as n, min(received_at) as first_at, max(received_at) as last_at \
         from intake_report where ",
    )
    .with("network = ?", [network.into()]);
    let Some(row) = tx.first(sql).await? else {
        return Ok(());
    };
    let (n, first, last): (i64, Option<Timestamp>, Option<Timestamp>) =
        (row.get("n")?, row.get("first_at")?, row.get("last_at")?);
    let sql = Sql::new("update intake_network set ").with(
        "reports = ?, first_at = ?, last_at = ? where id = ?",
        [
            n.into(),
            first.unwrap_or_default().into(),
            last.unwrap_or_default().into(),
            network.into(),
        ],
    );
    tx.run(sql).await.map(drop)
}

async fn load(tx: &mut Tx<'_>, desk: &Desk, network: NetworkId) -> Result<Option<Parts>> {
    let most = desk.linking.policy.most_recomputed;
    let sql = Sql::new("select id, received_at from intake_report where ")
        .with("network = ? limit ?", [network.into(), (most + 1).into()]);
    let mut received = BTreeMap::new();
    for row in tx.rows(sql).await? {
        received.insert(row.get("id")?, row.get("received_at")?);
    }
    if received.len() > usize::try_from(most).unwrap_or(usize::MAX) {
        tracing::warn!(%network, "too large to recompute at once: it stays as it is");
        return Ok(None);
    }
    let reports: Vec<ReportId> = received.keys().copied().collect();
    let mut by_value: HashMap<ObservableId, BTreeSet<ReportId>> = HashMap::new();
    for part in reports.chunks(1024) {
        let sql = Sql::new(
            "select s.report, s.observable from intake_sighting s \
             join intake_observable o on o.id = s.observable \
             where o.joins = 1 and s.role = 'offender' and s.rejected = 0 and",
        )
        .within(" s.report in", part.iter().map(|r| Value::from(*r)));
        for row in tx.rows(sql).await? {
            by_value
                .entry(row.get("observable")?)
                .or_default()
                .insert(row.get("report")?);
        }
    }
    let mut edges = Vec::new();
    for sharing in by_value.values() {
        // A chain is enough to hold the reports of one value together.
        let mut before = None;
        for report in sharing {
            if let Some(left) = before.replace(*report) {
                edges.push(Edge {
                    left,
                    right: *report,
                    weight: 1.0,
                });
            }
        }
    }
    Ok(Some(Parts { received, edges }))
}

async fn resize(
    tx: &mut Tx<'_>,
    network: NetworkId,
    group: &[ReportId],
    received: &BTreeMap<ReportId, Timestamp>,
) -> Result<()> {
    let when = group.iter().filter_map(|r| received.get(r));
    let sql = Sql::new("update intake_network set ").with(
        "reports = ?, first_at = ?, last_at = ? where id = ?",
        [
            i64::try_from(group.len()).unwrap_or(i64::MAX).into(),
            when.clone().min().copied().unwrap_or_default().into(),
            when.max().copied().unwrap_or_default().into(),
            network.into(),
        ],
    );
    tx.run(sql).await.map(drop)
}

async fn set(tx: &mut Tx<'_>, reports: &[ReportId], network: Option<NetworkId>) -> Result<()> {
    for part in reports.chunks(512) {
        let sql = Sql::new("update intake_report set ")
            .with("network = ? where", [network.into()])
            .within(" id in", part.iter().map(|r| Value::from(*r)));
        tx.run(sql).await?;
    }
    work::set_network(tx, reports, network).await
}
