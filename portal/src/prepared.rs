//! Pages made once: bytes as they are sent, plain and compressed.

use std::io::Write as _;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use flate2::Compression;
use flate2::write::GzEncoder;

/// A body, ready to be sent.
#[derive(Debug, Clone)]
pub struct Prepared {
    kind: &'static str,
    plain: Bytes,
    gzip: Bytes,
}

impl Prepared {
    pub fn new(kind: &'static str, body: Vec<u8>) -> Prepared {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        // Writing into memory cannot fail; an empty copy would never be chosen.
        let gzip = encoder
            .write_all(&body)
            .and_then(|()| encoder.finish())
            .unwrap_or_default();
        Prepared {
            kind,
            plain: body.into(),
            gzip: gzip.into(),
        }
    }

    pub fn html(body: String) -> Prepared {
        Prepared::new("text/html; charset=utf-8", body.into_bytes())
    }

    pub fn len_compressed(&self) -> usize {
        self.gzip.len()
    }

    /// The answer to a request with these headers.
    pub fn answer(&self, request: &HeaderMap) -> Response {
        let accepts = request
            .get(header::ACCEPT_ENCODING)
            .and_then(|v| v.to_str().ok())
            .is_some_and(accepts_gzip);
        let body = if accepts && !self.gzip.is_empty() {
            &self.gzip
        } else {
            &self.plain
        };
        let mut response = (StatusCode::OK, body.clone()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.kind));
        headers.insert(
            header::VARY,
            HeaderValue::from_static("accept-encoding, cookie"),
        );
        if accepts && !self.gzip.is_empty() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }
}

/// Whether an `Accept-Encoding` takes gzip (RFC 9110, section 12.5.3): named, and not with weight 0.
fn accepts_gzip(value: &str) -> bool {
    value.split(',').any(|part| {
        let mut words = part.split(';').map(str::trim);
        let named = words.next().is_some_and(|w| w.eq_ignore_ascii_case("gzip"));
        let refused = words.any(|w| {
            let weight = w.strip_prefix("q=").and_then(|q| q.parse::<f32>().ok());
            weight.is_some_and(|q| q <= 0.0)
        });
        named && !refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_to_those_who_take_it() {
        assert!(accepts_gzip("br, gzip;q=0.8"));
        assert!(accepts_gzip("GZIP"));
        assert!(!accepts_gzip("gzip;q=0, br"));
        assert!(!accepts_gzip("identity"));
        let page = Prepared::html("<p>".repeat(2_000));
        assert!(page.len_compressed() < 200);
    }
}
