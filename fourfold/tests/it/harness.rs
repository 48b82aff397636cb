#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]
#![allow(dead_code, reason = "each test file uses a part of the harness")]

//! A whole site in a test: every capability, shipped policy, one person for each role.

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use record::Marking;
use record::time::SetClock;
use store::{Location, Setting};
use tower::ServiceExt as _;
use web::register::{self, NewPerson};
use web::{App, AppSetting};

pub const PASSWORD: &str = "correct horse battery";

/// Roles of the shipped policy that people hold; each has a person whose user name is the role.
pub const ROLES: [&str; 13] = [
    "triage_officer",
    "victim_care",
    "protect_officer",
    "partner_caller",
    "partner_coordinator",
    "volunteer",
    "victim_care_supervisor",
    "detective_inspector",
    "communications",
    "analyst",
    "strategy_lead",
    "administrator",
    "auditor",
];

#[derive(Clone)]
pub struct Site {
    pub app: App,
    pub clock: Arc<SetClock>,
    router: Router,
}

/// The shipped policy on a test's own store.
pub fn shipped(location: Location, store: Setting) -> AppSetting {
    AppSetting {
        location,
        store,
        policy: fourfold::assemble::policy(None).unwrap(),
        secure_cookies: false,
        demonstration: true,
    }
}

/// Runs a test body on a site over SQLite and over PostgreSQL. The clock stands at noon on
/// 23 November 2026 until it is moved.
pub fn on_both<F: Future<Output = ()>>(body: impl Fn(Site) -> F) {
    on_both_with(|setting| setting, body);
}

/// The same on a site that is set up otherwise than shipped.
pub fn on_both_with<F: Future<Output = ()>>(
    change: impl Fn(AppSetting) -> AppSetting,
    body: impl Fn(Site) -> F,
) {
    store::testing::locations(|location, setting, clock| {
        let (body, change) = (&body, &change);
        async move {
            let setting = change(shipped(location, setting));
            let app = App::start(setting, fourfold::assemble::capabilities())
                .await
                .unwrap();
            let by = app.command_line();
            for role in ROLES {
                let person = NewPerson {
                    username: role.to_owned(),
                    name: format!("Test {role}"),
                    title: role.to_owned(),
                    unit: match role {
                        "partner_caller" | "partner_coordinator" => "beacon",
                        "volunteer" => "volunteers",
                        _ => "sfcu",
                    }
                    .to_owned(),
                    force: app.force().name.clone(),
                    ceiling: Marking::OfficialSensitive,
                    password: PASSWORD.to_owned(),
                    roles: vec![role.to_owned()],
                };
                register::add_person(app.store(), &by, person)
                    .await
                    .unwrap();
            }
            let router = web::router(&app);
            body(Site {
                app: app.clone(),
                clock,
                router,
            })
            .await;
            app.store().close().await;
        }
    });
}

/// A site on SQLite with nobody to sign in, for tests that live through many histories. The clock
/// stands at noon on 23 November 2026.
pub async fn bare_site(folder: &std::path::Path) -> Site {
    let noon = record::time::Timestamp::parse("2026-11-23T12:00:00Z").unwrap();
    let clock = Arc::new(SetClock::at(noon));
    let setting = Setting {
        clock: Arc::<SetClock>::clone(&clock),
        ids: Arc::new(record::ids::SeededIds::new(1)),
    };
    let setting = shipped(Location::Folder(folder.to_owned()), setting);
    let app = App::start(setting, fourfold::assemble::capabilities())
        .await
        .unwrap();
    Site {
        router: web::router(&app),
        app,
        clock,
    }
}

/// What came back.
#[derive(Debug)]
pub struct Page {
    pub status: StatusCode,
    pub location: Option<String>,
    pub cookie: Option<String>,
    pub body: String,
    /// The body as it came: a file need not be text.
    pub bytes: Vec<u8>,
}

impl Page {
    /// Asserts that the page holds a text, and says what it held instead.
    #[track_caller]
    pub fn has(&self, text: &str) -> &Page {
        assert!(
            self.body.contains(text),
            "{text:?} is not in ({}):\n{}",
            self.status,
            self.body
        );
        self
    }

    #[track_caller]
    pub fn lacks(&self, text: &str) -> &Page {
        assert!(!self.body.contains(text), "{text:?} is in:\n{}", self.body);
        self
    }

    #[track_caller]
    pub fn is(&self, status: u16) -> &Page {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }

    /// The value of the first `name="…" value="…"` pair on the page.
    pub fn field(&self, name: &str) -> String {
        let marker = format!("name=\"{name}\" value=\"");
        let from = self
            .body
            .find(&marker)
            .unwrap_or_else(|| panic!("no field {name}:\n{}", self.body));
        let rest = &self.body[from + marker.len()..];
        rest[..rest.find('"').unwrap()].to_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }
}

/// Somebody signed in.
#[derive(Clone)]
pub struct Visitor {
    site: Site,
    cookie: String,
}

impl Site {
    async fn send(&self, request: Request<Body>) -> Page {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let header = |name| {
            response
                .headers()
                .get(name)
                .and_then(|v| v.to_str().ok())
                .map(ToOwned::to_owned)
        };
        let (location, cookie) = (header(header::LOCATION), header(header::SET_COOKIE));
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Page {
            status,
            location,
            cookie,
            body,
            bytes: bytes.to_vec(),
        }
    }

    /// A request with nobody signed in.
    pub async fn get(&self, path: &str) -> Page {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    /// A form with nobody signed in.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let body = serde_html_form::to_string(fields).unwrap();
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap();
        self.send(request).await
    }

    /// Signs in the person of a role.
    pub async fn sign_in(&self, role: &str) -> Visitor {
        let purpose = "Duty: triage and allocation";
        let fields = [
            ("user", role),
            ("password", PASSWORD),
            ("purpose", purpose),
            ("next", "/"),
        ];
        let page = self.post("/sign-in", &fields).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
        let cookie = page.cookie.unwrap();
        Visitor {
            site: self.clone(),
            cookie: cookie.split(';').next().unwrap().to_owned(),
        }
    }

    /// A call of the API with a token.
    pub async fn call(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: Option<serde_json::Value>,
    ) -> Page {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.map_or_else(Body::empty, |b| Body::from(b.to_string())))
            .unwrap();
        self.send(request).await
    }

    /// A token of a role's person, limited to these acts.
    pub async fn token(&self, role: &str, scopes: &[&str]) -> String {
        let until = self.app.now().plus_days(1);
        let scopes = scopes.iter().map(|s| (*s).to_owned()).collect();
        let by = self.app.command_line();
        register::issue_token(self.app.store(), &by, role, "test", scopes, until)
            .await
            .unwrap()
    }
}

impl Visitor {
    pub async fn get(&self, path: &str) -> Page {
        let request = Request::get(path)
            .header(header::COOKIE, &self.cookie)
            .body(Body::empty())
            .unwrap();
        self.site.send(request).await
    }

    /// Posts a form as the page would: with the session's token.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        // The home page redirects; any page of the person's carries the token in its sign-out form.
        let csrf = self.csrf().await;
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        self.post_bare(path, &all).await
    }

    /// Posts exactly these fields.
    pub async fn post_bare(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let body = serde_html_form::to_string(fields).unwrap();
        let request = Request::post(path)
            .header(header::COOKIE, &self.cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap();
        self.site.send(request).await
    }

    /// Posts an upload.
    pub async fn upload(&self, path: &str, fields: &[(&str, &str)], file: (&str, &[u8])) -> Page {
        let csrf = self.csrf().await;
        let mut body = Vec::new();
        let mut part = |head: String, content: &[u8]| {
            body.extend_from_slice(format!("--boundary\r\n{head}\r\n\r\n").as_bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        };
        for (name, value) in [("csrf", csrf.as_str())].iter().chain(fields) {
            part(
                format!("Content-Disposition: form-data; name=\"{name}\""),
                value.as_bytes(),
            );
        }
        part(
            format!(
                "Content-Disposition: form-data; name=\"file\"; filename=\"{}\"\r\nContent-Type: application/octet-stream",
                file.0
            ),
            file.1,
        );
        body.extend_from_slice(b"--boundary--\r\n");
        let request = Request::post(path)
            .header(header::COOKIE, &self.cookie)
            .header(
                header::CONTENT_TYPE,
                "multipart/form-data; boundary=boundary",
            )
            .body(Body::from(body))
            .unwrap();
        self.site.send(request).await
    }

    async fn csrf(&self) -> String {
        // A page that does not exist still has the frame with the sign-out form.
        self.get("/no-such-page").await.field("csrf")
    }
}
