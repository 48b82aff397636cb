//! Who is held to be one person, as reports come one after another.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use intake::receive::Desk;
use linkage::Model;
use linkage::batch::{Between, Builder, Layout, Linkage, Population, Rows};
use record::ids::PersonId;
use record::report::{Party, PartyKind, Report};
use record::time::Date;
use store::Store;
use store::testing::on_both;

use crate::receiving::{count, county_reports, desk, policy, report, rows, take};

/// What somebody is called, by reference.
type Held = BTreeMap<String, String>;

/// Who each report's victim is held to be.
async fn held(store: &Store) -> Held {
    let text = "select reference, person from intake_report where person is not null";
    rows(store, text)
        .await
        .iter()
        .map(|row| {
            let person: PersonId = row.get("person").unwrap();
            (row.get("reference").unwrap(), person.to_string())
        })
        .collect()
}

/// Pairs together in the one, in the other, and in both.
fn pairs(one: &Held, other: &Held) -> (f64, f64, f64) {
    let count = |name: &dyn Fn(&String) -> (String, String)| -> f64 {
        let mut sizes: BTreeMap<(String, String), u64> = BTreeMap::new();
        for reference in one.keys().filter(|r| other.contains_key(*r)) {
            *sizes.entry(name(reference)).or_default() += 1;
        }
        sizes.values().map(|n| (n * (n - 1) / 2) as f64).sum()
    };
    (
        count(&|r| (one[r].clone(), String::new())),
        count(&|r| (other[r].clone(), String::new())),
        count(&|r| (one[r].clone(), other[r].clone())),
    )
}

/// Share of the pairs that either holds together which both hold together.
fn agreement(one: &Held, other: &Held) -> f64 {
    let (a, b, both) = pairs(one, other);
    both / (a + b - both)
}

/// Precision and recall of pairs.
fn quality(held: &Held, truth: &Held) -> (f64, f64) {
    let (said, of_truth, both) = pairs(held, truth);
    (both / said, both / of_truth)
}

/// A table of nominal records (families at one address, twins, common names), each as the victim of
/// a report of its own; and who they truly are.
fn nominals(records: u64) -> (Vec<Report>, Held) {
    let settings = county::PeopleSettings::new(records, 5);
    let mut truth = Held::new();
    let reports = county::PeopleRecords::new(settings).map(|record| {
        truth.insert(record.id.clone(), record.person.to_string());
        let some = |text: String| (!text.is_empty()).then_some(text);
        let mut one = report(&record.id);
        one.victim = Party {
            forename: some(record.forename),
            surname: some(record.surname),
            date_of_birth: Date::parse(&record.date_of_birth),
            address: some(record.address),
            postcode: some(record.postcode),
            phone: some(record.phone),
            email: some(record.email),
            ..Party::default()
        };
        one
    });
    (reports.collect(), truth)
}

struct Written(Vec<Vec<String>>);

impl Rows for Written {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn field(&self, row: usize, column: usize) -> &[u8] {
        self.0[row][column].as_bytes()
    }
}

/// What the batch engine makes of the persons among the victims, as one table.
fn at_once(model: &Model, cohere_at: f64, reports: &[Report]) -> Held {
    let people: Vec<&Report> = reports
        .iter()
        .filter(|r| r.victim.kind == PartyKind::Person)
        .collect();
    let columns: Vec<&str> = model.columns().map(|(name, _)| name).collect();
    let value = |party: &Party, column: &str| {
        let text = match column {
            "forename" => party.forename.clone(),
            "surname" => party.surname.clone(),
            "date_of_birth" => party.date_of_birth.map(|d| d.to_string()),
            "postcode" => party.postcode.clone(),
            "address" => party.address.clone(),
            "phone" => party.phone.clone(),
            "email" => party.email.clone(),
            other => panic!("the model has another column: {other}"),
        };
        text.unwrap_or_default()
    };
    let table = people.iter().map(|report| {
        let row = columns.iter().map(|column| value(&report.victim, column));
        row.collect()
    });
    let layout = Layout {
        columns: (0..columns.len()).map(|at| vec![at]).collect(),
        id: None,
        source: 0,
    };
    let mut builder = Builder::new(model);
    builder.add(&Written(table.collect()), &layout).unwrap();
    let population = Population::new(builder.finish().unwrap());
    let linkage = Linkage::new(model, &population, Between::Everybody);
    let link = model.link_threshold();
    let clusters = linkage.clusters(model, linkage.links(model, link), cohere_at);
    let lead = linkage.assign(model, &clusters, link).lead;
    people
        .iter()
        .zip(lead)
        .map(|(report, lead)| (report.reference.clone(), lead.to_string()))
        .collect()
}

/// The shipped policy; without frequencies, when a table of another size is to weigh alike.
fn desk_that_weighs(frequencies: bool) -> Arc<Desk> {
    let mut files = policy();
    if let Ok(c) = std::env::var("FOURFOLD_BAR") {
        let text =
            files.0["intake/linking.toml"].replace("cohere_at = 5.0", &format!("cohere_at = {c}"));
        files.0.insert("intake/linking.toml".to_owned(), text);
    }
    if !frequencies {
        let text = files.0["intake/linkage.toml"].replace("frequency = true\n", "");
        files.0.insert("intake/linkage.toml".to_owned(), text);
    }
    Arc::new(Desk::read(&files).unwrap())
}

#[test]
fn the_generated_county_is_told_apart_as_well_as_in_one_table() {
    let generated = county_reports(4_000);
    let (nominal, mut truth) = nominals(4_000);
    for (report, identity) in &generated {
        truth.insert(report.reference.clone(), identity.to_string());
    }
    let generated: Vec<Report> = generated.into_iter().map(|(r, _)| r).collect();
    for (name, reports, frequencies) in [
        ("county", &generated, true),
        ("county", &generated, false),
        ("nominals", &nominal, true),
        ("nominals", &nominal, false),
    ] {
        let truth = &truth;
        on_both(intake::schema::MIGRATIONS, |store, _| async move {
            let desk = desk_that_weighs(frequencies);
            for part in reports.chunks(250) {
                take(&store, &desk, part.to_vec()).await;
            }
            let held = held(&store).await;
            let whole = at_once(
                desk.model(PartyKind::Person),
                desk.linking.policy.cohere_at,
                reports,
            );
            let (precision, recall) = quality(&held, truth);
            let (p, r) = quality(&whole, truth);
            let merged = "select count(*) as n from intake_person where merged_into is not null";
            let weak = "select count(*) as n from intake_mention_link where band = 'weak'";
            println!(
                "{name} {frequencies}: one by one {precision:.4} {recall:.4}, as a table {p:.4} {r:.4}, agreement {:.4} merged {} weak {}",
                agreement(&held, &whole),
                count(&store, merged).await,
                count(&store, weak).await
            );
        });
    }
}
