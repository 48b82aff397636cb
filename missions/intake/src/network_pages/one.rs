//! One network: what its reports have in common.

use record::access::{Resource, Scope};
use record::ids::{NetworkId, ObservableId, PersonId, ReportId};
use record::time::Timestamp;
use serde::Serialize;
use store::{Conn, Result, Shown, Sql};
use utoipa::ToSchema;
use web::{App, SignedIn};

use super::{Line, VIEW, without_hidden};
use crate::reports::visible::visible;
use crate::reports::{Wanted, permit_thing};

/// Reports on one page.
const PAGE: usize = 25;
/// Latest reports that people, values, losses and districts are counted over.
pub(super) const COUNTED: i64 = 5_000;

/// A report of the network.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Member {
    #[schema(value_type = String)]
    pub id: ReportId,
    pub reference: String,
    pub title: String,
    #[schema(value_type = String)]
    pub received_at: Timestamp,
    pub loss_pence: Option<i64>,
    pub district: String,
    pub victim: String,
}

/// Somebody described in its reports.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Somebody {
    #[schema(value_type = String)]
    pub id: PersonId,
    pub label: String,
    /// `victim` or `suspect`.
    pub role: String,
    pub reports: i64,
}

/// A value in more than one of its reports.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Common {
    #[schema(value_type = String)]
    pub id: ObservableId,
    pub kind: String,
    pub value: String,
    /// Reports of this network with it.
    pub reports: i64,
    pub joins: bool,
}

/// A line of its history.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Event {
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// `formed`, `merged`, `split`, `shrank`, `dissolved`; `split_off` and `merged_away` as seen
    /// from the other network.
    pub what: String,
    #[schema(value_type = Option<String>)]
    pub other: Option<NetworkId>,
    pub reports: i64,
    pub by: String,
    pub reason: String,
}

/// A network as far as the actor may see it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Network {
    #[serde(flatten)]
    pub line: Line,
    /// Losses as reported, summed over the reports counted.
    pub loss_pence: i64,
    /// The latest reports that sums and counts are over.
    pub counted: i64,
    pub districts: Vec<District>,
    pub people: Vec<Somebody>,
    pub values: Vec<Common>,
    pub history: Vec<Event>,
    /// Latest received first, 25 at a time.
    pub members: Vec<Member>,
    /// For the next page: send as `after`.
    pub next: Option<String>,
}

/// Reports of one district.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct District {
    pub name: String,
    pub reports: i64,
}

/// A network, or where it went.
pub enum Found {
    Here(Box<Network>),
    MergedInto(NetworkId),
}

/// Opens a network for a page or a program; what it names is entered.
pub async fn open_network(
    app: &App,
    who: &SignedIn,
    id: NetworkId,
    after: Option<&str>,
) -> web::Result<Found> {
    let wanted = Wanted {
        act: &VIEW,
        reason: "",
    };
    let resource = Resource::of("network", id.to_string());
    let grant = permit_thing(app, &who.actor, wanted, &resource).await?;
    let mut db = app.store().read_to_show(&grant).await?;
    let found = load(&mut db.conn(), &who.actor.scope(), id, after).await?;
    if let Found::Here(network) = &found {
        db.shown(Shown {
            kind: "report",
            query: format!("reports of network {id}"),
            ids: network.members.iter().map(|m| m.id.to_string()).collect(),
        })
        .await?;
    } else {
        db.opened().await?;
    }
    Ok(found)
}

async fn load(
    conn: &mut Conn<'_>,
    scope: &Scope,
    id: NetworkId,
    after: Option<&str>,
) -> Result<Found> {
    let sql =
        Sql::new("select name, reports, first_at, last_at, merged_into from intake_network where ")
            .with("id = ?", [id.into()]);
    let row = conn.first(sql).await?.ok_or(store::Error::NotFound)?;
    if let Some(into) = row.get("merged_into")? {
        return Ok(Found::MergedInto(into));
    }
    let mut lines = vec![Line {
        id,
        name: row.get("name")?,
        reports: row.get("reports")?,
        first_at: row.get("first_at")?,
        last_at: row.get("last_at")?,
    }];
    let dissolved = lines.first().is_some_and(|l| l.reports == 0);
    if !dissolved {
        without_hidden(conn, scope, &mut lines).await?;
    }
    let line = lines.pop().ok_or(store::Error::NotFound)?;
    let (members, next) = members(conn, scope, id, after).await?;
    let (loss_pence, counted) = losses(conn, scope, id).await?;
    Ok(Found::Here(Box::new(Network {
        line,
        loss_pence,
        counted,
        districts: districts(conn, scope, id).await?,
        people: people(conn, scope, id).await?,
        values: values(conn, scope, id).await?,
        history: history(conn, id).await?,
        members,
        next,
    })))
}

async fn members(
    conn: &mut Conn<'_>,
    scope: &Scope,
    id: NetworkId,
    after: Option<&str>,
) -> Result<(Vec<Member>, Option<String>)> {
    let mut sql = Sql::new(
        "select r.id, r.reference, r.title, r.received_at, r.loss_pence, r.district, \
         r.victim_label from intake_report r where ",
    )
    .with("r.network = ?", [id.into()]);
    let after = after.and_then(|text| {
        let (at, report) = text.split_once('.')?;
        Some((at.parse::<i64>().ok()?, report.parse::<ReportId>().ok()?))
    });
    if let Some((at, report)) = after {
        sql = sql.with(
            " and (r.received_at, r.id) < (?, ?)",
            [at.into(), report.into()],
        );
    }
    let most = i64::try_from(PAGE + 1).unwrap_or(26);
    let sql = visible(sql, scope).with(
        " order by r.received_at desc, r.id desc limit ?",
        [most.into()],
    );
    let mut all = Vec::new();
    for row in conn.rows(sql).await? {
        all.push(Member {
            id: row.get("id")?,
            reference: row.get("reference")?,
            title: row.get("title")?,
            received_at: row.get("received_at")?,
            loss_pence: row.get("loss_pence")?,
            district: row.get("district")?,
            victim: row.get("victim_label")?,
        });
    }
    let last = (all.len() > PAGE).then(|| all.get(PAGE - 1)).flatten();
    let next = last.map(|m| format!("{}.{}", m.received_at.micros(), m.id));
    all.truncate(PAGE);
    Ok((all, next))
}

/// The latest reports of a network, as a table `r` for counting.
fn counted(scope: &Scope, id: NetworkId, select: &'static str) -> Sql {
    let sql = Sql::new(select)
        .then(" from (select r.id, r.loss_pence, r.district from intake_report r where ")
        .with("r.network = ?", [id.into()]);
    visible(sql, scope).with(
        " order by r.received_at desc, r.id desc limit ?) r",
        [COUNTED.into()],
    )
}

async fn losses(conn: &mut Conn<'_>, scope: &Scope, id: NetworkId) -> Result<(i64, i64)> {
    let select = "select cast(coalesce(sum(r.loss_pence), 0) as bigint) as loss, count(*) as n";
    match conn.first(counted(scope, id, select)).await? {
        Some(row) => Ok((row.get("loss")?, row.get("n")?)),
        None => Ok((0, 0)),
    }
}

async fn districts(conn: &mut Conn<'_>, scope: &Scope, id: NetworkId) -> Result<Vec<District>> {
    let sql = counted(scope, id, "select r.district, count(*) as n")
        .then(" group by r.district order by count(*) desc, r.district limit 20");
    conn.rows(sql)
        .await?
        .iter()
        .map(|row| {
            let name: String = row.get("district")?;
            Ok(District {
                name: if name.is_empty() {
                    "Not given".to_owned()
                } else {
                    name
                },
                reports: row.get("n")?,
            })
        })
        .collect()
}

async fn people(conn: &mut Conn<'_>, scope: &Scope, id: NetworkId) -> Result<Vec<Somebody>> {
    let sql = counted(
        scope,
        id,
        "select p.id, p.label, m.role, count(distinct m.report) as n",
    )
    .then(
        " join intake_mention m on m.report = r.id join intake_person p on p.id = m.person \
         group by p.id, p.label, m.role order by m.role, count(distinct m.report) desc, p.id limit 40",
    );
    conn.rows(sql)
        .await?
        .iter()
        .map(|row| {
            Ok(Somebody {
                id: row.get("id")?,
                label: row.get("label")?,
                role: row.get("role")?,
                reports: row.get("n")?,
            })
        })
        .collect()
}

async fn values(conn: &mut Conn<'_>, scope: &Scope, id: NetworkId) -> Result<Vec<Common>> {
    let sql = counted(
        scope,
        id,
        "select o.id, o.kind, o.value, o.joins, count(*) as n",
    )
    .then(
        " join intake_sighting s on s.report = r.id and s.role = 'offender' and s.rejected = 0 \
         join intake_observable o on o.id = s.observable where o.reports > 1 \
         group by o.id, o.kind, o.value, o.joins having count(*) > 1 \
         order by count(*) desc, o.kind, o.value limit 40",
    );
    conn.rows(sql)
        .await?
        .iter()
        .map(|row| {
            Ok(Common {
                id: row.get("id")?,
                kind: row.get("kind")?,
                value: row.get("value")?,
                reports: row.get("n")?,
                joins: row.get("joins")?,
            })
        })
        .collect()
}

async fn history(conn: &mut Conn<'_>, id: NetworkId) -> Result<Vec<Event>> {
    let mut all = Vec::new();
    for own in [true, false] {
        let sql = Sql::new(
            "select network, at, what, other, reports, by_name, reason from intake_network_event where ",
        );
        let sql = if own {
            sql.with("network = ?", [id.into()])
        } else {
            sql.with("other = ?", [id.into()])
        };
        for row in conn
            .rows(sql.then(" order by at desc, id desc limit 50"))
            .await?
        {
            let what: String = row.get("what")?;
            let (what, other) = match (own, what.as_str()) {
                (true, _) => (what, row.get("other")?),
                (false, "split") => ("split_off".to_owned(), row.get("network")?),
                (false, _) => ("merged_away".to_owned(), row.get("network")?),
            };
            all.push(Event {
                at: row.get("at")?,
                what,
                other,
                reports: row.get("reports")?,
                by: row.get("by_name")?,
                reason: row.get("reason")?,
            });
        }
    }
    all.sort_by_key(|e| std::cmp::Reverse(e.at));
    Ok(all)
}
