//! The plan of a day: which caller takes which duty, in which order, and what will run out of time
//! today. A pure function of the staff on duty and the open duties: the same input gives the same plan.
//!
//! Duties due before the day ends go before those due later; within each the most vulnerable go
//! first, then those due soonest. Each in turn goes to the caller who can begin it soonest. A caller is
//! never planned beyond their hours, and a duty that others could do as soon is left to those with
//! fewer languages and skills, so that an interpreter's time is kept for who needs it.

use std::collections::BTreeSet;

use record::ids::{ActorId, WorkItemId};
use record::time::Timestamp;
use record::work::Priority;

/// Somebody on duty today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub id: ActorId,
    pub name: String,
    pub unit: String,
    /// When they begin, and when they end.
    pub from: Timestamp,
    pub until: Timestamp,
    /// Languages besides English, by id.
    pub languages: BTreeSet<String>,
    pub skills: BTreeSet<String>,
}

/// A duty that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty {
    pub id: WorkItemId,
    /// Its version when it was read: whoever confirms the plan meets no conflict unseen.
    pub version: i64,
    pub unit: String,
    pub band: Priority,
    pub due: Timestamp,
    /// Not before: an agreed time, or the start of the safe times.
    pub earliest: Option<Timestamp>,
    /// Not at or after: the end of the safe times.
    pub latest: Option<Timestamp>,
    /// Length in minutes.
    pub minutes: i64,
    /// Language the caller must speak.
    pub language: Option<String>,
    pub skills: BTreeSet<String>,
    /// The caller who has it already, and keeps it.
    pub with: Option<ActorId>,
}

/// One duty of a caller's day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    pub duty: WorkItemId,
    pub version: i64,
    pub caller: ActorId,
    /// Place in the caller's day, from 1.
    pub place: usize,
    pub start: Timestamp,
    pub end: Timestamp,
}

/// Why a duty is in nobody's day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Nobody on duty speaks the language.
    NobodySpeaks(String),
    /// Nobody on duty has these skills.
    NobodyCan(Vec<String>),
    /// Nobody of its unit is on duty.
    NobodyOnDuty,
    /// The person who has it is not on duty.
    HolderAway,
    /// Those who could are busy to the end of their hours, or through the victim's safe times.
    NoTime,
}

/// A duty that will run out of time today if nothing changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    pub duty: WorkItemId,
    pub due: Timestamp,
    /// None when it is planned, and begins too late.
    pub why: Option<Why>,
    /// When it is planned to begin, if it is.
    pub start: Option<Timestamp>,
}

/// A plan: every duty is in it once, in `slots` or in `left`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// By caller in the order given, each in the order of the day.
    pub slots: Vec<Slot>,
    pub left: Vec<(WorkItemId, Why)>,
    pub breaches: Vec<Breach>,
}

/// A caller's day as it fills.
struct Diary<'a> {
    caller: &'a Caller,
    /// Booked, in order of time: from, until, and the duty's key.
    booked: Vec<(Timestamp, Timestamp, usize)>,
}

/// The caller who can begin a duty soonest; among equals the one with fewest languages and skills to
/// spare, then the one with least to do.
fn soonest(
    diaries: &[Diary<'_>],
    duty: &Duty,
    order: &[&Duty],
    now: Timestamp,
    day_end: Timestamp,
) -> Option<(Timestamp, usize)> {
    let able = diaries
        .iter()
        .enumerate()
        .filter(|(_, d)| d.caller.can(duty));
    let free = able.filter_map(|(n, diary)| {
        let start = diary.first_gap(duty, order, now, day_end)?;
        let spare = diary.caller.languages.len() + diary.caller.skills.len();
        Some((start, spare, diary.booked.len(), n))
    });
    free.min().map(|(start, _, _, n)| (start, n))
}

/// What a place in the order depends on; smaller goes first.
fn key(duty: &Duty, day_end: Timestamp) -> (bool, i64, Timestamp, WorkItemId) {
    (duty.due > day_end, duty.band.rank(), duty.due, duty.id)
}

/// Plans a day that ends at `day_end`, from `now` on.
pub fn plan(callers: &[Caller], duties: &[Duty], now: Timestamp, day_end: Timestamp) -> Plan {
    let mut order: Vec<&Duty> = duties.iter().collect();
    order.sort_by_key(|d| key(d, day_end));
    order.dedup_by_key(|d| d.id);
    let mut diaries: Vec<Diary<'_>> = callers
        .iter()
        .map(|caller| Diary {
            caller,
            booked: Vec::new(),
        })
        .collect();
    let mut plan = Plan::default();
    for (place, duty) in order.iter().enumerate() {
        let Some((start, n)) = soonest(&diaries, duty, &order, now, day_end) else {
            let why = why_not(callers, duty);
            if duty.due <= day_end {
                let why = Some(why.clone());
                plan.breaches.push(Breach {
                    duty: duty.id,
                    due: duty.due,
                    why,
                    start: None,
                });
            }
            plan.left.push((duty.id, why));
            continue;
        };
        if start > duty.due {
            let start = Some(start);
            plan.breaches.push(Breach {
                duty: duty.id,
                due: duty.due,
                why: None,
                start,
            });
        }
        let end = start.plus_minutes(duty.minutes.max(1));
        let booked = &mut diaries[n].booked;
        let at = booked.partition_point(|(from, ..)| *from < start);
        booked.insert(at, (start, end, place));
    }
    plan.slots = diaries
        .iter()
        .flat_map(|diary| diary.slots(&order))
        .collect();
    plan
}

impl Caller {
    /// Whether they may and can do a duty at all.
    fn can(&self, duty: &Duty) -> bool {
        self.unit == duty.unit
            && duty.with.is_none_or(|with| with == self.id)
            && duty
                .language
                .as_ref()
                .is_none_or(|l| self.languages.contains(l))
            && duty.skills.is_subset(&self.skills)
    }
}

impl Diary<'_> {
    /// The day in order.
    fn slots(&self, order: &[&Duty]) -> Vec<Slot> {
        let slots = self
            .booked
            .iter()
            .enumerate()
            .filter_map(|(place, (start, end, at))| {
                let duty = order.get(*at)?;
                Some(Slot {
                    duty: duty.id,
                    version: duty.version,
                    caller: self.caller.id,
                    place: place + 1,
                    start: *start,
                    end: *end,
                })
            });
        slots.collect()
    }

    /// The first free time that is long enough, within the caller's hours and the victim's safe times.
    /// Never before a more vulnerable duty of the same caller that could have begun by then.
    fn first_gap(
        &self,
        duty: &Duty,
        order: &[&Duty],
        now: Timestamp,
        day_end: Timestamp,
    ) -> Option<Timestamp> {
        let length = duty.minutes.max(1);
        let opens = self.caller.from.max(now).max(duty.earliest.unwrap_or(now));
        let closes = self.caller.until.min(day_end);
        // Starts that are worth a look: the opening, and the end of each booking.
        let ends = self
            .booked
            .iter()
            .map(|(_, until, _)| *until)
            .filter(|until| *until > opens);
        std::iter::once(opens).chain(ends).find(|start| {
            let end = start.plus_minutes(length);
            end <= closes
                && duty.latest.is_none_or(|latest| *start < latest)
                && self
                    .booked
                    .iter()
                    .all(|(from, until, _)| *until <= *start || end <= *from)
                && self.booked.iter().all(|(from, _, at)| {
                    order.get(*at).is_none_or(|other| {
                        *from < *start
                            || other.band.rank() >= duty.band.rank()
                            || other.earliest.is_some_and(|earliest| earliest > *start)
                            || other.due > day_end && duty.due <= day_end
                    })
                })
        })
    }
}

/// Why nobody has room for a duty: the first thing that is missing.
fn why_not(callers: &[Caller], duty: &Duty) -> Why {
    let unit: Vec<&Caller> = callers.iter().filter(|c| c.unit == duty.unit).collect();
    if unit.is_empty() {
        return Why::NobodyOnDuty;
    }
    if let Some(with) = duty.with
        && !unit.iter().any(|c| c.id == with)
    {
        return Why::HolderAway;
    }
    if let Some(language) = &duty.language
        && !unit.iter().any(|c| c.languages.contains(language))
    {
        return Why::NobodySpeaks(language.clone());
    }
    if !unit.iter().any(|c| duty.skills.is_subset(&c.skills)) {
        return Why::NobodyCan(duty.skills.iter().cloned().collect());
    }
    if !unit.iter().any(|c| c.can(duty)) {
        // Each is there, and nobody has all of it.
        return Why::NobodyCan(duty.skills.iter().chain(&duty.language).cloned().collect());
    }
    Why::NoTime
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
