//! The names behind a number: who is counted in a window, and as what.
//!
//! The board counts everything; these lists show only what their reader may see. Each is entered in
//! the ledger as a consultation, and a file of them as a disclosure.

mod question;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use record::access::{Act, ActKind, Actor, Grant, Resource};
use record::time::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use store::{Entry, Shown, Sql};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use web::parts::words::capital;
use web::parts::{Button, Empty, Link, Page, Pagination, TimeStamp};
use web::{ApiRoute, App, Capability, Error, Problem, Route, SignedIn};

use crate::ask::ask;
use crate::{board, compute};

pub use question::Asked;
use question::{Question, question};

/// Opens the list of who is counted.
pub const LIST: Act = Act::new(
    "measure.names",
    ActKind::Consultation,
    "See the names behind a figure",
);
/// Takes the list away as a file.
pub const EXPORT: Act = Act::new(
    "measure.export",
    ActKind::Disclosure,
    "Download the names behind a figure",
);

pub const NAMES: Capability = Capability {
    name: "strategy.names",
    title: "Names behind a figure",
    acts: &[LIST, EXPORT],
    routes: &[
        Route::get("/strategy/{id}/names", &LIST, page_route),
        Route::get("/strategy/{id}/names.csv", &EXPORT, export_route),
    ],
    api: &[ApiRoute {
        path: "/commitments/{id}/names",
        methods: "GET",
        act: &LIST,
        make: || OpenApiRouter::new().routes(routes!(api_names)),
    }],
    ..Capability::NONE
};

/// Names on one page.
const PAGE: i64 = 50;
/// Most names in one file.
const MOST: i64 = 20_000;
/// Identifiers in one entry of a disclosure.
const IN_ONE_ENTRY: usize = 1_000;

/// One subject that is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    pub subject: Uuid,
    pub label: String,
    pub at: Timestamp,
    pub line: String,
    pub counts: Counts,
}

/// How a subject counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    Met,
    NotMet,
    Unknown,
    LeftOut,
}

impl Counts {
    const fn name(self) -> &'static str {
        match self {
            Counts::Met => "met",
            Counts::NotMet => "not_met",
            Counts::Unknown => "unknown",
            Counts::LeftOut => "left_out",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Counts::Met => "Met",
            Counts::NotMet => "Not met",
            Counts::Unknown => "Not known",
            Counts::LeftOut => "Left out",
        }
    }
}

/// A line's name as it is shown: `not_reached` is "Not reached".
pub fn line_title(line: &str) -> String {
    if line.is_empty() {
        return "No line given".to_owned();
    }
    capital(&line.replace('_', " "))
}

/// A text as part of an address.
pub fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// A page of names for somebody who may see them; the consultation is entered before it is sent.
async fn listed(
    app: &App,
    actor: &Actor,
    id: &str,
    asked: Asked,
) -> Result<(Question, Vec<Name>, Option<String>), Error> {
    let grant = ask(app, actor, &LIST, &Resource::of("commitment", id)).await?;
    let question = question(app, id, asked)?;
    let mut db = app.store().read_to_show(&grant).await?;
    let (names, next) = question.names(&mut db, actor, (app.now(), PAGE)).await?;
    let shown = Shown {
        kind: "commitment",
        query: question.in_words(),
        ids: names.iter().map(|n| n.subject.to_string()).collect(),
    };
    db.shown(shown).await?;
    Ok((question, names, next))
}

struct Row {
    label: String,
    href: Option<String>,
    at: Timestamp,
    line: String,
    counts: &'static str,
}

#[derive(Template)]
#[template(path = "names.html")]
struct NamesPage {
    page: Page,
    measure: &'static str,
    window: String,
    part: String,
    rows: Vec<Row>,
    all_href: String,
    csv_href: Option<String>,
    next: Option<String>,
    may_board: bool,
}

fn page_route() -> MethodRouter<App> {
    get(page)
}

async fn page(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let (question, names, next) = listed(&app, &who.actor, &id, asked).await?;
    let base = format!("measure={}&window={}", question.number, question.span.key());
    let asked = &question.asked;
    let (tail, part) = match (&asked.line, &asked.excluded) {
        (Some(line), _) => (
            format!("&line={}", encoded(line)),
            format!(": {}", line_title(line).to_lowercase()),
        ),
        (None, Some(reason)) => (
            format!("&excluded={}", encoded(reason)),
            format!(": left out, {}", line_title(reason).to_lowercase()),
        ),
        (None, None) => (String::new(), String::new()),
    };
    let may_board = who.may(&board::VIEW);
    let mut page = who.page(&app, "Names behind the figure", "/strategy");
    if may_board {
        page = page
            .breadcrumb("Strategy", "/strategy")
            .breadcrumb(question.commitment.title(), format!("/strategy/{id}"));
    }
    let reports = report_links(&app, &who, &names).await?;
    web::html(&NamesPage {
        page,
        measure: question.measure.name,
        window: question.span.title(),
        part,
        rows: names
            .iter()
            .map(|n| Row {
                label: n.label.clone(),
                href: reports
                    .contains(&n.subject)
                    .then(|| format!("/reports/{}", n.subject)),
                at: n.at,
                line: line_title(&n.line),
                counts: n.counts.title(),
            })
            .collect(),
        all_href: format!("/strategy/{id}/names?{base}"),
        csv_href: who
            .may(&EXPORT)
            .then(|| format!("/strategy/{id}/names.csv?{base}{tail}")),
        next: next.map(|n| format!("/strategy/{id}/names?{base}{tail}&after={}", encoded(&n))),
        may_board,
    })
}

/// Those of the names that are reports this person may open a page of.
async fn report_links(app: &App, who: &SignedIn, names: &[Name]) -> Result<Vec<Uuid>, Error> {
    let page = app
        .capabilities()
        .iter()
        .flat_map(|c| c.routes)
        .find(|r| r.path == "/reports/{id}");
    if !page.is_some_and(|r| who.may(r.act)) || names.is_empty() {
        return Ok(Vec::new());
    }
    let system = app.system();
    let grant = ask(
        app,
        &system,
        &compute::COUNT,
        &Resource::of("measure", "names"),
    )
    .await?;
    let mut db = app.store().read(&grant).await?;
    let subjects = names.iter().map(|n| n.subject.into());
    let sql = Sql::new("select id from shared_report where").within(" id in", subjects);
    let rows = db.rows(sql).await?;
    Ok(rows
        .iter()
        .map(|row| row.get("id"))
        .collect::<store::Result<_>>()?)
}

fn export_route() -> MethodRouter<App> {
    get(export)
}

async fn export(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let grant = ask(&app, &who.actor, &EXPORT, &Resource::of("commitment", &id)).await?;
    let asked = Asked {
        after: None,
        ..asked
    };
    let question = question(&app, &id, asked)?;
    let mut db = app.store().read(&grant).await?;
    let (names, more) = question
        .names(&mut db, &who.actor, (app.now(), MOST))
        .await?;
    drop(db);
    if more.is_some() {
        return Err(Error::BadRequest(format!(
            "this is more than {MOST} names. Choose one line of the window and download that"
        )));
    }
    let rows = names.iter().map(|n| {
        vec![
            n.label.clone(),
            n.at.rfc3339(),
            n.line.clone(),
            n.counts.name().to_owned(),
            n.subject.to_string(),
        ]
    });
    let text = web::sheet(&["name", "date", "line", "counts", "id"], rows)?;
    disclose(&app, &grant, &question, &names, &text).await?;
    let name = format!("{id}-{}.csv", question.span.key());
    Ok(web::csv_download(&name, text))
}

/// Enters what the file holds and its digest, before it is sent.
async fn disclose(
    app: &App,
    grant: &Grant,
    question: &Question,
    names: &[Name],
    text: &str,
) -> Result<(), Error> {
    let digest = hex::encode(Sha256::digest(text.as_bytes()));
    let query = question.in_words();
    let ids: Vec<String> = names.iter().map(|n| n.subject.to_string()).collect();
    let id = question.commitment.id.clone();
    app.store()
        .write(grant, move |tx| {
            Box::pin(async move {
                let mut rest = ids.as_slice();
                loop {
                    let (now, later) = rest.split_at(rest.len().min(IN_ONE_ENTRY));
                    tx.enter(Entry {
                        kind: "commitment",
                        id: id.clone(),
                        content: digest.clone(),
                        detail: serde_json::json!({
                            "query": query, "file": "csv", "shown": now, "count": ids.len(),
                        })
                        .to_string(),
                    });
                    if later.is_empty() {
                        return Ok(());
                    }
                    rest = later;
                }
            })
        })
        .await?;
    Ok(())
}

/// A name behind a figure.
#[derive(Debug, Serialize, ToSchema)]
pub struct NameRow {
    pub id: String,
    pub label: String,
    /// RFC 3339.
    pub at: String,
    pub line: String,
    /// `met`, `not_met`, `unknown`, `left_out`.
    pub counts: String,
}

/// A page of names.
#[derive(Debug, Serialize, ToSchema)]
pub struct NamePage {
    pub commitment: String,
    pub measure: String,
    pub window: String,
    pub names: Vec<NameRow>,
    /// Send as `after` for the next page; none at the end.
    pub next: Option<String>,
}

#[utoipa::path(
    get,
    path = "/commitments/{id}/names",
    summary = "The names behind a figure",
    description = "Only those the caller may see. The consultation is entered in the ledger.",
    params(("id" = String, Path, description = "For example PROTECT-06"), Asked),
    responses(
        (status = 200, description = "A page of names, newest first", body = NamePage),
        (status = 400, description = "The window or the place is not one", body = Problem),
        (status = 403, description = "The token's person may not", body = Problem),
        (status = 404, description = "No such commitment, or nothing is recorded for it", body = Problem),
    )
)]
async fn api_names(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let (question, names, next) = listed(&app, &who.actor, &id, asked).await?;
    let rows = names.iter().map(|n| NameRow {
        id: n.subject.to_string(),
        label: n.label.clone(),
        at: n.at.rfc3339(),
        line: n.line.clone(),
        counts: n.counts.name().to_owned(),
    });
    let page = NamePage {
        commitment: id,
        measure: question.measure.name.to_owned(),
        window: question.span.key(),
        names: rows.collect(),
        next,
    };
    Ok(web::json(StatusCode::OK, &page))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_addresses() {
        assert_eq!(line_title("not_reached"), "Not reached");
        assert_eq!(line_title(""), "No line given");
        assert_eq!(encoded("a b&c=é"), "a%20b%26c%3D%C3%A9");
    }
}
