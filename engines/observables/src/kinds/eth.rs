//! Ethereum addresses: twenty bytes in hexadecimal, with the checksum that EIP-55 puts into the
//! case of the letters. One case throughout carries no checksum and is accepted.

use sha3::{Digest, Keccak256};

use crate::family::{Family, Finds, Wake};
use crate::kind::Kind;
use crate::scan::{Anchor, Mark, Scan};

pub(crate) static FAMILY: Family = Family {
    kinds: &[Kind::Eth],
    wakes_on: &[Wake::on(Mark::Mixed).long(42, 42)],
    find,
    normalise,
};

fn find(scan: &Scan<'_>, anchor: &Anchor, finds: &mut Finds) {
    if anchor.end - anchor.start != 42 || !scan.opens(anchor.start) || !scan.closes(anchor.end) {
        return;
    }
    if let Some(value) = read(&scan.text[anchor.start..anchor.end]) {
        finds.push(Kind::Eth, anchor.start, anchor.end, value);
    }
}

pub(super) fn read(token: &str) -> Option<String> {
    let digits = token
        .strip_prefix("0x")
        .or_else(|| token.strip_prefix("0X"))?;
    let hexadecimal = digits.len() == 40 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    // The zero address burns coins; nobody holds it.
    if !hexadecimal || digits.bytes().all(|byte| byte == b'0') {
        return None;
    }
    let value = checksummed(&digits.to_ascii_lowercase());
    let one_case = !digits.bytes().any(|byte| byte.is_ascii_lowercase())
        || !digits.bytes().any(|byte| byte.is_ascii_uppercase());
    (one_case || value[2..] == *digits).then_some(value)
}

/// EIP-55: a letter is a capital where the digest of the lower-case digits is 8 or more.
fn checksummed(lower: &str) -> String {
    let digest = Keccak256::digest(lower.as_bytes());
    let nibble = |at: usize| digest[at / 2] >> (if at.is_multiple_of(2) { 4 } else { 0 }) & 0xF;
    let letters = lower.char_indices().map(|(at, digit)| {
        if nibble(at) >= 8 {
            digit.to_ascii_uppercase()
        } else {
            digit
        }
    });
    "0x".chars().chain(letters).collect()
}

fn normalise(_: Kind, field: &str) -> Option<String> {
    read(field)
}

#[cfg(test)]
mod tests {
    use crate::Kind::Eth;
    use crate::kinds::check;

    /// The examples of EIP-55.
    #[test]
    fn checksum_in_the_case() {
        for address in [
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
            "0x52908400098527886E0F7030069857D2E4169EE7",
            "0xde709f2102306220921060314715629080e2fb77",
        ] {
            check(&format!("sent to {address}."), &[(Eth, address)]);
        }
        check(
            "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
            &[(Eth, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")],
        );
        check("0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", &[]);
        check("0x0000000000000000000000000000000000000000", &[]);
    }
}
