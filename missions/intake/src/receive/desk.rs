//! The policies receiving needs, read once at start.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use linkage::Model;
use observables::{Extractor, Modulus};
use record::policy::{Files, PolicyError, Versioned};
use record::report::PartyKind;
use record::time::{Date, Timestamp, WorkingCalendar};
use serde::Deserialize;

use crate::codes::CrimeCodes;
use crate::files::Limits;
use crate::triage::{Clocks, TriagePolicy};

/// `policy/intake/linking.toml`: which shared values draw reports into one network.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkingPolicy {
    pub join_at: f64,
    pub assumed_population: u64,
    pub most_recomputed: i64,
    pub most_under_key: usize,
    /// Bits by which the descriptions of one person agree on the average.
    pub cohere_at: f64,
    pub common: CommonPolicy,
    /// Bits by kind of observable; `nominal` for a named suspect on record.
    pub bits: BTreeMap<String, f64>,
    pub names: NetworkNames,
}

/// When a value is common however few have it: see `common.rs`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommonPolicy {
    /// Reports with a value from which its company is looked at.
    pub from: u64,
    /// The share of them, 0 to 1, that may share nothing else with another.
    pub alone: f64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkNames {
    pub first: Vec<String>,
    pub second: Vec<String>,
}

/// Where reports are received: every policy of intake.
pub struct Desk {
    pub codes: CrimeCodes,
    pub triage: Versioned<TriagePolicy>,
    pub linking: Versioned<LinkingPolicy>,
    pub people: Model,
    pub organisations: Model,
    pub calendar: WorkingCalendar,
    pub limits: Limits,
    /// Which account numbers can belong to which sort codes, where the force has the table.
    pub modulus: Option<Arc<Modulus>>,
    /// Unit that owns reports until they are allocated, and the force's partner for calls.
    pub unit: String,
}

/// Vocalink's weight table, which may not be passed on and so is not shipped: a force that has it
/// puts it here.
const MODULUS: &str = "intake/valacdos.txt";

#[derive(Deserialize)]
struct Unit {
    unit: String,
}

/// Working days, with the bank holidays of the policy.
fn calendar(triage: &TriagePolicy) -> WorkingCalendar {
    let holidays = triage.clocks.bank_holidays.iter();
    WorkingCalendar::new(holidays.filter_map(|day| Date::parse(day)))
}

fn modulus(files: &Files) -> Result<Option<Arc<Modulus>>, PolicyError> {
    if !files.0.contains_key(MODULUS) {
        return Ok(None);
    }
    let table = Modulus::read(files.text(MODULUS)?);
    let refused = |e: observables::ModulusError| {
        PolicyError::new(
            MODULUS,
            format!("{e}. Put Vocalink's valacdos.txt here as it came"),
        )
    };
    table.map(|table| Some(Arc::new(table))).map_err(refused)
}

impl Desk {
    pub fn load(files: &Files) -> Result<Arc<dyn Any + Send + Sync>, PolicyError> {
        Desk::read(files).map(|desk| Arc::new(desk) as Arc<dyn Any + Send + Sync>)
    }

    pub fn read(files: &Files) -> Result<Desk, PolicyError> {
        let model = |file: &str| {
            Model::from_toml(files.text(file)?).map_err(|e| PolicyError::new(file, e.to_string()))
        };
        let linking = files.read::<LinkingPolicy>("intake/linking.toml")?;
        let names = &linking.policy.names;
        if names.first.is_empty() || names.second.is_empty() {
            return Err(PolicyError::new(
                "intake/linking.toml",
                "names: both lists need words",
            ));
        }
        if let Some(kind) = linking
            .policy
            .bits
            .keys()
            .find(|k| k.parse::<observables::Kind>().is_err() && k.as_str() != "nominal")
        {
            let problem = format!("bits: {kind:?} is not a kind of observable");
            return Err(PolicyError::new("intake/linking.toml", problem));
        }
        if !(0.0..=1.0).contains(&linking.policy.common.alone) {
            let problem = "common.alone: a share from 0 to 1";
            return Err(PolicyError::new("intake/linking.toml", problem));
        }
        let (people, organisations) = (
            model("intake/linkage.toml")?,
            model("intake/linkage-organisation.toml")?,
        );
        let cohere_at = linking.policy.cohere_at;
        if [&people, &organisations]
            .iter()
            .any(|model| !(model.review_threshold()..=model.link_threshold()).contains(&cohere_at))
        {
            let problem =
                "cohere_at: a number of bits from `review` to `link` of both linkage models";
            return Err(PolicyError::new("intake/linking.toml", problem));
        }
        let triage = TriagePolicy::read(files)?;
        let limits = files.read::<Limits>("intake/files.toml")?.policy;
        let unit: Unit = toml::from_str(files.text("force.toml")?)
            .map_err(|e| PolicyError::new("force.toml", e.to_string()))?;
        Ok(Desk {
            codes: CrimeCodes::read(files)?,
            calendar: calendar(&triage.policy),
            triage,
            linking,
            people,
            organisations,
            limits,
            modulus: modulus(files)?,
            unit: unit.unit,
        })
    }

    /// A finder of observables that holds accounts to the force's table.
    pub(crate) fn extractor(&self) -> Extractor {
        Extractor::with_modulus(self.modulus.as_ref())
    }

    /// Whether an account, `sortcode:account`, can be one by the force's table.
    pub(crate) fn holds_account(&self, value: &str) -> bool {
        self.modulus
            .as_ref()
            .is_none_or(|table| table.allows_value(value))
    }

    /// The model that compares parties of a kind.
    pub fn model(&self, kind: PartyKind) -> &Model {
        match kind {
            PartyKind::Person => &self.people,
            PartyKind::Organisation => &self.organisations,
        }
    }

    /// Bits that sharing a value of this kind is worth, by how many reports have it.
    pub fn worth(&self, kind: &str, reports_held: u64, reports_with: u64) -> f64 {
        let policy = &self.linking.policy;
        policy.bits.get(kind).map_or(0.0, |base| {
            linkage::shared_value_weight(
                *base,
                reports_held,
                policy.assumed_population,
                reports_with.max(1),
            )
        })
    }

    /// When something received then is due under a limit.
    pub fn due(&self, from: Timestamp, limit: crate::triage::Limit) -> Timestamp {
        match limit {
            crate::triage::Limit::Minutes(minutes) => from.plus_minutes(minutes),
            crate::triage::Limit::WorkingDays(days) => self.calendar.after(from, days),
        }
    }

    pub fn clocks(&self) -> &Clocks {
        &self.triage.policy.clocks
    }

    /// A network's name: two neutral words chosen by its identifier.
    pub fn network_name(&self, id: record::ids::NetworkId) -> String {
        let names = &self.linking.policy.names;
        let bytes = id.uuid();
        let bytes = bytes.as_bytes();
        let pick = |list: &[String], from: usize| {
            let n = bytes[from..from + 4]
                .iter()
                .fold(0usize, |n, b| n * 31 + usize::from(*b));
            list.get(n % list.len().max(1)).cloned().unwrap_or_default()
        };
        format!("{} {}", pick(&names.first, 8), pick(&names.second, 12))
    }
}
