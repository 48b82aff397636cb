//! Whether one victim of a network can be told that their report helped, and how; or why not. Values only.

use lettre::Address;
use record::ids::{NetworkId, RecordId, ReportId, WorkItemId};
use record::time::Timestamp;

use crate::care_record::Needs;
use crate::messages::{MessagePolicy, State, Template, TextFor, Whose};
use crate::victim_care::duty::{Channel, Line};

/// A report of the victim in this network, as far as the reader may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    pub report: ReportId,
    pub reference: String,
    pub received_at: Timestamp,
    pub line: Line,
    /// Outcome that ended the duty; empty while it waits.
    pub reason: String,
    pub domestic_abuse: bool,
    pub child: bool,
}

/// What other reports of the same victim say that bears on writing to them, whoever may see those.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Elsewhere {
    pub domestic_abuse: bool,
    /// The duty ended as unsafe or barred.
    pub is_unsafe: bool,
    /// Outcomes that ended duties.
    pub reasons: Vec<String>,
}

/// Something the victim was told before, or is about to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The message; none for a letter.
    pub message: Option<RecordId>,
    pub letter: Option<RecordId>,
    pub happened: String,
    pub at: Timestamp,
    pub by: String,
    pub stands: Stands,
    /// The network it was about; none when it was written from the call page.
    pub network: Option<NetworkId>,
}

/// Where something the victim was told stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    /// Sent, posted, or on its way.
    Told,
    /// Refused, or nobody knows: a person has to decide about it first.
    ToDecide,
}

impl Stands {
    /// Of a message; none for one that was withdrawn, which told nobody anything.
    pub const fn of_message(state: State) -> Option<Stands> {
        match state {
            State::Queued | State::HandedOver | State::Sent => Some(Stands::Told),
            State::Failed | State::Unsure => Some(Stands::ToDecide),
            State::Withdrawn => None,
        }
    }

    /// Of a letter.
    pub fn of_letter(state: &str) -> Option<Stands> {
        (state != "withdrawn").then_some(Stands::Told)
    }
}

/// A victim with everything that decides whether and how they can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Victim {
    /// The first of their reports in this network: stands for the victim here.
    pub key: ReportId,
    pub whose: Whose,
    /// Every item their reports were or are worked by.
    pub items: Vec<WorkItemId>,
    /// At least one, first received first.
    pub reports: Vec<Reported>,
    /// Addresses as the reports give them, the latest report's first.
    pub emails: Vec<String>,
    pub addresses: Vec<String>,
    /// Id of the care record's list, or what the report says; empty when nobody has asked.
    pub language: String,
    /// How a report asks that the victim be contacted.
    pub safe_contact: Vec<String>,
    pub needs: Option<Needs>,
    /// Whether the victim said that they do not want to be told.
    pub declined: bool,
    pub elsewhere: Elsewhere,
    /// Latest first.
    pub told: Vec<Told>,
}

/// How a victim is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Email,
    Letter,
}

impl Way {
    pub const fn name(self) -> &'static str {
        match self {
            Way::Email => "email",
            Way::Letter => "letter",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Way::Email => "Email",
            Way::Letter => "Letter",
        }
    }
}

/// Why a victim cannot be told from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    DomesticAbuse,
    Unsafe,
    Never,
    Error,
    Declined,
    Told,
    ToDecide,
    OneByOne,
    Unchecked,
    Language,
    NoSafeWay,
    NoAddress,
}

impl Why {
    pub const ALL: [Why; 12] = [
        Why::DomesticAbuse,
        Why::Unsafe,
        Why::Never,
        Why::Error,
        Why::Declined,
        Why::Told,
        Why::ToDecide,
        Why::OneByOne,
        Why::Unchecked,
        Why::Language,
        Why::NoSafeWay,
        Why::NoAddress,
    ];

    /// As stored.
    pub const fn name(self) -> &'static str {
        match self {
            Why::DomesticAbuse => "domestic_abuse",
            Why::Unsafe => "unsafe",
            Why::Never => "never",
            Why::Error => "error",
            Why::Declined => "declined",
            Why::Told => "told",
            Why::ToDecide => "to_decide",
            Why::OneByOne => "one_by_one",
            Why::Unchecked => "unchecked",
            Why::Language => "language",
            Why::NoSafeWay => "no_safe_way",
            Why::NoAddress => "no_address",
        }
    }

    /// A sentence without its full stop.
    pub const fn title(self) -> &'static str {
        match self {
            Why::DomesticAbuse => {
                "A link to domestic abuse: contact by the agreed safe method only"
            }
            Why::Unsafe => "Contact is recorded as unsafe or barred",
            Why::Never => "The duty ended in a way after which nobody is written to",
            Why::Error => "The report was closed as an error",
            Why::Declined => "Did not want to be told",
            Why::Told => "Told this already",
            Why::ToDecide => "A message that did not go out waits for a decision",
            Why::OneByOne => {
                "Safe contact is in words: write from the call page, where they are read"
            }
            Why::Unchecked => "The text in their language has no recorded legal check",
            Why::Language => "No text in their language",
            Why::NoSafeWay => "Neither email nor letter is a safe way to contact them",
            Why::NoAddress => "No email or postal address is held",
        }
    }

    pub fn parse(name: &str) -> Option<Why> {
        Why::ALL.into_iter().find(|w| w.name() == name)
    }
}

/// Where a victim stands before anything is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing<'p> {
    Can {
        way: Way,
        address: String,
        /// The text in the victim's language; none as long as nobody has said what happened.
        text: Option<&'p Template>,
    },
    Cannot(Why),
}

impl Standing<'_> {
    pub const fn can(&self) -> bool {
        matches!(self, Standing::Can { .. })
    }
}

/// Where a victim stands, for what happened; before that is said, as far as it does not depend on it.
pub fn standing<'p>(
    policy: &'p MessagePolicy,
    victim: &Victim,
    network: NetworkId,
    happened: Option<&str>,
    now: Timestamp,
) -> Standing<'p> {
    if let Some(why) = barred(policy, victim) {
        return Standing::Cannot(why);
    }
    let before = happened.and_then(|what| told_before(victim, network, what));
    if let Some(told) = before {
        return Standing::Cannot(match told.stands {
            Stands::Told => Why::Told,
            Stands::ToDecide => Why::ToDecide,
        });
    }
    if one_by_one(victim) {
        return Standing::Cannot(Why::OneByOne);
    }
    let text = match happened.map(|what| policy.text_for(what, &victim.language)) {
        None => None,
        Some(TextFor::Text(text)) => Some(text),
        Some(TextFor::Unchecked(_)) => return Standing::Cannot(Why::Unchecked),
        Some(TextFor::None) => return Standing::Cannot(Why::Language),
    };
    match way(victim, now) {
        Ok((way, address)) => Standing::Can { way, address, text },
        Err(why) => Standing::Cannot(why),
    }
}

fn barred(policy: &MessagePolicy, victim: &Victim) -> Option<Why> {
    let (reports, elsewhere) = (&victim.reports, &victim.elsewhere);
    let never = |reason: &String| policy.helped.never_after.contains(reason);
    if reports.iter().any(|r| r.domestic_abuse) {
        return Some(Why::DomesticAbuse);
    }
    // What a report says that the reader may not see is not told apart.
    let is_unsafe = |line: Line| matches!(line, Line::Unsafe | Line::Barred);
    if reports.iter().any(|r| is_unsafe(r.line)) || elsewhere.is_unsafe || elsewhere.domestic_abuse
    {
        return Some(Why::Unsafe);
    }
    if reports.iter().any(|r| never(&r.reason)) || elsewhere.reasons.iter().any(never) {
        return Some(Why::Never);
    }
    if reports.iter().all(|r| r.line == Line::Error) {
        return Some(Why::Error);
    }
    victim.declined.then_some(Why::Declined)
}

/// What the victim was told of this already: about this network, or from the call page, where nobody can say which
/// network was meant.
fn told_before<'v>(victim: &'v Victim, network: NetworkId, what: &str) -> Option<&'v Told> {
    let mut told = victim.told.iter();
    told.find(|t| t.happened == what && t.network.is_none_or(|n| n == network))
}

/// Rules no program can keep: words to avoid, who may answer, a child's guardian.
fn one_by_one(victim: &Victim) -> bool {
    let in_words = |n: &Needs| {
        n.child || !n.words_to_avoid.trim().is_empty() || !n.who_may_answer.trim().is_empty()
    };
    victim.reports.iter().any(|r| r.child)
        || !victim.safe_contact.is_empty()
        || victim.needs.as_ref().is_some_and(in_words)
}

/// E-mail where one is held and safe, else a letter.
fn way(victim: &Victim, now: Timestamp) -> Result<(Way, String), Why> {
    let safe = |channel| {
        let needs = victim.needs.as_ref();
        needs.is_none_or(|n| n.broken_by(now, channel, false).is_none())
    };
    let good = |text: &&String| text.parse::<Address>().is_ok();
    let email = victim.emails.iter().find(good);
    let letter = victim.addresses.first();
    match (email, letter) {
        (Some(email), _) if safe(Channel::Email) => Ok((Way::Email, email.clone())),
        (_, Some(address)) if safe(Channel::Letter) => Ok((Way::Letter, address.clone())),
        (None, None) => Err(Why::NoAddress),
        _ => Err(Why::NoSafeWay),
    }
}
