//! Cardano addresses of the Byron era: base58 of a CBOR pair, a payload and its CRC-32 (CIP-19).

/// Whether the token is one: an array of two, a tagged byte string, and its checksum.
pub(super) fn valid(token: &str) -> bool {
    if !(50..=120).contains(&token.len()) || !token.starts_with(['A', 'D']) {
        return false;
    }
    let Ok(bytes) = bs58::decode(token).into_vec() else {
        return false;
    };
    let [0x82, 0xD8, 0x18, 0x58, length, rest @ ..] = bytes.as_slice() else {
        return false;
    };
    let Some((payload, sum)) = rest.split_at_checked(usize::from(*length)) else {
        return false;
    };
    // An unsigned integer of four bytes; shorter sums are written shorter.
    let sum = match sum {
        [0x1A, a, b, c, d] => u32::from_be_bytes([*a, *b, *c, *d]),
        [0x19, a, b] => u32::from(u16::from_be_bytes([*a, *b])),
        _ => return false,
    };
    crc32fast::hash(payload) == sum
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn the_checksum_decides() {
        // Examples of CIP-19 and of the ledger's documentation.
        let icarus = "Ae2tdPwUPEZFRbyhz3cpfC2CumGzNkFBN2L42rcUc2yjQpEkxDbkPodpMAi";
        assert!(valid(icarus));
        assert!(!valid(&icarus.replace("cpfC", "cpfD")));
    }
}
