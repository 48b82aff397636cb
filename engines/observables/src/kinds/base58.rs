//! Wallets in base58: Bitcoin, Litecoin, Dogecoin, Tron and the XRP Ledger, whose checksum is four
//! bytes of double SHA-256, and Solana, which has none.

use bs58::Alphabet;

use crate::cue::Cue;
use crate::family::{Family, Finds, Wake};
use crate::kind::Kind;
use crate::scan::{Anchor, Mark, Scan};

pub(crate) static FAMILY: Family = Family {
    kinds: &[
        Kind::Btc,
        Kind::Ltc,
        Kind::Doge,
        Kind::Tron,
        Kind::Xrp,
        Kind::Sol,
    ],
    wakes_on: &[
        Wake::on(Mark::Mixed).long(25, 44),
        Wake::on(Mark::Long).long(25, 44),
    ],
    find,
    normalise,
};

fn find(scan: &Scan<'_>, anchor: &Anchor, finds: &mut Finds) {
    let token = &scan.text[anchor.start..anchor.end];
    if !(25..=44).contains(&token.len()) || !scan.opens(anchor.start) || !scan.closes(anchor.end) {
        return;
    }
    let kind = checked(token).or_else(|| {
        // 32 bytes in base58 could be any key: coins must be spoken of nearby.
        let said = scan.near(anchor.start, anchor.end, 120, Cue::Solana.set())
            || scan.led_by(anchor.start, 60, Cue::Crypto.set())
            // One of a list.
            || finds.keys_read_to.is_some_and(|end| anchor.start < end + 60);
        (said && solana(token)).then_some(Kind::Sol)
    });
    if let Some(kind) = kind {
        if kind == Kind::Sol {
            finds.keys_read_to = Some(anchor.end);
        }
        finds.push(kind, anchor.start, anchor.end, token.to_owned());
    }
}

/// The chain whose version byte and checksum the token carries.
pub(super) fn checked(token: &str) -> Option<Kind> {
    let first = token.bytes().next()?;
    if token.len() > 36 || !b"13LMD9ATr".contains(&first) {
        return None;
    }
    let alphabet = if first == b'r' {
        Alphabet::RIPPLE
    } else {
        Alphabet::BITCOIN
    };
    let bytes = bs58::decode(token)
        .with_alphabet(alphabet)
        .with_check(None)
        .into_vec()
        .ok()?;
    if bytes.len() != 21 {
        return None;
    }
    match (first, bytes[0]) {
        (b'r', 0x00) => Some(Kind::Xrp),
        // Litecoin once shared 0x05 with Bitcoin; such an address is Bitcoin's.
        (_, 0x00 | 0x05) => Some(Kind::Btc),
        (_, 0x30 | 0x32) => Some(Kind::Ltc),
        (_, 0x1E | 0x16) => Some(Kind::Doge),
        (_, 0x41) => Some(Kind::Tron),
        _ => None,
    }
}

fn solana(token: &str) -> bool {
    let mut key = [0; 32];
    let both_cases = token.bytes().any(|byte| byte.is_ascii_lowercase())
        && token.bytes().any(|byte| byte.is_ascii_uppercase());
    token.len() >= 32 && both_cases && bs58::decode(token).onto(&mut key) == Ok(32)
}

fn normalise(kind: Kind, field: &str) -> Option<String> {
    let token = field.split_once(':').map_or(field, |(_, token)| token);
    let fits = || match kind {
        Kind::Sol => solana(token),
        kind => checked(token) == Some(kind),
    };
    if (25..=44).contains(&token.len()) && fits() {
        return Some(token.to_owned());
    }
    super::bech32::normalise(kind, field)
}

#[cfg(test)]
mod tests {
    use crate::Kind::{Btc, Doge, Ltc, Sol, Tron, Xrp};
    use crate::kinds::check;

    #[test]
    fn addresses_with_their_checksums() {
        check(
            "pay 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
            &[(Btc, "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa")],
        );
        check(
            "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
            &[(Btc, "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy")],
        );
        check(
            "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
            &[(Tron, "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t")],
        );
        check(
            "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh",
            &[(Xrp, "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh")],
        );
        check(
            "DH5yaieqoZN36fDVciNyRueRGvGLR3mr7L",
            &[(Doge, "DH5yaieqoZN36fDVciNyRueRGvGLR3mr7L")],
        );
        check(
            "LVg2kJoFNg45Nbpy53h7Fe1wKyeXVRhMH9",
            &[(Ltc, "LVg2kJoFNg45Nbpy53h7Fe1wKyeXVRhMH9")],
        );
    }

    #[test]
    fn a_wrong_letter_breaks_the_checksum() {
        check("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", &[]);
        check("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6T", &[]);
    }

    #[test]
    fn solana_needs_its_words() {
        let key = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";
        check(&format!("solana wallet {key}"), &[(Sol, key)]);
        check(&format!("session {key}"), &[]);
    }
}
