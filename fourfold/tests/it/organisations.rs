#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

//! Organisations: one record each, who sees what, assessments and their actions, the schemes, the
//! referral and the measures, on both databases.

use record::access::Resource;
use record::report::{Party, PartyKind, Report};
use serde_json::{Value, json};
use store::{Row, Sql};
use web::register::MANAGE;

use super::harness::{Page, Site, Visitor, on_both};
use super::inbox::{highest, item, receive, report};

pub async fn rows(site: &Site, sql: impl Into<Sql>) -> Vec<Row> {
    let by = site.app.command_line();
    let of = Resource::of("test", "organisations");
    let grant = by.permit(&MANAGE, &of, "").unwrap();
    let mut reader = site.app.store().read(&grant).await.unwrap();
    reader.rows(sql).await.unwrap()
}

pub async fn number(site: &Site, sql: &'static str) -> i64 {
    rows(site, sql).await[0].get("n").unwrap()
}

/// Changes a row behind the pages.
pub async fn change(site: &Site, sql: &'static str) {
    let by = site.app.command_line();
    let of = Resource::of("test", "organisations");
    let grant = by.permit(&MANAGE, &of, "").unwrap();
    site.app
        .store()
        .write(&grant, move |tx| {
            Box::pin(async move { tx.run(sql).await.map(drop) })
        })
        .await
        .unwrap();
}

const FACTS: [(&str, &str); 5] = [
    ("name", "Oak Bakery Ltd"),
    ("company_number", "1234567"),
    ("postcode", "al13je"),
    ("kind", "business"),
    ("reason", "request"),
];

/// Records an organisation on its page and tells its address.
pub async fn recorded(who: &Visitor, fields: &[(&str, &str)]) -> String {
    let made = who.post("/organisations/new", fields).await;
    made.is(303).location.clone().unwrap()
}

/// A day of three boxes.
fn day(name: &str, date: &str) -> Vec<(String, String)> {
    let parts: Vec<&str> = date.split('-').collect();
    vec![
        (format!("{name}-year"), parts[0].to_owned()),
        (format!("{name}-month"), parts[1].to_owned()),
        (format!("{name}-day"), parts[2].to_owned()),
    ]
}

async fn send(who: &Visitor, path: &str, fields: Vec<(String, String)>) -> Page {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (&**n, &**v)).collect();
    who.post(path, &fields).await
}

fn pairs(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = fields.iter();
    owned
        .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
        .collect()
}

/// An engagement of ours, or of another body.
async fn engaged(who: &Visitor, path: &str, body: &str, on: &str, more: &[(&str, &str)]) -> Page {
    let mut fields = pairs(&[
        ("body", body),
        ("officers", "PC Rahman"),
        ("format", "visit"),
        ("topic", "phishing"),
    ]);
    fields.extend(day("on", on));
    fields.extend(pairs(more));
    send(who, &format!("{path}/engagements"), fields).await
}

/// Looks at other interests, of which there are none.
async fn contacted(who: &Visitor, path: &str) {
    let fields = [("reason", "request")];
    who.post(&format!("{path}/contact"), &fields).await.is(303);
}

/// Answers to a set: all good but these.
fn answers(site: &Site, set: &str, but: &[(&str, &str)]) -> Vec<(String, String)> {
    let policy = site
        .app
        .policy::<protect::organisations::OrganisationPolicy>();
    let policy = policy.unwrap();
    let set = policy.sets.newest(set).unwrap();
    let good = |id: &str| {
        let all = ["yes", "no"];
        let is_green = |answer: &&&str| {
            let only = |q: &str| Some((if q == id { **answer } else { "yes" }).to_owned());
            let outcome = set.judge(only).unwrap();
            let judged = outcome.answers.iter().find(|a| a.question.id == id);
            judged.unwrap().colour == record::assessment::Colour::Green
        };
        (*all.iter().find(is_green).unwrap()).to_owned()
    };
    set.questions
        .iter()
        .map(|q| {
            let other = but.iter().find(|(id, _)| *id == q.id);
            let answer = other.map_or_else(|| good(&q.id), |(_, a)| (*a).to_owned());
            (q.id.clone(), answer)
        })
        .collect()
}

async fn assessed(
    site: &Site,
    who: &Visitor,
    path: &str,
    set: &str,
    but: &[(&str, &str)],
) -> String {
    let sent = send(
        who,
        &format!("{path}/assess/{set}"),
        answers(site, set, but),
    )
    .await;
    sent.is(303).location.clone().unwrap()
}

/// The value of a measure in its running window: numerator, denominator, lines.
async fn figure(site: &Site, id: &str, which: usize) -> (i64, i64, Value) {
    strategy::compute(&site.app).await.unwrap();
    let token = site.token("detective_inspector", &["strategy.view"]).await;
    let page = site
        .call("GET", &format!("/api/v1/commitments/{id}"), &token, None)
        .await;
    let body = page.is(200).json();
    let windows = body["measures"][which]["windows"]
        .as_array()
        .unwrap()
        .clone();
    let last = windows.last().unwrap();
    assert_eq!(last["window"], "2026-12", "the running quarter");
    (
        last["numerator"].as_i64().unwrap(),
        last["denominator"].as_i64().unwrap(),
        last["lines"].clone(),
    )
}

#[test]
fn a_second_record_is_not_made_by_accident() {
    on_both(|site| async move {
        let officer = site.sign_in("protect_officer").await;
        officer
            .get("/organisations")
            .await
            .is(200)
            .has("No organisations here.");
        officer
            .post(
                "/organisations/new",
                &[
                    ("name", "???"),
                    ("company_number", "12"),
                    ("postcode", "Watford"),
                ],
            )
            .await
            .is(422)
            .has("Enter a name with letters in it")
            .has("Enter a company number of eight figures")
            .has("Enter a full UK postcode")
            .has("Choose what kind it is")
            .has("Choose why there is contact");
        let path = recorded(&officer, &FACTS).await;
        officer
            .get(&path)
            .await
            .is(200)
            .has("Oak Bakery Ltd")
            .has("01234567")
            .has("AL1 3JE")
            .has("Identified");
        // The number alone, under another name; then the name and the place.
        for same in [
            vec![("name", "Quite Other"), ("company_number", "01234567")],
            vec![
                ("name", "OAK BAKERY"),
                ("postcode", "AL1 3JE"),
                ("is_another", "yes"),
            ],
        ] {
            let mut fields = same;
            fields.extend([("kind", "business"), ("reason", "event")]);
            officer
                .post("/organisations/new", &fields)
                .await
                .is(422)
                .has("This organisation is on record already")
                .has(&format!("href=\"{path}\""));
        }
        // A branch of the same name: a person looks first.
        let mut branch = vec![
            ("name", "Oak Bakery Limited"),
            ("postcode", "SG1 1XX"),
            ("kind", "business"),
            ("reason", "event"),
        ];
        officer
            .post("/organisations/new", &branch)
            .await
            .is(422)
            .has("It may be on record already")
            .has("None of these: make a new record");
        branch.push(("is_another", "yes"));
        let second = recorded(&officer, &branch).await;
        assert_ne!(second, path);
        let found = officer.get("/organisations?q=oak+bakery").await;
        found.has(&path).has(&second);
        officer
            .get("/organisations?q=01234567")
            .await
            .has(&path)
            .lacks(&second);
        officer
            .get("/search?q=OAK+bakery+ltd")
            .await
            .has("Organisations on record")
            .has(&path)
            .has(&second);
        officer.get("/search?q=bakery").await.lacks(&path);
        // A form from before somebody else's change.
        let mut facts = FACTS.to_vec();
        facts.extend([("version", "1"), ("district", "<b>Dacorum</b>")]);
        let to = format!("{path}/facts");
        officer.post(&to, &facts).await.is(303);
        officer
            .get(&path)
            .await
            .has("&#60;b&#62;Dacorum")
            .has("Facts changed");
        officer
            .post(&to, &facts)
            .await
            .is(409)
            .has("Somebody else changed");
        facts[1] = ("company_number", "bad");
        officer.post(&to, &facts).await.is(422).has("eight figures");
    });
}

#[test]
fn the_work_is_for_those_who_do_it_and_a_sealed_record_for_nobody_else() {
    on_both(|site| async move {
        let officer = site.sign_in("protect_officer").await;
        let path = recorded(&officer, &FACTS).await;
        for role in ["partner_caller", "strategy_lead", "administrator"] {
            let other = site.sign_in(role).await;
            other.get("/organisations").await.is(403);
            other.get(&path).await.is(403);
        }
        for role in ["triage_officer", "victim_care", "analyst", "auditor"] {
            let other = site.sign_in(role).await;
            let page = other.get(&path).await;
            page.is(200)
                .has("Oak Bakery Ltd")
                .lacks("Record an engagement");
            other.get(&format!("{path}/contact")).await.is(403);
            other
                .post(&format!("{path}/close"), &[("note", "x")])
                .await
                .is(403);
        }
        let refused = "select count(*) as n from ledger_entry where refused = 1 \
            and act like 'organisation.%'";
        assert!(
            number(&site, refused).await >= 4,
            "refusals are in the ledger"
        );
        let viewed = "select count(*) as n from ledger_entry where act = 'organisation.view'";
        assert!(number(&site, viewed).await >= 4, "so is who opened it");
        change(
            &site,
            "update protect_organisation set compartment = 'prevent'",
        )
        .await;
        officer.get(&path).await.is(404);
        officer.get("/organisations").await.lacks("Oak Bakery");
        officer
            .get("/organisations?q=01234567")
            .await
            .lacks("Oak Bakery");
        officer.get("/search?q=oak").await.lacks("Oak Bakery");
        officer
            .post(&format!("{path}/people"), &[("name", "x")])
            .await
            .is(404);
        // Nothing tells that its number is on record.
        let other = [
            ("name", "Elm"),
            ("company_number", "01234567"),
            ("kind", "business"),
            ("reason", "event"),
        ];
        recorded(&officer, &other).await;
        for strange in ["/organisations/x", "/organisations/x/assess/insider-threat"] {
            officer.get(strange).await.is(404);
        }
        officer
            .get(&format!("{path}/assess/no-such-set"))
            .await
            .is(404);
    });
}

#[test]
fn others_interests_are_looked_at_before_contact_and_told_by_existence_only() {
    on_both(|site| async move {
        let officer = site.sign_in("protect_officer").await;
        let path = recorded(&officer, &FACTS).await;
        let early = engaged(&officer, &path, "force", "2026-11-20", &[]).await;
        early
            .is(422)
            .has("Look at other bodies&#39; interests first");
        let interest = [
            ("body", "ersou_protect"),
            ("ask", "The Protect desk, 01632 960 300"),
        ];
        let to = format!("{path}/interests");
        officer
            .post(&to, &[("body", "force")])
            .await
            .is(422)
            .has("Choose who");
        let inspector = site.sign_in("detective_inspector").await;
        inspector.post(&to, &interest).await.is(303);
        let contact = format!("{path}/contact");
        officer
            .get(&contact)
            .await
            .is(200)
            .has("ERSOU Protect has an interest")
            .has("The Protect desk");
        // An interest nothing was said about stops the contact.
        officer
            .post(&contact, &[("reason", "request")])
            .await
            .is(422)
            .has("Say what was agreed")
            .has("Choose whether contact is made");
        officer.get(&path).await.has("Identified");
        let no = [("reason", "request"), ("agreed", "Wait"), ("go", "no")];
        officer.post(&contact, &no).await.is(303);
        officer.get(&path).await.has("Identified").lacks(">Wait<");
        let yes = [
            ("reason", "request"),
            ("agreed", "Agreed with the desk"),
            ("go", "yes"),
        ];
        officer.post(&contact, &yes).await.is(303);
        officer
            .get(&path)
            .await
            .has("Contacted")
            .has("ERSOU Protect has an interest");
        // Whoever only looks is told nothing of it, on the page and by the API.
        for role in ["victim_care", "triage_officer", "analyst", "auditor"] {
            let other = site.sign_in(role).await;
            other
                .get(&path)
                .await
                .is(200)
                .lacks("ERSOU Protect")
                .lacks("Protect desk");
        }
        let id = path.rsplit('/').next().unwrap();
        let api = format!("/api/v1/organisations/{id}");
        let token = site.token("victim_care", &["organisation.view"]).await;
        let seen = site.call("GET", &api, &token, None).await;
        assert!(seen.is(200).json().get("interests").is_none());
        let scopes = ["organisation.view", "organisation.deconflict"];
        let token = site.token("protect_officer", &scopes).await;
        let seen = site.call("GET", &api, &token, None).await.is(200).json();
        assert_eq!(seen["interests"][0]["body"], "ersou_protect");
        engaged(&officer, &path, "force", "2026-11-20", &[])
            .await
            .is(303);
        officer.get(&path).await.has("Engaged").has("PC Rahman");
        // A look that is too old is made again.
        site.clock.set(site.app.now().plus_days(15));
        let officer = site.sign_in("protect_officer").await;
        let late = engaged(&officer, &path, "force", "2026-12-01", &[]).await;
        late.is(422).has("no look in the last 14 days");
    });
}

#[test]
fn an_investigation_is_an_interest_and_nothing_of_it_is_shown() {
    on_both(|site| async move {
        let ids = receive(&site, vec![highest(&site, "H-1")]).await;
        protect::organisations::link(&site.app).await.unwrap();
        let triage = item(&site, ids[0], "intake.triage").await.unwrap();
        let triager = site.sign_in("triage_officer").await;
        let ticked = format!("{}.{}", triage.id, triage.version);
        let confirm = [("do", "confirm"), ("item", &*ticked)];
        triager.post("/inbox/reports", &confirm).await.is(303);
        assert!(item(&site, ids[0], "pursue.allocation").await.is_some());
        let officer = site.sign_in("protect_officer").await;
        let list = officer.get("/organisations").await;
        let path = list.has("H-1 Joinery Ltd").body.clone();
        let at = path.find("href=\"/organisations/0").unwrap() + 6;
        let path = path[at..].split('"').next().unwrap().to_owned();
        officer
            .get(&format!("{path}/contact"))
            .await
            .has("Pursue has an interest. Ask the duty inspector first.")
            .lacks("Invoice redirected")
            .lacks("55779911");
        triager
            .get(&path)
            .await
            .is(200)
            .lacks("Pursue has an interest");
        // What is sealed stays sealed.
        change(&site, "update work_item set compartment = 'operation'").await;
        let contact = format!("{path}/contact");
        officer
            .get(&contact)
            .await
            .is(200)
            .lacks("Pursue has an interest");
    });
}

fn victim(site: &Site, reference: &str, name: &str, postcode: Option<&str>) -> Report {
    report(site, reference, |r| {
        r.district = Some("Dacorum".to_owned());
        r.victim = Party {
            kind: PartyKind::Organisation,
            organisation: Some(name.to_owned()),
            postcode: postcode.map(ToOwned::to_owned),
            staff_count: Some(12),
            ..Party::default()
        };
    })
}

#[test]
fn reports_find_their_organisation_and_a_person_decides_where_it_is_not_sure() {
    on_both(|site| async move {
        let reports = vec![
            victim(&site, "O-1", "Elm Joinery Ltd", Some("SG1 1XX")),
            victim(&site, "O-2", "ELM JOINERY LIMITED", Some("sg11xx")),
            victim(&site, "O-3", "Elm Joinery", None),
            victim(&site, "O-4", "Ash Dental", Some("AL1 3JE")),
            report(&site, "O-5", |_| {}),
        ];
        receive(&site, reports).await;
        change(
            &site,
            "update intake_report set compartment = 'prevent' where reference = 'O-4'",
        )
        .await;
        assert_eq!(protect::organisations::link(&site.app).await.unwrap(), 3);
        assert_eq!(protect::organisations::link(&site.app).await.unwrap(), 0);
        let made = "select count(*) as n from protect_organisation";
        assert_eq!(number(&site, made).await, 1, "the sealed one made none");
        let officer = site.sign_in("protect_officer").await;
        let list = officer.get("/organisations").await;
        list.has("Elm Joinery Ltd")
            .has("10 to 49")
            .lacks("Ash Dental");
        let one = rows(&site, "select id from protect_organisation").await;
        let id: record::ids::RecordId = one[0].get("id").unwrap();
        let path = format!("/organisations/{id}");
        let page = officer.get(&path).await;
        page.has("O-1")
            .has("O-2")
            .has("O-3")
            .has("It is this organisation")
            .lacks("O-5");
        let report = page.field("report");
        let link = format!("{path}/reports");
        officer.post(&link, &[("report", "x")]).await.is(409);
        officer.post(&link, &[("report", &report)]).await.is(303);
        officer
            .get(&path)
            .await
            .lacks("It is this organisation")
            .has("A person decided");
        officer.post(&link, &[("report", &report)]).await.is(409);
        // What comes in later finds the record.
        receive(
            &site,
            vec![victim(&site, "O-6", "Elm Joinery", Some("SG1 1XX"))],
        )
        .await;
        assert_eq!(protect::organisations::link(&site.app).await.unwrap(), 1);
        officer.get(&path).await.has("O-6");
        let analyst = site.sign_in("analyst").await;
        analyst.post(&link, &[("report", &report)]).await.is(403);
    });
}

#[test]
fn an_assessment_is_judged_agreed_and_followed_up() {
    on_both(|site| async move {
        let officer = site.sign_in("protect_officer").await;
        let path = recorded(&officer, &FACTS).await;
        contacted(&officer, &path).await;
        let ask = format!("{path}/assess/readiness-check");
        officer.get(&ask).await.is(200).has("within 14 days");
        officer
            .post(&ask, &[("CE-FW-1", "perhaps")])
            .await
            .is(422)
            .has("Choose an answer: Is every internet connection");
        let but = [("CE-AC-4", "no"), ("CE-FW-1", "unknown")];
        let result = assessed(&site, &officer, &path, "readiness-check", &but).await;
        let page = officer.get(&result).await;
        page.is(200)
            .has("Not ready")
            .has("Alone, this fails the scheme")
            .has("Turn on for all users")
            .has("Ask your provider")
            .lacks("will pass");
        officer.get(&path).await.has("Assessed");
        // A section of its own set, once.
        let id = result.rsplit('/').next().unwrap().to_owned();
        let mut insider = answers(&site, "insider-threat", &[("INS-LEA-1", "no")]);
        insider.push(("to".to_owned(), id.clone()));
        let to = format!("{path}/assess/insider-threat");
        let added = send(&officer, &to, insider.clone()).await;
        assert_eq!(added.is(303).location.as_deref(), Some(result.as_str()));
        send(&officer, &to, insider)
            .await
            .is(409)
            .has("answered already");
        officer
            .get(&result)
            .await
            .has("Insider threat")
            .has("Worst answer that bears on it")
            .has("Malicious");
        let agree = format!("{result}/actions");
        officer
            .post(&agree, &[])
            .await
            .is(422)
            .has("Choose what they will do");
        let mut wrong = pairs(&[
            ("action", "readiness-check:CE-AC-4"),
            ("owner", "office manager"),
        ]);
        wrong.extend(day("due", "2026-11-01"));
        send(&officer, &agree, wrong)
            .await
            .is(422)
            .has("must be in the future");
        let mut fields = pairs(&[
            ("action", "readiness-check:CE-AC-4"),
            ("action", "insider-threat:INS-LEA-1"),
            ("action", "readiness-check:NO-SUCH"),
            ("owner", "office manager"),
        ]);
        fields.extend(day("due", "2026-12-10"));
        send(&officer, &agree, fields).await.is(303);
        let kept = "select count(*) as n from protect_org_action";
        assert_eq!(
            number(&site, kept).await,
            2,
            "what was not proposed is not agreed"
        );
        officer
            .get(&path)
            .await
            .has("Advised")
            .has("office manager");
        let action = "select id from protect_org_action where insider = 1";
        let action: record::ids::RecordId = rows(&site, action).await[0].get("id").unwrap();
        let follow = format!("{path}/actions/{action}");
        officer.get(&follow).await.is(200).has("What became of it");
        officer
            .post(&follow, &[("version", "1")])
            .await
            .is(422)
            .has("Enter how you know");
        let part = [
            ("version", "1"),
            ("result", "part"),
            ("evidence", "A list is begun"),
        ];
        officer.post(&follow, &part).await.is(303);
        officer
            .post(&follow, &part)
            .await
            .is(409)
            .has("followed this up first");
        officer
            .get(&path)
            .await
            .has("Follow-up")
            .has("Done in part");
        let done = [
            ("version", "2"),
            ("result", "done"),
            ("evidence", "Seen at the visit"),
        ];
        officer.post(&follow, &done).await.is(303);
        officer
            .get(&follow)
            .await
            .has("A list is begun")
            .has("Seen at the visit");
        let history = "select count(*) as n from protect_org_follow_up";
        assert_eq!(number(&site, history).await, 2);
        officer
            .post(&format!("{path}/close"), &[])
            .await
            .is(422)
            .has("why it is closed");
        let closed = [("note", "All is followed up")];
        officer
            .post(&format!("{path}/close"), &closed)
            .await
            .is(303);
        officer
            .get(&path)
            .await
            .has("Closed")
            .has("All is followed up");
        officer
            .get("/organisations?view=closed")
            .await
            .has("Oak Bakery");
        officer.get("/organisations").await.lacks("Oak Bakery");
    });
}

#[test]
fn an_old_result_is_read_by_its_own_version() {
    on_both(|site| async move {
        let officer = site.sign_in("protect_officer").await;
        let path = recorded(&officer, &FACTS).await;
        let but = [("INS-GOV-1", "no")];
        let result = assessed(&site, &officer, &path, "insider-threat", &but).await;
        // As it was kept when the set had other questions.
        change(
            &site,
            "update protect_org_section set version = '0.9', outcome = replace(outcome, \
             'Does a senior person answer for insider risk', 'Did the board speak of it last year')",
        )
        .await;
        officer
            .get(&result)
            .await
            .is(200)
            .has("Version 0.9")
            .has("Did the board speak of it last year")
            .lacks("Does a senior person answer");
    });
}

#[test]
fn a_referral_passes_a_contact_by_consent_and_a_no_is_kept() {
    on_both(|site| async move {
        let officer = site.sign_in("protect_officer").await;
        let path = recorded(&officer, &FACTS).await;
        let offer = format!("{path}/referrals/new");
        officer
            .get(&offer)
            .await
            .is(200)
            .has("We pass nothing about any")
            .has("There is no contact on record");
        let yes = [
            ("answer", "yes"),
            ("given_by", "director"),
            ("need", "A web check"),
        ];
        officer
            .post(&offer, &yes)
            .await
            .is(422)
            .has("Add a contact to the record first");
        officer
            .post(&format!("{path}/people"), &[("name", "Ann <i>Oak</i>")])
            .await
            .is(422)
            .has("Enter their role")
            .has("Enter a phone number");
        let person = [
            ("name", "Ann <i>Oak</i>"),
            ("role", "director"),
            ("phone", "01632 960 001"),
        ];
        officer
            .post(&format!("{path}/people"), &person)
            .await
            .is(303);
        officer.get(&offer).await.has("Ann &#60;i&#62;Oak");
        let contact = rows(&site, "select id from protect_org_contact").await;
        let contact: record::ids::RecordId = contact[0].get("id").unwrap();
        let contact = contact.to_string();
        let mut yes = yes.to_vec();
        yes.push(("contact", &contact));
        officer.post(&offer, &yes).await.is(303);
        officer
            .post(&offer, &[("answer", "no"), ("given_by", "director")])
            .await
            .is(303);
        let page = officer.get(&path).await;
        page.has("Passed on, no answer yet")
            .has("Declined by them")
            .has("Referred since");
        let kept = rows(&site, "select id, passed, consent_text, consented from protect_org_referral order by consented desc").await;
        let text: String = kept[0].get("consent_text").unwrap();
        assert!(text.starts_with("We would like to pass your name"));
        assert_eq!(
            kept[0].get::<String>("passed").unwrap(),
            "Ann <i>Oak</i>, director, 01632 960 001. Need: A web check"
        );
        assert_eq!(kept[1].get::<String>("passed").unwrap(), "");
        let id: record::ids::RecordId = kept[0].get("id").unwrap();
        let one = format!("{path}/referrals/{id}");
        officer.get(&one).await.is(200).has("Ann &#60;i&#62;Oak");
        let odd = [
            ("version", "1"),
            ("accepted", "no"),
            ("service", "awareness"),
        ];
        officer
            .post(&one, &odd)
            .await
            .is(422)
            .has("has used no service");
        let used = [
            ("version", "1"),
            ("accepted", "yes"),
            ("service", "awareness"),
            ("feedback", "Useful"),
        ];
        officer.post(&one, &used).await.is(303);
        officer.post(&one, &used).await.is(409);
        officer.get(&path).await.has("Service used since");
        let refused: record::ids::RecordId = kept[1].get("id").unwrap();
        let one = format!("{path}/referrals/{refused}");
        officer.get(&one).await.has("Nothing: they said no");
        officer
            .post(&one, &used)
            .await
            .is(422)
            .has("nothing was passed");
        let care = site.sign_in("victim_care").await;
        care.get(&offer).await.is(403);
    });
}

#[test]
fn schemes_keep_their_days_and_certificates_run_out() {
    on_both(|site| async move {
        let officer = site.sign_in("protect_officer").await;
        let path = recorded(&officer, &FACTS).await;
        let to = format!("{path}/schemes");
        officer.get(&to).await.is(200).has("Police CyberAlarm");
        let mut fields = pairs(&[
            ("step-cyber_essentials", "certified"),
            ("step-cisp", "joined"),
        ]);
        send(&officer, &to, fields.clone())
            .await
            .is(422)
            .has("Cyber Essentials: enter the day");
        fields.extend(day("since-cyber_essentials", "2025-12-01"));
        fields.extend(day("since-cisp", "2026-03-02"));
        let mut odd = fields.clone();
        odd.extend(day("expires-cyber_essentials", "2025-11-01"));
        send(&officer, &to, odd)
            .await
            .is(422)
            .has("must end after it began");
        send(&officer, &to, fields.clone()).await.is(303);
        officer
            .get(&path)
            .await
            .has("Certified since 1 December 2025, until 1 December 2026")
            .has("Joined since 2 March 2026");
        // Sent again, nothing changes; nothing that was told is untold.
        send(&officer, &to, fields.clone()).await.is(303);
        assert_eq!(
            number(&site, "select count(*) as n from protect_org_scheme_step").await,
            2
        );
        fields.retain(|(name, _)| !name.contains("cisp"));
        send(&officer, &to, fields)
            .await
            .is(422)
            .has("cannot be untold");
        site.clock.set(site.app.now().plus_days(30));
        let officer = site.sign_in("protect_officer").await;
        officer.get(&path).await.has("Expired on 1 December 2026");
    });
}

#[test]
fn the_measures_count_what_they_say() {
    on_both(|site| async move {
        let officer = site.sign_in("protect_officer").await;
        let path = recorded(&officer, &FACTS).await;
        contacted(&officer, &path).await;
        let told = [("scheme", "cyber_essentials")];
        engaged(&officer, &path, "force", "2026-10-05", &told)
            .await
            .is(303);
        // The second engagement of the quarter makes no second business.
        engaged(&officer, &path, "force", "2026-11-20", &[])
            .await
            .is(303);
        let (met, of, lines) = figure(&site, "PREVENT-07", 0).await;
        assert_eq!((met, of), (0, 1), "{lines}");
        assert_eq!(lines["cyber_essentials_only"], 1);
        engaged(
            &officer,
            &path,
            "force",
            "2026-11-21",
            &[("scheme", "cisp")],
        )
        .await
        .is(303);
        let (met, of, lines) = figure(&site, "PREVENT-07", 0).await;
        assert_eq!((met, of), (1, 1), "{lines}");
        let (met, of, lines) = figure(&site, "PREVENT-07", 1).await;
        assert_eq!((met, of), (0, 2), "{lines}");
        let mut joined = pairs(&[("step-cisp", "joined"), ("step-cyber_essentials", "told")]);
        joined.extend(day("since-cisp", "2026-11-22"));
        joined.extend(day("since-cyber_essentials", "2026-10-05"));
        send(&officer, &format!("{path}/schemes"), joined)
            .await
            .is(303);
        let (met, of, lines) = figure(&site, "PREVENT-07", 1).await;
        assert_eq!((met, of, &lines["cisp"]), (1, 2, &json!(1)));

        let (met, of, _) = figure(&site, "ECRC-01", 0).await;
        assert_eq!((met, of), (0, 1));
        let no = [("answer", "no"), ("given_by", "director")];
        officer
            .post(&format!("{path}/referrals/new"), &no)
            .await
            .is(303);
        let (met, of, lines) = figure(&site, "ECRC-01", 0).await;
        assert_eq!((met, of), (1, 1), "who declined was offered one");
        assert_eq!(lines["offered_and_declined"], 1);

        let (met, of, _) = figure(&site, "ECRC-02", 0).await;
        assert_eq!((met, of), (0, 3));
        engaged(&officer, &path, "ecrc", "2026-11-22", &[])
            .await
            .is(303);
        let (met, of, _) = figure(&site, "ECRC-02", 0).await;
        assert_eq!(
            (met, of),
            (4, 4),
            "every one is within 90 days of another body's"
        );
        // One that was agreed with ours is no duplicate of it, and is of the others.
        let ours =
            "select id from protect_org_engagement where body = 'force' order by on_day desc";
        let ours: record::ids::RecordId = rows(&site, ours).await[0].get("id").unwrap();
        change(
            &site,
            "delete from protect_org_engagement where body = 'ecrc'",
        )
        .await;
        change(
            &site,
            "delete from protect_org_engagement where on_day < 1795200000000000",
        )
        .await;
        let joint = [("joint_with", &*ours.to_string())];
        engaged(&officer, &path, "ecrc", "2026-11-22", &joint)
            .await
            .is(303);
        let (met, of, _) = figure(&site, "ECRC-02", 0).await;
        assert_eq!(met, 0, "of {of}");

        assessed(&site, &officer, &path, "five-minute-check", &[]).await;
        let but = [("INS-LEA-1", "no"), ("INS-GOV-1", "unknown")];
        let result = assessed(&site, &officer, &path, "insider-threat", &but).await;
        let (met, of, lines) = figure(&site, "INSIDER-01", 0).await;
        assert_eq!((met, of), (1, 2), "{lines}");
        let mut fields = pairs(&[
            ("action", "insider-threat:INS-LEA-1"),
            ("action", "insider-threat:INS-GOV-1"),
            ("owner", "director"),
        ]);
        fields.extend(day("due", "2026-12-01"));
        send(&officer, &format!("{result}/actions"), fields)
            .await
            .is(303);
        let (_, of, _) = figure(&site, "INSIDER-05", 0).await;
        assert_eq!(of, 0, "not due yet");
        site.clock.set(site.app.now().plus_days(10));
        let officer = site.sign_in("protect_officer").await;
        let (met, of, lines) = figure(&site, "INSIDER-05", 0).await;
        assert_eq!((met, of, &lines["not_followed_up"]), (0, 2, &json!(2)));
        let all = rows(&site, "select id from protect_org_action order by id").await;
        for (row, result) in all.iter().zip(["declined", "not"]) {
            let id: record::ids::RecordId = row.get("id").unwrap();
            let fields = [
                ("version", "1"),
                ("result", result),
                ("evidence", "By phone"),
            ];
            officer
                .post(&format!("{path}/actions/{id}"), &fields)
                .await
                .is(303);
        }
        let (met, of, lines) = figure(&site, "INSIDER-05", 0).await;
        assert_eq!((met, of), (1, 2), "{lines}");
        // The names behind a figure, for those who may see them.
        let inspector = site.sign_in("detective_inspector").await;
        inspector
            .get("/strategy/INSIDER-05/names")
            .await
            .is(200)
            .has("Oak Bakery Ltd: ");
        inspector
            .get("/strategy/ECRC-02")
            .await
            .is(200)
            .has("5% or less");
    });
}

#[test]
fn programs_do_what_the_pages_do() {
    on_both(|site| async move {
        let scopes = [
            "organisation.list",
            "organisation.view",
            "organisation.record",
            "organisation.engage",
            "organisation.assess",
            "organisation.follow_up",
        ];
        let token = site.token("protect_officer", &scopes).await;
        let post = |path: String, body: Value| {
            let (site, token) = (site.clone(), token.clone());
            async move { site.call("POST", &path, &token, Some(body)).await }
        };
        let all = "/api/v1/organisations".to_owned();
        let facts = json!({ "name": "Oak Bakery", "kind": "business", "reason": "event" });
        let made = post(all.clone(), facts.clone()).await.is(201).json();
        assert_eq!(made["state"], "identified");
        let again = post(all.clone(), facts).await;
        again.is(409).has("It may be on record already");
        let strange = json!({ "name": "Oak", "colour": "red" });
        assert!(post(all.clone(), strange).await.status.is_client_error());
        post(all.clone(), json!({}))
            .await
            .is(400)
            .has("name: Enter the organisation");
        let path = format!("{all}/{}", made["id"].as_str().unwrap());
        let engagement = json!({
            "on": "2026-11-20", "body": "ecrc", "officers": "A student", "format": "talk",
            "topics": ["phishing"], "attendees": 12
        });
        post(format!("{path}/engagements"), engagement.clone())
            .await
            .is(201);
        let mut wrong = engagement;
        wrong["body"] = json!("force");
        wrong["attendees"] = json!(-4);
        wrong["on"] = json!("2026-13-40");
        let told = post(format!("{path}/engagements"), wrong).await;
        told.is(400).has("on: ").has("attendees: ");
        let sent: serde_json::Map<String, Value> =
            answers(&site, "five-minute-check", &[("backup", "no")])
                .into_iter()
                .map(|(q, a)| (q, a.into()))
                .collect();
        let body = json!({ "set": "five-minute-check", "answers": sent });
        let now = post(format!("{path}/assessments"), body)
            .await
            .is(201)
            .json();
        assert_eq!(now["assessments"][0]["verdict"], "to_put_right");
        assert_eq!(now["assessments"][0]["themes"][0]["colour"], "red");
        for (body, told) in [
            (json!({ "set": "nothing" }), "is none of"),
            (
                json!({ "set": "five-minute-check" }),
                "is missing for backup",
            ),
            (
                json!({ "set": "five-minute-check", "answers": { "ghost": "yes" } }),
                "is no question",
            ),
        ] {
            post(format!("{path}/assessments"), body)
                .await
                .is(400)
                .has(told);
        }
        let list = site.call("GET", &all, &token, None).await.is(200).json();
        assert_eq!(list["items"].as_array().unwrap().len(), 1);
        let caller = site.token("partner_caller", &["organisation.list"]).await;
        site.call("GET", &all, &caller, None).await.is(403);
    });
}
