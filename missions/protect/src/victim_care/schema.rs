//! Tables of victim care, and the measures computed from them.

use record::measure::{Measure, Window};
use store::Migration;

/// Tables this capability writes.
pub const TABLES: &[&str] = &[
    "protect_duty",
    "protect_contact",
    "protect_contact_report",
    "protect_topic",
    "protect_support_offer",
    "protect_breach",
    "protect_draft",
];

/// `protect_duty` has a row from the first contact on; a report whose item has none is awaiting.
pub const MIGRATIONS: &[Migration] = &[FIRST, LISTS, DRAFTS];

const FIRST: Migration = Migration {
    version: 3000,
    name: "victim care: duties, contacts, topics, support, breaches",
    sql: "
create table protect_duty (
  report {id} not null primary key,
  received_at {int} not null,
  band {int} not null,
  line {text} not null,
  reason {text} not null,
  attempts {int} not null,
  days {int} not null,
  last_attempt_at {int},
  out_of_hours {int} not null,
  letter {int} not null,
  text {int} not null,
  visit {int} not null,
  first_attempt_at {int},
  first_contact_at {int},
  ended_at {int},
  offered_in_time {int} not null,
  offer_settled {int} not null,
  offered {int} not null
) {strict};
create index protect_duty_line on protect_duty (line, ended_at);
create table protect_contact (
  id {id} not null primary key,
  item {id} not null,
  at {int} not null,
  entered_at {int} not null,
  actor {id} not null,
  actor_name {text} not null,
  unit {text} not null,
  direction {text} not null,
  channel {text} not null,
  outcome {text} not null,
  minutes {int},
  next_at {int},
  note {text} not null,
  policy {text} not null
) {strict};
create index protect_contact_item on protect_contact (item, at);
create table protect_contact_report (
  report {id} not null,
  contact {id} not null references protect_contact (id),
  primary key (report, contact)
) {clustered};
create index protect_contact_report_contact on protect_contact_report (contact);
create table protect_topic (
  contact {id} not null references protect_contact (id),
  topic {text} not null,
  kind {text} not null,
  response {text} not null,
  primary key (contact, topic)
) {clustered};
create table protect_support_offer (
  contact {id} not null references protect_contact (id),
  report {id} not null,
  offer {text} not null,
  answer {text} not null,
  at {int} not null,
  in_time {int} not null,
  by_name {text} not null,
  primary key (contact, report, offer)
) {clustered};
create index protect_support_offer_report on protect_support_offer (report, at);
create table protect_breach (
  report {id} not null,
  clock {text} not null,
  limit_at {int} not null,
  found_at {int} not null,
  unit {text} not null,
  policy {text} not null,
  primary key (report, clock)
) {strict};
create index protect_breach_found on protect_breach (found_at);
--sqlite
create trigger protect_breach_no_update before update on protect_breach
begin select raise(abort, 'breaches are never changed'); end;
create trigger protect_breach_no_delete before delete on protect_breach
begin select raise(abort, 'breaches are never deleted'); end;
--end
--postgres
create function protect_breach_stays() returns trigger language plpgsql as
$$ begin raise exception 'breaches are never changed'; end $$;
create trigger protect_breach_stays before update or delete on protect_breach
for each row execute function protect_breach_stays();
--end
",
};

/// Indexes of the call list. Each holds everything a list is limited by, so that choosing fifty rows of a
/// hundred thousand reads an index alone, whichever filter is rare. They begin with the queue although they
/// hold no other: SQLite, which has no statistics, takes the index most of whose columns are given.
const LISTS: Migration = Migration {
    version: 3011,
    name: "indexes of the call list",
    sql: "
create index protect_call_order on work_item (queue, state, priority, due_at, id, feed, district,
  unit, marking, compartment, subject, assignee, lead)
  where queue = 'protect.victim_care' and lead is null;
create index protect_call_district on work_item (queue, state, district, priority, due_at, id, feed,
  unit, marking, compartment, subject, assignee, lead)
  where queue = 'protect.victim_care' and lead is null;
create index protect_call_feed on work_item (queue, state, feed, priority, due_at, id, district,
  unit, marking, compartment, subject, assignee, lead)
  where queue = 'protect.victim_care' and lead is null;
create index protect_call_subject on work_item (subject, queue, state, due_at, id, priority, feed,
  district, unit, marking, compartment, lead)
  where queue = 'protect.victim_care' and lead is null;
create index protect_duty_of_line on protect_duty (line, report);
",
};

/// What a caller has written and not yet saved, one draft for each caller and item.
const DRAFTS: Migration = Migration {
    version: 3430,
    name: "drafts of contacts",
    sql: "
create table protect_draft (
  item {id} not null,
  actor {id} not null,
  saved_at {int} not null,
  fields {text} not null,
  primary key (item, actor)
) {clustered};
create index protect_draft_saved on protect_draft (saved_at);
",
};

/// An item handed to another unit is closed with this outcome; the duty goes on in the item left
/// in its place, so such items are never counted.
pub const HANDED_OVER: &str = "handed_over";

/// The measures of victim care. Both count duties, which are reports with a victim.
pub const MEASURES: &[Measure] = &[
    Measure {
        commitment: "PROTECT-06",
        name: "Advice delivered",
        version: 1,
        window: Window::Month,
        lag_days: 30,
        target: Some(100.0),
        cohort: "select w.subject as subject, w.received_at as at, \
            case when d.line = 'advised' then 1 else 0 end as met, \
            case when d.line is null then 'awaiting' \
                 when d.line = 'error' then d.reason else d.line end as line, \
            case when d.line = 'error' then 1 else 0 end as excluded, \
            r.victim_label || ' ' || r.reference as label, \
            w.marking as marking, w.compartment as compartment \
            from work_item w join shared_report r on r.id = w.subject \
            left join protect_duty d on d.report = w.subject \
            where w.queue = 'protect.victim_care' and w.national = 1 \
            and (w.outcome is null or w.outcome <> 'handed_over')",
        meaning: "Victim reports from the national service whose victim was given advice by phone \
            or in person, by the month the force received them",
    },
    Measure {
        commitment: "PROTECT-08",
        name: "Vulnerable victims supported",
        version: 2,
        window: Window::Month,
        lag_days: 30,
        target: Some(100.0),
        // A person's assessment goes before what triage proposed; where it was the first to find the
        // victim vulnerable, the working day for the offer runs from it.
        cohort: "select w.subject as subject, w.received_at as at, \
            case when (d.offered_in_time = 1 or exists (select 1 from protect_support_offer o \
                       where o.report = w.subject and o.at <= s.offer_by)) \
                  and (d.offer_settled = 1 or s.settled = 1) then 1 else 0 end as met, \
            case when d.line = 'error' then d.reason \
                 when d.offered is null or d.offered = 0 then 'not_offered' \
                 when d.offered_in_time = 0 and not exists (select 1 from protect_support_offer o \
                      where o.report = w.subject and o.at <= s.offer_by) then 'offered_late' \
                 when d.offer_settled = 0 and coalesce(s.settled, 0) = 0 then 'no_plan_or_refusal' \
                 else 'supported' end as line, \
            case when d.line = 'error' then 1 else 0 end as excluded, \
            r.victim_label || ' ' || r.reference as label, \
            w.marking as marking, w.compartment as compartment \
            from work_item w join shared_report r on r.id = w.subject \
            left join protect_duty d on d.report = w.subject \
            left join protect_standing s on s.report = w.subject \
            where w.queue = 'protect.victim_care' and coalesce(s.vulnerable, w.vulnerable) = 1 \
            and (w.outcome is null or w.outcome <> 'handed_over')",
        meaning: "Victims assessed as vulnerable who were offered support within 1 working day and \
            have a plan or a recorded refusal",
    },
];
