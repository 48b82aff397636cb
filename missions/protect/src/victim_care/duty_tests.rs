use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;
use record::time::{Timestamp, WorkingCalendar};
use record::work::Priority;

use super::super::plan::{AttemptPlan, NextStep, Office, Plan};
use super::*;

fn plan() -> Plan {
    Plan {
        attempt: AttemptPlan {
            attempts: 3,
            different_days: true,
            one_out_of_hours: true,
            window_working_days: 10,
            then: vec!["letter".to_owned(), "text".to_owned()],
            visit_if_band_at_least: "medium".to_owned(),
            first_attempt_working_days: BTreeMap::from([
                ("high".to_owned(), 1),
                ("medium".to_owned(), 2),
                ("standard".to_owned(), 5),
            ]),
        },
        office: Office {
            opens: 9,
            closes: 17,
            evening_until: 20,
        },
        calendar: WorkingCalendar::default(),
        video_counts: false,
    }
}

fn monday() -> Timestamp {
    Timestamp::parse("2026-11-23T10:00:00Z").unwrap()
}

fn event(effect: Effect, channel: Channel, at: Timestamp) -> Event {
    Event {
        at,
        effect,
        channel,
        reached: matches!(effect, Effect::Advice | Effect::CallBack | Effect::Declined),
        out_of_hours: plan().is_out_of_hours(at),
        crime_topic: true,
        prevention: true,
        outcome: "x".to_owned(),
        explained: true,
    }
}

fn duty(band: Priority) -> Duty {
    Duty::new(monday(), band)
}

#[test]
fn advice_counts_by_phone_and_in_person_only() {
    let plan = plan();
    for channel in [Channel::Phone, Channel::InPerson] {
        let done = duty(Priority::High)
            .after(&event(Effect::Advice, channel, monday()), &plan)
            .unwrap();
        assert_eq!(done.line, Line::Advised);
        assert_eq!(done.first_contact_at, Some(monday()));
    }
    for channel in [
        Channel::Letter,
        Channel::Email,
        Channel::Text,
        Channel::Video,
    ] {
        let still = duty(Priority::High)
            .after(&event(Effect::Advice, channel, monday()), &plan)
            .unwrap();
        assert_eq!(still.line, Line::Awaiting, "{channel:?}");
    }
    let with_video = Plan {
        video_counts: true,
        ..plan
    };
    let done = duty(Priority::High)
        .after(
            &event(Effect::Advice, Channel::Video, monday()),
            &with_video,
        )
        .unwrap();
    assert_eq!(done.line, Line::Advised);
}

#[test]
fn advice_without_topics_is_not_advice() {
    let plain = event(Effect::Advice, Channel::Phone, monday());
    let no_crime = Event {
        crime_topic: false,
        ..plain.clone()
    };
    let no_prevention = Event {
        prevention: false,
        ..plain
    };
    let waiting = duty(Priority::Standard);
    assert_eq!(
        waiting.after(&no_crime, &plan()),
        Err(Refusal::NoCrimeTopic)
    );
    assert_eq!(
        waiting.after(&no_prevention, &plan()),
        Err(Refusal::NoPrevention)
    );
    let early = event(Effect::Attempt, Channel::Phone, monday().plus_minutes(-1));
    assert_eq!(waiting.after(&early, &plan()), Err(Refusal::BeforeReport));
    let nowhere = event(Effect::Declined, Channel::Decision, monday());
    assert_eq!(waiting.after(&nowhere, &plan()), Err(Refusal::NoChannel));
    let by_phone = event(Effect::Message, Channel::Phone, monday());
    assert_eq!(waiting.after(&by_phone, &plan()), Err(Refusal::NotAMessage));
}

#[test]
fn not_reached_only_after_the_full_plan() {
    let plan = plan();
    let mut duty = duty(Priority::Medium);
    let give_up =
        |duty: &Duty, at| duty.after(&event(Effect::NotReached, Channel::Decision, at), &plan);
    let steps = [
        (NextStep::Call(1), Channel::Phone, "2026-11-23T11:00:00Z"),
        // The same day again is an attempt but no other day.
        (NextStep::Call(2), Channel::Phone, "2026-11-23T12:00:00Z"),
        (NextStep::Call(3), Channel::Phone, "2026-11-24T11:00:00Z"),
        (
            NextStep::EveningCall(4),
            Channel::Phone,
            "2026-11-25T18:30:00Z",
        ),
        (NextStep::Letter, Channel::Letter, "2026-11-26T10:00:00Z"),
        (NextStep::Text, Channel::Text, "2026-11-26T10:05:00Z"),
        (NextStep::Visit, Channel::InPerson, "2026-11-27T10:00:00Z"),
    ];
    for (step, channel, at) in steps {
        let at = Timestamp::parse(at).unwrap();
        assert_eq!(plan.next(&duty), step);
        assert_eq!(give_up(&duty, at), Err(Refusal::PlanNotDone(step)));
        let effect = if channel.is_live() {
            Effect::Attempt
        } else {
            Effect::Message
        };
        duty = duty.after(&event(effect, channel, at), &plan).unwrap();
    }
    assert_eq!(plan.next(&duty), NextStep::MayEnd);
    let at = Timestamp::parse("2026-11-27T11:00:00Z").unwrap();
    let unexplained = Event {
        explained: false,
        ..event(Effect::NotReached, Channel::Decision, at)
    };
    assert_eq!(duty.after(&unexplained, &plan), Err(Refusal::NoReason));
    assert_eq!(give_up(&duty, at).unwrap().line, Line::NotReached);
}

#[test]
fn the_next_call_is_due_on_a_working_day_inside_the_window() {
    let plan = plan();
    let friday = Timestamp::parse("2026-11-27T15:00:00Z").unwrap();
    let tried = duty(Priority::Standard)
        .after(&event(Effect::Attempt, Channel::Phone, friday), &plan)
        .unwrap();
    assert_eq!(
        plan.due(&tried, friday, None).rfc3339(),
        "2026-11-30T17:00:00Z"
    );
    let agreed = friday.plus_days(3);
    assert_eq!(plan.due(&tried, friday, Some(agreed)), agreed);
    let late = Timestamp::parse("2026-12-04T15:00:00Z").unwrap();
    assert_eq!(plan.due(&tried, late, None), plan.window_end(monday()));
    assert!(plan.is_out_of_hours(Timestamp::parse("2026-11-28T12:00:00Z").unwrap()));
    assert!(!plan.is_out_of_hours(friday));
    assert_eq!(
        plan.first_attempt_limit(monday(), Priority::High).rfc3339(),
        "2026-11-24T10:00:00Z"
    );
}

fn any_event() -> impl Strategy<Value = Event> {
    (
        0..Effect::ALL.len(),
        0..Channel::ALL.len(),
        -600i64..20_000,
        any::<[bool; 5]>(),
    )
        .prop_map(|(effect, channel, minutes, flags)| Event {
            at: monday().plus_minutes(minutes),
            effect: Effect::ALL[effect],
            channel: Channel::ALL[channel],
            reached: flags[0],
            out_of_hours: flags[1],
            crime_topic: flags[2],
            prevention: flags[3],
            outcome: format!("{effect}"),
            explained: flags[4],
        })
}

proptest! {
    /// Any events in any order to any number of duties: none is lost, none ends twice, and the
    /// lines add up to what was received.
    #[test]
    fn lines_add_up_to_duties_received(
        bands in proptest::collection::vec(0i64..3, 1..6),
        events in proptest::collection::vec((0usize..6, any_event()), 0..60),
    ) {
        let plan = plan();
        let mut duties: Vec<Duty> =
            bands.iter().map(|b| duty(Priority::of_rank(*b))).collect();
        let mut ends = vec![0; duties.len()];
        for (at, event) in &events {
            let at = at % duties.len();
            let before = duties[at].clone();
            match before.after(event, &plan) {
                Ok(next) => {
                    prop_assert!(before.is_open());
                    prop_assert!(next.attempts >= before.attempts);
                    prop_assert!(next.days <= next.attempts);
                    if !next.is_open() {
                        ends[at] += 1;
                        prop_assert!(next.ended_at.is_some());
                    }
                    if next.line == Line::Advised {
                        prop_assert!(event.channel.counts(false));
                        prop_assert!(event.crime_topic && event.prevention);
                    }
                    if next.line == Line::NotReached {
                        prop_assert_eq!(plan.next(&next), NextStep::MayEnd);
                    }
                    duties[at] = next;
                }
                Err(refusal) => {
                    prop_assert_eq!(!before.is_open(), matches!(refusal, Refusal::Ended(_)));
                }
            }
        }
        let mut lines: HashMap<Line, usize> = HashMap::new();
        for duty in &duties {
            *lines.entry(duty.line).or_default() += 1;
        }
        prop_assert_eq!(lines.values().sum::<usize>(), bands.len());
        for (duty, ends) in duties.iter().zip(ends) {
            prop_assert_eq!(usize::from(!duty.is_open()), ends);
        }
    }
}
