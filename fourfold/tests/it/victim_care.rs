#![allow(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as expected"
)]

//! Victim care: call list, call page, contacts, clocks, measures, and who may do what.

use intake::receive::{Desk, receive};
use protect::victim_care::contact::Direction;
use protect::victim_care::duty::Channel;
use protect::victim_care::{Caller, Care, Given, NewContact, QUEUE, record_contacts};
use record::access::Resource;
use record::ids::{ActorId, WorkItemId};
use record::report::{Feed, Report};
use record::time::Timestamp;
use store::Sql;
use web::register::MANAGE;

use super::harness::{Page, Site, Visitor, on_both};

/// What a test reads from the store, past every page. The act is one the command line may do.
pub async fn rows(site: &Site, sql: impl Into<Sql>) -> Vec<store::Row> {
    let by = site.app.command_line();
    let grant = by
        .permit(&MANAGE, &Resource::of("test", "victim care"), "")
        .unwrap();
    let mut reader = site.app.store().read(&grant).await.unwrap();
    reader.rows(sql).await.unwrap()
}

pub async fn number(site: &Site, sql: &'static str) -> i64 {
    rows(site, sql).await[0].get("n").unwrap()
}

pub fn report(reference: &str, victim: serde_json::Value) -> Report {
    let mut report = serde_json::json!({
        "reference": reference,
        "source": "test",
        "feed": "victim_list",
        "received_at": "2026-11-23T09:00:00Z",
        "nfib_code": "NFIB52C",
        "narrative": "They took over my email <script>alert(1)</script> account.",
        "district": "Watford",
        "loss_pence": 935_000,
        "victim": { "kind": "person" }
    });
    merge(&mut report, victim);
    serde_json::from_value(report).unwrap()
}

pub fn merge(into: &mut serde_json::Value, from: serde_json::Value) {
    match (into, from) {
        (serde_json::Value::Object(into), serde_json::Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(serde_json::Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

pub fn person(forename: &str, surname: &str, phone: &str) -> serde_json::Value {
    serde_json::json!({ "victim": {
        "forename": forename, "surname": surname, "phone": phone,
        "date_of_birth": "1955-03-04", "postcode": "WD17 1AA"
    } })
}

/// Two reports of one woman, one of a man at risk, one of a company.
pub fn sample() -> Vec<Report> {
    let margaret = person("Margaret", "Ashdown", "01923 960961");
    let mut second = margaret.clone();
    merge(&mut second, serde_json::json!({ "nfib_code": "NFIB2E" }));
    let mut child = person("Theo", "Quill", "07700 900123");
    merge(
        &mut child,
        serde_json::json!({
            "district": "Dacorum",
            "victim": { "date_of_birth": "2012-05-05", "safe_contact": "Only the aunt, after 6pm" },
            "answers": { "child": "yes", "domestic_abuse_link": "yes" },
            "markers": ["domestic_abuse_link"]
        }),
    );
    let company = serde_json::json!({
        "feed": "call_for_service",
        "victim": { "kind": "organisation", "organisation": "Hollin Joinery Ltd", "phone": "01923 555111" }
    });
    vec![
        report("R-1", margaret),
        report("R-2", second),
        report("R-3", child),
        report("R-4", company),
    ]
}

pub async fn seed(site: &Site, reports: Vec<Report>) {
    seed_app(&site.app, reports).await;
}

pub async fn seed_app(app: &web::App, reports: Vec<Report>) {
    let desk = Desk::read(&fourfold::assemble::policy(None).unwrap()).unwrap();
    let by = app.command_line();
    let grant = by
        .permit(&MANAGE, &Resource::of("test", "seed"), "")
        .unwrap();
    app.store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                let ready: Vec<_> = reports.into_iter().map(|r| desk.ready(r)).collect();
                receive(tx, &desk, None, &ready).await.map(drop)
            })
        })
        .await
        .unwrap();
}

/// The item that leads the call of a report.
pub async fn lead(site: &Site, reference: &'static str) -> WorkItemId {
    let sql = Sql::new(
        "select w.id from work_item w join shared_report r on r.id = w.subject where ",
    )
    .with(
        "r.reference = ? and w.queue = ? and (w.outcome is null or w.outcome <> 'handed_over')",
        [reference.into(), QUEUE.into()],
    );
    rows(site, sql).await[0].get("id").unwrap()
}

pub async fn subject(site: &Site, reference: &'static str) -> String {
    let sql =
        Sql::new("select id from shared_report where ").with("reference = ?", [reference.into()]);
    let id: record::ids::ReportId = rows(site, sql).await[0].get("id").unwrap();
    id.to_string()
}

pub const PREVENTION: [&str; 7] = [
    "passwords",
    "updates",
    "two_step_verification",
    "back_ups",
    "links",
    "unsolicited_requests",
    "public_wifi",
];

/// First topic of the guide on a call page.
pub fn topic(page: &Page) -> String {
    page.field_of("name=\"topic\" type=\"checkbox\" value=\"")
}

trait Fields {
    fn field_of(&self, marker: &str) -> String;
}

impl Fields for Page {
    fn field_of(&self, marker: &str) -> String {
        let from = self.body.find(marker).unwrap() + marker.len();
        let rest = &self.body[from..];
        rest[..rest.find('"').unwrap()].to_owned()
    }
}

/// Posts a contact by phone with this outcome and note.
pub async fn contact(
    visitor: &Visitor,
    path: &str,
    reports: &[String],
    outcome: &str,
    extra: &[(&str, &str)],
) -> Page {
    let page = visitor.get(path).await;
    let version = page.field("version");
    let mut fields = vec![
        ("version", version.as_str()),
        ("outcome", outcome),
        ("direction", "out"),
    ];
    if !extra.iter().any(|(name, _)| *name == "channel") {
        fields.push(("channel", "phone"));
    }
    fields.extend(reports.iter().map(|r| ("report", r.as_str())));
    fields.extend_from_slice(extra);
    visitor.post(&format!("{path}/contacts"), &fields).await
}

#[test]
fn the_call_list_puts_the_vulnerable_first_and_one_person_in_one_call() {
    on_both(|site| async move {
        seed(&site, sample()).await;
        let caller = site.sign_in("victim_care").await;
        let page = caller.get("/victim-care").await;
        page.is(200)
            .has("Theo Quill")
            .has("2 reports, one call")
            .has("Hollin Joinery Ltd")
            .has("Organisation");
        let at = |name: &str| page.body.find(name).unwrap();
        assert!(at("Theo Quill") < at("Hollin Joinery Ltd"), "{}", page.body);
        assert_eq!(page.body.matches("Margaret Ashdown</a>").count(), 1);
        caller
            .get("/victim-care?district=dacorum")
            .await
            .has("Theo Quill")
            .lacks("Hollin");
        caller
            .get("/victim-care?feed=call_for_service")
            .await
            .has("Hollin")
            .lacks("Theo Quill");
        caller
            .get("/victim-care?overdue=1&band=standard")
            .await
            .has("No victims match.");
        caller
            .get("/victim-care?after=nonsense&band=odd")
            .await
            .is(200);
        for view in ["mine", "later", "taken", "closed_today"] {
            caller
                .get(&format!("/victim-care?view={view}"))
                .await
                .is(200)
                .lacks("Theo Quill");
        }
        let shown = number(
            &site,
            "select count(*) as n from ledger_entry where act = 'victim_care.list' and detail <> ''",
        )
        .await;
        assert!(shown >= 8, "each list shown is in the ledger: {shown}");
    });
}

#[test]
fn the_call_page_has_everything_and_shows_text_as_text() {
    on_both(|site| async move {
        seed(&site, sample()).await;
        let caller = site.sign_in("victim_care").await;
        let path = format!("/victim-care/{}", lead(&site, "R-3").await);
        caller
            .get(&path)
            .await
            .is(200)
            .has("link to domestic abuse")
            .has("Safe contact: Only the aunt, after 6pm")
            .has("07700 900123")
            .has("My name is Test victim_care")
            .has("call 101")
            .has("R-3")
            .has("&#60;script&#62;")
            .lacks("<script>alert")
            .has("First contact, within 1 day")
            .has("First call");
        let margaret = format!("/victim-care/{}", lead(&site, "R-1").await);
        let page = caller.get(&margaret).await;
        page.has("R-1").has("R-2").has("2 reports, one call");
        // A follower leads to where its report is worked.
        let follower = lead(&site, "R-2").await;
        let led = caller.get(&format!("/victim-care/{follower}")).await;
        led.is(303);
        assert_eq!(led.location.as_deref(), Some(margaret.as_str()));
        caller.get("/victim-care/not-an-id").await.is(404);
        let nobody = WorkItemId(uuid_of_nobody());
        caller.get(&format!("/victim-care/{nobody}")).await.is(404);
        let viewed = number(
            &site,
            "select count(*) as n from ledger_entry where act = 'victim_care.view'",
        )
        .await;
        // The two call sheets that were shown.
        assert_eq!(viewed, 2);
    });
}

fn uuid_of_nobody() -> uuid::Uuid {
    uuid::Uuid::from_u128(99)
}

#[test]
fn advice_needs_topics_and_ends_the_duty_of_each_report_ticked() {
    on_both(|site| async move {
        seed(&site, sample()).await;
        let caller = site.sign_in("victim_care").await;
        let path = format!("/victim-care/{}", lead(&site, "R-1").await);
        let both = [subject(&site, "R-1").await, subject(&site, "R-2").await];
        let wrong = contact(&caller, &path, &both, "advice_delivered", &[]).await;
        wrong
            .is(422)
            .has("Error: Call Margaret")
            .has("Choose at least one topic");
        let page = caller.get(&path).await;
        let topic = topic(&page);
        let mut fields = vec![("topic", topic.as_str())];
        contact(&caller, &path, &both, "advice_delivered", &fields)
            .await
            .is(422);
        let names: Vec<String> = PREVENTION
            .iter()
            .map(|p| format!("prevention-{p}"))
            .collect();
        fields.extend(names.iter().map(|n| (n.as_str(), "will_do")));
        // Both reports are ticked, and each needs a topic of its own guide.
        let one = contact(&caller, &path, &both, "advice_delivered", &fields).await;
        one.is(422).has("Choose at least one topic");
        contact(&caller, &path, &[], "advice_delivered", &fields)
            .await
            .is(422)
            .has("Choose at least one report");
        let first = contact(&caller, &path, &both[..1], "advice_delivered", &fields).await;
        first.is(303);
        caller
            .get(first.location.as_deref().unwrap())
            .await
            .has("Advice recorded")
            .has("Margaret Ashdown");
        assert_eq!(lines(&site).await, [("advised".to_owned(), 1)]);
        // The other report goes on, under its own item.
        let rest = format!("/victim-care/{}", lead(&site, "R-2").await);
        caller.get(&rest).await.is(200).has("R-2").lacks("one call");
        let closed = caller.get("/victim-care?view=closed_today").await;
        closed.has("Margaret Ashdown").has("Advised");
        let gone = caller.get(&path).await;
        gone.is(200).has("Advised at").lacks("Save contact");
        // What has ended does not end again.
        let fields = [("version", "2"), ("outcome", "declined"), ("note", "again")];
        caller
            .post(&format!("{path}/contacts"), &fields)
            .await
            .is(409);
        assert_eq!(lines(&site).await, [("advised".to_owned(), 1)]);
    });
}

async fn lines(site: &Site) -> Vec<(String, i64)> {
    let sql = "select line, count(*) as n from protect_duty where line <> 'awaiting' \
               group by line order by line";
    let rows = rows(site, sql).await;
    let of = |r: &store::Row| (r.get("line").unwrap(), r.get("n").unwrap());
    rows.iter().map(of).collect()
}

#[test]
fn attempts_follow_the_plan_until_not_reached_may_be_said() {
    on_both(|site| async move {
        seed(&site, sample()).await;
        let path = format!("/victim-care/{}", lead(&site, "R-4").await);
        let report = [subject(&site, "R-4").await];
        let give_up = [("channel", "decision"), ("note", "Tried everything")];
        let steps = [
            ("2026-11-23T12:00:00Z", "phone", "no_answer"),
            ("2026-11-24T12:00:00Z", "phone", "voicemail_left"),
            ("2026-11-25T18:30:00Z", "phone", "wrong_number"),
            ("2026-11-26T12:00:00Z", "letter", "message_sent"),
            ("2026-11-26T12:10:00Z", "text", "advice_delivered"),
        ];
        for (at, channel, outcome) in steps {
            site.clock.set(Timestamp::parse(at).unwrap());
            let caller = site.sign_in("victim_care").await;
            let early = contact(&caller, &path, &report, "not_reached", &give_up).await;
            early.is(422).has("The attempt plan is not done");
            let how = [("channel", channel)];
            contact(&caller, &path, &report, outcome, &how)
                .await
                .is(303);
            caller
                .get("/victim-care?view=later")
                .await
                .has("Hollin Joinery Ltd");
        }
        let caller = site.sign_in("victim_care").await;
        // Text is not advice.
        assert_eq!(lines(&site).await, []);
        let silent = contact(&caller, &path, &report, "not_reached", &give_up[..1]).await;
        silent.is(422).has("Give the reason in the note");
        contact(&caller, &path, &report, "not_reached", &give_up)
            .await
            .is(303);
        assert_eq!(lines(&site).await, [("not_reached".to_owned(), 1)]);
    });
}

/// The list begins with the victims tried while they are few, and with those due later when they are
/// many. What it shows is the same.
#[test]
fn the_list_is_the_same_however_many_were_tried() {
    on_both(|site| async move {
        seed(&site, sample()).await;
        let caller = site.sign_in("victim_care").await;
        for reference in ["R-3", "R-4"] {
            let path = format!("/victim-care/{}", lead(&site, reference).await);
            let report = [subject(&site, reference).await];
            contact(&caller, &path, &report, "no_answer", &[])
                .await
                .is(303);
        }
        let lists = [
            "view=to_call",
            "view=later",
            "view=later&band=high&band=standard",
            "view=later&district=DACORUM",
            "view=later&feed=call_for_service",
            "view=later&overdue=1",
            "view=to_call&overdue=1&district=watford",
            "view=to_call&district=nowhere",
        ];
        let read = async || {
            let mut pages = Vec::new();
            for list in lists {
                let page = caller.get(&format!("/victim-care?{list}")).await;
                pages.push(page.is(200).body.clone());
            }
            pages
        };
        let few = read().await;
        let has = |page: &String, name: &str| page.contains(name);
        assert!(has(&few[0], "Margaret Ashdown") && !has(&few[0], "Theo Quill"));
        assert!(has(&few[1], "Theo Quill") && has(&few[1], "Hollin Joinery"));
        assert!(has(&few[3], "Theo Quill") && !has(&few[3], "Hollin Joinery"));
        assert!(has(&few[4], "Hollin Joinery") && !has(&few[4], "Theo Quill"));
        assert!(!has(&few[7], "Margaret Ashdown"));
        let by = site.app.command_line();
        let of = Resource::of("test", "many tried");
        let grant = by.permit(&MANAGE, &of, "").unwrap();
        let tried = site.app.store().write(&grant, |tx| {
            Box::pin(async move {
                let columns = &[
                    "report",
                    "received_at",
                    "band",
                    "line",
                    "reason",
                    "attempts",
                    "days",
                    "out_of_hours",
                    "letter",
                    "text",
                    "visit",
                    "offered_in_time",
                    "offer_settled",
                    "offered",
                ];
                let mut rows = Vec::new();
                for _ in 0..1_000 {
                    let report = record::ids::ReportId(tx.id());
                    let mut row = vec![report.into(), tx.now().into(), 1_i64.into()];
                    row.extend(["awaiting", ""].map(store::Value::from));
                    row.extend([0_i64; 9].map(store::Value::from));
                    rows.push(row);
                }
                tx.insert("protect_duty", columns, rows, store::OnConflict::Fail)
                    .await
            })
        });
        assert_eq!(tried.await.unwrap(), 1_000);
        for ((list, few), many) in lists.iter().zip(few).zip(read().await) {
            assert_eq!(few, many, "{list}");
        }
    });
}

#[test]
fn a_call_back_keeps_its_caller_and_its_time() {
    on_both(|site| async move {
        seed(&site, sample()).await;
        let caller = site.sign_in("victim_care").await;
        let item = lead(&site, "R-4").await;
        let path = format!("/victim-care/{item}");
        let report = [subject(&site, "R-4").await];
        let version = caller.get(&path).await.field("version");
        caller
            .post(&format!("{path}/take"), &[("version", &version)])
            .await
            .is(303);
        let bare = contact(&caller, &path, &report, "partial_call_back", &[]).await;
        bare.is(422).has("Enter a day and a time");
        let past = [
            ("next-day", "22"),
            ("next-month", "11"),
            ("next-year", "2026"),
            ("next-time", "6pm"),
        ];
        contact(&caller, &path, &report, "partial_call_back", &past)
            .await
            .is(422)
            .has("must be in the future");
        let mut agreed = past;
        agreed[0] = ("next-day", "25");
        contact(&caller, &path, &report, "partial_call_back", &agreed)
            .await
            .is(303);
        caller
            .get("/victim-care?view=mine")
            .await
            .has("Hollin Joinery Ltd");
        caller.get(&path).await.has("6:00pm on 25 November 2026");
        let version = caller.get(&path).await.field("version");
        caller
            .post(&format!("{path}/release"), &[("version", &version)])
            .await
            .is(303);
        caller
            .get("/victim-care?view=mine")
            .await
            .lacks("Hollin Joinery Ltd");
    });
}

/// Reports, outcome, other fields, and what the page says.
type Wrong<'a> = (&'a [String], &'a str, &'a [(&'a str, &'a str)], &'a str);

#[test]
fn bad_input_is_named_and_changes_nothing() {
    on_both(|site| async move {
        seed(&site, sample()).await;
        let caller = site.sign_in("victim_care").await;
        let path = format!("/victim-care/{}", lead(&site, "R-4").await);
        let report = [subject(&site, "R-4").await];
        let other = [subject(&site, "R-1").await];
        let cases: [Wrong<'_>; 8] = [
            (&report, "", &[], "Choose how the contact ended"),
            (&report, "vanished", &[], "Choose how the contact ended"),
            (&other, "no_answer", &[], "Choose reports of this call only"),
            (&report, "no_answer", &[("minutes", "ten")], "whole minutes"),
            (
                &report,
                "no_answer",
                &[("channel", "pigeon")],
                "how the contact was made",
            ),
            (
                &report,
                "no_answer",
                &[("channel", "decision")],
                "how the contact was made",
            ),
            (&report, "message_sent", &[], "by letter, email or text"),
            (&report, "declined", &[], "Give the reason in the note"),
        ];
        for (reports, outcome, extra, message) in cases {
            contact(&caller, &path, reports, outcome, extra)
                .await
                .is(422)
                .has(message);
        }
        let odd = [
            ("topic", "no.such.topic"),
            ("support-home_visit", "perhaps"),
        ];
        contact(&caller, &path, &report, "no_answer", &odd)
            .await
            .is(422)
            .has("Choose topics from the advice")
            .has("Choose an offer and an answer");
        let long = "x".repeat(4_001);
        contact(&caller, &path, &report, "no_answer", &[("note", &long)])
            .await
            .is(422)
            .has("4000 characters or fewer");
        assert_eq!(
            number(&site, "select count(*) as n from protect_contact").await,
            0
        );
        caller
            .post_bare(&format!("{path}/take"), &[("version", "1")])
            .await
            .is(400);
        caller
            .post("/victim-care/move", &[("do", "take"), ("item", "zzz")])
            .await
            .is(400);
        caller
            .post("/victim-care/move", &[("do", "burn")])
            .await
            .is(400);
    });
}

#[test]
fn two_people_at_once_and_the_second_is_told_who_was_first() {
    on_both(|site| async move {
        seed(&site, sample()).await;
        let caller = site.sign_in("victim_care").await;
        let path = format!("/victim-care/{}", lead(&site, "R-4").await);
        let version = caller.get(&path).await.field("version");
        let fields = [("version", version.as_str())];
        caller.post(&format!("{path}/take"), &fields).await.is(303);
        let late = caller.post(&format!("{path}/take"), &fields).await;
        late.is(409).has("Test victim_care took R-4 at").has(&path);
        let stale = [
            ("version", version.as_str()),
            ("outcome", "no_answer"),
            ("channel", "phone"),
            ("direction", "out"),
        ];
        let late = caller.post(&format!("{path}/contacts"), &stale).await;
        late.is(409);
        assert_eq!(
            number(&site, "select count(*) as n from protect_contact").await,
            0
        );
    });
}

#[test]
fn ticked_rows_are_taken_together_and_handed_to_the_partner() {
    on_both(|site| async move {
        seed(&site, sample()).await;
        let caller = site.sign_in("victim_care").await;
        let key = |id: WorkItemId, version: &str| format!("{id}.{version}");
        let margaret = lead(&site, "R-1").await;
        let version = caller
            .get(&format!("/victim-care/{margaret}"))
            .await
            .field("version");
        let row = key(margaret, &version);
        let to = [
            ("do", "allocate"),
            ("to", "unit:beacon"),
            ("item", row.as_str()),
        ];
        let partner = site.sign_in("partner_caller").await;
        partner.get("/victim-care").await.is(200).lacks("Margaret");
        caller.post("/victim-care/move", &to).await.is(303);
        // Gone with all its reports, as one call again, and counted once.
        let page = partner.get("/victim-care").await;
        page.is(200)
            .has("Margaret Ashdown")
            .has("2 reports, one call")
            .lacks("Theo Quill")
            .lacks("Allocate");
        let again = caller.post("/victim-care/move", &to).await;
        again.is(409).has("was handed to another unit");
        assert_eq!(cohort(&site, 0).await.len(), 3);
        caller
            .get(&format!("/victim-care/{margaret}"))
            .await
            .has("See the item that goes on there");
        let new = lead(&site, "R-1").await;
        let report = [subject(&site, "R-1").await];
        let path = format!("/victim-care/{new}");
        contact(
            &partner,
            &path,
            &report,
            "declined",
            &[("note", "Has had advice from her bank")],
        )
        .await
        .is(303);
        assert_eq!(lines(&site).await, [("declined".to_owned(), 1)]);
        // Another unit's victim is not there for the partner.
        let theo = lead(&site, "R-3").await;
        partner.get(&format!("/victim-care/{theo}")).await.is(404);
        partner
            .post(&format!("/victim-care/{theo}/take"), &[("version", "1")])
            .await
            .is(404);
        let rows = [key(theo, "1"), key(lead(&site, "R-4").await, "1")];
        let take = [
            ("do", "take"),
            ("item", rows[0].as_str()),
            ("item", rows[1].as_str()),
        ];
        let done = caller.post("/victim-care/move", &take).await;
        done.is(303);
        caller
            .get(done.location.as_deref().unwrap())
            .await
            .has("You took 2 victims");
        caller
            .post(
                "/victim-care/move",
                &[("do", "allocate"), ("to", "unit:moon"), ("item", &rows[0])],
            )
            .await
            .is(400);
    });
}

#[test]
fn each_role_gets_what_policy_says() {
    on_both(|site| async move {
        seed(&site, sample()).await;
        let path = format!("/victim-care/{}", lead(&site, "R-3").await);
        for role in ["analyst", "strategy_lead", "administrator"] {
            let visitor = site.sign_in(role).await;
            visitor.get("/victim-care").await.is(403);
            visitor.get(&path).await.is(403);
        }
        for role in ["triage_officer", "auditor", "detective_inspector"] {
            let visitor = site.sign_in(role).await;
            visitor.get("/victim-care").await.is(200).has("Theo Quill");
            visitor.get(&path).await.is(200).lacks("Save contact");
            let take = [("version", "1")];
            visitor.post(&format!("{path}/take"), &take).await.is(403);
            visitor
                .post(&format!("{path}/contacts"), &take)
                .await
                .is(403);
        }
        let inspector = site.sign_in("detective_inspector").await;
        let row = format!("{}.1", lead(&site, "R-3").await);
        let take = [("do", "take"), ("item", row.as_str())];
        inspector.post("/victim-care/move", &take).await.is(403);
        let give = [
            ("do", "allocate"),
            ("to", "unit:beacon"),
            ("item", row.as_str()),
        ];
        inspector.post("/victim-care/move", &give).await.is(303);
        let refused = number(
            &site,
            "select count(*) as n from ledger_entry where refused = 1 and act like 'victim_care.%'",
        )
        .await;
        assert!(refused >= 12, "{refused}");
    });
}

#[test]
fn the_api_does_what_the_pages_do() {
    on_both(|site| async move {
        seed(&site, sample()).await;
        let scopes = [
            "victim_care.list",
            "victim_care.view",
            "victim_care.take",
            "victim_care.release",
            "victim_care.record",
        ];
        let token = site.token("victim_care", &scopes).await;
        let list = site.call("GET", "/api/v1/victim-care", &token, None).await;
        list.is(200);
        let items = list.json()["items"].as_array().unwrap().clone();
        assert_eq!(items.len(), 3);
        assert_eq!(items[0]["name"], "Theo Quill");
        let path = format!("/api/v1/victim-care/{}", lead(&site, "R-4").await);
        let sheet = site.call("GET", &path, &token, None).await;
        let version = sheet.is(200).json()["version"].as_i64().unwrap();
        let take = serde_json::json!({ "version": version });
        let taken = site
            .call("POST", &format!("{path}/take"), &token, Some(take.clone()))
            .await;
        assert_eq!(taken.is(200).json()["state"], "taken");
        site.call("POST", &format!("{path}/take"), &token, Some(take))
            .await
            .is(409);
        let version = taken.json()["version"].as_i64().unwrap();
        let back = serde_json::json!({ "version": version });
        let released = site
            .call("POST", &format!("{path}/release"), &token, Some(back))
            .await;
        let version = released.is(200).json()["version"].as_i64().unwrap();
        let mut body = serde_json::json!({
            "version": version,
            "reports": [subject(&site, "R-4").await],
            "direction": "out",
            "channel": "phone",
            "outcome": "advice_delivered",
            "minutes": 12
        });
        let contacts = format!("{path}/contacts");
        site.call("POST", &contacts, &token, Some(body.clone()))
            .await
            .is(400)
            .has("topic: Choose at least one topic");
        let care = site.app.policy::<Care>().unwrap();
        body["topics"] = serde_json::to_value(all_topics(&care, "NFIB52C")).unwrap();
        let done = site
            .call("POST", &contacts, &token, Some(body.clone()))
            .await;
        assert_eq!(done.is(201).json()["reports"][0]["line"], "advised");
        site.call("POST", &contacts, &token, Some(body))
            .await
            .is(409);
        let reader = site.token("auditor", &["victim_care.list"]).await;
        site.call("GET", &path, &reader, None).await.is(403);
        site.call(
            "GET",
            "/api/v1/victim-care?view=closed_today",
            &reader,
            None,
        )
        .await
        .is(200)
        .has("Hollin");
        let document = site.call("GET", "/api/openapi.json", &reader, None).await;
        document.has("/api/v1/victim-care/{id}/contacts");
    });
}

/// Every topic of a crime's guide, and every one against repeat crime.
pub fn all_topics(care: &Care, code: &str) -> Vec<Given> {
    let guide = care.guides.for_code(code).unwrap();
    let crime = guide.topics().map(|t| t.id.clone());
    crime
        .chain(care.prevention.iter().map(|p| p.id.clone()))
        .map(|id| Given {
            id,
            response: "will_do".to_owned(),
        })
        .collect()
}

/// The names behind a measure, as (line, met, excluded).
pub async fn cohort(site: &Site, measure: usize) -> Vec<(String, i64, i64)> {
    let measure = &protect::victim_care::schema::MEASURES[measure];
    let sql = Sql::new(measure.cohort);
    let rows = rows(site, sql).await;
    let mut all: Vec<_> = rows
        .iter()
        .map(|r| {
            let label: String = r.get("label").unwrap();
            assert!(label.contains("R-"), "{label}");
            r.get::<i64>("at").unwrap();
            (
                r.get::<String>("line").unwrap(),
                r.get::<i64>("met").unwrap(),
                r.get::<i64>("excluded").unwrap(),
            )
        })
        .collect();
    all.sort();
    all
}

pub fn new_contact(site: &Site, item: WorkItemId, outcome: &str) -> NewContact {
    NewContact {
        item,
        seen: None,
        reports: vec![],
        at: site.app.now(),
        by: Caller {
            id: ActorId(uuid_of_nobody()),
            name: "Jo Park".to_owned(),
            unit: "beacon".to_owned(),
        },
        direction: Direction::Out,
        channel: Channel::Phone,
        outcome: outcome.to_owned(),
        minutes: Some(9),
        next_at: None,
        topics: vec![],
        support: vec![],
        note: "As told".to_owned(),
    }
}

pub async fn batch(site: &Site, contacts: Vec<NewContact>) -> store::Result<()> {
    let care = site.app.policy::<Care>().unwrap();
    let by = site.app.command_line();
    let grant = by
        .permit(&MANAGE, &Resource::of("test", "batch"), "")
        .unwrap();
    site.app
        .store()
        .write(&grant, move |tx| {
            Box::pin(async move { record_contacts(tx, &care, &contacts).await })
        })
        .await
}

#[test]
fn measures_count_every_duty_once_and_errors_leave() {
    on_both(|site| async move {
        let mut reports: Vec<Report> = (0..12)
            .map(|n| {
                let mut victim = person(
                    ["Ada", "Ben", "Cora", "Dev", "Edie", "Finn"][n % 6],
                    &format!("Surname{}", ["qu", "zx", "mb", "lo", "pa", "tr"][n / 2]),
                    &format!("07700 9001{n:02}"),
                );
                let born = format!("19{}-0{}-1{}", 50 + n, 1 + n % 9, n % 10);
                merge(
                    &mut victim,
                    serde_json::json!({ "victim": { "date_of_birth": born } }),
                );
                report(&format!("R-1{n:02}"), victim)
            })
            .collect();
        for one in &mut reports[8..] {
            one.feed = Feed::CallForService;
        }
        seed(&site, reports).await;
        let leads = rows(
            &site,
            "select id from work_item where queue = 'protect.victim_care' and lead is null \
             order by received_at, id",
        )
        .await;
        let leads: Vec<WorkItemId> = leads.iter().map(|r| r.get("id").unwrap()).collect();
        let care = site.app.policy::<Care>().unwrap();
        let mut contacts = vec![];
        let outcomes = [
            "advice_delivered",
            "declined",
            "duplicate",
            "no_answer",
            "unsafe_ended",
        ];
        for (item, outcome) in leads.iter().zip(outcomes) {
            let mut one = new_contact(&site, *item, outcome);
            one.topics = all_topics(&care, "NFIB52C");
            one.support = vec![Given {
                id: "beacon_case_manager".to_owned(),
                response: "refused".to_owned(),
            }];
            contacts.push(one);
        }
        batch(&site, contacts).await.unwrap();
        let duties = number(
            &site,
            "select count(*) as n from work_item where queue = 'protect.victim_care'",
        )
        .await;
        let direct = number(
            &site,
            "select count(*) as n from work_item where queue = 'protect.victim_care' and national = 0",
        )
        .await;
        let names = cohort(&site, 0).await;
        assert_eq!(i64::try_from(names.len()).unwrap(), duties - direct);
        for (line, met, excluded) in &names {
            assert_eq!(*met == 1, line == "advised");
            assert_eq!(*excluded == 1, line == "duplicate");
        }
        for line in ["advised", "declined", "duplicate", "awaiting", "unsafe"] {
            assert!(names.iter().any(|n| n.0 == line), "{line}: {names:?}");
        }
        for (line, met, excluded) in cohort(&site, 1).await {
            assert!(
                excluded == 1 || (met == 1) == (line == "supported"),
                "{line}"
            );
        }
    });
}

#[test]
fn a_batch_is_kept_whole_or_not_at_all() {
    on_both(|site| async move {
        seed(&site, sample()).await;
        let (one, two) = (lead(&site, "R-3").await, lead(&site, "R-4").await);
        // The same duty cannot end twice, within one batch either.
        let contacts = vec![
            new_contact(&site, two, "no_answer"),
            new_contact(&site, one, "declined"),
            new_contact(&site, one, "declined"),
        ];
        assert!(batch(&site, contacts).await.is_err());
        assert_eq!(
            number(&site, "select count(*) as n from protect_contact").await,
            0
        );
        let contacts = vec![
            new_contact(&site, two, "no_answer"),
            new_contact(&site, two, "voicemail_left"),
            new_contact(&site, one, "declined"),
        ];
        batch(&site, contacts).await.unwrap();
        assert_eq!(
            number(&site, "select count(*) as n from protect_contact").await,
            3
        );
        let attempts = number(
            &site,
            "select cast(sum(attempts) as bigint) as n from protect_duty",
        )
        .await;
        assert_eq!(attempts, 3);
    });
}

#[test]
fn vulnerable_victims_are_supported_in_time_with_a_plan_or_a_refusal() {
    on_both(|site| async move {
        seed(&site, sample()).await;
        let caller = site.sign_in("victim_care").await;
        let path = format!("/victim-care/{}", lead(&site, "R-3").await);
        let report = [subject(&site, "R-3").await];
        let of_theo =
            |all: Vec<(String, i64, i64)>| all.into_iter().map(|n| n.0).collect::<Vec<_>>();
        assert!(of_theo(cohort(&site, 1).await).contains(&"not_offered".to_owned()));
        let offer = [("support-victim_support", "accepted")];
        contact(&caller, &path, &report, "no_answer", &offer)
            .await
            .is(303);
        assert!(of_theo(cohort(&site, 1).await).contains(&"no_plan_or_refusal".to_owned()));
        let plan = [("support-victim_support", "plan_made")];
        contact(&caller, &path, &report, "no_answer", &plan)
            .await
            .is(303);
        let met = cohort(&site, 1).await;
        assert!(met.contains(&("supported".to_owned(), 1, 0)), "{met:?}");
        caller.get(&path).await.has("Victim Support: plan made");
    });
}

#[test]
fn a_clock_that_runs_out_is_a_breach_for_ever() {
    on_both(|site| async move {
        seed(&site, sample()).await;
        let run = protect::victim_care::VICTIM_CARE.jobs[0].run;
        run(site.app.clone()).await.unwrap();
        assert_eq!(
            number(&site, "select count(*) as n from protect_breach").await,
            0
        );
        // The high band has one working day to the first attempt and 24 hours to the first contact.
        site.clock
            .set(Timestamp::parse("2026-11-24T09:30:00Z").unwrap());
        for _ in 0..2 {
            run(site.app.clone()).await.unwrap();
            let sql = "select count(*) as n from protect_breach b \
                       join shared_report r on r.id = b.report where r.reference = 'R-3'";
            assert_eq!(number(&site, sql).await, 2);
        }
        let caller = site.sign_in("victim_care").await;
        let path = format!("/victim-care/{}", lead(&site, "R-3").await);
        caller
            .get(&path)
            .await
            .has("The breach is on record")
            .has("Overdue");
        // A first attempt made late is a breach even when the watch never looked.
        site.clock
            .set(Timestamp::parse("2026-12-10T10:00:00Z").unwrap());
        let item = lead(&site, "R-4").await;
        batch(&site, vec![new_contact(&site, item, "no_answer")])
            .await
            .unwrap();
        let sql = "select count(*) as n from protect_breach b \
                   join shared_report r on r.id = b.report \
                   where r.reference = 'R-4' and b.clock = 'PLAN-FIRST-ATTEMPT'";
        assert_eq!(number(&site, sql).await, 1);
        let by = site.app.command_line();
        let grant = by.permit(&MANAGE, &Resource::of("test", "x"), "").unwrap();
        let deleted = site.app.store().write(&grant, |tx| {
            Box::pin(async move { tx.run("delete from protect_breach").await })
        });
        assert!(deleted.await.is_err());
    });
}

#[test]
fn the_shipped_policy_is_checked_at_start() {
    let files = fourfold::assemble::policy(None).unwrap();
    let care = Care::read(&files).unwrap();
    assert!(care.clocks.iter().count() >= 20);
    let refused = |file: &str, from: &str, to: &str| {
        let mut files = files.clone();
        let text = files.0.get_mut(file).unwrap();
        assert!(text.contains(from), "{from}");
        *text = text.replacen(from, to, 1);
        Care::read(&files).unwrap_err().to_string()
    };
    let care = "protect/victim-care.toml";
    assert!(refused(care, "attempts = 3", "attempts = 4").contains("differs"));
    assert!(refused(care, "\"high\"]", "\"huge\"]").contains("not a band"));
    assert!(refused(care, "effect = \"barred\"", "effect = \"unsafe\"").contains("Barred"));
    assert!(refused(care, "id = \"no_answer\"", "id = \"declined\"").contains("twice"));
    assert!(refused(care, "closes = 17", "closes = 8").contains("office"));
    assert!(refused(care, "video_counts", "video_count").contains("video_count"));
    let topics = "protect/advice-topics.csv";
    assert!(refused(topics, "ransomware,", "ransomwear,").contains("ransomware"));
}
