//! Warnings the force has issued: files of a folder, read every few seconds. The folder holds nothing
//! else, and nothing is written to it here.
//!
//! A file is a [`Publication`] as JSON, written by the inside. One that is wrong is left out and logged: a
//! fault in one warning must not hide the others.

use std::collections::BTreeMap;
use std::path::Path;

use record::publication::Publication;
use record::time::Timestamp;

use crate::feeds;
use crate::prepared::Prepared;
use crate::site::{Page, Site};

/// Warnings on the page and in each feed; the newest.
const MOST: usize = 30;
/// Longest file that is read.
const LONGEST: u64 = 64 * 1024;

/// Everything that is made of the issued warnings.
pub struct Issued {
    pub page: Page,
    /// Feeds and documents, by path.
    pub feeds: BTreeMap<String, Prepared>,
}

impl Issued {
    /// Makes page and feeds anew.
    pub fn make(site: &Site, all: &[Publication], now: Timestamp) -> std::io::Result<Issued> {
        let in_force = |wanted: fn(&Publication) -> bool| -> Vec<&Publication> {
            all.iter()
                .filter(|p| p.is_in_force(now) && wanted(p))
                .take(MOST)
                .collect()
        };
        let page = site
            .alerts(&in_force(|p| p.carriers.page))
            .map_err(std::io::Error::other)?;
        let place = &site.look.setting;
        let atom = feeds::atom(place, &in_force(|p| p.carriers.atom), now)?;
        let mut made = BTreeMap::from([(
            feeds::ATOM.to_owned(),
            Prepared::new(feeds::ATOM_TYPE, atom),
        )]);
        // What was cleared down stays in this feed for a while, so that programs take it back.
        let told = all.iter().filter(|p| p.carriers.cap);
        let told: Vec<&Publication> = told
            .filter(|p| p.issued_at() <= now && now < p.expires_at())
            .take(MOST)
            .collect();
        let index = feeds::cap_index(place, &told, now)?;
        made.insert(
            feeds::CAP.to_owned(),
            Prepared::new(feeds::ATOM_TYPE, index),
        );
        for one in told {
            let document = Prepared::new(feeds::CAP_TYPE, feeds::cap(place, one)?);
            made.insert(feeds::cap_path(one), document);
        }
        Ok(Issued { page, feeds: made })
    }
}

/// The publications of a folder that can be read, newest first. A folder that is not there holds none.
pub fn read(folder: &Path) -> Vec<Publication> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let named = path
            .file_name()
            .and_then(|n| n.to_str())
            .unwrap_or_default();
        if !named.ends_with(".json") || named.starts_with('.') {
            continue;
        }
        match publication(&path) {
            Ok(publication) => found.push(publication),
            Err(problem) => {
                tracing::error!(file = %path.display(), %problem, "an alert cannot be shown");
            }
        }
    }
    found.sort_by(|a: &Publication, b| b.issued.cmp(&a.issued).then_with(|| a.id.cmp(&b.id)));
    found
}

fn publication(path: &Path) -> Result<Publication, String> {
    let length = std::fs::symlink_metadata(path)
        .map_err(|e| e.to_string())?
        .len();
    if length > LONGEST {
        return Err(format!("the file is longer than {LONGEST} bytes"));
    }
    let text = std::fs::read_to_string(path).map_err(|e| e.to_string())?;
    let one: Publication = serde_json::from_str(&text).map_err(|e| e.to_string())?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if one.version != Publication::VERSION {
        return Err(format!("form {} is not known", one.version));
    }
    // It becomes part of addresses.
    if one.id.is_empty() || !one.id.chars().all(plain) {
        return Err("its id has other signs than letters, digits and dashes".to_owned());
    }
    if !(one.link.is_empty() || one.link.starts_with("https://")) {
        return Err("its link does not begin with https://".to_owned());
    }
    Ok(one)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::tests::sample;

    #[test]
    fn what_can_be_read_is_shown_newest_first() {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let one = |id: &str, issued: i64| {
            let mut one = sample();
            (one.id, one.issued) = (id.to_owned(), issued);
            serde_json::to_string(&one).unwrap()
        };
        write("a.json", &one("older", 1));
        write("b.json", &one("newer", 2));
        write("c.json", "{\"version\": 1");
        write("d.json", &one("../../etc", 3));
        write(".e.json", &one("half-written", 4));
        write("f.txt", &one("not-json", 5));
        write("g.json", &one("x", 6).replace("https://", "javascript:"));
        write(
            "h.json",
            &one("y", 7).replace("\"version\":1", "\"version\":2"),
        );
        write("i.json", &format!("{}{}", one("z", 8), " ".repeat(70_000)));
        let ids: Vec<String> = read(folder.path()).into_iter().map(|p| p.id).collect();
        assert_eq!(ids, ["newer", "older"]);
        assert!(read(&folder.path().join("none")).is_empty());
    }
}
