#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

//! Allocation by the unit and its measures, pages and API, on both databases.

use pursue::allocation::{HIGHEST_OWNED, REMIT_DECIDED};
use record::ids::ReportId;
use record::work::WorkItem;

use super::harness::{Site, on_both};
use super::inbox::{cohort, highest, item, receive, report};

/// Receives a report of the highest band and confirms its triage.
async fn sent(site: &Site, references: &[&str]) -> Vec<(ReportId, WorkItem)> {
    let reports = references.iter().map(|r| highest(site, r)).collect();
    let ids = receive(site, reports).await;
    let officer = site.sign_in("triage_officer").await;
    let mut fields = vec![("do".to_owned(), "confirm".to_owned())];
    for id in &ids {
        let triage = item(site, *id, "intake.triage").await.unwrap();
        fields.push((
            "item".to_owned(),
            format!("{}.{}", triage.id, triage.version),
        ));
    }
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (&**n, &**v)).collect();
    let done = officer.post("/inbox/reports", &fields).await;
    let list = officer.get(done.is(303).location.as_deref().unwrap()).await;
    list.has("as proposed.").lacks("was not confirmed");
    let mut found = Vec::new();
    for id in ids {
        found.push((id, item(site, id, "pursue.allocation").await.unwrap()));
    }
    found
}

#[test]
fn an_inspector_accepts_and_refuses_with_a_reason() {
    on_both(|site| async move {
        let inspector = site.sign_in("detective_inspector").await;
        inspector
            .get("/allocation")
            .await
            .is(200)
            .has("No crimes wait for a decision.");
        let all = sent(&site, &["H-1", "H-2", "H-3"]).await;
        inspector
            .get("/allocation")
            .await
            .has("Band A")
            .has("H-1 Joinery Ltd")
            .has("Waiting <span class=\"ff-count\">3</span>");
        let path = |n: usize| format!("/allocation/{}", all[n].1.id);
        let post = |n: usize| format!("/allocation/{}/decision", all[n].1.id);
        inspector
            .get(&path(0))
            .await
            .has("Points for acceptance")
            .has("Organisation loss £1,000,000 or more and solvable")
            .has("Triaged by")
            .has("shown as an exception");
        inspector
            .post(&post(0), &[("version", "1")])
            .await
            .is(422)
            .has("Choose what becomes");
        let accept = [("version", "1"), ("verdict", "accept")];
        let done = inspector.post(&post(0), &accept).await;
        inspector
            .get(done.is(303).location.as_deref().unwrap())
            .await
            .has("Your decision is recorded.")
            .lacks("Record decision");
        inspector
            .post(&post(0), &accept)
            .await
            .is(409)
            .has("Test detective_inspector decided H-1 at 12:00pm");
        let refused = [("version", "1"), ("verdict", "return"), ("reason", "busy")];
        inspector
            .post(&post(1), &refused)
            .await
            .is(422)
            .has("Say why a crime of band A");
        let refused = [
            ("version", "1"),
            ("verdict", "refer"),
            ("reason", "Not in the county"),
        ];
        inspector
            .post(&post(1), &refused)
            .await
            .is(422)
            .has("Enter the team or body");
        let refused = [
            ("version", "1"),
            ("verdict", "return"),
            ("reason", "The payer was not deceived"),
        ];
        inspector.post(&post(1), &refused).await.is(303);
        let closed = item(&site, all[1].0, "pursue.allocation").await.unwrap();
        assert_eq!(closed.outcome.as_deref(), Some("return"));
        inspector
            .get("/allocation?view=exceptions")
            .await
            .has("H-2")
            .has("Exception")
            .has("The payer was not deceived")
            .lacks("H-1");
        inspector
            .get("/allocation?view=decided")
            .await
            .has("H-1")
            .has("H-2")
            .lacks("H-3");
        let owned = cohort(&site, HIGHEST_OWNED.cohort).await;
        let line = |n: &str, met: i64, line: &str| (n.to_owned(), met, line.to_owned());
        assert_eq!(
            owned.into_iter().collect::<Vec<_>>(),
            [
                line("H-1", 1, "accept"),
                line("H-2", 0, "return"),
                line("H-3", 0, "waiting for the unit")
            ]
        );
    });
}

#[test]
fn the_remit_is_decided_in_time_or_late_or_not_yet() {
    on_both(|site| async move {
        let all = sent(&site, &["M-1", "M-2"]).await;
        receive(&site, vec![report(&site, "M-3", |_| {})]).await;
        let inspector = site.sign_in("detective_inspector").await;
        let accept = [("version", "1"), ("verdict", "accept")];
        let post = |n: usize| format!("/allocation/{}/decision", all[n].1.id);
        inspector.post(&post(0), &accept).await.is(303);
        site.clock.set(site.app.now().plus_days(4));
        let inspector = site.sign_in("detective_inspector").await;
        inspector.post(&post(1), &accept).await.is(303);
        let rows: Vec<_> = cohort(&site, REMIT_DECIDED.cohort)
            .await
            .into_iter()
            .collect();
        let line = |n: &str, met: i64, line: &str| (n.to_owned(), met, line.to_owned());
        assert_eq!(
            rows,
            [
                line("M-1", 1, "accept"),
                line("M-2", 0, "accept"),
                line("M-3", 0, "waiting for triage")
            ]
        );
    });
}

#[test]
fn allocation_is_for_inspectors() {
    on_both(|site| async move {
        let all = sent(&site, &["O-1"]).await;
        let page = format!("/allocation/{}", all[0].1.id);
        let post = format!("{page}/decision");
        let accept = [("version", "1"), ("verdict", "accept")];
        for role in ["analyst", "auditor"] {
            let who = site.sign_in(role).await;
            who.get("/allocation").await.is(200).has("O-1");
            who.get(&page).await.is(200).lacks("Record decision");
            who.post(&post, &accept).await.is(403);
        }
        for role in [
            "triage_officer",
            "victim_care",
            "partner_caller",
            "strategy_lead",
        ] {
            let who = site.sign_in(role).await;
            who.get("/allocation").await.is(403);
            who.get(&page).await.is(403);
            who.post(&post, &accept).await.is(403);
        }
        let inspector = site.sign_in("detective_inspector").await;
        inspector.get("/allocation/nonsense").await.is(404);
        // An item of another queue is not here.
        let triage = item(&site, all[0].0, "intake.triage").await.unwrap();
        inspector
            .get(&format!("/allocation/{}", triage.id))
            .await
            .is(404);
    });
}

#[test]
fn programs_list_and_decide() {
    on_both(|site| async move {
        let all = sent(&site, &["B-1"]).await;
        let scopes = [
            "allocation.view",
            "allocation.find",
            "allocation.consider",
            "allocation.decide",
        ];
        let token = site.token("detective_inspector", &scopes).await;
        let list = site.call("GET", "/api/v1/allocation", &token, None).await;
        let first = list.is(200).json()["items"][0].clone();
        assert_eq!(
            (&first["reference"], &first["band"]),
            (&"B-1".into(), &"A".into())
        );
        let path = format!("/api/v1/allocation/{}/decision", all[0].1.id);
        let body = |verdict: &str, reason: &str| {
            Some(
                serde_json::json!({ "version": 1, "verdict": verdict, "reason": reason,
                "unit": "Regional unit" }),
            )
        };
        site.call("POST", &path, &token, body("drop", ""))
            .await
            .is(400)
            .has("not a decision");
        site.call("POST", &path, &token, body("refer", ""))
            .await
            .is(400)
            .has("Say why");
        let done = site
            .call(
                "POST",
                &path,
                &token,
                body("refer", "State actor suspected"),
            )
            .await;
        let done = done.is(200).json();
        assert_eq!(done["exception"], true);
        assert_eq!(done["unit"], "Regional unit");
        site.call("POST", &path, &token, body("accept", ""))
            .await
            .is(409);
        let shown = site
            .call("GET", "/api/v1/allocation?view=exceptions", &token, None)
            .await;
        assert_eq!(shown.json()["items"].as_array().unwrap().len(), 1);
    });
}
