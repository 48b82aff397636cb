//! People and organisations on record: drawn together from the descriptions in reports.
//!
//! *What it does*: shows who somebody is held to be, in which reports, and why. *Who uses it*:
//! triage, victim care, analysts, the inspector, auditors. *What it decides*: nothing; the
//! judgements beside it are a person's. *References*: GEN-09 (a victim is a person or an
//! organisation), repeat and chronic victims by policy.

mod api;
mod known;
mod page;
mod pairs;

pub use known::{Described, Known};
pub(crate) use known::{JudgementLine, judgements, parts};
pub use pairs::{PairEnd, PairLink, links_of};
pub(crate) use pairs::{PairView, ends, sorted};

use axum::routing::get;
use record::access::{Act, ActKind};
use web::{ApiRoute, Capability, Route};

pub const VIEW: Act = Act::new(
    "nominal.view",
    ActKind::Consultation,
    "Open a person or organisation on record",
);

pub const PEOPLE: Capability = Capability {
    name: "intake.people",
    title: "People and organisations",
    commitments: &["GEN-09"],
    acts: &[VIEW],
    routes: &[Route::get("/people/{id}", &VIEW, || get(page::show))],
    api: &[ApiRoute {
        path: "/people/{id}",
        methods: "GET",
        act: &VIEW,
        make: api::show,
    }],
    ..Capability::NONE
};
