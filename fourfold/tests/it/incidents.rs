#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

//! Incident support calls, and what becomes of the public's requests, on both databases.

use protect::organisations::incidents;
use record::ids::SubmissionId;
use record::submission::{Submission, SubmissionKind};
use serde_json::json;
use uuid::Uuid;

use super::harness::{Site, on_both};
use super::organisations::{change, number, recorded, rows};
use super::portal_box::Boxed;

/// A request of an organisation, sent at eleven by the portal's clock and collected at noon.
async fn asked(site: &Site, n: u128, fields: &[(&str, &str)]) -> String {
    let boxed = Boxed::new();
    let mut all = vec![
        ("organisation", "Oak Bakery"),
        ("name", "Ann Oak"),
        ("phone", "01632 960 001"),
        ("about", "Files are <b>locked</b>"),
    ];
    all.extend_from_slice(fields);
    let fields = all.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
    let submission = Submission {
        version: Submission::VERSION,
        id: SubmissionId(Uuid::from_u128(n)),
        kind: SubmissionKind::OrganisationHelp,
        at: site.app.now().plus_minutes(-30).micros(),
        reference: format!("TEST-{n:04}"),
        fields: fields.collect(),
    };
    boxed.leave(&submission);
    boxed.collector().collect(&site.app).await.unwrap();
    format!("/public-requests/{}", Uuid::from_u128(n))
}

const CALL: [(&str, &str); 5] = [
    ("trigger", "attack"),
    ("name", "Elm Joinery"),
    ("caller", "Bob Elm"),
    ("phone", "01632 960 002"),
    ("about", "Screens went black"),
];

fn advice(version: &str) -> [(&str, &str); 4] {
    [
        ("version", version),
        ("act", "advice"),
        ("how", "phone"),
        ("note", "Take machines off the network, leave them on"),
    ]
}

#[test]
fn a_request_becomes_a_call_in_one_step_and_is_handed_over() {
    on_both(|site| async move {
        let officer = site.sign_in("protect_officer").await;
        let known = [
            ("name", "Oak Bakery Ltd"),
            ("kind", "business"),
            ("reason", "event"),
        ];
        let organisation = recorded(&officer, &known).await;
        let request = asked(&site, 1, &[("urgency", "now")]).await;
        officer
            .get(&request)
            .await
            .is(200)
            .has("Make it an incident support call");
        let made = officer.post(&format!("{request}/incident-call"), &[]).await;
        let call = made.is(303).location.clone().unwrap();
        let page = officer.get(&call).await;
        page.is(200)
            .has("Files are &#60;b&#62;locked")
            .has("First advice due in")
            .has(&organisation)
            .has(&request);
        officer
            .get(&request)
            .await
            .has("Became an incident support call");
        // Pressed twice, it is one call.
        officer
            .post(&format!("{request}/incident-call"), &[])
            .await
            .is(409);
        officer
            .get("/incident-calls")
            .await
            .has("Oak Bakery")
            .has("30 minutes")
            .has("Waits for advice");
        let steps = format!("{call}/steps");
        officer
            .post(&steps, &[("version", "1")])
            .await
            .is(422)
            .has("Choose what was done");
        officer.post(&steps, &advice("1")).await.is(303);
        officer.post(&steps, &advice("1")).await.is(409);
        officer
            .get(&call)
            .await
            .has("Advice in time")
            .lacks("First advice due in");
        let end = format!("{call}/hand-over");
        officer.get(&end).await.is(200).has("ERSOU");
        officer
            .post(&end, &[("version", "2")])
            .await
            .is(422)
            .has("to whom");
        let over = [
            ("version", "2"),
            ("to", "investigation"),
            ("note", "Logs are kept"),
        ];
        officer.post(&end, &over).await.is(303);
        officer
            .get(&call)
            .await
            .has("Investigation (SFCU)")
            .lacks("Record what was done");
        officer
            .post(&steps, &advice("3"))
            .await
            .is(422)
            .has("handed over already");
        officer.get("/incident-calls").await.has("No calls here.");
        officer
            .get("/incident-calls?view=closed")
            .await
            .has("Oak Bakery");
    });
}

#[test]
fn a_clock_that_runs_out_is_noted_once_and_stays() {
    on_both(|site| async move {
        let officer = site.sign_in("triage_officer").await;
        let made = officer.post("/incident-calls/new", &CALL).await;
        let call = made.is(303).location.clone().unwrap();
        assert_eq!(incidents::note(&site.app).await.unwrap(), 0);
        site.clock.set(site.app.now().plus_minutes(61));
        let officer = site.sign_in("triage_officer").await;
        officer
            .get("/incident-calls")
            .await
            .has("Time is over")
            .has("overdue");
        assert_eq!(incidents::note(&site.app).await.unwrap(), 1);
        assert_eq!(incidents::note(&site.app).await.unwrap(), 0);
        let noted = "select count(*) as n from ledger_entry where act = 'incident_call.breach' \
            and resource_kind = 'incident_call' and detail <> ''";
        assert!(number(&site, noted).await >= 1);
        officer
            .post(&format!("{call}/steps"), &advice("1"))
            .await
            .is(303);
        officer
            .get(&call)
            .await
            .has("Advice came late")
            .has("Time was over");
        let kept = "select count(*) as n from protect_incident_call where breached_at = due_at \
            and first_advice_at > due_at";
        assert_eq!(number(&site, kept).await, 1);
        // Advice that is entered later than it was given counts from when it was given.
        let mut second = CALL.to_vec();
        second[1] = ("name", "Ash Dental");
        let made = officer.post("/incident-calls/new", &second).await;
        let call = made.is(303).location.clone().unwrap();
        let began = site.app.now();
        site.clock.set(began.plus_minutes(90));
        let officer = site.sign_in("triage_officer").await;
        let typed = began.plus_minutes(10).show_time();
        let mut given = advice("1").to_vec();
        given.extend([
            ("at-day", "23"),
            ("at-month", "11"),
            ("at-year", "2026"),
            ("at-time", &typed),
        ]);
        officer.post(&format!("{call}/steps"), &given).await.is(303);
        officer.get(&call).await.has("Advice in time");
        let before = began.plus_minutes(-10).show_time();
        let mut odd = advice("2").to_vec();
        odd.extend([
            ("at-day", "23"),
            ("at-month", "11"),
            ("at-year", "2026"),
            ("at-time", &before),
        ]);
        let steps = format!("{call}/steps");
        officer
            .post(&steps, &odd)
            .await
            .is(422)
            .has("must not be before the call");
    });
}

#[test]
fn a_call_is_checked_and_only_an_inspector_takes_one_out() {
    on_both(|site| async move {
        let officer = site.sign_in("protect_officer").await;
        officer
            .post("/incident-calls/new", &[])
            .await
            .is(422)
            .has("Choose whether an attack goes on or is near")
            .has("Enter who called");
        let mut near = CALL.to_vec();
        near[0] = ("trigger", "imminent");
        officer
            .post("/incident-calls/new", &near)
            .await
            .is(422)
            .has("how the source is protected");
        near.push(("source_protected", "Only the address is told"));
        near.extend([
            ("called_at-day", "24"),
            ("called_at-month", "11"),
            ("called_at-year", "2026"),
            ("called_at-time", "1pm"),
        ]);
        officer
            .post("/incident-calls/new", &near)
            .await
            .is(422)
            .has("must not be in the future");
        near.truncate(6);
        let made = officer.post("/incident-calls/new", &near).await;
        let call = made.is(303).location.clone().unwrap();
        let four = "select (due_at - called_at) / 60000000 as n from protect_incident_call";
        assert_eq!(number(&site, four).await, 240);
        let out = format!("{call}/error");
        officer.get(&out).await.is(403);
        officer.get(&call).await.lacks("Take out as an error");
        for role in ["victim_care", "partner_caller", "strategy_lead", "analyst"] {
            let other = site.sign_in(role).await;
            other.get("/incident-calls").await.is(403);
            other.get(&call).await.is(403);
        }
        let auditor = site.sign_in("auditor").await;
        auditor
            .get(&call)
            .await
            .is(200)
            .lacks("Record what was done");
        auditor
            .post(&format!("{call}/steps"), &advice("1"))
            .await
            .is(403);
        let inspector = site.sign_in("detective_inspector").await;
        inspector
            .post(&out, &[("version", "1")])
            .await
            .is(422)
            .has("true error");
        let error = [
            ("version", "1"),
            ("error", "duplicate"),
            ("note", "Called twice"),
        ];
        inspector.post(&out, &error).await.is(303);
        inspector
            .get(&call)
            .await
            .has("Error, not counted")
            .has("recorded already");
        // The figure: what was taken out is counted apart.
        strategy::compute(&site.app).await.unwrap();
        let token = site.token("detective_inspector", &["strategy.view"]).await;
        let body = site
            .call("GET", "/api/v1/commitments/PREVENT-08", &token, None)
            .await
            .is(200)
            .json();
        let windows = body["measures"][0]["windows"].as_array().unwrap().clone();
        let last = windows.last().unwrap();
        assert_eq!(last["denominator"], 0);
        assert_eq!(last["excluded"], json!({ "duplicate": 1 }));
        change(
            &site,
            "update protect_incident_call set compartment = 'prevent'",
        )
        .await;
        inspector.get(&call).await.is(404);
        inspector
            .get("/incident-calls?view=closed")
            .await
            .lacks("Elm Joinery");
    });
}

#[test]
fn a_readiness_check_from_the_portal_becomes_an_assessment() {
    on_both(|site| async move {
        let officer = site.sign_in("protect_officer").await;
        let policy = site
            .app
            .policy::<protect::organisations::OrganisationPolicy>()
            .unwrap();
        let set = policy.sets.newest("readiness-check").unwrap();
        let line = "CE-AC-4=no CE-FW-1=unknown CE-FW-2=<script> CE-UP-3=yes";
        let fields = [
            ("urgency", "check"),
            ("check", &*set.name()),
            ("answers", line),
        ];
        let request = asked(&site, 2, &fields).await;
        let care = site.sign_in("victim_care").await;
        care.get(&request)
            .await
            .is(200)
            .lacks("Make it an assessment")
            .lacks("incident support call");
        let to = format!("{request}/assessment");
        care.get(&to).await.is(403);
        officer.get(&request).await.has("Make it an assessment");
        officer
            .get(&to)
            .await
            .is(200)
            .has("not ready")
            .has("A new record");
        officer
            .post(&to, &[("record", "none")])
            .await
            .is(422)
            .has("Choose the record");
        let new = [
            ("record", "new"),
            ("name", "Oak Bakery Ltd"),
            ("kind", "business"),
            ("reason", "request"),
            ("size", "2-9"),
        ];
        let made = officer.post(&to, &new).await;
        let result = made.is(303).location.clone().unwrap();
        officer
            .get(&result)
            .await
            .is(200)
            .has("Sent from the public site")
            .has("Not ready")
            .has("Turn on for all users");
        let path = result.split("/assessments").next().unwrap().to_owned();
        officer
            .get(&path)
            .await
            .has("Assessed")
            .has("Ann Oak")
            .has("01632 960 001");
        officer
            .get(&request)
            .await
            .has("Became an assessment of Oak Bakery Ltd");
        officer.post(&to, &new).await.is(409);
        let agree = [
            ("action", "readiness-check:CE-AC-4"),
            ("owner", "owner"),
            ("due-day", "10"),
            ("due-month", "1"),
            ("due-year", "2027"),
        ];
        officer
            .post(&format!("{result}/actions"), &agree)
            .await
            .is(303);
        officer.get(&path).await.has("Advised");
        // The next one finds the record.
        let second = asked(&site, 3, &fields).await;
        let page = officer.get(&format!("{second}/assessment")).await;
        page.has("Oak Bakery Ltd");
        let id = path.rsplit('/').next().unwrap();
        let made = officer
            .post(&format!("{second}/assessment"), &[("record", id)])
            .await;
        made.is(303);
        assert_eq!(
            number(&site, "select count(*) as n from protect_organisation").await,
            1
        );
        // Without answers, or of a check nobody knows, it is none.
        let plain = asked(&site, 4, &[("urgency", "advice")]).await;
        officer.get(&plain).await.lacks("Make it an assessment");
        officer.get(&format!("{plain}/assessment")).await.is(404);
        let unknown = [("check", "Horoscope, version 7"), ("answers", line)];
        let unknown = asked(&site, 5, &unknown).await;
        officer
            .get(&format!("{unknown}/assessment"))
            .await
            .is(400)
            .has("no check this policy knows");
    });
}

#[test]
fn programs_take_calls_too() {
    on_both(|site| async move {
        let scopes = [
            "incident_call.list",
            "incident_call.view",
            "incident_call.record",
            "incident_call.hand_over",
        ];
        let token = site.token("protect_officer", &scopes).await;
        let all = "/api/v1/incident-calls";
        let call = json!({
            "name": "Elm Joinery", "caller": "Bob", "phone": "1", "trigger": "attack", "about": "?"
        });
        let made = site
            .call("POST", all, &token, Some(call))
            .await
            .is(201)
            .json();
        let path = format!("{all}/{}", made["id"].as_str().unwrap());
        let bad = json!({ "name": "Elm", "called_at": "yesterday" });
        let told = site.call("POST", all, &token, Some(bad)).await;
        told.is(400).has("called_at: ").has("trigger: ");
        let step = json!({ "act": "advice", "how": "email", "note": "x", "version": 1 });
        let steps = format!("{path}/steps");
        site.call("POST", &steps, &token, Some(step))
            .await
            .is(400)
            .has("how: ");
        let step = json!({ "act": "advice", "how": "phone", "note": "x", "version": 1 });
        let now = site
            .call("POST", &steps, &token, Some(step))
            .await
            .is(201)
            .json();
        assert!(now["first_advice_at"].is_string());
        let over = json!({ "to": "ncsc", "note": "Told them", "version": 2 });
        let end = format!("{path}/hand-over");
        site.call("POST", &end, &token, Some(over.clone()))
            .await
            .is(201);
        site.call("POST", &end, &token, Some(over)).await.is(409);
        let list = site.call("GET", all, &token, None).await.is(200).json();
        assert_eq!(list["items"].as_array().unwrap().len(), 0);
        let kept = rows(&site, "select handed_to from protect_incident_call").await;
        assert_eq!(kept[0].get::<String>("handed_to").unwrap(), "ncsc");
        let caller = site.token("partner_caller", &["incident_call.list"]).await;
        site.call("GET", all, &caller, None).await.is(403);
    });
}
