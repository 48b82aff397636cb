//! Safe contact and needs: when, how and through whom a victim may be contacted, and what a caller
//! must know before dialling. Values only; no database.

use record::time::{Date, Timestamp};
use serde::{Deserialize, Serialize};
use web::parts::FieldErrors;

use super::fields::Fields;
use super::policy::{RecordPolicy, has, title};
use crate::victim_care::clock_time;
use crate::victim_care::duty::Channel;

/// Days of a week as the record holds them, Monday first.
pub const DAYS: [(&str, &str); 7] = [
    ("mon", "Monday"),
    ("tue", "Tuesday"),
    ("wed", "Wednesday"),
    ("thu", "Thursday"),
    ("fri", "Friday"),
    ("sat", "Saturday"),
    ("sun", "Sunday"),
];

/// What may be left on a voicemail.
pub const VOICEMAIL: [(&str, &str); 3] = [
    ("name_and_number", "Name and number only"),
    ("agreed", "More than that: the victim agreed"),
    ("none", "Leave no voicemail"),
];

/// A person who may be spoken to in the victim's place, with the consent for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Trusted {
    pub name: String,
    /// Id of the policy's relation.
    pub relation: String,
    pub phone: String,
    /// Whether the victim agreed that we speak to them about the report.
    pub consent: bool,
    /// Day of the consent.
    pub consent_on: Option<Date>,
}

/// The safe-contact rule and the needs of a victim, as one version of the record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Needs {
    /// Safe ways of contact; empty when any is.
    pub channels: Vec<String>,
    /// Safe days; empty when any is.
    pub days: Vec<String>,
    /// Safe hours in minutes of the day in London, from (included) until (not included).
    pub hours: Option<(i64, i64)>,
    /// Who else may answer, and what may be said to them.
    pub who_may_answer: String,
    pub words_to_avoid: String,
    /// One of [`VOICEMAIL`]; empty is name and number only.
    pub voicemail: String,
    /// Id of the policy's language; empty when nobody has asked.
    pub language: String,
    pub interpreter: bool,
    pub accessibility: Vec<String>,
    /// Whether the victim is a child: a parent or guardian receives rights too, unless unsafe.
    pub child: bool,
    /// Parent, carer or attorney first, then somebody the victim trusts.
    pub trusted: Vec<Trusted>,
    pub note: String,
}

/// Names of the fields of the two trusted people.
const TRUSTED: [&str; 2] = ["linked", "trusted"];

impl Needs {
    /// Reads a form. What is wrong is an error at its field.
    pub fn of_form(
        form: &Fields,
        policy: &RecordPolicy,
        now: Timestamp,
        errors: &mut FieldErrors,
    ) -> Needs {
        let most = policy.longest_text;
        let channels = form.all("safe_channel");
        let live = |c: &String| Channel::parse(c).is_some_and(|c| c != Channel::Decision);
        if !channels.iter().all(live) {
            errors.add("safe_channel", "Choose ways of contact from the list");
        }
        let days = form.all("day");
        if !days.iter().all(|d| DAYS.iter().any(|(id, _)| id == d)) {
            errors.add("day", "Choose days from the list");
        }
        let language = form.text("language").to_owned();
        if !language.is_empty() && !has(&policy.languages, &language) {
            errors.add("language", "Choose a language from the list");
        }
        let accessibility = form.all("accessibility");
        if !accessibility.iter().all(|a| has(&policy.accessibility, a)) {
            errors.add("accessibility", "Choose needs from the list");
        }
        let voicemail = form.text("voicemail").to_owned();
        if !voicemail.is_empty() && !VOICEMAIL.iter().any(|(id, _)| *id == voicemail) {
            errors.add("voicemail", "Choose what a voicemail may say");
        }
        let trusted = TRUSTED
            .iter()
            .filter_map(|who| trusted(who, form, policy, now, errors));
        let trusted: Vec<Trusted> = trusted.collect();
        Needs {
            channels,
            days,
            hours: hours(form, errors),
            who_may_answer: form.long_text("who_may_answer", most, errors),
            words_to_avoid: form.long_text("words_to_avoid", most, errors),
            voicemail,
            language,
            interpreter: form.is_yes("interpreter"),
            accessibility,
            child: form.is_yes("child"),
            trusted,
            note: form.long_text("needs_note", most, errors),
        }
    }

    /// Why a contact of ours breaks the rule, in words; none when it keeps it.
    pub fn broken_by(
        &self,
        at: Timestamp,
        channel: Channel,
        leaves_voicemail: bool,
    ) -> Option<String> {
        if channel == Channel::Decision {
            return None;
        }
        if !self.channels.is_empty() && !self.channels.iter().any(|c| c == channel.name()) {
            return Some(format!(
                "{} is not a safe way to contact this victim",
                channel.title()
            ));
        }
        // A letter or an e-mail has no hour at which it is read.
        if channel.is_live() || channel == Channel::Text {
            let day = DAYS[weekday(at.day())];
            if !self.days.is_empty() && !self.days.iter().any(|d| d == day.0) {
                return Some(format!("{} is not a safe day for this victim", day.1));
            }
            if let Some((from, until)) = self.hours
                && !(from <= minute_of_day(at) && minute_of_day(at) < until)
            {
                return Some(format!(
                    "{} is outside the safe times, {} to {}",
                    at.show_time(),
                    in_words(from),
                    in_words(until)
                ));
            }
        }
        (leaves_voicemail && self.voicemail == "none")
            .then(|| "This victim wants no voicemail".to_owned())
    }

    /// Whether anything of it limits how the victim is contacted.
    pub fn is_rule(&self) -> bool {
        !self.channels.is_empty()
            || !self.days.is_empty()
            || self.hours.is_some()
            || self.voicemail == "none"
    }

    /// The first minute from `at` on, within `days` days, at which a call is safe.
    pub fn safe_from(&self, at: Timestamp, days: i64) -> Option<Timestamp> {
        let is_day = |day: Date| {
            self.days.is_empty() || self.days.iter().any(|d| *d == DAYS[weekday(day)].0)
        };
        (0..=days)
            .map(|n| at.day().plus_days(n))
            .filter(|day| is_day(*day))
            .find_map(|day| {
                let (from, until) = self.hours.unwrap_or((0, 24 * 60));
                let opens = instant(day, from).max(at);
                (opens < instant(day, until)).then_some(opens)
            })
    }

    /// What a caller reads before dialling: each line a fact, most pressing first.
    pub fn lines(&self, policy: &RecordPolicy) -> Vec<(&'static str, String)> {
        let mut lines = Vec::new();
        if self.child {
            let text = "A child. Speak with a parent or guardian too, unless that is unsafe. \
                        Not through the school without agreement.";
            lines.push(("Child", text.to_owned()));
        }
        lines.push(("Safe times", self.times_in_words()));
        if !self.channels.is_empty() {
            let named = self.channels.iter().filter_map(|c| Channel::parse(c));
            let named: Vec<&str> = named.map(Channel::title).collect();
            lines.push(("Only by", named.join(", ")));
        }
        let mut add = |name, text: &str| {
            if !text.is_empty() {
                lines.push((name, text.to_owned()));
            }
        };
        add("Who may answer", &self.who_may_answer);
        add("Words to avoid", &self.words_to_avoid);
        add("Voicemail", voicemail_words(&self.voicemail));
        let mut language = String::new();
        if !self.language.is_empty() {
            language = title(&policy.languages, &self.language);
        }
        if self.interpreter {
            language.push_str(if language.is_empty() {
                "Needs an interpreter"
            } else {
                ", with an interpreter"
            });
        }
        add("Language", &language);
        let access = self
            .accessibility
            .iter()
            .map(|a| title(&policy.accessibility, a));
        add("Access", &access.collect::<Vec<_>>().join(", "));
        for one in &self.trusted {
            add("May be spoken to", &one.in_words(policy));
        }
        add("Note", &self.note);
        lines
    }

    /// The rule alone, for whoever writes to the victim.
    pub fn rule_in_words(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.is_rule() {
            let named = self.channels.iter().filter_map(|c| Channel::parse(c));
            let named: Vec<&str> = named.map(Channel::title).collect();
            let ways = if named.is_empty() {
                "any way".to_owned()
            } else {
                named.join(", ")
            };
            lines.push(format!(
                "{}; {}",
                self.times_in_words(),
                ways.to_lowercase()
            ));
        }
        if !self.words_to_avoid.is_empty() {
            lines.push(format!("Words to avoid: {}", self.words_to_avoid));
        }
        if !self.who_may_answer.is_empty() {
            lines.push(format!("Who may answer: {}", self.who_may_answer));
        }
        lines
    }

    pub fn times_in_words(&self) -> String {
        let days = if self.days.is_empty() {
            "Any day".to_owned()
        } else {
            let named = DAYS
                .iter()
                .filter(|(id, _)| self.days.iter().any(|d| d == id));
            named.map(|(_, name)| *name).collect::<Vec<_>>().join(", ")
        };
        match self.hours {
            Some((from, until)) => format!("{days}, {} to {}", in_words(from), in_words(until)),
            None if self.days.is_empty() => "Any time".to_owned(),
            None => days,
        }
    }
}

impl Trusted {
    fn in_words(&self, policy: &RecordPolicy) -> String {
        let mut text = self.name.clone();
        if !self.relation.is_empty() {
            text = format!(
                "{text} ({})",
                title(&policy.relations, &self.relation).to_lowercase()
            );
        }
        if !self.phone.is_empty() {
            text = format!("{text}, {}", self.phone);
        }
        match (self.consent, self.consent_on) {
            (true, Some(day)) => format!("{text}. The victim agreed on {}", day.show()),
            (true, None) => format!("{text}. The victim agreed"),
            (false, _) => format!("{text}. No consent: do not speak of the report"),
        }
    }
}

fn voicemail_words(rule: &str) -> &'static str {
    let found = VOICEMAIL.iter().find(|(id, _)| *id == rule);
    found.map_or(VOICEMAIL[0].1, |(_, words)| words)
}

fn trusted(
    who: &str,
    form: &Fields,
    policy: &RecordPolicy,
    now: Timestamp,
    errors: &mut FieldErrors,
) -> Option<Trusted> {
    let field = |part: &str| format!("{who}_{part}");
    let name = form.long_text(&field("name"), 200, errors);
    let relation = form.text(&field("relation")).to_owned();
    let phone = form.long_text(&field("phone"), 40, errors);
    let consent = form.is_yes(&field("consent"));
    if name.is_empty() {
        if !phone.is_empty() || consent {
            errors.add(field("name"), "Enter the name of this person");
        }
        return None;
    }
    if !has(&policy.relations, &relation) {
        errors.add(field("relation"), "Choose who they are to the victim");
    }
    let consent_on = consent.then(|| form.past_day(&field("consent_on"), now, errors));
    Some(Trusted {
        name,
        relation,
        phone,
        consent,
        consent_on,
    })
}

fn hours(form: &Fields, errors: &mut FieldErrors) -> Option<(i64, i64)> {
    let (from, until) = (form.text("safe_from"), form.text("safe_until"));
    if from.is_empty() && until.is_empty() {
        return None;
    }
    let minutes = |text: &str| clock_time(text).map(|(h, m)| i64::from(h) * 60 + i64::from(m));
    match (minutes(from), minutes(until)) {
        (Some(from), Some(until)) if from < until => Some((from, until)),
        (Some(_), Some(_)) => {
            errors.add("safe_until", "The safe time must end after it begins");
            None
        }
        (None, _) => {
            errors.add(
                "safe_from",
                "Enter a time such as 6pm, or leave both times empty",
            );
            None
        }
        (_, None) => {
            errors.add(
                "safe_until",
                "Enter a time such as 8:30pm, or leave both times empty",
            );
            None
        }
    }
}

/// A time of day: "6pm", "8:30pm".
pub fn in_words(minute: i64) -> String {
    let (hour, minute) = (minute / 60, minute % 60);
    let (shown, half) = match hour {
        0 | 24 => (12, "am"),
        1..=11 => (hour, "am"),
        12 => (12, "pm"),
        _ => (hour - 12, "pm"),
    };
    if minute == 0 {
        format!("{shown}{half}")
    } else {
        format!("{shown}:{minute:02}{half}")
    }
}

/// Minute of the day on the clock in London.
pub fn minute_of_day(at: Timestamp) -> i64 {
    // The clocks change by whole hours, so the minute is right on those days too.
    let minute = at
        .minutes_since(Timestamp::start_of(at.day()))
        .rem_euclid(60);
    i64::from(at.hour()) * 60 + minute
}

/// Day of the week, Monday 0.
pub fn weekday(day: Date) -> usize {
    // 1 January 2024 was a Monday.
    let monday = Date::new(2024, 1, 1).unwrap_or(day);
    usize::try_from(day.days_since(monday).rem_euclid(7)).unwrap_or(0)
}

/// That minute of a day in London, also on days of 23 or 25 hours.
pub fn instant(day: Date, minute: i64) -> Timestamp {
    let part = |n: i64| i8::try_from(n).unwrap_or(0);
    let day = day.plus_days(minute.div_euclid(1_440));
    let minute = minute.rem_euclid(1_440);
    Timestamp::at(day, part(minute / 60), part(minute % 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn evenings() -> Needs {
        Needs {
            days: vec!["mon".to_owned(), "wed".to_owned()],
            hours: Some((18 * 60, 20 * 60 + 30)),
            voicemail: "none".to_owned(),
            ..Needs::default()
        }
    }

    #[test]
    fn a_contact_outside_the_safe_times_is_told_why() {
        let needs = evenings();
        // 23 November 2026 is a Monday.
        let broken = |when: &str, channel| needs.broken_by(at(when), channel, false);
        assert_eq!(broken("2026-11-23T18:00:00Z", Channel::Phone), None);
        assert_eq!(broken("2026-11-23T20:29:00Z", Channel::Phone), None);
        let late = broken("2026-11-23T20:30:00Z", Channel::Phone).unwrap();
        assert!(late.contains("6pm to 8:30pm"), "{late}");
        let tuesday = broken("2026-11-24T18:30:00Z", Channel::Phone).unwrap();
        assert!(tuesday.contains("Tuesday"), "{tuesday}");
        // A letter is read when it is read; a decision contacts nobody.
        assert_eq!(broken("2026-11-24T03:00:00Z", Channel::Letter), None);
        assert_eq!(broken("2026-11-24T03:00:00Z", Channel::Decision), None);
        let left = needs.broken_by(at("2026-11-23T18:30:00Z"), Channel::Phone, true);
        assert!(left.unwrap().contains("voicemail"));
        let only = Needs {
            channels: vec!["letter".to_owned()],
            ..Needs::default()
        };
        assert!(
            only.broken_by(at("2026-11-23T18:00:00Z"), Channel::Phone, false)
                .is_some()
        );
    }

    #[test]
    fn the_next_safe_minute_is_found_across_days_and_clock_changes() {
        let needs = evenings();
        let next = |when: &str| needs.safe_from(at(when), 7).map(Timestamp::rfc3339);
        assert_eq!(
            next("2026-11-23T19:00:00Z").as_deref(),
            Some("2026-11-23T19:00:00Z")
        );
        assert_eq!(
            next("2026-11-23T21:00:00Z").as_deref(),
            Some("2026-11-25T18:00:00Z")
        );
        assert_eq!(minute_of_day(at("2026-10-25T12:30:00Z")), 12 * 60 + 30);
        assert_eq!(weekday(Date::new(2026, 11, 23).unwrap()), 0);
        assert_eq!(weekday(Date::new(2023, 12, 31).unwrap()), 6);
    }

    #[test]
    fn nothing_recorded_is_no_rule() {
        assert!(!Needs::default().is_rule());
        assert!(evenings().is_rule());
        assert_eq!(Needs::default().times_in_words(), "Any time");
        assert_eq!(
            evenings().times_in_words(),
            "Monday, Wednesday, 6pm to 8:30pm"
        );
    }
}
