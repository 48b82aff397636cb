//! Precision and recall per kind over labelled narratives, with floors.

use std::collections::BTreeMap;

use observables::{Kind, extract};
use serde::Deserialize;

#[derive(Deserialize)]
struct Narrative {
    id: String,
    text: String,
    expected: Vec<Label>,
}

#[derive(Deserialize)]
struct Label {
    kind: String,
    value: String,
}

/// What was right, missed and invented of one kind.
#[derive(Default)]
struct Tally {
    right: usize,
    missed: usize,
    invented: usize,
}

impl Tally {
    fn precision(&self) -> f64 {
        ratio(self.right, self.right + self.invented)
    }

    fn recall(&self) -> f64 {
        ratio(self.right, self.right + self.missed)
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        1.0
    } else {
        part as f64 / whole as f64
    }
}

/// Neither figure of any kind may fall below this.
const FLOOR: f64 = 0.98;

#[test]
fn precision_and_recall_hold_their_floors() {
    let file = include_str!("../testdata/labelled.jsonl");
    let narratives: Vec<Narrative> = file
        .lines()
        .map(|line| serde_json::from_str(line).expect("a labelled narrative"))
        .collect();
    assert!(narratives.len() >= 120);
    let mut tallies: BTreeMap<Kind, Tally> = BTreeMap::new();
    for narrative in &narratives {
        let mut due: Vec<(Kind, String)> = narrative
            .expected
            .iter()
            .map(|label| (label.kind.parse().expect("a kind"), label.value.clone()))
            .collect();
        for found in extract(&narrative.text) {
            let tally = tallies.entry(found.kind).or_default();
            match due
                .iter()
                .position(|(kind, value)| *kind == found.kind && *value == found.value)
            {
                Some(at) => {
                    due.swap_remove(at);
                    tally.right += 1;
                }
                None => {
                    println!("{}: invented {} {}", narrative.id, found.kind, found.value);
                    tally.invented += 1;
                }
            }
        }
        for (kind, value) in due {
            println!("{}: missed {kind} {value}", narrative.id);
            tallies.entry(kind).or_default().missed += 1;
        }
    }
    for kind in Kind::ALL {
        let tally = tallies.entry(kind).or_default();
        println!(
            "{:18} {:4} right, precision {:.3}, recall {:.3}",
            kind.name(),
            tally.right,
            tally.precision(),
            tally.recall()
        );
    }
    for (kind, tally) in &tallies {
        assert!(tally.right > 0, "no narrative holds a {kind}");
        assert!(
            tally.precision() >= FLOOR && tally.recall() >= FLOOR,
            "{kind}"
        );
    }
}
