//! Which period and area are asked about, as an address or a command says it.

use std::fmt;

use record::time::{Date, Timestamp};
use serde::{Deserialize, Serialize};

/// How a report came in. Two series, never mixed into one figure (PROTECT-06).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Series {
    /// By any feed of the national service.
    #[default]
    National,
    /// Straight to the force: calls for service, referrals.
    Direct,
}

impl Series {
    pub const ALL: [Series; 2] = [Series::National, Series::Direct];

    pub const fn name(self) -> &'static str {
        match self {
            Series::National => "national",
            Series::Direct => "direct",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Series::National => "National service",
            Series::Direct => "Direct to the force",
        }
    }

    pub fn parse(name: &str) -> Option<Series> {
        Series::ALL.into_iter().find(|s| s.name() == name)
    }

    pub const fn is_national(self) -> bool {
        matches!(self, Series::National)
    }
}

/// Where the victims live or trade.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Area {
    #[default]
    All,
    District(String),
    /// Reports that name no district.
    NotRecorded,
}

/// In an address, reports without a district.
const NOT_RECORDED: &str = "not_recorded";

impl Area {
    /// Reads an area. Empty text is all of them.
    pub fn parse(text: &str) -> Area {
        match text.trim() {
            "" | "all" => Area::All,
            NOT_RECORDED => Area::NotRecorded,
            district => Area::District(district.to_owned()),
        }
    }

    /// The area of a report with this district.
    pub fn of_report(district: &str) -> Area {
        match district {
            "" => Area::NotRecorded,
            named => Area::District(named.to_owned()),
        }
    }

    pub fn name(&self) -> &str {
        match self {
            Area::All => "",
            Area::District(district) => district,
            Area::NotRecorded => NOT_RECORDED,
        }
    }

    pub fn title(&self) -> &str {
        match self {
            Area::All => "All districts",
            Area::District(district) => district,
            Area::NotRecorded => "No district recorded",
        }
    }

    /// Whether a report with this district lies in the area. Case does not matter.
    pub fn holds(&self, district: &str) -> bool {
        match self {
            Area::All => true,
            Area::District(named) => named.to_lowercase() == district.to_lowercase(),
            Area::NotRecorded => district.is_empty(),
        }
    }
}

/// A period by the day reports reached the force, both days included, and an area.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub from: Date,
    pub to: Date,
    pub area: Area,
}

impl Asked {
    /// The running month, everywhere.
    pub fn now(today: Date) -> Asked {
        Asked {
            from: today.first_of_month(),
            to: today,
            area: Area::All,
        }
    }

    /// Checks a period.
    ///
    /// # Errors
    /// In words, when it ends before it begins.
    pub fn new(from: Date, to: Date, area: Area) -> Result<Asked, String> {
        if to < from {
            return Err(format!(
                "the period ends on {}, before it begins on {}. Give the earlier day first",
                to.show(),
                from.show()
            ));
        }
        Ok(Asked { from, to, area })
    }

    /// The first instant of the period.
    pub fn start(&self) -> Timestamp {
        Timestamp::start_of(self.from)
    }

    /// The first instant after it.
    pub fn end(&self) -> Timestamp {
        Timestamp::start_of(self.to.plus_days(1))
    }

    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = vec![("from", self.from.to_string()), ("to", self.to.to_string())];
        if self.area != Area::All {
            pairs.push(("area", self.area.name().to_owned()));
        }
        pairs
    }
}

impl fmt::Display for Asked {
    /// "1 November 2026 to 30 November 2026, All districts".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = (self.from.show(), self.to.show());
        write!(f, "{from} to {to}, {}", self.area.title())
    }
}

/// A day as an address or a form gives it: one text, or three boxes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypedDay {
    pub day: String,
    pub month: String,
    pub year: String,
    whole: String,
}

impl TypedDay {
    pub fn of(date: Date) -> TypedDay {
        TypedDay {
            day: date.day().to_string(),
            month: date.month().to_string(),
            year: date.year().to_string(),
            whole: String::new(),
        }
    }

    /// The day meant; none when nothing was typed.
    fn read(&self) -> Result<Option<Date>, String> {
        let parts = [&self.day, &self.month, &self.year];
        let read = if !self.whole.is_empty() {
            Date::parse(&self.whole)
        } else if parts.iter().all(|p| p.is_empty()) {
            return Ok(None);
        } else {
            self.of_parts()
        };
        // Instants are kept for days that any report can have.
        let read = read.filter(|d| (1900..=2200).contains(&d.year()));
        read.map(Some)
            .ok_or_else(|| "Enter a day, such as 1 11 2026".to_owned())
    }

    fn of_parts(&self) -> Option<Date> {
        let year = self.year.parse().ok()?;
        Date::new(year, self.month.parse().ok()?, self.day.parse().ok()?)
    }
}

/// What an address asks for, as it was typed and as it was understood.
#[derive(Debug, Clone, Default)]
pub struct Typed {
    pub from: TypedDay,
    pub to: TypedDay,
    pub area: String,
}

impl Typed {
    pub fn of_pairs(pairs: &[(String, String)]) -> Typed {
        let mut typed = Typed::default();
        for (name, value) in pairs {
            let value = value.trim();
            match name.as_str() {
                "from" => value.clone_into(&mut typed.from.whole),
                "from-day" => value.clone_into(&mut typed.from.day),
                "from-month" => value.clone_into(&mut typed.from.month),
                "from-year" => value.clone_into(&mut typed.from.year),
                "to" => value.clone_into(&mut typed.to.whole),
                "to-day" => value.clone_into(&mut typed.to.day),
                "to-month" => value.clone_into(&mut typed.to.month),
                "to-year" => value.clone_into(&mut typed.to.year),
                "area" => value.clone_into(&mut typed.area),
                _ => {}
            }
        }
        typed
    }

    /// What is meant; the running month where nothing is said.
    ///
    /// # Errors
    /// The fields that cannot be understood, each with a message.
    pub fn read(&self, today: Date) -> Result<Asked, Vec<(&'static str, String)>> {
        let now = Asked::now(today);
        let mut faults = Vec::new();
        let mut day = |field, typed: &TypedDay| match typed.read() {
            Ok(day) => day,
            Err(message) => {
                faults.push((field, message));
                None
            }
        };
        let (from, to) = (day("from", &self.from), day("to", &self.to));
        if !faults.is_empty() {
            return Err(faults);
        }
        let to = to.unwrap_or_else(|| now.to.max(from.unwrap_or(now.to)));
        let from = from.unwrap_or_else(|| now.from.min(to));
        let fault = |message: String| vec![("to", crate::victim_care::guide::sentence(&message))];
        Asked::new(from, to, Area::parse(&self.area)).map_err(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    fn typed(pairs: &[(&str, &str)]) -> Typed {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect();
        Typed::of_pairs(&pairs)
    }

    #[test]
    fn periods_are_read_from_addresses_and_from_boxes() {
        let today = day("2026-11-23");
        let month = typed(&[]).read(today).unwrap();
        assert_eq!((month.from, month.to), (day("2026-11-01"), today));
        let one = typed(&[
            ("from", "2026-10-01"),
            ("to", "2026-10-31"),
            ("area", "Dacorum"),
        ]);
        let one = one.read(today).unwrap();
        assert_eq!(one.start().rfc3339(), "2026-09-30T23:00:00Z");
        assert_eq!(one.end().rfc3339(), "2026-11-01T00:00:00Z");
        assert!(one.area.holds("dacorum") && !one.area.holds(""));
        assert_eq!(one.pairs().len(), 3);
        let boxes = typed(&[
            ("from-day", "1"),
            ("from-month", "9"),
            ("from-year", "2026"),
        ]);
        assert_eq!(boxes.read(today).unwrap().from, day("2026-09-01"));
        let later = typed(&[("from", "2027-01-05")]).read(today).unwrap();
        assert_eq!(later.to, day("2027-01-05"));
    }

    #[test]
    fn what_is_no_period_is_named_with_its_remedy() {
        let today = day("2026-11-23");
        let wrong = typed(&[
            ("from-day", "31"),
            ("from-month", "2"),
            ("from-year", "2026"),
        ]);
        assert_eq!(wrong.read(today).unwrap_err()[0].0, "from");
        for text in ["yesterday", "2026-13-01", "0001-01-01", "9999-12-31"] {
            let faults = typed(&[("to", text)]).read(today).unwrap_err();
            assert!(faults[0].1.contains("such as"), "{faults:?}");
        }
        let back = typed(&[("from", "2026-11-02"), ("to", "2026-11-01")]);
        let faults = back.read(today).unwrap_err();
        assert!(
            faults[0].1.starts_with("The period ends on 1 November"),
            "{faults:?}"
        );
    }

    #[test]
    fn areas() {
        assert_eq!(Area::parse(" all "), Area::All);
        assert_eq!(Area::parse("not_recorded"), Area::NotRecorded);
        assert!(Area::NotRecorded.holds("") && Area::All.holds(""));
        assert_eq!(Area::of_report(""), Area::NotRecorded);
    }
}
