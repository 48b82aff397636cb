//! Common values: those that many reports have who have nothing else in common.
//!
//! A bank's help line stands in the reports of many offenders' victims and says nothing about any of
//! them; an offender's own number stands beside the same accounts and sites again and again. Frequency alone
//! does not part the two while few reports are held. What does is company: how many of the reports
//! with a value share a second one with another of them.

use std::collections::{HashMap, HashSet};

use record::ids::{ObservableId, ReportId};
use store::{Result, Sql, Tx};

use crate::networks;
use crate::receive::{Desk, OFFENDER};

/// Kinds that say one thing twice: a site and its host, an account in two notations.
const ONE_THING: [[&str; 2]; 2] = [["url", "domain"], ["iban", "uk_bank_account"]];

/// Whether a value is due to be looked at: when `from` reports have it, and each time twice as many
/// do, so that a report costs the same however many there are.
pub(crate) fn is_due(from: u64, reports: u64) -> bool {
    from > 0 && reports.is_multiple_of(from) && (reports / from).is_power_of_two()
}

/// Looks at the company a value keeps in the first so many reports that had it, whatever else has
/// come since, so that batches of any size come to the same. One that is common stops joining, and
/// its networks are recomputed.
pub(crate) async fn look_at(
    tx: &mut Tx<'_>,
    desk: &Desk,
    value: ObservableId,
    reports: u64,
) -> Result<()> {
    let sql =
        Sql::new("select kind, joins from intake_observable where ").with("id = ?", [value.into()]);
    let Some(row) = tx.first(sql).await? else {
        return Ok(());
    };
    if !row.get::<bool>("joins")? {
        return Ok(());
    }
    let kind: String = row.get("kind")?;
    let sql = Sql::new(
        "select s.report, s.observable, o.kind from intake_sighting s \
         join intake_observable o on o.id = s.observable where ",
    )
    .with(
        "s.role = ? and s.rejected = 0 and s.report in \
         (select w.report from intake_sighting w join intake_report r on r.id = w.report \
         where w.observable = ? and w.role = ? and w.rejected = 0 order by r.seq limit ?)",
        [
            OFFENDER.into(),
            value.into(),
            OFFENDER.into(),
            i64::try_from(reports).unwrap_or(i64::MAX).into(),
        ],
    );
    let mut seen: Vec<Seen<ReportId, ObservableId>> = Vec::new();
    for row in tx.rows(sql).await? {
        let other: String = row.get("kind")?;
        seen.push(Seen {
            report: row.get("report")?,
            value: row.get("observable")?,
            tells: desk.linking.policy.bits.contains_key(&other) && tells(&kind, &other),
        });
    }
    if alone(value, &seen) < desk.linking.policy.common.alone {
        return Ok(());
    }
    let sql =
        Sql::new("update intake_observable set joins = 0 where ").with("id = ?", [value.into()]);
    tx.run(sql).await?;
    networks::recompute_around(tx, desk, value, "a value became common").await
}

/// Whether a value of one kind says something that a value of another does not say already.
fn tells(kind: &str, other: &str) -> bool {
    !ONE_THING
        .iter()
        .any(|kinds| kinds.contains(&kind) && kinds.contains(&other))
}

/// A value in one of the reports that are looked at.
struct Seen<R, V> {
    report: R,
    value: V,
    /// Whether it says something that the value looked at does not.
    tells: bool,
}

/// The share of the reports with `value` that share nothing else with another of them.
fn alone<R, V>(value: V, seen: &[Seen<R, V>]) -> f64
where
    R: Copy + Eq + std::hash::Hash,
    V: Copy + Eq + std::hash::Hash,
{
    let mut reports_with: HashMap<V, HashSet<R>> = HashMap::new();
    let mut reports = HashSet::new();
    for seen in seen {
        reports.insert(seen.report);
        if seen.tells && seen.value != value {
            reports_with
                .entry(seen.value)
                .or_default()
                .insert(seen.report);
        }
    }
    let shared = reports_with.values().filter(|reports| reports.len() > 1);
    let in_company: HashSet<R> = shared.flatten().copied().collect();
    #[expect(clippy::cast_precision_loss, reason = "counts of reports")]
    let share = (reports.len() - in_company.len()) as f64 / reports.len().max(1) as f64;
    share
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_looked_at_when_its_reports_double() {
        let due: Vec<u64> = (0..200).filter(|n| is_due(10, *n)).collect();
        assert_eq!(due, [10, 20, 40, 80, 160]);
        assert!(!is_due(0, 0) && !is_due(0, 10));
    }

    #[test]
    fn company_is_a_second_value_that_another_report_has_too() {
        let seen = |report: u8, value: char| Seen {
            report,
            value,
            tells: true,
        };
        let help_line: Vec<_> = (0..10).map(|n| seen(n, 'h')).collect();
        assert_eq!(alone('h', &help_line), 1.0);
        // Accounts of their own are no company.
        let mut own = help_line;
        own.extend((0..10).zip('a'..).map(|(n, value)| seen(n, value)));
        assert_eq!(alone('h', &own), 1.0);
        // Three of ten share a second account.
        own.extend([seen(1, 'z'), seen(2, 'z'), seen(3, 'z')]);
        assert_eq!(alone('h', &own), 0.7);
        assert_eq!(alone('h', &own[..0]), 0.0);
    }

    #[test]
    fn what_says_the_same_again_is_no_company() {
        assert!(!tells("url", "domain") && !tells("uk_bank_account", "iban"));
        assert!(tells("phone", "domain") && tells("domain", "iban"));
        assert!(tells("phone", "phone"), "two numbers are two things");
        let seen = [
            Seen {
                report: 1,
                value: 'u',
                tells: true,
            },
            Seen {
                report: 2,
                value: 'u',
                tells: true,
            },
            Seen {
                report: 1,
                value: 'd',
                tells: false,
            },
            Seen {
                report: 2,
                value: 'd',
                tells: false,
            },
        ];
        assert_eq!(alone('u', &seen), 1.0);
    }
}
