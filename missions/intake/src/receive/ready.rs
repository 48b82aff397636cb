//! What can be known of a report without the database: its observables, its parties in normal
//! form, its digest, the words it is searched by.

use std::collections::BTreeSet;

use linkage::Prepared;
use observables::Kind;
use record::report::{Party, PartyKind, Report};
use sha2::{Digest, Sha256};

use super::Desk;
use super::names::names_of;

/// Whose identifier something is, as far as the report tells.
pub const OFFENDER: &str = "offender";
pub const VICTIM: &str = "victim";
pub const SUSPECT: &str = "suspect";

/// A report with all that was worked out beforehand.
pub struct Ready {
    pub report: Report,
    /// SHA-256 of `content`, in hex: what the ledger commits to.
    pub digest: String,
    /// The report as stored, in JSON.
    pub content: String,
    pub observables: Vec<ReadyObservable>,
    pub mentions: Vec<ReadyMention>,
    /// Text for the search index.
    pub words: String,
}

/// An observable and where it stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadyObservable {
    pub kind: &'static str,
    pub value: String,
    pub raw: String,
    /// `narrative`, or the field it came from.
    pub field: String,
    /// Byte offsets in the narrative; both zero for a field.
    pub start: usize,
    pub end: usize,
    pub role: &'static str,
}

/// A party in normal form, with the keys it is found by.
pub struct ReadyMention {
    pub role: &'static str,
    pub kind: PartyKind,
    pub label: String,
    pub prepared: Prepared,
    pub stored: String,
    pub keys: Vec<i64>,
    /// Column and normal value of names, for term frequencies.
    pub names: Vec<(&'static str, String)>,
}

impl Desk {
    /// Works out everything that needs no database. Pure, so batches run on all cores.
    pub fn ready(&self, report: Report) -> Ready {
        // A report of plain fields always serialises.
        let content = serde_json::to_string(&report).unwrap_or_default();
        let digest = hex::encode(Sha256::digest(content.as_bytes()));
        let observables = observables_of(self, &report);
        let mut mentions = vec![self.mention(VICTIM, &report.victim)];
        if let Some(suspect) = &report.suspect
            && (suspect.surname.is_some() || suspect.organisation.is_some())
        {
            mentions.push(self.mention(SUSPECT, suspect));
        }
        let words = words_of(&report, &observables);
        Ready {
            digest,
            content,
            observables,
            mentions,
            words,
            report,
        }
    }

    fn mention(&self, role: &'static str, party: &Party) -> ReadyMention {
        let model = self.model(party.kind);
        let born = party.date_of_birth.map(|d| d.to_string());
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let columns: Vec<(&str, String)> = match party.kind {
            PartyKind::Person => vec![
                ("forename", text(&party.forename)),
                ("surname", text(&party.surname)),
                ("date_of_birth", born.unwrap_or_default()),
                ("postcode", text(&party.postcode)),
                ("address", text(&party.address)),
                ("phone", text(&party.phone)),
                ("email", text(&party.email)),
            ],
            PartyKind::Organisation => vec![
                ("name", text(&party.organisation)),
                ("company_number", text(&party.company_number)),
                ("postcode", text(&party.postcode)),
                ("phone", text(&party.phone)),
                ("email", text(&party.email)),
            ],
        };
        let given: Vec<(&str, &str)> = columns
            .iter()
            .filter(|(_, v)| !v.is_empty())
            .map(|(c, v)| (*c, v.as_str()))
            .collect();
        let prepared = model.prepare(&given);
        let names = names_of(model, &prepared);
        ReadyMention {
            role,
            kind: party.kind,
            label: party.display_name(),
            stored: model.stored(&prepared),
            // The same 64 bits, as the database's signed integer.
            keys: model
                .keys(&prepared)
                .into_iter()
                .map(u64::cast_signed)
                .collect(),
            names,
            prepared,
        }
    }
}

fn observables_of(desk: &Desk, report: &Report) -> Vec<ReadyObservable> {
    let victims: BTreeSet<(Kind, String)> = [
        (Kind::Phone, &report.victim.phone),
        (Kind::Email, &report.victim.email),
        (Kind::UkPostcode, &report.victim.postcode),
        (Kind::UkCompanyNumber, &report.victim.company_number),
    ]
    .into_iter()
    .filter_map(|(kind, text)| Some((kind, observables::normalise(kind, text.as_deref()?)?)))
    .collect();
    let mut found: Vec<ReadyObservable> = Vec::new();
    let mut push = |kind: Kind, value: String, raw: &str, field: &str, start, end, role| {
        let name = kind.name();
        let known = |o: &ReadyObservable| o.kind == name && o.value == value && o.role == role;
        if !found.iter().any(known) {
            found.push(ReadyObservable {
                kind: name,
                value,
                raw: raw.to_owned(),
                field: field.to_owned(),
                start,
                end,
                role,
            });
        }
    };
    for (kind, value) in &victims {
        push(*kind, value.clone(), value, "victim", 0, 0, VICTIM);
    }
    for identifier in &report.identifiers {
        for (kind, value) in read_field(desk, &identifier.field, &identifier.text) {
            let role = if victims.contains(&(kind, value.clone())) {
                VICTIM
            } else {
                OFFENDER
            };
            push(kind, value, &identifier.text, &identifier.field, 0, 0, role);
        }
    }
    for seen in desk.extractor().extract(&report.narrative) {
        let role = match seen.kind {
            // Sums, days and places say nothing about who did it.
            Kind::Amount | Kind::Date | Kind::UkPostcode | Kind::UkNino => VICTIM,
            kind if victims.contains(&(kind, seen.value.clone())) => VICTIM,
            _ => OFFENDER,
        };
        push(
            seen.kind,
            seen.value,
            seen.raw,
            "narrative",
            seen.start,
            seen.end,
            role,
        );
    }
    found
}

/// The observables of one identifier field: by the field's own kind first, else whatever the text
/// holds.
fn read_field(desk: &Desk, field: &str, text: &str) -> Vec<(Kind, String)> {
    let kinds: &[Kind] = match field {
        "suspect_phone" => &[Kind::Phone],
        "suspect_email" => &[Kind::Email],
        "suspect_account" => &[Kind::UkBankAccount, Kind::Iban],
        "suspect_url" => &[Kind::Url, Kind::Domain],
        "suspect_handle" => &[Kind::Handle],
        "suspect_ip" => &[Kind::Ipv4, Kind::Ipv6],
        "suspect_wallet" => &[
            Kind::Btc,
            Kind::Eth,
            Kind::Tron,
            Kind::Xmr,
            Kind::Ltc,
            Kind::Bch,
            Kind::Doge,
            Kind::Xrp,
            Kind::Sol,
            Kind::Ada,
        ],
        _ => &[],
    };
    let direct = kinds
        .iter()
        .find_map(|k| Some((*k, observables::normalise(*k, text)?)))
        .filter(|(kind, value)| *kind != Kind::UkBankAccount || desk.holds_account(value));
    let inside = || {
        let found = desk.extractor().extract(text);
        found.into_iter().map(|o| (o.kind, o.value))
    };
    match direct {
        // A web address is followed by the domain networks form on.
        Some((Kind::Url, value)) => {
            let mut all = vec![(Kind::Url, value)];
            all.extend(inside().filter(|(k, _)| *k != Kind::Url));
            all
        }
        Some(one) => vec![one],
        None => inside().collect(),
    }
}

fn words_of(report: &Report, observables: &[ReadyObservable]) -> String {
    let mut words = String::with_capacity(report.narrative.len() + 256);
    let mut add = |text: &str| {
        if !text.is_empty() {
            words.push_str(text);
            words.push('\n');
        }
    };
    add(&report.reference);
    add(report.local_crime_no.as_deref().unwrap_or_default());
    add(report.title.as_deref().unwrap_or_default());
    for party in [Some(&report.victim), report.suspect.as_ref()]
        .into_iter()
        .flatten()
    {
        add(&party.display_name());
        add(party.postcode.as_deref().unwrap_or_default());
        add(party.email.as_deref().unwrap_or_default());
        add(party.phone.as_deref().unwrap_or_default());
    }
    for seen in observables {
        add(&seen.value);
    }
    add(&report.narrative);
    words
}
