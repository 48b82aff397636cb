//! Where a scheduler is.

use std::fmt;

use tonic::codegen::http::Uri;

use crate::Error;

/// `HOST:PORT` of a scheduler. The host of an IPv6 address keeps its brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub host: String,
    pub port: u16,
}

impl Address {
    /// Reads `HOST:PORT`, with `http://` or `df://` before it or not.
    pub fn read(text: &str) -> Result<Address, Error> {
        let wrong = || Error::Address(text.to_owned());
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        match scheme {
            "http" | "df" => {}
            "https" => return Err(Error::Tls(text.to_owned())),
            _ => return Err(wrong()),
        }
        let uri: Uri = format!("http://{rest}").parse().map_err(|_| wrong())?;
        if uri.path() != "/" || uri.query().is_some() || rest.contains('@') {
            return Err(wrong());
        }
        match (uri.host(), uri.port_u16()) {
            (Some(host), Some(port)) if !host.is_empty() && port != 0 => Ok(Address {
                host: host.to_owned(),
                port,
            }),
            _ => Err(wrong()),
        }
    }

    /// The address as a gRPC client wants it.
    pub fn url(&self) -> String {
        format!("http://{self}")
    }

    /// Whether only this machine can be meant.
    pub fn is_this_machine(&self) -> bool {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost"
            || host
                .parse()
                .is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        for text in [
            "10.0.0.1:50050",
            "http://10.0.0.1:50050/",
            "df://10.0.0.1:50050",
        ] {
            assert_eq!(
                Address::read(text).unwrap().to_string(),
                "10.0.0.1:50050",
                "{text}"
            );
        }
        let six = Address::read("[::1]:50050").unwrap();
        assert_eq!(six.url(), "http://[::1]:50050");
        assert!(six.is_this_machine());
        assert!(Address::read("localhost:1").unwrap().is_this_machine());
        assert!(!Address::read("10.0.0.1:1").unwrap().is_this_machine());
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_remedy() {
        for text in [
            "",
            "host",
            "host:0",
            "host:99999",
            ":1",
            "a b:1",
            "ftp://host:1",
            "host:1/x",
            "u@host:1",
        ] {
            let error = Address::read(text).unwrap_err();
            assert_eq!(error, Error::Address(text.to_owned()));
            assert!(error.to_string().contains("HOST:PORT"), "{error}");
        }
        let error = Address::read("https://host:1").unwrap_err();
        assert_eq!(error, Error::Tls("https://host:1".to_owned()));
    }
}
