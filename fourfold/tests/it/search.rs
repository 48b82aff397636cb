//! Search: typed results, permissions, paging, the ledger.

use serde_json::{Value, json};

use super::harness::on_both;
use super::reports::{report, send};

fn kinds(answer: &Value) -> Vec<(String, String)> {
    let hits = answer["hits"].as_array().unwrap();
    let of = |h: &Value, k: &str| h[k].as_str().unwrap().to_owned();
    hits.iter()
        .map(|h| (of(h, "kind"), of(h, "title")))
        .collect()
}

#[test]
fn one_box_finds_reports_people_values_and_networks() {
    on_both(|site| async move {
        let ids = send(
            &site,
            &[
                report("SRCH-1", "Ashdown", "07700 900123"),
                report("SRCH-2", "Okafor", "07700 900123"),
            ],
        )
        .await;
        let token = site
            .token(
                "analyst",
                &["records.search", "report.view", "network.view"],
            )
            .await;
        let ask = |q: &'static str| {
            let (site, token) = (site.clone(), token.clone());
            async move {
                let page = site
                    .call("GET", &format!("/api/v1/search?q={q}"), &token, None)
                    .await;
                page.is(200);
                page.json()
            }
        };
        let by_name = kinds(&ask("margaret+ASHDOWN").await);
        assert!(
            by_name.contains(&("person".into(), "Margaret Ashdown".into())),
            "{by_name:?}"
        );
        assert!(by_name.iter().any(|(k, _)| k == "report"), "{by_name:?}");
        let by_reference = ask("SRCH-").await;
        assert_eq!(by_reference["hits"].as_array().unwrap().len(), 2);
        let by_value = kinds(&ask("%2B44+7700+900123").await);
        assert!(
            by_value.contains(&("observable".into(), "+447700900123".into())),
            "{by_value:?}"
        );
        let by_own = kinds(&ask("01438+555+010").await);
        assert!(by_own.iter().any(|(k, _)| k == "person"), "{by_own:?}");
        let path = format!("/api/v1/reports/{}", ids[0]);
        let network = site.call("GET", &path, &token, None).await.json()["network"]
            .as_str()
            .unwrap()
            .to_owned();
        let held = site
            .call("GET", &format!("/api/v1/networks/{network}"), &token, None)
            .await
            .json();
        let name = held["name"]
            .as_str()
            .unwrap()
            .to_lowercase()
            .replace(' ', "+");
        let found = site
            .call("GET", &format!("/api/v1/search?q={name}"), &token, None)
            .await
            .json();
        assert!(kinds(&found).iter().any(|(k, _)| k == "network"), "{found}");
        for odd in [
            "",
            "%22",
            "%00",
            "a%22b+OR+%28",
            "-",
            "NEAR%28x%29",
            "%E2%80%AE",
            "%27+or+1%3D1+--",
            "*",
        ] {
            let page = site
                .call("GET", &format!("/api/v1/search?q={odd}"), &token, None)
                .await;
            page.is(200);
        }
    });
}

#[test]
fn more_of_a_kind_comes_page_by_page() {
    on_both(|site| async move {
        let many: Vec<Value> = (0..60)
            .map(|n| {
                let mut one = report(&format!("P{n:03}"), &format!("Surname{n}"), "07700 900123");
                one["narrative"] = json!("A courier in a green jacket came.");
                one["victim_phone"] = json!(null);
                one["victim_forename"] = json!(format!("Forename{n}"));
                one
            })
            .collect();
        send(&site, &many).await;
        let analyst = site.sign_in("analyst").await;
        let page = analyst.get("/search?q=green+jacket").await;
        page.is(200).has("More reports").has("First 5 results");
        let mut path = "/search?q=green+jacket&kind=report".to_owned();
        let mut seen = std::collections::BTreeSet::new();
        let mut pages = 0;
        loop {
            let page = analyst.get(&path).await;
            page.is(200);
            for part in page.body.split("href=\"/reports/").skip(1) {
                assert!(seen.insert(part[..36].to_owned()), "shown twice");
            }
            pages += 1;
            let Some(at) = page.body.find("<a class=\"govuk-link\" href=\"/search?") else {
                break;
            };
            let rest = &page.body[at + 28..];
            path = rest[..rest.find('"').unwrap()].replace("&#38;", "&");
        }
        assert_eq!((seen.len(), pages), (60, 3));
    });
}

#[test]
fn searches_are_refused_or_entered() {
    on_both(|site| async move {
        send(&site, &[report("L1", "Ashdown", "07700 900123")]).await;
        for role in ["strategy_lead", "partner_caller", "administrator"] {
            site.sign_in(role)
                .await
                .get("/search?q=ashdown")
                .await
                .is(403);
        }
        site.sign_in("auditor")
            .await
            .get("/search?q=ashdown")
            .await
            .is(200)
            .has("Ashdown");
        let by = site.app.command_line();
        let resource = record::access::Resource::of("report", "");
        let grant = by.permit(&intake::reports::VIEW, &resource, "").unwrap();
        let mut db = site.app.store().read(&grant).await.unwrap();
        let sql = store::Sql::new(
            "select detail from ledger_entry where act = 'records.search' and detail <> '' \
             and refused = 0 order by seq desc limit 1",
        );
        let row = db.first(sql).await.unwrap().unwrap();
        let detail: Value = row.json("detail").unwrap();
        assert_eq!(detail["query"], json!("ashdown"));
        assert!(detail["count"].as_u64().unwrap() >= 2, "{detail}");
    });
}
