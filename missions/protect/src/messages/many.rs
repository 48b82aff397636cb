//! Many victims are written to in one write, by e-mail and by letter.

use record::ids::{RecordId, WorkItemId};
use sha2::{Digest as _, Sha256};
use store::{Entry, OnConflict, Result, Tx, Value};

use super::letters;
use super::state::State;

/// What many get waits until what one person writes has gone out.
const TURN: i64 = 1;

/// Whom a message is about, as its row keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Whose {
    /// The item that leads the conversation with the victim.
    pub item: WorkItemId,
    pub reference: String,
    pub name: String,
    pub unit: String,
    /// Level of the marking.
    pub marking: i64,
    pub compartment: Option<String>,
}

/// A text as one victim will read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    pub whose: Whose,
    /// E-mail or postal address.
    pub address: String,
    pub template: String,
    pub version: u32,
    pub language: String,
    pub subject: String,
    pub body: String,
}

const MESSAGE: &[&str] = &[
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
    "turn",
];

/// Queues these messages, each with its entry, and tells their ids in the same order.
pub(crate) async fn queue_many(
    tx: &mut Tx<'_>,
    policy: &str,
    all: Vec<Written>,
) -> Result<Vec<RecordId>> {
    let (by, by_name) = (tx.grant().actor(), tx.grant().actor_name().to_owned());
    let mut ids = Vec::with_capacity(all.len());
    let mut rows: Vec<Vec<Value>> = Vec::with_capacity(all.len());
    for one in all {
        let (id, now) = (RecordId(tx.id()), tx.now());
        ids.push(id);
        enter(tx, "message", id, &one);
        rows.push(vec![
            id.into(),
            one.whose.item.into(),
            one.whose.reference.into(),
            one.whose.name.into(),
            one.address.into(),
            one.template.into(),
            i64::from(one.version).into(),
            one.subject.into(),
            one.body.into(),
            State::Queued.name().into(),
            now.into(),
            by.into(),
            by_name.as_str().into(),
            now.into(),
            0.into(),
            "".into(),
            "".into(),
            one.whose.unit.into(),
            one.whose.marking.into(),
            one.whose.compartment.into(),
            policy.into(),
            TURN.into(),
        ]);
    }
    tx.insert("protect_message", MESSAGE, rows, OnConflict::Fail)
        .await?;
    Ok(ids)
}

/// Makes these letters, each with its entry, and tells their ids in the same order. They are printed and posted
/// by a person.
pub(crate) async fn make_letters(
    tx: &mut Tx<'_>,
    policy: &str,
    all: Vec<Written>,
) -> Result<Vec<RecordId>> {
    let mut ids = Vec::with_capacity(all.len());
    let mut rows: Vec<Vec<Value>> = Vec::with_capacity(all.len());
    for one in all {
        let id = RecordId(tx.id());
        ids.push(id);
        enter(tx, "letter", id, &one);
        rows.push(letters::row(tx, id, one, policy));
    }
    tx.insert("protect_letter", letters::COLUMNS, rows, OnConflict::Fail)
        .await?;
    Ok(ids)
}

fn enter(tx: &mut Tx<'_>, kind: &'static str, id: RecordId, one: &Written) {
    let detail = serde_json::json!({ "template": one.template, "version": one.version });
    tx.enter(Entry {
        kind,
        id: id.to_string(),
        content: hex::encode(Sha256::digest(&one.body)),
        detail: detail.to_string(),
    });
}
