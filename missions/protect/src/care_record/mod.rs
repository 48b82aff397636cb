//! The care record: how a victim is contacted safely, what they need, what was agreed with them, what
//! they decided, and how the Victims' Code was kept.
//!
//! *Who uses it*: victim care and partners' callers, from the call page and after the duty has ended;
//! a supervisor answers what callers ask. *What it serves*: PROTECT-08 (vulnerable victims supported)
//! and PROTECT-06 (the safe-contact rule).
//!
//! Records belong to a report and are read for every report of the same victim. Nothing is written
//! over: a later version stands beside the earlier ones. Sensitive answers of an assessment lie in a
//! table of their own behind an act of their own (Data Protection Act 2018, s.35).

mod assess;
mod code;
mod code_board;
mod code_events;
mod code_page;
mod decisions;
mod escalate;
pub mod fields;
mod form;
mod keep;
pub mod needs;
mod needs_page;
pub mod policy;
mod read;
mod record_page;
mod referrals;
pub mod safe;
pub mod schema;
mod support;

use axum::routing::{get, post};
use record::access::{Act, ActKind};
use web::{Capability, PolicyFile, Route};

pub use assess::assess;
pub use code::{Happened, Kind, Standing, State, standings};
pub(crate) use escalate::ask_supervisor;
pub(crate) use form::{Drawn, FormPage, Made};
pub use needs::Needs;
pub use policy::RecordPolicy;
pub use read::{Kept, needs_of};

const VIEW: Act = Act::new(
    "care_record.view",
    ActKind::Consultation,
    "Open a victim's care record",
);
const NEEDS: Act = Act::new(
    "care_record.needs",
    ActKind::Alteration,
    "Record a victim's safe contact and needs",
);
const ASSESS: Act = Act::new(
    "care_record.assess",
    ActKind::Alteration,
    "Assess a victim's vulnerability and needs",
);
/// Health, care needs, self-harm: fewer people see these (Data Protection Act 2018, s.35).
const SENSITIVE: Act = Act::new(
    "care_record.sensitive",
    ActKind::Consultation,
    "See the sensitive answers of an assessment",
);
const SUPPORT: Act = Act::new(
    "care_record.support",
    ActKind::Alteration,
    "Record support plans, refusals and referrals",
);
const DECIDE: Act = Act::new(
    "care_record.decide",
    ActKind::Alteration,
    "Record what a victim decided, and what the Victims' Code asks for",
);
const ESCALATE: Act = Act::new(
    "care_record.escalate",
    ActKind::Alteration,
    "Ask a supervisor about a victim",
);
const ESCALATIONS: Act = Act::new(
    "care_record.escalations",
    ActKind::Consultation,
    "See what callers ask a supervisor",
);
const ANSWER: Act = Act::new(
    "care_record.answer",
    ActKind::Alteration,
    "Answer what a caller asked a supervisor",
);
const CODE: Act = Act::new(
    "care_record.code",
    ActKind::Consultation,
    "See how the Victims' Code is kept, right by right",
);

pub const CARE_RECORD: Capability = Capability {
    name: "protect.care_record",
    title: "Care record",
    commitments: &["PROTECT-06", "PROTECT-08"],
    acts: &[
        VIEW,
        NEEDS,
        ASSESS,
        SENSITIVE,
        SUPPORT,
        DECIDE,
        ESCALATE,
        ESCALATIONS,
        ANSWER,
        CODE,
    ],
    tables: schema::TABLES,
    migrations: schema::MIGRATIONS,
    measures: schema::MEASURES,
    policies: &[PolicyFile {
        file: "protect/care-record.toml",
        load: RecordPolicy::load,
    }],
    routes: &[
        Route::get("/victim-care/{id}/record", &VIEW, || get(record_page::page)),
        Route::get("/victim-care/{id}/needs", &NEEDS, || get(needs_page::page)),
        Route::post("/victim-care/{id}/needs", &NEEDS, || {
            post(needs_page::submit)
        }),
        Route::get("/victim-care/{id}/assessment", &ASSESS, || {
            get(assess::page)
        }),
        Route::post("/victim-care/{id}/assessment", &ASSESS, || {
            post(assess::submit)
        }),
        Route::get("/victim-care/{id}/plan", &SUPPORT, || get(support::page)),
        Route::post("/victim-care/{id}/plan", &SUPPORT, || post(support::submit)),
        Route::get("/victim-care/{id}/plan/{action}", &SUPPORT, || {
            get(support::done_page)
        }),
        Route::post("/victim-care/{id}/plan/{action}", &SUPPORT, || {
            post(support::done)
        }),
        Route::get("/victim-care/{id}/refusal", &SUPPORT, || {
            get(support::refusal_page)
        }),
        Route::post("/victim-care/{id}/refusal", &SUPPORT, || {
            post(support::refuse)
        }),
        Route::get("/victim-care/{id}/referral", &SUPPORT, || {
            get(referrals::page)
        }),
        Route::post("/victim-care/{id}/referral", &SUPPORT, || {
            post(referrals::submit)
        }),
        Route::get("/victim-care/{id}/referral/{referral}", &SUPPORT, || {
            get(referrals::answer_page)
        }),
        Route::post("/victim-care/{id}/referral/{referral}", &SUPPORT, || {
            post(referrals::answer)
        }),
        Route::get("/victim-care/{id}/decision", &DECIDE, || {
            get(decisions::page)
        }),
        Route::post("/victim-care/{id}/decision", &DECIDE, || {
            post(decisions::submit)
        }),
        Route::get("/victim-care/{id}/code", &DECIDE, || get(code_page::page)),
        Route::post("/victim-care/{id}/code", &DECIDE, || {
            post(code_page::submit)
        }),
        Route::get("/victim-care/{id}/escalate", &ESCALATE, || {
            get(escalate::page)
        }),
        Route::post("/victim-care/{id}/escalate", &ESCALATE, || {
            post(escalate::submit)
        }),
        Route::get("/escalations", &ESCALATIONS, || get(escalate::list)),
        Route::post("/escalations/{id}", &ANSWER, || post(escalate::answer)),
        Route::get("/victims-code", &CODE, || get(code_board::board)),
    ],
    ..Capability::NONE
};

/// Goes back to the record, which says what was done.
fn saved(victim: &read::Victim, done: &'static str) -> axum::response::Response {
    crate::victim_care::go(&victim.href("record"), done, 1)
}
