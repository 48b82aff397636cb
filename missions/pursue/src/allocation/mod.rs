//! Allocation: the specialist unit decides on each crime that triage sends it.
//!
//! *What it does*: lists the crimes with their acceptance band and reasons, keeps the decision
//! (accept, advise, return, refer) and its reason, and shows where a crime of the highest band was
//! not accepted. *Who uses it*: detective inspectors; analysts and auditors look on. *References*:
//! the triage reference, section 7; commitments SFCU-01 and PURSUE-04.
//!
//! Start reading at [`AllocationDecision`].

mod api;
mod decision;
mod page;
mod read;

use axum::routing::{get, post};
use record::access::{Act, ActKind, Actor, Grant, Resource};
use record::measure::{Measure, Window};
use record::time::Timestamp;
use record::work::Queue;
use store::Migration;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{ApiRoute, App, Capability, Nav, Route};

pub use decision::{
    Decision as AllocationDecision, LONGEST_REASON, SHORTEST_REASON, TOP_BAND, Verdict, allocate,
    allocate_many,
};

/// Crimes for the unit to accept or return. Triage leaves them.
pub const QUEUE: Queue = Queue {
    name: "pursue.allocation",
    title: "Allocation",
};

/// Lists the queue.
pub const VIEW: Act = Act::new(
    "allocation.view",
    ActKind::Consultation,
    "Open the allocation list",
);
/// Finds where a crime stands, before asking for the act itself.
pub const FIND: Act = Act::new(
    "allocation.find",
    ActKind::Open,
    "Find a crime in allocation",
);
/// Opens one crime with its scores.
pub const CONSIDER: Act = Act::new(
    "allocation.consider",
    ActKind::Consultation,
    "Open a crime for allocation",
);
/// Decides on one crime.
pub const DECIDE: Act = Act::new(
    "allocation.decide",
    ActKind::Alteration,
    "Decide allocation",
);

/// SFCU-01: the unit's remit is decided in time.
pub const REMIT_DECIDED: Measure = Measure {
    commitment: "SFCU-01",
    name: "Remit decisions made",
    version: 1,
    window: Window::Month,
    lag_days: 7,
    target: Some(100.0),
    cohort: "select t.subject as subject, t.received_at as at, \
        case when x.id is null then case when t.closed_at <= t.decide_by then 1 else 0 end \
          when x.closed_at <= t.decide_by then 1 else 0 end as met, \
        case when t.closed_at is null then 'waiting for triage' \
          when x.id is null then 'triage: not for the unit' \
          when x.closed_at is null then 'waiting for the unit' else x.outcome end as line, \
        0 as excluded, r.reference as label, t.marking as marking, t.compartment as compartment \
        from work_item t join shared_report r on r.id = t.subject \
        left join work_item x on x.origin = t.id and x.queue = 'pursue.allocation' \
        where t.queue = 'intake.triage'",
    meaning: "Of the reports received in the month, those on which the unit, or triage for it, \
        decided within three working days.",
};

/// PURSUE-04: the unit owns the crimes of the highest band.
pub const HIGHEST_OWNED: Measure = Measure {
    commitment: "PURSUE-04",
    name: "Highest-risk crimes owned by the unit",
    version: 1,
    window: Window::Month,
    lag_days: 7,
    target: Some(100.0),
    cohort: "select d.report as subject, d.at as at, \
        case when a.verdict = 'accept' then 1 else 0 end as met, \
        case when a.verdict is not null then a.verdict when w.id is not null then \
          'waiting for the unit' else 'triage: not for the unit' end as line, \
        0 as excluded, r.reference as label, r.marking as marking, r.compartment as compartment \
        from shared_decision d join shared_report r on r.id = d.report \
        left join pursue_allocation a on a.report = d.report \
        left join work_item w on w.subject = d.report and w.queue = 'pursue.allocation' \
        where d.acceptance = 'A'",
    meaning: "Of the crimes whose final acceptance band was decided as A in the month, those the \
        unit accepted.",
};

/// The list, its decisions, its measures.
pub const ALLOCATION: Capability = Capability {
    name: "pursue.allocation",
    title: "Allocation",
    nav: Some(Nav {
        title: "Allocation",
        href: "/allocation",
        act: &VIEW,
        order: 20,
    }),
    commitments: &["SFCU-01", "PURSUE-04"],
    acts: &[VIEW, FIND, CONSIDER, DECIDE],
    queues: &[QUEUE],
    tables: &["pursue_allocation"],
    migrations: &[Migration {
        version: 2000,
        name: "allocation decisions",
        sql: "
create table pursue_allocation (
  id {id} not null primary key,
  item {id} not null unique,
  report {id} not null,
  at {int} not null,
  author {id} not null,
  author_name {text} not null,
  verdict {text} not null,
  unit {text} not null,
  band {text} not null,
  exception {int} not null,
  reason {text} not null
) {strict};
create index pursue_allocation_report on pursue_allocation (report);
create index pursue_allocation_exception on pursue_allocation (at, id) where exception = 1;
",
    }],
    measures: &[REMIT_DECIDED, HIGHEST_OWNED],
    routes: &[
        Route::get("/allocation", &VIEW, || get(page::list)),
        Route::get("/allocation/{id}", &CONSIDER, || get(page::show)),
        Route::post("/allocation/{id}/decision", &DECIDE, || post(page::decide)),
    ],
    api: &[
        ApiRoute {
            path: "/allocation",
            methods: "GET",
            act: &VIEW,
            make: || OpenApiRouter::new().routes(routes!(api::list)),
        },
        ApiRoute {
            path: "/allocation/{id}/decision",
            methods: "POST",
            act: &DECIDE,
            make: || OpenApiRouter::new().routes(routes!(api::decide)),
        },
    ],
    ..Capability::NONE
};

/// What was decided about an item, as kept.
#[derive(Debug, Clone)]
struct Decided {
    at: Timestamp,
    by: String,
    verdict: String,
    unit: String,
    exception: bool,
    reason: String,
}

/// The queue as a whole.
fn queue() -> Resource {
    Resource::of("queue", QUEUE.name)
}

/// Asks for an act; a refusal is in the ledger before it is shown.
async fn permit(
    app: &App,
    actor: &Actor,
    act: &Act,
    thing: &Resource,
    reason: &str,
) -> web::Result<Grant> {
    match actor.permit(act, thing, reason) {
        Ok(grant) => Ok(grant),
        Err(refused) => {
            app.store().note_refusal(refused.attempt()).await?;
            Err(refused.into())
        }
    }
}
