//! A follow-up conversation is written: what was said, what follows, and how it ends.

use record::access::Actor;
use record::ids::RecordId;
use record::time::Timestamp;
use record::work::WorkItem;
use store::{Entry, OnConflict, Sql, Tx, work};

use super::page::Tried;
use crate::care_record::ask_supervisor;
use crate::care_record::safe::{self, Checked};

/// A conversation, or a try at one, to be written.
pub struct Saying {
    pub item: WorkItem,
    pub by: Actor,
    pub tried: Tried,
    pub checked: Option<Checked>,
    pub outcome: Option<&'static str>,
    /// When it is tried again.
    pub again: Timestamp,
    /// Follow-ups of the victim due by then are part of the same conversation.
    pub together: Timestamp,
    pub digest: String,
}

impl Saying {
    pub async fn write(self, tx: &mut Tx<'_>) -> store::Result<()> {
        let mut thread = work::thread(tx, &self.by.scope(), self.item.id).await?;
        thread.retain(|i| i.id == self.item.id || i.due_at <= self.together);
        let first = keep(tx, &thread, &self).await?;
        if let (Some(contact), Some(checked)) = (first, &self.checked) {
            let of = safe::Kept {
                contact,
                report: self.item.subject,
                at: tx.now(),
                by_name: &self.by.name,
                unit: &self.by.unit,
            };
            safe::keep(tx, of, checked).await?;
        }
        if self.tried.new_contact == "yes" {
            let reason =
                "The offender has been in contact with the victim again, told at follow-up";
            ask_supervisor(tx, &self.item, (self.by.id, &self.by.name), reason).await?;
        }
        end(tx, &thread, self.outcome, self.again).await
    }
}

const TRY: &[&str] = &[
    "id",
    "report",
    "step",
    "item",
    "at",
    "by_name",
    "unit",
    "reached",
    "new_contact",
    "wellbeing",
    "satisfaction",
    "support",
    "changed",
    "note",
    "policy",
];

/// Keeps what was said, for each report of the conversation; tells the first row's id.
async fn keep(
    tx: &mut Tx<'_>,
    thread: &[WorkItem],
    saying: &Saying,
) -> store::Result<Option<RecordId>> {
    let (tried, by) = (&saying.tried, &saying.by);
    let (mut rows, mut topics, mut first) = (Vec::new(), Vec::new(), None);
    for item in thread {
        let id = RecordId(tx.id());
        first.get_or_insert(id);
        rows.push(vec![
            id.into(),
            item.subject.into(),
            item.band.as_str().into(),
            item.id.into(),
            tx.now().into(),
            by.name.as_str().into(),
            by.unit.as_str().into(),
            tried.reached.into(),
            tried.new_contact.as_str().into(),
            tried.wellbeing.into(),
            tried.satisfaction.into(),
            tried.support.as_str().into(),
            tried.changed.into(),
            tried.note.as_str().into(),
            saying.digest.as_str().into(),
        ]);
        for (topic, yes) in &tried.confirmed {
            topics.push(vec![id.into(), topic.as_str().into(), (*yes).into()]);
        }
        tx.enter(Entry {
            kind: "follow_up",
            id: id.to_string(),
            ..Entry::default()
        });
    }
    tx.insert("protect_follow_up_try", TRY, rows, OnConflict::Fail)
        .await?;
    let columns = &["follow_up", "topic", "confirmed"];
    tx.insert("protect_follow_up_topic", columns, topics, OnConflict::Fail)
        .await?;
    Ok(first)
}

/// Ends the follow-ups of the conversation, or puts them off to another day.
async fn end(
    tx: &mut Tx<'_>,
    thread: &[WorkItem],
    outcome: Option<&'static str>,
    again: Timestamp,
) -> store::Result<()> {
    // Followers first, so that none is made a lead on the way.
    for item in thread.iter().rev() {
        let Some(outcome) = outcome else {
            work::reschedule(tx, item.id, item.version, again).await?;
            continue;
        };
        work::close(tx, item.id, item.version, outcome).await?;
        let sql = Sql::new("update protect_follow_up set ").with(
            "ended_at = ?, outcome = ? where item = ?",
            [tx.now().into(), outcome.into(), item.id.into()],
        );
        tx.run(sql).await?;
    }
    Ok(())
}
