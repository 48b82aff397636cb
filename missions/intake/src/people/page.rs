//! The page of one person or organisation.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use record::access::Resource;
use record::ids::{MentionId, PersonId};
use serde::Deserialize;
use store::Shown;
use web::parts::words::plural;
use web::parts::{Money, Page, Pagination, Tag, TimeStamp, Timeline, TimelineItem, WeightBar};
use web::{App, SignedIn};

use super::VIEW;
use super::known::{Known, live, load, parts};
use super::pairs::{PairView, sorted};
use crate::judging::JUDGE;
use crate::receive::Desk;
use crate::reports::{Wanted, in_words, permit_thing};

/// What is opened: a living person, or where a merged one went.
pub(super) enum Found {
    Here(Box<Known>),
    MergedInto(PersonId),
}

/// One row of the descriptions: the words of each part, and whether it differs.
struct Row {
    described: super::Described,
    cells: Vec<(&'static str, String, bool)>,
}

#[derive(Template)]
#[template(path = "person.html")]
struct PersonPage {
    page: Page,
    known: Known,
    counts: String,
    recent: String,
    rows: Vec<Row>,
    linked: Vec<PairView>,
    candidates: Vec<PairView>,
    judgements: Timeline,
    history: Timeline,
    pages: Pagination,
    back: String,
    may_judge: bool,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct At {
    /// The last description of the page before.
    #[serde(default)]
    pub before: String,
}

/// Opens a person for a page or a program; what it names is entered.
pub(super) async fn open(
    app: &App,
    who: &SignedIn,
    id: PersonId,
    before: Option<MentionId>,
) -> web::Result<Found> {
    let desk = app.policy::<Desk>()?;
    let wanted = Wanted {
        act: &VIEW,
        reason: "",
    };
    let resource = Resource::of("nominal", id.to_string());
    let grant = permit_thing(app, &who.actor, wanted, &resource).await?;
    let mut db = app.store().read_to_show(&grant).await?;
    let now_at = live(&mut db.conn(), id).await?;
    if now_at != id {
        db.opened().await?;
        return Ok(Found::MergedInto(now_at));
    }
    let scope = who.actor.scope();
    let known = load(&mut db.conn(), &desk, &scope, id, before, app.now()).await?;
    db.shown(Shown {
        kind: "report",
        query: format!("reports of {id}"),
        ids: known
            .descriptions
            .iter()
            .map(|d| d.report.to_string())
            .collect(),
    })
    .await?;
    Ok(Found::Here(Box::new(known)))
}

pub(super) async fn show(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Query(at): Query<At>,
) -> web::Result<Response> {
    let id: PersonId = id.parse().map_err(|_| web::Error::NotFound)?;
    let known = match open(&app, &who, id, at.before.parse().ok()).await? {
        Found::Here(known) => *known,
        Found::MergedInto(id) => return Ok(Redirect::to(&format!("/people/{id}")).into_response()),
    };
    web::html(&view(&app, &who, known))
}

fn view(app: &App, who: &SignedIn, known: Known) -> PersonPage {
    let page = who
        .page(app, &known.label, "/people")
        .breadcrumb("Search", "/search");
    let count = |n: i64| n.max(0).unsigned_abs();
    let (linked, candidates) = sorted(&known.pairs);
    let rows = known.descriptions.iter().map(row).collect();
    let next = known
        .next
        .map(|next| format!("/people/{}?before={next}", known.id));
    PersonPage {
        page,
        counts: format!(
            "{} as victim, {} as suspect",
            plural(count(known.as_victim), "report", "reports"),
            count(known.as_suspect)
        ),
        recent: plural(count(known.recent), "report", "reports"),
        rows,
        linked,
        candidates,
        judgements: judgements(&known),
        history: history(&known),
        pages: Pagination::new("Pages of reports").next(next),
        back: format!("/people/{}", known.id),
        may_judge: who.may(&JUDGE),
        known,
    }
}

fn row(described: &super::Described) -> Row {
    let cells = parts(&described.party)
        .into_iter()
        .map(|(field, value)| {
            let differs = described.differs.contains(&field);
            (
                field,
                value.unwrap_or_else(|| "Not given".to_owned()),
                differs,
            )
        })
        .collect();
    Row {
        described: described.clone(),
        cells,
    }
}

fn judgements(known: &Known) -> Timeline {
    let items = known.judgements.iter().map(|j| {
        let title = if j.verdict == "same" {
            "Judged the same"
        } else {
            "Judged not the same"
        };
        TimelineItem::new(title, j.at)
            .by(j.author.as_str())
            .text(j.reason.as_str())
    });
    Timeline::new(items.collect())
}

fn history(known: &Known) -> Timeline {
    let items = known.history.iter().map(|h| {
        let title = match h.what.as_str() {
            "merged" => "Another record was merged into this one".to_owned(),
            "merged_away" => "Merged into another record".to_owned(),
            "split" => "A part was split off".to_owned(),
            "split_from" => "Split off from another record".to_owned(),
            "part_joined" => "A part of another record was joined to this one".to_owned(),
            other => in_words(other),
        };
        TimelineItem::new(title, h.at)
            .by(h.by.as_str())
            .text(h.reason.as_str())
    });
    Timeline::new(items.collect())
}
