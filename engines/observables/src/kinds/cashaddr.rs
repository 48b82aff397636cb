//! Bitcoin Cash addresses in the CashAddr form, with or without their `bitcoincash:` prefix.

use crate::family::{Family, Finds, Wake};
use crate::kind::Kind;
use crate::scan::{Anchor, Mark, Scan};

pub(crate) static FAMILY: Family = Family {
    kinds: &[Kind::Bch],
    wakes_on: &[Wake::on(Mark::Mixed).long(42, 42)],
    find,
    normalise,
};

const PREFIX: &str = "bitcoincash:";

fn find(scan: &Scan<'_>, anchor: &Anchor, finds: &mut Finds) {
    let token = &scan.text[anchor.start..anchor.end];
    if token.len() != 42 || !scan.opens(anchor.start) || !scan.closes(anchor.end) {
        return;
    }
    let Some(value) = read(token) else {
        return;
    };
    let prefixed = anchor
        .start
        .checked_sub(PREFIX.len())
        .filter(|start| scan.bytes[*start..anchor.start].eq_ignore_ascii_case(PREFIX.as_bytes()));
    finds.push(
        Kind::Bch,
        prefixed.unwrap_or(anchor.start),
        anchor.end,
        value,
    );
}

/// The canonical address of 42 characters: a type, 160 bits of hash and 40 bits of checksum.
fn read(token: &str) -> Option<String> {
    const LETTERS: &[u8] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    let lower = token.to_ascii_lowercase();
    let one_case = lower == token || token.to_ascii_uppercase() == token;
    if !one_case || !lower.starts_with(['q', 'p']) {
        return None;
    }
    let values: Option<Vec<u8>> = lower
        .bytes()
        .map(|letter| {
            LETTERS
                .iter()
                .position(|known| *known == letter)
                .map(|at| at as u8)
        })
        .collect();
    let prefix = b"bitcoincash".iter().map(|letter| letter & 0x1F).chain([0]);
    (checksum(prefix.chain(values?)) == 0).then(|| format!("{PREFIX}{lower}"))
}

/// The BCH code of the CashAddr specification; zero for a valid address.
fn checksum(values: impl Iterator<Item = u8>) -> u64 {
    const GENERATORS: [u64; 5] = [
        0x98_F2BC_8E61,
        0x79_B76D_99E2,
        0xF3_3E5F_B3C4,
        0xAE_2EAB_E2A8,
        0x1E_4F43_E470,
    ];
    let folded = values.fold(1u64, |sum, value| {
        let top = sum >> 35;
        let sum = ((sum & 0x07_FFFF_FFFF) << 5) ^ u64::from(value);
        GENERATORS
            .iter()
            .enumerate()
            .filter(|(bit, _)| top >> bit & 1 == 1)
            .fold(sum, |sum, (_, generator)| sum ^ generator)
    });
    folded ^ 1
}

fn normalise(_: Kind, field: &str) -> Option<String> {
    let token = field
        .get(..PREFIX.len())
        .filter(|start| start.eq_ignore_ascii_case(PREFIX))
        .map_or(field, |_| &field[PREFIX.len()..]);
    (token.len() == 42).then(|| read(token))?
}

#[cfg(test)]
mod tests {
    use crate::Kind::Bch;
    use crate::kinds::check;

    /// Addresses of the CashAddr specification.
    #[test]
    fn addresses_with_their_checksums() {
        let first = "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a";
        check(first, &[(Bch, first)]);
        let second = "bitcoincash:ppm2qsznhks23z7629mms6s4cwef74vcwvn0h829pq";
        check(
            "to ppm2qsznhks23z7629mms6s4cwef74vcwvn0h829pq",
            &[(Bch, second)],
        );
        check("qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6b", &[]);
    }
}
