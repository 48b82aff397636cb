//! Victim care: every victim of every report is called, advised and offered support.
//!
//! *Who uses it*: victim care officers and the partner's callers, in their call list; inspectors
//! and auditors look on. *What it serves*: PROTECT-06 (advice to every victim who reports) and
//! PROTECT-08 (vulnerable victims supported).
//!
//! Intake leaves one item for each victim of each report; open items about one person are worked
//! in one call. [`duty`] says when a duty ends, [`contact`] records what happened, [`assign`] moves
//! items between callers, [`watch`] records clocks that ran out.

mod api;
pub mod assign;
mod before_dialling;
mod call;
mod call_parts;
pub mod clocks;
pub mod contact;
mod contact_rows;
mod drafts;
pub mod duty;
mod form;
pub mod guide;
mod list;
mod list_page;
mod money_back;
mod notices;
pub mod plan;
mod policy;
pub mod schema;
mod sheet;
mod verify;
mod watch;

use axum::routing::{get, post};
use record::access::{Act, ActKind, Actor, Grant, Resource};
use record::ids::WorkItemId;
use record::work::{Queue, WorkItem};
use serde::{Deserialize, Serialize};
use store::work;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use web::{ApiRoute, App, Capability, Job, Nav, PolicyFile, Route};

pub use contact::{Caller, Direction, NewContact, record_contact, record_contacts};
pub use list::Cursor as ListCursor;
pub use policy::Care;

pub(crate) use call_parts::Script;
pub(crate) use form::clock_time;
pub(crate) use guide::sentence;
pub(crate) use list::escaped;
pub(crate) use notices::{go, notice};
pub(crate) use sheet::{
    Opened, Proposal, Sheet, distinct, is_child, names_domestic_abuse, open, postal,
};

/// Name of the queue this capability declares.
pub const QUEUE: &str = "protect.victim_care";

const LIST: Act = Act::new(
    "victim_care.list",
    ActKind::Consultation,
    "See the victims to call",
);
const VIEW: Act = Act::new(
    "victim_care.view",
    ActKind::Consultation,
    "Open a victim's call page",
);
pub(crate) const TAKE: Act = Act::new(
    "victim_care.take",
    ActKind::Alteration,
    "Take a victim to call",
);
const RELEASE: Act = Act::new(
    "victim_care.release",
    ActKind::Alteration,
    "Put a victim back on the call list",
);
const ALLOCATE: Act = Act::new(
    "victim_care.allocate",
    ActKind::Alteration,
    "Allocate a victim to a caller or a partner",
);
/// Records a contact; a generator records in its name too.
pub const RECORD: Act = Act::new(
    "victim_care.record",
    ActKind::Alteration,
    "Record a contact with a victim",
);
/// Finds whose an item is, before an act on it is asked for. Shows nothing of the victim.
const LOOK_UP: Act = Act::new(
    "victim_care.look_up",
    ActKind::Open,
    "Find an item of the call list",
);

/// The capability. See the module's text.
pub const VICTIM_CARE: Capability = Capability {
    name: "protect.victim_care",
    title: "Victim care",
    nav: Some(Nav {
        title: "Victim care",
        href: "/victim-care",
        act: &LIST,
        order: 40,
    }),
    commitments: &["PROTECT-06", "PROTECT-08"],
    acts: &[
        LIST,
        VIEW,
        TAKE,
        RELEASE,
        ALLOCATE,
        RECORD,
        LOOK_UP,
        drafts::DRAFT,
        drafts::EXPIRE,
        verify::VERIFY,
        watch::LOOK,
        watch::NOTE,
    ],
    queues: &[Queue {
        name: QUEUE,
        title: "Victims to call",
    }],
    tables: schema::TABLES,
    migrations: schema::MIGRATIONS,
    measures: schema::MEASURES,
    policies: &[
        PolicyFile {
            file: "protect",
            load: Care::load,
        },
        PolicyFile {
            file: "protect/money-back.toml",
            load: money_back::MoneyBack::load,
        },
    ],
    routes: &[
        Route::get("/victim-care", &LIST, || get(list_page::page)),
        Route::post("/victim-care/move", &LIST, || post(list_page::bulk)),
        Route::get("/victim-care/{id}", &VIEW, || get(call::page)),
        Route::post("/victim-care/{id}/contacts", &RECORD, || post(call::submit)),
        Route::post("/victim-care/{id}/draft", &drafts::DRAFT, || {
            post(drafts::save)
        }),
        Route::get("/caller-check", &verify::VERIFY, || get(verify::page)),
        Route::post("/victim-care/{id}/take", &TAKE, || post(call::take)),
        Route::post("/victim-care/{id}/release", &RELEASE, || {
            post(call::release)
        }),
    ],
    api: &[
        ApiRoute {
            path: "/victim-care",
            methods: "GET",
            act: &LIST,
            make: || OpenApiRouter::new().routes(utoipa_axum::routes!(api::list)),
        },
        ApiRoute {
            path: "/victim-care/{id}",
            methods: "GET",
            act: &VIEW,
            make: || OpenApiRouter::new().routes(utoipa_axum::routes!(api::open)),
        },
        ApiRoute {
            path: "/victim-care/{id}/contacts",
            methods: "POST",
            act: &RECORD,
            make: || OpenApiRouter::new().routes(utoipa_axum::routes!(api::record)),
        },
        ApiRoute {
            path: "/victim-care/{id}/take",
            methods: "POST",
            act: &TAKE,
            make: || OpenApiRouter::new().routes(utoipa_axum::routes!(api::take)),
        },
        ApiRoute {
            path: "/victim-care/{id}/release",
            methods: "POST",
            act: &RELEASE,
            make: || OpenApiRouter::new().routes(utoipa_axum::routes!(api::release)),
        },
        ApiRoute {
            path: "/victim-care/{id}/allocate",
            methods: "POST",
            act: &ALLOCATE,
            make: || OpenApiRouter::new().routes(utoipa_axum::routes!(api::allocate)),
        },
    ],
    jobs: &[
        Job {
            name: "protect.victim_clocks",
            every_seconds: 300,
            run: watch::run,
        },
        Job {
            name: "protect.drafts",
            every_seconds: 3_600,
            run: drafts::expire,
        },
    ],
    ..Capability::NONE
};

/// Something said or offered, with the answer to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Given {
    /// The topic or the offer.
    pub id: String,
    /// The victim's response or answer.
    pub response: String,
}

/// Asks for an act; a refusal is in the ledger before it is told.
pub(crate) async fn permit(
    app: &App,
    actor: &Actor,
    act: &Act,
    resource: &Resource,
    reason: &str,
) -> Result<Grant, web::Error> {
    match actor.permit(act, resource, reason) {
        Ok(grant) => Ok(grant),
        Err(refused) => {
            app.store().note_refusal(refused.attempt()).await?;
            Err(refused.into())
        }
    }
}

/// The queue as a thing to look at: each unit sees its own part.
fn queue_of(actor: &Actor) -> Resource {
    Resource::of("queue", QUEUE).of_unit(actor.unit.clone())
}

/// An item of the queue the actor may see, so that an act on it can be asked for. What the actor may
/// not see is not found.
async fn find(app: &App, actor: &Actor, id: WorkItemId) -> Result<WorkItem, web::Error> {
    let queue = Resource::of("queue", QUEUE);
    let grant = app
        .system()
        .permit(&LOOK_UP, &queue, "")
        .map_err(store::Error::from)?;
    let mut reader = app.store().read(&grant).await?;
    let item = work::find(&mut reader.conn(), &actor.scope(), id).await?;
    if item.queue != QUEUE {
        return Err(web::Error::NotFound);
    }
    Ok(item)
}

/// Reads an identifier of an address.
fn item_id(text: &str) -> Result<WorkItemId, web::Error> {
    text.parse().map_err(|_| web::Error::NotFound)
}

/// Address of a call page.
fn href(id: WorkItemId) -> String {
    format!("/victim-care/{id}")
}
