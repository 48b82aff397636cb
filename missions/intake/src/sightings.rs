//! Observables: a value found in reports, who has it, and what it is worth as a link.
//!
//! *What it does*: shows one value with its reports. *Who uses it*: triage, victim care, analysts,
//! the inspector, auditors. *What it decides*: nothing. *References*: STIX 2.1, cyber observables.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use record::access::{Act, ActKind, Resource, Scope};
use record::ids::{NetworkId, ObservableId, ReportId};
use record::time::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Conn, Shown, Sql};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::parts::words::{plural, signed_weight};
use web::parts::{Money, NetworkBadge, Page, Pagination, Tag, TimeStamp};
use web::{ApiRoute, App, Capability, Route, SignedIn};

use crate::receive::Desk;
use crate::reports::visible::{hidden_of_networks, hidden_of_values, visible};
use crate::reports::{Wanted, in_words, permit_thing, reports_held};

pub const VIEW: Act = Act::new(
    "observable.view",
    ActKind::Consultation,
    "Open a value found in reports",
);

pub const SIGHTINGS: Capability = Capability {
    name: "intake.sightings",
    title: "Observables",
    acts: &[VIEW],
    routes: &[Route::get("/observables/{id}", &VIEW, || get(show))],
    api: &[ApiRoute {
        path: "/observables/{id}",
        methods: "GET",
        act: &VIEW,
        make: || OpenApiRouter::new().routes(routes!(get_one)),
    }],
    ..Capability::NONE
};

/// Reports on one page.
const PAGE: usize = 25;

/// What a kind is called on a page.
pub(crate) fn kind_title(kind: &str) -> String {
    let title = match kind {
        "phone" => "Telephone",
        "url" => "Web address",
        "domain" => "Domain",
        "ipv4" => "IPv4 address",
        "ipv6" => "IPv6 address",
        "btc" => "Bitcoin address",
        "bch" => "Bitcoin Cash address",
        "ltc" => "Litecoin address",
        "doge" => "Dogecoin address",
        "eth" => "Ethereum address",
        "xmr" => "Monero address",
        "tron" => "Tron address",
        "xrp" => "XRP address",
        "sol" => "Solana address",
        "ada" => "Cardano address",
        "iban" => "IBAN",
        "uk_bank_account" => "Bank account",
        "uk_postcode" => "Postcode",
        "uk_vrm" => "Vehicle registration",
        "uk_company_number" => "Company number",
        "uk_nino" => "National Insurance number",
        "card" => "Payment card",
        "md5" => "MD5 digest",
        "sha1" => "SHA-1 digest",
        "sha256" => "SHA-256 digest",
        "sha512" => "SHA-512 digest",
        "cve" => "Vulnerability (CVE)",
        "attack_technique" => "Attack technique",
        "nominal" => "Suspect on record",
        other => return in_words(other),
    };
    title.to_owned()
}

/// A report with the value.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Seen {
    #[schema(value_type = String)]
    pub report: ReportId,
    pub reference: String,
    pub title: String,
    #[schema(value_type = String)]
    pub received_at: Timestamp,
    pub loss_pence: Option<i64>,
    /// `offender` or `victim`.
    pub role: String,
    /// `narrative`, or the field it came from.
    pub field: String,
    pub rejected: bool,
}

/// A value as known.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Observed {
    #[schema(value_type = String)]
    pub id: ObservableId,
    pub kind: String,
    pub value: String,
    /// Reports with the value as the offender's.
    pub reports: i64,
    /// What sharing it is worth today.
    pub bits: f64,
    pub joins: bool,
    #[schema(value_type = String)]
    pub first_at: Timestamp,
    #[schema(value_type = String)]
    pub last_at: Timestamp,
    /// Latest entered first, 25 at a time.
    pub seen: Vec<Seen>,
    /// For the next page: send as `before`.
    #[schema(value_type = Option<String>)]
    pub next: Option<ReportId>,
    /// The network it joins, if it does.
    #[schema(value_type = Option<String>)]
    pub network: Option<NetworkId>,
    pub network_name: String,
    pub network_reports: i64,
}

#[derive(Debug, Default, Deserialize)]
struct At {
    #[serde(default)]
    before: String,
}

async fn open(
    app: &App,
    who: &SignedIn,
    id: ObservableId,
    before: Option<ReportId>,
) -> web::Result<Observed> {
    let desk = app.policy::<Desk>()?;
    let wanted = Wanted {
        act: &VIEW,
        reason: "",
    };
    let resource = Resource::of("observable", id.to_string());
    let grant = permit_thing(app, &who.actor, wanted, &resource).await?;
    let mut db = app.store().read_to_show(&grant).await?;
    let observed = load(&mut db.conn(), &desk, &who.actor.scope(), id, before).await?;
    db.shown(Shown {
        kind: "report",
        query: format!("reports with {id}"),
        ids: observed.seen.iter().map(|s| s.report.to_string()).collect(),
    })
    .await?;
    Ok(observed)
}

async fn load(
    conn: &mut Conn<'_>,
    desk: &Desk,
    scope: &Scope,
    id: ObservableId,
    before: Option<ReportId>,
) -> store::Result<Observed> {
    let sql = Sql::new(
        "select kind, value, reports, joins, first_report, first_at, last_at \
         from intake_observable where ",
    )
    .with("id = ?", [id.into()]);
    let row = conn.first(sql).await?.ok_or(store::Error::NotFound)?;
    let (seen, next) = seen(conn, scope, id, before).await?;
    if seen.is_empty() {
        return Err(store::Error::NotFound);
    }
    let held = reports_held(conn).await?;
    let (kind, all): (String, i64) = (row.get("kind")?, row.get("reports")?);
    let hidden = hidden_of_values(conn, scope, &[id]).await?;
    let joins: bool = row.get("joins")?;
    let first: Option<ReportId> = row.get("first_report")?;
    let network = network(conn, scope, first.filter(|_| joins)).await?;
    let (network, network_name, network_reports) = match network {
        Some((id, name, reports)) => (Some(id), name, reports),
        None => (None, String::new(), 0),
    };
    Ok(Observed {
        id,
        bits: desk.worth(&kind, held, all.max(0).unsigned_abs()),
        reports: all - hidden.get(&id).copied().unwrap_or(0),
        kind,
        value: row.get("value")?,
        joins,
        first_at: row.get("first_at")?,
        last_at: row.get("last_at")?,
        seen,
        next,
        network,
        network_name,
        network_reports,
    })
}

async fn seen(
    conn: &mut Conn<'_>,
    scope: &Scope,
    id: ObservableId,
    before: Option<ReportId>,
) -> store::Result<(Vec<Seen>, Option<ReportId>)> {
    let mut sql = Sql::new(
        "select r.id, r.reference, r.title, r.received_at, r.loss_pence, s.role, s.field, \
         s.rejected from intake_sighting s join intake_report r on r.id = s.report where ",
    )
    .with("s.observable = ?", [id.into()]);
    if let Some(before) = before {
        sql = sql.with(" and s.report < ?", [before.into()]);
    }
    let most = i64::try_from(PAGE + 1).unwrap_or(26);
    let sql = visible(sql, scope).with(" order by s.report desc limit ?", [most.into()]);
    let mut all = Vec::new();
    for row in conn.rows(sql).await? {
        all.push(Seen {
            report: row.get("id")?,
            reference: row.get("reference")?,
            title: row.get("title")?,
            received_at: row.get("received_at")?,
            loss_pence: row.get("loss_pence")?,
            role: row.get("role")?,
            field: row.get("field")?,
            rejected: row.get("rejected")?,
        });
    }
    let next = (all.len() > PAGE)
        .then(|| all.get(PAGE - 1).map(|s| s.report))
        .flatten();
    all.truncate(PAGE);
    Ok((all, next))
}

async fn network(
    conn: &mut Conn<'_>,
    scope: &Scope,
    first: Option<ReportId>,
) -> store::Result<Option<(NetworkId, String, i64)>> {
    let Some(first) = first else {
        return Ok(None);
    };
    let sql = Sql::new(
        "select n.id, n.name, n.reports from intake_report r \
         join intake_network n on n.id = r.network where ",
    )
    .with("r.id = ?", [first.into()]);
    let Some(row) = conn.first(sql).await? else {
        return Ok(None);
    };
    let id: NetworkId = row.get("id")?;
    let hidden = hidden_of_networks(conn, scope, &[id]).await?;
    let reports = row.get::<i64>("reports")? - hidden.get(&id).copied().unwrap_or(0);
    Ok((reports > 0).then_some((id, row.get("name")?, reports)))
}

#[derive(Template)]
#[template(path = "observable.html")]
struct ObservablePage {
    page: Page,
    kind: String,
    worth: String,
    count: String,
    network_href: String,
    network_count: u64,
    observed: Observed,
    pages: Pagination,
}

async fn show(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Query(at): Query<At>,
) -> web::Result<Response> {
    let id: ObservableId = id.parse().map_err(|_| web::Error::NotFound)?;
    let observed = open(&app, &who, id, at.before.parse().ok()).await?;
    if observed.kind == "nominal" {
        return Ok(Redirect::to(&format!("/people/{}", observed.value)).into_response());
    }
    let next = observed
        .next
        .map(|n| format!("/observables/{id}?before={n}"));
    let page = ObservablePage {
        page: who
            .page(&app, &observed.value, "/observables")
            .breadcrumb("Search", "/search"),
        kind: kind_title(&observed.kind),
        worth: worth(&observed),
        count: plural(observed.reports.max(0).unsigned_abs(), "report", "reports"),
        network_href: observed
            .network
            .map(|n| format!("/networks/{n}"))
            .unwrap_or_default(),
        network_count: observed.network_reports.max(0).unsigned_abs(),
        pages: Pagination::new("Pages of reports").next(next),
        observed,
    };
    web::html(&page)
}

fn worth(observed: &Observed) -> String {
    let bits = signed_weight(observed.bits);
    if observed.joins {
        format!("Sharing it is worth {bits} bits now: it joins reports in one network.")
    } else {
        format!(
            "Sharing it is worth {bits} bits now. It does not join reports: it is too common, or \
             of a kind that says little about who did it."
        )
    }
}

#[utoipa::path(
    get,
    path = "/observables/{id}",
    summary = "One value found in reports",
    params(
        ("id" = String, Path, description = "Identifier of the observable"),
        ("before" = Option<String>, Query, description = "The `next` of the page before"),
    ),
    responses(
        (status = 200, description = "The value with its reports", body = Observed),
        (status = 404, description = "No such value, or in no report open to the caller"),
    )
)]
async fn get_one(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Query(at): Query<At>,
) -> web::Result<Response> {
    let id: ObservableId = id.parse().map_err(|_| web::Error::NotFound)?;
    let observed = open(&app, &who, id, at.before.parse().ok()).await?;
    Ok(web::json(StatusCode::OK, &observed))
}

#[cfg(test)]
mod tests {
    use super::kind_title;

    #[test]
    fn every_kind_has_words() {
        for kind in observables::Kind::ALL {
            let title = kind_title(kind.name());
            assert!(title.starts_with(char::is_uppercase), "{title}");
            assert!(!title.contains('_'), "{title}");
        }
    }
}
