//! The register of finders. A new kind is one file under `kinds/` and one line here.

use std::sync::LazyLock;

use compact_str::CompactString;

use crate::kind::Kind;
use crate::kinds::{
    amount, bank, base58, bech32, card, cashaddr, company, cve, date, domain, email, eth, handle,
    hash, iban, ip, monero, nino, phone, plate, postcode, split, technique, url,
};
use crate::scan::{Anchor, Scan};
use crate::wake::Glance;
pub(crate) use crate::wake::{Bytes, Pair, Wake};

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

/// What the finders found so far in a text.
#[derive(Default)]
pub(crate) struct Finds {
    pub(crate) list: Vec<Find>,
    /// Host names before this position were read already, whether or not they were accepted.
    /// It keeps the reading of long chains of labels linear.
    pub(crate) hosts_read_to: usize,
    /// Where the last telephone number ended.
    pub(crate) phone_end: Option<usize>,
    /// Where the last telephone number or IBAN ended: its digits are no sort code's.
    pub(crate) numbers_read_to: usize,
    /// Where the last key in base58 that stands for itself ended: a list of them goes on near it.
    pub(crate) keys_read_to: Option<usize>,
    /// The sort code that waits for an account number, and the reverse.
    pub(crate) bank: bank::Waiting,
}

impl Finds {
    /// Forgets the text before.
    fn start(&mut self) {
        self.list.clear();
        self.hosts_read_to = 0;
        self.phone_end = None;
        self.numbers_read_to = 0;
        self.keys_read_to = None;
        self.bank.start();
    }

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

/// A finder with the marks it wakes up for, and the canonical form of the kinds it finds.
pub(crate) struct Family {
    pub(crate) kinds: &'static [Kind],
    pub(crate) wakes_on: &'static [Wake],
    pub(crate) find: Finder,
    pub(crate) normalise: fn(Kind, &str) -> Option<String>,
}

/// Every family, in rooms. The families of a room share what they remember of a text (in
/// [`Finds`]) and look at each anchor one after the other; a room is done with many anchors of many
/// texts before the next one begins, because the instructions of all rooms together do not fit into
/// the cache next to a core. The order settles nothing: overlaps are resolved by the kinds' ranks.
static ROOMS: [&[&Family]; 14] = [
    &[&url::FAMILY, &domain::FAMILY, &email::FAMILY],
    &[&ip::FAMILY],
    &[&handle::FAMILY],
    &[&phone::FAMILY, &iban::FAMILY, &bank::FAMILY],
    &[&card::FAMILY],
    &[&amount::FAMILY],
    &[&date::FAMILY],
    &[&postcode::FAMILY],
    &[&plate::FAMILY],
    &[&company::FAMILY],
    &[&nino::FAMILY],
    &[
        &hash::FAMILY,
        &eth::FAMILY,
        &base58::FAMILY,
        &bech32::FAMILY,
        &cashaddr::FAMILY,
        &monero::FAMILY,
    ],
    &[&split::FAMILY],
    &[&cve::FAMILY, &technique::FAMILY],
];

/// Every family.
pub(crate) fn families() -> impl Iterator<Item = &'static Family> {
    ROOMS.iter().copied().flatten().copied()
}

/// What wakes each finder.
static GLANCE: LazyLock<Glance> = LazyLock::new(|| Glance::of(&ROOMS));

/// A text that is being searched.
pub(crate) struct Search<'t> {
    pub(crate) scan: Scan<'t>,
    pub(crate) finds: &'t mut Finds,
}

/// A finder that is to look at an anchor of a text.
#[derive(Clone, Copy)]
struct Call {
    find: Finder,
    text: u32,
    anchor: u32,
}

/// The finders that wait before each room. Kept between texts for its memory.
pub(crate) struct Rooms {
    glance: &'static Glance,
    waiting: [Vec<Call>; ROOMS.len()],
}

impl Default for Rooms {
    fn default() -> Self {
        Rooms {
            glance: &GLANCE,
            waiting: Default::default(),
        }
    }
}

#[cfg(test)]
impl Rooms {
    /// Every finder looks at every anchor of its marks.
    pub(crate) fn blind() -> Self {
        static BLIND: LazyLock<Glance> = LazyLock::new(|| Glance::blind(&ROOMS));
        Rooms {
            glance: &BLIND,
            ..Rooms::default()
        }
    }
}

/// Anchors looked at before the finders that wait are let in: it bounds the memory for a long text.
const ANCHORS: usize = 4096;

impl Rooms {
    /// Runs every finder over the anchors of the texts.
    pub(crate) fn search(&mut self, texts: &mut [Search<'_>]) {
        let glance = self.glance;
        let mut anchors = 0;
        for number in 0..texts.len() {
            texts[number].finds.start();
            let mut at = 0;
            while at < texts[number].scan.anchors.len() {
                let scan = &texts[number].scan;
                let some = &scan.anchors[at..scan.anchors.len().min(at + ANCHORS - anchors)];
                for (next, anchor) in some.iter().enumerate() {
                    glance.wake(scan, anchor, |room, find| {
                        self.waiting[room].push(Call {
                            find,
                            text: number as u32,
                            anchor: (at + next) as u32,
                        });
                    });
                }
                at += some.len();
                anchors += some.len();
                if anchors == ANCHORS {
                    self.let_in(texts);
                    anchors = 0;
                }
            }
        }
        self.let_in(texts);
        for text in texts {
            bank::finish(&text.scan, text.finds);
        }
    }

    fn let_in(&mut self, texts: &mut [Search<'_>]) {
        for waiting in &mut self.waiting {
            for call in waiting.drain(..) {
                let text = &mut texts[call.text as usize];
                let anchor = &text.scan.anchors[call.anchor as usize];
                (call.find)(&text.scan, anchor, text.finds);
            }
        }
    }
}

/// The family that knows the canonical form of `kind`.
pub(crate) fn of(kind: Kind) -> Option<&'static Family> {
    families().find(|family| family.kinds.contains(&kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_exactly_one_family() {
        for kind in Kind::ALL {
            let of = families().filter(|family| family.kinds.contains(&kind));
            assert_eq!(of.count(), 1, "{kind}");
        }
    }
}
