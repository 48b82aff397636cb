//! The audit: who did what, to what, when and by which policy. For auditors alone.
//!
//! Reading it is a consultation and is entered like any other.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use record::access::{Act, ActKind, Actor, Resource};
use record::ids::ActorId;
use record::time::Timestamp;
use serde::{Deserialize, Serialize};
use store::{EntryFilter, EntryPage, EntryRow, Shown};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::parts::{
    Checkboxes, Choice, Details, Empty, FilterPanel, Html, Input, Link, Page, Pagination, Select,
    Tag, TimeStamp, words,
};
use web::{ApiRoute, App, Capability, Error, Nav, Problem, Route, SignedIn, register};

use crate::ask::ask;
use crate::names::encoded;

/// Opens the ledger's entries.
pub const VIEW: Act = Act::new(
    "audit.view",
    ActKind::Consultation,
    "See what everybody did",
);
/// Opens the latest signed checkpoint; it holds no personal record.
pub const CHECKPOINT: Act = Act::new(
    "ledger.checkpoint",
    ActKind::Open,
    "See the ledger's latest checkpoint",
);

pub const AUDIT: Capability = Capability {
    name: "strategy.audit",
    title: "Audit",
    nav: Some(Nav {
        title: "Audit",
        href: "/audit",
        act: &VIEW,
        order: 95,
    }),
    acts: &[VIEW, CHECKPOINT],
    routes: &[Route::get("/audit", &VIEW, page_route)],
    api: &[
        ApiRoute {
            path: "/audit",
            methods: "GET",
            act: &VIEW,
            make: || OpenApiRouter::new().routes(routes!(api_entries)),
        },
        ApiRoute {
            path: "/ledger/checkpoint",
            methods: "GET",
            act: &CHECKPOINT,
            make: || OpenApiRouter::new().routes(routes!(api_checkpoint)),
        },
    ],
    ..Capability::NONE
};

/// Entries on one page.
const PAGE: i64 = 50;

/// Which entries are asked for. Empty fields ask for all.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct Asked {
    /// Identifier of who did it
    pub person: String,
    /// Name of the act, for example report.view
    pub act: String,
    /// Noun of the resource, for example report
    pub kind: String,
    /// Identifier of the resource
    pub resource: String,
    /// `yes` for attempts that were refused alone
    pub refused: String,
    /// Only entries before this number
    pub before: String,
}

impl Asked {
    fn filter(&self) -> Result<EntryFilter, Error> {
        let text = |t: &str| Some(t.trim().to_owned()).filter(|t| !t.is_empty());
        let actor = text(&self.person)
            .map(|id| id.parse::<ActorId>())
            .transpose()
            .map_err(|e| Error::BadRequest(format!("{e}. Choose a person from the list")))?;
        let before = text(&self.before)
            .map(|n| n.parse::<i64>())
            .transpose()
            .map_err(|_| {
                Error::BadRequest("this page of the audit cannot be found. Start again".to_owned())
            })?;
        Ok(EntryFilter {
            actor,
            act: text(&self.act),
            resource_kind: text(&self.kind),
            resource_id: text(&self.resource),
            refused_only: self.refused == "yes",
            before,
        })
    }

    /// The address of the list with these filters, less one of them.
    fn href(&self, less: &str, before: Option<i64>) -> String {
        let mut out = "/audit?".to_owned();
        for (name, value) in self.fields() {
            if name != less && !value.trim().is_empty() {
                out.push_str(&format!("{name}={}&", encoded(value.trim())));
            }
        }
        if let Some(before) = before {
            out.push_str(&format!("before={before}&"));
        }
        out.pop();
        out
    }

    fn fields(&self) -> [(&'static str, &str); 5] {
        [
            ("person", &self.person),
            ("act", &self.act),
            ("kind", &self.kind),
            ("resource", &self.resource),
            ("refused", &self.refused),
        ]
    }

    fn in_words(&self) -> String {
        let chosen: Vec<String> = self
            .fields()
            .into_iter()
            .filter(|(_, v)| !v.trim().is_empty())
            .map(|(n, v)| format!("{n} {}", v.trim()))
            .collect();
        if chosen.is_empty() {
            return "all entries".to_owned();
        }
        chosen.join(", ")
    }
}

/// A page of entries for an auditor; the consultation is entered before it is sent.
async fn listed(app: &App, actor: &Actor, asked: &Asked) -> Result<EntryPage, Error> {
    let grant = ask(app, actor, &VIEW, &Resource::of("ledger", "entries")).await?;
    let filter = asked.filter()?;
    let mut db = app.store().read_to_show(&grant).await?;
    let found = db.entries(&filter, PAGE).await?;
    let shown = Shown {
        kind: "ledger",
        query: asked.in_words(),
        ids: found.rows.iter().map(|r| r.seq.to_string()).collect(),
    };
    db.shown(shown).await?;
    Ok(found)
}

/// The latest checkpoint, and how many entries it is signed for.
struct Signed {
    note: String,
    size: u64,
}

async fn signed(app: &App, actor: &Actor) -> Result<Option<Signed>, Error> {
    let resource = Resource::of("ledger", "checkpoint");
    let grant = ask(app, actor, &CHECKPOINT, &resource).await?;
    let note = app.store().checkpoint(&grant).await?;
    // A checkpoint's second line is the size of the tree (C2SP tlog-checkpoint).
    Ok(note.map(|note| Signed {
        size: note
            .lines()
            .nth(1)
            .and_then(|n| n.parse().ok())
            .unwrap_or(0),
        note,
    }))
}

struct Row {
    seq: i64,
    at: Timestamp,
    who: String,
    who_href: String,
    act: String,
    act_href: String,
    kind: String,
    resource: String,
    resource_href: String,
    purpose: String,
    reason: String,
    decided_by: String,
    refused: bool,
    detail: String,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    page: Page,
    filter: FilterPanel,
    rows: Vec<Row>,
    next: Option<String>,
    stopped_early: bool,
    signed: Option<Signed>,
    size: String,
}

fn page_route() -> MethodRouter<App> {
    get(page)
}

async fn page(
    State(app): State<App>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let found = listed(&app, &who.actor, &asked).await?;
    let people = register::colleagues(app.store(), &who.actor).await?;
    let signed = signed(&app, &who.actor).await?;
    let acts = web::acts(app.capabilities());
    let size = signed
        .as_ref()
        .map(|s| words::count_in_words(s.size))
        .unwrap_or_default();
    web::html(&AuditPage {
        page: who.page(&app, "Audit", "/audit"),
        filter: filter_panel(&acts, &asked, &people),
        next: found.before.map(|before| asked.href("", Some(before))),
        stopped_early: found.stopped_early,
        rows: found.rows.into_iter().map(|e| row(&acts, e)).collect(),
        signed,
        size,
    })
}

/// The words for an act; an act of an earlier version of the product keeps its name.
fn title_of(acts: &[Act], act: &str) -> String {
    acts.iter()
        .find(|a| a.name == act)
        .map_or_else(|| act.to_owned(), |a| a.title.to_owned())
}

fn row(acts: &[Act], entry: EntryRow) -> Row {
    Row {
        seq: entry.seq,
        at: entry.at,
        who_href: format!("/audit?person={}", entry.actor),
        who: entry.actor_name,
        act_href: format!("/audit?act={}", encoded(&entry.act)),
        act: title_of(acts, &entry.act),
        kind: entry.kind,
        resource_href: format!(
            "/audit?kind={}&resource={}",
            encoded(&entry.resource_kind),
            encoded(&entry.resource_id)
        ),
        resource: format!("{} {}", entry.resource_kind, entry.resource_id),
        purpose: entry.purpose,
        reason: entry.reason,
        decided_by: entry.decided_by,
        refused: entry.refused,
        detail: entry.detail,
    }
}

fn filter_panel(known: &[Act], asked: &Asked, people: &[register::Colleague]) -> FilterPanel {
    let mut persons = vec![Choice::new("", "Everybody")];
    persons.extend(
        people
            .iter()
            .map(|p| Choice::new(p.id.to_string(), p.name.clone())),
    );
    let chosen = asked.person.trim();
    if !chosen.is_empty() && !people.iter().any(|p| p.id.to_string() == chosen) {
        persons.push(Choice::new(chosen, format!("Somebody else ({chosen})")));
    }
    let mut acts = vec![Choice::new("", "All acts")];
    acts.extend(known.iter().map(|act| Choice::new(act.name, act.title)));
    let person = Select::new("person", "Person", &persons).chosen(chosen);
    let act = Select::new("act", "Act", &acts).chosen(asked.act.trim());
    let kind = Input::new("kind", "Kind of record")
        .hint("For example, report")
        .value(&asked.kind)
        .no_spellcheck();
    let resource = Input::new("resource", "Record")
        .hint("Its identifier")
        .value(&asked.resource)
        .no_spellcheck();
    let only = [Choice::new("yes", "Refused only").chosen(asked.refused == "yes")];
    let refused = Checkboxes::new("refused", "Attempts", &only).small();
    let fields = Html::of(&person)
        .and(&act)
        .and(&kind)
        .and(&resource)
        .and(&refused);
    let mut panel = FilterPanel::new("/audit", fields);
    for (name, value) in asked.fields() {
        let value = value.trim();
        if value.is_empty() {
            continue;
        }
        let title = match name {
            "person" => people
                .iter()
                .find(|p| p.id.to_string() == value)
                .map_or_else(|| value.to_owned(), |p| p.name.clone()),
            "act" => title_of(known, value),
            "refused" => "Refused only".to_owned(),
            _ => value.to_owned(),
        };
        panel = panel.selected(title, asked.href(name, None));
    }
    panel
}

/// An entry of the ledger.
#[derive(Debug, Serialize, ToSchema)]
pub struct LedgerEntry {
    pub seq: i64,
    /// RFC 3339.
    pub at: String,
    pub actor: String,
    pub actor_name: String,
    pub act: String,
    /// Of the Data Protection Act 2018, s.62, or `access`.
    pub kind: String,
    pub resource_kind: String,
    pub resource_id: String,
    pub purpose: String,
    pub reason: String,
    /// Ids of the access policies that decided.
    pub decided_by: String,
    pub refused: bool,
    /// SHA-256 of what the entry commits to, in hex; empty when to nothing.
    pub content: String,
    pub detail: String,
}

/// A page of the ledger, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct LedgerPage {
    pub entries: Vec<LedgerEntry>,
    /// Send as `before` for earlier entries; none at the beginning of the ledger.
    pub before: Option<i64>,
}

#[utoipa::path(
    get,
    path = "/audit",
    summary = "Entries of the ledger",
    description = "Newest first. A filter by act or refusal alone looks back over 200,000 entries \
                   a page: go on with `before` even when a page is short.",
    params(Asked),
    responses(
        (status = 200, description = "A page of entries", body = LedgerPage),
        (status = 400, description = "A filter cannot be read", body = Problem),
        (status = 403, description = "The token's person may not", body = Problem),
    )
)]
async fn api_entries(
    State(app): State<App>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let found = listed(&app, &who.actor, &asked).await?;
    let entries = found.rows.into_iter().map(|e| LedgerEntry {
        seq: e.seq,
        at: e.at.rfc3339(),
        actor: e.actor.to_string(),
        actor_name: e.actor_name,
        act: e.act,
        kind: e.kind,
        resource_kind: e.resource_kind,
        resource_id: e.resource_id,
        purpose: e.purpose,
        reason: e.reason,
        decided_by: e.decided_by,
        refused: e.refused,
        content: e.content,
        detail: e.detail,
    });
    let page = LedgerPage {
        entries: entries.collect(),
        before: found.before,
    };
    Ok(web::json(StatusCode::OK, &page))
}

/// The latest signed checkpoint.
#[derive(Debug, Serialize, ToSchema)]
pub struct LatestCheckpoint {
    /// Entries it is signed for.
    pub size: u64,
    /// The signed note (C2SP tlog-checkpoint), exactly as signed.
    pub note: String,
}

#[utoipa::path(
    get,
    path = "/ledger/checkpoint",
    summary = "The ledger's latest signed checkpoint",
    responses(
        (status = 200, description = "The checkpoint", body = LatestCheckpoint),
        (status = 403, description = "The token's person may not", body = Problem),
        (status = 404, description = "Nothing was signed yet", body = Problem),
    )
)]
async fn api_checkpoint(State(app): State<App>, who: SignedIn) -> Result<Response, Error> {
    let Signed { note, size } = signed(&app, &who.actor).await?.ok_or(Error::NotFound)?;
    Ok(web::json(StatusCode::OK, &LatestCheckpoint { size, note }))
}
