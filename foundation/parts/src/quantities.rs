//! Times and sums of money.

use std::borrow::Borrow;

use askama::Template;
use askama::filters::HtmlSafe;
use record::time::Timestamp;

use super::words::{due_in_words, pounds};

/// When something is due, in words, with a bar of how much of its time is left.
///
/// The words alone say everything: "1 hour 10 minutes overdue". The bar is decoration to a screen
/// reader.
#[derive(Debug, Template)]
#[template(path = "parts/due_cell.html")]
pub struct DueCell {
    words: String,
    iso: String,
    title: String,
    urgency: Urgency,
    left: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Urgency {
    Over,
    Soon,
    Fine,
}

impl DueCell {
    /// `received` is when the clock began to run. "Soon" is an hour before the end, or the last
    /// tenth of the time allowed if that is longer.
    pub fn new(
        due: impl Borrow<Timestamp>,
        now: impl Borrow<Timestamp>,
        received: impl Borrow<Timestamp>,
    ) -> DueCell {
        let (due, now, received) = (*due.borrow(), *now.borrow(), *received.borrow());
        DueCell {
            words: due_in_words(due, now),
            iso: due.rfc3339(),
            title: due.show(),
            urgency: urgency(due, now, received),
            left: percent_left(due, now, received),
        }
    }

    fn class(&self) -> &'static str {
        match self.urgency {
            Urgency::Over => "ff-sla--over",
            Urgency::Soon => "ff-sla--soon",
            Urgency::Fine => "ff-sla--ok",
        }
    }
}

impl HtmlSafe for DueCell {}

fn urgency(due: Timestamp, now: Timestamp, received: Timestamp) -> Urgency {
    if due < now {
        return Urgency::Over;
    }
    let left = due.minutes_since(now);
    let allowed = due.minutes_since(received);
    if left <= 60 || left <= allowed / 10 {
        return Urgency::Soon;
    }
    Urgency::Fine
}

/// Share of the allowed time that is left, 0 to 100, rounded.
fn percent_left(due: Timestamp, now: Timestamp, received: Timestamp) -> u8 {
    let left = due.minutes_since(now).max(0);
    let allowed = due.minutes_since(received);
    if allowed <= 0 {
        return 0;
    }
    let percent = (left.saturating_mul(100) + allowed / 2) / allowed;
    u8::try_from(percent).unwrap_or(100).min(100)
}

/// An instant for people, with the instant for machines.
#[derive(Debug, Template)]
#[template(path = "parts/time_stamp.html")]
pub struct TimeStamp {
    iso: String,
    words: String,
}

impl TimeStamp {
    /// "6:52pm on 23 November 2026".
    pub fn new(at: impl Borrow<Timestamp>) -> TimeStamp {
        let at = *at.borrow();
        TimeStamp {
            iso: at.rfc3339(),
            words: at.show(),
        }
    }

    /// "6:52pm", where the day is plain.
    pub fn time(at: impl Borrow<Timestamp>) -> TimeStamp {
        let at = *at.borrow();
        TimeStamp {
            iso: at.rfc3339(),
            words: at.show_time(),
        }
    }

    /// "23 November 2026", where the hour does not matter.
    pub fn day(at: impl Borrow<Timestamp>) -> TimeStamp {
        let day = at.borrow().day();
        TimeStamp {
            iso: day.to_string(),
            words: day.show(),
        }
    }
}

impl HtmlSafe for TimeStamp {}

/// A sum of money in pounds; "Not known" where there is none. Nothing lost is "£0".
#[derive(Debug, Template)]
#[template(path = "parts/money.html")]
pub struct Money {
    text: Option<String>,
}

impl Money {
    pub fn of(pence: impl Borrow<Option<i64>>) -> Money {
        Money {
            text: pence.borrow().map(pounds),
        }
    }

    /// A sum that is known.
    pub fn pence(pence: impl Borrow<i64>) -> Money {
        Money::of(Some(*pence.borrow()))
    }
}

impl HtmlSafe for Money {}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn the_bar_is_the_share_of_time_left() {
        let received = at("2026-11-23T12:00:00Z");
        let due = received.plus_minutes(300);
        let left = |minutes: i64| percent_left(due, due.plus_minutes(-minutes), received);
        assert_eq!(left(300), 100);
        assert_eq!(left(65), 22);
        assert_eq!(left(18), 6);
        assert_eq!(left(0), 0);
        assert_eq!(left(-70), 0);
        // Received "after" now, or due before received: never beyond the track.
        assert_eq!(left(400), 100);
        assert_eq!(percent_left(received, received, due), 0);
    }

    #[test]
    fn soon_is_an_hour_or_the_last_tenth() {
        let received = at("2026-11-23T12:00:00Z");
        let due = received.plus_minutes(300);
        let of = |minutes: i64| urgency(due, due.plus_minutes(-minutes), received);
        assert_eq!(of(65), Urgency::Fine);
        assert_eq!(of(60), Urgency::Soon);
        assert_eq!(of(0), Urgency::Soon);
        assert_eq!(of(-1), Urgency::Over);
        let in_five_days = received.plus_days(5);
        let eleven_hours_before = in_five_days.plus_minutes(-660);
        assert_eq!(
            urgency(in_five_days, eleven_hours_before, received),
            Urgency::Soon
        );
    }

    #[test]
    fn a_due_cell_speaks_and_draws() {
        let received = at("2026-11-23T12:00:00Z");
        let due = received.plus_minutes(300);
        let cell = DueCell::new(due, due.plus_minutes(-18), received).to_string();
        assert!(cell.contains(r#"<span class="ff-sla ff-sla--soon"><time datetime="2026-11-23T17:00:00Z" title="5:00pm on 23 November 2026">18 minutes</time>"#));
        assert!(cell.contains(r#"<rect width="6" height="6" class="ff-bar__fill"/>"#));
        assert!(cell.contains(r#"aria-hidden="true""#));

        let late = DueCell::new(due, due.plus_minutes(70), received).to_string();
        assert!(late.contains("ff-sla--over"));
        assert!(late.contains("<strong>1 hour 10 minutes overdue</strong>"));
        assert!(!late.contains("<svg"));
    }

    #[test]
    fn stamps_and_sums() {
        let then = at("2026-11-23T18:52:00Z");
        assert_eq!(
            TimeStamp::new(then).to_string(),
            r#"<time datetime="2026-11-23T18:52:00Z">6:52pm on 23 November 2026</time>"#
        );
        assert_eq!(
            TimeStamp::day(then).to_string(),
            r#"<time datetime="2026-11-23">23 November 2026</time>"#
        );
        assert!(TimeStamp::time(then).to_string().contains(">6:52pm<"));
        assert_eq!(Money::of(Some(935_050_i64)).to_string(), "£9,350.50");
        assert_eq!(Money::pence(4_820_000).to_string(), "£48,200");
        assert_eq!(
            Money::of(None).to_string(),
            r#"<span class="ff-muted">Not known</span>"#
        );
    }
}
