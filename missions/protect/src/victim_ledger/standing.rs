//! Where a victim stands in the sum: the one place that says which figure a duty counts in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::victim_care::duty::Line;

/// The six figures that make up the victims received (PROTECT-06, "shown beside it").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Advised,
    Declined,
    NotReached,
    Barred,
    Unsafe,
    Awaiting,
}

/// What a duty is to the sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Counted(Standing),
    /// A true error, such as a duplicate: not a victim received. Listed by its reason, with names.
    LeftOut,
}

impl Place {
    /// The place of a duty. Every state a duty can be in is named here: a new one does not compile
    /// until somebody says where it counts. A duty nobody has worked on has no state yet, and awaits.
    pub const fn of(line: Option<Line>) -> Place {
        match line {
            None | Some(Line::Awaiting) => Place::Counted(Standing::Awaiting),
            Some(Line::Advised) => Place::Counted(Standing::Advised),
            Some(Line::Declined) => Place::Counted(Standing::Declined),
            Some(Line::NotReached) => Place::Counted(Standing::NotReached),
            Some(Line::Barred) => Place::Counted(Standing::Barred),
            Some(Line::Unsafe) => Place::Counted(Standing::Unsafe),
            Some(Line::Error) => Place::LeftOut,
        }
    }
}

impl Standing {
    pub const ALL: [Standing; 6] = [
        Standing::Advised,
        Standing::Declined,
        Standing::NotReached,
        Standing::Barred,
        Standing::Unsafe,
        Standing::Awaiting,
    ];

    /// The state of a duty that counts here.
    pub const fn line(self) -> Line {
        match self {
            Standing::Advised => Line::Advised,
            Standing::Declined => Line::Declined,
            Standing::NotReached => Line::NotReached,
            Standing::Barred => Line::Barred,
            Standing::Unsafe => Line::Unsafe,
            Standing::Awaiting => Line::Awaiting,
        }
    }

    pub const fn name(self) -> &'static str {
        self.line().name()
    }

    pub const fn title(self) -> &'static str {
        self.line().title()
    }

    pub fn parse(name: &str) -> Option<Standing> {
        Standing::ALL.into_iter().find(|s| s.name() == name)
    }
}

/// One series of the sum: victims by where they stand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    pub advised: i64,
    pub declined: i64,
    pub not_reached: i64,
    pub barred: i64,
    #[serde(rename = "unsafe")]
    pub unsafe_to_call: i64,
    pub awaiting: i64,
    /// True errors, by reason. Not part of the victims received.
    pub left_out: BTreeMap<String, i64>,
}

impl Figures {
    pub fn of(&self, standing: Standing) -> i64 {
        match standing {
            Standing::Advised => self.advised,
            Standing::Declined => self.declined,
            Standing::NotReached => self.not_reached,
            Standing::Barred => self.barred,
            Standing::Unsafe => self.unsafe_to_call,
            Standing::Awaiting => self.awaiting,
        }
    }

    /// Victims received: the sum, and nothing but the sum.
    pub fn received(&self) -> i64 {
        Standing::ALL.into_iter().map(|s| self.of(s)).sum()
    }

    pub fn errors(&self) -> i64 {
        self.left_out.values().sum()
    }

    /// Everything that was ever left to be reached, true errors too.
    pub fn entered(&self) -> i64 {
        self.received() + self.errors()
    }

    /// Adds `n` duties in one state; `reason` is that of a true error.
    pub fn add(&mut self, place: Place, reason: &str, n: i64) {
        match place {
            Place::Counted(Standing::Advised) => self.advised += n,
            Place::Counted(Standing::Declined) => self.declined += n,
            Place::Counted(Standing::NotReached) => self.not_reached += n,
            Place::Counted(Standing::Barred) => self.barred += n,
            Place::Counted(Standing::Unsafe) => self.unsafe_to_call += n,
            Place::Counted(Standing::Awaiting) => self.awaiting += n,
            Place::LeftOut => *self.left_out.entry(reason.to_owned()).or_default() += n,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_of_a_duty_counts_in_exactly_one_figure() {
        let mut figures = Figures::default();
        for line in Line::ALL {
            let before = figures.entered();
            figures.add(Place::of(Some(line)), "duplicate", 1);
            assert_eq!(figures.entered(), before + 1, "{line:?}");
        }
        figures.add(Place::of(None), "", 1);
        assert_eq!(figures.received(), 7);
        assert_eq!(figures.awaiting, 2, "nobody's work yet is awaiting");
        assert_eq!(figures.left_out["duplicate"], 1);
        for standing in Standing::ALL {
            let place = Place::of(Some(standing.line()));
            assert_eq!(place, Place::Counted(standing));
            assert_eq!(Standing::parse(standing.name()), Some(standing));
        }
        assert_eq!(Standing::parse("error"), None);
    }

    #[test]
    fn figures_are_kept_in_files_by_their_names() {
        let mut figures = Figures::default();
        figures.add(Place::Counted(Standing::Unsafe), "", 3);
        let text = serde_json::to_string(&figures).unwrap();
        assert!(text.contains("\"unsafe\":3"), "{text}");
        assert_eq!(serde_json::from_str::<Figures>(&text).unwrap(), figures);
        let more = text.replace("\"unsafe\"", "\"other\":1,\"unsafe\"");
        assert!(serde_json::from_str::<Figures>(&more).is_err());
    }
}
