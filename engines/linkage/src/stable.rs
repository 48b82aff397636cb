//! A hash that is the same in every run, build and machine, for keys that are stored.

/// FNV-1a, 64 bits (Fowler, Noll, Vo; IETF draft-eastlake-fnv). Chosen because it is four lines
/// that can never change under a dependency update. It does not withstand an attacker who wants
/// collisions; a collision here costs one needless comparison.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stable(u64);

impl Stable {
    pub(crate) const NEW: Self = Self(0xcbf2_9ce4_8422_2325);

    pub(crate) fn add(self, bytes: &[u8]) -> Self {
        let mix = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        Self(bytes.iter().fold(self.0, mix))
    }

    /// Adds a text and its end, so that "ab", "c" and "a", "bc" differ.
    pub(crate) fn add_text(self, text: &str) -> Self {
        self.add(text.as_bytes()).add(&[0xff])
    }

    pub(crate) fn add_number(self, number: u64) -> Self {
        self.add(&number.to_le_bytes())
    }

    pub(crate) fn finish(self) -> u64 {
        self.0
    }
}

/// Stable hash of one text.
pub(crate) fn hash(text: &str) -> u64 {
    Stable::NEW.add(text.as_bytes()).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors of the FNV authors.
    #[test]
    fn known_values() {
        assert_eq!(hash(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(hash("foobar"), 0x8594_4171_f739_67e8);
    }
}
