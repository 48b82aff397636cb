//! A contact as a form or the API sends it, checked before it is recorded.

use std::str::FromStr;

use record::access::Actor;
use record::ids::ReportId;
use record::time::{Date, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Given;
use super::contact::{ANSWERS, Caller, Direction, NewContact};
use super::duty::{Channel, Effect, Refusal};
use super::policy::Care;
use super::sheet::Sheet;

/// A contact with a victim.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ContactInput {
    /// Version of the item as it was shown. Another one means that somebody was first.
    pub version: i64,
    /// Ids of the reports the contact was about.
    pub reports: Vec<String>,
    /// `out` or `in`.
    pub direction: String,
    /// `phone`, `in_person`, `video`, `letter`, `email`, `text`; `decision` when nobody was
    /// contacted.
    pub channel: String,
    /// Outcome of the policy, for example `advice_delivered` or `no_answer`.
    pub outcome: String,
    /// When, if not now (RFC 3339).
    pub at: Option<String>,
    /// Length in whole minutes.
    pub minutes: Option<i64>,
    /// Topics given, with the response: those of the guide and those against repeat crime.
    pub topics: Vec<Given>,
    /// Support offered, with `accepted`, `refused` or `plan_made`.
    pub support: Vec<Given>,
    pub note: String,
    /// Why the safe-contact rule could not be kept; needed when the contact breaks it.
    pub safe_reason: String,
    /// What follows when the duty goes on: `plan` (the default), `agreed` for the time in `next_at`,
    /// or `supervisor`, who is asked what the note says.
    pub next_step: String,
    /// When to try again (RFC 3339), agreed with the victim.
    pub next_at: Option<String>,
}

/// What is wrong with an input: field and message, in the order found, one for a field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults(pub Vec<(String, String)>);

impl Faults {
    fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        let field = field.into();
        if !self.0.iter().any(|(f, _)| *f == field) {
            self.0.push((field, message.into()));
        }
    }

    /// For the API: each field with its message.
    pub fn in_words(&self) -> String {
        let lines: Vec<String> = self.0.iter().map(|(f, m)| format!("{f}: {m}")).collect();
        lines.join("; ")
    }
}

/// Prefixes of field names that carry an id.
const PREVENTION: &str = "prevention-";
const SUPPORT: &str = "support-";
/// What a ticked topic of the guide is recorded with.
const GIVEN: &str = "given";

impl ContactInput {
    /// Reads the fields of the call page's form.
    pub fn of_fields(fields: &[(String, String)]) -> ContactInput {
        let mut input = ContactInput::default();
        let (mut day, mut month, mut year, mut time) = ("", "", "", "");
        let mut earlier = ["", "", "", ""];
        for (name, value) in fields {
            let value = value.trim();
            match name.as_str() {
                "version" => input.version = value.parse().unwrap_or_default(),
                "report" => input.reports.push(value.to_owned()),
                "direction" => value.clone_into(&mut input.direction),
                "channel" => value.clone_into(&mut input.channel),
                "outcome" => value.clone_into(&mut input.outcome),
                // What is no number is refused by the check, as minus one minute is.
                "minutes" if !value.is_empty() => input.minutes = value.parse().ok().or(Some(-1)),
                "note" => value.clone_into(&mut input.note),
                "next_step" => value.clone_into(&mut input.next_step),
                "safe_reason" => value.clone_into(&mut input.safe_reason),
                "topic" => input.topics.push(given(value, GIVEN)),
                "at-day" => earlier[0] = value,
                "at-month" => earlier[1] = value,
                "at-year" => earlier[2] = value,
                "at-time" => earlier[3] = value,
                "next-day" => day = value,
                "next-month" => month = value,
                "next-year" => year = value,
                "next-time" => time = value,
                _ if value.is_empty() => {}
                other => {
                    if let Some(id) = other.strip_prefix(PREVENTION) {
                        input.topics.push(given(id, value));
                    } else if let Some(id) = other.strip_prefix(SUPPORT) {
                        input.support.push(given(id, value));
                    }
                }
            }
        }
        if earlier.iter().any(|part| !part.is_empty()) {
            let [day, month, year, time] = earlier;
            let stamp = next_stamp(day, month, year, time);
            input.at = Some(stamp.unwrap_or_else(|| earlier.join(" ")));
        }
        if [day, month, year, time].iter().any(|part| !part.is_empty()) {
            let stamp = next_stamp(day, month, year, time);
            // Text that is no time is kept, so that the check names it.
            input.next_at = Some(stamp.unwrap_or_else(|| format!("{day} {month} {year} {time}")));
        }
        input
    }

    pub fn response_to(&self, id: &str) -> &str {
        answer(&self.topics, id)
    }

    pub fn answer_to(&self, id: &str) -> &str {
        answer(&self.support, id)
    }
}

fn answer<'a>(list: &'a [Given], id: &str) -> &'a str {
    list.iter()
        .find(|g| g.id == id)
        .map_or("", |g| g.response.as_str())
}

fn given(id: &str, response: &str) -> Given {
    Given {
        id: id.to_owned(),
        response: response.to_owned(),
    }
}

fn next_stamp(day: &str, month: &str, year: &str, time: &str) -> Option<String> {
    let date = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
    let (hour, minute) = clock_time(time)?;
    Some(Timestamp::at(date, hour, minute).rfc3339())
}

/// A time as people write it: "6:30pm", "6pm", "18:30".
pub fn clock_time(text: &str) -> Option<(i8, i8)> {
    let text = text.to_lowercase().replace(['.', ' '], ":");
    let (digits, shift) = if let Some(rest) = text.strip_suffix("pm") {
        (rest, Some(12))
    } else if let Some(rest) = text.strip_suffix("am") {
        (rest, Some(0))
    } else {
        (text.as_str(), None)
    };
    let digits = digits.trim_end_matches(':');
    let (hour, minute) = digits.split_once(':').unwrap_or((digits, "0"));
    let (hour, minute) = (hour.parse::<i8>().ok()?, minute.parse::<i8>().ok()?);
    let hour = match shift {
        Some(shift) if (1..=12).contains(&hour) => hour % 12 + shift,
        None if (0..=23).contains(&hour) && digits.contains(':') => hour,
        _ => return None,
    };
    (0..=59).contains(&minute).then_some((hour, minute))
}

/// The step that follows, where the duty goes on.
pub const NEXT_STEPS: [(&str, &str); 3] = [
    ("plan", "The next step of the attempt plan"),
    ("agreed", "A time agreed with the victim"),
    ("supervisor", "Ask a supervisor: the note says what about"),
];

/// What is wrong with the next step: it is decided before the page is left.
fn check_next_step(input: &ContactInput, errors: &mut Faults) {
    match input.next_step.as_str() {
        "agreed" if input.next_at.is_none() => errors.add("next", NEXT_TIME),
        "supervisor" if input.note.trim().is_empty() => {
            errors.add("note", "Say what the supervisor is to decide");
        }
        "" | "plan" | "agreed" | "supervisor" => {}
        _ => errors.add("next_step", "Choose what follows"),
    }
}

const NEXT_TIME: &str = "Enter a day and a time for the next call, such as 24 11 2026 and 6:30pm";

/// Checks an input against the sheet it is for. The errors name fields of the call page.
pub fn check(
    care: &Care,
    sheet: &Sheet,
    actor: &Actor,
    input: &ContactInput,
    now: Timestamp,
) -> Result<NewContact, Faults> {
    let mut errors = Faults::default();
    let reports = reports(sheet, input, &mut errors);
    let channel = Channel::parse(&input.channel);
    if channel.is_none() {
        errors.add("channel", "Choose how the contact was made");
    }
    let direction = Direction::parse(&input.direction);
    if direction.is_none() {
        errors.add("direction", "Choose who made the contact");
    }
    let outcome = care.outcome(&input.outcome);
    if outcome.is_none() {
        errors.add("outcome", "Choose how the contact ended");
    }
    let minutes = minutes(input, &mut errors);
    let at = contact_time(input, now, &mut errors);
    let is_call_back = outcome.is_some_and(|o| o.effect == Effect::CallBack);
    let next_at = next_time(input, is_call_back, now, &mut errors);
    check_given(care, sheet, input, &mut errors);
    check_next_step(input, &mut errors);
    let (Some(channel), Some(direction), Some(outcome), true) =
        (channel, direction, outcome, errors.0.is_empty())
    else {
        return Err(errors);
    };
    let contact = NewContact {
        item: sheet.item.id,
        seen: Some(input.version),
        reports,
        at,
        by: Caller {
            id: actor.id,
            name: actor.name.clone(),
            unit: actor.unit.clone(),
        },
        direction,
        channel,
        outcome: outcome.id.clone(),
        minutes,
        next_at,
        topics: input.topics.clone(),
        support: input.support.clone(),
        note: input.note.clone(),
    };
    match sheet.refusal(care, &contact) {
        None => Ok(contact),
        Some(refusal) => {
            errors.add(field_of(&refusal), sentence(&refusal));
            Err(errors)
        }
    }
}

fn reports(sheet: &Sheet, input: &ContactInput, errors: &mut Faults) -> Vec<ReportId> {
    let mut found = Vec::new();
    for text in &input.reports {
        let id = ReportId::from_str(text).ok();
        match id.filter(|id| sheet.matters.iter().any(|m| m.item.subject == *id)) {
            Some(id) if !found.contains(&id) => found.push(id),
            Some(_) => {}
            None => errors.add("report", "Choose reports of this call only"),
        }
    }
    if input.reports.is_empty() {
        errors.add("report", "Choose at least one report");
    }
    found
}

fn minutes(input: &ContactInput, errors: &mut Faults) -> Option<i64> {
    match input.minutes? {
        minutes @ 0..=1_440 => Some(minutes),
        _ => {
            errors.add("minutes", "Enter the length in whole minutes, such as 15");
            None
        }
    }
}

fn contact_time(input: &ContactInput, now: Timestamp, errors: &mut Faults) -> Timestamp {
    let Some(text) = input.at.as_deref() else {
        return now;
    };
    match Timestamp::parse(text) {
        Some(at) if at <= now => at,
        Some(_) => {
            errors.add("at", "The contact cannot be in the future");
            now
        }
        None => {
            errors.add(
                "at",
                "Enter the day and the time of the contact, such as 23 11 2026 and 2:30pm",
            );
            now
        }
    }
}

fn next_time(
    input: &ContactInput,
    is_call_back: bool,
    now: Timestamp,
    errors: &mut Faults,
) -> Option<Timestamp> {
    let Some(text) = input.next_at.as_deref() else {
        if is_call_back {
            errors.add("next", NEXT_TIME);
        }
        return None;
    };
    match Timestamp::parse(text) {
        Some(at) if at > now => Some(at),
        Some(_) => {
            errors.add("next", "The next call must be in the future");
            None
        }
        None => {
            errors.add("next", NEXT_TIME);
            None
        }
    }
}

/// What was said and offered, and the note.
fn check_given(care: &Care, sheet: &Sheet, input: &ContactInput, errors: &mut Faults) {
    if input.note.chars().count() > care.longest_note {
        let message = format!("The note must be {} characters or fewer", care.longest_note);
        errors.add("note", message);
    }
    for topic in &input.topics {
        let is_prevention = care.prevention.iter().any(|p| p.id == topic.id);
        let is_crime = sheet
            .matters
            .iter()
            .any(|m| care.guides.is_of(&m.code, &topic.id));
        let known = care.responses.iter().any(|r| r.id == topic.response);
        if is_prevention && !known {
            errors.add(format!("{PREVENTION}{}", topic.id), "Choose a response");
        } else if is_crime && !known && topic.response != GIVEN {
            errors.add("topic", "Choose responses from the list");
        } else if !is_prevention && !is_crime {
            errors.add("topic", "Choose topics from the advice for these reports");
        }
    }
    for offer in &input.support {
        let known = care.support.iter().any(|s| s.id == offer.id);
        if !known || !ANSWERS.iter().any(|(id, _)| *id == offer.response) {
            let field = format!("{SUPPORT}{}", offer.id);
            errors.add(field, "Choose an offer and an answer from the list");
        }
    }
}

/// The field of the call page a refusal is shown at.
fn field_of(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::NoCrimeTopic => "topic",
        Refusal::NoPrevention => "prevention",
        Refusal::NoReason => "note",
        Refusal::NoChannel | Refusal::NotAMessage => "channel",
        Refusal::Ended(_) | Refusal::PlanNotDone(_) => "outcome",
        Refusal::BeforeReport => "at",
    }
}

fn sentence(refusal: &Refusal) -> String {
    super::guide::sentence(&refusal.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_people_write_them() {
        assert_eq!(clock_time("6:30pm"), Some((18, 30)));
        assert_eq!(clock_time("6.30 PM"), Some((18, 30)));
        assert_eq!(clock_time("12am"), Some((0, 0)));
        assert_eq!(clock_time("12:05pm"), Some((12, 5)));
        assert_eq!(clock_time("18:30"), Some((18, 30)));
        for wrong in ["", "25:00", "18", "13pm", "6:99pm", "noon", "0pm"] {
            assert_eq!(clock_time(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_form_is_read_by_its_field_names() {
        let fields = [
            ("version", "3"),
            ("report", "a"),
            ("report", "b"),
            ("topic", "x.do_now.y"),
            ("prevention-updates", "will_do"),
            ("prevention-links", ""),
            ("support-home_visit", "refused"),
            ("next-day", "24"),
            ("next-month", "11"),
            ("next-year", "2026"),
            ("next-time", "6pm"),
        ];
        let fields: Vec<_> = fields
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect();
        let input = ContactInput::of_fields(&fields);
        assert_eq!(input.version, 3);
        assert_eq!(input.reports, ["a", "b"]);
        assert_eq!(input.response_to("updates"), "will_do");
        assert_eq!(input.response_to("links"), "");
        assert_eq!(input.answer_to("home_visit"), "refused");
        assert_eq!(input.next_at.as_deref(), Some("2026-11-24T18:00:00Z"));
        let half = [("next-day".to_owned(), "24".to_owned())];
        assert_eq!(
            ContactInput::of_fields(&half).next_at.as_deref(),
            Some("24   ")
        );
    }
}
