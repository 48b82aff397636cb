//! Incident support calls: an organisation is under attack, or one is near, and gets advice in time.
//!
//! *Who uses it*: whoever is on duty: Protect officers, triage, the inspector. *What it serves*:
//! PREVENT-08, and the duty to warn of an attack that is near.
//!
//! Invariants
//! - The clock starts when they called, or sent their request, and is stopped by advice alone.
//! - A clock that ran out is noted once, and the note stays.
//! - Only a true error leaves the measure, by an inspector's decision and with its reason.

mod api;
mod call;
mod moments;
mod page;
mod steps;
mod watch;

use axum::routing::{get, post};
use record::access::{Act, ActKind};
use record::measure::{Measure, Window};
use store::Migration;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{ApiRoute, Capability, Job, Nav, Route};

pub use call::{CallInput, make};
pub use watch::note;

const LIST: Act = Act::new(
    "incident_call.list",
    ActKind::Consultation,
    "See the incident support calls",
);
const VIEW: Act = Act::new(
    "incident_call.view",
    ActKind::Consultation,
    "Open an incident support call",
);
pub(crate) const RECORD: Act = Act::new(
    "incident_call.record",
    ActKind::Alteration,
    "Record an incident support call and what was done",
);
const HAND_OVER: Act = Act::new(
    "incident_call.hand_over",
    ActKind::Alteration,
    "Hand over an incident support call",
);
const ERROR: Act = Act::new(
    "incident_call.error",
    ActKind::Alteration,
    "Take an incident support call out of the count as an error",
);
/// Finds a call, before an act on it is asked for; reads times only.
const LOOK: Act = Act::new(
    "incident_call.look",
    ActKind::Open,
    "Look at the clocks of incident support calls",
);
/// Done by the system alone.
const BREACH: Act = Act::new(
    "incident_call.breach",
    ActKind::Alteration,
    "Note that the clock of an incident support call ran out",
);

pub const INCIDENTS: Capability = Capability {
    name: "protect.incident_calls",
    title: "Incident support calls",
    nav: Some(Nav {
        title: "Incident calls",
        href: "/incident-calls",
        act: &LIST,
        order: 44,
    }),
    commitments: &["PREVENT-08"],
    acts: &[LIST, VIEW, RECORD, HAND_OVER, ERROR, LOOK, BREACH],
    tables: &["protect_incident_call", "protect_incident_step"],
    migrations: MIGRATIONS,
    measures: &[FIRST_ADVICE],
    routes: &[
        Route::get("/incident-calls", &LIST, || get(page::list)),
        Route::get("/incident-calls/new", &RECORD, || get(call::page)),
        Route::post("/incident-calls/new", &RECORD, || post(call::submit)),
        Route::get("/incident-calls/{id}", &VIEW, || get(page::one)),
        Route::post("/incident-calls/{id}/steps", &RECORD, || {
            post(steps::submit)
        }),
        Route::get("/incident-calls/{id}/hand-over", &HAND_OVER, || {
            get(steps::hand_over_page)
        }),
        Route::post("/incident-calls/{id}/hand-over", &HAND_OVER, || {
            post(steps::hand_over)
        }),
        Route::get("/incident-calls/{id}/error", &ERROR, || {
            get(steps::error_page)
        }),
        Route::post("/incident-calls/{id}/error", &ERROR, || post(steps::error)),
        Route::post("/public-requests/{id}/incident-call", &RECORD, || {
            post(call::from_request)
        }),
    ],
    api: &[
        ApiRoute {
            path: "/incident-calls",
            methods: "GET",
            act: &LIST,
            make: || OpenApiRouter::new().routes(routes!(api::list)),
        },
        ApiRoute {
            path: "/incident-calls",
            methods: "POST",
            act: &RECORD,
            make: || OpenApiRouter::new().routes(routes!(api::create)),
        },
        ApiRoute {
            path: "/incident-calls/{id}",
            methods: "GET",
            act: &VIEW,
            make: || OpenApiRouter::new().routes(routes!(api::open)),
        },
        ApiRoute {
            path: "/incident-calls/{id}/steps",
            methods: "POST",
            act: &RECORD,
            make: || OpenApiRouter::new().routes(routes!(api::step)),
        },
        ApiRoute {
            path: "/incident-calls/{id}/hand-over",
            methods: "POST",
            act: &HAND_OVER,
            make: || OpenApiRouter::new().routes(routes!(api::hand_over)),
        },
    ],
    jobs: &[Job {
        name: "protect.incident_clocks",
        every_seconds: 60,
        run: watch::run,
    }],
    ..Capability::NONE
};

const MIGRATIONS: &[Migration] = &[Migration {
    version: 3510,
    name: "incident support calls",
    sql: "
create table protect_incident_call (
  id {id} not null primary key,
  name {text} not null,
  caller {text} not null,
  role {text} not null,
  phone {text} not null,
  trigger_kind {text} not null,
  about {text} not null,
  source_protected {text} not null,
  called_at {int} not null,
  due_at {int} not null,
  first_advice_at {int},
  breached_at {int},
  organisation {id},
  request {id} unique,
  handed_to {text},
  error {text},
  closed_at {int},
  created_at {int} not null,
  by_name {text} not null,
  unit {text} not null,
  marking {int} not null,
  compartment {text},
  version {int} not null,
  policy {text} not null
) {strict};
create index protect_incident_call_open on protect_incident_call (due_at, id) where closed_at is null;
create index protect_incident_call_closed on protect_incident_call (closed_at, id)
  where closed_at is not null;
create index protect_incident_call_called on protect_incident_call (called_at);
create table protect_incident_step (
  id {id} not null primary key,
  call {id} not null,
  at {int} not null,
  act {text} not null,
  how {text} not null,
  note {text} not null,
  by_name {text} not null
) {strict};
create index protect_incident_step_of on protect_incident_step (call, at);
",
}];

/// PREVENT-08.
const FIRST_ADVICE: Measure = Measure {
    commitment: "PREVENT-08",
    name: "First advice in time",
    version: 1,
    window: Window::Quarter,
    lag_days: 30,
    target: Some(95.0),
    cohort: "select o.id as subject, o.called_at as at, \
        case when o.first_advice_at <= o.due_at then 1 else 0 end as met, \
        case when o.error is not null then o.error \
             when o.first_advice_at <= o.due_at then 'in_time' \
             when o.first_advice_at is not null then 'late' \
             when o.closed_at is not null then 'no_advice' else 'waiting' end as line, \
        case when o.error is null then 0 else 1 end as excluded, \
        o.name as label, o.marking as marking, o.compartment as compartment \
        from protect_incident_call o",
    meaning: "Incident support calls whose first advice was given within 1 hour of a live attack or 4 \
        hours of one that is near, by the quarter of the call",
};
