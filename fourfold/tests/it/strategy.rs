//! The board, the names behind its figures, recorded crime, the audit.

use record::access::Resource;
use record::measure::{Measure, Window};
use record::time::Timestamp;
use store::{OnConflict, Value};
use uuid::Uuid;
use web::{App, Capability, register};

use super::harness::{Site, on_both, shipped};

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// A report as far as the figures read it.
struct Seed {
    number: u128,
    received: &'static str,
    reference: &'static str,
    feed: &'static str,
    district: &'static str,
    /// Stands for what became of it, in the test's own measure.
    vulnerability: &'static str,
    compartment: Option<&'static str>,
}

impl Seed {
    const fn new(number: u128, received: &'static str, reference: &'static str) -> Seed {
        Seed {
            number,
            received,
            reference,
            feed: "victim_list",
            district: "Dacorum",
            vulnerability: "advised",
            compartment: None,
        }
    }

    fn row(&self) -> Vec<Value> {
        let id = Uuid::from_u128(self.number);
        vec![
            i64::try_from(self.number).unwrap().into(),
            id.into(),
            "test".into(),
            self.reference.into(),
            self.feed.into(),
            1i64.into(),
            at(self.received).into(),
            at(self.received).into(),
            "NFIB3A".into(),
            "cyber_enabled".into(),
            "code".into(),
            "Online shopping".into(),
            self.district.into(),
            "person".into(),
            "Adult".into(),
            self.vulnerability.into(),
            "C".into(),
            "sfcu".into(),
            1i64.into(),
            self.compartment.into(),
            "digest".into(),
            "{}".into(),
        ]
    }
}

const COLUMNS: &[&str] = &[
    "seq",
    "id",
    "source",
    "reference",
    "feed",
    "national",
    "received_at",
    "entered_at",
    "code",
    "class",
    "class_source",
    "title",
    "district",
    "victim_kind",
    "victim_label",
    "vulnerability",
    "acceptance",
    "unit",
    "marking",
    "compartment",
    "digest",
    "content",
];

async fn seed(app: &App, seeds: Vec<Seed>) {
    let by = app.command_line();
    let grant = by
        .permit(&register::MANAGE, &Resource::of("test", "seed"), "test")
        .unwrap();
    let rows = seeds.iter().map(Seed::row).collect();
    app.store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                tx.insert("intake_report", COLUMNS, rows, OnConflict::Fail)
                    .await
                    .map(drop)
            })
        })
        .await
        .unwrap();
}

/// Recorded crime of the year to October 2026: 12 months of 100.
fn year_of_totals() -> String {
    let mut text = "month,recorded_crime\n".to_owned();
    for month in ["2025-11", "2025-12"] {
        text.push_str(&format!("{month},100\n"));
    }
    for month in 1..=10 {
        text.push_str(&format!("2026-{month:02},100\n"));
    }
    text
}

fn some_reports() -> Vec<Seed> {
    vec![
        Seed::new(1, "2026-10-05T10:00:00Z", "RF-1"),
        Seed::new(2, "2026-10-06T10:00:00Z", "=cmd()"),
        Seed {
            compartment: Some("op-marble"),
            ..Seed::new(3, "2026-10-07T10:00:00Z", "RF-SEALED")
        },
        Seed {
            feed: "pursue",
            district: "",
            ..Seed::new(4, "2026-10-08T10:00:00Z", "RF-ELSEWHERE")
        },
    ]
}

async fn with_figures(site: &Site) {
    seed(&site.app, some_reports()).await;
    let analyst = site.sign_in("analyst").await;
    let file = year_of_totals();
    let sent = ("totals.csv", file.as_bytes());
    analyst
        .upload(
            "/strategy/benchmarks/import",
            &[("source", "Registrar")],
            sent,
        )
        .await
        .is(303);
    ::strategy::compute(&site.app).await.unwrap();
}

#[test]
fn the_board_says_plainly_where_nothing_is_recorded() {
    on_both(|site| async move {
        let lead = site.sign_in("strategy_lead").await;
        let board = lead.get("/strategy").await;
        board
            .is(200)
            .has("Strategy board")
            .has("Nothing is recorded for this yet.")
            .has("Outcomes of crimes are not recorded yet.")
            .has("Eastern Cyber Resilience Centre")
            .has("The figures have not been counted yet.");
        for id in ["PURSUE-07", "PROTECT-06", "PREVENT-03", "WEB-05", "SFCU-01"] {
            board.has(&format!("href=\"/strategy/{id}\""));
        }
        lead.get("/strategy/PURSUE-07")
            .await
            .is(200)
            .has("Cyber OCGs briefed at RTIG");
        lead.get("/strategy/NONE-99").await.is(404);
        lead.get("/strategy?status=met")
            .await
            .is(200)
            .has("No commitment has this status.");
        lead.get("/strategy/figures.csv")
            .await
            .is(200)
            .has("PREVENT-03,prevent,")
            .has("Nothing recorded yet");
        for role in ["triage_officer", "victim_care", "partner_caller"] {
            let other = site.sign_in(role).await;
            other.get("/strategy").await.is(403);
            other.get("/strategy/PROTECT-06").await.is(403);
        }
        site.get("/strategy").await.is(303);
    });
}

#[test]
fn the_share_of_crime_waits_for_every_month() {
    on_both(|site| async move {
        seed(&site.app, some_reports()).await;
        ::strategy::compute(&site.app).await.unwrap();
        let analyst = site.sign_in("analyst").await;
        analyst
            .get("/strategy")
            .await
            .is(200)
            .has("No figure")
            .has("Recorded crime is missing for 12 months from Dec 2025 to Nov 2026");
        let file = year_of_totals();
        let sent = ("t.csv", file.as_bytes());
        let page = analyst
            .upload("/strategy/benchmarks/import", &[("source", "")], sent)
            .await;
        page.is(303);
        ::strategy::compute(&site.app).await.unwrap();
        // 3 reports of ours (one sealed: the board counts everything) and 1,200 others.
        analyst
            .get("/strategy/GEN-08")
            .await
            .is(200)
            .has("0.2% in Year to Oct 2026: 3 of 1,203")
            .has("Victim not known to be in the county")
            .has("47% in 2021")
            .has("they are not compared")
            .has("Recorded crime is missing for Nov 2026");
        analyst
            .get("/strategy")
            .await
            .has("No fixed target")
            .has("1 commitment has a figure but no fixed target.");
    });
}

#[test]
fn recorded_crime_is_never_overwritten_unawares() {
    on_both(|site| async move {
        let lead = site.sign_in("strategy_lead").await;
        let enter = |month: &'static str, value: &'static str, more: Option<&'static str>| {
            let lead = lead.clone();
            async move {
                let mut fields = vec![("month", month), ("value", value), ("source", "FCR")];
                fields.extend(more.map(|v| ("replace", v)));
                lead.post("/strategy/benchmarks/enter", &fields).await
            }
        };
        enter("2026-10", "6,512", None).await.is(303);
        lead.get("/strategy/benchmarks")
            .await
            .is(200)
            .has("6,512")
            .has("Test strategy_lead");
        enter("2026-10", "6512", None).await.is(303);
        enter("2026-10", "7000", None)
            .await
            .is(409)
            .has("Test strategy_lead entered 6,512 for Oct 2026")
            .has("Replace the earlier total");
        enter("2026-10", "7000", Some("yes")).await.is(303);
        lead.get("/strategy/benchmarks")
            .await
            .has("7,000")
            .has("Replaced an earlier total");
        enter("October", "many", None)
            .await
            .is(422)
            .has("Enter the month as 2026-10")
            .has("Enter the number of crimes")
            .has("Error: ");
        enter("2026-11", "1", None)
            .await
            .is(422)
            .has("Enter a month that is over");
        let bad = b"month,recorded_crime\n2026-09,x\n2026-10,1\n";
        lead.upload("/strategy/benchmarks/import", &[], ("bad.csv", bad))
            .await
            .is(409)
            .has("row 2, column recorded_crime")
            .has("entered 7,000");
        lead.upload("/strategy/benchmarks/import", &[], ("bad.csv", b"a,b\n1,2"))
            .await
            .is(422)
            .has("No month of this file could be kept");
        lead.post_bare("/strategy/benchmarks/enter", &[("month", "2026-09")])
            .await
            .is(400);
        let auditor = site.sign_in("auditor").await;
        auditor.get("/strategy/benchmarks").await.is(403);
    });
}

#[test]
fn names_respect_seals_and_leave_a_trace() {
    on_both(|site| async move {
        with_figures(&site).await;
        let inspector = site.sign_in("detective_inspector").await;
        let names = "/strategy/GEN-08/names?window=2026-10";
        let page = inspector.get(names).await;
        page.is(200)
            .has("RF-1")
            .has("=cmd()")
            .has("Reported")
            .lacks("RF-SEALED");
        inspector
            .get("/strategy/GEN-08/names?window=2026-10&excluded=victim_not_known_to_be_in_the_county")
            .await
            .has("RF-ELSEWHERE")
            .has("Left out")
            .lacks("RF-1");
        inspector
            .get("/strategy/GEN-08/names?window=2026-10&line=declined")
            .await
            .has("No names that you may see.");
        inspector
            .get("/strategy/GEN-08/names?window=soon")
            .await
            .is(400);
        inspector
            .get("/strategy/GEN-08/names?after=1.2")
            .await
            .is(400);
        inspector
            .get("/strategy/GEN-08/names?measure=7")
            .await
            .is(404);
        inspector.get("/strategy/PURSUE-07/names").await.is(404);
        let csv = inspector
            .get("/strategy/GEN-08/names.csv?window=2026-10")
            .await;
        csv.is(200).has("'=cmd(),").has("RF-1").lacks("RF-SEALED");
        // The lead sees counts only; victim care sees names, not the board.
        let lead = site.sign_in("strategy_lead").await;
        lead.get(names).await.is(403);
        lead.get("/strategy/GEN-08").await.lacks("/names?");
        let care = site.sign_in("victim_care").await;
        care.get(names).await.is(200).has("RF-1");
        let auditor = site.sign_in("auditor").await;
        let first = Uuid::from_u128(1).to_string();
        auditor
            .get("/audit?act=measure.names")
            .await
            .has("GEN-08 Cyber and fraud share of demand: Year to Oct 2026")
            .has(&first);
        auditor
            .get("/audit?act=measure.export")
            .await
            .has("disclosure")
            .has(&first);
    });
}

#[test]
fn the_audit_is_for_auditors_and_shows_refusals() {
    on_both(|site| async move {
        let care = site.sign_in("victim_care").await;
        care.get("/strategy").await.is(403);
        care.get("/audit").await.is(403);
        let auditor = site.sign_in("auditor").await;
        auditor
            .get("/audit?refused=yes")
            .await
            .is(200)
            .has("See the strategy board")
            .has("See what everybody did")
            .has("Refused")
            .has("default: not permitted")
            .has("Nothing is signed yet.");
        auditor
            .get("/audit")
            .await
            .has("refused yes")
            .has("See what everybody did");
        auditor.get("/audit?person=nobody").await.is(400);
        auditor.get("/audit?before=x").await.is(400);
        auditor
            .get("/audit?kind=ledger&resource=entries&before=1")
            .await
            .has("No entries match.");
        let key = site.app.store().ledger_key().unwrap();
        site.app.store().sequence(&key).await.unwrap();
        auditor.get("/audit").await.has("entries are signed");
    });
}

#[test]
fn the_audit_goes_back_page_by_page() {
    on_both(|site| async move {
        let auditor = site.sign_in("auditor").await;
        let care = site.sign_in("victim_care").await;
        for _ in 0..60 {
            care.get("/audit").await.is(403);
        }
        let token = site.token("auditor", &["audit.view"]).await;
        let first = site
            .call("GET", "/api/v1/audit?refused=yes", &token, None)
            .await;
        let first = first.is(200).json();
        assert_eq!(first["entries"].as_array().unwrap().len(), 50);
        let before = first["before"].as_i64().unwrap();
        let path = format!("/api/v1/audit?refused=yes&before={before}");
        let second = site.call("GET", &path, &token, None).await.json();
        assert_eq!(second["entries"].as_array().unwrap().len(), 10);
        assert!(second["before"].is_null());
        let person = first["entries"][0]["actor"].as_str().unwrap();
        auditor
            .get(&format!("/audit?person={person}"))
            .await
            .is(200)
            .has("Test victim_care")
            .has("before=");
    });
}

#[test]
fn the_api_says_what_the_pages_say() {
    on_both(|site| async move {
        with_figures(&site).await;
        let scopes = ["strategy.view", "measure.names"];
        let token = site.token("analyst", &scopes).await;
        let list = site.call("GET", "/api/v1/commitments", &token, None).await;
        let list = list.is(200).json();
        let all = list["commitments"].as_array().unwrap();
        assert_eq!(all.len(), 57);
        let share = all.iter().find(|c| c["id"] == "GEN-08").unwrap();
        assert_eq!(share["status"], "no_target");
        assert_eq!(share["numerator"], 3);
        let one = "/api/v1/commitments/GEN-08";
        let one = site.call("GET", one, &token, None).await.is(200).json();
        assert_eq!(one["measures"][0]["windows"].as_array().unwrap().len(), 12);
        let names = "/api/v1/commitments/GEN-08/names?window=2026-10&line=reported";
        let names = site.call("GET", names, &token, None).await.is(200).json();
        assert_eq!(names["names"].as_array().unwrap().len(), 2);
        let missing = "/api/v1/commitments/NONE-01";
        site.call("GET", missing, &token, None).await.is(404);
        let lead = site.token("strategy_lead", &scopes).await;
        let names = "/api/v1/commitments/GEN-08/names";
        site.call("GET", names, &lead, None).await.is(403);
        site.call("GET", "/api/v1/ledger/checkpoint", &lead, None)
            .await
            .is(403);
        let auditor = site.token("auditor", &["ledger.checkpoint"]).await;
        let latest = "/api/v1/ledger/checkpoint";
        site.call("GET", latest, &auditor, None).await.is(404);
        let key = site.app.store().ledger_key().unwrap();
        site.app.store().sequence(&key).await.unwrap();
        let signed = site
            .call("GET", latest, &auditor, None)
            .await
            .is(200)
            .json();
        assert!(signed["size"].as_u64().unwrap() > 0);
    });
}

#[test]
fn pages_about_the_service_are_open_to_all() {
    on_both(|site| async move {
        for (path, words) in [
            ("/accessibility", "partially compliant"),
            ("/cookies", "fourfold-pending"),
            ("/privacy", "Part 3 of the Data Protection Act 2018"),
        ] {
            site.get(path).await.is(200).has(words).lacks("Sign out");
            let care = site.sign_in("victim_care").await;
            care.get(path).await.is(200).has(words).has("Sign out");
        }
    });
}

/// A measure by month over the seeded reports, in place of a mission's own.
const ADVICE: Measure = Measure {
    commitment: "PROTECT-06",
    name: "Advice delivered (test)",
    version: 1,
    window: Window::Month,
    lag_days: 30,
    target: Some(100.0),
    cohort: "select id as subject, received_at as at, \
        case when vulnerability = 'advised' then 1 else 0 end as met, vulnerability as line, \
        case when vulnerability = 'duplicate' then 1 else 0 end as excluded, \
        reference as label, marking, compartment from shared_report",
    meaning: "A test.",
};

const TESTED: Capability = Capability {
    name: "test.advice",
    measures: &[ADVICE],
    ..Capability::NONE
};

fn october(line: &'static str, numbers: std::ops::RangeInclusive<u128>) -> Vec<Seed> {
    const REFERENCES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
    numbers
        .map(|n| Seed {
            vulnerability: line,
            ..Seed::new(
                n,
                "2026-10-15T10:00:00Z",
                REFERENCES[usize::try_from(n).unwrap() - 1],
            )
        })
        .collect()
}

#[test]
fn a_month_is_provisional_then_frozen_then_restated() {
    store::testing::locations(|location, setting, clock| async move {
        let setting = shipped(location, setting);
        let mut capabilities = fourfold::assemble::capabilities();
        capabilities.push(&TESTED);
        let app = App::start(setting, capabilities).await.unwrap();
        let actor = app.command_line();
        let of_october = |app: App| {
            let actor = actor.clone();
            async move {
                let opened = ::strategy::commitment::open(&app, &actor, "PROTECT-06")
                    .await
                    .unwrap();
                let measured = opened
                    .measures
                    .into_iter()
                    .find(|m| m.measure.name == ADVICE.name)
                    .unwrap();
                let october = measured
                    .windows
                    .into_iter()
                    .find(|w| w.span.key() == "2026-10")
                    .unwrap();
                (measured.status, october, measured.revisions)
            }
        };
        let mut seeds = october("advised", 1..=1);
        seeds.extend(october("declined", 2..=2));
        seeds.extend(october("duplicate", 3..=3));
        seed(&app, seeds).await;
        ::strategy::compute(&app).await.unwrap();
        let (status, figure, _) = of_october(app.clone()).await;
        assert_eq!(status, ::strategy::standing::Status::OffTrack);
        assert_eq!(figure.counted.numerator, 1);
        // Whoever declined stays in the denominator; the duplicate leaves it, by reason.
        assert_eq!(figure.counted.denominator, 2);
        assert_eq!(figure.counted.excluded["duplicate"], 1);
        assert!(!figure.frozen);

        clock.set(at("2026-12-02T12:00:00Z"));
        ::strategy::compute(&app).await.unwrap();
        let (_, figure, _) = of_october(app.clone()).await;
        assert!(figure.frozen && figure.revision == 0);

        seed(&app, october("advised", 4..=4)).await;
        ::strategy::compute(&app).await.unwrap();
        ::strategy::compute(&app).await.unwrap();
        let (_, figure, revisions) = of_october(app.clone()).await;
        assert_eq!(figure.revision, 1);
        assert_eq!(figure.counted.denominator, 3);
        assert!(figure.reason.unwrap().contains("it was 1 of 2"));
        let kept: Vec<i64> = revisions
            .iter()
            .filter(|f| f.span == figure.span)
            .map(|f| f.counted.denominator)
            .collect();
        assert_eq!(kept, [2, 3]);
        app.store().close().await;
    });
}

#[test]
fn the_job_rests_while_nothing_changes() {
    on_both(|site| async move {
        let job = site
            .app
            .capabilities()
            .iter()
            .flat_map(|c| c.jobs)
            .find(|j| j.name == "strategy.measure")
            .unwrap();
        let counted = |site: Site| async move {
            let token = site.token("analyst", &["strategy.view"]).await;
            let list = site.call("GET", "/api/v1/commitments", &token, None).await;
            list.json()["computed_at"].clone()
        };
        (job.run)(site.app.clone()).await.unwrap();
        let first = counted(site.clone()).await;
        assert!(first.is_string());
        site.clock.set(site.app.now().plus_minutes(30));
        (job.run)(site.app.clone()).await.unwrap();
        assert_eq!(counted(site.clone()).await, first);
        let lead = site.sign_in("strategy_lead").await;
        let fields = [("month", "2026-10"), ("value", "1"), ("source", "FCR")];
        lead.post("/strategy/benchmarks/enter", &fields)
            .await
            .is(303);
        (job.run)(site.app.clone()).await.unwrap();
        assert_ne!(counted(site.clone()).await, first);
    });
}
