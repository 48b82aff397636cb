//! Warnings the force has issued: files of a folder, read now and then. The folder holds nothing
//! else, and nothing is written to it here.
//!
//! A file is Markdown with a head: `title`, `issued` and `expires` (instants, RFC 3339). One that is
//! wrong is left out and logged: a fault in one warning must not hide the others.

use std::path::Path;

use record::policy::PolicyError;
use record::time::Timestamp;
use serde::Deserialize;

use crate::markdown::{self, Section};

#[derive(Debug, Clone)]
pub struct Alert {
    pub title: String,
    pub issued: Timestamp,
    pub shown: String,
    pub sections: Vec<Section>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    title: String,
    issued: String,
    expires: String,
}

/// The alerts in force, newest first. A folder that is not there holds none.
pub fn read(folder: &Path, now: Timestamp) -> Vec<Alert> {
    let mut alerts = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|e| e != "md") {
            continue;
        }
        let file = path.display().to_string();
        let text =
            std::fs::read_to_string(&path).map_err(|e| PolicyError::new(&file, e.to_string()));
        match text.and_then(|text| alert(&file, &text, now)) {
            Ok(alert) => alerts.extend(alert),
            Err(error) => tracing::error!(%error, "an alert cannot be shown"),
        }
    }
    alerts.sort_by_key(|a| std::cmp::Reverse(a.issued));
    alerts
}

fn alert(file: &str, text: &str, now: Timestamp) -> Result<Option<Alert>, PolicyError> {
    let document = markdown::read(file, text, &[])?;
    let wrong = |problem: String| PolicyError::new(file, problem);
    let head: Head = toml::from_str(&document.head).map_err(|e| wrong(e.to_string()))?;
    let instant = |name: &str, text: &str| {
        let parsed = Timestamp::parse(text);
        parsed.ok_or_else(|| wrong(format!("{name} is an instant like 2026-11-23T09:00:00Z")))
    };
    let issued = instant("issued", &head.issued)?;
    let expires = instant("expires", &head.expires)?;
    if now < issued || expires <= now {
        return Ok(None);
    }
    Ok(Some(Alert {
        title: head.title,
        issued,
        shown: issued.show(),
        sections: document.sections,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_force_is_shown_newest_first() {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let head = |title: &str, from: &str, to: &str| {
            format!(
                "+++\ntitle = \"{title}\"\nissued = \"{from}T09:00:00Z\"\nexpires = \"{to}T09:00:00Z\"\n+++\n\nText.\n"
            )
        };
        write("a.md", &head("Older", "2026-11-01", "2026-12-01"));
        write("b.md", &head("Newer", "2026-11-20", "2026-12-01"));
        write("c.md", &head("Over", "2026-10-01", "2026-11-01"));
        write("d.md", &head("To come", "2026-11-30", "2026-12-01"));
        write("e.md", "+++\ntitle = 1\n+++\n\n<script>");
        write("f.txt", "not an alert");
        let now = Timestamp::parse("2026-11-23T12:00:00Z").unwrap();
        let titles: Vec<String> = read(folder.path(), now)
            .into_iter()
            .map(|a| a.title)
            .collect();
        assert_eq!(titles, ["Newer", "Older"]);
        assert!(read(&folder.path().join("none"), now).is_empty());
    }
}
