//! The search page and its counterpart for programs.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use record::access::Resource;
use serde::{Deserialize, Serialize};
use store::Shown;
use utoipa::ToSchema;
use web::parts::words::plural;
use web::parts::{Empty, Page};
use web::{App, SignedIn};

use super::RUN;
use super::find::{Asked, Found, Hit, Kind, clean, find};
use crate::reports::{Wanted, permit_thing};

/// Hits of each kind on the first page, and of one kind on its own.
const FEW: usize = 5;
const MANY: usize = 25;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asking {
    #[serde(default)]
    q: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    after: String,
}

/// Hits of one kind, with the address of more.
struct Group {
    kind: Kind,
    title: &'static str,
    hits: Vec<Hit>,
    more: Option<String>,
}

async fn search(app: &App, who: &SignedIn, query: &Asking) -> web::Result<(String, Vec<Group>)> {
    let words = clean(&query.q);
    let wanted = Wanted {
        act: &RUN,
        reason: "",
    };
    if words.is_empty() {
        return Ok((words, Vec::new()));
    }
    let resource = Resource::of("search", "");
    let grant = permit_thing(app, &who.actor, wanted, &resource).await?;
    let mut db = app.store().read_to_show(&grant).await?;
    let scope = who.actor.scope();
    let only = Kind::parse(&query.kind);
    let mut groups = Vec::new();
    for kind in Kind::ALL {
        if only.is_some_and(|k| k != kind) {
            continue;
        }
        let asked = Asked {
            words: &words,
            most: if only.is_some() { MANY } else { FEW },
            after: (only.is_some() && !query.after.is_empty()).then_some(query.after.as_str()),
        };
        let Found { hits, next } = find(&mut db.conn(), &scope, kind, &asked).await?;
        if hits.is_empty() && next.is_none() {
            continue;
        }
        // The first page of one kind begins where the few of all began.
        let more = next.map(|next| match only {
            Some(_) => address(&words, kind, &next),
            None => address(&words, kind, ""),
        });
        groups.push(Group {
            kind,
            title: kind.title(),
            hits,
            more,
        });
    }
    let shown = groups.iter().flat_map(|g| &g.hits);
    db.shown(Shown {
        kind: "search",
        query: words.clone(),
        ids: shown
            .map(|h| format!("{} {}", h.kind.name(), h.id))
            .collect(),
    })
    .await?;
    Ok((words, groups))
}

fn address(words: &str, kind: Kind, after: &str) -> String {
    let mut address = format!("/search?q={}&kind={}", encoded(words), kind.name());
    if !after.is_empty() {
        address.push_str("&after=");
        address.push_str(&encoded(after));
    }
    address
}

/// Percent-encoding of all but unreserved characters (RFC 3986, 2.3).
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage {
    page: Page,
    words: String,
    status: String,
    groups: Vec<Group>,
}

pub(super) async fn show(
    State(app): State<App>,
    who: SignedIn,
    Query(query): Query<Asking>,
) -> web::Result<Response> {
    let (words, groups) = search(&app, &who, &query).await?;
    let hits: usize = groups.iter().map(|g| g.hits.len()).sum();
    let more = groups.iter().any(|g| g.more.is_some());
    let count = plural(u64::try_from(hits).unwrap_or(u64::MAX), "result", "results");
    let status = if more {
        format!("First {count} for “{words}”")
    } else {
        format!("{count} for “{words}”")
    };
    web::html(&SearchPage {
        page: who.page(&app, "Search", "/search"),
        words,
        status,
        groups,
    })
}

/// What was found.
#[derive(Debug, Serialize, ToSchema)]
struct SearchAnswer {
    hits: Vec<Hit>,
    /// Kinds with more than is given: ask again with `kind`, and with `after` for later pages.
    more: Vec<More>,
}

/// Where more of a kind is.
#[derive(Debug, Serialize, ToSchema)]
struct More {
    kind: Kind,
    /// Path and query of the page that shows more.
    href: String,
}

#[utoipa::path(
    get,
    path = "/search",
    summary = "Search reports, people, observables and networks",
    params(
        ("q" = String, Query, description = "Reference, words, name, or a value such as a telephone number"),
        ("kind" = Option<String>, Query, description = "`report`, `person`, `observable` or `network`: only these, 25 at a time"),
        ("after" = Option<String>, Query, description = "Where the next page of one kind begins"),
    ),
    responses((status = 200, description = "What was found", body = SearchAnswer))
)]
pub(super) async fn get_search(
    State(app): State<App>,
    who: SignedIn,
    Query(query): Query<Asking>,
) -> web::Result<Response> {
    let (_, groups) = search(&app, &who, &query).await?;
    let mut answer = SearchAnswer {
        hits: Vec::new(),
        more: Vec::new(),
    };
    for group in groups {
        answer.hits.extend(group.hits);
        if let Some(href) = group.more {
            answer.more.push(More {
                kind: group.kind,
                href: href.replacen("/search", "/api/v1/search", 1),
            });
        }
    }
    Ok(web::json(StatusCode::OK, &answer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_encoded() {
        assert_eq!(
            address("a&b é", Kind::Report, "7"),
            "/search?q=a%26b%20%C3%A9&kind=report&after=7"
        );
    }
}
