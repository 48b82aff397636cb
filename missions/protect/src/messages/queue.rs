//! A message is put where the job finds it, once.

use record::access::Actor;
use record::ids::RecordId;
use record::work::WorkItem;
use sha2::{Digest as _, Sha256};
use store::{Entry, Error as StoreError, OnConflict, Sql, Tx, Value, work};
use web::{App, Error};

use super::SEND;
use super::policy::Template;
use super::state::State;
use crate::victim_care::{self, Sheet};

/// A message as its writer saw it in the preview.
pub struct NewMessage {
    pub address: String,
    pub template: Template,
    pub subject: String,
    pub body: String,
    /// Digest of the policy its text came from.
    pub policy: String,
    /// How many messages to this victim its writer had seen.
    pub seen: i64,
}

const COLUMNS: &[&str] = &[
    "id",
    "item",
    "reference",
    "name",
    "address",
    "template",
    "template_version",
    "subject",
    "body",
    "state",
    "created_at",
    "created_by",
    "created_by_name",
    "next_at",
    "failed",
    "problem",
    "note",
    "unit",
    "marking",
    "compartment",
    "policy",
];

/// Queues a message. A form sent twice, or a message by somebody else in between, is a conflict.
pub async fn queue(
    app: &App,
    actor: &Actor,
    sheet: &Sheet,
    message: NewMessage,
) -> Result<RecordId, Error> {
    let item = sheet.item.clone();
    let grant = victim_care::permit(app, actor, &SEND, &work::resource(&item), "").await?;
    let (name, by) = (sheet.name.clone(), actor.clone());
    let href = format!("/victim-care/{}/message", item.id);
    let queued = app
        .store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                if held(tx, &item).await? != message.seen {
                    return Err(StoreError::Conflict);
                }
                let id = RecordId(tx.id());
                let row = row(tx, id, &item, &name, &by, &message);
                tx.insert("protect_message", COLUMNS, vec![row], OnConflict::Fail)
                    .await?;
                let (template, version) = (&message.template.id, message.template.version);
                tx.enter(Entry {
                    kind: "message",
                    id: id.to_string(),
                    content: hex::encode(Sha256::digest(&message.body)),
                    detail: serde_json::json!({ "template": template, "version": version })
                        .to_string(),
                });
                Ok(id)
            })
        })
        .await;
    match queued {
        Err(StoreError::Conflict) => Err(Error::Conflict {
            what: "A message was made for this victim in the meantime".to_owned(),
            href,
        }),
        other => Ok(other?),
    }
}

fn row(
    tx: &Tx<'_>,
    id: RecordId,
    item: &WorkItem,
    name: &str,
    by: &Actor,
    message: &NewMessage,
) -> Vec<Value> {
    vec![
        id.into(),
        item.id.into(),
        item.summary.reference.as_str().into(),
        name.into(),
        message.address.as_str().into(),
        message.template.id.as_str().into(),
        i64::from(message.template.version).into(),
        message.subject.as_str().into(),
        message.body.as_str().into(),
        State::Queued.name().into(),
        tx.now().into(),
        by.id.into(),
        by.name.as_str().into(),
        tx.now().into(),
        0.into(),
        "".into(),
        "".into(),
        item.unit.as_str().into(),
        item.marking.level().into(),
        item.compartment.as_deref().into(),
        message.policy.as_str().into(),
    ]
}

async fn held(tx: &mut Tx<'_>, item: &WorkItem) -> Result<i64, StoreError> {
    let sql = Sql::new("select count(*) as n from protect_message where ")
        .with("item = ?", [item.id.into()]);
    let row = tx.first(sql).await?;
    row.map_or(Ok(0), |r| r.get("n"))
}
