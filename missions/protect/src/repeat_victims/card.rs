//! What the call page and its API say of a repeat victim.

use record::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use web::parts::{Tag, words};
use web::{App, SignedIn};

use super::policy::RepeatPolicy;
use super::risk::{Current, Level, Risk, risk};
use crate::victim_care::Sheet;

/// Weighs the sheet's reports and those besides it.
fn weigh(app: &App, sheet: &Sheet) -> Result<Risk, web::Error> {
    let policy = app.policy::<RepeatPolicy>()?;
    let current: Vec<Current<'_>> = sheet
        .matters
        .iter()
        .map(|m| Current {
            code: &m.code,
            report: &m.report,
        })
        .collect();
    Ok(risk(&policy, &current, &sheet.earlier, app.now()))
}

/// Another report, as the call page shows it.
pub(crate) struct OtherReport {
    pub title: String,
    pub reference: String,
    pub received_at: Timestamp,
    pub state: &'static str,
    pub href: Option<String>,
}

/// The part of the call page on repeat victims.
pub(crate) struct Card {
    level: Level,
    /// "2 other reports of the same person".
    pub others: String,
    /// Each with its points.
    pub reasons: Vec<String>,
    pub earlier: Vec<OtherReport>,
}

impl Card {
    pub fn of(app: &App, who: &SignedIn, sheet: &Sheet) -> Result<Card, web::Error> {
        let Risk { level, reasons, .. } = weigh(app, sheet)?;
        let count = u64::try_from(sheet.earlier.len()).unwrap_or(u64::MAX);
        let report_page = who.may_open(app, "/reports/{id}");
        let earlier = sheet.earlier.iter().map(|e| OtherReport {
            title: e.title.clone(),
            reference: e.reference.clone(),
            received_at: e.received_at,
            state: e.line.title(),
            href: match e.item {
                Some(item) => Some(format!("/victim-care/{item}")),
                None => report_page.then(|| format!("/reports/{}", e.report)),
            },
        });
        Ok(Card {
            level,
            others: match count {
                0 => "No other report of the same person is held".to_owned(),
                n => format!(
                    "{} of the same person",
                    words::plural(n, "other report", "other reports")
                ),
            },
            reasons: reasons
                .into_iter()
                .map(|(why, points)| format!("{why} ({points:+})"))
                .collect(),
            earlier: earlier.collect(),
        })
    }

    pub fn is_worth_showing(&self) -> bool {
        !self.earlier.is_empty() || !self.reasons.is_empty()
    }

    pub fn tag(&self) -> Tag<'static> {
        match self.level {
            Level::Ordinary => Tag::grey(Level::Ordinary.title()),
            Level::Raised => Tag::orange(Level::Raised.title()),
            Level::High => Tag::red(Level::High.title()),
        }
    }
}

/// Another report of the same person.
#[derive(Debug, Serialize, ToSchema)]
struct EarlierReport {
    id: String,
    /// Item of the call list; none for a report that brought no duty.
    item: Option<String>,
    reference: String,
    title: String,
    crime_code: String,
    received_at: String,
    /// `awaiting`, `advised`, `declined`, `not_reached`, `barred`, `unsafe` or `error`.
    line: &'static str,
}

/// A reason for the risk.
#[derive(Debug, Serialize, ToSchema)]
struct RepeatReason {
    because: String,
    points: i64,
}

/// Other reports of a victim, and the risk of another crime against them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RepeatVictim {
    /// `ordinary`, `raised` or `high`, by the force's policy; for a person to weigh.
    risk: &'static str,
    points: i64,
    reasons: Vec<RepeatReason>,
    /// Latest received first, as far as the caller may see them.
    earlier: Vec<EarlierReport>,
}

impl RepeatVictim {
    pub fn of(app: &App, sheet: &Sheet) -> Result<RepeatVictim, web::Error> {
        let risk = weigh(app, sheet)?;
        let earlier = sheet.earlier.iter().map(|e| EarlierReport {
            id: e.report.to_string(),
            item: e.item.map(|i| i.to_string()),
            reference: e.reference.clone(),
            title: e.title.clone(),
            crime_code: e.code.clone(),
            received_at: e.received_at.rfc3339(),
            line: e.line.name(),
        });
        Ok(RepeatVictim {
            risk: risk.level.name(),
            points: risk.points,
            reasons: risk
                .reasons
                .into_iter()
                .map(|(because, points)| RepeatReason { because, points })
                .collect(),
            earlier: earlier.collect(),
        })
    }
}
