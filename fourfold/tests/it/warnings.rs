#![allow(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as expected"
)]

//! Warnings to the public: from a draft to every channel and down again, with the public side, the box between and
//! a mail server on loopback.

use std::path::PathBuf;

use protect::messages::Post;
use protect::requests::Collector;
use protect::warnings::{Published, Publisher, keep_up};
use record::submission::{Submission, SubmissionKind};
use tempfile::TempDir;

use super::harness::{Page, ROLES, Site, Visitor, on_both};
use super::messages::{MailServer, Mood, done, first};
use super::portal::{Public, with_token};

/// A warning as its form sends it.
const FORM: [(&str, &str); 23] = [
    ("seen", "0"),
    ("template", "courier_fraud"),
    ("kind", "warn"),
    ("immediate", "yes"),
    ("title", "Callers <b>pretending</b> to be & police"),
    (
        "what",
        "Criminals call people here.\r\n\r\nIt is always a fraud.",
    ),
    ("steps", "Hang up.\r\nCall 159."),
    ("link", "https://www.police.uk/advice"),
    ("places", "watford"),
    ("interests", "money"),
    ("channels", "page"),
    ("channels", "atom"),
    ("channels", "cap"),
    ("channels", "email"),
    ("channels", "posts"),
    ("channels", "press"),
    ("trigger", "trend"),
    ("cause", "Nine calls since Friday"),
    ("decided-day", "23"),
    ("decided-month", "11"),
    ("decided-year", "2026"),
    ("decided_time", "9:30am"),
    ("expires-day", "30"),
];

const MORE: [(&str, &str); 2] = [("expires-month", "11"), ("expires-year", "2026")];

/// The form with some fields otherwise.
fn form<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = |(name, _): &&(&str, &str)| !changes.iter().any(|(n, _)| n == name);
    let usual: Vec<_> = FORM.iter().chain(&MORE).filter(kept).copied().collect();
    [usual, changes.to_vec()].concat()
}

/// Writes a warning, and tells its address.
async fn write(who: &Visitor, changes: &[(&str, &str)]) -> String {
    let page = who.post("/warnings/new", &form(changes)).await;
    let to = page.is(303).location.clone().unwrap();
    to.split('?').next().unwrap().to_owned()
}

/// Presses a button of the warning's own page.
async fn press(who: &Visitor, path: &str, step: &str) -> Page {
    let seen = who.get(path).await.field("seen");
    who.post(&format!("{path}/{step}"), &[("seen", &seen)])
        .await
}

/// Sends a decision's form with everything that lets it pass.
async fn decide(who: &Visitor, path: &str, step: &str, changes: &[(&str, &str)]) -> Page {
    let at = format!("{path}/{step}");
    let seen = who.get(&at).await.is(200).field("seen");
    let usual = [
        ("seen", seen.as_str()),
        ("decision", "pass"),
        ("reason", "Read and agreed"),
        ("officer", "DS Fern"),
        ("lines", "0"),
        ("lines", "1"),
        ("lines", "2"),
    ];
    let kept = usual
        .iter()
        .filter(|(n, _)| !changes.iter().any(|(c, _)| c == n));
    let fields: Vec<_> = kept.chain(changes).copied().collect();
    who.post(&at, &fields).await
}

/// The staff that a warning needs.
struct Staff {
    analyst: Visitor,
    inspector: Visitor,
    communications: Visitor,
}

impl Staff {
    /// A warning in force, as its form or with changes to it.
    async fn issue(&self, changes: &[(&str, &str)]) -> String {
        let path = write(&self.analyst, changes).await;
        self.approve(&path).await;
        press(&self.inspector, &path, "send").await.is(303);
        path
    }

    async fn of(site: &Site) -> Staff {
        Staff {
            analyst: site.sign_in("analyst").await,
            inspector: site.sign_in("detective_inspector").await,
            communications: site.sign_in("communications").await,
        }
    }

    /// From a draft to one that may be sent.
    async fn approve(&self, path: &str) {
        press(&self.analyst, path, "submit").await.is(303);
        decide(&self.inspector, path, "check/investigation", &[])
            .await
            .is(303);
        decide(&self.communications, path, "check/wording", &[])
            .await
            .is(303);
        decide(&self.inspector, path, "approve/inspector", &[])
            .await
            .is(303);
    }
}

/// The public side with the folder it shows, and the way its box is emptied.
struct Outside {
    public: Public,
    alerts: PathBuf,
    _folder: TempDir,
    collector: Collector,
}

impl Outside {
    fn new() -> Outside {
        let folder = tempfile::tempdir().unwrap();
        let alerts = folder.path().join("alerts");
        let public = Public::with_alerts(Some(alerts.clone()));
        let keys = folder.path().join("keys");
        std::fs::create_dir(&keys).unwrap();
        std::fs::write(keys.join("portal-test.key"), public.key.text().as_bytes()).unwrap();
        let collector = Collector::open(folder.path(), public.folder.path().to_owned()).unwrap();
        Outside {
            public,
            alerts,
            _folder: folder,
            collector,
        }
    }

    /// Asks for warnings by e-mail, as a visitor would.
    async fn subscribe(&self, fields: &[(&str, &str)]) {
        let token = self.public.token("/subscribe").await;
        let page = self
            .public
            .post("/subscribe", &with_token(&token, fields))
            .await;
        page.is(200).has("Check your email");
    }

    /// Follows a link of a message to its page, and presses the button there.
    async fn follow(&self, link: &str) {
        let path = link.strip_prefix("https://cyber.force.example").unwrap();
        let token = self.public.token(path).await;
        self.public.post(path, &[("token", &token)]).await.is(200);
    }

    async fn publish(&self, site: &Site) -> Published {
        let publisher = Publisher::open(self.alerts.clone()).unwrap();
        let done = publisher.publish(&site.app).await.unwrap();
        self.public.portal.read_alerts();
        done
    }
}

/// The text of a message with the folding of its transfer encoding undone.
fn unfolded(message: &str) -> String {
    message.replace("=\n", "").replace("=3D", "=")
}

/// The first link of a message that holds these words.
fn link(message: &str, words: &str) -> String {
    let text = unfolded(message);
    let links = text
        .split_whitespace()
        .filter(|w| w.starts_with("https://"));
    let mut links = links.filter(|w| w.contains(words));
    links
        .next()
        .unwrap_or_else(|| panic!("no {words} in {text}"))
        .to_owned()
}

async fn number(site: &Site, sql: &'static str) -> i64 {
    first(&site.app, sql).await.get("n").unwrap()
}

const SUBSCRIBERS: &str =
    "select count(*) as n from protect_subscription where confirmed_at is not null";

#[test]
fn a_warning_goes_from_draft_to_every_channel_and_is_cleared_down() {
    on_both(|site| async move {
        let (staff, outside) = (Staff::of(&site).await, Outside::new());
        let server = MailServer::start().await;
        let post = Post::open(&server.address).unwrap();
        let public = &outside.public;

        // Somebody asks for warnings, and confirms.
        outside
            .subscribe(&[("email", "ann@EXAMPLE.org"), ("places", "watford")])
            .await;
        outside.collector.collect(&site.app).await.unwrap();
        assert_eq!(number(&site, SUBSCRIBERS).await, 0);
        assert_eq!(post.dispatch(&site.app).await.unwrap(), done(1, 0, 0, 0));
        let confirm = link(&server.taken()[0], "/subscribe/confirm/");
        assert!(!server.taken()[0].contains("List-Unsubscribe"));
        // A program that opens every link confirms nothing.
        public
            .get(confirm.strip_prefix("https://cyber.force.example").unwrap())
            .await
            .is(200);
        outside.collector.collect(&site.app).await.unwrap();
        assert_eq!(number(&site, SUBSCRIBERS).await, 0);
        outside.follow(&confirm).await;
        outside.collector.collect(&site.app).await.unwrap();
        assert_eq!(number(&site, SUBSCRIBERS).await, 1);

        let path = write(&staff.analyst, &[]).await;
        staff
            .analyst
            .get(&path)
            .await
            .is(200)
            .has("Being written")
            .has("Subscribers it would reach");
        staff.approve(&path).await;
        assert_eq!(
            outside.publish(&site).await,
            Published::default(),
            "nothing goes out unsent"
        );
        public
            .get("/alerts")
            .await
            .has("There are no alerts just now");
        let seen = staff.inspector.get(&path).await.field("seen");
        let (send, once) = (format!("{path}/send"), [("seen", seen.as_str())]);
        staff.inspector.post(&send, &once).await.is(303);
        // The same form again, as a double click sends it.
        staff.inspector.post(&send, &once).await.is(409);

        // Page, Atom and CAP.
        let written = outside.publish(&site).await;
        assert_eq!((written.written, written.removed), (1, 0));
        assert_eq!(outside.publish(&site).await, Published::default());
        let id = path.rsplit('/').next().unwrap();
        let page = outside.public.get("/alerts").await;
        page.has("Callers &#60;b&#62;pretending&#60;/b&#62; to be &#38; police");
        page.has("Hang up.")
            .has("/advice/courier_fraud")
            .has("Watford");
        let atom = outside.public.get("/alerts/feed.xml").await;
        assert_eq!(
            atom.headers["content-type"],
            "application/atom+xml; charset=utf-8"
        );
        atom.is(200)
            .has(&format!("urn:uuid:{id}"))
            .has("Callers &lt;b&gt;");
        let document = format!("/alerts/cap/{id}.xml");
        outside
            .public
            .get("/alerts/cap.xml")
            .await
            .is(200)
            .has(&document);
        let cap = outside.public.get(&document).await;
        assert_eq!(
            cap.headers["content-type"],
            "application/cap+xml; charset=utf-8"
        );
        cap.is(200)
            .has("<msgType>Alert</msgType>")
            .has("<urgency>Immediate</urgency>");
        cap.has("<value>E07000103</value>")
            .has("<language>en-GB</language>");

        // E-mail, once, with a way out in text and head.
        assert_eq!(post.dispatch(&site.app).await.unwrap(), done(1, 0, 0, 0));
        assert_eq!(post.dispatch(&site.app).await.unwrap(), done(0, 0, 0, 0));
        let mail = unfolded(&server.taken()[1]);
        assert!(mail.contains("To: ann@example.org"), "{mail}");
        assert!(
            mail.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"),
            "{mail}"
        );
        assert!(
            mail.contains("Hang up.") && mail.contains(&format!("/alerts#{id}")),
            "{mail}"
        );
        let leave = link(&mail, "/subscribe/leave/");

        // Posts and press release.
        let page = staff.communications.get(&path).await;
        page.is(200)
            .has("Short post")
            .has("of 280 characters")
            .has("1 sent");
        let posted = [
            ("channel", "posts"),
            ("reach", "1,200"),
            ("note", "Two networks"),
        ];
        staff
            .communications
            .post(&format!("{path}/posted"), &posted)
            .await
            .is(303);
        staff
            .communications
            .get(&path)
            .await
            .has("1200 people reached")
            .has("Two networks");
        let press = staff.communications.get(&format!("{path}/press")).await;
        press
            .is(200)
            .has("For journalists")
            .lacks("Not for release")
            .lacks("Nine calls");

        // Measured, with the name behind the number.
        keep_up(&site.app).await.unwrap();
        ::strategy::compute(&site.app).await.unwrap();
        let names = staff.inspector.get("/strategy/PURSUE-08/names").await;
        names
            .is(200)
            .has("Quarter to Dec 2026")
            .has("In time")
            .has("Callers");

        // The reader leaves by the mail program's own button; the warning is cleared down.
        let leave = leave.strip_prefix("https://cyber.force.example").unwrap();
        let one_click = [("List-Unsubscribe", "One-Click")];
        outside.public.post(leave, &one_click).await.is(200);
        outside.public.post(leave, &one_click).await.is(200);
        outside.collector.collect(&site.app).await.unwrap();
        assert_eq!(
            number(&site, "select count(*) as n from protect_subscription").await,
            0
        );
        // The address is gone from what was sent to it as well; that it was sent stays.
        let held = "select count(*) as n from protect_message where address <> ''";
        assert_eq!(number(&site, held).await, 0);
        assert_eq!(
            number(&site, "select count(*) as n from protect_message").await,
            2
        );
        decide(
            &staff.inspector,
            &path,
            "clear",
            &[("reason", "A person was arrested")],
        )
        .await
        .is(303);
        staff
            .inspector
            .get(&path)
            .await
            .has("Cleared down")
            .has("A person was arrested");
        assert_eq!(outside.publish(&site).await.written, 1);
        outside
            .public
            .get("/alerts")
            .await
            .has("There are no alerts just now");
        let atom = outside.public.get("/alerts/feed.xml").await;
        assert!(!atom.is(200).body.contains("<entry>"));
        let cancelled = outside
            .public
            .get(&format!("/alerts/cap/{id}-cancel.xml"))
            .await;
        cancelled
            .is(200)
            .has("<msgType>Cancel</msgType>")
            .has(&format!(",{id},"));
        site.clock.set(site.app.now().plus_days(8));
        assert_eq!(outside.publish(&site).await.removed, 1);
    });
}

#[test]
fn nothing_is_sent_without_its_checks_and_somebody_elses_approval() {
    on_both(|site| async move {
        let staff = Staff::of(&site).await;
        let path = write(&staff.inspector, &[("immediate", "no")]).await;
        // Neither approved nor sent before it was checked.
        for step in ["approve/inspector", "clear"] {
            staff.inspector.get(&format!("{path}/{step}")).await.is(409);
        }
        let unsent = [("seen", "1")];
        staff
            .inspector
            .post(&format!("{path}/send"), &unsent)
            .await
            .is(409);
        press(&staff.inspector, &path, "submit").await.is(303);
        staff
            .inspector
            .get(&format!("{path}/approve/inspector"))
            .await
            .is(409);
        staff.inspector.get(&format!("{path}/edit")).await.is(409);

        // Who wrote it checks no wording and approves nothing; a line that is not ticked is a fault.
        staff
            .inspector
            .get(&format!("{path}/check/wording"))
            .await
            .is(403);
        let lines = [("lines", "0"), ("lines", "2")];
        let page = decide(&staff.inspector, &path, "check/investigation", &lines).await;
        page.is(422).has("Tick every line");
        let silent = [("officer", " "), ("reason", "")];
        let page = decide(&staff.inspector, &path, "check/investigation", &silent).await;
        page.is(422).has("officer in the case").has("Say why");
        decide(&staff.inspector, &path, "check/investigation", &[])
            .await
            .is(303);
        staff
            .inspector
            .get(&format!("{path}/check/investigation"))
            .await
            .is(409);

        // Sent back with a reason: what was checked before counts no more.
        let back = [("decision", "back"), ("reason", "A street is named")];
        decide(&staff.communications, &path, "check/wording", &back)
            .await
            .is(303);
        staff
            .inspector
            .get(&path)
            .await
            .has("Sent back to its writer")
            .has("A street is named");
        press(&staff.inspector, &path, "submit").await.is(303);
        let page = staff.communications.get(&path).await;
        page.has("Check: risk to investigations")
            .has("Check: wording");
        let triage = site.sign_in("triage_officer").await;
        triage.get(&format!("{path}/check/wording")).await.is(403);
        decide(&triage, &path, "check/investigation", &[])
            .await
            .is(303);
        decide(&staff.communications, &path, "check/wording", &[])
            .await
            .is(303);

        // Without haste both approvals are needed, and the inspector who wrote it gives none.
        staff
            .inspector
            .get(&format!("{path}/approve/inspector"))
            .await
            .is(403);
        staff
            .communications
            .get(&format!("{path}/approve/inspector"))
            .await
            .is(403);
        decide(&staff.communications, &path, "approve/communications", &[])
            .await
            .is(303);
        let approved = [("seen", "9")];
        staff
            .communications
            .post(&format!("{path}/send"), &approved)
            .await
            .is(409);
        staff
            .communications
            .get(&path)
            .await
            .has("Approval: detective inspector");
        let withdraw = [("decision", "entered_in_error"), ("reason", "Twice")];
        decide(&staff.inspector, &path, "withdraw", &withdraw)
            .await
            .is(303);
        staff
            .inspector
            .get(&path)
            .await
            .has("Withdrawn")
            .has("There is nothing for you to do");
        assert_eq!(
            number(&site, "select count(*) as n from protect_warning_channel").await,
            0
        );
    });
}

#[test]
fn who_may_do_what_is_policy() {
    on_both(|site| async move {
        let staff = Staff::of(&site).await;
        let path = write(&staff.analyst, &[]).await;
        press(&staff.analyst, &path, "submit").await.is(303);
        for role in ROLES {
            let who = site.sign_in(role).await;
            let allowed = |page: &Page| page.status.as_u16() != 403;
            let sees = [
                "triage_officer",
                "victim_care",
                "victim_care_supervisor",
                "detective_inspector",
                "communications",
                "analyst",
                "auditor",
            ];
            assert_eq!(
                allowed(&who.get(&path).await),
                sees.contains(&role),
                "{role} sees"
            );
            let writes = ["detective_inspector", "communications", "analyst"];
            let page = who.post("/warnings/new", &form(&[("title", "")])).await;
            assert_eq!(allowed(&page), writes.contains(&role), "{role} writes");
            let checks = ["detective_inspector", "triage_officer"];
            let page = who.get(&format!("{path}/check/investigation")).await;
            assert_eq!(allowed(&page), checks.contains(&role), "{role} checks");
            let sends = ["detective_inspector", "communications"];
            let page = who.post(&format!("{path}/send"), &[("seen", "0")]).await;
            assert_eq!(allowed(&page), sends.contains(&role), "{role} sends");
        }
    });
}

#[test]
fn two_who_write_at_once_see_both_texts() {
    on_both(|site| async move {
        let staff = Staff::of(&site).await;
        let path = write(&staff.analyst, &[]).await;
        let edit = format!("{path}/edit");
        let seen = staff.analyst.get(&edit).await.is(200).field("seen");
        let first = [
            ("seen", seen.as_str()),
            ("title", "What the inspector wrote"),
        ];
        staff.inspector.post(&edit, &form(&first)).await.is(303);
        let second = [("seen", seen.as_str()), ("title", "What the analyst wrote")];
        let page = staff.analyst.post(&edit, &form(&second)).await;
        page.is(409)
            .has("What stands there now")
            .has("Test detective_inspector saved this");
        page.has("What the inspector wrote")
            .has("What the analyst wrote");
        // Saving again is a choice that was made with both in view.
        let seen = page.field("seen");
        let third = [("seen", seen.as_str()), ("title", "What the analyst wrote")];
        staff.analyst.post(&edit, &form(&third)).await.is(303);
        let page = staff.inspector.get(&path).await;
        page.has("What the analyst wrote").has("Written, edition 3");
        // Somebody who gave it to be checked was first.
        press(&staff.analyst, &path, "submit").await.is(303);
        let page = staff.inspector.post(&edit, &form(&third)).await;
        page.is(409).has("no longer being written");
    });
}

#[test]
fn what_the_public_must_not_read_is_refused_at_its_field() {
    on_both(|site| async move {
        let analyst = site.sign_in("analyst").await;
        let nowhere = "0198f5d2-0000-7000-8000-0000000000ff";
        for (field, value, told) in [
            ("what", "Pay at secure-bank.com now", "not an official site"),
            ("steps", "Call 07700 900123", "Nobody has recorded"),
            (
                "link",
                "https://police.uk.evil.example/",
                "not an official site",
            ),
            ("what", "We had 40 reports", "Say where 40 comes from"),
            ("title", "\u{202e}Reversed", "cannot be seen"),
            ("expires-year", "2025", "cannot be in the past"),
            ("decided-day", "24", "cannot be in the future"),
            ("network", nowhere, "There is no such network"),
            ("template", "none", "Begin again"),
        ] {
            let page = analyst
                .post("/warnings/new", &form(&[(field, value)]))
                .await;
            page.is(422).has(told);
        }
        assert_eq!(
            number(&site, "select count(*) as n from protect_warning").await,
            0
        );
    });
}

#[test]
fn a_warning_ends_by_itself_and_an_update_takes_the_place_of_another() {
    on_both(|site| async move {
        let (staff, outside) = (Staff::of(&site).await, Outside::new());
        let path = staff.issue(&[]).await;
        outside.publish(&site).await;
        let id = path.rsplit('/').next().unwrap();
        let update = staff
            .analyst
            .get(&format!("/warnings/new?replaces={id}"))
            .await;
        update.is(200).has("Write an update");
        let again = [("replaces", id), ("title", "They also text now")];
        let again = staff.issue(&again).await;
        staff
            .analyst
            .get(&path)
            .await
            .has("Cleared down")
            .has("Replaced by");
        let done = outside.publish(&site).await;
        assert_eq!((done.written, done.removed), (1, 1));
        let newer = again.rsplit('/').next().unwrap();
        let cap = outside
            .public
            .get(&format!("/alerts/cap/{newer}.xml"))
            .await;
        cap.is(200)
            .has("<msgType>Update</msgType>")
            .has(&format!(",{id},"));
        outside
            .public
            .get(&format!("/alerts/cap/{id}.xml"))
            .await
            .is(404);

        site.clock
            .set(record::Timestamp::parse("2026-12-01T00:00:00Z").unwrap());
        assert_eq!(outside.publish(&site).await.removed, 1);
        keep_up(&site.app).await.unwrap();
        keep_up(&site.app).await.unwrap();
        let cleared = "select count(*) as n from protect_warning_step where what = 'cleared'";
        assert_eq!(number(&site, cleared).await, 2);
        let analyst = site.sign_in("analyst").await;
        analyst
            .get(&again)
            .await
            .has("Cleared down")
            .has("Its time is over");
    });
}

/// What could come out of the box if somebody had broken into the public side.
fn sent(n: u128, kind: SubmissionKind, fields: &[(&str, &str)]) -> Submission {
    let fields = fields.iter();
    Submission {
        version: Submission::VERSION,
        id: record::ids::SubmissionId(uuid::Uuid::from_u128(n)),
        kind,
        at: 1_795_435_200_000_000,
        reference: String::new(),
        fields: fields
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect(),
    }
}

impl Outside {
    fn leave(&self, submission: &Submission) {
        let open = serde_json::to_vec(submission).unwrap();
        let file = self
            .public
            .folder
            .path()
            .join(format!("{}.age", submission.id));
        let sealed = sealing::seal(&open, &self.public.key.public()).unwrap();
        std::fs::write(file, sealed).unwrap();
    }
}

#[test]
fn subscriptions_take_addresses_only_and_forget_what_nobody_confirms() {
    on_both(|site| async move {
        let outside = Outside::new();
        let addresses = [
            "a@example.org\r\nBcc: all@example.org",
            "a@example.org, b@example.org",
            "<script>@example.org>",
            "",
        ];
        for (n, email) in (1..).zip(addresses) {
            outside.leave(&sent(n, SubmissionKind::Subscribe, &[("email", email)]));
        }
        let forged = "0".repeat(64);
        outside.leave(&sent(
            20,
            SubmissionKind::ConfirmSubscription,
            &[("token", &forged)],
        ));
        outside.leave(&sent(
            21,
            SubmissionKind::LeaveSubscription,
            &[("token", "")],
        ));
        outside.collector.collect(&site.app).await.unwrap();
        let all = "select count(*) as n from protect_subscription";
        let messages = "select count(*) as n from protect_message";
        assert_eq!(number(&site, all).await, 0);
        assert_eq!(number(&site, messages).await, 0);

        // Asking again and again fills nobody's mailbox.
        for n in 30..35 {
            let fields = [("email", "ann@example.org"), ("places", "moon watford")];
            outside.leave(&sent(n, SubmissionKind::Subscribe, &fields));
        }
        outside.collector.collect(&site.app).await.unwrap();
        assert_eq!(number(&site, messages).await, 2);
        let row = first(
            &site.app,
            "select places, token from protect_subscription limit 1",
        )
        .await;
        assert_eq!(row.get::<String>("places").unwrap(), "[\"watford\"]");
        // A token that comes too late confirms nothing, and the address goes.
        let token: String = row.get("token").unwrap();
        site.clock.set(site.app.now().plus_days(2).plus_minutes(1));
        outside.leave(&sent(
            40,
            SubmissionKind::ConfirmSubscription,
            &[("token", &token)],
        ));
        outside.collector.collect(&site.app).await.unwrap();
        assert_eq!(number(&site, SUBSCRIBERS).await, 0);
        keep_up(&site.app).await.unwrap();
        assert_eq!(number(&site, all).await, 0);
        let held = "select count(*) as n from protect_message where address <> ''";
        assert_eq!(number(&site, held).await, 0);
    });
}

#[test]
fn the_public_form_refuses_what_could_become_a_header() {
    on_both(|_| async move {
        let outside = Outside::new();
        let public = &outside.public;
        for bad in [
            "a@example.org\r\nBcc: b@example.org",
            "<b>@example.org",
            "",
            "a@b",
        ] {
            let token = public.token("/subscribe").await;
            let page = public
                .post("/subscribe", &with_token(&token, &[("email", bad)]))
                .await;
            page.is(422).has("There is a problem");
            assert!(!page.body.contains("<b>@"), "{}", page.body);
        }
        public.get("/subscribe/confirm/nothing").await.is(404);
        public
            .get(&format!("/subscribe/burn/{}", "0".repeat(64)))
            .await
            .is(404);
        public.get("/alerts/cap/../../etc").await.is(404);
        assert!(public.sealed().is_empty());
    });
}

#[test]
fn a_warning_that_may_have_arrived_is_not_sent_again() {
    on_both(|site| async move {
        let (staff, outside) = (Staff::of(&site).await, Outside::new());
        let server = MailServer::start().await;
        let post = Post::open(&server.address).unwrap();
        for email in ["ann@example.org", "bob@example.org"] {
            outside.subscribe(&[("email", email)]).await;
        }
        outside.collector.collect(&site.app).await.unwrap();
        post.dispatch(&site.app).await.unwrap();
        for message in server.taken() {
            outside.follow(&link(&message, "/subscribe/confirm/")).await;
        }
        outside.collector.collect(&site.app).await.unwrap();
        assert_eq!(number(&site, SUBSCRIBERS).await, 2);
        let path = staff.issue(&[]).await;
        // A mailbox that asks to come back later holds up nobody else's message.
        server.is(Mood::AsksToComeBack);
        assert_eq!(post.dispatch(&site.app).await.unwrap(), done(0, 2, 0, 0));
        site.clock.set(site.app.now().plus_minutes(2));
        server.is(Mood::Vanishes);
        assert_eq!(post.dispatch(&site.app).await.unwrap(), done(0, 0, 0, 2));
        server.is(Mood::Takes);
        site.clock.set(site.app.now().plus_minutes(600));
        assert_eq!(post.dispatch(&site.app).await.unwrap(), done(0, 0, 0, 0));
        assert_eq!(server.taken().len(), 4);
        let analyst = site.sign_in("analyst").await;
        analyst
            .get(&path)
            .await
            .has("2 not known, and not sent again");
        // They are no messages to victims: nobody is asked to decide about them.
        let victim_care = site.sign_in("victim_care").await;
        victim_care
            .get("/messages")
            .await
            .is(200)
            .has("Nothing waits for a decision");
    });
}

#[test]
fn guidance_past_its_review_is_named() {
    on_both(|site| async move {
        protect::guidance::record(&site.app).await.unwrap();
        ::strategy::compute(&site.app).await.unwrap();
        let inspector = site.sign_in("detective_inspector").await;
        let names = inspector.get("/strategy/PREVENT-05/names").await;
        names.is(200).has("In date").lacks("Past its review");
        let count = "select count(*) as n from protect_guidance";
        let before = number(&site, count).await;
        assert!(before > 40, "{before}");
        // The next month keeps its own figure; this one stays what it was.
        site.clock
            .set(record::Timestamp::parse("2028-01-10T12:00:00Z").unwrap());
        protect::guidance::record(&site.app).await.unwrap();
        protect::guidance::record(&site.app).await.unwrap();
        ::strategy::compute(&site.app).await.unwrap();
        assert_eq!(number(&site, count).await, 2 * before);
        let inspector = site.sign_in("detective_inspector").await;
        let names = inspector.get("/strategy/PREVENT-05/names").await;
        names.is(200).has("Past its review");
    });
}
