//! Networks: reports that share telling values, as a list and one by one.
//!
//! *What it does*: shows the largest and the latest networks, and of each its reports, people,
//! shared values, losses and history. *Who uses it*: analysts, the inspector, triage, victim care,
//! auditors. *What it decides*: nothing. *References*: POLE; issue GEN-08.

mod api;
mod one;
mod page;

pub use one::{Network, open_network};

use axum::routing::get;
use record::access::{Act, ActKind, Scope};
use record::ids::NetworkId;
use record::time::Timestamp;
use serde::Serialize;
use store::{Conn, Result, Sql};
use utoipa::ToSchema;
use web::{ApiRoute, Capability, Nav, Route};

use crate::reports::visible::hidden_of_networks;

pub const VIEW: Act = Act::new("network.view", ActKind::Consultation, "Open a network");
pub const LIST: Act = Act::new("network.list", ActKind::Consultation, "List networks");

pub const NETWORKS: Capability = Capability {
    name: "intake.networks",
    title: "Networks",
    nav: Some(Nav {
        title: "Networks",
        href: "/networks",
        act: &LIST,
        order: 30,
    }),
    acts: &[VIEW, LIST],
    routes: &[
        Route::get("/networks", &LIST, || get(page::list)),
        Route::get("/networks/{id}", &VIEW, || get(page::show)),
    ],
    api: &[
        ApiRoute {
            path: "/networks",
            methods: "GET",
            act: &LIST,
            make: api::list,
        },
        ApiRoute {
            path: "/networks/{id}",
            methods: "GET",
            act: &VIEW,
            make: api::show,
        },
    ],
    ..Capability::NONE
};

/// Networks on one page.
const PAGE: usize = 25;

/// Which networks come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    #[default]
    Largest,
    Latest,
}

impl Order {
    pub const fn name(self) -> &'static str {
        match self {
            Order::Largest => "largest",
            Order::Latest => "latest",
        }
    }

    pub fn parse(name: &str) -> Order {
        match name {
            "latest" => Order::Latest,
            _ => Order::Largest,
        }
    }
}

/// A network in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Line {
    #[schema(value_type = String)]
    pub id: NetworkId,
    pub name: String,
    /// Reports the caller may see.
    pub reports: i64,
    #[schema(value_type = String)]
    pub first_at: Timestamp,
    #[schema(value_type = String)]
    pub last_at: Timestamp,
}

/// One page of networks, by key. The cursor is the last row's number and identifier.
pub(crate) async fn list(
    conn: &mut Conn<'_>,
    scope: &Scope,
    order: Order,
    after: Option<&str>,
) -> Result<(Vec<Line>, Option<String>)> {
    let mut sql = Sql::new(
        "select id, name, reports, first_at, last_at from intake_network \
         where merged_into is null and reports > 1",
    );
    let after = after.and_then(|text| {
        let (number, id) = text.split_once('.')?;
        Some((number.parse::<i64>().ok()?, id.parse::<NetworkId>().ok()?))
    });
    if let Some((number, id)) = after {
        let key = match order {
            Order::Largest => " and (reports, id) < (?, ?)",
            Order::Latest => " and (last_at, id) < (?, ?)",
        };
        sql = sql.with(key, [number.into(), id.into()]);
    }
    sql = sql.then(match order {
        Order::Largest => " order by reports desc, id desc",
        Order::Latest => " order by last_at desc, id desc",
    });
    let most = i64::try_from(PAGE + 1).unwrap_or(26);
    let mut lines = Vec::new();
    for row in conn.rows(sql.with(" limit ?", [most.into()])).await? {
        lines.push(Line {
            id: row.get("id")?,
            name: row.get("name")?,
            reports: row.get("reports")?,
            first_at: row.get("first_at")?,
            last_at: row.get("last_at")?,
        });
    }
    let next = (lines.len() > PAGE).then(|| lines.get(PAGE - 1)).flatten();
    let next = next.map(|last| match order {
        Order::Largest => format!("{}.{}", last.reports, last.id),
        Order::Latest => format!("{}.{}", last.last_at.micros(), last.id),
    });
    lines.truncate(PAGE);
    without_hidden(conn, scope, &mut lines).await?;
    Ok((lines, next))
}

/// Counts only what the actor may see; a network with nothing of it is not there.
pub(crate) async fn without_hidden(
    conn: &mut Conn<'_>,
    scope: &Scope,
    lines: &mut Vec<Line>,
) -> Result<()> {
    let ids: Vec<NetworkId> = lines.iter().map(|l| l.id).collect();
    let hidden = hidden_of_networks(conn, scope, &ids).await?;
    for line in lines.iter_mut() {
        line.reports -= hidden.get(&line.id).copied().unwrap_or(0);
    }
    lines.retain(|l| l.reports > 0);
    Ok(())
}
