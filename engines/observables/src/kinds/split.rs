//! Wallets and digests that a narrow column or a mail program broke over two lines.
//!
//! Two tokens are put together again only when the whole carries a valid checksum, or is a digest
//! of which neither half could be one.

use super::{base58, bech32, byron, eth, hash, monero};
use crate::family::{Bytes, Family, Finds, Pair, Wake};
use crate::kind::Kind;
use crate::scan::{Anchor, Mark, Scan};

/// The line ends right behind the token.
const LINE_ENDS: &[Pair] = &[(Bytes::of(b"\n\r"), Bytes::ANY)];

pub(crate) static FAMILY: Family = Family {
    // Each kind has its own family; this one only reads them where they are broken.
    kinds: &[],
    wakes_on: &[
        Wake::on(Mark::Mixed).long(8, 140).behind(LINE_ENDS),
        Wake::on(Mark::Long).long(8, 140).behind(LINE_ENDS),
    ],
    find,
    normalise: |_, _| None,
};

fn find(scan: &Scan<'_>, anchor: &Anchor, finds: &mut Finds) {
    if !matches!(scan.byte(anchor.end), b'\n' | b'\r') || !scan.opens(anchor.start) {
        return;
    }
    let Some((start, end)) = next_line(scan, anchor.end) else {
        return;
    };
    let (first, second) = (&scan.text[anchor.start..anchor.end], &scan.text[start..end]);
    let length = first.len() + second.len();
    if !(26..=140).contains(&length) || !scan.closes(end) {
        return;
    }
    let whole = [first, second].concat();
    let found = base58::checked(&whole)
        .or_else(|| bech32::read(&whole))
        .map(|kind| {
            let lower = kind == Kind::Ada || whole.get(..4).is_some_and(|p| p.contains("c1"));
            (
                kind,
                if lower {
                    whole.to_ascii_lowercase()
                } else {
                    whole.clone()
                },
            )
        })
        .or_else(|| eth::read(&whole).map(|value| (Kind::Eth, value)))
        .or_else(|| monero::valid(&whole).then(|| (Kind::Xmr, whole.clone())))
        .or_else(|| byron::valid(&whole).then(|| (Kind::Ada, whole.clone())))
        .or_else(|| {
            let whole_line =
                hash::kind_of_length(first.len()).or(hash::kind_of_length(second.len()));
            let kind = hash::kind_of_length(length).filter(|_| whole_line.is_none())?;
            hash::digest(&whole).then(|| (kind, whole.to_ascii_lowercase()))
        });
    if let Some((kind, value)) = found {
        finds.push(kind, anchor.start, end, value);
    }
}

/// The token at the start of the line that begins behind `at`, past the marks of a quotation.
fn next_line(scan: &Scan<'_>, at: usize) -> Option<(usize, usize)> {
    let rest = scan.bytes[at..]
        .strip_prefix(b"\r")
        .unwrap_or(&scan.bytes[at..]);
    let rest = rest.strip_prefix(b"\n")?;
    let indent = rest
        .iter()
        .take(8)
        .take_while(|byte| matches!(byte, b' ' | b'\t' | b'>' | b'|'))
        .count();
    let start = scan.bytes.len() - rest.len() + indent;
    let length = scan.bytes[start..]
        .iter()
        .take(141)
        .take_while(|byte| byte.is_ascii_alphanumeric())
        .count();
    (length >= 4).then_some((start, start + length))
}

#[cfg(test)]
mod tests {
    use crate::Kind::{Btc, Eth, Md5, Sha256};
    use crate::kinds::check;

    #[test]
    fn broken_over_two_lines() {
        let segwit = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq";
        check(
            "to bc1qar0srrr7xfkvy5l643\nlydnw9re59gtzzwf5mdq today",
            &[(Btc, segwit)],
        );
        check(
            "> 0x5aAeb6053F3E94C9b9A0\r\n> 9f33669435E7Ef1BeAed",
            &[(Eth, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")],
        );
        let digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let (head, tail) = digest.split_at(50);
        check(&format!("{head}\n{tail}"), &[(Sha256, digest)]);
    }

    #[test]
    fn a_list_is_not_one_long_digest() {
        let digest = "d41d8cd98f00b204e9800998ecf8427e";
        check(
            &format!("{digest}\n{digest}"),
            &[(Md5, digest), (Md5, digest)],
        );
        check("bc1qar0srrr7xfkvy5l643\nlydnw9re59gtzzwf5mdp", &[]);
    }
}
