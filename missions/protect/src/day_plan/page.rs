//! The plan as it is proposed, and its confirmation.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use record::access::Resource;
use record::ids::{RecordId, WorkItemId};
use record::time::Timestamp;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use store::{Entry, OnConflict, Shown, Tx, work};
use web::parts::{Button, Empty, Hidden, Notice, Page, PriorityTag, TimeStamp, words};
use web::{App, Error, Form, SignedIn};

use super::plan::{Caller, Duty, Plan, Slot, Why, plan};
use super::policy::PlanPolicy;
use super::read::{self, Open};
use super::{CONFIRM, VIEW};
use crate::care_record::RecordPolicy;
use crate::care_record::policy::title;
use crate::victim_care::{Care, permit};

/// A proposal is good for so long: then the day is looked at again.
const GOOD_FOR_MINUTES: i64 = 60;
/// Duties that will run out, shown on the page at most.
const MOST_SHOWN: usize = 100;

/// The plan with what it was made of.
struct Proposal {
    callers: Vec<Caller>,
    open: Vec<Open>,
    plan: Plan,
    as_of: Timestamp,
}

async fn propose(app: &App, who: &SignedIn, as_of: Timestamp) -> Result<Proposal, Error> {
    let (policy, care) = (app.policy::<PlanPolicy>()?, app.policy::<Care>()?);
    let of = Resource::of("page", "day_plan").of_unit(who.actor.unit.clone());
    let grant = permit(app, &who.actor, &VIEW, &of, "").await?;
    let mut reader = app.store().read_to_show(&grant).await?;
    let mut conn = reader.conn();
    let callers = read::staff(&mut conn, &who.actor, as_of.day()).await?;
    let open = read::duties(&mut conn, &who.actor, &policy, as_of).await?;
    let ids = open.iter().map(|o| o.duty.id.to_string()).collect();
    reader
        .shown(Shown {
            kind: "work_item",
            query: "plan of the day".to_owned(),
            ids,
        })
        .await?;
    let day_end = Timestamp::at(as_of.day(), care.plan.office.evening_until, 0);
    // Planning takes a while for a large unit: not on a thread that serves others.
    let work = tokio::task::spawn_blocking(move || {
        let duties: Vec<Duty> = open.iter().map(|o| o.duty.clone()).collect();
        let plan = plan(&callers, &duties, as_of, day_end);
        Proposal {
            callers,
            open,
            plan,
            as_of,
        }
    });
    work.await.map_err(|e| Error::internal(&e))
}

impl Proposal {
    /// What a person confirms: who gets which duty in which order, of which version.
    fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for slot in &self.plan.slots {
            let line = format!(
                "{} {} {} {}\n",
                slot.duty, slot.version, slot.caller, slot.place
            );
            hash.update(line.as_bytes());
        }
        hex::encode(hash.finalize())
    }
}

struct CallerDay {
    name: String,
    facts: String,
    rows: Vec<SlotLine>,
}

struct SlotLine {
    start: Timestamp,
    name: String,
    reference: String,
    href: String,
    band: record::work::Priority,
    due: Timestamp,
    kept: bool,
}

struct BreachLine {
    name: String,
    reference: String,
    href: String,
    due: Timestamp,
    why: String,
}

#[derive(Template)]
#[template(path = "day_plan/page.html")]
struct PlanPage {
    page: Page,
    lede: String,
    days: Vec<CallerDay>,
    breaches: Vec<BreachLine>,
    more: usize,
    nobody: bool,
    may_confirm: bool,
    assigns: String,
    digest: String,
    as_of: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    done: String,
    count: u64,
}

/// `GET /day-plan`.
pub(super) async fn page(
    State(app): State<App>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let proposal = propose(&app, &who, app.now()).await?;
    let (records, policy) = (app.policy::<RecordPolicy>()?, app.policy::<PlanPolicy>()?);
    let of: HashMap<WorkItemId, &Open> = proposal.open.iter().map(|o| (o.duty.id, o)).collect();
    let breaches = proposal.plan.breaches.iter().filter_map(|b| {
        let open = of.get(&b.duty)?;
        Some(BreachLine {
            name: open.name.clone(),
            reference: open.reference.clone(),
            href: open.href.clone(),
            due: b.due,
            why: why_words(b.why.as_ref(), b.start, &records, &policy),
        })
    });
    let mut breaches: Vec<BreachLine> = breaches.collect();
    let (running_out, planned) = (breaches.len(), proposal.plan.slots.len());
    breaches.truncate(MOST_SHOWN);
    let new = proposal
        .plan
        .slots
        .iter()
        .filter(|s| is_new(s, &of))
        .count();
    let mut page = who.page(&app, "Plan of the day", "/day-plan");
    if asked.done == "yes" {
        let given = words::plural(asked.count, "duty", "duties");
        page.notice = Some(Notice::success(format!("Confirmed. {given} assigned.")));
    }
    let plural = |n: usize| words::plural(n as u64, "duty", "duties");
    web::html(&PlanPage {
        page,
        lede: format!(
            "{} looked at, {} planned for {}. {} will run out of time today if nothing changes.",
            plural(proposal.open.len()),
            planned,
            words::plural(proposal.callers.len() as u64, "caller", "callers"),
            plural(running_out)
        ),
        days: proposal
            .callers
            .iter()
            .map(|c| caller_day(c, &proposal.plan, &of))
            .collect(),
        more: running_out - breaches.len(),
        breaches,
        nobody: proposal.callers.is_empty(),
        may_confirm: who.may(&CONFIRM) && new > 0,
        assigns: format!("Confirm: assign {}", plural(new)),
        digest: proposal.digest(),
        as_of: proposal.as_of.micros().to_string(),
    })
}

/// Whether the slot gives a duty to somebody who does not have it yet.
fn is_new(slot: &Slot, of: &HashMap<WorkItemId, &Open>) -> bool {
    of.get(&slot.duty)
        .is_some_and(|o| o.duty.with != Some(slot.caller))
}

fn caller_day(caller: &Caller, plan: &Plan, of: &HashMap<WorkItemId, &Open>) -> CallerDay {
    let rows = plan
        .slots
        .iter()
        .filter(|s| s.caller == caller.id)
        .filter_map(|slot| {
            let open = of.get(&slot.duty)?;
            Some(SlotLine {
                start: slot.start,
                name: open.name.clone(),
                reference: open.reference.clone(),
                href: open.href.clone(),
                band: open.duty.band,
                due: open.duty.due,
                kept: open.duty.with == Some(caller.id),
            })
        });
    let rows: Vec<SlotLine> = rows.collect();
    CallerDay {
        name: caller.name.clone(),
        facts: format!(
            "{} to {}, {}",
            caller.from.show_time(),
            caller.until.show_time(),
            words::plural(rows.len() as u64, "duty", "duties")
        ),
        rows,
    }
}

fn why_words(
    why: Option<&Why>,
    start: Option<Timestamp>,
    records: &RecordPolicy,
    policy: &PlanPolicy,
) -> String {
    let skill = |id: &String| {
        let found = policy.skills.iter().find(|s| s.id == *id);
        found.map_or_else(|| title(&records.languages, id), |s| s.title.clone())
    };
    match why {
        None => match start {
            Some(at) => format!("Planned for {}, which is too late", at.show_time()),
            None => "Planned too late".to_owned(),
        },
        Some(Why::NobodySpeaks(language)) => {
            format!(
                "Nobody on duty speaks {}",
                title(&records.languages, language)
            )
        }
        Some(Why::NobodyCan(skills)) => {
            let named: Vec<String> = skills.iter().map(skill).collect();
            format!("Nobody on duty has: {}", named.join(", "))
        }
        Some(Why::NobodyOnDuty) => "Nobody of its unit is on duty".to_owned(),
        Some(Why::HolderAway) => "Whoever has it is not on duty".to_owned(),
        Some(Why::NoTime) => "No time is left, or no safe time to call".to_owned(),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Confirmed {
    digest: String,
    as_of: i64,
}

/// `POST /day-plan`: assigns what was seen, if nothing has changed since.
pub(super) async fn confirm(
    State(app): State<App>,
    who: SignedIn,
    Form(form): Form<Confirmed>,
) -> Result<Response, Error> {
    let stale = || Error::Conflict {
        what: "The duties or the staff have changed since you saw this plan".to_owned(),
        href: "/day-plan".to_owned(),
    };
    let as_of = Timestamp::from_micros(form.as_of);
    let now = app.now();
    if as_of > now || now.minutes_since(as_of) > GOOD_FOR_MINUTES || as_of.day() != now.day() {
        return Err(stale());
    }
    let proposal = propose(&app, &who, as_of).await?;
    if proposal.digest() != form.digest {
        return Err(stale());
    }
    let of = Resource::of("day_plan", as_of.day().to_string()).of_unit(who.actor.unit.clone());
    let grant = permit(&app, &who.actor, &CONFIRM, &of, "").await?;
    let policy = app.policy::<PlanPolicy>()?;
    let (digest, by, unit) = (
        policy.digest.clone(),
        who.actor.name.clone(),
        who.actor.unit.clone(),
    );
    let given = app.store().write(&grant, move |tx| {
        Box::pin(async move {
            let id = RecordId(tx.id());
            let row = vec![
                id.into(),
                as_of.day().into(),
                tx.now().into(),
                by.into(),
                unit.into(),
                digest.into(),
            ];
            let columns = &["id", "day", "at", "by_name", "unit", "policy"];
            tx.insert("protect_day_plan", columns, vec![row], OnConflict::Fail)
                .await?;
            assign(tx, id, &proposal).await
        })
    });
    match given.await {
        Ok(count) => Ok(Redirect::to(&format!("/day-plan?done=yes&count={count}")).into_response()),
        Err(store::Error::Conflict) => Err(stale()),
        Err(other) => Err(other.into()),
    }
}

async fn assign(tx: &mut Tx<'_>, id: RecordId, proposal: &Proposal) -> store::Result<usize> {
    let of: HashMap<WorkItemId, &Open> = proposal.open.iter().map(|o| (o.duty.id, o)).collect();
    let names: HashMap<_, &str> = proposal
        .callers
        .iter()
        .map(|c| (c.id, c.name.as_str()))
        .collect();
    let mut rows = Vec::with_capacity(proposal.plan.slots.len());
    let mut given = 0;
    for slot in &proposal.plan.slots {
        if is_new(slot, &of) {
            let name = names.get(&slot.caller).copied().unwrap_or_default();
            work::allocate(tx, slot.duty, slot.version, slot.caller, name).await?;
            tx.enter(Entry {
                kind: "work_item",
                id: slot.duty.to_string(),
                detail: serde_json::json!({ "caller": slot.caller, "place": slot.place })
                    .to_string(),
                ..Entry::default()
            });
            given += 1;
        }
        rows.push(vec![
            id.into(),
            slot.duty.into(),
            slot.caller.into(),
            i64::try_from(slot.place).unwrap_or(i64::MAX).into(),
            slot.start.into(),
            slot.end.into(),
        ]);
    }
    let columns = &["plan", "item", "caller", "place", "start_at", "end_at"];
    tx.insert("protect_day_plan_slot", columns, rows, OnConflict::Fail)
        .await?;
    Ok(given)
}
