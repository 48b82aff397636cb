//! Search: one box over reports, people, observables, networks and organisations.
//!
//! *What it does*: finds by reference, words, names, exact values and network names; what the person
//! may not see is not found. *Who uses it*: triage, victim care, analysts, the inspector, auditors.
//! *What it decides*: nothing. Each search is in the ledger with its words and what was shown.
//!
//! Invariants
//! - Every look-up reads an index from one end and stops: no scan, no sort of all that matches.

mod find;
mod organisations;
mod page;

pub use find::{Found, Hit, Kind, find};

use axum::routing::get;
use record::access::{Act, ActKind};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{ApiRoute, Capability, Route};

pub const RUN: Act = Act::new(
    "records.search",
    ActKind::Consultation,
    "Search reports, people, observables, networks and organisations",
);

pub const SEARCH: Capability = Capability {
    name: "intake.search",
    title: "Search",
    acts: &[RUN],
    routes: &[Route::get("/search", &RUN, || get(page::show))],
    api: &[ApiRoute {
        path: "/search",
        methods: "GET",
        act: &RUN,
        make: || OpenApiRouter::new().routes(routes!(page::get_search)),
    }],
    ..Capability::NONE
};
