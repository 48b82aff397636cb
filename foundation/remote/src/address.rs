//! Where something may be sent: over TLS, or to this machine.

use url::{Host, Url};

use crate::Error;

/// The scheme of an object store's address.
const STORE: &str = "s3://";

/// Whether a text is an object store's address, and no folder.
pub fn is_store(text: &str) -> bool {
    text.starts_with(STORE)
}

/// Bucket and prefix of `s3://bucket/prefix`.
#[cfg_attr(not(feature = "https"), allow(dead_code, reason = "nothing is opened"))]
pub(crate) fn store(text: &str) -> Result<(String, String), Error> {
    let wrong = || {
        Error::Setting(format!(
            "{text:?} is no address of an object store. Give s3://bucket or s3://bucket/prefix"
        ))
    };
    let rest = text.strip_prefix(STORE).ok_or_else(wrong)?;
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    // The names AWS allows, and those of stores that are less strict: nothing that means something in a URL.
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let prefix = prefix.trim_end_matches('/');
    let parts = prefix.split('/').filter(|_| !prefix.is_empty());
    let whole = |part: &str| !part.is_empty() && part.chars().all(plain);
    let dots = |part: &str| part.chars().all(|c| c == '.');
    if !whole(bucket) || !parts.clone().all(whole) || parts.chain([bucket]).any(dots) {
        return Err(wrong());
    }
    Ok((bucket.to_owned(), prefix.to_owned()))
}

/// An address to which nothing is sent that others could read on the way: `https`, or `http` on this machine.
/// `what` names it in the error.
///
/// # Errors
/// [`Error::Setting`] for any other; a name or password in it is not repeated.
pub fn encrypted(what: &str, address: &str) -> Result<Url, Error> {
    let wrong = |problem: &str| {
        Err(Error::Setting(format!(
            "{what}: {problem}. Give an address such as https://host, or http://127.0.0.1:port for one on this machine"
        )))
    };
    let Ok(url) = Url::parse(address) else {
        return wrong("the address cannot be read");
    };
    if !url.username().is_empty() || url.password().is_some() {
        return wrong("the address holds a name or a password");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return wrong("the address has a query or a fragment");
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_here(&url) => Ok(url),
        "http" => wrong("what is sent leaves this machine encrypted only"),
        _ => wrong("the address begins with neither https:// nor http://"),
    }
}

/// Whether a URL leads to this machine.
pub(crate) fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn plain_http_is_for_this_machine() {
        for address in [
            "http://api.example",
            "http://127.0.0.1.evil.example",
            "http://localhost.evil.example",
            "http://10.0.0.1",
            "https://name:sesame@api.example",
            "https://api.example/?key=1",
            "ftp://api.example",
            "api.example",
            "",
        ] {
            let told = encrypted("--notify", address).unwrap_err().to_string();
            assert!(told.starts_with("--notify: "), "{told}");
            assert!(!told.contains("sesame"), "{told}");
        }
        for address in [
            "https://api.example",
            "https://10.0.0.1:9000/below",
            "http://127.0.0.1:1",
            "http://localhost",
            "http://[::1]:80",
        ] {
            encrypted("--notify", address).unwrap();
        }
    }

    #[test]
    fn an_object_store_has_a_bucket_and_perhaps_a_prefix() {
        let read = |text: &str| store(text).ok();
        let two = |a: &str, b: &str| Some((a.to_owned(), b.to_owned()));
        assert_eq!(read("s3://box"), two("box", ""));
        assert_eq!(read("s3://box/"), two("box", ""));
        assert_eq!(read("s3://my.box-1/a/b_c/"), two("my.box-1", "a/b_c"));
        for wrong in [
            "s3://",
            "s3:///a",
            "s3://box//a",
            "s3://box/../a",
            "s3://box/a?b",
            "s3://na me",
            "/srv/box",
            "S3://box",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        assert!(is_store("s3://box") && !is_store("/srv/s3://box"));
    }
}
