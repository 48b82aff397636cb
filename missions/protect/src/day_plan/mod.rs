//! The plan of a day: open duties spread over the staff on duty by vulnerability, due time, language
//! and skill; and what will run out of time today if nothing changes.
//!
//! *Who uses it*: a supervisor of victim care, a partner's coordinator for their own unit. *What it
//! serves*: PROTECT-06. [`plan`] proposes; a person confirms; only then is anything assigned.

mod page;
pub mod plan;
mod policy;
mod read;
mod staff;

use axum::routing::{get, post};
use record::access::{Act, ActKind};
use store::Migration;
use web::{Capability, Nav, PolicyFile, Route};

pub use policy::PlanPolicy;

const VIEW: Act = Act::new(
    "day_plan.view",
    ActKind::Consultation,
    "See the plan of the day",
);
const STAFF: Act = Act::new(
    "day_plan.staff",
    ActKind::Alteration,
    "Enter who is on duty",
);
const CONFIRM: Act = Act::new(
    "day_plan.confirm",
    ActKind::Alteration,
    "Confirm the plan of the day",
);

pub const DAY_PLAN: Capability = Capability {
    name: "protect.day_plan",
    title: "Plan of the day",
    nav: Some(Nav {
        title: "Plan of the day",
        href: "/day-plan",
        act: &VIEW,
        order: 42,
    }),
    commitments: &["PROTECT-06"],
    acts: &[VIEW, STAFF, CONFIRM],
    tables: &["protect_shift", "protect_day_plan", "protect_day_plan_slot"],
    migrations: MIGRATIONS,
    policies: &[PolicyFile {
        file: "protect/day-plan.toml",
        load: PlanPolicy::load,
    }],
    routes: &[
        Route::get("/day-plan", &VIEW, || get(page::page)),
        Route::post("/day-plan", &CONFIRM, || post(page::confirm)),
        Route::get("/day-plan/staff", &STAFF, || get(staff::list)),
        Route::get("/day-plan/staff/{person}", &STAFF, || get(staff::page)),
        Route::post("/day-plan/staff/{person}", &STAFF, || post(staff::submit)),
    ],
    ..Capability::NONE
};

const MIGRATIONS: &[Migration] = &[Migration {
    version: 3420,
    name: "plan of the day",
    sql: "
create table protect_shift (
  day {text} not null,
  person {id} not null,
  name {text} not null,
  unit {text} not null,
  from_minute {int} not null,
  until_minute {int} not null,
  languages {text} not null,
  skills {text} not null,
  entered_at {int} not null,
  entered_by {text} not null,
  primary key (day, person)
) {clustered};
create index protect_shift_person on protect_shift (person, day);
create table protect_day_plan (
  id {id} not null primary key,
  day {text} not null,
  at {int} not null,
  by_name {text} not null,
  unit {text} not null,
  policy {text} not null
) {strict};
create index protect_day_plan_day on protect_day_plan (day, at);
create table protect_day_plan_slot (
  plan {id} not null references protect_day_plan (id),
  item {id} not null,
  caller {id} not null,
  place {int} not null,
  start_at {int} not null,
  end_at {int} not null,
  primary key (plan, item)
) {clustered};
",
}];
