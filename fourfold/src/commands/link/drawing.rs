//! Pictures as SVG: bars, lines and waterfalls, made of numbers and escaped words alone.

use std::fmt::Write as _;

use askama::filters::{Html, escape};
use linkage::batch::{Link, PairQuality};

/// Evidence for.
pub const FOR: &str = "#1d70b8";
/// Evidence against.
pub const AGAINST: &str = "#d4351c";

const WIDE: f64 = 760.0;
const HIGH: f64 = 240.0;
const LEFT: f64 = 56.0;
const FOOT: f64 = 36.0;

/// A finished picture: numbers of ours and words that were escaped when they were written into it.
pub struct Svg(String);

impl std::fmt::Display for Svg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for Svg {}

/// One step of a waterfall.
pub struct Step {
    name: String,
    level: String,
    bits: f64,
}

impl Step {
    pub fn new(name: &str, level: &str, bits: f64) -> Self {
        Self {
            name: name.to_owned(),
            level: level.to_owned(),
            bits,
        }
    }
}

fn word(text: &str) -> String {
    escape(text, Html)
        .map(|safe| safe.to_string())
        .unwrap_or_default()
}

/// A frame with marks on both axes; x and y as fractions of the field are placed by `at`.
struct Plot {
    svg: String,
}

fn at(x: f64, y: f64) -> (f64, f64) {
    (
        LEFT + x * (WIDE - LEFT - 10.0),
        10.0 + (1.0 - y) * (HIGH - FOOT - 10.0),
    )
}

impl Plot {
    /// `x` and `y`: marks with their place, 0 to 1, and their words.
    fn new(label: &str, x_title: &str, x: &[(f64, String)], y: &[(f64, String)]) -> Self {
        let mut svg = format!(
            "<svg viewBox=\"0 0 {WIDE} {HIGH}\" width=\"{WIDE}\" height=\"{HIGH}\" role=\"img\" aria-label=\"{}\">",
            word(label)
        );
        // Writing to a string cannot fail.
        for (place, text) in y {
            let (left, line) = at(0.0, *place);
            let (right, _) = at(1.0, *place);
            let _ = write!(
                svg,
                "<line x1=\"{left:.1}\" y1=\"{line:.1}\" x2=\"{right:.1}\" y2=\"{line:.1}\" stroke=\"#d8dadb\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                left - 6.0,
                line + 4.0,
                word(text)
            );
        }
        for (place, text) in x {
            let (middle, foot) = at(*place, 0.0);
            let _ = write!(
                svg,
                "<line x1=\"{middle:.1}\" y1=\"{foot:.1}\" x2=\"{middle:.1}\" y2=\"{:.1}\" stroke=\"#505a5f\"/>\
                 <text x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                foot + 4.0,
                foot + 16.0,
                word(text)
            );
        }
        let (middle, _) = at(0.5, 0.0);
        let _ = write!(
            svg,
            "<text x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            HIGH - 4.0,
            word(x_title)
        );
        Self { svg }
    }

    fn line(&mut self, points: impl Iterator<Item = (f64, f64)>, colour: &str) {
        let points: Vec<String> = points
            .map(|(x, y)| {
                let (x, y) = at(x.clamp(0.0, 1.0), y.clamp(0.0, 1.0));
                format!("{x:.1},{y:.1}")
            })
            .collect();
        let _ = write!(
            self.svg,
            "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" points=\"{}\"/>",
            points.join(" ")
        );
    }

    fn bar(&mut self, from: f64, to: f64, height: f64, colour: &str) {
        let ((left, top), (right, foot)) = (at(from, height), at(to, 0.0));
        let _ = write!(
            self.svg,
            "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{colour}\"/>",
            (right - left - 1.0).max(0.5),
            foot - top
        );
    }

    fn upright(&mut self, x: f64) {
        let ((middle, top), (_, foot)) = (at(x, 1.0), at(x, 0.0));
        let _ = write!(
            self.svg,
            "<line x1=\"{middle:.1}\" y1=\"{top:.1}\" x2=\"{middle:.1}\" y2=\"{foot:.1}\" \
             stroke=\"#0b0c0c\" stroke-dasharray=\"4 3\"/>"
        );
    }

    fn finish(mut self) -> Svg {
        self.svg.push_str("</svg>");
        Svg(self.svg)
    }
}

fn marks(from: f64, to: f64, step: f64) -> Vec<(f64, String)> {
    let count = ((to - from) / step).round() as i64;
    (0..=count)
        .map(|n| {
            let value = from + n as f64 * step;
            ((value - from) / (to - from), format!("{value:.0}"))
        })
        .collect()
}

fn shares() -> Vec<(f64, String)> {
    (0..=4)
        .map(|n| (f64::from(n) / 4.0, format!("{} %", 25 * n)))
        .collect()
}

/// The share of records that cannot reach a threshold.
pub fn unlinkable(reachable: &[f64]) -> Svg {
    let (from, to) = (-10.0, 40.0);
    let mut sorted = reachable.to_vec();
    sorted.sort_by(f64::total_cmp);
    let mut plot = Plot::new(
        "Share of records that cannot reach a match weight",
        "match weight, bits",
        &marks(from, to, 10.0),
        &shares(),
    );
    let below = |bits: f64| {
        sorted.partition_point(|weight| *weight < bits) as f64 / sorted.len().max(1) as f64
    };
    plot.line(
        (0..=100).map(|n| {
            let x = f64::from(n) / 100.0;
            (x, below(from + x * (to - from)))
        }),
        FOR,
    );
    plot.finish()
}

/// Scored pairs by match weight.
pub fn histogram(links: &[Link], link: f64) -> Svg {
    let (from, to) = (-10.0, 50.0);
    let mut counts = [0_u64; 60];
    for pair in links {
        let at = (f64::from(pair.weight) - from).clamp(0.0, 59.0) as usize;
        counts[at] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    let heights: Vec<(f64, String)> = (0..=4)
        .map(|n| {
            let share = f64::from(n) / 4.0;
            (share, format!("{:.0}", share * most))
        })
        .collect();
    let mut plot = Plot::new(
        "Scored pairs by match weight",
        "match weight, bits",
        &marks(from, to, 10.0),
        &heights,
    );
    for (at, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let bits = from + at as f64;
        let colour = if bits + 0.5 < link { AGAINST } else { FOR };
        plot.bar(
            at as f64 / 60.0,
            (at + 1) as f64 / 60.0,
            *count as f64 / most,
            colour,
        );
    }
    plot.upright((link - from) / (to - from));
    plot.finish()
}

/// Precision over recall.
pub fn curve(points: &[PairQuality]) -> Svg {
    let mut plot = Plot::new("Precision over recall", "recall", &shares(), &shares());
    plot.line(
        points.iter().map(|point| (point.recall, point.precision)),
        FOR,
    );
    plot.finish()
}

/// How a weight comes about.
pub fn waterfall(steps: &[Step]) -> Svg {
    let mut so_far = 0.0_f64;
    let (mut least, mut most) = (0.0_f64, 0.0_f64);
    for step in steps {
        so_far += step.bits;
        (least, most) = (least.min(so_far), most.max(so_far));
    }
    let (row, names) = (22.0, 330.0);
    let high = row * (steps.len() as f64 + 1.0) + 8.0;
    let place =
        |bits: f64| names + (bits - least) / (most - least).max(1.0) * (WIDE - names - 60.0);
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDE} {high}\" width=\"{WIDE}\" height=\"{high}\" role=\"img\" aria-label=\"Match weight {so_far:+.1} bits\">"
    );
    let mut before = 0.0;
    for (at, step) in steps.iter().enumerate() {
        let after = before + step.bits;
        let (left, right) = (
            place(f64::min(before, after)),
            place(f64::max(before, after)),
        );
        let top = at as f64 * row;
        let colour = if step.bits < 0.0 { AGAINST } else { FOR };
        let name = if step.level.is_empty() {
            step.name.clone()
        } else {
            format!("{}: {}", step.name, step.level)
        };
        let _ = write!(
            svg,
            "<text x=\"0\" y=\"{:.1}\">{}</text><rect x=\"{left:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"14\" fill=\"{colour}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\">{:+.1}</text>",
            top + 15.0,
            word(&name),
            top + 4.0,
            (right - left).max(1.0),
            right + 4.0,
            top + 15.0,
            step.bits
        );
        before = after;
    }
    let top = steps.len() as f64 * row;
    let (zero, end) = (place(0.0), place(before));
    let _ = write!(
        svg,
        "<text x=\"0\" y=\"{:.1}\" font-weight=\"bold\">match weight {before:+.1} bits</text>\
         <line x1=\"{zero:.1}\" y1=\"0\" x2=\"{zero:.1}\" y2=\"{top:.1}\" stroke=\"#505a5f\" stroke-dasharray=\"2 3\"/>\
         <circle cx=\"{end:.1}\" cy=\"{:.1}\" r=\"5\" fill=\"#0b0c0c\"/></svg>",
        top + 15.0,
        top + 11.0
    );
    Svg(svg)
}
