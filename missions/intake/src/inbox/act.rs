//! What can be done to one report of the queue, the same for pages and API.

use record::access::{Act, Actor, Scope};
use record::ids::{ActorId, ReportId, WorkItemId};
use record::work::{WorkItem, WorkState};
use store::{Conn, Sql, work};
use web::{App, register};

use super::{ALLOCATE, CONFIRM, DECIDE, FIND, OVERRIDE_DOWN, PUT_BACK, TAKE, permit, queue};
use crate::deciding::{self, Decision};
use crate::queues;
use crate::receive::Desk;
use crate::triage::Proposal;

/// One item of this queue the actor may see.
pub async fn item(app: &App, actor: &Actor, id: WorkItemId) -> web::Result<WorkItem> {
    let grant = permit(app, actor, &FIND, &queue(), "").await?;
    let mut reader = app.store().read(&grant).await?;
    let found = work::find(&mut reader.conn(), &actor.scope(), id).await?;
    if found.queue == queues::TRIAGE {
        Ok(found)
    } else {
        Err(web::Error::NotFound)
    }
}

/// A report's item on this queue: the one that is not closed, else the last.
pub async fn item_of(app: &App, actor: &Actor, report: ReportId) -> web::Result<WorkItem> {
    let grant = permit(app, actor, &FIND, &queue(), "").await?;
    let mut reader = app.store().read(&grant).await?;
    let mut items = work::of_subject(&mut reader.conn(), &actor.scope(), report).await?;
    items.retain(|i| i.queue == queues::TRIAGE);
    let open = items.iter().position(|i| i.state != WorkState::Closed);
    match open {
        Some(at) => Ok(items.swap_remove(at)),
        None => items.pop().ok_or(web::Error::NotFound),
    }
}

/// Takes an item for the actor.
pub async fn take(app: &App, actor: &Actor, item: &WorkItem, version: i64) -> web::Result<()> {
    let to = (actor.id, actor.name.clone());
    give(app, actor, &TAKE, item, version, to).await
}

/// Gives an item to a colleague of the unit.
pub async fn allocate(
    app: &App,
    actor: &Actor,
    item: &WorkItem,
    version: i64,
    to: ActorId,
) -> web::Result<()> {
    let colleagues = colleagues(app, actor).await?;
    let Some(to) = colleagues.into_iter().find(|c| c.id == to) else {
        let remedy = "choose a colleague of the unit to allocate to";
        return Err(web::Error::BadRequest(remedy.to_owned()));
    };
    give(app, actor, &ALLOCATE, item, version, (to.id, to.name)).await
}

/// People of the unit that reports can be allocated to: those who may take one themselves.
pub async fn colleagues(app: &App, actor: &Actor) -> web::Result<Vec<register::Colleague>> {
    let mut all = register::colleagues(app.store(), actor).await?;
    all.retain(|c| c.unit == app.force().unit && c.may(&TAKE));
    Ok(all)
}

async fn give(
    app: &App,
    actor: &Actor,
    act: &Act,
    item: &WorkItem,
    version: i64,
    (to, name): (ActorId, String),
) -> web::Result<()> {
    let grant = permit(app, actor, act, &work::resource(item), "").await?;
    let id = item.id;
    let outcome = app.store().write(&grant, move |tx| {
        Box::pin(async move { work::allocate(tx, id, version, to, &name).await })
    });
    told(app, actor, item, outcome.await).await
}

/// Puts a taken item back on the queue.
pub async fn put_back(app: &App, actor: &Actor, item: &WorkItem, version: i64) -> web::Result<()> {
    let grant = permit(app, actor, &PUT_BACK, &work::resource(item), "").await?;
    let id = item.id;
    let outcome = app.store().write(&grant, move |tx| {
        Box::pin(async move { work::release(tx, id, version).await })
    });
    told(app, actor, item, outcome.await).await
}

/// Keeps a decision on one report. Lowering the highest band needs an act of its own.
pub async fn decide(
    app: &App,
    actor: &Actor,
    item: &WorkItem,
    version: i64,
    decision: Decision,
) -> web::Result<()> {
    let desk = app.policy::<Desk>()?;
    let proposal = proposal(app, actor, item).await?;
    let act = if decision.lowers(&desk.triage.policy, &proposal) {
        &OVERRIDE_DOWN
    } else {
        &DECIDE
    };
    keep(app, actor, act, item, version, decision).await
}

/// Confirms a proposal together with others; refuses one that somebody has to look at.
pub async fn confirm(app: &App, actor: &Actor, item: &WorkItem, version: i64) -> web::Result<()> {
    let desk = app.policy::<Desk>()?;
    let proposal = proposal(app, actor, item).await?;
    if let Some(why) = deciding::needs_a_look(&desk.triage.policy, &proposal) {
        let remedy = format!("{}: {why}. Open it to decide", item.summary.reference);
        return Err(web::Error::BadRequest(remedy));
    }
    let decision = Decision::as_proposed(&proposal);
    keep(app, actor, &CONFIRM, item, version, decision).await
}

async fn keep(
    app: &App,
    actor: &Actor,
    act: &Act,
    item: &WorkItem,
    version: i64,
    decision: Decision,
) -> web::Result<()> {
    let grant = permit(
        app,
        actor,
        act,
        &work::resource(item),
        decision.reason.trim(),
    )
    .await?;
    let desk = app.policy::<Desk>()?;
    let seen = item.clone();
    let outcome = app.store().write(&grant, move |tx| {
        Box::pin(async move { deciding::decide(tx, &desk, &seen, version, decision).await })
    });
    told(app, actor, item, outcome.await).await
}

/// What triage proposed for an item's report. The caller has been let at the item already.
pub async fn proposal(app: &App, actor: &Actor, item: &WorkItem) -> web::Result<Proposal> {
    let grant = permit(app, actor, &FIND, &queue(), "").await?;
    let mut reader = app.store().read(&grant).await?;
    let mut found = deciding::proposals(&mut reader.conn(), &[item.subject]).await?;
    found.remove(&item.subject).ok_or(web::Error::NotFound)
}

/// Turns a conflict into who was first and where to look.
async fn told(
    app: &App,
    actor: &Actor,
    item: &WorkItem,
    outcome: store::Result<()>,
) -> web::Result<()> {
    let Err(store::Error::Conflict) = outcome else {
        return Ok(outcome?);
    };
    let grant = permit(app, actor, &FIND, &queue(), "").await?;
    let mut reader = app.store().read(&grant).await?;
    let what = standing(&mut reader.conn(), &actor.scope(), actor.id, item.id).await?;
    Err(web::Error::Conflict {
        what,
        href: format!("/reports/{}/decide", item.subject),
    })
}

/// How an item stands now, in words: "DS Hallam took CY-26-01482 at 6:41pm on 23 November 2026".
pub async fn standing(
    conn: &mut Conn<'_>,
    scope: &Scope,
    me: ActorId,
    id: WorkItemId,
) -> store::Result<String> {
    let item = work::find(conn, scope, id).await?;
    let reference = &item.summary.reference;
    if item.state == WorkState::Closed {
        let by = decided_by(conn, item.subject).await?;
        let at = item.closed_at.map(|t| t.show()).unwrap_or_default();
        return Ok(format!("{by} decided {reference} at {at}"));
    }
    let (Some(assignee), Some(name), Some(at)) = (item.assignee, item.assignee_name, item.taken_at)
    else {
        return Ok(format!(
            "{reference} was changed at the same time and is in the inbox again"
        ));
    };
    if assignee == me {
        return Ok(format!("You have {reference} already"));
    }
    Ok(format!("{name} took {reference} at {}", at.show()))
}

/// Who decided a report last.
pub async fn decided_by(conn: &mut Conn<'_>, report: ReportId) -> store::Result<String> {
    let sql = Sql::new("select author_name from intake_decision where ")
        .with("report = ?", [report.into()])
        .then(" order by at desc limit 1");
    match conn.first(sql).await? {
        Some(row) => row.get("author_name"),
        None => Ok("Somebody else".to_owned()),
    }
}
