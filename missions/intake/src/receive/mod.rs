//! Receiving reports: found, linked, triaged, stored, and left on queues, in one transaction.
//!
//! Work that needs no database ([`Desk::ready`]) is done beforehand and in parallel; what is held
//! already is then looked up for the whole batch at once ([`held`]), the batch is linked in memory
//! ([`link`], people in [`persons`]), and everything new is written ([`write`]). A single report is a batch of one.

mod desk;
mod held;
mod link;
mod names;
mod persons;
mod ready;
mod sample;
mod write;

pub use desk::{Desk, LinkingPolicy};
pub(crate) use held::kind_of;
pub(crate) use names::{Names, names_of};
pub use persons::WeightPart;
pub(crate) use persons::{LINK, MentionLink, WEAK};
pub use ready::{OFFENDER, Ready, ReadyMention, ReadyObservable, SUSPECT, VICTIM};
pub(crate) use sample::Sample;
pub(crate) use write::write_weak;

use record::ids::{ImportId, ReportId};
use store::{Result, Tx};

use crate::judging;

/// What became of one report of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    Accepted(ReportId),
    /// The same reference of the same source is held already. Nothing was changed. `same` tells
    /// whether the content is the same too.
    Duplicate {
        held: ReportId,
        same: bool,
    },
}

/// How far receiving a batch has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// This transaction is the only one that receives.
    Begun,
    /// Everything is linked, in memory, to what is held.
    Linked,
    /// Everything is written, but for the end of the transaction.
    Written,
}

/// Receives a batch in the order given. Everything is kept, or nothing.
pub async fn receive(
    tx: &mut Tx<'_>,
    desk: &Desk,
    import: Option<ImportId>,
    batch: &[Ready],
) -> Result<Vec<Received>> {
    receive_watched(tx, desk, import, batch, &mut |_| ()).await
}

/// The same; `reached` is called at each stage, for whoever measures.
pub async fn receive_watched(
    tx: &mut Tx<'_>,
    desk: &Desk,
    import: Option<ImportId>,
    batch: &[Ready],
    reached: &mut (dyn FnMut(Stage) + Send),
) -> Result<Vec<Received>> {
    tx.alone("intake").await?;
    reached(Stage::Begun);
    let mut held = held::Held::look_up(tx, desk, batch).await?;
    let mut received = Vec::with_capacity(batch.len());
    let mut accepted = Vec::with_capacity(batch.len());
    for ready in batch {
        if let Some(known) = held.reference(&ready.report) {
            received.push(Received::Duplicate {
                held: known.id,
                same: known.digest == ready.digest,
            });
            continue;
        }
        let reached = held.has_national(&ready.report);
        let id = ReportId(tx.id());
        held.note_reference(id, ready);
        let linked = link::link(tx, desk, &mut held, id, ready);
        received.push(Received::Accepted(id));
        accepted.push(write::Accepted {
            id,
            ready,
            linked,
            reached,
        });
    }
    reached(Stage::Linked);
    write::write(tx, desk, import, &held, &accepted).await?;
    for people in held.touching() {
        judging::regroup(tx, desk, &people, "a new description links them").await?;
    }
    for value in held.became_common() {
        crate::networks::recompute_around(tx, desk, value, "a value became common").await?;
    }
    for (value, reports) in held.due() {
        crate::common::look_at(tx, desk, *value, *reports).await?;
    }
    reached(Stage::Written);
    Ok(received)
}
