//! Precision and recall per kind over the narratives of a generated county, whose truth is known.

use std::collections::BTreeMap;

use county::{County, Settings};
use observables::{Extractor, Kind, normalise};

#[derive(Default)]
struct Tally {
    right: usize,
    missed: usize,
    invented: usize,
}

/// Neither figure of any kind may fall below this.
const FLOOR: f64 = 0.98;

#[test]
fn what_the_county_plants_is_found_and_nothing_else() {
    let mut extractor = Extractor::new();
    let mut tallies: BTreeMap<Kind, Tally> = BTreeMap::new();
    let mut shown = BTreeMap::<Kind, usize>::new();
    let settings = Settings::new(6_000, 11, jiff::civil::date(2026, 6, 30));
    for report in County::new(settings).reports() {
        let narrative = report.field("narrative").unwrap_or_default();
        let planted = report.truth.observables.iter();
        let mut due: Vec<(Kind, String)> = planted
            .filter(|planted| planted.field == "narrative" && narrative.contains(&planted.written))
            .map(|planted| {
                let kind = planted.kind.parse().expect("a kind");
                let value = normalise(kind, &planted.value);
                (kind, value.unwrap_or_else(|| planted.value.clone()))
            })
            .collect();
        let mut url_to = 0;
        for found in extractor.extract(narrative) {
            let tally = tallies.entry(found.kind).or_default();
            let at = due
                .iter()
                .position(|(kind, value)| *kind == found.kind && *value == found.value);
            match at {
                Some(at) => {
                    due.swap_remove(at);
                    tally.right += 1;
                }
                // What a URL brings with it is not planted by itself, nor is a shop whose name is
                // its site.
                None if found.start < url_to || found.value == "booking.com" => {}
                None => {
                    tally.invented += 1;
                    show(&mut shown, found.kind, "invented", &found.value, narrative);
                }
            }
            if found.kind == Kind::Url {
                url_to = found.end;
            }
        }
        for (kind, value) in due {
            tallies.entry(kind).or_default().missed += 1;
            show(&mut shown, kind, "missed", &value, narrative);
        }
    }
    let ratio = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
    let mut low = Vec::new();
    for (kind, tally) in &tallies {
        let precision = ratio(tally.right, tally.right + tally.invented);
        let recall = ratio(tally.right, tally.right + tally.missed);
        println!(
            "{:18} {:5} right, precision {precision:.3}, recall {recall:.3}",
            kind.name(),
            tally.right
        );
        if precision < FLOOR || recall < FLOOR {
            low.push(*kind);
        }
    }
    assert!(tallies[&Kind::Amount].right > 3_000);
    assert!(low.is_empty(), "{low:?}");
}

/// Prints the first few faults of each kind.
fn show(shown: &mut BTreeMap<Kind, usize>, kind: Kind, fault: &str, value: &str, text: &str) {
    let count = shown.entry(kind).or_default();
    *count += 1;
    if *count <= 3 {
        println!("{fault} {kind} {value}: {text}");
    }
}
