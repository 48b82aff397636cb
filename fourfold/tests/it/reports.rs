//! Reports: sent by programs, recorded by hand, opened; people, observables and networks.

use record::access::Resource;
use serde_json::{Value, json};
use store::Sql;

use super::harness::{Site, on_both};

/// A report as a program sends it.
pub fn report(reference: &str, surname: &str, phone: &str) -> Value {
    json!({
        "reference": reference,
        "feed": "pursue",
        "title": "Caller claimed to be the bank",
        "narrative": format!("They rang from {phone} and asked me to move £2,500."),
        "victim_kind": "person",
        "victim_forename": "Margaret",
        "victim_surname": surname,
        "victim_date_of_birth": "27/03/1951",
        "victim_postcode": "SG1 1AA",
        "victim_phone": "01438 555010",
        "loss": "2500",
        "district": "Stevenage",
        "nfib_code": "NFIB3A",
        "self_harm_or_suicide": "yes",
        "lives_alone": "yes",
    })
}

/// Sends reports and answers their ids.
pub async fn send(site: &Site, reports: &[Value]) -> Vec<String> {
    let token = site.token("triage_officer", &["report.record"]).await;
    let body = json!({ "reports": reports });
    let page = site
        .call("POST", "/api/v1/reports/batch", &token, Some(body))
        .await;
    page.is(200);
    page.json()["reports"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["id"].as_str().unwrap_or_else(|| panic!("{r}")).to_owned())
        .collect()
}

/// Seals a report into a compartment.
pub async fn seal(site: &Site, id: &str) {
    let by = site.app.command_line();
    let act = &intake::reports::RECORD;
    let grant = by.permit(act, &Resource::of("report", id), "test").unwrap();
    let id: record::ids::ReportId = id.parse().unwrap();
    site.app
        .store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                let sql = Sql::new("update intake_report set compartment = 'prevent' where ")
                    .with("id = ?", [id.into()]);
                tx.run(sql).await.map(drop)
            })
        })
        .await
        .unwrap();
}

#[test]
fn programs_send_reports_and_are_told_what_became_of_each() {
    on_both(|site| async move {
        let token = site
            .token("triage_officer", &["report.record", "report.view"])
            .await;
        let one = report("A1", "Ashdown", "07700 900123");
        let call = |path: &'static str, body: Value| {
            let (site, token) = (site.clone(), token.clone());
            async move { site.call("POST", path, &token, Some(body)).await }
        };
        let first = call("/api/v1/reports", one.clone()).await;
        first.is(201).has("accepted");
        let again = call("/api/v1/reports", one.clone()).await;
        again.is(200).has("duplicate");
        assert_eq!(first.json()["id"], again.json()["id"]);
        call("/api/v1/reports", json!({"title": "no reference"}))
            .await
            .is(422)
            .has("the row has no reference");
        call("/api/v1/reports", json!("text"))
            .await
            .is(422)
            .has("not an object");
        let mixed = json!({"reports": [
            one,
            report("A2", "Bell", "07700 900456"),
            {"reference": "A3", "victim_surname": {"first": "x"}},
            {"reference": "A4", "event_from": "31/02/2026", "hair": "red"},
        ]});
        let receipt = call("/api/v1/reports/batch", mixed).await;
        receipt
            .is(200)
            .has("not a field")
            .has("there is no such day");
        let receipt = receipt.json();
        assert_eq!(
            (
                &receipt["accepted"],
                &receipt["duplicate"],
                &receipt["rejected"]
            ),
            (&json!(2), &json!(1), &json!(1))
        );
        call("/api/v1/reports/batch", json!({"reports": []}))
            .await
            .is(400);
        let many: Vec<Value> = (0..1001).map(|_| json!({})).collect();
        call("/api/v1/reports/batch", json!({ "reports": many }))
            .await
            .is(400)
            .has("1 to 1000");
        let path = format!("/api/v1/reports/{}", first.json()["id"].as_str().unwrap());
        let shown = site.call("GET", &path, &token, None).await;
        shown.is(200).has("+447700900123").has("vulnerability");
        let wrong = site.token("triage_officer", &["records.search"]).await;
        site.call("GET", &path, &wrong, None).await.is(403);
    });
}

#[test]
fn a_report_shows_what_is_known_and_to_whom() {
    on_both(|site| async move {
        let mut told = report("B1", "Ashdown", "07700 900123");
        told["narrative"] =
            json!("They rang from 07700 900123 <script>alert(1)</script> pay\u{202E}lap \u{200B}.");
        let ids = send(&site, &[told, report("B2", "Okafor", "07700 900123")]).await;
        let path = format!("/reports/{}", ids[0]);
        let officer = site.sign_in("triage_officer").await;
        let page = officer.get(&path).await;
        page.is(200)
            .has("<mark class=\"ff-mark\"><bdi>07700 900123</bdi></mark>")
            .has("[hidden character U+202E]")
            .has("&#60;script&#62;")
            .lacks("<script>alert")
            .has("Any sign of self-harm")
            .has("Why this is linked")
            .has("B2")
            .has("it joins them in one network")
            .has("Reject link");
        // An analyst sees neither the answer nor what would tell it.
        let analyst = site.sign_in("analyst").await;
        analyst
            .get(&path)
            .await
            .is(200)
            .lacks("self-harm")
            .lacks("Self harm")
            .has("Some answers are not shown to your role")
            .has("Lives alone");
        site.sign_in("auditor")
            .await
            .get(&path)
            .await
            .is(200)
            .lacks("Reject link");
        for role in ["strategy_lead", "partner_caller", "administrator"] {
            site.sign_in(role).await.get(&path).await.is(403);
        }
        for wrong in [
            "/reports/not-an-id",
            "/reports/00000000-0000-0000-0000-000000000000",
            "/people/00000000-0000-0000-0000-000000000000",
            "/observables/x",
            "/networks/x",
        ] {
            officer.get(wrong).await.is(404);
        }
        // Opening is in the ledger, with the reports it names.
        officer
            .get(&path)
            .await
            .has("Who has opened this")
            .has("Test analyst");
    });
}

#[test]
fn sealed_reports_are_absent_everywhere() {
    on_both(|site| async move {
        let ids = send(
            &site,
            &[
                report("C1", "Ashdown", "07700 900123"),
                report("C2", "Okafor", "07700 900123"),
                report("C3", "Lindqvist", "07700 900123"),
            ],
        )
        .await;
        seal(&site, &ids[2]).await;
        let analyst = site.sign_in("analyst").await;
        analyst.get(&format!("/reports/{}", ids[2])).await.is(404);
        let page = analyst.get(&format!("/reports/{}", ids[0])).await;
        page.is(200).has("In 2 reports").lacks("C3");
        analyst
            .get("/networks")
            .await
            .is(200)
            .has(">2<")
            .lacks(">3<");
        let search = analyst.get("/search?q=Lindqvist").await;
        search.is(200).has("Nothing was found");
        analyst
            .get("/search?q=07700+900123")
            .await
            .has("in 2 reports")
            .lacks("C3");
    });
}

#[test]
fn a_call_for_service_is_recorded_by_hand() {
    on_both(|site| async move {
        let officer = site.sign_in("victim_care").await;
        officer
            .get("/reports/new")
            .await
            .is(200)
            .has("Lives alone")
            .has("Not asked");
        let wrong = [
            ("victim_kind", "person"),
            ("victim_surname", "<b>Bell</b>"),
            ("loss", "a lot"),
            ("event_from-day", "31"),
            ("event_from-month", "2"),
            ("event_from-year", "2026"),
            ("lives_alone", "yes"),
        ];
        officer
            .post("/reports/new", &wrong)
            .await
            .is(422)
            .has("Error: Record a report")
            .has("There is a problem")
            .has("Enter what happened")
            .has("Enter the loss in pounds")
            .has("real date")
            .has("value=\"&#60;b&#62;Bell&#60;/b&#62;\"")
            .has("value=\"31\"");
        let right = [
            ("victim_kind", "person"),
            ("victim_surname", "Bell"),
            ("narrative", "A man rang from 07700 900123."),
            ("loss", "£1,250.50"),
            ("suspect_account", "20-00-00 55779911"),
            ("lives_alone", "yes"),
            ("reference", "forged"),
        ];
        let done = officer.post("/reports/new", &right).await;
        done.is(303);
        let path = done.location.clone().unwrap();
        officer
            .get(&path)
            .await
            .is(200)
            .has("CFS-26-000001")
            .has("£1,250.50")
            .has("Call for service")
            .has("Lives alone");
        let done = officer.post("/reports/new", &right).await;
        officer
            .get(done.location.as_deref().unwrap())
            .await
            .has("CFS-26-000002");
        for role in ["analyst", "strategy_lead", "auditor"] {
            let page = site.sign_in(role).await;
            page.get("/reports/new").await.is(403);
            page.post("/reports/new", &right).await.is(403);
        }
    });
}

#[test]
fn people_observables_and_networks_lead_to_each_other() {
    on_both(|site| async move {
        let mut second = report("D2", "Ashdown", "07700 900999");
        second["victim_forename"] = json!("Marjorie");
        second["victim_forename"] = json!("Maggie");
        let mut other = report("D3", "Okafor", "07700 900123");
        other["victim_forename"] = json!("Ade");
        other["victim_phone"] = json!("01438 555019");
        other["victim_date_of_birth"] = json!("1/1/1980");
        let ids = send(
            &site,
            &[report("D1", "Ashdown", "07700 900123"), second, other],
        )
        .await;
        let token = site
            .token(
                "analyst",
                &[
                    "report.view",
                    "nominal.view",
                    "observable.view",
                    "network.view",
                    "network.list",
                ],
            )
            .await;
        let api = |path: String| {
            let (site, token) = (site.clone(), token.clone());
            async move { site.call("GET", &path, &token, None).await }
        };
        let one = api(format!("/api/v1/reports/{}", ids[0])).await.json();
        let person = one["people"][0]["person"].as_str().unwrap().to_owned();
        let network = one["network"].as_str().unwrap().to_owned();
        let value = one["shared"][0]["observable"].as_str().unwrap().to_owned();
        assert_eq!(one["shared"][0]["others"], json!([ids[2]]));

        let known = api(format!("/api/v1/people/{person}")).await.json();
        assert_eq!(known["reports_as_victim"], json!(2));
        assert_eq!(known["repeat_victim"], json!(true));
        assert_eq!(known["links"][0]["band"], json!("link"));
        let listed = api("/api/v1/networks".to_owned()).await.json();
        assert_eq!(listed["networks"][0]["id"], json!(network));
        let held = api(format!("/api/v1/networks/{network}")).await.json();
        assert_eq!(held["reports"], json!(2));
        assert_eq!(held["loss_pence"], json!(500_000));
        assert_eq!(held["values"][0]["value"], json!("+447700900123"));
        assert_eq!(held["history"][0]["what"], json!("formed"));
        let seen = api(format!("/api/v1/observables/{value}")).await.json();
        assert_eq!(seen["reports"], json!(2));
        assert_eq!(seen["network"], json!(network));

        let inspector = site.sign_in("detective_inspector").await;
        inspector
            .get(&format!("/people/{person}"))
            .await
            .is(200)
            .has("Repeat victim")
            .has("D1")
            .has("D2")
            .has("differs")
            .has("Why these are held to be one")
            .has("Starting point");
        inspector
            .get(&format!("/observables/{value}"))
            .await
            .is(200)
            .has("Telephone")
            .has("D3");
        inspector
            .get(&format!("/networks/{network}"))
            .await
            .is(200)
            .has("£5,000 lost as reported")
            .has("Stevenage: 2")
            .has("Formed from 2 reports");
        inspector
            .get("/networks?order=latest")
            .await
            .is(200)
            .has("Most recent");
        inspector.get("/networks?after=rubbish").await.is(200);
        for path in [
            format!("/people/{person}"),
            format!("/observables/{value}"),
            format!("/networks/{network}"),
            "/networks".to_owned(),
        ] {
            site.sign_in("strategy_lead").await.get(&path).await.is(403);
            site.sign_in("partner_caller")
                .await
                .get(&path)
                .await
                .is(403);
        }
    });
}
