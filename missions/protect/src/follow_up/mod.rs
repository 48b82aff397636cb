//! Follow-up: victims who were advised are called again at set days, and support that was refused is
//! offered once more.
//!
//! *Who uses it*: victim care officers and partners' callers, in a list of their own. *What it
//! serves*: PROTECT-06 (behaviour change, its companion measure) and PROTECT-08 (a refusal is offered
//! again).
//!
//! A job leaves one duty for each step; a step is left once for each report. What a conversation came
//! to is worked out by [`answers`], a pure function.

pub mod answers;
mod leave;
mod list;
mod page;
mod policy;
mod schema;
mod write;

use axum::routing::{get, post};
use record::access::{Act, ActKind};
use record::work::Queue;
use web::{Capability, Job, Nav, PolicyFile, Route};

pub use leave::run as leave_due;
pub use policy::FollowUpPolicy;

/// Name of the queue this capability declares.
pub const QUEUE: &str = "protect.follow_up";

const LIST: Act = Act::new(
    "follow_up.list",
    ActKind::Consultation,
    "See the victims to follow up",
);
const VIEW: Act = Act::new("follow_up.view", ActKind::Consultation, "Open a follow-up");
const RECORD: Act = Act::new(
    "follow_up.record",
    ActKind::Alteration,
    "Record a follow-up",
);
/// Reads times and ids only, of nobody in particular.
const LOOK: Act = Act::new(
    "follow_up.look",
    ActKind::Open,
    "Look for follow-ups that fall due",
);
/// Done by the system alone.
const LEAVE: Act = Act::new(
    "follow_up.leave",
    ActKind::Alteration,
    "Leave follow-ups that fall due",
);

pub const FOLLOW_UP: Capability = Capability {
    name: "protect.follow_up",
    title: "Follow-up",
    nav: Some(Nav {
        title: "Follow-ups",
        href: "/follow-ups",
        act: &LIST,
        order: 41,
    }),
    commitments: &["PROTECT-06", "PROTECT-08"],
    acts: &[LIST, VIEW, RECORD, LOOK, LEAVE],
    queues: &[Queue {
        name: QUEUE,
        title: "Victims to follow up",
    }],
    tables: schema::TABLES,
    migrations: schema::MIGRATIONS,
    measures: schema::MEASURES,
    policies: &[PolicyFile {
        file: "protect/follow-up.toml",
        load: FollowUpPolicy::load,
    }],
    routes: &[
        Route::get("/follow-ups", &LIST, || get(list::list)),
        Route::get("/follow-ups/{id}", &VIEW, || get(page::one)),
        Route::post("/follow-ups/{id}", &RECORD, || post(page::record)),
    ],
    jobs: &[Job {
        name: "protect.follow_ups",
        every_seconds: 60,
        run: leave::tick,
    }],
    ..Capability::NONE
};
