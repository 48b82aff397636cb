//! Entries with their place in the signed tree, for whoever recomputes something from the ledger alone.

use crate::Result;
use crate::entries::EntryRow;
use crate::sequencer::to_u64;
use crate::sql::{Conn, Sql};
use crate::value::Row;

/// An entry and its position in the tree; none while it waits to be folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    pub entry: EntryRow,
    pub position: Option<u64>,
}

impl Placed {
    /// Whether a checkpoint over so many entries covers this one.
    pub fn is_below(&self, size: u64) -> bool {
        self.position.is_some_and(|p| p < size)
    }
}

const SELECT: &str = "select p.position, e.seq, e.at, e.actor, e.actor_name, e.act, e.kind, \
    e.resource_kind, e.resource_id, e.purpose, e.reason, e.decided_by, e.refused, e.content, \
    e.detail from ledger_entry e left join ledger_position p on p.entry = e.seq where ";

fn of_row(row: &Row) -> Result<Placed> {
    let position: Option<i64> = row.get("position")?;
    Ok(Placed {
        entry: EntryRow::of_row(row)?,
        position: position.map(to_u64),
    })
}

/// Entries about one kind of record, in the order of the records' identifiers, at most `most`, those
/// after `after` (identifier and sequence number of the last one of the page before).
pub async fn entries_of_kind(
    conn: &mut Conn<'_>,
    kind: &str,
    after: Option<(&str, i64)>,
    most: i64,
) -> Result<Vec<Placed>> {
    let (id, seq) = after.unwrap_or(("", i64::MIN));
    let sql = Sql::new(SELECT).with(
        "e.resource_kind = ? and (e.resource_id, e.seq) > (?, ?) \
         order by e.resource_id, e.seq limit ?",
        [kind.into(), id.into(), seq.into(), most.into()],
    );
    conn.rows(sql).await?.iter().map(of_row).collect()
}

/// Entries that commit to the content of these records: what was entered when each came in.
pub async fn entries_of_content(
    conn: &mut Conn<'_>,
    kind: &str,
    ids: &[String],
) -> Result<Vec<Placed>> {
    let mut found = Vec::with_capacity(ids.len());
    for part in ids.chunks(512) {
        let sql = Sql::new(SELECT)
            .with("e.resource_kind = ? and e.content <> '' and", [kind.into()])
            .within(
                " e.resource_id in",
                part.iter().map(|id| id.as_str().into()),
            );
        for row in conn.rows(sql).await? {
            found.push(of_row(&row)?);
        }
    }
    Ok(found)
}

/// The latest signed checkpoint, read in the same snapshot as the entries it is used with.
pub async fn latest_checkpoint(conn: &mut Conn<'_>) -> Result<Option<String>> {
    let row = conn
        .first("select note from ledger_checkpoint order by size desc limit 1")
        .await?;
    row.map(|r| r.get("note")).transpose()
}

/// The checkpoint that was signed over exactly so many entries.
pub async fn checkpoint_of(conn: &mut Conn<'_>, size: u64) -> Result<Option<String>> {
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    let sql = Sql::new("select note from ledger_checkpoint where ").with("size = ?", [size.into()]);
    let row = conn.first(sql).await?;
    row.map(|r| r.get("note")).transpose()
}
