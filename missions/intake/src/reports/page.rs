//! The page of one report.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use record::ids::ReportId;
use record::report::Feed;
use record::time::Timestamp;
use store::Shown;
use web::parts::words;
use web::parts::{
    Button, DueCell, Hidden, NetworkBadge, Page, PriorityTag, SummaryList, Tag, TimeStamp,
    Timeline, WeightBar,
};
use web::{App, SignedIn};

use super::marked::{Piece, pieces};
use super::open::{Opened, Wanted, load, permit};
use super::view::{self, FoundView, ItemView, ScoreView};
use super::{SENSITIVE, VIEW, sensitive};
use crate::judging::{JUDGE, JUDGE_LINK};
use crate::people::{PairView, sorted};
use crate::receive::{Desk, SUSPECT, VICTIM};

#[derive(Template)]
#[template(path = "report.html")]
struct ReportPage {
    page: Page,
    id: ReportId,
    now: Timestamp,
    opened: Opened,
    feed: String,
    class: String,
    facts: SummaryList,
    victim: SummaryList,
    suspect: Option<SummaryList>,
    pieces: Vec<Piece>,
    found: Vec<FoundView>,
    route: String,
    scores: Vec<ScoreView>,
    groups: Vec<(String, String)>,
    rules: Vec<String>,
    items: Vec<ItemView>,
    withheld: bool,
    linked: Vec<PairView>,
    candidates: Vec<PairView>,
    history: Timeline,
    opened_by: Vec<(String, Timestamp, String)>,
    loss: String,
    back: String,
    may_judge: bool,
    may_judge_link: bool,
}

pub(super) async fn show(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> web::Result<Response> {
    let id: ReportId = id.parse().map_err(|_| web::Error::NotFound)?;
    let wanted = Wanted {
        act: &VIEW,
        reason: "",
    };
    let (opened, withheld) = open(&app, &who, wanted, id).await?;
    let desk = app.policy::<Desk>()?;
    web::html(&view(&app, &who, &desk, opened, withheld))
}

/// Opens a report for a page or a program: permission, reading, sensitive answers taken out where
/// they may not be seen, other reports named in it entered.
pub(super) async fn open(
    app: &App,
    who: &SignedIn,
    wanted: Wanted<'_>,
    id: ReportId,
) -> web::Result<(Opened, bool)> {
    let desk = app.policy::<Desk>()?;
    let grant = permit(app, &who.actor, wanted, id).await?;
    let mut db = app.store().read_to_show(&grant).await?;
    let mut opened = load(&mut db.conn(), &desk, &who.actor.scope(), id).await?;
    let named = named(&opened);
    if named.is_empty() {
        db.opened().await?;
    } else {
        db.shown(Shown {
            kind: "report",
            query: format!("linked to {}", opened.row.reference),
            ids: named,
        })
        .await?;
    }
    let mut withheld = false;
    if sensitive::held(
        &desk,
        &opened.report,
        opened.proposal.as_ref().map(|(_, p)| p),
    ) {
        match who.actor.permit(&SENSITIVE, grant.resource(), "") {
            // The consultation is entered; nothing more is read.
            Ok(grant) => drop(app.store().read(&grant).await?),
            Err(_) => {
                withheld = true;
                let proposal = opened.proposal.as_mut().map(|(_, p)| p);
                sensitive::withhold(&desk, &mut opened.report, proposal);
            }
        }
    }
    Ok((opened, withheld))
}

/// Other reports the page names.
fn named(opened: &Opened) -> Vec<String> {
    let shared = opened.shared.iter().flat_map(|s| &s.others).map(|o| o.id);
    let pairs = opened.pairs.iter().map(|p| p.there.report);
    let mut ids: Vec<ReportId> = shared.chain(pairs).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.iter().map(ToString::to_string).collect()
}

fn view(app: &App, who: &SignedIn, desk: &Desk, opened: Opened, withheld: bool) -> ReportPage {
    let row = &opened.row;
    let mut page = who.page(app, &row.title, "/inbox");
    row.marking.title().clone_into(&mut page.marking);
    if let Some(inbox) = page.nav.iter().find(|n| n.href == "/inbox") {
        let (title, href) = (inbox.title.clone(), inbox.href.clone());
        page = page.breadcrumb(title, href);
    }
    let proposal = opened.proposal.as_ref().map(|(_, p)| p);
    let (linked, candidates) = sorted(&opened.pairs);
    let suspect = opened.mentions.iter().find(|m| m.role == SUSPECT);
    let victim = opened.mentions.iter().find(|m| m.role == VICTIM);
    ReportPage {
        id: row.id,
        now: app.now(),
        feed: Feed::parse(&row.feed).map_or_else(|| row.feed.clone(), |f| f.title().to_owned()),
        class: view::class_title(&row.class),
        facts: view::facts(desk, &opened),
        victim: view::party(&opened.report.victim, victim),
        suspect: opened
            .report
            .suspect
            .as_ref()
            .map(|s| view::party(s, suspect)),
        pieces: pieces(&opened.report.narrative, &opened.sightings),
        found: view::found(&opened),
        route: proposal.map_or_else(String::new, |p| view::route_title(desk, p)),
        scores: proposal.map_or_else(Vec::new, |p| view::scores(desk, p)),
        groups: proposal.map_or_else(Vec::new, view::groups),
        rules: proposal.map_or_else(Vec::new, view::rules),
        items: view::items(app, &opened),
        withheld,
        linked,
        candidates,
        history: view::history(app, desk, &opened),
        opened_by: view::opened_by(app, &opened, withheld),
        loss: words::loss(row.loss_pence),
        back: format!("/reports/{}", row.id),
        may_judge: who.may(&JUDGE),
        may_judge_link: who.may(&JUDGE_LINK),
        page,
        opened,
    }
}
