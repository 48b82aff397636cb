//! Messages to victims: texts with an owner and a legal check, sent once.
//!
//! *Who uses it*: victim care, from the call page; an inspector settles what went wrong. *What it
//! serves*: PROTECT-06 (who could not be reached is written to), and telling victims that their
//! report helped.
//!
//! The same way out also carries warnings to subscribers and what confirms a subscription: see [`Purpose`].
//!
//! Never twice: a message is marked as being handed over in a write of its own before a mail server or GOV.UK Notify
//! sees it. When the end of that is not seen, it is `unsure`, and a person decides.

mod compose;
mod helped_texts;
mod letter_head;
mod letter_list;
mod letter_pdf;
mod letters;
mod many;
mod outbox;
mod policy;
mod queue;
mod sending;
mod state;
mod unsubscribe;

use axum::routing::{get, post};
use record::access::{Act, ActKind};
use store::Migration;
use web::{Capability, Nav, PolicyFile, Route};

pub(crate) use helped_texts::TextFor;
pub(crate) use many::{Turn, Whose, Written, make_letters, queue_all};
pub use policy::MessagePolicy;
pub(crate) use policy::{Merge, Template, merged};
pub(crate) use queue::{
    About, Notice, Purpose, Which, forget_notices, queue_notices, withdraw_notices,
};
pub use sending::{Dispatched, Post};
pub use state::State;

const LIST: Act = Act::new(
    "message.list",
    ActKind::Consultation,
    "See the messages to victims",
);
const VIEW: Act = Act::new(
    "message.view",
    ActKind::Consultation,
    "Open a message to a victim",
);
const SEND: Act = Act::new(
    "message.send",
    ActKind::Alteration,
    "Send a victim a message",
);
const SETTLE: Act = Act::new(
    "message.settle",
    ActKind::Alteration,
    "Decide about a message that did not go out",
);
const LETTERS_LIST: Act = Act::new(
    "letter.list",
    ActKind::Consultation,
    "See the letters that wait to be posted",
);
/// Takes the letters away as one file.
const PRINT: Act = Act::new(
    "letter.print",
    ActKind::Disclosure,
    "Print all letters that wait to be posted",
);
/// Done by the system alone.
const DISPATCH: Act = Act::new(
    "message.dispatch",
    ActKind::Alteration,
    "Hand messages to the mail server or GOV.UK Notify",
);

pub const MESSAGES: Capability = Capability {
    name: "protect.messages",
    title: "Messages to victims",
    nav: Some(Nav {
        title: "Messages",
        href: "/messages",
        act: &LIST,
        order: 46,
    }),
    commitments: &["PROTECT-06"],
    acts: &[LIST, VIEW, SEND, SETTLE, LETTERS_LIST, PRINT, DISPATCH],
    tables: &["protect_message", "protect_letter"],
    migrations: MIGRATIONS,
    policies: &[PolicyFile {
        file: "protect/messages.toml",
        load: MessagePolicy::load,
    }],
    routes: &[
        Route::get("/messages", &LIST, || get(outbox::list)),
        Route::get("/messages/{id}", &VIEW, || get(outbox::one)),
        Route::post("/messages/{id}/settle", &SETTLE, || post(outbox::settle)),
        Route::get("/victim-care/{id}/message", &SEND, || get(compose::page)),
        Route::post("/victim-care/{id}/message", &SEND, || post(compose::submit)),
        Route::get("/victim-care/{id}/letter", &SEND, || get(letters::page)),
        Route::post("/victim-care/{id}/letter", &SEND, || post(letters::submit)),
        Route::get("/letters", &LETTERS_LIST, || get(letter_list::page)),
        Route::post("/letters", &SEND, || post(letter_list::posted)),
        Route::get("/letters/to-post.pdf", &PRINT, || get(letter_list::print)),
        Route::get("/letters/{id}/letter.pdf", &VIEW, || {
            get(letter_pdf::download)
        }),
        Route::get("/letters/{id}", &VIEW, || get(letters::one)),
        Route::post("/letters/{id}", &SEND, || post(letters::done)),
    ],
    ..Capability::NONE
};

const MIGRATIONS: &[Migration] = &[OUTBOX, SUBSCRIBERS, LETTERS, PRINTED];

const OUTBOX: Migration = Migration {
    version: 3060,
    name: "messages to victims",
    sql: "
create table protect_message (
  id {id} not null primary key,
  item {id} not null,
  reference {text} not null,
  name {text} not null,
  address {text} not null,
  template {text} not null,
  template_version {int} not null,
  subject {text} not null,
  body {text} not null,
  state {text} not null,
  created_at {int} not null,
  created_by {id} not null,
  created_by_name {text} not null,
  next_at {int} not null,
  handed_at {int},
  failed {int} not null,
  problem {text} not null,
  ended_at {int},
  settled_by_name {text},
  note {text} not null,
  unit {text} not null,
  marking {int} not null,
  compartment {text},
  policy {text} not null
) {strict};
create index protect_message_state on protect_message (state, next_at, id);
create index protect_message_item on protect_message (item, created_at);
",
};

/// Notices to subscribers go out by the same job.
const SUBSCRIBERS: Migration = Migration {
    version: 3700,
    name: "messages to subscribers",
    sql: "
alter table protect_message add column purpose {text} not null default 'victim';
alter table protect_message add column turn {int} not null default 0;
alter table protect_message add column leave {text} not null default '';
create index protect_message_turn on protect_message (state, turn, next_at, id);
create index protect_message_notice on protect_message (address) where purpose <> 'victim';
",
};

/// Letters, which people print and post.
const LETTERS: Migration = Migration {
    version: 3440,
    name: "letters to victims",
    sql: "
create table protect_letter (
  id {id} not null primary key,
  item {id} not null,
  reference {text} not null,
  name {text} not null,
  address {text} not null,
  template {text} not null,
  template_version {int} not null,
  body {text} not null,
  state {text} not null,
  created_at {int} not null,
  created_by {id} not null,
  created_by_name {text} not null,
  posted_at {int},
  posted_by_name {text},
  unit {text} not null,
  marking {int} not null,
  compartment {text},
  policy {text} not null
) {strict};
create index protect_letter_item on protect_letter (item, created_at);
",
};

/// A letter keeps the line above its text and its language, so that it can be laid out again.
const PRINTED: Migration = Migration {
    version: 3750,
    name: "letters as documents",
    sql: "
alter table protect_letter add column subject {text} not null default '';
alter table protect_letter add column language {text} not null default 'en';
create index protect_letter_waiting on protect_letter (created_at, id) where state = 'to_post';
",
};
