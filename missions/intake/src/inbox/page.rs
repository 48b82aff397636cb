//! The page of the inbox.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use record::report::Feed;
use record::time::Timestamp;
use record::work::{Priority, WorkItem, WorkState};
use store::Shown;
use web::parts::{
    BulkBar, Button, Checkboxes, Choice, Colour, CountPill, DueCell, Empty, FilterPanel, Hidden,
    Html, Input, LabelSize, Link, NetworkBadge, Page, Pagination, PriorityTag, Select,
    ShortcutDialog, SortHeader, Sorted, SubNav, Tag, Tick, TimeStamp, words,
};
use web::register::Colleague;
use web::{App, SignedIn};

use super::bulk::{Do, Outcome};
use super::list::{self, Counts, Listed, Network};
use super::query::{ONLY, Query, Sort, View, encode, pairs};
use super::views::{self, Saved};
use super::{ALLOCATE, CONFIRM, DECIDE, SAVE_VIEW, TAKE, VIEW, act, permit, queue};
use crate::receive::Desk;

/// One report of the list.
struct Row {
    key: String,
    title: String,
    href: String,
    decide_href: Option<String>,
    facts: Vec<String>,
    about: String,
    tags: Vec<(String, Colour)>,
    network: Option<Network>,
    network_href: String,
    priority: Priority,
    received: Timestamp,
    due: Timestamp,
    taken_by: Option<String>,
    /// Where it went and when, once it is closed.
    outcome: Option<(String, Timestamp)>,
}

/// A view of one's own, with the fields that remove it.
struct OwnView {
    name: String,
    href: String,
}

/// A column the list can be sorted by.
struct Column {
    href: String,
    sorted: Option<Sorted>,
}

#[derive(Template)]
#[template(path = "inbox.html")]
struct InboxPage {
    page: Page,
    lede: String,
    tabs: SubNav,
    filter: FilterPanel,
    caption: String,
    bulk: Option<BulkBar>,
    rows: Vec<Row>,
    now: Timestamp,
    closed: bool,
    severity: Column,
    newest: Column,
    due: Column,
    empty: (&'static str, &'static str),
    filtered: bool,
    clear: Link,
    showing: String,
    first_page: Option<String>,
    cut: bool,
    pages: Pagination,
    own: Vec<OwnView>,
    may_save: bool,
    may_record: bool,
    query: String,
    /// The address of this list.
    here: String,
}

/// Lists the queue as the address asks.
pub async fn show(
    State(app): State<App>,
    who: SignedIn,
    RawQuery(text): RawQuery,
) -> web::Result<Response> {
    let pairs = pairs(text.as_deref().unwrap_or_default());
    let query = Query::of(&pairs);
    let grant = permit(&app, &who.actor, &VIEW, &queue(), "").await?;
    let desk = app.policy::<Desk>()?;
    let now = app.now();
    let mut reader = app.store().read_to_show(&grant).await?;
    let mut conn = reader.conn();
    let listed = list::read(&mut conn, &who.actor, now, &query, list::PAGE).await?;
    let counts = list::counts(&mut conn, &who.actor, now).await?;
    let own = views::of(&mut conn, who.actor.id).await?;
    let notice = Outcome::of(&pairs)
        .notice(&mut conn, &desk, &who.actor)
        .await?;
    reader
        .shown(Shown {
            kind: "report",
            query: query.text(),
            ids: listed.items.iter().map(|i| i.subject.to_string()).collect(),
        })
        .await?;
    let colleagues = offered(&app, &who, &query).await?;
    let mut page = who.page(&app, "Duty inbox", "/inbox");
    page.notice = notice;
    let page = InboxPage {
        lede: lede(&counts),
        tabs: tabs(&query, &counts, &own),
        filter: filter_panel(&query),
        caption: caption(&query),
        bulk: bulk_bar(&who, &query, &colleagues),
        rows: rows(&who, &desk, &query, &listed),
        now,
        closed: query.view == View::Closed,
        severity: column(&query, Sort::Severity, Sorted::Descending),
        newest: column(&query, Sort::Newest, Sorted::Descending),
        due: column(&query, Sort::Due, Sorted::Ascending),
        empty: query.view.empty(),
        filtered: !query.selected().is_empty(),
        clear: Link::new("Clear filters", query.bare().href()),
        showing: showing(&query, &listed, now),
        first_page: query.after.as_ref().map(|_| query.but(|_| {}).href()),
        cut: listed.cut,
        pages: Pagination::new("Pages of reports").next(listed.next.clone().map(|next| {
            let mut query = query.clone();
            query.after = Some(next);
            query.href()
        })),
        may_save: who.may(&SAVE_VIEW),
        may_record: who.may(&crate::reports::RECORD),
        own: own.into_iter().map(own_view).collect(),
        query: query.but(|_| {}).text(),
        here: query.href(),
        page,
    };
    web::html(&page)
}

/// Colleagues to choose from, where there is anything to allocate.
async fn offered(app: &App, who: &SignedIn, query: &Query) -> web::Result<Vec<Colleague>> {
    if !who.may(&ALLOCATE) || query.view == View::Closed {
        return Ok(Vec::new());
    }
    act::colleagues(app, &who.actor).await
}

fn own_view(saved: Saved) -> OwnView {
    OwnView {
        href: saved.query.href(),
        name: saved.name,
    }
}

/// What presses, in a sentence.
fn lede(counts: &Counts) -> String {
    let cap = list::COUNTED.unsigned_abs();
    let many = |n: u64| match n {
        n if n >= cap => format!("{}+ reports are", words::count_in_words(cap)),
        1 => "1 report is".to_owned(),
        n => format!("{} reports are", words::count_in_words(n)),
    };
    match (counts.overdue, counts.soon) {
        (0, 0) => "Nothing is overdue, and nothing is due in the next hour.".to_owned(),
        (0, soon) => format!("{} due in the next hour. Nothing is overdue.", many(soon)),
        (overdue, 0) => format!("{} overdue.", many(overdue)),
        (overdue, 1) => format!(
            "{} overdue and 1 more is due in the next hour.",
            many(overdue)
        ),
        (overdue, soon) => format!(
            "{} overdue and {} more are due in the next hour.",
            many(overdue),
            words::count_in_words(soon)
        ),
    }
}

fn tabs(query: &Query, counts: &Counts, own: &[Saved]) -> SubNav {
    let plain = query.but(|q| q.sort = Sort::default()).text();
    let saved = own.iter().any(|s| s.query.text() == plain);
    let cap = list::COUNTED.unsigned_abs();
    let mut tabs = SubNav::new("Inbox views");
    for (view, count) in View::ALL.into_iter().zip(counts.views) {
        let href = Query {
            view,
            ..Query::default()
        };
        let current = query.view == view && !saved;
        let pill = CountPill::capped(count, cap);
        tabs = tabs.view(view.title(), href.href(), current, Some(pill));
    }
    for view in own {
        let current = view.query.text() == plain;
        tabs = tabs.view(view.name.clone(), view.query.href(), current, None);
    }
    tabs
}

fn filter_panel(query: &Query) -> FilterPanel {
    let severity =
        Priority::ALL.map(|p| Choice::new(p.name(), p.title()).chosen(query.severity.contains(&p)));
    let feeds =
        Feed::ALL.map(|f| Choice::new(f.name(), f.title()).chosen(query.feeds.contains(&f)));
    let only =
        ONLY.map(|(name, title)| Choice::new(name, title).chosen(query.only.contains(&name)));
    let search = Input::new("q", "Search reports")
        .hint("Reference, name, email, phone or wallet")
        .value(&query.words)
        .search()
        .no_spellcheck()
        .label_size(LabelSize::S);
    let fields = Html::of(&Hidden::new("view", query.view.name()))
        .and(&Hidden::new("sort", query.sort.name()))
        .and(&search)
        .and(&small("severity", "Severity", &severity))
        .and(&small("feed", "Source", &feeds))
        .and(&small("only", "Show only", &only));
    let mut panel = FilterPanel::new("/inbox", fields).clear_href(query.bare().href());
    for (title, without) in query.selected() {
        panel = panel.selected(title, without.href());
    }
    panel
}

fn small<'a>(name: &'a str, legend: &'a str, choices: &'a [Choice]) -> Checkboxes<'a> {
    Checkboxes::new(name, legend, choices)
        .small()
        .label_size(LabelSize::S)
}

fn caption(query: &Query) -> String {
    let order = match (query.view, query.sort) {
        (View::Closed, _) => "the latest first",
        (_, Sort::Due) => "due soonest first",
        (_, Sort::Severity) => "worst first",
        (_, Sort::Newest) => "newest first",
    };
    format!("{}: reports, {order}", query.view.title())
}

/// What this person may do with reports of this view.
fn bulk_bar(who: &SignedIn, query: &Query, colleagues: &[Colleague]) -> Option<BulkBar> {
    let offers = match query.view {
        View::Triage => [
            (Do::Take, "Take", &TAKE),
            (Do::Allocate, "Allocate", &ALLOCATE),
            (Do::Confirm, "Confirm as proposed", &CONFIRM),
        ],
        View::Mine => [
            (Do::PutBack, "Put back", &super::PUT_BACK),
            (Do::Allocate, "Allocate", &ALLOCATE),
            (Do::Confirm, "Confirm as proposed", &CONFIRM),
        ],
        View::Others => [
            (Do::Take, "Take over", &TAKE),
            (Do::PutBack, "Put back", &super::PUT_BACK),
            (Do::Allocate, "Allocate", &ALLOCATE),
        ],
        View::Closed => return None,
    };
    let offers: Vec<_> = offers
        .into_iter()
        .filter(|(.., act)| who.may(act))
        .collect();
    if offers.is_empty() {
        return None;
    }
    let mut bar = BulkBar::new("reports");
    for (action, title, _) in offers {
        bar = bar.action(action.name(), title);
    }
    if !colleagues.is_empty() {
        let mut choices = vec![Choice::new("", "Choose a colleague")];
        let named =
            |c: &Colleague| Choice::new(c.id.to_string(), format!("{}, {}", c.name, c.title));
        choices.extend(colleagues.iter().map(named));
        bar = bar.fields(Html::of(&Select::new("to", "Allocate to", &choices)));
    }
    Some(bar)
}

fn column(query: &Query, sort: Sort, way: Sorted) -> Column {
    Column {
        href: query.but(|q| q.sort = sort).href(),
        sorted: (query.sort == sort && query.view != View::Closed).then_some(way),
    }
}

fn showing(query: &Query, listed: &Listed, now: Timestamp) -> String {
    let count = u64::try_from(listed.items.len()).unwrap_or(u64::MAX);
    let all = if listed.next.is_none() && query.after.is_none() && count > 1 {
        "all "
    } else {
        ""
    };
    let reports = words::plural(count, "report", "reports");
    format!("Showing {all}{reports}. Updated at {}.", now.show_time())
}

fn rows(who: &SignedIn, desk: &Desk, query: &Query, listed: &Listed) -> Vec<Row> {
    let decides = who.may(&DECIDE) || who.may(&super::CONSIDER);
    let from = encode(&query.but(|_| {}).text());
    listed
        .items
        .iter()
        .map(|item| {
            let network = item
                .network
                .and_then(|id| listed.networks.get(&id))
                .cloned();
            let open = item.state != WorkState::Closed;
            Row {
                key: format!("{}.{}", item.id, item.version),
                title: item.summary.title.clone(),
                href: format!("/reports/{}", item.subject),
                decide_href: (decides && open)
                    .then(|| format!("/reports/{}/decide?from={from}", item.subject)),
                facts: facts(item),
                about: item.summary.about.clone(),
                tags: item.summary.tags.iter().map(|t| tag(t)).collect(),
                network_href: network
                    .as_ref()
                    .map(|n| format!("/networks/{}", n.id))
                    .unwrap_or_default(),
                network,
                priority: item.priority,
                received: item.received_at,
                due: item.due_at,
                taken_by: (query.view == View::Others)
                    .then(|| item.assignee_name.clone())
                    .flatten(),
                outcome: outcome(desk, item),
            }
        })
        .collect()
}

/// Reference, where it came from, what was lost.
pub fn facts(item: &WorkItem) -> Vec<String> {
    let feed = Feed::parse(&item.feed).map_or_else(|| item.feed.clone(), |f| f.title().to_owned());
    let loss = words::loss(item.summary.loss_pence);
    vec![item.summary.reference.clone(), feed, loss]
}

/// A tag of the summary with its colour.
pub fn tag(text: &str) -> (String, Colour) {
    let colour = if text.starts_with("Vulnerable") {
        Colour::Magenta
    } else {
        Colour::Teal
    };
    (text.to_owned(), colour)
}

fn outcome(desk: &Desk, item: &WorkItem) -> Option<(String, Timestamp)> {
    let (at, route) = (item.closed_at?, item.outcome.as_deref().unwrap_or_default());
    let title = desk
        .triage
        .policy
        .route(route)
        .map_or_else(|| route.to_owned(), |r| r.title.clone());
    Some((title, at))
}
