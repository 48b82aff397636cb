//! The duty to one victim of one report, as a pure state machine.
//!
//! It waits until advice was given by phone or in person, or until a documented end. An end is
//! final: nothing follows it. So each duty is in exactly one [`Line`], and the lines add up to the
//! duties received (PROTECT-06).

use record::time::{Date, Timestamp};
use record::work::Priority;
use serde::Deserialize;

use super::plan::{NextStep, Plan};

/// Where a duty stands; also its line in the measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Line {
    #[default]
    Awaiting,
    Advised,
    Declined,
    NotReached,
    Barred,
    Unsafe,
    /// A true error: outside the denominator, counted by its reason.
    Error,
}

impl Line {
    pub const ALL: [Line; 7] = [
        Line::Awaiting,
        Line::Advised,
        Line::Declined,
        Line::NotReached,
        Line::Barred,
        Line::Unsafe,
        Line::Error,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Line::Awaiting => "awaiting",
            Line::Advised => "advised",
            Line::Declined => "declined",
            Line::NotReached => "not_reached",
            Line::Barred => "barred",
            Line::Unsafe => "unsafe",
            Line::Error => "error",
        }
    }

    /// Words for a tag.
    pub const fn title(self) -> &'static str {
        match self {
            Line::Awaiting => "Awaiting advice",
            Line::Advised => "Advised",
            Line::Declined => "Declined",
            Line::NotReached => "Not reached",
            Line::Barred => "Contact barred",
            Line::Unsafe => "Unsafe to call",
            Line::Error => "Closed as an error",
        }
    }

    pub fn parse(name: &str) -> Option<Line> {
        Line::ALL.into_iter().find(|l| l.name() == name)
    }
}

/// How a contact was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    Phone,
    InPerson,
    Video,
    Letter,
    Email,
    Text,
    /// No contact: a decision that ends the duty.
    Decision,
}

impl Channel {
    pub const ALL: [Channel; 7] = [
        Channel::Phone,
        Channel::InPerson,
        Channel::Video,
        Channel::Letter,
        Channel::Email,
        Channel::Text,
        Channel::Decision,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Channel::Phone => "phone",
            Channel::InPerson => "in_person",
            Channel::Video => "video",
            Channel::Letter => "letter",
            Channel::Email => "email",
            Channel::Text => "text",
            Channel::Decision => "decision",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Channel::Phone => "Phone",
            Channel::InPerson => "In person",
            Channel::Video => "Video call",
            Channel::Letter => "Letter",
            Channel::Email => "Email",
            Channel::Text => "Text message",
            Channel::Decision => "No contact, a decision",
        }
    }

    pub fn parse(name: &str) -> Option<Channel> {
        Channel::ALL.into_iter().find(|c| c.name() == name)
    }

    /// Whether two people speak: only such a contact is an attempt to reach somebody.
    pub const fn is_live(self) -> bool {
        matches!(self, Channel::Phone | Channel::InPerson | Channel::Video)
    }

    /// Whether advice through it counts for PROTECT-06.
    pub const fn counts(self, video_counts: bool) -> bool {
        match self {
            Channel::Phone | Channel::InPerson => true,
            Channel::Video => video_counts,
            _ => false,
        }
    }
}

/// What an outcome of `policy/protect/victim-care.toml` does to a duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    Advice,
    CallBack,
    Attempt,
    Message,
    Declined,
    NotReached,
    Barred,
    Unsafe,
    Error,
}

impl Effect {
    pub const ALL: [Effect; 9] = [
        Effect::Advice,
        Effect::CallBack,
        Effect::Attempt,
        Effect::Message,
        Effect::Declined,
        Effect::NotReached,
        Effect::Barred,
        Effect::Unsafe,
        Effect::Error,
    ];

    /// The documented end it leads to, if it is one. Each needs a reason in words.
    pub const fn end(self) -> Option<Line> {
        match self {
            Effect::Declined => Some(Line::Declined),
            Effect::NotReached => Some(Line::NotReached),
            Effect::Barred => Some(Line::Barred),
            Effect::Unsafe => Some(Line::Unsafe),
            Effect::Error => Some(Line::Error),
            Effect::Advice | Effect::CallBack | Effect::Attempt | Effect::Message => None,
        }
    }

    /// Whether it can be recorded when nobody was contacted.
    pub const fn without_contact(self) -> bool {
        matches!(
            self,
            Effect::NotReached | Effect::Barred | Effect::Unsafe | Effect::Error
        )
    }
}

/// Something that happened, as far as it moves a duty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub at: Timestamp,
    pub effect: Effect,
    pub channel: Channel,
    /// Whether the victim was spoken to.
    pub reached: bool,
    pub out_of_hours: bool,
    /// At least one topic of the report's own advice guide was given.
    pub crime_topic: bool,
    /// Every repeat-prevention topic has a response.
    pub prevention: bool,
    /// Id of the outcome: the reason code of an error.
    pub outcome: String,
    /// Whether the reason was given in words.
    pub explained: bool,
}

/// A duty as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty {
    pub received_at: Timestamp,
    pub band: Priority,
    pub line: Line,
    /// Outcome that ended it; empty while it waits.
    pub reason: String,
    /// Live contacts tried.
    pub attempts: i64,
    /// Different days among them.
    pub days: i64,
    pub last_attempt_at: Option<Timestamp>,
    pub out_of_hours: bool,
    pub letter: bool,
    pub text: bool,
    pub visit: bool,
    pub first_attempt_at: Option<Timestamp>,
    pub first_contact_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
}

/// Why an event cannot be recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("this duty has ended already: {}", .0.title())]
    Ended(Line),
    #[error("a contact cannot be before the report was received")]
    BeforeReport,
    #[error("choose at least one topic from the advice for this crime")]
    NoCrimeTopic,
    #[error("record the victim's response to every topic against repeat crime")]
    NoPrevention,
    #[error("choose how the contact was made")]
    NoChannel,
    #[error("a message goes by letter, email or text")]
    NotAMessage,
    #[error("the attempt plan is not done. Next step: {}", .0.title())]
    PlanNotDone(NextStep),
    #[error("give the reason in the note")]
    NoReason,
}

impl Duty {
    /// A duty nobody has worked on.
    pub fn new(received_at: Timestamp, band: Priority) -> Duty {
        Duty {
            received_at,
            band,
            line: Line::Awaiting,
            reason: String::new(),
            attempts: 0,
            days: 0,
            last_attempt_at: None,
            out_of_hours: false,
            letter: false,
            text: false,
            visit: false,
            first_attempt_at: None,
            first_contact_at: None,
            ended_at: None,
        }
    }

    pub fn is_open(&self) -> bool {
        self.line == Line::Awaiting
    }

    /// What follows from an event. The only way a duty changes.
    pub fn after(&self, event: &Event, plan: &Plan) -> Result<Duty, Refusal> {
        if !self.is_open() {
            return Err(Refusal::Ended(self.line));
        }
        if event.at < self.received_at {
            return Err(Refusal::BeforeReport);
        }
        if event.channel == Channel::Decision && !event.effect.without_contact() {
            return Err(Refusal::NoChannel);
        }
        let mut next = self.clone();
        next.note_contact(event);
        match event.effect {
            Effect::Advice if event.channel.counts(plan.video_counts) => {
                if !event.crime_topic {
                    return Err(Refusal::NoCrimeTopic);
                }
                if !event.prevention {
                    return Err(Refusal::NoPrevention);
                }
                next.end(Line::Advised, event);
            }
            // Written advice and calls: recorded, and the duty goes on.
            Effect::Advice | Effect::Attempt | Effect::CallBack => {}
            Effect::Message if event.channel.is_live() => return Err(Refusal::NotAMessage),
            Effect::Message => {}
            Effect::Declined
            | Effect::NotReached
            | Effect::Barred
            | Effect::Unsafe
            | Effect::Error => {
                if let (Effect::NotReached, Some(step)) = (event.effect, next.missing(plan)) {
                    return Err(Refusal::PlanNotDone(step));
                }
                if !event.explained {
                    return Err(Refusal::NoReason);
                }
                if let Some(line) = event.effect.end() {
                    next.end(line, event);
                }
            }
        }
        Ok(next)
    }

    fn end(&mut self, line: Line, event: &Event) {
        self.line = line;
        self.reason.clone_from(&event.outcome);
        self.ended_at = Some(event.at);
    }

    fn note_contact(&mut self, event: &Event) {
        match event.channel {
            Channel::Letter => self.letter = true,
            Channel::Text => self.text = true,
            Channel::Email | Channel::Decision => {}
            Channel::Phone | Channel::InPerson | Channel::Video => {
                let day = |at: Timestamp| -> Date { at.day() };
                // Late records of earlier days add an attempt but no day: the plan is never taken
                // as done on a doubt.
                if self
                    .last_attempt_at
                    .is_none_or(|last| day(event.at) > day(last))
                {
                    self.days += 1;
                }
                self.attempts += 1;
                self.last_attempt_at = self.last_attempt_at.max(Some(event.at));
                let first = self.first_attempt_at.unwrap_or(event.at);
                self.first_attempt_at = Some(first.min(event.at));
                self.out_of_hours |= event.out_of_hours;
                self.visit |= event.channel == Channel::InPerson;
            }
        }
        if event.reached {
            let first = self.first_contact_at.unwrap_or(event.at);
            self.first_contact_at = Some(first.min(event.at));
        }
    }

    /// The step of the plan that is still to be done before "not reached" may be recorded.
    pub fn missing(&self, plan: &Plan) -> Option<NextStep> {
        match plan.next(self) {
            NextStep::MayEnd => None,
            step => Some(step),
        }
    }
}

#[cfg(test)]
#[path = "duty_tests.rs"]
mod tests;
