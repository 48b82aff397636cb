//! Opening a report: permission for that very report first, then everything known of it.

use record::Marking;
use record::access::{Act, Actor, Grant, Resource, Scope};
use record::ids::{MentionId, NetworkId, ObservableId, PersonId, ReportId};
use record::report::Report;
use record::time::Timestamp;
use record::work::WorkItem;
use store::{About, Conn, EntryRow, Row, Sql, entries_about, work};
use web::App;

use super::LOCATE;
use super::links::{self, SharedValue};
use crate::people::{PairLink, links_of};
use crate::receive::Desk;
use crate::triage::Proposal;

/// Most entries of the ledger shown with a report.
const MOST_ENTRIES: i64 = 30;

/// The act a person asks for, and why.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub act: &'a Act,
    pub reason: &'a str,
}

/// A report's columns, as lists and facts show them.
#[derive(Debug, Clone)]
pub struct ReportRow {
    pub id: ReportId,
    pub reference: String,
    pub source: String,
    pub feed: String,
    pub received_at: Timestamp,
    pub entered_at: Timestamp,
    pub class: String,
    pub class_source: String,
    pub title: String,
    pub loss_pence: Option<i64>,
    pub person: Option<PersonId>,
    pub network: Option<NetworkId>,
    pub vulnerability: String,
    pub acceptance: String,
    pub unit: String,
    pub marking: Marking,
    pub digest: String,
}

/// Where a report's network stands.
#[derive(Debug, Clone)]
pub struct NetworkLine {
    pub id: NetworkId,
    pub name: String,
    /// Reports the actor may see.
    pub reports: i64,
}

impl NetworkLine {
    pub(super) fn count(&self) -> u64 {
        self.reports.max(0).unsigned_abs()
    }

    pub(super) fn href(&self) -> String {
        format!("/networks/{}", self.id)
    }
}

/// A decision a person made on the proposal.
#[derive(Debug, Clone)]
pub struct DecisionLine {
    pub at: Timestamp,
    pub author: String,
    pub class: String,
    pub vulnerability: String,
    pub acceptance: String,
    pub route: String,
    pub overridden: bool,
    pub reason: String,
}

/// A value found in the report.
#[derive(Debug, Clone)]
pub struct Sighting {
    pub observable: ObservableId,
    pub kind: String,
    pub value: String,
    pub role: String,
    pub field: String,
    pub raw: String,
    pub start: usize,
    pub end: usize,
    pub rejected: bool,
    /// Reports with the value as the offender's.
    pub reports: i64,
    pub joins: bool,
}

/// A description of a person or organisation in the report.
#[derive(Debug, Clone)]
pub struct Mention {
    pub id: MentionId,
    pub role: String,
    pub person: PersonId,
    pub label: String,
    /// Reports in which that person was the victim.
    pub person_reports: i64,
}

/// Everything known of one report that the actor may see.
pub struct Opened {
    pub row: ReportRow,
    pub report: Report,
    pub network: Option<NetworkLine>,
    pub proposal: Option<(Timestamp, Proposal)>,
    pub decisions: Vec<DecisionLine>,
    pub sightings: Vec<Sighting>,
    pub mentions: Vec<Mention>,
    pub items: Vec<WorkItem>,
    pub changes: Vec<EntryRow>,
    pub consultations: Vec<EntryRow>,
    pub shared: Vec<SharedValue>,
    pub pairs: Vec<PairLink>,
}

/// Permission for an act on one report. A report that is sealed to the actor is not there; the
/// attempt is in the ledger.
pub(crate) async fn permit(
    app: &App,
    actor: &Actor,
    wanted: Wanted<'_>,
    id: ReportId,
) -> web::Result<Grant> {
    let locate = app
        .system()
        .permit(&LOCATE, &Resource::of("report", id.to_string()), "")
        .map_err(store::Error::from)?;
    let mut db = app.store().read(&locate).await?;
    let sql = Sql::new("select unit, marking, compartment from intake_report where ")
        .with("id = ?", [id.into()]);
    let row = db.first(sql).await?.ok_or(web::Error::NotFound)?;
    drop(db);
    let resource = Resource::of("report", id.to_string())
        .of_unit(row.get::<String>("unit")?)
        .marked(
            Marking::of_level(row.get("marking")?),
            row.get("compartment")?,
        );
    permit_thing(app, actor, wanted, &resource).await
}

/// Permission for an act on a thing; a refused attempt is entered. Whoever may do the act to other
/// things is told that this one is not there.
pub(crate) async fn permit_thing(
    app: &App,
    actor: &Actor,
    wanted: Wanted<'_>,
    resource: &Resource,
) -> web::Result<Grant> {
    match actor.permit(wanted.act, resource, wanted.reason) {
        Ok(grant) => Ok(grant),
        Err(refused) => {
            app.store().note_refusal(refused.attempt()).await?;
            let any = Resource::of("page", wanted.act.name).of_unit(actor.unit.clone());
            if actor.may(wanted.act, &any) {
                return Err(web::Error::NotFound);
            }
            Err(refused.into())
        }
    }
}

/// Reads everything of a report. The caller holds a grant for it.
pub(super) async fn load(
    conn: &mut Conn<'_>,
    desk: &Desk,
    scope: &Scope,
    id: ReportId,
) -> store::Result<Opened> {
    let sql = Sql::new(
        "select r.id, r.reference, r.source, r.feed, r.received_at, r.entered_at, r.class, \
         r.class_source, r.title, r.loss_pence, r.person, r.network, r.vulnerability, \
         r.acceptance, r.unit, r.marking, r.digest, r.content from intake_report r where ",
    )
    .with("r.id = ?", [id.into()]);
    let found = conn
        .first(super::visible::visible(sql, scope))
        .await?
        .ok_or(store::Error::NotFound)?;
    let row = report_row(&found)?;
    let report: Report = found.json("content")?;
    let network = match row.network {
        Some(network) => network_line(conn, scope, network).await?,
        None => None,
    };
    let sightings = sightings(conn, id).await?;
    let mentions = mentions(conn, id).await?;
    let shared = links::shared(conn, desk, scope, id, &sightings).await?;
    let ids: Vec<MentionId> = mentions.iter().map(|m| m.id).collect();
    let pairs = links_of(conn, scope, &ids).await?;
    let key = id.to_string();
    Ok(Opened {
        network,
        proposal: proposal(conn, id).await?,
        decisions: decisions(conn, id).await?,
        items: work::of_subject(conn, scope, id).await?,
        changes: entries_about(conn, About::Changes, "report", &key, MOST_ENTRIES).await?,
        consultations: entries_about(conn, About::Consultations, "report", &key, MOST_ENTRIES)
            .await?,
        row,
        report,
        sightings,
        mentions,
        shared,
        pairs,
    })
}

fn report_row(row: &Row) -> store::Result<ReportRow> {
    Ok(ReportRow {
        id: row.get("id")?,
        reference: row.get("reference")?,
        source: row.get("source")?,
        feed: row.get("feed")?,
        received_at: row.get("received_at")?,
        entered_at: row.get("entered_at")?,
        class: row.get("class")?,
        class_source: row.get("class_source")?,
        title: row.get("title")?,
        loss_pence: row.get("loss_pence")?,
        person: row.get("person")?,
        network: row.get("network")?,
        vulnerability: row.get("vulnerability")?,
        acceptance: row.get("acceptance")?,
        unit: row.get("unit")?,
        marking: Marking::of_level(row.get("marking")?),
        digest: row.get("digest")?,
    })
}

async fn network_line(
    conn: &mut Conn<'_>,
    scope: &Scope,
    id: NetworkId,
) -> store::Result<Option<NetworkLine>> {
    let sql =
        Sql::new("select name, reports from intake_network where ").with("id = ?", [id.into()]);
    let Some(row) = conn.first(sql).await? else {
        return Ok(None);
    };
    let hidden = super::visible::hidden_of_networks(conn, scope, &[id]).await?;
    let reports = row.get::<i64>("reports")? - hidden.get(&id).copied().unwrap_or(0);
    Ok(Some(NetworkLine {
        id,
        name: row.get("name")?,
        reports,
    }))
}

async fn sightings(conn: &mut Conn<'_>, id: ReportId) -> store::Result<Vec<Sighting>> {
    let sql = Sql::new(
        "select s.observable, s.role, s.field, s.raw, s.start_at, s.end_at, s.rejected, \
         o.kind, o.value, o.reports, o.joins from intake_sighting s \
         join intake_observable o on o.id = s.observable where ",
    )
    .with("s.report = ?", [id.into()])
    .then(" order by s.start_at, o.kind, o.value limit 500");
    let place = |n: i64| usize::try_from(n).unwrap_or(0);
    conn.rows(sql)
        .await?
        .iter()
        .map(|row| {
            Ok(Sighting {
                observable: row.get("observable")?,
                kind: row.get("kind")?,
                value: row.get("value")?,
                role: row.get("role")?,
                field: row.get("field")?,
                raw: row.get("raw")?,
                start: place(row.get("start_at")?),
                end: place(row.get("end_at")?),
                rejected: row.get("rejected")?,
                reports: row.get("reports")?,
                joins: row.get("joins")?,
            })
        })
        .collect()
}

async fn mentions(conn: &mut Conn<'_>, id: ReportId) -> store::Result<Vec<Mention>> {
    let sql = Sql::new(
        "select m.id, m.role, m.person, p.label, p.reports from intake_mention m \
         join intake_person p on p.id = m.person where ",
    )
    .with("m.report = ?", [id.into()])
    .then(" order by m.role desc, m.id limit 20");
    conn.rows(sql)
        .await?
        .iter()
        .map(|row| {
            Ok(Mention {
                id: row.get("id")?,
                role: row.get("role")?,
                person: row.get("person")?,
                label: row.get("label")?,
                person_reports: row.get("reports")?,
            })
        })
        .collect()
}

async fn proposal(
    conn: &mut Conn<'_>,
    id: ReportId,
) -> store::Result<Option<(Timestamp, Proposal)>> {
    let sql =
        Sql::new("select at, proposal from intake_triage where ").with("report = ?", [id.into()]);
    match conn.first(sql).await? {
        Some(row) => Ok(Some((row.get("at")?, row.json("proposal")?))),
        None => Ok(None),
    }
}

async fn decisions(conn: &mut Conn<'_>, id: ReportId) -> store::Result<Vec<DecisionLine>> {
    let sql = Sql::new(
        "select at, author_name, class, vulnerability, acceptance, route, overridden, reason \
         from intake_decision where ",
    )
    .with("report = ?", [id.into()])
    .then(" order by at desc, id desc limit 50");
    conn.rows(sql)
        .await?
        .iter()
        .map(|row| {
            Ok(DecisionLine {
                at: row.get("at")?,
                author: row.get("author_name")?,
                class: row.get("class")?,
                vulnerability: row.get("vulnerability")?,
                acceptance: row.get("acceptance")?,
                route: row.get("route")?,
                overridden: row.get("overridden")?,
                reason: row.get("reason")?,
            })
        })
        .collect()
}
