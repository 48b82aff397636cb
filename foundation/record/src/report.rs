//! A report of fraud or cyber crime as the force received it, and the fields it arrives in.
//!
//! [`FIELDS`] is the contract of every import format: a mapping turns a file's headings into these
//! names, the generator writes them, the API accepts them. Names follow the glossary. Dates are
//! ISO 8601 once parsed; money is whole pence.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::time::{Date, Timestamp};

/// How a report reached the force (triage reference, section 5). Decides its clocks and whether
/// it counts in the national series of PROTECT-06.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feed {
    /// National list of county victims for care.
    VictimList,
    /// National package with viable lines, for investigation.
    Pursue,
    /// National package that is live or time-critical.
    Urgent,
    /// National package: protection advice needed.
    Protect,
    /// A call for service, taken by the force itself.
    CallForService,
    /// The force's own public pages.
    Portal,
    /// A partner organisation.
    Partner,
    /// Any other list handed over as a file.
    List,
}

impl Feed {
    pub const ALL: [Feed; 8] = [
        Feed::VictimList,
        Feed::Pursue,
        Feed::Urgent,
        Feed::Protect,
        Feed::CallForService,
        Feed::Portal,
        Feed::Partner,
        Feed::List,
    ];

    /// The name in files, policies and the database.
    pub const fn name(self) -> &'static str {
        match self {
            Feed::VictimList => "victim_list",
            Feed::Pursue => "pursue",
            Feed::Urgent => "urgent",
            Feed::Protect => "protect",
            Feed::CallForService => "call_for_service",
            Feed::Portal => "portal",
            Feed::Partner => "partner",
            Feed::List => "list",
        }
    }

    /// Words for a page.
    pub const fn title(self) -> &'static str {
        match self {
            Feed::VictimList => "National victim list",
            Feed::Pursue => "National Pursue package",
            Feed::Urgent => "National urgent package",
            Feed::Protect => "National Protect package",
            Feed::CallForService => "Call for service",
            Feed::Portal => "Public portal",
            Feed::Partner => "Partner",
            Feed::List => "Report list",
        }
    }

    pub fn parse(name: &str) -> Option<Feed> {
        Feed::ALL.into_iter().find(|f| f.name() == name)
    }

    /// Whether the report comes from the national reporting service, and so counts in the
    /// PROTECT-06 series. Direct calls for service are a second series.
    pub const fn is_national(self) -> bool {
        matches!(
            self,
            Feed::VictimList | Feed::Pursue | Feed::Urgent | Feed::Protect
        )
    }
}

/// Cyber-dependent or cyber-enabled (GEN-07), or why it is not yet known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CrimeClass {
    CyberDependent,
    CyberEnabled,
    CaseByCase,
    NotCyber,
    Unknown,
}

impl CrimeClass {
    pub const ALL: [CrimeClass; 5] = [
        CrimeClass::CyberDependent,
        CrimeClass::CyberEnabled,
        CrimeClass::CaseByCase,
        CrimeClass::NotCyber,
        CrimeClass::Unknown,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            CrimeClass::CyberDependent => "cyber_dependent",
            CrimeClass::CyberEnabled => "cyber_enabled",
            CrimeClass::CaseByCase => "case_by_case",
            CrimeClass::NotCyber => "not_cyber",
            CrimeClass::Unknown => "unknown",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            CrimeClass::CyberDependent => "Cyber-dependent",
            CrimeClass::CyberEnabled => "Cyber-enabled",
            CrimeClass::CaseByCase => "Case by case",
            CrimeClass::NotCyber => "Not cyber",
            CrimeClass::Unknown => "Unknown",
        }
    }

    pub fn parse(name: &str) -> Option<CrimeClass> {
        CrimeClass::ALL.into_iter().find(|c| c.name() == name)
    }

    /// A class that says what kind of crime this is; the other two wait for a decision.
    pub const fn is_decided(self) -> bool {
        !matches!(self, CrimeClass::CaseByCase | CrimeClass::Unknown)
    }
}

/// A victim is a person or an organisation (GEN-09).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum PartyKind {
    #[default]
    Person,
    Organisation,
}

impl PartyKind {
    pub const fn name(self) -> &'static str {
        match self {
            PartyKind::Person => "person",
            PartyKind::Organisation => "organisation",
        }
    }
}

/// A person or organisation as one report describes it. Nothing here is verified.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Party {
    pub kind: PartyKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forename: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub surname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_of_birth: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub staff_count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postcode: Option<String>,
    /// How this person may be contacted safely: times, words to avoid, who may answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub safe_contact: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

impl Party {
    /// The name to show: an organisation's name, or title, forename and surname.
    pub fn display_name(&self) -> String {
        if let Some(organisation) = &self.organisation {
            return organisation.clone();
        }
        let parts: Vec<&str> = [&self.title, &self.forename, &self.surname]
            .into_iter()
            .filter_map(|p| p.as_deref())
            .collect();
        if parts.is_empty() {
            "Name not given".to_owned()
        } else {
            parts.join(" ")
        }
    }

    /// Whether nothing identifies the party at all.
    pub fn is_empty(&self) -> bool {
        self.forename.is_none()
            && self.surname.is_none()
            && self.organisation.is_none()
            && self.phone.is_none()
            && self.email.is_none()
            && self.postcode.is_none()
    }

    /// Age in whole years on a day, when the date of birth is known and not after that day.
    pub fn age_on(&self, day: Date) -> Option<u32> {
        self.date_of_birth.and_then(|born| born.years_until(day))
    }
}

/// One report: one victim, as received. Immutable once accepted; later knowledge is kept beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The sender's own reference: opaque text, unique within its source.
    pub reference: String,
    /// Key of the source it came from (a saved mapping, a form, an API token's name).
    pub source: String,
    pub feed: Feed,
    /// When the force received it. Clocks start here unless policy says otherwise.
    pub received_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_from: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_to: Option<Date>,
    /// Crime code of `policy/intake/crime-codes.csv`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nfib_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default)]
    pub narrative: String,
    /// Loss as reported, in pence. Verified, refunded and recovered sums are kept elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss_pence: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub district: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_crime_no: Option<String>,
    #[serde(default)]
    pub victim: Party,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspect: Option<Party>,
    /// Identifiers given in fields of their own, as written: kind hint and text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identifiers: Vec<Identifier>,
    /// Markers of crime-codes reference (`ransomware`, `courier`, …), independent of the code.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub markers: BTreeSet<String>,
    /// Answers to triage factors: factor id to answer. A missing answer is "unknown".
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answers: BTreeMap<String, String>,
}

/// An identifier of the offender's given in its own field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identifier {
    /// The field it came from, for example `suspect_phone`.
    pub field: String,
    /// The text as written.
    pub text: String,
}

/// What a field holds, and so how its text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    Text,
    /// ISO, or day first as Britons write; a time may follow.
    DateTime,
    Date,
    /// Pounds, with or without sign, comma and pence.
    Money,
    Number,
    /// Values separated by `;`.
    List,
    /// `person` or `organisation`.
    PartyKind,
    /// A [`Feed`] name.
    Feed,
    /// An identifier of the offender's, kept as written and normalised by the observables engine.
    Identifier,
    /// An answer to the triage factor of the same name.
    Answer,
}

/// One field of the import contract.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    pub name: &'static str,
    pub kind: FieldKind,
    /// What it means, for the mapping page and `docs/formats.md`.
    pub about: &'static str,
    /// Headings that mean this field, lower case, for guessing a mapping.
    pub aliases: &'static [&'static str],
}

const fn field(
    name: &'static str,
    kind: FieldKind,
    about: &'static str,
    aliases: &'static [&'static str],
) -> Field {
    Field {
        name,
        kind,
        about,
        aliases,
    }
}

/// Every field a report may arrive with. Only `reference` is required of a file; a report without
/// a victim's name or contact is accepted and says so.
pub const FIELDS: &[Field] = &[
    field(
        "reference",
        FieldKind::Text,
        "The sender's reference for this report",
        &[
            "national_ref",
            "report reference",
            "crime reference",
            "ref",
            "report ref",
            "reference number",
            "nfrc",
            "id",
        ],
    ),
    field(
        "feed",
        FieldKind::Feed,
        "How it reached the force: victim_list, pursue, urgent, protect, call_for_service, portal, partner, list",
        &["dissemination_type", "dissemination type"],
    ),
    field(
        "received_at",
        FieldKind::DateTime,
        "When the force received it",
        &["received", "date received", "received date"],
    ),
    field(
        "reported_at",
        FieldKind::DateTime,
        "When the victim reported it",
        &[
            "reported",
            "date reported",
            "report date",
            "created",
            "submitted",
        ],
    ),
    field(
        "event_from",
        FieldKind::Date,
        "First day of the event",
        &[
            "event date",
            "date of event",
            "offence date",
            "incident date",
            "date from",
            "date",
        ],
    ),
    field(
        "event_to",
        FieldKind::Date,
        "Last day of the event",
        &["date to", "event end"],
    ),
    field(
        "nfib_code",
        FieldKind::Text,
        "Crime code",
        &["code", "crime code", "nfib", "nfib code", "offence code"],
    ),
    field(
        "title",
        FieldKind::Text,
        "Short title",
        &["summary", "subject", "headline"],
    ),
    field(
        "narrative",
        FieldKind::Text,
        "What happened, in the victim's or call taker's words",
        &[
            "description",
            "text",
            "details",
            "mo",
            "modus operandi",
            "free text",
            "message",
            "circumstances",
            "notes",
        ],
    ),
    field(
        "loss",
        FieldKind::Money,
        "Loss as reported, in pounds",
        &[
            "loss gbp",
            "loss_gbp",
            "amount lost",
            "total loss",
            "loss amount",
            "amount",
        ],
    ),
    field(
        "contact_method",
        FieldKind::Text,
        "How the offender made contact",
        &["contact channel", "first contact"],
    ),
    field(
        "payment_method",
        FieldKind::Text,
        "How money was moved",
        &["payment type", "payment"],
    ),
    field(
        "platform",
        FieldKind::Text,
        "Web site, application or platform used",
        &["website used", "platform used"],
    ),
    field(
        "district",
        FieldKind::Text,
        "District or borough of the victim",
        &["borough", "local authority", "area"],
    ),
    field(
        "local_crime_no",
        FieldKind::Text,
        "The force's crime number",
        &["crime number", "crime no", "local crime number"],
    ),
    field(
        "markers",
        FieldKind::List,
        "Markers such as courier, romance, ransomware; separated by semicolons",
        &["flags", "tags"],
    ),
    field(
        "victim_kind",
        FieldKind::PartyKind,
        "person or organisation",
        &["victim type"],
    ),
    field(
        "victim_title",
        FieldKind::Text,
        "Victim's title",
        &["salutation"],
    ),
    field(
        "victim_forename",
        FieldKind::Text,
        "Victim's forename",
        &[
            "forename",
            "first name",
            "given name",
            "victim first name",
            "firstname",
        ],
    ),
    field(
        "victim_surname",
        FieldKind::Text,
        "Victim's surname",
        &[
            "surname",
            "last name",
            "family name",
            "victim last name",
            "lastname",
        ],
    ),
    field(
        "victim_date_of_birth",
        FieldKind::Date,
        "Victim's date of birth",
        &["dob", "date of birth", "victim dob"],
    ),
    field(
        "victim_organisation",
        FieldKind::Text,
        "Name of the victim organisation",
        &[
            "organisation",
            "business name",
            "company",
            "organisation name",
        ],
    ),
    field(
        "victim_company_number",
        FieldKind::Text,
        "Registered number of the victim organisation",
        &["company number"],
    ),
    field(
        "victim_staff_count",
        FieldKind::Number,
        "Number of staff of the victim organisation",
        &["employees", "staff", "employee count"],
    ),
    field(
        "victim_phone",
        FieldKind::Text,
        "Victim's telephone",
        &[
            "phone",
            "telephone",
            "mobile",
            "contact number",
            "victim telephone",
        ],
    ),
    field(
        "victim_email",
        FieldKind::Text,
        "Victim's e-mail",
        &["email", "e-mail", "email address", "victim email address"],
    ),
    field(
        "victim_address",
        FieldKind::Text,
        "Victim's address",
        &["address", "address line 1"],
    ),
    field(
        "victim_postcode",
        FieldKind::Text,
        "Victim's postcode",
        &["postcode", "post code", "postal code"],
    ),
    field(
        "safe_contact",
        FieldKind::Text,
        "How the victim may be contacted safely",
        &["safe contact"],
    ),
    field(
        "language",
        FieldKind::Text,
        "Language the victim speaks best",
        &["preferred language"],
    ),
    field("suspect_title", FieldKind::Text, "Suspect's title", &[]),
    field(
        "suspect_forename",
        FieldKind::Text,
        "Suspect's forename",
        &["suspect first name"],
    ),
    field(
        "suspect_surname",
        FieldKind::Text,
        "Suspect's surname",
        &["suspect last name", "suspect name"],
    ),
    field(
        "suspect_date_of_birth",
        FieldKind::Date,
        "Suspect's date of birth",
        &["suspect dob"],
    ),
    field(
        "suspect_organisation",
        FieldKind::Text,
        "Trading name the offender used",
        &["suspect company"],
    ),
    field("suspect_address", FieldKind::Text, "Suspect's address", &[]),
    field(
        "suspect_postcode",
        FieldKind::Text,
        "Suspect's postcode",
        &[],
    ),
    field(
        "suspect_phone",
        FieldKind::Identifier,
        "Telephone the offender used",
        &["suspect telephone", "suspect mobile", "offender phone"],
    ),
    field(
        "suspect_email",
        FieldKind::Identifier,
        "E-mail the offender used",
        &["suspect email address", "offender email"],
    ),
    field(
        "suspect_account",
        FieldKind::Identifier,
        "Account money went to: sort code and number, or IBAN",
        &[
            "suspect bank account",
            "beneficiary account",
            "payee account",
        ],
    ),
    field(
        "suspect_wallet",
        FieldKind::Identifier,
        "Wallet money went to",
        &["wallet", "crypto address", "wallet address"],
    ),
    field(
        "suspect_url",
        FieldKind::Identifier,
        "Web address the offender used",
        &["suspect website", "url", "website"],
    ),
    field(
        "suspect_handle",
        FieldKind::Identifier,
        "Profile the offender used, as platform:name",
        &["suspect profile", "handle", "profile"],
    ),
    field(
        "suspect_ip",
        FieldKind::Identifier,
        "Network address the offender used",
        &["ip", "ip address"],
    ),
    field("lives_alone", FieldKind::Answer, "yes or no", &[]),
    field(
        "cognitive_or_mental_health",
        FieldKind::Answer,
        "none, some or marked",
        &[],
    ),
    field(
        "physical_or_sensory",
        FieldKind::Answer,
        "none, some or marked",
        &[],
    ),
    field("care_or_support_needs", FieldKind::Answer, "yes or no", &[]),
    field(
        "recent_bereavement_or_crisis",
        FieldKind::Answer,
        "yes or no",
        &[],
    ),
    field("isolation", FieldKind::Answer, "yes or no", &[]),
    field(
        "language_or_digital_barrier",
        FieldKind::Answer,
        "none, some or marked",
        &[],
    ),
    field(
        "financial_impact",
        FieldKind::Answer,
        "none, low, serious or life_changing",
        &[],
    ),
    field("still_in_contact", FieldKind::Answer, "yes or no", &[]),
    field(
        "still_believes",
        FieldKind::Answer,
        "yes, partly or no",
        &[],
    ),
    field("live_access", FieldKind::Answer, "yes or no", &[]),
    field(
        "home_visit_by_offender",
        FieldKind::Answer,
        "yes or no",
        &[],
    ),
    field("self_harm_or_suicide", FieldKind::Answer, "yes or no", &[]),
    field("domestic_abuse_link", FieldKind::Answer, "yes or no", &[]),
    field("intimate_image_threat", FieldKind::Answer, "yes or no", &[]),
    field(
        "identity_documents_given",
        FieldKind::Answer,
        "yes or no",
        &[],
    ),
    field(
        "refund_refused",
        FieldKind::Answer,
        "yes, no or pending",
        &[],
    ),
    field(
        "physical_scene",
        FieldKind::Answer,
        "cctv_available, vehicle_or_courier_detail, delivery_address or none",
        &[],
    ),
    field(
        "device_or_logs",
        FieldKind::Answer,
        "preserved, available_now, at_risk or gone",
        &[],
    ),
    field(
        "victim_supports",
        FieldKind::Answer,
        "yes, unsure or no: whether the victim supports an investigation",
        &[],
    ),
    field(
        "service_outage_hours",
        FieldKind::Answer,
        "Hours a service was down",
        &[],
    ),
    field(
        "data_subjects",
        FieldKind::Answer,
        "People whose data was taken",
        &[],
    ),
    field("threat_to_life", FieldKind::Answer, "yes or no", &[]),
    field(
        "critical_national_infrastructure",
        FieldKind::Answer,
        "yes or no",
        &[],
    ),
];

/// The field of that name, if the contract has one.
pub fn field_named(name: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|f| f.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_aliases_are_unique() {
        let mut seen = BTreeSet::new();
        for f in FIELDS {
            assert!(seen.insert(f.name.replace('_', " ")), "{} twice", f.name);
            for alias in f.aliases {
                assert_eq!(*alias, alias.to_lowercase(), "{alias} is not lower case");
                seen.insert((*alias).to_owned());
            }
        }
    }

    #[test]
    fn feed_names_round_trip() {
        for feed in Feed::ALL {
            assert_eq!(Feed::parse(feed.name()), Some(feed));
        }
        assert!(Feed::Pursue.is_national() && !Feed::CallForService.is_national());
    }
}
