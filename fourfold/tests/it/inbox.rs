#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

//! The duty inbox and the triage decision, pages and API, on both databases.

use std::collections::BTreeSet;
use std::sync::Arc;

use intake::inbox::TAKE;
use intake::receive::{Desk, Ready, Received};
use record::access::Resource;
use record::ids::{ReportId, WorkItemId};
use record::report::{Feed, Party, PartyKind, Report};
use record::time::Timestamp;
use record::work::WorkItem;
use store::Sql;

use super::harness::{Page, Site, Visitor, on_both};

/// A report of a person who lost a hundred pounds; the caller changes what matters.
pub fn report(site: &Site, reference: &str, change: impl FnOnce(&mut Report)) -> Report {
    let mut report: Report = serde_json::from_value(serde_json::json!({
        "reference": reference,
        "source": "test",
        "feed": "portal",
        "received_at": site.app.now().rfc3339(),
    }))
    .unwrap();
    report.title = Some(format!("Parcel never came {reference}"));
    report.nfib_code = Some("NFIB3A".to_owned());
    report.narrative = format!("I paid and heard nothing more, {reference}");
    report.loss_pence = Some(10_000);
    report.victim = Party {
        forename: Some("Una".to_owned()),
        surname: Some(format!("Victim{reference}")),
        ..Party::default()
    };
    change(&mut report);
    report
}

/// An organisation that lost so much that the unit must accept it: band A.
pub fn highest(site: &Site, reference: &str) -> Report {
    report(site, reference, |r| {
        r.title = Some(format!("Invoice redirected {reference}"));
        r.loss_pence = Some(120_000_000);
        // A report of the same day with a UK account can be solved.
        r.event_from = Some(r.received_at.day());
        r.narrative = format!("We paid sort code 20-00-00 account 55779911, {reference}");
        r.victim = Party {
            kind: PartyKind::Organisation,
            organisation: Some(format!("{reference} Joinery Ltd")),
            ..Party::default()
        };
    })
}

pub async fn receive(site: &Site, reports: Vec<Report>) -> Vec<ReportId> {
    let desk: Arc<Desk> = site.app.policy().unwrap();
    let batch: Vec<Ready> = reports.into_iter().map(|r| desk.ready(r)).collect();
    let grant = site
        .app
        .command_line()
        .permit(&TAKE, &Resource::of("test", "batch"), "test")
        .unwrap();
    let received = site
        .app
        .store()
        .write(&grant, move |tx| {
            Box::pin(async move { intake::receive::receive(tx, &desk, None, &batch).await })
        })
        .await
        .unwrap();
    received
        .into_iter()
        .map(|r| match r {
            Received::Accepted(id) => id,
            Received::Duplicate { held, .. } => held,
        })
        .collect()
}

/// The report's item on a queue, read behind the pages.
pub async fn item(site: &Site, report: ReportId, queue: &str) -> Option<WorkItem> {
    let actor = site.app.command_line();
    let grant = actor
        .permit(&intake::inbox::FIND, &Resource::of("test", ""), "")
        .unwrap();
    let mut reader = site.app.store().read(&grant).await.unwrap();
    store::work::of_subject(&mut reader.conn(), &actor.scope(), report)
        .await
        .unwrap()
        .into_iter()
        .find(|i| i.queue == queue)
}

async fn triage(site: &Site, report: ReportId) -> WorkItem {
    item(site, report, "intake.triage").await.unwrap()
}

/// Rows of a measure's cohort: label, met, line.
pub async fn cohort(site: &Site, text: &'static str) -> BTreeSet<(String, i64, String)> {
    let grant = site
        .app
        .command_line()
        .permit(&intake::inbox::FIND, &Resource::of("test", ""), "")
        .unwrap();
    let mut reader = site.app.store().read(&grant).await.unwrap();
    let sql =
        Sql::new("select label, met, line, subject, at, excluded, marking, compartment from (")
            .then(text)
            .then(") c");
    let rows = reader.rows(sql).await.unwrap();
    rows.iter()
        .map(|r| {
            assert!(r.get::<i64>("at").unwrap() > 0);
            assert_eq!(r.get::<i64>("excluded").unwrap(), 0);
            assert_eq!(r.get::<i64>("marking").unwrap(), 1);
            assert_eq!(r.get::<Option<String>>("compartment").unwrap(), None);
            r.get::<ReportId>("subject").unwrap();
            (
                r.get("label").unwrap(),
                r.get("met").unwrap(),
                r.get("line").unwrap(),
            )
        })
        .collect()
}

fn ticked(item: &WorkItem) -> String {
    format!("{}.{}", item.id, item.version)
}

/// Posts the bulk form and follows to the list.
async fn bulk(who: &Visitor, fields: &[(&str, &str)]) -> Page {
    let page = who.post("/inbox/reports", fields).await;
    page.is(303);
    who.get(page.location.as_deref().unwrap()).await
}

/// The fields of a decision as the form sends them.
fn decision<'a>(
    version: &'a str,
    [class, vulnerability, acceptance, route]: [&'a str; 4],
    reason: &'a str,
) -> Vec<(&'static str, &'a str)> {
    vec![
        ("version", version),
        ("class", class),
        ("vulnerability", vulnerability),
        ("acceptance", acceptance),
        ("route", route),
        ("reason", reason),
    ]
}

const AS_PROPOSED: [&str; 4] = ["cyber_enabled", "standard", "C", "protect_only"];

#[test]
fn the_inbox_lists_filters_and_sorts() {
    on_both(|site| async move {
        let officer = site.sign_in("triage_officer").await;
        officer
            .get("/inbox")
            .await
            .is(200)
            .has("No reports to triage. New reports appear here.");
        let ids = receive(
            &site,
            vec![
                report(&site, "R-1", |r| {
                    r.narrative = "He used the name Zephyrine".to_owned()
                }),
                highest(&site, "R-2"),
                report(&site, "R-3", |r| {
                    r.feed = Feed::Urgent;
                    r.received_at = site.app.now().plus_minutes(-61);
                    r.title = Some("<script>alert(1)</script>".to_owned());
                }),
            ],
        )
        .await;
        let page = officer.get("/inbox").await;
        page.is(200)
            .has("1 report is overdue.")
            .has("To triage <span class=\"ff-count\">3</span>")
            .has("R-2 Joinery Ltd")
            .has("£1,200,000 lost")
            .has("aria-sort=\"ascending\"")
            .has(&format!("href=\"/reports/{}\"", ids[0]))
            .has("href=\"/reports/new\"")
            .has("&#60;script&#62;")
            .lacks("<script>alert");
        let place = |page: &Page, text: &str| page.body.find(text).unwrap();
        assert!(place(&page, "R-3") < place(&page, "R-1 "), "due first");
        officer
            .get("/inbox?q=zephyrine")
            .await
            .has("Parcel never came R-1")
            .lacks("Joinery");
        officer
            .get("/inbox?q=%00%22%27%20*")
            .await
            .is(200)
            .has("No reports match.");
        officer
            .get("/inbox?severity=high&feed=urgent&only=overdue")
            .await
            .has("Severity: High")
            .has("href=\"/inbox?severity=high&#38;only=overdue\"")
            .has("R-3")
            .lacks("Joinery");
        let newest = officer.get("/inbox?sort=newest").await;
        newest.has("aria-sort=\"descending\"");
        assert!(
            place(&newest, "R-3") > place(&newest, "Joinery"),
            "newest first"
        );
        officer
            .get("/inbox?view=nonsense&severity=worst&after=zz&sort=x")
            .await
            .is(200)
            .has("Joinery");
        officer
            .get("/inbox?only=networked")
            .await
            .has("No reports match.");
    });
}

#[test]
fn long_lists_are_read_page_by_page() {
    on_both(|site| async move {
        let reports = (0..120)
            .map(|n| report(&site, &format!("P-{n:03}"), |_| {}))
            .collect();
        receive(&site, reports).await;
        let token = site.token("analyst", &["inbox.view"]).await;
        for sort in ["due", "severity", "newest"] {
            let mut seen = BTreeSet::new();
            let mut path = format!("/api/v1/inbox?sort={sort}");
            for _ in 0..3 {
                let page = site.call("GET", &path, &token, None).await;
                let body = page.is(200).json();
                for item in body["items"].as_array().unwrap() {
                    assert!(seen.insert(item["id"].to_string()), "twice in {sort}");
                }
                let Some(next) = body["next"].as_str() else {
                    break;
                };
                path = format!("/api/v1/inbox?sort={sort}&after={next}");
            }
            assert_eq!(seen.len(), 120, "{sort}");
        }
        let officer = site.sign_in("triage_officer").await;
        officer
            .get("/inbox")
            .await
            .has("rel=\"next\"")
            .has("Showing 50 reports.");
    });
}

#[test]
fn the_second_to_take_a_report_is_told_who_was_first() {
    on_both(|site| async move {
        let ids = receive(
            &site,
            vec![report(&site, "T-1", |_| {}), report(&site, "T-2", |_| {})],
        )
        .await;
        let (one, two) = (triage(&site, ids[0]).await, triage(&site, ids[1]).await);
        let officer = site.sign_in("triage_officer").await;
        let inspector = site.sign_in("detective_inspector").await;
        officer
            .get("/inbox")
            .await
            .has(&ticked(&one))
            .has("value=\"take\"");
        bulk(&inspector, &[("do", "take"), ("item", &ticked(&one))])
            .await
            .has("You took T-1.");
        let both = [
            ("do", "take"),
            ("item", &*ticked(&one)),
            ("item", &*ticked(&two)),
        ];
        bulk(&officer, &both)
            .await
            .has("You took T-2.")
            .has("Test detective_inspector took T-1 at 12:00pm on 23 November 2026.");
        officer
            .get("/inbox?view=mine")
            .await
            .has("T-2")
            .lacks("T-1 ");
        officer
            .get("/inbox?view=others")
            .await
            .has("Taken by Test detective_inspector");
        let two = triage(&site, ids[1]).await;
        let back = [
            ("do", "put_back"),
            ("item", &*ticked(&two)),
            ("back", "view=mine"),
        ];
        bulk(&officer, &back)
            .await
            .has("You put T-2 back in the inbox.");
        bulk(&officer, &[("do", "take")])
            .await
            .has("Select at least one report.");
        bulk(
            &officer,
            &[("do", "take"), ("item", "nonsense.1"), ("item", "x")],
        )
        .await
        .has("Select at least one report.");
    });
}

#[test]
fn a_report_is_allocated_to_a_colleague_of_the_unit() {
    on_both(|site| async move {
        let ids = receive(&site, vec![report(&site, "G-1", |_| {})]).await;
        let one = triage(&site, ids[0]).await;
        let officer = site.sign_in("triage_officer").await;
        let page = officer.get("/inbox").await;
        page.has("Test detective_inspector, detective_inspector")
            .lacks("Test partner_caller")
            .lacks("Test victim_care")
            .lacks("Test analyst");
        let to = {
            let before = &page.body[..page.body.find("\">Test detective_inspector").unwrap()];
            before[before.rfind("value=\"").unwrap() + 7..].to_owned()
        };
        let nobody = [("do", "allocate"), ("item", &*ticked(&one)), ("to", "")];
        officer
            .post("/inbox/reports", &nobody)
            .await
            .is(400)
            .has("Choose a colleague to allocate to, then select Allocate.");
        bulk(
            &officer,
            &[("do", "allocate"), ("item", &ticked(&one)), ("to", &to)],
        )
        .await
        .has("You allocated G-1 to Test detective_inspector.");
        site.sign_in("detective_inspector")
            .await
            .get("/inbox?view=mine")
            .await
            .has("G-1");
        let token = site
            .token(
                "triage_officer",
                &["triage.allocate", "triage.find", "person.list"],
            )
            .await;
        let path = format!("/api/v1/inbox/{}/allocate", one.id);
        let stranger = serde_json::json!({ "version": 2, "to": uuid::Uuid::nil().to_string() });
        site.call("POST", &path, &token, Some(stranger))
            .await
            .is(400)
            .has("colleague of the unit");
        let stale = serde_json::json!({ "version": 1, "to": to });
        site.call("POST", &path, &token, Some(stale))
            .await
            .is(409)
            .has("Test detective_inspector took G-1");
    });
}

#[test]
fn a_proposal_is_confirmed_or_overridden_with_a_reason() {
    on_both(|site| async move {
        let ids = receive(
            &site,
            vec![report(&site, "D-1", |_| {}), report(&site, "D-2", |_| {})],
        )
        .await;
        let officer = site.sign_in("triage_officer").await;
        let path = format!("/reports/{}/decide", ids[0]);
        officer
            .get(&path)
            .await
            .is(200)
            .has("What is proposed")
            .has("Protect only")
            .has("Loss against means")
            .has("I paid and heard nothing more, D-1");
        let post = format!("/reports/{}/decision", ids[0]);
        let changed = ["not_cyber", "standard", "D", "record_and_file"];
        officer
            .post(&post, &decision("1", changed, "too short"))
            .await
            .is(422)
            .has("Error: Triage D-1")
            .has("Say why you decided otherwise than proposed")
            .has("too short");
        let odd = ["unknown", "huge", "Z", "moon"];
        officer
            .post(&post, &decision("1", odd, "a full reason"))
            .await
            .is(422)
            .has("Choose a vulnerability band")
            .has("Choose an acceptance band")
            .has("Choose where the report goes")
            .has("Choose whether the crime is");
        let proposed = officer.get(&path).await;
        assert!(
            proposed.body.contains("value=\"cyber_enabled\" checked"),
            "{}",
            proposed.body
        );
        let mut fields = decision("1", changed, "The seller came to the door");
        fields.push(("do", "next"));
        let next = officer.post(&post, &fields).await;
        next.is(303);
        let next = officer.get(next.location.as_deref().unwrap()).await;
        next.is(200)
            .has("Triage D-2")
            .has("You decided D-1. This is the next report.");
        let closed = triage(&site, ids[0]).await;
        assert_eq!(closed.outcome.as_deref(), Some("record_and_file"));
        officer
            .post(
                &post,
                &decision("1", changed, "The seller came to the door"),
            )
            .await
            .is(409)
            .has("Test triage_officer decided D-1 at 12:00pm");
        officer
            .get(&path)
            .await
            .has("decided this report at")
            .lacks("Your decision");
        officer
            .get("/inbox?view=closed")
            .await
            .has("Record and file");
        let rows = cohort(&site, intake::deciding::CLASSIFIED.cohort).await;
        assert!(
            rows.contains(&("D-1".to_owned(), 1, "not cyber".to_owned())),
            "{rows:?}"
        );
        assert!(
            rows.contains(&("D-2".to_owned(), 1, "cyber-enabled".to_owned())),
            "{rows:?}"
        );
        officer.get("/reports/nonsense/decide").await.is(404);
        officer
            .get(&format!("/reports/{}/decide", uuid::Uuid::nil()))
            .await
            .is(404);
    });
}

#[test]
fn confirming_many_leaves_out_what_somebody_has_to_look_at() {
    on_both(|site| async move {
        let again = |reference: &str| {
            report(&site, reference, |r| {
                r.victim.forename = Some("Perpetua".to_owned());
                r.victim.surname = Some("Quillfeather".to_owned());
                r.victim.date_of_birth = record::time::Date::new(1985, 4, 3);
                r.victim.email = Some("perpetua@example.org".to_owned());
                r.victim.phone = Some("07700 900123".to_owned());
                r.victim.postcode = Some("SG1 1AA".to_owned());
            })
        };
        let open_class = report(&site, "C-4", |r| r.nfib_code = Some("NFIB90".to_owned()));
        let ids = receive(
            &site,
            vec![
                again("C-1"),
                again("C-2"),
                highest(&site, "C-3"),
                open_class,
            ],
        )
        .await;
        let officer = site.sign_in("triage_officer").await;
        let mut keys = Vec::new();
        for id in &ids {
            keys.push(ticked(&triage(&site, *id).await));
        }
        let mut fields = vec![("do", "confirm")];
        fields.extend(keys.iter().map(|k| ("item", k.as_str())));
        bulk(&officer, &fields)
            .await
            .has("You confirmed 2 reports as proposed.")
            .has("C-2 was not confirmed: it is a repeat victim&#39;s report and would be filed.")
            .has("C-4 was not confirmed: its class has to be chosen.");
        let left = item(&site, ids[2], "pursue.allocation").await.unwrap();
        assert_eq!((left.band.as_str(), left.unit.as_str()), ("A", "sfcu"));
        assert_eq!(left.origin, Some(triage(&site, ids[2]).await.id));
        // Three working days after Monday noon.
        assert_eq!(
            left.due_at,
            Timestamp::parse("2026-11-26T12:00:00Z").unwrap()
        );
        assert!(item(&site, ids[0], "pursue.allocation").await.is_none());
        officer
            .get(&format!("/reports/{}/decide", ids[1]))
            .await
            .has("Repeat victim");
        // A person who looked may file it; an open class needs no reason to be chosen.
        let post = format!("/reports/{}/decision", ids[3]);
        officer
            .post(&post, &decision("1", AS_PROPOSED, ""))
            .await
            .is(422);
    });
}

#[test]
fn only_an_inspector_lowers_the_highest_band() {
    on_both(|site| async move {
        let ids = receive(&site, vec![highest(&site, "L-1"), highest(&site, "L-2")]).await;
        let post = format!("/reports/{}/decision", ids[0]);
        let lowered = ["cyber_enabled", "standard", "B", "sfcu"];
        let sent_away = ["cyber_enabled", "standard", "A", "local_unit"];
        let reason = "Civil dispute, the invoice was genuine";
        let officer = site.sign_in("triage_officer").await;
        for values in [lowered, sent_away] {
            officer
                .post(&post, &decision("1", values, reason))
                .await
                .is(422)
                .has("Band A can be lowered only by: Detective inspector");
        }
        let scopes = ["triage.find", "triage.decide"];
        let token = site.token("triage_officer", &scopes).await;
        let body = serde_json::json!({
            "version": 1, "class": "cyber_enabled", "vulnerability": "standard",
            "acceptance": "B", "route": "sfcu", "reason": reason,
        });
        let path = format!("/api/v1{post}");
        site.call("POST", &path, &token, Some(body))
            .await
            .is(403)
            .has("Detective inspector");
        let inspector = site.sign_in("detective_inspector").await;
        inspector
            .post(&post, &decision("1", lowered, reason))
            .await
            .is(303);
        let left = item(&site, ids[0], "pursue.allocation").await.unwrap();
        assert_eq!(left.band, "B");
    });
}

#[test]
fn programs_take_release_and_decide() {
    on_both(|site| async move {
        let ids = receive(&site, vec![report(&site, "A-1", |_| {})]).await;
        let scopes = [
            "inbox.view",
            "triage.find",
            "triage.take",
            "triage.put_back",
            "triage.decide",
        ];
        let token = site.token("triage_officer", &scopes).await;
        let list = site
            .call("GET", "/api/v1/inbox?q=heard", &token, None)
            .await;
        let first = list.is(200).json()["items"][0].clone();
        assert_eq!(first["reference"], "A-1");
        let path = |verb: &str| format!("/api/v1/inbox/{}/{verb}", first["id"].as_str().unwrap());
        let seen = |version: i64| Some(serde_json::json!({ "version": version }));
        let taken = site.call("POST", &path("take"), &token, seen(1)).await;
        assert_eq!(taken.is(200).json()["assignee"], "Test triage_officer");
        site.call("POST", &path("take"), &token, seen(1))
            .await
            .is(409)
            .has("You have A-1 already");
        site.call("POST", &path("release"), &token, seen(2))
            .await
            .is(200)
            .has("\"open\"");
        site.call("POST", &path("release"), &token, seen(3))
            .await
            .is(409);
        site.call("POST", "/api/v1/inbox/nonsense/take", &token, seen(1))
            .await
            .is(404);
        let decision = |class: &str, reason: &str| {
            serde_json::json!({ "version": 3, "class": class, "vulnerability": "standard",
                "acceptance": "D", "route": "protect_only", "reason": reason })
        };
        let path = format!("/api/v1/reports/{}/decision", ids[0]);
        site.call("POST", &path, &token, Some(decision("strange", "")))
            .await
            .is(400)
            .has("not a class");
        site.call("POST", &path, &token, Some(decision("not_cyber", "")))
            .await
            .is(400)
            .has("Say why");
        site.call(
            "POST",
            &path,
            &token,
            Some(decision("not_cyber", "Sold at the door")),
        )
        .await
        .is(200)
        .has("\"outcome\":\"protect_only\"");
        let narrow = site.token("triage_officer", &["inbox.view"]).await;
        site.call("POST", &path, &narrow, Some(decision("not_cyber", "")))
            .await
            .is(403);
    });
}

#[test]
fn roles_get_what_policy_says_and_no_more() {
    on_both(|site| async move {
        let ids = receive(&site, vec![report(&site, "S-1", |_| {})]).await;
        let one = triage(&site, ids[0]).await;
        let page = format!("/reports/{}/decide", ids[0]);
        let post = format!("/reports/{}/decision", ids[0]);
        for role in ["analyst", "auditor"] {
            let who = site.sign_in(role).await;
            who.get("/inbox")
                .await
                .is(200)
                .has("S-1")
                .lacks("value=\"take\"");
            who.get(&page)
                .await
                .is(200)
                .has("What is proposed")
                .lacks("Your decision");
            who.post("/inbox/reports", &[("do", "take"), ("item", &ticked(&one))])
                .await
                .is(403);
            who.post(&post, &decision("1", AS_PROPOSED, ""))
                .await
                .is(403);
        }
        for role in [
            "victim_care",
            "partner_caller",
            "strategy_lead",
            "administrator",
        ] {
            let who = site.sign_in(role).await;
            who.get("/inbox").await.is(403).has("Triage officer");
            who.get(&page).await.is(403);
            who.post(&post, &decision("1", AS_PROPOSED, ""))
                .await
                .is(403);
        }
        assert_eq!(triage(&site, ids[0]).await.version, 1);
    });
}

#[test]
fn what_is_sealed_is_absent() {
    on_both(|site| async move {
        let ids = receive(&site, vec![report(&site, "X-1", |_| {})]).await;
        let grant = site
            .app
            .command_line()
            .permit(&TAKE, &Resource::of("test", ""), "")
            .unwrap();
        let id: WorkItemId = triage(&site, ids[0]).await.id;
        site.app
            .store()
            .write(&grant, move |tx| {
                Box::pin(async move {
                    let sql = Sql::new("update work_item set compartment = 'prevent' where ")
                        .with("id = ?", [id.into()]);
                    tx.run(sql).await
                })
            })
            .await
            .unwrap();
        let officer = site.sign_in("triage_officer").await;
        officer
            .get("/inbox")
            .await
            .has("No reports to triage.")
            .lacks("X-1");
        officer.get("/inbox?q=heard").await.has("No reports match.");
        officer
            .get(&format!("/reports/{}/decide", ids[0]))
            .await
            .is(404);
        bulk(&officer, &[("do", "take"), ("item", &format!("{id}.1"))])
            .await
            .lacks("X-1");
    });
}

#[test]
fn a_person_keeps_views_of_their_own() {
    on_both(|site| async move {
        let officer = site.sign_in("triage_officer").await;
        let kept = [
            ("name", " Urgent  ones "),
            ("query", "feed=urgent&severity=high&evil=1"),
        ];
        let saved = officer.post("/inbox/views", &kept).await;
        assert_eq!(
            saved.location.as_deref(),
            Some("/inbox?severity=high&feed=urgent")
        );
        officer
            .get("/inbox?severity=high&feed=urgent")
            .await
            .has("aria-current=\"page\" href=\"/inbox?severity=high&#38;feed=urgent\">Urgent ones");
        officer
            .post("/inbox/views", &[("name", " "), ("query", "")])
            .await
            .is(400);
        let analyst = site.sign_in("analyst").await;
        analyst.get("/inbox").await.lacks("Urgent ones");
        analyst
            .post("/inbox/views/remove", &[("name", "Urgent ones")])
            .await
            .is(303);
        officer.get("/inbox").await.has("Urgent ones");
        officer
            .post("/inbox/views/remove", &[("name", "Urgent ones")])
            .await
            .is(303);
        officer.get("/inbox").await.lacks("Urgent ones");
        for n in 0..12 {
            let name = format!("View {n}");
            officer
                .post("/inbox/views", &[("name", &name)])
                .await
                .is(303);
        }
        officer
            .post("/inbox/views", &[("name", "One more")])
            .await
            .is(400)
            .has("Remove one");
    });
}

#[test]
fn a_route_to_a_queue_nobody_declares_stops_the_start() {
    let mut files = fourfold::assemble::policy(None).unwrap();
    let all = fourfold::assemble::capabilities();
    assert!(intake::deciding::check_routes(&files, &all).is_ok());
    let text = files.0.get_mut("intake/triage.toml").unwrap();
    *text = text.replacen(
        "queue = \"pursue.allocation\"",
        "queue = \"pursue.nowhere\"",
        1,
    );
    let fault = intake::deciding::check_routes(&files, &all)
        .unwrap_err()
        .to_string();
    assert!(
        fault.contains("pursue.nowhere") && fault.contains("no capability declares"),
        "{fault}"
    );
}
