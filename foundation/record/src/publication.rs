//! A warning as it is handed to the public side: a file that holds what everybody may read, and nothing else.
//!
//! The inside writes one file for each; the public side shows it and makes its feeds of it. Both also read the
//! same list of places, sectors and interests, `protect/warnings/audiences.toml`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::policy::{Files, PolicyError};
use crate::time::Timestamp;

/// A place a publication is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Area {
    pub name: String,
    /// Code of the Office for National Statistics (GSS), for example `E07000095`; empty when there is none.
    #[serde(default)]
    pub gss: String,
}

/// How urgent, severe and certain it is, in the words of the Common Alerting Protocol 1.2, section 3.2.2.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grade {
    pub urgency: String,
    pub severity: String,
    pub certainty: String,
}

/// Where the public side carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Carriers {
    /// The page of alerts.
    pub page: bool,
    /// The Atom feed.
    pub atom: bool,
    /// The feed of the Common Alerting Protocol.
    pub cap: bool,
}

/// An earlier publication that this one takes the place of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Earlier {
    pub id: String,
    /// Microseconds since 1970.
    pub issued: i64,
}

/// One publication. Plain text throughout: whoever shows it escapes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Publication {
    /// Form of this noun; 1.
    pub version: u8,
    /// The record's identifier: letters, digits and dashes.
    pub id: String,
    /// What sort it is, in words: "Warning", "Advice".
    pub sort: String,
    pub title: String,
    /// What is happening: paragraphs, with an empty line between two.
    pub what: String,
    /// What to do, step by step.
    pub steps: Vec<String>,
    /// Where to read more: an address on an official site; empty when there is none.
    pub link: String,
    /// What it is about, in words: "Courier fraud".
    pub event: String,
    /// Page of advice on this site, such as `/advice/courier_fraud`; empty when there is none.
    pub advice: String,
    /// Whom it is for, in words.
    pub audience: String,
    pub areas: Vec<Area>,
    /// BCP 47.
    pub language: String,
    pub grade: Grade,
    /// A category of the Common Alerting Protocol, for example `Security`.
    pub category: String,
    /// Name of the sender, for people.
    pub sender_name: String,
    /// Identifies the sender to programs; without spaces, commas and brackets.
    pub sender: String,
    /// Microseconds since 1970.
    pub issued: i64,
    pub expires: i64,
    /// When it was cleared down by hand before it expired.
    pub cleared: Option<i64>,
    pub carriers: Carriers,
    pub earlier: Option<Earlier>,
}

impl Publication {
    pub const VERSION: u8 = 1;

    pub fn issued_at(&self) -> Timestamp {
        Timestamp::from_micros(self.issued)
    }

    pub fn expires_at(&self) -> Timestamp {
        Timestamp::from_micros(self.expires)
    }

    /// Whether it is in force: issued, not expired, not cleared down.
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.issued_at() <= now && now < self.expires_at() && self.cleared.is_none()
    }
}

/// A place people may choose.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    pub id: String,
    pub title: String,
    #[serde(default)]
    pub gss: String,
}

/// A sector of organisations, or a subject of interest.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    pub id: String,
    pub title: String,
}

/// Whom a publication can be for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audiences {
    /// The whole area, for a publication that names no place.
    pub everywhere: Place,
    #[serde(rename = "place")]
    pub places: Vec<Place>,
    #[serde(rename = "sector")]
    pub sectors: Vec<Subject>,
    #[serde(rename = "interest")]
    pub interests: Vec<Subject>,
}

/// The file of audiences.
pub const AUDIENCES: &str = "protect/warnings/audiences.toml";

impl Audiences {
    /// Reads the file. Refuses an identifier that is there twice, or is not made of small letters and `_`.
    pub fn load(files: &Files) -> Result<Audiences, PolicyError> {
        let audiences = files.read::<Audiences>(AUDIENCES)?.policy;
        let wrong = |problem: String| Err(PolicyError::new(AUDIENCES, problem));
        let places = audiences
            .places
            .iter()
            .map(|p| ("place", (&p.id, &p.title)));
        let sectors = audiences
            .sectors
            .iter()
            .map(|s| ("sector", (&s.id, &s.title)));
        let interests = audiences.interests.iter();
        let all = places
            .chain(sectors)
            .chain(interests.map(|s| ("interest", (&s.id, &s.title))));
        let mut seen = BTreeSet::new();
        for (what, (id, title)) in all {
            let named = id
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            if id.is_empty() || !named || title.trim().is_empty() {
                return wrong(format!(
                    "{what} {id:?}: an id is small letters, digits and _, and a title is needed"
                ));
            }
            if !seen.insert((what, id)) {
                return wrong(format!("{what} {id} is there twice"));
            }
        }
        Ok(audiences)
    }

    pub fn place(&self, id: &str) -> Option<&Place> {
        self.places.iter().find(|p| p.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Audiences, PolicyError> {
        let mut files = Files::default();
        files.0.insert(AUDIENCES.to_owned(), text.to_owned());
        Audiences::load(&files)
    }

    const WHOLE: &str = "[everywhere]\nid = \"all\"\ntitle = \"All\"\n\
        [[place]]\nid = \"watford\"\ntitle = \"Watford\"\n\
        [[sector]]\nid = \"school\"\ntitle = \"Schools\"\n[[interest]]\nid = \"phishing\"\ntitle = \"Phishing\"\n";

    #[test]
    fn audiences_are_read_and_faults_are_told() {
        assert_eq!(
            load(WHOLE).unwrap().place("watford").unwrap().title,
            "Watford"
        );
        for (from, to, told) in [
            ("id = \"watford\"", "id = \"Watford town\"", "small letters"),
            ("title = \"Schools\"", "title = \" \"", "title is needed"),
            (
                "[[sector]]",
                "[[place]]\nid = \"watford\"\ntitle = \"W\"\n[[sector]]",
                "there twice",
            ),
            ("gss", "gss", "expected"),
        ] {
            let text = match told {
                "expected" => format!("{WHOLE}colour = \"red\"\n"),
                _ => WHOLE.replacen(from, to, 1),
            };
            let problem = load(&text).unwrap_err().to_string();
            assert!(
                problem.contains(told) && problem.contains(AUDIENCES),
                "{problem}"
            );
        }
    }

    #[test]
    fn what_is_in_force_is_neither_over_nor_cleared() {
        let text = r#"{"version":1,"id":"a","sort":"Warning","title":"T","what":"W","steps":[],"link":"",
            "event":"E","advice":"","audience":"Everybody","areas":[],"language":"en-GB",
            "grade":{"urgency":"Immediate","severity":"Severe","certainty":"Likely"},"category":"Security",
            "sender_name":"S","sender":"s","issued":10,"expires":20,"cleared":null,
            "carriers":{"page":true,"atom":true,"cap":true},"earlier":null}"#;
        let mut one: Publication = serde_json::from_str(text).unwrap();
        let at = Timestamp::from_micros;
        assert!(!one.is_in_force(at(9)) && one.is_in_force(at(10)) && !one.is_in_force(at(20)));
        one.cleared = Some(15);
        assert!(!one.is_in_force(at(16)));
    }
}
