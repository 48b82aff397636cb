//! Acts on the ledger itself.

use record::access::{Act, ActKind};

/// Recomputes and proves the ledger. Opens entries, and so is entered itself.
pub const VERIFY: Act = Act::new("ledger.verify", ActKind::Consultation, "Verify the ledger");

pub(crate) const ACTS: &[Act] = &[VERIFY];
