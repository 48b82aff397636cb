//! Which names are asked for, and the one statement that finds them.

use record::access::Actor;
use record::measure::Measure;
use record::time::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Reader, Sql};
use utoipa::IntoParams;
use uuid::Uuid;
use web::{App, Error};

use super::{Counts, Name};
use crate::compute;
use crate::policy::{Commitment, Strategy};
use crate::windows::{Span, parse_month};

/// Which names are asked for.
#[derive(Debug, Clone, Default, Deserialize, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// Which measure of the commitment, counted from 0
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<usize>,
    /// Last month of the window, for example 2026-10; the running window when left out
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<String>,
    /// Only this line of the denominator, for example declined
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// Only those left out for this reason
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excluded: Option<String>,
    /// Where the page begins: `next` of the page before
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// What was asked for, found and checked.
pub(super) struct Question {
    pub commitment: Commitment,
    pub number: usize,
    pub measure: &'static Measure,
    pub span: Span,
    pub asked: Asked,
}

pub(super) fn question(app: &App, id: &str, asked: Asked) -> Result<Question, Error> {
    let strategy = app.policy::<Strategy>()?;
    let commitment = strategy.commitment(id).ok_or(Error::NotFound)?.clone();
    let number = asked.measure.unwrap_or(0);
    let measure = *compute::of_commitment(app, id)
        .get(number)
        .ok_or(Error::NotFound)?;
    let month = match &asked.window {
        Some(text) => parse_month(text).ok_or_else(|| {
            Error::BadRequest(format!("{text:?} is not a month. Write it as 2026-10"))
        })?,
        None => app.now().day().first_of_month(),
    };
    Ok(Question {
        commitment,
        number,
        measure,
        span: Span::ending_with(measure.window, month),
        asked,
    })
}

impl Question {
    pub fn in_words(&self) -> String {
        let part = match (&self.asked.line, &self.asked.excluded) {
            (Some(line), _) => format!(", line {line}"),
            (None, Some(reason)) => format!(", left out: {reason}"),
            (None, None) => String::new(),
        };
        format!(
            "{} {}: {}{part}",
            self.commitment.id,
            self.measure.name,
            self.span.title()
        )
    }

    fn sql(&self, actor: &Actor, now: Timestamp, limit: i64) -> Result<Sql, Error> {
        let scope = actor.scope();
        let mut sql = Sql::default()
            .with(compute::ASKED, [now.into()])
            .then(
                "select c.subject as subject, c.at as at, c.met as met, c.line as line, \
                 c.excluded as excluded, c.label as label from (",
            )
            .then(self.measure.cohort)
            .with(
                ") c where c.at >= ? and c.at < ? and c.marking <= ?",
                [
                    self.span.start().into(),
                    self.span.end().into(),
                    scope.ceiling.into(),
                ],
            )
            .then(" and (c.compartment is null or");
        // With no compartment this adds "or 1 = 0".
        sql = sql
            .within(
                " c.compartment in",
                scope.compartments.into_iter().map(Into::into),
            )
            .then(")");
        if scope.unit.is_some() {
            // A cohort does not say whose its rows are: whoever sees one unit only sees none.
            sql = sql.then(" and 1 = 0");
        }
        if let Some(line) = &self.asked.line {
            sql = sql.with(
                " and c.excluded = 0 and coalesce(c.line, '') = ?",
                [line.as_str().into()],
            );
        }
        if let Some(reason) = &self.asked.excluded {
            sql = sql.with(
                " and c.excluded = 1 and coalesce(c.line, '') = ?",
                [reason.as_str().into()],
            );
        }
        if let Some(after) = &self.asked.after {
            let (at, subject) = place(after)?;
            sql = sql.with(
                " and (c.at < ? or (c.at = ? and c.subject < ?))",
                [at.into(), at.into(), subject.into()],
            );
        }
        Ok(sql.with(
            " order by c.at desc, c.subject desc limit ?",
            [limit.into()],
        ))
    }

    pub async fn names(
        &self,
        db: &mut Reader,
        actor: &Actor,
        (now, limit): (Timestamp, i64),
    ) -> Result<(Vec<Name>, Option<String>), Error> {
        let sql = self.sql(actor, now, limit + 1)?;
        let mut names = Vec::new();
        for row in db.rows(sql).await? {
            let counts = match (row.get::<bool>("excluded")?, row.get("met")?) {
                (true, _) => Counts::LeftOut,
                (false, None) => Counts::Unknown,
                (false, Some(0i64)) => Counts::NotMet,
                (false, Some(_)) => Counts::Met,
            };
            names.push(Name {
                subject: row.get("subject")?,
                label: row.get::<Option<String>>("label")?.unwrap_or_default(),
                at: row.get("at")?,
                line: row.get::<Option<String>>("line")?.unwrap_or_default(),
                counts,
            });
        }
        let more = i64::try_from(names.len()).is_ok_and(|n| n > limit);
        if more {
            names.pop();
        }
        let next = names
            .last()
            .filter(|_| more)
            .map(|n| format!("{}.{}", n.at.micros(), n.subject));
        Ok((names, next))
    }
}

fn place(text: &str) -> Result<(Timestamp, Uuid), Error> {
    text.split_once('.')
        .and_then(|(at, id)| {
            Some((
                Timestamp::from_micros(at.parse().ok()?),
                Uuid::parse_str(id).ok()?,
            ))
        })
        .ok_or_else(|| {
            Error::BadRequest(
                "this page of the list cannot be found. Start again from the commitment".to_owned(),
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_a_list_are_checked() {
        assert!(place("nonsense").is_err());
        assert!(place("12.not-a-uuid").is_err());
        assert!(place("12.01890a5d-ac96-774b-bcce-b302099a8057").is_ok());
    }
}
