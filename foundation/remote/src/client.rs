//! Requests over HTTPS, with their limits.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, Response};
use url::Url;

use crate::address::is_here;
use crate::{Answer, Error, Lost};

/// Longest to wait for somebody to be there, and for a whole answer.
const CONNECTING: Duration = Duration::from_secs(5);
const ANSWERING: Duration = Duration::from_secs(30);
/// Most bytes of an answer that are read.
const MOST: usize = 4 << 20;

/// A client of one service.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
}

/// A client as all of ours are. `here`: it speaks to this machine, where plain HTTP will do.
pub(crate) fn http(
    here: bool,
    connecting: Duration,
    answering: Duration,
) -> reqwest::Result<reqwest::Client> {
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("fourfold/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(connecting)
        .timeout(answering)
        // A redirected request would carry its token, or its signature for another host, elsewhere.
        .redirect(Policy::none())
        .https_only(!here);
    if here {
        // A proxy of the environment is for what lies outside.
        builder = builder.no_proxy();
    }
    builder.build()
}

/// An error with its causes, in one line of sensible length.
pub(crate) fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        let more = source.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = source.source();
    }
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(300).collect()
}

fn lost(error: reqwest::Error) -> Lost {
    // The query of a URL may name somebody.
    let error = error.without_url();
    let words = told(&error);
    match error.is_connect() || error.is_builder() {
        true => Lost::NotSent(words),
        false => Lost::Unknown(words),
    }
}

fn retry_after(headers: &HeaderMap) -> Option<u32> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()
}

impl Client {
    /// A client of the service at an address that [`crate::encrypted`] let through.
    ///
    /// # Errors
    /// [`Error::Away`] when the machine's certificate authorities cannot be read.
    pub fn open(base: &Url) -> Result<Client, Error> {
        let http = http(is_here(base), CONNECTING, ANSWERING).map_err(|e| Error::Away(told(&e)))?;
        Ok(Client { http })
    }

    /// Asks. `bearer` is sent as the right to.
    ///
    /// # Errors
    /// [`Lost`] when there is no whole answer.
    pub async fn get(&self, url: Url, bearer: &str) -> Result<Answer, Lost> {
        answer(self.http.get(url).bearer_auth(bearer)).await
    }

    /// Sends JSON, once.
    ///
    /// # Errors
    /// [`Lost`] when there is no whole answer; it says whether what was sent can have arrived.
    pub async fn post(&self, url: Url, bearer: &str, json: String) -> Result<Answer, Lost> {
        let request = self
            .http
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .body(json);
        answer(request.bearer_auth(bearer)).await
    }
}

async fn answer(request: RequestBuilder) -> Result<Answer, Lost> {
    let mut response: Response = request.send().await.map_err(lost)?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| unread(e, &body))? {
        if body.len() + chunk.len() > MOST {
            return Err(Lost::Unknown("the answer is too long".to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer {
        status: response.status().as_u16(),
        retry_after: retry_after(response.headers()),
        body,
    })
}

/// An answer that broke off: what was sent has arrived.
fn unread(error: reqwest::Error, so_far: &[u8]) -> Lost {
    let words = told(&error.without_url());
    Lost::Unknown(format!(
        "the answer broke off after {} bytes: {words}",
        so_far.len()
    ))
}
