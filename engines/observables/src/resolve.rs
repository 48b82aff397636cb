//! Overlaps: of two readings of the same characters, the more specific one stays.

use crate::family::Find;
use crate::kind::Kind;

/// How much a reading says about its characters; the higher rank wins an overlap. Kinds proved by
/// a checksum or a closed form come before kinds that rest on context.
fn rank(kind: Kind) -> u8 {
    match kind {
        Kind::Url => 100,
        Kind::Email => 96,
        Kind::Eth | Kind::Xmr | Kind::Ada | Kind::Bch | Kind::Btc | Kind::Ltc => 92,
        Kind::Doge | Kind::Tron | Kind::Xrp => 92,
        Kind::Sha512 | Kind::Sha256 | Kind::Sha1 | Kind::Md5 => 90,
        Kind::Iban => 88,
        Kind::Cve | Kind::AttackTechnique => 87,
        Kind::UkBankAccount => 86,
        Kind::Handle => 85,
        Kind::Card => 82,
        Kind::Ipv6 | Kind::Ipv4 => 81,
        Kind::Domain => 80,
        Kind::Sol => 78,
        Kind::UkCompanyNumber => 76,
        Kind::SortCode => 74,
        Kind::UkNino => 72,
        Kind::Phone => 70,
        Kind::Date => 60,
        Kind::Amount => 58,
        Kind::UkPostcode => 52,
        Kind::UkVrm => 50,
    }
}

/// Sorts by position and drops the weaker reading of every overlap. One pass: each reading meets
/// only the last one kept.
pub(crate) fn resolve(mut finds: Vec<Find>) -> Vec<Find> {
    finds.sort_by(|a, b| {
        (a.start, std::cmp::Reverse(a.end), a.kind).cmp(&(
            b.start,
            std::cmp::Reverse(b.end),
            b.kind,
        ))
    });
    let mut kept: Vec<Find> = Vec::with_capacity(finds.len());
    for find in finds {
        while let Some(last) = kept.last() {
            if last.end <= find.start {
                break;
            }
            let stronger =
                (rank(find.kind), find.end - find.start) > (rank(last.kind), last.end - last.start);
            if !stronger {
                break;
            }
            kept.pop();
        }
        if kept.last().is_none_or(|last| last.end <= find.start) {
            kept.push(find);
        }
    }
    flatten(kept)
}

/// Puts the parts of each reading behind it, in order of position.
fn flatten(finds: Vec<Find>) -> Vec<Find> {
    let mut flat = Vec::with_capacity(finds.len());
    for mut find in finds {
        let mut parts = std::mem::take(&mut find.parts);
        parts.sort_by_key(|part| (part.start, part.kind));
        flat.push(find);
        flat.append(&mut parts);
    }
    flat
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(kind: Kind, start: usize, end: usize) -> Find {
        Find::new(kind, start, end, String::new())
    }

    #[test]
    fn the_stronger_reading_of_an_overlap_stays() {
        let finds = vec![
            find(Kind::Domain, 5, 14),
            find(Kind::Email, 0, 14),
            find(Kind::Date, 20, 28),
            find(Kind::Phone, 24, 36),
            find(Kind::Amount, 36, 40),
        ];
        let kinds: Vec<Kind> = resolve(finds).into_iter().map(|find| find.kind).collect();
        assert_eq!(kinds, [Kind::Email, Kind::Phone, Kind::Amount]);
    }
}
