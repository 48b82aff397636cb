//! Imports: a file becomes reports, with a receipt.
//!
//! *What it does*: streams any file through a mapping, receives its reports in batches, and keeps a
//! receipt: rows read, accepted, duplicate, rejected, and the file's digest. Rejected rows go to a
//! file with reasons, to be mended and imported again. *Invariants*: memory does not grow with the
//! file; the same file twice changes nothing and says so; a batch is kept whole or not at all, so a
//! process that dies has lost no row it acknowledged and doubled none.

mod choose;
mod feed;
mod receipt;
mod run;

pub use choose::{Chosen, choose};
pub use receipt::{Receipt, State};
pub use run::{Import, Progress, run};

use record::access::{Act, ActKind};

/// Brings a file of reports in.
pub const IMPORT: Act = Act::new(
    "import.run",
    ActKind::Collection,
    "Import a file of reports",
);
