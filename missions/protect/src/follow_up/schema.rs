//! Tables of follow-up, and the companion measure computed from them.

use record::measure::{Measure, Window};
use store::Migration;

pub const TABLES: &[&str] = &[
    "protect_follow_up",
    "protect_follow_up_try",
    "protect_follow_up_topic",
];

pub const MIGRATIONS: &[Migration] = &[Migration {
    version: 3410,
    name: "follow-up",
    sql: "
create table protect_follow_up (
  report {id} not null,
  step {text} not null,
  item {id} not null,
  left_at {int} not null,
  due_at {int} not null,
  ended_at {int},
  outcome {text},
  primary key (report, step)
) {clustered};
create index protect_follow_up_item on protect_follow_up (item);
create index protect_follow_up_ended on protect_follow_up (step, ended_at);
create table protect_follow_up_try (
  id {id} not null primary key,
  report {id} not null,
  step {text} not null,
  item {id} not null,
  at {int} not null,
  by_name {text} not null,
  unit {text} not null,
  reached {int} not null,
  new_contact {text} not null,
  wellbeing {int},
  satisfaction {int},
  support {text} not null,
  changed {int} not null,
  note {text} not null,
  policy {text} not null
) {strict};
create index protect_follow_up_try_report on protect_follow_up_try (report, at);
create table protect_follow_up_topic (
  follow_up {id} not null references protect_follow_up_try (id),
  topic {text} not null,
  confirmed {int} not null,
  primary key (follow_up, topic)
) {clustered};
",
}];

/// Behaviour change (victim-care.md, section 3): one row for each victim report that was followed up.
const BEHAVIOUR: Measure = Measure {
    commitment: "PROTECT-06",
    name: "Behaviour change",
    version: 1,
    window: Window::Month,
    lag_days: 30,
    target: Some(75.0),
    cohort: "select f.report as subject, f.at as at, \
        case when exists (select 1 from protect_follow_up_try c where c.report = f.report \
             and c.reached = 1 and c.changed = 1) then 1 else 0 end as met, \
        case when exists (select 1 from protect_follow_up_try c where c.report = f.report \
             and c.reached = 1 and c.changed = 1) then 'changed' else 'not_changed' end as line, \
        0 as excluded, r.victim_label || ' ' || r.reference as label, r.marking as marking, \
        r.compartment as compartment \
        from protect_follow_up_try f join shared_report r on r.id = f.report \
        where f.reached = 1 and f.step <> 're_offer' \
        and not exists (select 1 from protect_follow_up_try l where l.report = f.report \
             and l.reached = 1 and l.step <> 're_offer' \
             and (l.at > f.at or l.at = f.at and l.id > f.id))",
    meaning: "Victims followed up who had done at least one protective action: on the call, or agreed \
        then and confirmed at follow-up. By the month of the last follow-up. A regional unit has \
        published a target of 75 per cent",
};

pub const MEASURES: &[Measure] = &[BEHAVIOUR];
