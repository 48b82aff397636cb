//! Other reports of the same person, as far as somebody may see them.

use std::collections::HashMap;

use record::access::Scope;
use record::ids::{PersonId, ReportId, WorkItemId};
use record::time::Timestamp;
use store::{Conn, Error, Result, Sql};

use crate::victim_care::QUEUE;
use crate::victim_care::duty::Line;
use crate::victim_care::schema::HANDED_OVER;
use crate::victim_ledger::open_to;

/// Most earlier reports read of one person.
const MOST: i64 = 50;

/// Another report of the same person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    pub report: ReportId,
    /// The item its duty was worked by; none for a report that brought no duty.
    pub item: Option<WorkItemId>,
    pub reference: String,
    pub title: String,
    pub code: String,
    pub received_at: Timestamp,
    pub line: Line,
    pub ended_at: Option<Timestamp>,
}

/// Reports of a person besides these, latest received first.
pub async fn earlier(
    conn: &mut Conn<'_>,
    scope: &Scope,
    person: Option<PersonId>,
    besides: &[ReportId],
) -> Result<Vec<Earlier>> {
    let Some(person) = person else {
        return Ok(Vec::new());
    };
    let sql = Sql::new(
        "select r.id, r.reference, r.title, r.code, r.received_at, d.line, d.ended_at, w.id as item \
         from shared_report r left join protect_duty d on d.report = r.id \
         left join work_item w on w.subject = r.id and ",
    )
    .with(
        "w.queue = ? and (w.outcome is null or w.outcome <> ?) where r.person = ?",
        [QUEUE.into(), HANDED_OVER.into(), person.into()],
    );
    let sql = open_to(sql, scope).with(
        " order by r.received_at desc, r.id desc limit ?",
        [MOST.into()],
    );
    let mut all = Vec::new();
    for row in conn.rows(sql).await? {
        let report: ReportId = row.get("id")?;
        if besides.contains(&report) {
            continue;
        }
        let line: Option<String> = row.get("line")?;
        let line = line.map_or(Ok(Line::Awaiting), |name| {
            Line::parse(&name)
                .ok_or_else(|| Error::invalid(format!("{name:?} is no state of a duty")))
        })?;
        all.push(Earlier {
            report,
            item: row.get("item")?,
            reference: row.get("reference")?,
            title: row.get("title")?,
            code: row.get("code")?,
            received_at: row.get("received_at")?,
            line,
            ended_at: row.get("ended_at")?,
        });
    }
    Ok(all)
}

/// How many reports each of these people made, as far as somebody may see them.
pub async fn counts(
    conn: &mut Conn<'_>,
    scope: &Scope,
    people: &[PersonId],
) -> Result<HashMap<PersonId, i64>> {
    let mut counts = HashMap::new();
    for part in people.chunks(512) {
        let sql = Sql::new("select r.person, count(*) as n from shared_report r where")
            .within(" r.person in", part.iter().map(|p| (*p).into()));
        let sql = open_to(sql, scope).then(" group by r.person");
        for row in conn.rows(sql).await? {
            counts.insert(row.get("person")?, row.get("n")?);
        }
    }
    Ok(counts)
}
