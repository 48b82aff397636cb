//! The care record of one victim, read whole.

use std::collections::BTreeMap;

use record::access::{Actor, Scope};
use record::ids::{RecordId, ReportId};
use record::time::{Date, Timestamp};
use record::work::{Priority, WorkItem};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use store::{Conn, Error, Result, Row, Sql, work};
use web::App;

use super::needs::Needs;
use super::{SENSITIVE, VIEW};
use crate::victim_care::{self, Opened, QUEUE, Sheet, permit};

/// Rows of one kind that are read at most: more than any victim has.
const MOST: i64 = 500;

/// One version of something, with who wrote it and when.
#[derive(Debug, Clone)]
pub struct Kept<T> {
    pub at: Timestamp,
    pub by: String,
    pub content: T,
}

/// What an assessment says apart from its sensitive answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Assessment {
    /// Factor and answer, as in triage.
    pub answers: BTreeMap<String, String>,
    pub groups: Vec<String>,
    pub needs: Vec<String>,
    /// Why enhanced or not, and why another band than the answers give.
    pub reason: String,
    pub note: String,
}

/// An assessment with what was decided.
#[derive(Debug, Clone)]
pub struct Assessed {
    pub id: RecordId,
    pub at: Timestamp,
    pub by: String,
    pub band: Priority,
    pub points: i64,
    pub enhanced: bool,
    pub content: Assessment,
    /// Sensitive answers; empty for whoever may not see them.
    pub sensitive: BTreeMap<String, String>,
}

/// Support refused, by whom and when.
#[derive(Debug, Clone)]
pub struct Refused {
    pub on: Date,
    pub refused_by: String,
    pub reason: String,
    pub by: String,
}

/// An action of the support plan.
#[derive(Debug, Clone)]
pub struct PlanAction {
    pub id: RecordId,
    pub by: String,
    pub action: String,
    pub doer: String,
    pub due_on: Date,
    pub done_on: Option<Date>,
    pub done_by: Option<String>,
    pub evidence: String,
    pub version: i64,
}

/// A referral to another body.
#[derive(Debug, Clone)]
pub struct Referral {
    pub id: RecordId,
    pub by: String,
    pub body: String,
    pub reason: String,
    pub ground: String,
    pub ground_note: String,
    pub agreed_on: Option<Date>,
    pub sent_on: Date,
    pub accepted: Option<bool>,
    pub answered_on: Option<Date>,
    pub outcome: Option<String>,
    pub outcome_on: Option<Date>,
    pub version: i64,
}

/// Something the victim decided.
#[derive(Debug, Clone)]
pub struct Decided {
    pub on: Date,
    pub by: String,
    pub question: String,
    pub answer: String,
    pub note: String,
}

/// A question to a supervisor.
#[derive(Debug, Clone)]
pub struct Escalation {
    pub at: Timestamp,
    pub by: String,
    pub reason: String,
    pub answered_at: Option<Timestamp>,
    pub answered_by: Option<String>,
    pub answer: String,
}

/// A contact that broke the safe-contact rule.
#[derive(Debug, Clone)]
pub struct Broken {
    pub at: Timestamp,
    pub rule: String,
    pub reason: String,
    pub by: String,
}

/// Everything known of a victim besides the contacts; latest first.
#[derive(Debug, Clone, Default)]
pub struct Known {
    pub needs: Vec<Kept<Needs>>,
    pub assessments: Vec<Assessed>,
    pub refusals: Vec<Refused>,
    pub actions: Vec<PlanAction>,
    pub referrals: Vec<Referral>,
    pub decisions: Vec<Decided>,
    pub escalations: Vec<Escalation>,
    /// Times at which the safe-contact rule was broken, with the rule and the reason given.
    pub broken: Vec<Broken>,
    /// Whether there are sensitive answers the reader may not see.
    pub withheld: bool,
}

/// A victim with the record.
pub struct Victim {
    pub sheet: Sheet,
    pub known: Known,
}

impl Victim {
    pub fn report(&self) -> ReportId {
        self.sheet.item.subject
    }

    /// The reports worked in this call: what is agreed with the victim is agreed for each.
    pub fn reports(&self) -> Vec<ReportId> {
        self.sheet.matters.iter().map(|m| m.item.subject).collect()
    }

    /// Address of a page of this victim.
    pub fn href(&self, page: &str) -> String {
        format!("/victim-care/{}/{page}", self.sheet.item.id)
    }
}

/// Opens the record of the victim an item is about.
pub async fn open(app: &App, actor: &Actor, id: &str) -> std::result::Result<Victim, web::Error> {
    let id = id.parse().map_err(|_| web::Error::NotFound)?;
    let sheet = match victim_care::open(app, actor, id).await? {
        Opened::Sheet(sheet) => *sheet,
        Opened::Follows(lead) => match victim_care::open(app, actor, lead).await? {
            Opened::Sheet(sheet) => *sheet,
            Opened::Follows(_) => return Err(web::Error::NotFound),
        },
    };
    let resource = work::resource(&sheet.item);
    let grant = permit(app, actor, &VIEW, &resource, "").await?;
    let sensitive = actor.may(&SENSITIVE, &resource);
    let mut reader = app.store().read(&grant).await?;
    let mut conn = reader.conn();
    let mut known = read(&mut conn, &sheet.item, &actor.scope(), sensitive).await?;
    drop(reader);
    if sensitive && known.assessments.iter().any(|a| !a.sensitive.is_empty()) {
        // Looking at them is an act of its own (Data Protection Act 2018, s.35 and s.62).
        let grant = permit(app, actor, &SENSITIVE, &resource, "").await?;
        drop(app.store().read(&grant).await?);
    } else if !sensitive {
        known.withheld = known.assessments.iter().any(|a| !a.sensitive.is_empty());
        for one in &mut known.assessments {
            one.sensitive.clear();
        }
    }
    Ok(Victim { sheet, known })
}

/// Reports about the same victim. With a scope, only those the reader may see.
async fn reports_of(
    conn: &mut Conn<'_>,
    item: &WorkItem,
    scope: Option<&Scope>,
) -> Result<Vec<ReportId>> {
    let mut reports = vec![item.subject];
    let Some(about) = item.about else {
        return Ok(reports);
    };
    let mut sql = Sql::new("select distinct w.subject from work_item w where ")
        .with("w.about = ? and w.queue = ?", [about.into(), QUEUE.into()]);
    if let Some(scope) = scope {
        sql = work::visible(sql, scope);
    }
    for row in conn.rows(sql.with(" limit ?", [MOST.into()])).await? {
        let report: ReportId = row.get("subject")?;
        if !reports.contains(&report) {
            reports.push(report);
        }
    }
    Ok(reports)
}

/// The safe-contact rule and needs as they stand. Safe contact follows the victim: what was said about
/// one report holds for every call, whoever makes it.
pub async fn needs_of(conn: &mut Conn<'_>, item: &WorkItem) -> Result<Option<Kept<Needs>>> {
    let reports = reports_of(conn, item, None).await?;
    Ok(needs(conn, &reports, 1).await?.pop())
}

async fn needs(conn: &mut Conn<'_>, reports: &[ReportId], most: i64) -> Result<Vec<Kept<Needs>>> {
    let sql = Sql::new("select at, by_name, content from protect_needs where")
        .within(" report in", reports.iter().map(|r| (*r).into()))
        .with(" order by at desc, id desc limit ?", [most.into()]);
    each(conn, sql, |row| {
        Ok(Kept {
            at: row.get("at")?,
            by: row.get("by_name")?,
            content: row.json("content")?,
        })
    })
    .await
}

async fn each<T>(
    conn: &mut Conn<'_>,
    sql: Sql,
    read: impl Fn(&Row) -> Result<T>,
) -> Result<Vec<T>> {
    conn.rows(sql).await?.iter().map(read).collect()
}

fn of(text: &'static str, reports: &[ReportId]) -> Sql {
    Sql::new(text)
        .within(" report in", reports.iter().map(|r| (*r).into()))
        .with(" order by at desc limit ?", [MOST.into()])
}

fn day(row: &Row, column: &str) -> Result<Date> {
    let text: String = row.get(column)?;
    Date::parse(&text).ok_or_else(|| Error::invalid(format!("{column}: {text:?} is not a day")))
}

fn day_if(row: &Row, column: &str) -> Result<Option<Date>> {
    match row.get::<Option<String>>(column)? {
        Some(_) => day(row, column).map(Some),
        None => Ok(None),
    }
}

async fn read(
    conn: &mut Conn<'_>,
    item: &WorkItem,
    scope: &Scope,
    sensitive: bool,
) -> Result<Known> {
    let everywhere = reports_of(conn, item, None).await?;
    let own = reports_of(conn, item, Some(scope)).await?;
    Ok(Known {
        needs: needs(conn, &everywhere, MOST).await?,
        assessments: assessments(conn, &own).await?,
        refusals: refusals(conn, &own).await?,
        actions: actions(conn, &own).await?,
        referrals: referrals(conn, &own).await?,
        decisions: decisions(conn, &own).await?,
        escalations: escalations(conn, &own).await?,
        broken: broken(conn, &own).await?,
        withheld: !sensitive,
    })
}

async fn refusals(conn: &mut Conn<'_>, reports: &[ReportId]) -> Result<Vec<Refused>> {
    let sql = of("select * from protect_support_refusal where", reports);
    each(conn, sql, |row| {
        Ok(Refused {
            on: day(row, "refused_on")?,
            refused_by: row.get("refused_by")?,
            reason: row.get("reason")?,
            by: row.get("by_name")?,
        })
    })
    .await
}

async fn decisions(conn: &mut Conn<'_>, reports: &[ReportId]) -> Result<Vec<Decided>> {
    let sql = of("select * from protect_victim_decision where", reports);
    each(conn, sql, |row| {
        Ok(Decided {
            on: day(row, "decided_on")?,
            by: row.get("by_name")?,
            question: row.get("question")?,
            answer: row.get("answer")?,
            note: row.get("note")?,
        })
    })
    .await
}

async fn escalations(conn: &mut Conn<'_>, reports: &[ReportId]) -> Result<Vec<Escalation>> {
    let sql = of("select * from protect_escalation where", reports);
    each(conn, sql, |row| {
        Ok(Escalation {
            at: row.get("at")?,
            by: row.get("by_name")?,
            reason: row.get("reason")?,
            answered_at: row.get("answered_at")?,
            answered_by: row.get("answered_by_name")?,
            answer: row.get("answer")?,
        })
    })
    .await
}

async fn broken(conn: &mut Conn<'_>, reports: &[ReportId]) -> Result<Vec<Broken>> {
    let sql = of(
        "select at, rule, reason, by_name from protect_safe_check where kept = 0 and",
        reports,
    );
    each(conn, sql, |row| {
        Ok(Broken {
            at: row.get("at")?,
            rule: row.get("rule")?,
            reason: row.get("reason")?,
            by: row.get("by_name")?,
        })
    })
    .await
}

async fn assessments(conn: &mut Conn<'_>, reports: &[ReportId]) -> Result<Vec<Assessed>> {
    let sql = Sql::new(
        "select a.id, a.at, a.by_name, a.band, a.points, a.enhanced, a.content, \
         coalesce(s.content, '{}') as kept_apart from protect_assessment a \
         left join protect_assessment_sensitive s on s.assessment = a.id where",
    )
    .within(" a.report in", reports.iter().map(|r| (*r).into()))
    .with(" order by a.at desc, a.id desc limit ?", [MOST.into()]);
    each(conn, sql, |row| {
        Ok(Assessed {
            id: row.get("id")?,
            at: row.get("at")?,
            by: row.get("by_name")?,
            band: Priority::of_rank(row.get("band")?),
            points: row.get("points")?,
            enhanced: row.get("enhanced")?,
            content: json(row, "content")?,
            sensitive: json(row, "kept_apart")?,
        })
    })
    .await
}

fn json<T: DeserializeOwned>(row: &Row, column: &str) -> Result<T> {
    row.json(column)
}

async fn actions(conn: &mut Conn<'_>, reports: &[ReportId]) -> Result<Vec<PlanAction>> {
    let sql = of("select * from protect_plan_action where", reports);
    each(conn, sql, |row| {
        Ok(PlanAction {
            id: row.get("id")?,
            by: row.get("by_name")?,
            action: row.get("action")?,
            doer: row.get("doer")?,
            due_on: day(row, "due_on")?,
            done_on: day_if(row, "done_on")?,
            done_by: row.get("done_by_name")?,
            evidence: row.get("evidence")?,
            version: row.get("version")?,
        })
    })
    .await
}

async fn referrals(conn: &mut Conn<'_>, reports: &[ReportId]) -> Result<Vec<Referral>> {
    let sql = of("select * from protect_referral where", reports);
    each(conn, sql, |row| {
        Ok(Referral {
            id: row.get("id")?,
            by: row.get("by_name")?,
            body: row.get("body")?,
            reason: row.get("reason")?,
            ground: row.get("ground")?,
            ground_note: row.get("ground_note")?,
            agreed_on: day_if(row, "agreed_on")?,
            sent_on: day(row, "sent_on")?,
            accepted: row.get::<Option<i64>>("accepted")?.map(|a| a == 1),
            answered_on: day_if(row, "answered_on")?,
            outcome: row.get("outcome")?,
            outcome_on: day_if(row, "outcome_on")?,
            version: row.get("version")?,
        })
    })
    .await
}
