//! Who is held to be one person, as reports come one after another.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use intake::judging::{Verdict, judge_people};

use intake::receive::Desk;
use linkage::batch::{Between, Builder, Layout, Linkage, Population, Rows};
use record::ids::{MentionId, PersonId};
use record::report::{Party, PartyKind, Report};
use record::time::Date;
use store::testing::{TEST_WRITE, grant, on_both};
use store::{Result, Store};

use crate::receiving::{county_reports, desk, policy, report, rows, take};

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
fn at_once(desk: &Desk, reports: &[Report]) -> Held {
    let model = desk.model(PartyKind::Person);
    let cohere_at = desk.linking.policy.cohere_at;
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
    let clusters = linkage.clusters(model, &linkage.links(model, link), cohere_at);
    let lead = linkage.assign(model, &clusters, link).lead;
    people
        .iter()
        .zip(lead)
        .map(|(report, lead)| (report.reference.clone(), lead.to_string()))
        .collect()
}

/// The shipped policy; without frequencies, where a table of another size is to weigh alike.
fn desk_that_weighs(frequencies: bool) -> Arc<Desk> {
    let mut files = policy();
    if !frequencies {
        let text = files.0["intake/linkage.toml"].replace("frequency = true\n", "");
        files.0.insert("intake/linkage.toml".to_owned(), text);
    }
    Arc::new(Desk::read(&files).unwrap())
}

/// Feeds reports in batches, and tells who is held to be who.
async fn fed(store: &Store, desk: &Arc<Desk>, reports: &[Report], batch: usize) -> Held {
    for part in reports.chunks(batch) {
        take(store, desk, part.to_vec()).await;
    }
    held(store).await
}

/// References by person, whatever people are called.
fn groups(held: &Held) -> BTreeSet<Vec<String>> {
    let mut groups: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (reference, person) in held {
        groups.entry(person).or_default().push(reference.clone());
    }
    groups.into_values().collect()
}

fn expected(groups: &[&str]) -> BTreeSet<Vec<String>> {
    let group = |all: &&str| all.split(' ').map(ToOwned::to_owned).collect();
    groups.iter().map(group).collect()
}

/// A victim by name, day of birth, postcode, telephone; what is empty was not given.
fn victim(reference: &str, [name, born, postcode, phone]: [&str; 4]) -> Report {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let (forename, surname) = name.split_once(' ').unwrap();
    let mut one = report(reference);
    one.victim = Party {
        forename: some(forename),
        surname: some(surname),
        date_of_birth: Date::parse(born),
        postcode: some(postcode),
        phone: some(phone),
        ..Party::default()
    };
    one
}

/// The order turned, reversed, and interleaved.
fn orders(reports: &[Report]) -> Vec<Vec<Report>> {
    let mut turned = reports.to_vec();
    turned.rotate_left(reports.len() / 2);
    let mut back = reports.to_vec();
    back.reverse();
    let odd = reports.iter().skip(1).step_by(2);
    let mixed = odd.chain(reports.iter().step_by(2)).cloned().collect();
    vec![reports.to_vec(), turned, back, mixed]
}

async fn mention(store: &Store, reference: &str) -> MentionId {
    let text = "select m.id, r.reference from intake_mention m join intake_report r \
                on r.id = m.report where m.role = 'victim'";
    let all = rows(store, text).await;
    let of = |row: &&store::Row| row.get::<String>("reference").unwrap() == reference;
    all.iter().find(of).unwrap().get("id").unwrap()
}

async fn judge(store: &Store, desk: &Arc<Desk>, pair: [&str; 2], verdict: Verdict) -> Result<()> {
    let (left, right) = (mention(store, pair[0]).await, mention(store, pair[1]).await);
    let desk = Arc::clone(desk);
    store
        .write(&grant(&TEST_WRITE, "judge"), move |tx| {
            Box::pin(async move {
                let why = "Both were asked at the door";
                judge_people(tx, &desk, left, right, verdict, why)
                    .await
                    .map(drop)
            })
        })
        .await
}

/// Pairs somebody should look at, by reference, and why.
async fn asked(store: &Store, band: &str) -> Vec<(String, String, String)> {
    let text = "select l.band, l.why, a.reference as one, b.reference as other \
                from intake_mention_link l \
                join intake_mention m on m.id = l.low join intake_report a on a.id = m.report \
                join intake_mention n on n.id = l.high join intake_report b on b.id = n.report \
                where l.decided is null";
    let all = rows(store, text).await;
    let mut asked: Vec<(String, String, String)> = all
        .iter()
        .filter(|row| row.get::<String>("band").unwrap() == band)
        .map(|row| {
            let (one, other): (String, String) =
                (row.get("one").unwrap(), row.get("other").unwrap());
            (
                one.clone().min(other.clone()),
                one.max(other),
                row.get("why").unwrap(),
            )
        })
        .collect();
    asked.sort();
    asked
}

#[test]
fn a_family_at_one_address_and_twins_stay_apart_in_any_order() {
    let (home, phone) = ("HW5 2QT", "01992 555123");
    let family = [
        victim("mother1", ["Susan Featherstone", "1948-03-02", home, phone]),
        victim(
            "daughter1",
            ["Sarah Featherstone", "1975-07-09", home, phone],
        ),
        victim("twin1", ["Oliver Featherstone", "2004-05-06", home, phone]),
        victim("twin2", ["Oscar Featherstone", "2004-05-06", home, phone]),
        victim("mother2", ["Sue Featherstone", "1948-03-02", home, phone]),
        victim(
            "daughter2",
            ["Sarah Fetherstone", "1975-07-09", home, phone],
        ),
        victim("twin3", ["Oliver Featherstone", "2004-06-05", home, ""]),
        victim("twin4", ["Oscar Featherstone", "2004-05-06", "", phone]),
        // Named after his father.
        victim("father", ["Oscar Featherstone", "1944-01-30", home, phone]),
    ];
    for order in orders(&family) {
        let order = &order;
        on_both(intake::schema::MIGRATIONS, |store, _| async move {
            let found = fed(&store, &desk(), order, 1).await;
            let people = [
                "mother1 mother2",
                "daughter1 daughter2",
                "twin1 twin3",
                "twin2 twin4",
                "father",
            ];
            assert_eq!(groups(&found), expected(&people));
        });
    }
}

#[test]
fn a_chain_does_not_draw_its_ends_together() {
    let (home, phone) = ("HW5 2QT", "01992 555123");
    let chain = [
        victim("father", ["John Ashworth", "1950-02-03", home, phone]),
        victim("either", ["John Ashworth", "", home, phone]),
        victim("son", ["John Ashworth", "1981-09-27", home, phone]),
    ];
    let mut orders = orders(&chain);
    orders.push(vec![chain[1].clone(), chain[0].clone(), chain[2].clone()]);
    for order in orders {
        let order = &order;
        on_both(intake::schema::MIGRATIONS, |store, _| async move {
            let found = fed(&store, &desk(), order, 1).await;
            assert_ne!(found["father"], found["son"]);
            assert!([&found["father"], &found["son"]].contains(&&found["either"]));
            // What was alike and not taken waits for a person, who is told why.
            let left = if found["either"] == found["father"] {
                "son"
            } else {
                "father"
            };
            let asked = asked(&store, "review").await;
            let pair = |(one, other, _): &&(String, String, String)| {
                one == "either" && other == left || one == left && other == "either"
            };
            let (_, _, why) = asked.iter().find(|a| pair(a)).unwrap();
            assert!(
                why.starts_with("It matches two records")
                    || why.starts_with("These two descriptions match"),
                "{why}"
            );
        });
    }
}

#[test]
fn one_by_one_comes_to_what_the_whole_table_comes_to() {
    let (nominal, mut truth) = nominals(2_000);
    let generated = county_reports(1_500);
    truth.extend(
        generated
            .iter()
            .map(|(r, who)| (r.reference.clone(), who.to_string())),
    );
    let generated: Vec<Report> = generated.into_iter().map(|(r, _)| r).collect();
    // Name, reports, whether values are weighed by frequency; and the least precision and recall of
    // pairs, and the least share of pairs held together by either that both hold together. With
    // frequencies, weights change while records come, and a small table takes every telephone for a
    // common one.
    for (name, reports, frequencies, least) in [
        ("county", &generated, true, [0.999, 0.985, 0.98]),
        ("county", &generated, false, [0.999, 0.985, 0.99]),
        ("nominal records", &nominal, true, [0.998, 0.875, 0.92]),
        ("nominal records", &nominal, false, [0.998, 0.875, 0.99]),
    ] {
        let truth = &truth;
        on_both(intake::schema::MIGRATIONS, |store, _| async move {
            let desk = desk_that_weighs(frequencies);
            let found = fed(&store, &desk, reports, 100).await;
            let (p, r) = quality(&found, truth);
            let agreement = agreement(&found, &at_once(&desk, reports));
            let said = format!("{name}: precision {p:.4}, recall {r:.4}, agreement {agreement:.4}");
            let mut measured = [p, r, agreement].into_iter().zip(least);
            assert!(measured.all(|(is, least)| is >= least), "{said}");
        });
    }
}

#[test]
fn what_was_judged_stays_whatever_comes_later() {
    on_both(intake::schema::MIGRATIONS, |store, _| async move {
        let desk = desk();
        let (home, phone) = ("HW5 2QT", "01992 555123");
        let rowan =
            |reference: &str| victim(reference, ["Rowan Thistlewood", "1990-04-05", home, phone]);
        let found = fed(&store, &desk, &[rowan("a"), rowan("b"), rowan("c")], 1).await;
        assert_eq!(groups(&found), expected(&["a b c"]));
        let first = found["a"].clone();
        judge(&store, &desk, ["a", "c"], Verdict::NotSame)
            .await
            .unwrap();
        let apart = held(&store).await;
        assert_ne!(apart["a"], apart["c"]);
        // The larger part is called what it was.
        assert_eq!(apart["b"], first);
        assert_eq!(apart.values().filter(|person| **person == first).count(), 2);

        // Whoever comes later is like both, and does not draw them together.
        let later = [
            rowan("d"),
            victim("e", ["Rowan Thistlewood", "", home, phone]),
            rowan("f"),
        ];
        let after = fed(&store, &desk, &later, 1).await;
        assert_ne!(after["a"], after["c"]);
        assert_eq!(
            (&after["a"], &after["b"], &after["c"]),
            (&apart["a"], &apart["b"], &apart["c"])
        );

        // Married since: nothing but a judgement makes them one.
        let married = |reference: &str| {
            victim(
                reference,
                ["Rowan Okonjo", "1990-04-05", "HW9 1AB", "07700 900456"],
            )
        };
        let after = fed(&store, &desk, &[married("x"), married("y")], 1).await;
        assert_eq!(after["x"], after["y"]);
        assert_ne!(after["x"], after["a"]);
        judge(&store, &desk, ["x", "a"], Verdict::Same)
            .await
            .unwrap();
        let one = held(&store).await;
        assert_eq!((&one["x"], &one["y"]), (&one["a"], &one["a"]));
        let after = fed(&store, &desk, &[married("z"), rowan("g")], 1).await;
        assert_eq!(after["z"], one["a"]);
        assert!([&one["a"], &one["c"]].contains(&&after["g"]));
        let parted = if one["b"] == one["a"] {
            ["a", "b"]
        } else {
            ["a", "d"]
        };
        judge(&store, &desk, parted, Verdict::NotSame)
            .await
            .unwrap();
        let now = held(&store).await;
        assert_ne!(now[parted[0]], now[parted[1]]);
        assert_eq!(now["x"], now["a"]);
        assert_ne!(now["a"], now["c"]);
        // Against what others judged, nobody is drawn together.
        let refused = judge(&store, &desk, ["x", "c"], Verdict::Same)
            .await
            .unwrap_err();
        assert!(
            refused.to_string().contains("judged other descriptions"),
            "{refused}"
        );
        assert_eq!(held(&store).await, now);
    });
}

#[test]
fn a_person_who_hangs_by_one_link_is_to_be_looked_at() {
    let name = "Rowan Thistlewood";
    let (home, phone, born) = ("HW5 2QT", "01992 555123", "1990-04-05");
    let weak = [
        victim("born", [name, born, home, ""]),
        victim("middle", [name, born, "", phone]),
        victim("phoned", [name, "", home, phone]),
    ];
    for order in orders(&weak) {
        let order = &order;
        on_both(intake::schema::MIGRATIONS, |store, _| async move {
            let desk = desk();
            let found = fed(&store, &desk, order, 1).await;
            assert_eq!(groups(&found).len(), 1, "{found:?}");
            let found = asked(&store, "weak").await;
            let why = "Only this link holds two parts of the record together.";
            let pair = |one: &str, other: &str| (one.to_owned(), other.to_owned(), why.to_owned());
            assert_eq!(found, [pair("born", "middle"), pair("middle", "phoned")]);
            // A fourth description agrees with all of them.
            let whole = victim("whole", [name, born, home, phone]);
            fed(&store, &desk, &[whole], 1).await;
            assert!(asked(&store, "weak").await.is_empty());
        });
    }
}
