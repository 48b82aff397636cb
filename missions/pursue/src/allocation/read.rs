//! Reading the queue, the reasons behind an item, and what was decided.

use std::collections::HashMap;

use record::access::Actor;
use record::ids::{NetworkId, ReportId, WorkItemId};
use record::report::Report;
use record::work::{Reason, WorkItem, WorkState};
use serde::Deserialize;
use store::work::{self, Cursor, Filter, Order};
use store::{Conn, Result, Sql, Value};
use web::App;

use super::{DECIDE, Decided, FIND, QUEUE, permit, queue};
use crate::allocation::AllocationDecision;

/// Rows of a page.
pub const PAGE: usize = 50;
/// Exceptions shown at most, newest first.
const EXCEPTIONS: i64 = 500;

/// The views of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum View {
    #[default]
    Waiting,
    Decided,
    /// Crimes of the highest band that were not accepted.
    Exceptions,
}

impl View {
    pub const ALL: [View; 3] = [View::Waiting, View::Decided, View::Exceptions];

    pub const fn name(self) -> &'static str {
        match self {
            View::Waiting => "waiting",
            View::Decided => "decided",
            View::Exceptions => "exceptions",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            View::Waiting => "Waiting",
            View::Decided => "Decided",
            View::Exceptions => "Exceptions",
        }
    }
}

/// What the list is asked for.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Query {
    #[serde(default)]
    pub view: Option<String>,
    #[serde(default)]
    pub sort: Option<String>,
    #[serde(default)]
    pub after: Option<String>,
}

impl Query {
    pub fn view(&self) -> View {
        let named = |v: &View| Some(v.name()) == self.view.as_deref();
        View::ALL.into_iter().find(named).unwrap_or_default()
    }

    pub fn by_severity(&self) -> bool {
        self.sort.as_deref() == Some("severity") && self.view() == View::Waiting
    }

    fn order(&self) -> Order {
        match self.view() {
            View::Waiting if self.by_severity() => Order::Priority,
            View::Waiting => Order::Due,
            View::Decided | View::Exceptions => Order::Closed,
        }
    }

    pub fn href(&self, after: Option<&Cursor>) -> String {
        let mut href = format!("/allocation?view={}", self.view().name());
        if self.by_severity() {
            href.push_str("&sort=severity");
        }
        if let Some(after) = after {
            href.push_str("&after=");
            href.push_str(after.as_str());
        }
        href
    }
}

/// A page of the list.
pub struct Listed {
    pub items: Vec<WorkItem>,
    pub next: Option<Cursor>,
    /// Name and number of reports of the networks on the page.
    pub networks: HashMap<NetworkId, (String, u64)>,
    pub decided: HashMap<WorkItemId, Decided>,
}

/// Reads a page, as far as the actor may see it.
pub async fn list(conn: &mut Conn<'_>, actor: &Actor, query: &Query) -> Result<Listed> {
    let view = query.view();
    let mut filter = filter(view);
    if view == View::Exceptions {
        filter.subjects = Some(exceptions(conn).await?);
    }
    let after = query.after.as_deref().and_then(Cursor::parse);
    let scope = actor.scope();
    let name = QUEUE.name;
    let page = work::list(
        conn,
        name,
        &scope,
        &filter,
        query.order(),
        after.as_ref(),
        PAGE,
    )
    .await?;
    let networks = networks(conn, &page.items).await?;
    let decided = decided(conn, &page.items).await?;
    Ok(Listed {
        items: page.items,
        next: page.next,
        networks,
        decided,
    })
}

/// How many wait, counted up to `most`.
pub async fn waiting(conn: &mut Conn<'_>, actor: &Actor, most: i64) -> Result<i64> {
    let filter = filter(View::Waiting);
    work::count(conn, QUEUE.name, &actor.scope(), &filter, most).await
}

fn filter(view: View) -> Filter {
    Filter {
        states: match view {
            View::Waiting => vec![WorkState::Open, WorkState::Taken],
            View::Decided | View::Exceptions => vec![WorkState::Closed],
        },
        ..Filter::default()
    }
}

async fn exceptions(conn: &mut Conn<'_>) -> Result<Vec<ReportId>> {
    let sql = Sql::new("select report from pursue_allocation where exception = 1 ")
        .with("order by at desc, id desc limit ?", [EXCEPTIONS.into()]);
    conn.rows(sql)
        .await?
        .iter()
        .map(|r| r.get("report"))
        .collect()
}

async fn networks(
    conn: &mut Conn<'_>,
    items: &[WorkItem],
) -> Result<HashMap<NetworkId, (String, u64)>> {
    let ids: Vec<Value> = items
        .iter()
        .filter_map(|i| i.network)
        .map(Value::from)
        .collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = Sql::new("select id, name, reports from shared_network where").within(" id in", ids);
    conn.rows(sql)
        .await?
        .iter()
        .map(|row| {
            let reports = row.get::<i64>("reports")?.max(0).unsigned_abs();
            Ok((row.get("id")?, (row.get("name")?, reports)))
        })
        .collect()
}

async fn decided(conn: &mut Conn<'_>, items: &[WorkItem]) -> Result<HashMap<WorkItemId, Decided>> {
    let closed = items.iter().filter(|i| i.state == WorkState::Closed);
    let ids: Vec<Value> = closed.map(|i| i.id.into()).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = Sql::new(
        "select item, at, author_name, verdict, unit, exception, reason \
         from pursue_allocation where",
    )
    .within(" item in", ids);
    conn.rows(sql)
        .await?
        .iter()
        .map(|row| {
            let decided = Decided {
                at: row.get("at")?,
                by: row.get("author_name")?,
                verdict: row.get("verdict")?,
                unit: row.get("unit")?,
                exception: row.get("exception")?,
                reason: row.get("reason")?,
            };
            Ok((row.get("item")?, decided))
        })
        .collect()
}

/// The parts of triage's proposal that matter here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Proposal {
    pub acceptance_points: i64,
    pub acceptance_band: String,
    pub acceptance: Vec<Group>,
    pub must_accept: Vec<String>,
    pub must_refer: Vec<String>,
    pub solvability: Score,
    pub vulnerability: Score,
    pub severity_reason: String,
}

/// One of the groups of acceptance.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Group {
    pub id: String,
    pub points: i64,
    pub reasons: Vec<Reason>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Score {
    pub points: i64,
    pub band: String,
}

/// A crime as it is being decided.
pub struct Case {
    pub item: WorkItem,
    pub proposal: Proposal,
    pub narrative: String,
    /// Who triaged it and, where they overrode the proposal, why.
    pub triaged: Option<(String, String)>,
    pub decided: Option<Decided>,
}

/// One item of this queue the actor may see.
pub async fn item(app: &App, actor: &Actor, id: &str) -> web::Result<WorkItem> {
    let id: WorkItemId = id.parse().map_err(|_| web::Error::NotFound)?;
    let grant = permit(app, actor, &FIND, &queue(), "").await?;
    let mut reader = app.store().read(&grant).await?;
    let found = work::find(&mut reader.conn(), &actor.scope(), id).await?;
    if found.queue == QUEUE.name {
        Ok(found)
    } else {
        Err(web::Error::NotFound)
    }
}

/// Opens one crime with what led to it.
pub async fn case(app: &App, actor: &Actor, id: &str) -> web::Result<Case> {
    let item = item(app, actor, id).await?;
    let thing = work::resource(&item);
    let grant = permit(app, actor, &super::CONSIDER, &thing, "").await?;
    let mut reader = app.store().read(&grant).await?;
    let of_report = |text| Sql::new(text).with("report = ?", [item.subject.into()]);
    let proposal = match reader
        .first(of_report("select proposal from shared_triage where "))
        .await?
    {
        Some(row) => row.json("proposal")?,
        None => Proposal::default(),
    };
    let triaged = of_report("select author_name, reason from shared_decision where ")
        .then(" order by at desc limit 1");
    let triaged = match reader.first(triaged).await? {
        Some(row) => Some((row.get("author_name")?, row.get("reason")?)),
        None => None,
    };
    let content =
        Sql::new("select content from shared_report where ").with("id = ?", [item.subject.into()]);
    let row = reader.first(content).await?.ok_or(web::Error::NotFound)?;
    let report: Report = row.json("content")?;
    let mut decided = decided(&mut reader.conn(), std::slice::from_ref(&item)).await?;
    Ok(Case {
        decided: decided.remove(&item.id),
        narrative: report.narrative,
        item,
        proposal,
        triaged,
    })
}

/// Keeps a decision; the same for page and API.
pub async fn keep(
    app: &App,
    actor: &Actor,
    item: &WorkItem,
    version: i64,
    decision: AllocationDecision,
) -> web::Result<()> {
    let thing = work::resource(item);
    let grant = permit(app, actor, &DECIDE, &thing, decision.reason.trim()).await?;
    let seen = item.clone();
    let outcome = app.store().write(&grant, move |tx| {
        Box::pin(async move { super::allocate(tx, &seen, version, decision).await })
    });
    match outcome.await {
        Err(store::Error::Conflict) => Err(conflict(app, actor, item).await?),
        other => Ok(other?),
    }
}

/// Who was first, and where to look.
async fn conflict(app: &App, actor: &Actor, item: &WorkItem) -> web::Result<web::Error> {
    let grant = permit(app, actor, &FIND, &queue(), "").await?;
    let mut reader = app.store().read(&grant).await?;
    let now = work::find(&mut reader.conn(), &actor.scope(), item.id).await?;
    let reference = &now.summary.reference;
    let decided = decided(&mut reader.conn(), std::slice::from_ref(&now)).await?;
    let what = decided.get(&now.id).map_or_else(
        || format!("{reference} was changed while you decided"),
        |d| format!("{} decided {reference} at {}", d.by, d.at.show()),
    );
    Ok(web::Error::Conflict {
        what,
        href: format!("/allocation/{}", item.id),
    })
}
