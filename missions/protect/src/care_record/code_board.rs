//! The Victims' Code over all victims of a month, right by right, with the names behind what is late.

use askama::Template;
use axum::extract::{Query, State as Shared};
use axum::response::Response;
use record::access::{Resource, Scope};
use record::ids::WorkItemId;
use record::time::{Date, Timestamp};
use record::work::Priority;
use serde::Deserialize;
use store::{Row, Shown, Sql, work};
use web::parts::words::plural;
use web::parts::{Empty, Page};
use web::{App, Error, SignedIn};

use super::CODE;
use super::code::{Standing, State, standings};
use super::code_events::{Of, gather};
use crate::victim_care::{Care, QUEUE, permit};

/// The twelve rights of the Code, shortened.
pub const RIGHTS: [&str; 12] = [
    "To understand and to be understood",
    "The crime recorded without delay",
    "Information when reporting",
    "Referral and support",
    "Information on compensation",
    "Updates on the investigation",
    "Victim personal statement",
    "Information on the trial",
    "The outcome and appeals",
    "Expenses and property returned",
    "After a conviction",
    "Complaints",
];

/// Most victims of a month that are counted: several times the largest list there was.
const MOST: i64 = 20_000;
/// Names shown behind a figure.
const NAMES: usize = 20;

/// One right, over all victims of the month.
struct RightLine {
    title: String,
    due: u64,
    met: u64,
    late: u64,
    not_applicable: u64,
    names: Vec<(String, String)>,
    more: usize,
}

#[derive(Template)]
#[template(path = "care_record/code.html")]
struct BoardPage {
    page: Page,
    month: String,
    victims: String,
    lines: Vec<RightLine>,
    before: String,
    after: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    month: String,
}

/// A victim of the month, with the words and the address for the list of names.
struct Named {
    of: Of,
    name: String,
    href: String,
}

/// Victims received in a month.
fn victims(month: Date, scope: &Scope) -> Sql {
    let from = Timestamp::start_of(month);
    let until = Timestamp::start_of(month.month_after(1));
    let sql = Sql::new(
        "select w.id, w.subject, w.received_at, w.band, r.victim_label, r.reference \
         from work_item w join shared_report r on r.id = w.subject where ",
    )
    .with(
        "w.queue = ? and w.received_at >= ? and w.received_at < ? \
         and (w.outcome is null or w.outcome <> 'handed_over')",
        [QUEUE.into(), from.into(), until.into()],
    );
    let sql = work::visible(sql, scope);
    sql.with(" order by w.received_at, w.id limit ?", [MOST.into()])
}

fn named(row: &Row) -> store::Result<Named> {
    let id: WorkItemId = row.get("id")?;
    let label: String = row.get("victim_label")?;
    let reference: String = row.get("reference")?;
    Ok(Named {
        of: Of {
            report: row.get("subject")?,
            received_at: row.get("received_at")?,
            band: Priority::parse(&row.get::<String>("band")?).unwrap_or(Priority::High),
        },
        name: format!("{label}, {reference}"),
        href: format!("/victim-care/{id}/record"),
    })
}

/// `GET /victims-code`: due, met, late, not applicable, right by right, with the names that are late.
pub(super) async fn board(
    Shared(app): Shared<App>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let care = app.policy::<Care>()?;
    let this_month = app.now().day().first_of_month();
    let month = Date::parse(&format!("{}-01", asked.month)).unwrap_or(this_month);
    let queue = Resource::of("queue", QUEUE).of_unit(who.actor.unit.clone());
    let grant = permit(&app, &who.actor, &CODE, &queue, "").await?;
    let mut reader = app.store().read_to_show(&grant).await?;
    let rows = reader.rows(victims(month, &who.actor.scope())).await?;
    let all = rows
        .iter()
        .map(named)
        .collect::<store::Result<Vec<Named>>>()?;
    let of: Vec<Of> = all.iter().map(|n| n.of).collect();
    let known = gather(&mut reader.conn(), &care, &of).await?;
    let mut lines = new_lines();
    let (calendar, now) = (&care.plan.calendar, app.now());
    for one in &all {
        let Some((enhanced, events)) = known.get(&one.of.report) else {
            continue;
        };
        for standing in standings(&care.clocks, calendar, *enhanced, events, now) {
            count(&mut lines, &standing, one);
        }
    }
    let shown = lines
        .iter()
        .flat_map(|l| l.names.iter().map(|n| n.1.clone()));
    let shown = Shown {
        kind: "work_item",
        query: format!("month {month}"),
        ids: shown.collect(),
    };
    reader.shown(shown).await?;
    let link = |m: Date| format!("/victims-code?month={:04}-{:02}", m.year(), m.month());
    let next = month.month_after(1);
    lines.retain(|l| l.due + l.met + l.late + l.not_applicable > 0);
    let page = who.page(&app, "Victims' Code", "/victim-care");
    web::html(&BoardPage {
        page: page.back("Victim care", "/victim-care"),
        month: month.show_month(),
        victims: plural(all.len() as u64, "victim", "victims"),
        lines,
        before: link(month.month_after(-1)),
        after: (next <= this_month).then(|| link(next)),
    })
}

fn new_lines() -> Vec<RightLine> {
    let rights = RIGHTS
        .iter()
        .enumerate()
        .map(|(n, title)| format!("{}. {title}", n + 1));
    let titles = rights.chain(std::iter::once("Our own standard".to_owned()));
    let line = |title| RightLine {
        title,
        due: 0,
        met: 0,
        late: 0,
        not_applicable: 0,
        names: Vec::new(),
        more: 0,
    };
    titles.map(line).collect()
}

fn count(lines: &mut [RightLine], standing: &Standing, of: &Named) {
    let at = standing
        .right
        .map_or(RIGHTS.len(), |r| usize::from(r).saturating_sub(1));
    let Some(line) = lines.get_mut(at) else {
        return;
    };
    match standing.state {
        State::Due => line.due += 1,
        State::Met => line.met += 1,
        State::NotApplicable => line.not_applicable += 1,
        State::Late => {
            line.late += 1;
            if line.names.len() < NAMES {
                let name = format!("{} ({})", of.name, standing.clock);
                line.names.push((name, of.href.clone()));
            } else {
                line.more += 1;
            }
        }
    }
}
