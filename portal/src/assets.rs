//! Style sheet, scripts and icon, embedded, compressed at start, named by their content.

use std::collections::BTreeMap;

use rust_embed::RustEmbed;

use crate::prepared::Prepared;

#[derive(RustEmbed)]
#[folder = "assets/dist/"]
struct Dist;

/// Addresses for the frame of a page. Empty where the assets were not built: pages are then plain.
#[derive(Debug, Clone, Default)]
pub struct Addresses {
    pub stylesheet: String,
    pub script: String,
    pub js_enabled: String,
    pub favicon: String,
}

/// The files by their names below `/assets/`.
pub fn files() -> BTreeMap<String, Prepared> {
    let names = Dist::iter().filter(|name| name != "manifest.json");
    names
        .filter_map(|name| {
            let body = Dist::get(&name)?.data.into_owned();
            Some((name.to_string(), Prepared::new(kind(&name), body)))
        })
        .collect()
}

pub fn addresses() -> Addresses {
    let manifest: BTreeMap<String, String> = Dist::get("manifest.json")
        .and_then(|file| serde_json::from_slice(&file.data).ok())
        .unwrap_or_default();
    let href = |name: &str| {
        let file = manifest.get(name);
        file.map(|f| format!("/assets/{f}")).unwrap_or_default()
    };
    Addresses {
        stylesheet: href("portal.css"),
        script: href("portal.js"),
        js_enabled: href("js-enabled.js"),
        favicon: href("favicon.svg"),
    }
}

fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
