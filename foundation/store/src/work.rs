//! Queues of work items: leave, list, take, allocate, close.
//!
//! Open items of one queue about one person are worked together: the first is the *lead*, shown in
//! lists; the others follow it. When a lead is closed the most pressing follower leads.

mod about;

pub use about::move_about;

use std::collections::HashMap;

use record::access::{Resource, Scope};
use record::ids::{ActorId, NetworkId, PersonId, ReportId, WorkItemId};
use record::marking::Marking;
use record::time::Timestamp;
use record::work::{NewWorkItem, Priority, WorkItem, WorkState};

use crate::error::Error;
use crate::sql::{Conn, OnConflict, Sql};
use crate::value::{Row, Value};
use crate::{Result, Tx};

const COLUMNS: &[&str] = &[
    "id",
    "queue",
    "subject",
    "about",
    "origin",
    "lead",
    "priority",
    "band",
    "feed",
    "national",
    "source",
    "vulnerable",
    "network",
    "received_at",
    "due_at",
    "decide_by",
    "state",
    "unit",
    "marking",
    "compartment",
    "version",
    "summary",
];

const SELECT: &str = "select w.id, w.queue, w.subject, w.about, w.origin, w.lead, w.priority, \
    w.band, w.feed, w.source, w.vulnerable, w.network, w.received_at, w.due_at, w.decide_by, \
    w.state, w.assignee, w.assignee_name, w.unit, w.marking, w.compartment, w.taken_at, \
    w.closed_at, w.outcome, w.version, w.summary from work_item w where ";

/// The resource an act on a work item is asked for.
pub fn resource(item: &WorkItem) -> Resource {
    Resource::of("work_item", item.id.to_string())
        .marked(item.marking, item.compartment.clone())
        .of_unit(item.unit.clone())
}

fn of_row(row: &Row) -> Result<WorkItem> {
    Ok(WorkItem {
        id: row.get("id")?,
        queue: row.get("queue")?,
        subject: row.get("subject")?,
        about: row.get("about")?,
        origin: row.get("origin")?,
        lead: row.get("lead")?,
        priority: Priority::of_rank(row.get("priority")?),
        band: row.get("band")?,
        feed: row.get("feed")?,
        source: row.get("source")?,
        vulnerable: row.get("vulnerable")?,
        network: row.get("network")?,
        received_at: row.get("received_at")?,
        due_at: row.get("due_at")?,
        decide_by: row.get("decide_by")?,
        state: WorkState::parse(&row.get::<String>("state")?).unwrap_or(WorkState::Open),
        assignee: row.get("assignee")?,
        assignee_name: row.get("assignee_name")?,
        unit: row.get("unit")?,
        marking: Marking::of_level(row.get("marking")?),
        compartment: row.get("compartment")?,
        taken_at: row.get("taken_at")?,
        closed_at: row.get("closed_at")?,
        outcome: row.get("outcome")?,
        version: row.get("version")?,
        summary: row.json("summary")?,
    })
}

/// A lead as far as followers change it.
struct Lead {
    id: WorkItemId,
    priority: i64,
    due_at: i64,
    /// Whether the row is in the database already, and was bettered by a follower.
    changed: bool,
    held: bool,
}

/// Leaves items on their queues, in the transaction that gave rise to them.
pub async fn leave(conn: &mut Conn<'_>, items: Vec<NewWorkItem>) -> Result<()> {
    let mut leads = held_leads(conn, &items).await?;
    let mut rows = Vec::with_capacity(items.len());
    for item in &items {
        let (priority, due_at) = (item.priority.rank(), item.due_at.micros());
        let lead = item.about.and_then(|about| {
            let key = (item.queue.to_owned(), about);
            if let Some(lead) = leads.get_mut(&key) {
                if priority < lead.priority || due_at < lead.due_at {
                    lead.priority = lead.priority.min(priority);
                    lead.due_at = lead.due_at.min(due_at);
                    lead.changed = true;
                }
                return Some(lead.id);
            }
            leads.insert(
                key,
                Lead {
                    id: item.id,
                    priority,
                    due_at,
                    changed: false,
                    held: false,
                },
            );
            None
        });
        rows.push((item.id, row_of(item, lead)?));
    }
    for lead in leads.values().filter(|l| l.changed) {
        if lead.held {
            let sql = Sql::new("update work_item set ").with(
                "priority = ?, due_at = ?, version = version + 1 where id = ?",
                [lead.priority.into(), lead.due_at.into(), lead.id.into()],
            );
            conn.run(sql).await?;
        } else if let Some((_, row)) = rows.iter_mut().find(|(id, _)| *id == lead.id) {
            row[6] = lead.priority.into();
            row[14] = lead.due_at.into();
        }
    }
    let rows = rows.into_iter().map(|(_, row)| row).collect();
    conn.insert("work_item", COLUMNS, rows, OnConflict::Fail)
        .await?;
    Ok(())
}

async fn held_leads(
    conn: &mut Conn<'_>,
    items: &[NewWorkItem],
) -> Result<HashMap<(String, PersonId), Lead>> {
    let mut abouts: Vec<PersonId> = items.iter().filter_map(|i| i.about).collect();
    abouts.sort_unstable();
    abouts.dedup();
    let mut leads = HashMap::new();
    for part in abouts.chunks(512) {
        let sql = Sql::new(
            "select id, queue, about, priority, due_at from work_item \
             where lead is null and state <> 'closed' and about",
        )
        .within(" in", part.iter().map(|a| (*a).into()));
        for row in conn.rows(sql).await? {
            let lead = Lead {
                id: row.get("id")?,
                priority: row.get("priority")?,
                due_at: row.get("due_at")?,
                changed: false,
                held: true,
            };
            leads.insert((row.get("queue")?, row.get("about")?), lead);
        }
    }
    Ok(leads)
}

fn row_of(item: &NewWorkItem, lead: Option<WorkItemId>) -> Result<Vec<Value>> {
    let summary = serde_json::to_string(&item.summary).map_err(|e| Error::Value {
        column: "summary".to_owned(),
        problem: e.to_string(),
    })?;
    Ok(vec![
        item.id.into(),
        item.queue.into(),
        item.subject.into(),
        item.about.into(),
        item.origin.into(),
        lead.into(),
        item.priority.rank().into(),
        item.band.as_str().into(),
        item.feed.name().into(),
        item.feed.is_national().into(),
        item.source.as_str().into(),
        item.vulnerable.into(),
        item.network.into(),
        item.received_at.into(),
        item.due_at.into(),
        item.decide_by.into(),
        WorkState::Open.name().into(),
        item.unit.as_str().into(),
        item.marking.level().into(),
        item.compartment.as_deref().into(),
        1i64.into(),
        summary.into(),
    ])
}

/// The order of a list; both are backed by an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Soonest due first.
    #[default]
    Due,
    /// Worst first, then soonest due.
    Priority,
    /// Latest received first.
    Newest,
    /// Latest closed first.
    Closed,
}

/// Where a page of a list ends: the sort key of its last row, as opaque text in a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(String);

impl Cursor {
    /// Reads a cursor from a link. Anything that is not one starts the list again.
    pub fn parse(text: &str) -> Option<Cursor> {
        Cursor(text.to_owned())
            .parts()
            .map(|_| Cursor(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(item: &WorkItem, order: Order) -> Cursor {
        let at = match order {
            Order::Due | Order::Priority => item.due_at,
            Order::Newest => item.received_at,
            Order::Closed => item.closed_at.unwrap_or(item.due_at),
        };
        Cursor(format!(
            "{}.{}.{}",
            item.priority.rank(),
            at.micros(),
            item.id.uuid().simple()
        ))
    }

    fn parts(&self) -> Option<(i64, i64, WorkItemId)> {
        let mut parts = self.0.splitn(3, '.');
        let priority = parts.next()?.parse().ok()?;
        let at = parts.next()?.parse().ok()?;
        let id = parts.next()?.parse().ok()?;
        Some((priority, at, id))
    }
}

/// What a list of a queue is limited to. Empty parts do not limit.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub states: Vec<WorkState>,
    pub priorities: Vec<Priority>,
    pub feeds: Vec<String>,
    pub units: Vec<String>,
    pub bands: Vec<String>,
    pub assignee: Option<ActorId>,
    /// Anybody but this person, or nobody.
    pub not_assignee: Option<ActorId>,
    pub vulnerable: bool,
    pub networked: bool,
    pub network: Option<NetworkId>,
    /// Due before this time.
    pub due_before: Option<Timestamp>,
    pub closed_after: Option<Timestamp>,
    /// Only these subjects (the answer of a text search).
    pub subjects: Option<Vec<ReportId>>,
    /// Followers as well as leads.
    pub followers: bool,
}

impl Filter {
    fn apply(&self, mut sql: Sql, queue: &str, scope: &Scope) -> Sql {
        sql = sql.with("w.queue = ?", [queue.into()]);
        if !self.states.is_empty() {
            sql = sql.within(
                " and w.state in",
                self.states.iter().map(|s| s.name().into()),
            );
        }
        if !self.followers {
            sql = sql.then(" and w.lead is null");
        }
        if !self.priorities.is_empty() {
            let ranks = self.priorities.iter().map(|p| p.rank().into());
            sql = sql.within(" and w.priority in", ranks);
        }
        if !self.feeds.is_empty() {
            sql = sql.within(
                " and w.feed in",
                self.feeds.iter().map(|s| s.as_str().into()),
            );
        }
        if !self.units.is_empty() {
            sql = sql.within(
                " and w.unit in",
                self.units.iter().map(|s| s.as_str().into()),
            );
        }
        if !self.bands.is_empty() {
            sql = sql.within(
                " and w.band in",
                self.bands.iter().map(|s| s.as_str().into()),
            );
        }
        sql = self.held_by(sql);
        if self.vulnerable {
            sql = sql.then(" and w.vulnerable = 1");
        }
        if self.networked {
            sql = sql.then(" and w.network is not null");
        }
        if let Some(network) = self.network {
            sql = sql.with(" and w.network = ?", [network.into()]);
        }
        if let Some(before) = self.due_before {
            sql = sql.with(" and w.due_at < ?", [before.into()]);
        }
        if let Some(after) = self.closed_after {
            sql = sql.with(" and w.closed_at >= ?", [after.into()]);
        }
        if let Some(subjects) = &self.subjects {
            let ids: Vec<Value> = subjects.iter().map(|s| (*s).into()).collect();
            sql = if ids.is_empty() {
                sql.then(" and 1 = 0")
            } else {
                sql.within(" and w.subject in", ids)
            };
        }
        visible(sql, scope)
    }

    /// Limits to items one person has, or to those they have not.
    fn held_by(&self, mut sql: Sql) -> Sql {
        if let Some(assignee) = self.assignee {
            sql = sql.with(" and w.assignee = ?", [assignee.into()]);
        }
        if let Some(other) = self.not_assignee {
            sql = sql.with(
                " and (w.assignee is null or w.assignee <> ?)",
                [other.into()],
            );
        }
        sql
    }
}

/// Adds the condition that the actor may see the row `w` of `work_item`: for lists of their own.
pub fn visible(mut sql: Sql, scope: &Scope) -> Sql {
    sql = sql.with(" and w.marking <= ?", [scope.ceiling.into()]);
    if scope.compartments.is_empty() {
        sql = sql.then(" and w.compartment is null");
    } else {
        let named = scope.compartments.iter().map(|c| c.as_str().into());
        sql = sql
            .then(" and (w.compartment is null or")
            .within(" w.compartment in", named)
            .then(")");
    }
    if let Some(unit) = &scope.unit {
        sql = sql.with(" and w.unit = ?", [unit.as_str().into()]);
    }
    sql
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Page {
    pub items: Vec<WorkItem>,
    /// Where the next page starts; none at the end.
    pub next: Option<Cursor>,
}

/// A page of one queue.
pub async fn list(
    conn: &mut Conn<'_>,
    queue: &str,
    scope: &Scope,
    filter: &Filter,
    order: Order,
    after: Option<&Cursor>,
    limit: usize,
) -> Result<Page> {
    let mut sql = filter.apply(Sql::new(SELECT), queue, scope);
    if let Some((priority, at, id)) = after.and_then(Cursor::parts) {
        let (priority, at, id): (Value, Value, Value) = (priority.into(), at.into(), id.into());
        sql = match order {
            Order::Due => sql.with(" and (w.due_at, w.id) > (?, ?)", [at, id]),
            Order::Priority => sql.with(
                " and (w.priority, w.due_at, w.id) > (?, ?, ?)",
                [priority, at, id],
            ),
            Order::Newest => sql.with(" and (w.received_at, w.id) < (?, ?)", [at, id]),
            Order::Closed => sql.with(" and (w.closed_at, w.id) < (?, ?)", [at, id]),
        };
    }
    sql = sql.then(match order {
        Order::Due => " order by w.due_at, w.id",
        Order::Priority => " order by w.priority, w.due_at, w.id",
        Order::Newest => " order by w.received_at desc, w.id desc",
        Order::Closed => " order by w.closed_at desc, w.id desc",
    });
    let limit = limit.clamp(1, 500);
    let most = i64::try_from(limit + 1).unwrap_or(501);
    let rows = conn.rows(sql.with(" limit ?", [most.into()])).await?;
    let mut items = rows.iter().map(of_row).collect::<Result<Vec<_>>>()?;
    let more = items.len() > limit;
    items.truncate(limit);
    let next = if more {
        items.last().map(|last| Cursor::of(last, order))
    } else {
        None
    };
    Ok(Page { items, next })
}

/// How many match, counted up to `most`: a number beside a tab never costs a scan of the queue.
pub async fn count(
    conn: &mut Conn<'_>,
    queue: &str,
    scope: &Scope,
    filter: &Filter,
    most: i64,
) -> Result<i64> {
    let sql = filter.apply(
        Sql::new("select count(*) as n from (select 1 from work_item w where "),
        queue,
        scope,
    );
    conn.count(sql.with(" limit ?) counted", [most.into()]))
        .await
}

/// One item the actor may see.
pub async fn find(conn: &mut Conn<'_>, scope: &Scope, id: WorkItemId) -> Result<WorkItem> {
    let sql = visible(Sql::new(SELECT).with("w.id = ?", [id.into()]), scope);
    match conn.first(sql).await? {
        Some(row) => of_row(&row),
        None => Err(Error::NotFound),
    }
}

/// Items about a report, on any queue, that the actor may see.
pub async fn of_subject(
    conn: &mut Conn<'_>,
    scope: &Scope,
    subject: ReportId,
) -> Result<Vec<WorkItem>> {
    let sql = visible(
        Sql::new(SELECT).with("w.subject = ?", [subject.into()]),
        scope,
    );
    let rows = conn
        .rows(sql.then(" order by w.received_at, w.id limit 100"))
        .await?;
    rows.iter().map(of_row).collect()
}

/// A lead with its open followers, lead first.
pub async fn thread(conn: &mut Conn<'_>, scope: &Scope, lead: WorkItemId) -> Result<Vec<WorkItem>> {
    let sql = Sql::new(SELECT).with(
        "(w.id = ? or (w.lead = ? and w.state <> 'closed'))",
        [lead.into(), lead.into()],
    );
    let sql =
        visible(sql, scope).then(" order by w.lead is not null, w.received_at, w.id limit 100");
    let rows = conn.rows(sql).await?;
    rows.iter().map(of_row).collect()
}

/// Takes an item, or gives it to somebody. `seen` is the version the person saw.
pub async fn allocate(
    tx: &mut Tx<'_>,
    id: WorkItemId,
    seen: i64,
    to: ActorId,
    to_name: &str,
) -> Result<()> {
    let now = tx.now();
    let sql = Sql::new("update work_item set state = 'taken', ")
        .with(
            "assignee = ?, assignee_name = ?, taken_at = ?",
            [to.into(), to_name.into(), now.into()],
        )
        .with(
            ", version = version + 1 where id = ? and version = ? and state <> 'closed'",
            [id.into(), seen.into()],
        );
    changed_one(tx, sql).await
}

/// Puts a taken item back on its queue.
pub async fn release(tx: &mut Tx<'_>, id: WorkItemId, seen: i64) -> Result<()> {
    let sql = Sql::new(
        "update work_item set state = 'open', assignee = null, assignee_name = null, \
         taken_at = null, version = version + 1 where ",
    )
    .with(
        "id = ? and version = ? and state = 'taken'",
        [id.into(), seen.into()],
    );
    changed_one(tx, sql).await
}

/// Moves the time an item is due, for example to an agreed call-back.
pub async fn reschedule(tx: &mut Tx<'_>, id: WorkItemId, seen: i64, due: Timestamp) -> Result<()> {
    let sql = Sql::new("update work_item set ").with(
        "due_at = ?, version = version + 1 where id = ? and version = ? and state <> 'closed'",
        [due.into(), id.into(), seen.into()],
    );
    changed_one(tx, sql).await
}

/// Closes an item with its outcome. Followers go on under a new lead.
pub async fn close(tx: &mut Tx<'_>, id: WorkItemId, seen: i64, outcome: &str) -> Result<()> {
    let now = tx.now();
    let sql = Sql::new("update work_item set state = 'closed', ").with(
        "closed_at = ?, outcome = ?, version = version + 1 \
         where id = ? and version = ? and state <> 'closed'",
        [now.into(), outcome.into(), id.into(), seen.into()],
    );
    changed_one(tx, sql).await?;
    promote(tx, id).await
}

async fn promote(tx: &mut Tx<'_>, closed: WorkItemId) -> Result<()> {
    let next = Sql::new("select id from work_item where ")
        .with("lead = ? and state <> 'closed'", [closed.into()])
        .then(" order by priority, due_at, id limit 1");
    let Some(row) = tx.first(next).await? else {
        return Ok(());
    };
    let next: WorkItemId = row.get("id")?;
    let lead = Sql::new("update work_item set lead = null, version = version + 1 where ")
        .with("id = ?", [next.into()]);
    tx.run(lead).await?;
    let rest = Sql::new("update work_item set ").with(
        "lead = ? where lead = ? and state <> 'closed'",
        [next.into(), closed.into()],
    );
    tx.run(rest).await.map(drop)
}

/// Writes the network into the items of reports whose network changed.
pub async fn set_network(
    conn: &mut Conn<'_>,
    subjects: &[ReportId],
    network: Option<NetworkId>,
) -> Result<()> {
    for part in subjects.chunks(512) {
        let sql = Sql::new("update work_item set ")
            .with("network = ? where", [network.into()])
            .within(" subject in", part.iter().map(|s| (*s).into()));
        conn.run(sql).await?;
    }
    Ok(())
}

async fn changed_one(tx: &mut Tx<'_>, sql: Sql) -> Result<()> {
    match tx.run(sql).await? {
        1 => Ok(()),
        _ => Err(Error::Conflict),
    }
}
