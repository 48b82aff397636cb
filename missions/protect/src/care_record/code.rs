//! The clocks of the Victims' Code for one victim, as a pure function of what happened.

use record::time::{Timestamp, WorkingCalendar};

use crate::victim_care::clocks::{Clock, Clocks};

/// What an event does to a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The clock begins to run; a later start is a duty of its own.
    Started,
    Met,
    /// The right does not arise here: the running clock is stopped, and counts as not applicable.
    NotApplicable,
}

impl Kind {
    pub const ALL: [Kind; 3] = [Kind::Started, Kind::Met, Kind::NotApplicable];

    pub const fn name(self) -> &'static str {
        match self {
            Kind::Started => "started",
            Kind::Met => "met",
            Kind::NotApplicable => "not_applicable",
        }
    }

    pub fn parse(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|k| k.name() == name)
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    pub clock: String,
    pub kind: Kind,
    pub at: Timestamp,
}

/// Where a clock stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    Due,
    Met,
    /// Met after its limit, or not met and past it.
    Late,
    NotApplicable,
}

impl State {
    pub const ALL: [State; 4] = [State::Due, State::Met, State::Late, State::NotApplicable];

    pub const fn title(self) -> &'static str {
        match self {
            State::Due => "Due",
            State::Met => "Met",
            State::Late => "Late",
            State::NotApplicable => "Not applicable",
        }
    }
}

/// One duty under the Code: a clock that was started, or one that never was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub clock: String,
    /// Number of the right in the Code; none for a local standard.
    pub right: Option<u8>,
    pub started: Option<Timestamp>,
    pub due: Option<Timestamp>,
    pub met: Option<Timestamp>,
    pub state: State,
}

/// The right a clock serves, from its source: "Victims' Code right 6".
pub fn right_of(clock: &Clock) -> Option<u8> {
    let (_, after) = clock.source.split_once("Code right ")?;
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// Whether a clock belongs to the victims' rights, and not to data protection.
pub fn is_victims(clock: &Clock) -> bool {
    clock.clock_id.starts_with("VC-")
}

/// Every clock of the victims' rights as it stands at `now`. Events may come in any order; a clock with
/// no limit for this victim, or never started, is not applicable.
pub fn standings(
    clocks: &Clocks,
    calendar: &WorkingCalendar,
    enhanced: bool,
    happened: &[Happened],
    now: Timestamp,
) -> Vec<Standing> {
    let mut all = Vec::new();
    for clock in clocks.iter().filter(|c| is_victims(c)) {
        let mut events: Vec<&Happened> = happened
            .iter()
            .filter(|h| h.clock == clock.clock_id)
            .collect();
        events.sort_by_key(|h| (h.at, h.kind));
        let begun = all.len();
        for event in events {
            let open = all[begun..]
                .iter()
                .rposition(|s: &Standing| s.met.is_none() && s.state != State::NotApplicable);
            let open = open.map(|at| begun + at);
            match (event.kind, open) {
                // Started again while it runs: the first start counts.
                (Kind::Started, Some(_)) | (Kind::Met | Kind::NotApplicable, None) => {}
                (Kind::Started, None) => {
                    all.push(started(clock, event.at, enhanced, calendar, now))
                }
                (Kind::Met, Some(at)) => meet(&mut all[at], event.at),
                (Kind::NotApplicable, Some(at)) => all[at].state = State::NotApplicable,
            }
        }
        if all.len() == begun {
            all.push(Standing {
                clock: clock.clock_id.clone(),
                right: right_of(clock),
                started: None,
                due: None,
                met: None,
                state: State::NotApplicable,
            });
        }
    }
    all
}

fn started(
    clock: &Clock,
    at: Timestamp,
    enhanced: bool,
    calendar: &WorkingCalendar,
    now: Timestamp,
) -> Standing {
    let due = clock.due(at, enhanced, calendar);
    let state = match due {
        None => State::NotApplicable,
        Some(due) if due < now => State::Late,
        Some(_) => State::Due,
    };
    Standing {
        clock: clock.clock_id.clone(),
        right: right_of(clock),
        started: Some(at),
        due,
        met: None,
        state,
    }
}

fn meet(standing: &mut Standing, at: Timestamp) {
    standing.met = Some(at);
    let late = standing.due.is_some_and(|due| at > due);
    standing.state = if late { State::Late } else { State::Met };
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use record::policy::Files;
    use record::time::Date;

    use super::*;

    fn clocks() -> Clocks {
        let text = include_str!("../../../../policy/protect/victim-clocks.csv");
        let file = (Clocks::FILE.to_owned(), text.to_owned());
        Clocks::read(&Files(BTreeMap::from([file]))).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn event(clock: &str, kind: Kind, when: &str) -> Happened {
        Happened {
            clock: clock.to_owned(),
            kind,
            at: at(when),
        }
    }

    #[test]
    fn a_clock_runs_in_working_days_and_over_bank_holidays() {
        let holiday = Date::parse("2026-12-25").unwrap();
        let calendar = WorkingCalendar::new([holiday]);
        let arrest = [event("VC-ARREST", Kind::Started, "2026-12-24T10:00:00Z")];
        let of = |enhanced, events: &[Happened], now: &str| {
            let all = standings(&clocks(), &calendar, enhanced, events, at(now));
            all.into_iter().find(|s| s.clock == "VC-ARREST").unwrap()
        };
        // Christmas Day and a weekend lie between.
        let standing = of(true, &arrest, "2026-12-24T12:00:00Z");
        assert_eq!(standing.due, Some(at("2026-12-28T10:00:00Z")));
        assert_eq!((standing.right, standing.state), (Some(6), State::Due));
        assert_eq!(of(true, &arrest, "2026-12-29T10:00:00Z").state, State::Late);
        assert_eq!(of(false, &arrest, "2026-12-29T10:00:00Z").state, State::Due);
        let told = [
            arrest[0].clone(),
            event("VC-ARREST", Kind::Met, "2026-12-28T09:00:00Z"),
        ];
        assert_eq!(of(true, &told, "2027-02-01T10:00:00Z").state, State::Met);
        let late = [
            arrest[0].clone(),
            event("VC-ARREST", Kind::Met, "2026-12-30T09:00:00Z"),
        ];
        assert_eq!(of(true, &late, "2027-02-01T10:00:00Z").state, State::Late);
        let dropped = [
            arrest[0].clone(),
            event("VC-ARREST", Kind::NotApplicable, "2026-12-24T11:00:00Z"),
        ];
        assert_eq!(
            of(true, &dropped, "2027-02-01T10:00:00Z").state,
            State::NotApplicable
        );
        assert_eq!(
            of(true, &[], "2027-02-01T10:00:00Z").state,
            State::NotApplicable
        );
    }

    #[test]
    fn a_second_arrest_is_a_second_duty() {
        let events = [
            event("VC-ARREST", Kind::Started, "2026-11-02T10:00:00Z"),
            event("VC-ARREST", Kind::Met, "2026-11-03T10:00:00Z"),
            event("VC-ARREST", Kind::Started, "2026-11-10T10:00:00Z"),
        ];
        let all = standings(
            &clocks(),
            &WorkingCalendar::default(),
            false,
            &events,
            at("2026-11-11T10:00:00Z"),
        );
        let states: Vec<State> = all
            .iter()
            .filter(|s| s.clock == "VC-ARREST")
            .map(|s| s.state)
            .collect();
        assert_eq!(states, [State::Met, State::Due]);
    }

    #[test]
    fn data_protection_is_none_of_the_rights() {
        let all = standings(
            &clocks(),
            &WorkingCalendar::default(),
            false,
            &[],
            at("2026-11-11T10:00:00Z"),
        );
        assert!(all.iter().all(|s| s.clock.starts_with("VC-")) && all.len() > 10);
    }

    proptest! {
        /// In any order of telling, the same things happened; and no clock is ever lost.
        #[test]
        fn the_order_of_telling_does_not_matter(
            raw in proptest::collection::vec((0usize..4, 0usize..3, 0i64..40), 0..12),
            turn in 0usize..12,
        ) {
            let ids = ["VC-ARREST", "VC-CHARGE", "VC-UPDATE", "VC-NEEDS"];
            let base = at("2026-11-02T10:00:00Z");
            let events: Vec<Happened> = raw.iter().map(|(clock, kind, day)| Happened {
                clock: ids[*clock].to_owned(),
                kind: Kind::ALL[*kind],
                at: base.plus_days(*day),
            }).collect();
            let mut other = events.clone();
            if !other.is_empty() {
                let by = turn % other.len();
                other.rotate_left(by);
            }
            let now = base.plus_days(60);
            let one = standings(&clocks(), &WorkingCalendar::default(), false, &events, now);
            let two = standings(&clocks(), &WorkingCalendar::default(), false, &other, now);
            prop_assert_eq!(&one, &two);
            for clock in clocks().iter().filter(|c| is_victims(c)) {
                prop_assert!(one.iter().any(|s| s.clock == clock.clock_id));
            }
            for s in &one {
                prop_assert!(s.met.is_none() || s.started.is_some_and(|start| start <= s.met.unwrap()));
            }
        }
    }
}
