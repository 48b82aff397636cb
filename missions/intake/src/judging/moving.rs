//! Moves descriptions from one person to another, with everything that hangs on them.

use std::collections::BTreeMap;

use record::ids::{MentionId, PersonId, RecordId, ReportId};
use record::time::Timestamp;
use store::{Entry, Error, OnConflict, Result, Sql, Tx, Value, work};

use crate::receive::VICTIM;

pub(super) async fn new_person(
    tx: &mut Tx<'_>,
    from: PersonId,
    moved: &BTreeMap<MentionId, ReportId>,
) -> Result<PersonId> {
    let first = moved.keys().next().copied().ok_or(Error::NotFound)?;
    let sql =
        Sql::new("select kind, label from intake_mention where ").with("id = ?", [first.into()]);
    let row = tx.first(sql).await?.ok_or(Error::NotFound)?;
    let new = PersonId(tx.id());
    let now = tx.now();
    let row = vec![
        new.into(),
        row.get::<String>("kind")?.into(),
        row.get::<String>("label")?.into(),
        0i64.into(),
        now.into(),
        now.into(),
    ];
    let columns = &["id", "kind", "label", "reports", "first_at", "last_at"];
    tx.insert("intake_person", columns, vec![row], OnConflict::Fail)
        .await?;
    tx.enter(Entry {
        kind: "nominal",
        id: new.to_string(),
        content: String::new(),
        detail: serde_json::json!({ "split_from": from.to_string() }).to_string(),
    });
    Ok(new)
}

/// Moves descriptions, the reports whose victim they describe, and the work about them.
pub(super) async fn move_mentions(
    tx: &mut Tx<'_>,
    moved: &BTreeMap<MentionId, ReportId>,
    from: PersonId,
    to: PersonId,
) -> Result<()> {
    let ids: Vec<MentionId> = moved.keys().copied().collect();
    let mut as_victim = Vec::new();
    for part in ids.chunks(512) {
        let sql = Sql::new("update intake_mention set ")
            .with("person = ? where", [to.into()])
            .within(" id in", part.iter().map(|m| Value::from(*m)));
        tx.run(sql).await?;
        let sql = Sql::new("select report from intake_mention where ")
            .with("role = ? and", [VICTIM.into()])
            .within(" id in", part.iter().map(|m| Value::from(*m)));
        for row in tx.rows(sql).await? {
            as_victim.push(row.get::<ReportId>("report")?);
        }
    }
    for part in as_victim.chunks(512) {
        let sql = Sql::new("update intake_report set ")
            .with("person = ? where person = ? and", [to.into(), from.into()])
            .within(" id in", part.iter().map(|r| Value::from(*r)));
        tx.run(sql).await?;
    }
    work::move_about(tx, &as_victim, from, to).await
}

/// Counts a person's reports and days anew.
pub(super) async fn recount(tx: &mut Tx<'_>, person: PersonId) -> Result<()> {
    let sql = Sql::new(
        "select count(case when m.role = 'victim' then 1 end) as n, \
         min(r.received_at) as first_at, max(r.received_at) as last_at \
         from intake_mention m join intake_report r on r.id = m.report where ",
    )
    .with("m.person = ?", [person.into()]);
    let Some(row) = tx.first(sql).await? else {
        return Ok(());
    };
    let (n, first, last): (i64, Option<Timestamp>, Option<Timestamp>) =
        (row.get("n")?, row.get("first_at")?, row.get("last_at")?);
    let sql = Sql::new("update intake_person set ").with(
        "reports = ?, first_at = ?, last_at = ? where id = ?",
        [
            n.into(),
            first.unwrap_or_default().into(),
            last.unwrap_or_default().into(),
            person.into(),
        ],
    );
    tx.run(sql).await.map(drop)
}

pub(super) async fn event(
    tx: &mut Tx<'_>,
    person: PersonId,
    what: &str,
    other: PersonId,
    reason: &str,
) -> Result<()> {
    let row = vec![
        RecordId(tx.id()).into(),
        person.into(),
        tx.now().into(),
        what.into(),
        other.into(),
        tx.grant().actor_name().into(),
        reason.into(),
    ];
    let columns = &["id", "person", "at", "what", "other", "by_name", "reason"];
    tx.insert("intake_person_event", columns, vec![row], OnConflict::Fail)
        .await
        .map(drop)
}
