//! The page on which one report is decided: what is known, every point with its reason, the
//! proposal, and the person's choice.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use record::access::Actor;
use record::ids::{ReportId, WorkItemId};
use record::report::{CrimeClass, Report};
use record::work::{WorkItem, WorkState};
use serde::Deserialize;
use store::{Sql, work};
use web::parts::words::{capital, readable, spoken};
use web::parts::{
    Button, CharacterCount, Choice, FieldErrors, Hidden, LabelSize, Notice, Page, Radios,
    SummaryList, Tag, words,
};
use web::{App, Form, SignedIn};

use super::query::{Query, encode, pairs};
use super::{CONSIDER, DECIDE, OVERRIDE_DOWN, VIEW, act, list, page, permit, queue};
use crate::deciding::{Decision, LONGEST_REASON};
use crate::receive::Desk;
use crate::triage::{Proposal, TriagePolicy};

/// A group of points with its band or sum.
struct Group {
    title: String,
    standing: String,
    rows: Vec<Point>,
    note: Option<String>,
}

/// One reason.
struct Point {
    factor: String,
    value: String,
    points: String,
    source: String,
}

#[derive(Template)]
#[template(path = "inbox_decide.html")]
struct DecidePage {
    page: Page,
    facts: SummaryList,
    narrative: String,
    report_href: String,
    proposed: SummaryList,
    groups: Vec<Group>,
    errors: FieldErrors,
    /// The form; none for those who look on, or when it is decided.
    form: Option<DecideForm>,
    /// Who holds it, or what became of it.
    standing: Option<String>,
}

struct DecideForm {
    action: String,
    version: String,
    from: String,
    classes: Vec<Choice>,
    vulnerability: Vec<Choice>,
    acceptance: Vec<Choice>,
    routes: Vec<Choice>,
    chosen: Decision,
    limit: u32,
    lowering: Option<String>,
}

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
pub struct Fields {
    #[serde(default)]
    version: i64,
    #[serde(default)]
    class: String,
    #[serde(default)]
    vulnerability: String,
    #[serde(default)]
    acceptance: String,
    #[serde(default)]
    route: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    from: String,
    /// `next` goes on with the list, anything else back to it.
    #[serde(default, rename = "do")]
    then: String,
}

impl Fields {
    fn decision(&self) -> Decision {
        Decision {
            class: CrimeClass::parse(&self.class).unwrap_or(CrimeClass::Unknown),
            vulnerability: self.vulnerability.clone(),
            acceptance: self.acceptance.clone(),
            route: self.route.clone(),
            // A browser sends line ends as two characters.
            reason: self.reason.replace("\r\n", "\n"),
        }
    }
}

/// A report as it is being decided.
struct Case {
    item: WorkItem,
    proposal: Proposal,
    narrative: String,
    decided_by: String,
}

async fn open(app: &App, actor: &Actor, report: &str) -> web::Result<Case> {
    let report: ReportId = report.parse().map_err(|_| web::Error::NotFound)?;
    let item = act::item_of(app, actor, report).await?;
    let grant = permit(app, actor, &CONSIDER, &work::resource(&item), "").await?;
    let proposal = act::proposal(app, actor, &item).await?;
    let mut reader = app.store().read(&grant).await?;
    let sql = Sql::new("select content from intake_report where ").with("id = ?", [report.into()]);
    let row = reader.first(sql).await?.ok_or(web::Error::NotFound)?;
    let content: Report = row.json("content")?;
    let decided_by = act::decided_by(&mut reader.conn(), report).await?;
    Ok(Case {
        item,
        proposal,
        narrative: content.narrative,
        decided_by,
    })
}

/// Shows a proposal with its reasons and, to those who decide, the form.
pub async fn show(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    RawQuery(text): RawQuery,
) -> web::Result<Response> {
    let case = open(&app, &who.actor, &id).await?;
    let pairs = pairs(text.as_deref().unwrap_or_default());
    let value = |name: &str| {
        pairs
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    };
    let from = Query::parse(value("from").unwrap_or_default()).text();
    let chosen = Decision::as_proposed(&case.proposal);
    let errors = FieldErrors::new();
    let mut page = decide_page(&app, &who, case, chosen, &from, errors)?;
    if let Some(Ok(before)) = value("decided").map(str::parse::<WorkItemId>) {
        let before = act::item(&app, &who.actor, before).await;
        page.page.notice = before
            .ok()
            .filter(|item| item.state == WorkState::Closed)
            .map(|item| {
                let reference = &item.summary.reference;
                Notice::success(format!("You decided {reference}. This is the next report."))
            });
    }
    web::html(&page)
}

/// Keeps the decision and goes on.
pub async fn decide(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(fields): Form<Fields>,
) -> web::Result<Response> {
    let case = open(&app, &who.actor, &id).await?;
    let desk = app.policy::<Desk>()?;
    let decision = fields.decision();
    let from = Query::parse(&fields.from);
    let mut errors = FieldErrors::new();
    for (field, remedy) in decision.faults(&desk.triage.policy, &case.proposal) {
        errors.add(field, remedy);
    }
    let lowers = decision.lowers(&desk.triage.policy, &case.proposal);
    if errors.is_empty() && lowers && !who.may(&OVERRIDE_DOWN) {
        errors.add("acceptance", lowering(&app, &desk.triage.policy));
    }
    if !errors.is_empty() {
        let page = decide_page(&app, &who, case, decision, &from.text(), errors)?;
        return web::html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    let item = case.item;
    act::decide(&app, &who.actor, &item, fields.version, decision).await?;
    if fields.then == "next"
        && let Some(next) = next(&app, &who.actor, &from).await?
    {
        let text = encode(&from.text());
        let href = format!("/reports/{next}/decide?from={text}&decided={}", item.id);
        return Ok(Redirect::to(&href).into_response());
    }
    let text = from.text();
    let and = if text.is_empty() { "" } else { "&" };
    let href = format!("/inbox?{text}{and}did=decide&done=1&first={}", item.id);
    Ok(Redirect::to(&href).into_response())
}

/// The report now first in the list the person came from.
async fn next(app: &App, actor: &Actor, from: &Query) -> web::Result<Option<ReportId>> {
    let grant = permit(app, actor, &VIEW, &queue(), "").await?;
    let mut reader = app.store().read(&grant).await?;
    let from = from.but(|_| {});
    let listed = list::read(&mut reader.conn(), actor, app.now(), &from, 1).await?;
    let next = listed
        .items
        .first()
        .filter(|i| i.state != WorkState::Closed);
    Ok(next.map(|i| i.subject))
}

fn lowering(app: &App, policy: &TriagePolicy) -> String {
    let band = policy.acceptance.bands.first().map_or("", |b| &b.name);
    let roles = app.authority().roles_that_may(&OVERRIDE_DOWN).join(", ");
    format!("Band {band} can be lowered only by: {roles}. Allocate the report to one of them")
}

fn decide_page(
    app: &App,
    who: &SignedIn,
    case: Case,
    chosen: Decision,
    from: &str,
    errors: FieldErrors,
) -> web::Result<DecidePage> {
    let desk = app.policy::<Desk>()?;
    let policy = &desk.triage.policy;
    let Case {
        item,
        proposal,
        narrative,
        decided_by,
    } = case;
    let title = format!("Triage {}", item.summary.reference);
    let back = Query::parse(from).href();
    let decides = who.may(&DECIDE);
    let closed = item.state == WorkState::Closed;
    Ok(DecidePage {
        page: who
            .page(app, &title, "/inbox")
            .back("Back to the inbox", back)
            .with_errors(&errors),
        facts: facts(app, &item),
        narrative,
        report_href: format!("/reports/{}", item.subject),
        proposed: proposed(policy, &proposal),
        groups: groups(policy, &proposal, decides),
        standing: standing(policy, who, &item, &decided_by),
        form: (decides && !closed).then(|| form(app, who, policy, &item, &proposal, chosen, from)),
        errors,
    })
}

fn facts(app: &App, item: &WorkItem) -> SummaryList {
    let due = words::due_in_words(item.due_at, app.now());
    let tags = item
        .summary
        .tags
        .iter()
        .map(|t| page::tag(t))
        .fold(web::parts::Html::default(), |html, (text, colour)| {
            html.and_text(" ").and(&Tag::new(&text, colour))
        });
    let about = web::parts::Html::text(&item.summary.about).and(&tags);
    SummaryList::new()
        .compact()
        .row("What", item.summary.title.clone())
        .row("Report", page::facts(item).join(" · "))
        .row("Victim", about)
        .row_if("District", item.summary.district.clone())
        .row("Received", item.received_at.show())
        .row("Due", format!("{}, {due}", item.due_at.show()))
}

fn proposed(policy: &TriagePolicy, proposal: &Proposal) -> SummaryList {
    let route = route_title(policy, &proposal.route);
    let rules = |rules: &[String]| {
        (!rules.is_empty()).then(|| {
            rules
                .iter()
                .map(|r| readable(r))
                .collect::<Vec<_>>()
                .join(", ")
        })
    };
    SummaryList::new()
        .compact()
        .row("Class", proposal.class.title())
        .row(
            "Severity",
            format!(
                "{}: {}",
                proposal.severity.title(),
                words::because(&proposal.severity_reason)
            ),
        )
        .row("Vulnerability", capital(&proposal.vulnerability.band))
        .row("Solvability", capital(&proposal.solvability.band))
        .row(
            "Acceptance",
            format!(
                "Band {}, {}",
                proposal.acceptance_band,
                words::points(proposal.acceptance_points)
            ),
        )
        .row_if("Must be accepted", rules(&proposal.must_accept))
        .row_if("Must be referred", rules(&proposal.must_refer))
        .row(
            "Route",
            format!(
                "{route}, because {}",
                words::because(&proposal.route_reason)
            ),
        )
        .row_if("Start now", rules(&proposal.vulnerability.actions))
}

fn route_title(policy: &TriagePolicy, id: &str) -> String {
    policy
        .route(id)
        .map_or_else(|| id.to_owned(), |r| r.title.clone())
}

/// Every group of points. What is sensitive (DPA 2018, s.35) shows its value only to those who
/// decide.
fn groups(policy: &TriagePolicy, proposal: &Proposal, decides: bool) -> Vec<Group> {
    let scores = [
        (
            "Vulnerability",
            &policy.vulnerability,
            &proposal.vulnerability,
        ),
        ("Solvability", &policy.solvability, &proposal.solvability),
    ];
    let mut groups: Vec<Group> = scores
        .into_iter()
        .map(|(title, table, score)| {
            let rows = score.reasons.iter().map(|reason| {
                let factor = table.factor.iter().find(|f| f.id == reason.factor);
                let hidden = !decides && factor.is_some_and(|f| f.sensitive);
                let asked = factor.map_or("", |f| f.question.as_str());
                Point {
                    factor: if asked.is_empty() {
                        readable(&reason.factor)
                    } else {
                        asked.to_owned()
                    },
                    value: if hidden {
                        "Shown to those who decide".to_owned()
                    } else {
                        words::found(&reason.factor, &reason.value)
                    },
                    points: format!("{:+}", reason.points),
                    source: capital(&words::because(&reason.source)),
                }
            });
            let mut note = format!("{}% of the questions have an answer.", score.confidence);
            if let Some(by) = &score.overridden_by {
                note.push_str(&format!(" High whatever the points: {}.", readable(by)));
            }
            Group {
                title: title.to_owned(),
                standing: format!("{}, {}", capital(&score.band), words::points(score.points)),
                rows: rows.collect(),
                note: Some(note),
            }
        })
        .collect();
    groups.extend(proposal.acceptance.iter().map(|group| Group {
        title: format!("Acceptance: {}", spoken(&group.id)),
        standing: format!("{} of {} points", group.points, policy.acceptance.group_max),
        rows: group.reasons.iter().map(acceptance_point).collect(),
        note: None,
    }));
    groups
}

fn acceptance_point(reason: &record::work::Reason) -> Point {
    let factor = reason
        .factor
        .split_once('.')
        .map_or(reason.factor.as_str(), |(_, f)| f);
    Point {
        factor: readable(factor),
        value: words::found(&reason.factor, &reason.value),
        points: format!("{:+}", reason.points),
        source: capital(&words::because(&reason.source)),
    }
}

/// Who holds the report, or what became of it.
fn standing(
    policy: &TriagePolicy,
    who: &SignedIn,
    item: &WorkItem,
    decided_by: &str,
) -> Option<String> {
    if let Some(at) = item.closed_at {
        let route = route_title(policy, item.outcome.as_deref().unwrap_or_default());
        return Some(format!(
            "{decided_by} decided this report at {}: {route}.",
            at.show()
        ));
    }
    let (assignee, name, at) = (item.assignee?, item.assignee_name.as_ref()?, item.taken_at?);
    if assignee == who.actor.id {
        return None;
    }
    Some(format!("{name} took this report at {}.", at.show()))
}

fn form(
    app: &App,
    who: &SignedIn,
    policy: &TriagePolicy,
    item: &WorkItem,
    proposal: &Proposal,
    chosen: Decision,
    from: &str,
) -> DecideForm {
    let classes = CrimeClass::ALL
        .into_iter()
        .filter(|c| c.is_decided())
        .map(|c| marked(Choice::new(c.name(), c.title()), c == proposal.class));
    let vulnerability = policy.vulnerability.bands.iter().map(|b| {
        let choice = Choice::new(b.name.clone(), capital(&b.name));
        marked(choice, b.name == proposal.vulnerability.band)
    });
    let acceptance = policy.acceptance.bands.iter().map(|b| {
        let choice = Choice::new(b.name.clone(), format!("Band {}", b.name));
        marked(choice, b.name == proposal.acceptance_band)
    });
    let routes = policy.routes.iter().map(|r| {
        marked(
            Choice::new(r.id.clone(), r.title.clone()),
            r.id == proposal.route,
        )
    });
    let top = policy.acceptance.bands.first();
    let is_top = top.is_some_and(|b| b.name == proposal.acceptance_band);
    DecideForm {
        action: format!("/reports/{}/decision", item.subject),
        version: item.version.to_string(),
        from: from.to_owned(),
        classes: classes.collect(),
        vulnerability: vulnerability.collect(),
        acceptance: acceptance.collect(),
        routes: routes.collect(),
        chosen,
        limit: u32::try_from(LONGEST_REASON).unwrap_or(u32::MAX),
        lowering: (is_top && !who.may(&OVERRIDE_DOWN)).then(|| lowering(app, policy)),
    }
}

fn marked(choice: Choice, proposed: bool) -> Choice {
    if proposed {
        choice.hint("Proposed")
    } else {
        choice
    }
}
