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

/// Sorts by position and drops the weaker reading of every overlap, in place. One pass: each
/// reading meets only the last one kept.
pub(crate) fn resolve(finds: &mut Vec<Find>) {
    let order = |find: &Find| (find.start, std::cmp::Reverse(find.end), find.kind);
    if !finds.is_sorted_by_key(order) {
        finds.sort_by_key(order);
    }
    // The first `kept` readings stay.
    let mut kept = 0;
    for at in 0..finds.len() {
        let (start, strength) = (finds[at].start, strength(&finds[at]));
        while kept > 0 && finds[kept - 1].end > start && strength > self::strength(&finds[kept - 1])
        {
            kept -= 1;
        }
        if kept == 0 || finds[kept - 1].end <= start {
            finds.swap(kept, at);
            kept += 1;
        }
    }
    finds.truncate(kept);
}

/// The rank of a reading, then its length.
fn strength(find: &Find) -> (u8, usize) {
    (rank(find.kind), find.end - find.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(kind: Kind, start: usize, end: usize) -> Find {
        Find::new(kind, start, end, "")
    }

    #[test]
    fn the_stronger_reading_of_an_overlap_stays() {
        let mut finds = vec![
            find(Kind::Domain, 5, 14),
            find(Kind::Email, 0, 14),
            find(Kind::Date, 20, 28),
            find(Kind::Phone, 24, 36),
            find(Kind::Amount, 36, 40),
        ];
        resolve(&mut finds);
        let kinds: Vec<Kind> = finds.iter().map(|find| find.kind).collect();
        assert_eq!(kinds, [Kind::Email, Kind::Phone, Kind::Amount]);
    }
}
