//! The form of a decision: what happened, on whose authority, why; and who is left out. It goes from step to step in
//! hidden fields, so that nothing is kept before it is decided and no script is needed.

use std::collections::BTreeSet;

use record::ids::ReportId;
use record::time::{Date, Timestamp};
use web::parts::{Choice, FieldErrors, Html};

use super::loaded::Loaded;
use crate::care_record::Drawn;
use crate::care_record::fields::Fields;
use crate::messages::MessagePolicy;

const LONGEST_NAME: usize = 200;
const LONGEST_REASON: usize = 2_000;

/// What the officer says, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub happened: String,
    pub on: Date,
    pub authorised_by: String,
    pub reason: String,
}

impl Said {
    /// Reads the record of a decision. What is wrong is an error at its field.
    pub fn of_form(
        form: &Fields,
        policy: &MessagePolicy,
        now: Timestamp,
        errors: &mut FieldErrors,
    ) -> Said {
        let happened = form.text("happened").to_owned();
        if !policy.happenings().iter().any(|(id, _)| *id == happened) {
            errors.add("happened", "Choose what happened");
        } else if !policy.may_be_told(&happened) {
            let text = policy.templates.iter();
            let mut text = text.filter(|t| t.helped.as_deref() == Some(happened.as_str()));
            let hindrance = text.find_map(|t| policy.hindrance(t)).unwrap_or_default();
            errors.add("happened", hindrance);
        }
        let on = form.past_day("on", now, errors);
        let authorised_by = form.long_text("authorised_by", LONGEST_NAME, errors);
        if authorised_by.is_empty() {
            errors.add(
                "authorised_by",
                "Enter who authorised that victims are told",
            );
        }
        let reason = form.long_text("reason", LONGEST_REASON, errors);
        if reason.is_empty() {
            errors.add(
                "reason",
                "Say what happened and why victims can be told now",
            );
        }
        Said {
            happened,
            on,
            authorised_by,
            reason,
        }
    }
}

/// The fields of the first step.
pub fn first(form: &Fields, policy: &MessagePolicy, errors: &FieldErrors) -> Html {
    let sendable = policy.happenings().into_iter();
    let sendable = sendable.filter(|(id, _)| policy.may_be_told(id));
    let choices: Vec<Choice> = sendable.map(|(id, t)| Choice::new(id, t)).collect();
    Drawn::new(form, errors)
        .radios(
            "happened",
            "What happened",
            "The text victims read says this and no more",
            &choices,
        )
        .day("on", "When it happened", "Leave empty for today")
        .line(
            "authorised_by",
            "Who authorised that victims are told",
            "Name and rank",
        )
        .area(
            "reason",
            "What happened, and why victims can be told now",
            "For example who was charged and when. Kept with the decision; victims do not read it",
        )
        .done()
}

/// The same as hidden fields, for the steps that follow.
pub fn carried(form: &Fields) -> Html {
    const NAMES: [&str; 6] = [
        "happened",
        "on-day",
        "on-month",
        "on-year",
        "authorised_by",
        "reason",
    ];
    let errors = FieldErrors::new();
    let drawn = Drawn::new(form, &errors);
    let each = NAMES.iter();
    each.fold(drawn, |drawn, name| drawn.hidden(name, form.text(name)))
        .done()
}

/// Where the form goes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Shows this page of the list, with the ticks of the one before kept.
    Choose(usize),
    TickAll,
    TickNone,
    Preview,
    Send,
}

impl Step {
    pub fn of_form(form: &Fields) -> Step {
        match form.text("step") {
            "all" => Step::TickAll,
            "none" => Step::TickNone,
            "preview" => Step::Preview,
            "send" => Step::Send,
            other => {
                let page = other.strip_prefix("page-").and_then(|n| n.parse().ok());
                Step::Choose(page.unwrap_or(0))
            }
        }
    }
}

/// Who is left out: those left out before, and those of the page shown whose tick was taken away. Only victims who can
/// be told count.
pub fn left_out(form: &Fields, step: Step, loaded: &Loaded<'_>) -> BTreeSet<ReportId> {
    let ids = |name: &str| -> BTreeSet<ReportId> {
        let all = form.all(name).into_iter();
        all.filter_map(|text| text.parse().ok()).collect()
    };
    let can = loaded.can();
    match step {
        Step::TickAll => return BTreeSet::new(),
        Step::TickNone => return can,
        Step::Choose(_) | Step::Preview | Step::Send => {}
    }
    let (shown, ticked) = (ids("shown"), ids("tell"));
    let mut out: BTreeSet<ReportId> = ids("out").difference(&shown).copied().collect();
    out.extend(shown.difference(&ticked));
    out.intersection(&can).copied().collect()
}
