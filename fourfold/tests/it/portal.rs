#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

//! The public side by itself: its pages, what it takes, and what it refuses in plain words.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use portal::{DropBox, Portal, Run, Site};
use record::policy::Files;
use record::submission::{Submission, SubmissionKind};
use record::time::Timestamp;
use sealing::PrivateKey;
use tempfile::TempDir;
use tower::ServiceExt as _;

pub struct Public {
    router: Router,
    pub portal: Arc<Portal>,
    pub folder: TempDir,
    pub drafts: TempDir,
    pub key: PrivateKey,
    seconds: Arc<AtomicU64>,
    /// Microseconds by the wall clock, which does not move by itself.
    clock: Arc<AtomicI64>,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// Bytes as sent.
    pub length: usize,
    pub body: String,
}

pub fn policy() -> Files {
    fourfold::assemble::policy(None).unwrap()
}

impl Public {
    pub fn new() -> Public {
        Public::with_alerts(None)
    }

    /// One that shows the warnings of a folder.
    pub fn with_alerts(alerts: Option<std::path::PathBuf>) -> Public {
        Public::with(&policy(), alerts)
    }

    /// One with a policy of its own.
    pub fn with(policy: &Files, alerts: Option<std::path::PathBuf>) -> Public {
        Public::made(policy, alerts, portal::PATIENCE)
    }

    /// One that waits for a slow sender no longer than this.
    pub fn waiting(patience: Duration) -> Public {
        Public::made(&policy(), None, patience)
    }

    fn made(policy: &Files, alerts: Option<std::path::PathBuf>, patience: Duration) -> Public {
        let folder = tempfile::tempdir().unwrap();
        let drop_box = DropBox::open(folder.path()).unwrap();
        Public::of(policy, alerts, patience, folder, drop_box)
    }

    /// One that leaves what it is sent in an object store.
    pub fn with_box(drop_box: DropBox) -> Public {
        let folder = tempfile::tempdir().unwrap();
        Public::of(&policy(), None, portal::PATIENCE, folder, drop_box)
    }

    fn of(
        policy: &Files,
        alerts: Option<std::path::PathBuf>,
        patience: Duration,
        folder: TempDir,
        drop_box: DropBox,
    ) -> Public {
        let drafts = tempfile::tempdir().unwrap();
        let key = PrivateKey::generate();
        let seconds = Arc::new(AtomicU64::new(1_000));
        let noon = Timestamp::parse("2026-11-23T12:00:00Z").unwrap().micros();
        let clock = Arc::new(AtomicI64::new(noon));
        let (elapsed, now) = (Arc::clone(&seconds), Arc::clone(&clock));
        let run = Run {
            now: Arc::new(move || Timestamp::from_micros(now.load(Ordering::SeqCst))),
            drafts: Some(drafts.path().to_owned()),
            elapsed: Arc::new(move || Duration::from_secs(elapsed.load(Ordering::SeqCst))),
            behind_proxy: true,
            patience,
            secure_cookies: true,
            alerts,
        };
        let site = Site::load(policy).unwrap();
        let portal = Arc::new(Portal::new(site, run, key.public(), drop_box).unwrap());
        Public {
            router: portal::router(&portal),
            portal,
            folder,
            drafts,
            key,
            seconds,
            clock,
        }
    }

    /// The wall clock jumps; the time that passes does not.
    pub fn jump(&self, days: i64) {
        let micros = days * 86_400 * 1_000_000;
        self.clock.fetch_add(micros, Ordering::SeqCst);
    }

    pub fn pass(&self, seconds: u64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let mut request = request;
        let peer: SocketAddr = "127.0.0.1:5000".parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            length: bytes.len(),
            body: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    pub async fn get_with(&self, path: &str, name: &str, value: &str) -> Answer {
        let request = Request::get(path).header(name, value);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub async fn post_from(&self, from: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("x-forwarded-for", from);
        let body = serde_html_form::to_string(fields).unwrap();
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_from("192.0.2.1", path, fields).await
    }

    /// The token of a form that has been open for long enough.
    pub async fn token(&self, path: &str) -> String {
        let token = self.get(path).await.field("token");
        self.pass(5);
        token
    }

    /// Saves a form to be sent later, under a new code or that of `fields`; the code.
    pub async fn save(&self, form: &str, fields: &[(&str, &str)]) -> String {
        let path = format!("/help/{form}");
        let token = self.token(&path).await;
        let saved = self
            .post(&format!("{path}/save"), &with_token(&token, fields))
            .await;
        saved.is(200).code()
    }

    pub fn sealed(&self) -> Vec<std::path::PathBuf> {
        let all = std::fs::read_dir(self.folder.path()).unwrap();
        let mut all: Vec<_> = all.map(|e| e.unwrap().path()).collect();
        all.sort();
        all
    }

    pub fn open(&self, file: &Path) -> Submission {
        let key: PrivateKey = self.key.text().parse().unwrap();
        let opened = sealing::open(&std::fs::read(file).unwrap(), &[key]).unwrap();
        serde_json::from_slice(&opened).unwrap()
    }
}

/// The code of a draft on a page, without the marks that keep its halves together.
pub fn code_in(page: &str) -> String {
    let code = page.split("ff-code\">").nth(1).expect("a code is shown");
    let code = code.split("</strong>").next().unwrap();
    let code = code
        .replace("<span class=\"ff-nowrap\">", "")
        .replace("</span>", "");
    assert_eq!(code.len(), 19, "{code}");
    code
}

impl Answer {
    pub fn field(&self, name: &str) -> String {
        let marker = format!("name=\"{name}\" value=\"");
        let from = self.body.find(&marker).expect("the field is on the page") + marker.len();
        let rest = &self.body[from..];
        rest[..rest.find('"').unwrap()].to_owned()
    }

    /// The code that is shown for a form that was saved.
    pub fn code(&self) -> String {
        code_in(&self.body)
    }

    #[track_caller]
    pub fn has(&self, text: &str) -> &Answer {
        let (status, body) = (self.status, &self.body);
        assert!(
            body.contains(text),
            "{text:?} is not in ({status}):\n{body}"
        );
        self
    }

    #[track_caller]
    pub fn is(&self, status: u16) -> &Answer {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }
}

pub const CALL: [(&str, &str); 5] = [
    ("name", "Ann Example"),
    ("phone", "01632 960 001"),
    ("times", "any"),
    ("message", "no"),
    ("about", "He said <b>nobody</b> would believe me."),
];

pub fn with_token<'a>(token: &'a str, fields: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [&[("token", token)], fields].concat()
}

pub fn block_on(test: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.enable_all().build().unwrap().block_on(test);
}

/// Paths of every page of text.
fn pages() -> Vec<String> {
    let site = Site::load(&policy()).unwrap();
    site.pages.keys().cloned().collect()
}

#[test]
fn every_page_is_whole_light_and_sets_nothing() {
    block_on(async {
        let public = Public::new();
        let mut all = pages();
        assert!(all.len() > 50, "{all:?}");
        let forms = ["call-back", "organisation", "young-person", "feedback"];
        all.extend(forms.map(|f| format!("/help/{f}")));
        let others = [
            "/alerts",
            "/subscribe",
            "/cookies",
            "/business/five-minute-check",
            "/business/readiness-check",
        ];
        all.extend(others.map(str::to_owned));
        for path in all {
            let page = public.get(&path).await;
            page.is(200)
                .has("Exit this page")
                .has("give your feedback")
                .has("tel:101");
            let body = &page.body;
            assert_eq!(body.matches("<h1").count(), 1, "{path}");
            for bad in [
                " style=",
                "<style",
                "javascript:",
                " onclick",
                " onload",
                "<img",
                "src=\"http",
            ] {
                assert!(!body.contains(bad), "{path}: {bad}");
            }
            assert!(page.headers.get(header::SET_COOKIE).is_none(), "{path}");
            assert_eq!(page.headers[header::CACHE_CONTROL], "no-store", "{path}");
            assert_eq!(page.headers["referrer-policy"], "no-referrer", "{path}");
            let csp = page.headers["content-security-policy"].to_str().unwrap();
            assert!(
                csp.contains("default-src 'none'") && !csp.contains("unsafe"),
                "{csp}"
            );
        }
        public
            .get("/nothing-here")
            .await
            .is(404)
            .has("Call")
            .has("101");
    });
}

#[test]
fn a_first_view_is_under_sixty_kilobytes_compressed() {
    block_on(async {
        let public = Public::new();
        let site = Site::load(&policy()).unwrap();
        let assets: usize = site.assets.values().map(portal_bytes).sum();
        let mut heaviest = (0, String::new());
        for path in pages() {
            let page = public.get_with(&path, "accept-encoding", "gzip").await;
            assert_eq!(page.headers[header::CONTENT_ENCODING], "gzip", "{path}");
            heaviest = heaviest.max((page.length, path));
        }
        let whole = assets + heaviest.0;
        assert!(whole < 60_000, "{whole} bytes, {heaviest:?}");
    });
}

fn portal_bytes(file: &portal::Prepared) -> usize {
    file.len_compressed()
}

#[test]
fn emergency_routes_come_first_on_advice() {
    block_on(async {
        let public = Public::new();
        let advice: Vec<String> = pages()
            .into_iter()
            .filter(|p| p.starts_with("/advice/"))
            .collect();
        assert_eq!(advice.len(), 35);
        for path in advice {
            let page = public.get(&path).await;
            let at = |text: &str| {
                page.body
                    .find(text)
                    .unwrap_or_else(|| panic!("{path}: {text}"))
            };
            assert!(
                at("Call 999 if you are in danger now") < at("Do this now"),
                "{path}"
            );
            for part in [
                "What has happened",
                "Money back",
                "Protect yourself",
                "Keep as evidence",
                "Where to report it",
                "Get support",
            ] {
                at(part);
            }
        }
        public
            .get("/report")
            .await
            .has("0300 123 2040")
            .has("7726")
            .has("report@phishing.gov.uk")
            .has("159");
    });
}

#[test]
fn a_request_is_sealed_and_only_the_force_opens_it() {
    block_on(async {
        let public = Public::new();
        let token = public.token("/help/call-back").await;
        let page = public
            .post("/help/call-back", &with_token(&token, &CALL))
            .await;
        page.is(200).has("We have received it");
        let files = public.sealed();
        assert_eq!(files.len(), 1, "{files:?}");
        let bytes = std::fs::read(&files[0]).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("Ann") && !text.contains("01632"), "sealed");
        let submission = public.open(&files[0]);
        assert_eq!(submission.kind, SubmissionKind::CallBack);
        assert_eq!(submission.field("about"), CALL[4].1);
        assert!(!submission.fields.contains_key("token"));
        page.has(&submission.reference);
        assert!(files[0].ends_with(format!("{}.age", submission.id)));
        assert!(!page.body.contains("Ann"), "nothing of it is shown again");

        // The same form again is thanked for again, and is the same file.
        let again = public
            .post("/help/call-back", &with_token(&token, &CALL))
            .await;
        again.is(200).has(&submission.reference);
        assert_eq!(public.sealed().len(), 1);
        // Another form with the same token is not taken, and nothing typed is lost.
        let mut changed = CALL;
        changed[0].1 = "Bob";
        let told = public
            .post("/help/call-back", &with_token(&token, &changed))
            .await;
        told.is(422)
            .has("You have sent this form already")
            .has("Bob");
        public.pass(5);
        let fresh = told.field("token");
        public
            .post("/help/call-back", &with_token(&fresh, &changed))
            .await
            .is(200);
        assert_eq!(public.sealed().len(), 2);
    });
}

#[test]
fn too_fast_too_old_and_forged_forms_keep_what_was_typed() {
    block_on(async {
        let public = Public::new();
        let token = public.get("/help/call-back").await.field("token");
        let early = public
            .post("/help/call-back", &with_token(&token, &CALL))
            .await;
        early
            .is(422)
            .has("It is not sent yet. Wait 3 seconds")
            .has("Ann Example");
        assert_eq!(early.field("token"), token, "it goes on ageing");
        public.pass(3);
        public
            .post("/help/call-back", &with_token(&token, &CALL))
            .await
            .is(200);
        let old = public.token("/help/call-back").await;
        public.pass(13 * 3_600);
        for token in [
            old.as_str(),
            "",
            "AAAA",
            &public.get("/help/feedback").await.field("token"),
        ] {
            let page = public
                .post("/help/call-back", &with_token(token, &CALL))
                .await;
            page.is(422).has("It is not sent yet").has("Ann Example");
        }
        assert_eq!(public.sealed().len(), 1);
    });
}

#[test]
fn what_could_do_harm_is_refused_in_plain_words() {
    block_on(async {
        let public = Public::new();
        let token = public.token("/help/call-back").await;
        let mut bad = CALL;
        bad[0].1 = "Ann\r\nBcc: everybody@example.com";
        bad[1].1 = "<script>alert(1)</script>";
        let page = public
            .post("/help/call-back", &with_token(&token, &bad))
            .await;
        page.is(422)
            .has("There is a problem")
            .has("Error: ")
            .has("&#60;script&#62;");
        assert!(!page.body.contains("<script>alert"), "markup stays text");
        let huge = "x".repeat(3_000);
        let mut long = CALL;
        long[4].1 = &huge;
        public
            .post("/help/call-back", &with_token(&token, &long))
            .await
            .is(422)
            .has("Use 2000 characters or fewer");
        let enormous = "x".repeat(200_000);
        long[4].1 = &enormous;
        public
            .post("/help/call-back", &with_token(&token, &long))
            .await
            .is(413)
            .has("too long")
            .has("101");
        let upload = Request::post("/help/call-back")
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
            .body(Body::from("--x--"))
            .unwrap();
        public
            .send(upload)
            .await
            .is(415)
            .has("takes no files")
            .has("101");
        public.post("/help/nothing", &CALL).await.is(404);
        public
            .post("/advice/phishing", &CALL)
            .await
            .is(405)
            .has("101");
        assert!(public.sealed().is_empty());
        // What was wrong is put right with the same token.
        public
            .post("/help/call-back", &with_token(&token, &CALL))
            .await
            .is(200);
    });
}

#[test]
fn a_flood_from_one_block_of_addresses_leaves_the_others_alone() {
    block_on(async {
        let public = Public::new();
        let token = public.token("/help/feedback").await;
        let fields = [("token", token.as_str()), ("rating", "")];
        let mut refused = 0;
        for n in 0..60 {
            let from = format!("198.51.100.{n}");
            let page = public.post_from(&from, "/help/feedback", &fields).await;
            if page.status == StatusCode::TOO_MANY_REQUESTS {
                page.has("Wait a minute").has("101");
                refused += 1;
            }
        }
        assert!((25..=30).contains(&refused), "{refused} of 60 were refused");
        public
            .post_from("203.0.113.1", "/help/feedback", &fields)
            .await
            .is(422);
        // Reading goes on.
        public
            .get_with("/advice/phishing", "x-forwarded-for", "198.51.100.1")
            .await
            .is(200);
    });
}

#[test]
fn a_box_that_takes_nothing_is_said_and_nothing_is_lost_from_the_form() {
    block_on(async {
        let public = Public::new();
        let token = public.token("/help/call-back").await;
        let away = public.folder.path().with_extension("away");
        std::fs::rename(public.folder.path(), &away).unwrap();
        let page = public
            .post("/help/call-back", &with_token(&token, &CALL))
            .await;
        page.is(503)
            .has("We could not keep what you sent")
            .has("101")
            .has("0300 123 2040");
        assert!(!page.body.contains("received it"));
        std::fs::rename(&away, public.folder.path()).unwrap();
        public
            .post("/help/call-back", &with_token(&token, &CALL))
            .await
            .is(200);
        assert_eq!(public.sealed().len(), 1);
    });
}

#[test]
fn cookies_are_set_only_by_choice_and_a_failure_is_told() {
    block_on(async {
        let public = Public::new();
        let cookies = |answer: &Answer| -> Vec<String> {
            let all = answer.headers.get_all(header::SET_COOKIE).iter();
            all.map(|v| v.to_str().unwrap().to_owned()).collect()
        };
        let page = public
            .post(
                "/cookies",
                &[("cookies", "yes"), ("back", "/advice/phishing")],
            )
            .await;
        page.is(303);
        assert_eq!(
            page.headers[header::LOCATION],
            "/cookies?saved=yes&back=/advice/phishing"
        );
        let set = cookies(&page);
        assert_eq!(set.len(), 1);
        assert!(
            set[0].starts_with("cookie_choice=yes; Path=/; ") && set[0].contains("; Secure"),
            "{set:?}"
        );
        let back = public
            .post("/cookies", &[("cookies", "no"), ("back", "//evil.example")])
            .await;
        assert_eq!(back.headers[header::LOCATION], "/cookies?saved=no&back=");
        public
            .get("/cookies?saved=yes&back=//evil.example")
            .await
            .has("We could not save your choice");
        let read = |choice| public.get_with("/advice/phishing", "cookie", choice);
        let accepted = read("cookie_choice=yes").await;
        assert!(cookies(&accepted)[0].starts_with("returning=1"));
        assert!(!accepted.body.contains("Accept the cookie"));
        assert!(cookies(&read("cookie_choice=no").await).is_empty());
        assert!(read("x=y").await.body.contains("Accept the cookie"));
    });
}

#[test]
fn a_check_is_judged_and_nothing_of_it_is_kept() {
    block_on(async {
        let public = Public::new();
        let form = public.get("/business/readiness-check").await;
        let names: Vec<String> = form
            .body
            .match_indices("name=\"CE-")
            .map(|(at, _)| form.body[at + 6..].split('"').next().unwrap().to_owned())
            .collect();
        let mut answers: Vec<(&str, &str)> = names.iter().map(|n| (n.as_str(), "yes")).collect();
        answers.dedup();
        assert_eq!(answers.len(), 22);
        for answer in &mut answers {
            match answer.0 {
                "CE-FW-3" => answer.1 = "no",
                "CE-AC-4" => answer.1 = "unknown",
                _ => {}
            }
        }
        let nearly = public.post("/business/readiness-check", &answers).await;
        nearly
            .is(200)
            .has("Some things to put right")
            .has("I do not know");
        answers.iter_mut().find(|a| a.0 == "CE-AC-4").unwrap().1 = "no";
        let failed = public.post("/business/readiness-check", &answers).await;
        failed
            .is(200)
            .has("Not ready yet")
            .has("This alone means that an assessment would fail");
        public
            .post("/business/readiness-check", &answers[1..])
            .await
            .is(422)
            .has("Choose an answer");
        // The result to keep: a tagged PDF of these answers, made and forgotten.
        let line = [("answers", failed.field("answers"))];
        let line: Vec<(&str, &str)> = line.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let saved = public.post("/business/readiness-check/pdf", &line).await;
        saved.is(200).has("%PDF-1.7").has("/MarkInfo");
        assert_eq!(
            saved.headers[header::CONTENT_DISPOSITION],
            "attachment; filename=\"readiness-check.pdf\""
        );
        let strange = [("answers", "CE-FW-1=<script> CE-XX=yes \u{0}")];
        public
            .post("/business/readiness-check/pdf", &strange)
            .await
            .is(200)
            .has("%PDF-1.7");
        public
            .post("/business/no-such-check/pdf", &line)
            .await
            .is(404);
        assert!(public.sealed().is_empty());
        // Asked for help, the answers go with the request.
        let asked = [
            ("check", failed.field("check")),
            ("answers", failed.field("answers")),
        ];
        let asked: Vec<(&str, &str)> = asked.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let form = public.post("/help/organisation/from-check", &asked).await;
        form.is(200)
            .has("Readiness check for Cyber Essentials, version 3.3");
        public.pass(5);
        let token = form.field("token");
        let mut fields = with_token(
            &token,
            &[
                ("organisation", "Example Ltd"),
                ("name", "Ann"),
                ("phone", "01632 960 001"),
                ("urgency", "check"),
                ("about", "Help us"),
            ],
        );
        fields.extend(asked);
        public.post("/help/organisation", &fields).await.is(200);
        let submission = public.open(&public.sealed()[0]);
        assert!(submission.field("answers").contains("CE-AC-4=no"));
    });
}

#[test]
fn a_form_is_saved_under_a_code_and_sent_later() {
    block_on(async {
        let public = Public::new();
        let held = || std::fs::read_dir(public.drafts.path()).unwrap().count();
        public
            .get("/help/call-back")
            .await
            .has("Save and come back later");
        assert!(
            !public
                .get("/help/feedback")
                .await
                .body
                .contains("Save and come")
        );
        // Half filled in, and with more than the form asks for.
        let half = [("name", "Ann \"<b>Oak"), ("about", "after six"), ("x", "y")];
        let token = public.token("/help/call-back").await;
        let half = with_token(&token, &half);
        let saved = public.post("/help/call-back/save", &half).await;
        saved.is(200).has("Your form is saved").has("14 days");
        let code = saved.code();
        assert_eq!(code.matches('-').count(), 3, "{code}");
        assert_eq!((held(), public.sealed().len()), (1, 0));
        // Another code, no code, and the right one as somebody types it.
        for (typed, told) in [
            ("AAAA-BBBB-CCCC-DDDD", "We have no form with this code"),
            ("<script>", "Enter the code of 16"),
            ("", "Enter the code of 16"),
        ] {
            let wrong = public.post("/help/return", &[("code", typed)]).await;
            wrong.is(422).has(told);
            assert!(!wrong.body.contains("<script>\""), "{typed}");
        }
        let typed = code.to_lowercase().replace('-', " ");
        let form = public.post("/help/return", &[("code", &typed)]).await;
        form.is(200)
            .has("It is not sent yet")
            .has("Ann &#34;&#60;b&#62;Oak")
            .has("after six");
        // Saved again it keeps its code; sent, it goes.
        let draft = form.field("draft");
        public.pass(5);
        let token = form.field("token");
        let again = [("name", "Ann Oak"), ("draft", draft.as_str())];
        let again = with_token(&token, &again);
        let again = public.post("/help/call-back/save", &again).await;
        assert_eq!(again.is(200).code(), code);
        assert_eq!(held(), 1);
        let whole = with_token(
            &token,
            &[
                ("draft", draft.as_str()),
                ("name", "Ann Oak"),
                ("phone", "01632 960 001"),
                ("times", "any"),
                ("message", "no"),
            ],
        );
        let faulty = &whole[..whole.len() - 1];
        let faulty = public.post("/help/call-back", faulty).await;
        assert_eq!(faulty.is(422).field("draft"), code);
        assert_eq!(held(), 1);
        public.post("/help/call-back", &whole).await.is(200);
        assert_eq!((held(), public.sealed().len()), (0, 1));
        let submission = public.open(&public.sealed()[0]);
        assert!(!submission.fields.contains_key("draft"));
        public
            .post("/help/return", &[("code", &code)])
            .await
            .is(422)
            .has("A form goes when it is sent");
        // A folder that went away: told plainly, with what to do.
        std::fs::remove_dir_all(public.drafts.path()).unwrap();
        let lost = public.post("/help/call-back/save", &half).await;
        lost.is(503).has("We could not save the form");
    });
}

#[test]
fn content_that_cannot_be_shown_is_refused_by_name() {
    let change = |file: &str, from: &str, to: &str| {
        let mut files = policy();
        let text = files.0.get_mut(file).unwrap_or_else(|| panic!("{file}"));
        assert!(text.contains(from), "{file}: {from}");
        *text = text.replace(from, to);
        Site::load(&files).unwrap_err().to_string()
    };
    let file = "protect/advice/phishing.md";
    for (from, to, words) in [
        (
            "## Do this now",
            "<script>alert(1)</script>\n\n## Do this now",
            "HTML is not taken",
        ),
        (
            "[\"phishing_email\"",
            "[\"nowhere\"",
            "no place \"nowhere\"",
        ),
        (
            "related = [",
            "related = [\"nothing\", ",
            "no advice \"nothing\"",
        ),
        (
            "review_by = \"2027",
            "review_by = \"2020",
            "reviewed and review_by",
        ),
        ("owner = ", "ownr = ", "unknown field"),
    ] {
        let problem = change(file, from, to);
        assert!(
            problem.contains(file) && problem.contains(words),
            "{problem}"
        );
    }
    let problem = change(
        "protect/guide.toml",
        "advice = \"pbx\"",
        "advice = \"phishing\"",
    );
    assert!(
        problem.contains("no answer leads to the advice \"pbx\""),
        "{problem}"
    );
    let problem = change(
        "protect/pages/about.md",
        "(/help/feedback)",
        "(/advice/nothing)",
    );
    assert!(
        problem.contains("there is no page /advice/nothing"),
        "{problem}"
    );
    let mut files = policy();
    files.0.remove("protect/advice/ddos.md");
    let problem = Site::load(&files).unwrap_err().to_string();
    assert!(
        problem.contains("ddos") && problem.contains("Write its page"),
        "{problem}"
    );
}

#[test]
fn another_version_of_a_page_is_one_more_file() {
    let mut files = policy();
    let easy = files.0["protect/advice/phishing.md"]
        .replace("You had a scam email, text or call", "A bad message");
    files
        .0
        .insert("protect/advice/phishing.easy-read.md".to_owned(), easy);
    let site = Site::load(&files).unwrap();
    assert!(site.pages.contains_key("/advice/phishing/easy-read"));
    assert!(
        site.overdue(record::time::Date::parse("2028-01-01").unwrap())
            .len()
            > 40
    );
    assert!(
        site.overdue(record::time::Date::parse("2026-11-23").unwrap())
            .is_empty()
    );
}

/// Reading age in years by the Flesch-Kincaid grade (1975), which counts words a sentence and
/// syllables a word; a syllable is a group of vowels here.
fn reading_age(text: &str) -> f64 {
    let sentences = text
        .split(['.', '?', '!', ':', '\n'])
        .filter(|s| s.contains(char::is_alphabetic))
        .count();
    let words: Vec<&str> = text
        .split(|c: char| !(c.is_alphabetic() || c == '\''))
        .filter(|w| !w.is_empty())
        .collect();
    let syllables: usize = words.iter().map(|w| syllables(w)).sum();
    let per = |n: usize, of: usize| {
        f64::from(u32::try_from(n).unwrap()) / f64::from(u32::try_from(of).unwrap())
    };
    0.39 * per(words.len(), sentences) + 11.8 * per(syllables, words.len()) - 15.59 + 5.0
}

fn syllables(word: &str) -> usize {
    let word = word.to_lowercase();
    let groups = word
        .split(|c| !"aeiouy".contains(c))
        .filter(|g| !g.is_empty())
        .count();
    let silent = word.ends_with('e') && !word.ends_with("le") && groups > 1;
    groups.max(1) - usize::from(silent)
}

#[test]
fn advice_can_be_read_by_an_eleven_year_old() {
    let mut hard = Vec::new();
    for (file, text) in policy().below("protect/advice/") {
        let body = text.split("+++").nth(2).unwrap();
        // Lines are wrapped: only an empty line or a new item ends a sentence by itself.
        let body = body
            .replace("\n\n", ". ")
            .replace("\n- ", ". ")
            .replace(['*', '#'], "");
        let age = reading_age(&body.replace('\n', " "));
        if age > 11.0 {
            hard.push(format!("{file}: {age:.1}"));
        }
    }
    assert!(hard.is_empty(), "{hard:#?}");
    let law = "Notwithstanding the aforementioned contractual obligations, beneficiaries remain \
        individually accountable for unauthorised transactions consequent upon negligence.";
    assert!(reading_age(law) > 18.0, "the rule can fail");
}
