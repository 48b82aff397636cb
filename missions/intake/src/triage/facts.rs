//! What is known of a report when it is triaged, as facts and numbers that policy may name.

use std::collections::{BTreeMap, BTreeSet};

use record::report::{CrimeClass, PartyKind, Report};

use crate::codes::CrimeCode;

/// What linking found, as far as triage uses it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// Reports in the network, this one included; zero when there is none.
    pub network_reports: u32,
    /// Earlier reports of the same victim within the repeat window.
    pub earlier_reports: u32,
    /// Of these, in the same crime family.
    pub earlier_same_family: u32,
    /// Kinds of observable found that may be the offender's.
    pub kinds: BTreeSet<&'static str>,
    /// Whether a UK account (IBAN of Great Britain, or sort code with account) was found.
    pub uk_account: bool,
}

/// Facts (`kind:value`) and numbers by name.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    facts: BTreeSet<String>,
    numbers: BTreeMap<&'static str, f64>,
}

/// Names of the numbers facts may hold; a policy that names another is refused.
pub const NUMBERS: [&str; 9] = [
    "age",
    "loss_pounds",
    "network_reports",
    "earlier_reports",
    "report_age_days",
    "staff_count",
    "service_outage_hours",
    "data_subjects",
    "hours_since_event",
];

impl Facts {
    pub fn add(&mut self, fact: impl Into<String>) {
        self.facts.insert(fact.into());
    }

    pub fn set(&mut self, name: &'static str, value: f64) {
        self.numbers.insert(name, value);
    }

    pub fn has(&self, fact: &str) -> bool {
        self.facts.contains(fact)
    }

    pub fn number(&self, name: &str) -> Option<f64> {
        self.numbers.get(name).copied()
    }

    /// The answer given to a factor, if one was.
    pub fn answer(&self, factor: &str) -> Option<&str> {
        let from = format!("answer:{factor}=");
        self.facts.range(from.clone()..).next()?.strip_prefix(&from)
    }

    /// Everything known of a report.
    pub fn of(report: &Report, code: Option<&CrimeCode>, links: &Links) -> Facts {
        let mut facts = Facts::default();
        facts.about_crime(report, code);
        facts.about_victim(report);
        facts.about_suspect(report);
        facts.about_links(links);
        facts
    }

    fn about_crime(&mut self, report: &Report, code: Option<&CrimeCode>) {
        self.add(format!("feed:{}", report.feed.name()));
        if report.feed.is_national() {
            self.add("feed:national");
        }
        if let Some(code) = code {
            self.add(format!("code:{}", code.code));
            self.add(format!("family:{}", code.family));
            self.add(format!("class:{}", code.default_class.name()));
        } else {
            self.add(format!("class:{}", CrimeClass::Unknown.name()));
        }
        for marker in &report.markers {
            self.add(format!("marker:{marker}"));
        }
        for (factor, answer) in &report.answers {
            self.add(format!("answer:{factor}={answer}"));
        }
        for (name, text) in [
            ("contact", &report.contact_method),
            ("payment", &report.payment_method),
            ("platform", &report.platform),
        ] {
            if let Some(text) = text {
                self.add(format!("{name}:{}", text.trim().to_lowercase()));
                self.add(format!("{name}:given"));
            }
        }
        if let Some(pence) = report.loss_pence {
            #[expect(clippy::cast_precision_loss, reason = "a loss is far below 2^52 pence")]
            self.set("loss_pounds", pence as f64 / 100.0);
        }
        let received = report.received_at.day();
        if let Some(day) = report.event_to.or(report.event_from) {
            let days = received.days_since(day);
            if let Ok(days) = i32::try_from(days)
                && days >= 0
            {
                self.set("report_age_days", f64::from(days));
                self.set("hours_since_event", f64::from(days) * 24.0);
            }
        }
        for name in ["service_outage_hours", "data_subjects"] {
            if let Some(n) = report.answers.get(name).and_then(|a| a.parse::<u32>().ok()) {
                self.set(
                    if name == "data_subjects" {
                        "data_subjects"
                    } else {
                        "service_outage_hours"
                    },
                    f64::from(n),
                );
            }
        }
    }

    fn about_victim(&mut self, report: &Report) {
        let victim = &report.victim;
        self.add(format!("victim:{}", victim.kind.name()));
        if let Some(staff) = victim.staff_count {
            self.set("staff_count", f64::from(staff));
        }
        if victim.kind == PartyKind::Person {
            let day = report
                .event_from
                .unwrap_or_else(|| report.received_at.day());
            if let Some(age) = victim.age_on(day) {
                self.set("age", f64::from(age));
            }
        }
        if victim.phone.is_some() || victim.email.is_some() {
            self.add("victim:reachable");
        }
    }

    fn about_suspect(&mut self, report: &Report) {
        let Some(suspect) = &report.suspect else {
            return;
        };
        if suspect.surname.is_some() || suspect.organisation.is_some() {
            self.add("suspect:named");
        }
        if suspect.address.is_some() || suspect.postcode.is_some() {
            self.add("suspect:located");
        }
    }

    fn about_links(&mut self, links: &Links) {
        for kind in &links.kinds {
            self.add(format!("observable:{kind}"));
        }
        if links.uk_account {
            self.add("observable:uk_account");
        }
        if links.network_reports > 1 {
            self.add("network:linked");
        }
        self.set("network_reports", f64::from(links.network_reports));
        self.set("earlier_reports", f64::from(links.earlier_reports));
        if links.earlier_same_family > 0 {
            self.add("repeat:same_type");
        }
    }
}
