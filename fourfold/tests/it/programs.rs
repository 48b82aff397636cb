//! What a page can do, a program can do: the parts of the API no other file tests.

use serde_json::json;

use super::harness::on_both;
use super::reports::{report, send};

#[test]
fn programs_judge_people_and_links() {
    on_both(|site| async move {
        let ids = send(
            &site,
            &[
                report("P1", "Ashdown", "07700 900123"),
                report("P2", "Ashdown", "07700 900123"),
            ],
        )
        .await;
        let scopes = ["report.view", "nominal.judge", "link.judge"];
        let token = site.token("analyst", &scopes).await;
        let opened = async |id: &str| {
            let path = format!("/api/v1/reports/{id}");
            let page = site.call("GET", &path, &token, None).await;
            page.is(200);
            page.json()
        };
        let (first, second) = (opened(&ids[0]).await, opened(&ids[1]).await);
        assert_eq!(first["people"][0]["person"], second["people"][0]["person"]);
        let judgement = |verdict: &str, reason: &str| {
            Some(json!({
                "left": first["people"][0]["mention"], "right": second["people"][0]["mention"],
                "verdict": verdict, "reason": reason,
            }))
        };
        let path = "/api/v1/people/judgements";
        let why = "Mother and daughter of one name";
        for (verdict, reason, wrong) in [("perhaps", why, "verdict"), ("not_same", "no", "reason")]
        {
            site.call("POST", path, &token, judgement(verdict, reason))
                .await
                .is(400)
                .has(wrong);
        }
        site.call("POST", path, &token, judgement("not_same", why))
            .await
            .is(204);
        let (first, second) = (opened(&ids[0]).await, opened(&ids[1]).await);
        assert_ne!(first["people"][0]["person"], second["people"][0]["person"]);

        assert!(first["network"].is_string(), "{first}");
        let observed = first["found"].as_array().unwrap();
        let phone = observed
            .iter()
            .find(|o| o["value"] == "+447700900123")
            .unwrap();
        let path = format!("/api/v1/reports/{}/links", ids[0]);
        let body = |verdict: &str| {
            Some(json!({ "observable": phone["id"], "verdict": verdict, "reason": why }))
        };
        site.call("POST", &path, &token, body("dropped"))
            .await
            .is(400);
        site.call("POST", &path, &token, body("rejected"))
            .await
            .is(204);
        assert!(opened(&ids[0]).await["network"].is_null());
        site.call("POST", &path, &token, body("restored"))
            .await
            .is(204);
        assert!(opened(&ids[0]).await["network"].is_string());
        let stranger = site.token("auditor", &["report.view"]).await;
        site.call("POST", &path, &stranger, body("rejected"))
            .await
            .is(403);
    });
}

#[test]
fn programs_keep_views_of_the_inbox() {
    on_both(|site| async move {
        let token = site
            .token("triage_officer", &["inbox.view", "inbox.save_view"])
            .await;
        let path = "/api/v1/inbox/views/Worst%20first";
        let filter = Some(json!({ "query": "view=triage&severity=high" }));
        site.call("PUT", path, &token, filter).await.is(204);
        let views = site
            .call("GET", "/api/v1/inbox/views", &token, None)
            .await
            .json();
        assert_eq!(views["views"][0]["name"], "Worst first");
        let query = views["views"][0]["query"].as_str().unwrap();
        assert!(query.contains("severity=high"), "{query}");
        let long = format!("/api/v1/inbox/views/{}", "n".repeat(41));
        let filter = Some(json!({ "query": "" }));
        site.call("PUT", &long, &token, filter).await.is(400);
        site.call("DELETE", path, &token, None).await.is(204);
        let views = site.call("GET", "/api/v1/inbox/views", &token, None).await;
        assert_eq!(views.json()["views"], json!([]));
    });
}

#[test]
fn programs_enter_recorded_crime() {
    on_both(|site| async move {
        let token = site
            .token("strategy_lead", &["benchmark.view", "benchmark.enter"])
            .await;
        let path = "/api/v1/benchmarks/entries";
        let total = |month: &str, value: i64, replace: bool| {
            Some(json!({
                "month": month, "value": value, "source": "Force return", "replace": replace,
            }))
        };
        site.call("POST", path, &token, total("2026-13", 1, false))
            .await
            .is(400)
            .has("month");
        site.call("POST", path, &token, total("2026-10", 6_400, false))
            .await
            .is(200);
        site.call("POST", path, &token, total("2026-10", 6_500, false))
            .await
            .is(409)
            .has("6,400");
        site.call("POST", path, &token, total("2026-10", 6_500, true))
            .await
            .is(200);
        let list = site.call("GET", "/api/v1/benchmarks", &token, None).await;
        let month = &list.json()["months"][0];
        assert_eq!(
            (&month["month"], &month["value"], &month["revision"]),
            (&json!("2026-10"), &json!(6_500), &json!(1))
        );
    });
}

#[test]
fn programs_give_victims_to_callers() {
    on_both(|site| async move {
        send(&site, &[report("V1", "Ashdown", "07700 900123")]).await;
        let scopes = [
            "victim_care.list",
            "victim_care.look_up",
            "victim_care.allocate",
            "person.list",
        ];
        let token = site.token("detective_inspector", &scopes).await;
        let list = site.call("GET", "/api/v1/victim-care", &token, None).await;
        let item = list.json()["items"][0].clone();
        let path = format!(
            "/api/v1/victim-care/{}/allocate",
            item["id"].as_str().unwrap()
        );
        let to = |to: &str| Some(json!({ "version": item["version"], "to": to }));
        site.call("POST", &path, &token, to("person:nobody"))
            .await
            .is(400);
        let done = site.call("POST", &path, &token, to("unit:beacon")).await;
        done.is(200);
        site.call("POST", &path, &token, to("unit:beacon"))
            .await
            .is(409);
        let beacon = site.token("partner_caller", &["victim_care.list"]).await;
        let list = site.call("GET", "/api/v1/victim-care", &beacon, None).await;
        assert_eq!(list.json()["items"].as_array().unwrap().len(), 1);
    });
}
