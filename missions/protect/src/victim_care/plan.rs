//! The attempt plan: which step comes next, and until when.

use std::collections::BTreeMap;

use record::time::{Timestamp, WorkingCalendar};
use record::work::Priority;
use serde::Deserialize;

use super::duty::Duty;

/// `[attempt_plan]` of the policy.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttemptPlan {
    /// Calls or visits to be tried.
    pub attempts: i64,
    pub different_days: bool,
    pub one_out_of_hours: bool,
    /// All of it within this many working days of receipt.
    pub window_working_days: u32,
    /// Then these: `letter`, `text`.
    pub then: Vec<String>,
    /// Lowest band whose victims are visited before the plan is done.
    pub visit_if_band_at_least: String,
    /// Limit for the first attempt, by band.
    pub first_attempt_working_days: BTreeMap<String, u32>,
}

/// `[office]` of the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Office {
    pub opens: i8,
    pub closes: i8,
    pub evening_until: i8,
}

/// The plan with what it is counted by.
#[derive(Debug, Clone)]
pub struct Plan {
    pub attempt: AttemptPlan,
    pub office: Office,
    pub calendar: WorkingCalendar,
    pub video_counts: bool,
}

/// What is to be done next for a victim who has not been reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextStep {
    /// A call, the nth.
    Call(i64),
    /// A call outside office hours.
    EveningCall(i64),
    Letter,
    Text,
    Visit,
    /// The plan is done: "not reached" may be recorded, or trying may go on.
    MayEnd,
}

impl NextStep {
    /// In words, for a page.
    pub fn title(self) -> String {
        match self {
            NextStep::Call(1) => "first call".to_owned(),
            NextStep::Call(n) => format!("call {n}, on another day"),
            NextStep::EveningCall(n) => format!("call {n}, outside office hours"),
            NextStep::Letter => "send a letter".to_owned(),
            NextStep::Text => "send a text".to_owned(),
            NextStep::Visit => "visit".to_owned(),
            NextStep::MayEnd => "record that the victim was not reached, or try again".to_owned(),
        }
    }
}

impl Plan {
    /// The step after what was done so far.
    pub fn next(&self, duty: &Duty) -> NextStep {
        let plan = &self.attempt;
        let made = if plan.different_days {
            duty.days
        } else {
            duty.attempts
        };
        let evening_missing = plan.one_out_of_hours && !duty.out_of_hours;
        if made < plan.attempts || evening_missing {
            let n = duty.attempts + 1;
            // The last call planned is the evening one, unless an earlier call was.
            return if evening_missing && made + 1 >= plan.attempts {
                NextStep::EveningCall(n)
            } else {
                NextStep::Call(n)
            };
        }
        for step in &plan.then {
            match step.as_str() {
                "letter" if !duty.letter => return NextStep::Letter,
                "text" if !duty.text => return NextStep::Text,
                _ => {}
            }
        }
        if self.is_visited(duty.band) && !duty.visit {
            return NextStep::Visit;
        }
        NextStep::MayEnd
    }

    fn is_visited(&self, band: Priority) -> bool {
        Priority::parse(&self.attempt.visit_if_band_at_least)
            .is_some_and(|least| band.rank() <= least.rank())
    }

    /// When the next step is due, after a contact at `at`. An agreed time wins.
    pub fn due(&self, duty: &Duty, at: Timestamp, agreed: Option<Timestamp>) -> Timestamp {
        if let Some(agreed) = agreed {
            return agreed;
        }
        let next_day = self.calendar.after(at, 1).day();
        let hour = match self.next(duty) {
            NextStep::EveningCall(_) => self.office.evening_until,
            _ => self.office.closes,
        };
        let due = Timestamp::at(next_day, hour, 0);
        let end = self.window_end(duty.received_at);
        if end > at { due.min(end) } else { due }
    }

    /// The end of the whole plan's time.
    pub fn window_end(&self, received: Timestamp) -> Timestamp {
        self.calendar
            .after(received, self.attempt.window_working_days)
    }

    /// Until when the first attempt must be made (PROTECT-06, time standard).
    pub fn first_attempt_limit(&self, received: Timestamp, band: Priority) -> Timestamp {
        let days = self
            .attempt
            .first_attempt_working_days
            .get(band.name())
            .copied()
            .unwrap_or(1);
        self.calendar.after(received, days)
    }

    pub fn is_out_of_hours(&self, at: Timestamp) -> bool {
        let hour = at.hour();
        !self.calendar.is_working(at.day())
            || hour < self.office.opens
            || hour >= self.office.closes
    }
}
