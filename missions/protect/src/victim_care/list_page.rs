//! The call list's page: views, filters, and moving the ticked rows.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use record::ids::{ActorId, WorkItemId};
use record::report::Feed;
use record::time::Timestamp;
use record::work::Priority;
use serde::Deserialize;
use web::parts::{
    BulkBar, Button, Checkboxes, Choice, CountPill, DueCell, Empty, FilterPanel, Hidden, Html,
    Input, LabelSize, Link, Page, Pagination, PriorityTag, Select, ShortcutDialog, SubNav, Tag,
    Tick, TimeStamp, words,
};
use web::{App, Form, SignedIn, html, register};

use super::assign::{self, To};
use super::duty::Line;
use super::list::{Asked, Listed, Listing, MOST_COUNTED, ROWS, View, link, read};
use super::notices;
use super::policy::Care;
use super::{ALLOCATE, TAKE};

/// A victim as the table shows them.
struct RowView {
    key: String,
    href: String,
    name: String,
    facts: String,
    calls: Option<String>,
    /// "2 earlier reports".
    earlier: Option<String>,
    title: String,
    reference: String,
    loss: Option<i64>,
    band: Priority,
    tags: Vec<String>,
    attempts: String,
    with: Option<String>,
    due_at: Timestamp,
    received_at: Timestamp,
    closed_at: Option<Timestamp>,
    ended_as: String,
}

impl RowView {
    fn of(row: Listed, care: &Care) -> RowView {
        let is_organisation = row.summary.about == row.name;
        let about = if is_organisation {
            "Organisation".to_owned()
        } else {
            row.summary.about
        };
        let facts = [about, row.district];
        let facts: Vec<String> = facts.into_iter().filter(|f| !f.is_empty()).collect();
        let attempts = u64::try_from(row.attempts).unwrap_or_default();
        let outcome = row.outcome.as_deref().unwrap_or_default();
        let ended_as = Line::parse(outcome).map_or_else(
            || format!("Error: {}", care.outcome_words(outcome).to_lowercase()),
            |line| line.title().to_owned(),
        );
        let unit = care.partner(&row.unit).map(|p| p.title.clone());
        RowView {
            key: format!("{}.{}", row.id, row.version),
            href: super::href(row.id),
            name: row.name,
            facts: facts.join(", "),
            calls: (row.reports > 1).then(|| format!("{} reports, one call", row.reports)),
            earlier: u64::try_from(row.earlier)
                .ok()
                .filter(|n| *n > 0)
                .map(|n| words::plural(n, "other report", "other reports")),
            title: row.title,
            reference: row.summary.reference,
            loss: row.summary.loss_pence,
            band: row.band,
            tags: tags_of(row.summary.tags),
            attempts: match attempts {
                0 => "None yet".to_owned(),
                n => words::plural(n, "attempt", "attempts"),
            },
            with: row.assignee_name.or(unit),
            due_at: row.due_at,
            received_at: row.received_at,
            closed_at: row.closed_at,
            ended_as,
        }
    }
}

/// Tags beside the band: it says the vulnerability itself.
fn tags_of(tags: Vec<String>) -> Vec<String> {
    tags.into_iter()
        .filter(|t| !t.starts_with("Vulnerable"))
        .collect()
}

#[derive(Template)]
#[template(path = "victim_care/list.html")]
struct ListPage {
    page: Page,
    lede: String,
    views: SubNav,
    filter: FilterPanel,
    bulk: Option<BulkBar>,
    rows: Vec<RowView>,
    ticks: bool,
    is_closed: bool,
    is_filtered: bool,
    view_title: String,
    clear: Link,
    pages: Pagination,
    return_to: String,
    empty_why: &'static str,
    empty_next: &'static str,
    now: Timestamp,
    may_record: bool,
    may_see_names: bool,
    links: Vec<Link>,
}

pub(super) async fn page(
    State(app): State<App>,
    who: SignedIn,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, web::Error> {
    let asked = Asked::of_pairs(&pairs);
    let listing = read(&app, &who.actor, &asked).await?;
    let care = app.policy::<Care>()?;
    let mut page = who.page(&app, "Victim care", "/victim-care");
    page.notice = notices::notice(&pairs);
    let next = listing.next.map(|cursor| {
        let mut pairs = asked.pairs();
        pairs.push(("after", cursor.text()));
        link(&pairs)
    });
    let first = asked.after.map(|_| asked.href());
    let bulk = bulk_bar(&app, &who, &care).await?;
    let (empty_why, empty_next) = empty(asked.view);
    html(&ListPage {
        page,
        lede: lede(&asked, &listing),
        views: views(&asked, &listing.counts),
        filter: filter(&asked),
        ticks: bulk.is_some() && asked.view != View::Closed,
        bulk,
        rows: listing
            .rows
            .into_iter()
            .map(|row| RowView::of(row, &care))
            .collect(),
        is_closed: asked.view == View::Closed,
        is_filtered: asked.is_filtered(),
        view_title: asked.view.title().to_owned(),
        clear: Link::new("Clear filters", view_href(asked.view)),
        pages: Pagination::new("Pages of victims")
            .previous(first)
            .next(next),
        return_to: asked.href(),
        empty_why,
        empty_next,
        now: app.now(),
        may_record: who.may_open(&app, "/reports/new"),
        may_see_names: who.may_open(&app, "/strategy/{id}/names"),
        links: links(&app, &who),
    })
}

/// Pages of victim care that have no place in the menu, for whoever may open them.
fn links(app: &App, who: &SignedIn) -> Vec<Link> {
    let pages = [
        ("Questions to a supervisor", "/escalations"),
        ("Victims' Code by right", "/victims-code"),
        ("Check a caller", "/caller-check"),
    ];
    let open = pages.iter().filter(|(_, href)| who.may_open(app, href));
    open.map(|(text, href)| Link::new(*text, *href)).collect()
}

/// Why a view holds nothing, and what comes next.
fn empty(view: View) -> (&'static str, &'static str) {
    match view {
        View::ToCall => (
            "Nobody is waiting for a call.",
            "Victims of new reports appear here.",
        ),
        View::Mine => ("You have taken nobody.", "Take a victim from To call."),
        View::Later => (
            "No call back is waiting for its time.",
            "Victims who were tried and are due later appear here.",
        ),
        View::Taken => ("No caller has taken anybody.", "Victims taken appear here."),
        View::Closed => (
            "No duty has ended today.",
            "Duties that end appear here until midnight.",
        ),
    }
}

fn view_href(view: View) -> String {
    link(&[("view", view.name().to_owned())])
}

fn lede(asked: &Asked, listing: &Listing) -> String {
    if asked.view != View::ToCall || listing.rows.is_empty() {
        return String::new();
    }
    "The most vulnerable first, then those due soonest. Reports about one person are one call."
        .to_owned()
}

fn views(asked: &Asked, counts: &[u64]) -> SubNav {
    let mut nav = SubNav::new("Call list views");
    for (view, count) in View::ALL.into_iter().zip(counts) {
        let href = Asked {
            view,
            after: None,
            ..asked.clone()
        }
        .href();
        let pill = CountPill::capped(*count, MOST_COUNTED.unsigned_abs());
        nav = nav.view(view.title(), href, view == asked.view, Some(pill));
    }
    nav
}

fn filter(asked: &Asked) -> FilterPanel {
    let bands = Priority::ALL
        .map(|band| Choice::new(band.name(), band.title()).chosen(asked.bands.contains(&band)));
    let feeds = Feed::ALL.map(|feed| {
        let chosen = asked.feeds.iter().any(|f| f == feed.name());
        Choice::new(feed.name(), feed.title()).chosen(chosen)
    });
    let overdue = [Choice::new("1", "Overdue").chosen(asked.overdue)];
    let view = asked.view.name();
    let district = Input::new("district", "District")
        .value(&asked.district)
        .label_size(LabelSize::S);
    let fields = Html::of(&Hidden::new("view", view))
        .and(&small("band", "Vulnerability", &bands))
        .and(&small("overdue", "Show only", &overdue))
        .and(&district)
        .and(&small("feed", "How it reached us", &feeds));
    let mut panel = FilterPanel::new("/victim-care", fields).clear_href(view_href(asked.view));
    for band in &asked.bands {
        let mut rest = asked.clone();
        rest.bands.retain(|b| b != band);
        panel = panel.selected(format!("Vulnerability: {}", band.name()), rest.href());
    }
    if asked.overdue {
        let rest = Asked {
            overdue: false,
            ..asked.clone()
        };
        panel = panel.selected("Overdue", rest.href());
    }
    if !asked.district.is_empty() {
        let rest = Asked {
            district: String::new(),
            ..asked.clone()
        };
        panel = panel.selected(asked.district.clone(), rest.href());
    }
    for feed in &asked.feeds {
        let mut rest = asked.clone();
        rest.feeds.retain(|f| f != feed);
        let title = Feed::parse(feed).map_or("", Feed::title);
        panel = panel.selected(title, rest.href());
    }
    panel
}

fn small<'a>(name: &'a str, legend: &'a str, choices: &'a [Choice]) -> Checkboxes<'a> {
    Checkboxes::new(name, legend, choices)
        .small()
        .label_size(LabelSize::S)
}

/// Buttons for what the person may do; none for those who look on.
async fn bulk_bar(app: &App, who: &SignedIn, care: &Care) -> Result<Option<BulkBar>, web::Error> {
    let (takes, allocates) = (who.may(&TAKE), who.may(&ALLOCATE));
    if !takes && !allocates {
        return Ok(None);
    }
    let mut bar = BulkBar::new("victims");
    if takes {
        bar = bar.action("take", "Take");
    }
    if allocates {
        let mut choices = vec![Choice::new("", "Choose who calls")];
        // A partner gives work to its own people, or back to the force.
        let partners = care.partners.iter().filter(|_| who.actor.unit == care.unit);
        for partner in partners {
            choices.push(Choice::new(
                format!("unit:{}", partner.unit),
                &partner.title,
            ));
        }
        choices.push(Choice::new(
            format!("unit:{}", care.unit),
            "Back to the force",
        ));
        for one in callers(app, who).await? {
            choices.push(Choice::new(format!("person:{}", one.id), &one.name));
        }
        let select = Select::new("to", "Allocate to", &choices);
        bar = bar.fields(Html::of(&select)).action("allocate", "Allocate");
    }
    Ok(Some(bar))
}

/// People of the own unit a victim can be allocated to: those who may take one themselves.
async fn callers(app: &App, who: &SignedIn) -> Result<Vec<register::Colleague>, web::Error> {
    let mut all = register::colleagues(app.store(), &who.actor).await?;
    all.retain(|c| c.unit == who.actor.unit && c.may(&TAKE));
    Ok(all)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Bulk {
    #[serde(rename = "do")]
    what: String,
    to: String,
    /// Item and version of each ticked row.
    item: Vec<String>,
    return_to: String,
}

/// Takes or allocates the ticked rows, each for itself: one conflict does not undo the others.
pub(super) async fn bulk(
    State(app): State<App>,
    who: SignedIn,
    Form(form): Form<Bulk>,
) -> Result<Response, web::Error> {
    let back = if form.return_to.starts_with("/victim-care?") {
        form.return_to.clone()
    } else {
        "/victim-care?view=to_call".to_owned()
    };
    let to = match form.what.as_str() {
        "take" => None,
        "allocate" => Some(target(&app, &who, &form.to).await?),
        _ => return Err(web::Error::BadRequest("choose Take or Allocate".to_owned())),
    };
    let mut done = 0u64;
    let mut first_conflict = None;
    for key in form.item.iter().take(ROWS) {
        let (id, seen) = row_key(key)?;
        let outcome = match &to {
            None => assign::take(&app, &who.actor, id, seen).await,
            Some(to) => assign::allocate(&app, &who.actor, id, seen, to.clone()).await,
        };
        match outcome {
            Ok(()) => done += 1,
            Err(conflict @ web::Error::Conflict { .. }) => {
                first_conflict.get_or_insert(conflict);
            }
            Err(other) => return Err(other),
        }
    }
    match first_conflict {
        // Said on a page of its own only when nothing was done; else beside what was done.
        Some(conflict) if done == 0 => Err(conflict),
        Some(_) => Ok(notices::go(&back, "some", done)),
        None if form.item.is_empty() => Ok(notices::go(&back, "none", 0)),
        None => Ok(notices::go(&back, form.what.as_str(), done)),
    }
}

fn row_key(key: &str) -> Result<(WorkItemId, i64), web::Error> {
    let read = || {
        let (id, version) = key.split_once('.')?;
        Some((id.parse().ok()?, version.parse().ok()?))
    };
    read().ok_or_else(|| web::Error::BadRequest(format!("{key:?} is not a row of this list")))
}

/// Who is meant by `person:ID` or `unit:NAME`: a colleague who may call, or a unit that does.
pub(super) async fn target(app: &App, who: &SignedIn, to: &str) -> Result<To, web::Error> {
    let unknown =
        || web::Error::BadRequest("choose a colleague or a partner to allocate to".to_owned());
    let care = app.policy::<Care>()?;
    if let Some(unit) = to.strip_prefix("unit:") {
        let ours = who.actor.unit == care.unit;
        let known = unit == care.unit || ours && care.partner(unit).is_some();
        return if known {
            Ok(To::Unit(unit.to_owned()))
        } else {
            Err(unknown())
        };
    }
    let id: ActorId = to
        .strip_prefix("person:")
        .and_then(|id| id.parse().ok())
        .ok_or_else(unknown)?;
    let callers = callers(app, who).await?;
    callers
        .into_iter()
        .find(|c| c.id == id)
        .map(|c| To::Colleague {
            id: c.id,
            name: c.name,
        })
        .ok_or_else(unknown)
}
