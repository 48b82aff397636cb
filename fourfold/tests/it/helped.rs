#![allow(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as expected"
)]

//! Victims of a network are told that their report helped: who can be, who cannot and why, each once.

use protect::messages::Post;
use record::report::Report;
use serde_json::{Value, json};
use store::Sql;
use web::AppSetting;

use super::harness::{Page, ROLES, Site, Visitor, on_both_with};
use super::messages::{MailServer, done};
use super::reports::seal;
use super::victim_care::{lead, merge, number, report, rows, seed_app, subject};

const FILE: &str = "protect/messages.toml";

/// The shipped policy with the legal check of two texts recorded, one of them in Polish too. The text about a site
/// that was taken down has none.
pub fn checked(mut setting: AppSetting) -> AppSetting {
    let mut text = setting.policy.text(FILE).unwrap().to_owned();
    for what in ["helped", "charged"] {
        let marked = format!("helped = \"{what}\"\n");
        text = text.replace(&marked, &format!("{marked}legal_checked = 2026-11-02\n"));
    }
    let polish = "\n[[template]]\nid = \"charged_pl\"\nhelped = \"charged\"\ntitle = \"Ktoś usłyszał zarzuty\"\n\
                  owner = \"Victim care\"\nversion = 1\nlanguage = \"pl\"\nlegal_checked = 2026-11-02\n\
                  subject = \"Sprawa {{ reference }}\"\nbody = \"Dzień dobry {{ name }}, dziękujemy.\"\n";
    text.push_str(polish);
    setting.policy.0.insert(FILE.to_owned(), text);
    setting
}

/// A report with one offender's telephone and account in it, which join all of them.
fn of_network(reference: &str, victim: Value) -> Report {
    let mut fields = json!({
        "narrative": "They rang from 07700 900123 and asked me to move £2,500 to sort code 20-00-00 account 12345678.",
        "victim": { "kind": "person" }
    });
    merge(&mut fields, json!({ "victim": victim }));
    report(reference, fields)
}

fn named(forename: &str, surname: &str, born: &str) -> Value {
    json!({ "forename": forename, "surname": surname, "date_of_birth": born })
}

fn with(mut victim: Value, more: Value) -> Value {
    merge(&mut victim, more);
    victim
}

/// One woman with two reports, and one victim for every reason there is.
fn network() -> Vec<Report> {
    let margaret = with(
        named("Margaret", "Ashdown", "1955-03-04"),
        json!({ "email": "margaret@victim.example", "phone": "01923 960961", "postcode": "WD17 1AA" }),
    );
    let email = |to: &str| json!({ "email": to });
    let mut theo = of_network(
        "N-3",
        with(named("Theo", "Quill", "1990-05-05"), email("t@v.example")),
    );
    theo.markers.insert("domestic_abuse_link".to_owned());
    vec![
        of_network("N-1", margaret.clone()),
        of_network("N-2", margaret),
        theo,
        of_network(
            "N-4",
            json!({ "kind": "organisation", "organisation": "Hollin Joinery Ltd",
                    "address": "4 Mill Lane, Watford", "postcode": "WD17 1AB" }),
        ),
        of_network(
            "N-5",
            with(
                named("Ania", "Nowak", "1971-02-02"),
                json!({ "email": "ania@v.example", "language": "pl" }),
            ),
        ),
        of_network("N-6", named("Omar", "Bellweather", "1962-07-09")),
        of_network(
            "N-7",
            with(
                named("Sunita", "Raokar", "1983-11-30"),
                email("sunita@v.example"),
            ),
        ),
        of_network(
            "N-8",
            with(
                named("Zofia", "Kettering", "1949-01-21"),
                json!({ "email": "z@v.example", "language": "ur" }),
            ),
        ),
        of_network(
            "N-9",
            with(
                named("Grace", "Holtby", "1977-08-17"),
                json!({ "email": "grace@v.example", "safe_contact": "Only after 6pm <b>" }),
            ),
        ),
        of_network(
            "N-10",
            with(
                named("Secret", "Person", "1988-09-19"),
                email("secret@v.example"),
            ),
        ),
    ]
}

/// The network with its victims; the one to be sealed is sealed, one has said that she wants no updates.
async fn seeded(site: &Site) -> String {
    seed_app(&site.app, network()).await;
    seal(site, &subject(site, "N-10").await).await;
    let sql = "select network from shared_report where reference = 'N-1'";
    let network: record::ids::NetworkId = rows(site, sql).await[0].get("network").unwrap();
    let members = "select count(*) as n from shared_report where network is not null";
    assert_eq!(number(site, members).await, 10, "one network");
    let officer = site.sign_in("victim_care").await;
    let decision = format!("/victim-care/{}/decision", lead(site, "N-7").await);
    officer
        .post(&decision, &[("wants_updates", "no")])
        .await
        .is(303);
    format!("/helped/{network}")
}

const SAID: [(&str, &str); 6] = [
    ("happened", "charged"),
    ("on-day", "20"),
    ("on-month", "11"),
    ("on-year", "2026"),
    ("authorised_by", "DI Ruth Hallam"),
    ("reason", "Two men charged on 20 November <script>"),
];

async fn step(who: &Visitor, path: &str, step: &str, more: &[(&str, &str)]) -> Page {
    let mut fields = SAID.to_vec();
    fields.push(("step", step));
    fields.extend(more);
    who.post(path, &fields).await
}

/// The part of a page that begins with the row of somebody.
fn row<'p>(page: &'p Page, name: &str) -> &'p str {
    let from = page
        .body
        .find(&format!(">{name}</a>"))
        .unwrap_or_else(|| panic!("{name}: {}", page.body));
    let rest = &page.body[from..];
    &rest[..rest.find("</tr>").unwrap()]
}

/// The keys of rows with a tick box on a page, with whether each is ticked.
fn ticks(page: &Page) -> Vec<(String, bool)> {
    let boxes = page.body.split("name=\"tell\" value=\"").skip(1);
    boxes
        .map(|rest| {
            let (key, rest) = rest.split_once('"').unwrap();
            (key.to_owned(), rest.starts_with(" checked"))
        })
        .collect()
}

async fn written(site: &Site) -> (i64, i64) {
    (
        number(site, "select count(*) as n from protect_message").await,
        number(site, "select count(*) as n from protect_letter").await,
    )
}

#[test]
fn each_victim_is_told_once_or_stands_with_the_reason_why_not() {
    on_both_with(checked, |site| async move {
        let path = seeded(&site).await;
        let officer = site.sign_in("detective_inspector").await;
        let network = path.replace("/helped/", "/networks/");
        officer
            .get(&network)
            .await
            .is(200)
            .has(&format!("href=\"{path}\""));
        let page = officer.get(&path).await;
        page.is(200)
            .has("8 victims in 9 reports: 3 can be told by email, 1 by letter, 4 cannot.")
            .has("Nobody has recorded the legal check of &#34;Your report helped: a site or number")
            .lacks("value=\"taken_down\"")
            .lacks("Secret Person")
            .lacks("secret@v.example");
        assert!(row(&page, "Margaret Ashdown").contains("margaret@victim.example"));
        assert!(row(&page, "Margaret Ashdown").contains("N-1, 2 reports"));
        assert!(row(&page, "Theo Quill").contains("domestic abuse"));
        assert!(row(&page, "Hollin Joinery Ltd").contains("4 Mill Lane, Watford WD17 1AB"));
        assert!(row(&page, "Omar Bellweather").contains("No email or postal address is held"));
        assert!(row(&page, "Sunita Raokar").contains("Did not want to be told"));
        assert!(row(&page, "Grace Holtby").contains("write from the call page"));

        // What is left out of the record is asked for; a text without a check, and none at all, are refused.
        let empty = officer.post(&path, &[("step", "page-0")]).await;
        empty
            .is(422)
            .has("Choose what happened")
            .has("Enter who authorised")
            .has("Say what happened and why");
        let unchecked = [
            ("happened", "taken_down"),
            ("authorised_by", "A"),
            ("reason", "B"),
        ];
        officer
            .post(&path, &unchecked)
            .await
            .is(422)
            .has("legal check");

        let choose = step(&officer, &path, "page-0", &[]).await;
        choose
            .is(200)
            .has("3 ticked, 0 left out")
            .has("No text in their language");
        let all = ticks(&choose);
        assert_eq!(all.len(), 3);
        assert!(all.iter().all(|(_, ticked)| *ticked), "{all:?}");
        // Nobody left: an error. Then Ania alone is left out, and stays so.
        let shown: Vec<(&str, &str)> = all.iter().map(|(key, _)| ("shown", key.as_str())).collect();
        step(&officer, &path, "preview", &shown)
            .await
            .is(422)
            .has("Tick at least one victim");
        let ania = subject(&site, "N-5").await;
        let mut fields = shown.clone();
        fields.extend(
            all.iter()
                .filter(|(k, _)| *k != ania)
                .map(|(k, _)| ("tell", k.as_str())),
        );
        step(&officer, &path, "page-0", &fields)
            .await
            .has("2 ticked, 1 left out");
        let preview = step(&officer, &path, "preview", &fields).await;
        preview
            .is(200)
            .has("Dear Margaret Ashdown")
            .has("reference N-1")
            .has("2 victims read this")
            .has("Tell 2 victims")
            .has("Two men charged on 20 November &#60;script&#62;")
            .lacks("Dzień dobry");
        assert_eq!(
            written(&site).await,
            (0, 0),
            "nothing goes out before it is sent"
        );

        let seen = preview.field("seen");
        let last = [("seen", seen.as_str()), ("out", &ania)];
        let sent = step(&officer, &path, "send", &last).await;
        let one = sent.is(303).location.clone().unwrap();
        // The same form again, as a double click sends it.
        step(&officer, &path, "send", &last)
            .await
            .is(409)
            .has("Nothing was sent");
        assert_eq!(written(&site).await, (1, 1));
        decided(&site, &officer, &path, &one).await;
    });
}

/// After the decision: what became of each, and that nobody is told again.
async fn decided(site: &Site, officer: &Visitor, path: &str, one: &str) {
    let waits = officer.get(one).await;
    waits
        .is(200)
        .has("DI Ruth Hallam")
        .has("20 November 2026")
        .has("by Test detective_inspector")
        .has("Waiting to go out</a>: 2")
        .has("Left out by the officer</a>: 1")
        .has("Could not be told</a>: 5")
        .has("Told: 0")
        .lacks("Secret Person");
    let server = MailServer::start().await;
    let post = Post::open(&server.address).unwrap();
    assert_eq!(post.dispatch(&site.app).await.unwrap(), done(1, 0, 0, 0));
    assert!(server.taken()[0].contains("Subject: Your reference N-1"));
    let decision = one.split('?').next().unwrap();
    officer
        .get(&format!("{decision}?part=told"))
        .await
        .has("Told</a>: 1")
        .has("Margaret Ashdown")
        .lacks("Hollin Joinery");
    officer
        .get(&format!("{decision}?part=left_out"))
        .await
        .has("Ania Nowak")
        .lacks("Margaret Ashdown");
    officer
        .get(&format!("{decision}?part=cannot"))
        .await
        .has("Theo Quill")
        .has("A link to domestic abuse");

    // The letter is posted, and counts as told.
    let care = site.sign_in("victim_care").await;
    let list = care.get("/letters").await;
    list.is(200).has("Hollin Joinery Ltd").has("1 letter waits");
    let letter = list.body.split("href=\"/letters/").nth(2).unwrap();
    let letter = format!("/letters/{}", letter.split('"').next().unwrap());
    care.post(&letter, &[("decision", "posted")]).await.is(303);
    officer.get(one).await.has("Told</a>: 2");

    // Told before: with when and which text; the same cannot be told again, something else can.
    let page = officer.get(path).await;
    page.has("2 told, 1 left out by the officer, 5 could not be told");
    assert!(
        row(&page, "Margaret Ashdown").contains("somebody was charged: email of 23 November 2026")
    );
    let again = step(officer, path, "page-0", &[]).await;
    assert!(row(&again, "Margaret Ashdown").contains("Told this already"));
    assert_eq!(ticks(&again), [(subject(site, "N-5").await, true)]);
    let other = [
        ("happened", "helped"),
        ("authorised_by", "A"),
        ("reason", "B"),
    ];
    let other = officer.post(path, &other).await;
    assert_eq!(ticks(&other).len(), 2, "{}", other.body);
    let entered = "select count(*) as n from ledger_entry where resource_kind = 'helped'";
    assert_eq!(number(site, entered).await, 1);
}

#[test]
fn what_changed_in_between_is_a_conflict_and_nothing_is_sent() {
    on_both_with(checked, |site| async move {
        let path = seeded(&site).await;
        let officer = site.sign_in("victim_care_supervisor").await;
        let preview = step(&officer, &path, "preview", &[]).await;
        let seen = preview.is(200).field("seen");
        let last = [("seen", seen.as_str())];
        // Another report joins the network.
        let more = with(
            named("Ivo", "Underhill", "1966-06-06"),
            json!({ "email": "ivo@v.example" }),
        );
        seed_app(&site.app, vec![of_network("N-11", more)]).await;
        step(&officer, &path, "send", &last).await.is(409);
        assert_eq!(written(&site).await, (0, 0));

        // Somebody else tells one of them, from the call page.
        let preview = step(&officer, &path, "preview", &[]).await;
        let seen = preview.has("Tell 4 victims").field("seen");
        let other = site.sign_in("victim_care").await;
        let call = format!("/victim-care/{}/message", lead(&site, "N-11").await);
        let fields = [
            ("template", "helped_network_charged"),
            ("address", "ivo@v.example"),
            ("step", "send"),
            ("seen", "0"),
        ];
        other.post(&call, &fields).await.is(303);
        step(&officer, &path, "send", &[("seen", &seen)])
            .await
            .is(409);
        assert_eq!(written(&site).await, (1, 0));
        let page = officer.get(&path).await;
        assert!(row(&page, "Ivo Underhill").contains("by Test victim_care"));

        // What was left out by a key that is nobody's here is nothing; a forged list of ticks tells nobody else.
        let theo = subject(&site, "N-3").await;
        let preview = step(
            &officer,
            &path,
            "preview",
            &[("out", "rubbish"), ("tell", &theo)],
        )
        .await;
        let seen = preview.has("Tell 3 victims").field("seen");
        step(&officer, &path, "send", &[("seen", &seen), ("tell", &theo)])
            .await
            .is(303);
        let to_theo = Sql::new("select count(*) as n from protect_message where ")
            .with("address = ?", ["t@v.example".into()]);
        assert_eq!(rows(&site, to_theo).await[0].get::<i64>("n").unwrap(), 0);
    });
}

#[test]
fn the_choice_is_for_those_who_make_it() {
    on_both_with(checked, |site| async move {
        let path = seeded(&site).await;
        for role in ROLES {
            let visitor = site.sign_in(role).await;
            let tells = [
                "victim_care",
                "victim_care_supervisor",
                "detective_inspector",
            ]
            .contains(&role);
            let sees = tells || role == "auditor";
            let status = visitor.get(&path).await.status.as_u16();
            assert_eq!(status, if sees { 200 } else { 403 }, "{role}");
            let status = step(&visitor, &path, "page-0", &[]).await.status.as_u16();
            assert_eq!(status, if tells { 200 } else { 403 }, "{role}");
            let network = visitor.get(&path.replace("helped", "networks")).await;
            assert_eq!(network.body.contains(&path), sees, "{role}");
        }
        let auditor = site.sign_in("auditor").await;
        auditor.get(&path).await.lacks("Choose who is told");
        // No such network, and one of which nothing may be seen: the network's own page says so.
        let officer = site.sign_in("victim_care").await;
        officer.get("/helped/x").await.is(404);
        let none = format!("/helped/{}", uuid::Uuid::from_u128(5));
        officer.get(&none).await.is(303);
        step(&officer, &none, "send", &[]).await.is(409);
        let decision = format!("{path}/{}", uuid::Uuid::from_u128(5));
        officer.get(&decision).await.is(404);
    });
}

#[test]
fn programs_tell_victims_by_the_same_rules() {
    on_both_with(checked, |site| async move {
        let path = seeded(&site).await;
        let token = site
            .token("victim_care", &["helped.view", "helped.tell"])
            .await;
        let api = format!("/api/v1{path}");
        let get = |query: &str| {
            let (site, token, path) = (site.clone(), token.clone(), format!("{api}{query}"));
            async move { site.call("GET", &path, &token, None).await }
        };
        get("?happened=won").await.is(400).has("helped, charged");
        let open = get("?happened=charged").await;
        let open = open.is(200).json();
        assert_eq!(open["count"], json!(8));
        let victims = open["victims"].as_array().unwrap();
        let why: Vec<&str> = victims.iter().filter_map(|v| v["why"].as_str()).collect();
        assert_eq!(
            why,
            [
                "domestic_abuse",
                "no_address",
                "declined",
                "language",
                "one_by_one"
            ]
        );
        let body = |leave: Vec<String>| {
            json!({
                "happened": "charged", "happened_on": "2026-11-20", "authorised_by": "DI Hallam",
                "reason": "Charged", "leave_out": leave, "seen": open["seen"]
            })
        };
        let post = |body: Value| {
            let (site, token, api) = (site.clone(), token.clone(), api.clone());
            async move { site.call("POST", &api, &token, Some(body)).await }
        };
        let theo = subject(&site, "N-3").await;
        post(body(vec![theo])).await.is(400).has("leave_out");
        post(json!({ "happened": "charged", "authorised_by": "", "reason": "", "seen": "" }))
            .await
            .is(400)
            .has("authorised_by: ");
        let ania = subject(&site, "N-5").await;
        let made = post(body(vec![ania])).await;
        let made = made.is(201).json();
        let figure = |name: &str| {
            let all = made["figures"].as_array().unwrap();
            all.iter().find(|f| f["figure"] == name).unwrap()["victims"].as_i64()
        };
        assert_eq!(
            (figure("waiting"), figure("left_out"), figure("cannot")),
            (Some(2), Some(1), Some(5))
        );
        post(body(Vec::new())).await.is(409);
        let one = get(&format!("/{}?part=left_out", made["id"].as_str().unwrap())).await;
        let names = one.is(200).json();
        assert_eq!(names["victims"][0]["name"], json!("Ania Nowak"));
        assert_eq!(names["victims"].as_array().unwrap().len(), 1);
        assert_eq!(written(&site).await, (1, 1));
    });
}

/// Words as unlike each other as chance makes them, or linkage would see one person in two.
fn word(n: u64, salt: u64) -> String {
    let mut left = (n + 1).wrapping_mul(salt) % 208_827_064_576;
    let mut word = String::new();
    while left > 0 {
        word.push(char::from(b'a' + u8::try_from(left % 26).unwrap()));
        left /= 26;
    }
    word
}

const MANY: u64 = 3_000;

/// A network of 3,000 victims. So common a telephone would join nothing: they are put together here.
async fn many(site: &Site) -> String {
    for part in 0..6 {
        let reports = (part * MANY / 6..(part + 1) * MANY / 6).map(|n| {
            let born = format!("19{:02}-{:02}-{:02}", n % 90 + 10, n % 12 + 1, n % 28 + 1);
            let victim = with(
                named(
                    &word(n, 40_503_000_017),
                    &word(n, 2_654_435_761_000_003),
                    &born,
                ),
                json!({ "email": format!("v{n}@victim.example") }),
            );
            report(
                &format!("M-{n}"),
                json!({ "victim": victim, "narrative": "" }),
            )
        });
        seed_app(&site.app, reports.collect()).await;
    }
    let by = site.app.command_line();
    let of = record::access::Resource::of("test", "helped");
    let grant = by.permit(&web::register::MANAGE, &of, "").unwrap();
    let id = record::ids::NetworkId(uuid::Uuid::from_u128(77));
    let written = site.app.store().write(&grant, move |tx| {
        Box::pin(async move {
            let now = tx.now();
            let sql = Sql::new(
                "insert into intake_network (id, name, reports, first_at, last_at) values ",
            )
            .with(
                "(?, 'Large', 3000, ?, ?)",
                [id.into(), now.into(), now.into()],
            );
            tx.run(sql).await?;
            let sql = Sql::new("update intake_report set ").with("network = ?", [id.into()]);
            tx.run(sql).await
        })
    });
    written.await.unwrap();
    format!("/helped/{id}")
}

#[test]
fn three_thousand_victims_are_told_page_by_page() {
    on_both_with(checked, |site| async move {
        let path = many(&site).await;
        let officer = site.sign_in("victim_care_supervisor").await;
        let begun = std::time::Instant::now();
        let first = officer.get(&path).await;
        let took = begun.elapsed();
        first
            .is(200)
            .has("3,000 victims in 3,000 reports")
            .has("?page=2");
        assert_eq!(
            first
                .body
                .matches("<tr class=\"govuk-table__row ff-row\">")
                .count(),
            100
        );
        assert!(first.body.len() < 200_000, "{}", first.body.len());
        officer
            .get(&format!("{path}?page=30"))
            .await
            .is(200)
            .lacks("?page=31");

        // The last page: two are left out there, and stay so on the way back to the first.
        let last = step(&officer, &path, "page-29", &[]).await;
        let rows = ticks(last.is(200));
        assert_eq!(rows.len(), 100);
        let mut fields: Vec<(&str, &str)> = Vec::new();
        for (n, (key, _)) in rows.iter().enumerate() {
            fields.push(("shown", key));
            if n >= 2 {
                fields.push(("tell", key));
            }
        }
        let back = step(&officer, &path, "page-0", &fields).await;
        back.is(200).has("2998 ticked, 2 left out");
        let out = [("out", rows[0].0.as_str()), ("out", rows[1].0.as_str())];
        // Everybody left out, and three ticked: the form still fits.
        let none = step(&officer, &path, "none", &[]).await;
        assert!(none.is(200).body.len() < 600_000, "{}", none.body.len());
        let preview = step(&officer, &path, "preview", &out).await;
        let seen = preview.is(200).has("Tell 2,998 victims").field("seen");
        let begun = std::time::Instant::now();
        let sent = step(&officer, &path, "send", &[out[0], out[1], ("seen", &seen)]).await;
        eprintln!(
            "the list of {MANY} took {took:?}, the sending {:?}",
            begun.elapsed()
        );
        let one = sent.is(303).location.clone().unwrap();
        assert_eq!(written(&site).await, (2_998, 0));
        officer.get(&one).await.has("Waiting to go out</a>: 2998");
        let left = one.replace("done=told", "part=left_out");
        assert_eq!(
            officer
                .get(&left)
                .await
                .is(200)
                .body
                .matches("ff-row")
                .count(),
            2
        );
        // All of them are listed, though they were made at one moment.
        let mut next = Some("/messages?view=waiting".to_owned());
        let mut listed = 0;
        while let Some(at) = next {
            let page = officer.get(&at).await;
            listed += page.is(200).body.matches("ff-row").count();
            next = page
                .body
                .split("href=\"/messages?view=waiting&#38;after=")
                .nth(1)
                .map(|rest| {
                    let after = rest.split('"').next().unwrap();
                    format!("/messages?view=waiting&after={after}")
                });
        }
        assert_eq!(listed, 2_998);
    });
}
