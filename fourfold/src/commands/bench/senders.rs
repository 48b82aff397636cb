//! People who open a form of the public side, and send it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::SendRequest;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::readers::field;
use super::times::Times;

/// How long a form has been open when it is sent: more than policy asks for when it is busy.
const PATIENCE: Duration = Duration::from_secs(16);
/// The same while it is not.
const LITTLE: Duration = Duration::from_secs(4);
/// Submissions in a minute above which the shipped policy takes it for busy.
const BUSY: u128 = 3_000;
const PAGE: &str = "/help/feedback";

/// Submissions numbered from nought, spread over a time.
#[derive(Clone, Copy)]
pub struct Burst {
    pub submissions: usize,
    pub within: Duration,
    pub connections: usize,
}

/// What the senders saw.
pub struct Sent {
    pub thanked: usize,
    pub took: Times,
}

impl Burst {
    /// Opens all forms, waits, and sends them at their times. `begun` is told when the sending begins.
    pub async fn send(self, address: SocketAddr, begun: impl FnOnce()) -> Result<Sent> {
        let connections = self.connections.max(1);
        let mut opening = Vec::new();
        for first in 0..connections {
            opening.push(tokio::spawn(async move {
                let mut sender = connect(address).await?;
                let mut tokens = Vec::new();
                for n in (first..self.submissions).step_by(connections) {
                    tokens.push((n, token(&mut sender).await?));
                }
                Ok::<_, anyhow::Error>(tokens)
            }));
        }
        let mut opened = Vec::new();
        for one in opening {
            opened.push(one.await??);
        }
        let every = self.within / u32::try_from(self.submissions.max(1))?;
        let a_minute = self.submissions as u128 * 60_000 / self.within.as_millis().max(1);
        tokio::time::sleep(if a_minute > BUSY { PATIENCE } else { LITTLE }).await;
        begun();
        let began = Instant::now();
        let mut sending = Vec::new();
        for tokens in opened {
            sending.push(tokio::spawn(async move {
                let (mut thanked, mut took) = (0, Vec::new());
                for (n, token) in tokens {
                    let due = began + every * u32::try_from(n)?;
                    tokio::time::sleep_until(due.into()).await;
                    // The portal ends the connection a form came over.
                    let mut sender = connect(address).await?;
                    thanked += usize::from(send(&mut sender, n, &token).await?);
                    took.push(due.elapsed());
                }
                Ok::<_, anyhow::Error>((thanked, took))
            }));
        }
        let (mut thanked, mut took) = (0, Vec::new());
        for one in sending {
            let (some, times) = one.await??;
            thanked += some;
            took.extend(times);
        }
        Ok(Sent {
            thanked,
            took: Times::lasting(&took),
        })
    }
}

pub async fn connect(address: SocketAddr) -> Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

/// The token of a form that is opened now.
async fn token(sender: &mut SendRequest<Full<Bytes>>) -> Result<String> {
    let request = Request::get(PAGE)
        .header(header::HOST, "bench")
        .body(Full::default())?;
    let answer = sender.send_request(request).await?;
    field(&answer.into_body().collect().await?.to_bytes(), "token")
}

/// What submission `n` says.
fn about(n: usize) -> String {
    format!("Number {n}. The page was easy to read on my phone.")
}

/// Which submission said this.
pub fn number(about: &str) -> Result<usize> {
    let n = about
        .strip_prefix("Number ")
        .and_then(|r| r.split('.').next());
    let n = n
        .and_then(|n| n.parse().ok())
        .filter(|n| self::about(*n) == about);
    n.with_context(|| format!("nobody sent {about:?}"))
}

/// Sends one form from an address of its own, and tells whether it was thanked for.
async fn send(sender: &mut SendRequest<Full<Bytes>>, n: usize, token: &str) -> Result<bool> {
    let about = about(n);
    let fields = [
        ("token", token),
        ("rating", "easy"),
        ("about", about.as_str()),
    ];
    let from = format!("10.{}.{}.1", n / 256 % 256, n % 256);
    let request = Request::post(PAGE)
        .header(header::HOST, "bench")
        .header("x-forwarded-for", from)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::from(serde_html_form::to_string(fields)?))?;
    let answer = sender.send_request(request).await?;
    let status = answer.status();
    let page = answer.into_body().collect().await?.to_bytes();
    let thanks = memchr::memmem::find(&page, b"We have received it").is_some();
    Ok(status == StatusCode::OK && thanks)
}
