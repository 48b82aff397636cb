//! The parts of the call page: what is asked, what is known, what is due.

use record::time::Timestamp;
use record::work::Priority;
use web::SignedIn;
use web::parts::{Choice, FieldErrors, Html, TimeStamp, Timeline, TimelineItem, words};

use super::before_dialling;
use super::clocks::{FIRST_ATTEMPT, FIRST_CONTACT};
use super::contact::ANSWERS;
use super::duty::{Channel, Line};
use super::form::{ContactInput, Faults};
use super::guide::sentence;
use super::policy::Care;
use super::sheet::{Matter, Sheet};

/// A form with nothing filled in but the reports of the call.
pub fn fresh_input(sheet: &Sheet) -> ContactInput {
    ContactInput {
        version: sheet.item.version,
        reports: sheet
            .matters
            .iter()
            .filter(|m| m.duty.is_open())
            .map(|m| m.item.subject.to_string())
            .collect(),
        direction: "out".to_owned(),
        channel: Channel::Phone.name().to_owned(),
        ..ContactInput::default()
    }
}

/// Choices and typed values of the form.
pub struct Fields {
    /// Address of the call page.
    pub action: String,
    /// "2 reports, one call".
    pub calls: String,
    pub reports_title: &'static str,
    pub reports: Vec<Choice>,
    pub outcomes: Vec<Choice>,
    pub channels: Vec<Choice>,
    pub directions: Vec<Choice>,
    pub version: String,
    pub minutes: String,
    pub next_day: String,
    pub next_month: String,
    pub next_year: String,
    pub next_time: String,
    /// Day, month, year and time of a contact that was earlier.
    pub at: [String; 4],
}

impl Fields {
    pub fn of(care: &Care, sheet: &Sheet, input: &ContactInput) -> Fields {
        let reports = sheet.matters.iter().map(|m| {
            let id = m.item.subject.to_string();
            let chosen = input.reports.contains(&id);
            Choice::new(id, format!("{}: {}", m.report.reference, m.title)).chosen(chosen)
        });
        let outcomes = care.outcomes.iter().map(|o| {
            let chosen = o.id == input.outcome;
            Choice::new(&o.id, &o.title).chosen(chosen)
        });
        let channels = Channel::ALL.into_iter().map(|c| {
            let chosen = c.name() == input.channel;
            Choice::new(c.name(), c.title()).chosen(chosen)
        });
        let directions = [
            ("out", "We contacted the victim"),
            ("in", "The victim contacted us"),
        ];
        let next = input.next_at.as_deref().and_then(Timestamp::parse);
        let day = next.map(Timestamp::day);
        let of_day = |part: Option<String>| part.unwrap_or_default();
        let count = u64::try_from(sheet.matters.len()).unwrap_or(u64::MAX);
        Fields {
            action: super::href(sheet.item.id),
            calls: format!("{}, one call", words::plural(count, "report", "reports")),
            reports_title: if count == 1 {
                "The report"
            } else {
                "The reports"
            },
            reports: reports.collect(),
            outcomes: outcomes.collect(),
            channels: channels.collect(),
            directions: directions
                .into_iter()
                .map(|(id, title)| Choice::new(id, title).chosen(id == input.direction))
                .collect(),
            version: input.version.to_string(),
            minutes: input
                .minutes
                .filter(|m| *m >= 0)
                .map(|m| m.to_string())
                .unwrap_or_default(),
            next_day: of_day(day.map(|d| d.day().to_string())),
            next_month: of_day(day.map(|d| d.month().to_string())),
            next_year: of_day(day.map(|d| d.year().to_string())),
            next_time: of_day(next.map(Timestamp::show_time)),
            at: before_dialling::earlier(input),
        }
    }
}

impl Fields {
    /// A number as a link dials it.
    pub fn dial(&self, phone: &str) -> String {
        phone
            .chars()
            .filter(|c| c.is_ascii_digit() || *c == '+')
            .collect()
    }
}

/// What was wrong, at the fields of the page.
pub fn field_errors(faults: &Faults, care: &Care) -> FieldErrors {
    let mut errors = FieldErrors::new();
    for (field, message) in &faults.0 {
        let anchor = match (field.as_str(), care.prevention.first()) {
            ("prevention", Some(first)) => format!("prevention-{}", first.id),
            _ => field.clone(),
        };
        errors.add_at(field, anchor, message);
    }
    errors
}

/// A question answered from a list, with what was answered.
pub struct Question {
    pub name: String,
    pub title: String,
    pub choices: Vec<Choice>,
}

/// A response to each topic against repeat crime.
pub fn prevention(care: &Care, input: &ContactInput) -> Vec<Question> {
    let questions = care.prevention.iter().map(|topic| {
        let chosen = input.response_to(&topic.id);
        let mut choices = vec![Choice::new("", "Not covered")];
        choices.extend(care.responses.iter().map(|response| {
            Choice::new(&response.id, &response.title).chosen(response.id == chosen)
        }));
        Question {
            name: format!("prevention-{}", topic.id),
            title: topic.title.clone(),
            choices,
        }
    });
    questions.collect()
}

/// An answer to each kind of support.
pub fn support(care: &Care, input: &ContactInput) -> Vec<Question> {
    let questions = care.support.iter().map(|offer| {
        let chosen = input.answer_to(&offer.id);
        let mut choices = vec![Choice::new("", "Not offered")];
        choices.extend(
            ANSWERS
                .iter()
                .map(|(id, title)| Choice::new(*id, *title).chosen(*id == chosen)),
        );
        Question {
            name: format!("support-{}", offer.id),
            title: offer.title.clone(),
            choices,
        }
    });
    questions.collect()
}

/// One advice guide with its topics to tick.
pub struct GuideFields {
    pub title: String,
    pub sections: Vec<SectionFields>,
}

/// A part of a guide.
pub struct SectionFields {
    /// Unique on the page.
    pub id: String,
    pub title: &'static str,
    pub topics: Vec<Choice>,
}

/// The guides for the crimes of this call, each once.
pub fn guides(care: &Care, sheet: &Sheet, input: &ContactInput) -> Vec<GuideFields> {
    let mut seen: Vec<&str> = Vec::new();
    let mut all = Vec::new();
    for matter in &sheet.matters {
        let Some(guide) = care.guides.for_code(&matter.code) else {
            continue;
        };
        if seen.contains(&guide.key.as_str()) {
            continue;
        }
        seen.push(&guide.key);
        let sections = guide.sections.iter().enumerate().map(|(at, section)| {
            let topics = section.topics.iter().map(|topic| {
                let chosen = !input.response_to(&topic.id).is_empty();
                Choice::new(&topic.id, &topic.title).chosen(chosen)
            });
            SectionFields {
                // The first one is where an error about topics leads.
                id: if all.is_empty() && at == 0 {
                    "topic".to_owned()
                } else {
                    format!("topic-{}-{at}", guide.key)
                },
                title: section.title,
                topics: topics.collect(),
            }
        });
        let sections = sections.collect();
        all.push(GuideFields {
            title: guide.title(),
            sections,
        });
    }
    all
}

/// A clock and how it stands.
pub struct ClockLine {
    pub title: String,
    pub text: Html,
    /// A word for its tag.
    pub state: &'static str,
    pub is_late: bool,
}

/// The clocks of the report that presses most: the lead's.
pub fn clocks(care: &Care, sheet: &Sheet, now: Timestamp) -> Vec<ClockLine> {
    let Some(matter) = sheet.matters.iter().min_by_key(|m| m.item.received_at) else {
        return Vec::new();
    };
    let duty = &matter.duty;
    let enhanced = care.is_enhanced(duty.band);
    let attempt_limit = care.plan.first_attempt_limit(duty.received_at, duty.band);
    let contact_limit = care.first_contact_limit(duty.received_at, duty.band);
    let published = care.clocks.get(FIRST_CONTACT);
    let published = published.and_then(|c| c.limit_in_words(enhanced));
    let lines = [
        (
            FIRST_ATTEMPT,
            "First attempt".to_owned(),
            Some(attempt_limit),
            duty.first_attempt_at,
        ),
        (
            FIRST_CONTACT,
            format!("First contact, within {}", published.unwrap_or_default()),
            contact_limit,
            duty.first_contact_at,
        ),
    ];
    let lines = lines.into_iter().filter_map(|(clock, title, limit, met)| {
        let limit = limit?;
        let recorded = sheet
            .breaches
            .iter()
            .any(|b| b.clock == clock && b.report == matter.item.subject);
        let is_late = recorded || met.unwrap_or(now) > limit && (met.is_some() || duty.is_open());
        let due = Html::text("Due by ").and(&TimeStamp::new(limit));
        let (state, text) = match met {
            Some(at) if is_late => ("Late", due.and_text(". Done at ").and(&TimeStamp::new(at))),
            Some(at) => ("Met", due.and_text(". Done at ").and(&TimeStamp::new(at))),
            None if is_late => ("Overdue", due),
            None if duty.is_open() => ("Running", due),
            None => ("Stopped", due),
        };
        let text = if recorded {
            text.and_text(". The breach is on record.")
        } else {
            text.and_text(".")
        };
        Some(ClockLine {
            title,
            text,
            state,
            is_late,
        })
    });
    lines.collect()
}

/// A reason why the victim is thought vulnerable.
pub struct ReasonLine {
    pub text: String,
    pub points: String,
}

/// What raised the vulnerability, strongest first, each once.
pub fn reasons(sheet: &Sheet) -> Vec<ReasonLine> {
    let mut all: Vec<_> = sheet
        .matters
        .iter()
        .flat_map(|m| &m.vulnerability.reasons)
        .filter(|r| r.points > 0)
        .collect();
    all.sort_by_key(|r| (std::cmp::Reverse(r.points), r.factor.clone()));
    all.dedup_by(|a, b| a.factor == b.factor && a.value == b.value);
    let lines = all.into_iter().map(|r| {
        let factor = r.factor.rsplit('.').next().unwrap_or(&r.factor);
        ReasonLine {
            text: format!(
                "{}: {}",
                words::readable(factor),
                words::found(&r.factor, &r.value)
            ),
            points: format!("{:+}", r.points),
        }
    });
    lines.collect()
}

/// Questions of the assessment nobody has answered.
pub fn unknown(sheet: &Sheet) -> Vec<String> {
    let Some(lead) = sheet.matters.first() else {
        return Vec::new();
    };
    let factors = lead.vulnerability.unknown.iter();
    factors
        .map(|f| words::readable(f.rsplit('.').next().unwrap_or(f)))
        .collect()
}

/// What a caller must know before dialling: safe contact, and processes a person must start.
pub fn warnings(sheet: &Sheet) -> Vec<String> {
    let mut all = Vec::new();
    if sheet.domestic_abuse() {
        let text = "There is a link to domestic abuse. Contact only by the safe method given. If \
            none is given, do not call: ask the domestic abuse team first.";
        all.push(text.to_owned());
    }
    let safe = sheet.told_of_safe_contact().into_iter();
    all.extend(safe.map(|how| format!("Safe contact: {how}")));
    let actions = sheet.matters.iter().flat_map(|m| &m.vulnerability.actions);
    for action in actions {
        let text = format!("Start now: {}", words::spoken(action));
        if !all.contains(&text) {
            all.push(text);
        }
    }
    all
}

/// A report as the caller sees it.
pub struct ReportCard {
    pub reference: String,
    pub title: String,
    pub when: String,
    pub loss: Option<i64>,
    pub crime: String,
    pub narrative: String,
    pub received: Timestamp,
    pub state: String,
    pub is_open: bool,
}

pub fn report_cards(care: &Care, sheet: &Sheet) -> Vec<ReportCard> {
    let card = |m: &Matter| ReportCard {
        reference: m.report.reference.clone(),
        title: m.title.clone(),
        when: when(m),
        loss: m.report.loss_pence,
        crime: match m.code.as_str() {
            "" => care.guides.crime(""),
            code => format!("{} ({code})", care.guides.crime(code)),
        },
        narrative: m.report.narrative.clone(),
        received: m.item.received_at,
        state: m.duty.line.title().to_owned(),
        is_open: m.duty.is_open(),
    };
    sheet.matters.iter().map(card).collect()
}

fn when(matter: &Matter) -> String {
    match (matter.report.event_from, matter.report.event_to) {
        (Some(from), Some(to)) if from != to => format!("{} to {}", from.show(), to.show()),
        (Some(day), _) | (None, Some(day)) => day.show(),
        (None, None) => "Not given".to_owned(),
    }
}

/// The contacts so far.
pub fn history(care: &Care, sheet: &Sheet) -> Timeline {
    let items = sheet.made.iter().map(|made| {
        let mut lines = vec![made.channel_words()];
        if let Some(minutes) = made.minutes {
            lines.push(words::minutes_in_words(minutes));
        }
        if !made.topics.is_empty() {
            let given: Vec<String> = made
                .topics
                .iter()
                .map(|t| match t.response.as_str() {
                    "given" => care.words(&t.id),
                    response => {
                        format!(
                            "{} ({})",
                            care.words(&t.id),
                            care.words(response).to_lowercase()
                        )
                    }
                })
                .collect();
            lines.push(format!("Topics: {}", given.join("; ")));
        }
        for offer in &made.support {
            let answer = offer.response.replace('_', " ");
            lines.push(format!("{}: {answer}", care.words(&offer.id)));
        }
        if let Some(next) = made.next_at {
            lines.push(format!("Call back at {}", next.show()));
        }
        if !made.note.is_empty() {
            lines.push(made.note.clone());
        }
        TimelineItem::new(care.outcome_words(&made.outcome), made.at)
            .by(format!("{} ({})", made.by, unit_words(care, &made.unit)))
            .text(lines.join(". "))
    });
    Timeline::new(items.collect())
}

fn unit_words(care: &Care, unit: &str) -> String {
    match care.partner(unit) {
        Some(partner) => partner.title.clone(),
        None if unit == care.unit => care.force.clone(),
        None => unit.to_owned(),
    }
}

/// What the attempt plan asks for next, in a sentence.
pub fn next_step(care: &Care, sheet: &Sheet) -> String {
    let open = sheet.matters.iter().filter(|m| m.duty.is_open());
    let Some(matter) = open.min_by_key(|m| m.duty.attempts) else {
        return String::new();
    };
    let step = sentence(&care.plan.next(&matter.duty).title());
    let window = care.plan.window_end(matter.duty.received_at);
    format!(
        "{step}. The attempt plan is to be done by {}.",
        window.day().show()
    )
}

/// How the duty ended, when it did.
pub fn ended(care: &Care, sheet: &Sheet) -> Option<String> {
    let at = sheet.item.closed_at?;
    let duty = sheet.matters.first().map(|m| &m.duty)?;
    Some(match duty.line {
        Line::Awaiting => format!("Handed to another unit at {}", at.show()),
        Line::Error => format!(
            "Closed as an error at {}: {}",
            at.show(),
            care.outcome_words(&duty.reason).to_lowercase()
        ),
        line => format!("{} at {}", line.title(), at.show()),
    })
}

/// What the caller says first.
pub struct Script {
    pub caller: String,
    pub body: String,
    pub reference: String,
    pub band: Priority,
}

impl Script {
    pub fn of(care: &Care, who: &SignedIn, sheet: &Sheet) -> Script {
        let body = match care.partner(&who.actor.unit) {
            Some(partner) => format!("{}, working with {}", partner.title, care.force),
            None => care.force.clone(),
        };
        Script {
            caller: who.actor.name.clone(),
            body,
            reference: sheet.item.summary.reference.clone(),
            band: sheet.item.priority,
        }
    }
}
