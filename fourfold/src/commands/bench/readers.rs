//! Readers of pages over HTTP on loopback: signed in, many at once, each page timed from the request to
//! its last byte.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::{Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use record::Marking;
use tokio::net::TcpStream;
use web::App;
use web::register::{self, NewPerson};

use super::times::Times;

/// Requests of each reader that are not counted: statements are prepared, memory is taken.
const WARMING: usize = 5;
const PASSWORD: &str = "a bench of readers";
const FORM: &str = "application/x-www-form-urlencoded";

/// A site and somebody signed in to it.
#[derive(Clone)]
pub struct SignedIn {
    address: SocketAddr,
    cookie: String,
}

/// What was read.
#[derive(Default)]
pub struct Seen {
    took: Vec<Duration>,
    pub bytes: usize,
    /// Rows of tables, headings left out.
    pub rows: usize,
}

impl Seen {
    pub fn times(&self) -> Times {
        Times::lasting(&self.took)
    }
}

impl SignedIn {
    /// Signs in a person with these roles, added unless an earlier run did.
    pub async fn with(
        app: &App,
        address: SocketAddr,
        username: &str,
        roles: &[&str],
    ) -> Result<SignedIn> {
        let person = NewPerson {
            username: username.to_owned(),
            name: "Bench Reader".to_owned(),
            title: "Reader".to_owned(),
            unit: app.force().unit.clone(),
            force: app.force().name.clone(),
            ceiling: Marking::OfficialSensitive,
            password: PASSWORD.to_owned(),
            roles: roles.iter().map(|r| (*r).to_owned()).collect(),
        };
        // There already when the store was measured before.
        let _ = register::add_person(app.store(), &app.command_line(), person).await;
        let fields = [
            ("user", username),
            ("password", PASSWORD),
            ("purpose", "Performance and strategy"),
            ("next", "/"),
        ];
        let request = Request::post("/sign-in")
            .header(header::HOST, address.to_string())
            .header(header::CONTENT_TYPE, FORM)
            .body(Full::from(serde_html_form::to_string(fields)?))?;
        let answer = send(address, request).await?;
        let cookie = answer
            .headers()
            .get(header::SET_COOKIE)
            .context("the reader was not let in")?;
        let cookie = cookie.to_str()?.split(';').next().unwrap_or_default();
        Ok(SignedIn {
            address,
            cookie: cookie.to_owned(),
        })
    }

    pub async fn get(&self, path: &str) -> Result<Response<Bytes>> {
        let request = Request::get(path)
            .header(header::HOST, self.address.to_string())
            .header(header::COOKIE, &self.cookie)
            .body(Full::default())?;
        send(self.address, request).await
    }

    /// Sends a form, with the token of a page that was just read.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Result<Response<Bytes>> {
        let request = Request::post(path)
            .header(header::HOST, self.address.to_string())
            .header(header::COOKIE, &self.cookie)
            .header(header::CONTENT_TYPE, FORM)
            .body(Full::from(serde_html_form::to_string(fields)?))?;
        send(self.address, request).await
    }

    /// So many readers at once, each asking for so many of the pages in turn without a pause.
    pub async fn load(&self, readers: usize, requests: usize, paths: &[String]) -> Result<Seen> {
        anyhow::ensure!(!paths.is_empty(), "there is no page to read");
        let mut running = Vec::new();
        for reader in 0..readers {
            let (own, paths) = (self.clone(), paths.to_vec());
            running.push(tokio::spawn(async move {
                let mut seen = Seen::default();
                for n in 0..WARMING + requests {
                    let path = &paths[(reader * 31 + n) % paths.len()];
                    let began = Instant::now();
                    let answer = own.get(path).await?;
                    if n >= WARMING {
                        seen.took.push(began.elapsed());
                    }
                    let status = answer.status();
                    anyhow::ensure!(status == StatusCode::OK, "{path} answered {status}");
                    seen.bytes = answer.body().len();
                    let rows = count(answer.body(), b"govuk-table__row");
                    seen.rows = rows.saturating_sub(1);
                }
                Ok::<_, anyhow::Error>(seen)
            }));
        }
        let mut all = Seen::default();
        for reader in running {
            let seen = reader.await??;
            all.took.extend(seen.took);
            (all.bytes, all.rows) = (seen.bytes, seen.rows);
        }
        Ok(all)
    }
}

fn count(body: &[u8], words: &[u8]) -> usize {
    memchr::memmem::find_iter(body, words).count()
}

/// The value of a field of a page's form.
pub fn field(page: &[u8], name: &str) -> Result<String> {
    let page = String::from_utf8_lossy(page);
    let marker = format!("name=\"{name}\" value=\"");
    let found = page.split(marker.as_str()).nth(1);
    let found = found.and_then(|rest| rest.split('"').next());
    Ok(found
        .with_context(|| format!("the page has no field {name}"))?
        .to_owned())
}

/// One request over a connection of its own.
pub async fn send(address: SocketAddr, request: Request<Full<Bytes>>) -> Result<Response<Bytes>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let driving = tokio::spawn(connection);
    let answer = sender.send_request(request).await?;
    let (parts, body) = answer.into_parts();
    let bytes = body.collect().await?.to_bytes();
    driving.abort();
    Ok(Response::from_parts(parts, bytes))
}
