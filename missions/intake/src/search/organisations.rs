//! Organisations on record, by the beginning of their name in normal form. Their mission publishes them as
//! the view `shared_organisation`.

use record::access::Scope;
use record::ids::RecordId;
use record::organisation::name_key;
use store::{Conn, Result, Row, Sql};

use super::find::{Asked, Found, Hit, Kind};
use crate::reports::visible::visible;

/// Finds organisations that the actor may see.
pub async fn organisations(conn: &mut Conn<'_>, scope: &Scope, asked: &Asked<'_>) -> Result<Found> {
    let key = name_key(asked.words);
    if key.is_empty() {
        return Ok(Found::default());
    }
    let end = format!("{key}\u{10FFFF}");
    let mut sql = Sql::new(
        "select r.id, r.name, r.name_key, r.postcode, r.district from shared_organisation r where ",
    )
    .with(
        "r.name_key >= ? and r.name_key < ?",
        [key.into(), end.into()],
    );
    let after = asked.after.and_then(|text| {
        let (id, name) = text.split_once('.')?;
        Some((id.parse::<RecordId>().ok()?, name.to_owned()))
    });
    if let Some((id, name)) = after {
        sql = sql.with(" and (r.name_key, r.id) > (?, ?)", [name.into(), id.into()]);
    }
    let most = i64::try_from(asked.most + 1).unwrap_or(i64::MAX);
    let sql = visible(sql, scope).with(" order by r.name_key, r.id limit ?", [most.into()]);
    let rows = conn.rows(sql).await?;
    let hits = rows.iter().take(asked.most).map(hit);
    let hits = hits.collect::<Result<Vec<_>>>()?;
    let next = match rows.get(asked.most.saturating_sub(1)) {
        Some(last) if rows.len() > asked.most => {
            let id: RecordId = last.get("id")?;
            Some(format!("{id}.{}", last.get::<String>("name_key")?))
        }
        _ => None,
    };
    Ok(Found { hits, next })
}

fn hit(row: &Row) -> Result<Hit> {
    let id: RecordId = row.get("id")?;
    let place: Option<String> = row.get("postcode")?;
    let district: String = row.get("district")?;
    let parts = [place.unwrap_or_default(), district];
    let known: Vec<String> = parts.into_iter().filter(|p| !p.is_empty()).collect();
    Ok(Hit {
        kind: Kind::Organisation,
        id: id.to_string(),
        title: row.get("name")?,
        label: "Organisation".to_owned(),
        text: known.join(", "),
        href: format!("/organisations/{id}"),
    })
}
