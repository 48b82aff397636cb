//! Style sheets, scripts and icons: built beforehand, embedded, named by their content.

use std::collections::BTreeMap;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "assets/dist/"]
struct Dist;

/// Where each asset is, by its logical name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Assets {
    names: BTreeMap<String, String>,
}

impl Assets {
    /// Reads the manifest. Without built assets pages are plain but usable HTML.
    pub fn read() -> Assets {
        let names = Dist::get("manifest.json")
            .and_then(|file| serde_json::from_slice(&file.data).ok())
            .unwrap_or_default();
        Assets { names }
    }

    /// The address of an asset, empty when it was not built.
    pub fn href(&self, name: &str) -> String {
        self.names
            .get(name)
            .map(|file| format!("/assets/{file}"))
            .unwrap_or_default()
    }
}

/// `GET /assets/{file}`: the name changes with the content, so a copy may be kept for ever.
pub(crate) async fn serve(Path(file): Path<String>) -> Response {
    let Some(found) = Dist::get(&file) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = match file.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, found.data.into_owned()).into_response()
}
