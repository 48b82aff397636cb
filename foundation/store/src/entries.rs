//! Ledger entries: what was done, by whom, to what, why. Written only inside the doors.

use record::access::{ActKind, Grant};
use record::ids::ActorId;
use record::time::Timestamp;

use crate::Result;
use crate::open::Reader;
use crate::sql::{Conn, OnConflict, Sql};
use crate::value::{Row, Value};

/// Something an act touched besides its own resource, noted while it was done.
#[derive(Debug, Clone, Default)]
pub struct Entry {
    /// Noun, for example `report`.
    pub kind: &'static str,
    pub id: String,
    /// SHA-256 of the content committed to, in hex; empty when the entry commits to none.
    pub content: String,
    /// Short facts in JSON: fields changed, counts. Never copies of text (s.62 guidance).
    pub detail: String,
}

/// What a list or a search put on the screen, for its consultation entry.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    pub kind: &'static str,
    /// Query parameters, in words.
    pub query: String,
    /// Identifiers displayed.
    pub ids: Vec<String>,
}

/// An entry as stored, and as hashed into the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRow {
    pub seq: i64,
    pub at: Timestamp,
    pub actor: ActorId,
    pub actor_name: String,
    pub act: String,
    pub kind: String,
    pub resource_kind: String,
    pub resource_id: String,
    pub purpose: String,
    pub reason: String,
    pub decided_by: String,
    pub refused: bool,
    pub content: String,
    pub detail: String,
}

/// Which entries about a record are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// What was done to it.
    Changes,
    /// Who opened it.
    Consultations,
}

/// Entries about one record, latest first, at most `most`.
pub async fn entries_about(
    conn: &mut Conn<'_>,
    about: About,
    kind: &str,
    id: &str,
    most: i64,
) -> Result<Vec<EntryRow>> {
    let sql = Sql::new(
        "select seq, at, actor, actor_name, act, kind, resource_kind, resource_id, purpose, \
         reason, decided_by, refused, content, detail from ledger_entry where ",
    )
    .with(
        "resource_kind = ? and resource_id = ? and kind",
        [kind.into(), id.into()],
    )
    .then(match about {
        About::Changes => " <> 'consultation'",
        About::Consultations => " = 'consultation'",
    })
    .with(" order by seq desc limit ?", [most.into()]);
    conn.rows(sql).await?.iter().map(EntryRow::of_row).collect()
}

pub(crate) const COLUMNS: &[&str] = &[
    "at",
    "actor",
    "actor_name",
    "act",
    "kind",
    "resource_kind",
    "resource_id",
    "purpose",
    "reason",
    "decided_by",
    "refused",
    "content",
    "detail",
];

impl EntryRow {
    pub(crate) fn of_row(row: &Row) -> Result<EntryRow> {
        Ok(EntryRow {
            seq: row.get("seq")?,
            at: row.get("at")?,
            actor: row.get("actor")?,
            actor_name: row.get("actor_name")?,
            act: row.get("act")?,
            kind: row.get("kind")?,
            resource_kind: row.get("resource_kind")?,
            resource_id: row.get("resource_id")?,
            purpose: row.get("purpose")?,
            reason: row.get("reason")?,
            decided_by: row.get("decided_by")?,
            refused: row.get("refused")?,
            content: row.get("content")?,
            detail: row.get("detail")?,
        })
    }

    /// The bytes hashed as this entry's leaf: a JSON array of the fields in a fixed order. The
    /// first element names the format, so that a later format can never be mistaken for this one.
    pub fn leaf(&self) -> Vec<u8> {
        serde_json::to_vec(&serde_json::json!([
            "fourfold-entry-v1",
            self.at.micros(),
            self.actor.to_string(),
            self.actor_name,
            self.act,
            self.kind,
            self.resource_kind,
            self.resource_id,
            self.purpose,
            self.reason,
            self.decided_by,
            self.refused,
            self.content,
            self.detail,
        ]))
        // An array of strings, numbers and a boolean always serialises.
        .unwrap_or_default()
    }
}

/// The stored form of an entry for a grant.
pub(crate) fn values(grant: &Grant, at: Timestamp, entry: Option<&Entry>) -> Vec<Value> {
    let resource = grant.resource();
    let (kind, id, content, detail) = entry.map_or_else(
        || {
            (
                resource.kind,
                resource.id.clone(),
                String::new(),
                String::new(),
            )
        },
        |e| (e.kind, e.id.clone(), e.content.clone(), e.detail.clone()),
    );
    vec![
        at.into(),
        grant.actor().into(),
        grant.actor_name().into(),
        grant.act().name.into(),
        grant.act().kind.name().into(),
        kind.into(),
        id.into(),
        grant.purpose().into(),
        grant.reason().into(),
        grant.decided_by().join(" ").into(),
        grant.is_refusal().into(),
        content.into(),
        detail.into(),
    ]
}

/// Whether acts of this kind are entered at all.
pub(crate) fn is_logged(kind: ActKind) -> bool {
    kind != ActKind::Open
}

/// Which entries a list of the ledger shows. Empty shows all.
#[derive(Debug, Clone, Default)]
pub struct EntryFilter {
    pub actor: Option<ActorId>,
    pub act: Option<String>,
    /// Noun of the resource, for example `report`.
    pub resource_kind: Option<String>,
    pub resource_id: Option<String>,
    pub refused_only: bool,
    /// Only entries before this sequence number.
    pub before: Option<i64>,
}

/// A page of the ledger, newest first.
#[derive(Debug, Clone, Default)]
pub struct EntryPage {
    pub rows: Vec<EntryRow>,
    /// Where an earlier page begins, when there may be one.
    pub before: Option<i64>,
    /// Whether the search stopped before the page was full, because it had looked far enough back.
    pub stopped_early: bool,
}

/// How many entries one page looks through when no index answers its filter.
const FAR_ENOUGH: i64 = 200_000;

impl Reader {
    /// Entries by filter, newest first. A filter no index answers looks back over a bounded part of
    /// the ledger and says where to go on.
    pub async fn entries(&mut self, filter: &EntryFilter, limit: i64) -> Result<EntryPage> {
        let before = match filter.before {
            Some(before) => before,
            None => self.last_entry().await?.saturating_add(1),
        };
        let indexed = filter.actor.is_some()
            || (filter.resource_kind.is_some() && filter.resource_id.is_some())
            || (filter.act.is_none() && filter.resource_kind.is_none() && !filter.refused_only);
        let floor = if indexed {
            0
        } else {
            (before - FAR_ENOUGH).max(0)
        };
        let mut sql = Sql::new(
            "select seq, at, actor, actor_name, act, kind, resource_kind, resource_id, purpose, \
             reason, decided_by, refused, content, detail from ledger_entry where ",
        )
        .with("seq < ? and seq >= ?", [before.into(), floor.into()]);
        if let Some(actor) = filter.actor {
            sql = sql.with(" and actor = ?", [actor.into()]);
        }
        let texts = [
            (" and act = ?", &filter.act),
            (" and resource_kind = ?", &filter.resource_kind),
            (" and resource_id = ?", &filter.resource_id),
        ];
        for (condition, value) in texts {
            if let Some(value) = value {
                sql = sql.with(condition, [value.as_str().into()]);
            }
        }
        if filter.refused_only {
            sql = sql.then(" and refused = 1");
        }
        let sql = sql.with(" order by seq desc limit ?", [(limit + 1).into()]);
        let mut rows = self
            .rows(sql)
            .await?
            .iter()
            .map(EntryRow::of_row)
            .collect::<Result<Vec<EntryRow>>>()?;
        let full = i64::try_from(rows.len()).is_ok_and(|n| n > limit);
        if full {
            rows.pop();
            let before = rows.last().map(|r| r.seq);
            return Ok(EntryPage {
                rows,
                before,
                stopped_early: false,
            });
        }
        Ok(EntryPage {
            rows,
            before: (floor > 0).then_some(floor),
            stopped_early: floor > 0,
        })
    }

    /// The newest entry's sequence number; zero in an empty ledger.
    pub async fn last_entry(&mut self) -> Result<i64> {
        self.count("select coalesce(max(seq), 0) as n from ledger_entry")
            .await
    }

    /// Whether any record changed after an entry, other than by the act named. Consultations and
    /// sign-ins change none.
    pub async fn changed_since(&mut self, seq: i64, other_than: &str) -> Result<bool> {
        let sql = Sql::new("select seq from ledger_entry where ").with(
            "seq > ? and refused = 0 and act <> ? \
             and kind in ('collection', 'alteration', 'combination', 'erasure') limit 1",
            [seq.into(), other_than.into()],
        );
        Ok(self.first(sql).await?.is_some())
    }
}

pub(crate) async fn insert(conn: &mut Conn<'_>, rows: Vec<Vec<Value>>) -> Result<()> {
    conn.insert("ledger_entry", COLUMNS, rows, OnConflict::Fail)
        .await?;
    Ok(())
}
