//! Wallets in bech32 and bech32m: Bitcoin and Litecoin by BIP 173 and BIP 350, Cardano by CIP-19.
//! Cardano's older addresses, in base58, are told by `byron.rs`.

use bech32::Bech32;
use bech32::primitives::decode::CheckedHrpstring;

use crate::family::{Family, Finds, Wake};
use crate::kind::Kind;
use crate::scan::{Anchor, Mark, Scan};

pub(crate) static FAMILY: Family = Family {
    kinds: &[Kind::Ada],
    wakes_on: &[Wake::on(Mark::Mixed).long(26, 140)],
    find,
    normalise,
};

fn find(scan: &Scan<'_>, anchor: &Anchor, finds: &mut Finds) {
    let token = &scan.text[anchor.start..anchor.end];
    if token.len() < 26 || !scan.opens(anchor.start) || !scan.closes(anchor.end) {
        return;
    }
    if super::byron::valid(token) {
        finds.push(Kind::Ada, anchor.start, anchor.end, token);
    } else if let Some(kind) = read(token) {
        finds.push(kind, anchor.start, anchor.end, token.to_ascii_lowercase());
    }
}

pub(super) fn read(token: &str) -> Option<Kind> {
    let prefixed = |prefix: &str| {
        token
            .get(..prefix.len())
            .is_some_and(|p| p.eq_ignore_ascii_case(prefix))
    };
    if prefixed("bc1") || prefixed("ltc1") {
        bech32::segwit::decode(token).ok()?;
        return Some(if prefixed("bc1") {
            Kind::Btc
        } else {
            Kind::Ltc
        });
    }
    if !prefixed("addr1") || token.len() > 140 {
        return None;
    }
    let payload = CheckedHrpstring::new::<Bech32>(token)
        .ok()?
        .byte_iter()
        .count();
    // A header, a payment credential, and in base addresses a stake credential.
    matches!(payload, 29 | 57 | 32..=43).then_some(Kind::Ada)
}

pub(crate) fn normalise(kind: Kind, field: &str) -> Option<String> {
    let token = field.split_once(':').map_or(field, |(_, token)| token);
    if kind == Kind::Ada && super::byron::valid(token) {
        return Some(token.to_owned());
    }
    (token.len() <= 140 && read(token) == Some(kind)).then(|| token.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use crate::Kind::{Ada, Btc, Ltc};
    use crate::kinds::check;
    use crate::{Kind, normalise};

    #[test]
    fn addresses_of_the_proposals() {
        let segwit = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq";
        check(&format!("bitcoin:{segwit}?amount=1"), &[(Btc, segwit)]);
        check(
            "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
            &[(Btc, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4")],
        );
        let taproot = "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0";
        check(taproot, &[(Btc, taproot)]);
        assert_eq!(normalise(Btc, taproot).as_deref(), Some(taproot));
        let litecoin = "ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9";
        check(litecoin, &[(Ltc, litecoin)]);
        let cardano = "addr1vx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzers66hrl8";
        check(cardano, &[(Ada, cardano)]);
    }

    #[test]
    fn a_wrong_letter_breaks_the_checksum() {
        check("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdp", &[]);
        assert_eq!(
            normalise(Kind::Btc, "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdp"),
            None
        );
    }
}
