//! A request that becomes another record: read by whoever takes it on, and closed in the same write.

use std::collections::BTreeMap;

use record::access::{Actor, Resource};
use record::ids::SubmissionId;
use record::marking::Marking;
use record::submission::SubmissionKind;
use record::time::Timestamp;
use store::{Error as StoreError, Result as Stored, Sql, Tx};
use web::{App, Error};

use super::page::{ask, kind_of, sees_young};
use super::policy::HANDED_OVER;
use super::{CLOSE, VIEW};

/// A request, as it was sent.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub id: SubmissionId,
    pub kind: SubmissionKind,
    pub received_at: Timestamp,
    pub closed: bool,
    fields: BTreeMap<String, String>,
}

impl Request {
    /// What the sender wrote, or nothing. Untrusted text.
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    pub fn href(&self) -> String {
        format!("/public-requests/{}", self.id)
    }
}

/// Opens a request for somebody who may both see and close it: a consultation.
pub(crate) async fn open(app: &App, actor: &Actor, id: &str) -> Result<Request, Error> {
    let id: SubmissionId = id.parse().map_err(|_| Error::NotFound)?;
    let of = Resource::of("request", id.to_string())
        .marked(Marking::OfficialSensitive, None)
        .of_unit(actor.unit.clone());
    ask(app, actor, &CLOSE, &of).await?;
    let grant = ask(app, actor, &VIEW, &of).await?;
    let mut reader = app.store().read(&grant).await?;
    let sql = Sql::new("select * from protect_request where ").with("id = ?", [id.into()]);
    let row = reader.first(sql).await?.ok_or(Error::NotFound)?;
    drop(reader);
    let kind = kind_of(&row)?;
    if kind == SubmissionKind::YoungPerson && !sees_young(actor) {
        return Err(Error::NotFound);
    }
    Ok(Request {
        id,
        kind,
        received_at: row.get("received_at")?,
        closed: row.get::<Option<Timestamp>>("closed_at")?.is_some(),
        fields: row.json("fields")?,
    })
}

/// Closes a request in the write that makes another record of it. Somebody faster is a conflict.
pub(crate) async fn close_in(tx: &mut Tx<'_>, id: SubmissionId, note: &str) -> Stored<()> {
    let (by, name) = (tx.grant().actor(), tx.grant().actor_name().to_owned());
    let sql = Sql::new("update protect_request set ").with(
        "closed_at = ?, closed_by = ?, closed_by_name = ?, outcome = ?, note = ? \
         where id = ? and closed_at is null",
        [
            tx.now().into(),
            by.into(),
            name.into(),
            HANDED_OVER.into(),
            note.into(),
            id.into(),
        ],
    );
    if tx.run(sql).await? == 0 {
        return Err(StoreError::Conflict);
    }
    tx.enter(store::Entry {
        kind: "request",
        id: id.to_string(),
        detail: serde_json::json!({ "outcome": HANDED_OVER }).to_string(),
        ..store::Entry::default()
    });
    Ok(())
}
