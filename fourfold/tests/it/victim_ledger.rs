#![allow(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as expected"
)]

//! The 100 per cent ledger: whatever happens, every victim is in exactly one figure.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use protect::victim_care::duty::Channel;
use protect::victim_care::{Care, QUEUE, assign};
use protect::victim_ledger::check::check;
use protect::victim_ledger::count::{self, Part};
use protect::victim_ledger::{
    Area, Asked, CHECK, EXPORT, Figures, Place, Series, Standing, VIEW, pack,
};
use record::access::Resource;
use record::ids::{ReportId, WorkItemId};
use record::report::Report;
use record::time::Date;
use store::Sql;

use super::harness::{Site, bare_site, on_both};
use super::victim_care::{
    all_topics, batch, lead, merge, new_contact, person, report, rows, sample, seed, subject,
};

const CODE: &str = "NFIB52C";
const DISTRICTS: [&str; 3] = ["Watford", "Dacorum", ""];
/// Outcomes of a contact, and the figure each leads to by the strategy's words; none goes on.
const OUTCOMES: [(&str, Option<&str>); 9] = [
    ("advice_delivered", Some("advised")),
    ("no_answer", None),
    ("partial_call_back", None),
    ("declined", Some("declined")),
    ("contact_barred", Some("barred")),
    ("unsafe_ended", Some("unsafe")),
    ("not_reached", Some("not_reached")),
    ("duplicate", Some("left_out")),
    ("deceased", Some("left_out")),
];

/// Something that happens to victims.
#[derive(Debug, Clone)]
enum Step {
    /// A report comes in: of whom, by which series, where; or one that is held already comes again,
    /// from the same source or from another.
    Receive {
        who: usize,
        national: bool,
        district: usize,
    },
    Again {
        which: usize,
        other_source: bool,
    },
    /// A contact about some of the reports of one call.
    Contact {
        which: usize,
        outcome: usize,
        ticked: u8,
    },
    HandOver {
        which: usize,
        partner: bool,
    },
    Pass {
        hours: i64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..4usize, any::<bool>(), 0..3usize).prop_map(|(who, national, district)| {
            Step::Receive { who, national, district }
        }),
        1 => (0..20usize, any::<bool>())
            .prop_map(|(which, other_source)| Step::Again { which, other_source }),
        6 => (0..20usize, 0..OUTCOMES.len(), any::<u8>()).prop_map(|(which, outcome, ticked)| {
            Step::Contact { which, outcome, ticked }
        }),
        2 => (0..20usize, any::<bool>())
            .prop_map(|(which, partner)| Step::HandOver { which, partner }),
        2 => (1..60i64).prop_map(|hours| Step::Pass { hours }),
    ]
}

/// What the test itself knows of a victim received, kept by rules of its own.
#[derive(Debug, Clone)]
struct Known {
    national: bool,
    district: &'static str,
    received: Date,
    figure: &'static str,
}

#[derive(Default)]
struct World {
    /// By reference.
    known: BTreeMap<String, Known>,
    sent: Vec<Report>,
}

fn report_of(site: &Site, n: usize, who: usize, national: bool, district: usize) -> Report {
    let people = [
        ("Margaret", "Ashdown", "01923 960961"),
        ("Theo", "Quill", "07700 900123"),
        ("Ivo", "Penrose", "07700 900456"),
        ("Sunita", "Rao", "07700 900789"),
    ];
    let (forename, surname, phone) = people[who];
    let mut fields = person(forename, surname, phone);
    let feed = if national {
        "victim_list"
    } else {
        "call_for_service"
    };
    merge(
        &mut fields,
        serde_json::json!({
            "feed": feed,
            "source": feed,
            "district": DISTRICTS[district],
            "received_at": site.app.now().rfc3339(),
            "victim": { "date_of_birth": format!("195{who}-03-04") }
        }),
    );
    report(&format!("{}-{n}", if national { "N" } else { "D" }), fields)
}

impl World {
    async fn live(&mut self, site: &Site, step: &Step) {
        match step {
            Step::Receive {
                who,
                national,
                district,
            } => {
                let report = report_of(site, self.sent.len(), *who, *national, *district);
                let known = Known {
                    national: *national,
                    district: DISTRICTS[*district],
                    received: site.app.now().day(),
                    figure: "awaiting",
                };
                self.known.insert(report.reference.clone(), known);
                self.sent.push(report.clone());
                seed(site, vec![report]).await;
            }
            Step::Again {
                which,
                other_source,
            } => {
                let Some(held) = self.sent.get(which % self.sent.len().max(1)) else {
                    return;
                };
                let mut again = held.clone();
                // The same national reference from another national source has its duty already.
                if *other_source && again.reference.starts_with('N') {
                    again.source = "another".to_owned();
                }
                seed(site, vec![again]).await;
            }
            Step::Contact {
                which,
                outcome,
                ticked,
            } => self.contact(site, *which, *outcome, *ticked).await,
            Step::HandOver { which, partner } => {
                let unit = if *partner { "beacon" } else { "sfcu" };
                hand_over(site, *which, unit).await;
            }
            Step::Pass { hours } => site.clock.set(site.app.now().plus_minutes(hours * 60)),
        }
    }

    async fn contact(&mut self, site: &Site, which: usize, outcome: usize, ticked: u8) {
        let Some((lead, thread)) = open_call(site, which).await else {
            return;
        };
        let about: Vec<&(ReportId, String)> = thread
            .iter()
            .enumerate()
            .filter(|(n, _)| ticked & (1 << (n % 8)) != 0)
            .map(|(_, one)| one)
            .collect();
        if about.is_empty() {
            return;
        }
        let (id, figure) = OUTCOMES[outcome];
        let care = site.app.policy::<Care>().unwrap();
        let mut contact = new_contact(site, lead, id);
        contact.reports = about.iter().map(|(report, _)| *report).collect();
        contact.topics = all_topics(&care, CODE);
        if id == "not_reached" {
            contact.channel = Channel::Decision;
        }
        // What the state machine refuses changes nothing.
        if batch(site, vec![contact]).await.is_ok()
            && let Some(figure) = figure
        {
            for (_, reference) in about {
                self.known.get_mut(reference).unwrap().figure = figure;
            }
        }
    }

    fn of(&self, asked: &Asked, series: Series) -> impl Iterator<Item = (&String, &Known)> {
        let (from, to, area) = (asked.from, asked.to, asked.area.clone());
        self.known.iter().filter(move |(_, k)| {
            k.national == (series == Series::National)
                && from <= k.received
                && k.received <= to
                && match &area {
                    Area::All => true,
                    Area::NotRecorded => k.district.is_empty(),
                    Area::District(d) => k.district.to_lowercase() == d.to_lowercase(),
                }
        })
    }
}

/// An open call: its lead and every open report of it, with references.
async fn open_call(site: &Site, which: usize) -> Option<(WorkItemId, Vec<(ReportId, String)>)> {
    let sql = Sql::new("select w.id from work_item w where ").with(
        "w.queue = ? and w.state <> 'closed' and w.lead is null order by w.id",
        [QUEUE.into()],
    );
    let leads = rows(site, sql).await;
    let lead: WorkItemId = leads.get(which % leads.len().max(1))?.get("id").unwrap();
    let sql = Sql::new(
        "select r.id, r.reference from work_item w join shared_report r on r.id = w.subject where ",
    )
    .with(
        "w.state <> 'closed' and (w.id = ? or w.lead = ?) order by r.id",
        [lead.into(), lead.into()],
    );
    let thread = rows(site, sql).await;
    let of = |r: &store::Row| (r.get("id").unwrap(), r.get("reference").unwrap());
    Some((lead, thread.iter().map(of).collect()))
}

async fn hand_over(site: &Site, which: usize, unit: &str) {
    let Some((lead, _)) = open_call(site, which).await else {
        return;
    };
    let sql = Sql::new("select version from work_item where ").with("id = ?", [lead.into()]);
    let version = rows(site, sql).await[0].get("version").unwrap();
    let (by, to) = (site.app.command_line(), assign::To::Unit(unit.to_owned()));
    assign::allocate(&site.app, &by, lead, version, to)
        .await
        .unwrap();
}

async fn sum_of(site: &Site, asked: &Asked) -> count::Sum {
    let by = site.app.command_line();
    let grant = by.permit(&VIEW, &Resource::of("test", "sum"), "").unwrap();
    let mut reader = site.app.store().read(&grant).await.unwrap();
    count::sum(&mut reader.conn(), asked).await.unwrap()
}

/// Every name of a part, three at a time, as references with their figures.
async fn names_of(site: &Site, asked: &Asked, part: &Part) -> Vec<(String, &'static str)> {
    let by = site.app.command_line();
    let grant = by
        .permit(&EXPORT, &Resource::of("test", "names"), "")
        .unwrap();
    let mut reader = site.app.store().read(&grant).await.unwrap();
    let scope = by.scope();
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let mut conn = reader.conn();
        let page = count::names(&mut conn, &scope, asked, part, (after, 3));
        let page = page.await.unwrap();
        assert_eq!(page.held_back, 0);
        all.extend(page.names.into_iter().map(|n| {
            let figure = match n.place {
                Place::Counted(standing) => standing.name(),
                Place::LeftOut => "left_out",
            };
            (n.reference, figure)
        }));
        match page.next {
            Some(next) => after = count::Cursor::parse(&next),
            None => {
                assert_eq!(usize::try_from(page.counted).unwrap(), all.len());
                return all;
            }
        }
    }
}

fn asked(from: &str, to: &str, area: &str) -> Asked {
    let day = |t: &str| Date::parse(t).unwrap();
    Asked::new(day(from), day(to), Area::parse(area)).unwrap()
}

/// Holds the sum, its names and its proof against what the test knows.
async fn nobody_is_outside(site: &Site, world: &World, asked: &Asked) {
    let sum = sum_of(site, asked).await;
    for series in Series::ALL {
        let figures = sum.of(series);
        let mut told = BTreeMap::new();
        for (_, known) in world.of(asked, series) {
            *told.entry(known.figure).or_insert(0) += 1;
        }
        for standing in Standing::ALL {
            let expected = told.get(standing.name()).copied().unwrap_or(0);
            assert_eq!(figures.of(standing), expected, "{series:?} {standing:?}");
        }
        let errors = told.get("left_out").copied().unwrap_or(0);
        assert_eq!(figures.errors(), errors);
        let received = i64::try_from(world.of(asked, series).count()).unwrap() - errors;
        assert_eq!(
            figures.received(),
            received,
            "received is everybody received"
        );
        let part = |standing, left_out: Option<&str>| Part {
            series,
            standing,
            left_out: left_out.map(ToOwned::to_owned),
        };
        let mut listed = names_of(site, asked, &part(None, None)).await;
        listed.extend(names_of(site, asked, &part(None, Some(""))).await);
        let once: BTreeSet<&String> = listed.iter().map(|(r, _)| r).collect();
        assert_eq!(once.len(), listed.len(), "nobody is listed twice");
        let expected: BTreeSet<(String, &str)> = world
            .of(asked, series)
            .map(|(r, k)| (r.clone(), k.figure))
            .collect();
        assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), expected);
        for standing in Standing::ALL {
            let names = names_of(site, asked, &part(Some(standing), None)).await;
            assert_eq!(i64::try_from(names.len()).unwrap(), figures.of(standing));
        }
    }
    let by = site.app.command_line();
    let made = pack::make(&site.app, &by, asked).await.unwrap();
    assert_eq!(made.manifest.national, sum.national);
    assert_eq!(made.manifest.direct, sum.direct);
    assert_eq!(made.manifest.held_back, 0);
}

fn files_of(made: &pack::Pack) -> BTreeMap<String, Vec<u8>> {
    let files = made.files.iter();
    files
        .map(|f| (f.name.to_owned(), f.bytes.clone()))
        .collect()
}

/// Random histories: receipts, receipts again, contacts, handovers, exclusions, days going by.
#[test]
fn no_victim_is_ever_outside_the_sum() {
    let config = ProptestConfig {
        cases: 12,
        max_shrink_iters: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let histories = prop::collection::vec(step(), 8..30);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    TestRunner::new(config)
        .run(&histories, |history| {
            let folder = tempfile::tempdir().unwrap();
            runtime.block_on(async {
                let site = bare_site(folder.path()).await;
                let mut world = World::default();
                let whole = asked("2026-11-01", "2027-03-31", "");
                for (n, step) in history.iter().enumerate() {
                    world.live(&site, step).await;
                    if n % 9 == 8 {
                        nobody_is_outside(&site, &world, &whole).await;
                    }
                }
                nobody_is_outside(&site, &world, &whole).await;
                for area in ["dacorum", "Watford", "not_recorded", "Nowhere"] {
                    let part = asked("2026-11-23", "2026-11-25", area);
                    nobody_is_outside(&site, &world, &part).await;
                }
                site.app.store().close().await;
            });
            Ok(())
        })
        .unwrap();
}

const PERIOD: &str = "from=2026-11-01&to=2026-11-30";

/// One of everything: one conversation for two reports, every end, a handover, an error, a wait.
async fn one_of_everything(site: &Site) {
    let mut reports = sample();
    let people = [
        ("R-5", "Ivo", "Penrose", "07700 900456", "1961-01-02"),
        ("R-6", "Sunita", "Rao", "07700 900789", "1972-03-04"),
        ("R-7", "Gwen", "Tudor", "07700 900321", "1983-05-06"),
        ("R-8", "Omar", "Haddad", "07700 900654", "1994-07-08"),
    ];
    for (reference, forename, surname, phone, born) in people {
        let mut fields = person(forename, surname, phone);
        merge(
            &mut fields,
            serde_json::json!({ "victim": { "date_of_birth": born }, "district": "Dacorum" }),
        );
        reports.push(report(reference, fields));
    }
    seed(site, reports).await;
    let care = site.app.policy::<Care>().unwrap();
    let of = async |reference, outcome| new_contact(site, lead(site, reference).await, outcome);
    let mut advice = of("R-1", "advice_delivered").await;
    advice.topics = all_topics(&care, CODE);
    advice.topics.extend(all_topics(&care, "NFIB2E"));
    let mut contacts = vec![advice];
    for (reference, outcome) in [
        ("R-3", "unsafe_ended"),
        ("R-5", "declined"),
        ("R-6", "contact_barred"),
        ("R-7", "duplicate"),
    ] {
        contacts.push(of(reference, outcome).await);
    }
    batch(site, contacts).await.unwrap();
    let steps = [
        ("2026-11-23T12:30:00Z", Channel::Phone, "no_answer"),
        ("2026-11-24T12:00:00Z", Channel::Phone, "voicemail_left"),
        ("2026-11-25T18:30:00Z", Channel::Phone, "no_answer"),
        ("2026-11-26T12:00:00Z", Channel::Letter, "message_sent"),
        ("2026-11-26T12:10:00Z", Channel::Text, "message_sent"),
        ("2026-11-26T12:20:00Z", Channel::Decision, "not_reached"),
    ];
    for (at, channel, outcome) in steps {
        site.clock.set(record::time::Timestamp::parse(at).unwrap());
        let mut contact = of("R-4", outcome).await;
        contact.channel = channel;
        batch(site, vec![contact]).await.unwrap();
    }
    let by = site.app.command_line();
    let waiting = lead(site, "R-8").await;
    assign::allocate(
        &site.app,
        &by,
        waiting,
        1,
        assign::To::Unit("beacon".to_owned()),
    )
    .await
    .unwrap();
}

fn figures(national: bool) -> Figures {
    let mut figures = Figures::default();
    if national {
        (figures.advised, figures.declined, figures.barred) = (2, 1, 1);
        (figures.unsafe_to_call, figures.awaiting) = (1, 1);
        figures.left_out.insert("duplicate".to_owned(), 1);
    } else {
        figures.not_reached = 1;
    }
    figures
}

/// A change past every door, as somebody with the database's password would make it.
async fn tamper(site: &Site, sql: Sql) {
    let by = site.app.command_line();
    let grant = by
        .permit(&web::register::MANAGE, &Resource::of("test", "tamper"), "")
        .unwrap();
    let changed = site
        .app
        .store()
        .write(&grant, move |tx| Box::pin(async move { tx.run(sql).await }));
    assert_eq!(changed.await.unwrap(), 1);
}

async fn findings(site: &Site, files: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let by = site.app.command_line();
    check(&site.app, &by, files).await.unwrap().findings
}

#[test]
fn page_api_pack_and_strategy_say_the_same() {
    on_both(|site| async move {
        one_of_everything(&site).await;
        let inspector = site.sign_in("detective_inspector").await;
        let page = inspector.get(&format!("/victim-ledger?{PERIOD}")).await;
        page.is(200)
            .has("National service: 2 advised + 1 declined + 0 not reached + 1 contact barred + 1 unsafe to call + 1 awaiting advice = 6 received.")
            .has("Direct to the force: 0 advised + 0 declined + 1 not reached + 0 contact barred + 0 unsafe to call + 0 awaiting advice = 1 received.")
            .has("Duplicate of another report")
            .has("Followed up, and had done a protective action");
        let token = site
            .token("analyst", &["victim_ledger.view", "victim_ledger.names"])
            .await;
        let api = site
            .call(
                "GET",
                &format!("/api/v1/victim-ledger?{PERIOD}"),
                &token,
                None,
            )
            .await;
        let told = api.is(200).json();
        let made = pack::make(&site.app, &site.app.command_line(), &november())
            .await
            .unwrap();
        for (n, series) in Series::ALL.into_iter().enumerate() {
            let expected = figures(series == Series::National);
            assert_eq!(made.manifest.figures(series), &expected);
            assert_eq!(told["series"][n]["received"], expected.received());
            for (m, standing) in Standing::ALL.into_iter().enumerate() {
                let figure = &told["series"][n]["figures"][m];
                assert_eq!(figure["figure"], standing.name());
                assert_eq!(figure["victims"], expected.of(standing));
            }
        }
        assert_eq!(told["series"][0]["beside"]["repeat"]["of"], 1);
        agrees_with_the_strategy(&site).await;
        let names = format!("/api/v1/victim-ledger/names?{PERIOD}&part=advised");
        let names = site.call("GET", &names, &token, None).await.json();
        assert_eq!(names["counted"], 2);
        for n in 0..2 {
            assert_eq!(names["victims"][n]["name"], "Margaret Ashdown");
            assert_eq!(
                names["victims"][n]["together"], 2,
                "one conversation, two duties"
            );
        }
        let errors = format!("/victim-ledger/names?{PERIOD}&part=left_out.duplicate");
        inspector.get(&errors).await.is(200).has("Gwen Tudor");
        let csv = format!("/victim-ledger/figures.csv?{PERIOD}");
        inspector.get(&csv).await.is(200).has("national,received,6");
        let csv = format!("/victim-ledger/names.csv?{PERIOD}");
        let csv = inspector.get(&csv).await;
        csv.is(200).has("Omar Haddad").lacks("Gwen Tudor");
    });
}

fn november() -> Asked {
    asked("2026-11-01", "2026-11-30", "")
}

/// PROTECT-06's own figure, as the board keeps it, is this sum.
async fn agrees_with_the_strategy(site: &Site) {
    ::strategy::compute(&site.app).await.unwrap();
    let sql = Sql::new("select numerator, denominator, lines, excluded from strategy_value where ")
        .with(
            "commitment = 'PROTECT-06' and measure = 'Advice delivered' and window_start = ?",
            [november().start().into()],
        );
    let rows = rows(site, sql).await;
    let row = rows.last().unwrap();
    let sum = sum_of(site, &november()).await.national;
    assert_eq!(row.get::<i64>("numerator").unwrap(), sum.advised);
    assert_eq!(row.get::<i64>("denominator").unwrap(), sum.received());
    let excluded: BTreeMap<String, i64> = row.json("excluded").unwrap();
    assert_eq!(excluded, sum.left_out);
    let lines: BTreeMap<String, i64> = row.json("lines").unwrap();
    for standing in Standing::ALL {
        let counted = lines.get(standing.name()).copied().unwrap_or(0);
        assert_eq!(counted, sum.of(standing), "{standing:?}");
    }
}

#[test]
fn a_pack_holds_whatever_comes_later_and_shows_what_was_changed() {
    on_both(|site| async move {
        one_of_everything(&site).await;
        let by = site.app.command_line();
        let made = pack::make(&site.app, &by, &november()).await.unwrap();
        let files = files_of(&made);
        assert_eq!(findings(&site, &files).await, Vec::<String>::new());
        assert!(files[pack::PDF].starts_with(b"%PDF-"));
        let names = String::from_utf8(files[pack::NAMES].clone()).unwrap();
        assert_eq!(names.lines().count(), 1 + 8);
        // Work goes on, and the pack of that day stays true.
        let care = site.app.policy::<Care>().unwrap();
        let mut advice = new_contact(&site, lead(&site, "R-8").await, "advice_delivered");
        advice.topics = all_topics(&care, CODE);
        batch(&site, vec![advice]).await.unwrap();
        seed(
            &site,
            vec![report("R-9", person("Late", "Comer", "07700 900999"))],
        )
        .await;
        assert_eq!(sum_of(&site, &november()).await.national.received(), 7);
        assert_eq!(findings(&site, &files).await, Vec::<String>::new());
        what_was_changed_is_named(&site, &files).await;
        // The records no longer say what the ledger says.
        let declined = subject(&site, "R-5").await.parse::<ReportId>().unwrap();
        let sql = Sql::new("update protect_duty set line = 'advised' where ")
            .with("report = ?", [declined.into()]);
        tamper(&site, sql).await;
        let found = findings(&site, &files).await;
        assert!(
            found[0].starts_with("the records of 1 reports"),
            "{found:?}"
        );
        let refused = pack::make(&site.app, &by, &november()).await.unwrap_err();
        assert!(
            refused.to_string().contains(&declined.to_string()),
            "{refused}"
        );
        assert!(
            by.permit(&CHECK, &Resource::of("test", "check"), "")
                .is_ok()
        );
    });
}

/// Every file of a pack that somebody changed is named, and so is a figure.
async fn what_was_changed_is_named(site: &Site, files: &BTreeMap<String, Vec<u8>>) {
    for name in [pack::FIGURES, pack::NAMES, pack::CHECKPOINT, pack::PDF] {
        let mut changed = files.clone();
        changed.get_mut(name).unwrap().push(b'\n');
        let found = findings(site, &changed).await;
        let named = found
            .iter()
            .any(|f| f.starts_with(&format!("{name} was changed")));
        assert!(named, "{name}: {found:?}");
        changed.remove(name);
        let found = findings(site, &changed).await;
        assert!(found.contains(&format!("{name} is missing")), "{found:?}");
    }
    let manifest = String::from_utf8(files[pack::MANIFEST].clone()).unwrap();
    let better = manifest.replacen("\"declined\": 1", "\"declined\": 0", 1);
    assert_ne!(better, manifest);
    let mut changed = files.clone();
    changed.insert(pack::MANIFEST.to_owned(), better.into_bytes());
    let found = findings(site, &changed).await;
    assert!(
        found[0].contains("the pack says 5 received, the ledger says 6"),
        "{found:?}"
    );
    let by = site.app.command_line();
    for text in ["", "{}", "[1]"] {
        changed.insert(pack::MANIFEST.to_owned(), text.as_bytes().to_vec());
        let refused = check(&site.app, &by, &changed).await.unwrap_err();
        assert!(refused.to_string().contains("proof pack"), "{refused}");
    }
}

#[test]
fn who_may_see_what_and_how_many_are_held_back() {
    on_both(|site| async move {
        one_of_everything(&site).await;
        let sealed = subject(&site, "R-6").await.parse::<ReportId>().unwrap();
        let sql = Sql::new("update intake_report set compartment = 'op-marble' where ")
            .with("id = ?", [sealed.into()]);
        tamper(&site, sql).await;
        let sum = format!("/victim-ledger?{PERIOD}");
        let names = format!("/victim-ledger/names?{PERIOD}&part=barred");
        let inspector = site.sign_in("detective_inspector").await;
        inspector.get(&sum).await.is(200).has("= 6 received");
        inspector
            .get(&names)
            .await
            .is(200)
            .has("1 victim is held back")
            .lacks("Sunita");
        let files = inspector
            .get(&format!("/victim-ledger/pack.zip?{PERIOD}"))
            .await;
        files.is(200);
        let by = site.app.command_line();
        let made = pack::make(&site.app, &by, &november()).await.unwrap();
        assert_eq!(made.manifest.held_back, 1);
        let files = files_of(&made);
        assert!(!String::from_utf8_lossy(&files[pack::NAMES]).contains("Sunita"));
        assert_eq!(findings(&site, &files).await, Vec::<String>::new());
        let lead = site.sign_in("strategy_lead").await;
        lead.get(&sum).await.is(200).lacks("/victim-ledger/names");
        lead.get(&names).await.is(403);
        for role in ["partner_caller", "triage_officer", "administrator"] {
            site.sign_in(role).await.get(&sum).await.is(403);
        }
        let shown = rows(
            &site,
            "select detail from ledger_entry where resource_kind = 'victim_ledger' \
             and detail like '%\"file\":\"pack\"%'",
        )
        .await;
        assert_eq!(shown.len(), 2, "each pack is a disclosure");
    });
}

#[test]
fn what_cannot_be_asked_is_answered_with_a_remedy() {
    on_both(|site| async move {
        one_of_everything(&site).await;
        let inspector = site.sign_in("detective_inspector").await;
        let wrong = "from-day=31&from-month=2&from-year=2026";
        inspector
            .get(&format!("/victim-ledger?{wrong}"))
            .await
            .is(422)
            .has("Enter a day, such as")
            .has("Error: Every victim");
        inspector
            .get("/victim-ledger?from=2026-11-02&to=2026-11-01")
            .await
            .is(422)
            .has("before it begins");
        for query in ["part=everything", "series=both", "after=x", "to=soon"] {
            let path = format!("/victim-ledger/names?{query}");
            inspector.get(&path).await.is(400);
        }
        inspector
            .get("/victim-ledger?from=2019-01-01&to=2019-01-31")
            .await
            .is(200)
            .has("No victims were received in this period and area.");
        let hostile = "area=%3Cscript%3Ealert(1)%3C%2Fscript%3E";
        inspector
            .get(&format!("/victim-ledger?{PERIOD}&{hostile}"))
            .await
            .is(200)
            .lacks("<script>alert");
    });
}

/// Runs the command line on a folder of records; its exit code, what it said, what it complained of.
fn fourfold(data: &std::path::Path, arguments: &[&str]) -> (i32, String, String) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_fourfold"))
        .args(arguments)
        .arg("--data")
        .arg(data)
        .env_remove("DATABASE_URL")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    (output.status.code().unwrap(), out, err)
}

#[test]
fn the_command_prints_the_sum_writes_a_pack_and_checks_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("records");
    std::fs::create_dir_all(&data).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let site = bare_site(&data).await;
        one_of_everything(&site).await;
        site.app.store().close().await;
    });
    let november = ["victims", "--from", "2026-11-01", "--to", "2026-11-30"];
    let (code, out, err) = fourfold(&data, &november);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("= 6 received."), "{out}");
    let mut asked = november.to_vec();
    asked.extend(["--area", "dacorum", "--json"]);
    let (code, out, _) = fourfold(&data, &asked);
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    // R-7 is a duplicate.
    assert_eq!((code, &told["national"]["received"]), (0, &4.into()));
    assert_eq!(told["national"]["left_out"]["duplicate"], 1);

    let pack = folder.path().join("pack");
    let to = pack.to_str().unwrap();
    let mut made = november.to_vec();
    made.extend(["--pack", to]);
    assert_eq!(fourfold(&data, &made).0, 0);
    let (code, _, err) = fourfold(&data, &made);
    assert_eq!(code, 2);
    assert!(err.contains("is there already. Name a new folder"), "{err}");
    let (code, out, _) = fourfold(&data, &["victims", "--check", to]);
    assert_eq!(code, 0);
    assert!(out.contains("Every figure and name of"), "{out}");
    let names = pack.join("names.csv");
    let text = std::fs::read_to_string(&names).unwrap();
    std::fs::write(&names, text.replace(",declined,", ",advised,")).unwrap();
    let (code, _, err) = fourfold(&data, &["victims", "--check", to]);
    assert_eq!(code, 1);
    assert!(err.contains("names.csv was changed"), "{err}");
    assert!(
        err.contains("is listed as advised; by the ledger it was declined"),
        "{err}"
    );
    for wrong in [
        vec!["victims", "--check", "nowhere"],
        vec!["victims", "--from", "2026-11-31"],
        vec!["victims", "--from", "2026-11-02", "--to", "2026-11-01"],
        vec!["victims", "--check", to, "--pack", "other"],
    ] {
        let (code, _, err) = fourfold(&data, &wrong);
        assert_eq!(code, 2, "{wrong:?}");
        assert!(!err.is_empty());
    }
}

/// Reports of one woman under two spellings of her name, the first of them long advised; and a
/// namesake.
fn spelled_otherwise() -> Vec<Report> {
    let of = |reference: &str, forename: &str, born: &str, phone: &str| {
        let mut fields = person(forename, "Ashdown", phone);
        merge(
            &mut fields,
            serde_json::json!({ "victim": {
                "date_of_birth": born, "email": "m.ashdown@example.com"
            }, "answers": { "still_in_contact": "yes" } }),
        );
        report(reference, fields)
    };
    let mut namesake = of("S-3", "Margaret", "1991-12-13", "07700 900888");
    namesake.victim.email = Some("other@example.com".to_owned());
    namesake.victim.postcode = Some("SG1 1XX".to_owned());
    vec![
        of("S-1", "Margaret", "1955-03-04", "01923 960961"),
        of("S-2", "Margret", "1955-03-04", "01923 960961"),
        namesake,
    ]
}

#[test]
fn a_repeat_victim_is_found_by_linkage_and_one_conversation_ends_several_duties() {
    on_both(|site| async move {
        let mut reports = spelled_otherwise();
        let later = reports.remove(1);
        seed(&site, reports).await;
        let care = site.app.policy::<Care>().unwrap();
        let mut advice = new_contact(&site, lead(&site, "S-1").await, "advice_delivered");
        advice.topics = all_topics(&care, CODE);
        batch(&site, vec![advice]).await.unwrap();
        let later_on = record::time::Timestamp::parse("2026-11-25T12:00:00Z").unwrap();
        site.clock.set(later_on);
        let mut later = later;
        later.received_at = later_on.plus_minutes(-60);
        let mut third = later.clone();
        third.reference = "S-4".to_owned();
        seed(&site, vec![later, third]).await;
        let caller = site.sign_in("victim_care").await;
        let list = caller.get("/victim-care").await;
        list.is(200)
            .has("2 reports, one call")
            .has("1 other report");
        let path = format!("/victim-care/{}", lead(&site, "S-2").await);
        caller
            .get(&path)
            .await
            .is(200)
            .has("1 other report of the same person")
            .has("High risk of repeat")
            .has("The same kind of crime again (+2)")
            .has("The offender is still in contact (+3)")
            .has("S-1")
            .lacks("S-3");
        let token = site.token("victim_care", &["victim_care.view"]).await;
        let sheet = site
            .call("GET", &format!("/api/v1{path}"), &token, None)
            .await;
        let repeat = sheet.json()["repeat"].clone();
        assert_eq!(
            (
                repeat["risk"].as_str(),
                repeat["earlier"][0]["line"].as_str()
            ),
            (Some("high"), Some("advised"))
        );
        // Both reports ticked: one contact, two duties, each on record in the sum.
        let mut both = new_contact(&site, lead(&site, "S-2").await, "advice_delivered");
        both.topics = all_topics(&care, CODE);
        for reference in ["S-2", "S-4"] {
            both.reports
                .push(subject(&site, reference).await.parse().unwrap());
        }
        batch(&site, vec![both]).await.unwrap();
        let sum = sum_of(&site, &november()).await.national;
        assert_eq!((sum.advised, sum.awaiting), (3, 1));
        repeat_rate(&site).await;
    });
}

/// The companion of PROTECT-06 counts the woman once, as one who reported again; with her name.
async fn repeat_rate(site: &Site) {
    ::strategy::compute(&site.app).await.unwrap();
    let all = site.app.capabilities().iter().flat_map(|c| c.measures);
    let mut of_commitment: Vec<&str> = all
        .filter(|m| m.commitment == "PROTECT-06")
        .map(|m| m.name)
        .collect();
    of_commitment.sort_unstable();
    let number = of_commitment
        .iter()
        .position(|n| *n == "Repeat rate")
        .unwrap();
    let analyst = site.sign_in("analyst").await;
    analyst
        .get(&format!(
            "/strategy/PROTECT-06/names?measure={number}&window=2026-11"
        ))
        .await
        .is(200)
        .has("Repeat rate")
        .has("Margaret Ashdown S-1")
        .has("Reported again")
        .lacks("S-2")
        .lacks("S-3");
    let sql = "select numerator, denominator from strategy_value where commitment = 'PROTECT-06' \
               and measure = 'Repeat rate' order by window_end desc limit 1";
    let row = &rows(site, sql).await[0];
    let counts: (i64, i64) = (
        row.get("numerator").unwrap(),
        row.get("denominator").unwrap(),
    );
    assert_eq!(counts, (1, 1));
}
