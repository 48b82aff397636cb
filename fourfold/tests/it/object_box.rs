#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

//! The box in an object store, against a server that speaks S3 on loopback, verifies every signature, and lets each
//! side do what its rights say.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use portal::DropBox;
use protect::requests::Collector;
use record::submission::{Submission, SubmissionKind};
use remote::{Objects, TRIAL, Taken};
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey};
use s3s::service::S3ServiceBuilder;
use s3s::{S3Result, s3_error};
use s3s_fs::FileSystem;
use sealing::PrivateKey;
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::harness::on_both;
use super::portal::{CALL, Public, block_on, with_token};
use super::portal_box::{Boxed, ask, collected, number, post, started, submission};

const BUCKET: &str = "box";
const ADDRESS: &str = "s3://box/in";
const SECRET: &str = "hush hush";

/// Who may do what: the least each side needs, as docs/operations.md has it.
const RIGHTS: [(&str, &[&str]); 2] = [
    ("the-portal", &["PutObject"]),
    (
        "the-inside",
        &["ListObjectsV2", "GetObject", "DeleteObjects"],
    ),
];

/// What was asked for, by whom, how often.
type Asked = Arc<Mutex<BTreeMap<(String, String), usize>>>;

struct Rights(Asked);

#[async_trait::async_trait]
impl S3Access for Rights {
    async fn check(&self, asked: &mut S3AccessContext<'_>) -> S3Result<()> {
        let who = asked.credentials().map(|c| c.access_key.clone());
        let who = who.unwrap_or_default();
        let what = asked.s3_op().name().to_owned();
        let may = RIGHTS.iter().find(|(name, _)| *name == who);
        let may = may.is_some_and(|(_, may)| may.contains(&what.as_str()));
        *self.0.lock().unwrap().entry((who, what)).or_default() += 1;
        match may {
            true => Ok(()),
            false => Err(s3_error!(AccessDenied, "this key may not")),
        }
    }
}

struct Keys;

#[async_trait::async_trait]
impl S3Auth for Keys {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        match RIGHTS.iter().any(|(name, _)| *name == access_key) {
            true => Ok(SecretKey::from(SECRET)),
            false => Err(s3_error!(InvalidAccessKeyId, "nobody")),
        }
    }
}

/// An object store, kept in a folder.
struct Store {
    folder: TempDir,
    endpoint: String,
    asked: Asked,
    /// Answers every request with 503 while it is so.
    away: Arc<Mutex<bool>>,
}

impl Store {
    async fn start() -> Store {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(BUCKET)).unwrap();
        let asked = Asked::default();
        let mut builder = S3ServiceBuilder::new(FileSystem::new(folder.path()).unwrap());
        builder.set_auth(Keys);
        builder.set_access(Rights(Arc::clone(&asked)));
        let service = builder.build();
        let away = Arc::new(Mutex::new(false));
        let is_away = Arc::clone(&away);
        let router = Router::new().fallback(move |request: axum::extract::Request| {
            let (service, away) = (service.clone(), *is_away.lock().unwrap());
            async move {
                if away {
                    return StatusCode::SERVICE_UNAVAILABLE.into_response();
                }
                let request = request.map(s3s::Body::http_body_unsync);
                let answer = service.call(request).await.unwrap();
                answer.map(axum::body::Body::new).into_response()
            }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Store {
            folder,
            endpoint,
            asked,
            away,
        }
    }

    fn is_away(&self, away: bool) {
        *self.away.lock().unwrap() = away;
    }

    fn variables(&self, who: &str) -> [(&'static str, String); 4] {
        [
            ("AWS_ACCESS_KEY_ID", who.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
            ("AWS_ENDPOINT_URL", self.endpoint.clone()),
            ("AWS_REGION", "eu-west-2".to_owned()),
        ]
    }

    fn objects(&self, who: &str) -> Objects {
        let variables = self.variables(who);
        let set = |name: &str| {
            let found = variables.iter().find(|(n, _)| *n == name);
            found.map(|(_, value)| value.clone())
        };
        Objects::open(ADDRESS, set).unwrap()
    }

    fn portal(&self) -> Objects {
        self.objects("the-portal")
    }

    fn inside(&self) -> Objects {
        self.objects("the-inside")
    }

    /// What is in the box.
    fn held(&self) -> Vec<PathBuf> {
        let all = fs::read_dir(self.folder.path().join(BUCKET).join("in"));
        let mut all: Vec<PathBuf> = all
            .into_iter()
            .flatten()
            .map(|e| e.unwrap().path())
            .collect();
        all.sort();
        all
    }

    fn names(&self) -> Vec<String> {
        let name = |p: &PathBuf| p.file_name().unwrap().to_str().unwrap().to_owned();
        self.held().iter().map(name).collect()
    }

    /// Leaves a submission as the portal does.
    async fn leave(&self, boxed: &Boxed, submission: &Submission) {
        let open = serde_json::to_vec(submission).unwrap();
        let sealed = sealing::seal(&open, &boxed.key).unwrap();
        let name = format!("{}.age", submission.id);
        self.portal().put(&name, sealed).await.unwrap();
    }
}

#[test]
fn what_is_sent_is_an_object_of_its_own_and_the_portal_needs_one_right() {
    block_on(async {
        let store = Store::start().await;
        let public = Public::with_box(DropBox::of(store.portal()).await.unwrap());
        assert_eq!(store.names(), [TRIAL]);
        let token = public.token("/help/call-back").await;
        let fields = with_token(&token, &CALL);
        public
            .post("/help/call-back", &fields)
            .await
            .is(200)
            .has("We have received it");
        // A double click.
        public.post("/help/call-back", &fields).await.is(200);
        let held = store.held();
        assert_eq!(held.len(), 2, "{held:?}");
        let sealed = held.iter().find(|f| f.extension().is_some()).unwrap();
        assert_eq!(public.open(sealed).field("name"), "Ann Example");
        assert!(public.sealed().is_empty(), "nothing in a folder");
        let asked = store.asked.lock().unwrap().clone();
        let put = ("the-portal".to_owned(), "PutObject".to_owned());
        assert_eq!(asked.keys().collect::<Vec<_>>(), [&put]);
    });
}

#[test]
fn a_store_that_is_away_is_said_and_nothing_is_lost_from_the_form() {
    block_on(async {
        let store = Store::start().await;
        let public = Public::with_box(DropBox::of(store.portal()).await.unwrap());
        let token = public.token("/help/call-back").await;
        store.is_away(true);
        let page = public
            .post("/help/call-back", &with_token(&token, &CALL))
            .await;
        page.is(503)
            .has("We could not keep what you sent")
            .has("101")
            .has("0300 123 2040");
        assert_eq!(store.names(), [TRIAL]);
        assert!(
            DropBox::of(store.portal()).await.is_err(),
            "nor does it start"
        );
        store.is_away(false);
        public
            .post("/help/call-back", &with_token(&token, &CALL))
            .await
            .is(200);
        assert_eq!(store.held().len(), 2);
    });
}

#[test]
fn a_request_ends_whatever_the_store_does() {
    block_on(async {
        // Takes connections, and never says a word.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let mut kept = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                kept.push(stream);
            }
        });
        let set = |name: &str| match name {
            "AWS_ENDPOINT_URL" => Some(endpoint.clone()),
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some(SECRET.to_owned()),
            _ => None,
        };
        let objects = Objects::open(ADDRESS, set).unwrap();
        let objects = objects.with_patience(Duration::from_millis(300));
        let began = Instant::now();
        let told = objects.put("x", b"x".to_vec()).await.unwrap_err();
        assert!(told.to_string().contains("no answer within"), "{told}");
        assert!(!told.to_string().contains(SECRET), "{told}");
        objects.list(1, |_| true).await.unwrap_err();
        objects.take("x", 1).await.unwrap_err();
        objects.remove(vec!["x".to_owned()]).await.unwrap_err();
        assert!(began.elapsed() < Duration::from_secs(5));
    });
}

#[test]
fn each_side_is_held_to_its_rights() {
    block_on(async {
        let store = Store::start().await;
        let (portal, inside) = (store.portal(), store.inside());
        portal.put("a.age", b"abc".to_vec()).await.unwrap();
        for refused in [
            inside.put("b.age", b"abc".to_vec()).await.unwrap_err(),
            portal.list(1, |_| true).await.unwrap_err(),
            portal.take("a.age", 3).await.unwrap_err(),
            portal.remove(vec!["a.age".to_owned()]).await.unwrap_err(),
        ] {
            let told = refused.to_string();
            assert!(told.contains("AccessDenied"), "{told}");
        }
        assert_eq!(inside.list(9, |_| true).await.unwrap().len(), 1);
        assert_eq!(
            inside.take("a.age", 3).await.unwrap(),
            Taken::Whole(b"abc".to_vec())
        );
        assert_eq!(inside.take("a.age", 2).await.unwrap(), Taken::TooLong(3));
        assert_eq!(inside.take("b.age", 2).await.unwrap(), Taken::Gone);
        inside.remove(vec!["a.age".to_owned()]).await.unwrap();
        // Somebody else was quicker.
        inside.remove(vec!["a.age".to_owned()]).await.unwrap();
        assert!(inside.list(9, |_| true).await.unwrap().is_empty());
    });
}

#[test]
fn an_object_is_recorded_once_and_then_leaves_the_store() {
    on_both(|site| async move {
        let (store, boxed) = (Store::start().await, Boxed::new());
        let collector = Collector::of(boxed.folder.path(), store.inside()).unwrap();
        // An empty bucket, and one where the portal has only tried.
        assert_eq!(
            collector.collect(&site.app).await.unwrap(),
            collected(0, 0, 0)
        );
        DropBox::of(store.portal()).await.unwrap();
        let sent = |n| submission(n, SubmissionKind::Feedback, &[("rating", "easy")]);
        for n in 1..=250 {
            store.leave(&boxed, &sent(n)).await;
        }
        // Of somebody else, deeper down.
        store
            .portal()
            .put("notes.txt", b"x".to_vec())
            .await
            .unwrap();
        assert_eq!(
            collector.collect(&site.app).await.unwrap(),
            collected(250, 0, 0)
        );
        assert_eq!(store.names(), ["notes.txt"]);
        // Killed between the record and the removal: the object is there again.
        store.leave(&boxed, &sent(7)).await;
        assert_eq!(
            collector.collect(&site.app).await.unwrap(),
            collected(0, 1, 0)
        );
        let requests = "select count(*) as n from protect_request";
        assert_eq!(number(&site.app, requests).await, 250);
        let entries = "select count(*) as n from ledger_entry where resource_kind = 'request'";
        assert_eq!(number(&site.app, entries).await, 250);
        // Away: an error, and what is there waits.
        store.leave(&boxed, &sent(251)).await;
        store.is_away(true);
        let told = collector.collect(&site.app).await.unwrap_err().to_string();
        assert!(told.contains(ADDRESS), "{told}");
        store.is_away(false);
        assert_eq!(
            collector.collect(&site.app).await.unwrap(),
            collected(1, 0, 0)
        );
    });
}

#[test]
fn what_no_key_opens_stays_in_the_store_until_the_key_is_back() {
    on_both(|site| async move {
        let (store, boxed) = (Store::start().await, Boxed::new());
        let lost = PrivateKey::generate();
        let first = submission(1, SubmissionKind::Feedback, &[("rating", "hard")]);
        let sealed = sealing::seal(&serde_json::to_vec(&first).unwrap(), &lost.public());
        let name = format!("{}.age", first.id);
        store.portal().put(&name, sealed.unwrap()).await.unwrap();
        store
            .portal()
            .put("rubbish.age", b"x".to_vec())
            .await
            .unwrap();
        let long = vec![0; sealing::MOST_SEALED + 1];
        store.portal().put("too-long.age", long).await.unwrap();
        let second = submission(2, SubmissionKind::Feedback, &[("rating", "easy")]);
        store.leave(&boxed, &second).await;
        let collector = || Collector::of(boxed.folder.path(), store.inside()).unwrap();
        let one = collector();
        assert_eq!(one.collect(&site.app).await.unwrap(), collected(1, 0, 3));
        assert_eq!(one.collect(&site.app).await.unwrap(), collected(0, 0, 0));
        assert_eq!(store.held().len(), 3);
        let keys = boxed.folder.path().join("keys");
        fs::write(keys.join("portal-found.key"), lost.text().as_bytes()).unwrap();
        assert_eq!(
            collector().collect(&site.app).await.unwrap(),
            collected(1, 0, 2)
        );
        assert_eq!(store.names(), ["rubbish.age", "too-long.age"]);
        let requests = "select count(*) as n from protect_request";
        assert_eq!(number(&site.app, requests).await, 2);
    });
}

#[test]
fn the_process_takes_the_store_from_its_arguments_and_variables() {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.enable_all().build().unwrap();
    let store = runtime.block_on(Store::start());
    let boxed = Boxed::new();
    let key = boxed.key.to_string();
    let portal = |variables: &[(&str, String)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fourfold"));
        command
            .args([
                "portal",
                "--box",
                ADDRESS,
                "--key",
                &key,
                "--listen",
                "127.0.0.1:0",
            ])
            .env_remove("AWS_REGION")
            .envs(variables.iter().map(|(n, v)| (*n, v)));
        command
    };
    let refused = portal(&store.variables("the-inside")).output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(
        said.contains("s3:PutObject") && !said.contains(SECRET),
        "{said}"
    );
    let (_running, address) = started(&mut portal(&store.variables("the-portal")));
    let page = ask(
        &address,
        "GET /help/feedback HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );
    let token = page.split("name=\"token\" value=\"").nth(1).unwrap();
    let token = token.split('"').next().unwrap();
    std::thread::sleep(Duration::from_secs(4));
    let fields = [("token", token), ("rating", "easy")];
    let answer = post(&address, "/help/feedback", &fields);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(store.held().len(), 2);
}
