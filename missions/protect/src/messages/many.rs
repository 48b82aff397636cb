//! Victims are written to, one or many in one write, by e-mail and by letter.

use record::ids::{RecordId, WorkItemId};
use record::work::WorkItem;
use sha2::{Digest as _, Sha256};
use store::{Entry, OnConflict, Result, Tx, Value};

use super::letters;
use super::state::State;

/// When a message has its turn: what many get waits until what one person writes or waits for has gone out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    OfOne,
    OfMany,
}

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

impl Whose {
    /// The victim of an item.
    pub fn of(item: &WorkItem, name: &str) -> Whose {
        Whose {
            item: item.id,
            reference: item.summary.reference.clone(),
            name: name.to_owned(),
            unit: item.unit.clone(),
            marking: item.marking.level(),
            compartment: item.compartment.clone(),
        }
    }
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
pub(crate) async fn queue_all(
    tx: &mut Tx<'_>,
    policy: &str,
    turn: Turn,
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
            (turn as i64).into(),
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
