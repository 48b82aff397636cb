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

/// The share of its target a figure reaches. Where the target is a ceiling, whatever stays below it
/// reaches it whole.
pub fn attained(percent: f64, measure: &Measure, strategy: &Strategy) -> Option<f64> {
    let target = measure.target.filter(|t| *t > 0.0)?;
    if !is_ceiling(measure, strategy) {
        return Some(percent / target);
    }
    Some(if percent <= target {
        1.0
    } else {
        target / percent
    })
}

fn is_ceiling(measure: &Measure, strategy: &Strategy) -> bool {
    strategy.at_most.contains(measure.commitment)
}

/// The target in words: "80%", "5% or less"; none when the strategy sets none.
pub fn show_target(measure: &Measure, strategy: &Strategy) -> Option<String> {
    let target = show_percent(measure.target?);
    Some(match is_ceiling(measure, strategy) {
        true => format!("{target} or less"),
        false => target,
    })
}

/// What a share of the target is called. Met is only said when it is reached, however close.
pub fn judge(share: Option<f64>, strategy: &Strategy) -> Status {
    let Some(share) = share else {
        return Status::NoTarget;
    };
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
        Some(percent) => judge(attained(percent, measure, strategy), strategy),
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
            at_most: ["ECRC-02".to_owned()].into(),
            externals: vec![],
            not_yet: Default::default(),
        }
    }

    fn measure(commitment: &'static str, target: Option<f64>) -> Measure {
        Measure {
            commitment,
            name: "",
            version: 1,
            window: record::measure::Window::Month,
            lag_days: 0,
            target,
            cohort: "",
            meaning: "",
        }
    }

    fn standing_of(commitment: &'static str, percent: f64, target: Option<f64>) -> Status {
        let s = strategy();
        judge(attained(percent, &measure(commitment, target), &s), &s)
    }

    #[test]
    fn a_figure_is_judged_by_its_share_of_the_target() {
        let judged = |percent, target| standing_of("PROTECT-06", percent, target);
        assert_eq!(judged(100.0, Some(100.0)), Status::Met);
        assert_eq!(judged(99.99, Some(100.0)), Status::OnTrack);
        assert_eq!(judged(90.0, Some(100.0)), Status::OnTrack);
        assert_eq!(judged(89.9, Some(100.0)), Status::AtRisk);
        assert_eq!(judged(74.9, Some(100.0)), Status::OffTrack);
        assert_eq!(judged(82.0, Some(80.0)), Status::Met);
        assert_eq!(judged(12.0, None), Status::NoTarget);
        assert_eq!(judged(12.0, Some(0.0)), Status::NoTarget);
    }

    #[test]
    fn a_ceiling_is_met_from_below() {
        let judged = |percent| standing_of("ECRC-02", percent, Some(5.0));
        assert_eq!(judged(0.0), Status::Met);
        assert_eq!(judged(5.0), Status::Met);
        assert_eq!(judged(5.5), Status::OnTrack);
        assert_eq!(judged(6.5), Status::AtRisk);
        assert_eq!(judged(40.0), Status::OffTrack);
        let target = |id| show_target(&measure(id, Some(5.0)), &strategy());
        assert_eq!(target("ECRC-02").as_deref(), Some("5% or less"));
        assert_eq!(target("PROTECT-06").as_deref(), Some("5%"));
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
