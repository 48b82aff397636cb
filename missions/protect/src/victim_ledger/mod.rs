//! The 100 per cent ledger: every victim received, in exactly one figure, with the names behind it.
//!
//! *Who uses it*: victim care, the inspector, analysts and auditors; the strategy lead sees figures.
//! *What it serves*: PROTECT-06 (advice to every victim who reports).
//!
//! For any period and area, received = advised + declined + not reached + barred + unsafe + awaiting.
//! [`standing`] says where each state of a duty counts, and does not compile when one is missing;
//! [`count`] adds up the records; [`replay`] adds up the ledger's own entries as of a checkpoint;
//! [`pack`] writes the proof down and [`check`] holds a pack against the ledger.

mod api;
pub mod asked;
pub mod check;
pub mod companions;
pub mod count;
mod export;
mod names_page;
pub mod pack;
mod page;
pub mod replay;
mod sheets;
pub mod standing;

use axum::routing::get;
use record::access::{Act, ActKind};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{ApiRoute, Capability, Nav, Route};

pub use asked::{Area, Asked, Series};
pub(crate) use count::open_to;
pub use standing::{Figures, Place, Standing};

/// Figures alone: of nobody in particular. The command line counts with it too.
pub const VIEW: Act = Act::new(
    "victim_ledger.view",
    ActKind::Open,
    "See how many victims were reached",
);
const NAMES: Act = Act::new(
    "victim_ledger.names",
    ActKind::Consultation,
    "See the victims behind a figure",
);
/// Takes names away as a file or as a proof pack.
pub const EXPORT: Act = Act::new(
    "victim_ledger.export",
    ActKind::Disclosure,
    "Download the victims behind the figures",
);
/// Holds a proof pack against the ledger.
pub const CHECK: Act = Act::new(
    "victim_ledger.check",
    ActKind::Consultation,
    "Check a proof pack against the ledger",
);

/// The capability. See the module's text.
pub const VICTIM_LEDGER: Capability = Capability {
    name: "protect.victim_ledger",
    title: "The 100 per cent ledger",
    nav: Some(Nav {
        title: "Every victim",
        href: "/victim-ledger",
        act: &VIEW,
        order: 92,
    }),
    commitments: &["PROTECT-06"],
    acts: &[VIEW, NAMES, EXPORT, CHECK],
    routes: &[
        Route::get("/victim-ledger", &VIEW, || get(page::page)),
        Route::get("/victim-ledger/names", &NAMES, || get(names_page::page)),
        Route::get("/victim-ledger/figures.csv", &VIEW, || get(export::figures)),
        Route::get("/victim-ledger/names.csv", &EXPORT, || get(export::names)),
        Route::get("/victim-ledger/pack.zip", &EXPORT, || get(export::pack)),
    ],
    api: &[
        ApiRoute {
            path: "/victim-ledger",
            methods: "GET",
            act: &VIEW,
            make: || OpenApiRouter::new().routes(routes!(api::figures)),
        },
        ApiRoute {
            path: "/victim-ledger/names",
            methods: "GET",
            act: &NAMES,
            make: || OpenApiRouter::new().routes(routes!(api::names)),
        },
    ],
    ..Capability::NONE
};

/// An address with these fields in its query.
fn link(path: &str, pairs: &[(&'static str, String)]) -> String {
    let query: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={}", crate::victim_care::escaped(value)))
        .collect();
    format!("{path}?{}", query.join("&"))
}
