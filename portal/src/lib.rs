//! The public site: advice, where to report, checks for organisations, and requests to the force.
//!
//! A process of its own that holds no police record and cannot read what it was sent
//! (`docs/decisions/0013-portal.md`).
//!
//! Invariants
//! - Nothing here can reach the database: this crate depends on `parts`, `record`, `remote`, `sealing` and
//!   `documents`.
//! - A submission is sealed in the request that brought it, and thanked for only when it is on disk, or a store has
//!   confirmed that it has it.
//! - No cookie before a choice, no script or style inline, nothing from another site.
//! - Every page works without JavaScript.
//!
//! Start reading at [`Site`], then [`router`].

mod alerts;
mod answer;
mod assets;
mod content;
mod cookies;
mod drafts;
mod dropbox;
mod feeds;
mod flood;
mod forms;
mod guide;
mod headers;
mod markdown;
mod pages;
mod prepared;
mod requests;
mod result_pdf;
mod router;
mod saving;
mod setting;
mod site;
mod submit;
mod subscribe;
mod taking;
mod token;
mod views;

pub use dropbox::{DropBox, EXTENSION, Folder};
pub use prepared::Prepared;
pub use router::{PATIENCE, Portal, Run, router};
pub use setting::Setting;
pub use site::Site;
