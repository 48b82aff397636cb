//! The register of finders. A new kind is one file under `kinds/` and one line here.

use std::sync::LazyLock;

use compact_str::CompactString;

use crate::kind::Kind;
use crate::kinds::{
    amount, bank, base58, bech32, card, cashaddr, company, cve, date, domain, email, eth, handle,
    hash, iban, ip, monero, nino, phone, plate, postcode, split, technique, url,
};
use crate::scan::{Anchor, MARKS, Mark, Scan};

/// One reading of a stretch of the (folded) text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Find {
    pub(crate) kind: Kind,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) value: CompactString,
    /// Observables inside this one that are reported beside it: the host of a URL.
    pub(crate) parts: Vec<Find>,
}

impl Find {
    pub(crate) fn new(
        kind: Kind,
        start: usize,
        end: usize,
        value: impl Into<CompactString>,
    ) -> Self {
        Find {
            kind,
            start,
            end,
            value: value.into(),
            parts: Vec::new(),
        }
    }
}

/// What the finders found so far, in the order of the anchors.
#[derive(Default)]
pub(crate) struct Finds {
    pub(crate) list: Vec<Find>,
    /// Host names before this position were read already, whether or not they were accepted.
    /// It keeps the reading of long chains of labels linear.
    pub(crate) hosts_read_to: usize,
    /// The sort code that waits for an account number, and the reverse.
    pub(crate) bank: bank::Waiting,
}

impl Finds {
    pub(crate) fn push(
        &mut self,
        kind: Kind,
        start: usize,
        end: usize,
        value: impl Into<CompactString>,
    ) {
        self.list.push(Find::new(kind, start, end, value));
    }
}

/// A finder: looks at one anchor and adds what stands there.
pub(crate) type Finder = fn(&Scan<'_>, &Anchor, &mut Finds);

/// What wakes a finder: a mark, and how long the run of letters and digits at it may be. Most of
/// the numbers in a text are too short or too long for most finders, which then need not look.
pub(crate) struct Wake {
    mark: Mark,
    shortest: usize,
    longest: usize,
}

impl Wake {
    pub(crate) const fn on(mark: Mark) -> Self {
        Wake {
            mark,
            shortest: 0,
            longest: usize::MAX,
        }
    }

    /// Only where the run is `shortest` to `longest` bytes long.
    pub(crate) const fn long(self, shortest: usize, longest: usize) -> Self {
        Wake {
            shortest,
            longest,
            ..self
        }
    }
}

/// A finder with the marks it wakes up for, and the canonical form of the kinds it finds.
pub(crate) struct Family {
    pub(crate) kinds: &'static [Kind],
    pub(crate) wakes_on: &'static [Wake],
    pub(crate) find: Finder,
    pub(crate) normalise: fn(Kind, &str) -> Option<String>,
}

/// Every family. The order settles nothing: overlaps are resolved by the kinds' ranks.
pub(crate) static FAMILIES: [&Family; 24] = [
    &url::FAMILY,
    &domain::FAMILY,
    &email::FAMILY,
    &ip::FAMILY,
    &handle::FAMILY,
    &phone::FAMILY,
    &bank::FAMILY,
    &iban::FAMILY,
    &card::FAMILY,
    &amount::FAMILY,
    &date::FAMILY,
    &postcode::FAMILY,
    &plate::FAMILY,
    &company::FAMILY,
    &nino::FAMILY,
    &hash::FAMILY,
    &eth::FAMILY,
    &base58::FAMILY,
    &bech32::FAMILY,
    &cashaddr::FAMILY,
    &monero::FAMILY,
    &cve::FAMILY,
    &split::FAMILY,
    &technique::FAMILY,
];

/// Lengths told apart; all longer runs are of this class.
const LENGTHS: usize = 64;

/// The finders of each mark and length of run.
static WOKEN: LazyLock<Vec<Vec<Finder>>> = LazyLock::new(|| {
    let mut table = vec![Vec::new(); MARKS * LENGTHS];
    for family in FAMILIES {
        for wake in family.wakes_on {
            let longest = wake.longest.min(LENGTHS - 1);
            for length in wake.shortest.min(LENGTHS - 1)..=longest {
                table[wake.mark as usize * LENGTHS + length].push(family.find);
            }
        }
    }
    table
});

/// Runs every finder over the anchors of a scan. What an earlier text left in `finds` goes.
pub(crate) fn find_all(scan: &Scan<'_>, finds: &mut Finds) {
    let table = &*WOKEN;
    finds.list.clear();
    finds.hosts_read_to = 0;
    finds.bank.start();
    for anchor in scan.anchors {
        let length = (anchor.end - anchor.start).min(LENGTHS - 1);
        for find in &table[anchor.mark as usize * LENGTHS + length] {
            find(scan, anchor, finds);
        }
    }
    bank::finish(scan, finds);
}

/// The family that knows the canonical form of `kind`.
pub(crate) fn of(kind: Kind) -> Option<&'static Family> {
    FAMILIES
        .into_iter()
        .find(|family| family.kinds.contains(&kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_exactly_one_family() {
        for kind in Kind::ALL {
            let families = FAMILIES
                .iter()
                .filter(|family| family.kinds.contains(&kind))
                .count();
            assert_eq!(families, 1, "{kind}");
        }
    }
}
