//! Monero addresses: base58 in blocks of eight bytes, closed by four bytes of Keccak-256.

use sha3::{Digest, Keccak256};

use crate::family::{Family, Finds, Wake};
use crate::kind::Kind;
use crate::scan::{Anchor, Mark, Scan};

pub(crate) static FAMILY: Family = Family {
    kinds: &[Kind::Xmr],
    wakes_on: &[Wake::on(Mark::Mixed).long(95, 106)],
    find,
    normalise,
};

fn find(scan: &Scan<'_>, anchor: &Anchor, finds: &mut Finds) {
    let token = &scan.text[anchor.start..anchor.end];
    if scan.opens(anchor.start) && scan.closes(anchor.end) && valid(token) {
        finds.push(Kind::Xmr, anchor.start, anchor.end, token.to_owned());
    }
}

pub(super) fn valid(token: &str) -> bool {
    if !matches!(token.len(), 95 | 106) || !token.starts_with(['4', '8']) {
        return false;
    }
    let Some(bytes) = decode(token.as_bytes()) else {
        return false;
    };
    let (body, sum) = bytes.split_at(bytes.len() - 4);
    // Network bytes of the main chain: standard, integrated, subaddress.
    let known = match token.len() {
        95 => matches!(body[0], 18 | 42),
        _ => body[0] == 19,
    };
    known && Keccak256::digest(body)[..4] == *sum
}

/// Eleven letters hold eight bytes; the shorter last block holds what is left.
fn decode(letters: &[u8]) -> Option<Vec<u8>> {
    const ALPHABET: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut bytes = Vec::with_capacity(77);
    for block in letters.chunks(11) {
        let size = match block.len() {
            11 => 8,
            7 => 5,
            _ => return None,
        };
        let mut number: u128 = 0;
        for letter in block {
            number = number * 58 + ALPHABET.iter().position(|known| known == letter)? as u128;
        }
        if number >> (size * 8) != 0 {
            return None;
        }
        bytes.extend_from_slice(&number.to_be_bytes()[16 - size..]);
    }
    Some(bytes)
}

fn normalise(_: Kind, field: &str) -> Option<String> {
    let token = field.split_once(':').map_or(field, |(_, token)| token);
    valid(token).then(|| token.to_owned())
}

#[cfg(test)]
mod tests {
    use crate::Kind::Xmr;
    use crate::kinds::check;

    #[test]
    fn addresses_with_their_checksums() {
        // The Monero project's published donation address.
        let address = "888tNkZrPN6JsEgekjMnABU4TBzc2Dt29EPAvkRxbANsAnjyPbb3iQ1YBRk1UXcdRsiKc9dhwMVgN5S9cQUiyoogDavup3H";
        check(&format!("xmr {address}"), &[(Xmr, address)]);
        let wrong = address.replacen("tNk", "tNm", 1);
        check(&wrong, &[]);
    }
}
