//! The pages of allocation.

use askama::Template;
use axum::extract::{Path, Query as FromQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use record::report::Feed;
use record::time::Timestamp;
use record::work::{Priority, WorkItem};
use serde::Deserialize;
use store::Shown;
use web::parts::words::readable;
use web::parts::{
    Button, CharacterCount, Choice, Colour, CountPill, DueCell, Empty, FieldErrors, Hidden, Html,
    Input, LabelSize, NetworkBadge, Notice, Page, Pagination, PriorityTag, Radios, SortHeader,
    Sorted, SubNav, SummaryList, Tag, TimeStamp, words,
};
use web::{App, Form, SignedIn};

use super::read::{self, Case, Listed, Query, View};
use super::{
    AllocationDecision, DECIDE, Decided, LONGEST_REASON, TOP_BAND, VIEW, Verdict, permit, queue,
};

/// Counting stops here.
const COUNTED: i64 = 1_000;

/// One crime of the list.
struct Row {
    title: String,
    href: String,
    facts: Vec<String>,
    about: String,
    tags: Vec<(String, Colour)>,
    network: Option<(String, u64, String)>,
    band: String,
    band_colour: Colour,
    reasons: Vec<String>,
    priority: Priority,
    received: Timestamp,
    due: Timestamp,
    decided: Option<Decided>,
}

#[derive(Template)]
#[template(path = "allocation.html")]
struct ListPage {
    page: Page,
    lede: &'static str,
    tabs: SubNav,
    rows: Vec<Row>,
    now: Timestamp,
    waiting: bool,
    severity_href: String,
    severity: Option<Sorted>,
    due_href: String,
    due: Option<Sorted>,
    empty: (&'static str, &'static str),
    pages: Pagination,
}

/// Lists crimes waiting for the unit, decided by it, or kept out against the rule.
pub async fn list(
    State(app): State<App>,
    who: SignedIn,
    FromQuery(query): FromQuery<Query>,
) -> web::Result<Response> {
    let grant = permit(&app, &who.actor, &VIEW, &queue(), "").await?;
    let mut reader = app.store().read_to_show(&grant).await?;
    let listed = read::list(&mut reader.conn(), &who.actor, &query).await?;
    let waiting = read::waiting(&mut reader.conn(), &who.actor, COUNTED).await?;
    reader
        .shown(Shown {
            kind: "report",
            query: query.href(None),
            ids: listed.items.iter().map(|i| i.subject.to_string()).collect(),
        })
        .await?;
    let view = query.view();
    let by_severity = query.by_severity();
    let page = ListPage {
        page: who.page(&app, "Allocation", "/allocation"),
        lede: lede(view),
        tabs: tabs(view, waiting.max(0).unsigned_abs()),
        rows: rows(&listed),
        now: app.now(),
        waiting: view == View::Waiting,
        severity_href: "/allocation?view=waiting&sort=severity".to_owned(),
        severity: by_severity.then_some(Sorted::Descending),
        due_href: "/allocation?view=waiting".to_owned(),
        due: (!by_severity).then_some(Sorted::Ascending),
        empty: empty(view),
        pages: Pagination::new("Pages of crimes")
            .next(listed.next.as_ref().map(|next| query.href(Some(next)))),
    };
    web::html(&page)
}

const fn lede(view: View) -> &'static str {
    match view {
        View::Waiting => "Crimes for the unit to accept, advise on, return or refer.",
        View::Decided => "What the unit decided, the latest first.",
        View::Exceptions => "Crimes of the highest band that the unit did not accept, and why.",
    }
}

const fn empty(view: View) -> (&'static str, &'static str) {
    match view {
        View::Waiting => (
            "No crimes wait for a decision.",
            "Crimes that triage sends to the unit appear here.",
        ),
        View::Decided => ("Nothing has been decided yet.", "Decisions appear here."),
        View::Exceptions => (
            "There are no exceptions.",
            "Crimes of the highest band that are not accepted appear here.",
        ),
    }
}

fn tabs(current: View, waiting: u64) -> SubNav {
    let cap = COUNTED.unsigned_abs();
    let mut tabs = SubNav::new("Allocation views");
    for view in View::ALL {
        let count = (view == View::Waiting).then(|| CountPill::capped(waiting, cap));
        let href = format!("/allocation?view={}", view.name());
        tabs = tabs.view(view.title(), href, view == current, count);
    }
    tabs
}

fn rows(listed: &Listed) -> Vec<Row> {
    let of = |item: &WorkItem| Row {
        title: item.summary.title.clone(),
        href: format!("/allocation/{}", item.id),
        facts: facts(item),
        about: item.summary.about.clone(),
        tags: item.summary.tags.iter().map(|t| tag(t)).collect(),
        network: item.network.and_then(|id| {
            let (name, reports) = listed.networks.get(&id)?;
            Some((name.clone(), *reports, format!("/networks/{id}")))
        }),
        band: format!("Band {}", item.band),
        band_colour: if item.band == TOP_BAND {
            Colour::Purple
        } else {
            Colour::Grey
        },
        reasons: item.summary.reasons.iter().map(|r| in_words(r)).collect(),
        priority: item.priority,
        received: item.received_at,
        due: item.due_at,
        decided: listed.decided.get(&item.id).cloned(),
    };
    listed.items.iter().map(of).collect()
}

fn facts(item: &WorkItem) -> Vec<String> {
    let feed = Feed::parse(&item.feed).map_or_else(|| item.feed.clone(), |f| f.title().to_owned());
    let loss = words::loss(item.summary.loss_pence);
    vec![item.summary.reference.clone(), feed, loss]
}

fn tag(text: &str) -> (String, Colour) {
    let colour = if text.starts_with("Vulnerable") {
        Colour::Magenta
    } else {
        Colour::Teal
    };
    (text.to_owned(), colour)
}

/// One of the scored points.
struct Point {
    group: String,
    factor: String,
    value: String,
    source: String,
    points: String,
}

#[derive(Template)]
#[template(path = "allocation_decide.html")]
struct CasePage {
    page: Page,
    facts: SummaryList,
    narrative: String,
    report_href: String,
    scores: SummaryList,
    points: Vec<Point>,
    errors: FieldErrors,
    form: Option<CaseForm>,
    decided: Option<String>,
    caution: Option<String>,
}

struct CaseForm {
    action: String,
    version: String,
    verdicts: Vec<Choice>,
    chosen: String,
    unit: String,
    reason: String,
    limit: u32,
}

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
pub struct Fields {
    #[serde(default)]
    version: i64,
    #[serde(default)]
    verdict: String,
    #[serde(default)]
    unit: String,
    #[serde(default)]
    reason: String,
}

#[derive(Debug, Default, Deserialize)]
pub struct Told {
    /// Set when the person has just decided this crime.
    #[serde(default)]
    done: Option<String>,
}

/// Shows one crime with its scores and, to those who decide, the form.
pub async fn show(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    FromQuery(told): FromQuery<Told>,
) -> web::Result<Response> {
    let case = read::case(&app, &who.actor, &id).await?;
    let done = told.done.is_some()
        && case
            .decided
            .as_ref()
            .is_some_and(|d| d.by == who.actor.name);
    let mut page = case_page(&app, &who, case, &Fields::default(), FieldErrors::new());
    if done {
        page.page.notice = Some(Notice::success("Your decision is recorded."));
    }
    web::html(&page)
}

/// Keeps the decision.
pub async fn decide(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(fields): Form<Fields>,
) -> web::Result<Response> {
    let case = read::case(&app, &who.actor, &id).await?;
    let mut errors = FieldErrors::new();
    let decision = Verdict::parse(&fields.verdict).map(|verdict| AllocationDecision {
        verdict,
        unit: fields.unit.clone(),
        // A browser sends line ends as two characters.
        reason: fields.reason.replace("\r\n", "\n"),
    });
    let Some(decision) = decision else {
        errors.add("verdict", "Choose what becomes of the crime");
        let page = case_page(&app, &who, case, &fields, errors);
        return web::html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    for (field, remedy) in decision.faults(&case.item.band) {
        errors.add(field, remedy);
    }
    if !errors.is_empty() {
        let page = case_page(&app, &who, case, &fields, errors);
        return web::html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    read::keep(&app, &who.actor, &case.item, fields.version, decision).await?;
    Ok(Redirect::to(&format!("/allocation/{}?done=1", case.item.id)).into_response())
}

fn case_page(
    app: &App,
    who: &SignedIn,
    case: Case,
    typed: &Fields,
    errors: FieldErrors,
) -> CasePage {
    let Case {
        item,
        proposal,
        narrative,
        triaged,
        decided,
    } = case;
    let title = format!("Allocate {}", item.summary.reference);
    let open = decided.is_none() && item.closed_at.is_none();
    CasePage {
        page: who
            .page(app, &title, "/allocation")
            .back("Back to allocation", "/allocation")
            .with_errors(&errors),
        facts: case_facts(app, &item),
        narrative,
        report_href: format!("/reports/{}", item.subject),
        scores: scores(&item, &proposal, triaged),
        points: points(&proposal),
        form: (open && who.may(&DECIDE)).then(|| form(&item, typed)),
        decided: decided.as_ref().map(decided_in_words),
        caution: (open && item.band == TOP_BAND).then(|| {
            format!("Band {TOP_BAND} is the unit's to investigate. Anything but accepting it is shown as an exception with your name and reason.")
        }),
        errors,
    }
}

fn form(item: &WorkItem, typed: &Fields) -> CaseForm {
    let choice = |v: Verdict| Choice::new(v.name(), v.title()).hint(v.hint());
    CaseForm {
        action: format!("/allocation/{}/decision", item.id),
        version: item.version.to_string(),
        verdicts: Verdict::ALL.map(choice).to_vec(),
        chosen: typed.verdict.clone(),
        unit: typed.unit.clone(),
        reason: typed.reason.clone(),
        limit: u32::try_from(LONGEST_REASON).unwrap_or(u32::MAX),
    }
}

fn decided_in_words(decided: &Decided) -> String {
    let verdict = verdict_title(&decided.verdict);
    let mut text = format!("{}: {verdict}, {}.", decided.by, decided.at.show());
    if !decided.reason.is_empty() {
        text.push_str(&format!(" {}", decided.reason));
    }
    text
}

fn verdict_title(name: &str) -> String {
    Verdict::parse(name).map_or_else(|| name.to_owned(), |v| v.title().to_owned())
}

fn case_facts(app: &App, item: &WorkItem) -> SummaryList {
    let due = words::due_in_words(item.due_at, app.now());
    let about = item
        .summary
        .tags
        .iter()
        .map(|t| tag(t))
        .fold(Html::text(&item.summary.about), |html, (text, colour)| {
            html.and_text(" ").and(&Tag::new(&text, colour))
        });
    SummaryList::new()
        .compact()
        .row("What", item.summary.title.clone())
        .row("Report", facts(item).join(" · "))
        .row("Victim", about)
        .row_if("District", item.summary.district.clone())
        .row("Received", item.received_at.show())
        .row("Due", format!("{}, {due}", item.due_at.show()))
}

fn scores(
    item: &WorkItem,
    proposal: &read::Proposal,
    triaged: Option<(String, String)>,
) -> SummaryList {
    let rules = |rules: &[String]| {
        let words: Vec<String> = rules.iter().map(|r| readable(r)).collect();
        (!words.is_empty()).then(|| words.join(", "))
    };
    let scored = format!(
        "{}, band {}",
        words::points(proposal.acceptance_points),
        proposal.acceptance_band
    );
    let (by, why) = triaged.unzip();
    SummaryList::new()
        .compact()
        .row("Acceptance band", format!("Band {}", item.band))
        .row("Scored", scored)
        .row("Solvability", readable(&proposal.solvability.band))
        .row("Vulnerability", readable(&proposal.vulnerability.band))
        .row_if("Must be accepted", rules(&proposal.must_accept))
        .row_if("Must be referred", rules(&proposal.must_refer))
        .row_if("Triaged by", by)
        .row_if("Triage said", why.filter(|w| !w.is_empty()))
}

fn points(proposal: &read::Proposal) -> Vec<Point> {
    let mut points = Vec::new();
    for group in &proposal.acceptance {
        for reason in &group.reasons {
            let factor = reason.factor.split_once('.');
            points.push(Point {
                group: readable(&group.id),
                factor: readable(factor.map_or(reason.factor.as_str(), |(_, f)| f)),
                value: words::found(&reason.factor, &reason.value),
                source: words::capital(&words::because(&reason.source)),
                points: format!("{:+}", reason.points),
            });
        }
    }
    points
}

/// A reason of the summary, less the group of its factor: "harm.loss: 900 (+12)" as
/// "Loss: £900 (+12)".
fn in_words(reason: &str) -> String {
    let Some((factor, found)) = reason.split_once(": ") else {
        return readable(reason);
    };
    let (value, points) = found.split_once(" (").unwrap_or((found, ""));
    let bracket = if points.is_empty() { "" } else { " (" };
    let short = factor.rsplit('.').next().unwrap_or(factor);
    let value = words::found(factor, value);
    format!("{}: {value}{bracket}{points}", readable(short))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_read_as_words() {
        assert_eq!(in_words("harm.loss: 900 (+12)"), "Loss: £900 (+12)");
        assert_eq!(in_words("age_band: 18_24 (+1)"), "Age band: 18 to 24 (+1)");
        assert_eq!(in_words("harm.loss: 312000"), "Loss: £312,000");
        assert_eq!(in_words("must_accept"), "Must accept");
    }
}
