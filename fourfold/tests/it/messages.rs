#![allow(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as expected"
)]

//! Messages to victims, against a mail server that speaks SMTP on loopback.

use std::sync::{Arc, Mutex};

use protect::messages::{Dispatched, MessagePolicy, Post};
use record::access::Resource;
use record::policy::Files;
use store::Sql;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use web::register::MANAGE;
use web::{App, AppSetting};

use super::harness::{ROLES, Site, Visitor, on_both_with};
use super::victim_care::seed_app;

/// How the mail server answers the next message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Takes,
    /// The recipient does not exist.
    Refuses,
    /// Greylisting.
    AsksToComeBack,
    /// Takes the text, and is gone before it says so.
    Vanishes,
}

/// A mail server that keeps what it took.
#[derive(Clone)]
pub struct MailServer {
    pub address: String,
    mood: Arc<Mutex<Mood>>,
    taken: Arc<Mutex<Vec<String>>>,
}

impl MailServer {
    pub async fn start() -> MailServer {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = MailServer {
            address: format!("smtp://{}", listener.local_addr().unwrap()),
            mood: Arc::new(Mutex::new(Mood::Takes)),
            taken: Arc::default(),
        };
        let own = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = own.clone();
                // A client that hangs up is no failure.
                tokio::spawn(async move { server.talk(stream).await.unwrap_or(()) });
            }
        });
        server
    }

    pub fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    pub fn taken(&self) -> Vec<String> {
        self.taken.lock().unwrap().clone()
    }

    /// One client's session, as RFC 5321 has it.
    async fn talk(&self, stream: tokio::net::TcpStream) -> std::io::Result<()> {
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"220 mail.test ESMTP\r\n").await?;
        while let Some(line) = lines.next_line().await? {
            let mood = *self.mood.lock().unwrap();
            let verb = line.split(' ').next().unwrap_or_default().to_uppercase();
            let answer: &[u8] = match (verb.as_str(), mood) {
                ("EHLO", _) => b"250-mail.test\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
                ("RCPT", Mood::Refuses) => b"550 5.1.1 no such mailbox\r\n",
                ("RCPT", Mood::AsksToComeBack) => b"451 4.7.1 greylisted\r\n",
                ("QUIT", _) => {
                    return write.write_all(b"221 bye\r\n").await;
                }
                ("DATA", _) => {
                    write.write_all(b"354 go on\r\n").await?;
                    let mut text = String::new();
                    while let Some(line) = lines.next_line().await? {
                        if line == "." {
                            break;
                        }
                        text.push_str(&line);
                        text.push('\n');
                    }
                    self.taken.lock().unwrap().push(text);
                    if mood == Mood::Vanishes {
                        return Ok(());
                    }
                    b"250 taken\r\n"
                }
                _ => b"250 ok\r\n",
            };
            write.write_all(answer).await?;
        }
        Ok(())
    }
}

/// The shipped policy with a legal check recorded, so that texts may be sent.
pub fn checked(mut setting: AppSetting) -> AppSetting {
    const FILE: &str = "protect/messages.toml";
    let text = setting.policy.text(FILE).unwrap().replace(
        "title = \"We could not reach you\"",
        "title = \"We could not reach you\"\nlegal_checked = 2026-11-02",
    );
    setting.policy.0.insert(FILE.to_owned(), text);
    setting
}

pub fn victims() -> Vec<record::report::Report> {
    let mut reports = super::victim_care::sample();
    for report in &mut reports {
        report.victim.email = Some("margaret@victim.example".to_owned());
    }
    reports[0].victim.forename = Some("Margaret\r\nBcc: all@victim.example".to_owned());
    reports
}

pub async fn first(app: &App, sql: impl Into<Sql>) -> store::Row {
    let by = app.command_line();
    let grant = by
        .permit(&MANAGE, &Resource::of("test", "messages"), "")
        .unwrap();
    let mut reader = app.store().read(&grant).await.unwrap();
    reader.rows(sql).await.unwrap().remove(0)
}

/// Address of the message page of a victim.
pub async fn to(site: &Site, reference: &'static str) -> String {
    let sql =
        Sql::new("select w.id from work_item w join shared_report r on r.id = w.subject where ")
            .with(
                "r.reference = ? and w.queue = 'protect.victim_care'",
                [reference.into()],
            );
    let id: record::ids::WorkItemId = first(&site.app, sql).await.get("id").unwrap();
    format!("/victim-care/{id}/message")
}

pub async fn state(site: &Site) -> String {
    let sql = "select state from protect_message order by id desc limit 1";
    first(&site.app, sql).await.get("state").unwrap()
}

const FORM: [(&str, &str); 3] = [
    ("template", "could_not_reach"),
    ("address", "margaret@victim.example"),
    ("step", "send"),
];

/// Writes one message as the victim care officer.
pub async fn write(officer: &Visitor, to: &str, more: &[(&str, &str)]) -> super::harness::Page {
    let seen = officer.get(to).await.field("seen");
    let mut fields = FORM.to_vec();
    fields.push(("seen", &seen));
    fields.extend(more);
    officer.post(to, &fields).await
}

pub fn done(sent: usize, waiting: usize, refused: usize, unsure: usize) -> Dispatched {
    Dispatched {
        sent,
        waiting,
        refused,
        unsure,
    }
}

#[test]
fn a_message_is_read_before_it_goes_and_goes_once() {
    on_both_with(checked, |site| async move {
        seed_app(&site.app, victims()).await;
        let server = MailServer::start().await;
        let post = Post::open(&server.address).unwrap();
        let officer = site.sign_in("victim_care").await;
        let path = to(&site, "R-1").await;
        officer.get(&path).await.is(200).has("What we spoke about");
        let preview = officer
            .post(
                &path,
                &[FORM[0], FORM[1], ("step", "preview"), ("seen", "0")],
            )
            .await;
        preview.is(200).has("We have tried to call you").has("R-1");
        assert_eq!(post.dispatch(&site.app).await.unwrap(), done(0, 0, 0, 0));

        let sent = write(&officer, &path, &[]).await;
        let message = sent.is(303).location.clone().unwrap();
        officer.get(&message).await.has("Waiting to go out");
        // The same form again, as a double click sends it.
        let twice = officer
            .post(
                &path,
                &[FORM[0], FORM[1], FORM[2], ("seen", "0"), ("again", "yes")],
            )
            .await;
        twice.is(409);
        assert_eq!(post.dispatch(&site.app).await.unwrap(), done(1, 0, 0, 0));
        assert_eq!(post.dispatch(&site.app).await.unwrap(), done(0, 0, 0, 0));
        let taken = server.taken();
        assert_eq!(taken.len(), 1);
        assert!(
            taken[0].contains("Subject: Your reference R-1"),
            "{taken:?}"
        );
        let head = taken[0].split("\n\n").next().unwrap();
        assert!(!head.contains("\nBcc:"), "{head}");
        officer.get("/messages?view=done").await.has("R-1");

        // Again within the week only when that is asked for.
        write(&officer, &path, &[])
            .await
            .is(422)
            .has("Tick the box");
        write(&officer, &path, &[("again", "yes")]).await.is(303);
        assert_eq!(post.dispatch(&site.app).await.unwrap(), done(1, 0, 0, 0));
    });
}

#[test]
fn what_the_mail_server_says_decides_what_follows() {
    on_both_with(checked, |site| async move {
        seed_app(&site.app, victims()).await;
        let server = MailServer::start().await;
        let post = Post::open(&server.address).unwrap();
        let officer = site.sign_in("victim_care").await;
        let path = to(&site, "R-1").await;
        write(&officer, &path, &[]).await.is(303);

        server.is(Mood::AsksToComeBack);
        assert_eq!(post.dispatch(&site.app).await.unwrap(), done(0, 1, 0, 0));
        assert_eq!(state(&site).await, "queued");
        // Not before its time.
        assert_eq!(post.dispatch(&site.app).await.unwrap(), done(0, 0, 0, 0));
        site.clock.set(site.app.now().plus_minutes(2));
        let nobody = Post::open("smtp://127.0.0.1:1").unwrap();
        assert_eq!(nobody.dispatch(&site.app).await.unwrap(), done(0, 1, 0, 0));
        site.clock.set(site.app.now().plus_minutes(6));
        server.is(Mood::Refuses);
        assert_eq!(post.dispatch(&site.app).await.unwrap(), done(0, 0, 1, 0));
        let list = officer.get("/messages").await;
        list.is(200).has("no such mailbox").has("Refused");
        assert!(server.taken().is_empty());

        write(&officer, &path, &[("again", "yes")]).await.is(303);
        server.is(Mood::Vanishes);
        assert_eq!(post.dispatch(&site.app).await.unwrap(), done(0, 0, 0, 1));
        assert_eq!(state(&site).await, "unsure");
        // It was taken: however often the job runs, it is not sent a second time.
        server.is(Mood::Takes);
        site.clock.set(site.app.now().plus_days(1));
        assert_eq!(post.dispatch(&site.app).await.unwrap(), done(0, 0, 0, 0));
        assert_eq!(server.taken().len(), 1);
    });
}

#[test]
fn a_process_that_ends_while_sending_leaves_the_decision_to_a_person() {
    on_both_with(checked, |site| async move {
        seed_app(&site.app, victims()).await;
        let server = MailServer::start().await;
        let post = Post::open(&server.address).unwrap();
        let officer = site.sign_in("victim_care").await;
        let path = to(&site, "R-1").await;
        let message = write(&officer, &path, &[]).await.location.clone().unwrap();
        let message = message.split('?').next().unwrap().to_owned();
        // As the process leaves it that is killed after its claim.
        let by = site.app.command_line();
        let of = Resource::of("test", "messages");
        let grant = by.permit(&MANAGE, &of, "").unwrap();
        let killed = site.app.store().write(&grant, |tx| {
            Box::pin(async move {
                let now = tx.now();
                let sql = Sql::new("update protect_message set ")
                    .with("state = 'handed_over', handed_at = ?", [now.into()]);
                tx.run(sql).await
            })
        });
        killed.await.unwrap();
        assert_eq!(post.dispatch(&site.app).await.unwrap(), done(0, 0, 0, 0));
        site.clock.set(site.app.now().plus_minutes(11));
        assert_eq!(post.dispatch(&site.app).await.unwrap(), done(0, 0, 0, 1));
        assert!(server.taken().is_empty());

        let settle = format!("{message}/settle");
        officer
            .post(&settle, &[("decision", "again")])
            .await
            .is(422)
            .has("Say how you know");
        let decided = [("decision", "again"), ("note", "Not in the server's log")];
        officer.post(&settle, &decided).await.is(303);
        officer.post(&settle, &decided).await.is(409);
        assert_eq!(post.dispatch(&site.app).await.unwrap(), done(1, 0, 0, 0));
        officer
            .get(&message)
            .await
            .has("Not in the server&#39;s log");
    });
}

#[test]
fn nobody_is_written_to_against_the_rules() {
    on_both_with(checked, |site| async move {
        seed_app(&site.app, victims()).await;
        let officer = site.sign_in("victim_care").await;
        // A domestic abuse link.
        let child = to(&site, "R-3").await;
        officer.get(&child).await.is(200).has("domestic abuse link");
        let fields = [FORM[0], FORM[1], FORM[2], ("seen", "0")];
        officer.post(&child, &fields).await.is(422);
        // An address that is not held, and a text without a legal check.
        let path = to(&site, "R-1").await;
        let other = [FORM[0], FORM[2], ("address", "x@y.example"), ("seen", "0")];
        officer
            .post(&path, &other)
            .await
            .is(422)
            .has("Choose an address");
        let unchecked = [("template", "helped"), FORM[1], FORM[2], ("seen", "0")];
        officer
            .post(&path, &unchecked)
            .await
            .is(422)
            .has("legal check");
        for role in ROLES {
            let visitor = site.sign_in(role).await;
            let may = ["victim_care", "victim_care_supervisor"].contains(&role);
            let status = visitor.post(&path, &other).await.status.as_u16();
            assert_eq!(status == 422, may, "{role}: {status}");
            let sees = [
                "victim_care",
                "victim_care_supervisor",
                "detective_inspector",
                "auditor",
            ]
            .contains(&role);
            let status = visitor.get("/messages").await.status.as_u16();
            assert_eq!(status == 200, sees, "{role}: {status}");
        }
    });
}

#[test]
fn a_policy_that_could_not_be_merged_stops_the_start() {
    let files: Files = fourfold::assemble::policy(None).unwrap();
    let file = "protect/messages.toml";
    let text = files.text(file).unwrap();
    for (from, to, told) in [
        ("{{ caller }}", "{{ callr }}", "Merge fields are"),
        ("wait_minutes = [1, ", "wait_minutes = [0, ", "above nought"),
        ("cyber-unit@force.example", "nowhere", "no address"),
        ("id = \"helped\"", "id = \"advice_given\"", "there twice"),
        (
            "# [notify]\n# template = \"1",
            "[notify]\ntemplate = \"x",
            "no id of GOV.UK Notify",
        ),
        ("# [notify]", "[notify]\nsecret = \"x\"", "secret"),
    ] {
        let mut changed = files.clone();
        changed
            .0
            .insert(file.to_owned(), text.replacen(from, to, 1));
        let problem = MessagePolicy::load(&changed).map(drop).unwrap_err();
        let problem = problem.to_string();
        assert!(
            problem.contains(told) && problem.contains(file),
            "{problem}"
        );
    }
}
