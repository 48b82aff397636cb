//! What every page and API call shares: identity, permission, form, page, error, and the shape of
//! a capability.
//!
//! Invariants
//! - Every route names an act. Whoever may not do it is answered before the page's code runs, and
//!   the attempt is in the ledger.
//! - A change needs a form of this site: the session's own token and the same origin.
//! - No page holds inline script or style; the content security policy forbids both.
//!
//! Start reading at [`Capability`], then [`App`], then [`identify`].

mod about;
mod api;
mod app;
mod assets;
pub mod audit;
mod capability;
mod error;
mod form;
mod headers;
pub mod identify;
pub use ::parts;
pub mod register;
mod render;
mod router;
mod sheet;
pub mod shortcuts;
pub mod sign_in;

pub use api::{Problem, json};
pub use app::{App, AppSetting, acts, migrations};
pub use capability::{ApiRoute, Capability, Check, Job, Nav, PolicyFile, Route, Tick};
pub use error::Error;
pub use form::{Form, check_csrf};
pub use identify::SignedIn;
pub use render::{csv_download, html, html_with};
pub use router::{openapi, router};
pub use sheet::sheet;

pub type Result<T> = std::result::Result<T, Error>;
