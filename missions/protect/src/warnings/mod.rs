//! Warnings to the public: written, checked, approved by somebody else, sent to every channel, cleared down.
//!
//! *Who uses it*: whoever sees a threat writes; the officer in the case and communications check; an inspector
//! and communications approve. *What it serves*: PURSUE-08.
//!
//! Invariants
//! - No warning is sent without every check and every approval that policy asks for, of the edition that is sent.
//!   Changing the text makes a new edition, and what was checked before counts no more.
//! - Nobody approves what they wrote, and nobody gives two approvals.
//! - The public side gets a file that holds what everybody may read, and nothing else ([`Publisher`]).
//! - A warning goes to an address once, and only to an address its holder confirmed.
//!
//! Start reading at [`WARNINGS`], then `kept.rs` and `steps.rs`.

mod compose;
mod decide;
mod draft;
mod edit;
mod kept;
mod list;
mod page;
mod policy;
mod press;
mod publish;
mod state;
mod steps;
pub(crate) mod subscribers;
mod text;

use axum::routing::{get, post};
use record::access::{Act, ActKind, Actor};
use record::ids::RecordId;
use record::measure::{Measure, Window};
use store::Migration;
use web::{App, Capability, Error, Job, Nav, PolicyFile, Route};

pub use policy::WarningPolicy;
pub use publish::{Published, Publisher, keep_up};

const LIST: Act = Act::new(
    "warning.list",
    ActKind::Consultation,
    "See the warnings to the public",
);
const VIEW: Act = Act::new(
    "warning.view",
    ActKind::Consultation,
    "Open a warning to the public",
);
const WRITE: Act = Act::new(
    "warning.write",
    ActKind::Alteration,
    "Write a warning to the public",
);
const CHECK: Act = Act::new(
    "warning.check",
    ActKind::Alteration,
    "Check a warning before it is approved",
);
const APPROVE: Act = Act::new(
    "warning.approve",
    ActKind::Alteration,
    "Approve a warning somebody else wrote",
);
const SEND: Act = Act::new(
    "warning.send",
    ActKind::Disclosure,
    "Send an approved warning to the public",
);
const CLEAR: Act = Act::new(
    "warning.clear",
    ActKind::Alteration,
    "Clear down a warning that is in force",
);
/// Done by the system alone.
const WATCH: Act = Act::new(
    "warning.watch",
    ActKind::Open,
    "Look for warnings to publish and to end",
);
const KEEP_UP: Act = Act::new(
    "warning.keep_up",
    ActKind::Alteration,
    "Record what was published and what ended",
);

pub const WARNINGS: Capability = Capability {
    name: "protect.warnings",
    title: "Warnings to the public",
    nav: Some(Nav {
        title: "Warnings",
        href: "/warnings",
        act: &LIST,
        order: 48,
    }),
    commitments: &["PURSUE-08"],
    acts: &[
        LIST, VIEW, WRITE, CHECK, APPROVE, SEND, CLEAR, WATCH, KEEP_UP,
    ],
    tables: &[
        "protect_warning",
        "protect_warning_step",
        "protect_warning_channel",
        "protect_subscription",
    ],
    migrations: MIGRATIONS,
    measures: &[WARNING_SPEED],
    policies: &[PolicyFile {
        file: "protect/warnings",
        load: WarningPolicy::load,
    }],
    routes: &[
        Route::get("/warnings", &LIST, || get(list::page)),
        Route::get("/warnings/new", &WRITE, || get(edit::new)),
        Route::post("/warnings/new", &WRITE, || post(edit::create)),
        Route::get("/warnings/{id}", &VIEW, || get(page::page)),
        Route::get("/warnings/{id}/press", &VIEW, || get(press::page)),
        Route::get("/warnings/{id}/edit", &WRITE, || get(edit::edit)),
        Route::post("/warnings/{id}/edit", &WRITE, || post(edit::save)),
        Route::post("/warnings/{id}/submit", &WRITE, || post(steps::submit)),
        Route::get("/warnings/{id}/check/{check}", &CHECK, || {
            get(decide::check)
        }),
        Route::post("/warnings/{id}/check/{check}", &CHECK, || {
            post(decide::checked)
        }),
        Route::get("/warnings/{id}/approve/{approval}", &APPROVE, || {
            get(decide::approve)
        }),
        Route::post("/warnings/{id}/approve/{approval}", &APPROVE, || {
            post(decide::approved)
        }),
        Route::post("/warnings/{id}/send", &SEND, || post(steps::send)),
        Route::post("/warnings/{id}/posted", &SEND, || post(steps::posted)),
        Route::get("/warnings/{id}/clear", &CLEAR, || get(decide::clear)),
        Route::post("/warnings/{id}/clear", &CLEAR, || post(decide::cleared)),
        Route::get("/warnings/{id}/withdraw", &WRITE, || get(decide::withdraw)),
        Route::post("/warnings/{id}/withdraw", &WRITE, || {
            post(decide::withdrawn)
        }),
    ],
    jobs: &[Job {
        name: "protect.keep_up_warnings",
        every_seconds: 20,
        run: publish::tick,
    }],
    ..Capability::NONE
};

const MIGRATIONS: &[Migration] = &[Migration {
    version: 3710,
    name: "warnings to the public",
    sql: "
create table protect_warning (
  id {id} not null primary key,
  version {int} not null,
  edition {int} not null,
  state {text} not null,
  template {text} not null,
  template_version {int} not null,
  topic {text} not null,
  event {text} not null,
  kind {text} not null,
  immediate {int} not null,
  title {text} not null,
  what {text} not null,
  steps {text} not null,
  link {text} not null,
  source {text} not null,
  places {text} not null,
  sectors {text} not null,
  interests {text} not null,
  channels {text} not null,
  cause_kind {text} not null,
  network {id},
  cause {text} not null,
  decided_at {int} not null,
  issue_by {int} not null,
  expires_at {int} not null,
  replaces {id},
  created_at {int} not null,
  created_by {id} not null,
  created_by_name {text} not null,
  changed_at {int} not null,
  changed_by {id} not null,
  changed_by_name {text} not null,
  sent_at {int},
  issued_at {int},
  cleared_at {int},
  cleared_how {text} not null,
  unit {text} not null,
  marking {int} not null,
  compartment {text},
  policy {text} not null
) {strict};
create index protect_warning_state on protect_warning (state, changed_at, id);
create index protect_warning_decided on protect_warning (decided_at) where immediate = 1;
create table protect_warning_step (
  id {id} not null primary key,
  warning {id} not null,
  at {int} not null,
  actor {id} not null,
  by_name {text} not null,
  what {text} not null,
  edition {int} not null,
  reason {text} not null,
  detail {text} not null
) {strict};
create index protect_warning_step_of on protect_warning_step (warning, at, id);
create table protect_warning_channel (
  warning {id} not null,
  channel {text} not null,
  issued_at {int},
  by_name {text} not null,
  reach {int},
  note {text} not null,
  primary key (warning, channel)
) {clustered};
create table protect_subscription (
  id {id} not null primary key,
  email {text} not null,
  token {text} not null,
  places {text} not null,
  sectors {text} not null,
  interests {text} not null,
  asked_at {int} not null,
  confirmed_at {int}
) {strict};
create unique index protect_subscription_token on protect_subscription (token);
create index protect_subscription_email on protect_subscription (email, asked_at);
",
}];

/// PURSUE-08. A decision to warn stays in the denominator when nothing came of it; one that was entered in error
/// leaves it.
const WARNING_SPEED: Measure = Measure {
    commitment: "PURSUE-08",
    name: "Warning speed",
    version: 1,
    window: Window::Quarter,
    lag_days: 2,
    target: Some(95.0),
    cohort: "select id as subject, decided_at as at, \
        case when issued_at is not null and issued_at <= issue_by then 1 else 0 end as met, \
        case when cleared_how = 'entered_in_error' then 'entered_in_error' \
             when issued_at is not null and issued_at <= issue_by then 'in_time' \
             when issued_at is not null then 'late' \
             when state = 'withdrawn' then 'not_issued' else 'waiting' end as line, \
        case when cleared_how = 'entered_in_error' then 1 else 0 end as excluded, \
        title as label, marking, compartment from protect_warning where immediate = 1",
    meaning: "Immediate threats of which the public was warned within 24 hours of the decision to warn, of all \
        decisions to warn of one, by the quarter of the decision",
};

/// A warning with what was done about it, for an act on it. What the actor may not see is not found.
struct Opened {
    warning: kept::Warning,
    done: Vec<kept::Done>,
}

async fn open(app: &App, actor: &Actor, id: &str) -> Result<Opened, Error> {
    let id: RecordId = id.parse().map_err(|_| Error::NotFound)?;
    let resource = kept::resource(id, &actor.unit);
    let grant = crate::victim_care::permit(app, actor, &VIEW, &resource, "").await?;
    let mut reader = app.store().read_to_show(&grant).await?;
    let warning = kept::find(&mut reader.conn(), id).await?;
    let done = kept::history(&mut reader.conn(), id).await?;
    reader.opened().await?;
    if !actor.may(&VIEW, &kept::resource(id, &warning.unit)) {
        return Err(Error::NotFound);
    }
    Ok(Opened { warning, done })
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::path::Path;

    use record::policy::Files;

    use super::*;

    /// The shipped policy, read from the source tree.
    pub fn files() -> Files {
        fn read(root: &Path, folder: &Path, files: &mut Files) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    read(root, &path, files);
                    continue;
                }
                let name = path
                    .strip_prefix(root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned();
                files
                    .0
                    .insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policy");
        let mut files = Files::default();
        read(&root, &root, &mut files);
        files
    }

    pub fn policy() -> WarningPolicy {
        WarningPolicy::read(&files()).unwrap()
    }

    #[test]
    fn a_policy_that_does_not_fit_is_refused_with_its_file() {
        const FILE: &str = "protect/warnings/warnings.toml";
        const TEMPLATES: &str = "protect/warnings/templates.toml";
        for (file, from, to, told) in [
            (
                FILE,
                "issue_within_hours = 24",
                "issue_within_hours = 0",
                "at least 1",
            ),
            (
                FILE,
                "longest_days = 90",
                "longest_days = 7",
                "at least usual_days",
            ),
            (
                FILE,
                "roles = [\"communications\"]",
                "roles = [\"magician\"]",
                "no role",
            ),
            (
                FILE,
                "immediate = [\"inspector\"]",
                "immediate = []",
                "nobody would approve",
            ),
            (
                FILE,
                "immediate = [\"inspector\"]",
                "immediate = [\"chief\"]",
                "no approval",
            ),
            (
                FILE,
                "sender = \"warnings@",
                "sender = \"warn ings@",
                "sender",
            ),
            (FILE, "\"police.uk\"", "\"Police\"", "no domain"),
            (
                FILE,
                "urgency = \"Expected\"",
                "urgency = \"Soon\"",
                "urgency is one of",
            ),
            (
                FILE,
                "longest = 280",
                "longest = 100",
                "for a title and a link",
            ),
            (
                FILE,
                "{{ link }}",
                "{{ lnik }}",
                "Merge fields are force, link",
            ),
            (FILE, "\"105\"", "\"call us\"", "digits and spaces"),
            (FILE, "language =", "colour =", "unknown field"),
            (
                TEMPLATES,
                "topic = \"phishing\"",
                "topic = \"fishing\"",
                "no page of advice",
            ),
            (
                TEMPLATES,
                "[\"scam_messages\"]",
                "[\"chess\"]",
                "no interest",
            ),
            (
                TEMPLATES,
                "texts to 7726.",
                "texts to 07700 900123.",
                "Nobody has recorded",
            ),
        ] {
            let mut files = files();
            let text = files.text(file).unwrap().replacen(from, to, 1);
            assert_ne!(text, files.text(file).unwrap(), "{from}");
            files.0.insert(file.to_owned(), text);
            let problem = WarningPolicy::read(&files).unwrap_err().to_string();
            assert!(
                problem.contains(told) && problem.contains(file),
                "{problem}"
            );
        }
    }
}
