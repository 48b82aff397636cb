//! What the unit decided about a crime, and how it is kept.

use record::work::WorkItem;
use store::{Entry, Error, OnConflict, Result, Tx, work};

use super::QUEUE;

/// Fewest characters of a reason.
pub const SHORTEST_REASON: usize = 10;
/// Most characters of a reason.
pub const LONGEST_REASON: usize = 2_000;
/// Most characters of a unit's or body's name.
const LONGEST_UNIT: usize = 80;
/// The band PURSUE-04 speaks of: crimes of this band are the unit's, or an exception.
pub const TOP_BAND: &str = "A";

/// The four decisions of SFCU-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Accept,
    Advise,
    Return,
    Refer,
}

impl Verdict {
    pub const ALL: [Verdict; 4] = [
        Verdict::Accept,
        Verdict::Advise,
        Verdict::Return,
        Verdict::Refer,
    ];

    /// The item's outcome, and the name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Accept => "accept",
            Verdict::Advise => "advise",
            Verdict::Return => "return",
            Verdict::Refer => "refer",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Verdict::Accept => "Accept",
            Verdict::Advise => "Advise",
            Verdict::Return => "Return to local unit",
            Verdict::Refer => "Refer",
        }
    }

    /// What follows from it, for the form.
    pub const fn hint(self) -> &'static str {
        match self {
            Verdict::Accept => "The unit investigates",
            Verdict::Advise => "The local unit investigates, with our advice",
            Verdict::Return => "The local unit investigates",
            Verdict::Refer => "Another team or body takes it: say which",
        }
    }

    pub fn parse(name: &str) -> Option<Verdict> {
        Verdict::ALL.into_iter().find(|v| v.name() == name)
    }
}

/// A decision on one crime.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub verdict: Verdict,
    /// Who takes it, for a referral; empty otherwise means the unit itself or the local unit.
    pub unit: String,
    /// Why; not needed to accept.
    pub reason: String,
}

impl Decision {
    /// What is wrong with it: field and remedy. Empty when it can be kept.
    pub fn faults(&self, band: &str) -> Vec<(&'static str, String)> {
        let mut faults = Vec::new();
        let unit = self.unit.trim().chars().count();
        if self.verdict == Verdict::Refer && unit == 0 {
            faults.push((
                "unit",
                "Enter the team or body it is referred to".to_owned(),
            ));
        }
        if unit > LONGEST_UNIT {
            faults.push((
                "unit",
                format!("Shorten the name to {LONGEST_UNIT} characters"),
            ));
        }
        let length = self.reason.trim().chars().count();
        if self.verdict != Verdict::Accept && length < SHORTEST_REASON {
            let why = if band == TOP_BAND {
                format!("Say why a crime of band {TOP_BAND} is not accepted")
            } else {
                "Say why it is not accepted".to_owned()
            };
            faults.push((
                "reason",
                format!("{why}, in at least {SHORTEST_REASON} characters"),
            ));
        }
        if length > LONGEST_REASON {
            faults.push((
                "reason",
                format!("Shorten the reason to {LONGEST_REASON} characters"),
            ));
        }
        faults
    }

    /// Whether a crime of the highest band is not taken on.
    pub fn is_exception(&self, band: &str) -> bool {
        band == TOP_BAND && self.verdict != Verdict::Accept
    }

    /// Who has it now.
    fn owner(&self, item: &WorkItem) -> String {
        match self.verdict {
            Verdict::Accept => item.unit.clone(),
            Verdict::Refer => self.unit.trim().to_owned(),
            Verdict::Advise | Verdict::Return if self.unit.trim().is_empty() => "local".to_owned(),
            Verdict::Advise | Verdict::Return => self.unit.trim().to_owned(),
        }
    }
}

/// Keeps one decision. `version` is the item's as the person saw it.
pub async fn allocate(
    tx: &mut Tx<'_>,
    item: &WorkItem,
    version: i64,
    decision: Decision,
) -> Result<()> {
    let seen = WorkItem {
        version,
        ..item.clone()
    };
    allocate_many(tx, &[(seen, decision)]).await
}

/// Keeps many decisions of one person. All are kept, or none.
pub async fn allocate_many(tx: &mut Tx<'_>, decided: &[(WorkItem, Decision)]) -> Result<()> {
    let mut rows = Vec::with_capacity(decided.len());
    for (item, decision) in decided {
        if item.queue != QUEUE.name {
            return Err(Error::invalid(
                "only a crime in allocation can be allocated",
            ));
        }
        if let Some((_, remedy)) = decision.faults(&item.band).into_iter().next() {
            return Err(Error::Invalid(remedy));
        }
        let (owner, exception) = (decision.owner(item), decision.is_exception(&item.band));
        rows.push(vec![
            tx.id().into(),
            item.id.into(),
            item.subject.into(),
            tx.now().into(),
            tx.grant().actor().into(),
            tx.grant().actor_name().into(),
            decision.verdict.name().into(),
            owner.as_str().into(),
            item.band.as_str().into(),
            exception.into(),
            decision.reason.trim().into(),
        ]);
        tx.enter(Entry {
            kind: "report",
            id: item.subject.to_string(),
            content: String::new(),
            detail: serde_json::json!({
                "allocation": decision.verdict.name(),
                "unit": owner,
                "band": item.band,
                "exception": exception,
            })
            .to_string(),
        });
        work::close(tx, item.id, item.version, decision.verdict.name()).await?;
    }
    let columns = &[
        "id",
        "item",
        "report",
        "at",
        "author",
        "author_name",
        "verdict",
        "unit",
        "band",
        "exception",
        "reason",
    ];
    tx.insert("pursue_allocation", columns, rows, OnConflict::Fail)
        .await
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(verdict: Verdict, unit: &str, reason: &str) -> Decision {
        Decision {
            verdict,
            unit: unit.to_owned(),
            reason: reason.to_owned(),
        }
    }

    #[test]
    fn refusing_needs_a_reason_and_a_referral_a_body() {
        assert!(decision(Verdict::Accept, "", "").faults("A").is_empty());
        let fields = |d: &Decision| -> Vec<&str> { d.faults("B").iter().map(|f| f.0).collect() };
        assert_eq!(
            fields(&decision(Verdict::Return, "", "too short")),
            ["reason"]
        );
        assert_eq!(
            fields(&decision(Verdict::Refer, " ", "")),
            ["unit", "reason"]
        );
        let long = "x".repeat(LONGEST_REASON + 1);
        assert_eq!(fields(&decision(Verdict::Accept, "", &long)), ["reason"]);
        assert!(
            decision(Verdict::Return, "", "no").faults("A")[0]
                .1
                .contains("band A")
        );
    }

    #[test]
    fn only_the_highest_band_makes_an_exception() {
        let returned = decision(Verdict::Return, "", "a full reason");
        assert!(returned.is_exception("A"));
        assert!(!returned.is_exception("B"));
        assert!(!decision(Verdict::Accept, "", "").is_exception("A"));
    }
}
