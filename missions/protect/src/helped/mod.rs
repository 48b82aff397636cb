//! Victims of a network are told that their report helped, by the choice of an officer.
//!
//! *Who uses it*: victim care, its supervisor and the inspector, from a network's page. *What it serves*: PROTECT-06
//! (whoever reported hears that it was worth it). *What it decides*: nothing. The officer says what happened, on whose
//! authority and why, and who is told; each victim is told once.
//!
//! [`standing`] says of one victim whether and how they can be told, or why not, as a pure function; [`read`] gathers
//! what it needs for a whole network; [`told`] writes the decision, the messages and the letters in one transaction;
//! [`decisions`] says what became of each.

mod api;
mod decisions;
mod form;
mod loaded;
mod one;
mod page;
mod read;
mod standing;
mod told;

use axum::routing::{get, post};
use record::access::{Act, ActKind, Actor, Resource};
use record::ids::NetworkId;
use store::Migration;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{ApiRoute, Capability, Route};

const VIEW: Act = Act::new(
    "helped.view",
    ActKind::Consultation,
    "See which victims of a network can be told that their report helped",
);
const TELL: Act = Act::new(
    "helped.tell",
    ActKind::Alteration,
    "Tell victims of a network that their report helped",
);

pub const HELPED: Capability = Capability {
    name: "protect.helped",
    title: "Telling victims that their report helped",
    commitments: &["PROTECT-06"],
    acts: &[VIEW, TELL],
    tables: &["protect_helped", "protect_helped_victim"],
    migrations: &[MIGRATION],
    routes: &[
        Route::get("/helped/{id}", &VIEW, || get(page::page)),
        Route::post("/helped/{id}", &TELL, || post(page::submit)),
        Route::get("/helped/{id}/{decision}", &VIEW, || get(one::page)),
    ],
    api: &[
        ApiRoute {
            path: "/helped/{id}",
            methods: "GET",
            act: &VIEW,
            make: || OpenApiRouter::new().routes(routes!(api::network)),
        },
        ApiRoute {
            path: "/helped/{id}",
            methods: "POST",
            act: &TELL,
            make: || OpenApiRouter::new().routes(routes!(api::tell)),
        },
        ApiRoute {
            path: "/helped/{id}/{decision}",
            methods: "GET",
            act: &VIEW,
            make: || OpenApiRouter::new().routes(routes!(api::decision)),
        },
    ],
    ..Capability::NONE
};

/// A network as a thing to ask for.
fn resource(actor: &Actor, network: NetworkId) -> Resource {
    Resource::of("network", network.to_string()).of_unit(actor.unit.clone())
}

const MIGRATION: Migration = Migration {
    version: 3760,
    name: "victims told that their report helped",
    sql: "
create table protect_helped (
  id {id} not null primary key,
  network {id} not null,
  number {int} not null,
  network_name {text} not null,
  happened {text} not null,
  title {text} not null,
  happened_on {text} not null,
  authorised_by {text} not null,
  reason {text} not null,
  at {int} not null,
  actor {id} not null,
  by_name {text} not null,
  unit {text} not null,
  policy {text} not null
) {strict};
create unique index protect_helped_number on protect_helped (network, number);
create table protect_helped_victim (
  helped {id} not null references protect_helped (id),
  report {id} not null,
  reports {int} not null,
  way {text} not null,
  why {text} not null,
  message {id},
  letter {id},
  primary key (helped, report)
) {clustered};
create index protect_helped_victim_report on protect_helped_victim (report);
create index protect_helped_victim_message on protect_helped_victim (message) where message is not null;
create index protect_helped_victim_letter on protect_helped_victim (letter) where letter is not null;
",
};

#[cfg(test)]
mod standing_tests;
