//! How many threads there are changes nothing, to the last bit.

use linkage::Model;
use linkage::batch::{Assigned, Batch, Between, HotBlock, Linkage, links_of, run_task};
use linkage::suggest::{Profile, WordLists, refine};

use crate::held::{population, table};
use crate::properties::Record;

/// Families with slips and gaps, of whom some have several telephones and were in several places.
fn records() -> Vec<Record> {
    let mut records = table(3_000);
    for (at, record) in records.iter_mut().enumerate() {
        let home: u32 = record
            .iter()
            .filter(|(column, _)| *column == "postcode")
            .flat_map(|(_, code)| code.bytes())
            .map(u32::from)
            .sum();
        let north = 50 + home % 5;
        if at % 3 != 0 {
            record.push((
                "spot",
                format!("{north}.{}, -0.{}", home * 37 % 1_000, at % 7),
            ));
        }
        if at % 4 == 0 {
            record.push(("spot", format!("{north}.5, -1.{}", at % 50)));
            record.push(("phone", format!("0773{:07}", at % 400)));
        }
    }
    records
}

/// The shipped model with related people, places and sounds, and a rule whose blocks are hot.
fn model() -> (String, Model) {
    let text = crate::spotted(true).replacen(
        "blocking = [",
        "blocking = [\"initial(surname)\", \"word(address) + district(postcode)\",",
        1,
    );
    let text = text + "\n[related]\nprior = 0.00001\n";
    let model = Model::from_toml(&text).unwrap();
    (text, model)
}

/// All that comes of a table.
#[derive(Debug, PartialEq)]
struct Outcome {
    units: Vec<u32>,
    notes: String,
    pairs: Vec<u64>,
    hot: Vec<HotBlock>,
    parameters: String,
    /// Pairs with the bits of their weights.
    links: Vec<(u32, u32, u32)>,
    clusters: Vec<u32>,
    refused: Vec<(u32, u32, u32)>,
    assigned: Assigned,
    done_elsewhere: Vec<(u32, u32, u32)>,
    suggested: String,
}

fn outcome(text: &str, model: &Model, records: &[Record]) -> Outcome {
    let bits = |links: &[linkage::batch::Link]| {
        let mut bits: Vec<(u32, u32, u32)> = links
            .iter()
            .map(|link| (link.one, link.other, link.weight.to_bits()))
            .collect();
        bits.sort_unstable();
        bits
    };
    let people = population(model, records);
    let linkage = Linkage::new(model, &people, Between::Everybody);
    let parameters = linkage.train();
    let trained = model.with(&parameters);
    let links = linkage.links(&trained, -3.0);
    let answers: Vec<Vec<u8>> = linkage
        .tasks(text, Some(&parameters), -3.0)
        .map(|task| run_task(&task).unwrap())
        .collect();
    let clusters = linkage.clusters(&trained, &links, 0.0);
    Outcome {
        units: (0..records.len()).map(|row| people.unit(row)).collect(),
        notes: format!("{:?}", people.notes()),
        pairs: linkage.pairs(),
        hot: linkage.hot_blocks().to_vec(),
        // Numbers are written so that they are read back exactly.
        parameters: format!("{parameters:?}"),
        links: bits(&links),
        refused: bits(&clusters.refused),
        assigned: linkage.assign(&trained, &clusters, 0.0),
        clusters: clusters.of,
        done_elsewhere: bits(&links_of(&answers).unwrap()),
        suggested: suggested(records),
    }
}

/// The model that is suggested for the same records.
fn suggested(records: &[Record]) -> String {
    let headings = [
        "forename",
        "surname",
        "date_of_birth",
        "postcode",
        "address",
        "phone",
        "email",
    ];
    let mut batch = Batch::new(headings.len());
    for record in records {
        let value = |heading: &&str| {
            let found = record.iter().find(|(column, _)| column == heading);
            found.map_or("", |(_, value)| value.as_str())
        };
        batch.push(headings.iter().map(|heading| value(heading).as_bytes()));
    }
    let mut profile = Profile::new(headings.map(str::to_owned).to_vec());
    profile.add(&batch);
    let draft = profile.draft(None, &WordLists::default()).unwrap();
    let model = Model::from_toml(&draft.toml).unwrap();
    let people = population(&model, records);
    refine(
        &draft.toml,
        &model,
        &people,
        records.len() as u64,
        Between::Everybody,
    )
    .toml
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let (text, model) = model();
    let records = records();
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap().install(|| outcome(&text, &model, &records))
    };
    let one = with(1);
    let held = (one.hot.len(), one.links.len(), one.assigned.several);
    assert!(held.0 > 0 && held.1 > 1_000 && held.2 > 500, "{held:?}");
    let twice = one.links.windows(2).find(|two| two[0] == two[1]);
    assert_eq!(twice, None, "no pair comes twice, not even of a hot block");
    assert!(one.links == one.done_elsewhere, "tasks find other links");
    for threads in [2, 5] {
        let several = with(threads);
        // Not `assert_eq` on the whole: that would print thousands of links.
        assert_eq!(one.parameters, several.parameters, "{threads} threads");
        assert_eq!(one.suggested, several.suggested, "{threads} threads");
        assert!(one == several, "{threads} threads give another answer");
    }
}
