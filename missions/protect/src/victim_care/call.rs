//! The call page: everything a caller needs about one victim on one screen, and what came of it.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use record::access::Actor;
use record::ids::WorkItemId;
use record::time::Timestamp;
use record::work::{WorkItem, WorkState};
use serde::Deserialize;
use store::Tx;
use web::parts::{
    Button, CharacterCount, Checkboxes, Choice, DateInput, FieldErrors, Hidden, Input, LabelSize,
    Money, Page, PriorityTag, Radios, Select, SummaryList, Tag, Textarea, TimeStamp, Timeline,
    WarningText,
};
use web::{App, Form, SignedIn, html, html_with};

use super::assign::{or_conflict, release as put_back, take as take_item};
use super::before_dialling;
use super::call_parts::{self, ClockLine, ReasonLine};
use super::contact::record_contact;
use super::duty::Effect;
use super::form::{ContactInput, Faults, check};
use super::money_back::MoneyBack;
use super::policy::Care;
use super::sheet::{Opened, Sheet, open};
use super::{NewContact, RECORD, RELEASE, TAKE, drafts, href, item_id, notices, permit};
use crate::care_record::safe::{self, Checked};
use crate::care_record::{RecordPolicy, ask_supervisor};
use crate::repeat_victims::Card;

#[derive(Template)]
#[template(path = "victim_care/call.html")]
struct CallPage {
    page: Page,
    sheet: Sheet,
    fields: call_parts::Fields,
    errors: FieldErrors,
    input: ContactInput,
    guides: Vec<call_parts::GuideFields>,
    prevention: Vec<call_parts::Question>,
    support: Vec<call_parts::Question>,
    clocks: Vec<ClockLine>,
    reasons: Vec<ReasonLine>,
    unknown: Vec<String>,
    warnings: Vec<String>,
    reports: Vec<call_parts::ReportCard>,
    history: Timeline,
    next_step: String,
    script: call_parts::Script,
    can_take: bool,
    can_release: bool,
    can_record: bool,
    may_write: bool,
    taken_by_other: Option<String>,
    needs: SummaryList,
    unsafe_now: Option<String>,
    has_rule: bool,
    ways: Vec<before_dialling::LossWays>,
    money_warnings: Vec<String>,
    restored: Option<Timestamp>,
    next_steps: Vec<Choice>,
    ended: Option<String>,
    longest_note: u32,
    repeat: Card,
}

pub(super) async fn page(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, web::Error> {
    match open(&app, &who.actor, item_id(&id)?).await? {
        Opened::Follows(lead) => Ok(Redirect::to(&href(lead)).into_response()),
        Opened::Sheet(sheet) => {
            let input = written_before(&sheet).unwrap_or_else(|| call_parts::fresh_input(&sheet));
            let mut page = build(&app, &who, *sheet, input, FieldErrors::new())?;
            page.page.notice = notices::notice(&pairs);
            html(&page)
        }
    }
}

/// What the caller had written before the line was lost, as far as it still fits.
fn written_before(sheet: &Sheet) -> Option<ContactInput> {
    let draft = sheet.draft.as_ref().filter(|_| sheet.is_open())?;
    let mut input = ContactInput::of_fields(&draft.fields);
    // The contact is recorded against the item as it is shown now.
    input.version = sheet.item.version;
    Some(input)
}

fn build(
    app: &App,
    who: &SignedIn,
    sheet: Sheet,
    input: ContactInput,
    errors: FieldErrors,
) -> Result<CallPage, web::Error> {
    let (care, money) = (app.policy::<Care>()?, app.policy::<MoneyBack>()?);
    let records = app.policy::<RecordPolicy>()?;
    let now = app.now();
    let resource = store::work::resource(&sheet.item);
    let may = |act| sheet.is_open() && who.actor.may(act, &resource);
    let is_mine = sheet.item.assignee == Some(who.actor.id);
    let is_taken = sheet.item.state == WorkState::Taken;
    let title = format!("Call {}", sheet.name);
    let page = who
        .page(app, &title, "/victim-care")
        .back("Call list", "/victim-care")
        .with_errors(&errors);
    Ok(CallPage {
        can_take: may(&TAKE) && !is_taken,
        can_release: may(&RELEASE) && is_taken && is_mine,
        can_record: may(&RECORD),
        may_write: who.may_open(app, "/victim-care/{id}/message"),
        taken_by_other: before_dialling::taken_by_other(&sheet, who.actor.id),
        fields: call_parts::Fields::of(&care, &sheet, &input),
        guides: call_parts::guides(&care, &sheet, &input),
        prevention: call_parts::prevention(&care, &input),
        support: call_parts::support(&care, &input),
        clocks: call_parts::clocks(&care, &sheet, now),
        reasons: call_parts::reasons(&sheet),
        unknown: call_parts::unknown(&sheet),
        warnings: call_parts::warnings(&sheet),
        reports: call_parts::report_cards(&care, &sheet),
        history: call_parts::history(&care, &sheet),
        next_step: call_parts::next_step(&care, &sheet),
        script: call_parts::Script::of(&care, who, &sheet),
        ended: call_parts::ended(&care, &sheet),
        repeat: Card::of(app, who, &sheet)?,
        needs: before_dialling::needs(&records, &sheet),
        unsafe_now: before_dialling::unsafe_now(&sheet, now),
        has_rule: sheet.needs.as_ref().is_some_and(|n| n.content.is_rule()),
        ways: before_dialling::ways(&money, &sheet, now),
        money_warnings: money.warnings.clone(),
        restored: sheet
            .draft
            .as_ref()
            .filter(|_| sheet.is_open())
            .map(|d| d.at),
        next_steps: before_dialling::next_steps(&care, &sheet, &input),
        longest_note: u32::try_from(care.longest_note).unwrap_or(u32::MAX),
        page,
        sheet,
        errors,
        input,
    })
}

/// What came of recording a contact.
pub(super) enum Recorded {
    /// How the sheet stands now.
    Done {
        advised: bool,
        ended: bool,
    },
    Wrong(Box<Sheet>, Faults),
}

/// Records a contact: the same for the page and the API.
pub(super) async fn record(
    app: &App,
    actor: &Actor,
    id: WorkItemId,
    input: &ContactInput,
) -> Result<Recorded, web::Error> {
    let sheet = match open(app, actor, id).await? {
        Opened::Sheet(sheet) => sheet,
        Opened::Follows(lead) => {
            return Err(web::Error::Conflict {
                what: "This report is worked in the same call as another of this victim".to_owned(),
                href: href(lead),
            });
        }
    };
    let resource = store::work::resource(&sheet.item);
    let grant = permit(app, actor, &RECORD, &resource, "").await?;
    let care = app.policy::<Care>()?;
    if !sheet.is_open() || sheet.item.version != input.version {
        return or_conflict(app, actor, id, Err::<Recorded, _>(store::Error::Conflict)).await;
    }
    let contact = match check(&care, &sheet, actor, input, app.now()) {
        Ok(contact) => contact,
        Err(faults) => return Ok(Recorded::Wrong(sheet, faults)),
    };
    let records = app.policy::<RecordPolicy>()?;
    let needs = sheet.needs.as_ref().map(|kept| &kept.content);
    let checked = safe::check(needs, &records, &contact, &input.safe_reason);
    if let Some(broken) = checked
        .as_ref()
        .filter(|c| !c.rule.is_empty() && c.reason.is_empty())
    {
        let message = format!("{}. Say why you contact them all the same", broken.rule);
        return Ok(Recorded::Wrong(
            sheet,
            Faults(vec![("safe_reason".to_owned(), message)]),
        ));
    }
    let effect = care.outcome(&contact.outcome).map(|o| o.effect);
    let counts = contact.channel.counts(care.plan.video_counts);
    let advised = effect == Some(Effect::Advice) && counts;
    let ended = advised || effect.is_some_and(|e| e.end().is_some());
    let ask = (input.next_step == "supervisor" && !ended).then(|| input.note.clone());
    let kept = Beside {
        checked,
        ask,
        item: sheet.item.clone(),
    };
    let done = app.store().write(&grant, move |tx| {
        Box::pin(async move { kept.write(tx, &care, &contact).await })
    });
    or_conflict(app, actor, id, done.await).await?;
    Ok(Recorded::Done { advised, ended })
}

/// What is kept beside a contact, in its transaction.
struct Beside {
    checked: Option<Checked>,
    /// What a supervisor is asked.
    ask: Option<String>,
    item: WorkItem,
}

impl Beside {
    async fn write(self, tx: &mut Tx<'_>, care: &Care, contact: &NewContact) -> store::Result<()> {
        let id = record_contact(tx, care, contact).await?;
        let report = contact
            .reports
            .first()
            .copied()
            .unwrap_or(self.item.subject);
        if let Some(checked) = &self.checked {
            let of = safe::Kept {
                contact: id,
                report,
                at: contact.at,
                by_name: &contact.by.name,
                unit: &contact.by.unit,
            };
            safe::keep(tx, of, checked).await?;
        }
        if let Some(reason) = &self.ask {
            let by = (contact.by.id, contact.by.name.as_str());
            ask_supervisor(tx, &self.item, by, reason).await?;
        }
        drafts::forget(tx, self.item.id, contact.by.id).await
    }
}

pub(super) async fn submit(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, web::Error> {
    let input = ContactInput::of_fields(&fields);
    let id = item_id(&id)?;
    match record(&app, &who.actor, id, &input).await? {
        Recorded::Done { advised: true, .. } => Ok(notices::go("/victim-care", "advised", 1)),
        Recorded::Done { ended: true, .. } => Ok(notices::go("/victim-care", "ended", 1)),
        Recorded::Done { .. } => Ok(notices::go("/victim-care", "recorded", 1)),
        Recorded::Wrong(sheet, faults) => {
            let care = app.policy::<Care>()?;
            let errors = call_parts::field_errors(&faults, &care);
            let page = build(&app, &who, *sheet, input, errors)?;
            html_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Seen {
    version: i64,
}

pub(super) async fn take(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(seen): Form<Seen>,
) -> Result<Response, web::Error> {
    let id = item_id(&id)?;
    take_item(&app, &who.actor, id, seen.version).await?;
    Ok(notices::go(&href(id), "taken", 1))
}

pub(super) async fn release(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(seen): Form<Seen>,
) -> Result<Response, web::Error> {
    let id = item_id(&id)?;
    put_back(&app, &who.actor, id, seen.version).await?;
    Ok(notices::go("/victim-care", "released", 1))
}
