#![allow(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as expected"
)]

//! Messages by GOV.UK Notify, against a server that speaks its API on loopback and looks at every token.

use std::collections::{BTreeSet, HashSet};
use std::process::Command;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use protect::messages::Post;
use record::time::{Clock as _, SetClock};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use web::AppSetting;

use super::harness::{Site, on_both_with};
use super::messages::{checked, done, state, to, victims, write};
use super::victim_care::seed_app;

const SERVICE: &str = "26785a09-ab16-4eb0-8407-a37497a57506";
const SECRET: &str = "3d844edf-8d35-48ac-975b-e847b4f122b0";
const TEMPLATE: &str = "f33517ff-2a88-4f6e-b855-c550268ce08a";
const REPLY_TO: &str = "8e222534-7f05-4972-86e3-17c5d9f894e2";

/// How Notify answers the next message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Takes,
    /// Status, kind and words of a refusal; seconds to come back after.
    Says(u16, &'static str, &'static str, Option<u32>),
    /// A page of something in between, that is no answer of Notify's.
    Between(u16),
    /// Takes it, and the connection is gone before it says so.
    TakesAndVanishes,
    /// The same, and whoever asks at once does not find it yet.
    TakesLate,
    /// The connection is gone before anything was taken.
    Vanishes,
}

struct Held {
    mood: Mood,
    /// Seconds by which its clock is ahead.
    ahead: i64,
    template: Value,
    taken: Vec<Value>,
    /// What became of each message it took.
    status: &'static str,
    /// References that whoever asks does not find yet.
    hidden: BTreeSet<String>,
    asked: usize,
}

/// Notify.
#[derive(Clone)]
struct Server {
    address: String,
    clock: Arc<SetClock>,
    held: Arc<Mutex<Held>>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    iat: i64,
}

fn problem(status: u16, kind: &str, message: &str) -> Response {
    let errors = json!([{ "error": kind, "message": message }]);
    let body = json!({ "status_code": status, "errors": errors });
    let status = StatusCode::from_u16(status).unwrap();
    (status, axum::Json(body)).into_response()
}

/// Ends the connection without a word: the task that serves it unwinds, and says nothing of that.
fn vanish() -> ! {
    std::panic::resume_unwind(Box::new("the connection is gone"))
}

impl Server {
    async fn start(site: &Site) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Server {
            address: format!("http://{}", listener.local_addr().unwrap()),
            clock: Arc::clone(&site.clock),
            held: Arc::new(Mutex::new(Held {
                mood: Mood::Takes,
                ahead: 0,
                template: json!({
                    "id": TEMPLATE, "type": "email", "version": 1,
                    "subject": "((subject))", "body": "((body))\r\n",
                }),
                taken: Vec::new(),
                status: "created",
                hidden: BTreeSet::new(),
                asked: 0,
            })),
        };
        let router = Router::new()
            .route("/v2/template/{id}", get(Server::template))
            .route("/v2/notifications", get(Server::list))
            .route("/v2/notifications/email", post(Server::email))
            .layer(middleware::from_fn_with_state(
                server.clone(),
                Server::let_in,
            ))
            .with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        server
    }

    fn with<T>(&self, change: impl FnOnce(&mut Held) -> T) -> T {
        change(&mut self.held.lock().unwrap())
    }

    fn is(&self, mood: Mood) {
        self.with(|held| held.mood = mood);
    }

    fn taken(&self) -> Vec<Value> {
        self.with(|held| held.taken.clone())
    }

    fn post(&self) -> Post {
        let key = format!("live-{SERVICE}-{SECRET}");
        Post::notify(&self.address, &key).unwrap()
    }

    /// The token is verified with the library, as Notify verifies it.
    async fn let_in(State(server): State<Server>, request: Request, next: Next) -> Response {
        let token = request.headers().get(header::AUTHORIZATION);
        let token = token.and_then(|t| t.to_str().ok()?.strip_prefix("Bearer "));
        let mut validation = Validation::new(Algorithm::HS256);
        validation.required_spec_claims = HashSet::new();
        validation.validate_exp = false;
        let key = DecodingKey::from_secret(SECRET.as_bytes()).unwrap();
        let claims = token.and_then(|t| {
            let read = jsonwebtoken::decode::<Claims>(t, &key, &validation);
            read.ok().map(|read| read.claims)
        });
        let Some(claims) = claims.filter(|c| c.iss == SERVICE) else {
            return problem(403, "AuthError", "Invalid token: API key not found");
        };
        let now = server.clock.now().micros() / 1_000_000 + server.with(|held| held.ahead);
        if (now - claims.iat).abs() > 30 {
            let words = "Error: Your system clock must be accurate to within 30 seconds";
            return problem(403, "AuthError", words);
        }
        next.run(request).await
    }

    async fn template(State(server): State<Server>, Path(id): Path<String>) -> Response {
        match id == TEMPLATE {
            true => axum::Json(server.with(|held| held.template.clone())).into_response(),
            false => problem(404, "NoResultFound", "No result found"),
        }
    }

    async fn list(
        State(server): State<Server>,
        Query(asked): Query<Vec<(String, String)>>,
    ) -> Response {
        let [(name, reference)] = asked.as_slice() else {
            return problem(
                400,
                "ValidationError",
                "Additional properties are not allowed",
            );
        };
        assert_eq!(name, "reference");
        server.with(|held| {
            held.asked += 1;
            let found = held.taken.iter().filter(|t| t["reference"] == **reference);
            let found = found.filter(|_| !held.hidden.contains(reference));
            let found: Vec<Value> = found
                .map(|t| json!({ "id": "x", "reference": t["reference"], "status": held.status }))
                .collect();
            axum::Json(json!({ "notifications": found, "links": {} })).into_response()
        })
    }

    async fn email(State(server): State<Server>, headers: HeaderMap, body: String) -> Response {
        assert_eq!(headers[header::CONTENT_TYPE], "application/json");
        let email: Value = serde_json::from_str(&body).unwrap();
        let reference = email["reference"].as_str().unwrap().to_owned();
        let mood = server.with(|held| held.mood);
        match mood {
            Mood::Says(status, kind, words, after) => {
                let mut answer = problem(status, kind, words);
                if let Some(after) = after {
                    answer
                        .headers_mut()
                        .insert(header::RETRY_AFTER, after.into());
                }
                return answer;
            }
            Mood::Between(status) => {
                let status = StatusCode::from_u16(status).unwrap();
                return (status, "<html>").into_response();
            }
            Mood::Vanishes => vanish(),
            Mood::Takes | Mood::TakesAndVanishes | Mood::TakesLate => {}
        }
        server.with(|held| {
            if mood == Mood::TakesLate {
                held.hidden.insert(reference.clone());
            }
            held.taken.push(email);
        });
        if mood != Mood::Takes {
            vanish();
        }
        let body = json!({ "id": "740e5834-3a29-46b4-9a6f-16142fde533a", "reference": reference });
        (StatusCode::CREATED, axum::Json(body)).into_response()
    }
}

/// The shipped policy with a legal check recorded, and a template of Notify's.
fn with_template(setting: AppSetting) -> AppSetting {
    const FILE: &str = "protect/messages.toml";
    let mut setting = checked(setting);
    let table =
        format!("[notify]\ntemplate = {TEMPLATE:?}\nreply_to = {REPLY_TO:?}\n\n[[template]]");
    let text = setting.policy.text(FILE).unwrap();
    let text = text.replacen("[[template]]", &table, 1);
    setting.policy.0.insert(FILE.to_owned(), text);
    setting
}

/// A site with a victim, a message to whom is queued, and Notify.
struct Queued {
    server: Server,
    post: Post,
    officer: super::harness::Visitor,
    /// Page on which another one is written.
    path: String,
    /// Page of the message.
    message: String,
}

async fn queued(site: &Site) -> Queued {
    seed_app(&site.app, victims()).await;
    let server = Server::start(site).await;
    let officer = site.sign_in("victim_care").await;
    let path = to(site, "R-1").await;
    let message = write(&officer, &path, &[]).await.location.clone().unwrap();
    Queued {
        post: server.post(),
        message: message.split('?').next().unwrap().to_owned(),
        server,
        officer,
        path,
    }
}

impl Queued {
    async fn run(&self, site: &Site) -> protect::messages::Dispatched {
        self.post.dispatch(&site.app).await.unwrap()
    }

    /// Comes back after a time in which a session ends.
    async fn signs_in_again(&mut self, site: &Site) {
        self.officer = site.sign_in("victim_care").await;
    }

    async fn another(&self) {
        write(&self.officer, &self.path, &[("again", "yes")])
            .await
            .is(303);
    }

    async fn decide(&self, decision: &str) {
        let decided = [("decision", decision), ("note", "Seen on Notify's page")];
        let to = format!("{}/settle", self.message);
        self.officer.post(&to, &decided).await.is(303);
    }
}

fn pass(site: &Site, minutes: i64) {
    site.clock.set(site.app.now().plus_minutes(minutes));
}

#[test]
fn a_message_is_taken_once_and_known_by_its_id() {
    on_both_with(with_template, |site| async move {
        let queued = queued(&site).await;
        queued.post.check(&site.app).unwrap();
        assert_eq!(queued.run(&site).await, done(1, 0, 0, 0));
        assert_eq!(queued.run(&site).await, done(0, 0, 0, 0));
        let taken = queued.server.taken();
        let [email] = taken.as_slice() else {
            unreachable!("one message, not {taken:?}");
        };
        let id = queued.message.rsplit('/').next().unwrap();
        assert_eq!(email["reference"], id);
        assert_eq!(email["email_address"], "margaret@victim.example");
        assert_eq!(email["template_id"], TEMPLATE);
        assert_eq!(email["email_reply_to_id"], REPLY_TO);
        assert_eq!(email["personalisation"]["subject"], "Your reference R-1");
        let body = email["personalisation"]["body"].as_str().unwrap();
        assert!(body.contains("We have tried to call you"), "{body}");
        assert!(email.get("one_click_unsubscribe_url").is_none(), "{email}");
        assert_eq!(state(&site).await, "sent");
        // As if the records had been brought back from yesterday's backup.
        change(&site, "state = 'queued', ended_at = null, next_at = 0").await;
        assert_eq!(queued.run(&site).await, done(1, 0, 0, 0));
        assert_eq!(queued.server.taken().len(), 1);
    });
}

/// Sets columns of every message.
async fn change(site: &Site, columns: &'static str) {
    use record::access::Resource;
    let by = site.app.command_line();
    let of = Resource::of("test", "messages");
    let grant = by.permit(&web::register::MANAGE, &of, "").unwrap();
    let changed = site.app.store().write(&grant, move |tx| {
        Box::pin(async move {
            let sql = store::Sql::new("update protect_message set ").then(columns);
            tx.run(sql).await
        })
    });
    changed.await.unwrap();
}

#[test]
fn names_are_plain_and_notices_can_be_ended_by_one_click() {
    on_both_with(with_template, |site| async move {
        let queued = queued(&site).await;
        change(
            &site,
            "name = '# Ann [x](http://bad.example) www.bad.example', \
             body = '# Ann [x](http://bad.example) www.bad.example' || ', hello https://force.example/a', \
             leave = 'https://force.example/leave/0af9', purpose = 'warning'",
        )
        .await;
        assert_eq!(queued.run(&site).await, done(1, 0, 0, 0));
        let email = queued.server.taken().remove(0);
        assert_eq!(
            email["personalisation"]["body"],
            "\\# Ann \\[x](http:\u{200b}//bad.\u{200b}example) www.\u{200b}bad.\u{200b}example, \
             hello https://force.example/a"
        );
        let leave = &email["one_click_unsubscribe_url"];
        assert_eq!(leave, "https://force.example/leave/0af9");
    });
}

#[test]
fn what_notify_says_decides_what_follows() {
    on_both_with(with_template, |site| async move {
        let mut queued = queued(&site).await;
        let server = queued.server.clone();
        // The limit of a minute, and that of a day: nothing is tried before its end, by any message.
        server.is(Mood::Says(
            429,
            "RateLimitError",
            "Exceeded rate limit",
            Some(30),
        ));
        assert_eq!(queued.run(&site).await, done(0, 1, 0, 0));
        queued.another().await;
        server.is(Mood::Says(
            429,
            "TooManyRequestsError",
            "Exceeded send limits",
            None,
        ));
        assert_eq!(queued.run(&site).await, done(0, 0, 0, 0));
        pass(&site, 1);
        assert_eq!(queued.run(&site).await, done(0, 1, 0, 0));
        server.is(Mood::Takes);
        pass(&site, 11 * 60);
        assert_eq!(queued.run(&site).await, done(0, 0, 0, 0), "before midnight");
        pass(&site, 60);
        assert_eq!(queued.run(&site).await, done(2, 0, 0, 0));

        // Notify's own fault, and a gate that is shut.
        queued.signs_in_again(&site).await;
        queued.another().await;
        server.is(Mood::Says(500, "Exception", "Internal server error", None));
        assert_eq!(queued.run(&site).await, done(0, 1, 0, 0));
        pass(&site, 2);
        server.is(Mood::Between(503));
        assert_eq!(queued.run(&site).await, done(0, 1, 0, 0));
        pass(&site, 6);
        // An address nobody has.
        server.is(Mood::Says(
            400,
            "ValidationError",
            "email_address Not a valid email address",
            None,
        ));
        assert_eq!(queued.run(&site).await, done(0, 0, 1, 0));
        let list = queued.officer.get("/messages").await;
        list.is(200).has("Refused").has("Not a valid email address");

        // A key for the team: this one is refused, and the next does not follow at once.
        queued.another().await;
        queued.another().await;
        let words = "Can’t send to this recipient using a team-only API key";
        server.is(Mood::Says(400, "BadRequestError", words, None));
        assert_eq!(queued.run(&site).await, done(0, 0, 1, 0));
        queued
            .officer
            .get("/messages")
            .await
            .has("team-only API key");
        server.is(Mood::Takes);
        assert_eq!(queued.run(&site).await, done(1, 0, 0, 0));
        assert_eq!(server.taken().len(), 3);
    });
}

#[test]
fn a_wrong_key_clock_or_template_holds_everything_back_and_is_told() {
    on_both_with(with_template, |site| async move {
        let queued = queued(&site).await;
        let server = &queued.server;
        let other = Post::notify(
            &server.address,
            &format!("live-{SERVICE}-{}", SECRET.replace('3', "4")),
        );
        let other = other.unwrap();
        assert_eq!(other.dispatch(&site.app).await.unwrap(), done(0, 1, 0, 0));
        let page = queued.officer.get(&queued.message).await;
        page.has("API key not found")
            .has("FOURFOLD_NOTIFY_KEY")
            .has("Waiting to go out");
        page.lacks(SECRET);
        pass(&site, 2);
        server.with(|held| held.ahead = 90);
        assert_eq!(queued.run(&site).await, done(0, 1, 0, 0));
        queued
            .officer
            .get(&queued.message)
            .await
            .has("system clock");
        pass(&site, 6);
        server.with(|held| {
            held.ahead = 0;
            held.template["body"] = "Dear ((name))\n((body))".into();
        });
        assert_eq!(queued.run(&site).await, done(0, 1, 0, 0));
        queued
            .officer
            .get(&queued.message)
            .await
            .has("no other field");
        pass(&site, 31);
        server.with(|held| held.template["body"] = "((body))".into());
        // Nobody there.
        let key = format!("live-{SERVICE}-{SECRET}");
        let nobody = Post::notify("http://127.0.0.1:1", &key).unwrap();
        assert_eq!(nobody.dispatch(&site.app).await.unwrap(), done(0, 1, 0, 0));
        pass(&site, 121);
        assert!(server.taken().is_empty());
        assert_eq!(queued.run(&site).await, done(1, 0, 0, 0));
    });
}

#[test]
fn a_lost_answer_never_sends_a_message_twice() {
    on_both_with(with_template, |site| async move {
        let queued = queued(&site).await;
        let server = &queued.server;
        // Taken, and found at once.
        server.is(Mood::TakesAndVanishes);
        assert_eq!(queued.run(&site).await, done(1, 0, 0, 0));
        assert_eq!(server.taken().len(), 1);

        // Taken, and found later: it waits for a person meanwhile, and nothing else is tried for a minute.
        queued.another().await;
        server.is(Mood::TakesLate);
        assert_eq!(queued.run(&site).await, done(0, 0, 0, 1));
        assert_eq!(state(&site).await, "unsure");
        server.is(Mood::Takes);
        queued.another().await;
        assert_eq!(queued.run(&site).await, done(0, 0, 0, 0));
        pass(&site, 2);
        assert_eq!(queued.run(&site).await, done(1, 0, 0, 0), "the other one");
        queued.officer.get("/messages").await.has("Not known");
        server.with(|held| held.hidden.clear());
        pass(&site, 5);
        assert_eq!(queued.run(&site).await, done(1, 0, 0, 0));
        assert_eq!(server.taken().len(), 3);
        queued.officer.get("/messages").await.has("Nothing waits");
    });
}

#[test]
fn what_a_person_decides_is_held_against_what_notify_knows() {
    on_both_with(with_template, |site| async move {
        let queued = queued(&site).await;
        let server = &queued.server;
        // Taken, and unknown: whoever sends it again sends nothing, because by then it is known.
        server.is(Mood::TakesLate);
        assert_eq!(queued.run(&site).await, done(0, 0, 0, 1));
        server.is(Mood::Takes);
        queued.decide("again").await;
        server.with(|held| held.hidden.clear());
        pass(&site, 2);
        assert_eq!(queued.run(&site).await, done(1, 0, 0, 0));
        assert_eq!(server.taken().len(), 1);
    });
    on_both_with(with_template, |site| async move {
        let mut queued = queued(&site).await;
        let server = queued.server.clone();
        // Never taken: it stays unsure however often Notify is asked, less and less often, and goes when a person says so.
        for mood in [Mood::Vanishes, Mood::Between(502), Mood::Between(200)] {
            server.is(mood);
            assert_eq!(queued.run(&site).await, done(0, 0, 0, 1), "{mood:?}");
            let before = server.with(|held| held.asked);
            for _ in 0..60 {
                pass(&site, 1);
                assert_eq!(queued.run(&site).await, done(0, 0, 0, 0));
            }
            let asked = server.with(|held| held.asked) - before;
            assert!((2..10).contains(&asked), "asked {asked} times in an hour");
            assert_eq!(state(&site).await, "unsure");
            queued.signs_in_again(&site).await;
            queued.decide("again").await;
        }
        server.is(Mood::Takes);
        assert_eq!(queued.run(&site).await, done(1, 0, 0, 0));
        assert_eq!(server.taken().len(), 1);
    });
}

#[test]
fn what_could_not_be_delivered_is_refused_until_a_person_sends_it_again() {
    on_both_with(with_template, |site| async move {
        let queued = queued(&site).await;
        let server = &queued.server;
        server.is(Mood::TakesLate);
        assert_eq!(queued.run(&site).await, done(0, 0, 0, 1));
        server.is(Mood::Takes);
        server.with(|held| {
            held.hidden.clear();
            held.status = "technical-failure";
        });
        pass(&site, 2);
        assert_eq!(queued.run(&site).await, done(0, 0, 1, 0));
        assert_eq!(state(&site).await, "failed");
        queued
            .officer
            .get(&queued.message)
            .await
            .has("could not deliver it");
        queued.decide("again").await;
        assert_eq!(queued.run(&site).await, done(1, 0, 0, 0));
        assert_eq!(server.taken().len(), 2);
    });
}

#[test]
fn a_process_that_ends_while_sending_asks_before_it_troubles_anybody() {
    on_both_with(with_template, |site| async move {
        let queued = queued(&site).await;
        assert_eq!(queued.run(&site).await, done(1, 0, 0, 0));
        // As the process leaves it that is killed before it could record what came of it.
        change(&site, "state = 'handed_over', ended_at = null").await;
        pass(&site, 11);
        // It is put before a person, and in the same run found to have gone.
        assert_eq!(queued.run(&site).await, done(1, 0, 0, 1));
        assert_eq!(state(&site).await, "sent");
        assert_eq!(queued.server.taken().len(), 1);
    });
}

/// What `fourfold serve` says with such arguments and variables, in a folder of its own.
fn serve(arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let done = Command::new(env!("CARGO_BIN_EXE_fourfold"))
        .arg("--data")
        .arg(folder.path())
        .args(["serve", "--listen", "127.0.0.1:0"])
        .args(arguments)
        .env_remove("DATABASE_URL")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let said = [done.stdout, done.stderr].concat();
    (
        done.status.code(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

#[test]
fn messages_go_out_one_way_and_the_key_is_never_shown() {
    let key = format!("live-{SERVICE}-{SECRET}");
    let key = ("FOURFOLD_NOTIFY_KEY", key.as_str());
    let smtp = ["--smtp", "smtp://127.0.0.1:1"];
    let notify = ["--notify", "https://127.0.0.1:1"];
    for (arguments, variables, told) in [
        ([&smtp[..], &notify].concat(), vec![], "one way"),
        (smtp.to_vec(), vec![key], "one way"),
        (notify.to_vec(), vec![], "FOURFOLD_NOTIFY_KEY"),
        (
            vec!["--notify", "http://api.example"],
            vec![key],
            "encrypted only",
        ),
        (
            vec![],
            vec![("FOURFOLD_NOTIFY_KEY", "live-key")],
            "name-SERVICE-SECRET",
        ),
        // A key alone is enough; but policy names no template yet.
        (vec![], vec![key], "[notify]"),
    ] {
        let (code, said) = serve(&arguments, &variables);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(told), "{told}: {said}");
        assert!(!said.contains(SECRET), "{said}");
    }
}
