//! Judgements: same, not the same, a link rejected and restored.

use serde_json::{Value, json};

use super::harness::{Site, on_both};
use super::reports::{report, send};

async fn get(site: &Site, path: &str) -> Value {
    let token = site
        .token("analyst", &["report.view", "nominal.view", "network.view"])
        .await;
    let page = site.call("GET", path, &token, None).await;
    page.is(200);
    page.json()
}

async fn opened(site: &Site, id: &str) -> Value {
    get(site, &format!("/api/v1/reports/{id}")).await
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn victim(report: &Value) -> (String, String) {
    let one = &report["people"][0];
    (text(&one["mention"]), text(&one["person"]))
}

/// Work about a person on the queue of victim care: leads, and all.
async fn leads(site: &Site, person: &str) -> (i64, i64) {
    let by = site.app.command_line();
    let resource = record::access::Resource::of("report", "");
    let grant = by.permit(&intake::reports::VIEW, &resource, "").unwrap();
    let mut db = site.app.store().read(&grant).await.unwrap();
    let person: record::ids::PersonId = person.parse().unwrap();
    let count = |sql: &'static str| store::Sql::new(sql).with(" about = ?", [person.into()]);
    let leads = count("select count(*) as n from work_item where lead is null and");
    let all = count("select count(*) as n from work_item where");
    (db.count(leads).await.unwrap(), db.count(all).await.unwrap())
}

#[test]
fn not_the_same_splits_and_same_draws_together() {
    on_both(|site| async move {
        let ids = send(
            &site,
            &[
                report("E1", "Ashdown", "07700 900123"),
                report("E2", "Ashdown", "07700 900456"),
                report("E3", "Ashdown", "07700 900789"),
            ],
        )
        .await;
        let (m1, person) = victim(&opened(&site, &ids[0]).await);
        let (m3, same) = victim(&opened(&site, &ids[2]).await);
        assert_eq!(person, same);
        assert_eq!(leads(&site, &person).await, (1, 3));

        let analyst = site.sign_in("analyst").await;
        let judge = |verdict: &'static str, reason: &'static str| {
            let (analyst, m1, m3, back) = (
                analyst.clone(),
                m1.clone(),
                m3.clone(),
                format!("/reports/{}", ids[0]),
            );
            async move {
                let fields = [
                    ("left", m1.as_str()),
                    ("right", m3.as_str()),
                    ("verdict", verdict),
                    ("reason", reason),
                    ("back", back.as_str()),
                ];
                analyst.post("/people/judge", &fields).await
            }
        };
        judge("not_same", "short")
            .await
            .is(422)
            .has("at least 10 characters")
            .has("Ashdown");
        judge("perhaps", "They live in two towns")
            .await
            .is(422)
            .has("Select whether");
        let done = judge("not_same", "Mother and daughter of one name").await;
        done.is(303);
        assert_eq!(
            done.location.as_deref(),
            Some(format!("/reports/{}", ids[0]).as_str())
        );
        let (_, first) = victim(&opened(&site, &ids[0]).await);
        let (_, third) = victim(&opened(&site, &ids[2]).await);
        assert_ne!(first, third);
        // The larger part keeps the identifier, and its work is led anew on both sides.
        let sizes = [leads(&site, &first).await, leads(&site, &third).await];
        assert!(
            sizes.contains(&(1, 2)) && sizes.contains(&(1, 1)),
            "{sizes:?}"
        );
        let (kept, new) = if first == person {
            (&first, &third)
        } else {
            (&third, &first)
        };
        assert_eq!(kept, &person);
        let page = analyst.get(&format!("/people/{kept}")).await;
        page.is(200)
            .has("A part was split off")
            .has("Mother and daughter of one name");
        analyst
            .get(&format!("/people/{new}"))
            .await
            .is(200)
            .has("Split off");
        assert_eq!(
            get(&site, &format!("/api/v1/people/{kept}")).await["reports_as_victim"],
            2
        );

        // A later report joins one of them and never draws both together.
        let later = send(&site, &[report("E4", "Ashdown", "07700 900321")]).await;
        let (_, fourth) = victim(&opened(&site, &later[0]).await);
        assert!(fourth == *kept || fourth == *new);
        let (_, still) = victim(&opened(&site, &ids[0]).await);
        let (_, apart) = victim(&opened(&site, &ids[2]).await);
        assert_ne!(still, apart);

        // The latest judgement counts.
        judge("same", "One woman, checked with her bank")
            .await
            .is(303);
        let (_, first) = victim(&opened(&site, &ids[0]).await);
        let (_, third) = victim(&opened(&site, &ids[2]).await);
        assert_eq!(first, third);
        assert_eq!(leads(&site, &first).await, (1, 4));
        let gone = if first == *kept { new } else { kept };
        let old = analyst.get(&format!("/people/{gone}")).await;
        old.is(303);
        assert_eq!(old.location, Some(format!("/people/{first}")));
        let token = site.token("analyst", &["nominal.view"]).await;
        let moved = site
            .call("GET", &format!("/api/v1/people/{gone}"), &token, None)
            .await;
        moved.is(410).has(&first);
        analyst
            .get(&format!("/reports/{}", ids[0]))
            .await
            .has("Judge whether two descriptions are of one person");
    });
}

#[test]
fn an_earlier_not_the_same_stands_between_two_people() {
    on_both(|site| async move {
        let ids = send(
            &site,
            &[
                report("F1", "Ashdown", "07700 900123"),
                report("F2", "Ashdown", "07700 900456"),
                report("F3", "Ashdown", "07700 900789"),
            ],
        )
        .await;
        let mut mentions = Vec::new();
        for id in &ids {
            mentions.push(victim(&opened(&site, id).await).0);
        }
        let officer = site.sign_in("triage_officer").await;
        let judge = |left: String, right: String, verdict: &'static str| {
            let officer = officer.clone();
            async move {
                let fields = [
                    ("left", left.as_str()),
                    ("right", right.as_str()),
                    ("verdict", verdict),
                    ("reason", "Checked with both callers"),
                    ("back", "https://elsewhere.example/"),
                ];
                officer.post("/people/judge", &fields).await
            }
        };
        let (a, b, c) = (
            mentions[0].clone(),
            mentions[1].clone(),
            mentions[2].clone(),
        );
        let done = judge(a.clone(), c.clone(), "not_same").await;
        // Never to another site.
        assert_eq!(done.location.as_deref(), Some("/search"));
        let mut people = Vec::new();
        for id in &ids {
            people.push(victim(&opened(&site, id).await).1);
        }
        // B stayed with one of them: drawing it to the other would undo the judgement.
        let other = if people[1] == people[0] {
            c.clone()
        } else {
            a.clone()
        };
        judge(b.clone(), other, "same")
            .await
            .is(422)
            .has("judged other descriptions of these two not to be the same");
        judge(a.clone(), a.clone(), "same")
            .await
            .is(422)
            .has("two different descriptions");
        judge("x".to_owned(), a.clone(), "same").await.is(404);
        for role in ["victim_care", "auditor", "strategy_lead", "partner_caller"] {
            let fields = [
                ("left", a.as_str()),
                ("right", b.as_str()),
                ("verdict", "same"),
            ];
            site.sign_in(role)
                .await
                .post("/people/judge", &fields)
                .await
                .is(403);
        }
    });
}

#[test]
fn a_record_that_hangs_by_one_link_asks_to_be_judged_and_says_why() {
    on_both(|site| async move {
        let described = |reference: &str, born: &str, postcode: &str, phone: &str| {
            let mut one = report(reference, "Ashdown", "07700 900111");
            one["victim_date_of_birth"] = json!(born);
            one["victim_postcode"] = json!(postcode);
            one["victim_phone"] = json!(phone);
            for other in ["victim_email", "victim_address"] {
                one.as_object_mut().unwrap().remove(other);
            }
            one
        };
        let (born, home, phone) = ("5/4/1990", "AL1 1AA", "01992 555123");
        let ids = send(
            &site,
            &[
                described("W1", born, home, ""),
                described("W2", born, "", phone),
                described("W3", "", home, phone),
            ],
        )
        .await;
        let (left, person) = victim(&opened(&site, &ids[0]).await);
        let (right, same) = victim(&opened(&site, &ids[1]).await);
        assert_eq!(person, same);
        let why = "Only this link holds two parts of the record together.";
        let analyst = site.sign_in("analyst").await;
        let page = analyst.get(&format!("/people/{person}")).await;
        page.is(200).has("Could be the same").has(why);
        let known = get(&site, &format!("/api/v1/people/{person}")).await;
        let links = known["links"].as_array().unwrap();
        let weak: Vec<&Value> = links.iter().filter(|l| l["band"] == "weak").collect();
        assert_eq!(weak.len(), 2, "{links:?}");
        assert!(weak.iter().all(|l| l["why"] == why));
        // Judged, it is asked no more.
        let fields = [
            ("left", left.as_str()),
            ("right", right.as_str()),
            ("verdict", "same"),
            ("reason", "One woman, checked with her bank"),
        ];
        analyst.post("/people/judge", &fields).await.is(303);
        let known = get(&site, &format!("/api/v1/people/{person}")).await;
        let links = known["links"].as_array().unwrap();
        let open = links
            .iter()
            .filter(|l| l["band"] == "weak" && l["decided"].is_null());
        assert_eq!(open.count(), 1);
    });
}

#[test]
fn a_rejected_link_leaves_the_network_and_can_be_restored() {
    on_both(|site| async move {
        let ids = send(
            &site,
            &[
                report("G1", "Ashdown", "07700 900123"),
                report("G2", "Okafor", "07700 900123"),
                report("G3", "Lindqvist", "07700 900123"),
            ],
        )
        .await;
        let first = opened(&site, &ids[0]).await;
        let (network, value) = (
            text(&first["network"]),
            text(&first["shared"][0]["observable"]),
        );
        let path = format!("/reports/{}/links", ids[0]);
        let inspector = site.sign_in("detective_inspector").await;
        let form = |verdict: &'static str, reason: &'static str| {
            let (inspector, path, value) = (inspector.clone(), path.clone(), value.clone());
            async move {
                let fields = [
                    ("observable", value.as_str()),
                    ("verdict", verdict),
                    ("reason", reason),
                ];
                inspector.post(&path, &fields).await
            }
        };
        form("rejected", "")
            .await
            .is(422)
            .has("at least 10 characters")
            .has("Reject link");
        form("rejected", "The number is the victim's own bank")
            .await
            .is(303);
        form("rejected", "The number is the victim's own bank")
            .await
            .is(409)
            .has("Somebody else judged this link first");
        let alone = opened(&site, &ids[0]).await;
        assert!(alone["network"].is_null());
        assert_eq!(alone["shared"][0]["rejected"], json!(true));
        assert_eq!(text(&opened(&site, &ids[1]).await["network"]), network);
        let held = get(&site, &format!("/api/v1/networks/{network}")).await;
        assert_eq!(held["reports"], json!(2));
        assert_eq!(held["history"][0]["what"], json!("shrank"));

        // A new report with the value joins the others, not the one that was rejected.
        let more = send(&site, &[report("G4", "Bell", "07700 900123")]).await;
        assert_eq!(text(&opened(&site, &more[0]).await["network"]), network);
        assert!(opened(&site, &ids[0]).await["network"].is_null());

        inspector
            .get(&format!("/reports/{}", ids[0]))
            .await
            .has("does not join this report")
            .has("Restore link");
        form("restored", "It was the offender's number after all")
            .await
            .is(303);
        assert_eq!(text(&opened(&site, &ids[0]).await["network"]), network);
        assert_eq!(
            get(&site, &format!("/api/v1/networks/{network}")).await["reports"],
            4
        );

        // With only two left, rejecting one dissolves nothing but what it must.
        let fields = [("observable", value.as_str()), ("verdict", "rejected")];
        for role in ["victim_care", "auditor", "strategy_lead"] {
            site.sign_in(role).await.post(&path, &fields).await.is(403);
        }
        let wrong = [
            ("observable", "00000000-0000-0000-0000-000000000000"),
            ("verdict", "rejected"),
            ("reason", "No such value in this report"),
        ];
        inspector.post(&path, &wrong).await.is(404);
    });
}

#[test]
fn named_suspects_follow_their_judgement() {
    on_both(|site| async move {
        let suspect = |reference: &str, surname: &str, account: &str| {
            let mut one = report(reference, surname, "07700 900111");
            one["narrative"] = json!("He came to the door.");
            one["suspect_forename"] = json!("Gavin");
            one["suspect_surname"] = json!("Thistlewood");
            one["suspect_date_of_birth"] = json!("1/2/1980");
            one["suspect_postcode"] = json!("AL1 1AA");
            one["suspect_account"] = json!(account);
            one
        };
        let ids = send(
            &site,
            &[
                suspect("H1", "Ashdown", "20-00-00 55779911"),
                suspect("H2", "Okafor", "20-00-00 55779922"),
            ],
        )
        .await;
        let later = send(&site, &[suspect("H3", "Bell", "20-00-00 55779933")]).await;
        let of = |report: &Value| {
            let all = report["people"].as_array().unwrap();
            let one = all.iter().find(|p| p["role"] == "suspect").unwrap();
            (text(&one["mention"]), text(&one["person"]))
        };
        let (m1, p1) = of(&opened(&site, &ids[0]).await);
        let (m3, p3) = of(&opened(&site, &later[0]).await);
        assert_eq!(p1, p3);
        let known = get(&site, &format!("/api/v1/people/{p1}")).await;
        assert_eq!(known["reports_as_suspect"], json!(3));
        let analyst = site.sign_in("analyst").await;
        let fields = [
            ("left", m1.as_str()),
            ("right", m3.as_str()),
            ("verdict", "not_same"),
            ("reason", "Was in prison at the time"),
        ];
        analyst.post("/people/judge", &fields).await.is(303);
        let (_, p1) = of(&opened(&site, &ids[0]).await);
        let (_, p3) = of(&opened(&site, &later[0]).await);
        assert_ne!(p1, p3);
        // What stands for the suspect in each report is that report's suspect.
        for (report, person) in [(&ids[0], &p1), (&later[0], &p3)] {
            let found = opened(&site, report).await;
            let nominal: Vec<String> = found["found"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|f| f["kind"] == "nominal")
                .map(|f| text(&f["value"]))
                .collect();
            assert_eq!(nominal, std::slice::from_ref(person));
        }
    });
}
