//! Reports whose victim is an organisation find its record, or make one.
//!
//! Sure is a company number, or the name and the postcode. A name alone is shown on the record as a
//! report that may be its own, and a person decides. Sealed reports are left alone: a record anybody
//! sees would say that there is one.

use axum::extract::{Path, State as Shared};
use axum::response::{IntoResponse, Redirect, Response};
use record::access::{Resource, Scope};
use record::ids::{RecordId, ReportId};
use record::marking::Marking;
use record::report::Report;
use record::time::Timestamp;
use store::{Conn, OnConflict, Result as Stored, Row, Sql, Tx, Value};
use web::{App, Error, Form, SignedIn, Tick};

use super::facts::OrganisationInput;
use super::identity::{Identity, Likeness};
use super::new::{candidates, insert};
use super::policy::OrganisationPolicy;
use super::rows::{Organisation, opened};
use super::{LINK, LOOK_UP};

/// Reports looked at in one write.
const BATCH: i64 = 500;

/// The job's run.
pub fn run(app: App) -> Tick {
    Box::pin(async move { link(&app).await.map(drop) })
}

/// Looks at every report that came in since the last run, and tells how many are of organisations.
pub async fn link(app: &App) -> Stored<usize> {
    let system = app.system();
    let all = Resource::of("organisation", "all").of_unit(system.unit.clone());
    let mut found = 0;
    loop {
        let mut reader = app
            .store()
            .read(&system.permit(&LOOK_UP, &all, "")?)
            .await?;
        let mark = mark(&mut reader.conn()).await?;
        // Reports are read by number, so that a look at none of them costs nothing.
        let sql = Sql::new("select max(seq) as n from (select seq from shared_report where ").with(
            "seq > ? order by seq limit ?) as batch",
            [mark.into(), BATCH.into()],
        );
        let until = reader.count(sql).await?;
        if until <= mark {
            return Ok(found);
        }
        let sql = Sql::new("select id, content from shared_report where ").with(
            "seq > ? and seq <= ? and victim_kind = 'organisation' and compartment is null \
             order by seq",
            [mark.into(), until.into()],
        );
        let rows = reader.rows(sql).await?;
        drop(reader);
        found += rows.len();
        let reports = rows.iter().map(told).collect::<Stored<Vec<_>>>()?;
        let grant = system.permit(&LINK, &all, "")?;
        let policy = app.policy::<OrganisationPolicy>()?;
        let unit = system.unit.clone();
        app.store()
            .write(&grant, move |tx| {
                Box::pin(async move { take_in(tx, &policy, (mark, until), reports, &unit).await })
            })
            .await?;
    }
}

/// What a report tells of its victim.
struct Told {
    report: ReportId,
    input: OrganisationInput,
}

fn told(row: &Row) -> Stored<Told> {
    let report: Report = row.json("content")?;
    let victim = &report.victim;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    Ok(Told {
        report: row.get("id")?,
        input: OrganisationInput {
            name: victim.display_name(),
            company_number: text(&victim.company_number),
            postcode: text(&victim.postcode),
            kind: "business".to_owned(),
            // The band is looked up where policy is at hand.
            size: victim
                .staff_count
                .map(|n| n.to_string())
                .unwrap_or_default(),
            district: text(&report.district),
            reason: "victim".to_owned(),
            ..OrganisationInput::default()
        },
    })
}

async fn mark(conn: &mut Conn<'_>) -> Stored<i64> {
    conn.count("select seq as n from protect_org_mark where id = 1")
        .await
}

/// Takes a batch in, unless another process was faster.
async fn take_in(
    tx: &mut Tx<'_>,
    policy: &OrganisationPolicy,
    (from, until): (i64, i64),
    reports: Vec<Told>,
    unit: &str,
) -> Stored<()> {
    tx.alone("protect_org_mark").await?;
    if mark(tx).await? != from {
        return Ok(());
    }
    for mut told in reports {
        let staff: Option<u32> = told.input.size.parse().ok();
        let size = staff.and_then(|n| policy.size_of(n));
        told.input.size = size.map(|s| s.id.clone()).unwrap_or_default();
        let (organisation, why) = find(tx, &told, unit).await?;
        connect(tx, &told, organisation, why).await?;
    }
    let row = vec![1i64.into(), until.into()];
    let update = OnConflict::Update("on conflict (id) do update set seq = excluded.seq");
    tx.insert("protect_org_mark", &["id", "seq"], vec![row], update)
        .await
        .map(drop)
}

/// The record of a report's victim: one that is surely the same, none when a person has to look, a new
/// one otherwise.
async fn find(
    tx: &mut Tx<'_>,
    told: &Told,
    unit: &str,
) -> Stored<(Option<RecordId>, &'static str)> {
    let identity = told.input.identity();
    if identity.name_key.is_empty() {
        return Ok((None, "No name that tells it from others"));
    }
    let sql = candidates(&identity).then(" and o.compartment is null order by o.id limit 50");
    let mut perhaps = false;
    for row in tx.rows(sql).await? {
        let known = Organisation::of(&row)?;
        match identity.likeness(&known.identity()) {
            Likeness::Same => return Ok((Some(known.id), "Company number, or name and postcode")),
            Likeness::Perhaps => perhaps = true,
            Likeness::Other => {}
        }
    }
    if perhaps {
        return Ok((None, "Same name, and nothing else that says so"));
    }
    let made = insert(tx, &told.input, unit, Marking::OfficialSensitive).await;
    match made {
        Ok(made) => Ok((Some(made.id), "Recorded from this report")),
        // Somebody recorded its number in between.
        Err(store::Error::Conflict) => Ok((None, "A person has to look")),
        Err(other) => Err(other),
    }
}

async fn connect(
    tx: &mut Tx<'_>,
    told: &Told,
    organisation: Option<RecordId>,
    why: &str,
) -> Stored<()> {
    let columns = &[
        "report",
        "organisation",
        "name",
        "name_key",
        "why",
        "at",
        "by_name",
    ];
    let row: Vec<Value> = vec![
        told.report.into(),
        organisation.into(),
        told.input.name.as_str().into(),
        Identity::of(&told.input.name, None, None).name_key.into(),
        why.into(),
        tx.now().into(),
        tx.grant().actor_name().into(),
    ];
    tx.insert("protect_org_report", columns, vec![row], OnConflict::Keep)
        .await
        .map(drop)
}

/// A report of an organisation, or one that may be.
#[derive(Debug, Clone)]
pub struct Linked {
    pub report: ReportId,
    /// The same as a form sends it.
    pub key: String,
    pub reference: String,
    pub title: String,
    pub received_at: Timestamp,
    pub why: String,
    /// A person has yet to say that it is.
    pub is_candidate: bool,
}

/// Reports of an organisation and those that may be, as the actor may see them, latest first.
pub async fn reports(
    conn: &mut Conn<'_>,
    scope: &Scope,
    organisation: &Organisation,
) -> Stored<Vec<Linked>> {
    let sql = Sql::new(
        "select o.id, o.reference, o.title, o.received_at, l.why, l.organisation \
         from protect_org_report l join shared_report o on o.id = l.report where ",
    )
    .with(
        "(l.organisation = ? or (l.organisation is null and l.name_key = ?))",
        [
            organisation.id.into(),
            organisation.identity().name_key.into(),
        ],
    );
    let sql = super::rows::visible(sql, scope).then(" order by o.received_at desc, o.id limit 100");
    let rows = conn.rows(sql).await?;
    let read = rows.iter().map(|row| {
        let report: ReportId = row.get("id")?;
        Ok(Linked {
            report,
            key: report.to_string(),
            reference: row.get("reference")?,
            title: row.get("title")?,
            received_at: row.get("received_at")?,
            why: row.get("why")?,
            is_candidate: row.get::<Option<RecordId>>("organisation")?.is_none(),
        })
    });
    read.collect()
}

/// `POST /organisations/{id}/reports`: a person says that a report is of this organisation.
pub async fn decide(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let (organisation, grant) = opened(&app, &who.actor, &id, &LINK).await?;
    let wanted = pairs.iter().find(|(name, _)| name == "report");
    let report = wanted.and_then(|(_, id)| id.parse::<ReportId>().ok());
    let mut reader = app.store().read(&grant).await?;
    let all = reports(&mut reader.conn(), &who.actor.scope(), &organisation).await?;
    drop(reader);
    let is_offered = |r: &Linked| Some(r.report) == report && r.is_candidate;
    let Some(found) = all.into_iter().find(is_offered) else {
        return Err(Error::Conflict {
            what: "This report is connected already, or is none that may be this organisation's"
                .to_owned(),
            href: organisation.href(),
        });
    };
    let back = organisation.href();
    app.store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                let sql = Sql::new("update protect_org_report set ").with(
                    "organisation = ?, why = 'A person decided', at = ?, by_name = ? \
                     where report = ? and organisation is null",
                    [
                        organisation.id.into(),
                        tx.now().into(),
                        tx.grant().actor_name().into(),
                        found.report.into(),
                    ],
                );
                tx.run(sql).await.map(drop)
            })
        })
        .await?;
    Ok(Redirect::to(&back).into_response())
}
