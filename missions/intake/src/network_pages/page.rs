//! The list of networks and the page of one.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use record::access::Resource;
use record::ids::NetworkId;
use serde::Deserialize;
use store::Shown;
use web::parts::words::{plural, pounds};
use web::parts::{
    Button, Empty, Money, Page, Pagination, SubNav, TimeStamp, Timeline, TimelineItem,
};
use web::{App, SignedIn};

use super::one::{Event, Found, Network, open_network};
use super::{LIST, Line, Order};
use crate::reports::{Wanted, in_words, permit_thing};

#[derive(Debug, Default, Deserialize)]
pub(super) struct At {
    #[serde(default)]
    pub order: String,
    #[serde(default)]
    pub after: String,
}

impl At {
    pub(super) fn after(&self) -> Option<&str> {
        (!self.after.is_empty()).then_some(self.after.as_str())
    }
}

#[derive(Template)]
#[template(path = "networks.html")]
struct ListPage {
    page: Page,
    views: SubNav,
    lines: Vec<Line>,
    pages: Pagination,
}

/// Lists networks for a page or a program; what is shown is entered.
pub(super) async fn open_list(
    app: &App,
    who: &SignedIn,
    at: &At,
) -> web::Result<(Vec<Line>, Option<String>)> {
    let wanted = Wanted {
        act: &LIST,
        reason: "",
    };
    let resource = Resource::of("network", "");
    let grant = permit_thing(app, &who.actor, wanted, &resource).await?;
    let mut db = app.store().read_to_show(&grant).await?;
    let order = Order::parse(&at.order);
    let scope = who.actor.scope();
    let (lines, next) = super::list(&mut db.conn(), &scope, order, at.after()).await?;
    db.shown(Shown {
        kind: "network",
        query: format!("{} first", order.name()),
        ids: lines.iter().map(|l| l.id.to_string()).collect(),
    })
    .await?;
    Ok((lines, next))
}

pub(super) async fn list(
    State(app): State<App>,
    who: SignedIn,
    Query(at): Query<At>,
) -> web::Result<Response> {
    let (lines, next) = open_list(&app, &who, &at).await?;
    let order = Order::parse(&at.order);
    let next = next.map(|n| format!("/networks?order={}&after={n}", order.name()));
    let views = SubNav::new("Networks in order")
        .view("Largest", "/networks", order == Order::Largest, None)
        .view(
            "Most recent",
            "/networks?order=latest",
            order == Order::Latest,
            None,
        );
    web::html(&ListPage {
        page: who.page(&app, "Networks", "/networks"),
        views,
        lines,
        pages: Pagination::new("Pages of networks").next(next),
    })
}

#[derive(Template)]
#[template(path = "network.html")]
struct NetworkPage {
    page: Page,
    network: Network,
    count: String,
    loss: String,
    capped: bool,
    history: Timeline,
    pages: Pagination,
    /// Where victims are told that their report helped, for those who may see that.
    helped: Option<String>,
}

pub(super) async fn show(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Query(at): Query<At>,
) -> web::Result<Response> {
    let id: NetworkId = id.parse().map_err(|_| web::Error::NotFound)?;
    let network = match open_network(&app, &who, id, at.after()).await? {
        Found::Here(network) => *network,
        Found::MergedInto(into) => {
            return Ok(Redirect::to(&format!("/networks/{into}")).into_response());
        }
    };
    let next = network
        .next
        .as_ref()
        .map(|n| format!("/networks/{id}?after={n}"));
    let reports = network.line.reports.max(0).unsigned_abs();
    web::html(&NetworkPage {
        page: who
            .page(&app, &network.line.name, "/networks")
            .breadcrumb("Networks", "/networks"),
        count: plural(reports, "report", "reports"),
        loss: pounds(network.loss_pence),
        capped: network.line.reports > network.counted,
        history: history(&network.history),
        helped: (reports > 0 && who.may_open(&app, "/helped/{id}"))
            .then(|| format!("/helped/{id}")),
        pages: Pagination::new("Pages of reports").next(next),
        network,
    })
}

fn history(events: &[Event]) -> Timeline {
    let items = events.iter().map(|e| {
        let reports = plural(e.reports.max(0).unsigned_abs(), "report", "reports");
        let title = match e.what.as_str() {
            "formed" => format!("Formed from {reports}"),
            "merged" => format!("Another network of {reports} was merged in"),
            "merged_away" => "Merged into another network".to_owned(),
            "split" => format!("Split off with {reports}"),
            "split_off" => format!("{reports} split off as another network"),
            "shrank" => format!("Became smaller: {reports} left"),
            "dissolved" => "Dissolved: nothing joins its reports any more".to_owned(),
            other => in_words(other),
        };
        TimelineItem::new(title, e.at)
            .by(e.by.as_str())
            .text(e.reason.as_str())
    });
    Timeline::new(items.collect())
}
