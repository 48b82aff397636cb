#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

//! What the public side withstands: floods, huge fields, files, replays, injection, slow senders, clocks
//! that jump. Whatever is refused is refused in a plain sentence, with a number to call
//! (`docs/operations.md` names the test of each abuse).

use std::collections::BTreeSet;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use futures_util::StreamExt as _;
use portal::DropBox;

use super::portal::{Answer, CALL, Public, block_on, policy, with_token};

/// What each form needs at least, and its fields of one line with one more sign than they take.
const FORMS: [(&str, &[(&str, &str)]); 4] = [
    ("call-back", &CALL),
    (
        "organisation",
        &[
            ("organisation", "Example Ltd"),
            ("name", "Ann"),
            ("phone", "01632 960 001"),
            ("email", "ann@example.com"),
            ("urgency", "advice"),
            ("about", "A talk"),
        ],
    ),
    (
        "young-person",
        &[
            ("name", "Ann"),
            ("role", "teacher"),
            ("phone", "01632 960 001"),
            ("email", "ann@example.com"),
            ("young_person", "Sam"),
            ("age", "14"),
            ("knows", "no"),
            ("about", "They try out stolen passwords"),
        ],
    ),
    (
        "feedback",
        &[
            ("rating", "easy"),
            ("page", "/advice"),
            ("email", "ann@example.com"),
            ("about", "Good"),
        ],
    ),
];

/// Every address that takes a form.
fn takers() -> Vec<String> {
    let mut all: Vec<String> = FORMS.map(|(f, _)| format!("/help/{f}")).to_vec();
    let others = [
        "/help/call-back/save",
        "/help/return",
        "/help/organisation/from-check",
        "/subscribe",
        "/cookies",
        "/business/five-minute-check",
        "/business/readiness-check/pdf",
    ];
    all.extend(others.map(str::to_owned));
    let token = "0af9".repeat(16);
    all.extend(["confirm", "leave"].map(|step| format!("/subscribe/{step}/{token}")));
    all
}

/// A refusal is a page in plain words that says whom to phone.
#[track_caller]
fn plainly(answer: &Answer, status: u16, words: &str) {
    answer.is(status).has(words).has("<h1").has("tel:101");
}

async fn post(public: &Public, path: &str, kind: Option<&str>, body: impl Into<Body>) -> Answer {
    let mut request = Request::post(path).header("x-forwarded-for", "192.0.2.9");
    if let Some(kind) = kind {
        request = request.header(header::CONTENT_TYPE, kind);
    }
    public.send(request.body(body.into()).unwrap()).await
}

const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

#[test]
fn a_field_that_is_too_long_is_refused_by_name_on_every_form() {
    block_on(async {
        let public = Public::new();
        for (form, fields) in FORMS {
            let path = format!("/help/{form}");
            for (at, (name, _)) in fields.iter().enumerate() {
                let (long, limit) = match *name {
                    "about" => ("x".repeat(2_001), "2000"),
                    // A choice is one of its values, however long it is.
                    "times" | "message" | "urgency" | "role" | "knows" | "rating" => {
                        ("x".repeat(101), "")
                    }
                    "phone" => ("1".repeat(101), "100"),
                    "email" => (format!("{}@example.com", "x".repeat(101)), "100"),
                    _ => ("x".repeat(101), "100"),
                };
                let mut changed = fields.to_vec();
                changed[at].1 = &long;
                let token = public.token(&path).await;
                let from = format!("10.{at}.{}.1", form.len());
                let page = public
                    .post_from(&from, &path, &with_token(&token, &changed))
                    .await;
                page.is(422).has("There is a problem");
                page.has(&format!("#{name}"));
                if !limit.is_empty() {
                    page.has(&format!("Use {limit} characters or fewer"));
                }
            }
        }
        assert!(public.sealed().is_empty());
    });
}

#[test]
fn what_is_larger_than_any_form_is_refused_wherever_it_is_sent() {
    block_on(async {
        for path in takers() {
            let public = Public::new();
            let huge = format!("about={}", "x".repeat(40_000));
            let told = post(&public, &path, FORM, huge.clone()).await;
            plainly(&told, 413, "too long");
            // The same in pieces, whose length nobody says before.
            let pieces: Vec<Result<String, std::io::Error>> = huge
                .as_bytes()
                .chunks(1_000)
                .map(|c| Ok(String::from_utf8_lossy(c).into_owned()))
                .collect();
            let stream = Body::from_stream(futures_util::stream::iter(pieces));
            plainly(&post(&public, &path, FORM, stream).await, 413, "too long");
            assert_eq!(told.headers[header::CONNECTION], "close", "{path}");
            assert!(public.sealed().is_empty());
        }
        // Thousands of fields nobody asked for are left out.
        let public = Public::new();
        let token = public.token("/help/feedback").await;
        let many: String = (0..3_000).fold(String::new(), |all, n| format!("{all}&{n}=x"));
        let body = format!("token={token}&rating=easy{many}");
        post(&public, "/help/feedback", FORM, body).await.is(200);
        let submission = public.open(&public.sealed()[0]);
        assert_eq!(submission.fields.len(), 1, "{:?}", submission.fields);
    });
}

#[test]
fn files_and_other_kinds_are_refused_wherever_they_are_sent() {
    block_on(async {
        for path in takers() {
            let public = Public::new();
            let file = "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.exe\"\r\n\r\nMZ\r\n--x--";
            for kind in [
                Some("multipart/form-data; boundary=x"),
                Some("application/octet-stream"),
                Some("application/json"),
                Some("text/plain"),
                None,
            ] {
                let told = post(&public, &path, kind, file).await;
                plainly(&told, 415, "takes no files");
            }
            let huge = vec![b'M'; 300_000];
            let told = post(
                &public,
                &path,
                Some("multipart/form-data; boundary=x"),
                huge,
            )
            .await;
            assert!(
                matches!(told.status.as_u16(), 413 | 415),
                "{path}: {}",
                told.status
            );
            told.has("tel:101");
            assert!(public.sealed().is_empty());
        }
    });
}

#[test]
fn whatever_cannot_be_read_is_answered_in_plain_words() {
    block_on(async {
        let public = Public::new();
        plainly(&public.get("/help/%ff%fe").await, 400, "did not work");
        plainly(&public.get("/help/nothing").await, 404, "not found");
        plainly(&public.get("/subscribe/leave/../x").await, 404, "not found");
        let token = "z".repeat(64);
        let path = format!("/subscribe/leave/{token}");
        plainly(&post(&public, &path, FORM, "a=b").await, 404, "not found");
        for method in [Method::PUT, Method::DELETE, Method::PATCH] {
            let request = Request::builder().method(method).uri("/help/call-back");
            let told = public.send(request.body(Body::empty()).unwrap()).await;
            plainly(&told, 405, "did not work");
        }
        // Bytes that are no text, and escapes that are none.
        for body in [&b"name=%ff%fe&token=%"[..], b"\xff\xfe=\x00", b"&&&===%%%"] {
            let told = post(&public, "/help/call-back", FORM, body.to_vec()).await;
            assert!(matches!(told.status.as_u16(), 400 | 422), "{}", told.status);
            told.has("tel:101");
        }
        assert!(public.sealed().is_empty());
    });
}

#[test]
fn whoever_sends_too_slowly_is_told_and_holds_nobody_up() {
    block_on(async {
        let public = Public::waiting(Duration::from_secs(2));
        let beginning = futures_util::stream::iter([Ok::<_, std::io::Error>("token=")]);
        let never = beginning.chain(futures_util::stream::pending());
        let slow = post(&public, "/help/call-back", FORM, Body::from_stream(never));
        let (slow, other) = tokio::join!(slow, public.get("/advice/phishing"));
        other.is(200);
        plainly(&slow, 408, "took too long");
        assert_eq!(slow.headers[header::CONNECTION], "close");
    });
}

#[test]
fn nothing_a_visitor_sends_becomes_a_header() {
    block_on(async {
        let public = Public::new();
        let evil = "/advice\r\nSet-Cookie: evil=1";
        for back in [
            evil,
            "/advice%0d%0aSet-Cookie:%20evil=1",
            "https://evil.example",
        ] {
            let fields = [("cookies", "yes"), ("back", back)];
            let page = public.post("/cookies", &fields).await;
            assert_eq!(page.headers[header::LOCATION], "/cookies?saved=yes&back=");
            let set: Vec<_> = page.headers.get_all(header::SET_COOKIE).iter().collect();
            assert_eq!(set.len(), 1, "{set:?}");
            assert!(set[0].to_str().unwrap().starts_with("cookie_choice=yes; "));
        }
        for path in [
            "/advice%0d%0aSet-Cookie:%20evil=1",
            "/help/x%0d%0aLocation:%20y",
            "/alerts/%0d%0aevil:%201",
            "/assets/%0d%0aevil:%201",
        ] {
            let page = public.get(path).await;
            page.is(404);
            assert!(page.headers.get("evil").is_none());
            assert!(page.headers.get(header::SET_COOKIE).is_none(), "{path}");
            assert!(page.headers.get(header::LOCATION).is_none(), "{path}");
        }
        // Rubbish in headers that are read.
        for (name, value) in [
            (
                "cookie",
                "cookie_choice=yes; cookie_choice=no; =;;; returning=",
            ),
            ("x-forwarded-for", "<script>, ::ffff:999.1.1.1"),
            ("accept-encoding", "gzip;q=nan, br;q=9, ;;,"),
            ("host", "evil.example"),
        ] {
            let page = public.get_with("/advice/phishing", name, value).await;
            page.is(200);
            assert!(!page.body.contains("evil.example"), "{name}");
        }
    });
}

#[test]
fn an_address_that_would_write_to_others_is_no_address() {
    block_on(async {
        let public = Public::new();
        for (n, email) in [
            "ann@example.com\r\nBcc: all@example.com",
            "ann@example.com\nBcc: all@example.com",
            "ann@example.com,bob@example.com",
            "ann@example.com;bob@example.com",
            "<ann@example.com>",
            "\"Ann\" <ann@example.com>",
            "ann@example.com%0aBcc:x",
            "ann@exam\u{0}ple.com",
            "=?utf-8?q?ann=40example.com?=",
        ]
        .into_iter()
        .enumerate()
        {
            let from = format!("198.51.{n}.1");
            for (path, more) in [
                ("/subscribe", vec![]),
                ("/help/feedback", vec![("rating", "easy")]),
                ("/help/organisation", FORMS[1].1.to_vec()),
            ] {
                let mut fields = more;
                fields.retain(|(name, _)| *name != "email");
                fields.push(("email", email));
                let token = public.token(path).await;
                let page = public
                    .post_from(&from, path, &with_token(&token, &fields))
                    .await;
                page.is(422).has("There is a problem").has("#email");
            }
        }
        assert!(public.sealed().is_empty());
    });
}

#[test]
fn a_form_sent_again_by_anybody_is_one_request() {
    block_on(async {
        let public = Public::new();
        let token = public.token("/help/call-back").await;
        let fields = with_token(&token, &CALL);
        let first = public.post("/help/call-back", &fields).await;
        first.is(200);
        let reference = public.open(&public.sealed()[0]).reference;
        for n in 0..20 {
            let from = format!("10.1.{n}.1");
            let again = public.post_from(&from, "/help/call-back", &fields).await;
            again.is(200).has(&reference);
        }
        assert_eq!(public.sealed().len(), 1);
        // Where it was not meant for it is not taken.
        let other = public
            .post("/help/feedback", &with_token(&token, &[("rating", "easy")]))
            .await;
        other.is(422).has("It is not sent yet");
        // A portal that was started anew does not know it, and asks again with everything typed.
        let another = Public::new();
        let asked = another.post("/help/call-back", &fields).await;
        asked.is(422).has("It is not sent yet").has("Ann Example");
        assert!(another.sealed().is_empty());
    });
}

#[test]
fn an_answer_that_was_lost_costs_a_visitor_no_draft() {
    block_on(async {
        let public = Public::new();
        let held = || std::fs::read_dir(public.drafts.path()).unwrap().count();
        let token = public.token("/help/call-back").await;
        let fields = with_token(&token, &[("name", "Ann")]);
        // The same form sent again, because nothing came back: another code each time, and each opens.
        let mut codes = BTreeSet::new();
        for _ in 0..3 {
            let saved = public.post("/help/call-back/save", &fields).await;
            codes.insert(saved.is(200).code());
        }
        assert_eq!((codes.len(), held()), (3, 3));
        // One form does not fill the folder.
        let more = public.post("/help/call-back/save", &fields).await;
        more.is(422).has("under one more code").has("value=\"Ann\"");
        assert_eq!(held(), 3);
        public.pass(5);
        let fresh = more.field("token");
        let more = with_token(&fresh, &[("name", "Ann")]);
        codes.insert(
            public
                .post("/help/call-back/save", &more)
                .await
                .is(200)
                .code(),
        );
        for code in &codes {
            let form = public.post("/help/return", &[("code", code)]).await;
            form.is(200).has("value=\"Ann\"");
        }
        // Saved under its own code twice, it is one draft; sent twice, one request.
        let code = codes.first().unwrap();
        let form = public.post("/help/return", &[("code", code)]).await;
        public.pass(5);
        let (token, draft) = (form.field("token"), form.field("draft"));
        let changed = [("draft", draft.as_str()), ("name", "Ann Oak")];
        for _ in 0..5 {
            let saved = public
                .post("/help/call-back/save", &with_token(&token, &changed))
                .await;
            assert_eq!(saved.is(200).code(), *code);
        }
        assert_eq!(held(), 4);
        let mut whole = with_token(&token, &CALL);
        whole.push(("draft", &draft));
        for _ in 0..3 {
            let sent = public
                .post_from("192.0.3.1", "/help/call-back", &whole)
                .await;
            sent.is(200).has("We have received it");
        }
        assert_eq!((held(), public.sealed().len()), (3, 1));
        let gone = public
            .post_from("192.0.3.1", "/help/return", &[("code", code)])
            .await;
        gone.is(422).has("A form goes when it is sent");
    });
}

#[test]
fn a_program_does_not_fill_the_drafts() {
    block_on(async {
        let public = Public::new();
        let held = || std::fs::read_dir(public.drafts.path()).unwrap().count();
        let path = "/help/call-back/save";
        let half = [("name", "Ann"), ("about", "half")];
        // Faster than a person, without a form of ours, with another form's, with a made-up code.
        let token = public.get("/help/call-back").await.field("token");
        let early = public.post(path, &with_token(&token, &half)).await;
        early.is(422).has("It is not saved yet. Wait 3 seconds");
        early.has("value=\"Ann\"");
        assert_eq!(early.field("token"), token, "it goes on ageing");
        let other = public.token("/help/young-person").await;
        for token in ["", "AAAA", other.as_str()] {
            let page = public.post(path, &with_token(token, &half)).await;
            page.is(422).has("It is not saved yet").has("value=\"Ann\"");
        }
        let made_up = [("draft", "AAAA-BBBB-CCCC-DDDD"), ("name", "Ann")];
        public.post(path, &with_token("", &made_up)).await.is(422);
        assert_eq!(held(), 0);
        // One block of addresses has its share, and no more.
        let mut refused = 0;
        for n in 0..60 {
            let from = format!("198.51.100.{n}");
            let page = public.post_from(&from, path, &with_token("", &half)).await;
            if page.status == StatusCode::TOO_MANY_REQUESTS {
                plainly(&page, 429, "Wait a minute");
                refused += 1;
            }
        }
        assert!((25..=30).contains(&refused), "{refused} of 60 were refused");
        // The same holds for whoever tries out codes.
        let mut refused = 0;
        for n in 0..60 {
            let from = format!("198.51.101.{n}");
            let guess = [("code", "AAAA-BBBB-CCCC-DDDD")];
            let page = public.post_from(&from, "/help/return", &guess).await;
            refused += usize::from(page.status == StatusCode::TOO_MANY_REQUESTS);
        }
        assert!((25..=30).contains(&refused), "{refused} of 60 were refused");
        public.save("call-back", &half).await;
        assert_eq!(held(), 1);
    });
}

#[test]
fn when_no_more_drafts_may_be_kept_the_others_go_on() {
    block_on(async {
        let mut files = policy();
        let text = files.0.get_mut("protect/portal.toml").unwrap();
        assert!(text.contains("most = 20000"));
        *text = text.replace("most = 20000", "most = 3");
        let public = Public::with(&files, None);
        let half = [("name", "Ann"), ("about", "half")];
        let mut codes = Vec::new();
        for _ in 0..3 {
            codes.push(public.save("call-back", &half).await);
        }
        let token = public.token("/help/call-back").await;
        let full = public
            .post("/help/call-back/save", &with_token(&token, &half))
            .await;
        plainly(&full, 503, "We could not save the form");
        // Those that are kept open, are saved again, and are sent, which makes room.
        let form = public.post("/help/return", &[("code", &codes[0])]).await;
        let (token, draft) = (form.is(200).field("token"), form.field("draft"));
        public.pass(5);
        let changed = [("draft", draft.as_str()), ("name", "Ann Oak")];
        let saved = public
            .post("/help/call-back/save", &with_token(&token, &changed))
            .await;
        assert_eq!(saved.is(200).code(), codes[0]);
        let form = public.post("/help/return", &[("code", &codes[0])]).await;
        form.is(200).has("Ann Oak");
        let mut whole = with_token(&token, &CALL);
        whole.push(("draft", &draft));
        public.post("/help/call-back", &whole).await.is(200);
        codes.push(public.save("call-back", &half).await);
        for code in &codes[1..] {
            let form = public.post("/help/return", &[("code", code)]).await;
            form.is(200).has("value=\"Ann\"");
        }
    });
}

#[test]
fn a_clock_that_jumps_loses_no_form_and_no_draft() {
    block_on(async {
        let public = Public::new();
        let code = public.save("call-back", &[("name", "Ann")]).await;
        for days in [4_000, -8_000, 4_000] {
            // Between opening a form and sending it.
            let token = public.token("/help/call-back").await;
            public.jump(days);
            let sent = public
                .post("/help/call-back", &with_token(&token, &CALL))
                .await;
            sent.is(200).has("We have received it");
            public.portal.sweep_drafts().unwrap();
            public.get("/advice/phishing").await.is(200);
            public.get("/alerts").await.is(200);
        }
        assert_eq!(public.sealed().len(), 3);
        public
            .post("/help/return", &[("code", &code)])
            .await
            .is(200)
            .has("value=\"Ann\"");
    });
}

#[test]
fn a_box_that_fails_for_a_moment_loses_nothing_typed() {
    block_on(async {
        let public = Public::new();
        let token = public.token("/help/young-person").await;
        let fields = with_token(&token, FORMS[2].1);
        let away = public.folder.path().with_extension("away");
        std::fs::rename(public.folder.path(), &away).unwrap();
        assert!(DropBox::open(public.folder.path()).is_err());
        for _ in 0..3 {
            let told = public.post("/help/young-person", &fields).await;
            plainly(&told, 503, "We could not keep what you sent");
        }
        std::fs::rename(&away, public.folder.path()).unwrap();
        public.post("/help/young-person", &fields).await.is(200);
        public.post("/help/young-person", &fields).await.is(200);
        assert_eq!(public.sealed().len(), 1);
    });
}

#[test]
fn the_table_of_abuses_names_tests_that_are_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = std::fs::read_to_string(root.join("docs/operations.md")).unwrap();
    let (_, table) = page.split_once("### What it withstands").unwrap();
    let (table, _) = table.split_once("\n## ").unwrap();
    let mut named = 0;
    for row in table.lines().filter(|line| line.starts_with("| ")).skip(1) {
        let tests = row.trim_matches('|').rsplit('|').next().unwrap();
        for test in tests.split(';') {
            let (file, name) = test.trim().trim_start_matches('`').split_once('`').unwrap();
            let path = if file.contains('/') {
                root.join(file)
            } else {
                root.join("fourfold/tests/it").join(file)
            };
            let source = std::fs::read_to_string(&path).unwrap_or_default();
            let held = format!("fn {}()", name.trim());
            assert!(
                !source.is_empty() && (name.trim().is_empty() || source.contains(&held)),
                "there is no {test} as {row} says"
            );
            named += 1;
        }
    }
    assert!(named > 20, "{named} tests were found in the table");
}
