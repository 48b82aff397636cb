//! Reports that arrive one by one: a form that was filled in, or a program. Both are read as the
//! rows of a file are, by the same contract of fields, and received by the same door.

use std::collections::{BTreeMap, BTreeSet};

use record::access::Grant;
use record::ids::ReportId;
use record::report::{Feed, FieldKind, Report, field_named};
use record::time::Timestamp;
use record::{Finding, Severity};
use serde_json::Value as Json;
use store::{OnConflict, Result, Sql, Store, Tx};

use crate::files::{Mapping, Row};
use crate::receive::{Desk, Ready, Received, receive};

/// What became of one report that was sent.
#[derive(Debug, Clone)]
pub enum Outcome {
    Accepted {
        id: ReportId,
        findings: Vec<Finding>,
    },
    /// The same reference of the same source is held already; `same` when its content is too.
    Duplicate {
        held: ReportId,
        same: bool,
    },
    Rejected {
        findings: Vec<Finding>,
    },
}

/// Reads named values as a report. Findings name the field; one that rejects leaves no report.
pub fn read_fields(
    desk: &Desk,
    source: &str,
    feed: Feed,
    now: Timestamp,
    number: u64,
    values: &BTreeMap<String, String>,
) -> (Option<Report>, Vec<Finding>) {
    let mapping = Mapping::of_fields(source, feed);
    let codes: BTreeSet<String> = desk.codes.iter().map(|c| c.code.clone()).collect();
    let pairs = values.iter().map(|(k, v)| (k.as_str(), v.as_str()));
    mapping.mapper(&codes, now).apply(&Row::of(number, pairs))
}

/// The values of a JSON object, as text; what is no field, or no value, is a finding.
pub fn json_fields(number: u64, body: &Json) -> (BTreeMap<String, String>, Vec<Finding>) {
    let mut values = BTreeMap::new();
    let mut findings = Vec::new();
    let Json::Object(object) = body else {
        let remedy = "Send an object of fields, such as {\"reference\": \"A1\"}";
        findings.push(Finding::rejected(
            number,
            "",
            "this is not an object",
            remedy,
        ));
        return (values, findings);
    };
    for (name, value) in object {
        let Some(field) = field_named(name) else {
            let problem = "this is not a field of a report; it was left out";
            let remedy = "See the list of fields in the description of the API";
            findings.push(Finding::warning(number, name, problem, remedy));
            continue;
        };
        match as_text(value, field.kind) {
            Some(text) => {
                values.insert(name.clone(), text);
            }
            None if value.is_null() => {}
            None => {
                let remedy = "Send text, a number, true or false, or a list of texts";
                findings.push(Finding::rejected(
                    number,
                    name,
                    "an object cannot be read as a value",
                    remedy,
                ));
            }
        }
    }
    (values, findings)
}

fn as_text(value: &Json, kind: FieldKind) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(true) => Some("yes".to_owned()),
        Json::Bool(false) => Some("no".to_owned()),
        Json::Array(list) => {
            let joint = if kind == FieldKind::Identifier {
                "\n"
            } else {
                ";"
            };
            let parts: Option<Vec<String>> = list.iter().map(|v| as_text(v, kind)).collect();
            parts.map(|p| p.join(joint))
        }
        Json::Null | Json::Object(_) => None,
    }
}

/// Receives reports that programs sent, in their order, in one transaction. Rejected ones keep
/// nothing; the others are kept whole.
pub async fn accept(
    store: &Store,
    grant: &Grant,
    desk: std::sync::Arc<Desk>,
    read: Vec<(Option<Report>, Vec<Finding>)>,
) -> Result<Vec<Outcome>> {
    let mut ready = Vec::new();
    let mut outcomes: Vec<Option<Vec<Finding>>> = Vec::with_capacity(read.len());
    let mut rejected = Vec::with_capacity(read.len());
    for (report, findings) in read {
        let refused = findings.iter().any(|f| f.severity == Severity::Rejected);
        match report.filter(|_| !refused) {
            Some(report) => {
                ready.push(desk.ready(report));
                outcomes.push(Some(findings));
                rejected.push(None);
            }
            None => {
                outcomes.push(None);
                rejected.push(Some(findings));
            }
        }
    }
    let received = if ready.is_empty() {
        Vec::new()
    } else {
        store
            .write(grant, move |tx| {
                Box::pin(async move { receive(tx, &desk, None, &ready).await })
            })
            .await?
    };
    let mut received = received.into_iter();
    let all = outcomes.into_iter().zip(rejected);
    Ok(all
        .map(|(accepted, rejected)| match (accepted, rejected) {
            (Some(findings), _) => match received.next() {
                Some(Received::Accepted(id)) => Outcome::Accepted { id, findings },
                Some(Received::Duplicate { held, same }) => Outcome::Duplicate { held, same },
                None => Outcome::Rejected { findings },
            },
            (None, findings) => Outcome::Rejected {
                findings: findings.unwrap_or_default(),
            },
        })
        .collect())
}

/// Receives one report that the force took itself, under a reference of its own.
pub async fn record(tx: &mut Tx<'_>, desk: &Desk, mut report: Report) -> Result<ReportId> {
    tx.alone("intake").await?;
    report.reference = next_reference(tx).await?;
    let ready: [Ready; 1] = [desk.ready(report)];
    match receive(tx, desk, None, &ready).await?.first() {
        Some(Received::Accepted(id)) => Ok(*id),
        Some(Received::Duplicate { .. }) => Err(store::Error::Conflict),
        None => Err(store::Error::invalid("nothing was received")),
    }
}

/// `CFS-26-000123`: calls for service are counted, without gaps, from the first.
async fn next_reference(tx: &mut Tx<'_>) -> Result<String> {
    let row = vec![vec!["calls_for_service".into(), 1i64.into()]];
    let update = "on conflict (name) do update set n = intake_total.n + 1";
    tx.insert(
        "intake_total",
        &["name", "n"],
        row,
        OnConflict::Update(update),
    )
    .await?;
    let sql = Sql::new("select n from intake_total where name = 'calls_for_service'");
    let n = tx.count(sql).await?;
    let year = tx.now().day().year() % 100;
    Ok(format!("CFS-{year:02}-{n:06}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_become_values_and_oddities_findings() {
        let body = serde_json::json!({
            "reference": "A1", "loss": 12.5, "lives_alone": true, "title": null,
            "markers": ["courier", "romance"], "suspect_phone": ["07700 900123", "07700 900124"],
            "colour": "red", "narrative": {"a": 1},
        });
        let (values, findings) = json_fields(3, &body);
        assert_eq!(values["loss"], "12.5");
        assert_eq!(values["lives_alone"], "yes");
        assert_eq!(values["markers"], "courier;romance");
        assert_eq!(values["suspect_phone"], "07700 900123\n07700 900124");
        assert!(!values.contains_key("title"));
        assert_eq!(findings.len(), 2);
        assert!(findings.iter().all(|f| f.row == 3));
        let rejected = findings.iter().find(|f| f.column == "narrative");
        assert_eq!(rejected.map(|f| f.severity), Some(Severity::Rejected));
        assert!(!json_fields(1, &Json::Null).1.is_empty());
    }
}
