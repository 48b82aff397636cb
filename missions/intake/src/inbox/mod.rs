//! The duty inbox: every report that waits for a person's triage decision.
//!
//! *What it does*: lists the queue, lets people take, allocate and put back reports, confirm or
//! override what triage proposed, and keep their own views. *Who uses it*: triage officers and
//! detective inspectors; analysts and auditors look on. *References*: the triage reference, sections
//! 6 to 8; commitments GEN-07 and SFCU-01.
//!
//! Start reading at [`page`], then [`bulk`], then [`decide`].

mod act;
mod api;
mod bulk;
mod decide;
mod list;
mod page;
mod query;
mod views;
mod views_api;

use axum::routing::{get, post};
use record::access::{Act, ActKind, Actor, Grant, Resource};
use record::work::Queue;
use store::Migration;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{ApiRoute, App, Capability, Nav, Route};

use crate::{deciding, queues};

pub use act::{allocate, decide as decide_report, put_back, take};

/// Lists the queue.
pub const VIEW: Act = Act::new("inbox.view", ActKind::Consultation, "Open the duty inbox");
/// Keeps or removes a view of one's own.
pub const SAVE_VIEW: Act = Act::new(
    "inbox.save_view",
    ActKind::Alteration,
    "Save a view of the inbox",
);
/// Finds where a report stands in triage, before asking for the act itself.
pub const FIND: Act = Act::new("triage.find", ActKind::Open, "Find a report in triage");
/// Opens a proposal with its reasons.
pub const CONSIDER: Act = Act::new(
    "triage.consider",
    ActKind::Consultation,
    "Open a triage proposal",
);
/// Takes a report from the queue.
pub const TAKE: Act = Act::new(
    "triage.take",
    ActKind::Alteration,
    "Take a report to triage",
);
/// Puts a report back on the queue.
pub const PUT_BACK: Act = Act::new(
    "triage.put_back",
    ActKind::Alteration,
    "Put a report back in the inbox",
);
/// Gives a report to a colleague.
pub const ALLOCATE: Act = Act::new(
    "triage.allocate",
    ActKind::Alteration,
    "Allocate a report to a colleague",
);
/// Confirms proposals, several at once.
pub const CONFIRM: Act = Act::new(
    "triage.confirm",
    ActKind::Alteration,
    "Confirm triage as proposed",
);
/// Decides one report.
pub const DECIDE: Act = Act::new("triage.decide", ActKind::Alteration, "Decide triage");
/// Puts a report proposed for the highest acceptance band below it.
pub const OVERRIDE_DOWN: Act = Act::new(
    "triage.override_down",
    ActKind::Alteration,
    "Override triage downwards from the highest band",
);

/// The duty inbox and the triage decision.
pub const INBOX: Capability = Capability {
    name: "intake.inbox",
    title: "Duty inbox",
    nav: Some(Nav {
        title: "Inbox",
        href: "/inbox",
        act: &VIEW,
        order: 10,
    }),
    commitments: &["GEN-07", "SFCU-01"],
    acts: &[
        VIEW,
        SAVE_VIEW,
        FIND,
        CONSIDER,
        TAKE,
        PUT_BACK,
        ALLOCATE,
        CONFIRM,
        DECIDE,
        OVERRIDE_DOWN,
    ],
    queues: &[Queue {
        name: queues::TRIAGE,
        title: "Triage",
    }],
    tables: &["intake_view"],
    migrations: &[Migration {
        version: 1101,
        name: "saved views of the inbox, decisions for other missions",
        sql: "
create table intake_view (
  person {id} not null,
  name {text} not null,
  query {text} not null,
  saved_at {int} not null,
  primary key (person, name)
) {clustered};
create view shared_decision as
  select report, at, author_name, class, vulnerability, acceptance, route, overridden, reason
  from intake_decision;
",
    }],
    measures: &[deciding::CLASSIFIED],
    checks: &[deciding::check_routes],
    routes: &[
        Route::get("/inbox", &VIEW, || get(page::show)),
        Route::post("/inbox/reports", &TAKE, || post(bulk::run)),
        Route::post("/inbox/views", &SAVE_VIEW, || post(views::save)),
        Route::post("/inbox/views/remove", &SAVE_VIEW, || post(views::remove)),
        Route::get("/reports/{id}/decide", &CONSIDER, || get(decide::show)),
        Route::post("/reports/{id}/decision", &DECIDE, || post(decide::decide)),
    ],
    api: &[
        ApiRoute {
            path: "/inbox",
            methods: "GET",
            act: &VIEW,
            make: || OpenApiRouter::new().routes(routes!(api::inbox)),
        },
        ApiRoute {
            path: "/inbox/{id}/take",
            methods: "POST",
            act: &TAKE,
            make: || OpenApiRouter::new().routes(routes!(api::take)),
        },
        ApiRoute {
            path: "/inbox/{id}/release",
            methods: "POST",
            act: &PUT_BACK,
            make: || OpenApiRouter::new().routes(routes!(api::release)),
        },
        ApiRoute {
            path: "/inbox/{id}/allocate",
            methods: "POST",
            act: &ALLOCATE,
            make: || OpenApiRouter::new().routes(routes!(api::allocate)),
        },
        ApiRoute {
            path: "/reports/{id}/decision",
            methods: "POST",
            act: &DECIDE,
            make: || OpenApiRouter::new().routes(routes!(api::decide)),
        },
        ApiRoute {
            path: "/inbox/views",
            methods: "GET",
            act: &VIEW,
            make: views_api::read,
        },
        ApiRoute {
            path: "/inbox/views/{name}",
            methods: "PUT, DELETE",
            act: &SAVE_VIEW,
            make: views_api::change,
        },
    ],
    ..Capability::NONE
};

/// The queue as a whole.
fn queue() -> Resource {
    Resource::of("queue", queues::TRIAGE)
}

/// Asks for an act; a refusal is in the ledger before it is shown.
async fn permit(
    app: &App,
    actor: &Actor,
    act: &Act,
    thing: &Resource,
    reason: &str,
) -> web::Result<Grant> {
    match actor.permit(act, thing, reason) {
        Ok(grant) => Ok(grant),
        Err(refused) => {
            app.store().note_refusal(refused.attempt()).await?;
            Err(refused.into())
        }
    }
}
