//! Parts of the call page: what a caller reads before dialling, money back, what follows.

use record::ids::ActorId;
use record::time::Timestamp;
use record::work::WorkState;
use web::parts::{Choice, SummaryList};

use super::call_parts;
use super::duty::Channel;
use super::form::{ContactInput, NEXT_STEPS};
use super::money_back::{MoneyBack, Way};
use super::policy::Care;
use super::sheet::Sheet;
use crate::care_record::RecordPolicy;

/// Safe contact and needs, line by line; empty when nobody has asked yet.
pub fn needs(policy: &RecordPolicy, sheet: &Sheet) -> SummaryList {
    let lines = sheet
        .needs
        .iter()
        .flat_map(|kept| kept.content.lines(policy));
    lines.fold(SummaryList::new().compact(), |list, (name, text)| {
        list.row(name, text)
    })
}

/// Why a call now would break the safe-contact rule, and when the next safe time is.
pub fn unsafe_now(sheet: &Sheet, now: Timestamp) -> Option<String> {
    let needs = &sheet.needs.as_ref()?.content;
    let rule = needs.broken_by(now, Channel::Phone, false)?;
    let next = needs.safe_from(now, 14).filter(|at| *at > now);
    Some(match next {
        Some(at) => format!(
            "Do not call now. {rule}. The next safe time is {}.",
            at.show()
        ),
        None => format!("Do not call now. {rule}."),
    })
}

/// Who else has the victim, and since when.
pub fn taken_by_other(sheet: &Sheet, me: ActorId) -> Option<String> {
    let item = &sheet.item;
    let other = item.state == WorkState::Taken && item.assignee != Some(me);
    other.then(|| {
        let name = item.assignee_name.clone().unwrap_or_default();
        let at = item.taken_at.map(Timestamp::show).unwrap_or_default();
        format!("{name} took this victim at {at}. Agree with them before you call.")
    })
}

/// The ways to get the money of one loss back.
pub struct LossWays {
    pub title: String,
    pub ways: Vec<Way>,
}

/// Money back for each report with a loss, or whose loss nobody has asked about.
pub fn ways(money: &MoneyBack, sheet: &Sheet, now: Timestamp) -> Vec<LossWays> {
    let lost = sheet
        .matters
        .iter()
        .filter(|m| m.report.loss_pence != Some(0));
    let of = lost.map(|m| LossWays {
        title: format!("Getting money back: {}", m.report.reference),
        ways: money.ways(
            m.report.loss_pence,
            m.report.event_to.or(m.report.event_from),
            now,
        ),
    });
    of.collect()
}

/// What may follow, with what each means today.
pub fn next_steps(care: &Care, sheet: &Sheet, input: &ContactInput) -> Vec<Choice> {
    let steps = NEXT_STEPS.iter().map(|(id, title)| {
        let chosen = input.next_step == *id || (input.next_step.is_empty() && *id == "plan");
        let choice = Choice::new(*id, *title).chosen(chosen);
        match *id {
            "plan" => choice.hint(call_parts::next_step(care, sheet)),
            _ => choice,
        }
    });
    steps.collect()
}

/// Day, month, year and time of a contact that was earlier; empty for one that is now.
pub fn earlier(input: &ContactInput) -> [String; 4] {
    let Some(at) = input.at.as_deref().and_then(Timestamp::parse) else {
        return Default::default();
    };
    let day = at.day();
    let numbers = [
        day.day().to_string(),
        day.month().to_string(),
        day.year().to_string(),
    ];
    let [day, month, year] = numbers;
    [day, month, year, at.show_time()]
}
