//! The same calls in a build that leaves HTTPS out: none of them begins.

use std::convert::Infallible;
use std::time::Duration;

use url::Url;

use crate::{Answer, Error, Found, Lost, Taken};

/// A client there is none of.
#[derive(Debug, Clone)]
pub struct Client(Infallible);

impl Client {
    /// # Errors
    /// [`Error::LeftOut`], always.
    pub fn open(_base: &Url) -> Result<Client, Error> {
        Err(Error::LeftOut)
    }

    /// Never called: there is no client.
    ///
    /// # Errors
    /// None.
    pub async fn get(&self, _url: Url, _bearer: &str) -> Result<Answer, Lost> {
        match self.0 {}
    }

    /// Never called: there is no client.
    ///
    /// # Errors
    /// None.
    pub async fn post(&self, _url: Url, _bearer: &str, _json: String) -> Result<Answer, Lost> {
        match self.0 {}
    }
}

/// A place there is none of.
#[derive(Debug, Clone)]
pub struct Objects(Infallible);

impl Objects {
    /// # Errors
    /// [`Error::LeftOut`], always.
    pub fn open(
        _address: &str,
        _environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Objects, Error> {
        Err(Error::LeftOut)
    }

    /// Never called: there is no place.
    #[must_use]
    pub fn with_patience(self, _whole: Duration) -> Objects {
        self
    }

    /// Never called: there is no place.
    ///
    /// # Errors
    /// None.
    pub async fn try_to_put(&self) -> Result<(), Error> {
        match self.0 {}
    }

    /// Never called: there is no place.
    ///
    /// # Errors
    /// None.
    pub async fn put(&self, _name: &str, _bytes: Vec<u8>) -> Result<(), Error> {
        match self.0 {}
    }

    /// Never called: there is no place.
    ///
    /// # Errors
    /// None.
    pub async fn list(
        &self,
        _most: usize,
        _wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<Found>, Error> {
        match self.0 {}
    }

    /// Never called: there is no place.
    ///
    /// # Errors
    /// None.
    pub async fn take(&self, _name: &str, _most: u64) -> Result<Taken, Error> {
        match self.0 {}
    }

    /// Never called: there is no place.
    ///
    /// # Errors
    /// None.
    pub async fn remove(&self, _names: Vec<String>) -> Result<(), Error> {
        match self.0 {}
    }
}

/// # Errors
/// [`Error::LeftOut`], always.
pub fn token(_issuer: &str, _secret: &str, _at: i64) -> Result<String, Error> {
    Err(Error::LeftOut)
}
