//! Tables of organisations, and the measures over them.

use record::measure::{Measure, Window};
use store::Migration;

pub const TABLES: &[&str] = &[
    "protect_organisation",
    "protect_org_contact",
    "protect_org_step",
    "protect_org_report",
    "protect_org_mark",
    "protect_org_interest",
    "protect_org_check",
    "protect_org_engagement",
    "protect_org_assessment",
    "protect_org_section",
    "protect_org_action",
    "protect_org_follow_up",
    "protect_org_scheme",
    "protect_org_scheme_step",
    "protect_org_referral",
];

pub const MIGRATIONS: &[Migration] = &[Migration {
    version: 3500,
    name: "organisations",
    sql: "
create table protect_organisation (
  id {id} not null primary key,
  name {text} not null,
  name_key {text} not null,
  company_number {text},
  postcode {text},
  kind {text} not null,
  size {text} not null,
  sector {text} not null,
  district {text} not null,
  critical {int} not null,
  it_provider {text} not null,
  insurer {text} not null,
  state {text} not null,
  reason {text} not null,
  created_at {int} not null,
  created_by {id} not null,
  created_by_name {text} not null,
  changed_at {int} not null,
  unit {text} not null,
  marking {int} not null,
  compartment {text},
  version {int} not null
) {strict};
create unique index protect_organisation_number on protect_organisation (company_number)
  where company_number is not null and compartment is null;
create index protect_organisation_name on protect_organisation (name_key, postcode);
create index protect_organisation_changed on protect_organisation (changed_at, id);
create table protect_org_contact (
  id {id} not null primary key,
  organisation {id} not null,
  name {text} not null,
  role {text} not null,
  phone {text} not null,
  email {text} not null,
  at {int} not null,
  by_name {text} not null
) {strict};
create index protect_org_contact_of on protect_org_contact (organisation, at);
create table protect_org_step (
  id {id} not null primary key,
  organisation {id} not null,
  at {int} not null,
  before {text} not null,
  after {text} not null,
  what {text} not null,
  note {text} not null,
  by_name {text} not null
) {strict};
create index protect_org_step_of on protect_org_step (organisation, at);
create table protect_org_report (
  report {id} not null primary key,
  organisation {id},
  name {text} not null,
  name_key {text} not null,
  why {text} not null,
  at {int} not null,
  by_name {text} not null
) {strict};
create index protect_org_report_of on protect_org_report (organisation) where organisation is not null;
create index protect_org_report_name on protect_org_report (name_key) where organisation is null;
create table protect_org_mark (
  id {int} not null primary key,
  seq {int} not null
) {strict};
create table protect_org_interest (
  id {id} not null primary key,
  organisation {id} not null,
  body {text} not null,
  ask {text} not null,
  since {int} not null,
  ended_at {int},
  by_name {text} not null
) {strict};
create index protect_org_interest_of on protect_org_interest (organisation);
create table protect_org_check (
  id {id} not null primary key,
  organisation {id} not null,
  at {int} not null,
  bodies {text} not null,
  agreed {text} not null,
  by_name {text} not null
) {strict};
create index protect_org_check_of on protect_org_check (organisation, at);
create table protect_org_engagement (
  id {id} not null primary key,
  organisation {id} not null,
  on_day {int} not null,
  quarter {text} not null,
  body {text} not null,
  officers {text} not null,
  format {text} not null,
  topics {text} not null,
  attendees {int} not null,
  schemes {text} not null,
  note {text} not null,
  follow_up_at {int},
  joint_with {id},
  at {int} not null,
  by_name {text} not null,
  policy {text} not null
) {strict};
create index protect_org_engagement_of on protect_org_engagement (organisation, on_day, id);
create index protect_org_engagement_day on protect_org_engagement (on_day);
create table protect_org_assessment (
  id {id} not null primary key,
  organisation {id} not null,
  at {int} not null,
  origin {text} not null,
  request {id} unique,
  by_name {text} not null
) {strict};
create index protect_org_assessment_of on protect_org_assessment (organisation, at);
create table protect_org_section (
  assessment {id} not null,
  set_id {text} not null,
  version {text} not null,
  title {text} not null,
  at {int} not null,
  by_name {text} not null,
  verdict {text} not null,
  outcome {text} not null,
  policy {text} not null,
  primary key (assessment, set_id)
) {clustered};
create table protect_org_action (
  id {id} not null primary key,
  organisation {id} not null,
  assessment {id} not null,
  question {text} not null,
  insider {int} not null,
  what {text} not null,
  owner {text} not null,
  due_at {int} not null,
  agreed_at {int} not null,
  by_name {text} not null,
  result {text},
  result_at {int},
  version {int} not null
) {strict};
create index protect_org_action_of on protect_org_action (organisation, due_at);
create index protect_org_action_open on protect_org_action (due_at, id) where result is null or result in ('part', 'not');
create table protect_org_follow_up (
  id {id} not null primary key,
  action {id} not null,
  at {int} not null,
  result {text} not null,
  evidence {text} not null,
  effect {text} not null,
  by_name {text} not null
) {strict};
create index protect_org_follow_up_of on protect_org_follow_up (action, at);
create table protect_org_scheme (
  id {id} not null primary key,
  organisation {id} not null,
  scheme {text} not null,
  step {text} not null,
  since {int} not null,
  expires_at {int},
  told_at {int} not null,
  told_quarter {text} not null,
  taken_up_at {int},
  unique (organisation, scheme)
) {strict};
create table protect_org_scheme_step (
  id {id} not null primary key,
  organisation {id} not null,
  scheme {text} not null,
  step {text} not null,
  since {int} not null,
  expires_at {int},
  at {int} not null,
  by_name {text} not null
) {strict};
create index protect_org_scheme_step_of on protect_org_scheme_step (organisation, at);
create table protect_org_referral (
  id {id} not null primary key,
  organisation {id} not null,
  offered_at {int} not null,
  quarter {text} not null,
  consent_version {int} not null,
  consent_text {text} not null,
  consented {int} not null,
  given_by {text} not null,
  passed {text} not null,
  accepted {int},
  answered_at {int},
  service {text} not null,
  feedback {text} not null,
  by_name {text} not null,
  version {int} not null
) {strict};
create index protect_org_referral_of on protect_org_referral (organisation, offered_at);
create view shared_organisation as
  select id, name, name_key, postcode, district, unit, marking, compartment from protect_organisation;
",
}];

/// The measures of organisations. A business that is engaged twice in a quarter counts once in it.
pub const MEASURES: &[Measure] = &[
    Measure {
        commitment: "INSIDER-01",
        name: "Insider topic covered",
        version: 1,
        window: Window::Quarter,
        lag_days: 30,
        target: Some(100.0),
        cohort: "select a.id as subject, a.at as at, \
            case when s.assessment is null then 0 else 1 end as met, \
            case when s.assessment is null then 'without_insider_section' \
                 else 'with_insider_section' end as line, \
            0 as excluded, o.name as label, o.marking as marking, o.compartment as compartment \
            from protect_org_assessment a join protect_organisation o on o.id = a.organisation \
            left join protect_org_section s on s.assessment = a.id and s.set_id = 'insider-threat'",
        meaning: "Assessments of organisations with the insider section completed, by the quarter of \
            the assessment",
    },
    Measure {
        commitment: "INSIDER-05",
        name: "Follow-up of agreed actions",
        version: 1,
        window: Window::Quarter,
        lag_days: 30,
        target: Some(80.0),
        cohort: "select c.id as subject, c.due_at as at, \
            case when c.result in ('done', 'declined') then 1 else 0 end as met, \
            coalesce(c.result, 'not_followed_up') as line, \
            0 as excluded, o.name || ': ' || c.what as label, \
            o.marking as marking, o.compartment as compartment \
            from protect_org_action c join protect_organisation o on o.id = c.organisation \
            where c.insider = 1 and c.due_at <= (select now from asked)",
        meaning: "Agreed insider actions confirmed as done or declined at follow-up, of those that \
            have fallen due, by the quarter they were due in",
    },
    Measure {
        commitment: "PREVENT-07",
        name: "Businesses told of both schemes",
        version: 1,
        window: Window::Quarter,
        lag_days: 30,
        target: Some(100.0),
        cohort: "select e.id as subject, e.on_day as at, \
            case when c.id is not null and s.id is not null then 1 else 0 end as met, \
            case when c.id is not null and s.id is not null then 'told_of_both' \
                 when c.id is not null then 'cyber_essentials_only' \
                 when s.id is not null then 'cisp_only' else 'told_of_neither' end as line, \
            0 as excluded, o.name as label, o.marking as marking, o.compartment as compartment \
            from protect_org_engagement e join protect_organisation o on o.id = e.organisation \
            left join protect_org_scheme c on c.organisation = o.id \
              and c.scheme = 'cyber_essentials' and c.told_quarter <= e.quarter \
            left join protect_org_scheme s on s.organisation = o.id \
              and s.scheme = 'cisp' and s.told_quarter <= e.quarter \
            where e.body = 'force' and o.kind = 'business' and not exists (\
              select 1 from protect_org_engagement f where f.organisation = e.organisation \
              and f.body = 'force' and f.quarter = e.quarter \
              and (f.on_day < e.on_day or (f.on_day = e.on_day and f.id < e.id)))",
        meaning: "Businesses the force engaged with in a quarter that had been told of Cyber \
            Essentials and of CiSP by its end",
    },
    Measure {
        commitment: "PREVENT-07",
        name: "Take-up of the schemes",
        version: 1,
        window: Window::Quarter,
        // Counted at six months.
        lag_days: 183,
        target: None,
        // 183 days in microseconds.
        cohort: "select s.id as subject, s.told_at as at, \
            case when s.taken_up_at <= s.told_at + 15811200000000 then 1 else 0 end as met, \
            s.scheme as line, 0 as excluded, o.name || ': ' || s.scheme as label, \
            o.marking as marking, o.compartment as compartment \
            from protect_org_scheme s join protect_organisation o on o.id = s.organisation \
            where o.kind = 'business' and s.scheme in ('cyber_essentials', 'cisp')",
        meaning: "Businesses told of Cyber Essentials or CiSP that were certified or had joined within \
            six months, each scheme by itself, by the quarter they were told in",
    },
    Measure {
        commitment: "ECRC-01",
        name: "ECRC referral offered",
        version: 1,
        window: Window::Quarter,
        lag_days: 30,
        target: Some(100.0),
        cohort: "select e.id as subject, e.on_day as at, \
            case when r.consented is null then 0 else 1 end as met, \
            case when r.consented is null then 'not_offered' \
                 when r.consented = 1 then 'offered_and_accepted' \
                 else 'offered_and_declined' end as line, \
            0 as excluded, o.name as label, o.marking as marking, o.compartment as compartment \
            from protect_org_engagement e join protect_organisation o on o.id = e.organisation \
            left join (select organisation, quarter, max(consented) as consented \
              from protect_org_referral group by organisation, quarter) r \
              on r.organisation = o.id and r.quarter = (\
                select max(q.quarter) from protect_org_referral q \
                where q.organisation = o.id and q.quarter <= e.quarter) \
            where e.body = 'force' and o.kind <> 'club' and not exists (\
              select 1 from protect_org_engagement f where f.organisation = e.organisation \
              and f.body = 'force' and f.quarter = e.quarter \
              and (f.on_day < e.on_day or (f.on_day = e.on_day and f.id < e.id)))",
        meaning: "Businesses, charities and public bodies the force engaged with in a quarter that had \
            been offered a referral to the Eastern Cyber Resilience Centre by its end; those who \
            declined were offered one",
    },
    Measure {
        commitment: "ECRC-02",
        name: "Duplicate visits",
        version: 1,
        window: Window::Quarter,
        // A visit by another body within 90 days makes an earlier one a duplicate.
        lag_days: 90,
        target: Some(5.0),
        // 90 days in microseconds.
        cohort: "select e.id as subject, e.on_day as at, \
            case when exists (select 1 from protect_org_engagement f \
              where f.organisation = e.organisation and f.body <> e.body \
              and f.on_day >= e.on_day - 7776000000000 and f.on_day <= e.on_day + 7776000000000 \
              and (f.joint_with is null or f.joint_with <> e.id) \
              and (e.joint_with is null or e.joint_with <> f.id)) then 1 else 0 end as met, \
            e.body as line, 0 as excluded, o.name as label, \
            o.marking as marking, o.compartment as compartment \
            from protect_org_engagement e join protect_organisation o on o.id = e.organisation",
        meaning: "Engagements with an organisation that another body engaged with within 90 days, \
            without a link between the two; fewer is better",
    },
];
