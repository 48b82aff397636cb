//! A capability as a constant: everything the product needs to know of one thing the unit does.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::routing::MethodRouter;
use record::access::Act;
use record::measure::Measure;
use record::policy::{Files, PolicyError};
use record::work::Queue;
use store::Migration;
use utoipa_axum::router::OpenApiRouter;

use crate::App;

/// One thing the unit does: one file of a mission. Router, navigation, permission matrix, schema
/// and documents derive from it.
pub struct Capability {
    /// `mission.name`, for example `intake.triage`.
    pub name: &'static str,
    pub title: &'static str,
    /// Its place in the menu; none for what is reached from other pages.
    pub nav: Option<Nav>,
    /// Commitments it serves, for example `PROTECT-06`.
    pub commitments: &'static [&'static str],
    pub acts: &'static [Act],
    pub queues: &'static [Queue],
    /// Tables it writes. No other mission may.
    pub tables: &'static [&'static str],
    pub migrations: &'static [Migration],
    pub measures: &'static [Measure],
    pub policies: &'static [PolicyFile],
    /// What must hold between policy and the whole assembly; a fault stops the start.
    pub checks: &'static [Check],
    pub routes: &'static [Route],
    pub api: &'static [ApiRoute],
    pub jobs: &'static [Job],
}

impl Capability {
    /// A capability with nothing declared, to be filled by `..Capability::NONE`.
    pub const NONE: Capability = Capability {
        name: "",
        title: "",
        nav: None,
        commitments: &[],
        acts: &[],
        queues: &[],
        tables: &[],
        migrations: &[],
        measures: &[],
        policies: &[],
        checks: &[],
        routes: &[],
        api: &[],
        jobs: &[],
    };
}

/// A menu entry: shown to those who may do the act.
#[derive(Debug, Clone, Copy)]
pub struct Nav {
    pub title: &'static str,
    pub href: &'static str,
    pub act: &'static Act,
    /// Place in the menu, lowest first.
    pub order: u8,
}

/// A page route and the act it needs. The route is closed to whoever may not do the act to
/// anything at all; the page asks again for the very thing it opens.
#[derive(Clone, Copy)]
pub struct Route {
    pub path: &'static str,
    /// `GET`, `POST` or both, for lists of routes.
    pub methods: &'static str,
    pub act: &'static Act,
    pub make: fn() -> MethodRouter<App>,
}

impl Route {
    pub const fn get(
        path: &'static str,
        act: &'static Act,
        make: fn() -> MethodRouter<App>,
    ) -> Route {
        Route {
            path,
            methods: "GET",
            act,
            make,
        }
    }

    pub const fn post(
        path: &'static str,
        act: &'static Act,
        make: fn() -> MethodRouter<App>,
    ) -> Route {
        Route {
            path,
            methods: "POST",
            act,
            make,
        }
    }
}

/// An API route: made with `utoipa_axum::routes!`, so that the description cannot be forgotten.
#[derive(Clone, Copy)]
pub struct ApiRoute {
    /// Path below `/api/v1`, as written in the handler's description.
    pub path: &'static str,
    pub methods: &'static str,
    pub act: &'static Act,
    pub make: fn() -> OpenApiRouter<App>,
}

/// A policy a capability reads at start. A policy that cannot be read stops the start.
#[derive(Clone, Copy)]
pub struct PolicyFile {
    /// File or folder below `policy/`.
    pub file: &'static str,
    pub load: fn(&Files) -> Result<Arc<dyn Any + Send + Sync>, PolicyError>,
}

/// Looks at policy and at every capability before the store is opened, and says what does not fit.
pub type Check = fn(&Files, &[&'static Capability]) -> Result<(), PolicyError>;

/// What a job's run returns.
pub type Tick = Pin<Box<dyn Future<Output = store::Result<()>> + Send>>;

/// Work done in the background, again and again. Runs may overlap between processes: each run is
/// idempotent.
#[derive(Clone, Copy)]
pub struct Job {
    pub name: &'static str,
    /// Seconds between the end of one run and the start of the next.
    pub every_seconds: u64,
    pub run: fn(App) -> Tick,
}
