//! A report's parts as its page shows them: words for codes, rows for facts.

use record::access::Act;
use record::report::{CrimeClass, Party, PartyKind};
use record::time::Timestamp;
use record::work::{WorkItem, WorkState};
use web::App;
pub(crate) use web::parts::words::readable as in_words;
use web::parts::words::{because, found as found_in_words, plural, pounds, spoken};
use web::parts::{Html, SummaryList, Timeline, TimelineItem};

use super::SENSITIVE;
use super::open::{Mention, Opened};
use crate::receive::{Desk, OFFENDER, VICTIM};
use crate::sightings::kind_title;
use crate::triage::{Factor, Proposal, Score};

/// A scored table of the proposal.
pub(super) struct ScoreView {
    pub title: &'static str,
    pub band: String,
    pub points: i64,
    pub confidence: String,
    /// Points and the answer they come from.
    pub lines: Vec<(String, String)>,
    pub unknown: Vec<String>,
}

impl ScoreView {
    pub fn not_known(&self) -> String {
        let n = u64::try_from(self.unknown.len()).unwrap_or(u64::MAX);
        let questions = plural(n, "question", "questions");
        format!("Not known: {questions} ({})", self.confidence)
    }
}

/// A value found, for the list below the narrative.
pub(super) struct FoundView {
    pub href: String,
    pub kind: String,
    pub value: String,
    pub note: &'static str,
}

/// A work item with the title of its queue.
pub(super) struct ItemView {
    pub queue: String,
    pub state: &'static str,
    pub who: String,
    pub outcome: String,
    pub item: WorkItem,
}

pub(crate) fn class_title(name: &str) -> String {
    CrimeClass::parse(name).map_or_else(|| in_words(name), |c| c.title().to_owned())
}

pub(super) fn route_title(desk: &Desk, proposal: &Proposal) -> String {
    route_named(desk, &proposal.route)
}

pub(super) fn route_named(desk: &Desk, id: &str) -> String {
    let route = desk.triage.policy.route(id);
    route.map_or_else(|| in_words(id), |r| r.title.clone())
}

/// Everything of the report that is not the narrative, a party or an answer.
pub(super) fn facts(desk: &Desk, opened: &Opened) -> SummaryList {
    let (row, report) = (&opened.row, &opened.report);
    let code = report.nfib_code.as_deref().unwrap_or_default();
    let mut list = SummaryList::new()
        .compact()
        .row("Reference", row.reference.as_str())
        .row("Source", row.source.as_str())
        .row_if("Reported", report.reported_at.map(Timestamp::show))
        .row("Received", row.received_at.show())
        .row("Entered", row.entered_at.show())
        .row_if("Event from", report.event_from.map(|d| d.show()))
        .row_if("Event to", report.event_to.map(|d| d.show()))
        .row("Crime code", desk.codes.title(code))
        .row_if("Local crime number", report.local_crime_no.as_deref())
        .row(
            "Loss as reported",
            report.loss_pence.map_or("Not known".to_owned(), pounds),
        )
        .row_if("Contact by", report.contact_method.as_deref())
        .row_if("Payment by", report.payment_method.as_deref())
        .row_if("Platform", report.platform.as_deref())
        .row_if("District", report.district.as_deref())
        .row("Unit", row.unit.as_str());
    if !report.markers.is_empty() {
        let words: Vec<String> = report.markers.iter().map(|m| in_words(m)).collect();
        list = list.row("Markers", words.join(", "));
    }
    for identifier in &report.identifiers {
        let field = identifier.field.strip_prefix("suspect_");
        let field = field.unwrap_or(&identifier.field);
        list = list.row(
            format!("Offender's {}", field.replace('_', " ")),
            identifier.text.as_str(),
        );
    }
    for (factor, answer) in &report.answers {
        list = list.row(question(desk, factor), in_words(answer));
    }
    list.row("Content digest (SHA-256)", row.digest.as_str())
}

/// A party as described, with the record it was drawn to.
pub(super) fn party(party: &Party, mention: Option<&Mention>) -> SummaryList {
    let kind = match party.kind {
        PartyKind::Person => "Person",
        PartyKind::Organisation => "Organisation",
    };
    let mut list = SummaryList::new()
        .compact()
        .row("Name", party.display_name())
        .row("Kind", kind)
        .row_if("Date of birth", party.date_of_birth.map(|d| d.show()))
        .row_if("Company number", party.company_number.as_deref())
        .row_if("Staff", party.staff_count.map(|n| n.to_string()))
        .row_if("Phone", party.phone.as_deref())
        .row_if("Email", party.email.as_deref())
        .row_if("Address", party.address.as_deref())
        .row_if("Postcode", party.postcode.as_deref())
        .row_if("Safe contact", party.safe_contact.as_deref())
        .row_if("Language", party.language.as_deref());
    if let Some(mention) = mention {
        let text = match (mention.role.as_str(), mention.person_reports) {
            (VICTIM, n) if n > 1 => format!("{} ({n} reports as victim)", mention.label),
            _ => mention.label.clone(),
        };
        let link = RecordLink {
            href: format!("/people/{}", mention.person),
            text,
        };
        list = list.row("On record", Html::of(&link));
    }
    list
}

#[derive(askama::Template)]
#[template(
    source = r#"<a class="govuk-link" href="{{ href }}">{{ text }}</a>"#,
    ext = "html"
)]
struct RecordLink {
    href: String,
    text: String,
}

impl askama::filters::HtmlSafe for RecordLink {}

/// Values found, the offender's first.
pub(super) fn found(opened: &Opened) -> Vec<FoundView> {
    let mut all: Vec<&super::open::Sighting> = opened
        .sightings
        .iter()
        .filter(|s| s.kind != "nominal")
        .collect();
    all.sort_by_key(|s| s.role != OFFENDER);
    all.into_iter()
        .map(|s| FoundView {
            href: format!("/observables/{}", s.observable),
            kind: kind_title(&s.kind),
            value: s.value.clone(),
            note: if s.rejected {
                "link rejected"
            } else if s.role == VICTIM {
                "victim's or context"
            } else {
                ""
            },
        })
        .collect()
}

pub(super) fn scores(desk: &Desk, proposal: &Proposal) -> Vec<ScoreView> {
    let policy = &desk.triage.policy;
    vec![
        score(
            "Vulnerability",
            &policy.vulnerability.factor,
            &proposal.vulnerability,
        ),
        score(
            "Solvability",
            &policy.solvability.factor,
            &proposal.solvability,
        ),
    ]
}

fn score(title: &'static str, factors: &[Factor], score: &Score) -> ScoreView {
    let asked = |id: &str| {
        let factor = factors.iter().find(|f| f.id == id);
        match factor.map(|f| f.question.as_str()) {
            Some(question) if !question.is_empty() => question.to_owned(),
            _ => in_words(id),
        }
    };
    ScoreView {
        title,
        band: in_words(&score.band),
        points: score.points,
        confidence: format!("{}% of questions answered", score.confidence),
        lines: score
            .reasons
            .iter()
            .map(|r| {
                let text = format!(
                    "{}: {}. From: {}",
                    asked(&r.factor),
                    found_in_words(&r.factor, &r.value),
                    because(&r.source)
                );
                (points(r.points), text)
            })
            .collect(),
        unknown: score.unknown.iter().map(|u| asked(u)).collect(),
    }
}

/// Points with their sign: "+4", "−2".
fn points(points: i64) -> String {
    let sign = if points < 0 { "−" } else { "+" };
    format!("{sign}{}", points.unsigned_abs())
}

/// The groups of acceptance: points and reason, group by group.
pub(super) fn groups(proposal: &Proposal) -> Vec<(String, String)> {
    proposal
        .acceptance
        .iter()
        .flat_map(|g| &g.reasons)
        .map(|r| {
            let (group, factor) = r.factor.split_once('.').unwrap_or(("", &r.factor));
            let text = format!(
                "{}: {} ({}). From: {}",
                in_words(group),
                spoken(factor),
                found_in_words(factor, &r.value),
                because(&r.source)
            );
            (points(r.points), text)
        })
        .collect()
}

/// Rules that hold whatever the points, and processes the answers start.
pub(super) fn rules(proposal: &Proposal) -> Vec<String> {
    let all = [
        ("Must be accepted", &proposal.must_accept),
        ("Must be referred", &proposal.must_refer),
        ("To be started", &proposal.vulnerability.actions),
        ("To be started", &proposal.solvability.actions),
    ];
    all.into_iter()
        .flat_map(|(what, ids)| ids.iter().map(move |id| format!("{what}: {}", spoken(id))))
        .collect()
}

fn question(desk: &Desk, factor: &str) -> String {
    let policy = &desk.triage.policy;
    let all = policy
        .vulnerability
        .factor
        .iter()
        .chain(&policy.solvability.factor);
    all.into_iter()
        .find(|f| f.id == factor && !f.question.is_empty())
        .map_or_else(|| in_words(factor), |f| f.question.clone())
}

pub(super) fn items(app: &App, opened: &Opened) -> Vec<ItemView> {
    let queues = || app.capabilities().iter().flat_map(|c| c.queues);
    opened
        .items
        .iter()
        .map(|item| {
            let queue = queues().find(|q| q.name == item.queue);
            ItemView {
                queue: queue.map_or_else(|| in_words(&item.queue), |q| q.title.to_owned()),
                state: match item.state {
                    WorkState::Open => "Open",
                    WorkState::Taken => "Taken",
                    WorkState::Closed => "Closed",
                },
                who: match (&item.assignee_name, item.state) {
                    (Some(name), _) => name.clone(),
                    (None, WorkState::Closed) => String::new(),
                    (None, _) => "Nobody yet".to_owned(),
                },
                outcome: item.outcome.as_deref().map(in_words).unwrap_or_default(),
                item: item.clone(),
            }
        })
        .collect()
}

/// What happened to the report, latest first.
pub(super) fn history(app: &App, desk: &Desk, opened: &Opened) -> Timeline {
    let row = &opened.row;
    let mut items = vec![
        TimelineItem::new("Report received", row.received_at),
        TimelineItem::new("Entered", row.entered_at),
    ];
    if let Some((at, proposal)) = &opened.proposal {
        let text = format!(
            "Priority {}, band {}, to {}",
            proposal.severity.title().to_lowercase(),
            proposal.acceptance_band,
            route_title(desk, proposal)
        );
        items.push(TimelineItem::new("Triage proposed", *at).text(text));
    }
    for decision in &opened.decisions {
        let title = if decision.overridden {
            "Decided, proposal overridden"
        } else {
            "Decided as proposed"
        };
        let text = format!(
            "To {}. {}",
            route_named(desk, &decision.route),
            decision.reason
        );
        items.push(
            TimelineItem::new(title, decision.at)
                .by(decision.author.as_str())
                .text(text.trim()),
        );
    }
    for view in self::items(app, opened) {
        if let Some(at) = view.item.taken_at {
            let title = format!("Taken from {}", view.queue);
            items.push(TimelineItem::new(title, at).by(view.who.as_str()));
        }
        if let Some(at) = view.item.closed_at {
            let title = format!("Closed on {}", view.queue);
            items.push(TimelineItem::new(title, at).text(view.outcome.as_str()));
        }
    }
    for entry in &opened.changes {
        let title = if entry.refused {
            format!("Refused: {}", act_title(app, &entry.act))
        } else {
            act_title(app, &entry.act)
        };
        items.push(
            TimelineItem::new(title, entry.at)
                .by(entry.actor_name.as_str())
                .text(entry.reason.as_str()),
        );
    }
    items.sort_by_key(|i| std::cmp::Reverse(i.at));
    Timeline::new(items)
}

/// Who opened the report: name, time, act.
pub(super) fn opened_by(
    app: &App,
    opened: &Opened,
    withheld: bool,
) -> Vec<(String, Timestamp, String)> {
    opened
        .consultations
        .iter()
        .filter(|e| !withheld || e.act != SENSITIVE.name)
        .map(|e| (e.actor_name.clone(), e.at, act_title(app, &e.act)))
        .collect()
}

fn act_title(app: &App, name: &str) -> String {
    let acts = app.capabilities().iter().flat_map(|c| c.acts);
    let known: Option<&Act> = acts.into_iter().find(|a| a.name == name);
    known.map_or_else(|| in_words(name), |a| a.title.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_and_classes_become_words() {
        assert_eq!(points(-2), "−2");
        assert_eq!(points(7), "+7");
        assert_eq!(class_title("cyber_dependent"), "Cyber-dependent");
    }
}
