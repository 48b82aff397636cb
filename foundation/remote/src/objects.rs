//! Objects below a prefix of an S3 bucket.

use std::fmt;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::client::{HttpClient, HttpConnector};
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientConfigKey, ClientOptions, Error as StoreError, ObjectStore,
    ObjectStoreExt as _, RetryConfig,
};

use crate::address::{encrypted, is_here, store};
use crate::client::{http, told};
use crate::{Error, Found, TRIAL, Taken};

/// Longest to wait for the store to be there, and for one answer of it.
const CONNECTING: Duration = Duration::from_secs(3);
const ANSWERING: Duration = Duration::from_secs(8);
/// Tries beyond the first one, and the time after which there is no other.
const RETRIES: usize = 3;
const RETRYING: Duration = Duration::from_secs(12);
/// Longest an operation takes, with all its tries. Below what a visitor's request may take.
const WHOLE: Duration = Duration::from_secs(20);

/// What of the environment is heeded: nothing that would switch off signatures, certificates or TLS.
const HEEDED: [&str; 13] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_VIRTUAL_HOSTED_STYLE_REQUEST",
    "AWS_SERVER_SIDE_ENCRYPTION",
    "AWS_SSE_KMS_KEY_ID",
    "AWS_SSE_BUCKET_KEY_ENABLED",
];

/// What shows that there are credentials: each of a row is enough with the other.
const CREDENTIALS: [[&str; 2]; 4] = [
    ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
    ["AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"],
    [
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    ],
    [
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    ],
];

/// A place for objects: a bucket, and a prefix in it.
#[derive(Clone)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    address: String,
    whole: Duration,
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Objects({})", self.address)
    }
}

/// Makes the store's clients as all of ours are made.
#[derive(Debug)]
struct Connector;

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        // The store on this machine, or a role's credentials from the machine's own network.
        let here = options.get_config_value(&ClientConfigKey::AllowHttp);
        let client = http(here.as_deref() == Some("true"), CONNECTING, ANSWERING);
        let client = client.map_err(|source| StoreError::Generic {
            store: "S3",
            source: Box::new(source),
        })?;
        Ok(HttpClient::new(client))
    }
}

impl Objects {
    /// A place by its address, `s3://bucket/prefix`, with credentials, region and endpoint as the usual variables of
    /// an environment have them. Nothing is sent yet.
    ///
    /// # Errors
    /// [`Error::Setting`], which says what is missing or wrong. It repeats no secret.
    pub fn open(
        address: &str,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Objects, Error> {
        let (bucket, prefix) = store(address)?;
        let set = |name: &str| environment(name).filter(|value| !value.is_empty());
        let wrong = |problem: &str| Error::Setting(format!("{address}: {problem}"));
        if !CREDENTIALS
            .iter()
            .any(|all| all.iter().all(|n| set(n).is_some()))
        {
            return Err(wrong(
                "there are no credentials. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the variables of a role",
            ));
        }
        let endpoint = set("AWS_ENDPOINT_URL_S3").or_else(|| set("AWS_ENDPOINT_URL"));
        let region = set("AWS_REGION").or_else(|| set("AWS_DEFAULT_REGION"));
        let mut here = false;
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(bucket)
            .with_retry(retries())
            .with_http_connector(Connector);
        match (&endpoint, region) {
            // The library would go to the United States.
            (None, None) => return Err(wrong("there is no region. Set AWS_REGION")),
            (_, Some(region)) => builder = builder.with_region(region),
            (Some(_), None) => {}
        }
        if let Some(endpoint) = endpoint {
            let url = encrypted("AWS_ENDPOINT_URL", &endpoint)?;
            here = url.scheme() == "http" && is_here(&url);
            builder = builder.with_endpoint(endpoint);
        }
        for name in HEEDED {
            let key = AmazonS3ConfigKey::from_str(&name.to_ascii_lowercase());
            if let (Some(value), Ok(key)) = (set(name), key) {
                builder = builder.with_config(key, value);
            }
        }
        let store = builder
            .with_client_options(ClientOptions::new().with_allow_http(here))
            .build()
            .map_err(|e| wrong(&told(&e)))?;
        Ok(Objects {
            store: Arc::new(store),
            prefix: Path::from_iter(prefix.split('/').filter(|part| !part.is_empty())),
            address: address.trim_end_matches('/').to_owned(),
            whole: WHOLE,
        })
    }

    /// The same place, where an operation takes no longer than this.
    #[must_use]
    pub fn with_patience(mut self, whole: Duration) -> Objects {
        self.whole = whole;
        self
    }

    fn at(&self, name: &str) -> Path {
        self.prefix.clone().join(name)
    }

    /// Ends what takes too long, and says what it was.
    async fn within<T>(
        &self,
        name: &str,
        work: impl Future<Output = object_store::Result<T>>,
    ) -> Result<T, Error> {
        let said = |problem: String| Error::Away(format!("{}/{name}: {problem}", self.address));
        match tokio::time::timeout(self.whole, work).await {
            Ok(done) => done.map_err(|e| said(told(&e))),
            Err(_) => Err(said(format!("no answer within {:?}", self.whole))),
        }
    }

    /// Shows that objects can be put there, by putting one. It asks for no other right than that, so it cannot
    /// remove it: the same object takes the place of itself at the next start.
    ///
    /// # Errors
    /// [`Error::Away`], with what the store says.
    pub async fn try_to_put(&self) -> Result<(), Error> {
        self.put(TRIAL, b"Objects can be put here.\n".to_vec())
            .await
    }

    /// Puts an object there, and returns when the store has confirmed that it has it. The same name takes the place
    /// of itself.
    ///
    /// # Errors
    /// [`Error::Away`]; it may be there all the same.
    pub async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<(), Error> {
        let path = self.at(name);
        let put = self.store.put(&path, bytes.into());
        self.within(name, put).await.map(drop)
    }

    /// Objects directly below the prefix whose names are wanted, at most so many.
    ///
    /// # Errors
    /// [`Error::Away`], with what the store says.
    pub async fn list(
        &self,
        most: usize,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<Found>, Error> {
        let below = Some(&self.prefix).filter(|p| !p.as_ref().is_empty());
        let mut all = self.store.list(below);
        let mut found = Vec::new();
        while found.len() < most {
            let next = async { all.next().await.transpose() };
            let Some(object) = self.within("", next).await? else {
                break;
            };
            let Some(mut parts) = object.location.prefix_match(&self.prefix) else {
                continue;
            };
            let (Some(name), None) = (parts.next(), parts.next()) else {
                continue;
            };
            if wanted(name.as_ref()) {
                found.push(Found {
                    name: name.as_ref().to_owned(),
                    size: object.size,
                });
            }
        }
        Ok(found)
    }

    /// An object of at most so many bytes.
    ///
    /// # Errors
    /// [`Error::Away`], with what the store says.
    pub async fn take(&self, name: &str, most: u64) -> Result<Taken, Error> {
        let path = self.at(name);
        let read = async {
            let got = match self.store.get(&path).await {
                Err(StoreError::NotFound { .. }) => return Ok(Taken::Gone),
                other => other?,
            };
            match got.meta.size {
                size if size > most => Ok(Taken::TooLong(size)),
                _ => got.bytes().await.map(|b| Taken::Whole(b.to_vec())),
            }
        };
        self.within(name, read).await
    }

    /// Removes objects; those that are gone already are no error.
    ///
    /// # Errors
    /// [`Error::Away`]; some may be gone.
    pub async fn remove(&self, names: Vec<String>) -> Result<(), Error> {
        let paths: Vec<_> = names.iter().map(|n| Ok(self.at(n))).collect();
        let remove = async {
            let mut removed = self
                .store
                .delete_stream(futures_util::stream::iter(paths).boxed());
            while let Some(one) = removed.next().await {
                match one {
                    Ok(_) | Err(StoreError::NotFound { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(())
        };
        self.within("", remove).await
    }
}

fn retries() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(2),
            base: 2.0,
        },
        max_retries: RETRIES,
        retry_timeout: RETRYING,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn open(address: &str, set: &[(&str, &str)]) -> Result<Objects, String> {
        let set = |name: &str| {
            let found = set.iter().find(|(n, _)| *n == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Objects::open(address, set).map_err(|e| e.to_string())
    }

    const KEYS: [(&str, &str); 2] = [
        ("AWS_ACCESS_KEY_ID", "an id"),
        ("AWS_SECRET_ACCESS_KEY", "hush"),
    ];

    #[test]
    fn what_is_missing_is_named() {
        let with = |more: &[(&'static str, &'static str)]| [&KEYS[..], more].concat();
        let london = ("AWS_REGION", "eu-west-2");
        open("s3://box/in", &with(&[london])).unwrap();
        open(
            "s3://box",
            &with(&[("AWS_ENDPOINT_URL", "http://127.0.0.1:9000")]),
        )
        .unwrap();
        for (address, set, told) in [
            ("s3://", with(&[london]), "s3://bucket/prefix"),
            ("s3://box", vec![london], "no credentials"),
            ("s3://box", vec![london, KEYS[0]], "no credentials"),
            ("s3://box", with(&[]), "AWS_REGION"),
            (
                "s3://box",
                with(&[london, ("AWS_ENDPOINT_URL", "http://store.example")]),
                "encrypted only",
            ),
            (
                "s3://box",
                with(&[london, ("AWS_ENDPOINT_URL_S3", "http://10.0.0.1")]),
                "encrypted only",
            ),
        ] {
            let problem = open(address, &set).unwrap_err();
            assert!(problem.contains(told), "{problem}");
            assert!(!problem.contains("hush"), "{problem}");
        }
    }

    #[test]
    fn every_heeded_variable_is_known_to_the_store() {
        for name in HEEDED {
            let key = AmazonS3ConfigKey::from_str(&name.to_ascii_lowercase());
            assert!(key.is_ok(), "{name}");
        }
    }
}
