//! Reports: opening one, recording one by hand, receiving them from programs.
//!
//! *What it does*: shows all that is known of a report, why it is linked, and what was proposed and
//! decided. *Who uses it*: triage, victim care, analysts, the inspector, auditors. *What it decides*:
//! nothing. *References*: the triage reference, sections 5 to 8; Data Protection Act 2018, s.35
//! (sensitive processing) and s.62 (the log).

mod accept;
mod api;
mod links;
mod marked;
mod open;
mod page;
mod record_form;
mod sensitive;
mod view;
pub(crate) mod visible;

pub use accept::{Outcome, read_fields};
pub(crate) use links::reports_held;
pub use open::Opened;
pub(crate) use open::{Wanted, permit, permit_thing};
pub(crate) use view::in_words;

use axum::routing::get;
use record::access::{Act, ActKind};
use store::Migration;
use web::{ApiRoute, Capability, Route};

pub const VIEW: Act = Act::new("report.view", ActKind::Consultation, "Open a report");
pub const RECORD: Act = Act::new("report.record", ActKind::Collection, "Record a report");
/// Finds out to whom a record belongs, before access to it is decided.
pub const LOCATE: Act = Act::new(
    "report.locate",
    ActKind::Open,
    "Find where a report belongs",
);
pub const SENSITIVE: Act = Act::new(
    "victim.sensitive",
    ActKind::Consultation,
    "See sensitive answers about a victim",
);

pub const REPORTS: Capability = Capability {
    name: "intake.reports",
    title: "Reports",
    commitments: &["GEN-08", "GEN-09"],
    acts: &[VIEW, RECORD, LOCATE, SENSITIVE],
    migrations: &[Migration {
        version: 1300,
        name: "finding people, networks and sealed reports",
        sql: "
create index intake_report_sealed on intake_report (compartment) where compartment is not null;
create index intake_mention_person_id on intake_mention (person, id);
create index intake_network_latest on intake_network (last_at, id) where merged_into is null;
create index intake_network_name on intake_network (name, id) where merged_into is null;
create index intake_network_event_other on intake_network_event (other, at) where other is not null;
",
    }],
    routes: &[
        Route {
            path: "/reports/new",
            methods: "GET, POST",
            act: &RECORD,
            make: || get(record_form::blank).post(record_form::record),
        },
        Route::get("/reports/{id}", &VIEW, || get(page::show)),
    ],
    api: &[
        ApiRoute {
            path: "/reports",
            methods: "POST",
            act: &RECORD,
            make: api::one,
        },
        ApiRoute {
            path: "/reports/batch",
            methods: "POST",
            act: &RECORD,
            make: api::batch,
        },
        ApiRoute {
            path: "/reports/{id}",
            methods: "GET",
            act: &VIEW,
            make: api::show,
        },
    ],
    ..Capability::NONE
};
