use super::*;
use proptest::prelude::*;

fn at(hour: i8, minute: i8) -> Timestamp {
    let day = record::time::Date::new(2026, 11, 23).unwrap();
    Timestamp::at(day, hour, minute)
}

fn actor(n: u128) -> ActorId {
    format!("{n:032x}").parse().unwrap()
}

fn item(n: u128) -> WorkItemId {
    format!("{n:032x}").parse().unwrap()
}

fn caller(n: u128, languages: &[&str], skills: &[&str]) -> Caller {
    Caller {
        id: actor(n),
        name: format!("Caller {n}"),
        unit: "sfcu".to_owned(),
        from: at(9, 0),
        until: at(17, 0),
        languages: languages.iter().map(|l| (*l).to_owned()).collect(),
        skills: skills.iter().map(|s| (*s).to_owned()).collect(),
    }
}

fn duty(n: u128, band: Priority, due: Timestamp) -> Duty {
    Duty {
        id: item(n),
        version: 1,
        unit: "sfcu".to_owned(),
        band,
        due,
        earliest: None,
        latest: None,
        minutes: 30,
        language: None,
        skills: BTreeSet::new(),
        with: None,
    }
}

fn of(plan: &Plan, n: u128) -> &Slot {
    let id = item(n);
    plan.slots.iter().find(|s| s.duty == id).unwrap()
}

#[test]
fn the_vulnerable_go_first_and_languages_go_to_who_speaks_them() {
    let callers = [caller(1, &["pl"], &[]), caller(2, &[], &[])];
    let mut polish = duty(11, Priority::Standard, at(16, 0));
    polish.language = Some("pl".to_owned());
    let duties = [
        duty(10, Priority::Standard, at(10, 0)),
        polish,
        duty(12, Priority::High, at(16, 30)),
        duty(13, Priority::Medium, at(16, 0)),
    ];
    let plan = plan(&callers, &duties, at(8, 0), at(17, 0));
    // The plain duty goes to the caller whose languages nobody needs.
    assert_eq!(of(&plan, 12).caller, callers[1].id);
    assert_eq!(of(&plan, 12).place, 1);
    assert_eq!(of(&plan, 11).caller, callers[0].id);
    assert!(plan.left.is_empty() && plan.breaches.is_empty(), "{plan:?}");
    assert!(of(&plan, 13).start <= of(&plan, 10).start);
}

#[test]
fn what_runs_out_is_told_with_the_reason() {
    let callers = [Caller {
        until: at(9, 50),
        ..caller(1, &[], &["home_visit"])
    }];
    let mut welsh = duty(11, Priority::High, at(12, 0));
    welsh.language = Some("ur".to_owned());
    let mut visit = duty(12, Priority::High, at(12, 0));
    visit.skills.insert("child".to_owned());
    let mut held = duty(13, Priority::Medium, at(12, 0));
    held.with = Some(actor(99));
    let mut other = duty(14, Priority::Medium, at(12, 0));
    other.unit = "beacon".to_owned();
    let duties = [
        duty(10, Priority::High, at(9, 10)),
        welsh,
        visit,
        held,
        other,
        duty(15, Priority::Standard, at(12, 0)),
        duty(16, Priority::Standard, at(17, 0).plus_days(3)),
        duty(17, Priority::High, at(8, 0)),
    ];
    let plan = plan(&callers, &duties, at(8, 30), at(17, 0));
    let why = |n: u128| {
        let id = item(n);
        plan.left
            .iter()
            .find(|(d, _)| *d == id)
            .map(|(_, why)| why.clone())
    };
    assert_eq!(why(11), Some(Why::NobodySpeaks("ur".to_owned())));
    assert_eq!(why(12), Some(Why::NobodyCan(vec!["child".to_owned()])));
    assert_eq!(why(13), Some(Why::HolderAway));
    assert_eq!(why(14), Some(Why::NobodyOnDuty));
    assert_eq!(why(15), Some(Why::NoTime));
    // Overdue already: it goes first, and is told as late. There is no room for another after it.
    let late = plan
        .breaches
        .iter()
        .find(|b| b.duty == of(&plan, 17).duty)
        .unwrap();
    assert_eq!((late.why.clone(), late.start), (None, Some(at(9, 0))));
    // Due in three days: left for another day, and no breach today.
    assert!(plan.left.iter().any(|(d, _)| *d == duties[6].id));
    assert!(!plan.breaches.iter().any(|b| b.duty == duties[6].id));
}

#[test]
fn agreed_times_and_safe_times_are_kept() {
    let callers = [caller(1, &[], &[])];
    let mut agreed = duty(10, Priority::High, at(16, 0));
    agreed.earliest = Some(at(11, 0));
    let mut evening = duty(11, Priority::High, at(16, 0));
    evening.latest = Some(at(9, 30));
    let duties = [agreed, evening, duty(12, Priority::Standard, at(16, 0))];
    let plan = plan(&callers, &duties, at(8, 0), at(17, 0));
    assert_eq!(of(&plan, 10).start, at(11, 0));
    assert_eq!(of(&plan, 11).start, at(9, 0));
    // The standard duty fills the time before the agreed one, whose time says so.
    assert_eq!(of(&plan, 12).start, at(9, 30));
    assert!(plan.breaches.is_empty());
}

/// A duty as the generator says it.
type Raw = (
    usize,
    i64,
    i64,
    Option<i64>,
    Option<usize>,
    Option<usize>,
    Option<usize>,
);

fn raw() -> impl Strategy<Value = Raw> {
    (
        0usize..3,
        -600i64..2_000,
        5i64..90,
        proptest::option::of(-60i64..600),
        proptest::option::weighted(0.2, 0usize..3),
        proptest::option::weighted(0.2, 0usize..2),
        proptest::option::weighted(0.1, 0usize..6),
    )
}

fn duties(raw: &[Raw], start: Timestamp) -> Vec<Duty> {
    let one = |(n, raw): (usize, &Raw)| {
        let (band, due, minutes, earliest, language, skill, with) = *raw;
        let mut duty = duty(
            1_000 + n as u128,
            Priority::of_rank(band as i64),
            start.plus_minutes(due),
        );
        duty.minutes = minutes;
        duty.earliest = earliest.map(|m| start.plus_minutes(m));
        duty.latest = earliest.map(|m| start.plus_minutes(m + 120));
        duty.language = language.map(|l| ["pl", "ur", "bn"][l].to_owned());
        duty.skills = skill
            .map(|s| ["child", "visit"][s].to_owned())
            .into_iter()
            .collect();
        duty.with = with.map(|w| actor(w as u128));
        duty
    };
    raw.iter().enumerate().map(one).collect()
}

proptest! {
    /// No duty is lost or doubled; nobody is planned over their hours, twice at once, or for what they
    /// cannot do; safe times hold; a high duty never waits behind a standard one of the same caller
    /// unless its time says so; and what is due today and not planned in time is told.
    #[test]
    fn a_plan_keeps_its_promises(
        raw in proptest::collection::vec(raw(), 0..120),
        staff in proptest::collection::vec((0usize..3, 0usize..2, 0i64..300, 30i64..600), 0..6),
        turn in 0usize..120,
    ) {
        let start = at(9, 0);
        let day_end = at(18, 0);
        let callers: Vec<Caller> = staff.iter().enumerate().map(|(n, (language, skill, from, length))| Caller {
            from: start.plus_minutes(*from),
            until: start.plus_minutes(from + length),
            ..caller(n as u128, &[["pl", "ur", "bn"][*language]], &[["child", "visit"][*skill]])
        }).collect();
        let duties = duties(&raw, start);
        let made = plan(&callers, &duties, start, day_end);

        let mut seen: Vec<WorkItemId> = made.slots.iter().map(|s| s.duty).collect();
        seen.extend(made.left.iter().map(|(d, _)| *d));
        seen.sort_unstable();
        let mut all: Vec<WorkItemId> = duties.iter().map(|d| d.id).collect();
        all.sort_unstable();
        prop_assert_eq!(seen, all, "each duty once");

        let duty_of = |id: WorkItemId| duties.iter().find(|d| d.id == id).unwrap();
        for caller in &callers {
            let day: Vec<&Slot> = made.slots.iter().filter(|s| s.caller == caller.id).collect();
            for (n, slot) in day.iter().enumerate() {
                let duty = duty_of(slot.duty);
                prop_assert_eq!(slot.place, n + 1);
                prop_assert!(caller.from <= slot.start && slot.end <= caller.until.min(day_end));
                prop_assert_eq!(slot.end.minutes_since(slot.start), duty.minutes);
                prop_assert!(duty.earliest.is_none_or(|e| e <= slot.start));
                prop_assert!(duty.latest.is_none_or(|l| slot.start < l));
                prop_assert!(caller.can(duty));
                if let Some(next) = day.get(n + 1) {
                    prop_assert!(slot.end <= next.start, "two at once");
                }
                for later in &day[n + 1..] {
                    let other = duty_of(later.duty);
                    if duty.band == Priority::Standard && other.band == Priority::High {
                        let time_says_so = other.earliest.is_some_and(|e| e > slot.start)
                            || other.due > day_end && duty.due <= day_end;
                        prop_assert!(time_says_so, "a high duty waits: {:?} behind {:?}", other, duty);
                    }
                }
            }
        }
        for duty in &duties {
            let slot = made.slots.iter().find(|s| s.duty == duty.id);
            let breaks = duty.due <= day_end && slot.is_none_or(|s| s.start > duty.due);
            let told = made.breaches.iter().filter(|b| b.duty == duty.id).count();
            prop_assert_eq!(told, usize::from(breaks));
        }

        // The order in which duties are told changes nothing.
        let mut turned = duties.clone();
        if !turned.is_empty() {
            let by = turn % turned.len();
            turned.rotate_left(by);
        }
        prop_assert_eq!(plan(&callers, &turned, start, day_end), made);
    }
}
