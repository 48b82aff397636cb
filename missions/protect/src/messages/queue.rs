//! A message is put where the job finds it, once.

use record::access::Actor;
use record::ids::RecordId;
use record::marking::Marking;
use record::work::WorkItem;
use store::{Error as StoreError, OnConflict, Sql, Tx, Value, work};
use web::{App, Error};

use super::SEND;
use super::many::{Turn, Whose, Written, queue_all};
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

/// Queues a message. A form sent twice, or a message by somebody else in between, is a conflict.
pub async fn queue(
    app: &App,
    actor: &Actor,
    sheet: &Sheet,
    message: NewMessage,
) -> Result<RecordId, Error> {
    let item = sheet.item.clone();
    let grant = victim_care::permit(app, actor, &SEND, &work::resource(&item), "").await?;
    let href = format!("/victim-care/{}/message", item.id);
    let written = Written {
        whose: Whose::of(&item, &sheet.name),
        address: message.address,
        template: message.template.id,
        version: message.template.version,
        language: message.template.language,
        subject: message.subject,
        body: message.body,
    };
    let (policy, seen) = (message.policy, message.seen);
    let queued = app
        .store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                if held(tx, &item).await? != seen {
                    return Err(StoreError::Conflict);
                }
                let ids = queue_all(tx, &policy, Turn::OfOne, vec![written]).await?;
                ids.first().copied().ok_or(StoreError::NotFound)
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

async fn held(tx: &mut Tx<'_>, item: &WorkItem) -> Result<i64, StoreError> {
    let sql = Sql::new("select count(*) as n from protect_message where ")
        .with("item = ?", [item.id.into()]);
    let row = tx.first(sql).await?;
    row.map_or(Ok(0), |r| r.get("n"))
}

/// What a message is for. Messages to victims alone are listed and decided about by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Asks whoever gave an address to confirm it.
    Confirmation,
    /// A warning to a subscriber. One that may have arrived is not sent again.
    Warning,
}

impl Purpose {
    pub const fn name(self) -> &'static str {
        match self {
            Purpose::Confirmation => "confirmation",
            Purpose::Warning => "warning",
        }
    }

    const fn turn(self) -> Turn {
        match self {
            Purpose::Confirmation => Turn::OfOne,
            Purpose::Warning => Turn::OfMany,
        }
    }
}

/// A message that no person writes.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    pub address: String,
    pub subject: String,
    pub body: String,
    /// Where the reader ends the messages; empty when there is nothing to end.
    pub leave: String,
}

/// What notices are about and where their text came from.
pub(crate) struct About<'a> {
    pub purpose: Purpose,
    /// The warning, or the subscription.
    pub record: RecordId,
    pub template: &'a str,
    pub template_version: i64,
    pub unit: &'a str,
    /// Digest of the policy.
    pub policy: &'a str,
}

const NOTICE_COLUMNS: &[&str] = &[
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
    "policy",
    "purpose",
    "turn",
    "leave",
];

/// Queues notices in the write that gives rise to them, and tells how many.
pub(crate) async fn queue_notices(
    tx: &mut Tx<'_>,
    about: &About<'_>,
    notices: Vec<Notice>,
) -> Result<u64, StoreError> {
    let by = (tx.grant().actor(), tx.grant().actor_name().to_owned());
    let row = |notice: Notice| -> Vec<Value> {
        vec![
            RecordId(tx.id()).into(),
            about.record.into(),
            "".into(),
            "".into(),
            notice.address.into(),
            about.template.into(),
            about.template_version.into(),
            notice.subject.into(),
            notice.body.into(),
            State::Queued.name().into(),
            tx.now().into(),
            by.0.into(),
            by.1.as_str().into(),
            tx.now().into(),
            0.into(),
            "".into(),
            "".into(),
            about.unit.into(),
            Marking::Official.level().into(),
            about.policy.into(),
            about.purpose.name().into(),
            (about.purpose.turn() as i64).into(),
            notice.leave.into(),
        ]
    };
    let rows: Vec<Vec<Value>> = notices.into_iter().map(row).collect();
    tx.insert("protect_message", NOTICE_COLUMNS, rows, OnConflict::Fail)
        .await
}

/// Which notices are meant.
pub(crate) enum Which<'a> {
    /// All about this record.
    About(RecordId),
    /// All to this address.
    To(&'a str),
}

impl Which<'_> {
    fn end(&self, sql: Sql) -> Sql {
        match self {
            Which::About(record) => sql.with(" and item = ?", [(*record).into()]),
            Which::To(address) => sql.with(" and address = ?", [(*address).into()]),
        }
    }
}

/// Takes back notices that have not gone out.
pub(crate) async fn withdraw_notices(
    tx: &mut Tx<'_>,
    which: &Which<'_>,
) -> Result<u64, StoreError> {
    let sql = Sql::new("update protect_message set ").with(
        "state = ?, ended_at = ? where state = ? and purpose <> 'victim'",
        [
            State::Withdrawn.name().into(),
            tx.now().into(),
            State::Queued.name().into(),
        ],
    );
    tx.run(which.end(sql)).await
}

/// Takes back what has not gone out, and removes the address from all of it: what was sent stays counted.
pub(crate) async fn forget_notices(tx: &mut Tx<'_>, which: &Which<'_>) -> Result<u64, StoreError> {
    withdraw_notices(tx, which).await?;
    let sql = Sql::new("update protect_message set address = '' where purpose <> 'victim'");
    tx.run(which.end(sql)).await
}
