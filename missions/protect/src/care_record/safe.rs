//! The safe-contact rule at the moment of a contact: checked, and whether it was kept is on record.

use record::ids::{RecordId, ReportId};
use record::time::Timestamp;
use store::{OnConflict, Result, Tx};

use super::needs::Needs;
use super::policy::RecordPolicy;
use crate::victim_care::{Direction, NewContact};

/// What a contact was held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Why it broke the rule; empty when it kept it.
    pub rule: String,
    /// The caller's reason for breaking it.
    pub reason: String,
}

/// Holds a contact of ours against the rule. None when there is no rule, or the victim rang us: then
/// the time was theirs to choose.
pub fn check(
    needs: Option<&Needs>,
    policy: &RecordPolicy,
    contact: &NewContact,
    reason: &str,
) -> Option<Checked> {
    let needs = needs.filter(|n| n.is_rule())?;
    if contact.direction == Direction::In
        || contact.channel == crate::victim_care::duty::Channel::Decision
    {
        return None;
    }
    let voicemail = policy.voicemail_outcomes.contains(&contact.outcome);
    let rule = needs
        .broken_by(contact.at, contact.channel, voicemail)
        .unwrap_or_default();
    let reason = if rule.is_empty() {
        String::new()
    } else {
        reason.trim().to_owned()
    };
    Some(Checked { rule, reason })
}

/// A check to be kept with its contact.
pub struct Kept<'a> {
    pub contact: RecordId,
    pub report: ReportId,
    pub at: Timestamp,
    pub by_name: &'a str,
    pub unit: &'a str,
}

/// Keeps the check, in the transaction of the contact.
pub async fn keep(tx: &mut Tx<'_>, of: Kept<'_>, checked: &Checked) -> Result<()> {
    let columns = &[
        "contact", "report", "at", "kept", "rule", "reason", "by_name", "unit",
    ];
    let row = vec![
        of.contact.into(),
        of.report.into(),
        of.at.into(),
        checked.rule.is_empty().into(),
        checked.rule.as_str().into(),
        checked.reason.as_str().into(),
        of.by_name.into(),
        of.unit.into(),
    ];
    tx.insert("protect_safe_check", columns, vec![row], OnConflict::Fail)
        .await?;
    Ok(())
}
