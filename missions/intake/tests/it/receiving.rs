use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use intake::files::{Format, Mapping, Reading, SHIPPED, Source};
use intake::receive::{Desk, Received, receive};
use record::policy::Files;
use record::report::{Feed, Identifier, Party, Report};
use record::time::{Date, Timestamp};
use store::testing::{TEST_READ, TEST_WRITE, grant, on_both};
use store::{Row, Sql, Store};

/// The shipped policy, read from the project.
pub fn policy() -> Files {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policy");
    let mut files = Files::default();
    for name in [
        "force.toml",
        "intake/triage.toml",
        "intake/linking.toml",
        "intake/linkage.toml",
        "intake/linkage-organisation.toml",
        "intake/files.toml",
        "intake/crime-codes.csv",
    ] {
        let text = std::fs::read_to_string(root.join(name)).unwrap();
        files.0.insert(name.to_owned(), text);
    }
    files
}

pub fn desk() -> Arc<Desk> {
    Arc::new(Desk::read(&policy()).unwrap())
}

/// A report with a victim of its own; change what the test is about.
pub fn report(reference: &str) -> Report {
    Report {
        reference: reference.to_owned(),
        source: "test".to_owned(),
        feed: Feed::VictimList,
        received_at: Timestamp::parse("2026-11-20T09:00:00Z").unwrap(),
        reported_at: None,
        event_from: Date::parse("2026-11-18"),
        event_to: None,
        nfib_code: Some("NFIB3A".to_owned()),
        title: None,
        narrative: String::new(),
        loss_pence: Some(12_000),
        contact_method: None,
        payment_method: None,
        platform: None,
        district: None,
        local_crime_no: None,
        victim: Party {
            forename: Some(format!("Victim{reference}")),
            surname: Some(format!("Number{reference}")),
            ..Party::default()
        },
        suspect: None,
        identifiers: Vec::new(),
        markers: BTreeSet::new(),
        answers: BTreeMap::new(),
    }
}

#[test]
fn accounts_are_held_to_the_forces_table() {
    let mut files = policy();
    let row = "089000 089999 MOD10 0 0 0 0 0 0 7 1 3 7 1 3 7 1\n";
    let file = "intake/valacdos.txt";
    files.0.insert(file.to_owned(), row.to_owned());
    let accounts = |desk: &Desk| {
        let mut one = report("A1");
        one.narrative =
            "Paid to sort code 08-99-99 account 66374958 and then to sort code 08-99-99 \
             account 66374959."
                .to_owned();
        one.identifiers.push(Identifier {
            field: "suspect_account".to_owned(),
            text: "089999 66374950".to_owned(),
        });
        let found = desk.ready(one).observables.into_iter();
        let accounts = found.filter(|found| found.kind == "uk_bank_account");
        accounts.map(|found| found.value).collect::<BTreeSet<_>>()
    };
    let all = ["089999:66374950", "089999:66374958", "089999:66374959"];
    assert_eq!(accounts(&desk()), all.map(String::from).into());
    let held = Desk::read(&files).unwrap();
    assert_eq!(accounts(&held), [all[1].to_owned()].into());

    files.0.insert(file.to_owned(), "089000 MOD12\n".to_owned());
    let refused = Desk::read(&files).err().unwrap().to_string();
    assert!(
        refused.starts_with("intake/valacdos.txt: line 1: "),
        "{refused}"
    );
}

fn with_phone(reference: &str, phone: &str) -> Report {
    let mut one = report(reference);
    let field = "suspect_phone".to_owned();
    one.identifiers.push(Identifier {
        field,
        text: phone.to_owned(),
    });
    one
}

pub async fn take(store: &Store, desk: &Arc<Desk>, reports: Vec<Report>) -> Vec<Received> {
    let ready: Vec<_> = reports.into_iter().map(|r| desk.ready(r)).collect();
    let desk = Arc::clone(desk);
    store
        .write(&grant(&TEST_WRITE, "batch"), move |tx| {
            Box::pin(async move { receive(tx, &desk, None, &ready).await })
        })
        .await
        .unwrap()
}

pub async fn rows(store: &Store, text: &'static str) -> Vec<Row> {
    store
        .read(&grant(&TEST_READ, "rows"))
        .await
        .unwrap()
        .rows(text)
        .await
        .unwrap()
}

pub async fn count(store: &Store, text: &'static str) -> i64 {
    store
        .read(&grant(&TEST_READ, "count"))
        .await
        .unwrap()
        .count(text)
        .await
        .unwrap()
}

/// References by network: what linking came to, whatever the identifiers.
async fn networks(store: &Store) -> BTreeSet<Vec<String>> {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let text = "select reference, network from intake_report where network is not null";
    for row in rows(store, text).await {
        let network: record::ids::NetworkId = row.get("network").unwrap();
        groups
            .entry(network.to_string())
            .or_default()
            .push(row.get("reference").unwrap());
    }
    groups
        .into_values()
        .map(|mut g| {
            g.sort();
            g
        })
        .collect()
}

fn group(references: &[&str]) -> Vec<String> {
    references.iter().map(|r| (*r).to_owned()).collect()
}

#[test]
fn the_same_reference_twice_changes_nothing_and_says_so() {
    on_both(intake::schema::MIGRATIONS, |store, _| async move {
        let desk = desk();
        let first = take(&store, &desk, vec![report("1"), report("2"), report("1")]).await;
        assert!(matches!(first[0], Received::Accepted(_)));
        assert!(matches!(first[2], Received::Duplicate { same: true, .. }));
        let before = count(&store, "select count(*) as n from work_item").await;
        let mut changed = report("2");
        changed.narrative = "another story".to_owned();
        let again = take(&store, &desk, vec![report("1"), changed]).await;
        assert!(matches!(again[0], Received::Duplicate { same: true, .. }));
        assert!(matches!(again[1], Received::Duplicate { same: false, .. }));
        assert_eq!(
            count(&store, "select count(*) as n from work_item").await,
            before
        );
        assert_eq!(
            count(&store, "select n from intake_total where name = 'reports'").await,
            2
        );
        // Each accepted report has its own ledger entry with its digest.
        let entries = "select count(*) as n from ledger_entry where resource_kind = 'report' and length(content) = 64";
        assert_eq!(count(&store, entries).await, 2);
    });
}

#[test]
fn shared_values_join_and_connecting_reports_merge() {
    on_both(intake::schema::MIGRATIONS, |store, _| async move {
        let desk = desk();
        let (one, two) = ("07700 900123", "07700 900456");
        take(
            &store,
            &desk,
            vec![with_phone("a", one), with_phone("b", two)],
        )
        .await;
        assert!(networks(&store).await.is_empty());
        take(&store, &desk, vec![with_phone("c", one)]).await;
        take(&store, &desk, vec![with_phone("d", two)]).await;
        assert_eq!(
            networks(&store).await,
            BTreeSet::from([group(&["a", "c"]), group(&["b", "d"])])
        );
        let mut both = with_phone("e", one);
        both.narrative = format!("Then I was told to ring {two} instead.");
        take(&store, &desk, vec![both]).await;
        assert_eq!(
            networks(&store).await,
            BTreeSet::from([group(&["a", "b", "c", "d", "e"])])
        );
        let merged = "select count(*) as n from intake_network where merged_into is not null";
        assert_eq!(count(&store, merged).await, 1);
        // The badge on the work follows the report.
        let apart = "select count(distinct network) as n from work_item";
        assert_eq!(count(&store, apart).await, 1);
    });
}

#[test]
fn a_victims_own_number_joins_nothing() {
    on_both(intake::schema::MIGRATIONS, |store, _| async move {
        let desk = desk();
        let own = |reference: &str| {
            let mut one = report(reference);
            one.victim.phone = Some("07911 123456".to_owned());
            one.narrative = "They called me on 07911 123456 twice.".to_owned();
            one
        };
        take(&store, &desk, vec![own("a"), own("b")]).await;
        assert!(networks(&store).await.is_empty());
    });
}

#[test]
fn a_value_that_becomes_common_stops_joining_and_the_network_is_recomputed() {
    on_both(intake::schema::MIGRATIONS, |store, _| async move {
        let mut files = policy();
        let text = files.0["intake/linking.toml"].replace(
            "assumed_population = 100000",
            // A value tells while fewer than one report in 256 has it: here, up to 4.
            "assumed_population = 1024",
        );
        files.0.insert("intake/linking.toml".to_owned(), text);
        let desk = Arc::new(Desk::read(&files).unwrap());
        let (help_line, mule) = ("0306 999 0001", "07700 900789");
        let both = |n: usize| {
            let mut one = with_phone(&format!("m{n}"), mule);
            one.narrative = format!("The bank said to ring {help_line}.");
            one
        };
        take(&store, &desk, vec![both(1), both(2)]).await;
        for n in 0..2 {
            take(&store, &desk, vec![with_phone(&format!("h{n}"), help_line)]).await;
        }
        assert_eq!(networks(&store).await.len(), 1);
        assert_eq!(networks(&store).await.first().unwrap().len(), 4);
        take(&store, &desk, vec![with_phone("h2", help_line)]).await;
        // The help line is too common now; what shared the mule's number stays together.
        assert_eq!(
            networks(&store).await,
            BTreeSet::from([group(&["m1", "m2"])])
        );
        assert_eq!(
            count(
                &store,
                "select count(*) as n from intake_observable where joins = 0"
            )
            .await,
            1
        );
    });
}

#[test]
fn a_value_that_reports_share_without_any_other_stops_joining() {
    on_both(intake::schema::MIGRATIONS, |store, _| async move {
        let desk = desk();
        let from = usize::try_from(desk.linking.policy.common.from).unwrap();
        let (help_line, boss) = ("0306 999 0001", "07700 900789");
        // Offenders who use one number and three others in turn.
        let crew = |n: usize| {
            let mut one = with_phone(&format!("c{n}"), boss);
            one.narrative = format!("Later a woman rang from 07700 90045{}.", n % 3);
            one
        };
        take(&store, &desk, (0..from).map(crew).collect()).await;
        let common = "select count(*) as n from intake_observable where joins = 0";
        assert_eq!(count(&store, common).await, 0, "their number is theirs");
        let mut theirs: Vec<String> = (0..from).map(|n| format!("c{n}")).collect();
        theirs.sort();
        assert_eq!(networks(&store).await, BTreeSet::from([theirs.clone()]));

        // A victim of theirs was told to ring the bank, and so were others who know nothing of them.
        let mut told = with_phone("told", boss);
        told.narrative = format!("The bank said to ring {help_line}.");
        take(&store, &desk, vec![told]).await;
        let caller = |n: usize| with_phone(&format!("h{n}"), help_line);
        take(&store, &desk, (2..from).map(caller).collect()).await;
        assert_eq!(networks(&store).await.first().unwrap().len(), 2 * from - 1);
        take(&store, &desk, vec![caller(from)]).await;
        theirs.push("told".to_owned());
        assert_eq!(networks(&store).await, BTreeSet::from([theirs.clone()]));
        assert_eq!(count(&store, common).await, 1);
        // It has turned common for good.
        take(&store, &desk, vec![caller(from + 1)]).await;
        assert_eq!(networks(&store).await, BTreeSet::from([theirs]));
    });
}

#[test]
fn a_repeat_victim_is_one_person_and_one_call() {
    on_both(intake::schema::MIGRATIONS, |store, _| async move {
        let desk = desk();
        let mary = |reference: &str, forename: &str, born: &str| {
            let mut one = report(reference);
            one.victim.forename = Some(forename.to_owned());
            one.victim.surname = Some("Featherstone".to_owned());
            one.victim.date_of_birth = Date::parse(born);
            one.victim.phone = Some("01992 555123".to_owned());
            one
        };
        take(&store, &desk, vec![mary("a", "Margaret", "1948-03-02")]).await;
        take(&store, &desk, vec![mary("b", "Margret", "1948-03-02")]).await;
        // Her daughter, at the same number.
        take(&store, &desk, vec![mary("c", "Susan", "1975-07-09")]).await;
        let people = "select count(distinct person) as n from intake_report";
        assert_eq!(count(&store, people).await, 2);
        let followers = "select count(*) as n from work_item where queue = 'protect.victim_care' and lead is not null";
        assert_eq!(count(&store, followers).await, 1);
        let repeat = "select count(*) as n from intake_triage where proposal like '%\"repeat_victim\":true%'";
        assert_eq!(count(&store, repeat).await, 1);
    });
}

#[test]
fn one_duty_for_a_victim_who_comes_in_two_national_feeds() {
    on_both(intake::schema::MIGRATIONS, |store, _| async move {
        let desk = desk();
        let mut package = report("NR-1");
        package.source = "national-pursue".to_owned();
        package.feed = Feed::Pursue;
        take(&store, &desk, vec![report("NR-1"), package]).await;
        let duties = "select count(*) as n from work_item where queue = 'protect.victim_care'";
        assert_eq!(count(&store, duties).await, 1);
        let triage = "select count(*) as n from work_item where queue = 'intake.triage'";
        assert_eq!(count(&store, triage).await, 2);
        let mut nobody = report("L-1");
        nobody.feed = Feed::List;
        nobody.victim = Party::default();
        let mut nameless = report("NR-2");
        nameless.victim = Party::default();
        take(&store, &desk, vec![nobody, nameless]).await;
        assert_eq!(count(&store, duties).await, 2);
    });
}

/// The county's reports as a file would bring them, and who their victims are.
pub fn county_reports(n: u64) -> Vec<(Report, county::Identity)> {
    let ends = jiff::civil::date(2026, 11, 22);
    let county = county::County::new(county::Settings::new(n, 11, ends));
    let (mut lines, mut truth) = (Vec::new(), Vec::new());
    for generated in county.reports() {
        truth.push(generated.truth.victim);
        let fields: serde_json::Map<String, serde_json::Value> = generated
            .fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.as_str().into()))
            .collect();
        lines.extend(serde_json::to_vec(&fields).unwrap());
        lines.push(b'\n');
    }
    let (name, text) = SHIPPED.iter().find(|(n, _)| *n == "report-list").unwrap();
    let mapping = Mapping::from_toml(name, text).unwrap();
    let limits = desk().limits.clone();
    let mut source =
        Source::from_reader(std::io::Cursor::new(lines), &limits, &Format::default()).unwrap();
    let codes = BTreeSet::new();
    let mut mapper = mapping.mapper(&codes, Timestamp::parse("2026-11-23T12:00:00Z").unwrap());
    let mut reports = Vec::new();
    while let Some(reading) = source.next_row().unwrap() {
        if let Reading::Row(row) = reading {
            reports.extend(mapper.apply(&row).0);
        }
    }
    assert_eq!(reports.len(), truth.len());
    reports.into_iter().zip(truth).collect()
}

#[test]
fn batches_of_any_size_come_to_the_same() {
    let reports: Vec<Report> = county_reports(400).into_iter().map(|(r, _)| r).collect();
    assert_eq!(reports.len(), 400);
    let outcome = |size: usize| {
        let found = std::sync::Mutex::new(None);
        let reports = &reports;
        let keep = &found;
        on_both(intake::schema::MIGRATIONS, |store, _| async move {
            let desk = desk();
            for part in reports.chunks(size) {
                take(&store, &desk, part.to_vec()).await;
            }
            let mut people: BTreeMap<String, Vec<String>> = BTreeMap::new();
            let text = "select reference, person from intake_report order by reference";
            for row in rows(&store, text).await {
                let person: record::ids::PersonId = row.get("person").unwrap();
                people
                    .entry(person.to_string())
                    .or_default()
                    .push(row.get("reference").unwrap());
            }
            let people: BTreeSet<Vec<String>> = people.into_values().collect();
            let now = (networks(&store).await, people);
            let mut kept = keep.lock().unwrap();
            if let Some(before) = kept.as_ref() {
                assert_eq!(before, &now, "SQLite and PostgreSQL differ");
            }
            *kept = Some(now);
        });
        found.into_inner().unwrap().unwrap()
    };
    let whole = outcome(400);
    assert!(!whole.0.is_empty(), "the county should hold networks");
    assert_eq!(whole, outcome(37));
}

#[test]
fn networks_keep_their_count() {
    on_both(intake::schema::MIGRATIONS, |store, _| async move {
        let desk = desk();
        for part in county_reports(300).chunks(50) {
            let part = part.iter().map(|(report, _)| report.clone());
            take(&store, &desk, part.collect()).await;
        }
        let sql = Sql::new(
            "select n.reports, (select count(*) from intake_report r where r.network = n.id) as held \
             from intake_network n where n.merged_into is null",
        );
        let mut db = store.read(&grant(&TEST_READ, "sizes")).await.unwrap();
        for row in db.rows(sql).await.unwrap() {
            assert_eq!(
                row.get::<i64>("reports").unwrap(),
                row.get::<i64>("held").unwrap()
            );
        }
    });
}
