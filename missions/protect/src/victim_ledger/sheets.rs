//! The sum and its names as CSV. Every cell is neutralised by [`web::sheet`].

use super::asked::Series;
use super::count::{Name, Sum};
use super::standing::{Place, Standing};

/// Heading of the figures.
const FIGURES: &[&str] = &["series", "figure", "victims"];
/// Heading of the names.
const NAMES: &[&str] = &[
    "series",
    "figure",
    "reason",
    "name",
    "reference",
    "district",
    "received",
    "ended",
    "report",
];

/// The figures of both series: one row each, received last, then what was left out.
pub fn figures(sum: &Sum) -> Result<String, web::Error> {
    let mut rows = Vec::new();
    for series in Series::ALL {
        let figures = sum.of(series);
        let mut row = |figure: String, n: i64| {
            rows.push(vec![series.name().to_owned(), figure, n.to_string()]);
        };
        for standing in Standing::ALL {
            row(standing.name().to_owned(), figures.of(standing));
        }
        row("received".to_owned(), figures.received());
        for (reason, n) in &figures.left_out {
            row(format!("left_out:{reason}"), *n);
        }
    }
    web::sheet(FIGURES, rows)
}

/// The names of some parts of the sum, as they were read.
pub fn names(parts: &[(Series, Vec<Name>)]) -> Result<String, web::Error> {
    let rows = parts.iter().flat_map(|(series, names)| {
        names.iter().map(|name| {
            vec![
                series.name().to_owned(),
                figure(name.place).to_owned(),
                name.reason.clone(),
                name.label.clone(),
                name.reference.clone(),
                name.district.clone(),
                name.received_at.rfc3339(),
                name.ended_at.map(|at| at.rfc3339()).unwrap_or_default(),
                name.report.to_string(),
            ]
        })
    });
    web::sheet(NAMES, rows)
}

/// The figure a name counts in, as files call it.
pub fn figure(place: Place) -> &'static str {
    match place {
        Place::Counted(standing) => standing.name(),
        Place::LeftOut => "left_out",
    }
}
