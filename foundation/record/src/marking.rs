//! Protective marking (Government Security Classifications) of a record.

use serde::{Deserialize, Serialize};

/// Order matters: a reader's ceiling must be at least the record's marking. Nothing above
/// OFFICIAL-SENSITIVE is ever stored.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
#[serde(rename_all = "snake_case")]
pub enum Marking {
    Official,
    #[default]
    OfficialSensitive,
}

impl Marking {
    /// The number kept in the database and compared by access policies.
    pub const fn level(self) -> i64 {
        match self {
            Marking::Official => 0,
            Marking::OfficialSensitive => 1,
        }
    }

    /// The marking of a stored level; an unknown level is read as the highest, never lower.
    pub const fn of_level(level: i64) -> Marking {
        if level == 0 {
            Marking::Official
        } else {
            Marking::OfficialSensitive
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Marking::Official => "OFFICIAL",
            Marking::OfficialSensitive => "OFFICIAL-SENSITIVE",
        }
    }
}
