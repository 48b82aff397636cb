//! Imports: a file becomes reports, with a receipt.
//!
//! *What it does*: streams any file through a mapping, receives its reports in batches, and keeps a
//! receipt: rows read, accepted, duplicate, rejected, and the file's digest. Rejected rows go to a
//! file with reasons, to be mended and imported again. *Invariants*: memory does not grow with the
//! file; the same file twice changes nothing and says so; a batch is kept whole or not at all, so a
//! process that dies has lost no row it acknowledged and doubled none.
//!
//! Pages: a list of receipts ([`pages`]), the upload ([`upload`]), the mapping page ([`placing`])
//! and the same over the API ([`api`]). Start reading at [`run`].

mod api;
mod begin;
mod choose;
mod feed;
mod offered;
pub mod pages;
mod placed;
mod placing;
mod receipt;
mod receipts;
mod run;
mod trial;
mod upload;
mod watch;

pub use choose::{ChooseError, Chosen, choose};
pub use feed::BATCH;
pub use receipt::{Receipt, State};
pub use run::{Import, Progress, run};
pub use watch::{close_abandoned, delete_old_files};

use record::Marking;
use record::access::{Act, ActKind, Actor, Grant, Resource};
use record::ids::ImportId;
use web::App;

use crate::receive::Desk;

/// Brings a file of reports in.
pub const IMPORT: Act = Act::new(
    "import.run",
    ActKind::Collection,
    "Import a file of reports",
);
/// Receipts quote what was wrong with cells, so looking at them is a consultation.
pub const VIEW: Act = Act::new(
    "import.view",
    ActKind::Consultation,
    "See receipts of imports",
);
/// Rejected rows are whole rows as the sender wrote them.
pub const DOWNLOAD: Act = Act::new(
    "import.download",
    ActKind::Disclosure,
    "Download the rejected rows of an import",
);
/// The system's own: an import whose process has died is closed.
pub const CLOSE: Act = Act::new(
    "import.close",
    ActKind::Alteration,
    "Close an import that was broken off",
);
/// The system's own: raw files go at the end of their time.
pub const DELETE: Act = Act::new(
    "import.delete_file",
    ActKind::Erasure,
    "Delete an imported file at its time",
);

/// An import as a resource of access.
pub(crate) fn resource(desk: &Desk, id: ImportId) -> Resource {
    Resource::of("import", id.to_string())
        .marked(Marking::OfficialSensitive, None)
        .of_unit(desk.unit.clone())
}

/// Asks for an act; a refusal is in the ledger before it is answered.
pub(crate) async fn allow(
    app: &App,
    who: &Actor,
    act: &Act,
    resource: &Resource,
    reason: &str,
) -> web::Result<Grant> {
    match who.permit(act, resource, reason) {
        Ok(grant) => Ok(grant),
        Err(refused) => {
            app.store().note_refusal(refused.attempt()).await?;
            Err(refused.into())
        }
    }
}
