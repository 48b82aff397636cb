//! Tables of intake, and the views through which other missions read the shared nouns.

use store::Migration;

/// Tables intake writes. No other mission does.
pub const TABLES: &[&str] = &[
    "intake_report",
    "intake_report_fts",
    "intake_observable",
    "intake_sighting",
    "intake_mention",
    "intake_mention_key",
    "intake_mention_link",
    "intake_person",
    "intake_person_event",
    "intake_name_count",
    "intake_judgement",
    "intake_network",
    "intake_network_event",
    "intake_triage",
    "intake_decision",
    "intake_import",
    "intake_source",
    "intake_total",
];

pub const MIGRATIONS: &[Migration] = &[FIRST, SAMPLES];

/// Which descriptions speak for a person, and why a pair is for a person to look at.
const SAMPLES: Migration = Migration {
    version: 1001,
    name: "descriptions that speak for a person, reasons for review",
    sql: "
alter table intake_mention add column sampled {int} not null default 0;
update intake_mention set sampled = 1 where id in (
  select id from (
    select id, row_number() over (partition by person order by id desc) as n from intake_mention
  ) as ranked where n <= 6
);
create index intake_mention_sampled on intake_mention (person) where sampled = 1;
alter table intake_mention_link add column why {text} not null default '';
",
};

const FIRST: Migration = Migration {
    version: 1000,
    name: "reports, observables, people, networks, triage, imports",
    sql: "
create table intake_report (
  seq {int} not null primary key,
  id {id} not null unique,
  source {text} not null,
  reference {text} not null,
  feed {text} not null,
  national {int} not null,
  received_at {int} not null,
  entered_at {int} not null,
  code {text} not null,
  class {text} not null,
  class_source {text} not null,
  title {text} not null,
  loss_pence {int},
  district {text} not null,
  victim_kind {text} not null,
  victim_label {text} not null,
  person {id},
  network {id},
  vulnerability {text} not null,
  acceptance {text} not null,
  unit {text} not null,
  marking {int} not null,
  compartment {text},
  import {id},
  digest {text} not null,
  content {text} not null
) {strict};
create unique index intake_report_reference on intake_report (reference, source);
create index intake_report_received on intake_report (received_at, id);
create index intake_report_person on intake_report (person, received_at) where person is not null;
create index intake_report_network on intake_report (network, received_at, id) where network is not null;
--sqlite
create virtual table intake_report_fts using fts5(
  words, content='', contentless_delete=1,
  tokenize = \"unicode61 remove_diacritics 0 categories 'L* N* Co Mn Mc'\"
);
--end
--postgres
create table intake_report_fts (
  rowid bigint primary key,
  words text not null,
  vector tsvector generated always as (to_tsvector('simple', words)) stored
);
create index intake_report_fts_vector on intake_report_fts using gin (vector);
--end
create table intake_observable (
  id {id} not null primary key,
  kind {text} not null,
  value {text} not null,
  reports {int} not null,
  joins {int} not null,
  first_report {id},
  first_at {int} not null,
  last_at {int} not null
) {clustered};
create unique index intake_observable_value on intake_observable (value, kind);
create table intake_sighting (
  report {id} not null,
  observable {id} not null,
  role {text} not null,
  field {text} not null,
  raw {text} not null,
  start_at {int} not null,
  end_at {int} not null,
  rejected {int} not null,
  primary key (report, observable, role)
) {clustered};
create index intake_sighting_observable on intake_sighting (observable, report);
create table intake_mention (
  id {id} not null primary key,
  report {id} not null,
  role {text} not null,
  kind {text} not null,
  person {id} not null,
  label {text} not null,
  prepared {text} not null
) {strict};
create index intake_mention_report on intake_mention (report);
create index intake_mention_person on intake_mention (person);
create table intake_mention_key (
  key {int} not null,
  mention {id} not null,
  primary key (key, mention)
) {clustered};
create table intake_mention_link (
  low {id} not null,
  high {id} not null,
  weight {real} not null,
  band {text} not null,
  parts {text} not null,
  decided {text},
  primary key (low, high)
) {clustered};
create index intake_mention_link_high on intake_mention_link (high);
create index intake_mention_link_review on intake_mention_link (band, decided) where band = 'review';
create table intake_person (
  id {id} not null primary key,
  kind {text} not null,
  label {text} not null,
  reports {int} not null,
  first_at {int} not null,
  last_at {int} not null,
  merged_into {id}
) {strict};
create table intake_person_event (
  id {id} not null primary key,
  person {id} not null,
  at {int} not null,
  what {text} not null,
  other {id},
  by_name {text} not null,
  reason {text} not null
) {strict};
create index intake_person_event_person on intake_person_event (person, at);
create table intake_name_count (
  name {text} not null,
  field {text} not null,
  n {int} not null,
  primary key (name, field)
) {clustered};
create table intake_judgement (
  id {id} not null primary key,
  what {text} not null,
  left_id {id} not null,
  right_id {id} not null,
  verdict {text} not null,
  reason {text} not null,
  author {id} not null,
  author_name {text} not null,
  at {int} not null
) {strict};
create index intake_judgement_left on intake_judgement (left_id);
create index intake_judgement_right on intake_judgement (right_id);
create table intake_network (
  id {id} not null primary key,
  name {text} not null,
  reports {int} not null,
  first_at {int} not null,
  last_at {int} not null,
  merged_into {id}
) {strict};
create index intake_network_size on intake_network (reports, id) where merged_into is null;
create table intake_network_event (
  id {id} not null primary key,
  network {id} not null,
  at {int} not null,
  what {text} not null,
  other {id},
  reports {int} not null,
  by_name {text} not null,
  reason {text} not null
) {strict};
create index intake_network_event_network on intake_network_event (network, at);
create table intake_triage (
  report {id} not null primary key,
  at {int} not null,
  policy {text} not null,
  proposal {text} not null
) {strict};
create table intake_decision (
  id {id} not null primary key,
  report {id} not null,
  at {int} not null,
  author {id} not null,
  author_name {text} not null,
  class {text} not null,
  vulnerability {text} not null,
  acceptance {text} not null,
  route {text} not null,
  overridden {int} not null,
  reason {text} not null
) {strict};
create index intake_decision_report on intake_decision (report, at);
create table intake_import (
  id {id} not null primary key,
  source {text} not null,
  file_name {text} not null,
  digest {text} not null,
  mapping {text} not null,
  state {text} not null,
  started_at {int} not null,
  ended_at {int},
  by_name {text} not null,
  read_rows {int} not null,
  accepted {int} not null,
  duplicate {int} not null,
  rejected {int} not null,
  bytes_read {int} not null,
  bytes_total {int} not null,
  findings {text} not null,
  problem {text}
) {strict};
create index intake_import_started on intake_import (started_at, id);
create index intake_import_digest on intake_import (digest);
create table intake_source (
  name {text} not null primary key,
  title {text} not null,
  mapping {text} not null,
  expected_hours {int},
  last_at {int},
  silent_since {int},
  updated_at {int} not null,
  updated_by {text} not null
) {strict};
create table intake_total (
  name {text} not null primary key,
  n {int} not null
) {strict};
create view shared_report as
  select seq, id, source, reference, feed, national, received_at, code, class, title, loss_pence,
         district, victim_kind, victim_label, person, network, vulnerability, acceptance, unit,
         marking, compartment, content
  from intake_report;
create view shared_person as
  select id, kind, label, reports, first_at, last_at from intake_person where merged_into is null;
create view shared_network as
  select id, name, reports, first_at, last_at from intake_network where merged_into is null;
create view shared_triage as
  select report, at, policy, proposal from intake_triage;
",
};
