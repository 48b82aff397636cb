#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]
#![cfg(target_os = "linux")]

//! The public side and the inside as processes: killed while they write, and on a disk that is full. A
//! process that may write no more than so many bytes to any file meets what a full disk gives, and needs
//! no right to make one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use record::submission::{Submission, SubmissionKind};
use sealing::PublicKey;
use store::Sql;

use super::portal::code_in;
use super::portal_box::{Boxed, Running, ask, opened, post, rows, started, token_in};

/// Longer than a form must have been open while few are sent.
const OPEN: Duration = Duration::from_millis(3_300);

fn quoted(path: &Path) -> String {
    format!("'{}'", path.display())
}

/// A portal with drafts that survives being told that a file has grown too large.
fn portal(drop_box: &Path, key: &PublicKey, drafts: &Path) -> (Running, String) {
    let line = format!(
        "trap '' XFSZ; exec {} portal --behind-proxy --listen 127.0.0.1:0 --key {key} --box {} --drafts {}",
        quoted(Path::new(env!("CARGO_BIN_EXE_fourfold"))),
        quoted(drop_box),
        quoted(drafts)
    );
    started(Command::new("sh").args(["-c", &line]))
}

/// Lets a process write so many bytes to a file and no more; none takes the limit away.
fn limit(process: &Running, bytes: Option<u32>) {
    let soft = bytes.map_or_else(|| "unlimited".to_owned(), |n| n.to_string());
    let done = Command::new("prlimit")
        .arg(format!("--fsize={soft}:unlimited"))
        .arg("--pid")
        .arg(process.0.id().to_string())
        .status()
        .expect("prlimit is part of util-linux, which every Debian has");
    assert!(done.success());
}

fn open(address: &str, form: &str) -> String {
    let request = format!("GET /help/{form} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    token_in(&ask(address, &request))
}

/// Sends a form from an address of its own. Nothing when the process is gone before its answer is whole.
fn try_post(address: &str, from: usize, path: &str, fields: &[(&str, &str)]) -> Option<String> {
    use std::io::{Read as _, Write as _};
    let body = serde_html_form::to_string(fields).unwrap();
    let (length, high, low) = (body.len(), from / 250, from % 250);
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 10.{high}.{low}.1\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let mut stream = std::net::TcpStream::connect(address).ok()?;
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    answer.contains("</html>").then_some(answer)
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let all = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    all.filter(|p| p.extension().is_some_and(|e| e == ending))
        .collect()
}

const SAVERS: usize = 6;
const EACH: usize = 40;

/// Codes that were shown, each with what was saved under it: the last that was acknowledged, and what
/// may have taken its place when the process was killed.
type Shown = BTreeMap<String, (String, Option<String>)>;

/// Everybody saves until the process is gone: new drafts, and in between the first of this saver again.
fn save_on(address: &str, round: usize, saver: usize, tokens: &[String], shown: &Mutex<Shown>) {
    let mut own: Option<String> = None;
    for (n, token) in tokens.iter().enumerate() {
        let name = format!("R{round} S{saver} N{n}");
        let from = (round * SAVERS + saver) * EACH + n;
        let mut fields = vec![("token", token.as_str()), ("name", name.as_str())];
        let again = own.clone().filter(|_| n % 2 == 1);
        if let Some(code) = &again {
            fields.push(("draft", code));
            let mut all = shown.lock().unwrap();
            all.get_mut(code).unwrap().1 = Some(name.clone());
        }
        let Some(answer) = try_post(address, from, "/help/call-back/save", &fields) else {
            return;
        };
        assert!(answer.contains("Your form is saved"), "{answer}");
        let code = code_in(&answer);
        assert!(again.as_ref().is_none_or(|again| *again == code));
        shown.lock().unwrap().insert(code.clone(), (name, None));
        own.get_or_insert(code);
    }
}

#[test]
fn every_code_that_was_shown_opens_its_draft_after_the_portal_was_killed() {
    let boxed = Boxed::new();
    let drafts = tempfile::tempdir().unwrap();
    let shown = Mutex::new(Shown::new());
    let mut parts = 0;
    for round in 0..7 {
        let (running, address) = portal(&boxed.in_box(), &boxed.key, drafts.path());
        let tokens: Vec<Vec<String>> = (0..SAVERS)
            .map(|_| (0..EACH).map(|_| open(&address, "call-back")).collect())
            .collect();
        std::thread::sleep(OPEN);
        std::thread::scope(|scope| {
            for (saver, tokens) in tokens.iter().enumerate() {
                let (address, shown) = (&address, &shown);
                scope.spawn(move || save_on(address, round, saver, tokens, shown));
            }
            // Later each time: among the first, and among many.
            let before = Duration::from_millis(40 + 90 * u64::try_from(round).unwrap());
            std::thread::sleep(before);
            drop(running);
        });
        parts += files(drafts.path(), "part").len();
    }
    let shown = shown.into_inner().unwrap();
    println!("{} codes shown, {parts} parts left behind", shown.len());
    assert!(shown.len() > 20, "{} codes were shown", shown.len());
    assert!(files(drafts.path(), "draft").len() >= shown.len());
    // What was left half written is in nobody's way: all are opened, saved again, and opened.
    let (_running, address) = portal(&boxed.in_box(), &boxed.key, drafts.path());
    let tokens: Vec<String> = shown.iter().map(|_| open(&address, "call-back")).collect();
    std::thread::sleep(OPEN);
    for (n, (code, (saved, perhaps))) in shown.iter().enumerate() {
        let opened = try_post(&address, n, "/help/return", &[("code", code)]).unwrap();
        let is = |name: &String| opened.contains(&format!("value=\"{name}\""));
        assert!(
            is(saved) || perhaps.as_ref().is_some_and(is),
            "{code} was saved as {saved} or {perhaps:?}:\n{opened}"
        );
        let again = [
            ("token", tokens[n].as_str()),
            ("draft", code.as_str()),
            ("name", "After"),
        ];
        let again = try_post(&address, n, "/help/call-back/save", &again).unwrap();
        assert_eq!(code_in(&again), *code);
        let opened = try_post(&address, n, "/help/return", &[("code", code)]).unwrap();
        assert!(opened.contains("value=\"After\""), "{opened}");
    }
    assert!(files(drafts.path(), "draft").len() >= shown.len());
}

#[test]
fn a_full_disk_is_said_with_a_number_to_call_and_takes_nothing_that_is_kept() {
    let boxed = Boxed::new();
    let drafts = tempfile::tempdir().unwrap();
    let (running, address) = portal(&boxed.in_box(), &boxed.key, drafts.path());
    let tokens: Vec<String> = (0..5).map(|_| open(&address, "call-back")).collect();
    let feedback = open(&address, "feedback");
    std::thread::sleep(OPEN);
    let save = |token: &str, draft: &str, name: &str| {
        let fields = [("token", token), ("draft", draft), ("name", name)];
        post(&address, "/help/call-back/save", &fields)
    };
    let code = code_in(&save(&tokens[0], "", "Before"));
    let plainly = |answer: &str, words: &str| {
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        for part in [words, "tel:101", "0300 123 2040"] {
            assert!(answer.contains(part), "{part} is not in {answer}");
        }
    };
    // Full to the last byte, and full when half of it is written.
    for bytes in [0, 2_048] {
        limit(&running, Some(bytes));
        let sent = [("token", feedback.as_str()), ("rating", "easy")];
        plainly(
            &post(&address, "/help/feedback", &sent),
            "We could not keep what you sent",
        );
        plainly(&save(&tokens[1], "", "New"), "We could not save the form");
        plainly(
            &save(&tokens[2], &code, "Changed"),
            "We could not save the form",
        );
        // What was kept before is whole, reading goes on, and nothing half written stays.
        let opened = post(&address, "/help/return", &[("code", &code)]);
        assert!(opened.contains("value=\"Before\""), "{opened}");
        let page = ask(
            &address,
            "GET /advice/phishing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        );
        assert!(page.starts_with("HTTP/1.1 200"), "{page}");
        for folder in [drafts.path(), &boxed.in_box()] {
            assert!(files(folder, "part").is_empty());
        }
        assert_eq!(files(drafts.path(), "draft").len(), 1);
        assert!(files(&boxed.in_box(), "age").is_empty());
    }
    // There is room again: the same forms are taken.
    limit(&running, None);
    let sent = [("token", feedback.as_str()), ("rating", "easy")];
    let thanked = post(&address, "/help/feedback", &sent);
    assert!(thanked.contains("We have received it"), "{thanked}");
    assert_eq!(files(&boxed.in_box(), "age").len(), 1);
    code_in(&save(&tokens[1], "", "New"));
    assert_eq!(code_in(&save(&tokens[2], &code, "Changed")), code);
    let opened = post(&address, "/help/return", &[("code", &code)]);
    assert!(opened.contains("value=\"Changed\""), "{opened}");
}

#[test]
fn what_the_inside_cannot_write_stays_in_the_box_until_it_can() {
    const SENT: usize = 60;
    let boxed = Boxed::new();
    let line = format!(
        "trap '' XFSZ; exec {} --data {} serve --listen 127.0.0.1:0",
        quoted(Path::new(env!("CARGO_BIN_EXE_fourfold"))),
        quoted(boxed.data())
    );
    let (running, address) = started(Command::new("sh").args(["-c", &line]));
    let database = boxed.data().join("fourfold.db");
    assert!(fs::metadata(&database).unwrap().len() > 100_000);
    // Less than the database has already: it can grow nowhere.
    limit(&running, Some(1_024));
    for n in 1..=SENT {
        boxed.leave(&Submission {
            version: Submission::VERSION,
            id: record::ids::SubmissionId(uuid::Uuid::from_u128(n as u128)),
            kind: SubmissionKind::Feedback,
            at: record::time::Timestamp::parse("2026-11-23T11:00:00Z")
                .unwrap()
                .micros(),
            reference: format!("TEST-{n:04}"),
            fields: [("rating".to_owned(), "easy".to_owned())].into(),
        });
    }
    // Collected every five seconds, and tried at least twice by now.
    std::thread::sleep(Duration::from_secs(12));
    assert_eq!(files(&boxed.in_box(), "age").len(), SENT, "nothing is lost");
    let alive = ask(
        &address,
        "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );
    assert!(alive.starts_with("HTTP/1.1 200"), "{alive}");
    limit(&running, None);
    let until = Instant::now() + Duration::from_secs(60);
    while !files(&boxed.in_box(), "age").is_empty() {
        assert!(Instant::now() < until, "the box was not emptied");
        std::thread::sleep(Duration::from_millis(200));
    }
    drop(running);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let app = opened(boxed.data()).await;
        let count = |sql: &'static str| rows(&app, Sql::new(sql));
        let requests = count("select id from protect_request").await;
        let entries = count("select seq from ledger_entry where resource_kind = 'request'").await;
        assert_eq!((requests.len(), entries.len()), (SENT, SENT), "each once");
        app.store().close().await;
    });
}

#[test]
fn a_burst_is_recorded_once_while_the_inside_is_away_and_while_it_is_killed() {
    // The command that measures ten thousand in a minute, with few.
    let done = Command::new(env!("CARGO_BIN_EXE_fourfold"))
        .env_remove("DATABASE_URL")
        .args(["bench", "burst", "--submissions", "300", "--seconds", "12"])
        .args(["--senders", "10", "--kills", "4"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    let problem = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}{problem}");
    for round in ["serve away", "serve killed"] {
        let line = said.lines().find(|l| l.starts_with(round)).unwrap();
        assert!(
            line.contains("300 thanked for, all on record once"),
            "{line}"
        );
    }
}

#[test]
fn a_portal_that_is_told_a_folder_it_cannot_use_says_so_before_it_starts() {
    let boxed = Boxed::new();
    let nowhere = boxed.data().join("nowhere");
    let told = Command::new(env!("CARGO_BIN_EXE_fourfold"))
        .args(["portal", "--listen", "127.0.0.1:0", "--key"])
        .arg(boxed.key.to_string())
        .arg("--box")
        .arg(boxed.in_box())
        .arg("--drafts")
        .arg(&nowhere)
        .output()
        .unwrap();
    assert_eq!(told.status.code(), Some(2));
    let said = String::from_utf8_lossy(&told.stderr);
    assert!(said.contains("Make the folders"), "{said}");
}
