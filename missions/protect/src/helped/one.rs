//! One decision: what was decided and why, what became of it in figures, and the names behind each.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use record::ids::{NetworkId, RecordId};
use serde::Deserialize;
use store::Shown;
use web::parts::words::plural;
use web::parts::{Empty, Notice, Page, Pagination, SummaryList};
use web::{App, Error, SignedIn};

use super::decisions::{self, Became, Known, Outcome};
use super::{VIEW, resource};
use crate::victim_care::permit;

/// Names on one page.
const PAGE: usize = 100;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    part: String,
    /// From one.
    page: usize,
    done: String,
}

struct Figure {
    title: &'static str,
    count: usize,
    href: String,
}

struct Row {
    name: String,
    reference: String,
    reports: String,
    became: &'static str,
    how: String,
    /// The message or the letter.
    sent: Option<String>,
    call: Option<String>,
}

#[derive(Template)]
#[template(path = "helped/decision.html")]
struct DecisionPage {
    page: Page,
    facts: SummaryList,
    figures: Vec<Figure>,
    part: &'static str,
    rows: Vec<Row>,
    pages: Pagination,
}

/// Reads a decision and enters whom it showed.
pub(super) async fn open(
    app: &App,
    who: &SignedIn,
    (network, id): (&str, &str),
    part: Option<Became>,
    at: usize,
) -> Result<(Known, Vec<Outcome>, bool), Error> {
    let network: NetworkId = network.parse().map_err(|_| Error::NotFound)?;
    let id: RecordId = id.parse().map_err(|_| Error::NotFound)?;
    let of = resource(&who.actor, network);
    let grant = permit(app, &who.actor, &VIEW, &of, "").await?;
    let mut reader = app.store().read_to_show(&grant).await?;
    let known = decisions::one(&mut reader.conn(), &who.actor.scope(), id).await?;
    let of_part = known.victims.iter();
    let of_part = of_part.filter(|v| part.is_none_or(|p| p == v.became));
    let mut victims: Vec<Outcome> = of_part
        .skip(at.saturating_mul(PAGE))
        .take(PAGE + 1)
        .cloned()
        .collect();
    let more = victims.len() > PAGE;
    victims.truncate(PAGE);
    let query = part.map_or("all", Became::name);
    let shown = Shown {
        kind: "report",
        query: format!("victims of decision {id}: {query}"),
        ids: victims.iter().map(|v| v.report.to_string()).collect(),
    };
    reader.shown(shown).await?;
    Ok((known, victims, more))
}

/// `GET /helped/{id}/{decision}`.
pub(super) async fn page(
    State(app): State<App>,
    who: SignedIn,
    Path((network, id)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let part = Became::parse(&asked.part);
    let at = asked.page.saturating_sub(1);
    let (known, victims, more) = open(&app, &who, (&network, &id), part, at).await?;
    let decision = &known.decision;
    let back = format!("/helped/{network}");
    let name = part.map_or("", Became::name);
    let here = |page: usize| format!("{back}/{id}?part={name}&page={page}");
    let facts = SummaryList::new()
        .row("Network", decision.network_name.as_str())
        .row("When it happened", decision.on.show())
        .row("Authorised by", decision.authorised_by.as_str())
        .row("Reason", decision.reason.as_str())
        .row(
            "Decided",
            format!("{} by {}", decision.at.show(), decision.by),
        );
    let figures = Became::ALL.into_iter().map(|became| Figure {
        title: became.title(),
        count: known.count(became),
        href: format!("{back}/{id}?part={}", became.name()),
    });
    let mut page = who
        .page(&app, &decision.title, "/networks")
        .back("Victims of the network", &back);
    if asked.done == "told" {
        page.notice = Some(Notice::success(
            "Recorded. Emails leave from within a minute; letters wait to be printed and posted.",
        ));
    }
    web::html(&DecisionPage {
        page,
        facts,
        figures: figures.collect(),
        part: part.map_or("Everybody", Became::title),
        rows: victims.into_iter().map(|v| row(&app, &who, v)).collect(),
        pages: Pagination::new("Pages of victims")
            .previous((at > 0).then(|| here(at)))
            .next(more.then(|| here(at + 2))),
    })
}

fn row(app: &App, who: &SignedIn, victim: Outcome) -> Row {
    let may = |path: &str| who.may_open(app, path);
    let message = victim.message.filter(|_| may("/messages/{id}"));
    let letter = victim.letter.filter(|_| may("/letters/{id}"));
    Row {
        name: victim.name,
        reference: victim.reference,
        reports: match victim.reports {
            1 => String::new(),
            n => plural(n.unsigned_abs(), "report", "reports"),
        },
        became: victim.became.title(),
        how: match (victim.why, victim.way.as_str()) {
            (Some(why), _) => why.title().to_owned(),
            (None, "letter") => "Letter".to_owned(),
            (None, _) => "Email".to_owned(),
        },
        sent: message
            .map(|id| format!("/messages/{id}"))
            .or_else(|| letter.map(|id| format!("/letters/{id}"))),
        call: victim
            .item
            .filter(|_| may("/victim-care/{id}"))
            .map(|id| format!("/victim-care/{id}")),
    }
}
