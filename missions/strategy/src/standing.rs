//! How a commitment stands, from its figure, its target and the board's policy.

use record::measure::Measure;
use record::time::Timestamp;
use web::parts::{Standing, Tag};

use crate::figures::{Figure, current};
use crate::policy::Strategy;

/// What the board says of a commitment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Met,
    OnTrack,
    AtRisk,
    OffTrack,
    /// There is a figure, but the strategy sets no target.
    NoTarget,
    /// It is measured, but there were no cases yet, or something is missing for a figure.
    NoFigure,
    /// Nothing in the product measures it.
    NothingRecorded,
}

impl Status {
    pub const ALL: [Status; 7] = [
        Status::Met,
        Status::OnTrack,
        Status::AtRisk,
        Status::OffTrack,
        Status::NothingRecorded,
        Status::NoTarget,
        Status::NoFigure,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Status::Met => "met",
            Status::OnTrack => "on_track",
            Status::AtRisk => "at_risk",
            Status::OffTrack => "off_track",
            Status::NoTarget => "no_target",
            Status::NoFigure => "no_figure",
            Status::NothingRecorded => "nothing_recorded",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Status::Met => "Met",
            Status::OnTrack => "On track",
            Status::AtRisk => "At risk",
            Status::OffTrack => "Off track",
            Status::NoTarget => "No fixed target",
            Status::NoFigure => "No figure yet",
            Status::NothingRecorded => "Nothing recorded yet",
        }
    }

    pub fn parse(name: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|s| s.name() == name)
    }

    /// The colour of bars and counts.
    pub const fn standing(self) -> Standing {
        match self {
            Status::Met => Standing::Met,
            Status::OnTrack => Standing::OnTrack,
            Status::AtRisk => Standing::AtRisk,
            Status::OffTrack => Standing::OffTrack,
            Status::NoTarget | Status::NoFigure | Status::NothingRecorded => Standing::Unknown,
        }
    }

    pub fn tag(self) -> Tag<'static> {
        match self.standing() {
            Standing::Unknown if self == Status::NothingRecorded => Tag::grey("Not recorded"),
            Standing::Unknown => Tag::grey(self.title()),
            known => known.tag(),
        }
    }
}

/// A percentage against its target. Met is only said when it is reached, however close.
pub fn judge(percent: f64, target: Option<f64>, strategy: &Strategy) -> Status {
    let Some(target) = target.filter(|t| *t > 0.0) else {
        return Status::NoTarget;
    };
    let share = percent / target;
    if share >= 1.0 {
        return Status::Met;
    }
    if share >= strategy.on_track_from {
        return Status::OnTrack;
    }
    if share >= strategy.at_risk_from {
        return Status::AtRisk;
    }
    Status::OffTrack
}

/// A per cent as it is shown: one decimal, and 100 or 0 only when it is exactly that.
pub fn show_percent(percent: f64) -> String {
    let tenths = (percent * 10.0).round() / 10.0;
    let tenths = if percent < 100.0 && tenths >= 100.0 {
        99.9
    } else if percent > 0.0 && tenths <= 0.0 {
        0.1
    } else {
        tenths
    };
    if tenths.fract() == 0.0 {
        format!("{tenths:.0}%")
    } else {
        format!("{tenths:.1}%")
    }
}

/// How one measure stands now, with its windows.
#[derive(Debug, Clone)]
pub struct Stands<'f> {
    pub status: Status,
    pub now: Option<&'f Figure>,
    /// Windows of the measure, oldest first.
    pub trend: Vec<&'f Figure>,
}

/// How a measure stands by the figures kept.
pub fn stands<'f>(
    measure: &Measure,
    figures: &'f [Figure],
    strategy: &Strategy,
    at: Timestamp,
) -> Stands<'f> {
    let trend: Vec<&Figure> = figures.iter().filter(|f| f.is_of(measure)).collect();
    let now = current(&trend, at);
    let status = match now.and_then(|f| f.counted.percent()) {
        Some(percent) => judge(percent, measure.target, strategy),
        None => Status::NoFigure,
    };
    Stands { status, now, trend }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strategy() -> Strategy {
        Strategy {
            commitments: vec![],
            themes: vec![],
            on_track_from: 0.90,
            at_risk_from: 0.75,
            externals: vec![],
            not_yet: Default::default(),
        }
    }

    #[test]
    fn a_figure_is_judged_by_its_share_of_the_target() {
        let s = strategy();
        assert_eq!(judge(100.0, Some(100.0), &s), Status::Met);
        assert_eq!(judge(99.99, Some(100.0), &s), Status::OnTrack);
        assert_eq!(judge(90.0, Some(100.0), &s), Status::OnTrack);
        assert_eq!(judge(89.9, Some(100.0), &s), Status::AtRisk);
        assert_eq!(judge(74.9, Some(100.0), &s), Status::OffTrack);
        assert_eq!(judge(82.0, Some(80.0), &s), Status::Met);
        assert_eq!(judge(12.0, None, &s), Status::NoTarget);
        assert_eq!(judge(12.0, Some(0.0), &s), Status::NoTarget);
    }

    #[test]
    fn a_hundred_is_only_said_when_it_is_reached() {
        assert_eq!(show_percent(100.0), "100%");
        assert_eq!(show_percent(99.97), "99.9%");
        assert_eq!(show_percent(0.01), "0.1%");
        assert_eq!(show_percent(0.0), "0%");
        assert_eq!(show_percent(93.04), "93%");
        assert_eq!(show_percent(93.25), "93.3%");
    }
}
