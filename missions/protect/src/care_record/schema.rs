//! Tables of the care record. Each change is a row of its own: what was known before stays.

use record::measure::{Measure, Window};
use store::Migration;

/// Tables this capability writes.
pub const TABLES: &[&str] = &[
    "protect_needs",
    "protect_safe_check",
    "protect_assessment",
    "protect_assessment_sensitive",
    "protect_standing",
    "protect_support_refusal",
    "protect_plan_action",
    "protect_referral",
    "protect_victim_decision",
    "protect_code_event",
    "protect_escalation",
];

/// `protect_standing` has the latest assessment of a report and whether support is settled, one row
/// for each report, so that a measure need not look through every version.
pub const MIGRATIONS: &[Migration] = &[Migration {
    version: 3400,
    name: "care record",
    sql: "
create table protect_needs (
  id {id} not null primary key,
  report {id} not null,
  at {int} not null,
  by_name {text} not null,
  unit {text} not null,
  content {text} not null,
  policy {text} not null
) {strict};
create index protect_needs_report on protect_needs (report, at);
create table protect_safe_check (
  contact {id} not null primary key,
  report {id} not null,
  at {int} not null,
  kept {int} not null,
  rule {text} not null,
  reason {text} not null,
  by_name {text} not null,
  unit {text} not null
) {strict};
create index protect_safe_check_report on protect_safe_check (report, at);
create index protect_safe_check_broken on protect_safe_check (at) where kept = 0;
create table protect_assessment (
  id {id} not null primary key,
  report {id} not null,
  at {int} not null,
  by_name {text} not null,
  unit {text} not null,
  band {int} not null,
  points {int} not null,
  vulnerable {int} not null,
  enhanced {int} not null,
  content {text} not null,
  policy {text} not null
) {strict};
create index protect_assessment_report on protect_assessment (report, at);
create table protect_assessment_sensitive (
  assessment {id} not null primary key references protect_assessment (id),
  purpose {text} not null,
  content {text} not null
) {strict};
create table protect_standing (
  report {id} not null primary key,
  assessed_at {int},
  vulnerable {int},
  enhanced {int},
  offer_by {int},
  settled {int} not null
) {strict};
create table protect_support_refusal (
  id {id} not null primary key,
  report {id} not null,
  at {int} not null,
  refused_on {text} not null,
  refused_by {text} not null,
  reason {text} not null,
  by_name {text} not null,
  unit {text} not null
) {strict};
create index protect_support_refusal_report on protect_support_refusal (report, at);
create table protect_plan_action (
  id {id} not null primary key,
  report {id} not null,
  at {int} not null,
  by_name {text} not null,
  unit {text} not null,
  action {text} not null,
  doer {text} not null,
  due_on {text} not null,
  done_on {text},
  done_by_name {text},
  evidence {text} not null,
  version {int} not null
) {strict};
create index protect_plan_action_report on protect_plan_action (report, at);
create table protect_referral (
  id {id} not null primary key,
  report {id} not null,
  at {int} not null,
  by_name {text} not null,
  unit {text} not null,
  body {text} not null,
  reason {text} not null,
  ground {text} not null,
  ground_note {text} not null,
  agreed_on {text},
  sent_on {text} not null,
  accepted {int},
  answered_on {text},
  outcome {text},
  outcome_on {text},
  version {int} not null
) {strict};
create index protect_referral_report on protect_referral (report, at);
create table protect_victim_decision (
  id {id} not null primary key,
  report {id} not null,
  at {int} not null,
  by_name {text} not null,
  unit {text} not null,
  decided_on {text} not null,
  question {text} not null,
  answer {text} not null,
  note {text} not null
) {strict};
create index protect_victim_decision_report on protect_victim_decision (report, at);
create table protect_code_event (
  id {id} not null primary key,
  report {id} not null,
  at {int} not null,
  by_name {text} not null,
  unit {text} not null,
  clock {text} not null,
  kind {text} not null,
  happened_at {int} not null,
  note {text} not null
) {strict};
create index protect_code_event_report on protect_code_event (report, at);
create table protect_escalation (
  id {id} not null primary key,
  item {id} not null,
  report {id} not null,
  at {int} not null,
  by {id} not null,
  by_name {text} not null,
  unit {text} not null,
  reason {text} not null,
  answered_at {int},
  answered_by_name {text},
  answer {text} not null
) {strict};
create index protect_escalation_open on protect_escalation (unit, at) where answered_at is null;
create index protect_escalation_report on protect_escalation (report, at);
",
}];

/// Contacts of ours to victims with a safe-contact rule: kept, or broken (must be none).
const SAFE_CONTACT: Measure = Measure {
    commitment: "PROTECT-06",
    name: "Safe-contact rule kept",
    version: 1,
    window: Window::Month,
    lag_days: 30,
    target: Some(100.0),
    cohort: "select k.report as subject, k.at as at, k.kept as met, \
        case when k.kept = 1 then 'kept' else 'broken' end as line, 0 as excluded, \
        r.victim_label || ' ' || r.reference as label, r.marking as marking, \
        r.compartment as compartment \
        from protect_safe_check k join shared_report r on r.id = k.report",
    meaning: "Contacts made to victims with a safe-contact rule that kept it, by the month of the \
        contact. Every one that broke it is a name to be looked at",
};

/// The coverage check of PROTECT-08. Its name stands after the measure it checks.
const COVERAGE: Measure = Measure {
    commitment: "PROTECT-08",
    name: "Whether each victim was assessed",
    version: 1,
    window: Window::Month,
    lag_days: 30,
    target: Some(100.0),
    cohort: "select w.subject as subject, w.received_at as at, \
        case when s.assessed_at is not null then 1 else 0 end as met, \
        case when d.line = 'error' then d.reason \
             when s.assessed_at is not null then 'assessed' else 'not_assessed' end as line, \
        case when d.line = 'error' then 1 else 0 end as excluded, \
        r.victim_label || ' ' || r.reference as label, \
        w.marking as marking, w.compartment as compartment \
        from work_item w join shared_report r on r.id = w.subject \
        left join protect_duty d on d.report = w.subject \
        left join protect_standing s on s.report = w.subject \
        where w.queue = 'protect.victim_care' \
        and (w.outcome is null or w.outcome <> 'handed_over')",
    meaning: "Coverage check: victims whose vulnerability a person assessed, of all victims \
        received. What triage proposed is not an assessment until a person made one",
};

pub const MEASURES: &[Measure] = &[SAFE_CONTACT, COVERAGE];
