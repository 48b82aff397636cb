//! How much of a file is believed before it is refused: the policy `policy/intake/files.toml`.

use serde::Deserialize;

/// Bounds that keep memory and time finite whatever the file holds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Longest row, in bytes once decoded; a longer one is rejected and reading goes on.
    pub max_row_bytes: usize,
    /// Most physical lines one quoted record may span before its quotation mark counts as broken.
    pub max_lines_in_record: u64,
    /// Most columns of a table.
    pub max_columns: usize,
    /// Most bytes a gzip or zip file may unpack to.
    pub max_unpacked_bytes: u64,
    /// Most unpacked bytes for one packed byte.
    pub max_unpack_ratio: u64,
    /// Unpacked bytes from which the ratio counts: below, it is a small repetitive file.
    pub unpack_ratio_from_bytes: u64,
    /// Most bytes all parts of an XLSX workbook may unpack to.
    pub max_workbook_bytes: u64,
}

impl Limits {
    /// The limits shipped in `policy/intake/files.toml`.
    pub const SHIPPED: &'static str = include_str!("../../../../policy/intake/files.toml");
}

impl Default for Limits {
    /// What the shipped policy says, for callers without a policy folder; a test holds them equal.
    fn default() -> Limits {
        Limits {
            max_row_bytes: 1 << 20,
            max_lines_in_record: 1_000,
            max_columns: 512,
            max_unpacked_bytes: 8 << 30,
            max_unpack_ratio: 200,
            unpack_ratio_from_bytes: 16 << 20,
            max_workbook_bytes: 512 << 20,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_policy_is_the_default() {
        let read = record::policy::read::<Limits>("files.toml", Limits::SHIPPED).unwrap();
        assert_eq!(read.policy, Limits::default());
    }

    #[test]
    fn unknown_key_is_refused() {
        let text = format!("{}\nmax_rows = 3\n", Limits::SHIPPED);
        assert!(record::policy::read::<Limits>("files.toml", &text).is_err());
    }
}
