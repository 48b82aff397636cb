#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

//! The box between the public side and the records: collected once, whatever happens; and nothing of
//! what was sent stays with the process that took it.

use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use protect::requests::{Collected, Collector};
use record::access::Resource;
use record::ids::SubmissionId;
use record::report::Report;
use record::submission::{Submission, SubmissionKind};
use record::time::Timestamp;
use sealing::{PrivateKey, PublicKey};
use store::Sql;
use tempfile::TempDir;
use uuid::Uuid;
use web::App;
use web::register::MANAGE;

use super::harness::on_both;
use super::portal::code_in;
use super::victim_care::seed_app;

pub fn submission(n: u128, kind: SubmissionKind, fields: &[(&str, &str)]) -> Submission {
    let fields = fields
        .iter()
        .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
    Submission {
        version: Submission::VERSION,
        id: SubmissionId(Uuid::from_u128(n)),
        kind,
        at: Timestamp::parse("2026-11-23T11:00:00Z").unwrap().micros(),
        reference: format!("TEST-{n:04}"),
        fields: fields.collect(),
    }
}

fn leave(folder: &Path, key: &PublicKey, submission: &Submission) -> PathBuf {
    let open = serde_json::to_vec(submission).unwrap();
    let file = folder.join(format!("{}.age", submission.id));
    fs::write(&file, sealing::seal(&open, key).unwrap()).unwrap();
    file
}

/// A data folder with a key, and a box beside it.
pub struct Boxed {
    pub folder: TempDir,
    pub key: PublicKey,
}

impl Boxed {
    pub fn new() -> Boxed {
        let folder = tempfile::tempdir().unwrap();
        for name in ["keys", "box"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let (key, _) = fourfold::commands::portal::write_key(&folder.path().join("keys")).unwrap();
        Boxed { folder, key }
    }

    /// The data folder.
    pub fn data(&self) -> &Path {
        self.folder.path()
    }

    pub fn in_box(&self) -> PathBuf {
        self.folder.path().join("box")
    }

    pub fn leave(&self, submission: &Submission) -> PathBuf {
        leave(&self.in_box(), &self.key, submission)
    }

    pub fn collector(&self) -> Collector {
        Collector::open(self.folder.path(), self.in_box()).unwrap()
    }

    fn left(&self) -> usize {
        let all = fs::read_dir(self.in_box()).unwrap();
        all.filter(|e| e.as_ref().unwrap().path().extension().is_some())
            .count()
    }
}

pub async fn rows(app: &App, sql: impl Into<Sql>) -> Vec<store::Row> {
    let by = app.command_line();
    let grant = by
        .permit(&MANAGE, &Resource::of("test", "box"), "")
        .unwrap();
    let mut reader = app.store().read(&grant).await.unwrap();
    reader.rows(sql).await.unwrap()
}

pub async fn number(app: &App, sql: &'static str) -> i64 {
    rows(app, sql).await[0].get("n").unwrap()
}

pub fn collected(recorded: usize, known: usize, unopened: usize) -> Collected {
    Collected {
        recorded,
        known,
        unopened,
    }
}

#[test]
fn a_submission_is_recorded_once_and_then_leaves_the_box() {
    on_both(|site| async move {
        let boxed = Boxed::new();
        let collector = boxed.collector();
        let call = submission(
            1,
            SubmissionKind::CallBack,
            &[("name", "Ann"), ("phone", "1")],
        );
        let file = boxed.leave(&call);
        let sealed = fs::read(&file).unwrap();
        boxed.leave(&submission(
            2,
            SubmissionKind::Feedback,
            &[("rating", "easy")],
        ));
        fs::write(boxed.in_box().join(".x.part"), b"still being written").unwrap();
        assert_eq!(
            collector.collect(&site.app).await.unwrap(),
            collected(2, 0, 0)
        );
        assert_eq!(boxed.left(), 1, "only the part");
        // Killed between the record and the removal: the file is there again.
        fs::write(&file, sealed).unwrap();
        assert_eq!(
            collector.collect(&site.app).await.unwrap(),
            collected(0, 1, 0)
        );
        assert_eq!(
            number(&site.app, "select count(*) as n from protect_request").await,
            2
        );
        let entries = "select count(*) as n from ledger_entry where resource_kind = 'request'";
        assert_eq!(number(&site.app, entries).await, 2);
    });
}

#[test]
fn what_no_key_opens_waits_and_hides_nothing() {
    on_both(|site| async move {
        let boxed = Boxed::new();
        let lost = PrivateKey::generate();
        let first = submission(1, SubmissionKind::Feedback, &[("rating", "hard")]);
        leave(&boxed.in_box(), &lost.public(), &first);
        fs::write(boxed.in_box().join("rubbish.age"), b"not sealed").unwrap();
        // Sealed rightly, under the name of another.
        let other = boxed.leave(&submission(2, SubmissionKind::Feedback, &[]));
        fs::rename(
            &other,
            boxed.in_box().join(format!("{}.age", Uuid::from_u128(9))),
        )
        .unwrap();
        boxed.leave(&submission(
            3,
            SubmissionKind::Feedback,
            &[("rating", "easy")],
        ));
        let collector = boxed.collector();
        assert_eq!(
            collector.collect(&site.app).await.unwrap(),
            collected(1, 0, 3)
        );
        assert_eq!(boxed.left(), 0);
        // The key comes back; the others stay shut.
        let keys = boxed.folder.path().join("keys");
        fs::write(keys.join("portal-found.key"), lost.text().as_bytes()).unwrap();
        let again = boxed.collector();
        assert_eq!(again.collect(&site.app).await.unwrap(), collected(1, 0, 2));
        // Without any key it does not begin.
        fs::remove_dir_all(&keys).unwrap();
        let problem = Collector::open(boxed.folder.path(), boxed.in_box()).unwrap_err();
        assert!(problem.to_string().contains("portal key"), "{problem}");
    });
}

#[test]
fn a_call_asked_for_brings_the_open_duty_forward() {
    on_both(|site| async move {
        let report: Report = serde_json::from_value(serde_json::json!({
            "reference": "RF26112300001", "source": "test", "feed": "victim_list",
            "received_at": "2026-11-23T09:00:00Z", "nfib_code": "NFIB52C",
            "narrative": "They took over my account.", "district": "Watford",
            "victim": { "kind": "person", "forenames": "Ann", "surname": "Example" }
        }))
        .unwrap();
        seed_app(&site.app, vec![report]).await;
        let due = "select due_at as n from work_item where queue = 'protect.victim_care'";
        let before = number(&site.app, due).await;
        let boxed = Boxed::new();
        let told = [
            ("name", "Ann <b>Example</b>"),
            ("phone", "01632 960 001"),
            ("report", "rf26112300001"),
        ];
        boxed.leave(&submission(1, SubmissionKind::CallBack, &told));
        boxed.leave(&submission(
            2,
            SubmissionKind::CallBack,
            &[("name", "Bob"), ("report", "NONE")],
        ));
        boxed.leave(&submission(
            3,
            SubmissionKind::YoungPerson,
            &[("name", "Teacher"), ("about", "worry")],
        ));
        boxed.collector().collect(&site.app).await.unwrap();
        let after = number(&site.app, due).await;
        assert!(after <= before, "{after} {before}");
        let caller = site.sign_in("victim_care").await;
        let list = caller.get("/public-requests").await;
        list.is(200)
            .has("Ann &#60;b&#62;Example")
            .has("Bob")
            .lacks("Teacher");
        let one = format!("/public-requests/{}", Uuid::from_u128(1));
        caller
            .get(&one)
            .await
            .is(200)
            .has("01632 960 001")
            .has("Open the call page");
        caller
            .get(&format!("/public-requests/{}", Uuid::from_u128(2)))
            .await
            .is(200)
            .lacks("Open the call page");
        caller
            .get(&format!("/public-requests/{}", Uuid::from_u128(3)))
            .await
            .is(404);
        let inspector = site.sign_in("detective_inspector").await;
        inspector.get("/public-requests").await.has("Teacher");
        inspector
            .get(&format!("/public-requests/{}", Uuid::from_u128(3)))
            .await
            .is(200)
            .has("worry");
        let close = format!("{one}/close");
        caller
            .post(&close, &[("outcome", "")])
            .await
            .is(422)
            .has("Choose what was done");
        let done = [("outcome", "answered"), ("note", "Called at noon")];
        caller.post(&close, &done).await.is(303);
        caller.post(&close, &done).await.is(409);
        caller.get(&one).await.has("Called at noon");
        caller.get("/public-requests?view=closed").await.has("Ann");
        site.sign_in("analyst")
            .await
            .get("/public-requests")
            .await
            .is(403);
    });
}

#[test]
fn a_key_is_changed_without_losing_a_request() {
    on_both(|site| async move {
        let boxed = Boxed::new();
        let keys = boxed.folder.path().join("keys");
        let old = fs::read_dir(&keys).unwrap().next().unwrap().unwrap().path();
        let earlier = std::time::SystemTime::now() - Duration::from_secs(86_400);
        let file = fs::OpenOptions::new().write(true).open(&old).unwrap();
        file.set_modified(earlier).unwrap();
        let (new, _) = fourfold::commands::portal::write_key(&keys).unwrap();
        let of = |n| submission(n, SubmissionKind::Feedback, &[("rating", "easy")]);
        // The portal is told of the new key a while after the inside has it.
        boxed.leave(&of(1));
        leave(&boxed.in_box(), &new, &of(2));
        let both = boxed.collector();
        assert_eq!(both.public_key().unwrap().to_string(), new.to_string());
        assert_eq!(both.collect(&site.app).await.unwrap(), collected(2, 0, 0));
        // The old one is taken away too early: what is sealed to it waits, and hides nothing.
        let away = boxed.folder.path().join("old.key");
        fs::rename(&old, &away).unwrap();
        boxed.leave(&of(3));
        leave(&boxed.in_box(), &new, &of(4));
        let after = boxed.collector();
        assert_eq!(after.collect(&site.app).await.unwrap(), collected(1, 0, 1));
        fs::rename(&away, &old).unwrap();
        let again = boxed.collector();
        assert_eq!(again.collect(&site.app).await.unwrap(), collected(1, 0, 0));
        let all = "select count(*) as n from protect_request";
        assert_eq!(number(&site.app, all).await, 4);
    });
}

#[test]
fn a_key_that_is_none_or_the_wrong_half_stops_the_start_and_is_not_repeated() {
    let boxed = Boxed::new();
    let private = PrivateKey::generate();
    let secret = private.text();
    for key in [secret.as_str(), "age1nonsense", ""] {
        let told = Command::new(env!("CARGO_BIN_EXE_fourfold"))
            .args(["portal", "--listen", "127.0.0.1:0", "--key", key, "--box"])
            .arg(boxed.in_box())
            .output()
            .unwrap();
        assert_eq!(told.status.code(), Some(2), "{key}");
        let said = String::from_utf8_lossy(&told.stderr);
        assert!(said.contains("begins with age1"), "{said}");
        assert!(key.is_empty() || !said.contains(key), "the key is repeated");
    }
}

#[test]
fn a_portal_whose_clock_is_wrong_sends_nothing_into_the_future() {
    on_both(|site| async move {
        let boxed = Boxed::new();
        let fields = [("name", "Ann"), ("phone", "1")];
        for (n, at) in [(1, "2036-01-01T00:00:00Z"), (2, "1970-01-01T00:00:01Z")] {
            let mut call = submission(n, SubmissionKind::CallBack, &fields);
            call.at = Timestamp::parse(at).unwrap().micros();
            boxed.leave(&call);
        }
        assert_eq!(
            boxed.collector().collect(&site.app).await.unwrap(),
            collected(2, 0, 0)
        );
        let soon = site.app.now().plus_days(7).micros();
        let latest = "select max(due_at) as n from protect_request";
        assert!(number(&site.app, latest).await < soon);
        let received = "select max(received_at) as n from protect_request";
        assert!(number(&site.app, received).await <= site.app.now().micros());
    });
}

#[test]
fn page_views_are_added_up_by_day() {
    on_both(|site| async move {
        let boxed = Boxed::new();
        for n in 1..=3 {
            let views = [("/advice/phishing", "10 2"), ("/", "1 0")];
            boxed.leave(&submission(n, SubmissionKind::PageViews, &views));
        }
        boxed.collector().collect(&site.app).await.unwrap();
        let sum = "select cast(sum(views * 100 + visits_again) as bigint) as n from protect_page_view where page = '/advice/phishing'";
        assert_eq!(number(&site.app, sum).await, 3_006);
        assert_eq!(
            number(&site.app, "select count(*) as n from protect_request").await,
            0
        );
    });
}

/// A process of ours, ended with the test.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the product and waits for the line that says where it is.
pub fn start(arguments: &[&str]) -> (Running, String) {
    started(Command::new(env!("CARGO_BIN_EXE_fourfold")).args(arguments))
}

pub fn started(command: &mut Command) -> (Running, String) {
    let mut child = command
        .env_remove("DATABASE_URL")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = std::io::BufReader::new(child.stdout.take().unwrap());
    let running = Running(child);
    loop {
        let mut line = String::new();
        let read = std::io::BufRead::read_line(&mut said, &mut line).unwrap();
        assert!(read > 0, "it ended before it said where it is");
        if let Some((_, address)) = line.trim().split_once("http://") {
            let address = address.to_owned();
            // Whatever it says later must not stop it.
            std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
            return (running, address);
        }
    }
}

pub fn ask(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

pub fn post(address: &str, path: &str, fields: &[(&str, &str)]) -> String {
    let body = serde_html_form::to_string(fields).unwrap();
    let length = body.len();
    ask(
        address,
        &format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{body}"
        ),
    )
}

/// Everything a process has in memory that it can write to, run of pages by run of pages. What it
/// cannot write to came from its files; pages it never touched hold nothing.
#[cfg(target_os = "linux")]
fn memory(process: u32) -> Vec<Vec<u8>> {
    const PAGE: u64 = 4_096;
    let open = |name: &str| fs::File::open(format!("/proc/{process}/{name}")).unwrap();
    let (mut memory, mut pagemap) = (open("mem"), open("pagemap"));
    let mut runs = Vec::new();
    for line in fs::read_to_string(format!("/proc/{process}/maps"))
        .unwrap()
        .lines()
    {
        let mut words = line.split_whitespace();
        let (range, rights) = (words.next().unwrap(), words.next().unwrap());
        if !rights.starts_with("rw") {
            continue;
        }
        let (from, to) = range.split_once('-').unwrap();
        let from = u64::from_str_radix(from, 16).unwrap() / PAGE;
        let to = u64::from_str_radix(to, 16).unwrap() / PAGE;
        let mut entries = vec![0; usize::try_from((to - from) * 8).unwrap()];
        pagemap.seek(SeekFrom::Start(from * 8)).unwrap();
        pagemap.read_exact(&mut entries).unwrap();
        // The two highest bits: in memory, or swapped out.
        let touched =
            |page: u64| entries[usize::try_from((page - from) * 8 + 7).unwrap()] & 0xC0 != 0;
        let mut page = from;
        while page < to {
            let begin = page;
            while page < to && touched(page) {
                page += 1;
            }
            if page > begin {
                let mut bytes = vec![0; usize::try_from((page - begin) * PAGE).unwrap()];
                memory.seek(SeekFrom::Start(begin * PAGE)).unwrap();
                memory.read_exact(&mut bytes).unwrap();
                runs.push(bytes);
            }
            page += 1;
        }
    }
    runs
}

fn holds(runs: &[Vec<u8>], needle: &str) -> bool {
    let needle = needle.as_bytes();
    let found = |run: &Vec<u8>| memchr::memmem::find(run, needle).is_some();
    runs.iter().any(found)
}

/// The token of a form.
pub fn token_in(page: &str) -> String {
    let token = page.split("name=\"token\" value=\"").nth(1).unwrap();
    token.split('"').next().unwrap().to_owned()
}

#[test]
#[cfg(target_os = "linux")]
fn a_submitted_secret_stays_neither_in_memory_nor_in_files() {
    let boxed = Boxed::new();
    let (key, folder) = (boxed.key.to_string(), boxed.in_box());
    let folder = folder.to_str().unwrap();
    let drafts = tempfile::tempdir().unwrap();
    let (running, address) = start(&[
        "portal",
        "--drafts",
        drafts.path().to_str().unwrap(),
        "--box",
        folder,
        "--key",
        &key,
        "--listen",
        "127.0.0.1:0",
    ]);
    let page = ask(
        &address,
        "GET /help/call-back HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );
    let token = token_in(&page);
    let token = token.as_str();
    // Words no other text of the process holds.
    let secrets = ["zwiebelfisch-quastenflosser", "kreuzworträtsel xanthippe"];
    let fields = [
        ("token", token),
        ("name", secrets[0]),
        ("phone", "01632960001"),
        ("times", "any"),
        ("message", "no"),
        ("about", secrets[1]),
    ];
    // Refused at first for being fast, and shown again: that too must leave nothing.
    let early = post(&address, "/help/call-back", &fields);
    assert!(
        early.contains("It is not sent yet") && early.contains(secrets[0]),
        "{early}"
    );
    std::thread::sleep(Duration::from_secs(3));
    let done = post(&address, "/help/call-back", &fields);
    assert!(done.contains("We have received it"), "{done}");
    // Saved to be sent later, and opened again: neither the words nor the code may stay.
    let page = ask(
        &address,
        "GET /help/call-back HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );
    let fresh = token_in(&page);
    let mut fields = fields;
    fields[0].1 = &fresh;
    std::thread::sleep(Duration::from_secs(3));
    let saved = post(&address, "/help/call-back/save", &fields);
    let code = code_in(&saved);
    let returned = post(&address, "/help/return", &[("code", &code)]);
    assert!(returned.contains(secrets[0]), "{returned}");
    let plain = code.replace('-', "");
    let runs = memory(running.0.id());
    // What it does hold is found: the search can fail.
    assert!(holds(
        &runs,
        "Someone is threatening to share your pictures"
    ));
    for secret in [
        "zwiebelfisch",
        "quastenflosser",
        "xanthippe",
        "kreuzwort",
        &code,
        &plain,
    ] {
        assert!(!holds(&runs, secret), "{secret:?} is still in memory");
    }
    let files: Vec<PathBuf> = fs::read_dir(boxed.in_box())
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    assert_eq!(files.len(), 1);
    let kept = fs::read_dir(drafts.path()).unwrap();
    let kept: Vec<PathBuf> = kept.map(|e| e.unwrap().path()).collect();
    assert_eq!(kept.len(), 1);
    for file in files.iter().chain(&kept) {
        let bytes = fs::read(file).unwrap();
        assert!(!bytes.windows(9).any(|w| w == b"xanthippe"));
    }
    drop(running);
    let keys = Collector::keys_in(boxed.folder.path()).unwrap();
    let opened = sealing::open(&fs::read(&files[0]).unwrap(), &keys).unwrap();
    let submission: Submission = serde_json::from_slice(&opened).unwrap();
    assert_eq!(submission.field("about"), secrets[1]);
}

/// The records of a folder that no process has open.
pub async fn opened(data: &Path) -> App {
    super::killed::opened(&store::Location::Folder(data.to_owned())).await
}

#[test]
fn serve_is_killed_while_it_collects_and_each_request_is_there_once() {
    const SENT: u128 = 400;
    let boxed = Boxed::new();
    for n in 1..=SENT {
        boxed.leave(&submission(
            n,
            SubmissionKind::Feedback,
            &[("rating", "easy")],
        ));
    }
    let data = boxed.folder.path().to_str().unwrap().to_owned();
    for kill in 0..8_u64 {
        let (running, _) = start(&["--data", &data, "serve", "--listen", "127.0.0.1:0"]);
        std::thread::sleep(Duration::from_millis(60 + 90 * kill));
        drop(running);
        if boxed.left() == 0 && kill > 3 {
            break;
        }
    }
    let (running, _) = start(&["--data", &data, "serve", "--listen", "127.0.0.1:0"]);
    for _ in 0..600 {
        if boxed.left() == 0 {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    drop(running);
    assert_eq!(boxed.left(), 0, "everything was collected");
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.enable_all().build().unwrap().block_on(async {
        let app = opened(boxed.data()).await;
        let sent = i64::try_from(SENT).unwrap();
        assert_eq!(
            number(&app, "select count(*) as n from protect_request").await,
            sent
        );
        let once = "select count(*) as n from ledger_entry where resource_kind = 'request'";
        assert_eq!(number(&app, once).await, sent);
        app.store().close().await;
    });
}
