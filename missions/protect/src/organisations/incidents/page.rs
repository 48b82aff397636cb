//! The queue of incident support calls, and one call.

use askama::Template;
use axum::extract::{Path, Query, State as Shared};
use axum::http::StatusCode;
use axum::response::Response;
use record::access::{Act, Actor, Resource};
use record::time::Timestamp;
use serde::Deserialize;
use store::{Error as StoreError, Result as Stored, Row, Shown, Sql};
use web::parts::{
    Button, Choice, DueCell, Empty, FieldErrors, Hidden, Html, Input, Page, Pagination, Radios,
    Standing, Stat, StatRow, SubNav, SummaryList, Tag, Textarea, TimeStamp, Timeline, TimelineItem,
};
use web::{App, Error, SignedIn};

use super::call::{Call, opened};
use super::steps::{HANDED_OVER, TAKEN_OUT, WAYS};
use super::{ERROR, HAND_OVER, LIST, RECORD, VIEW};
use crate::organisations::fields::{Drawn, Fields};
use crate::organisations::policy::{OrganisationPolicy, choices, title_of};
use crate::organisations::rows::{href, visible};
use crate::victim_care::permit;

const ROWS: usize = 50;

/// What the queue is asked for.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// `open` or `closed`.
    pub view: String,
    /// Where the page begins: `next` of the page before.
    pub after: String,
}

/// A page of the queue.
pub struct Listing {
    pub rows: Vec<Call>,
    pub next: Option<String>,
    /// Open calls, those of them whose time is over without advice, and those that had advice.
    pub counts: [u64; 3],
}

fn wanted(actor: &Actor, closed: bool, after: &str) -> Sql {
    let sql = Sql::new("select * from protect_incident_call o where ");
    let place = after.split_once('.').and_then(|(at, id)| {
        let id: record::ids::RecordId = id.parse().ok()?;
        Some((at.parse::<i64>().ok()?, id))
    });
    let sql = match (closed, place) {
        (false, None) => sql.then("o.closed_at is null"),
        (true, None) => sql.then("o.closed_at is not null"),
        (false, Some((at, id))) => sql.with(
            "o.closed_at is null and (o.due_at > ? or (o.due_at = ? and o.id > ?))",
            [at.into(), at.into(), id.into()],
        ),
        (true, Some((at, id))) => sql.with(
            "o.closed_at is not null and (o.closed_at < ? or (o.closed_at = ? and o.id < ?))",
            [at.into(), at.into(), id.into()],
        ),
    };
    let limit = i64::try_from(ROWS + 1).unwrap_or(i64::MAX);
    let sql = visible(sql, &actor.scope());
    if closed {
        sql.with(
            " order by o.closed_at desc, o.id desc limit ?",
            [limit.into()],
        )
    } else {
        sql.with(" order by o.due_at, o.id limit ?", [limit.into()])
    }
}

fn counts(actor: &Actor, now: Timestamp) -> Sql {
    let sql = Sql::new("select count(*) as n, ")
        .with(
            "sum(case when o.first_advice_at is null and o.due_at < ? then 1 else 0 end) as late, ",
            [now.into()],
        )
        .then(
            "sum(case when o.first_advice_at is null then 0 else 1 end) as advised \
             from protect_incident_call o where o.closed_at is null",
        );
    visible(sql, &actor.scope())
}

/// Reads a page of the queue; what it shows is in the ledger before it is sent.
pub async fn read(app: &App, actor: &Actor, asked: &Asked) -> Result<Listing, Error> {
    let closed = asked.view == "closed";
    let of = Resource::of("queue", "protect.incident_calls").of_unit(actor.unit.clone());
    let grant = permit(app, actor, &LIST, &of, "").await?;
    let mut reader = app.store().read_to_show(&grant).await?;
    let found = reader.rows(wanted(actor, closed, &asked.after)).await?;
    let mut rows = found
        .iter()
        .map(Call::of)
        .collect::<Result<Vec<_>, StoreError>>()?;
    let more = rows.len() > ROWS;
    rows.truncate(ROWS);
    let counted = reader.first(counts(actor, app.now())).await?;
    let number = |name: &str| -> Stored<u64> {
        let row = counted.as_ref().ok_or(StoreError::NotFound)?;
        let n: Option<i64> = row.get(name)?;
        Ok(n.unwrap_or(0).unsigned_abs())
    };
    let counts = [number("n")?, number("late")?, number("advised")?];
    let shown = Shown {
        kind: "incident_call",
        query: asked.view.clone(),
        ids: rows.iter().map(|r| r.id.to_string()).collect(),
    };
    reader.shown(shown).await?;
    let at = |call: &Call| match call.closed_at {
        Some(at) if closed => at,
        _ => call.due_at,
    };
    let next = rows
        .last()
        .filter(|_| more)
        .map(|last| format!("{}.{}", at(last).micros(), last.id));
    Ok(Listing { rows, next, counts })
}

#[derive(Template)]
#[template(path = "organisations/incidents.html")]
struct ListPage {
    page: Page,
    views: SubNav,
    stats: StatRow,
    rows: Vec<Call>,
    closed: bool,
    now: Timestamp,
    may_record: bool,
    pages: Pagination,
}

impl ListPage {
    fn state(&self, call: &Call) -> Tag<'static> {
        state(call, self.now)
    }
}

/// How a call stands with its clock.
fn state(call: &Call, now: Timestamp) -> Tag<'static> {
    match (call.error.is_some(), call.first_advice_at) {
        (true, _) => Tag::grey("Error, not counted"),
        (_, Some(_)) if call.is_breached(now) => Tag::red("Advice came late"),
        (_, Some(_)) => Tag::green("Advice in time"),
        (_, None) if !call.is_open() => Tag::red("No advice"),
        (_, None) if call.is_breached(now) => Tag::red("Time is over"),
        (_, None) => Tag::blue("Waits for advice"),
    }
}

fn stats([open, late, advised]: [u64; 3]) -> StatRow {
    let late_standing = if late > 0 {
        Standing::OffTrack
    } else {
        Standing::Met
    };
    StatRow::new(vec![
        Stat::new(open.to_string(), "Open"),
        Stat::new(late.to_string(), "Past their time").standing(late_standing),
        Stat::new(advised.to_string(), "Advised, not handed over"),
    ])
}

/// `GET /incident-calls`.
pub async fn list(
    Shared(app): Shared<App>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let listing = read(&app, &who.actor, &asked).await?;
    let closed = asked.view == "closed";
    let view = if closed { "closed" } else { "open" };
    let next = listing
        .next
        .map(|next| format!("/incident-calls?view={view}&after={next}"));
    web::html(&ListPage {
        page: who.page(&app, "Incident support calls", "/incident-calls"),
        views: SubNav::new("Views")
            .view("Open", "/incident-calls", !closed, None)
            .view("Handed over", "/incident-calls?view=closed", closed, None),
        stats: stats(listing.counts),
        rows: listing.rows,
        closed,
        now: app.now(),
        may_record: who.may(&RECORD),
        pages: Pagination::new("Pages of calls").next(next),
    })
}

/// A line of a call's history.
pub struct Step {
    pub at: Timestamp,
    pub act: String,
    pub how: String,
    pub note: String,
    pub by: String,
}

impl Step {
    fn of(row: &Row) -> Stored<Step> {
        Ok(Step {
            at: row.get("at")?,
            act: row.get("act")?,
            how: row.get("how")?,
            note: row.get("note")?,
            by: row.get("by_name")?,
        })
    }
}

/// Opens a call with its history: a consultation.
pub async fn open(app: &App, actor: &Actor, id: &str) -> Result<(Call, Vec<Step>), Error> {
    let (call, grant) = opened(app, actor, id, &VIEW).await?;
    let mut reader = app.store().read(&grant).await?;
    let sql = Sql::new("select at, act, how, note, by_name from protect_incident_step where ")
        .with(
            "call = ? order by at desc, id desc limit 200",
            [call.id.into()],
        );
    let rows = reader.rows(sql).await?;
    drop(reader);
    let steps = rows.iter().map(Step::of).collect::<Result<_, _>>()?;
    Ok((call, steps))
}

#[derive(Template)]
#[template(path = "organisations/incident.html")]
struct OnePage {
    page: Page,
    call: Call,
    state: Tag<'static>,
    facts: SummaryList,
    organisation: Option<String>,
    request: Option<String>,
    history: Timeline,
    fields: Vec<Html>,
    version: String,
    now: Timestamp,
    may_record: bool,
    may_hand_over: bool,
    may_error: bool,
    hand_over: String,
    take_out: String,
    errors: FieldErrors,
}

fn history(policy: &OrganisationPolicy, steps: &[Step]) -> Timeline {
    let items = steps.iter().map(|step| {
        let title = match step.act.as_str() {
            HANDED_OVER => "Handed over",
            TAKEN_OUT => "Taken out as an error",
            act => title_of(&policy.incident.acts, act),
        };
        let way = WAYS.iter().find(|(id, _)| *id == step.how);
        let text = match way {
            Some((_, way)) => format!("{way}. {}", step.note),
            None => step.note.clone(),
        };
        TimelineItem::new(title, step.at).by(&step.by).text(text)
    });
    Timeline::new(items.collect())
}

fn facts(policy: &OrganisationPolicy, call: &Call) -> SummaryList {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let handed = call.handed_to.as_deref();
    let error = call.error.as_deref();
    SummaryList::new()
        .compact()
        .row("What is happening", call.trigger.title())
        .row("Who called", call.caller.as_str())
        .row_if("Role", some(&call.role))
        .row("Called", call.called_at.show())
        .row("First advice by", call.due_at.show())
        .row_if("First advice", call.first_advice_at.map(Timestamp::show))
        .row_if("Time was over", call.breached_at.map(Timestamp::show))
        .row_if("How the source is protected", some(&call.source_protected))
        .row_if(
            "Handed over to",
            handed.map(|to| title_of(&policy.incident.hand_over, to)),
        )
        .row_if(
            "Taken out",
            error.map(|e| title_of(&policy.incident.errors, e)),
        )
        .row("Recorded by", call.by.as_str())
}

fn step_fields(policy: &OrganisationPolicy, fields: &Fields, errors: &FieldErrors) -> Vec<Html> {
    let drawn = Drawn { fields, errors };
    let acts = choices(&policy.incident.acts);
    let ways = WAYS.map(|(id, title)| Choice::new(id, title));
    let note = Textarea::new("note", "What was said and done");
    let time = Input::new("at-time", "At what time, if not now");
    vec![
        Html::of(
            &Radios::new("act", "What was done", &acts)
                .chosen(fields.text("act"))
                .small()
                .errors(errors),
        ),
        Html::of(
            &Radios::new("how", "How they were reached", &ways)
                .chosen(fields.text("how"))
                .small()
                .errors(errors),
        ),
        Html::of(&note.value(fields.text("note")).rows(4).errors(errors)),
        drawn.day("at", "On which day, if not now", ""),
        Html::of(
            &time
                .hint("For example, 6:30pm")
                .characters(10)
                .value(fields.text("at-time")),
        ),
    ]
}

/// Draws a call with what was typed.
pub async fn draw(
    app: &App,
    who: &SignedIn,
    id: &str,
    fields: Fields,
    errors: FieldErrors,
) -> Result<Response, Error> {
    let policy = app.policy::<OrganisationPolicy>()?;
    let (call, steps) = open(app, &who.actor, id).await?;
    let resource = call.resource();
    let may = |act: &Act| who.actor.may(act, &resource);
    let version = match fields.text("version") {
        "" => call.version.to_string(),
        seen => seen.to_owned(),
    };
    let sees_organisations = who.may_open(app, "/organisations");
    let page = OnePage {
        page: who
            .page(app, &call.name, "/incident-calls")
            .back("Incident calls", "/incident-calls")
            .with_errors(&errors),
        state: state(&call, app.now()),
        facts: facts(&policy, &call),
        organisation: call.organisation.filter(|_| sees_organisations).map(href),
        request: call
            .request
            .filter(|_| who.may_open(app, "/public-requests"))
            .map(|id| format!("/public-requests/{id}")),
        history: history(&policy, &steps),
        fields: step_fields(&policy, &fields, &errors),
        version,
        now: app.now(),
        may_record: call.is_open() && may(&RECORD),
        may_hand_over: call.is_open() && may(&HAND_OVER),
        may_error: call.error.is_none() && may(&ERROR),
        hand_over: format!("{}/hand-over", call.href()),
        take_out: format!("{}/error", call.href()),
        call,
        errors,
    };
    let status = if page.errors.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    web::html_with(status, &page)
}

/// `GET /incident-calls/{id}`.
pub async fn one(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    draw(&app, &who, &id, Fields::default(), FieldErrors::new()).await
}
