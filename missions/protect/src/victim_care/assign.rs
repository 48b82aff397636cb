//! Who works on a victim's items: take, release, allocate, hand to a partner's unit.

use record::access::Actor;
use record::ids::{ActorId, WorkItemId};
use record::report::Feed;
use record::work::{NewWorkItem, WorkItem, WorkState};
use store::{Error, Tx, work};
use web::App;

use super::schema::HANDED_OVER;
use super::{ALLOCATE, QUEUE, RELEASE, TAKE, find, href, permit};

/// To whom something is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum To {
    Colleague {
        id: ActorId,
        name: String,
    },
    /// Another unit: a partner's, or back to the force's own.
    Unit(String),
}

/// Takes a victim to call. `seen` is the version the person saw.
pub async fn take(app: &App, actor: &Actor, id: WorkItemId, seen: i64) -> Result<(), web::Error> {
    let item = find(app, actor, id).await?;
    let grant = permit(app, actor, &TAKE, &work::resource(&item), "").await?;
    let (to, name) = (actor.id, actor.name.clone());
    if item.state == WorkState::Taken && item.assignee != Some(actor.id) {
        return Err(conflict(&item));
    }
    let taken = app.store().write(&grant, move |tx| {
        Box::pin(async move { work::allocate(tx, id, seen, to, &name).await })
    });
    or_conflict(app, actor, id, taken.await).await
}

/// Puts a victim back on the list for anybody to call.
pub async fn release(
    app: &App,
    actor: &Actor,
    id: WorkItemId,
    seen: i64,
) -> Result<(), web::Error> {
    let item = find(app, actor, id).await?;
    let grant = permit(app, actor, &RELEASE, &work::resource(&item), "").await?;
    let released = app.store().write(&grant, move |tx| {
        Box::pin(async move { work::release(tx, id, seen).await })
    });
    or_conflict(app, actor, id, released.await).await
}

/// Gives a victim, with all open items of the thread, to a colleague or to another unit.
pub async fn allocate(
    app: &App,
    actor: &Actor,
    id: WorkItemId,
    seen: i64,
    to: To,
) -> Result<(), web::Error> {
    let item = find(app, actor, id).await?;
    let reason = match &to {
        To::Colleague { name, .. } => format!("allocated to {name}"),
        To::Unit(unit) => format!("handed to {unit}"),
    };
    let grant = permit(app, actor, &ALLOCATE, &work::resource(&item), &reason).await?;
    let scope = actor.scope();
    let moved = app.store().write(&grant, move |tx| {
        Box::pin(async move {
            match to {
                To::Colleague { id: to, name } => work::allocate(tx, id, seen, to, &name).await,
                To::Unit(unit) => {
                    let items = work::thread(tx, &scope, id).await?;
                    if items.first().is_none_or(|i| i.version != seen) {
                        return Err(Error::Conflict);
                    }
                    hand_over(tx, &items, &unit).await.map(drop)
                }
            }
        })
    });
    or_conflict(app, actor, id, moved.await).await
}

/// Hands a thread to another unit, lead first. Each item is closed as handed over and left again
/// for that unit, with the old one as its origin: the duty goes on, and counts once.
///
/// Returns the new items in the same order.
pub async fn hand_over(
    tx: &mut Tx<'_>,
    items: &[WorkItem],
    unit: &str,
) -> store::Result<Vec<WorkItemId>> {
    // Followers first, so that none is made a lead on the way.
    for item in items.iter().rev() {
        work::close(tx, item.id, item.version, HANDED_OVER).await?;
    }
    let mut left = Vec::with_capacity(items.len());
    for item in items {
        let feed = Feed::parse(&item.feed)
            .ok_or_else(|| Error::invalid(format!("{:?} is not a feed", item.feed)))?;
        left.push(NewWorkItem {
            id: WorkItemId(tx.id()),
            queue: QUEUE,
            subject: item.subject,
            about: item.about,
            origin: Some(item.id),
            priority: item.priority,
            band: item.band.clone(),
            feed,
            source: item.source.clone(),
            vulnerable: item.vulnerable,
            network: item.network,
            received_at: item.received_at,
            due_at: item.due_at,
            decide_by: item.decide_by,
            unit: unit.to_owned(),
            marking: item.marking,
            compartment: item.compartment.clone(),
            summary: item.summary.clone(),
        });
    }
    let ids = left.iter().map(|i| i.id).collect();
    work::leave(tx, left).await?;
    Ok(ids)
}

/// Says who was first instead of writing over it.
pub(super) async fn or_conflict<T>(
    app: &App,
    actor: &Actor,
    id: WorkItemId,
    outcome: store::Result<T>,
) -> Result<T, web::Error> {
    match outcome {
        Err(Error::Conflict) => Err(conflict(&find(app, actor, id).await?)),
        other => other.map_err(web::Error::from),
    }
}

fn conflict(item: &WorkItem) -> web::Error {
    let who = item.assignee_name.as_deref().unwrap_or("Somebody else");
    let reference = &item.summary.reference;
    let what = match (item.state, item.taken_at, item.closed_at) {
        (WorkState::Closed, _, Some(at)) if item.outcome.as_deref() == Some(HANDED_OVER) => {
            format!("{reference} was handed to another unit at {}", at.show())
        }
        (WorkState::Closed, _, Some(at)) => format!("{reference} was closed at {}", at.show()),
        (WorkState::Taken, Some(at), _) => format!("{who} took {reference} at {}", at.show()),
        _ => format!("Somebody else has changed {reference} since you opened it"),
    };
    web::Error::Conflict {
        what,
        href: href(item.id),
    }
}
