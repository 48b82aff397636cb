//! The victims' clocks of `policy/protect/victim-clocks.csv`, and the records of breaches.

use std::collections::BTreeMap;

use record::policy::{Files, PolicyError};
use record::time::{Date, Timestamp, WorkingCalendar};
use serde::Deserialize;

/// How a limit is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockUnit {
    WorkingDays,
    Days,
    Hours,
    Months,
}

/// One clock: what starts it, what satisfies it, its limits.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    pub clock_id: String,
    pub trigger: String,
    pub event_that_satisfies: String,
    /// None where the clock runs for enhanced victims only.
    pub standard_limit: Option<u32>,
    pub enhanced_limit: Option<u32>,
    pub unit: ClockUnit,
    pub source: String,
    pub basis: String,
}

impl Clock {
    /// Until when it is to be satisfied; none when it does not run for this victim.
    pub fn due(
        &self,
        from: Timestamp,
        enhanced: bool,
        calendar: &WorkingCalendar,
    ) -> Option<Timestamp> {
        let limit = if enhanced {
            self.enhanced_limit
        } else {
            self.standard_limit
        }?;
        Some(match self.unit {
            ClockUnit::WorkingDays => calendar.after(from, limit),
            ClockUnit::Days => from.plus_days(i64::from(limit)),
            ClockUnit::Hours => from.plus_minutes(i64::from(limit) * 60),
            ClockUnit::Months => months_after(from, limit),
        })
    }

    /// The limit in words: "5 days".
    pub fn limit_in_words(&self, enhanced: bool) -> Option<String> {
        let limit = if enhanced {
            self.enhanced_limit
        } else {
            self.standard_limit
        }?;
        let unit = match self.unit {
            ClockUnit::WorkingDays => "working day",
            ClockUnit::Days => "day",
            ClockUnit::Hours => "hour",
            ClockUnit::Months => "month",
        };
        let s = if limit == 1 { "" } else { "s" };
        Some(format!("{limit} {unit}{s}"))
    }
}

fn months_after(from: Timestamp, months: u32) -> Timestamp {
    let day = from.day();
    from.plus_days(same_day_after(day, months).days_since(day))
}

/// The same day of a later month, or its last day.
pub fn same_day_after(day: Date, months: u32) -> Date {
    let month = day.month_after(i32::try_from(months).unwrap_or(i32::MAX));
    let same = |d: i8| Date::new(month.year(), month.month(), d);
    (1..=day.day()).rev().find_map(same).unwrap_or(month)
}

/// Every clock, by id.
#[derive(Debug, Clone, Default)]
pub struct Clocks(BTreeMap<String, Clock>);

/// First local contact with the victim.
pub const FIRST_CONTACT: &str = "VC-FIRST-LOCAL";
/// First attempt of the attempt plan; its limit is in `victim-care.toml`.
pub const FIRST_ATTEMPT: &str = "PLAN-FIRST-ATTEMPT";

impl Clocks {
    pub const FILE: &'static str = "protect/victim-clocks.csv";

    /// Reads the table. A bad row, a clock given twice or one without any limit stops the start.
    pub fn read(files: &Files) -> Result<Clocks, PolicyError> {
        let fault = |problem: String| PolicyError::new(Self::FILE, problem);
        let mut clocks = BTreeMap::new();
        let mut reader = csv::Reader::from_reader(files.text(Self::FILE)?.as_bytes());
        for row in reader.deserialize() {
            let clock: Clock = row.map_err(|e| fault(e.to_string()))?;
            if clock.standard_limit.is_none() && clock.enhanced_limit.is_none() {
                return Err(fault(format!("{} has no limit", clock.clock_id)));
            }
            if let (Some(standard), Some(enhanced)) = (clock.standard_limit, clock.enhanced_limit)
                && enhanced > standard
            {
                return Err(fault(format!(
                    "{}: the enhanced limit is longer than the standard one",
                    clock.clock_id
                )));
            }
            if let Some(twice) = clocks.insert(clock.clock_id.clone(), clock) {
                return Err(fault(format!("{} is there twice", twice.clock_id)));
            }
        }
        if !clocks.contains_key(FIRST_CONTACT) {
            return Err(fault(format!("{FIRST_CONTACT} is missing")));
        }
        Ok(Clocks(clocks))
    }

    pub fn get(&self, id: &str) -> Option<&Clock> {
        self.0.get(id)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Clock> {
        self.0.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(text: &str) -> Files {
        Files(BTreeMap::from([(Clocks::FILE.to_owned(), text.to_owned())]))
    }

    const HEAD: &str =
        "clock_id,trigger,event_that_satisfies,standard_limit,enhanced_limit,unit,source,basis\n";
    const FIRST: &str = "VC-FIRST-LOCAL,report_received,first_contact,5,1,days,local,checked\n";

    #[test]
    fn limits_run_in_their_own_unit() {
        let clocks = Clocks::read(&files(&format!(
            "{HEAD}{FIRST}M,a,b,1,1,months,s,checked\nS,a,b,,10,days,s,checked\n"
        )))
        .unwrap();
        let calendar = WorkingCalendar::default();
        let from = Timestamp::parse("2026-10-31T12:00:00Z").unwrap();
        let due = |id: &str, enhanced| {
            let clock = clocks.get(id).unwrap();
            clock.due(from, enhanced, &calendar).map(Timestamp::day)
        };
        assert_eq!(due(FIRST_CONTACT, false), Date::new(2026, 11, 5));
        assert_eq!(due(FIRST_CONTACT, true), Date::new(2026, 11, 1));
        assert_eq!(due("M", true), Date::new(2026, 11, 30));
        assert_eq!(due("S", false), None);
        assert_eq!(
            clocks.get(FIRST_CONTACT).unwrap().limit_in_words(true),
            Some("1 day".to_owned())
        );
    }

    #[test]
    fn a_bad_table_is_refused_and_named() {
        let problem = |text: String| Clocks::read(&files(&text)).unwrap_err().problem;
        assert!(problem(HEAD.to_owned()).contains("missing"));
        assert!(problem(format!("{HEAD}{FIRST}{FIRST}")).contains("twice"));
        assert!(problem(format!("{HEAD}X,a,b,,,days,s,c\n")).contains("no limit"));
        assert!(problem(format!("{HEAD}X,a,b,1,2,days,s,c\n")).contains("longer"));
        assert!(problem(format!("{HEAD}X,a,b,1,1,weeks,s,c\n")).contains("weeks"));
    }
}
