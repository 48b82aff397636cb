//! Requests from the public: what the public side sealed, opened here, looked at and answered.
//!
//! *Who uses it*: victim care for calls, protect officers for organisations, an inspector for young
//! people; everybody's is feedback. *What it serves*: WEB-01 to WEB-05.
//!
//! The public side leaves sealed files in a box, a folder or a place in an object store; [`Collector`] takes each into
//! the records exactly once. A call that somebody with an open duty asks for also brings that duty forward.

mod collect;
mod page;
mod place;
mod policy;
mod taken;

use axum::routing::{get, post};
use record::access::{Act, ActKind};
use record::measure::{Measure, Window};
use store::Migration;
use web::{Capability, Nav, PolicyFile, Route};

pub use collect::{Collected, Collector, KEY_PREFIX};
pub use policy::RequestPolicy;
pub(crate) use taken::{Request, close_in, open};

const LIST: Act = Act::new(
    "request.list",
    ActKind::Consultation,
    "See what the public asked for",
);
const VIEW: Act = Act::new(
    "request.view",
    ActKind::Consultation,
    "Open a request from the public",
);
/// Requests about young people are seen by fewer.
const YOUNG: Act = Act::new(
    "request.young_person",
    ActKind::Consultation,
    "See requests about young people",
);
const CLOSE: Act = Act::new(
    "request.close",
    ActKind::Alteration,
    "Record what was done about a request",
);
/// Done by the system alone.
const COLLECT: Act = Act::new(
    "request.collect",
    ActKind::Alteration,
    "Take sealed requests into the records",
);

pub const REQUESTS: Capability = Capability {
    name: "protect.requests",
    title: "Requests from the public",
    nav: Some(Nav {
        title: "Public requests",
        href: "/public-requests",
        act: &LIST,
        order: 45,
    }),
    commitments: &["WEB-01", "WEB-02", "WEB-03", "WEB-04", "WEB-05"],
    acts: &[LIST, VIEW, YOUNG, CLOSE, COLLECT],
    tables: &["protect_collected", "protect_request", "protect_page_view"],
    migrations: MIGRATIONS,
    measures: &[FEEDBACK_ANSWERED],
    policies: &[PolicyFile {
        file: "protect/requests.toml",
        load: RequestPolicy::load,
    }],
    routes: &[
        Route::get("/public-requests", &LIST, || get(page::list)),
        Route::get("/public-requests/{id}", &VIEW, || get(page::one)),
        Route::post("/public-requests/{id}/close", &CLOSE, || post(page::close)),
    ],
    ..Capability::NONE
};

const MIGRATIONS: &[Migration] = &[Migration {
    version: 3200,
    name: "requests from the public",
    sql: "
create table protect_collected (
  id {id} not null primary key,
  kind {text} not null,
  at {int} not null
) {strict};
create table protect_request (
  id {id} not null primary key,
  kind {text} not null,
  received_at {int} not null,
  collected_at {int} not null,
  due_at {int} not null,
  reference {text} not null,
  fields {text} not null,
  report {id},
  item {id},
  unit {text} not null,
  marking {int} not null,
  compartment {text},
  closed_at {int},
  closed_by {id},
  closed_by_name {text},
  outcome {text},
  note {text},
  policy {text} not null
) {strict};
create index protect_request_open on protect_request (due_at, id) where closed_at is null;
create index protect_request_closed on protect_request (closed_at, id) where closed_at is not null;
create index protect_request_received on protect_request (kind, received_at);
create table protect_page_view (
  page {text} not null,
  day {int} not null,
  views {int} not null,
  visits_again {int} not null,
  primary key (page, day)
) {clustered};
",
}];

/// WEB-05.
const FEEDBACK_ANSWERED: Measure = Measure {
    commitment: "WEB-05",
    name: "Feedback answered",
    version: 1,
    window: Window::Month,
    lag_days: 30,
    target: Some(90.0),
    cohort: "select id as subject, received_at as at, \
        case when closed_at is not null and closed_at <= due_at then 1 else 0 end as met, \
        case when closed_at is null then 'waiting' when closed_at <= due_at then 'in_time' \
             else 'late' end as line, \
        0 as excluded, reference as label, marking, compartment \
        from protect_request where kind = 'feedback'",
    meaning: "Feedback from the public site with a decision inside its limit of working days, by \
        the month it was sent in",
};
