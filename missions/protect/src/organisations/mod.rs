//! Organisations: one record each, from the first contact to the follow-up of what was agreed.
//!
//! *Who uses it*: Protect officers and the inspector; those who triage and care for victims look. *What
//! it serves*: INSIDER-01, INSIDER-05, PREVENT-07, ECRC-01, ECRC-02, and PREVENT-08 in [`incidents`].
//!
//! Invariants
//! - Before contact, other bodies' interests are looked at and the look is kept: existence only, and
//!   for those alone who would make contact. No engagement of ours is recorded without one.
//! - An assessment keeps its questions with its answers, so an old result is read by its own version.
//! - A referral passes a contact and a need, by consent that was read out; a refusal is kept as well.
//! - Nothing here asks for the name of an employee in an insider assessment.

mod actions;
mod api;
mod assess;
mod assessment;
mod closing;
mod contact;
mod engage;
mod facts;
mod fields;
mod form;
mod from_request;
mod identity;
pub mod incidents;
mod linking;
mod list;
mod new;
mod one;
mod people;
mod policy;
mod referral;
mod rows;
mod schema;
mod schemes;
mod state;

use axum::routing::{get, post};
use record::access::{Act, ActKind};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{ApiRoute, Capability, Job, Nav, PolicyFile, Route};

pub use assess::{AssessmentInput, record as record_assessment};
pub use contact::make_contact;
pub use engage::{EngagementInput, record as record_engagement};
pub use facts::OrganisationInput;
pub use linking::link;
pub use list::{Asked, Listing, read as list_page};
pub use new::{Created, create};
pub use policy::OrganisationPolicy;
pub use state::State;

const LIST: Act = Act::new(
    "organisation.list",
    ActKind::Consultation,
    "See the organisations Protect works with",
);
const VIEW: Act = Act::new(
    "organisation.view",
    ActKind::Consultation,
    "Open an organisation",
);
const RECORD: Act = Act::new(
    "organisation.record",
    ActKind::Alteration,
    "Record an organisation, its facts and its contacts",
);
const DECONFLICT: Act = Act::new(
    "organisation.deconflict",
    ActKind::Consultation,
    "See whether other bodies have an interest in an organisation",
);
const INTEREST: Act = Act::new(
    "organisation.interest",
    ActKind::Alteration,
    "Record another body's interest in an organisation",
);
const ENGAGE: Act = Act::new(
    "organisation.engage",
    ActKind::Alteration,
    "Record contact and engagement with an organisation",
);
pub(crate) const ASSESS: Act = Act::new(
    "organisation.assess",
    ActKind::Alteration,
    "Record an assessment of an organisation",
);
const AGREE: Act = Act::new(
    "organisation.agree",
    ActKind::Alteration,
    "Record what an organisation agreed to do",
);
const FOLLOW_UP: Act = Act::new(
    "organisation.follow_up",
    ActKind::Alteration,
    "Record what became of an agreed action",
);
const SCHEME: Act = Act::new(
    "organisation.scheme",
    ActKind::Alteration,
    "Record an organisation's standing in a scheme",
);
const REFER: Act = Act::new(
    "organisation.refer",
    ActKind::Disclosure,
    "Refer an organisation to the Eastern Cyber Resilience Centre",
);
const CLOSE: Act = Act::new(
    "organisation.close",
    ActKind::Alteration,
    "Close the work with an organisation",
);
/// Connects reports with organisations; a person decides where it is not sure.
const LINK: Act = Act::new(
    "organisation.link",
    ActKind::Combination,
    "Connect a report with its victim's organisation",
);
/// Finds whose an organisation is, before an act on it is asked for.
const LOOK_UP: Act = Act::new(
    "organisation.look_up",
    ActKind::Open,
    "Find an organisation",
);

pub const ORGANISATIONS: Capability = Capability {
    name: "protect.organisations",
    title: "Organisations",
    nav: Some(Nav {
        title: "Organisations",
        href: "/organisations",
        act: &LIST,
        order: 43,
    }),
    commitments: &[
        "INSIDER-01",
        "INSIDER-05",
        "PREVENT-07",
        "ECRC-01",
        "ECRC-02",
    ],
    acts: &[
        LIST, VIEW, RECORD, DECONFLICT, INTEREST, ENGAGE, ASSESS, AGREE, FOLLOW_UP, SCHEME, REFER,
        CLOSE, LINK, LOOK_UP,
    ],
    tables: schema::TABLES,
    migrations: schema::MIGRATIONS,
    measures: schema::MEASURES,
    policies: &[PolicyFile {
        file: "protect/organisations.toml",
        load: OrganisationPolicy::load,
    }],
    routes: ROUTES,
    api: API,
    jobs: &[Job {
        name: "protect.organisations_link",
        every_seconds: 60,
        run: linking::run,
    }],
    ..Capability::NONE
};

const ROUTES: &[Route] = &[
    Route::get("/organisations", &LIST, || get(list::page)),
    Route::get("/organisations/new", &RECORD, || get(new::page)),
    Route::post("/organisations/new", &RECORD, || post(new::submit)),
    Route::get("/organisations/{id}", &VIEW, || get(one::page)),
    Route::get("/organisations/{id}/facts", &RECORD, || {
        get(facts::change_page)
    }),
    Route::post("/organisations/{id}/facts", &RECORD, || post(facts::change)),
    Route::get("/organisations/{id}/people", &RECORD, || get(people::page)),
    Route::post("/organisations/{id}/people", &RECORD, || {
        post(people::submit)
    }),
    Route::get("/organisations/{id}/contact", &DECONFLICT, || {
        get(contact::page)
    }),
    Route::post("/organisations/{id}/contact", &ENGAGE, || {
        post(contact::submit)
    }),
    Route::get("/organisations/{id}/interests", &INTEREST, || {
        get(contact::interest_page)
    }),
    Route::post("/organisations/{id}/interests", &INTEREST, || {
        post(contact::interest)
    }),
    Route::get("/organisations/{id}/engagements", &ENGAGE, || {
        get(engage::page)
    }),
    Route::post("/organisations/{id}/engagements", &ENGAGE, || {
        post(engage::submit)
    }),
    Route::get("/organisations/{id}/assess", &ASSESS, || {
        get(assess::choose)
    }),
    Route::get("/organisations/{id}/assess/{set}", &ASSESS, || {
        get(assess::page)
    }),
    Route::post("/organisations/{id}/assess/{set}", &ASSESS, || {
        post(assess::submit)
    }),
    Route::get(
        "/organisations/{id}/assessments/{assessment}",
        &VIEW,
        || get(assessment::page),
    ),
    Route::post(
        "/organisations/{id}/assessments/{assessment}/actions",
        &AGREE,
        || post(assessment::agree),
    ),
    Route::get("/organisations/{id}/actions/{action}", &FOLLOW_UP, || {
        get(actions::page)
    }),
    Route::post("/organisations/{id}/actions/{action}", &FOLLOW_UP, || {
        post(actions::submit)
    }),
    Route::get("/organisations/{id}/schemes", &SCHEME, || {
        get(schemes::page)
    }),
    Route::post("/organisations/{id}/schemes", &SCHEME, || {
        post(schemes::submit)
    }),
    Route::get("/organisations/{id}/referrals/new", &REFER, || {
        get(referral::page)
    }),
    Route::post("/organisations/{id}/referrals/new", &REFER, || {
        post(referral::submit)
    }),
    Route::get("/organisations/{id}/referrals/{referral}", &REFER, || {
        get(referral::answer_page)
    }),
    Route::post("/organisations/{id}/referrals/{referral}", &REFER, || {
        post(referral::answer)
    }),
    Route::get("/organisations/{id}/close", &CLOSE, || get(closing::page)),
    Route::post("/organisations/{id}/close", &CLOSE, || {
        post(closing::submit)
    }),
    Route::post("/organisations/{id}/reports", &LINK, || {
        post(linking::decide)
    }),
    Route::get("/public-requests/{id}/assessment", &ASSESS, || {
        get(from_request::page)
    }),
    Route::post("/public-requests/{id}/assessment", &ASSESS, || {
        post(from_request::submit)
    }),
];

const API: &[ApiRoute] = &[
    ApiRoute {
        path: "/organisations",
        methods: "GET",
        act: &LIST,
        make: || OpenApiRouter::new().routes(routes!(api::list)),
    },
    ApiRoute {
        path: "/organisations",
        methods: "POST",
        act: &RECORD,
        make: || OpenApiRouter::new().routes(routes!(api::create)),
    },
    ApiRoute {
        path: "/organisations/{id}",
        methods: "GET",
        act: &VIEW,
        make: || OpenApiRouter::new().routes(routes!(api::open)),
    },
    ApiRoute {
        path: "/organisations/{id}/engagements",
        methods: "POST",
        act: &ENGAGE,
        make: || OpenApiRouter::new().routes(routes!(api::engage)),
    },
    ApiRoute {
        path: "/organisations/{id}/assessments",
        methods: "POST",
        act: &ASSESS,
        make: || OpenApiRouter::new().routes(routes!(api::assess)),
    },
    ApiRoute {
        path: "/organisations/{id}/actions/{action}/follow-ups",
        methods: "POST",
        act: &FOLLOW_UP,
        make: || OpenApiRouter::new().routes(routes!(api::follow_up)),
    },
];
