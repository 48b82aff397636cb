//! Figures drawn as SVG. Each has its number or words beside it; lengths are attributes.

use std::borrow::Borrow;

use askama::Template;
use askama::filters::HtmlSafe;

use super::words::measured;

/// How a commitment stands. The colour of its bar and count; the word is always shown too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Standing {
    Met,
    OnTrack,
    AtRisk,
    OffTrack,
    /// Not measured, or nothing to say yet.
    #[default]
    Unknown,
}

impl Standing {
    /// Ending of the `ff-` classes.
    fn suffix(self) -> &'static str {
        match self {
            Standing::Met => "done",
            Standing::OnTrack => "on",
            Standing::AtRisk => "risk",
            Standing::OffTrack => "off",
            Standing::Unknown => "none",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Standing::Met => "Met",
            Standing::OnTrack => "On track",
            Standing::AtRisk => "At risk",
            Standing::OffTrack => "Off track",
            Standing::Unknown => "Not measured",
        }
    }

    /// The standing as a tag.
    pub fn tag(self) -> super::Tag<'static> {
        match self {
            Standing::Met => super::Tag::blue(self.title()),
            Standing::OnTrack => super::Tag::green(self.title()),
            Standing::AtRisk => super::Tag::yellow(self.title()),
            Standing::OffTrack => super::Tag::red(self.title()),
            Standing::Unknown => super::Tag::grey(self.title()),
        }
    }
}

/// A row of large numbers.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "parts/stat_row.html")]
pub struct StatRow {
    stats: Vec<Stat>,
}

/// One of them; a link when it leads to what it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stat {
    /// As words: "1,088", "64%".
    pub figure: String,
    pub label: String,
    pub href: Option<String>,
    pub standing: Option<Standing>,
}

impl Stat {
    pub fn new(figure: impl Into<String>, label: impl Into<String>) -> Stat {
        Stat {
            figure: figure.into(),
            label: label.into(),
            href: None,
            standing: None,
        }
    }

    #[must_use]
    pub fn href(mut self, href: impl Into<String>) -> Stat {
        self.href = Some(href.into());
        self
    }

    #[must_use]
    pub fn standing(mut self, standing: Standing) -> Stat {
        self.standing = Some(standing);
        self
    }
}

impl StatRow {
    pub fn new(stats: Vec<Stat>) -> StatRow {
        StatRow { stats }
    }
}

impl HtmlSafe for StatRow {}

/// Progress towards a target, as a bar and a percentage.
#[derive(Debug, Template)]
#[template(path = "parts/attainment_bar.html")]
pub struct AttainmentBar {
    standing: Standing,
    width: u8,
    percent: u8,
}

/// Width of the bar's drawing.
const ATTAINMENT_WIDTH: f64 = 120.0;

impl AttainmentBar {
    /// `attained` is a share of the target: 0.93. Below nothing is shown as 0%, beyond the target as
    /// 100%; 100% is only said when it is reached, however close.
    pub fn new(attained: impl Borrow<f64>, standing: impl Borrow<Standing>) -> AttainmentBar {
        let attained = *attained.borrow();
        let share = if attained.is_nan() { 0.0 } else { attained }.clamp(0.0, 1.0);
        let percent = (share * 100.0).round() as u8;
        AttainmentBar {
            standing: *standing.borrow(),
            width: (share * ATTAINMENT_WIDTH).round() as u8,
            percent: if share < 1.0 {
                percent.min(99)
            } else {
                percent
            },
        }
    }
}

impl HtmlSafe for AttainmentBar {}

/// A small trend: values at equal steps, with a dashed line for the target.
///
/// The drawing is decoration to a screen reader; the words beside it say from what to what.
#[derive(Debug, Template)]
#[template(path = "parts/sparkline.html")]
pub struct Sparkline {
    values: Vec<Option<f64>>,
    target: Option<f64>,
    first: String,
    last: String,
    unit: String,
}

/// Box of the drawing, inside which lines stay clear of the edge.
const SPARK: Frame = Frame {
    left: 4.0,
    right: 116.0,
    top: 4.0,
    bottom: 28.0,
};

impl Sparkline {
    /// Oldest first. A step without a value, or one that is not a number, is a gap in the line.
    pub fn new(values: impl IntoIterator<Item = impl Borrow<Option<f64>>>) -> Sparkline {
        let values = values.into_iter().map(|value| *value.borrow());
        Sparkline {
            values: values.map(|v| v.filter(|v| v.is_finite())).collect(),
            target: None,
            first: String::new(),
            last: String::new(),
            unit: String::new(),
        }
    }

    #[must_use]
    pub fn target(mut self, target: impl Borrow<Option<f64>>) -> Sparkline {
        self.target = target.borrow().filter(|v| v.is_finite());
        self
    }

    /// Names of the first and the last step, for the words: "May", "November".
    #[must_use]
    pub fn between(mut self, first: impl AsRef<str>, last: impl AsRef<str>) -> Sparkline {
        self.first = first.as_ref().to_owned();
        self.last = last.as_ref().to_owned();
        self
    }

    /// Follows each value in the words: "%".
    #[must_use]
    pub fn unit(mut self, unit: impl AsRef<str>) -> Sparkline {
        self.unit = unit.as_ref().to_owned();
        self
    }

    /// "From 81% in May to 93% in November, target 100%". A gap at either end is said.
    fn words(&self) -> String {
        let (Some(from), Some(to)) = (self.values.first(), self.values.last()) else {
            return String::new();
        };
        let (from, to) = (self.say(*from, &self.first), self.say(*to, &self.last));
        match self.target {
            Some(target) => format!(
                "From {from} to {to}, target {}{}",
                measured(target),
                self.unit
            ),
            None => format!("From {from} to {to}"),
        }
    }

    fn say(&self, value: Option<f64>, step: &str) -> String {
        let value = value.map_or("no figure".to_owned(), |v| {
            format!("{}{}", measured(v), self.unit)
        });
        if step.is_empty() {
            return value;
        }
        format!("{value} in {step}")
    }

    fn scale(&self) -> Option<Scale> {
        let known = self.values.iter().flatten().copied();
        Scale::around(known.chain(self.target), self.values.len())
    }

    /// Whether any value is known.
    fn has_values(&self) -> bool {
        self.values.iter().any(Option::is_some)
    }

    fn target_y(&self) -> Option<String> {
        let scale = self.scale()?;
        self.target.map(|target| tenths(scale.y(target)))
    }

    /// The line, in one piece for every run of known values of at least two.
    fn lines(&self) -> Vec<String> {
        let Some(scale) = self.scale() else {
            return Vec::new();
        };
        let mut lines = Vec::new();
        let mut run: Vec<String> = Vec::new();
        for (at, value) in self.values.iter().enumerate() {
            if let Some(value) = value {
                run.push(format!(
                    "{},{}",
                    tenths(scale.x(at)),
                    tenths(scale.y(*value))
                ));
                continue;
            }
            lines.push(std::mem::take(&mut run));
        }
        lines.push(run);
        let long_enough = lines.into_iter().filter(|run| run.len() > 1);
        long_enough.map(|run| run.join(" ")).collect()
    }

    /// Dots: the latest known value, and any with a gap on both sides, which no line would show.
    fn dots(&self) -> Vec<(String, String)> {
        let Some(scale) = self.scale() else {
            return Vec::new();
        };
        let latest = self.values.iter().rposition(Option::is_some);
        let known = |at: Option<usize>| {
            at.and_then(|at| self.values.get(at))
                .is_some_and(Option::is_some)
        };
        let mut dots = Vec::new();
        for (at, value) in self.values.iter().enumerate() {
            let Some(value) = value else { continue };
            let alone = !known(at.checked_sub(1)) && !known(Some(at + 1));
            if alone || Some(at) == latest {
                dots.push((tenths(scale.x(at)), tenths(scale.y(*value))));
            }
        }
        dots
    }
}

impl HtmlSafe for Sparkline {}

/// The edges of a drawing.
#[derive(Debug, Clone, Copy)]
struct Frame {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

/// Maps steps and values onto the frame of a sparkline.
#[derive(Debug, Clone, Copy)]
struct Scale {
    low: f64,
    high: f64,
    steps: usize,
}

impl Scale {
    /// From the least to the greatest of what is shown, target included; none when nothing is.
    fn around(shown: impl Iterator<Item = f64>, steps: usize) -> Option<Scale> {
        let bounds = shown.fold(None, |bounds: Option<(f64, f64)>, value| {
            let (low, high) = bounds.unwrap_or((value, value));
            Some((low.min(value), high.max(value)))
        });
        bounds.map(|(low, high)| Scale { low, high, steps })
    }

    /// Equal steps; a single one stands at the right, where the latest always is.
    fn x(&self, at: usize) -> f64 {
        if self.steps < 2 {
            return SPARK.right;
        }
        SPARK.left + (SPARK.right - SPARK.left) * at as f64 / (self.steps - 1) as f64
    }

    /// Upwards is more; when all are equal, the middle.
    fn y(&self, value: f64) -> f64 {
        // Halves first, so that the difference of two very large numbers stays finite.
        let range = self.high / 2.0 - self.low / 2.0;
        if range <= 0.0 {
            return f64::midpoint(SPARK.top, SPARK.bottom);
        }
        let share = (value / 2.0 - self.low / 2.0) / range;
        SPARK.bottom - (SPARK.bottom - SPARK.top) * share
    }
}

/// A coordinate to a tenth of a pixel.
fn tenths(value: f64) -> String {
    format!("{value:.1}")
}

/// The weight of evidence that two records are about the same thing: to the right of the axis for,
/// to the left against. The number (`words::signed_weight`) must stand beside it.
#[derive(Debug, Template)]
#[template(path = "parts/weight_bar.html")]
pub struct WeightBar {
    against: bool,
    x: u8,
    width: u8,
}

/// Where the axis stands; also the length of the longest bar.
const WEIGHT_AXIS: u8 = 80;

impl WeightBar {
    /// `weight` in bits (log2 of the likelihood ratio); `full` is the weight whose bar is full
    /// length, the same for all bars of a table. Greater weights are cut at full length; a weight
    /// that is not nothing shows at least one pixel.
    pub fn new(weight: impl Borrow<f64>, full: impl Borrow<f64>) -> WeightBar {
        let (weight, full) = (*weight.borrow(), *full.borrow());
        let width = bar_length(weight.abs(), full.abs());
        let against = weight < 0.0;
        WeightBar {
            against,
            x: if against {
                WEIGHT_AXIS - width
            } else {
                WEIGHT_AXIS
            },
            width,
        }
    }
}

impl HtmlSafe for WeightBar {}

fn bar_length(weight: f64, full: f64) -> u8 {
    if weight.is_nan() || weight == 0.0 {
        return 0;
    }
    let share = if full > 0.0 { weight / full } else { 1.0 };
    let longest = f64::from(WEIGHT_AXIS);
    (share * longest).round().clamp(1.0, longest) as u8
}

/// How far a job has come, as a bar and in words.
#[derive(Debug, Template)]
#[template(path = "parts/progress_bar.html")]
pub struct ProgressBar<'a> {
    label: &'a str,
    done: u64,
    whole: u64,
}

impl<'a> ProgressBar<'a> {
    /// "Rows read", 205 of 212. Without a whole the bar only says that work goes on.
    pub fn new(
        label: &'a (impl AsRef<str> + ?Sized),
        done: impl Borrow<u64>,
        whole: impl Borrow<u64>,
    ) -> ProgressBar<'a> {
        ProgressBar {
            label: label.as_ref(),
            done: *done.borrow(),
            whole: *whole.borrow(),
        }
    }

    fn done_at_most_whole(&self) -> u64 {
        self.done.min(self.whole)
    }

    fn words(&self) -> String {
        let done = super::words::count_in_words(self.done);
        if self.whole == 0 {
            return done;
        }
        format!("{done} of {}", super::words::count_in_words(self.whole))
    }
}

impl HtmlSafe for ProgressBar<'_> {}

#[cfg(test)]
#[path = "figures_tests.rs"]
mod tests;
