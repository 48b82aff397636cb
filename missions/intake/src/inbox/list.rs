//! Reading the queue: one page of it, the counts beside it, the networks in it.

use std::collections::HashMap;

use record::access::Actor;
use record::ids::{NetworkId, ReportId};
use record::time::Timestamp;
use record::work::{WorkItem, WorkState};
use store::work::{self, Filter};
use store::{Conn, MatchText, Result, Sql};

use super::query::{Query, View};
use crate::queues::TRIAGE;

/// Rows of a page.
pub const PAGE: usize = 50;
/// Counting stops here: a number beside a tab never costs a scan of the queue.
pub const COUNTED: i64 = 1_000;
/// Reports a search brings at most.
pub const FOUND: usize = 500;

/// A network as a badge shows it.
#[derive(Debug, Clone)]
pub struct Network {
    pub id: NetworkId,
    pub name: String,
    pub reports: u64,
}

/// A page of the queue.
pub struct Listed {
    pub items: Vec<WorkItem>,
    pub next: Option<work::Cursor>,
    pub networks: HashMap<NetworkId, Network>,
    /// Whether the search found more than it brings.
    pub cut: bool,
}

/// How many are waiting.
pub struct Counts {
    /// In the order of [`View::ALL`].
    pub views: [u64; 4],
    pub overdue: u64,
    /// Due within the hour, and not overdue.
    pub soon: u64,
}

/// Reads what the query asks for, as far as the actor may see it.
pub async fn read(
    conn: &mut Conn<'_>,
    actor: &Actor,
    now: Timestamp,
    query: &Query,
    limit: usize,
) -> Result<Listed> {
    let scope = actor.scope();
    let subjects = search(conn, query).await?;
    let cut = subjects.as_ref().is_some_and(|s| s.len() >= FOUND);
    let filter = query.filter(actor.id, now, subjects);
    let after = query.after.as_ref();
    let page = work::list(conn, TRIAGE, &scope, &filter, query.order(), after, limit).await?;
    let networks = networks(conn, &page.items).await?;
    Ok(Listed {
        items: page.items,
        next: page.next,
        networks,
        cut,
    })
}

/// Newest reports on this queue that hold all the words; none when nothing is searched for.
async fn search(conn: &mut Conn<'_>, query: &Query) -> Result<Option<Vec<ReportId>>> {
    if query.words.is_empty() {
        return Ok(None);
    }
    let index = MatchText {
        index: "intake_report_fts",
        seq: "r.seq",
        vector: "f.vector",
    };
    let sql = Sql::new(
        "select r.id from intake_report r join intake_report_fts f on f.rowid = r.seq where ",
    );
    let sql = conn.matching(sql, &index, &query.words);
    let sql = sql
        .with(
            " and exists (select 1 from work_item w where w.subject = r.id and w.queue = ?",
            [TRIAGE.into()],
        )
        .within(
            " and w.state in",
            query.states().into_iter().map(store::Value::from),
        )
        .then(") order by r.seq desc");
    let most = i64::try_from(FOUND).unwrap_or(i64::MAX);
    let rows = conn.rows(sql.with(" limit ?", [most.into()])).await?;
    let found = rows.iter().map(|r| r.get("id")).collect::<Result<_>>()?;
    Ok(Some(found))
}

async fn networks(conn: &mut Conn<'_>, items: &[WorkItem]) -> Result<HashMap<NetworkId, Network>> {
    let mut ids: Vec<NetworkId> = items.iter().filter_map(|i| i.network).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = Sql::new("select id, name, reports from intake_network where")
        .within(" id in", ids.into_iter().map(store::Value::from));
    conn.rows(sql)
        .await?
        .iter()
        .map(|row| {
            let id: NetworkId = row.get("id")?;
            let network = Network {
                id,
                name: row.get("name")?,
                reports: row.get::<i64>("reports")?.max(0).unsigned_abs(),
            };
            Ok((id, network))
        })
        .collect()
}

/// Counts of the views and of what presses.
pub async fn counts(conn: &mut Conn<'_>, actor: &Actor, now: Timestamp) -> Result<Counts> {
    let scope = actor.scope();
    let mut views = [0; 4];
    for (view, n) in View::ALL.into_iter().zip(&mut views) {
        let query = Query {
            view,
            ..Query::default()
        };
        let filter = query.filter(actor.id, now, None);
        *n = work::count(conn, TRIAGE, &scope, &filter, COUNTED).await?;
    }
    let mut due_before = async |time: Timestamp| {
        let filter = Filter {
            states: vec![WorkState::Open, WorkState::Taken],
            due_before: Some(time),
            ..Filter::default()
        };
        work::count(conn, TRIAGE, &scope, &filter, COUNTED).await
    };
    let overdue = due_before(now).await?;
    let soon = due_before(now.plus_minutes(60)).await? - overdue;
    Ok(Counts {
        views: views.map(|n: i64| n.max(0).unsigned_abs()),
        overdue: overdue.max(0).unsigned_abs(),
        soon: soon.max(0).unsigned_abs(),
    })
}
