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
    /// The characters it stands in, where the label says so.
    raw: Option<String>,
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
    assert!(narratives.len() >= 500);
    let mut tallies: BTreeMap<Kind, Tally> = BTreeMap::new();
    let (mut placed, mut misplaced) = (0, 0);
    for narrative in &narratives {
        let mut due: Vec<(Kind, &Label)> = narrative
            .expected
            .iter()
            .map(|label| (label.kind.parse().expect("a kind"), label))
            .collect();
        for found in extract(&narrative.text) {
            let tally = tallies.entry(found.kind).or_default();
            let fits =
                |(kind, label): &(Kind, &Label)| *kind == found.kind && label.value == found.value;
            // The same value may stand in a text twice, written in two ways.
            let here = due
                .iter()
                .position(|due| fits(due) && due.1.raw.as_deref() == Some(found.raw));
            match here.or_else(|| due.iter().position(fits)) {
                Some(at) => {
                    let (_, label) = due.swap_remove(at);
                    tally.right += 1;
                    match &label.raw {
                        Some(raw) if raw == found.raw => placed += 1,
                        Some(raw) => {
                            println!("{}: {:?} instead of {raw:?}", narrative.id, found.raw);
                            misplaced += 1;
                        }
                        None => {}
                    }
                }
                None => {
                    println!("{}: invented {} {}", narrative.id, found.kind, found.value);
                    tally.invented += 1;
                }
            }
        }
        for (kind, label) in due {
            println!("{}: missed {kind} {}", narrative.id, label.value);
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
        assert!(
            tally.right + tally.missed >= 20,
            "too few narratives hold a {kind}"
        );
        assert!(
            tally.precision() >= FLOOR && tally.recall() >= FLOOR,
            "{kind}"
        );
    }
    assert!(
        ratio(placed, placed + misplaced) >= FLOOR,
        "{misplaced} of {} stand elsewhere",
        placed + misplaced
    );
}
