//! Receipts as they are kept: one by one, and page by page, newest first.

use record::access::Actor;
use record::ids::ImportId;
use record::time::Timestamp;
use store::{Reader, Row, Shown, Sql};
use web::App;

use super::receipt::Receipt;
use super::{VIEW, allow, resource};
use crate::receive::Desk;

const SELECT: &str = "select id, source, file_name, digest, mapping, state, started_at, ended_at, \
    by_name, read_rows, accepted, duplicate, rejected, bytes_read, bytes_total, findings, problem, \
    raw from intake_import where ";

/// Receipts on one page.
pub(super) const A_PAGE: usize = 50;

/// A receipt and what is kept beside it.
pub(super) struct Held {
    pub receipt: Receipt,
    /// Whether the uploaded file is still there.
    pub has_raw: bool,
}

fn of_row(row: &Row) -> store::Result<Held> {
    Ok(Held {
        receipt: Receipt::of_row(row)?,
        has_raw: row.get::<Option<String>>("raw")?.is_some(),
    })
}

/// Whether the actor may see imports at all: they belong to the unit that receives reports.
fn in_scope(actor: &Actor, desk: &Desk) -> bool {
    actor.scope().unit.is_none_or(|unit| unit == desk.unit)
}

/// One import, with whether the same file was imported before.
pub(super) async fn find(db: &mut Reader, id: ImportId) -> store::Result<Held> {
    let sql = Sql::new(SELECT).with("id = ?", [id.into()]);
    let mut held = of_row(&db.first(sql).await?.ok_or(store::Error::NotFound)?)?;
    held.receipt.same_file_as = held.receipt.earlier(&mut db.conn()).await?;
    Ok(held)
}

/// One import for whoever may see it.
pub(super) async fn open(app: &App, actor: &Actor, id: ImportId) -> web::Result<Held> {
    let desk = app.policy::<Desk>()?;
    let grant = allow(app, actor, &VIEW, &resource(&desk, id), "").await?;
    if !in_scope(actor, &desk) {
        return Err(web::Error::NotFound);
    }
    let mut db = app.store().read(&grant).await?;
    Ok(find(&mut db, id).await?)
}

/// A page of receipts.
pub(super) struct Listed {
    pub receipts: Vec<Receipt>,
    pub next: Option<String>,
}

/// The page of receipts after a cursor, entered as shown before it is sent. A cursor that is none
/// starts at the top.
pub(super) async fn list(
    app: &App,
    actor: &Actor,
    after: Option<&str>,
    limit: usize,
) -> web::Result<Listed> {
    let desk = app.policy::<Desk>()?;
    let any = record::access::Resource::of("import", "").of_unit(actor.unit.clone());
    let grant = allow(app, actor, &VIEW, &any, "").await?;
    let mut db = app.store().read_to_show(&grant).await?;
    let limit = limit.clamp(1, 200);
    let mut sql = Sql::new(SELECT).then(if in_scope(actor, &desk) {
        "1 = 1"
    } else {
        "1 = 0"
    });
    let cursor = after.and_then(parse_cursor);
    if let Some((at, id)) = cursor {
        sql = sql.with(" and (started_at, id) < (?, ?)", [at.into(), id.into()]);
    }
    let most = i64::try_from(limit + 1).unwrap_or(201);
    let sql = sql.with(" order by started_at desc, id desc limit ?", [most.into()]);
    let rows = db.rows(sql).await?;
    let mut receipts = rows
        .iter()
        .map(|row| of_row(row).map(|h| h.receipt))
        .collect::<store::Result<Vec<_>>>()?;
    let more = receipts.len() > limit;
    receipts.truncate(limit);
    let next = receipts
        .last()
        .filter(|_| more)
        .map(|last| format!("{}.{}", last.started_at.micros(), last.id.uuid().simple()));
    db.shown(Shown {
        kind: "import",
        query: cursor.map_or_else(|| "newest".to_owned(), |(at, _)| format!("before {at}")),
        ids: receipts.iter().map(|r| r.id.to_string()).collect(),
    })
    .await?;
    Ok(Listed { receipts, next })
}

fn parse_cursor(text: &str) -> Option<(Timestamp, ImportId)> {
    let (at, id) = text.split_once('.')?;
    Some((Timestamp::from_micros(at.parse().ok()?), id.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_that_is_none_is_passed_over() {
        for text in ["", "x", "1.", "1.x", "x.00000000000000000000000000000000"] {
            assert!(parse_cursor(text).is_none(), "{text}");
        }
        assert!(parse_cursor("17.00000000000000000000000000000000").is_some());
    }
}
