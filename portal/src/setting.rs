//! `protect/portal.toml` and `protect/places.toml`: whose site this is, and where people turn to.

use std::collections::BTreeMap;

use record::policy::{Files, PolicyError};
use serde::Deserialize;

const FILE: &str = "protect/portal.toml";
const PLACES: &str = "protect/places.toml";

/// The public site's own settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// Name of the service, in the header and after every title.
    pub service: String,
    /// Name of the police force, from `force.toml`.
    #[serde(skip)]
    pub force: String,
    /// Full address the public reaches the site at, without a slash at its end: for feeds and messages.
    pub address: String,
    /// Where "Exit this page" leads.
    pub exit: String,
    /// Number to phone, on every page.
    pub phone: String,
    /// What to ask for there.
    pub phone_words: String,
    pub hours: String,
    /// Who answers for the site.
    pub contact: String,
    pub sending: Sending,
    pub drafts: Kept,
    #[serde(default, rename = "version")]
    pub versions: Vec<Version>,
}

/// What a form must be to be taken.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sending {
    /// Seconds a form must have been open.
    pub least_seconds: u64,
    /// Forms in a minute above which `busy_seconds` counts.
    pub busy_per_minute: u32,
    pub busy_seconds: u64,
    /// Hours after which a form is asked for again.
    pub longest_hours: u64,
    /// Forms at once, and in a minute, from one block of addresses.
    pub burst: u32,
    pub per_minute: u32,
}

/// How forms are kept that a visitor has not sent yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// Days until a draft goes by itself.
    pub days: u32,
    /// Drafts kept at once.
    pub most: usize,
}

/// Another version of pages: a language, or Easy Read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    pub id: String,
    pub title: String,
}

/// What a place is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaceKind {
    Emergency,
    Report,
    Support,
}

/// Somewhere to turn to.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    pub id: String,
    pub kind: PlaceKind,
    pub name: String,
    #[serde(default)]
    pub phone: String,
    #[serde(default)]
    pub email: String,
    #[serde(default)]
    pub web: String,
    pub text: String,
    /// Day on which somebody called the number or opened the page.
    #[serde(default)]
    pub checked: String,
}

impl Place {
    /// The number without spaces, for a `tel:` link.
    pub fn dial(&self) -> String {
        self.phone.chars().filter(|c| !c.is_whitespace()).collect()
    }

    /// Whether the web address is of another site.
    pub fn is_elsewhere(&self) -> bool {
        self.web.starts_with("https://")
    }

    /// The web address as a person would read it.
    pub fn shown_web(&self) -> &str {
        let bare = self.web.trim_start_matches("https://");
        bare.trim_start_matches("www.").trim_end_matches('/')
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlacesFile {
    place: Vec<Place>,
}

#[derive(Deserialize)]
struct ForceName {
    name: String,
}

impl Setting {
    pub fn load(files: &Files) -> Result<Setting, PolicyError> {
        let mut setting = files.read::<Setting>(FILE)?.policy;
        setting.force = files.read::<ForceName>("force.toml")?.policy.name;
        let wrong = |problem: &str| Err(PolicyError::new(FILE, problem));
        if !setting.address.starts_with("https://") || setting.address.ends_with('/') {
            return wrong(
                "address: give the site's full address, beginning with https:// and without a slash at the end",
            );
        }
        if !setting.exit.starts_with("https://") {
            return wrong("exit: give the full address of another site, beginning with https://");
        }
        for (name, text) in [
            ("service", &setting.service),
            ("phone", &setting.phone),
            ("phone_words", &setting.phone_words),
            ("hours", &setting.hours),
            ("contact", &setting.contact),
        ] {
            if text.trim().is_empty() {
                return wrong(&format!("{name} is empty"));
            }
        }
        let sending = setting.sending;
        if sending.burst == 0 || sending.per_minute == 0 || sending.longest_hours == 0 {
            return wrong("sending: burst, per_minute and longest_hours are at least 1");
        }
        if sending.busy_seconds < sending.least_seconds {
            return wrong("sending: busy_seconds is at least least_seconds");
        }
        Ok(setting)
    }
}

/// The places, by id.
pub fn places(files: &Files) -> Result<BTreeMap<String, Place>, PolicyError> {
    let mut places = BTreeMap::new();
    for place in files.read::<PlacesFile>(PLACES)?.policy.place {
        let wrong = |problem: String| PolicyError::new(PLACES, format!("{}: {problem}", place.id));
        if !place.web.is_empty() && !place.web.starts_with('/') && !place.is_elsewhere() {
            return Err(wrong(
                "web begins with https://, or with / for our own".to_owned(),
            ));
        }
        if place.phone.chars().any(|c| !c.is_ascii_digit() && c != ' ') {
            return Err(wrong("phone has digits and spaces only".to_owned()));
        }
        let id = place.id.clone();
        if places.insert(id.clone(), place).is_some() {
            return Err(PolicyError::new(PLACES, format!("{id} is there twice")));
        }
    }
    Ok(places)
}
